# %% [markdown]
r"""
# Assignment 08 · Training a CNN

Seven assignments ago you had a picture as an array of numbers. Since then you have written every layer of a convolutional
network, forwards and backwards. What is missing is everything around the layers: images made ready, a loss, an optimiser,
batches, a loop, and honest numbers in the end. You write all of it. Then you put your layers together to a LeNet and train
it on real pictures of clothes, without any framework. Only after that does PyTorch come in, and you will know what each of
its lines does.

**You need** [lecture 08](../../lectures/08_training_a_cnn.ipynb), NumPy, your layers from assignments 04 to 06, some PyTorch
for the last one. **Time:** about five hours. **Points:** 58.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
calls your function on several cases and compares the results with PyTorch's. If something is wrong, it says what, shows
one case, and tells you how to get that case back into your hands. When the assignment is graded, the same checks run
with other numbers.

Four rules hold for every exercise.

- Images are (N, C, H, W); labels are whole numbers from 0 on, (N,); logits are (N, classes).
- `float32` in gives `float32` out, and `float64` gives `float64`, where the text does not say otherwise.
- The arrays that you are given stay as they are. Only the two optimisers change theirs: that is what they are for.
- What is impossible raises `ValueError`, where the exercise asks for it; say in its message why.

Write it in NumPy, up to exercise 8. PyTorch would do the work for you, so the checks refuse it there.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnnkit import case, check, data, plotting

plotting.use_style()

# %% [markdown]
r"""
PyTorch computes the results that yours are compared with: on the GPU if it finds one, else on the processor. To choose,
run `%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. From pixels to numbers, and back

**Points 6 · difficulty 1/5 · about 20 minutes**

A network learns best from inputs around 0 with a spread of about 1. So every channel $c$ of an image, 8 bits per pixel, is
brought to the range from 0 to 1 and then standardised,

$$x_c = \frac{\text{pixels}_c / 255 - \mu_c}{\sigma_c} ,$$

with the mean $\mu$ and the standard deviation $\sigma$ of *all training images*, one of each per channel. They are numbers
of the training set, and of no other: test images are shifted by the same amounts, however bright they are.

`standardize` takes `uint8` (N, C, H, W) and returns `float32`. To show a standardised image you need the way back:
`unstandardize` returns `uint8`, rounded to the nearest whole number, and clipped to 0 … 255. (*What would a pixel of 257
become without the clipping?*) A mean or std that has not one value for each channel raises `ValueError`, and so does a std
that is not positive.

<details><summary>Hint 1</summary>

`mean` has shape (C,). It must stand along axis 1: `np.reshape(mean, (1, -1, 1, 1))`.
</details>

<details><summary>Hint 2</summary>

The way back undoes the last step first.
</details>
"""


# %% solution="standardize"
def standardize(images, mean, std):
    """Bring images to mean 0 and standard deviation 1: uint8 (N, C, H, W), (C,), (C,) -> float32 (N, C, H, W)."""
    ### BEGIN SOLUTION
    mean, std = np.asarray(mean), np.asarray(std)
    if mean.shape != (images.shape[1],) or std.shape != mean.shape:
        raise ValueError(f"standardize: {images.shape[1]} channels need as many means and stds: {mean.shape}, {std.shape}.")
    if not (std > 0).all():
        raise ValueError(f"standardize: std={std} must be positive.")
    mean, std = mean.reshape(1, -1, 1, 1), std.reshape(1, -1, 1, 1)
    return ((images / 255 - mean) / std).astype(np.float32)
    ### END SOLUTION


# %% test="standardize" points=2
# Check that pixels are scaled to 0 … 1, then shifted and divided, channel by channel.
check("08.standardize", standardize)
# By hand: 51 / 255 = 0.2
x = standardize(np.array([[[[0, 51], [102, 255]]]], np.uint8), np.array([0.2]), np.array([0.4]))
assert np.allclose(x, [[[[-0.5, 0], [0.5, 2]]]])
### BEGIN HIDDEN TESTS
check("08.standardize", standardize, hidden=True)
### END HIDDEN TESTS

# %% test="standardize_errors" points=1
# Check that statistics which do not fit raise ValueError.
check("08.standardize_errors", standardize)
### BEGIN HIDDEN TESTS
check("08.standardize_errors", standardize, hidden=True)
### END HIDDEN TESTS


# %% solution="unstandardize"
def unstandardize(x, mean, std):
    """Bring standardised images back to pixels: (N, C, H, W), (C,), (C,) -> uint8 (N, C, H, W)."""
    ### BEGIN SOLUTION
    pixels = 255 * (x * np.reshape(std, (1, -1, 1, 1)) + np.reshape(mean, (1, -1, 1, 1)))
    return np.clip(np.round(pixels), 0, 255).astype(np.uint8)
    ### END SOLUTION


# %% test="unstandardize" points=2
# Check that the pixels are those of before.
check("08.unstandardize", unstandardize)
# By hand, the same numbers back:
pixels = unstandardize(np.array([[[[-0.5, 0], [0.5, 2]]]], np.float32), np.array([0.2]), np.array([0.4]))
assert pixels.tolist() == [[[[0, 51], [102, 255]]]]
### BEGIN HIDDEN TESTS
check("08.unstandardize", unstandardize, hidden=True)
### END HIDDEN TESTS

# %% test="unstandardize_clipped" points=1
# Check that what is darker than 0 or brighter than 255 becomes 0 and 255.
check("08.unstandardize_clipped", unstandardize)
### BEGIN HIDDEN TESTS
check("08.unstandardize_clipped", unstandardize, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
The images for the rest of this assignment: 10,000 to train on, 2,000 to test. Mean and standard deviation are measured on
the training images, and then belong to the network like its weights.
"""

# %%
images, labels = data.fashion_mnist("train")
test_images, test_labels = data.fashion_mnist("test")
mean, std = np.array([images.mean() / 255]), np.array([images.std() / 255])
x_train = standardize(images[:, None], mean, std)
print(f"training images: mean {x_train.mean():+.3f}, standard deviation {x_train.std():.3f}")
x_test = standardize(test_images[:, None], mean, std)
print(f"test images:     mean {x_test.mean():+.3f}, standard deviation {x_test.std():.3f}")
names = [data.FASHION_MNIST_CLASSES[label] for label in labels[:10]]
plotting.show_images(unstandardize(x_train[:10], mean, std)[:, 0], names, columns=10, alt="Ten pieces of clothing.")

# %% [markdown]
r"""
## 2. The loss

**Points 8 · difficulty 3/5 · about 40 minutes**

Softmax turns the logits $z$ of an image into probabilities, and the loss is the negative logarithm of the one that
matters, that of the label $t$, averaged over the batch:

$$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad L = -\frac1N \sum_n \log p_{n,\,t_n}, \qquad
\frac{\partial L}{\partial z_{n,k}} = \frac1N \bigl(p_{n,k} - [k = t_n]\bigr) .$$

`cross_entropy` returns both, the loss and its gradient `dlogits`. *The gradient of every image sums to 0 over the classes:
why must it?*

In a computer, $e^{1000}$ is infinite and $\log e^{-1000}$ is $-\infty$, and training ends there. Two steps prevent it.
Subtract each row's largest logit $m$ first: numerator and denominator shrink by the same factor, and no exponent is
positive. And never take the logarithm of a probability; compute it from the logits,

$$\log p_k = z_k - m - \log \sum_j e^{z_j - m} .$$

A label outside $0 \dots \text{classes} - 1$ raises `ValueError`, and so does another number of labels than of images. (*What
would NumPy make of a label −1?*)

<details><summary>Hint 1</summary>

`logits.max(axis=1, keepdims=True)` has shape (N, 1) and can be subtracted as it is.
</details>

<details><summary>Hint 2</summary>

`log_p[np.arange(N), labels]` picks one entry from every row. `log_p[:, labels]` does not.
</details>

<details><summary>Hint 3</summary>

You have the probabilities as soon as you have their logarithms. From there, the gradient is a subtraction in N places
and a division.
</details>
"""


# %% solution="cross_entropy"
def cross_entropy(logits, labels):
    """Return the mean cross-entropy of a batch and its gradient: (N, classes), (N,) -> a number, (N, classes)."""
    ### BEGIN SOLUTION
    n, classes = logits.shape
    if labels.shape != (n,):
        raise ValueError(f"cross_entropy: {n} images need labels of shape ({n},), not {labels.shape}.")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"cross_entropy: the labels must lie between 0 and {classes - 1}.")
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    own = np.arange(n), labels
    dlogits = np.exp(log_p)
    dlogits[own] -= 1
    return -log_p[own].mean(), dlogits / n
    ### END SOLUTION


# %% test="cross_entropy" points=4
# Check that the loss is the mean over the batch, and dlogits its gradient.
check("08.cross_entropy", cross_entropy)
# By hand: the probabilities are 1/8, 3/8, 4/8 and 2/8, 5/8, 1/8.
loss, dlogits = cross_entropy(np.log(np.array([[1.0, 3.0, 4.0], [2.0, 5.0, 1.0]])), np.array([1, 0]))
assert np.isclose(loss, -(np.log(3 / 8) + np.log(2 / 8)) / 2)
assert np.allclose(dlogits, np.array([[1 / 8, 3 / 8 - 1, 4 / 8], [2 / 8 - 1, 5 / 8, 1 / 8]]) / 2)
### BEGIN HIDDEN TESTS
check("08.cross_entropy", cross_entropy, hidden=True)
### END HIDDEN TESTS

# %% test="cross_entropy_stable" points=3
# Check that large logits give exact and finite results.
check("08.cross_entropy_stable", cross_entropy)
# By hand: the label's logit is 1000 below the other, so its probability is exp(-1000).
assert np.isclose(cross_entropy(np.array([[1000.0, 0.0]]), np.array([1]))[0], 1000)
### BEGIN HIDDEN TESTS
check("08.cross_entropy_stable", cross_entropy, hidden=True)
### END HIDDEN TESTS

# %% test="cross_entropy_errors" points=1
# Check that impossible labels raise ValueError.
check("08.cross_entropy_errors", cross_entropy)
### BEGIN HIDDEN TESTS
check("08.cross_entropy_errors", cross_entropy, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("08.cross_entropy", 0)
print(*args, options, sep="\n")

# %% [markdown]
r"""
Remember one number. A network that knows nothing gives all ten classes about the same probability. *What is its loss?* This
is the first rung of the debug ladder: before any training, the loss must be close to it.
"""

# %%
print(f"ten equal logits: loss {cross_entropy(np.zeros((1, 10)), np.array([3]))[0]:.4f}, log 10 = {np.log(10):.4f}")

# %% [markdown]
r"""
## 3. Batches

**Points 4 · difficulty 1/5 · about 15 minutes**

An epoch goes through all images once, in an order drawn anew each time. `iterate_batches(n, batch_size, generator)` gives
the indices 0 … n − 1, shuffled, as arrays of `batch_size` whole numbers; the last one may be shorter, never empty. Draw
from the `np.random.Generator` that you are given: then the same seed gives the same order, and the next epoch another one.
Yield them one by one, or return a list. A batch size below 1 raises `ValueError`.

<details><summary>Hint</summary>

`generator.permutation(n)` does the shuffling. A slice that reaches beyond the end is cut off by itself.
</details>
"""


# %% solution="iterate_batches"
def iterate_batches(n, batch_size, generator):
    """Yield the indices 0 ... n - 1 in random order, as arrays of batch_size; the last one may be shorter."""
    ### BEGIN SOLUTION
    if batch_size < 1:
        raise ValueError(f"iterate_batches: batch_size={batch_size} must be at least 1.")
    order = generator.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]
    ### END SOLUTION


# %% test="iterate_batches" points=3
# Check that an epoch has every index once, in an order that the generator draws.
check("08.iterate_batches", iterate_batches)
# By hand: seven indices in batches of three.
found = list(iterate_batches(7, 3, np.random.default_rng(0)))
assert [len(batch) for batch in found] == [3, 3, 1]
assert sorted(np.concatenate(found).tolist()) == [0, 1, 2, 3, 4, 5, 6]
### BEGIN HIDDEN TESTS
check("08.iterate_batches", iterate_batches, hidden=True)
### END HIDDEN TESTS

# %% test="iterate_batches_errors" points=1
# Check that batches of less than one image raise ValueError.
check("08.iterate_batches_errors", iterate_batches)
### BEGIN HIDDEN TESTS
check("08.iterate_batches_errors", iterate_batches, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Downhill: SGD with momentum, and Adam

**Points 10 · difficulty 3/5 · about 45 minutes**

`params` is a list of arrays, the weights of a network, and `grads` is a list of their gradients in the same order. An
optimiser **changes the arrays of `params` in place** and returns nothing: the network keeps its arrays, and finds new
numbers in them. So write `p -= …` or `p[...] = …`. (`p = p - …` makes an array that nobody knows.) The gradients stay as
they are.

**SGD**, as `torch.optim.SGD` does it. With momentum $\mu$ and weight decay $\lambda$, for every parameter $p$ with gradient
$g$ and velocity $v$:

$$g \leftarrow g + \lambda\, p, \qquad v \leftarrow \mu\, v + g, \qquad p \leftarrow p - \text{lr} \cdot v .$$

`velocity` is a list of arrays shaped like `params`, zeros before the first step. They are updated in place, too: the next
step needs them. Look at where the learning rate stands: not in the velocity. *When does that make a difference?*

<details><summary>Hint 1</summary>

`for p, g, v in zip(params, grads, velocity):` and three lines.
</details>

<details><summary>Hint 2</summary>

`v *= momentum` and `v += g` change an array in place. `g += …` would change the caller's gradient: `g = g + …`.
</details>
"""


# %% solution="sgd_step"
def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    """Take a step of SGD as torch.optim.SGD does: params and velocity, lists of arrays, are changed in place."""
    ### BEGIN SOLUTION
    for p, g, v in zip(params, grads, velocity, strict=True):
        v *= momentum
        v += g
        if weight_decay:
            v += weight_decay * p
        p -= lr * v
    ### END SOLUTION


# %% test="sgd_step" points=2
# Check that several steps lead where torch's SGD goes.
check("08.sgd_step", sgd_step)
# By hand: 10 - 0.5 * 4
weight = np.array([10.0])
sgd_step([weight], [np.array([4.0])], [np.zeros(1)], lr=0.5)
assert np.allclose(weight, [8])
### BEGIN HIDDEN TESTS
check("08.sgd_step", sgd_step, hidden=True)
### END HIDDEN TESTS

# %% test="sgd_step_momentum" points=2
# Check that the velocity remembers former gradients, and not former learning rates.
check("08.sgd_step_momentum", sgd_step)
# By hand: v = 4, then v = 0.5 * 4 + 4 = 6.
weight, velocity = np.array([10.0]), np.zeros(1)
sgd_step([weight], [np.array([4.0])], [velocity], lr=0.5, momentum=0.5)
sgd_step([weight], [np.array([4.0])], [velocity], lr=0.1, momentum=0.5)
assert np.allclose(weight, [10 - 0.5 * 4 - 0.1 * 6])
### BEGIN HIDDEN TESTS
check("08.sgd_step_momentum", sgd_step, hidden=True)
### END HIDDEN TESTS

# %% test="sgd_step_weight_decay" points=1
# Check that weight decay is part of the gradient, also with momentum.
check("08.sgd_step_weight_decay", sgd_step)
# By hand: the gradient is 4 + 0.1 * 10.
weight = np.array([10.0])
sgd_step([weight], [np.array([4.0])], [np.zeros(1)], lr=0.5, weight_decay=0.1)
assert np.allclose(weight, [10 - 0.5 * 5])
### BEGIN HIDDEN TESTS
check("08.sgd_step_weight_decay", sgd_step, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
**Adam**, as `torch.optim.Adam` does it. Two running averages for every parameter, of the gradient and of its square, both
0 before the first step; $t$ counts the steps, 1 in the first:

$$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2,$$

$$p \leftarrow p - \text{lr} \cdot \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon} .$$

`state` is a dictionary, empty before the first step and the same in every call: keep in it what you need, under names of
your choice. *In the first step, what does the fraction come to, whatever the gradient?*

<details><summary>Hint 1</summary>

`t = state["t"] = state.get("t", 0) + 1`, once per call. `state.setdefault("m", [np.zeros_like(p) for p in params])` gives
the averages, and makes them the first time.
</details>

<details><summary>Hint 2</summary>

The correction comes before the root, ε after it.
</details>
"""


# %% solution="adam_step"
def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """Take a step of Adam as torch.optim.Adam does: params, a list of arrays, and state, a dict, are changed in place."""
    ### BEGIN SOLUTION
    one, two = betas
    t = state["t"] = state.get("t", 0) + 1
    means = state.setdefault("m", [np.zeros_like(p) for p in params])
    squares = state.setdefault("v", [np.zeros_like(p) for p in params])
    for p, g, m, v in zip(params, grads, means, squares, strict=True):
        m *= one
        m += (1 - one) * g
        v *= two
        v += (1 - two) * g**2
        p -= lr * (m / (1 - one**t)) / (np.sqrt(v / (1 - two**t)) + eps)
    ### END SOLUTION


# %% test="adam_step" points=5
# Check that several steps lead where torch's Adam goes.
check("08.adam_step", adam_step)
# By hand: in the first step the corrected averages are g and g², so the step is lr * g / (|g| + eps).
weight = np.array([10.0, 10.0])
adam_step([weight], [np.array([3.0, -0.5])], {}, lr=0.5, eps=1.0)
assert np.allclose(weight, [10 - 0.5 * 3 / 4, 10 + 0.5 * 0.5 / 1.5])
### BEGIN HIDDEN TESTS
check("08.adam_step", adam_step, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
A valley that is a hundred times as steep across as along shows what the three are for. *Which of them will hop from wall to
wall?*
"""

# %%
slope = np.array([1.0, 100.0])  # the height is (x² + 100 y²) / 2
velocity, without, state = [np.zeros(2)], [np.zeros(2)], {}
ways = {
    "SGD": lambda p, g: sgd_step(p, g, without, lr=0.018),
    "SGD with momentum 0.8": lambda p, g: sgd_step(p, g, velocity, lr=0.018, momentum=0.8),
    "Adam": lambda p, g: adam_step(p, g, state, lr=0.3),
}
fig, ax = plt.subplots(figsize=(7, 2.8))
for (name, step), colour in zip(ways.items(), (plotting.VERMILLION, plotting.BLUE, plotting.GREEN), strict=True):
    place = np.array([-9.0, 0.8])
    path = [place.copy()]
    for _ in range(60):
        step([place], [slope * place])
        path.append(place.copy())
    label = f"{name}: height {(slope @ place**2) / 2:.2g} in the end"
    ax.plot(*np.transpose(path), ".-", ms=3, lw=0.8, color=colour, label=label)
ax.plot(0, 0, "k*", ms=10)
ax.set(xlabel="along the valley", ylabel="across", title="Sixty steps down a narrow valley")
ax.legend()
plotting.show(fig, "Paths of three optimisers in a narrow valley: SGD hops across it, momentum and Adam get along it.")

# %% [markdown]
r"""
## 5. A LeNet in your own layers

**Points 9 · difficulty 4/5 · about 70 minutes**

Now the network, after LeCun's of 1998. Its input is (N, 1, 28, 28).

| layer | output | parameters |
|---|---|---|
| convolution 5×5, padding 2, then ReLU | (N, 6, 28, 28) | `w1` (6, 1, 5, 5), `b1` (6,) |
| max pooling 2×2 | (N, 6, 14, 14) | |
| convolution 5×5, then ReLU | (N, 16, 10, 10) | `w2` (16, 6, 5, 5), `b2` (16,) |
| max pooling 2×2 | (N, 16, 5, 5) | |
| flatten, channel by channel as (N, C, H, W) lies in memory | (N, 400) | |
| dense, then ReLU | (N, 120) | `w3` (120, 400), `b3` (120,) |
| dense, then ReLU | (N, 84) | `w4` (84, 120), `b4` (84,) |
| dense: the logits | (N, 10) | `w5` (10, 84), `b5` (10,) |

First its layers. You have them all: paste your `conv2d`, `conv2d_backward`, `max_pool2d`, `max_pool2d_backward`,
`relu_backward` and `linear_backward` into the cell below, over the empty ones, with the helpers that they call. Stride,
dilation and groups are not needed here.

*Fast enough?* Ten thousand images make an epoch, and exercise 7 asks for a few of them in 30 seconds. A loop over the taps
is fast enough for that; a loop over pixels is not.

Then the class. It has a constructor and three methods.

- `NumpyLeNet(generator, dtype=np.float32)` draws the start weights from the generator. The units of a layer must differ,
  else they would learn the same things for ever. And their size must be right: with weights of standard deviation
  $\sqrt{1/n}$, where $n$ is the number of inputs of one unit (25, 150, 400, 120, 84), a signal neither dies out nor
  explodes, and the first loss is near $\log 10$. (With $\sqrt{2/n}$, the usual choice for ReLUs, this network starts a
  little higher, because every maximum adds to the signal; it learns as well.) The biases may be 0.
- `forward(x)` returns the logits, and keeps what the backward pass will need.
- `backward(dlogits)` returns the gradients for the batch of the last `forward`, a list in the order of `parameters()`.
- `parameters()` returns the list `[w1, b1, w2, b2, w3, b3, w4, b4, w5, b5]`: the network's own arrays, not copies. The
  optimiser changes them, and so does the check, which puts weights of its own into them.

<details><summary>Hint 1</summary>

Write `forward` first, one line per layer, and check it. Then go through it from the last line to the first: each line
becomes one call of a `…_backward`.
</details>

<details><summary>Hint 2</summary>

What does a `…_backward` need? The *input* of its layer (of the ReLU: what went into it), the pooling its index and the shape
of its input. Keep those in attributes.
</details>

<details><summary>Hint 3</summary>

Flattening is undone by `reshape` to the shape of before.
</details>

<details><summary>Hint 4</summary>

A maximum of values cut off at 0 is the maximum cut off at 0. So pooling first and ReLU second gives the same numbers and a
quarter of the work for the ReLU.
</details>
"""


# %% solution="NumpyLeNet"
def conv2d(x, w, b, padding=0):
    """Convolve images with kernels: (N, C, H, W), (K, C, kh, kw), (K,) -> (N, K, H', W')."""
    ### BEGIN SOLUTION
    # The images of a batch lie side by side in memory here, pixel by pixel: arrays are (C, H, W, N) inside, (N, C, H, W)
    # outside. So even a row of ten pixels is 640 numbers long for a batch of 64, which is faster to copy and to add.
    rows = x.shape[2] + 2 * padding - w.shape[2] + 1
    y = w.reshape(len(w), -1) @ _columns(x, w, padding)
    y += b[:, None]
    return y.reshape(len(w), rows, -1, len(x)).transpose(3, 0, 1, 2)


def _columns(x, w, padding):
    """Copy each window of a stride of 1 into a column: (N, C, H, W) -> (C * kh * kw, H' * W' * N)."""
    padded = np.pad(x.transpose(1, 2, 3, 0), ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(1, 2))  # (C, H', W', N, kh, kw)
    return windows.transpose(0, 4, 5, 1, 2, 3).reshape(w[0].size, -1)
    ### END SOLUTION


def conv2d_backward(dy, x, w, padding=0):
    """Return dx, dw and db of conv2d: (N, K, H', W'), (N, C, H, W), (K, C, kh, kw) -> like x, like w, (K,)."""
    ### BEGIN SOLUTION
    (k, c, kh, kw), (rows, columns) = w.shape, dy.shape[2:]
    upstream = dy.transpose(1, 2, 3, 0).reshape(k, -1)
    dw, db = (_columns(x, w, padding) @ upstream.T).T.reshape(w.shape), upstream.sum(axis=1)
    if c == 1:
        return None, dw, db  # the images themselves: nobody asks for their gradient
    shares = (w.reshape(k, -1).T @ upstream).reshape(c, kh, kw, rows, columns, -1)
    dx = np.zeros((c, x.shape[2] + 2 * padding, x.shape[3] + 2 * padding, len(x)), dtype=x.dtype)
    for r in range(kh):
        for t in range(kw):
            dx[:, r : r + rows, t : t + columns] += shares[:, r, t]
    return dx[:, padding : padding + x.shape[2], padding : padding + x.shape[3]].transpose(3, 0, 1, 2), dw, db
    ### END SOLUTION


def max_pool2d(x, k):
    """Return the maximum of each window side by side, and where it was: (N, C, H, W) -> y, index (N, C, H / k, W / k)."""
    ### BEGIN SOLUTION
    y = x[:, :, ::k, ::k].copy(order="K")
    index = np.zeros_like(y, dtype=np.int8)  # in the window, row by row: the other form of an index
    for place in range(1, k * k):
        values = x[:, :, place // k :: k, place % k :: k]
        np.maximum(index, (values > y) * np.int8(place), out=index)
        np.maximum(y, values, out=y)
    return y, index
    ### END SOLUTION


def max_pool2d_backward(dy, index, x_shape):
    """Route every gradient to its maximum: dy, index (N, C, H', W') -> dx of shape x_shape."""
    ### BEGIN SOLUTION
    k = x_shape[2] // dy.shape[2]
    dx = np.empty((*x_shape[1:], x_shape[0]), dtype=dy.dtype).transpose(3, 0, 1, 2)
    for place in range(k * k):
        np.multiply(dy, index == place, out=dx[:, :, place // k :: k, place % k :: k])
    return dx
    ### END SOLUTION


def relu_backward(dy, x):
    """Return dx of y = max(x, 0): two arrays of one shape -> an array of that shape."""
    ### BEGIN SOLUTION
    dx = np.zeros_like(x)
    np.copyto(dx, dy, where=x > 0)
    return dx
    ### END SOLUTION


def linear_backward(dy, x, w):
    """Return dx, dw and db of y = x @ w.T + b: (N, M), (N, D), (M, D) -> (N, D), (M, D), (M,)."""
    ### BEGIN SOLUTION
    return dy @ w, dy.T @ x, dy.sum(axis=0)
    ### END SOLUTION


class NumpyLeNet:
    """LeNet on images of 28 × 28 pixels, in NumPy."""

    def __init__(self, generator, dtype=np.float32):
        """Draw the start weights from a np.random.Generator."""
        ### BEGIN SOLUTION
        shapes = ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))
        self.weights = []
        for shape in shapes:
            scale = np.sqrt(1 / np.prod(shape[1:]))
            self.weights += [(scale * generator.standard_normal(shape)).astype(dtype), np.zeros(shape[0], dtype)]
        ### END SOLUTION

    def parameters(self):
        """Return the arrays [w1, b1, w2, b2, w3, b3, w4, b4, w5, b5], which may be changed in place."""
        ### BEGIN SOLUTION
        return self.weights
        ### END SOLUTION

    def forward(self, x):
        """Return the logits: (N, 1, 28, 28) -> (N, 10)."""
        ### BEGIN SOLUTION
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = self.weights
        self.x, self.shape1 = x, (len(x), 6, 28, 28)
        self.p1, self.index1 = max_pool2d(conv2d(x, w1, b1, padding=2), 2)  # ReLU after pooling: the same, for fewer values
        self.a1, self.shape2 = np.maximum(self.p1, 0), (len(x), 16, 10, 10)
        self.p2, self.index2 = max_pool2d(conv2d(self.a1, w2, b2), 2)
        self.a2 = np.maximum(self.p2, 0).reshape(len(x), -1)
        self.h3 = self.a2 @ w3.T + b3
        self.a3 = np.maximum(self.h3, 0)
        self.h4 = self.a3 @ w4.T + b4
        self.a4 = np.maximum(self.h4, 0)
        return self.a4 @ w5.T + b5
        ### END SOLUTION

    def backward(self, dlogits):
        """Return the gradients of the parameters, in their order, for the upstream gradient of the logits (N, 10)."""
        ### BEGIN SOLUTION
        _, _, w2, _, w3, _, w4, _, w5, _ = self.weights
        d, *of5 = linear_backward(dlogits, self.a4, w5)
        d, *of4 = linear_backward(relu_backward(d, self.h4), self.a3, w4)
        d, *of3 = linear_backward(relu_backward(d, self.h3), self.a2, w3)
        d = max_pool2d_backward(relu_backward(d.reshape(self.p2.shape), self.p2), self.index2, self.shape2)
        d, *of2 = conv2d_backward(d, self.a1, w2)
        d = max_pool2d_backward(relu_backward(d, self.p1), self.index1, self.shape1)
        _, *of1 = conv2d_backward(d, self.x, self.weights[0], padding=2)
        return [*of1, *of2, *of3, *of4, *of5]
        ### END SOLUTION


# %% test="NumpyLeNet" points=3
# Check that the logits are those of torch's layers with the same weights.
check("08.NumpyLeNet", NumpyLeNet)
### BEGIN HIDDEN TESTS
check("08.NumpyLeNet", NumpyLeNet, hidden=True)
### END HIDDEN TESTS

# %% test="NumpyLeNet_backward" points=4
# Check that all ten gradients are those of torch's autograd, in float64, also after another batch.
check("08.NumpyLeNet_backward", NumpyLeNet)
### BEGIN HIDDEN TESTS
check("08.NumpyLeNet_backward", NumpyLeNet, hidden=True)
### END HIDDEN TESTS

# %% test="NumpyLeNet_start" points=2
# Check that the start is random, repeatable, and of a size from which one can learn.
check("08.NumpyLeNet_start", NumpyLeNet)
### BEGIN HIDDEN TESTS
check("08.NumpyLeNet_start", NumpyLeNet, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Climb the debug ladder before you train. First rung: shapes, and a first loss near $\log 10$. Second rung: a network that
cannot learn twenty images by heart has a bug. *After how many steps does yours know them?*
"""

# %%
net = NumpyLeNet(np.random.default_rng(8))
few, few_labels = x_train[:20], labels[:20]
logits = net.forward(few)
print(f"logits {logits.shape}, first loss {cross_entropy(logits, few_labels)[0]:.2f}, log 10 = {np.log(10):.2f}")
state, steps = {}, 0
while (net.forward(few).argmax(axis=1) != few_labels).any() and steps < 300:
    _, dlogits = cross_entropy(net.forward(few), few_labels)
    adam_step(net.parameters(), net.backward(dlogits), state, lr=2e-3)
    steps += 1
print(f"all twenty right after {steps} steps")

# %% [markdown]
r"""
## 6. Find the bugs: the loop

**Points 4 · difficulty 3/5 · about 25 minutes**

Somebody wrote the loop for you. `model` is a network like yours, `x` and `labels` are all the training data, and
`step(params, grads)` takes one step of an optimiser. The function returns the mean loss of the epoch, which should fall. It
does fall, a little. Run it.
"""


# %%
def hurried_epoch(model, x, labels, step, batch_size, generator):
    """Train for one epoch and return the mean loss."""
    order = generator.permutation(len(x))
    total, batches = 0.0, 0
    for start in range(0, len(x) - batch_size, batch_size):
        batch = order[start : start + batch_size]
        logits = model.forward(x[start : start + batch_size])
        loss, dlogits = cross_entropy(logits, labels[batch])
        step(model.parameters(), model.backward(dlogits))
        total += loss
        batches += 1
    return total / batches


net, state, generator = NumpyLeNet(np.random.default_rng(8)), {}, np.random.default_rng(8)
for epoch in range(3):
    loss = hurried_epoch(net, x_train[:1000], labels[:1000], lambda p, g: adam_step(p, g, state), 64, generator)
    correct = (net.forward(x_test[:500]).argmax(axis=1) == test_labels[:500]).mean()
    print(f"epoch {epoch + 1}: loss {loss:.2f}, {correct:.0%} of 500 test images right")

# %% [markdown]
r"""
A loss that stays near $\log 10$, and one image in ten right: that is guessing. Two more things in it are wrong that the
output does not betray: some images are never seen, and the mean is not that of the images if the last batch is shorter.
*Find all three before you type.* Then write the loop right. Your own `iterate_batches` may shorten it.

<details><summary>Hint 1</summary>

Which images does the network see, and whose labels does the loss get?
</details>

<details><summary>Hint 2</summary>

A thousand images in batches of 64 make 16 batches, the last of 40. How often does this loop run?
</details>

<details><summary>Hint 3</summary>

`loss` is a mean over its batch. Multiply it by the batch's size, add up, and divide by the number of images.
</details>
"""


# %% solution="numpy_epoch"
def numpy_epoch(model, x, labels, step, batch_size, generator):
    """Train a network on all images once, with step(params, grads) after each batch; return the mean loss over the images."""
    ### BEGIN SOLUTION
    total = 0.0
    for batch in iterate_batches(len(x), batch_size, generator):
        loss, dlogits = cross_entropy(model.forward(x[batch]), labels[batch])
        step(model.parameters(), model.backward(dlogits))
        total += loss * len(batch)
    return total / len(x)
    ### END SOLUTION


# %% test="numpy_epoch" points=4
# Check that every image is seen once, with its label, that every batch gets its step, and that the loss is the mean.
check("08.numpy_epoch", numpy_epoch)
### BEGIN HIDDEN TESTS
check("08.numpy_epoch", numpy_epoch, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Train it

**Points 6 · difficulty 2/5 · about 30 minutes, one of them for the computer**

Everything is there: `train_lenet` makes a network, trains it on all of `x_train` and `labels`, and returns it. Batch size,
optimiser, learning rate and the number of epochs are yours to choose. Print the loss of every epoch. What counts is the
accuracy on the 2,000 test images, which the check measures: **at least 80 %**. Keep the training under 30 seconds, that is
how long a cell may take when the assignment is graded.

`classify(images)` uses the trained network `net`, which the cell after it makes: it takes `uint8` images (N, 28, 28), as
`data.fashion_mnist` gives them, and returns their classes (N,). *What must be done to an image before the network sees it,
and with which numbers?*

<details><summary>Hint 1</summary>

A good start: Adam with its default learning rate 0.001, or SGD with momentum 0.9 and a rate of 0.02; batches of 64; two
to four epochs.
</details>

<details><summary>Hint 2</summary>

`step` takes parameters and gradients only: `lambda params, grads: adam_step(params, grads, state, lr=…)`.
</details>
"""


# %% solution="classify"
def train_lenet():
    """Train a NumpyLeNet on x_train and labels and return it."""
    ### BEGIN SOLUTION
    generator, state = np.random.default_rng(8), {}
    net = NumpyLeNet(generator)
    for epoch in range(4):
        loss = numpy_epoch(net, x_train, labels, lambda params, grads: adam_step(params, grads, state, lr=2e-3), 64, generator)
        print(f"epoch {epoch + 1}: loss {loss:.3f}")
    return net
    ### END SOLUTION


def classify(images):
    """Return the class of each image by the trained network net: uint8 (N, 28, 28) -> whole numbers (N,)."""
    ### BEGIN SOLUTION
    return net.forward(standardize(images[:, None], mean, std)).argmax(axis=1)
    ### END SOLUTION


# %%
net = train_lenet()

# %% test="classify" points=3
# Check that at least 80 % of the test images are classified correctly.
check("08.classify", classify)
### BEGIN HIDDEN TESTS
check("08.classify", classify, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Suppose the training had gone wrong, each time in another way. In your own words, one sentence each: *what is the most
likely cause, and what would you look at first?*

1. The first loss is 45, and falls.
2. The loss stays at 2.30, whatever the learning rate.
3. The training loss falls to 0.05, the test accuracy stays at 83 %.
4. The loss becomes `nan` after a few steps.
5. Training works, but each time you run it, the test accuracy of the *same* network is another.
6. The loss falls for nine batches, and jumps at the tenth, in every epoch.
"""

# %% [markdown] manual="explain_ladder" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*Half a point each.*

1. The start weights (or the inputs) are too large: the network is sure of nonsense. Standardised inputs? Weights scaled by
   the root of the number of inputs?
2. Nothing is learned: images and labels are shuffled apart, the parameters are copies, gradients do not arrive (dead ReLUs,
   a missing step), or the weights all start alike. Look at the size of each gradient, and try to learn twenty images.
3. Over-fitting: more data or augmentation, weight decay, dropout, or stopping earlier.
4. The learning rate is too large, or an exponential or logarithm overflows. Try a tenth of the rate; look at the first step
   in which something is not finite.
5. The network is still in training mode: dropout draws, batch normalisation uses each batch. Or the test images are
   prepared with statistics of their own batch.
6. One batch is unlike the others: the data are sorted and not shuffled, or the same broken image or label is always there.
### END SOLUTION
"""

# %% [markdown]
r"""
## 8. Where is it wrong?

**Points 4 · difficulty 2/5 · about 20 minutes**

One number hides much. In a confusion matrix, the entry in row $i$ and column $j$ counts the images of the true class $i$
that were taken for class $j$; the diagonal is what was right. Its shape is (classes, classes), also where a class does not
occur. A label or a prediction outside $0 \dots \text{classes} - 1$ and two arrays of different lengths raise `ValueError`.

<details><summary>Hint 1</summary>

`C[labels, predictions] += 1` adds 1 once to each place, however often the place occurs. You have met this in assignment 06.
</details>

<details><summary>Hint 2</summary>

`np.add.at`; or give each pair a number, `labels * classes + predictions`, and let `np.bincount(…, minlength=…)` count.
</details>
"""


# %% solution="confusion_matrix"
def confusion_matrix(labels, predictions, classes):
    """Count the images of class i (row) that were taken for class j (column): (N,), (N,) -> (classes, classes)."""
    ### BEGIN SOLUTION
    if labels.shape != predictions.shape:
        raise ValueError(f"confusion_matrix: {len(labels)} labels, but {len(predictions)} predictions.")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values.min() < 0 or values.max() >= classes:
            raise ValueError(f"confusion_matrix: the {name} must lie between 0 and {classes - 1}.")
    return np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)
    ### END SOLUTION


# %% test="confusion_matrix" points=3
# Check that every pair of label and prediction is counted in its place.
check("08.confusion_matrix", confusion_matrix)
# By hand: of three images of class 2, two are taken for class 0.
found = confusion_matrix(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 2]), 3)
assert found.tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 1]]
### BEGIN HIDDEN TESTS
check("08.confusion_matrix", confusion_matrix, hidden=True)
### END HIDDEN TESTS

# %% test="confusion_matrix_errors" points=1
# Check that impossible labels, predictions and lengths raise ValueError.
check("08.confusion_matrix_errors", confusion_matrix)
### BEGIN HIDDEN TESTS
check("08.confusion_matrix_errors", confusion_matrix, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Use it on your network. *Which two classes do you expect to be mistaken for each other most often?*
"""

# %%
predictions = classify(test_images)
counts = confusion_matrix(test_labels, predictions, 10)
names = data.FASHION_MNIST_CLASSES
recall = counts.diagonal() / counts.sum(axis=1)  # of each class, the share that was found
best, worst = recall.argmax(), recall.argmin()
fig, ax = plt.subplots(figsize=(6.4, 5.4), layout="constrained")
ax.imshow(counts, cmap="Blues")
for i, j in np.ndindex(10, 10):
    ax.text(j, i, counts[i, j] or "", ha="center", va="center", fontsize=8, color="white" if counts[i, j] > 100 else "black")
ax.set_xticks(range(10), names, rotation=60, ha="right")
ax.set_yticks(range(10), names)
ax.grid(False)
ax.set(xlabel="taken for", ylabel="true class", title=f"The hardest class: {names[worst]}")
plotting.show(fig, "Confusion matrix of ten classes: most counts lie on the diagonal, most mistakes among shirts and tops.")
print(f"accuracy {counts.trace() / counts.sum():.1%}")
print(f"best class: {names[best]}, {recall[best]:.0%} found; worst: {names[worst]}, {recall[worst]:.0%}")

# %%
logits = net.forward(x_test)
probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
probabilities /= probabilities.sum(axis=1, keepdims=True)
wrong = np.flatnonzero(predictions != test_labels)
surest = wrong[probabilities[wrong].max(axis=1).argsort()[::-1][:10]]
titles = [f"{names[predictions[i]]}?\n{names[test_labels[i]]}" for i in surest]
plotting.show_images(test_images[surest], titles, columns=5, alt="Ten images on which the network was sure and wrong.")

# %% [markdown]
r"""
Look at the ten images that the network was surest about, and wrong: first what it said, then the label. *With how many of
them do you agree?*

## 9. The same loop in PyTorch

**Points 7 · difficulty 3/5 · about 35 minutes**

PyTorch does the differentiating and the stepping. The loop remains yours, and so do its four lines: clear the old gradients,
forward, backward, step. Write two functions.

`train_epoch(model, loader, optimizer, device)` trains a model for one epoch. The loader gives pairs (images, labels); both
must go to the device. The loss is the cross-entropy of the logits (`F.cross_entropy`). Return the mean loss over all
*images*, a plain number: that of the forward passes on which it learned, `loss.item()`, and not the mean of the batches'
means. The model may come in `eval()` mode, because `evaluate` left it so.

<details><summary>Hint 1</summary>

`model.train()` first. Gradients add up in `p.grad` until somebody clears them: `optimizer.zero_grad()`.
</details>

<details><summary>Hint 2</summary>

You have repaired such a loop in exercise 6. What was wrong with its mean?
</details>
"""


# %% solution="train_epoch"
def train_epoch(model, loader, optimizer, device):
    """Train a model for one epoch on batches (images, labels) and return the mean loss over the images."""
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count
    ### END SOLUTION


# %% test="train_epoch" points=4
# Check losses, weights and running statistics of two epochs.
check("08.train_epoch", train_epoch)
### BEGIN HIDDEN TESTS
check("08.train_epoch", train_epoch, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
`evaluate(model, loader, device)` returns `(loss, accuracy)` as means over all images, the accuracy as a share, from 0
to 1. It changes nothing: no weight, no running statistic. And it builds no graph for gradients that nobody wants.

<details><summary>Hint 1</summary>

`model.eval()` switches batch normalisation and dropout; `with torch.no_grad():` switches off the graph. They are two
different things, and you need both.
</details>

<details><summary>Hint 2</summary>

`(logits.argmax(dim=1) == y).sum().item()` counts what is right in a batch. Add up counts, and divide once in the end.
</details>
"""


# %% solution="evaluate"
def evaluate(model, loader, device):
    """Return mean loss and accuracy of a model over all images of a loader."""
    ### BEGIN SOLUTION
    model.eval()
    total, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            logits = model(x)
            total += F.cross_entropy(logits, y, reduction="sum").item()
            correct += (logits.argmax(dim=1) == y).sum().item()
            count += len(y)
    return total / count, correct / count
    ### END SOLUTION


# %% test="evaluate" points=3
# Check loss and accuracy, and that the model is in eval mode and no graph is built.
check("08.evaluate", evaluate)
### BEGIN HIDDEN TESTS
check("08.evaluate", evaluate, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Last, the same network in both worlds: PyTorch's LeNet starts from the weights that your trained network has now. *What must
its accuracy be before it trains on?*
"""

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"
torch_net = nn.Sequential(
    *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
    *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
    *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
)
with torch.no_grad():
    for parameter, array in zip(torch_net.parameters(), net.parameters(), strict=True):
        parameter.copy_(torch.from_numpy(array))
torch_net.to(device)

train_set = torch.utils.data.TensorDataset(torch.from_numpy(x_train), torch.from_numpy(labels))
test_set = torch.utils.data.TensorDataset(torch.from_numpy(x_test), torch.from_numpy(test_labels))
shuffle = torch.Generator().manual_seed(8)
train_loader = torch.utils.data.DataLoader(train_set, batch_size=64, shuffle=True, generator=shuffle)
test_loader = torch.utils.data.DataLoader(test_set, batch_size=500)

print(f"in NumPy:   test accuracy {(classify(test_images) == test_labels).mean():.2%}")
print(f"in PyTorch: test accuracy {evaluate(torch_net, test_loader, device)[1]:.2%}")
optimizer = torch.optim.Adam(torch_net.parameters(), lr=5e-4)
for epoch in range(2):
    loss = train_epoch(torch_net, train_loader, optimizer, device)
    test_loss, accuracy = evaluate(torch_net, test_loader, device)
    print(f"epoch {epoch + 1}: training loss {loss:.3f}, test loss {test_loss:.3f}, test accuracy {accuracy:.2%}")

# %% [markdown]
r"""
Look at the first two lines: the same weights, the same answers, in your code and in PyTorch's. There is no magic left in
`loss.backward()`. From here on PyTorch computes and you design:
[lecture 09](../../lectures/09_lenet_to_resnet.ipynb) goes from this network to ResNet.
"""
