# %% [markdown]
r"""
# 03 · Convolution in two dimensions

In lecture 02 a kernel slid along a line. Now it slides over a picture, left to right, row by row. Nothing else changes:
multiply what lies on top of each other, add up, write one number, move on. That one operation blurs, sharpens and finds
edges, and it is what a convolutional network does in every layer.

**After this lecture you can**

- compute any entry of a 2D convolution by hand, and say how many entries there are;
- read a kernel: tell from its weights whether it keeps brightness, finds edges or amplifies noise;
- choose between *[valid](../glossary.ipynb#padding-modes)*, *same* and *full*, say what each does to the border, and
  say where an even kernel's extra row and column go;
- tell when a 2D kernel splits into a column and a row, and measure whether splitting pays;
- explain why the same sum takes a second in Python loops and a fraction of a millisecond in torch.

**Time:** about 90 minutes to read, predict and run; the code itself needs half a minute. **You need** lecture 02.
Afterwards: [assignment 03](../assignments/03_convolution_2d/03_convolution_2d.ipynb).
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
print(f"torch computes on: {device}")

# %% [markdown]
r"""
## One number at a time

Here is a picture of 25 pixels, each lit (1) or not (0), and a pattern of nine: an X made of five ones.
"""

# %%
picture = torch.tensor(
    [
        [1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 1, 1],
        [0, 0, 1, 1, 0],
        [0, 1, 1, 0, 0],
    ],
    dtype=torch.float32,
)
cross = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]], dtype=torch.float32)

fig, axes = plt.subplots(1, 2, figsize=(4.2, 2.4), width_ratios=[5, 3])
for ax, plane, title in zip(axes, (picture, cross), ("the picture", "the pattern"), strict=True):
    ax.imshow(plane, cmap=plotting.DIVERGING, vmin=-2, vmax=2)  # lit is orange, as in the animations
    ax.set_title(title)
    ax.spines[:].set_visible(False)
    edges = np.arange(len(plane) + 1) - 0.5
    ax.set(xticks=edges, yticks=edges, xticklabels=[], yticklabels=[])
    ax.grid(True, color="#bbbbbb")
    ax.set_axisbelow(False)
    ax.tick_params(length=0)
    ax.set_anchor("NW")
plotting.show(fig, "A picture of 5 by 5 lit and unlit pixels, and an X of 3 by 3.")

# %% [markdown]
r"""
Lay the X on the top left corner of the picture. *How many of its five ones land on a lit pixel?* Count before you run
the cell.
"""

# %%
window = picture[0:3, 0:3]  # the part of the picture under the X
products = window * cross  # nine products, entry by entry
print(products)
print("their sum:", products.sum().item())
assert products.sum() == 4
assert products[2, 0] == 0

# %% [markdown]
r"""
Look for the one that is missing, the zero at the bottom left: that arm of the X lies on an unlit pixel. Four of five
matched, and the sum says 4.

The pattern is called the **kernel**, its entries the **weights**, and the part of the picture under it the **window**.
The operation is a dot product of two little pictures. If the window has what the kernel asks for, the sum is large.

## Slide the window

Move the X one pixel to the right and count again; then on; then down a row and back to the left edge. *How many places
are there for a 3×3 window in a 5×5 picture? Will any of them give 5?*
"""

# %%
result = F.conv2d(picture[None, None], cross[None, None])[0, 0]  # (N, C, H, W): one picture, one channel
assert torch.equal(result, torch.tensor([[4.0, 3, 4], [2, 4, 3], [2, 3, 4]]))
plotting.slide_2d(picture, cross, result)

# %% [markdown]
r"""
Look at the window on the left while it moves. It fits in three places across and three down, so the result is 3×3. A 5
would mean that the whole X is there. It never is: the best windows have four of its five pixels. (The animation calls
the picture x, the kernel w and the result y, as code does.)

In a formula. Let $S$ be the picture, with $H$ rows and $B$ columns ($B$ for breadth, because $W$ is taken). Let $W$ be
the weights, with $h$ rows and $b$ columns. (In shapes such as `(N, C, H, W)`, as in the cell above, `W` is torch's word for
the width, our $B$, and `C` counts channels.) The result $C$ has in row $i$ and column $j$

$$C_{i,j} \;=\; \sum_{t_1=0}^{h-1}\;\sum_{t_2=0}^{b-1} S_{i+t_1,\;j+t_2}\; W_{t_1,\,t_2}.$$

The pair $(i, j)$ says where the window's top left corner is; $t_1$ and $t_2$ run over the kernel. The sums stop at
$h-1$ and $b-1$, since counting starts at 0. *And where do $i$ and $j$ stop?*

The lowest row that the window touches is $i + h - 1$. It must be a row of the picture, at most $H - 1$. So
$i$ runs from 0 to $H-h$, which makes $H - h + 1$ rows, and in the same way there are $B - b + 1$ columns.
"""

# %%
for (H, B), (h, b) in [((5, 5), (3, 3)), ((28, 28), (5, 5)), ((7, 9), (3, 4)), ((3, 3), (3, 3))]:
    rows, columns = F.conv2d(torch.zeros(1, 1, H, B), torch.zeros(1, 1, h, b)).shape[2:]
    print(f"picture {H:2} x {B:2}, kernel {h} x {b}  ->  result {rows:2} x {columns:2}")
    assert (rows, columns) == (H - h + 1, B - b + 1)

try:
    F.conv2d(torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 4, 4))
except RuntimeError as error:
    print("picture  3 x  3, kernel 4 x 4  -> ", error)

# %% [markdown]
r"""
Look at the last two lines: a kernel as large as the picture has one place to lie, and leaves one number. A larger one
has no place, and torch says so.

One caution about "the sum is large if the pattern is there". *What does the X score on a window that is all lit?*
"""

# %%
all_lit = torch.ones(3, 3)
strict_cross = torch.where(cross == 1, 1.0, -1.0)  # what should be dark now counts against the match
print("X on an X:            ", (cross * cross).sum().item())
print("X on all lit:         ", (all_lit * cross).sum().item())
print("strict X on an X:     ", (cross * strict_cross).sum().item())
print("strict X on all lit:  ", (all_lit * strict_cross).sum().item())
assert (cross * cross).sum() == (all_lit * cross).sum() == 5
assert (cross * strict_cross).sum() == 5
assert (all_lit * strict_cross).sum() == 1

# %% [markdown]
r"""
Look at the first two lines: no difference. A zero in the kernel means *do not care*. To ask for darkness, a kernel
needs negative weights, and then the lit window drops from 5 to 1. The [edge kernels](#Edges:-the-Sobel-kernels) have
weights of both signs.

> **Check yourself.** A picture of 10 rows and 7 columns meets a kernel of 3 rows and 4 columns, no padding. What is the
> size of the result? And on which pixels of the picture does $C_{2,5}$ depend?
>
> <details><summary>Answer</summary>
>
> $(10-3+1) \times (7-4+1) = 8 \times 4$. So $j$ runs from 0 to 3, and there is no $C_{2,5}$. ($C_{2,3}$ depends on
> rows 2–4 and columns 3–6.)
>
> </details>

## The same example with a border

Now numbers that are not 0 and 1. Take the picture $1, 2, \dots, 9$ in three rows, and use it as its own kernel. Inside
the picture there is one place only: $1\cdot1 + 2\cdot2 + \dots + 9\cdot9$.

Often you want a result as large as the picture. Then the window must hang over the edge, and something must stand
there. The usual choice is zeros: **zero padding**. One row or column of zeros on each side leaves nine places for the
window. *With the window's centre on the top left pixel, which four pixels of the picture does it still see, and which
four weights lie on them?*
"""

# %%
nine = torch.arange(1.0, 10).reshape(3, 3)
corner = nine[0:2, 0:2] * nine[1:3, 1:3]  # pixels 1 2 4 5 under the weights 5 6 8 9
print(corner)
print("top left:", corner.sum().item(), "  centre:", (nine * nine).sum().item())
assert corner.sum() == 1 * 5 + 2 * 6 + 4 * 8 + 5 * 9 == 94
assert (nine * nine).sum() == 285

# %%
valid = F.conv2d(nine[None, None], nine[None, None])[0, 0]
same = F.conv2d(nine[None, None], nine[None, None], padding=1)[0, 0]
assert torch.equal(valid, torch.tensor([[285.0]]))
assert torch.equal(same, torch.tensor([[94.0, 154, 106], [186, 285, 186], [106, 154, 94]]))
plotting.slide_2d(F.pad(nine, (1, 1, 1, 1)), nine, same)

# %% [markdown]
r"""
Look at the zeros around the picture: in a corner five of the nine products vanish. Without padding, called **valid**,
only the centre remains: $[[285]]$. With padding the result has the picture's own size; this is called **same**.

Look also at the symmetry of the result: 94, 154, 106 above, 106, 154, 94 below. Turn it half a turn and it is itself,
because picture and kernel are equal. And 94 is a third of 285. That drop is [the
border](#At-the-border:-valid,-same,-full)'s doing; a section further down comes back to it.
"""

# %%
assert torch.equal(same, same.flip(0, 1))
assert round(285 / 94) == 3
products_in_corner = F.unfold(F.pad(nine, (1, 1, 1, 1))[None, None], 3)[0, :, 0] * nine.flatten()
print("products in the corner window:", products_in_corner.int().tolist())
assert (products_in_corner == 0).sum() == 5

# %% [markdown]
r"""
## One bright pixel: which way round is the kernel?

Lecture 02 had two operations: **cross-correlation**, which lays the kernel on the signal as it is, and **true
convolution**, which flips it first. Frameworks compute the first and call it convolution, and so do we. In two
dimensions the flip deserves a look.

Take a black picture with one white pixel, an *impulse*, and as kernel the letter F. *What will the result look like?
Draw it before you run the cell.*
"""

# %%
letter = torch.tensor([[1, 1, 1, 1, 0], [1, 0, 0, 0, 0], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0.0]])
impulse = torch.zeros(9, 9)
impulse[4, 4] = 1
correlated = F.conv2d(impulse[None, None], letter[None, None], padding=2)[0, 0]
convolved = F.conv2d(impulse[None, None], letter.flip(0, 1)[None, None], padding=2)[0, 0]

assert torch.equal(correlated[2:7, 2:7], letter.flip(0, 1))
assert torch.equal(convolved[2:7, 2:7], letter)
plotting.show_images(
    [F.pad(letter, (2, 2, 2, 2)), impulse, correlated, convolved],
    ["kernel (in a black frame)", "picture: an impulse", "cross-correlation", "true convolution"],
    columns=4,
    alt="Four small pictures: the letter F, a single white pixel, the F turned by half a turn, and the F upright.",
)

# %% [markdown]
r"""
Look at the third picture: the F stands on its head. The weight to the *left* of the kernel's centre is used when the
impulse is left of the window's centre, and that is when the window is to the *right* of the impulse.

True convolution turns the kernel by half a turn first, so every bright pixel paints an upright copy of the kernel. That
is why mathematicians and signal engineers define it so. It also makes the operation commutative: picture and kernel may
swap roles. Cross-correlation does not allow that.

Half a turn means that *both* axes are flipped. It is not the transpose, and not one flip.
"""

# %%
x, w = nine[None, None], torch.tensor([[[[0.0, 1, 0], [0, 2, 3], [0, 0, 4]]]])
half_turn = (2, 3)  # the axes to flip
full = 2  # padding by kernel size minus one: every place where window and picture touch

x_w, w_x = F.conv2d(x, w, padding=full), F.conv2d(w, x, padding=full)
print("cross-correlation commutes:       ", torch.equal(x_w, w_x))
print("swapped, it is turned half a turn:", torch.equal(x_w, w_x.flip(half_turn)))
assert torch.equal(x_w, w_x.flip(half_turn))

x_w = F.conv2d(x, w.flip(half_turn), padding=full)
w_x = F.conv2d(w, x.flip(half_turn), padding=full)
print("true convolution commutes:        ", torch.equal(x_w, w_x))
assert torch.equal(x_w, w_x)
assert not torch.equal(w.flip(half_turn), w.mT)
assert not torch.equal(w.flip(half_turn), w.flip(3))

# %% [markdown]
r"""
Look at the three answers. Swap picture and kernel, and a cross-correlation comes out turned by half a turn; a true
convolution does not change. Now the [example with a border](#The-same-example-with-a-border), flipped. You may meet
these numbers one day.
"""

# %%
flipped = F.conv2d(x, x.flip(half_turn), padding=1)[0, 0]
print(flipped)
assert flipped[0, 0] == 26
assert flipped[1, 1] == 165

# %% [markdown]
r"""
If your code gives 26 in the corner and 165 in the centre, where the [example](#The-same-example-with-a-border) has 94
and 285, it has flipped the kernel.

Does a network care? No: its weights are learned. Trained with a flip, it learns the flipped weights and computes the
same function. You care when you type a kernel in yourself, or compare with `scipy.signal.convolve2d`, which flips.

> **Check yourself.** A kernel looks the same after half a turn. Does it matter whether your library flips?
>
> <details><summary>Answer</summary>
>
> No. Cross-correlation and true convolution give the same result. The X above is such a kernel, and so are the
> [box](#What-a-kernel-answers-to-a-flat-wall) and the [Gaussian](#Blur:-the-Gaussian) below. The [Sobel
> kernel](#Edges:-the-Sobel-kernels) changes its sign.
>
> </details>

The next cell checks this answer and that to the question [about 10 rows and 7 columns](#Slide-the-window). Its
`backward()` is a trick that lecture 05 explains. Here it is enough to know that it marks the pixels that an entry
depends on.
"""

# %%
# The answers, checked.
marked = torch.zeros(1, 1, 10, 7, requires_grad=True)
out = F.conv2d(marked, torch.ones(1, 1, 3, 4))
assert out.shape == (1, 1, 8, 4)
out[0, 0, 2, 3].backward()  # the gradient marks the pixels that the entry depends on
touched_rows, touched_columns = marked.grad[0, 0].nonzero().T
assert set(touched_rows.tolist()) == {2, 3, 4}
assert set(touched_columns.tolist()) == {3, 4, 5, 6}
assert torch.equal(cross, cross.flip(0, 1))

# %% [markdown]
r"""
## What a kernel answers to a flat wall

You can read a lot from a kernel before you run it. Start with one question: *what does it answer where the picture is
the same grey everywhere?* Here are five kernels that you will meet below, and a wall of brightness 0.5. Predict the
five answers.
"""

# %%
sobel_x = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
kernels = {
    "box": torch.full((3, 3), 1 / 9),
    "binomial": torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Sobel x": sobel_x,
    "Laplacian": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}
wall = torch.full((1, 1, 9, 9), 0.5)
for name, kernel in kernels.items():
    response = F.conv2d(wall, kernel[None, None])
    assert torch.allclose(response, 0.5 * kernel.sum() * torch.ones(1, 1, 7, 7), atol=1e-6)
    print(f"{name:10} weights add up to {kernel.sum():4.1f}, answer to the wall {response[0, 0, 0, 0]:4.1f}")

# %% [markdown]
r"""
Look at the two columns: the answer is the wall's brightness times the **sum of the weights**. Every product has the
same factor 0.5, so it comes out of the sum.

Two families follow. Weights that add up to 1 keep the brightness: blurring and sharpening. Weights that add up to 0
answer 0 to a flat area, and so speak only where something changes: edges, stripes, spots.

> **Check yourself.** A 5×5 kernel has weights that add up to 0. What does it answer on a white wall, and what on a black
> one?
>
> <details><summary>Answer</summary>
>
> Zero, both times: brightness times sum of weights.
>
> </details>

## Edges: the Sobel kernels

Time for a real photograph. An edge is a place where the brightness changes fast. So subtract the left neighbour from
the right one: large and positive where it gets brighter, negative where it gets darker, zero where nothing happens.

The file has whole numbers from 0 to 255, one byte each, `uint8`. Divided by 255 they run from 0, black, to 1,
white. The cell subtracts twice: once in bytes, once in
floating point. *Should the two pictures differ?*
"""

# %%
pixels = data.photograph("coffee", size=200, grey=True)  # (200, 300) uint8
photo = torch.from_numpy(pixels).to(device, torch.float32)[None, None] / 255  # (1, 1, 200, 300)

in_bytes = pixels[:, 2:] - pixels[:, :-2]
in_floats = photo[..., 2:] - photo[..., :-2]
plotting.show_images(
    [pixels / 255, in_bytes / 255, (0.5 + in_floats[0, 0].cpu()).clamp(0, 1)],
    ["photograph", "right − left in uint8: wrong", "right − left in float32 (grey is 0)"],
    columns=3,
    alt="A cup of coffee; its horizontal differences computed in bytes, black and white specks; the same in floats, a "
    "grey relief in which the cup's rims stand out bright and dark.",
)
i, j = np.unravel_index(in_floats[0, 0].argmin().item(), in_bytes.shape)
left, right = pixels[i, j], pixels[i, j + 2]
print(f"row {i}: left {left}, right {right}")
print(f"right - left in uint8: {in_bytes[i, j]}, in truth: {int(right) - int(left)}")
assert in_bytes[i, j] == (int(right) - int(left)) % 256
assert int(right) < int(left)

# %% [markdown]
r"""
Look at the middle picture and at the printed lines. A byte has no negative numbers: it starts again at 255, without any
warning. **Convert to floating point before you filter.**

Differences have a second enemy, noise. A difference of two noisy pixels is noisier than either. The remedy of Irwin
Sobel and Gary Feldman (1968) is to average over three rows, the middle one counted twice:

$$W_x=\begin{bmatrix}1\\2\\1\end{bmatrix}\begin{bmatrix}-1&0&1\end{bmatrix}
=\begin{bmatrix}-1&0&1\\-2&0&2\\-1&0&1\end{bmatrix},\qquad W_y = W_x^{\mathsf T}.$$

$W_x$ differentiates along a row and averages down a column; $W_y$ does it the other way round. First a strip that you
can check by hand: dark 0.2, bright 0.8, dark 0.2. *What are the answers, and how many columns wide is each edge?*
"""

# %%
strip = torch.tensor([0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8, 0.2, 0.2, 0.2]).expand(1, 1, 3, 10)
answer = F.conv2d(strip, sobel_x[None, None]).flatten()
print("dark-bright-dark:", [round(v, 3) for v in answer.tolist()])
assert torch.allclose(answer, torch.tensor([0, 2.4, 2.4, 0, 0, -2.4, -2.4, 0]), atol=1e-6)

assert torch.equal(sobel_x.flip(0, 1), -sobel_x)  # half a turn changes its sign, as announced

ramp = (0.1 * torch.arange(8.0)).expand(1, 1, 3, 8)  # 0.1 brighter per pixel
print("ramp of 0.1 per pixel:", [round(v, 3) for v in F.conv2d(ramp, sobel_x[None, None]).flatten().tolist()])
assert torch.allclose(F.conv2d(ramp, sobel_x[None, None]), torch.tensor(0.8), atol=1e-6)

# %% [markdown]
r"""
Look at the signs: $+2.4$ where it gets brighter, $-2.4$ where it gets darker. The step is 0.6 and the three rows weigh
$1 + 2 + 1 = 4$, which gives 2.4; the difference reaches over two pixels, so each edge is two columns wide.

Look at the ramp: a slope of 0.1 per pixel answers 0.8. Divide by 8 and you have the true slope in brightness per pixel.
Most code, ours too, leaves the factor out; remember it when you compare numbers.

*Was the averaging worth it?* Feed both kernels pure noise of standard deviation 1. What counts is how loud the noise
gets, compared with the answer to a step of height 1.
"""

# %%
generator = torch.Generator().manual_seed(3)
noise = torch.randn(1, 1, 1000, 1000, generator=generator)
ratios = {}
for name, kernel, step_answer in [
    ("difference", torch.tensor([[-1.0, 0, 1]]), 1),
    ("Sobel x", sobel_x, 4),
]:
    measured = F.conv2d(noise, kernel[None, None]).std().item()
    expected = kernel.square().sum().sqrt().item()  # root of the sum of the squared weights
    ratios[name] = expected / step_answer
    print(f"{name:10} noise {measured:.3f} (expected {expected:.3f}), per height of step {ratios[name]:.3f}")
    assert abs(measured - expected) < 0.01 * expected
print(f"Sobel's step stands out {ratios['difference'] / ratios['Sobel x']:.2f} times better")
assert round(ratios["difference"] / ratios["Sobel x"], 2) == 1.63

# %% [markdown]
r"""
Look at the column in brackets: independent noise leaves a kernel with the root of the sum of the squared weights. This
is the second thing that you can read from any kernel. Against the step, Sobel does 1.63 times better than a plain
difference.

Now the photograph, with both kernels in one call. The weights have shape (2, 1, 3, 3): two kernels on one channel. The
result has two channels, $g_x$ and $g_y$. Together they are the **gradient**, an arrow at every pixel that points to
where it gets brighter. Its length is the **[magnitude](../glossary.ipynb#gradient-magnitude)** $\sqrt{g_x^2+g_y^2}$.

*The rim of the cup is nearly an ellipse. Where on it will $g_x$ be large, where $g_y$?*
"""

# %%
sobel_pair = torch.stack([sobel_x, sobel_x.T])[:, None].to(device)  # (2, 1, 3, 3)
gradient = F.conv2d(photo, sobel_pair)  # (1, 2, 198, 298)
magnitude = gradient.square().sum(dim=1).sqrt()  # (1, 198, 298)
gx, gy = gradient[0].cpu()

few_colours = plt.get_cmap(plotting.DIVERGING, 21)  # the grain of the table stays near white
fig, axes = plt.subplots(1, 2, figsize=(8.0, 2.5))
for ax, plane, title in (
    (axes[0], gx, "$g_x$: edges that run up and down"),
    (axes[1], gy, "$g_y$: edges that run left and right"),
):
    image = ax.imshow(plane, cmap=few_colours, vmin=-2, vmax=2, interpolation_stage="data")
    ax.set_title(title)
    ax.set_axis_off()
fig.colorbar(image, ax=axes, label="change of brightness, unscaled")
plotting.show(
    fig,
    "The cup's horizontal and vertical Sobel responses, coloured by sign: the left and right sides of cup and saucer "
    "show in the horizontal one, the top and bottom of their rims in the vertical one.",
)

# %% [markdown]
r"""
Look at the cup's left and right side in $g_x$, and at the top and bottom of its rim in $g_y$. An edge shows up where
you cross it. This is a classic confusion: $g_x$, the *horizontal* derivative, finds *vertical* edges.

Look at the two colours. Orange means brighter to the right (in $g_y$: downwards), purple means darker. Follow the
white rim of the cup: its two borders always have opposite colours. *What is left of that in the magnitude?*
"""

# %%
fig, ax = plt.subplots(figsize=(4.6, 2.75))
image = ax.imshow(magnitude[0].cpu(), cmap="gray", vmin=0, vmax=2)
ax.set_title("Gradient magnitude: edges in every direction")
ax.set_axis_off()
fig.colorbar(image, label="magnitude, unscaled")
plotting.show(fig, "The cup's gradient magnitude: the outlines of cup, saucer and spoon, bright on black.")

# %% [markdown]
r"""
Look at the outlines: the sign is gone, and the ellipses are closed. With two kernels and a square root you have an edge
detector. Look also at the table: its grain gives a little everywhere.

Zoom in on the rim. *Which way will the arrows point: along the rim or across it?*
"""

# %%
top, left, size = 8, 84, 40
rows, columns = np.mgrid[top : top + size : 3, left : left + size : 3]
arrow_x, arrow_y = gx.numpy()[rows, columns], gy.numpy()[rows, columns]
strong = np.hypot(arrow_x, arrow_y) > 0.3

fig, ax = plt.subplots(figsize=(4.4, 3.8))
ax.imshow(photo[0, 0].cpu(), cmap="gray", vmin=0, vmax=1)
ax.quiver(
    columns[strong] + 1,  # entry (i, j) of a valid result belongs to the window's centre (i + 1, j + 1)
    rows[strong] + 1,
    arrow_x[strong],
    arrow_y[strong],
    angles="xy",
    color=plotting.ORANGE,
    width=0.008,
)
ax.set(xlim=(left, left + size), ylim=(top + size, top), xlabel="column (pixels)", ylabel="row (pixels)")
ax.set_title("Across the edge, towards the bright side")
ax.grid(False)
plotting.show(
    fig,
    "Part of the cup's rim enlarged, with arrows that stand at right angles to the rim, dark to bright.",
)

# %% [markdown]
r"""
Look at any arrow on the rim: it crosses the edge at a right angle, from dark to bright, and it is longer where the
contrast is stronger. Note the `+ 1` in the code. Entry $(0,0)$ of a *valid* result belongs to the window whose centre is pixel
$(1,1)$; forget it and everything you draw sits one pixel too far up and left.

> **Check yourself.** You want vertical edges only. $W_x$ or $W_y$? And a kernel has the weights $-1, 2, -1$ in one row:
> how much louder does it make independent noise?
>
> <details><summary>Answer</summary>
>
> $W_x$. It differentiates along the row, and a vertical edge is what you cross when you walk along a row. The noise gets
> louder by $\sqrt{1+4+1}=\sqrt6\approx2.45$.
>
> </details>

## Blur: the Gaussian

To blur is to replace a pixel by an average of its neighbourhood. Equal weights, the box, give far neighbours as much
say as near ones, and then none at all one pixel further. A Gaussian lets the weight fade:

$$G(u,v)\;\propto\;\exp\!\left(-\frac{u^2+v^2}{2\sigma^2}\right).$$

Here $u$ and $v$ are the distances in pixels from the kernel's centre, $\sigma$ is the width, and $\propto$ means:
divide by the sum, so that the weights add up to 1. You will write this kernel in the assignment. Here we let
torchvision blur an impulse and read the kernel off, which works because [an impulse paints the
kernel](#One-bright-pixel:-which-way-round-is-the-kernel?). *How wide must the kernel be for σ = 2?*
"""

# %%
from torchvision.transforms.v2.functional import gaussian_blur

sigma = 2.0
point = torch.zeros(1, 1, 61, 61)
point[0, 0, 30, 30] = 1
spot = gaussian_blur(point, 61, sigma)[0, 0]  # the kernel itself, far wider than it needs to be
assert torch.isclose(spot.sum(), torch.tensor(1.0), atol=1e-5)
assert torch.allclose(spot, spot.flip(0, 1), atol=1e-7)
for size in (3, 5, 9, 13):
    kept = spot[30 - size // 2 : 31 + size // 2, 30 - size // 2 : 31 + size // 2].sum().item()
    print(f"{size:2} x {size:2} holds {100 * kept:5.1f} % of the weight of a Gaussian with sigma {sigma:g}")
    if size == 13:
        assert kept > 0.995

# %% [markdown]
r"""
Look at the last line: 13×13 holds practically all of it. The rule of thumb is a radius of three σ, which is a size of
$6\sigma+1$. Cut it much shorter and you have a box with rounded corners.

Now the picture. *Which details go first as σ grows?*
"""

# %%
blurred = {sigma: gaussian_blur(photo, int(6 * sigma) + 1, sigma) for sigma in (1.0, 2.0, 5.0)}
plotting.show_images(
    [plane[0, 0].cpu() for plane in blurred.values()],
    [f"σ = {sigma:g} pixels" for sigma in blurred],
    columns=3,
    alt="The cup of coffee blurred with sigma 1, 2 and 5 pixels: first the grain of the table goes, then the outlines.",
)
twice = gaussian_blur(gaussian_blur(photo, 25, 3.0), 31, 4.0)
once = gaussian_blur(photo, 41, 5.0)
inside = (..., slice(40, -40), slice(40, -40))  # away from the border, where padding differs
gap = (twice - once)[inside].abs().max().item()
print(f"blurred by 3, then by 4, against once by 5: at most {gap:.4f} apart")
assert gap < 0.005
assert (photo - once)[inside].abs().max() > 0.2

# %% [markdown]
r"""
Look at the table's grain: gone at σ = 2, while the cup is still there at σ = 5. Blurring removes what is small. That
makes σ a choice of scale: an edge detector on a blurred picture finds only the large edges.

Look at the printed line. Blurring twice is blurring once with $\sqrt{3^2+4^2}=5$: the variances add, and a Gaussian of
a Gaussian is a Gaussian.

## Sharpen: put more of the detail back

What blurring took away is the detail: picture minus blurred picture. *What if you add that detail once more?*

$$\text{sharp} = \text{picture} + a\,(\text{picture} - \text{blurred}),$$

with $a$ the amount. Darkroom photographers called it unsharp masking. All of it is linear, so all of it is one kernel.
If "blurred" is the mean of the four direct neighbours and $a = 4$, it is the `sharpen` kernel [you
know](#What-a-kernel-answers-to-a-flat-wall).
"""

# %%
centre_only = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])
four_neighbours = torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
assert torch.equal(centre_only + 4 * (centre_only - four_neighbours), kernels["sharpen"])

step = torch.tensor([0.2, 0.2, 0.2, 0.8, 0.8, 0.8]).expand(1, 1, 3, 6)
sharp_step = F.conv2d(step, kernels["sharpen"][None, None]).flatten()
print("a step from 0.2 to 0.8 becomes", [round(v, 2) for v in sharp_step.tolist()])
assert torch.allclose(sharp_step, torch.tensor([0.2, -0.4, 1.4, 0.8]), atol=1e-6)
noise_gain = kernels["sharpen"].square().sum().sqrt().item()
print(f"noise gets {noise_gain:.1f} times louder")
assert round(noise_gain, 1) == 5.4

# %% [markdown]
r"""
Look at the step: it undershoots to −0.4 and overshoots to 1.4. That is what sharpening is, an exaggerated edge; nothing
that the blur of the lens destroyed comes back. And noise gets 5.4 times louder. With a Gaussian as the blur and a
smaller amount it is gentler.
"""

# %%
detail = photo - gaussian_blur(photo, 9, 1.5)
sharp = photo + 1.5 * detail
outside = ((sharp < 0) | (sharp > 1)).float().mean().item()
print(f"{100 * outside:.1f} % of the sharpened pixels are below 0 or above 1: clamp them for display, and only there")
assert 0 < outside < 0.2

crop = (0, 0, slice(0, 74), slice(80, 191))
plotting.show_images(
    [photo[crop].cpu(), (0.5 + detail[crop]).clamp(0, 1).cpu(), sharp[crop].clamp(0, 1).cpu()],
    ["photograph", "detail (grey is 0)", "photograph + 1.5 × detail"],
    columns=3,
    alt="The upper half of the cup: as photographed; its detail, thin bright and dark lines on grey; and sharpened, "
    "with crisper outlines and a grainier table.",
)

# %% [markdown]
r"""
Look at the outlines of the cup, then at the table: both got crisper, and the grain got louder with them. A kernel
cannot tell detail from noise.
"""

# %% [markdown]
r"""
**Now yours.** Run the next cell, and nine fields appear under the picture. *Before you type: which nine numbers leave the
picture as it is? Which move it by one pixel? Which turn it into its negative?* Then go through the kernels of this lecture
with the slider, and change one weight of each.
"""

# %%
from cnnkit import widgets

widgets.explore_kernel(data.photograph("camera", size=64, grey=True), "sharpen")

# %% [markdown]
r"""
## Stripes: a Gabor bank

Sobel asks one question, "how fast does it change here?" A **Gabor kernel** asks a finer one: "is there a stripe of this
width, in this direction?" It is a wave under a Gaussian window:

$$g(u,v)=\exp\!\left(-\frac{u_\theta^2+\gamma^2 v_\theta^2}{2\sigma^2}\right)
\cos\!\left(\frac{2\pi u_\theta}{\lambda}+\psi\right),
\qquad\begin{aligned}u_\theta&=\;\;\;u\cos\theta+v\sin\theta\\v_\theta&=-u\sin\theta+v\cos\theta\end{aligned}$$

- $u$ (to the right) and $v$ (down): distances from the centre, in pixels; $u_\theta, v_\theta$: the same, turned by the
  angle $\theta$;
- $\lambda$: the wavelength, one bright and one dark stripe, in pixels;
- $\psi$: the phase: 0 has a stripe in the centre (*even*), $\pi/2$ an edge (*odd*);
- $\sigma$: the width of the window; $\gamma$: how much shorter it is along the stripes than across (below 1: longer).

Dennis Gabor proposed such waves for sound in 1946. John Daugman showed in 1985 that their 2D form describes what simple
cells in the visual cortex respond to, the cells that Hubel and Wiesel had found (lecture 01).
"""


# %%
def gabor(theta, phase, wavelength=8.0, sigma=3.5, gamma=0.6):
    """Return a Gabor kernel (21, 21) with zero sum and unit norm."""
    v, u = torch.meshgrid(torch.arange(-10.0, 11), torch.arange(-10.0, 11), indexing="ij")
    across = u * np.cos(theta) + v * np.sin(theta)
    along = -u * np.sin(theta) + v * np.cos(theta)
    envelope = torch.exp(-(across**2 + (gamma * along) ** 2) / (2 * sigma**2))
    kernel = envelope * torch.cos(2 * torch.pi * across / wavelength + phase)
    kernel = kernel - envelope * kernel.sum() / envelope.sum()  # no answer to a flat wall
    return kernel / kernel.norm()


angles = [k * np.pi / 4 for k in range(4)]
bank = torch.stack([gabor(theta, phase) for phase in (0.0, np.pi / 2) for theta in angles])[:, None]  # (8, 1, 21, 21)
assert bank.sum(dim=(2, 3)).abs().max() < 1e-5
mirrored = F.pad(photo, (10, 10, 10, 10), mode="reflect")
responses = F.conv2d(mirrored, bank.to(device))  # (1, 8, 200, 300): eight maps in one call
print("weights", tuple(bank.shape), " responses", tuple(responses.shape))
assert responses.shape == (1, 8, 200, 300)

# %% [markdown]
r"""
The even kernel peaks *on* a line, the odd one *at* an edge. Squared and added they answer to both: the **energy**
$\sqrt{r_\text{even}^2 + r_\text{odd}^2}$ says "a stripe of this direction is near", wherever exactly it lies.
*Predict which parts of the cup light up in which of the four energies.*
"""

# %%
energy = (responses[0, :4] ** 2 + responses[0, 4:] ** 2).sqrt().cpu()  # (4, 200, 300)
fig, axes = plt.subplots(3, 4, figsize=(9, 4.7), height_ratios=[1, 1, 1.05])
for column, theta in enumerate(angles):
    axes[0, column].imshow(bank[column, 0], cmap=plotting.DIVERGING, vmin=-0.15, vmax=0.15)
    axes[1, column].imshow(bank[column + 4, 0], cmap=plotting.DIVERGING, vmin=-0.15, vmax=0.15)
    axes[2, column].imshow(energy[column], cmap="gray", vmin=0, vmax=1.2)
    axes[0, column].set_title(f"θ = {np.degrees(theta):.0f}°", loc="center")
for ax, word in zip(axes[:, 0], ("even", "odd", "energy"), strict=True):
    ax.set_ylabel(word)
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
plotting.show(
    fig,
    "Eight Gabor kernels, even and odd at four angles, and below them the energy of each angle on the photograph: "
    "each angle lights up the stretches of the rims that run at a right angle to it.",
)

# %% [markdown]
r"""
Look at one ellipse and follow it from column to column: at 0° its left and right ends light up, at 90° its top and
bottom, at 45° and 135° the stretches between. Each kernel describes one *feature*; together they describe the shape.

Look at the code: eight kernels, one call of `conv2d`, eight maps. That is a convolution layer's forward pass, with
weights chosen by a person. Lecture 12 opens a trained network and finds kernels like these in its first layer, learned
from data (Krizhevsky, Sutskever and Hinton 2012 show 96 of them).

The next cell checks the two answers [about edges and noise](#Edges:-the-Sobel-kernels).
"""

# %%
# The answers, checked.
spike = torch.tensor([[[[-1.0, 2, -1]]]])
assert abs(F.conv2d(noise, spike).std().item() - 6**0.5) < 0.02
assert round(6**0.5, 2) == 2.45
vertical_edge = strip[:, :, :1].expand(1, 1, 10, 10)
assert F.conv2d(vertical_edge, sobel_x[None, None]).abs().max() > 2
assert F.conv2d(vertical_edge, sobel_x.T[None, None]).abs().max() < 1e-6

# %% [markdown]
r"""
## At the border: valid, same, full

Three conventions, by how far the window may hang over the edge:

| name | the window must | zeros on each side, for odd $h$ | rows of the result |
|---|---|---|---|
| **valid** | lie inside | 0 | $H-h+1$ |
| **same** | have its centre inside | $(h-1)/2$ | $H$ |
| **full** | touch the picture | $h-1$ | $H+h-1$ |

*In which of them does every pixel of the picture have the same say?* Count, for a 5×5 picture and a 3×3 kernel, in how
many windows each pixel lies. (The cell counts with `backward()` again. Lecture 05 explains this trick; here read the
picture.)
"""

# %%
H, h = 5, 3
modes = {"valid": 0, "same": (h - 1) // 2, "full": h - 1}
fig, axes = plt.subplots(1, 3, figsize=(9, 3.7))
fig.suptitle("How many windows read each pixel (solid: the first window, dashed: the last)", x=0.01, ha="left", fontsize=11)
for ax, (name, padding) in zip(axes, modes.items(), strict=True):
    seen = torch.zeros(1, 1, H, H, requires_grad=True)
    out = F.conv2d(seen, torch.ones(1, 1, h, h), padding=padding)
    out.sum().backward()  # all weights are 1, so each window adds 1 to the gradient of each of its pixels
    count = seen.grad[0, 0].int()
    assert out.shape[2] == {"valid": H - h + 1, "same": H, "full": H + h - 1}[name]
    assert (count[0, 0], count[2, 2]) == {"valid": (1, 9), "same": (4, 9), "full": (9, 9)}[name]
    ax.imshow(count, cmap="Blues", vmin=0, vmax=14)
    for (i, j), value in np.ndenumerate(count.numpy()):
        ax.text(j, i, value, ha="center", va="center")
    for corner, style in ((-padding, "-"), (H + padding - h, "--")):
        ax.add_patch(
            plt.Rectangle(
                (corner - 0.5, corner - 0.5),
                h,
                h,
                fill=False,
                edgecolor=plotting.VERMILLION,
                lw=2.5,
                ls=style,
            )
        )
    ax.set(xlim=(-2.7, 6.7), ylim=(6.7, -2.7))
    ax.set_title(f"{name}: result {out.shape[2]} × {out.shape[3]}", loc="center")
    ax.set_axis_off()
plotting.show(
    fig,
    "Three 5 by 5 grids with first and last window. Valid: a corner pixel lies in 1 window, the centre in 9. Same: 4 "
    "and 9. Full: all in 9.",
)

# %% [markdown]
r"""
Look at the corners: a corner pixel lies in one window of *valid*, in four of *same*, in nine of *full*; solid is the
first window, dashed the last. Only *full* hears every pixel equally. Lecture 05 needs it: it is how gradients travel
back through a convolution.

*Valid* invents nothing, but the result shrinks. *How small is a 28×28 picture after ten layers of 3×3?* And the size is
not a detail: the first fully connected layer of a network depends on it. Here is LeNet's body, two rounds of a 5×5
convolution and a 2×2 pooling that halves the size, on a 32×32 picture.
"""

# %%
size = 28
for _ in range(10):
    size = size - 3 + 1
print("28 x 28 after ten valid layers of 3 x 3:", size, "x", size)
assert size == 8

for mode in ("valid", "same"):
    maps = torch.zeros(1, 1, 32, 32)
    for channels in (6, 16):
        maps = F.conv2d(maps, torch.zeros(channels, maps.shape[1], 5, 5), padding=mode)
        maps = F.max_pool2d(maps, 2)
    print(f"LeNet's body, {mode}: {tuple(maps.shape[1:])}, {maps.numel()} inputs to the first dense layer")
    assert maps.numel() == {"valid": 400, "same": 1024}[mode]

# %% [markdown]
r"""
Look at 400 against 1024. LeNet-5 was built with valid convolutions: $16\cdot5\cdot5 = 400$. If your convolution takes a
`padding` argument and ignores it, or pads where it should not, it runs without complaint. The error message comes from the
fully connected layer, which gets 400 numbers where it expects 1024, or the other way round. Its cause lies far above.

*Same* keeps the size. *But what do its zeros do to a picture that is not black at the border?* Blur a white wall and
look at its corner; then look for edges in the top right corner of the photograph, where there is nothing but table.
"""

# %%
white = torch.ones(1, 1, 6, 6)
box_answer = F.conv2d(white, kernels["box"][None, None], padding=1)[0, 0]
print("corner, edge, inside:", [f"{v:.3f}" for v in (box_answer[0, 0], box_answer[0, 2], box_answer[2, 2])])
assert torch.allclose(box_answer[0, :3], torch.tensor([4 / 9, 6 / 9, 6 / 9]))
assert torch.isclose(box_answer[2, 2], white[0, 0, 0, 0])

with_zeros = F.conv2d(photo, sobel_pair, padding=1).square().sum(dim=1).sqrt()
with_copies = F.conv2d(F.pad(photo, (1, 1, 1, 1), mode="replicate"), sobel_pair).square().sum(dim=1).sqrt()
corner = (0, slice(0, 40), slice(240, 300))  # the top right corner of the photograph, a piece of the table
plotting.show_images(
    [with_zeros[corner].cpu(), with_copies[corner].cpu()],
    ["zeros around it (dark: strong)", "border pixels repeated"],
    columns=2,
    limits=(0, 2),
    cmap="gray_r",  # strong is dark, to stand out from the white page
    alt="The gradient magnitude of a corner of the photograph: with zero padding a dark line runs along the top and the "
    "right border; with repeated border pixels there is none.",
)
zeros_mean, copies_mean = with_zeros[0, 0].mean().item(), with_copies[0, 0].mean().item()
print(f"mean magnitude in the top row: {zeros_mean:.2f} with zeros, {copies_mean:.2f} with repeated pixels")
assert zeros_mean > 2 * copies_mean

# %% [markdown]
r"""
Look at the dark line along the top and the right of the left picture. There is no such edge in the room: it is where
the photograph ends and the zeros begin. On the white wall the corner drops to 4/9, because five of nine pixels were
made up.

For pictures that you look at, repeat or mirror the border. Networks mostly use zeros anyway: it is cheap, and weights
can learn to live with it. It even tells them where the border is; Islam, Jia and Bruce (2020) show that networks read
position from it. So a padded convolution is equivariant to shifts only away from the border.

### Even kernels have no centre

For *same* with stride 1 you need $h - 1$ zeros in all. If $h$ is odd, half go on each side. *If $h$ is 4, three zeros
must be shared out. Who gets the odd one?* TensorFlow's rule: the half, rounded down, goes before, the rest after. The
extra row is at the **bottom**, the extra column at the **right**. PyTorch's `padding="same"` follows it.
"""

# %%
import warnings

x = torch.rand(1, 1, 6, 7, generator=generator)
for h in (2, 3, 4, 5):
    total = h - 1
    before, after = total // 2, total - total // 2
    w = torch.rand(1, 1, h, h, generator=generator)
    by_hand = F.conv2d(F.pad(x, (before, after, before, after)), w)  # F.pad: left, right, top, bottom
    with warnings.catch_warnings():
        # For even kernels torch says that it takes a padded copy. So do we.
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")
        by_torch = F.conv2d(x, w, padding="same")
    assert by_hand.shape == x.shape
    assert torch.allclose(by_hand, by_torch, atol=1e-6)
    if h % 2 == 0:
        assert not torch.allclose(F.conv2d(F.pad(x, (after, before, after, before)), w), by_torch)
    print(f"{h} x {h}: {before} above and left, {after} below and right")

# %% [markdown]
r"""
Look at 2×2 and 4×4: more zeros below and right. Put them on the other side and you get another result of the same
shape. No error tells you.

> **Check yourself.** A 4×4 kernel, *same*, stride 1: how many rows of zeros does TensorFlow put above, how many below?
>
> <details><summary>Answer</summary>
>
> Three in all: one above, two below.
>
> </details>

An even kernel has a second effect. Its centre lies between pixels, so each *same* layer moves the picture by half a
pixel. *Start with one bright pixel and average it eight times with a 2×2 box. Where is its centre of mass afterwards?*
"""

# %%
fig, axes = plt.subplots(1, 4, figsize=(9, 2.8))
start = torch.zeros(1, 1, 17, 17)
start[0, 0, 8, 8] = 1
grid = torch.arange(17.0)
for row, h in enumerate((3, 2)):
    blob = start
    box = torch.full((1, 1, h, h), 1 / h**2)
    before, after = (h - 1) // 2, h - 1 - (h - 1) // 2
    for layer in range(1, 9):
        blob = F.conv2d(F.pad(blob, (before, after, before, after)), box)
        if layer in (1, 8):
            ax = axes[2 * row + (layer == 8)]
            centre = (blob.sum(dim=3).flatten() @ grid / blob.sum()).item()
            ax.imshow(blob[0, 0], vmin=0, vmax=blob.max())
            ax.axhline(8, color="white", lw=0.8)
            ax.axvline(8, color="white", lw=0.8)
            ax.plot(centre, centre, "o", color=plotting.VERMILLION)
            ax.set_title(f"{h}×{h}, {layer} layer{'s' * (layer > 1)}", loc="center")
            ax.set(xticks=[0, 8, 16], yticks=[0, 8, 16], xlabel="column")
            ax.grid(False)
            assert abs(centre - (8 if h == 3 else 8 - layer / 2)) < 1e-4
axes[0].set_ylabel("row")
plotting.show(
    fig,
    "A bright pixel after one and eight layers. With 3 by 3 boxes it spreads around its place; with 2 by 2 boxes its "
    "centre wanders from row and column 8 to row and column 4.",
)

# %% [markdown]
r"""
Look at the orange dots, the centre of mass: it stays at 8 with 3×3 and wanders up and left to 4 with eight layers of
2×2, half a pixel each. This is one reason why kernels in networks are odd. (Wu et al. 2019 train even kernels, with
the extra zeros on a different side for each quarter of the channels.)

With a **stride** $s$ (the step of the window, lecture 04) TensorFlow's *same* asks for $\lceil H/s\rceil$ outputs and
pads only as much as that takes. The padding can then be uneven for odd kernels too. PyTorch refuses `padding="same"`
with a stride, and people write `padding=1` for 3×3. *Is that the same?*
"""

# %%
H, h, stride = 224, 3, 2
outputs = -(-H // stride)  # ceil(H / stride)
total = max((outputs - 1) * stride + h - H, 0)
before, after = total // 2, total - total // 2
print(f"H = {H}: {outputs} outputs, TensorFlow pads {before} before and {after} after; padding=1 pads 1 and 1")
assert (outputs, before, after) == (112, 0, 1)

x, w = torch.rand(1, 1, H, H, generator=generator), torch.rand(1, 1, h, h, generator=generator)
tensorflow_like = F.conv2d(F.pad(x, (before, after, before, after)), w, stride=stride)
torch_habit = F.conv2d(x, w, stride=stride, padding=1)
apart = (tensorflow_like - torch_habit).abs().mean().item()
print(f"shapes {tuple(tensorflow_like.shape)} and {tuple(torch_habit.shape)}, values {apart:.2f} apart on average")
assert tensorflow_like.shape == torch_habit.shape
try:
    F.conv2d(x, w, stride=stride, padding="same")
except RuntimeError as error:
    print("torch:", error)
assert apart > 0.1

# %% [markdown]
r"""
Look at the shapes: equal. Look at the values: not. All windows are one pixel off. Weights that were trained in one
framework and run in the other lose accuracy in this way, without an error. Check the padding whenever you port a
model.

## Separable kernels: a column times a row

The Sobel kernel was written as a column times a row. *What is gained?* Filter with the column first, then filter the
result with the row: 3 + 3 multiplications per pixel in place of 9. For 31×31 it is 62 in place of 961.
"""

# %%
column, row = torch.tensor([[1.0], [2.0], [1.0]]), torch.tensor([[-1.0, 0.0, 1.0]])
assert torch.equal(column @ row, sobel_x)
one_pass = F.conv2d(photo, sobel_x[None, None].to(device))
two_passes = F.conv2d(F.conv2d(photo, column[None, None].to(device)), row[None, None].to(device))
print("largest difference:", (one_pass - two_passes).abs().max().item())
assert torch.allclose(one_pass, two_passes, atol=1e-5)
assert 31 * 31 == 961
assert 31 + 31 == 62

# %% [markdown]
r"""
Same result, up to rounding. A kernel that is one column times one row is called
**[separable](../glossary.ipynb#separable-kernel)**. In the language of
matrices: its **rank** is 1. The singular value decomposition writes *any* kernel as a sum of such products,

$$W=\sum_{r} s_r\,\mathbf{u}_r\mathbf{v}_r^{\mathsf T},\qquad s_1\ge s_2\ge\dots\ge 0,$$

with columns $\mathbf{u}_r$, rows $\mathbf{v}_r^{\mathsf T}$ and *singular values* $s_r$.
The number of $s_r$ that are not zero is the rank.
In floating point "not zero" means: not tiny compared with $s_1$. *Which of these kernels are separable? A Gaussian? The
sharpen kernel? A Gabor kernel at 45°, a wave along the diagonal?*
"""

# %%
v, u = torch.meshgrid(torch.arange(-7.0, 8), torch.arange(-7.0, 8), indexing="ij")
zoo = {
    "box 3×3": kernels["box"],
    "Gaussian 13×13": spot[24:37, 24:37],
    "Sobel 3×3": sobel_x,
    "sharpen 3×3": kernels["sharpen"],
    "Gabor 0°, 21×21": gabor(0.0, np.pi / 2, gamma=1.0),
    "Gabor 45°, 21×21": gabor(np.pi / 4, np.pi / 2, gamma=1.0),
    "disk 15×15": (u**2 + v**2 <= 49).float(),
    "noise 7×7": torch.randn(7, 7, generator=generator),
}
ranks = {}
fig, ax = plt.subplots(figsize=(6.6, 3.0))
for (name, kernel), marker in zip(zoo.items(), "osD^vPX*", strict=True):
    values = torch.linalg.svdvals(kernel.double())
    relative = values / values[0]
    ranks[name] = int((relative > 1e-5).sum())
    n = ranks[name]
    dense, split = kernel.numel(), n * sum(kernel.shape)
    print(f"{name:17} rank {n:2}   {dense:3} multiplications per pixel, {split:3} as {n} column-row pairs")
    if name in ("sharpen 3×3", "Gabor 45°, 21×21", "disk 15×15", "noise 7×7", "Gaussian 13×13"):
        ax.semilogy(range(1, 1 + len(values[:10])), relative[:10], marker + "-", label=name)
ax.axhline(1e-5, color=plotting.GREY, lw=1, ls="--")
ax.set(
    xlabel="number of the singular value",
    ylabel="relative to the largest",
    ylim=(1e-10, 3),
    xticks=range(1, 11),
)
ax.set_title("The rank is the number of singular values above the dashed line")
ax.legend()
plotting.show(
    fig,
    "Singular values of five kernels on a log axis: the Gaussian's fall below the line after the first, those of "
    "sharpen and the diagonal Gabor after the second, the disk's and the noise's only late.",
)
assert [ranks[name] for name in zoo][:6] == [1, 1, 1, 2, 1, 2]
assert ranks["noise 7×7"] == 7

# %% [markdown]
r"""
Look at the Gaussian: rank 1, since $e^{-(u^2+v^2)/2\sigma^2} = e^{-u^2/2\sigma^2}\,e^{-v^2/2\sigma^2}$. Look at the
diagonal Gabor: rank 2, not 21, since $\sin(a+b)=\sin a\cos b+\cos a\sin b$. Look at the noise: full rank, and as pairs
it costs twice as much as it did. Here are the two pieces of the Gabor kernel. (`torch.linalg.svd` returns three results: the
columns $\mathbf{u}_r$, the values $s_r$, and the vectors $\mathbf{v}_r$ as *rows*.)
"""

# %%
diagonal = zoo["Gabor 45°, 21×21"]
columns_u, values, rows_v = torch.linalg.svd(diagonal)
pieces = [values[r] * columns_u[:, r : r + 1] @ rows_v[r : r + 1] for r in range(2)]
remainder = (diagonal - pieces[0] - pieces[1]).abs().max().item()
print(f"what the two pieces leave over: {remainder:.1e}")
assert remainder < 1e-6
plotting.show_images(
    [diagonal, *pieces],
    ["Gabor at 45°", "= first column × row", "+ second column × row"],
    columns=3,
    limits=(-0.12, 0.12),
    cmap=plotting.DIVERGING,
    alt="A diagonal Gabor kernel and the two checkered patterns, each a column times a row, whose sum it is.",
)

# %% [markdown]
r"""
Look at the two checkerboards: each has stripes along the axes only. Their sum runs along the diagonal.

*Does it pay?* The count promises a factor of $k/2$ for a $k\times k$ kernel: 15.5 for $k = 31$. Predict the size at
which two passes become faster in torch, then measure. One thread; every size is timed in seven rounds that take turns,
five calls each.
"""

# %%
import statistics
import sys
import time

torch.set_num_threads(1)  # one core against one core: what the other cores do does not matter
# A thread's own time leaves out what else runs on the machine; Windows measures it too coarsely, and a GPU has
# a time of its own.
clock = time.perf_counter if device == "cuda" or sys.platform == "win32" else time.thread_time


def seconds_per_call(function, calls):
    """Return the mean time of one of several calls in a row."""
    begin = clock()
    for _ in range(calls):
        function()
    return (clock() - begin) / calls


plane = torch.rand(1, 1, 256, 256, generator=generator)
sizes = [3, 5, 7, 11, 15, 21, 31]
one, two = {k: [] for k in sizes}, {k: [] for k in sizes}
for turn in range(8):
    for k in sizes:
        c, r = torch.ones(1, 1, k, 1) / k, torch.ones(1, 1, 1, k) / k
        w = c @ r
        if turn == 0:
            gap = (F.conv2d(plane, w) - F.conv2d(F.conv2d(plane, c), r)).abs().max()
            assert gap < 1e-4  # equal first, timed afterwards; this round also warms up
            continue
        one[k].append(1e3 * seconds_per_call(lambda w=w: F.conv2d(plane, w), 5))
        two[k].append(1e3 * seconds_per_call(lambda c=c, r=r: F.conv2d(F.conv2d(plane, c), r), 5))

fig, ax = plt.subplots(figsize=(7.6, 3.4))
for label, times, marker in (("one pass, k × k", one, "o"), ("two passes, k × 1 then 1 × k", two, "s")):
    medians = [statistics.median(times[k]) for k in sizes]
    spread = [[m - min(times[k]) for m, k in zip(medians, sizes, strict=True)],
              [max(times[k]) - m for m, k in zip(medians, sizes, strict=True)]]  # fmt: skip
    ax.errorbar(sizes, medians, spread, marker=marker, capsize=3, label=label)
winners = [k for k in sizes if statistics.median(two[k]) < statistics.median(one[k])]
gain = statistics.median(one[31]) / statistics.median(two[31])
assert gain > 1
ax.set(xlabel="kernel size k", ylabel="time (ms, log scale)", xticks=sizes, yscale="log")
ax.set_title(f"Two passes win from k = {min(winners)} on (median of 7 runs, bars: fastest to slowest)")
ax.legend()
plotting.show(
    fig,
    "Time against kernel size on a log axis: one pass grows with the square of the size, two passes hardly grow.",
)
print(f"two passes are faster for k in {winners}")
print(f"at k = 31 they are {gain:.1f} times faster; the count promised {31 * 31 / (2 * 31)}")

# %% [markdown]
r"""
Look at where the curves cross, then at the printed factor: smaller than the count promised. And below the crossing,
two passes lose. Libraries tune the 3×3 convolution most, and two passes write and read the whole plane once more. A
count of multiplications tells you how the cost grows. Only a clock tells you what it is.

> **Check yourself.** A kernel of size 9×9 has rank 3. How many multiplications per pixel as it is, and as column–row
> pairs?
>
> <details><summary>Answer</summary>
>
> 81 as it is; $3\cdot(9+9)=54$ as three pairs. Fewer, but measure before you believe.
>
> </details>

Networks use the idea too: Inception (lecture 09) has pairs of 1×7 and 7×1. Do not mix it up with *depthwise*-separable
convolutions (lecture 04), which separate the channels from the plane.

## From seven loops to one call

In a network a convolution has more indices. Pictures come in batches of $N$, each with $C$ channels, and there are $K$
kernels, each as deep as the picture. From here on the letters are those of code: the picture, [$S$ at
first](#Slide-the-window), is $x$; the weights $W$ are $w$; the result is $y$; and $C$ now counts channels. With all its
indices the formula reads as follows. (A layer adds a bias as well; leave it out for now.)

$$y_{n,k,i,j}=\sum_{c=0}^{C-1}\;\sum_{t_1=0}^{h-1}\;\sum_{t_2=0}^{b-1} x_{n,c,\,i+t_1,\,j+t_2}\;w_{k,c,t_1,t_2}.$$

Four indices on the left, three sums on the right: seven loops. All of what follows computes exactly this, for one small
layer. *How many times faster than seven Python loops is torch? Write your guess down: 10, 100, 1000, 10 000?*

**Rung 1: seven loops.** Every product is a step of the Python interpreter.
"""

# %%
N, C, K, H, h = 2, 16, 32, 18, 3
side = H - h + 1
x = torch.randn(N, C, H, H, generator=generator)
w = torch.randn(K, C, h, h, generator=generator)
multiplications = N * K * side**2 * C * h**2
print(f"{multiplications:,} multiplications")
assert multiplications == 2_359_296


def seven_loops():
    """Return y (N, K, side, side), one product at a time."""
    a, b = x.numpy(), w.numpy()
    y = np.zeros((N, K, side, side), dtype=np.float32)
    for n in range(N):
        for k in range(K):
            for i in range(side):
                for j in range(side):
                    total = 0.0
                    for c in range(C):
                        for t1 in range(h):
                            for t2 in range(h):
                                total += a[n, c, i + t1, j + t2] * b[k, c, t1, t2]
                    y[n, k, i, j] = total
    return torch.from_numpy(y)


# %% [markdown]
r"""
**Rung 2: a loop over the taps.** Turn the loops inside out. A *tap* is one position $(t_1, t_2)$ of the kernel. For
a fixed tap every output needs the same weights, and the pixels that it needs form the whole picture, shifted. So loop
over the $3\times3 = 9$ taps, and do all outputs at once: a sum over channels, which is a matrix product.

In the cell `einsum` does it. Read its letters as names of axes: `kc,ncij->nkij` says that the weights have the axes k and c,
the pixels n, c, i and j, and the result n, k, i and j. Equal letters run together, and a letter that is missing behind the
arrow, here c, is summed over.
"""


# %%
def nine_taps():
    """Return y (N, K, side, side), one matrix product per position of the kernel."""
    y = torch.zeros(N, K, side, side)
    for t1 in range(h):
        for t2 in range(h):
            shifted = x[:, :, t1 : t1 + side, t2 : t2 + side]  # (N, C, side, side)
            y += torch.einsum("kc,ncij->nkij", w[:, :, t1, t2], shifted)
    return y


# %% [markdown]
r"""
**Rung 3: [im2col](../glossary.ipynb#im2col), then one matrix product.** Write every window as a column of a matrix.
Then *all* sums are one
product of matrices, GEMM in the language of numerical libraries (general matrix multiply), the best-tuned routine
there is. The rearrangement is called **im2col**, "image to columns". In torch it is `F.unfold`. Look at it on a small
plane first.
"""

# %%
small = torch.arange(16.0).reshape(1, 1, 4, 4)
columns_matrix = F.unfold(small, 3)[0]  # (C * 3 * 3, number of windows) = (9, 4)
assert columns_matrix.shape == (9, 4)
assert torch.equal(columns_matrix[:, 1], small[0, 0, 0:3, 1:4].flatten())

fig, axes = plt.subplots(1, 2, figsize=(7.6, 4.0), width_ratios=[1, 1])
for ax, table in zip(axes, (small[0, 0], columns_matrix), strict=True):
    for (i, j), value in np.ndenumerate(table.numpy()):
        ax.text(j, i, f"{value:.0f}", ha="center", va="center")
    ax.set(xlim=(-0.7, table.shape[1] - 0.3), ylim=(table.shape[0] - 0.3, -0.7), aspect="equal")
    ax.set_axis_off()
for window_number, colour in enumerate(plotting.PALETTE[:4]):
    top, left = divmod(window_number, 2)
    inset = 0.06 * window_number
    frame = plt.Rectangle((left + inset - 0.42, top + inset - 0.42), 2.72, 2.72, fill=False, edgecolor=colour, lw=2)
    axes[0].add_patch(frame)
    axes[1].axvspan(window_number - 0.42, window_number + 0.42, 0.01, 0.99, color=colour, alpha=0.25)
axes[0].set_title("a 4×4 plane and its four windows", loc="center")
axes[1].set_title("im2col: each window is a column", loc="center")
plotting.show(
    fig,
    "A 4 by 4 plane of the numbers 0 to 15 with four overlapping 3 by 3 windows in four colours, and beside it a "
    "9 by 4 matrix whose columns in the same colours list the windows' pixels.",
)

# %% [markdown]
r"""
Look at pixel 5: it lies in all four windows, so it is in the matrix four times. im2col spends memory to buy speed.
Multiply the kernel, written as a row of nine numbers, by this matrix, and you have all four outputs; write $K$ kernels
as $K$ rows, and you have all the channels.
"""


# %%
def im2col_gemm():
    """Return y (N, K, side, side) by one matrix product per sample."""
    windows = F.unfold(x, h)  # (N, C * h * h, side * side)
    return (w.reshape(K, -1) @ windows).reshape(N, K, side, side)


def torch_conv2d():
    """Return y (N, K, side, side) by the library's own routine."""
    return F.conv2d(x, w)


assert (columns_matrix == 5).sum() == 4
before, after = x.numel(), F.unfold(x, h).numel()
print(f"x has {before:,} numbers, its windows {after:,}: {after / before:.1f} times as many")
assert round(after / before, 1) == 7.1

# %% [markdown]
r"""
The windows of our layer take 7.1 times the memory of the picture. (Not 9, because pixels at the border lie in fewer
windows.)

**Rung 4: torch.** `F.conv2d` does the same sum in compiled code that picks a method for the shape and avoids the big
copy.

First equality, then speed: a fast wrong answer is worthless. The reference is the same convolution in float64.
"""

# %%
rungs = {
    "seven Python loops": seven_loops,
    "loop over 9 taps": nine_taps,
    "im2col + GEMM": im2col_gemm,
    "torch F.conv2d": torch_conv2d,
}
if device == "cuda":
    x_cuda, w_cuda = x.to(device), w.to(device)

    def torch_cuda():
        """Return y (N, K, side, side) on the GPU, once it is finished."""
        y = F.conv2d(x_cuda, w_cuda)
        torch.cuda.synchronize()  # without this only the launch would be timed
        return y

    rungs["torch F.conv2d, CUDA"] = torch_cuda

reference = F.conv2d(x.double(), w.double())
for name, rung in rungs.items():
    gap = (rung().double().cpu() - reference).abs().max().item()
    print(f"{name:22} differs from float64 by at most {gap:.1e} (values up to {reference.abs().max():.0f})")
    assert gap < 1e-4

# %% [markdown]
r"""
All rungs agree to float32's rounding. Now the clock: five rounds in which the rungs take turns, so that a slow moment
of the machine hits all of them; one thread; a run is one call of the loops and the mean of 50 calls of the others.
"""

# %%
runs = {name: [] for name in rungs}
for _ in range(5):
    for name, rung in rungs.items():
        runs[name].append(seconds_per_call(rung, calls=1 if rung is seven_loops else 50))

medians = {name: statistics.median(times) for name, times in runs.items()}
slowest = medians["seven Python loops"]
print(f"{'':22} {'median':>12} {'fastest–slowest':>22} {'per product':>12} {'speed-up':>9}")
for name, times in runs.items():
    print(
        f"{name:22} {1e3 * medians[name]:9.3f} ms {1e3 * min(times):9.3f}–{1e3 * max(times):8.3f} ms "
        f"{1e9 * medians[name] / multiplications:9.3f} ns {slowest / medians[name]:8,.0f}x"
    )
assert slowest > 100 * medians["loop over 9 taps"]

fig, ax = plt.subplots(figsize=(7.6, 2.9))
for position, (name, times) in enumerate(runs.items()):
    milliseconds = 1e3 * np.array(times)
    ax.barh(position, 1e3 * medians[name], height=0.6, color=plotting.BLUE, alpha=0.35)
    ax.plot(milliseconds, position + np.linspace(-0.2, 0.2, len(times)), ".", color=plotting.BLUE)
    ax.text(milliseconds.max() * 1.25, position, f"{float(f'{1e3 * medians[name]:.2g}'):g} ms", va="center")
ax.set(xscale="log", yticks=range(len(runs)), yticklabels=list(runs))
ax.set_xlabel("time for one convolution (ms, log scale); dots: 5 runs, bar: median, one thread")
ax.set_xlim(right=1e4 * slowest)
ax.invert_yaxis()
ax.grid(axis="y", visible=False)
fastest = min(medians, key=medians.get)
speed_up = float(f"{slowest / medians[fastest]:.1g}")  # one digit is what such a measurement is worth
ax.set_title(f"The same numbers, about {speed_up:,.0f} times faster")
plotting.show(
    fig,
    "Bars on a log axis of the median time of four ways to compute one convolution: seven Python loops take thousands "
    "of times longer than the loop over taps, im2col with GEMM and torch, which lie close together.",
)

# %% [markdown]
r"""
Look at the axis: every grid line is a factor of ten. All four do the same 2.4 million multiplications. What differs is
how much happens around each.

- From the loops to the taps is by far the largest step. An interpreter spends hundreds of nanoseconds on a product:
  look up four indices, make a Python number, add. The taps leave it nine steps in all.
- From the taps to im2col, nine small products become one large one, and the result is written once instead of nine
  times.
- From im2col to torch, the big copy goes.

The dots are the five runs. Compare the distance between two rungs with the width of their clouds before you believe it.

So why does the assignment ask you for loops first? Because loops are the definition: slow, plain, and easy to check
by hand. The fast version is then tested against them, as here.

> **Check yourself.** How many numbers does im2col make from one channel of 100×100 with a 5×5 kernel, no padding?
>
> <details><summary>Answer</summary>
>
> $25 \cdot 96\cdot96 = 230\,400$, from 10 000 pixels.
>
> </details>

The next cell checks this answer, and those to the questions about a [4×4 kernel](#Even-kernels-have-no-centre) and one
[of rank 3](#Separable-kernels:-a-column-times-a-row).
"""

# %%
# The answers, checked.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")
    windows_sum = F.conv2d(torch.ones(1, 1, 8, 8), torch.ones(1, 1, 4, 4), padding="same")[0, 0, :, 3] / 4
assert windows_sum.tolist() == [3, 4, 4, 4, 4, 4, 3, 2]  # one row of zeros above, two below
assert 9 * 9 == 81
assert 3 * (9 + 9) == 54
assert F.unfold(torch.zeros(1, 1, 100, 100), 5).numel() == 230_400

# %% [markdown]
r"""
## Common mistakes

- **Counting to $H-h$ instead of $H-h+1$.** The last window is lost. A picture as large as the kernel must give one
  number.
- **Swapping height and width.** A square picture and a square kernel never show it. Test with 7×9 and 3×4.
- **Flipping one axis, or transposing,** where [half a turn](#One-bright-pixel:-which-way-round-is-the-kernel?) is
  meant. Symmetric kernels never show it. Test with one that has no symmetry.
- **Computing in `uint8`.** Differences [wrap around](#Edges:-the-Sobel-kernels) without a warning. Convert to floating
  point first.
- **Clipping or taking absolute values too early.** Negative answers are half of what Sobel says. Clamp for display
  only.
- **Writing into the input.** Store a result at its window's centre, and later windows see filtered pixels. Store it at
  the top left corner, and they do not; but whoever called you still needs the picture. Make a new array.
- **A `padding` or `stride` argument that is accepted and ignored; a function that computes everything and returns
  nothing.** No error says so. Check the shape of what comes back, and give each argument a test of its own.
- **Extra padding above and left for [even kernels](#Even-kernels-have-no-centre).** The shape is right, the values are
  not. Put it below and right.
- **Timing before checking,** timing once, or timing a GPU without waiting for it. The number means nothing. Compare the
  results first, then time several rounds.

## Summary

- A 2D convolution lays the kernel on a window, multiplies, adds, moves on:
  $C_{i,j}=\sum_{t_1,t_2} S_{i+t_1,j+t_2}W_{t_1,t_2}$, with $H-h+1$ by $B-b+1$ results. Frameworks do not flip it.
- The sum of the weights is the answer to a flat wall; the root of the sum of their squares is what happens to noise.
- Sobel gives a gradient (sign, direction, magnitude); Gaussians choose a scale; sharpening exaggerates edges; a Gabor
  bank is a hand-made first layer.
- *Valid* shrinks, *same* invents a border, *full* hears every pixel equally. Even kernels need one more row and column
  on one side, at the bottom and right by TensorFlow's rule, and shift the picture by half a pixel.
- A kernel of rank 1 is a column times a row. The count then falls from $k^2$ to $2k$; the clock may disagree.
- Take the interpreter out of the inner loop: taps, im2col and GEMM, a library. Check that they are equal, then time
  them.

## References

- I. Sobel, G. Feldman, "A 3×3 isotropic gradient operator for image processing", talk at the Stanford Artificial
  Intelligence Project, 1968; retold by Sobel in "History and definition of the Sobel operator", 2014
  (researchgate.net).
- D. Gabor, "Theory of communication", *Journal of the Institution of Electrical Engineers* 93 (III), 1946, 429–457.
- J. G. Daugman, "Uncertainty relation for resolution in space, spatial frequency, and orientation optimized by
  two-dimensional visual cortical filters", *Journal of the Optical Society of America A* 2(7), 1985, 1160–1169.
- C. Eckart, G. Young, "The approximation of one matrix by another of lower rank", *Psychometrika* 1, 1936, 211–218:
  why the first terms of the singular value decomposition are the best ones.
- K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing", IWFHR
  2006 (hal.inria.fr/inria-00112631): convolution as a matrix product.
- A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", NeurIPS
  2012: figure 3 shows the learned first layer.
- S. Chetlur et al., "cuDNN: Efficient primitives for deep learning", 2014 (arXiv:1410.0759): how a library avoids the
  big copy.
- V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016 (arXiv:1603.07285): valid, same and
  full in pictures.
- TensorFlow, "Notes on padding" in the documentation of `tf.nn` (tensorflow.org/api_docs/python/tf/nn): the rule for
  [even kernels](#Even-kernels-have-no-centre).
- S. Wu et al., "Convolution with even-sized kernels and symmetric padding", NeurIPS 2019 (arXiv:1903.08385).
- M. A. Islam, S. Jia, N. D. B. Bruce, "How much position information do convolutional neural networks encode?", ICLR
  2020 (arXiv:2001.08248).
- R. Szeliski, *Computer Vision: Algorithms and Applications*, 2nd edition, 2022, chapter 3 (szeliski.org/Book):
  filters for pictures, at length.
- The photograph: "coffee" by Rachel Michetti, from scikit-image's data (CC0).

## Your turn

[Assignment 03](../assignments/03_convolution_2d/03_convolution_2d.ipynb), about two and a half hours: you write the
convolution of one plane in loops and then without them, padding for odd and even kernels, a Gaussian, Sobel, and a function
that finds the column and the row of a separable kernel. Next comes [lecture 04](04_convolution_layer.ipynb): channels,
stride, dilation and groups, the layer as networks use it.
"""
