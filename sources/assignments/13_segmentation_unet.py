# %% [markdown]
r"""
# Assignment 13 · Segmentation and the U-Net

So far a network gave one answer per image. Now it gives one per pixel. You make masks from pictures that tell where they
are transparent, write the two scores and the loss that such answers are judged by, and build a U-Net: blocks, skip
connections, odd sizes and all. At the end you train it, for some seconds, to find emoji in front of photographs.

**You need** [lecture 13](../../lectures/13_segmentation_unet.ipynb) and PyTorch. **Time:** about four hours.
**Points:** 42.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. If
something is wrong, a check says what, shows one case, and tells you how to get that case back into your hands. A network is
checked as in assignment 09: the same weights are copied into yours and into the reference, and the layers may have any
names. When the assignment is graded, the same checks run with other numbers.

Five rules hold for every exercise.

- Images are (N, C, H, W). `logits` are (N, K, H, W): for each pixel one number per class. `masks` are (N, H, W) and int64:
  for each pixel the number of its class, from 0 to K − 1.
- Class 0 is the background.
- What you are given stays as it is, and new tensors are made on the device of those that you are given.
- A network returns logits. Softmax belongs to the loss.
- What is impossible raises `ValueError`, where the exercise asks for it; say in its message why.

You may use everything in `torch` and `torch.nn`, but neither `torchvision` nor `timm`, and no library that has scores.
"""

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from cnnkit import case, check, data, plotting

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"


def count_parameters(network):
    """Return the number of all entries of all parameters of a network."""
    return sum(p.numel() for p in network.parameters())


# %% [markdown]
r"""
The checks run your code on the GPU if PyTorch finds one, else on the processor. To choose, run
`%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. Masks for nothing

**Points 3 · difficulty 1/5 · about 15 minutes**

To draw masks by hand takes minutes per picture. Emoji come with theirs: the fourth channel, alpha, is 0 where the picture
is transparent, 255 where it is opaque, and in between along soft edges.

Turn alpha, a uint8 tensor (N, H, W), into masks: 1 where alpha is at least 128, else 0. If `labels` is given, (N,)
integers from 0, the pixels of object $i$ get the class `labels[i] + 1` instead of 1. *Why + 1?* Labels that are not one
per image raise `ValueError`.

The masks are int64, for `F.cross_entropy` takes classes in no other type.

<details><summary>Hint 1</summary>

`alpha >= 128` is a boolean tensor, and `.long()` makes int64 of it.
</details>

<details><summary>Hint 2</summary>

`labels[:, None, None]` has the shape (N, 1, 1), so it fits beside (N, H, W). `torch.where(condition, a, 0)` chooses.
</details>
"""


# %% solution="mask_from_alpha"
def mask_from_alpha(alpha, labels=None):
    """Return masks with 0 for the background and 1, or label + 1, for objects: (N, H, W) uint8, (N,) -> (N, H, W) int64."""
    ### BEGIN SOLUTION
    inside = alpha >= 128
    if labels is None:
        return inside.long()
    if labels.shape != (len(alpha),):
        raise ValueError(f"mask_from_alpha: {len(alpha)} images need as many labels, not the shape {tuple(labels.shape)}.")
    classes = labels.long() + 1  # 0 is the background's
    return torch.where(inside, classes[:, None, None], 0)
    ### END SOLUTION


# %% test="mask_from_alpha" points=1
# Check that pixels with an alpha value of at least 128 are 1, and the others 0.
check("13.mask_from_alpha", mask_from_alpha)
# By hand:
alpha = torch.tensor([[[0, 127, 128], [255, 1, 200]]], dtype=torch.uint8)
assert mask_from_alpha(alpha).tolist() == [[[0, 0, 1], [1, 0, 1]]]
assert mask_from_alpha(alpha).dtype == torch.int64
### BEGIN HIDDEN TESTS
check("13.mask_from_alpha", mask_from_alpha, hidden=True)
### END HIDDEN TESTS

# %% test="mask_from_alpha_labels" points=1
# Check that with labels the pixels of each object have its class, and the background has 0.
check("13.mask_from_alpha_labels", mask_from_alpha)
# By hand: an object of class 3 and one of class 0.
alpha = torch.tensor([[[0, 255]], [[255, 0]]], dtype=torch.uint8)
assert mask_from_alpha(alpha, torch.tensor([3, 0])).tolist() == [[[0, 4]], [[1, 0]]]
### BEGIN HIDDEN TESTS
check("13.mask_from_alpha_labels", mask_from_alpha, hidden=True)
### END HIDDEN TESTS

# %% test="mask_from_alpha_errors" points=1
# Check that labels which are not one per image raise ValueError.
check("13.mask_from_alpha_errors", mask_from_alpha)
### BEGIN HIDDEN TESTS
check("13.mask_from_alpha_errors", mask_from_alpha, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("13.mask_from_alpha_labels", 0)
print(*args, sep="\n")

# %% [markdown]
r"""
## 2. Intersection over union

**Points 4 · difficulty 2/5 · about 25 minutes**

How good is a predicted mask? If 95 % of the pixels are background, a network that says "background" everywhere has an
accuracy of 95 %. So count class by class. $P_c$ are the pixels predicted as $c$ (the class with the largest logit), $T_c$
those that the mask says are $c$:

$$\operatorname{IoU}_c = \frac{|P_c \cap T_c|}{|P_c \cup T_c|}$$

Count over *all pixels of the batch*, then divide: an average of the IoU of single images would give a picture with three
pixels of a class as much weight as one with a thousand. Return the K values as a floating-point tensor. Where a class is
neither predicted nor there, 0 / 0 is not known: NaN, so that nobody averages it in by mistake.

Masks that do not have the shape of the logits without their class axis, and masks with classes below 0 or from K on, raise
`ValueError`.

*On paper first:* a class has 40 pixels, 50 are predicted, 30 of them rightly. What is the IoU? And what does the background
have then, in a picture of 10×10?

<details><summary>Hint 1</summary>

$|P \cup T| = |P| + |T| - |P \cap T|$, or count the pixels of `(predicted == c) | (masks == c)`.
</details>

<details><summary>Hint 2</summary>

A loop over the classes is fine: `torch.stack` makes one tensor of their values. In tensors 0 / 0 *is* NaN, without your
help; in Python numbers it is an error.
</details>
"""


# %% solution="iou"
def iou(logits, masks):
    """Return the intersection over union of each class over the batch: (N, K, H, W), (N, H, W) int64 -> (K,)."""
    ### BEGIN SOLUTION
    n, classes, height, width = logits.shape
    if masks.shape != (n, height, width):
        raise ValueError(f"iou: logits {tuple(logits.shape)} need masks {(n, height, width)}, not {tuple(masks.shape)}.")
    if masks.min() < 0 or masks.max() >= classes:
        raise ValueError(f"iou: the classes are 0 to {classes - 1}, but the masks have {masks.min()} to {masks.max()}.")
    # Each pair (label, prediction) gets one number, so that one count makes the whole confusion matrix.
    pairs = classes * masks + logits.argmax(1)
    confusion = torch.bincount(pairs.flatten(), minlength=classes**2).reshape(classes, classes).to(logits.dtype)
    both = confusion.diagonal()
    return both / (confusion.sum(0) + confusion.sum(1) - both)
    ### END SOLUTION


# %% test="iou" points=2
# Check the IoU of each class over all pixels of a batch.
check("13.iou", iou)
# By hand: predicted 1 1 0 0, labelled 1 0 0 0. Class 0: 2 of 3 pixels, class 1: 1 of 2.
logits = torch.tensor([[0.0, 0.0, 2.0, 1.0], [1.0, 3.0, 0.0, 0.0]]).reshape(1, 2, 2, 2)
assert torch.allclose(iou(logits, torch.tensor([[[1, 0], [0, 0]]])).double(), torch.tensor([2 / 3, 1 / 2]).double())
### BEGIN HIDDEN TESTS
check("13.iou", iou, hidden=True)
### END HIDDEN TESTS

# %% test="iou_absent" points=1
# Check that a class which is neither there nor predicted gives NaN, and one that is only one of both gives 0.
check("13.iou_absent", iou)
# By hand: three classes, 0 predicted everywhere, labelled 0 and 1.
logits = torch.tensor([5.0, 0.0, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 1, 2)
scores = iou(logits, torch.tensor([[[0, 1]]]))
assert scores[:2].tolist() == [0.5, 0.0]
assert scores[2].isnan()
### BEGIN HIDDEN TESTS
check("13.iou_absent", iou, hidden=True)
### END HIDDEN TESTS

# %% test="iou_errors" points=1
# Check that masks of another shape, or with classes that do not exist, raise ValueError.
check("13.iou_errors", iou)
### BEGIN HIDDEN TESTS
check("13.iou_errors", iou, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. The Dice loss

**Points 5 · difficulty 3/5 · about 30 minutes**

IoU counts decisions, and a decision has no gradient. Replace it by the probability $p_{nc}(y, x)$ that a softmax over the
classes gives, and the counts by sums. With $t_{nc}(y, x) = 1$ where the mask says $c$, else 0, the *soft Dice coefficient*
of class $c$ and the loss are

$$D_c = \frac{2 \sum p_c\, t_c + \varepsilon}{\sum p_c + \sum t_c + \varepsilon}, \qquad
L = 1 - \frac{1}{K} \sum_{c=0}^{K-1} D_c .$$

The sums run over all pixels of all images of the batch. The mean is over all K classes, the background included. `eps`,
$\varepsilon$, keeps a class without pixels from giving 0 / 0. (V-Net, which brought this loss in 2016, squares the
probabilities in the denominator. We do not.)

Return a tensor with one number, on which `backward()` can be called. Masks that do not have the shape of the logits without
their class axis raise `ValueError`.

*Think first:* which loss has a perfect prediction? And which one a network that is sure of the background everywhere, where
95 of 100 pixels are background, and there is one other class?

<details><summary>Hint 1</summary>

`F.one_hot(masks, K)` is (N, H, W, K): its class axis must go to the place that it has in the logits.
</details>

<details><summary>Hint 2</summary>

`(p * t).sum((0, 2, 3))` sums over images, rows and columns, and leaves the classes: shape (K,).
</details>
"""


# %% solution="dice_loss"
def dice_loss(logits, masks, eps=1e-6):
    """Return 1 minus the mean soft Dice coefficient of the classes: (N, K, H, W), (N, H, W) int64 -> ()."""
    ### BEGIN SOLUTION
    n, classes, height, width = logits.shape
    if masks.shape != (n, height, width):
        raise ValueError(f"dice_loss: logits {tuple(logits.shape)} need masks {(n, height, width)}, not {tuple(masks.shape)}.")
    p = logits.softmax(1)
    t = F.one_hot(masks, classes).movedim(-1, 1).to(p.dtype)  # (N, K, H, W)
    axes = (0, 2, 3)
    dice = (2 * (p * t).sum(axes) + eps) / (p.sum(axes) + t.sum(axes) + eps)
    return 1 - dice.mean()
    ### END SOLUTION


# %% test="dice_loss" points=2
# Check the value of the loss, for two and for more classes, with a class that is absent, and with another eps.
check("13.dice_loss", dice_loss)
# By hand: two pixels with probabilities 3/4 and 1/4, labelled 0 and 1. D_0 = 2·(3/4) / (3/2 + 1), D_1 = 2·(1/4) / (1/2 + 1).
logits = torch.tensor([3.0, 1.0]).log().reshape(1, 2, 1, 1).expand(1, 2, 1, 2)
loss = dice_loss(logits, torch.tensor([[[0, 1]]]), eps=0.0)
assert abs(loss.item() - (1 - (0.6 + 1 / 3) / 2)) < 1e-6
### BEGIN HIDDEN TESTS
check("13.dice_loss", dice_loss, hidden=True)
### END HIDDEN TESTS

# %% test="dice_loss_gradient" points=2
# Check that value and gradient of the logits are right.
check("13.dice_loss_gradient", dice_loss)
### BEGIN HIDDEN TESTS
check("13.dice_loss_gradient", dice_loss, hidden=True)
### END HIDDEN TESTS

# %% test="dice_loss_errors" points=1
# Check that masks of another shape raise ValueError.
check("13.dice_loss_errors", dice_loss)
### BEGIN HIDDEN TESTS
check("13.dice_loss_errors", dice_loss, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Both losses on one picture: 100 pixels, 5 of them an object. A network that knows nothing says the same everywhere, with
probability $q$ for the object. *For which $q$ are the losses smallest? And how far from 0 are they there?*
"""

# %%
masks = torch.zeros(1, 10, 10, dtype=torch.int64)
masks[0, 0, :5] = 1
q = torch.linspace(0.01, 0.99, 99)
same = [torch.tensor([1 - value, value]).log().reshape(1, 2, 1, 1).expand(1, 2, 10, 10) for value in q.tolist()]
curves = {
    "cross-entropy": (torch.stack([F.cross_entropy(logits, masks) for logits in same]), plotting.VERMILLION),
    "Dice loss": (torch.stack([dice_loss(logits, masks) for logits in same]), plotting.BLUE),
}
fig, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
for name, (losses, colour) in curves.items():
    lowest = losses.argmin()
    axis.plot(q, losses, color=colour, label=name)
    axis.plot(q[lowest], losses[lowest], "o", color=colour)
    print(f"{name}: smallest at q = {q[lowest]:.2f}, where it is {losses[lowest]:.2f}")
axis.set(xlabel="probability q of the object, the same for all pixels", ylabel="loss", ylim=(0, 2))
axis.set_title("Finding nothing costs little cross-entropy, but half of the Dice loss")
axis.legend()
plotting.show(fig, "Both losses are smallest near q = 0.05. Cross-entropy is about 0.2 there, the Dice loss about 0.5.")

# %% [markdown]
r"""
Look at the two dots. Both are near the share of the object, 5 of 100, and neither network has found anything. But
cross-entropy is close to 0 already: it is a mean over pixels, and nearly all of them are background, and easy. In the
Dice loss the object counts as much as the background, however small it is. In practice the two losses are often added:
cross-entropy pulls at every pixel, and Dice does not let a small class be forgotten.

## 4. The checkerboard, counted

**Points 3 · difficulty 2/5 · about 20 minutes**

A transposed convolution enlarges: the input at row $i$ and column $j$ writes, that is, adds, a square of $k \times k$
values to the output, whose upper left corner is at row $i \cdot s$ and column $j \cdot s$, where $s$ is the stride. So an
input of $h \times w$ gives an output of $((h-1)\,s + k) \times ((w-1)\,s + k)$.

Some output pixels are written by more inputs than others. Count them: `overlap_counts(h, w, k, stride)` returns, for each
output pixel, by how many inputs it is written. Whole numbers, as a tensor. Arguments below 1 raise `ValueError`.

*On paper first:* draw $h = w = 2$, $k = 3$, stride 2. Which pixel is written four times?

<details><summary>Hint 1</summary>

Start with zeros. For each input add 1 to its square: `counts[i * stride : i * stride + k, …] += 1`.
</details>

<details><summary>Hint 2</summary>

Or let PyTorch do it: what does `F.conv_transpose2d` give for an input of ones and a kernel of ones?
</details>
"""


# %% solution="overlap_counts"
def overlap_counts(h, w, k, stride):
    """Count the inputs that write each output of a transposed convolution -> ((h-1)*stride + k, (w-1)*stride + k) int64."""
    ### BEGIN SOLUTION
    if min(h, w, k, stride) < 1:
        raise ValueError(f"overlap_counts: h, w, k and stride must be at least 1, not {h}, {w}, {k}, {stride}.")
    counts = torch.zeros((h - 1) * stride + k, (w - 1) * stride + k, dtype=torch.int64)
    for i in range(h):
        for j in range(w):
            counts[i * stride : i * stride + k, j * stride : j * stride + k] += 1
    return counts
    ### END SOLUTION


# %% test="overlap_counts" points=2
# Check how many inputs write each output pixel.
check("13.overlap_counts", overlap_counts)
# By hand: two inputs side by side, 3×3, stride 2. The middle column is written twice.
assert torch.as_tensor(overlap_counts(1, 2, 3, 2)).tolist() == [[1, 1, 2, 1, 1]] * 3
### BEGIN HIDDEN TESTS
check("13.overlap_counts", overlap_counts, hidden=True)
### END HIDDEN TESTS

# %% test="overlap_counts_errors" points=1
# Check that arguments below 1 raise ValueError.
check("13.overlap_counts_errors", overlap_counts)
### BEGIN HIDDEN TESTS
check("13.overlap_counts_errors", overlap_counts, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
*Which of these four will be even inside, apart from the border?*
"""

# %%
plans = [(3, 2), (2, 2), (4, 2), (5, 3)]
fig, axes = plt.subplots(1, 4, figsize=(9, 2.6), layout="constrained")
for axis, (k, stride) in zip(axes, plans, strict=True):
    drawn = axis.imshow(torch.as_tensor(overlap_counts(6, 6, k, stride)), vmin=0, vmax=4)
    axis.set(title=f"kernel {k}×{k}, stride {stride}", xlabel="column", xticks=range(0, 20, 5), yticks=range(0, 20, 5))
    axis.grid(False)
    axis.set(xlim=(-0.5, 5 * stride + k - 0.5), ylim=(5 * stride + k - 0.5, -0.5))
axes[0].set_ylabel("row")
fig.colorbar(drawn, ax=axes, ticks=range(5), label="inputs that write a pixel", shrink=0.8)
plotting.show(fig, "Counts of overlaps: checkerboards for 3 and 2, and for 5 and 3; even inside for 2 and 2, and for 4 and 2.")

# %% [markdown]
r"""
Look at the insides. Where the stride divides the kernel size, every pixel is written equally often. Else there is a
pattern, before the network has learned anything (Odena, Dumoulin and Olah 2016, *Deconvolution and checkerboard artifacts*).
The U-Net takes 2×2 with stride 2: squares side by side.

## 5. Two convolutions

**Points 4 · difficulty 1/5 · about 15 minutes**

A U-Net is made of one pair, again and again: convolution 3×3, batch norm, ReLU, and the same once more. The first
convolution takes `c_in` channels to `c_out`, the second keeps `c_out`. Padding 1 keeps height and width. The convolutions
have no bias. *Why not?*

(The U-Net of 2015 had biases, no batch norm and no padding, so its planes shrank by four pixels per pair.)

<details><summary>Hint</summary>

Six layers in a row: one `nn.Sequential`, and `forward` is one line.
</details>
"""


# %% solution="DoubleConv"
class DoubleConv(nn.Module):
    """Twice convolution 3×3, batch norm and ReLU: (N, c_in, H, W) -> (N, c_out, H, W)."""

    def __init__(self, c_in, c_out):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),  # batch norm brings its own shift
            nn.BatchNorm2d(c_out),
            nn.ReLU(),
            nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(),
        )
        ### END SOLUTION

    def forward(self, x):
        """Return what the six layers make of x."""
        ### BEGIN SOLUTION
        return self.layers(x)
        ### END SOLUTION


# %% test="DoubleConv" points=2
# Check that two convolutions, each with batch norm and ReLU, give the right output.
check("13.DoubleConv", DoubleConv)
assert DoubleConv(3, 8)(torch.zeros(2, 3, 5, 6)).shape == (2, 8, 5, 6)
### BEGIN HIDDEN TESTS
check("13.DoubleConv", DoubleConv, hidden=True)
### END HIDDEN TESTS

# %% test="DoubleConv_training" points=1
# Check the pair in training: output, gradients, running statistics, and the output in evaluation after that.
check("13.DoubleConv_training", DoubleConv)
### BEGIN HIDDEN TESTS
check("13.DoubleConv_training", DoubleConv, hidden=True)
### END HIDDEN TESTS

# %% test="DoubleConv_parameters" points=1
# Check that the parameters are those of the pair, no more and no fewer.
check("13.DoubleConv_parameters", DoubleConv)
# By hand: two kernels, and γ and β of two batch norms.
assert count_parameters(DoubleConv(3, 64)) == 64 * 3 * 9 + 64 * 64 * 9 + 2 * 2 * 64
### BEGIN HIDDEN TESTS
check("13.DoubleConv_parameters", DoubleConv, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Up again

**Points 6 · difficulty 3/5 · about 35 minutes**

One step of the expanding path has two inputs: `x`, (N, c_in, h, w), comes from below, few pixels and many channels. `skip`,
(N, c_out, H, W), was set aside on the way down, before the pooling that made $h = \lfloor H/2 \rfloor$ and
$w = \lfloor W/2 \rfloor$.

1. `x` goes through a transposed convolution, 2×2 with stride 2, to `c_out` channels. It has a bias.
2. If $H$ or $W$ is odd, pooling dropped the last row or column. So add it again: zeros, *at the bottom and at the right*,
   until height and width are those of `skip`.
3. The channels of both are put one behind the other, `skip` first: 2 · `c_out` channels.
4. Your `DoubleConv` takes them to `c_out`.

`forward(x, skip)` returns (N, c_out, H, W).

<details><summary>Hint 1</summary>

`nn.ConvTranspose2d(c_in, c_out, 2, stride=2)`. Unlike `nn.Conv2d`, its weight has the shape (c_in, c_out, 2, 2). And do not
call a layer `self.double`: every module has a method of that name, which turns its weights into float64.
</details>

<details><summary>Hint 2</summary>

`F.pad(x, (left, right, top, bottom))`: the last axis comes first. Padding by 0 does nothing, so no `if` is needed.
</details>

<details><summary>Hint 3</summary>

`torch.cat((a, b), dim)`: which axis holds the channels?
</details>
"""


# %% solution="Up"
class Up(nn.Module):
    """Enlarge x, join it with the skip, and convolve twice: (N, c_in, h, w), (N, c_out, H, W) -> (N, c_out, H, W)."""

    def __init__(self, c_in, c_out):
        super().__init__()
        ### BEGIN SOLUTION
        self.up = nn.ConvTranspose2d(c_in, c_out, 2, stride=2)
        self.conv = DoubleConv(2 * c_out, c_out)
        ### END SOLUTION

    def forward(self, x, skip):
        """Return planes of the skip's size."""
        ### BEGIN SOLUTION
        x = self.up(x)
        rows, columns = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
        x = F.pad(x, (0, columns, 0, rows))  # pooling dropped what was last, so it is the last that is missing
        return self.conv(torch.cat((skip, x), dim=1))
        ### END SOLUTION


# %% test="Up" points=2
# Check a step up where sizes are even.
check("13.Up", Up)
assert Up(8, 4)(torch.zeros(2, 8, 3, 5), torch.zeros(2, 4, 6, 10)).shape == (2, 4, 6, 10)
### BEGIN HIDDEN TESTS
check("13.Up", Up, hidden=True)
### END HIDDEN TESTS

# %% test="Up_odd" points=2
# Check that a row and a column of zeros are added where the skip has an odd size.
check("13.Up_odd", Up)
assert Up(8, 4)(torch.zeros(2, 8, 3, 5), torch.zeros(2, 4, 7, 11)).shape == (2, 4, 7, 11)
### BEGIN HIDDEN TESTS
check("13.Up_odd", Up, hidden=True)
### END HIDDEN TESTS

# %% test="Up_training" points=1
# Check a step up in training: output, gradients of both inputs and all parameters, running statistics.
check("13.Up_training", Up)
### BEGIN HIDDEN TESTS
check("13.Up_training", Up, hidden=True)
### END HIDDEN TESTS

# %% test="Up_parameters" points=1
# Check that the parameters are those of the step, no more and no fewer.
check("13.Up_parameters", Up)
# By hand: the transposed kernel and its bias, and a DoubleConv from 128 to 64 channels.
assert count_parameters(Up(128, 64)) == 128 * 64 * 4 + 64 + 64 * 128 * 9 + 64 * 64 * 9 + 2 * 2 * 64
### BEGIN HIDDEN TESTS
check("13.Up_parameters", Up, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. The U-Net

**Points 7 · difficulty 4/5 · about 40 minutes**

Now the whole (Ronneberger, Fischer and Brox 2015, *U-Net*). `depth` counts the poolings.

- **Down.** A `DoubleConv` from `c_in` to `width` channels. Set the result aside, then pool: the maximum of 2×2. At every
  level the channels double: level $i$ has $\text{width} \cdot 2^i$ of them, $i = 0, \dots, \text{depth}$.
- **Bottom.** Level `depth` is a `DoubleConv`, too, and nothing follows it: there are `depth` poolings and `depth + 1`
  `DoubleConv`s.
- **Up.** `depth` times `Up`, each of which halves the channels and takes what was set aside at its level, the last first.
- **Head.** A 1×1 convolution with bias from `width` to `classes` channels gives the logits.

The result has height and width of the image, whatever they are, as long as a pixel is left at the bottom.

*On paper first:* which sizes and channels have the planes of `UNet(3, 2)` for an image of 50×64, on the way down and up?

<details><summary>Hint 1</summary>

Blocks in a plain Python list are no part of the network: use `nn.ModuleList`.
</details>

<details><summary>Hint 2</summary>

On the way down, `skips.append(x)` before the pooling. On the way up, `skips.pop()` gives the last one.
</details>

<details><summary>Hint 3</summary>

Between level $i$ and level $i + 1$ the channels go from `width * 2**i` to `width * 2**(i + 1)`. Make a list of these pairs:
the way down takes them in this order, the way up reversed.
</details>
"""


# %% solution="UNet"
class UNet(nn.Module):
    """A U-Net with `depth` poolings: (N, c_in, H, W) -> logits (N, classes, H, W)."""

    def __init__(self, c_in, classes, width=16, depth=3):
        super().__init__()
        ### BEGIN SOLUTION
        pairs = [(width * 2**i, width * 2 ** (i + 1)) for i in range(depth)]
        self.first = DoubleConv(c_in, width)
        self.downs = nn.ModuleList(DoubleConv(narrow, wide) for narrow, wide in pairs)
        self.ups = nn.ModuleList(Up(wide, narrow) for narrow, wide in reversed(pairs))
        self.head = nn.Conv2d(width, classes, 1)
        ### END SOLUTION

    def forward(self, x):
        """Return the logits of every pixel."""
        ### BEGIN SOLUTION
        x = self.first(x)
        skips = []
        for down in self.downs:
            skips.append(x)
            x = down(F.max_pool2d(x, 2))
        for up in self.ups:
            x = up(x, skips.pop())
        return self.head(x)
        ### END SOLUTION


# %% test="UNet" points=3
# Check that U-Nets of several widths and depths give the right logits.
check("13.UNet", UNet)
assert UNet(3, 5, width=4)(torch.zeros(2, 3, 16, 24)).shape == (2, 5, 16, 24)
### BEGIN HIDDEN TESTS
check("13.UNet", UNet, hidden=True)
### END HIDDEN TESTS

# %% test="UNet_odd" points=1
# Check that an image of any size gives logits of that size.
check("13.UNet_odd", UNet)
assert UNet(3, 5, width=4)(torch.zeros(2, 3, 17, 27)).shape == (2, 5, 17, 27)
### BEGIN HIDDEN TESTS
check("13.UNet_odd", UNet, hidden=True)
### END HIDDEN TESTS

# %% test="UNet_training" points=2
# Check the U-Net in training: output, gradients, running statistics, and the output in evaluation after that.
check("13.UNet_training", UNet)
### BEGIN HIDDEN TESTS
check("13.UNet_training", UNet, hidden=True)
### END HIDDEN TESTS

# %% test="UNet_parameters" points=1
# Check that the parameters are those of the U-Net, no more and no fewer.
check("13.UNet_parameters", UNet)


# By hand, for one pooling: two DoubleConvs on the way down, one step up, one head.
def pair(c_in, c_out):
    """Return the number of parameters of a DoubleConv."""
    return c_out * c_in * 9 + c_out * c_out * 9 + 2 * 2 * c_out


step_up = 16 * 8 * 4 + 8 + pair(16, 8)
assert count_parameters(UNet(3, 2, width=8, depth=1)) == pair(3, 8) + pair(8, 16) + step_up + (2 * 8 + 2)
### BEGIN HIDDEN TESTS
check("13.UNet_parameters", UNet, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
The U-Net of the paper has width 64 and depth 4. *How many parameters, in millions? And where are most of them: at the top,
where the planes are large, or at the bottom?*
"""

# %%
with torch.device("meta"):  # shapes only: no memory is needed for weights that nobody reads
    network = UNet(1, 2, width=64, depth=4)
print(f"{count_parameters(network):,} parameters")
of_level = {}
for p in network.parameters():
    channels = max(p.shape[:2])
    of_level[channels] = of_level.get(channels, 0) + p.numel()
for channels, n in sorted(of_level.items()):
    print(f"layers with up to {channels:4} channels: {n / count_parameters(network):6.1%}")

# %% [markdown]
r"""
## 8. Find the bugs: a pair must stay a pair

**Points 4 · difficulty 3/5 · about 20 minutes**

In segmentation an augmentation has two victims. `augment_pair` mirrors the images for which `mirrored`, (N,) bool, is True.
Then it cuts a window of `H // factor` rows and `W // factor` columns out of all images, with its upper left corner at row
`top` and column `left`, and enlarges it by the whole number `factor`. The images are interpolated bilinearly with
`align_corners=False`. Image and mask must go on fitting each other, pixel by pixel.

Somebody wrote it down in a hurry. It runs, a network even learns from it, and two things in it are wrong.
"""


# %%
def hurried_pair(images, masks, mirrored, top, left, factor):
    """Mirror some images, cut a window out of all, and enlarge it."""
    height, width = images.shape[2] // factor, images.shape[3] // factor
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    images = images[:, :, top : top + height, left : left + width]
    masks = masks[:, top : top + height, left : left + width]
    images = F.interpolate(images, scale_factor=factor, mode="bilinear", align_corners=False)
    masks = F.interpolate(masks[:, None].float(), scale_factor=factor, mode="bilinear", align_corners=False)
    return images, masks[:, 0].long()


masks = torch.zeros(1, 4, 8, dtype=torch.int64)
masks[:, :, 2:4] = 3  # an upright bar of class 3
images = masks[:, None].float()  # an image that shows its own mask
enlarged, enlarged_masks = hurried_pair(images, masks, torch.tensor([False]), 0, 0, 2)
print("the classes in the mask: ", masks.unique().tolist(), "before and", enlarged_masks.unique().tolist(), "after")
turned, turned_masks = hurried_pair(images, masks, torch.tensor([True]), 0, 0, 1)
print("the first row of the image:", turned[0, 0, 0].long().tolist())
print("and of its mask:           ", turned_masks[0, 0].tolist())

# %% [markdown]
r"""
*Find both before you type.* Write the repaired function as `augment_pair`.

<details><summary>Hint 1</summary>

Look at the classes that the first line prints. Where do 1 and 2 come from? Between a cat (1) and a car (3) there is no dog.
</details>

<details><summary>Hint 2</summary>

Compare the last two lines.
</details>

<details><summary>Hint 3</summary>

`t.repeat_interleave(factor, dim)` repeats every entry along one axis. `F.interpolate` with `mode="nearest"` does it as well,
but wants floating-point numbers and a channel axis.
</details>
"""


# %% solution="augment_pair"
def augment_pair(images, masks, mirrored, top, left, factor):
    """Mirror, cut and enlarge images (N, C, H, W) and masks (N, H, W) alike; mirrored (N,) bool, top, left, factor int."""
    ### BEGIN SOLUTION
    height, width = images.shape[2] // factor, images.shape[3] // factor
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    masks = torch.where(mirrored[:, None, None], masks.flip(-1), masks)
    images = images[:, :, top : top + height, left : left + width]
    masks = masks[:, top : top + height, left : left + width]
    images = F.interpolate(images, scale_factor=factor, mode="bilinear", align_corners=False)
    # Classes are names, not quantities: there is nothing between two of them.
    masks = masks.repeat_interleave(factor, -2).repeat_interleave(factor, -1)
    return images, masks
    ### END SOLUTION


# %% test="augment_pair" points=4
# Check that images and masks are mirrored, cut and enlarged alike, and that no class appears that was not there.
check("13.augment_pair", augment_pair)
# By hand: mirrored, the right half is the left one; enlarged by 2, each label fills four pixels.
masks = torch.tensor([[[0, 0, 3, 0], [0, 0, 3, 3]]])
_, found = augment_pair(masks[:, None].float(), masks, torch.tensor([True]), 0, 0, 2)
assert found.tolist() == [[[0, 0, 3, 3], [0, 0, 3, 3]]]
### BEGIN HIDDEN TESTS
check("13.augment_pair", augment_pair, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 9. Train it, and look

**Points 3 · difficulty 2/5 · about 20 minutes**

One function is missing. `predict_masks(model, images)` returns the masks that a network predicts: for each pixel the class
with the largest logit, (N, H, W) integers. While it predicts, the network is in evaluation mode and no gradients are
recorded. Afterwards every module of it is in the mode that it had before, training or evaluation. (A batch norm that somebody
fixed stays fixed.)

<details><summary>Hint 1</summary>

`modes = {module: module.training for module in model.modules()}` remembers, and `module.training = mode` restores.
</details>
"""


# %% solution="predict_masks"
def predict_masks(model, images):
    """Return the most probable class of each pixel: module, (N, C, H, W) -> (N, H, W) int64."""
    ### BEGIN SOLUTION
    # Module by module: a frozen layer may be in evaluation mode while the network around it is in training.
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            return model(images).argmax(1)
    finally:
        for module, mode in modes.items():
            module.training = mode
    ### END SOLUTION


# %% test="predict_masks" points=2
# Check that every pixel gets its most probable class.
check("13.predict_masks", predict_masks)
# By hand: a network that returns its input, with the logits of two pixels in three classes.
logits = torch.tensor([[0.0, 2.0], [1.0, -1.0], [0.5, 3.0]]).reshape(1, 3, 1, 2)
assert predict_masks(nn.Identity(), logits).tolist() == [[[1, 2]]]
### BEGIN HIDDEN TESTS
check("13.predict_masks", predict_masks, hidden=True)
### END HIDDEN TESTS

# %% test="predict_masks_modes" points=1
# Check that the network predicts in evaluation mode, without gradients, and that all modes are as before.
check("13.predict_masks_modes", predict_masks)
### BEGIN HIDDEN TESTS
check("13.predict_masks_modes", predict_masks, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Now the pictures: emoji, half as large as they come, somewhere in front of a piece of a photograph. Emoji and photographs of
the test are others than those of the training.
"""

# %%
SIDE, EMOJI_SIDE = 48, 32
TRAIN_PHOTOGRAPHS = ("astronaut", "rocket", "retina", "immunohistochemistry", "hubble_deep_field")
TEST_PHOTOGRAPHS = ("chelsea", "coffee")
photographs = {
    name: torch.from_numpy(data.photograph(name, size=160)).permute(2, 0, 1).float() / 255
    for name in TRAIN_PHOTOGRAPHS + TEST_PHOTOGRAPHS
}
rgba, labels, _ = data.emoji_rgba()
emoji = F.avg_pool2d(torch.from_numpy(rgba).permute(0, 3, 1, 2).float() / 255, 64 // EMOJI_SIDE)
train_indices, test_indices = data.stratified_split(labels, 24, 8, seed=13)


def compose(indices, names, seed):
    """Put each emoji somewhere in front of a piece of a photograph: images (N, 3, SIDE, SIDE) in 0..1, masks (N, SIDE, SIDE)."""
    generator = torch.Generator().manual_seed(seed)

    def draw(high):
        return int(torch.randint(high, (), generator=generator))

    images, alphas = [], torch.zeros(len(indices), SIDE, SIDE)
    for number, index in enumerate(indices):
        photograph = photographs[names[draw(len(names))]]
        y, x = draw(photograph.shape[1] - SIDE), draw(photograph.shape[2] - SIDE)
        image = photograph[:, y : y + SIDE, x : x + SIDE].clone()
        y, x = draw(SIDE - EMOJI_SIDE), draw(SIDE - EMOJI_SIDE)
        place = (slice(y, y + EMOJI_SIDE), slice(x, x + EMOJI_SIDE))
        colour, alpha = emoji[index, :3], emoji[index, 3]
        image[:, *place] = alpha * colour + (1 - alpha) * image[:, *place]
        alphas[number, *place] = alpha
        images.append(image)
    return torch.stack(images).to(device), mask_from_alpha((255 * alphas).round().byte().to(device))


test_images, test_masks = compose(test_indices, TEST_PHOTOGRAPHS, seed=0)
print(f"{len(train_indices)} emoji to learn from, {len(test_indices)} to be tested on")
print(f"{test_masks.float().mean():.0%} of the test's pixels belong to an emoji")
plotting.show_images(test_images[:6].cpu(), columns=6, alt="Six emoji in front of pieces of photographs of a cat and of coffee.")

# %% [markdown]
r"""
A small U-Net, some epochs, both losses added. In every epoch the emoji are put somewhere else, and your `augment_pair`
mirrors some. *A network that says "emoji" everywhere: which IoU has it for the emoji? That is the number to beat.*
"""

# %%
torch.manual_seed(13)
network = UNet(3, 2, width=8, depth=3).to(device)
optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
epochs, batch = 15, 16
for epoch in range(1, epochs + 1):
    train_images, train_masks = compose(train_indices, TRAIN_PHOTOGRAPHS, seed=epoch)
    losses = []
    for part in torch.randperm(len(train_images)).to(device).split(batch):
        mirrored = (torch.rand(len(part)) < 0.5).to(device)
        images, masks = augment_pair(train_images[part], train_masks[part], mirrored, 0, 0, 1)
        logits = network(images)
        loss = F.cross_entropy(logits, masks) + dice_loss(logits, masks)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if epoch in (1, epochs):
        print(f"epoch {epoch:2}: mean loss {sum(losses) / len(losses):.3f}")
predicted = predict_masks(network, test_images)
scores = iou(F.one_hot(predicted, 2).movedim(-1, 1).float(), test_masks)
everywhere = test_masks.float().mean().item()
print(f"IoU of the emoji {scores[1]:.2f}, of the background {scores[0]:.2f}; 'emoji' everywhere would have {everywhere:.2f}")

# %%
pairs = [(F.one_hot(p, 2).movedim(-1, 0)[None].float(), m[None]) for p, m in zip(predicted, test_masks, strict=True)]
single = torch.stack([iou(p, m)[1] for p, m in pairs])
order = single.argsort()
chosen = torch.cat((order[:3], order[-3:]))
fig, axes = plt.subplots(3, 6, figsize=(8, 4.3), layout="constrained")
for column, index in enumerate(chosen.tolist()):
    for row, picture in enumerate((test_images[index].permute(1, 2, 0), test_masks[index], predicted[index])):
        axes[row, column].imshow(picture.cpu(), cmap="gray", vmin=0, vmax=1)
        axes[row, column].set_xticks([])
        axes[row, column].set_yticks([])
    axes[0, column].set_title(f"IoU {single[index]:.2f}")
for axis, name in zip(axes[:, 0], ("image", "mask", "predicted"), strict=True):
    axis.set_ylabel(name)
plotting.show(fig, "Three columns with the worst and three with the best predictions: image, mask and predicted mask.")

# %% [markdown]
r"""
Look at the three columns at the left, which are the worst of all. Where is the network wrong: at the edges, inside of large
areas of one colour, or in the photograph? Then at the right: how well does it follow thin parts? It has seen
144 emoji, for some seconds, and neither an emoji nor a photograph of the test.

## 10. In your own words

**Points 3 · difficulty 3/5 · about 15 minutes**

1. Without skip connections a network of the same depth finds the emoji, too, but their outlines are round and smooth. Where
   is what it lacks lost, and why can the expanding path not make up for it?
2. A colleague reports "pixel accuracy 97 %" for a network that finds tumours. What do you ask for, and why?
3. Your Dice loss has `eps = 1`. A batch holds no pixel of a class, and the network predicts none. What would the loss of that
   class be with `eps = 0`? What is it with `eps = 1`? And what does `eps = 1` do to a class with two pixels?
"""

# %% [markdown] manual="explain_masks" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. In the pooling. Of four values one goes on, and where in the square it stood is not passed on; after $d$ poolings a
   position is known to $2^d$ pixels. The expanding path sees only what comes from below: it can guess smooth outlines, but
   not where an edge was. The skip hands over the planes from before the pooling, so that what is there comes from below and
   where exactly from the side.
2. For the share of tumour pixels, and for IoU or Dice of that class (and how they spread over patients). If 3 % of the pixels
   are tumour, "healthy" everywhere has an accuracy of 97 %.
3. With `eps = 0` it is 0 / 0, NaN, and all weights are NaN after the next step. (With probabilities that are small but not
   zero, $D_c = 0$ exactly, whatever they are, so that the loss is 1 without a gradient.) With `eps = 1`, $D_c$ is about
   1 / 1 and the loss near 0, as it should be. A class with two pixels is judged mildly: if both are missed,
   $D_c = 1 / (2 + 1) = 1/3$ instead of 0. So `eps` must be small against the smallest object that counts.
### END SOLUTION
"""

# %% [markdown]
r"""
You have built a network that answers in pictures. [Lecture 14](../../lectures/14_beyond_images.ipynb) leaves the image: the
same convolutions on sound, on DNA and in volumes.
"""
