# %% [markdown]
r"""
# Assignment 09 · From LeNet to ResNet

You build the networks that made history, block by block: LeNet-5, the block of VGG, the block of GoogLeNet, the two blocks
of ResNet. At the end you have a ResNet-18 that takes the weights of PyTorch's own and answers as it does, to the last digit.

**You need** [lecture 09](../../lectures/09_lenet_to_resnet.ipynb) and PyTorch. **Time:** about four hours.
**Points:** 46.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
copies the same weights into your network and into PyTorch's, and compares what they compute. It finds out by itself which
of your layers is which: so, until exercise 7, they may have any names. If something is wrong, it says what, and tells you
how to get that case back into your hands. When the assignment is graded, the same checks run with other numbers.

Four rules hold for every exercise.

- A batch `x` has shape (N, C, H, W). A network leaves the batch that it is given as it is.
- A network works on the device and in the dtype to which it was moved, with `network.to(...)`. So make no tensors of your
  own in `forward`.
- It learns in training mode and answers in evaluation mode: use PyTorch's layers, which know the difference.
- The last layer of a classifier gives logits. Softmax belongs to the loss.

You may use everything in `torch` and `torch.nn`, but no finished networks: `torchvision.models` and `timm` are refused.
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
The checks run your networks on the GPU if PyTorch finds one, else on the processor. To choose, run
`%env CNNKIT_DEVICE=cpu` (or `cuda`) before the first check.

## 1. LeNet-5

**Points 6 · difficulty 2/5 · about 25 minutes**

The network of 1998 reads a grey picture of 32×32, so `x` is (N, 1, 32, 32), and returns (N, classes). It is built in a
row:

| layer | gives |
|---|---|
| convolution 5×5, 6 kernels, no padding; ReLU | 6×28×28 |
| maximum of 2×2 | 6×14×14 |
| convolution 5×5, 16 kernels, no padding; ReLU | 16×10×10 |
| maximum of 2×2 | 16×5×5 |
| flatten, dense 120; ReLU | 120 |
| dense 84; ReLU | 84 |
| dense, as many units as classes | classes |

All layers have biases. Two things are of our time: in 1998 the activation was a scaled tanh, and the pooling was a mean
with a learned factor and a learned bias. The rest is LeCun's idea; his second convolution saw only some of the six planes
at a time, and yours sees them all.

*On paper first:* count the parameters of each layer, for ten classes. The sum must be 61,706.

<details><summary>Hint 1</summary>

`nn.Module` wants two methods. `__init__` makes the layers, once. `forward` uses them, in every call. A layer that is made
in `forward` has new weights in each call and never learns.
</details>

<details><summary>Hint 2</summary>

The whole network is a row, so one `nn.Sequential` holds it, with `nn.Flatten()` between the two halves. Then `forward` is
one line.
</details>

<details><summary>Hint 3</summary>

How many values does the first dense layer get? Follow height and width through the table. Whoever pads the convolutions
gets 1024, and another network.
</details>
"""


# %% solution="LeNet5"
class LeNet5(nn.Module):
    """LeNet-5 with ReLU and max pooling: (N, 1, 32, 32) -> logits (N, classes)."""

    def __init__(self, classes=10):
        super().__init__()
        ### BEGIN SOLUTION
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),  # 28 -> 14
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),  # 10 -> 5
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )
        ### END SOLUTION

    def forward(self, x):
        """Return the logits of a batch."""
        ### BEGIN SOLUTION
        return self.classifier(self.features(x))
        ### END SOLUTION


# %% test="LeNet5" points=3
# Check that LeNet-5 gives the right logits, also for other numbers of classes.
check("09.LeNet5", LeNet5)
assert LeNet5()(torch.zeros(4, 1, 32, 32)).shape == (4, 10)
### BEGIN HIDDEN TESTS
check("09.LeNet5", LeNet5, hidden=True)
### END HIDDEN TESTS

# %% test="LeNet5_training" points=2
# Check that a random upstream gradient reaches the input and all parameters.
check("09.LeNet5_training", LeNet5)
### BEGIN HIDDEN TESTS
check("09.LeNet5_training", LeNet5, hidden=True)
### END HIDDEN TESTS

# %% test="LeNet5_parameters" points=1
# Check that the parameters are those of LeNet-5, no more and no fewer.
check("09.LeNet5_parameters", LeNet5)
# By hand: kernels and biases of the two convolutions, weights and biases of the three dense layers.
convolutions = 6 * (1 * 5 * 5 + 1) + 16 * (6 * 5 * 5 + 1)
dense = 120 * (400 + 1) + 84 * (120 + 1) + 10 * (84 + 1)
assert count_parameters(LeNet5()) == convolutions + dense == 61_706
### BEGIN HIDDEN TESTS
check("09.LeNet5_parameters", LeNet5, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to repeat the case that it shows: `case` gives you the arguments.
"""

# %%
args, options = case("09.LeNet5", 1)
print("LeNet5 is made with", args, "and gets a batch of shape", options["x"].shape)

# %% [markdown]
r"""
Can it learn? The debug ladder of lecture 08 says: let it learn one batch by heart. Here are 64 pictures of clothes, 28×28
with two rows and columns of zeros around them. *What do you expect of the loss before the first step?*
"""

# %%
images, labels = data.fashion_mnist("train")
pictures = F.pad(torch.from_numpy(images[:64, None]).float() / 255, (2, 2, 2, 2)).to(device)
classes = torch.from_numpy(labels[:64]).to(device)

torch.manual_seed(9)
network = LeNet5().to(device)
optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
losses = []
for _ in range(80):
    loss = F.cross_entropy(network(pictures), classes)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"loss before the first step: {losses[0]:.2f}; of pure guessing: {torch.tensor(10.0).log():.2f}")
print(f"loss after {len(losses)} steps: {losses[-1]:.3f}")

# %% [markdown]
r"""
Look at the two numbers in the first line: a network that knows nothing gives every class about the same share. In the
second line it knows 64 pictures by heart, so the gradients arrive where they should.

## 2. The block of VGG

**Points 4 · difficulty 2/5 · about 15 minutes**

VGG is made of one block, again and again: `n` convolutions 3×3 with padding 1, each followed by a ReLU, and then one
maximum of 2×2. The first convolution takes `c_in` channels to `c_out`, the others keep `c_out`. They have biases, and there
is no batch norm: VGG is a year older.

Write a *function* that returns the block as a module. VGG-16 begins with `vgg_block(2, 3, 64)`.

<details><summary>Hint 1</summary>

Collect the layers in a list, in a loop, and hand them to `nn.Sequential(*layers)`. The list alone is no network: PyTorch
does not find layers in a plain list.
</details>

<details><summary>Hint 2</summary>

`[nn.ReLU()] * 3` is three times the same object. With a ReLU that does no harm. With a convolution?
</details>
"""


# %% solution="vgg_block"
def vgg_block(n, c_in, c_out):
    """Return n times convolution 3×3 and ReLU, then max pooling 2×2: (N, c_in, H, W) -> (N, c_out, H // 2, W // 2)."""
    ### BEGIN SOLUTION
    layers = []
    for i in range(n):
        layers += [nn.Conv2d(c_in if i == 0 else c_out, c_out, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))
    ### END SOLUTION


# %% test="vgg_block" points=2
# Check that one to four convolutions, each with its ReLU, and one pooling give the right output.
check("09.vgg_block", vgg_block)
assert vgg_block(2, 3, 64)(torch.zeros(1, 3, 32, 48)).shape == (1, 64, 16, 24)
### BEGIN HIDDEN TESTS
check("09.vgg_block", vgg_block, hidden=True)
### END HIDDEN TESTS

# %% test="vgg_block_training" points=1
# Check that a random upstream gradient reaches the input and all parameters.
check("09.vgg_block_training", vgg_block)
### BEGIN HIDDEN TESTS
check("09.vgg_block_training", vgg_block, hidden=True)
### END HIDDEN TESTS

# %% test="vgg_block_parameters" points=1
# Check that every convolution has a kernel and a bias of its own.
check("09.vgg_block_parameters", vgg_block)
# By hand: 3 channels in, 64 out, twice.
assert count_parameters(vgg_block(2, 3, 64)) == 64 * (3 * 9 + 1) + 64 * (64 * 9 + 1)
### BEGIN HIDDEN TESTS
check("09.vgg_block_parameters", vgg_block, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
The features of VGG-16 are five of your blocks. torchvision publishes its number of parameters: 138,357,544 with the three
dense layers. *How many of these are in the convolutions? A tenth, a half, nine tenths?*
"""

# %%
plan = [(2, 3, 64), (2, 64, 128), (3, 128, 256), (3, 256, 512), (3, 512, 512)]
with torch.device("meta"):  # shapes only: no memory is needed for weights that nobody reads
    features = nn.Sequential(*(vgg_block(*step) for step in plan))
    shape = tuple(features(torch.zeros(1, 3, 224, 224)).shape)
print(f"VGG-16: 224×224 becomes {shape}, with {count_parameters(features):,} parameters in the convolutions")
print(f"that is {count_parameters(features) / 138_357_544:.0%} of all")

# %% [markdown]
r"""
## 3. The Inception block

**Points 6 · difficulty 3/5 · about 30 minutes**

Which kernel size is best? GoogLeNet did not choose. Its block has four branches side by side, on the same input, and puts
their channels one behind the other, in this order:

1. a 1×1 convolution to `c1` channels;
2. a 1×1 convolution to `r3` channels, then 3×3 to `c3`;
3. a 1×1 convolution to `r5` channels, then 5×5 to `c5`;
4. a maximum of 3×3 with stride 1, then a 1×1 convolution to `cp` channels.

Every convolution has a bias and is followed by a ReLU. Padding keeps height and width in every branch. The pairs are given
as tuples: `InceptionBlock(192, 64, (96, 128), (16, 32), 32)` is the first Inception block of GoogLeNet.

*On paper first:* how many channels does that one give? And how many multiplications does the reduction to 16 channels save
in the 5×5 branch, on a plane of 28×28?

<details><summary>Hint 1</summary>

Make each branch an `nn.Sequential`. A convolution and its ReLU come six times: a small function that returns both saves
writing.
</details>

<details><summary>Hint 2</summary>

What is the default stride of `nn.MaxPool2d(3)`?
</details>

<details><summary>Hint 3</summary>

`torch.cat(list_of_tensors, dim)` puts tensors one behind the other. Which axis holds the channels?
</details>
"""


# %% solution="InceptionBlock"
class InceptionBlock(nn.Module):
    """Four branches, concatenated; c3 and c5 are pairs (r, c): (N, c_in, H, W) -> (N, c1 + c3[1] + c5[1] + cp, H, W)."""

    def __init__(self, c_in, c1, c3, c5, cp):
        super().__init__()
        ### BEGIN SOLUTION
        (r3, c3), (r5, c5) = c3, c5
        self.branches = nn.ModuleList(
            [
                self.convolution(c_in, c1, 1),
                nn.Sequential(self.convolution(c_in, r3, 1), self.convolution(r3, c3, 3)),
                nn.Sequential(self.convolution(c_in, r5, 1), self.convolution(r5, c5, 5)),
                nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), self.convolution(c_in, cp, 1)),
            ]
        )

    @staticmethod
    def convolution(c_in, c_out, k):
        """Return a convolution that keeps height and width, and its ReLU."""
        return nn.Sequential(nn.Conv2d(c_in, c_out, k, padding=k // 2), nn.ReLU())
        ### END SOLUTION

    def forward(self, x):
        """Return the channels of all branches, one behind the other."""
        ### BEGIN SOLUTION
        return torch.cat([branch(x) for branch in self.branches], dim=1)
        ### END SOLUTION


# %% test="InceptionBlock" points=3
# Check that the four branches are right, and in the right order.
check("09.InceptionBlock", InceptionBlock)
assert InceptionBlock(2, 3, (4, 5), (6, 7), 8)(torch.zeros(1, 2, 9, 6)).shape == (1, 3 + 5 + 7 + 8, 9, 6)
### BEGIN HIDDEN TESTS
check("09.InceptionBlock", InceptionBlock, hidden=True)
### END HIDDEN TESTS

# %% test="InceptionBlock_training" points=2
# Check that a random upstream gradient reaches the input and all parameters.
check("09.InceptionBlock_training", InceptionBlock)
### BEGIN HIDDEN TESTS
check("09.InceptionBlock_training", InceptionBlock, hidden=True)
### END HIDDEN TESTS

# %% test="InceptionBlock_parameters" points=1
# Check that there are six convolutions of the right shapes, with biases.
check("09.InceptionBlock_parameters", InceptionBlock)
# By hand, for 2 channels in and the widths 3, (4, 5), (6, 7), 8.
branches = 3 * (2 + 1), 4 * (2 + 1) + 5 * (4 * 9 + 1), 6 * (2 + 1) + 7 * (6 * 25 + 1), 8 * (2 + 1)
assert count_parameters(InceptionBlock(2, 3, (4, 5), (6, 7), 8)) == sum(branches)
### BEGIN HIDDEN TESTS
check("09.InceptionBlock_parameters", InceptionBlock, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. A residual block

**Points 8 · difficulty 3/5 · about 40 minutes**

The block of ResNet-18 and ResNet-34 computes a correction $F(x)$ and adds it to what came in:

$$y = \operatorname{ReLU}\bigl(F(x) + s(x)\bigr), \qquad
F = \text{conv } 3{\times}3 \to \text{batch norm} \to \text{ReLU} \to \text{conv } 3{\times}3 \to \text{batch norm} .$$

- The convolutions have padding 1 and no bias. The first one takes `c_in` channels to `c_out` and has the block's `stride`.
- Where input and output have the same shape, the shortcut $s$ is the identity: nothing at all. Else, that is if
  `stride != 1` or `c_in != c_out`, it is a 1×1 convolution with the block's stride and no bias, and a batch norm.
- The last ReLU comes *after* the addition.

For exercise 7 the layers must have torchvision's names: `conv1`, `bn1`, `conv2`, `bn2`, and `downsample` for the shortcut,
an `nn.Sequential` of its convolution and its batch norm.

*Think first:* why has a convolution in front of a batch norm no bias? And what would a ReLU right before the addition do
to $F$?

<details><summary>Hint 1</summary>

`nn.Sequential()` without layers is the identity. It has no parameters, so it can stand for `downsample` when none is
needed.
</details>

<details><summary>Hint 2</summary>

`x` is used twice in `forward`. Do not give its name to something else in between.
</details>

<details><summary>Hint 3</summary>

One `nn.BatchNorm2d` for two places would share γ, β and the running statistics: each convolution gets its own.
</details>
"""


# %% solution="BasicBlock"
class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut: (N, c_in, H, W) -> (N, c_out, H', W')."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)  # batch norm brings its own shift
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.downsample = nn.Sequential()
        if stride != 1 or c_in != c_out:
            self.downsample = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        ### END SOLUTION

    def forward(self, x):
        """Add the correction to the shortcut, then apply ReLU."""
        ### BEGIN SOLUTION
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.downsample(x))
        ### END SOLUTION


# %% test="BasicBlock" points=2
# Check the block whose shortcut is the identity.
check("09.BasicBlock", BasicBlock)
# By hand: with kernels of zeros the correction is zero, and only the shortcut is left.
block = BasicBlock(1, 1).eval()
with torch.no_grad():
    for p in block.parameters():
        if p.ndim == 4:
            p.zero_()
    assert block(torch.tensor([[[[-3.0, 2.0]]]])).tolist() == [[[[0.0, 2.0]]]]
### BEGIN HIDDEN TESTS
check("09.BasicBlock", BasicBlock, hidden=True)
### END HIDDEN TESTS

# %% test="BasicBlock_projection" points=3
# Check the block with a stride, with another number of channels, and with both.
check("09.BasicBlock_projection", BasicBlock)
assert BasicBlock(3, 4, stride=2)(torch.zeros(2, 3, 7, 10)).shape == (2, 4, 4, 5)
### BEGIN HIDDEN TESTS
check("09.BasicBlock_projection", BasicBlock, hidden=True)
### END HIDDEN TESTS

# %% test="BasicBlock_training" points=2
# Check the block in training: output, gradients, running statistics, and the output in evaluation after that.
check("09.BasicBlock_training", BasicBlock)
### BEGIN HIDDEN TESTS
check("09.BasicBlock_training", BasicBlock, hidden=True)
### END HIDDEN TESTS

# %% test="BasicBlock_parameters" points=1
# Check that the parameters are those of the block, no more and no fewer.
check("09.BasicBlock_parameters", BasicBlock)
# By hand: two kernels, and γ and β of two batch norms; with a projection, one more of each.
assert count_parameters(BasicBlock(64, 64)) == 2 * 64 * 64 * 9 + 2 * 2 * 64
assert count_parameters(BasicBlock(64, 128, 2)) == 128 * 64 * 9 + 128 * 128 * 9 + 128 * 64 + 3 * 2 * 128
### BEGIN HIDDEN TESTS
check("09.BasicBlock_parameters", BasicBlock, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Find the bugs: a block for very deep networks

**Points 4 · difficulty 3/5 · about 20 minutes**

A ReLU after every addition stands in the way of what should be a free path. So the authors of ResNet turned the block round
(He et al. 2016, *Identity mappings in deep residual networks*), and trained 1001 layers with it. Batch norm and ReLU come
*before* each convolution, and nothing comes after the addition:

$$y = x + F(x), \qquad
F = \text{batch norm} \to \text{ReLU} \to \text{conv} \to \text{batch norm} \to \text{ReLU} \to \text{conv} .$$

Somebody wrote it down in a hurry. It runs, it even learns, and two things in it are wrong.
"""


# %%
class HurriedBlock(nn.Module):
    """A pre-activation residual block with as many channels out as in."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x):
        """Add the correction to the input."""
        x = F.relu(self.norm(x))
        y = self.conv1(x)
        y = self.conv2(F.relu(self.norm(y)))
        return x + y


block = HurriedBlock(1).eval()
with torch.no_grad():
    for p in block.parameters():
        if p.ndim == 4:
            p.zero_()
    y = block(torch.tensor([[[[-3.0, 2.0]]]]))
print("with a correction of zero it gives", y.flatten().tolist(), "for [-3.0, 2.0]")

# %% [markdown]
r"""
*Find both before you type.* Write the repaired block as `PreActivationBlock`.

<details><summary>Hint 1</summary>

If $F$ is zero, $y$ must be $x$. Look at what the cell above prints.
</details>

<details><summary>Hint 2</summary>

Count the batch norms in the formula, and in `__init__`.
</details>
"""


# %% solution="PreActivationBlock"
class PreActivationBlock(nn.Module):
    """Batch norm, ReLU and convolution, twice, added to the input: (N, channels, H, W) -> the same shape."""

    def __init__(self, channels):
        super().__init__()
        ### BEGIN SOLUTION
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)  # what comes out of a convolution has statistics of its own
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        ### END SOLUTION

    def forward(self, x):
        """Add the correction to the input."""
        ### BEGIN SOLUTION
        y = self.conv1(F.relu(self.bn1(x)))
        y = self.conv2(F.relu(self.bn2(y)))
        return x + y
        ### END SOLUTION


# %% test="PreActivationBlock" points=2
# Check that the repaired block adds the right correction to the input itself.
check("09.PreActivationBlock", PreActivationBlock)
# By hand: with kernels of zeros, what came in goes out.
block = PreActivationBlock(1).eval()
with torch.no_grad():
    for p in block.parameters():
        if p.ndim == 4:
            p.zero_()
    assert block(torch.tensor([[[[-3.0, 2.0]]]])).tolist() == [[[[-3.0, 2.0]]]]
### BEGIN HIDDEN TESTS
check("09.PreActivationBlock", PreActivationBlock, hidden=True)
### END HIDDEN TESTS

# %% test="PreActivationBlock_training" points=1
# Check the repaired block in training: output, gradients, running statistics, and the output in evaluation after that.
check("09.PreActivationBlock_training", PreActivationBlock)
### BEGIN HIDDEN TESTS
check("09.PreActivationBlock_training", PreActivationBlock, hidden=True)
### END HIDDEN TESTS

# %% test="PreActivationBlock_parameters" points=1
# Check that the repaired block has all its parameters.
check("09.PreActivationBlock_parameters", PreActivationBlock)
### BEGIN HIDDEN TESTS
check("09.PreActivationBlock_parameters", PreActivationBlock, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. The bottleneck

**Points 5 · difficulty 3/5 · about 20 minutes**

In ResNet-50 and its larger sisters a block works on few channels and passes on many: a 1×1 convolution to `width` channels,
a 3×3 convolution, and a 1×1 convolution to `4 * width`. A batch norm follows each of the three, and a ReLU each of the
first two. The rest is as in `BasicBlock`: no biases, the shortcut, the last ReLU after the addition. The output has
`4 * width` channels, so the shortcut is a projection if `stride != 1` or `c_in != 4 * width`.

The `stride` belongs to the 3×3 convolution, as in torchvision. (In the paper of 2015 it was in the first 1×1 convolution,
which then threw three quarters of its input away, unseen.)

<details><summary>Hint</summary>

Copy your `BasicBlock` and change it: three convolutions, and one number that is four times as large as before.
</details>
"""


# %% solution="Bottleneck"
class Bottleneck(nn.Module):
    """A 1×1, a 3×3 and a 1×1 convolution and a shortcut: (N, c_in, H, W) -> (N, 4 * width, H', W')."""

    def __init__(self, c_in, width, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        c_out = 4 * width
        self.conv1 = nn.Conv2d(c_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, c_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(c_out)
        self.downsample = nn.Sequential()
        if stride != 1 or c_in != c_out:
            self.downsample = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        ### END SOLUTION

    def forward(self, x):
        """Add the correction to the shortcut, then apply ReLU."""
        ### BEGIN SOLUTION
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.downsample(x))
        ### END SOLUTION


# %% test="Bottleneck" points=1
# Check the bottleneck whose shortcut is the identity.
check("09.Bottleneck", Bottleneck)
### BEGIN HIDDEN TESTS
check("09.Bottleneck", Bottleneck, hidden=True)
### END HIDDEN TESTS

# %% test="Bottleneck_projection" points=2
# Check the bottleneck with a stride, with another number of channels, and with both.
check("09.Bottleneck_projection", Bottleneck)
assert Bottleneck(6, 2, stride=2)(torch.zeros(2, 6, 7, 10)).shape == (2, 8, 4, 5)
### BEGIN HIDDEN TESTS
check("09.Bottleneck_projection", Bottleneck, hidden=True)
### END HIDDEN TESTS

# %% test="Bottleneck_training" points=1
# Check the bottleneck in training: output, gradients, running statistics, and the output in evaluation after that.
check("09.Bottleneck_training", Bottleneck)
### BEGIN HIDDEN TESTS
check("09.Bottleneck_training", Bottleneck, hidden=True)
### END HIDDEN TESTS

# %% test="Bottleneck_parameters" points=1
# Check that the parameters are those of the bottleneck, no more and no fewer.
check("09.Bottleneck_parameters", Bottleneck)
# By hand: on 256 channels it has fewer parameters than one 3×3 convolution on 100.
assert count_parameters(Bottleneck(256, 64)) == 256 * 64 + 64 * 64 * 9 + 64 * 256 + 2 * (64 + 64 + 256) == 70_400
### BEGIN HIDDEN TESTS
check("09.Bottleneck_parameters", Bottleneck, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. ResNet-18

**Points 6 · difficulty 4/5 · about 40 minutes**

Now put your blocks together. The stem: `conv1`, 7×7 with 64 kernels, stride 2, padding 3 and no bias; `bn1`; ReLU; a
maximum of 3×3 with stride 2 and padding 1. Then four stages of two `BasicBlock`s each, `layer1` to `layer4`, with 64, 128,
256 and 512 channels. The first block of `layer2`, `layer3` and `layer4` has stride 2; `layer1` has none, for the pooling is
right before it. The head: the mean over height and width, and a dense layer `fc`.

`resnet18(classes)` returns the network. It takes pictures of any size, not only 224×224. The check makes torchvision's
resnet18 with random weights and random running statistics, and calls `your_network.load_state_dict(weights, strict=True)`.
So every name counts: `conv1.weight`, `bn1.running_mean`, `layer2.0.downsample.1.bias`, `fc.weight`. In evaluation mode your
logits must be torchvision's; in training mode the gradients, too.

*On paper first:* where does the 18 come from? And which size has a picture of 224×224 behind `layer4`?

<details><summary>Hint 1</summary>

Write a class `ResNet18(nn.Module)` in the same cell and let the function return one. `nn.Sequential` names its layers `0`,
`1`, …: two blocks in an `nn.Sequential` called `layer1` have the names that you need.
</details>

<details><summary>Hint 2</summary>

If names do not fit, compare `list(resnet18().state_dict())` with those in the message. ReLU and pooling have no
parameters, so their names do not matter. A ReLU *in* an `nn.Sequential` moves the numbers of what follows it.
</details>

<details><summary>Hint 3</summary>

`x.mean((2, 3))` is the global average, (N, 512, H, W) to (N, 512), for planes of any size.
</details>
"""


# %% solution="resnet18"
def resnet18(classes=1000):
    """Return a ResNet-18 with torchvision's names of layers: (N, 3, H, W) -> logits (N, classes)."""
    ### BEGIN SOLUTION
    return ResNet18(classes)


class ResNet18(nn.Module):
    """A stem, four stages of two residual blocks, and a dense layer on the global average."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = self.stage(64, 64, 1)
        self.layer2 = self.stage(64, 128, 2)
        self.layer3 = self.stage(128, 256, 2)
        self.layer4 = self.stage(256, 512, 2)
        self.fc = nn.Linear(512, classes)

    @staticmethod
    def stage(c_in, c_out, stride):
        """Return two blocks, the first of which changes size and channels."""
        return nn.Sequential(BasicBlock(c_in, c_out, stride), BasicBlock(c_out, c_out))

    def forward(self, x):
        """Return the logits of a batch."""
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 64, H/2, W/2)
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # (N, 512, H/32, W/32)
        return self.fc(x.mean((2, 3)))
        ### END SOLUTION


# %% test="resnet18" points=4
# Check that torchvision's weights fit, and that the logits are torchvision's.
check("09.resnet18", resnet18)
# By hand: stem, four stages and head; a batch norm has two numbers per channel.
stem, head = 64 * 3 * 49 + 2 * 64, 1000 * (512 + 1)
first = 4 * 64 * 64 * 9 + 4 * 2 * 64
others = [c // 2 * c * 9 + 3 * c * c * 9 + c // 2 * c + 5 * 2 * c for c in (128, 256, 512)]
assert count_parameters(resnet18()) == stem + first + sum(others) + head == 11_689_512
### BEGIN HIDDEN TESTS
check("09.resnet18", resnet18, hidden=True)
### END HIDDEN TESTS

# %% test="resnet18_training" points=2
# Check that in training the logits, the gradients and the running statistics are torchvision's.
check("09.resnet18_training", resnet18)
### BEGIN HIDDEN TESTS
check("09.resnet18_training", resnet18, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Send a photograph through your network and note what each stage gives. (The weights are random, so do not ask what it sees:
lecture 11 does that with trained ones.)
"""

# %%
photograph = data.photograph("chelsea", size=224)
x = torch.from_numpy(photograph).permute(2, 0, 1)[None].float().to(device) / 255
network = resnet18().to(device).eval()
sizes = []
handles = [
    layer.register_forward_hook(lambda layer, inputs, output, name=name: sizes.append((name, tuple(output.shape[1:]))))
    for name, layer in network.named_children()
]
with torch.no_grad():
    network(x)
for handle in handles:
    handle.remove()
for name, shape in sizes:
    print(f"{name:8} {'×'.join(map(str, shape))}")

# %% [markdown]
r"""
Look at the products. From stage to stage the channels double and height and width halve, so a stage keeps half of the
numbers of the one before, and every 3×3 convolution costs the same.

## 8. What the shortcut is for

**Points 4 · difficulty 3/5 · about 25 minutes**

Does the gradient reach the first layers of a deep network? Measure it. `gradient_norms(model, x, y)` returns a list of
numbers, one for each `nn.Conv2d` in the model, in the order of `model.modules()`: the length
$\lVert \partial L / \partial w \rVert = \sqrt{\sum (\partial L / \partial w_i)^2}$ of the gradient of its weight, where
$L$ is the cross-entropy of `model(x)` and the labels `y`.

A measurement leaves what it measures as it was. Compute in the mode, training or evaluation, that the model is in. Afterwards
the mode, the weights and every `p.grad` are what they were before, even if there was a gradient from somewhere else.

<details><summary>Hint 1</summary>

`loss.backward()` *adds* to `p.grad`. `torch.autograd.grad(loss, weights)` returns the gradients and touches nothing.
</details>

<details><summary>Hint 2</summary>

`isinstance(module, nn.Conv2d)` tells convolutions from the rest, and `model.modules()` also walks through modules in
modules.
</details>
"""


# %% solution="gradient_norms"
def gradient_norms(model, x, y):
    """Return the length of the cross-entropy's gradient for the weight of every convolution, as a list in their order."""
    ### BEGIN SOLUTION
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Conv2d)]
    loss = F.cross_entropy(model(x), y)
    # Not backward(): that would add to whatever gradients the model has already.
    return [gradient.norm().item() for gradient in torch.autograd.grad(loss, weights)]
    ### END SOLUTION


# %% test="gradient_norms" points=3
# Check that the lengths of the gradients are right, convolution by convolution.
check("09.gradient_norms", gradient_norms)
# By hand: a pixel 3, two logits w_0 * 3 and w_1 * 3. With weights of zero both classes have the share 1/2.
model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten())
nn.init.zeros_(model[0].weight)
(length,) = gradient_norms(model, torch.tensor([[[[3.0]]]]), torch.tensor([0]))
assert abs(length - ((-1 / 2 * 3) ** 2 + (1 / 2 * 3) ** 2) ** 0.5) < 1e-6
### BEGIN HIDDEN TESTS
check("09.gradient_norms", gradient_norms, hidden=True)
### END HIDDEN TESTS

# %% test="gradient_norms_left_alone" points=1
# Check that the model's mode, gradients and weights are afterwards what they were before.
check("09.gradient_norms_left_alone", gradient_norms)
### BEGIN HIDDEN TESTS
check("09.gradient_norms_left_alone", gradient_norms, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Now the experiment: 24 blocks with 12 channels on real pictures, once your `PreActivationBlock`, once the same without
`x +`, both before the first step of training. *Which curve do you expect to be flat? How large is the ratio between the
first and the last layer without shortcuts?*
"""


# %%
class PlainBlock(PreActivationBlock):
    """The same block without its shortcut."""

    def forward(self, x):
        """Return the correction alone."""
        return super().forward(x) - x


def deep_network(block, blocks=24, channels=12):
    """Return a classifier of many blocks, the same weights in every call."""
    torch.manual_seed(0)
    body = (block(channels) for _ in range(blocks))
    stem, head = nn.Conv2d(1, channels, 3, stride=2, padding=1), nn.Linear(channels, 10)
    return nn.Sequential(stem, *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).to(device)


measured = {
    name: gradient_norms(deep_network(block), pictures, classes)
    for name, block in (("with shortcuts", PreActivationBlock), ("without", PlainBlock))
}
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for (name, lengths), colour in zip(measured.items(), (plotting.BLUE, plotting.VERMILLION), strict=True):
    axis.semilogy(range(1, len(lengths) + 1), lengths, ".-", color=colour, label=name)
axis.set(xlabel="convolution, counted from the input", ylabel="length of its gradient")
axis.set_title("Without shortcuts the gradients of the layers differ by orders of magnitude")
axis.legend()
plotting.show(fig, "Gradient lengths of 49 convolutions: nearly level with shortcuts, spread over decades without them.")
for name, lengths in measured.items():
    print(f"{name:14}  first block {lengths[1]:.3g}, last block {lengths[-1]:.3g}, ratio {lengths[1] / lengths[-1]:.3g}")

# %% [markdown]
r"""
Look at the ends of the two curves. Without shortcuts every block multiplies the gradient by about the same factor on its
way back, and after 24 blocks a factor is a power. One learning rate cannot suit all those layers. With shortcuts the
gradient of a block is $I + \partial F/\partial x$: what comes in from above goes on to below, whatever $F$ does.

## 9. In your own words

**Points 3 · difficulty 3/5 · about 15 minutes**

1. Somebody says: “With a shortcut the gradient can never vanish, because it is at least 1.” The gradient of $y = x + F(x)$
   is $I + \partial F / \partial x$. What is wrong with the sentence, and what is right about it?
2. In `BasicBlock` a ReLU follows the addition, in `PreActivationBlock` nothing does. What does that change for the path of
   the gradient through many blocks?
3. A 56-layer plain network had a larger error than a 20-layer one, on the *training* data. Why does that rule out
   overfitting as the reason?
"""

# %% [markdown] manual="explain_shortcut" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. $I + \partial F/\partial x$ is a sum, and its second part can be anything: with $\partial F/\partial x = -I$ the gradient
   is zero, and in some directions it may well shrink. What is right: the path through the identity is direct. Over many
   blocks the product of the sums contains the term $I$, so that to vanish, the corrections must cancel it, where in a plain
   network it is enough that all factors are small.
2. In `BasicBlock` the sum goes through a ReLU, so wherever it is negative the gradient stops, on the shortcut, too, block
   after block. In `PreActivationBlock` the path from the last block to the first is a plain sum: nothing on it
   multiplies the gradient by anything.
3. Overfitting means a small error on the training data and a large one elsewhere. Here the training error itself is larger,
   although the deep network could do what the shallow one does: copy it and let the other layers be the identity. So it is
   the optimisation that does not get there.
### END SOLUTION
"""

# %% [markdown]
r"""
You have built the networks of two decades. [Lecture 10](../../lectures/10_augmentation.ipynb) leaves the
network alone and makes more of the pictures.
"""
