# %% [markdown]
r"""
# 11 · Transfer learning

You have sixty pictures and want a classifier. A network trained from nothing on sixty pictures learns the sixty pictures.
But somebody has already paid for a network that saw a million photographs, and most of what it learned, edges, textures,
parts of things, is not about those photographs alone. To use it for another question is **[transfer
learning](../glossary.ipynb#transfer-learning)**. This lecture does it, and measures what the gift is worth.

**After this lecture you can**

- load a trained network, feed it what it expects, and replace its [head](../glossary.ipynb#head);
- freeze a [body](../glossary.ipynb#backbone), and say what that saves in time and in memory, and what it does not;
- keep batch normalisation from changing behind your back;
- compute features once and train heads in seconds;
- [fine-tune](../glossary.ipynb#fine-tuning) with a learning rate for each part, and keep the weights of the best epoch;
- compare training from scratch, a [frozen](../glossary.ipynb#feature-extraction) body and fine-tuning fairly, with
  seeds and spread.

**Time:** about 80 minutes to read, predict and run; the code itself needs about two minutes. **You need** lectures 07, 08
and 09. Afterwards: [assignment 11](../assignments/11_transfer_learning/11_transfer_learning.ipynb).
"""

# %%
import copy
import inspect
import math
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import models
from torchvision.transforms import v2

from cnnkit import backbones, data, plotting, training

plotting.use_style()
device = training.default_device()
print(f"the networks run on: {device}")

# %% [markdown]
r"""
## A network that has seen a million photographs

EfficientNet-Lite0 (Tan and Le 2019, in the variant without squeeze-and-excitation) was trained on the 1.28 million
photographs of ImageNet to tell 1000 classes apart. Its weights come with this course. *Two photographs that it has never
seen: what will it say?*
"""

# %%
model = backbones.efficientnet_lite0().to(device)


@torch.no_grad()
def probabilities(x):
    """Return the softmax over the 1000 ImageNet classes for one prepared picture (1, 3, H, W)."""
    return model(x.to(device)).softmax(dim=1)[0].cpu()


def best(p, k=3):
    """Return the k most probable classes as lines of text."""
    values, indices = p.topk(k)
    return "\n".join(f"{backbones.IMAGENET_CLASSES[i]} {v:.2f}" for v, i in zip(values.tolist(), indices.tolist(), strict=True))


names = ("coffee", "chelsea", "rocket", "astronaut")
small = [data.photograph(name, size=128) for name in names]
squares = [picture[:, (picture.shape[1] - 128) // 2 :][:, :128] for picture in small]
answers = [probabilities(backbones.preprocess(data.photograph(name))) for name in names]
plotting.show_images(
    squares,
    [best(p) for p in answers],
    columns=5,
    alt="Photographs of a cup of coffee, a cat, a rocket and an astronaut, each with the network's three best guesses.",
)
assert backbones.IMAGENET_CLASSES[answers[0].argmax()] == "espresso"
assert backbones.IMAGENET_CLASSES[answers[1].argmax()] == "Egyptian cat"
assert "astronaut" not in backbones.IMAGENET_CLASSES
parameters = sum(p.numel() for p in model.parameters())
print(f"{parameters:,} parameters, {len(backbones.IMAGENET_CLASSES)} classes")

# %% [markdown]
r"""
Look at the last one. "Astronaut" is none of the thousand classes, so the network says the nearest things it knows, a
helmet and vehicles, and its probabilities still sum to one. A softmax cannot answer "none of these".

### What the network expects

The weights fit one way of writing pictures as numbers. This network was trained on $(x-127)/128$ for $x$ from 0 to 255;
torchvision's networks on $(x/255 - \mu)/\sigma$ with the mean and deviation of ImageNet. *Which of the following mistakes
costs most: the other network's convention, red and blue exchanged, the scaling forgotten, or done twice?*
"""

# %%
x = backbones.preprocess(data.photograph("coffee"))
raw = x * 128 + 127
mean, std = (torch.tensor(values)[:, None, None] for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
ways = {
    "as trained: (x − 127) / 128": x,
    "ImageNet's mean and deviation": (raw / 255 - mean) / std,
    "red and blue exchanged": x.flip(1),
    "scaling forgotten: 0 … 255": raw,
    "scaled twice": (x - 127) / 128,
}
espresso = backbones.IMAGENET_CLASSES.index("espresso")
found = {way: probabilities(values)[espresso].item() for way, values in ways.items()}
for way, p in found.items():
    print(f"{way:30} p(espresso) = {p:.3f}")
assert found["as trained: (x − 127) / 128"] == max(found.values())
assert max(found["scaling forgotten: 0 … 255"], found["scaled twice"]) < 0.1
assert found["ImageNet's mean and deviation"] > 0.5

# %% [markdown]
r"""
Look at the last two lines: the network still returns numbers, without a warning, and they are worthless. The second line is
the treacherous one: the wrong convention costs a little on each picture, and you would never notice it in one picture.
So the recipe belongs to the weights. torchvision keeps the two together: a value of an enum such as
`ResNet18_Weights.IMAGENET1K_V1` knows where the weights are, how accurate they are, and how to prepare a picture. Nothing
is downloaded until a model is built with it, `resnet18(weights=weights)`. The older `pretrained=True` is obsolete: it says
neither which weights nor which recipe.
"""

# %%
weights = models.ResNet18_Weights.IMAGENET1K_V1
print(weights.url)
print("top-1 accuracy on ImageNet:", weights.meta["_metrics"]["ImageNet-1K"]["acc@1"], "%")
print(weights.transforms())
recipe = weights.transforms()
assert (recipe.mean, recipe.std) == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
assert (recipe.resize_size, recipe.crop_size) == ([256], [224])
assert "weights" in inspect.signature(models.resnet18).parameters

# %% [markdown]
r"""
Read the recipe for validation: shorter side to 256, the middle 224 × 224, scale, normalise. Training sees something else:
a random piece of the picture, stretched to 224 × 224, and mirrored half of the time.
"""

# %%
torch.manual_seed(11)
picture = torch.from_numpy(data.photograph("chelsea")).permute(2, 0, 1)
for_training = v2.Compose([v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip()])
for_validation = v2.Compose([v2.Resize(256, antialias=True), v2.CenterCrop(224)])
views = [for_validation(picture)] + [for_training(picture) for _ in range(3)]
plotting.show_images(
    [F.avg_pool2d(view[None].float(), 2)[0].round().byte().numpy() for view in views],
    ["validation"] + [f"training, draw {k}" for k in range(1, 4)],
    columns=6,
    alt="The cat Chelsea four times: once the middle of the picture for validation, three times a random piece.",
)
assert torch.equal(for_validation(picture), views[0])
assert all(view.shape == (3, 224, 224) for view in views)

# %% [markdown]
r"""
Look at the second draw: one eye may be all that is left. The label stays "cat", and a network that has seen millions of
such pieces copes.

## Replace the head

Our own question: 428 drawings, emoji, in six classes, none of which is one of the thousand. A drawing is no
photograph. *Will a network of photographs know anything about it?*
"""

# %%
images, labels = data.emoji()
y = torch.from_numpy(labels).to(device)
emoji_names = data.emoji_rgba()[2]
CLASSES = data.EMOJI_CLASSES
shown = [emoji_names.index(name) for name in ("hammer", "church", "t-shirt", "fire engine", "bicycle")]
plotting.show_images(
    [images[i] for i in shown],
    [f"{emoji_names[i]}:\n" + best(probabilities(backbones.preprocess(images[i]))) for i in shown],
    alt="Five emoji with the network's three best guesses among the classes of ImageNet.",
)
for label, name in enumerate(CLASSES):
    print(f"{name:9} {(labels == label).sum():4} images")
assert not set(CLASSES) & set(backbones.IMAGENET_CLASSES)
assert "hammer" in best(probabilities(backbones.preprocess(images[shown[0]])))

# %% [markdown]
r"""
Look how often the guess is near: what the network learned carries over, and where it fails it fails in a sensible
direction. But its last layer answers in a thousand classes. *Which layer do we exchange, and how many weights go with it?*

From here on the pictures have 96 × 96 pixels, for every method alike: at 224 × 224 each step would cost about five times as much.
We cut the network into three: `lower`, the first layers; `upper`, everything from there to the 1280 features that a global
average leaves; and the head, one dense layer from 1280 features to the classes.
"""

# %%
SIZE = 96
X = backbones.preprocess(images, SIZE).to(device, memory_format=torch.channels_last)
model = model.to(memory_format=torch.channels_last)
lower = nn.Sequential(model.conv_stem, model.bn1, *model.blocks[:3])
upper = nn.Sequential(*model.blocks[3:], model.conv_head, model.bn2, model.global_pool)
old_head = model.classifier
torch.manual_seed(0)
head = nn.Linear(old_head.in_features, len(CLASSES)).to(device)


def count(module):
    return sum(p.numel() for p in module.parameters())


with torch.no_grad():
    middle = lower(X[:8])
    features = upper(middle)
    assert torch.allclose(old_head(features), model(X[:8]), atol=1e-3), "the three parts in a row are the network"
    first_loss = F.cross_entropy(torch.zeros(8, len(CLASSES)), y[:8].cpu()).item()
print(f"lower  {count(lower):>9,} parameters  {tuple(X.shape[1:])} -> {tuple(middle.shape[1:])}")
print(f"upper  {count(upper):>9,} parameters  {tuple(middle.shape[1:])} -> {tuple(features.shape[1:])}")
print(f"head   {count(old_head):>9,} parameters for 1000 classes; the new one {count(head):,} for {len(CLASSES)}")
print(f"a picture of 224 × 224 has (224/{SIZE})² = {(224 / SIZE) ** 2:.1f} times the pixels")
print(f"a head that knows nothing starts at a loss of log {len(CLASSES)} = {math.log(len(CLASSES)):.3f}")
assert abs(first_loss - math.log(len(CLASSES))) < 1e-5
assert count(lower) + count(upper) + count(old_head) == parameters

# %% [markdown]
r"""
Look at the shares: more than a quarter of the network was its answer sheet. Everything else stays.

A mistake that is often copied puts the new head *inside* the loop that freezes the body. Nothing fails. *How many heads
are built?*
"""

# %%
built = 0


def build_head():
    global built
    built += 1
    return nn.Linear(8, 2)


small = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 5))
for parameter in small[:4].parameters():
    parameter.requires_grad = False
    small[4] = build_head()
print("built in the loop:", built)
assert built == len(list(small[:4].parameters()))

# %% [markdown]
r"""
One for each parameter tensor, all but the last thrown away; and an optimiser made in between would hold a head that is no
longer part of the net. Freeze first, then replace the head, once.

## Freeze the body

To freeze a weight means: no gradient, no step. `requires_grad = False` says so. *Which of time and memory does that save,
and what does it not save?* We measure three versions on one batch: everything trains; only the head trains; and a popular
compromise, the body is frozen except for the scale and shift, γ and β, of its batch normalisation. For each: how many
parameters train, how long forward and backward take, and how many megabytes autograd keeps between the two.
"""

# %%
batch, batch_y = X[:32], y[:32]
network = nn.Sequential(lower, upper, head)


def is_norm(module):
    return isinstance(module, nn.BatchNorm2d)


def kept_megabytes(net):
    """Return the size of the tensors that the forward pass keeps for the backward pass, without the parameters."""
    own = {p.data_ptr() for p in net.parameters()}
    kept = {}

    def keep(tensor):
        if tensor.data_ptr() not in own:
            kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = F.cross_entropy(net(batch), batch_y)
    del loss
    return sum(kept.values()) / 1e6


def milliseconds(run, repeats=4):
    """Return the shortest of some runs."""
    times = []
    for _ in range(repeats):
        if device.type == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


network.eval()
measured = {}
for version in ("everything", "head and γ, β", "head only"):
    for module in (*lower.modules(), *upper.modules()):
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = version == "everything" or (version == "head and γ, β" and is_norm(module))
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    step = milliseconds(lambda: F.cross_entropy(network(batch), batch_y).backward())
    measured[version] = trained, step, kept_megabytes(network)
    network.zero_grad()
with torch.no_grad():
    forward = milliseconds(lambda: network(batch))
print("trains          parameters   forward + backward   kept between them")
for version, (trained, step, kept) in measured.items():
    print(f"{version:14} {trained:>11,} {step:>17.0f} ms {kept:>16.1f} MB")
print(f"forward only, under no_grad: {forward:.0f} ms")
assert measured["head and γ, β"][0] < 0.02 * measured["everything"][0]
assert measured["head and γ, β"][2] > 0.9 * measured["everything"][2]
assert measured["head only"][2] < 0.01 * measured["everything"][2]
assert measured["head only"][1] < 0.7 * measured["everything"][1]

# %% [markdown]
r"""
Look at the last row first: with the whole body frozen the backward pass is gone, and so is the memory, because nothing below
the head needs a gradient and autograd keeps nothing. The forward pass costs what it did.

Now the middle row: about one parameter in a hundred trains, and yet the backward pass goes through the whole network, and
autograd keeps nearly all that it keeps when everything trains. Not the *number* of trainable weights decides, but
*where the lowest of them sits*: gradients must travel down to it, and what they pass must be remembered. So "fewer
trainable parameters" does not mean "less memory". And if the body is only used forwards, say so: under
`torch.no_grad()` nothing is recorded whatever the flags are.

> **Check yourself.** You train the new head and one block in the middle of the body; the rest is frozen. What does a step cost
> now?
>
> <details><summary>Answer</summary>
>
> The forward pass costs what it did. The backward pass goes from the loss down to that block and no further, and autograd
> keeps only what it needs on that way.
>
> </details>

## Batch norm in a frozen network

All parameters of the body are frozen. A colleague trains the head, and calls `model.train()` at the start of each epoch, as
one does. *Nothing that requires a gradient changed in the body. Is the body the same as before?*
"""

# %%
train_idx, val_idx = data.stratified_split(labels, 25, 16, seed=11)
everything = nn.Sequential(copy.deepcopy(lower), copy.deepcopy(upper)).requires_grad_(False)
norms = [module for module in everything.modules() if is_norm(module)]
weights_before = [p.clone() for p in everything.parameters()]
means_before = [norm.running_mean.clone() for norm in norms]


@torch.no_grad()
def compute(body, inputs):
    """Return what a body makes of many inputs, some at a time; its mode stays what it is."""
    return torch.cat([body(part) for part in inputs.split(64)])


def accuracy_of(features, chosen):
    with torch.no_grad():
        return (head(features).argmax(1) == y[chosen]).float().mean().item()


everything.eval()
train_features, val_features = compute(everything, X[train_idx]), compute(everything, X[val_idx])
optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
for _ in range(40):
    optimizer.zero_grad()
    F.cross_entropy(head(train_features), y[train_idx]).backward()
    optimizer.step()
good = accuracy_of(val_features, val_idx)

everything.train()  # what the colleague does
order = torch.randperm(len(train_idx), generator=torch.Generator().manual_seed(0)).numpy()
steps_seen, accuracies = [0], [good]
for step, part in enumerate(np.array_split(order, 10) * 3, start=1):
    compute(everything, X[train_idx[part]])  # forward passes only: no loss, no gradient, no optimizer
    if step % 5 == 0:
        everything.eval()
        accuracies.append(accuracy_of(compute(everything, X[val_idx]), val_idx))
        steps_seen.append(step)
        everything.train()

moved = [(norm.running_mean - before).norm() / before.norm() for norm, before in zip(norms, means_before, strict=True)]
fig, ax = plt.subplots()
ax.plot(steps_seen, accuracies, "o-", color=plotting.VERMILLION, label="training mode: statistics move")
ax.axhline(good, color=plotting.BLUE, label="evaluation mode: nothing moves")
ax.axhline(1 / len(CLASSES), color=plotting.GREY, ls=":", label="guessing")
ax.set(xlabel="batches seen in training mode, no step of the optimiser", ylabel="validation accuracy", ylim=(0, 1))
ax.set_title("A frozen network changes while you look at it")
ax.legend()
plotting.show(
    fig,
    "Validation accuracy of a frozen network falls with every batch that passes it in training mode; "
    "in evaluation mode it stays.",
)
print(f"momentum of the normalisation layers: {norms[0].momentum}")
print(f"running means moved by {100 * torch.stack(moved).median():.1f} % of their size (median over {len(norms)} layers)")
print(f"accuracy {accuracies[0]:.2f} before, {accuracies[-1]:.2f} after {steps_seen[-1]} batches")
assert all(torch.equal(p, before) for p, before in zip(everything.parameters(), weights_before, strict=True))
assert torch.stack(moved).median() > 0.01
assert accuracies[-1] < good - 0.04

# %% [markdown]
r"""
Look at what did *not* happen: no optimiser step, no gradient, every parameter is bit for bit the same (the cell asserts it).
But in training mode a normalisation layer normalises with the batch and moves its running mean and variance towards it, and
these are *buffers*: `requires_grad` says nothing about them. The head was trained for the features of the old statistics.

So a frozen normalisation layer must be in evaluation mode, and must stay in it when somebody calls `train()` on the whole
model: the next epoch's `train()` would undo a single `eval()`. How to make that stick is part of the assignment.

> **Check yourself.** A body with dropout and batch norm is frozen, parameter by parameter, and is in training mode. You give it
> the same picture twice. Why do the features differ?
>
> <details><summary>Answer</summary>
>
> Dropout draws another mask, and batch norm normalises with whatever else is in the batch; its running mean and variance, which
> are buffers, move on as well. Put the body into evaluation mode, also after every later `train()`.
>
> </details>

## Features once, a head many times

If the body never changes, neither do its features. Computing them again in every epoch is waste. So compute them once,
and train heads on 1280 numbers per picture.
"""

# %%
lower.eval()
upper.eval()
start = time.perf_counter()
Z = compute(lower, X)  # (428, 40, 12, 12), for later: the lower part will never be trained
Phi = compute(upper, Z)  # (428, 1280)
if device.type == "cuda":
    torch.cuda.synchronize()
once = time.perf_counter() - start
EPOCHS = {"frozen": 20, "fine-tuned": 6, "scratch": 25}
BATCH = 16


def loader(inputs, chosen, shuffle):
    return DataLoader(TensorDataset(inputs[chosen], y[chosen]), batch_size=BATCH, shuffle=shuffle)


def train_head(chosen, seed):
    """Return a head trained on the features of the chosen images."""
    training.set_seed(seed)
    new = nn.Linear(Phi.shape[1], len(CLASSES)).to(device)
    optimizer = torch.optim.AdamW(new.parameters(), lr=3e-3)
    training.fit(new, loader(Phi, chosen, True), epochs=EPOCHS["frozen"], optimizer=optimizer, device=device, progress=False)
    return new


start = time.perf_counter()
probe = train_head(train_idx, seed=0)
per_head = time.perf_counter() - start
accuracy = training.evaluate(probe, loader(Phi, val_idx, False), device=device).accuracy
print(f"features of {len(Phi)} pictures: {once:.2f} s, once")
print(f"a head on {len(train_idx)} of them, {EPOCHS['frozen']} epochs: {per_head:.2f} s")
print(f"its accuracy on {len(val_idx)} other pictures: {accuracy:.2f}")
assert accuracy > 0.5

# %% [markdown]
r"""
Compare the two times: with the features computed anew in each of the epochs, the head would have cost as many passes
through the network as there are epochs. Guessing gives one in six.

This has a price: features are computed from fixed pictures, so random augmentation is off the table, unless you compute
the features of several augmented versions.

## Parameter groups

Fine-tuning goes on training the body as well. The body is nearly right and the head is random, so they should not take steps
of the same length: an optimiser accepts *groups*, each with a learning rate of its own. A schedule multiplies all of them.
`StepLR(step_size=2, gamma=0.1)` divides both by ten after every second epoch; with only six epochs we halve them instead.
"""

# %%
BODY_RATE, HEAD_RATE = 3e-4, 3e-3


def make_optimizer(body, new_head, body_rate=BODY_RATE):
    return torch.optim.AdamW([{"params": body.parameters(), "lr": body_rate}, {"params": new_head.parameters(), "lr": HEAD_RATE}])


fig, axes = plt.subplots(1, 2, sharey=True)
for ax, gamma in zip(axes, (0.1, 0.5), strict=True):
    optimizer = make_optimizer(nn.Linear(1, 1), nn.Linear(1, 1))
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=gamma)
    rates = []
    for _ in range(6):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    for part, curve, colour in zip(("body", "head"), zip(*rates, strict=True), (plotting.BLUE, plotting.VERMILLION), strict=True):
        ax.step(range(1, 7), curve, where="mid", color=colour, label=part)
    ax.set(xlabel="epoch", yscale="log", title=f"A step every second epoch, γ = {gamma}")
    assert np.allclose(rates[4], np.array(rates[0]) * gamma**2)
axes[0].set_ylabel("learning rate")
axes[0].legend()
plotting.show(
    fig,
    "Learning rates of body and head over six epochs, log axis: both fall in steps, by 10 on the left, by 2 on the right.",
)

# %% [markdown]
r"""
Look at the gap between the two curves: the ratio stays, the schedule moves both.

Now the loop. We train `upper` and a head; `lower` stays as it is, and its output `Z` has been computed once. That is the usual
compromise: the first layers see edges and colours, which drawings have, too, and they are what costs most time, because their
maps are largest. Two things in the loop deserve a look: the body stays in **evaluation mode** while it trains, so its running
statistics rest (evaluation mode does not switch gradients off; `no_grad` would); and the groups come from above.

*Which body rate would you take: the head's, a tenth of it, or none?*
"""


# %%
def fine_tune(chosen, seed, body_rate=BODY_RATE):
    """Train a copy of the upper part and a new head on the chosen images; return both in a row."""
    training.set_seed(seed)
    body, new_head = copy.deepcopy(upper).requires_grad_(True), nn.Linear(Phi.shape[1], len(CLASSES)).to(device)
    net = nn.Sequential(body, new_head).eval()
    optimizer = make_optimizer(body, new_head, body_rate)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    for _ in range(EPOCHS["fine-tuned"]):
        for part in torch.randperm(len(chosen)).split(BATCH):
            selected = chosen[part.numpy()]
            optimizer.zero_grad()
            F.cross_entropy(net(Z[selected]), y[selected]).backward()
            optimizer.step()
        schedule.step()
    return net


SEEDS, SIZES, TEST, VALIDATION = (0, 1, 2), (5, 10, 25), 16, 6


def split(size, seed):
    """Return training, validation and test indices; for one seed the test set is the same for every size."""
    test, validation, train = data.stratified_split(labels, TEST, VALIDATION, size, seed=seed)
    return train, validation, test


def accuracy_on(net, inputs, chosen):
    return training.evaluate(net, loader(inputs, chosen, False), device=device).accuracy


train, validation, test = split(25, seed=0)
by_rate, tuned = {}, {}
for rate in (0.0, BODY_RATE, HEAD_RATE):
    net = nn.Sequential(upper, train_head(train, seed=0)) if rate == 0 else fine_tune(train, 0, rate)
    by_rate[rate] = accuracy_on(net, Z, train), accuracy_on(net, Z, validation)
    if rate == BODY_RATE:
        tuned[25, 0] = net  # kept for the comparison below
print(f"head's rate {HEAD_RATE}; on {len(train)} training and {len(validation)} validation images")
for rate, (on_train, on_validation) in by_rate.items():
    print(f"body's rate {rate:<7} training {on_train:.2f}  validation {on_validation:.2f}")
assert by_rate[HEAD_RATE][1] < by_rate[BODY_RATE][1]

# %% [markdown]
r"""
Look at the last line: with the head's rate for everything, the first steps, driven by a head that is still random, destroy
what the body knew, and 150 pictures cannot teach it again. The rate was chosen here on validation images; the test images
have not been touched.

## Keep the best weights

Training accuracy climbs to 1 and stays there; validation accuracy need not follow. So after each epoch compare, and keep
a copy of the best. `training.fit` does this with `keep_best=True`. The trap is in the word *copy*. *What does the following
keep?*
"""

# %%
torch.manual_seed(1)
probe = nn.Linear(Phi.shape[1], len(CLASSES)).to(device)
alias, best_copy = probe.state_dict(), copy.deepcopy(probe.state_dict())
history = training.fit(
    probe,
    loader(Phi, train, True),
    loader(Phi, validation, False),
    epochs=25,
    optimizer=torch.optim.AdamW(probe.parameters(), lr=3e-3),
    device=device,
    keep_best=True,
    progress=False,
)
print(
    "state_dict() kept before training still equals the weights before training:",
    torch.equal(alias["weight"], best_copy["weight"]),
)
print(f"one of {len(validation)} validation images is {100 / len(validation):.1f} %")
assert torch.equal(alias["weight"], probe.weight)
assert not torch.equal(alias["weight"], best_copy["weight"])
fig, ax = plt.subplots()
epochs = range(1, len(history.train_loss) + 1)
ax.plot(epochs, history.train_accuracy, color=plotting.BLUE, label="training")
ax.plot(epochs, history.validation_accuracy, "o--", color=plotting.VERMILLION, label="validation")
ax.axvline(history.best_epoch + 1, color=plotting.GREY, ls=":", label="the epoch whose weights are kept")
ax.set(xlabel="epoch", ylabel="accuracy", title="A head on frozen features: the best epoch is kept")
ax.legend()
plotting.show(
    fig,
    "Training accuracy of a head rises to one, validation accuracy stays well below; a line marks the kept epoch.",
)
assert accuracy_on(probe, Phi, validation) == max(history.validation_accuracy)

# %% [markdown]
r"""
Look at the printed line: `state_dict()` returns the live tensors, not a copy. Kept without `clone` or `deepcopy`, "the best
weights" are always the latest ones. And look at the steps of the validation curve: they are whole images, and the best of
25 epochs is partly the luckiest of 25. That is why the result is told from the *test* images.

## Accuracy against the number of images

Now the comparison, at one resolution for all. Three ways, each with 5, 10 and 25 training images per class:

- **scratch:** a small convolutional net with random weights;
- **frozen:** the pretrained body, only a head is trained;
- **fine-tuned:** the head and the upper part are trained.

Each with three seeds; a seed draws the split, the weights and the order. At one seed all methods see the same images,
and the 96 test images are the same for all sizes. No augmentation anywhere: it would help all three. *Draw the three curves
before you run the cell. Where do they meet?*
"""


# %%
def small_net():
    """Build four convolutions of stride 2 with batch norm, a global average and a head."""
    layers, before = [], 3
    for width in (16, 32, 64, 128):
        layers += [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        before = width
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, len(CLASSES))]
    return nn.Sequential(*layers).to(device, memory_format=torch.channels_last)


def from_scratch(net, chosen, epochs):
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    training.fit(
        net, loader(X, chosen, True), epochs=epochs, optimizer=optimizer, scheduler=schedule, device=device, progress=False
    )
    return net


METHODS = ("scratch", "frozen", "fine-tuned")
results = {method: np.zeros((len(SIZES), len(SEEDS))) for method in METHODS}
seconds = dict.fromkeys(METHODS, 0.0)
for column, seed in enumerate(SEEDS):
    for row, size in enumerate(SIZES):
        train, validation, test = split(size, seed)
        for method in METHODS:
            if method == "fine-tuned" and (size, seed) in tuned:
                results[method][row, column] = accuracy_on(tuned[size, seed], Z, test)
                continue
            start = time.perf_counter()
            if method == "scratch":
                training.set_seed(seed)
                net, inputs = from_scratch(small_net(), train, EPOCHS["scratch"]), X
            elif method == "frozen":
                net, inputs = train_head(train, seed), Phi
            else:
                net, inputs = fine_tune(train, seed), Z
                tuned[size, seed] = net
            seconds[method] += time.perf_counter() - start
            results[method][row, column] = accuracy_on(net, inputs, test)

fig, ax = plt.subplots()
for method, marker, colour in zip(METHODS, "s^o", (plotting.GREY, plotting.BLUE, plotting.VERMILLION), strict=True):
    ax.plot(SIZES, results[method].mean(axis=1), marker + "-", color=colour, label=method)
    ax.fill_between(SIZES, results[method].min(axis=1), results[method].max(axis=1), color=colour, alpha=0.15)
ax.axhline(1 / len(CLASSES), color="black", ls=":", lw=1, label="guessing")
ax.set(xlabel="training images per class", ylabel="test accuracy", xticks=SIZES, ylim=(0, 1))
ax.set_title("What was learned before is worth more than a few more images")
ax.legend(ncols=4, loc="upper left")
plotting.show(
    fig,
    "Test accuracy against 5, 10 and 25 training images per class: frozen and fine-tuned lie close together, well above "
    "scratch; bands from the lowest to the highest of three seeds.",
)
print("images per class   " + "".join(f"{size:>18}" for size in SIZES))
for method in METHODS:
    cells = "".join(f"{row.mean():>10.2f} ({row.min():.2f}–{row.max():.2f})"[:22].rjust(18) for row in results[method])
    print(f"{method:18} {cells}")
difference = results["fine-tuned"] - results["frozen"]
print("fine-tuned − frozen" + "".join(f"{row.mean():>+7.2f} ({row.min():+.2f}…{row.max():+.2f})".rjust(18) for row in difference))
error = np.sqrt(0.7 * 0.3 / (TEST * len(CLASSES)))
print(f"standard error of one accuracy of 0.7 on {TEST * len(CLASSES)} images: {error:.3f}")
for method in ("frozen", "fine-tuned"):
    assert (results[method].mean(axis=1) > results["scratch"].mean(axis=1) + 0.08).all()
assert results["frozen"][0].mean() > results["scratch"][1].mean()
assert (np.abs(difference.mean(axis=1)) < np.ptp(difference, axis=1) + 2 * error).all()
print("seconds of training, all runs together: " + ", ".join(f"{method} {seconds[method]:.1f}" for method in METHODS))
assert seconds["fine-tuned"] > 5 * seconds["frozen"]

# %% [markdown]
r"""
Look at the vertical distance first: with five images per class the pretrained features do better than the small net with
ten, and the small net has not caught up at twenty-five.

Then look at the two upper curves, and at the last rows of the table. The difference between fine-tuning and a frozen body
is within what three seeds and 96 test images can resolve: a seed that draws a kinder split moves the result by more. **From
this measurement you may not conclude that fine-tuning is better**, nor that it is not. What you may conclude is the cost, in
the last line. So with few images train a head first; fine-tuning pays with more images (Kornblith et al. 2019 compare both
on twelve data sets, all larger than ours).

> **Check yourself.** With 20 images per class, what do you try first: fine-tuning, or a head on frozen features?
>
> <details><summary>Answer</summary>
>
> The head: seconds instead of minutes, nothing to destroy, and in the measurement above as good within the spread. Then
> fine-tune with a small body rate, and see on validation images whether it helps.
>
> </details>

Is it the weights, or is EfficientNet-Lite0 simply a better architecture than our small net? *Predict:* the same network
from random weights, with all 25 images per class.
"""

# %%
train, validation, test = split(25, seed=0)
training.set_seed(0)
random_net = backbones.efficientnet_lite0(pretrained=False)
random_net.reset_classifier(len(CLASSES))
random_net = random_net.to(device, memory_format=torch.channels_last)
from_scratch(random_net, train, EPOCHS["fine-tuned"])
random_accuracy = accuracy_on(random_net, X, test)
print(f"EfficientNet-Lite0 from random weights, {EPOCHS['fine-tuned']} epochs: {random_accuracy:.2f}")
for method in METHODS:
    print(f"{method:10} same images: {results[method][-1, 0]:.2f}")
assert random_accuracy < min(results[method][-1, 0] for method in ("frozen", "fine-tuned")) - 0.1

# %% [markdown]
r"""
Look at the first line: the same architecture, as many epochs as fine-tuning took, without the million photographs. It would
get further with more epochs. But what carried over to the drawings is not the architecture, it is what the weights know.

## Predictions, right and wrong

A number hides what kind of mistakes a network makes. Here are test images of the fine-tuned network: those it is most
sure of, and its mistakes, the most confident first.
"""

# %%
with torch.no_grad():
    p = torch.cat([tuned[25, 0](part) for part in Z[test].split(64)]).softmax(dim=1).cpu()
confidence, guess = (values.numpy() for values in p.max(dim=1))
right = guess == labels[test]
order = np.argsort(-confidence)
for title, chosen in (("right", order[right[order]][:8]), ("wrong", order[~right[order]][:8])):
    plotting.show_images(
        [images[test[i]] for i in chosen],
        [
            f"{CLASSES[guess[i]]} {confidence[i]:.2f}" + ("" if title == "right" else f"\nis: {CLASSES[labels[test[i]]]}")
            for i in chosen
        ],
        columns=8,
        alt=f"Emoji with the network's answer, which is {title}, and its probability.",
    )
confusion = np.zeros((len(CLASSES), len(CLASSES)), int)
np.add.at(confusion, (labels[test], guess), 1)
print("rows: what it is; columns: what the network says")
print(" " * 9 + "".join(f"{name:>10}" for name in CLASSES))
for name, row in zip(CLASSES, confusion, strict=True):
    print(f"{name:9}" + "".join(f"{number:>10}" for number in row))
worst = confidence[~right].max()
assert worst > 0.7
print(f"{right.mean():.2f} right; the most confident mistake has p = {worst:.2f}")
assert confusion.sum() == len(test)
assert np.isclose(right.mean(), results["fine-tuned"][-1, 0])

# %% [markdown]
r"""
Look at the second row and ask of each mistake what the network may have seen: an outline, a colour, a texture that belongs
to the other class. And look at the probabilities: a network that has learned its training set by heart is sure of
itself, also where it is wrong. A high probability is not a proof.

## Common mistakes

- **Another preprocessing than the weights were trained with.** No error, worse answers. Take the recipe from where the weights
  come from.
- **`pretrained=True`, `next` as a method of the iterator, `tensor.data`.** They are obsolete. Write `weights=…`,
  `next(iterator)`, `tensor.detach()` (and `with torch.no_grad()` to change weights in place).
- **The head replaced inside the freezing loop**, once per parameter. Or the head replaced first and then frozen with all the
  rest: then nothing trains. Freeze, then replace the head, once.
- **The optimiser made before the head was replaced.** It steps the old head, and the new one stays random. Make it last.
- **Normalisation layers of a frozen body left in training mode.** Accuracy falls from batch to batch, without a step. Put the
  body into evaluation mode after every `train()`.
- **One learning rate for all.** The random head's first gradients wreck the body. Give each part a group of its own.
- **Fewer trainable parameters taken for less memory.** The step runs out of memory all the same. It is the lowest trainable
  layer that decides.
- **`best = model.state_dict()` without a copy.** The best weights are always the latest. Copy them with `copy.deepcopy`.
- **Softmax at the end of the model and cross-entropy as its loss.** That is softmax twice, and learns slowly. The head ends in
  logits.
- **Scratch at 32 pixels compared with a pretrained network at 224**, or one seed compared with one seed. The difference is the
  resolution's, or the dice's. Compare at one size, over several seeds.
"""

# %%
iterator = iter(loader(Phi, train, False))
inputs, targets = next(iterator)
assert not hasattr(iterator, "next")
assert inputs.shape == (BATCH, 1280)
everything_frozen = nn.Linear(3, 2).requires_grad_(False)
assert not any(p.requires_grad for p in everything_frozen.parameters())
old, new = nn.Linear(3, 2), nn.Linear(3, 2)
holds_old = torch.optim.SGD(old.parameters(), lr=0.1)
assert not {id(p) for group in holds_old.param_groups for p in group["params"]} & {id(p) for p in new.parameters()}
print("the claims of the box hold")

# %% [markdown]
r"""
## Summary

- A network trained on a million photographs brings features that are useful for drawings that it has never seen.
- The recipe for the pictures belongs to the weights. Replace the last layer, once, after freezing.
- A frozen body stays in evaluation mode. What a step costs is decided by the lowest trainable layer.
- Compute features once; then a head trains in a second.
- Fine-tune with a smaller rate for the body, and keep a copy of the best weights.
- At five to twenty-five images per class the pretrained features beat training from scratch by far, and three seeds cannot
  tell fine-tuning from a frozen body.

## References

- Deng, Dong, Socher, Li, Li, Fei-Fei (2009), *ImageNet: A large-scale hierarchical image database*, CVPR.
- Donahue, Jia, Vinyals, Hoffman, Zhang, Tzeng, Darrell (2014), *DeCAF: A deep convolutional activation feature for generic
  visual recognition*, ICML, [arXiv:1310.1531](https://arxiv.org/abs/1310.1531).
- Yosinski, Clune, Bengio, Lipson (2014), *How transferable are features in deep neural networks?*, NeurIPS,
  [arXiv:1411.1792](https://arxiv.org/abs/1411.1792).
- Howard, Ruder (2018), *Universal language model fine-tuning for text classification*, ACL, section 3.2 on discriminative
  rates, [arXiv:1801.06146](https://arxiv.org/abs/1801.06146).
- Kornblith, Shlens, Le (2019), *Do better ImageNet models transfer better?*, CVPR,
  [arXiv:1805.08974](https://arxiv.org/abs/1805.08974).
- Tan, Le (2019), *EfficientNet: Rethinking model scaling for convolutional neural networks*, ICML,
  [arXiv:1905.11946](https://arxiv.org/abs/1905.11946).
- torchvision, *Models and pre-trained weights*, [docs.pytorch.org/vision](https://docs.pytorch.org/vision/stable/models.html).

## Your turn

[Assignment 11](../assignments/11_transfer_learning/11_transfer_learning.ipynb), about two and a half hours: you write a new head,
freezing, batch norm that stays as it is, groups with two learning rates, features that are computed once, the best epoch
instead of the last, and a curve that says how many images you need. Next comes [lecture 12](12_what_cnns_see.ipynb), which opens
the network that you have just used.
"""
