# %% [markdown]
r"""
# 06 · Pooling

A convolution layer finds an edge and says on which pixel it lies. Two layers later nobody wants to know the pixel any more.
"There is an edge, somewhere here" is enough, takes a quarter of the memory, and stays true when the photographer's hand
shakes. [Pooling](../glossary.ipynb#pooling) says that. This lecture measures how much it saves, how much it forgives
and what it loses.

**After this lecture you can**

- compute any output of max, average, min, $L_p$, global and adaptive pooling by hand;
- predict the size of the result, with stride, padding, `ceil_mode` and TensorFlow's `SAME`;
- say what is in the padding, and which mistakes show only on negative values or at a border;
- send a gradient back through a pooling layer, also where windows overlap or two pixels tie;
- measure how much a shift changes the output, explain it by [aliasing](../glossary.ipynb#aliasing), and make it smaller;
- say what pooling throws away, and when a strided convolution is the better choice.

**Time:** about 100 minutes to read, predict and run; the code itself needs about a minute. **You need** lectures 03
to 05. Afterwards: [assignment 06](../assignments/06_pooling/06_pooling.ipynb).
"""

# %%
import sys
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import alexnet, resnet18, vgg16

from cnnkit import data, plotting

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32
generator = torch.Generator().manual_seed(6)
print(f"timing and training run on: {device}")


def grey_photo(name, size):
    """Return the middle of a grey photograph as a (1, 1, size, size) tensor in [0, 1]."""
    picture = torch.from_numpy(data.photograph(name, size=size, grey=True)) / 255
    top, left = ((side - size) // 2 for side in picture.shape)
    return picture[None, None, top : top + size, left : left + size]


# %% [markdown]
r"""
## Why pool

Take a photograph, let one kernel look for upright edges, and keep the positive answers (ReLU). Then cut the map into
windows of $k\times k$ pixels and keep *the largest number of each*. *Up to which $k$ can you still tell where the man is?*
"""

# %%
camera = grey_photo("camera", 256)
upright = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])[None, None]
edges = F.conv2d(camera, upright, padding=1).relu()
edges = edges / edges.max()
pooled = [F.max_pool2d(edges, k) for k in (2, 4, 8)]
plotting.show_images(
    [camera[0, 0], edges[0, 0], *(small[0, 0] for small in pooled)],
    ["photograph", "edges, 256 × 256", "k = 2: 128 × 128", "k = 4: 64 × 64", "k = 8: 32 × 32"],
    columns=5,
    alt="A man with a camera on a tripod; his upright edges as bright lines; and the same map max-pooled to 128, 64 and 32 "
    "pixels a side: the lines get coarser and thicker, the man can still be made out.",
)
for k, small in zip((2, 4, 8), pooled, strict=True):
    print(f"k = {k}: {small.numel() / edges.numel():.1%} of the numbers, the largest is still {small.max():g}")
    assert small.numel() * k * k == edges.numel()
    assert small.max() == edges.max()

# %% [markdown]
r"""
Look at the last picture: one number in 64 is left, and the strongest edges are all there, at full strength. Their places are
known to eight pixels only.

### Memory and work

A network wants more channels in each stage: ResNet-18 has 64, then 128, 256, 512. It can afford them because each stage has
half the height and half the width of the one before. *How much larger would it be if nobody made the maps smaller?* The
`meta` device runs a network on shapes alone, so you can ask for nets that no machine could hold.
"""

# %%
STAGES = ("conv1", "layer1", "layer2", "layer3", "layer4")


def bill(keep_size):
    """Return for each stage of ResNet-18: shape of its output, MiB of all its convolutions' outputs, MACs."""
    with torch.device("meta"):
        net, image = resnet18(), torch.empty(1, 3, 224, 224)
    if keep_size:
        net.maxpool = nn.Identity()
    for module in net.modules():
        if keep_size and isinstance(module, nn.Conv2d):
            module.stride = (1, 1)
    shapes, numbers = {}, dict.fromkeys(STAGES, 0)
    for name, module in net.named_modules():
        stage = name.split(".")[0]
        if isinstance(module, nn.Conv2d):

            def count(module, inputs, output, stage=stage):
                shapes[stage] = tuple(output.shape[1:])
                numbers[stage] += output.numel()

            module.register_forward_hook(count)
    with FlopCounterMode(display=False) as counter:
        net(image)
    flops = counter.get_flop_counts()
    macs = {stage: sum(flops[f"ResNet.{stage}"].values()) / 2 for stage in STAGES}
    return [(shapes[s], 4 * numbers[s] / 2**20, macs[s]) for s in STAGES]


bills = {"as it is": bill(False), "nothing reduced": bill(True)}
for name, rows in bills.items():
    print(f"ResNet-18, {name}; one image of 224 × 224, float32")
    for stage, (shape, mebibytes, macs) in zip(STAGES, rows, strict=True):
        print(f"  {stage:8}{' × '.join(map(str, shape)):>16}{mebibytes:9.1f} MiB{macs / 1e9:9.2f} GMAC")
    print(f"  {'together':24}{sum(r[1] for r in rows):9.1f} MiB{sum(r[2] for r in rows) / 1e9:9.2f} GMAC")
memory, work = (sum(r[i] for r in bills["nothing reduced"]) / sum(r[i] for r in bills["as it is"]) for i in (1, 2))
print(f"nothing reduced: {memory:.0f} times the memory, {work:.0f} times the work")
assert [row[0][0] for row in bills["as it is"]] == [64, 64, 128, 256, 512]
assert [row[0][1] for row in bills["as it is"]] == [112, 56, 28, 14, 7]
assert memory > 90
assert work > 300

# %%
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3))
for ax, (column, scale, unit, title) in zip(
    axes, ((1, 1, "MiB", "Memory: one image"), (2, 1e9, "billion MACs", "Work: one image")), strict=True
):
    for offset, (name, colour) in zip(
        (-0.2, 0.2), (("as it is", plotting.BLUE), ("nothing reduced", plotting.ORANGE)), strict=True
    ):
        ax.bar(np.arange(5) + offset, [row[column] / scale for row in bills[name]], 0.4, color=colour, label=name)
    ax.set(yscale="log", xlabel="stage of ResNet-18", ylabel=unit, title=title)
    ax.set_xticks(range(5), STAGES)
axes[0].legend(loc="upper left")
axes[0].set_ylim(top=3000)
plotting.show(
    fig,
    "Bars for the five stages of ResNet-18 on a logarithmic scale. As it is, memory falls from stage to stage and the "
    "work stays level. With nothing reduced, both rise from stage to stage, memory to hundreds of mebibytes.",
)

# %% [markdown]
r"""
Look at the blue bars on the right: from layer1 on, the work per stage stays about the same. Halve the sides (a quarter of
the windows), double the channels in and out (four times the work per window), and the two cancel. Look at the orange bars:
without the halving, the deepest stage is the most expensive by far.

MACs are a count. On a clock, the same layer before and after a 2×2 pooling (seven runs each; your numbers will differ):
"""

# %%
same_layer = nn.Conv2d(64, 64, 3, padding=1).to(device)
before = torch.randn(8, 64, 56, 56, generator=generator).to(device)


# A thread's own time leaves out what else runs on the machine; Windows measures it too coarsely, and a GPU has
# a time of its own.
clock = time.perf_counter if device == "cuda" or sys.platform == "win32" else time.thread_time
threads = torch.get_num_threads()
torch.set_num_threads(1)


def milliseconds(f, runs=7):
    """Return median, fastest and slowest of some runs, after one to warm up."""
    taken = []
    for run in range(runs + 1):
        start = clock()
        f()
        if device == "cuda":
            torch.cuda.synchronize()
        if run:
            taken.append(1000 * (clock() - start))
    return np.median(taken), min(taken), max(taken)


with torch.no_grad():
    for name, maps in (("56 × 56", before), ("28 × 28", F.max_pool2d(before, 2))):
        middle, fastest, slowest = milliseconds(lambda maps=maps: same_layer(maps))
        print(f"convolution on {name}: {middle:6.2f} ms (from {fastest:.2f} to {slowest:.2f})")
    middle, fastest, slowest = milliseconds(lambda: F.max_pool2d(before, 2))
    print(f"the pooling itself:     {middle:6.2f} ms (from {fastest:.2f} to {slowest:.2f})")
    channels_last = before.contiguous(memory_format=torch.channels_last)
    middle, fastest, slowest = milliseconds(lambda: F.max_pool2d(channels_last, 2))
    print(f"the same, channels last: {middle:5.2f} ms (from {fastest:.2f} to {slowest:.2f})")
    assert torch.equal(F.max_pool2d(channels_last, 2), F.max_pool2d(before, 2))
torch.set_num_threads(threads)
with torch.device("meta"):
    numbers = [same_layer.to("meta")(torch.empty(8, 64, side, side)).numel() for side in (56, 28)]
assert numbers[0] == 4 * numbers[1]

# %% [markdown]
r"""
Compare the first two lines. The count promises a factor of four; the clock keeps to it the better, the less else your
machine has to do. And everything behind the pooling gains, not this one layer alone.

Look at the third line. On a processor it can be longer than the second, although the pooling compares 1.6 million values
and the convolution behind it does 231 million MACs. The last line says why: the same comparisons, on the same numbers,
take much less time when the channels of a pixel lie side by side in memory. Then the processor compares several
channels with one instruction; in the usual order torch's pooling goes value by value.

### A wider view

The third reason: an output further up should see more of the picture. Lecture 04 counted with a recurrence which inputs an
output depends on. Count again with a gradient: stack 3×3 convolutions, with and without a 2×2 pooling after each. *Six
convolutions without pooling see 13 pixels. How many with?*
"""


# %%
def field(layers, n=512):
    """Return how many inputs the middle output of a 1D stack depends on; average pooling, so that all of them show."""
    signal = torch.zeros(1, 1, n, requires_grad=True)
    y = signal
    for kind in layers:
        y = F.conv1d(y, torch.ones(1, 1, 3), padding=1) if kind == "conv" else F.avg_pool1d(y, 2)
    y[0, 0, y.shape[2] // 2].backward()
    return int((signal.grad != 0).sum())


depths = range(1, 7)
plain = [field(["conv"] * depth) for depth in depths]
reduced = [field(["conv", "pool"] * (depth - 1) + ["conv"]) for depth in depths]
print("convolutions alone:       ", plain)
print("with pooling between them:", reduced)
assert plain == [2 * depth + 1 for depth in depths]
# Lecture 04's recurrence: conv l adds 2·2^(l−1), the pool after it adds 2^(l−1).
assert reduced == [1 + sum(2 * 2**i for i in range(d)) + sum(2**i for i in range(d - 1)) for d in depths]

fig, ax = plt.subplots(figsize=(7.6, 2.8))
ax.plot(depths, reduced, "o-", color=plotting.VERMILLION, label="2×2 pooling between the convolutions")
ax.plot(depths, plain, "s-", color=plotting.BLUE, label="convolutions alone")
ax.set(xlabel="number of 3×3 convolutions", ylabel="receptive field in pixels")
ax.set_title("With pooling the view doubles at each step, without it grows by two")
ax.legend()
plotting.show(fig, "The receptive field grows by 2 a layer without pooling, and about doubles with every pooling, to 158.")
assert reduced[-1] == 158

# %% [markdown]
r"""
Look at the vermillion curve: behind each pooling one step of a kernel spans twice as many pixels, so the view about doubles.
Six convolutions see 158 pixels instead of 13.

The fourth reason, tolerance to small shifts, is the one that everybody names first. It needs a measurement, and gets two
sections of its own, [how much shift it forgives](#How-much-shift-does-it-forgive) and [blur](#Blur-before-you-subsample).

## The window and the output size

Pooling slides a window like a convolution, with kernel size $k$, stride $s$ and padding $p$. But nothing in the window is
learned, and the default stride is another one. *What shapes do you expect here?*
"""

# %%
image = torch.randn(2, 3, 12, 12, generator=generator)
print("nn.Conv2d(3, 3, 3): ", tuple(nn.Conv2d(3, 3, 3)(image).shape))
print("nn.MaxPool2d(3):    ", tuple(nn.MaxPool2d(3)(image).shape))
print("nn.MaxPool2d(3, 1): ", tuple(nn.MaxPool2d(3, stride=1)(image).shape))
assert nn.MaxPool2d(3)(image).shape == (2, 3, 4, 4)
assert torch.equal(F.max_pool2d(image, 3), F.max_pool2d(image, 3, stride=3))
assert sum(p.numel() for p in nn.MaxPool2d(3).parameters()) == 0

tall = nn.MaxPool2d(kernel_size=(4, 2))  # height first, as everywhere
assert tall(image).shape == (2, 3, 3, 6)

# %% [markdown]
r"""
Look at the second line: a convolution moves on by one pixel unless you say otherwise, a pooling *by its own size*, so that
the windows tile the plane. And it has no parameters.

**Channels do not mix.** There are three channels before and three after. Each plane is pooled by itself, as if it were alone:
"""

# %%
for pool in (nn.MaxPool2d(3), nn.AvgPool2d(3), nn.LPPool2d(2, 3), nn.AdaptiveAvgPool2d(5)):
    apart = [pool(image[n : n + 1, c : c + 1]) for n in range(2) for c in range(3)]
    together = pool(image)
    assert torch.allclose(torch.cat(apart).reshape(together.shape), together, atol=1e-6)
    print(f"{type(pool).__name__:18} six planes one by one, or all at once: the same")

# %% [markdown]
r"""
### How many windows

The first window starts at $-p$, the next ones $s$ further each, and the last one must still fit. So as in lecture 04

$$H' = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1 .$$

You will also meet $(H-k+1)\,//\,s$, the number of all windows divided by the stride. *Is that the same?* Take $H=5$, $k=3$,
$s=2$ and count on your fingers before you run the cell.
"""

# %%
counted = F.max_pool1d(torch.arange(5.0)[None, None], 3, stride=2).shape[2]
print(f"H = 5, k = 3, s = 2: torch {counted}, floor formula {(5 - 3) // 2 + 1}, (H − k + 1)//s {(5 - 3 + 1) // 2}")
assert counted == (5 - 3) // 2 + 1 == 2
assert (5 - 3 + 1) // 2 == 1

wrong, settings = 0, 0
for height in range(3, 30):
    for k in range(1, 8):
        for s in range(1, 6):
            for p in range(k // 2 + 1):
                if height + 2 * p >= k:
                    size = F.max_pool1d(torch.empty(1, 1, height, device="meta"), k, stride=s, padding=p).shape[2]
                    assert size == (height + 2 * p - k) // s + 1
                    settings += 1
                    wrong += size != (height + 2 * p - k + 1) // s
print(f"the second formula is wrong in {wrong} of {settings} settings")
assert wrong > settings / 2
assert all((height - 2) // 2 + 1 == (height - 2 + 1) // 2 for height in range(3, 30, 2))
assert all((height - 2) // 2 + 1 == (height - 2 + 1) // 2 + 1 for height in range(2, 30, 2))

# %% [markdown]
r"""
Look at the first line: windows start at 0 and at 2, that makes two, and the second formula says one. Divide first, add one
afterwards. Is it noticed? Look at the last assertion: with $k=s=2$ and odd heights both formulas agree, so a test on odd
heights alone finds nothing. With even heights, which most real maps have, they differ: from 28 pixels the second formula
makes 13.

### What about the rest?

With $H=7$, $k=2$, $s=2$ three windows fit and the last pixel is read by none. You can let the last window hang over the edge
(`ceil_mode=True`), pad, or do as TensorFlow does. *Where do the windows stand in each case?* The drawing takes a larger
window on the same seven pixels, $k=3$, $s=3$: two windows fit, and again the last pixel is left.
"""

# %%
H, K, S = 7, 3, 3
signal = torch.tensor([[[5.0, 1, 2, 8, 3, 4, 6]]])

same_outputs = -(-H // S)  # ⌈H/s⌉, TensorFlow's rule
same_total = max((same_outputs - 1) * S + K - H, 0)
same_left = same_total // 2  # an odd one goes to the right (or bottom)
same_padded = F.pad(signal, (same_left, same_total - same_left), value=-torch.inf)
ways = {
    "valid: what fits": (F.max_pool1d(signal, K, S), 0),
    "ceil_mode=True": (F.max_pool1d(signal, K, S, ceil_mode=True), 0),
    "padding=1": (F.max_pool1d(signal, K, S, padding=1), -1),
    "TensorFlow's SAME": (F.max_pool1d(same_padded, K, S), -same_left),
}
fig, axes = plt.subplots(2, 2, figsize=(7.6, 3.2))
for ax, (name, (y, first)) in zip(axes.flat, ways.items(), strict=True):
    for i in range(first, max(H, first + y.shape[2] * S)):
        inside = 0 <= i < H
        look = {"edgecolor": plotting.GREY} if inside else {"edgecolor": "#999999", "ls": ":"}  # dotted: nothing is there
        ax.add_patch(plt.Rectangle((i - 0.5, 0), 1, 1, facecolor="white", zorder=2 if inside else 1, **look))
        ax.text(i, 0.5, f"{signal[0, 0, i]:g}" if inside else "", ha="center", va="center")
    for j, value in enumerate(y[0, 0].tolist()):
        start, level = first + j * S, -0.3 - 0.3 * (j % 2)
        colour = plotting.PALETTE[j]
        ax.plot([start - 0.4, start + K - 0.6], [level, level], lw=5, color=colour, solid_capstyle="butt")
        ax.text(start + (K - 1) / 2, level - 0.45, f"{value:g}", ha="center", va="center", color=colour)
    ax.set(xlim=(-1.6, 8.6), ylim=(-1.4, 1.1), aspect="equal")
    ax.set_title(f"{name}: {y.shape[2]} outputs", fontsize=10, loc="center")
    ax.set_axis_off()
plotting.show(
    fig,
    "Seven pixels and the windows of 3 with stride 3. Valid: two windows, the last pixel is unread. Ceil mode: a third "
    "window that hangs over the right edge. Padding 1 and SAME: three windows, the first begins one place left of the row, "
    "the last ends one place right of it.",
)
print({name: y[0, 0].tolist() for name, (y, _) in ways.items()})
assert (same_left, same_total - same_left) == (1, 1)
assert ways["ceil_mode=True"][0].tolist() == [[[5, 8, 6]]]
assert ways["TensorFlow's SAME"][0].tolist() == [[[5, 8, 6]]]
assert [signal[0, 0, a:b].max() for a, b in ((0, 2), (2, 5), (5, 7))] == [5, 8, 6]

# %% [markdown]
r"""
Look at the right drawing. `SAME` makes $\lceil H/s\rceil$ outputs, computes how much padding that needs in total, and puts
half of it *on each side*; an odd one goes to the right. Windows that start at 0 and merely run off the right edge are
`ceil_mode`, and not `SAME`: the windows stand elsewhere. Here the maxima happen to agree. Change the row a little:
"""

# %%
signal = torch.tensor([[[5.0, 1, 9, 8, 3, 4, 6]]])
hanging = F.max_pool1d(signal, K, S, ceil_mode=True)
both_sides = F.max_pool1d(F.pad(signal, (same_left, same_total - same_left), value=-torch.inf), K, S)
print("off the right edge:", hanging[0, 0].tolist(), "  padded on both sides:", both_sides[0, 0].tolist())
assert hanging.tolist() == [[[9, 8, 6]]]
assert both_sides.tolist() == [[[5, 9, 6]]]

# %% [markdown]
r"""
Look at the two rows: same input, same number of outputs, other values. There is no TensorFlow in this course's environment;
the rule is the one that its documentation states (see the references). When you carry a network across, compute its padding
by that rule and pad yourself.

Two limits that torch sets. A window in the padding alone would have nothing to take a maximum of, so padding may be half a
kernel at most. And with `ceil_mode` a last window that would start behind the last pixel is dropped:
"""

# %%
row = torch.randn(1, 1, 5, generator=generator)
try:
    F.max_pool1d(row, 2, stride=2, padding=2)
except RuntimeError as error:
    print("torch:", str(error).splitlines()[0])
try:
    F.max_pool1d(row, 6)
except RuntimeError as error:
    print("torch:", str(error).splitlines()[0])

print("size by floor, by ceil_mode, and by the formula with a ceiling in it:")
for height, k, s, p, expected in ((7, 2, 2, 0, (3, 4, 4)), (5, 2, 2, 1, (3, 3, 4))):
    floor, ceil = (F.max_pool1d(torch.zeros(1, 1, height), k, s, p, ceil_mode=mode).shape[2] for mode in (False, True))
    ceiling = -(-(height + 2 * p - k) // s) + 1
    starts = [i * s - p for i in range(ceiling)]
    print(f"H = {height}, k = {k}, s = {s}, p = {p}: {floor}, {ceil}, {ceiling}; windows would start at {starts}")
    assert (floor, ceil, ceiling) == expected
    assert ceil == sum(start < height for start in starts)

# %% [markdown]
r"""
### Windows that overlap

AlexNet pools with $k=3$, $s=2$: neighbouring windows share a row or column. Its authors report 0.4 points fewer top-1 errors
than with $k=s=2$, and that the net overfits a little less (Krizhevsky, Sutskever and Hinton 2012, section 3.4). *How many
windows read a pixel?* Ask the gradient of a sum:
"""

# %%
pixels = torch.zeros(1, 1, 9, 9, requires_grad=True)
(9 * F.avg_pool2d(pixels, 3, stride=2)).sum().backward()
readers = pixels.grad[0, 0].round()
fig, axes = plt.subplots(1, 2, figsize=(7, 3), width_ratios=(1, 1.25))
axes[0].imshow(readers, cmap="Blues", vmin=0, vmax=6)
for (i, j), value in np.ndenumerate(readers.numpy()):
    axes[0].text(j, i, f"{value:g}", ha="center", va="center", fontsize=8)
axes[0].set_title("Windows that read each pixel", fontsize=10, loc="center")
axes[0].set_axis_off()

with torch.device("meta"):
    net, maps = alexnet().features, torch.empty(1, 3, 224, 224)
sides, names = [], []
for layer in net:
    maps = layer(maps)
    if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
        sides.append(maps.shape[2])
        names.append("pool" if isinstance(layer, nn.MaxPool2d) else "conv")
        assert not isinstance(layer, nn.MaxPool2d) or (layer.kernel_size, layer.stride) == (3, 2)
axes[1].bar(range(len(sides)), sides, color=[plotting.VERMILLION if n == "pool" else plotting.BLUE for n in names])
for i, side in enumerate(sides):
    axes[1].text(i, side + 1, side, ha="center", fontsize=8)
axes[1].set_xticks(range(len(sides)), names, rotation=45)
axes[1].set(ylabel="side of the maps", title="AlexNet: 3×3 windows, stride 2")
axes[1].grid(visible=False, axis="x")
plotting.show(
    fig,
    "Left: a 9 by 9 plane under 3 by 3 windows with stride 2; pixels are read by 1, 2 or 4 windows in a checkerboard. "
    "Right: sides of AlexNet's maps: 55, pool 27, 27, pool 13, 13, 13, 13, pool 6.",
)
assert sides == [55, 27, 27, 13, 13, 13, 13, 6]
assert readers.unique().tolist() == [1, 2, 4]

# %% [markdown]
r"""
Look at the left picture: a pixel where windows cross is read four times. In the backward pass it will collect four gradients.

> **Check yourself.** A map of 28×28 goes through `MaxPool2d(3, stride=2)`. What size comes out, and how many rows at the
> bottom does no window read? And with `padding=1`?
>
> <details><summary>Answer</summary>
>
> $\lfloor 25/2\rfloor + 1 = 13$. The last window starts at 24 and ends at 26, so one row is unread. With padding 1: $\lfloor
> 27/2\rfloor+1 = 14$; the last window starts at $-1 + 26 = 25$ and ends at 27, the last row, and the lower padding is not
> read.
>
> </details>
"""

# %%
for p, size, unread in ((0, 13, 1), (1, 14, 0)):
    pixels = torch.zeros(1, 1, 28, 28, requires_grad=True)
    y = F.avg_pool2d(pixels, 3, stride=2, padding=p)
    y.sum().backward()
    assert y.shape[2:] == (size, size)
    assert int((pixels.grad[0, 0, :, 5] == 0).sum()) == unread

# %% [markdown]
r"""
## Maximum

The commonest pooling. Here a plane of 4×6 whole numbers, negative ones too. *Write down the six outputs before you
watch.*
"""


# %%
def draw_cells(ax, plane, *, title="", words=None, tint=None, size=9):
    """Draw a small table of numbers, cell by cell; tint says how strong the colour of each cell is, from −1 to 1."""
    for (i, j), value in np.ndenumerate(np.asarray(plane)):
        shade = plt.get_cmap(plotting.DIVERGING)(0.5 + 0.25 * float(tint[i, j])) if tint is not None else "white"
        ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=shade, edgecolor="#999999"))
        word = words[i][j] if words is not None else "" if np.isnan(value) else f"{value + 0.0:.3g}"
        ax.text(j, i, word.replace("-", "−"), ha="center", va="center", fontsize=size)
    rows, columns = np.shape(plane)
    ax.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    ax.set_title(title, fontsize=10, loc="center")
    ax.set_axis_off()


def outline(ax, top, left, height, width, colour=plotting.VERMILLION):
    """Draw a frame around some cells."""
    ax.add_patch(plt.Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=colour, lw=2.6, zorder=3))


x = torch.tensor([[3.0, 1, -4, -2, 0, 6], [2, 8, -1, -7, 6, 5], [7, 7, 0, 4, -3, -5], [7, 2, 9, 1, -6, -2]])
y, index = F.max_pool2d(x[None, None], 2, return_indices=True)
y, index = y[0, 0], index[0, 0]


def frame(step):
    """Draw the window, its winner, and the outputs and indices so far."""
    i, j = divmod(step, 3)
    fig, axes = plt.subplots(1, 3, figsize=(8.2, 2.7), width_ratios=(6, 3, 3))
    draw_cells(axes[0], x, title="x: window and winner")
    outline(axes[0], 2 * i, 2 * j, 2, 2)
    row, column = divmod(index[i, j].item(), x.shape[1])
    axes[0].add_patch(plt.Circle((column, row), 0.4, fill=False, edgecolor=plotting.BLUE, lw=2.2, zorder=4))
    done = torch.arange(6).reshape(2, 3) <= step
    draw_cells(axes[1], torch.where(done, y, torch.nan), title=f"y[{i}, {j}] = {y[i, j]:g}".replace("-", "−"))
    draw_cells(axes[2], torch.where(done, index, torch.nan), title=f"index = {row} · 6 + {column} = {index[i, j]}")
    for ax in axes[1:]:
        outline(ax, i, j, 1, 1)
        ax.set_anchor("N")
    return fig


assert y.tolist() == [[8, -1, 6], [7, 9, -2]]
assert index.tolist() == [[7, 8, 5], [12, 20, 23]]
plotting.animate(
    frame,
    6,
    "Animation: a 2 by 2 window moves over a 4 by 6 plane; in each window the largest value is circled and copied to the "
    "output 8, −1, 6, 7, 9, −2; beside it appears its index, row times 6 plus column: 7, 8, 5, 12, 20, 23.",
    seconds=1.4,
)

# %% [markdown]
r"""
Look at the last window: all four values are negative and the answer is −2. A maximum that starts from 0 would say 0. Look at
the right table too. The **index** says where the winner sits *in the whole plane*, counted row by row: row times *width* plus
column. It is what the backward pass needs. It starts again at 0 in every channel of every image.

In two windows the largest value occurs more than once, in the third (6 and 6) and in the fourth (three times 7). Who
wins? Look for their indices: 5 is the 6 in row 0, and 12 is the first 7 in row 2. **Of ties the first counts, row by row.**
Are ties rare? Not after a ReLU:
"""

# %%
tie_free = camera + 1e-3 * torch.rand(camera.shape, generator=generator)  # no two pixels equal, before the kernel
responses = F.conv2d(tie_free, upright)
windows = F.unfold(responses.relu(), 2, stride=2)[0]  # (4, L): the four values of every window
largest = windows.amax(dim=0)
share = ((windows == largest).sum(dim=0) > 1).float().mean()
dead = (largest == 0).float().mean()
print(f"2 × 2 windows of the edge map with a tie: {share:.0%}; these are the windows full of zeros: {dead:.0%}")
raw = F.unfold(responses, 2, stride=2)[0]
print(f"before the ReLU: {((raw == raw.amax(dim=0)).sum(dim=0) > 1).float().mean():.2%}")
assert 0.1 < dead <= share < dead + 0.01

# %% [markdown]
r"""
Look at the share: a good part of all windows are flat zeros, so the rule is applied all the time. (The ReLU's own gradient
is 0 there, so the choice does no harm in that place.)

### What is in the padding

Pad a plane of negative numbers. *What should the maximum be in a corner?*
"""

# %%
negative = torch.tensor([[-5.0, -3, -8, -2], [-1, -9, -4, -6], [-7, -2, -3, -5], [-4, -6, -1, -8]])
by_torch, places = F.max_pool2d(negative[None, None], 2, padding=1, return_indices=True)
with_zeros = F.max_pool2d(F.pad(negative[None, None], (1, 1, 1, 1)), 2)

fig, axes = plt.subplots(1, 4, figsize=(9, 2.5), width_ratios=(6, 3.4, 3.4, 3.4))
edge = F.pad(negative, (1, 1, 1, 1), value=torch.nan)
words = [["p" if torch.isnan(value) else f"{value:g}" for value in line] for line in edge]
draw_cells(axes[0], edge, words=words, title="x, in a border of p")
draw_cells(axes[1], by_torch[0, 0], title="p = −∞: torch")
draw_cells(axes[2], places[0, 0], title="its index")
draw_cells(axes[3], with_zeros[0, 0], title="p = 0: wrong")
plotting.show(
    fig,
    "A 4 by 4 plane of negative numbers with a border of one, max-pooled with windows of 2. With minus infinity in the "
    "border the outputs are pixels of the plane. With zeros in the border eight of the nine outputs are 0.",
)
assert by_torch[0, 0].tolist() == [[-5, -3, -2], [-1, -2, -5], [-4, -1, -8]]
assert (with_zeros == 0).sum() == 8
assert places[0, 0].tolist() == [[0, 1, 3], [4, 9, 11], [12, 14, 15]]
assert negative.flatten()[places[0, 0]].equal(by_torch[0, 0])

# %% [markdown]
r"""
Look at the right table: eight outputs are 0, a number that occurs nowhere in the plane. Max pooling pads with $-\infty$,
which can never win. You will not notice the mistake behind a ReLU, where zeros are the smallest values there are, so *test
with negative numbers*. Look at the index as well: it counts in the plane *without* its border.

### Its relatives: minimum, and a swap with ReLU

There is no `min_pool2d`. There need not be: the smallest number is the largest of the negatives, turned round,

$$\min(x) = -\max(-x).$$

With stride 1, maximum and minimum are the *dilation* and *erosion* of image processing; their difference outlines things.
"""

# %%
coins = grey_photo("coins", 160)
bright = F.max_pool2d(coins, 5, stride=1, padding=2)
dark = -F.max_pool2d(-coins, 5, stride=1, padding=2)
plotting.show_images(
    [coins[0, 0], bright[0, 0], dark[0, 0], (bright - dark)[0, 0]],
    ["coins", "maximum, 5 × 5, stride 1", "minimum = −max(−x)", "their difference"],
    columns=4,
    alt="Coins on a dark ground; the maximum makes bright areas grow, the minimum makes dark areas grow, and their difference "
    "is bright along the rims of the coins.",
)
i, j = 70, 90
assert dark[0, 0, i, j] == coins[0, 0, i - 2 : i + 3, j - 2 : j + 3].min()

values = torch.randn(4, 8, 12, 12, generator=generator)
assert torch.equal(F.max_pool2d(values.relu(), 2), F.max_pool2d(values, 2).relu())
assert not torch.allclose(F.avg_pool2d(values.relu(), 2), F.avg_pool2d(values, 2).relu(), atol=0.1)
print("ReLU then max pooling = max pooling then ReLU, exactly; with average pooling it is not so")

# %% [markdown]
r"""
Look at the second picture: coins have grown; in the third they have shrunk. And read the printed line: a function that
never falls, such as the ReLU, may change places with a maximum. Pool first, and the ReLU has a quarter of the work.

## Average and the padding

The mean of each window. You know this operation: it is a convolution with equal weights $1/k^2$, one kernel per channel,
nothing learned.
"""

# %%
maps = torch.randn(2, 3, 8, 10, generator=generator)
equal_weights = torch.full((3, 1, 2, 2), 1 / 4)
assert torch.allclose(F.avg_pool2d(maps, 2), F.conv2d(maps, equal_weights, stride=2, groups=3), atol=1e-6)
one_window = maps[1, 2, 4:6, 6:8]
print(f"window {one_window.flatten().tolist()}\nits mean {one_window.mean():.4f}, torch {F.avg_pool2d(maps, 2)[1, 2, 2, 3]:.4f}")
assert torch.isclose(one_window.mean(), F.avg_pool2d(maps, 2)[1, 2, 2, 3])

# %% [markdown]
r"""
*Now pad a plane of ones with one row and column all round and average 3×3 windows. What comes out in the corner?* It depends
on what you divide by: all nine places, or the four that are pixels. `count_include_pad` says which.
"""

# %%
ones = torch.ones(1, 1, 4, 4)
counted_in = F.avg_pool2d(ones, 3, stride=1, padding=1)
left_out = F.avg_pool2d(ones, 3, stride=1, padding=1, count_include_pad=False)
hanging = F.avg_pool2d(torch.ones(1, 1, 5, 5), 2, ceil_mode=True)

fig, axes = plt.subplots(1, 3, figsize=(8.6, 2.7), width_ratios=(4, 4, 3))
for ax, table, title in (
    (axes[0], counted_in, "count_include_pad=True,\nthe default"),
    (axes[1], left_out, "count_include_pad=False"),
    (axes[2], hanging, "5 × 5 ones, k = 2,\nceil_mode=True"),
):
    draw_cells(ax, table[0, 0], title=title, tint=table[0, 0] - 1)
plotting.show(
    fig,
    "Averages of a plane of ones. With the padding counted: 4/9 in the corners, 6/9 on the sides, 1 inside. With the padding "
    "left out: 1 everywhere. With ceil_mode and no padding: 1 everywhere.",
)
assert torch.allclose(counted_in[0, 0, 0], torch.tensor([4, 6, 6, 4]) / 9)
assert torch.allclose(left_out, torch.ones(1))
assert torch.allclose(hanging, torch.ones(1))

# %% [markdown]
r"""
Look at the corners: by default they are darker, 0.444, because zeros were averaged in and counted. The sum is the same in
both tables; the divisor is not. In the third table windows hang over the edge through `ceil_mode`. That overhang is never
counted, whatever you say. Keras and TensorFlow do not count the padding of `SAME` either.

A net sees a dark frame around every map. Make it large enough for the eye:
"""

# %%
cat = grey_photo("chelsea", 160)
framed = [F.avg_pool2d(cat, 25, stride=1, padding=12, count_include_pad=mode) for mode in (True, False)]
plotting.show_images(
    [cat[0, 0], *(picture[0, 0] for picture in framed)],
    ["photograph", "padding counted", "padding left out"],
    columns=3,
    alt="A cat; its 25 by 25 average with the padding counted, which has dark edges; and with the padding left out, without.",
)
corner = [picture[0, 0, 0, 0].item() for picture in framed]
print(f"top left corner: {corner[0]:.3f} and {corner[1]:.3f}; mean of its 13 × 13 pixels {cat[0, 0, :13, :13].mean():.3f}")
assert np.isclose(corner[0], corner[1] * 13**2 / 25**2)

# %% [markdown]
r"""
Look at the edges of the second picture: the dark frame is made by the divisor alone.

### Maximum or average?

*Which one finds a faint signal, which one is fooled by noise?* Take a window of $k\times k$ with nothing but noise of
standard deviation 1, then the same with one pixel raised by 4.
"""

# %%
ks = (1, 2, 4, 8)
results = {}
for k in ks:
    noise = torch.randn(20_000, 1, k, k, generator=generator)
    spot = noise.clone()
    spot[:, 0, 0, 0] += 4
    for name, pool in (("maximum", F.max_pool2d), ("average", F.avg_pool2d)):
        quiet, raised = pool(noise, k), pool(spot, k)
        results[name, k] = (quiet.mean().item(), quiet.std().item(), (raised.mean() - quiet.mean()).item())
        print(f"k = {k}, {name}: noise alone {quiet.mean():5.2f} ± {quiet.std():.2f}, the spot adds {results[name, k][2]:.2f}")
assert abs(results["maximum", 2][0] - 1.03) < 0.03  # the mean of the largest of four standard normal numbers
assert abs(results["average", 2][1] - 1 / 2) < 0.02
assert results["maximum", 8][0] > 2
for k in ks[1:]:
    spot_to_noise = {name: results[name, k][2] / results[name, k][1] for name in ("maximum", "average")}
    assert spot_to_noise["maximum"] > spot_to_noise["average"]

# %% [markdown]
r"""
Look at the last two lines. The maximum of pure noise is not 0: the larger the window, the larger it gets. But a rare spot
still stands out of it. The average makes the noise small, $1/k$ times as large, and the spot even smaller, $4/k^2$. So: rare
and strong features call for the maximum, features that fill the window for the average. Boureau, Ponce and LeCun (2010) work
this out.

## Global, Lp and adaptive pooling

Make the window as large as the map: one number per channel, whatever the size of the image. **[Global average
pooling](../glossary.ipynb#global-average-pooling)**
turns $(N, C, H, W)$ into $(N, C)$. *A net's dense layer was trained on 224×224 pixels; can it take 320×256?*
"""

# %%
with torch.device("meta"):
    net = resnet18()
    body = nn.Sequential(*list(net.children())[:-2])
    for size in ((224, 224), (320, 256)):
        maps = body(torch.empty(1, 3, *size))
        vector, scores = maps.mean(dim=(2, 3)), net(torch.empty(1, 3, *size))
        print(f"image {size}: maps {tuple(maps.shape)}, pooled {tuple(vector.shape)}, scores {tuple(scores.shape)}")
        assert maps.mean(dim=(2, 3)).shape == (1, 512)
    head, old_head = net.fc.weight.numel(), vgg16().classifier[0].weight.numel()
print(f"weights of the first dense layer: {old_head:,} in VGG-16 after flattening, {head:,} in ResNet-18 after global pooling")
assert old_head == 512 * 7 * 7 * 4096
assert head == 512 * 1000

maps = torch.randn(2, 4, 5, 7, generator=generator)
one_channel = maps[1, 3]
assert torch.isclose(nn.AdaptiveAvgPool2d(1)(maps)[1, 3, 0, 0], one_channel.sum() / (5 * 7))
assert nn.AdaptiveAvgPool2d(1)(maps).shape == (2, 4, 1, 1)

# %% [markdown]
r"""
Look at the last line: the dense layer on flattened maps has two hundred times the weights. Flattening alone makes
$7\cdot7=49$ of it; the other factor is VGG's width, 4096 outputs against 1000. And it works at one image size only.
Lin, Chen and Yan (2014) put the global average in the place of those dense layers. Torch's `AdaptiveAvgPool2d(1)` keeps two
axes of length 1: flatten before the dense layer.

**Adaptive pooling** asks the other way round: you name the output size, it finds the windows. *How do you cut 10 pixels into
4 equal windows?* You cannot. Output $i$ of $n$ reads from $\lfloor iH/n\rfloor$ up to, not including, $\lceil
(i+1)H/n\rceil$.
"""

# %%
row = torch.arange(10.0)[None, None]
spans = [(i * 10 // 4, -(-(i + 1) * 10 // 4)) for i in range(4)]
by_hand = [row[0, 0, a:b].mean().item() for a, b in spans]
assert F.adaptive_avg_pool1d(row, 4)[0, 0].tolist() == by_hand

fig, ax = plt.subplots(figsize=(6.4, 1.7))
for i in range(10):
    ax.add_patch(plt.Rectangle((i - 0.5, 0), 1, 1, facecolor="white", edgecolor=plotting.GREY))
    ax.text(i, 0.5, i, ha="center", va="center")
for k, ((a, b), mean) in enumerate(zip(spans, by_hand, strict=True)):
    level, colour = -0.4 - 0.4 * (k % 2), plotting.PALETTE[k]
    ax.plot([a - 0.42, b - 0.58], [level, level], lw=5, color=colour, solid_capstyle="butt")
    ax.text((a + b - 1) / 2, -1.35, f"mean {mean:g}", ha="center", color=colour, fontsize=9)
ax.set(xlim=(-0.7, 9.7), ylim=(-1.6, 1.1))
ax.set_axis_off()
plotting.show(fig, "Ten pixels in four windows: 0 to 2, 2 to 4, 5 to 7 and 7 to 9. They overlap at 2 and at 7.")
print("windows:", spans)
assert spans == [(0, 3), (2, 5), (5, 8), (7, 10)]

# %% [markdown]
r"""
Look at pixels 2 and 7: they belong to two windows. No single $k$ and $s$ would make this picture: here the step is 2, then 3,
then 2.

### Between sum and maximum

$L_p$ pooling takes the $p$-norm of each window,

$$y = \Big(\sum_{\text{window}} |x|^p\Big)^{1/p}.$$

With $p=2$ it is the root of the energy, $L_2$ pooling. *What happens at $p=1$, and when $p$ grows?*
"""

# %%
window = torch.tensor([[1.0, -2], [3, 2]])
powers = np.linspace(1, 12, 45)
norms = [float(window.abs().pow(float(p)).sum() ** (1 / p)) for p in powers]
fig, ax = plt.subplots(figsize=(7.6, 2.7))
ax.plot(powers, norms, color=plotting.BLUE, label=r"$(\sum |x|^p)^{1/p}$")
ax.axhline(3, ls="--", color=plotting.VERMILLION, label="largest magnitude, 3")
ax.plot([1, 2], [norms[0], 18**0.5], "o", color=plotting.BLUE)
ax.annotate("p = 1: the sum, 8", (1, norms[0]), (1.5, 7.6), arrowprops={"arrowstyle": "-"})
ax.annotate("p = 2: √18", (2, 18**0.5), (2.6, 5.2), arrowprops={"arrowstyle": "-"})
ax.set(xlabel="p", ylabel="pooled value", ylim=(2.5, 8.4))
ax.set_title("The window 1, −2, 3, 2: from the sum of magnitudes to the largest one")
ax.legend()
plotting.show(fig, "The p-norm of one window falls from 8 at p = 1 over 4.24 at p = 2 towards 3, the largest magnitude.")
assert norms[0] == window.abs().sum() == 8
assert np.isclose(F.lp_pool2d(window[None, None], 2, 2).item(), 18**0.5)
assert abs(norms[-1] - 3) < 0.01

signed = F.lp_pool2d(window[None, None], 3, 2).item()
of_magnitudes = F.lp_pool2d(window[None, None].abs(), 3, 2).item()
print(f"p = 3: torch on x {signed:.4f}, torch on |x| {of_magnitudes:.4f}")
assert np.isclose(signed, (1 - 8 + 27 + 8) ** (1 / 3))
assert np.isclose(of_magnitudes, (1 + 8 + 27 + 8) ** (1 / 3))

# %% [markdown]
r"""
Look at the curve: $p=1$ is the *sum* of the magnitudes (four times their average, there is no division), and large $p$ is
the maximum of the magnitudes. One dial from average to maximum. Look at the printed line as well: for odd $p$ torch forgets
the bars, so −2 counts as −8. Its formula is a norm only for even $p$ or values that are not negative. In your own function
take the magnitudes.

> **Check yourself.** Which of these poolings can give a value that is not in the window: maximum, average, $L_2$? Which can
> be larger than every magnitude in it?
>
> <details><summary>Answer</summary>
>
> The maximum is always one of the values. Average and $L_2$ usually are not. The average lies between the smallest and the
> largest value; $L_2$ is a root of a *sum*, so it can be larger than all of them: four ones give 2.
>
> </details>
"""

# %%
assert F.lp_pool2d(torch.ones(1, 1, 2, 2), 2, 2).item() == 2
assert window.min() < window.mean() < window.max()

# %% [markdown]
r"""
## The backward pass: routing and spreading

Upstream comes $\partial L/\partial y$, called `dy`: one number for each window. What reaches the pixels?

- **Maximum.** Raise the winner a little and $y$ rises by as much. Raise a loser a little and nothing happens. So
  $\partial y/\partial x = 1$ for the winner and 0 for the others: the gradient is **routed** to the winner.
- **Average.** Every pixel counts $1/k^2$, so each gets $\mathrm{dy}/k^2$: the gradient is **spread**.

And where windows overlap, a pixel adds up what it gets from each, as in lecture 05. Here windows of 3 with stride 2. *Which
pixel will have collected most?* Work it out before you watch.
"""

# %%
x = torch.tensor([[1.0, 9, 2, 0, 3], [4, 2, 5, 1, 0], [3, 0, 8, 2, 6], [5, 1, 0, 4, 2], [2, 6, 3, 1, 7]])
dy = torch.tensor([[18.0, -9], [27, 9]])


def gradient(pool, upstream):
    """Return what reaches x through a pooling with windows of 3 and stride 2."""
    pixels = x[None, None].clone().requires_grad_()
    pool(pixels, 3, stride=2).backward(upstream[None, None])
    return pixels.grad[0, 0]


def frame(step):
    """Draw the window of one output, and the gradients that have arrived so far."""
    i, j = divmod(step, 2)
    so_far = torch.where(torch.arange(4).reshape(2, 2) <= step, dy, 0)
    fig, axes = plt.subplots(1, 4, figsize=(9.6, 2.7), width_ratios=(5, 2.4, 5, 5))
    draw_cells(axes[0], x, title="x")
    draw_cells(axes[1], dy, title="dy")
    outline(axes[1], i, j, 1, 1)
    for ax, pool, name in ((axes[2], F.max_pool2d, "dx, maximum"), (axes[3], F.avg_pool2d, "dx, average")):
        arrived = gradient(pool, so_far)
        words = [[f"{value:.0f}" if value else "" for value in line] for line in (arrived + 0.0).tolist()]
        draw_cells(ax, arrived, words=words, title=name, tint=arrived / 27)
    for ax in (axes[0], *axes[2:]):
        outline(ax, 2 * i, 2 * j, 3, 3)
    place = x[2 * i : 2 * i + 3, 2 * j : 2 * j + 3].argmax().item()
    for ax in (axes[0], axes[2]):
        winner = (2 * j + place % 3, 2 * i + place // 3)
        ax.add_patch(plt.Circle(winner, 0.42, fill=False, edgecolor=plotting.BLUE, lw=2, zorder=4))
    return fig


plotting.animate(
    frame,
    4,
    "Animation: four upstream gradients 18, −9, 27, 9 go back one after the other. Under the maximum each goes to the circled "
    "winner of its window; the 8 in the centre wins three times and collects 27. Under the average each window's nine pixels "
    "get a ninth; the centre collects 5.",
    seconds=1.8,
)

# %%
routed, spread = gradient(F.max_pool2d, dy), gradient(F.avg_pool2d, dy)
assert routed[0, 1] == 18
assert routed[2, 2] == -9 + 27 + 9 == 27
assert (routed != 0).sum() == 2
assert np.isclose(spread[2, 2], (18 - 9 + 27 + 9) / 9)
assert np.isclose(spread[0, 1], 18 / 9)
print(f"sum of dy {dy.sum():g}, of dx after the maximum {routed.sum():g}, after the average {spread.sum():g}")
assert torch.isclose(routed.sum(), dy.sum())
assert torch.isclose(spread.sum(), dy.sum())

# %% [markdown]
r"""
Watch the centre. The 8 wins three windows and its gradients *add up*: −9 + 27 + 9. Code that writes `dx[winner] = dy` instead
of adding keeps only the last one. And look at the printed sums: nothing is lost on the way, as long as there is no padding.

Do you believe the autograd? Nudge the pixels (lecture 05), in float64:
"""

# %%
for name, pool in (
    ("maximum", F.max_pool2d),
    ("average", F.avg_pool2d),
    ("L2", lambda x, k, stride: F.lp_pool2d(x, 2, k, stride)),
):
    pixels = x.double()[None, None]
    nudged = torch.empty(25, dtype=torch.float64)
    for place in range(25):
        nudge = torch.zeros(25, dtype=torch.float64)
        nudge[place] = 1e-6
        up, down = (pool(pixels + sign * nudge.reshape(1, 1, 5, 5), 3, stride=2) for sign in (1, -1))
        nudged[place] = ((up - down) * dy).sum() / 2e-6
    largest_error = (nudged.reshape(5, 5) - gradient(pool, dy)).abs().max()
    print(f"{name:8} largest difference from nudging: {largest_error:.1e}")
    assert largest_error < 1e-5

# L2 in between: each pixel gets a share proportional to its value, dy · x / y.
a_window = torch.tensor([[3.0, 0], [0, 4]], requires_grad=True)
F.lp_pool2d(a_window[None, None], 2, 2).sum().backward()
print("L2 pooling of 3, 0, 0, 4: gradient", a_window.grad.flatten().tolist())
assert torch.allclose(a_window.grad, torch.tensor([[3, 0], [0, 4]]) / 5)

# %% [markdown]
r"""
Look at the last line: $L_2$ pooling lies between the two. Each pixel gets $\mathrm{dy}\cdot x/y$, so the large ones get more.

### Ties, padding, and gradients that go nowhere

*Four equal pixels: who gets the gradient?* There is no derivative at a tie, and torch takes the index of the forward pass, so
the first one gets all. Nudging sees half of it:
"""

# %%
flat = torch.full((1, 1, 2, 2), 2.0, dtype=torch.float64, requires_grad=True)
F.max_pool2d(flat, 2).sum().backward()
print("torch:  ", flat.grad.flatten().tolist())
first = torch.tensor([[[[1e-6, 0], [0, 0]]]], dtype=torch.float64)
slope = (F.max_pool2d(flat.detach() + first, 2) - F.max_pool2d(flat.detach() - first, 2)).item() / 2e-6
print(f"nudging the first pixel: {slope:.2f}")
assert flat.grad.flatten().tolist() == [1, 0, 0, 0]
assert abs(slope - 0.5) < 1e-6

padded = torch.ones(1, 1, 4, 4, requires_grad=True)
F.avg_pool2d(padded, 3, stride=1, padding=1).sum().backward()
print(f"average with padding: 16 outputs, {padded.grad.sum():.2f} arrives")
assert torch.isclose(padded.grad.sum(), torch.tensor(4 * 4 / 9 + 8 * 6 / 9 + 4))

gaps = torch.ones(1, 1, 5, 5, requires_grad=True)
F.avg_pool2d(gaps, 1, stride=2).sum().backward()
print("stride larger than the window:", int((gaps.grad == 0).sum()), "of 25 pixels get nothing")
assert (gaps.grad == 0).sum() == 16

# %% [markdown]
r"""
Look at the second line: going up, the first pixel becomes the maximum and $y$ rises; going down, another takes over and $y$
stays. The mean of the two slopes is a half. A gradient check at a tie fails though the code is right: check with distinct
values. Then the padding: a part of each border window's gradient falls on padding, and is lost.

On a real map, routing is sparse. *Which share of the pixels learns something?*
"""

# %%
piece = grey_photo("chelsea", 96)
gradients = []
for pool in (F.max_pool2d, F.avg_pool2d):
    pixels = piece.clone().requires_grad_()
    y = pool(pixels, 4)
    upstream = torch.randn(y.shape, generator=torch.Generator().manual_seed(1))
    y.backward(upstream)
    gradients.append(pixels.grad[0, 0])
    print(f"{pool.__name__}: {(pixels.grad != 0).float().mean():.2%} of the pixels get a gradient")
assert [(g != 0).float().mean().item() for g in gradients] == [1 / 16, 1]

fig, axes = plt.subplots(1, 3, figsize=(8.4, 3.4))
few_colours = plt.get_cmap(plotting.DIVERGING, 17)
axes[0].imshow(piece[0, 0, 24:72, 24:72], cmap="gray", vmin=0, vmax=1)
for ax, g, limit in ((axes[1], gradients[0], 2), (axes[2], gradients[1], 2 / 16)):
    axes_image = ax.imshow(g[24:72, 24:72], cmap=few_colours, vmin=-limit, vmax=limit)
    fig.colorbar(axes_image, ax=ax, location="bottom", label="gradient", extend="both", ticks=(-limit, 0, limit))
for ax, title in zip(axes, ("48 × 48 pixels", "maximum, 4 × 4: routed", "average, 4 × 4: spread"), strict=True):
    ax.set_title(title, fontsize=10, loc="center")
    ax.set_anchor("N")
    ax.set_axis_off()
plotting.show(
    fig,
    "A piece of a photograph and two maps of its gradient for the same random upstream gradient. Maximum: single dots, one "
    "in every 4 by 4 window. Average: flat tiles, sixteen times weaker.",
)

# %% [markdown]
r"""
Look at the two scales: the average gives everybody a sixteenth, the maximum gives one in sixteen everything.

One trap has a name in torch. `F.max_unpool2d` puts values back at their indices, so it looks like the backward pass of max
pooling. *Is it?*
"""

# %%
pixels = x[None, None]
pooled_maps, index = F.max_pool2d(pixels, 3, stride=2, return_indices=True)
unpooled = F.max_unpool2d(dy[None, None], index, 3, stride=2, output_size=(5, 5))[0, 0]
print(f"centre: the gradient has {routed[2, 2]:g}, max_unpool2d has {unpooled[2, 2]:g}")
assert unpooled[2, 2] in (-9, 27, 9)
assert unpooled[2, 2] != routed[2, 2]
apart = torch.rand(1, 1, 6, 6, generator=generator, requires_grad=True)
small, index = F.max_pool2d(apart, 2, return_indices=True)
small.backward(torch.ones_like(small))
assert torch.equal(F.max_unpool2d(torch.ones_like(small), index, 2), apart.grad)

# %% [markdown]
r"""
Look at the two numbers: where windows overlap, unpooling overwrites and the gradient adds. Without overlap (the last
assertion) they are the same.

## How much shift does it forgive

Lecture 01 said: a convolution is **equivariant**. Shift the image, and the map shifts with it; that is not **invariance**,
where nothing changes. Which of the two has pooling? *One bright pixel in a row, windows of 2. It moves one place to the
right. Does the pooled row change?*
"""

# %%
moving = torch.eye(8)[:, None]  # eight rows, the bright pixel one place further in each
for row, y in zip(moving[:, 0], F.max_pool1d(moving, 2)[:, 0], strict=True):
    print("".join("■" if v else "·" for v in row), " -> ", "".join("■" if v else "·" for v in y))

for k in (2, 3, 4, 8):
    places = torch.eye(24 * k)[:, None]
    pooled_rows = F.max_pool1d(places, k)[:, 0]
    unchanged = (pooled_rows[1:] == pooled_rows[:-1]).all(dim=1).float().mean().item()
    expected = 24 * (k - 1) / (24 * k - 1)  # k − 1 of k steps stay in the window
    print(f"k = {k}: {unchanged:.0%} of the steps by one pixel change nothing")
    assert np.isclose(unchanged, expected)

# %% [markdown]
r"""
Look at the eight rows: sometimes nothing changes, sometimes everything. Of $k$ steps $k-1$ stay inside the window, and the
next one jumps. That is tolerance *on average*, for one pixel alone, and no guarantee for any step.

### Equivariant, invariant, or neither

To see the rule without border effects, let the picture wrap around: pad in a circle, and shift with `torch.roll`. Every
number in the table is a gap between what comes out and what the rule would give: 0 means the same, and so does
$10^{-16}$, which is rounding.
"""

# %%
torch.manual_seed(6)
first = nn.Conv2d(1, 8, 3, padding=1, padding_mode="circular").double()
second = nn.Conv2d(8, 8, 3, padding=1, padding_mode="circular").double()
picture = grey_photo("astronaut", 64).double()


def one_stage(x):
    """Convolution and ReLU."""
    return first(x).relu()


def pooled_stage(x):
    """Convolution, ReLU, max pooling 2 × 2."""
    return F.max_pool2d(one_stage(x), 2)


def summary(x, pool):
    """Two convolutions, with or without a pooling between them, then global average pooling."""
    return second(pooled_stage(x) if pool else one_stage(x)).relu().mean(dim=(2, 3))


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


print("shift   conv: shifts along   pool: shifts along   global mean: same   with pool: same")
gaps = {}
with torch.no_grad():
    for d in range(1, 5):
        moved = picture.roll(d, dims=3)
        gaps[d] = (
            relative(one_stage(moved), one_stage(picture).roll(d, dims=3)),
            min(relative(pooled_stage(moved), pooled_stage(picture).roll(e, dims=3)) for e in (d // 2, d // 2 + 1)),
            relative(summary(moved, False), summary(picture, False)),
            relative(summary(moved, True), summary(picture, True)),
        )
        print(f"{d:3d}    " + "".join(f"{gap:17.1e}  " for gap in gaps[d]))
for d, (conv_gap, pool_gap, mean_gap, pooled_gap) in gaps.items():
    assert conv_gap < 1e-12
    assert mean_gap < 1e-12
    assert (pool_gap < 1e-12) == (d % 2 == 0)
    assert (pooled_gap < 1e-12) == (d % 2 == 0)

# %% [markdown]
r"""
Look at the columns. The convolution shifts along, to the last digit: equivariant, *not invariant*. The pooled map shifts
along for shifts of 2 and 4, the stride, and for no others. The global mean behind convolutions *is* invariant. But put one
pooling before it, and odd shifts are seen again. So pooling is neither; it makes a map that is *roughly* the same after a
small shift. How roughly?
"""

# %% [markdown]
r"""
Try it: choose a pooling, then shift the picture under its windows. *With a stride of 2, after which shifts is the output the
old one, moved by whole places?*
"""

# %%
from cnnkit import widgets

widgets.explore_pooling(data.photograph("camera", size=24, grey=True), "max", shift=1)

# %% [markdown]
r"""
Go from a shift of 1 to 2: the blocks of the output come back, one place further to the right. After an odd shift every
window holds other pixels, and the blocks change.
"""

# %% [markdown]
r"""
### Measured on photographs

Six photographs, eight edge kernels with ReLU, so real activations. Shift the camera by $d$ pixels, pool, compare. The
measure is

$$\text{change} = \frac{\text{root mean square of the difference}}{\sqrt2\cdot\text{standard deviation of the map}},$$

0 for the same map, about 1 for an unrelated one. *Which window forgives a shift of 4?*
"""

# %%
NAMES = ("astronaut", "camera", "chelsea", "coffee", "coins", "rocket")
photos = torch.cat([grey_photo(name, 256) for name in NAMES]).to(device)  # (6, 1, 256, 256)
slanted = torch.tensor([[-2.0, -1, 0], [-1, 0, 1], [0, 1, 2]])
bank = torch.stack([upright[0, 0], upright[0, 0].T, slanted, slanted.flip(0)])
bank = torch.cat([bank, -bank])[:, None].to(device)  # (8, 1, 3, 3): eight directions
activations = F.conv2d(photos, bank).relu()  # (6, 8, 254, 254)


def change(reduce, d):
    """Return how much a shift of d pixels to the side changes the reduced maps; no border comes into it."""
    still, moved = (reduce(activations[:, :, 16:232, 8 + e : 232 + e - 8]) for e in (0, d))
    return ((still - moved).square().mean().sqrt() / (2 * still.var()).sqrt()).item()


shifts = range(9)
by_window = {k: [change(lambda maps, k=k: F.max_pool2d(maps, k), d) for d in shifts] for k in (1, 2, 4, 8)}
fig, ax = plt.subplots(figsize=(7.6, 3))
for (k, values), marker in zip(by_window.items(), "os^D", strict=True):
    ax.plot(shifts, values, f"{marker}-", label=f"k = {k}" if k > 1 else "no pooling")
ax.set(xlabel="shift in pixels", ylabel="change (1: unrelated)", ylim=(0, 1.05))
ax.set_title("Max pooling: the larger the window, the more it forgives")
ax.legend(ncols=2)
plotting.show(
    fig,
    "Change of the map against the shift from 0 to 8 pixels. Without pooling it rises at once and levels off; with "
    "windows of 2, 4 and 8 it rises more and more slowly.",
)
for k, values in by_window.items():
    print(f"k = {k}: a shift by 1 changes {values[1]:.2f}, by 4 {values[4]:.2f}, by 8 {values[8]:.2f}")
for d in (1, 2, 4):
    assert by_window[1][d] > by_window[2][d] > by_window[4][d] > by_window[8][d]
assert by_window[2][1] > 0.2

# %% [markdown]
r"""
Look at shift 1: windows of 2 soften the blow, but the change is far from zero. Look at shift 8: with windows of 8 the whole
map has moved by one place, and the change is large again. The larger the window, the more it forgives, but not in
proportion: twice the window takes off about 30 %. And a large window pays with blurred places. "Pooling makes a CNN
invariant to translation" is too strong by far.

## Blur before you subsample

Why does a shift by one pixel do anything at all? Take a row of stripes, two dark, two bright, and max-pool it with windows
of 2. Then shift it by one. (The example is of the kind with which Zhang 2019 opens.) *What comes out, both times?*
"""

# %%
stripes = torch.tensor([0.0, 0, 1, 1] * 4)[None, None]
shifted = stripes.roll(-1, dims=2)
binomial = torch.tensor([[[1.0, 2, 1]]]) / 4


def max_then_blur(row):
    """Maximum with stride 1, then the blur with stride 2; the row wraps around."""
    dense = F.max_pool1d(F.pad(row, (0, 1), mode="circular"), 2, stride=1)
    return F.conv1d(F.pad(dense, (1, 1), mode="circular"), binomial, stride=2)


fig, axes = plt.subplots(3, 2, figsize=(8, 3.7), sharey=True)
for column, (row, name) in enumerate(((stripes, "stripes"), (shifted, "shifted by one"))):
    results = (row, F.max_pool1d(row, 2), max_then_blur(row))
    titles = (name, "max pooling", "maximum, blur, every second")
    colours = (plotting.GREY, plotting.VERMILLION, plotting.PURPLE)  # those of max pooling and of maximum and blur below
    for ax, values, title, colour in zip(axes[:, column], results, titles, colours, strict=True):
        ax.bar(range(values.shape[2]), values[0, 0], color=colour, width=0.8)
        ax.set_title(title, fontsize=9)
        ax.set(ylim=(0, 1.1), yticks=(0, 1), xticks=())
    axes[-1, column].set_xlabel("place along the row")
for ax in axes[:, 0]:
    ax.set_ylabel("value")
plotting.show(
    fig,
    "Left column: stripes; max pooling gives 0, 1, 0, 1; with the blur 0.5, 1, 0.5, 1. Right column: the shifted stripes; "
    "max pooling gives 1 everywhere; with the blur 0.75 everywhere.",
)
assert F.max_pool1d(stripes, 2)[0, 0, :4].tolist() == [0, 1, 0, 1]
assert F.max_pool1d(shifted, 2)[0, 0, :4].tolist() == [1, 1, 1, 1]
jump = (F.max_pool1d(stripes, 2) - F.max_pool1d(shifted, 2)).abs().max().item()
softened = (max_then_blur(stripes) - max_then_blur(shifted)).abs().max().item()
print(f"largest change by the shift: {jump:g} with max pooling, {softened:g} with the blur")
assert (jump, softened) == (1, 0.25)

# %% [markdown]
r"""
Look at the middle row: alternating on the left, constant on the right. Max pooling is two steps in one: take the maximum at
*every* place (stride 1), then keep every second result. The first step is equivariant. All the trouble is in the second,
which asks either the even places or the odd ones. In the bottom row the dense maxima are blurred with $[1, 2, 1]/4$ before
every second is kept, and the change is a quarter as large.

### Aliasing, as a picture

Signal processing has known this for long: keep every second sample, and a pattern finer than two new pixels per period
cannot be represented. It does not vanish. It comes back as a coarse pattern that was never there, an **alias**. Here rings
that get finer towards the edge, and a man on a lawn, both reduced to a quarter of the side in four ways. *Where do you
expect new rings?*
"""

# %%
BINOMIAL_2D = torch.outer(binomial[0, 0], binomial[0, 0])  # [1,2,1]ᵀ[1,2,1]/16


def blur_layer(channels):
    """Return a depthwise convolution with stride 2 whose weights are fixed: blur pooling."""
    layer = nn.Conv2d(channels, channels, 3, stride=2, padding=1, padding_mode="reflect", groups=channels, bias=False)
    layer.weight = nn.Parameter(BINOMIAL_2D.expand(channels, 1, 3, 3).clone(), requires_grad=False)
    return layer


place = torch.arange(256.0) - 127.5
rings = (0.5 + 0.5 * torch.cos(torch.pi * (place[:, None] ** 2 + place**2) / 256))[None, None]
lawn = grey_photo("camera", 512)[..., 128:384, 128:384]
halve = blur_layer(1)
quarter = {
    "every 4th pixel": lambda x: x[..., ::4, ::4],
    "max pooling, k = 4": lambda x: F.max_pool2d(x, 4),
    "average pooling, k = 4": lambda x: F.avg_pool2d(x, 4),
    "blur pooling, twice": lambda x: halve(halve(x)),
}
shown = [[source[0, 0], *(reduce(source)[0, 0] for reduce in quarter.values())] for source in (rings, lawn)]
plotting.show_images(
    [*shown[0], *shown[1]],
    ["256 × 256", *quarter, *[""] * 5],
    columns=5,
    alt="Top row: rings that get finer outwards; every fourth pixel shows a grid of false ring centres, max pooling bright "
    "areas with faint false rings, average pooling weaker ones, blur pooling the middle rings and grey around "
    "them. Bottom row: a man on a lawn. With every fourth pixel the lawn is full of dots "
    "and the tripod torn; with blur pooling both are calm.",
)
# A phase of π r²/256 has a frequency of r/256 periods per pixel. Two new pixels are eight old ones: 1/8 is at r = 32.
down, across = torch.meshgrid(place[::4].abs(), place[::4].abs(), indexing="ij")
outer = torch.maximum(down, across) > 32  # finer than the new grid can hold, along one axis at least
contrast = {name: reduce(rings)[0, 0][outer].std().item() for name, reduce in quarter.items()}
for name, value in contrast.items():
    print(f"{name:24} contrast where nothing should be seen: {value:.3f}")
assert contrast["every 4th pixel"] > contrast["average pooling, k = 4"] > contrast["blur pooling, twice"]
assert contrast["max pooling, k = 4"] > contrast["blur pooling, twice"]

# %% [markdown]
r"""
Look at the top row. At $r$ pixels from the centre the rings have $r/256$ periods per pixel. The new grid holds one period in
two new pixels, that is in eight old ones. So beyond $r = 32$, a quarter of the way out, the rings are too fine for 64
pixels (on the diagonals a little later), and an honest reduction shows grey. Every fourth pixel (that is what a stride
does) shows new centres, as strong as the real one, where one period is four old pixels: 64 to the side, above and below,
and so on. Max and average pooling leave ghosts. [Blur pooling](../glossary.ipynb#blur-pooling) leaves least. In the bottom
row look at the lawn and the tripod: the second picture has dots and breaks that are not in the first.

How much a blur lets through is read off its spectrum: the dot product with a wave of $f$ periods per pixel.
"""

# %%
frequencies = np.linspace(0, 0.5, 101)
blurs = {"none: strided": [1], "[1, 1]/2: average of 2": [0.5, 0.5], "[1, 2, 1]/4: blur pooling": [0.25, 0.5, 0.25]}
fig, ax = plt.subplots(figsize=(7.6, 2.8))
looks = (("-", plotting.BLUE), ("--", plotting.GREEN), ("-.", plotting.ORANGE))  # as in the next figures
for (name, taps), (style, colour) in zip(blurs.items(), looks, strict=True):
    passed = np.abs(np.exp(-2j * np.pi * np.outer(frequencies, np.arange(len(taps)))) @ taps)
    assert np.allclose(passed, np.cos(np.pi * frequencies) ** (len(taps) - 1))
    ax.plot(frequencies, passed, style, color=colour, label=name)
ax.axvspan(0.25, 0.5, color=plotting.GREY, alpha=0.15, lw=0)
ax.text(0.375, 1.05, "becomes an alias", ha="center")
ax.set(xlabel="frequency in periods per pixel", ylabel="share let through", ylim=(0, 1.15))
ax.set_title("What a stride of 2 turns into aliases, and what a blur takes away first")
ax.legend(loc="lower left")
plotting.show(
    fig,
    "Share let through against frequency. Strided: 1 everywhere. Average of two: a cosine, 0.71 at 0.25. Binomial: a squared "
    "cosine, 0.5 at 0.25. Both are 0 at 0.5. Above 0.25 everything let through becomes an alias.",
)

# %% [markdown]
r"""
Look at the shaded half: with a stride of 2 everything in it comes back as an alias. The average of two is a blur already, a
weak one: $\cos \pi f$. The binomial kernel is the average applied twice, $\cos^2\pi f$. Look at the left half too: the blur
also takes away detail that the smaller map could have held. That is its price.

### Four ways to halve, measured

Now the activations of the six photographs again, halved in the four ways (and, for comparison, blurred without a maximum).
The strided convolution *is* the convolution with every second answer kept (lecture 04). *Put them in order before you look.*
"""

# %%
halve_maps = blur_layer(8).to(device)
ways = {
    "strided convolution": lambda maps: maps[..., ::2, ::2],
    "max pooling": lambda maps: F.max_pool2d(maps, 2),
    "average pooling": lambda maps: F.avg_pool2d(maps, 2),
    "maximum, then blur pooling": lambda maps: halve_maps(F.max_pool2d(maps, 2, stride=1)),
}
assert torch.equal(ways["strided convolution"](activations), F.conv2d(photos, bank, stride=2).relu())
changes = {name: [change(reduce, d) for d in shifts] for name, reduce in ways.items()}
changes["blur pooling alone"] = [change(halve_maps, d) for d in shifts]
fig, ax = plt.subplots(figsize=(7.6, 3))
for (name, values), marker in zip(changes.items(), "os^Dv", strict=True):
    ax.plot(shifts, values, f"{marker}-", label=name)
ax.set(xlabel="shift in pixels", ylabel="change (1: unrelated)", ylim=(0, 1.05))
ax.set_title("One pixel changes a strided map most, a blurred one least")
ax.legend(loc="lower right")
plotting.show(
    fig,
    "Change of the halved maps against the shift, for five ways to halve. At one pixel the strided convolution changes most; "
    "average and max pooling less and about alike; the maximum with a blur least.",
)
for name, values in changes.items():
    print(f"{name:28} one pixel: {values[1]:.2f}   two: {values[2]:.2f}   four: {values[4]:.2f}")
one_pixel = {name: values[1] for name, values in changes.items()}
assert max(one_pixel, key=one_pixel.get) == "strided convolution"
assert min(one_pixel, key=one_pixel.get) == "maximum, then blur pooling"
assert abs(one_pixel["max pooling"] - one_pixel["average pooling"]) < 0.05
assert one_pixel["average pooling"] > one_pixel["blur pooling alone"]

# %% [markdown]
r"""
Look at shift 1. The strided map changes most. Average and max pooling come next, close together: one of them blurs a little,
the other makes bright things wider, and both help. A binomial blur helps more, and maximum and blur together help most. For
long shifts all the curves come together: a picture that has moved far is another picture, and should be.

### And in a whole net?

What counts is the answer. Build four classifiers for Fashion-MNIST that differ *only* in how they halve their maps, twice.
All four have the same convolutions, fixed ones: the eight edge kernels, then 32 random ones. All end with global average
pooling, behind which a dense layer is trained. *Trained* means here: the one with the least squared error on 2,000 pictures,
solved for in one step, without gradient descent. The convolutions have no bias: an empty background stays zero, and a wider
border changes nothing. After two halvings the stride is 4. The training pictures
stand at pixel 6 of their square, the test pictures at 10: 4 apart, so that the stride meets both in the same phase, and a
shift by 0 is what the classifier was trained on. *At which shifts will the answer be the same again?*
"""

# %%
once_more = blur_layer(32).to(device)
second_halving = {**ways, "maximum, then blur pooling": lambda maps: once_more(F.max_pool2d(maps, 2, stride=1))}
black_border = {"train": (40, 6), "test": (52, 10)}  # side, place of the image: 6 = 10 − 4, the same phase of the stride


def canvas(images, split, d=0):
    """Return images (N, 28, 28) as floats on a black square, moved by d pixels down and to the right."""
    side, place = black_border[split]
    black = torch.zeros(len(images), 1, side, side)
    black[:, 0, place + d : place + d + 28, place + d : place + d + 28] = torch.from_numpy(images) / 255
    return black.to(device)


def features(images, kind, random_kernels):
    """Return 32 numbers for each image: two stages of convolution, ReLU and halving, then the sum over the map."""
    maps = ways[kind](F.conv2d(images, bank, padding=1).relu())
    maps = second_halving[kind](F.conv2d(maps, random_kernels, padding=1).relu())
    return maps.sum(dim=(2, 3)).double() / 100  # the mean over a map of 10 × 10, however wide the border is


def dense_layer(x, labels):
    """Return the linear classifier (33, 10) that fits one-hot labels with the least squares, and the scale it works on."""
    scale = x.mean(dim=0)
    design = F.pad(x / scale, (0, 1), value=1.0)
    return torch.linalg.lstsq(design, F.one_hot(labels, 10).double()).solution, scale


train_images, train_labels = (part[:2000] for part in data.fashion_mnist("train"))
test_images, test_labels = (part[:300] for part in data.fashion_mnist("test"))
inputs = canvas(train_images, "train")
views = [canvas(test_images, "test", d) for d in range(5)]
targets, truth = torch.from_numpy(train_labels).to(device), torch.from_numpy(test_labels).to(device)
unlike, moved_scores, accuracy = {}, {}, {}
with torch.no_grad():
    for kind in ways:
        answers, moves = [], []
        for seed in (0, 1):
            kernels = torch.randn(32, 8, 3, 3, generator=torch.Generator().manual_seed(seed)).to(device)
            weights, scale = dense_layer(features(inputs, kind, kernels), targets)
            scores = [F.pad(features(view, kind, kernels) / scale, (0, 1), value=1.0) @ weights for view in views]
            answers.append(torch.stack(scores).argmax(dim=2))  # (5, 300)
            moves.append([relative(moved, scores[0]) for moved in scores])
        answers = torch.stack(answers)  # (2, 5, 300): seed, shift, image
        unlike[kind] = 100 * (answers != answers[:, :1]).double().mean(dim=2).cpu().numpy()
        accuracy[kind] = (answers[:, 0] == truth).double().mean(dim=1).tolist()
        moved_scores[kind] = np.array(moves)
for kind in ways:
    print(
        f"{kind:28} accuracy {accuracy[kind][0]:.1%} and {accuracy[kind][1]:.1%}; answers changed by shifts 1 to 3: "
        + " and ".join(f"{of_seed[1:4].mean():.1f} %" for of_seed in unlike[kind])
    )

# %%
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
for k, kind in enumerate(ways):
    marker, colour = "os^D"[k], plotting.PALETTE[k]
    for ax, values in zip(axes, (unlike[kind], moved_scores[kind]), strict=True):
        ax.plot(range(5), values.mean(axis=0), f"{marker}-", color=colour, label=kind)
        ax.plot(range(5), values.T, marker, color=colour, alpha=0.4, ms=3)
axes[0].set(xlabel="diagonal shift in pixels", ylabel="answers changed in %", title="Another class?")
axes[1].set(xlabel="diagonal shift in pixels", ylabel="relative change", title="Other scores?")
for ax in axes:
    ax.set_xticks(range(5))
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plotting.show(
    fig,
    "Share of changed answers and relative change of the scores against the shift. All curves return to zero at a shift of 4, "
    "those of average and blur pooling at 2 as well. Between, classifiers with strided convolution change most, those with "
    "blur pooling least.",
)
for kind in ways:
    assert moved_scores[kind][:, 4].max() < 1e-4  # a shift by the whole stride changes nothing but rounding
    assert min(accuracy[kind]) > 0.4
for kind in ("average pooling", "maximum, then blur pooling"):
    assert moved_scores[kind][:, 2].max() < 1e-4
steady = {kind: moved_scores[kind][:, 1:4].mean() for kind in ways}
print({kind: round(float(value), 3) for kind, value in steady.items()})
assert max(steady, key=steady.get) == "strided convolution"
assert min(steady, key=steady.get) == "maximum, then blur pooling"

# %% [markdown]
r"""
Look at shift 4: every curve is back at zero. With a total stride of 4 the answer is invariant to shifts by 4; in between it
depends on which pixels happen to be asked. Look at shift 2: two curves touch zero there already. *Why?* Average and blur are
linear and give every pixel the same weight in the sum over the map, so their *last* halving, just before the global mean,
can lose nothing. Only the first halving, with its stride of 2, is left. And look at the heights, and at the small dots,
which are two drawings of the random kernels: with strides most answers change by one pixel alone, with blurred maxima a
small part of them. Nobody *trained* these classifiers to ignore shifts; it is how they are built. (For nets whose kernels
are trained too, see Zhang 2019.)

What does it cost? One depthwise convolution, nothing learned; and the layer before it must now be computed at every place: a
strided convolution with blur needs four times its MACs. Zhang (2019) found on ImageNet that nets became steadier *and* a
little more accurate.

## What pooling throws away

The criticism is old: max pooling keeps that something was there and forgets where (Sabour, Frosst and Hinton 2017 give it as
a reason for capsules). How much can you change without it noticing? *Shuffle the pixels inside every 4×4 window and pool:*
"""

# %%
face = grey_photo("astronaut", 256)[..., :128, 64:192]
windows = F.unfold(face, 4, stride=4)  # (1, 16, 1024)
order = torch.rand(windows.shape, generator=generator).argsort(dim=1)
shuffled = F.fold(windows.gather(1, order), (128, 128), 4, stride=4)
assert torch.equal(F.max_pool2d(face, 4), F.max_pool2d(shuffled, 4))
assert torch.allclose(F.avg_pool2d(face, 4), F.avg_pool2d(shuffled, 4), atol=1e-6)
assert (face - shuffled).abs().mean() > 0.02
plotting.show_images(
    [face[0, 0], shuffled[0, 0], F.max_pool2d(face, 4)[0, 0], F.max_pool2d(shuffled, 4)[0, 0]],
    ["photograph", "shuffled in 4 × 4 windows", "the first, max-pooled", "the second, max-pooled"],
    columns=4,
    alt="A face; the same with the pixels of each 4 by 4 window shuffled, rough and torn; and the max-pooled "
    "maps of both, which are the same.",
)
strided = [picture[..., ::4, ::4] for picture in (face, shuffled)]
print(f"max-pooled: no difference. Every 4th pixel: differs by up to {(strided[0] - strided[1]).abs().max():.2f}")

# %% [markdown]
r"""
Look at the two pooled pictures: equal to the last bit, and so are the averages. Inside a window order is lost for good. For
"is there a cat?" that is often what you want. For "which pixels are cat?" it is not: networks for segmentation bring the
places back by skip connections (lecture 13).

**The alternative** is a convolution with a stride: it reduces *and* learns what to keep. Springenberg and others (2015)
built good nets without any pooling. *What does it cost, and can it do what pooling does?*
"""

# %%
channels = 128
with torch.device("meta"):
    maps = torch.empty(1, channels, 56, 56)
    variants = {
        "conv 3×3, then max pooling": nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.MaxPool2d(2)),
        "conv 3×3 with stride 2": nn.Sequential(nn.Conv2d(channels, channels, 3, stride=2, padding=1)),
        "conv 3×3, then conv 2×2 with stride 2": nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 2, stride=2)
        ),
    }
    bills = {}
    for name, net in variants.items():
        with FlopCounterMode(display=False) as counter:
            assert net(maps).shape == (1, channels, 28, 28)
        bills[name] = (sum(p.numel() for p in net.parameters()), counter.get_total_flops() // 2)
        print(f"{name:38} {bills[name][0]:8,} parameters {bills[name][1] / 1e6:6.0f} million MACs")
both, strided_only, replaced = bills.values()
assert strided_only == (both[0], both[1] / 4)
assert replaced[0] == both[0] + channels * (channels * 4 + 1)

reductions = [
    (name, type(module).__name__)
    for name, module in resnet18().named_modules()
    if isinstance(module, (nn.Conv2d, nn.MaxPool2d)) and module.stride in (2, (2, 2)) and "downsample" not in name
]
print("ResNet-18 halves its maps in:", reductions)
assert [kind for _, kind in reductions] == ["Conv2d", "MaxPool2d", "Conv2d", "Conv2d", "Conv2d"]

values = torch.randn(1, 1, 8, 8, generator=generator)
as_average = F.conv2d(values, torch.full((1, 1, 2, 2), 1 / 4), stride=2)
assert torch.allclose(as_average, F.avg_pool2d(values, 2), atol=1e-6)
assert not torch.allclose(F.max_pool2d(values, 2) + F.max_pool2d(-values, 2), torch.zeros(1))  # linear would give 0

# %% [markdown]
r"""
Look at the second row: the stride moved into the convolution costs no parameters and a quarter of the work. Put in the
*place* of a pooling (third row) it learns 65,664 numbers more and mixes channels. Look at ResNet-18: four of its five
halvings are strided convolutions, one is a max pooling, and at the end stands a global average. A strided convolution can
learn the average exactly, but never the maximum: it is linear (last assertion). And you have measured that it aliases most.

> **Check yourself.** A colleague says: "My net has max pooling, so it is invariant to shifts, I need not test that." What do
> you answer, in two sentences?
>
> <details><summary>Answer</summary>
>
> Convolutions are equivariant, and max pooling with stride 2 only to even shifts; a shift by one pixel changed the pooled
> maps of photographs and some answers of whole classifiers above. Shift your test images by 1, 2, 3 pixels, count the changed
> answers, and try blur pooling or shifted training images (lecture 10) if they are too many.
>
> </details>

## Common mistakes

- **Zeros as padding of a maximum,** or a maximum that starts from 0. Behind a ReLU it does not show. Test with negative
  values.
- **$(H-k+1)\,//\,s$ outputs.** A window is lost unless $s$ divides $H-k+1$. Divide first, then add one:
  $\lfloor(H+2p-k)/s\rfloor+1$.
- **`SAME` taken for "run off the right edge".** The size is right, the values are not. TensorFlow pads both sides; an odd row
  or column goes to the bottom or right.
- **Stride 1 by default.** The maps stay large. That is a convolution's default; a pooling moves by its own size.
- **The divisor at the border.** Borders come out darker or brighter than in torch. With `count_include_pad=True` divide by
  $k_h k_w$ always; without, by the number of pixels under the window.
- **The index counted in the window, or in the padded plane, or with the height for the width.** The gradient lands on the
  wrong pixel. It is row · *width* + column of the plane without padding.
- **The last of several equal values,** through `>=`. Indices differ from torch's on flat areas. The first one counts.
- **`dx[winner] = dy` where windows overlap.** A pixel that won twice gets one of its two gradients. Add.
- **A gradient check at a tie.** It fails although the code is right. Use distinct values.
- **Channels pooled together.** The result has too few channels. Maximum and mean run over height and width only.
- **"Pooling makes the net invariant to shifts."** Convolution is equivariant; pooling with stride $s$ is equivariant to
  multiples of $s$ and tolerant to the rest; a global pooling behind stride 1 is invariant. Shift your pictures and measure.
- **A blur with a stride but without its padding,** or summing to something else than 1. The map gets smaller or darker. Pad by
  half the kernel, and divide it by its sum.

## Summary

- Pooling reduces each plane by itself, learns nothing, and its stride is its kernel unless you say otherwise.
- It saves memory and work behind it (ResNet-18: about a hundredth of the activations), and the receptive field grows twice as
  fast.
- $H' = \lfloor(H+2p-k)/s\rfloor+1$; `ceil_mode` lets the last window hang over, `SAME` makes $\lceil H/s\rceil$ from padding
  on both sides.
- Maximum: $-\infty$ in the padding, first of ties, minimum is $-\max(-x)$. Average: say whether the padding counts.
- $L_p$ turns from the sum of magnitudes ($p=1$) to the largest ($p\to\infty$). Global pooling takes any image size.
- Backward, the maximum routes to the winner, the average spreads evenly; overlaps add.
- A shift by one pixel changes strided convolutions most, max and average pooling less, blur pooling least. The cause is
  aliasing, the cure is to blur before you subsample.
- Order inside a window is lost. A strided convolution learns what to keep, and aliases.

## References

- A. Krizhevsky, I. Sutskever, G. Hinton: *ImageNet classification with deep convolutional neural networks*, NeurIPS 2012.
  Section 3.4: overlapping pooling.
- Y.-L. Boureau, J. Ponce, Y. LeCun: *A theoretical analysis of feature pooling in visual recognition*, ICML 2010. Maximum or
  average.
- M. Lin, Q. Chen, S. Yan: *Network in network*, ICLR 2014, [arXiv:1312.4400](https://arxiv.org/abs/1312.4400). Section 3.2:
  global average pooling.
- K. He, X. Zhang, S. Ren, J. Sun: *Deep residual learning for image recognition*, CVPR 2016,
  [arXiv:1512.03385](https://arxiv.org/abs/1512.03385). Table 1: the widths and sizes of ResNet-18.
- R. Zhang: *Making convolutional networks shift-invariant again*, ICML 2019,
  [arXiv:1904.11486](https://arxiv.org/abs/1904.11486). Blur pooling.
- A. Azulay, Y. Weiss: *Why do deep convolutional networks generalize so poorly to small image transformations?*, JMLR 20,
  2019, [arXiv:1805.12177](https://arxiv.org/abs/1805.12177). The sampling theorem and CNNs.
- J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller: *Striving for simplicity: the all convolutional net*, ICLR 2015
  workshop, [arXiv:1412.6806](https://arxiv.org/abs/1412.6806). Strides in place of pooling.
- S. Sabour, N. Frosst, G. Hinton: *Dynamic routing between capsules*, NeurIPS 2017,
  [arXiv:1710.09829](https://arxiv.org/abs/1710.09829). What max pooling throws away.
- PyTorch manual, [pooling layers](https://docs.pytorch.org/docs/stable/nn.html#pooling-layers).
- TensorFlow manual, [notes on padding in `tf.nn`](https://www.tensorflow.org/api_docs/python/tf/nn). `SAME` and `VALID`.
- The photographs: scikit-image's data; the sources are listed in the course's file of assets.

## Your turn

[Assignment 06](../assignments/06_pooling/06_pooling.ipynb), about three hours: you write max pooling with its indices,
average, global, $L_p$ and blur pooling, and both backward passes. Next comes [lecture 07](07_batch_norm.ipynb), which turns to
the values in the maps: it keeps them in a range where a deep net can learn.
"""
