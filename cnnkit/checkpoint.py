"""Save a training run to a file and bring it back, so that an interruption changes nothing.

A checkpoint holds the weights, the state of optimizer, scheduler and gradient scaler, the history, and where every random
generator stands. It is read with weights_only=True: a file from elsewhere can run no code.
"""

import os
import pickle
import random
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn


@dataclass
class Run:
    """What training changes: `history` is a dataclass of lists, `best` the weights of the best epoch so far."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Any
    scaler: torch.amp.GradScaler
    device: torch.device
    loaders: tuple[Any, ...]
    history: Any
    best: dict[str, torch.Tensor] | None = None


def write(path: Path, run: Run, random_states: list[dict[str, Any]]) -> None:
    """Write a run as it stands; whenever this is interrupted, the file is whole: the old one or the new one.

    `random_states` holds the `random_state` of every process that takes part.
    """
    contents = {
        "model": run.model.state_dict(),
        "best": run.best,
        "kinds": _kinds(run),
        "optimizer": run.optimizer.state_dict(),
        "scheduler": None if run.scheduler is None else run.scheduler.state_dict(),
        "scaler": run.scaler.state_dict(),
        "history": asdict(run.history),
        "random": random_states,
    }
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            torch.save(contents, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path, run: Run) -> dict[str, Any]:
    """Read a checkpoint without changing anything yet; ValueError if it is damaged or does not fit the run."""
    damaged = f"fit: {path} is no checkpoint that can be read (cut off?): delete it to start again."
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:  # torch does not compare the checksums that it writes
                raise ValueError(damaged)
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, KeyError, OSError, AttributeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise ValueError(damaged) from error
    wanted = {"model", "best", "kinds", "optimizer", "scheduler", "scaler", "history", "random"}
    if not isinstance(saved, dict) or set(saved) != wanted:
        raise ValueError(f"fit: {path} is not a checkpoint of fit: choose another file name.")
    theirs = {name: tuple(value.shape) for name, value in saved["model"].items()}
    ours = {name: tuple(value.shape) for name, value in run.model.state_dict().items()}
    if theirs != ours:
        name = next(name for name in (*ours, *theirs) if theirs.get(name) != ours.get(name))
        raise ValueError(
            f"fit: {path} is the checkpoint of another model: {name} is {theirs.get(name, 'missing')} there and "
            f"{ours.get(name, 'missing')} here. Delete it, or choose another file name."
        )
    if saved["kinds"] != _kinds(run):
        raise ValueError(f"fit: {path} was written with {saved['kinds']}, not with {_kinds(run)}: use the same, or delete it.")
    return saved


def restore(saved: dict[str, Any], run: Run) -> None:
    """Bring a run to where it was saved, the random generators apart."""
    run.model.load_state_dict(saved["model"])
    run.optimizer.load_state_dict(saved["optimizer"])
    if run.scheduler is not None:
        run.scheduler.load_state_dict(saved["scheduler"])
    run.scaler.load_state_dict(saved["scaler"])
    vars(run.history).update(saved["history"])
    run.best = saved["best"]


def _kinds(run: Run) -> str:
    """Describe optimizer, scheduler and precision: another kind could not use the state that is saved."""
    sizes = [len(group["params"]) for group in run.optimizer.param_groups]
    scheduler = "no scheduler" if run.scheduler is None else type(run.scheduler).__name__
    precision = "mixed" if run.scaler.is_enabled() else "full"
    return f"{type(run.optimizer).__name__} of {sizes} parameters, {scheduler}, {precision} precision"


def _generators(loaders: Iterable) -> list[torch.Generator]:
    """Return the random generators that loaders and their samplers have of their own, each once."""
    owners = [owner for loader in loaders for owner in (loader, getattr(loader, "sampler", None))]
    found = [getattr(owner, "generator", None) for owner in owners]
    return list({id(generator): generator for generator in found if isinstance(generator, torch.Generator)}.values())


def random_state(run: Run) -> dict[str, Any]:
    """Return where the random generators of this process stand: torch, CUDA, Python, NumPy, and those of the loaders."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - what set_seed seeds
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(run.device) if run.device.type == "cuda" else None,
        "python": random.getstate(),
        "numpy": (kind, keys.tolist(), *rest),
        "loaders": [generator.get_state() for generator in _generators(run.loaders)],
    }


def set_random_state(state: dict[str, Any], run: Run) -> None:
    """Set the random generators of this process to where they stood."""
    torch.set_rng_state(state["torch"])
    if run.device.type == "cuda" and state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"], run.device)
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), *rest))  # noqa: NPY002
    for generator, saved in zip(_generators(run.loaders), state["loaders"], strict=True):
        generator.set_state(saved)
