"""A script that trains, alone or under torchrun, and reports what every process has in the end."""

import io
import os
import sys
from pathlib import Path
from unittest import mock

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from cnnkit import checkpoint
from cnnkit.training import fit, set_seed

SCRIPT = Path(__file__)
IMAGES = 49
"""One more than three batches of 16: the last batch leaves nothing for a second process."""


class Terminal(io.StringIO):
    """A terminal that remembers what was shown."""

    def isatty(self):
        return True


def train(epochs, device, dropout=0.0, file=None, bad_image=None):
    """Train in float64 on batches in a seeded random order."""
    set_seed(3)
    images = torch.randn(IMAGES, 1, 6, 6, dtype=torch.float64)
    labels = torch.randint(3, (IMAGES,))
    if bad_image is not None:
        images[bad_image] = torch.nan
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(dropout), nn.Linear(64, 3)).double()
    generator = torch.Generator().manual_seed(5)
    loader = DataLoader(TensorDataset(images, labels), 16, shuffle=bad_image is None, generator=generator)
    validation = DataLoader(TensorDataset(images[:17], labels[:17]), 16)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    options = {"scheduler": scheduler, "device": device, "checkpoint": file, "keep_best": True}
    history = fit(model, loader, validation, epochs=epochs, optimizer=optimizer, **options)
    return {name: value.cpu() for name, value in model.state_dict().items()}, vars(history)


def train_everything(folder, device=None):
    """Train, resume, meet a bad image, and return what came of it."""
    written, shown = [], Terminal()
    write = checkpoint.write
    with (
        mock.patch.object(checkpoint, "write", lambda path, *rest: written.append(path.name) or write(path, *rest)),
        mock.patch.object(sys, "stderr", shown),
    ):
        weights, history = train(3, device, file=folder / "whole.pt")
    with_dropout, _ = train(3, device, dropout=0.5)
    train(1, device, dropout=0.5, file=folder / "parts.pt")
    resumed, _ = train(3, device, dropout=0.5, file=folder / "parts.pt")
    try:
        train(1, device, bad_image=17)  # in the second batch, and with two processes in the second one's share
    except ValueError as error:
        refusal = str(error)
    return {
        "rank": int(os.environ.get("RANK", 0)),
        "processes": int(os.environ.get("WORLD_SIZE", 1)),
        "weights": weights,
        "history": history,
        "resumed_as_whole": all(torch.equal(value, resumed[name]) for name, value in with_dropout.items()),
        "refusal": refusal,
        "showed_progress": "step" in shown.getvalue(),
        "wrote": sorted(set(written)),
    }


if __name__ == "__main__":
    found = train_everything(Path(sys.argv[1]))
    torch.save(found, Path(sys.argv[1]) / f"report_{found['rank']}.pt")
