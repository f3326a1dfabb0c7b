"""Train a network on batches of labelled images, and know how well it does.

    set_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = fit(model, train_loader, validation_loader, epochs=10, optimizer=optimizer)
    loss, accuracy = evaluate(model, test_loader)

A loader yields pairs (images, labels), as torch.utils.data.DataLoader does. Nothing changes under several processes,
`torchrun --nproc-per-node=2 script.py`: every batch is then split among them, and only the first process writes files and
shows progress.
"""

import atexit
import contextlib
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader

from cnnkit import checkpoint as checkpoints

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Evaluation(NamedTuple):
    """How well a network does: means over images."""

    loss: float
    accuracy: float


@dataclass
class History:
    """What happened in training, one entry per epoch.

    Loss and accuracy are means over images: for training over the epoch, while the weights were changing and dropout was on.
    The learning rate is that of the optimizer's first parameter group during the epoch.
    """

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def best_epoch(self) -> int | None:
        """Index of the highest validation accuracy, of equal ones that with the lowest loss; None without validation."""
        scores = zip(self.validation_accuracy, self.validation_loss, strict=True)
        ranked = sorted((-accuracy, loss, epoch) for epoch, (accuracy, loss) in enumerate(scores))
        return ranked[0][2] if ranked else None

    def add(self, training: Evaluation, validation: Evaluation | None, rate: float, seconds: float) -> None:
        """Append an epoch."""
        self.train_loss.append(training.loss)
        self.train_accuracy.append(training.accuracy)
        if validation is not None:
            self.validation_loss.append(validation.loss)
            self.validation_accuracy.append(validation.accuracy)
        self.learning_rate.append(rate)
        self.seconds.append(seconds)


def set_seed(seed: int) -> None:
    """Seed the global random generators of Python, NumPy and torch, on every device."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - for transforms that draw from the global generator
    torch.manual_seed(seed)


def default_device() -> torch.device:
    """Return the device to compute on: `CNNKIT_DEVICE`, else CUDA when present, else the CPU.

    Under torchrun every process gets a GPU of its own. Raises ValueError when `CNNKIT_DEVICE` names no device of this computer.
    """
    wanted = os.environ.get("CNNKIT_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise ValueError(f"CNNKIT_DEVICE={wanted!r} is not a torch device: use 'cpu', 'cuda' or 'cuda:1'.") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError("CNNKIT_DEVICE asks for CUDA, but torch finds no CUDA device: unset it or use 'cpu'.")
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", torch.cuda.current_device())))
    return device


def evaluate(
    model: nn.Module, loader: Iterable, *, loss: Loss = F.cross_entropy, device: torch.device | str | None = None
) -> Evaluation:
    """Measure mean loss and accuracy over the images of a loader; the model moves to the device and keeps its mode.

    Raises ValueError when the loader has no batches.
    """
    device = torch.device(device) if device is not None else default_device()
    return _evaluate(model.to(device), loader, loss, _Processes(), device)


def predict(model: nn.Module, loader: Iterable, *, device: torch.device | str | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the logits of all images of a loader, in its order: (N, classes) and labels (N,), both on the CPU.

    The model moves to the device and keeps its mode. Raises ValueError when the loader has no batches.
    """
    device = torch.device(device) if device is not None else default_device()
    model.to(device)
    with _mode(model, training=False), torch.no_grad():
        pairs = [(model(images.to(device)).cpu(), labels.cpu()) for images, labels in loader]
    if not pairs:
        raise ValueError(_no_batches("predict", "loader"))
    logits, labels = zip(*pairs, strict=True)
    return torch.cat(logits), torch.cat(labels)


def fit(
    model: nn.Module,
    train_loader: Iterable,
    validation_loader: Iterable | None = None,
    *,
    epochs: int,
    optimizer: torch.optim.Optimizer,
    loss: Loss = F.cross_entropy,
    scheduler: Any = None,
    device: torch.device | str | None = None,
    mixed_precision: bool | None = None,
    checkpoint: str | os.PathLike | None = None,
    keep_best: bool = False,
    progress: bool = True,
) -> History:
    """Train a model in place and return the history; its mode (train or eval) is afterwards what it was.

    `loss(logits, labels)` is a mean over the batch. The scheduler steps once per epoch. `mixed_precision=True` computes in
    float16 where that is safe, on CUDA only. `checkpoint` is a file written after each epoch; if it is there already,
    training goes on from it, to the same result as without the interruption. `keep_best` ends with the weights of the epoch
    `history.best_epoch`. A progress bar appears in a terminal and in a notebook.
    Raises ValueError for impossible arguments, for a checkpoint that cannot be read or belongs to something else, and for a
    loss that is not finite: the model is then what it was before that step.
    """
    _refuse_impossible(train_loader, validation_loader, epochs, checkpoint, keep_best)
    device = torch.device(device) if device is not None else default_device()
    if mixed_precision and device.type != "cuda":
        print(f"fit: mixed precision is for CUDA; on {device.type} this trains in full precision.")
    scaler = torch.amp.GradScaler(device.type, enabled=bool(mixed_precision) and device.type == "cuda")
    processes = _join_processes(device)
    loaders = (train_loader, validation_loader)
    run = checkpoints.Run(model.to(device), optimizer, scheduler, scaler, device, loaders, History())
    saved = None
    if checkpoint is not None and Path(checkpoint).exists():
        saved = checkpoints.read(Path(checkpoint), run)
        if keep_best and saved["best"] is None:
            raise ValueError(f"fit: {checkpoint} was written without keep_best, so the best weights are lost: start again.")
        checkpoints.restore(saved, run)
    network = model
    if processes.count > 1:
        network = DistributedDataParallel(model, device_ids=[device] if device.type == "cuda" else None)
    if saved is not None:
        checkpoints.set_random_state(saved["random"][processes.rank % len(saved["random"])], run)
    elif processes.rank > 0:
        torch.manual_seed(torch.initial_seed() + processes.rank)  # so that dropout differs from process to process

    first = len(run.history.train_loss)
    with _progress_bar(progress and processes.rank == 0, train_loader, first, epochs) as bar:
        for epoch in range(first, epochs):
            started = time.perf_counter()
            rate = optimizer.param_groups[0]["lr"]
            training = _train_epoch(run, network, loss, processes, epoch, bar)
            validation = None
            if validation_loader is not None:
                validation = _evaluate(model, validation_loader, loss, processes, device)
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step((validation or training).loss)
            elif scheduler is not None:
                scheduler.step()
            run.history.add(training, validation, rate, time.perf_counter() - started)
            if keep_best and run.history.best_epoch == epoch:
                run.best = {name: value.detach().clone() for name, value in model.state_dict().items()}
            if checkpoint is not None:
                states = processes.gather(checkpoints.random_state(run))
                if processes.rank == 0:
                    checkpoints.write(Path(checkpoint), run, states)
                processes.gather(None)  # wait for the file: another call of fit may look for it
            bar.set_postfix({"epoch": epoch + 1, **(validation or training)._asdict()})
    if keep_best:
        model.load_state_dict(run.best)
    return run.history


@dataclass(frozen=True)
class _Processes:
    """Which of the processes that train together this is."""

    rank: int = 0
    count: int = 1

    def total(self, numbers: torch.Tensor) -> list[float]:
        """Add up numbers over all processes."""
        if self.count > 1:
            dist.all_reduce(numbers)
        return numbers.tolist()

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, in their order."""
        values = [value]
        if self.count > 1:
            values = [None] * self.count
            dist.all_gather_object(values, value)
        return values

    def batches(self, loader: Iterable) -> Iterator[tuple[torch.Tensor, torch.Tensor, int, int]]:
        """Yield this process's share of every batch: images, labels, how many of them count, and the size of the whole batch.

        All processes follow the order that the first one draws.
        """
        if self.count == 1:
            for images, labels in loader:
                yield images, labels, len(labels), len(labels)
            return
        if getattr(loader, "batch_sampler", None) is None:
            raise ValueError("fit: several processes can share the batches of a DataLoader with a batch_size only.")
        # A DataLoader draws a seed for its workers, then the order: drawn alike, the batches are those of a single process.
        seed = torch.empty((), dtype=torch.int64).random_(generator=loader.generator).item()
        drawn = [list(loader.batch_sampler)]
        dist.broadcast_object_list(drawn)
        # A batch smaller than the number of processes leaves some with nothing: they compute one image that does not count.
        shares = [batch[self.rank :: self.count] or batch[:1] for batch in drawn[0]]
        same = ("num_workers", "collate_fn", "pin_memory", "worker_init_fn", "multiprocessing_context")
        options = {name: getattr(loader, name) for name in same}
        generator = torch.Generator().manual_seed(seed + self.rank)
        own = DataLoader(loader.dataset, batch_sampler=shares, generator=generator, **options)
        for batch, (images, labels) in zip(drawn[0], own, strict=True):
            yield images, labels, len(batch[self.rank :: self.count]), len(batch)


def _train_epoch(run: checkpoints.Run, network: nn.Module, loss: Loss, processes: _Processes, epoch: int, bar: Any) -> Evaluation:
    sums, images_seen = [0.0, 0.0], 0
    with _mode(run.model, training=True):
        for step, (images, labels, count, size) in enumerate(processes.batches(run.loaders[0]), start=1):
            images, labels = images.to(run.device, non_blocking=True), labels.to(run.device, non_blocking=True)
            buffers = [buffer.clone() for buffer in run.model.buffers()]
            run.optimizer.zero_grad()
            with torch.autocast(run.device.type, enabled=run.scaler.is_enabled()):
                logits = network(images)
                mean = loss(logits, labels)
            numbers = processes.total(count * torch.stack((mean.detach(), _accuracy(logits, labels).to(mean.dtype))))
            if not math.isfinite(numbers[0]):
                for buffer, before in zip(run.model.buffers(), buffers, strict=True):
                    buffer.copy_(before)  # the forward pass has changed the running statistics of batch norm
                raise ValueError(
                    f"fit: the loss is {numbers[0] / size} in epoch {epoch + 1}, step {step}, and the model is what it was "
                    f"before: try a smaller learning rate, and look for NaN or huge values in the images."
                )
            # DistributedDataParallel averages the gradients of the processes, whose shares may differ in size.
            run.scaler.scale(mean * (count * processes.count / size)).backward()
            run.scaler.step(run.optimizer)
            run.scaler.update()
            sums = [total + number for total, number in zip(sums, numbers, strict=True)]
            images_seen += size
            bar.update()
    if not images_seen:
        raise ValueError(_no_batches("fit", "training loader"))
    return Evaluation(*(total / images_seen for total in sums))


def _evaluate(model: nn.Module, loader: Iterable, loss: Loss, processes: _Processes, device: torch.device) -> Evaluation:
    sums, images_seen = [0.0, 0.0], 0
    with _mode(model, training=False), torch.no_grad():
        for images, labels, count, size in processes.batches(loader):
            images, labels = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
            logits = model(images)
            mean = loss(logits, labels)
            numbers = processes.total(count * torch.stack((mean, _accuracy(logits, labels).to(mean.dtype))))
            sums = [total + number for total, number in zip(sums, numbers, strict=True)]
            images_seen += size
    if not images_seen:
        raise ValueError(_no_batches("evaluate", "loader"))
    return Evaluation(*(total / images_seen for total in sums))


def _accuracy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if labels.ndim == logits.ndim:  # a probability for each class, as mixup gives
        labels = labels.argmax(1)
    return (logits.argmax(1) == labels).float().mean()


@contextlib.contextmanager
def _mode(model: nn.Module, training: bool) -> Iterator[None]:
    """Put a model into training or evaluation mode, and every module back into its own mode afterwards."""
    before = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, mode in before:
            module.training = mode


def _progress_bar(shown: bool, loader: Iterable, first: int, epochs: int) -> Any:
    from tqdm.auto import tqdm

    ipython = sys.modules.get("IPython")
    in_a_notebook = ipython is not None and hasattr(ipython.get_ipython(), "kernel")
    somebody_watches = sys.stderr.isatty() or in_a_notebook
    steps = _length(loader)
    return tqdm(
        total=None if steps is None else epochs * steps,
        initial=first * (steps or 0),
        unit="step",
        leave=False,
        disable=not (shown and somebody_watches) or bool(os.environ.get("TQDM_DISABLE")),
    )


def _length(loader: Iterable) -> int | None:
    with contextlib.suppress(TypeError):  # a stream has no length
        return len(loader)
    return None


def _no_batches(function: str, loader: str) -> str:
    return f"{function}: the {loader} has no batches: give it images, or a batch_size that they fill if drop_last is set."


def _refuse_impossible(train_loader, validation_loader, epochs, checkpoint, keep_best) -> None:
    if not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"fit: epochs must be a whole number from 1 on, not {epochs!r}.")
    if _length(train_loader) == 0:
        raise ValueError(_no_batches("fit", "training loader"))
    if validation_loader is not None and _length(validation_loader) == 0:
        raise ValueError(_no_batches("fit", "validation loader"))
    if keep_best and validation_loader is None:
        raise ValueError("fit: keep_best needs a validation_loader to say which epoch is best.")
    if checkpoint is not None and not Path(checkpoint).absolute().parent.is_dir():
        raise ValueError(f"fit: the checkpoint's folder {Path(checkpoint).absolute().parent} does not exist: create it first.")


def _join_processes(device: torch.device) -> _Processes:
    """Meet the other processes if torchrun started several."""
    if not dist.is_available() or not (dist.is_initialized() or dist.is_torchelastic_launched()):
        return _Processes()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    return _Processes(dist.get_rank(), dist.get_world_size())
