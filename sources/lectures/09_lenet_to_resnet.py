# %% [markdown]
r"""
# 09 · From LeNet to ResNet

In 2014 a network with 22 layers was very deep. One year later one with 152 won the same contest. What had happened in
between? The convolutions were the old ones. Batch normalisation had come (lecture 07), but it was not enough. Somebody
had added a plus sign. In this lecture you stack fifty layers, watch the net get *worse on the pictures it is trained
on*, put in the plus sign, and measure what it changes.

**After this lecture you can**

- read an architecture as a pattern, and count its parameters and its work before you build it;
- tell who won the ImageNet contest with what, and which of the well-known numbers belong to which net;
- say what a VGG block, an [Inception block](../glossary.ipynb#inception-block), a [residual
  block](../glossary.ipynb#residual-block), a [bottleneck](../glossary.ipynb#bottleneck) and a depthwise-separable block
  save, and
  what the saving costs;
- show that a deep plain net fails in training, and that this is not overfitting;
- compute the gradient of a residual block, say why it helps, and give a case in which it vanishes;
- find your way in a ResNet-18: its stages, its names, its depth;
- place MobileNet, EfficientNet and ConvNeXt by numbers that you have computed.

**Time:** about 120 minutes to read, predict and run; the code itself needs less than two minutes. **You need** lectures
04, 05 and 07. Afterwards: [assignment 09](../assignments/09_lenet_to_resnet/09_lenet_to_resnet.ipynb).
"""

# %%
import copy
import math
import re
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from IPython.display import Markdown, display
from torch import nn
from torchvision import models

from cnnkit import data, plotting

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32
torch.set_num_threads(1)  # layers as small as ours gain nothing from a second thread
generator = torch.Generator().manual_seed(9)
print(f"training runs on: {device}")

# %% [markdown]
r"""
## LeNet-5

Here is the oldest net of this course that you could still use, LeNet-5 of 1998, on one line:

5×5 convolution to 6 maps, pool, 5×5 convolution to 16 maps, pool, dense 120, dense 84, dense 10.

The picture is grey and 32×32. Lecture 04 gives you the two formulas that you need to fill in the rest: the output size
$\lfloor (H+2p-k)/s\rfloor+1$, and $K\,(C k^2/g+1)$ parameters for $K$ kernels on $C$ channels in $g$ groups. *Before you
run the cell: which layer has most of the parameters, and which does most of the work?*

The cell writes such a line as a **recipe**: `6c5` is a convolution with 6 kernels of 5×5; `/2`, `p1` and `g2` after it
give stride, padding and groups; `pool` is 2×2 and `pool3/2` is 3×3 with stride 2; a bare number is a dense layer.
"""

# %%
WORD = re.compile(r"(?P<kind>pool|\d+c|\d+)(?P<k>\d*)(?:/(?P<stride>\d+))?(?:p(?P<pad>\d+))?(?:g(?P<groups>\d+))?")


def walk(recipe, shape):
    """Return (word, output shape, parameters, MACs) for every layer of a recipe on pictures of shape (C, H, W)."""
    rows = []
    for word in recipe.split():
        found = WORD.fullmatch(word)
        kind, k, stride, pad, groups = (int(v) if v and v.isdigit() else v for v in found.groups())
        if word.isdigit():  # dense: every number that arrives is an input
            inputs, shape = math.prod(shape), (int(word),)
            rows.append((word, shape, shape[0] * (inputs + 1), shape[0] * inputs))
            continue
        k = k or 2
        if kind == "pool":  # a pooling window may stick out at the right and the bottom: ceil
            shape = (shape[0], *(math.ceil((side - k) / (stride or 2)) + 1 for side in shape[1:]))
            rows.append((word, shape, 0, 0))
            continue
        kernels, weights = int(found["kind"][:-1]), shape[0] // (groups or 1) * k * k  # weights of one kernel
        shape = (kernels, *((side + 2 * (pad or 0) - k) // (stride or 1) + 1 for side in shape[1:]))
        rows.append((word, shape, kernels * (weights + 1), weights * math.prod(shape)))
    return rows


def totals(rows):
    """Return parameters and MACs of a recipe's layers, added up."""
    return sum(row[2] for row in rows), sum(row[3] for row in rows)


lenet = walk("6c5 pool 16c5 pool 120 84 10", (1, 32, 32))
names = ("C1", "S2", "C3", "S4", "C5", "F6", "output")  # as in the paper
parameters, macs = totals(lenet)
print(f"{'layer':8}{'recipe':8}{'output':>13}{'parameters':>12}{'MACs':>10}")
for name, (word, shape, learned, work) in zip(names, lenet, strict=True):
    print(f"{name:8}{word:8}{'×'.join(map(str, shape)):>13}{learned:>12,}{work:>10,}")
print(f"{'together':8}{'':8}{'':>13}{parameters:>12,}{macs:>10,}")
assert parameters == 61_706
assert lenet[3][1] == (16, 5, 5)
assert max(lenet, key=lambda row: row[2]) == lenet[4]  # C5 has the parameters
assert max(lenet, key=lambda row: row[3]) == lenet[2]  # C3 does the work
assert lenet[4][2] > 0.75 * parameters

# %% [markdown]
r"""
Look at C5: three quarters of the 61,706 parameters stand at the one place where the maps become a row of numbers. The
work is done in C3. That pattern, few weights and much work in front, many weights and little work behind, will stay
with us until somebody removes the dense layers.

Look at the shapes too: 32, 28, 14, 10, 5. If the first convolution were padded, or the picture larger, C5 would get
another number of inputs and your model would not load the weights of anybody else's.
"""

# %%
for recipe, size in (("6c5 pool 16c5 pool 120", 32), ("6c5 pool 16c5 pool 120", 28), ("6c5p2 pool 16c5p2 pool 120", 32)):
    rows = walk(recipe, (1, size, size))
    print(f"{recipe:28} on {size}×{size}: the first dense layer has {math.prod(rows[3][1]):>5} inputs")
assert math.prod(walk("6c5 pool 16c5 pool", (1, 32, 32))[-1][1]) == 16 * 5 * 5
assert math.prod(walk("6c5p2 pool 16c5p2 pool", (1, 32, 32))[-1][1]) == 16 * 8 * 8 == 1024


# %%
def draw_maps(ax, left, shape, colour, words, scale=0.075):
    """Draw a stack of maps as overlapping squares, and return where it ends."""
    channels, side = (shape[0], shape[1] * scale) if len(shape) == 3 else (1, 0.35)
    for k in reversed(range(min(channels, 10))):
        corner = (left + 0.11 * k, 0.11 * k - side / 2)
        height = side if len(shape) == 3 else shape[0] * 0.022
        corner = corner if len(shape) == 3 else (left, -height / 2)
        ax.add_patch(plt.Rectangle(corner, side, height, facecolor=colour, edgecolor="white", lw=1))
    right = left + side + 0.11 * (min(channels, 10) - 1)
    ax.text((left + right) / 2, -2.0, words, ha="center", va="top", fontsize=8.5)
    return right


fig, ax = plt.subplots(figsize=(9.4, 2.9))
place = draw_maps(ax, 0, (1, 32, 32), plotting.GREY, "picture\n1×32×32")
for name, (_, shape, learned, _) in zip(names, lenet, strict=True):
    colour = {"C": plotting.BLUE, "S": plotting.GREEN}.get(name[0] if len(shape) == 3 else "", plotting.ORANGE)
    ax.annotate("", (place + 0.75, 0), (place + 0.15, 0), arrowprops={"arrowstyle": "->", "color": plotting.GREY})
    size = "×".join(map(str, shape))
    place = draw_maps(ax, place + 0.9, shape, colour, f"{name}\n{size}\n{learned:,}")
ax.set(xlim=(-0.2, place + 0.4), ylim=(-3.4, 2.2))
ax.set_title("LeNet-5: maps (blue), pooled (green), dense (orange), with parameters")
ax.set_axis_off()
plotting.show(
    fig,
    "LeNet-5 from left to right: a picture of 32 by 32, 6 maps of 28, 6 of 14, 16 of 10, 16 of 5, then columns of 120, 84 and "
    "10 numbers. Parameters below: 156, 0, 2,416, 0, 48,120, 10,164, 850.",
)

# %% [markdown]
r"""
Look at the whole: the maps get smaller and more numerous, then all of them are laid out in a row. Nearly every classical
net follows this **pattern**,

$$\big((\text{convolution} \to \text{activation})\cdot k \;\to\; \text{pool}\big)\cdot m \;\to\; \text{dense},$$

with $k$ convolutions between two poolings, and $m$ such groups. LeNet has $k=1$, $m=2$.

Papers and libraries give LeNet-5 "about 60,000" parameters. *Where are the missing 1706?* The net of 1998 is not quite
the one that everybody builds. Its pooling layers multiply the sum of four values by a learned number and add a learned
bias. In C3 each map sees only *some* of the six maps below: six maps see three, nine see four, one sees all. And its
outputs compare the 84 numbers with drawings of the ten digits that are fixed, not learned. Count that.
"""

# %%
seen_by_c3 = [3] * 6 + [4] * 9 + [6]  # LeCun et al. 1998, table I: how many maps of S2 each map of C3 sees
original = {
    "C1": 6 * (5 * 5 + 1),
    "S2": 6 * 2,
    "C3": sum(seen * 5 * 5 + 1 for seen in seen_by_c3),
    "S4": 16 * 2,
    "C5": lenet[4][2],
    "F6": lenet[5][2],
    "output": 0,
}
print(original, "together:", f"{sum(original.values()):,}")
assert len(seen_by_c3) == 16
assert sum(original.values()) == 60_000

# %% [markdown]
r"""
Look at the sum: exactly 60,000, the number in the paper. Both numbers are right, for two different nets. What is built
today under the old name, also in your assignment, has ReLU where there was a scaled tanh, the maximum where there was a
weighted sum, three plain dense layers, and returns logits. This will happen again: *a parameter count belongs to one
implementation*, so count.

> **Check yourself.** You feed LeNet-5 with 64×64 pictures and keep the rest. How many parameters does it have now?
>
> <details><summary>Answer</summary>
>
> The convolutions do not care. The maps of S4 are 13×13 instead of 5×5, so C5 has $120\cdot(16\cdot169+1) = 324{,}600$
> parameters instead of 48,120. Together 338,186: five times as many, for the same kernels.
>
> </details>
"""

# %%
# The answer, computed.
large = walk("6c5 pool 16c5 pool 120 84 10", (1, 64, 64))
assert large[3][1] == (16, 13, 13)
assert large[4][2] == 324_600
assert totals(large)[0] == 338_186

# %% [markdown]
r"""
## The ImageNet contest

From 2010 to 2017 teams competed on one task, the *ImageNet Large Scale Visual Recognition Challenge*, ILSVRC: 1000
classes, 1.2 million training photographs, five guesses allowed. The **[top-5 error](../glossary.ipynb#top-5-error)** is
the share of test photographs
whose label is not among the five.

The errors and years below are facts from the papers, cited at the end. All the other columns are computed: here are the
tools. Parameters are added up. MACs are counted by a hook at every convolution and dense layer: each output takes as
many multiplications as one kernel has weights. Everything lives on the **meta** device, where tensors have shapes and
no numbers, so a net of 144 million weights costs nothing. And the depth? *Count the layers that have weights along the
longest way through the net.* Torch writes down that way for its backward pass; the cell follows it.
"""


# %%
def on_meta(build, **options):
    """Return a network without numbers, in evaluation mode."""
    with torch.device("meta"):
        return build(weights=None, **options).eval()


def count(net):
    """Return the number of parameters."""
    return sum(p.numel() for p in net.parameters())


def macs_of_layers(net, size=224, channels=3):
    """Return [(layer, its output, MACs)] in the order of the forward pass, for one square picture of that size."""
    found = []

    def note(layer, inputs, output):
        found.append((layer, output, layer.weight[0].numel() * output.numel()))

    handles = [m.register_forward_hook(note) for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        net(torch.empty(1, channels, size, size, device=next(net.parameters()).device))
    for handle in handles:
        handle.remove()
    return found


def macs_of(net, size=224, channels=3):
    """Return the MACs for one picture."""
    return sum(work for *_, work in macs_of_layers(net, size, channels))


def depth_of(net, size=224):
    """Return the number of convolutions and dense layers along the longest way through the net."""
    end = net(torch.empty(1, 3, size, size, device="meta")).grad_fn
    longest, stack = {None: 0}, [end]
    while stack:
        node = stack[-1]
        before = [following for following, _ in node.next_functions]
        missing = [following for following in before if following not in longest]
        if missing:
            stack.extend(missing)
            continue
        has_weights = node.name().startswith(("ConvolutionBackward", "AddmmBackward"))
        longest[stack.pop()] = max((longest[following] for following in before), default=0) + has_weights
    return longest[end]


single = nn.Conv2d(3, 8, 3, padding=1, stride=2, device="meta")
assert macs_of(single, 36) == (3 * 3 * 3) * (8 * 18 * 18)  # the layer of lecture 04, by hand

NETS = {
    "AlexNet": (models.alexnet, {}),
    "VGG-16": (models.vgg16, {}),
    "VGG-19": (models.vgg19, {}),
    "GoogLeNet": (models.googlenet, {"init_weights": False, "aux_logits": False}),
    "ResNet-18": (models.resnet18, {}),
    "ResNet-34": (models.resnet34, {}),
    "ResNet-50": (models.resnet50, {}),
    "ResNet-101": (models.resnet101, {}),
    "ResNet-152": (models.resnet152, {}),
    "MobileNetV2": (models.mobilenet_v2, {}),
    "EfficientNet-B0": (models.efficientnet_b0, {}),
    "ConvNeXt-T": (models.convnext_tiny, {}),
}
nets = {name: on_meta(build, **options) for name, (build, options) in NETS.items()}
measured = {name: (count(net), macs_of(net), depth_of(net)) for name, net in nets.items()}

# torchvision publishes the counts of its own: hold ours against them
for name, (build, _) in NETS.items():
    published = models.get_model_weights(build).IMAGENET1K_V1.meta
    assert measured[name][0] == published["num_params"]
    assert abs(measured[name][1] / 1e9 - published["_ops"]) < 0.0006  # published in billions, with three decimals
print(f"{len(nets)} nets counted; parameters and MACs agree with torchvision's own table")

# %% [markdown]
r"""
Two nets of the table are not in torchvision as they were. Its AlexNet is a later one of the same author, with fewer
kernels and without groups; the winner of 2012 split its kernels over two graphics cards. ZFNet is missing. Our recipes
can write both down.
"""

# %%
alexnet_2012 = walk(
    "96c11/4 pool3/2 256c5p2g2 pool3/2 384c3p1 384c3p1g2 256c3p1g2 pool3/2 4096 4096 1000",
    (3, 227, 227),  # the paper says 224, with which the sizes in its own figure do not work out
)
zfnet = walk("96c7/2p1 pool3/2 256c5/2 pool3/2 384c3p1 384c3p1 256c3p1 pool3/2 4096 4096 1000", (3, 224, 224))
for name, rows in (("AlexNet, 2012", alexnet_2012), ("ZFNet, 2013", zfnet)):
    with_weights = sum(row[2] > 0 for row in rows)
    measured[name] = (*totals(rows), with_weights)
    print(f"{name:14} sides {[row[1][1] for row in rows if len(row[1]) == 3]}, {totals(rows)[0]:,} parameters")
assert alexnet_2012[7][1] == zfnet[7][1] == (256, 6, 6)
assert measured["AlexNet, 2012"] == (60_965_224, totals(alexnet_2012)[1], 8)
measured["LeNet-5"] = (*totals(lenet), 5)

# year, who, top-5 error in the contest in %, the source of the error, the net whose numbers are computed
CONTEST = (
    (1998, "LeNet-5 (on digits, before the contest)", None, "LeCun et al. 1998", "LeNet-5"),
    (2010, "NEC-UIUC: hand-made features, SVM", 28.2, "Russakovsky et al. 2015", None),
    (2011, "XRCE: Fisher vectors, SVM", 25.8, "Russakovsky et al. 2015", None),
    (2012, "AlexNet, 7 nets", 15.3, "Krizhevsky et al. 2012", "AlexNet, 2012"),
    (2013, "Clarifai, several nets like ZFNet", 11.7, "Russakovsky et al. 2015", "ZFNet, 2013"),
    (2014, "VGG, second place, 7 nets", 7.3, "Simonyan and Zisserman 2015", "VGG-16"),
    (2014, "VGG, the deepest", None, "Simonyan and Zisserman 2015", "VGG-19"),
    (2014, "GoogLeNet, first place, 7 nets", 6.67, "Szegedy et al. 2015", "GoogLeNet"),
    (2015, "ResNet, 6 nets of up to 152 layers", 3.57, "He et al. 2016", "ResNet-152"),
    (2016, "Trimps-Soushen: Inception and ResNets", 2.99, "ILSVRC 2016 results", None),
    (2017, "SENet", 2.25, "Hu et al. 2018", None),
)


def contest_row(year, who, error, source, net):
    """Return a line of the table, the last three columns computed."""
    cells = [str(year), who, "" if error is None else f"{error} %", source]
    if net is None:
        return [*cells, "", "", "", ""]
    parameters, macs, depth = measured[net]
    millions = f"{parameters / 1e6:.1f}\u00a0M" if parameters > 1e6 else f"{parameters:,}"
    return [*cells, net, str(depth), millions, f"{macs / 1e9:.2f}\u00a0G" if macs > 1e8 else f"{macs / 1e6:.2f}\u00a0M"]


header = ["year", "who", "top-5 error", "source of the error", "net, computed →", "layers", "parameters", "MACs"]
lines = [header, ["---"] * len(header), *(contest_row(*line) for line in CONTEST)]
display(Markdown("\n".join("| " + " | ".join(line) + " |" for line in lines)))
assert [measured[name][2] for name in ("AlexNet, 2012", "VGG-16", "VGG-19", "GoogLeNet", "ResNet-152")] == [8, 16, 19, 22, 152]
assert measured["VGG-16"][1] > 10 * measured["AlexNet, 2012"][1]
assert measured["GoogLeNet"][0] < measured["VGG-16"][0] / 20
assert measured["GoogLeNet"][1] < measured["VGG-16"][1] / 10
assert measured["ResNet-152"][1] < measured["VGG-19"][1]

# %% [markdown]
r"""
Look down the two last columns, not only at the errors. From AlexNet to VGG the work grows more than tenfold. Then
GoogLeNet beats VGG with a twentieth of the parameters and a tenth of the work. ResNet-152 is eight times as deep as
VGG-19 and does *less* work. Depth, parameters and work are three different things.

Some small print, because these numbers are often quoted without it:

- The errors of the contest are those of several nets that vote. AlexNet's 15.3 % comes from seven nets, two of
  which had seen more pictures than the contest's own; five nets without them reached 16.4 %, and the runner-up, without
  a neural net, 26.2 %. AlexNet had ReLU, dropout, five convolutions and three dense layers, and was trained for five to
  six days on two GTX 580.
- The winner of 2013 was Zeiler's company; ZFNet as published, six nets, reached 14.8 % on the pictures of 2012.
- 138 M is VGG-16. VGG-19 has 144 M.
- A person who had trained for it made 5.1 % errors (Russakovsky et al. 2015). Below this line is *not* "better than
  people at seeing": it is better at telling 120 breeds of dogs apart, on these photographs.
"""

# %%
entries = [(year, who.split(",")[0].split(":")[0], error) for year, who, error, *_ in CONTEST if error is not None]
fig, ax = plt.subplots(figsize=(8.6, 3.1))
colours = [plotting.GREY if year < 2012 else plotting.BLUE for year, *_ in entries]
ax.axhline(5.1, color=plotting.VERMILLION, ls="--", lw=1.3)
bars = ax.bar(range(len(entries)), [error for *_, error in entries], color=colours)
for bar, (*_, error) in zip(bars, entries, strict=True):
    inside = error < 5.1  # above such a bar the number would lie on the dashed line
    x, vertical, ink = bar.get_x() + bar.get_width() / 2, "top" if inside else "bottom", "white" if inside else "black"
    ax.text(x, error - 0.2 if inside else error + 0.2, error, ha="center", va=vertical, color=ink, fontsize=9)
ax.text(len(entries) - 0.55, 5.6, "a trained person, 5.1 %", ha="right", color=plotting.VERMILLION, fontsize=9)
ax.set_xticks(range(len(entries)), [f"{name}\n{year}" for year, name, _ in entries], fontsize=8)
ax.set(ylabel="top-5 error (%)", title="The contest: hand-made features (grey), then convolutional nets", ylim=(0, 31))
ax.grid(False, axis="x")
plotting.show(
    fig,
    "Bars of the top-5 error from 2010 to 2017: 28.2, 25.8, then with AlexNet 15.3, and on through 11.7, 7.3, 6.67, 3.57, 2.99 "
    "to 2.25 per cent; a dashed line at 5.1 marks a trained person.",
)
steps = [a[2] - b[2] for a, b in pairwise(entries)]
assert min(steps) > 0
assert max(steps) == steps[1]  # from 2011 to 2012

# %% [markdown]
r"""
Look at the step from 2011 to 2012: larger than any other. Two years later nearly all teams entered convolutional nets
(Russakovsky et al. 2015).

One number is disputed: GoogLeNet's. You will read 4, 5, 7 and 13 million. *Count it five ways.* In training, GoogLeNet
has two extra classifiers half-way up, the **auxiliary heads**, which are thrown away afterwards. And torchvision's net
is a port with a slip: where the paper has 5×5 kernels, it has 3×3 (its source says so). It also has batch norm, which
the net of 2014 had not.
"""

# %%
with_heads = on_meta(models.googlenet, init_weights=False, aux_logits=True)
as_published = on_meta(models.googlenet, init_weights=False, aux_logits=False)
for block in as_published.modules():
    if hasattr(block, "branch3"):  # an Inception block: its third branch should end in 5×5
        slip = block.branch3[1].conv
        block.branch3[1].conv = nn.Conv2d(slip.in_channels, slip.out_channels, 5, padding=2, bias=False, device="meta")

norms = [m for m in as_published.modules() if isinstance(m, nn.BatchNorm2d)]  # two numbers per channel, a bias is one
versions = {
    "torchvision, with both auxiliary heads": count(with_heads),
    "torchvision, without them": count(nets["GoogLeNet"]),
    "the same without its classifier": count(nets["GoogLeNet"]) - count(nets["GoogLeNet"].fc),
    "with the paper's 5×5, without heads": count(as_published),
    "and biases instead of batch norm": count(as_published) - sum(count(m) // 2 for m in norms),
}
for name, value in versions.items():
    print(f"{name:40}{value:>12,}")
assert count(with_heads) - count(nets["GoogLeNet"]) == count(with_heads.aux1) + count(with_heads.aux2)
assert versions["torchvision, with both auxiliary heads"] == 13_004_888
assert versions["torchvision, without them"] == 6_624_904
assert versions["and biases instead of batch norm"] == 6_998_552
assert all(5e6 < value < 7.1e6 for value in list(versions.values())[1:])

# %% [markdown]
r"""
Look at the list: nearly half of the 13 million belongs to the two heads. The last line is the net of the paper, just
under seven million. Without its classifier it is less, but four million it is never.

## VGG: 3×3 and nothing else

AlexNet has kernels of 11×11, 5×5 and 3×3, ZFNet 7×7. Simonyan and Zisserman asked what happens if you take 3×3 only,
and more of them. A **VGG block** is the pattern itself: $n$ convolutions 3×3 with padding 1, each with a ReLU, then one
2×2 max pooling. The size stays, stays, and halves. The first convolution changes the number of channels, the others
keep it. There is no batch norm: it came a year later.
"""

# %%
KINDS = {"conv": "#cfe3f1", "act": "#eeeeee", "pool": "#cdeadf", "join": "#f7e3b5", "data": "white", "norm": "#f3dbe8"}


def draw_flow(ax, boxes, arrows, limits, title=""):
    """Draw a block: boxes {name: (x, y, text, kind)}, arrows [(from, to)] or [(from, to, bend)], from the top down."""
    for x, y, text, kind in boxes.values():
        look = {"boxstyle": "round,pad=0.35", "fc": KINDS[kind], "ec": plotting.GREY, "lw": 0.8}
        ax.text(x, y, text, ha="center", va="center", fontsize=8.5, bbox=look, zorder=3)
    for start, end, *bend in arrows:
        (x0, y0), (x1, y1) = boxes[start][:2], boxes[end][:2]
        style = {"arrowstyle": "->", "color": plotting.VERMILLION if bend else "black", "lw": 1.6 if bend else 1.0}
        if bend:  # a shortcut leaves and arrives at the side
            ax.plot([x0, x0 + bend[0], x0 + bend[0]], [y0, y0, y1], color=plotting.VERMILLION, lw=1.6, zorder=1)
            reach = 0.2 + 0.03 * len(boxes[end][2])  # to the edge of the box, which is as wide as its text
            ax.annotate("", (x1 + reach * np.sign(bend[0]), y1), (x0 + bend[0], y1), arrowprops=style, zorder=1)
        else:
            ax.annotate("", (x1, y1 + 0.3), (x0, y0 - 0.3), arrowprops=style, zorder=1)
    ax.set(xlim=limits[:2], ylim=limits[2:])
    ax.set_title(title, fontsize=10, loc="center")
    ax.set_axis_off()


def column(texts, x=0.0, top=0.0, step=0.95):
    """Return boxes one below the other, named 0, 1, …, and the arrows between them."""
    boxes = {k: (x, top - step * k, text, kind) for k, (text, kind) in enumerate(texts)}
    return boxes, list(zip(range(len(texts)), range(1, len(texts)), strict=False))


fig, axes = plt.subplots(1, 2, figsize=(9.0, 3.7), width_ratios=(1, 2.6))
texts = [("128×56×56", "data")]
for c_in in (128, 256, 256):
    texts += [(f"3×3 conv, {c_in} → 256", "conv"), ("ReLU", "act")]
texts += [("2×2 max pool", "pool"), ("256×28×28", "data")]
boxes, arrows = column(texts)
draw_flow(axes[0], boxes, arrows, (-1.5, 1.5, -8.2, 0.6), "the third VGG block")

VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # (convolutions, kernels in each)
recipe = " pool ".join(" ".join([f"{kernels}c3p1"] * n) for n, kernels in VGG16_BLOCKS) + " pool 4096 4096 1000"
vgg16 = walk(recipe, (3, 224, 224))
labels, work, learned = [], [], []
for number, chunk in enumerate(recipe.split(" pool ")):
    words = chunk.split()
    start = sum(len(c.split()) + 1 for c in recipe.split(" pool ")[:number])
    rows = vgg16[start : start + len(words)]
    labels.append(f"block {number + 1}\n{len(words)}× {words[0].split('c')[0]}" if "c" in words[0] else "dense\n4096, 4096, 1000")
    learned.append(sum(row[2] for row in rows) / 1e6)
    work.append(sum(row[3] for row in rows) / 1e9)
where = np.arange(6)
axes[1].bar(where - 0.2, learned, 0.4, label="parameters (millions)", color=plotting.ORANGE)
axes[1].bar(where + 0.2, work, 0.4, label="MACs (billions)", color=plotting.BLUE)
axes[1].set(yscale="log", title="VGG-16: five blocks, three dense layers")
axes[1].set_xticks(where, labels, fontsize=8.5)
axes[1].legend(loc="upper left")
plotting.show(
    fig,
    "Left: a VGG block, three times convolution 3 by 3 and ReLU, then max pooling, from 128×56×56 to 256×28×28. Right: log bars "
    "for the blocks of VGG-16: parameters grow from block to block and are largest in the dense layers; MACs differ by a "
    "small factor between the blocks and are small in the dense layers.",
)
print("recipe:", recipe.replace(" pool ", " pool\n        "))
print(
    f"{totals(vgg16)[0]:,} parameters, {totals(vgg16)[1]:,} MACs; dense layers {learned[-1] / sum(learned):.0%} of the parameters"
)
assert totals(vgg16) == measured["VGG-16"][:2] == (138_357_544, 15_470_264_320)
assert learned[-1] > 0.89 * sum(learned)
ends = [row[3] for row, after in pairwise(vgg16) if after[0] == "pool"]  # the last convolution of each block
assert ends[0] == ends[1] == ends[2] == ends[3] == 4 * ends[4]
print("MACs of the last convolution of each block:", *(f"{work:,}" for work in ends))

# %% [markdown]
r"""
Look at the line below the figure: the last convolution of a block costs the same in four of the five blocks. That is the
rule behind the numbers 64, 128, 256, 512: *halve the side, double the channels*. A quarter of the places times four times
the weights is the same work. (In the fifth block the channels stay at 512, so it falls to a quarter.) And look at the
rightmost orange bar: 89 % of VGG's parameters are in three dense layers. Replace them by a global average and one dense
layer, as GoogLeNet and ResNet do, and this is left:
"""

# %%
body = sum(row[2] for row in vgg16 if len(row[1]) == 3)
light = body + 1000 * (512 + 1)
print(f"VGG-16 {totals(vgg16)[0]:,}; convolutions only {body:,}; with a global average and one dense layer {light:,}")
assert light < 0.12 * totals(vgg16)[0]

# %% [markdown]
r"""
**Why 3×3?** Two layers of 3×3 see 5×5 pixels, three see 7×7. *What does the stack save against one large kernel?* Take
$C$ channels in and out. Measure the field with the gradient, as in lecture 04, and the cost with our counters.
"""


# %%
def field(convs, padding):
    """Return the side of the receptive field of a stack, read off the gradient with respect to a large picture."""
    net = nn.Sequential(*(nn.Conv2d(1, 1, k, padding=padding * (k // 2), bias=False) for k in convs))
    for layer in net:
        nn.init.ones_(layer.weight)
    picture = torch.zeros(1, 1, 31, 31, requires_grad=True)
    maps = net(picture)
    maps[0, 0, maps.shape[2] // 2, maps.shape[3] // 2].backward()
    return int((picture.grad[0, 0] != 0).any(dim=0).sum())


print(f"{'kernels':15}{'field':>6}{'weights, C = 1':>16}{'C = 256':>12}{'MACs, C = 256, 28×28':>23}{'maps to keep':>14}")
costs = {}
for convs in ((5,), (3, 3), (7,), (3, 3, 3)):
    net = nn.Sequential(*(nn.Conv2d(256, 256, k, padding=k // 2, bias=False, device="meta") for k in convs))
    costs[convs] = (count(net), macs_of(net, 28, 256))
    name = " + ".join(f"{k}×{k}" for k in convs)
    weights, work = costs[convs]
    print(f"{name:15}{field(convs, 0):>6}{sum(k * k for k in convs):>16}{weights:>12,}{work:>23,}{len(convs):>14}")
    assert field(convs, 0) == field(convs, 1) == 1 + sum(k - 1 for k in convs)  # padding does not widen it
    assert costs[convs][0] == sum(k * k for k in convs) * 256**2
assert costs[(3, 3, 3)][1] / costs[(7,)][1] == 27 / 49
assert costs[(3, 3)][1] / costs[(5,)][1] == 18 / 25

# %% [markdown]
r"""
Look at the two middle columns. "27 weights against 49" is true for one channel in and out. In a layer with $C$ channels
it is $27\,C^2$ against $49\,C^2$, here 1.8 million against 3.2 million; the *ratio* is the same. You also get two more
ReLUs. The last column is the price: three maps to keep for the backward pass instead of one.

The field is the same with and without padding; the assertion checks both. Padding lets the field hang over the edge of
the picture. It does not make it larger.

## 1×1 convolutions

A 3×3 layer on 256 channels has 590 thousand weights, and 28×28 places to use them at. Most of that cost is channels times
channels. So make the channels fewer, work there, and make them many again. A **[1×1
convolution](../glossary.ipynb#pointwise-convolution)** does that: it is a dense
layer over the channels, the same at every pixel (lecture 04; Lin, Chen and Yan 2014).

Take a 5×5 convolution from 192 to 32 channels on 28×28 places. *Put a 1×1 layer with 16 channels in front: how much less
work?*
"""


# %%
def stack_macs(channels, kernels, side):
    """Return the MACs of a stack of convolutions with 'same' padding."""
    pairs = zip(channels, channels[1:], kernels, strict=False)
    net = nn.Sequential(*(nn.Conv2d(a, b, k, padding=k // 2, bias=False, device="meta") for a, b, k in pairs))
    return macs_of(net, side, channels[0])


direct = stack_macs((192, 32), (5,), 28)
reduced = stack_macs((192, 16, 32), (1, 5), 28)
print(f"5×5 directly {direct:,} MACs; through 16 channels {reduced:,}: {direct / reduced:.1f} times less")
assert direct == 28 * 28 * 32 * 192 * 25 == 120_422_400
assert reduced == 28 * 28 * (16 * 192 + 32 * 16 * 25)

through = np.arange(1, 193)
fig, ax = plt.subplots(figsize=(7.6, 3.0))
for k, style in ((3, "--"), (5, "-")):
    straight = stack_macs((192, 32), (k,), 28)
    ways = np.array([28 * 28 * r * (192 + 32 * k * k) for r in through])
    assert ways[15] == stack_macs((192, 16, 32), (1, k), 28)
    even = 192 * 32 * k * k / (192 + 32 * k * k)
    ax.plot(through, ways / straight, style, label=f"{k}×{k}: pays below {even:.0f} channels")
ax.axhline(1, color=plotting.GREY, lw=1)
ax.plot(16, reduced / direct, "o", color=plotting.VERMILLION, label="GoogLeNet's choice, 16")
ax.set(xlabel="channels in between", ylabel="MACs, relative to direct", title="The narrower the waist, the cheaper")
ax.legend()
plotting.show(
    fig,
    "MACs of a 1 by 1 layer followed by 3 by 3 or 5 by 5, relative to the direct convolution, against the channels in between: "
    "straight lines through zero; the chosen 16 channels lie near a tenth.",
)

# %% [markdown]
r"""
Look at where the lines cross 1. In general a $k\times k$ layer from $C$ to $K$ channels costs $k^2CK$ per place, and
with a waist of $r$ channels $r\,(C + k^2K)$. *What do you pay with?* Rank: whatever the 192 channels said at a pixel,
only 16 numbers of it pass. Take the two layers without anything in between, write them as one 5×5 kernel, and look.
"""

# %%
squeeze = torch.randn(16, 192, 1, 1, generator=generator, dtype=torch.float64)
look = torch.randn(32, 16, 5, 5, generator=generator, dtype=torch.float64)
together = torch.einsum("krij,rc->kcij", look, squeeze[:, :, 0, 0])  # (32, 192, 5, 5): one kernel in place of both
x = torch.randn(1, 192, 9, 9, generator=generator, dtype=torch.float64)
assert torch.allclose(F.conv2d(F.conv2d(x, squeeze), look), F.conv2d(x, together))
full_kernel = torch.randn(32, 192, 5, 5, generator=generator, dtype=torch.float64)
ranks = [int(torch.linalg.matrix_rank(w.permute(1, 0, 2, 3).reshape(192, -1))) for w in (together, full_kernel)]
print(f"directions among the 192 channels that matter: {ranks[0]} with the waist, {ranks[1]} without")
assert ranks == [16, 192]

# %% [markdown]
r"""
Look at the two ranks: 16 against 192. The bet is that 192 channels carry much less than 192 independent numbers, and it
usually pays. (With a ReLU in between, as nets have it, the two layers are more than a kernel of low rank.)

## Inception

Which kernel size is best, 1×1, 3×3 or 5×5? Szegedy and colleagues answered: all of them, side by side, and let the next
layer choose. An **Inception block** has four branches on the same input and stacks their outputs along the channels. Here
is the first one of GoogLeNet, read out of the model object. *Which branch would cost most without its 1×1 layer?*
"""

# %%
inception = nets["GoogLeNet"].inception3a
paper = as_published.inception3a  # with the 5×5 kernels of the paper
side, c_in = 28, 192
cost = {name: macs_of(getattr(paper, name), side, c_in) / 1e6 for name in ("branch1", "branch2", "branch3", "branch4")}
widths = [layer.out_channels for layer in paper.modules() if isinstance(layer, nn.Conv2d)]
c1, c3r, c3, c5r, c5, cp = widths
out = paper(torch.empty(1, c_in, side, side, device="meta"))
assert widths == [64, 96, 128, 16, 32, 32]
assert out.shape == (1, c1 + c3 + c5 + cp, side, side) == (1, 256, 28, 28)

fig, ax = plt.subplots(figsize=(9.2, 3.6))
boxes = {
    "in": (4.5, 3.8, f"{c_in}×{side}×{side}", "data"),
    "a": (0.5, 1.9, f"1×1 conv, {c_in} → {c1}\n{cost['branch1']:.1f} M", "conv"),
    "b1": (3.2, 2.5, f"1×1 conv, {c_in} → {c3r}", "conv"),
    "b2": (3.2, 1.3, f"3×3 conv, {c3r} → {c3}\n{cost['branch2']:.1f} M", "conv"),
    "c1": (5.8, 2.5, f"1×1 conv, {c_in} → {c5r}", "conv"),
    "c2": (5.8, 1.3, f"5×5 conv, {c5r} → {c5}\n{cost['branch3']:.1f} M", "conv"),
    "d1": (8.4, 2.5, "3×3 max pool, stride 1", "pool"),
    "d2": (8.4, 1.3, f"1×1 conv, {c_in} → {cp}\n{cost['branch4']:.1f} M", "conv"),
    "out": (4.5, 0.0, f"concatenate channels: {c1} + {c3} + {c5} + {cp} = {out.shape[1]}×{side}×{side}", "join"),
}
arrows = [("in", n) for n in ("a", "b1", "c1", "d1")] + [("b1", "b2"), ("c1", "c2"), ("d1", "d2")]
draw_flow(ax, boxes, arrows + [(n, "out") for n in ("a", "b2", "c2", "d2")], (-0.7, 9.8, -0.5, 4.3))
ax.set_title("Inception block 3a, with the MACs of each branch (each convolution is followed by a ReLU)")
plotting.show(
    fig,
    "An Inception block: from 192 channels four branches, 1×1 to 64; 1×1 to 96 then 3×3 to 128; 1×1 to 16 then 5×5 to 32; max "
    "pooling then 1×1 to 32; their outputs are concatenated to 256 channels.",
)

naive = {
    "1×1": stack_macs((192, 64), (1,), 28),
    "3×3": stack_macs((192, 128), (3,), 28),
    "5×5": stack_macs((192, 32), (5,), 28),
}
print("without the 1×1 layers:", {name: f"{value / 1e6:.1f} M" for name, value in naive.items()})
before, after = sum(naive.values()) / 1e6, sum(cost.values())
print(f"together {before:.0f} M, with them {after:.0f} M: {before / after:.1f} times less")
assert before > 2.3 * after

# %% [markdown]
r"""
Look at the third branch: 120 million without the 1×1 layer, a tenth of it with it. The fourth branch hides a second
reason. Pooling does not change the number of channels: without a 1×1 layer behind it, the block would hand on all its 192
channels *in addition* to the others. *How wide would the net be after its nine blocks?*
"""

# %%
wide, real = 192, []
for block in nets["GoogLeNet"].modules():
    if hasattr(block, "branch4"):
        b1, b2, b3 = (
            branch[-1] if isinstance(branch, nn.Sequential) else branch
            for branch in (block.branch1, block.branch2, block.branch3)
        )
        made = [b.conv.out_channels for b in (b1, b2, b3)]
        wide += sum(made)  # a naive block hands on its input through the pooling branch
        real.append(sum(made) + block.branch4[1].conv.out_channels)
print("channels after each block:", real, "  naive, after the last:", wide)
assert len(real) == 9
assert real[-1] == 1024
assert wide > 4 * real[-1]

# %% [markdown]
r"""
Look at the last two numbers. A sum of branches that only ever adds would drown in channels.

Two practical points. The four outputs must have the *same height and width*, so the 3×3 branch pads by 1, the 5×5
branch by 2, and the pooling has stride 1 and padding 1. And the *order* in which they are stacked is part of the net:
whoever stacks them otherwise cannot use the trained weights of the next layer. Ask the block which channels belong to
which branch.
"""

# %%
torch.manual_seed(9)
real_block = models.googlenet(weights=None, init_weights=False, aux_logits=False).inception3a.eval()
x = torch.randn(1, 192, 28, 28, generator=generator)
with torch.no_grad():
    whole = real_block(x)
    edges = np.cumsum([0, 64, 128, 32, 32])
    for k in range(4):
        branch = getattr(real_block, f"branch{k + 1}")(x)
        print(f"branch {k + 1}: {tuple(branch.shape)}, channels {edges[k]} to {edges[k + 1] - 1} of the block")
        assert torch.equal(whole[:, edges[k] : edges[k + 1]], branch)

# %% [markdown]
r"""
### One large kernel, or two thin ones

Later Inception nets cut further: an $n\times n$ kernel becomes $n\times1$ followed by $1\times n$ (Szegedy et al.
2016). The field is the same. *What does it save, and is it the separable kernel of lecture 03 again?*
"""

# %%
C = 64
print(f"{'n':>2}{'n×n':>10}{'n×1 + 1×n':>12}{'saving':>9}")
for n in (3, 5, 7):
    square = nn.Conv2d(C, C, n, bias=False, device="meta").weight.numel()
    thin = sum(nn.Conv2d(C, C, k, bias=False, device="meta").weight.numel() for k in ((n, 1), (1, n)))
    print(f"{n:>2}{square:>10,}{thin:>12,}{square / thin:>8.1f}×")
    assert square / thin == n / 2

for middle in (1, 2, 64):
    down = torch.randn(middle, 1, 7, 1, generator=generator, dtype=torch.float64)
    across = torch.randn(1, middle, 1, 7, generator=generator, dtype=torch.float64)
    kernel = torch.einsum("mi,mj->ij", down[:, 0, :, 0], across[0, :, 0, :])  # the 7×7 kernel that the pair amounts to
    x = torch.randn(1, 1, 12, 12, generator=generator, dtype=torch.float64)
    assert torch.allclose(F.conv2d(F.conv2d(x, down), across), F.conv2d(x, kernel[None, None]))
    print(f"{middle:>2} channels in between: the 7×7 kernel has rank {int(torch.linalg.matrix_rank(kernel))}")
    assert int(torch.linalg.matrix_rank(kernel)) == min(middle, 7)

v3 = on_meta(models.inception_v3, init_weights=False, aux_logits=False)
shapes = [layer.kernel_size for layer in v3.modules() if isinstance(layer, nn.Conv2d)]
print("kernels in Inception-v3:", {f"{a}×{b}": shapes.count((a, b)) for a, b in sorted(set(shapes))})
assert shapes.count((1, 7)) == shapes.count((7, 1)) > 10

# %% [markdown]
r"""
Look at the ranks: with one channel in between the pair can only make products, rank 1, as in lecture 03. With as many
channels as a layer has it can make any 7×7 kernel from one channel to another, though not all of them independently. The
weights fall by $n/2$, which is why it pays for 7 and hardly for 3.

> **Check yourself.** An Inception block gets 480 channels at 14×14 places. Its widths are 192 | 96 → 208 | 16 → 48 |
> 64. How many channels come out? How many MACs does the 5×5 branch need, and how many would it need without its 1×1
> layer?
>
> <details><summary>Answer</summary>
>
> $192+208+48+64 = 512$ channels. $196\cdot(480\cdot16 + 16\cdot48\cdot25) = 5.3$ million against
> $196\cdot480\cdot48\cdot25 = 112.9$ million.
>
> </details>
"""

# %%
# The answer, from the model object: it is GoogLeNet's block 4a.
block = as_published.inception4a
assert block(torch.empty(1, 480, 14, 14, device="meta")).shape == (1, 512, 14, 14)
assert round(macs_of(block.branch3, 14, 480) / 1e6, 1) == 5.3
assert round(stack_macs((480, 48), (5,), 14) / 1e6, 1) == 112.9

# %% [markdown]
r"""
## Residual blocks

By 2015 everybody had batch normalisation and knew: deeper is better. So go on stacking. Our pictures are those of
Fashion-MNIST, reduced to 14×14. A net of depth $d$ has one convolution of stride 2, then $(d-2)/2$ blocks of two 3×3
convolutions with 16 channels, each behind a batch normalisation and a ReLU, then a global average and a dense layer.

*Predict: a net of 8 layers and one of 56, 100 steps of training each. Which one has the lower loss, on the pictures it is
trained on?*
"""

# %%
WIDTH, BATCH, STEPS, RATE = 16, 64, 100, 0.1


def load(split):
    """Return a split as standardised pictures (N, 1, 14, 14) and labels (N,), on the device."""
    images, labels = data.fashion_mnist(split)
    pictures = F.avg_pool2d(torch.from_numpy(images)[:, None].float() / 255, 2)
    return ((pictures - 0.286) / 0.353).to(device), torch.from_numpy(labels).to(device)  # mean and std of the full set


class Shortcut(nn.Module):
    """Add the input to what a body makes of it."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return x + self.body(x)


def two_layers(norm=True):
    """Return two convolutions, each behind normalisation and ReLU (the order of He et al. 2016b)."""
    layers = []
    for _ in range(2):
        layers += [nn.BatchNorm2d(WIDTH)] if norm else []
        layers += [nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=not norm)]
    return nn.Sequential(*layers)


def make_net(depth, shortcut, seed, norm=True, start="he"):
    """Return a net of that many convolutions and dense layers; start: 'he', 'default', or 'zero', He's with F = 0."""
    torch.manual_seed(seed)
    blocks = [two_layers(norm) for _ in range((depth - 2) // 2)]
    last = [nn.BatchNorm2d(WIDTH)] if norm else []
    stem, head = nn.Conv2d(1, WIDTH, 3, stride=2, padding=1), [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    wrapped = [Shortcut(block) for block in blocks] if shortcut else blocks
    net = nn.Sequential(stem, *wrapped, *last, *head, nn.Linear(WIDTH, 10))
    for layer in net.modules() if start != "default" else ():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    for block in blocks if start == "zero" else ():
        nn.init.zeros_(block[-1].weight)
    return net.to(device)


def train(net, seed, rate=RATE, steps=STEPS):
    """Train by gradient descent with momentum 0.9, and return the loss of every step."""
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
    net.train()
    losses = []
    for _ in range(steps):
        chosen = torch.randint(len(train_x), (BATCH,), generator=draw).to(device)
        loss = F.cross_entropy(net(train_x[chosen]), train_y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def final(losses):
    """Return the mean loss of the last 20 steps."""
    return float(np.mean(losses[-20:]))


train_x, train_y = load("train")
test_x, test_y = load("test")
DEPTHS, SEEDS = (8, 20, 32, 56), (0, 1)
trained, curves = {}, {}
for depth in DEPTHS:
    for seed in SEEDS:
        trained[depth, False, seed] = make_net(depth, False, seed)
        curves[depth, False, seed] = train(trained[depth, False, seed], seed)
    ends = [final(curves[depth, False, seed]) for seed in SEEDS]
    print(
        f"plain, {depth:2} layers, {count(trained[depth, False, 0]):>7,} parameters: training loss",
        *(f"{end:.2f}" for end in ends),
    )
plain_ends = [np.mean([final(curves[depth, False, seed]) for seed in SEEDS]) for depth in DEPTHS]
assert plain_ends[0] < plain_ends[2] < plain_ends[3]
assert plain_ends[3] > plain_ends[0] + 0.5

# %% [markdown]
r"""
Look at the losses: the deeper, the worse, and these are *training* losses. Over-fitting would make the training loss low
and the test loss high. This is something else, and it is strange: a net of 56 layers contains the one of 8. Let the first
6 of its 54 inner layers do what the small net does, and let the others hand on what they get. *Then it would be just as
good.* That solution exists. Training does not find it. He and colleagues called this the **degradation** problem.

So make handing-on easy. Let two layers compute not the new maps but a **correction** to the old ones:

$$y = x + F(x).$$

If nothing is to be done, $F$ must become zero, and that is what small weights do by themselves. $F$ is called the
**residual**, the arrow around it the **shortcut**, both together a **residual block**.
"""

# %%
conv, norm, act = ("3×3 conv", "conv"), ("batch norm", "norm"), ("ReLU", "act")
fig, axes = plt.subplots(1, 3, figsize=(9.2, 4.1))
for ax, texts, title in (
    (axes[0], [("x", "data"), norm, act, conv, norm, act, conv, ("y = F(x)", "data")], "plain, ours"),
    (axes[1], [("x", "data"), norm, act, conv, norm, act, conv, ("y = x + F(x)", "join")], "residual, ours (He et al. 2016b)"),
    (axes[2], [("x", "data"), conv, norm, act, conv, norm, ("+", "join"), ("ReLU", "act")], "residual, as in ResNet (2016a)"),
):
    boxes, arrows = column(texts)
    plus = next((k for k, (text, kind) in enumerate(texts) if kind == "join"), None)
    draw_flow(ax, boxes, arrows + ([(0, plus, 1.25)] if plus else []), (-1.7, 1.9, -7.2, 0.6), title)
plotting.show(
    fig,
    "Three blocks from the top down. Plain: batch norm, ReLU, convolution, twice. Residual, ours: the same with a red arrow "
    "from the input to the sum at the end. ResNet's: convolution, batch norm, ReLU, convolution, batch norm, sum with the red "
    "arrow, then a ReLU.",
)

block = Shortcut(two_layers())
nn.init.zeros_(block.body[-1].weight)
x = torch.randn(4, WIDTH, 7, 7, generator=generator)
assert torch.equal(block(x), x)  # F = 0 makes it the identity
pair = [make_net(56, shortcut, 0) for shortcut in (False, True)]
assert count(pair[0]) == count(pair[1])
assert all(torch.equal(p, q) for p, q in zip(*(net.parameters() for net in pair), strict=True))
print(f"56 layers, plain and residual: {count(pair[0]):,} parameters each, the same start weights; the shortcut has none")

# %% [markdown]
r"""
Look at the red arrows. Ours, the **pre-activation** form, goes from input to output untouched. The block of ResNet-18 and
ResNet-50 applies a ReLU after the sum, so its arrow passes a ReLU in every block. Your assignment has both.

The shortcut has no parameters, so nothing else changes: same weights, same start, same batches. Train again.
"""

# %%
for depth in DEPTHS:
    for seed in SEEDS:
        trained[depth, True, seed] = make_net(depth, True, seed)
        curves[depth, True, seed] = train(trained[depth, True, seed], seed)
residual_ends = [np.mean([final(curves[depth, True, seed]) for seed in SEEDS]) for depth in DEPTHS]


def smooth(losses, window=10):
    """Return a running mean over the last ten steps."""
    return np.convolve(losses, np.ones(window) / window, mode="valid")


fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), width_ratios=(1, 1, 1.1))
for ax, shortcut, title in ((axes[0], False, "Plain: deeper is worse"), (axes[1], True, "Residual: it is not")):
    for depth, style in zip(DEPTHS, (":", "-.", "--", "-"), strict=True):
        for seed in SEEDS:
            ax.plot(
                range(10, STEPS + 1),
                smooth(curves[depth, shortcut, seed]),
                style,
                color=plt.get_cmap(plotting.SEQUENTIAL)(DEPTHS.index(depth) / 4),  # depths are ordered
                lw=1.3,
                label=f"{depth} layers" if seed == 0 else None,
            )
    ax.set(xlabel="training step", ylim=(0.5, 2.6), title=title)
axes[0].set_ylabel("training loss")
axes[1].legend()
for shortcut, name, marker, colour in ((False, "plain", "o--", plotting.VERMILLION), (True, "residual", "s-", plotting.BLUE)):
    axes[2].plot(DEPTHS, residual_ends if shortcut else plain_ends, marker, color=colour, label=name)
    for seed in SEEDS:
        axes[2].plot(DEPTHS, [final(curves[d, shortcut, seed]) for d in DEPTHS], "_", color=colour, ms=9)
axes[2].set(xlabel="depth in layers", ylabel="training loss at the end", ylim=(0.5, 2.6), xticks=DEPTHS)
axes[2].set_title("At the end: only plain nets suffer")
axes[2].legend()
plotting.show(
    fig,
    "Training loss over 100 steps for depths 8, 20, 32 and 56, two seeds each. Plain nets: the deeper, the higher the curve. "
    "Residual nets: all curves on top of each other. Right: final loss against depth, rising for plain, level for residual.",
)
for depth, plain, residual in zip(DEPTHS, plain_ends, residual_ends, strict=True):
    print(f"{depth:2} layers: plain {plain:.2f}, residual {residual:.2f}")
assert max(residual_ends) - min(residual_ends) < 0.35
assert plain_ends[2] > residual_ends[2] + 0.2
assert plain_ends[3] > residual_ends[3] + 0.5

# %% [markdown]
r"""
Look at the right panel: level against rising. With 8 layers the shortcut makes no difference; with 56 it makes all of it.
(Small marks are the two seeds. In these hundred steps more depth does not yet *help* either: our pictures are small. On
ImageNet it did, from 18 to 152 layers.)

You should be suspicious. *Was it only the learning rate?* Try others at depth 32. *And batch normalisation: would the
shortcut do without?* Try that too, at a rate that suits it.
"""

# %%
rates = (0.02, 0.1, 0.3)
by_rate = {rate: final(train(make_net(32, False, 0), 0, rate)) for rate in rates if rate != RATE}
by_rate[RATE] = final(curves[32, False, 0])
print("plain, 32 layers:", *(f"rate {rate}: {by_rate[rate]:.2f}  " for rate in rates))
print(f"residual, 32 layers: rate {RATE}: {final(curves[32, True, 0]):.2f}")
assert min(by_rate.values()) > final(curves[32, True, 0]) + 0.15

from_he = train(make_net(32, False, 0, norm=False), 0, 0.02)
from_zero = train(make_net(32, True, 0, norm=False, start="zero"), 0, 0.02)
print(f"without batch norm: plain, He's weights {final(from_he):.2f}; residual, every F starts at 0: {final(from_zero):.2f}")
raw = make_net(56, True, 0, norm=False)
with torch.no_grad():
    sizes, x = [], train_x[:64]
    for layer in raw[:28]:
        x = layer(x)
        sizes.append(x.std().item())
growth = (sizes[-1] / sizes[0]) ** (1 / 27)
print(
    f"without batch norm, residual, He's weights, 56 layers: spread {sizes[0]:.1f} after the stem, {sizes[-1]:,.0f} at the end,"
)
print(f"so each of the 27 blocks multiplies it by {growth:.2f}")
assert final(from_zero) < final(from_he) - 0.2
assert 1.1 < growth < 1.6

# %% [markdown]
r"""
Look at the first two lines: the plain net gets there at no rate. Look at the last one: without normalisation the sums
pile up. Each block adds the spread of $F$ to what has come in, and 27 blocks compound it. Start every $F$ at zero, and
the deep net learns without any normalisation (Zhang, Dauphin and Ma 2019). The shortcut and batch normalisation are two
different remedies that go well together.

### When the shape changes

$x + F(x)$ needs both to have the same shape. Where a net halves the side and doubles the channels, they have not. Two
ways out: take every second pixel of $x$ and fill the new channels with zeros, which has no parameters; or a 1×1
convolution of stride 2 on the shortcut, a **projection**, with a batch norm behind it and no ReLU. ResNets in libraries
do the second, wherever the stride is not 1 or the number of channels changes. (Inside the block the stride is taken
once, by the first 3×3.) *How many of ResNet-18's parameters are that?*
"""

# %%
projections = {name: module for name, module in nets["ResNet-18"].named_modules() if name.endswith("downsample")}
learned = {name: count(module) for name, module in projections.items()}
print(learned, f"together {sum(learned.values()) / measured['ResNet-18'][0]:.1%} of all")
assert list(learned) == ["layer2.0.downsample", "layer3.0.downsample", "layer4.0.downsample"]

maps = torch.randn(1, 64, 8, 8, generator=generator)
no_parameters = F.pad(maps[:, :, ::2, ::2], (0, 0, 0, 0, 0, 64))  # (1, 128, 4, 4): the new channels are zero
project = nn.Conv2d(64, 128, 1, stride=2, bias=False)
assert no_parameters.shape == project(maps).shape == (1, 128, 4, 4)
with torch.no_grad():  # the first is a special case of the second
    project.weight.copy_(torch.eye(128, 64)[:, :, None, None])
    assert torch.allclose(project(maps), no_parameters)

# %% [markdown]
r"""
Look at the names: three projections, one at the head of each stage but the first, under 2 % of the parameters.
Everywhere else the shortcut is the identity, and should be: a projection in every block is one more layer to train on
the direct path.

## The bottleneck

For 50 layers and more ResNet uses another block, in which the waist made by 1×1 convolutions comes back: 1×1 down to a
quarter of the channels, 3×3 there, 1×1 up again. Three layers instead of two. *Compare it with two 3×3 layers on 256
channels: more expensive or cheaper?*
"""

# %%
basic_64 = stack_macs((64, 64, 64), (3, 3), 56)
basic_256 = stack_macs((256, 256, 256), (3, 3), 56)
waist = stack_macs((256, 64, 64, 256), (1, 3, 1), 56)
block = nets["ResNet-50"].layer1[1]
assert macs_of(block, 56, 256) == waist
assert nets["ResNet-34"].layer1[1].conv1.weight.numel() + nets["ResNet-34"].layer1[1].conv2.weight.numel() == 2 * 64 * 64 * 9

fig, axes = plt.subplots(1, 3, figsize=(9.2, 3.5))
panels = (
    ("64", (("3×3, 64 → 64", 64), ("3×3, 64 → 64", 64)), basic_64, "two layers on 64 channels"),
    ("256", (("3×3, 256 → 256", 256), ("3×3, 256 → 256", 256)), basic_256, "two layers on 256 channels"),
    ("256", (("1×1, 256 → 64", 64), ("3×3, 64 → 64", 64), ("1×1, 64 → 256", 256)), waist, "bottleneck on 256 channels"),
)
for ax, (channels, layers, work, title) in zip(axes, panels, strict=True):
    y = 0.0
    widths = [int(channels), *(width for _, width in layers)]
    for k, width in enumerate(widths):
        ax.add_patch(plt.Rectangle((-width / 256, y - 0.13), width / 128, 0.26, color=plotting.BLUE))
        ax.text(1.08, y, str(width), va="center", fontsize=9, color=plotting.BLUE)
        if k < len(layers):
            ax.text(0, y - 0.5, layers[k][0], ha="center", va="center", fontsize=9)
            ax.annotate("", (-0.62, y - 0.8), (-0.62, y - 0.2), arrowprops={"arrowstyle": "->", "color": plotting.GREY})
        y -= 1.0
    edge = -widths[0] / 256 - 0.03
    ax.plot([edge, -1.3, -1.3, edge - 0.1], [0, 0, y + 1, y + 1], color=plotting.VERMILLION, lw=1.6)
    ax.annotate("", (edge, y + 1), (edge - 0.15, y + 1), arrowprops={"arrowstyle": "->", "color": plotting.VERMILLION, "lw": 1.6})
    ax.text(0, y + 0.45, f"+   {work / 1e6:,.0f} M MACs at 56×56", ha="center", fontsize=9.5)
    ax.set(xlim=(-1.45, 1.5), ylim=(-3.7, 0.4))
    ax.set_title(title, fontsize=10, loc="center")
    ax.set_axis_off()
plotting.show(
    fig,
    "Three residual blocks as bars as wide as their channels. Two 3 by 3 layers on 64 channels, two on 256 channels, and the "
    "bottleneck 256, 64, 64, 256, which has the cost of the first and the width of the second.",
)
print(
    f"bottleneck against two 3×3 on 256: {basic_256 / waist:.1f} times less work; against two 3×3 on 64: {basic_64 / waist:.2f}"
)
assert basic_256 > 16 * waist
assert 0.9 < basic_64 / waist < 1.1

# %% [markdown]
r"""
Look at the first and the last panel: a bottleneck on 256 channels costs what two 3×3 layers cost on 64. So you get maps
four times as wide, and a third layer, at no cost in work (though wide maps take memory). Compare the nets made of them:
"""

# %%
print(f"{'net':12}{'layers':>7}{'parameters':>13}{'GMACs':>7}")
for name in ("ResNet-18", "ResNet-34", "ResNet-50", "ResNet-101", "ResNet-152", "VGG-19"):
    parameters, macs, depth = measured[name]
    print(f"{name:12}{depth:>7}{parameters:>13,}{macs / 1e9:>7.2f}")
assert measured["ResNet-50"][1] < 1.15 * measured["ResNet-34"][1]
assert measured["ResNet-152"][1] < 0.6 * measured["VGG-19"][1]

first_of_stage = nets["ResNet-50"].layer2[0]
print(
    "strides at the head of a stage:",
    [conv.stride for conv in (first_of_stage.conv1, first_of_stage.conv2, first_of_stage.conv3)],
)
as_in_paper = on_meta(models.resnet50)
for stage in (as_in_paper.layer2, as_in_paper.layer3, as_in_paper.layer4):
    stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
print(f"with the stride where the paper has it: {macs_of(as_in_paper) / 1e9:.2f} GMACs")
assert count(as_in_paper) == count(nets["ResNet-50"])
assert 3.8 < macs_of(as_in_paper) / 1e9 < 3.9  # table 1 of the paper says 3.8

# %% [markdown]
r"""
Look at ResNet-34 and ResNet-50: nearly the same work, 16 layers more. And at the strides: in torchvision the 3×3 layer
of the bottleneck takes the step of 2; in the paper it was the 1×1 layer before it, which threw three quarters of the
pixels away unseen. Same shapes, same parameters, another net: that is why you read 3.8 billion in one place and 4.1 in
another.

> **Check yourself.** A bottleneck goes from 1024 channels to 256, 256 and back to 1024. How many weights have its three
> convolutions? Which has most?
>
> <details><summary>Answer</summary>
>
> $1024\cdot256 + 256\cdot256\cdot9 + 256\cdot1024 = 262{,}144 + 589{,}824 + 262{,}144 = 1{,}114{,}112$. The 3×3 layer
> in the waist still has more than half.
>
> </details>
"""

# %%
# The answer, from the model object.
weights = [layer.weight.numel() for layer in nets["ResNet-50"].layer3[1].modules() if isinstance(layer, nn.Conv2d)]
assert weights == [262_144, 589_824, 262_144]
assert sum(weights) == 1_114_112

# %% [markdown]
r"""
## Gradients in deep networks

Why does the plus sign help? Differentiate it. With $J = \partial F/\partial x$, the table of all derivatives of $F$ (its
**Jacobian**),

$$\frac{\partial y}{\partial x} = I + J.$$

The identity $I$ is there whatever the weights are: the upstream gradient reaches $x$ once directly and once through $F$.
Believe nothing; measure. A small block, 2 channels of 3×3, so 18 numbers in and 18 out.
"""

# %%
from torch.autograd.functional import jacobian

w1, w2 = (0.3 * torch.randn(2, 2, 3, 3, generator=generator, dtype=torch.float64) for _ in range(2))
point = torch.randn(1, 2, 3, 3, generator=generator, dtype=torch.float64)


def residual_part(x):
    """Return F(x): two convolutions with a ReLU between them."""
    return F.conv2d(F.conv2d(x, w1, padding=1).relu(), w2, padding=1)


J_of_F = jacobian(residual_part, point).reshape(18, 18)
J_of_block = jacobian(lambda x: x + residual_part(x), point).reshape(18, 18)
identity = torch.eye(18, dtype=torch.float64)
assert torch.allclose(J_of_block, identity + J_of_F)
print(f"largest gap between the block's Jacobian and I + J: {(J_of_block - identity - J_of_F).abs().max():.0e}")

fig, axes = plt.subplots(1, 3, figsize=(8.6, 2.9))
bound = float(J_of_block.abs().max())
for ax, table, title in zip(axes, (J_of_F, identity, J_of_block), ("J of F", "+   I", "=   J of the block"), strict=True):
    shades = ax.imshow(table, cmap=plotting.DIVERGING, vmin=-bound, vmax=bound)
    ax.set_title(title, loc="center")
    ax.set(xticks=[], yticks=[], xlabel="18 inputs")
axes[0].set_ylabel("18 outputs")
fig.colorbar(shades, ax=axes[-1], label="derivative")
plotting.show(
    fig,
    "Three tables of 18 by 18 derivatives as colours: those of F, scattered; the identity, a diagonal of ones; and those of the "
    "block, which are their sum.",
)

# %% [markdown]
r"""
Look at the diagonal. You will read that "the gradient of a residual block cannot vanish, because of the 1". *Is that so?
Which $F$ would make $I + J$ zero?*
"""

# %%
minus_one = torch.zeros(2, 2, 3, 3, dtype=torch.float64)
minus_one[range(2), range(2), 1, 1] = -1  # a 3×3 convolution that returns −x


def cancelled(x):
    """Return x + F(x) with F(x) = −x."""
    return x + F.conv2d(x, minus_one, padding=1)


J_cancelled = jacobian(cancelled, point).reshape(18, 18)
leaf = point.clone().requires_grad_()
cancelled(leaf).backward(torch.randn(1, 2, 3, 3, generator=generator, dtype=torch.float64))
print(f"F(x) = −x: largest entry of I + J {J_cancelled.abs().max():.0f}, largest gradient {leaf.grad.abs().max():.0f}")
assert (J_cancelled == 0).all()
assert (leaf.grad == 0).all()

half = torch.full((2, 2, 1, 1), -0.5, dtype=torch.float64)  # F(x) = minus the mean over the channels
J_half = jacobian(lambda x: x + F.conv2d(x, half), point).reshape(18, 18)
strengths = torch.linalg.svdvals(J_half)
print(f"F(x) = −mean over channels: {int((strengths < 1e-9).sum())} of 18 directions are cut off, the others pass")
assert (strengths < 1e-9).sum() == 9

# %% [markdown]
r"""
Look at the zeros: the gradient vanishes exactly, though the block has its shortcut. $\partial F/\partial x = -I$ is all
it takes, and the second example cuts off half of the directions with an innocent-looking layer. Nothing is guaranteed.
What the shortcut gives is a *direct path*, and at the start, where $J$ is random, it is open: to close it $F$ would
have to *learn* to be $-x$.

Stack two blocks and multiply out: $(I+J_2)(I+J_1) = I + J_1 + J_2 + J_2J_1$. *How many terms have $n$ blocks?*
"""

# %%
w3, w4 = (0.3 * torch.randn(2, 2, 3, 3, generator=generator, dtype=torch.float64) for _ in range(2))


def second_part(x):
    """Return F(x) of a second block."""
    return F.conv2d(F.conv2d(x, w3, padding=1).relu(), w4, padding=1)


def two_blocks(x):
    """Return what two residual blocks in a row return."""
    middle = x + residual_part(x)
    return middle + second_part(middle)


J1 = J_of_F
J2 = jacobian(second_part, point + residual_part(point)).reshape(18, 18)
J_two = jacobian(two_blocks, point).reshape(18, 18)
assert torch.allclose(J_two, identity + J1 + J2 + J2 @ J1)
lengths = [math.comb(27, used) / 2**27 for used in range(28)]
print(f"27 blocks: {2**27:,} paths; {sum(lengths[9:19]):.0%} of them run through 9 to 18 blocks, {lengths[27]:.0e} through all")
assert sum(lengths[9:19]) > 0.9

# %% [markdown]
r"""
Look at the number of paths: $2^n$, because at each block a path either goes through $F$ or around it. A plain net has one
path, the longest. That is the view of Veit, Wilber and Belongie (2016): a residual net resembles a crowd of shorter nets.

Now measure on real nets, 56 layers, before any training. *How large is the gradient that arrives at the maps behind each
block?* `torch.autograd.grad` returns it and, unlike `backward()`, adds nothing to anybody's `.grad`.
"""


# %%
def arriving(net, x, y):
    """Return the norm of the loss's gradient with respect to the maps behind the stem and behind each block."""
    maps, h = [], x
    net.train()
    for layer in net:
        h = layer(h)
        if isinstance(layer, (nn.Conv2d, nn.Sequential, Shortcut)):
            maps.append(h)
    return [g.norm().item() for g in torch.autograd.grad(F.cross_entropy(h, y), maps)]


START = {
    "plain, torch's default weights": make_net(56, False, 0, norm=False, start="default"),
    "plain, He's weights": make_net(56, False, 0, norm=False),
    "plain, batch norm": make_net(56, False, 0),
    "residual, no norm, default weights": make_net(56, True, 0, norm=False, start="default"),
    "residual, batch norm": make_net(56, True, 0),
}
STYLES = (
    (plotting.VERMILLION, ":"),
    (plotting.ORANGE, "-."),
    (plotting.VERMILLION, "--"),
    (plotting.SKY, "-"),
    (plotting.BLUE, "-"),
)
fig, ax = plt.subplots(figsize=(8.2, 3.6))
arrived = {}
for (name, net), (colour, style) in zip(START.items(), STYLES, strict=True):
    norms = arrived[name] = arriving(net, train_x[:128], train_y[:128])
    ax.plot(range(len(norms)), np.maximum(norms, 1e-20), style, color=colour, label=name)
    print(f"{name:36} last block {norms[-1]:.0e}, first block {norms[1]:.0e}: {norms[1] / norms[-1]:.0e} of it arrives")
ax.set(yscale="log", ylim=(1e-16, 1e3), xlabel="maps behind the stem (0) and behind each block", ylabel="norm of the gradient")
ax.set_title("56 layers before training: what comes back from the loss (right to left)")
ax.legend(loc="lower left")
plotting.show(
    fig,
    "Norm of the gradient at the maps behind each of 27 blocks, log axis. Plain nets with default weights: it falls by more than "
    "ten powers of ten towards the input. Plain with batch norm: it grows more than a hundredfold. Residual nets: nearly level.",
)
assert arrived["plain, torch's default weights"][1] < 1e-8 * arrived["plain, torch's default weights"][-1]
assert arrived["plain, batch norm"][1] > 100 * arrived["plain, batch norm"][-1]
assert 0.3 < arrived["residual, no norm, default weights"][1] / arrived["residual, no norm, default weights"][-1] < 5
assert arrived["residual, batch norm"][1] < 60 * arrived["residual, batch norm"][-1]
spans = {name: max(norms) / max(min(norms), 1e-20) for name, norms in arrived.items()}
assert spans["residual, batch norm"] < 0.1 * spans["plain, batch norm"]

# %% [markdown]
r"""
Look at the dotted curve: with default weights and no normalisation the gradient **vanishes**, until float32 has no
number for it. That is the classical trouble. But look at the dashed one, the plain net with batch norm that failed
above: its gradient does not vanish. It *grows* towards the input, more than a hundredfold (Yang et al. 2019 derive it).
And with He's weights it is tolerable. So "shortcuts cure vanishing gradients" is not the whole story: initialisation
and normalisation cure those too, as He and colleagues wrote themselves.

What else is wrong with the plain net? *Are its gradients any use?* A gradient says: change the pixel this way and the
loss falls. Change the pictures by one hundredth of their spread and ask again. The advice should hardly change.
"""


# %%
def advice(net, x, y):
    """Return the gradient of the loss with respect to each picture, as rows."""
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(net.train()(leaf), y), leaf)[0].flatten(1)


x, y = train_x[:128], train_y[:128]
nudge = 0.01 * torch.randn(x.shape, generator=generator).to(device)
agreement = {}
for shortcut in (False, True):
    for depth in DEPTHS:
        net = make_net(depth, shortcut, 0)
        agreement[shortcut, depth] = F.cosine_similarity(advice(net, x, y), advice(net, x + nudge, y)).mean().item()

fig, ax = plt.subplots(figsize=(7.6, 2.9))
for shortcut, name, marker, colour in ((False, "plain", "o--", plotting.VERMILLION), (True, "residual", "s-", plotting.BLUE)):
    ax.plot(DEPTHS, [agreement[shortcut, depth] for depth in DEPTHS], marker, color=colour, label=f"{name}, batch norm")
ax.set(xlabel="depth in layers", ylabel="cosine of the two gradients", xticks=DEPTHS, ylim=(-0.1, 1.05))
ax.set_title("A change of 1 % in the picture, and the deep plain net gives other advice")
ax.legend()
plotting.show(
    fig,
    "Cosine between the gradients at a picture and at the picture plus one per cent of noise, against depth: near one at all "
    "depths for residual nets, falling to zero by 32 to 56 layers for plain ones.",
)
print("plain:   ", {depth: round(agreement[False, depth], 2) for depth in DEPTHS})
print("residual:", {depth: round(agreement[True, depth], 2) for depth in DEPTHS})
assert agreement[False, 8] > 0.7
assert agreement[False, 56] < 0.3
assert min(agreement[True, depth] for depth in DEPTHS) > 0.7

# %% [markdown]
r"""
Look at the right end: in the plain net of 56 layers two gradients that should agree have nothing to do with each other.
Advice that does not hold for the next picture helps no other picture. Balduzzi and colleagues (2017) call this the
**shattered gradient** problem. No plot of norms would show it.

The same seen from the front: what is left of a picture after the blocks? Take two *trained* nets of 20 layers, and the
Jacobian of all nine blocks together: 784 numbers in, 784 out. Its **singular values** say by which factors the
directions are stretched. *A factor near zero means that small changes in this direction are lost: no later layer can
bring them back.*
"""

# %%
pair = {}
for shortcut in (False, True):
    net = trained[20, shortcut, 0]
    train(net, 5, rate=0.02, steps=60)  # a few smaller steps, so that the running statistics settle
    pair[shortcut] = net.eval()

stretch = {}
for shortcut, net in pair.items():
    with torch.no_grad():
        entering = net[0](test_x[:1])
    blocks = copy.deepcopy(net[1:10]).cpu()  # 784 backward passes for one small picture: no work for a GPU
    table = jacobian(blocks, entering.cpu(), vectorize=True).reshape(784, 784)
    stretch[shortcut] = torch.linalg.svdvals(table.double()).numpy()

fig, ax = plt.subplots(figsize=(7.6, 3.0))
for shortcut, name, style, colour in ((False, "plain", "--", plotting.VERMILLION), (True, "residual", "-", plotting.BLUE)):
    ax.plot(np.maximum(stretch[shortcut], 1e-12), style, color=colour, label=f"{name}, nine blocks")
    lost, median = (stretch[shortcut] < 1e-3).mean(), np.median(stretch[shortcut])
    print(f"{name:9} directions stretched by less than 1/1000: {lost:.0%}; median factor {median:.0e}")
ax.axhline(1, color=plotting.GREY, lw=1)
ax.set(yscale="log", ylim=(1e-12, 1e3), xlabel="direction, sorted", ylabel="stretched by the factor")
ax.set_title("What nine trained blocks do to the 784 directions at their input")
ax.legend(loc="lower left")
plotting.show(
    fig,
    "Sorted singular values of the Jacobian of nine trained blocks, log axis. Residual: most between 0.1 and 10. Plain: they "
    "fall steeply, below one thousandth after about a tenth of the directions.",
)
assert np.median(stretch[True]) > 0.1
assert np.median(stretch[False]) < 1e-3

# %% [markdown]
r"""
Look at the two curves. Most directions pass the residual blocks with a factor around 1; that is $I + J$ with a moderate
$J$, nine times. The plain blocks have forgotten most of the picture.

One more consequence. If each block only adds a correction, the net should survive the loss of one. *Take a block out of
the trained nets, without any retraining, and test.*
"""


# %%
def accuracy(net, left_out=None):
    """Return a net's accuracy on the test pictures, optionally without one of its layers."""
    with torch.no_grad():
        h = test_x
        for k, layer in enumerate(net):
            h = h if k == left_out else layer(h)
    return (h.argmax(dim=1) == test_y).float().mean().item()


fig, ax = plt.subplots(figsize=(7.6, 3.0))
without, complete = {}, {}
for shortcut, name, shift, colour in ((False, "plain", -0.2, plotting.VERMILLION), (True, "residual", 0.2, plotting.BLUE)):
    complete[shortcut] = accuracy(pair[shortcut])
    without[shortcut] = np.array([accuracy(pair[shortcut], k) for k in range(1, 10)])
    ax.bar(np.arange(1, 10) + shift, 100 * without[shortcut], 0.4, color=colour, label=name)
    ax.axhline(100 * complete[shortcut], color=colour, lw=1.2, ls="--")
    print(f"{name:9} complete {complete[shortcut]:.0%}, without one block on average {without[shortcut].mean():.0%}")
ax.axhline(10, color="black", ls=":", lw=1, label="guessing")
ax.set(xlabel="block taken out", ylabel="test accuracy (%)", ylim=(0, 100), xticks=range(1, 10))
ax.set_title("Later blocks of the residual net are hardly missed (dashed: with all blocks)")
ax.legend(ncols=3)
plotting.show(
    fig,
    "Test accuracy of two nets of nine blocks when one block is taken out. The plain net falls towards chance whichever it is; "
    "the residual net suffers from the loss of an early block and hardly from that of a later one.",
)
assert without[True][3:].mean() > complete[True] - 0.25
assert without[False].mean() < complete[False] - 0.15
assert without[True].mean() > without[False].mean() + 0.2

# %% [markdown]
r"""
Look at the later blocks: the residual net barely notices. The first ones it does miss; that is where most of the change
happens. The plain net cannot spare a single one, because each layer speaks a language that only the next one
understands.

## ResNet-18

Now the whole net. It starts with a **stem**, a 7×7 convolution of stride 2 and a 3×3 max pooling of stride 2, which
takes 224×224 to 56×56. Then come four **stages** of two blocks, with 64, 128, 256 and 512 channels; each but the first
begins with stride 2. Then a global average and one dense layer. *Where do you expect the parameters, and where the
work?*
"""

# %%
resnet = nets["ResNet-18"]
parts = {"stem": ("conv1", "bn1"), **{f"stage {k}": (f"layer{k}",) for k in (1, 2, 3, 4)}, "head": ("fc",)}
part_of = {layer: part for part, names in parts.items() for name in names for layer in getattr(resnet, name).modules()}
stage_macs = dict.fromkeys(parts, 0)
for layer, _, work in macs_of_layers(resnet):
    stage_macs[part_of[layer]] += work
stage_parameters = {part: sum(count(getattr(resnet, name)) for name in names) for part, names in parts.items()}
assert sum(stage_parameters.values()) == measured["ResNet-18"][0] == 11_689_512
assert sum(stage_macs.values()) == measured["ResNet-18"][1]

with torch.no_grad():
    h, stage_shapes = torch.empty(1, 3, 224, 224, device="meta"), {}
    for name, child in resnet.named_children():
        h = child(h.flatten(1) if name == "fc" else h)
        stage_shapes[name] = tuple(h.shape[1:])
shown = [stage_shapes[name] for name in ("maxpool", "layer1", "layer2", "layer3", "layer4", "fc")]
assert shown == [(64, 56, 56), (64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7), (1000,)]

fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.3), sharey=True)
rows = [f"{part}: {'×'.join(map(str, shape))}" for part, shape in zip(parts, shown, strict=True)]
for ax, values, unit, title in (
    (axes[0], [v / 1e6 for v in stage_parameters.values()], "parameters (millions)", "Most parameters are at the end"),
    (axes[1], [v / 1e9 for v in stage_macs.values()], "MACs (billions)", "The work is evenly spread"),
):
    ax.barh(rows, values, color=[plotting.GREY, *[plotting.BLUE] * 4, plotting.ORANGE])
    for k, value in enumerate(values):
        ax.text(value, k, f" {value:.3g}", va="center", fontsize=9)
    ax.set(xlabel=unit, title=title, xlim=(0, 1.15 * max(values)))
    ax.grid(False, axis="y")
axes[0].invert_yaxis()
plotting.show(
    fig,
    "ResNet-18 by parts with the shape each returns: parameters grow fourfold from stage to stage, 0.15 to 8.4 million; MACs are "
    "nearly equal in the four stages; the head has half a million parameters and hardly any work.",
)
stages = [stage_macs[f"stage {k}"] for k in (1, 2, 3, 4)]
assert max(stages) < 1.2 * min(stages)
assert stage_parameters["head"] == 1000 * (512 + 1)

# %% [markdown]
r"""
Look at both panels: VGG's rule again, half the side and twice the channels, so equal work and four times the
parameters. The dense layer at the end has become harmless: a global average hands it 512 numbers, whatever the size of
the picture.

**What counts as depth?** One convolution in the stem, $2+2+2+2$ blocks of two, one dense layer: $1+16+1 = 18$. The
projections lie on the shortcut and are not counted, nor are batch norms.
"""

# %%
STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
for depth, blocks in STAGES.items():
    net = nets[f"ResNet-{depth}"]
    assert tuple(len(stage) for stage in (net.layer1, net.layer2, net.layer3, net.layer4)) == blocks
    per_block = 2 if depth < 50 else 3
    assert 1 + per_block * sum(blocks) + 1 == depth == measured[f"ResNet-{depth}"][2]
    print(f"ResNet-{depth:<4} blocks {blocks!s:15} 1 + {per_block}·{sum(blocks)} + 1 = {depth}")
weighted = sum(isinstance(m, (nn.Conv2d, nn.Linear)) for m in resnet.modules())
print(f"layers with weights in the object ResNet-18: {weighted}, of which {weighted - 18} on shortcuts")
assert weighted == 21

cifar = [6 * n + 2 for n in (3, 5, 7, 9, 18, 200)]  # three stages of n blocks of two layers
pre_activation = [9 * n + 2 for n in (18, 111)]  # three stages of n bottlenecks
print("on CIFAR-10:", cifar, " pre-activation paper, bottlenecks:", pre_activation)
assert cifar == [20, 32, 44, 56, 110, 1202]
assert pre_activation == [164, 1001]
assert (1024 - 2) % 6 != 0
assert (1024 - 2) % 9 != 0

# %% [markdown]
r"""
Look at the lists. On ImageNet there are ResNets of 18, 34, 50, 101 and 152 layers; on CIFAR-10 the paper goes from 20
to 110 and 1202, and the paper on pre-activation to 1001. A "ResNet-1024" has never existed, and neither formula gives
it.

### What a ResNet is not

It is not a recurrent net. Its blocks look like the steps of a loop, but each has weights of its own; a recurrent net
uses the same ones in every step. It is not a **Highway network** either, its forerunner (Srivastava, Greff and
Schmidhuber 2015), which mixes $T(x)\cdot H(x) + (1-T(x))\cdot x$ by a learned gate $T$ between 0 and 1. *What does the
gate cost, and what does it do to the direct path?*
"""

# %%
own = count(nets["ResNet-18"].layer1)
shared = count(nets["ResNet-18"].layer1[0])
blocks = [list(block.parameters()) for block in nets["ResNet-18"].layer1]
assert own == 2 * shared
assert not {id(p) for p in blocks[0]} & {id(p) for p in blocks[1]}
print(f"stage 1 of ResNet-18: {own:,} parameters; as a loop over one block {shared:,}")

plain_part, gate = (nn.Conv2d(2, 2, 3, padding=1, dtype=torch.float64) for _ in range(2))


def highway(x):
    """Return a Highway layer's answer."""
    opened = gate(x).sigmoid()
    return opened * plain_part(x).relu() + (1 - opened) * x


print(f"Highway layer: {count(plain_part) + count(gate)} parameters, of which {count(gate)} for the gate")
nn.init.zeros_(gate.weight)
for bias in (-10.0, 0.0, 10.0):
    nn.init.constant_(gate.bias, bias)
    opened = torch.sigmoid(torch.tensor(bias)).item()
    direct = jacobian(highway, point).reshape(18, 18) - opened * jacobian(lambda x: plain_part(x).relu(), point).reshape(18, 18)
    print(f"gate open by {opened:.2f}: the direct path carries {direct.diagonal().mean():.2f} of the gradient")
    assert torch.allclose(direct, (1 - opened) * identity, atol=1e-6)

# %% [markdown]
r"""
Look at the last line: an open gate closes the direct path, and after many such layers little comes through. A residual
block has no gate; its path is always open. The resemblance to a loop is real but loose: trained blocks of one stage do
tend to refine the same features step by step (Greff, Srivastava and Schmidhuber 2017).

### Names are part of the interface

To use somebody's trained weights, your net must have *their names*. A state dict is a dictionary, and `load_state_dict`
with `strict=True`, the default, compares names and shapes. Here is what a checkpoint of ResNet-18 calls the first block
of its second stage:
"""

# %%
entries = resnet.state_dict()
for name, value in entries.items():
    if name.startswith("layer2.0.") and "num_batches" not in name:
        print(f"{name:36}{tuple(value.shape)}")
counted = [name for name in entries if name.endswith("num_batches_tracked")]
print(f"{len(entries)} entries, of which {len(counted)} count batches; {len(list(resnet.parameters()))} are parameters")
assert len(entries) == 122
assert len(counted) == 20

torch.manual_seed(9)
source = models.resnet18(weights=None).eval()
state = source.state_dict()
renamed = {name.replace("downsample", "shortcut"): value for name, value in state.items()}
try:
    models.resnet18(weights=None).load_state_dict(renamed)
except RuntimeError as error:
    print(str(error)[:170], "…")
else:
    raise AssertionError("names that do not exist were loaded")

# %% [markdown]
r"""
Look at the names: `layer2.0.conv1`, `bn1`, `conv2`, `bn2`, and `downsample.0` with its batch norm `downsample.1`. A net
with other names may be the same net and will not load.

And if it loads, is it right? *Names and shapes agree; what can still be wrong?* Everything that has no weights.
"""

# %%
forgetful = models.resnet18(weights=None).eval()
for module in forgetful.modules():
    if hasattr(module, "downsample"):
        module.relu = nn.Identity()  # a net without ReLUs in its blocks
result = forgetful.load_state_dict(state)
picture = torch.randn(2, 3, 64, 64, generator=generator)
with torch.no_grad():
    right, wrong = source(picture), forgetful(picture)
    sizes, h = [], torch.randn(1, 3, 32, 32, generator=generator)
    for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"):
        h = getattr(source, name)(h)
        sizes.append(h.shape[-1])
print("loading:", result, f"  largest difference of the logits: {(right - wrong).abs().max():.2f}")
print("a picture of 32×32, side after each part:", sizes)
assert not torch.allclose(right, wrong, atol=0.01)
assert sizes[-1] == 1

# %% [markdown]
r"""
Look at the first line: all keys match, and the logits are wrong. So compare logits, in evaluation mode, on the same
input.

Look at the second: the stem is made for photographs. A picture of 32×32 is down to 8×8 before the first block and to a
single pixel after the last. For small pictures one takes a 3×3 stem of stride 1 and no pooling, as the nets on CIFAR-10
do.

## Depthwise-separable, and what came after

Then the question changed: not how accurate, but how much work. Lecture 04 split a convolution into a **depthwise** one,
which looks at neighbours and never mixes channels, and a **pointwise** one, which does the opposite, for
$\frac1K+\frac1{k^2}$ of the cost. MobileNet (Howard et al. 2017) consists of that. MobileNetV2 (Sandler et al. 2018)
puts the pair into a residual block, and turns the bottleneck inside out: *narrow at the ends, wide in the middle*,
because in the middle is the cheap layer.
"""

# %%
inverted = nets["MobileNetV2"].features[3]
convs = [layer for layer in inverted.modules() if isinstance(layer, nn.Conv2d)]
widths = [convs[0].in_channels, *(layer.out_channels for layer in convs)]
assert widths == [24, 144, 144, 24]
assert inverted.use_res_connect
side = 56
parts_of_inverted = [work for *_, work in macs_of_layers(inverted, side, 24)]
full = stack_macs((24, 144, 144, 24), (1, 3, 1), side)

CONVNEXT = [96, 96, 384, 96]
block = nets["ConvNeXt-T"].features[1][0]
parts_of_convnext = [work for *_, work in macs_of_layers(block, 56, 96)]
panels = (
    ("bottleneck (ResNet)", (256, 64, 64, 256), ("1×1", "3×3", "1×1"), [256 * 64, 64 * 64 * 9, 64 * 256], 1),
    ("inverted (MobileNetV2)", tuple(widths), ("1×1", "3×3 depthwise", "1×1"), parts_of_inverted, side * side),
    ("ConvNeXt", tuple(CONVNEXT), ("7×7 depthwise", "1×1", "1×1"), parts_of_convnext, 56 * 56),
)
fig, axes = plt.subplots(1, 3, figsize=(9.4, 3.5))
for ax, (title, sizes, layers, work, places) in zip(axes, panels, strict=True):
    for k, width in enumerate(sizes):
        half_width = width / max(sizes)
        ax.add_patch(plt.Rectangle((-half_width, -k - 0.13), 2 * half_width, 0.26, color=plotting.BLUE))
        ax.text(1.08, -k, str(width), va="center", fontsize=9, color=plotting.BLUE)
        if k < 3:
            words = f"{layers[k]}: {work[k] / places:,.0f} MACs per place"
            colour = plotting.GREEN if "depthwise" in layers[k] else "black"
            ax.text(0, -k - 0.5, words, ha="center", va="center", fontsize=8.5, color=colour)
    edge = -sizes[0] / max(sizes) - 0.03
    ax.plot([edge, -1.25, -1.25, edge - 0.1], [0, 0, -3, -3], color=plotting.VERMILLION, lw=1.6)
    ax.annotate("", (edge, -3), (edge - 0.15, -3), arrowprops={"arrowstyle": "->", "color": plotting.VERMILLION, "lw": 1.6})
    ax.set(xlim=(-1.4, 1.45), ylim=(-3.4, 0.4))
    ax.set_title(title, fontsize=10, loc="center")
    ax.set_axis_off()
plotting.show(
    fig,
    "Three residual blocks as bars as wide as their channels: the bottleneck 256, 64, 64, 256; MobileNetV2's block 24, 144, 144, "
    "24 with a depthwise layer in the wide middle; ConvNeXt's 96, 96, 384, 96 with a 7 by 7 depthwise layer in front.",
)
cheap = sum(parts_of_inverted)
print(f"MobileNetV2's block: {cheap:,} MACs; with a full 3×3 in the middle {full:,}: {full / cheap:.0f} times")
ratio = parts_of_inverted[1] / stack_macs((144, 144), (3,), side)
assert ratio == 1 / 144  # depthwise against full, before the pointwise layers that mix
separable = (144 * 9 + 144 * 144) / (144 * 144 * 9)
assert math.isclose(separable, 1 / 144 + 1 / 9)
assert full > 10 * sum(parts_of_inverted)

# %% [markdown]
r"""
Look at the green lines: the layers that look at neighbours are now the cheapest ones. *Where does the work go in such
nets?* Sort the MACs of whole nets by kind of layer.
"""


# %%
def kind_of(layer, shape_dims):
    """Return what a layer does: a dense layer that runs at every place is a 1×1 convolution."""
    if isinstance(layer, nn.Linear):
        return "1×1" if shape_dims == 4 else "dense"
    if layer.groups == layer.in_channels and layer.groups > 1:
        return "depthwise"
    return "1×1" if layer.kernel_size == (1, 1) else "full, 3×3 and larger"


def shares(net):
    """Return {kind: share of the MACs}."""
    found = {}
    for layer, output, work in macs_of_layers(net):
        kind = kind_of(layer, output.dim())
        found[kind] = found.get(kind, 0) + work
    return {kind: work / sum(found.values()) for kind, work in found.items()}


COLOURS = {"full, 3×3 and larger": plotting.BLUE, "1×1": plotting.SKY, "depthwise": plotting.GREEN, "dense": plotting.ORANGE}
SHOWN = ("VGG-16", "GoogLeNet", "ResNet-18", "ResNet-50", "MobileNetV2", "EfficientNet-B0", "ConvNeXt-T")
split = {name: shares(nets[name]) for name in SHOWN}
fig, ax = plt.subplots(figsize=(8.4, 3.1))
left = np.zeros(len(split))
for kind, colour in COLOURS.items():
    values = np.array([100 * found.get(kind, 0) for found in split.values()])
    ax.barh(list(split), values, left=left, color=colour, label=kind)
    left += values
ax.invert_yaxis()
ax.grid(False, axis="y")
ax.set(xlabel="share of the MACs (%)", xlim=(0, 100), title="The work has moved from 3×3 to 1×1")
ax.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.45, -0.2))
plotting.show(
    fig,
    "Stacked bars of the MACs by kind of layer. VGG-16 and ResNet-18: nearly all full convolutions. ResNet-50: half 1 by 1. "
    "MobileNetV2, EfficientNet-B0 and ConvNeXt-T: mostly 1 by 1, a small part depthwise.",
)
assert split["ResNet-18"]["full, 3×3 and larger"] > 0.95
assert min(split[name]["1×1"] for name in ("MobileNetV2", "EfficientNet-B0", "ConvNeXt-T")) > 0.75
assert np.allclose(left, 100)

# %% [markdown]
r"""
Look from top to bottom: nets of 3×3 convolutions have turned into nets of 1×1 convolutions with a few thin layers in
between that look around. That explains why they are less fast than their MACs promise: thin layers wait for the memory
(lecture 04).

**EfficientNet** (Tan and Le 2019) asks how to make a net larger. You can make it deeper, wider, or give it larger
pictures. *By how much does the work grow if you double each one?* Then: *all three together, in fixed proportion*, by
$\alpha^\varphi$, $\beta^\varphi$ and $\gamma^\varphi$ with $\alpha = 1.2$, $\beta = 1.1$, $\gamma = 1.15$, chosen so
that $\alpha\,\beta^2\gamma^2\approx 2$. That is **compound scaling**.
"""

# %%
base = macs_of(on_meta(models.mobilenet_v2))
wider = macs_of(on_meta(models.mobilenet_v2, width_mult=2.0))
larger = macs_of(on_meta(models.mobilenet_v2), 448)
stage = nets["ResNet-34"].layer1
deeper = macs_of(nn.Sequential(*stage, *stage), 56, 64) / macs_of(stage, 56, 64)
print(f"MobileNetV2 twice as wide: {wider / base:.2f} times the work; with twice the side {larger / base:.2f}")
print(f"a stage of ResNet-34 twice as deep: {deeper:.2f}")
assert 3 < wider / base < 4.2
assert 3.9 < larger / base < 4.1
assert deeper == 2

alpha, beta, gamma = 1.2, 1.1, 1.15  # Tan and Le 2019, section 3.3
growth = alpha * beta**2 * gamma**2
family = []
for number in range(8):
    build = getattr(models, f"efficientnet_b{number}")
    size = models.get_model_weights(build).IMAGENET1K_V1.transforms.keywords["crop_size"]
    net = on_meta(build)
    published = models.get_model_weights(build).IMAGENET1K_V1.meta
    family.append((f"B{number}", size, count(net), macs_of(net, size), published["_metrics"]["ImageNet-1K"]["acc@1"]))
    assert count(net) == published["num_params"]
print(f"work per unit of φ by the formula: {growth:.2f}")
for name, size, parameters, work, accuracy_1 in family:
    phi = math.log(work / family[0][3]) / math.log(growth)
    bill = f"{parameters / 1e6:5.1f} M parameters, {work / 1e9:6.2f} GMACs"
    print(f"{name}: {size:3} pixels, {bill}, φ = {phi:.1f}, top-1 {accuracy_1:.1f} %")
assert 1.9 < growth < 2
assert all(a[3] < b[3] for a, b in pairwise(family))
assert 90 < family[7][3] / family[0][3] < 110
assert 6 < family[7][4] - family[0][4] < 7
assert family[7][4] - family[6][4] < 0.3

# %% [markdown]
r"""
Look at the first line: width and side count twice, depth once; hence the squares in $\alpha\,\beta^2\gamma^2$. Then
look at the family: from B0 to B7 a hundred times the work buys six or seven points, and the last step buys next to
nothing.

**ConvNeXt** (Liu et al. 2022) took ResNet-50 and changed it step by step into what was known by then: a 7×7 depthwise
layer, wide in the middle, layer norm in place of batch norm, GELU in place of ReLU, and fewer of both. Count, with work
held nearly equal:
"""

# %%


def census_of(net):
    """Return how often an activation is applied to one picture, and the numbers of normalisations and blocks."""
    fired = []
    for module in net.modules():
        if isinstance(module, (nn.ReLU, nn.GELU)):
            module.register_forward_hook(lambda module, given, returned: fired.append(returned.shape))
    with torch.no_grad():
        net(torch.empty(1, 3, 224, 224, device="meta"))
    norms = sum(isinstance(m, (nn.BatchNorm2d, nn.LayerNorm)) for m in net.modules())
    return len(fired), norms, sum(type(m).__name__ in ("Bottleneck", "CNBlock") for m in net.modules())


print(f"{'':12}{'parameters':>12}{'GMACs':>7}{'activations':>13}{'norms':>7}{'blocks':>8}")
census = {}
for name in ("ResNet-50", "ConvNeXt-T"):
    census[name] = census_of(on_meta(NETS[name][0]))
    fired, norms, blocks = census[name]
    print(f"{name:12}{measured[name][0]:>12,}{measured[name][1] / 1e9:>7.2f}{fired:>13}{norms:>7}{blocks:>8}")
assert census["ResNet-50"][0] == 1 + 3 * 16
assert census["ConvNeXt-T"][0] == census["ConvNeXt-T"][2] == 18
assert 0.9 < measured["ConvNeXt-T"][1] / measured["ResNet-50"][1] < 1.15

# %% [markdown]
r"""
Look at the activations: one per block instead of three. No transformer is needed for the accuracy of one; that was the
point of the paper.

At last all of them in one picture: the work, computed here, against the top-1 accuracy on ImageNet's validation
pictures, one net and one crop, as torchvision publishes it with its weights.
"""

# %%
fig, ax = plt.subplots(figsize=(8.8, 4.2))
SHIFT = {
    "VGG-16": (0, -22),
    "VGG-19": (0, 16),
    "ResNet-18": (10, -14),
    "ResNet-34": (26, -8),
    "GoogLeNet": (-4, 10),
    "ResNet-101": (0, -15),
    "ResNet-152": (36, -3),
    "ConvNeXt-T": (0, 12),
}
points = {}
for name, (build, _) in NETS.items():
    top1 = models.get_model_weights(build).IMAGENET1K_V1.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    points[name] = (measured[name][1] / 1e9, top1)
    colour = (
        plotting.VERMILLION if name[:3] in ("Ale", "VGG", "Goo") else plotting.BLUE if name.startswith("Res") else plotting.GREEN
    )
    ax.scatter(*points[name], s=measured[name][0] / 2.5e5, color=colour, alpha=0.55, edgecolor="white")
    ax.annotate(name, points[name], SHIFT.get(name, (0, 8)), textcoords="offset points", ha="center", fontsize=8)
chain = [points[name] for name in ("ResNet-18", "ResNet-34", "ResNet-50", "ResNet-101", "ResNet-152")]
ax.plot(*zip(*chain, strict=True), color=plotting.BLUE, lw=1)
for colour, era in ((plotting.VERMILLION, "2012 to 2014"), (plotting.BLUE, "ResNet, 2015"), (plotting.GREEN, "since 2018")):
    ax.scatter([], [], s=60, color=colour, alpha=0.55, edgecolor="white", label=era)
ax.legend(loc="lower right")
recipe_2 = models.ResNet50_Weights.IMAGENET1K_V2.meta["_metrics"]["ImageNet-1K"]["acc@1"]
ax.scatter(
    points["ResNet-50"][0], recipe_2, s=measured["ResNet-50"][0] / 2.5e5, facecolor="none", edgecolor=plotting.BLUE, lw=1.5
)
ax.annotate("ResNet-50, trained anew", (points["ResNet-50"][0], recipe_2), (9, -3), textcoords="offset points", fontsize=8)
ax.set(xscale="log", xlabel="GMACs for one picture", ylabel="top-1 accuracy (%)", ylim=(53, 86), xlim=(0.2, 40))
ax.set_xticks((0.3, 1, 3, 10, 30), ("0.3", "1", "3", "10", "30"))
ax.set_title("Less work and more accuracy: up and to the left (area: parameters)")
plotting.show(
    fig,
    "Top-1 accuracy against GMACs, area by parameters: AlexNet lowest; VGG at the far right with the largest circles at 72 per "
    "cent; the ResNets on a line rising from 70 to 78; MobileNetV2 and EfficientNet-B0 far left at 72 and 78; ConvNeXt highest. "
    "An empty circle above ResNet-50 is the same net, trained anew.",
)
print(f"ResNet-50 as published {points['ResNet-50'][1]:.1f} %, the same net with a better training recipe {recipe_2:.1f} %")
assert points["ResNet-18"][1] < points["ResNet-34"][1] < points["ResNet-50"][1] < points["ResNet-152"][1]
assert points["EfficientNet-B0"][0] < 0.1 * points["ResNet-50"][0]
assert points["EfficientNet-B0"][1] > points["ResNet-50"][1]
assert points["VGG-16"][0] > 50 * points["MobileNetV2"][0]
assert abs(points["VGG-16"][1] - points["MobileNetV2"][1]) < 0.5
assert recipe_2 > points["ResNet-50"][1] + 4

# %% [markdown]
r"""
Look at VGG-16 and MobileNetV2: the same accuracy, fifty times less work. And look at the empty circle: ResNet-50 gained
more than four points by training alone, with longer schedules and stronger augmentation (lecture 10). Whenever you
compare two architectures, ask whether they were trained alike. Part of what is credited to new blocks is owed to new
recipes (Wightman, Touvron and Jégou 2021).

> **Check yourself.** You have a classifier of dogs on 96×96 pictures that must run on a phone, and 2000 photographs.
> Which net of this lecture do you take, and do you train it from scratch?
>
> <details><summary>Answer</summary>
>
> One on the upper left: MobileNetV2 or EfficientNet-B0. And not from scratch: millions of weights, 2000 pictures.
> Lecture 11 takes weights that have seen ImageNet and replaces the head.
>
> </details>

## Common mistakes

- **"VGG has 138 million parameters, GoogLeNet 4 million."** VGG-16 has 138; GoogLeNet has between 5.6 and 7.0 without its
  auxiliary heads, 13.0 with them. Say which net, and count.
- **"27 weights against 49."** That is per pair of channels; with $C$ channels say $27C^2$ against $49C^2$.
- **"Padding widens the receptive field."** It lets the field reach outside the picture. Compute it without $p$.
- **"The gradient of a residual block cannot vanish."** It does where $\partial F/\partial x = -I$. The shortcut gives
  a direct path, no more.
- **"A ResNet is an unrolled RNN", or "ResNet-1024".** Each block has its own weights, and no net has that name. Look the depth
  up.
- **"Deep plain nets overfit."** Their *training* loss is bad. Look at it before you speak of overfitting.
- **An activation between sum and shortcut in the wrong place.** The stream can only grow. In ResNet the last ReLU comes *after*
  the sum.
- **A shortcut that forgets the stride,** or a projection in every block. The sum fails, or parameters are too many. A projection
  is needed only where the shape changes.
- **Concatenation and addition confused.** The next layer meets another number of channels. Inception stacks channels, ResNet
  adds maps.
- **A net that loads strictly is taken for right.** What has no weights is not in the state dict. Compare logits in
  `eval()`.
- **MACs taken for seconds.** Two nets of equal work can differ in time. Count for the plan, measure for the clock.

Two of them deserve a look: the activation in the wrong place, and concatenation taken for addition.
The seventh and the ninth deserve a look.
"""

# %%
x = torch.randn(1, 4, 5, 5, generator=generator)
correction = torch.randn(1, 4, 5, 5, generator=generator)
after_sum, before_sum = F.relu(x + correction), x + F.relu(correction)
print(f"smallest value with the ReLU after the sum {after_sum.min():.2f}, before it {before_sum.min():.2f}")
stream = torch.ones(1, 1, 1, 1)
for _ in range(20):
    stream = stream + F.relu(torch.ones(1, 1, 1, 1) * 0.5)  # a correction that can only add
print(f"20 blocks whose correction cannot be negative: 1 has become {stream.item():.0f}")
assert (before_sum >= x).all()
assert not torch.equal(after_sum, before_sum)
assert stream.item() == 11

joined, added = torch.cat([x, correction], dim=1), x + correction
print(f"concatenated {tuple(joined.shape)}, added {tuple(added.shape)}")
assert joined.shape[1] == 2 * added.shape[1]

# %% [markdown]
r"""
Look at the second line: with a ReLU inside, the correction can only push upwards, and the stream grows from block to
block.

## Summary

- Classical nets follow $((\text{conv}\to\text{act})\cdot k\to\text{pool})\cdot m\to\text{dense}$; half the side, twice
  the channels, equal work. Dense layers hold the parameters, convolutions do the work; a global average removes the
  dense layers.
- 3×3 stacks see as much as large kernels for less. 1×1 layers make a waist; $n\times1$ and $1\times n$ save $n/2$;
  Inception runs kernel sizes side by side and concatenates.
- Deep plain nets fail in *training*. $y = x + F(x)$ repairs it: the identity is easy, $\partial y/\partial x = I +
  \partial F/\partial x$, gradients keep their size and their meaning, and blocks become corrections that the net can
  spare.
- That gradient can vanish. Nothing is guaranteed; a path is provided.
- Bottleneck: four times the width for the same work. ResNet-18 to 152 differ in the number and kind of blocks.
- Depthwise-separable nets moved the work into 1×1 layers. Compound scaling grows all sides together. The recipe counts
  as much as the net.

## References

- Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", *Proceedings of
  the IEEE* 86(11), 1998 (doi:10.1109/5.726791): LeNet-5, section II.B and table I.
- O. Russakovsky et al., "ImageNet large scale visual recognition challenge", *IJCV* 115, 2015 (arXiv:1409.0575): the
  contest, its results up to 2014, and the human error. Results of 2016: image-net.org/challenges/LSVRC/2016/results.
- A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", *NeurIPS*
  2012. A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014 (arXiv:1404.5997): the
  AlexNet of torchvision.
- M. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", *ECCV* 2014 (arXiv:1311.2901): ZFNet.
- K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", *ICLR* 2015
  (arXiv:1409.1556).
- M. Lin, Q. Chen, S. Yan, "Network in network", *ICLR* 2014 (arXiv:1312.4400): 1×1 convolutions and the global average.
- C. Szegedy et al., "Going deeper with convolutions", *CVPR* 2015 (arXiv:1409.4842): GoogLeNet, table 1. C. Szegedy et
  al., "Rethinking the Inception architecture for computer vision", *CVPR* 2016 (arXiv:1512.00567): $n\times1$ and
  $1\times n$.
- K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", *CVPR* 2016 (a, arXiv:1512.03385).
  The same, "Identity mappings in deep residual networks", *ECCV* 2016 (b, arXiv:1603.05027): pre-activation.
- R. K. Srivastava, K. Greff, J. Schmidhuber, "Highway networks", 2015 (arXiv:1505.00387). K. Greff, R. K. Srivastava,
  J. Schmidhuber, "Highway and residual networks learn unrolled iterative estimation", *ICLR* 2017 (arXiv:1612.07771).
- A. Veit, M. Wilber, S. Belongie, "Residual networks behave like ensembles of relatively shallow networks", *NeurIPS*
  2016 (arXiv:1605.06431): paths, and blocks taken out.
- D. Balduzzi et al., "The shattered gradients problem", *ICML* 2017 (arXiv:1702.08591).
- G. Yang et al., "A mean field theory of batch normalization", *ICLR* 2019 (arXiv:1902.08129): gradients that grow with
  depth.
- H. Zhang, Y. Dauphin, T. Ma, "Fixup initialization: residual learning without normalization", *ICLR* 2019
  (arXiv:1901.09321).
- J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks", *CVPR* 2018 (arXiv:1709.01507): SENet.
- A. Howard et al., "MobileNets", 2017 (arXiv:1704.04861). M. Sandler et al., "MobileNetV2", *CVPR* 2018
  (arXiv:1801.04381).
- M. Tan, Q. Le, "EfficientNet: rethinking model scaling for convolutional neural networks", *ICML* 2019
  (arXiv:1905.11946).
- Z. Liu et al., "A ConvNet for the 2020s", *CVPR* 2022 (arXiv:2201.03545): ConvNeXt.
- R. Wightman, H. Touvron, H. Jégou, "ResNet strikes back", 2021 (arXiv:2110.00476): the recipe counts.
- torchvision, "Models and pre-trained weights" (docs.pytorch.org/vision): the accuracies of the last figure.
- H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", 2017 (arXiv:1708.07747): the pictures.

## Your turn

[Assignment 09](../assignments/09_lenet_to_resnet/09_lenet_to_resnet.ipynb), about four hours: you write LeNet-5, a VGG block, an
Inception block, both residual blocks and a ResNet-18 that loads torchvision's weights, and measure the gradient at every
convolution. Next comes [lecture 10](10_augmentation.ipynb): more from the same pictures.
"""
