"""Hold the solutions of assignment 13 against torch, torchvision and counting, and the probes that judge them against themselves.

The IoU is compared with scikit-learn's as well where that is installed; the course does not need it.
"""

import importlib.util
import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import tv_tensors
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from cnnkit import data
from cnnkit.exercises.probes import networks, segmentation
from solutions import solutions

ANSWERS = solutions("13")
SEEDS = range(6)
each_seed = pytest.mark.parametrize("seed", SEEDS)


def drawn(seed, dtype=torch.float64):
    """Draw logits and masks of a size, in which a class may be absent."""
    rng = np.random.default_rng(seed)
    n, classes, height, width = (int(v) for v in rng.integers((1, 2, 3, 3), (4, 6, 9, 9)))
    logits = torch.tensor(2 * rng.standard_normal((n, classes, height, width))).to(dtype)
    return logits, torch.tensor(rng.integers(0, max(1, classes - seed % 2), (n, height, width)))


def sets_of_pixels(classes):
    """Return the positions of every class that is there."""
    found = {}
    for position, c in np.ndenumerate(classes.numpy()):
        found.setdefault(int(c), set()).add(position)
    return found


@each_seed
def test_iou_is_that_of_sets_of_pixels(seed):
    logits, masks = drawn(seed)
    predicted, labelled = sets_of_pixels(logits.argmax(1)), sets_of_pixels(masks)
    for c, value in enumerate(ANSWERS.iou(logits, masks).tolist()):
        one, other = predicted.get(c, set()), labelled.get(c, set())
        expected = len(one & other) / len(one | other) if one | other else math.nan
        assert value == pytest.approx(expected, nan_ok=True)
    if importlib.util.find_spec("sklearn") is not None:
        from sklearn.metrics import jaccard_score

        classes = list(range(logits.shape[1]))
        theirs = jaccard_score(masks.flatten(), logits.argmax(1).flatten(), labels=classes, average=None, zero_division=np.nan)
        np.testing.assert_allclose(ANSWERS.iou(logits, masks), theirs)


@each_seed
def test_dice_of_a_decision_follows_from_its_iou(seed):
    logits, masks = drawn(seed)
    iou = ANSWERS.iou(logits, masks)
    sure = 1e4 * F.one_hot(logits.argmax(1), logits.shape[1]).movedim(-1, 1).double()
    dice = (2 * iou / (1 + iou)).nan_to_num(1.0)  # neither predicted nor there: eps / eps
    torch.testing.assert_close(ANSWERS.dice_loss(sure, masks), 1 - dice.mean(), atol=1e-6, rtol=0)


@each_seed
def test_dice_loss_has_the_gradient_of_its_value(seed):
    logits, masks = drawn(seed)
    logits = logits[:, :, :4, :4].requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ANSWERS.dice_loss(x, masks[:, :4, :4], eps=0.1), (logits,))


@each_seed
def test_overlaps_are_what_a_transposed_convolution_of_ones_gives(seed):
    rng = np.random.default_rng(seed)
    h, w, k, stride = (int(v) for v in rng.integers((1, 1, 1, 1), (6, 6, 6, 4)))
    counts = ANSWERS.overlap_counts(h, w, k, stride)
    ones = F.conv_transpose2d(torch.ones(1, 1, h, w), torch.ones(1, 1, k, k), stride=stride)[0, 0]
    assert torch.equal(counts, ones.long())
    folded = F.fold(torch.ones(1, k * k, h * w), counts.shape, k, stride=stride)[0, 0]
    assert torch.equal(counts, folded.long())
    assert counts.sum() == h * w * k * k  # every input writes k * k values, somewhere


@pytest.mark.parametrize(("k", "stride"), [(3, 2), (2, 2), (4, 2), (5, 3), (6, 3), (3, 1), (2, 3)])
def test_overlaps_are_even_inside_where_the_stride_divides_the_kernel(k, stride):
    inside = ANSWERS.overlap_counts(9, 9, k, stride)[k:-k, k:-k]
    assert (inside.unique().numel() == 1) == (k % stride == 0)


@each_seed
def test_an_up_enlarges_every_pixel_to_a_square_of_its_own(seed):
    torch.manual_seed(seed)
    c_in, c_out, h, w = (int(v) for v in torch.randint(1, 5, (4,)))
    block = ANSWERS.Up(c_in, c_out).double()
    (transposed,) = (layer for layer in block.modules() if isinstance(layer, nn.ConvTranspose2d))
    x = torch.randn(2, c_in, h, w, dtype=torch.float64)
    squares = torch.einsum("nihw,iokl->nohkwl", x, transposed.weight).reshape(2, c_out, 2 * h, 2 * w)
    torch.testing.assert_close(transposed(x), squares + transposed.bias[:, None, None])
    skip = torch.zeros(2, c_out, 2 * h + seed % 2, 2 * w + seed % 3 % 2, dtype=torch.float64)
    assert block(x, skip).shape == skip.shape


@each_seed
def test_a_unet_answers_in_the_size_of_the_image_and_has_the_parameters_of_the_formula(seed):
    rng = np.random.default_rng(seed)
    c_in, classes, width, depth = (int(v) for v in rng.integers((1, 1, 1, 1), (4, 5, 6, 5)))
    height, columns = (int(v) for v in rng.integers(2**depth, 2**depth + 20, 2))
    network = ANSWERS.UNet(c_in, classes, width, depth).eval()
    assert network(torch.zeros(1, c_in, height, columns)).shape == (1, classes, height, columns)

    def double(a, b):
        return 9 * a * b + 9 * b * b + 4 * b

    widths = [width * 2**i for i in range(depth + 1)]
    expected = double(c_in, width) + width * classes + classes
    for narrow, wide in itertools.pairwise(widths):
        expected += double(narrow, wide) + 4 * wide * narrow + narrow + double(2 * narrow, narrow)
    assert ANSWERS.count_parameters(network) == expected


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_unet_moves_with_the_image_by_whole_steps_of_its_pooling(depth):
    torch.manual_seed(depth)
    network = ANSWERS.UNet(1, 2, width=3, depth=depth).double().eval()
    step, reach = 2**depth, 2 ** (depth + 3)  # more than a DoubleConv at every level can reach
    side = 2 * reach + 2 * step
    x = torch.randn(1, 1, side, side + step, dtype=torch.float64)
    with torch.no_grad():
        here, there = network(x[..., :-step]), network(x[..., step:])
    inside = slice(reach, side - reach)
    torch.testing.assert_close(here[..., inside, reach + step : side - reach], there[..., inside, reach : side - reach - step])


@each_seed
def test_a_pair_is_augmented_as_torchvision_augments_it(seed):
    rng = np.random.default_rng(seed)
    factor = int(rng.integers(1, 4))
    n, height, width = 3, factor * int(rng.integers(2, 5)), factor * int(rng.integers(2, 5))
    images = torch.tensor(rng.random((n, 2, height, width)))
    masks = torch.tensor(rng.integers(0, 6, (n, height, width)))
    mirrored = torch.tensor(rng.random(n) < 0.5)
    h, w = height // factor, width // factor
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    found = ANSWERS.augment_pair(images, masks, mirrored, top, left, factor)
    for i in range(n):
        pair = [tv_tensors.Image(images[i]), tv_tensors.Mask(masks[i])]
        if mirrored[i]:
            pair = [transforms.horizontal_flip(one) for one in pair]
        pair = [
            transforms.resized_crop(one, top, left, h, w, [height, width], InterpolationMode.BILINEAR, antialias=False)
            for one in pair
        ]
        torch.testing.assert_close(found[0][i], pair[0].data)
        assert torch.equal(found[1][i], pair[1].data)


def test_masks_of_the_emoji_are_their_opaque_pixels():
    rgba, labels, _ = data.emoji_rgba()
    masks = ANSWERS.mask_from_alpha(torch.from_numpy(rgba[..., 3]), torch.from_numpy(labels))
    expected = np.where(rgba[..., 3] >= 128, labels[:, None, None] + 1, 0)
    np.testing.assert_array_equal(masks, expected)
    assert masks.unique().tolist() == [0, 1, 2, 3, 4, 5, 6]


class Two(nn.Module):
    """A block of two inputs that may change one of them."""

    def __init__(self, in_place=False):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 1)
        self.in_place = in_place

    def forward(self, x, skip):
        y = self.conv(x).sum((2, 3), keepdim=True) * skip
        if self.in_place:
            skip += 1
        return y


def test_the_block_probe_tells_the_gradients_of_both_inputs_apart():
    rng = np.random.default_rng(0)
    x, skip = rng.standard_normal((2, 2, 3, 4)), rng.standard_normal((2, 3, 5, 6))
    given = x.copy(), skip.copy()
    found = dict(zip(segmentation.BLOCK_NAMES, segmentation.block(Two, x=x, skip=skip, seed=1, training=True), strict=True))
    assert found["gradient of x"].shape == x.shape
    assert found["gradient of skip"].shape == skip.shape
    assert found["number of parameters"] == 9
    np.testing.assert_array_equal(x, given[0])
    np.testing.assert_array_equal(skip, given[1])
    upstream = np.random.default_rng([1, 1]).standard_normal(skip.shape)
    np.testing.assert_allclose((found["gradient of skip"] * skip).sum(), (found["output"] * upstream).sum())
    segmentation.block(Two, True, x=x, skip=skip, seed=1)
    np.testing.assert_array_equal(x, given[0])
    np.testing.assert_array_equal(skip, given[1] + 1)


def test_a_block_that_is_no_module_is_refused_with_a_sentence():
    with pytest.raises(TypeError, match=r"Expected a network \(a torch.nn.Module\), got a value of type list"):
        segmentation.block(lambda: [nn.ReLU()], x=np.zeros((1, 1, 2, 2)), skip=np.zeros((1, 1, 2, 2)))
    assert networks.NAMES[2] in segmentation.BLOCK_NAMES


def test_a_loss_that_is_no_tensor_is_refused_with_a_sentence():
    logits, masks = drawn(0)
    with pytest.raises(TypeError, match=r"A loss must be a tensor, so that backward.* yours is a value of type float"):
        segmentation.loss(lambda logits, masks: 0.5, logits, masks)


@pytest.mark.parametrize("eps", [1e-6, 1e-8, 1e-12])
def test_scores_forgive_a_tiny_eps_and_single_precision_but_no_pixel(eps):
    logits, masks = drawn(1)

    def lenient(logits, masks):
        predicted = logits.argmax(1)
        pairs = [(predicted == c, masks == c) for c in range(logits.shape[1])]
        return torch.stack([(p & t).sum() / ((p | t).sum() + eps) for p, t in pairs])

    expected = ANSWERS.iou(logits, masks).nan_to_num(0.0)
    np.testing.assert_array_equal(segmentation.scores(lenient, logits, masks), expected)
    one_less = segmentation.scores(lambda logits, masks: lenient(logits, masks) - 1 / masks.numel(), logits, masks)
    assert (np.abs(one_less - expected.numpy()) > 1e-4).all()


def test_counts_may_be_held_by_anything():
    for make in (torch.tensor, np.array, list, lambda rows: torch.tensor(rows, dtype=torch.float32)):
        found = segmentation.counts(lambda make=make: make([[1, 2], [2, 4]]))
        assert found.dtype == np.int64
        assert found.tolist() == [[1, 2], [2, 4]]
