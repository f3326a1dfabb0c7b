# %% [markdown]
r"""
# Assignment 12 · What CNNs see

A network says "espresso", with a probability of 0.98. *What in the picture made it say so?* In this assignment you write
seven functions that look inside: at the filters of the first layer, at the maps that any layer makes of an image, at the pixels
and the regions on which an answer depends, at the image that a channel would like best, and at how far a unit really looks.
At the end you point them at a network with a thousand classes and at two photographs.

**You need** [lecture 12](../../lectures/12_what_cnns_see.ipynb) and PyTorch. **Time:** about three hours. **Points:** 36.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
builds small networks, hands them to your function, compares what it returns, and looks at the state in which it leaves the
network. If something is wrong, it says what, and how to get the case back into your hands. When the assignment is graded, the
same checks run with other networks and images.

**Four rules** hold for every function that gets a model. Whoever looks should leave no traces.

- It sees the model **in evaluation mode**, and afterwards every module is in the mode in which it came.
- It leaves **no hook** on the model and **no gradient** in its parameters.
- What it returns is a tensor **without a graph**, with the dtype and on the device of the images.
- `target` is a class, one number for all images, or a tensor (N,) with a class for each of the N images. `layer` is a module
  of the model, such as `model.conv1`.

Captum has most of these functions ready-made. The checks refuse it.
"""

# %%
import contextlib

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnnkit import case, check, data, plotting
from cnnkit.backbones import IMAGENET_CLASSES, efficientnet_lite0, preprocess
from cnnkit.exercises.probes.attribution import small_network
from cnnkit.training import default_device

plotting.use_style()
device = default_device()


@contextlib.contextmanager
def evaluating(model):
    """Put a model in evaluation mode inside a `with` block, and each of its modules back in its own mode afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes.items():
            module.training = training


# %% [markdown]
r"""
`evaluating` is yours to use: `with evaluating(model): logits = model(x)`. It keeps the first rule, also if something fails in
between. (*Why not simply `model.train()` at the end?* A model may be half in one mode and half in the other: in assignment 11
you fixed the batch norm of a network that was in training.)

`small_network` builds the networks of the checks. Here is one:
"""

# %%
print(small_network(channels=4, classes=5, seed=0))

# %% [markdown]
r"""
PyTorch checks your answers on the GPU if it finds one, else on the processor. To choose, run `%env CNNKIT_DEVICE=cpu` (or
`cuda`) before the first check.

## 1. Filters as pictures

**Points 3 · difficulty 1/5 · about 15 minutes**

The filters of a first layer have three channels, so each of them is a small colour picture. Weights are positive and negative,
colours run from 0 to 1. Let grey, 0.5, stand for a weight of zero, and scale every filter by its own largest weight:

$$\text{image}_k = 0.5 + \frac{w_k}{2 \max |w_k|}$$

The maximum is taken over all weights of filter $k$, in all its channels. A filter of zeros is grey all over. A picture has its
channels last: (K, C, kh, kw) becomes (K, kh, kw, C).

*By hand first:* one filter with 1×2 pixels; its red weights are 1 and −4, green 2 and 0, blue 0 and 1. Which two colours are
its pixels?

<details><summary>Hint 1</summary>

`weight.abs().amax((1, 2, 3), keepdim=True)` is one number per filter, in a shape that divides.
</details>

<details><summary>Hint 2</summary>

`reshape` leaves the numbers in the order in which they lie in memory. `permute` moves axes.
</details>
"""


# %% solution="filter_images"
def filter_images(weight):
    """Turn filters (K, C, kh, kw) into images (K, kh, kw, C) from 0 to 1, in which 0.5 stands for a weight of zero."""
    ### BEGIN SOLUTION
    largest = weight.abs().amax((1, 2, 3), keepdim=True)
    largest = torch.where(largest > 0, largest, 1)  # a filter of zeros stays at 0.5
    return (0.5 + weight / (2 * largest)).permute(0, 2, 3, 1)
    ### END SOLUTION


# %% test="filter_images" points=2
# Check the colours, and where they are.
check("12.filter_images", filter_images)
# By hand: the largest weight is 4, so the pixels are 0.5 + (1, 2, 0)/8 and 0.5 + (−4, 0, 1)/8.
weight = torch.tensor([[[[1.0, -4.0]], [[2.0, 0.0]], [[0.0, 1.0]]]])
assert filter_images(weight).tolist() == [[[[0.625, 0.75, 0.5], [0.0, 0.5, 0.625]]]]
### BEGIN HIDDEN TESTS
check("12.filter_images", filter_images, hidden=True)
### END HIDDEN TESTS

# %% test="filter_images_zero" points=1
# Check that a filter of zeros is grey.
check("12.filter_images_zero", filter_images)
### BEGIN HIDDEN TESTS
check("12.filter_images_zero", filter_images, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
Look at a real first layer: the filters of EfficientNet-Lite0, trained on ImageNet.
"""

# %%
backbone = efficientnet_lite0().to(device)
filters = filter_images(backbone.conv_stem.weight.detach().cpu()).numpy()
plotting.show_images(list(filters), columns=16, alt="The 32 filters of the first layer: small edges and spots of colour.")
print("filters of zeros:", (filters == 0.5).all(axis=(1, 2, 3)).sum())

# %% [markdown]
r"""
Nobody asked for edges and for pairs of opposite colours: they are what helps to tell a thousand classes apart. And look for a
filter that is grey all over. Training has given it up.

## 2. Feature maps

**Points 6 · difficulty 3/5 · about 30 minutes**

What does the eleventh layer make of an image? `model(x)` returns only what comes out at the end. A **hook** is a function that
PyTorch calls whenever a layer has computed its output: `layer.register_forward_hook(hook)` with
`def hook(module, inputs, output)`. It returns a handle, and `handle.remove()` takes the hook off again.

Return the output of `layer` for the images `x`, detached. Three things make this harder than it looks:

- The next layer may be `nn.ReLU(inplace=True)`. It writes its result over its input, and its input is what you kept.
- The forward pass may fail. The hook must be gone all the same.
- A layer that the forward pass never calls raises `ValueError`.

<details><summary>Hint 1</summary>

Let the hook append to a list: `kept = []`, and then `lambda module, inputs, output: kept.append(...)`.
</details>

<details><summary>Hint 2</summary>

`output.detach()` is another view of the same numbers. `output.detach().clone()` are numbers of your own.
</details>

<details><summary>Hint 3</summary>

`try: ... finally: handle.remove()` removes the hook whatever happens in between.
</details>
"""


# %% solution="feature_maps"
def feature_maps(model, layer, x):
    """Return the output of a layer for the images x (N, C, H, W), detached; ValueError if the model never calls the layer."""
    ### BEGIN SOLUTION
    kept = []
    # A clone, because an in-place layer behind this one would overwrite what is kept.
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach().clone()))
    try:
        with evaluating(model), torch.no_grad():
            model(x)
    finally:
        handle.remove()
    if not kept:
        raise ValueError("feature_maps: the model's forward pass never calls this layer.")
    return kept[-1]
    ### END SOLUTION


# %% test="feature_maps" points=2
# Check the output of layers at several depths.
check("12.feature_maps", feature_maps)
# By hand: a 1×1 convolution with the weight 2 makes −2 and 6 of −1 and 3.
model = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.ReLU())
nn.init.constant_(model[0].weight, 2.0)
assert feature_maps(model, model[0], torch.tensor([[[[-1.0, 3.0]]]])).tolist() == [[[[-2.0, 6.0]]]]
### BEGIN HIDDEN TESTS
check("12.feature_maps", feature_maps, hidden=True)
### END HIDDEN TESTS

# %% test="feature_maps_inplace" points=1
# Check that a ReLU with inplace=True behind the layer does not change what you kept.
check("12.feature_maps_inplace", feature_maps)
### BEGIN HIDDEN TESTS
check("12.feature_maps_inplace", feature_maps, hidden=True)
### END HIDDEN TESTS

# %% test="feature_maps_left_alone" points=1
# Check that the model is left as it came: modes, running statistics, no hook, no graph.
check("12.feature_maps_left_alone", feature_maps)
### BEGIN HIDDEN TESTS
check("12.feature_maps_left_alone", feature_maps, hidden=True)
### END HIDDEN TESTS

# %% test="feature_maps_failing" points=1
# Check that the hook is gone even if the forward pass fails.
check("12.feature_maps_failing", feature_maps)
### BEGIN HIDDEN TESTS
check("12.feature_maps_failing", feature_maps, hidden=True)
### END HIDDEN TESTS

# %% test="feature_maps_errors" points=1
# Check that a layer which is never called raises ValueError.
check("12.feature_maps_errors", feature_maps)
### BEGIN HIDDEN TESTS
check("12.feature_maps_errors", feature_maps, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to get the case back. A network is described by the arguments of `small_network`,
a layer by its name:
"""

# %%
args, options = case("12.feature_maps", 1)
print(args[0], args[1], tuple(args[2].shape), options)

# %% [markdown]
r"""
## 3. Saliency

**Points 4 · difficulty 2/5 · about 20 minutes**

Which pixels would change the answer most, if they changed a little? That is a derivative. Let $s_c$ be the **logit** of the
target class, before any softmax. The saliency of a pixel is the largest of its channels' derivatives, in absolute value
(Simonyan, Vedaldi, Zisserman 2014):

$$S_{ij} = \max_{\text{channels } k} \left| \frac{\partial s_c}{\partial x_{kij}} \right|$$

For a batch, return one map per image, (N, H, W). Do not scale it: a map between 0 and 1 can no longer be compared with another.

*By hand first:* two pixels with two channels, and a logit that is $s = 1 x_{00} - 5 x_{01} - 2 x_{10} + 3 x_{11}$, where the
first index is the channel. What is the saliency of the two pixels?

<details><summary>Hint 1</summary>

The images do not require gradients: `leaf = x.clone().requires_grad_()` does.
</details>

<details><summary>Hint 2</summary>

The logits of different images do not depend on each other's pixels. So one backward pass of their *sum* gives all maps at once.
</details>

<details><summary>Hint 3</summary>

`backward()` writes gradients into all parameters, too. `torch.autograd.grad(score, leaf)` returns a tuple with the one that you
want.
</details>

<details><summary>Hint 4</summary>

`logits[:, target]` with a tensor of N classes has the shape (N, N). `logits[torch.arange(N), target]` pairs them.
</details>
"""


# %% solution="saliency"
def saliency(model, x, target):
    """Return the saliency (N, H, W) of the images x (N, C, H, W): max over the channels of |d logit of the target / d x|."""
    ### BEGIN SOLUTION
    leaf = x.detach().clone().requires_grad_()
    with evaluating(model):
        logits = model(leaf)
    images = torch.arange(len(x), device=x.device)
    (gradient,) = torch.autograd.grad(logits[images, target].sum(), leaf)
    return gradient.abs().amax(dim=1)
    ### END SOLUTION


# %% test="saliency" points=2
# Check the maps of one class, the same for all images.
check("12.saliency", saliency)
# By hand: the derivatives of the first pixel are 1 and −2, those of the second −5 and 3.
model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
model[1].weight.data = torch.tensor([[1.0, -5.0, -2.0, 3.0]])
assert saliency(model, torch.zeros(1, 2, 1, 2), 0).tolist() == [[[2.0, 5.0]]]
### BEGIN HIDDEN TESTS
check("12.saliency", saliency, hidden=True)
### END HIDDEN TESTS

# %% test="saliency_each" points=1
# Check that each image may have a target of its own.
check("12.saliency_each", saliency)
### BEGIN HIDDEN TESTS
check("12.saliency_each", saliency, hidden=True)
### END HIDDEN TESTS

# %% test="saliency_left_alone" points=1
# Check that the model is left as it came: modes, running statistics, no gradients in its parameters.
check("12.saliency_left_alone", saliency)
### BEGIN HIDDEN TESTS
check("12.saliency_left_alone", saliency, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Occlusion

**Points 7 · difficulty 3/5 · about 35 minutes**

A derivative is about small changes. Here is a large one: cover a square of the image, and see how far the **probability** of the
target class drops (Zeiler, Fergus 2014). Do it for every position:

$$M_{ij} = p_c(x) - p_c(x \text{ with the square at row } i \cdot \text{stride}, \text{ column } j \cdot \text{stride})$$

The position is that of the square's top left pixel. All channels of its `size` × `size` pixels get the value `fill`. Only
squares that lie in the image as a whole count, so there are $\lfloor (H - \text{size}) / \text{stride} \rfloor + 1$ rows, and
columns likewise. A positive entry means: what was there spoke for the class. A square larger than the image, or a `size` or
`stride` below 1, raises `ValueError`.

*By hand first:* with the logits $(\sum x, 0)$, the probability of class 0 is $1 / (1 + e^{-\sum x})$. The image is 2 at one pixel
and 0 at three. What is the map for squares of one pixel?

<details><summary>Hint 1</summary>

`range(0, H - size + 1, stride)` are the rows at which a square begins.
</details>

<details><summary>Hint 2</summary>

Cover a `x.clone()`, a new one at each position: with the same copy, the squares pile up, and without a copy the caller's image
is gone.
</details>

<details><summary>Hint 3</summary>

`x.new_zeros(n, rows, columns)` has the dtype and the device of `x`.
</details>
"""


# %% solution="occlusion_map"
def occlusion_map(model, x, target, size, stride, fill=0.0):
    """Return by how much the target's probability drops under a square of `fill` at each position: (N, rows, columns).

    ValueError if size or stride is below 1, or the square does not fit into the images x (N, C, H, W).
    """
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    if size < 1 or stride < 1:
        raise ValueError(f"occlusion_map: size and stride must be at least 1, not {size} and {stride}.")
    if size > min(height, width):
        raise ValueError(f"occlusion_map: a square of {size} pixels does not fit into images of {height}×{width}.")
    images = torch.arange(n, device=x.device)
    tops, lefts = range(0, height - size + 1, stride), range(0, width - size + 1, stride)
    drops = x.new_zeros(n, len(tops), len(lefts))
    with evaluating(model), torch.no_grad():
        before = model(x).softmax(dim=1)[images, target]
        for i, top in enumerate(tops):
            for j, left in enumerate(lefts):
                covered = x.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drops[:, i, j] = before - model(covered).softmax(dim=1)[images, target]
    return drops
    ### END SOLUTION


# %% test="occlusion_map" points=2
# Check maps of squares that lie side by side.
check("12.occlusion_map", occlusion_map)
# By hand: under the square the sum is 0 and the probability 1/2; anywhere else nothing changes.
model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
model[1].weight.data, model[1].bias.data = torch.tensor([[1.0, 1, 1, 1], [0, 0, 0, 0]]), torch.zeros(2)
found = occlusion_map(model, torch.tensor([[[[0.0, 0.0], [2.0, 0.0]]]]), 0, 1, 1)
assert np.allclose(found, [[[0, 0], [1 / (1 + np.exp(-2)) - 1 / 2, 0]]])
### BEGIN HIDDEN TESTS
check("12.occlusion_map", occlusion_map, hidden=True)
### END HIDDEN TESTS

# %% test="occlusion_map_strided" points=1
# Check squares that overlap, and strides that do not reach the border.
check("12.occlusion_map_strided", occlusion_map)
### BEGIN HIDDEN TESTS
check("12.occlusion_map_strided", occlusion_map, hidden=True)
### END HIDDEN TESTS

# %% test="occlusion_map_fill" points=1
# Check squares of another value.
check("12.occlusion_map_fill", occlusion_map)
### BEGIN HIDDEN TESTS
check("12.occlusion_map_fill", occlusion_map, hidden=True)
### END HIDDEN TESTS

# %% test="occlusion_map_each" points=1
# Check that each image may have a target of its own.
check("12.occlusion_map_each", occlusion_map)
### BEGIN HIDDEN TESTS
check("12.occlusion_map_each", occlusion_map, hidden=True)
### END HIDDEN TESTS

# %% test="occlusion_map_left_alone" points=1
# Check that the model is left as it came, and that nothing holds on to a graph.
check("12.occlusion_map_left_alone", occlusion_map)
### BEGIN HIDDEN TESTS
check("12.occlusion_map_left_alone", occlusion_map, hidden=True)
### END HIDDEN TESTS

# %% test="occlusion_map_errors" points=1
# Check that squares which do not fit raise ValueError.
check("12.occlusion_map_errors", occlusion_map)
### BEGIN HIDDEN TESTS
check("12.occlusion_map_errors", occlusion_map, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Grad-CAM

**Points 6 · difficulty 4/5 · about 35 minutes**

Occlusion needs a forward pass for every position. Grad-CAM (Selvaraju et al. 2017) needs one, and one backward pass, and asks a
late layer: its feature maps $A_k$ know *what* and still roughly *where*. Channel $k$ counts as much as the target's logit depends
on it, averaged over the positions:

$$\alpha_k = \frac{1}{h w} \sum_{i, j} \frac{\partial s_c}{\partial A_{kij}}, \qquad
M = \operatorname{ReLU}\Big(\sum_k \alpha_k A_k\Big)$$

Each image has weights $\alpha_k$ of its own. The map stays at the layer's resolution, (N, h, w), and is not scaled.

It must also work on a frozen model, none of whose parameters requires gradients. *What does torch record then, if the images
do not require them either?* (The layers of this exercise are not followed by an in-place ReLU.)

*By hand first:* two channels, $A_0 = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$ and $A_1 = \begin{pmatrix} 0 & 1 \\ 1 & 3
\end{pmatrix}$. The logit's derivatives are $\begin{pmatrix} 4 & 0 \\ 0 & 0 \end{pmatrix}$ and $\begin{pmatrix} -2 & -2 \\ -2
& -2 \end{pmatrix}$. What is $M$?

<details><summary>Hint 1</summary>

A forward hook again, but keep the output itself this time, without detach: the gradient is taken with respect to it.
</details>

<details><summary>Hint 2</summary>

`torch.autograd.grad(score, maps)` also works for a tensor inside the graph. `backward()` would need `maps.retain_grad()`, and
fills the parameters' gradients.
</details>

<details><summary>Hint 3</summary>

$\alpha$ with the shape (N, K, 1, 1) multiplies maps of the shape (N, K, h, w).
</details>
"""


# %% solution="grad_cam"
def grad_cam(model, layer, x, target):
    """Return the Grad-CAM maps (N, h, w) of the images x (N, C, H, W), at the resolution of the layer."""
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    try:
        with evaluating(model):
            # Images that require gradients have torch record a graph even if the model is frozen.
            logits = model(x.detach().clone().requires_grad_())
    finally:
        handle.remove()
    maps = kept[-1]
    images = torch.arange(len(x), device=x.device)
    (gradient,) = torch.autograd.grad(logits[images, target].sum(), maps)
    weights = gradient.mean(dim=(2, 3), keepdim=True)  # (N, K, 1, 1)
    return (weights * maps).sum(dim=1).relu().detach()
    ### END SOLUTION


# %% test="grad_cam" points=3
# Check maps of several layers.
check("12.grad_cam", grad_cam)
# By hand: the weights are 1 and −2, the sum is (1, 0; 1, −2), and the ReLU sets the last entry to zero.
model = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(8, 1))
model[2].weight.data = torch.tensor([[4.0, 0, 0, 0, -2, -2, -2, -2]])
image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 3.0]]]])
assert grad_cam(model, model[0], image, 0).tolist() == [[[1.0, 0.0], [1.0, 0.0]]]
### BEGIN HIDDEN TESTS
check("12.grad_cam", grad_cam, hidden=True)
### END HIDDEN TESTS

# %% test="grad_cam_each" points=1
# Check that each image may have a target of its own.
check("12.grad_cam_each", grad_cam)
### BEGIN HIDDEN TESTS
check("12.grad_cam_each", grad_cam, hidden=True)
### END HIDDEN TESTS

# %% test="grad_cam_frozen" points=1
# Check that it also works on a frozen model.
check("12.grad_cam_frozen", grad_cam)
### BEGIN HIDDEN TESTS
check("12.grad_cam_frozen", grad_cam, hidden=True)
### END HIDDEN TESTS

# %% test="grad_cam_left_alone" points=1
# Check that the model is left as it came: modes, no hook, no gradients, no graph.
check("12.grad_cam_left_alone", grad_cam)
### BEGIN HIDDEN TESTS
check("12.grad_cam_left_alone", grad_cam, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Find the bugs: the image that a channel likes best

**Points 4 · difficulty 3/5 · about 30 minutes**

The other way round: keep the network as it is, and change the image, until a channel of a layer responds as strongly as it can
(Erhan et al. 2009). Start from faint noise and climb. Each step adds the gradient of the channel's mean, divided by its root mean
square, so that a step has the same size wherever the image is:

$$x \leftarrow x + \text{lr} \cdot \frac{g}{\sqrt{\text{mean}(g^2)} + 10^{-8}}, \qquad
g = \frac{\partial \, \text{mean}(A_\text{channel})}{\partial x}$$

The function below was meant to do that. It runs, and it returns an image. Three things in it are wrong, and besides it breaks
the first three rules from the beginning.
"""


# %%
def hurried_activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    """Return an image of this shape, made from noise, to which a channel of a layer responds strongly."""
    image = 0.1 * torch.randn(shape)
    image.requires_grad_()
    outputs = []
    layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    for _ in range(steps):
        model(image)
        outputs[-1][:, channel].mean().backward()
        gradient = image.grad
        with torch.no_grad():
            image -= lr * gradient / (gradient.square().mean().sqrt() + 1e-8)
    return image


# %% [markdown]
r"""
*Find them before you type.* Would a second call with an equal generator give the same image? Uphill or downhill? What is in
`image.grad` at the second step? And the rules: which of them does it keep?

Write it again, right. The noise is `0.1 * torch.randn(...)`, drawn from `generator` on the generator's device; the image has the
dtype and the device of the model's parameters.

<details><summary>Hint 1</summary>

`torch.randn(shape, generator=generator, device=generator.device)`, and then `.to(next(model.parameters()))`, which takes over
device and dtype.
</details>

<details><summary>Hint 2</summary>

`torch.autograd.grad(score, image)` adds up nothing and leaves nothing behind. If `image` is a result of the step before, it is no
leaf: `image = image.detach().requires_grad_()` makes it one.
</details>
"""


# %% solution="activation_maximization"
def activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1):
    """Return an image of this shape, made from seeded noise, to which a channel of a layer responds strongly."""
    ### BEGIN SOLUTION
    noise = torch.randn(shape, generator=generator, device=generator.device)
    image = 0.1 * noise.to(next(model.parameters()))
    outputs = []
    handle = layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    try:
        with evaluating(model):
            for _ in range(steps):
                image.requires_grad_()
                model(image)
                (gradient,) = torch.autograd.grad(outputs.pop()[:, channel].mean(), image)
                image = image.detach() + lr * gradient / (gradient.square().mean().sqrt() + 1e-8)
    finally:
        handle.remove()
    return image
    ### END SOLUTION


# %% test="activation_maximization" points=3
# Check images after one step and after several.
check("12.activation_maximization", activation_maximization)
# By hand: for a 1×1 convolution all derivatives are alike, so each of three steps adds lr to every pixel.
model = nn.Sequential(nn.Conv2d(1, 1, 1))
nn.init.constant_(model[0].weight, 2.0)
found = activation_maximization(model, model[0], 0, 3, torch.Generator().manual_seed(1), shape=(1, 1, 2, 2), lr=0.5)
noise = torch.randn(1, 1, 2, 2, generator=torch.Generator().manual_seed(1))
assert torch.allclose(found, 0.1 * noise + 1.5, atol=1e-5)
### BEGIN HIDDEN TESTS
check("12.activation_maximization", activation_maximization, hidden=True)
### END HIDDEN TESTS

# %% test="activation_maximization_left_alone" points=1
# Check that the model is left as it came: modes, no hook, no gradients; and that the image holds on to no graph.
check("12.activation_maximization_left_alone", activation_maximization)
### BEGIN HIDDEN TESTS
check("12.activation_maximization_left_alone", activation_maximization, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. How far a unit really looks

**Points 3 · difficulty 3/5 · about 20 minutes**

In lecture 04 you computed the receptive field of a unit from kernels and strides: the pixels that *can* have an effect on it. How
much effect they do have is another matter (Luo et al. 2016). Take the unit in the middle of a layer's output, at
`[h // 2, w // 2]`, add up its channels, and differentiate with respect to the image. Return the absolute value of that, averaged
over the images and over their channels: (H, W).

*By hand first:* one convolution with a 3×3 kernel of ones and no padding, on a 5×5 image. Where is the field 1, where 0?

<details><summary>Hint 1</summary>

The mean of $+1$ and $-1$ is 0. Take the absolute value before you average.
</details>

<details><summary>Hint 2</summary>

`maps[:, :, h // 2, w // 2].sum()` is one number, whose gradient has the shape of `x`.
</details>
"""


# %% solution="effective_receptive_field"
def effective_receptive_field(model, layer, x):
    """Return how much the middle of a layer's output depends on each pixel of x (N, C, H, W): (H, W), mean |gradient|."""
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.clone()))
    leaf = x.detach().clone().requires_grad_()
    try:
        with evaluating(model):
            model(leaf)
    finally:
        handle.remove()
    _, _, height, width = kept[-1].shape
    (gradient,) = torch.autograd.grad(kept[-1][:, :, height // 2, width // 2].sum(), leaf)
    return gradient.abs().mean(dim=(0, 1))
    ### END SOLUTION


# %% test="effective_receptive_field" points=2
# Check the fields of layers at several depths.
check("12.effective_receptive_field", effective_receptive_field)
# By hand: the middle of the 3×3 output sees the nine pixels in the middle of the 5×5 image.
model = nn.Sequential(nn.Conv2d(1, 1, 3, bias=False))
nn.init.constant_(model[0].weight, 1.0)
assert torch.equal(effective_receptive_field(model, model[0], torch.randn(2, 1, 5, 5)), F.pad(torch.ones(3, 3), (1, 1, 1, 1)))
### BEGIN HIDDEN TESTS
check("12.effective_receptive_field", effective_receptive_field, hidden=True)
### END HIDDEN TESTS

# %% test="effective_receptive_field_left_alone" points=1
# Check that the model is left as it came.
check("12.effective_receptive_field_left_alone", effective_receptive_field)
### BEGIN HIDDEN TESTS
check("12.effective_receptive_field_left_alone", effective_receptive_field, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## On two photographs

Now the real thing: EfficientNet-Lite0, a cat and a cup of coffee.
"""

# %%
NAMES, SIZE = ("chelsea", "coffee"), 160
images = torch.cat([preprocess(data.photograph(name), SIZE) for name in NAMES]).to(device)
with torch.no_grad():
    probabilities = backbone(images).softmax(dim=1)
best = probabilities.argmax(dim=1)
for name, p, c in zip(NAMES, probabilities, best.tolist(), strict=True):
    print(f"{name}: {IMAGENET_CLASSES[c]}, with a probability of {p[c]:.2f}")
assert [IMAGENET_CLASSES[c] for c in best.tolist()] == ["Egyptian cat", "espresso"]

# %% [markdown]
r"""
First, what the layers make of the cat. *Which of these maps would you still recognise as a cat?*
"""

# %%
depths = {"bn1": backbone.bn1, "blocks[1]": backbone.blocks[1], "blocks[2]": backbone.blocks[2], "blocks[4]": backbone.blocks[4]}
maps = {name: feature_maps(backbone, layer, images[:1])[0].cpu() for name, layer in depths.items()}
fig, axes = plt.subplots(len(maps), 8, figsize=(8, 4.4), layout="constrained")
for row, (name, found) in zip(axes, maps.items(), strict=True):
    for k, axis in enumerate(row):
        axis.imshow(found[k], cmap="gray")
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(f"{name}\n{tuple(found.shape[1:])}", fontsize=8)
fig.suptitle("The first eight channels of four layers: from edges to something else")
plotting.show(fig, alt="Feature maps of a cat: a sharp picture in the first layer, a few coarse spots in the last one shown.")

# %% [markdown]
r"""
Then the three maps of where the answer comes from, for both images at once: each has a target of its own.
"""

# %%
size, stride = 64, 24
assert (SIZE - size) % stride == 0  # the squares reach the border
explanations = {
    f"Occlusion, {size} px": occlusion_map(backbone, images, best, size, stride),
    "Saliency": saliency(backbone, images, best),
    "Grad-CAM, last layer": grad_cam(backbone, backbone.bn2, images, best),
}
pictures = (images * 128 + 127).permute(0, 2, 3, 1).cpu().numpy() / 255
fig, axes = plt.subplots(2, 4, figsize=(9, 4.6), layout="constrained")
for i, row in enumerate(axes):
    row[0].imshow(pictures[i])
    row[0].set_title(IMAGENET_CLASSES[best[i]])
    for axis, (name, found) in zip(row[1:], explanations.items(), strict=True):
        values = found[i].cpu()
        signed = bool((found < 0).any())
        top = values.abs().max() if signed else values.quantile(0.99)
        # An entry of the occlusion map belongs to the middle of its square.
        edge = (size - stride) / 2 if name.startswith("Occlusion") else 0
        axis.imshow(pictures[i].mean(axis=2), cmap="gray", alpha=0.4, extent=(0, SIZE, SIZE, 0))
        axis.imshow(
            values,
            cmap=plotting.DIVERGING if signed else plotting.SEQUENTIAL,
            vmin=-top if signed else 0,
            vmax=top,
            alpha=0.6,
            extent=(edge, SIZE - edge, SIZE - edge, edge),
        )
        axis.set(title=name, xlim=(0, SIZE), ylim=(SIZE, 0))
    for axis in row:
        axis.set(xticks=[], yticks=[])
plotting.show(
    fig,
    alt="A cat and a cup of coffee, each with three maps. On the cup all are strongest at the coffee and the rim; the cat's "
    "occlusion map is negative in most places.",
)

cat, cup = explanations[f"Occlusion, {size} px"].cpu()
cats = [IMAGENET_CLASSES.index(name) for name in ("Egyptian cat", "tiger cat", "tabby")]
print(f"the largest drop for the cup: {cup.max():.2f}; for the cat: {cat.max():.2f}")
print(f"squares under which the cat's probability rises: {(cat < 0).sum()} of {cat.numel()}")
print(f"three kinds of cats together have the probability {probabilities[0, cats].sum():.2f}")
assert cup.argmax() // cup.shape[1] <= 2
assert (cat < 0).float().mean() > 0.5
assert probabilities[0, cats].sum() > 0.9

# %% [markdown]
r"""
Look at the cup first. Where the coffee and the rim are, all three maps are strong; orange means that the probability drops.

Then look at the cat. Under most squares its probability *rises*, violet. Nothing is wrong with the function: "Egyptian cat",
"tiger cat" and "tabby" share nearly all of the probability, and a square that covers some stripes takes it from one cat and
gives it to another. A drop of a probability always asks "rather than what?". The logit, which Grad-CAM and saliency explain,
does not.

The targets need not be the best classes. *What will the maps look like if you ask for "tabby" on the cat?* Change `best`, and
run the cell again.

At last, images that channels like, and how far a unit in the middle of the network looks.
"""

# %%
layer, shape = backbone.blocks[2], (1, 3, 64, 64)
channels = (0, 3, 8, 12)
liked = []
for channel in channels:
    start, liked_one = (
        activation_maximization(backbone, layer, channel, steps, torch.Generator(device).manual_seed(channel), shape)
        for steps in (0, 24)
    )
    liked.append(liked_one)
    before, after = (feature_maps(backbone, layer, image)[:, channel].mean().item() for image in (start, liked_one))
    print(f"channel {channel:2}: mean activation {before:5.1f} for the noise, {after:5.1f} after 24 steps")
    assert after > before
noise = torch.randn(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)).to(device)
fields = [effective_receptive_field(backbone, backbone.blocks[i], noise).cpu() for i in (1, 2, 4)]

fig, axes = plt.subplots(1, 7, figsize=(11, 2.1), layout="constrained")
for axis, channel, image in zip(axes, channels, liked, strict=False):
    picture = image[0].permute(1, 2, 0).cpu()
    axis.imshow((0.5 + picture / (2 * picture.abs().max())).numpy())
    axis.set_title(f"channel {channel}", fontsize=9)
for axis, field, i in zip(axes[4:], fields, (1, 2, 4), strict=True):
    axis.imshow(field / field.max(), vmax=0.5)
    axis.set_title(f"field of blocks[{i}]", fontsize=9)
for axis in axes:
    axis.set(xticks=[], yticks=[])
plotting.show(fig, alt="Four images with regular patterns that channels respond to, and three fields that grow with depth.")

# %% [markdown]
r"""
Patterns, and no objects: fine stripes and grids that no camera ever saw. Lecture 12 shows what makes such images look more
natural. And the fields: bright in the middle, fading outwards. A unit looks mostly at a small part of what it could see.

## 8. In your own words

**Points 3 · difficulty 3/5 · about 10 minutes**

A colleague has a network that tells huskies from wolves. Its saliency maps are bright in the snow around the wolves. "It has
learned that snow means wolf," she says.

1. What exactly does a bright pixel in a saliency map say? Name one thing that it does not say.
2. Which experiment, with functions of this assignment or with other pictures, would test her claim?
3. Some methods give almost the same map after all weights of the network have been replaced by random ones. What does that
   tell you about such maps?
"""

# %% [markdown] manual="explain_maps" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. A small change of this pixel would change the logit more than a small change of a darker one: it is a derivative, at this
   image. It does not say in which direction (the sign is gone), nor what would happen if the snow were gone altogether, which
   is no small change, nor that the network "means" snow: neighbouring pixels count one by one.
2. Take the snow away and see whether the answer changes: `occlusion_map` with squares over the background (and another fill,
   because a black square is no natural background either), or better wolves on grass and huskies in snow. If the probability
   of "wolf" follows the snow and not the animal, she is right.
3. They depend on the image, its edges above all, and not on what the network has learned; so they explain nothing about it,
   however convincing they look (Adebayo et al. 2018). A map is worth something only if it changes when the network does.
### END SOLUTION
"""
