# %% [markdown]
r"""
# 01 · Why convolution?

You already know a network that can learn anything in principle: the fully connected one. So why does nobody use it
alone for pictures? In this lecture you train one, push the pictures six pixels to the side, and watch it fail. Then you
take apart a network that hardly minds.

**After this lecture you can**

- say what the axes of an image [tensor](../glossary.ipynb#tensor) are, and move between the two orders in use;
- name three ways to feed an image to a model, and what each of them costs;
- count the weights of a dense layer and of a convolution, and say where the difference comes from;
- explain why a dense layer learns one mask per position, and what a universal approximation theorem leaves open;
- check numerically that a convolution is [equivariant](../glossary.ipynb#translation-equivariance) to shifts, and say
  why it is *not* [invariant](../glossary.ipynb#translation-invariance);
- say which part of a network makes it invariant;
- tell the story from the cat's visual cortex to AlexNet, with dates.

**Time:** about 75 minutes to read, predict and run; the code itself needs less than a minute. **You need** Python,
NumPy and the basics of a fully connected network. Afterwards: [assignment
01](../assignments/01_why_convolution/01_why_convolution.ipynb).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.patches import Circle, Rectangle
from torch import nn

from cnnkit import data, plotting

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cudnn.deterministic = True
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32
print(f"torch computes on: {device}")

# %% [markdown]
r"""
## An image is a tensor

Here is a cat, and beside it a piece of the rim of her eye, eight pixels high and eight wide, with its numbers. *What is
the largest number that can stand there?*
"""

# %%
grey = data.photograph("chelsea", size=96, grey=True)  # (H, W)
top, left, side = 27, 46, 8
piece = grey[top : top + side, left : left + side]

fig, axes = plt.subplots(1, 2, figsize=(8.2, 3.2), width_ratios=(1.5, 1))
axes[0].imshow(grey, cmap="gray", vmin=0, vmax=255)
axes[0].add_patch(Rectangle((left - 0.5, top - 0.5), side, side, fill=False, edgecolor=plotting.VERMILLION, linewidth=2))
axes[0].set(title=f"{grey.shape[0]} rows, {grey.shape[1]} columns", xlabel="column", ylabel="row")
axes[1].imshow(piece, cmap="gray", vmin=0, vmax=255)
for (i, j), level in np.ndenumerate(piece):
    axes[1].text(j, i, level, ha="center", va="center", fontsize=8, color="black" if level > 110 else "white")
axes[1].set(title="64 pixels, one number each", xticks=[], yticks=[])
axes[1].spines[:].set_visible(False)
for ax in axes:
    ax.grid(False)
plotting.show(
    fig,
    "Left: a grey photograph of a cat with a small frame at the rim of her eye. Right: the eight by eight pixels in the "
    "frame, each with its level written on it.",
)

levels = np.iinfo(grey.dtype)
print(f"type {grey.dtype}, {levels.bits} bits: {2**levels.bits} levels, from {levels.min} (black) to {levels.max} (white)")
print(f"in this photograph: {len(np.unique(grey))} different levels, from {grey.min()} to {grey.max()}")
assert levels.max == 255 == 2**8 - 1

# %% [markdown]
r"""
Look at the numbers and the grey tones together: dark is small, bright is large, and that is all there is. One byte
holds 8 bits, so there are $2^8 = 256$ levels, 0 to 255.

A colour image has three numbers per pixel: red, green and blue. Each of the three is a picture of its own, a
**[channel](../glossary.ipynb#channel)**.
"""

# %%
photo = data.photograph("chelsea", size=40)  # (H, W, 3), coarse, so that its pixels can be seen
colour = torch.from_numpy(photo).permute(2, 0, 1)  # (H, W, C) -> (C, H, W)
one_channel = torch.from_numpy(data.photograph("chelsea", size=40, grey=True))[None]  # (1, H, W)
plotting.show_images(
    [photo, *colour],
    ["colour", "channel 0: red", "channel 1: green", "channel 2: blue"],
    columns=4,
    alt="The cat in colour, and her red, green and blue channel as grey pictures; her fur is brightest in red.",
)
print("colour:", tuple(colour.shape), " grey:", tuple(one_channel.shape))

# %% [markdown]
r"""
Look at the fur: orange means much red, some green and little blue, so the three pictures get darker from left to right.

Now a question of words. A grey picture of $28 \times 28$ pixels is a tensor of shape $(1, 28, 28)$. *How many
dimensions does it have: one, because there is one channel, or 28, or 784, or three?*
"""

# %%
images, labels = data.fashion_mnist("test")
boot = torch.from_numpy(images[labels == 9][0])[None]
print(f"shape {tuple(boot.shape)}: {boot.dim()} axes (dim), {boot.shape[0]} channel, {boot.numel()} entries (numel)")
assert boot.dim() == 3
assert boot.shape[0] == 1
assert boot.numel() == 784

batch = torch.stack([torch.from_numpy(image)[None] for image in images[:32]])
print(f"a batch of 32: shape {tuple(batch.shape)}, {batch.dim()} axes")
assert batch.shape == (32, 1, 28, 28)

# %% [markdown]
r"""
Look at `dim`: three. A tensor's dimension is the number of its axes, that is, how many indices you need to reach one
number. The channel axis is there even if it has length 1, as a page is there in a book of one page. (In another sense
of the word, the picture is a *point in a space* of 784 dimensions. Say "axes" and "entries" where it could be misread.)

Networks take several pictures at once, a **batch**. PyTorch orders the axes as *batch, channel, height, width*,
**NCHW**. Keras, and most files and cameras, put the channels last: **NHWC**. Moving an axis is not the same as cutting
the numbers into another shape. *What will the second picture look like?*
"""

# %%
moved = torch.from_numpy(photo).permute(2, 0, 1)  # every number keeps its pixel
cut = torch.from_numpy(photo).reshape(3, *photo.shape[:2])  # the same row of numbers, cut elsewhere
assert moved.shape == cut.shape == (3, 40, 60)
assert not torch.equal(moved, cut)
assert torch.equal(moved[0], torch.from_numpy(photo[..., 0]))
plotting.show_images(
    [moved, cut],
    ["permute(2, 0, 1)", "reshape(3, 40, 60)"],
    columns=2,
    alt="Left: the cat as she should be. Right: a carpet of coloured dots in which no cat can be made out.",
)

# %% [markdown]
r"""
Look at the second picture. The shape is right and the picture is not: the red, green and blue of one pixel now stand
side by side in one plane, as if they were three pixels. No error message will tell you. So after every change of axes,
look at one image.

> **Check yourself.** A Keras program holds a batch of 16 colour images, 20 rows by 30 columns. Which shape does it have
> there, and which in PyTorch? Which call turns one into the other?
>
> <details><summary>Answer</summary>
>
> $(16, 20, 30, 3)$ and $(16, 3, 20, 30)$. `x.permute(0, 3, 1, 2)`, as the next cell asserts. Not `reshape`.
>
> </details>
"""

# %%
keras = torch.arange(16 * 20 * 30 * 3).reshape(16, 20, 30, 3)  # NHWC
torch_order = keras.permute(0, 3, 1, 2)  # NCHW
assert torch_order.shape == (16, 3, 20, 30)
assert torch_order[5, 2, 7, 9] == keras[5, 7, 9, 2]

# %% [markdown]
r"""
## Three ways to feed an image to a model

A model wants numbers. Which numbers?

1. **Raw pixels.** Take them all. Nothing is lost, and nothing is prepared either.
2. **Hand-made [features](../glossary.ipynb#feature).** Somebody thinks about the task and computes a few telling
   numbers from each picture.
3. **Learned features.** The network computes its own from the pixels, and training decides which.

To compare them we need a task. Take five kinds of Fashion-MNIST, 200 training pictures and 200 test pictures of each.
Shrink them to $20 \times 20$ pixels and lay each one in the middle of a black canvas of $32 \times 32$: this leaves six
pixels of room on every side, which we shall use.
"""

# %%
KINDS = (0, 1, 7, 8, 9)  # labels in Fashion-MNIST
PER_KIND, MARGIN, CANVAS = 200, 6, 32
names = [data.FASHION_MNIST_CLASSES[k] for k in KINDS]


def centred(split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures (N, 1, 32, 32) in 0–1 with a black margin of 6, and labels 0 … 4."""
    images, labels = data.fashion_mnist(split)
    chosen = np.concatenate([np.flatnonzero(labels == k)[:PER_KIND] for k in KINDS])
    x = torch.from_numpy(images[chosen])[:, None].float() / 255
    x = F.interpolate(x, size=(CANVAS - 2 * MARGIN,) * 2, mode="bilinear", antialias=True)
    return F.pad(x, (MARGIN,) * 4), torch.arange(len(KINDS)).repeat_interleave(PER_KIND)


x_train, y_train = centred("train")
x_test, y_test = centred("test")
print(f"train {tuple(x_train.shape)}, test {tuple(x_test.shape)}, {len(KINDS)} kinds: chance is {1 / len(KINDS):.0%}")
plotting.show_images(
    [x_train[k * PER_KIND + n, 0] for n in (0, 1) for k in range(len(KINDS))],
    names * 2,
    columns=5,
    alt="Two training pictures each of a T-shirt, trousers, a sneaker, a bag and an ankle boot, small on a black canvas.",
)

# %% [markdown]
r"""
For the first way, 1024 pixels go straight into a linear classifier. (Its loss has a single valley, so one run will do.)
For the second we need an idea. A shirt has many vertical edges, a sneaker many horizontal ones: so measure at each
pixel how steeply the brightness changes and in which direction, and note how much change the whole picture has in each
of eight directions. That is a **histogram of oriented gradients**. (Dalal and Triggs, 2005, found people in photographs
with it; they took one histogram per small cell, we take one for everything.) Add one more number, the mean brightness,
and nine features are ready.

*Which way will be right more often on centred pictures? And if the test pictures are moved five pixels to the right?*
"""

# %%
DIRECTIONS = 8


def hand_made(x: torch.Tensor) -> torch.Tensor:
    """Describe each picture by nine numbers: the share of each edge direction, and the mean brightness; -> (N, 9)."""
    x = F.pad(x, (1,) * 4)
    right = x[:, 0, 1:-1, 2:] - x[:, 0, 1:-1, :-2]
    down = x[:, 0, 2:, 1:-1] - x[:, 0, :-2, 1:-1]
    steepness = torch.hypot(right, down)
    # An edge has a direction but no sign: half a turn brings it back. Level and upright edges lie in the middle of a bin.
    direction = (torch.atan2(down, right) / torch.pi * DIRECTIONS + 0.5).floor() % DIRECTIONS
    shares = torch.stack([(steepness * (direction == b)).mean(dim=(1, 2)) for b in range(DIRECTIONS)], dim=1)
    return torch.cat([shares / shares.sum(1, keepdim=True), x.mean(dim=(1, 2, 3))[:, None]], dim=1)


def fit_linear(features: torch.Tensor, y: torch.Tensor) -> nn.Module:
    """Fit a linear classifier by cross-entropy with a little weight decay, after scaling each feature to spread 1."""
    torch.manual_seed(0)
    model = nn.Linear(features.shape[1], len(KINDS))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=1e-4)
    for _ in range(100):
        loss = F.cross_entropy(model(features), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def accuracy(model, x: torch.Tensor, y: torch.Tensor) -> float:
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


FEATURES = {"raw pixels": lambda x: x.flatten(1), "hand-made features": hand_made}
ways = {}
for name, compute in FEATURES.items():
    features = compute(x_train)
    centre, spread = features.mean(0), features.std(0).clamp(min=0.01)
    model = fit_linear((features - centre) / spread, y_train)
    tests = [(compute(x) - centre) / spread for x in (x_test, torch.roll(x_test, 5, dims=3))]
    ways[name] = [accuracy(model, test, y_test) for test in tests]
    print(f"{name:19} {features.shape[1]:5} numbers: centred {ways[name][0]:.1%}, moved by 5 pixels {ways[name][1]:.1%}")

assert torch.allclose(hand_made(x_test), hand_made(torch.roll(x_test, 5, dims=3)), atol=1e-5)
assert ways["raw pixels"][0] - ways["raw pixels"][1] > 0.3
assert abs(ways["hand-made features"][0] - ways["hand-made features"][1]) < 0.02

# %% [markdown]
r"""
Look at the two right-hand numbers. The pixels know more as long as the picture stays put, and then almost everything is
lost. Nine hand-made numbers do not even notice the move, because a sum over the whole picture does not care where its
terms stand. But somebody had to think of them, they are made for this task, and what they left out no training brings
back.

We want both: features that a network learns from pixels, and that survive a move. That is where we are going.

## Counting weights

The obvious way to learn features is a dense layer, also called fully connected: every unit has a weight for every input
number, and a bias. Take a modest colour picture, $100 \times 100 \times 3$. *How many
[parameters](../glossary.ipynb#parameter) does one unit have?
And a convolution with ten kernels of $3 \times 3$?*
"""

# %%
picture = (3, 100, 100)


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


dense_1 = nn.Linear(3 * 100 * 100, 1)
dense_10 = nn.Linear(3 * 100 * 100, 10)
conv = nn.Conv2d(3, 10, kernel_size=3, padding=1)
for name, layer in [("dense, 1 unit", dense_1), ("dense, 10 units", dense_10), ("convolution, 10 kernels", conv)]:
    print(f"{name:24} {count(layer):9,} parameters")

assert count(dense_1) == 30_001
assert count(dense_10) == 300_010
assert conv.weight.shape == (10, 3, 3, 3)
assert count(conv) == 10 * (3 * 3 * 3 + 1) == 280

# %% [markdown]
r"""
Look at the shape of the convolution's weights, $(10, 3, 3, 3)$: each of the ten kernels spans *all three* input
channels, and it has *one* bias. With $C_\text{in}$ channels in, $C_\text{out}$ kernels and a width of $k$ that makes

$$C_\text{out}\,(C_\text{in}\,k^2 + 1)$$

parameters. The size of the picture does not occur in it. Two other formulas are often seen. Ask the layer itself which
one is right:
"""

# %%
formulas = {
    "C_out (C_in k² + 1)": lambda c_in, c_out, k: c_out * (c_in * k * k + 1),
    "(k² + 1) C_in C_out": lambda c_in, c_out, k: (k * k + 1) * c_in * c_out,
    "C_in C_out k": lambda c_in, c_out, k: c_in * c_out * k,
}
layers = [(3, 10, 3), (1, 6, 5), (16, 32, 3)]
print(f"{'(C_in, C_out, k)':22}" + "".join(f"{layer!s:>14}" for layer in layers))
print(f"{'torch counts':22}" + "".join(f"{count(nn.Conv2d(*layer)):14,}" for layer in layers))
for name, formula in formulas.items():
    print(f"{name:22}" + "".join(f"{formula(*layer):14,}" for layer in layers))
for layer in layers:
    assert formulas["C_out (C_in k² + 1)"](*layer) == count(nn.Conv2d(*layer))
    assert formulas["C_in C_out k"](*layer) != count(nn.Conv2d(*layer))
assert formulas["(k² + 1) C_in C_out"](3, 10, 3) == 300 != 280

# %% [markdown]
r"""
Look at the second formula. It counts a bias for every pair of channels, so it is right for one input channel and wrong
for more. The third forgets that a kernel has two sides, and the biases too.

### Where do they all go?

The comparison above is not even fair: ten dense units make 10 numbers, the convolution makes ten whole pictures,
100,000 numbers. *How many parameters would a dense layer with as many outputs need?* Do not build it. On torch's `meta`
device a layer has shapes and no memory. Then take the dense layer's freedom away in two steps.
"""

# %%
outputs = conv(torch.zeros(1, *picture)).numel()
dense = count(nn.Linear(3 * 100 * 100, outputs, device="meta"))

windows = F.unfold(torch.zeros(1, *picture), kernel_size=3, padding=1)  # (1, numbers per window, windows)
per_window, places = windows.shape[1:]
local = 10 * places * (per_window + 1)  # every output has weights of its own, for its own window only
shared = count(conv)  # all places use the same weights

steps = {"dense": dense, "local": local, "local and shared": shared}
for name, number in steps.items():
    print(f"{name:17} {number:13,} parameters, {number * 4 / 2**20:12,.3f} MiB in float32")
assert (outputs, per_window, places) == (100_000, 27, 10_000)
assert dense == 3_000_100_000
assert local == 2_800_000
assert shared == 280

# %%
fig, ax = plt.subplots(figsize=(7.6, 2.3))
bars = ax.barh(list(steps), list(steps.values()), color=[plotting.VERMILLION, plotting.ORANGE, plotting.BLUE])
ax.bar_label(bars, [f"{number:,}" for number in steps.values()], padding=4)
ax.set(xscale="log", xlim=(10, 3e12), xlabel="parameters (logarithmic)")
ax.set_title("Ten feature maps of a 100 × 100 picture: two ideas, seven powers of ten")
ax.invert_yaxis()
plotting.show(
    fig, "Bar chart on a logarithmic axis: dense three thousand million parameters, local 2.8 million, local and shared 280."
)
assert 7 < np.log10(dense / shared) < 7.1

# %% [markdown]
r"""
Look at the two steps, because they are two different ideas.

- **[Locality](../glossary.ipynb#local-connectivity).** An output sees only a small window. It saves a factor of about a
  thousand here, and it rests on a
  belief: that pixels which belong together lie together.
- **Weight sharing.** All places use the same weights. It saves exactly the number of places, 10,000, and it rests on
  another belief: that what is worth detecting *here* is worth detecting *there*.

A convolution is a dense layer with these two beliefs built in. If they are wrong for your data, it is the wrong layer.
In pictures they are mostly right. The next cell holds the two factors, and shows the belief in locality on the cat: how
alike are two pixels, by the distance between them?
"""

# %%
print(f"locality saves a factor of {dense / local:,.0f}, sharing one of {local / shared:,.0f}")
assert 1000 < dense / local < 1100
assert local / shared == places

large = data.photograph("chelsea", grey=True).astype(float)
distances = np.array([1, 2, 4, 8, 16, 32, 64, 128])
alike = [np.corrcoef(large[:, :-d].ravel(), large[:, d:].ravel())[0, 1] for d in distances]
for d, correlation in zip(distances, alike, strict=True):
    print(f"{d:4} pixels apart: correlation {correlation:.3f}")
assert alike[0] > 0.95
assert alike[-1] < 0.6
assert np.all(np.diff(alike[:6]) < 0)

# %% [markdown]
r"""
Look at the first and the last line: neighbours are almost equal, far pixels are not. What lies together belongs
together, in this photograph at least.

> **Check yourself.** A convolution takes 16 channels to 32 with kernels of $5 \times 5$ and has no biases. How many
> parameters does it have on pictures of $32 \times 32$? On $512 \times 512$?
>
> <details><summary>Answer</summary>
>
> $32 \cdot 16 \cdot 25 = 12{,}800$, on both. Only the *work* grows with the picture, not the weights.
>
> </details>
"""

# %%
assert count(nn.Conv2d(16, 32, 5, bias=False)) == 12_800

# %% [markdown]
r"""
## Moving the picture

There is a theorem that seems to make all this unnecessary. Hornik, Stinchcombe and White (1989) showed that a network
with *one* hidden layer can come as close as you like to any reasonable function, given enough hidden units. (Continuous
functions on a bounded region are among the reasonable ones. Cybenko found a similar result in the same year.) Such a
network is called a **universal approximator**. So a fully connected network for shifted pictures exists. *Will training
find it?*

Train two networks on the centred pictures, and on nothing else:

- an **MLP** (multi-layer perceptron, a fully connected network): 1024 pixels, 64 hidden units, 5 logits;
- a **small CNN**: three convolutions with ReLU, two poolings between them; then, for each of the last 32 channels, the
  *largest value anywhere* in the picture (global max pooling), and 5 logits from those 32 numbers.

Take the CNN as a black box for now: the rest of this lecture opens it, and says why it ends as it does. Three runs
each, with the seeds 0, 1 and 2, which decide the first weights and the order of the pictures.
"""

# %%
SEEDS = (0, 1, 2)
EPOCHS, BATCH = 10, 50


def mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(CANVAS**2, 64), nn.ReLU(), nn.Linear(64, len(KINDS)))


def convolutions() -> list[nn.Module]:
    return [
        nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),  # (N, 1, 32, 32) -> (N, 8, 16, 16)
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # -> (N, 16, 8, 8)
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),  # -> (N, 32, 8, 8)
    ]  # fmt: skip


def cnn() -> nn.Module:
    return nn.Sequential(*convolutions(), nn.MaxPool2d(8), nn.Flatten(), nn.Linear(32, len(KINDS)))


def train(make, seed: int, lr: float, moving: bool = False) -> nn.Module:
    """Train on the centred pictures with Adam; with `moving`, each batch is moved sideways by a random amount."""
    torch.manual_seed(seed)
    model = make().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    x, y = x_train.to(device), y_train.to(device)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(x), generator=generator).split(BATCH):
            shift = torch.randint(-MARGIN, MARGIN + 1, (), generator=generator).item() if moving else 0
            loss = F.cross_entropy(model(torch.roll(x[chosen], shift, dims=3)), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


shifts = np.arange(-MARGIN, MARGIN + 1)


def accuracy_by_shift(model: nn.Module) -> list[float]:
    # The canvas has a black margin of 6, so rolling by up to 6 pixels pushes nothing out.
    x, y = x_test.to(device), y_test.to(device)
    return [accuracy(model, torch.roll(x, int(s), dims=3), y) for s in shifts]


mlps = [train(mlp, seed, lr=1e-3) for seed in SEEDS]
cnns = [train(cnn, seed, lr=5e-3) for seed in SEEDS]
curves = {"MLP": np.array([accuracy_by_shift(m) for m in mlps]), "CNN": np.array([accuracy_by_shift(m) for m in cnns])}
print(f"parameters: MLP {count(mlps[0]):,}, CNN {count(cnns[0]):,}")
assert count(mlps[0]) > 10 * count(cnns[0])

# %% [markdown]
r"""
Ten times more parameters in the MLP than in the CNN. *Draw both curves before you run the next cell: accuracy on the
test pictures, against how far they were moved to the right.*
"""

# %%
LOOKS = {"MLP": (plotting.VERMILLION, "o-"), "CNN": (plotting.BLUE, "s-")}


def plot_curves(curves: dict, looks: dict, title: str, alt: str) -> None:
    fig, ax = plt.subplots(figsize=(7.6, 3.5))
    for name, runs in curves.items():
        colour, mark = looks[name]
        ax.plot(shifts, runs.mean(0), mark, color=colour, label=name)
        ax.fill_between(shifts, runs.min(0), runs.max(0), color=colour, alpha=0.2, lw=0)
    ax.axhline(1 / len(KINDS), color=plotting.GREY, ls=":", label="chance")
    ax.set(xlabel="shift to the right in pixels", ylabel="test accuracy", ylim=(0, 1.03), xticks=shifts[::2])
    ax.set_title(title)
    ax.legend(loc="lower center", ncols=len(curves) + 1)
    plotting.show(fig, alt)


plot_curves(
    curves,
    LOOKS,
    f"Six pixels undo the MLP, not the CNN (mean of {len(SEEDS)} runs; bands: worst to best)",
    "Accuracy against shift. The MLP is a narrow hill: high at shift 0, below one half at six pixels on either side. The "
    "CNN stays high at every shift.",
)
centre = MARGIN
for name, runs in curves.items():
    print(
        f"{name}: centred {runs[:, centre].mean():.1%} ({runs[:, centre].min():.1%} to {runs[:, centre].max():.1%}), "
        f"6 pixels left {runs[:, 0].mean():.1%}, 6 right {runs[:, -1].mean():.1%}"
    )
assert curves["MLP"][:, centre].min() > 0.85
assert curves["CNN"][:, centre].min() > 0.85
assert curves["MLP"][:, [0, -1]].max() < 0.6 < 0.7 < curves["CNN"].min()

# %% [markdown]
r"""
Look at the middle first: on centred pictures both are good, and the MLP needs no pity. Then follow its curve outwards.
Three pixels, a tenth of the canvas, cost it a large part of its accuracy, and six bring it down towards chance. The CNN
gives up little, with a tenth of the parameters, and *nobody ever showed it a moved picture*.

Why? For you it is the same boot. Count what the network sees:
"""

# %%
boots = x_train[y_train == names.index("Ankle boot")]
x = boots[0, 0]
places = [0, 2, 4, 6]
plotting.show_images(
    [torch.roll(x, s, dims=1) for s in places],
    [f"moved by {s}" for s in places],
    columns=4,
    alt="An ankle boot on a black canvas, in the middle and moved to the right by 2, 4 and 6 pixels.",
)
other = x_train[y_train == names.index("Bag")][:, 0]
change = [(torch.roll(x, s, dims=1) - x).norm().item() for s in range(7)]
to_boots = (boots[1:, 0] - x).norm(dim=(1, 2)).mean().item()
to_bags = (other - x).norm(dim=(1, 2)).mean().item()
print("distance of the boot to itself, moved by 0 … 6 pixels:", " ".join(f"{c:.1f}" for c in change))
print(f"mean distance to the other boots: {to_boots:.1f}; to the bags: {to_bags:.1f}")
assert change[6] > to_boots

# %% [markdown]
r"""
Look at the last number of the first row. As rows of pixels, the boot and *the same boot* six pixels further are less
alike than the boot and another boot. A dense layer sees rows of pixels, nothing else. It does not even know which
pixels are neighbours. *What will happen to the two networks if you shuffle the pixels of all pictures, training and
test, in one and the same random order?*
"""

# %%
order = torch.randperm(CANVAS**2, generator=torch.Generator().manual_seed(0))


def shuffle(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1)[:, order].reshape(x.shape)


in_order = x_train
x_train = shuffle(in_order)
plotting.show_images(
    [in_order[0, 0], x_train[0, 0]],
    ["a T-shirt", "the same, shuffled"],
    columns=5,
    alt="A T-shirt on a black canvas, and the same pixels in random order: white noise on black.",
)
shuffled = {"MLP": train(mlp, 0, lr=1e-3), "CNN": train(cnn, 0, lr=5e-3)}
x_train = in_order

right_5 = list(shifts).index(5)
y = y_test.to(device)
after_shuffling = {}
for name, model in shuffled.items():
    tests = [shuffle(torch.roll(x_test, s, dims=3)).to(device) for s in (0, 5)]  # moved first, then shuffled
    after_shuffling[name] = [accuracy(model, test, y) for test in tests]
    runs = {"in order": curves[name][0, [centre, right_5]], "shuffled": after_shuffling[name]}
    for what, (at_centre, at_5) in runs.items():
        print(f"{name} {what}: centred {at_centre:.1%}, moved by 5 pixels {at_5:.1%} (one run, seed 0)")
assert min(after_shuffling["MLP"][0], after_shuffling["CNN"][0]) > 0.8
assert after_shuffling["CNN"][1] < 0.65

# %% [markdown]
r"""
Look at the MLP's lines: shuffled or not, much the same. What you call a shape means nothing to it. Then look at the
CNN's. It finds something to go by even in shuffled pixels, as long as they stay put. What it has lost is its
steadiness: a shift is no longer a shift, once neighbours are scattered. That steadiness came from the *arrangement* of
the pixels, which the CNN uses and the MLP never sees.

### One mask per position

A hidden unit of the MLP multiplies the picture with 1024 weights and adds up. Those weights are a picture too, a
**mask**. *What do you expect to see in the margin, where all training pictures are black?*
"""

# %%
torch.manual_seed(SEEDS[0])
before = mlp()[1].weight.detach().reshape(64, CANVAS, CANVAS)  # the same seed: the weights at the start
after = mlps[0][1].weight.detach().cpu().reshape(64, CANVAS, CANVAS)

never_lit = (x_train == 0).all(dim=0)[0]
print(f"pixels that are black in all {len(x_train)} training pictures: {never_lit.sum()} of {never_lit.numel()}")
print(f"largest change of a weight there: {(after - before)[:, never_lit].abs().max():.3g}")
print(f"largest change elsewhere:         {(after - before)[:, ~never_lit].abs().max():.3f}")
assert torch.equal(before[:, never_lit], after[:, never_lit])
assert never_lit.sum() >= CANVAS**2 - (CANVAS - 2 * MARGIN) ** 2

busiest = (after - before).flatten(1).norm(dim=1).argsort(descending=True)[:5]
bound = after[busiest].abs().max().item()
fig, axes = plt.subplots(1, len(busiest), figsize=(9, 1.9))
for ax, unit in zip(axes, busiest.tolist(), strict=True):
    colours = ax.imshow(after[unit].numpy(), cmap=plotting.DIVERGING, vmin=-bound, vmax=bound)
    ax.set_title(f"unit {unit}", loc="center")
    ax.set_axis_off()
fig.colorbar(colours, ax=axes, label="weight")
plotting.show(
    fig,
    "Five masks of 32 by 32 weights, coloured by sign: in the middle smooth shapes of clothes and shoes, around them a frame "
    "of faint noise.",
)

# %% [markdown]
r"""
Look at the frame around each mask. It is the noise from before training, to the last bit: a weight whose pixel is
always zero has the gradient zero, so it never learns anything. What the unit learned in the middle it learned for the
middle. There is no way for it to reach the weights six pixels further, because *nothing connects them*.

This is what the theorem leaves open. It says that weights exist. It does not say how many units they need, nor that
training finds them, nor what happens on pictures unlike those of training.

Could we not train the MLP on moved pictures? We can. Move each batch by a random amount of up to six pixels:
"""

# %%
curves["MLP, saw it all"] = np.array([accuracy_by_shift(train(mlp, seed, lr=1e-3, moving=True)) for seed in SEEDS])
LOOKS["MLP, saw it all"] = (plotting.ORANGE, "^--")
plot_curves(
    curves,
    LOOKS,
    "A dense network can learn every position, if it is shown every position",
    "As before, with a third curve: the MLP trained on moved pictures is level from shift −6 to 6.",
)
for name in ("MLP", "MLP, saw it all"):
    print(f"{name:16} centred {curves[name][:, centre].mean():.1%}, mean over all shifts {curves[name].mean():.1%}")
assert curves["MLP, saw it all"].min() > 0.65
assert len(shifts) ** 2 == 169

# %% [markdown]
r"""
Look at the dashed curve: level. Showing every position works; it is called augmentation, and lecture 10 is about it.
But count. Thirteen places sideways are $13 \cdot 13 = 169$ places in both directions, and each of them had to be
*seen*, for each pattern anew. The network has learned a mask for here and a mask for there, not that here and there are
alike.

> **Check yourself.** The curve of the plain MLP is not at exactly the same height on the left and on the right. Is that
> noise, or can it be something else?
>
> <details><summary>Answer</summary>
>
> Compare the bands: the gap is much wider than they are, so it is not the seed. The pictures are not symmetric. Shoes
> all point the same way, so a shoe moved to the left meets other masks than a shoe moved to the right.
>
> </details>
"""

# %%
sneaker = x_train[y_train == names.index("Sneaker")].mean(0)[0]
trousers = x_train[y_train == names.index("Trouser")].mean(0)[0]
for name, mean in (("mean sneaker", sneaker), ("mean trousers", trousers)):
    print(f"{name}: differs from its mirror image by {(mean - mean.flip(1)).abs().sum() / mean.sum():.0%} of its brightness")
assert (sneaker - sneaker.flip(1)).abs().sum() / sneaker.sum() > 2 * (trousers - trousers.flip(1)).abs().sum() / trousers.sum()
runs = curves["MLP"]
assert abs(runs[:, 0].mean() - runs[:, -1].mean()) > max(np.ptp(runs[:, 0]), np.ptp(runs[:, -1]))

# %% [markdown]
r"""
## Looking for a pattern

So take one mask, and instead of learning it for every place, *carry* it to every place. Here are coins on a dark cloth,
and a mask that asks for "a bright disc on dark ground": positive weights inside, negative outside, and zero in sum, so
that plain bright cloth scores nothing. A dense unit with this mask looks in one place. *Where will a sliding one
answer, and how often?*
"""

# %%
coins = torch.from_numpy(data.photograph("coins", size=150)).float() / 255  # (H, W)
size, radius = 29, 10
offset = torch.arange(size) - size // 2
inside = (offset[:, None] ** 2 + offset**2 <= radius**2).float()
mask = inside / inside.sum() - (1 - inside) / (1 - inside).sum()  # mean of the disc minus mean of its surroundings
assert abs(mask.sum()) < 1e-5

row, column = 82, 13  # where the one dense unit happens to look
unit = (coins[row : row + size, column : column + size] * mask).sum()
response = F.conv2d(coins[None, None], mask[None, None])[0, 0]  # the same mask, everywhere
assert torch.isclose(response[row, column], unit, atol=1e-5)
print(f"one dense unit: one number, {unit:.3f}; the sliding mask: {tuple(response.shape)} numbers")

# %%
highest = F.max_pool2d(response[None, None], 15, stride=1, padding=7)[0, 0]  # the largest response nearby
found = ((response == highest) & (response > 0.15)).nonzero()
print(f"{len(found)} places where the mask fits better than anywhere nearby")

fig, axes = plt.subplots(1, 3, figsize=(9, 2.6), width_ratios=(0.5, 1, 1))
axes[0].imshow(mask.numpy(), cmap=plotting.DIVERGING, vmin=-mask.abs().max(), vmax=mask.abs().max())
axes[0].set_title("the mask")
axes[1].imshow(coins.numpy(), cmap="gray", interpolation="nearest", vmin=0, vmax=1)
for r, c in found.tolist():
    axes[1].add_patch(Circle((c + size // 2, r + size // 2), radius, fill=False, edgecolor=plotting.ORANGE, linewidth=1.8))
axes[1].set_title(f"{len(found)} places found")
pad = size // 2
extent = (pad - 0.5, coins.shape[1] - pad - 0.5, coins.shape[0] - pad - 0.5, pad - 0.5)
few_colours = plt.get_cmap(plotting.DIVERGING, 33)
colours = axes[2].imshow(response.numpy(), cmap=few_colours, extent=extent, interpolation="nearest", vmin=-0.5, vmax=0.5)
axes[2].set(title="the response, place by place", xlim=axes[1].get_xlim(), ylim=axes[1].get_ylim())
fig.colorbar(colours, ax=axes[2], label="response", shrink=0.8)
for ax in axes:
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
plotting.show(
    fig,
    "A disc-shaped mask; a photograph of coins in four rows with a circle drawn on each place found; the response, a map with "
    "an orange spot wherever a coin lies.",
)
assert len(found) == 24
assert response.abs().max() <= 0.5
assert mask.numel() == 841

# %% [markdown]
r"""
Look from the middle picture to the right one: wherever a coin lies there is an orange spot, at *the coin's own place*.
One mask of $29 \cdot 29 = 841$ weights found all 24 coins. (On the largest coins the circle lies anywhere inside: the
disc is too small for them. A mask does not adapt its size.) The right picture is called a **feature map**. It does not
just say that there are coins, it says where.

Sliding a mask and writing down the dot product at each place is what `conv2d` does: a **convolution**. The mask is
called the **kernel**. Here we thought it up. In a CNN it is learned, and there are many.

Why must the weights add up to zero? Try the disc alone, with no negative weights around it:
"""

# %%
bright = F.conv2d(coins[None, None], (inside / inside.sum())[None, None])[0, 0]
lighter = (coins + torch.linspace(0, 0.7, coins.shape[0])[:, None])[None, None]  # a lamp at the lower edge
for name, kernel in (("disc only", inside / inside.sum()), ("disc minus surroundings", mask)):
    answer, in_lamplight = (F.conv2d(picture, kernel[None, None])[0, 0] for picture in (coins[None, None], lighter))
    best, moved_best = (divmod(a.argmax().item(), a.shape[1]) for a in (answer, in_lamplight))
    change = (in_lamplight - answer).abs().max().item()
    print(f"{name:24} best place {best}, with the lamp {moved_best}; the response changes by up to {change:.3f}")
assert (F.conv2d(lighter, mask[None, None])[0, 0] - response).abs().max() < 1e-4
assert (F.conv2d(lighter, inside[None, None] / inside.sum())[0, 0] - bright).abs().max() > 0.5

# %% [markdown]
r"""
Look at the changes. Without negative weights the response measures brightness, and light from a lamp passes for a coin.
The mask with the sum zero does not see the lamp at all. The light adds as much to the mean of the disc as to the mean
of its surroundings, because both lie around the same centre.

## Convolution is equivariant

Move the coins, and the spots on the feature map move with them. That is the property which the dense layer lacks, and
it has a name. Let $S$ be the operation "shift by so many rows and columns". An operation $f$ is **equivariant** to
shifts if

$$f(S\,x) = S\,f(x) \qquad\text{for every picture } x:$$

first shift, then $f$, or first $f$, then shift, the result is the same. *Equi-variant*: it varies equally.

Check it on the cat with eight random kernels of $5\times5$, zero padding, moved 7 rows down and 11 columns to the
right. What comes in is black. *Will the two orders agree everywhere?*
"""

# %%
generator = torch.Generator().manual_seed(0)
cat = torch.from_numpy(grey)[None, None].double() / 255  # (1, 1, H, W)
kernels = torch.randn(8, 1, 5, 5, generator=generator, dtype=torch.float64)
DOWN, RIGHT = 7, 11


def f(x: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, kernels, padding=2)


def move(x: torch.Tensor) -> torch.Tensor:
    return F.pad(x, (RIGHT, -RIGHT, DOWN, -DOWN))  # a negative padding cuts off


gap = (f(move(cat)) - move(f(cat))).abs().amax(dim=(0, 1))  # (H, W), the worst of eight channels
differs = gap > 1e-9
inner = gap[DOWN:-2, RIGHT:-2]
print(f"largest difference away from the border: {inner.max():.1e}; at the border: {gap.max():.2f}")
assert inner.max() < 1e-12 < 0.1 < gap.max()

fig, axes = plt.subplots(1, 3, figsize=(8.4, 2.2))
bound = f(cat)[0, 0].abs().max()
panels = (("shift, then convolve", f(move(cat))[0, 0]), ("convolve, then shift", move(f(cat))[0, 0]))
for ax, (title, plane) in zip(axes, panels, strict=False):
    ax.imshow(plane.numpy(), cmap=plotting.DIVERGING, interpolation="nearest", vmin=-bound, vmax=bound)
    ax.set_title(title)
axes[2].imshow(differs.numpy(), cmap="gray_r", vmin=0, vmax=1)
axes[2].set_title("black: where they differ")
for ax in axes:
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
plotting.show(
    fig,
    "The first feature map of the moved cat, and the moved feature map of the cat: the same picture. They differ only "
    "in four thin lines: at the seam above and left of the cat, and at the lower and the right edge.",
)

# %% [markdown]
r"""
Look at the third panel: the difference is zero, to rounding, except in thin lines. Two of them are at the seam, where
the kernel in one order reaches from the black into the cat. The other two are at the lower and the right edge: there
one order has zeros where the other still sees what has since been pushed out. The lines are two pixels wide, half a
kernel.

*Equivariant* is a statement about a world without borders. With zero padding it holds away from them, and each
further layer of $5\times5$ kernels moves the boundary two pixels inwards.

The next cell counts that, and makes the borders disappear: `roll` lets what is pushed out on the right come in on the
left, and circular padding does the same for the kernel. Then nothing is left of the difference.
"""

# %%
deep = torch.randn(8, 8, 5, 5, generator=generator, dtype=torch.float64) / 10


def stack(x: torch.Tensor, layers: int) -> torch.Tensor:
    x = F.relu(f(x))
    for _ in range(layers - 1):
        x = F.relu(F.conv2d(x, deep, padding=2))
    return x


for layers in (1, 2, 3):
    gap = (stack(move(cat), layers) - move(stack(cat, layers))).abs().amax(dim=(0, 1))
    reach = 2 * layers
    wrong_rows = (gap[:, 60] > 1e-9).nonzero().flatten().tolist()
    print(f"{layers} layers: in column 60 the orders differ in rows {wrong_rows}")
    assert gap[DOWN + reach : -reach, RIGHT + reach : -reach].max() < 1e-9
    seam, edge = range(DOWN - reach, DOWN + reach - 2), range(cat.shape[2] - reach, cat.shape[2])
    assert wrong_rows == [*seam, *edge]


def f_circular(x: torch.Tensor) -> torch.Tensor:
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="circular"), kernels)


def roll(x: torch.Tensor) -> torch.Tensor:
    return torch.roll(x, (DOWN, RIGHT), dims=(2, 3))


difference = (f_circular(roll(cat)) - roll(f_circular(cat))).abs().max()
print(f"without borders: largest difference anywhere {difference:.1e}")
assert difference < 1e-12

# %% [markdown]
r"""
Look at the rows: the differences spread from the seams and the edge, layer by layer, and ReLU between them does no
harm. It works on each number alone, so it is equivariant itself, and two equivariant operations in a row are
equivariant.

Not everything is. *Which of these commute with a shift (no borders): adding 1 to all pixels; a dense layer; brightening
from top to bottom? And does a convolution commute with turning, or mirroring, the picture?*
"""

# %%
small = cat[:, :, 20:52, 40:72]  # (1, 1, 32, 32)
weights = torch.randn(32 * 32, 32 * 32, generator=generator, dtype=torch.float64) / 32


def turn(x: torch.Tensor) -> torch.Tensor:
    return torch.rot90(x, dims=(2, 3))


operations = {
    "convolution, shifted": (f_circular, roll),
    "adding 1, shifted": (lambda x: x + 1, roll),
    "dense layer, shifted": (lambda x: (weights @ x.flatten()).reshape(x.shape), roll),
    "brighter downwards, shifted": (lambda x: x * torch.arange(32)[:, None], roll),
    "convolution, turned": (f_circular, turn),
    "convolution, mirrored": (f_circular, lambda x: x.flip(3)),
}
gaps = {name: (f(g(small)) - g(f(small))).abs().max().item() for name, (f, g) in operations.items()}
for name, gap in gaps.items():
    print(f"{name:28} largest difference {gap:.2g}")
assert [gap < 1e-9 for gap in gaps.values()] == [True, True, False, False, False, False]

# %% [markdown]
r"""
Look at the last two lines. Convolution is equivariant to *shifts*, not to turning or mirroring (and not to scaling, as
the large coins showed). A CNN has to learn those from examples, just as the MLP had to learn the shifts.

### The only layer that can

Is convolution one equivariant layer among many? Take any dense layer on eight values, and make it treat all places
alike by force: shift the input, apply the layer, shift back, and average over all eight shifts. *What will its matrix
look like?*
"""

# %%
n = 8
matrix = torch.randn(n, n, generator=generator, dtype=torch.float64)
fair = torch.stack([torch.roll(matrix, (s, s), dims=(0, 1)) for s in range(n)]).mean(0)  # shift back · matrix · shift

fig, axes = plt.subplots(1, 2, figsize=(6.4, 2.9))
for ax, weights, title in zip(axes, (matrix, fair), ("a dense layer", "averaged over all shifts"), strict=True):
    colours = ax.imshow(weights.numpy(), cmap=plotting.DIVERGING, vmin=-2, vmax=2)
    ax.set(title=title, xlabel="input", ylabel="output", xticks=range(n), yticks=range(n))
    ax.grid(False)
fig.colorbar(colours, ax=axes, label="weight", extend="both")
plotting.show(fig, "Left: a matrix of random colours. Right: the same after averaging; each diagonal has a single colour.")

x = torch.randn(n, generator=generator, dtype=torch.float64)
kernel = fair[0]  # what output 0 gives to every input
by_sliding = F.conv1d(F.pad(x[None, None], (0, n - 1), mode="circular"), kernel[None, None])[0, 0]
assert torch.allclose(fair @ x, by_sliding)
assert all(torch.equal(fair[s].roll(-s).round(decimals=12), kernel.round(decimals=12)) for s in range(n))

# %% [markdown]
r"""
Look along the diagonals of the right matrix: one colour each. Every row holds the same weights, one place further. That
*is* a convolution, as the assertion confirms with `conv1d`, with a kernel as wide as the signal. So [weight
sharing](../glossary.ipynb#weight-sharing) is
no trick to save memory. It is what equivariance means: **a linear layer that is equivariant to shifts is a
convolution**, and a convolution is equivariant. (The reason fits in a sentence: an equivariant linear layer is known
once you know its answer to a single bright pixel, for all other pixels are shifts of that one.)

## From equivariance to invariance

A boot is a boot wherever it stands. For a label we want more than equivariance: the output should not move along, it
should not change at all. An operation $g$ is **invariant** to shifts if $g(S\,x) = g(x)$. Often a convolution itself is
called invariant. It is not, and one line shows it:
"""

# %%
x = x_test[y_test == names.index("Ankle boot")][:1].double()  # (1, 1, 32, 32)
maps = F.relu(f_circular(x))
maps_of_moved = F.relu(f_circular(torch.roll(x, 6, dims=3)))
print(f"the feature maps change by {(maps_of_moved - maps).norm() / maps.norm():.0%} of their size")
print(f"their maximum over all places by {(maps_of_moved.amax((2, 3)) - maps.amax((2, 3))).abs().max():.1e}")
assert (maps_of_moved - maps).norm() > 0.5 * maps.norm()
assert torch.allclose(torch.roll(maps, 6, dims=3), maps_of_moved)
assert torch.allclose(maps_of_moved.amax((2, 3)), maps.amax((2, 3)))

# %% [markdown]
r"""
Look at the two lines. The maps change a great deal, because the spots on them have moved. But the *largest value on
each map* is the same: a maximum over all places does not ask where. So the recipe has two parts: convolutions find the
pattern wherever it is, and **pooling over places** forgets where it was.

Pooling need not forget everything at once. Max pooling over cells of $2 \times 2$ forgets one bit of the row and one of
the column. *How far does the picture have to move before the pooled maps notice?*
"""

# %%
steps = np.arange(9)
poolings = {
    "no pooling": lambda maps: maps,
    "cells of 2 × 2": lambda maps: F.max_pool2d(maps, 2),
    "cells of 8 × 8": lambda maps: F.max_pool2d(maps, 8),
    "the whole map": lambda maps: F.adaptive_max_pool2d(maps, 1),
}
tests = x_test[::10].double()  # 100 pictures, 20 of each kind
start = F.relu(f_circular(tests))
changes = {name: [] for name in poolings}
for s in steps:
    now = F.relu(f_circular(torch.roll(tests, int(s), dims=3)))
    for name, pool in poolings.items():
        changes[name].append(((pool(now) - pool(start)).norm() / pool(start).norm()).item())

fig, ax = plt.subplots(figsize=(7.6, 3.3))
marks = ("o-", "^-", "D-", "s-")
colours = (plotting.VERMILLION, plotting.ORANGE, plotting.GREEN, plotting.BLUE)
for (name, values), mark, colour in zip(changes.items(), marks, colours, strict=True):
    ax.plot(steps, values, mark, color=colour, label=name)
ax.set(
    xlabel="shift to the right in pixels", ylabel="relative change", title="The larger the cell, the less a small move is noticed"
)
ax.legend(title="max pooling over", loc="upper left", ncols=2)
ax.set_ylim(-0.05, 1.6)
plotting.show(
    fig,
    "Relative change of pooled feature maps against shift: without pooling it rises fastest, with cells of 2 a little "
    "slower, with cells of 8 much slower, and over the whole map it is zero throughout.",
)
assert max(changes["the whole map"]) < 1e-12
assert changes["cells of 8 × 8"][1] < 0.85 * changes["cells of 2 × 2"][1] < 0.8 * changes["no pooling"][1]

# %% [markdown]
r"""
Look at the first step, from 0 to 1 pixel, on each curve: pooling *softens* a small move, and the larger the cell the
more so. Only one curve stays at zero, that of pooling over the whole map. Small cells give tolerance. **Global
pooling** gives invariance.

### Is it the convolution, or the pooling?

Now the black box can be opened. Take the small CNN and replace its global pooling by `Flatten`: all $32 \cdot 8 \cdot 8
= 2048$ numbers of the last maps go to the logits, each with a weight for its own place. Same convolutions, same
pictures, same number of steps; only the learning rate is 0.002 instead of 0.005, which suits the larger last layer.
*Draw its curve.*
"""


# %%
def cnn_flat() -> nn.Module:
    return nn.Sequential(*convolutions(), nn.Flatten(), nn.Linear(32 * 8 * 8, len(KINDS)))


curves["CNN, flattened"] = np.array([accuracy_by_shift(train(cnn_flat, seed, lr=2e-3)) for seed in SEEDS])
LOOKS["CNN, flattened"] = (plotting.GREEN, "D-")
plot_curves(
    {name: curves[name] for name in ("MLP", "CNN, flattened", "CNN")},
    LOOKS,
    "The convolutions alone do not do it: the last layer decides",
    "Accuracy against shift for three networks. The CNN with a flattened end is only a little wider than the MLP's hill and "
    "falls as low at six pixels; the CNN with global pooling stays high.",
)
for name in ("MLP", "CNN, flattened", "CNN"):
    print(f"{name:15} centred {curves[name][:, centre].mean():.1%}, at 6 pixels {curves[name][:, [0, -1]].mean():.1%}")
assert curves["CNN, flattened"][:, centre].min() > 0.85
assert curves["CNN, flattened"][:, [0, -1]].max() < 0.6
assert curves["CNN, flattened"].mean() > curves["MLP"].mean()

# %% [markdown]
r"""
Look at the green curve: a little wider than the MLP's, and at six pixels just as low. Its two poolings soften small
moves. But its last layer is a dense layer on positions, one mask per position again, and it ruins what the convolutions
had kept. That is why our small CNN ends in global pooling, and why modern CNNs end in it too, most of them with the
mean instead of the maximum: equivariance all the way, and invariance in one step at the end. (AlexNet, in 2012, still
ended in `Flatten` and dense layers; it was trained on randomly placed crops.)

One more look at the CNN's own curve: it is high, but not perfectly level. Where did the invariance leak? Max pooling
with stride 2 keeps every second place. Two such layers leave every fourth, so the maps can move along only in steps of
four pixels. To see it without the borders, take the same trained convolutions with circular padding:
"""

# %%
model = cnns[0]


def endless(x: torch.Tensor) -> torch.Tensor:
    """Run the trained CNN with circular instead of zero padding."""
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            x = F.pad(x, (layer.padding[0],) * 4, mode="circular")
            x = F.conv2d(x, layer.weight, layer.bias)
        else:
            x = layer(x)
    return x


with torch.no_grad():
    tests = x_test.to(device)
    start = endless(tests)
    moved_by = {s: (endless(torch.roll(tests, s, dims=3)) - start).abs().mean().item() for s in range(9)}
print("mean change of a logit, by shift:", "  ".join(f"{s}: {change:.2g}" for s, change in moved_by.items()))
print(f"spread of the logits, for comparison: {start.std():.2g}")
assert max(moved_by[0], moved_by[4], moved_by[8]) < 1e-3 < 0.1 < min(moved_by[s] for s in (1, 2, 3, 5, 6, 7))

# %% [markdown]
r"""
Look at shifts 4 and 8: no change but rounding. At all others there is some, small against the spread of the logits. So
this network is exactly invariant to shifts by multiples of four (away from borders), and only nearly so to the rest.
Lecture 06 measures this leak for several kinds of pooling, and shows a repair.

> **Check yourself.** A network ends in global max pooling. Can it learn to tell "the bright spot is on the left" from
> "the bright spot is on the right"?
>
> <details><summary>Answer</summary>
>
> Not in a world without borders and strides: both pictures are shifts of each other, so both give the same pooled
> numbers, whatever the weights. Invariance is a loss of information, and the right loss only if the task does not ask
> where. A network that must say where, as in lecture 13, stays equivariant to the end.
>
> </details>
"""

# %%
spot_left, spot_right = torch.zeros(2, 1, 1, 32, 32, dtype=torch.float64)
spot_left[..., 10:14, 6:10] = 1
spot_right[..., 10:14, 22:26] = 1
assert torch.equal(torch.roll(spot_left, 16, dims=3), spot_right)
assert torch.allclose(f_circular(spot_left).amax((2, 3)), f_circular(spot_right).amax((2, 3)))

# %% [markdown]
r"""
Now the table from the beginning can be completed: three ways to feed an image to a model.
"""

# %%
ways["learned features (CNN)"] = [curves["CNN"][:, centre].mean(), curves["CNN"][:, right_5].mean()]
for name, (at_centre, at_5) in ways.items():
    print(f"{name:23} centred {at_centre:.1%}, moved by 5 pixels {at_5:.1%}")
assert ways["learned features (CNN)"][1] > ways["raw pixels"][1] + 0.2
assert ways["learned features (CNN)"][0] > ways["hand-made features"][0]

# %% [markdown]
r"""
Look at the last row against the first two: as good as pixels where the pictures were centred, and nearly as steady as
the features made by hand. Nobody told it which features to take.

## A short history

The two ideas of this lecture, *the same detector everywhere* and *then forget where*, are older than computers that
could run them. Here are six dates, and as much of each as can be computed.
"""

# %%
EVENTS = [
    (1959, "Hubel & Wiesel: cells of the cat's visual cortex answer to bars"),
    (1962, "Hubel & Wiesel: simple and complex cells"),
    (1980, "Fukushima: Neocognitron, S-layers and C-layers"),
    (1989, "LeCun et al.: kernels learned by backpropagation"),
    (2001, "Viola & Jones: faces by Haar features"),
    (2012, "Krizhevsky et al.: a large CNN on two GPUs wins ILSVRC"),
]
fig, ax = plt.subplots(figsize=(9, 2.6))
for i, (year, words) in enumerate(EVENTS):
    side = "right" if year > 1985 else "left"
    ax.plot(year, -i, "o", color=plotting.VERMILLION, ms=7)
    ax.text(year + (-0.9 if side == "right" else 0.9), -i, words, va="center", ha=side, fontsize=9)
ax.set(ylim=(-5.6, 0.6), xlim=(1955, 2016), yticks=[], xlabel="year", title="Half a century from the cat to the GPU")
ax.set_xticks([year for year, _ in EVENTS], [str(year) if year != 1962 else "   1962" for year, _ in EVENTS])
ax.spines["left"].set_visible(False)
plotting.show(fig, "A time line from 1959 to 2012: " + "; ".join(f"{year} {words}" for year, words in EVENTS) + ".")

# %% [markdown]
r"""
**1959 and 1962: simple and complex cells.** David Hubel and Torsten Wiesel showed spots and bars of light to
anaesthetised cats and listened to single cells of the visual cortex. *Simple* cells answer to a bar of one direction at
one place. *Complex* cells answer to a bar of one direction *anywhere* in a small region; in 1962 the two proposed that
a complex cell listens to many simple cells that have the same direction and different places.

Later a simple cell's field was found to look much like a **Gabor filter**, a wave under a bell (Marčelja 1980 and
Daugman 1985 on the formula; Jones and Palmer 1987 on the cells). Build both cells from one: the simple cell takes the
filter at one place, the complex cell the largest answer among simple cells within ten pixels. Then turn a bar, and move
a bar. *Which of the two curves will differ between the cells?*
"""

# %%
half, wavelength, bell = 15, 14.0, 5.0  # pixels
row, column = np.mgrid[-half : half + 1, -half : half + 1]
gabor = np.exp(-(row**2 + column**2) / (2 * bell**2)) * np.cos(2 * np.pi * column / wavelength)
gabor = torch.from_numpy(gabor - gabor.mean())[None, None]

grid = torch.arange(-40, 41, dtype=torch.float64)


def bar(degrees: float, position: float) -> torch.Tensor:
    """Draw a bar 5 pixels wide, turned from upright, its middle so far from the centre; -> (1, 1, 81, 81)."""
    angle = np.deg2rad(degrees)
    distance = grid[None, :] * np.cos(angle) + grid[:, None] * np.sin(angle) - position
    return (distance.abs() <= 2.5).double()[None, None]


def cells(picture: torch.Tensor) -> tuple[float, float]:
    """Return the answers of the simple cell in the middle and of a complex cell over its neighbours."""
    simple = F.relu(F.conv2d(picture, gabor, padding=half))[0, 0]
    return simple[40, 40].item(), simple[30:51, 30:51].max().item()


angles, positions = np.arange(-90, 91, 6), np.arange(-24, 25)
by_angle = np.array([cells(bar(angle, 0)) for angle in angles])
by_position = np.array([cells(bar(0, position)) for position in positions])
top = by_angle.max()

fig, axes = plt.subplots(1, 3, figsize=(9.4, 2.8), width_ratios=(0.6, 1, 1))
axes[0].imshow(gabor[0, 0].numpy(), cmap=plotting.DIVERGING, vmin=-1, vmax=1)
axes[0].set(title="a Gabor filter", xticks=[], yticks=[])
axes[0].spines[:].set_visible(False)
axes[0].grid(False)
for cell, (name, mark, colour) in enumerate((("simple", "-", plotting.VERMILLION), ("complex", "--", plotting.BLUE))):
    axes[1].plot(angles, by_angle[:, cell] / top, mark, color=colour, label=name)
    axes[2].plot(positions, by_position[:, cell] / top, mark, color=colour, label=name)
axes[1].set(xlabel="turned from upright, in degrees", title="both mind the direction", xticks=range(-90, 91, 45))
axes[2].set(xlabel="place of the bar in pixels", title="only one minds the place")
for ax in axes[1:]:
    ax.set(ylabel="answer, best = 1", ylim=(-0.05, 1.3), yticks=(0, 0.5, 1))
axes[2].legend(loc="upper center", ncols=2)
plotting.show(
    fig,
    "A Gabor filter of light and dark upright stripes. Answer against direction: both cells answer to upright bars only. "
    "Answer against place: the simple cell has a narrow peak, the complex cell a broad plateau.",
)
simple_width, complex_width = (by_position > 0.5 * top).sum(axis=0)
print(f"places (of {len(positions)}) with at least half of the best answer: simple {simple_width}, complex {complex_width}")
assert by_angle[np.abs(angles) == 90].max() < 0.3 * top
assert complex_width > 3 * simple_width

# %% [markdown]
r"""
Look at the right panel: the simple cell is a convolution read at one place, the complex cell is max pooling over its
neighbours. (The maximum is one model of the complex cell; others add up squares.)

**1980: the Neocognitron.** Kunihiko Fukushima built a network from the two. An **S-layer** has planes of S-cells; all
cells of a plane have the same weights at different places. A **C-layer** blurs each plane, so that small shifts do not
matter. Then again S, again C, until the last C-cells see everything. It learned without labels, by reinforcing the
cells that answered most. Here is one S-layer with four kernels, made by hand, and its C-layer, on our boot:
"""

# %%
steepest = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
slanted = torch.tensor([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]])
detectors = torch.stack([steepest, slanted, -steepest.T, slanted.rot90()])[:, None]  # four directions, 45 degrees apart
boot = boots[1:2]
s_layer = F.relu(F.conv2d(boot, detectors, padding=1))[0]  # (4, 32, 32)
c_layer = F.max_pool2d(s_layer, 4)  # (4, 8, 8)

fig = plt.figure(figsize=(8.6, 4.4), layout="none")
canvas = fig.add_axes((0, 0, 1, 1))
canvas.set(xlim=(0, 1), ylim=(0, 1))
canvas.set_axis_off()
columns = {"input": (0.03, 0.2), "S": (0.36, 0.2), "C": (0.62, 0.2)}


def plane(left: float, bottom: float, side: float, values: torch.Tensor, top: float) -> None:
    ax = fig.add_axes((left, bottom, side, side * 8.6 / 4.4))
    ax.imshow(values.numpy(), vmin=0, vmax=top)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(True)


plane(0.03, 0.30, 0.2, boot[0, 0], 1)
for k in range(4):
    bottom = 0.70 - 0.225 * k
    plane(0.37, bottom, 0.1, s_layer[k], s_layer.max().item())
    plane(0.61, bottom, 0.1, c_layer[k], s_layer.max().item())
    middle = bottom + 0.1
    for start, end in (((0.235, 0.5), (0.365, middle)), ((0.475, middle), (0.605, middle)), ((0.715, middle), (0.84, 0.5))):
        canvas.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": plotting.GREY, "lw": 1})
for left, words in (
    (0.13, "input\n32 × 32"),
    (0.42, "S-layer\n4 × 32 × 32"),
    (0.66, "C-layer\n4 × 8 × 8"),
    (0.91, "next S-layer"),
):
    canvas.text(left, 0.955 if left != 0.91 else 0.5, words, ha="center", va="center", fontsize=10)
canvas.text(0.54, 0.955, "pool", ha="center", va="center", fontsize=10, color=plotting.GREY)
canvas.text(0.29, 0.955, "convolve", ha="center", va="center", fontsize=10, color=plotting.GREY)
plotting.show(
    fig,
    "A diagram: the boot feeds four S-planes, each bright along the edges of one direction; each S-plane feeds a smaller and "
    "coarser C-plane; all C-planes feed the next S-layer.",
)
print(f"S-layer {tuple(s_layer.shape)}, C-layer {tuple(c_layer.shape)}")
assert s_layer.shape == (4, 32, 32)
assert c_layer.shape == (4, 8, 8)

# %% [markdown]
r"""
Look at one row from left to right: where is an edge of this direction, then roughly where. (Fukushima's C-cells
average; we take the maximum, as today's networks do.)

**1989: zip codes.** Yann LeCun and colleagues trained such a network by backpropagation on handwritten digits from
envelopes, $16 \times 16$ pixels each, and the kernels were *learned*, with labels. The paper says: 1,256 units, 64,660
connections, 9,760 independent parameters. Check it. H1 has 12 maps of $8\times8$, H2 12 maps of $4\times4$; both have
$5\times5$ kernels and stride 2, and each map of H2 sees 8 of the 12 maps of H1. H3 and the output are dense. Kernels
are shared, but in this network each unit still had a bias of its own.
"""

# %%
h1_units, h2_units, h3_units, out_units = 12 * 8 * 8, 12 * 4 * 4, 30, 10
h3, out = nn.Linear(h2_units, h3_units), nn.Linear(h3_units, out_units)
h1 = count(nn.Conv2d(1, 12, 5, stride=2, bias=False)) + h1_units
h2 = 12 * count(nn.Conv2d(8, 1, 5, stride=2, bias=False)) + h2_units
units = 16 * 16 + h1_units + h2_units + h3_units + out_units
connections = h1_units * (25 + 1) + h2_units * (8 * 25 + 1) + count(h3) + count(out)
parameters = h1 + h2 + count(h3) + count(out)
print(f"{units:,} units, {connections:,} connections, {parameters:,} parameters")
assert (units, connections, parameters) == (1_256, 64_660, 9_760)

# %% [markdown]
r"""
Look at the last two numbers: sharing left one parameter for every six or seven connections. All three agree with the
paper.

**2001: Haar features.** Not everybody learned features. Gaussian and Gabor filters had been made by hand for decades
(lecture 03 builds both). Paul Viola and Michael Jones found faces with the crudest of all: the sum of one rectangle
minus the sum of another. They let a learning algorithm choose among thousands of them. Their trick for speed is the
**integral image**, in which each entry is the sum of all pixels above and to the left. Then *any* rectangle costs four
look-ups. Eyes are darker than the cheeks below them:
"""

# %%
face = data.photograph("astronaut", size=256, grey=True).astype(np.int64)
integral = np.zeros((face.shape[0] + 1, face.shape[1] + 1), dtype=np.int64)
integral[1:, 1:] = face.cumsum(axis=0).cumsum(axis=1)


def rectangle(top: int, left: int, height: int, width: int) -> int:
    bottom, right = top + height, left + width
    return integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left]


TOP, LEFT, HEIGHT, WIDTH = 46, 96, 9, 36  # the eyes; the cheeks are as large and just below
eyes, cheeks = rectangle(TOP, LEFT, HEIGHT, WIDTH), rectangle(TOP + HEIGHT, LEFT, HEIGHT, WIDTH)
assert eyes == face[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH].sum()

haar = torch.cat([-torch.ones(HEIGHT, WIDTH), torch.ones(HEIGHT, WIDTH)]).double()
answers = F.conv2d(torch.from_numpy(face).double()[None, None], haar[None, None])[0, 0] / haar[HEIGHT:].sum()
assert torch.isclose(answers[TOP, LEFT] * HEIGHT * WIDTH, torch.tensor(float(cheeks - eyes), dtype=torch.float64))
print(f"mean of the eyes {eyes / (HEIGHT * WIDTH):.0f}, of the cheeks {cheeks / (HEIGHT * WIDTH):.0f}")
share = (answers >= answers[TOP, LEFT]).double().mean().item()
print(f"places in the photograph with at least as large an answer: {share:.1%}")
assert cheeks > eyes + 20 * HEIGHT * WIDTH
assert 0 < share < 0.1

fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.1))
axes[0].imshow(face, cmap="gray", interpolation="nearest", vmin=0, vmax=255)
for start, colour, sign in ((TOP, plotting.SKY, "−"), (TOP + HEIGHT, plotting.VERMILLION, "+")):
    axes[0].add_patch(Rectangle((LEFT - 0.5, start - 0.5), WIDTH, HEIGHT, fill=False, edgecolor=colour, linewidth=2))
    label = {"facecolor": "white", "edgecolor": colour, "boxstyle": "circle,pad=0.1"}
    axes[0].text(LEFT - 8, start + HEIGHT / 2, sign, ha="center", va="center", fontsize=8, fontweight="bold", bbox=label)
axes[0].set_title("one Haar feature: + minus −")
top, left = HEIGHT - 0.5, (WIDTH - 1) / 2  # from a window's corner to its middle, where its answer is drawn
extent = (left - 0.5, left + answers.shape[1] - 0.5, top + answers.shape[0] - 0.5, top - 0.5)
bound, few_colours = answers.abs().max().item(), plt.get_cmap(plotting.DIVERGING, 33)
colours = axes[1].imshow(answers.numpy(), cmap=few_colours, interpolation="nearest", vmin=-bound, vmax=bound, extent=extent)
axes[1].plot(LEFT + left, TOP + top, "o", mfc="none", mec="black", ms=11, mew=2)
axes[1].set_title("its answer at every place")
fig.colorbar(colours, ax=axes[1], label="grey levels", shrink=0.9)
for ax in axes:
    ax.set(xticks=[], yticks=[], xlim=(20, 220), ylim=(200, 0))
    ax.grid(False)
    ax.spines[:].set_visible(False)
plotting.show(
    fig,
    "Left: a face with a rectangle over the eyes, marked minus, and one over the cheeks, marked plus. Right: the feature's "
    "answer all over the photograph; a circle marks the place of the face, among several others as strong.",
)

# %% [markdown]
r"""
Look at the circle, then at other strong places: one feature is far from a face detector, so theirs used thousands, in a
row. And look at the code: sliding a rectangle with $+1$ and $-1$ *is* a convolution, with weights that somebody thought
up.

**2012: AlexNet.** Alex Krizhevsky, Ilya Sutskever and Geoffrey Hinton trained five convolutions and three dense layers
on 1.2 million photographs, on two graphics cards, for five to six days. An average of several such networks won ILSVRC
2012 with 15.3 % top-5 error; the second had 26.2 %. The paper says 60 million parameters. *Where are they: in the
convolutions or in the dense layers?*
"""

# %%
with torch.device("meta"):  # shapes without memory
    convolutional = nn.ModuleList(
        [
            nn.Conv2d(3, 96, 11, stride=4),
            nn.Conv2d(96, 256, 5, padding=2, groups=2),  # two groups: one for each graphics card
            nn.Conv2d(256, 384, 3, padding=1),
            nn.Conv2d(384, 384, 3, padding=1, groups=2),
            nn.Conv2d(384, 256, 3, padding=1, groups=2),
        ]
    )
    dense_layers = nn.ModuleList([nn.Linear(256 * 6 * 6, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000)])
total = count(convolutional) + count(dense_layers)
print(f"convolutions {count(convolutional):,}, dense {count(dense_layers):,}, together {total:,}")
print(f"share of the dense layers: {count(dense_layers) / total:.0%}")
assert total == 60_965_224
assert count(dense_layers) / total > 0.95

# %% [markdown]
r"""
Look at the share: 96 % of the parameters are in three dense layers that look at the last feature maps place by place.
Later networks, GoogLeNet and ResNet among them, replaced most of this by global pooling. Lecture 09 goes on from here.

## Common mistakes

- **"Convolution is translation-invariant."** Shift the picture, and the feature map moves with it: that is *equivariant*.
  Invariance comes from pooling over places, and a dense layer on flattened maps destroys it again.
- **"A grey image is one-dimensional."** $(1, 28, 28)$ has three axes, one of them of length 1. One *channel* is not
  one dimension: count the axes.
- **Biases counted per channel pair, or kernels counted by their width.** The number is not the model's. Every kernel
  spans all input channels and has one bias: $C_\text{out}(C_\text{in}k^2 + 1)$.
- **`reshape` to reorder axes.** It keeps the order of the numbers, so it scrambles the picture. `permute` moves axes.
- **"Universal approximator" taken for "will learn it".** The theorem promises weights. Training on centred pictures
  does not find them, since it never sees the margin. Test on pictures that are moved.
- **Equivariance expected at the border, or of turning.** Padding breaks it at the edges, stride 2 breaks it for odd
  shifts, and turned pictures are another matter. Compare away from the border, after whole strides.

## Summary

- A picture is a tensor: grey $(1, H, W)$, colour $(3, H, W)$, a batch $(N, C, H, W)$ in PyTorch and $(N, H, W, C)$ in
  Keras; 8 bits are 256 levels.
- Raw pixels, hand-made features, learned features: the first are not robust, no training improves the second, the third
  are what a CNN is for.
- A dense layer pays for every place: 30,001 parameters per unit on $100\times100\times3$, where ten $3\times3$ kernels
  cost 280. Locality and sharing save the rest.
- Trained on centred pictures, an MLP fails on moved ones: one mask per position. A theorem about what it *could*
  represent does not help.
- Convolution is equivariant to shifts, and it is the only linear layer that is.
- Pooling gives tolerance, global pooling gives invariance, up to borders and strides.
- Simple and complex cells, S and C, convolution and pooling: one idea, learned by backpropagation since 1989, at scale
  since 2012.

## References

- K. Hornik, M. Stinchcombe, H. White: *Multilayer Feedforward Networks are Universal Approximators*, Neural Networks
  2(5), 1989, pages 359–366, [doi:10.1016/0893-6080(89)90020-8](https://doi.org/10.1016/0893-6080%2889%2990020-8).
- G. Cybenko: *Approximation by Superpositions of a Sigmoidal Function*, Mathematics of Control, Signals, and Systems 2,
  1989, pages 303–314, [doi:10.1007/BF02551274](https://doi.org/10.1007/BF02551274).
- D. H. Hubel, T. N. Wiesel: *Receptive Fields of Single Neurones in the Cat's Striate Cortex*, Journal of Physiology
  148, 1959, pages 574–591, [doi:10.1113/jphysiol.1959.sp006308](https://doi.org/10.1113/jphysiol.1959.sp006308).
- D. H. Hubel, T. N. Wiesel: *Receptive Fields, Binocular Interaction and Functional Architecture in the Cat's Visual
  Cortex*, Journal of Physiology 160, 1962, pages 106–154,
  [doi:10.1113/jphysiol.1962.sp006837](https://doi.org/10.1113/jphysiol.1962.sp006837). Simple and complex cells.
- S. Marčelja: *Mathematical Description of the Responses of Simple Cortical Cells*, Journal of the Optical Society of
  America 70, 1980, pages 1297–1300, [doi:10.1364/JOSA.70.001297](https://doi.org/10.1364/JOSA.70.001297).
- J. G. Daugman: *Uncertainty Relation for Resolution in Space, Spatial Frequency, and Orientation Optimized by
  Two-Dimensional Visual Cortical Filters*, Journal of the Optical Society of America A 2(7), 1985, pages 1160–1169,
  [doi:10.1364/JOSAA.2.001160](https://doi.org/10.1364/JOSAA.2.001160).
- J. P. Jones, L. A. Palmer: *An Evaluation of the Two-Dimensional Gabor Filter Model of Simple Receptive Fields in Cat
  Striate Cortex*, Journal of Neurophysiology 58(6), 1987, pages 1233–1258,
  [doi:10.1152/jn.1987.58.6.1233](https://doi.org/10.1152/jn.1987.58.6.1233).
- K. Fukushima: *Neocognitron: A Self-organizing Neural Network Model for a Mechanism of Pattern Recognition Unaffected
  by Shift in Position*, Biological Cybernetics 36, 1980, pages 193–202,
  [doi:10.1007/BF00344251](https://doi.org/10.1007/BF00344251).
- Y. LeCun, B. Boser, J. S. Denker, D. Henderson, R. E. Howard, W. Hubbard, L. D. Jackel: *Backpropagation Applied to
  Handwritten Zip Code Recognition*, Neural Computation 1(4), 1989, pages 541–551,
  [doi:10.1162/neco.1989.1.4.541](https://doi.org/10.1162/neco.1989.1.4.541).
- P. Viola, M. Jones: *Rapid Object Detection Using a Boosted Cascade of Simple Features*, CVPR 2001,
  [doi:10.1109/CVPR.2001.990517](https://doi.org/10.1109/CVPR.2001.990517).
- N. Dalal, B. Triggs: *Histograms of Oriented Gradients for Human Detection*, CVPR 2005,
  [doi:10.1109/CVPR.2005.177](https://doi.org/10.1109/CVPR.2005.177).
- A. Krizhevsky, I. Sutskever, G. E. Hinton: *ImageNet Classification with Deep Convolutional Neural Networks*, NIPS
  2012,
  [proceedings.neurips.cc](https://proceedings.neurips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks).
- H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms*,
  2017, [arXiv:1708.07747](https://arxiv.org/abs/1708.07747).
- I. Goodfellow, Y. Bengio, A. Courville: *Deep Learning*, MIT Press 2016, sections 6.4.1 (universal approximation) and
  9.2 (sparse interactions, parameter sharing, equivariance),
  [deeplearningbook.org](https://www.deeplearningbook.org/contents/convnets.html).

## Your turn

[Assignment 01](../assignments/01_why_convolution/01_why_convolution.ipynb), about 80 minutes: you order the axes, move
pictures, count weights, find a cat's eye with a template, and measure equivariance with one number. Next comes
[lecture 02](02_convolution_1d.ipynb): the sliding dot product, taken apart in one dimension.
"""
