# %% [markdown]
r"""
# Assignment 06 · Pooling, forwards and backwards

A pooling layer has no weights, and still there is much to get wrong in it: how many windows there are, what the padding is
worth, and where the gradient goes. You write max pooling with its indices, average, global, Lp and blur pooling, and both
important backward passes. At the end you move a photograph by one pixel and watch what is left of it.

**You need** [lecture 06](../../lectures/06_pooling.ipynb), NumPy, paper and pencil. **Time:** about three hours.
**Points:** 32.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with a reference. If something is wrong, it says what, and
shows one case. When the assignment is graded, the same checks run with other numbers.

Three rules hold for every exercise.

- `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are.
- What is impossible raises `ValueError`: a window larger than the padded plane, a stride below 1, negative padding, and
  padding of more than half the window. (*What would a window hold that lies in the padding alone?*) The checks look no
  further, and not every exercise checks it. But good code says why in the message, with the numbers that do not fit.

Write it in NumPy: PyTorch and SciPy would do the work for you, so the checks refuse them. All layers take $(N, C, H, W)$ and
treat every channel of every sample by itself: such an $H \times W$ piece is called a *plane* here. `k`, `stride` and
`padding` are a number or a pair *(for the rows, for the columns)*.
"""

# %%
import numpy as np

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
## 1. The largest value, and where it was

**Points 8 · difficulty 3/5 · about 45 minutes**

Slide a window of $k_h \times k_w$ over each plane, in steps of `stride`, and keep the largest value. Along an axis of length
$H$ there are

$$\left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1$$

windows: one that does not fit any more is left out. Where `stride` is `None` it is as large as the window. Padding must never
win: *which number is smaller than every other?*

The backward pass will need to know where each maximum was. So return `(y, index)`, two arrays of one shape. `index` holds the
place of the maximum in its plane, counted row by row from 0 and *without* the padding: row · $W$ + column, whole numbers. Of
equal values the first counts, row by row.

On paper: pool the plane below with `k = 2`, the values and the indices.

$$\begin{bmatrix} 1 & 3 & 2 & 0 & 5 \\ 4 & 2 & 6 & 1 & 0 \\ 0 & 7 & 1 & 3 & 8 \\ 2 & 5 & 9 & 4 & 1 \end{bmatrix}$$

<details><summary>Hint 1</summary>

`kh, kw = map(int, np.broadcast_to(k, 2))` works for a number and for a pair. (Without `int` they are NumPy's whole numbers.
Divide a `float32` by the product of two of those, as exercise 2 does, and the result is `float64`.) Then begin with two loops
over the rows $i$ and the columns $j$ of the result: the window starts at row $i s_h - p_h$ and column $j s_w - p_w$ of the
plane. All planes can go at once.
</details>

<details><summary>Hint 2</summary>

Pad with `-np.inf`. `window.reshape(N, C, -1).argmax(-1)` finds the first of equal maxima, as a number between 0 and
$k_h k_w - 1$. `divmod` by the width of the window gives its row and column *in the window*.
</details>

<details><summary>Hint 3: fast</summary>

Loop over the $k_h k_w$ places in the window instead of over the result: `x[:, :, s : … : sh, t : … : sw]` is
the value at place $(s, t)$ of *all* windows, if the slice ends at `s + rows * sh` for a result of `rows` rows, and likewise
for the columns. (Or leave the ends out and cut to `[:, :, :rows, :columns]`.) Keep the best values so far, and replace them
where a new one is larger. The LeNet that you train in topic 08 will thank you.
</details>
"""


# %% solution="max_pool2d"
def max_pool2d(x, k, stride=None, padding=0):
    """Return the maximum of each window and its place in the plane: (N, C, H, W) -> y, index of shape (N, C, H', W')."""
    ### BEGIN SOLUTION
    (kh, kw), (sh, sw), (ph, pw), (rows, columns) = geometry(x.shape, k, stride, padding)
    N, C, H, W = x.shape
    i, j = np.arange(rows, dtype=np.int32)[:, None] * sh - ph, np.arange(columns, dtype=np.int32) * sw - pw
    planes, shape = x.reshape(N * C, H, W), (N * C, rows, columns)
    y, index = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    step = max(1, 2**16 // (H * W))  # so few planes at a time that all arrays on the way stay in the cache
    for n in range(0, N * C, step):
        part = planes[n : n + step]
        if ph or pw:
            part = np.pad(part, ((0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
        # The best of kw neighbours first, then the best of kh such results: kw + kh steps instead of kw · kh.
        values = [part[:, :, t : t + (columns - 1) * sw + 1 : sw] for t in range(kw)]
        best, column = first_best(values, [np.maximum(j + t, 0) for t in range(kw)])
        lines = [slice(s, s + (rows - 1) * sh + 1, sh) for s in range(kh)]
        places = [column[:, line] + np.maximum(i + s, 0) * W for s, line in enumerate(lines)]
        y[n : n + step], index[n : n + step] = first_best([best[:, line] for line in lines], places)
    return y.reshape(N, C, rows, columns), index.reshape(N, C, rows, columns)


def first_best(values, places):
    """Return the largest of several arrays, entry by entry, and its place; of equal ones the first. The places must ascend."""
    best, place = values[0].copy(), np.zeros_like(values[0], np.int32) + places[0]
    for value, its_place in zip(values[1:], places[1:], strict=True):
        # A product and a maximum need no branch. They do what place[value > best] = its_place does, several times as fast.
        np.maximum(place, (value > best) * its_place, out=place)
        np.maximum(best, value, out=best)
    return best, place


def pair(value):
    """Return a pair as it is, and a number twice."""
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def geometry(x_shape, k, stride, padding):
    """Return kernel, stride, padding and output size as pairs, or raise ValueError if they are impossible."""
    k, padding = pair(k), pair(padding)
    stride = k if stride is None else pair(stride)
    sizes = []
    for n, k1, s1, p1 in zip(x_shape[2:], k, stride, padding, strict=True):
        if k1 < 1 or s1 < 1:
            raise ValueError(f"pooling: kernel {k} and stride {stride} must be at least 1.")
        if not 0 <= 2 * p1 <= k1:
            raise ValueError(f"pooling: padding {padding} must lie between 0 and half the kernel {k}.")
        if k1 > n + 2 * p1:
            raise ValueError(f"pooling: a window of {k1} does not fit into {n} pixels with padding {p1} at both ends.")
        sizes.append((n + 2 * p1 - k1) // s1 + 1)
    return k, stride, padding, tuple(sizes)
    ### END SOLUTION


# %%
plane = np.array([[1.0, 3, 2, 0, 5], [4, 2, 6, 1, 0], [0, 7, 1, 3, 8], [2, 5, 9, 4, 1]])[None, None]
for array in max_pool2d(plane, 2):
    print(array[0, 0])

# %% test="max_pool2d" points=3
# Check that windows side by side give the right maxima, and indices that count in the whole plane.
check("06.max_pool2d", max_pool2d)
# By hand: 4 stands at row 1, column 0 of rows of 5.
y, index = max_pool2d(np.array([[[[1.0, 3, 2, 0, 5], [4, 2, 6, 1, 0]]]]), 2)
assert y.tolist() == [[[[4, 6]]]]
assert index.tolist() == [[[[1 * 5 + 0, 1 * 5 + 2]]]]
### BEGIN HIDDEN TESTS
check("06.max_pool2d", max_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="max_pool2d_strided" points=2
# Check that windows may overlap, leave gaps, and need not come out even.
check("06.max_pool2d_strided", max_pool2d)
# By hand: both windows of 3 see the same 6, and the same place.
y, index = max_pool2d(np.array([[[[1.0, 3, 2, 0], [4, 2, 6, 1], [0, 5, 1, 3]]]]), 3, stride=1)
assert y.tolist() == [[[[6, 6]]]]
assert index.tolist() == [[[[1 * 4 + 2, 1 * 4 + 2]]]]
### BEGIN HIDDEN TESTS
check("06.max_pool2d_strided", max_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="max_pool2d_padded" points=2
# Check that padding never wins, and does not count in the index.
check("06.max_pool2d_padded", max_pool2d)
# By hand: each window holds one pixel of the plane, and padding.
y, index = max_pool2d(np.array([[[[-1.0, -2], [-3, -4]]]]), 2, padding=1)
assert y.tolist() == [[[[-1, -2], [-3, -4]]]]
assert index.tolist() == [[[[0, 1], [2, 3]]]]
### BEGIN HIDDEN TESTS
check("06.max_pool2d_padded", max_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="max_pool2d_errors" points=1
# Check that impossible windows, strides and paddings raise ValueError, and that what is just possible does not.
check("06.max_pool2d_errors", max_pool2d)
### BEGIN HIDDEN TESTS
check("06.max_pool2d_errors", max_pool2d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("06.max_pool2d_padded", 0)
print(*args, options, sep="\n")

# %% [markdown]
r"""
## 2. The mean, and what the padding counts

**Points 7 · difficulty 2/5 · about 25 minutes**

The same windows, but now the mean of each. The padding is zeros. *A window in the corner holds one pixel of the plane, a 12,
and three zeros. Is its mean 3 or 12?* Both answers are in use: with `count_include_pad=True`, the default, every window is
divided by $k_h k_w$, which gives 3. With `False` it is divided by the number of pixels of the plane under it, which gives 12.

<details><summary>Hint 1</summary>

What you wrote about sizes and about what is impossible serves here again: put it in a function of its own.
</details>

<details><summary>Hint 2</summary>

How do you count the pixels under every window? Sum the windows of a plane of ones, padded with zeros. Or count along each axis:
from $\max(i s - p,\ 0)$ to $\min(i s - p + k,\ H)$.
</details>
"""


# %% solution="avg_pool2d"
def avg_pool2d(x, k, stride=None, padding=0, count_include_pad=True):
    """Return the mean of each window: (N, C, H, W) -> (N, C, H', W')."""
    ### BEGIN SOLUTION
    (kh, kw), (sh, sw), (ph, pw), (rows, columns) = geometry(x.shape, k, stride, padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    # Sums along the rows first, then of these down the columns: kw + kh additions instead of kw · kh.
    across = sum(padded[..., t : t + (columns - 1) * sw + 1 : sw] for t in range(kw))
    total = sum(across[:, :, s : s + (rows - 1) * sh + 1 : sh] for s in range(kh))
    if count_include_pad:
        return total / (kh * kw)
    count = np.outer(inside(x.shape[2], kh, sh, ph, rows), inside(x.shape[3], kw, sw, pw, columns))
    return total / count.astype(x.dtype)


def inside(n, k, s, p, outputs):
    """Count how many of n pixels lie under each window along one axis: -> (outputs,)."""
    start = np.arange(outputs) * s - p
    return np.minimum(start + k, n) - np.maximum(start, 0)
    ### END SOLUTION


# %% test="avg_pool2d" points=2
# Check that windows side by side give the right means.
check("06.avg_pool2d", avg_pool2d)
# By hand:
assert np.allclose(avg_pool2d(np.array([[[[1.0, 3, 2, 0, 5], [4, 2, 6, 1, 0]]]]), 2), [[[[10 / 4, 9 / 4]]]])
### BEGIN HIDDEN TESTS
check("06.avg_pool2d", avg_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="avg_pool2d_strided" points=1
# Check that windows may overlap, leave gaps, and need not come out even.
check("06.avg_pool2d_strided", avg_pool2d)
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_strided", avg_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="avg_pool2d_padded" points=1
# Check that the padding counts as zeros by default.
check("06.avg_pool2d_padded", avg_pool2d)
# By hand: one pixel and three zeros.
assert np.allclose(avg_pool2d(np.array([[[[12.0, 4], [8, 16]]]]), 2, padding=1), [[[[3, 1], [2, 4]]]])
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_padded", avg_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="avg_pool2d_count" points=2
# Check that with count_include_pad=False only pixels of the plane count.
check("06.avg_pool2d_count", avg_pool2d)
# By hand: one pixel in the corners, two at the edges, four in the middle.
ones = avg_pool2d(np.array([[[[12.0, 4], [8, 16]]]]), 2, stride=1, padding=1, count_include_pad=False)
assert np.allclose(ones[0, 0], [[12, (12 + 4) / 2, 4], [(12 + 8) / 2, 40 / 4, (4 + 16) / 2], [8, (8 + 16) / 2, 16]])
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_count", avg_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="avg_pool2d_errors" points=1
# Check that impossible windows, strides and paddings raise ValueError, and that what is just possible does not.
check("06.avg_pool2d_errors", avg_pool2d)
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_errors", avg_pool2d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. One number for each channel

**Points 1 · difficulty 1/5 · about 5 minutes**

At the end of ResNet, every plane becomes a single number: its mean. Whatever the size of the picture, the dense layer that
follows gets $(N, C)$.
"""


# %% solution="global_avg_pool"
def global_avg_pool(x):
    """Return the mean of each plane: (N, C, H, W) -> (N, C)."""
    ### BEGIN SOLUTION
    return x.mean(axis=(2, 3))
    ### END SOLUTION


# %% test="global_avg_pool" points=1
# Check that each channel of each sample becomes its mean.
check("06.global_avg_pool", global_avg_pool)
# By hand:
assert np.allclose(global_avg_pool(np.array([[[[1.0, 2, 6]], [[3, 3, 0]]]])), [[9 / 3, 6 / 3]])
### BEGIN HIDDEN TESTS
check("06.global_avg_pool", global_avg_pool, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Between the mean and the maximum

**Points 3 · difficulty 2/5 · about 15 minutes**

Lp pooling returns the length of the window, taken as a vector, in the $p$-norm:

$$y = \Bigl(\sum |x|^p\Bigr)^{1/p} .$$

The stride is the size of the window, and there is no padding. With $p = 1$ it is the sum of the magnitudes. *Which of the values
decides when $p$ is very large?* A `p` that is zero or negative raises `ValueError`.

<details><summary>Hint</summary>

The windows lie side by side. Cut off what does not fill a window, and `reshape` the rest to $(N, C, H', k_h, W', k_w)$: one
window is then axes 3 and 5.
</details>
"""


# %% solution="lp_pool2d"
def lp_pool2d(x, p, k):
    """Return the p-norm of each window, side by side: (N, C, H, W) -> (N, C, H', W')."""
    ### BEGIN SOLUTION
    if p <= 0:
        raise ValueError(f"lp_pool2d: p={p} must be positive.")
    (kh, kw), _, _, (rows, columns) = geometry(x.shape, k, None, 0)
    windows = x[:, :, : rows * kh, : columns * kw].reshape(*x.shape[:2], rows, kh, columns, kw)
    return (np.abs(windows) ** p).sum(axis=(3, 5)) ** (1 / p)
    ### END SOLUTION


# %%
for p in (1, 2, 4, 16):
    print(f"p = {p:2}: {lp_pool2d(np.array([[[[3.0, 0], [0, -4]]]]), p, 2).item():.4f}")

# %% test="lp_pool2d" points=2
# Check that each window becomes its p-norm.
check("06.lp_pool2d", lp_pool2d)
# By hand: the root of 9 + 16.
assert np.allclose(lp_pool2d(np.array([[[[3.0, 0], [0, -4]]]]), 2, 2), [[[[5]]]])
assert np.allclose(lp_pool2d(np.array([[[[3.0, 0], [0, -4]]]]), 1, 2), [[[[7]]]])
### BEGIN HIDDEN TESTS
check("06.lp_pool2d", lp_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="lp_pool2d_errors" points=1
# Check that a window larger than the plane and a p of 0 or below raise ValueError.
check("06.lp_pool2d_errors", lp_pool2d)
### BEGIN HIDDEN TESTS
check("06.lp_pool2d_errors", lp_pool2d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Find the bugs: where the gradient goes

**Points 4 · difficulty 3/5 · about 20 minutes**

A maximum hands its gradient to one pixel, the one that won; the others had no part in it. `max_pool2d` has noted where that
was. What arrives from above is `dy`, as large as `index`, and what you return has the shape of `x`.

Somebody has written this already. For the planes below it works.
"""


# %%
def broken_backward(dy, index, x_shape):
    """Route every gradient to its maximum, or so it was meant."""
    N, C, H, W = x_shape
    dx = np.zeros((N, C, H, W), dy.dtype)
    n = np.arange(N)[:, None, None, None]
    c = np.arange(C)[:, None, None]
    dx[n, c, index // H, index % H] += dy
    return dx


dy, index = np.array([[[[3.0, 5.0]]]]), np.array([[[[1, 6]]]])
print(broken_backward(dy, index, (1, 1, 4, 4))[0, 0])

# %% [markdown]
r"""
A good way to find bugs in a backward pass is a sum that you know beforehand. Here no gradient may get lost: the entries of `dx`
sum to those of `dy`. *What do you expect the next cell to print, and what does it print?*
"""

# %%
dy, index = np.array([[[[3.0, 5.0, 7.0]]]]), np.array([[[[5, 5, 6]]]])
print("dy sums to", dy.sum(), "and dx to", broken_backward(dy, index, (1, 1, 4, 4)).sum())

# %% [markdown]
r"""
There are two bugs in one line. One shows where the plane is not square, one where windows overlap. Write the repaired function
below. If `dy` and `index` differ in shape, if their $N$ or $C$ is not that of `x_shape`, or if an index lies outside its
plane, raise `ValueError`.

<details><summary>Hint 1</summary>

A plane has rows of length $W$. Which row and column does index 6 mean in a plane of 2 × 4?
</details>

<details><summary>Hint 2</summary>

`a[[2, 2]] += 1` reads `a[2]`, adds 1, and writes the result twice. `np.add.at(a, [2, 2], 1)` adds 1 twice. It is fastest if
`a` and the indices have one axis: which number has pixel $i$ of plane $q$ if all planes are laid out in one row?
</details>
"""


# %% solution="max_pool2d_backward"
def max_pool2d_backward(dy, index, x_shape):
    """Add every gradient where its maximum was: dy, index (N, C, H', W') -> dx of shape x_shape."""
    ### BEGIN SOLUTION
    N, C, H, W = x_shape
    if dy.shape != index.shape or dy.shape[:2] != (N, C):
        raise ValueError(
            f"max_pool2d_backward: dy {dy.shape}, index {index.shape} and x {tuple(x_shape)} do not belong together."
        )
    dx = np.empty((N * C, H * W), dy.dtype)
    dy, index = dy.reshape(N * C, -1), index.astype(np.int64, copy=False).reshape(N * C, -1)
    step = max(1, min(N * C, 2**17 // (H * W)))  # so few planes at a time that they stay in the cache
    starts = np.repeat(np.arange(step) * (H * W), index.shape[1])  # laid out in one row, plane q of them begins at q · H · W
    places = np.empty_like(starts)
    for n in range(0, N * C, step):
        part, planes = index[n : n + step].reshape(-1), dx[n : n + step].reshape(-1)
        # Read as unsigned, a negative number is huge: one look at the largest finds both kinds of wrong index.
        if part.view(np.uint64).max(initial=0) >= H * W:
            raise ValueError(f"max_pool2d_backward: an index lies outside its plane of {H} x {W} pixels.")
        planes[:] = 0
        place = np.add(part, starts[: part.size], out=places[: part.size])
        np.add.at(planes, place, dy[n : n + step].reshape(-1))  # adds up what meets at one pixel; += would not
    return dx.reshape(x_shape)
    ### END SOLUTION


# %% test="max_pool2d_backward" points=2
# Check that every gradient arrives where its maximum was, in its own plane.
check("06.max_pool2d_backward", max_pool2d_backward)
# By hand: index 6 in rows of 4 is row 1, column 2.
dx = max_pool2d_backward(np.array([[[[3.0, 5.0]]]]), np.array([[[[1, 6]]]]), (1, 1, 2, 4))
assert dx.tolist() == [[[[0, 3, 0, 0], [0, 0, 5, 0]]]]
### BEGIN HIDDEN TESTS
check("06.max_pool2d_backward", max_pool2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="max_pool2d_backward_overlapping" points=1
# Check that gradients add up where one pixel is the maximum of several windows.
check("06.max_pool2d_backward_overlapping", max_pool2d_backward)
# By hand:
dx = max_pool2d_backward(np.array([[[[3.0, 5.0, 7.0]]]]), np.array([[[[5, 5, 6]]]]), (1, 1, 2, 4))
assert dx.tolist() == [[[[0, 0, 0, 0], [0, 3 + 5, 7, 0]]]]
### BEGIN HIDDEN TESTS
check("06.max_pool2d_backward_overlapping", max_pool2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="max_pool2d_backward_errors" points=1
# Check that arrays that do not belong together raise ValueError.
check("06.max_pool2d_backward_errors", max_pool2d_backward)
### BEGIN HIDDEN TESTS
check("06.max_pool2d_backward_errors", max_pool2d_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Everybody gets a share

**Points 5 · difficulty 3/5 · about 25 minutes**

A mean depends on all its pixels alike: each gets $1/(k_h k_w)$ of the gradient. A pixel that lies under several windows gets
a share from each. What falls on the padding is lost (and counts here, as in `count_include_pad=True`). A `dy` that has not the
shape of the pooled plane raises `ValueError`.

On paper: a plane of 3 × 3, `k = 2`, `stride = 1`, and `dy` is 4, 8 in the first row and 12, 16 in the second. What
does the pixel in the middle get?

<details><summary>Hint 1</summary>

Work on a padded `dx`, and cut off the padding at the end. Mind that `[p:-p]` is empty when `p` is 0.
</details>

<details><summary>Hint 2</summary>

As in the forward pass, loop over the places in the window: `dx[:, :, s : … : sh, t : … : sw]` is the pixel at place
$(s, t)$ of all windows, so add the shares there.
</details>
"""


# %% solution="avg_pool2d_backward"
def avg_pool2d_backward(dy, x_shape, k, stride=None, padding=0):
    """Spread every gradient evenly over its window: dy (N, C, H', W') -> dx of shape x_shape."""
    ### BEGIN SOLUTION
    (kh, kw), (sh, sw), (ph, pw), (rows, columns) = geometry(x_shape, k, stride, padding)
    N, C, H, W = x_shape
    if dy.shape != (N, C, rows, columns):
        raise ValueError(f"avg_pool2d_backward: dy has shape {dy.shape}, but the pooled x has {(N, C, rows, columns)}.")
    share = dy / (kh * kw)
    # Along the rows first, then down the columns, as in the forward pass.
    across = np.zeros((N, C, rows, W + 2 * pw), dy.dtype)
    for t in range(kw):
        across[..., t : t + (columns - 1) * sw + 1 : sw] += share
    dx = np.zeros((N, C, H + 2 * ph, W + 2 * pw), dy.dtype)
    for s in range(kh):
        dx[:, :, s : s + (rows - 1) * sh + 1 : sh] += across
    return dx[:, :, ph : ph + H, pw : pw + W]
    ### END SOLUTION


# %% test="avg_pool2d_backward" points=2
# Check that every pixel of a window gets its share, and pixels outside of all windows nothing.
check("06.avg_pool2d_backward", avg_pool2d_backward)
# By hand: the last row is in no window.
dx = avg_pool2d_backward(np.array([[[[4.0, 8.0]]]]), (1, 1, 3, 4), 2)
assert np.allclose(dx, [[[[1, 1, 2, 2], [1, 1, 2, 2], [0, 0, 0, 0]]]])
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_backward", avg_pool2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="avg_pool2d_backward_strided" points=1
# Check that the shares of windows that overlap add up.
check("06.avg_pool2d_backward_strided", avg_pool2d_backward)
# By hand:
dx = avg_pool2d_backward(np.array([[[[4.0, 8.0], [12.0, 16.0]]]]), (1, 1, 3, 3), 2, stride=1)
assert np.allclose(dx, [[[[1, 1 + 2, 2], [1 + 3, 1 + 2 + 3 + 4, 2 + 4], [3, 3 + 4, 4]]]])
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_backward_strided", avg_pool2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="avg_pool2d_backward_padded" points=1
# Check that what falls on the padding is cut off.
check("06.avg_pool2d_backward_padded", avg_pool2d_backward)
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_backward_padded", avg_pool2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="avg_pool2d_backward_errors" points=1
# Check that impossible windows, and a dy that does not fit, raise ValueError.
check("06.avg_pool2d_backward_errors", avg_pool2d_backward)
### BEGIN HIDDEN TESTS
check("06.avg_pool2d_backward_errors", avg_pool2d_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Blur first, then leave out

**Points 4 · difficulty 3/5 · about 20 minutes**

Whoever keeps every second pixel of a picture must remove first what half as many pixels cannot show. Zhang (2019) puts that
into networks: filter with

$$\frac{1}{16} \begin{bmatrix} 1 & 2 & 1 \\ 2 & 4 & 2 \\ 1 & 2 & 1 \end{bmatrix}$$

and keep every second row and column, beginning with row 0 and column 0. At the border the plane is reflected by one pixel: the
row above row 0 is a copy of row 1. A plane with a single row or column cannot be reflected: that raises `ValueError`.

*How many columns has the result for a plane of 7? And for one of 8?*

<details><summary>Hint 1</summary>

`np.pad(…, mode="reflect")` mirrors without repeating the edge; `mode="symmetric"` repeats it.
</details>

<details><summary>Hint 2</summary>

The kernel is separable, $[1, 2, 1]^\top [1, 2, 1] / 16$. And what is left out need not be computed: a step of 2 in the slices
does both at once.
</details>
"""


# %% solution="blur_pool2d"
def blur_pool2d(x):
    """Blur with [1, 2, 1]ᵀ[1, 2, 1] / 16, reflecting the border, and halve: (N, C, H, W) -> (N, C, ⌈H/2⌉, ⌈W/2⌉)."""
    ### BEGIN SOLUTION
    H, W = x.shape[2:]
    if min(H, W) < 2:
        raise ValueError(f"blur_pool2d: a plane of {H} x {W} cannot be reflected by one pixel; 2 x 2 are needed.")
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    rows = (padded[:, :, 0:H:2] + 2 * padded[:, :, 1 : H + 1 : 2] + padded[:, :, 2 : H + 2 : 2]) / 4
    return (rows[..., 0:W:2] + 2 * rows[..., 1 : W + 1 : 2] + rows[..., 2 : W + 2 : 2]) / 4
    ### END SOLUTION


# %% test="blur_pool2d" points=3
# Check that the plane is reflected, blurred and halved.
check("06.blur_pool2d", blur_pool2d)
# By hand: a single 16 in the middle. Each of the four windows sees it in one corner; and as the border is reflected at the
# pixel before it, the other three corners are copies of it.
point = np.zeros((1, 1, 3, 3))
point[0, 0, 1, 1] = 16
assert np.allclose(blur_pool2d(point), [[[[4, 4], [4, 4]]]])
assert np.allclose(blur_pool2d(np.ones((1, 1, 4, 5))), np.ones((1, 1, 2, 3)))
### BEGIN HIDDEN TESTS
check("06.blur_pool2d", blur_pool2d, hidden=True)
### END HIDDEN TESTS

# %% test="blur_pool2d_errors" points=1
# Check that a single row or column raises ValueError, and two do not.
check("06.blur_pool2d_errors", blur_pool2d)
### BEGIN HIDDEN TESTS
check("06.blur_pool2d_errors", blur_pool2d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 8. Use them: what one pixel does

**No points · about 10 minutes**

A photograph of grass, and the same photograph taken one pixel further to the right. For you it is the same lawn. Now halve both
in five ways with your functions, and see by how much the results differ. *Which way forgives most? Guess the order first.* The
fourth is Zhang's: maximum with stride 1, so that nothing is left out yet, then blur pooling.
"""

# %%
lawn = data.photograph("grass", size=256, grey=True).astype(np.float32)[None, None] / 255
ways = {
    "every second pixel": lambda x: x[:, :, ::2, ::2],
    "maximum": lambda x: max_pool2d(x, 2)[0],
    "average": lambda x: avg_pool2d(x, 2),
    "maximum, then blur": lambda x: blur_pool2d(max_pool2d(x, 2, stride=1)[0]),
    "blur": blur_pool2d,
}


def view(right):
    """Cut 128 × 128 pixels out of the photograph, `right` pixels further to the right."""
    return lawn[:, :, 20:148, 20 + right : 148 + right]


print("mean change in standard deviations, for a step to the right of 1, 2, 3 and 4 pixels")
for name, halve in ways.items():
    halved = halve(view(0))
    changes = [np.abs(halve(view(right)) - halved)[..., 1:-1, 1:-1].mean() / halved.std() for right in (1, 2, 3, 4)]
    print(f"{name:20}", " ".join(f"{change:.2f}" for change in changes))

# %%
changed = [halve(view(1))[0, 0] - halve(view(0))[0, 0] for halve in ways.values()]
plotting.show_images(
    [0.5 + change for change in changed],
    titles=list(ways),
    limits=(0, 1),
    alt="What a step of one pixel changes in the halved lawn: most if every second pixel is kept, least after a blur.",
)

# %% [markdown]
r"""
Look at the first column of the table. Where pixels are simply left out, a step of one pixel gives a picture made of all the
*other* pixels. A maximum and an average see both, and change less; a blur overlaps its neighbours, and changes less again;
maximum and blur together change least. None of them is invariant: what pooling gives is some tolerance, and
[lecture 06](../../lectures/06_pooling.ipynb) measures how much.
"""
