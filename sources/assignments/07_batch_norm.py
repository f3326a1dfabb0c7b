# %% [markdown]
r"""
# Assignment 07 · Batch normalisation

You write the layer that made deep networks easy to train: what it does in training, what it does in evaluation, and the
gradient that most people get wrong the first time. Then you make the layer disappear again, by folding it into a
convolution, and write its two relatives that do not need a batch.

**You need** [lecture 07](../../lectures/07_batch_norm.ipynb), NumPy, paper and pencil. **Time:** about two and a half
hours. **Points:** 33.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with PyTorch's. If something is wrong, it says what, shows
one case, and tells you how to get that case back into your hands. When the assignment is graded, the same checks run
with other numbers.

Four rules hold for every exercise.

- A batch `x` has shape (N, C, H, W) for images or (N, C) for vectors; the channels are axis 1. Where only one of the
  two is meant, the text says so.
- `float32` in gives `float32` out, and `float64` gives `float64`.
- The arrays that you are given stay as they are, running statistics included: new ones are *returned*.
- What is impossible raises `ValueError`, where the exercise says so. The checks look no further. But good code says why in
  the message, with the numbers that do not fit.

Write it in NumPy. PyTorch would do the work for you, so the checks refuse it.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
PyTorch computes the results that yours are compared with: on the GPU if it finds one, else on the processor. To choose,
run `%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. In training

**Points 8 · difficulty 3/5 · about 35 minutes**

Every channel is normalised on its own. Its $n = N \cdot H \cdot W$ values in the batch (for vectors $n = N$) have a mean
and a variance,

$$\mu = \frac1n \sum_i x_i, \qquad \sigma^2 = \frac1n \sum_i (x_i - \mu)^2, \qquad
\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y_i = \gamma\, \hat x_i + \beta .$$

$\gamma$ and $\beta$ are learned, one number each per channel. For evaluation, the layer also keeps running
statistics. With momentum $m$,

$$\mu_{\text{run}} \leftarrow (1-m)\,\mu_{\text{run}} + m\,\mu, \qquad
\sigma^2_{\text{run}} \leftarrow (1-m)\,\sigma^2_{\text{run}} + m\,\frac{n}{n-1}\,\sigma^2 .$$

Two things to look at twice. The momentum is the weight of the *new* value, as in PyTorch. And the variance that
normalises is divided by $n$, while the one that goes into the running estimate is divided by $n - 1$.

Your function returns four things, `(y, cache, running_mean, running_var)`. What you put into `cache` is up to you: it is
handed to *your* backward pass in exercise 3, and no check looks inside. A channel with a single value has no unbiased
variance, so $n = 1$ raises `ValueError`, and so does a `gamma`, `beta` or running statistic that does not have one value
per channel.

*On paper first:* a channel holds 1, 3, 5 and 7. What are its mean and its two variances? With $\varepsilon = 4$ the root
comes out whole.

<details><summary>Hint 1</summary>

`x.mean(axis=(0, 2, 3))` averages over three axes at once. For vectors the tuple is `(0,)`: all axes but 1.
</details>

<details><summary>Hint 2</summary>

A mean of shape (C,) must stand along axis 1 before it can be subtracted from (N, C, H, W): reshape it to
`(1, C, 1, 1)`. Or look at every image as C rows of pixels, `x.reshape(N, C, -1)`, which works for vectors too, and use
`mean[:, None]`.
</details>

<details><summary>Hint 3</summary>

`np.var` divides by n unless you ask otherwise. You can have the other variance from this one by one multiplication.
</details>
"""


# %% solution="batch_norm_train"
def batch_norm_train(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
    """Normalise each channel of a batch: (N, C, H, W) or (N, C) -> (y, cache, running_mean, running_var)."""
    ### BEGIN SOLUTION
    if x.ndim not in (2, 4):
        raise ValueError(f"batch_norm_train: x has shape {x.shape}, not (N, C, H, W) or (N, C).")
    channels = x.shape[1]
    if any(np.shape(value) != (channels,) for value in (gamma, beta, running_mean, running_var)):
        raise ValueError(f"batch_norm_train: gamma, beta and the running statistics need {channels} values, one per channel.")
    n = x.size // channels
    if n < 2:
        raise ValueError("batch_norm_train: one value per channel has no unbiased variance; use a larger batch.")
    rows = x.reshape(len(x), channels, -1)  # every channel of a sample is a row; a vector has rows of one value
    # A product with ones adds up rows, and vecdot squares and adds, without an array in between.
    mean = (rows @ np.ones(rows.shape[2], x.dtype)).sum(axis=0) / n
    y = rows - mean[:, None]
    var = np.vecdot(y, y).sum(axis=0) / n
    inverse_root = 1 / np.sqrt(var + eps)
    # From here on in place: at this size, time goes into reading and writing memory, not into arithmetic.
    y *= (gamma * inverse_root)[:, None]
    y += beta[:, None]
    running_mean = (1 - momentum) * running_mean + momentum * mean
    running_var = (1 - momentum) * running_var + momentum * (n / (n - 1)) * var
    return y.reshape(x.shape), (x, gamma, mean, inverse_root), running_mean, running_var
    ### END SOLUTION


# %% test="batch_norm_train" points=3
# Check that a batch of images is normalised channel by channel.
check("07.batch_norm_train", batch_norm_train)
# By hand, with eps = 4: the first channel has mean 4 and variance 5, the second has mean 8 and variance 12.
x = np.array([[[[1.0, 3.0]], [[2.0, 10.0]]], [[[5.0, 7.0]], [[10.0, 10.0]]]])
gamma, beta = np.array([3.0, 2.0]), np.array([1.0, -5.0])
y, *_ = batch_norm_train(x, gamma, beta, np.zeros(2), np.ones(2), eps=4.0)
assert np.allclose(y[:, 0].ravel(), [3 * (1 - 4) / 3 + 1, 3 * (3 - 4) / 3 + 1, 3 * (5 - 4) / 3 + 1, 3 * (7 - 4) / 3 + 1])
assert np.allclose(y[:, 1].ravel(), [2 * (2 - 8) / 4 - 5, 2 * (10 - 8) / 4 - 5, 2 * (10 - 8) / 4 - 5, 2 * (10 - 8) / 4 - 5])
### BEGIN HIDDEN TESTS
check("07.batch_norm_train", batch_norm_train, hidden=True)
### END HIDDEN TESTS

# %% test="batch_norm_train_vectors" points=1
# Check that a batch of vectors (N, C) is normalised over its samples.
check("07.batch_norm_train_vectors", batch_norm_train)
### BEGIN HIDDEN TESTS
check("07.batch_norm_train_vectors", batch_norm_train, hidden=True)
### END HIDDEN TESTS

# %% test="batch_norm_train_running" points=3
# Check that the running statistics move a step, momentum, towards those of the batch.
check("07.batch_norm_train_running", batch_norm_train)
# By hand, for the same two channels: half of the old value and half of the new one.
_, _, mean, var = batch_norm_train(x, gamma, beta, np.array([0.0, 0.0]), np.array([1.0, 1.0]), momentum=0.5)
assert np.allclose(mean, [(0 + 4) / 2, (0 + 8) / 2])
assert np.allclose(var, [(1 + 20 / 3) / 2, (1 + 48 / 3) / 2])
### BEGIN HIDDEN TESTS
check("07.batch_norm_train_running", batch_norm_train, hidden=True)
### END HIDDEN TESTS

# %% test="batch_norm_train_errors" points=1
# Check that one value per channel, and a gamma, beta or running statistic of the wrong length, raise ValueError.
check("07.batch_norm_train_errors", batch_norm_train)
### BEGIN HIDDEN TESTS
check("07.batch_norm_train_errors", batch_norm_train, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("07.batch_norm_train", 0)
print(*args, options, sep="\n")

# %% [markdown]
r"""
Once it works, let the running statistics follow a real stream of batches. They start at 0 and 1; the dashed line is the
mean of all the images. *After how many batches do you expect to be within 5 % of it?* Every step leaves
$1 - 0.1 = 0.9$ of the distance.
"""

# %%
images, _ = data.fashion_mnist("train")
images = images[:6400, None].astype(np.float32) / 255
mean, var = np.zeros(1, np.float32), np.ones(1, np.float32)
history = []
for start in range(0, len(images), 64):
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    _, _, mean, var = batch_norm_train(images[start : start + 64], one, zero, mean, var)
    history.append((mean[0], var[0]))

fig, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
for axis, values, goal, name in zip(
    axes, zip(*history, strict=True), (images.mean(), images.var()), ("mean", "variance"), strict=True
):
    axis.plot(values)
    axis.axhline(goal, ls="--", color=plotting.GREY, label="all images")
    axis.set(xlabel="batch", ylabel=f"running {name}", title=f"The running {name} arrives and stays")
    axis.legend()
plotting.show(fig, alt="Running mean and variance approach those of all images within about 40 batches, then hardly move.")
print(f"left of the distance after 28 batches: {0.9**28:.3f}, after 29: {0.9**29:.3f}")

# %% [markdown]
r"""
Look at the printed line: it takes 29 batches, for 28 leave a little more than 5 %. So thirty batches are how long the
layer's memory is. Evaluate a network before then, and its running statistics still remember the
0 and the 1 that they were born with.
"""

# %% [markdown]
r"""
## 2. Find the bugs: in evaluation

**Points 4 · difficulty 2/5 · about 15 minutes**

In evaluation the running statistics take the place of the batch's. So one image gives the same result alone as in any
company:

$$y = \gamma\, \frac{x - \mu_{\text{run}}}{\sqrt{\sigma^2_{\text{run}} + \varepsilon}} + \beta .$$

Somebody wrote it down in a hurry. The function runs, its results look plausible, and three things in it are wrong.
"""


# %%
def hurried_batch_norm_eval(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """Normalise each channel of x with the running statistics."""
    shape = (1, -1, 1, 1)
    mean = x.mean(axis=(0, 2, 3)).reshape(shape)
    root = np.sqrt(running_var).reshape(shape) + eps
    return gamma.reshape(shape) * ((x - mean) / root + beta.reshape(shape))


x = np.array([[[[1.0, 3.0]]], [[[5.0, 7.0]]]])
gamma, beta, running_mean, running_var = (np.array([value]) for value in (3.0, 1.0, 1.0, 12.0))
print("is:       ", hurried_batch_norm_eval(x, gamma, beta, running_mean, running_var, eps=4.0).ravel())
print("should be:", np.array([1.0, 2.5, 4.0, 5.5]))

# %% [markdown]
r"""
*Find all three before you type:* compare the code with the formula, symbol by symbol. Repair it, and let it take vectors
(N, C) as well as images.

<details><summary>Hint 1</summary>

Call the function on a batch of one image whose pixels are all equal. What does it answer, and why does it not depend on
the image?
</details>

<details><summary>Hint 2</summary>

Where is $\varepsilon$ in the formula, and what is multiplied by $\gamma$?
</details>

<details><summary>Hint 3</summary>

`(1, -1) + (1,) * (x.ndim - 2)` is the right shape for images and for vectors.
</details>
"""


# %% solution="batch_norm_eval"
def batch_norm_eval(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """Normalise each channel with the running statistics: (N, C, H, W) or (N, C) -> the same shape."""
    ### BEGIN SOLUTION
    if x.ndim not in (2, 4):
        raise ValueError(f"batch_norm_eval: x has shape {x.shape}, not (N, C, H, W) or (N, C).")
    channels = x.shape[1]
    if any(np.shape(value) != (channels,) for value in (gamma, beta, running_mean, running_var)):
        raise ValueError(f"batch_norm_eval: gamma, beta and the running statistics need {channels} values, one per channel.")
    # Nothing depends on the batch, so the four vectors shrink to two: one multiplication and one addition per entry.
    scale = gamma / np.sqrt(running_var + eps)
    shift = beta - running_mean * scale
    shape = (1, channels) + (1,) * (x.ndim - 2)
    y = x * scale.reshape(shape)
    y += shift.reshape(shape)
    return y
    ### END SOLUTION


# %% test="batch_norm_eval" points=3
# Check that images are normalised with the running statistics, whatever the batch.
check("07.batch_norm_eval", batch_norm_eval)
# By hand: the root is √(12 + 4) = 4.
x = np.array([[[[1.0, 3.0]]], [[[5.0, 7.0]]]])
gamma, beta, running_mean, running_var = (np.array([value]) for value in (3.0, 1.0, 1.0, 12.0))
y = batch_norm_eval(x, gamma, beta, running_mean, running_var, eps=4.0)
assert np.allclose(y.ravel(), [3 * (1 - 1) / 4 + 1, 3 * (3 - 1) / 4 + 1, 3 * (5 - 1) / 4 + 1, 3 * (7 - 1) / 4 + 1])
### BEGIN HIDDEN TESTS
check("07.batch_norm_eval", batch_norm_eval, hidden=True)
### END HIDDEN TESTS

# %% test="batch_norm_eval_vectors" points=1
# Check that vectors (N, C) are normalised with the running statistics.
check("07.batch_norm_eval_vectors", batch_norm_eval)
### BEGIN HIDDEN TESTS
check("07.batch_norm_eval_vectors", batch_norm_eval, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Backwards

**Points 9 · difficulty 5/5 · about 50 minutes**

Given the upstream gradient $dy = \partial L / \partial y$, find $dx$, $d\gamma$ and $d\beta$ in training mode. The last
two are short, because $y_i = \gamma \hat x_i + \beta$ with the same $\gamma$ and $\beta$ for all $n$ values of a channel:

$$d\beta = \sum_i dy_i, \qquad d\gamma = \sum_i dy_i\, \hat x_i .$$

The hard one is $dx$. Every $x_i$ reaches the loss on three ways: directly through its own $\hat x_i$, through the mean
$\mu$, and through the variance $\sigma^2$; and $\mu$ and $\sigma^2$ feed *all* the $\hat x_j$ of the channel. You may walk
back along the graph, node by node, or derive the closed form first and write only that. Lecture 07 has both.

The check calls your own `batch_norm_train` first, then hands its `cache` to your `batch_norm_backward` with a random
upstream gradient. So exercise 1 must be right before this one can be.

Test your formula on paper before you write it: if all $dy_i$ are equal, what must $dx$ be? (Add the same number to all
$x_i$ of a channel: what happens to $y$?)

<details><summary>Hint 1</summary>

On the graph: first $d\hat x = \gamma\, dy$. With $c = x - \mu$ and $r = (\sigma^2 + \varepsilon)^{-1/2}$ it is
$\hat x = c\,r$, so there are two ways back from it: $dr = \sum d\hat x\, c$ to the variance and $d\hat x\, r$ to $c$.
</details>

<details><summary>Hint 2</summary>

$\partial r / \partial \sigma^2 = -\tfrac12 r^3$, and $\partial \sigma^2 / \partial c_i = 2 c_i / n$. The two ways meet in
$dc$. Subtracting the mean in the forward pass means subtracting the mean of $dc$ in the backward pass.
</details>

<details><summary>Hint 3</summary>

The closed form has three terms in one bracket: $dy_i$, minus the mean of $dy$, minus $\hat x_i$ times the mean of
$dy\,\hat x$. In front of the bracket stand $\gamma$ and the root. You have both sums already: they are $d\beta$ and
$d\gamma$.
</details>

<details><summary>Hint 4</summary>

Still wrong? Test it with numbers. Paste your `numerical_gradient` from assignment 05 into a new cell; it takes
`(f, x, dy, eps=1e-6)` and measures the gradient of `(f(x) * dy).sum()`. Here `f` is
`lambda x: batch_norm_train(x, gamma, beta, mean, var)[0]`. Take a small `x` and a random `dy`, both in `float64`.
</details>
"""


# %% solution="batch_norm_backward"
def batch_norm_backward(dy, cache):
    """Return the gradients (dx, dgamma, dbeta) for the upstream gradient dy and the cache of batch_norm_train."""
    ### BEGIN SOLUTION
    x, gamma, mean, inverse_root = cache
    if dy.shape != x.shape:
        raise ValueError(f"batch_norm_backward: dy has shape {dy.shape}, but the forward pass returned {x.shape}.")
    rows = x.reshape(*x.shape[:2], -1)
    dy_rows = dy.reshape(rows.shape)
    n = x.size // x.shape[1]
    dx, ones, dbeta, dgamma = np.empty_like(dy_rows), np.ones(rows.shape[2], dy.dtype), 0, 0
    # So few samples at a time that they stay in the processor's cache from one line of a loop to the next.
    step = max(1, 2**17 // rows[0].size)
    parts = [slice(start, start + step) for start in range(0, len(rows), step)]
    for part in parts:
        # Centred again, in the place of the result: keeping the centred values since the forward pass would cost more.
        np.subtract(rows[part], mean[:, None], out=dx[part])
        dbeta = dbeta + (dy_rows[part] @ ones).sum(axis=0)
        dgamma = dgamma + np.vecdot(dy_rows[part], dx[part]).sum(axis=0) * inverse_root
    # dx = gamma / root * (dy - mean(dy) - x_hat * mean(dy * x_hat)), built up from the right, in place.
    factor, shift, scale = (value[:, None] for value in (-dgamma * inverse_root / n, dbeta / n, gamma * inverse_root))
    for part in parts:
        dx_part = dx[part]
        dx_part *= factor
        dx_part += dy_rows[part]
        dx_part -= shift
        dx_part *= scale
    return dx.reshape(x.shape), dgamma, dbeta
    ### END SOLUTION


# %% test="batch_norm_backward" points=5
# Check dx for images, with the cache of your own forward pass.
check("07.batch_norm_backward", batch_norm_train, batch_norm_backward)
# By hand: a channel 1, 3, 5, 7 with eps = 4 has x̂ = -1, -1/3, 1/3, 1. Only the last value has an upstream gradient.
x, dy = np.array([[1.0], [3.0], [5.0], [7.0]]), np.array([[0.0], [0.0], [0.0], [12.0]])
_, cache, _, _ = batch_norm_train(x, np.array([3.0]), np.array([1.0]), np.zeros(1), np.ones(1), eps=4.0)
dx, dgamma, dbeta = batch_norm_backward(dy, cache)
assert np.allclose(dx[:, 0], [0 - 3 + 1 * 3, 0 - 3 + 1 / 3 * 3, 0 - 3 - 1 / 3 * 3, 12 - 3 - 1 * 3])
### BEGIN HIDDEN TESTS
check("07.batch_norm_backward", batch_norm_train, batch_norm_backward, hidden=True)
### END HIDDEN TESTS

# %% test="batch_norm_backward_vectors" points=2
# Check dx for vectors (N, C).
check("07.batch_norm_backward_vectors", batch_norm_train, batch_norm_backward)
### BEGIN HIDDEN TESTS
check("07.batch_norm_backward_vectors", batch_norm_train, batch_norm_backward, hidden=True)
### END HIDDEN TESTS

# %% test="batch_norm_backward_parameters" points=2
# Check dgamma and dbeta, for images and for vectors.
check("07.batch_norm_backward_parameters", batch_norm_train, batch_norm_backward)
# By hand, for the same channel:
assert np.allclose(dbeta, [0 + 0 + 0 + 12])
assert np.allclose(dgamma, [0 + 0 + 0 + 12 * 1])
### BEGIN HIDDEN TESTS
check("07.batch_norm_backward_parameters", batch_norm_train, batch_norm_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Folding

**Points 5 · difficulty 3/5 · about 20 minutes**

In evaluation, batch normalisation multiplies each channel by a fixed number and adds another. A convolution in front of
it can do that itself. Find weights and a bias such that

$$\operatorname{conv}(x; w', b') = \operatorname{BN}\bigl(\operatorname{conv}(x; w, b)\bigr)$$

for every $x$: the same network with one layer less, which is what runs on a phone. `w` has shape (K, C, kh, kw), `gamma`,
`beta`, `mean` and `var` have shape (K,). A convolution in front of batch normalisation usually has no bias; then `b` is
None, and the folded one has a bias all the same.

<details><summary>Hint 1</summary>

Write the right side for one output channel $k$: $\gamma_k (w_k * x + b_k - \mu_k) / \sqrt{\sigma_k^2 + \varepsilon} + \beta_k$.
What multiplies $w_k * x$, and what is left?
</details>

<details><summary>Hint 2</summary>

The scale belongs to the *output* channels, axis 0 of `w`.
</details>
"""


# %% solution="fold_batch_norm"
def fold_batch_norm(w, b, gamma, beta, mean, var, eps=1e-5):
    """Fold batch normalisation into the convolution before it: w (K, C, kh, kw), b (K,) or None -> new (w, b)."""
    ### BEGIN SOLUTION
    if any(np.shape(value) != w.shape[:1] for value in (gamma, beta, mean, var)) or (b is not None and b.shape != w.shape[:1]):
        raise ValueError(f"fold_batch_norm: {w.shape[0]} kernels need as many values of b, gamma, beta, mean and var.")
    scale = gamma / np.sqrt(var + eps)
    # The convolution's own bias shifts its output, so it counts against the mean.
    offset = -mean if b is None else b - mean
    return w * scale.reshape(-1, 1, 1, 1), offset * scale + beta
    ### END SOLUTION


# %% test="fold_batch_norm" points=3
# Check the folded weights and bias of a convolution that has a bias.
check("07.fold_batch_norm", fold_batch_norm)
# By hand: √(5 + 4) = 3, so the scale is 6/3 = 2.
w, b = fold_batch_norm(
    np.array([[[[1.0, 2.0]]]]), np.array([5.0]), np.array([6.0]), np.array([1.0]), np.array([2.0]), np.array([5.0]), eps=4.0
)
assert np.allclose(w, [[[[2 * 1, 2 * 2]]]])
assert np.allclose(b, [2 * (5 - 2) + 1])
### BEGIN HIDDEN TESTS
check("07.fold_batch_norm", fold_batch_norm, hidden=True)
### END HIDDEN TESTS

# %% test="fold_batch_norm_without_bias" points=2
# Check that a convolution without bias gets one.
check("07.fold_batch_norm_without_bias", fold_batch_norm)
### BEGIN HIDDEN TESTS
check("07.fold_batch_norm_without_bias", fold_batch_norm, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Try it on real images. A 1×1 convolution is a matrix product over the channels, so three lines do here. The two results
should agree to the last digits that `float32` has.
"""

# %%
rng = np.random.default_rng(7)
photo = data.photograph("astronaut", size=64).transpose(2, 0, 1)[None].astype(np.float32) / 255
w, b, gamma, beta, mean = (rng.standard_normal(shape).astype(np.float32) for shape in ((8, 3, 1, 1), 8, 8, 8, 8))
var = rng.uniform(0.5, 2, 8).astype(np.float32)


def pointwise(x, w, b):
    """Convolve with a 1×1 kernel: (N, C, H, W), (K, C, 1, 1), (K,) -> (N, K, H, W)."""
    return np.einsum("nchw,kc->nkhw", x, w[:, :, 0, 0]) + b[:, None, None]


two_layers = batch_norm_eval(pointwise(photo, w, b), gamma, beta, mean, var)
one_layer = pointwise(photo, *fold_batch_norm(w, b, gamma, beta, mean, var))
print(f"largest difference {np.abs(two_layers - one_layer).max():.1e}, largest value {np.abs(two_layers).max():.1f}")

# %% [markdown]
r"""
## 5. Layer normalisation

**Points 2 · difficulty 2/5 · about 10 minutes**

Same formula, other values: now every *sample* is normalised with the mean and the variance of all its values, over
channels, height and width. No batch is needed, so there are no running statistics, and training and evaluation are the
same. For images (N, C, H, W) only; $\gamma$ and $\beta$ have the shape of a sample, (C, H, W).

<details><summary>Hint</summary>

`keepdims=True` leaves the averaged axes in place with length 1, so that the result can be subtracted at once.
</details>
"""


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    """Normalise each sample over its channels and pixels: (N, C, H, W), gamma and beta (C, H, W) -> (N, C, H, W)."""
    ### BEGIN SOLUTION
    if gamma.shape != x.shape[1:] or beta.shape != x.shape[1:]:
        raise ValueError(f"layer_norm: gamma {gamma.shape} and beta {beta.shape} must have a sample's shape, {x.shape[1:]}.")
    y = x - x.mean(axis=(1, 2, 3), keepdims=True)
    y /= np.sqrt((y * y).mean(axis=(1, 2, 3), keepdims=True) + eps)
    y *= gamma
    y += beta
    return y
    ### END SOLUTION


# %% test="layer_norm" points=2
# Check that every sample is normalised with its own mean and variance.
check("07.layer_norm", layer_norm)
# By hand: 1, 3, 5, 7 has mean 4 and variance 5.
x = np.array([[[[1.0, 3.0]], [[5.0, 7.0]]]])
gamma, beta = np.array([[[3.0, 6.0]], [[-3.0, 9.0]]]), np.array([[[1.0, 0.0]], [[2.0, -1.0]]])
y = layer_norm(x, gamma, beta, eps=4.0)
assert np.allclose(y.ravel(), [3 * (1 - 4) / 3 + 1, 6 * (3 - 4) / 3 + 0, -3 * (5 - 4) / 3 + 2, 9 * (7 - 4) / 3 - 1])
### BEGIN HIDDEN TESTS
check("07.layer_norm", layer_norm, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Group normalisation

**Points 3 · difficulty 3/5 · about 15 minutes**

Between the two extremes: cut the C channels of each sample into `groups` equal runs of neighbours, and normalise each run
with its own mean and variance, over its channels, height and width. With 6 channels and 3 groups, channels 0 and 1
belong together, 2 and 3, 4 and 5. $\gamma$ and $\beta$ have shape (C,) again, one number per *channel*. Groups that do
not divide the channels, and fewer than one, raise `ValueError`. For images (N, C, H, W) only.

<details><summary>Hint 1</summary>

One `reshape` puts each group on an axis of its own. In which order must the two new axes stand, so that neighbours stay
together?
</details>

<details><summary>Hint 2</summary>

Reshape back *before* you multiply by $\gamma$.
</details>
"""


# %% solution="group_norm"
def group_norm(x, groups, gamma, beta, eps=1e-5):
    """Normalise each group of channels of each sample: (N, C, H, W), gamma and beta (C,) -> (N, C, H, W)."""
    ### BEGIN SOLUTION
    samples, channels = x.shape[:2]
    if groups < 1 or channels % groups:
        raise ValueError(f"group_norm: {channels} channels cannot be cut into {groups} equal groups.")
    if gamma.shape != (channels,) or beta.shape != (channels,):
        raise ValueError(f"group_norm: gamma {gamma.shape} and beta {beta.shape} need {channels} values, one per channel.")
    rows = x.reshape(samples, groups, -1)  # neighbouring channels follow each other in memory, so a group is one row
    y = rows - rows.mean(axis=2, keepdims=True)
    y /= np.sqrt((y * y).mean(axis=2, keepdims=True) + eps)
    y = y.reshape(x.shape)
    y *= gamma.reshape(-1, 1, 1)
    y += beta.reshape(-1, 1, 1)
    return y
    ### END SOLUTION


# %% test="group_norm" points=2
# Check that every group of neighbouring channels is normalised on its own.
check("07.group_norm", group_norm)
# By hand: the first two channels hold 1, 3, 5, 7, the last two 2, 10, 10, 10, with mean 8 and variance 12.
x = np.array([[[[1.0, 3.0]], [[5.0, 7.0]], [[2.0, 10.0]], [[10.0, 10.0]]]])
y = group_norm(x, 2, np.array([3.0, 6.0, 2.0, -4.0]), np.array([1.0, 0.0, 2.0, -1.0]), eps=4.0)
assert np.allclose(y[0, 1].ravel(), [6 * (5 - 4) / 3 + 0, 6 * (7 - 4) / 3 + 0])
assert np.allclose(y[0, 2].ravel(), [2 * (2 - 8) / 4 + 2, 2 * (10 - 8) / 4 + 2])
### BEGIN HIDDEN TESTS
check("07.group_norm", group_norm, hidden=True)
### END HIDDEN TESTS

# %% test="group_norm_errors" points=1
# Check that groups which do not divide the channels raise ValueError.
check("07.group_norm_errors", group_norm)
### BEGIN HIDDEN TESTS
check("07.group_norm_errors", group_norm, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. In your own words

**Points 2 · difficulty 2/5 · about 10 minutes**

A trained classifier with batch normalisation is put to work. Its author forgot to switch it to evaluation. It scores
well on the test set, which arrives in batches of 256. A user sends one image at a time and complains. Explain in three
or four sentences why both are telling the truth, and which of your functions was called where another was meant. Would
the user have complained about group normalisation?
"""

# %% [markdown] manual="explain_eval" points=2
r"""
**Your answer**

### BEGIN SOLUTION
*One point for what differs between the two modes, one for why a single image suffers and group normalisation does not.*

In training mode an image is normalised with the statistics of the batch that it arrives in (`batch_norm_train`). Those of
256 test images are close to the running ones, so the scores are good. Alone, an image is normalised with its own mean and
variance: every channel is stretched to the same spread, and one that should be almost silent becomes as loud as the others.
`batch_norm_eval` was meant: it uses the running statistics, and company does not matter. Group normalisation never looks at
other samples, so nobody would have noticed a difference.
### END SOLUTION
"""
