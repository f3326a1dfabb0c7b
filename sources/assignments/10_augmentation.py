# %% [markdown]
r"""
# Assignment 10 · Data augmentation

You write the augmentations that image networks are trained with, from the mirror to CutMix, as functions of whole
batches. Then you repair a pipeline that somebody wrote in a hurry, build your own, with a seed and an off switch, and
measure what it is worth, on pictures like those that it was trained on and on others.

**You need** [lecture 10](../../lectures/10_augmentation.ipynb), PyTorch, a pencil. **Time:** about four
hours. **Points:** 43.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. If
something is wrong, a check says what, shows one case, and tells you how to get that case back into your hands. When the
assignment is graded, the same checks run with other numbers. What has one right result is compared with it. What draws
random numbers is judged by what every right way of drawing has in common, so draw them as you like.

Five rules hold for every exercise.

- `x` is a batch of images, a tensor of shape (N, C, H, W). Rows are counted from the top, columns from the left.
- The result has the dtype of `x` and is on the device of `x`, whichever that is. So is every tensor that you make.
- The tensors that you are given stay as they are.
- Images differ: what you do to one must not depend on the others.
- What is impossible raises `ValueError`, where the exercise asks for it; say in its message why.

Write it with tensors. `torchvision.transforms` would do the work for you, so the checks refuse it.
"""

# %%
import torch
import torch.nn.functional as F
from torch import nn

from cnnkit import case, check, data, plotting

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
r"""
The checks run your code on the GPU if PyTorch finds one, else on the processor. To choose, run
`%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check. To look at what you do, here are four photographs in one
batch.
"""

# %%
pictures = []
for name in ("astronaut", "chelsea", "coffee", "rocket"):
    picture = torch.from_numpy(data.photograph(name, size=64)).permute(2, 0, 1).float() / 255
    middle = (picture.shape[2] - 64) // 2
    pictures.append(picture[:, :, middle : middle + 64])
photographs = torch.stack(pictures)
plotting.show_images(photographs, alt="Four photographs: an astronaut, a cat, a cup of coffee and a rocket.", columns=4)

# %% [markdown]
r"""
## 1. Left and right

**Points 3 · difficulty 1/5 · about 10 minutes**

A cat that looks to the left is a cat. Mirror the images for which `mask`, a tensor of N booleans, is True: left becomes
right, top stays top. The others stay as they are, and all N come back in their order. A mask that does not have one value
per image raises `ValueError`.

<details><summary>Hint 1</summary>

`x.flip(-1)` mirrors the whole batch into a new tensor. What is left is to choose, image by image.
</details>

<details><summary>Hint 2</summary>

`torch.where(condition, a, b)` chooses entry by entry. The condition must stand along axis 0: `mask[:, None, None, None]`.
</details>
"""


# %% solution="horizontal_flip"
def horizontal_flip(x, mask):
    """Mirror the images that the mask names: (N, C, H, W), (N,) bool -> (N, C, H, W)."""
    ### BEGIN SOLUTION
    if mask.shape != (len(x),):
        raise ValueError(f"horizontal_flip: the mask has shape {tuple(mask.shape)}, but there are {len(x)} images.")
    return torch.where(mask[:, None, None, None], x.flip(-1), x)
    ### END SOLUTION


# %% test="horizontal_flip" points=2
# Check that the images of the mask are mirrored left to right, and the others are not.
check("10.horizontal_flip", horizontal_flip)
# By hand:
x = torch.tensor([[[[1, 2, 3], [4, 5, 6]]], [[[7, 8, 9], [0, 1, 2]]]])
y = horizontal_flip(x, torch.tensor([False, True]))
assert y[0].tolist() == [[[1, 2, 3], [4, 5, 6]]]
assert y[1].tolist() == [[[9, 8, 7], [2, 1, 0]]]
### BEGIN HIDDEN TESTS
check("10.horizontal_flip", horizontal_flip, hidden=True)
### END HIDDEN TESTS

# %% test="horizontal_flip_errors" points=1
# Check that a mask which does not have one value per image raises ValueError.
check("10.horizontal_flip_errors", horizontal_flip)
### BEGIN HIDDEN TESTS
check("10.horizontal_flip_errors", horizontal_flip, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("10.horizontal_flip", 0)
print(*args, sep="\n")

# %% [markdown]
r"""
## 2. A window that wanders

**Points 4 · difficulty 3/5 · about 25 minutes**

Put a frame of `padding` zeros around every image, on all four sides. Then cut a window of the image's own size, $H$ rows
and $W$ columns, out of the frame. For image $i$ its upper left corner is at row `top[i]` and column `left[i]` *of the
frame*. With `top[i] = left[i] = padding` the image comes back as it was. *With `top[i] = 0`, does it move up or down?*

`top` and `left` are integer tensors of N values, between 0 and $2 \cdot$ `padding`. Others, another number of them, and a
negative padding raise `ValueError`. For once a loop over the images is allowed; you can also do without.

<details><summary>Hint 1</summary>

`F.pad(x, (left, right, top, bottom))` pads the last two axes, the last one first.
</details>

<details><summary>Hint 2</summary>

One image at a time: `framed[i, :, top[i] : top[i] + H, left[i] : left[i] + W]`, and `torch.stack` at the end.
</details>

<details><summary>Hint 3</summary>

Without a loop: the row numbers of all windows are `top[:, None] + torch.arange(H, device=x.device)`, of shape (N, H). Index the
frame with a tensor of image numbers (N, 1, 1), of rows (N, H, 1) and of columns (N, 1, W). Where do the channels end up?
</details>
"""


# %% solution="random_crop"
def random_crop(x, padding, top, left):
    """Cut a window out of each zero-padded image: (N, C, H, W), int, (N,) and (N,) integers -> (N, C, H, W)."""
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    if padding < 0:
        raise ValueError(f"random_crop: the padding must not be negative, it is {padding}.")
    if top.shape != (n,) or left.shape != (n,):
        raise ValueError(f"random_crop: {n} images need {n} values of top and of left, not {len(top)} and {len(left)}.")
    corners = torch.stack([top, left])
    if n and (corners.min() < 0 or corners.max() > 2 * padding):
        raise ValueError(f"random_crop: with padding {padding}, top and left lie between 0 and {2 * padding}.")
    framed = F.pad(x, (padding, padding, padding, padding))
    images = torch.arange(n, device=x.device)[:, None, None]
    rows = top[:, None, None] + torch.arange(height, device=x.device)[:, None]  # (N, H, 1)
    columns = left[:, None, None] + torch.arange(width, device=x.device)  # (N, 1, W)
    # The three index tensors stand on both sides of a slice, so their common shape (N, H, W) comes first.
    return framed[images, :, rows, columns].permute(0, 3, 1, 2)
    ### END SOLUTION


# %% test="random_crop" points=3
# Check that every image moves by its own numbers of rows and columns, and zeros come in.
check("10.random_crop", random_crop)
# By hand: the first window begins one row higher than the image, the second one row lower and one column further left.
x = torch.tensor([[[[1, 2, 3], [4, 5, 6]]], [[[7, 8, 9], [10, 11, 12]]]])
y = random_crop(x, 1, torch.tensor([0, 2]), torch.tensor([1, 0]))
assert y[0].tolist() == [[[0, 0, 0], [1, 2, 3]]]
assert y[1].tolist() == [[[0, 10, 11], [0, 0, 0]]]
### BEGIN HIDDEN TESTS
check("10.random_crop", random_crop, hidden=True)
### END HIDDEN TESTS

# %% test="random_crop_errors" points=1
# Check that a window which leaves the frame raises ValueError.
check("10.random_crop_errors", random_crop)
### BEGIN HIDDEN TESTS
check("10.random_crop_errors", random_crop, hidden=True)
### END HIDDEN TESTS

# %%
moved = random_crop(photographs, 12, torch.tensor([0, 24, 12, 4]), torch.tensor([12, 12, 0, 22]))
plotting.show_images(
    moved, columns=4, alt="The four photographs, moved down, up, to the right, and down and to the left, with black borders."
)

# %% [markdown]
r"""
## 3. Brighter, and with more contrast

**Points 4 · difficulty 3/5 · about 20 minutes**

The pixels $x$ of an image lie between 0 (black) and 1 (white). Its brightness $b$ multiplies, its contrast $c$ stretches
around the mean $m$ of the brightened image's grey version, and both end in the allowed range:

$$y = \operatorname{clamp}(b\,x), \qquad z = \operatorname{clamp}\bigl(c\,y + (1 - c)\,m\bigr), \qquad
\operatorname{clamp}(v) = \min(\max(v, 0), 1) .$$

The grey version of a colour image is $0.2989\,R + 0.587\,G + 0.114\,B$, pixel by pixel, because eyes are most sensitive
to green; that of a grey image (C = 1) is the image itself. So $m$ is *one number per image*. In this order and with these
numbers it is what torchvision's `adjust_brightness` and `adjust_contrast` do, one after the other.

`brightness` and `contrast` are tensors of N values, one per image. Negative ones, another number of them, and images with
neither one nor three channels raise `ValueError`. *What does $c = 0$ make of an image? And $b = c = 1$?*

<details><summary>Hint 1</summary>

Reshape the numbers so that they stand along axis 0: `brightness[:, None, None, None]`, or `.view(-1, 1, 1, 1)`.
</details>

<details><summary>Hint 2</summary>

`y.mean((1, 2, 3), keepdim=True)` is one number per image, in a shape that can be added to the batch. But first the grey
version: `y[:, 0:1]` is the red channel with its axis kept.
</details>
"""


# %% solution="adjust_brightness_contrast"
def adjust_brightness_contrast(x, brightness, contrast):
    """Scale the brightness, then the contrast of each image: (N, C, H, W) in 0..1, (N,), (N,) -> (N, C, H, W) in 0..1."""
    ### BEGIN SOLUTION
    n, channels = x.shape[:2]
    if brightness.shape != (n,) or contrast.shape != (n,):
        raise ValueError(f"adjust_brightness_contrast: {n} images need {n} values of brightness and of contrast.")
    if (brightness < 0).any() or (contrast < 0).any():
        raise ValueError("adjust_brightness_contrast: brightness and contrast must not be negative.")
    if channels not in (1, 3):
        raise ValueError(f"adjust_brightness_contrast: images have 1 or 3 channels, these have {channels}.")
    b, c = brightness.view(-1, 1, 1, 1), contrast.view(-1, 1, 1, 1)
    y = (b * x).clamp(0, 1)
    grey = y if channels == 1 else 0.2989 * y[:, 0] + 0.587 * y[:, 1] + 0.114 * y[:, 2]
    mean = grey.flatten(1).mean(1).view(-1, 1, 1, 1)
    return (c * y + (1 - c) * mean).clamp(0, 1)
    ### END SOLUTION


# %% test="adjust_brightness_contrast" points=3
# Check brightness, contrast, their order, and that nothing leaves the range from 0 to 1.
check("10.adjust_brightness_contrast", adjust_brightness_contrast)
# By hand: 0.25 and 0.5 become 0.375 and 0.75, with mean 0.5625; half of the contrast halves the distance to it.
x = torch.tensor([[[[0.25, 0.5]]]])
z = adjust_brightness_contrast(x, torch.tensor([1.5]), torch.tensor([0.5]))
assert torch.allclose(z, torch.tensor([[[[0.5625 - 0.1875 / 2, 0.5625 + 0.1875 / 2]]]]))
# A red image becomes grey without contrast: 0.2989 everywhere.
red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
assert torch.allclose(adjust_brightness_contrast(red, torch.ones(1), torch.zeros(1)), torch.full((1, 3, 2, 2), 0.2989))
### BEGIN HIDDEN TESTS
check("10.adjust_brightness_contrast", adjust_brightness_contrast, hidden=True)
### END HIDDEN TESTS

# %% test="adjust_brightness_contrast_errors" points=1
# Check that negative factors, and another number of them than of images, raise ValueError.
check("10.adjust_brightness_contrast_errors", adjust_brightness_contrast)
### BEGIN HIDDEN TESTS
check("10.adjust_brightness_contrast_errors", adjust_brightness_contrast, hidden=True)
### END HIDDEN TESTS

# %%
adjusted = adjust_brightness_contrast(photographs, torch.tensor([1.0, 1.5, 0.6, 1.0]), torch.tensor([0.4, 1.0, 1.0, 1.8]))
plotting.show_images(
    adjusted,
    titles=["contrast 0.4", "brightness 1.5", "brightness 0.6", "contrast 1.8"],
    columns=4,
    alt="The four photographs: one flat and grey, one bright, one dark, one with hard contrast.",
)

# %% [markdown]
r"""
## 4. Salt and pepper

**Points 5 · difficulty 3/5 · about 25 minutes**

A camera with broken pixels: each pixel of each image is hit with probability `amount`, independently of all others. Of
those hit, half become white (1) and half black (0), decided by a fair coin. A pixel is a place in the image: it is hit in
*all* its channels or in none, and becomes white, or black, in all of them.

All random numbers come from `generator`, a `torch.Generator` on the device of `x`, and from nowhere else. That is what
makes an experiment repeatable: with the same state of the generator the result is the same, whatever other code draws.
And because every number drawn moves the generator on, the next call gives another result. An `amount` below 0 or above 1
raises `ValueError`.

*How many random numbers does a batch of shape (8, 3, 32, 32) need, if one number per pixel decides everything?*

<details><summary>Hint 1</summary>

`torch.rand(shape, generator=generator, device=x.device)` draws numbers that are uniform between 0 and 1. Which shape says
"one for each pixel of each image, the same for all channels"?
</details>

<details><summary>Hint 2</summary>

A uniform number is below `amount` with probability `amount`, and below `amount / 2` with half of it. So one number
decides whether and how. With two of them, one for salt and one for pepper, some pixels are hit twice.
</details>
"""


# %% solution="salt_and_pepper"
def salt_and_pepper(x, amount, generator):
    """Make the share `amount` of all pixels black or white: (N, C, H, W) in 0..1, float, torch.Generator -> (N, C, H, W)."""
    ### BEGIN SOLUTION
    if not 0 <= amount <= 1:
        raise ValueError(f"salt_and_pepper: amount is a share between 0 and 1, not {amount}.")
    u = torch.rand(len(x), 1, *x.shape[2:], generator=generator, device=x.device)
    # One number decides both: below amount / 2 is pepper, from there to amount is salt.
    return torch.where(u < amount / 2, 0.0, torch.where(u < amount, 1.0, x))
    ### END SOLUTION


# %% test="salt_and_pepper" points=2
# Check that the right share of pixels is hit, in all channels together, half white and half black.
check("10.salt_and_pepper", salt_and_pepper)
# By hand: with amount 1 no grey is left, with amount 0 all of it.
grey = torch.full((2, 3, 4, 5), 0.5)
everywhere = salt_and_pepper(grey, 1.0, torch.Generator().manual_seed(0))
assert set(everywhere.unique().tolist()) == {0.0, 1.0}
assert torch.equal(salt_and_pepper(grey, 0.0, torch.Generator().manual_seed(0)), grey)
### BEGIN HIDDEN TESTS
check("10.salt_and_pepper", salt_and_pepper, hidden=True)
### END HIDDEN TESTS

# %% test="salt_and_pepper_generator" points=2
# Check that all random numbers come from the generator, and that it moves on from call to call.
check("10.salt_and_pepper_generator", salt_and_pepper)
### BEGIN HIDDEN TESTS
check("10.salt_and_pepper_generator", salt_and_pepper, hidden=True)
### END HIDDEN TESTS

# %% test="salt_and_pepper_errors" points=1
# Check that an amount which is no share raises ValueError.
check("10.salt_and_pepper_errors", salt_and_pepper)
### BEGIN HIDDEN TESTS
check("10.salt_and_pepper_errors", salt_and_pepper, hidden=True)
### END HIDDEN TESTS

# %%
noisy = salt_and_pepper(photographs, 0.1, torch.Generator().manual_seed(4))
plotting.show_images(noisy, columns=4, alt="The four photographs with black and white dots on a tenth of their pixels.")

# %% [markdown]
r"""
## 5. Cutout

**Points 3 · difficulty 2/5 · about 20 minutes**

Blank a square in every image: its pixels become 0 in all channels, so that the network cannot rely on the one detail that
was there (DeVries and Taylor 2017). The upper left corner of the square in image $i$ is at row `top[i]`, column `left[i]`,
and its side is `size` pixels. A square may hang over the border, or lie outside altogether: then only what is inside is
blanked, and nothing comes in at the other side. So `top` and `left` may be any integers, negative ones too. A negative
size, and another number of corners than of images, raise `ValueError`.

*An image has 6 rows, a square has top = −2 and size = 3. How many of its rows are in the image?*

<details><summary>Hint 1</summary>

Python counts negative indices from the end: `x[-2:1]` of six rows is empty. Clip first, or do without slices.
</details>

<details><summary>Hint 2</summary>

Without slices: a row r belongs to the square if `top <= r` and `r < top + size`. Ask that of
`torch.arange(H, device=x.device)` for all images at once, which gives a mask of shape (N, H). Do the same for columns.
</details>

<details><summary>Hint 3</summary>

`x.masked_fill(mask, 0)` returns a new tensor; the mask may have one channel where x has three.
</details>
"""


# %% solution="cutout"
def cutout(x, top, left, size):
    """Blank a square in each image: (N, C, H, W), (N,) and (N,) integers, int -> (N, C, H, W)."""
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    if size < 0:
        raise ValueError(f"cutout: a square cannot have a side of {size} pixels.")
    if top.shape != (n,) or left.shape != (n,):
        raise ValueError(f"cutout: {n} images need {n} values of top and of left, not {len(top)} and {len(left)}.")
    rows = torch.arange(height, device=x.device) - top[:, None]  # (N, H), counted from the square's first row
    columns = torch.arange(width, device=x.device) - left[:, None]
    in_rows, in_columns = ((place >= 0) & (place < size) for place in (rows, columns))
    # Asking every row whether it is inside clips by itself: rows outside the image are never asked.
    return x.masked_fill(in_rows[:, None, :, None] & in_columns[:, None, None, :], 0)
    ### END SOLUTION


# %% test="cutout" points=2
# Check that the squares are where they belong, and clipped at the borders.
check("10.cutout", cutout)
# By hand: of the second square only one pixel is inside.
x = torch.arange(1, 25).view(2, 1, 3, 4)
y = cutout(x, torch.tensor([0, -1]), torch.tensor([1, 3]), 2)
assert y[0].tolist() == [[[1, 0, 0, 4], [5, 0, 0, 8], [9, 10, 11, 12]]]
assert y[1].tolist() == [[[13, 14, 15, 0], [17, 18, 19, 20], [21, 22, 23, 24]]]
### BEGIN HIDDEN TESTS
check("10.cutout", cutout, hidden=True)
### END HIDDEN TESTS

# %% test="cutout_errors" points=1
# Check that a negative size, and another number of squares than of images, raise ValueError.
check("10.cutout_errors", cutout)
### BEGIN HIDDEN TESTS
check("10.cutout_errors", cutout, hidden=True)
### END HIDDEN TESTS

# %%
cut = cutout(photographs, torch.tensor([6, 20, -8, 46]), torch.tensor([26, -6, 14, 46]), 24)
plotting.show_images(cut, columns=4, alt="The four photographs with a black square each, some cut off by the border.")

# %% [markdown]
r"""
## 6. Mixup

**Points 4 · difficulty 2/5 · about 15 minutes**

Two images in one, and two labels in one (Zhang and others 2018). The partner of image $i$ is image $\pi_i$, where
$\pi$ = `permutation` holds every number from 0 to $N - 1$ once; $\lambda$ = `lam` is a number between 0 and 1:

$$\tilde x_i = \lambda\, x_i + (1 - \lambda)\, x_{\pi_i}, \qquad \tilde y_i = \lambda\, y_i + (1 - \lambda)\, y_{\pi_i} .$$

The labels $y$ have shape (N, K), one row of class weights per image; for a single class it is a row with one 1
("one-hot"). *What would the network learn if only the images were mixed?*

Return both, `(images, labels)`. A `lam` outside 0 … 1, a `permutation` that is none, and another number of labels than of
images raise `ValueError`.

<details><summary>Hint 1</summary>

`x[permutation]` puts the partner of image i into place i, for images and for labels.
</details>

<details><summary>Hint 2</summary>

Sorted, a permutation of N is 0, 1, …, N − 1.
</details>
"""


# %% solution="mixup"
def mixup(x, y, lam, permutation):
    """Mix images and labels with their partners: (N, C, H, W), (N, K), float, (N,) integers -> images, labels."""
    ### BEGIN SOLUTION
    if not 0 <= lam <= 1:
        raise ValueError(f"mixup: lam is a share between 0 and 1, not {lam}.")
    if len(y) != len(x):
        raise ValueError(f"mixup: there are {len(x)} images, but {len(y)} labels.")
    if sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError(f"mixup: the permutation must hold every number from 0 to {len(x) - 1} once.")
    return lam * x + (1 - lam) * x[permutation], lam * y + (1 - lam) * y[permutation]
    ### END SOLUTION


# %% test="mixup" points=2
# Check that every image is mixed with its partner.
check("10.mixup", mixup)
# By hand: three quarters of an image, and one quarter of its partner.
x = torch.tensor([[[[0.0, 4.0]]], [[[8.0, 2.0]]], [[[6.0, 10.0]]]])
images, labels = mixup(x, torch.eye(3), 0.75, torch.tensor([1, 2, 0]))
assert images[0].tolist() == [[[0.75 * 0 + 0.25 * 8, 0.75 * 4 + 0.25 * 2]]]
assert images[2].tolist() == [[[0.75 * 6 + 0.25 * 0, 0.75 * 10 + 0.25 * 4]]]
### BEGIN HIDDEN TESTS
check("10.mixup", mixup, hidden=True)
### END HIDDEN TESTS

# %% test="mixup_labels" points=1
# Check that the labels are mixed as the images are.
check("10.mixup_labels", mixup)
# By hand:
images, labels = mixup(torch.zeros(3, 1, 1, 2), torch.eye(3), 0.75, torch.tensor([1, 2, 0]))
assert labels.tolist() == [[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75]]
### BEGIN HIDDEN TESTS
check("10.mixup_labels", mixup, hidden=True)
### END HIDDEN TESTS

# %% test="mixup_errors" points=1
# Check that impossible shares and permutations raise ValueError.
check("10.mixup_errors", mixup)
### BEGIN HIDDEN TESTS
check("10.mixup_errors", mixup, hidden=True)
### END HIDDEN TESTS

# %%
images, labels = mixup(photographs, torch.eye(4), 0.7, torch.tensor([1, 2, 3, 0]))
plotting.show_images(images, columns=4, alt="Each photograph with the next one shining through it.")
print(labels)

# %% [markdown]
r"""
## 7. CutMix

**Points 5 · difficulty 3/5 · about 25 minutes**

Mixup makes images that no camera takes. CutMix pastes instead (Yun and others 2019): the pixels of a box come from the
partner, from the same place in it, and the rest stays. One box `(top, left, height, width)` serves the whole batch. The
labels are mixed in the shares of the area,

$$\tilde y_i = (1 - s)\, y_i + s\, y_{\pi_i}, \qquad s = \frac{\text{pixels of the box inside the image}}{H \cdot W} .$$

The box may hang over the border, begin above or left of the image, or lie outside. What counts for $s$ is what was pasted,
so clip first and measure then. A negative height or width raises `ValueError`, and so do labels and permutations as in
exercise 6.

*An image has 4 × 6 pixels, the box is (−1, 2, 3, 3). Which rows and columns are pasted, and what is $s$?*

<details><summary>Hint 1</summary>

A slice that begins at `max(top, 0)` and ends at `max(top + height, 0)` is clipped at both ends: Python itself stops at the
last row.
</details>

<details><summary>Hint 2</summary>

Take the area from what you pasted, not from the box: `x[0, 0, rows, columns].numel()`.
</details>
"""


# %% solution="cutmix"
def cutmix(x, y, box, permutation):
    """Paste a box of each image's partner into it: (N, C, H, W), (N, K), 4 integers, (N,) integers -> images, labels."""
    ### BEGIN SOLUTION
    top, left, height, width = box
    if height < 0 or width < 0:
        raise ValueError(f"cutmix: a box of {height} x {width} pixels is impossible.")
    if len(y) != len(x):
        raise ValueError(f"cutmix: there are {len(x)} images, but {len(y)} labels.")
    if sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError(f"cutmix: the permutation must hold every number from 0 to {len(x) - 1} once.")
    # Negative numbers would count from the end; beyond the last row a slice stops by itself.
    rows, columns = slice(max(top, 0), max(top + height, 0)), slice(max(left, 0), max(left + width, 0))
    images = x.clone()
    images[:, :, rows, columns] = x[permutation, :, rows, columns]
    plane = x[0, 0]
    share = plane[rows, columns].numel() / plane.numel()
    return images, (1 - share) * y + share * y[permutation]
    ### END SOLUTION


# %% test="cutmix" points=2
# Check that the box comes from the partner, and the rest stays, also where the box hangs over the border.
check("10.cutmix", cutmix)
# By hand:
x = torch.arange(1.0, 25.0).view(3, 1, 2, 4)
images, labels = cutmix(x, torch.eye(3), (0, 1, 2, 3), torch.tensor([1, 2, 0]))
assert images[0].tolist() == [[[1, 10, 11, 12], [5, 14, 15, 16]]]
images, labels = cutmix(x, torch.eye(3), (-1, 3, 2, 2), torch.tensor([1, 2, 0]))
assert images[0].tolist() == [[[1, 2, 3, 12], [5, 6, 7, 8]]]
### BEGIN HIDDEN TESTS
check("10.cutmix", cutmix, hidden=True)
### END HIDDEN TESTS

# %% test="cutmix_labels" points=2
# Check that the labels have the shares of the areas, counted after clipping.
check("10.cutmix_labels", cutmix)
# By hand: 6 of 8 pixels; then a box of four, of which one is inside.
x = torch.arange(1.0, 25.0).view(3, 1, 2, 4)
images, labels = cutmix(x, torch.eye(3), (0, 1, 2, 3), torch.tensor([1, 2, 0]))
assert labels[0].tolist() == [2 / 8, 6 / 8, 0]
images, labels = cutmix(x, torch.eye(3), (-1, 3, 2, 2), torch.tensor([1, 2, 0]))
assert labels[2].tolist() == [1 / 8, 0, 7 / 8]
### BEGIN HIDDEN TESTS
check("10.cutmix_labels", cutmix, hidden=True)
### END HIDDEN TESTS

# %% test="cutmix_errors" points=1
# Check that impossible boxes and permutations raise ValueError.
check("10.cutmix_errors", cutmix)
### BEGIN HIDDEN TESTS
check("10.cutmix_errors", cutmix, hidden=True)
### END HIDDEN TESTS

# %%
images, labels = cutmix(photographs, torch.eye(4), (26, 26, 50, 32), torch.tensor([1, 2, 3, 0]))
plotting.show_images(images, columns=4, alt="Each photograph with the lower right part of the next one pasted into it.")
print(labels)

# %% [markdown]
r"""
## 8. Find the bugs: a batch in a hurry

**Points 4 · difficulty 3/5 · about 20 minutes**

Now the random numbers. `augment_batch(x, y, generator, training)` is to do this:

- In training, each image is mirrored with probability ½, independently of the others. Then the batch goes through mixup,
  with a `lam` drawn uniformly from 0 … 1 and a random permutation, both drawn anew in each call.
- With `training=False`, for validation data, images and labels come back as they are.
- All random numbers come from `generator`, which is on the device of `x`.

Somebody wrote the function below. It runs, the loss goes down, and nobody looked at a batch. Three things are wrong.
"""


# %%
def hurried_batch(x, y, generator, training):
    """Augment a batch of images (N, C, H, W) with labels (N, K)."""
    if torch.rand(1, generator=generator, device=x.device) < 0.5:
        x = x.flip(-1)
    lam = torch.rand(1, generator=generator, device=x.device).item()
    partners = torch.randperm(len(x), generator=generator, device=x.device)
    return lam * x + (1 - lam) * x[partners], y


for seed in (54, 16):
    images, labels = hurried_batch(photographs, torch.eye(4), torch.Generator().manual_seed(seed), training=False)
    plotting.show_images(images, columns=4, alt="The four photographs, mixed in pairs: all of them mirrored, or none.")
    print(labels)

# %% [markdown]
r"""
*Find all three before you type.* The cell above shows two batches: which images are mirrored, what do the labels say, and
what was `training`? Then write it right, by repairing the code or with your own functions.

<details><summary>Hint 1</summary>

How many coins are thrown for a batch of 64 images?
</details>

<details><summary>Hint 2</summary>

Which arguments of the function does its code use?
</details>
"""


# %% solution="augment_batch"
def augment_batch(x, y, generator, training):
    """Mirror and mix images in training: (N, C, H, W), (N, K), torch.Generator, bool -> images, labels."""
    ### BEGIN SOLUTION
    if not training:
        return x, y
    coins = torch.rand(len(x), generator=generator, device=x.device)
    lam = torch.rand(1, generator=generator, device=x.device).item()
    permutation = torch.randperm(len(x), generator=generator, device=x.device)
    return mixup(horizontal_flip(x, coins < 0.5), y, lam, permutation)
    ### END SOLUTION


# %% test="augment_batch" points=2
# Check that images are mirrored one by one and mixed, and that the labels tell of both.
check("10.augment_batch", augment_batch)
### BEGIN HIDDEN TESTS
check("10.augment_batch", augment_batch, hidden=True)
### END HIDDEN TESTS

# %% test="augment_batch_validation" points=1
# Check that validation data come back as they are, and training data do not.
check("10.augment_batch_validation", augment_batch)
### BEGIN HIDDEN TESTS
check("10.augment_batch_validation", augment_batch, hidden=True)
### END HIDDEN TESTS

# %% test="augment_batch_generator" points=1
# Check that all random numbers come from the generator, and that it moves on from call to call.
check("10.augment_batch_generator", augment_batch)
### BEGIN HIDDEN TESTS
check("10.augment_batch_generator", augment_batch, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 9. A pipeline with a seed and an off switch

**Points 6 · difficulty 4/5 · about 30 minutes**

A switch that must be handed over with every call will be forgotten one day. A module has one already: `model.eval()`
reaches every layer. So make augmentation a layer. `Augment(seed, padding=4, flip=0.5)` is an `nn.Module` that, in
training mode,

- mirrors each image with probability `flip`, and
- shifts it with `random_crop`: `top` and `left` are drawn uniformly from $0, 1, \dots, 2 \cdot$ `padding`, for each image
  and independently of each other.

In evaluation mode images come back as they are. A pipeline has a random generator of its own, made from `seed`: two
pipelines with equal seeds do the same to equal batches, call after call. Another seed gives other numbers, so does the next
call, and torch's global generator is left alone. It must take batches on any device. A negative `padding`, and a `flip`
outside 0 … 1, raise `ValueError` when the pipeline is made.

<details><summary>Hint 1</summary>

`nn.Module` brings `train()`, `eval()` and the flag `self.training`; a new module is in training mode.
</details>

<details><summary>Hint 2</summary>

A generator made in `forward` begins from the seed in every call: every epoch sees the same images. Where must it be made?
</details>

<details><summary>Hint 3</summary>

A generator lives on one device, and when it is made you do not know which one the batches will be on. A few numbers drawn
on the CPU are moved quickly, `.to(x.device)`, and a seed then means the same on every device.
</details>

<details><summary>Hint 4</summary>

`torch.randint(low, high, shape)` never draws `high` itself.
</details>
"""


# %% solution="Augment"
class Augment(nn.Module):
    """Mirror and shift images at random in training, leave them alone in evaluation: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, seed, padding=4, flip=0.5):
        """Make a pipeline: shifts by up to `padding` pixels, mirrors with probability `flip`."""
        ### BEGIN SOLUTION
        super().__init__()
        if padding < 0:
            raise ValueError(f"Augment: the padding must not be negative, it is {padding}.")
        if not 0 <= flip <= 1:
            raise ValueError(f"Augment: flip is a probability between 0 and 1, not {flip}.")
        self.padding, self.flip = padding, flip
        # On the CPU, so that a seed means the same images on every device.
        self.generator = torch.Generator().manual_seed(seed)
        ### END SOLUTION

    def forward(self, x):
        """Return the batch, augmented if the module is in training mode."""
        ### BEGIN SOLUTION
        if not self.training:
            return x
        mask = torch.rand(len(x), generator=self.generator) < self.flip
        corners = torch.randint(0, 2 * self.padding + 1, (2, len(x)), generator=self.generator)
        top, left = corners.to(x.device)
        return random_crop(horizontal_flip(x, mask.to(x.device)), self.padding, top, left)
        ### END SOLUTION


# %% test="Augment" points=3
# Check that in training every image is mirrored and shifted by numbers of its own, with the right probabilities.
check("10.Augment", Augment)
### BEGIN HIDDEN TESTS
check("10.Augment", Augment, hidden=True)
### END HIDDEN TESTS

# %% test="Augment_validation" points=1
# Check that nothing happens in evaluation, and that training goes on after it.
check("10.Augment_validation", Augment)
### BEGIN HIDDEN TESTS
check("10.Augment_validation", Augment, hidden=True)
### END HIDDEN TESTS

# %% test="Augment_seed" points=1
# Check that the seed decides, that every call draws other numbers, and that the global generator is left alone.
check("10.Augment_seed", Augment)
### BEGIN HIDDEN TESTS
check("10.Augment_seed", Augment, hidden=True)
### END HIDDEN TESTS

# %% test="Augment_errors" points=1
# Check that impossible settings raise ValueError when the pipeline is made.
check("10.Augment_errors", Augment)
### BEGIN HIDDEN TESTS
check("10.Augment_errors", Augment, hidden=True)
### END HIDDEN TESTS

# %%
augment = Augment(seed=3, padding=8)
rows = torch.cat([augment(photographs), augment(photographs), augment.eval()(photographs)])
plotting.show_images(
    rows, columns=4, alt="Two rows of the four photographs, mirrored and shifted at random, and a third as they are."
)

# %% [markdown]
r"""
## 10. Augmentation when it counts

**Points 3 · difficulty 3/5 · about 20 minutes**

A network that has learned mirror images too can be asked twice: *what is this, and what is its mirror image?* Return the
mean of the two answers, as **probabilities** of shape (N, K): the softmax of each, over the classes, and then the mean.

Whoever calls you must not notice: the network predicts in evaluation mode, without recording gradients, and afterwards it
is in the mode in which it came, training or evaluation. So is torch's own gradient mode.

*Would the mean of the logits give the same?* Try it: two classes, logits (0, 0) and (0, 8).

<details><summary>Hint 1</summary>

`model.training` tells the mode, `model.train(flag)` sets it.
</details>

<details><summary>Hint 2</summary>

`with torch.no_grad():` ends by itself. `torch.set_grad_enabled(False)` does not.
</details>
"""


# %% solution="tta_predict"
def tta_predict(model, x):
    """Average the probabilities of each image and its mirror image: module, (N, C, H, W) -> (N, K)."""
    ### BEGIN SOLUTION
    # Module by module: a frozen layer may be in evaluation mode while the network around it is in training.
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            return (model(x).softmax(1) + model(x.flip(-1)).softmax(1)) / 2
    finally:
        for module, mode in modes.items():
            module.training = mode
    ### END SOLUTION


# %% test="tta_predict" points=2
# Check that the result is the mean of the probabilities of images and mirror images.
check("10.tta_predict", tta_predict)
# By hand: a network whose logits are an image's two pixels. One answer is (1/2, 1/2), the other is, too.
model = nn.Flatten()
assert torch.allclose(tta_predict(model, torch.tensor([[[[0.0, 0.0]]]])), torch.tensor([[0.5, 0.5]]))
# Pixels 0 and 2, then 2 and 0: what one answer gives to a class, the other gives to the other.
assert torch.allclose(tta_predict(model, torch.tensor([[[[0.0, 2.0]]]])), torch.tensor([[0.5, 0.5]]))
### BEGIN HIDDEN TESTS
check("10.tta_predict", tta_predict, hidden=True)
### END HIDDEN TESTS

# %% test="tta_predict_modes" points=1
# Check that the network predicts in evaluation mode, without gradients, and that all modes are as before.
check("10.tta_predict_modes", tta_predict)
### BEGIN HIDDEN TESTS
check("10.tta_predict_modes", tta_predict, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 11. Use it: what is it worth?

**No points · about 15 minutes**

Twenty pictures of each kind of clothes, and a small network, trained once without and once with your `Augment`, three
seeds each. Both are tested on 1,000 other pictures: as they are, centred and facing the usual way; and as somebody else
might have taken them, half of them mirrored, all of them moved by up to three pixels.

*Write down four guesses: where does augmentation help, where does it not, and by how many percent?*
"""

# %%
images, labels = data.fashion_mnist("train")
of_class = [(labels == c).nonzero()[0] for c in range(10)]
chosen = [int(i) for indices in of_class for i in indices[:20]]
others = [int(i) for indices in of_class for i in indices[100:200]]
x, x_other = (torch.from_numpy(images[part, None]).float().to(device) / 255 for part in (chosen, others))
y, y_other = (torch.from_numpy(labels[part]).to(device) for part in (chosen, others))
x_elsewhere = Augment(seed=99, padding=3)(x_other)


def small_network(augment):
    """Return two convolutions and a fully connected layer, behind a layer that augments."""
    return nn.Sequential(
        augment, nn.Conv2d(1, 16, 5, 2, 2), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.BatchNorm2d(32),
        nn.ReLU(), nn.Flatten(), nn.Linear(32 * 7 * 7, 10),
    ).to(device)  # fmt: skip


def trained(augment, seed, steps=200, batch=50):
    """Train on the chosen pictures, and return the network."""
    torch.manual_seed(seed)
    model = small_network(augment)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(steps):
        part = torch.randperm(len(x))[:batch].to(device)
        loss = F.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def accuracy(probabilities, labels):
    """Return the share of pictures whose most probable class is the right one."""
    return (probabilities.argmax(1) == labels).float().mean().item()


results = {}
for name, padding, flip in (("without", 0, 0.0), ("with", 3, 0.5)):
    for seed in range(3):
        model = trained(Augment(seed, padding, flip), seed)
        with torch.no_grad():
            plain, elsewhere = accuracy(model(x_other), y_other), accuracy(model(x_elsewhere), y_other)
        results.setdefault(name, []).append((plain, elsewhere, accuracy(tta_predict(model, x_other), y_other)))

print(
    "augmentation   as they are   mirrored, moved   as they are, test-time augmentation     (mean of 3 seeds, smallest–largest)"
)
for name, runs in results.items():
    columns = [f"{sum(v) / 3:.1%} ({min(v):.1%}–{max(v):.1%})" for v in zip(*runs, strict=True)]
    print(f"{name:8}", *columns, sep="   ")

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
for k, (name, colour) in enumerate((("without", plotting.VERMILLION), ("with", plotting.BLUE))):
    means = [sum(values) / 3 for values in zip(*results[name], strict=True)]
    ax.bar([i + 0.4 * k - 0.2 for i in range(3)], means, 0.38, color=colour, label=f"{name} augmentation")
    for i, values in enumerate(zip(*results[name], strict=True)):
        ax.plot([i + 0.4 * k - 0.2] * 3, values, "k.", ms=4)
ax.set_xticks(range(3), ["as they are", "mirrored and moved", "as they are,\ntest-time augmentation"])
ax.set(ylabel="accuracy", ylim=(0, 1), title="Augmentation teaches what it shows")
ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
plotting.show(
    fig, "Accuracies of networks trained with and without augmentation, on pictures as they are and on mirrored, moved ones."
)

# %% [markdown]
r"""
Look at the two bars in the middle: there augmentation is worth far more than at the left. The 1,000 pictures at the left
are centred and face the usual way, as those in training do, so a network that knows mirrored and moved ones knows something
that nobody asks. In the middle somebody asks. And compare the bars at the right with those at the left: what is the second
opinion worth of a network that never saw a mirror image? Augmentation does not make data. It tells the network what does
*not* matter, and whether that is true of the pictures to come, you must know.

## 12. In your own words

**Points 2 · difficulty 2/5 · about 10 minutes**

Four data sets: handwritten digits; photographs of cats and dogs; X-ray pictures of chests, to be told healthy or not, in
which the heart's shadow is left of the middle; photographs from a satellite, looking straight down. For each, say whether a
horizontal flip keeps the label, and name one more augmentation that keeps it and one that does not.
"""

# %% [markdown] manual="explain_labels" points=2
r"""
**Your answer**

### BEGIN SOLUTION
*Half a point for each data set, if the flip and both other augmentations are judged with a reason. For instance:*

- Digits: no. A mirrored 2 is no digit, and a mirrored 5 looks like a 2. Small shifts keep the label; half a turn makes
  a 6 of a 9.
- Cats and dogs: yes. Crops that show most of the animal keep the label; cutout over the whole face does not, nor does a
  crop that shows grass only.
- Chest pictures: not safely. It moves the heart to the other side, a rare condition of its own (situs inversus), and no
  healthy picture to come looks like that. A little brightness keeps the label; blurring may wipe out the finding.
- Satellite: yes, there is no left, right, top or bottom, so vertical flips and quarter turns keep it as well. Colour
  changes may not, if dry and green fields are to be told apart.
### END SOLUTION
"""
