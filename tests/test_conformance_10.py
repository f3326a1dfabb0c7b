"""Topic 10: the references against torchvision, and what is read off images against images made for it."""

import importlib
import math

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as T

from cnnkit.exercises import exercises
from solutions import solutions

topic = importlib.import_module("cnnkit.exercises.10_augmentation")
REFERENCES = {name: exercise.reference for name, exercise in exercises("10").items()}


@pytest.fixture
def x() -> torch.Tensor:
    """Give five images, none of whose pixels are alike."""
    return torch.rand(5, 3, 9, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(10))


def test_flips_are_those_of_torchvision(x):
    mask = torch.tensor([True, False, True, True, False])
    wanted = torch.stack([T.horizontal_flip(one) if m else one for one, m in zip(x, mask, strict=True)])
    np.testing.assert_array_equal(REFERENCES["horizontal_flip"](x, mask), wanted)


def test_crops_are_those_of_torchvision(x):
    top, left = torch.tensor([0, 6, 3, 2, 5]), torch.tensor([3, 0, 6, 1, 4])
    padded = T.pad(x, [3, 3, 3, 3])
    wanted = torch.stack([T.crop(padded[i], int(top[i]), int(left[i]), 9, 11) for i in range(5)])
    np.testing.assert_array_equal(REFERENCES["random_crop"](x, 3, top, left), wanted)


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_and_contrast_are_those_of_torchvision(x, channels):
    x = x[:, :channels]
    brightness, contrast = (torch.tensor(v, dtype=torch.float64) for v in ([0.2, 1.7, 1, 0, 0.9], [1.6, 0.5, 2.5, 1, 0]))
    factors = zip(x, brightness.tolist(), contrast.tolist(), strict=True)
    wanted = torch.stack([T.adjust_contrast(T.adjust_brightness(one, b), c) for one, b, c in factors])
    given = REFERENCES["adjust_brightness_contrast"](x, brightness, contrast)
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-12)


def test_cutout_is_torchvision_s_erase(x):
    top, left = torch.tensor([0, 2, 5, 4, 1]), torch.tensor([7, 3, 0, 2, 5])
    wanted = torch.stack([T.erase(x[i], int(top[i]), int(left[i]), 4, 4, torch.zeros(1, dtype=x.dtype)) for i in range(5)])
    np.testing.assert_array_equal(REFERENCES["cutout"](x, top, left, 4), wanted)


@pytest.mark.parametrize("n", [1, 7, 200])
@pytest.mark.parametrize("p", [0.0, 0.02, 0.5, 0.93, 1.0])
def test_likely_counts_leave_out_as_little_as_they_say(n, p):
    low, high = topic._likely(n, p)
    weights = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    assert sum(weights[:low]) <= topic.RARELY < sum(weights[: low + 1])
    assert sum(weights[high + 1 :]) <= topic.RARELY < sum(weights[high:])


def test_every_move_is_read_off_an_image():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 1, (40, 2, 13, 15))
    down, right = rng.integers(-2, 3, (2, 40))
    mirrored, upside_down = rng.random((2, 40)) < 0.5
    flipped = x.copy()
    flipped[mirrored] = flipped[mirrored][..., ::-1]
    flipped[upside_down] = flipped[upside_down][..., ::-1, :]
    for rolled in (False, True):
        y = np.stack(
            [one if not rolled else np.roll(one, (d, r), (1, 2)) for one, d, r in zip(flipped, down, right, strict=True)]
        )
        if not rolled:
            framed = np.pad(flipped, ((0, 0), (0, 0), (2, 2), (2, 2)))
            y = np.stack([framed[i, :, 2 - down[i] : 15 - down[i], 2 - right[i] : 17 - right[i]] for i in range(40)])
        found = topic._moves(x, y, 2)
        moved = rolled & ((down != 0) | (right != 0))  # rolled by nothing is as shifted by nothing
        wanted = zip(mirrored, upside_down, moved, down, right, strict=True)
        assert found == [(bool(m), bool(u), bool(r), int(d), int(s)) for m, u, r, d, s in wanted]
    assert topic._moves(x, x + 1, 2) == [None] * 40


def test_the_shares_of_a_mix_are_read_off_its_images():
    x = np.random.default_rng(1).random((6, 3, 5, 7))
    mixed = 0.7 * x[[1]] + 0.3 * x[[4]][..., ::-1]
    shares, is_mix = topic._shares(x, mixed)
    wanted = np.zeros((1, 4, 6))
    wanted[0, 0, 1], wanted[0, 1, 4] = 0.7, 0.3
    np.testing.assert_allclose(shares, wanted, atol=1e-9)
    assert is_mix.tolist() == [True]
    assert topic._shares(x, mixed**2)[1].tolist() == [False]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_solutions_keep_the_dtype(x, dtype):
    solved, x, five = solutions("10"), x.to(dtype), torch.arange(5)
    generator = torch.Generator().manual_seed(0)
    y = torch.eye(5, dtype=dtype)
    results = [
        solved.horizontal_flip(x, five > 2),
        solved.random_crop(x, 2, five % 4, five % 3),
        solved.adjust_brightness_contrast(x, torch.ones(5, dtype=dtype), torch.ones(5, dtype=dtype)),
        solved.salt_and_pepper(x, 0.3, generator),
        solved.cutout(x, five, five, 3),
        *solved.mixup(x, y, 0.3, five.flip(0)),
        *solved.cutmix(x, y, (1, 1, 3, 3), five.flip(0)),
        *solved.augment_batch(x, y, generator, True),
        solved.Augment(0)(x),
    ]
    assert {result.dtype for result in results} == {dtype}


def test_a_frozen_layer_stays_frozen_in_test_time_augmentation(x):
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten()).double()
    model[1].eval()
    solutions("10").tta_predict(model, x)
    assert [module.training for module in model] == [True, False, True]
