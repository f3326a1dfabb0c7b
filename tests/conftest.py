"""Which device tests use: the CPU, but for those that are marked `gpu`."""

import os
from collections.abc import Iterator

import pytest

from cnnkit.exercises import reference

os.environ["CNNKIT_DEVICE"] = "cpu"  # for what the tests of a run share


@pytest.fixture(autouse=True)
def device_under_test(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use CUDA in a test that is marked `gpu`, and do not run it where there is none."""
    if request.node.get_closest_marker("gpu") is None:
        yield
        return
    import torch

    if not torch.cuda.is_available():
        pytest.skip("not run: there is no CUDA device here")
    monkeypatch.setenv("CNNKIT_DEVICE", "cuda")
    reference.device.cache_clear()
    yield
    reference.device.cache_clear()
