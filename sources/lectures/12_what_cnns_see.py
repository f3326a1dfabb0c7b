# %% [markdown]
r"""
# 12 · What CNNs see

A network says "Egyptian cat", and it is right. *Because of the ears? The fur? The sofa that cats lie on?* Its answer does
not say. This lecture opens a network that was trained on a million photographs and asks it three questions: what makes a
unit fire, which pixels carried this answer, and how far can a unit see at all? Each answer is a picture, and pictures
persuade. So every method is first built by hand, then held against an independent implementation, then put to a test that
it might fail.

**After this lecture you can**

- read the first layer's filters as colours and edges, and say why the second layer's cannot be read;
- take feature maps out of a network with hooks, and leave the network as it was;
- compute [occlusion](../glossary.ipynb#occlusion-map) maps, [saliency](../glossary.ipynb#saliency) and
  [Grad-CAM](../glossary.ipynb#grad-cam), and say what each of them measures;
- make a picture that excites a channel or a class, and say which tricks make it look natural;
- compute a receptive field by recurrence and measure the effective one by gradients;
- test such pictures: with weights made random, with pixels deleted, with a picture whose truth you know.

**Time:** about 90 minutes to read, predict and run; the code itself needs one to two minutes. **You need** lectures 04 and
05, and 11 for the network. Afterwards:
[assignment 12](../assignments/12_what_cnns_see/12_what_cnns_see.ipynb).
"""

# %%
import copy
import math

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from captum import attr
from IPython.display import Markdown, display
from PIL import Image
from torch import nn

from cnnkit import backbones, data, plotting, training

plotting.use_style()
plt.rcParams["figure.dpi"] = 80  # many pictures, and the notebook stays small
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32
device = training.default_device()
generator = torch.Generator().manual_seed(12)
print(f"the network runs on: {device}")


def gallery(pictures, titles, columns, alt, colours=64):
    """Show uint8 pictures (H, W, 3) of one size in so many common colours, which keeps the notebook small."""
    strip = Image.fromarray(np.concatenate(pictures, axis=1))
    strip = np.asarray(strip.quantize(colours, dither=Image.Dither.NONE).convert("RGB"))
    with plt.rc_context({"image.interpolation": "nearest"}):
        plotting.show_images(np.split(strip, len(pictures), axis=1), titles, columns, alt=alt)


def as_picture(x):
    """Undo the preprocessing of one picture: (3, H, W) of about -1 … 1 to uint8 (H, W, 3)."""
    return (x * 128 + 127).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()


# %% [markdown]
r"""
## A network to look into

EfficientNet-Lite0, the network of lecture 11: a first convolution (the *stem*), seven groups of blocks, a last 1×1
convolution to 1280 channels, a global average, one dense layer to the 1000 classes of ImageNet. We do not train it. Its
parameters need no gradient: all gradients of this lecture are gradients with respect to the *picture*.
"""

# %%
model = backbones.efficientnet_lite0().requires_grad_(False).to(device, memory_format=torch.channels_last)
CLASSES = backbones.IMAGENET_CLASSES
CAT, ESPRESSO = CLASSES.index("Egyptian cat"), CLASSES.index("espresso")


def prepared(name, size=224):
    """Return a photograph of cnnkit.data as the network takes it, grey ones with three equal channels."""
    picture = data.photograph(name)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    return backbones.preprocess(picture, size).to(device)


def best(x, k=3):
    """Return the k most probable classes as lines of text."""
    with torch.no_grad():
        values, indices = model(x).softmax(dim=1)[0].topk(k)
    return "\n".join(f"{CLASSES[i]} {v:.2f}" for v, i in zip(values.tolist(), indices.tolist(), strict=True))


names = ("chelsea", "coffee", "camera", "rocket", "astronaut")
photographs = {name: prepared(name) for name in names}
gallery(
    [as_picture(F.avg_pool2d(x, 2)[0]) for x in photographs.values()],
    [best(x) for x in photographs.values()],
    5,
    "Five photographs, a cat, a cup of coffee, a man with a camera, a rocket, an astronaut, with the network's three guesses.",
)
cat = photographs["chelsea"]
assert best(cat, 1).startswith("Egyptian cat")
assert best(photographs["coffee"], 1).startswith("espresso")
assert best(photographs["camera"], 1).startswith("tripod")
assert best(photographs["astronaut"], 1).startswith("bobsled")

# %% [markdown]
r"""
Look at the last one: "bobsled". There is no astronaut among the thousand classes, but why a bobsled? We shall ask.

What happens between picture and answer passes through layers and is thrown away. A **forward hook** is a function that
torch calls each time a layer has computed its output. It is how one looks inside without rewriting the network.
"""

# %%
sizes = {}


def note(layer, inputs, output):
    sizes[layer] = tuple(output.shape[1:])


layers = {"stem": model.bn1} | {f"blocks[{k}]": block for k, block in enumerate(model.blocks)} | {"last 1×1": model.bn2}
handles = [layer.register_forward_hook(note) for layer in layers.values()]
with torch.no_grad():
    model(cat)
for handle in handles:
    handle.remove()

lines = ["| layer | channels | rows × columns | one cell per … pixels |", "|---|---|---|---|"]
for name, layer in layers.items():
    channels, rows, columns = sizes[layer]
    lines.append(f"| {name} | {channels} | {rows} × {columns} | {224 // rows} × {224 // rows} |")
display(Markdown("\n".join(lines)))
assert sizes[model.bn1] == (32, 112, 112)
assert sizes[model.blocks[4]] == (112, 14, 14)
assert sizes[model.bn2] == (1280, 7, 7)

# %% [markdown]
r"""
Look at the two middle columns: what is lost in rows and columns is gained in channels. The last column will matter: from
the last layer nobody can say *where* more finely than in squares of 32 × 32 pixels.

Two things go wrong with hooks. A hook that is not removed stays: it is called for ever after, by whoever uses the model
next, and what it collects is never freed. *And what if `model.train()` was called before the look inside?* Then batch norm
uses the statistics of your one picture, and keeps a piece of them.
"""

# %%
collected = []
handle = model.blocks[0].register_forward_hook(lambda layer, inputs, output: collected.append(output))
with torch.no_grad():
    for _ in range(3):
        model(cat)
megabytes = sum(maps.numel() * maps.element_size() for maps in collected) / 1e6
print(f"a forgotten hook after three pictures: {len(collected)} outputs, {megabytes:.1f} MB")
handle.remove()
with torch.no_grad():
    model(cat)
assert len(collected) == 3  # the hook is gone
collected.clear()

spoiled = copy.deepcopy(model).train()
with torch.no_grad():
    expected, in_training = model(cat), spoiled(cat)
    afterwards = spoiled.eval()(cat)
print("eval mode says", CLASSES[expected.argmax()])
print("training mode says", CLASSES[in_training.argmax()])
moved = (spoiled.bn1.running_mean - model.bn1.running_mean).abs().max().item()
print(f"running means of the stem moved by up to {moved:.2f}; back in eval mode logits differ by up to", end=" ")
print(f"{(afterwards - expected).abs().max():.2f}")
assert CLASSES[in_training.argmax()] != CLASSES[expected.argmax()]
assert moved > 0.01
assert (afterwards - expected).abs().max() > 0.05

# %% [markdown]
r"""
Look at the last line: one glance in training mode, and the network is another one, for good. Whoever looks inside uses
`eval()`, and puts back the mode that was found.

## First-layer filters

The kernels of the first layer, mostly called filters here, have three input channels: red, green and blue. So each of them *is*
a small picture. It is even a special one: among all patches of the same length, the patch that is the kernel itself gets the
largest answer, since $w^\top x \le |w|\,|x|$ with equality where $x$ points along $w$. So take the kernel for a piece of a
prepared picture, stretch it to the range of the pixels, and undo the preparation: zero becomes grey. *What do you expect?
Edges? Colours? Noise?*
"""

# %%
kernels = model.conv_stem.weight.detach().cpu()  # (32, 3, 3, 3)
norms = kernels.flatten(1).norm(dim=1)
dead = norms < 0.01
largest = kernels.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=0.01)  # a dead kernel is not blown up
gallery(
    [as_picture(k / top) for k, top in zip(kernels, largest, strict=True)],
    [f"{k}: zero" if dead[k] else str(k) for k in range(32)],
    11,
    "The 32 kernels of the first layer as colour pictures of 3 by 3: upright, level and slanted edges in light and dark, and "
    "plain patches of green, blue, violet, orange; four are empty.",
    colours=256,
)
print(f"kernels whose weights are all but zero: {torch.where(dead)[0].tolist()}")
assert dead.sum() == 4
assert norms[~dead].min() > 0.3

# %% [markdown]
r"""
Look at three kinds: edges, light against dark in some direction; plain patches of one colour; and four that learned nothing
at all. Training switched them off, and nobody noticed. (Scale each kernel by its own largest weight, as one is tempted to,
and these four turn into splendid pictures of rounding errors.)

To *see* an edge in nine pixels is generous. So measure, as Hubel and Wiesel did with their cats (lecture 01): show stripes
in all directions and write down how strongly each filter answers. For stripes of light and dark with frequency
$(f_y, f_x)$ the strength of a linear filter is the size of its Fourier transform, $|\sum_{k,l} w_{kl}\,
e^{-2\pi i (k f_y + l f_x)}|$.
"""

# %%
alive = torch.where(~dead)[0]
angles = torch.linspace(0, math.pi, 37)[:-1]
WAVELENGTH = 4.0  # pixels
taps = torch.arange(3.0) - 1
phase = (torch.sin(angles)[:, None, None] * taps[:, None] + torch.cos(angles)[:, None, None] * taps) * 2 * math.pi / WAVELENGTH
stripes = torch.polar(torch.ones_like(phase), -phase)  # (36, 3, 3), the wave travels towards the angle


def tuning(w):
    """Return how strongly kernels (K, 3, 3, 3) answer to grey stripes travelling towards each angle: (K, 36)."""
    return torch.einsum("kyx,ayx->ka", w.sum(dim=1).to(stripes.dtype), stripes).abs()


learned = tuning(kernels)
untrained = tuning(torch.randn(1000, 3, 3, 3, generator=generator))


def selectivity(answers):
    """Return (strongest - weakest) / (strongest + weakest) over the angles: 0 for no preference, 1 for one direction only."""
    return (answers.amax(1) - answers.amin(1)) / (answers.amax(1) + answers.amin(1))


grey_share = 3 * kernels.mean(dim=1).square().sum(dim=(1, 2)) / kernels.square().sum(dim=(1, 2, 3)).clamp(min=1e-9)
sees_grey = alive[grey_share[alive] > 0.1]
fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.1))
for k in (0, 5, 30):
    axes[0].plot(angles.rad2deg(), learned[k] / learned[k].max(), label=f"kernel {k}")
axes[0].set(xlabel="direction across the stripes (degrees)", ylabel="answer, largest = 1", ylim=(0, 1.05))
axes[0].set_title("Three kernels: each has its direction")
axes[0].legend()
bins = np.linspace(0, 1, 11)
axes[1].hist(selectivity(untrained), bins, density=True, color=plotting.GREY, alpha=0.5, label="random numbers")
axes[1].hist(selectivity(learned[sees_grey]), bins, density=True, histtype="step", lw=2, label=f"{len(sees_grey)} learned")
axes[1].set(xlabel="selectivity", ylabel="density", ylim=(0, 2.6), title="Selective? Random kernels are more so")
axes[1].legend(loc="upper center", ncols=2)
plotting.show(
    fig,
    "Left: tuning curves of three kernels with peaks in different directions. Right: histograms of selectivity for learned "
    "and for random kernels, which overlap; the random ones lie further to the right.",
)
medians = selectivity(learned[sees_grey]).median().item(), selectivity(untrained).median().item()
print(f"median selectivity: learned {medians[0]:.2f}, random {medians[1]:.2f}")
peaks = learned.argmax(dim=1)[[0, 5, 30]] * 5
print("preferred directions of kernels 0, 5, 30:", peaks.tolist(), "degrees")
assert len(sees_grey) > 15
assert medians[0] < medians[1]
assert len({int(p) // 20 for p in peaks}) == 3

# %% [markdown]
r"""
Look at the right half before you believe the left one: kernels drawn at random prefer directions even more. Nine numbers
nearly always do. A preferred direction is no proof of learning; so much for edges "found" in a picture of 3 × 3. This is the
first of several baselines in this lecture, and the habit is worth more than the result.

What about the patches of colour? Here the baseline says something else. A kernel whose three channels sum to zero cannot
see a grey picture at all.
"""

# %%
colourful = alive[grey_share[alive] < 0.1]
random_kernels = torch.randn(1000, 3, 3, 3, generator=generator)
random_share = 3 * random_kernels.mean(dim=1).square().sum(dim=(1, 2)) / random_kernels.square().sum(dim=(1, 2, 3))
print(f"share of a kernel that sees grey: random kernels {random_share.mean():.2f} on average")
print(f"learned kernels with less than 0.1: {colourful.tolist()}, {len(colourful) / len(alive):.0%} of those alive;", end=" ")
print(f"random kernels: {(random_share < 0.1).float().mean():.0%}")
grey_cat = cat.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
with torch.no_grad():
    spread = {kind: model.conv_stem(x)[0].std(dim=(1, 2)).cpu() for kind, x in {"in colour": cat, "in grey": grey_cat}.items()}
lost = 1 - spread["in grey"][colourful] / spread["in colour"][colourful]
print(f"without colour these kernels lose {lost.min():.0%} to {lost.max():.0%} of their answer to the cat")
assert 0.28 < random_share.mean() < 0.38
assert len(colourful) >= 4
assert len(colourful) / len(alive) > 5 * (random_share < 0.1).float().mean()
assert lost.min() > 0.3

# %% [markdown]
r"""
Look at the percentages: kernels blind to light and dark are rare by chance, and common here. The net has divided its work:
some kernels for brightness, some for colour. Zeiler and Fergus (2014) and Krizhevsky (2012) saw the same in AlexNet's
larger kernels, where one also sees that the edges are real.

> **Check yourself.** Why not draw the kernels of the *second* layer in the same way?
>
> <details><summary>Answer</summary>
>
> A kernel lives on the channels of the layer below. The next kernels here are 3×3 on *one* of 32 maps (depthwise) and then
> 1×1 on all 32: a list of 32 numbers that weigh maps, not colours. Pixels are the only channels that our eyes know. From
> the second layer on one has to look at what a unit *does*.
>
> </details>
"""

# %%
first = model.blocks[0][0]
print("depthwise:", tuple(first.conv_dw.weight.shape), " pointwise:", tuple(first.conv_pw.weight.shape))
assert first.conv_dw.weight.shape == (32, 1, 3, 3)
assert first.conv_pw.weight.shape == (16, 32, 1, 1)

# %% [markdown]
r"""
## Feature maps

A channel's output for one picture is a plane of numbers: its **feature map**. Before we look at many, one number by hand.
Row 40, column 30 of map 0: the window of the picture, times the kernel, batch norm with its running statistics, ReLU6.
(This network pads only at the right and lower edge, so the window begins at row 80 and column 60.)
"""

# %%
i, j, channel = 40, 30, 0
window = cat[0, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]  # stride 2
total = (window * model.conv_stem.weight[channel]).sum()
norm = model.bn1
scaled = (total - norm.running_mean[channel]) / (norm.running_var[channel] + norm.eps).sqrt()
value = (scaled * norm.weight[channel] + norm.bias[channel]).clamp(0, 6)
with torch.no_grad():
    stem_maps = model.bn1(model.conv_stem(cat))[0]  # (32, 112, 112)
print(f"by hand {value:.4f}, in the feature map {stem_maps[channel, i, j]:.4f}")
assert torch.allclose(value, stem_maps[channel, i, j], atol=1e-3)

# %%
chosen = (0, 5, 2, 6, 3, 20, 26, 11)
plotting.show_images(
    [stem_maps[k].cpu() for k in chosen],
    [f"map {k}" for k in chosen],
    columns=8,
    limits=(0, 6),
    alt="Eight maps of the first layer for the cat: edges in two directions, the whole cat in grey, its negative, nearly empty "
    "ones, one in which only the eyes are bright, and one that is black everywhere.",
)
silent = (stem_maps == 0).float().mean(dim=(1, 2)).cpu()
print(f"map 20: {silent[20]:.0%} zeros; map 11: {silent[11]:.0%}")
assert silent[11] == 1
assert 0.95 < silent[20] < 1

# %% [markdown]
r"""
Look at map 20: it is black, but for the eyes. *Has the first layer learned an eye detector?* It would be in every
presentation. But a kernel of 3 × 3 pixels cannot know an eye. Before you name a unit, try to prove the name wrong. An eye
in grey is still an eye; an eye upside down, too.
"""

# %%
with torch.no_grad():
    views = {"as it is": cat, "in grey": grey_cat, "upside down": cat.flip(2), "red and green exchanged": cat[:, [1, 0, 2]]}
    answers = {name: model.bn1(model.conv_stem(x))[0, 20].cpu() for name, x in views.items()}
plotting.show_images(
    list(answers.values()),
    list(answers),
    columns=6,
    limits=(0, 6),
    alt="Map 20 for the cat as it is and upside down: black but for the eyes; in grey: nearly one even tone; with red and "
    "green exchanged: white but for the eyes.",
)
eyes = answers["as it is"] > 0
print(f"the eyes are {eyes.float().mean():.1%} of the map")
tones = {}
for name, plane in answers.items():
    there = eyes.flip(0) if name == "upside down" else eyes
    tones[name] = plane[there].mean().item(), plane[~there].mean().item()
    print(f"{name:24} mean at the eyes {tones[name][0]:.2f}, elsewhere {tones[name][1]:.2f}")
w20 = kernels[20].sum(dim=(1, 2))
print("the kernel's weights summed over its window, red, green, blue:", [round(v, 1) for v in w20.tolist()])
assert eyes.float().mean() < 0.05
assert tones["upside down"][0] > 0.5 > 0.1 > tones["upside down"][1]
assert min(tones["in grey"]) > 0.8 * max(tones["in grey"])
assert tones["red and green exchanged"][1] > tones["red and green exchanged"][0]
assert w20[1] > 0 > w20[0]

# %% [markdown]
r"""
Look at grey: nearly one tone, and the eyes no brighter than the rest. Look at the exchanged colours: everything but the
eyes. Map 20 says "not redder than green", and in this photograph only the eyes are not. One picture gives a hypothesis; the
pictures that would refute it must be looked for.

Deeper down the maps get smaller. Here are the three channels of each group that vary most on this photograph. (The blocks of
this network end without an activation, so their maps have both signs: orange above zero, violet below.)
"""

# %%
maps = {}
with torch.no_grad():
    h = model.bn1(model.conv_stem(cat))
    for k, block in enumerate(model.blocks):
        h = block(h)
        maps[k] = h[0].cpu()
few_shades = plt.get_cmap(plotting.DIVERGING, 33)
fig, axes = plt.subplots(3, 6, figsize=(8.8, 4.9))
for column, k in enumerate((0, 1, 2, 4, 5, 6)):
    most = maps[k].var(dim=(1, 2)).topk(3).indices
    for ax, c in zip(axes[:, column], most.tolist(), strict=True):
        bound = maps[k][c].abs().max()
        ax.imshow(maps[k][c], cmap=few_shades, vmin=-bound, vmax=bound, interpolation="nearest")
        ax.set_axis_off()
        ax.set_title(f"channel {c}", fontsize=8, loc="center", pad=2)
    rows, columns = maps[k].shape[1:]
    axes[0, column].set_title(f"blocks[{k}]: {rows}×{columns}\nchannel {most[0]}", fontsize=8, loc="center", pad=2)
plotting.show(
    fig,
    "Feature maps of six groups of blocks. At first the cat's outline and stripes can be seen, in the middle rough patches at "
    "eyes and nose, in the end seven by seven squares in which no cat can be recognised.",
)

# %% [markdown]
r"""
Look from left to right: what you recognise is gone half-way, while the network's answer is only being made. A cell of the
last map is no longer "what is here" but "how much of something is around here".

Is it right? We took these maps by walking through the layers. captum, a library of such methods, takes them with hooks.
"""

# %%
for k in (1, 4, 6):
    by_captum = attr.LayerActivation(model, model.blocks[k]).attribute(cat)[0].cpu()
    assert torch.allclose(by_captum, maps[k], atol=1e-4)
    print(f"blocks[{k}]: largest difference from captum {(by_captum - maps[k]).abs().max():.1e}")

# %% [markdown]
r"""
One trap is left. Many networks save memory with `inplace=True`: the activation overwrites the very tensor that your hook
has kept. *What does the hook hold in the end?*
"""

# %%
torch.manual_seed(0)
small = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)).to(device)
kept = {}
handle = small[0].register_forward_hook(
    lambda layer, inputs, output: kept.update(same=output.detach(), copied=output.detach().clone())
)
small(cat)
handle.remove()
print(f"smallest value in what was kept: {kept['same'].min():.2f}; in a copy made at once: {kept['copied'].min():.2f}")
assert kept["same"].min() == 0 > kept["copied"].min()

# %% [markdown]
r"""
Look at the first number: the output of a *convolution* without a negative value. `detach()` shares memory; `clone()` does
not.
"""

# %% [markdown]
r"""
## Occlusion

Second question: which pixels carried this answer? The most direct way to find out: hide a part and ask again (Zeiler and
Fergus 2014). To see whether an answer is right we need a picture whose truth we know. So we paste two photographs side by
side: left coffee, right the cat.
"""

# %%
halves = [data.photograph(name, size=224) for name in ("coffee", "chelsea")]
halves = [half[:, (half.shape[1] - 112) // 2 :][:, :112] for half in halves]
pair = backbones.preprocess(np.concatenate(halves, axis=1)).to(device, memory_format=torch.channels_last)
with torch.no_grad():
    logits = model(pair)[0]
    probability = logits.softmax(dim=0)
print(best(pair, 4))
assert {CAT, ESPRESSO} == set(logits.topk(2).indices.tolist())

hidden = pair.clone()
hidden[:, :, 64:112, 112:160] = 0  # zero is grey after preprocessing
with torch.no_grad():
    without_eye = model(hidden).softmax(dim=1)[0]
gallery(
    [as_picture(pair[0]), as_picture(hidden[0])],
    [f"cat {p[CAT]:.2f}, espresso {p[ESPRESSO]:.2f}" for p in (probability, without_eye)],
    4,
    "Left half a cup of coffee, right half half a cat's face; and the same picture with a grey square over the cat's eye.",
)
drop = (probability - without_eye).cpu()
print(f"without the eye: cat loses {drop[CAT]:.2f}, espresso loses {drop[ESPRESSO]:.2f}")
assert drop[CAT] > 0.05
assert drop[CAT] > drop[ESPRESSO]

# %% [markdown]
r"""
Look at the two numbers above the pictures. They cannot move alone: probabilities sum to one, and what the cat loses others
get. Logits are free of that. *Hide every place in turn, and write down how much each class loses: for which of the two will
the map look different?* All hidden versions go through the network as one batch.
"""

# %%
SIDE, STEP = 32, 16
corners = [(r, c) for r in range(0, 224 - SIDE + 1, STEP) for c in range(0, 224 - SIDE + 1, STEP)]
keep = torch.ones(len(corners), 1, 224, 224, device=device)
for mask, (r, c) in zip(keep, corners, strict=True):
    mask[:, r : r + SIDE, c : c + SIDE] = 0
with torch.no_grad():
    hidden_logits = torch.cat([model((pair * part).contiguous(memory_format=torch.channels_last)) for part in keep.split(13)])
across = math.isqrt(len(corners))
losses = {}
for name, c in (("cat", CAT), ("espresso", ESPRESSO)):
    losses[f"{name}: logit"] = (logits[c] - hidden_logits[:, c]).view(across, across).cpu()
    by_probability = probability[c] - hidden_logits.softmax(dim=1)[:, c]
    losses[f"{name}: probability"] = by_probability.view(across, across).cpu()

fig, axes = plt.subplots(1, 4, figsize=(9.2, 2.8))
for ax, (name, loss) in zip(axes, losses.items(), strict=True):
    bound = loss.abs().max()
    ax.imshow(loss, cmap=plotting.DIVERGING, vmin=-bound, vmax=bound)
    ax.axvline(6, color=plotting.GREY, lw=1, ls="--")
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"{name}, up to {bound:.2g}", fontsize=9, loc="center")
    ax.grid(False)
fig.suptitle("Orange: the class loses if this is hidden. Violet: it gains.", x=0.01, ha="left", fontsize=11)
plotting.show(
    fig,
    "Four occlusion maps with the seam of the two photographs as a dashed line. Cat: losses at the eye, to the right of it. "
    "Espresso: losses at the cup, and gains where the cat is hidden.",
)


def share_on_the_right(heat):
    """Return the share of the positive heat (H, W) right of the middle; a middle column counts for neither side."""
    heat = heat.clamp(min=0)
    half = heat.shape[1] // 2
    left, right = heat[:, :half].sum(), heat[:, -half:].sum()
    return (right / (left + right)).item()


for name, loss in losses.items():
    print(f"{name:22} {share_on_the_right(loss):.0%} of the loss lies on the cat's side")
assert all(share_on_the_right(loss) > 0.65 for name, loss in losses.items() if "cat" in name)
assert all(share_on_the_right(loss) < 0.35 for name, loss in losses.items() if "espresso" in name)

# %% [markdown]
r"""
Look at the sides: the method passes its test, each class on its own half. (The middle column of squares lies across the seam
and is not counted.) Orange is loss, violet is gain: hiding the cat *helps* espresso.

captum's `Occlusion` gives each pixel the average loss over the squares that covered it. With squares that do not overlap
that is the loss itself. Are we right?
"""

# %%
TILE = 56
tiles = [(r, c) for r in range(0, 224, TILE) for c in range(0, 224, TILE)]
by_hand = torch.zeros(224, 224)
with torch.no_grad():
    for r, c in tiles:
        hidden = pair.clone()
        hidden[:, :, r : r + TILE, c : c + TILE] = 0
        by_hand[r : r + TILE, c : c + TILE] = (logits[CAT] - model(hidden)[0, CAT]).cpu()
occlusion = attr.Occlusion(model)
options = {"sliding_window_shapes": (3, TILE, TILE), "strides": (3, TILE, TILE), "target": CAT, "perturbations_per_eval": 4}
by_captum = occlusion.attribute(pair, baselines=0, **options)[0].cpu()
print(f"largest difference from captum: {(by_captum - by_hand).abs().max():.1e}, largest loss {by_hand.max():.2f}")
assert torch.allclose(by_captum, by_hand.expand(3, -1, -1), atol=1e-3)

# %% [markdown]
r"""
They agree. But *hidden by what?* A grey square is not "nothing": it is a grey square with four sharp edges, a thing that the
network has its own opinion about. Hide with other things, and compare the maps.
"""

# %%
blurred = F.interpolate(F.avg_pool2d(pair, 32), size=224, mode="bilinear", align_corners=False)
fills = {"grey (0)": 0, "black": -127 / 128, "white": 1.0, "blurred picture": blurred}
with torch.no_grad():
    maps_by_fill = {
        name: occlusion.attribute(pair, baselines=fill, **options)[0, 0, ::TILE, ::TILE].cpu() for name, fill in fills.items()
    }
fig, axes = plt.subplots(1, 4, figsize=(9.2, 2.5))
bound = max(plane.abs().max() for plane in maps_by_fill.values())
for ax, (name, plane) in zip(axes, maps_by_fill.items(), strict=True):
    shown = ax.imshow(plane, cmap=plotting.DIVERGING, vmin=-bound, vmax=bound)
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"cat, hidden by: {name}", fontsize=9, loc="center")
    ax.grid(False)
fig.colorbar(shown, ax=axes, label="loss of logit")
plotting.show(fig, "Occlusion maps of 4 by 4 squares for four fillings. The largest losses stay on the right, values differ.")
flat = torch.stack([plane.flatten() for plane in maps_by_fill.values()])
correlations = torch.corrcoef(flat)
print("correlation with grey:", {name: round(c, 2) for name, c in zip(fills, correlations[0].tolist(), strict=True)})
assert correlations[0, 1:].min() < 0.97

# %% [markdown]
r"""
Look at the correlations: similar maps, not the same. The filling is a part of the question, and so is the size of the
square: what is smaller than the square cannot be located, and what two squares show twice (two eyes!) is not missed when
one of them is hidden. Say both when you show an occlusion map.

> **Check yourself.** A picture of 224 × 224, squares of 32 at steps of 8: how many times does the network run?
>
> <details><summary>Answer</summary>
>
> $\lfloor(224-32)/8\rfloor + 1 = 25$ positions along each side, $625$ in all, and once more without a square. Occlusion is
> honest and slow.
>
> </details>
"""

# %%
assert len([(r, c) for r in range(0, 224 - 32 + 1, 8) for c in range(0, 224 - 32 + 1, 8)]) == 625

# %% [markdown]
r"""
## Saliency

Hundreds of runs, for squares. *Can one have every pixel in a single run?* If the network were linear, $z = w^\top x + b$,
the weight of a pixel would say it all. It is not linear, but near one picture it nearly is:

$$z_c(x + \delta) \approx z_c(x) + \sum_p \frac{\partial z_c}{\partial x_p}\,\delta_p .$$

The gradient of the class's logit with respect to the picture costs one run forward and one back. **Saliency** (Simonyan,
Vedaldi and Zisserman 2014) is its size at each pixel, and of the three colours the largest. First: is that gradient what it
says? Take the pixel with the steepest gradient, in float64, and turn it up a little.
"""

# %%
exact = copy.deepcopy(model).double()
x = pair.double().requires_grad_()
(gradient,) = torch.autograd.grad(exact(x)[0, CAT], x)
place = np.unravel_index(gradient.abs().argmax().item(), gradient.shape)
nudge = torch.zeros_like(x)
nudge[place] = 1e-6
with torch.no_grad():
    change = (exact(x + nudge) - exact(x - nudge))[0, CAT].item() / 2e-6
print(f"steepest at channel {place[1]}, row {place[2]}, column {place[3]}: gradient {gradient[place]:.5f}, measured {change:.5f}")
assert abs(change - gradient[place].item()) < 1e-3 * abs(change)
assert sum(parameter.grad is not None for parameter in exact.parameters()) == 0
print("parameters that got a gradient on the way: 0")

# %%
steep = {}
for name, c in (("cat", CAT), ("espresso", ESPRESSO)):
    x = pair.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[0, c], x)
    steep[name] = gradient[0].abs().amax(dim=0).cpu()  # (3, 224, 224) -> (224, 224)
    by_captum = attr.Saliency(model).attribute(pair.clone().requires_grad_(), target=c)[0].amax(dim=0).cpu()
    assert torch.allclose(steep[name], by_captum, atol=1e-5)
    print(f"{name:9} {share_on_the_right(steep[name]):.0%} on the cat's side; largest difference from captum", end=" ")
    print(f"{(steep[name] - by_captum).abs().max():.0e}")
assert share_on_the_right(steep["cat"]) > 0.5 > share_on_the_right(steep["espresso"])

# %% [markdown]
r"""
Look at the shares: right, but not by much. And look at the maps, which come below: they are full of speckles. Three things
to know before you blame the network:

- The gradient asks "what would change the answer?", not "what made it?".
- Take the gradient of the *logit*. The probability of a class has the gradient $p_c\,(\nabla z_c - \sum_k p_k \nabla
  z_k)$: it vanishes when the network is sure, and mixes all classes.
- Neighbouring pixels get gradients that differ wildly, because the function has kinks everywhere. Average over copies of the
  picture with a little noise, and what is common to them stays (SmoothGrad, Smilkov et al. 2017).
"""

# %%
x = photographs["coffee"].clone().requires_grad_()
logit = model(x)[0]
(of_logit,) = torch.autograd.grad(logit[ESPRESSO], x, retain_graph=True)
(of_probability,) = torch.autograd.grad(logit.softmax(dim=0)[ESPRESSO], x, retain_graph=True)
p = logit.softmax(dim=0).detach()
(of_all,) = torch.autograd.grad((p * logit).sum(), x)
assert torch.allclose(of_probability, p[ESPRESSO] * (of_logit - of_all), atol=1e-5)
shorter = (of_logit.norm() / of_probability.norm()).item()
print(f"p(espresso) = {p[ESPRESSO]:.2f}: the gradient of the logit is {shorter:.0f} times as long as that of the probability")
assert shorter > 5

NOISE, COPIES = 0.2, 16  # a tenth of the range from -1 to 1; the paper recommends 10 to 20 %
smooth = {}
for name, c in (("cat", CAT), ("espresso", ESPRESSO)):
    noise = NOISE * torch.randn(COPIES, *pair.shape[1:], generator=generator)
    x = (pair + noise.to(device)).contiguous(memory_format=torch.channels_last).requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[:, c].sum(), x)
    smooth[name] = gradient.abs().mean(dim=0).amax(dim=0).cpu()

fig, axes = plt.subplots(1, 4, figsize=(9.2, 2.5))
for ax, plane in zip(axes, [*steep.values(), *smooth.values()], strict=True):
    plane = F.avg_pool2d(plane[None], 2)[0]
    ax.imshow(plane, cmap=plt.get_cmap("gray", 9), vmin=0, vmax=plane.quantile(0.995), interpolation="nearest")
    ax.axvline(56, color=plotting.ORANGE, lw=1, ls="--")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
for ax, method, name in zip(axes, ["saliency"] * 2 + ["SmoothGrad"] * 2, [*steep, *smooth], strict=True):
    ax.set_title(f"{method}: {name}", fontsize=9, loc="center")
plotting.show(
    fig,
    "Saliency for cat and espresso: speckles over both halves, a little more on the side of the class. SmoothGrad: the cat's eye "
    "stands out; for espresso the cup, and the eye as well.",
)
for name in smooth:
    print(f"{name:9} SmoothGrad: {share_on_the_right(smooth[name]):.0%} on the cat's side")
assert share_on_the_right(smooth["cat"]) > share_on_the_right(smooth["espresso"]) + 0.1

# %% [markdown]
r"""
Look at the eye in the third picture: one place where all noisy copies agree. Then look at the fourth: the eye again, for
*espresso*, and the shares say that half of its light is on the cat. A calmer picture is not a truer one.

### Integrated gradients

A gradient is local. *Where the answer is saturated it is small, though much was needed to get there. Can one walk from "no
picture" to the picture and add up what each step brings?* Start from a baseline $x'$, say grey, go straight to $x$, and sum
the gradients on the way (Sundararajan, Taly and Yan 2017):

$$a_p = (x_p - x'_p)\int_0^1 \frac{\partial z_c}{\partial x_p}\big(x' + t\,(x-x')\big)\,dt,
\qquad \sum_p a_p = z_c(x) - z_c(x') .$$

The right half is a promise that one can test, the *completeness*: the pixels' shares add up to the whole. The integral
becomes a sum over steps. *How many are enough?*
"""

# %%
x96 = prepared("chelsea", 96)
with torch.no_grad():
    whole = (model(x96) - model(torch.zeros_like(x96)))[0, CAT].item()


def along_the_path(steps):
    """Return the integrated gradients of the cat's logit from grey to the picture, midpoint rule."""
    t = ((torch.arange(steps) + 0.5) / steps).to(device)[:, None, None, None]
    total = torch.zeros_like(x96)
    for part in t.split(16):
        x = (part * x96).requires_grad_()
        (gradient,) = torch.autograd.grad(model(x)[:, CAT].sum(), x)
        total += gradient.sum(dim=0, keepdim=True)
    return x96 * total / steps


sums = {steps: along_the_path(steps).sum().item() for steps in (4, 16, 64, 256)}
print(f"z(picture) - z(grey) = {whole:.3f}")
for steps, found in sums.items():
    print(f"{steps:4} steps: the shares add up to {found:6.3f}, off by {abs(found - whole) / whole:.1%}")
integrated = attr.IntegratedGradients(model).attribute(
    x96, baselines=0, target=CAT, n_steps=16, method="riemann_middle", internal_batch_size=16
)
print(f"captum, 16 steps: {integrated.sum():.3f}")
assert torch.allclose(integrated.float(), along_the_path(16), atol=1e-4)
assert abs(sums[256] - whole) < 0.1 * whole

# %% [markdown]
r"""
Look at the last column: the sum tells when the steps are too few. And remember what it does not tell: the baseline is your
choice. From grey, a grey pixel can get no share whatever it does.

## Grad-CAM

Pixels are too fine a question: no pixel is a cat. Ask the last convolutional layer instead. Its 1280 maps of 7 × 7 say what is
where; which of them speak for the cat? Step by step, following Selvaraju et al. (2017). The network is cut in two:
`forward_features` up to the maps $A$, `forward_head` from there.
"""

# %%
A = model.forward_features(pair).detach().requires_grad_()  # (1, 1280, 7, 7)
head_logits = model.forward_head(A)[0]
(dA,) = torch.autograd.grad(head_logits[CAT], A)
alpha = dA[0].mean(dim=(1, 2))  # (1280,): how much one unit more of a map, everywhere, would help, per cell
weighted = (alpha[:, None, None] * A[0]).sum(dim=0).detach()  # (7, 7)
heat = weighted.clamp(min=0)
print("maps", tuple(A.shape[1:]), " weights", tuple(alpha.shape), " heat", tuple(heat.shape))
print("the most important maps:", alpha.topk(5).indices.tolist())

by_captum = attr.LayerGradCam(model, model.bn2).attribute(pair, target=CAT, relu_attributions=True)[0, 0]
print(f"largest difference from captum: {(by_captum - heat).abs().max():.1e} of {heat.max():.2f}")
assert torch.allclose(by_captum, heat, atol=1e-5)

# %% [markdown]
r"""
That is all: gradients, averaged over positions into one weight per map; the weighted sum of the maps; negative values cut
off, because we ask what speaks *for* the class.

For *this* layer it is something older and exact. Behind the maps come only a global average and a dense layer, so the
gradient is the same in all 49 cells: the dense layer's weight divided by 49. The sum over the cells plus the bias is the
logit itself. This is CAM (Zhou et al. 2016).
"""

# %%
assert torch.allclose(alpha, model.classifier.weight[CAT] / 49, atol=1e-7)
cells = weighted.sum() + model.classifier.bias[CAT]
print(f"49 cells + bias = {cells:.4f}, the logit = {logits[CAT]:.4f}")
assert torch.allclose(cells, logits[CAT], atol=1e-3)


def at_last_layer(x, c):
    """Return captum's Grad-CAM of class c at the last convolution, (7, 7) for a picture of 224 × 224."""
    return attr.LayerGradCam(model, model.bn2).attribute(x, target=c, relu_attributions=True)[0, 0].detach().cpu()


def lit(x, heat, mode):
    """Return a picture that is bright where the heat (h, w) is high."""
    light = F.interpolate(heat[None, None] / heat.max(), size=x.shape[-2:], mode=mode).to(x.device)
    return as_picture((x[0] * 128 + 127) * (0.12 + 0.88 * light[0]) / 128 - 127 / 128)


heats = {name: at_last_layer(pair, c) for name, c in (("Egyptian cat", CAT), ("espresso", ESPRESSO))}
bobsled = CLASSES.index("bobsled")
spaceman = photographs["astronaut"]
shown = {
    "Egyptian cat: 7 × 7 cells": lit(pair, heats["Egyptian cat"], "nearest"),
    "the same, bilinear": lit(pair, heats["Egyptian cat"], "bilinear"),
    "espresso": lit(pair, heats["espresso"], "bilinear"),
    "why bobsled?": lit(spaceman, at_last_layer(spaceman, bobsled), "bilinear"),
}
gallery(
    [as_picture(F.avg_pool2d(torch.from_numpy(p).permute(2, 0, 1).float(), 2) / 128 - 127 / 128) for p in shown.values()],
    list(shown),
    4,
    "The pair lit by Grad-CAM: the cat's half for Egyptian cat, as squares and smoothed; the cup for espresso. The astronaut "
    "for bobsled.",
)
for name, plane in heats.items():
    print(f"{name:13} {share_on_the_right(plane):.0%} of the heat on the cat's side")
assert share_on_the_right(heats["Egyptian cat"]) > 0.85
assert share_on_the_right(heats["espresso"]) < 0.2

# %% [markdown]
r"""
Look at the shares: of the methods so far this one separates the classes best. Look at the first two pictures: the second is
what papers print, and it shows no more than the first. Bilinear resizing makes 49 numbers look like a drawing.

And the bobsled? The light is on the suit and the helmets, not on the face. Now there is something to test: cover the helmet
and ask again. That is what such a picture is good for.

*Finer, then: why not take an earlier layer with more cells?* Here is Grad-CAM at five layers, for both classes, in both
orders of the two photographs.
"""

# %%
swapped = pair.roll(112, dims=3).contiguous(memory_format=torch.channels_last)
where = {"last 1×1": model.bn2} | {f"blocks[{k}]": model.blocks[k] for k in (5, 4, 3, 2)}
print("layer       cells     heat on the right side (two classes, two orders)")
right_share = {}
for name, layer in where.items():
    grad_cam_there = attr.LayerGradCam(model, layer)
    shares = []
    for picture, classes in ((pair, (CAT, ESPRESSO)), (swapped, (ESPRESSO, CAT))):
        for c, on_the_right in zip(classes, (True, False), strict=True):
            plane = grad_cam_there.attribute(picture, target=c, relu_attributions=True)[0, 0].detach()
            share = share_on_the_right(plane)
            shares.append(share if on_the_right else 1 - share)
    right_share[name] = shares
    print(f"{name:11} {plane.shape[0]:2} × {plane.shape[1]:<2}  ", "  ".join(f"{s:4.0%}" for s in shares))
assert min(right_share["last 1×1"]) > 0.8
assert min(right_share["blocks[4]"]) < 0.65
assert np.mean(right_share["blocks[3]"]) < np.mean(right_share["last 1×1"]) - 0.1

# %% [markdown]
r"""
Look down the columns: 50 % is guessing, and the finer layers do little better, sometimes worse. The weights are averages of the
gradient over positions. Behind the last layer that average is the truth; in the middle of the network a map can speak for
the cat here and against it there, and the average forgets it. Resolution is bought with meaning.
"""

# %% [markdown]
r"""
## Activation maximisation

So far: given a picture, what made the answer? Now the other way round: given a unit, *which picture would it like best*?
That is [activation maximisation](../glossary.ipynb#activation-maximisation): the weights stay, the picture is trained. Start
from noise and follow the gradient uphill (Erhan et al. 2009; Simonyan et al. 2014). We climb the logit of a class, for two
classes at once. *What will the picture of "goldfish" look like?*
"""

# %%
WANTED = ("goldfish", "strawberry")
SIZE, STEPS = 112, 72
wanted = torch.tensor([CLASSES.index(name) for name in WANTED], device=device)
rows = torch.arange(len(WANTED), device=device)


def wanted_logits(x):
    """Return the logit of the wanted class for each of the pictures (2, 3, H, W)."""
    return model(x.contiguous(memory_format=torch.channels_last))[rows, wanted]


def climb(numbers, draw, goal, lr, steps=STEPS, look=lambda x: x, after=None):
    """Change numbers so that goal(look(draw(numbers))) grows; return the picture at the end.

    draw makes pictures of numbers, look is how the network gets to see them, after changes the numbers between steps.
    """
    numbers.requires_grad_()
    optimizer = torch.optim.Adam([numbers], lr=lr, maximize=True)
    for step in range(steps):
        (numbers.grad,) = torch.autograd.grad(goal(look(draw(numbers))).sum(), numbers)
        optimizer.step()
        if after is not None and step % 4 == 3:
            with torch.no_grad():
                numbers.copy_(after(numbers))
    return draw(numbers).detach()


def noise():
    """Return the same faint noise each time, a picture for each class."""
    start = torch.Generator().manual_seed(0)
    return (0.05 * torch.randn(len(WANTED), 3, SIZE, SIZE, generator=start)).to(device)


dreams = {"plain": climb(noise(), torch.tanh, wanted_logits, lr=0.05)}  # tanh keeps the pixels between -1 and 1


def show_dreams(names, alt, colours=32):
    """Show pictures that were climbed to, a column for each class."""
    pictures = [as_picture(x) for name in names for x in dreams[name]]
    titles = [f"\n{name}\n{word}" for name in names for word in WANTED]  # the empty line makes the layout leave room
    gallery(pictures, titles, 6, alt, colours)


def moved(x):
    """Return the pictures shifted by a few pixels."""
    return x.roll((5, 3), dims=(2, 3))


show_dreams(["plain"], "Two pictures of coloured noise with fine stripes in which neither goldfish nor strawberry can be seen.")
with torch.no_grad():
    of_noise, of_dream, of_moved = (wanted_logits(x).cpu() for x in (noise().tanh(), dreams["plain"], moved(dreams["plain"])))
real = {name: model(x).amax().item() for name, x in photographs.items()}
print("largest logit of the real photographs: ", {name: round(z, 1) for name, z in real.items()})
print("logits of the noise we started from:   ", [round(z, 1) for z in of_noise.tolist()])
print("logits of the pictures climbed to:     ", [round(z, 1) for z in of_dream.tolist()])
print("the same, shifted by 5 and 3 pixels:   ", [round(z, 1) for z in of_moved.tolist()])
assert of_dream.min() > 3 * max(real.values())
assert of_moved.max() < 0.4 * of_dream.min()

# %% [markdown]
r"""
Look at the numbers: logits several times those of any real photograph here, for pictures in which we see nothing. Then look
at the last line: move them by a few pixels, and it is gone. The climb has found a peak as thin as a needle, with fine
stripes that fit the strides of the network exactly.

So the picture is not "what the network thinks of a goldfish". It is *one* of the many pictures with a high logit, and the
climb took the nearest one. To get one that we can read we must rule the others out. Four ways, each of which says something
about natural pictures:

- **Jitter**: shift the picture at random before each step. What depends on the exact place does not survive.
- **Blur** between the steps: fine stripes are wiped out as they appear (Yosinski et al. 2015).
"""

# %%
dice = torch.Generator().manual_seed(1)


def jitter(x):
    """Return x shifted by up to 8 pixels, around the border."""
    return x.roll(torch.randint(-8, 9, (2,), generator=dice).tolist(), dims=(2, 3))


taps = torch.exp(-(torch.arange(-3.0, 4) ** 2) / 2).to(device)
taps = taps / taps.sum()


def blur(numbers):
    """Return each plane after a Gaussian of one pixel, rows first, then columns."""
    planes = numbers.flatten(0, 1)[:, None]
    planes = F.conv2d(F.conv2d(planes, taps[None, None, :, None], padding=(3, 0)), taps[None, None, None], padding=(0, 3))
    return planes.view_as(numbers)


dreams["jitter"] = climb(noise(), torch.tanh, wanted_logits, lr=0.05, look=jitter)
dreams["jitter, blur"] = climb(noise(), torch.tanh, wanted_logits, lr=0.15, look=jitter, after=blur)

# %% [markdown]
r"""
- **Total variation**: neighbours should be alike. Subtract the mean of $|x_{i+1,j}-x_{i,j}| + |x_{i,j+1}-x_{i,j}|$ from the
  goal, times a weight $\lambda$ (Mahendran and Vedaldi 2015).
"""


# %%
def roughness(x):
    """Return the mean step between neighbours, down and across, for each picture."""
    return (x[..., 1:, :] - x[..., :-1, :]).abs().mean(dim=(1, 2, 3)) + (x[..., 1:] - x[..., :-1]).abs().mean(dim=(1, 2, 3))


WEIGHT_OF_ROUGHNESS = 1000
dreams["jitter, total variation"] = climb(
    noise(), torch.tanh, lambda x: wanted_logits(x) - WEIGHT_OF_ROUGHNESS * roughness(x), lr=0.05, look=jitter
)

# %% [markdown]
r"""
- **Other coordinates**: describe the picture by its frequencies $f$, each multiplied by $f^{-1.5}$, since in photographs coarse
  waves are large and fine ones small; and its colours by how natural pictures vary, mostly light against dark. Then a step of
  the same length changes the coarse more than the fine (Olah, Mordvintsev and Schubert 2017).
"""

# %%
# Light against dark, red-yellow against blue, green against violet: the main directions in which ImageNet's colours vary,
# each as long as its share (published with Olah et al. 2017, in the library lucid).
COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]]).to(device)
COLOURS = COLOURS / COLOURS.norm(dim=0).max()


def frequencies(count, size):
    """Return random numbers for the spectrum of `count` pictures, and the function that draws them."""
    f = (torch.fft.fftfreq(size)[:, None].square() + torch.fft.rfftfreq(size).square()).sqrt().clamp(min=1 / size)
    weight = f**-1.5
    weight = (weight / weight.square().mean().sqrt()).to(device)
    start = torch.Generator().manual_seed(0)
    numbers = (0.3 * torch.randn(count, 3, size, size // 2 + 1, 2, generator=start)).to(device)

    def draw(numbers):
        planes = torch.fft.irfft2(torch.view_as_complex(numbers) * weight, s=(size, size), norm="ortho")
        return torch.tanh(torch.einsum("nchw,dc->ndhw", planes, COLOURS))

    return numbers, draw


numbers, draw = frequencies(len(WANTED), SIZE)
dreams["frequencies"] = climb(numbers, draw, wanted_logits, lr=0.05)

# %% [markdown]
r"""
And both together: these coordinates, jitter, and a little zoom before each step. *Which of the five will look most like
anything?*
"""


# %%
def jitter_and_zoom(x):
    """Return x shifted and resized at random."""
    zoom = (0.85, 0.92, 1.0, 1.1, 1.2)[torch.randint(5, (1,), generator=dice).item()]
    return F.interpolate(jitter(x), scale_factor=zoom, mode="bilinear", align_corners=False)


dice.manual_seed(1)
numbers, draw = frequencies(len(WANTED), SIZE)
dreams["frequencies, jitter, zoom"] = climb(numbers, draw, wanted_logits, lr=0.05, steps=96, look=jitter_and_zoom)

# %%
show_dreams(
    ["jitter", "jitter, blur", "jitter, total variation"],
    "Three ways for two classes: with jitter alone noise with traces of shapes, with blur or total variation coarser shapes.",
)
show_dreams(
    ["frequencies", "frequencies, jitter, zoom"],
    "Two ways for two classes: by frequencies soft coloured shapes; with jitter and zoom as well orange stripes like fins, and "
    "red with light dots.",
    colours=160,
)
photos = torch.cat([prepared(name, SIZE) for name in names])


def fine_share(x):
    """Return the share of a picture's variance in waves shorter than four pixels."""
    f = torch.fft.fftfreq(SIZE, device=device)
    power = torch.fft.fft2(x - x.mean(dim=(2, 3), keepdim=True)).abs().square().sum(dim=1)
    return power[:, (f[:, None].square() + f.square()).sqrt() > 0.25].sum(dim=1) / power.sum(dim=(1, 2))


fine = {"real photographs": fine_share(photos).cpu()} | {name: fine_share(x).cpu() for name, x in dreams.items()}
lines = ["| picture | mean logit | shifted by 5 and 3 pixels | share of waves shorter than 4 pixels |", "|---|---|---|---|"]
of_photos = np.mean(list(real.values()))
lines.append(f"| real photographs, their best class | {of_photos:.1f} | | {fine['real photographs'].mean():.1%} |")
after_shift = {}
with torch.no_grad():
    for name, x in dreams.items():
        before, after_shift[name] = wanted_logits(x).mean().item(), wanted_logits(moved(x)).mean().item()
        lines.append(f"| {name} | {before:.1f} | {after_shift[name]:.1f} | {fine[name].mean():.1%} |")
display(Markdown("\n".join(lines)))
assert after_shift["jitter"] > 2 * after_shift["plain"]
assert after_shift["frequencies, jitter, zoom"] > after_shift["frequencies"]
assert min(fine["plain"].min(), fine["jitter"].min()) > 0.4 > 5 * fine["real photographs"].mean()
assert max(fine[name].max() for name in ("jitter, blur", "frequencies", "frequencies, jitter, zoom")) < 0.1

# %% [markdown]
r"""
Look at the columns one after the other. Jitter makes the answer survive a shift. Blur and frequencies bring the fine waves
down to what photographs have. Only with all of it do we see something: orange stripes like fins, dots on
red.

And now the sober reading. The logits of *all* rows are far above those of real photographs. What looks natural here was put
in by us: the shift, the spectrum, the colours. The picture shows what the network likes *among the pictures that we
allowed*.

### A channel, and real pictures beside it

The same for a channel in the middle of the network; the goal is the mean of its map. And beside it the honest counterpart:
which pieces of real photographs excite the channel most? We cut all photographs of this course into squares of 96 pixels.
"""

# %%
squares = []
for name in data.PHOTOGRAPHS:
    picture = data.photograph(name, size=min(300, *data.photograph(name).shape[:2]))
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    squares += [
        (name, picture[r : r + 96, c : c + 96])
        for r in range(0, picture.shape[0] - 95, 48)
        for c in range(0, picture.shape[1] - 95, 48)
    ]
middle = nn.Sequential(model.conv_stem, model.bn1, *model.blocks[:5])
prepared_squares = backbones.preprocess(np.stack([square for _, square in squares]), 96).to(device)
with torch.no_grad():
    means = torch.cat([middle(part)[:, :, 1:-1, 1:-1].mean(dim=(2, 3)) for part in prepared_squares.split(32)]).cpu()

CHANNELS = (28, 75)
numbers, draw = frequencies(len(CHANNELS), 96)
picked = torch.tensor(CHANNELS, device=device)


def channel_means(x):
    """Return for picture n the mean of the map of channel CHANNELS[n]."""
    return middle(x)[rows[: len(CHANNELS)], picked].mean(dim=(1, 2))


liked = climb(numbers, draw, channel_means, lr=0.05, look=jitter_and_zoom)
pictures, titles = [], []
for n, channel in enumerate(CHANNELS):
    top = means[:, channel].topk(4).indices.tolist()
    pictures += [as_picture(liked[n])] + [squares[k][1] for k in top]
    titles += [f"channel {channel}: climb"] + [f"{squares[k][0]}, {means[k, channel]:.1f}" for k in top]
gallery(pictures, titles, 5, "For two channels a picture climbed to, then four squares of photographs: coins and eyes.")
print(f"{len(squares)} squares; the pictures climbed to reach {[round(v, 1) for v in channel_means(liked).tolist()]}")
from_coins, from_chelsea = (
    sum(squares[k][0] == name for k in means[:, channel].topk(4).indices.tolist())
    for channel, name in zip(CHANNELS, ("coins", "chelsea"), strict=True)
)
assert from_coins >= 3
assert from_chelsea >= 3

# %% [markdown]
r"""
Look at channel 75: eyes. And at the picture climbed to: is it an eye? You have met this trap at map 20. Four squares out of
a few hundred from thirteen photographs are a *small* sample; with other photographs the same channel may show you another
meaning (Bolukbasi et al. 2021). The two views correct each other: what the squares have in common beyond the channel's
liking is missing in the picture climbed to, and what is impossible in nature is missing in the squares.

## The effective receptive field

Third question: how far can a unit see at all? Lecture 04 gave the recurrence $r \leftarrow r + (k-1)\,j$, $j \leftarrow
j\,s$ over the layers, with shortcuts adding nothing. That is the field in theory; what a unit uses of it is its [effective
receptive field](../glossary.ipynb#effective-receptive-field). First the theory, for the network's own layers. *How large is
the field of one of the 7 × 7 cells, in a picture of 224 pixels?*
"""

# %%
field, jump, theory = 1, 1, []
for stage in (nn.Sequential(model.conv_stem), *model.blocks):
    for conv in stage.modules():
        if isinstance(conv, nn.Conv2d):
            field += (conv.kernel_size[0] - 1) * jump
            jump *= conv.stride[0]
    theory.append((field, jump))
for k, (size, step) in enumerate(theory[1:]):
    print(f"blocks[{k}]: field {size:3} pixels, jump {step:2}")
assert theory[-1] == (851, 32)
assert theory[3] == (67, 8)

# %% [markdown]
r"""
Look at the last line: almost four times the width of a picture of 224 pixels. In theory every cell sees everything, and
"the cell in the upper left" says nothing about the upper left. But Grad-CAM did find the right half. So ask the gradient, not
only *whether* a pixel can matter but *how much* (Luo et al. 2016): the squared gradient of the middle unit with respect to
the pixels, channels mixed at random, averaged over four photographs of 448 pixels. The same for the network before any
training.
"""

# %%
torch.manual_seed(0)
untrained_model = backbones.efficientnet_lite0(pretrained=False).requires_grad_(False).to(device)
WIDE = 448
wide = [prepared(name, WIDE) for name in ("coffee", "chelsea", "rocket", "astronaut")]


def influence(net):
    """Return for each group of blocks the share of each pixel in the squared gradient of the middle unit: 7 × (448, 448)."""
    found = [torch.zeros(WIDE, WIDE) for _ in net.blocks]
    for picture in wide:
        x = picture.clone(memory_format=torch.channels_last).requires_grad_()
        h = net.bn1(net.conv_stem(x))
        for k, block in enumerate(net.blocks):
            h = block(h)
            middle_unit = h[0, :, h.shape[2] // 2, h.shape[3] // 2]
            mix = torch.randn(len(middle_unit), generator=generator).to(device)
            (gradient,) = torch.autograd.grad(middle_unit @ mix, x, retain_graph=True)
            squared = gradient[0].double().square().sum(dim=0).cpu()
            found[k] += (squared / squared.sum() / len(wide)).float()
    return found


def width_of(plane, share=0.95):
    """Return the side of the square around the centre of mass that holds this share of the influence."""
    index = torch.arange(WIDE, dtype=torch.float32)
    row, column = (plane.sum(dim=1) * index).sum(), (plane.sum(dim=0) * index).sum()
    distance = torch.maximum((index[:, None] - row).abs(), (index - column).abs()).flatten()
    order = distance.argsort()
    inside = plane.flatten()[order].cumsum(0)
    return 2 * distance[order[int((inside < share * inside[-1]).sum())]].item() + 1


def extent(plane):
    """Return how many rows have any influence at all."""
    seen = torch.where((plane > 0).any(dim=1))[0]
    return int(seen.max() - seen.min()) + 1


trained, untrained_field = influence(model), influence(untrained_model)
widths = {name: [width_of(p) for p in planes] for name, planes in (("trained", trained), ("untrained", untrained_field))}
print("            recurrence   rows with any gradient   95 % of the influence: trained, untrained")
for k, (size, _) in enumerate(theory[1:]):
    print(f"blocks[{k}] {size:10} {extent(trained[k]):18} {widths['trained'][k]:27.0f} {widths['untrained'][k]:10.0f}")
    assert extent(trained[k]) <= size
    assert widths["trained"][k] < size
assert [extent(plane) for plane in trained[:4]] == [size for size, _ in theory[1:5]]

# %%
fig, axes = plt.subplots(1, 4, figsize=(9.4, 2.7), width_ratios=(1, 1, 1, 1.5))
for ax, k in zip(axes, (2, 3, 4), strict=False):
    size, step = theory[k + 1]
    plane = F.avg_pool2d(trained[k][None], 2)[0]
    ax.imshow((plane / plane.max()) ** 0.25, cmap=plt.get_cmap("gray", 33), vmin=0, vmax=1, interpolation="nearest")
    rows_seen = torch.where((trained[k] > 0).any(dim=1))[0]
    columns_seen = torch.where((trained[k] > 0).any(dim=0))[0]
    corner = (columns_seen.min() / 2 - 0.5, rows_seen.min() / 2 - 0.5)
    ax.add_patch(plt.Rectangle(corner, size / 2, size / 2, fill=False, edgecolor=plotting.ORANGE, lw=1.2))
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"blocks[{k}]: frame {size}", fontsize=9, loc="center")
    ax.grid(False)
depth = np.arange(7)
axes[3].plot(depth, [size for size, _ in theory[1:]], color=plotting.ORANGE, marker="s", label="recurrence")
axes[3].plot(depth, widths["untrained"], color=plotting.GREY, marker="o", label="95 %, untrained")
axes[3].plot(depth, widths["trained"], color=plotting.BLUE, marker="o", label="95 %, trained")
axes[3].axhline(224, color=plotting.GREY, lw=1, ls="--", label="a picture of 224")
axes[3].set(xlabel="blocks[k]", ylabel="pixels", yscale="log", yticks=(10, 100, 1000), xticks=depth)
axes[3].legend(fontsize=8)
plotting.show(
    fig,
    "Influence of the pixels at three depths: a bright spot that fades long before the orange frame of the theoretical field. "
    "Right: widths against depth; the trained network's are smallest.",
)
assert all(a < b for a, b in zip(widths["trained"][2:], widths["untrained"][2:], strict=True))

# %% [markdown]
r"""
Look at the frames: the theoretical field is exact, not one pixel outside has a gradient, and in the first four groups all of
its rows are reached. (Beyond that the photograph ends, or numbers this small are lost.) Look at the light: what matters is a
blob in the middle. A path count explains the blob: to the middle lead many paths through the layers, to a corner one
(lecture 04).

Look at the two lower curves: in this network training made the effective field *narrower* than that of random weights. Luo
et al. saw it grow in the networks they trained. Neither is a law. Measure yours.

> **Check yourself.** Why may one cell of Grad-CAM's 7 × 7 still owe its value to the other side of the picture?
>
> <details><summary>Answer</summary>
>
> Its theoretical field covers the whole picture, and even the square with 95 % of the influence is as wide as the picture or
> nearly so. A cell is a *centre of gravity*, not a window. That it points to the right place is an observation, made on
> pictures whose truth was known.
>
> </details>
"""

# %%
print(f"95 % of a last cell's influence: a square of {widths['trained'][6]:.0f} pixels, in pictures of {WIDE}")
assert widths["trained"][6] > 0.7 * 224
assert theory[-1][0] > 2 * 224

# %% [markdown]
r"""
## Sanity check: random weights

A picture that explains a network must change when the network changes. That sounds like nothing, and it is a test that
published methods have failed. Adebayo et al. (2018): replace the weights by random ones, from the last layer down to the
first, and compare each map with the one before. *Which of these four depends on what the network has learned?*

- saliency, the gradient;
- gradient times input, a popular cousin;
- **guided backpropagation** (Springenberg et al. 2015): the gradient, but at each ReLU negative gradients are set to zero on
  the way back; it makes the sharpest pictures of all;
- Grad-CAM.
"""

# %%
CUTS = ("classifier", "conv_head", *(f"blocks.{k}" for k in reversed(range(7))), "conv_stem")
SHOWN = {"trained": 0, "classifier random": 1, "… blocks[5]": 4, "… blocks[3]": 6, "all random": 10}
METHODS = ("saliency", "gradient × input", "guided", "Grad-CAM")


def four_maps(net, x, c):
    """Return the four maps of class c as planes of 224 × 224, or 7 × 7 for Grad-CAM."""
    x = x.clone().requires_grad_()
    handles = [
        module.register_full_backward_hook(lambda _, grad_in, grad_out: (grad_in[0].clamp(min=0),))
        for module in net.modules()
        if isinstance(module, nn.ReLU6)
    ]
    (guided,) = torch.autograd.grad(net(x)[0, c], x)
    for handle in handles:
        handle.remove()
    found = (
        attr.Saliency(net).attribute(x, target=c)[0].amax(dim=0),
        attr.InputXGradient(net).attribute(x, target=c)[0].abs().sum(dim=0),
        guided[0].abs().amax(dim=0),
        attr.LayerGradCam(net, net.bn2).attribute(x, target=c, relu_attributions=True)[0, 0],
    )
    return dict(zip(METHODS, (plane.detach().cpu() for plane in found), strict=True))


def rank_correlation(a, b):
    """Return Spearman's rank correlation of two planes; ties get the mean of their ranks."""

    def ranks(plane):
        _, inverse, counts = plane.flatten().unique(return_inverse=True, return_counts=True)
        return ((counts.cumsum(0) - (counts - 1) / 2)[inverse]).double()

    return torch.corrcoef(torch.stack([ranks(a), ranks(b)]))[0, 1].item()


victim = copy.deepcopy(model).requires_grad_(False)
for module in victim.modules():
    if isinstance(module, nn.ReLU6):
        module.inplace = False  # a backward hook needs the input that an in-place ReLU overwrites
cases = [(photographs[name], CLASSES.index(word)) for name, word in (("chelsea", "Egyptian cat"), ("coffee", "espresso"))]
before = [four_maps(victim, x, c) for x, c in cases]
series, kept_maps = {method: [1.0] for method in METHODS}, [before[0]]
for cut in CUTS:
    victim.get_submodule(cut).load_state_dict(untrained_model.get_submodule(cut).state_dict())
    norm = {"conv_head": "bn2", "conv_stem": "bn1"}.get(cut)
    if norm is not None:
        victim.get_submodule(norm).load_state_dict(untrained_model.get_submodule(norm).state_dict())
    after = [four_maps(victim, x, c) for x, c in cases]
    kept_maps.append(after[0])
    for method in METHODS:
        series[method].append(np.mean([rank_correlation(a[method], b[method]) for a, b in zip(after, before, strict=True)]))
with torch.no_grad():  # nothing of the trained network is left
    assert torch.allclose(victim(cat), untrained_model(cat), atol=1e-3)

# %%
fig, axes = plt.subplots(4, len(SHOWN), figsize=(8, 6.4))
for column, (title, k) in enumerate(SHOWN.items()):
    for ax, method in zip(axes[:, column], METHODS, strict=True):
        plane = kept_maps[k][method]
        plane = F.avg_pool2d(plane[None], 3)[0] if len(plane) > 7 else plane
        ax.imshow(plane, cmap=plt.get_cmap("gray", 9), vmin=0, vmax=plane.quantile(0.99) + 1e-12, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
    axes[0, column].set_title(title, fontsize=9, loc="center")
for ax, method in zip(axes[:, 0], METHODS, strict=True):
    ax.set_ylabel(method, fontsize=9)
plotting.show(
    fig,
    "Four methods in rows, more and more random weights from left to right. Saliency: speckles throughout. Gradient times input: "
    "eyes, nose and mouth of the cat in every column, even with random weights. Guided backpropagation: the cat, unchanged while "
    "the upper layers are random. Grad-CAM: another picture at once.",
)

# %%
LOOK = {  # of each method, here and below
    "saliency": (plotting.BLUE, "o"),
    "gradient × input": (plotting.VERMILLION, "s"),
    "guided": (plotting.GREEN, "D"),
    "Grad-CAM": (plotting.PURPLE, "^"),
    "occlusion": (plotting.ORANGE, "v"),
    "at random": (plotting.GREY, "x"),
}
fig, ax = plt.subplots(figsize=(8.4, 3.4))
for method in METHODS:
    colour, mark = LOOK[method]
    ax.plot(series[method], color=colour, marker=mark, label=method)
ax.axhline(0, color=plotting.GREY, lw=1)
ax.set_xticks(range(11), ["trained", *("+ " + cut for cut in CUTS)], rotation=35, ha="right", fontsize=9)
ax.set(xlabel="made random, from the top down", ylabel="rank correlation\nwith the trained map")
ax.set(title="Guided backpropagation does not notice that the top is random")
ax.legend(ncols=2)
plotting.show(
    fig,
    "Rank correlation with the original map against the number of random layers: guided backpropagation stays near 1 down to "
    "block 5; saliency falls below one half at once, Grad-CAM further.",
)
for method, values in series.items():
    print(f"{method:17} head random {values[1]:5.2f}, down to blocks[5] {values[4]:5.2f}, all {values[10]:5.2f}")
assert min(series["guided"][1:4]) > 0.9
assert series["saliency"][1] < 0.6
assert abs(series["Grad-CAM"][2]) < 0.5
assert max(series["gradient × input"][1:]) < 0.8

# %% [markdown]
r"""
Look at the third row: the head is random, the network's answers are worthless, and guided backpropagation shows the same
fine cat. It draws the input's edges and calls it an explanation. Look at the second row: even with *all* weights random the
eyes look at you, because the picture itself is a factor in the product. Saliency and Grad-CAM change most at once. (Two
random Grad-CAMs of 49 cells may still resemble each other by chance; the pink curve jumps about.) And saliency's speckles
hide its change from the eye: there one needs the number.

So *looking* convincing is worth nothing. If you had shown the second and third row in a talk, nobody would have objected.

## What these pictures do not prove

**Where is not why.** Take the classes that the network thinks of for the cat, and compare their Grad-CAMs.
"""

# %%
felines = ("Egyptian cat", "tiger cat", "tabby")
planes = [at_last_layer(cat, CLASSES.index(name)).flatten() for name in (*felines, "espresso")]
alike = torch.corrcoef(torch.stack(planes))
for name, value in zip((*felines[1:], "espresso"), alike[0, 1:].tolist(), strict=True):
    print(f"correlation of the heat for Egyptian cat with that for {name}: {value:.2f}")
assert alike[:3, :3].min() > 0.9
assert alike[0, 3] < 0.5

# %% [markdown]
r"""
Nearly the same heat for three answers that exclude each other. It says "here, the head", and not what about the head makes
it *Egyptian*.

**A map must predict something.** If it says what matters, then deleting the cells in its order must ruin the answer faster
than deleting them at random (Petsiuk, Das and Saenko 2018). Three photographs, 7 × 7 squares of 32 pixels, replaced by a
blurred picture. *Which map wins?*
"""

# %%
STEPS_OF_DELETION = range(0, 29, 4)
tested = (("chelsea", "Egyptian cat"), ("coffee", "espresso"), ("camera", "tripod"))
curves = {method: [] for method in ("occlusion", "Grad-CAM", "saliency", "at random")}
for name, word in tested:
    x, c = photographs[name], CLASSES.index(word)
    soft = F.interpolate(F.avg_pool2d(x, 32), size=224, mode="bilinear", align_corners=False)
    cells = {"sliding_window_shapes": (3, 32, 32), "strides": (3, 32, 32), "perturbations_per_eval": 7}
    with torch.no_grad():
        scores = {"occlusion": attr.Occlusion(model).attribute(x, target=c, baselines=soft, **cells)[0, 0, ::32, ::32]}
    scores["Grad-CAM"] = at_last_layer(x, c)
    steepness = attr.Saliency(model).attribute(x.clone().requires_grad_(), target=c)[0].amax(dim=0)
    scores["saliency"] = F.avg_pool2d(steepness[None], 32)[0]
    for method in curves:
        draws = [scores[method]] if method in scores else [torch.rand(7, 7, generator=generator) for _ in range(3)]
        orders = [score.flatten().argsort(descending=True).cpu() for score in draws]
        kept_cells = torch.ones(len(orders), len(STEPS_OF_DELETION), 49)
        for order, steps in zip(orders, kept_cells, strict=True):
            for step, count in zip(steps, STEPS_OF_DELETION, strict=True):
                step[order[:count]] = 0
        part = F.interpolate(kept_cells.view(-1, 1, 7, 7), size=224, mode="nearest").to(device)
        with torch.no_grad():
            p = model((x * part + soft * (1 - part)).contiguous(memory_format=torch.channels_last)).softmax(dim=1)[:, c]
        p = p.view(len(orders), -1).mean(dim=0)
        curves[method].append((p / p[0]).cpu())
mean_curves = {method: torch.stack(values).mean(dim=0) for method, values in curves.items()}

fig, ax = plt.subplots(figsize=(7.6, 2.9))
for method, curve in mean_curves.items():
    colour, mark = LOOK[method]
    ax.plot([100 * k / 49 for k in STEPS_OF_DELETION], curve, color=colour, marker=mark, label=method)
ax.set(xlabel="squares deleted (%)", ylabel="probability, relative\nto the whole picture")
ax.set_title("What a map calls important is deleted first: occlusion's order hurts most")
ax.legend()
plotting.show(fig, "Probability left against the share of deleted squares: occlusion's order ruins the answer fastest.")
area = {method: curve.mean().item() for method, curve in mean_curves.items()}
print("mean height of the curves, low is good:", {method: round(a, 2) for method, a in area.items()})
assert area["occlusion"] < area["at random"]

# %% [markdown]
r"""
Look at the first step: deleted at random, squares may even help. Look at the order of the curves, and at how they were
judged: occlusion is tested with its own question, so no wonder that it leads. And pictures with holes are pictures that the
network has never seen. Each test has its own taste, and three photographs are an illustration, not a result.

**The picture may not be the reason at all.** A photograph of the cat, changed by at most three of 256 levels in each pixel:
"""

# %%
target = torch.tensor([ESPRESSO], device=device)
LEVELS = 3
change = torch.zeros_like(cat)
for _ in range(10):
    change.requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(model(cat + change), target), change)
    change = (change - LEVELS / 4 / 128 * gradient.sign()).clamp(-LEVELS / 128, LEVELS / 128).detach()
levels = (cat + change) * 128 + 127
fooled = (levels.round().clamp(0, 255) - 127) / 128  # as a picture file would hold it
explained = lit(fooled, at_last_layer(fooled, ESPRESSO), "bilinear")
gallery(
    [picture[::2, ::2] for picture in (as_picture(cat[0]), as_picture(fooled[0]), explained)],
    [best(cat, 1), best(fooled, 1), "Grad-CAM for espresso"],
    5,
    "The cat; the same cat, not to be told from it, called espresso; and the cat lit by Grad-CAM for espresso.",
)
assert (fooled - cat).abs().max() * 128 < LEVELS + 1
with torch.no_grad():
    assert model(fooled).argmax() == ESPRESSO

# %% [markdown]
r"""
Look at the third picture: there is a heat map, smooth and sure of itself, of the espresso in a cat's face. Maps explain
wrong answers as gladly as right ones (Szegedy et al. 2014 found such changes).

So what may you say? *"On this picture, hiding this region lowers the logit by so much."* That is a measurement. *"The
network recognises cats by their eyes"* is a hypothesis: test it on many pictures, with cats whose eyes are shut, with eyes
of others. Where the stakes are high, a model that is simple enough to be read may be the better answer (Rudin 2019).

All the same, these pictures earn their keep. They find *faults*: classifiers that recognised horses by a photographer's name in
the corner (Lapuschkin et al. 2019), or wolves by the snow (Ribeiro, Singh and Guestrin 2016, who trained one so on purpose).
One picture is enough to raise a suspicion. It takes many to remove one.

## Common mistakes

- **`model.train()` while looking inside.** Batch norm and dropout change the answer, and batch norm keeps the traces. Use
  `eval()`, and put back the mode that was there.
- **A hook that stays,** because the forward pass raised before `remove()`. Later passes are slower and fill your lists. Use
  `try … finally`.
- **The layer's output kept without a copy,** when the next activation works in place; or kept with its graph. The map shows
  another layer, or memory fills up. Keep `output.detach().clone()`.
- **`loss.backward()` for a saliency map.** It adds gradients to all parameters, and the next step of an optimiser uses them. Ask
  `torch.autograd.grad` for the gradient with respect to the picture alone.
- **The gradient of the probability.** It vanishes where the network is sure. Take the logit, of *one* class per picture.
- **The sign forgotten.** Half of the map is missing, or cancels. Saliency is the largest *absolute* value over the channels, not
  the largest, not the sum.
- **Grad-CAM with ReLU on each map** instead of on the weighted sum; with the gradients' maximum instead of their mean; with
  the weights averaged over the batch. The heat lies elsewhere. Average over places, sum over maps, then cut off.
- **Black taken for "nothing".** After preprocessing zero is grey. Whatever fills the hole is part of the question: try two
  fillings.
- **Occlusion's sign turned round.** The important places come out cold. What matters is probability before *minus* probability
  after.
- **Each map scaled by its own maximum.** Dead kernels look alive, and a map of nothing looks like one of something. Use one
  scale, and show it.
- **A smooth overlay of 7 × 7 numbers** read as a contour. The edge is the interpolation's. Show the 49 cells beside it.
- **Descent for ascent.** The picture excites the channel less and less: optimisers minimise. Negate the goal, or say
  `maximize=True`.
- **Noise that is not seeded.** The next run shows another picture, and nobody knows which of its details mean anything. Set the
  seed, and look at several.
- **A pretty picture taken for a proof.** A network with random weights may give the same one. Randomise the weights first.

Two of them deserve a look: `loss.backward()`, and ReLU on each map.
The fourth deserves a look, and so does the seventh.
"""

# %%
learner = copy.deepcopy(model).requires_grad_(True)
x = pair.clone().requires_grad_()
learner(x)[0, CAT].backward()
touched = sum(parameter.grad is not None for parameter in learner.parameters())
print(f"after backward(): {touched} parameter tensors hold a gradient that nobody asked for")
assert touched == len(list(learner.parameters()))

each = (alpha[:, None, None] * A[0].detach()).clamp(min=0).sum(dim=0)
print(f"heat on the cat's side: ReLU on the sum {share_on_the_right(heat):.0%}, ReLU on each map {share_on_the_right(each):.0%}")
assert share_on_the_right(each) < share_on_the_right(heat)

# %% [markdown]
r"""
## Summary

- The first layer's kernels live in colours and can be read; later kernels weigh maps and cannot. Some learn nothing. Random
  kernels, too, have preferred directions.
- Feature maps come by hooks. Deep maps are coarse and mean more. One picture suggests a name for a unit; try to refute it.
- Occlusion measures, square by square, and the filling is part of the question. Saliency is the gradient of the logit, one
  run, full of speckles. Integrated gradients add up to the difference from a baseline. Grad-CAM weighs the last maps by their
  mean gradient; there, and only there, it is exact.
- Activation maximisation finds what a unit likes among the pictures you allow. Without limits: needles of noise. Jitter,
  blur, total variation and coarse frequencies make it readable, and they come from you.
- The theoretical receptive field bounds the effective one, which is a blob in the middle and much smaller.
- Test every method: known truth, an independent implementation, random weights, deletion. Where is not why.

## References

- M. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", *ECCV* 2014 (arXiv:1311.2901): occlusion,
  and feature maps projected back.
- K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks", *ICLR workshop* 2014 (arXiv:1312.6034):
  saliency, and class pictures.
- D. Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017 (arXiv:1706.03825).
- M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", *ICML* 2017 (arXiv:1703.01365): integrated
  gradients.
- B. Zhou et al., "Learning deep features for discriminative localization", *CVPR* 2016 (arXiv:1512.04150): CAM.
- R. Selvaraju et al., "Grad-CAM", *ICCV* 2017 (arXiv:1610.02391).
- J. Springenberg et al., "Striving for simplicity: the all convolutional net", *ICLR workshop* 2015 (arXiv:1412.6806):
  guided backpropagation.
- D. Erhan et al., "Visualizing higher-layer features of a deep network", technical report 1341, Université de Montréal, 2009.
- A. Mahendran, A. Vedaldi, "Understanding deep image representations by inverting them", *CVPR* 2015 (arXiv:1412.0035):
  total variation. J. Yosinski et al., "Understanding neural networks through deep visualization", 2015 (arXiv:1506.06579):
  blur.
- C. Olah, A. Mordvintsev, L. Schubert, "Feature visualization", *Distill* 2017 (doi:10.23915/distill.00007): frequencies,
  jitter, colours.
- T. Bolukbasi et al., "An interpretability illusion for BERT", 2021 (arXiv:2104.07143): a unit's meaning depends on the data
  it is shown.
- W. Luo et al., "Understanding the effective receptive field in deep convolutional neural networks", *NeurIPS* 2016
  (arXiv:1701.04128).
- J. Adebayo et al., "Sanity checks for saliency maps", *NeurIPS* 2018 (arXiv:1810.03292).
- V. Petsiuk, A. Das, K. Saenko, "RISE", *BMVC* 2018 (arXiv:1806.07421): deletion.
- C. Szegedy et al., "Intriguing properties of neural networks", *ICLR* 2014 (arXiv:1312.6199).
- S. Lapuschkin et al., "Unmasking Clever Hans predictors", *Nature Communications* 10, 2019 (arXiv:1902.10178).
- M. Ribeiro, S. Singh, C. Guestrin, "Why should I trust you?", *KDD* 2016 (arXiv:1602.04938).
- C. Rudin, "Stop explaining black box machine learning models for high stakes decisions", *Nature Machine Intelligence* 1,
  2019 (arXiv:1811.10154).
- A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", *NeurIPS* 2012:
  figure 3, the first layer's kernels.
- M. Tan, Q. Le, "EfficientNet", *ICML* 2019 (arXiv:1905.11946): the network. N. Kokhlikyan et al., "Captum", 2020
  (arXiv:2009.07896): the library that checked us.

## Your turn

[Assignment 12](../assignments/12_what_cnns_see/12_what_cnns_see.ipynb), about three hours: you write the hooks, saliency,
occlusion, Grad-CAM and activation maximisation as functions for any model and any batch. Next comes
[lecture 13](13_segmentation_unet.ipynb): an answer for every pixel.
"""
