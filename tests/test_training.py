"""Training: what fit reports and leaves behind, resuming, several processes, and what it refuses."""

import math
import multiprocessing
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader, TensorDataset
from train_with_torchrun import SCRIPT, train_everything

from cnnkit.training import History, default_device, evaluate, fit, predict, set_seed

CPU = torch.device("cpu")
CLASSES = 3


def images_and_labels(n=50, dtype=torch.float32, seed=0):
    """Draw images (n, 1, 6, 6) whose brightest third says their class."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (n,), generator=generator)
    images = torch.randn(n, 1, 6, 6, generator=generator)
    images += 2 * F.one_hot(labels, CLASSES).repeat_interleave(2, 1)[:, None, :, None]
    return images.to(dtype), labels


def loaders(seed=1, batch_size=16, **options):
    """Return a shuffling training loader with a generator of its own, and a validation loader."""
    generator = torch.Generator().manual_seed(seed)
    train = DataLoader(TensorDataset(*images_and_labels()), batch_size, shuffle=True, generator=generator, **options)
    return train, DataLoader(TensorDataset(*images_and_labels(30, seed=5)), batch_size)


def network(seed=2, width=8):
    """Return a small net with everything that carries state: batch norm, dropout."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, width, 3),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(16 * width, CLASSES),
    )


def momentum(model, lr=0.05):
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def assert_same_weights(a, b):
    for (name, value), other in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
        assert torch.equal(value, other), name


def test_fit_does_what_the_plain_loop_does():
    model, by_hand = network(), network()
    train, validation = loaders()
    torch.manual_seed(3)
    history = fit(model, train, validation, epochs=2, optimizer=momentum(model), device=CPU)

    train, validation = loaders()
    torch.manual_seed(3)
    optimizer = momentum(by_hand)
    for epoch in range(2):
        by_hand.train()
        losses, hits = [], []
        for images, labels in train:
            optimizer.zero_grad()
            logits = by_hand(images)
            losses += F.cross_entropy(logits, labels, reduction="none").tolist()
            hits += (logits.argmax(1) == labels).tolist()
            F.cross_entropy(logits, labels).backward()
            optimizer.step()
        assert len(losses) == 50
        assert history.train_loss[epoch] == pytest.approx(np.mean(losses), rel=1e-5)
        assert history.train_accuracy[epoch] == pytest.approx(np.mean(hits))
        by_hand.eval()
        with torch.no_grad():
            batches = [(by_hand(images), labels) for images, labels in validation]
        logits, labels = map(torch.cat, zip(*batches, strict=True))
        assert history.validation_loss[epoch] == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
        assert history.validation_accuracy[epoch] == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    assert_same_weights(model, by_hand)
    assert all(seconds > 0 for seconds in history.seconds)


def test_fit_learns():
    model = network()
    history = fit(model, *loaders(), epochs=15, optimizer=momentum(model), device=CPU)
    assert history.train_loss[-1] < history.train_loss[0] / 2
    assert history.validation_accuracy[-1] > 0.8


def test_evaluate_weighs_every_image_equally_and_leaves_the_model_as_it_was():
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model[1].eval()
    images, labels = images_and_labels(23)
    found = evaluate(model, DataLoader(TensorDataset(images, labels), 10), device=CPU)
    assert model.training
    assert not model[1].training
    assert model[4].training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    logits = model.eval()(images)
    assert found.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
    assert found.accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())


def test_predict_keeps_the_order_and_builds_no_graph():
    model = network()
    images, labels = images_and_labels(23)
    logits, found = predict(model, DataLoader(TensorDataset(images, labels), 10), device=CPU)
    assert model.training
    assert torch.equal(found, labels)
    assert not logits.requires_grad
    torch.testing.assert_close(logits, model.eval()(images).detach())


def test_soft_labels_are_scored_by_their_most_likely_class():
    images, labels = images_and_labels(20)
    model = network()
    soft = 0.8 * F.one_hot(labels, CLASSES) + 0.2 / CLASSES
    hard = evaluate(model, [(images, labels)], device=CPU)
    assert evaluate(model, [(images, soft)], device=CPU).accuracy == hard.accuracy


def test_fit_leaves_frozen_parameters_alone_and_modes_as_they_were():
    model = network()
    model.eval()
    model[0].requires_grad_(False)
    kept = model[0].weight.clone()
    fit(model, *loaders(), epochs=1, optimizer=torch.optim.SGD(model[5].parameters(), lr=0.1), device=CPU)
    assert torch.equal(model[0].weight, kept)
    assert not model.training


@pytest.mark.parametrize(
    ("make", "rates"),
    [
        (lambda optimizer: StepLR(optimizer, 2, 0.1), [0.1, 0.1, 0.01, 0.01]),
        (lambda optimizer: MultiStepLR(optimizer, [1, 3], 0.5), [0.1, 0.05, 0.05, 0.025]),
        (lambda optimizer: ReduceLROnPlateau(optimizer, factor=0.1, patience=0, threshold=0.99), [0.1, 0.1, 0.01, 0.001]),
    ],
    ids=["step", "milestones", "plateau"],
)
def test_scheduler_steps_once_per_epoch(make, rates):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, *loaders(), epochs=4, optimizer=optimizer, scheduler=make(optimizer), device=CPU)
    assert history.learning_rate == pytest.approx(rates)


def test_keep_best_ends_with_the_weights_of_the_best_epoch():
    model, again = network(), network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    torch.manual_seed(4)
    # A learning rate that wrecks the net from the third epoch on.
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0 if epoch < 2 else 300.0)
    train, validation = loaders()
    history = fit(model, train, validation, epochs=4, optimizer=optimizer, scheduler=scheduler, keep_best=True, device=CPU)
    best = history.best_epoch
    assert best in (0, 1)
    assert evaluate(model, validation, device=CPU).accuracy == history.validation_accuracy[best]
    assert history.validation_accuracy[-1] < history.validation_accuracy[best]
    torch.manual_seed(4)
    fit(again, *loaders(), epochs=best + 1, optimizer=torch.optim.SGD(again.parameters(), lr=0.3), device=CPU)
    assert_same_weights(model, again)


def test_best_epoch_is_the_most_accurate_then_the_one_with_the_lowest_loss():
    history = History(validation_accuracy=[0.5, 0.9, 0.9, 0.9], validation_loss=[0.1, 0.7, 0.4, 0.4])
    assert history.best_epoch == 2
    assert History(train_loss=[1.0]).best_epoch is None


# Resuming


def start(epochs, checkpoint=None, seed=7, **options):
    """Train from the beginning, or from the checkpoint, with everything that could make two runs differ."""
    set_seed(seed)
    train, validation = loaders(seed)
    model = network(seed)
    optimizer = momentum(model)
    scheduler = CosineAnnealingLR(optimizer, 4)
    history = fit(
        model,
        train,
        validation,
        epochs=epochs,
        optimizer=optimizer,
        scheduler=scheduler,
        checkpoint=checkpoint,
        device=CPU,
        **options,
    )
    return model, history


def same_but_for_the_clock(a, b):
    return all(a.__dict__[name] == b.__dict__[name] for name in a.__dict__ if name != "seconds")


def test_two_epochs_and_two_more_are_four_epochs(tmp_path):
    whole, history = start(4, keep_best=True)
    start(2, tmp_path / "run.pt", keep_best=True)
    resumed, later = start(4, tmp_path / "run.pt", keep_best=True)
    assert_same_weights(whole, resumed)
    assert same_but_for_the_clock(history, later)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_resuming_does_not_depend_on_what_was_drawn_since(tmp_path):
    whole, _ = start(4)
    start(2, tmp_path / "run.pt", seed=7)
    # Another seed: other first weights, another order, another dropout; all of it must come from the file.
    resumed, _ = start(4, tmp_path / "run.pt", seed=8)
    assert_same_weights(whole, resumed)


def test_a_shuffling_loader_without_generator_and_random_transforms_resume_too(tmp_path):
    class Noisy(TensorDataset):
        def __getitem__(self, index):
            image, label = super().__getitem__(index)
            return image + random.random() + np.random.rand() + torch.rand(()), label  # noqa: NPY002 - what is tested

    def run(epochs, checkpoint=None):
        set_seed(1)
        model = network()
        loader = DataLoader(Noisy(*images_and_labels()), 16, shuffle=True)
        fit(model, loader, epochs=epochs, optimizer=momentum(model), checkpoint=checkpoint, device=CPU)
        return model

    whole = run(3)
    run(1, tmp_path / "run.pt")
    set_seed(99)
    assert_same_weights(whole, run(3, tmp_path / "run.pt"))


def killed_in_the_third_epoch(checkpoint):
    class Killing(nn.Module):
        def __init__(self):
            super().__init__()
            self.passes = 0

        def forward(self, x):
            self.passes += self.training
            if self.passes == 10:  # four steps an epoch
                os.kill(os.getpid(), signal.SIGKILL)
            return x

    set_seed(7)
    train, validation = loaders(7)
    model = network(7)
    optimizer = momentum(model)
    watched = nn.Sequential(*model, Killing())
    fit(
        watched,
        train,
        validation,
        epochs=4,
        optimizer=optimizer,
        scheduler=CosineAnnealingLR(optimizer, 4),
        checkpoint=checkpoint,
        device=CPU,
    )


def test_a_killed_run_resumes_to_the_same_weights(tmp_path):
    whole, history = start(4)
    process = multiprocessing.get_context("spawn").Process(target=killed_in_the_third_epoch, args=(tmp_path / "run.pt",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    resumed, later = start(4, tmp_path / "run.pt")
    assert_same_weights(whole, resumed)
    assert same_but_for_the_clock(history, later)


def test_a_finished_run_is_not_trained_again(tmp_path):
    whole, history = start(2, tmp_path / "run.pt", keep_best=True)
    again, later = start(2, tmp_path / "run.pt", keep_best=True)
    assert_same_weights(whole, again)
    assert history == later


def test_an_interrupted_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    start(1, path)
    before = path.read_bytes()

    def half(contents, file):
        file.write(b"half of a")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="No space"):
        start(2, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


# Bad checkpoints


def damage(path, how, model):
    contents = path.read_bytes()
    if how == "cut off":
        path.write_bytes(contents[: len(contents) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_bytes(b"no checkpoint at all\n")
    elif how == "one byte":
        place = contents.index(model[5].weight.detach().numpy().tobytes()) + 5
        path.write_bytes(contents[:place] + bytes([contents[place] ^ 255]) + contents[place + 1 :])
    elif how == "another dictionary":
        torch.save({"weights": torch.ones(3)}, path)
    elif how == "code":
        torch.save({"weights": Path}, path)
    elif how == "a folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("how", ["cut off", "empty", "text", "one byte", "another dictionary", "code", "a folder"])
def test_a_checkpoint_that_cannot_be_read_is_refused_before_anything_changes(tmp_path, how):
    path = tmp_path / "run.pt"
    damage(path, how, start(1, path)[0])
    kept = None if path.is_dir() else path.read_bytes()
    model = network()
    with pytest.raises(
        ValueError, match=r"fit: .*run\.pt is (no checkpoint that can be read|not a checkpoint of fit).*\.$"
    ) as error:
        fit(model, *loaders(), epochs=2, optimizer=momentum(model), checkpoint=path, device=CPU)
    assert "\n" not in str(error.value)
    assert_same_weights(model, network())
    assert path.is_dir() or path.read_bytes() == kept


@pytest.mark.parametrize(
    ("model", "optimizer", "says"),
    [
        (network(width=4), momentum, r"another model: 0\.weight is \(8, 1, 3, 3\) there and \(4, 1, 3, 3\) here"),
        (nn.Sequential(nn.Flatten(), nn.Linear(36, 3)), momentum, r"another model: 1\.weight is \(8,\) there"),
        (network(), lambda model: torch.optim.Adam(model.parameters()), "written with SGD of .*, not with Adam"),
        (network(), lambda model: torch.optim.SGD(model[5].parameters(), momentum=0.9), r"SGD of \[6\].*not with SGD of \[2\]"),
    ],
    ids=["width", "layers", "optimizer", "groups"],
)
def test_a_checkpoint_of_something_else_is_refused_before_anything_changes(tmp_path, model, optimizer, says):
    path = tmp_path / "run.pt"
    fit(network(), *loaders(), epochs=1, optimizer=momentum(network()), checkpoint=path, device=CPU)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=says):
        fit(model, *loaders(), epochs=2, optimizer=optimizer(model), checkpoint=path, device=CPU)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_best_weights_that_were_not_kept_are_not_made_up(tmp_path):
    start(1, tmp_path / "run.pt")
    with pytest.raises(ValueError, match="written without keep_best"):
        start(2, tmp_path / "run.pt", keep_best=True)


# Bad input


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_names_epoch_and_step_and_leaves_the_model(value):
    images, labels = images_and_labels(20)
    batches = [(images[:10], labels[:10]), (images[10:], labels[10:])]
    model, optimizer_of = network(), momentum
    torch.manual_seed(0)
    reference = network()
    torch.manual_seed(0)
    fit(reference, batches[:1], epochs=1, optimizer=optimizer_of(reference), device=CPU)
    torch.manual_seed(0)
    images[13, 0, 2, 2] = value
    with pytest.raises(ValueError, match=r"the loss is nan in epoch 1, step 2, and the model is what it was") as error:
        fit(model, batches, epochs=3, optimizer=optimizer_of(model), device=CPU)
    assert "\n" not in str(error.value)
    assert_same_weights(model, reference)


def test_a_learning_rate_that_is_too_high_is_named():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 64), nn.Linear(64, 64), nn.Linear(64, CLASSES))
    with pytest.raises(ValueError, match=r"the loss is (inf|nan) in epoch \d+, step \d+.*smaller learning rate"):
        fit(model, *loaders(), epochs=30, optimizer=torch.optim.SGD(model.parameters(), lr=1e6), device=CPU)


def test_impossible_arguments_are_refused_in_one_sentence(tmp_path):
    model = network()
    train, _ = loaders()
    empty = DataLoader(TensorDataset(*images_and_labels(5)), 16, drop_last=True)

    def refused(*args, says, **options):
        with pytest.raises(ValueError, match=says) as error:
            fit(model, *args, **{"epochs": 1, "optimizer": momentum(model), "device": CPU} | options)
        assert "\n" not in str(error.value)

    for epochs in (0, -3, 1.5):
        refused(train, epochs=epochs, says="epochs must be a whole number from 1 on, not")
    refused(empty, says="training loader has no batches")
    refused([], says="training loader has no batches")
    refused(iter([]), says="training loader has no batches")
    refused(train, empty, says="validation loader has no batches")
    refused(train, keep_best=True, says="needs a validation_loader")
    refused(train, checkpoint=tmp_path / "nowhere" / "run.pt", says="folder .*nowhere does not exist")
    with pytest.raises(ValueError, match="loader has no batches"):
        evaluate(model, empty, device=CPU)
    with pytest.raises(ValueError, match="loader has no batches"):
        predict(model, empty, device=CPU)
    assert_same_weights(model, network())


def test_mixed_precision_on_the_cpu_says_that_it_is_not_used(capsys):
    model, plain = network(), network()
    for net, mixed in ((model, True), (plain, None)):
        torch.manual_seed(1)
        fit(net, *loaders(), epochs=1, optimizer=momentum(net), device=CPU, mixed_precision=mixed)
    assert capsys.readouterr().out == "fit: mixed precision is for CUDA; on cpu this trains in full precision.\n"
    assert_same_weights(model, plain)


@pytest.mark.gpu
@pytest.mark.parametrize("mixed", [False, True])
def test_training_on_cuda_learns_saves_and_resumes(tmp_path, mixed):
    model = network()
    options = {"device": "cuda", "mixed_precision": mixed, "checkpoint": tmp_path / "run.pt", "keep_best": True}
    fit(model, *loaders(), epochs=10, optimizer=momentum(model), **options)
    assert model[0].weight.is_cuda
    resumed = network()
    history = fit(resumed, *loaders(), epochs=15, optimizer=momentum(resumed), **options)
    assert len(history.train_loss) == 15
    assert history.train_loss[-1] < history.train_loss[0] / 2
    assert history.validation_accuracy[history.best_epoch] > 0.8
    logits, labels = predict(resumed, loaders()[1], device="cuda")
    assert not logits.is_cuda
    assert (logits.argmax(1) == labels).float().mean() == pytest.approx(history.validation_accuracy[history.best_epoch])


def test_default_device_follows_the_environment(monkeypatch):
    monkeypatch.setenv("CNNKIT_DEVICE", "cpu")
    assert default_device() == CPU
    monkeypatch.setenv("CNNKIT_DEVICE", "abacus")
    with pytest.raises(ValueError, match="'abacus' is not a torch device"):
        default_device()
    monkeypatch.setenv("CNNKIT_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="finds no CUDA device"):
        default_device()


def test_set_seed_repeats_python_numpy_and_torch():
    def drawn():
        set_seed(11)
        return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002 - the generator that is seeded

    assert drawn() == drawn()


def test_training_is_quiet_where_nobody_watches(capfd):
    import ipykernel  # noqa: F401 - which alone makes no notebook

    model = network()
    fit(model, *loaders(), epochs=1, optimizer=momentum(model), device=CPU)
    assert capfd.readouterr() == ("", "")


# Several processes


def trained_by_torchrun(folder, processes, device):
    """Run the script under torchrun and return what each process reports."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", SCRIPT, folder]
    env = os.environ | {"CNNKIT_DEVICE": device, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return [torch.load(folder / f"report_{rank}.pt", weights_only=True) for rank in range(processes)]


@pytest.mark.parametrize(
    ("processes", "device"), [(2, "cpu"), pytest.param(1, "cuda", marks=pytest.mark.gpu)], ids=["2 on the CPU", "1 on CUDA"]
)
def test_processes_under_torchrun_reach_what_one_process_reaches(tmp_path, processes, device):
    (tmp_path / "alone").mkdir()
    alone = train_everything(tmp_path / "alone", device)
    together = trained_by_torchrun(tmp_path, processes, device)
    for rank, report in enumerate(together):
        assert (report["rank"], report["processes"]) == (rank, processes)
        for name, value in alone["weights"].items():
            torch.testing.assert_close(report["weights"][name], value, rtol=1e-12, atol=1e-13)
            assert torch.equal(report["weights"][name], together[0]["weights"][name]), "the processes have different weights"
        for name in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
            assert report["history"][name] == pytest.approx(alone["history"][name], rel=1e-12), name
        assert report["resumed_as_whole"], "with dropout, one epoch and two more are not three"
        assert "the loss is nan in epoch 1, step 2" in report["refusal"]
        assert report["showed_progress"] == (rank == 0)
        assert report["wrote"] == (["whole.pt"] if rank == 0 else [])
