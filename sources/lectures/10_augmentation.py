# %% [markdown]
r"""
# 10 · Data augmentation

You have two hundred labelled pictures and you need two thousand. Nobody will label them for you. But you know something the
network does not: a shirt that hangs two pixels further to the left is still a shirt. **Data
[augmentation](../glossary.ipynb#augmentation)** tells it so, by changing the training pictures in ways that keep the label. It
costs a few lines, and it is the first thing to try when pictures are few. It is also easy to do wrong: a turned 6 is a 9. In
this lecture you look at every common augmentation, and then you measure which ones pay.

**After this lecture you can**

- say what each augmentation of `torchvision.transforms.v2` does to the pixels, and what it invents at the border;
- decide for a given task which labels survive, and test the decision where you are not sure;
- mix two images with [mixup](../glossary.ipynb#mixup) and [CutMix](../glossary.ipynb#cutmix), and give the label the
  exact weight;
- build a pipeline that changes training images, every time anew, and leaves validation images alone;
- measure one augmentation at a time on validation, over several seeds, run against run;
- average a prediction over several views of one image;
- recognise a validation accuracy that is too good because the splits share images.

**Time:** about 110 minutes to read, predict and run; the code itself needs two minutes. **You need** lecture 08 (the training
loop, splits) and a network to train. Afterwards: [assignment 10](../assignments/10_augmentation/10_augmentation.ipynb).
"""

# %%
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.v2.functional as TF
from PIL import Image, ImageDraw, ImageFont
from torch import nn
from torch.utils.data import DataLoader, Dataset, default_collate, random_split
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.utils import draw_bounding_boxes

from cnnkit import data, plotting
from cnnkit.backbones import IMAGENET_CLASSES, efficientnet_lite0, preprocess
from cnnkit.training import default_device, evaluate, fit, set_seed

plotting.use_style()
device = default_device()
print(f"networks train on: {device}")

# %% [markdown]
r"""
## The same picture, never twice

Three kinds of pictures will serve: photographs, the shipped emoji (64×64, in six classes, with an exact outline of each
object), and Fashion-MNIST. Here are six emoji as a network would see them in eight epochs. *Is there one whose name you would
change?*
"""

# %%
emoji_images, emoji_labels = data.emoji()
rgba, _, emoji_names = data.emoji_rgba()


def sticker(name):
    """Return an emoji on white as an image tensor (3, 64, 64) uint8."""
    return TF.to_image(emoji_images[emoji_names.index(name)])


def photo(name, size, grey=False):
    """Return the middle square of a photograph, (3, size, size) or (1, size, size) uint8."""
    return TF.center_crop(TF.to_image(data.photograph(name, size=size, grey=grey)), size)


def gallery(images, titles, columns, *, alt, enlarge=1):
    """Show images of one size pixel by pixel, each pixel enlarged to a square, with titles.

    All of them share 160 colours, which the eye hardly notices and which makes the figure a third as large.
    """
    tiles = np.stack([np.asarray(TF.to_pil_image(image.as_subclass(torch.Tensor)).convert("RGB")) for image in images])
    tiles = tiles.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    height, width = tiles.shape[1:3]
    strip = Image.fromarray(tiles.reshape(-1, width, 3)).quantize(160, dither=Image.Dither.NONE)
    tiles = np.asarray(strip.convert("RGB")).reshape(tiles.shape)
    rows, gap, head = -(-len(tiles) // columns), 10, 22
    size = (columns * (width + gap), rows * (height + head + 4))
    fig = plt.figure(figsize=(size[0] / 90, size[1] / 90), dpi=90, layout="none")
    for k, (tile, title) in enumerate(zip(tiles, titles, strict=True)):
        left, top = (k % columns) * (width + gap) + gap // 2, (k // columns) * (height + head + 4)
        fig.figimage(tile, left, size[1] - top - head - height, origin="upper")
        fig.text((left + width / 2) / size[0], 1 - (top + 6) / size[1], title, ha="center", va="top", fontsize=8)
    plotting.show(fig, alt)


SIX = ("fox face", "necktie", "avocado", "hut", "hammer", "taxi")
lively = v2.Compose(
    [
        v2.RandomHorizontalFlip(),
        v2.RandomAffine(15, translate=(0.1, 0.1), scale=(0.8, 1.15), interpolation=v2.InterpolationMode.BILINEAR, fill=255),
        v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.3),
    ]
)
set_seed(10)
epochs_seen = [[sticker(name) for name in SIX]] + [[lively(sticker(name)) for name in SIX] for _ in range(7)]


def frame(epoch):
    """Draw the six pictures as they come in one epoch."""
    fig, axes = plt.subplots(1, 6, figsize=(7.2, 1.6))
    for ax, picture in zip(axes, epochs_seen[epoch], strict=True):
        ax.imshow(picture.permute(1, 2, 0), interpolation="nearest")
        ax.set_axis_off()
    fig.suptitle("as they are in the file" if epoch == 0 else f"epoch {epoch}: the same six, drawn anew", fontsize=10)
    return fig


assert all(not torch.equal(a, b) for seen in epochs_seen[1:] for a, b in zip(epochs_seen[0], seen, strict=True))
plotting.animate(
    frame,
    8,
    "Animation: a fox face, a necktie, an avocado, a hut, a hammer and a taxi. From epoch to epoch each of them is mirrored, "
    "turned, moved, made larger or smaller, and changed a little in colour.",
    seconds=0.9,
)

# %% [markdown]
r"""
Watch any one of them: no two frames are alike, and you never hesitated over the name. That is the whole idea. You know that
the label survives these changes. The network does not know. To it an image is a list of numbers. *How far is a shirt from
itself, moved by a single pixel? Nearer or further than from the most similar other shirt?*
"""

# %%
fashion_images, fashion_labels = data.fashion_mnist("train")
x_all = torch.from_numpy(fashion_images)[:, None].float() / 255  # (10000, 1, 28, 28) in 0–1
y_all = torch.from_numpy(fashion_labels)

shirts = x_all[y_all == data.FASHION_MNIST_CLASSES.index("Shirt")]
to_others = torch.cdist(shirts.flatten(1), shirts.flatten(1)).fill_diagonal_(torch.inf)
nearest = to_others.min(dim=1).values
print(f"distance from a shirt to the most similar of {len(shirts) - 1} other shirts: {nearest.median():.2f} (median)")
for pixels in (1, 2, 3):
    moved = TF.affine(shirts, angle=0, translate=[pixels, 0], scale=1, shear=[0])
    distance = (moved - shirts).flatten(1).norm(dim=1)
    further = (distance > nearest).float().mean()
    print(f"to itself, moved by {pixels}: {distance.median():.2f}; further than to that other shirt: {further:.0%} of them")
    assert further > 0.7

# %% [markdown]
r"""
Look at the first row for a moved shirt. As lists of numbers, most shirts are further from their own copy, one pixel to the
right, than from somebody else's shirt. To a network, a moved copy is news.

## Flips

The cheapest one: read the columns from right to left. The function below does it on one image; the class `RandomHorizontalFlip`
throws a coin first. *Which of these four could be a photograph that somebody took?*
"""

# %%
cat = photo("chelsea", 120, grey=True)
small_cat = photo("chelsea", 100, grey=True)
mirrored, upside_down = TF.horizontal_flip(cat), TF.vertical_flip(cat)
gallery(
    [cat, mirrored, upside_down, TF.vertical_flip(mirrored)],
    ["as taken", "horizontal flip", "vertical flip", "both: half a turn"],
    4,
    alt="A cat's face four times: as taken, with left and right swapped, upside down, and turned by half a turn.",
)
assert torch.equal(mirrored, cat.flip(-1))  # the last axis of (C, H, W) is the width
assert torch.equal(upside_down, cat.flip(-2))
assert torch.equal(TF.vertical_flip(mirrored), torch.rot90(cat, 2, dims=(-2, -1)))
assert torch.equal(TF.horizontal_flip(mirrored), cat)

# %% [markdown]
r"""
Look at the first two: either could be the original, and unless you know this cat you cannot tell. The other two happen when
somebody drops the camera. Seen from above, in a microscope or from a satellite, there is no up, and then all four are equal.

### Does the data set think so, too?

Mirror a picture and ask for the most similar *unmirrored* picture of its class. If mirrored pictures are ordinary members of
the class, the distance does not grow. *For which of the ten classes will the horizontal flip matter? And the vertical one?*
"""

# %%
growth = {}
for name, flip in (("horizontal", TF.horizontal_flip), ("vertical", TF.vertical_flip)):
    for k in range(10):
        members = x_all[y_all == k]
        asked, others = members[:200], members[200:].flatten(1)
        plain, flipped = (torch.cdist(x.flatten(1), others).min(dim=1).values for x in (asked, flip(asked)))
        growth[name, k] = (flipped / plain).median().item()

fig, ax = plt.subplots(figsize=(8.2, 2.9))
for offset, name, colour in ((-0.2, "horizontal", plotting.BLUE), (0.2, "vertical", plotting.ORANGE)):
    ax.bar(np.arange(10) + offset, [growth[name, k] for k in range(10)], 0.4, color=colour, label=f"{name} flip")
ax.axhline(1, color=plotting.GREY, ls="--", lw=1)
ax.set_xticks(range(10), data.FASHION_MNIST_CLASSES, rotation=30, ha="right")
ax.set(ylabel="distance, flipped / plain", title="Mirrored shirts are shirts; mirrored shoes are strangers")
ax.legend()
plotting.show(
    fig,
    "Distance to the most similar picture of the class after a flip, relative to before. Horizontal: about 1 for tops and bags, "
    "more for sandals, sneakers and most of all boots. Vertical: more than 1 everywhere.",
)
TOPS, SHOES = (0, 2, 3, 4, 6), (5, 7, 9)  # T-shirt, pullover, dress, coat, shirt; sandal, sneaker, boot
assert all(growth["horizontal", k] < 1.1 for k in TOPS)
assert all(growth["horizontal", k] > 1.15 for k in SHOES)
assert growth["horizontal", 9] > 2
assert all(growth["vertical", k] > 1.1 for k in range(10))

# %% [markdown]
r"""
Look at the blue bars of tops and shoes. The shoes of Fashion-MNIST point to the left. A mirrored sneaker is a sneaker all right,
so the *label* survives; but no validation picture looks like that, so the flip teaches something that this data set never
asks. Two different questions, then, for each augmentation: *does the label survive?* and *does this variation occur where
the network will be used?* Keep them apart. We measure both below.

### Two traps

The first one: `v2` transforms draw their random numbers **once per call**. *You pass a batch of eight to*
`RandomHorizontalFlip`. *How many of the eight are mirrored?*
"""

# %%
eight = torch.stack([cat] * 8)  # (8, 1, 120, 120)
coin = v2.RandomHorizontalFlip(p=0.5)
set_seed(0)
one_call = [int((coin(eight) != eight).flatten(1).any(dim=1).sum()) for _ in range(40)]
eight_calls = [sum(not torch.equal(coin(image), image) for image in eight) for _ in range(40)]
print("one call for the batch, mirrored of 8: ", sorted(set(one_call)))
print("one call for each image, mirrored of 8:", sorted(set(eight_calls)))
assert set(one_call) == {0, 8}
assert len(set(eight_calls)) > 3

# %% [markdown]
r"""
Look at the first line: all or none. Half as much variety within a batch as you thought, and no error message. Call the
transform per image, as a `Dataset` does, or draw one coin per image yourself; in the assignment you do.

The second trap is a label that is not a word but a place: a box, or a **mask** that says which pixels belong to the object.
It has to move with the picture. `v2` does that if you say what each thing is.
"""

# %%
which = emoji_names.index("guide dog")
picture = tv_tensors.Image(sticker("guide dog"))
mask = tv_tensors.Mask(torch.from_numpy(rgba[which, :, :, 3] > 127))
together = v2.Compose([v2.RandomHorizontalFlip(p=1), v2.RandomAffine((20, 20), fill={tv_tensors.Image: 255, tv_tensors.Mask: 0})])
picture_after, mask_after = together(picture, mask)
_, brighter_mask = v2.ColorJitter(brightness=(1.5, 1.5))(picture, mask)


def outlined(picture, mask):
    """Return the picture with everything outside the mask made grey."""
    return torch.where(mask.as_subclass(torch.Tensor), picture.as_subclass(torch.Tensor), 160).to(torch.uint8)


gallery(
    [outlined(picture, mask), outlined(picture_after, mask_after), outlined(picture_after, mask)],
    ["picture in its mask", "both flipped and turned", "mask left behind"],
    3,
    enlarge=2,
    alt="A guide dog cut out by its mask; the same after a flip and a turn of both, still cut out exactly; and the turned "
    "dog in the mask of the old position, in which parts of it are missing.",
)
assert torch.equal(brighter_mask, mask)  # a change of colour leaves a mask alone
lost = 1 - (mask & mask_after).sum() / mask_after.sum()
print(f"with the old mask, {lost:.0%} of the dog's pixels count as background")
assert lost > 0.1

# %% [markdown]
r"""
Look at the last picture: head and legs are cut off, and white ground counts as dog. A network trained on that learns to find
the outline of another picture.

## Shifts and crops

To shift a small picture, put a border around it and cut the old size out of the new one, at a random place: **pad and
crop**. It is the standard augmentation for small images (He et al. 2016 pad 32×32 pixels by 4). *With a border of 4 on each
side, how many different pictures come out of one?*
"""

# %%
boot = x_all[y_all == 9][3]
bordered = TF.pad(boot, [4])  # (1, 36, 36)
corners = [(0, 0), (4, 4), (8, 3)]
colours = (plotting.VERMILLION, plotting.GREEN, plotting.SKY)
fig, axes = plt.subplots(1, 4, figsize=(8.4, 2.3))
axes[0].imshow(bordered[0], cmap="gray", vmin=0, vmax=1)
for ax, (top, left), colour in zip(axes[1:], corners, colours, strict=True):
    axes[0].add_patch(plt.Rectangle((left - 0.5, top - 0.5), 28, 28, fill=False, edgecolor=colour, lw=2))
    ax.imshow(TF.crop(bordered, top, left, 28, 28)[0], cmap="gray", vmin=0, vmax=1)
    ax.add_patch(plt.Rectangle((-0.5, -0.5), 28, 28, fill=False, edgecolor=colour, lw=4))
    ax.set_title(f"row {top}, column {left}", fontsize=9, loc="center")
axes[0].set_title("28 × 28 in a border of 4", fontsize=9, loc="center")
for ax in axes:
    ax.set_axis_off()
plotting.show(
    fig,
    "An ankle boot in a black border with three frames of 28 by 28, and the three pictures in the frames: the boot moved "
    "down and right, unmoved, and moved up.",
)
crops = {TF.crop(bordered, top, left, 28, 28).numpy().tobytes() for top in range(9) for left in range(9)}
print(f"different pictures: {len(crops)}, one of them the original")
assert len(crops) == (2 * 4 + 1) ** 2 == 81
assert torch.equal(TF.crop(bordered, 4, 4, 28, 28), boot)

# %% [markdown]
r"""
Look at the orange frame: *its* corner is at row 0, column 0, far up and left, so the boot in it sits low and to the right. The
frame and its content move in opposite directions. That is the sign error that everybody makes once.

### What stands in the border

A shift brings pixels into view that the camera never took. Something must stand there: the **fill mode**.
"""

# %%
row = torch.tensor([[[1, 2, 3, 4]]], dtype=torch.uint8)
MODES = ("constant", "edge", "reflect", "symmetric")
for mode in MODES:
    left, middle, right = TF.pad(row, [2, 0], padding_mode=mode)[0, 0].split([2, 4, 2])
    print(f"{mode:10} {left.tolist()} {middle.tolist()} {right.tolist()}")
assert TF.pad(row, [2, 0], padding_mode="reflect")[0, 0].tolist() == [3, 2, 1, 2, 3, 4, 3, 2]
assert TF.pad(row, [2, 0], padding_mode="symmetric")[0, 0].tolist() == [2, 1, 1, 2, 3, 4, 4, 3]

gallery(
    [TF.pad(small_cat, [30], padding_mode=mode) for mode in MODES],
    list(MODES),
    4,
    alt="A cat in a border of 30 pixels: black; streaks of the edge pixels; the mirrored picture; the mirrored picture again.",
)

# %% [markdown]
r"""
Look at the last two rows of numbers. `reflect` mirrors at the edge *pixel*, `symmetric` behind it, so there the edge pixel
comes twice. Choose the filling by what the network could learn from it. On Fashion-MNIST the ground is black, so black is
invisible. On the emoji it must be white. On photographs a reflection is least conspicuous, but it can draw a second nose.

### Crop and resize

Photographs come in all sizes, and things in them too. `RandomResizedCrop` cuts out a part with random area and shape, and
enlarges it to the size that the network wants. By default the part has between 8 % and 100 % of the area and sides between
3:4 and 4:3 (the scheme of GoogLeNet, Szegedy et al. 2015). *What could go wrong with 8 %?*
"""

# %%
astronaut = photo("astronaut", 120, grey=True)
cropper = v2.RandomResizedCrop(120, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), antialias=True)
set_seed(3)
boxes = [cropper.make_params([astronaut]) for _ in range(4)]
corners = [(box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]) for box in boxes]
colours = list(plotting.PALETTE[:4])
frames = draw_bounding_boxes(astronaut, torch.tensor(corners), colors=colours, width=2)
parts = [TF.resized_crop(astronaut, b["top"], b["left"], b["height"], b["width"], [120, 120], antialias=True) for b in boxes]
edge = torch.tensor([[0, 0, 119, 119]])  # each part gets a border in the colour of its frame
parts = [draw_bounding_boxes(part, edge, colors=[colour], width=3) for part, colour in zip(parts, colours, strict=True)]
shares = [f"{box['height'] * box['width'] / 120**2:.0%} of the area" for box in boxes]
gallery(
    [frames, *parts],
    ["four random frames", *shares],
    5,
    alt="A portrait of an astronaut with four frames of different size and shape, and the four parts, all enlarged to the same "
    "size, each in a border of the colour of its frame. A small part shows hardly anything that tells what it is.",
)
drawn = [cropper.make_params([astronaut]) for _ in range(2000)]
areas = np.array([box["height"] * box["width"] for box in drawn]) / 120**2
ratios = np.array([box["width"] / box["height"] for box in drawn])
print(
    f"2000 frames: area from {areas.min():.2f} to {areas.max():.2f}, width / height from {ratios.min():.2f} to {ratios.max():.2f}"
)
assert 0.07 < areas.min() < 0.1
assert areas.max() > 0.9
assert 0.7 < ratios.min() < 0.8
assert 1.25 < ratios.max() < 1.4

# %% [markdown]
r"""
The label says "astronaut" for all four. Do they show one? With the emoji you can count, because their outline is known:
*what share of the object is still in the frame?*
"""

# %%
outlines = torch.from_numpy(rgba[..., 3] > 127)
fig, ax = plt.subplots(figsize=(7.6, 2.7))
in_frame = {}
for smallest, colour in ((0.08, plotting.VERMILLION), (0.5, plotting.BLUE)):
    framing = v2.RandomResizedCrop(64, scale=(smallest, 1.0), antialias=True)
    shares = []
    for outline in outlines[torch.randint(len(outlines), (2000,))]:
        box = framing.make_params([outline[None]])
        inside = outline[box["top"] : box["top"] + box["height"], box["left"] : box["left"] + box["width"]]
        shares.append((inside.sum() / outline.sum()).item())
    in_frame[smallest] = np.array(shares)
    ax.hist(shares, np.linspace(0, 1, 21), color=colour, alpha=0.6, label=f"scale=({smallest:g}, 1)")
ax.set(xlabel="share of the object's pixels in the frame", ylabel="frames (of 2000)")
ax.set_title("The default frame often misses most of the object")
ax.legend(loc="upper left")
plotting.show(
    fig,
    "Histograms of the share of the object in the frame: spread from 0 to 1 for scales from 0.08 to 1, mostly above a half for "
    "scales from 0.5 to 1.",
)
for smallest, shares in in_frame.items():
    print(f"scale from {smallest:g}: less than a quarter of the object in {(shares < 0.25).mean():.1%} of the frames")
assert (in_frame[0.08] < 0.25).mean() > 0.08
assert (in_frame[0.5] < 0.25).mean() < 0.02

# %% [markdown]
r"""
Look at the orange bars on the left. The default was made for a million photographs of large things and for very long training.
With few pictures start at `scale=(0.5, 1)` or higher, and look at what comes out.

> **Check yourself.** A picture of 32×32 is padded by 2 on all sides and cropped to 32×32. How many different crops are there?
> The crop's corner is drawn at row 4, column 0. Where did the object go?
>
> <details><summary>Answer</summary>
>
> $(2\cdot2+1)^2 = 25$. The unmoved picture has its corner at (2, 2). The frame went two rows down and two columns to the
> left, so the object went two rows *up* and two columns to the *right*.
>
> </details>
"""

# %%
dot = torch.zeros(1, 32, 32)
dot[0, 16, 16] = 1
assert TF.crop(TF.pad(dot, [2]), 4, 0, 32, 32).nonzero().tolist() == [[0, 14, 18]]
assert len([(top, left) for top in range(5) for left in range(5)]) == 25

# %% [markdown]
r"""
## Rotation, shear, zoom

A turn, a slant, a change of scale and a shift are all the same kind of map, an **affine** one: parallel lines stay parallel.
`RandomAffine` draws all four at once. A change of perspective gives up the parallels, an elastic one bends.
"""

# %%
NEAREST, BILINEAR = v2.InterpolationMode.NEAREST, v2.InterpolationMode.BILINEAR
car = sticker("taxi")
white = {"fill": 255}
set_seed(3)
bent = {
    "as it is": car,
    "rotation, 20°": TF.rotate(car, 20, interpolation=BILINEAR, **white),
    "shear, 25°": TF.affine(car, angle=0, translate=[0, 0], scale=1, shear=[25, 0], interpolation=BILINEAR, **white),
    "zoom out, 0.7": TF.affine(car, angle=0, translate=[0, 0], scale=0.7, shear=[0, 0], interpolation=BILINEAR, **white),
    "zoom in, 1.4": TF.affine(car, angle=0, translate=[0, 0], scale=1.4, shear=[0, 0], interpolation=BILINEAR, **white),
    "shift, 12 and −8": TF.affine(car, angle=0, translate=[12, -8], scale=1, shear=[0, 0], **white),
    "RandomAffine": v2.RandomAffine(20, (0.1, 0.1), (0.7, 1.3), 15, interpolation=BILINEAR, **white)(car),
    "RandomPerspective": v2.RandomPerspective(0.5, p=1, interpolation=BILINEAR, **white)(car),
    "ElasticTransform": v2.ElasticTransform(60.0, sigma=6.0, interpolation=BILINEAR, **white)(car),
    "turned, fill black": TF.rotate(car, 20, interpolation=BILINEAR),
}
gallery(
    list(bent.values()),
    list(bent),
    5,
    enlarge=2,
    alt="A taxi: as it is, turned, slanted, smaller, larger, shifted, with all of these at once, in another perspective, bent "
    "like rubber, and turned with black corners.",
)

# %% [markdown]
r"""
Look at the last one: the black corners have nothing to do with taxis, but a network can see them. Then look for the thin grey
frame in most of the others, although all was filled with white. With bilinear interpolation, torchvision mixes the outermost
pixels with black before it fills. A way round: make the ground black first, and turn the colours back afterwards.
"""

# %%
sheet = torch.full((1, 64, 64), 255, dtype=torch.uint8)
as_above = TF.rotate(sheet, 20, interpolation=BILINEAR, fill=255)
way_round = TF.invert(TF.rotate(TF.invert(sheet), 20, interpolation=BILINEAR))
print(f"a white sheet, turned by 20° and filled with white: darkest pixel {as_above.min()}; the way round: {way_round.min()}")
assert way_round.min() == 255

# %% [markdown]
r"""
How much of a turned picture is invented? *Guess for 10° and for 45°.*
"""

# %%
ones = torch.ones(1, 400, 400)
angles = np.arange(0, 91, 5)
invented = [1 - TF.rotate(ones, float(angle)).mean().item() for angle in angles]
fig, ax = plt.subplots(figsize=(7.6, 2.6))
ax.plot(angles, 100 * np.array(invented), "o-")
ax.set(xlabel="angle of the turn, degrees", ylabel="% of all pixels", title="Pixels that a turned square picture has to invent")
plotting.show(
    fig,
    f"The share of invented pixels rises from 0 over {invented[2]:.0%} at 10 degrees to {invented[9]:.0%} at 45, then falls.",
)
for angle in (10, 15, 45):
    print(f"{angle}°: {invented[angle // 5]:.1%}")
assert invented[15 // 5] > invented[45 // 5] / 2
assert abs(invented[45 // 5] - (1 - 2 * (2**0.5 - 1))) < 0.005  # the regular octagon that two crossed squares share

# %% [markdown]
r"""
Small turns are expensive: more than half of what a turn of 45° invents is there at 15° already.

Second thing to choose: the **interpolation**. A turned grid does not fall on pixels. Take the nearest one, or mix the four
around? The default of `v2` for these transforms is the nearest.
"""

# %%
ways = [boot, TF.rotate(boot, 10, interpolation=NEAREST), TF.rotate(boot, 10, interpolation=BILINEAR)]
plotting.show_images(
    ways,
    ["as it is", "10°, nearest", "10°, bilinear"],
    columns=3,
    alt="An ankle boot; turned by 10 degrees with jagged edges; and turned with smooth edges.",
)
classes = torch.zeros(1, 28, 28)
classes[:, 8:20, 8:20] = 7  # not brightness: "class 7 here, class 0 elsewhere"
for name, mode in (("nearest", NEAREST), ("bilinear", BILINEAR)):
    values = TF.rotate(classes, 10, interpolation=mode).unique()
    print(f"{name:8} a mask of classes 0 and 7 becomes one of {len(values)} different values, up to {values.max():g}")
assert TF.rotate(classes, 10, interpolation=NEAREST).unique().tolist() == [0, 7]
assert {v2.RandomRotation(10).interpolation, v2.RandomAffine(10).interpolation} == {NEAREST.value}

# %% [markdown]
r"""
Look at the sole of the boot: stairs in the middle picture, a line in the right one. For a mask of classes the nearest is
right, because there is no class 3.5; given a `Mask`, `v2` sees to that by itself. For pictures say `BILINEAR`. And put
everything geometric into *one* `RandomAffine`, so that pixels are mixed only once.
"""

# %%
mask_of_classes = tv_tensors.Mask(classes[0].to(torch.uint8))
assert v2.RandomRotation((10, 10), interpolation=BILINEAR)(mask_of_classes).unique().tolist() == [0, 7]

# %% [markdown]
r"""
## Brightness, contrast, colour

The light changes, the thing does not. On a scale from 0 to 1, **brightness** multiplies every pixel by a factor. **Contrast**
pulls every pixel towards the mean grey of the image or away from it: factor 0 gives flat grey, 1 the image itself.
**Saturation** does the same towards the pixel's own grey. **Hue** turns the colours around the colour wheel. What leaves the
scale is cut off. *Compute the three pixels below by hand, first brighter by 1.5, then with twice the contrast.*
"""

# %%
three = torch.tensor([[[0.2, 0.6, 0.9]]])  # one row of grey pixels; their mean is 1.7 / 3
as_row = lambda image: [round(value, 3) for value in image[0, 0].tolist()]  # noqa: E731
print("brightness 1.5:", as_row(TF.adjust_brightness(three, 1.5)))
print("contrast 2:    ", as_row(TF.adjust_contrast(three, 2)))
print("contrast 0:    ", as_row(TF.adjust_contrast(three, 0)))
assert as_row(TF.adjust_brightness(three, 1.5)) == [0.3, 0.9, 1]
assert as_row(TF.adjust_contrast(three, 2)) == [0, 0.633, 1]  # 2 · 0.2 − 0.567 < 0, 2 · 0.6 − 0.567, 2 · 0.9 − 0.567 > 1
assert as_row(TF.adjust_contrast(three, 0)) == [0.567] * 3

print("brighter, then flatter:", as_row(TF.adjust_contrast(TF.adjust_brightness(three, 2), 0.5)))
print("flatter, then brighter:", as_row(TF.adjust_brightness(TF.adjust_contrast(three, 0.5), 2)))

# %% [markdown]
r"""
Look at the last two lines: the order matters, because what was cut off at 1 does not come back. `ColorJitter` draws the order
at random, too.
"""

# %%
coffee = photo("coffee", 90)
light = {
    "as it is": coffee,
    "brightness 0.5": TF.adjust_brightness(coffee, 0.5),
    "brightness 1.6": TF.adjust_brightness(coffee, 1.6),
    "contrast 0.4": TF.adjust_contrast(coffee, 0.4),
    "contrast 2": TF.adjust_contrast(coffee, 2),
    "saturation 0": TF.adjust_saturation(coffee, 0),
    "saturation 2.5": TF.adjust_saturation(coffee, 2.5),
    "hue +0.1": TF.adjust_hue(coffee, 0.1),
    "hue +0.5": TF.adjust_hue(coffee, 0.5),
    "gamma 2": TF.adjust_gamma(coffee, 2),
    "autocontrast": TF.autocontrast(coffee),
    "equalize": TF.equalize(coffee),
    "posterize, 2 bits": TF.posterize(coffee, 2),
    "solarize at 128": TF.solarize(coffee, 128),
    "invert": TF.invert(coffee),
}
gallery(
    list(light.values()),
    list(light),
    5,
    alt="A cup of coffee fifteen times: darker, brighter, flatter, harsher, grey, garish, in shifted and in opposite colours, "
    "with a gamma curve, stretched and equalized levels, few levels, bright parts inverted, and as a negative.",
)
clipped = {factor: (TF.adjust_brightness(coffee, factor) == 255).float().mean().item() for factor in (1.0, 1.3, 1.6, 2.0)}
print("share of values at 255:", {factor: f"{share:.1%}" for factor, share in clipped.items()})
assert clipped[1.0] < clipped[1.3] < clipped[1.6] < clipped[2.0]
assert clipped[2.0] > 0.1

# %% [markdown]
r"""
Look at "hue +0.5": blue coffee. The cup is still a cup, since its *shape* makes it one. Now take a task in which the colour is
the label. *Which of these is the lemon, which is the lime?*
"""

# %%
lemon, lime = sticker("lemon"), sticker("lime")
turned = TF.adjust_hue(lemon, 0.1)
gallery([lemon, turned, lime], ["lemon", "lemon, hue +0.1", "lime"], 3, enlarge=2, alt="A lemon; the lemon in green; a lime.")


def mean_colour(name, picture):
    """Return the mean red, green and blue of an emoji's own pixels."""
    return picture[:, outlines[emoji_names.index(name)]].float().mean(dim=1)


colour = mean_colour("lemon", turned)
to_lemon, to_lime = ((colour - mean_colour(name, sticker(name))).norm().item() for name in ("lemon", "lime"))
print(f"mean colour of the turned lemon: {to_lemon:.0f} from the lemon's, {to_lime:.0f} from the lime's")
assert to_lime < to_lemon

# %% [markdown]
r"""
Look at the middle picture: by colour it is a lime. For "food or tool?" that does no harm; for "lemon or lime?", "ripe or
unripe?", or a stain under a microscope it writes a wrong label into your training set.

## Blur and sharpen

Lenses miss the focus and hands shake. `GaussianBlur` is the convolution of lecture 03 with a random width. Sharpening is its
opposite: away from the blurred image. A factor of 0 gives a slightly blurred picture, 1 the picture itself.
"""

# %%
focus = {
    "as it is": small_cat,
    "blur, σ = 1": TF.gaussian_blur(small_cat, 9, 1.0),
    "blur, σ = 3": TF.gaussian_blur(small_cat, 19, 3.0),
    "sharpness 0": TF.adjust_sharpness(small_cat, 0),
    "sharpness 5": TF.adjust_sharpness(small_cat, 5),
}
gallery(
    list(focus.values()),
    list(focus),
    5,
    alt="A cat's face: as it is, a little blurred, so blurred that the whiskers are gone, slightly soft, and oversharp.",
)
detail = {name: (picture.float().diff(dim=-1).square().mean().sqrt()).item() for name, picture in focus.items()}
print("difference of neighbouring pixels:", {name: round(value, 1) for name, value in detail.items()})
assert torch.equal(TF.adjust_sharpness(small_cat, 1), small_cat)
assert detail["blur, σ = 3"] < detail["blur, σ = 1"] < detail["as it is"] < detail["sharpness 5"]

# %% [markdown]
r"""
Look at the whiskers at σ = 3. If whiskers decide, the label is gone.

## Noise

**Gaussian noise** adds an independent random number to every value: a sensor in the dark. **Salt and pepper** replaces a few
pixels by white or black: dead pixels, lost packets.
"""

# %%
set_seed(4)
cat_01 = TF.to_dtype(small_cat, torch.float32, scale=True)  # 0–1
noisy = {"as it is": cat_01, "σ = 0.05": None, "σ = 0.15": None, "σ = 0.3": None}
for sigma in (0.05, 0.15, 0.3):
    noisy[f"σ = {sigma}"] = v2.GaussianNoise(sigma=sigma)(cat_01)  # clips to 0–1

speckled = cat_01.clone()
pixels = cat_01.shape[1] * cat_01.shape[2]
chosen = torch.randperm(pixels)[: pixels // 20]  # exactly 5 % of the pixels, none twice
salt, pepper = chosen.chunk(2)
speckled.flatten()[salt], speckled.flatten()[pepper] = 1, 0
noisy["5 % salt and pepper"] = speckled
gallery(
    list(noisy.values()),
    list(noisy),
    5,
    alt="A cat's face: as it is, with faint, clear and heavy grain, and with single black and white pixels.",
)
print(f"changed: {(speckled != cat_01).float().mean():.1%} of the pixels")
print(f"σ = 0.3: {((noisy['σ = 0.3'] == 0) | (noisy['σ = 0.3'] == 1)).float().mean():.0%} of the values were cut off at 0 or 1")
assert 0.045 < (speckled != cat_01).float().mean() <= 0.05
assert noisy["σ = 0.3"].min() == 0
assert noisy["σ = 0.3"].max() == 1

# %% [markdown]
r"""
Two things go wrong here, both without a word. *What is 250 + 10 in one byte? And how strong is noise of 0.1 that you add after
`Normalize` has divided by a standard deviation of 0.35?*
"""

# %%
grains = 25 * torch.randn(small_cat.shape, generator=torch.Generator().manual_seed(0))
in_bytes = small_cat + grains.to(torch.int64).to(torch.uint8)
in_floats = (small_cat.float() + grains).round().clamp(0, 255).to(torch.uint8)
print("250 + 10 in uint8:", (torch.tensor(250, dtype=torch.uint8) + torch.tensor(10, dtype=torch.uint8)).item())
try:
    v2.GaussianNoise()(small_cat)
except ValueError as error:
    print("torchvision refuses bytes:", str(error).splitlines()[0])

sd = 0.35
print(f"noise of 0.1 behind a division by {sd}: {0.1 * sd:.3f} on the scale from 0 to 1")
gallery(
    [in_bytes, in_floats],
    ["in uint8", "in float, clipped"],
    2,
    alt="Left: a cat with white specks where it is dark and black specks where it is bright. Right: the cat with even grain.",
)
wrapped = ((in_bytes.float() - small_cat.float()).abs() > 128).float().mean().item()
print(f"wrapped around: {wrapped:.1%} of the pixels")
assert (torch.tensor(250, dtype=torch.uint8) + torch.tensor(10, dtype=torch.uint8)) == 4
assert wrapped > 0.002

# %% [markdown]
r"""
Look at the left picture for specks that the right one does not have: 250 + 10 became 4, and a dark pixel made darker became
white. Convert to float first, add, clip, and know on which scale your σ lives.

## Cutout

Cover a random square. The network must not hang everything on one detail, since that detail may be missing. DeVries and
Taylor (2017) call it **[Cutout](../glossary.ipynb#cutout)**, Zhong et al. (2020) **random erasing**, in torchvision
`RandomErasing`: area, shape and
filling are random or chosen. It is *not* dropout on the input: neighbouring pixels go together, so the hole cannot be guessed
from the pixels around.
"""

# %%
set_seed(5)
tram = TF.to_dtype(sticker("tram"), torch.float32, scale=True)
erasing = {"scale": (0.1, 0.3), "ratio": (0.5, 2.0), "p": 1}
covered = {
    "as it is": tram,
    "value=0": v2.RandomErasing(value=0, **erasing)(tram),
    "value=1": v2.RandomErasing(value=1, **erasing)(tram),
    "mean colour": v2.RandomErasing(value=tram.mean(dim=(1, 2)).tolist(), **erasing)(tram),
    'value="random"': v2.RandomErasing(value="random", **erasing)(tram).clamp(0, 1),
}
gallery(
    list(covered.values()),
    list(covered),
    5,
    enlarge=2,
    alt="A tram: as it is, and with a rectangle covered in black, white, its mean colour, and coloured noise.",
)
sizes = [(v2.RandomErasing(value=-1.0, **erasing)(tram) == -1).any(dim=0).float().mean().item() for _ in range(500)]
print(f"500 rectangles cover from {min(sizes):.0%} to {max(sizes):.0%} of the picture")
assert 0.09 < min(sizes) < 0.13
assert 0.27 < max(sizes) < 0.31

# %% [markdown]
r"""
The square of Cutout has a fixed size, and its *centre* may be any pixel. So it may hang over the edge, and only what lies in
the picture is covered. *A square of half the side: which share of the picture does it cover on average?* Not a quarter:
"""

# %%
side, square = 32, 16
lengths = np.array([min(centre + square // 2, side) - max(centre - square // 2, 0) for centre in range(side)])
print(f"covered side: from {lengths.min()} to {lengths.max()}, on average {lengths.mean():.1f} of {side}")
share = (lengths.mean() / side) ** 2  # row and column of the centre are independent
print(f"covered area: {share:.1%} on average, {square**2 / side**2:.0%} at most")
assert lengths.max() == square
assert np.ones(side)[-3:13].size == 0  # a square that begins 3 rows above the picture: an empty slice, and no error
assert share < square**2 / side**2

# %% [markdown]
r"""
Write the clipping down before you code it: a start below 0 becomes 0 and an end behind the side becomes the side. With a
negative start, Python's slices count from the other end, and then nothing is covered at all.

And again the question of the label. *How often does a square of half the side hide nearly the whole object?*
"""

# %%
generator = torch.Generator().manual_seed(6)
for zoom in (1.0, 0.4):
    gone = []
    for outline in outlines[::4]:
        size = round(64 * zoom)
        small = TF.center_crop(TF.resize(outline[None].float(), [size, size], antialias=True), 64)[0] > 0.5
        for top, left in (torch.randint(64, (10, 2), generator=generator) - 16).tolist():
            hole = small[max(top, 0) : max(top + 32, 0), max(left, 0) : max(left + 32, 0)]
            gone.append((hole.sum() / small.sum()).item())
    gone = np.array(gone)
    print(f"object at {zoom:.0%} of its size: more than nine tenths hidden in {(gone > 0.9).mean():.1%} of {len(gone)} draws")
    assert ((gone > 0.9).mean() > 0.04) == (zoom < 1)

# %% [markdown]
r"""
The emoji fill their pictures, so something always remains. Objects seen from afar can disappear. Then the label is a lie: the
network learns to say "spoon" to an empty sheet. Keep the hole smaller than the object.
"""

# %% [markdown]
r"""
Before the two that mix pictures: try those that change one. *At which strength would you no longer give the picture the same
label?* That is where an augmentation stops helping.
"""

# %%
from cnnkit import widgets

widgets.explore_augmentation(data.emoji()[0][0], "rotation")

# %% [markdown]
r"""
## Mixup

So far every change kept the label. The next two change it, by a known amount. **Mixup** (Zhang et al. 2018) lays two images on
top of each other like two slides, and mixes their labels in the same ratio:

$$\tilde x = \lambda x_a + (1-\lambda)\,x_b, \qquad \tilde y = \lambda y_a + (1-\lambda)\,y_b,$$

with labels written as **one-hot** vectors, a 1 at the class and 0 elsewhere, and $\lambda$ between 0 and 1.
"""

# %%
sneaker, bag = x_all[y_all == 7][1], x_all[y_all == 8][5]
weights = (1.0, 0.8, 0.5, 0.2, 0.0)
gallery(
    [lam * sneaker + (1 - lam) * bag for lam in weights],
    [f"{lam:g} sneaker, {1 - lam:g} bag" for lam in weights],
    5,
    enlarge=5,
    alt="A sneaker that fades into a bag in five steps.",
)

# %% [markdown]
r"""
Where does $\lambda$ come from? A Beta distribution with both parameters $\alpha$. *What does a small $\alpha$ mean?*
"""

# %%
fig, ax = plt.subplots(figsize=(7.6, 2.6))
grid = torch.linspace(0.005, 0.995, 199)
for alpha in (0.2, 0.4, 1.0, 4.0):
    density = torch.distributions.Beta(alpha, alpha).log_prob(grid).exp()
    ax.plot(grid, density, label=f"α = {alpha:g}")
ax.set(xlabel="λ", ylabel="density", ylim=(0, 4), title="Small α: mostly one image with a trace of another")
ax.legend(ncols=4, loc="upper center")
plotting.show(fig, "Densities of the Beta distribution: U-shaped for alpha 0.2 and 0.4, flat for 1, a hill around a half for 4.")
set_seed(0)
for alpha in (0.2, 1.0):
    lam = torch.distributions.Beta(alpha, alpha).sample((20_000,))
    mostly_one = (torch.maximum(lam, 1 - lam) > 0.9).float().mean()
    print(f"α = {alpha:g}: one image has more than nine tenths in {mostly_one:.0%} of the draws")
    assert abs(mostly_one - {0.2: 0.68, 1.0: 0.2}[alpha]) < 0.04

# %% [markdown]
r"""
Look at the curve for α = 0.2: two walls. Most mixtures are nearly one image, with a trace of another. (For ImageNet Zhang et
al. use α between 0.1 and 0.4.)

The loss needs no new formula. Cross-entropy is linear in the label, so the loss of the mixed label is the mix of two losses.
`F.cross_entropy` takes one-hot labels and mixtures of them as they are. *And how small can this loss get?*
"""

# %%
set_seed(1)
logits = torch.randn(4, 10)
y_a, y_b, lam = torch.tensor([7, 2, 2, 5]), torch.tensor([8, 2, 0, 1]), 0.7
mixed_labels = lam * F.one_hot(y_a, 10).float() + (1 - lam) * F.one_hot(y_b, 10).float()
one_loss = F.cross_entropy(logits, mixed_labels)
two_losses = lam * F.cross_entropy(logits, y_a) + (1 - lam) * F.cross_entropy(logits, y_b)
print(f"loss of the mixed labels {one_loss:.6f}, mix of the two losses {two_losses:.6f}")
assert torch.isclose(one_loss, two_losses)

perfect = F.cross_entropy(mixed_labels[:1].clamp(min=1e-30).log(), mixed_labels[:1])
print(f"a network that says exactly 0.7 and 0.3 has the loss {perfect:.3f}, one without mixing would have 0")
assert torch.isclose(perfect, torch.tensor(-0.7 * np.log(0.7) - 0.3 * np.log(0.3), dtype=torch.float32))

# %% [markdown]
r"""
Look at the last line. With mixup the training loss stays well above zero and the training accuracy means little. Compare
validation numbers, never training losses, between a run with mixup and one without.

In `v2` it works on a **batch**, since it needs partners, and turns labels into one-hot rows. Partners come from the same batch;
here the neighbour, so shuffle:
"""

# %%
set_seed(3)
one_each = [int((y_all == k).nonzero()[0]) for k in (9, 0, 3, 5)]
four, four_labels = x_all[one_each], y_all[one_each]
mixed, soft = v2.MixUp(num_classes=10, alpha=1.0)(four, four_labels)
first = soft[0, four_labels[0]].item()
print("labels:", four_labels.tolist())
for row in soft:
    print("  ", {k: round(row[k].item(), 3) for k in row.nonzero()[:, 0].tolist()})
assert torch.allclose(soft.sum(dim=1), torch.ones(4))
partner = four.roll(1, dims=0)
assert torch.allclose(mixed, first * four + (1 - first) * partner, atol=1e-6)

# %% [markdown]
r"""
Look at the rows: one $\lambda$ for the whole batch, and every image has a partner.

## CutMix

A ghost of two images at once never occurs in nature. **CutMix** (Yun et al. 2019) cuts a rectangle out of one image and pastes
it into another. The label of each counts by its **share of the area**.
"""

# %%
fish, train_ = (TF.to_dtype(sticker(name), torch.float32, scale=True) for name in ("tropical fish", "train"))
top, left, height, width = 8, 24, 40, 32
pasted = fish.clone()
pasted[:, top : top + height, left : left + width] = train_[:, top : top + height, left : left + width]
share = height * width / (64 * 64)
gallery(
    [fish, train_, pasted],
    ["tropical fish: animal", "train: vehicle", f"{1 - share:.2f} animal, {share:.2f} vehicle"],
    3,
    enlarge=2,
    alt="A tropical fish; a train; the fish with a rectangle of the train pasted over its right part.",
)

# %% [markdown]
r"""
The box is drawn in this way: take $\lambda$ from a Beta distribution, make the sides $\sqrt{1-\lambda}$ of the picture's
sides, so that the area is $1-\lambda$, and put its *centre* on a random pixel. *Is the pasted area then* $1-\lambda$*?*
"""

# %%
set_seed(4)
wanted, got = [], []
for lam in torch.rand(400).tolist():
    half = int(64 * (1 - lam) ** 0.5) // 2
    row, column = torch.randint(64, (2,)).tolist()
    box_height = min(row + half, 64) - max(row - half, 0)
    box_width = min(column + half, 64) - max(column - half, 0)
    wanted.append(1 - lam)
    got.append(box_height * box_width / 64**2)
wanted, got = np.array(wanted), np.array(got)
fig, ax = plt.subplots(figsize=(4.6, 3.4))
ax.plot(wanted, got, ".", markersize=4)
ax.plot([0, 1], [0, 1], color=plotting.GREY, lw=1)
ax.set(xlabel="1 − λ as drawn", ylabel="share really pasted", title="The box hangs over the edge, the label must not")
plotting.show(fig, "A cloud of points on and below the diagonal: large boxes cover much less than was drawn.")
print(f"with λ as drawn, the pasted image counts too much by over 0.1 in {(wanted - got > 0.1).mean():.0%} of the draws")
assert (got <= wanted + 1e-9).all()
assert (wanted - got > 0.1).mean() > 0.3

# %% [markdown]
r"""
Look how far the points lie below the line. So after the box is cut to the picture, compute the weight *again* from the pixels
that were really pasted. Does `v2.CutMix`? There is a pretty test. Mix a black picture with a white one. Then the mean of
the result *is* the share of white.
"""

# %%
black_and_white = torch.stack([torch.zeros(1, 20, 30), torch.ones(1, 20, 30)])  # classes 0 and 1
cutmix = v2.CutMix(num_classes=2, alpha=1.0)
for _ in range(300):
    mixed, soft = cutmix(black_and_white, torch.tensor([0, 1]))
    assert torch.allclose(mixed.mean(dim=(1, 2, 3)), soft[:, 1], atol=1e-6)
print("300 batches: the label's weight is the area, to rounding; for instance", [round(weight, 4) for weight in soft[0].tolist()])

# %% [markdown]
r"""
> **Check yourself.** On a 32×32 picture CutMix draws $\lambda = 0.75$ and the centre at row 0, column 16. Which weight does the
> label of the pasted image get?
>
> <details><summary>Answer</summary>
>
> The sides are $32\cdot\sqrt{0.25} = 16$. The box covers rows −8 to 7 and columns 8 to 23; eight of its rows are in the
> picture. $8\cdot16/32^2 = 0.125$, half of the 0.25 that were drawn.
>
> </details>
"""

# %%
assert (min(0 + 8, 32) - max(0 - 8, 0)) * (min(16 + 8, 32) - max(16 - 8, 0)) / 32**2 == 0.125

# %% [markdown]
r"""
## RandAugment

So many transforms, each with a strength of its own: who tunes all that? **RandAugment** (Cubuk et al. 2020) has two numbers. It
takes `num_ops` transforms at random from a list of fourteen and applies each with the same `magnitude`.
"""

# %%
set_seed(7)
bear = sticker("bear face")
strengths = (3, 9, 15, 25)
seen = [v2.RandAugment(num_ops=2, magnitude=m, fill=255)(bear) for m in strengths for _ in range(6)]
gallery(
    seen,
    [f"magnitude {m}" if k == 0 else "" for m in strengths for k in range(6)],
    6,
    alt="A bear's face 24 times in four rows of growing magnitude: some have other colours in every row; the deeper the row, the "
    "more they are turned, slanted, moved and cut off.",
)
far = {}
for m in (0, 3, 9, 15, 25):
    drawn = torch.stack([v2.RandAugment(num_ops=2, magnitude=m, fill=255)(bear) for _ in range(60)])
    far[m] = (drawn.float() - bear.float()).abs().mean().item()
print("mean change per value:", {m: round(value, 1) for m, value in far.items()})
assert 0 < far[0] < far[9] < far[25]

# %% [markdown]
r"""
Look down the rows: turns, shears and shifts grow with the magnitude. Then look for a black bear in the first row: some of the
list, such as equalize and autocontrast, know no strength, and on six flat colours they do wild things. (Magnitude 0 above does
not mean "no change" either.) There is no flip and no crop in the list, so people add those. It was made for colour photographs.
For drawings, digits or X-rays, choose your own list.
"""

# %% [markdown]
r"""
## A pipeline for training only

Now put the pieces together. A `v2` pipeline is a list: make it an image tensor, change its geometry, change its colours,
bring it to floats from 0 to 1, normalize. *Which of these steps does a validation image need?*
"""

# %%
train_pipeline = v2.Compose(
    [
        v2.ToImage(),
        v2.RandomHorizontalFlip(),
        v2.RandomAffine(15, translate=(0.1, 0.1), scale=(0.8, 1.1), interpolation=BILINEAR, fill=255),
        v2.ColorJitter(brightness=0.2, contrast=0.2),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mean=[0.5] * 3, std=[0.25] * 3),
    ]
)
validation_pipeline = v2.Compose(
    [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean=[0.5] * 3, std=[0.25] * 3)]
)
value = emoji_images[emoji_names.index("hut")]
print(f"{'in the file':22} {value.shape!s:24} {value.dtype!s:15} from {value.min()} to {value.max()}")
set_seed(0)
for step in train_pipeline.transforms:
    value = step(value)
    print(f"{type(step).__name__:22} {tuple(value.shape)!s:24} {value.dtype!s:15} from {value.min():g} to {value.max():g}")
    if isinstance(step, v2.ToDtype):
        assert value.max() <= 1
assert value.shape == (3, 64, 64)
assert -2 <= value.min() < 0 < value.max() <= 2  # (0 − 0.5) / 0.25 and (1 − 0.5) / 0.25

# %% [markdown]
r"""
Look at the last two lines, where the range changes. Whatever counts in grey levels (noise, erasing with white, a fill) has to
stand *before* `Normalize`, or its numbers have to be normalised as well. And look at the validation pipeline: the three steps
without chance, and no other.

The transform belongs into the `Dataset`. Each time an image is fetched, its version is drawn anew, and nothing is stored.
"""


# %%
class Augmented(Dataset):
    """Images (N, C, H, W) with labels; a transform, if there is one, is drawn anew each time an image is fetched."""

    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index]
        return (image if self.transform is None else self.transform(image)), self.labels[index]


shift_and_flip = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomCrop(28, padding=3)])
lively_shirts = Augmented(x_all[:100], y_all[:100], shift_and_flip)
still_shirts = Augmented(x_all[:100], y_all[:100])
set_seed(0)
versions = {lively_shirts[5][0].numpy().tobytes() for _ in range(50)}
print(f"training image 5, fetched 50 times: {len(versions)} versions")
print(f"validation image 5, fetched 50 times: {len({still_shirts[5][0].numpy().tobytes() for _ in range(50)})} version")
assert len(versions) > 25
assert {lively_shirts[5][1].item() for _ in range(50)} == {y_all[5].item()}

train_part, validation_part = random_split(lively_shirts, [80, 20], generator=torch.Generator().manual_seed(0))
again = {validation_part[3][0].numpy().tobytes() for _ in range(50)}
print(f"an image of random_split's validation part, fetched 50 times: {len(again)} versions")
assert validation_part.dataset is lively_shirts
assert len(again) > 25

# %% [markdown]
r"""
Look at the last line. `random_split` returns two views of *one* data set with *one* transform: your validation images are
flipped and shifted, too. Split the **indices**, and make two data sets.

### A small network to measure with

Three things are fixed from here on: a net with two convolutions and two dense layers, AdamW, a cosine schedule. The number of
steps is the same with and without augmentation. `Normalize` and mixup have no random number per image, so they may work on
the whole batch, in the loader's `collate_fn`.
"""

# %%
normalize = v2.Normalize([0.25], [0.5])


def batches(images, labels, transform=None, *, mix=None, seed=None):
    """Return a loader; with a seed it shuffles and leaves out an incomplete last batch, as training wants it."""

    def collate(samples):
        x, y = default_collate(samples)
        return mix(normalize(x), y) if mix else (normalize(x), y)

    training = seed is not None
    return DataLoader(
        Augmented(images, labels, transform),
        batch_size=32 if training else 500,
        shuffle=training,
        drop_last=training,
        collate_fn=collate,
        generator=torch.Generator().manual_seed(seed or 0),  # the order of images is the same for all transforms
    )


def train(images, labels, transform=None, *, mix=None, seed, steps=160):
    """Train a small net from scratch and return it."""
    set_seed(seed)
    side = (images.shape[-1] + 3) // 4  # two strides of 2, rounded up
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * side**2, 64),
        nn.ReLU(),
        nn.Linear(64, int(labels.max()) + 1),
    )
    loader = batches(images, labels, transform, mix=mix, seed=seed)
    epochs = steps // len(loader)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    fit(model, loader, epochs=epochs, optimizer=optimizer, scheduler=schedule, progress=False)
    return model.eval()


def accuracy(model, images, labels, transform=None):
    """Return the share of images that a model gets right."""
    return evaluate(model, batches(images, labels, transform)).accuracy


SEEDS = (0, 1, 2)
PER_CLASS = 20
splits = {seed: data.stratified_split(fashion_labels, PER_CLASS, 50, seed=seed) for seed in SEEDS}
rows, held_out = splits[0]
assert not set(rows) & set(held_out)
plain_net = train(x_all[rows], y_all[rows], seed=0)
still = [accuracy(plain_net, x_all[held_out], y_all[held_out]) for _ in range(4)]
moving = [accuracy(plain_net, x_all[held_out], y_all[held_out], shift_and_flip) for _ in range(4)]
print(f"{PER_CLASS} training images a class; the same net, measured four times:")
print("  validation images left alone:", [f"{value:.1%}" for value in still])
print("  validation images augmented: ", [f"{value:.1%}" for value in moving])
assert len(set(still)) == 1
assert max(moving) < min(still)

# %% [markdown]
r"""
Look at the second row: another number each time, and all of them answer a question that nobody asked.

## Which labels survive

Now the question from the beginning, for real. Digits are the classic trap. No handwritten digits ship with this course, so we
print some: 21 typefaces come with Matplotlib, in five families. A turned printed 6 is the same trap as a turned handwritten
one.
"""

# %%
FAMILIES = {
    "DejaVu Sans": ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    "DejaVu Sans Mono": ("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
    "DejaVu Serif": ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    "STIX": ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    "Computer Modern": ("cmr10", "cmb10", "cmti10", "cmss10", "cmtt10"),
}
FONT_FOLDER = Path(matplotlib.get_data_path(), "fonts", "ttf")


def printed(character, typeface, side=20, height=14):
    """Return a character, white on black, as high as `height` and centred, (1, side, side) in 0–1."""
    paper = Image.new("L", (160, 160))
    font = ImageFont.truetype(FONT_FOLDER / f"{typeface}.ttf", 60)
    ImageDraw.Draw(paper).text((80, 80), character, font=font, fill=255, anchor="mm")
    ink = paper.crop(paper.getbbox())
    scale = min(height / ink.height, (side - 2) / ink.width)
    ink = ink.resize([max(1, round(length * scale)) for length in ink.size], Image.Resampling.LANCZOS)
    canvas = Image.new("L", (side, side))
    canvas.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    return torch.from_numpy(np.array(canvas))[None].float() / 255


def print_all(characters, typefaces):
    """Return every character in every typeface, (N, 1, 20, 20), and its number among the characters."""
    images = torch.stack([printed(character, typeface) for typeface in typefaces for character in characters])
    return images, torch.arange(len(characters)).repeat(len(typefaces))


DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
every_typeface = [typeface for family in FAMILIES.values() for typeface in family]
x_digits, y_digits = print_all(DIGITS, every_typeface)
shown = []
for typeface in ("DejaVuSans", "DejaVuSerif-Italic", "STIXGeneralBol", "cmr10", "cmtt10", "DejaVuSansMono-Bold"):
    six, nine = printed("6", typeface), printed("9", typeface)
    shown += [six, torch.rot90(six, 2, (1, 2)), nine]
gallery(
    shown,
    ["6", "6 turned", "9"] * 6,
    9,
    enlarge=4,
    alt="Sixes in six typefaces, each followed by the same 6 turned by half a turn and by the typeface's 9: the turned 6 looks "
    "like the 9.",
)

# %% [markdown]
r"""
For every digit and every typeface: change it, then find the most similar *unchanged* digit among the *other* families. *Which
digits survive a horizontal flip? Which survive half a turn?*
"""

# %%
family_of = torch.tensor([k for k, family in enumerate(FAMILIES.values()) for _ in family for _ in DIGITS])
changes = {
    "unchanged": lambda x: x,
    "turned by 10°": lambda x: TF.rotate(x, 10, interpolation=BILINEAR),
    "horizontal flip": TF.horizontal_flip,
    "vertical flip": TF.vertical_flip,
    "half a turn": lambda x: torch.rot90(x, 2, (-2, -1)),
}
reads_as = {}
for name, change in changes.items():
    distance = torch.cdist(change(x_digits).flatten(1), x_digits.flatten(1))
    distance[family_of[:, None] == family_of] = torch.inf
    reads_as[name] = y_digits[distance.argmin(dim=1)].reshape(-1, 10)  # (typeface, digit)

fig, ax = plt.subplots(figsize=(8, 2.6))
survive = np.array([(found == torch.arange(10)).float().mean(dim=0).numpy() for found in reads_as.values()])
ax.imshow(survive, vmin=0, vmax=1, cmap="Blues", aspect="auto")
for (i, digit), share in np.ndenumerate(survive):
    mode = list(reads_as.values())[i][:, digit].mode().values.item()
    word = f"{share:.0%}" if mode == digit else f"→ {mode}"
    ax.text(digit, i, word, ha="center", va="center", fontsize=9, color="white" if share > 0.6 else "black")
ax.set_xticks(range(10), DIGITS)
ax.set_yticks(range(5), list(changes))
ax.set_xlabel("digit")
ax.grid(visible=False)
ax.set_title("Nearest digit in another family: right, or what most typefaces become")
plotting.show(
    fig,
    "A table of five changes and ten digits. Unchanged and slightly turned digits are found again. 0, 1 and 8 survive flips and "
    "half turns; each of the others is mostly taken for another digit after at least one of them; 6 and 9 swap.",
)
half_turned = reads_as["half a turn"]
print("half a turn, most frequent reading of each digit:", half_turned.mode(dim=0).values.tolist())
assert half_turned.mode(dim=0).values[[6, 9]].tolist() == [9, 6]
for digit in range(10):
    lost_by = [name for name in list(changes)[2:] if reads_as[name][:, digit].mode().values != digit]
    print(f"{digit} is mostly lost by: {', '.join(lost_by) or 'nothing'}")
    assert bool(lost_by) == (digit not in (0, 1, 8))
assert survive[:2].mean() > 0.9
assert survive[2:].mean() < 0.75

# %% [markdown]
r"""
Look at the columns. 0, 1 and 8 survive everything, since they are nearly symmetric. Every other digit is lost by at least one
of the three, and half a turn swaps 6 and 9. There the augmented label is not noise; it is *wrong*. What does a network make
of it? Two families for training, the three others for validation, and with probability one half each training digit is
turned.
"""


# %%
def typefaces_of(seed, count):
    """Return `count` typefaces of each of two random families, and all typefaces of the three other families."""
    families = [list(FAMILIES.values())[k] for k in np.random.default_rng(seed).permutation(len(FAMILIES))]
    return [name for family in families[:2] for name in family[:count]], [name for family in families[2:] for name in family]


turns = {
    "no augmentation": None,
    "turned by up to 10°": v2.RandomRotation(10, interpolation=BILINEAR),
    "half a turn, p = 0.5": v2.RandomApply([v2.RandomRotation((180, 180))], p=0.5),
}
by_digit = {name: [] for name in turns}
for seed in SEEDS:
    (x_train, y_train), (x_val, y_val) = (print_all(DIGITS, typefaces) for typefaces in typefaces_of(seed, 4))
    is_6_or_9 = (y_val == 6) | (y_val == 9)
    for name, transform in turns.items():
        net = train(x_train, y_train, transform, seed=seed)
        by_digit[name].append([accuracy(net, x_val[chosen], y_val[chosen]) for chosen in (is_6_or_9, ~is_6_or_9)])
for name, values in by_digit.items():
    mean, spread = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
    print(f"{name:22} 6 and 9: {mean[0]:6.1%} ± {spread[0]:5.1%}    other digits: {mean[1]:6.1%} ± {spread[1]:5.1%}")
assert np.mean(by_digit["turned by up to 10°"]) > 0.9
assert np.mean(by_digit["half a turn, p = 0.5"], axis=0)[0] < 0.8 < np.mean(by_digit["half a turn, p = 0.5"], axis=0)[1]

# %% [markdown]
r"""
Look at the last line: the other digits hardly suffer, 6 and 9 come near the toss of a coin. (Here and below ± is the
standard deviation over three runs, with another split and other starting weights each.) The mean accuracy would have hidden
it. Look at single classes when you try an augmentation.

### Left or right?

Is the horizontal flip harmless for shoes, then? It depends on the *question*. Ask: does this sneaker point to the left or to
the right? To have both, we mirror half of the sneakers and label them accordingly.
"""

# %%
sneakers = x_all[y_all == 7]


def left_or_right(pictures):
    """Return the pictures, the second half mirrored, and labels: 0 points to the left, 1 to the right."""
    half = len(pictures) // 2
    return torch.cat([pictures[:half], TF.horizontal_flip(pictures[half:])]), (torch.arange(len(pictures)) >= half).long()


(x_train, y_train), (x_val, y_val) = left_or_right(sneakers[:120]), left_or_right(sneakers[200:400])
x_both, y_both = torch.cat([x_train, TF.horizontal_flip(x_train)]), torch.cat([y_train, 1 - y_train])
directions = {
    "no augmentation": [accuracy(train(x_train, y_train, seed=s, steps=60), x_val, y_val) for s in SEEDS],
    "flip, label kept": [
        accuracy(train(x_train, y_train, v2.RandomHorizontalFlip(), seed=s, steps=60), x_val, y_val) for s in SEEDS
    ],
    "flip, label flipped, too": [accuracy(train(x_both, y_both, seed=s, steps=60), x_val, y_val) for s in SEEDS],
}
for name, values in directions.items():
    print(f"{name:26}", " ".join(f"{value:6.1%}" for value in values))
assert min(directions["no augmentation"]) > 0.9
assert np.mean(directions["flip, label kept"]) < 0.75
assert min(directions["flip, label flipped, too"]) > 0.9

# %% [markdown]
r"""
Look at the second row. The network *cannot* learn the direction, because the augmentation destroyed it. In the third row the
label goes with the picture. So a flip is never good or bad in itself; it is a statement about the task. Arrows, signatures,
text, the heart in an X-ray: left and right matter more often than you think.

### Photographs upside down

For a network that has seen more than a million photographs (lecture 11 introduces it), what is an upside-down picture?
"""

# %%
backbone = efficientnet_lite0().to(device)
views = {
    "as taken": lambda x: x,
    "horizontal flip": TF.horizontal_flip,
    "vertical flip": TF.vertical_flip,
    "quarter turn": lambda x: torch.rot90(x, 1, (-2, -1)),
}
kept = {}
for name in ("coffee", "chelsea", "rocket", "camera"):
    grey_or_colour = data.photograph(name, size=224)
    x = preprocess(grey_or_colour if grey_or_colour.ndim == 3 else np.stack([grey_or_colour] * 3, axis=-1))
    with torch.no_grad():
        probabilities = backbone(torch.cat([view(x) for view in views.values()]).to(device)).softmax(dim=1).cpu()
    best = probabilities[0].argmax().item()
    kept[name] = probabilities[:, best]
    print(f"{name}: {IMAGENET_CLASSES[best]}")
    for view, row in zip(views, probabilities, strict=True):
        print(f"    {view:16} {row[best]:4.0%}, first choice {IMAGENET_CLASSES[row.argmax()]}")
    assert probabilities[1].argmax() == best
assert all(kept[name][2] < 0.1 < kept[name][1] for name in ("rocket", "camera"))
assert kept["chelsea"][2] > 0.2

# %% [markdown]
r"""
Compare the second and the third line of each photograph. After the horizontal flip all four are what they were. Upside down the
cat remains a cat, but a rocket and a camera on its tripod, which nearly always stand upright, turn into something else. If you
augment with vertical flips, the network has to spend part of its weights on pictures that never come.

| change | usually keeps the label | usually breaks it, or never occurs |
|---|---|---|
| horizontal flip | animals, food, clothes, most scenes | digits, text, arrows, left against right |
| vertical flip, any turn | microscope, satellite, textures | most photographs, digits |
| small turn, shift, zoom, shear | nearly everything | tasks that measure angle, place or size |
| brightness, contrast | nearly everything | tasks that measure brightness |
| hue, grey | shapes | ripeness, lemons and limes, stains |
| blur, noise | large things | fine detail |
| cutout | large objects | objects smaller than the hole |
| mixup, CutMix | classes (with mixed labels) | places, counts, one label per pixel |

> **Check yourself.** You classify (a) traffic signs, among them "turn left" and "turn right"; (b) cells under a microscope; (c)
> chest X-rays in which the side of the heart matters. Which flips do you use?
>
> <details><summary>Answer</summary>
>
> (a) None, or a horizontal flip that also swaps the labels of left and right. (b) Both, and quarter turns: there is no up. (c)
> No horizontal flip, because the mirrored heart is a diagnosis; no vertical one, because nobody hangs upside down.
>
> </details>

## What augmentation is worth

Time to measure. The rules: the same number of steps for all, **one augmentation at a time**, on **validation** images,
several seeds. Each seed has its own split and its own starting weights, and *every* augmentation is run on it. So subtract run
by run, with against without: what a lucky split does to both sides cancels. Three tasks:

1. Fashion-MNIST with 20 images a class, as it is: centred and scaled by those who made it.
2. The same networks, but validation pictures as a hand-held camera would take them: turned, moved, nearer or further, lighter or
   darker. (We made them ourselves, from the validation pictures.)
3. Capital letters, four images a class, in typefaces of *other* families. No one has tampered with those.

*Before you run it, write down your favourite for each task.*
"""

# %%
hand_held = v2.Compose(
    [
        v2.RandomAffine(12, translate=(0.12, 0.12), scale=(0.8, 1.2), interpolation=BILINEAR),
        v2.ColorJitter(brightness=0.3, contrast=0.3),
    ]
)


def taken_by_hand(images, seed):
    """Return the images as a hand-held camera might take them, always in the same way for the same seed."""
    set_seed(seed)
    return torch.stack([hand_held(image) for image in images])


shaken = {seed: taken_by_hand(x_all[splits[seed][1]], seed=100 + seed) for seed in SEEDS}
plotting.show_images(
    [x_all[splits[0][1]][k, 0] for k in range(10)] + [shaken[0][k, 0] for k in range(10)],
    ["as it is", *[""] * 9, "by hand", *[""] * 9],
    columns=10,
    alt="Ten validation pictures of Fashion-MNIST, centred; below them the same ten, turned, shifted, larger or smaller.",
)

# %%
turn, zoom, shear = (
    v2.RandomRotation(12, interpolation=BILINEAR),
    v2.RandomAffine(0, scale=(0.8, 1.2), interpolation=BILINEAR),
    v2.RandomAffine(0, shear=20, interpolation=BILINEAR),
)
everything = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomAffine(12, (0.12, 0.12), (0.8, 1.2), interpolation=BILINEAR)])
FASHION_TRANSFORMS = {
    "no augmentation": None,
    "horizontal flip": v2.RandomHorizontalFlip(),
    "shift": v2.RandomCrop(28, padding=3),
    "rotation": turn,
    "zoom": zoom,
    "brightness, contrast": v2.ColorJitter(brightness=0.3, contrast=0.3),
    "cutout": v2.RandomErasing(p=0.5, scale=(0.05, 0.2)),
    "mixup": v2.MixUp(num_classes=10, alpha=0.4),
    "CutMix": v2.CutMix(num_classes=10, alpha=1.0),
    "flip, turn, shift, zoom": everything,
}


def as_arguments(transform):
    """Return how `train` takes a transform: one for batches as mix, all others per image."""
    return {"mix": transform} if isinstance(transform, v2.MixUp | v2.CutMix) else {"transform": transform}


nets, scores = {}, {}
for name, transform in FASHION_TRANSFORMS.items():
    for seed in SEEDS:
        rows, held_out = splits[seed]
        nets[name, seed] = train(x_all[rows], y_all[rows], seed=seed, **as_arguments(transform))
        for task, pictures in (("as shipped", x_all[held_out]), ("hand-held", shaken[seed])):
            scores.setdefault((task, name), []).append(accuracy(nets[name, seed], pictures, y_all[held_out]))

# %%
smaller_turn = v2.RandomRotation(8, interpolation=BILINEAR)
LETTER_TRANSFORMS = {
    "no augmentation": None,
    "horizontal flip": v2.RandomHorizontalFlip(),
    "rotation": smaller_turn,
    "shear": shear,
    "zoom": zoom,
    "noise": v2.GaussianNoise(sigma=0.15),
    "mixup": v2.MixUp(num_classes=26, alpha=0.4),
    "turn, shear, zoom": v2.RandomAffine(8, scale=(0.8, 1.2), shear=15, interpolation=BILINEAR),
}
letters = {seed: [print_all(LETTERS, typefaces) for typefaces in typefaces_of(seed, 2)] for seed in SEEDS}
for name, transform in LETTER_TRANSFORMS.items():
    for seed in SEEDS:
        (x_train, y_train), (x_val, y_val) = letters[seed]
        nets["letters", name, seed] = train(x_train, y_train, seed=seed, steps=240, **as_arguments(transform))
        scores.setdefault(("letters", name), []).append(accuracy(nets["letters", name, seed], x_val, y_val))
print(f"letters: {len(x_train)} training and {len(x_val)} validation images")

# %%
TASKS = {"as shipped": FASHION_TRANSFORMS, "hand-held": FASHION_TRANSFORMS, "letters": LETTER_TRANSFORMS}
TITLES = ("Fashion-MNIST as it is", "taken by hand", "letters, new typefaces")
gain = {key: 100 * (np.array(values) - np.array(scores[key[0], "no augmentation"])) for key, values in scores.items()}
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.6))
for ax, (task, transforms), title in zip(axes, TASKS.items(), TITLES, strict=True):
    names = list(transforms)[1:]
    means = [gain[task, name].mean() for name in names]
    ax.barh(range(len(names)), means, color=[plotting.BLUE if m > 0 else plotting.VERMILLION for m in means], alpha=0.5)
    for k, name in enumerate(names):
        ax.plot(gain[task, name], [k] * len(SEEDS), "o", color="black", markersize=3)
    ax.axvline(0, color=plotting.GREY, lw=1)
    ax.set_yticks(range(len(names)), names, fontsize=8)
    ax.invert_yaxis()
    ax.set_xlabel("points gained")
    ax.set_title(f"{title}: {np.mean(scores[task, 'no augmentation']):.0%}", fontsize=10)
axes[1].set_yticklabels([])
plotting.show(
    fig,
    "Gain in validation accuracy by each augmentation, run by run. Fashion-MNIST as it is: all near zero, several below. Taken "
    "by hand: shift and the combination gain most. Letters: shear, zoom and the combination gain, the flip loses.",
)
for task, transforms in TASKS.items():
    print(task)
    for name in transforms:
        values = np.array(scores[task, name])
        line = f"  {name:25} {values.mean():6.1%} ± {values.std(ddof=1):5.1%}"
        if name != "no augmentation":
            line += f"   gain {gain[task, name].mean():+5.1f} ± {gain[task, name].std(ddof=1):4.1f} points"
        print(line)

# %%
best_gain = {task: max(gain[task, name].mean() for name in transforms) for task, transforms in TASKS.items()}
assert best_gain["as shipped"] < 5
assert gain["as shipped", "shift"].mean() < 0
assert gain["hand-held", "shift"].min() > 4
assert gain["hand-held", "flip, turn, shift, zoom"].min() > 4
assert gain["letters", "turn, shear, zoom"].min() > 2
assert gain["letters", "shear"].mean() > 2
assert gain["letters", "horizontal flip"].max() < -2
print({task: f"{value:+.1f} points at best" for task, value in best_gain.items()})

# %% [markdown]
r"""
(The titles give the accuracy without augmentation.) Look at the left panel first: *nothing helps* noticeably, and the shift does
harm. These pictures are all centred, so a network that handles shifted ones has learned something that validation never asks,
out of 200 images and with 64 hidden units.

Now the middle: the very same networks, and shifting is worth more than anything else you could have done in one line. On the
right, where nobody chose the variation to fit, the letters of other typefaces *are* slanted, wider, narrower: shear and zoom
pay, and the flip, which makes wrong letters, costs more than most others gain.

So the rule is: **augment with the variation that you expect where the network will be used**, and check on validation pictures
that come from there.

### How many images is that worth?

Give the letters one, two or four typefaces of each of the two families, so 2, 4 or 8 images a class.
"""

# %%
curve = {"without": {}, "with": {}}
letter_transforms = {"without": "no augmentation", "with": "turn, shear, zoom"}
for count in (1, 2, 4):
    for label, name in letter_transforms.items():
        if count == 2:
            curve[label][count] = scores["letters", name]
            continue
        curve[label][count] = []
        for seed in SEEDS:
            (x_train, y_train), (x_val, y_val) = (print_all(LETTERS, typefaces) for typefaces in typefaces_of(seed, count))
            net = train(x_train, y_train, LETTER_TRANSFORMS[name], seed=seed, steps=240)
            curve[label][count].append(accuracy(net, x_val, y_val))

fig, ax = plt.subplots(figsize=(7.2, 3))
for (label, values), colour in zip(curve.items(), (plotting.VERMILLION, plotting.BLUE), strict=True):
    images_per_class = [2 * count for count in values]
    means = [100 * np.mean(v) for v in values.values()]
    spreads = [100 * np.std(v, ddof=1) for v in values.values()]
    ax.errorbar(images_per_class, means, spreads, fmt="o-", capsize=4, color=colour, label=f"{label} augmentation")
    print(
        f"{label:8}",
        ", ".join(f"{n} a class: {m:.1f} % ± {s:.1f}" for n, m, s in zip(images_per_class, means, spreads, strict=True)),
    )
ax.set_xscale("log", base=2)
ax.set_xticks([2, 4, 8], ["2", "4", "8"])
ax.set(
    xlabel="training images per letter", ylabel="validation accuracy, %", title="Two images with augmentation beat four without"
)
ax.legend(loc="lower right")
plotting.show(
    fig,
    "Accuracy on letters against 2, 4 and 8 training images per letter, with error bars. Both curves rise; the one with "
    "augmentation lies above, most where images are fewest.",
)
lead = {count: np.mean(curve["with"][count]) - np.mean(curve["without"][count]) for count in (1, 2, 4)}
assert all(value > 0 for value in lead.values())
assert lead[1] > lead[4]
assert np.mean(curve["with"][1]) > np.mean(curve["without"][2])

# %% [markdown]
r"""
Look at the distance between the curves: it is largest on the left. Augmentation replaces images that you do not have; the more
you have, the less it adds.

### Keep some originals

Each of these transforms left some training images nearly as they were. What if it does not? Turn the letters by at least 20°,
with probability $p$. *What do you expect at* $p = 1$*?*
"""

# %%
by_share = {0.0: scores["letters", "no augmentation"]}
for p in (0.5, 1.0):
    far_turn = v2.RandomApply([v2.RandomRotation((20, 40), interpolation=BILINEAR)], p=p)
    by_share[p] = [accuracy(train(*letters[s][0], far_turn, seed=s, steps=240), *letters[s][1]) for s in SEEDS]
for p, values in by_share.items():
    print(f"turned with p = {p:g}: {np.mean(values):6.1%} ± {np.std(values, ddof=1):.1%}")
assert np.mean(by_share[1.0]) < 0.5 * np.mean(by_share[0.5])

# %% [markdown]
r"""
At $p=1$ the network has never seen an upright letter, and validation consists of upright letters. At $p=0.5$ half of its training
still goes to letters that never come. The strength of an
augmentation should reach *down to nothing*: angles from −10° to 10° rather than 20° to 40°, a probability below one.

### The test set, once

We chose on validation, and choosing makes the winner look a little too good. So the last number comes from images that took
part in nothing: test images, in the hand of the same camera, one look.
"""

# %%
test_images, test_labels = data.fashion_mnist("test")
x_test = taken_by_hand(torch.from_numpy(test_images)[:1000, None].float() / 255, seed=1000)
y_test = torch.from_numpy(test_labels)[:1000]
chosen = max(list(FASHION_TRANSFORMS)[1:], key=lambda name: gain["hand-held", name].mean())
final = {name: [accuracy(nets[name, s], x_test, y_test) for s in SEEDS] for name in ("no augmentation", chosen)}
for name, values in final.items():
    print(
        f"{name:25} test {np.mean(values):6.1%} ± {np.std(values, ddof=1):.1%}, "
        f"validation {np.mean(scores['hand-held', name]):6.1%}"
    )
assert min(np.array(final[chosen]) - np.array(final["no augmentation"])) > 0.03

# %% [markdown]
r"""
## Test-time augmentation

Training is over. You may still show the network several views of one picture and average its answers: **[test-time
augmentation](../glossary.ipynb#test-time-augmentation)**, TTA. Average the *probabilities*, then take the largest.
Nothing is trained, but every view costs a forward
pass. Here is one picture on which the views disagree.
"""


# %%
def moved_by(right, down):
    """Return a view: the image moved by so many pixels."""
    return lambda x: TF.affine(x, angle=0, translate=[right, down], scale=1, shear=[0.0])


VIEWS = {
    "as it is": [lambda x: x],
    "and horizontal flip": [lambda x: x, TF.horizontal_flip],
    "and four shifts": [lambda x: x] + [moved_by(*step) for step in ((2, 0), (-2, 0), (0, 2), (0, -2))],
    "and vertical flip": [lambda x: x, TF.vertical_flip],
}


def probabilities_of(model, x, view):
    with torch.no_grad():
        return model(normalize(view(x)).to(device)).softmax(dim=1).cpu()


mover = nets["flip, turn, shift, zoom", 0]
truth = y_all[splits[0][1]]
by_view = torch.stack([probabilities_of(mover, shaken[0], view) for view in VIEWS["and four shifts"]])  # (view, N, 10)
together = by_view.mean(dim=0)
helped = ((by_view[0].argmax(1) != truth) & (together.argmax(1) == truth)).nonzero()[:, 0]
harmed = ((by_view[0].argmax(1) == truth) & (together.argmax(1) != truth)).nonzero()[:, 0]
print(f"of {len(truth)} pictures the average corrects {len(helped)} and spoils {len(harmed)}")
one = helped[0]
fig, axes = plt.subplots(1, 2, figsize=(8.4, 2.7), width_ratios=(1, 3.2))
axes[0].imshow(shaken[0][one, 0], cmap="gray", vmin=0, vmax=1)
axes[0].set_axis_off()
axes[0].set_title(data.FASHION_MNIST_CLASSES[truth[one]], fontsize=9, loc="center")
for k, row in enumerate(by_view[:, one]):
    axes[1].plot(
        range(10),
        row,
        "o",
        color=plotting.GREY if k else plotting.VERMILLION,
        zorder=2 if k else 3,
        label=["as it is", "moved"][k] if k < 2 else None,
    )
axes[1].plot(range(10), together[one], "_", color=plotting.BLUE, markersize=22, markeredgewidth=3, label="average")
axes[1].set_xticks(range(10), data.FASHION_MNIST_CLASSES, rotation=30, ha="right", fontsize=8)
axes[1].set(ylabel="probability", title="Five views, five opinions")
axes[1].legend()
plotting.show(
    fig,
    "A picture and the probabilities of its ten classes from five views: the unmoved view prefers a wrong class, the average of "
    "all views the right one.",
)
assert len(helped) > 0
assert torch.allclose(together.sum(dim=1), torch.ones(len(truth)), atol=1e-5)

# %% [markdown]
r"""
One picture proves nothing, and some are spoiled as well. Now with all of them, for networks trained in different ways. *For
which of them will the average with the mirrored picture do harm?*
"""

# %%
tta = {}
for name in ("no augmentation", "horizontal flip", "flip, turn, shift, zoom"):
    print(f"trained with: {name}")
    for words, views_used in VIEWS.items():
        right = []
        for seed in SEEDS:
            answer = torch.stack([probabilities_of(nets[name, seed], shaken[seed], view) for view in views_used]).mean(dim=0)
            right.append((answer.argmax(1) == y_all[splits[seed][1]]).float().mean().item())
        tta[name, words] = 100 * np.array(right)
        change = tta[name, words] - tta[name, "as it is"]
        print(f"    {words:20} {tta[name, words].mean():5.1f} %  {change.mean():+5.1f} ± {change.std(ddof=1):.1f} points")

# %%
effect = {key: (values - tta[key[0], "as it is"]).mean() for key, values in tta.items()}
assert effect["no augmentation", "and horizontal flip"] < -1
assert effect["horizontal flip", "and horizontal flip"] > -1.5
assert effect["flip, turn, shift, zoom", "and horizontal flip"] > -1.5
assert all(
    -0.7 < effect[name, "and four shifts"] < 6 for name in ("no augmentation", "horizontal flip", "flip, turn, shift, zoom")
)
assert all(effect[name, "and vertical flip"] < -2 for name in ("no augmentation", "horizontal flip", "flip, turn, shift, zoom"))

# %% [markdown]
r"""
Look at the mirrored view. For the network that has never seen a shoe pointing right it does harm; for those trained with flips
it does none. The vertical flip, which none of them knows, harms all three. Then the small shifts: they harm nobody and gain a
little, for five times the computing. Pictures taken by hand are off the centre, and one of the five views may move them back.
So: **views on which the network is at home**. Measure the gain on validation, and do not expect much.

> **Check yourself.** A colleague averages the *predicted classes* of five views by taking the most frequent one. What is lost?
>
> <details><summary>Answer</summary>
>
> How sure each view was. Two views with 0.98 for "bag" lose against three with 0.4 for "dress", although the mean probability
> of "bag" is higher (next cell).
>
> </details>
"""

# %%
bag_dress = torch.tensor([[0.98, 0.02], [0.98, 0.02], [0.40, 0.60], [0.40, 0.60], [0.40, 0.60]])  # bag, dress
assert bag_dress.argmax(1).mode().values == 1
assert bag_dress.mean(0).argmax() == 0

# %% [markdown]
r"""
## A leak between the splits

Here is the most expensive mistake in this lecture. To get more images, somebody augments the whole data set first, six copies of
each image, stores them, and *then* splits at random into training and validation. *What accuracy will validation show?*
"""

# %%
slightly = v2.RandomAffine(8, translate=(0.06, 0.06), interpolation=BILINEAR)
COPIES = 6
x_fresh, y_fresh = torch.from_numpy(test_images)[:, None].float() / 255, torch.from_numpy(test_labels)
found = {"copies first, then split": [], "split first, then copies": []}
for seed in SEEDS:
    (originals,) = data.stratified_split(fashion_labels, 25, seed=seed)
    set_seed(seed)
    copies = torch.stack([slightly(x_all[k]) for _ in range(COPIES) for k in originals])
    labels = y_all[originals].repeat(COPIES)
    owner = torch.arange(len(originals)).repeat(COPIES)  # which original a copy comes from
    by_copy = torch.randperm(len(copies)) < len(copies) // 5
    by_original = (torch.randperm(len(originals)) < len(originals) // 5)[owner]
    for name, in_validation in zip(found, (by_copy, by_original), strict=True):
        net = train(copies[~in_validation], labels[~in_validation], seed=seed, steps=240)
        said, true = accuracy(net, copies[in_validation], labels[in_validation]), accuracy(net, x_fresh, y_fresh)
        shared = np.isin(owner[in_validation], owner[~in_validation]).mean()
        found[name].append((shared, said, true))
for name, values in found.items():
    shared, said, true = np.mean(values, axis=0)
    print(f"{name}: {shared:.0%} of the validation copies have a sibling in training")
    print(f"    validation says {said:.1%} ± {np.std(values, axis=0, ddof=1)[1]:.1%}, 2000 fresh images say {true:.1%}")
(_, said_leak, true_leak), (none_shared, said_clean, true_clean) = (np.mean(values, axis=0) for values in found.values())
assert none_shared == 0
assert said_leak - true_leak > 0.04
assert abs(said_clean - true_clean) < 0.09
assert abs(true_leak - true_clean) < 0.06

# %%
fig, ax = plt.subplots(figsize=(7, 2.8))
for k, values in enumerate(found.values()):
    for offset, column, colour, label in (
        (-0.17, 1, plotting.VERMILLION, "validation says"),
        (0.17, 2, plotting.BLUE, "fresh images say"),
    ):
        numbers = [100 * v[column] for v in values]
        ax.bar(k + offset, np.mean(numbers), 0.32, color=colour, alpha=0.6, label=label if k == 0 else None)
        ax.plot([k + offset] * len(numbers), numbers, "o", color="black", markersize=4)
ax.set_xticks(range(2), list(found))
ax.set(ylabel="accuracy, %", ylim=(0, 100), title="Siblings on both sides: validation flatters")
ax.legend(loc="upper right")
plotting.show(
    fig,
    "Bars of accuracy, dots for the three runs. Copies first: validation says far more than fresh images do. Split first: both "
    "are about the same.",
)

# %% [markdown]
r"""
Look at the blue bars: the two networks are equally good. Only the *report* differs. On the left, almost every validation
picture has a sibling among the training pictures, so it measures memory. You would stop searching for better networks, promise
too much, and find out when the customer does.

**Split the originals first; then augment the training part, on the fly.** The same leak has other doors: two photographs of the
same person, frames of one film, one patient's slices, one typeface's bold and regular. Split by person, film, patient, family.
(That is why whole *families* of typefaces were held out above.)

## Common mistakes

- **Augmented validation or test images.** `random_split` on one data set with one transform does it without a word. Make two
  data sets, and split their indices.
- **Augment, store, then split.** Siblings on both sides; validation flatters. Split first.
- **A flip for digits, text or anything with a left and a right.** The label is no longer true. For most photographs a
  horizontal flip is harmless, a vertical one is not. Try it on validation.
- **One call of a `v2` transform for a whole batch.** One coin for all images. Draw one per image.
- **The label forgotten.** Training loss stays high, or masks are off. Masks and boxes move with the picture; mixup and CutMix mix
  the label.
- **CutMix weighted with the λ that was drawn.** Labels are wrong where the box hung over the edge. Take the area that is left
  after the box was cut to the picture.
- **A negative start in a slice,** when a hole or box hangs over the edge. Python counts it from the other end. Clip both ends
  first.
- **Noise or brightness in `uint8`,** which wraps around; or the right number on the wrong side of `Normalize`. Look at the
  pictures that the network gets.
- **Black corners on white pictures.** They say which pictures were turned. Choose the fill so that it says nothing.
- **No original left.** The network never meets what it will be asked. Strengths should reach down to nothing.
- **Five augmentations at once and one run.** Nobody knows which of them helped. One at a time, several seeds, run against run, on
  validation.
- **Training loss or accuracy compared between mixup and no mixup.** Mixed pictures are harder. Compare validation.
- **TTA with views of a kind that the network has never met,** such as mirrored shoes. Their answers spoil the mean. Take views
  from its training.

## Summary

- Augmentation tells the network which changes do not matter. It is a statement about the task, and it can be false.
- Flips read an axis backwards; shifts, turns, shears and zooms invent a border, so choose the fill and the interpolation; colour
  changes clip; noise and erasing belong before `Normalize`.
- Mixup: $\lambda x_a+(1-\lambda)x_b$, labels alike. CutMix: a box, labels by the exact area.
- Training data only, drawn anew at each fetch, labels and masks along with the picture, some originals kept.
- It pays when images are few and when the variation is one that will really come: nothing on centred Fashion-MNIST, much on
  the same pictures taken by hand and on letters in new typefaces.
- TTA averages probabilities over views on which the network is at home; the gain is small.
- Split originals first, by family. A sibling on the other side makes validation flatter you.

## References

- P. Simard, D. Steinkraus, J. Platt: *Best practices for convolutional neural networks applied to visual document analysis*,
  ICDAR 2003. Affine and elastic distortions for digits.
- A. Krizhevsky, I. Sutskever, G. Hinton: *ImageNet classification with deep convolutional neural networks*, NeurIPS 2012.
  Section 4.1: crops, flips, colours, and averaging over ten views.
- C. Szegedy et al.: *Going deeper with convolutions*, CVPR 2015, [arXiv:1409.4842](https://arxiv.org/abs/1409.4842). Section 6:
  crops of 8 % to 100 % of the area.
- K. He, X. Zhang, S. Ren, J. Sun: *Deep residual learning for image recognition*, CVPR 2016,
  [arXiv:1512.03385](https://arxiv.org/abs/1512.03385). Section 4.2: pad by 4 and crop.
- T. DeVries, G. Taylor: *Improved regularization of convolutional neural networks with cutout*, 2017,
  [arXiv:1708.04552](https://arxiv.org/abs/1708.04552).
- Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang: *Random erasing data augmentation*, AAAI 2020,
  [arXiv:1708.04896](https://arxiv.org/abs/1708.04896).
- H. Zhang, M. Cisse, Y. Dauphin, D. Lopez-Paz: *mixup: Beyond empirical risk minimization*, ICLR 2018,
  [arXiv:1710.09412](https://arxiv.org/abs/1710.09412).
- S. Yun et al.: *CutMix: Regularization strategy to train strong classifiers with localizable features*, ICCV 2019,
  [arXiv:1905.04899](https://arxiv.org/abs/1905.04899).
- E. Cubuk, B. Zoph, J. Shlens, Q. Le: *RandAugment: Practical automated data augmentation with a reduced search space*, NeurIPS
  2020, [arXiv:1909.13719](https://arxiv.org/abs/1909.13719).
- C. Shorten, T. Khoshgoftaar: *A survey on image data augmentation for deep learning*, Journal of Big Data 6, 2019,
  [doi:10.1186/s40537-019-0197-0](https://doi.org/10.1186/s40537-019-0197-0).
- H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST*, 2017, [arXiv:1708.07747](https://arxiv.org/abs/1708.07747).
- Torchvision manual, [transforms v2](https://docs.pytorch.org/vision/stable/transforms.html).
- Photographs: scikit-image's data. Emoji: Google's Noto Emoji. Typefaces: DejaVu, STIX and Computer Modern as Matplotlib ships
  them. The sources of the pictures are listed in the course's file of assets.

## Your turn

[Assignment 10](../assignments/10_augmentation/10_augmentation.ipynb), about four hours: you write flips, crops, noise, cutout,
mixup, CutMix and TTA for whole batches, and a seeded pipeline that leaves validation alone. Next comes
[lecture 11](11_transfer_learning.ipynb), another answer to few images: a network that has already seen a million.
"""
