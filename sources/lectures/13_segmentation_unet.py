# %% [markdown]
r"""
# 13 · Segmentation and the U-Net

"There is a cat in the picture" is one answer. "These pixels are the cat" is as many answers as there are pixels, and that is
what a surgeon, a self-driving car or a photo editor needs. To say *what* something is a network shrinks the picture until a
few numbers see all of it. To say *where* it ends it needs every pixel. This lecture is about having both: the
[U-Net](../glossary.ipynb#u-net), how it grows maps again, what its
[skip connections](../glossary.ipynb#skip-connection) are worth, and how to measure and train when nearly all pixels are
background.

**After this lecture you can**

- turn a classifier into a network that answers at every position, and say why its map is coarse;
- make exact [masks](../glossary.ipynb#mask) from an alpha channel, and picture and mask together by the thousand;
- compute [IoU](../glossary.ipynb#intersection-over-union) and [Dice](../glossary.ipynb#dice-coefficient), turn one into
  the other, and say why pixel accuracy flatters;
- enlarge maps by nearest, bilinear and transposed convolution, and predict where a
  [checkerboard](../glossary.ipynb#checkerboard) comes from;
- build a U-Net, the one of 2015 included, and compute its sizes and its parameters;
- measure what skip connections do, and where in the picture they do it;
- choose between cross-entropy, Dice and their sum when the object is tiny;
- augment picture and mask alike, and train on a dozen pictures.

**Time:** about 100 minutes to read, predict and run; the code itself needs less than two minutes. **You need** lectures
04 (transposed convolution), 08 and 09. Afterwards:
[assignment 13](../assignments/13_segmentation_unet/13_segmentation_unet.ipynb).
"""

# %%
import io
import math
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from IPython.display import Markdown, display
from PIL import Image
from scipy import ndimage
from torch import nn
from torchvision import models, tv_tensors
from torchvision.transforms import v2

from cnnkit import backbones, data, plotting, training

plotting.use_style()
device = training.default_device()
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32
torch.set_num_threads(1)  # layers as small as ours gain nothing from a second thread
generator = torch.Generator().manual_seed(13)
print(f"the networks run on: {device}")


def table(header, rows):
    """Display a table."""
    lines = [header, ["---"] * len(header), *rows]
    display(Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)))


def show_in_256_colours(fig, alt):
    """Display a figure as plotting.show does, with one palette: hardly to be noticed, and a third of the bytes."""
    picture = Image.open(io.BytesIO(plotting.render(fig, alt).data)).convert("RGB")
    file = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    display(plotting.Picture(file.getvalue(), alt))


def gallery(pictures, titles, columns, *, alt, outlines=None, cell=1.25):
    """Show pictures (3, H, W), masks and maps of probabilities (H, W) pixel by pixel, the last from blue, 0, to yellow, 1.

    outlines holds for each a list of (mask, colour, line style) to draw around.
    """
    rows = math.ceil(len(pictures) / columns)
    height, width = np.asarray(pictures[0]).shape[-2:]
    fig, axes = plt.subplots(rows, columns, figsize=(cell * columns, (cell * height / width + 0.25) * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for k, (ax, picture) in enumerate(zip(axes.flat, pictures, strict=False)):
        picture = np.asarray(picture)
        plane = picture.transpose(1, 2, 0) if picture.ndim == 3 else picture
        cmap = plotting.SEQUENTIAL if plane.dtype.kind == "f" else "gray"
        ax.imshow(plane, cmap=cmap, vmin=0, vmax=255 if plane.dtype == np.uint8 else 1, interpolation="nearest")
        for mask, colour, style in outlines[k] if outlines else ():
            if np.asarray(mask).any():
                padded = np.pad(np.asarray(mask, float), 1)  # so that a line closes at the border of the picture
                places = (np.arange(n) - 1 for n in padded.shape[::-1])
                ax.contour(*places, padded, [0.5], colors=[colour], linestyles=style, linewidths=1.2)
        ax.set_title(titles[k], fontsize=8, loc="center")
    show_in_256_colours(fig, alt)


# %% [markdown]
r"""
## A label for every pixel

Take a network that classifies, the one of lecture 11. Its last steps are: maps of 1280 channels, the mean over all positions,
a dense layer from 1280 numbers to 1000 classes. *What do you get if you leave the mean out, and apply the dense layer at each
position by itself?*

That is a convolution with a kernel of 1×1 (lecture 04): the same matrix at every position.
"""

# %%
backbone = backbones.efficientnet_lite0().to(device).eval()
photo = data.photograph("coffee")
with torch.no_grad():
    x = backbones.preprocess(photo).to(device)
    features = backbone.forward_features(x)  # (1, 1280, 7, 7)
    dense = backbone.classifier
    class_map = F.conv2d(features, dense.weight[:, :, None, None], dense.bias)  # (1, 1000, 7, 7)
    logits = backbone(x)
assert torch.allclose(class_map.mean((2, 3)), logits, atol=1e-3)
espresso = backbones.IMAGENET_CLASSES.index("espresso")
where = class_map.softmax(1)[0, espresso].cpu()
stride = x.shape[2] // where.shape[0]
print(f"{tuple(x.shape)} -> {tuple(class_map.shape)}: one answer for every {stride} × {stride} pixels")

shown = ((x[0].cpu() * 128 + 127) / 255).clamp(0, 1)
fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.0))
axes[0].imshow(F.avg_pool2d(shown, 2).permute(1, 2, 0))
axes[0].set_title("what the network sees", loc="center")
drawn = axes[1].imshow(where, vmin=0, vmax=1)
axes[1].set_title("p(espresso) at each position", loc="center")
for ax in axes:
    ax.set_axis_off()
fig.colorbar(drawn, ax=axes[1], shrink=0.8, label="probability")
show_in_256_colours(fig, "A cup of coffee from above; beside it a map of 7 by 7 squares, bright where the cup is.")
assert where.max() > 0.9
assert where[0, -1] < 0.5
assert stride == 32

# %% [markdown]
r"""
Look at the assertion first: the mean of the map *is* the answer of the classifier, to rounding. A dense layer is linear, so
the mean may come before or after it. The classifier had a map all the time, and threw it away. A network of convolutions only
is called **fully convolutional** (Long, Shelhamer and Darrell 2015).

Now look at the map: it knows where the cup is, to within a square of 32 pixels. Nobody could cut the cup out with it. All the
rest of this lecture is about getting the other 31 back.

**[Semantic segmentation](../glossary.ipynb#semantic-segmentation)** gives each pixel a class. The network returns
logits $(N, C, H, W)$, the label is a **mask**
$(N, H, W)$ of whole numbers, and the loss is the cross-entropy of lecture 08 at each pixel, averaged over all pixels of all
pictures:

$$L = -\frac{1}{N H W}\sum_{n,i,j} \log p_{n,\,m_{nij},\,i,\,j},$$

where $p$ is the softmax of the logits over the classes.

`F.cross_entropy` takes these shapes as they are.
"""

# %%
logits = torch.randn(2, 3, 4, 5, generator=generator)  # N, C, H, W
masks = torch.randint(3, (2, 4, 5), generator=generator)
one_by_one = [
    -logits[n, :, i, j].log_softmax(0)[masks[n, i, j]] for n in range(2) for i in range(4) for j in range(5)
]  # 40 classifications
print(f"pixel by pixel {torch.stack(one_by_one).mean():.6f}, F.cross_entropy {F.cross_entropy(logits, masks):.6f}")
assert torch.allclose(torch.stack(one_by_one).mean(), F.cross_entropy(logits, masks))

two = logits[:, :2]  # object or background only: the softmax of two logits is the sigmoid of their difference
assert torch.allclose(two.softmax(1)[:, 1], (two[:, 1] - two[:, 0]).sigmoid())
assert torch.allclose(
    F.cross_entropy(two, (masks > 0).long()),
    F.binary_cross_entropy_with_logits(two[:, 1] - two[:, 0], (masks > 0).float()),
)

# %% [markdown]
r"""
Look at the two numbers: equal. And read the last lines: with two classes you may have one logit per pixel and a sigmoid, or
two and a softmax. It is the same loss. We take two, because that is the form for any number of classes.

## Masks from the alpha channel

Masks are expensive. In Cityscapes, a data set of street scenes, one fine mask took more than 90 minutes of work (Cordts et al.
2016). And they are never exact at the borders. We want exact ones, many, and for nothing. The emoji of this course have a
fourth channel, **alpha**: how opaque each pixel is, 0 to 255. It says where the object is. So we can put an object $F$ on any
background $B$,

$$\text{picture} = \alpha F + (1-\alpha) B,$$

and know the mask: the pixels where at least half of what you see is the object, $\alpha \ge 0.5$.
"""

# %%
rgba, labels, emoji_names = data.emoji_rgba()  # (428, 64, 64, 4)
example = rgba[emoji_names.index("bicycle")]
alpha = example[..., 3] / 255
plotting.show_images(
    [example[..., :3], alpha, (alpha >= 0.5).astype(float)],
    ["red, green, blue", "alpha", "mask: alpha ≥ 0.5"],
    columns=6,
    alt="A bicycle three times: its colours on black, its alpha channel with grey edges, and its mask in black and white.",
)
between = ((alpha > 0) & (alpha < 1)).mean()
print(f"{between:.1%} of the picture is partly transparent; the mask has to decide for each")
assert between > 0.05

# %% [markdown]
r"""
Look at the grey pixels in the middle: a spoke is thinner than a pixel. Mixtures exist in photographs as well; each mask
decides somehow, and no network will agree with it everywhere.

The cell below composes: a random piece of a photograph, tinted a little, and on it an emoji of random size at a random
place. One detail matters. The emoji are reduced in size, and reducing averages pixels, also the colours of invisible
ones. So colours are multiplied by alpha *before* the average (Pillow calls this mode `RGBa`). *Which photographs and
which emoji may the validation set use?*
"""

# %%
SIZE = 48  # pixels; large enough to see what the object is, small enough to train in seconds
SIDES = (18, 36)  # smallest and largest side of an emoji
PHOTOGRAPHS = {
    "training": ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "hubble_deep_field", "immunohistochemistry"),
    "validation": ("clock", "coins", "gravel", "retina", "rocket"),
}


def in_colour(name):
    """Return a photograph as (H, W, 3), 160 pixels on its shorter side."""
    picture = data.photograph(name, size=160)
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


photographs = {name: in_colour(name) for names in PHOTOGRAPHS.values() for name in names}


def compose(emoji, background, rng, sides=SIDES, size=SIZE, darkest_tint=0.6):
    """Return a picture (3, size, size) uint8 with one emoji on it, and its mask (size, size) of 0 and 1."""
    top, left = (rng.integers(side - size + 1) for side in background.shape[:2])
    picture = background[top : top + size, left : left + size] * rng.uniform(darkest_tint, 1, 3)
    side = int(rng.integers(sides[0], sides[1] + 1))
    whole = Image.fromarray(emoji[:, ::-1] if rng.random() < 0.5 else emoji)
    small = np.asarray(whole.convert("RGBa").resize((side, side), Image.Resampling.BOX), float)  # colours times alpha
    opacity = small[..., 3:] / 255
    i, j = rng.integers(size - side + 1, size=2)
    window = (slice(i, i + side), slice(j, j + side))
    picture[window] = small[..., :3] + (1 - opacity) * picture[window]
    mask = np.zeros((size, size), np.int64)
    mask[window] = opacity[..., 0] >= 0.5
    return np.rint(picture).astype(np.uint8).transpose(2, 0, 1), mask


def compose_many(chosen, part, count, seed, sides=SIDES):
    """Return pictures (count, 3, H, W), masks (count, H, W), and the photograph behind each; the chosen emoji take turns."""
    rng = np.random.default_rng(seed)
    behind = rng.choice(PHOTOGRAPHS[part], count)
    pairs = [compose(rgba[chosen[k % len(chosen)]], photographs[name], rng, sides) for k, name in enumerate(behind)]
    pictures, masks = (torch.from_numpy(np.stack(arrays)).to(device) for arrays in zip(*pairs, strict=True))
    return pictures, masks, behind


train_emoji, val_emoji = data.stratified_split(labels, 31, 16, seed=13)
pictures, masks, _ = compose_many(train_emoji, "training", 2000, seed=0)
val_pictures, val_masks, val_behind = compose_many(val_emoji, "validation", 192, seed=1)
assert not set(train_emoji) & set(val_emoji)
assert not set(PHOTOGRAPHS["training"]) & set(PHOTOGRAPHS["validation"])
object_share = masks.float().mean().item()
print(f"training: {len(pictures)} pictures of {len(train_emoji)} emoji on {len(PHOTOGRAPHS['training'])} photographs")
print(f"validation: {len(val_pictures)} pictures of {len(val_emoji)} other emoji on {len(PHOTOGRAPHS['validation'])} others")
print(f"{object_share:.1%} of the training pixels are object")
assert 0.1 < object_share < 0.2

gallery(
    [*pictures[:8].cpu(), *masks[:8].cpu()],
    ["picture", *[""] * 7, "mask", *[""] * 7],
    8,
    outlines=[[(mask, plotting.ORANGE, "-")] for mask in masks[:8].cpu().numpy()] + [[]] * 8,
    alt="Eight training pictures, each an emoji over a piece of a photograph, outlined, and below them their masks.",
)

# %% [markdown]
r"""
Look for objects that you would miss yourself without the outline: brown on brown, or thinner than a pixel. And remember the
share of object pixels: it is the reason for the next section.

Emoji *and* photographs of the two sets are disjoint. If only the emoji differed, the network could learn the thirteen
photographs by heart and call everything else an object.

## Intersection over union and Dice

How good is a predicted mask? *Predict nothing at all, everywhere background: how many per cent of the pixels are right?*

Count four kinds of pixels: object found (true positive, TP), called object but is not (FP), missed (FN), and background left
alone (TN). **Pixel accuracy** is $(TP+TN)/\text{all}$. **Intersection over union**, also Jaccard index, is

$$J = \frac{|P\cap M|}{|P\cup M|} = \frac{TP}{TP+FP+FN},$$

where $P$ is the set of predicted pixels and $M$ the mask. The **Dice** coefficient is

$$D = \frac{2\,|P\cap M|}{|P|+|M|} = \frac{2\,TP}{2\,TP+FP+FN}.$$

Neither mentions TN: background that is left alone earns nothing. The next cell takes one true mask and spoils it in
several ways.
"""

# %%
picture, mask, _ = compose_many([emoji_names.index("penguin")], "validation", 1, seed=7, sides=(26, 28))
mask = mask[0].cpu().numpy().astype(bool)
spoiled = {
    "the mask itself": mask,
    "one pixel to the right": np.roll(mask, 1, axis=1),
    "one pixel thicker": ndimage.binary_dilation(mask),
    "one pixel thinner": ndimage.binary_erosion(mask),
    "its bounding box": np.zeros_like(mask),
    "lower half only": mask & (np.arange(SIZE)[:, None] > np.median(np.nonzero(mask)[0])),
    "nothing": np.zeros_like(mask),
    "everything": np.ones_like(mask),
}
box = ndimage.find_objects(mask.astype(int))[0]
spoiled["its bounding box"][box] = True

scores = {}
for name, guess in spoiled.items():
    tp, fp, fn = (guess & mask).sum(), (guess & ~mask).sum(), (~guess & mask).sum()
    scores[name] = (guess == mask).mean(), tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn)
gallery(
    [picture[0].cpu()] * len(spoiled),
    [f"{name}\nacc {a:.2f}  J {j:.2f}  D {d:.2f}" for name, (a, j, d) in scores.items()],
    4,
    outlines=[[(guess, plotting.ORANGE, "-")] for guess in spoiled.values()],
    alt="A small object outlined by eight masks, from the right one to nothing and everything, with accuracy, IoU and Dice.",
    cell=1.9,
)
accuracy, jaccard, dice = np.array(list(scores.values())).T
assert np.allclose(dice, 2 * jaccard / (1 + jaccard))
assert scores["nothing"][0] > scores["everything"][0]
assert scores["nothing"][1] == 0
assert scores["nothing"][0] > 0.8
assert (np.argsort(jaccard, kind="stable") == np.argsort(dice, kind="stable")).all()

# %% [markdown]
r"""
Look at "nothing": most pixels right, and an IoU of zero. Pixel accuracy measures the background. And look at "one pixel to
the right": you would call it perfect by eye.

The two useful measures are one measure in two scales: from $|P|+|M| = |P\cup M| + |P\cap M|$ follows

$$D = \frac{2J}{1+J}, \qquad J = \frac{D}{2-D},$$

which the cell asserts. So on one picture they always rank alike, and $D\ge J$. Dice is the F1 score of the pixels: the
harmonic mean of precision and recall. *But do two networks rank alike, too, when you average over pictures?*
"""

# %%
j = np.linspace(0, 1, 101)
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.2))
axes[0].plot(j, 2 * j / (1 + j), color=plotting.BLUE)
axes[0].plot(jaccard, dice, "o", color=plotting.VERMILLION)
axes[0].plot([0, 1], [0, 1], ":", color=plotting.GREY)
axes[0].set(xlabel="IoU  J", ylabel="Dice  D", title="D = 2J / (1 + J), and the eight masks")
diameters = np.arange(4, 41)
rows, columns = np.mgrid[:SIZE, :SIZE]
shifted = []
for diameter in diameters:
    disc = (rows - 23.5) ** 2 + (columns - 23.5) ** 2 <= (diameter / 2) ** 2
    moved = np.roll(disc, 1, axis=1)
    shifted.append((disc & moved).sum() / (disc | moved).sum())
axes[1].plot(diameters, shifted, color=plotting.BLUE)
axes[1].set(xlabel="diameter of a disc (pixels)", ylabel="IoU", ylim=(0, 1), title="The same mask, one pixel to the right")
plotting.show(
    fig,
    "Left: Dice against IoU, a curve above the diagonal, with eight points on it. Right: the IoU of a disc and itself shifted by "
    "one pixel rises with its diameter from about 0.5 to about 0.94.",
)
precision, recall = 0.6, 0.9  # TP = 54, FP = 36, FN = 6
assert math.isclose(2 * 54 / (2 * 54 + 36 + 6), 2 * precision * recall / (precision + recall))
steady, moody = np.array([0.5, 0.5]), np.array([0.02, 1.0])  # the IoU of two networks on two pictures
as_dice = [(2 * j / (1 + j)).mean() for j in (steady, moody)]
print(f"mean IoU {steady.mean():.2f} and {moody.mean():.2f}; mean Dice {as_dice[0]:.2f} and {as_dice[1]:.2f}")
assert steady.mean() < moody.mean()
assert as_dice[0] > as_dice[1]
assert shifted[0] < 0.65
assert shifted[-1] > 0.9

# %% [markdown]
r"""
Look at the printed line: by mean IoU the second network is better, by mean Dice the first. The curve is bent, so averages may
disagree; a paper should say which it means, and over what it averages: over pictures, over classes, or over all pixels of the
data set at once.

Look at the right curve: a shift of one pixel costs a small object a great deal. Whenever two IoUs are compared, ask how large
the objects were.

> **Check yourself.** Your masks have three classes, and one picture contains no pixel of class 2, nor does the prediction. What
> is the IoU of class 2?
>
> <details><summary>Answer</summary>
>
> $0/0$: undefined, NaN. Neither 0 (nothing was done wrong) nor 1 (that would reward classes that are absent). Leave it out of
> the mean over classes, for instance with `nanmean`.
>
> </details>

## Upsampling

A network that has shrunk 48×48 pixels to 6×6 must grow again. *Between two known values, what do you put?*

**Nearest** repeats each value; **bilinear** draws straight lines between the centres of the pixels. Neither has anything to
learn.
"""

# %%
line = torch.tensor([[[1.0, 3.0, 2.0, 4.0]]])
grown = {mode: F.interpolate(line, scale_factor=2, mode=mode)[0, 0] for mode in ("nearest", "linear")}
corners = F.interpolate(line, scale_factor=2, mode="linear", align_corners=True)[0, 0]
for name, values in (*grown.items(), ("linear, align_corners=True", corners)):
    print(f"{name:27}", *(f"{v:5.2f}" for v in values.tolist()))
assert grown["nearest"].tolist() == [1, 1, 3, 3, 2, 2, 4, 4]
assert grown["linear"].tolist() == [1, 1.5, 2.5, 2.75, 2.25, 2.5, 3.5, 4]
assert grown["linear"][1] == 0.75 * 1 + 0.25 * 3  # a quarter of the way from the first centre to the second

centres = {"small": np.arange(4) + 0.5, "large": (np.arange(8) + 0.5) / 2}
fig, ax = plt.subplots(figsize=(7.2, 2.7))
ax.plot(centres["small"], line[0, 0], "s", color="black", ms=9, label="the four values")
ax.step(np.r_[0, centres["large"] + 0.25], np.r_[grown["nearest"][0], grown["nearest"]], color=plotting.GREY, label="nearest")
ax.plot(centres["large"], grown["linear"], "o-", color=plotting.BLUE, label="linear")
ax.plot(np.linspace(0.25, 3.75, 8), corners, "^:", color=plotting.ORANGE, label="linear, align_corners=True")
ax.set(xlabel="position (pixels of the small map)", ylabel="value", xlim=(0, 4), title="Four values become eight")
ax.legend(ncols=2)
plotting.show(fig, "Four values at pixel centres; nearest as steps, linear as a line through quarter points, a third shifted.")

# %% [markdown]
r"""
Look at the blue points: none of them is one of the four values except at the ends. Pixel centres of the large map lie at
quarters between those of the small one. `align_corners=True` stretches the map so that the first and last centres coincide;
then the spacing depends on the size, and maps of different levels no longer lie exactly on each other. Leave it False.

The third way learns: the **transposed convolution** of lecture 04, which scatters each input over a window. With kernel 2 and
stride 2 the windows tile: each input becomes a square of four, times four weights. *With which weights is it nearest?*
"""

# %%
maps = torch.randn(1, 1, 6, 6, generator=generator)
ones = F.conv_transpose2d(maps, torch.ones(1, 1, 2, 2), stride=2)
assert torch.equal(ones, F.interpolate(maps, scale_factor=2, mode="nearest"))
tent = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
smooth = F.conv_transpose2d(maps, (tent[:, None] * tent)[None, None], stride=2, padding=1)
bilinear = F.interpolate(maps, scale_factor=2, mode="bilinear")
assert torch.allclose(smooth[..., 1:-1, 1:-1], bilinear[..., 1:-1, 1:-1], atol=1e-6)
for k in (2, 4):
    up = nn.ConvTranspose2d(32, 16, k, stride=2, padding=(k - 2) // 2)
    print(f"32 -> 16 channels, kernel {k}: {tuple(up(torch.zeros(1, 32, 6, 6)).shape[1:])}, {up.weight.numel():,} weights")
print("kernel 2, all ones: nearest. Kernel 4, a tent: bilinear away from the border.")

# %% [markdown]
r"""
Look at the assertions: both simple ways are transposed convolutions with weights that somebody fixed. So learning can only
win? Not quite.

## The checkerboard

Give a transposed convolution the dullest input there is, ones everywhere, and the dullest kernel, ones again. Each output
then counts how many windows reach it. *Draw the counts for kernel 3 and stride 2 before you run the cell.*
"""

# %%
fig, axes = plt.subplots(1, 4, figsize=(9.2, 2.7))
for ax, (k, s) in zip(axes, ((3, 2), (5, 2), (4, 2), (2, 2)), strict=True):
    counts = F.conv_transpose2d(torch.ones(1, 1, 6, 6), torch.ones(1, 1, k, k), stride=s)[0, 0]
    inner = counts[k - 1 : 1 - k, k - 1 : 1 - k]
    ax.imshow(counts, cmap="Blues", vmin=0, vmax=9)
    for (i, j), value in np.ndenumerate(counts.numpy()):
        ax.text(j, i, f"{value:g}", ha="center", va="center", fontsize=7, color="white" if value > 5 else "black")
    ax.set_title(f"kernel {k}, stride {s}:\ninside {[int(v) for v in inner.unique()]}", fontsize=9, loc="center")
    ax.set_axis_off()
    assert (len(inner.unique()) == 1) == (k % s == 0)
show_in_256_colours(
    fig,
    "Counts of overlapping windows. Kernel 3 stride 2: a checkerboard of 1, 2, 4. Kernel 5: of 4, 6, 9. Kernel 4: 4 everywhere "
    "inside. Kernel 2: 1 everywhere.",
)
in_a_row = [sum(abs(place - 2 * i) <= 1 for i in range(6)) for place in range(4, 8)]  # kernel 3 on a line, centred on 2i
assert in_a_row == [1, 2, 1, 2]

# %% [markdown]
r"""
Look at the first two: inside, some outputs collect more copies than their neighbours, in a pattern that no input asked for.
If the stride divides the kernel size, all counts are equal (asserted for each).

The network could learn weights that even this out, but it starts with the pattern and has to unlearn it in every layer.
*And is the pattern gone when the counts are equal?* Give random weights a constant input.
"""

# %%
flat = torch.ones(1, 8, 12, 12)
WAYS = {
    "transposed, kernel 3": lambda: nn.ConvTranspose2d(8, 1, 3, stride=2, padding=1, output_padding=1),
    "transposed, kernel 4": lambda: nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1),
    "transposed, kernel 2": lambda: nn.ConvTranspose2d(8, 1, 2, stride=2),
    "nearest, then conv 3": lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 1, 3, padding=1)),
    "bilinear, then conv 3": lambda: nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(8, 1, 3, padding=1)),
}
torch.manual_seed(13)
patterns, ripples = [], []
with torch.no_grad():
    for build in WAYS.values():
        draws = torch.stack([build()(flat)[0, 0, 4:-4, 4:-4] for _ in range(200)])  # 200 layers with random weights
        patterns.append(draws[0])
        ripples.append(draws.std(dim=(1, 2)).mean().item())
plotting.show_images(
    [(p - p.mean()).clamp(-0.5, 0.5) for p in patterns],
    [f"{name}\nripple {r:.2f}" for name, r in zip(WAYS, ripples, strict=True)],
    columns=5,
    limits=(-0.5, 0.5),
    cmap=plotting.DIVERGING,
    alt="What five ways of doubling make of a constant input: three transposed convolutions show a fine pattern; two are flat.",
)
assert min(ripples[:3]) > 0.05
assert max(ripples[3:]) < 1e-5

# %% [markdown]
r"""
Look at the third: kernel 2 tiles, every output collects one copy, and still there is a pattern, because the four weights
are four different numbers. Equal counts are necessary, they do not suffice. Only resize-then-convolve makes a flat
picture of a flat map, whatever the weights are (Odena, Dumoulin and Olah 2016).

The same thing hides where nobody looks for it: the backward pass of a *strided convolution* is a transposed one (lecture 05).
"""

# %%
x = torch.zeros(1, 1, 13, 13, requires_grad=True)
for k in (3, 4):
    (gradient,) = torch.autograd.grad(F.conv2d(x, torch.ones(1, 1, k, k), stride=2).sum(), x)
    inner = gradient[0, 0, 3:-3, 3:-3]
    print(f"conv {k}×{k}, stride 2: inside, the gradient counts {[int(v) for v in inner.unique()]}")
    assert (len(inner.unique()) == 1) == (k == 4)

# %% [markdown]
r"""
Look at the first line: some pixels get four times the gradient of others. If you look at saliency maps (lecture 12) of
networks with 3×3 convolutions of stride 2, you may find that grid.
"""

# %% [markdown]
r"""
## The U-Net

Shrink to see the whole, grow to be exact. What was lost on the way down cannot be computed again from the bottom: but it *was
there*, at the same size, on the way down. So carry it across. This is the U-Net (Ronneberger, Fischer and Brox 2015):

- on the way down, the **contracting path**: two convolutions 3×3, then 2×2 max pooling; the channels double;
- on the way up, the **expansive path**: [upsampling](../glossary.ipynb#upsampling), the channels halve, then
  **concatenation** with the maps of the same size
  from the way down, the **skip connection**, then two convolutions 3×3;
- at the end a 1×1 convolution from channels to classes.

A U-Net inside a U-Net inside a U-Net: so write *one* level, which wraps the level below it. *Before you run it: which shapes
come out for a picture of 48×48 with widths 8, 16, 32, 64?*
"""


# %%
def conv_layer(c_in, c_out, padding=1, norm=True):
    """Return one 3×3 convolution with what follows it; a bias before batch norm would be pointless."""
    conv = nn.Conv2d(c_in, c_out, 3, padding=padding, bias=not norm)
    return [conv, nn.BatchNorm2d(c_out), nn.ReLU()] if norm else [conv, nn.ReLU()]


class Level(nn.Module):
    """One level of a U: convolutions, the level below between pooling and upsampling, convolutions.

    With skip=False nothing is carried across; the way up then brings twice the channels, so that both have equal work to do.
    """

    def __init__(self, c_in, widths, skip=True, up="transposed", padding=1, norm=True):
        super().__init__()
        width, *below = widths
        options = {"padding": padding, "norm": norm}
        self.skip = skip
        self.enter = nn.Sequential(*conv_layer(c_in, width, **options), *conv_layer(width, width, **options))
        self.inner = None
        if below:
            grown = width if skip else 2 * width
            if up == "transposed":
                enlarge = nn.ConvTranspose2d(below[0], grown, 2, stride=2)
            else:
                enlarge = nn.Sequential(nn.Upsample(scale_factor=2, mode=up), nn.Conv2d(below[0], grown, 1))
            self.inner = nn.Sequential(nn.MaxPool2d(2), Level(width, below, skip, up, padding, norm), enlarge)
            self.leave = nn.Sequential(*conv_layer(2 * width, width, **options), *conv_layer(width, width, **options))

    def forward(self, x):
        x = self.enter(x)
        if self.inner is None:  # the bottom of the U
            return x
        y = self.inner(x)
        if not self.skip:
            return self.leave(y)
        margin = (x.shape[2] - y.shape[2]) // 2  # 0 with padded convolutions
        return self.leave(torch.cat([F.pad(x, [-margin] * 4), y], dim=1))  # negative padding crops


WIDTHS = (8, 16, 32, 64)


def u_net(widths=WIDTHS, channels=3, classes=2, **options):
    """Return the whole network: the levels, and the classifier at each pixel."""
    return nn.Sequential(Level(channels, widths, **options), nn.Conv2d(widths[0], classes, 1))


def sizes_in(net, shape):
    """Return [(going down?, depth, output shape)] for the two convolution groups of each level."""
    found, handles = [], []

    def watch(part, down, depth):
        def note(module, given, output):
            found.append((down, depth, tuple(output.shape[1:])))

        handles.append(part.register_forward_hook(note))

    level, depth = net[0], 0
    watch(level.enter, True, depth)
    while level.inner is not None:
        watch(level.leave, False, depth)
        level, depth = level.inner[1], depth + 1
        watch(level.enter, True, depth)
    with torch.no_grad():
        net(torch.empty(1, *shape, device=next(net.parameters()).device))
    for handle in handles:
        handle.remove()
    return found


def count(net):
    """Return the number of parameters."""
    return sum(p.numel() for p in net.parameters())


net = u_net().eval()
for down, depth, shape in sizes_in(net, (3, SIZE, SIZE)):
    print("    " * depth + ("down " if down else "up   ") + "×".join(map(str, shape)))
print(f"out {tuple(net(torch.zeros(1, 3, SIZE, SIZE)).shape)}, {count(net):,} parameters")
assert net(torch.zeros(2, 3, SIZE, SIZE)).shape == (2, 2, SIZE, SIZE)
assert sizes_in(net, (3, SIZE, SIZE))[3][2] == (64, 6, 6)

# %% [markdown]
r"""
Look at the shape of the listing: it is the letter U lying on its side. Each size occurs twice, once going down and once
coming up, except the lowest.

The network has no dense layer, so it takes other sizes as well. *All sizes?*
"""

# %%
for size in (48, 64, 100):
    try:
        print(f"{size} × {size}: out {tuple(net(torch.zeros(1, 3, size, size)).shape)}")
    except RuntimeError as error:
        print(f"{size} × {size}: {str(error).splitlines()[0]}")
        failed = size
assert failed == 100
halves = [100, 50, 25, 12]
print(f"100 halves to {halves}, and 12 doubles to {2 * halves[-1]}, not to {halves[-2]}")
assert all(after == before // 2 for before, after in pairwise(halves))

# %% [markdown]
r"""
Look at the last line: three poolings need a side that can be divided by $2^3 = 8$. Otherwise pad the picture and crop the
answer, or, as in your assignment, pad the upsampled maps to the size of the skip.

### The U-Net of 2015

The original differs in three ways. Its convolutions have **no padding**, so that every output pixel rests on real pixels
only: each takes one pixel off every side. There is no batch norm. And the maps from the way down are larger than those
from below, so they are **cropped** before they are concatenated. Widths 64, 128, 256, 512, 1024; a grey picture of
572×572; two classes. *How large is the answer?*
"""

# %%
with torch.device("meta"):  # shapes without numbers, as in lecture 09
    u_net_2015 = u_net((64, 128, 256, 512, 1024), channels=1, padding=0, norm=False).eval()
    answer = u_net_2015(torch.empty(1, 1, 572, 572))
trace = sizes_in(u_net_2015, (1, 572, 572))
kernels = [m for m in u_net_2015.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
print(f"572 × 572 -> {answer.shape[2]} × {answer.shape[3]}; {len(kernels)} convolutions, {count(u_net_2015):,} parameters")
assert answer.shape == (1, 2, 388, 388)
assert len(kernels) == 23  # as the paper says
assert count(u_net_2015) == 31_030_658

depths = 5
fig, ax = plt.subplots(figsize=(9.2, 4.4))
place = {}
for down, depth, (channels, side, _) in trace:
    x = 0.95 * depth if down else 0.95 * (2 * depths - 2 - depth)
    place[down, depth] = (x, -depth, side)
    width = 0.16 + 0.05 * math.log2(channels / 32)
    ax.add_patch(plt.Rectangle((x - width / 2, -depth - 0.3), width, 0.6, color=plotting.BLUE if down else plotting.GREEN))
    ax.text(x, -depth - 0.36, f"{channels}\n{side}²", ha="center", va="top", fontsize=8)
for depth in range(depths - 1):
    (x0, y, side), (x1, _, _) = place[True, depth], place[False, depth]
    arrow = {"arrowstyle": "->", "color": plotting.VERMILLION, "lw": 1.5}
    ax.annotate("", (x1 - 0.25, y), (x0 + 0.25, y), arrowprops=arrow)
    kept = 2 * place.get((True, depth + 1))[2] if depth == depths - 2 else 2 * place[False, depth + 1][2]
    ax.text((x0 + x1) / 2, y + 0.06, f"crop {side} to {kept}", ha="center", fontsize=8, color=plotting.VERMILLION)
    for start, end in (((x0 + 0.1, y - 0.35), (x0 + 0.85, y - 0.75)), ((x1 - 0.85, y - 0.75), (x1 - 0.1, y - 0.35))):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": plotting.GREY})
ax.text(-0.15, 0.42, "572²", ha="center", fontsize=9)
ax.text(7.75, 0.42, f"{answer.shape[2]}² in 2 classes", ha="center", fontsize=9)
ax.set(xlim=(-0.5, 8.3), ylim=(-4.9, 0.75))
ax.set_title("The U-Net of 2015: channels and size after each pair of convolutions", pad=8)
ax.set_axis_off()
plotting.show(
    fig,
    "A letter U of nine blocks. Down: 64 channels at 568, 128 at 280, 256 at 136, 512 at 64, 1024 at 28. Up: 512 at 52, 256 at "
    "100, 128 at 196, 64 at 388. Arrows across: crop 568 to 392, 280 to 200, 136 to 104, 64 to 56.",
)
assert [shape[1] for _, _, shape in trace] == [568, 280, 136, 64, 28, 52, 100, 196, 388]

# %% [markdown]
r"""
Look at the numbers along the top: 568 came down, 392 is wanted, so 88 pixels are cut off on every side. The answer is 184
pixels smaller than the picture: 92 on each side, context only. To segment a large picture, the authors moved the window
so that the *answers* tile it, and mirrored the picture at its border (the overlap-tile strategy).

Which input sizes work at all? Each pooling must meet an even size.
"""


# %%
def answer_size(side, depths=5):
    """Return the output size of the unpadded U-Net, None if a pooling meets an odd size or nothing is left."""
    for depth in range(depths):
        side -= 4  # two convolutions
        if depth < depths - 1:
            if side % 2:
                return None
            side //= 2
    for _ in range(depths - 1):
        side = 2 * side - 4
    return side if side > 0 else None


possible = {side: answer_size(side) for side in range(140, 600) if answer_size(side)}
print("smallest:", dict(list(possible.items())[:3]), " around 572:", {s: possible[s] for s in (556, 572, 588)})
assert set(np.diff(list(possible))) == {16}
assert all(side - out == 184 for side, out in possible.items())
assert possible[572] == 388

# %% [markdown]
r"""
Look at the steps: sizes come 16 apart, $2^4$ for four poolings. Today most people pad their convolutions, as our `Level` does
by default: input and output have one size, and the zeros at the border are the price.

> **Check yourself.** Why does a U-Net concatenate, where a ResNet adds?
>
> <details><summary>Answer</summary>
>
> Adding needs equal numbers of channels and makes one map of two: afterwards they cannot be told apart. The two maps of a
> U-Net say different things, *where the edges are* and *what this is*; the convolution after the concatenation has
> weights for both and can combine them. It costs twice the input channels. Networks that add instead exist (LinkNet).
>
> </details>

## Skip connections, measured

Two networks: one with skip connections, one without; where the skip is missing, the way up brings twice the channels, so
that the second network does not have fewer weights. And a third with skips and bilinear upsampling. Each sees the same
pictures, each picture once, in the same order; two seeds. *Where in the picture will the difference be?*
"""

# %%
RATE, BATCH = 4e-3, 16


def scaled(pictures):
    """Return uint8 pictures as floats around zero."""
    return pictures.float() / 255 - 0.45


def learn(net, pictures, masks, seed, loss=F.cross_entropy, passes=1, batch=BATCH, change=None, watch=None):
    """Train a network on pictures and masks.

    change(pictures, masks, generator) augments each batch; watch(net, step) is called before each step.
    """
    order = torch.Generator().manual_seed(seed)
    net.to(device).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE)
    steps = passes * math.ceil(len(pictures) / batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    done = 0
    for _ in range(passes):
        for part in torch.randperm(len(pictures), generator=order).split(batch):
            x, m = pictures[part.to(device)], masks[part.to(device)]
            if change is not None:
                x, m = change(x, m, order)
            if watch is not None:
                watch(net, done)
            optimizer.zero_grad()
            loss(net(scaled(x)), m).backward()
            optimizer.step()
            schedule.step()
            done += 1
    return net.eval()


@torch.no_grad()
def object_probability(net, pictures):
    """Return the probability of the object at each pixel, (N, H, W)."""
    return net(scaled(pictures)).softmax(1)[:, 1].cpu()


@torch.no_grad()
def predict(net, pictures):
    """Return the class of each pixel, (N, H, W)."""
    return torch.cat([net(scaled(part)).argmax(1) for part in pictures.split(64)])


def object_iou(guesses, masks):
    """Return the IoU of the object in each picture; every one of our masks has an object, so the union is not empty."""
    both, either = (guesses & masks).flatten(1).sum(1), (guesses | masks).flatten(1).sum(1)
    return (both / either).cpu()


def border_distance(mask):
    """Return for each pixel the distance to the nearest pixel of the other class, positive inside the object."""
    return ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(1 - mask)


distance = torch.from_numpy(np.stack([border_distance(m) for m in val_masks.cpu().numpy()]))
at_border = distance.abs() <= 1  # a neighbour, up, down, left or right, is of the other class
KINDS = {"with skips": {}, "without": {"skip": False}, "with skips, bilinear": {"up": "bilinear"}}
SEEDS = (0, 1)
guesses, trained, seen = {}, {}, []
LOOK_AT = (0, 12, 16, 20, 26, 32, 40, 50, 65, 85, 124)


def look(net, step):
    """Note what the network says to five validation pictures, while it is being trained."""
    if step in LOOK_AT:
        seen.append((step, object_probability(net.eval(), val_pictures[:5])))
        net.train()


for kind, options in KINDS.items():
    for seed in SEEDS:
        torch.manual_seed(seed)
        watch = look if (kind, seed) == ("with skips", 0) else None
        trained[kind, seed] = learn(u_net(**options), pictures, masks, seed, watch=watch)
        guesses[kind, seed] = predict(trained[kind, seed], val_pictures)


def measures(guesses, masks, at_border):
    """Return IoU, Dice and accuracy, and the errors at the border and elsewhere."""
    j = object_iou(guesses, masks)
    wrong = (guesses != masks).cpu()
    return np.array(
        [
            j.mean(),
            (2 * j / (1 + j)).mean(),
            1 - wrong.float().mean(),
            wrong[at_border].float().mean(),
            wrong[~at_border].float().mean(),
        ]
    )


results = {key: measures(guess, val_masks, at_border) for key, guess in guesses.items()}
rows = []
for kind in KINDS:
    pairs = zip(*(results[kind, seed] for seed in SEEDS), strict=True)
    rows.append([kind, f"{count(trained[kind, 0]):,}", *(", ".join(f"{v:.3f}" for v in pair) for pair in pairs)])
table(["network", "parameters", "mean IoU", "mean Dice", "pixel accuracy", "errors at the border", "errors elsewhere"], rows)
skip, none, bilinear = (
    np.mean([results[kind, seed] for seed in SEEDS], axis=0) for kind in ("with skips", "without", "with skips, bilinear")
)
assert skip[0] > none[0] + 0.01
assert skip[3] < none[3] - 0.02
assert none[3] - skip[3] > 2 * (none[4] - skip[4])
assert abs(skip[0] - bilinear[0]) < 0.04
assert count(trained["without", 0]) > count(trained["with skips", 0])
print(f"predicting nothing has pixel accuracy {1 - val_masks.float().mean():.3f}")

# %% [markdown]
r"""
Each cell of the table has the two seeds. Look at the columns from left to right: the gain in IoU is clear; in pixel
accuracy it is hidden in the second decimal, since doing nothing has most of the points already. And look at the last two
columns: at the border the network without skips is wrong more often, and elsewhere the two hardly differ. There is the
answer to the question, and a figure below draws it for every distance.

The third row belongs to [upsampling](#Upsampling): here learned and bilinear upsampling differ by no more than you would expect
from another seed, and the convolutions behind the skip can repair what either does. And how does a network come to its masks?
Here are five validation pictures during the training of the first.
"""

# %%


def frame(k):
    """Draw five pictures, and under them the probability of the object after some steps of training."""
    step, probability = seen[k]
    fig, axes = plt.subplots(2, 5, figsize=(6.4, 2.9))
    for column in range(5):
        photo = Image.fromarray(val_pictures[column].cpu().permute(1, 2, 0).numpy()).quantize(12, dither=Image.Dither.NONE)
        axes[0, column].imshow(photo.convert("RGB"), interpolation="nearest")  # few colours: all frames share one palette
        axes[1, column].imshow((31 * probability[column]).round(), vmin=0, vmax=31, interpolation="nearest")
    for ax in axes.flat:
        ax.set_axis_off()
    fig.suptitle(f"p(object), from 0 (blue) to 1 (yellow), after {step} steps of {BATCH} pictures", fontsize=10)
    return fig


animation = plotting.animate(
    frame,
    len(seen),
    alt="Animation: five pictures and the map of p(object) below each. At first the maps are flat; then bright blobs appear at "
    "the objects, with a haze around them, and at last they take the shape of the objects.",
    seconds=0.9,
)
assert [step for step, _ in seen] == list(LOOK_AT)
assert seen[0][1].std() < 0.5 * seen[-1][1].std()
display(animation)

# %% [markdown]
r"""
Watch one object from beginning to end: nothing at first (the running statistics of batch norm have to come in, lecture
07), then a haze of whatever is bright or colourful, then a blob at the right place, and the outline last. You may see a
fine grid in the first blobs: the pattern of the transposed convolution, before the layers behind it have learned to
smooth it.

Now the question: where in the picture do the two networks differ?
"""

# %%
steps = np.arange(-6, 7)
steps = steps[steps != 0]
bins = (torch.sign(distance) * distance.abs().ceil()).long()
fig, ax = plt.subplots()
curves = {}
for kind, colour in (("without", plotting.VERMILLION), ("with skips", plotting.BLUE)):
    per_seed = [[(guesses[kind, s] != val_masks).cpu()[bins == step].float().mean().item() for step in steps] for s in SEEDS]
    curves[kind] = np.mean(per_seed, axis=0)
    ax.plot(range(len(steps)), 100 * curves[kind], "o-", color=colour, label=kind)
    ax.fill_between(range(len(steps)), 100 * np.min(per_seed, 0), 100 * np.max(per_seed, 0), color=colour, alpha=0.2)
ax.axvline(5.5, color=plotting.GREY, ls=":")
ax.set_xticks(range(len(steps)), [str(step).replace("-", "−") for step in steps])
ax.set(xlabel="distance from the border of the mask (pixels; right of the line: inside the object)", ylabel="wrong pixels (%)")
ax.set_title("Skip connections pay at the border")
ax.legend()
plotting.show(
    fig,
    "Errors in per cent against the distance from the border: both curves peak at the border, inside the object; the one without "
    "skips is higher there, and far outside both are low.",
)
border = np.abs(steps) == 1
gain = curves["without"] - curves["with skips"]
assert gain[border].mean() > 0.02
assert gain[border].mean() > gain[np.abs(steps) >= 5].mean() + 0.02

fine = ((val_masks * at_border.to(device)).flatten(1).sum(1) / val_masks.flatten(1).sum(1)).cpu()  # much border, little area
good = object_iou(guesses["with skips", 0], val_masks)
chosen = [k for k in fine.argsort(descending=True).tolist() if good[k] > 0.6][:6]
panels, titles, outlines = [], [], []
for kind in ("with skips", "without"):
    j = object_iou(guesses[kind, 0], val_masks)
    for k in chosen:
        panels.append(val_pictures[k].cpu())
        titles.append(f"{kind}: IoU {j[k]:.2f}")
        outlines.append([(val_masks[k].cpu(), "white", "-"), (guesses[kind, 0][k].cpu(), plotting.ORANGE, "-")])
gallery(
    panels,
    titles,
    6,
    outlines=outlines,
    alt="Six pictures with thin objects, above with skips, below without; white the true outline, orange the prediction.",
    cell=1.5,
)

# %% [markdown]
r"""
Look at the curves first: the gap is at the border, and vanishes with the distance. Deep inside the large objects the skips
do not help; there the question is *what* this is, and the bottom of the U must answer.

Then look at the orange outlines of the lower row: right place, right size, round where the object has fingers. The bottom
of the U has 6×6 positions of 64 channels. It knows what is where, and must describe every outline with that. The pictures
are those with the finest outlines among the ones that the network with skips gets right, so they are no sample; the table
is.

What does each way carry? Take the trained network and erase, at the top level, either the skip or all that comes from
below. *Which of the two maps will still have outlines?*
"""

# %%
net, top = trained["with skips", 0], trained["with skips", 0][0]


def erase_skip(module, given):
    """Set the channels that came across to zero."""
    erased = given[0].clone()
    erased[:, : WIDTHS[0]] = 0
    return (erased,)


def erase_below(module, given, output):
    """Set the channels that came from below to zero."""
    return torch.zeros_like(output)


chosen = torch.cat([good.argsort(descending=True)[:40:10], good.argsort()[40:41]]).tolist()
erased = {"whole network": (object_probability(net, val_pictures[chosen]), good.mean().item())}
for name, attach, hook in (
    ("skip erased", top.leave.register_forward_pre_hook, erase_skip),
    ("below erased", top.inner.register_forward_hook, erase_below),
):
    handle = attach(hook)
    probability = object_probability(net, val_pictures[chosen])
    erased[name] = probability, object_iou(predict(net, val_pictures), val_masks).mean().item()
    handle.remove()
panels = list(val_pictures[chosen].cpu()) + [p.numpy() for probability, _ in erased.values() for p in probability]
gallery(
    panels,
    [name if k == 0 else "" for name in ("picture", *erased) for k in range(5)],
    5,
    alt="Five pictures, and p(object) from blue to yellow: by the whole network; without the top skip, as soft blobs at the "
    "objects; without what comes from below, as outlines and stripes.",
)
print("mean IoU on all validation pictures: " + ", ".join(f"{name} {iou:.2f}" for name, (_, iou) in erased.items()))
assert max(erased["skip erased"][1], erased["below erased"][1]) < erased["whole network"][1] - 0.1

# %% [markdown]
r"""
Look at the third row: the right place, the right size, soft edges. What comes from below knows *what* is object, not
exactly where it ends. Look at the last row: outlines, stripes and spots, and no area that is filled. The skip knows
*where* something changes, but not what it belongs to. This is a look inside, not a fair comparison: the network was
trained with both ways and neither had to do alone. The fair one is the table above.

## Cross-entropy against Dice

Now make the objects small, seven to eleven pixels across. *What share of the pixels is object, and what will a network
learn first?*

Cross-entropy averages over pixels, and nearly all pixels are background. The **Dice loss** puts the probability $p$ of the
object in place of the predicted mask (Milletari, Navab and Ahmadi 2016),

$$L_D = 1 - \frac{2\sum p\,m + \varepsilon}{\sum p + \sum m + \varepsilon},$$

here with the sums over all pixels of the batch; $\varepsilon$ keeps an empty mask from dividing by zero. (The paper
squares the terms of the denominator.) There is no TN in it. Before we train: who pulls at the weights? For an undecided
network, $p = \tfrac12$ everywhere, compare how strongly object pixels and background pixels push the logits, all
together.
"""

# %%
TINY = (7, 11)
tiny_pictures, tiny_masks, _ = compose_many(train_emoji, "training", 1500, seed=2, sides=TINY)
tiny_val, tiny_val_masks, _ = compose_many(val_emoji, "validation", 192, seed=3, sides=TINY)
tiny_share = tiny_masks.float().mean().item()


def soft_dice(logits, masks, epsilon=1.0):
    """Return 1 − Dice of the object, with probabilities in place of the predicted mask, over the whole batch."""
    p, m = logits.softmax(1)[:, 1], masks.float()
    return 1 - (2 * (p * m).sum() + epsilon) / (p.sum() + m.sum() + epsilon)


def both_losses(logits, masks):
    return F.cross_entropy(logits, masks) + soft_dice(logits, masks)


LOSSES = {"cross-entropy": F.cross_entropy, "Dice": soft_dice, "their sum": both_losses}
print(f"{tiny_share:.1%} of the pixels are object")
pull = {}
for name, loss in LOSSES.items():
    logits = torch.zeros(64, 2, SIZE, SIZE, device=device, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(logits, tiny_masks[:64]), logits)
    size = gradient[:, 1].abs()
    inside = tiny_masks[:64].bool()
    pull[name] = (size[inside].sum() / size.sum()).item(), (size[inside].mean() / size[~inside].mean()).item()
    print(f"{name:14} object pixels: {pull[name][0]:5.1%} of the pull, each {pull[name][1]:6.1f} times a background pixel's")
assert 0.01 < tiny_share < 0.03
assert abs(pull["cross-entropy"][1] - 1) < 1e-3
assert 0.4 < pull["Dice"][0] < 0.7

# %% [markdown]
r"""
Look at the first column: under cross-entropy every pixel pulls alike, so the background has nearly all of the pull. Under
Dice the few object pixels together balance the many others. *So Dice will win?* Train, with a U-Net of three levels, two
seeds.
"""

# %%
tiny_results = {}
for name, loss in LOSSES.items():
    for seed in SEEDS:
        torch.manual_seed(seed)
        small = learn(u_net(WIDTHS[:3]), tiny_pictures, tiny_masks, seed, loss)
        guess = predict(small, tiny_val)
        tp = (guess & tiny_val_masks).sum().item()
        tiny_results[name, seed] = np.array(
            [
                object_iou(guess, tiny_val_masks).mean(),
                tp / max(guess.sum().item(), 1),
                tp / tiny_val_masks.sum().item(),
                (guess == tiny_val_masks).float().mean().item(),
                (guess.flatten(1).sum(1) == 0).float().mean().item(),
            ]
        )
rows = []
for name in LOSSES:
    pairs = zip(*(tiny_results[name, seed] for seed in SEEDS), strict=True)
    rows.append([name, *(", ".join(f"{v:.3f}" for v in pair) for pair in pairs)])
table(["loss", "mean IoU", "precision", "recall", "pixel accuracy", "pictures with nothing found"], rows)
nothing = 1 - tiny_val_masks.float().mean().item()
print(f"predicting nothing: IoU 0, pixel accuracy {nothing:.3f}")
mean_of = {name: np.mean([tiny_results[name, seed] for seed in SEEDS], axis=0) for name in LOSSES}
assert mean_of["Dice"][2] > mean_of["cross-entropy"][2] + 0.2
assert mean_of["Dice"][1] < mean_of["their sum"][1]
assert min(mean_of["their sum"][0], mean_of["Dice"][0]) > mean_of["cross-entropy"][0]
assert mean_of["Dice"][2] > 0.8
assert mean_of["cross-entropy"][2] < mean_of["their sum"][2]
assert mean_of["Dice"][3] < mean_of["cross-entropy"][3]
assert mean_of["cross-entropy"][4] > mean_of["Dice"][4] + 0.1

# %% [markdown]
r"""
Each cell has the two seeds. Look at the last column first: cross-entropy finds nothing at all in many pictures, and is
content: its pixel accuracy is *higher* than that of Dice. Dice has the highest recall, and pays with precision: it calls
too much an object. The sum of both lies between them in recall, and above Dice in precision; it is the usual choice
(nnU-Net, Isensee et al. 2021). And look at the accuracy column by itself: it would have you choose the loss that misses
most.

Two warnings. The training was short, and two seeds do not decide between Dice and the sum: with other seeds Dice alone
may reach the IoU of the sum. And Dice on a single small picture is a rough loss: if the mask is empty, its value hangs on
$\varepsilon$ alone.
"""

# %%
empty = torch.zeros(1, 4, 4, dtype=torch.int64)
unsure = torch.zeros(1, 2, 4, 4)
unsure[:, 1] = -3  # p = 0.05 at each of 16 pixels: hardly anything
for epsilon in (1e-6, 1.0, 100.0):
    print(f"empty mask, almost nothing predicted, ε = {epsilon:g}: loss {soft_dice(unsure, empty, epsilon):.3f}")
assert soft_dice(unsure, empty, 1e-6) > 0.99
assert soft_dice(unsure, empty, 100.0) < 0.01

# %% [markdown]
r"""
Look at the first line: an almost perfect answer on an empty picture, and the worst loss there is. With small objects take
the sums over the whole batch, or add cross-entropy.

## Few images, and augmentation

The U-Net became famous because it learned from 30 pictures of nerve tissue, with strong augmentation. Lecture 10 says how to
augment; for masks there is one more rule: **what moves the picture moves the mask, by the same random numbers**. And the
mask holds classes, not brightness: *what is halfway between class 0 and class 2?*
"""

# %%
labels_2 = torch.zeros(1, 6, 6, dtype=torch.uint8)
labels_2[:, 2:, 3:] = 2
turned = {}
for name, wrapped in (("image", tv_tensors.Image(labels_2)), ("mask", tv_tensors.Mask(labels_2))):
    turned[name] = v2.functional.rotate(wrapped, 30, interpolation=v2.InterpolationMode.BILINEAR)
    print(f"turned as {name}: values {turned[name].unique().tolist()}")
assert 1 in turned["image"].unique()
assert set(turned["mask"].unique().tolist()) <= {0, 2}

torch.manual_seed(3)
both = v2.Compose([v2.RandomHorizontalFlip(1.0), v2.RandomAffine(30, translate=(0.2, 0.2)), v2.ColorJitter(0.4, 0.4, 0.4)])
image, mask = both(tv_tensors.Image(pictures[1].cpu()), tv_tensors.Mask(masks[1].cpu()[None]))
assert set(mask.unique().tolist()) <= {0, 1}
gallery(
    [pictures[1].cpu(), image, image],
    ["before", "both changed", "mask left behind"],
    3,
    outlines=[
        [(masks[1].cpu(), plotting.ORANGE, "-")],
        [(mask[0], plotting.ORANGE, "-")],
        [(masks[1].cpu(), plotting.ORANGE, "-")],
    ],
    alt="A picture with its outline; flipped, turned and recoloured together with its mask; and with the mask left where it was.",
    cell=1.7,
)

# %% [markdown]
r"""
Look at the first printed line: bilinear interpolation invents class 1, along every border between 0 and 2. torchvision's
`tv_tensors.Mask` is always interpolated by nearest, and left alone by changes of colour. The third picture trains a
network to be wrong; no error is raised.

In the training loop we do the same with one sampling grid for the whole batch: turned a little, mirrored, enlarged or
reduced, moved, and recoloured. Twelve training pictures, two per class, 160 times each. *How much of what 2000 pictures
gave can 12 give?*
"""


# %%
def change(x, m, generator):
    """Return pictures and masks under the same random similarity, and the pictures recoloured."""
    n = len(x)

    def uniform(low, high, *shape):
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    angle, scale, mirror = uniform(-0.35, 0.35), uniform(0.75, 1.3), torch.randint(2, (n,), generator=generator) * 2 - 1
    cos, sin = scale * angle.cos(), scale * angle.sin()
    matrix = torch.stack([torch.stack([cos * mirror, -sin], 1), torch.stack([sin * mirror, cos], 1)], 1)  # (N, 2, 2)
    affine = torch.cat([matrix, uniform(-0.3, 0.3, 2, 1)], dim=2).to(x.device)
    grid = F.affine_grid(affine, (n, 1, SIZE, SIZE), align_corners=False)
    options = {"padding_mode": "reflection", "align_corners": False}
    x = F.grid_sample(x.float(), grid, mode="bilinear", **options)
    m = F.grid_sample(m[:, None].float(), grid, mode="nearest", **options)[:, 0].long()
    channels = torch.stack([torch.randperm(3, generator=generator) for _ in range(n)]).to(x.device)  # red may become blue
    x = x.gather(1, channels[:, :, None, None].expand(x.shape))
    contrast, brightness = uniform(0.6, 1.4, 1, 1, 1).to(x.device), uniform(-40, 40, 3, 1, 1).to(x.device)
    return (128 + contrast * (x - 128) + brightness).clamp(0, 255), m


FEW = 12
few_results = {}
for seed in SEEDS:
    (two_each,) = data.stratified_split(labels[train_emoji], FEW // 6, seed=seed)
    few_pictures, few_masks, _ = compose_many(train_emoji[two_each], "training", FEW, seed=seed)
    for name, changed in (("as they are", None), ("augmented", change)):
        torch.manual_seed(seed)
        few_net = learn(u_net(), few_pictures, few_masks, seed, passes=160, batch=8, change=changed)
        few_results[name, seed] = (
            object_iou(predict(few_net, few_pictures), few_masks).mean().item(),
            object_iou(predict(few_net, val_pictures), val_masks).mean().item(),
        )
rows = [
    [name, *(", ".join(f"{few_results[name, seed][k]:.3f}" for seed in SEEDS) for k in (0, 1))]
    for name in ("as they are", "augmented")
]
table([f"{FEW} pictures", "IoU in training", "IoU in validation"], rows)
many = np.mean([results["with skips", seed][0] for seed in SEEDS])
plain, augmented = (np.mean([few_results[name, seed] for seed in SEEDS], axis=0) for name in ("as they are", "augmented"))
print(f"with {len(pictures)} different pictures: validation IoU {many:.3f}")
print(f"{FEW} augmented pictures reach {augmented[1] / many:.0%} of it, {FEW} as they are {plain[1] / many:.0%}")
assert plain[0] > 0.9
assert plain[0] > augmented[0] + 0.05
assert augmented[1] > plain[1]
assert many > plain[1] + 0.02
first = torch.Generator().manual_seed(5)
shown_x, shown_m = change(few_pictures[:1].expand(6, -1, -1, -1), few_masks[:1].expand(6, -1, -1), first)
gallery(
    [few_pictures[0].cpu(), *shown_x.round().byte().cpu()],
    ["one picture"] + [f"draw {k}" for k in range(1, 7)],
    7,
    outlines=[[(mask, plotting.ORANGE, "-")] for mask in (few_masks[0].cpu(), *shown_m.cpu())],
    alt="One training picture and six augmented versions of it, each with its outline, which follows the object.",
)

# %% [markdown]
r"""
Look at the two columns: without augmentation the network knows its 12 pictures by heart; with it the training IoU is
*lower* and the validation IoU higher, for the same number of steps. A picture has thousands of labelled pixels, so 12 of
them say more than 12 labels would. What they cannot show is a background or an object of another kind; for that you need
other pictures.

## Predictions, right and wrong

Means hide what kind of mistakes there are. Sort the validation pictures of the network with skips by IoU: the best, the
middle, the worst.
"""

# %%
final = trained["with skips", 0]
guess = guesses["with skips", 0]
j = object_iou(guess, val_masks)
order = j.argsort(descending=True).tolist()
rows = {"best": order[:6], "middle": order[len(order) // 2 - 3 : len(order) // 2 + 3], "worst": order[-6:]}
gallery(
    [val_pictures[k].cpu() for ks in rows.values() for k in ks],
    [f"{name}: {j[k]:.2f}" for name, ks in rows.items() for k in ks],
    6,
    outlines=[[(val_masks[k].cpu(), "white", "-"), (guess[k].cpu(), plotting.ORANGE, "-")] for ks in rows.values() for k in ks],
    alt="Eighteen pictures in three rows, best, middle and worst IoU; white the true outline, orange the predicted one.",
    cell=1.5,
)
by_photograph = {name: j[val_behind == name].mean().item() for name in PHOTOGRAPHS["validation"]}
by_class = {
    name: j[labels[val_emoji][np.arange(len(j)) % len(val_emoji)] == k].mean().item() for k, name in enumerate(data.EMOJI_CLASSES)
}
print("mean IoU by photograph: " + ", ".join(f"{name} {v:.2f}" for name, v in sorted(by_photograph.items(), key=lambda p: p[1])))
print("mean IoU by class:      " + ", ".join(f"{name} {v:.2f}" for name, v in sorted(by_class.items(), key=lambda p: p[1])))
assert max(by_photograph.values()) - min(by_photograph.values()) > 0.05
assert by_class["tool"] < np.mean(list(by_class.values()))
assert j[order[0]] > 0.8

# %% [markdown]
r"""
Look at the worst row, and ask of each picture what the network took for the object. You will find three kinds of mistakes
(in your run on other pictures than in ours): a colourful part is taken for the whole; an object with the colours of its
background is missed; a piece of the photograph is taken for an object. None of this is stupid. Nobody told it what an
*emoji* is: it learned what stands out, sharp outlines and pure colours.

And look at the two lines: what is behind matters, and what kind of object it is. Tools are thin. *Is the rest of the
error due to what is new: emoji and photographs that the network has never seen?* Measure it: known and new emoji, on
known and new photographs, all newly composed.
"""

# %%
mixed = {}
for emoji_kind, chosen in (("known emoji", train_emoji), ("new emoji", val_emoji)):
    for photo_kind, part in (("known photographs", "training"), ("new photographs", "validation")):
        few = np.random.default_rng(0).permutation(chosen)[:96]
        some, some_masks, _ = compose_many(few, part, 192, seed=11)
        mixed[emoji_kind, photo_kind] = object_iou(predict(final, some), some_masks).mean().item()
for kinds, iou in mixed.items():
    print(f"{kinds[0]:12} {kinds[1]:18} mean IoU {iou:.2f}")
assert max(mixed.values()) - min(mixed.values()) < 0.1
print(f"the network that saw 12 pictures 160 times: {plain[0]:.2f} on those, {plain[1]:.2f} on new ones")

# %% [markdown]
r"""
Look at the four lines: no gap worth speaking of. The network saw each picture once and learned none by heart, so it is as
good, or as poor, on new ones. What holds it back is a short training of a small network, and the remedy is more of both.
The last line is the other case: a wide gap, and the remedy is more pictures or augmentation. Compare with pictures of the
training kind before you decide which case is yours.


The network takes any size that 8 divides. *It was trained with one object in 48×48 pixels. What does it do with a scene?*
"""

# %%
rng = np.random.default_rng(4)
scene = photographs["rocket"][:144, :240].astype(float)
scene_mask = np.zeros(scene.shape[:2], np.int64)
for k, index in enumerate(val_emoji[[1, 5, 8, 20, 33, 40]]):
    top, left = 48 * (k % 2) + 30, 80 * (k // 2)
    tile, tile_mask = compose(
        rgba[index], scene[top : top + 48, left : left + 48], np.random.default_rng(k), (26, 40), darkest_tint=1
    )
    scene[top : top + 48, left : left + 48] = tile.transpose(1, 2, 0)
    scene_mask[top : top + 48, left : left + 48] |= tile_mask
scene_picture = torch.from_numpy(np.rint(scene).astype(np.uint8)).permute(2, 0, 1)[None].to(device)
scene_guess = predict(final, scene_picture)
scene_iou = object_iou(scene_guess, torch.from_numpy(scene_mask)[None].to(device)).item()
gallery(
    [scene_picture[0].cpu()],
    [f"240 × 144 pixels, six objects: IoU {scene_iou:.2f}"],
    1,
    outlines=[[(scene_mask, "white", "-"), (scene_guess[0].cpu(), plotting.ORANGE, "-")]],
    alt="A wide photograph of a rocket with six emoji on it, their true outlines in white and the predicted ones in orange.",
    cell=5.9,
)
regions, number = ndimage.label(ndimage.binary_dilation(scene_mask, iterations=2))
found = [scene_guess[0].cpu().numpy()[(regions == k) & (scene_mask > 0)].mean() for k in range(1, number + 1)]
elsewhere = (scene_guess[0].cpu().numpy()[regions == 0]).sum()
print(f"share found of each of {number} objects: " + ", ".join(f"{share:.2f}" for share in found))
print(f"pixels called object away from all of them: {elsewhere}")
assert number == 6
assert sum(share > 0.5 for share in found) >= 3
assert elsewhere > 0

# %% [markdown]
r"""
Look at the outlines and the shares: objects are found side by side, although no training picture had more than one. And
some of the launch pad is taken for an object, too.

## Every architecture, counted

With the U-Net the table of architectures is complete. Lecture 09 has the contest and the errors; here are all networks of the
course side by side, each built and counted on the meta device. *Which of them does most work on one picture?*
"""


# %%
def classical(channels, steps, dense):
    """Return a network of convolutions (out, kernel, stride, padding, dilation, groups), poolings (kernel) and dense layers."""
    layers = []
    for step in steps:
        if isinstance(step, int):
            layers.append(nn.MaxPool2d(step, 2, ceil_mode=True))
        else:
            layers += [nn.Conv2d(channels, *step), nn.ReLU()]
            channels = step[0]
    layers.append(nn.Flatten())
    for c_in, c_out in pairwise(dense):
        layers += [nn.Linear(c_in, c_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def alexnet_2012():
    steps = [(96, 11, 4), 3, (256, 5, 1, 2, 1, 2), 3, (384, 3, 1, 1), (384, 3, 1, 1, 1, 2), (256, 3, 1, 1, 1, 2), 3]
    return classical(3, steps, (256 * 6 * 6, 4096, 4096, 1000))


def zfnet():
    steps = [(96, 7, 2, 1), 3, (256, 5, 2), 3, (384, 3, 1, 1), (384, 3, 1, 1), (256, 3, 1, 1), 3]
    return classical(3, steps, (256 * 6 * 6, 4096, 4096, 1000))


def work(net, shape):
    """Return the MACs of one picture: per output of a convolution or dense layer, per input of a transposed one."""
    total, handles = [], []

    def note(module, given, output):
        places = given[0].numel() if isinstance(module, nn.ConvTranspose2d) else output.numel()
        total.append(module.weight[0].numel() * places)

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.ConvTranspose2d)):
            handles.append(module.register_forward_hook(note))
    with torch.no_grad():
        net(torch.empty(1, *shape, device="meta"))
    for handle in handles:
        handle.remove()
    return sum(total), len(handles)


GOOGLENET = {"init_weights": False, "aux_logits": False}
COLOUR = (3, 224, 224)
NETWORKS = (  # name, year, source, how to build it, the picture it is made for
    ("LeNet-5", 1998, "LeCun et al.", lambda: classical(1, [(6, 5), 2, (16, 5), 2], (400, 120, 84, 10)), (1, 32, 32)),
    ("AlexNet", 2012, "Krizhevsky et al.", alexnet_2012, (3, 227, 227)),
    ("ZFNet", 2013, "Zeiler, Fergus", zfnet, COLOUR),
    ("VGG-16", 2014, "Simonyan, Zisserman", models.vgg16, COLOUR),
    ("VGG-19", 2014, "Simonyan, Zisserman", models.vgg19, COLOUR),
    ("GoogLeNet", 2014, "Szegedy et al.", lambda: models.googlenet(**GOOGLENET), COLOUR),
    ("U-Net", 2015, "Ronneberger et al.", lambda: u_net((64, 128, 256, 512, 1024), 1, padding=0, norm=False), (1, 572, 572)),
    *((f"ResNet-{n}", 2015, "He et al.", getattr(models, f"resnet{n}"), COLOUR) for n in (18, 34, 50, 101, 152)),
    ("MobileNetV2", 2018, "Sandler et al.", models.mobilenet_v2, COLOUR),
    ("EfficientNet-B0", 2019, "Tan, Le", models.efficientnet_b0, COLOUR),
    ("EfficientNet-B7", 2019, "Tan, Le", models.efficientnet_b7, (3, 600, 600)),
    ("ConvNeXt-T", 2022, "Liu et al.", models.convnext_tiny, COLOUR),
    ("our U-Net", "", "this lecture", u_net, (3, SIZE, SIZE)),
)
counted, rows = {}, []
for name, year, source, build, shape in NETWORKS:
    with torch.device("meta"):
        network = build().eval()
    macs, layers = work(network, shape)
    counted[name] = count(network), macs
    pixels = shape[1] * shape[2]
    rows.append(
        [
            name,
            year,
            source,
            "×".join(map(str, shape)),
            layers,
            f"{count(network):,}",
            f"{macs / 1e6:,.1f}",
            f"{macs / pixels / 1e3:,.1f}",
        ]
    )
table(
    [
        "network",
        "year",
        "source",
        "picture",
        "layers with kernels or dense",
        "parameters",
        "million MACs",
        "thousand MACs per pixel",
    ],
    rows,
)
KNOWN = {
    "LeNet-5": 61_706,
    "AlexNet": 60_965_224,
    "VGG-16": 138_357_544,
    "VGG-19": 143_667_240,
    "GoogLeNet": 6_624_904,
    "U-Net": 31_030_658,
    "ResNet-18": 11_689_512,
    "ResNet-152": 60_192_808,
    "EfficientNet-B0": 5_288_548,
    "EfficientNet-B7": 66_347_960,
}
assert all(counted[name][0] == value for name, value in KNOWN.items())
assert max(counted, key=lambda name: counted[name][1]) == "U-Net"
assert counted["U-Net"][1] > 5 * counted["VGG-19"][1]
assert counted["U-Net"][0] < counted["VGG-16"][0] / 4
per_pixel = {name: counted[name][1] / (shape[1] * shape[2]) for name, *_, shape in NETWORKS}
assert 1 < per_pixel["U-Net"] / per_pixel["VGG-19"] < 1.3
assert 6 < 572**2 / 224**2 < 7
assert 0.7 < per_pixel["our U-Net"] / per_pixel["EfficientNet-B0"] < 1.5

# %% [markdown]
r"""
Look at the U-Net: less than a quarter of the parameters of VGG-16, and by far the most work on one picture. The last
column says why: per pixel it does somewhat more than VGG-19, but it is made for more than six times the pixels, and it goes up
again where a classifier stops. Our small one does about as much per pixel as EfficientNet-B0. (Layers are counted over
all branches; the depth along one way is in lecture 09. AlexNet and ZFNet are built from the papers, the others as
torchvision has them.)

> **Check yourself.** You have 600×800 street scenes, eleven classes, and poles three pixels wide. Which depth, which
> loss, which measure?
>
> <details><summary>Answer</summary>
>
> Deep enough that the bottom sees a car and its surroundings, for instance four poolings: both sides must then be
> divisible by 16, and 600 is not, so pad to 608. With skips, or the poles are lost. Cross-entropy plus Dice, since poles
> are a tiny share. IoU per class, averaged over classes; not pixel accuracy, which road and sky decide.
>
> </details>

## Common mistakes

- **Pixel accuracy reported** for small objects. Predicting nothing scores high. Report IoU or Dice.
- **IoU taken for Dice,** or two papers compared that average over different things. Dice is the larger of the two. Say which it
  is, and over what you average.
- **IoU 0 or 1 for a class that is absent.** Scores jump with the picture's classes. It is 0/0; leave it out.
- **A picture augmented and its mask not,** or with other random numbers. The loss stays high. Change both in one call.
- **Masks interpolated bilinearly.** Classes appear that nobody drew. Take the nearest.
- **Masks as float (N, 1, H, W)** given to `F.cross_entropy`. It raises an error. It wants whole numbers (N, H, W).
- **Softmax over the wrong axis.** The classes of a pixel do not add up to 1. It runs over the channels, `dim=1`, not over the
  pixels.
- **Softmax before `F.cross_entropy`,** which has one inside. Even a perfect answer has a loss. Give it logits.
- **Kernel 3 with stride 2 in the upsampling.** Checkerboards appear. Take a kernel that the stride divides, or resize and
  convolve.
- **Skip taken after pooling** instead of before, or added instead of concatenated. Sizes do not fit, or borders stay coarse. Keep
  the map before the pooling.
- **Sizes that cannot be halved often enough.** The two maps of a skip differ by a row. Pad the picture first, and crop the
  answer.
- **Train and validation pictures cut from the same photograph, video or patient.** Validation is too good. Split by source.

Four of them, in code: float masks, softmax before the loss, softmax over the wrong axis, and the class that is absent.
Four of them, in code.
"""

# %%
logits = torch.randn(2, 3, 4, 4, generator=generator)
masks_float = torch.randint(3, (2, 1, 4, 4), generator=generator).float()
try:
    F.cross_entropy(logits, masks_float)
    refused = False
except RuntimeError as error:
    refused = True
    print("float masks with a channel axis:", str(error).splitlines()[0])
assert refused
right = F.cross_entropy(logits, masks_float[:, 0].long())
twice = F.cross_entropy(logits.softmax(1), masks_float[:, 0].long())
print(f"loss {right:.3f}; with a softmax too many {twice:.3f}")
sure = 50.0 * F.one_hot(masks_float[:, 0].long(), 3).permute(0, 3, 1, 2)
print(f"of a perfect answer: {F.cross_entropy(sure, masks_float[:, 0].long()):.3f} and ", end="")
print(f"{F.cross_entropy(sure.softmax(1), masks_float[:, 0].long()):.3f}")
assert F.cross_entropy(sure.softmax(1), masks_float[:, 0].long()) > 0.5
assert torch.allclose(logits.softmax(1).sum(1), torch.ones(2, 4, 4))
assert not torch.allclose(logits.softmax(2).sum(1), torch.ones(2, 4, 4))
with np.errstate(invalid="ignore"):
    ious = np.array([40, 10, 0]) / np.array([50, 20, 0])  # the third class is in neither
print(f"IoU per class {ious}; mean with NaN left out {np.nanmean(ious):.2f}, with 0 {np.nan_to_num(ious).mean():.2f}")
assert np.isnan(ious[2])

# %% [markdown]
r"""
Look at "a perfect answer": with a softmax too many the loss of a perfect answer is not zero, so the training never rests.

## Summary

- A classifier's dense layer, applied at every position, is a 1×1 convolution and gives a coarse map. Segmentation is
  classification at every pixel: logits $(N, C, H, W)$, masks $(N, H, W)$, the same cross-entropy.
- $J = TP/(TP+FP+FN)$ and $D = 2J/(1+J)$. Pixel accuracy measures the background.
- Nearest and bilinear have no weights; transposed convolution has. Overlaps are even only if the stride divides the kernel, and
  only resize-then-convolve keeps a flat map flat for all weights.
- The U-Net shrinks, grows, and concatenates maps of equal size. Its skips pay at the border: measured, with no fewer
  weights on the other side.
- The net of 2015: unpadded, 572 in, 388 out, 31 million parameters, more work per picture than any classifier of this course.
- Small objects: cross-entropy alone finds too few, Dice alone calls too much an object, their sum lies between.
- Change picture and mask together, masks by nearest. Then a dozen pictures go a long way.

## References

- O. Ronneberger, P. Fischer, T. Brox, "U-Net: convolutional networks for biomedical image segmentation", *MICCAI* 2015
  (arXiv:1505.04597).
- J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for semantic segmentation", *CVPR* 2015 (arXiv:1411.4038).
- A. Odena, V. Dumoulin, C. Olah, "Deconvolution and checkerboard artifacts", *Distill* 2016 (doi:10.23915/distill.00003).
- F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net: fully convolutional neural networks for volumetric medical image
  segmentation", *3DV* 2016 (arXiv:1606.04797): the Dice loss.
- P. Jaccard, "The distribution of the flora in the alpine zone", *New Phytologist* 11, 1912. L. R. Dice, "Measures of the
  amount of ecologic association between species", *Ecology* 26, 1945: both measures.
- F. Isensee et al., "nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation", *Nature
  Methods* 18, 2021 (doi:10.1038/s41592-020-01008-z): cross-entropy plus Dice.
- M. Cordts et al., "The Cityscapes dataset for semantic urban scene understanding", *CVPR* 2016 (arXiv:1604.01685).
- A. Chaurasia, E. Culurciello, "LinkNet: exploiting encoder representations for efficient semantic segmentation", 2017
  (arXiv:1707.03718): addition in place of concatenation.
- T. Porter, T. Duff, "Compositing digital images", *SIGGRAPH* 1984: the alpha channel, and why to multiply by it first.
- The sources of the other rows of the table are in lecture 09. Emoji: Google, Noto Emoji; photographs: scikit-image.

## Your turn

[Assignment 13](../assignments/13_segmentation_unet/13_segmentation_unet.ipynb), about four hours: you write IoU and Dice for any
number of classes, the parts of a U-Net for any size of picture, and put them together. Next comes
[lecture 14](14_beyond_images.ipynb): convolution beyond images.
"""
