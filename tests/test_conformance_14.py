"""The solutions of topic 14 agree with PyTorch on drawn layers and stacks, in float32 and float64."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions import solutions

EXAMPLES = 300
sweep = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])

conv3d, causal_conv1d = solutions("14").conv3d, solutions("14").causal_conv1d
small = st.integers(1, 3)
three = st.tuples(small, small, small)


def draw_arrays(draw, dtype, *shapes):
    """Draw normal values from a drawn seed; every array may be one that is not contiguous."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays = [rng.standard_normal((*shape[:-1], 2 * shape[-1])).astype(dtype) for shape in shapes]
    return [array[..., ::2] if draw(st.booleans()) else array[..., : array.shape[-1] // 2].copy() for array in arrays]


@st.composite
def volumes(draw, dtype):
    """Draw arguments of conv3d that are possible, options as numbers or as triples."""
    n, c, k, kernel = draw(small), draw(small), draw(st.integers(1, 4)), draw(three)
    options = {
        name: draw(st.one_of(numbers, st.tuples(numbers, numbers, numbers)))
        for name, numbers in (("stride", small), ("padding", st.integers(0, 2)))
    }
    paddings, more = np.broadcast_to(options["padding"], 3), draw(st.tuples(*[st.integers(0, 4)] * 3))
    size = [max(1, int(taps - 2 * p)) + over for taps, p, over in zip(kernel, paddings, more, strict=True)]
    x, w, b = draw_arrays(draw, dtype, (n, c, *size), (k, c, *kernel), (k,))
    return (x, w, b if draw(st.booleans()) else None), options


@st.composite
def signals(draw, dtype):
    """Draw arguments of causal_conv1d; a kernel may reach back farther than the signal is long."""
    n, c, k = draw(small), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    x, w = draw_arrays(draw, dtype, (n, c, draw(st.integers(1, 20))), (k, c, draw(st.integers(1, 5))))
    return x, w, draw(st.integers(1, 9))


def causal_by_torch(x, w, dilation):
    """Pad before the signal and convolve, in PyTorch."""
    return F.conv1d(F.pad(x, ((w.shape[2] - 1) * dilation, 0)), w, dilation=dilation)


def assert_agree(y, function, arrays, options, terms, dtype):
    """Fail unless y is what torch's function gives in float64, to within the rounding error of sums of so many terms."""
    exact = [None if array is None else torch.from_numpy(np.array(array, dtype=np.float64)) for array in arrays]
    expected = function(*exact, **options).numpy()
    # The error of a sum is at most about (number of terms) · eps · (sum of the magnitudes), in whatever order it is added up.
    magnitudes = function(*[None if tensor is None else tensor.abs() for tensor in exact], **options).numpy()
    assert y.dtype == dtype
    assert y.shape == expected.shape
    assert (np.abs(y - expected) <= (terms + 2) * np.finfo(dtype).eps * magnitudes).all()


@both_dtypes
def test_conv3d(dtype):
    seen = []

    @sweep
    @given(volumes(dtype))
    def check(layer):
        arrays, options = layer
        assert_agree(conv3d(*arrays, **options), F.conv3d, arrays, options, arrays[1][0].size, dtype)
        seen.append(options)

    check()
    assert len(seen) >= EXAMPLES


@both_dtypes
def test_causal_conv1d(dtype):
    seen = []

    @sweep
    @given(signals(dtype))
    def check(layer):
        x, w, dilation = layer
        assert_agree(causal_conv1d(x, w, dilation), causal_by_torch, (x, w), {"dilation": dilation}, w[0].size, dtype)
        seen.append(dilation)

    check()
    assert len(seen) >= EXAMPLES


@sweep
@given(st.integers(1, 4), st.lists(st.integers(1, 5), max_size=4))
def test_dilated_receptive_field(k, dilations):
    field = solutions("14").dilated_receptive_field(k, dilations)
    x = torch.zeros(1, 1, field + 3, dtype=torch.float64, requires_grad=True)
    y = x
    for dilation in dilations:
        y = causal_by_torch(y, torch.ones(1, 1, k, dtype=torch.float64), dilation)
    (reached,) = torch.autograd.grad(y[0, 0, -1], x)
    # How far back the last output reaches: taps that a dilation jumps over leave holes, so the first one counts.
    assert field == x.shape[2] - int(reached.nonzero()[0, 2])
