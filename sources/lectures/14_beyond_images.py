# %% [markdown]
r"""
# 14 · Beyond images

A note from a string, a page of text, a strand of DNA, a scan of a chest: none of them is a picture, and a convolution reads
all four. Little of what lectures 02 to 09 taught needs *two* directions. What changes from one kind of data to the next is the
number of directions in which the kernel moves, and what the directions mean: in a picture left and right are alike, in
time one of them has not happened yet.

**After this lecture you can**

- say for any data what is a direction and what is a channel, and choose `Conv1d`, `Conv2d` or `Conv3d`;
- train a 1D network on raw sound, and compare it fairly with a dense one;
- make a convolution [causal](../glossary.ipynb#causal-convolution), and prove by a gradient that it is;
- reach far back with dilated kernels, compute how far, and predict the next sample and the next letter;
- write DNA as numbers, read a kernel as a [motif](../glossary.ipynb#motif), and look for it on both strands;
- find in a [volume](../glossary.ipynb#volume) what no single slice shows, and compute what the third direction costs.

**Time:** about 100 minutes to read, predict and run; the code itself needs about a minute and a half. **You need**
lectures 02, 04 and 08. Afterwards: [assignment 14](../assignments/14_beyond_images/14_beyond_images.ipynb).
"""

# %%
import math
import re
from pydoc_data.topics import topics

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from IPython.display import Audio, display
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from scipy import optimize, special
from skimage.transform import iradon, radon
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnkit import data, plotting, training

plotting.use_style()
device = training.default_device()
torch.set_num_threads(1)  # the networks are small: sharing each step between two cores costs more than it saves
print(f"the networks run on: {device}")


def count(module):
    """Return the number of parameters."""
    return sum(p.numel() for p in module.parameters())


def train(net, loss, steps, rate):
    """Take `steps` steps of AdamW on `loss()`, which draws a batch; the rate rises, then falls to nothing."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    net.train()
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # a surprise, far outside the announced width, has a huge gradient
        optimizer.step()
        schedule.step()
    return net.eval()


# %% [markdown]
r"""
## One, two, three directions

The dimension of a convolution is the number of directions in which its kernel moves (lecture 02). It is neither the number
of axes of the tensor nor the number of channels. *How many axes has the weight of each of these layers? Predict, then
look.*
"""

# %%
DATA = {
    "a second of sound, mono": (nn.Conv1d(1, 8, 3), (1, 1, 8000)),
    "an ECG, 12 leads, 10 s": (nn.Conv1d(12, 8, 3), (1, 12, 5000)),
    "DNA, 4 bases": (nn.Conv1d(4, 8, 3), (1, 4, 200)),
    "text, vectors of 32": (nn.Conv1d(32, 8, 3), (1, 32, 140)),
    "a colour photograph": (nn.Conv2d(3, 8, 3), (1, 3, 100, 120)),
    "a CT scan": (nn.Conv3d(1, 8, 3), (1, 1, 24, 96, 96)),
    "a colour film, 16 frames": (nn.Conv3d(3, 8, 3), (1, 3, 16, 60, 80)),
}
print(f"{'data':26}{'tensor (N, C, …)':>22}{'weight (K, C, …)':>20}{'output':>24}")
for name, (layer, shape) in DATA.items():
    result = layer(torch.zeros(shape))
    print(f"{name:26}{shape!s:>22}{tuple(layer.weight.shape)!s:>20}{tuple(result.shape)!s:>24}")
    directions = len(shape) - 2
    assert layer.weight.ndim == 2 + directions
    assert result.shape[1:] == (8, *(size - 2 for size in shape[2:]))

# %% [markdown]
r"""
Look at the third column: always (kernels, channels, and one size per direction). One formula serves all; in three
directions with kernel $w_{k,c}$ of $k_d \times k_h \times k_w$ taps

$$y_{n,k,i,j,l} = b_k + \sum_{c}\;\sum_{t_1=0}^{k_d-1}\;\sum_{t_2=0}^{k_h-1}\;\sum_{t_3=0}^{k_w-1}
x_{n,c,\,i+t_1,\,j+t_2,\,l+t_3}\;w_{k,c,t_1,t_2,t_3},$$

and with sums left out it is the layer of lecture 04, or that of lecture 02. So a convolution in fewer directions is one
in more directions with sizes of one:
"""

# %%
torch.manual_seed(14)
line, kernel = torch.randn(2, 3, 20), torch.randn(4, 3, 5)
in_one = F.conv1d(line, kernel)
in_two = F.conv2d(line[:, :, None], kernel[:, :, None])
in_three = F.conv3d(line[:, :, None, None], kernel[:, :, None, None])
assert torch.allclose(in_one, in_two[:, :, 0], atol=1e-5)
assert torch.allclose(in_one, in_three[:, :, 0, 0], atol=1e-5)
print(f"the same numbers as {tuple(in_one.shape)}, {tuple(in_two.shape)} and {tuple(in_three.shape)}")

# %% [markdown]
r"""
### Direction or channel?

Three colour planes, or three slices of a scan: both are three planes. *Why is colour a channel, and depth a direction?*
Take a photograph, and exchange its colours; then take a volume, and move its slices by one.
"""

# %%
photo = torch.from_numpy(data.photograph("coffee", size=64)).permute(2, 0, 1)[None] / 255
weight = torch.randn(1, 3, 3, 3)
as_channels = F.conv2d(photo, weight)
as_direction = F.conv3d(photo[:, None], weight[:, None])
print(f"three planes as channels {tuple(as_channels.shape)}, as a direction {tuple(as_direction.shape)}")
assert torch.allclose(as_channels, as_direction[:, :, 0], atol=1e-4)

order = [2, 0, 1]
assert torch.allclose(F.conv2d(photo[:, order], weight[:, order]), as_channels, atol=1e-4)

volume = torch.randn(1, 1, 5, 8, 8)
moved = F.conv3d(volume.roll(1, dims=2), weight[:, None])
assert torch.allclose(moved[:, :, 1:], F.conv3d(volume, weight[:, None])[:, :, :-1], atol=1e-4)
print("channels may be put in any order, if the kernel's slices are put in the same; along a direction shifts commute")

# %% [markdown]
r"""
Look at the last two assertions. A kernel over channels has nowhere to go: it sees all of them at once, so their order is only a
convention. Along a direction the kernel moves, so neighbours are neighbours, and what it finds in one place it finds in the
next: shift the input, and the output shifts. Ask of each axis: *should a pattern mean the same if it sat one step further
along?* Yes: a direction. No: a channel.

> **Check yourself.** A film of 16 frames in colour: which of its axes are channels, which are directions?
>
> <details><summary>Answer</summary>
>
> Colour is the channel, time is a direction: $(N, 3, 16, H, W)$. If the frames are stacked as 48 channels, the network learns
> what happens at frame 3 apart from what happens at frame 4.
>
> </details>

## A 1D network on a signal

Listen first. The three sounds below are **physically modelled**, not recorded. A vibrating body moves in **modes**, each a
sine that dies away,

$$x(t) = \sum_m a_m\,e^{-\sigma_m t}\,\sin(2\pi f_m t),$$

and the geometry of the body decides the ratios of the frequencies $f_m$ (Fletcher and Rossing 1998):

- a **plucked string** with some stiffness $B$: $f_n \propto n\sqrt{1+Bn^2}$, nearly $1:2:3$;
- a **struck bar** with free ends (a xylophone's): $f_n \propto \beta_n^2$, where $\cosh\beta\cos\beta = 1$ (Euler and
  Bernoulli);
- a **struck membrane**, round and clamped at the rim (a drum's): $f_{mn} \propto j_{mn}$, the zeros of the Bessel
  functions $J_m$.

*Which of the three will have no clear pitch?*
"""

# %%
RATE = 8000  # samples per second
MODES = 12
HALF_TURN = np.pi / 2

BAR = np.array(
    [
        optimize.brentq(lambda b: np.cos(b) - 1 / np.cosh(b), (2 * n + 1) * HALF_TURN - 0.3, (2 * n + 1) * HALF_TURN + 0.3)
        for n in range(1, 7)
    ]
)
ZEROS = sorted((zero, m) for m in range(8) for zero in special.jn_zeros(m, 6))[:MODES]
MEMBRANE, ORDER = np.array([zero for zero, _ in ZEROS]), np.array([m for _, m in ZEROS])


def bar_shape(x):
    """Return how far each mode of a free bar of length 1 swings at place x."""
    s = (np.cosh(BAR) - np.cos(BAR)) / (np.sinh(BAR) - np.sin(BAR))
    return np.cosh(BAR * x) + np.cos(BAR * x) - s * (np.sinh(BAR * x) + np.sin(BAR * x))


def string(rng):
    """Return frequency ratios and amplitudes of a string plucked at a random place, heard through its bridge."""
    n, stiffness, place = np.arange(1, MODES + 1), 10 ** rng.uniform(-4, -2.7), rng.uniform(0.08, 0.45)
    return n * np.sqrt((1 + stiffness * n**2) / (1 + stiffness)), np.sin(n * np.pi * place) / n


def bar(rng):
    """Return the same for a bar that is struck at one random place and heard at another."""
    return (BAR / BAR[0]) ** 2, bar_shape(rng.uniform(0, 0.5)) * bar_shape(rng.uniform(0, 0.5))


def membrane(rng):
    """Return the same for a round membrane of radius 1."""
    struck, heard = np.sqrt(rng.uniform(0, 0.8, 2))
    swing = special.jv(ORDER, MEMBRANE * struck) * special.jv(ORDER, MEMBRANE * heard)
    return MEMBRANE / MEMBRANE[0], swing * np.cos(ORDER * rng.uniform(0, np.pi)) / special.jv(ORDER + 1, MEMBRANE) ** 2


BODIES = {"string": string, "bar": bar, "membrane": membrane}
for name, body in BODIES.items():
    print(f"{name:9}", "  ".join(f"{ratio:.3f}" for ratio in body(np.random.default_rng(0))[0][:6]))
assert np.allclose(bar(np.random.default_rng(0))[0][:3], [1, 2.756, 5.404], atol=1e-3)
assert np.allclose((MEMBRANE / MEMBRANE[0])[:4], [1, 1.593, 2.136, 2.295], atol=1e-3)

# %% [markdown]
r"""
Look at the rows: these ratios are all that will tell the classes apart. Everything else is drawn from the *same*
distributions for all three: the pitch over two octaves, how fast the modes die away (the higher the faster), how hard the
hammer is, where it strikes, and how much noise there is. So neither "low" nor "short" nor "noisy" gives the answer away.
"""

# %%


def note(body, rng, length, onset, noise_db):
    """Return a clip of `length` samples in which a body is struck at sample `onset`, in white noise of -noise_db decibels."""
    ratios, amplitudes = BODIES[body](rng)
    frequency = ratios * 80 * 4 ** rng.uniform()  # hertz
    decay = rng.uniform(3, 10) + rng.uniform(4, 24) * (frequency / 1000) ** 2  # per second
    contact = 10 ** rng.uniform(-3.9, -3.3)  # seconds that a hammer touches: a soft one excites no high modes
    amplitudes = amplitudes * np.exp(-((frequency * contact) ** 2)) * (frequency < 0.45 * RATE)
    t = np.arange(length - onset) / RATE
    sound = amplitudes @ (np.exp(-decay[:, None] * t) * np.sin(2 * np.pi * frequency[:, None] * t))
    clip = 10 ** (-rng.uniform(*noise_db) / 20) * rng.standard_normal(length)
    clip[onset:] += sound / np.sqrt((sound[:1024] ** 2).mean())
    return clip


def notes(number, seed, length, onset, noise_db):
    """Return clips (number, 1, length) and labels; the bodies take turns."""
    rng = np.random.default_rng(seed)
    labels = np.arange(number) % len(BODIES)
    clips = np.stack([note(list(BODIES)[label], rng, length, onset, noise_db) for label in labels])
    return torch.from_numpy(clips)[:, None].float(), torch.from_numpy(labels)


rng = np.random.default_rng(3)
heard = {body: note(body, rng, 6000, 0, (30, 30)) for body in BODIES}
for body, clip in heard.items():
    print(f"a {body}, {len(clip) / RATE:.2f} s:")
    display(Audio(clip, rate=RATE))

# %% [markdown]
r"""
Play them: a string, a wooden bar, a drum. Now look at the same three clips.

### A spectrogram is a convolution

What does the ear do? It asks how much of each frequency there is *now*. Slide a short cosine and a short sine of each
frequency along the signal, with a window that fades in and out: that is a 1D convolution with fixed kernels and a stride,
and its magnitude is the **spectrogram**. `torch.stft` computes the same by FFT.
"""

# %%
WINDOW, HOP = 256, 64
samples = torch.arange(WINDOW)
bins = torch.arange(WINDOW // 2 + 1)[:, None]
fade = torch.hann_window(WINDOW)
waves = torch.cat([torch.cos(2 * torch.pi * bins * samples / WINDOW), -torch.sin(2 * torch.pi * bins * samples / WINDOW)]) * fade


def spectrogram(clip):
    """Return magnitudes (frequencies, times) by one strided convolution."""
    real, imaginary = F.conv1d(clip[None, None], waves[:, None], stride=HOP)[0].chunk(2)
    return torch.hypot(real, imaginary)


clip = torch.from_numpy(heard["bar"]).float()
by_library = torch.stft(clip, WINDOW, HOP, window=fade, center=False, return_complex=True).abs()
assert torch.allclose(spectrogram(clip), by_library, atol=1e-3)

fig, axes = plt.subplots(2, 3, figsize=(9, 4.4), sharex="col", sharey="row")
for column, (body, clip) in zip(axes.T, heard.items(), strict=True):
    column[0].plot(np.arange(len(clip)) / RATE, clip, lw=0.4)
    decibels = 20 * torch.log10(spectrogram(torch.from_numpy(clip).float()) + 1e-3)
    shades = column[1].imshow(
        decibels.numpy(),
        origin="lower",
        aspect="auto",
        extent=(0, len(clip) / RATE, 0, RATE / 2000),
        vmin=5,
        vmax=45,
        interpolation="nearest",
    )
    column[1].grid(False)
    column[0].set_title(body)
    column[1].set(xlabel="time (s)", ylim=(0, 2.5))
axes[0, 0].set_ylabel("sound pressure")
axes[1, 0].set_ylabel("frequency (kHz)")
fig.colorbar(shades, ax=axes[1, 2], label="level (dB)")
plotting.show(
    fig,
    "Waveforms and spectrograms of a string, a bar and a membrane: evenly spaced lines; a few lines far apart; many lines "
    "close together at low frequency. High lines fade first.",
)

# %% [markdown]
r"""
Look at the lines (bright is loud, on a scale of 40 decibels): evenly spaced for the string, ever further apart for the bar,
crowded and uneven for the membrane, which is why a drum has no clear pitch. And high lines end first. A spectrogram is a
picture, and many sound networks are 2D networks on it. But mind what its directions mean: a shift to the right is *later*, a
shift upwards is *another sound*.

### Raw samples in, class out

We feed the network no spectrogram: it gets 2048 raw samples, about a quarter of a second, and must find its own kernels.
Three strided convolutions, a global average over time, and a head. Beside it a dense network on the same samples, with ten
times the parameters. In all training clips the body is struck at sample 128. *Which one will do better on new clips? And on
new clips that begin a few samples earlier or later?*
"""

# %%
LENGTH, ONSET, NOISE_DB = 2048, 128, (0, 20)
X, y = (tensor.to(device) for tensor in notes(1200, 0, LENGTH, ONSET, NOISE_DB))
T, ty = (tensor.to(device) for tensor in notes(600, 1, 2 * LENGTH, LENGTH // 2, NOISE_DB))


def conv_net():
    """Build the 1D network: (N, 1, 2048) -> (N, 3) logits."""
    layers, before = [], 1
    for width, size, stride in ((16, 64, 8), (32, 8, 2), (32, 8, 2)):
        layers += [nn.Conv1d(before, width, size, stride, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(before, 3))


def dense_net():
    """Build a dense network on the same samples."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(LENGTH, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
    )


def shifted(by):
    """Return the test clips cut out so that the body is struck `by` samples later than in training."""
    start = LENGTH // 2 - ONSET - by
    return T[:, :, start : start + LENGTH]


@torch.no_grad()
def accuracy(net, inputs, labels):
    return (net(inputs).argmax(1) == labels).float().mean().item()


SHIFTS = (-512, -128, -32, -8, -4, -2, 0, 2, 4, 8, 32, 128, 512)
SEEDS = (0, 1, 2)
found = {}
for name, build in (("convolutional", conv_net), ("dense", dense_net)):
    for seed in SEEDS:
        training.set_seed(seed)
        net = build().to(device)

        def loss(net=net):
            i = torch.randint(len(X), (32,))
            return F.cross_entropy(net(X[i]), y[i])

        train(net, loss, 300, 1e-2 if name == "convolutional" else 3e-3)
        found[name, seed] = [accuracy(net, shifted(by), ty) for by in SHIFTS]
        fitted = accuracy(net, X, y)
        on_new = found[name, seed][SHIFTS.index(0)]
        print(f"{name:13} seed {seed}: {count(net):,} parameters, training {fitted:.2f}, new clips {on_new:.2f}")
        if name == "convolutional" and seed == 0:
            listener = net
curves = {name: np.array([found[name, seed] for seed in SEEDS]) for name in ("convolutional", "dense")}

# %%
fig, ax = plt.subplots()
for name, colour, marker in (("convolutional", plotting.BLUE, "o"), ("dense", plotting.VERMILLION, "s")):
    ax.plot(range(len(SHIFTS)), curves[name].mean(axis=0), marker + "-", color=colour, label=name)
    ax.fill_between(range(len(SHIFTS)), curves[name].min(axis=0), curves[name].max(axis=0), color=colour, alpha=0.2)
ax.axhline(1 / 3, color="black", ls=":", lw=1, label="guessing")
ax.set_xticks(range(len(SHIFTS)), [f"{by:+d}".replace("-", "−").replace("+0", "0") for by in SHIFTS])
ax.set(xlabel="shift in samples (8 samples are a millisecond)", ylabel="accuracy on new clips", ylim=(0.2, 1.02))
ax.set_title("Four milliseconds undo what the dense network learned")
ax.legend(loc="lower left", ncols=3)
plotting.show(
    fig,
    "Accuracy against shift: the convolutional network stays high for all but the largest shift to the left, the dense one "
    "has a peak at zero and falls to guessing; bands over three seeds.",
)
middle = SHIFTS.index(0)
print(f"{'shift':14}" + "".join(f"{by:>6}" for by in SHIFTS))
for name, values in curves.items():
    print(f"{name:14}" + "".join(f"{value:6.2f}" for value in values.mean(axis=0)))
assert (curves["convolutional"][:, middle] > 0.85).all()
assert curves["convolutional"][:, 0].mean() < curves["convolutional"][:, middle].mean() - 0.05
assert curves["dense"][:, middle].max() < 0.8
assert curves["dense"][:, [SHIFTS.index(-32), SHIFTS.index(32)]].max() < 0.55
assert curves["convolutional"][:, [SHIFTS.index(-32), SHIFTS.index(128)]].min() > 0.8

# %% [markdown]
r"""
Look at the width of the dense network's peak: it had learned the training clips by heart, and on new ones knows something
only if the blow comes within a few samples of where it expects it. A sine shifted by half a period is its own negative, so
for a sum over fixed weights a few samples make another input. The convolutional network shares its kernels over all times,
and the average at the end forgets *when*. (Lecture 01's experiment, in one direction less.)

Now the far left, where it loses, too: there the clip begins after the blow. No clip in training was without its beginning,
and sharing weights cannot help with that.

*What kernels did it find?* Here are the 16 of the first layer, 64 samples each, sorted by the frequency that they answer to
most, and the spectrum of each.
"""

# %%
kernels = listener[0].weight.detach().cpu()[:, 0]
spectra = torch.fft.rfft(kernels, n=512).abs()
spectra = spectra / spectra.amax(dim=1, keepdim=True)
ranks = spectra.argmax(dim=1).argsort()
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), width_ratios=(1.3, 1))
for row, k in enumerate(ranks.tolist()):
    axes[0].plot(
        np.arange(64) / RATE * 1000, row + 0.45 * (kernels[k] / kernels[k].abs().max()).numpy(), color=plotting.BLUE, lw=1
    )
axes[0].set(xlabel="time (ms)", yticks=(), ylim=(-0.5, 15.5), title="Kernels of the first layer, slow ones below")
axes[0].grid(False)
axes[1].imshow(
    spectra[ranks].numpy(), origin="lower", aspect="auto", extent=(0, RATE / 2000, -0.5, 15.5), interpolation="nearest"
)
axes[1].set(xlabel="frequency (kHz)", yticks=(), title="What each answers to most (yellow)")
axes[1].grid(False)
plotting.show(
    fig,
    "Sixteen learned kernels as wavy lines, sorted from slow to fast, and their spectra: each has one or a few bands, and the "
    "bands move from low to high frequency.",
)
peaks = spectra.argmax(dim=1) * RATE / 512
print(f"strongest answers between {peaks.min():.0f} and {peaks.max():.0f} Hz")
assert peaks.max() > 2 * peaks.min()

# %% [markdown]
r"""
Look from bottom to top: slow kernels and fast ones. Nobody told the network about frequency, and what it made is a
coarse bank of band-pass filters.

## Causal convolution

Now another task: **predict the next sample**. If we can do that we can make sound, one sample after another, and we have
a model of everything that a signal could do next. The same holds for the next letter of a text.

There is one way to cheat, and it is built in. A `Conv1d` with `padding="same"` looks both ways. *Train such a kernel of
three taps to predict the next sample. What will its weights be?*
"""

# %%
clip = notes(1, 5, 1500, 0, (40, 40))[0][0, 0]
windows = clip.unfold(0, 3, 1)  # row t: samples t−1, t, t+1
sees_both_sides = torch.linalg.lstsq(windows[:-1], clip[2:-1, None]).solution[:, 0]
sees_the_past = torch.linalg.lstsq(windows[:-1], clip[3:, None]).solution[:, 0]
for name, weights, target in (("both sides", sees_both_sides, clip[2:-1]), ("the past", sees_the_past, clip[3:])):
    error = (windows[:-1] @ weights - target).square().mean() / target.square().mean()
    print(f"sees {name:10}: weights", "  ".join(f"{w:6.2f}" for w in weights), f"  error power / signal power {error:.1e}")
assert torch.allclose(sees_both_sides, torch.tensor([0.0, 0, 1]), atol=1e-3)

# %% [markdown]
r"""
Look at the first line: the weights are 0, 0, 1. The kernel copies the answer, which lies under its right tap. The loss is
perfect, and when you want to make a next sample there is nothing to copy.

A **causal** convolution computes output $t$ from inputs up to $t$ only. It takes no new layer: put all the padding on
the left, $(k-1)\,d$ zeros for $k$ taps with dilation $d$, and none on the right.
"""

# %%
signal = torch.tensor([[[3.0, 1, 4, 1, 5, 9]]])
taps = torch.tensor([[[1.0, 10, 100]]])
both = F.conv1d(signal, taps, padding="same")
past = F.conv1d(F.pad(signal, (2, 0)), taps)
print("x     ", signal.flatten().tolist())
print("same  ", both.flatten().tolist())
print("causal", past.flatten().tolist())
assert past.flatten().tolist()[:3] == [3 * 100, 3 * 10 + 1 * 100, 3 * 1 + 1 * 10 + 4 * 100]
assert torch.equal(past[..., 1:], both[..., :-1])

# %% [markdown]
r"""
Look at the two lines of results: the causal one is the other, one step later. The *last* tap lies on the present.

Do not believe a padding; ask the gradient. The matrix of all $\partial y_t / \partial x_s$ (row $t$, column $s$) has one
entry for each pair of times. Above the diagonal is the future. *Which of these stacks have anything there?*
"""


# %%
def jacobian(net, length):
    """Return |dy_t / dx_s| as (length, length) for a net from one channel to one."""
    start = torch.randn(length, dtype=torch.float64)
    return torch.autograd.functional.jacobian(lambda x: net(x[None, None])[0, 0], start).abs()


class PaddedLeft(nn.Module):
    """A convolution whose padding is all on the left."""

    def __init__(self, before, width, taps, dilation=1):
        super().__init__()
        self.left = (taps - 1) * dilation
        self.conv = nn.Conv1d(before, width, taps, dilation=dilation)

    def forward(self, x):
        return self.conv(F.pad(x, (self.left, 0)))


def three(layer):
    """Stack three layers of kernel 3 with smooth activations between them."""
    return nn.Sequential(layer(1, 4), nn.Tanh(), layer(4, 4), nn.Tanh(), layer(4, 1)).double()


torch.manual_seed(0)
stacks = {
    'padding="same"': three(lambda a, b: nn.Conv1d(a, b, 3, padding="same")),
    "padded left": three(lambda a, b: PaddedLeft(a, b, 3)),
    "one of three padded left": three(lambda a, b: PaddedLeft(a, b, 3) if b == 1 else nn.Conv1d(a, b, 3, padding="same")),
}
LONG = 20
future = torch.triu(torch.ones(LONG, LONG), diagonal=1).bool()
fig, axes = plt.subplots(1, 3, figsize=(9, 3.1), sharey=True)
for ax, (name, net) in zip(axes, stacks.items(), strict=True):
    depends = jacobian(net, LONG)
    leaks = int((depends[future] > 0).sum())
    print(f"{name:24} {leaks:3} outputs × inputs depend on the future")
    assert (leaks == 0) == (name == "padded left")
    ax.imshow((depends > 0).numpy(), cmap="Blues", vmax=1.6, vmin=0, interpolation="nearest")
    ax.plot([-0.5, LONG - 0.5], [-0.5, LONG - 0.5], color=plotting.VERMILLION, lw=1)
    ax.set(xlabel="input time s", title=name, xticks=range(0, LONG, 5), yticks=range(0, LONG, 5))
    ax.grid(False)
axes[0].set_ylabel("output time t")
plotting.show(
    fig,
    "Three matrices of output time against input time. With symmetric padding a band on both sides of the diagonal; with "
    "padding on the left the band lies below the diagonal; with one causal layer of three it still reaches above it.",
)

# %% [markdown]
r"""
Look above the red line. Only the second is empty there. The third is the kind of mistake that no shape reveals: one
layer with symmetric padding is enough to leak, and the training loss will be wonderful.

Because a causal layer needs only the past, it can run on a stream: keep the last $(k-1)\,d$ inputs, and compute each block
as it arrives. *Is the result the same?*
"""

# %%
stream, layer = torch.randn(1, 2, 40), PaddedLeft(2, 3, taps=3, dilation=4)
with torch.no_grad():
    at_once = layer(stream)
    memory, pieces = torch.zeros(1, 2, layer.left), []
    for block in stream.split(7, dim=2):
        joined = torch.cat([memory, block], dim=2)
        pieces.append(layer.conv(joined))
        memory = joined[:, :, -layer.left :]
assert torch.allclose(torch.cat(pieces, dim=2), at_once, atol=1e-6)
print(f"{len(pieces)} blocks, a memory of {memory.shape[2]} samples: equal")

# %% [markdown]
r"""
## Dilation

A note of 100 Hz has a period of 80 samples. To continue it a network must see at least that far back. *How many causal
layers of two taps does that take?* Each adds one sample: 79. Dilation makes it a handful. In the recurrence of lecture 04
without stride, layer $l$ with $k$ taps and dilation $d_l$ adds $(k-1)\,d_l$ to the **receptive field**,

$$r = 1 + \sum_l (k-1)\,d_l ,$$

and if the dilation doubles from layer to layer, $d_l = 2^l$, then $r = 2^{\text{layers}}$ for two taps. The tree below is not
drawn by hand: a line joins two units if the gradient of the one with respect to the other is not zero.
"""

# %%
DILATIONS = (1, 2, 4, 8)
fig, ax = plt.subplots(figsize=(8.4, 2.9))
WIDE = 20
needed = torch.zeros(WIDE, dtype=bool)
needed[-1] = True
for level in range(len(DILATIONS), 0, -1):
    d = DILATIONS[level - 1]
    one_layer = jacobian(PaddedLeft(1, 1, 2, d).double(), WIDE) > 0
    for t, s in one_layer.nonzero().tolist():
        on_path = bool(needed[t])
        ax.plot(
            [s, t],
            [level - 1, level],
            color=plotting.VERMILLION if on_path else "#cccccc",
            lw=1.6 if on_path else 0.6,
            zorder=2 if on_path else 1,
        )
    ax.scatter(range(WIDE), [level] * WIDE, c=[plotting.VERMILLION if n else "#bbbbbb" for n in needed], s=26, zorder=3)
    needed = one_layer[needed].any(dim=0)
ax.scatter(range(WIDE), [0] * WIDE, c=[plotting.BLUE if n else "#bbbbbb" for n in needed], s=26, zorder=3)
ax.set_yticks(range(5), ["input", *(f"dilation {d}" for d in DILATIONS)])
ax.set(xlabel="time", xticks=range(0, WIDE, 2), title=f"One output of four layers of two taps sees {int(needed.sum())} inputs")
ax.grid(False)
plotting.show(
    fig,
    "A binary tree: one output at the top right, two units below it eight apart, then four, eight, sixteen inputs side by side.",
)
assert int(needed.sum()) == 1 + sum(DILATIONS) == 2 ** len(DILATIONS)

# %% [markdown]
r"""
Look at the blue points: 16 inputs, side by side, each used exactly once. Four layers, eight weights per channel.

The order of the dilations does not change the sum, but the choice does matter. *What does a stack with dilations 2, 2, 2, 2
see?*
"""

# %%
for dilations in ((1, 1, 1, 1), (1, 2, 4, 8), (8, 4, 2, 1), (2, 2, 2, 2), (1, 3, 9, 27)):
    net = nn.Sequential(*(PaddedLeft(1, 1, 2, d) for d in dilations)).double()
    seen = jacobian(net, 64)[-1] > 0
    first = int(seen.nonzero().min())
    print(f"dilations {dilations!s:15} field {64 - first:3} = 1 + {sum(dilations)}, samples looked at {int(seen.sum()):3}")
    assert 64 - first == 1 + sum(dilations)
    assert bool(seen[first:].all()) == (dilations in ((1, 1, 1, 1), (1, 2, 4, 8), (8, 4, 2, 1)))

# %% [markdown]
r"""
Look at the last two lines: the field is wide and full of holes. With dilation 2 throughout, odd and even samples never
meet; growing three-fold with two taps leaves gaps. With $k$ taps the dilation may grow by a factor of at most $k$.

> **Check yourself.** A causal stack: kernels of 3 taps, dilations 1, 3, 9, 27. How wide is its field, and has it holes?
>
> <details><summary>Answer</summary>
>
> $1 + 2\,(1+3+9+27) = 81$ samples, and no holes: three taps, and the dilation grows by a factor of three.
>
> </details>

## WaveNet blocks

WaveNet (van den Oord et al. 2016) stacks such layers for speech, ten of them with dilations 1, 2, 4 to 512, then again. Its
block adds two ideas to the dilated causal convolution. Go through one, step by step:
"""

# %%
torch.manual_seed(2)
CHANNELS, D = 16, 4
h = torch.randn(1, CHANNELS, 50)  # what comes from the block before
to_both = nn.Conv1d(CHANNELS, 2 * CHANNELS, kernel_size=2, dilation=D)
to_residual, to_skip = nn.Conv1d(CHANNELS, CHANNELS, 1), nn.Conv1d(CHANNELS, CHANNELS, 1)
with torch.no_grad():
    filtered, gate = to_both(F.pad(h, (D, 0))).chunk(2, dim=1)  # two causal dilated convolutions in one
    z = torch.tanh(filtered) * torch.sigmoid(gate)
    residual, skip = h + to_residual(z), to_skip(z)
for name, value in (
    ("h", h),
    ("filter", filtered),
    ("gate", gate),
    ("tanh · sigmoid", z),
    ("h + residual", residual),
    ("skip", skip),
):
    print(f"{name:15} {tuple(value.shape)}  from {value.min():6.2f} to {value.max():5.2f}")
assert z.abs().max() < 1
assert residual.shape == skip.shape == h.shape

fig, ax = plt.subplots(figsize=(8.2, 3.1))
BOXES = {
    "h": (0.2, 0.0, plotting.GREY),
    "causal conv\n2 taps, dilation d": (2.2, 0.9, plotting.BLUE),
    "causal conv\n2 taps, dilation d ": (2.2, -0.9, plotting.BLUE),
    "tanh": (4.1, 0.9, plotting.GREEN),
    "sigmoid": (4.1, -0.9, plotting.GREEN),
    "×": (5.2, 0.0, plotting.ORANGE),
    "1×1": (6.4, 0.0, plotting.BLUE),
    "1×1 ": (6.4, -1.3, plotting.BLUE),
    "+": (7.5, 0.0, plotting.ORANGE),
    "next block": (8.8, 0.0, plotting.GREY),
    "sum of\nall skips": (8.8, -1.3, plotting.GREY),
}
ARROWS = [
    ("h", "causal conv\n2 taps, dilation d"),
    ("h", "causal conv\n2 taps, dilation d "),
    ("causal conv\n2 taps, dilation d", "tanh"),
    ("causal conv\n2 taps, dilation d ", "sigmoid"),
    ("tanh", "×"),
    ("sigmoid", "×"),
    ("×", "1×1"),
    ("×", "1×1 "),
    ("1×1", "+"),
    ("+", "next block"),
    ("1×1 ", "sum of\nall skips"),
]
drawn = {}
for name, (place, height, colour) in BOXES.items():
    wide = 0.095 * max(len(row) for row in name.strip().split("\n")) + 0.25
    drawn[name] = FancyBboxPatch(
        (place - wide / 2, height - 0.28), wide, 0.56, boxstyle="round,pad=0.04", fc="white", ec=colour, lw=1.5, zorder=3
    )
    ax.add_patch(drawn[name])
    ax.text(place, height, name.strip(), ha="center", va="center", fontsize=9, zorder=4)
for start, end in ARROWS:
    ends = {"patchA": drawn[start], "patchB": drawn[end], "shrinkA": 2, "shrinkB": 2}
    ax.annotate("", BOXES[end][:2], BOXES[start][:2], arrowprops={"arrowstyle": "->", "color": plotting.GREY, **ends})
ax.plot([0.2, 0.2, 7.5], [0.3, 1.6, 1.6], color=plotting.GREY, lw=1)
ax.annotate("", (7.5, 0.32), (7.5, 1.6), arrowprops={"arrowstyle": "->", "color": plotting.GREY, "shrinkA": 0, "shrinkB": 2})
ax.set(xlim=(-0.2, 9.9), ylim=(-1.9, 1.9), title="A gated block has two ways out: on to the next block, and straight to the end")
ax.set_axis_off()
plotting.show(
    fig,
    "A WaveNet block: the input goes through two causal dilated convolutions, tanh and sigmoid, which are multiplied; a 1 by 1 "
    "convolution is added to the input and goes on to the next block, another one goes to the sum of all skips.",
)

# %% [markdown]
r"""
Look at the **gate**: the sigmoid says between 0 and 1 how much of the tanh passes, at each time and in each channel. And
look at the two ways out: the **residual** path of lecture 09, and a **skip** to the output, where the skips of all blocks
are summed. So the output hears from short and from long receptive fields.

Below, the whole stack in one module: both convolutions of a block are one with twice the channels, cut in two. (In the
assignment you build the block as a module of its own.)
"""


# %%
class GatedStack(nn.Module):
    """A stack of gated, causal, dilated convolutions: (N, C, L) -> (N, K, L)."""

    def __init__(self, inputs, outputs, channels, dilations):
        super().__init__()
        self.dilations = dilations
        self.enter = nn.Conv1d(inputs, channels, 1)
        self.gated = nn.ModuleList(nn.Conv1d(channels, 2 * channels, 2, dilation=d) for d in dilations)
        self.mixed = nn.ModuleList(nn.Conv1d(channels, 2 * channels, 1) for _ in dilations)
        self.leave = nn.Sequential(
            nn.ReLU(), nn.Conv1d(channels, 2 * channels, 1), nn.ReLU(), nn.Conv1d(2 * channels, outputs, 1)
        )

    @property
    def field(self):
        return 1 + sum(self.dilations)

    def forward(self, x):
        h = self.enter(x)
        skips = h
        for d, gated, mixed in zip(self.dilations, self.gated, self.mixed, strict=True):
            filtered, gate = gated(F.pad(h, (d, 0))).chunk(2, dim=1)
            residual, skip = mixed(torch.tanh(filtered) * torch.sigmoid(gate)).chunk(2, dim=1)
            h, skips = h + residual, skips + skip
        return self.leave(skips)


ten = GatedStack(1, 1, 4, [2**layer for layer in range(10)])
print(f"ten layers with dilations 1 to 512: field {ten.field}, at 16,000 samples per second {1000 * ten.field / 16000:.0f} ms")
assert ten.field == 1024
torch.manual_seed(0)
for dilations in ((1, 2), (1, 2, 4, 8), (1, 2, 4, 8, 16, 32)):
    probe = GatedStack(1, 1, 8, dilations).double()
    gradients = sum(jacobian(probe, 96) for _ in range(3))  # a ReLU may be off for one input
    reach = 96 - int((gradients[-1] > 0).nonzero().min())
    print(f"dilations {dilations!s:22} field by the recurrence {probe.field:3}, by the gradient {reach:3}")
    assert reach == probe.field
    assert not (gradients[torch.triu(torch.ones(96, 96), 1).bool()] > 0).any()

# %% [markdown]
r"""
Look at the last three lines: the two numbers agree, and the assertion below them says that nothing in the stack sees the
future.

### The next sample

The network gets the notes of our three bodies and must say what comes next. Not as one number: as a distribution. WaveNet
divides the amplitudes into 256 steps and takes a softmax. We take something simpler, a normal distribution with mean
$\mu_t$ and width $s_t$, both computed by the network from the past. The loss is the negative log likelihood; divided by
$\log 2$ it is in **bits per sample**. A network that says "I do not know" with a large $s_t$ pays little where it is wrong;
one that is sure pays little where it is right.

Compare with two honest baselines: repeat the last sample; and the best *linear* causal kernel, by least squares on the
training clips, each with one fixed width. *Predict: what does the network gain over the linear kernel of the same receptive
field?*
"""

# %%
AHEAD, NOISE_DB = 512, (35, 45)
P = notes(1000, 2, AHEAD, 0, NOISE_DB)[0]
Q = notes(300, 3, AHEAD, 0, NOISE_DB)[0]
scale = P.std()
P, Q = (P / scale).to(device), (Q / scale).to(device)
FROM = 64  # every method is judged on the samples after these
truth = Q[:, 0, FROM:]


def bits(error, log_width):
    """Return the mean negative log2 likelihood of errors under normal distributions."""
    return ((0.5 * (error * torch.exp(-log_width)) ** 2 + log_width).mean() / math.log(2) + 0.5 * math.log2(2 * math.pi)).item()


def gain(error):
    """Return signal power over error power in decibels, of the median clip."""
    return 10 * (truth.square().mean(dim=1) / error.square().mean(dim=1)).log10().median().item()


scores = {}
before, after = P[:, 0, :-1], P[:, 0, 1:]
error = Q[:, 0, FROM - 1 : -1] - truth
scores["repeat", 1] = gain(error), bits(error, (after - before).square().mean().log() / 2)
for taps in (4, 16, 64):
    U = P[:, 0].unfold(1, taps, 1)[:, :-1:2].reshape(-1, taps).double()  # every second window
    target = P[:, 0, taps::2].reshape(-1, 1).double()
    w = torch.linalg.solve(U.T @ U, U.T @ target)
    width = (U @ w - target).square().mean().log().float() / 2
    error = (Q[:, 0].unfold(1, taps, 1)[:, :-1] @ w.float())[:, FROM - taps :, 0] - truth
    scores["linear", taps] = gain(error), bits(error, width)


def normal_loss(net, x):
    """Return (error, log width) of the predictions of x[1:] that have a whole receptive field of past."""
    mean, log_width = net(x[:, :, :-1])[:, :, net.field - 1 :].chunk(2, dim=1)
    return (mean - x[:, :, net.field :])[:, 0], log_width[:, 0]


predictors = {}
for dilations in ((1, 2), (1, 2, 4, 8), (1, 2, 4, 8, 16, 32)):
    training.set_seed(0)
    net = GatedStack(1, 2, 16, dilations).to(device)

    def loss(net=net):
        long = 192 + net.field
        start = torch.randint(AHEAD - long + 1, ()).item()
        error, log_width = normal_loss(net, P[torch.randint(len(P), (16,)), :, start : start + long])
        return (0.5 * (error * torch.exp(-log_width)) ** 2 + log_width).mean()

    train(net, loss, 400, 5e-3)
    with torch.no_grad():
        error, log_width = normal_loss(net, Q[:, :, FROM - net.field :])
    scores["network", net.field] = gain(error), bits(error, log_width)
    predictors[net.field] = net
    print(f"network with field {net.field:2}: {count(net):,} parameters")

base = scores["repeat", 1][1]
print(f"\n{'method':9}{'field':>6}{'signal / error':>17}{'bits saved per sample':>24}")
for (method, field), (decibels, cost) in scores.items():
    print(f"{method:9}{field:6}{decibels:14.1f} dB{base - cost:24.2f}")
for field in (4, 16, 64):
    assert scores["network", field][1] < scores["linear", field][1] - 0.4
    assert scores["network", field][0] > scores["linear", field][0]
assert scores["network", 16][1] < scores["network", 4][1]
assert scores["repeat", 1][0] < scores["linear", 4][0] < scores["linear", 64][0]

# %% [markdown]
r"""
Look at the third column first: for the median clip the linear kernel does well, and more taps help it a little; the network
adds some decibels, and hardly more with a longer field. That is physics. A sum of decaying sines obeys a *linear*
recurrence, so that a linear predictor is the right kind of model; what the network can do better is to choose the
coefficients by the sound that it hears.

Then look at the last column: in bits the network is far ahead, because it also knows *how sure to be*, just struck or fading
away, and the linear kernel has one width for all. What its 64 taps gain on the median clip, they lose in bits on the worst
ones: an error far beyond the announced width is paid for quadratically. (A linear kernel with a width that follows the
loudness would do better. We may not conclude that the gates are what helps.)

*Can it go on by itself?* Give it 300 samples of a string that it has never heard, then feed it its own means. Each step is a
run on the last 64 samples. Beside it, to test the claim about the recurrence: 64 linear weights, fitted by least squares to
the 300 samples of *this one* note, and fed with their own predictions in the same way. *Which will keep the tone longer?*
"""

# %%
net = predictors[64]
GIVEN, MADE = 300, 120
original = torch.from_numpy(note("string", np.random.default_rng(10), 2400, 0, (40, 40))).float()[None, None].to(device) / scale
played = original[:, :, :GIVEN]
with torch.no_grad():
    for _ in range(MADE):
        mean = net(played[:, :, -net.field :])[:, :1, -1:]
        played = torch.cat([played, mean], dim=2)
    log_width = normal_loss(net, original)[1][0].cpu()
played, original = played[0, 0].cpu().numpy(), original[0, 0].cpu().numpy()
own = np.lib.stride_tricks.sliding_window_view(original[:GIVEN].astype(float), net.field)[:-1]
ridge = 1e-5 * len(own) * np.eye(net.field)  # keeps the noise from being fitted
weights = np.linalg.solve(own.T @ own + ridge, own.T @ original[net.field : GIVEN])
recurred = list(original[:GIVEN])
for _ in range(MADE):
    recurred.append(np.dot(recurred[-net.field :], weights))
recurred = np.array(recurred)

fig, axes = plt.subplots(2, 1, figsize=(8.4, 4.6))
time_ms = np.arange(len(original)) / RATE * 1000
axes[0].plot(time_ms[150 : GIVEN + MADE], original[150 : GIVEN + MADE], color=plotting.GREY, lw=3, alpha=0.5, label="the note")
axes[0].plot(
    time_ms[GIVEN - 1 : GIVEN + MADE], played[GIVEN - 1 :], color=plotting.VERMILLION, lw=1.4, label="the network, on its own"
)
axes[0].plot(
    time_ms[GIVEN - 1 : GIVEN + MADE], recurred[GIVEN - 1 :], "--", color=plotting.BLUE, lw=1.4, label="its own recurrence"
)
axes[0].axvline(time_ms[GIVEN - 1], color="black", ls=":", lw=1)
axes[0].set(
    xlabel="time (ms)", ylabel="amplitude", ylim=(-4, 4), title="64 weights made for this note keep it; the network loses it"
)
axes[0].legend(ncols=3, loc="upper left")
axes[1].plot(time_ms[net.field :], np.abs(original[net.field :]), color=plotting.GREY, lw=0.5, alpha=0.6, label="|amplitude|")
axes[1].plot(time_ms[net.field :], log_width.exp(), color=plotting.VERMILLION, lw=1, label="the network's width")
axes[1].set(xlabel="time (ms)", ylabel="amplitude", yscale="log", ylim=(3e-3, 10))
axes[1].set_title("The network is surer of a note that fades")
axes[1].legend(ncols=2, loc="upper right")
plotting.show(
    fig,
    "Above: a note, its continuation by a linear recurrence fitted to it, which lies on it, and the network's, which leaves it "
    "soon. Below, on a logarithmic axis: the note's amplitude and the network's width, which falls with it.",
)
span = slice(GIVEN, GIVEN + MADE)
error_of = {}
for name, continued in (("the network", played), ("its own recurrence", recurred)):
    error_of[name] = np.mean((continued[span] - original[span]) ** 2) / np.mean(original[span] ** 2)
    print(f"{name:18}: error power / signal power over {1000 * MADE / RATE:.0f} ms {error_of[name]:.3f}")
assert error_of["its own recurrence"] < 0.05 < 0.3 < error_of["the network"]
early, late = log_width[:400].exp().mean(), log_width[-400:].exp().mean()
print(f"announced width: first 50 ms {early:.3f}, last 50 ms {late:.3f}")
assert late < 0.7 * early

# %% [markdown]
r"""
Look at the dashed curve: it lies on the note. So the recurrence is linear, indeed, and 64 weights hold all twelve partials;
but only for this one pitch. The network has weights for no note in particular. One step ahead it is better than any fixed
linear kernel, but each of its errors becomes part of the next input, and errors add up: who predicts one step well may
still be a poor player. (WaveNet also *draws* each sample from its distribution; means fed back fade away.)

> **Check yourself.** Your next-sample predictor has a loss near zero after one epoch. What do you look at first?
>
> <details><summary>Answer</summary>
>
> Whether it sees the answer: compute $\partial y_t/\partial x_s$ and look above the diagonal; and whether input and target
> are shifted against each other at all.
>
> </details>

### Text

A text is a sequence, too. Its symbols have no order and no distance, so each becomes a
**[one-hot](../glossary.ipynb#one-hot-encoding)** vector: as many channels
as there are symbols, a one in the channel of the symbol. A 1×1 convolution then gives each symbol a vector of its own,
which is all that an embedding is. The text here ships with Python: its language reference, the topics of `help()`, in small
letters.
"""

# %%
text = re.sub(r"[^a-z.,'()]+", " ", " ".join(topics[name] for name in sorted(topics)).lower())
SYMBOLS = sorted(set(text))
codes = torch.tensor([SYMBOLS.index(letter) for letter in text])
V = len(SYMBOLS)
cut = int(0.9 * len(codes))
print(f"{len(codes):,} letters of {V} kinds; for instance:", text[5000:5080])

embedding = nn.Embedding(V, 6)
pointwise = nn.Conv1d(V, 6, 1, bias=False)
pointwise.weight.data = embedding.weight.data.T[:, :, None]
some = codes[:50]
assert torch.allclose(pointwise(F.one_hot(some, V).float().T[None])[0].T, embedding(some), atol=1e-6)
print("a 1×1 convolution of one-hot letters is an embedding")

# %% [markdown]
r"""
The same stack, now with a softmax over the next letter: cross-entropy in **bits per letter**, on the last tenth of the text,
which it has not seen. A network that knows nothing pays $\log_2$ of the number of letters. *How much is it worth to see the
last letter, the last four, the last sixteen?* Beside it, what counting gives: the frequency of each letter, and of each letter
after each other letter.
"""

# %%
early, late = codes[:cut], codes[cut:]
single = torch.bincount(early, minlength=V).double() + 0.5
pairs = torch.zeros(V, V, dtype=torch.float64) + 0.05
pairs.index_put_((early[:-1], early[1:]), torch.ones(cut - 1, dtype=torch.float64), accumulate=True)
counted = {
    0: -(single / single.sum()).log2()[late[1:]].mean().item(),
    1: -(pairs / pairs.sum(1, keepdim=True)).log2()[late[:-1], late[1:]].mean().item(),
}


def one_hot(rows):
    return F.one_hot(rows, V).float().transpose(1, 2).to(device)


letters, writers = {}, {}
LINE, BATCH = 128, 16
held_out = late[: len(late) // 256 * 256].view(-1, 256)
for dilations in ((), (1, 2), (1, 2, 4, 8)):
    training.set_seed(0)
    net = GatedStack(V, V, 32, dilations).to(device)

    def loss(net=net):
        rows = early[torch.randint(cut - LINE - 1, (BATCH, 1)) + torch.arange(LINE + 1)]
        return F.cross_entropy(net(one_hot(rows[:, :-1])), rows[:, 1:].to(device))

    train(net, loss, 400, 1e-2)
    with torch.no_grad():
        logits = net(one_hot(held_out[:, :-1]))[:, :, 16:]
    letters[net.field] = F.cross_entropy(logits, held_out[:, 17:].to(device)).item() / math.log(2)
    writers[net.field] = net

print(f"knows nothing:             {math.log2(V):.2f} bits per letter")
print(f"counts letters:            {counted[0]:.2f}")
print(f"counts pairs:              {counted[1]:.2f}")
for field, cost in letters.items():
    print(f"network, field {field:2}:         {cost:.2f}")
assert math.log2(V) > counted[0] > counted[1]
assert abs(letters[1] - counted[1]) < 0.15
assert 0.7 < letters[1] - letters[4] < 1.5
assert abs(letters[4] - letters[16]) < 0.3

# %% [markdown]
r"""
Look at the network that sees one letter: it pays what counting pairs pays, since that is all it can know. Three letters more
save about a bit, the next twelve hardly anything: *this* net, after 400 small steps, has not yet learned what to do with
them. A receptive field is what a network may use, not what it uses.

*What does it write?* Draw each letter from its softmax, append it, go on.
"""

# %%
written = codes[cut : cut + 16][None].clone()
chooser = torch.Generator().manual_seed(1)
with torch.no_grad():
    for _ in range(150):
        p = writers[16](one_hot(written[:, -16:]))[0, :, -1].softmax(0).cpu()
        written = torch.cat([written, torch.multinomial(p, 1, generator=chooser)[None]], dim=1)
print("".join(SYMBOLS[code] for code in written[0, 16:].tolist()))

# %% [markdown]
r"""
Look at it from a distance: word lengths, commas, endings. Look closer: no sense. It has 16 letters of memory and learned for
a few seconds. Convolutions on characters and words have been used well for classification (Kim 2014; Zhang, Zhao and LeCun
2015), where a phrase found anywhere is what counts.

## DNA as one-hot

DNA is a text of four letters, A, C, G and T. The first idea is to number them 0, 1, 2, 3. *What can a kernel of one tap
then not do?* Let least squares look for a weight and a bias that answer 1 to C and 0 to the others:
"""

# %%
BASES = "ACGT"
numbered = torch.tensor([[0.0, 1], [1, 1], [2, 1], [3, 1]])  # the code of each base, and a one for the bias
one_hot_bases = torch.eye(4)
is_c = torch.tensor([0.0, 1, 0, 0])
for name, inputs in (("numbered 0 1 2 3", numbered), ("one-hot", one_hot_bases)):
    weights = torch.linalg.lstsq(inputs, is_c[:, None]).solution
    answers = (inputs @ weights)[:, 0]
    print(f"{name:17}", "  ".join(f"{base} {answer:5.2f}" for base, answer in zip(BASES, answers, strict=True)))
    assert torch.allclose(answers, is_c, atol=1e-5) == (name == "one-hot")

codes_of_seven = torch.tensor([2, 0, 3, 3, 0, 1, 0])
seven = F.one_hot(codes_of_seven, 4).T  # (4, 7)
fig, ax = plt.subplots(figsize=(4.0, 2.1))
ax.imshow(seven.numpy(), cmap="Blues", vmin=0, vmax=1.5)
ax.set_xticks(range(7), [BASES[code] for code in codes_of_seven])
ax.set_yticks(range(4), list(BASES))
for (row, column), value in np.ndenumerate(seven.numpy()):
    ax.text(column, row, str(value), ha="center", va="center")
ax.grid(False)
ax.set_title("GATTACA: 4 channels, 7 positions")
plotting.show(fig, "A table of 4 rows, A C G T, and 7 columns; each column has a single one, in the row of its letter.")
assert (seven.sum(0) == 1).all()

# %% [markdown]
r"""
Look at the first line: with numbers, C is half-way from A to G, and a kernel that likes C must like its neighbours. With
one-hot vectors the four bases are equally far apart, and one tap can answer to any set of them. The shape is $(4, L)$: the
bases are *channels*, the only direction is along the strand. A position that could not be read, N, becomes four zeros
(or four quarters): it then adds nothing to any score, while an arbitrary base would. Lower-case letters, in genome files, are
the same bases in parts that repeat.

The rows are in the order A, C, G, T for a reason. The two strands of DNA run in opposite directions, A faces T and C faces
G: the other strand, read in its own direction, is the **reverse complement**. *What must you do to the table to get it?*
"""

# %%
read_backwards = codes_of_seven.flip(0)  # ACATTAG
facing = torch.tensor([3, 2, 1, 0])[read_backwards]  # A = 0 faces T = 3, C = 1 faces G = 2
names = ["".join(BASES[code] for code in strand) for strand in (codes_of_seven, facing)]
other = F.one_hot(facing, 4).T
print(f"{names[0]} -> {names[1]}: the table turned by half a turn, both axes flipped")
assert names[1] == "TGTAATC"
assert torch.equal(other, seven.flip(0, 1))
assert not torch.equal(other, seven.flip(0))
assert not torch.equal(other, seven.flip(1))

# %% [markdown]
r"""
Look at the assertions: one flip for the direction, one for the bases; either alone gives a strand that does not exist.

## Motifs are kernels

A protein that switches genes on or off binds where it finds its **motif**, a pattern of some ten bases with preferences at
each position. These are written as a matrix of probabilities $p_{b,i}$, base $b$ at position $i$, and a place is scored by
how much likelier its bases are under the motif than under the background $q_b$:

$$\text{score} = \sum_i \log_2\frac{p_{b_i,i}}{q_{b_i}} .$$

With one-hot bases this sum is a dot product with the matrix $\log_2 (p/q)$, the **position weight matrix**, and the
score at every place is a convolution. A motif scan is a `Conv1d`.

The sequences here are **synthetic**, and so is the motif, made up for this lecture: random bases, all four equally likely, with
the motif planted once. So we know the truth. To make it harder, the *other* class has the same letters planted in
shuffled order: counting letters will not do.
"""

# %%
MOTIF = np.full((4, 10), 0.04)
for position, base in enumerate("TGACGGATCA"):
    MOTIF[BASES.index(base), position] = 0.88
MOTIF[:, 5] = 0.25  # anything goes here
MOTIF[:, 8] = (0.04, 0.46, 0.04, 0.46)  # C or T
assert np.allclose(MOTIF.sum(axis=0), 1)
PWM = torch.from_numpy(np.log2(MOTIF / 0.25)).float()
SITES = 100


def strands(number, seed, reverse):
    """Return one-hot (number, 4, 100) and labels, 1 with the motif, 0 with its letters shuffled; a share `reverse` of the motifs
    lies on the other strand.
    """
    rng = np.random.default_rng(seed)
    codes, labels = rng.integers(0, 4, (number, SITES)), np.arange(number) % 2
    for row, label in zip(codes, labels, strict=True):
        site = np.array([rng.choice(4, p=column) for column in MOTIF.T])
        site = site if label else rng.permutation(site)
        if rng.uniform() < reverse:
            site = 3 - site[::-1]
        start = rng.integers(0, SITES - len(site) + 1)
        row[start : start + len(site)] = site
    return F.one_hot(torch.from_numpy(codes), 4).float().transpose(1, 2).contiguous().to(device), torch.from_numpy(labels).to(
        device
    )


D_train, d_train = strands(4000, 0, reverse=0)
D_test, d_test = strands(1000, 1, reverse=0)
D_other, d_other = strands(1000, 2, reverse=1)

# One place by hand: the log likelihood ratio of ten bases is the dot product with the matrix.
place, row = 37, D_test[1].cpu()
ratio = sum(math.log2(MOTIF[int(row[:, place + i].argmax()), i] / 0.25) for i in range(10))
scan = F.conv1d(row[None], PWM[None])[0, 0]
assert abs(scan[place] - ratio) < 1e-4
assert len(scan) == SITES - 10 + 1
fig, ax = plt.subplots(figsize=(7.6, 2.4))
ax.bar(
    range(len(scan)), scan.numpy(), color=[plotting.VERMILLION if k == scan.argmax() else plotting.BLUE for k in range(len(scan))]
)
ax.set(
    xlabel="position",
    ylabel="score (bits)",
    title=f"The planted motif scores {scan.max():.1f} bits, at position {scan.argmax()}",
)
plotting.show(fig, "Scores along a sequence of 100 bases: nearly all far below zero, one high peak where the motif is.")
assert scan.max() > 4 > scan.median()

# %% [markdown]
r"""
Look at the one red bar. That was with the true matrix. *Can a network find the matrix, if we only tell it which sequences
contain something?* Eight kernels of 12 taps, the maximum over all positions, and one weight per kernel: in essence
DeepBind (Alipanahi et al. 2015). The maximum says "somewhere". Beside it, a dense network; and as the ceiling, a scan with
the true matrix itself. The measure is the **AUC**: how often a sequence with the motif scores higher than one without,
0.5 for guessing.
"""


# %%
class MotifNet(nn.Module):
    """Kernels, maximum over positions (and over both strands, if told to), one weight per kernel."""

    def __init__(self, both_strands, kernels=8, taps=12):
        super().__init__()
        self.both_strands = both_strands
        self.scan = nn.Conv1d(4, kernels, taps)
        self.weigh = nn.Linear(kernels, 1)

    def forward(self, x):
        best = self.scan(x).amax(dim=2)
        if self.both_strands:
            turned = F.conv1d(x, self.scan.weight.flip(1, 2), self.scan.bias)
            best = torch.maximum(best, turned.amax(dim=2))
        return self.weigh(F.relu(best))[:, 0]


def dense_dna():
    return nn.Sequential(nn.Flatten(), nn.Linear(4 * SITES, 64), nn.ReLU(), nn.Linear(64, 1), nn.Flatten(0))


@torch.no_grad()
def auc(score, inputs, labels):
    """Return the share of pairs (with, without) in which the one with the motif scores higher; ties count half."""
    values = score(inputs).double()
    with_motif, without = values[labels == 1][:, None], values[labels == 0][None]
    return ((with_motif > without).double() + 0.5 * (with_motif == without).double()).mean().item()


truth_kernel = PWM[None].to(device)


def true_scan(x):
    return F.conv1d(x, truth_kernel).amax(dim=(1, 2))


areas = {
    "the true matrix": [(auc(true_scan, D_train, d_train), auc(true_scan, D_test, d_test), auc(true_scan, D_other, d_other))]
}
motif_nets = {}
for name, build in (
    ("convolution", lambda: MotifNet(both_strands=False)),
    ("both strands", lambda: MotifNet(both_strands=True)),
    ("dense", dense_dna),
):
    areas[name] = []
    for seed in (0, 1):
        training.set_seed(seed)
        net = build().to(device)

        def loss(net=net):
            i = torch.randint(len(D_train), (64,))
            return F.binary_cross_entropy_with_logits(net(D_train[i]), d_train[i].float())

        train(net, loss, 700, 2e-3 if name == "dense" else 2e-2)
        areas[name].append((auc(net, D_train[:1000], d_train[:1000]), auc(net, D_test, d_test), auc(net, D_other, d_other)))
        motif_nets[name, seed] = net
print(f"{'AUC':17}{'training':>20}{'new sequences':>20}{'the other strand':>20}")
for name, rows in areas.items():
    print(
        f"{name:17}"
        + "".join(f"{' – '.join(f'{value:.2f}' for value in sorted(column)):>20}" for column in zip(*rows, strict=True))
    )
convolution, strands_both, dense, oracle = (
    np.array(areas[name]) for name in ("convolution", "both strands", "dense", "the true matrix")
)
assert dense[:, 0].min() > 0.9
assert dense[:, 1].max() < 0.6
assert convolution[:, 1].min() > 0.8
assert convolution[:, 2].max() < convolution[:, 1].min() - 0.1
assert strands_both[:, 2].min() > 0.8
assert oracle[0, 1] > convolution[:, 1].max() - 0.02

# %% [markdown]
r"""
Look at the dense network: nearly everything right in training, and guessing on new sequences. The motif may begin at 91
places, and what it learned at one of them says nothing about the next.

Then look at the last column. The motif sits on the other strand, and the convolution misses most of it. The network
that also scans with each kernel turned by half a turn, `weight.flip(1, 2)`, finds it without having seen one: the knowledge
that both strands count is built in, with not one parameter more.

> **Check yourself.** You turn a kernel by `flip(2)` only and scan. What have you looked for?
>
> <details><summary>Answer</summary>
>
> The motif read backwards without exchanging A with T and C with G. That is neither the motif nor what the other strand shows.
>
> </details>

### The learned kernels and the planted motif

*Is the planted motif in the kernels?* Slide each kernel over the true matrix, and take the best correlation over all
overlaps of at least seven positions, turned or not. (A constant added to a column changes all scores alike, so the mean of each
column is taken away first.) And draw what a kernel looks for as a **sequence logo** (Schneider and Stephens 1990): take, in
the test sequences with the motif, the windows that excite the kernel most, and count the bases; a letter's height is its share
of the column's information in bits.
"""

# %%
COLOURS = dict(zip(BASES, (plotting.GREEN, plotting.BLUE, plotting.ORANGE, plotting.VERMILLION), strict=True))


def centred(matrix):
    return matrix - matrix.mean(dim=0)


def likeness(kernel):
    """Return (best correlation with the planted matrix, turned or not, offset of the planted matrix in the kernel)."""
    planted, best = centred(PWM), (-1.0, False, 0)
    for turned in (False, True):
        w = centred(kernel.flip(0, 1) if turned else kernel)
        for offset in range(7 - 10, 12 - 7 + 1):
            first, last = max(offset, 0), min(offset + 10, 12)
            a, b = w[:, first:last].flatten(), planted[:, first - offset : last - offset].flatten()
            best = max(best, (F.cosine_similarity(a, b, dim=0).item(), turned, offset))
    return best


def draw_logo(ax, probabilities):
    """Draw letters as high as their share of each column's information."""
    information = 2 + np.nansum(probabilities * np.log2(np.maximum(probabilities, 1e-9)), axis=0)
    for column in range(probabilities.shape[1]):
        floor = 0.0
        for base in np.argsort(probabilities[:, column]):
            height = probabilities[base, column] * information[column]
            if height < 0.02:
                continue
            letter = TextPath((0, 0), BASES[base], size=1)
            box = letter.get_extents()
            shape = (
                Affine2D().translate(-box.x0, -box.y0).scale(0.9 / box.width, height / box.height).translate(column - 0.45, floor)
            )
            ax.add_patch(PathPatch(letter.transformed(shape), fc=COLOURS[BASES[base]], lw=0))
            floor += height
    ax.set(xlim=(-0.6, probabilities.shape[1] - 0.4), ylim=(0, 2.05), ylabel="bits")
    ax.grid(False)


def favourites(kernel):
    """Return the share of each base in the windows that excite the kernel most."""
    positive = D_test[d_test == 1].cpu()
    answers = F.conv1d(positive, kernel[None])[:, 0]
    values, places = answers.max(dim=1)
    chosen = values.argsort(descending=True)[:250]
    return torch.stack([positive[n, :, places[n] : places[n] + 12] for n in chosen.tolist()]).mean(dim=0).numpy()


net = motif_nets["convolution", 0]
learned = net.scan.weight.detach().cpu()
alike = [likeness(kernel) for kernel in learned]
head = net.weigh.weight.detach().cpu()[0]
for k, ((correlation, turned, offset), weight) in enumerate(zip(alike, head.tolist(), strict=True)):
    print(
        f"kernel {k}: weight in the head {weight:5.2f}, best correlation {correlation:5.2f} with the motif at tap {offset:2}"
        + (", turned" if turned else "")
    )
best = max((k for k in range(8) if head[k] > 0), key=lambda k: alike[k])
correlation, turned, offset = alike[best]
assert correlation > 0.85
for_motif, against = ([alike[k][0] for k in range(8) if (head[k] > 0) == positive] for positive in (True, False))
print(f"mean correlation of kernels with a positive weight {np.mean(for_motif):.2f}", end="")
print(f", with a negative weight {np.mean(against):.2f}" if against else "")
assert not against or np.mean(for_motif) > np.mean(against)

fig, axes = plt.subplots(3, 1, figsize=(7, 5.6), sharex=True)
flat = np.full((4, 12), 0.25)
first, last = max(offset, 0), min(offset + 10, 12)
flat[:, first:last] = MOTIF[:, first - offset : last - offset]
draw_logo(axes[0], flat)
axes[0].set_title("Planted (ours, synthetic)")
best_kernel = learned[best].flip(0, 1) if turned else learned[best]
draw_logo(axes[1], favourites(best_kernel))
axes[1].set_title(f"What excites kernel {best}: correlation with the planted matrix {correlation:.2f}")
axes[2].imshow(centred(best_kernel).numpy(), cmap=plotting.DIVERGING, vmin=-2, vmax=2, aspect="auto")
axes[2].set_yticks(range(4), list(BASES))
axes[2].set(title=f"Kernel {best} itself (orange: positive weights, violet: negative)", xlabel="tap")
axes[2].grid(False)
plotting.show(
    fig,
    "Two sequence logos that agree letter by letter where the columns carry information: the planted motif and what excites "
    "the best learned kernel; below it the kernel's weights as a heat map.",
)

# %% [markdown]
r"""
Look at the two logos: letter for letter, the position where anything goes is flat in both, and so is the one with two
choices. The kernel has 12 taps and the motif 10 positions; it may sit anywhere, and even stick out at one end. Look also at
the other kernels in the list: most with a positive weight in the head found the motif again, shifted, or a part of it; those
with a negative weight resemble it less. Which kernel finds it depends on the seed: it is the network as a whole that is
trained.

With real sequences you do not know the truth: motifs come in many lengths, backgrounds are not uniform, and labels come from
an experiment with errors of its own.

## A convolution on a volume

A CT scan is a stack of slices. In one slice through a lung, a round bright spot may be a **nodule**, a ball, which matters,
or a **vessel**, a tube that runs across the slices, which does not. *How do you tell them apart in the slice?* You cannot. A
ball and a tube of equal radius make the same disc. Radiologists scroll.

We build such data: soft-edged balls and slanted tubes, measured by a **simulated scanner**. For each slice, line integrals
of the attenuation along 120 directions (the Radon transform), Poisson-distributed photon counts, and filtered back
projection. It is a phantom, not a patient.
"""

# %%
ANGLES = np.linspace(0, 180, 120, endpoint=False)
PHOTONS = 3000  # per ray: a low dose
PIXELS, PATCH = 96, 15
LUNG, TISSUE, CONTRAST = 0.005, 0.02, 0.015  # attenuation per pixel
rows, columns = np.mgrid[:PIXELS, :PIXELS] - (PIXELS - 1) / 2
inside = np.hypot(rows, columns) < PIXELS / 2 - 1
chest = np.where((rows / 36) ** 2 + (columns / 44) ** 2 < 1, TISSUE, 0.0)
chest[(rows / 30) ** 2 + (columns / 38) ** 2 < 1] = LUNG


def scan_slice(attenuation, rng):
    """Return a slice as the scanner reconstructs it."""
    integrals = radon(attenuation * inside, ANGLES, circle=True)
    counts = rng.poisson(PHOTONS * np.exp(-integrals))
    return iradon(-np.log(np.maximum(counts, 1) / PHOTONS), ANGLES, circle=True)


def draw_shape(kind, z, y, x, radius, centre, rng):
    """Return a ball ("nodule") or a slanted tube ("vessel") with a soft edge, 1 inside and 0 outside."""
    if kind == "nothing":
        return np.zeros(np.broadcast_shapes(z.shape, y.shape, x.shape))
    dz, dy, dx = z - centre[0], y - centre[1], x - centre[2]
    if kind == "nodule":
        distance = np.sqrt(dz**2 + dy**2 + dx**2)
    else:
        slant = rng.uniform(-0.3, 0.3, 2)
        distance = np.hypot(dy - slant[0] * dz, dx - slant[1] * dz)
    return 1 / (1 + np.exp(np.clip((distance - radius) / 0.4, -30, 30)))


rng = np.random.default_rng(7)
z, yy, xx = np.mgrid[:PATCH, :PATCH, :PATCH] - PATCH // 2
ball, tube = (draw_shape(kind, z, yy, xx, 3, (0, 0, 0), rng) for kind in ("nodule", "vessel"))
assert np.array_equal(ball[PATCH // 2], tube[PATCH // 2])


def draw_slices(depth):
    """Draw the same slice of both bodies side by side."""
    fig, axes = plt.subplots(1, 2, figsize=(4.4, 2.4))
    for ax, body, name in zip(axes, (ball, tube), ("ball", "tube"), strict=True):
        ax.imshow(body[depth], vmin=0, vmax=1)
        ax.set_title(f"{name}, slice {depth}", fontsize=10, loc="center")
        ax.set_axis_off()
    return fig


plotting.animate(
    draw_slices,
    [*range(PATCH), *reversed(range(PATCH // 2, PATCH - 1))],
    "Animation: the slices of a ball and of a slanted tube, one after the other. The ball's disc grows and shrinks, the tube's "
    "wanders. It stops at the middle slice, where both are the same disc.",
    seconds=0.3,
)

# %% [markdown]
r"""
Watch the disc on the left grow and vanish, and the one on the right wander. The last frame is slice 7, in the middle: *which
is which?* Side by side, with a cut along the depth:
"""

# %%
fig, axes = plt.subplots(2, 6, figsize=(8.6, 3.2), width_ratios=(1, 1, 1, 1, 1, 1.15))
for panels, body, name in zip(axes, (ball, tube), ("ball", "tube"), strict=True):
    for ax, depth in zip(panels[:5], (1, 4, 7, 10, 13), strict=True):
        ax.imshow(body[depth], vmin=0, vmax=1)
        ax.set_title(f"{name}, slice {depth}", fontsize=9, loc="center")
    panels[5].imshow(body[:, :, PATCH // 2], vmin=0, vmax=1)
    panels[5].set_title("cut along depth", fontsize=9, loc="center")
for ax in axes.flat:
    ax.set_axis_off()
plotting.show(
    fig,
    "Slices 1, 4, 7, 10 and 13 of a ball and of a slanted tube, and a cut along the depth. In slice 7 both are the same disc; "
    "in slices 1 and 13 the ball is gone and the tube is still there.",
)

# %% [markdown]
r"""
Look at slice 7: the two are equal, to the last bit, and the assertion says so. Look at slices 1 and 13: only the tube is
left. The difference lies *along the third direction*, and a kernel must move or reach there to see it.

It takes no training. A kernel that is one disc-wide in the slice, and $-1, 2, -1$ along the depth with the taps six slices
apart, asks: is there more here than above and below? *What does it answer to a tube that runs straight through?*
"""

# %%
straight = np.broadcast_to(tube[PATCH // 2], tube.shape).copy()
second_difference = torch.tensor([-1.0, 2, -1])[:, None, None].expand(3, 5, 5) / 25
answers = {}
for name, body in (("ball", ball), ("straight tube", straight), ("slanted tube", tube)):
    volume = torch.from_numpy(body).float()[None, None]
    answers[name] = F.conv3d(volume, second_difference[None, None], dilation=(6, 1, 1))[0, 0, 1, 5, 5].item()
    print(f"{name:14} answer at the centre {answers[name]:.2f}")
assert abs(answers["straight tube"]) < 1e-5
assert answers["ball"] > 1.5
assert answers["ball"] > answers["slanted tube"] > 0

# %% [markdown]
r"""
Look at the second line: exactly nothing. But a slanted tube leaves the window and gets part of the ball's answer. Let the
data choose the kernels.

### Three ways to look at a stack

Patches of 15×15×15 voxels with a nodule, a vessel or nothing in the middle, in the scanner's own noise. Three networks of
the same form, three convolutions with dilations 1, 2, 4, which make a receptive field of $1 + 2\,(1+2+4) = 15$:

- **one slice:** `Conv2d` on the middle slice;
- **slices as channels:** `Conv2d` with 15 input channels;
- **3D:** `Conv3d`, kernels 3×3×3.

*What is the best that the first can do, on three equally frequent classes?*
"""

# %%
rng = np.random.default_rng(0)
empty = iradon(radon(chest * inside, ANGLES, circle=True), ANGLES, circle=True)
noise = np.stack([scan_slice(chest, rng) - empty for _ in range(24)])[:, 24:72, 16:80]
KINDS = ("nothing", "vessel", "nodule")


def patches(number, seed, displaced=0):
    """Return patches (number, 1, D, 15, 15) with D = 15 + 2·displaced, bodies `displaced` slices below the middle, and labels."""
    rng = np.random.default_rng(seed)
    deep = PATCH + 2 * displaced
    z, y, x = np.ogrid[:deep, :PATCH, :PATCH]
    z, y, x = z - deep // 2, y - PATCH // 2, x - PATCH // 2
    labels = np.arange(number) % len(KINDS)
    made = np.empty((number, 1, deep, PATCH, PATCH), np.float32)
    for patch, label in zip(made, labels, strict=True):
        centre = (displaced, *rng.uniform(-1, 1, 2))
        patch[0] = draw_shape(KINDS[label], z, y, x, rng.uniform(2, 3.5), centre, rng)
        for plane in patch[0]:
            k, top, left = rng.integers(len(noise)), rng.integers(48 - PATCH), rng.integers(64 - PATCH)
            plane += noise[k, top : top + PATCH, left : left + PATCH] / CONTRAST
    return torch.from_numpy(made).to(device), torch.from_numpy(labels).to(device)


def patch_net(dimensions, channels):
    """Build three dilated convolutions and a 1×1 head; the logits keep the input's directions."""
    conv, norm = (nn.Conv2d, nn.BatchNorm2d) if dimensions == 2 else (nn.Conv3d, nn.BatchNorm3d)
    layers, before = [], channels
    for width, d in ((8, 1), (16, 2), (16, 4)):
        layers += [conv(before, width, 3, dilation=d, bias=False), norm(width), nn.ReLU()]
        before = width
    return nn.Sequential(*layers, conv(before, 3, 1)).to(device)


VIEWS = {
    "one slice": (2, 1, lambda v: v[:, :, v.shape[2] // 2]),
    "slices as channels": (2, PATCH, lambda v: v[:, 0]),
    "3D": (3, 1, lambda v: v),
}
A, a = patches(900, 1)
B, b = patches(600, 2)
seers = {}
print("accuracy on new patches, all and of each kind:")
for name, (dimensions, channels, view) in VIEWS.items():
    training.set_seed(0)
    net = patch_net(dimensions, channels)

    def loss(net=net, view=view):
        i = torch.randint(len(A), (32,))
        return F.cross_entropy(net(view(A[i])).flatten(1), a[i])

    train(net, loss, 230, 1e-2)
    with torch.no_grad():
        guess = net(view(B)).flatten(1).argmax(1)
    right = (guess == b).float()
    seers[name] = (net, right.mean().item())
    of_each = "   ".join(f"{kind} {right[b == label].mean():.2f}" for label, kind in enumerate(KINDS))
    print(f"{name:19} {seers[name][1]:.2f}   {of_each}   {count(net):>6,} parameters")
assert 0.55 < seers["one slice"][1] < 0.75
assert seers["3D"][1] > 0.9
assert seers["slices as channels"][1] > 0.9

# %% [markdown]
r"""
Look at the first line: two thirds is the ceiling, all the empty patches and half of the others. No training, no depth, no
data will raise it; the information is not in the slice.

But look at the second: the cheaper network that takes slices as channels does it, too. *What is the third direction worth,
then?* Its kernels have a weight for each slice, so it knows the body at the depth where it was in training. Move all
bodies a few slices down. The 2D network gets the 15 middle slices, as before. The 3D network slides along the
depth, and we take its largest nodule probability; both decide between nodule and vessel.
"""

# %%
DISPLACED = (0, 1, 2, 3, 4)
along = {"slices as channels": [], "3D": []}
for by in DISPLACED:
    M, m = patches(300, 10 + by, by)
    M, m = M[m > 0], m[m > 0]
    with torch.no_grad():
        flat = seers["slices as channels"][0](M[:, 0, by : by + PATCH]).flatten(1)
        sliding = seers["3D"][0](M)[..., 0, 0].softmax(dim=1)
    along["slices as channels"].append(((flat[:, 2] > flat[:, 1]) == (m == 2)).float().mean().item())
    along["3D"].append(((sliding[:, 2].amax(dim=1) > 0.5) == (m == 2)).float().mean().item())
fig, ax = plt.subplots(figsize=(6.4, 2.9))
for (name, values), colour, marker in zip(along.items(), (plotting.VERMILLION, plotting.BLUE), "so", strict=True):
    ax.plot(DISPLACED, values, marker + "-", color=colour, label=name)
ax.axhline(0.5, color="black", ls=":", lw=1, label="guessing")
ax.set(xlabel="slices by which the bodies are displaced", ylabel="accuracy,\nnodule or vessel")
ax.set(ylim=(0.4, 1.03), xticks=DISPLACED)
ax.set_title("Only along a direction does a kernel carry what it learned")
ax.legend(loc="lower left", ncols=3)
plotting.show(
    fig,
    "Accuracy against displacement along the depth: with slices as channels it falls, the 3D network stays near the top.",
)
for name, values in along.items():
    print(f"{name:19}", "  ".join(f"{value:.2f}" for value in values))
assert min(along["3D"]) > 0.85
assert along["slices as channels"][-1] < along["3D"][-1] - 0.1

# %% [markdown]
r"""
Look at the two curves: equivariance again, in the third direction. Channels have no "a little further".

### Slide it over a whole scan

The 3D network has no dense layer, so it may be laid on a volume of any size, here a scan of 24 slices of 96×96 with six
nodules and six vessels, simulated from end to end. The output has a probability for each place where its 15×15×15 window
fits. Beside it, the network for one slice.
"""

# %%
rng = np.random.default_rng(5)
DEPTH = 24
z, y, x = np.ogrid[:DEPTH, :PIXELS, :PIXELS]
z, y, x = (axis - (size - 1) / 2 for axis, size in ((z, DEPTH), (y, PIXELS), (x, PIXELS)))
truth_volume = np.repeat(chest[None], DEPTH, axis=0)
bodies = []
for n, (row, column) in enumerate((row, column) for row in (-16, 0, 16) for column in (-24, -8, 8, 24)):
    kind = KINDS[1 + n % 2]
    centre = np.array([rng.uniform(-3, 3), row + rng.uniform(-2, 2), column + rng.uniform(-2, 2)])
    truth_volume += CONTRAST * draw_shape(kind, z, y, x, rng.uniform(2, 3.5), centre, rng)
    bodies.append((kind, centre + np.array([DEPTH - 1, PIXELS - 1, PIXELS - 1]) / 2))
scanned = np.stack([scan_slice(plane, rng) for plane in truth_volume])
x_volume = torch.from_numpy((scanned - LUNG) / CONTRAST).float()[None, None].to(device)
with torch.no_grad():
    in_volume = seers["3D"][0](x_volume).softmax(dim=1)[0, 2].cpu()
    in_slice = seers["one slice"][0](x_volume[:, :, DEPTH // 2]).softmax(dim=1)[0, 2].cpu()
margin = PATCH // 2
assert in_volume.shape == (DEPTH - 14, PIXELS - 14, PIXELS - 14)

fig, axes = plt.subplots(1, 4, figsize=(10, 2.6))
extent = (-0.5 + margin, PIXELS - 0.5 - margin, PIXELS - 0.5 - margin, -0.5 + margin)
axes[0].imshow(scanned[DEPTH // 2], vmin=0, vmax=0.03, cmap="gray")
axes[1].imshow(scanned[2], vmin=0, vmax=0.03, cmap="gray")
axes[2].imshow(in_slice.numpy(), vmin=0, vmax=1, extent=extent)
shades = axes[3].imshow(in_volume.amax(dim=0).numpy(), vmin=0, vmax=1, extent=extent)
fig.colorbar(shades, ax=axes[3], label="p(nodule)", shrink=0.7)
for kind, (_, row, column) in bodies:
    if kind == "nodule":
        axes[3].add_patch(plt.Circle((column, row), 6, fill=False, ec=plotting.VERMILLION, lw=1.2))
titles = ("scan, middle slice", "scan, slice 2", "2D: “nodule” in the slice", "3D: “nodule” at any depth")
for ax, title in zip(axes, titles, strict=True):
    ax.set_title(title, fontsize=9, loc="center")
    ax.set(xlim=(0, PIXELS - 1), ylim=(PIXELS - 1, 0))
    ax.set_axis_off()
plotting.show(
    fig,
    "Two slices of the scan, twelve discs in the middle one and fewer in the other; the 2D network's nodule probability, half "
    "high at all of them; the 3D network's, high at the six nodules, which are circled, and low elsewhere.",
)


def strongest(heat, centre):
    """Return the largest probability within three pixels of a body, at any depth."""
    row, column = (round(float(value)) - margin for value in centre[1:])
    return heat[..., max(row - 3, 0) : row + 4, max(column - 3, 0) : column + 4].max().item()


peaks = {kind: [strongest(in_volume, centre) for which, centre in bodies if which == kind] for kind in KINDS[1:]}
for kind, values in peaks.items():
    print(f"{kind}s: strongest answers", "  ".join(f"{value:.2f}" for value in sorted(values)))
assert np.median(peaks["nodule"]) > 0.8 > 0.5 > np.median(peaks["vessel"])

# %% [markdown]
r"""
Look at the last two pictures. The 2D network is of two minds about every disc, and it has never seen a rib cage, so it
answers to that, too. The 3D network answers at the circles. Not a picture of a whole scan was in the training set: a
convolution does not mind the size.

In real scans the voxels are not cubes: slices may lie several millimetres apart, while pixels are well below one. A 3×3×3
kernel then reaches much further in one direction than in the others. One resamples, or takes kernels of 1×3×3 in the first
layers.

## Parameters and MACs by dimension

*What does a direction cost?* The same layer, 16 to 16 channels, 3 taps each way, side 64, in one, two and three directions.
From the objects, by torch's own counter, and by formula:

$$\text{parameters} = K\,(C\,k^d + 1), \qquad \text{MACs} = K\,C\,k^d \cdot n^d \quad\text{with padding that keeps the side } n.$$
"""


# %%
def bill(layer, shape):
    """Return parameters, MACs and outputs of a layer or network, measured on an object without numbers."""
    net, x = layer.to("meta"), torch.empty(shape, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        result = net(x)
    return count(net), counter.get_total_flops() // 2, result.numel()


C, SIDE = 16, 64
CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
bills = {d: bill(conv(C, C, 3, padding=1), (1, C, *[SIDE] * d)) for d, conv in CONVS.items()}
print(f"{'':10}{'parameters':>12}{'MACs':>16}{'outputs':>12}{'as float32':>14}")
for d, (parameters, macs, outputs) in bills.items():
    mebibytes = 4 * outputs / 2**20
    print(f"{d} {'direction ' if d == 1 else 'directions'}{parameters:>10,}{macs:>16,}{outputs:>12,}{mebibytes:>10.3f} MiB")
    assert parameters == C * (C * 3**d + 1)
    assert macs == C * C * 3**d * SIDE**d
    assert outputs == C * SIDE**d

fig, axes = plt.subplots(1, 3, figsize=(8.4, 2.6))
for ax, values, title in zip(axes, np.array(list(bills.values())).T, ("parameters", "MACs", "outputs"), strict=True):
    ax.bar(["1D", "2D", "3D"], values, color=plotting.BLUE)
    ax.set(yscale="log", ylim=(min(values) / 8, max(values) * 8))
    ax.set_title(f"{title}: ×{values[1] / values[0]:.0f} a direction")
plotting.show(
    fig,
    "Bars on logarithmic axes for one, two and three directions: parameters grow three-fold a direction, MACs 192-fold, outputs "
    "64-fold.",
)
steps = [bills[d + 1][1] / bills[d][1] for d in (1, 2)]
print("a direction more multiplies the MACs by", steps[0])
assert steps == [3 * SIDE, 3 * SIDE]

GIB = 2**30
sides = {d: (GIB / 4 / C) ** (1 / d) for d in CONVS}
assert round(sides[3]) == 256
print("the side at which one output of this layer fills 1 GiB:", ", ".join(f"{d}D {side:,.0f}" for d, side in sides.items()))

# %% [markdown]
r"""
Look at the three pictures' axes: parameters grow by a factor of $k$ for each direction, which is harmless; work by $k\,n$,
activations by $n$. What limits a 3D network is not its weights but what it must keep for the backward pass. The last line
says how soon: at a side of 256, a size that scans have, a *single* layer's output fills a gibibyte. Hence patches, batches of
one or two (and then group normalisation, lecture 07), and strided first layers.

*Can we save?* As in lecture 09: cut 3×3×3 into 1×3×3 and 3×1×1, as R(2+1)D does for films (Tran et al. 2018), or go
depthwise.
"""

# %%
cube = (1, C, SIDE, SIDE, SIDE)
FORMS = {
    "3×3×3": nn.Conv3d(C, C, 3, padding=1),
    "1×3×3, 3×1×1": nn.Sequential(nn.Conv3d(C, C, (1, 3, 3), padding=(0, 1, 1)), nn.Conv3d(C, C, (3, 1, 1), padding=(1, 0, 0))),
    "depthwise 3×3×3, 1×1×1": nn.Sequential(nn.Conv3d(C, C, 3, padding=1, groups=C), nn.Conv3d(C, C, 1)),
}
for name, form in FORMS.items():
    parameters, macs, _ = bill(form, cube)
    print(f"{name:24}{parameters:>8,} parameters{macs:>16,} MACs")
whole, cut_up, depthwise = (bill(form, cube)[1] for form in FORMS.values())
assert cut_up / whole == (9 + 3) / 27
assert depthwise / whole == (27 + C) / (27 * C)

print("\nthe networks of this lecture, one example each:")
NETS = {
    "1D, three bodies": (conv_net(), (1, 1, LENGTH)),
    "dense, three bodies": (dense_net().eval(), (1, 1, LENGTH)),
    "gated stack, sound": (GatedStack(1, 2, 16, (1, 2, 4, 8, 16, 32)), (1, 1, 256)),
    "gated stack, letters": (GatedStack(V, V, 32, (1, 2, 4, 8)), (1, V, 128)),
    "motifs": (MotifNet(both_strands=False), (1, 4, SITES)),
    "one slice": (patch_net(2, 1), (1, 1, PATCH, PATCH)),
    "slices as channels": (patch_net(2, PATCH), (1, PATCH, PATCH, PATCH)),
    "3D": (patch_net(3, 1), (1, 1, PATCH, PATCH, PATCH)),
}
totals = {name: bill(net.eval(), shape)[:2] for name, (net, shape) in NETS.items()}
for name, (parameters, macs) in totals.items():
    print(f"{name:22}{parameters:>9,} parameters{macs:>12,} MACs{macs / parameters:>8.1f} per parameter")
assert 2.5 < totals["3D"][0] / totals["one slice"][0] < 3.5
assert 27 < totals["3D"][1] / totals["one slice"][1] < 30

# %% [markdown]
r"""
Look at the last column: a dense network uses each weight once, a convolution as often as it has places to stand.
And compare "one slice" with "3D": three times the parameters, nearly thirty times the work.

Two answers from above are still to be computed: the field of the stack [with dilations 1, 3, 9, 27](#Dilation), and what is left
of a motif that is [turned along one axis only](#Motifs-are-kernels).
"""

# %%
net = nn.Sequential(*(PaddedLeft(1, 1, 3, d) for d in (1, 3, 9, 27))).double()
seen = jacobian(net, 100)[-1] > 0
print(f"looked at: {int(seen.sum())} samples, the first of them {100 - int(seen.nonzero().min()) - 1} back")
assert int(seen.sum()) == 81
assert seen[-81:].all()
half_turned = PWM.flip(1)
assert not torch.equal(half_turned, PWM)
assert not torch.equal(half_turned, PWM.flip(0, 1))

# %% [markdown]
r"""
## Common mistakes

- **Padding on both sides in a causal network**, or in one layer of it. Shapes fit, the loss is splendid, nothing works. Ask the
  gradient for entries above the diagonal.
- **$k-1$ zeros on the left where $(k-1)\,d$ are needed.** The output is too short. Multiply by the dilation.
- **Both sides padded and the wrong end cut off.** Cut the *end*: what is left is causal. Cut the beginning: it looks only
  ahead.
- **Input and target not shifted.** The loss falls to nothing, since the network predicts what it has just been given. Shift the
  target by one.
- **Layers counted for receptive field.** It is the sum of $(k-1)\,d$ that counts, plus one; and what a network may see is not
  what it uses. Measure it by the gradient.
- **Pieces of one recording in training and in test.** The accuracy is too good. Split by recording, by person, by gene family,
  not by window.
- **Bases numbered 0 to 3**; unreadable bases coded as A; $(L, 4)$ fed where $(4, L)$ is expected. Scores mean nothing, or torch
  refuses. Code one-hot, channels first, and zeros for N.
- **Reversed without complementing**, or complemented without reversing. The motif is found on one strand only. Flip both axes.
- **Colour taken for depth, slices for channels.** What is learned at one depth is not known at the next. Ask whether a pattern
  means the same one step further along.
- **Cubic kernels on voxels that are no cubes.** They reach further in one direction. Resample, or take kernels of 1×3×3 first.
- **3D memory estimated from the parameters.** It runs out in the first layers. Count activations.
"""

# %%
torch.manual_seed(3)
d, conv = 4, nn.Conv1d(1, 1, 3, dilation=4).double()


def padded_both(x):
    return conv(F.pad(x, (2 * d, 2 * d)))


above = torch.triu(torch.ones(30, 30), 1).bool()
end_cut = jacobian(lambda x: padded_both(x)[..., : -2 * d], 30)
beginning_cut = jacobian(lambda x: padded_both(x)[..., 2 * d :], 30)
assert not (end_cut[above] > 0).any()
assert (beginning_cut[above] > 0).any()
assert not (beginning_cut[torch.tril(torch.ones(30, 30), -1).bool()] > 0).any()
too_short = conv(F.pad(torch.zeros(1, 1, 30, dtype=torch.float64), (2, 0)))
print(f"30 samples, k − 1 zeros on the left, dilation {d}: {too_short.shape[2]} outputs")
assert too_short.shape[2] == 30 - 2 * (d - 1)
unreadable = torch.zeros(4, 10)
assert (unreadable * PWM).sum() == 0
try:
    nn.Conv1d(4, 8, 12)(torch.zeros(1, 100, 4))
except RuntimeError:
    print("(1, 100, 4) into Conv1d(4, …): refused. (1, 4, 4) would have passed in silence for a kernel of 3:")
print(tuple(nn.Conv1d(4, 8, 3)(torch.zeros(1, 4, 4)).shape))

# %% [markdown]
r"""
## Summary

- A convolution has as many dimensions as directions in which its kernel moves. Channels have no order; directions have
  neighbours, and shifts along them commute with the layer.
- A 1D network on raw sound learns its own filter bank, and does not care when a note begins; a dense one does, to a
  millisecond or two.
- Causal: all padding on the left, $(k-1)\,d$. The gradient proves it. Doubling dilations make the receptive field double
  with each layer; WaveNet's block gates, adds and skips.
- One-hot symbols are channels: letters and bases alike. A motif scan is a convolution, a learned kernel can be read as a
  motif, and the other strand is a flip of both axes.
- Some things are not in any slice. A third direction finds them, for $k$ times the parameters and $k\,n$ times the work.

## References

- N. Fletcher, T. Rossing, *The Physics of Musical Instruments*, second edition, Springer 1998: strings, bars and
  membranes.
- A. Waibel, T. Hanazawa, G. Hinton, K. Shikano, K. Lang, "Phoneme recognition using time-delay neural networks", *IEEE
  Transactions on Acoustics, Speech, and Signal Processing* 37(3), 1989: shared weights along time.
- W. Dai, C. Dai, S. Qu, J. Li, S. Das, "Very deep convolutional neural networks for raw waveforms", *ICASSP* 2017
  ([arXiv:1610.00087](https://arxiv.org/abs/1610.00087)).
- A. van den Oord et al., "WaveNet: a generative model for raw audio", 2016
  ([arXiv:1609.03499](https://arxiv.org/abs/1609.03499)).
- F. Yu, V. Koltun, "Multi-scale context aggregation by dilated convolutions", *ICLR* 2016
  ([arXiv:1511.07122](https://arxiv.org/abs/1511.07122)).
- S. Bai, J. Z. Kolter, V. Koltun, "An empirical evaluation of generic convolutional and recurrent networks for sequence
  modeling", 2018 ([arXiv:1803.01271](https://arxiv.org/abs/1803.01271)).
- Y. Kim, "Convolutional neural networks for sentence classification", *EMNLP* 2014
  ([arXiv:1408.5882](https://arxiv.org/abs/1408.5882)). X. Zhang, J. Zhao, Y. LeCun, "Character-level convolutional networks
  for text classification", *NeurIPS* 2015 ([arXiv:1509.01626](https://arxiv.org/abs/1509.01626)).
- T. Schneider, R. M. Stephens, "Sequence logos: a new way to display consensus sequences", *Nucleic Acids Research* 18(20),
  1990. G. Stormo, "DNA binding sites: representation and discovery", *Bioinformatics* 16(1), 2000.
- B. Alipanahi, A. Delong, M. Weirauch, B. Frey, "Predicting the sequence specificities of DNA- and RNA-binding proteins by
  deep learning", *Nature Biotechnology* 33, 2015: DeepBind.
- A. Kak, M. Slaney, *Principles of Computerized Tomographic Imaging*, IEEE Press 1988: filtered back projection, chapter 3.
- A. Setio et al., "Validation, comparison, and combination of algorithms for automatic detection of pulmonary nodules in
  computed tomography images: the LUNA16 challenge", *Medical Image Analysis* 42, 2017
  ([arXiv:1612.08012](https://arxiv.org/abs/1612.08012)).
- Ö. Çiçek, A. Abdulkadir, S. Lienkamp, T. Brox, O. Ronneberger, "3D U-Net", *MICCAI* 2016
  ([arXiv:1606.06650](https://arxiv.org/abs/1606.06650)).
- D. Tran et al., "Learning spatiotemporal features with 3D convolutional networks", *ICCV* 2015
  ([arXiv:1412.0767](https://arxiv.org/abs/1412.0767)). D. Tran et al., "A closer look at spatiotemporal convolutions for action
  recognition", *CVPR* 2018 ([arXiv:1711.11248](https://arxiv.org/abs/1711.11248)): R(2+1)D.
- Python Software Foundation, *The Python Language Reference*: the text that the network reads.

## Your turn

[Assignment 14](../assignments/14_beyond_images/14_beyond_images.ipynb), about four hours: you write DNA as one-hot, scan it for
motifs on both strands, a causal convolution and one in three directions in NumPy, and a WaveNet block in PyTorch. It is the
last of the course.
"""
