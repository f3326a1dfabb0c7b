# %% [markdown]
r"""
# 04 · The convolution layer

Lecture 03 slid one kernel at a time over one grey plane. A layer in a network takes a *stack* of planes, slides *many*
kernels over it, and has five knobs: kernel size, [stride](../glossary.ipynb#stride), padding,
[dilation](../glossary.ipynb#dilation), [groups](../glossary.ipynb#groups). Set one of them wrong and the error
message comes from somewhere else, or there is none. So take the layer apart.

**After this lecture you can**

- compute any output of a convolution layer by hand, with channels, stride, padding, dilation and groups;
- predict the shape of the result, and say why the formula has a floor in it;
- count parameters, multiplications and memory before you build a net;
- say which pixels an output depends on, by a recurrence and by a gradient;
- write the layer as one matrix product, and its transpose as a layer of its own;
- read a Keras layer as a PyTorch layer, and the other way round.

**Time:** about 110 minutes to read, predict and run; the code itself needs less than a minute. **You need** lectures 02
and 03. Afterwards: [assignment 04](../assignments/04_convolution_layer/04_convolution_layer.ipynb).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnnkit import data, plotting, widgets

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"
generator = torch.Generator().manual_seed(4)


def integers(*shape, low=-3, high=4):
    """Return whole numbers as float32: with them every sum below is exact."""
    return torch.randint(low, high, shape, generator=generator).float()


# %% [markdown]
r"""
## Channels, kernels and biases

Here is a photograph in colour: three planes, one for each of red, green and blue. *You want to slide a 3×3 kernel over
it. How many weights does that kernel have?* Nine is what lecture 03 would say. Ask the layer.
"""

# %%
photo = data.photograph("astronaut", size=160)  # (160, 160, 3), uint8
x = torch.from_numpy(photo).permute(2, 0, 1)[None] / 255  # (1, 3, 160, 160): batch, channels, height, width
layer = nn.Conv2d(in_channels=3, out_channels=1, kernel_size=3)
print("the photograph:", tuple(x.shape))
print("the weights:   ", tuple(layer.weight.shape), "so", layer.weight.numel(), "of them")
assert layer.weight.shape == (1, 3, 3, 3)
assert layer.weight.numel() == 27

# %% [markdown]
r"""
Look at the weights: 27. A kernel is as deep as its input. It has one 3×3 slice for each channel, and the dot product runs
over all of them at once. With $N$ images, $C$ channels in and $K$ kernels, the layer computes

$$y_{n,k,i,j} \;=\; b_k + \sum_{c=0}^{C-1}\;\sum_{t_1=0}^{k_h-1}\;\sum_{t_2=0}^{k_w-1} x_{n,c,\,i+t_1,\,j+t_2}\;w_{k,c,t_1,t_2}.$$

$n$ says which image, $k$ which kernel, $i$ and $j$ which window, $c$ which channel, $t_1$ and $t_2$ which of the $k_h$ rows
and $k_w$ columns of the kernel. $b_k$ is the **[bias](../glossary.ipynb#bias)**. One output in slow motion, with small
whole numbers:
"""

# %%
small, kernels, biases = integers(2, 3, 4, 5), integers(4, 3, 3, 3), integers(4)
y = F.conv2d(small, kernels, biases)
print(f"x {tuple(small.shape)}, w {tuple(kernels.shape)}, b {tuple(biases.shape)} -> y {tuple(y.shape)}")

n, k, i, j = 1, 2, 0, 1
window = small[n, :, i : i + 3, j : j + 3]  # (3, 3, 3): all channels of one window
products = window * kernels[k] + 0.0  # + 0.0 turns −0 into 0
per_channel = products.sum(dim=(1, 2))
assert y.shape == (2, 4, 2, 3)
assert y[n, k, i, j] == per_channel.sum() + biases[k]


# %%
def draw_table(ax, table, title, colour):
    """Draw a small table of whole numbers."""
    for (row, column), value in np.ndenumerate(table.numpy()):
        ax.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="white", edgecolor=colour))
        ax.text(column, row, f"{value:g}".replace("-", "−"), ha="center", va="center")
    ax.set(xlim=(-0.6, 2.6), ylim=(2.6, -0.6), aspect="equal")
    ax.set_title(title, fontsize=9, loc="center")
    ax.set_axis_off()


SLICES = (plotting.VERMILLION, plotting.GREEN, plotting.BLUE)  # one colour per input channel

fig, axes = plt.subplots(3, 4, figsize=(7.6, 5.6), width_ratios=(1, 1, 1, 1.2))
for c, colour in enumerate(SLICES):
    draw_table(axes[0, c], window[c], f"window, channel {c}", colour)
    draw_table(axes[1, c], kernels[k, c], f"kernel {k}, slice {c}", colour)
    draw_table(axes[2, c], products[c], f"products: sum {per_channel[c]:g}".replace("-", "−"), colour)
for ax in axes[:, 3]:
    ax.set_axis_off()
names = ("channel 0", "channel 1", "channel 2", "bias", "output y")
terms = (*per_channel, biases[k], y[n, k, i, j])
lines = [f"{name:10}{term:>4g}" for name, term in zip(names, terms, strict=True)]
words = "\n".join([*lines[:4], "─" * 14, lines[4]]).replace("-", "−")
axes[2, 3].text(0, 0.5, words, family="monospace", va="center", transform=axes[2, 3].transAxes)
plotting.show(
    fig,
    "Three columns, one per channel: the 3 by 3 window, the kernel's slice under it, and their products. "
    "The three sums and one bias add up to one output.",
)

# %% [markdown]
r"""
Look along the bottom row: three sums, then *one* bias, and one number comes out. The channels have been added up. Many
first attempts keep them apart, or add the bias once per channel.

What is that sum good for? It can compare channels. The astronaut wears an orange suit. *Which weights would find it?*
Take red, subtract the mean of green and blue, and average over the window:
"""

# %%
orange = torch.tensor([1, -0.5, -0.5])[:, None, None].expand(3, 3, 3) / 9
with torch.no_grad():
    layer.weight[0], layer.bias[0] = orange, 0.0
    total = layer(x)
contributions = [F.conv2d(x[:, c : c + 1], orange[None, c : c + 1]) for c in range(3)]
assert torch.allclose(sum(contributions), total, atol=1e-6)
assert total.shape == (1, 1, 158, 158)

few_colours = plt.get_cmap(plotting.DIVERGING, 17)
fig, axes = plt.subplots(1, 5, figsize=(9.2, 2.1))
axes[0].imshow(photo)
for ax, plane in zip(axes[1:], (*contributions, total), strict=True):
    shades = ax.imshow(plane[0, 0], cmap=few_colours, vmin=-1, vmax=1, interpolation_stage="data")
for ax, title in zip(axes, ("photograph", "from red", "from green", "from blue", "their sum"), strict=True):
    ax.set_title(title, fontsize=9, loc="center")
    ax.set_axis_off()
fig.colorbar(shades, ax=axes[-1], label="contribution")
plotting.show(
    fig,
    "The photograph of an astronaut in an orange suit; the contributions of the red, green and blue channel, one "
    "positive and two negative; and their sum, which is near zero except on the suit and other red things.",
)

suit, helmet = total[0, 0, 100:110, 40:50].mean(), total[0, 0, 125:135, 105:115].mean()
print(f"mean answer on the suit {suit:.2f}, on the white helmet {helmet:.2f}")
assert suit > 5 * helmet.abs()

# %% [markdown]
r"""
Look at the last picture. No channel alone shows the suit; their sum does. The white helmet is bright in every channel and
cancels, because there red, green and blue are nearly equal.

### Many kernels

One kernel asks one question and gives one plane of answers, a **[feature map](../glossary.ipynb#feature-map)** or
activation map. A layer asks $K$ questions about the same input. *So how many numbers does a layer from 3 to 10 channels
learn, with 3×3 kernels?*
"""

# %%
ten = nn.Conv2d(3, 10, 3)
six = nn.Conv2d(3, 6, 3, bias=False)
print("3 -> 10 with bias:", {name: tuple(p.shape) for name, p in ten.named_parameters()})
print("3 ->  6 without:  ", {name: tuple(p.shape) for name, p in six.named_parameters()})
count = {net: sum(p.numel() for p in net.parameters()) for net in (ten, six)}
print("parameters:", *count.values())
assert count[ten] == 10 * (3 * 3 * 3 + 1) == 280
assert count[six] == 6 * (3 * 3 * 3) == 162

formulas = {
    "(k·k + 1)·C·K": (3 * 3 + 1) * 3 * 10,
    "C·K·k": 3 * 10 * 3,
    "K·(C·k·k + 1)": 10 * (3 * 3 * 3 + 1),
}
for formula, value in formulas.items():
    print(f"{formula:14} = {value}: {'right' if value == count[ten] else 'wrong'}")

# %% [markdown]
r"""
Look at the three formulas; all of them can be found in lecture notes. The first counts a bias for each *pair* of channels,
but a kernel has one bias, however deep it is. The second has lost a side of the kernel. Think of the shapes and you need
no formula: weights $(K, C, k, k)$, biases $(K,)$, together

$$K\,(C\,k^2 + 1).$$
"""

# %%
MAPS = (plotting.PURPLE, plotting.ORANGE, plotting.SKY, plotting.GREY)  # one colour per kernel


def draw_planes(ax, left, bottom, side, colours, edge=None):
    """Draw planes one behind the other, the first in front."""
    for depth in reversed(range(len(colours))):
        corner = (left + 0.16 * depth, bottom + 0.16 * depth)
        look = {"facecolor": colours[depth], "edgecolor": edge or "white", "lw": 1.5}
        ax.add_patch(plt.Rectangle(corner, side, side, **look))


fig, ax = plt.subplots(figsize=(7.6, 3.6))
draw_planes(ax, 0, 1.1, 2.2, SLICES)
for k, colour in enumerate(MAPS):
    bottom = 3.7 - 1.2 * k
    draw_planes(ax, 4.1, bottom, 0.55, SLICES, edge=colour)
    ax.text(5.25, bottom + 0.4, f"+ b[{k}]", va="center")
    arrow = {"arrowstyle": "->", "color": colour, "lw": 1.8}
    ax.annotate("", (7.2, 2.9 - 0.3 * k), (6.1, bottom + 0.4), arrowprops=arrow)
    ax.annotate("", (3.95, bottom + 0.4), (2.75, 2.4), arrowprops={"arrowstyle": "->", "color": "#bbbbbb"})
draw_planes(ax, 7.4, 1.1, 1.9, MAPS)
for place, words in ((0, "input (C, H, W)"), (3.7, "K kernels (C, k, k)"), (7.4, "output (K, H', W')")):
    ax.text(place, 5.05, words, fontsize=11)
ax.set(xlim=(-0.2, 9.9), ylim=(-0.2, 5.5), aspect="equal")
ax.set_axis_off()
plotting.show(
    fig,
    "Three input planes in three colours; four kernels, each with three slices in the same colours and a bias; "
    "four output planes, each in the colour of its kernel.",
)
assert all(p.shape == s for p, s in zip(nn.Conv2d(3, 4, 3).parameters(), ((4, 3, 3, 3), (4,)), strict=True))

# %% [markdown]
r"""
Look at the colours: every kernel has all the input's colours, and every map has the colour of its kernel. The depth of
the input decides how deep the kernels are; the number of kernels decides how deep the output is.

The bias shifts a whole map by one number, and images in a batch do not see each other. Two claims, two assertions:
"""

# %%
with_bias, without = F.conv2d(small, kernels, biases), F.conv2d(small, kernels)
assert torch.equal(with_bias - without, biases[None, :, None, None].expand_as(without))
assert torch.equal(F.conv2d(small[1:], kernels, biases), with_bias[1:])
print("biases:                 ", biases.tolist())
print("what they add to a map: ", [(with_bias - without)[0, k].unique().tolist() for k in range(4)])

# %% [markdown]
r"""
### Two savings: local, and shared

A dense (fully connected) layer could compute the same maps and any others. What would it cost? Take 36×36 pixels in
colour and 8 maps of 18×18. Three layers have those sizes:

- *dense*: every output has a weight for every input;
- *locally connected*: every output has weights for its 3×3×3 window, all of its own;
- *convolution*: all windows share the weights of their kernel.

On torch's **meta** device tensors have shapes but no numbers, so that even a layer that would fill your memory can be built
and counted.
"""

# %%
with torch.device("meta"):
    image = torch.empty(1, 3, 36, 36)
    conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
    maps = conv(image)
    dense = nn.Linear(image.numel(), maps.numel())
    local_weights, local_biases = torch.empty(*maps.shape[1:], 3, 3, 3), torch.empty(maps.shape[1:])
assert maps.shape == (1, 8, 18, 18)

counts = {
    "dense": sum(p.numel() for p in dense.parameters()),
    "locally connected": local_weights.numel() + local_biases.numel(),
    "convolution": sum(p.numel() for p in conv.parameters()),
}
for name, value in counts.items():
    print(f"{name:18}{value:>12,}")
assert list(counts.values()) == [10_080_288, 72_576, 224]

# %% [markdown]
r"""
Look at the two steps. From ten million to 72 thousand is **local connectivity**: an output sees only its window. From
72 thousand to 224 is **weight sharing**: what is worth looking for in one place is worth looking for everywhere. The
first number grows with the image, the last one does not.

### One pixel wide: the 1×1 convolution

A 1×1 kernel looks at one pixel and has one weight per channel. *What can it do?* You have used one: turning colour into
grey.
"""

# %%
grey_weights = torch.tensor([0.2126, 0.7152, 0.0722])  # ITU-R BT.709: how bright red, green and blue look
grey = F.conv2d(x, grey_weights[None, :, None, None])[0, 0]
by_library = torch.from_numpy(data.photograph("astronaut", size=160, grey=True)) / 255
gap = 255 * (grey - by_library).abs().max()  # in grey levels of 0 … 255
print(f"largest difference from the library's grey: {gap:.2f} of a grey level, which is its rounding")
assert gap < 0.51

pointwise = nn.Conv2d(3, 16, 1)
per_pixel = nn.Linear(3, 16)
per_pixel.load_state_dict({"weight": pointwise.weight[:, :, 0, 0], "bias": pointwise.bias})
with torch.no_grad():
    assert torch.allclose(pointwise(x).permute(0, 2, 3, 1), per_pixel(x.permute(0, 2, 3, 1)), atol=1e-6)

# %% [markdown]
r"""
Look at the last assertion. A 1×1 convolution is a dense layer over the channels, the same one at every pixel. It mixes
channels and moves nothing. Networks use it to change the number of channels cheaply (Lin, Chen and Yan 2014).

> **Check yourself.** A layer takes 64 channels to 128 with 3×3 kernels and biases. How many numbers does it learn? And if
> the images become twice as large?
>
> <details><summary>Answer</summary>
>
> $128\,(64\cdot 9 + 1) = 73\,856$, of which 128 are biases. For larger images the same: the count does not contain $H$
> and $W$. The next cell holds both against the object.
>
> </details>
"""

# %%
layer = nn.Conv2d(64, 128, 3)
assert sum(p.numel() for p in layer.parameters()) == 128 * (64 * 9 + 1) == 73_856
assert layer.bias.numel() == 128
assert [layer.to("meta")(torch.empty(1, 64, s, s, device="meta")).shape[2] for s in (28, 56)] == [26, 54]

# %% [markdown]
r"""
## Stride and padding

A window need not stop everywhere. With **stride** $s$ it moves $s$ pixels at a time. And the input may be made larger
first: **padding** $p$ puts $p$ rows and columns around it, usually of zeros. Here a 3×3 kernel on a 5×5 plane with
padding 1 and stride 2. *How many stops will you count?*
"""

# %%
plane, kernel = integers(1, 1, 5, 5, low=0, high=5), torch.tensor([[[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]])
strided = F.conv2d(plane, kernel, stride=2, padding=1)
assert strided.shape == (1, 1, 3, 3)
plotting.slide_2d(F.pad(plane, (1, 1, 1, 1))[0, 0], kernel[0, 0], strided[0, 0])

# %% [markdown]
r"""
Watch the window's corner: it stands on every second row and column of the *padded* plane. Nine stops, three each way.

A strided convolution is the ordinary one with most of the answers thrown away, or rather never computed:
"""

# %%
every = F.conv2d(plane, kernel, padding=1)
assert every.shape[2:] == (5, 5)
assert torch.equal(strided, every[:, :, ::2, ::2])
print(f"{every.numel()} windows with stride 1, {strided.numel()} with stride 2")
with torch.device("meta"):
    large = torch.empty(1, 64, 224, 224)
    sizes = [nn.Conv2d(64, 64, 3, padding=1, stride=s)(large).numel() for s in (1, 2)]
ratio = sizes[0] / sizes[1]
print(f"on a large image: {ratio:g} times fewer")
assert ratio == 4

# %% [markdown]
r"""
Look at the last number: stride 2 leaves a quarter of the outputs and a quarter of the work.

### Height first

Kernel size, stride, padding and dilation can differ between the two directions. Then each is a pair, *height first*, as
in the shape $(N, C, H, W)$. Square cases hide it when you swap the two.
"""

# %%
wide = torch.empty(1, 3, 20, 30, device="meta")
tall_kernel = nn.Conv2d(3, 4, kernel_size=(5, 1), stride=(2, 3), padding=(2, 0), device="meta")
flat_kernel = nn.Conv2d(3, 4, kernel_size=(1, 5), stride=(3, 2), padding=(0, 2), device="meta")
print("(5, 1):", tuple(tall_kernel(wide).shape), " (1, 5):", tuple(flat_kernel(wide).shape))
assert tall_kernel(wide).shape == (1, 4, 10, 10)
assert flat_kernel(wide).shape == (1, 4, 7, 15)

# %% [markdown]
r"""
Look at the two results: same input, the pairs swapped, other shapes.

### How much padding, and what to put there

You may say it in three ways: a number (or a pair), `"valid"` for none, `"same"` for as much as keeps the size. *What
could go wrong with `"same"` and a stride of 2?*
"""

# %%
with torch.device("meta"):
    image = torch.empty(1, 3, 32, 32)
    for padding in (0, 1, 2, "valid", "same"):
        print(f"5 x 5, padding {padding!r:8}: {tuple(nn.Conv2d(3, 8, 5, padding=padding)(image).shape[2:])}")
    for padding in (2, "same"):
        assert nn.Conv2d(3, 8, 5, padding=padding)(image).shape == (1, 8, 32, 32)
try:
    nn.Conv2d(3, 8, 5, padding="same", stride=2)
except ValueError as error:
    print("torch:", error)

# %% [markdown]
r"""
Look at the last line: with a stride the size cannot stay the same, so PyTorch refuses. Keras allows it and means
$\lceil H/s \rceil$ outputs, with zeros that may be uneven; lecture 03 showed that `padding=1` is then *not* the same thing.

What goes into the border is a choice of its own, `padding_mode`:
"""

# %%
crop = grey[None, None, 5:85, 45:125]
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
filled = {name: F.pad(crop, (24, 24, 24, 24), mode=mode)[0] for name, mode in MODES.items()}
plotting.show_images(
    list(filled.values()),
    list(filled),
    columns=4,
    alt="The astronaut's face with a border of 24 pixels filled in four ways: black; mirrored; the outermost pixels "
    "drawn out into stripes; and wrapped around, so that the left border shows the right side of the picture.",
)

for name, mode in MODES.items():
    layer = nn.Conv2d(1, 4, 5, padding=2, padding_mode=name)
    with torch.no_grad():
        by_hand = F.conv2d(F.pad(crop, (2, 2, 2, 2), mode=mode), layer.weight, layer.bias)
        assert torch.allclose(layer(crop), by_hand, atol=1e-6)

# %% [markdown]
r"""
Look at the borders. *Zeros* end the world, *reflect* mirrors it, *replicate* draws it out, *circular* wraps it around (right
for panoramas and for the surface of a globe). The assertions say that each is nothing but padding first, then a valid
convolution.

### When padding or stride is ignored

You write a layer of your own, with all five arguments, and forget to *use* one. Nothing breaks in the layer. It breaks
three layers later. Here is a small LeNet whose author counted on `padding=2`, with and without it. *What does the
error message name?*
"""


# %%
def lenet(padding):
    """Return a LeNet for 32 x 32 in colour whose first dense layer expects maps of 8 x 8."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, padding=padding),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=padding),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 8 * 8, 120),
    )


images = torch.zeros(2, 3, 32, 32)
print("padding 2:", tuple(lenet(2)(images).shape))
try:
    lenet(0)(images)
except RuntimeError as error:
    print("padding 0:", error)

shape = images
for step in lenet(0)[:5]:
    shape = step(shape)
    print(f"  {type(step).__name__:10} {tuple(shape.shape[1:])}")
assert shape.shape[1] == 16 * 5 * 5 == 400

# %% [markdown]
r"""
Look at the message: it names a matrix product, not the padding. The list below it is the cure. Send one batch through,
layer by layer, and print the shapes. The first one that surprises you is where the mistake is. Here it is the very first:
28 where the author expected 32.

Better still, catch it before any network: call the function with *two* values of each argument and see whether the shape
changes.
"""


# %%
def careless(x, w, stride=1, padding=0):
    """Convolve, but forget one argument."""
    return F.conv2d(x, w, stride=stride)


def forgetful(x, w, stride=1, padding=0):
    """Convolve, and keep the result to itself."""
    F.conv2d(x, w, stride=stride, padding=padding)


usual = careless(images, torch.zeros(4, 3, 5, 5)).shape
for argument, value in (("stride", 2), ("padding", 1)):
    changed = careless(images, torch.zeros(4, 3, 5, 5), **{argument: value}).shape
    print(f"{argument:8}{tuple(usual)} -> {tuple(changed)}", "" if changed != usual else "  ignored!")
print("forgetful returns", forgetful(images, torch.zeros(4, 3, 5, 5)))
assert careless(images, torch.zeros(4, 3, 5, 5), padding=1).shape == usual
assert careless(images, torch.zeros(4, 3, 5, 5), stride=2).shape != usual

# %% [markdown]
r"""
Look at the second line: the same shape with and without padding. And a function without `return` gives `None`, whatever it
has computed.

## Dilation

**Dilation** $d$ pulls the taps of the kernel apart: neighbours in the kernel lie $d$ pixels apart in the image. *How many
weights does a 3×3 kernel with dilation 2 have, and over how many pixels does it reach?* (A drawing first. The taps are not
drawn by hand: they are the pixels that receive a gradient from one output.)
"""

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.6, 2.9))
for ax, d in zip(axes, (1, 2, 3), strict=True):
    plane = torch.zeros(1, 1, 9, 9, requires_grad=True)
    answer = F.conv2d(plane, torch.ones(1, 1, 3, 3), dilation=d)
    centre = answer.shape[2] // 2
    answer[0, 0, centre, centre].backward()
    taps = plane.grad[0, 0] != 0
    rows = torch.where(taps.any(dim=1))[0]
    reach = int(rows.max() - rows.min()) + 1
    assert taps.sum() == 9
    assert reach == d * (3 - 1) + 1
    ax.imshow(taps, cmap="Blues", vmin=0, vmax=1.4)
    ax.set_xticks(np.arange(10) - 0.5, labels=[])
    ax.set_yticks(np.arange(10) - 0.5, labels=[])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    low = rows.min() - 0.5
    ax.add_patch(plt.Rectangle((low, low), reach, reach, fill=False, edgecolor=plotting.VERMILLION, lw=2.5, zorder=3))
    ax.set_title(f"dilation {d}: 9 taps reach over {reach}", fontsize=10, loc="center")
plotting.show(fig, "Three 9 by 9 grids: nine taps side by side, with one pixel between them, with two between them.")

# %% [markdown]
r"""
Look at the frames: always 9 weights, but they reach over 3, 5 and 7 pixels. In general a kernel of $k$ taps with dilation
$d$ has $k-1$ gaps of $d$ pixels, and so reaches over

$$d\,(k-1) + 1 \text{ pixels.}$$

Nothing else is new. Put zeros between the weights and you have an ordinary convolution:
"""

# %%
d = 2
image, weights = integers(2, 3, 12, 13), integers(4, 3, 3, 3)
spread = torch.zeros(4, 3, 5, 5)
spread[:, :, ::d, ::d] = weights
assert torch.equal(F.conv2d(image, weights, dilation=d), F.conv2d(image, spread))
print(f"{weights.numel()} weights do what a 5 x 5 layer does with {spread.numel()}, most of them zero")
print("slice 0 of kernel 0, spread out:")
print(spread[0, 0].int().numpy())

# %% [markdown]
r"""
Look at the zeros: that is what dilation is for, a large view for few weights. The price is that it looks through a grid
and misses what lies between; a [section below](#The-receptive-field), on the [receptive
field](../glossary.ipynb#receptive-field), shows when that hurts. In segmentation it replaces pooling where the
resolution must stay (Yu and Koltun 2016).

## The output size

All knobs are on the table. *How large is the result?* There is a formula, but do not learn it; derive it. One direction
is enough, because height and width are counted alike and apart.

- The padded input has $H + 2p$ positions.
- A window reaches over $d(k-1)+1$ of them.
- So the last start that fits is $H + 2p - d(k-1) - 1$, counted from 0.
- The starts are $0, s, 2s, \dots$, and the first one is always there. After it come as many whole steps of $s$ as fit.

$$H' \;=\; \left\lfloor \frac{H + 2p - d\,(k-1) - 1}{s} \right\rfloor + 1$$

The brackets $\lfloor\;\rfloor$ round down: half a step is no step. Now do these by hand before you read the output:

1. 36×36 in colour, 8 kernels of 3×3, padding 1, stride 2;
2. 32×32 in colour, 4 kernels of 3×3, valid; then flatten;
3. 224×224 in colour, 64 kernels of 7×7, padding 3, stride 2, the first layer of ResNet;
4. 28×28, 16 kernels of 3×3, dilation 2, no padding.
"""

# %%
with torch.device("meta"):
    first = nn.Conv2d(3, 8, 3, stride=2, padding=1)(torch.empty(1, 3, 36, 36))
    second = nn.Conv2d(3, 4, 3)(torch.empty(1, 3, 32, 32))
    third = nn.Conv2d(3, 64, 7, stride=2, padding=3)(torch.empty(1, 3, 224, 224))
    fourth = nn.Conv2d(1, 16, 3, dilation=2)(torch.empty(1, 1, 28, 28))

assert (36 + 2 * 1 - 1 * 2 - 1) // 2 + 1 == 35 // 2 + 1 == 18
assert first.shape == (1, 8, 18, 18)
assert (32 + 2 * 0 - 1 * 2 - 1) // 1 + 1 == 30
assert second.shape == (1, 4, 30, 30)
assert second.flatten(1).shape[1] == 30 * 30 * 4 == 3600
assert (224 + 2 * 3 - 1 * 6 - 1) // 2 + 1 == 223 // 2 + 1 == 112
assert third.shape == (1, 64, 112, 112)
assert (28 + 2 * 0 - 2 * 2 - 1) // 1 + 1 == 24
assert fourth.shape == (1, 16, 24, 24)
for number, result in enumerate((first, second, third, fourth), start=1):
    print(f"{number}. {tuple(result.shape[1:])}")

# %% [markdown]
r"""
Look at 1 and 3: there are 35 and 223 places to cover in steps of 2, and half a step is left over. Without the floor
you would get 18.5 and 112.5. Here is what such a half looks like, for 6 inputs, a kernel of 3 and stride 2:
"""

# %%
plotting.show(*widgets.draw_windows(n=6, k=3, stride=2))
assert nn.Conv1d(1, 1, 3, stride=2)(torch.zeros(1, 1, 6)).shape[2] == 2

ignored = torch.zeros(1, 1, 6, requires_grad=True)
F.conv1d(ignored, torch.ones(1, 1, 3), stride=2).sum().backward()
assert ignored.grad[0, 0].tolist() == [1, 1, 2, 1, 1, 0]

# %% [markdown]
r"""
Look at the orange cell: $x_5$ is read by no window. Nothing warns you; it gets no gradient either, says the assertion.
Networks live with it, but do not be surprised when the last row of an image has no say.

Three plausible slips, each held against the framework:
"""

# %%
CASES = ((36, 3, 2, 1, 1), (37, 3, 2, 1, 1), (10, 3, 4, 1, 1), (28, 3, 1, 0, 2), (30, 3, 2, 0, 3), (9, 4, 1, 0, 1))
NAMES = ("no floor", "rounded up", "no dilation")
wrong = dict.fromkeys(NAMES, 0)
print("  n  k  s  p  d   torch   no floor   rounded up   no dilation")
for n, k, s, p, d in CASES:
    signal, kernel = torch.empty(1, 1, n), torch.empty(1, 1, k)
    size = F.conv1d(signal, kernel, stride=s, padding=p, dilation=d).shape[2]
    steps = (n + 2 * p - d * (k - 1) - 1) / s
    slips = (steps + 1, int(np.ceil(steps)) + 1, (n + 2 * p - k) // s + 1)
    for name, value in zip(NAMES, slips, strict=True):
        wrong[name] += value != size
    print(f"{n:3} {k:2} {s:2} {p:2} {d:2} {size:7} {slips[0]:10g} {slips[1]:12} {slips[2]:13}")
print("wrong out of", len(CASES), wrong)
assert wrong == {"no floor": 3, "rounded up": 3, "no dilation": 2}

# %% [markdown]
r"""
Look down the columns: each slip is right on some lines. So test a size function on cases where the stride does *not* divide
and the dilation is *not* 1.

Two special cases are worth knowing by heart:

- stride 1, odd kernel: $p = \frac{d(k-1)}{2}$ keeps the size; for 3×3 that is padding 1, for 5×5 padding 2;
- 3×3, padding 1, stride 2: the size is halved and rounded *up*.
"""

# %%
with torch.device("meta"):
    for k in (1, 3, 5, 7):
        for d in (1, 2, 3):
            assert nn.Conv1d(1, 1, k, dilation=d, padding=d * (k - 1) // 2)(torch.empty(1, 1, 50)).shape[2] == 50
    half = nn.Conv1d(1, 1, 3, stride=2, padding=1)
    halves = [half(torch.empty(1, 1, n)).shape[2] for n in range(1, 65)]
print("n = 1 … 10, 3 x 3 with padding 1 and stride 2:", halves[:10])
assert halves == [-(-n // 2) for n in range(1, 65)]  # −(−n // 2) rounds n/2 up

# %% [markdown]
r"""
### Explore it

Run the cell for the sliders. With the keyboard: Tab reaches each slider and the number beside it, arrow keys move the slider.
Blue are the windows, hatched is the padding, orange is what no window reads. The question below names three settings to find.
"""

# %%
widgets.explore_output_size(n=9, k=3, stride=2, padding=1)

# %% [markdown]
r"""
> **Check yourself.** Find a setting in which half of the inputs are read by no window; one where nothing fits; and the
> smallest padding that brings all of 10 inputs under a kernel of 4 with stride 4.
>
> <details><summary>Answer</summary>
>
> A kernel of 1 with stride 2 skips every second of 8 inputs. A kernel of 3 with dilation 3 reaches over 7 and does not fit
> on 4 inputs. For the last one, padding 1 is enough: windows then start at −1, 3 and 7. The next cell counts in each case
> which inputs get a gradient.
>
> </details>
"""


# %%
def read(n, k, **settings):
    """Count the inputs that at least one window reads."""
    signal = torch.zeros(1, 1, n, requires_grad=True)
    F.conv1d(signal, torch.ones(1, 1, k), **settings).sum().backward()
    return int((signal.grad != 0).sum())


assert read(8, 1, stride=2) == 4
assert [read(10, 4, stride=4, padding=p) for p in (0, 1)] == [8, 10]
try:
    read(4, 3, dilation=3)
except RuntimeError as error:
    print("torch:", error)

# %% [markdown]
r"""
> **Check yourself.** AlexNet's paper feeds 224×224 pixels to kernels of 11×11 with stride 4 and no word of padding, and
> shows 55×55 maps (Krizhevsky, Sutskever and Hinton 2012). What does the formula say? What must the input or the padding
> be?
>
> <details><summary>Answer</summary>
>
> $\lfloor (224-11)/4 \rfloor + 1 = 54$, from 53.25 steps. To get 55 you need 227 pixels, or padding: torchvision's AlexNet
> takes 224 with padding 2. Even famous papers lose a border.
>
> </details>
"""

# %%
from torchvision.models import alexnet

with torch.device("meta"):
    assert nn.Conv2d(3, 96, 11, stride=4)(torch.empty(1, 3, 224, 224)).shape[2] == 54
    assert nn.Conv2d(3, 96, 11, stride=4)(torch.empty(1, 3, 227, 227)).shape[2] == 55
    stem = alexnet().features[0]
    assert stem(torch.empty(1, 3, 224, 224)).shape[2] == 55
print(stem)
assert stem.padding == (2, 2)

# %% [markdown]
r"""
## Groups and depthwise-separable convolutions

So far every kernel sees every channel. With **groups** $g$ the channels are cut into $g$ equal blocks of neighbours, and
so are the kernels: the first $K/g$ kernels see only the first $C/g$ channels, the next $K/g$ the next, and so on. *With 8
channels in, 8 out and 2 groups, how deep is a kernel?*
"""

# %%
for groups in (1, 2, 4, 8):
    layer = nn.Conv2d(8, 8, 3, groups=groups, bias=False)
    print(f"groups {groups}: weights {tuple(layer.weight.shape)}, {layer.weight.numel()} numbers")
    assert layer.weight.shape == (8, 8 // groups, 3, 3)
try:
    nn.Conv2d(8, 6, 3, groups=4)
except ValueError as error:
    print("8 -> 6 in 4 groups:", error)

# %% [markdown]
r"""
Look at the second number of each shape: $C/g$. The weights shrink by the factor $g$, and $g$ must divide both channel
counts. What is lost? Ask which output channel depends on which input channel; the gradient knows.
"""

# %%


def connections(*layers, channels=8):
    """Return which output channel depends on which input channel: (outputs, inputs), true or false."""
    depends = []
    for k in range(channels):
        image = torch.rand(1, channels, 7, 7, requires_grad=True)
        nn.Sequential(*layers)(image)[0, k].sum().backward()
        depends.append(image.grad[0].abs().sum(dim=(1, 2)) > 0)
    return torch.stack(depends)


torch.manual_seed(0)
shown = {
    "groups 1": connections(nn.Conv2d(8, 8, 3)),
    "groups 2": connections(nn.Conv2d(8, 8, 3, groups=2)),
    "groups 8: depthwise": connections(nn.Conv2d(8, 8, 3, groups=8)),
    "groups 2, twice": connections(nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(8, 8, 3, groups=2)),
    "depthwise, then 1×1": connections(nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 8, 1)),
}
fig, axes = plt.subplots(1, 5, figsize=(9.4, 2.5))
for ax, (name, matrix) in zip(axes, shown.items(), strict=True):
    ax.imshow(matrix, cmap="Blues", vmin=0, vmax=1.4)
    ax.set_title(name, fontsize=9, loc="center")
    ax.set(xticks=range(0, 8, 2), yticks=range(0, 8, 2), xlabel="input channel")
    ax.grid(False)
axes[0].set_ylabel("output channel")
plotting.show(
    fig,
    "Which output channel depends on which input channel, five 8 by 8 tables. Groups 1: all filled. Groups 2: "
    "two blocks. Groups 8: the diagonal. Two layers of 2 groups: still two blocks. Depthwise, then 1 by 1: all filled.",
)
assert [int(matrix.sum()) for matrix in shown.values()] == [64, 32, 8, 32, 64]

# %% [markdown]
r"""
Look at the fourth picture: two layers of two groups, and the two halves have still never met. However deep such a net is,
they never will, unless something mixes the channels. AlexNet split its layers in two so that they fitted on two GPUs, and
let the halves talk in some layers only (Krizhevsky, Sutskever and Hinton 2012). A grouped layer is nothing but smaller
layers side by side:
"""

# %%
image, weights = integers(2, 6, 9, 10), integers(4, 3, 3, 3)
grouped = F.conv2d(image, weights, groups=2)
side_by_side = [F.conv2d(image[:, :3], weights[:2]), F.conv2d(image[:, 3:], weights[2:])]
assert torch.equal(grouped, torch.cat(side_by_side, dim=1))
print("two layers", [tuple(part.shape) for part in side_by_side], "side by side:", tuple(grouped.shape))

# %% [markdown]
r"""
### Depthwise, then pointwise

Look again at the third picture. With as many groups as channels each channel has its own single slice: a **depthwise**
convolution. It looks at neighbours and never mixes channels. A 1×1 or **pointwise** convolution mixes channels and never
looks at neighbours. One after the other they do both (the fifth picture), and that is a
**[depthwise-separable](../glossary.ipynb#depthwise-separable-convolution)** convolution
(Chollet 2017, Howard et al. 2017). *How many weights for 128 channels in and out, against a full 3×3 layer?*
"""

# %%
full = nn.Conv2d(128, 128, 3, padding=1, bias=False)
separable = nn.Sequential(
    nn.Conv2d(128, 128, 3, padding=1, groups=128, bias=False),  # (128, 1, 3, 3)
    nn.Conv2d(128, 128, 1, bias=False),  # (128, 128, 1, 1)
)
full_weights, separable_weights = (sum(p.numel() for p in net.parameters()) for net in (full, separable))
saving = full_weights / separable_weights
print(f"full {full_weights:,}, separable {separable_weights:,}, {saving:.1f} times fewer")
assert full_weights == 128 * 128 * 9
assert separable_weights == 128 * 9 + 128 * 128
assert np.isclose(separable_weights / full_weights, 1 / 128 + 1 / 9)

# %% [markdown]
r"""
Look at the last number: so many times fewer. Its inverse, the share of the weights that is left, is $\frac1K +
\frac1{k^2}$ for $K$ kernels of $k\times k$, so with 3×3 about a ninth. The same ratio holds for the multiplications,
because both layers slide over the same positions.

What do you give up? The two layers in a row are *one* full convolution with a special kernel: slice $c$ of kernel $k$ is
one picture, the depthwise kernel of channel $c$, times one number. Every output channel uses the same picture of channel
$c$, only louder or softer.
"""

# %%
depth, point = separable[0].weight.detach(), separable[1].weight.detach()
product = point * depth[:, 0]  # (128, 128, 1, 1) times (128, 3, 3) -> (128, 128, 3, 3)
features = torch.randn(1, 128, 28, 28, generator=generator)
with torch.no_grad():
    gap = (separable(features) - F.conv2d(features, product, padding=1)).abs().max()
ranks = torch.linalg.matrix_rank(product.permute(1, 0, 2, 3).reshape(128, 128, 9))
print(f"one kernel {tuple(product.shape)} in place of the two layers: largest difference {gap:.1e}")
print("ranks of the channels' tables, 128 kernels by 9 taps:", ranks.unique().tolist())
assert gap < 1e-5
assert ranks.unique().tolist() == [1]

# %% [markdown]
r"""
Look at the ranks: 1 for every channel, where a full layer could have 9. It is the idea of lecture 03, a product in place of
a table, applied between channels and plane instead of between rows and columns.

And is it 8 times faster? Measure: one thread, 15 rounds in which the two take turns.
"""

# %%
import sys
from time import perf_counter, thread_time

# A thread's own time leaves out what else runs on the machine; Windows measures it too coarsely.
clock = perf_counter if sys.platform == "win32" else thread_time
threads = torch.get_num_threads()
torch.set_num_threads(1)
rounds = np.empty((2, 15))
with torch.no_grad():
    for run in range(-2, 15):  # two rounds to warm up
        for row, net in enumerate((full, separable)):
            start = clock()
            for _ in range(5):
                net(features)
            if run >= 0:
                rounds[row, run] = (clock() - start) / 5
torch.set_num_threads(threads)
for name, times in zip(("full", "separable"), 1e3 * rounds, strict=True):
    print(f"{name:9} median {np.median(times):.2f} ms, fastest {times.min():.2f}, slowest {times.max():.2f}")
medians = np.median(rounds, axis=1)
print(f"multiplications: {saving:.1f} times fewer; time: {medians[0] / medians[1]:.1f} times less")
print("products per number read: full layer", 128 * 9, "depthwise", 9, "pointwise", 128)
assert medians[1] < medians[0]

# %% [markdown]
r"""
Compare the two factors. A count of multiplications is a promise; the clock says what is kept, and how much that is
depends on the machine: yours may print another factor. The last line is one reason. A depthwise layer does nine
multiplications with each number that it fetches, a full one 1152, so the depthwise one waits more for the memory.

### All knobs at once

Here is the formula of the [first section](#Channels,-kernels-and-biases) once more, with everything on. $\tilde x$ is
the padded input, $c_0$ the first channel of the group that kernel $k$ belongs to:

$$y_{n,k,i,j} = b_k + \sum_{c=0}^{C/g-1}\;\sum_{t_1=0}^{k_h-1}\;\sum_{t_2=0}^{k_w-1}
\tilde x_{n,\;c_0+c,\;i s + t_1 d,\;j s + t_2 d}\;\,w_{k,c,t_1,t_2}.$$

*Which channels, rows and columns does output (5, 1, 2) of this layer read?* It has 4 channels in and 6 out, 2 groups, a
kernel of 3×2, stride (2, 1), padding (1, 2) and dilation (1, 3).
"""

# %%
image, weights, biases = integers(1, 4, 9, 8), integers(6, 2, 3, 2), integers(6)
y = F.conv2d(image, weights, biases, stride=(2, 1), padding=(1, 2), dilation=(1, 3), groups=2)

padded = F.pad(image, (2, 2, 1, 1))  # F.pad counts from the last axis: left, right, top, bottom
channels = [2, 3]  # kernel 5 is in the second group of three kernels
rows = [1 * 2 + t * 1 for t in range(3)]
columns = [2 * 1 + t * 3 for t in range(2)]
window = padded[0][channels][:, rows][:, :, columns]
print(f"y {tuple(y.shape)}; channels {channels}, padded rows {rows}, padded columns {columns}")
assert window.shape == weights[5].shape
assert (window * weights[5]).sum() + biases[5] == y[0, 5, 1, 2]

# %% [markdown]
r"""
Look at the three lists: that is all there is to the five knobs. Groups choose the channels, stride and dilation choose rows
and columns, padding says what they count from.

> **Check yourself.** What is the smallest number of groups with which a layer from 12 to 18 channels can be built, what
> the largest, and how deep are its kernels?
>
> <details><summary>Answer</summary>
>
> Groups must divide both 12 and 18: 1, 2, 3 or 6. With 1 the kernels are 12 deep, with 6 they are 2 deep.
>
> </details>
"""

# %%
possible = [g for g in range(1, 19) if 12 % g == 18 % g == 0]
assert possible == [1, 2, 3, 6]
assert [nn.Conv2d(12, 18, 3, groups=g).weight.shape[1] for g in possible] == [12, 6, 4, 2]

# %% [markdown]
r"""
## Counting parameters and operations

Three bills come with a layer, and they are different bills.

- **Parameters**: numbers to learn and to store, $K\left(\frac{C}{g}k^2 + 1\right)$. Independent of the image.
- **[MACs](../glossary.ipynb#multiply-accumulate)**, multiply–accumulate operations, one multiplication and one addition
  each: work. Every output takes
  $\frac{C}{g}k^2$ of them, and there are $K H' W'$ outputs.
- **Activations**: the outputs themselves, $K H' W'$ numbers of 4 bytes for each image. In training all of them are kept for
  the backward pass.

A layer from 64 to 64 channels, 3×3, on 224×224 pixels with padding 1. By hand, then by torch's own counter:
"""

# %%
from torch.utils.flop_counter import FlopCounterMode

with torch.device("meta"):
    layer, image = nn.Conv2d(64, 64, 3, padding=1), torch.empty(1, 64, 224, 224)
with FlopCounterMode(display=False) as counter:
    result = layer(image)

by_hand = (64 * 3 * 3) * (64 * 224 * 224)  # products in one output, times the number of outputs
print(f"parameters  {sum(p.numel() for p in layer.parameters()):,}")
print(f"MACs        {by_hand:,}")
print(f"activations {result.numel():,}, {4 * result.numel() / 2**20:.2f} MiB")
print(f"torch says  {counter.get_total_flops():,} floating-point operations")
assert counter.get_total_flops() == 2 * by_hand

# %% [markdown]
r"""
Look at the last two numbers: torch counts twice as much, because it counts the addition as an operation of its own. Papers
do either; always ask which. (Nobody counts the bias, it is one addition in 577.)

A table for the layers that we have met, computed from the objects:
"""

# %%


def bill(layer, image_shape):
    """Return parameters, MACs and activations of a layer, measured on an object without numbers."""
    layer, image = layer.to("meta"), torch.empty(image_shape, device="meta")
    with FlopCounterMode(display=False) as counter:
        result = layer(image)
    return sum(p.numel() for p in layer.parameters()), counter.get_total_flops() // 2, result[0].numel()


LAYERS = {
    "3→10, 3×3": (nn.Conv2d(3, 10, 3, padding=1), (1, 3, 32, 32)),
    "3→6, 3×3, no bias": (nn.Conv2d(3, 6, 3, padding=1, bias=False), (1, 3, 32, 32)),
    "128→128, 3×3": (nn.Conv2d(128, 128, 3, padding=1), (1, 128, 28, 28)),
    "128→128, 3×3, stride 2": (nn.Conv2d(128, 128, 3, padding=1, stride=2), (1, 128, 28, 28)),
    "128→128, 3×3, dilation 2": (nn.Conv2d(128, 128, 3, padding=2, dilation=2), (1, 128, 28, 28)),
    "128→128, 3×3, groups 4": (nn.Conv2d(128, 128, 3, padding=1, groups=4), (1, 128, 28, 28)),
    "128→128, 3×3, depthwise": (nn.Conv2d(128, 128, 3, padding=1, groups=128), (1, 128, 28, 28)),
    "128→128, 1×1": (nn.Conv2d(128, 128, 1), (1, 128, 28, 28)),
}
bills = {name: bill(*arguments) for name, arguments in LAYERS.items()}
print(f"{'layer':26}{'parameters':>12}{'MACs':>14}{'activations':>13}")
for name, (parameters, macs, activations) in bills.items():
    print(f"{name:26}{parameters:>12,}{macs:>14,}{activations:>13,}")

endings = ("", ", stride 2", ", dilation 2", ", depthwise")
plain, strided, dilated, depthwise = (bills["128→128, 3×3" + ending] for ending in endings)
assert plain[0] == strided[0] == dilated[0] == 128 * (128 * 9 + 1)
assert plain[1] == 4 * strided[1] == dilated[1] == 128 * 9 * 128 * 28 * 28
assert depthwise[0] == 128 * (9 + 1)
assert (bills["3→10, 3×3"][0], bills["3→6, 3×3, no bias"][0]) == (280, 162)

# %% [markdown]
r"""
Look at the three lines for stride, dilation and the plain layer: the same parameters. Stride saves work and activations;
dilation saves nothing and costs nothing.

Now a whole network. VGG-16 has 13 convolution layers and three dense ones (Simonyan and Zisserman 2015; lecture 09 builds
it). *Where do you expect the parameters, where the work, where the memory?* Hooks, functions that torch calls after
each layer, note what passes by.
"""

# %%
from torchvision.models import vgg16

rows = []


def note(layer, inputs, output):
    """Note a layer's parameters, MACs and activations; its weights are used once per output position."""
    learned = sum(p.numel() for p in layer.parameters())
    positions = output[0, 0].numel()  # 1 for a dense layer
    rows.append((learned, layer.weight.numel() * positions, output[0].numel()))


with torch.device("meta"):
    vgg, image = vgg16(), torch.empty(1, 3, 224, 224)
for layer in vgg.modules():
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        layer.register_forward_hook(note)
with FlopCounterMode(display=False) as counter:
    vgg(image)

bill_of_layer = np.array(rows)  # (16, 3)
parameters, macs, activations = bill_of_layer.T
shares = bill_of_layer / bill_of_layer.sum(axis=0)
print(f"{len(rows)} layers: {parameters.sum():,} parameters, {macs.sum():,} MACs, {activations.sum():,} activations")
print(f"{'share of':20}parameters   MACs   activations")
for name, part in (("first two layers", shares[:2]), ("13 convolutions", shares[:13]), ("first dense layer", shares[13:14])):
    share = part.sum(axis=0)
    print(f"{name:20}{share[0]:10.1%}{share[1]:7.1%}{share[2]:14.1%}")
assert parameters.sum() == sum(p.numel() for p in vgg.parameters()) == 138_357_544
assert counter.get_total_flops() == 2 * macs.sum()
assert parameters[13] > 0.7 * parameters.sum()
assert macs[:13].sum() > 0.99 * macs.sum()
assert activations[:2].sum() > 0.45 * activations.sum()

# %%
fig, axes = plt.subplots(3, 1, figsize=(7.6, 5.2), sharex=True)
names = [f"conv {i}" for i in range(1, 14)] + [f"dense {i}" for i in range(1, 4)]
colours = [plotting.BLUE] * 13 + [plotting.ORANGE] * 3
panels = (
    (parameters / 1e6, "millions", "Parameters: at the end"),
    (macs / 1e9, "billions", "MACs: in the middle"),
    (4 * activations / 2**20, "MiB", "Activations of one image: at the start"),
)
for ax, (values, unit, title) in zip(axes, panels, strict=True):
    ax.bar(range(16), values, color=colours)
    ax.set(ylabel=unit, title=title)
axes[-1].set_xticks(range(16), names, rotation=45, ha="right")
plotting.show(
    fig,
    "Bars for the 16 layers of VGG-16. Parameters: nearly all in the first dense layer. MACs: spread over the "
    "convolutions, little in the first and the last ones, hardly any in the dense layers. Activations: highest in "
    "the first two convolutions, then falling in steps.",
)

# %% [markdown]
r"""
Look from panel to panel: the three bills fall due in three different places. The first dense layer owns three quarters of
the parameters and does hardly any work. The convolutions do 99 % of the work with a ninth of the parameters. The first
two layers alone hold nearly half of the activations. So "make it smaller" means different things for a small
download, for speed, and for a training run that does not fit into memory.

## The receptive field

A unit in layer 3 reads a window of layer 2, whose units read windows of layer 1, whose units read pixels. All pixels that
can change it form its **receptive field**. *Three layers of 3×3: how many pixels wide is it? Nine?*

Do not compute; look. Take any unit, and let torch compute its gradient with respect to the image. Where the gradient
is zero, the pixel cannot matter. (All weights are positive here, so that nothing can cancel.)
"""

# %%


def stack(layers, padding=0):
    """Return convolutions (k, stride, dilation) on one channel with positive random weights, in float64."""
    net = nn.Sequential(*(nn.Conv2d(1, 1, k, s, padding, d, bias=False) for k, s, d in layers))
    for p in net.parameters():
        nn.init.uniform_(p, 0.1, 1, generator=generator)
    return net.double().to(device)


def seen_by(net, unit, size):
    """Return the gradient of one unit (row, column) with respect to an image (size, size)."""
    image = torch.ones(1, 1, size, size, dtype=torch.float64, device=device, requires_grad=True)
    net(image)[0, 0][unit].backward()
    return image.grad[0, 0].cpu()


def extent(gradient):
    """Return first and last row with a gradient."""
    rows = torch.where((gradient != 0).any(dim=1))[0]
    return int(rows.min()), int(rows.max())


top, bottom = extent(seen_by(stack([(3, 1, 1)] * 3), (5, 5), 24))
print(f"a unit of the third layer sees rows {top} to {bottom}: {bottom - top + 1} of them")
assert bottom - top + 1 == 7

# %% [markdown]
r"""
Look at the number: 7. The windows overlap, so each layer of 3×3 adds only 2. With a stride, neighbours in a deep layer lie
further apart in the image, and then a layer adds more. Call that distance the **jump** $j$, and the size of the field $r$.
Start at the image with $r_0 = 1$, $j_0 = 1$. Layer $l$ has $k_l - 1$ gaps between its taps, each of $d_l$ units, and
neighbouring units of the layer below lie $j_{l-1}$ pixels apart:

$$r_l = r_{l-1} + (k_l - 1)\,d_l\,j_{l-1}, \qquad\qquad j_l = j_{l-1}\,s_l .$$

By hand for one stack of four layers, beside what the gradient says:

| layer | k, s, d | field | jump |
|---|---|---|---|
| 1 | 5, 1, 1 | $1 + 4\cdot1\cdot1 = 5$ | $1\cdot1 = 1$ |
| 2 | 3, 2, 1 | $5 + 2\cdot1\cdot1 = 7$ | $1\cdot2 = 2$ |
| 3 | 3, 1, 2 | $7 + 2\cdot2\cdot2 = 15$ | $2\cdot1 = 2$ |
| 4 | 3, 2, 1 | $15 + 2\cdot1\cdot2 = 19$ | $2\cdot2 = 4$ |
"""

# %%
FOUR = [(5, 1, 1), (3, 2, 1), (3, 1, 2), (3, 2, 1)]
table = [(1 + 4 * 1 * 1, 1 * 1), (5 + 2 * 1 * 1, 1 * 2), (7 + 2 * 2 * 2, 2 * 1), (15 + 2 * 1 * 2, 2 * 2)]

for depth, (field, jump) in enumerate(table, start=1):
    net = stack(FOUR[:depth])
    top, bottom = extent(seen_by(net, (2, 2), 64))
    next_top, _ = extent(seen_by(net, (3, 2), 64))
    print(f"layer {depth}: by hand {field:2} and {jump}; by gradient {bottom - top + 1:2} and {next_top - top}")
    assert (bottom - top + 1, next_top - top) == (field, jump)

# %% [markdown]
r"""
Look at the two pairs of numbers: they agree on every line. The recurrence takes one line a layer; the gradient needs no
formula, and follows branches and shortcuts by itself. When you are not sure, ask the gradient.

Two things to mind. It is the jump *below* a layer that counts: the stride of the last layer has no effect on the last
field. And a max pooling or a ReLU lets the gradient through in some places only, so that one image does not show the whole
field. Put an average in its place, or take many images.
"""

# %%
last_strides = [extent(seen_by(stack([*FOUR[:3], (3, s, 1)]), (2, 2), 64)) for s in (1, 2, 3)]
print("fields with stride 1, 2, 3 in the last layer:", [b - a + 1 for a, b in last_strides])
assert [b - a + 1 for a, b in last_strides] == [19, 19, 19]

convs = stack([(3, 1, 1), (3, 1, 1)])
seen = {}
for name, pool in (("average", nn.AvgPool2d(2)), ("maximum", nn.MaxPool2d(2))):
    image = torch.rand(200, 1, 12, 12, generator=generator, dtype=torch.float64).to(device).requires_grad_()
    nn.Sequential(convs[0], pool, convs[1])(image)[:, 0, 0, 0].sum().backward()
    masks = (image.grad[:, 0] != 0).cpu()
    seen[name] = int(masks[0].sum()), int(masks.any(dim=0).sum())
    print(f"{name} pooling: {seen[name][0]} pixels in one image, {seen[name][1]} in 200 images")
assert seen["average"] == (64, 64)
assert seen["maximum"][0] < seen["maximum"][1] == 64

# %% [markdown]
r"""
### Explore it

Build stacks with the sliders. Orange-red is what one unit of the top layer sees, blue what only its neighbour adds. The
question below names two stacks to build.
"""

# %%
widgets.explore_receptive_field(FOUR)

# %% [markdown]
r"""
> **Check yourself.** Find a stack of three layers of 3 without stride whose field is 15, and one with a field of 13 that
> reads only 7 of its pixels.
>
> <details><summary>Answer</summary>
>
> Three layers of 3 with dilations 1, 2 and 4 reach $1 + 2 + 4 + 8 = 15$. Three layers of 3 with dilation 2 each reach 13,
> and read only every second pixel. Both are drawn further down, under
> [Holes](#Holes,-and-the-middle-that-counts-most).
>
> </details>

### What makes it grow

Depth, kernel size, stride, dilation. *Which of them would you use to make a unit see 200 pixels?* Measured by gradient,
along one axis:
"""

# %%
DEPTHS = range(1, 9)
families = {
    "3, plain": [(3, 1, 1)] * 8,
    "5, plain": [(5, 1, 1)] * 8,
    "3, stride 2": [(3, 2, 1)] * 8,
    "3, dilation doubling": [(3, 1, 2**i) for i in range(8)],
}
fields = {name: [] for name in families}
for name, layers in families.items():
    for depth in DEPTHS:
        signal = torch.ones(1, 1, 1100, dtype=torch.float64, requires_grad=True)
        top = signal
        for k, s, d in layers[:depth]:
            top = F.conv1d(top, torch.ones(1, 1, k, dtype=torch.float64), stride=s, dilation=d)
        top[0, 0, 0].backward()
        positions = torch.where(signal.grad[0, 0] != 0)[0]
        fields[name].append(int(positions.max() - positions.min()) + 1)
    print(f"{name:21}", fields[name])

assert fields["3, plain"] == [1 + 2 * depth for depth in DEPTHS]
assert fields["5, plain"] == [1 + 4 * depth for depth in DEPTHS]
assert fields["3, stride 2"] == fields["3, dilation doubling"] == [2 ** (depth + 1) - 1 for depth in DEPTHS]

# %%
fig, ax = plt.subplots()
looks = (
    {"color": plotting.BLUE, "marker": "o"},
    {"color": plotting.GREEN, "marker": "s"},
    {"color": plotting.ORANGE, "lw": 6},
    {"color": plotting.VERMILLION, "ls": "--", "marker": "^"},
)
for (name, values), look in zip(fields.items(), looks, strict=True):
    ax.plot(DEPTHS, values, label=name, **look)
ax.set(xlabel="number of layers", ylabel="receptive field in pixels")
ax.set(yscale="log", yticks=[3, 10, 30, 100, 300])
ax.yaxis.set_major_formatter("{x:g}")
ax.minorticks_off()
ax.set_title("Depth adds; stride and dilation multiply")
ax.legend()
plotting.show(
    fig,
    "Receptive field against depth on a log axis: plain kernels of 3 and 5 grow slowly; stride 2 and doubling "
    "dilation grow along one straight line, up to 511 pixels at eight layers.",
)

# %% [markdown]
r"""
Look at the two upper curves: they lie on each other, $2^{L+1} - 1$ after $L$ layers. Both double the distance between taps
with every layer. They differ in what is left: with stride the maps shrink, with dilation they stay as large as the image.
Plain kernels grow by $k-1$ a layer, so eight layers of 3×3 see 17 pixels.

### Three small kernels or one large one

One layer of 7×7 and three layers of 3×3 have the same field. *Which has fewer weights?*
"""

# %%
seven = extent(seen_by(stack([(7, 1, 1)]), (2, 2), 24))
three = extent(seen_by(stack([(3, 1, 1)] * 3), (2, 2), 24))
assert seven == three == (2, 8)

for channels in (1, 64, 256):
    large = nn.Conv2d(channels, channels, 7, bias=False, device="meta").weight.numel()
    small_ones = 3 * nn.Conv2d(channels, channels, 3, bias=False, device="meta").weight.numel()
    ratio = large / small_ones
    print(f"C = {channels:3}: one 7 x 7 {large:>9,}, three 3 x 3 {small_ones:>9,}, ratio {ratio:.2f}")
    assert large == 49 * channels**2
    assert small_ones == 27 * channels**2

# %% [markdown]
r"""
Look at the first line: "49 against 27" is true for *one* channel. With $C$ channels in and out it is $49\,C^2$ against
$27\,C^2$. The ratio stays, the numbers do not. And between three layers there is room for two more nonlinearities.
Without those the three would be one linear layer ([lecture 02](02_convolution_1d.ipynb#Which-laws-hold?)). That is the
argument of VGG (Simonyan and Zisserman 2015).

### Padding does not widen it

*Three layers of 3×3 with padding 1: is the field now larger than 7?*
"""

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.4))
padded = stack([(3, 1, 1)] * 3, padding=1)
for ax, unit in zip(axes, ((4, 5), (0, 1)), strict=True):
    mask = seen_by(padded, unit, 10) != 0
    inside = int(mask.sum())
    ax.imshow(mask, cmap="Oranges", vmin=0, vmax=1.6)
    corner = (unit[1] - 3.5, unit[0] - 3.5)
    ax.add_patch(plt.Rectangle(corner, 7, 7, fill=False, edgecolor=plotting.VERMILLION, lw=2.5, ls="--"))
    ax.add_patch(plt.Rectangle((-0.5, -0.5), 10, 10, fill=False, edgecolor="black", lw=1))
    ax.plot(unit[1], unit[0], "o", color=plotting.BLUE)
    ax.set(xlim=(-3.7, 9.8), ylim=(9.8, -3.7))
    ax.set_axis_off()
    ax.set_title(f"unit {unit}: {inside} of 49 pixels are in the image", fontsize=10, loc="center")
    assert inside == {(4, 5): 49, (0, 1): 4 * 5}[unit]
plotting.show(
    fig,
    "A 10 by 10 image and the 7 by 7 field of two units. In the middle the whole field is image; for a unit at the "
    "border it reaches outside, and only 20 of its 49 pixels exist.",
)

# %% [markdown]
r"""
Look at the frames: 7×7 both times. Padding adds no taps, so the field has the same size. What it adds is units near the
border, whose fields reach *outside* the image and see zeros there. It shifts where a field lies, never how large it is.

### Holes, and the middle that counts most

Size is not all. Take two stacks of three dilated layers. Then a stack of ten ordinary layers, in which we ask not
*whether* a pixel matters but *how much*: its share of the squared gradient, averaged over 100 nets with random weights.
"""

# %%
gaps = seen_by(stack([(3, 1, 2)] * 3), (8, 8), 30)
none = seen_by(stack([(3, 1, 1), (3, 1, 2), (3, 1, 4)]), (8, 8), 30)
print(f"dilation 2, 2, 2: {int((gaps != 0).sum())} of {13 * 13} pixels are read")
print(f"dilation 1, 2, 4: {int((none != 0).sum())} of {15 * 15} pixels are read")
assert int((gaps != 0).sum()) == 49
assert int((none != 0).sum()) == 225

neighbour = seen_by(stack([(3, 1, 2)] * 3), (8, 9), 30)
assert not ((gaps != 0) & (neighbour != 0)).any()

NETS, WIDTH = 100, 8  # a hundred nets side by side are one net with a hundred groups
torch.manual_seed(4)
convs = [nn.Conv2d(NETS, WIDTH * NETS, 3, groups=NETS)]
convs += [nn.Conv2d(WIDTH * NETS, WIDTH * NETS, 3, groups=NETS) for _ in range(9)]
for conv in convs:
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
side_by_side = nn.Sequential(*(step for conv in convs for step in (conv, nn.ReLU()))).to(device)

image = torch.randn(1, NETS, 21, 21).to(device).requires_grad_()
side_by_side(image).sum().backward()
squared = image.grad[0].square().cpu()  # (NETS, 21, 21)
influence = (squared / squared.sum(dim=(1, 2), keepdim=True)).mean(dim=0)
share = influence[6:15, 6:15].sum().item()
print(f"the middle 9 x 9 of 21 x 21 is {81 / 441:.0%} of the area and has {share:.0%} of the influence")
assert 0.6 < share < 1

all_ones = stack([(3, 1, 1)] * 10)
for p in all_ones.parameters():
    nn.init.ones_(p)
paths = seen_by(all_ones, (0, 0), 21)  # with weights of one the gradient counts the paths
print(f"paths to the unit: {paths[0, 0]:.0f} from a corner, {paths[10, 10]:,.0f} from the middle")
assert paths[0, 0] == 1
assert paths[10, 10] == 8953**2

# %%
fig, axes = plt.subplots(1, 3, figsize=(9.2, 3.3))
pictures = (
    (gaps[8:21, 8:21] != 0, "dilation 2, 2, 2: a grid", 1.6),
    (none[8:23, 8:23] != 0, "dilation 1, 2, 4: no holes", 1.6),
    (influence / influence.max(), "ten layers of 3×3: influence", 1.0),
)
for ax, (picture, title, brightest) in zip(axes, pictures, strict=True):
    shades = ax.imshow(picture, cmap="Oranges", vmin=0, vmax=brightest)
    ax.set_title(title, fontsize=10, loc="center")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
fig.colorbar(shades, ax=axes[2], label="squared gradient, largest = 1", shrink=0.8)
plotting.show(
    fig,
    "Three receptive fields. Dilation 2 three times: only every second pixel of every second row. Dilations 1, 2, 4: "
    "all filled. Ten plain layers: a dark spot in the middle that fades long before the border.",
)

# %% [markdown]
r"""
Look at the left picture: 49 pixels in a grid, 120 never read. The unit next to it reads another grid, and the two share
no pixel, says an assertion. In segmentation the result looks woven (Wang et al. 2018). Dilations 1, 2, 4 fill the gaps.

Look at the right one, and at the number of paths: 80 million from the middle, a single one from a corner. So the
**effective receptive field** is a blob in the middle, much smaller than the number says (Luo et al. 2016). The number is
an upper bound.

> **Check yourself.** A network has five layers of 3×3, the third with stride 2. How wide is its field? And with stride 2 in
> the first layer instead?
>
> <details><summary>Answer</summary>
>
> Jumps below the layers are 1, 1, 1, 2, 2, so $1 + 2(1+1+1+2+2) = 15$. With the stride in the first layer they are 1, 2,
> 2, 2, 2, and it is $1 + 2\cdot 9 = 19$. The earlier the stride, the wider the view.
>
> </details>
"""

# %%
for strides, field in (((1, 1, 2, 1, 1), 15), ((2, 1, 1, 1, 1), 19)):
    top, bottom = extent(seen_by(stack([(3, s, 1) for s in strides]), (1, 1), 40))
    assert bottom - top + 1 == field

# %% [markdown]
r"""
## From windows to a matrix product

How is all this computed? Lecture 03 wrote the windows of one plane as the columns of a matrix (im2col). With channels
nothing changes except that the columns are longer: a window is now a block of $C \cdot k_h \cdot k_w$ numbers. In `F.unfold`,
as in the assignment, the channel changes slowest, then the kernel's row, then its column. *In which row of the matrix
is tap (1, 2) of channel 1, for 3×3 kernels?*
"""

# %%
image, weights, biases = integers(1, 2, 4, 4, low=0, high=10), integers(3, 2, 3, 3), integers(3)
columns = F.unfold(image, 3)[0]  # (C·kh·kw, number of windows)
print(f"image {tuple(image.shape[1:])}, columns {tuple(columns.shape)}")
assert columns.shape == (2 * 3 * 3, 2 * 2)

row = 1 * 9 + 1 * 3 + 2
assert torch.equal(columns[row], image[0, 1, 1 : 1 + 2, 2 : 2 + 2].flatten())
print(f"row {row}: tap (1, 2) of channel 1, as each of the 4 windows sees it:", columns[row].tolist())

product = weights.reshape(3, -1) @ columns  # (K, C·kh·kw) @ (C·kh·kw, windows) -> (K, windows)
assert torch.equal(product.reshape(3, 2, 2) + biases[:, None, None], F.conv2d(image, weights, biases)[0])

# %%
canvas = np.full((18, 35), np.nan)
pieces = (  # array, top, left, cells that an entry is wide, value with the full tint
    (product, 2, 0, 2, 300),
    (weights.reshape(3, -1), 2, 10, 1, 6),
    (columns, 0, 30, 1, 18),
)
labels = {}
for array, up, left, wide, tint in pieces:
    height, width = array.shape
    canvas[up : up + height, left : left + wide * width] = array.repeat_interleave(wide, dim=1) / tint
    labels |= {(up + i, left + wide * (j + 0.5) - 0.5): value for (i, j), value in np.ndenumerate(array.numpy())}
fig, ax = plt.subplots(figsize=(9.2, 5.3))
ax.imshow(canvas, cmap=plotting.DIVERGING, vmin=-1, vmax=1)
for (i, j), value in labels.items():
    ax.text(j, i, f"{value:g}".replace("-", "−"), ha="center", va="center", fontsize=8)
words = (
    (3.5, 0.4, "y: 3 maps, 4 windows"),
    (8.75, 3, "="),
    (18.5, 0.4, "W: 3 kernels, each as one row"),
    (28.75, 3, "·"),
    (31.5, -1.4, "windows\nas columns"),
)
for column, row, word in words:
    ax.text(column, row, word, ha="center", va="center")
for colour, first_row, name in ((plotting.BLUE, 0, "channel 0"), (plotting.GREEN, 9, "channel 1")):
    ax.add_patch(plt.Rectangle((29.45, first_row - 0.45), 4.1, 8.9, fill=False, edgecolor=colour, lw=2.5))
    ax.add_patch(plt.Rectangle((9.55 + first_row, 1.55), 8.9, 2.9, fill=False, edgecolor=colour, lw=2.5))
    ax.text(34.1, first_row + 4, name, rotation=90, va="center", color=colour)
ax.set(xlim=(-0.7, 35), ylim=(17.7, -2.4))
ax.set_axis_off()
plotting.show(
    fig,
    "A matrix product: W with 3 rows of 18 weights times a matrix with 18 rows and one column for each of the 4 "
    "windows gives y with 3 rows and 4 columns. Frames mark the nine rows of channel 0 and the nine of channel 1.",
)

# %% [markdown]
r"""
Look at the frames: the product runs over both channels in one sweep, so the sum over channels costs no extra step. And
look at the result: its rows are already the maps. Reshape $(K, H'W')$ to $(K, H', W')$, and you have the layout
$(N, K, H', W')$ without moving a number. With the windows as *rows* you would have to transpose everything.

Stride, padding, dilation, groups and batch all fit in:
"""

# %%
settings = {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}
image, weights = integers(2, 4, 9, 8), integers(6, 4, 3, 2)
columns = F.unfold(image, **settings)  # (N, C·kh·kw, L)
same = {name: settings[name] for name in ("stride", "padding", "dilation")}
expected = F.conv2d(image, weights, **same)
assert torch.equal((weights.reshape(6, -1) @ columns).reshape(expected.shape), expected)
print(f"columns {tuple(columns.shape)}, L = {expected.shape[2]} x {expected.shape[3]} windows")

narrow = integers(6, 2, 3, 2)  # kernels for two groups
top, bottom = columns.chunk(2, dim=1)
halves = torch.cat([narrow[:3].reshape(3, -1) @ top, narrow[3:].reshape(3, -1) @ bottom], dim=1)
assert torch.equal(halves.reshape(expected.shape), F.conv2d(image, narrow, groups=2, **same))

one_by_one = integers(5, 4, 1, 1)
assert torch.equal(F.unfold(image, 1), image.flatten(2))
assert torch.equal((one_by_one.flatten(1) @ image.flatten(2)).reshape(2, 5, 9, 8), F.conv2d(image, one_by_one))

# %% [markdown]
r"""
Look at the last assertions. Groups are one product per group, because the channels of a group lie next to each other in
the matrix. And for 1×1 kernels the matrix of windows *is* the image: no copy at all.

The copy is the weak point. *How much memory do the windows of 8 images with 64 channels of 56×56 take?*
"""

# %%
with torch.device("meta"):
    image = torch.empty(8, 64, 56, 56)
    columns = F.unfold(image, 3, padding=1)
for name, tensor in (("images", image), ("all windows", columns), ("windows of one image", columns[0])):
    print(f"{name:21}{4 * tensor.numel() / 1e6:6.1f} MB")
assert columns.numel() == 9 * image.numel()

# %% [markdown]
r"""
Look at the second line: nine times the images, because every pixel lies in nine windows. A processor's cache holds a few
MB; what does not fit travels to memory and back. So do not unfold the whole batch at once: take as many images at a
time as fill about that much, which is one or two if they are large and dozens if they are small, and reuse the same piece of
memory. You will do that in the assignment, and its benchmark shows how close NumPy
then comes to torch.

## Transposed convolution

A convolution with stride 2 makes maps smaller. Segmentation and image generation must make them larger again. *Can a
convolution be run backwards?*

Write it as a matrix, as in lecture 02: with a kernel of 3, stride 2 and 7 inputs, $T$ is 3×7. Its *transpose* is 7×3, and
takes 3 numbers to 7.
"""

# %%
kernel = torch.tensor([1.0, 2.0, 3.0])[None, None]
T = F.conv1d(torch.eye(7)[:, None], kernel, stride=2)[:, 0].T  # column j is the answer to a spike at j
three = torch.tensor([2.0, 1.0, 3.0])
print("T =")
print(T.int().numpy())
print("transpose of T, times", three.tolist(), "=", (T.T @ three).tolist())
assert T.shape == (3, 7)
assert torch.equal(F.conv_transpose1d(three[None, None], kernel, stride=2)[0, 0], T.T @ three)

# %% [markdown]
r"""
Look at the assertion: multiplying by the transpose is what the framework calls `conv_transpose1d`. Nobody builds the
matrix, of course. Read its columns instead: column $i$ of $T^{\mathsf T}$ is the kernel, moved by $i$ strides. So every
*input* leaves a copy of the kernel, times its value, and where copies overlap they add up:
"""

# %%
result = T.T @ three
fig, ax = plt.subplots(figsize=(7.6, 3.4))
for i, (value, colour) in enumerate(zip(three.tolist(), SLICES, strict=True)):
    for tap, weight in enumerate(kernel[0, 0].tolist()):
        corner = (2 * i + tap - 0.5, -i - 0.4)
        ax.add_patch(plt.Rectangle(corner, 1, 0.8, facecolor=colour, alpha=0.3, edgecolor=colour))
        ax.text(2 * i + tap, -i, f"{value:g} · {weight:g}", ha="center", va="center")
    ax.text(-1, -i, f"x[{i}] = {value:g}", ha="right", va="center", color=colour)
for position, value in enumerate(result.tolist()):
    ax.add_patch(plt.Rectangle((position - 0.5, -3.6), 1, 0.8, facecolor="white", edgecolor="black"))
    ax.text(position, -3.2, f"{value:g}", ha="center", va="center", weight="bold")
ax.text(-1, -3.2, "y", ha="right", va="center")
ax.set(xlim=(-2.6, 6.8), ylim=(-3.8, 0.6))
ax.set_title("Each input leaves a copy of the kernel, one stride apart; overlaps add up")
ax.set_axis_off()
plotting.show(
    fig,
    "Three rows, each a copy of the kernel 1, 2, 3 times one input, moved by two places from row to row; below them "
    "the column sums 2, 4, 7, 2, 6, 6, 9.",
)
assert result.tolist() == [2, 4, 6 + 1, 2, 3 + 3, 6, 9]

# %% [markdown]
r"""
Look at positions 2 and 4: two copies meet there. A convolution *gathers* a window into one output; a transposed
convolution *scatters* one input over a window.

That is the whole definition, and it gives a test that needs no example. For any image $x$ and any maps $z$ of the right shapes

$$\langle \operatorname{conv}(x),\, z\rangle = \langle x,\, \operatorname{conv}^{\mathsf T}(z)\rangle,$$

where $\langle a, b\rangle$ is the sum of all products. Try it in two dimensions, with everything on, and watch the weights:
*both calls get the same tensor*.
"""

# %%
weights = integers(6, 4, 3, 2)  # for conv: 4 -> 6 channels. For its transpose: 6 -> 4.
same = {"stride": (2, 3), "padding": (1, 0)}
image, maps = integers(2, 4, 9, 8), integers(2, 6, 5, 3)
forward, back = F.conv2d(image, weights, **same), F.conv_transpose2d(maps, weights, **same)
print(f"conv: {tuple(image.shape)} -> {tuple(forward.shape)}")
print(f"transposed: {tuple(maps.shape)} -> {tuple(back.shape)}")
print("inner products:", (forward * maps).sum().item(), "and", (image * back).sum().item())
assert forward.shape == maps.shape
assert back.shape == image.shape
assert torch.equal((forward * maps).sum(), (image * back).sum())
assert nn.ConvTranspose2d(6, 4, (3, 2)).weight.shape == weights.shape == nn.Conv2d(4, 6, (3, 2)).weight.shape

# %% [markdown]
r"""
Look at the two inner products: equal, to the last digit. Look at the shape of the weights: `ConvTranspose2d(6, 4)` has
$(6, 4, k_h, k_w)$, *inputs first*, where `Conv2d` has outputs first. It is the same tensor, read in the other direction. You
will meet this operation again in lecture 05: it is how the gradient travels back to the input.

### It is no inverse

The old name "deconvolution" promises too much. *Shrink and enlarge with the same kernel: do you get the picture back?*
"""

# %%
tent = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
blur = (tent[:, None] * tent)[None, None]  # (1, 1, 4, 4), sums to 1
grey_photo = grey[None, None]
smaller = F.conv2d(grey_photo, blur, stride=2, padding=1)
larger = F.conv_transpose2d(smaller, 4 * blur, stride=2, padding=1)  # times 4: four outputs share one input
print(f"{tuple(grey_photo.shape[2:])} -> {tuple(smaller.shape[2:])} -> {tuple(larger.shape[2:])}")
print(f"largest difference: {(larger - grey_photo).abs().max():.2f} on a scale of 0 to 1")
assert larger.shape == grey_photo.shape
assert (larger - grey_photo).abs().max() > 0.2

bilinear = F.interpolate(smaller, scale_factor=2, mode="bilinear")
assert torch.allclose(larger[..., 1:-1, 1:-1], bilinear[..., 1:-1, 1:-1], atol=1e-5)
plotting.show_images(
    [grey_photo[0, 0, 10:110, 40:140], smaller[0, 0, 5:55, 20:70], larger[0, 0, 10:110, 40:140].clamp(0, 1)],
    ["100 × 100 pixels", "50 × 50: conv, stride 2", "100 × 100: transposed conv"],
    columns=3,
    alt="A piece of the photograph; the same at half the size; and enlarged again: the same size, but blurred.",
)

# %% [markdown]
r"""
Look at the third picture: the shape is back, the detail is not. What a stride has thrown away no layer can know. Look at the
assertion before the pictures, too: with this kernel the [transposed
convolution](../glossary.ipynb#transposed-convolution) *is* bilinear interpolation (away from the
border). In a U-Net (lecture 13) the kernel is learned.

### Its size, and the checkerboard

Each of the $H$ inputs lands one stride further, the last copy is $d(k-1)+1$ long, and padding now *cuts off* $p$ on each
side:

$$H' = (H-1)\,s - 2p + d\,(k-1) + 1 + \text{output padding}.$$

*What is the last term for?* Several sizes shrink to the same one, because of the floor. Going back, somebody must say which.
"""

# %%
shrunk = [F.conv1d(torch.empty(1, 1, n), torch.empty(1, 1, 3), stride=2, padding=1).shape[2] for n in (7, 8)]
grown = [
    F.conv_transpose1d(torch.empty(1, 1, 4), torch.empty(1, 1, 3), stride=2, padding=1, output_padding=extra).shape[2]
    for extra in (0, 1)
]
print(f"7 and 8 shrink to {shrunk}; 4 grows to {grown} with output padding 0 and 1")
assert shrunk == [4, 4]
assert grown == [(4 - 1) * 2 - 2 * 1 + 1 * 2 + 1 + extra for extra in (0, 1)] == [7, 8]

fig, axes = plt.subplots(1, 3, figsize=(9, 3.4))
for ax, (k, s) in zip(axes, ((3, 2), (4, 2), (2, 2)), strict=True):
    overlap = F.conv_transpose2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, k, k), stride=s)[0, 0]
    ax.imshow(overlap, cmap="Blues", vmin=0, vmax=6)
    for (i, j), value in np.ndenumerate(overlap.numpy()):
        ax.text(j, i, f"{value:g}", ha="center", va="center", fontsize=9)
    inner = overlap[k - 1 : 1 - k, k - 1 : 1 - k]
    ax.set_title(f"kernel {k}, stride {s}", loc="center")
    ax.set_axis_off()
    assert inner.unique().tolist() == {3: [1, 2, 4], 4: [4], 2: [1]}[k]
plotting.show(
    fig,
    "How many copies of the kernel meet in each output, for 4 by 4 inputs. Kernel 3, stride 2: a checkerboard of 1, 2 "
    "and 4. Kernel 4, stride 2: 4 everywhere inside. Kernel 2, stride 2: 1 everywhere.",
)

# %% [markdown]
r"""
Look at the left picture: with a kernel of 3 and stride 2 some outputs collect four copies and some only one. Generated
images show it as a checkerboard (Odena, Dumoulin and Olah 2016). It goes away when the stride divides the kernel size, as in
the other two.

> **Check yourself.** `ConvTranspose2d(16, 8, kernel_size=4, stride=2, padding=1)` gets maps of 14×14. How large are its
> outputs, and how many numbers does it learn?
>
> <details><summary>Answer</summary>
>
> $(14-1)\cdot2 - 2 + 3 + 1 = 28$: it doubles the size. It has $16\cdot8\cdot4\cdot4 = 2048$ weights and 8 biases, one for each
> *output* channel.
>
> </details>
"""

# %%
with torch.device("meta"):
    doubling = nn.ConvTranspose2d(16, 8, kernel_size=4, stride=2, padding=1)
    assert doubling(torch.empty(1, 16, 14, 14)).shape == (1, 8, 28, 28)
assert sum(p.numel() for p in doubling.parameters()) == 16 * 8 * 4 * 4 + 8 == 2056

# %% [markdown]
r"""
## The same layer in Keras

Many tutorials are written in Keras. It is the same layer with other words and another order of axes. There is no Keras in
this course's environment, so the right column is what its documentation says (keras.io, version 3); the left column is what
this lecture has run.

| PyTorch | Keras |
|---|---|
| `nn.Conv2d(3, 10, 3)` | `layers.Conv2D(10, 3)`, which finds the 3 at its first call, like `nn.LazyConv2d(10, 3)` |
| `in_channels`, `out_channels` | no argument, `filters` |
| `kernel_size`, `stride`, `dilation` | `kernel_size`, `strides`, `dilation_rate` (one of the last two must be 1) |
| `padding=0` or `"valid"`, the default | `padding="valid"`, the default |
| `padding="same"`, only with stride 1 | `padding="same"` with any stride: $\lceil H/s\rceil$ outputs, zeros perhaps uneven |
| `padding=1` | `layers.ZeroPadding2D(1)`, then `"valid"` |
| `padding_mode="reflect"`, … | no argument: pad first, for instance with `keras.ops.pad` |
| `groups=g` | `groups=g`; also `DepthwiseConv2D(3)` and `SeparableConv2D(10, 3)` |
| `bias=True` | `use_bias=True` |
| `nn.ReLU()` as a layer of its own | the same, or `activation="relu"` in the layer |
| images $(N, C, H, W)$ | $(N, H, W, C)$, unless `data_format="channels_first"` |
| weights $(K, C/g, k_h, k_w)$ | kernel $(k_h, k_w, C/g, K)$ |
| `nn.ConvTranspose2d`: weights $(C, K, k_h, k_w)$ | `Conv2DTranspose`: kernel $(k_h, k_w, K, C)$ |
| `nn.Flatten()`: channel by channel | `Flatten()`: pixel by pixel |
| weights and biases start uniform in $\pm 1/\sqrt{(C/g)\,k_h k_w}$ | weights `glorot_uniform`, biases zero |

Two lines of it cause silent errors when you carry trained weights across: the order of the weights and the order in which
maps are flattened. *A dense layer follows the flattening; which of its columns must move?*
"""

# %%
conv, dense = nn.Conv2d(3, 5, (3, 2)), nn.Linear(5 * 4 * 6, 7)
image = torch.randn(2, 3, 6, 7, generator=generator)
maps = conv(image)  # (2, 5, 4, 6)
answer = dense(maps.flatten(1))

as_keras = conv.weight.permute(2, 3, 1, 0)  # (kh, kw, C, K)
assert as_keras.shape == (3, 2, 3, 5)

channels_last = maps.permute(0, 2, 3, 1)  # (N, H, W, C)
moved = dense.weight.reshape(7, 5, 4, 6).permute(0, 2, 3, 1).flatten(1)
carried = F.linear(channels_last.flatten(1), moved, dense.bias)
untouched = F.linear(channels_last.flatten(1), dense.weight, dense.bias)
print(f"columns moved: differs by at most {(carried - answer).abs().max():.1e}")
print(f"not moved:     differs by up to   {(untouched - answer).abs().max():.2f}")
assert torch.allclose(carried, answer, atol=1e-5)
assert (untouched - answer).abs().max() > 0.1

lazy = nn.LazyConv2d(10, 3)
assert lazy(image).shape[1] == 10
assert lazy.weight.shape == (10, 3, 3, 3)
assert 0 < conv.bias.abs().max() <= conv.weight.abs().max() <= (3 * 3 * 2) ** -0.5

# %% [markdown]
r"""
Look at the second number: with the columns left where they were, the shapes fit, nothing complains, and the answers are
wrong.

## Common mistakes

- **Parameters counted per pair of channels.** $(k^2+1)\,C\,K$ counts too many biases, $C\,K\,k$ forgets a side. It is
  $K(Ck^2+1)$, with $C/g$ for $C$ if there are groups.
- **Channels kept apart.** Then there are $C$ maps per kernel. The sum runs over all channels of a group, and a bias is added
  once, after that sum.
- **Output size without the floor, or without the dilation.** Friendly sizes never show it. Test where the stride does not
  divide, and with dilation 2.
- **Height and width swapped in a pair.** Squares never show it. Test with 5×8 and a kernel of (3, 2).
- **`stride` or `padding` accepted and ignored; a function that returns nothing.** The error comes from a later layer. Send a
  batch through and read the shapes.
- **"Padding widens the receptive field."** It does not; it lets the field reach outside the image. Compute it without $p$.
- **"49 against 27 weights."** That is per pair of channels. For a layer say $49\,C^2$ against $27\,C^2$.
- **The stride of a layer counted in its own field.** The field comes out too wide. The jump *below* the layer counts.
- **A kernel built as $(K, C, \dots)$ in a layer with groups.** torch refuses it. It has $C/g$ channels.
- **MACs and FLOPs mixed up.** Two papers differ by a factor of two. One MAC is two floating-point operations: say which you
  count.
- **A transposed convolution taken for an inverse,** or its weights for $(K, C, k_h, k_w)$. The shape comes back, the content
  does not. The weights are $(C, K, k_h, k_w)$.

## Summary

- A kernel is as deep as its input; one kernel makes one map; one bias per kernel. Weights $(K, C/g, k_h, k_w)$.
- $H' = \lfloor (H + 2p - d(k-1) - 1)/s \rfloor + 1$, for height and width apart.
- Stride skips, padding invents, dilation spreads the taps to $d(k-1)+1$, groups keep channels apart.
- Depthwise looks, pointwise mixes; together they need about $\frac1K + \frac1{k^2}$ of the weights.
- Parameters, MACs and activations are three bills: $K(\frac Cg k^2+1)$, $\frac Cg k^2\, K H'W'$ and $K H' W'$.
- $r_l = r_{l-1} + (k_l-1)\,d_l\,j_{l-1}$ and $j_l = j_{l-1} s_l$. The gradient says the same, and more: holes, and how much
  each pixel counts.
- Windows as columns, kernels as rows, one matrix product.
- The transpose scatters where the convolution gathers; it restores the shape, not the content.

## References

- V. Dumoulin, F. Visin: *A guide to convolution arithmetic for deep learning*, 2016,
  [arXiv:1603.07285](https://arxiv.org/abs/1603.07285). Every combination of stride, padding and transposition in pictures.
- A. Krizhevsky, I. Sutskever, G. Hinton: *ImageNet classification with deep convolutional neural networks*, NeurIPS 2012.
  Section 3.5 and figure 2: the layer sizes, and groups on two GPUs.
- K. Simonyan, A. Zisserman: *Very deep convolutional networks for large-scale image recognition*, ICLR 2015,
  [arXiv:1409.1556](https://arxiv.org/abs/1409.1556). Section 2.3: three 3×3 for one 7×7.
- M. Lin, Q. Chen, S. Yan: *Network in network*, ICLR 2014, [arXiv:1312.4400](https://arxiv.org/abs/1312.4400). The 1×1
  convolution.
- F. Yu, V. Koltun: *Multi-scale context aggregation by dilated convolutions*, ICLR 2016,
  [arXiv:1511.07122](https://arxiv.org/abs/1511.07122).
- P. Wang et al.: *Understanding convolution for semantic segmentation*, WACV 2018,
  [arXiv:1702.08502](https://arxiv.org/abs/1702.08502). The grid of equal dilations.
- F. Chollet: *Xception: Deep learning with depthwise separable convolutions*, CVPR 2017,
  [arXiv:1610.02357](https://arxiv.org/abs/1610.02357).
- A. G. Howard et al.: *MobileNets: Efficient convolutional neural networks for mobile vision applications*, 2017,
  [arXiv:1704.04861](https://arxiv.org/abs/1704.04861).
- W. Luo, Y. Li, R. Urtasun, R. Zemel: *Understanding the effective receptive field in deep convolutional neural networks*,
  NeurIPS 2016, [arXiv:1701.04128](https://arxiv.org/abs/1701.04128).
- A. Araujo, W. Norris, J. Sim: *Computing receptive fields of convolutional neural networks*, Distill 2019,
  [doi:10.23915/distill.00021](https://doi.org/10.23915/distill.00021). The recurrence, with proofs and for known networks.
- K. Chellapilla, S. Puri, P. Simard: *High performance convolutional neural networks for document processing*, IWFHR 2006.
  Convolution as a matrix product.
- A. Odena, V. Dumoulin, C. Olah: *Deconvolution and checkerboard artifacts*, Distill 2016,
  [doi:10.23915/distill.00003](https://doi.org/10.23915/distill.00003).
- Keras documentation, [convolution layers](https://keras.io/api/layers/convolution_layers/) and
  [Flatten](https://keras.io/api/layers/reshaping_layers/flatten/).
- PyTorch manual, [`torch.nn.Conv2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html) and
  [`torch.nn.ConvTranspose2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html).
- The photograph: astronaut Eileen Collins, NASA, from scikit-image's data (public domain).

## Your turn

[Assignment 04](../assignments/04_convolution_layer/04_convolution_layer.ipynb), about three and a half hours: you predict the
layer, its size, its parameters, its work and what it sees, write it in NumPy with all its knobs, make it fast, and turn it
into a transposed convolution. Next comes [lecture 05](05_backward_pass.ipynb), which runs it backwards.
"""
