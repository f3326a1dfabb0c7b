# %% [markdown]
r"""
# Assignment 05 · The backward pass

You derive the gradients of a convolution, first with pencil and paper, then index by index in code. You build the tool
that checks any gradient, and use it on everything that follows: on a convolution in one dimension, on a backward pass
that somebody else broke, on the fast one in two dimensions with stride and padding. In the end PyTorch trains a network
with a derivative that you wrote.

**You need** [lecture 05](../../lectures/05_backward_pass.ipynb), NumPy, a little PyTorch for the last part, paper and
pencil. **Time:** about four and a half hours. **Points:** 46, one of them a bonus.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with PyTorch's. If something is wrong, it says what, shows
one case, and tells you how to get that case back into your hands. When the assignment is graded, the same checks run
with other numbers.

Five rules hold for every exercise.

- "Convolution" means cross-correlation. The upstream gradient $\partial L/\partial y$ is called `dy`, and the gradients
  that you return are called `dx`, `dw` and `db`. A gradient has the shape of what it belongs to.
- `dy` may be anything. Never assume that it is all ones.
- `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are.
- What is impossible, such as a `dy` of another shape than the output, raises `ValueError`, where the exercise says so. The
  checks look no further. But good code says why in the message, with the numbers that do not fit.

Write it in NumPy, up to exercise 8, where PyTorch is the point.
"""

# %%
import numpy as np
import torch
import torch.nn.functional as F

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
PyTorch computes the results that yours are compared with: on the GPU if it finds one, else on the processor. To choose,
run `%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. The derivation, in indices

**Points 8 · difficulty 2/5 · about 25 minutes**

A signal $x$ has $m$ values, a kernel $w$ has $n$ weights, and there are $m - n + 1$ outputs
$y_i = \sum_{j=0}^{n-1} x_{i+j}\, w_j$. In this exercise you answer, one after the other, the questions of the derivation:
*who reaches whom, through which weight, and what is added up?* Each answer is a small function, and each is tested with
numbers. Write down the outputs for five values and three weights before you begin:

$$y_0 = \ldots \qquad y_1 = \ldots \qquad y_2 = \ldots$$

**a)** Which $x_k$ does the output $y_i$ read? Return the list of their indices.
"""


# %% solution="derive_inputs_of"
def derive_inputs_of(i, n):
    """List the indices k of all x_k that enter y_i, where the kernel has n weights."""
    ### BEGIN SOLUTION
    return [i + j for j in range(n)]
    ### END SOLUTION


# %% test="derive_inputs_of" points=1
# Check that the list holds the inputs of y_i, and no others.
check("05.derive_inputs_of", derive_inputs_of)
# By hand: y_2 = x_2 w_0 + x_3 w_1 + x_4 w_2
assert sorted(derive_inputs_of(2, 3)) == [2, 3, 4]
### BEGIN HIDDEN TESTS
check("05.derive_inputs_of", derive_inputs_of, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
**b)** The other way round: into which $y_i$ does the input $x_k$ enter? Of $m$ inputs some stand near the ends and enter
fewer outputs. First answer it without stride and padding.

**c)** Then let output $i$ begin at $i \cdot$ `stride`, and put `padding` zeros on both sides of the signal. Extend the
same function. Some inputs may enter no output at all: then the list is empty.

<details><summary>Hint 1</summary>

$x_k$ enters $y_i$ if one of the weights lies on it: if there is a $j$ with $i + j = k$ and $0 \le j < n$. And $y_i$ must
exist.
</details>

<details><summary>Hint 2</summary>

You may try all outputs: `[i for i in range(outputs) if …]`. How many are there?
</details>

<details><summary>Hint 3, for c</summary>

In the padded signal $x_k$ stands at $k + $ `padding`. Which weight of output $i$ lies there, if the window begins at
$i \cdot$ `stride`?
</details>
"""


# %% solution="derive_outputs_of"
def derive_outputs_of(k, m, n, stride=1, padding=0):
    """List the indices i of all y_i that x_k enters, where the signal has m values and the kernel n weights."""
    ### BEGIN SOLUTION
    outputs = (m + 2 * padding - n) // stride + 1
    return [i for i in range(outputs) if 0 <= k + padding - i * stride < n]
    ### END SOLUTION


# %% test="derive_outputs_of" points=1
# Check that the list holds the outputs that x_k enters, also near the ends of the signal.
check("05.derive_outputs_of", derive_outputs_of)
# By hand: of five values and three weights, x_2 enters all three outputs, x_4 the last one only.
assert sorted(derive_outputs_of(2, 5, 3)) == [0, 1, 2]
assert sorted(derive_outputs_of(4, 5, 3)) == [2]
### BEGIN HIDDEN TESTS
check("05.derive_outputs_of", derive_outputs_of, hidden=True)
### END HIDDEN TESTS

# %% test="derive_outputs_of_strided" points=2
# Check that the list is right with a stride and with padding.
check("05.derive_outputs_of_strided", derive_outputs_of)
# By hand: with stride 2 the windows read x_0 x_1 x_2 and x_2 x_3 x_4; nobody reads x_5.
assert sorted(derive_outputs_of(2, 6, 3, stride=2)) == [0, 1]
assert sorted(derive_outputs_of(5, 6, 3, stride=2)) == []
### BEGIN HIDDEN TESTS
check("05.derive_outputs_of_strided", derive_outputs_of, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
**d)** All the derivatives $\partial y_i/\partial w_j$ make a matrix with a row for each output and a column for each
weight. Fill it.
"""


# %% solution="derive_dy_dw"
def derive_dy_dw(x, n):
    """Make the matrix of the derivatives of y_i with respect to w_j: (m,) -> (m - n + 1, n)."""
    ### BEGIN SOLUTION
    return np.array([[x[i + j] for j in range(n)] for i in range(len(x) - n + 1)])
    ### END SOLUTION


# %% test="derive_dy_dw" points=1
# Check that entry (i, j) is what w_j is multiplied by in y_i.
check("05.derive_dy_dw", derive_dy_dw)
# By hand: y_1 = x_1 w_0 + x_2 w_1 + x_3 w_2
x = np.array([3.0, 1.0, 4.0, 2.0, 9.0])
assert np.array_equal(derive_dy_dw(x, 3)[1], [1.0, 4.0, 2.0])
### BEGIN HIDDEN TESTS
check("05.derive_dy_dw", derive_dy_dw, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
**e)** Five values, three weights, three upstream gradients $dy_i = \partial L/\partial y_i$. By the chain rule
$\partial L/\partial w_1$ adds up over all ways from $w_1$ to the loss. Write the sum out, term by term.
"""


# %% solution="derive_dw1"
def derive_dw1(dy, x):
    """Return the derivative of L by w_1, for five values and three weights: (3,), (5,) -> a number."""
    ### BEGIN SOLUTION
    return dy[0] * x[1] + dy[1] * x[2] + dy[2] * x[3]
    ### END SOLUTION


# %% test="derive_dw1" points=1
# Check that the number is the derivative with respect to w_1.
check("05.derive_dw1", derive_dw1)
# By hand, with an upstream gradient whose digits tell the three terms apart:
assert np.isclose(derive_dw1(np.array([1.0, 10.0, 100.0]), np.array([3.0, 1.0, 4.0, 2.0, 9.0])), 1 + 40 + 200)
### BEGIN HIDDEN TESTS
check("05.derive_dw1", derive_dw1, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
**f)** The same for the inputs, all five of them: $\partial L/\partial x_0, \dots, \partial L/\partial x_4$, each written
out. Your answer to b says how many terms each of them has. *While you write: which index rises, which one falls?*
"""


# %% solution="derive_dx"
def derive_dx(dy, w):
    """Return the derivatives of L by x_0 ... x_4, for three weights: (3,), (3,) -> five numbers."""
    ### BEGIN SOLUTION
    return np.array(
        [
            dy[0] * w[0],
            dy[0] * w[1] + dy[1] * w[0],
            dy[0] * w[2] + dy[1] * w[1] + dy[2] * w[0],
            dy[1] * w[2] + dy[2] * w[1],
            dy[2] * w[2],
        ]
    )
    ### END SOLUTION


# %% test="derive_dx" points=2
# Check that the five numbers are the derivatives with respect to the five inputs.
check("05.derive_dx", derive_dx)
# By hand: x_1 enters y_0 through w_1, and y_1 through w_0.
dx = list(derive_dx(np.array([1.0, 10.0, 100.0]), np.array([2.0, 3.0, 5.0])))
assert np.isclose(dx[1], 1 * 3 + 10 * 2)
### BEGIN HIDDEN TESTS
check("05.derive_dx", derive_dx, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 2. A tool that checks every gradient

**Points 5 · difficulty 2/5 · about 30 minutes**

A derivative says by how much something changes, so you can always measure it. Let $f$ be a function of an array, `dy` an
upstream gradient with the shape of $f(x)$, and $s(x) = \sum f(x) \cdot dy$, a single number. Move one entry of $x$ up and
down by $\varepsilon$ and compare:

$$\frac{\partial s}{\partial x_p} \approx \frac{s(x + \varepsilon e_p) - s(x - \varepsilon e_p)}{2\,\varepsilon} ,$$

where $e_p$ is 1 at place $p$ and 0 elsewhere. This is called a **central difference**. `numerical_gradient` does it for
every entry of $x$, whatever shape $x$ has, and returns an array of that shape. It knows nothing about $f$: that is its
strength. *How often does it call $f$ for a kernel of 64 × 64 × 3 × 3 weights?*

<details><summary>Hint 1</summary>

`for index in np.ndindex(x.shape):` runs through all entries of an array with any number of axes, and `x[index]` is one of
them.
</details>

<details><summary>Hint 2</summary>

Work on a copy of `x`: change one entry, call `f`, change it again, call `f`, and put the *old value* back. Adding and
subtracting ε does not always lead back to the same number.
</details>
"""


# %% solution="numerical_gradient"
def numerical_gradient(f, x, dy, eps=1e-6):
    """Measure the gradient of sum(f(x) * dy) by central differences, entry by entry: an array like x."""
    ### BEGIN SOLUTION
    x = x.copy()
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        value = x[index]
        x[index] = value + eps
        above = (f(x) * dy).sum()
        x[index] = value - eps
        below = (f(x) * dy).sum()
        x[index] = value  # not by adding eps again: rounding would leave a trace
        gradient[index] = (above - below) / (2 * eps)
    return gradient
    ### END SOLUTION


# %% test="numerical_gradient" points=3
# Check that every entry is the central difference of sum(f(x) * dy), for several functions f and steps eps.
check("05.numerical_gradient", numerical_gradient)
# By hand: f(x) = x², so each entry is 2 x dy.
x, dy = np.array([1.0, -2.0, 5.0]), np.array([3.0, 10.0, -1.0])
assert np.allclose(numerical_gradient(lambda x: x**2, x, dy), [6.0, -40.0, -10.0])
### BEGIN HIDDEN TESTS
check("05.numerical_gradient", numerical_gradient, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
To say how well two gradients agree you need one number that does not depend on their size. Divide entry by entry, then
take the worst entry:

$$\max_p \; \frac{|a_p - b_p|}{\max(10^{-8},\; |a_p| + |b_p|)} .$$

Two arrays of different shapes are never equal, even if NumPy would broadcast them: that is a `ValueError`. (A `db` of
shape $(K, 1)$ in place of $(K,)$ is found this way.) In float64, a right gradient gives about $10^{-7}$ or less, a wrong
one rarely less than $10^{-2}$.
"""


# %% solution="relative_error"
def relative_error(a, b):
    """Return the largest |a - b| / max(1e-8, |a| + |b|) among the entries of two arrays of one shape."""
    ### BEGIN SOLUTION
    if a.shape != b.shape:
        raise ValueError(f"relative_error: the shapes {a.shape} and {b.shape} differ, so the arrays cannot agree.")
    return (np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))).max()
    ### END SOLUTION


# %% test="relative_error" points=1
# Check that the result is the largest relative error, also where both entries are 0.
check("05.relative_error", relative_error)
# By hand: |3 - 5| / (3 + 5)
assert np.isclose(relative_error(np.array([1.0, -2.0, 3.0]), np.array([1.0, -2.0, 5.0])), 0.25)
### BEGIN HIDDEN TESTS
check("05.relative_error", relative_error, hidden=True)
### END HIDDEN TESTS

# %% test="relative_error_errors" points=1
# Check that two shapes raise ValueError, even where they would broadcast.
check("05.relative_error_errors", relative_error)
### BEGIN HIDDEN TESTS
check("05.relative_error_errors", relative_error, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Now use the two on your derivation. `conv` is the forward pass; the cell measures all derivatives of exercise 1 and
compares them with your formulas.
"""


# %%
def conv(x, w):
    """Slide w over x: (m,), (n,) -> (m - n + 1,)."""
    return np.lib.stride_tricks.sliding_window_view(x, len(w)) @ w


rng = np.random.default_rng(5)
x, w, dy = rng.standard_normal(5), rng.standard_normal(3), rng.standard_normal(3)
measured_dw = numerical_gradient(lambda w: conv(x, w), w, dy)
measured_dx = numerical_gradient(lambda x: conv(x, w), x, dy)
print(f"dL/dw_1: derived {derive_dw1(dy, x):+.8f}, measured {measured_dw[1]:+.8f}")
print(f"dL/dx:   relative error {relative_error(np.array(derive_dx(dy, w)), measured_dx):.1e}")
print(f"all dw from the matrix of d: relative error {relative_error(derive_dy_dw(x, 3).T @ dy, measured_dw):.1e}")

# %% [markdown]
r"""
## 3. A convolution in one dimension

**Points 4 · difficulty 2/5 · about 20 minutes**

Now for any lengths. From e and f you can read the pattern:

$$\frac{\partial L}{\partial w_j} = \sum_i dy_i\, x_{i+j} , \qquad
\frac{\partial L}{\partial x_k} = \sum_i dy_i\, w_{k-i} ,$$

where the second sum runs over those outputs only that $x_k$ enters. A `dy` whose length is not $m - n + 1$ and a kernel
longer than the signal raise `ValueError`. `np.convolve` and `np.correlate` would do the work for you, so the check
refuses them.

<details><summary>Hint 1</summary>

Do not solve the sums for the inputs; walk over the *outputs*. Output $i$ reads `x[i : i + n]`. What does it add to
`dx[i : i + n]`, and what to `dw`?
</details>

<details><summary>Hint 2</summary>

Windows overlap, so several outputs write to the same place of `dx`: start from zeros and use `+=`.
</details>
"""


# %% solution="conv1d_backward"
def conv1d_backward(dy, x, w):
    """Return dx and dw of y = conv1d(x, w): (m - n + 1,), (m,), (n,) -> (m,), (n,)."""
    ### BEGIN SOLUTION
    m, n = len(x), len(w)
    if n > m:
        raise ValueError(f"conv1d_backward: the kernel has {n} weights, but the signal only {m} values.")
    if len(dy) != m - n + 1:
        raise ValueError(f"conv1d_backward: dy has {len(dy)} values, but there are {m - n + 1} outputs.")
    dx, dw = np.zeros(m, dtype=x.dtype), np.zeros(n, dtype=w.dtype)
    for i in range(m - n + 1):
        dx[i : i + n] += dy[i] * w
        dw += dy[i] * x[i : i + n]
    return dx, dw
    ### END SOLUTION


# %%
x, w, dy = rng.standard_normal(9), rng.standard_normal(4), rng.standard_normal(6)
dx, dw = conv1d_backward(dy, x, w)
print(f"dx: {relative_error(dx, numerical_gradient(lambda x: conv(x, w), x, dy)):.1e}")
print(f"dw: {relative_error(dw, numerical_gradient(lambda w: conv(x, w), w, dy)):.1e}")

# %% test="conv1d_backward" points=3
# Check that dx and dw are the gradients for any upstream gradient.
check("05.conv1d_backward", conv1d_backward)
# By hand:
dy, x, w = np.array([1.0, 10.0, 100.0]), np.array([3.0, 1.0, 4.0, 2.0, 9.0]), np.array([2.0, 3.0, 5.0])
dx, dw = conv1d_backward(dy, x, w)
assert np.allclose(dx, [1 * 2, 1 * 3 + 10 * 2, 1 * 5 + 10 * 3 + 100 * 2, 10 * 5 + 100 * 3, 100 * 5])
assert np.allclose(dw, [3 + 10 + 400, 1 + 40 + 200, 4 + 20 + 900])
### BEGIN HIDDEN TESTS
check("05.conv1d_backward", conv1d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_backward_errors" points=1
# Check that lengths which do not fit raise ValueError.
check("05.conv1d_backward_errors", conv1d_backward)
### BEGIN HIDDEN TESTS
check("05.conv1d_backward_errors", conv1d_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("05.conv1d_backward", 0)
print(*args, sep="\n")

# %% [markdown]
r"""
## 4. Two neighbours of the convolution

**Points 3 · difficulty 1/5 · about 15 minutes**

A network also has activations and fully connected layers. You need both in assignment 08, where you train a LeNet in
your own NumPy.

A ReLU keeps what is positive and cuts off the rest: $y = \max(x, 0)$. Where it kept $x$, the gradient passes unchanged;
elsewhere it does not pass. At exactly $x = 0$ there is no derivative, and everybody takes 0.
"""


# %% solution="relu_backward"
def relu_backward(dy, x):
    """Return dx of y = max(x, 0): two arrays of one shape -> an array of that shape."""
    ### BEGIN SOLUTION
    if dy.shape != x.shape:
        raise ValueError(f"relu_backward: dy has the shape {dy.shape}, but x has {x.shape}.")
    return np.where(x > 0, dy, 0)
    ### END SOLUTION


# %% test="relu_backward" points=1
# Check that dy passes where x is positive, and only there.
check("05.relu_backward", relu_backward)
# By hand:
assert relu_backward(np.array([10.0, -20.0, 30.0]), np.array([-1.0, 2.0, 0.0])).tolist() == [0, -20, 0]
### BEGIN HIDDEN TESTS
check("05.relu_backward", relu_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
A fully connected layer computes $y = x\,w^{\mathsf T} + b$ for a batch of $N$ samples: $x$ is $(N, D)$, $w$ is $(M, D)$,
$b$ is $(M,)$, so $y$ and `dy` are $(N, M)$. Find each gradient from the shapes, then check that it means what it should:
*over what must each of them be summed?*
"""


# %% solution="linear_backward"
def linear_backward(dy, x, w):
    """Return dx, dw and db of y = x @ w.T + b: (N, M), (N, D), (M, D) -> (N, D), (M, D), (M,)."""
    ### BEGIN SOLUTION
    if dy.shape != (len(x), len(w)) or x.shape[1] != w.shape[1]:
        raise ValueError(f"linear_backward: dy {dy.shape}, x {x.shape} and w {w.shape} do not fit: (N, M), (N, D), (M, D).")
    return dy @ w, dy.T @ x, dy.sum(axis=0)
    ### END SOLUTION


# %% test="linear_backward" points=2
# Check that dx, dw and db are the gradients, summed over the batch where all samples share something.
check("05.linear_backward", linear_backward)
# By hand: two samples of one value each, two outputs.
dy, x, w = np.array([[1.0, 10.0], [2.0, 0.0]]), np.array([[3.0], [5.0]]), np.array([[2.0], [7.0]])
dx, dw, db = linear_backward(dy, x, w)
assert np.allclose(dx, [[1 * 2 + 10 * 7], [2 * 2 + 0 * 7]])
assert np.allclose(dw, [[1 * 3 + 2 * 5], [10 * 3 + 0 * 5]])
assert np.allclose(db, [1 + 2, 10 + 0])
### BEGIN HIDDEN TESTS
check("05.linear_backward", linear_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Find the bugs

**Points 4 · difficulty 3/5 · about 35 minutes**

A colleague has written the backward pass of `conv1d_batch` from assignment 02: a batch $(N, C, L)$, kernels $(K, C, n)$,
stride and padding. The idea is a good one, and you will need it. Instead of walking over the outputs, walk over the
*taps*: for a fixed tap $j$, all the values that it meets in all windows are one slice with a step.

The author tested it, and the test passes. Run it.
"""


# %%
def hurried_backward(dy, x, w, stride=1, padding=0):
    """Return dx, dw and db of a batch of convolutions."""
    taps, outputs = w.shape[2], dy.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for j in range(taps):
        met = slice(j, j + stride * outputs, stride)
        dw[:, :, j] = np.einsum("nki,nci->kc", dy[:, :, ::-1], padded[:, :, met])
        dpadded[:, :, met] = np.einsum("nki,kc->nci", dy, w[:, :, j])
    dx = dpadded[:, :, padding:-padding]
    db = dy.mean(axis=0).sum(axis=-1)
    return dx, dw, db


def gradients_by_torch(dy, x, w, stride, padding):
    """Return dx, dw and db as torch's autograd computes them."""
    x, w, b = (torch.tensor(array, requires_grad=True) for array in (x, w, np.zeros(len(w))))
    y = F.conv1d(x, w, b, stride=stride, padding=padding)
    return [gradient.numpy() for gradient in torch.autograd.grad(y, (x, w, b), torch.tensor(dy))]


# The author's test: one sample, windows side by side, one zero on each side, an upstream gradient of ones.
x, w, dy = rng.standard_normal((1, 3, 8)), rng.standard_normal((4, 3, 2)), np.ones((1, 4, 5))
found, right = hurried_backward(dy, x, w, 2, 1), gradients_by_torch(dy, x, w, 2, 1)
for name, ours, theirs in zip(("dx", "dw", "db"), found, right, strict=True):
    print(f"{name}: largest difference {np.abs(ours - theirs).max():.1e}")
    assert np.allclose(ours, theirs)

# %% [markdown]
r"""
All three gradients agree with PyTorch's to the last digit, and yet four lines are wrong. Each mistake hides behind one
property of the test. *Which property could hide a mistake in `db`? In `dw`? Two in `dx`?* Change one property at a time
and see what breaks. Then write it right, by repairing the code or in your own way. A `dy` of the wrong shape raises
`ValueError`.

<details><summary>Hint 1</summary>

The properties: one sample; `dy` all ones; a stride that is not smaller than the kernel, so that windows do not overlap;
padding that is not 0.
</details>

<details><summary>Hint 2</summary>

`values[0:-0]` is empty. You have met that one in assignment 02.
</details>

<details><summary>Hint 3</summary>

Where windows overlap, a place of `dpadded` is met by several taps. What does `=` do at the second one?
</details>
"""


# %% solution="conv1d_batch_backward"
def conv1d_batch_backward(dy, x, w, stride=1, padding=0):
    """Return dx, dw and db of conv1d_batch: (N, K, L'), (N, C, L), (K, C, n) -> (N, C, L), (K, C, n), (K,)."""
    ### BEGIN SOLUTION
    (samples, _, length), (kernels, _, taps) = x.shape, w.shape
    outputs = (length + 2 * padding - taps) // stride + 1
    if dy.shape != (samples, kernels, outputs):
        raise ValueError(f"conv1d_batch_backward: dy has the shape {dy.shape}, the output {(samples, kernels, outputs)}.")
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for j in range(taps):
        met = slice(j, j + stride * outputs, stride)
        dw[:, :, j] = np.einsum("nki,nci->kc", dy, padded[:, :, met])  # dy as it is: both indices grow together
        dpadded[:, :, met] += np.einsum("nki,kc->nci", dy, w[:, :, j])  # taps overlap, so add
    dx = dpadded[:, :, padding : padding + length]  # counted from the start: padding may be 0
    return dx, dw, dy.sum(axis=(0, 2))  # summed over the batch: where the loss is a mean, dy knows it
    ### END SOLUTION


# %% test="conv1d_batch_backward" points=2
# Check that the gradients are right for any upstream gradient, a batch, and windows that overlap.
check("05.conv1d_batch_backward", conv1d_batch_backward)
# By hand: one channel, one kernel.
dy, x, w = np.array([[[1.0, 10.0, 100.0]]]), np.array([[[3.0, 1.0, 4.0, 2.0]]]), np.array([[[2.0, 5.0]]])
dx, dw, db = conv1d_batch_backward(dy, x, w)
assert np.allclose(dx, [[[1 * 2, 1 * 5 + 10 * 2, 10 * 5 + 100 * 2, 100 * 5]]])
assert np.allclose(dw, [[[3 + 10 + 400, 1 + 40 + 200]]])
assert np.allclose(db, [111])
### BEGIN HIDDEN TESTS
check("05.conv1d_batch_backward", conv1d_batch_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_batch_backward_strided" points=1
# Check that the gradients are right with stride and padding, also where the stride leaves values over.
check("05.conv1d_batch_backward_strided", conv1d_batch_backward)
### BEGIN HIDDEN TESTS
check("05.conv1d_batch_backward_strided", conv1d_batch_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_batch_backward_errors" points=1
# Check that an upstream gradient of the wrong shape raises ValueError.
check("05.conv1d_batch_backward_errors", conv1d_batch_backward)
### BEGIN HIDDEN TESTS
check("05.conv1d_batch_backward_errors", conv1d_batch_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. The layer: two dimensions, channels, batch, stride, padding

**Points 12 · difficulty 4/5 · about 70 minutes**

Now the backward pass of the layer that you wrote in assignment 04:

$$y_{n,k,i,j} = b_k + \sum_{c} \sum_{r,t} \tilde x_{n,\,c,\,i \cdot s_h + r,\,j \cdot s_w + t}\; w_{k,c,r,t} ,$$

where $\tilde x$ is $x$ with zeros around it, $s_h$ and $s_w$ are the strides. `stride` and `padding` are one number for
both axes, or a pair (height, width). Return `dx`, `dw` and `db`. A `dy` that is not shaped like $y$, kernels with another
number of channels than $x$ or larger than the padded input, a stride below 1 and a negative padding raise `ValueError`.

Go one check after the other: without stride and padding first, then padding, then stride, then pairs. The fifth check
asks for speed: no Python loop over the positions of the output. A loop over the taps, over samples or over channels is
fine.

<details><summary>Hint 1</summary>

The loop over the taps from exercise 5 carries over: `for r in range(kh): for t in range(kw):`, two slices with a step,
one for the rows and one for the columns.
</details>

<details><summary>Hint 2</summary>

For a fixed tap, `dw[:, :, r, t]` and the share of `dx` are sums over products: `np.einsum`, or `@` after reshaping to
matrices. The latter is much faster.
</details>

<details><summary>Hint 3</summary>

Pairs: `(sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)` accepts both forms.
</details>

<details><summary>Hint 4: from fast to faster</summary>

Copy all windows of a sample into a matrix of *columns*, (C·kh·kw, H'·W'), as `im2col` did. Then `dw` is one matrix
product of `dy` with the columns. And $w^{\mathsf T} dy$ gives the shares of all taps at once, which you add back to their
places. For stride 1 there is another way: `dx` is a convolution of `dy` with the flipped kernels, and the windows of `dy`
that it needs give `dw` as well. The model solution takes the windows of whichever has fewer channels.
</details>
"""


# %% solution="conv2d_backward"
def conv2d_backward(dy, x, w, stride=1, padding=0):
    """Return dx, dw and db of conv2d: (N, K, H', W'), (N, C, H, W), (K, C, kh, kw) -> like x, like w, (K,)."""
    ### BEGIN SOLUTION
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2).tolist(), np.broadcast_to(padding, 2).tolist()
    (samples, c_in, height, width), (c_out, channels, kh, kw) = x.shape, w.shape
    if channels != c_in:
        raise ValueError(f"conv2d_backward: the input has {c_in} channels, but the kernels have {channels}.")
    if min(sh, sw) < 1 or min(ph, pw) < 0:
        raise ValueError(f"conv2d_backward: stride={stride} must be at least 1 and padding={padding} at least 0.")
    if kh > height + 2 * ph or kw > width + 2 * pw:
        raise ValueError(f"conv2d_backward: kernels {kh}×{kw} do not fit into {height + 2 * ph}×{width + 2 * pw} padded values.")
    h_out, w_out = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    if dy.shape != (samples, c_out, h_out, w_out):
        raise ValueError(f"conv2d_backward: dy has the shape {dy.shape}, the output {(samples, c_out, h_out, w_out)}.")
    dx = np.empty(x.shape, dtype=x.dtype)

    def from_windows_of_dy():
        """Fill dx with the convolution of dy and the flipped kernels, return dw; for stride 1."""
        top, left = kh - 1 - ph, kw - 1 - pw
        # dy with zeros around it, moved by each column of the kernel. One row further down is `width` numbers further on
        # in memory, so the rows of the kernel need no copies: all windows are views.
        moved = np.zeros((kw, c_out, height + kh - 1, width), dtype=dy.dtype)
        flat = moved.reshape(kw * c_out, -1)
        windows = np.lib.stride_tricks.sliding_window_view(flat, height * width, axis=1)[:, ::width].swapaxes(0, 1)
        flipped = np.ascontiguousarray(w[:, :, ::-1, ::-1].transpose(2, 1, 3, 0)).reshape(kh, c_in, kw * c_out)
        dw, shares = np.zeros((kh, kw * c_out, c_in), dtype=w.dtype), np.empty((kh, c_in, height * width), dtype=x.dtype)
        for n in range(samples):
            for t in range(kw):
                first, stop = max(0, left - t), min(width, left - t + w_out)
                moved[t, :, top : top + h_out, first:stop] = dy[n, :, :, first - left + t : stop - left + t]
            plane, gradient = x[n].reshape(c_in, -1), dx[n].reshape(c_in, -1)
            # A product of matrices is faster with the longer one first.
            dw += windows @ plane.T if len(flat) >= c_in else (plane @ windows.mT).mT
            np.matmul(flipped, windows, out=shares if kh > 1 else gradient[None])
            if kh > 1:
                shares.sum(axis=0, out=gradient)
        return dw.reshape(kh, kw, c_out, c_in)[::-1, ::-1].transpose(2, 3, 0, 1)

    def from_windows_of_x():
        """Add wᵀ dy to dx, window by window where they came from, return dw."""
        chunk = max(1, min(samples, 2**18 // (c_in * kh * kw * h_out * w_out)))  # samples whose columns stay in the cache
        padded = np.zeros((chunk, c_in, height + 2 * ph, width + 2 * pw), dtype=x.dtype)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]
        columns = np.empty((chunk, c_in, kh, kw, h_out, w_out), dtype=x.dtype)
        rows, dw = w.reshape(c_out, -1), np.zeros((c_in * kh * kw, c_out), dtype=w.dtype)
        for n in range(0, samples, chunk):
            m = min(chunk, samples - n)
            inside = padded[:m, :, ph : ph + height, pw : pw + width]
            inside[...] = x[n : n + m]
            columns[:m] = windows[:m].transpose(0, 1, 4, 5, 2, 3)
            matrix, upstream = columns[:m].reshape(m, len(dw), -1), dy[n : n + m].reshape(m, c_out, -1)
            dw += (matrix @ upstream.mT).sum(axis=0)
            np.matmul(rows.T, upstream, out=matrix)  # what each window sends back, over the columns
            padded[...] = 0
            for r in range(kh):
                for t in range(kw):
                    padded[:m, :, r : r + sh * h_out : sh, t : t + sw * w_out : sw] += columns[:m, :, r, t]
            dx[n : n + m] = inside
            padded[...] = 0
        return dw.T.reshape(w.shape)

    few_in_dy = (sh, sw) == (1, 1) and c_out <= c_in and ph < kh and pw < kw
    dw = from_windows_of_dy() if few_in_dy else from_windows_of_x()
    return dx, dw, dy.sum(axis=(0, 2, 3))
    ### END SOLUTION


# %% test="conv2d_backward" points=3
# Check that the three gradients are right for a batch with channels, without stride and padding.
check("05.conv2d_backward", conv2d_backward)
# By hand: one sample, one channel, one kernel.
dy = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
x = np.array([[[[3.0, 1.0, 4.0], [2.0, 9.0, 5.0], [7.0, 6.0, 8.0]]]])
w = np.array([[[[2.0, 3.0], [5.0, 7.0]]]])
dx, dw, db = conv2d_backward(dy, x, w)
assert np.isclose(dw[0, 0, 0, 0], 1 * 3 + 10 * 1 + 100 * 2 + 1000 * 9)
assert np.isclose(dx[0, 0, 1, 1], 1 * 7 + 10 * 5 + 100 * 3 + 1000 * 2)
assert np.isclose(dx[0, 0, 0, 2], 10 * 3)
assert np.allclose(db, [1111])
### BEGIN HIDDEN TESTS
check("05.conv2d_backward", conv2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_backward_padded" points=2
# Check that the gradients are right with padding: dx without the border, dw with it.
check("05.conv2d_backward_padded", conv2d_backward)
# By hand: one pixel with a border of zeros lies under each weight once.
dy = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
x, w = np.array([[[[3.0]]]]), np.array([[[[2.0, 4.0], [5.0, 7.0]]]])
dx, dw, db = conv2d_backward(dy, x, w, padding=1)
assert np.allclose(dx, [[[[1 * 7 + 10 * 5 + 100 * 4 + 1000 * 2]]]])
assert np.allclose(dw, [[[[3000, 300], [30, 3]]]])
### BEGIN HIDDEN TESTS
check("05.conv2d_backward_padded", conv2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_backward_strided" points=3
# Check that the gradients are right with a stride, also where it leaves rows and columns over.
check("05.conv2d_backward_strided", conv2d_backward)
# By hand: windows side by side, and a column that no window reaches.
dy, x, w = np.array([[[[1.0, 10.0]]]]), np.arange(1.0, 6.0).reshape(1, 1, 1, 5), np.array([[[[2.0, 3.0]]]])
dx, dw, db = conv2d_backward(dy, x, w, stride=2)
assert np.allclose(dx, [[[[2, 3, 20, 30, 0]]]])
assert np.allclose(dw, [[[[1 * 1 + 10 * 3, 1 * 2 + 10 * 4]]]])
### BEGIN HIDDEN TESTS
check("05.conv2d_backward_strided", conv2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_backward_pairs" points=1
# Check that stride and padding may be pairs (height, width).
check("05.conv2d_backward_pairs", conv2d_backward)
### BEGIN HIDDEN TESTS
check("05.conv2d_backward_pairs", conv2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_backward_fast" points=2
# Check that no Python loop runs over the positions of the output.
check("05.conv2d_backward_fast", conv2d_backward)
### BEGIN HIDDEN TESTS
check("05.conv2d_backward_fast", conv2d_backward, hidden=True)
### END HIDDEN TESTS

# %% test="conv2d_backward_errors" points=1
# Check that shapes, strides and paddings that cannot be raise ValueError.
check("05.conv2d_backward_errors", conv2d_backward)
### BEGIN HIDDEN TESTS
check("05.conv2d_backward_errors", conv2d_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
How far have you come? One layer of a small network, 32 pictures with 16 channels: your function against PyTorch's, both
on this computer's processor. Below 10 is usable, around 1 is good.
"""

# %%
import time

shapes = (32, 16, 28, 28), (16, 16, 3, 3), (32, 16, 28, 28)
x, w, dy = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
leaves = [torch.tensor(array, requires_grad=True) for array in (x, w, np.zeros(16, dtype="float32"))]


def by_torch():
    return torch.autograd.grad(F.conv2d(*leaves, padding=1), leaves, torch.from_numpy(dy))


def best_of(run, times=10):
    """Return the shortest of several durations, in milliseconds."""
    durations = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        durations.append(1000 * (time.perf_counter() - start))
    return min(durations)


yours, theirs = best_of(lambda: conv2d_backward(dy, x, w, padding=1)), best_of(by_torch)
print(f"backward in NumPy: {yours:.1f} ms; forward and backward in PyTorch: {theirs:.1f} ms")
print(f"ratio: {yours / theirs:.1f}")

# %% [markdown]
r"""
## 7. Why not ones?

**Points 3 · difficulty 2/5 · about 15 minutes**

The author in exercise 5 tested with a `dy` of ones, which is what `y.sum().backward()` does. In your own words:

1. Name a mistake in `dw` and one in `db` or `dx` that such a test cannot see, and say why it cannot.
2. Name a mistake that it does see.
3. Which four properties should the inputs of a good gradient test have, besides a random `dy`?
"""

# %% [markdown] manual="explain_ones" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. Any mistake that only moves the entries of `dy` about: flipped or transposed along its axes, of another sample or
   another kernel. An array of ones looks the same afterwards. And code that never uses `dy`: `dw` as a sum of windows, `db`
   as the number of outputs. With ones, what is left out is a factor of 1. Inside `dx` even a kernel that is not flipped
   goes unnoticed, because there every input collects all weights, in whatever order; only the border shows it.
2. What changes the size or the number of terms: a mean for a sum, an `=` for a `+=` where windows overlap, a batch that is
   not summed, a border that is not cut off.
3. A batch of more than one; different numbers in all places: height and width, channels in and out, kernel height and
   width; windows that overlap, with a stride that does not divide; padding, and also none; float64. (Any four.)
### END SOLUTION
"""

# %% [markdown]
r"""
## 8. A convolution that PyTorch can differentiate

**Points 7 · difficulty 4/5 · about 40 minutes**

PyTorch differentiates what it can trace. With a `torch.autograd.Function` you teach it a derivative of your own: a class
with a `forward` and a `backward`, used as `Conv2d.apply(x, w, b, stride, padding)`. `stride` and `padding` are whole
numbers, and `b` may be `None`.

Build both from three operations. `F.unfold(x, kernel_size, stride=…, padding=…)` copies all windows into columns,
$(N, C \cdot kh \cdot kw, L)$; a matrix product multiplies them by the kernels; `F.fold` is the transpose of unfold: it
adds columns back to where they came from. PyTorch's own convolutions and its own differentiation (`torch.autograd.grad`,
`torch.func`) are not allowed in here.

- What the backward pass needs of the *arguments* goes into `ctx.save_for_backward(x, w)`; numbers are attributes of `ctx`.
- `backward` gets `dy` and returns one gradient for each argument of `forward`, so five: `None` for `stride` and `padding`,
  and for a `b` that was `None`.

<details><summary>Hint 1</summary>

Forward: `w.flatten(1)` is $(K, C \cdot kh \cdot kw)$, and `@` multiplies it with every sample's columns: $(N, K, L)$.
`L` is $H' \cdot W'$, row by row: `unflatten(2, (rows, columns))` brings the places back.
</details>

<details><summary>Hint 2</summary>

Backward: with `dy.flatten(2)`, $(N, K, L)$, this is the fully connected layer of exercise 4, with the columns as its
input. Its `dx` are columns: `F.fold` them to `x.shape[2:]`. Its `dw` is summed over the batch. (Torch would forgive you: it
sums a gradient with an axis too many down to the shape of the argument. Sum it yourself all the same.)
</details>

<details><summary>Hint 3, for the bonus</summary>

PyTorch can differentiate your backward pass again if every step of it is an operation that PyTorch knows, and if all
that it uses comes from `dy` and from saved *arguments*. Columns that `forward` computed and saved are neither.
</details>
"""


# %% solution="Conv2d"
class Conv2d(torch.autograd.Function):
    """A convolution as in F.conv2d: x (N, C, H, W), w (K, C, kh, kw), b (K,) or None -> (N, K, H', W')."""

    @staticmethod
    def forward(ctx, x, w, b, stride, padding):
        """Multiply the windows of x by the kernels and add the bias."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(x, w)
        ctx.has_bias, ctx.windows = b is not None, {"kernel_size": w.shape[2:], "stride": stride, "padding": padding}
        y = w.flatten(1) @ F.unfold(x, **ctx.windows)  # (K, C*kh*kw) @ (N, C*kh*kw, L) -> (N, K, L)
        if b is not None:
            y = y + b[:, None]
        rows = (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1
        return y.unflatten(2, (rows, -1))
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dy):
        """Return the gradients of x, w and b, and None for stride and padding."""
        ### BEGIN SOLUTION
        x, w = ctx.saved_tensors
        dy = dy.flatten(2)  # (N, K, L)
        dx = F.fold(w.flatten(1).T @ dy, x.shape[2:], **ctx.windows)
        # Unfolded again, not saved: that takes less memory, and torch can follow it back to x.
        dw = (dy @ F.unfold(x, **ctx.windows).mT).sum(0).view_as(w)
        db = dy.sum((0, 2)) if ctx.has_bias else None
        return dx, dw, db, None, None
        ### END SOLUTION


# %% test="Conv2d" points=2
# Check that apply gives the output of a convolution, with and without bias, stride and padding.
check("05.Conv2d", Conv2d)
# By hand: 1*2 + 2*0 + 4*1 + 8*3, plus the bias 5.
x, w = torch.tensor([[[[1.0, 2.0], [4.0, 8.0]]]]), torch.tensor([[[[2.0, 0.0], [1.0, 3.0]]]])
b = torch.tensor([5.0])
assert Conv2d.apply(x, w, b, 1, 0).tolist() == [[[[2 + 4 + 24 + 5]]]]
### BEGIN HIDDEN TESTS
check("05.Conv2d", Conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="Conv2d_backward" points=3
# Check that a random upstream gradient gives the right gradients of x, w and b.
check("05.Conv2d_backward", Conv2d)
# By hand: one output, so its upstream gradient 10 multiplies everything.
leaves = [value.clone().requires_grad_() for value in (x, w, b)]
Conv2d.apply(*leaves, 1, 0).backward(torch.tensor([[[[10.0]]]]))
assert leaves[0].grad.tolist() == [[[[20, 0], [10, 30]]]]
assert leaves[1].grad.tolist() == [[[[10, 20], [40, 80]]]]
assert leaves[2].grad.tolist() == [10]
### BEGIN HIDDEN TESTS
check("05.Conv2d_backward", Conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="Conv2d_gradcheck" points=1
# Check that torch's gradcheck, which compares with central differences as you did, finds nothing.
check("05.Conv2d_gradcheck", Conv2d)
### BEGIN HIDDEN TESTS
check("05.Conv2d_gradcheck", Conv2d, hidden=True)
### END HIDDEN TESTS

# %% test="Conv2d_twice" points=1
# Bonus. Check that the gradients can be differentiated again, as torch's gradgradcheck asks.
check("05.Conv2d_twice", Conv2d)
### BEGIN HIDDEN TESTS
check("05.Conv2d_twice", Conv2d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 9. Use it: a network that learns with your derivative

**No points · about 10 minutes**

Two convolutions and a fully connected layer, trained once through 6,000 pictures of clothes. The convolutions are
yours, forward and backward; the optimiser only ever sees the gradients that you return. Beside it runs the same network
with PyTorch's own convolution, from the same start, on the same batches. (It takes a few seconds; where only one
processor is free and that one is busy, a minute or two.) *What do you expect of the two curves?*
"""

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"
images, labels = data.fashion_mnist("train")
pictures = torch.from_numpy(images[:6000, None]).float().to(device) / 255 - 0.5
classes = torch.from_numpy(labels[:6000]).to(device)
test_images, test_labels = data.fashion_mnist("test")
test_pictures = torch.from_numpy(test_images[:, None]).float().to(device) / 255 - 0.5
test_classes = torch.from_numpy(test_labels).to(device)


def start_weights():
    """Draw the weights of the network, the same in every call."""
    generator = torch.Generator().manual_seed(8)
    shapes = ((16, 1, 5, 5), (16,), (32, 16, 3, 3), (32,), (10, 32 * 7 * 7), (10,))
    scales = (0.2, 0.0, 0.1, 0.0, 0.03, 0.0)
    drawn = [torch.randn(shape, generator=generator) for shape in shapes]
    return [(scale * weight).to(device).requires_grad_() for scale, weight in zip(scales, drawn, strict=True)]


def network(convolve, weights, x):
    """Return the logits of the network, whose convolutions are computed by a function like F.conv2d."""
    w1, b1, w2, b2, w3, b3 = weights
    x = F.relu(convolve(x, w1, b1, 2, 2))  # 28 -> 14
    x = F.relu(convolve(x, w2, b2, 2, 1))  # 14 -> 7
    return F.linear(x.flatten(1), w3, b3)


def train(convolve, batch=40):
    """Return the losses of all steps, and the accuracy on the test pictures."""
    weights, losses = start_weights(), []
    optimiser = torch.optim.Adam(weights, lr=3e-3)
    for first in range(0, len(pictures), batch):
        part = slice(first, first + batch)
        loss = F.cross_entropy(network(convolve, weights, pictures[part]), classes[part])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    with torch.no_grad():
        correct = network(convolve, weights, test_pictures).argmax(1) == test_classes
    return losses, correct.float().mean().item()


yours, your_accuracy = train(Conv2d.apply)
theirs, their_accuracy = train(F.conv2d)
print(f"first step: your loss {yours[0]:.6f}, PyTorch's {theirs[0]:.6f}")
print(f"test accuracy: yours {your_accuracy:.1%}, PyTorch's {their_accuracy:.1%}")

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(theirs, color=plotting.BLUE, lw=3, alpha=0.4, label="PyTorch's convolution")
ax.plot(yours, color=plotting.VERMILLION, lw=0.8, label="your Conv2d")
ax.set(xlabel="step of training", ylabel="loss", title="Two convolutions, one way down")
ax.legend()
plotting.show(fig, "The losses of two networks over 150 steps of training fall together; the curves lie on each other.")

# %% [markdown]
r"""
Look at where the thin line leaves the thick one, if it does. The two sum in different orders, so their gradients differ
in the last digits of float32, and training makes such differences grow. The network does not care.

You now own the engine room: every weight of every convolutional network is moved by the three gradients that you wrote.
[Lecture 06](../../lectures/06_pooling.ipynb) adds the layers that make pictures smaller.
"""
