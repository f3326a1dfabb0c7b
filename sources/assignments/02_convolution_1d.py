# %% [markdown]
r"""
# Assignment 02 · Convolution in one dimension

You write six functions. The first slides a kernel along one signal. The last does what a network's layer does: it takes a
batch of signals, with channels, bias, padding and stride. With that one you filter a photograph.

**You need** [lecture 02](../../lectures/02_convolution_1d.ipynb), NumPy, paper and pencil. **Time:** about two and a half hours.
**Points:** 30.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with PyTorch's. If something is wrong, it says what, shows
one case, and tells you how to get that case back into your hands. When the assignment is graded, the same checks run
with other numbers.

Four rules hold for every exercise.

- "Convolution" means cross-correlation, unless it says *true* convolution.
- The arrays hold floats: `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are.
- What is impossible, such as a kernel longer than its signal, raises `ValueError`. The checks look no further. But good
  code says why in the message, with the numbers that do not fit.

Write it in NumPy. `np.convolve`, `np.correlate`, SciPy and PyTorch would do the work for you, so the checks refuse them.
"""

# %%
import numpy as np

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
PyTorch computes the results that yours are compared with: on the GPU if it finds one, else on the processor. To choose,
run `%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. The sliding dot product

**Points 3 · difficulty 1/5 · about 15 minutes**

A signal $x$ has $m$ values, a kernel $w$ has $n \le m$ weights, also called *taps*. Lay the kernel on the signal,
multiply what lies on top of each other, add up; then move on by one:

$$y_i = \sum_{k=0}^{n-1} x_{i+k}\, w_k, \qquad i = 0, \dots, m-n .$$

Do it on paper first, for $x = (1, 2, 4, 7, 11)$ and $w = (1, 0, -2)$. You should get three values. Then write `conv1d`
with two loops, or one loop and a dot product.

<details><summary>Hint 1</summary>

How many outputs are there? Make an array of that many zeros, with the dtype of `x`: `np.zeros(count, dtype=x.dtype)`.
That is right because `x` holds floats. If you try your function on whole numbers, write `2.0` and not `2`: an array of
whole numbers would cut off every fraction.
</details>

<details><summary>Hint 2</summary>

The window of output `i` is the slice `x[i : i + n]`. A slice ends *before* its second index.
</details>

<details><summary>Hint 3</summary>

Test first what is impossible: if `n > m`, `raise ValueError("…")` with both lengths in the message.
</details>
"""


# %% solution="conv1d"
def conv1d(x, w):
    """Slide the kernel w over x without padding: (m,), (n,) -> (m - n + 1,)."""
    ### BEGIN SOLUTION
    m, n = len(x), len(w)
    if n > m:
        raise ValueError(f"conv1d: the kernel has {n} taps, but the signal only {m} values.")
    y = np.zeros(m - n + 1, dtype=np.result_type(x, w))
    for i in range(m - n + 1):
        for k in range(n):
            y[i] += x[i + k] * w[k]
    return y
    ### END SOLUTION


# %% [markdown]
r"""
This cell is yours to try things in. Once `conv1d` works, the last line shows it at work.
"""

# %%
x, w = np.array([1.0, 2.0, 4.0, 7.0, 11.0]), np.array([1.0, 0.0, -2.0])
plotting.slide_1d(x, w, conv1d(x, w))

# %% test="conv1d" points=2
# Check that every output is the dot product of the kernel with its window.
check("02.conv1d", conv1d)
# By hand:
x, w = np.array([1.0, 2.0, 4.0, 7.0, 11.0]), np.array([1.0, 0.0, -2.0])
by_hand = [1 * 1 + 2 * 0 + 4 * -2, 2 * 1 + 4 * 0 + 7 * -2, 4 * 1 + 7 * 0 + 11 * -2]
assert np.allclose(conv1d(x, w), by_hand)
### BEGIN HIDDEN TESTS
check("02.conv1d", conv1d, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_errors" points=1
# Check that a kernel longer than the signal raises ValueError, and one just as long does not.
check("02.conv1d_errors", conv1d)
### BEGIN HIDDEN TESTS
check("02.conv1d_errors", conv1d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("02.conv1d", 0)
print(*args, sep="\n")

# %% [markdown]
r"""
## 2. Padding

**Points 5 · difficulty 2/5 · about 20 minutes**

Each output needs a whole window, so the result is shorter than the signal. To keep its length, make the signal longer
before you slide. Three ways of inventing the missing values, for $x = (3, 1, 4, 5)$ with 2 values on the left and 1
on the right:

| `mode` | left | signal | right |
|---|---|---|---|
| `"zeros"` | 0 0 | 3 1 4 5 | 0 |
| `"replicate"`: hold the value at the edge | 3 3 | 3 1 4 5 | 5 |
| `"reflect"`: a mirror stands *on* the value at the edge | 4 1 | 3 1 4 5 | 4 |

Any other `mode` raises `ValueError`, and so does a negative `left` or `right`. In mode `"reflect"` a `left` or `right`
of $m$ or more does, too: the mirror shows only the $m - 1$ other values. The point is to get the indices right, so try it
without `np.pad`.

<details><summary>Hint 1</summary>

Make the result first, of length `left + m + right`. In every mode the signal itself goes to `y[left : left + m]`. That
is safer than `y[left:-right]`: with `right = 0` the latter is empty, because −0 is 0.
</details>

<details><summary>Hint 2</summary>

For `"reflect"`, which index of $x$ belongs at `y[left - 1]`, just left of the signal? At `y[left - 2]`? And at
`y[left + m]`, just right of it, and at `y[left + m + 1]`?
</details>
"""


# %% solution="pad1d"
def pad1d(x, left, right, mode):
    """Add values around x as the mode, 'zeros', 'replicate' or 'reflect', says: (m,) -> (left + m + right,)."""
    ### BEGIN SOLUTION
    m = len(x)
    if mode not in ("zeros", "replicate", "reflect"):
        raise ValueError(f"pad1d: the mode is 'zeros', 'replicate' or 'reflect', not {mode!r}.")
    if left < 0 or right < 0:
        raise ValueError(f"pad1d: left={left} and right={right} must not be negative.")
    if mode == "reflect" and max(left, right) >= m:
        raise ValueError(f"pad1d: a signal of {m} values can be reflected by {m - 1} at most, not {max(left, right)}.")
    y = np.zeros(left + m + right, dtype=x.dtype)
    y[left : left + m] = x
    if mode == "replicate":
        y[:left] = x[0]
        y[left + m :] = x[-1]
    elif mode == "reflect":
        y[:left] = x[1 : left + 1][::-1]
        y[left + m :] = x[m - 1 - right : m - 1][::-1]
    return y
    ### END SOLUTION


# %%
x = np.array([3.0, 1.0, 4.0, 5.0])
for mode in ("zeros", "replicate", "reflect"):
    print(f"{mode:>9}: {pad1d(x, 2, 1, mode)}")

# %% test="pad1d" points=1
# Check that 'zeros' adds so many zeros on the left and so many on the right.
check("02.pad1d", pad1d)
# By hand:
assert pad1d(np.array([3.0, 1.0, 4.0, 5.0]), 2, 1, "zeros").tolist() == [0, 0, 3, 1, 4, 5, 0]
### BEGIN HIDDEN TESTS
check("02.pad1d", pad1d, hidden=True)
### END HIDDEN TESTS

# %% test="pad1d_replicate" points=1
# Check that 'replicate' holds the values at the two edges.
check("02.pad1d_replicate", pad1d)
# By hand:
assert pad1d(np.array([3.0, 1.0, 4.0, 5.0]), 2, 1, "replicate").tolist() == [3, 3, 3, 1, 4, 5, 5]
### BEGIN HIDDEN TESTS
check("02.pad1d_replicate", pad1d, hidden=True)
### END HIDDEN TESTS

# %% test="pad1d_reflect" points=2
# Check that 'reflect' mirrors the signal at its edges without repeating the value there.
check("02.pad1d_reflect", pad1d)
# By hand:
assert pad1d(np.array([3.0, 1.0, 4.0, 5.0]), 2, 1, "reflect").tolist() == [4, 1, 3, 1, 4, 5, 4]
### BEGIN HIDDEN TESTS
check("02.pad1d_reflect", pad1d, hidden=True)
### END HIDDEN TESTS

# %% test="pad1d_errors" points=1
# Check that unknown modes, negative widths and reflections that are too long raise ValueError.
check("02.pad1d_errors", pad1d)
### BEGIN HIDDEN TESTS
check("02.pad1d_errors", pad1d, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Find the bugs: a moving average

**Points 4 · difficulty 2/5 · about 15 minutes**

A moving average replaces every value by the mean of the $k$ values around it, itself in the middle; so $k$ is odd. It
keeps the length of the signal: values beyond the edges count as zeros, and the sum is *always* divided by $k$. So $k$ may
be larger than the signal. An even $k$ raises `ValueError`.

Somebody wrote the function below in a hurry. It runs, it returns the right number of values, and most of them are
wrong. Three things are not as the paragraph above asks.
"""


# %%
def hurried_moving_average(x, k):
    """Replace each value by the mean of the k values around it."""
    y = np.zeros(len(x), dtype=x.dtype)
    for i in range(len(x)):
        window = x[max(0, i - k // 2) : i + k // 2]
        y[i] = window.sum() / len(window)
    return y


readings = np.array([3.0, 6.0, 9.0, 3.0, 0.0, 12.0])
print("is:       ", hurried_moving_average(readings, 3))
print("should be:", np.array([3.0, 6.0, 6.0, 4.0, 5.0, 4.0]))

# %% [markdown]
r"""
*Find all three before you type:* do the first two values on paper, once as the text says and once as the code does.
The first value is right, by accident. *Why?* Then write the function right, by repairing the code or in your own way.

<details><summary>Hint 1</summary>

Which values are in `window` for `i = 1` and `k = 3`? There should be three.
</details>

<details><summary>Hint 2</summary>

At `i = 0` the code divides 3 by 1. What should be divided, and by what? Two mistakes cancel there, because 6 is just
twice 3.
</details>

<details><summary>Hint 3</summary>

A way without any care for the edges: `pad1d` with the right number of zeros, then `conv1d` with a kernel of equal
weights.
</details>
"""


# %% solution="moving_average"
def moving_average(x, k):
    """Average the k (odd) values around each value of x, zeros beyond the edges: (m,) -> (m,)."""
    ### BEGIN SOLUTION
    if k < 1 or k % 2 == 0:
        raise ValueError(f"moving_average: k={k} must be odd, so that the window has a middle.")
    half = k // 2
    # Zeros beyond the edges add nothing to a sum, so cutting the window off there is enough: k still divides.
    sums = [x[max(0, i - half) : i + half + 1].sum() for i in range(len(x))]
    return np.array(sums, dtype=np.result_type(x, 1.0)) / k
    ### END SOLUTION


# %% test="moving_average" points=3
# Check that every value is the sum of k neighbours, with zeros beyond the edges, divided by k.
check("02.moving_average", moving_average)
# By hand:
readings = np.array([3.0, 6.0, 9.0, 3.0, 0.0, 12.0])
assert np.allclose(moving_average(readings, 3)[:2], [(0 + 3 + 6) / 3, (3 + 6 + 9) / 3])
### BEGIN HIDDEN TESTS
check("02.moving_average", moving_average, hidden=True)
### END HIDDEN TESTS

# %% test="moving_average_errors" points=1
# Check that an even k raises ValueError.
check("02.moving_average_errors", moving_average)
### BEGIN HIDDEN TESTS
check("02.moving_average_errors", moving_average, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. True convolution

**Points 5 · difficulty 3/5 · about 20 minutes**

In true convolution one index runs backwards:

$$(x * w)_i = \sum_k x_{i-k}\, w_k ,$$

where $x$ counts as zero beyond its edges. There are three conventions about how much of the result to keep, for
$n \le m$:

| `mode` | keeps | how many |
|---|---|---|
| `"full"` | every output that at least one value of $x$ takes part in | $m + n - 1$ |
| `"same"` | as many as $x$ has values: those of `"full"` from index $\lfloor (n-1)/2 \rfloor$ on | $m$ |
| `"valid"` | only outputs whose whole window lies inside $x$ | $m - n + 1$ |

`"same"` is cut out of `"full"`. If you pad instead, put $\lfloor n/2 \rfloor$ zeros on the left and
$\lfloor (n-1)/2 \rfloor$ on the right, and slide the flipped kernel. For even $n$ that is the other way round than
PyTorch's *same*.

These are the modes of `np.convolve`. Any other mode raises `ValueError`. A kernel longer than the signal does not occur:
no check tries one.

<details><summary>Hint 1</summary>

You have nearly everything already: flip the kernel with `w[::-1]`, then it is a cross-correlation.
</details>

<details><summary>Hint 2</summary>

For `"full"`, how many zeros does $x$ need on each side, so that the flipped kernel starts with just one tap on the
signal? `pad1d` adds them, `conv1d` slides.
</details>

<details><summary>Hint 3</summary>

Compute `"full"` for every mode, and cut out of it a slice given by its start and its length. Counting the end from
behind, as in `full[p:-p]`, goes wrong for `p = 0`.
</details>
"""


# %% solution="convolve"
def convolve(x, w, mode):
    """Convolve x truly with w, n <= m, mode 'full', 'same' or 'valid': (m,), (n,) -> (m + n - 1,), (m,) or (m - n + 1,)."""
    ### BEGIN SOLUTION
    m, n = len(x), len(w)
    if n > m:
        raise ValueError(f"convolve: the kernel has {n} taps, but the signal only {m} values.")
    kept = {"full": (0, m + n - 1), "same": ((n - 1) // 2, m), "valid": (n - 1, m - n + 1)}  # start and length
    if mode not in kept:
        raise ValueError(f"convolve: the mode is 'full', 'same' or 'valid', not {mode!r}.")
    start, length = kept[mode]
    full = conv1d(pad1d(x, n - 1, n - 1, "zeros"), w[::-1])
    return full[start : start + length]
    ### END SOLUTION


# %% test="convolve" points=2
# Check that 'full' adds up x[i - k] * w[k] for all m + n - 1 outputs.
check("02.convolve", convolve)
# By hand:
x, w = np.array([2.0, 1.0, 5.0, 3.0]), np.array([1.0, 0.0, -2.0])
by_hand = [2 * 1, 1 * 1 + 2 * 0, 5 * 1 + 1 * 0 + 2 * -2, 3 * 1 + 5 * 0 + 1 * -2, 3 * 0 + 5 * -2, 3 * -2]
assert np.allclose(convolve(x, w, "full"), by_hand)
### BEGIN HIDDEN TESTS
check("02.convolve", convolve, hidden=True)
### END HIDDEN TESTS

# %% test="convolve_same" points=1
# Check that 'same' keeps as many values as the signal has, from index (n - 1) // 2 of 'full' on.
check("02.convolve_same", convolve)
# By hand:
x, w = np.array([2.0, 1.0, 5.0, 3.0]), np.array([1.0, 0.0, -2.0])
assert np.allclose(convolve(x, w, "same"), [1 * 1 + 2 * 0, 5 * 1 + 1 * 0 + 2 * -2, 3 * 1 + 5 * 0 + 1 * -2, 3 * 0 + 5 * -2])
### BEGIN HIDDEN TESTS
check("02.convolve_same", convolve, hidden=True)
### END HIDDEN TESTS

# %% test="convolve_valid" points=1
# Check that 'valid' keeps only the outputs whose window lies inside the signal.
check("02.convolve_valid", convolve)
# By hand:
x, w = np.array([2.0, 1.0, 5.0, 3.0]), np.array([1.0, 0.0, -2.0])
assert np.allclose(convolve(x, w, "valid"), [5 * 1 + 1 * 0 + 2 * -2, 3 * 1 + 5 * 0 + 1 * -2])
### BEGIN HIDDEN TESTS
check("02.convolve_valid", convolve, hidden=True)
### END HIDDEN TESTS

# %% test="convolve_errors" points=1
# Check that a mode that does not exist raises ValueError.
check("02.convolve_errors", convolve)
### BEGIN HIDDEN TESTS
check("02.convolve_errors", convolve, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
### In your own words

**Points 3 · about 10 minutes · graded by a person**

A colleague trained a network with `torch.nn.Conv1d`. She copies the learned kernels into a program that filters signals
with `scipy.signal.convolve`, and gets different results. Why? What is the smallest change that mends it? And why had the
network no trouble learning, although the operation that it calls convolution is none?
"""

# %% [markdown] manual="explain_flip" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. `Conv1d` computes the cross-correlation $\sum_k x_{i+k} w_k$, while `scipy.signal.convolve` computes true
   convolution, $\sum_k x_{i-k} w_k$. The second one uses the kernel flipped.
2. Flip the kernel once more before it is used, `w[::-1]`. (`scipy.signal.correlate` does as well. Where the borders
   matter, padding and mode have to agree, too.)
3. Learning finds whatever weights make the loss small. A network with true convolution would learn the same kernels
   mirrored and compute the same outputs. Nothing in training depends on the name or on the direction.
### END SOLUTION
"""

# %% [markdown]
r"""
## 5. A convolution is a matrix

**Points 3 · difficulty 2/5 · about 10 minutes**

Every output of `conv1d` is a weighted sum of the values of $x$. So there is a matrix $T$ with $T x$ equal to the
convolution. Write down its first two rows for $w = (1, 0, -2)$ and $m = 5$ before you go on. Then write `toeplitz`, which
makes the whole matrix. What must be impossible for it is what is impossible for `conv1d`.

<details><summary>Hint 1</summary>

How many rows? One for each output. How many columns? One for each value of $x$.
</details>

<details><summary>Hint 2</summary>

Row `i` is zero, but for the kernel that lies on columns `i` to `i + n − 1`.
</details>
"""


# %% solution="toeplitz"
def toeplitz(w, m):
    """Make the matrix T with T @ x = conv1d(x, w) for signals of m values: (n,) -> (m - n + 1, m)."""
    ### BEGIN SOLUTION
    n = len(w)
    if n > m:
        raise ValueError(f"toeplitz: the kernel has {n} taps, but the signal only {m} values.")
    t = np.zeros((m - n + 1, m), dtype=w.dtype)
    for i in range(m - n + 1):
        t[i, i : i + n] = w
    return t
    ### END SOLUTION


# %% test="toeplitz" points=2
# Check that row i holds the kernel in columns i to i + n - 1, and that T @ x is the convolution.
check("02.toeplitz", toeplitz)
# By hand:
t = toeplitz(np.array([1.0, 0.0, -2.0]), 5)
assert t.tolist() == [[1, 0, -2, 0, 0], [0, 1, 0, -2, 0], [0, 0, 1, 0, -2]]
assert np.allclose(t @ np.array([1.0, 2.0, 4.0, 7.0, 11.0]), [1 - 8, 2 - 14, 4 - 22])
### BEGIN HIDDEN TESTS
check("02.toeplitz", toeplitz, hidden=True)
### END HIDDEN TESTS

# %% test="toeplitz_errors" points=1
# Check that a kernel longer than the signal raises ValueError, and one just as long does not.
check("02.toeplitz_errors", toeplitz)
### BEGIN HIDDEN TESTS
check("02.toeplitz_errors", toeplitz, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. What a layer does: batch, channels, bias, padding, stride

**Points 7 · difficulty 4/5 · about 40 minutes**

Now all of it. `x` is a batch $(N, C, L)$ of $N$ signals with $C$ channels, `w` holds $K$ kernels $(K, C, n)$, `b` one
number for each kernel, or is `None`. Every kernel looks at all channels at once:

$$y_{s,k,i} = b_k + \sum_{c=0}^{C-1} \sum_{t=0}^{n-1} \tilde x_{s,\,c,\,i \cdot \text{stride} + t}\; w_{k,c,t},
\qquad L' = \left\lfloor \frac{L + 2 \cdot \text{padding} - n}{\text{stride}} \right\rfloor + 1 ,$$

where $\tilde x$ is $x$ with `padding` zeros at both ends of each channel. This is `torch.nn.functional.conv1d`.

Make it right first: a version with many loops may earn all points. Do it in steps, one check after the other. First
batch and channels; then bias; then padding; then stride. A kernel longer than the padded signal, a `w` with another
number of channels than `x`, a stride below 1 and a negative padding raise `ValueError`.

<details><summary>Hint 1</summary>

Do not write the padding and the stride into the sums. Pad first, into a new array; and window `i` begins at
`i * stride`.
</details>

<details><summary>Hint 2</summary>

For one output, `x[s, :, start : start + n]` and `w[k]` have the same shape $(C, n)$. Multiply them, and add up
everything.
</details>

<details><summary>Hint 3: from loops to speed</summary>

For a fixed tap `t`, the values which it meets in all windows are one slice with a step:
`padded[..., t : t + (outputs - 1) * stride + 1 : stride]`. Stack these slices for all taps, and the sums over channels and
taps are one matrix product.
</details>
"""


# %% solution="conv1d_batch"
def conv1d_batch(x, w, b=None, stride=1, padding=0):
    """Convolve a batch, as a layer does: (N, C, L), (K, C, n), (K,) or None -> (N, K, L')."""
    ### BEGIN SOLUTION
    samples, channels, length = x.shape
    kernels, kernel_channels, taps = w.shape
    padded_length = length + 2 * padding
    if kernel_channels != channels:
        raise ValueError(f"conv1d_batch: the input has {channels} channels, but the kernels have {kernel_channels}.")
    if stride < 1 or padding < 0:
        raise ValueError(f"conv1d_batch: stride={stride} must be at least 1 and padding={padding} at least 0.")
    if taps > padded_length:
        raise ValueError(f"conv1d_batch: kernels of {taps} taps do not fit into {padded_length} padded values.")
    outputs = (padded_length - taps) // stride + 1
    reach = (outputs - 1) * stride + 1  # from the first window's start to the last one's, both included
    dtype = np.result_type(x, w)
    # Scratch for one sample, used again for each: it stays in the cache, and its borders stay zero.
    padded = np.zeros((channels, padded_length), dtype=dtype)
    columns = np.empty((channels, taps, outputs), dtype=dtype)
    rows = w.reshape(kernels, channels * taps)
    y = np.empty((samples, kernels, outputs), dtype=dtype)
    for s in range(samples):
        padded[:, padding : padding + length] = x[s]
        for t in range(taps):
            columns[:, t] = padded[:, t : t + reach : stride]
        np.matmul(rows, columns.reshape(channels * taps, outputs), out=y[s])
        if b is not None:
            y[s] += b[:, None]
    return y
    ### END SOLUTION


# %% test="conv1d_batch" points=2
# Check that each kernel sums over all channels, for each sample on its own.
check("02.conv1d_batch", conv1d_batch)
# By hand:
x = np.array([[[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]]])  # one sample, two channels
w = np.array([[[1.0, -1.0], [2.0, 5.0]], [[0.0, 1.0], [1.0, 0.0]]])  # two kernels
assert conv1d_batch(x, w).shape == (1, 2, 2)
assert np.isclose(conv1d_batch(x, w)[0, 0, 0], (1 * 1 + 2 * -1) + (0 * 2 + 1 * 5))
assert np.isclose(conv1d_batch(x, w)[0, 1, 1], (2 * 0 + 4 * 1) + (1 * 1 + 0 * 0))
### BEGIN HIDDEN TESTS
check("02.conv1d_batch", conv1d_batch, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_batch_bias" points=1
# Check that the bias of each kernel is added once to each of its outputs.
check("02.conv1d_batch_bias", conv1d_batch)
# By hand:
x, w, b = np.array([[[1.0, 2.0, 5.0]]]), np.array([[[1.0, -1.0]], [[0.0, 1.0]]]), np.array([10.0, 20.0])
assert np.allclose(conv1d_batch(x, w, b), [[[10 + 1 - 2, 10 + 2 - 5], [20 + 2, 20 + 5]]])
### BEGIN HIDDEN TESTS
check("02.conv1d_batch_bias", conv1d_batch, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_batch_padded" points=1
# Check that the padding adds zeros at both ends of each channel.
check("02.conv1d_batch_padded", conv1d_batch)
# By hand:
x, w = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 0.0, -2.0]]])
assert np.allclose(conv1d_batch(x, w, padding=1), [[[0 - 2 * 2, 1 - 2 * 4, 2 - 2 * 0]]])
### BEGIN HIDDEN TESTS
check("02.conv1d_batch_padded", conv1d_batch, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_batch_strided" points=2
# Check that windows are `stride` apart, and that one which does not fit at the end is left out.
check("02.conv1d_batch_strided", conv1d_batch)
# By hand:
x, w = np.array([[[1.0, 2.0, 4.0, 7.0, 11.0, 16.0]]]), np.array([[[1.0, 0.0, -2.0]]])
assert np.allclose(conv1d_batch(x, w, stride=2), [[[1 - 2 * 4, 4 - 2 * 11]]])
### BEGIN HIDDEN TESTS
check("02.conv1d_batch_strided", conv1d_batch, hidden=True)
### END HIDDEN TESTS

# %% test="conv1d_batch_errors" points=1
# Check that kernels, channels, strides and paddings that cannot be raise ValueError.
check("02.conv1d_batch_errors", conv1d_batch)
### BEGIN HIDDEN TESTS
check("02.conv1d_batch_errors", conv1d_batch, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Use it: a photograph, row by row

**No points · about 10 minutes**

Each row of a grey photograph is a signal. This one has 303 rows of 384 pixels: a batch of 303 signals with one channel,
and one call of your function filters them all. Three kernels: a blur, the difference between the right and the left
neighbour, and a second difference. *Before you run it: along which edges of the coins will the second picture be bright
or dark?*
"""

# %%
photograph = data.photograph("coins") / np.float32(255)
kernels = np.array([[1, 2, 3, 2, 1], [0, -1, 0, 1, 0], [0, 1, -2, 1, 0]], dtype=np.float32)
kernels[0] /= kernels[0].sum()
# (rows, 1, columns) -> (rows, 3, columns)
filtered = conv1d_batch(photograph[:, None], kernels[:, None], padding=2)
filtered.shape

# %%
blur, first, second = np.moveaxis(filtered, 1, 0)
plotting.show_images(
    [photograph, blur],
    titles=["photograph", "blurred along its rows"],
    alt="A grey photograph of coins in rows, and the same blurred from left to right.",
)
plotting.show_images(
    [first, second],
    titles=["first difference", "second difference"],
    limits=(-0.4, 0.4),
    alt="First and second difference along the rows: the left and right rims of the coins stand out, one bright, one dark.",
)

# %% [markdown]
r"""
Look at the coins in the first difference: their left and right rims stand out, their tops and bottoms vanish. A kernel
that moves along rows cannot see what changes from row to row. Filter the columns instead by giving the function
`photograph.T`, and the tops and bottoms appear. In topic 03 one kernel does both, because it has two directions.

The outermost columns of the first difference are a bright line and a dark one, one pixel wide, and they are no coins.
What made them?

Last, the price of loops. `conv1d` filters one row of the picture; `conv1d_batch` filters all of them in one call. *Which
is faster per row, and by how much?* The answer depends on how you wrote them, so guess before you run the cell.
"""

# %%
import timeit

row = photograph[0]
one_by_one = min(timeit.repeat(lambda: conv1d(row, kernels[0]), number=5, repeat=5)) / 5
as_batch = min(timeit.repeat(lambda: conv1d_batch(photograph[:, None], kernels[:1, None]), number=1, repeat=5))
print(f"one row: {1e6 * one_by_one:.0f} µs by conv1d, {1e6 * as_batch / len(photograph):.1f} µs in the batch")

# %% [markdown]
r"""
*Best of five runs.* A batch alone saves nothing. If your `conv1d_batch` runs plain Python loops, it is the slower one: it
takes the same steps for each row, and looks up more indices in each. If it goes by Hint 3, NumPy runs the loops, and a row
takes far less time than in `conv1d`. So if yours is slower, Hint 3 is the way on. Topic 03 makes it an exercise.
"""
