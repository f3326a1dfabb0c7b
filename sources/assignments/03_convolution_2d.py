# %% [markdown]
r"""
# Assignment 03 · Convolution in two dimensions

You write the convolution of one image plane, first with loops that anybody can check, at the end without a loop over
pixels. On the way you pad, blur and find edges, and you use every function on a photograph.

**You need** [lecture 03](../../lectures/03_convolution_2d.ipynb), NumPy, paper and pencil. **Time:** about two and
a half hours. **Points:** 30.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with PyTorch's. If something is wrong, it says what, shows
one case, and tells you how to get that case back into your hands. When the assignment is graded, the same checks run
with other numbers.

Four rules hold for every exercise.

- "Convolution" means cross-correlation: the kernel lies on the image as it is.
- The arrays hold floats: `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are.
- What is impossible, such as a kernel larger than the image, raises `ValueError`. The checks look no further. But good
  code says why in the message, with the numbers that do not fit.

Write it in NumPy. SciPy, scikit-image and PyTorch would do the work for you, so the checks refuse them. As in the
lecture, an image has $H$ rows and $B$ columns, a kernel $h$ rows and $b$ columns. Neither need be square.
"""

# %%
import numpy as np

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
PyTorch computes the results that yours are compared with: on the GPU if it finds one, else on the processor. To choose,
run `%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. Four loops

**Points 3 · difficulty 1/5 · about 20 minutes**

Lay the kernel $w$ on the image $x$ with its top left corner on pixel $(i, j)$, multiply what lies on top of each other,
add up:

$$y_{i,j} = \sum_{s=0}^{h-1} \sum_{t=0}^{b-1} x_{i+s,\,j+t}\; w_{s,t}, \qquad i = 0, \dots, H-h, \quad j = 0, \dots, B-b .$$

Do it on paper first, for

$$x = \begin{bmatrix} 1 & 2 & 0 & 3 & 1 \\ 4 & 1 & 2 & 0 & 2 \\ 0 & 3 & 1 & 5 & 1 \end{bmatrix}, \qquad
w = \begin{bmatrix} 1 & 2 \\ -1 & 3 \end{bmatrix} .$$

How many rows and columns does $y$ have? Compute its first row. Then write `conv2d_loops`. This is the version that you will
trust later, so make it plain, not fast.

<details><summary>Hint 1</summary>

Two loops choose the place of the window, two more walk through it. The result of $H - h + 1$ rows and $B - b + 1$
columns begins as zeros with the dtype of `x`.
</details>

<details><summary>Hint 2</summary>

Which indices mean what? `x.shape` is `(H, B)`, rows first. `x[i + s, j + t]` meets `w[s, t]`.
</details>

<details><summary>Hint 3</summary>

Test first what is impossible: a kernel with more rows or more columns than the image. One just as large fits, once.
</details>
"""


# %% solution="conv2d_loops"
def conv2d_loops(x, w):
    """Slide the kernel w over the image x without padding: (H, B), (h, b) -> (H - h + 1, B - b + 1)."""
    ### BEGIN SOLUTION
    (H, B), (h, b) = x.shape, w.shape
    if h > H or b > B:
        raise ValueError(f"conv2d_loops: a kernel of {h} x {b} does not fit into an image of {H} x {B}.")
    y = np.zeros((H - h + 1, B - b + 1), dtype=np.result_type(x, w))
    for i in range(H - h + 1):
        for j in range(B - b + 1):
            for s in range(h):
                for t in range(b):
                    y[i, j] += x[i + s, j + t] * w[s, t]
    return y
    ### END SOLUTION


# %% [markdown]
r"""
This cell is yours to try things in. Once `conv2d_loops` works, the last line shows it at work.
"""

# %%
x = np.array([[1.0, 2, 0, 3, 1], [4, 1, 2, 0, 2], [0, 3, 1, 5, 1]])
w = np.array([[1.0, 2], [-1, 3]])
plotting.slide_2d(x, w, conv2d_loops(x, w))

# %% test="conv2d_loops" points=2
# Check that every output is the sum of the products under the kernel.
check("03.conv2d_loops", conv2d_loops)
# By hand:
x = np.array([[1.0, 2, 0, 3, 1], [4, 1, 2, 0, 2], [0, 3, 1, 5, 1]])
w = np.array([[1.0, 2], [-1, 3]])
y = conv2d_loops(x, w)
assert y.shape == (2, 4)
assert np.isclose(y[0, 0], 1 * 1 + 2 * 2 + 4 * -1 + 1 * 3)
assert np.isclose(y[0, 1], 2 * 1 + 0 * 2 + 1 * -1 + 2 * 3)
assert np.isclose(y[0, 2], 0 * 1 + 3 * 2 + 2 * -1 + 0 * 3)
assert np.isclose(y[0, 3], 3 * 1 + 1 * 2 + 0 * -1 + 2 * 3)
### BEGIN HIDDEN TESTS
check("03.conv2d_loops", conv2d_loops, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_loops_errors" points=1
# Check that a kernel higher or wider than the image raises ValueError, and one just as large does not.
check("03.conv2d_loops_errors", conv2d_loops)
### BEGIN HIDDEN TESTS
check("03.conv2d_loops_errors", conv2d_loops, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("03.conv2d_loops", 0)
print(*args, sep="\n")

# %% [markdown]
r"""
## 2. A frame of zeros

**Points 3 · difficulty 1/5 · about 10 minutes**

Put `top` rows of zeros above the image, `bottom` rows below it, `left` columns before it and `right` columns after it. Any
of the four may be 0; none may be negative. The point is to get the indices right, so try it without `np.pad`.

<details><summary>Hint 1</summary>

Make the frame first: an array of zeros of the final shape. Then put the image into it with one assignment to a slice.
</details>

<details><summary>Hint 2</summary>

`y[top:-bottom]` looks right and fails for `bottom = 0`: −0 is 0, so the slice is empty. Say where it ends by counting from
the front.
</details>
"""


# %% solution="pad2d"
def pad2d(x, top, bottom, left, right):
    """Put rows and columns of zeros around the image x: (H, B) -> (top + H + bottom, left + B + right)."""
    ### BEGIN SOLUTION
    if min(top, bottom, left, right) < 0:
        raise ValueError(f"pad2d: top={top}, bottom={bottom}, left={left} and right={right} must not be negative.")
    H, B = x.shape
    y = np.zeros((top + H + bottom, left + B + right), dtype=x.dtype)
    y[top : top + H, left : left + B] = x
    return y
    ### END SOLUTION


# %% test="pad2d" points=2
# Check that the zeros are where they belong, and the image between them.
check("03.pad2d", pad2d)
# By hand:
padded = pad2d(np.array([[1.0, 2], [3, 4]]), 1, 0, 2, 1)
assert padded.tolist() == [[0, 0, 0, 0, 0], [0, 0, 1, 2, 0], [0, 0, 3, 4, 0]]
### BEGIN HIDDEN TESTS
check("03.pad2d", pad2d, hidden=True)
### END HIDDEN TESTS

# %% test="pad2d_errors" points=1
# Check that a negative width raises ValueError, and a width of 0 does not.
check("03.pad2d_errors", pad2d)
### BEGIN HIDDEN TESTS
check("03.pad2d_errors", pad2d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Find the bugs: a result as large as the image

**Points 4 · difficulty 2/5 · about 15 minutes**

*Same* keeps the size: with $h - 1$ rows and $b - 1$ columns of zeros in all, the result is as large as the image. The two
ends share them out equally. If that is impossible, because $h$ or $b$ is even, the extra row goes to the **bottom** and the
extra column to the **right**, as in TensorFlow. The kernel may even be larger than the image: with its zeros around it
the image has room for one window per pixel.

Somebody wrote the function below and tested it with a 3×3 kernel. It passed. Two things are not as the paragraph above
asks.
"""


# %%
def hurried_same(x, w):
    """Slide the kernel w over the zero-padded image x, so that the result is as large as x."""
    k = len(w)
    padded = np.pad(x, k // 2)  # as many rows and columns of zeros on all four sides
    y = np.zeros(x.shape, dtype=x.dtype)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = np.sum(padded[i : i + k, j : j + k] * w)
    return y


x = np.array([[1.0, 2, 0, 3], [4, 1, 2, 0], [0, 3, 1, 5]])
print("a 2 x 2 kernel that picks the pixel under its top left weight:")
print(hurried_same(x, np.array([[1.0, 0], [0, 0]])))

# %% [markdown]
r"""
*Say before you type what the cell should have printed.* The top left weight of a 2×2 kernel lies on the output's own pixel,
because the extra zeros are below and at the right. *Which kernels make the function stop with an error? And which that are
not square give wrong numbers without one?* Then write it right, by repairing the code or in your own way.

<details><summary>Hint 1</summary>

`len(w)` is the number of rows of the kernel. Who says that it has as many columns? Try a 2×3 kernel, then a 1×3 one. NumPy
multiplies arrays of different shapes if one of the two has a single row or column: it repeats that row or column, and says
nothing.
</details>

<details><summary>Hint 2</summary>

For $h = 2$ one row of zeros is needed in all, for $h = 4$ three. With $p$ rows at the top there are $h - 1 - p$ at the bottom.
Which $p$ is half of $h - 1$, rounded down?
</details>

<details><summary>Hint 3</summary>

Two calls are enough: `pad2d` with four numbers, then `conv2d_loops`.
</details>
"""


# %% solution="conv2d_same"
def conv2d_same(x, w):
    """Slide the kernel w over the zero-padded image x: (H, B), (h, b) -> (H, B)."""
    ### BEGIN SOLUTION
    h, b = w.shape
    top, left = (h - 1) // 2, (b - 1) // 2
    return conv2d_loops(pad2d(x, top, h - 1 - top, left, b - 1 - left), w)
    ### END SOLUTION


# %% test="conv2d_same" points=2
# Check that kernels with odd sides, square or not, give a result as large as the image.
check("03.conv2d_same", conv2d_same)
# By hand:
nine = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
assert np.isclose(conv2d_same(nine, nine)[0, 0], 1 * 5 + 2 * 6 + 4 * 8 + 5 * 9)
assert conv2d_same(nine, np.array([[1.0, 0, 0]])).tolist() == [[0, 1, 2], [0, 4, 5], [0, 7, 8]]
### BEGIN HIDDEN TESTS
check("03.conv2d_same", conv2d_same, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_same_even" points=2
# Check that for even kernels the extra row of zeros is at the bottom and the extra column at the right.
check("03.conv2d_same_even", conv2d_same)
# By hand:
x = np.array([[1.0, 2, 0, 3], [4, 1, 2, 0], [0, 3, 1, 5]])
assert np.array_equal(conv2d_same(x, np.array([[1.0, 0], [0, 0]])), x)
assert conv2d_same(x, np.array([[0.0, 0], [0, 1]])).tolist() == [[1, 2, 0, 0], [3, 1, 5, 0], [0, 0, 0, 0]]
### BEGIN HIDDEN TESTS
check("03.conv2d_same_even", conv2d_same, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. A Gaussian to blur with

**Points 3 · difficulty 2/5 · about 15 minutes**

A kernel of `size` rows and columns whose weights fall off with the distance from its centre:

$$g_{i,j} \propto \exp\left(-\frac{(i-c)^2 + (j-c)^2}{2\sigma^2}\right), \qquad c = \frac{\text{size}-1}{2} .$$

The sign $\propto$ leaves a factor open: choose it so that all weights *together* sum to 1. *What would a blurred photograph
look like if they summed to 2?* For an even size the centre lies between the pixels, and the distances are ±0.5, ±1.5, ….
A size below 1, and a sigma that is zero or negative, raise `ValueError`.

<details><summary>Hint 1</summary>

`np.arange(size) - (size - 1) / 2` gives the signed distances along one axis.
</details>

<details><summary>Hint 2</summary>

If `d` has shape `(size,)`, then `d[:, None] ** 2 + d ** 2` has shape `(size, size)`: one squared distance per pixel.
</details>
"""


# %% solution="gaussian_kernel"
def gaussian_kernel(size, sigma):
    """Sample a Gaussian of width sigma in pixels, weights summing to 1: -> (size, size) float64."""
    ### BEGIN SOLUTION
    if size < 1 or sigma <= 0:
        raise ValueError(f"gaussian_kernel: size={size} must be at least 1 and sigma={sigma} positive.")
    d = np.arange(size) - (size - 1) / 2
    # exp(-(a + b)) is exp(-a) * exp(-b): the kernel is separable, and so can be made from one line.
    line = np.exp(-(d**2) / (2 * sigma**2))
    line /= line.sum()
    return np.outer(line, line)
    ### END SOLUTION


# %%
sizes = (3, 4, 9, 21)
kernels = [gaussian_kernel(size, size / 5) for size in sizes]
plotting.show_images(
    [kernel / kernel.max() for kernel in kernels],
    titles=[f"{size} × {size}, sum {kernel.sum():.2f}" for size, kernel in zip(sizes, kernels, strict=True)],
    alt="Four Gaussian kernels of growing size, each brightest in the middle.",
)

# %% test="gaussian_kernel" points=2
# Check that the weights are those of a Gaussian around the centre, and sum to 1.
check("03.gaussian_kernel", gaussian_kernel)
# By hand: the centre is at distance 0, four pixels are at 1, and the corners at the root of 2.
side, corner = np.exp(-1 / 2), np.exp(-2 / 2)
total = 1 + 4 * side + 4 * corner
assert np.allclose(gaussian_kernel(3, 1.0)[0], [corner / total, side / total, corner / total])
assert np.allclose(gaussian_kernel(2, 1.5), 1 / 4)  # four pixels, all equally far from the centre
### BEGIN HIDDEN TESTS
check("03.gaussian_kernel", gaussian_kernel, hidden=True)
### END HIDDEN TESTS

# %% test="gaussian_kernel_errors" points=1
# Check that sizes below 1 and sigmas that are not positive raise ValueError.
check("03.gaussian_kernel_errors", gaussian_kernel)
### BEGIN HIDDEN TESTS
check("03.gaussian_kernel_errors", gaussian_kernel, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Edges

**Points 4 · difficulty 2/5 · about 20 minutes**

The Sobel–Feldman kernels measure how brightness changes from left to right and from top to bottom:

$$g_x:\ \begin{bmatrix} -1 & 0 & 1 \\ -2 & 0 & 2 \\ -1 & 0 & 1 \end{bmatrix}, \qquad
g_y:\ \text{its transpose}, \qquad \text{magnitude} = \sqrt{g_x^2 + g_y^2} .$$

Return all three, in this order. The window stays inside the image, and nothing is scaled. *An image is dark at the top and
bright at the bottom. What is $g_x$, and what is the sign of $g_y$?* An image with fewer than 3 rows or columns raises
`ValueError`.

<details><summary>Hint 1</summary>

You have a function that slides a kernel. Write down the kernel once; the other one is its `.T`.
</details>

<details><summary>Hint 2</summary>

If a check complains about the dtype, look at the kernel's: `np.array(…, dtype=x.dtype)`.
</details>
"""


# %% solution="sobel"
def sobel(x):
    """Return gx, gy and the magnitude of the gradient of x: (H, B) -> three of (H - 2, B - 2)."""
    ### BEGIN SOLUTION
    if min(x.shape) < 3:
        raise ValueError(f"sobel: the image has shape {x.shape}, but 3 rows and 3 columns are needed.")
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    gx, gy = conv2d_loops(x, kernel), conv2d_loops(x, kernel.T)
    return gx, gy, np.sqrt(gx**2 + gy**2)
    ### END SOLUTION


# %% test="sobel" points=3
# Check that gx, gy and the magnitude are right, with their signs.
check("03.sobel", sobel)
# By hand: the image gets brighter from left to right by 1 per pixel, and by 3 from row to row.
gx, gy, magnitude = sobel(np.array([[0.0, 1, 2], [3, 4, 5], [6, 7, 8]]))
assert np.allclose(gx, [[(2 - 0) + 2 * (5 - 3) + (8 - 6)]])
assert np.allclose(gy, [[(6 - 0) + 2 * (7 - 1) + (8 - 2)]])
assert np.allclose(magnitude, [[np.sqrt(8 * 8 + 24 * 24)]])
### BEGIN HIDDEN TESTS
check("03.sobel", sobel, hidden=True)
### END HIDDEN TESTS

# %% test="sobel_errors" points=1
# Check that an image smaller than the kernel raises ValueError, and one of 3 x 3 pixels does not.
check("03.sobel_errors", sobel)
### BEGIN HIDDEN TESTS
check("03.sobel_errors", sobel, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Use them: the edges of a cat

**No points · about 10 minutes**

Now a photograph, with your functions. Blur first, so that the fur does not drown the outlines; then take the magnitude.
The loops need a moment. *Which edges will be left as sigma grows?*
"""

# %%
cat = data.photograph("chelsea", size=120, grey=True) / np.float32(255)
blurred = [conv2d_loops(cat, gaussian_kernel(9, sigma).astype(np.float32)) for sigma in (0.5, 1.5)]
plotting.show_images(
    [cat, *blurred],
    titles=["photograph", "blurred, σ = 0.5", "blurred, σ = 1.5"],
    alt="A cat's face, and the same picture blurred a little and more strongly.",
)
plotting.show_images(
    [sobel(picture)[2] for picture in (cat, *blurred)],
    titles=["its edges", "edges after σ = 0.5", "edges after σ = 1.5"],
    limits=(0, 1),
    alt="The gradient magnitude of the three pictures: first whiskers and fur, at last the outlines of eyes and ears.",
)

# %% [markdown]
r"""
Look at the whiskers and the fur: they are edges, too, and they go first. What counts as an edge depends on the scale at which
you look.

### In your own words

**Points 3 · about 10 minutes · graded by a person**

The cell below computes $g_x$ with `conv2d_same`, so that it comes out as large as the image. The image is a white wall: all
its pixels are 1. Run it, then answer below. *Where do the numbers at the left and at the right come from? Why are those at the
left positive and those at the right negative? And how would you get a gradient as large as the image, without them?*
"""

# %%
wall = np.ones((5, 7))
print(conv2d_same(wall, np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])))

# %% [markdown] manual="explain_border" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. The padding is zeros, and zero is black. Between the black frame and the white wall there is an edge, so at the border
   $g_x$ measures the padding and not the wall.
2. $g_x$ is the brightness at the right of a pixel minus that at its left. At the left border it gets brighter from left to
   right, 0 to 1: positive, 1 + 2 + 1 = 4, and 3 in the corners, where one row of the window is black. At the right border it
   gets darker: negative.
3. Pad with values that continue the image: repeat the pixels at the edge, or mirror the image. Then slide without zeros. (Or
   take the valid result and leave the frame out, if a smaller one will do.)
### END SOLUTION
"""

# %% [markdown]
r"""
## 7. No loop over pixels

**Points 6 · difficulty 3/5 · about 15 minutes**

The same result as `conv2d_loops`, without a Python loop over pixels: neither over the image's nor over the result's, nor
over its rows or columns. A loop over the few weights of the kernel is allowed. The check counts how many steps Python takes
for a small and for a large image: for the same kernel they must be about as many. A comprehension, `map` and `np.vectorize`
are loops as well.

There are several good ways. *Think of one before you open a hint: in which order can the four loops be nested, and which two of
them can NumPy do?*

<details><summary>Hint 1</summary>

Fix one weight `w[s, t]`. Which pixel does it meet for output $(0, 0)$? For $(0, 1)$? All the pixels which it meets
are a rectangle of the image.
</details>

<details><summary>Hint 2</summary>

That rectangle has the shape of the result: `x[s : s + rows, t : t + columns]`. Multiply it by the weight and add it to the
result. Do this for each weight.
</details>

<details><summary>Hint 3: another way, without any loop</summary>

`np.lib.stride_tricks.sliding_window_view(x, w.shape)` has shape $(H-h+1,\ B-b+1,\ h,\ b)$: all windows, without
copying a pixel. `np.einsum` or `np.tensordot` sums over the last two axes.
</details>
"""


# %% solution="conv2d_fast"
def conv2d_fast(x, w):
    """Slide w over x without a loop over pixels: (H, B), (h, b) -> (H - h + 1, B - b + 1)."""
    ### BEGIN SOLUTION
    (H, B), (h, b) = x.shape, w.shape
    if h > H or b > B:
        raise ValueError(f"conv2d_fast: a kernel of {h} x {b} does not fit into an image of {H} x {B}.")
    rows, columns = H - h + 1, B - b + 1
    y = np.zeros((rows, columns), dtype=np.result_type(x, w))
    product = np.empty_like(y)  # used again for every weight: fresh memory would cost more than the arithmetic
    for s in range(h):
        for t in range(b):
            np.multiply(x[s : s + rows, t : t + columns], w[s, t], out=product)
            y += product
    return y
    ### END SOLUTION


# %% test="conv2d_fast" points=5
# Check that the values are those of the four loops, and that no Python loop runs over pixels.
check("03.conv2d_fast", conv2d_fast)
# By hand:
x = np.array([[1.0, 2, 0, 3, 1], [4, 1, 2, 0, 2], [0, 3, 1, 5, 1]])
w = np.array([[1.0, 2], [-1, 3]])
assert np.allclose(conv2d_fast(x, w)[0], [1 + 4 - 4 + 3, 2 + 0 - 1 + 6, 0 + 6 - 2 + 0, 3 + 2 - 0 + 6])
### BEGIN HIDDEN TESTS
check("03.conv2d_fast", conv2d_fast, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_fast_errors" points=1
# Check that a kernel higher or wider than the image raises ValueError, and one just as large does not.
check("03.conv2d_fast_errors", conv2d_fast)
### BEGIN HIDDEN TESTS
check("03.conv2d_fast_errors", conv2d_fast, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
*How many times faster is it?* Guess, then measure on the cat: each function five times, in turns; the median counts.
"""

# %%
import statistics
import time

kernel = gaussian_kernel(5, 1.0).astype(np.float32)
seconds = {conv2d_loops: [], conv2d_fast: []}
for _ in range(5):
    for function, measured in seconds.items():
        begin = time.perf_counter()
        function(cat, kernel)
        measured.append(time.perf_counter() - begin)

loops, fast = (statistics.median(measured) for measured in seconds.values())
print(f"{cat.shape[0]} x {cat.shape[1]} pixels, 5 x 5 kernel: {1e3 * loops:.1f} ms and {1e3 * fast:.2f} ms")
print(f"conv2d_loops takes {loops / fast:.0f} times as long")

# %% [markdown]
r"""
## 8. A column times a row

**Points 4 · difficulty 4/5 · about 25 minutes**

A kernel is *separable* if it is the outer product of a column and a row, $w_{s,t} = c_s\, r_t$. Then two thin kernels do its
work. Find them: `separable(w, tol)` returns `(column, row)`, two vectors with `np.outer(column, row)` equal to `w`, or
`None` if there are none.

In floating point nothing is exact. So call a kernel separable if all its singular values but the largest are at most `tol`
times the largest. There are many right answers, since $c$ and $r$ may share a factor as they like: the check looks only at
their product.

Try two by hand, without any decomposition:

$$\begin{bmatrix} 3 & 6 \\ -1 & -2 \\ 2 & 4 \end{bmatrix} \qquad\text{and}\qquad \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} .$$

<details><summary>Hint 1</summary>

`u, s, vt = np.linalg.svd(w)` writes the kernel as a sum, `w = s[0] * np.outer(u[:, 0], vt[0]) + s[1] * np.outer(u[:, 1], vt[1])
+ …`, with `s` from large to small. When is the first term enough?
</details>

<details><summary>Hint 2</summary>

Mind the axes: the first *column* of `u` belongs to the first *row* of `vt`. Both have length 1, so `s[0]` must go somewhere.
</details>

<details><summary>Hint 3</summary>

A kernel of one row has a single singular value, and there is no `s[1]`. `s[1:]` is empty then, and nothing in it is too
large.
</details>
"""


# %% solution="separable"
def separable(w, tol):
    """Split w (h, b) into vectors (column, row) with outer(column, row) = w, or return None."""
    ### BEGIN SOLUTION
    u, s, vt = np.linalg.svd(w, full_matrices=False)
    if np.any(s[1:] > tol * s[0]):
        return None
    root = np.sqrt(s[0])  # shared by both, so that neither has very large or very small weights
    return root * u[:, 0], root * vt[0]
    ### END SOLUTION


# %% test="separable" points=4
# Check that separable kernels are split into a column and a row, and that None is returned for all others.
check("03.separable", separable)
# By hand: the second column is twice the first, so (3, -1, 2) times (1, 2) is the kernel.
column, row = separable(np.array([[3.0, 6], [-1, -2], [2, 4]]), 1e-6)
assert np.allclose(np.outer(column, row), np.outer([3, -1, 2], [1, 2]))
assert separable(np.array([[1.0, 2], [3, 4]]), 1e-6) is None  # (2, 4) is not a multiple of (1, 3)
### BEGIN HIDDEN TESTS
check("03.separable", separable, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 9. Use them: a strong blur in two thin passes

**No points · about 5 minutes**

A Gaussian of 31×31 has 961 weights. Its column and row have 62 together. *How much time will two passes save? The count of
multiplications says a factor of 15.5.*
"""

# %%
photograph = data.photograph("chelsea", size=200, grey=True) / np.float32(255)
kernel = gaussian_kernel(31, 5.0).astype(np.float32)
column, row = separable(kernel, 1e-5)


def two_passes(x):
    """Filter x with the column, then the result with the row."""
    return conv2d_fast(conv2d_fast(x, column[:, None]), row[None])


def one_pass(x):
    """Filter x with the kernel as it is."""
    return conv2d_fast(x, kernel)


assert np.allclose(one_pass(photograph), two_passes(photograph), atol=1e-5)
seconds = {one_pass: [], two_passes: []}
for _ in range(5):
    for function, measured in seconds.items():
        begin = time.perf_counter()
        function(photograph)
        measured.append(time.perf_counter() - begin)
one, two = (statistics.median(measured) for measured in seconds.values())
print(f"one pass {1e3 * one:.1f} ms, two passes {1e3 * two:.1f} ms: one pass takes {one / two:.1f} times as long")

plotting.show_images(
    [photograph, two_passes(photograph)],
    titles=["photograph", "σ = 5, in two thin passes"],
    columns=2,
    alt="The cat, and the same picture strongly blurred and smaller by 30 pixels.",
)

# %% [markdown]
r"""
Look at the sizes: the valid result has lost 15 pixels on each side. And compare your factor with the 15.5, and with the one
that [lecture 03](../../lectures/03_convolution_2d.ipynb#Separable-kernels:-a-column-times-a-row) measured for a tuned library.
The 15.5 counts multiplications and nothing else. Calls and memory cost time, too, so your factor may lie on either side of it.

What is still missing for a layer of a network: batches, channels, stride, dilation and groups. They come in topic 04.
"""
