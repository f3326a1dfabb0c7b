# %% [markdown]
r"""
# 05 · The backward pass

A layer was asked for $(-4, 16, -1)$ and answers $(-2, 15, 2)$. It has three weights and a bias. Which of the four
should be changed, in which direction, and how much? Lecture 02 learned a kernel with one line, `loss.backward()`. This
lecture opens that line.

**After this lecture you can**

- draw the [computation graph](../glossary.ipynb#computation-graph) of a layer, and say what travels along it in each
  direction;
- derive the gradients of a convolution index by index, and say why one of the three needs a flipped kernel;
- carry the derivation over to two dimensions, channels, batches, stride and padding;
- predict what a [backward pass](../glossary.ipynb#backward-pass) costs in time and in memory;
- check any gradient with numbers: choose the nudge, the precision and the [upstream
  gradient](../glossary.ipynb#upstream-gradient);
- teach torch the derivative of an operation of your own.

**Time:** about 110 minutes to read, predict and run; the code itself needs half a minute. **You need** lectures 02 to
04, and the chain rule for ordinary derivatives. Afterwards:
[assignment 05](../assignments/05_backward_pass/05_backward_pass.ipynb).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from cnnkit import data, plotting

plotting.use_style()
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cudnn.allow_tf32 = False  # on CUDA: keep all the digits of float32
generator = torch.Generator().manual_seed(5)
print(f"timings and training run on: {device}")

# %% [markdown]
r"""
## Which way should a weight move?

Five numbers $x$ go in, a kernel $w$ of three weights slides along them, a bias $b$ is added, and three numbers $y$ come
out. To say how wrong they are we need one number, the **loss** $L$: half the sum of the squared errors.
"""

# %%
x = torch.tensor([1.0, 2.0, -1.0, 3.0, 2.0], dtype=torch.float64)
w = torch.tensor([2.0, -1.0, 3.0], dtype=torch.float64)
b = torch.tensor(1.0, dtype=torch.float64)
target = torch.tensor([-4.0, 16.0, -1.0], dtype=torch.float64)


def conv(x, w):
    """Return the valid cross-correlation of two vectors, as in lecture 02."""
    return F.conv1d(x[None, None], w[None, None])[0, 0]


def loss_of(x, w, b):
    """Return the loss of the small layer, half the sum of its squared errors."""
    return 0.5 * (conv(x, w) + b - target).square().sum()


y = conv(x, w) + b
print("answers:", y.tolist(), "  asked for:", target.tolist(), "  loss:", loss_of(x, w, b).item())
assert y.tolist() == [-2, 15, 2]
assert loss_of(x, w, b) == 0.5 * (2**2 + 1**2 + 3**2) == 7

# %% [markdown]
r"""
You have four screws to turn. Turn the middle weight, $w_1$, up by a thousandth. *Will the loss rise or fall? More than
a thousandth, or less?*
"""

# %%
middle = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
up = loss_of(x, w + 0.001 * middle, b).item()
down = loss_of(x, w - 0.001 * middle, b).item()
print(f"up by 0.001:   loss {up:.6f}, change {up - 7:+.6f}")
print(f"down by 0.001: loss {down:.6f}, change {down - 7:+.6f}")
print(f"difference of the two, per distance of 0.002: {(up - down) / 0.002:.6f}")
assert abs((up - 7) - 0.014) < 1e-4
assert abs((up - down) / 0.002 - 14) < 1e-8

# %% [markdown]
r"""
Look at the two changes. The loss rises by about fourteen times the nudge, and falls by about fourteen times the nudge.
So the weight should go *down*. The two changes are not quite equal, because the loss is curved. Their difference is not
fooled by that: the curve bends both ends alike, and the bend cancels. Nudge both ways and divide by the whole distance:
that is a **[central difference](../glossary.ipynb#gradient-check)**, and 14 is the **derivative** $\partial L/\partial w_1$.

The four derivatives together are the **gradient**. In code we call it `dw` and `db`, short for $\partial L/\partial w$
and $\partial L/\partial b$. Torch delivers it without any nudging.
"""

# %%
x_leaf, w_leaf, b_leaf = (value.clone().requires_grad_() for value in (x, w, b))
loss_of(x_leaf, w_leaf, b_leaf).backward()
print("dw =", w_leaf.grad.tolist(), "  db =", b_leaf.grad.item())
assert w_leaf.grad.tolist() == [-3, 14, 1]

for step in (0.001, 0.01, 0.2):
    after = loss_of(x, w - step * w_leaf.grad, b).item()
    promised = 7 - step * w_leaf.grad.square().sum().item()
    print(f"w - {step} dw: loss {after:8.4f}; a straight line would reach {promised:8.4f}")
assert loss_of(x, w - 0.01 * w_leaf.grad, b) < 7 < loss_of(x, w - 0.2 * w_leaf.grad, b)

# %% [markdown]
r"""
Look at the last column. *Against* the gradient the loss falls, and for a tiny step almost exactly as fast as the slopes
promise. For the large step the promise is worthless and the loss rises: a gradient speaks about the neighbourhood, not
about the far end of the valley.

A gradient predicts more than single screws. Move all weights at once, along a direction $v$, and the loss changes at
the rate $\sum_j \frac{\partial L}{\partial w_j} v_j$. So *one* random direction tests *all* entries of a gradient at
once. The next cell makes tools of that. We shall use them after every formula.
"""


# %%
def slope(loss, at, direction, eps=1e-6):
    """Return the rate at which a loss changes while `at` moves along a direction, by a central difference."""
    return ((loss(at + eps * direction) - loss(at - eps * direction)) / (2 * eps)).item()


def worst_gap(loss, at, gradient):
    """Return the largest relative gap between slopes and what a gradient promises, in five random directions."""
    gaps = []
    for _ in range(5):
        direction = torch.randn(at.shape, generator=generator, dtype=torch.float64)
        measured, promised = slope(loss, at, direction), (gradient * direction).sum().item()
        gaps.append(abs(measured - promised) / max(abs(measured), abs(promised)))
    return max(gaps)


print("torch's dw, relative gap:     ", f"{worst_gap(lambda w: loss_of(x, w, b), w, w_leaf.grad):.0e}")
wrong = w_leaf.grad + torch.tensor([0.0, 0.0, 0.01], dtype=torch.float64)
print("one entry off by 0.01, gap:   ", f"{worst_gap(lambda w: loss_of(x, w, b), w, wrong):.0e}")
assert worst_gap(lambda w: loss_of(x, w, b), w, w_leaf.grad) < 1e-6
assert worst_gap(lambda w: loss_of(x, w, b), w, wrong) > 1e-5

# %% [markdown]
r"""
Look at the two gaps: the right gradient agrees to many digits, and one entry that is off by a hundredth stands out.

So nudging works. *Why then does nobody train a network by nudging?* Count: a layer of 64 kernels on 64 channels, 3×3,
has $64\cdot64\cdot9$ weights, and every one needs two runs. Time one run forward and one run backward of that layer, on
a batch of eight.
"""

# %%
import statistics
import sys
import time

torch.set_num_threads(1)  # one core against one core: what the other cores do does not matter
# A thread's own time leaves out what else runs on the machine; Windows measures it too coarsely, and a GPU has
# a time of its own.
clock = time.perf_counter if device == "cuda" or sys.platform == "win32" else time.thread_time


def time_runs(function, runs=7):
    """Return the times of several runs in seconds, after one run to warm up."""
    times = []
    for _ in range(runs + 1):
        begin = clock()
        function()
        if device == "cuda":
            torch.cuda.synchronize()  # otherwise only the launch would be timed
        times.append(clock() - begin)
    return times[1:]


layer = torch.nn.Conv2d(64, 64, 3, padding=1, bias=False, device=device)
maps = torch.rand(8, 64, 56, 56, generator=generator).to(device)
upstream = torch.rand(8, 64, 56, 56, generator=generator).to(device)
with torch.no_grad():
    forward_times = time_runs(lambda: layer(maps))
out = layer(maps)
dw_times = time_runs(lambda: torch.autograd.grad(out, layer.weight, upstream, retain_graph=True))

forward, backward = statistics.median(forward_times), statistics.median(dw_times)
weights = layer.weight.numel()
by_nudging = 2 * weights * forward
print(f"one run forward:                {1e3 * forward:8.1f} ms (median of 7)")
print(f"all {weights:,} slopes by backward: {1e3 * backward:7.1f} ms")
print(f"all {weights:,} slopes by nudging:  {by_nudging:7.0f} s, {by_nudging / backward:,.0f} times that")
assert weights == 36_864
assert backward < 5 * forward
assert by_nudging > 1000 * backward

# %% [markdown]
r"""
Look at the last two lines. Nudging costs two runs per weight. The backward pass delivers all slopes for the price of a
run or so, *however many there are*. How can that be?

## The computation graph

Take the computation apart until every piece is so simple that you can differentiate it by hand: slide, add, compare.
Draw every piece as a box and every number or array as an arrow. That drawing is the **computation graph**. Run it
forwards, left to right, and every box turns what comes in into what goes out. Then run it backwards. *What could travel
to the left along the same arrows?*
"""


# %%
def as_text(values):
    """Write a tensor of numbers as (2, −1, 3)."""
    numbers = ", ".join(f"{value:g}" for value in values.detach().flatten().tolist()).replace("-", "−")
    return numbers if values.ndim == 0 else f"({numbers})"


leaves = {name: value.clone().requires_grad_() for name, value in (("x", x), ("w", w), ("b", b))}
z = conv(leaves["x"], leaves["w"])
y = z + leaves["b"]
loss = 0.5 * (y - target).square().sum()
for value in (z, y, loss):
    value.retain_grad()
loss.backward()
values = {**leaves, "z": z, "y": y, "L": loss}

BOXES = {"slide": (3.3, 0), "add": (6.9, 0), "½ Σ (y − target)²": (10.7, 0)}
INPUTS = {"x": (0.2, 1.3), "w": (0.2, -1.3), "b": (6.9, -1.9), "target": (10.7, -1.9)}
# arrow: from, to, where its numbers stand, the frames in which its value and its gradient appear
WIRES = {
    "x": ((0.4, 1.2), (2.85, 0.3), (-0.2, 2.1), 0, 7),
    "w": ((0.4, -1.2), (2.85, -0.3), (-0.2, -2.1), 0, 7),
    "z": ((3.8, 0), (6.5, 0), (4.1, 0), 1, 6),
    "b": ((6.9, -1.65), (6.9, -0.35), (7.1, -1.0), 0, 6),
    "y": ((7.3, 0), (9.6, 0), (7.5, 0), 2, 5),
    "L": ((11.8, 0), (13.2, 0), (12.0, 0), 3, 4),
}
STAGES = (
    "The inputs are known",
    "Forward: the kernel slides along x",
    "Forward: the bias is added",
    "Forward: the answers are compared",
    "Backward: L changes as fast as itself",
    "Backward: how L changes with each answer",
    "Backward: adding passes it on, to both",
    "Backward: the convolution's own gradients",
)


def draw_graph(frame):
    fig, ax = plt.subplots(figsize=(9.4, 3.7))
    box = {"boxstyle": "round,pad=0.5", "fc": "#eeeeee"}
    leaf = {"boxstyle": "round4,pad=0.4", "fc": "white"}
    small = {"fontsize": 11, "va": "center"}
    for shape, places in ((box, BOXES), (leaf, INPUTS)):
        for name, (across, height) in places.items():
            ax.text(across, height, name, ha="center", va="center", fontsize=11, bbox=shape)
    ax.text(10.95, -1.0, as_text(target), color=plotting.BLUE, **small)
    ax.annotate("", (10.7, -0.3), (10.7, -1.6), arrowprops={"arrowstyle": "->"})
    for name, (start, end, (across, height), seen, known) in WIRES.items():
        new = frame in (seen, known) and frame > 0
        colour = plotting.VERMILLION if frame >= known else "black"
        arrow = {"arrowstyle": "<-" if frame >= known else "->", "color": colour, "lw": 2.2 if new else 1}
        ax.annotate("", end, start, arrowprops=arrow)
        if frame >= seen:
            ax.text(across, height + 0.3, f"{name} = {as_text(values[name])}", color=plotting.BLUE, **small)
        if frame >= known:
            gradient = f"d{name} = {as_text(values[name].grad)}"
            ax.text(across, height - 0.3, gradient, color=plotting.VERMILLION, **small)
    ax.set(xlim=(-0.4, 13.3), ylim=(-2.6, 2.7), title=STAGES[frame])
    ax.set_axis_off()
    return fig


plotting.animate(
    draw_graph,
    len(STAGES),
    "Animation of a computation graph. Forward, left to right: x and w enter the box slide, z leaves it; b is added and "
    "gives y; y is compared with the target and gives the loss 7. Backward, right to left: dL is 1, dy is 2, −1, 3, dz "
    "the same, db is 4, and the box slide turns dz into dx = 4, −4, 13, −6, 9 and dw = −3, 14, 1.",
    seconds=1.4,
)

# %% [markdown]
r"""
Watch one arrow, the one between *add* and the loss. Forwards it carries $y$, backwards $\partial L/\partial y$, the
slope of the loss with respect to each answer. It is called the **upstream gradient**, `dy`, because it comes from where
the river ends. We write $dy_i$ for $\partial L/\partial y_i$, as code does. For our loss it is the error itself:
$dy_i = y_i - \text{target}_i$, so `dy` is $(2, -1, 3)$.

Now the point of the drawing. A box needs to know two things to do its backward step: the upstream gradient, and what it
saw on the way forward. It does not know which loss comes after it, or how many layers. Every box is visited once, so
one walk from right to left delivers the slopes for *all* leaves, the arrows that come out of no box, here $x$, $w$ and
$b$: that is why the price does not depend on their number.
If an input $u$ of a box influences the outputs $v_0, v_1, \dots$ of that box, then

$$\frac{\partial L}{\partial u} = \sum_i \frac{\partial L}{\partial v_i}\,\frac{\partial v_i}{\partial u}.$$

That is the **chain rule**. In words: *an input answers for every output that it reaches, each weighted by how much that
output matters.* The whole lecture is this one line, applied to a convolution.

It is an old idea. Linnainmaa ran computations backwards in his thesis of 1970; Rumelhart, Hinton and Williams (1986)
trained networks with it and called it **back-propagation**; LeCun et al. (1989) sent it through shared kernels.

Torch has drawn the same graph, while it computed. Walk along it from the loss.
"""

# %%
assert values["y"].grad.tolist() == (y - target).tolist() == [2, -1, 3]
RESHAPING = ("Select", "Unsqueeze")  # from the [None, None] and [0, 0] of conv


def outline(node, depth=0):
    """Return the graph behind a result as indented lines, the steps that only reshape left out."""
    name = node.name().split("::")[-1].removesuffix("Backward0")
    hidden = name in RESHAPING
    lines = [] if hidden else ["   " * depth + name]
    for before, _ in node.next_functions:
        lines += outline(before, depth + (not hidden)) if before is not None else []
    return lines


print("\n".join(outline(loss.grad_fn)))
assert sum("Convolution" in line for line in outline(loss.grad_fn)) == 1
assert sum("AccumulateGrad" in line for line in outline(loss.grad_fn)) == 3

# %% [markdown]
r"""
Look at the indentation: each operation stands under the one that used its result. *Mul*, *Sum*, *Pow* and *Sub* are the
pieces of our third box. The three lines `AccumulateGrad` are $x$, $w$ and $b$, where gradients end up in `.grad`.

### When a value is used several times

The word *accumulate* matters. The kernel is used at every stop of the window, three times here. Pretend that it is
three kernels that happen to be equal, one for each stop. Each of them reaches one output only, so its gradient is easy.
*What has the gradient of the one real kernel to do with the three?*
"""

# %%
copies = w.repeat(3, 1).requires_grad_()  # (3, 3): one kernel per stop
windows = x.unfold(0, 3, 1)  # (3, 3): the three windows of x
y_of_copies = (windows * copies).sum(dim=1) + b
(0.5 * (y_of_copies - target).square().sum()).backward()

for i in range(3):
    print(f"stop {i}: dy {(y - target)[i]:+g}, window {as_text(windows[i]):11}   gradient of this copy {as_text(copies.grad[i])}")
print(f"{'their sum':>52} {as_text(copies.grad.sum(dim=0))}")
assert torch.equal(y_of_copies, y)
assert torch.equal(copies.grad, (y - target)[:, None] * windows)
assert torch.equal(copies.grad.sum(dim=0), w_leaf.grad)

# %% [markdown]
r"""
Look at the last line: $(-3, 14, 1)$ again. **Where a value is used several times, its gradients add up.** A nudge of
the shared weight is a nudge of all its copies, and small changes add. So weight sharing, which lecture 01 praised for
its few parameters, turns into a *sum over all positions* on the way back.

Look also at the single lines: the gradient of each copy is its window, multiplied by its `dy`. Half of the derivation
is done. Now all of it, on paper.

## One dimension, every derivative

Write out the three outputs. Nothing is hidden in a sum sign:

$$
\begin{aligned}
y_0 &= x_0 w_0 + x_1 w_1 + x_2 w_2 + b\\
y_1 &= x_1 w_0 + x_2 w_1 + x_3 w_2 + b\\
y_2 &= x_2 w_0 + x_3 w_1 + x_4 w_2 + b
\end{aligned}
$$

**With respect to the weights.** Take $y_1$ and $w_2$. In the line of $y_1$ the weight $w_2$ occurs once, multiplied by
$x_3$; everything else is constant. So $\partial y_1/\partial w_2 = x_3$. All nine, and the bias:

$$
\begin{array}{llll}
\dfrac{\partial y_0}{\partial w_0} = x_0 & \dfrac{\partial y_0}{\partial w_1} = x_1 & \dfrac{\partial y_0}{\partial w_2} = x_2
& \dfrac{\partial y_0}{\partial b} = 1\\[2ex]
\dfrac{\partial y_1}{\partial w_0} = x_1 & \dfrac{\partial y_1}{\partial w_1} = x_2 & \dfrac{\partial y_1}{\partial w_2} = x_3
& \dfrac{\partial y_1}{\partial b} = 1\\[2ex]
\dfrac{\partial y_2}{\partial w_0} = x_2 & \dfrac{\partial y_2}{\partial w_1} = x_3 & \dfrac{\partial y_2}{\partial w_2} = x_4
& \dfrac{\partial y_2}{\partial b} = 1
\end{array}
$$

The two indices add: $\partial y_i/\partial w_j = x_{i+j}$.

**With respect to the inputs.** *Which outputs contain $x_0$, and which contain $x_2$?* Go down the column of each input
in the three lines above:

$$
\begin{array}{lllll}
\dfrac{\partial y_0}{\partial x_0} = w_0 & \dfrac{\partial y_0}{\partial x_1} = w_1 & \dfrac{\partial y_0}{\partial x_2} = w_2
& \dfrac{\partial y_0}{\partial x_3} = 0 & \dfrac{\partial y_0}{\partial x_4} = 0\\[2ex]
\dfrac{\partial y_1}{\partial x_0} = 0 & \dfrac{\partial y_1}{\partial x_1} = w_0 & \dfrac{\partial y_1}{\partial x_2} = w_1
& \dfrac{\partial y_1}{\partial x_3} = w_2 & \dfrac{\partial y_1}{\partial x_4} = 0\\[2ex]
\dfrac{\partial y_2}{\partial x_0} = 0 & \dfrac{\partial y_2}{\partial x_1} = 0 & \dfrac{\partial y_2}{\partial x_2} = w_0
& \dfrac{\partial y_2}{\partial x_3} = w_1 & \dfrac{\partial y_2}{\partial x_4} = w_2
\end{array}
$$

Here the index is a difference: $\partial y_i/\partial x_k = w_{k-i}$ where $0 \le k-i \le 2$, and zero elsewhere.

That makes 24 claims about derivatives. Check them all by nudging. One call slides six kernels, each with one weight
nudged up or down; another takes ten signals.
"""

# %%
eps = 1e-6
nudge = eps * torch.eye(3, dtype=torch.float64)
kernels = torch.cat([w + nudge, w - nudge])  # (6, 3): three nudged up, three nudged down
answers = F.conv1d(x[None, None], kernels[:, None])[0]  # (6, 3): one row of outputs per kernel
dy_dw = ((answers[:3] - answers[3:]) / (2 * eps)).T  # (3 outputs, 3 weights)

nudge = eps * torch.eye(5, dtype=torch.float64)
signals = torch.cat([x + nudge, x - nudge])  # (10, 5)
answers = F.conv1d(signals[:, None], w[None, None])[:, 0]  # (10, 3)
dy_dx = ((answers[:5] - answers[5:]) / (2 * eps)).T  # (3 outputs, 5 inputs)

errors = [abs(dy_dw[i, j] - x[i + j]) for i in range(3) for j in range(3)]
errors += [abs(dy_dx[i, k] - (w[k - i] if 0 <= k - i <= 2 else 0)) for i in range(3) for k in range(5)]
print(f"{len(errors)} derivatives, largest error {max(errors):.0e}")
assert len(errors) == 24
assert max(errors) < 1e-8

# %%
fig, axes = plt.subplots(1, 2, figsize=(8.6, 2.7), width_ratios=(3, 5))
for ax, matrix, of, by in ((axes[0], dy_dw, "w", "x"), (axes[1], dy_dx, "x", "w")):
    ax.imshow(matrix.round(), cmap=plotting.DIVERGING, vmin=-8, vmax=8)
    for (i, j), value in np.ndenumerate(matrix.round().numpy()):
        index = i + j if by == "x" else j - i
        text = f"${by}_{index}$ = {value:g}" if 0 <= index < len(x if by == "x" else w) else "0"
        ax.text(j, i, text.replace("-", "−"), ha="center", va="center")
    columns = range(matrix.shape[1])
    ax.set_xticks(columns, [f"${of}_{j}$" for j in columns])
    ax.set_yticks(range(3), ["$y_0$", "$y_1$", "$y_2$"])
    ax.grid(False)
axes[0].set_title(r"$\partial y_i/\partial w_j = x_{i+j}$")
axes[1].set_title(r"$\partial y_i/\partial x_k = w_{k-i}$")
plotting.show(
    fig,
    "Two matrices of derivatives. Outputs by weights: three shifted pieces of x, constant along the diagonals that rise "
    "to the right. Outputs by inputs: the kernel, one column further right in each row, constant along the diagonals "
    "that fall to the right.",
)

# %% [markdown]
r"""
Look along the diagonals. On the left a number repeats where $i+j$ is the same, on the right where $k-i$ is. The right
matrix is the Toeplitz matrix of lecture 02, since $y = Tx + b$. Such a matrix of all derivatives is called a
**Jacobian**. *How large would it be for the layer that we timed?*
"""

# %%
entries = (64 * 56 * 56) ** 2
print(f"one image: {entries:.1e} entries, {4 * entries / 1e9:,.0f} GB in float32")
assert round(4 * entries / 1e9) == 161

# %% [markdown]
r"""
Look at the size: more than most graphics cards hold, for one image and one layer. The backward pass never writes it
down. It needs only the product of `dy` with it, and that product turns out to be a convolution again.

The picture of who reaches whom is worth more than the formulas.
"""


# %%
def draw_reach(ax, chosen, title):
    """Draw the nine wires from inputs to outputs, in colour where chosen(i, j) says so for output i and weight j."""
    centred = {"ha": "center", "va": "center"}
    lit_inputs, lit_outputs = set(), set()
    for i in range(3):
        for j in range(3):
            ax.plot([i + j, i + 1], [1, 0], color="#dddddd", lw=1, zorder=1)
            if chosen(i, j):
                ax.plot([i + j, i + 1], [1, 0], color=plotting.PALETTE[j], lw=2.5, zorder=2)
                label = {"bbox": {"fc": "white", "ec": "none", "pad": 1}, "fontsize": 11, "zorder": 3, **centred}
                place = 0.36  # from the output towards the input: wires of one input lie further apart there
                ax.text(i + 1 + place * (j - 1), place, f"$w_{j}$", color=plotting.PALETTE[j], **label)
                lit_inputs.add(i + j)
                lit_outputs.add(i)
    for k in range(5):
        face = "#fff2cc" if k in lit_inputs else "white"
        ax.text(k, 1, f"$x_{k}$", bbox={"boxstyle": "circle", "fc": face}, **centred)
    for i in range(3):
        face = "#fff2cc" if i in lit_outputs else "white"
        ax.text(i + 1, 0, f"$y_{i}$", bbox={"boxstyle": "circle", "fc": face}, **centred)
    ax.set(xlim=(-0.6, 4.6), ylim=(-0.25, 1.25))
    ax.set_title(title, loc="center", fontsize=10)
    ax.set_axis_off()


fig, axes = plt.subplots(1, 3, figsize=(9.4, 2.6))
draw_reach(axes[0], lambda i, j: j == 1, "one weight, $w_1$: every output")
draw_reach(axes[1], lambda i, j: i + j == 2, "the middle input, $x_2$: three outputs")
draw_reach(axes[2], lambda i, j: i + j == 4, "the last input, $x_4$: one output")
plotting.show(
    fig,
    "Three drawings of five inputs above three outputs. The weight w1 lies on three parallel wires, one to each output. "
    "The input x2 has three wires, w2 to y0, w1 to y1, w0 to y2. The input x4 has one wire, w2 to y2.",
)

# %% [markdown]
r"""
Look at the left drawing: a weight reaches *every* output, on parallel wires. Look at the middle one: an input reaches
at most as many outputs as the kernel has weights, through a fan of *different* weights, and in the order
$w_2, w_1, w_0$ from left to right. Keep that order in mind. And on the right, an input at the end reaches one output
only.

> **Check yourself.** A kernel of 7 weights slides along 100 values. How many outputs does $w_3$ reach? And $x_{50}$,
> $x_0$, $x_{97}$?
>
> <details><summary>Answer</summary>
>
> There are 94 outputs, and every weight reaches all 94. $x_{50}$ lies in 7 windows, $x_0$ in one. $x_{97}$ lies in the
> windows that start at 91, 92 and 93: three.
>
> </details>
"""

# %%
# The answer, counted: with all weights 1, the gradient of the sum counts the wires.
signal, kernel = torch.ones(100, requires_grad=True), torch.ones(7, requires_grad=True)
conv(signal, kernel).sum().backward()
assert kernel.grad[3] == 94
assert signal.grad[[50, 0, 97]].tolist() == [7, 1, 3]

# %% [markdown]
r"""
## The gradient of the kernel

Put the nine derivatives into the chain rule. A weight answers for every output, so each line has three terms, one from
each row of the left matrix:

$$
\begin{aligned}
\frac{\partial L}{\partial w_0} &= dy_0\,x_0 + dy_1\,x_1 + dy_2\,x_2\\
\frac{\partial L}{\partial w_1} &= dy_0\,x_1 + dy_1\,x_2 + dy_2\,x_3\\
\frac{\partial L}{\partial w_2} &= dy_0\,x_2 + dy_1\,x_3 + dy_2\,x_4
\end{aligned}
$$

With $dy = (2, -1, 3)$ and $x = (1, 2, -1, 3, 2)$ the middle line is $2\cdot2 + (-1)(-1) + 3\cdot3 = 14$. That is the
screw that we turned at the start. *Read the three lines once more. Which operation is this?*
"""

# %%
dy = y.detach() - target
assert 2 * 1 + (-1) * 2 + 3 * (-1) == w_leaf.grad[0] == -3
assert 2 * 2 + (-1) * (-1) + 3 * 3 == w_leaf.grad[1] == 14
assert 2 * (-1) + (-1) * 3 + 3 * 2 == w_leaf.grad[2] == 1
dw = conv(x, dy)
assert torch.equal(dw, w_leaf.grad)
plotting.slide_1d(
    x,
    dy,
    dw,
    names=("x", "dy", "dw"),
    alt="Animation: the three upstream gradients slide along the five inputs as a kernel; at each of three stops the "
    "products are added up and give one entry of dw: −3, 14, 1.",
)

# %% [markdown]
r"""
Watch the orange row: it is `dy`, and it slides along $x$ exactly as the kernel did on the way forward. With the letters
of lecture 02, $m$ inputs, $n$ weights and $m-n+1$ outputs (what lecture 04 calls $k$ is $n$ here, and $k$ numbers the
inputs),

$$\boxed{\;\frac{\partial L}{\partial w_j} = \sum_{i=0}^{m-n} dy_i\; x_{i+j}, \qquad j = 0, \dots, n-1\;}$$

**The gradient of the kernel is the cross-correlation of the input with the upstream gradient.** No flip. And the size
comes out right: $m - (m-n+1) + 1 = n$.

The formula has a meaning. Think of $x_{i+j}$, over all stops $i$, as what weight $w_j$ got to see. If the weight saw
large values just where the outputs should have been smaller, the products are positive, and it must come down. The
gradient of a kernel asks: *what did the input look like where the errors were?*

Check it on a case that is too long for paper. The loss is another one, to show that it does not matter: take any
numbers as `dy` and let $L = \sum_i dy_i\,y_i$. Its upstream gradient is exactly `dy`, so it stands in for whatever loss
a network may have. Random numbers, please; the reason comes near the end of the lecture.
"""


# %%
def normal(*shape):
    """Draw standard normal numbers in float64."""
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


long_x, long_w, long_dy = normal(40), normal(7), normal(34)
long_dw = conv(long_x, long_dy)
gap = worst_gap(lambda w: (conv(long_x, w) * long_dy).sum(), long_w, long_dw)
print(f"m = 40, n = 7: dw has {len(long_dw)} entries, gap to the slopes {gap:.0e}")
assert long_dw.shape == long_w.shape
assert gap < 1e-6

# %% [markdown]
r"""
## The gradient of the input

If this layer is the first one, nobody asks for $\partial L/\partial x$: you cannot train a photograph. But in a deep
network $x$ is the output of the layer before, and then $\partial L/\partial x$ *is that layer's upstream gradient*.
Without it the gradient stops here.

Again the chain rule, now with the columns of the right matrix:

$$
\begin{aligned}
\frac{\partial L}{\partial x_0} &= dy_0\,w_0\\
\frac{\partial L}{\partial x_1} &= dy_0\,w_1 + dy_1\,w_0\\
\frac{\partial L}{\partial x_2} &= dy_0\,w_2 + dy_1\,w_1 + dy_2\,w_0\\
\frac{\partial L}{\partial x_3} &= \phantom{dy_0\,w_2 +{}} dy_1\,w_2 + dy_2\,w_1\\
\frac{\partial L}{\partial x_4} &= \phantom{dy_0\,w_2 + dy_1\,w_1 +{}} dy_2\,w_2
\end{aligned}
$$

*Look at the line of $x_2$: in one factor the index rises, in the other it falls. Where have you seen that?*

There are two ways to read the five lines. The first goes down the columns: everything with $dy_0$, then everything with
$dy_1$.
"""

# %%
FACES = {"dy": "#f9d9c4", "w": "#d5e5f2", "dx": "#cfe8dc", "zero": "white", "gone": "#e4e4e4"}


def draw_cells(ax, cells, left, top, face, name=""):
    """Draw numbers as a row of unit cells, the first centred on (left, top), with a name before them."""
    for k, value in enumerate(cells):
        corner = (left + k - 0.5, top - 0.4)
        ax.add_patch(plt.Rectangle(corner, 1, 0.8, facecolor=FACES[face], edgecolor=plotting.GREY))
        ax.text(left + k, top, f"{value:g}".replace("-", "−"), ha="center", va="center")
    ax.text(left - 0.8, top, name, ha="right", va="center", color=plotting.GREY)


dx = x_leaf.grad
fig, ax = plt.subplots(figsize=(6.4, 3.1))
for i in range(3):
    draw_cells(ax, dy[i] * w, i, 3.4 - i, "w")
    words = f"$dy_{i}$ = {dy[i]:g}, times w".replace("-", "−")
    ax.text(-2.7, 3.4 - i, words, va="center", color=plotting.VERMILLION)
draw_cells(ax, dx, 0, 0, "dx")
ax.text(-2.7, 0, "dx, their sum", va="center", color=plotting.GREEN)
ax.plot([-2.7, 4.5], [0.7, 0.7], color="black", lw=1)
for k in range(5):
    ax.text(k, 4.2, f"$x_{k}$", ha="center", va="center")
ax.set(xlim=(-2.8, 4.8), ylim=(-0.6, 4.6), title="Scatter: every output sends back a copy of the kernel")
ax.set_axis_off()
plotting.show(
    fig,
    "Three copies of the kernel 2, −1, 3, multiplied by 2, −1 and 3, each one place further right; below them the sum of "
    "each column, 4, −4, 13, −6, 9.",
)
assert dx.tolist() == [4, -4, 13, -6, 9]
assert dx.tolist() == [2 * 2, 2 * -1 - 1 * 2, 2 * 3 + 1 + 3 * 2, -1 * 3 + 3 * -1, 3 * 3]

# %% [markdown]
r"""
Look at the three rows: output $i$ sends $dy_i$ back over the wires on which it came, so $dy_i$ times the whole kernel,
upright, lands on the window that output $i$ had read. Where windows overlap, the copies add. That is **scattering**,
and lecture 02 told you what scattering copies of a kernel is called: *true convolution*.

The second way reads line by line: each input **gathers** what comes back to it. Sort the line of $x_2$ by outputs,
$y_0, y_1, y_2$, and it meets $w_2, w_1, w_0$: the kernel *flipped*. For any lengths,

$$\boxed{\;\frac{\partial L}{\partial x_k} = \sum_{i} dy_i\; w_{k-i}, \qquad k = 0, \dots, m-1\;}$$

where the sum runs over those outputs $i$ that exist and have $0 \le k-i \le n-1$. The minus sign is the sign of true
convolution. Near the ends some outputs do not exist; put zeros there, $n-1$ on each side, and you need no special
cases. True convolution with that much padding is called `full`.
"""

# %%
assert np.array_equal(np.convolve(dy, w, mode="full"), dx)
padded = F.pad(dy, (2, 2))
assert torch.equal(conv(padded, w.flip(0)), dx)
plotting.slide_1d(
    padded,
    w.flip(0),
    dx,
    names=("dy", "w", "dx"),
    alt="Animation: the flipped kernel 3, −1, 2 slides along dy, padded with two zeros on each side; its five stops give "
    "dx = 4, −4, 13, −6, 9.",
)

# %% [markdown]
r"""
Watch the second row, 3, −1, 2, where the kernel is 2, −1, 3. **The gradient of the input is the full, true convolution
of the upstream gradient with the kernel.**

*Why does the flip appear here, and not in `dw`?* Stand on an output and look at the inputs: output $i$ reads
$x_i, x_{i+1}, x_{i+2}$, with $w_0$ first. Now stand on input $x_2$ and look at the outputs. The *first* window that
contains you touches you with its *last* weight, and the last window with its first. Seen from the other end, the kernel
comes in backwards. For `dw` nobody changes places: $x$ and `dy` both run forwards.

There is a third way to say the same, without any index. The forward pass is $y = Tx + b$, with the Toeplitz matrix on the
right in the figure of the two Jacobians. The chain rule multiplies by its columns, so `dx` is $T^{\mathsf T} dy$. Lecture
04 calls multiplication by that transpose a *transposed convolution*. All of them are one operation, and it agrees with
the slopes.
"""

# %%
T = dy_dx.round()
by_transpose = T.T @ dy
by_torch = F.conv_transpose1d(dy[None, None], w[None, None])[0, 0]
assert torch.equal(by_transpose, dx)
assert torch.equal(by_torch, dx)

long_dx = F.conv_transpose1d(long_dy[None, None], long_w[None, None])[0, 0]
gap = worst_gap(lambda x: (conv(x, long_w) * long_dy).sum(), long_x, long_dx)
unflipped = conv(F.pad(long_dy, (6, 6)), long_w)
wrong_gap = worst_gap(lambda x: (conv(x, long_w) * long_dy).sum(), long_x, unflipped)
print(f"m = 40, n = 7: dx has {len(long_dx)} entries, gap to the slopes {gap:.0e}")
print(f"without the flip: {len(unflipped)} entries, gap to the slopes {wrong_gap:.1f}")
assert long_dx.shape == long_x.shape == unflipped.shape
assert gap < 1e-6
assert wrong_gap > 0.1

# %% [markdown]
r"""
Look at the last number. Without the flip the shape is right, no error is raised, and the slopes disagree completely.

## The gradient of the bias

The bias is added to every output, with the derivative 1. It reaches all of them, so it collects all of them:

$$\boxed{\;\frac{\partial L}{\partial b} = \sum_i dy_i\;}$$

Here $2 - 1 + 3 = 4$. A rule hides in this short line, and it saves much thinking: **a gradient has the shape of what it
belongs to. What the forward pass broadcasts, the backward pass sums.** In a layer with $N$ samples and $K$ kernels, one
bias serves $N \cdot L'$ outputs of its kernel, where $L'$ is the number of stops. *Over which axes of `dy` do you sum?*
"""

# %%
assert dy.sum() == b_leaf.grad == 4
batch_x, batch_w, batch_b = normal(6, 3, 20), normal(5, 3, 4), normal(5)
batch_dy = normal(6, 5, 17)  # (N, K, L')
batch_db = batch_dy.sum(dim=(0, 2))
gap = worst_gap(lambda b: (F.conv1d(batch_x, batch_w, b) * batch_dy).sum(), batch_b, batch_db)
print(f"dy {tuple(batch_dy.shape)} -> db {tuple(batch_db.shape)}, gap to the slopes {gap:.0e}")
assert batch_db.shape == batch_b.shape
assert gap < 1e-6


def centred_loss(b):
    """Return the same stand-in loss after each kernel's mean over the batch has been taken off."""
    out = F.conv1d(batch_x, batch_w, b)
    return ((out - out.mean(dim=(0, 2), keepdim=True)) * batch_dy).sum()


b_before_centring = batch_b.clone().requires_grad_()
centred_loss(b_before_centring).backward()
print(f"db if the mean is taken off afterwards: at most {b_before_centring.grad.abs().max():.0e}")
assert b_before_centring.grad.abs().max() < 1e-12

# %% [markdown]
r"""
Look at the last line. Take off each kernel's mean after the convolution, and the bias has no gradient at all: whatever
it adds is taken off again. Batch normalisation (lecture 07) does that, which is why convolutions in front of it are
written with `bias=False`.

## Two dimensions, channels and a batch

The layer of lecture 04, for stride 1 and no padding, in full:

$$y_{n,k,i,j} = b_k + \sum_{c}\sum_{t_1}\sum_{t_2} x_{n,\,c,\,i+t_1,\,j+t_2}\; w_{k,\,c,\,t_1,\,t_2}.$$

Seven indices: sample $n$, kernel $k$, channel $c$, place $(i,j)$, tap $(t_1,t_2)$. (Some letters change their meaning
here. In one dimension $n$ was the number of weights, $j$ a tap and $k$ an input; now a tap is $(t_1,t_2)$ and a pixel
of the input $(r,s)$, where $s$ is no stride.) It looks like much more than the three lines above. *It is not.* Every
output is still a sum of products, and each product has one input, one weight, one output. So every product is a wire,
and the backward pass sends $dy_{n,k,i,j}$ along it twice: times $x$ to the weight, times $w$ to the input. Then sum
over everything that the result does not have as an index.

$$
\begin{aligned}
\frac{\partial L}{\partial w_{k,c,t_1,t_2}} &= \sum_{n}\sum_{i,j} dy_{n,k,i,j}\; x_{n,\,c,\,i+t_1,\,j+t_2}\\
\frac{\partial L}{\partial x_{n,c,r,s}} &= \sum_{k}\sum_{t_1,t_2} dy_{n,\,k,\,r-t_1,\,s-t_2}\; w_{k,c,t_1,t_2}\\
\frac{\partial L}{\partial b_{k}} &= \sum_{n}\sum_{i,j} dy_{n,k,i,j}
\end{aligned}
$$

In the second line a pixel $(r,s)$ meets tap $(t_1,t_2)$ in the window that starts at $(r-t_1, s-t_2)$; where there is
no such window, the term is zero.

| | keeps | sums over |
|---|---|---|
| $y$ | sample, kernel, place | channels, taps |
| $dw$ | kernel, channel, tap | **samples**, places |
| $dx$ | sample, channel, pixel | **kernels**, taps |
| $db$ | kernel | samples, places |

One entry of each. Neither picture nor kernel is square, and samples, channels and kernels are of different number, so a
swapped axis has no place to hide.
"""

# %%
x4, w4, b4 = normal(2, 3, 6, 7), normal(4, 3, 3, 2), normal(4)  # (N, C, H, W), (K, C, h, w), (K,)
dy4 = normal(2, 4, 4, 6)  # (N, K, H - h + 1, W - w + 1)


def layer_loss(x, w, b):
    """Return the stand-in loss of the layer: its upstream gradient is dy4."""
    return (F.conv2d(x, w, b) * dy4).sum()


k, c, t1, t2 = 3, 1, 2, 0
one_weight = (dy4[:, k] * x4[:, c, t1 : t1 + 4, t2 : t2 + 6]).sum()  # over two samples and 4 x 6 places

n, c_in, r, s = 1, 2, 3, 5
one_pixel = sum(
    dy4[n, :, r - t1, s - t2] @ w4[:, c_in, t1, t2]  # over the kernels
    for t1 in range(3)
    for t2 in range(2)
    if 0 <= r - t1 < 4 and 0 <= s - t2 < 6
)

for name, at, index, by_hand, loss in (
    ("dw[3, 1, 2, 0]", w4, (k, c, t1, t2), one_weight, lambda w: layer_loss(x4, w, b4)),
    ("dx[1, 2, 3, 5]", x4, (n, c_in, r, s), one_pixel, lambda x: layer_loss(x, w4, b4)),
    ("db[3]", b4, (3,), dy4[:, 3].sum(), lambda b: layer_loss(x4, w4, b)),
):
    unit = torch.zeros_like(at)
    unit[index] = 1.0
    print(f"{name:15} by the formula {by_hand:+.9f}   by nudging {slope(loss, at, unit):+.9f}")
    assert abs(by_hand - slope(loss, at, unit)) < 1e-7

# %% [markdown]
r"""
Look at the two columns: they agree to seven digits or more. Note `dy4[:, k]` in the first sum: all samples. A batch
shares its weights just as positions do, and what is shared adds up.

Now all entries at once. A sum of products over places is a convolution; only the roles of the axes have changed. For
`dw` the **batch plays the part of the channels**: the forward pass sums over channels and keeps the samples apart, `dw`
sums over samples and keeps the channels apart. For `dx` **the kernels' two channel axes change places**, and the kernel
is turned by half a turn, which is the flip in two dimensions.
"""

# %%
# x as (C, N, H, W) and dy as (K, N, H', W') give (C, K, h, w)
dw4 = F.conv2d(x4.transpose(0, 1), dy4.transpose(0, 1)).transpose(0, 1)
turned = w4.flip(2, 3).transpose(0, 1)  # (C, K, h, w): half a turn, channel axes swapped
dx4 = F.conv2d(F.pad(dy4, (1, 1, 2, 2)), turned)  # one zero less than the kernel's width and height, on each side
db4 = dy4.sum(dim=(0, 2, 3))

for name, gradient, at, loss in (
    ("dw", dw4, w4, lambda w: layer_loss(x4, w, b4)),
    ("dx", dx4, x4, lambda x: layer_loss(x, w4, b4)),
    ("db", db4, b4, lambda b: layer_loss(x4, w4, b)),
):
    gap = worst_gap(loss, at, gradient)
    print(f"{name} {tuple(gradient.shape)!s:14} gap to the slopes {gap:.0e}")
    assert gradient.shape == at.shape
    assert gap < 1e-6

assert torch.allclose(dx4, F.conv_transpose2d(dy4, w4))
assert torch.allclose(dw4, torch.nn.grad.conv2d_weight(x4, w4.shape, dy4))
per_sample = [torch.nn.grad.conv2d_weight(x4[n : n + 1], w4.shape, dy4[n : n + 1]) for n in range(2)]
assert torch.allclose(dw4, per_sample[0] + per_sample[1])

# %% [markdown]
r"""
Look at the shapes on the left: each gradient has the shape of its array. The last three assertions add that torch's own
functions agree, and that the gradient of a batch is the sum of the gradients of its samples. (If a loss takes the
*mean* over the batch, its $1/N$ is already inside `dy`. Do not divide again.)

Here is `dx` in slow motion, one channel, with numbers that you can follow. Upstream 2×2, kernel 2×3, input 3×4.
"""

# %%
small_w = torch.tensor([[1.0, 2, 0], [-1, 3, -2]], dtype=torch.float64)
small_dy = torch.tensor([[4.0, -2], [3, 2]], dtype=torch.float64)
small_dx = F.conv_transpose2d(small_dy[None, None], small_w[None, None])[0, 0]


def small_loss(x):
    """Return the stand-in loss of one small channel."""
    return (F.conv2d(x[None, None], small_w[None, None])[0, 0] * small_dy).sum()


assert worst_gap(small_loss, normal(3, 4), small_dx) < 1e-6
plotting.slide_2d(
    F.pad(small_dy, (2, 2, 1, 1)),
    small_w.flip(0, 1),
    small_dx,
    names=("dy", "w", "dx"),
    alt="Animation: the kernel, turned by half a turn, slides over a 2 by 2 upstream gradient with zeros around it; its "
    "twelve stops fill the 3 by 4 gradient of the input.",
    seconds=1.0,
)

# %% [markdown]
r"""
Watch the corners. At the first stop one number of `dy` meets one weight, the kernel's *first*, $w_{0,0} = 1$, which now
stands at the bottom right. In the middle, at the sixth stop, all four numbers of `dy` meet a weight.
"""

# %%
assert small_dx[0, 0] == small_dy[0, 0] * small_w[0, 0] == 4
assert small_dx[1, 1] == 4 * 3 + (-2) * (-1) + 3 * 2 + 2 * 1 == 22  # the sixth of rows of four
assert small_w.flip(0, 1)[1, 2] == small_w[0, 0] == 1

# %% [markdown]
r"""
## Stride and padding

**Stride.** Let the window stop only at every second place. *Does that need new derivatives?* No. Think of it as two
boxes: a convolution with stride 1, and a box that throws away every second output. What is thrown away has no influence
on the loss, so its gradient is **zero**. The backward step of the second box puts the numbers of `dy` back where they
came from, with zeros between them. They are called the **dilated** upstream gradient. After that everything is as
before.

Take eight inputs, the same kernel, stride 2. Three windows fit, at 0, 2 and 4, and $x_7$ is read by none. *What is its
gradient?*
"""

# %%
x8 = torch.tensor([1.0, 2, -1, 3, 2, 0, -2, 4], dtype=torch.float64)
strided_dy = torch.tensor([2.0, -1, 3], dtype=torch.float64)
stride, m, n = 2, 8, 3

dilated = torch.zeros(m - n + 1, dtype=torch.float64)  # one number for each stop of stride 1
dilated[::stride] = strided_dy
strided_dx = F.conv_transpose1d(dilated[None, None], w[None, None])[0, 0]
strided_dw = conv(x8, dilated)


def strided_loss(x, w):
    """Return the stand-in loss of the convolution with stride 2."""
    return (F.conv1d(x[None, None], w[None, None], stride=stride)[0, 0] * strided_dy).sum()


print("dilated dy:", as_text(dilated))
print("dx:        ", as_text(strided_dx))
print("dw:        ", as_text(strided_dw))
assert strided_dx[7] == 0
assert worst_gap(lambda x: strided_loss(x, w), x8, strided_dx) < 1e-6
assert worst_gap(lambda w: strided_loss(x8, w), w, strided_dw) < 1e-6

# %%
fig, ax = plt.subplots(figsize=(8.6, 4.0))
for k, value in enumerate(strided_dy):
    draw_cells(ax, [value], 2 + 2 * k, 5.2, "dy", "dy" if k == 0 else "")
    arrow = {"arrowstyle": "->", "color": plotting.VERMILLION}
    ax.annotate("", (2 + 2 * k, 4.05), (2 + 2 * k, 4.75), arrowprops=arrow)
for k, value in enumerate(F.pad(dilated, (2, 2))):
    real = 2 <= k < 8
    kind = "dy" if real and (k - 2) % stride == 0 else "zero"
    draw_cells(ax, [value], k, 3.6, kind, "dilated and padded" if k == 0 else "")
ax.add_patch(plt.Rectangle((1.5, 3.1), 6, 1.0, fill=False, edgecolor=plotting.VERMILLION, lw=2.5))
ax.text(7.7, 4.3, "one cell for each stop of stride 1", color=plotting.VERMILLION, fontsize=9)
draw_cells(ax, w.flip(0), 3, 2.2, "w", "w, flipped, at stop 3")
ax.annotate("", (4, 1.3), (4, 1.75), arrowprops={"arrowstyle": "->"})
draw_cells(ax, strided_dx, 1, 0.8, "dx", "dx")
for k in range(m):
    ax.text(k + 1, 0.1, f"$x_{k}$", ha="center", va="center", color=plotting.GREY)
ax.set(xlim=(-4.3, 10.8), ylim=(-0.3, 5.8), title="Stride 2: zeros in between, then as before")
ax.set_axis_off()
plotting.show(
    fig,
    "The upstream gradients 2, −1, 3 move apart: 2, 0, −1, 0, 3, 0 stand for the six stops of stride 1, with two zeros of "
    "padding on each side. The flipped kernel slides along and gives eight entries of dx, the last of them 0.",
)
stop = 3
assert strided_dx[stop] == (F.pad(dilated, (2, 2))[stop : stop + 3] * w.flip(0)).sum()

# %% [markdown]
r"""
Look at the frame: six cells, because stride 1 would have made six stops. Do not forget the *last* zero, behind the 3.
It stands for the stop at 5, which stride 2 does not reach, and it is where $x_7$ gets its gradient of zero from. With
zeros only *between* the numbers, `dx` would have seven entries, and the shapes would no longer fit.

The kernel's gradient has the same trap, the other way round. A common way to write it is a cross-correlation of $x$
with `dy`, *dilated by the stride*. *How many entries will it give for these eight inputs?*
"""

# %%
too_many = F.conv1d(x8[None, None], strided_dy[None, None], dilation=stride)[0, 0]
print("dilated by the stride:", as_text(too_many), "  dw:", as_text(strided_dw))
assert len(too_many) == 4
assert torch.equal(too_many[:3], strided_dw)

four_dy = normal(4)  # a kernel of 3 with dilation 2 reaches over 5 inputs: four stops


def dilated_loss(w):
    """Return the stand-in loss of a convolution with dilation 2."""
    return (F.conv1d(x8[None, None], w[None, None], dilation=2)[0, 0] * four_dy).sum()


assert worst_gap(dilated_loss, w, F.conv1d(x8[None, None], four_dy[None, None], stride=2)[0, 0]) < 1e-6

# %% [markdown]
r"""
Look at the fourth number: it belongs to a weight $w_3$ that does not exist. It appears whenever the stride does not
divide, and must be cut off. (The last assertion turns the trade around: the kernel gradient of a convolution with
*dilation* 2 is a convolution with *stride* 2.)

**Padding.** Two boxes once more: one that puts $p$ zeros on each side, then a convolution without padding. The second
box you know. The first one copies each input to one place, so on the way back each input fetches the gradient from its
place. The gradients of the zeros are **cropped**: there is nothing to change about a constant.
"""

# %%
p = 1
padded_x = F.pad(x, (p, p))
dy5 = torch.tensor([2.0, -1, 3, 1, -2], dtype=torch.float64)  # m + 2p - n + 1 = 5 outputs
dx_of_padded = F.conv_transpose1d(dy5[None, None], w[None, None])[0, 0]
dx5, dw5 = dx_of_padded[p:-p], conv(padded_x, dy5)


def padded_loss(x, w):
    """Return the stand-in loss of the convolution with one zero on each side."""
    return (F.conv1d(x[None, None], w[None, None], padding=p)[0, 0] * dy5).sum()


assert worst_gap(lambda x: padded_loss(x, w), x, dx5) < 1e-6
assert worst_gap(lambda w: padded_loss(x, w), w, dw5) < 1e-6
assert torch.equal(dx5, F.conv1d(dy5[None, None], w.flip(0)[None, None], padding=1)[0, 0])

fig, ax = plt.subplots(figsize=(7.2, 2.9))
draw_cells(ax, padded_x, 0, 3.4, "zero", "x with its zeros")
draw_cells(ax, x, p, 3.4, "w")
draw_cells(ax, dx_of_padded, 0, 1.9, "gone", "its gradient")
draw_cells(ax, dx5, p, 1.9, "dx")
for k in (0, len(padded_x) - 1):
    ax.plot([k - 0.4, k + 0.4], [1.55, 2.25], color=plotting.VERMILLION, lw=2)
draw_cells(ax, dx5, 1, 0.4, "dx", "dx")
ax.set(xlim=(-3.1, 6.8), ylim=(-0.1, 4.0), title="Padding: what belongs to the zeros is cropped")
ax.set_axis_off()
plotting.show(
    fig,
    "Five inputs with a zero on each side; below them seven gradients, of which the first and the last are crossed out; "
    "the five in the middle are dx.",
)

# %% [markdown]
r"""
Look at the crossed-out numbers. They are not zero, only nobody's. And notice `padded_x` in the line that computes
`dw5`: the *forward* pass multiplied the weights with the padded input, so `dw` needs the padded input too. And mind the
slice `[p:-p]`: for $p = 0$ it is `[0:0]` and leaves nothing. Code for any padding counts the end from the front:
`[p : p + m]`.

The last assertion before the figure is a pretty one: with a kernel of 3 and one zero on each side, the backward pass of
a *same* convolution is a *same* convolution again, with the kernel flipped.

*And if the border is not made of zeros but of copies?* Then the outermost value is used several times, and you know
what happens to a value that is used several times.
"""

# %%
edge = x.clone().requires_grad_()
F.pad(edge[None, None], (2, 2), mode="replicate").sum().backward()
print("how often each input is used:", as_text(edge.grad))
assert edge.grad.tolist() == [3, 1, 1, 1, 3]

# %% [markdown]
r"""
Everything together: two dimensions, channels, a batch, another stride and padding along each axis, and a stride that
does not divide. Spread `dy` out, pad $x$, use the two formulas, crop.
"""

# %%
stride, padding = (2, 3), (1, 2)
x6, w6 = normal(2, 3, 9, 10), normal(4, 3, 3, 4)
out_shape = F.conv2d(x6, w6, stride=stride, padding=padding).shape
dy6 = normal(*out_shape)


def general_loss(x, w):
    """Return the stand-in loss of the layer with stride and padding."""
    return (F.conv2d(x, w, stride=stride, padding=padding) * dy6).sum()


frame = F.pad(x6, (padding[1], padding[1], padding[0], padding[0]))  # F.pad: left, right, top, bottom
spread = torch.zeros(F.conv2d(frame, w6).shape, dtype=torch.float64)  # a place for each stop of stride 1
spread[:, :, :: stride[0], :: stride[1]] = dy6
dw6 = F.conv2d(frame.transpose(0, 1), spread.transpose(0, 1)).transpose(0, 1)
dx6 = F.conv_transpose2d(spread, w6)[:, :, padding[0] : -padding[0], padding[1] : -padding[1]]

print(f"x {tuple(x6.shape)}, w {tuple(w6.shape)}, dy {tuple(dy6.shape)}, spread out {tuple(spread.shape)}")
for name, gradient, at, loss in (
    ("dx", dx6, x6, lambda x: general_loss(x, w6)),
    ("dw", dw6, w6, lambda w: general_loss(x6, w)),
):
    gap = worst_gap(loss, at, gradient)
    print(f"{name} {tuple(gradient.shape)!s:14} gap to the slopes {gap:.0e}")
    assert gradient.shape == at.shape
    assert gap < 1e-6
kept, total = dy6.numel(), spread.numel()
print(f"{kept} of {total} places of the spread-out gradient are not zero: {100 * kept / total:.0f} %")
assert torch.allclose(dx6, torch.nn.grad.conv2d_input(x6.shape, w6, dy6, stride=stride, padding=padding))
assert torch.allclose(dw6, torch.nn.grad.conv2d_weight(x6, w6.shape, dy6, stride=stride, padding=padding))

# %% [markdown]
r"""
Look at the line of `dx6` first: both slices end at `-padding`, which is right for this padding and empty for a padding of
0; `padding[0] : padding[0] + H` is right for both. Now look at the last printed line: most of the spread-out gradient is
zeros, and multiplying by them is wasted work. You can skip them: loop over the *taps* of the kernel, as in lecture 03,
and each tap touches every `stride`-th pixel. The assignment leads you there.

> **Check yourself.** A kernel of 4 weights slides along 11 values with stride 3, no padding. Which inputs have the
> gradient zero, whatever `dy` is? Which inputs are reached by two outputs?
>
> <details><summary>Answer</summary>
>
> Three windows fit: $0\ldots3$, $3\ldots6$, $6\ldots9$. No window reads $x_{10}$, so its gradient is zero. $x_3$ and
> $x_6$ lie in two windows each.
>
> </details>
"""

# %%
# The answer, counted.
signal = torch.ones(1, 1, 11, requires_grad=True)
F.conv1d(signal, torch.ones(1, 1, 4), stride=3).sum().backward()
assert signal.grad[0, 0].tolist() == [1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 0]

# %% [markdown]
r"""
## Layer after layer

One box at a time is enough for any depth, because `dx` of one layer is `dy` of the layer before. Two convolutions with
a tanh between them; four lines forwards, five lines backwards, in the reverse order. The only new box is the tanh. It
works entry by entry, with the derivative $1 - \tanh^2$.

Two more boxes that you will meet in every network, and their backward steps, from the same chain rule:

- **ReLU**, $y = \max(x, 0)$, entry by entry: $dx = dy$ where $x > 0$, and 0 elsewhere. At $x = 0$ one takes 0.
- **A linear layer**, $y = x\,w^{\mathsf T} + b$, with a sample in each row: $dx = dy\;w$, $dw = dy^{\mathsf T} x$, and $db$
  is the sum of the rows of $dy$. With $x$ of shape $(N, D)$, $w$ $(M, D)$ and $dy$ $(N, M)$ the shapes fit in one way only.
"""

# %%
first, second, goal = normal(4), normal(3), normal(7)
signal = normal(12)

z1 = conv(signal, first)  # (9,)
h1 = torch.tanh(z1)
y2 = conv(h1, second)  # (7,)
error = 0.5 * (y2 - goal).square().sum()

d_y2 = y2 - goal
d_second = conv(h1, d_y2)
d_h1 = F.conv_transpose1d(d_y2[None, None], second[None, None])[0, 0]
d_z1 = d_h1 * (1 - h1**2)
d_first = conv(signal, d_z1)


def two_layers(first, second):
    """Return the loss of the two layers."""
    return 0.5 * (conv(torch.tanh(conv(signal, first)), second) - goal).square().sum()


for name, gradient, at, loss in (
    ("first kernel ", d_first, first, lambda v: two_layers(v, second)),
    ("second kernel", d_second, second, lambda v: two_layers(first, v)),
):
    gap = worst_gap(loss, at, gradient)
    print(f"{name}: gap to the slopes {gap:.0e}")
    assert gap < 1e-6
assert torch.isclose(error, two_layers(first, second))

# %% [markdown]
r"""
Look at what the five backward lines use. `d_second` needs `h1`, `d_z1` needs `h1`, `d_first` needs `signal`: things
that the forward pass had computed. **The forward pass must keep its intermediate results until the backward pass has
used them.** That, and not the weights, is what fills the memory in training. Count it for the layer of 64 channels.
"""

# %%
kept = []
maps.requires_grad_()


def note(tensor):
    """Write down a tensor that torch keeps for the backward pass."""
    kept.append(tensor)
    return tensor


with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
    out = layer(maps)
print("kept for the backward pass:", [f"{tuple(t.shape)}: {t.nbytes / 1e6:.2f} MB" for t in kept])
assert [t.shape for t in kept] == [maps.shape, layer.weight.shape]

kept.clear()
with torch.no_grad(), torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
    layer(maps)
print("kept under torch.no_grad():", kept)
assert kept == []

# %% [markdown]
r"""
Look at the two entries: the input, for `dw`, and the kernel, for `dx`. The input is more than forty times as large, and
it grows with the batch. Under `no_grad` nothing is kept. So predict with `torch.no_grad()`.

*And the time?* Count multiplications. Every wire of the layer carries one product forwards. Backwards it carries one to
the weight and one to the input. So `dw` and `dx` cost as much as the forward pass, *each*. Predict the two ratios, then
measure.
"""


# %%
def without_graph():
    """Run the layer forward, keeping nothing."""
    with torch.no_grad():
        layer(maps)


passes = {
    "forward": without_graph,
    "dw alone": lambda: torch.autograd.grad(out, layer.weight, upstream, retain_graph=True),
    "dw and dx": lambda: torch.autograd.grad(out, [maps, layer.weight], upstream, retain_graph=True),
}
times = {name: [] for name in passes}
for _ in range(7):  # they take turns, so that a busy moment of the machine hits all
    for name, run in passes.items():
        times[name] += time_runs(run, runs=1)
medians = {name: statistics.median(values) for name, values in times.items()}
for name, values in times.items():
    span = f"{1e3 * min(values):.1f}–{1e3 * max(values):.1f} ms"
    ratio = medians[name] / medians["forward"]
    print(f"{name:9}: median {1e3 * medians[name]:6.1f} ms, 7 runs {span}, {ratio:.2f} times the forward pass")
assert maps.nbytes / layer.weight.nbytes > 40
assert medians["dw and dx"] > medians["forward"]

# %% [markdown]
r"""
Look at the ratios: near one and near two. (Yours may differ a little.) Rule of thumb: **a training step costs three
forward passes.** The first layer of a network saves half of its backward work, because nobody asks for the gradient of a
photograph.

## Checking a gradient with numbers

Suppose that you have written a backward pass. You start training, and the loss goes down. *Is the gradient right?*

Try it. A small network of three convolutions and a classifier learns 3000 pictures of clothes three times: with torch's
gradient; with a `dx` that *forgets to flip the kernel*; and with no `dx` at all, so that the first two convolutions
never learn. The forward pass is the same in all three. *Which accuracies do you expect?*
"""

# %%
images, labels = (torch.from_numpy(array) for array in data.fashion_mnist("train"))
test_images, test_labels = (torch.from_numpy(array).to(device) for array in data.fashion_mnist("test"))
images, labels = images[:3000].to(device), labels[:3000].to(device)
images, test_images = (stack.float()[:, None] / 255 - 0.3 for stack in (images, test_images))


def conv_with(dx, x, w, b):
    """Return a convolution with stride 2 whose value and dw are right, and whose dx is "right", "unflipped" or "none"."""
    if dx == "right":
        return F.conv2d(x, w, b, stride=2, padding=1)
    out = F.conv2d(x.detach(), w, b, stride=2, padding=1)  # the graph of x is cut here
    if dx == "unflipped":
        # Backwards, F.conv2d turns its kernel. Given a turned one, it uses the kernel as it is.
        detour = F.conv2d(x, w.detach().flip(2, 3), stride=2, padding=1)
        out = out + detour - detour.detach()  # adds zero to the value, and the detour's gradient to x
    return out


def train(dx, seed, batch_size=100, epochs=3):
    """Train the network with one kind of dx; return its losses and its test accuracy."""
    torch.manual_seed(seed)
    convolutions = [torch.nn.Conv2d(a, b, 3, device=device) for a, b in ((1, 8), (8, 16), (16, 32))]
    classifier = torch.nn.Linear(512, 10, device=device)
    parameters = [p for part in (*convolutions, classifier) for p in part.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=0.9)

    def network(maps):
        for part in convolutions:
            maps = torch.tanh(conv_with(dx, maps, part.weight, part.bias))
        return classifier(maps.flatten(1))

    losses = []
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(batch_size):
            batch_loss = F.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            losses.append(batch_loss.item())
    with torch.no_grad():
        accuracy = (network(test_images).argmax(dim=1) == test_labels).float().mean().item()
    return losses, accuracy


SEEDS = 3
runs = {dx: [train(dx, seed) for seed in range(SEEDS)] for dx in ("right", "unflipped", "none")}

# %%
fig, ax = plt.subplots(figsize=(7.6, 3.2))
accuracies = {}
for (dx, results), style in zip(runs.items(), ("-", "--", ":"), strict=True):
    losses = np.array([losses for losses, _ in results])
    accuracies[dx] = [100 * accuracy for _, accuracy in results]
    smooth = losses.mean(axis=0).reshape(-1, 10).mean(axis=1)
    ax.plot(np.arange(5, 10 * len(smooth), 10), smooth, style, label=f"dx {dx}")
    span = f"{min(accuracies[dx]):.1f}–{max(accuracies[dx]):.1f} %"
    print(f"dx {dx:9}: {statistics.mean(accuracies[dx]):.1f} % of test images right ({SEEDS} seeds: {span})")
ax.set(xlabel="training step", ylabel="cross-entropy loss", title="All three learn; one of them is right")
ax.legend()
plotting.show(
    fig,
    "Three falling training losses, close together: lowest with the right gradient, a little higher with an unflipped "
    "kernel, higher still without a gradient to the first two layers.",
)
ranking = sorted(accuracies, key=lambda dx: -statistics.mean(accuracies[dx]))
assert ranking == ["right", "unflipped", "none"]
assert min(accuracies["none"]) > 65

# %% [markdown]
r"""
Look at the dashed curve. It falls like the others, and the network ends a few points below the right one. Without the
solid curve beside it you would look for the fault in the data, in the learning rate, in the weather. Networks are
forgiving: Lillicrap et al. (2016) sent gradients back through *random* matrices, and their networks learned. **A
falling loss proves nothing about a gradient.** Numbers do.

### How large a nudge?

All slopes so far used `eps = 1e-6`, with numbers of 64 bits. *Would a smaller nudge be more exact? What about 32 bits?*
Two errors pull in opposite directions:

- **Truncation.** The function bends within the nudge. For the central difference the error is proportional to
  $\varepsilon^2$, for the one-sided difference $(L(w+\varepsilon)-L(w))/\varepsilon$ to $\varepsilon$.
- **Rounding.** $L$ is known to about 16 digits (float64) or 7 (float32). The difference of two nearly equal numbers keeps
  the rounding errors of both, and then we divide by something tiny: the error is proportional to $1/\varepsilon$.

Measure both, for a convolution with a tanh behind it, against torch's gradient in float64.
"""

# %%
assert torch.finfo(torch.float64).eps < 1e-15
assert 1e-7 < torch.finfo(torch.float32).eps < 1e-6

DIRECTIONS = 20
all_eps = 10.0 ** np.arange(-13, 0.1, 0.5)
bent_x, bent_w, bent_dy = normal(2, 3, 9, 8), normal(4, 3, 3, 2), normal(2, 4, 7, 7)
directions = [normal(4, 3, 3, 2) for _ in range(DIRECTIONS)]


def bend(z):
    return torch.tanh(z / 4)


def leave(z):
    return z


def slope_errors(after, dtype, central):
    """Return for each eps the median error of a slope, relative to the root mean square of the slopes."""
    leaf = bent_w.clone().requires_grad_()
    (after(F.conv2d(bent_x, leaf)) * bent_dy).sum().backward()
    exact = torch.stack([(leaf.grad * v).sum() for v in directions])
    x, w, dy = (value.to(dtype) for value in (bent_x, bent_w, bent_dy))

    def loss(w):
        return (after(F.conv2d(x, w)) * dy).sum()

    errors = []
    for eps in all_eps:
        nudges = [eps * v.to(dtype) for v in directions]
        if central:
            slopes = torch.stack([(loss(w + nudge) - loss(w - nudge)) / (2 * eps) for nudge in nudges])
        else:
            slopes = torch.stack([(loss(w + nudge) - loss(w)) / eps for nudge in nudges])
        errors.append(((slopes.double() - exact).abs().median() / exact.square().mean().sqrt()).item())
    return np.array(errors)


curves = {
    "float64, central": slope_errors(bend, torch.float64, central=True),
    "float64, one-sided": slope_errors(bend, torch.float64, central=False),
    "float32, central": slope_errors(bend, torch.float32, central=True),
}
alone = {name: slope_errors(leave, getattr(torch, name), central=True) for name in ("float64", "float32")}

for name, errors in curves.items():
    print(f"{name:19}: best at eps = {all_eps[errors.argmin()]:.0e}, relative error {errors.min():.0e}")
dotted = np.isclose(all_eps, 1e-6)
for name, errors in curves.items():
    print(f"{name:19}: relative error at eps = 1e-06: {errors[dotted][0]:.0e}")
steep = np.log10(curves["float64, central"][-4] / curves["float64, central"][-8]) / 2
print(f"ten times the nudge, {10**steep:.0f} times the truncation error")

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.7), sharey=True)
for (name, errors), style in zip(curves.items(), ("o-", "s--", "^-"), strict=True):
    axes[0].plot(all_eps, errors, style, ms=4, label=name)
axes[1].plot(all_eps, alone["float64"], "o-", ms=4, color=plotting.BLUE, label="float64, central")
axes[1].plot(all_eps, alone["float32"], "^-", ms=4, color=plotting.GREEN, label="float32, central")
for ax in axes:
    ax.axvline(1e-6, color="black", lw=1, ls=":")
    ax.set(xscale="log", yscale="log", xlabel="nudge ε (dotted: 1e-6)", ylim=(1e-17, 100))
    ax.legend(loc="lower left")
axes[0].set(ylabel="relative error of a slope", title="Convolution and tanh: a valley")
axes[1].set_title("Convolution alone: only rounding")
plotting.show(
    fig,
    "Error of slopes against the nudge on logarithmic axes. With a tanh all curves are valleys: rounding falls to the "
    "right, truncation rises; float64 central is lowest near 1e-5, float32 reaches only about 1e-5, near 3e-3. "
    "For a convolution alone both curves fall all the way to the right.",
)
assert 1e-6 <= all_eps[curves["float64, central"].argmin()] <= 1e-4
assert all_eps[curves["float32, central"].argmin()] >= 1e-3
assert curves["float64, central"].min() < 1e-8 < 1e-6 < curves["float32, central"].min()
assert 1.8 < steep < 2.2
assert curves["float32, central"][dotted] > 0.005
assert curves["float64, central"][dotted] < 1e-8
assert alone["float64"][-1] < 1e-13

# %% [markdown]
r"""
Look at the left panel, at the dotted line. In float64 a nudge of $10^{-6}$ leaves an error far below a millionth. In
float32 the same nudge leaves an error of a few percent: *a correct gradient would look wrong.* The best that float32
can do is worse than anything you should accept. So check gradients in **float64**, by **central** differences.

Now the right panel, a surprise: without the tanh there is no valley. The bigger the nudge, the better! A convolution is
*linear* in its kernel. A straight line has no bend, hence no truncation error, and only rounding remains. A linear
layer is the one case where you could nudge by 1. (That holds for the sum $\sum dy\,y$. Our squared error of the [first
section](#Which-way-should-a-weight-move?) bends, but a parabola bends both ends alike, so its central difference is
exact as well.)

### How close is close enough?

Compare two numbers $a$ and $b$ by their **relative error** $\dfrac{|a-b|}{|a|+|b|}$. *Why not simply by $|a-b|$? And
which entries of an array should count?*
"""

# %%
for first_number, second_number in ((14.0, 14.0001), (0.0002, 0.0003), (0.5, -0.5)):
    apart, size = abs(first_number - second_number), abs(first_number) + abs(second_number)
    print(f"{first_number:g} and {second_number:g}: {apart:.4f} apart, relative error {apart / size:.6f}")

right = normal(100, 100)
one_wrong = right.clone()
one_wrong[99, 99] *= -1
apart = (right - one_wrong).abs()
print(f"one entry of 10,000 has the wrong sign: mean difference {apart.mean():.4f}, largest {apart.max():.1f}")
assert apart.max() == 2 * right[99, 99].abs()
assert apart.mean() < 1e-3 * apart.max()

# %% [markdown]
r"""
Look at the first two lines: the same difference, harmless for a slope of 14 and grave for a slope of 0.0002. And look
at the last line: averaged over an array, a wrong entry disappears. Take the **maximum**. (Where $a$ and $b$ are both
zero, the fraction is $0/0$. So one puts a tiny number under it, say $10^{-8}$, if the sum is smaller than that.) As a
rule of thumb for float64, a maximum of $10^{-7}$ is right, and $10^{-2}$ is wrong. In between, look at the entry: is it
tiny, or near a kink?

What one divides by is a convention, and this lecture has several. `worst_gap` takes the larger of the two numbers,
$\max(|a|,|b|)$; here and in the assignment it is the sum, which makes the error of two close numbers half as large; and the
figures divide by the size of the whole array, its root mean square or its largest entry, so that tiny entries count for
little. Compare a figure only with others of its own kind.

### Kinks

A function with a corner has two slopes there. A nudge that reaches across the corner measures neither. Take $|u|$ close
to zero.
"""

# %%
for u in (1e-3, 1e-7, 0.0):
    point = torch.tensor(u, dtype=torch.float64, requires_grad=True)
    point.abs().backward()
    measured = slope(torch.abs, point.detach(), torch.ones((), dtype=torch.float64))
    print(f"|u| at u = {u:g}: slope by nudging {measured:.2f}, torch says {point.grad.item():g}")
    if u == 1e-7:
        assert abs(measured - 0.1) < 1e-6

# %% [markdown]
r"""
Look at the middle line: the true slope is 1, and the nudge, which reaches to the other side, measures 0.1. So if a
check of a network with ReLU or max pooling fails in a handful of entries, look whether they sit near a kink before you
search for a bug. Better: choose test inputs that stay away from it.

### What torch offers: `gradcheck`

`torch.autograd.gradcheck` nudges every input entry of a function and compares every output entry, the whole Jacobian.
Give it small arrays, in float64, with `requires_grad`.
"""

# %%
from torch.autograd import gradcheck
from torch.autograd.gradcheck import GradcheckError

arguments = [normal(*shape).requires_grad_() for shape in ((2, 3, 5, 4), (4, 3, 3, 2), (4,))]
assert gradcheck(lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1), arguments)
print("F.conv2d passes")

try:
    gradcheck(lambda x: conv_with("unflipped", x, arguments[1].detach(), None), arguments[:1])
except GradcheckError as found:
    print("the unflipped dx:", str(found).splitlines()[0])

# %% [markdown]
r"""
Look at the two answers. `gradcheck` has found at once what three epochs of training did not show. Its price is two runs
per input entry, so it is for small arrays. For large ones there is the random direction of `worst_gap`: two runs in
all, though it cannot say *which* entry is wrong. When that matters, nudge single entries.

> **Check yourself.** Your `dw` differs from the slopes by a relative error of 0.002. You used float32 and
> $\varepsilon = 10^{-6}$. Is it wrong?
>
> <details><summary>Answer</summary>
>
> You cannot tell. The left panel shows that this check itself is off by that much, or more. Repeat it in float64: a right
> gradient then gets to $10^{-7}$ or below.
>
> </details>
"""

# %%
assert curves["float32, central"][dotted] > 0.002
assert curves["float64, central"][dotted] < 1e-7

# %% [markdown]
r"""
## Why an upstream gradient of ones hides mistakes

`y.sum().backward()` is the shortest way to get some gradient out of torch, and many tests do it. The loss is the sum of
the outputs, so `dy` is all ones. *What is wrong with that?*

Here are ten backward passes of one layer, each with a mistake that people make. Each is compared with the right
gradient twice: once with ones as `dy`, once with random numbers. *How many of the ten will the ones find?*
"""

# %%
x7, w7 = normal(3, 3, 8, 8), normal(4, 3, 3, 3)  # square on purpose
ones, random = torch.ones(3, 4, 6, 6, dtype=torch.float64), normal(3, 4, 6, 6)


def kernel_gradient(dy, x=x7):
    return F.conv2d(x.transpose(0, 1), dy.transpose(0, 1)).transpose(0, 1)


def input_gradient(dy, w=w7):
    return F.conv_transpose2d(dy, w)


def bias_gradient(dy):
    return dy.sum(dim=(0, 2, 3))


MISTAKES = {
    "dw: dy is never used": (kernel_gradient, lambda dy: kernel_gradient(torch.ones_like(dy))),
    "dw: dy turned by half a turn": (kernel_gradient, lambda dy: kernel_gradient(dy.flip(2, 3))),
    "dw: rows and columns of dy swapped": (kernel_gradient, lambda dy: kernel_gradient(dy.mT)),
    "dw: x and dy of different samples": (kernel_gradient, lambda dy: kernel_gradient(dy.flip(0))),
    "dw: dy of the next kernel": (kernel_gradient, lambda dy: kernel_gradient(dy.roll(1, 1))),
    "db: counts the outputs": (bias_gradient, lambda dy: torch.full((4,), dy[:, 0].numel(), dtype=dy.dtype)),
    "dx: rows and columns of dy swapped": (input_gradient, lambda dy: input_gradient(dy.mT)),
    "dx: dy of the next kernel": (input_gradient, lambda dy: input_gradient(dy.roll(1, 1))),
    "dx: kernel not flipped": (input_gradient, lambda dy: input_gradient(dy, w7.flip(2, 3))),
    "dw: mean over the batch, not sum": (kernel_gradient, lambda dy: kernel_gradient(dy) / 3),
}


def error_seen(right, wrong, dy):
    """Return the largest error of a wrong gradient, relative to the largest entry of the right one."""
    return ((wrong(dy) - right(dy)).abs().max() / right(dy).abs().max()).item()


seen = {name: (error_seen(*pair, ones), error_seen(*pair, random)) for name, pair in MISTAKES.items()}
TOLERANCE = 1e-7
found_by_ones = [name for name, (by_ones, _) in seen.items() if by_ones > TOLERANCE]
print(f"found with ones: {len(found_by_ones)} of {len(seen)}: {'; '.join(found_by_ones)}")
found_by_random = [name for name, (_, by_random) in seen.items() if by_random > TOLERANCE]
print(f"found with random numbers: {len(found_by_random)} of {len(seen)}")
assert found_by_ones == ["dx: kernel not flipped", "dw: mean over the batch, not sum"]
assert len(found_by_random) == len(seen) == 10

# %%
fig, ax = plt.subplots(figsize=(8.6, 4.0))
for row, (by_ones, by_random) in enumerate(seen.values()):
    ax.plot([max(by_ones, 1e-17), by_random], [row, row], color="#cccccc", lw=1, zorder=1)
    ax.plot(max(by_ones, 1e-17), row, "s", color=plotting.BLUE, label="dy all ones" if row == 0 else None)
    ax.plot(by_random, row, "o", color=plotting.VERMILLION, label="dy random" if row == 0 else None)
ax.axvline(TOLERANCE, color="black", lw=1, ls=":")
ax.text(TOLERANCE * 2, -0.75, "found", fontsize=9)
ax.text(TOLERANCE / 2, -0.75, "missed", fontsize=9, ha="right")
ax.set(xscale="log", yticks=range(len(seen)), yticklabels=list(seen), ylim=(len(seen) - 0.5, -1.1))
ax.set(xlabel="error that the comparison sees, relative (log scale; 0 is drawn at 1e-17)")
ax.set_title(f"Ones miss {len(seen) - len(found_by_ones)} of {len(seen)} mistakes")
ax.grid(False, axis="y")
ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
plotting.show(
    fig,
    "Ten mistakes and the error that a comparison sees. With ones as upstream gradient eight errors are exactly zero; with "
    "random numbers all ten lie far to the right of the tolerance.",
)

# %% [markdown]
r"""
Look at the squares on the left. An array of ones is the same after a flip, a turn, a swap of rows and columns, a
shuffle of samples or kernels. A code that does such a thing to `dy` *cannot* be told from the right one. And a code
that never uses `dy` is right for ones by accident.

The unflipped kernel has been found, even with ones. *But where on the plane are its errors?*
"""

# %%
plane_w = torch.tensor([[[[1.0, 2, 0], [0, 3, -1], [-2, 4, -3]]]], dtype=torch.float64)
dy_planes = {"ones": torch.ones(1, 1, 10, 10, dtype=torch.float64), "random": normal(1, 1, 10, 10)}
fig, axes = plt.subplots(1, 2, figsize=(6.6, 3.0))
for ax, (name, dy_plane) in zip(axes, dy_planes.items(), strict=True):
    difference = (input_gradient(dy_plane, plane_w.flip(2, 3)) - input_gradient(dy_plane, plane_w))[0, 0]
    wrong_entries = (difference.abs() > 1e-9).sum().item()
    inner = (difference[2:-2, 2:-2].abs() > 1e-9).sum().item()
    print(f"dy {name}: {wrong_entries} of {difference.numel()} entries of dx wrong, {inner} of the inner 64")
    image = ax.imshow(difference, cmap=plotting.DIVERGING, vmin=-5, vmax=5)
    ax.set_title(f"dy {name}: {wrong_entries} wrong entries", loc="center")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    assert inner == (0 if name == "ones" else 64)
fig.colorbar(image, ax=axes, label="error of dx", extend="both")
plotting.show(
    fig,
    "The error of dx with an unflipped kernel on a 12 by 12 plane. With ones only a frame two pixels wide is coloured and "
    "the inside is exactly zero; with random numbers the whole plane is.",
)

# %% [markdown]
r"""
Look at the white inside on the left. Away from the border every input collects *all* the weights, in whatever order,
and a sum does not care about the order. On large planes, or if a test looks at one entry in the middle, the mistake is
invisible.

It gets worse. Some functions have outputs whose sum is constant.
"""

# %%
logits = normal(5, 10).requires_grad_()
F.softmax(logits, dim=1).sum().backward()
print(f"softmax, dy of ones:    largest entry of dx {logits.grad.abs().max():.0e}")

maps8 = normal(4, 3, 5, 5).requires_grad_()
F.batch_norm(maps8, None, None, training=True).sum().backward()
print(f"batch norm, dy of ones: largest entry of dx {maps8.grad.abs().max():.0e}")
assert logits.grad.abs().max() < 1e-15
assert maps8.grad.abs().max() < 1e-12

# %% [markdown]
r"""
Look at the numbers: zero, up to rounding. A softmax always adds up to 1 and a normalised channel to 0, so the sum has
no slope at all. With ones, *every* backward pass that returns nearly nothing would pass.

So, when you test a backward pass: a **random** `dy`; a batch of more than one; a height that differs from the width, in
the picture and in the kernel; more than one channel, and another number of kernels; a stride that does not divide. Each
of these makes a family of mistakes visible.

## A function that torch can differentiate

Torch knows the derivatives of its own operations. If you write an operation that it cannot trace, or know a backward
pass that is better than the one it derives, you may teach it. You write a class with two functions, `forward` and
`backward`: one box of the computation graph.

An example that is not a convolution: a *leaky absolute value*, with one leak $a_c$ per channel that can be learned,

$$y = \begin{cases} x & x > 0\\ -a_c\,x & x \le 0\end{cases}
\qquad
\frac{\partial y}{\partial x} = \begin{cases} 1\\ -a_c\end{cases}
\qquad
\frac{\partial y}{\partial a_c} = \begin{cases} 0\\ -x\end{cases}$$

(At exactly 0 there is no derivative; any value between the two will do, and we take the lower line.) The leak is
broadcast over samples and places. *So what must the backward pass do with its gradient?*
"""


# %%
def along(axis, vector, ndim):
    """Return a vector shaped so that it broadcasts along one axis of an array."""
    return vector.reshape([-1 if d == axis else 1 for d in range(ndim)])


class LeakyAbs(torch.autograd.Function):
    """The absolute value with negative inputs scaled by a leak per channel."""

    @staticmethod
    def forward(ctx, x, leak, axis):
        ctx.save_for_backward(x, leak)  # tensors go here
        ctx.axis = axis  # anything else becomes an attribute
        return torch.where(x > 0, x, -along(axis, leak, x.ndim) * x)

    @staticmethod
    def backward(ctx, dy):
        x, leak = ctx.saved_tensors
        dx = dleak = None
        if ctx.needs_input_grad[0]:
            dx = torch.where(x > 0, dy, -along(ctx.axis, leak, x.ndim) * dy)
        if ctx.needs_input_grad[1]:
            others = [d for d in range(x.ndim) if d != ctx.axis]
            dleak = torch.where(x > 0, 0, -x * dy).sum(dim=others)  # broadcast forwards, summed backwards
        return dx, dleak, None  # one for each argument of forward; axis is no tensor


leaky_x = normal(2, 3, 4, 5).requires_grad_()
leak = torch.tensor([0.1, 0.5, 1.0], dtype=torch.float64, requires_grad=True)
out = LeakyAbs.apply(leaky_x, leak, 1)
out.backward(normal(*out.shape))
print("node in the graph:", out.grad_fn.name())
print("shapes of the gradients:", tuple(leaky_x.grad.shape), tuple(leak.grad.shape))
assert torch.allclose(LeakyAbs.apply(leaky_x, leak, 1)[:, 2], leaky_x[:, 2].abs())
assert gradcheck(lambda x, leak: LeakyAbs.apply(x, leak, 1), (leaky_x, leak))
assert torch.autograd.gradgradcheck(lambda x, leak: LeakyAbs.apply(x, leak, 1), (leaky_x, leak))

# %% [markdown]
r"""
Look at the printed name: our class is a node among torch's own. You call `apply`, never `forward`. Four rules:

1. `backward` gets one upstream gradient for each output, and returns one thing for each *argument* of `forward`, in
   the same order. `None` for an argument that is no tensor, or was `None`.
2. Tensors that the backward pass needs go through `ctx.save_for_backward`.
3. `ctx.needs_input_grad` says what anybody asked for. The first layer of a network saves half of its backward work
   that way.
4. If `backward` itself consists of differentiable operations, torch can differentiate it again. `gradgradcheck`, in the
   last line, checks the second derivatives.

*What happens if you break them?* Three broken versions.
"""


# %%
class TooFew(LeakyAbs):
    """Return no None for the axis."""

    @staticmethod
    def backward(ctx, dy):
        return LeakyAbs.backward(ctx, dy)[:2]


class NotSummed(LeakyAbs):
    """Forget that the leak was broadcast."""

    @staticmethod
    def backward(ctx, dy):
        x, _ = ctx.saved_tensors
        return LeakyAbs.backward(ctx, dy)[0], torch.where(x > 0, 0, -x * dy), None


def run_backward(function, shape):
    """Run a broken function backwards; return the gradient of the leak, or what torch says."""
    leak = torch.ones(3, dtype=torch.float64, requires_grad=True)
    try:
        function.apply(normal(*shape), leak, 1).sum().backward()
    except RuntimeError as error:
        return str(error)
    return f"no complaint, gradient of shape {tuple(leak.grad.shape)}"


print("two of three:              ", run_backward(TooFew, (2, 3, 4, 5)))
print("not summed, 5 columns:     ", run_backward(NotSummed, (2, 3, 4, 5)))
print("not summed, 3 columns:     ", run_backward(NotSummed, (2, 3, 4, 3)))
leaky_x = normal(2, 3, 4, 3).requires_grad_()
assert not gradcheck(lambda leak: NotSummed.apply(leaky_x.detach(), leak, 1), leak, raise_exception=False)

# %% [markdown]
r"""
Look at the last line. With three channels and, by chance, three columns, torch takes the unsummed gradient for one that
was broadcast over the *last* axis, sums over the wrong axes, and says nothing. Only `gradcheck` notices. That is
another reason for test shapes in which no two numbers are equal.

Why `save_for_backward`, when `ctx.x = x` would also work? Because somebody may change $x$ in place between the forward
pass and the backward pass.
"""


# %%
class OnTheShelf(LeakyAbs):
    """Keep tensors as plain attributes."""

    @staticmethod
    def forward(ctx, x, leak, axis):
        ctx.x, ctx.leak, ctx.axis = x, leak, axis
        return torch.where(x > 0, x, -along(axis, leak, x.ndim) * x)

    @staticmethod
    def backward(ctx, dy):
        return torch.where(ctx.x > 0, dy, -along(ctx.axis, ctx.leak, ctx.x.ndim) * dy), None, None


start, half = torch.tensor([[-2.0, 3.0]], requires_grad=True), torch.tensor([0.5, 0.5])
for function in (LeakyAbs, OnTheShelf):
    start.grad = None
    between = start.clone()
    out = function.apply(between, half, 1)
    between.neg_()  # in place: the box's input is overwritten after the box has read it
    try:
        out.sum().backward()
        print(f"{function.__name__:10} gradient {as_text(start.grad)}, and the right one is (−0.5, 1)")
        assert start.grad.tolist() == [[1, -0.5]]
    except RuntimeError as error:
        print(f"{function.__name__:10} {str(error).split(': [')[0]}")
        assert function is LeakyAbs

# %% [markdown]
r"""
Look at the two outcomes. Torch counts the changes of every saved tensor and refuses to go on. The attribute gives a
wrong gradient without a word. (Attributes can also keep memory alive that should have been freed.)

## Let the gradient find a kernel

Now use it. Somebody shows you a photograph and its Sobel edges, and does not tell you the kernel. *Can you find it?*
Start with a random kernel and walk against `dw`. No autograd: `dy` is the error, divided by the number of pixels, and
`dw` is the cross-correlation of the photograph with `dy`. For one sample, one channel and one kernel that is one call.

Two photographs: gravel, and a man with a camera in front of a clear sky. *On which one will the kernel be found
sooner?*
"""

# %%
sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=device)[None, None]
start_kernel = torch.randn(1, 1, 3, 3, generator=generator).to(device)
photos = {}
for name in ("gravel", "camera"):
    photo = torch.from_numpy(data.photograph(name, size=128, grey=True))[None, None].to(device, torch.float32)
    photos[name] = (photo - photo.mean()) / photo.std()


def learn(photo, steps=400, rate=0.2):
    """Return the kernels and the losses of gradient descent towards the Sobel edges of a photograph."""
    edges = F.conv2d(photo, sobel)
    kernel, kernels, losses = start_kernel, [], []
    for _ in range(steps + 1):
        error = F.conv2d(photo, kernel) - edges
        kernels.append(kernel)
        losses.append(0.5 * error.square().mean())
        kernel = kernel - rate * F.conv2d(photo, error / error.numel())
    return torch.cat(kernels)[:, 0].cpu(), torch.stack(losses).cpu()


learned = {name: learn(photo) for name, photo in photos.items()}
leaf = start_kernel.clone().requires_grad_()
(0.5 * (F.conv2d(photos["gravel"], leaf) - F.conv2d(photos["gravel"], sobel)).square().mean()).backward()
by_hand = (learned["gravel"][0][0] - learned["gravel"][0][1]) / 0.2
assert torch.allclose(by_hand, leaf.grad[0, 0].cpu(), rtol=1e-4, atol=1e-4)

for name, (kernels, _) in learned.items():
    print(name, "after 400 steps:")
    print(kernels[-1].numpy().round(2))
assert torch.equal(learned["gravel"][0][10].sign()[:, [0, 2]], sobel[0, 0].cpu().sign()[:, [0, 2]])
assert torch.allclose(learned["gravel"][0][-1], sobel[0, 0].cpu(), atol=1e-3)
assert not torch.allclose(learned["camera"][0][-1], sobel[0, 0].cpu(), atol=0.1)

# %%
SHOWN = (0, 1, 3, 10, 30, 400)
stages = learned["gravel"][0][list(SHOWN)]  # (6, 3, 3)
view = torch.from_numpy(data.photograph("camera", size=96, grey=True)).float()[None, None] / 255
answers = F.conv2d(view, stages[:, None])[0]  # (6, 94, 94)


def draw_learning(frame):
    fig, axes = plt.subplots(1, 2, figsize=(5.0, 2.8))
    axes[0].imshow(stages[frame], cmap=plotting.DIVERGING, vmin=-4, vmax=4)
    for (i, j), value in np.ndenumerate(stages[frame].numpy().round(1) + 0.0):
        axes[0].text(j, i, f"{value:g}".replace("-", "−"), ha="center", va="center")
    axes[0].set_title(f"kernel after {SHOWN[frame]} step{'s' * (SHOWN[frame] != 1)}", loc="center")
    axes[1].imshow(answers[frame], cmap=plt.get_cmap("gray", 32), vmin=-1.5, vmax=1.5)
    axes[1].set_title("on the other photograph", loc="center")
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        ax.spines[:].set_visible(False)
    return fig


plotting.animate(
    draw_learning,
    len(SHOWN),
    "Animation: a random kernel turns, within 400 steps on the photograph of gravel, into the Sobel kernel; what it makes of "
    "the cameraman turns into a grey relief of his vertical edges.",
    seconds=1.0,
)

# %% [markdown]
r"""
Watch the kernel: after ten steps the signs of its outer columns are right, after 400 it is Sobel's. And it works on a
photograph that it has never seen. Now compare the two teachers.
"""

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
for (name, (kernels, losses)), style in zip(learned.items(), ("-", "--"), strict=True):
    distance = (kernels - sobel[0, 0].cpu()).flatten(1).norm(dim=1)
    axes[0].plot(losses / losses[0], style, label=name)
    axes[1].plot(distance, style, label=name)
    windows = F.unfold(photos[name], 3)[0].cpu()  # (9, number of windows)
    bends = torch.linalg.eigvalsh(windows @ windows.T)  # of the loss, along nine directions of the kernel
    alike = torch.corrcoef(windows)[4, 5]  # the middle pixel of all windows, and its right neighbour
    print(f"{name}: correlation of neighbouring pixels {alike:.2f}")
    print(f"   strongest bend of the loss over weakest: {bends[-1] / bends[0]:.0f}")
    print(f"   loss after 100 steps: {100 * losses[100] / losses[0]:.1g} % of the first")
for ax, word in zip(axes, ("loss, relative to the first", "distance from Sobel's kernel"), strict=True):
    ax.set(xlabel="step of gradient descent", ylabel=word, yscale="log")
    ax.legend()
axes[0].set_title("The loss falls on both")
axes[1].set_title("The kernel is found on one")
plotting.show(
    fig,
    "Left: the losses on both photographs fall on a log axis, gravel's far faster. Right: the distance of the kernel from "
    "Sobel's falls to almost nothing on gravel, and only slowly on the cameraman.",
)
camera_kernels, camera_losses = learned["camera"]
assert camera_losses[100] / camera_losses[0] < 0.05
assert (camera_kernels[100] - sobel[0, 0].cpu()).norm() > 0.5

# %% [markdown]
r"""
Look at the dashed curves: on the cameraman the loss has practically vanished after a hundred steps, and the kernel is
still far off. (Gravel's curves end on a floor, the rounding of float32.) In a smooth picture neighbouring pixels are
nearly equal, so many kernels give nearly the same answer, and the gradient hardly tells them apart: in some directions
the loss is steep, in others almost flat. One step size must serve both. Gravel shows the kernel something new at every
pixel. *What a kernel can learn depends on what it gets to see*: that is the formula of `dw` once more. Lecture 07 and
lecture 08 come back to it, with normalisation and with better optimisers.

## Common mistakes

- **The kernel not flipped in `dx`,** or flipped in `dw`. The shapes are right and training works, a little worse. Check with a
  kernel that has no symmetry.
- **Rows flipped but not columns.** A kernel of one column never shows it. Half a turn is both.
- **A sum over one axis too few.** A gradient has the shape of what it belongs to, and what was broadcast or shared is
  summed: over positions, and over the *batch*.
- **Dividing by $N$ twice.** Gradients shrink as batches grow. If the loss is a mean, `dy` has the $1/N$ already.
- **No zeros behind the last stop** when the stride does not divide. `dx` gets too short; or `dw` too large, and then
  shapes are "repaired" by cutting the wrong end. Give `dx` the size of the padded input from the start.
- **The unpadded input used for `dw`,** or `dx` not cropped. Shapes do not fit, or fit by luck. Pad once, on the way forward;
  crop once, at the end.
- **`=` where `+=` belongs.** Windows overlap, and so do their gradients. Add.
- **Checking in float32,** with one-sided differences, with the mean error, at a kink. Right code fails, or wrong code passes.
  Take float64, central differences and the maximum, away from kinks.
- **Checking with ones,** with square shapes, with one sample. Flips, swaps and forgotten sums stay hidden. Draw `dy` at random,
  and let no two sizes be equal.
- **"The loss goes down, so it is right."** A gradient that is a little wrong still points downhill. Check it with numbers.

The line about `+=` deserves a look, because only overlapping windows show it.
"""

# %%
for stride in (1, 3):
    count = len(range(0, 10 - 3 + 1, stride))
    scattered = {"added": torch.zeros(10), "overwritten": torch.zeros(10)}
    for i in range(count):
        window = slice(stride * i, stride * i + 3)
        scattered["added"][window] += 1.0
        scattered["overwritten"][window] = 1.0
    for name, values in scattered.items():
        print(f"kernel 3, stride {stride}, {name:11}: {as_text(values)}")
    assert torch.equal(scattered["added"], scattered["overwritten"]) == (stride == 3)

# %% [markdown]
r"""
Look at stride 3: the windows touch but do not overlap, and both ways agree. A test with that stride alone would pass.

## Summary

- A box of the computation graph needs the upstream gradient `dy` and what it saw on the way forward. It sums, over all
  outputs that an input reaches, `dy` times the derivative. What is used several times collects several gradients.
- $dw_j = \sum_i dy_i\,x_{i+j}$: the input cross-correlated with `dy`. No flip.
- $dx_k = \sum_i dy_i\,w_{k-i}$: the full, true convolution of `dy` with the kernel; seen from the input the kernel comes
  in backwards. The same as $T^{\mathsf T} dy$, the transposed convolution.
- $db$ is the sum of `dy`. With batch and channels: sum over every index that the result does not have.
- Stride is a box that throws outputs away: put zeros in their places. Padding is a box that adds constants: crop.
- A backward pass costs about two forward passes, and keeps the inputs until then.
- Check in float64, by central differences with $\varepsilon$ near $10^{-6}$, by the maximum, away from kinks, with a
  *random* upstream gradient and shapes in which nothing is equal.

## References

- S. Linnainmaa, "Taylor expansion of the accumulated rounding error", *BIT* 16, 1976, 146–160: derivatives by running a
  computation backwards, from his thesis of 1970.
- D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating errors", *Nature* 323,
  1986, 533–536.
- Y. LeCun et al., "Backpropagation applied to handwritten zip code recognition", *Neural Computation* 1(4), 1989,
  541–551: back-propagation through shared kernels.
- A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd edition, SIAM 2008: why the backward pass costs a small
  multiple of the forward pass, for any function.
- A. G. Baydin, B. A. Pearlmutter, A. A. Radul, J. M. Siskind, "Automatic differentiation in machine learning: a survey",
  *Journal of Machine Learning Research* 18(153), 2018 (arXiv:1502.05767).
- I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, MIT Press 2016, sections 6.5 and 9.5 (deeplearningbook.org).
- V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016 (arXiv:1603.07285): transposed
  convolutions in pictures.
- T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback weights support error backpropagation
  for deep learning", *Nature Communications* 7, 2016, 13276.
- W. H. Press et al., *Numerical Recipes*, 3rd edition, Cambridge University Press 2007, section 5.7: how large a nudge.
- PyTorch, "Extending PyTorch" and "Gradcheck mechanics" (docs.pytorch.org/docs/stable/notes).
- The photographs: "camera" by Lav Varshney and "gravel" from CC0Textures, both CC0, from scikit-image's data.

## Your turn

[Assignment 05](../assignments/05_backward_pass/05_backward_pass.ipynb), about four and a half hours: you fill in the
derivation with numbers, write the backward pass of a convolution in one and two dimensions with stride and padding, the tools
that check it, and a convolution that torch can differentiate. Next comes [lecture 06](06_pooling.ipynb), where the backward
pass of max pooling has to remember who won.
"""
