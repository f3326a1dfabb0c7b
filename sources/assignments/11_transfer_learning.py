# %% [markdown]
r"""
# Assignment 11 · Transfer learning

Somebody trained a network on a million photographs. You have twenty pictures of each class. In this assignment you write
the seven functions that turn the one into a classifier for the other: a new head, a frozen body, batch norm that stays as
it is, two learning rates, features that are computed once, the best epoch instead of the last one, and a curve that says
how many images you need.

**You need** [lecture 11](../../lectures/11_transfer_learning.ipynb) and PyTorch. **Time:** about two and a half hours.
**Points:** 34.

**How it works.** Replace `raise NotImplementedError()` by your code, run the cell, then run the checks below it. A check
builds small networks, hands them to your function and looks at what has become of them: parameters, modes, statistics,
and what they learn in two steps of training. If something is wrong, it says what, and how to get the case back into your
hands. When the assignment is graded, the same checks run with other networks.

Three rules hold for every exercise.

- **The head is the last linear layer of the model**, whatever it is called: `fc` in torchvision's ResNets, `classifier` or
  the last layer of a `classifier` in others, `head` in yet others. The body is everything else, and it may hold linear
  layers, too.
- A function that changes a model changes the model it was given, and returns it.
- It works on any device.

`torchvision` and `timm` have functions for some of this, and `cnnkit.training` for other parts. The checks refuse them.
"""

# %%
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from cnnkit import case, check, data, plotting
from cnnkit.backbones import efficientnet_lite0, preprocess
from cnnkit.training import default_device

plotting.use_style()
device = default_device()


def head_name(model):
    """Return the name of the head, such as "fc" or "classifier.1"."""
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


# %% [markdown]
r"""
`head_name` is yours to use. With its answer, `model.get_submodule(name)` gives the layer, and
`model.set_submodule(name, layer)` puts another one in its place. Two models to try things on:
"""


# %%
def resnet_like():
    """Return a small model whose head is called fc: (N, 3, H, W) -> (N, 10)."""
    model = nn.Sequential()
    model.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    model.bn1 = nn.BatchNorm2d(8)
    model.relu = nn.ReLU()
    model.avgpool = nn.AdaptiveAvgPool2d(1)
    model.flatten = nn.Flatten()
    model.fc = nn.Linear(8, 10)
    return model


def mobilenet_like():
    """Return a small model whose classifier has several layers: (N, 3, H, W) -> (N, 10)."""
    model = nn.Sequential()
    model.features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model.classifier = nn.Sequential(nn.Linear(8, 16), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(16, 10))
    return model


for model in (resnet_like(), mobilenet_like()):
    name = head_name(model)
    print(f"{name:13}", model.get_submodule(name))

# %% [markdown]
r"""
PyTorch checks your answers on the GPU if it finds one, else on the processor. To choose, run `%env CNNKIT_DEVICE=cpu` (or
`cuda`) before the first check.

## 1. A new head

**Points 5 · difficulty 2/5 · about 20 minutes**

The old head knows a thousand classes that you do not have. Put a new linear layer in its place, with as many inputs as
the old one and one output per class of yours. Everything else stays, dropout in front of the head included.

A new layer is born on the CPU in float32. If the model is on a GPU, or in float64, the first forward pass then fails; so
give the new layer the device and the dtype of the old one.

<details><summary>Hint 1</summary>

The old head tells you all you need: `old.in_features`, `old.weight.device`, `old.weight.dtype`.
</details>

<details><summary>Hint 2</summary>

`model.fc.out_features = 5` changes a label, not a weight. `model.fc = ...` on a model whose head is called `classifier`
adds a layer that nobody calls.
</details>

<details><summary>Hint 3</summary>

`nn.Linear(inputs, outputs, device=..., dtype=...)`, then `model.set_submodule(name, layer)`.
</details>
"""


# %% solution="replace_head"
def replace_head(model, classes):
    """Put a new linear layer with `classes` outputs in the place of the head, and return the model."""
    ### BEGIN SOLUTION
    name = head_name(model)
    old = model.get_submodule(name)
    new = nn.Linear(old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype)
    model.set_submodule(name, new)
    return model
    ### END SOLUTION


# %% test="replace_head" points=1
# Check that the new head has the right shape, and that it takes the old one's place.
check("11.replace_head", replace_head)
# By hand: 8 features and 5 classes are 8 · 5 weights and 5 biases.
head = replace_head(resnet_like(), 5).fc
assert head.weight.numel() + head.bias.numel() == 8 * 5 + 5
### BEGIN HIDDEN TESTS
check("11.replace_head", replace_head, hidden=True)
### END HIDDEN TESTS

# %% test="replace_head_logits" points=1
# Check the logits of a model with its new head, when the head has known weights.
check("11.replace_head_logits", replace_head)
### BEGIN HIDDEN TESTS
check("11.replace_head_logits", replace_head, hidden=True)
### END HIDDEN TESTS

# %% test="replace_head_inside" points=2
# Check that a head inside a classifier is replaced, and that the layers before it stay.
check("11.replace_head_inside", replace_head)
model = replace_head(mobilenet_like(), 5)
assert [type(layer).__name__ for layer in model.classifier] == ["Linear", "Hardswish", "Dropout", "Linear"]
### BEGIN HIDDEN TESTS
check("11.replace_head_inside", replace_head, hidden=True)
### END HIDDEN TESTS

# %% test="replace_head_placed" points=1
# Check that the new head has the device and the dtype of the old one.
check("11.replace_head_placed", replace_head)
### BEGIN HIDDEN TESTS
check("11.replace_head_placed", replace_head, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
If a check fails, its last line tells you how to get the case back. A small network is described by its kind, its channels,
its classes and a seed:
"""

# %%
from cnnkit.exercises.probes.transfer import small_network

args, options = case("11.replace_head", 0)
print(args, options)
print(small_network(*args[0]))

# %% [markdown]
r"""
## 2. Freeze the body

**Points 4 · difficulty 2/5 · about 15 minutes**

A parameter with `requires_grad = False` gets no gradient, so no optimiser moves it. Freeze every parameter of the model
except those of the head. With `except_head=False` the head is frozen as well, for a network that only computes features.
Whatever was frozen before: afterwards exactly the head learns, or nothing.

*Before you write it:* `model.requires_grad = False` runs without a complaint. What does it do?

<details><summary>Hint 1</summary>

It sets an attribute of that name on the model, and nobody reads it. Each *parameter* has a `requires_grad` of its own.
</details>

<details><summary>Hint 2</summary>

`module.requires_grad_(True or False)`, with the underscore, does it for all parameters of a module.
</details>
"""


# %% solution="freeze"
def freeze(model, except_head=True):
    """Freeze all parameters, those of the head only with except_head=False, and return the model."""
    ### BEGIN SOLUTION
    model.requires_grad_(False)
    model.get_submodule(head_name(model)).requires_grad_(except_head)
    return model
    ### END SOLUTION


# %% test="freeze" points=2
# Check that exactly the head learns.
check("11.freeze", freeze)
# By hand: of this model's 8 · 3 · 9 + 8 + 8 + 8 · 10 + 10 parameters, the last 90 learn.
learning = [p.numel() for p in freeze(resnet_like()).parameters() if p.requires_grad]
assert sum(learning) == 8 * 10 + 10
### BEGIN HIDDEN TESTS
check("11.freeze", freeze, hidden=True)
### END HIDDEN TESTS

# %% test="freeze_all" points=2
# Check that with except_head=False nothing learns.
check("11.freeze_all", freeze)
### BEGIN HIDDEN TESTS
check("11.freeze_all", freeze, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Batch norm that stays as it is

**Points 5 · difficulty 4/5 · about 25 minutes**

Now the body is frozen. *Is it?* Look at what a frozen network answers to the same image, before and after it has seen
other images in training mode. No optimiser is anywhere near.
"""

# %%
torch.manual_seed(0)
model = resnet_like().requires_grad_(False)
image, others = torch.randn(1, 3, 8, 8), 2 + torch.randn(20, 3, 8, 8)
before = model.eval()(image)
model.train()
model(others)
after = model.eval()(image)
print("the largest change of a logit:", (after - before).abs().max().item())
assert not torch.equal(before, after)

# %% [markdown]
r"""
The running mean and variance are no parameters: in training mode they move with every batch, gradients or not. And
`layer.eval()` alone does not help for long, because every training loop calls `model.train()` at the start of an epoch, and
that goes through all modules.

Write a function after which all batch norm layers of the model (in one, two and three dimensions, however deep inside)
normalise with their running statistics and leave them alone, at once and after any number of calls of `model.train()` and
`model.eval()`. Dropout is to follow these calls as before. Whether $\gamma$ and $\beta$ learn is not this function's business.

<details><summary>Hint 1</summary>

`model.modules()` goes through all modules at any depth, `model.children()` one level deep. The classes `BatchNorm1d`,
`BatchNorm2d` and `BatchNorm3d` are a tuple for `isinstance`; `nn.modules.batchnorm._BatchNorm` is what they have in common.
</details>

<details><summary>Hint 2</summary>

`model.train()` calls the method `train` of each of its modules. What if that method of a batch norm layer did nothing?
A function assigned to `layer.train` hides the class's method, for this one layer.
</details>

<details><summary>Hint 3</summary>

In a loop, `layer.train = lambda mode=True: layer` looks up `layer` when it is called, and then it is the last one. Bind it at
once: `lambda mode=True, layer=layer: layer`.
</details>

<details><summary>Hint 4</summary>

`momentum = 0` keeps the running statistics from moving. But which ones does a layer in training mode normalise with?
</details>
"""


# %% solution="keep_batch_norm_fixed"
def keep_batch_norm_fixed(model):
    """Let all batch norm layers use and keep their running statistics, whatever mode the model is in; return the model."""
    ### BEGIN SOLUTION
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            # model.train() calls train() of every module: from now on it does nothing here.
            module.train = lambda mode=True, module=module: module
    return model
    ### END SOLUTION


# %% test="keep_batch_norm_fixed" points=2
# Check that the layers use their running statistics, and keep them, right after the call.
check("11.keep_batch_norm_fixed", keep_batch_norm_fixed)
### BEGIN HIDDEN TESTS
check("11.keep_batch_norm_fixed", keep_batch_norm_fixed, hidden=True)
### END HIDDEN TESTS

# %% test="keep_batch_norm_fixed_survives" points=3
# Check that model.train() does not undo it, and that dropout still follows the mode.
check("11.keep_batch_norm_fixed_survives", keep_batch_norm_fixed)
# Recompute it: in training mode, with the running mean 0 and variance 1 of a new layer, nothing but ε changes.
norm = keep_batch_norm_fixed(nn.Sequential(nn.BatchNorm1d(2))).train()
assert torch.allclose(norm(torch.tensor([[3.0, 4.0], [5.0, 60.0]])), torch.tensor([[3.0, 4.0], [5.0, 60.0]]) / (1 + 1e-5) ** 0.5)
### BEGIN HIDDEN TESTS
check("11.keep_batch_norm_fixed_survives", keep_batch_norm_fixed, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
A question for later, when you have seen it work. You will answer it in words at the end of this assignment: what goes wrong
if the body is frozen and batch norm is not fixed?

## 4. Two learning rates

**Points 3 · difficulty 2/5 · about 15 minutes**

Fine-tuning lets the body learn as well, but slowly: it knows something already, and the head knows nothing yet. A torch
optimiser takes a list of groups, `[{"params": ..., "lr": ...}, ...]`, each with a learning rate of its own.

Return the groups for the body and for the head. Every parameter that learns is in exactly one of them. (A frozen one may be
left out or not: without a gradient nothing moves it.)

<details><summary>Hint 1</summary>

`p in list_of_tensors` compares values, not identity, and fails. Compare names, or `id(p)`.
</details>

<details><summary>Hint 2</summary>

The names of the head's parameters begin with `head_name(model) + "."`.
</details>

<details><summary>Hint 3</summary>

`model.fc.parameters()` is a generator: once read, it is empty. Make lists.
</details>
"""


# %% solution="parameter_groups"
def parameter_groups(model, body_lr, head_lr):
    """Return optimizer groups: the body's parameters with body_lr, the head's with head_lr."""
    ### BEGIN SOLUTION
    prefix = head_name(model) + "."
    learning = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    body = [parameter for name, parameter in learning if not name.startswith(prefix)]
    head = [parameter for name, parameter in learning if name.startswith(prefix)]
    return [{"params": body, "lr": body_lr}, {"params": head, "lr": head_lr}]
    ### END SOLUTION


# %% test="parameter_groups" points=2
# Check that every parameter is in one group, with the right rate.
check("11.parameter_groups", parameter_groups)
# By hand: conv1, γ and β are three tensors of the body; weight and bias are two of the head.
groups = parameter_groups(resnet_like(), 0.001, 0.1)
sizes = {group["lr"]: len(list(group["params"])) for group in groups}
assert sizes == {0.001: 3, 0.1: 2}
### BEGIN HIDDEN TESTS
check("11.parameter_groups", parameter_groups, hidden=True)
### END HIDDEN TESTS

# %% test="parameter_groups_frozen" points=1
# Check the groups of a model that is frozen in part.
check("11.parameter_groups_frozen", parameter_groups)
### BEGIN HIDDEN TESTS
check("11.parameter_groups_frozen", parameter_groups, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. Features, once

**Points 5 · difficulty 3/5 · about 25 minutes**

A frozen body gives the same features for an image in every epoch. So compute them once, and train the head on them: that is
a linear classifier on a table, and each epoch takes milliseconds.

The features of an image are **what goes into the head**. Return them as one tensor (N, D) and the labels as one tensor (N,),
both on the CPU, in the order in which the loader gave them. The features come without a graph, in evaluation mode, and the
model is left with its head, without hooks, its running statistics untouched. The model may be elsewhere than on `device`: move
it there, and the images, too.

<details><summary>Hint 1</summary>

Two ways to get at the input of the head. Put `nn.Identity()` in its place, and the model returns the features; then put the
head back. Or register a forward pre-hook on it: it is called with the inputs.
</details>

<details><summary>Hint 2</summary>

Go through the loader once. It may shuffle: the second time, the images come in another order.
</details>

<details><summary>Hint 3</summary>

`try: ... finally: ...` puts the head back even if a batch fails half-way.
</details>
"""


# %% solution="extract_features"
def extract_features(model, loader, device):
    """Return what goes into the head for every image of a loader: features (N, D) and labels (N,), on the CPU."""
    ### BEGIN SOLUTION
    model.to(device).eval()
    name = head_name(model)
    head = model.get_submodule(name)
    features, labels = [], []
    model.set_submodule(name, nn.Identity())
    try:
        with torch.no_grad():
            for images, some_labels in loader:
                features.append(model(images.to(device)).cpu())
                labels.append(some_labels)
    finally:
        model.set_submodule(name, head)
    return torch.cat(features), torch.cat(labels)
    ### END SOLUTION


# %% test="extract_features" points=3
# Check features and labels, and that the model is left as it was.
check("11.extract_features", extract_features)
# Recompute it: this body returns its input, and the labels stand beside it.
table = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
found = extract_features(
    nn.Sequential(nn.Identity(), nn.Linear(2, 4)), DataLoader(TensorDataset(table, torch.arange(3)), 2), "cpu"
)
assert torch.equal(found[0], table)
assert found[1].tolist() == [0, 1, 2]
### BEGIN HIDDEN TESTS
check("11.extract_features", extract_features, hidden=True)
### END HIDDEN TESTS

# %% test="extract_features_inside" points=2
# Check the features of a head inside a classifier: what goes into its last linear layer.
check("11.extract_features_inside", extract_features)
### BEGIN HIDDEN TESTS
check("11.extract_features_inside", extract_features, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Find the bugs: the best epoch

**Points 4 · difficulty 3/5 · about 25 minutes**

A network is trained for several epochs, and the last one is not always the best. The function below is meant to keep the
weights of the best. It runs, and prints sensible numbers. Four things in it are wrong.
"""


# %%
def hurried_fit_best(model, loaders, epochs, optimizer, device):
    """Train, and return the weights of the epoch with the highest validation accuracy."""
    model.train()
    best_accuracy = 0
    for epoch in range(epochs):
        correct = 0
        for images, labels in loaders["train"]:
            optimizer.zero_grad()
            logits = model(images.to(device))
            F.cross_entropy(logits, labels.to(device)).backward()
            optimizer.step()
            correct += (logits.argmax(1).cpu() == labels).sum().item()
        accuracy = correct / len(loaders["train"].dataset)
        model.eval()
        with torch.no_grad():
            hits = [(model(images.to(device)).argmax(1).cpu() == labels).float() for images, labels in loaders["validation"]]
        print(f"epoch {epoch + 1}: validation accuracy {torch.cat(hits).mean():.2f}")
        if accuracy > best_accuracy:
            best_accuracy = accuracy
            best = model.state_dict()
    return best


# %% [markdown]
r"""
*Find them before you type.* In which mode is the second epoch trained? By which accuracy is the epoch chosen? What is in `best`
when training has gone on? And which weights does the model itself have when the function returns?

Write it again, right. `loaders["train"]` and `loaders["validation"]` give batches of images and labels; the loss is
`F.cross_entropy`; the best epoch is the one with the highest validation accuracy, of equal ones the first. Return its weights, as
`model.state_dict()` gives them, and leave the model with them.

<details><summary>Hint 1</summary>

`model.state_dict()` is a dictionary of the model's *own* tensors. The optimiser changes tensors in place.
</details>

<details><summary>Hint 2</summary>

`dict.copy()` copies the dictionary, not the tensors in it. `copy.deepcopy(...)` copies both.
</details>
"""


# %% solution="fit_best"
def fit_best(model, loaders, epochs, optimizer, device):
    """Train, and return the weights of the epoch with the highest validation accuracy; the model is left with them."""
    ### BEGIN SOLUTION
    best, best_accuracy = None, -1.0
    for _ in range(epochs):
        model.train()  # every time: the validation below leaves the model in evaluation mode
        for images, labels in loaders["train"]:
            optimizer.zero_grad()
            F.cross_entropy(model(images.to(device)), labels.to(device)).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            hits = [model(images.to(device)).argmax(1).cpu() == labels for images, labels in loaders["validation"]]
        accuracy = torch.cat(hits).float().mean().item()
        if accuracy > best_accuracy:
            best, best_accuracy = copy.deepcopy(model.state_dict()), accuracy
    model.load_state_dict(best)
    return best
    ### END SOLUTION


# %% test="fit_best" points=3
# Check that the weights returned are those of the most accurate epoch.
check("11.fit_best", fit_best)
### BEGIN HIDDEN TESTS
check("11.fit_best", fit_best, hidden=True)
### END HIDDEN TESTS

# %% test="fit_best_loaded" points=1
# Check that the model is left with these weights.
check("11.fit_best_loaded", fit_best)
### BEGIN HIDDEN TESTS
check("11.fit_best_loaded", fit_best, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. How many images do you need?

**Points 5 · difficulty 3/5 · about 25 minutes**

A learning curve is the accuracy against the number of training images. One run per size is a lottery ticket: which images
were drawn, and which weights the head began with, both depend on a seed. So run every size with several seeds, and report mean
and spread.

`learning_curve(sizes, labels, run, seeds)` gets a tuple of sizes (images *per class*), the labels (N,) of the training images
as a NumPy array of numbers 0 … C−1, a function `run(indices, seed)` that trains on the images of these indices and returns an
accuracy, and a tuple of seeds. For every size and every seed,

- draw `size` images of each class without repetition, from a generator `np.random.default_rng(seed)`,
- call `run` with their indices and the seed.

Return two arrays with a value for every size: the mean of the accuracies over the seeds, and their standard deviation, divided by
$n - 1$ because the mean was estimated from the same few numbers. A class with fewer than `size` images raises `ValueError`.

*By hand first:* with accuracies 0.6, 0.7 and 0.8, what are mean and standard deviation?

<details><summary>Hint 1</summary>

`np.flatnonzero(labels == c)` are the indices of class c.
</details>

<details><summary>Hint 2</summary>

`rng.choice(members, size)` puts back what it drew, unless you say `replace=False`.
</details>

<details><summary>Hint 3</summary>

`np.std` divides by n unless you say `ddof=1`.
</details>
"""


# %% solution="learning_curve"
def learning_curve(sizes, labels, run, seeds):
    """Return mean and standard deviation over the seeds of run's accuracy, one value each per size."""
    ### BEGIN SOLUTION
    classes = np.unique(labels)
    smallest = min(np.count_nonzero(labels == c) for c in classes)
    if max(sizes) > smallest:
        raise ValueError(f"learning_curve: a class has {smallest} images only, {max(sizes)} of each are asked for.")
    accuracies = np.empty((len(sizes), len(seeds)))
    for i, size in enumerate(sizes):
        for j, seed in enumerate(seeds):
            rng = np.random.default_rng(seed)
            drawn = [rng.choice(np.flatnonzero(labels == c), size, replace=False) for c in classes]
            accuracies[i, j] = run(np.concatenate(drawn), seed)
    return accuracies.mean(axis=1), accuracies.std(axis=1, ddof=1)
    ### END SOLUTION


# %% test="learning_curve" points=4
# Check mean, spread, and which images are drawn.
check("11.learning_curve", learning_curve)
# By hand: 0.6, 0.7 and 0.8 have the mean 0.7, and √((0.01 + 0 + 0.01) / 2) = 0.1.
mean, spread = learning_curve((2,), np.arange(20) % 2, lambda indices, seed: {1: 0.6, 2: 0.7, 3: 0.8}[seed], (1, 2, 3))
assert np.allclose([mean[0], spread[0]], [0.7, 0.1])
### BEGIN HIDDEN TESTS
check("11.learning_curve", learning_curve, hidden=True)
### END HIDDEN TESTS

# %% test="learning_curve_errors" points=1
# Check that too few images of a class raise ValueError.
check("11.learning_curve_errors", learning_curve)
### BEGIN HIDDEN TESTS
check("11.learning_curve_errors", learning_curve, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
r"""
## On real images

Now all of it together. EfficientNet-Lite0 was trained on ImageNet, 1.28 million photographs in a thousand classes. The emoji
of this course are drawings, in six classes. Twenty of each class are for testing, twenty others for training: few enough that
nobody would train a network from scratch on them.
"""

# %%
CLASSES = data.EMOJI_CLASSES
drawings, labels = data.emoji()
train, validation, test = data.stratified_split(labels, 20, 5, 20, seed=0)
images = preprocess(drawings, size=96)


def loader_of(indices, batch_size=30, shuffle=False):
    """Return a loader of the images with these indices."""
    return DataLoader(TensorDataset(images[indices], torch.from_numpy(labels[indices])), batch_size, shuffle=shuffle)


plotting.show_images(
    [drawings[labels == c][3] for c in range(len(CLASSES))],
    titles=CLASSES,
    columns=6,
    alt="One emoji of each of the six classes.",
)

# %% [markdown]
r"""
First the features, once for all images. *How long may that take for 240 images?* Then a head for every number of images, trained
on a table: one linear layer, 1,280 features in, six classes out.
"""

# %%
torch.manual_seed(0)
model = replace_head(efficientnet_lite0(), len(CLASSES))
train_features, train_labels = extract_features(model, loader_of(train), device)
test_features, test_labels = extract_features(model, loader_of(test), device)
print(tuple(train_features.shape), tuple(test_features.shape))


def accuracy_of_head(indices, seed):
    """Train a head on the features of some training images, and return its accuracy on the test images."""
    torch.manual_seed(seed)
    head = nn.Linear(train_features.shape[1], len(CLASSES))
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01, weight_decay=1e-3)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(head(train_features[indices]), train_labels[indices]).backward()
        optimizer.step()
    with torch.no_grad():
        return (head(test_features).argmax(1) == test_labels).float().mean().item()


sizes, seeds = (1, 2, 5, 10, 20), (0, 1, 2, 3, 4)
mean, spread = learning_curve(sizes, train_labels.numpy(), accuracy_of_head, seeds)
fig, axis = plt.subplots(figsize=(5.5, 3), layout="constrained")
axis.errorbar(sizes, mean, spread, marker="o", capsize=3)
axis.axhline(1 / len(CLASSES), ls=":", color=plotting.GREY, label="guessing")
axis.legend(loc="upper left")
axis.set(xscale="log", xticks=sizes, xticklabels=sizes, ylim=(0, 1), xlabel="training images per class", ylabel="test accuracy")
axis.set_title("Drawings, by a network that knows photographs")
plotting.show(fig, alt="Test accuracy rises with the number of images per class, far above the dotted line of guessing.")

# %% [markdown]
r"""
Look at the left end: one drawing of each class, and already far above guessing, the dotted line. The features were made for
photographs, and yet a food drawing is near other food drawings. Look at the bars as well: they get shorter to the right. With one
image, it matters which one.

Now fine-tune. The body learns slowly, the head fast, batch norm stays fixed, and the best epoch is kept. Five more images of each
class choose that epoch: the test images must not.
"""

# %%
torch.manual_seed(0)
model = keep_batch_norm_fixed(replace_head(efficientnet_lite0(), len(CLASSES))).to(device)
optimizer = torch.optim.AdamW(parameter_groups(model, body_lr=3e-4, head_lr=3e-3))
loaders = {"train": loader_of(train, batch_size=15, shuffle=True), "validation": loader_of(validation)}
fit_best(model, loaders, 6, optimizer, device)
model.eval()
with torch.no_grad():
    predictions = torch.cat([model(batch.to(device)).argmax(1).cpu() for batch, _ in loader_of(test)]).numpy()
right = predictions == labels[test]
print(f"frozen, 20 images per class: {mean[-1]:.2f}; fine-tuned: {right.mean():.2f}")
assert right.mean() > 3 / len(CLASSES)

# %%
shown = np.concatenate([np.flatnonzero(~right)[:6], np.flatnonzero(right)[: 12 - len(np.flatnonzero(~right)[:6])]])
plotting.show_images(
    [drawings[test[i]] for i in shown],
    titles=[f"{CLASSES[predictions[i]]}" + ("" if right[i] else f" ({CLASSES[labels[test[i]]]})") for i in shown],
    columns=6,
    alt="Test images with the class that the network says, and in brackets the right one where that is another.",
)

# %% [markdown]
r"""
The first ones are wrong, with the right class in brackets. Would you have known better? And what happens to the accuracy if
the body learns three times as fast, or three times as slowly? Predict it, then change `body_lr` and run the two cells again.

## 8. In your own words

**Points 3 · difficulty 3/5 · about 10 minutes**

A colleague freezes a pretrained body (all its parameters have `requires_grad = False`), trains the new head for ten epochs in the
usual loop with `model.train()`, and saves the head only. Later she loads the original network, puts her head on it, and calls
`model.eval()`. The accuracy is much lower than it was during training.

1. What was different in the body, in training and later?
2. Which function of this assignment would have prevented it, and why is `requires_grad = False` not enough?
3. She has batches of 4 images. Name one more reason for which training mode was a bad idea.
"""

# %% [markdown] manual="explain_frozen" points=3
r"""
**Your answer**

### BEGIN SOLUTION
*One point for each of the three parts.*

1. In training mode batch norm normalised every batch with the batch's own mean and variance, and the running statistics moved
   towards those of her images. The head learned on features of such a body. The original network normalises with the
   statistics of ImageNet, so the same image gives other features, and the head has never seen them.
2. `keep_batch_norm_fixed`. (Or features computed once in evaluation mode, `extract_features`.) The running mean and variance are
   buffers, not parameters: no gradient ever moves them, the forward pass in training mode does. So does the choice of which
   statistics are used: it depends on the mode only.
3. Mean and variance of four images are noisy, so an image's features depend on which three others are in the batch. (Also: in a
   batch, images give away something about each other; and the running statistics then follow this noise.)
### END SOLUTION
"""
