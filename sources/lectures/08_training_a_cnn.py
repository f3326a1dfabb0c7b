# %% [markdown]
r"""
# 08 · Training a CNN

You have built every layer by hand, and checked every gradient. Now you put them together, press *run*, and after ten
minutes the accuracy is 10 %. There is no error message. Nothing crashed: training code that is wrong still runs, still
returns a loss, and often even learns a little. This lecture is about making a net learn, and about *finding out why it
does not*.

**After this lecture you can**

- bring images into the form that a net wants, split them without overlap, and serve them in shuffled
  [batches](../glossary.ipynb#batch);
- say what [softmax](../glossary.ipynb#softmax) and [cross-entropy](../glossary.ipynb#cross-entropy) compute, and what
  goes wrong with a sigmoid per class or with softmax twice;
- write the training loop, and climb the debug ladder when it does not learn;
- choose an optimiser, a [learning rate](../glossary.ipynb#learning-rate) and a batch size, and know which of these matters;
- recognise [overfitting](../glossary.ipynb#overfitting), and measure what [dropout](../glossary.ipynb#dropout), [weight
  decay](../glossary.ipynb#weight-decay), augmentation, [early stopping](../glossary.ipynb#early-stopping) and more data
  do about it;
- read a confusion matrix, save a model safely, and use the hardware you have;
- say in which order the layers of a net must run backward, so that you can train one without any framework.

**Time:** about 150 minutes to read, predict and run; the code itself needs one to two minutes. **You need** lectures 04
to 07. Afterwards: [assignment 08](../assignments/08_training_a_cnn/08_training_a_cnn.ipynb).
"""

# %%
import copy
import math
import os
import pickle
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2
from torchvision.utils import make_grid

from cnnkit import data, plotting, training

plotting.use_style()
device = training.default_device()  # the GPU if there is one
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32,
torch.backends.cudnn.deterministic = True  # and the same ones in every run
torch.set_num_threads(1)  # nets as small as ours gain nothing from a second thread
training.set_seed(8)
print(f"training runs on: {device}")

# %% [markdown]
r"""
## From images to tensors

A picture on disk is bytes, height × width × channels. A net wants float32, channels first, of about mean 0 and spread 1.
torchvision's `transforms.v2` has a step for each, and `Compose` makes a chain of them. *Which shape and which range comes
out of each step below?*
"""

# %%
coffee = data.photograph("coffee", size=60)  # (H, W, 3) uint8
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # of the photographs of ImageNet, per channel, in 0–1

steps = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
picture = coffee
print(f"{'from disk':10} {coffee.shape!s:14} {coffee.dtype!s:14} {coffee.min():6} to {coffee.max()}")
for step in steps:
    picture = step(picture)
    low, high = picture.min().item(), picture.max().item()
    print(f"{type(step).__name__:10} {tuple(picture.shape)!s:14} {picture.dtype!s:14} {low:6.2f} to {high:.2f}")

prepare = v2.Compose(steps)
assert torch.equal(prepare(coffee), picture)
assert coffee.shape == (60, 90, 3)
assert picture.shape == (3, 60, 90)
unscaled = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32)])(coffee)
assert unscaled.max() > 200

# %% [markdown]
r"""
Look at the second step: it divides by 255, but only because of `scale=True`; the last line asserts that without it the
values stay where they were. (In older code you will meet `ToTensor()`. It does the work of the first two steps, and is
on its way out.)

`Normalize` subtracts a mean and divides by a standard deviation, *per channel*: $z_c = (x_c - m_c)/s_c$. Why at all? A
layer multiplies by small random weights that were made for inputs of about that size, and Adam and SGD take steps made
for it. You will see what happens without it when we climb the debug ladder.

Now try to look at the result. *What will a plotting program do with a value of −2?*
"""

# %%
mean, std = torch.tensor(MEAN), torch.tensor(STD)
undo = v2.Normalize((-mean / std).tolist(), (1 / std).tolist())  # x = z·s + m is a normalisation, too
back = undo(picture)
with plt.rc_context({"image.interpolation": "nearest"}):  # every pixel as a square
    plotting.show_images(
        [coffee, picture.clamp(0, 1), back.clamp(0, 1)],
        ["as it was", "normalised, cut off at 0 and 1", "after the inverse"],
        columns=3,
        alt="A cup of coffee; the same picture normalised, with its dark parts black and its light parts glaring; and the "
        "picture after the inverse, as it was.",
    )
original = v2.functional.to_dtype(v2.functional.to_image(coffee), torch.float32, scale=True)
print(f"largest difference after there and back: {(back - original).abs().max():.0e}")
assert torch.allclose(back, original, atol=1e-6)
assert (picture < 0).float().mean() > 0.25

# %% [markdown]
r"""
Look at the middle picture. It is what a plotting program shows you of a normalised image: everything below 0 is black. If
your training pictures look like this in a figure, the data are fine and the figure is wrong. The inverse is again a
`Normalize`, with mean $-m/s$ and standard deviation $1/s$.

Writing it yourself, mind the axes. The means are a vector of three; the picture is $(3, H, W)$. Broadcasting lines up the
*last* axes, so the vector must become $(3, 1, 1)$.
"""

# %%
assert torch.allclose((original - mean.view(3, 1, 1)) / std.view(3, 1, 1), picture, atol=1e-6)
try:
    (original - mean) / std
except RuntimeError as error:
    print("without view(3, 1, 1):", error)

crop = original[:, :3, :3]  # and if the picture happens to be three pixels wide, there is no error at all
assert (crop - mean).shape == crop.shape
assert not torch.equal(crop - mean, crop - mean.view(3, 1, 1))

# %% [markdown]
r"""
Look at the message, and at the assertion below it: errors in shapes are caught by luck, not by rule.

The data of this lecture are the clothes of Fashion-MNIST: 10,000 training pictures and 2,000 test pictures, 28 × 28,
grey. `make_grid` lays many pictures out as one. *Its argument `nrow=12`: is that twelve rows, or twelve in a row?*
"""

# %%
images, labels = data.fashion_mnist("train")  # (10000, 28, 28) uint8, (10000,)
NAMES = ["T-shirt", *data.FASHION_MNIST_CLASSES[1:]]  # the first one is called T-shirt/top: too long for our figures
by_class = np.concatenate([np.flatnonzero(labels == k)[:6] for k in range(10)])
sheet = make_grid(torch.from_numpy(images[by_class])[:, None], nrow=12, padding=2, pad_value=90)
fig, ax = plt.subplots(figsize=(8.13, 3.75))  # each pixel as two by two
ax.imshow(sheet.permute(1, 2, 0), interpolation="nearest")
ax.set_axis_off()
ax.set_title(f"{len(by_class)} pictures, make_grid(nrow=12): twelve in a row")
plotting.show(fig, "A sheet of clothes in five rows, twelve in a row, six of each class side by side.")
print("the sheet:", tuple(sheet.shape), "with the six pictures of a class side by side, in the order:", ", ".join(NAMES))
assert sheet.shape == (3, 5 * 30 + 2, 12 * 30 + 2)

# %% [markdown]
r"""
Look at the shape: $12\cdot30+2$ pixels *wide*. `nrow` is the number of pictures *in* a row. And there are three channels:
`make_grid` repeats a grey one.

## Dataset and DataLoader

### Three parts that share nothing

You want to know how good a net is on pictures it has not seen. So you keep some away from training. While you try out
learning rates and architectures, you look at these again and again and choose what suits them, and soon *you* have been
fitted to them. So you need two such sets: the **[validation](../glossary.ipynb#validation-set)** set to choose by, and
the **test** set, which you open at
the end. Our test set is a file of its own. The validation set we split off now. *How many pictures of each class will
there be among 2,000 drawn at random?*
"""

# %%
at_random, _ = random_split(range(10_000), [2000, 8000], generator=torch.Generator().manual_seed(8))
counts = np.bincount(labels[at_random.indices], minlength=10)
print("drawn at random:", counts)

train_index, valid_index = data.stratified_split(labels, 800, 200, seed=8)  # so many of each class
print("stratified:     ", np.bincount(labels[valid_index]))
assert counts.min() < 200 < counts.max()
assert (np.bincount(labels[valid_index]) == 200).all()
assert not set(train_index) & set(valid_index)
assert set(train_index) | set(valid_index) == set(range(10_000))

again = data.stratified_split(labels, 800, 200, seed=8)
other = data.stratified_split(labels, 800, 200, seed=9)
assert np.array_equal(again[1], valid_index)
assert not np.array_equal(other[1], valid_index)

# %% [markdown]
r"""
Look at the first row: about 200, give or take a dozen or two. With 200 pictures in all instead of 2,000 that would
matter. A **stratified** split draws from each class separately. The assertions are the two that every split deserves: *no
overlap*, and *the same seed gives the same split*. Without the seed you would validate tomorrow on pictures that you
trained on today.

(Different indices are not yet different pictures. If two photographs of one shoe end up on two sides of the split, the
validation flatters you; lecture 10 shows such a leak.)

Mean and standard deviation belong to the model, too: they are measured on the *training* part, and used for all three.
"""

# %%
mean = (images[train_index] / 255).mean()
std = (images[train_index] / 255).std()
print(f"training part: mean {mean:.3f}, standard deviation {std:.3f} (one channel, so one number each)")
prepare = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([mean], [std])])

# %% [markdown]
r"""
### Two questions and their answers

A **Dataset** answers two questions: how many are you, and what is number $i$? Nothing else is needed. It may read a file
only when it is asked, so it can be larger than the memory.
"""


# %%
class Wardrobe(Dataset):
    """Serve pictures with their labels, each sent through a transform at the moment it is asked for."""

    def __init__(self, images, labels, transform):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.transform(self.images[i]), int(self.labels[i])


wardrobe = Wardrobe(images[train_index[:2000]], labels[train_index[:2000]], prepare)
x, y = wardrobe[0]
print(f"{len(wardrobe)} pictures; number 0: {tuple(x.shape)} {x.dtype}, label {y} ({NAMES[y]})")
assert x.shape == (1, 28, 28)
assert len(wardrobe) == 2000

# %% [markdown]
r"""
A **DataLoader** draws an order, asks for the pictures, and stacks them into batches. *2,000 pictures in batches of 96:
how many batches, and how large is the last one?*
"""

# %%
loader = DataLoader(wardrobe, batch_size=96, shuffle=True, generator=torch.Generator().manual_seed(0))
x, y = next(iter(loader))
sizes = [len(y) for _, y in loader]
print(f"a batch: {tuple(x.shape)} and {tuple(y.shape)}; {len(loader)} batches, the last one has {sizes[-1]} pictures")
assert x.shape == (96, 1, 28, 28)
assert len(sizes) == len(loader) == math.ceil(2000 / 96)
assert sizes[-1] == 2000 % 96 == 80

orders = [torch.cat([y for _, y in loader]) for _ in range(2)]
print("labels of the first ten, in two epochs:", orders[0][:10].tolist(), orders[1][:10].tolist())
assert not torch.equal(*orders)
assert torch.equal(orders[0].sort()[0], orders[1].sort()[0])  # another order, the same pictures

# %% [markdown]
r"""
Look at the last line: every **[epoch](../glossary.ipynb#epoch)**, that is every pass over the data, has a new order,
and each picture comes exactly
once. With a seeded generator the whole sequence can be repeated.

Why shuffle? Because each step follows the gradient of *one batch*, and a batch should resemble the whole set. Many data
lie on disk sorted by class. *What do the batches below contain?* The person who wrote this drew a random order:
"""

# %%
sorted_labels = np.sort(labels[train_index])
shuffled_order = np.random.default_rng(0).permutation(8000)
for start in (0, 96, 192):
    batch = sorted_labels[start : start + 96]  # the slip: shuffled_order is never used
    right = sorted_labels[shuffled_order[start : start + 96]]
    print(f"classes in the batch from {start:3}: {np.unique(batch)}, as it should be: {np.unique(right)}")
    assert len(np.unique(batch)) == 1
    assert len(np.unique(right)) >= 8

# %% [markdown]
r"""
Look at the first column: each batch has one single class. The order was drawn and then forgotten: *the shuffled indices
must index the batch*. And they must index pictures **and** labels; that slip is on the [debug
ladder](#The-debug-ladder) further down.

Our pictures fit into memory and their preparation never changes, so from here on it is done once, not in every epoch:
"""

# %%
everything = torch.stack([prepare(image) for image in images])  # (10000, 1, 28, 28)
targets = torch.from_numpy(labels)
train_x, train_y = everything[train_index], targets[train_index]
valid_x, valid_y = everything[valid_index], targets[valid_index]
few_x, few_y = train_x[:2000], train_y[:2000]  # where a comparison needs no more


def serve(x, y, batch_size=64, seed=0):
    """Return a loader that shuffles by a seed of its own."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(TensorDataset(x, y), batch_size, shuffle=True, generator=generator)


valid_loader = DataLoader(TensorDataset(valid_x, valid_y), batch_size=500)  # no shuffling: nothing is learned from it
print(f"training: mean {train_x.mean():.4f}, spread {train_x.std():.4f}; validation: mean {valid_x.mean():.4f}")
assert abs(train_x.mean()) < 1e-3
assert abs(train_x.std() - 1) < 1e-3
assert abs(valid_x.mean()) < 0.05

# %% [markdown]
r"""
### A folder per class

Often there is no array, but a folder with one subfolder per class. `ImageFolder` turns it into a dataset. Here is one,
made from our own pictures in a temporary directory. *Which label will the T-shirts get? They were class 0.*
"""

# %%
folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
PER_CLASS = 20
for k, name in enumerate(NAMES):
    (root / "train" / name).mkdir(parents=True)
    for i, image in enumerate(images[train_index][labels[train_index] == k][:PER_CLASS]):
        Image.fromarray(image).save(root / "train" / name / f"{i:03}.png")

from_folder = ImageFolder(root / "train", transform=v2.Compose([v2.Grayscale(), prepare]))
print("class_to_idx:", from_folder.class_to_idx)
print(f"{len(from_folder)} pictures; number 0 has shape {tuple(from_folder[0][0].shape)} and label {from_folder[0][1]}")
assert from_folder.classes == sorted(NAMES)
assert from_folder.class_to_idx["Ankle boot"] == 0
assert from_folder.class_to_idx["T-shirt"] != 0
assert ImageFolder(root / "train", transform=v2.ToImage())[0][0].shape == (3, 28, 28)  # without Grayscale

# %% [markdown]
r"""
Look at `class_to_idx`: the labels are the folders' names *in alphabetical order*, nothing else. So a model trained on an
array and one trained on the folder disagree about what 0 means. Store `classes` beside your weights. (The last line
asserts another surprise: `ImageFolder` reads every file as RGB, so a grey picture has three channels unless you say
`Grayscale`.)

*What happens if the folder for testing has no subfolder for sandals? And if the classes are called 1 to 10?*
"""

# %%
for name in NAMES:
    if name != "Sandal":
        (root / "test" / name).mkdir(parents=True)
        Image.fromarray(images[0]).save(root / "test" / name / "000.png")
for_testing = ImageFolder(root / "test")
changed = [n for n, k in for_testing.class_to_idx.items() if k != from_folder.class_to_idx[n]]
print("another label than in training:", changed)
print("names that are numbers:", sorted(str(k) for k in range(1, 11)))
assert set(changed) == {"Shirt", "Sneaker", "T-shirt", "Trouser"}
assert sorted(["1", "2", "10"]) == ["1", "10", "2"]
(root / "test" / "Sandal").mkdir()
try:
    ImageFolder(root / "test")
except FileNotFoundError as error:
    print("an empty folder:", str(error).split(". ")[0])

# %% [markdown]
r"""
Look at the first line. One missing folder, and all classes behind it in the alphabet have moved up by one: their accuracy
is zero, and no error is raised. Compare the two `class_to_idx` before you compare anything else. And strings sort as
strings: "10" comes before "2". An empty folder is at least refused.

### Who prepares the batches?

While the net computes, somebody must read and decode the next pictures. With `num_workers=0` that is your own process,
and the GPU waits. With `num_workers=2`, two other processes do it ahead of time. *Is it always faster?* Here are 200
small files, and a deliberately expensive preparation; then our tensors in memory.
"""

# %%
to_float = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
expensive = v2.Compose([v2.Resize(224), v2.RandomRotation(10), v2.GaussianBlur(9), *to_float])
sources = {
    "files, enlarged, turned, blurred": ImageFolder(root / "train", transform=expensive),
    "tensors in memory": TensorDataset(few_x[:200], few_y[:200]),
}
for name, source in sources.items():
    for workers in (0, 2):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            seen = sum(len(y) for _, y in DataLoader(source, batch_size=50, num_workers=workers))
            times.append(time.perf_counter() - start)
            assert seen == 200
        print(f"{name:33} num_workers={workers}: {min(times):5.2f} s for {seen} pictures, the best of three")

# %% [markdown]
r"""
Compare the lines in pairs; your numbers depend on your machine. Workers help where the preparation is the slow part and
other cores are free to do it. For tensors in memory they cost more than they give: the processes must be started, and
every batch must be sent across. Start with 0, and add workers only if the loader is what you wait for. (On a GPU,
`pin_memory=True` makes the copy to it faster.)

> **Check yourself.** You normalise the training pictures with the training mean, and the test pictures with the test
> mean. Is that not fairer?
>
> <details><summary>Answer</summary>
>
> No. The same pixel would then mean two different things to the same net, and a single picture in use has no "test mean".
> The next cell shows it: test pictures that are all darker come out as if they were not, and one constant picture
> vanishes.
>
> </details>
"""

# %%
darker = 0.5 * images[valid_index] / 255
by_own = (darker - darker.mean()) / darker.std()
as_if_bright = (images[valid_index] / 255 - (images[valid_index] / 255).mean()) / (images[valid_index] / 255).std()
assert np.allclose(by_own, as_if_bright)  # the darkness has been normalised away, where the net might have needed to know
constant = np.full((28, 28), 0.7)
assert np.abs(constant - constant.mean()).max() < 1e-12

# %% [markdown]
r"""
## Softmax and cross-entropy

The last layer of a classifier returns one number per class, any number, the **[logits](../glossary.ipynb#logit)**. To
learn from them we need
probabilities, and a loss. For a single picture with the logits $(2, 1, -1)$:

$$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}\quad\text{(softmax)},\qquad L = -\log p_\text{right}\quad\text{(cross-entropy)}.$$

*Which of the three gets more than one half? What changes if you add 10 to all three logits?*
"""

# %%
z = np.array([2.0, 1.0, -1.0])
powers = np.exp(z)
p = powers / powers.sum()
print("powers:", powers.round(3), "  sum", powers.sum().round(3))
print("softmax:", p.round(3))
print(f"loss if the first class is right: {-np.log(p[0]):.3f}, if the last is: {-np.log(p[2]):.3f}")
assert abs(p.sum() - 1) < 1e-12
assert p[0] > 0.5
assert np.allclose(np.exp(z + 10) / np.exp(z + 10).sum(), p)
assert abs(F.cross_entropy(torch.tensor(z)[None], torch.tensor([0])).item() + np.log(p[0])) < 1e-9

equal = F.cross_entropy(torch.zeros(1, 10), torch.tensor([3])).item()
print(f"ten equal logits: loss {equal:.4f} = log 10 = {math.log(10):.4f}")
assert abs(equal - math.log(10)) < 1e-6

# %% [markdown]
r"""
Look at the two losses: being right costs little, being sure and wrong costs a lot, and adding the same number to all
logits changes nothing. Look at the last line, too. A net that knows nothing gives all $C$ classes the same probability
$1/C$, so its loss is $\log C$. Remember that number: you will use it on every net you ever train.

`F.cross_entropy` takes *logits*, not probabilities. It has a good reason:
"""

# %%
with np.errstate(over="ignore", invalid="ignore"):
    powers = np.exp([1000.0, 0.0])
    print("powers of (1000, 0):", powers, "  softmax by the formula:", powers / powers.sum())
huge, second = torch.tensor([[1000.0, 0.0]]), torch.tensor([1])
by_steps, in_one = -huge.softmax(dim=1).log()[0, 1], F.cross_entropy(huge, second)
print("loss by softmax, then log:", by_steps.item(), "  by cross_entropy:", in_one.item())
assert torch.isinf(by_steps)
assert in_one == 1000
shifted = z - z.max()
assert abs((shifted - np.log(np.exp(shifted).sum()))[0] - np.log(p[0])) < 1e-12

# %% [markdown]
r"""
Look at the last two numbers: the probability was rounded to 0, and the logarithm of 0 is not a loss. Taken together the
two functions cancel where it hurts: $\log p_k = z_k - \log\sum_j e^{z_j}$, and since adding a number to all logits
changes nothing, subtract the largest first, so that no power exceeds 1. This is **log-softmax**, and it lives *inside*
the loss.

### The gradient

*Guess the derivative of the loss with respect to each logit.* It is one of the prettiest results in the field:
"""

# %%
logits = torch.tensor(z, requires_grad=True)
F.cross_entropy(logits[None], torch.tensor([2])).backward()
print("softmax: ", p.round(4))
print("gradient:", logits.grad.numpy().round(4), "  if the last class is right")
assert np.allclose(logits.grad.numpy(), p - [0, 0, 1])
assert abs(logits.grad.sum()) < 1e-12

# %% [markdown]
r"""
Look at the rows: they differ in the right class only, and there by exactly 1. The gradient is $p - y$, with $y$ one for
the right class and zero elsewhere: *what you said minus what is true*. A wrong answer given with certainty gets a push of
nearly 1, a right one almost none.

### Three ways to spoil it

- **Softmax twice.** The model ends in a softmax, and `cross_entropy` applies its own to the probabilities.
- **A sigmoid per class with a squared error.** Each class is asked "is it you?" on its own; older notes do that.
- **A sigmoid per class with its own cross-entropy** (`binary_cross_entropy_with_logits`). This is the right loss when a
  picture can have *several* labels at once. For exactly one of ten, it is a detour.

None of them raises an error. Look at the push: all logits are 0 except that of the right class, which goes from −10,
sure and wrong, to 10, sure and right. *Which curves are small where a push is most needed?*
"""


# %%
def one_hot(y):
    return F.one_hot(y, 10).float()


LOSSES = {
    "softmax cross-entropy": F.cross_entropy,
    "sigmoid per class, cross-entropy": lambda z, y: F.binary_cross_entropy_with_logits(z, one_hot(y)),
    "sigmoid per class, squared error": lambda z, y: F.mse_loss(z.sigmoid(), one_hot(y)),
    "softmax twice": lambda z, y: F.cross_entropy(z.softmax(dim=1), y),
}
LINES = ((plotting.BLUE, "-"), (plotting.ORANGE, "--"), (plotting.PURPLE, "-."), (plotting.VERMILLION, ":"))
LOOK = dict(zip(LOSSES, LINES, strict=True))

own = torch.linspace(-10, 10, 201)
logits = torch.zeros(201, 10)
logits[:, 0] = own
first_class = torch.zeros(201, dtype=torch.int64)
push = {}
fig, ax = plt.subplots(figsize=(7.6, 3.2))
for name, loss in LOSSES.items():
    leaf = logits.clone().requires_grad_()
    (201 * loss(leaf, first_class)).backward()  # the losses are means over the pictures
    push[name] = -leaf.grad[:, 0]
    colour, line = LOOK[name]
    ax.plot(own, push[name], line, color=colour, label=name)
ax.set(xlabel="logit of the right class, all others 0", ylabel="push on that logit (−gradient)")
ax.set_title("Sure and wrong (left): only softmax cross-entropy pushes back hard")
ax.legend()
plotting.show(
    fig,
    "Push on the logit of the right class against that logit from -10 to 10. Softmax cross-entropy: 1 for wrong answers, falling "
    "to 0 for right ones. Sigmoid with cross-entropy: the same shape, a tenth as high. Squared error and softmax twice: near "
    "zero for sure wrong answers, with a low hump in the middle.",
)
wrong_by_10 = {name: curve[0].item() for name, curve in push.items()}
for name, value in wrong_by_10.items():
    print(f"{name:34} sure and wrong: {value:.5f}")
assert wrong_by_10["softmax cross-entropy"] > 0.99
assert abs(wrong_by_10["sigmoid per class, cross-entropy"] - 0.1) < 0.001
assert wrong_by_10["sigmoid per class, squared error"] < 1e-4
assert wrong_by_10["softmax twice"] < 1e-3

perfect = F.cross_entropy(one_hot(torch.tensor([0])), torch.tensor([0])).item()  # the second softmax gets probabilities
print(f"softmax twice: the loss of a perfect answer is {perfect:.3f}")
assert 1.4 < perfect < 1.5

# %% [markdown]
r"""
Look at the left edge. The blue curve pushes with all its force. Two curves are flat at zero: the net is completely wrong
and feels nothing, because both functions have *saturated*, and their slope multiplies the gradient. The dashed curve has
the right shape and a tenth of the height: torch takes the mean over the ten classes.

The last number is the signature of softmax twice. A probability is at most 1, so the second softmax sees logits between 0
and 1 and cannot become sure: the loss stays above 1.46 *however right the net is*. (Softmax belongs in the loss. When you
want probabilities to look at, apply it to the logits afterwards, outside of training.)

How much slower the three learn, we measure as soon as we have a training loop.

> **Check yourself.** A three-class net starts with a loss of 3.4. Is that plausible?
>
> <details><summary>Answer</summary>
>
> No: $\log 3 \approx 1.10$. A net that knows nothing should not be *sure* of anything. A loss far above $\log C$ means
> that it begins with large logits, usually from unscaled inputs.
>
> </details>
"""

# %%
assert abs(math.log(3) - 1.0986) < 1e-4
assert abs(F.cross_entropy(torch.zeros(5, 3), torch.tensor([0, 1, 2, 0, 1])).item() - math.log(3)) < 1e-6

# %% [markdown]
r"""
## The training loop

Here is the net for the rest of the lecture, the pattern of LeNet (LeCun et al. 1998) with today's parts: two convolutions
5×5 with 6 and 16 kernels, each followed by a ReLU and a pooling that halves the sides, then three dense layers.
The start weights are those of He et al., as in lecture 07, except in the last layer, whose weights are tiny: its logits
should begin near zero.
"""


# %%
def lenet(filters=(6, 16), dense=(120, 84), dropout=0.0):
    """Build a LeNet for (N, 1, 28, 28) and ten classes; dropout stands before the dense layers."""
    net = nn.Sequential(
        nn.Conv2d(1, filters[0], 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 1, 28, 28) -> (N, 6, 12, 12)
        nn.Conv2d(filters[0], filters[1], 5), nn.ReLU(), nn.MaxPool2d(2),  # -> (N, 16, 4, 4)
        nn.Flatten(), nn.Dropout(dropout), nn.Linear(filters[1] * 4 * 4, dense[0]), nn.ReLU(),
        nn.Dropout(dropout), nn.Linear(dense[0], dense[1]), nn.ReLU(),
        nn.Linear(dense[1], 10),
    )  # fmt: skip
    return start_like_he(net).to(device)


def start_like_he(net):
    """Draw He's weights, and tiny ones for the last layer."""
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    nn.init.normal_(net[-1].weight, std=0.01)
    return net


training.set_seed(0)
net = lenet()
x, y = train_x[:64].to(device), train_y[:64].to(device)
print(f"{sum(p.numel() for p in net.parameters()):,} parameters; logits of a batch: {tuple(net(x).shape)}")
assert net(x).shape == (64, 10)
assert sum(p.numel() for p in net.parameters()) == 44_426

# %% [markdown]
r"""
Training repeats one step. Here it is alone, with an assertion for everything it changes. *After which of the five lines
do the gradients exist? After which have the weights changed?*
"""

# %%
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
weight = net[0].weight
before = weight.detach().clone()

net.train()
logits = net(x)  # forward
loss = F.cross_entropy(logits, y)  # one number, and behind it the whole graph
assert weight.grad is None
optimizer.zero_grad()  # forget the gradients of the step before
loss.backward()  # backward: every parameter gets its .grad
assert weight.grad.shape == weight.shape
assert torch.equal(weight, before)
optimizer.step()  # every parameter moves against its gradient
assert not torch.equal(weight, before)
assert torch.allclose(weight, before - 0.05 * weight.grad)

print(f"loss before the step {loss.item():.4f}, after it {F.cross_entropy(net(x), y).item():.4f}")
assert F.cross_entropy(net(x), y) < loss

# %% [markdown]
r"""
Look at the two losses: one small step downhill, on this batch. A loop does no more than that with batch after batch. Five
of them, from a loader:
"""

# %%
served = iter(serve(train_x, train_y))
for _ in range(5):
    x, y = (part.to(device) for part in next(served))  # data and model must be on one device
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    size = sum(p.grad.square().sum() for p in net.parameters()).sqrt()
    print(f"loss {loss.item():.3f}   length of the whole gradient {size:.2f}")

# %% [markdown]
r"""
Look at the losses: up and down, because each is measured on another batch. Whether the net gets better you see only in
the mean over many.

### Four slips that raise no error

**`zero_grad` forgotten.** `backward` *adds* to the gradients. *What do you get when you call it twice?*
"""

# %%
optimizer.zero_grad()
F.cross_entropy(net(x), y).backward()
once = net[0].weight.grad.clone()
F.cross_entropy(net(x), y).backward()
print(f"the second gradient is {(net[0].weight.grad / once).median():.3f} times the first")
assert torch.allclose(net[0].weight.grad, 2 * once, rtol=1e-3, atol=1e-6)

# %% [markdown]
r"""
Look at the factor. After a hundred steps without `zero_grad` you walk along the sum of a hundred old gradients. (Used on
purpose it is called *gradient accumulation*: several small batches act as one large one.)

**The wrong mode.** `train()` and `eval()` switch batch normalisation (lecture 07) and **dropout**. In training, dropout
sets each value to zero with probability $p$ and divides the others by $1-p$, so that the mean stays; in evaluation it
does nothing.
"""

# %%
drop = nn.Dropout(0.25)
ones = torch.ones(100_000)
dropped = drop.train()(ones)
values = [round(v, 3) for v in dropped.unique().tolist()]
print(f"training: values {values}, {(dropped == 0).float().mean():.1%} zeros, mean {dropped.mean():.3f}")
assert abs((dropped == 0).float().mean() - 0.25) < 0.01
assert torch.allclose(dropped.max(), torch.tensor(1 / 0.75))
assert abs(dropped.mean() - 1) < 0.02
assert torch.equal(drop.eval()(ones), ones)

# %% [markdown]
r"""
**The mean of means.** Ten pictures in batches of 4, 4 and 2. *Is the mean of the three batch losses the loss of the ten?*
"""

# %%
ten = torch.tensor([1.0, 1, 1, 1, 1, 1, 1, 1, 6, 8])
means = [part.mean().item() for part in ten.split(4)]
right = sum(part.mean().item() * len(part) for part in ten.split(4)) / len(ten)
print(f"batch means {means}, their mean {sum(means) / 3:.3f}; the mean of the ten {ten.mean():.3f}, weighted {right:.3f}")
assert abs(right - ten.mean()) < 1e-6
assert sum(means) / 3 > right + 0.5

# %% [markdown]
r"""
Look at the last of the three means: the small batch counts as much as a full one. Weight each batch by its number of
pictures.

**The graph kept alive.** `total += loss` keeps the graph of *every* batch in memory, until it is full. `loss.item()` is a
plain number. And in evaluation nothing should be recorded at all:
"""

# %%
total = sum(F.cross_entropy(net(part), labels) for part, labels in zip(x.split(16), y.split(16), strict=True))
print("kept:  ", type(total.grad_fn).__name__)
with torch.no_grad():
    print("no_grad:", net(x).grad_fn)
    assert net(x).grad_fn is None
assert total.grad_fn is not None
assert isinstance(total.item(), float)

# %% [markdown]
r"""
In the assignment you put these lines into two functions, one that trains for an epoch and one that evaluates. From here
on we use those of `cnnkit.training`: `fit` repeats the step above over epochs and keeps a history, `evaluate` returns
loss and accuracy without touching a weight. Read its `_train_epoch`: the step above, and what makes it safe.

### The same net with four losses

Now the measurement we owe. LeNet, 2,000 pictures, 5 epochs, SGD with [momentum](../glossary.ipynb#momentum) (explained
below), the same start and the
same order of the pictures; only the loss differs. *In which order will the four curves lie?*
"""

# %%
by_loss = {}
for name, loss in LOSSES.items():
    training.set_seed(0)
    net = lenet()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    by_loss[name] = training.fit(
        net, serve(few_x, few_y), valid_loader, epochs=5, optimizer=optimizer, loss=loss, device=device, progress=False
    )
    if loss is F.cross_entropy:
        sound_net = net  # needed once more below

fig, ax = plt.subplots(figsize=(7.6, 3.2))
for name, history in by_loss.items():
    colour, line = LOOK[name]
    ax.plot(range(1, 6), history.validation_accuracy, line, color=colour, marker="o", label=name)
ax.axhline(0.1, color=plotting.GREY, ls=":", lw=1, label="guessing")
ax.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1.15), xticks=range(1, 6))
ax.set_title("The same net, the same steps: softmax cross-entropy learns fastest")
ax.legend(loc="upper left", ncols=3)
plotting.show(
    fig,
    "Validation accuracy over five epochs. Softmax cross-entropy is on top from the first epoch; the sigmoid losses and softmax "
    "twice lag behind, the squared error most. A dotted line marks guessing.",
)
for name, history in by_loss.items():
    print(f"{name:34} after 1 epoch {history.validation_accuracy[0]:.1%}, after 5 {history.validation_accuracy[-1]:.1%}")
assert by_loss["softmax cross-entropy"].validation_accuracy[0] > max(
    history.validation_accuracy[0] for name, history in by_loss.items() if name != "softmax cross-entropy"
)
assert by_loss["softmax cross-entropy"].validation_accuracy[-1] > 0.7
assert by_loss["sigmoid per class, squared error"].validation_accuracy[-1] < 0.6
assert by_loss["softmax twice"].train_loss[-1] > 1.46

# %% [markdown]
r"""
Look at the left end: after one epoch softmax cross-entropy is far ahead, and the others have barely left chance or are
well behind. And yet two of them climb steadily. *That* is the trouble: a wrong loss does not fail, it
learns slowly, and you look for the cause elsewhere.

Is it perhaps only the learning rate? For one of them, yes. Multiply the dashed loss by ten, which undoes the mean over
the classes, and it nearly catches up. For the squared error the factor does not help:
"""

# %%
for name in ("sigmoid per class, cross-entropy", "sigmoid per class, squared error"):
    training.set_seed(0)
    net = lenet()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    tenfold = training.fit(
        net, serve(few_x, few_y), valid_loader, epochs=3, optimizer=optimizer,
        loss=lambda z, y, loss=LOSSES[name]: 10 * loss(z, y), device=device, progress=False,
    )  # fmt: skip
    accuracy = {"as it is": by_loss[name].validation_accuracy[2], "times ten": tenfold.validation_accuracy[2]}
    print(f"{name}, after 3 epochs:", ", ".join(f"{what} {value:.1%}" for what, value in accuracy.items()))
    if name.endswith("cross-entropy"):
        assert accuracy["times ten"] > accuracy["as it is"] + 0.05
    else:
        assert accuracy["times ten"] < by_loss["softmax cross-entropy"].validation_accuracy[2] - 0.15

# %% [markdown]
r"""
## The debug ladder

A net does not learn. Where do you look? Not everywhere at once. Climb a ladder, and do not take a rung before the one
below it holds (Karpathy 2019 describes such a way of working in more detail):

0. **Look** at a batch as the net gets it: pictures *and* labels.
1. **Shapes.** Send two pictures through, layer by layer.
2. **The loss at the start** is about $\log C$.
3. **Overfit one batch.** A net with 44,000 parameters must be able to learn 32 pictures by heart.
4. **Train** on a little data, and watch the validation.

Each rung takes seconds, and each finds other mistakes. First the net that we trust:
"""

# %%
training.set_seed(0)
net = lenet()
print("rung 1, shapes")
maps = train_x[:2].to(device)
print(f"  {'input':10} {tuple(maps.shape)}")
for layer in net:
    maps = layer(maps)
    print(f"  {type(layer).__name__:10} {tuple(maps.shape)}")
assert maps.shape == (2, 10)

x, y = train_x[:256].to(device), train_y[:256].to(device)
start = F.cross_entropy(net(x), y).item()
print(f"rung 2, loss at the start: {start:.3f}; log 10 = {math.log(10):.3f}")
assert abs(start - math.log(10)) < 0.1

x, y = x[:32], y[:32]
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(61):
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"rung 3, one batch, step {step:2}: loss {loss.item():.4f}")
assert loss.item() < 0.1

# %% [markdown]
r"""
Look at rung 3: the loss goes to zero. That is *overfitting on purpose*, and a net that cannot do it has a mistake in the
model, the loss or the step. It cannot be the amount of data.

Now six programs. One is right; each of the others has one mistake, and you have met them all. *At which rung will each be
found?*

1. The dense layer was counted for convolutions that keep the size: $16\cdot7\cdot7$ inputs instead of $16\cdot4\cdot4$.
2. The pixels go from 0 to 255.
3. The model ends in a softmax.
4. `zero_grad` stands between `backward` and `step`.
5. The pictures were shuffled, the labels were not.
"""


# %%
def right_step(net, optimizer, x, y):
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def wiping_step(net, optimizer, x, y):
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def miscounted():
    net = lenet()
    net[8] = nn.Linear(16 * 7 * 7, 120).to(device)
    return net


def with_softmax():
    return nn.Sequential(*lenet(), nn.Softmax(dim=1))


SHUFFLED = torch.randperm(len(few_x), generator=torch.Generator().manual_seed(4))
PROGRAMS = {  # model, pictures, labels, step
    "right": (lenet, few_x, few_y, right_step),
    "1 dense layer miscounted": (miscounted, few_x, few_y, right_step),
    "2 pixels from 0 to 255": (lenet, (few_x * std + mean) * 255, few_y, right_step),
    "3 softmax in the model": (with_softmax, few_x, few_y, right_step),
    "4 zero_grad before step": (lenet, few_x, few_y, wiping_step),
    "5 labels not shuffled along": (lenet, few_x[SHUFFLED], few_y, right_step),
}
RUNGS = ("shapes", "loss at start", "one batch", "validation")


def climb(make, x, y, step):
    """Climb until a rung breaks; return a word and True or False for each rung tried."""
    training.set_seed(0)
    net, x, y = make(), x.to(device), y.to(device)
    try:
        rungs = [(str(tuple(net(x[:2]).shape)), True)]
    except RuntimeError as error:
        print(f"RuntimeError: {error}")
        return [("error", False)]
    with torch.no_grad():
        start = F.cross_entropy(net(x[:256]), y[:256]).item()
    rungs.append((f"{start:.2f}", abs(start - math.log(10)) < 0.2))
    if rungs[-1][1]:
        optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(60):
            last = step(net, optimizer, x[:32], y[:32])
        rungs.append((f"{last:.2f}", last < 0.2))
    if rungs[-1][1]:
        net = make()
        optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(2):
            for chosen in torch.randperm(len(x)).split(64):
                step(net, optimizer, x[chosen], y[chosen])
        accuracy = training.evaluate(net, valid_loader, device=device).accuracy
        rungs.append((f"{accuracy:.0%}", accuracy > 0.5))
    return rungs


found = {name: climb(*program) for name, program in PROGRAMS.items()}

# %%
fig, ax = plt.subplots(figsize=(8.2, 3.2))
for row, (name, rungs) in enumerate(found.items()):
    ax.text(-0.1, row + 0.5, name, ha="right", va="center")
    for column in range(len(RUNGS)):
        word, holds = rungs[column] if column < len(rungs) else ("", None)
        face = {True: "#d5ecd9", False: plotting.VERMILLION, None: "#f2f2f2"}[holds]
        ax.add_patch(plt.Rectangle((column, row), 1, 1, facecolor=face, edgecolor="white", linewidth=3))
        ax.text(column + 0.5, row + 0.5, word, ha="center", va="center", color="white" if holds is False else "black")
ax.set(xlim=(-2.1, 4), ylim=(len(found), 0), yticks=[])
ax.set_xticks([0.5, 1.5, 2.5, 3.5], [f"rung {k}\n{rung}" for k, rung in enumerate(RUNGS, start=1)])
ax.xaxis.tick_top()
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
ax.grid(False)
ax.set_title("Each mistake shows at the rung where the climb ends (dark)")
breaks = {name: next((k for k, (_, holds) in enumerate(rungs, start=1) if not holds), None) for name, rungs in found.items()}
plotting.show(
    fig,
    "A table of six programs and four rungs. "
    + " ".join(f"{name}: " + (f"breaks at rung {rung}." if rung else "all rungs hold.") for name, rung in breaks.items()),
)
assert list(breaks.values()) == [None, 1, 2, 3, 3, 4]

# %% [markdown]
r"""
Look at the last row. Shapes, start, one batch: all well, and no wonder. A net can learn *any* 32 labels by heart, wrong
ones too. Only fresh pictures tell, at the last rung. (And rung 0 would have told at once, see below.) Compare row 3 and
row 4: both break at rung 3, with different numbers. A loss that stays where it began means that no weight moves; one that
stops at about 1.46 is the signature of the second softmax.

The first mistake raised an error, and that makes it the most harmless of the five. The message names two shapes: a batch
of two with 256 numbers meets a matrix that wants 784.
"""

# %%
for title, pictures in (("right", few_x), ("program 5", few_x[SHUFFLED])):
    batch = [(picture * std + mean).clamp(0, 1) for picture in pictures[:8, 0]]
    print(f"{title}:")
    plotting.show_images(
        batch,
        [NAMES[k] for k in few_y[:8]],
        columns=8,
        alt=f"Rung 0, {title}: eight pictures with their labels"
        + (", which fit." if title == "right" else ", most of which do not fit."),
    )
assert (few_y[SHUFFLED][:8] != few_y[:8]).sum() >= 6

# %% [markdown]
r"""
Look at the lower row for two seconds. That is all rung 0 takes.

> **Check yourself.** A colleague's net passes rungs 0 to 3 on ten classes. In training the loss falls nicely, and the
> validation accuracy stays at 10 %, always exactly 10 %. What do you suspect?
>
> <details><summary>Answer</summary>
>
> Something that differs between training and validation: another preparation (not normalised, channels in another order),
> the mode (`train`/`eval`), the labels (two `ImageFolder`s with different `class_to_idx`). *Exactly* 10 % on balanced
> classes means that the net gives the same answer to everything. The next cell tries two of them on a net that is all
> right.
>
> </details>
"""

# %%
in_folder = torch.tensor([from_folder.class_to_idx[NAMES[k]] for k in valid_y])
as_validated = {
    "as in training": (valid_x, valid_y),
    "pixels from 0 to 255": ((valid_x * std + mean) * 255, valid_y),
    "labels of the folder": (valid_x, in_folder),
}
reached = {}
for name, pair in as_validated.items():
    logits, truth = training.predict(sound_net, [pair], device=device)
    reached[name] = (logits.argmax(1) == truth).float().mean().item()
    print(f"{name:21} accuracy {reached[name]:.1%}, {len(logits.argmax(1).unique())} different answers")
assert reached["as in training"] > 0.7
assert reached["pixels from 0 to 255"] < reached["as in training"] - 0.15
agree = [name for k, name in enumerate(NAMES) if from_folder.class_to_idx[name] == k]
print(f"by accident {len(agree)} labels agree: {', '.join(agree)}")
assert reached["labels of the folder"] < reached["as in training"] - 0.3
assert all(abs((valid_y == k).float().mean() - 0.1) < 1e-6 for k in range(10))  # one answer to everything: exactly 10 %

# %% [markdown]
r"""
## LeNet against a fully connected net

Is a convolutional net worth the trouble? Set LeNet against a fully connected net of three layers, 784–128–32–10. (For
colour pictures of $32\times32$ the same two nets begin with 3072 pixels and with three channels; the cell counts those
too.) *Which has more parameters? Which has more to compute?*
"""


# %%
def dense_net(pixels=784):
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(pixels, 128), nn.ReLU(), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 10)
    )  # fmt: skip
    return start_like_he(net).to(device)


def bill(net, shape):
    """List for each layer with weights: its name, parameters, multiply–accumulates for one picture."""
    x, rows = torch.zeros(1, *shape, device=device), []
    with torch.no_grad():
        for layer in net:
            x = layer(x)
            if isinstance(layer, nn.Conv2d | nn.Linear):
                places = x[0, 0].numel() if x.ndim == 4 else 1
                name = f"{type(layer).__name__} {tuple(layer.weight.shape)}"
                rows.append((name, sum(p.numel() for p in layer.parameters()), places * layer.weight.numel()))
    return rows


bills = {"fully connected": bill(dense_net(), (1, 28, 28)), "LeNet": bill(lenet(), (1, 28, 28))}
for name, rows in bills.items():
    print(f"{name:32}{sum(r[1] for r in rows):9,} parameters {sum(r[2] for r in rows):9,} MACs")
    for layer, parameters, macs in rows:
        print(f"  {layer:30}{parameters:9,}{macs:20,}")

on_colour = nn.Sequential(
    nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(16 * 5 * 5, 120), nn.Linear(120, 84), nn.Linear(84, 10),
)  # fmt: skip
colour = {"dense": sum(p.numel() for p in dense_net(3072).parameters()), "conv": sum(p.numel() for p in on_colour.parameters())}
print("on colour pictures of 32 × 32:", colour)
assert on_colour(torch.zeros(1, 3, 32, 32)).shape == (1, 10)
assert sum(r[1] for r in bills["fully connected"]) == 104_938
assert sum(r[1] for r in bills["LeNet"]) == 44_426
assert colour == {"dense": 397_802, "conv": 62_006}
lenet_rows = bills["LeNet"]
assert sum(r[1] for r in lenet_rows[2:]) > 0.9 * 44_426
assert sum(r[2] for r in lenet_rows[:2]) > 0.8 * sum(r[2] for r in lenet_rows)

# %% [markdown]
r"""
Look at LeNet's column of parameters and at its column of MACs: nearly all weights are in the dense layers, nearly all the
work in the convolutions. LeNet has less than half of the other net's parameters and more than twice its work.

Train both on the 8,000 pictures. (Adam, whose rate falls to zero along a cosine; both explained below.) Two runs each,
with the seeds 0 and 1. *Your bet?*
"""

# %%
SEEDS = (0, 1)
EPOCHS = 6


def train_fully(make, seed):
    training.set_seed(seed)
    net = make()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    history = training.fit(
        net, serve(train_x, train_y, batch_size=32, seed=seed), valid_loader, epochs=EPOCHS, optimizer=optimizer,
        scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS), device=device, progress=False,
    )  # fmt: skip
    return net, history


MAKES = {"fully connected": dense_net, "LeNet": lenet}
trained = {name: [train_fully(make, seed) for seed in SEEDS] for name, make in MAKES.items()}
model = trained["LeNet"][0][0]  # we shall look at this one closely

# %%
STYLES = {"fully connected": (plotting.VERMILLION, "o--"), "LeNet": (plotting.BLUE, "s-")}
shifts = range(-4, 5)


def moved(x, s):
    return torch.roll(x, s, dims=3)  # the background of these pictures is level, so what wraps around is mostly background


fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.2))
by_shift = {}
for name, runs in trained.items():
    colour, line = STYLES[name]
    curves = np.array([history.validation_accuracy for _, history in runs])
    axes[0].plot(range(1, EPOCHS + 1), curves.mean(0), line, color=colour, label=name)
    axes[0].fill_between(range(1, EPOCHS + 1), curves.min(0), curves.max(0), color=colour, alpha=0.2, lw=0)
    by_shift[name] = np.array(
        [
            [training.evaluate(net, [(moved(valid_x, s)[:1000], valid_y[:1000])], device=device).accuracy for s in shifts]
            for net, _ in runs
        ]
    )
    axes[1].plot(shifts, by_shift[name].mean(0), line, color=colour)
    axes[1].fill_between(shifts, by_shift[name].min(0), by_shift[name].max(0), color=colour, alpha=0.2, lw=0)
axes[0].set(xlabel="epoch", ylabel="validation accuracy", ylim=(0.7, 0.9), title="As they are: not much between them")
axes[1].set(xlabel="moved to the right by (pixels)", ylabel="validation accuracy", ylim=(0.2, 0.9))
axes[1].set_title("Moved: LeNet forgives more")
axes[0].legend(loc="lower right")
plotting.show(
    fig,
    "Left: validation accuracy over six epochs of a fully connected net and LeNet, two runs each; LeNet ends a little higher. "
    "Right: accuracy on pictures moved by up to four pixels; both fall, LeNet by less.",
)
final = {name: np.array([history.validation_accuracy[-1] for _, history in runs]) for name, runs in trained.items()}
seconds = {name: min(sum(history.seconds) for _, history in runs) for name, runs in trained.items()}
for name, values in final.items():
    print(f"{name:16} {values.mean():.1%} ({values.min():.1%} to {values.max():.1%}), {seconds[name]:.1f} s for the faster run")
standard_error = math.sqrt(0.85 * 0.15 / len(valid_y))
print(f"standard error of one such accuracy on {len(valid_y)} pictures: {standard_error:.1%}")
two = list(shifts).index(2)
assert min(values.min() for values in final.values()) > 0.8
assert final["LeNet"].mean() > final["fully connected"].mean() - 0.005
assert by_shift["LeNet"][:, [0, 1, 2, -3, -2, -1]].mean() > by_shift["fully connected"][:, [0, 1, 2, -3, -2, -1]].mean() + 0.05
assert 0.007 < standard_error < 0.009

# %% [markdown]
r"""
Look at the left panel first, and do not be disappointed. On pictures this small, all in the middle of the frame, a fully
connected net does nearly as well, and it is faster. The gap is hardly larger than the standard error of a single
accuracy: do not believe it because of one run.

Now the right panel: two pixels sideways, and the gap opens. It is the effect of lecture 01. And LeNet does it with less
than half of the weights. On larger pictures, where nothing stays in the middle, nobody uses the dashed net.

## SGD, momentum, Adam

The step of **SGD** (stochastic gradient descent) is $\theta \leftarrow \theta - \eta\, g$: against the gradient $g$ of
the batch, times the learning rate $\eta$. Its weakness shows in a long valley, steep across and nearly level along. The
two others remember:

- **Momentum** keeps a velocity: $v \leftarrow \mu v + g$, then $\theta \leftarrow \theta - \eta v$. What points the same
  way again and again adds up, what alternates cancels. $\mu = 0.9$ is usual.
- **Adam** (Kingma and Ba 2015) keeps two running means, of the gradient and of its square:
  $m \leftarrow \beta_1 m + (1-\beta_1) g$ and $s \leftarrow \beta_2 s + (1-\beta_2) g^2$.
  They start at zero, so at step $t$ they are corrected, $\hat m = m/(1-\beta_1^t)$ and $\hat s = s/(1-\beta_2^t)$.
  Then, for each parameter by itself, $\theta \leftarrow \theta - \eta\,\hat m/(\sqrt{\hat s} + \epsilon)$.

One parameter, start 1, learning rate 0.1, gradients first 1, then 0.5. *Compute the two steps of momentum in your head.
How large is Adam's first step if the gradient is 1, and if it is 0.001?*
"""

# %%
OPTIMIZERS = {
    "SGD": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr),
    "momentum": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9),
    "Adam": lambda parameters, lr: torch.optim.Adam(parameters, lr=lr),
}


def follow(make, gradients, lr=0.1):
    """Return where a parameter that starts at 1 goes, given its gradients."""
    theta = nn.Parameter(torch.ones((), dtype=torch.float64))
    optimizer, path = make([theta], lr), [1.0]
    for gradient in gradients:
        theta.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        path.append(theta.item())
    return path


for name, make in OPTIMIZERS.items():
    print(f"{name:9}", " -> ".join(f"{value:.4f}" for value in follow(make, (1.0, 0.5))))
assert np.allclose(follow(OPTIMIZERS["SGD"], (1.0, 0.5)), (1, 0.9, 0.85))
assert np.allclose(follow(OPTIMIZERS["momentum"], (1.0, 0.5)), (1, 0.9, 0.9 - 0.1 * (0.9 * 1 + 0.5)))
m, s = 0.9 * 0.1 + 0.1 * 0.5, 0.999 * 0.001 + 0.001 * 0.25
second_step = 0.1 * (m / (1 - 0.9**2)) / math.sqrt(s / (1 - 0.999**2))
assert np.allclose(follow(OPTIMIZERS["Adam"], (1.0, 0.5)), (1, 0.9, 0.9 - second_step))

for gradient in (100.0, 1.0, 0.001):
    print(f"Adam's first step for a gradient of {gradient:g}: {1 - follow(OPTIMIZERS['Adam'], (gradient,))[1]:.4f}")
    assert abs(1 - follow(OPTIMIZERS["Adam"], (gradient,))[1] - 0.1) < 1e-5
uncorrected = 0.1 * (0.1 * 1.0) / math.sqrt(0.001 * 1.0)
print(f"without the correction it would be {uncorrected:.3f}")
assert uncorrected > 0.3

# %% [markdown]
r"""
Look at the last lines: Adam's first step is $\eta$, whatever the gradient. It divides out the scale, so one learning rate
fits layers with very different gradients. And without the correction, the first step would be three times too long: that
is why forgetting it makes training start with a jump.

(Some books put the rate into the velocity: $v \leftarrow \mu v + \eta g$. That is the same as long as the rate stays.
*What if it falls to a tenth between two steps?*)
"""

# %%
theta = nn.Parameter(torch.ones((), dtype=torch.float64))
optimizer = OPTIMIZERS["momentum"]([theta], 0.1)
for rate, gradient in ((0.1, 1.0), (0.01, 0.5)):
    optimizer.param_groups[0]["lr"] = rate
    theta.grad = torch.tensor(gradient, dtype=torch.float64)
    optimizer.step()
rate_inside = 1 - 0.1 * 1 - (0.9 * 0.1 * 1 + 0.01 * 0.5)
print(f"torch arrives at {theta.item():.4f}, with the rate inside the velocity it would be {rate_inside:.4f}")
assert abs(theta.item() - (1 - 0.1 * 1 - 0.01 * (0.9 * 1 + 0.5))) < 1e-12
assert abs(theta.item() - rate_inside) > 0.05

# %% [markdown]
r"""
Look at the difference: torch's form brakes at once, the other one goes on at its old speed for a while.

Now the valley: $f(a, b) = \tfrac12(a^2 + 30\,b^2)$, from $(-4, 1)$, forty steps. All three get a rate at which they do
well. *Which one overshoots?*
"""


# %%
def height(point):
    return 0.5 * (point[0] ** 2 + 30 * point[1] ** 2)


paths = {}
for name, rate in (("SGD", 0.06), ("momentum", 0.02), ("Adam", 0.3)):
    point = nn.Parameter(torch.tensor([-4.0, 1.0]))
    optimizer = OPTIMIZERS[name]([point], rate)
    paths[name] = [point.tolist()]
    for _ in range(40):
        optimizer.zero_grad()
        height(point).backward()
        optimizer.step()
        paths[name].append(point.tolist())
    paths[name] = np.array(paths[name])
PATH_LOOK = {"SGD": (plotting.VERMILLION, "o"), "momentum": (plotting.BLUE, "s"), "Adam": (plotting.GREEN, "^")}
across, along = np.meshgrid(np.linspace(-4.4, 2.2, 90), np.linspace(-1.3, 1.3, 60))


def draw_paths(step):
    fig, axes = plt.subplots(1, 3, figsize=(8.4, 2.3), sharey=True)
    for ax, (name, path) in zip(axes, paths.items(), strict=True):
        colour, mark = PATH_LOOK[name]
        ax.contour(across, along, height((across, along)), levels=(0.05, 0.3, 1, 3, 7, 14, 24), colors="#cccccc", linewidths=0.8)
        ax.plot(*path[: step + 1].T, "-", color=colour, lw=1)
        ax.plot(*path[step], mark, color=colour, ms=7)
        ax.plot(0, 0, "+", color="black", ms=9)
        ax.set(title=f"{name}, step {step}", xlabel="along the valley", xticks=[], yticks=[])
        ax.grid(False)
    axes[0].set_ylabel("across it")
    return fig


plotting.animate(
    draw_paths,
    [0, 1, 2, 3, 5, 8, 12, 18, 26, 40],
    "Animation of three paths to the bottom of a long valley. SGD zigzags across it and creeps along it; momentum swings past "
    "the bottom and comes back; Adam moves equally fast in both directions, overshoots and returns.",
    seconds=0.5,
)

# %% [markdown]
r"""
Watch the first steps of SGD: across the valley it jumps from wall to wall, along it it creeps, because the steep
direction dictates the rate. Momentum swings in wide arcs, gathers speed, and overshoots. Adam treats the two directions
alike, and overshoots, too. After forty steps:
"""

# %%
for name, path in paths.items():
    print(f"{name:9} distance from the bottom {np.hypot(*path[-1]):.3f}, furthest beyond it {max(path[:, 0].max(), 0):.2f}")
assert (np.sign(paths["SGD"][:8, 1]) == [(-1) ** k for k in range(8)]).all()
assert paths["momentum"][:, 0].max() > 0.3
assert np.hypot(*paths["SGD"][-1]) < 0.6

# %% [markdown]
r"""
A valley is a cartoon. On the real net, with real batches: 2,000 pictures, 3 epochs, the same start. SGD and momentum get
*the same* rate, 0.01, and Adam its default, 0.001.
"""

# %%
quick_loader = DataLoader(TensorDataset(valid_x[:1000], valid_y[:1000]), batch_size=500)
runs = {}


def try_rate(name, rate):
    """Train LeNet for 3 epochs on 2,000 pictures, once; None if it blew up."""
    if (name, rate) not in runs:
        training.set_seed(0)
        net = lenet()
        try:
            runs[name, rate] = training.fit(
                net, serve(few_x, few_y), quick_loader, epochs=3, optimizer=OPTIMIZERS[name](net.parameters(), rate),
                device=device, progress=False,
            )  # fmt: skip
        except ValueError:
            runs[name, rate] = None
    return runs[name, rate]


for name, rate in (("SGD", 0.01), ("momentum", 0.01), ("SGD", 0.1), ("Adam", 0.001)):
    losses = ", ".join(f"{loss:.2f}" for loss in try_rate(name, rate).train_loss)
    print(f"{name:9} rate {rate:<6} training loss by epoch {losses}")
assert try_rate("momentum", 0.01).train_loss[-1] < try_rate("SGD", 0.01).train_loss[-1] - 0.15
assert abs(try_rate("momentum", 0.01).train_loss[-1] - try_rate("SGD", 0.1).train_loss[-1]) < 0.15

# %% [markdown]
r"""
Look at the first two lines: at the same rate momentum is far ahead. Then look at the third: give SGD ten times the rate,
and most of the gap is gone. If the gradient kept its direction, the velocity would grow to $g + 0.9g + 0.81g + \dots =
g/(1-0.9)$, ten times the gradient. So momentum at 0.01 is *about* SGD at 0.1: a comparison of optimisers at one rate is a
comparison of rates.

One more difference. **Weight decay** pulls every weight towards zero. For SGD it is the same to add $\lambda\theta$ to
the gradient. For Adam it is not, because Adam divides the scale of the gradient out again. *A weight of 2, gradient 0,
rate 0.1, decay 0.1: what should one step do?*
"""

# %%
for decay in (0.1, 0.001):
    for name, make in (("SGD", torch.optim.SGD), ("Adam", torch.optim.Adam), ("AdamW", torch.optim.AdamW)):
        theta = nn.Parameter(torch.tensor(2.0))
        optimizer = make([theta], lr=0.1, weight_decay=decay)
        theta.grad = torch.tensor(0.0)
        optimizer.step()
        print(f"decay {decay:<5} {name:5} 2 -> {theta.item():.4f}")
        assert abs(theta.item() - (1.9 if name == "Adam" else 2 - 0.1 * decay * 2)) < 1e-5

# %% [markdown]
r"""
Look at Adam's lines: it took a whole step of 0.1, and the same with a hundredth of the decay. **AdamW**
(Loshchilov and Hutter 2019) shrinks the weight apart from the gradient, as one would expect. If you want weight decay
with Adam, take AdamW.

> **Check yourself.** You halve the learning rate of SGD with momentum 0.9, and raise the momentum to 0.95. What changes?
>
> <details><summary>Answer</summary>
>
> In the long run, almost nothing in the step length: $\eta/(1-\mu)$ is 0.01/0.1 before and 0.005/0.05 after. But the
> velocity remembers about twice as long, so it takes longer to start and longer to turn.
>
> </details>
"""

# %%
# The answer: the length of a step under a constant gradient of 1, after many steps.
for rate, momentum in ((0.01, 0.9), (0.005, 0.95)):
    path = follow(lambda p, lr, momentum=momentum: torch.optim.SGD(p, lr=lr, momentum=momentum), [1.0] * 300, lr=rate)
    assert abs(path[-2] - path[-1] - 0.1) < 1e-6

# %% [markdown]
r"""
## The learning rate

If you may tune only one number, tune this one. All three optimisers, seven rates each, a factor of about three apart.
*How wide is the range that works: a factor of 2, of 10, of 100?*
"""

# %%
RATES = {
    "SGD": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    "momentum": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    "Adam": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
}
fig, ax = plt.subplots(figsize=(7.6, 3.3))
best = {}
for name, rates in RATES.items():
    reached = [history.validation_accuracy[-1] if (history := try_rate(name, rate)) else 0.1 for rate in rates]
    best[name] = rates[int(np.argmax(reached))], max(reached)
    colour, mark = PATH_LOOK[name]
    ax.plot(rates, reached, mark + "-", color=colour, label=name)
    good = [rate for rate, value in zip(rates, reached, strict=True) if value > max(reached) - 0.1]
    blown = [rate for rate in rates if try_rate(name, rate) is None]
    print(
        f"{name:9} best {best[name][0]}: {best[name][1]:.1%}; less than ten points below it: {good[0]} to {good[-1]}; "
        f"blown up: {blown}"
    )
    assert reached[0] < max(reached) - 0.1  # too small: three epochs are not enough
    assert reached[-1] < max(reached) - 0.1  # too large: it does not learn, or blows up
ax.axhline(0.1, color=plotting.GREY, ls=":", lw=1, label="guessing")
ax.set(xscale="log", xlabel="learning rate (logarithmic)", ylabel="validation accuracy after 3 epochs", ylim=(0, 0.9))
ax.set_title("Too small: slow. Too large: nothing (one run a point)")
ax.legend(loc="lower left", bbox_to_anchor=(0, 0.11))
plotting.show(
    fig,
    "Accuracy after three epochs against learning rate on a log axis for SGD, momentum and Adam: three hills, "
    "Adam's at the smallest rates and SGD's at the largest. Right of each hill the accuracy falls to chance.",
)
assert best["Adam"][0] < best["momentum"][0] <= best["SGD"][0]
assert abs(best["Adam"][1] - best["momentum"][1]) < 0.06
assert best["SGD"][1] < best["Adam"][1]
assert try_rate("Adam", 0.001).validation_accuracy[-1] > best["Adam"][1] - 0.1

# %% [markdown]
r"""
Look at the three hills. Those of Adam and momentum are about equally high, and they stand at different places; SGD alone
is behind after these three epochs. A bad rate costs far more than the wrong optimiser. To the left it is merely slow. To
the right there is a cliff. So search on a *logarithmic* grid, and when
in doubt stay left of the top. Adam's default, 0.001, lies on its hill, and that is the most honest reason for its
popularity.

What happens beyond the cliff? Take a rate of a million, to see it at once:
"""

# %%
training.set_seed(0)
net = lenet()
try:
    optimizer = OPTIMIZERS["SGD"](net.parameters(), 1e6)
    training.fit(net, serve(few_x, few_y), epochs=1, optimizer=optimizer, device=device, progress=False)
except ValueError as error:
    print(error)
else:
    raise AssertionError("a learning rate of a million should not work")

# %% [markdown]
r"""
`fit` refuses to go on when the loss is no number any more. A loop that does not look would fill all the weights with NaN,
and NaN stays NaN.

### Find it in one run

You need not train twenty times. Raise the rate *within* one run, a little at every step, and watch the loss (Smith 2017
called it a range test).
"""

# %%
training.set_seed(0)
net = lenet()
optimizer = OPTIMIZERS["momentum"](net.parameters(), 1e-4)
tested, losses = np.geomspace(1e-4, 1, 100), []
served = (batch for _ in range(4) for batch in serve(few_x, few_y))
for rate, (x, y) in zip(tested, served, strict=False):
    optimizer.param_groups[0]["lr"] = rate
    losses.append(right_step(net, optimizer, x.to(device), y.to(device)))
smooth = np.convolve(np.minimum(losses, 5), np.ones(7) / 7, mode="valid")

fig, ax = plt.subplots(figsize=(7.6, 2.7))
ax.plot(tested, np.minimum(losses, 5), color="#bbbbbb", lw=1, label="each batch (cut off at 5)")
ax.plot(tested[3:-3], smooth, color=plotting.BLUE, label="mean of seven")
ax.axvline(best["momentum"][0], color=plotting.VERMILLION, ls="--", label="best rate of the grid above")
ax.set(xscale="log", xlabel="learning rate (logarithmic)", ylabel="loss", ylim=(0, 5.1))
ax.set_title("A hundred steps show where the cliff is")
ax.legend(loc="upper left")
lowest = tested[3:-3][int(np.argmin(smooth))]
plotting.show(
    fig,
    "Loss over one run in which the rate rises from 0.0001 to 1: level at first, falling from about 0.002 on, lowest at about "
    f"{lowest:.2g}, then rising steeply. A dashed line marks the best rate of the grid, {best['momentum'][0]}.",
)
print(f"lowest at a rate of about {lowest:.2g}; the best on the grid was {best['momentum'][0]}")
assert best["momentum"][0] / 3 <= lowest <= best["momentum"][0] * 20

# %% [markdown]
r"""
Look for the stretch where the loss falls steeply, and take a rate there, some three to ten times below the minimum: at
the minimum itself it is about to turn.

### Fast first, then fine

A large rate gets you near a minimum and then rattles around it. So the rate is lowered as training goes on, by a
**scheduler**. Two common shapes, and what they do to the loss:
"""

# %%
WHEN = 6
schedules = {
    "constant": lambda optimizer: torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0),
    "step: halved every 2 epochs": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5),
    "cosine": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, WHEN),
}
fig, axes = plt.subplots(1, 2, figsize=(9.0, 2.9))
final_loss = {}
for (name, schedule), line in zip(schedules.items(), ("-", ":", "--"), strict=True):
    training.set_seed(0)
    net = lenet()
    optimizer = OPTIMIZERS["momentum"](net.parameters(), 0.03)
    history = training.fit(
        net, serve(few_x, few_y), epochs=WHEN, optimizer=optimizer, scheduler=schedule(optimizer), device=device, progress=False
    )
    axes[0].plot(range(1, WHEN + 1), history.learning_rate, line, marker="o", drawstyle="steps-mid", label=name)
    axes[1].plot(range(1, WHEN + 1), history.train_loss, line, marker="o", label=name)
    final_loss[name] = history.train_loss[-1]
axes[0].set(xlabel="epoch", ylabel="learning rate", ylim=(0, None), title="The rate: constant, in steps, along a cosine")
axes[1].set(xlabel="epoch", ylabel="training loss", title="A falling rate ends lower (one run each)")
axes[1].legend()
plotting.show(
    fig,
    "Left: the learning rate over six epochs, constant, in steps, and along a cosine. Right: the training loss; the falling "
    "rates end lower than the constant one.",
)
print({name: round(loss, 3) for name, loss in final_loss.items()})
assert final_loss["cosine"] < final_loss["constant"]

# %% [markdown]
r"""
Look at the last two epochs: where the rate becomes small, the loss drops once more. Call `scheduler.step()` *after* the
optimiser's step, once per epoch (or once per batch, if the schedule counts batches).

### Larger batches

A larger batch gives a better estimate of the gradient, and hardware likes it. *So does it train better?* Batches of 16,
64 and 256 on 1,600 pictures, each for the same four epochs; then 256 with the rate raised as much as the batch, and 256
with about as many *steps* as 64 had.
"""

# %%
TRIALS = {  # batch size, rate, epochs
    "16": (16, 0.01, 4),
    "64": (64, 0.01, 4),
    "256": (256, 0.01, 4),
    "256, rate × 4": (256, 0.04, 4),
    "256, as many steps": (256, 0.01, 14),
}
by_batch = {}
for name, (size, rate, epochs) in TRIALS.items():
    for seed in (0, 1):
        training.set_seed(seed)
        net = lenet()
        loader, optimizer = serve(few_x[:1600], few_y[:1600], size, seed), OPTIMIZERS["momentum"](net.parameters(), rate)
        history = training.fit(net, loader, epochs=epochs, optimizer=optimizer, device=device, progress=False)
        accuracy = training.evaluate(net, quick_loader, device=device).accuracy
        by_batch.setdefault(name, []).append((accuracy, sum(history.seconds)))
    accuracies, taken = np.array(by_batch[name]).T
    steps = epochs * math.ceil(1600 / size)
    print(f"{name:19} {steps:4} steps, {taken.min():4.1f} s at best, validation {accuracies[0]:.1%} and {accuracies[1]:.1%}")
mean_of = {name: np.mean([accuracy for accuracy, _ in values]) for name, values in by_batch.items()}
assert mean_of["256"] < mean_of["64"] - 0.02
assert mean_of["256, as many steps"] > max(mean_of["256"] + 0.04, mean_of["64"] - 0.03)

# %% [markdown]
r"""
Compare the first three lines: with the batch the accuracy *falls*. Nothing is wrong with the gradients; there are simply
fewer steps. Raising the rate with the batch (Goyal et al. 2017) wins back a part. With as many steps the large batch is
as good as the small one, or a little better, and has looked at three and a half times as many pictures for it. Larger
batches do not by themselves train better; they compute *faster per picture*, above all on a GPU, and that is what they
are for.
"""

# %% [markdown]
r"""
## Overfitting and its remedies

Now give LeNet 500 pictures only, and 20 epochs. *What will the two curves do, on the pictures it learns from and on fresh
ones?* We look at both loss and accuracy. The validation pictures are split once more: one half to watch during training
and to choose by, the other half to measure on at the end.
"""

# %%
TINY = 500
tiny_x, tiny_y = train_x[:TINY], train_y[:TINY]
watch_loader = quick_loader  # 1,000 pictures to choose by
measure_loader = DataLoader(TensorDataset(valid_x[1000:], valid_y[1000:]), batch_size=500)  # and 1,000 to measure on


def adam(net, decay=0.0):
    return torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=decay)


def learn(make, dataset, seed=0, epochs=20, decay=0.0):
    """Train on a small set; return the net and its history."""
    training.set_seed(seed)
    net = make()
    loader = DataLoader(dataset, batch_size=32, shuffle=True, generator=torch.Generator().manual_seed(seed))
    history = training.fit(net, loader, watch_loader, epochs=epochs, optimizer=adam(net, decay), device=device, progress=False)
    return net, history


tiny = TensorDataset(tiny_x, tiny_y)
plain = [learn(lenet, tiny, seed) for seed in (0, 1)]
_, history = plain[0]
epochs = range(1, 21)
fig, axes = plt.subplots(1, 2, figsize=(9.0, 2.9))
for ax, what in zip(axes, ("loss", "accuracy"), strict=True):
    ax.plot(epochs, getattr(history, f"train_{what}"), color=plotting.BLUE, label="500 training pictures")
    ax.plot(epochs, getattr(history, f"validation_{what}"), "--", color=plotting.VERMILLION, label="1,000 fresh pictures")
    ax.set(xlabel="epoch", ylabel=what, ylim=(0, None), xticks=range(0, 21, 5))
lowest = int(np.argmin(history.validation_loss))
mark = axes[0].axvline(lowest + 1, color=plotting.GREY, ls=":", label=f"lowest after epoch {lowest + 1}")
axes[0].legend(handles=[mark], loc="upper right")
axes[0].set_title("The loss on fresh pictures turns round")
axes[1].set_title("The accuracy just stops")
axes[1].legend(loc="lower right")
plotting.show(
    fig,
    "Training loss falls to nearly zero over 20 epochs, while the loss on fresh pictures falls, turns round and rises. Training "
    "accuracy reaches almost one, accuracy on fresh pictures stays below 0.8.",
)
print(f"lowest fresh loss {history.validation_loss[lowest]:.2f} after epoch {lowest + 1}, last {history.validation_loss[-1]:.2f}")
assert history.train_accuracy[-1] > 0.93
assert history.validation_loss[-1] > 1.1 * min(history.validation_loss)
assert history.validation_accuracy[-1] < 0.85

# %% [markdown]
r"""
Look at the dashed line on the left: after some epochs it turns round. That is **overfitting**: the net learns these 500
pictures, not clothes. Look right: the accuracy hardly cares. The net does not become wrong more often, it becomes *sure*
where it is wrong, and cross-entropy charges for that.

What helps? Everything that keeps the net from learning pictures by heart:

- **a smaller net**: 3 and 6 filters and dense layers of 40 and 28, instead of 6, 16, 120 and 84;
- **dropout** of one half before the dense layers: no unit can rely on another one;
- **weight decay** (AdamW, $\lambda = 1$, which is strong): large weights must pay;
- **augmentation**: each picture is moved by up to one pixel, anew in every epoch (lecture 10 does this properly);
- **early stopping**: stop where the fresh loss is lowest (`fit(…, keep_best=True)` keeps the weights of the most accurate
  epoch);
- **more data**: four times as many pictures, for eight epochs.

*Which will help the loss, and which the accuracy?* Two runs each.
"""

# %%
background = float((0 - mean) / std)
moving = Wardrobe(tiny_x, tiny_y, v2.RandomCrop(28, padding=1, fill=background))
more = TensorDataset(train_x[: 4 * TINY], train_y[: 4 * TINY])
REMEDIES = {
    "nothing": None,
    "smaller net": lambda seed: learn(lambda: lenet((3, 6), (40, 28)), tiny, seed),
    "dropout": lambda seed: learn(lambda: lenet(dropout=0.5), tiny, seed),
    "weight decay": lambda seed: learn(lenet, tiny, seed, decay=1.0),
    "augmentation": lambda seed: learn(lenet, moving, seed),
    "early stopping": lambda seed: learn(lenet, tiny, seed, epochs=int(np.argmin(plain[seed][1].validation_loss)) + 1),
    "four times the data": lambda seed: learn(lenet, more, seed, epochs=8),
}
measured = {}
for name, remedy in REMEDIES.items():
    for seed in (0, 1):
        net, history = remedy(seed) if remedy else plain[seed]
        on_train = training.evaluate(net, [(tiny_x, tiny_y)], device=device)
        fresh = training.evaluate(net, measure_loader, device=device)
        measured.setdefault(name, []).append((on_train.loss, fresh.loss, on_train.accuracy, fresh.accuracy))
measured = {name: np.array(values) for name, values in measured.items()}

fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.2), sharey=True)
for ax, (column, what) in zip(axes, ((1, "loss"), (3, "accuracy")), strict=True):
    for row, values in enumerate(measured.values()):
        colour = plotting.GREY if row == 0 else plotting.GREEN if row == len(measured) - 1 else plotting.BLUE
        on_training = values[:, column - 1].mean()
        ax.plot([on_training, values[:, column].mean()], [row, row], color=colour, lw=1, alpha=0.5)
        ax.plot(on_training, row, "|", color=colour, ms=11, mew=2, label="500 training pictures" if row == 0 else None)
        ax.plot(values[:, column], [row, row], "o", color=colour, ms=6, label=None if row else "1,000 fresh pictures, two runs")
    ax.axvline(measured["nothing"][:, column].mean(), color=plotting.GREY, ls=":", lw=1)
    ax.set(xlabel=what)
axes[0].set_yticks(range(len(measured)), list(measured))
axes[0].invert_yaxis()
axes[0].set_title("Loss: every remedy helps")
axes[1].set_title("Accuracy: data help")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plotting.show(
    fig,
    "Loss and accuracy on training and on fresh pictures for seven ways to train. With nothing done the gap between the two is "
    "widest. All remedies lower the loss on fresh pictures; the accuracy rises clearly only with four times the data.",
)
print(f"{'':20} {'loss: train':>11} {'fresh':>6} {'accuracy: train':>16} {'fresh':>6}")
for name, values in measured.items():
    a, b, c, d = values.mean(0)
    print(f"{name:20} {a:11.2f} {b:6.2f} {c:16.1%} {d:6.1%}")
fresh_loss = {name: values[:, 1].mean() for name, values in measured.items()}
fresh_accuracy = {name: values[:, 3].mean() for name, values in measured.items()}
assert all(fresh_loss[name] < fresh_loss["nothing"] for name in REMEDIES if name != "nothing")
gap = {name: (values[:, 1] - values[:, 0]).mean() for name, values in measured.items()}
assert all(gap[name] < gap["nothing"] - 0.1 for name in REMEDIES if name != "nothing")
assert fresh_accuracy["four times the data"] > fresh_accuracy["nothing"] + 0.02
assert max(fresh_accuracy[name] for name in REMEDIES if "data" not in name) < fresh_accuracy["nothing"] + 0.03

# %% [markdown]
r"""
Look at the distance between stroke and dots, the *gap*: every remedy makes it smaller, and every one lowers the loss on
fresh pictures. Then look at the right panel, and compare with the spread of the two runs: the accuracy gains little or
nothing from the remedies, some even cost a bit, and only the data help clearly. A small gap is not the goal: a net that
learns less of its training pictures has one, too. The goal is the fresh pictures.

So: get more data if you can. The rest is cheap to try; measure each remedy *alone*, on your data, because the amounts
above are not laws.

Learning by heart costs more when there is rubbish to learn. *What happens to the accuracy on fresh pictures if every
fifth training label is wrong?*
"""

# %%
draw = torch.Generator().manual_seed(0)
spoiled = tiny_y.clone()
wrong = torch.randperm(TINY, generator=draw)[: TINY // 5]
spoiled[wrong] = (spoiled[wrong] + torch.randint(1, 10, (len(wrong),), generator=draw)) % 10
net, history = learn(lenet, TensorDataset(tiny_x, spoiled))
fig, ax = plt.subplots(figsize=(7.6, 2.6))
ax.plot(epochs, history.train_accuracy, color=plotting.BLUE, label="training pictures, a fifth of the labels wrong")
ax.plot(epochs, history.validation_accuracy, "--", color=plotting.VERMILLION, label="fresh pictures, right labels")
ax.axhline(0.8, color=plotting.GREY, ls=":", lw=1)
ax.set(
    xlabel="epoch",
    ylabel="accuracy",
    ylim=(0, 1.02),
    xticks=range(0, 21, 5),
    title="Above the dotted line only wrong labels are left to learn",
)
ax.legend(loc="lower right")
plotting.show(
    fig,
    "With a fifth of the labels wrong the training accuracy passes 0.8 and goes towards one, and at the same time the accuracy "
    "on fresh pictures, which had reached about 0.7, falls.",
)
by_heart = training.evaluate(net, [(tiny_x[wrong], spoiled[wrong])], device=device).accuracy
print(f"fresh pictures: best {max(history.validation_accuracy):.1%}, last {history.validation_accuracy[-1]:.1%}")
print(f"wrong labels learned by heart: {by_heart:.0%}")
assert (spoiled != tiny_y).sum() == TINY // 5
assert max(history.validation_accuracy) > history.validation_accuracy[-1] + 0.005
assert by_heart > 0.5

# %% [markdown]
r"""
Look at the dotted line: a net that knew the truth would stop there. Ours goes on, learns wrong labels by heart, and pays
with accuracy on fresh pictures. Stopping early would have kept the best value in the printed line.

> **Check yourself.** You try ten remedies and report the validation accuracy of the best one. Is that an honest number?
>
> <details><summary>Answer</summary>
>
> No: the best of ten noisy numbers is too high, even if all ten are equally good. Report the accuracy of the chosen one
> on pictures that played no part in the choice. The next cell shows by how much, for ten nets that are all right in 80 %
> of 1,000 pictures.
>
> </details>
"""

# %%
best_of_ten = np.random.default_rng(0).binomial(1000, 0.8, size=(10_000, 10)).max(axis=1) / 1000
print(f"the best of ten equals, on 1,000 pictures: {best_of_ten.mean():.1%} on average, though each has 80 %")
assert 0.815 < best_of_ten.mean() < 0.825

# %% [markdown]
r"""
## Where the network is wrong

Now open the test set, once, for the LeNet trained on all 8,000 pictures. One number does not say much. *Which of the ten
classes will be the hardest?*
"""

# %%
test_images, test_labels = data.fashion_mnist("test")
test_x = torch.stack([prepare(image) for image in test_images])
test_y = torch.from_numpy(test_labels)
logits, _ = training.predict(model, DataLoader(TensorDataset(test_x, test_y), batch_size=500), device=device)
says = logits.argmax(dim=1)
test_accuracy = (says == test_y).float().mean().item()
print(f"test accuracy {test_accuracy:.1%} on {len(test_y)} pictures, {int((says != test_y).sum())} mistakes")

places = torch.stack((test_y, says))  # row: what it is; column: what the net says
counted = torch.sparse_coo_tensor(places, torch.ones(len(test_y)), (10, 10), check_invariants=True)
table = counted.to_dense().int().numpy()  # entries with equal places are added up

fig, ax = plt.subplots(figsize=(5.7, 5.4))
shown = np.where(np.eye(10, dtype=bool), 0, table)
ax.imshow(shown, cmap="Oranges", vmax=shown.max() * 1.2)
for (row, column), count in np.ndenumerate(table):
    if count:
        ink = plotting.GREY if row == column else "white" if count > 0.75 * shown.max() else "black"
        ax.text(column, row, count, ha="center", va="center", fontsize=9, color=ink)
ax.set_xticks(range(10), NAMES, rotation=45, ha="right", fontsize=9)
ax.set_yticks(range(10), NAMES, fontsize=9)
ax.set(xlabel="what the net says", ylabel="what it is", title="Tops are taken for tops (each row: 200 pictures)")
ax.grid(False)
plotting.show(
    fig,
    "Confusion matrix of ten classes of clothes. Most counts are on the diagonal; the darkest cells off it are in the block of "
    "T-shirt, pullover, coat and shirt.",
)
assert table.sum() == 2000
assert (table.sum(axis=1) == 200).all()
assert abs(np.trace(table) / 2000 - test_accuracy) < 1e-6
assert test_accuracy > 0.82
tops, shoes = [0, 2, 3, 4, 6], [5, 7, 9]
among_tops = table[np.ix_(tops, tops)]
assert among_tops.sum() - np.trace(among_tops) > 0.6 * (2000 - np.trace(table))  # most mistakes
assert table[np.ix_(tops, shoes)].sum() < 0.05 * (2000 - np.trace(table))

# %% [markdown]
r"""
Look at the orange block: T-shirt, pullover, dress, coat and shirt are taken for each other, and hardly ever for a shoe.
The rows are what it is, the columns what the net says; always write that on the axes, because the other way round is also
in use.

Two numbers per class come from it. Along the *row*: of all shirts, how many were found (**recall**, or per-class
accuracy). Down the *column*: of all that was called a shirt, how much is one (**precision**).
"""

# %%
recall = table.diagonal() / table.sum(axis=1)
precision = table.diagonal() / table.sum(axis=0)
order = recall.argsort()
fig, ax = plt.subplots(figsize=(7.6, 3.0))
ax.barh(np.arange(10) - 0.2, recall[order], 0.4, color=plotting.BLUE, label="recall: of these, found")
ax.barh(np.arange(10) + 0.2, precision[order], 0.4, color=plotting.SKY, label="precision: so called, and right")
ax.axvline(test_accuracy, color=plotting.GREY, ls=":", label="accuracy over all")
ax.set_yticks(range(10), [NAMES[k] for k in order])
ax.invert_yaxis()
ax.set(xlim=(0, 1.0), xlabel="share", title="One accuracy hides ten")
ax.grid(False, axis="y")
fig.legend(loc="outside right upper")
plotting.show(fig, f"Recall and precision for ten classes; {NAMES[order[0]]} is lowest, {NAMES[order[-1]]} highest.")
print(f"worst: {NAMES[order[0]]} {recall[order[0]]:.0%}; best: {NAMES[order[-1]]} {recall[order[-1]]:.0%}")
assert NAMES[order[0]] == "Shirt"
assert recall.max() > recall.min() + 0.2
assert abs(recall.mean() - test_accuracy) < 1e-6  # only because all classes have equally many pictures

rare = np.arange(1000) < 20  # twenty sick among a thousand
print(f"always saying 'healthy': accuracy {np.mean(~rare):.0%}, recall of the sick {0 / rare.sum():.0%}")
assert np.mean(~rare) == 0.98

# %% [markdown]
r"""
Look at the spread: one class far below the mean, others near 100 %. And look at the last line. With rare classes the
accuracy is worthless, and per-class numbers are what you need.

Now the mistakes themselves. Sort the test pictures by their loss, and look at the worst. *Are they the net's fault?*
"""

# %%
losses = F.cross_entropy(logits, test_y, reduction="none")
worst = losses.argsort(descending=True)[:12].tolist()
sure = logits.softmax(dim=1).max(dim=1).values
plotting.show_images(
    [test_images[i] for i in worst],
    [f"{NAMES[test_y[i]]}?\nsays {NAMES[says[i]]}, {sure[i]:.0%}" for i in worst],
    columns=6,
    alt="The twelve test pictures with the largest loss: "
    + "; ".join(f"{NAMES[test_y[i]]}, taken for {NAMES[says[i]]}" for i in worst),
)
right = says == test_y
print(f"mean certainty where it is right {sure[right].mean():.0%}, where it is wrong {sure[~right].mean():.0%}")
print(f"over all pictures: certainty {sure.mean():.1%}, accuracy {test_accuracy:.1%}")
assert not right[worst].any()
assert sure[right].mean() > sure[~right].mean() + 0.1
assert sure[~right].mean() > 0.5

# %% [markdown]
r"""
Look at each picture before you read its label. Some are plain mistakes. For some you would have said what the net says,
and a few labels are doubtful. This is the best hour you can spend on a project: it shows errors in the data, in the
preparation and in your idea of the task, which no loss curve shows.

Compare the two certainties in the printed line: the net is less sure where it is wrong, but far from unsure. A softmax of
90 % is not "right in nine cases of ten", unless you have checked that it is.

## Save and load

A trained net is its class (code) and its numbers. Save the numbers: the **state dict**, a dictionary of names and
tensors. *Which layers of LeNet have entries in it?*
"""

# %%
path = root / "lenet.pt"
torch.save(model.state_dict(), path)
for name, value in model.state_dict().items():
    print(f"{name:10} {tuple(value.shape)}")
print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB for {sum(p.numel() for p in model.parameters()):,} numbers of 4 bytes")

restored = lenet()  # other start weights
state = torch.load(path, map_location=device, weights_only=True)
print(restored.load_state_dict(state))
restored.eval()
with torch.no_grad():
    assert torch.equal(restored(test_x[:100].to(device)), model.eval()(test_x[:100].to(device)))

try:
    lenet(filters=(3, 6)).load_state_dict(state)
except RuntimeError as error:
    print("another architecture:", str(error).splitlines()[1].strip())

# %% [markdown]
r"""
Look at the names: `0.weight` is the place in the `Sequential` and the name of the parameter; ReLU and pooling have none.
`map_location` lets a file saved on a GPU be opened where there is none. After loading, call `eval()`.

**Why `weights_only=True`?** A file written by `torch.save` is a *pickle*, and a pickle may contain any function call,
which runs when the file is opened. Here is a harmless one:
"""


# %%
class Surprise:
    def __reduce__(self):
        return print, ("  (this line was printed by the file itself)",)


torch.save(Surprise(), root / "surprise.pt")
print("weights_only=False:")
torch.load(root / "surprise.pt", weights_only=False)
print("weights_only=True:")
try:
    torch.load(root / "surprise.pt", weights_only=True)
except pickle.UnpicklingError as error:
    print("  refused:", str(error).split(".")[0])

# %% [markdown]
r"""
Look at the line in brackets: it could as well have deleted your files. `weights_only=True` accepts tensors, numbers,
strings, lists and dictionaries, and little else. It has been the default since torch 2.6; write it anyway, for those
with an older one. The format `safetensors` cannot hold code at all.

Numbers alone are not enough to use a net. Put in what a stranger needs, as plain Python values:
"""

# %%
package = {"weights": model.state_dict(), "classes": NAMES, "mean": float(mean), "std": float(std), "filters": (6, 16)}
torch.save(package, path)
opened = torch.load(path, map_location=device, weights_only=True)
print({key: value for key, value in opened.items() if key != "weights"})
assert opened["classes"] == NAMES

# %% [markdown]
r"""
And if training is *interrupted*? Then the weights alone do not bring you back to where you were. The optimiser has a
memory (velocity, running means), the scheduler a position, and the loader a random state. `fit` can store all of it in a
checkpoint. *Two epochs at a stretch, or one, and one more tomorrow: the same result?*
"""


# %%
def two_epochs(stops):
    """Train for two epochs, at a stretch or in several calls that share a checkpoint."""
    checkpoint = root / f"run_{len(stops)}.pt"
    for epochs in stops:
        training.set_seed(0)  # as a new program would start
        net = lenet()
        history = training.fit(
            net, serve(tiny_x, tiny_y), epochs=epochs, optimizer=OPTIMIZERS["momentum"](net.parameters(), 0.01),
            checkpoint=checkpoint, device=device, progress=False,
        )  # fmt: skip
    return history.train_loss


at_a_stretch, interrupted = two_epochs((2,)), two_epochs((1, 2))
print("at a stretch:", at_a_stretch, "  interrupted:", interrupted)
assert np.allclose(at_a_stretch, interrupted, rtol=1e-4)

# %% [markdown]
r"""
Look at the digits: the same to the last one. `fit` found the file, put everything back, and went on with the second
epoch.

## Devices, mixed precision, several GPUs

### One device

Model and data must be on the same device. `model.to(device)` changes the model itself; `x.to(device)` returns a *new*
tensor and leaves `x` where it was. *Which line below moves nothing?* (`meta` is a device without memory, which every
machine has.)
"""

# %%
layer, vector = nn.Linear(3, 2), torch.ones(1, 3)
layer.to("meta")
vector.to("meta")
print("layer on", layer.weight.device, " vector on", vector.device)
assert layer.weight.device.type == "meta"
assert vector.device.type == "cpu"
try:
    layer(vector)
except RuntimeError as error:
    print("RuntimeError:", str(error).splitlines()[0])
assert layer(vector.to("meta")).device.type == "meta"

# %% [markdown]
r"""
Look at the devices: the vector stayed. Write `x = x.to(device)`, and the device as a variable, never `"cuda"` as a
constant: then the same program runs everywhere. (It is `torch.cuda.is_available()`, with parentheses. A function without
them is always true.)

A GPU works *asynchronously*: a call returns before the result is there. So `.item()` in every step makes the CPU wait,
and a stopwatch without `torch.cuda.synchronize()` measures nothing.

### Mixed precision

GPUs multiply 16-bit numbers several times faster than 32-bit ones. There are two kinds. *Which one can hold a gradient of
0.00000001? Which one can tell 1.001 from 1?*
"""

# %%
tiny_gradient, close_to_one = 1e-8, 1.001
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    info = torch.finfo(dtype)
    small, near = (torch.tensor(value, dtype=dtype).item() for value in (tiny_gradient, close_to_one))
    print(f"{dtype!s:15} largest {info.max:.3g}, 1e-8 becomes {small:.3g}, 1.001 becomes {near:.5g}")
assert torch.tensor(tiny_gradient, dtype=torch.float16) == 0
assert torch.tensor(tiny_gradient, dtype=torch.bfloat16) > 0
assert torch.tensor(close_to_one, dtype=torch.bfloat16) == 1
assert torch.tensor(close_to_one, dtype=torch.float16) > 1
scale = 2.0**16
assert torch.tensor(tiny_gradient * scale, dtype=torch.float16).float() / scale > 0

# %% [markdown]
r"""
Look at the middle row: small gradients vanish in float16. So the loss is multiplied by a large number before `backward`,
and the gradients are divided by it before the step, in float32: that is what `torch.amp.GradScaler` does, and the last
line of the cell. bfloat16 has the range of float32 and two to three digits; it needs no scaler.

[*Mixed* precision](../glossary.ipynb#mixed-precision) means: the weights stay in float32, and **autocast** chooses for
each operation. Which types come out?
"""

# %%
x, y = test_x[:500].to(device), test_y[:500].to(device)
with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16):
    rounded = model(x)
    loss = F.cross_entropy(rounded, y)
with torch.no_grad():
    exact = model(x)
agree = (rounded.argmax(1) == exact.argmax(1)).float().mean().item()
print(f"weights {model[0].weight.dtype}, logits {rounded.dtype}, loss {loss.dtype}")
print(f"the same answer for {agree:.1%} of 500 pictures; largest difference of a logit {(rounded - exact).abs().max():.2g}")
assert model[0].weight.dtype == torch.float32
assert rounded.dtype == torch.bfloat16
assert loss.dtype == torch.float32
assert agree > 0.97

# %% [markdown]
r"""
Look at the types: convolutions and dense layers in 16 bits, the loss, with its exponentials, in 32. In training, the
forward pass and the loss stand inside `autocast`, `backward` and `step` outside. `fit(…, mixed_precision=True)` does this
on a GPU. On a CPU it rarely pays.

### Several GPUs

With two GPUs, let each take half of the batch. *What must they tell each other, so that the result is that of one GPU
with the whole batch?* Try it without any GPU: two copies, two halves.
"""

# %%
training.set_seed(0)
one = lenet()
two = [copy.deepcopy(one), copy.deepcopy(one)]
x, y = train_x[:64].to(device), train_y[:64].to(device)
F.cross_entropy(one(x), y).backward()
for copy_of_net, half_x, half_y in zip(two, x.split(32), y.split(32), strict=True):
    F.cross_entropy(copy_of_net(half_x), half_y).backward()
gap = max(
    ((a.grad + b.grad) / 2 - whole.grad).abs().max().item()
    for a, b, whole in zip(two[0].parameters(), two[1].parameters(), one.parameters(), strict=True)
)
print(f"mean of the two gradients against the gradient of the whole batch: largest difference {gap:.0e}")
assert gap < 1e-6

# %% [markdown]
r"""
Look at the difference: rounding. So it is enough to average the gradients after each backward pass; the copies start
equal, take the same step, and stay equal. This is **DistributedDataParallel** (DDP): one *process* per GPU, each with a
copy of the model and its own part of every batch. The gradients are averaged while the backward pass is still running.

`torchrun` starts the processes. The script is an ordinary one; `fit` notices that it has company, wraps the model in DDP
and splits the batches. Here with two processes on the CPU (on GPUs leave `device="cpu"` away), beside the same script run
alone:
"""

# %%
SCRIPT = """
import os
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from cnnkit import data, training

images, labels = data.fashion_mnist("train")
x, y = torch.from_numpy(images[:1000])[:, None].float() / 255 - 0.3, torch.from_numpy(labels[:1000])
training.set_seed(0)
net = nn.Sequential(nn.Conv2d(1, 8, 5, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 8 * 8, 10))
loader = DataLoader(TensorDataset(x, y), batch_size=100, shuffle=True, generator=torch.Generator().manual_seed(0))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
history = training.fit(net, loader, epochs=3, optimizer=optimizer, device="cpu", progress=False)
if os.environ.get("RANK", "0") == "0":
    print(os.environ.get("WORLD_SIZE", "1"), "process(es), loss by epoch:", *(f"{loss:.6f}" for loss in history.train_loss))
"""
script = root / "train.py"
script.write_text(SCRIPT)
alone = runpy.run_path(str(script))["history"]
command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=240)
assert done.returncode == 0, done.stderr
print(done.stdout.strip())
together = [float(word) for word in done.stdout.split(":")[1].split()]
assert done.stdout.startswith("2 process")
assert np.allclose(together, alone.train_loss, rtol=1e-3)

# %% [markdown]
r"""
Compare the two lines: two processes reach the losses of one, because each batch was split and not doubled. (Many DDP
scripts give *each* process a batch of the stated size. Then two GPUs mean twice the batch, and the learning rate is no
longer the one you chose.)

Two things to know. Batch normalisation takes its statistics over the *process's own* part of the batch
(`nn.SyncBatchNorm` joins them). And only one process should print and write files, as in the last lines of the script.

**Why not `nn.DataParallel`?** It needs one line and no launcher, and it is the one that torch's documentation advises
against. It is one process with a thread per GPU, so the threads wait for each other in Python; it copies the whole model
to all GPUs in *every* step; it collects the outputs on the first one, which needs more memory than the rest; and it ends
at one machine.

## A network without a framework

You have written all the layers: `conv2d` and its backward pass (04, 05), `max_pool2d` (06), `relu_backward` and
`linear_backward` (05). What is missing is the chain. *In which order must the backward functions be called, and what do
they need that only the forward pass knew?*

Start with a chain of three, two dense layers and a ReLU, on one picture of two numbers. In NumPy, nothing hidden:
"""

# %%
x = np.array([[1.0, -2.0]])  # (N, 2)
w1, b1 = np.array([[0.5, -1.0], [1.5, 0.25], [-1.0, -1.0]]), np.array([0.0, 0.5, 0.25])  # (3, 2), (3,)
w2, b2 = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, -0.5]]), np.array([0.1, -0.1])  # (2, 3), (2,)
right_class = 1

a = x @ w1.T + b1  # forward: each line uses the one above it
h = np.maximum(a, 0)
logits = h @ w2.T + b2
p = np.exp(logits) / np.exp(logits).sum()
loss = -np.log(p[0, right_class])

dlogits = p - np.eye(2)[[right_class]]  # backward: the same lines from below, each uses the one above it
dh, dw2, db2 = dlogits @ w2, dlogits.T @ h, dlogits.sum(0)
da = dh * (a > 0)
dw1, db1 = da.T @ x, da.sum(0)

leaves = [torch.tensor(value, requires_grad=True) for value in (w1, b1, w2, b2)]
hidden = (torch.tensor(x) @ leaves[0].T + leaves[1]).relu()
F.cross_entropy(hidden @ leaves[2].T + leaves[3], torch.tensor([right_class])).backward()
for name, mine, leaf in zip(("dw1", "db1", "dw2", "db2"), (dw1, db1, dw2, db2), leaves, strict=True):
    print(f"{name}: shape {mine.shape!s:7} largest difference from torch {np.abs(mine - leaf.grad.numpy()).max():.0e}")
    assert np.allclose(mine, leaf.grad.numpy())
assert abs(loss - F.cross_entropy(torch.tensor(logits), torch.tensor([right_class])).item()) < 1e-12

# %% [markdown]
r"""
Look at the backward lines and note what each of them reads that a *forward* line had computed: `p`, then `h`, then `a`,
then `x`. They must have been kept. And look at the order: `da` needs `dh`, `dh` needs `dlogits`. Each backward function
returns the gradient of its input, and that *is* the upstream gradient of the layer below. So the order is the forward
order reversed, and cannot be another.

For LeNet it is the same with twelve layers. Let torch record what arrives where, and in which order:
"""

# %%
training.set_seed(0)
chain = [layer for layer in lenet() if not isinstance(layer, nn.Dropout)]
x, y = train_x[:8].to(device), train_y[:8].to(device)
outputs, visited = [], []
current = x
for k, layer in enumerate(chain):
    current = layer(current)
    current.register_hook(lambda dy, k=k: visited.append((k, tuple(dy.shape))))
    outputs.append(tuple(current.shape))
F.cross_entropy(current, y).backward()

PARTNERS = {  # forward: backward, what it needs from the forward pass, what it returns
    "Conv2d": ("conv2d_backward", "x, w", "dx, dw, db"),
    "ReLU": ("relu_backward", "x", "dx"),
    "MaxPool2d": ("max_pool2d_backward", "index, x.shape", "dx"),
    "Flatten": ("reshape", "x.shape", "dx"),
    "Linear": ("linear_backward", "x, w", "dx, dw, db"),
}
print(f"{'forward':12}{'gives y':18}{'backward':22}{'needs':17}{'returns':12}{'visited as'}")
for k, (layer, shape) in enumerate(zip(chain, outputs, strict=True)):
    back, needs, returns = PARTNERS[type(layer).__name__]
    place = [n for n, _ in visited].index(k) + 1
    print(f"{type(layer).__name__:12}{shape!s:18}{back:22}{needs:17}{returns:12}{place:6}.")
assert [k for k, _ in visited] == list(range(len(chain)))[::-1]
assert [shape for _, shape in visited] == outputs[::-1]
assert x.grad is None

# %%
LABEL = {"Conv2d": "conv", "ReLU": "relu", "MaxPool2d": "pool", "Flatten": "flat", "Linear": "dense"}
boxes = [*(LABEL[type(layer).__name__] for layer in chain), "loss"]
forward_arrow, back_arrow = ({"arrowstyle": "->", "color": colour} for colour in (plotting.BLUE, plotting.VERMILLION))
fig, ax = plt.subplots(figsize=(9.6, 2.5))
for k, name in enumerate(boxes):
    learns = name in ("conv", "dense")
    face = plotting.SKY if learns else "#eeeeee" if name != "loss" else plotting.ORANGE
    ax.add_patch(plt.Rectangle((1.5 * k, 0), 1.0, 1, facecolor=face, edgecolor="black", linewidth=0.8))
    ax.text(1.5 * k + 0.5, 0.5, name, ha="center", va="center", fontsize=9)
    if learns:
        ax.annotate("", (1.5 * k + 0.5, -1.15), (1.5 * k + 0.5, -0.05), arrowprops=back_arrow)
        ax.text(1.5 * k + 0.5, -1.4, "dw, db", ha="center", va="center", fontsize=9, color=plotting.VERMILLION)
    if k < len(chain):
        ax.annotate("", (1.5 * k + 1.5, 0.75), (1.5 * k + 1.0, 0.75), arrowprops=forward_arrow)
        ax.annotate("", (1.5 * k + 1.0, 0.25), (1.5 * k + 1.5, 0.25), arrowprops=back_arrow)
        shape = "×".join(map(str, outputs[k][1:]))
        ax.text(1.5 * k + 1.25, 1.15, shape, rotation=90, ha="center", va="bottom", fontsize=9, color=plotting.BLUE)
ax.text(-0.1, 0.75, "x", ha="right", va="center", fontsize=9, color=plotting.BLUE)
ax.text(-0.1, 0.25, "(dx: not needed)", ha="right", va="center", fontsize=8, color=plotting.GREY)
ax.set(
    xlim=(-2.6, 1.5 * len(boxes)),
    ylim=(-1.7, 2.6),
    title="Forward to the right, backward to the left: every dy has the shape of its y",
)
ax.set_axis_off()
plotting.show(
    fig,
    "LeNet as a chain of boxes: conv, relu, pool, conv, relu, pool, flat, dense, relu, dense, relu, dense, loss. Blue arrows "
    "carry activations to the right, with their shapes; vermillion arrows carry gradients to the left; conv and dense boxes also "
    "send down dw and db.",
)

# %% [markdown]
r"""
Look at the last column of the table: it counts down. Look at the arrows of the figure: every vermillion one has the shape
of the blue one above it, which makes a good assertion in your own code. Five things decide whether the chain works:

1. **Every layer keeps what its backward function needs**, from *this* batch: inputs, the pooling's `index`, the shape
   before flattening.
2. **Backward in reverse order**, and the `dx` of one layer is the `dy` of the next.
3. **Flattening has a backward, too**: a reshape to $(N, 16, 4, 4)$.
4. **Parameters and gradients go by the same names** (a dictionary each), so that the optimiser can pair them.
5. **The first layer's `dx` is of no use** (torch did not compute it either: `x.grad is None`). You may leave it out, and
   save work.

And how do you know that it is right? By the ladder again: shapes; loss about $\log C$; a gradient check of *one* number
in each parameter, in float64 (lecture 05); overfit one batch; then train.

> **Check yourself.** Your chain passes the gradient check of the last dense layer and fails that of all layers below it.
> Where is the mistake?
>
> <details><summary>Answer</summary>
>
> In the `dx` of the last dense layer: its `dw` and `db` are right, but what it hands down is not. Walk down the chain,
> and the first failing layer tells you that the mistake lies in the `dx` of the layer *above* it. The next cell breaks
> exactly that.
>
> </details>
"""

# %%
broken_dh = 2 * dlogits @ w2  # a wrong dx of the last layer
broken_dw1 = (broken_dh * (a > 0)).T @ np.array([[1.0, -2.0]])
assert np.allclose(dw2, leaves[2].grad.numpy())  # the layer itself looks right
assert not np.allclose(broken_dw1, leaves[0].grad.numpy())  # the one below it does not

# %% [markdown]
r"""
## Common mistakes

- **Softmax in the model *and* in the loss.** The loss stops near 1.46 for ten classes. `cross_entropy` takes logits.
- **A sigmoid per class** where exactly one class is right. It learns, slowly. Take softmax and cross-entropy.
- **`zero_grad` forgotten**, or called between `backward` and `step`. Steps grow with the sum of all gradients, or nothing moves.
  The order is `zero_grad`, `backward`, `step`.
- **Indices drawn and not used**, or used for the pictures and not for the labels. The net learns little or nothing. Index both
  with the same draw.
- **Another preparation in validation than in training**, or statistics measured on the test set. Validation is worse than it
  should be, or better than it may be. Keep the training mean and spread with the model.
- **`eval()` or `no_grad()` forgotten**; `eval()` called once, and never `train()` again. Accuracies wander, or dropout is off for
  good. Set the mode at the start of each pass.
- **The mean of batch means** as the loss of an epoch. A small last batch counts too much. Weigh by the batch size.
- **`total += loss`** instead of `loss.item()`. Memory grows with every batch. Add numbers, not tensors with a graph.
- **The size of the last map computed by hand, with the wrong padding.** With 'same' convolutions a $32\times32$ picture
  arrives as $8\cdot8\cdot16 = 1024$ numbers, without padding as $5\cdot5\cdot16 = 400$. Send a picture through and read
  the shape.
- **Two `ImageFolder`s with different folders.** Labels move without a word. Compare `class_to_idx`.
- **A larger batch, expected to train better**; an optimiser compared at one learning rate. The result says more about the
  number of steps, or about the rate. Give each its own search.
- **Choosing by the test set.** The number is too good, and nothing is left to say by how much. Choose on validation.
- **Obsolete calls** in older notes. They raise, or hide changes from autograd: write `next(iter(loader))` for
  `iter(loader).next()`, `detach()` or `no_grad()` for `tensor.data`, and `torch.load` with `weights_only=True`.

Two of them, checked: the size of the last map, and the obsolete calls.
The ninth and the last, checked:
"""

# %%
for padding, expected in (("same", 1024), (0, 400)):
    convolutions = nn.Conv2d(3, 6, 5, padding=padding), nn.Conv2d(6, 16, 5, padding=padding)
    body = nn.Sequential(convolutions[0], nn.MaxPool2d(2), convolutions[1], nn.MaxPool2d(2), nn.Flatten())
    print(f"padding {padding!s:5} {body(torch.zeros(1, 3, 32, 32)).shape[1]:5} inputs to the first dense layer")
    assert body(torch.zeros(1, 3, 32, 32)).shape[1] == expected
assert not hasattr(iter(valid_loader), "next")

leaf = torch.tensor(3.0, requires_grad=True)
squared = leaf**2
squared.data += 1  # changes the value behind autograd's back
squared.backward()
print("a value changed through .data:", squared.item(), " and a gradient that knows nothing of it:", leaf.grad.item())
folder.cleanup()

# %% [markdown]
r"""
## Summary

- Pictures: to float, channels first, normalised with the *training* mean and spread. Train, validation and test share
  nothing, and the split has a seed.
- Logits into `cross_entropy`. Its gradient is softmax minus one-hot. A net that knows nothing has the loss $\log C$.
- A step: forward, loss, `zero_grad`, `backward`, `step`. `train()` for training; `eval()` and `no_grad()` for everything
  else.
- The ladder: look, shapes, loss at the start, one batch, train.
- The learning rate matters more than the optimiser; search on a logarithmic grid, lower it towards the end. Larger
  batches need as many steps.
- Overfitting shows in the loss first. More data help most; remedies are measured one at a time, and on pictures that had
  no part in the choice.
- Confusion matrix, per-class numbers, the worst mistakes: look at them.
- Save state dicts, load with `weights_only=True`, and keep classes, mean and spread with them.
- Several GPUs: one process each, gradients averaged.
- Without a framework: keep what backward needs, go back in reverse order, hand `dx` on as the next `dy`.

## References

- Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", *Proceedings of
  the IEEE* 86 (11), 1998, 2278–2324: LeNet-5.
- Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", in *Neural Networks: Tricks of the Trade*, Springer
  1998: why inputs are shuffled and normalised.
- D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", *ICLR* 2015 (arXiv:1412.6980).
- I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", *ICLR* 2019 (arXiv:1711.05101): AdamW; the same
  authors' "SGDR", *ICLR* 2017 (arXiv:1608.03983): the cosine.
- I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning",
  *ICML* 2013.
- L. N. Smith, "Cyclical learning rates for training neural networks", *WACV* 2017 (arXiv:1506.01186): the range test.
- P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017 (arXiv:1706.02677): the rate grows
  with the batch.
- C. J. Shallue et al., "Measuring the effects of data parallelism on neural network training", *JMLR* 20 (112), 2019
  (arXiv:1811.03600): batch size, steps and tuning, measured.
- N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout", *JMLR* 15, 2014, 1929–1958.
- C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, "Understanding deep learning requires rethinking generalization",
  *ICLR* 2017 (arXiv:1611.03530): nets learn random labels by heart.
- C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", *ICML* 2017 (arXiv:1706.04599):
  how sure is too sure.
- P. Micikevicius et al., "Mixed precision training", *ICLR* 2018 (arXiv:1710.03740): the scaled loss.
- S. Li et al., "PyTorch distributed: experiences on accelerating data parallel training", *VLDB* 13 (12), 2020
  (arXiv:2006.15704): DDP.
- A. Karpathy, "A recipe for training neural networks", 2019 (karpathy.github.io): a ladder with more rungs.
- K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", *ICCV* 2015 (arXiv:1502.01852): the start weights.
- H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", 2017 (arXiv:1708.07747): the pictures.
- PyTorch, "torch.optim", "DataParallel", "torchrun", "Automatic mixed precision", "Serialization semantics"
  (docs.pytorch.org).

## Your turn

[Assignment 08](../assignments/08_training_a_cnn/08_training_a_cnn.ipynb), about five hours: you write the loss, two optimisers,
the batches and the confusion matrix in NumPy, then a LeNet from your own layers, and train it on the real pictures; and the same
loop in torch. Next comes [lecture 09](09_lenet_to_resnet.ipynb): how LeNet became ResNet.
"""
