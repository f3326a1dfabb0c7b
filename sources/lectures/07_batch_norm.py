# %% [markdown]
r"""
# 07 · Batch normalisation

Take twelve convolutions in a row, with weights as torch draws them and nothing else, and train them. The loss does not
move: not with a small step, not with a large one. Put one line behind each convolution, and the same net learns. That
line measures the batch it is looking at, and this makes it the strangest layer of the course: its answer for your picture
depends on the *other* pictures.

**After this lecture you can**

- say which numbers a mean and a variance are taken over, and what $\gamma$, $\beta$ and $\varepsilon$ are for;
- explain what changes between `train()` and [`eval()`](../glossary.ipynb#evaluation-mode), and recognise the bugs that
  come from mixing them up;
- update [running statistics](../glossary.ipynb#running-statistics) as torch does, with the right variance and the right
  momentum;
- derive the backward pass twice, on the graph and in closed form;
- measure what normalisation does for a deep net, and keep the measured apart from the explanation;
- fold the layer away before deployment, and choose a relative of it when batches are small.

**Time:** about 100 minutes to read, predict and run; the code itself needs less than a minute. **You need** lectures 04
and 05. Afterwards: [assignment 07](../assignments/07_batch_norm/07_batch_norm.ipynb).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnnkit import data, plotting

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32
torch.set_num_threads(1)  # layers as small as ours gain nothing from a second thread
generator = torch.Generator().manual_seed(7)
print(f"training runs on: {device}")

# %% [markdown]
r"""
## Why activations drift

Here is the net. Twelve convolutions 3×3 of 16 channels, each followed by a ReLU; the first has stride 2; at the end a
global average and one dense layer. *Plain* means: no shortcuts, no pooling, nothing that helps. The pictures are those
of Fashion-MNIST, reduced to 14×14 so that we can afford many nets.

A net can begin with weights of three kinds: as torch draws them by default; as He et al. (2015) advise for ReLU, a
normal distribution of variance $2/\text{(inputs per output)}$; and the default again, but with [batch
normalisation](../glossary.ipynb#batch-normalisation), `bn`,
which we have not explained yet.
"""

# %%
DEPTH, WIDTH = 12, 16


def load(split):
    """Return a split as standardised pictures (N, 1, 14, 14) and labels (N,), on the device."""
    images, labels = data.fashion_mnist(split)
    pictures = F.avg_pool2d(torch.from_numpy(images)[:, None].float() / 255, 2)
    return ((pictures - 0.286) / 0.353).to(device), torch.from_numpy(labels).to(device)  # mean and std of the full set


class Disturb(nn.Module):
    """Stretch and move every channel by random amounts, drawn anew in every training step."""

    def __init__(self, amount=0.2):
        super().__init__()
        self.amount = amount

    def forward(self, x):
        if not self.training:
            return x
        stretch, shift = self.amount * torch.randn(2, 1, x.shape[1], 1, 1, device=x.device)
        return x * (1 + stretch) + shift


def make_net(kind, seed, depth=DEPTH):
    """Return a plain net of one kind: 'default', 'he', 'bn', or 'bn, disturbed'."""
    torch.manual_seed(seed)
    layers = []
    for k in range(depth):
        conv = nn.Conv2d(WIDTH if k else 1, WIDTH, 3, stride=1 if k else 2, padding=1, bias="bn" not in kind)
        if kind == "he":
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)
        layers.append(conv)
        if "bn" in kind:
            layers.append(nn.BatchNorm2d(WIDTH))
        if kind == "bn, disturbed":
            layers.append(Disturb())
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, 10)).to(device)


train_x, train_y = load("train")
test_x, test_y = load("test")
print("pictures:", tuple(train_x.shape), "and", tuple(test_x.shape))
print(make_net("bn", 0, depth=1))

# %% [markdown]
r"""
Send 256 pictures through each net before any training, and look at what arrives at each ReLU: how much does a number
there differ from picture to picture? That difference is all that the next layer can know about the pictures. *What is
left of it after twelve layers, if each layer halves it?*
"""


# %%
def spreads(net, x):
    """Return how much the pictures differ in what enters each ReLU: the deviation over pictures, on average."""
    found = []
    for layer in net:
        if isinstance(layer, nn.ReLU):
            found.append(x.std(dim=0).mean().item())
        x = layer(x)
    return found


KINDS = {"default": ("o--", plotting.VERMILLION), "he": ("s:", plotting.ORANGE), "bn": ("^-", plotting.BLUE)}
LABELS = {"default": "plain, torch's default weights", "he": "plain, He's weights", "bn": "batch norm, default weights"}

fig, ax = plt.subplots()
spread = {}
with torch.no_grad():
    for kind, (style, colour) in KINDS.items():
        spread[kind] = spreads(make_net(kind, 0), train_x[:256])
        ax.plot(range(1, DEPTH + 1), spread[kind], style, color=colour, label=LABELS[kind])
        print(f"{kind:8} first layer {spread[kind][0]:.2f}, last layer {spread[kind][-1]:.1e}")
ax.set(xlabel="layer", ylabel="spread over pictures", yscale="log", title="By default the signal dies on its way")
ax.legend()
plotting.show(
    fig,
    "How much pictures differ before each ReLU, log axis, layers 1 to 12: with default weights it falls by several powers of "
    "ten, with He's weights to about a tenth, with batch normalisation it stays a little below one at every layer.",
)
assert spread["default"][-1] < 0.001 * spread["default"][0]
assert spread["he"][-1] > 100 * spread["default"][-1]
assert all(0.5 < value < 1.1 for value in spread["bn"])

# %% [markdown]
r"""
Look at the dashed curve: each layer takes away more than half, and what is left at the end is nearly the same number for
every picture. He's variance was computed to keep the size of the signal, and here about a tenth survives: it keeps the
size on average over many draws, but a single layer of only 16 channels is louder or softer than that, twelve of them
multiply, and the zeros of the padding take a little at each. (Other seeds keep more.) And that holds *at the start*. Then
training begins, and every weight moves. Take the net with He's weights, train it, and watch the first channel of the
tenth convolution, step by step. Neither the pictures nor the channel are anything special. *Will its values stay where
they were?*
"""

# %%
BATCH, STEPS = 64, 80


def train(net, rate, seed, steps=STEPS, after_step=None):
    """Train by gradient descent with momentum 0.9, and return the loss of every step."""
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
    net.train()
    losses = []
    for step in range(steps):
        chosen = torch.randint(len(train_x), (BATCH,), generator=draw).to(device)
        loss = F.cross_entropy(net(train_x[chosen]), train_y[chosen])
        optimizer.zero_grad()
        loss.backward()
        if after_step is not None:
            after_step(step, net, chosen, loss.item())
        optimizer.step()
        losses.append(loss.item())
    return losses


def watch(net, layer):
    """Collect mean and spread of the first channel of what a layer returns, one pair per forward pass."""
    seen = []

    def note(module, given, returned):
        seen.append((returned[:, 0].mean().item(), returned[:, 0].std().item()))

    handle = layer.register_forward_hook(note)
    return seen, handle


def nth_layer(net, kind, n):
    """Return the n-th layer of a kind, counted from 1."""
    return [layer for layer in net if isinstance(layer, kind)][n - 1]


he_net, bn_net = make_net("he", 1), make_net("bn", 1)
seen_he, handle_he = watch(he_net, nth_layer(he_net, nn.Conv2d, 10))
seen_bn, handle_bn = watch(bn_net, nth_layer(bn_net, nn.BatchNorm2d, 10))
train(he_net, 0.03, 1)
train(bn_net, 0.03, 1)
handle_he.remove()
handle_bn.remove()

fig, axes = plt.subplots(1, 2, figsize=(9, 3.1), sharey=True)
watched = (("he", seen_he, "Plain: the channel wanders"), ("bn", seen_bn, "Batch norm: it is held"))
for ax, (kind, seen, title) in zip(axes, watched, strict=True):
    mean, std = torch.tensor(seen).T
    colour = KINDS[kind][1]
    ax.plot(mean, color=colour, label="mean of the channel")
    ax.fill_between(range(STEPS), mean - std, mean + std, color=colour, alpha=0.2, lw=0, label="± one standard deviation")
    ax.set(xlabel="training step", title=title)
    ax.legend(loc="lower left")
axes[0].set_ylabel("value before the ReLU")
plotting.show(
    fig,
    "Mean and standard deviation of one channel in layer 10 over 80 training steps. In the plain net both move by several times "
    "what they were at the start; in the net with batch normalisation the mean stays near 0 and the deviation near 1.",
)
travel = {name: (max(m) - min(m)) for name, m in (("he", [m for m, _ in seen_he]), ("bn", [m for m, _ in seen_bn]))}
print(f"the mean travels {travel['he']:.2f} in the plain net, {travel['bn']:.2f} with batch norm")
assert travel["he"] > 2 * travel["bn"]

# %% [markdown]
r"""
Look at the left panel: the values move and change their scale, though the pictures always come from the same set. They
move because the nine convolutions *below* are learning too. The layers above must follow a target that does not stand
still. Ioffe and Szegedy, who invented batch normalisation in 2015, called that **internal covariate shift** and
proposed to stop it: *let every layer have inputs of mean 0 and variance 1, by measuring and correcting them all the
time.* That is the right panel. Whether this is *why* it works is another question. We shall put it to the test [further
down](#Is-it-the-drift?).

## Statistics of a channel

Normalise, yes; but over which numbers do you take the mean? *Before you read on: a batch has the shape $(N, C, H, W)$.
Which of these axes should share one mean?*

A convolution uses the same kernel at every place of every picture. What comes out of one kernel, one **channel**, is one
kind of measurement, repeated $N\cdot H\cdot W$ times. Another channel is another kind. So: **one mean and one variance
per channel, over batch, height and width.** Take a tiny batch of two pictures, two channels, 1×2 pixels.
"""

# %%
tiny = torch.tensor([[[[1.0, 3.0]], [[100.0, 200.0]]], [[[5.0, 11.0]], [[400.0, 100.0]]]], dtype=torch.float64)
first = tiny[:, 0].flatten()  # (4,): all that the first kernel has measured
n = len(first)
mean = sum(first) / n
variance = sum((value - mean) ** 2 for value in first) / n
print("first channel:", first.tolist(), "  mean", mean.item(), "  variance", variance.item())
assert mean == 5
assert variance == (4**2 + 2**2 + 0**2 + 6**2) / 4 == 14

normalised = (first - mean) / variance.sqrt()
by_torch = nn.BatchNorm2d(2, eps=1e-12, dtype=torch.float64)(tiny)
print("normalised:   ", [round(value, 4) for value in normalised.tolist()])
print("torch, channel 0:", [round(value, 4) for value in by_torch[:, 0].flatten().tolist()])
print("torch, channel 1:", [round(value, 4) for value in by_torch[:, 1].flatten().tolist()])
assert torch.allclose(by_torch[:, 0].flatten(), normalised)
assert torch.allclose(by_torch.mean(dim=(0, 2, 3)), torch.zeros(2, dtype=torch.float64), atol=1e-12)
assert torch.allclose(by_torch.var(dim=(0, 2, 3), correction=0), torch.ones(2, dtype=torch.float64))

# %% [markdown]
r"""
Look at the last line: the second channel is about forty times as large, and comes out on the same scale. In letters, for
the $n = N\cdot H\cdot W$ values $x_1, \dots, x_n$ of *one* channel:

$$\mu = \frac1n\sum_i x_i, \qquad \sigma^2 = \frac1n\sum_i (x_i-\mu)^2, \qquad
\hat x_i = \frac{x_i-\mu}{\sqrt{\sigma^2+\varepsilon}}, \qquad y_i = \gamma\,\hat x_i + \beta.$$

$\mu$ is the **mean**, $\sigma^2$ the **biased variance** (divided by $n$, not $n-1$), $\hat x$ the normalised value. Two
letters are new, $\gamma$ and $\beta$, and one small number, $\varepsilon$. In a dense layer the input is $(N, C)$: the
same formulas with $n = N$.

**Why $\gamma$ and $\beta$?** Mean 0 before a ReLU means that about half of the values are thrown away, for every channel
alike. Perhaps a channel would rather fire rarely. So each channel gets a scale and a shift of its own, which are
*learned*: two parameters per channel, starting at 1 and 0. (The ReLU comes after them: look at the printed net above.)
With $\gamma = \sqrt{\sigma^2+\varepsilon}$ and $\beta = \mu$ the layer even returns its input, so nothing that the net
could express is lost.
"""

# %%
layer = nn.BatchNorm2d(2, dtype=torch.float64)
with torch.no_grad():
    layer.weight.copy_((tiny.var(dim=(0, 2, 3), correction=0) + layer.eps).sqrt())  # torch calls gamma weight
    layer.bias.copy_(tiny.mean(dim=(0, 2, 3)))  # and beta bias
    print("undone:", layer(tiny).flatten().round(decimals=6).tolist())
    assert torch.allclose(layer(tiny), tiny)

with torch.no_grad():
    before_relu = make_net("bn", 0)[:2](train_x[:256])
    print(f"negative before the first ReLU: {100 * (before_relu < 0).float().mean():.0f} %")
    assert 0.3 < (before_relu < 0).float().mean() < 0.7

counted = {name: tuple(value.shape) for name, value in nn.BatchNorm2d(64).named_parameters()}
kept = {name: tuple(value.shape) for name, value in nn.BatchNorm2d(64).named_buffers()}
print("learned, 64 channels:", counted)
print("kept beside them:    ", kept)
assert sum(value.numel() for value in nn.BatchNorm2d(64).parameters()) == 2 * 64

# %% [markdown]
r"""
Look at the last two lines: 128 numbers are learned. The three others are *not* parameters; they come in the next section.

**Why $\varepsilon$?** *What happens to a channel in which all values are equal?* The variance is 0, and without
$\varepsilon$ you divide zero by zero. It also limits what is blown up. Watch three channels of smaller and smaller
spread, with torch's default $\varepsilon = 10^{-5}$.
"""

# %%
EPS = 1e-5
wiggle = torch.tensor([-1.0, 1.0, -1.0, 1.0], dtype=torch.float64)
for size in (1.0, 0.01, 0.0001, 0.0):
    channel = (7 + size * wiggle)[:, None]  # (N, C) = (4, 1)
    out = F.batch_norm(channel, None, None, training=True, eps=EPS)
    expected = size / (size**2 + EPS) ** 0.5
    print(f"spread {size:<7g} -> {out.abs().max().item():.4f}")
    assert abs(out.abs().max().item() - expected) < 1e-9
sevens = torch.full((4,), 7.0)
without = (sevens - sevens.mean()) / sevens.var(correction=0).sqrt()
print("spread 0, no eps ->", without.tolist())
assert without.isnan().all()

# %% [markdown]
r"""
Look at the second line: a spread of 0.01 comes out at 0.95, not at 1, because $\varepsilon$ stands *under the root*,
next to a variance of only 0.0001. A constant channel becomes zero, which is all you could ask for.

Two consequences follow from the formula at once. *What does the layer answer if the convolution before it gets a bias?
And if all its weights are multiplied by ten?*
"""

# %%
maps = torch.randn(8, 3, 6, 5, generator=generator, dtype=torch.float64)
kernels = torch.randn(4, 3, 3, 3, generator=generator, dtype=torch.float64)


def conv_bn(w, b=None):
    """Return a convolution with batch normalisation behind it."""
    return F.batch_norm(F.conv2d(maps, w, b), None, None, training=True, eps=1e-12)


biased = conv_bn(kernels, torch.tensor([5.0, -2.0, 0.3, 100.0], dtype=torch.float64))
larger = conv_bn(10 * kernels)
print(f"with a bias:            largest change {(biased - conv_bn(kernels)).abs().max():.0e}")
print(f"with weights ten times: largest change {(larger - conv_bn(kernels)).abs().max():.0e}")
assert torch.allclose(biased, conv_bn(kernels))
assert torch.allclose(larger, conv_bn(kernels))

# %% [markdown]
r"""
Look at the two changes: none, up to rounding. The mean carries any bias away; that is why the convolution is written
with `bias=False`, and $\beta$ takes its place. And the scale of the weights no longer matters at all: only their
*direction* does. (With the small $\varepsilon$ of practice this holds almost exactly.)

> **Check yourself.** A batch has the shape (32, 48, 28, 28). How many means are computed, each over how many numbers?
> How many parameters has the layer?
>
> <details><summary>Answer</summary>
>
> 48 means, each over $32\cdot28\cdot28 = 25{,}088$ numbers. 96 parameters, one $\gamma$ and one $\beta$ per channel.
>
> </details>
"""

# %%
# The answer, counted.
assert 32 * 28 * 28 == 25_088
assert torch.empty(32, 48, 28, 28, device="meta").mean(dim=(0, 2, 3)).numel() == 48
assert sum(value.numel() for value in nn.BatchNorm2d(48).parameters()) == 96

# %% [markdown]
r"""
## Training and evaluation

Here comes the strange part. Take one picture, put it into two different batches, and look at its own output.
"""

# %%
picture = maps[:1]
layer = nn.BatchNorm2d(3, dtype=torch.float64)
with_friends = layer(torch.cat([picture, maps[1:4]]))[0]
with_others = layer(torch.cat([picture, 3 + maps[4:8]]))[0]
print(f"in training mode, largest difference: {(with_friends - with_others).abs().max():.2f}")
assert (with_friends - with_others).abs().max() > 0.1

layer.eval()
with_friends = layer(torch.cat([picture, maps[1:4]]))[0]
with_others = layer(torch.cat([picture, 3 + maps[4:8]]))[0]
print(f"after eval(), largest difference:     {(with_friends - with_others).abs().max():.0e}")
assert torch.equal(with_friends, with_others)

# %% [markdown]
r"""
Look at the first number: the same picture, a different answer, only because of its company. In training that is
tolerable, even useful: the company changes from step to step and acts as a little noise. In use it is not. Nobody wants
a diagnosis that depends on who else is in the waiting room.

So the layer has two modes. In **training** it normalises with the mean and variance *of the batch*, and keeps a running
average of both on the side. In **evaluation** it uses those **running averages** and does not look at the batch at all.
Then it is just a fixed scale and shift for every channel. `net.train()` and `net.eval()` switch. Nothing reminds you.

*What does it cost to forget `eval()`?* Train a net of four convolutions. Then ask it for the labels of the same 2000 test
pictures, in the right mode and, on copies, in the wrong one: in shuffled batches of several sizes, and in batches sorted
by class, as they come when you read one folder after another.
"""

# %%
import copy


def accuracy(net, order, batch_size):
    """Return a net's accuracy on the test pictures in a given order, in whatever mode it is in."""
    with torch.no_grad():
        right = [(net(test_x[part]).argmax(dim=1) == test_y[part]).sum() for part in order.split(batch_size)]
    return (sum(right) / len(order)).item()


small_net = make_net("bn", 0, depth=4)
train(small_net, 0.1, 0, steps=150)
shuffled = torch.randperm(len(test_x), generator=generator).to(device)
by_class = test_y.argsort()

small_net.eval()
right_mode = accuracy(small_net, shuffled, 100)
assert abs(accuracy(small_net, by_class, 100) - right_mode) < 0.002  # the order does not matter in the right mode
forgotten = {}
for name, order, size in (
    ("shuffled, 100", shuffled, 100),
    ("shuffled, 10", shuffled, 10),
    ("shuffled, 2", shuffled, 2),
    ("one at a time", shuffled, 1),
    ("by class, 100", by_class, 100),
):
    wrong_mode = copy.deepcopy(small_net).train()
    forgotten[name] = accuracy(wrong_mode, order, size)

fig, ax = plt.subplots(figsize=(7.6, 2.7))
names = ["eval(), any batches", *forgotten]
values = [100 * right_mode, *(100 * value for value in forgotten.values())]
ax.barh(names, values, color=[plotting.BLUE, *[plotting.VERMILLION] * len(forgotten)])
for k, value in enumerate(values):
    ax.text(value + 0.8, k, f"{value:.0f} %", va="center")
ax.invert_yaxis()
ax.grid(False, axis="y")
ax.set(xlim=(0, 100), xlabel="accuracy on 2000 test pictures (%)", title="eval() forgotten: the same net, the same pictures")
plotting.show(
    fig,
    "Bars of accuracy for one net. With eval it does not depend on the batches; without eval it is about the same in large "
    "shuffled batches, lower the smaller the batch, and near chance one at a time and in batches sorted by class.",
)
assert abs(forgotten["shuffled, 100"] - right_mode) < 0.1
assert forgotten["one at a time"] < right_mode - 0.1
assert forgotten["by class, 100"] < right_mode - 0.2

# %% [markdown]
r"""
Look at the first orange bar: in large shuffled batches the accuracy is about the same, and you notice nothing. That is
how the bug survives. Then the net is put to use, on one picture at a time or on a folder of shirts, and fails. In a
batch of shirts *being a shirt* is the mean, and the mean is taken off.

It gets worse. In training mode the layer also *writes*. Let a copy of the net look at the ankle boots, one at a time,
with `eval()` forgotten. Then notice the slip, call `eval()`, and do everything right from now on. *Is all well again?*
"""

# %%
careless = copy.deepcopy(small_net).train()
boots = (test_y == data.FASHION_MNIST_CLASSES.index("Ankle boot")).nonzero()[:, 0]
on_boots = accuracy(careless, boots, 1)
careless.eval()
afterwards = accuracy(careless, shuffled, 100)
print(f"{len(boots)} ankle boots, one at a time, eval() forgotten: {100 * on_boots:.0f} % right")
print(f"all test pictures, eval() from the start: {100 * right_mode:.0f} %; eval() after the boots: {100 * afterwards:.0f} %")
assert all(torch.equal(p, q) for p, q in zip(careless.parameters(), small_net.parameters(), strict=True))
assert not torch.equal(careless[1].running_mean, small_net[1].running_mean)
assert afterwards < right_mode - 0.05

# %% [markdown]
r"""
Look at the last percentage: no gradient was computed, no parameter has changed, `no_grad` was on, and still the net is
damaged: its running averages are those of boots. `torch.no_grad()` is not `eval()`: the one stops the recording of
gradients, the other switches layers. You usually want both. The opposite slip is to call `eval()` once and never
`train()` again: then training goes on with frozen statistics.

## The running statistics

What exactly is written? After every training step, with **momentum** $m = 0.1$:

$$\text{running} \leftarrow (1-m)\cdot\text{running} + m\cdot\text{batch}.$$

It starts at mean 0 and variance 1. Feed the same batch of four values, mean 5 and variance 14, again and again. *After
one step the running mean is 0.5. What will the running variance be: $0.9\cdot1 + 0.1\cdot14 = 2.3$?*
"""

# %%
layer = nn.BatchNorm1d(1, dtype=torch.float64)
column = first[:, None]  # (4, 1)
layer(column)
print("after one step: mean", round(layer.running_mean.item(), 4), "  variance", round(layer.running_var.item(), 4))
assert abs(layer.running_mean.item() - 0.1 * 5) < 1e-12
assert abs(layer.running_var.item() - (0.9 * 1 + 0.1 * 14)) > 0.4
assert abs(layer.running_var.item() - (0.9 * 1 + 0.1 * 14 * 4 / 3)) < 1e-12

# %% [markdown]
r"""
Look at the variance: 2.7667, not 2.3. It is $0.9 + 0.1\cdot\frac{56}{3}$. The squared deviations add up to 56. For the
*normalisation* they are divided by $n = 4$; for the *running estimate* by $n-1 = 3$. Two variances in one layer! *Why?*

In training the batch is all there is, and dividing by $n$ makes the mean square of the normalised values exactly 1 (up to
$\varepsilon$). The running estimate speaks
about pictures to come. A batch lies closer to its own mean than to the true one, so its variance is too small on
average, by the factor $\frac{n-1}{n}$. Measure it: 100,000 batches of four values, true variance 1.
"""

# %%
batches = torch.randn(100_000, 4, generator=generator, dtype=torch.float64)
for correction, divisor in ((0, "n"), (1, "n - 1")):
    average = batches.var(dim=1, correction=correction).mean().item()
    print(f"divided by {divisor:5}: {average:.3f} on average")
    assert abs(average - (1 if correction else 3 / 4)) < 0.02

# %% [markdown]
r"""
Look at the two averages: $\frac34$ and 1. In a layer with $n = 64\cdot7\cdot7 = 3136$ values nobody would see the
difference; in a dense layer with a small batch it matters, and torch's numbers can only be reproduced this way.

Now the momentum. It has nothing to do with the momentum of the optimiser: the 0.9 of gradient descent averages gradients,
the layer's 0.1 averages statistics, and neither needs the other. The name misleads too: here a *large* momentum forgets
fast. (Keras counts the other way round: its `momentum=0.99` is torch's 0.01.) After $t$ steps the start still weighs
$(1-m)^t$.
"""

# %%
fig, ax = plt.subplots(figsize=(7.6, 2.9))
noisy_means = 5 + torch.randn(100, generator=generator, dtype=torch.float64)  # batch means that scatter around 5
for momentum, style in ((0.01, ":"), (0.1, "-"), (0.9, "--")):
    layer = nn.BatchNorm1d(1, momentum=momentum, affine=False, dtype=torch.float64)
    path = [0.0]
    for value in noisy_means:
        layer(torch.stack([value - 1, value + 1])[:, None])
        path.append(layer.running_mean.item())
    ax.plot(path, style, label=f"momentum {momentum}")
    assert (
        abs(layer.running_mean.item() - sum(momentum * (1 - momentum) ** (99 - t) * v for t, v in enumerate(noisy_means))) < 1e-9
    )
ax.axhline(5, color="black", lw=1, label="true mean")
ax.set(xlabel="training step", ylabel="running mean", title="Slow and smooth, or fast and noisy")
ax.legend(loc="lower right")
plotting.show(
    fig,
    "Running mean over 100 steps for three momenta, true mean 5, start 0. Momentum 0.9 jumps there at once and stays noisy, 0.1 "
    "arrives after about thirty steps, 0.01 has not arrived after a hundred.",
)
print(f"weight of the start after 10 steps: {0.9**10:.2f}, after 50: {0.9**50:.3f}; with momentum 0.01 after 50: {0.99**50:.2f}")
assert 0.34 < 0.9**10 < 0.36
assert 0.9**50 < 0.006 < 0.6 < 0.99**50

# %% [markdown]
r"""
Look at the solid and the dotted curve. A net evaluated after ten steps still carries 35 % of the meaningless start, and
its test accuracy looks broken while its training loss is fine. If you see that, wait, or raise the momentum.
`momentum=None` gives every batch the same weight: a plain average.

These running numbers belong to the model. They are **buffers**: stored in the `state_dict`, moved by `.to(device)`, never
touched by the optimiser, and updated by the forward pass. A net whose weights you freeze still changes them; lecture 11
comes back to that. Each of these claims in a line:
"""

# %%
frozen = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, momentum=None)).requires_grad_(False)
stored = {name for name, _ in frozen[1].named_buffers()}
assert stored == {"running_mean", "running_var", "num_batches_tracked"}
assert stored < set(frozen[1].state_dict())
assert not stored & {name for name, _ in frozen[1].named_parameters()}  # so no optimiser gets to see them

rows = torch.randn(3, 10, 3, generator=generator)  # three batches of ten
for batch in rows:
    frozen(batch)
print("frozen net, running mean:", [round(value, 4) for value in frozen[1].running_mean.tolist()])
assert (frozen[1].running_mean != 0).all()
assert torch.allclose(frozen[1].running_mean, frozen[0](rows).mean(dim=(0, 1)), atol=1e-6)  # momentum=None: a plain average

# %% [markdown]
r"""
Look at the running mean: every weight is frozen, and it has moved away from 0.

> **Check yourself.** A layer has seen a thousand batches. You call `net.eval()` and give it the constant picture 7, one
> channel. Its running mean is 5, its running variance 4, $\gamma = 3$, $\beta = 1$. What comes out (forget
> $\varepsilon$)? And in training mode?
>
> <details><summary>Answer</summary>
>
> In evaluation $3\cdot(7-5)/2 + 1 = 4$. In training the channel is constant, $\hat x = 0$, and 1 comes out: $\beta$,
> whatever the picture.
>
> </details>
"""

# %%
# The answer, computed.
constant = torch.full((1, 1, 4, 4), 7.0, dtype=torch.float64)
mean_and_variance = torch.tensor([[5.0], [4.0]], dtype=torch.float64)
gamma_beta = torch.tensor([[3.0], [1.0]], dtype=torch.float64)
in_evaluation = F.batch_norm(constant, *mean_and_variance, *gamma_beta, eps=1e-12)
in_training = F.batch_norm(constant, None, None, *gamma_beta, training=True)
assert torch.allclose(in_evaluation, torch.full_like(constant, 4.0))
assert torch.allclose(in_training, torch.full_like(constant, 1.0))

# %% [markdown]
r"""
## The backward pass on the graph

The upstream gradient `dy` arrives. *How does the loss change when $x_1$ changes?* In a ReLU each value answers for
itself. Here $x_1$ also moves the mean and the variance, and through them *every* output of its channel. Lecture 05 has
the tool for that: take it apart until every box is simple.

Four values of one channel, our $(1, 3, 5, 11)$, with $\gamma = 2$, $\beta = -1$. For this example $\varepsilon = 2$,
much too large for practice; it makes $\sqrt{14+2} = 4$, keeps every number exact, and shows where $\varepsilon$ goes. The
upstream gradient is anything: $(2, -1, 3, 4)$.
"""

# %%
x = first.clone().requires_grad_()  # (1, 3, 5, 11)
gamma = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
beta = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
dy = torch.tensor([2.0, -1.0, 3.0, 4.0], dtype=torch.float64)
eps, n = 2.0, 4

mu = x.mean()
d = x - mu  # the deviations
q = d * d
v = q.mean()
r = 1 / (v + eps).sqrt()  # the factor that brings the spread to one
xhat = d * r
y = gamma * xhat + beta
on_the_way = {"mu": mu, "d": d, "q": q, "v": v, "r": r, "xhat": xhat}
for value in on_the_way.values():
    value.retain_grad()
y.backward(dy)

assert v == 14
assert r == 1 / 4
assert xhat.tolist() == [-1, -0.5, 0, 1.5]
assert y.tolist() == [-3, -2, -1, 2]
layer_says = F.batch_norm(first[:, None], None, None, gamma[None], beta[None], training=True, eps=eps)[:, 0]
assert torch.allclose(layer_says, y)


# %%
def as_text(values):
    """Write a tensor of numbers as (2, −1, 3), to three digits, and equal ones as one."""
    numbers = [f"{value:.3g}".replace("-", "−") for value in values.detach().flatten().tolist()]
    if values.ndim == 0:
        return numbers[0]
    return f"{numbers[0]} each" if len(set(numbers)) == 1 else f"({', '.join(numbers)})"


# fmt: off
BOXES = {
    "mean": (2.7, 2.2), "subtract": (6.0, 0), "square": (7.6, -2.2), "mean ": (10.2, -2.2), "1/√( + ε)": (13.0, -2.2),
    "multiply": (14.0, 0), "γ · + β": (18.2, 0),
}
# name: value, gradient, arrow from, arrow to, where the text stands, first frames of value and gradient
WIRES = {
    "x": (x, x.grad, (-0.4, 0), (5.0, 0), (-0.4, -0.8), 0, 12),
    "μ": (mu, mu.grad, (3.5, 2.0), (5.6, 0.5), (5.1, 1.5), 1, 11),
    "d": (d, d.grad, (7.0, 0), (12.9, 0), (7.4, 0), 2, 10),
    "q": (q, q.grad, (8.5, -2.2), (9.4, -2.2), (6.8, -3.3), 3, 9),
    "v": (v, v.grad, (11.0, -2.2), (11.8, -2.2), (11.2, -3.3), 4, 9),
    "r": (r, r.grad, (13.3, -1.7), (13.8, -0.5), (14.0, -1.25), 5, 9),
    "x̂": (xhat, xhat.grad, (15.1, 0), (17.1, 0), (14.0, 0.85), 6, 8),
    "y": (y, dy, (19.3, 0), (21.0, 0), (18.3, 0.85), 7, 8),
}
EXTRA = (((0.3, 0.15), (2.1, 1.8), 12), ((6.3, -0.5), (7.2, -1.8), 10))  # the second use of x, and of d
STAGES = (
    "The values of one channel", "Forward: their mean", "Forward: the deviations", "Forward: squared",
    "Forward: the variance", "Forward: one over the root", "Forward: the normalised values", "Forward: scaled and shifted",
    "Backward: dy arrives, γ passes it on", "Backward: the way through the variance", "Backward: two ways meet at d",
    "Backward: the way through the mean", "Backward: two ways meet at x",
)
# fmt: on


def draw_arrow(ax, start, end, back):
    """Draw an arrow of the graph, reversed once its gradient is known."""
    style = {"arrowstyle": "<-", "color": plotting.VERMILLION} if back else {"arrowstyle": "->", "color": "black"}
    ax.annotate("", end, start, arrowprops=style)


def draw_graph(frame):
    fig, ax = plt.subplots(figsize=(9.6, 3.9))
    small = {"fontsize": 10, "va": "center"}
    for name, (across, height) in BOXES.items():
        box = {"boxstyle": "round,pad=0.45", "fc": "#eeeeee"}
        ax.text(across, height, name.strip(), ha="center", va="center", bbox=box)
    for name, (value, gradient, start, end, (left, height), seen, known) in WIRES.items():
        draw_arrow(ax, start, end, frame >= known)
        if frame >= seen:
            ax.text(left, height + 0.28, f"{name} = {as_text(value)}", color=plotting.BLUE, **small)
        if frame >= known:
            ax.text(left, height - 0.28, f"d{name} = {as_text(gradient)}", color=plotting.VERMILLION, **small)
    for start, end, known in EXTRA:
        draw_arrow(ax, start, end, frame >= known)
    ax.set(xlim=(-0.6, 22.2), ylim=(-3.9, 2.9), title=STAGES[frame])
    ax.set_axis_off()
    return fig


plotting.animate(
    draw_graph,
    len(STAGES),
    "Animation of the graph of batch normalisation. Forward: x gives the mean, deviations d, their squares q, the variance v, "
    "r = one over the root, the normalised values and y. Backward: dy returns; d collects two gradients, one directly and one "
    "through the variance; x collects two, one directly and one through the mean.",
    seconds=1.3,
)

# %% [markdown]
r"""
Watch the two places where arrows part: $x$ is used twice and $d$ is used twice. There, on the way back, gradients add.
(The letters are those of the code: $d = x - \mu$ is a deviation and no dilation, $q$ its square, $v$ the mean of the
squares, $r$ one over the root.) We write $d\hat x$ for $\partial L/\partial\hat x$, and so on. Walk from right to left,
one box at a time.

**Scale and shift.** $y_i = \gamma\hat x_i + \beta$. The two parameters were broadcast over the channel, so they collect a
sum; and each $\hat x_i$ gets its own share:

$$d\beta = \sum_i dy_i, \qquad d\gamma = \sum_i dy_i\,\hat x_i, \qquad d\hat x_i = \gamma\,dy_i.$$
"""

# %%
with torch.no_grad():
    dbeta = 2 - 1 + 3 + 4
    dgamma = 2 * -1 + -1 * -0.5 + 3 * 0 + 4 * 1.5
    dxhat = gamma * dy
print("dbeta", dbeta, "  dgamma", dgamma, "  dxhat", dxhat.tolist())
assert dbeta == beta.grad == 8
assert dgamma == gamma.grad == 4.5
assert torch.equal(dxhat, xhat.grad)

# %% [markdown]
r"""
**Multiply.** $\hat x_i = d_i\, r$. A product sends to each factor the other one. The factor $r$ is shared by all four
values: sum. The deviations get a *first* gradient, and wait for the second.

**One over the root.** $r = (v+\varepsilon)^{-1/2}$, so $dr/dv = -\tfrac12 (v+\varepsilon)^{-3/2} = -\tfrac12 r^3$.

**Mean and square.** $v = \frac1n\sum_i q_i$ hands $\frac1n$ of its gradient to each; $q_i = d_i^2$ multiplies by $2d_i$.
"""

# %%
with torch.no_grad():
    dd_direct = dxhat * r  # through x̂ = d·r
    dr = 4 * -4 + -2 * -2 + 6 * 0 + 8 * 6  # the sum of dx̂·d
    dv = dr * -0.5 * r**3
    dq = dv / n
    dd_by_variance = dq * 2 * d
    dd = dd_direct + dd_by_variance
print("dr", dr, "  dv", dv.item(), "  dq", dq.item(), "each")
print("dd, directly:            ", dd_direct.tolist())
print("dd, through the variance:", dd_by_variance.tolist())
print("dd, together:            ", dd.tolist())
assert dr == r.grad == 36
assert dv == v.grad
assert (q.grad == dq).all()
assert torch.equal(dd, d.grad)

# %% [markdown]
r"""
Look at the second way: it pushes each value in proportion to its own deviation. The variance can only stretch or shrink
all values about their mean.

**Subtract and mean.** $d_i = x_i - \mu$. The mean is shared and has a minus: $d\mu = -\sum_i dd_i$. Each $x_i$ gets
$dd_i$ directly, and through $\mu = \frac1n\sum_i x_i$ its $n$-th part of $d\mu$. (Some count three ways
from $x_i$ to the loss: through its own $\hat x_i$, through $\mu$ and through $\sigma^2$. Here the first and the third have
met in $dd_i$. And a way from $\mu$ into the variance? It runs through $d$ and is in the sum already. By the way it carries
nothing: deviations add up to zero.)
"""

# %%
with torch.no_grad():
    dmu = -dd.sum()
    dx_on_graph = dd + dmu / n
print("dmu", dmu.item())
print("dx ", dx_on_graph.tolist(), "  sum", dx_on_graph.sum().item())
assert dmu == mu.grad == -4
assert torch.equal(dx_on_graph, x.grad)
assert dd_by_variance.sum() == 0
assert dx_on_graph.sum() == 0

# %% [markdown]
r"""
Look at the sum: zero. It has to be. Add the same number to all values and no output changes; so along that direction the
loss has no slope. Keep this in mind: it is half of the short formula that comes now.

## The backward pass in closed form

The graph is right, but it takes a gradient for every box. Put the pieces together. The way through the variance first: with
$dr = \sum_j d\hat x_j\, d_j$ and $d_j = \hat x_j / r$,

$$dd_i = d\hat x_i\, r - \tfrac12 r^3 \cdot \tfrac1n \cdot 2 d_i \sum_j d\hat x_j\, d_j
= r\Big(d\hat x_i - \hat x_i \cdot \tfrac1n\sum_j d\hat x_j\,\hat x_j\Big).$$

Then the mean, which subtracts from $dd$ its own average. As the $\hat x_i$ add up to zero, only the first
term has an average other than zero:

$$\boxed{\;dx_i = \frac{\gamma}{\sqrt{\sigma^2+\varepsilon}}\Big(dy_i \;-\; \frac1n\sum_j dy_j \;-\;
\hat x_i\cdot\frac1n\sum_j dy_j\,\hat x_j\Big)\;}$$

We have put $d\hat x = \gamma\,dy$ in front. And the two sums are old friends: *which?*
"""

# %%
with torch.no_grad():
    dx_closed = (gamma / 4) * (dy - dbeta / n - xhat * (dgamma / n))
print("on the graph:  ", dx_on_graph.tolist())
print("in closed form:", dx_closed.tolist())
assert torch.equal(dx_closed, dx_on_graph)
assert dx_closed.tolist() == [0.5625, -1.21875, 0.5, 0.15625]

# %% [markdown]
r"""
Look at the two lines: equal to the last digit. The sums are $d\beta$ and $d\gamma$: what you compute for the parameters
is just what $dx$ needs. And $\varepsilon$ took part without a special case, since nowhere did we use that the mean square
of $\hat x$ is 1. (With $\varepsilon$ it is a little less.)

Both again, on 50 random channels of 30 values, against autograd through torch's own layer and against slopes from
nudging, in float64.
"""

# %%
N, C = 30, 50
many = (3 + 2 * torch.randn(N, C, generator=generator, dtype=torch.float64)).requires_grad_()
many_gamma = torch.randn(C, generator=generator, dtype=torch.float64).requires_grad_()
many_beta = torch.randn(C, generator=generator, dtype=torch.float64).requires_grad_()
many_dy = torch.randn(N, C, generator=generator, dtype=torch.float64)  # random: ones would show nothing
F.batch_norm(many, None, None, many_gamma, many_beta, training=True, eps=0.1).backward(many_dy)

worst = {"graph": 0.0, "closed form": 0.0, "the two": 0.0}
with torch.no_grad():
    for channel in range(C):
        values, up, scale = many[:, channel], many_dy[:, channel], many_gamma[channel]
        deviation = values - values.mean()
        factor = 1 / (deviation.square().mean() + 0.1).sqrt()
        hat = deviation * factor
        direct = scale * up * factor
        through = -(scale * up * deviation).sum() * factor**3 / N * deviation
        on_graph = direct + through - (direct + through).mean()
        closed = scale * factor * (up - up.mean() - hat * (up * hat).mean())
        truth = many.grad[:, channel]
        for name, gap in (("graph", on_graph - truth), ("closed form", closed - truth), ("the two", on_graph - closed)):
            worst[name] = max(worst[name], gap.abs().max().item())
for name, gap in worst.items():
    print(f"{name:12} largest difference {gap:.0e}")
    assert gap < 1e-12

at = torch.randn(6, 2, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
affine = torch.randn(2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(lambda x, a: F.batch_norm(x, None, None, a[0], a[1], training=True), (at, affine))

# %% [markdown]
r"""
Look at the three lines: the graph agrees with autograd, the closed form too, and, in the last line, the two with each
other. `gradcheck` adds that autograd agrees with nudging.

*What does the formula say?* It takes off the average of `dy`, and then the part of `dy` that runs along $\hat x$. What is
left is perpendicular to both, up to $\varepsilon$. A shift of the channel and a stretch of it cannot change the output,
so the gradient must not ask for them. The backward pass takes away just the two directions that the forward pass has
made meaningless. Try it on three values, $\varepsilon$ nearly 0: of three dimensions only one is left.
"""

# %%
three = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64, requires_grad=True)
hat = F.batch_norm(three[:, None], None, None, training=True, eps=1e-12)[:, 0]
gradients = []
for _ in range(40):
    up = torch.randn(3, generator=generator, dtype=torch.float64)
    gradients.append(torch.autograd.grad(hat, three, up, retain_graph=True)[0])
gradients = torch.stack(gradients)  # (40, 3)
hat = hat.detach()
singular = torch.linalg.svdvals(gradients)
print(
    "along (1, 1, 1):",
    f"{gradients.sum(dim=1).abs().max():.0e}",
    "  along the normalised values:",
    f"{(gradients @ hat).abs().max():.0e}",
)
print("singular values of 40 random gradients:", [f"{value:.1e}" for value in singular.tolist()])
assert gradients.sum(dim=1).abs().max() < 1e-9
assert (gradients @ hat).abs().max() < 1e-9
assert singular[1] < 1e-9 * singular[0]

# %% [markdown]
r"""
Look at the singular values: forty random upstream gradients, and all forty answers lie on one line.

In **evaluation mode** the statistics are constants. Nothing runs through them, and $dx_i = dy_i\,\gamma /
\sqrt{\text{running variance}+\varepsilon}$: a different backward pass, and the reason why fine-tuning in `eval()` mode is
not the same as in `train()` mode. In training mode the factor $1/\sigma$ has a consequence for the weights below: make
them ten times as large, and the answer stays, but their gradient is ten times *smaller*. In evaluation mode neither holds:
the constants do not grow with the weights, so the answer changes, and the gradient of the weights is not divided by ten.
"""

# %%
fixed = nn.BatchNorm1d(1, dtype=torch.float64).eval()
fixed.running_var.fill_(4.0)
given = torch.randn(5, 1, generator=generator, dtype=torch.float64, requires_grad=True)
up = torch.randn(5, 1, generator=generator, dtype=torch.float64)
fixed(given).backward(up)
assert torch.allclose(given.grad, up / (4.0 + fixed.eps) ** 0.5)

dw = {}
for scale in (1, 10):
    w = (scale * kernels).requires_grad_()
    out = conv_bn(w)
    (out * torch.linspace(-1, 1, out.numel(), dtype=torch.float64).view_as(out).sin()).sum().backward()
    dw[scale] = w.grad
    print(f"weights times {scale:2}: |dw| = {dw[scale].norm():8.4f}   w · dw = {(w.detach() * w.grad).sum():+.0e}")
assert torch.allclose(dw[10], dw[1] / 10)
assert abs((kernels * dw[1]).sum()) < 1e-9

# %% [markdown]
r"""
Look at the two columns. Large weights take small steps: a layer that has run away slows itself down. And $w\cdot dw = 0$:
the gradient is perpendicular to the weights, so it turns them and does not stretch them. (That is also why weight decay
in front of batch normalisation acts on the *step size*, not on what the net can express; van Laarhoven 2017.)

## A deep plain net

Now the measurement that the lecture began with. First the gradients: one backward pass before training, 64 pictures, and
the norm of the gradient in each convolution. *In which net do you expect the first layer to learn?*
"""

# %%
SEEDS = (0, 1, 2)
fig, ax = plt.subplots()
norms = {}
for kind, (style, colour) in KINDS.items():
    runs = []
    for seed in SEEDS:
        net = make_net(kind, seed)
        F.cross_entropy(net(train_x[:BATCH]), train_y[:BATCH]).backward()
        runs.append([layer.weight.grad.norm().item() for layer in net if isinstance(layer, nn.Conv2d)])
    norms[kind] = torch.tensor(runs)  # (seeds, layers)
    low, high = norms[kind].amin(dim=0), norms[kind].amax(dim=0)
    ax.plot(range(1, DEPTH + 1), norms[kind].log().mean(dim=0).exp(), style, color=colour, label=LABELS[kind])
    ax.fill_between(range(1, DEPTH + 1), low, high, color=colour, alpha=0.2)
    print(f"{kind:8} first layer {norms[kind][:, 0].median():.1e}, last layer {norms[kind][:, -1].median():.1e} (medians)")
ax.set(xlabel="layer", ylabel="norm of the weights' gradient", yscale="log", title="By default the first layers hear nothing")
ax.legend()
plotting.show(
    fig,
    "Gradient norm of each of twelve convolutions before training, log axis. With default weights it falls from the last layer "
    "to the first by a factor of thousands; with He's weights it is level; with batch normalisation it is larger and rises "
    "towards the first layers.",
)
assert (norms["default"][:, 0] < 0.01 * norms["default"][:, -1]).all()
assert (norms["bn"][:, 1] > norms["bn"][:, -1]).all()
assert (norms["bn"][:, 0] > 1000 * norms["default"][:, 0]).all()

# %% [markdown]
r"""
Look at the left end. With default weights the first layers get a gradient that is thousands of times too small. With
batch normalisation it does not vanish. It even *grows* towards the first layers, and in a net of a hundred layers that
becomes a trouble of its own (Yang et al. 2019); shortcuts, lecture 09, are the cure.

Now train: three kinds of net, three learning rates a factor of ten apart, three seeds each, 80 steps of 64 pictures.
*Guess the table before you run it. Is a good start, He's weights, as good as normalisation?*
"""

# %%
import math

RATES = (0.003, 0.03, 0.3)
final, curves, accuracies, stops = {}, {}, {}, {}


def keep_in(stops):
    """Return a function that keeps weights, gradients and buffers of every eighth step; we shall need them later."""

    def keep(step, net, chosen, loss):
        if step % 8 == 0:
            weights = {name: value.detach().clone() for name, value in net.named_parameters()}
            gradients = {name: value.grad.clone() for name, value in net.named_parameters()}
            buffers = {name: value.clone() for name, value in net.named_buffers()}
            stops.append((weights, gradients, buffers, chosen, loss))

    return keep


for kind in KINDS:
    for rate in RATES:
        for seed in SEEDS:
            net = make_net(kind, seed)
            kept = stops.setdefault((kind, seed), []) if rate == 0.03 else []
            losses = train(net, rate, seed, after_step=keep_in(kept))
            curves[kind, rate, seed] = losses
            final[kind, rate, seed] = sum(losses[-10:]) / 10
            accuracies[kind, rate, seed] = accuracy(net.eval(), shuffled, 500)

print("loss of the last ten steps, three seeds (chance: log 10 = 2.30), and mean test accuracy")
for kind in KINDS:
    for rate in RATES:
        three_losses = "  ".join(f"{final[kind, rate, seed]:5.2f}" for seed in SEEDS)
        mean_accuracy = 100 * sum(accuracies[kind, rate, seed] for seed in SEEDS) / 3
        print(f"{kind:8} rate {rate:<6} {three_losses}   {mean_accuracy:3.0f} %")
assert all(final["default", rate, seed] > 2.2 for rate in RATES for seed in SEEDS)
assert all(not final["he", 0.3, seed] < 2.1 for seed in SEEDS)  # at chance, or not a number at all
assert all(final["bn", rate, seed] < 2.1 for rate in RATES for seed in SEEDS)
means = {kind: sum(final[kind, 0.03, seed] for seed in SEEDS) / 3 for kind in KINDS}
assert means["bn"] < means["he"] - 0.3

# %%
fig, axes = plt.subplots(1, 3, figsize=(9.4, 3.1), sharey=True)
for ax, rate in zip(axes, RATES, strict=True):
    for kind, (style, colour) in KINDS.items():
        runs = torch.tensor([curves[kind, rate, seed] for seed in SEEDS]).unfold(1, 8, 4).mean(dim=2)  # smoothed over 8 steps
        at_step = 8 + 4 * torch.arange(runs.shape[1])
        runs = runs.nan_to_num(nan=2.6).clamp(max=2.6)  # off the scale: a loss that has blown up
        ax.plot(at_step, runs.mean(dim=0), style[1:], color=colour, label=LABELS[kind])
        ax.fill_between(at_step, runs.amin(dim=0), runs.amax(dim=0), color=colour, alpha=0.2)
    ax.set(xlabel="training step", title=f"learning rate {rate}", ylim=(0.6, 2.65))
axes[0].set_ylabel("training loss")
axes[0].legend(loc="lower left")
plotting.show(
    fig,
    "Training loss over 80 steps for three learning rates. The plain net with default weights stays at chance in all three. With "
    "He's weights it learns only at the middle rate, with a wide spread. With batch normalisation it learns at all three.",
)

# %% [markdown]
r"""
Look across the panels at the solid blue curve: it goes down in all three, over a factor of a hundred in the learning
rate. The dotted curve, He's weights, comes down in the middle panel, later and with a wide band; at the large rate it
stays at chance. The dashed curve never moves. In the table look at `bn` with rate 0.3: the loss is nearly that of rate
0.03, the accuracy is not, 42 % against 55 %. Much of the gap is in the running statistics, which lag behind weights that
move fast; the loss is measured with those of the batch. So a good start
helps, but normalisation widens the range of rates that work. In practice that is its greatest gift: you need not be lucky.

Be careful with what this shows: one small data set, 80 steps, three seeds, one depth. It does not say that the plain net
could never be trained, nor that batch normalisation gives the better net in the end.

## Is it the drift?

The story so far: activations drift, normalisation stops the drift, therefore training is easier. It sounds right. *How
would you test the "therefore"?*

Santurkar et al. (2018) put the drift back in. Behind every normalisation they added noise whose mean and scale changed
from step to step, so that the next layer saw a distribution that jumped about more than in any plain net. We do the same
in small: after each batch normalisation every channel is stretched and moved by random amounts, new in every step. *If
the drift were the trouble, this net should train as badly as the plain one.*
"""

# %%
disturbed = []
for seed in SEEDS:
    net = make_net("bn, disturbed", seed)
    curves["disturbed", 0.03, seed] = train(net, 0.03, seed)
    disturbed.append(sum(curves["disturbed", 0.03, seed][-10:]) / 10)


def drift(kind, layer_kind):
    """Return how far a channel of layer 10 jumps, in units of its spread, from one training step to the next."""
    net = make_net(kind, 0)
    seen, handle = watch(net, nth_layer(net, layer_kind, 10))
    train(net, 0.03, 0, steps=30)
    handle.remove()
    mean, std = torch.tensor(seen).T
    return (mean.diff().abs() / std[1:]).mean().item()


jumps = {"he": drift("he", nn.Conv2d), "bn": drift("bn", nn.BatchNorm2d), "disturbed": drift("bn, disturbed", Disturb)}
for name, losses in (
    ("he", [final["he", 0.03, s] for s in SEEDS]),
    ("bn", [final["bn", 0.03, s] for s in SEEDS]),
    ("disturbed", disturbed),
):
    print(
        f"{name:10} jump of the mean per step {jumps[name]:.3f}   losses at rate 0.03: " + "  ".join(f"{v:.2f}" for v in losses)
    )
assert jumps["disturbed"] > 1.3 * jumps["he"] > jumps["bn"]
assert sum(disturbed) / 3 < means["he"] - 0.1

# %% [markdown]
r"""
Look at the two columns of the last line: the channel jumps about more than in the plain net, and yet this net learns
faster. The noise costs something, but not nearly as much as the story would have it. Santurkar et al. found that in a
VGG on CIFAR-10, and found something else besides: the **landscape** is smoother. A step against the gradient goes on
paying for longer, and the gradient at the end of it still points in a similar direction.

Look at the landscape yourself. Go back to the runs at rate 0.03 and stop at every eighth step; walk from there against
the gradient, on the same batch, to several distances; and write down the loss. *In which net can you trust a long step?*
"""

# %%
LENGTHS = (0.03, 0.1, 0.2, 0.4, 0.8)


def landscape(kind, seed):
    """Return how the loss changes along the gradient, from every stop of a run: (stops, lengths)."""
    net = make_net(kind, seed).train()
    changes = []
    for weights, gradients, buffers, chosen, loss in stops[kind, seed]:
        for length in LENGTHS:
            moved = {name: weights[name] - length * gradients[name] for name in weights}
            kept = {name: value.clone() for name, value in buffers.items()}
            with torch.no_grad():
                logits = torch.func.functional_call(net, moved | kept, (train_x[chosen],))
                changes.append(F.cross_entropy(logits, train_y[chosen]).item() - loss)
    return torch.tensor(changes).view(-1, len(LENGTHS))


walks = {kind: torch.cat([landscape(kind, seed) for seed in SEEDS]) for kind in ("he", "bn")}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
for ax, kind in zip(axes, walks, strict=True):
    ax.plot(LENGTHS, walks[kind].T, color=KINDS[kind][1], alpha=0.5, lw=1)
    ax.axhline(0, color=plotting.GREY, lw=1)
    ax.set(xlabel="step length, times the gradient", title=LABELS[kind], xscale="log")
    ax.set_xticks(LENGTHS, [str(length) for length in LENGTHS])
    ax.minorticks_off()
    ax.set_yscale("symlog", linthresh=1)
    print(f"{kind}: worst rise of the loss in {len(walks[kind])} walks {walks[kind].max():.3g}")
axes[0].set_ylabel("change of the loss")
plotting.show(
    fig,
    "Change of the loss along the gradient for thirty places in the training of two nets. Plain: some walks end where the "
    "loss has risen by a hundred or more. Batch normalisation: no walk rises by more than a few units.",
)
assert walks["bn"].max() < 10
assert walks["he"].max() > 2 * walks["bn"].max()

# %% [markdown]
r"""
Look at the highest curve on each side (the vertical axis is linear up to 1 and logarithmic beyond). The plain net has
walls: a step of the wrong length throws it far up. With batch normalisation no walk does much harm. That fits the panels
above, where only the normalised net stood the large rate.

So keep three statements apart. *It lets deep nets train, at larger rates*: measured, many times. *It holds mean and
variance*: true by construction. *The second is the reason for the first*: refuted as it stood. A full explanation is
still being argued about.

## Folding into a convolution

In evaluation mode a channel is scaled by one fixed number and shifted by another. So is the output of a convolution, if
you scale its weights and shift its bias. *Then why keep two layers?* For one channel, with running mean $\mu$ and running
variance $\sigma^2$,

$$\gamma\,\frac{(w\cdot x + b) - \mu}{\sqrt{\sigma^2+\varepsilon}} + \beta
= \underbrace{\frac{\gamma}{\sqrt{\sigma^2+\varepsilon}}\,w}_{w'}\cdot x
+ \underbrace{\frac{\gamma}{\sqrt{\sigma^2+\varepsilon}}\,(b-\mu) + \beta}_{b'}.$$

With the numbers from before: $\mu = 5$, $\sigma^2 = 14$, $\varepsilon = 2$, $\gamma = 2$, $\beta = -1$, and a kernel
$(3, -1, 2)$ with $b = 1$. *Compute $w'$ and $b'$ before you look.*
"""

# %%
signal = torch.tensor([4.0, 1.0, -2.0, 3.0, 5.0], dtype=torch.float64)[None, None]  # (1, 1, 5)
two_layers = F.conv1d(signal, torch.tensor([[[3.0, -1.0, 2.0]]], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64))
two_layers = 2 * (two_layers - 5) / (14 + 2) ** 0.5 - 1

factor = 2 / (14 + 2) ** 0.5
folded_w = [factor * 3, factor * -1, factor * 2]
folded_b = factor * (1 - 5) - 1
one_layer = F.conv1d(signal, torch.tensor([[folded_w]], dtype=torch.float64), torch.tensor([folded_b], dtype=torch.float64))
print("w' =", folded_w, "  b' =", folded_b)
print("two layers:", two_layers.flatten().tolist(), "  one layer:", one_layer.flatten().tolist())
assert folded_w == [1.5, -0.5, 1.0]
assert folded_b == -3
assert torch.equal(one_layer, two_layers)

# %% [markdown]
r"""
Look at the second line: three equal numbers, one layer less. With many channels each kernel has its own factor. Torch
does it for whole layers; fold all twelve of a trained net and compare the logits.
"""

# %%
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_all(net):
    """Return a net in which torch has folded every batch normalisation into the convolution before it."""
    layers = []
    for layer in net:
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


for dtype in (torch.float64, torch.float32):
    trained = copy.deepcopy(bn_net).eval().to(dtype)
    folded = fold_all(trained).eval()
    with torch.no_grad():
        before, after = trained(test_x[:500].to(dtype)), folded(test_x[:500].to(dtype))
    gap = ((before - after).abs().max() / before.abs().max()).item()
    print(f"{dtype!s:14} {len(trained)} modules -> {len(folded)}; relative gap of the logits {gap:.0e}")
    assert len(trained) - len(folded) == DEPTH
    assert gap < (1e-6 if dtype == torch.float64 else 1e-5)

conv, norm = bn_net[0], bn_net[1]
with torch.no_grad():
    two, one = norm.eval()(conv(test_x[:500])), fuse_conv_bn_eval(conv.eval(), norm)(test_x[:500])
single_gap = ((two - one).abs().max() / two.abs().max()).item()
print(f"a single layer in float32: relative gap {single_gap:.0e}")
assert single_gap < 1e-6

# %% [markdown]
r"""
Look at the gaps: rounding, no more. The folded net has fewer layers, reads and writes each map once less, and has no
mode to forget. That is how nets are shipped, and the first thing a quantiser does (Jacob et al. 2018).

Two limits. Folding belongs to *evaluation*: in training the statistics change with every batch. And the order matters.
Normalisation **before** a convolution can be folded too, but not if the convolution pads with zeros. *Why?*
"""

# %%
image = torch.ones(1, 1, 4, 4, dtype=torch.float64)
box = torch.ones(1, 1, 3, 3, dtype=torch.float64)
right = F.conv2d(2 * image + 1, box, padding=1)  # a scale of 2 and a shift of 1 in front of the convolution
wishful = F.conv2d(image, 2 * box, box.sum()[None], padding=1)  # the shift moved into the bias
print((wishful - right)[0, 0].int().numpy())
assert (wishful - right)[0, 0, 1:-1, 1:-1].abs().max() == 0
assert (wishful - right)[0, 0, 0, 0] == 5

# %% [markdown]
r"""
Look at the frame. Inside all is well; at the border the zeros of the padding were never shifted, and the folded bias
pretends that they were.

## Layer, group and batch normalisation

Back to the waiting room. *What is left of batch normalisation if the batch is one or two?* In a dense layer:
"""

# %%
layer = nn.BatchNorm1d(3, eps=1e-12, dtype=torch.float64)
for pair in ([[1.0, 50.0, -3.0], [2.0, 49.0, 7.0]], [[-8.0, 0.3, 0.0], [900.0, 0.2, 0.001]]):
    print("batch of two:", pair, "->", layer(torch.tensor(pair, dtype=torch.float64)).round(decimals=3).tolist())
    assert (layer(torch.tensor(pair, dtype=torch.float64)).abs() - 1).abs().max() < 1e-5
try:
    layer(torch.tensor([[1.0, 50.0, -3.0]], dtype=torch.float64))
except ValueError as error:
    print("batch of one: ", error)
alone = nn.BatchNorm2d(1)(torch.full((1, 1, 5, 5), 3.0) + torch.eye(5))
assert abs(alone.mean().item()) < 1e-6  # with 25 places a batch of one can be normalised: by its own mean

# %% [markdown]
r"""
Look at the outputs. Of two values one is the larger, and that is *all* that comes through: $\pm1$. Of one value nothing
would come through, and torch refuses. In a convolution the places help: $n = N\cdot H\cdot W$ is still large. But the
places of one picture resemble each other, so they tell less than their number promises. *How much do the statistics of a
batch scatter, for batches of 1 to 64?*
"""

# %%
with torch.no_grad():
    responses = small_net[0](train_x[:4096])  # (4096, 16, 7, 7)
means_of = responses.mean(dim=(2, 3))  # (4096, 16): one mean per picture and channel
spread_of = responses.std(dim=(0, 2, 3))
sizes = (1, 2, 4, 8, 16, 32, 64)
scatter = [(means_of.view(-1, size, WIDTH).mean(dim=1).std(dim=0) / spread_of).mean().item() for size in sizes]
naive = [1 / math.sqrt(size * 49) for size in sizes]

fig, ax = plt.subplots(figsize=(7.6, 3.1))
ax.plot(sizes, scatter, "o-", label="measured")
ax.plot(sizes, naive, "--", color=plotting.GREY, label="if all 49 places were independent")
ax.set(xlabel="pictures in the batch", ylabel="scatter of the mean, in spreads", xscale="log", yscale="log")
ax.set_title("Small batches: the mean itself is noise")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.set_yticks((0.02, 0.05, 0.1, 0.2), ("0.02", "0.05", "0.1", "0.2"))
ax.minorticks_off()
ax.legend()
plotting.show(
    fig,
    "Scatter of a channel's batch mean, in units of the channel's spread, against batch size, on log axes. It falls with "
    "the root of the batch size, and lies about twice as high as the line for independent places.",
)
print(f"batch of 1: {scatter[0]:.2f} of the spread, batch of 64: {scatter[-1]:.2f}")
assert scatter[0] > 0.2
assert 6 < scatter[0] / scatter[-1] < 10.5  # about √64 = 8
assert all(1.3 * low < high for low, high in zip(naive, scatter, strict=True))

# %% [markdown]
r"""
Look at the left end: with one picture, the mean is off by about a quarter of the whole spread, about twice what
independent places would give. Large pictures (detection,
segmentation, video) force small batches, so statistics are wanted that do *not* run over the batch. The relatives differ
in one thing only: over which values the mean and the variance are taken. Ask torch's layers themselves: nudge every
input, and mark those on which one chosen output depends.
"""

# %%
RELATIVES = {
    "batch norm\n(Ioffe, Szegedy 2015)": nn.BatchNorm2d(6),
    "layer norm\n(Ba et al. 2016)": nn.LayerNorm([6, 3, 3]),
    "instance norm\n(Ulyanov et al. 2016)": nn.InstanceNorm2d(6),
    "group norm, 3 groups\n(Wu, He 2018)": nn.GroupNorm(3, 6),
}
stack = torch.randn(4, 6, 3, 3, generator=generator)  # (N, C, H, W)
depends = {}
for name, relative in RELATIVES.items():
    leaf = stack.clone().requires_grad_()
    relative.train()(leaf)[1, 2, 1, 1].backward()  # picture 1, channel 2, the middle
    depends[name] = leaf.grad != 0

fig, axes = plt.subplots(1, 4, figsize=(9.4, 2.3))
for ax, (name, mask) in zip(axes, depends.items(), strict=True):
    for i, c, a, b in np.ndindex(mask.shape):
        face = plotting.SKY if mask[i, c, a, b] else "white"
        if (i, c, a, b) == (1, 2, 1, 1):
            face = plotting.VERMILLION
        ax.add_patch(plt.Rectangle((4 * c + b, 4 * i + a), 1, 1, facecolor=face, edgecolor=plotting.GREY, lw=0.5))
    ax.set(xlim=(-0.5, 24), ylim=(16, -0.5), aspect="equal", xticks=[4 * c + 1.5 for c in range(6)], xticklabels=range(6))
    ax.set(yticks=[4 * i + 1.5 for i in range(4)], yticklabels=range(4), xlabel="channel")
    ax.set_title(name, fontsize=9)
    ax.grid(False)
axes[0].set_ylabel("picture")
plotting.show(
    fig,
    "Four grids of 4 pictures by 6 channels of 3 by 3 places; marked is what one output depends on. Batch norm: its channel "
    "in all pictures. Layer norm: all channels of its picture. Instance norm: its channel of its picture. Group norm with "
    "three groups: two channels of its picture.",
)
for mask, expected in zip(depends.values(), (4 * 9, 6 * 9, 9, 2 * 9), strict=True):
    assert mask.sum() == expected

# %% [markdown]
r"""
Look at the rows: only batch normalisation reaches over several pictures. Layer, instance and group normalisation stay
within one, so the batch size does not matter, nothing runs on the side, and training and evaluation are the same.
**[Layer norm](../glossary.ipynb#layer-and-group-normalisation)** takes all channels, **instance norm** each alone,
**group norm** a few together: with one group it takes
the values of layer norm, with $C$ groups those of instance norm. *In $\gamma$ and $\beta$ they still differ.*
"""

# %%
one_group, all_groups = nn.GroupNorm(1, 6), nn.GroupNorm(6, 6)
assert torch.allclose(one_group(stack), nn.LayerNorm([6, 3, 3])(stack), atol=1e-6)
assert torch.allclose(all_groups(stack), nn.InstanceNorm2d(6)(stack), atol=1e-6)
for name, relative in (
    ("layer norm", nn.LayerNorm([6, 3, 3])),
    ("group norm", nn.GroupNorm(3, 6)),
    ("batch norm", nn.BatchNorm2d(6)),
):
    print(f"{name}: gamma {tuple(relative.weight.shape)}, buffers kept: {len(list(relative.buffers()))}")

for name, relative in RELATIVES.items():
    together, single = relative.train()(stack)[1], relative(stack[1:2])[0]
    same_alone = torch.allclose(together, single, atol=1e-5)
    print(f"{name.splitlines()[0]:22} same answer alone as in company: {same_alone}")
    assert same_alone == ("batch" not in name)

# %% [markdown]
r"""
Look at the shapes and the last lines. Layer norm over $C, H, W$ has a $\gamma$ for every value, the others one per channel.
(In language models layer norm runs over the last axis only, the features of one word; ConvNeXt, lecture 09, uses that
form on the channels of each pixel.)

*Which to take?* With 16 pictures or more per device, batch norm is the standard in convolutional nets, and it can be
folded away. With fewer, group norm; Wu and He use 32 groups. For style transfer instance norm; for sequences layer norm.

> **Check yourself.** You fold a net's batch norms for shipping. A colleague wants to do the same with group norm.
>
> <details><summary>Answer</summary>
>
> It cannot be done: group norm computes mean and variance of *each picture*, also in evaluation. There is no fixed factor
> to put into the weights.
>
> </details>
"""

# %%
# The answer, shown: twice the contrast gives twice the output where a layer is a fixed scale, and not behind group norm.
doubled_bn = nn.BatchNorm2d(6).eval()
assert torch.allclose(doubled_bn(2 * stack), 2 * doubled_bn(stack), atol=1e-5)
assert not torch.allclose(nn.GroupNorm(3, 6)(2 * stack), 2 * nn.GroupNorm(3, 6)(stack), atol=0.1)

# %% [markdown]
r"""
## Common mistakes

- **`eval()` forgotten,** or taken for `no_grad()`. Answers depend on the rest of the batch, and large shuffled batches hide it.
  Call both before you evaluate.
- **The wrong axes.** Channels lose their differences, or pictures theirs. It is one mean per *channel*, over $N$, $H$ and $W$:
  not one for the whole array, not one per picture, and not one per pixel.
- **"In evaluation the mean of the training set is used."** It is a running average of batch means, taken while the
  weights were still changing, and recent batches weigh most.
- **One variance for both.** Running variances are a little off, most with small batches. Divide by $n$ to normalise, by $n-1$
  for the running estimate.
- **Momentum the wrong way round.** The statistics jump, or hardly move. 0.1 is the weight of the *new* batch (in Keras 0.99 is
  that of the old).
- **$\varepsilon$ beside the root** instead of under it, or forgotten. Channels with little spread come out wrong, or infinite.
  Write $\sqrt{\sigma^2+\varepsilon}$.
- **Mean and variance taken for constants in the backward pass.** Right in evaluation, wrong in training: the gradient
  has the right shape and the wrong values. Check it with numbers.
- **A bias before the layer.** It does nothing and has no gradient. Build the convolution with `bias=False`.
- **"Invented in 2014", or "it works because it removes internal covariate shift".** It was Ioffe and Szegedy, 2015; and the
  measurement [above](#Is-it-the-drift?) does not bear the reason out.
- **Very small batches.** Statistics of a few values are noise. Use group norm.

Two of them deserve a look: the wrong axes, and mean and variance taken for constants.
The second and the seventh deserve a look.
"""

# %%
two_kinds = torch.cat([torch.randn(64, 1, 8, 8, generator=generator), 100 + torch.randn(64, 1, 8, 8, generator=generator)], dim=1)
whole = (two_kinds - two_kinds.mean()) / two_kinds.std()
print("one mean for the whole array: means of the channels", [round(v, 2) for v in whole.mean(dim=(0, 2, 3)).tolist()])
print("                              spreads of the channels", [round(v, 3) for v in whole.std(dim=(0, 2, 3)).tolist()])
assert (whole.std(dim=(0, 2, 3)) < 0.05).all()

with torch.no_grad():
    constants = (gamma / 4) * dy  # what is left if mean and variance are taken for constants
print("dx:", dx_closed.tolist(), "  with constants:", constants.tolist())
assert not torch.allclose(constants, dx_closed)
assert constants.sum() != 0

# %% [markdown]
r"""
Look at the spreads: with one mean for everything, both channels become nearly constant, one at $-1$ and one at $+1$.

## Summary

- Per channel, over batch and places: subtract the mean, divide by $\sqrt{\sigma^2+\varepsilon}$, then $\gamma\hat x+\beta$.
- Training uses the batch and updates running averages; evaluation uses the running averages. `train()` and `eval()` switch.
- Running $\leftarrow 0.9\cdot$ running $+\ 0.1\cdot$ batch, with the unbiased variance.
- Backward: $d\beta = \sum dy$, $d\gamma = \sum dy\,\hat x$, and
  $dx = \frac{\gamma}{\sqrt{\sigma^2+\varepsilon}}\big(dy - \frac{d\beta}{n} - \hat x\,\frac{d\gamma}{n}\big)$:
  shift and stretch taken out.
- A deep plain net learns with it over a wide range of learning rates. The drift alone does not explain that; the
  landscape is smoother.
- In evaluation it folds into the convolution. Small batches: group norm. Layer, instance and group norm differ in the
  values that share a mean.

## References

- S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift",
  *ICML* 2015 (arXiv:1502.03167): algorithms 1 and 2, and the backward pass.
- S. Santurkar, D. Tsipras, A. Ilyas, A. Madry, "How does batch normalization help optimization?", *NeurIPS* 2018
  (arXiv:1805.11604): the noise experiment and the landscape.
- K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", *ICCV* 2015 (arXiv:1502.01852): the start weights.
- G. Yang, J. Pennington, V. Rao, J. Sohl-Dickstein, S. S. Schoenholz, "A mean field theory of batch normalization", *ICLR*
  2019 (arXiv:1902.08129): gradients that grow with depth.
- T. van Laarhoven, "L2 regularization versus batch and weight normalization", 2017 (arXiv:1706.05350).
- J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016 (arXiv:1607.06450).
- D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization: the missing ingredient for fast stylization", 2016
  (arXiv:1607.08022).
- Y. Wu, K. He, "Group normalization", *ECCV* 2018 (arXiv:1803.08494): figure 2 draws the four relatives as cubes.
- Y. Wu, J. Johnson, "Rethinking 'batch' in BatchNorm", 2021 (arXiv:2105.07576): what goes wrong in practice.
- B. Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", *CVPR*
  2018 (arXiv:1712.05877): folding before quantising.
- H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", 2017 (arXiv:1708.07747): the pictures.
- PyTorch, "BatchNorm2d" and "torch.nn.utils.fusion" (docs.pytorch.org).

## Your turn

[Assignment 07](../assignments/07_batch_norm/07_batch_norm.ipynb), about two and a half hours: you write both modes of the layer
in NumPy, its backward pass, the folding, and layer and group norm. Next comes [lecture 08](08_training_a_cnn.ipynb), where all
layers come together in a net that you train.
"""
