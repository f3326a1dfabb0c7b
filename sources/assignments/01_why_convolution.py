# %% [markdown]
r"""
# Assignment 01 · Why convolution?

You turn images into tensors, push them about, count the weights that a network needs for them, and find a pattern by
sliding it over a picture. At the end you measure, with one number, whether an operation treats every place alike.

**You need** [lecture 01](../../lectures/01_why_convolution.ipynb), NumPy, paper and pencil. **Time:** about 80 minutes.
**Points:** 23.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with a reference. If something is wrong, it says what, and
shows one case. When the assignment is graded, the same checks run with other numbers.

Three rules hold for every exercise.

- Unless an exercise says otherwise, `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are.
- What is impossible, such as a template larger than its picture, raises `ValueError`, where the exercise asks for it; say
  in its message why.

Write it in NumPy: PyTorch and SciPy would do the work for you, so the checks refuse them.
"""

# %%
import numpy as np

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
## 1. An image becomes a tensor

**Points 4 · difficulty 1/5 · about 10 minutes**

A file holds whole numbers from 0 to 255, eight bits for each pixel and channel. A network wants small real numbers, and
torch wants the axes in the order *batch, channel, height, width*: NCHW.

Grey images arrive as $(N, H, W)$, colour images as $(N, H, W, C)$. Return `float32` of shape $(N, C, H, W)$, with 0 for
the level 0 and exactly 1 for the level 255. A grey image has *one* channel, not none. Any other number of axes raises
`ValueError`.

<details><summary>Hint 1</summary>

Give the grey images a fourth axis first, with `images[..., None]`. Then both kinds are one kind.
</details>

<details><summary>Hint 2</summary>

`transpose` moves axes. `reshape` cuts the same row of numbers into other pieces: the shape is right, the picture is not.
</details>
"""


# %% solution="to_nchw"
def to_nchw(images):
    """Scale to [0, 1] and order the axes as torch does: uint8 (N, H, W) or (N, H, W, C) -> float32 (N, C, H, W)."""
    ### BEGIN SOLUTION
    if images.ndim not in (3, 4):
        raise ValueError(f"to_nchw: expected (N, H, W) or (N, H, W, C), got an array of shape {images.shape}.")
    if images.ndim == 3:
        images = images[..., None]
    # float32 first: whole numbers would be divided in float64.
    return images.transpose(0, 3, 1, 2).astype(np.float32) / 255
    ### END SOLUTION


# %% test="to_nchw" points=1
# Check that grey images get one channel, and values from 0 to 1.
check("01.to_nchw", to_nchw)
# By hand: 51 is a fifth of 255.
assert np.allclose(to_nchw(np.array([[[0, 51, 255]]], np.uint8)), [[[[0.0, 0.2, 1.0]]]])
### BEGIN HIDDEN TESTS
check("01.to_nchw", to_nchw, hidden=True)
### END HIDDEN TESTS

# %% test="to_nchw_colour" points=2
# Check that the channels of colour images become the second axis, and every pixel keeps its place.
check("01.to_nchw_colour", to_nchw)
### BEGIN HIDDEN TESTS
check("01.to_nchw_colour", to_nchw, hidden=True)
### END HIDDEN TESTS

# %% test="to_nchw_errors" points=1
# Check that an array that is neither raises ValueError.
check("01.to_nchw_errors", to_nchw)
### BEGIN HIDDEN TESTS
check("01.to_nchw_errors", to_nchw, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("01.to_nchw", 0)
print(*args, sep="\n")

# %% [markdown]
r"""
## 2. Moving a picture

**Points 5 · difficulty 2/5 · about 20 minutes**

Move the last two axes of `x` down by `dy` and right by `dx`. What comes in is zero, what is pushed out is lost. Negative
numbers move up and left. Whatever stands before the last two axes, a batch or channels, moves along. A shift larger than
the picture leaves nothing but zeros.

On paper: what becomes of the rows `1 2 3` and `4 5 6` with `dy = 1`, `dx = -1`?

<details><summary>Hint 1</summary>

Start from `np.zeros_like(x)` and copy one rectangle. Which rows of `x` survive a shift by `dy`, and where do they go?
</details>

<details><summary>Hint 2</summary>

For `dy ≥ 0`, the rows `0 … H - dy - 1` go to `dy … H - 1`. With `max(dy, 0)` and `max(-dy, 0)` one pair of slices serves
both signs. Mind that `-dy` as the end of a slice means something else when `dy` is 0.
</details>
"""


# %% solution="shift"
def shift(x, dy, dx):
    """Move the last two axes down by dy and right by dx, filling with zeros: (..., H, W) -> (..., H, W)."""
    ### BEGIN SOLUTION
    height, width = x.shape[-2:]
    moved = np.zeros_like(x)
    if abs(dy) < height and abs(dx) < width:
        kept = x[..., max(-dy, 0) : height - max(dy, 0), max(-dx, 0) : width - max(dx, 0)]
        moved[..., max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = kept
    return moved
    ### END SOLUTION


# %% test="shift" points=2
# Check that positive shifts move down and right, and zeros come in.
check("01.shift", shift)
# By hand:
assert np.array_equal(shift(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1, 0), [[0, 0, 0], [1, 2, 3]])
assert np.array_equal(shift(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 0, 2), [[0, 0, 1], [0, 0, 4]])
### BEGIN HIDDEN TESTS
check("01.shift", shift, hidden=True)
### END HIDDEN TESTS

# %% test="shift_negative" points=2
# Check that negative shifts move up and left.
check("01.shift_negative", shift)
# By hand:
assert np.array_equal(shift(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1, -1), [[0, 0, 0], [2, 3, 0]])
### BEGIN HIDDEN TESTS
check("01.shift_negative", shift, hidden=True)
### END HIDDEN TESTS

# %% test="shift_far" points=1
# Check that no shift changes nothing, and a shift larger than the picture leaves zeros.
check("01.shift_far", shift)
### BEGIN HIDDEN TESTS
check("01.shift_far", shift, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Once both functions work, look at an ankle boot from Fashion-MNIST in four places. For you it is the same boot. For a
dense layer these are four inputs with hardly a pixel in common.
"""

# %%
images, labels = data.fashion_mnist("test")
boot = to_nchw(images[labels == 9][:1])[0, 0]
moves = [(0, 0), (0, 6), (6, 0), (-5, -5)]
places = [shift(boot, dy, dx) for dy, dx in moves]
titles = [f"dy = {dy}, dx = {dx}".replace("-", "−") for dy, dx in moves]
plotting.show_images(places, titles, alt="The same ankle boot in four places.")

# %% [markdown]
r"""
## 3. The price of a dense layer

**Points 2 · difficulty 1/5 · about 5 minutes**

Every unit of a dense layer has a weight for each input value and one bias. How many parameters have `units` of them
when the input has the shape `in_shape`, for example `(3, 100, 100)`?
"""


# %% solution="dense_parameters"
def dense_parameters(in_shape, units):
    """Count the weights and biases of a dense layer on inputs of a shape, without the batch axis: tuple, int -> int."""
    ### BEGIN SOLUTION
    inputs = 1
    for length in in_shape:
        inputs *= length
    return units * (inputs + 1)
    ### END SOLUTION


# %% test="dense_parameters" points=2
# Check that every unit has a weight for each input value and one bias.
check("01.dense_parameters", dense_parameters)
# By hand: 6 inputs, 4 units.
assert dense_parameters((1, 2, 3), 4) == 4 * 6 + 4
### BEGIN HIDDEN TESTS
check("01.dense_parameters", dense_parameters, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. The price of a convolution

**Points 3 · difficulty 1/5 · about 10 minutes**

A convolution with `c_out` output channels has for each of them a $k \times k$ kernel *per input channel*, and with
`bias=True` one bias. The size of the picture does not matter, and that is the point.

<details><summary>Hint</summary>

Count for one output channel first: how many numbers does it multiply, and how many does it add? For 3 channels in, 10
out and $k = 3$ the answer is 280.
</details>
"""


# %% solution="conv_parameters"
def conv_parameters(c_in, c_out, k, bias=True):
    """Count the weights and biases of a convolution with k × k kernels: ints -> int."""
    ### BEGIN SOLUTION
    weights = c_in * k * k  # of one output channel
    return c_out * (weights + 1) if bias else c_out * weights
    ### END SOLUTION


# %% test="conv_parameters" points=2
# Check that every output channel has a kernel per input channel and one bias.
check("01.conv_parameters", conv_parameters)
# By hand:
assert conv_parameters(3, 10, 3) == 10 * (3 * 9 + 1) == 280
### BEGIN HIDDEN TESTS
check("01.conv_parameters", conv_parameters, hidden=True)
### END HIDDEN TESTS

# %% test="conv_parameters_no_bias" points=1
# Check that bias=False leaves the biases out.
check("01.conv_parameters_no_bias", conv_parameters)
# By hand:
assert conv_parameters(3, 6, 3, bias=False) == 6 * 3 * 9 == 162
### BEGIN HIDDEN TESTS
check("01.conv_parameters_no_bias", conv_parameters, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
How many dense units could you buy for one picture of 100 × 100 in colour, for the price of a whole convolution?
"""

# %%
dense, conv = dense_parameters((3, 100, 100), 10), conv_parameters(3, 10, 3)
print(f"10 dense units: {dense:,} parameters; 10 channels of 3 × 3: {conv:,}; ratio {dense / conv:,.0f}")

# %% [markdown]
r"""
## 5. Looking for a pattern

**Points 4 · difficulty 3/5 · about 20 minutes**

One row of a dense layer is a mask: it lights up when the pattern is *here*. Slide the mask instead, and it finds the
pattern anywhere.

Lay `template` on every window of `x`, take the dot product of window and template, and return `(row, col)` of the first
row and column of the window where it is largest. A template larger than the picture raises `ValueError`.

<details><summary>Hint 1</summary>

With a picture of $H \times W$ and a template of $h \times w$ there are $(H - h + 1)(W - w + 1)$ windows, the last row
and the last column included.
</details>

<details><summary>Hint 2</summary>

Keep the best score so far, starting from minus infinity: every score may be negative.
</details>
"""


# %% solution="template_match"
def template_match(x, template):
    """Find the window with the largest dot product: (H, W), (h, w) -> (row, col) of its first pixel."""
    ### BEGIN SOLUTION
    height, width = template.shape
    rows, columns = x.shape[0] - height + 1, x.shape[1] - width + 1
    if rows < 1 or columns < 1:
        raise ValueError(f"template_match: a template of {template.shape} does not fit into a picture of {x.shape}.")
    best, place = -np.inf, (0, 0)
    for row in range(rows):
        for column in range(columns):
            score = (x[row : row + height, column : column + width] * template).sum()
            if score > best:
                best, place = score, (row, column)
    return place
    ### END SOLUTION


# %% test="template_match" points=3
# Check that the place of the largest dot product is returned, row first.
check("01.template_match", template_match)
# By hand: the four products are 1·0 + 3·2 = 6 on the right and 0 on the left.
assert tuple(template_match(np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]]), np.array([[0.0, 1.0], [3.0, 0.0]]))) == (0, 1)
### BEGIN HIDDEN TESTS
check("01.template_match", template_match, hidden=True)
### END HIDDEN TESTS

# %% test="template_match_errors" points=1
# Check that a template larger than the picture raises ValueError, and one just as large does not.
check("01.template_match_errors", template_match)
### BEGIN HIDDEN TESTS
check("01.template_match_errors", template_match, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Try it on a photograph. We cut an eye out of the cat, push the cat 7 pixels down and 25 to the right, add noise, and look
for the eye. (The mean is taken away on both sides, so that bright fur does not win just by being bright.)
"""

# %%
cat = to_nchw(data.photograph("chelsea", size=100, grey=True)[None])[0, 0]
eye = cat[28:50, 44:70]
scene = shift(cat - cat.mean(), 7, 25)
scene += np.random.default_rng(0).normal(0, 0.1, scene.shape).astype(np.float32)
row, column = template_match(scene, eye - eye.mean())
print(f"cut out at row 28, column 44; found at row {row}, column {column}")
found = scene[row : row + 22, column : column + 26]
plotting.show_images(
    [scene, eye - eye.mean(), found],
    ["the scene", "the template", "what was found"],
    columns=3,
    limits=(-0.5, 0.5),
    alt="A noisy cat, pushed down and to the right; the eye that was cut out of her; and the noisy piece of the scene that was "
    "found.",
)

# %% [markdown]
r"""
## 6. Does it treat every place alike?

**Points 5 · difficulty 3/5 · about 15 minutes**

An operation $f$ is *equivariant* to shifts if it does not matter whether you shift first or apply $f$ first. Measure it:

$$\max\,\bigl|\,f(\operatorname{shift} x) - \operatorname{shift} f(x)\,\bigr|,$$

over all entries except the `border` outermost rows and columns on each of the four sides, where the shift has brought
in zeros. A border that leaves no entry raises `ValueError`. Use your own `shift`.

<details><summary>Hint</summary>

`x[border:-border]` is empty when `border` is 0. Write the end as `height - border`.
</details>
"""


# %% solution="equivariance_gap"
def equivariance_gap(f, x, dy, dx, border):
    """Measure max |f(shift x) - shift f(x)| away from the border: function, (..., H, W), ints -> float."""
    ### BEGIN SOLUTION
    gap = np.abs(f(shift(x, dy, dx)) - shift(f(x), dy, dx))
    height, width = gap.shape[-2:]
    if 2 * border >= min(height, width):
        raise ValueError(f"equivariance_gap: a border of {border} leaves nothing of {height} × {width} entries.")
    return float(gap[..., border : height - border, border : width - border].max())
    ### END SOLUTION


# %% test="equivariance_gap" points=4
# Check that the largest difference between both orders is found, away from the border.
check("01.equivariance_gap", equivariance_gap)
# By hand: squaring every pixel is equivariant, numbering the columns is not.
picture = np.arange(20.0).reshape(4, 5)
assert equivariance_gap(np.square, picture, 1, 1, 0) == 0
assert equivariance_gap(lambda x: x + np.arange(5), picture, 0, 1, 1) == 1
### BEGIN HIDDEN TESTS
check("01.equivariance_gap", equivariance_gap, hidden=True)
### END HIDDEN TESTS

# %% test="equivariance_gap_errors" points=1
# Check that a border that leaves nothing raises ValueError.
check("01.equivariance_gap_errors", equivariance_gap)
### BEGIN HIDDEN TESTS
check("01.equivariance_gap_errors", equivariance_gap, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Measure three operations on a real image: the difference to the right neighbour, a dense layer that maps the picture to a
picture, and brightening by row.
"""

# %%
rng = np.random.default_rng(1)
dense_weights = rng.normal(size=(28 * 28, 28 * 28)) / 28
operations = {
    "difference to the right neighbour": lambda x: np.roll(x, -1, -1) - x,
    "a dense layer": lambda x: (dense_weights @ x.ravel()).reshape(x.shape),
    "brighter downwards": lambda x: x * np.arange(28)[:, None],
}
for name, operation in operations.items():
    print(f"{name:35} gap {equivariance_gap(operation, boot.astype(np.float64), 2, 3, border=4):.3g}")
