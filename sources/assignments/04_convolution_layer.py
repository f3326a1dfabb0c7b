# %% [markdown]
r"""
# Assignment 04 · The convolution layer

You write the layer itself: a batch of images in, as many kernels as you like, stride, padding, dilation and groups. First you
learn to predict it: its size, its parameters, its work, what it sees. Then you compute it, first window by window as a matrix
product, then backwards as a transposed convolution. At the end you hold it against PyTorch on real images.

**You need** [lecture 04](../../lectures/04_convolution_layer.ipynb), your assignment 03, NumPy, paper and pencil.
**Time:** about three and a half hours. **Points:** 49.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with PyTorch's. If something is wrong, it says what, shows
one case, and tells you how to get that case back into your hands. When the assignment is graded, the same checks run
with other numbers.

Five rules hold for every exercise.

- "Convolution" means cross-correlation: the kernels lie on the images as they are.
- Images have the shape $(N, C, H, W)$: samples, channels, rows, columns.
- `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are.
- What is impossible, such as a kernel larger than the padded image or groups that do not divide the channels, raises
  `ValueError`, where the exercise says so. The checks look no further. But good code says why in the message, with the
  numbers that do not fit.

Write it in NumPy. SciPy and PyTorch would do the work for you, so the checks refuse them.
"""

# %%
import numpy as np

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
PyTorch computes the results that yours are compared with: on the GPU if it finds one, else on the processor. To choose,
run `%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. How large is the result?

**Points 5 · difficulty 2/5 · about 10 minutes**

One direction is enough, because height and width are counted alike and apart. A kernel of $k$ taps slides over $n$ inputs
with $p$ zeros at *both* ends. Its taps lie $d$ apart (dilation), and from window to window it moves by $s$ (stride):

$$n' = \left\lfloor \frac{n + 2p - d\,(k-1) - 1}{s} \right\rfloor + 1 .$$

Understand it before you type it: draw 6 inputs and a kernel of 3 with stride 2. *How many windows fit, and which input is
seen by none of them?*

Return an `int`. A kernel that reaches beyond the padded input, a stride or dilation below 1, and negative padding raise
`ValueError`.

<details><summary>Hint 1</summary>

From its first tap to its last a kernel reaches over $d\,(k-1) + 1$ inputs. How many places to the right can the window go?
</details>

<details><summary>Hint 2</summary>

`//` rounds down. It also binds more tightly than `+` and `-`.
</details>
"""


# %% solution="output_size"
def output_size(n, k, stride=1, padding=0, dilation=1):
    """Count the windows of k taps that fit into n inputs, with padding at both ends: -> int."""
    ### BEGIN SOLUTION
    if min(k, stride, dilation) < 1 or padding < 0:
        raise ValueError(
            f"output_size: k={k}, stride={stride} and dilation={dilation} must be at least 1, padding={padding} at least 0."
        )
    reach = dilation * (k - 1) + 1  # from the first tap to the last, both included
    if reach > n + 2 * padding:
        raise ValueError(f"output_size: a kernel that reaches over {reach} does not fit into {n} inputs with padding {padding}.")
    return (n + 2 * padding - reach) // stride + 1
    ### END SOLUTION


# %% test="output_size" points=1
# Check that the windows are counted right where they move one by one.
check("04.output_size", output_size)
# By hand: a window of 3 over 6 inputs starts at input 0, 1, 2 or 3.
assert output_size(6, 3) == 4
assert output_size(32, 5) == 28
### BEGIN HIDDEN TESTS
check("04.output_size", output_size, hidden=True)
### END HIDDEN TESTS

# %% test="output_size_padded" points=1
# Check that padding is counted at both ends.
check("04.output_size_padded", output_size)
# By hand: 1 + 6 + 1 inputs, so windows start at 0, 1, ..., 5.
assert output_size(6, 3, padding=1) == 6
### BEGIN HIDDEN TESTS
check("04.output_size_padded", output_size, hidden=True)
### END HIDDEN TESTS

# %% test="output_size_strided" points=1
# Check that a stride is divided by, and the quotient rounded down.
check("04.output_size_strided", output_size)
# By hand: with stride 2 windows of 3 start at 0, 2 and 4. Of 7 inputs the last is used, of 8 it is not.
assert output_size(7, 3, stride=2) == output_size(8, 3, stride=2) == 3
assert output_size(36, 3, stride=2, padding=1) == 18  # 38 - 3 = 35, and 17 whole steps of 2
### BEGIN HIDDEN TESTS
check("04.output_size_strided", output_size, hidden=True)
### END HIDDEN TESTS

# %% test="output_size_dilated" points=1
# Check that dilation pulls the taps apart.
check("04.output_size_dilated", output_size)
# By hand: three taps with dilation 2 lie on inputs 0, 2 and 4, so they reach over 5 of the 9.
assert output_size(9, 3, dilation=2) == 5
### BEGIN HIDDEN TESTS
check("04.output_size_dilated", output_size, hidden=True)
### END HIDDEN TESTS

# %% test="output_size_errors" points=1
# Check that what does not fit raises ValueError, and what just fits does not.
check("04.output_size_errors", output_size)
### BEGIN HIDDEN TESTS
check("04.output_size_errors", output_size, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("04.output_size_strided", 0)
print(args, options)

# %% [markdown]
r"""
## 2. How many numbers does it learn?

**Points 4 · difficulty 1/5 · about 10 minutes**

A layer from `c_in` to `c_out` channels has `c_out` kernels of `k` × `k`. *How deep is each of them, and how many biases are
there?* With `groups` the channels are split into that many equal blocks, and a kernel sees its own block only. Groups that do
not divide both `c_in` and `c_out` raise `ValueError`.

<details><summary>Hint</summary>

Count one kernel first: its slices, the weights in a slice, its bias. Then multiply.
</details>
"""


# %% solution="parameter_count"
def parameter_count(c_in, c_out, k, groups=1, bias=True):
    """Count the weights and biases of a layer with kernels of k x k: -> int."""
    ### BEGIN SOLUTION
    if groups < 1 or c_in % groups or c_out % groups:
        raise ValueError(f"parameter_count: {groups} groups do not divide {c_in} and {c_out} channels.")
    one_kernel = c_in // groups * k * k + (1 if bias else 0)
    return c_out * one_kernel
    ### END SOLUTION


# %% test="parameter_count" points=1
# Check that every kernel has a slice for each input channel, and one bias.
check("04.parameter_count", parameter_count)
# By hand: ten kernels with three slices of nine weights and one bias.
assert parameter_count(3, 10, 3) == 10 * (3 * 9 + 1) == 280
### BEGIN HIDDEN TESTS
check("04.parameter_count", parameter_count, hidden=True)
### END HIDDEN TESTS

# %% test="parameter_count_bias" points=1
# Check that biases are counted only where there are any.
check("04.parameter_count_bias", parameter_count)
# By hand:
assert parameter_count(3, 6, 3, bias=False) == 6 * 3 * 9 == 162
### BEGIN HIDDEN TESTS
check("04.parameter_count_bias", parameter_count, hidden=True)
### END HIDDEN TESTS

# %% test="parameter_count_grouped" points=1
# Check that a kernel sees the channels of its own group only.
check("04.parameter_count_grouped", parameter_count)
# By hand: four channels in two groups, so every kernel has two slices.
assert parameter_count(4, 6, 3, groups=2) == 6 * (2 * 9 + 1)
### BEGIN HIDDEN TESTS
check("04.parameter_count_grouped", parameter_count, hidden=True)
### END HIDDEN TESTS

# %% test="parameter_count_errors" points=1
# Check that groups that do not divide the channels raise ValueError.
check("04.parameter_count_errors", parameter_count)
### BEGIN HIDDEN TESTS
check("04.parameter_count_errors", parameter_count, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. How much work is it?

**Points 3 · difficulty 1/5 · about 10 minutes**

Count **MACs**: a multiplication and the addition that follows it, taken together as one. Biases do not count. Unlike the
parameters, the work grows with the image: every weight is used again for every output position.

<details><summary>Hint</summary>

How many products are summed up for one output? How many outputs are there?
</details>
"""


# %% solution="macs"
def macs(c_in, c_out, k, h_out, w_out, groups=1):
    """Count the multiply-accumulate operations of a layer for one image with an output of h_out x w_out: -> int."""
    ### BEGIN SOLUTION
    if groups < 1 or c_in % groups or c_out % groups:
        raise ValueError(f"macs: {groups} groups do not divide {c_in} and {c_out} channels.")
    one_output = c_in // groups * k * k
    return one_output * c_out * h_out * w_out
    ### END SOLUTION


# %% test="macs" points=1
# Check that each output costs one MAC for each weight of its kernel.
check("04.macs", macs)
# By hand: 4 x 5 positions, 2 kernels, 9 products each.
assert macs(1, 2, 3, 4, 5) == 20 * 2 * 9
### BEGIN HIDDEN TESTS
check("04.macs", macs, hidden=True)
### END HIDDEN TESTS

# %% test="macs_grouped" points=1
# Check that a kernel works on the channels of its own group only.
check("04.macs_grouped", macs)
# By hand: 2 x 3 positions, 6 kernels, two slices of 9 products each.
assert macs(4, 6, 3, 2, 3, groups=2) == 6 * 6 * 18
### BEGIN HIDDEN TESTS
check("04.macs_grouped", macs, hidden=True)
### END HIDDEN TESTS

# %% test="macs_errors" points=1
# Check that groups that do not divide the channels raise ValueError.
check("04.macs_errors", macs)
### BEGIN HIDDEN TESTS
check("04.macs_errors", macs, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Use the three of them: here is the bill of VGG-16's convolutions, layer by layer. *Where do you expect the most parameters,
where the most work?*
"""

# %%
channels, size, rows = 3, 224, []
for block in ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)):
    for c_out in block:
        size = output_size(size, 3, padding=1)
        rows.append((channels, c_out, size, parameter_count(channels, c_out, 3), macs(channels, c_out, 3, size, size)))
        channels = c_out
    size = output_size(size, 2, stride=2)  # the pooling that ends a block
assert rows[1][4] == 4 * rows[-1][4]
assert round(rows[-1][3] / rows[1][3]) == 64
for c_in, c_out, size, parameters, work in rows:
    print(f"{c_in:3} → {c_out:3} on {size:3} × {size:3}: {parameters:>9,} parameters, {work:>13,} MACs")
print(f"in all: {sum(row[3] for row in rows):,} parameters and {sum(row[4] for row in rows):,} MACs")

# %% [markdown]
r"""
Look at the second row and at the last one: the second layer has four times the work, the last one 64 times the parameters.

## 4. How far does it see?

**Points 4 · difficulty 2/5 · about 15 minutes**

A stack of layers is a list `[(k, stride, dilation), …]`, the one next to the image first. A unit at its top sees a window of
the image: the *receptive field*, `size` pixels wide. Its neighbour sees a window `jump` pixels further on. Return
`(size, jump)`, two ints.

Do it on paper first for two layers, $(3, 2, 1)$ and then $(3, 1, 1)$: which pixels does unit 0 of the second layer see, and
which does unit 1 see?

<details><summary>Hint 1</summary>

Before any layer a unit is a pixel: size 1, jump 1. Let the layers change these two numbers one after the other.
</details>

<details><summary>Hint 2</summary>

The $k$ taps of a layer lie on $k$ units of the layer *below*, and have $k - 1$ gaps between them. How many units wide is a
gap, and how many pixels is that?
</details>

<details><summary>Hint 3</summary>

Mind the order: a layer's own stride moves its neighbours apart, not its taps.
</details>
"""


# %% solution="receptive_field"
def receptive_field(layers):
    """Compute what a unit on top of layers [(k, stride, dilation), ...] sees, in pixels: -> (size, jump)."""
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for k, stride, dilation in layers:
        if min(k, stride, dilation) < 1:
            raise ValueError(f"receptive_field: a layer {(k, stride, dilation)} needs numbers of at least 1.")
        size += (k - 1) * dilation * jump  # its taps lie on the layer below, so the jump below counts
        jump *= stride
    return size, jump
    ### END SOLUTION


# %% test="receptive_field" points=1
# Check that every layer adds its gaps.
check("04.receptive_field", receptive_field)
# By hand: each layer of 3 adds one pixel on either side.
assert tuple(receptive_field([(3, 1, 1), (3, 1, 1), (3, 1, 1)])) == (7, 1)
### BEGIN HIDDEN TESTS
check("04.receptive_field", receptive_field, hidden=True)
### END HIDDEN TESTS

# %% test="receptive_field_strided" points=2
# Check that a stride pulls all layers above it apart, and not its own.
check("04.receptive_field_strided", receptive_field)
# By hand: unit 0 of the second layer sees units 0, 1, 2 of the first, and so pixels 0..2, 2..4, 4..6; unit 1 sees 2..8.
assert tuple(receptive_field([(3, 2, 1), (3, 1, 1)])) == (7, 2)
### BEGIN HIDDEN TESTS
check("04.receptive_field_strided", receptive_field, hidden=True)
### END HIDDEN TESTS

# %% test="receptive_field_dilated" points=1
# Check that dilation widens the gaps.
check("04.receptive_field_dilated", receptive_field)
# By hand: gaps of 1, 2 and 4 pixels, two in each layer.
assert tuple(receptive_field([(3, 1, 1), (3, 1, 2), (3, 1, 4)])) == (1 + 2 * 1 + 2 * 2 + 2 * 4, 1)
### BEGIN HIDDEN TESTS
check("04.receptive_field_dilated", receptive_field, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
### In your own words

**Points 3 · about 15 minutes · graded by a person**

A friend wants a layer that sees 7×7 pixels, with $C$ channels in and out, on large images, and has two plans: one layer of 7×7,
or three layers of 3×3 with a ReLU after each. Advise: *compare what they see, what they must learn and how much they compute,
with numbers from your own functions. What does the friend gain with the three layers, and what does it cost? And your friend
adds padding to all layers "to see more": what do you say?*
"""

# %% [markdown] manual="explain_stack" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. Both see 7×7: `receptive_field([(7, 1, 1)])` and `receptive_field([(3, 1, 1)] * 3)` are both (7, 1). One layer has
   $49\,C^2$ weights and $C$ biases, three have $27\,C^2$ and $3C$; with the size kept by padding the work is in the same
   proportion, 49 to 27 products for each pair of channels at each position.
2. Gained: fewer weights, less work, and a nonlinearity between the layers. Lost: two more maps have to be
   stored for the backward pass, three layers run one after the other, and not every 7×7 kernel can be had from three small ones.
3. Padding adds no taps, so the field stays 7 pixels wide. It makes the result larger: there are more outputs near the border,
   whose fields reach outside of the image and see zeros there.
### END SOLUTION
"""

# %% [markdown]
r"""
## 5. Windows as columns

**Points 6 · difficulty 3/5 · about 35 minutes**

Now the layer itself. The plan of lecture 04: copy each window into a column of a matrix; then a convolution is a matrix
product. Write the copying, `im2col`. The result has the shape $(N,\ C\,k_h\,k_w,\ L)$, with one column for each of the
$L = H'\,W'$ windows, row by row from the top left. In a column the channel changes slowest, then the row of the tap, then its
column:

$$\text{im2col}(x)_{n,\;(c\,k_h + t_1)\,k_w + t_2,\;\; i\,W' + j} = \tilde x_{n,\;c,\;\,i s_h + t_1 d_h,\;\,j s_w + t_2 d_w}\,,$$

where $\tilde x$ is $x$ with its padding. Each of `k`, `stride`, `padding` and `dilation` is one number or a pair (height,
width). The function `pair` below spares you the question which. What `output_size` refuses, `im2col` refuses, too, with a
`ValueError`.

By hand: write down the four columns for the 3×3 image with the numbers 1 to 9 and a kernel of 2×2.

<details><summary>Hint 1</summary>

Fix one tap $(t_1, t_2)$. Over all windows it sees a whole (strided) rectangle of the padded image, in all channels at once. So
loops over the taps are enough.
</details>

<details><summary>Hint 2</summary>

Fill an array of shape $(N, C, k_h, k_w, H', W')$ and reshape it at the end. The order of the axes decides the order in the
column.
</details>

<details><summary>Hint 3</summary>

A slice that starts at `a`, has `n` entries and takes every `s`-th: `a : a + s * (n - 1) + 1 : s`.
</details>
"""


# %%
def pair(value):
    """Return (height, width) for an argument that is one number or a pair already."""
    return (value, value) if np.ndim(value) == 0 else tuple(value)


# %% solution="im2col"
def im2col(x, k, stride=1, padding=0, dilation=1):
    """Copy the windows of x into columns, channel by channel and tap by tap: (N, C, H, W) -> (N, C * kh * kw, L)."""
    ### BEGIN SOLUTION
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = pair(k), pair(stride), pair(padding), pair(dilation)
    N, C, H, W = x.shape
    rows, columns = output_size(H, kh, sh, ph, dh), output_size(W, kw, sw, pw, dw)
    padded = np.zeros((N, C, H + 2 * ph, W + 2 * pw), dtype=x.dtype)
    padded[:, :, ph : ph + H, pw : pw + W] = x
    windows = np.empty((N, C, kh, kw, rows, columns), dtype=x.dtype)
    for s in range(kh):
        for t in range(kw):
            down = slice(s * dh, s * dh + sh * (rows - 1) + 1, sh)
            right = slice(t * dw, t * dw + sw * (columns - 1) + 1, sw)
            windows[:, :, s, t] = padded[:, :, down, right]
    return windows.reshape(N, C * kh * kw, rows * columns)
    ### END SOLUTION


# %% test="im2col" points=2
# Check that every window is a column, channel by channel and row by row.
check("04.im2col", im2col)
# By hand: the windows of the numbers 1 to 9 begin at 1, 2, 4 and 5.
nine = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
assert im2col(nine, 2)[0].T.tolist() == [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]
### BEGIN HIDDEN TESTS
check("04.im2col", im2col, hidden=True)
### END HIDDEN TESTS

# %% test="im2col_padded" points=1
# Check that windows over the edge see zeros.
check("04.im2col_padded", im2col)
# By hand: with one row and column of zeros the first window holds three of them, and the 1.
nine = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
assert im2col(nine, 2, padding=1)[0, :, 0].tolist() == [0, 0, 0, 1]
### BEGIN HIDDEN TESTS
check("04.im2col_padded", im2col, hidden=True)
### END HIDDEN TESTS

# %% test="im2col_strided" points=1
# Check that windows lie a stride apart.
check("04.im2col_strided", im2col)
# By hand: windows of 1 x 1 with stride 2 see the corners.
nine = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
assert im2col(nine, 1, stride=2)[0].tolist() == [[1, 3, 7, 9]]
### BEGIN HIDDEN TESTS
check("04.im2col_strided", im2col, hidden=True)
### END HIDDEN TESTS

# %% test="im2col_dilated" points=1
# Check that the taps of a window lie a dilation apart.
check("04.im2col_dilated", im2col)
# By hand: one window fits, and its four taps see the corners.
nine = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
assert im2col(nine, 2, dilation=2)[0].T.tolist() == [[1, 3, 7, 9]]
### BEGIN HIDDEN TESTS
check("04.im2col_dilated", im2col, hidden=True)
### END HIDDEN TESTS

# %% test="im2col_errors" points=1
# Check that windows that do not fit raise ValueError, and one as large as the padded image does not.
check("04.im2col_errors", im2col)
### BEGIN HIDDEN TESTS
check("04.im2col_errors", im2col, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. The convolution layer

**Points 13 · difficulty 4/5 · about 60 minutes**

Here it is, with all its knobs. $c_0$ is the first channel of the group that kernel $k$ belongs to:

$$y_{n,k,i,j} = b_k + \sum_{c=0}^{C/g-1}\ \sum_{t_1=0}^{k_h-1}\ \sum_{t_2=0}^{k_w-1}
\tilde x_{n,\;c_0+c,\;\,i s_h + t_1 d_h,\;\,j s_w + t_2 d_w}\; w_{k,c,t_1,t_2} .$$

Each of `stride`, `padding` and `dilation` is one number or a pair (height, width). Write it in the way that you trust.
Loops over everything are fine to begin with, as long as they are right; the checks come in the order in which you will
want to add things, so that you can stop after each and look. Then make it fast: in assignment 08 you will train a network
with it, and seven nested loops in Python would take days.

Kernels that do not fit into the padded images, a stride below 1, negative padding, groups that do not fit the channels or the
kernels, kernels of another depth than $C/g$, and a bias that is not one number for each kernel raise `ValueError`.

By hand, for one window: an image of two channels, one kernel with two slices, and the bias 10. What is the output?

$$x = \begin{bmatrix} 1 & 2 \\ 3 & 4\end{bmatrix},\ \begin{bmatrix} 0 & 1 \\ 1 & 0\end{bmatrix} \qquad
w = \begin{bmatrix} 1 & 0 \\ 0 & -1\end{bmatrix},\ \begin{bmatrix} 2 & 2 \\ 2 & 2\end{bmatrix}$$

<details><summary>Hint 1: one group</summary>

With `cols = im2col(x, …)` of shape $(N, C\,k_h\,k_w, L)$ and the kernels as rows, `w.reshape(K, -1)` of shape
$(K, C\,k_h\,k_w)$, what does `@` give? NumPy multiplies stacks of matrices sample by sample.
</details>

<details><summary>Hint 2: the bias</summary>

`b` has the shape $(K,)$. To add it to $(N, K, L)$ it must be $(K, 1)$: `b[:, None]`.
</details>

<details><summary>Hint 3: groups</summary>

Group number $q$ owns the channels $q\,C/g$ to $(q+1)\,C/g - 1$ and the kernels $q\,K/g$ to $(q+1)\,K/g - 1$. Do each group as
a layer of its own; or reshape $(N, C\,\dots)$ to $(N, g, C/g\,\dots)$, and `@` does all of them at once.
</details>

<details><summary>Hint 4: memory</summary>

For 8 images with 64 channels of 56×56 the columns of the whole batch take 58 MB, which few processors keep close at hand. A
single sample at a time is slow as well where images are small, because every product has its fixed costs. Take so many
samples at a time that their columns fill about 1 to 2 MB.
</details>
"""


# %% solution="conv2d"
def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolve images with kernels: (N, C, H, W), (K, C / groups, kh, kw), (K,) -> (N, K, H', W')."""
    ### BEGIN SOLUTION
    # A right answer for one group is `w.reshape(K, -1) @ im2col(x, ...)`. This is the same product, done in pieces whose
    # columns stay in the processor's cache, and of two ways to form it the one that copies fewer numbers.
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    (N, C, H, W), (K, depth, kh, kw) = x.shape, w.shape
    if groups < 1 or groups * depth != C or K % groups:
        raise ValueError(f"conv2d: {K} kernels for {depth} channels do not make {groups} groups on an input of {C} channels.")
    if b is not None and b.shape != (K,):
        raise ValueError(f"conv2d: {K} kernels need a bias of shape {(K,)}, not {b.shape}.")
    rows, columns = output_size(H, kh, sh, ph, dh), output_size(W, kw, sw, pw, dw)
    b = np.zeros(K) if b is None else b
    y = np.empty((N, groups, K // groups, rows, columns), dtype=np.result_type(x, w))
    groups_of = (x.reshape(N, groups, depth, H, W), w.reshape(groups, -1, depth, kh, kw), b.reshape(groups, -1, 1, 1))
    if kh == kw == sh == sw == 1 and not (ph or pw):  # each pixel on its own: one product, and nothing to copy
        for products, pixels in zip(y.reshape(N, groups, -1, H * W), x.reshape(N, groups, depth, H * W), strict=True):
            np.matmul(w.reshape(groups, -1, depth), pixels, out=products)
            products += b.reshape(groups, -1, 1)
    elif sh == 1 and kh > 1 and depth * kw > K // groups:
        _add_rows_after(y, *groups_of, sw, (ph, pw), (dh, dw))
    else:
        _gather_taps_before(y, *groups_of, (sh, sw), (ph, pw), (dh, dw))
    return y.reshape(N, K, rows, columns)


SCRATCH = 2**17  # numbers copied at a time: as float32 they are 512 kB, which a processor's own cache holds


def _gather_taps_before(y, x, w, b, stride, padding, dilation):
    """Fill y: copy all taps of a window into a column, then multiply. Done in bands of output rows, or several images."""
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    (N, g, depth), (kh, kw), (rows, columns) = x.shape[:3], w.shape[3:], y.shape[3:]
    # The bias is the weight of one more tap, which always sees a 1: so the product adds it.
    w = np.concatenate([w.reshape(g, -1, depth * kh * kw), b[..., 0]], axis=2, dtype=y.dtype)
    taps = w.shape[2]
    band = max(1, min(rows, SCRATCH // (g * taps * columns)))
    batch = max(1, min(N, SCRATCH // (g * taps * rows * columns)))
    if ph or pw:
        x = np.pad(x, ((0, 0), (0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (dh * (kh - 1) + 1, dw * (kw - 1) + 1), axis=(3, 4))
    windows = windows[:, :, :, ::sh, ::sw, ::dh, ::dw].transpose(0, 1, 2, 5, 6, 3, 4)  # a view: (.., kh, kw, rows, columns)
    matrix = np.ones((batch, g, taps, band * columns), dtype=y.dtype)
    copies = matrix[:, :, :-1].reshape(batch, g, depth, kh, kw, band, columns)
    y = y.reshape(N, g, -1, rows * columns)
    for n in range(0, N, batch):
        m = min(batch, N - n)
        for r in range(0, rows, band):
            h = min(band, rows - r)
            copies[:m, ..., :h, :] = windows[n : n + m, ..., r : r + h, :]
            np.matmul(w, matrix[:m, ..., : h * columns], out=y[n : n + m, ..., r * columns : (r + h) * columns])


def _add_rows_after(y, x, w, b, step, padding, dilation):
    """Fill y for a vertical stride of 1: apply each row of the kernels to all image rows, then add up, each row further down."""
    (ph, pw), (dh, dw) = padding, dilation
    (N, g, depth, H, W), (kernels, _, kh, kw), (rows, columns) = x.shape, w.shape[1:], y.shape[3:]
    w = w.transpose(0, 3, 1, 2, 4).reshape(g, kh * kernels, depth * kw)
    batch = max(1, min(N, SCRATCH // (g * depth * kw * H * columns)))
    copies = np.zeros((batch, g, depth, kw, H, columns), dtype=y.dtype)  # stays zero where a tap sees the padding
    products = np.empty((batch, g, kh * kernels, H * columns), dtype=y.dtype)
    for n in range(0, N, batch):
        m = min(batch, N - n)
        for t in range(kw):
            inside, seen = _overlap(W, columns, t * dw - pw, step)
            copies[:m, ..., t, :, inside] = x[n : n + m, ..., seen]
        np.matmul(w, copies[:m].reshape(m, g, depth * kw, H * columns), out=products[:m])
        by_row = products[:m].reshape(m, g, kh, kernels, H, columns)
        y[n : n + m] = b
        for s in range(kh):
            inside, seen = _overlap(H, rows, s * dh - ph, 1)
            y[n : n + m, ..., inside, :] += by_row[:, :, s, :, seen]


def _overlap(size, outputs, offset, step):
    """Return the slice of outputs i whose input i * step + offset is in the image, and the slice of those inputs."""
    first = min(outputs, max(0, -(offset // step)))
    last = max(first, min(outputs, (size - 1 - offset) // step + 1))
    return slice(first, last), slice(first * step + offset, last * step + offset, step)
    ### END SOLUTION


# %% test="conv2d" points=3
# Check that every output is the sum over channels and taps, for each image and each kernel.
check("04.conv2d", conv2d)
# By hand: one window, two channels.
x = np.array([[[[1.0, 2], [3, 4]], [[0, 1], [1, 0]]]])
w = np.array([[[[1.0, 0], [0, -1]], [[2, 2], [2, 2]]]])
assert conv2d(x, w).tolist() == [[[[1 * 1 + 4 * -1 + 2 * (0 + 1 + 1 + 0)]]]]
### BEGIN HIDDEN TESTS
check("04.conv2d", conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_bias" points=1
# Check that each output channel gets its bias, once.
check("04.conv2d_bias", conv2d)
# By hand: the same window and kernel, and the bias 10.
x = np.array([[[[1.0, 2], [3, 4]], [[0, 1], [1, 0]]]])
w = np.array([[[[1.0, 0], [0, -1]], [[2, 2], [2, 2]]]])
assert conv2d(x, w, np.array([10.0])).tolist() == [[[[1.0 - 4 + 4 + 10]]]]
### BEGIN HIDDEN TESTS
check("04.conv2d_bias", conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_padded" points=2
# Check that the padding is zeros on all four sides, and that it may be a pair.
check("04.conv2d_padded", conv2d)
# By hand: only the bottom right tap of the first window lies on the image.
x = np.array([[[[1.0, 2], [3, 4]], [[0, 1], [1, 0]]]])
w = np.array([[[[1.0, 0], [0, -1]], [[2, 2], [2, 2]]]])
assert conv2d(x, w, padding=1).shape == (1, 1, 3, 3)
assert conv2d(x, w, padding=1)[0, 0, 0, 0] == 1 * -1 + 0 * 2
### BEGIN HIDDEN TESTS
check("04.conv2d_padded", conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_strided" points=2
# Check that windows lie a stride apart, and that a stride may be a pair.
check("04.conv2d_strided", conv2d)
# By hand: a kernel that picks the top left pixel of its window, with stride 2 down and 3 to the right.
steps = np.arange(20.0).reshape(1, 1, 4, 5)
pick = np.array([[[[1.0, 0], [0, 0]]]])
assert conv2d(steps, pick, stride=(2, 3)).tolist() == [[[[0, 3], [10, 13]]]]
### BEGIN HIDDEN TESTS
check("04.conv2d_strided", conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_dilated" points=2
# Check that the taps of a kernel lie a dilation apart.
check("04.conv2d_dilated", conv2d)
# By hand: bottom right minus top left, two rows and three columns apart: 2 * 5 + 3 everywhere.
steps, difference = np.arange(20.0).reshape(1, 1, 4, 5), np.array([[[[-1.0, 0], [0, 1]]]])
assert conv2d(steps, difference, dilation=(2, 3)).tolist() == [[[[13, 13], [13, 13]]]]
### BEGIN HIDDEN TESTS
check("04.conv2d_dilated", conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_grouped" points=2
# Check that a kernel sees the channels of its own group only.
check("04.conv2d_grouped", conv2d)
# By hand: four channels of one pixel; the first kernel sees 1 and 2, the second one 3 and 4.
four = np.arange(1.0, 5.0).reshape(1, 4, 1, 1)
weights = np.array([[1.0, 10], [1, 10]]).reshape(2, 2, 1, 1)
assert conv2d(four, weights, groups=2).ravel().tolist() == [1 + 20, 3 + 40]
### BEGIN HIDDEN TESTS
check("04.conv2d_grouped", conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_errors" points=1
# Check that what does not fit, a bias of another length too, raises ValueError, and a kernel as large as the padded image
# does not.
check("04.conv2d_errors", conv2d)
### BEGIN HIDDEN TESTS
check("04.conv2d_errors", conv2d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Use it: a layer on a photograph

**No points · about 10 minutes**

Four kernels of 3×3×3, made by hand. The first two look for edges in all colours at once; the third sees only how red
differs from green and blue; the last one blurs. *What will stride 2 do to the second row of pictures, what dilation 4?*
"""

# %%
edge = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
blur = np.outer([1, 2, 1], [1, 2, 1]) / 16
red = np.array([1.0, -0.5, -0.5])
slices = (3 * [edge], 3 * [edge.T], red[:, None, None] * blur, 3 * [blur / 3])
kernels = np.stack([np.stack(three) for three in slices]).astype(np.float32)  # (4, 3, 3, 3)

photo = data.photograph("astronaut", size=96).transpose(2, 0, 1)[None] / np.float32(255)
names = ("edges →", "edges ↓", "redness", "blur")
for title, options in (("stride 1", {}), ("stride 2", {"stride": 2}), ("dilation 4", {"dilation": 4})):
    y = conv2d(photo, kernels, padding=1, **options)[0]
    plotting.show_images(
        [abs(y[0]) / 4, abs(y[1]) / 4, y[2] + 0.5, y[3]],
        [f"{name}, {title}: {y.shape[1]} × {y.shape[2]}" for name in names],
        columns=4,
        limits=(0, 1),
        alt=f"Four maps of an astronaut's portrait with {title}: upright edges, level edges, what is red, and a blurred picture.",
    )

# %% [markdown]
r"""
Look at the third picture: the suit is bright where its orange is. No kernel with a single slice could see that. With dilation 4
the edges are drawn broad, because the taps compare pixels that are eight apart.

*And how fast is it?* Guess first. Here are 64 images of Fashion-MNIST and the 6 kernels of LeNet's first layer; your function
and PyTorch's take turns, nine times each, on one thread. The median of the processor's time counts.
"""

# %%
import statistics
import time

import torch

images = data.fashion_mnist("test")[0][:64, None] / np.float32(255)
rng = np.random.default_rng(4)
kernels = rng.standard_normal((6, 1, 5, 5)).astype(np.float32)
biases = rng.standard_normal(6).astype(np.float32)


def with_torch(x, w, b, padding):
    """Convolve with PyTorch."""
    return torch.nn.functional.conv2d(*map(torch.from_numpy, (x, w, b)), padding=padding).numpy()


threads = torch.get_num_threads()
torch.set_num_threads(1)
seconds = {conv2d: [], with_torch: []}
for _ in range(9):
    for function, measured in seconds.items():
        begin = time.thread_time()
        result = function(images, kernels, biases, padding=2)
        measured.append(time.thread_time() - begin)
torch.set_num_threads(threads)

assert result.shape == (64, 6, 28, 28)
mine, theirs = (statistics.median(measured) for measured in seconds.values())
print(f"yours {1e3 * mine:.2f} ms, PyTorch {1e3 * theirs:.2f} ms: {mine / theirs:.1f} times as long")

# %% [markdown]
r"""
If yours takes more than a few times as long, open hints 1 and 4 of exercise 6: a Python loop over taps costs little, one over
pixels costs nearly everything. These images are small, so try several numbers of samples per product: one at a
time can take several times as long as sixteen.

## 8. The transposed convolution

**Points 8 · difficulty 4/5 · about 40 minutes**

A convolution gathers a window into one output. Its transpose scatters: every input $x_{n,c,i,j}$ leaves a copy of the kernels
$w_{c,k}$, times its value, at the place $(i\,s,\ j\,s)$ of the result. Where copies overlap they are added up, and so are
the channels $c$. At the end `padding` rows and columns are *cut off* on each of the four sides. The weights have the shape
$(C_{in}, C_{out}, k_h, k_w)$, inputs first. `stride` and `padding` are plain numbers here:

$$H' = (H-1)\,s + k_h - 2p .$$

Kernels for another number of input channels than $x$ has, a stride below 1, negative padding, and padding that leaves nothing
of the result raise `ValueError`.

By hand: the row $1,\,2$, the kernel $1,\,2,\,1$ and stride 2. Write the two copies below each other and add.

<details><summary>Hint 1: by pixels</summary>

Start from zeros, as large as the result before the cut. For each pixel $(i, j)$ of $x$ add `x[n, c, i, j] * w[c]` to the
right slice.
</details>

<details><summary>Hint 2: by taps</summary>

Fix a tap $(t_1, t_2)$ instead. Over all pixels it leaves its values at `[t1 : … : s, t2 : … : s]`, a whole strided rectangle
at once; the sum over the channels is a matrix product.
</details>

<details><summary>Hint 3: the cut</summary>

`y[:, :, p:-p, p:-p]` is empty for `p = 0`. Count the end from the front.
</details>
"""


# %% solution="conv2d_transpose"
def conv2d_transpose(x, w, b=None, stride=1, padding=0):
    """Scatter inputs over windows: (N, C_in, H, W), (C_in, C_out, kh, kw), (C_out,) -> (N, C_out, H', W')."""
    ### BEGIN SOLUTION
    (N, C, H, W), (c_in, c_out, kh, kw) = x.shape, w.shape
    if c_in != C:
        raise ValueError(f"conv2d_transpose: kernels for {c_in} channels do not fit an input of {C} channels.")
    if stride < 1 or padding < 0:
        raise ValueError(f"conv2d_transpose: stride={stride} must be at least 1, padding={padding} at least 0.")
    height, width = (H - 1) * stride + kh, (W - 1) * stride + kw
    if min(height, width) <= 2 * padding:
        raise ValueError(f"conv2d_transpose: padding {padding} leaves nothing of a result of {height} x {width}.")
    # One product for all taps and pixels: (c_out * kh * kw, C) @ (N, C, H * W). What is left is to add up the copies.
    copies = w.reshape(C, -1).T @ x.reshape(N, C, H * W)
    copies = copies.reshape(N, c_out, kh, kw, H, W)
    y = np.zeros((N, c_out, height, width), dtype=np.result_type(x, w))
    for s in range(kh):
        for t in range(kw):
            y[:, :, s : s + stride * H : stride, t : t + stride * W : stride] += copies[:, :, s, t]
    y = y[:, :, padding : height - padding, padding : width - padding]
    return y if b is None else y + b[:, None, None]
    ### END SOLUTION


# %% test="conv2d_transpose" points=2
# Check that every input leaves its copies of the kernels, and that channels and overlaps are added up.
check("04.conv2d_transpose", conv2d_transpose)
# By hand: two copies of (1, 2, 1), the second one pixel further on and twice as large.
two, tent = np.array([[[[1.0, 2]]]]), np.array([[[[1.0, 2, 1]]]])
assert conv2d_transpose(two, tent).tolist() == [[[[1, 2 + 2, 1 + 4, 2]]]]
### BEGIN HIDDEN TESTS
check("04.conv2d_transpose", conv2d_transpose, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_transpose_bias" points=1
# Check that each output channel gets its bias, once.
check("04.conv2d_transpose_bias", conv2d_transpose)
### BEGIN HIDDEN TESTS
check("04.conv2d_transpose_bias", conv2d_transpose, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_transpose_strided" points=2
# Check that the copies lie a stride apart.
check("04.conv2d_transpose_strided", conv2d_transpose)
# By hand: now the second copy begins two pixels further on.
upright, tent = np.array([[[[1.0], [2]]]]), np.array([[[[1.0], [2], [1]]]])
assert conv2d_transpose(upright, tent, stride=2).ravel().tolist() == [1, 2, 1 + 2, 4, 2]
### BEGIN HIDDEN TESTS
check("04.conv2d_transpose_strided", conv2d_transpose, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_transpose_padded" points=2
# Check that padding cuts rows and columns off all four sides.
check("04.conv2d_transpose_padded", conv2d_transpose)
# By hand: of the four rows and columns the outer ones go.
assert conv2d_transpose(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), padding=1).tolist() == [[[[4, 4], [4, 4]]]]
### BEGIN HIDDEN TESTS
check("04.conv2d_transpose_padded", conv2d_transpose, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_transpose_errors" points=1
# Check that channels that do not fit, strides below 1, and padding that is negative or leaves nothing raise ValueError.
check("04.conv2d_transpose_errors", conv2d_transpose)
### BEGIN HIDDEN TESTS
check("04.conv2d_transpose_errors", conv2d_transpose, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Two uses. First the definition: for the same weights, $\langle \operatorname{conv}(x), z \rangle = \langle x,
\operatorname{conv}^{\mathsf T}(z) \rangle$. Then a photograph, enlarged by a transposed convolution with a tent: this *is*
bilinear interpolation. *How large is the result, with a kernel of 4, stride 2 and padding 1?*
"""

# %%
rng = np.random.default_rng(4)
x, z, w = (rng.standard_normal(shape) for shape in ((2, 3, 9, 7), (2, 4, 5, 4), (4, 3, 3, 3)))
gather, scatter = conv2d(x, w, stride=2, padding=1), conv2d_transpose(z, w, stride=2, padding=1)
print("inner products:", np.sum(gather * z), "and", np.sum(x * scatter))
assert np.isclose(np.sum(gather * z), np.sum(x * scatter))

small = data.photograph("chelsea", size=32).transpose(2, 0, 1)[:, None] / np.float32(255)  # (3, 1, 32, 48)
tent = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32)[None, None] / 16
large = conv2d_transpose(small, tent, stride=2, padding=1)
assert large.shape[2:] == (2 * small.shape[2], 2 * small.shape[3])
plotting.show_images(
    [small[:, 0].transpose(1, 2, 0), large[:, 0].transpose(1, 2, 0).clip(0, 1)],
    [f"{maps.shape[2]} × {maps.shape[3]}" for maps in (small, large)],
    columns=2,
    alt="A cat's face with coarse pixels, and the same picture at twice the size, smooth.",
)

# %% [markdown]
r"""
Look at the border of the larger picture: it is a little darker. There the copies from outside of the image are missing.

## 9. Depthwise, then pointwise

**Points 3 · difficulty 2/5 · about 15 minutes**

A depthwise layer gives each channel a kernel of its own, `w_depth` of shape $(C, 1, k_h, k_w)$, and mixes nothing. A pointwise
layer, `w_point` of shape $(K, C, 1, 1)$, mixes the channels and looks at one pixel. One after the other, with nothing in
between: stride 1, no padding, no bias. Channels that do not fit and kernels larger than the images raise `ValueError`.

*With 128 channels in and out and 3×3 kernels, how many times fewer MACs is that than a full layer? Ask your `macs`.*

<details><summary>Hint</summary>

You have a function for layers with groups. How many groups has a depthwise layer?
</details>
"""


# %% solution="depthwise_separable"
def depthwise_separable(x, w_depth, w_point):
    """Convolve each channel by itself, then mix channels: (N, C, H, W), (C, 1, kh, kw), (K, C, 1, 1) -> (N, K, H', W')."""
    ### BEGIN SOLUTION
    return conv2d(conv2d(x, w_depth, groups=x.shape[1]), w_point)
    ### END SOLUTION


# %% test="depthwise_separable" points=2
# Check that each channel is filtered with its own kernel, and that the channels are mixed after that.
check("04.depthwise_separable", depthwise_separable)
# By hand: differences of channel 0, sums of channel 1; the first output adds them, the second one subtracts.
x = np.array([[[[1.0, 4, 9]], [[1, 2, 3]]]])
depth = np.array([[[[-1.0, 1]]], [[[1, 1]]]])
point = np.array([[1.0, 1], [1, -1]]).reshape(2, 2, 1, 1)
assert depthwise_separable(x, depth, point).tolist() == [[[[3 + 3, 5 + 5]], [[3 - 3, 5 - 5]]]]
### BEGIN HIDDEN TESTS
check("04.depthwise_separable", depthwise_separable, hidden=True)
### END HIDDEN TESTS

# %% test="depthwise_separable_errors" points=1
# Check that kernels for another number of channels, or larger than the images, raise ValueError.
check("04.depthwise_separable_errors", depthwise_separable)
### BEGIN HIDDEN TESTS
check("04.depthwise_separable_errors", depthwise_separable, hidden=True)
### END HIDDEN TESTS

# %%
full = macs(128, 128, 3, 28, 28)
split = macs(128, 128, 3, 28, 28, groups=128) + macs(128, 128, 1, 28, 28)
print(f"full {full:,} MACs, depthwise and pointwise {split:,}: {full / split:.1f} times fewer")

# %% [markdown]
r"""
You now own the layer that the rest of the course is built from. [Lecture 05](../../lectures/05_backward_pass.ipynb) runs it
backwards: the gradient of a convolution is a transposed convolution, which you have already written.
"""
