"""What a kernel, a pooling and an augmentation make of an image. The computing is PyTorch's and torchvision's."""

from collections.abc import Sequence

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cnnkit import plotting
from cnnkit.widgets.controls import chooser, explore, number, slider, whole

KERNELS = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "shift by one": ((0, 0, 0), (1, 0, 0), (0, 0, 0)),
    "mean": ((1 / 9,) * 3,) * 3,
    "binomial blur": ((1 / 16, 2 / 16, 1 / 16), (2 / 16, 4 / 16, 2 / 16), (1 / 16, 2 / 16, 1 / 16)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "Sobel, horizontal change": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "Sobel, vertical change": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "Laplace": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
}
"""Kernels to begin with, as they are laid on the image: nothing is flipped."""

OWN = "your own"
POOLINGS = ("max", "average", "L2")
POOLING_RANGES = {"k": (1, 6), "stride": (1, 6), "shift": (0, 4)}
LARGEST_POOLED = 64  # pixels a side: the windows' edges are drawn, and must be seen
DRAWS = 5
STRENGTHS = (0, 10)
AUGMENTATIONS = ("horizontal flip", "vertical flip", "rotation", "shift", "zoom", "brightness", "contrast", "noise", "cutout")


def explore_kernel(image: np.ndarray, kernel: str | Sequence[Sequence[float]] = "Sobel, horizontal change") -> None:
    """Display `draw_kernel` with a field for each of the nine weights, and a choice of well-known kernels.

    `image` is (H, W) uint8; `kernel` a name in KERNELS or 3 × 3 numbers. Raises ValueError for anything else.
    """
    image, weights = _grey(image), _kernel(kernel)
    fields = [number(f"row {i}, column {j}", weights[i, j]) for i in range(3) for j in range(3)]
    begin = kernel if isinstance(kernel, str) else OWN
    choice = chooser("kernel", (*KERNELS, OWN), begin)

    def draw() -> tuple[Figure, str]:
        return draw_kernel(image, np.array([field.value for field in fields]).reshape(3, 3))

    redraw = explore(
        draw,
        [],
        [choice, *(ipywidgets.HBox(fields[3 * i : 3 * i + 3]) for i in range(3))],
        "Run this cell, and nine fields for the weights and a choice of kernels appear here.",
    )
    filling = False

    def fill(_change) -> None:
        nonlocal filling
        if choice.value in KERNELS:
            filling = True
            for field, weight in zip(fields, _kernel(choice.value).ravel(), strict=True):
                field.value = float(weight)
            filling = False
            redraw()

    def edited(_change) -> None:
        if not filling:
            choice.value = OWN
            redraw()

    choice.observe(fill, names="value")
    for field in fields:
        field.observe(edited, names="value")


def draw_kernel(image: np.ndarray, kernel: str | Sequence[Sequence[float]]) -> tuple[Figure, str]:
    """Draw an image, a 3 × 3 kernel, and their cross-correlation without padding; return figure and alternative text.

    `image` is (H, W) uint8. A result is drawn from 0 to 255, but in colours that tell its sign if it has negative values and
    the weights do not add up to 1. Raises ValueError for another image or kernel.
    """
    import torch
    import torch.nn.functional as F

    image, weights = _grey(image), _kernel(kernel)
    tensors = [torch.from_numpy(array.astype(np.float64))[None, None] for array in (image, weights)]
    result = F.conv2d(*tensors)[0, 0].numpy()
    total, low, high = weights.sum(), result.min(), result.max()
    keeps = abs(total - 1) < 1e-9
    signed = low < -0.5 and not keeps
    # Sums of weights such as 1/9 are not whole to the last bit.
    says = f"the weights add up to {total:.3g}"
    if keeps:
        says += ": even areas keep their brightness"
    elif abs(total) < 1e-9:
        says += ": even areas become 0"
    remark = f"The result reaches from {low:.0f} to {high:.0f}; ".replace("-", "−") + (
        "orange is above 0, violet below." if signed else "drawn from 0, black, to 255, white."
    )
    fig, axes = plt.subplots(1, 3, figsize=(7.6, 3.0), width_ratios=(3, 2, 3), layout="constrained")
    axes[0].imshow(image, cmap="gray", vmin=0, vmax=255)
    bound = np.abs(weights).max() or 1
    axes[1].imshow(weights, cmap=plotting.DIVERGING, vmin=-bound, vmax=bound)
    for (i, j), weight in np.ndenumerate(weights):
        colour = "white" if abs(weight) > 0.7 * bound else "black"
        axes[1].text(j, i, f"{weight:.3g}".replace("-", "−"), ha="center", va="center", fontsize=9, color=colour)
    if signed:
        axes[2].imshow(result, cmap=plotting.DIVERGING, vmin=-np.abs(result).max(), vmax=np.abs(result).max())
    else:
        axes[2].imshow(result, cmap="gray", vmin=0, vmax=255)
    for ax, title in zip(axes, ("image", "kernel", "result"), strict=True):
        ax.set(title=title, xticks=[], yticks=[])
        ax.grid(False)
        ax.spines[:].set_visible(False)
    sentence = f"In the kernel {says}."
    fig.suptitle(f"{sentence}\n{remark}", x=0.01, ha="left", fontsize=10.5)
    rows = "; ".join(", ".join(f"{weight:.3g}" for weight in row) for row in weights)
    return fig, f"An image, the kernel with the rows {rows}, and the result. {sentence} {remark}"


def explore_pooling(image: np.ndarray, pooling: str = "max", k: int = 2, stride: int = 2, shift: int = 0) -> None:
    """Display `draw_pooling` with a choice of the pooling and sliders for kernel, stride and shift.

    Raises ValueError as `draw_pooling` does, and for a start value beyond POOLING_RANGES.
    """
    image = _small(image)
    kind = chooser("pooling", POOLINGS, pooling)
    start = {"k": k, "stride": stride, "shift": shift}
    sliders = {key: slider(key, value, POOLING_RANGES[key]) for key, value in start.items()}
    explore(
        lambda: draw_pooling(image, kind.value, **{key: slider.value for key, slider in sliders.items()}),
        [kind, *sliders.values()],
        [kind, *sliders.values()],
        "Run this cell, and a choice of the pooling and sliders for kernel, stride and shift appear here.",
    )


def draw_pooling(image: np.ndarray, pooling: str = "max", k: int = 2, stride: int = 2, shift: int = 0) -> tuple[Figure, str]:
    """Draw an image, shifted to the right, and what a pooling makes of it; return figure and alternative text.

    `image` is (H, W) uint8 with 6 to LARGEST_POOLED pixels a side; `pooling` one of POOLINGS: L2 is the root of the mean
    square. What comes in from the left repeats the edge. The words say how far the output moved because of the shift.
    Raises ValueError for another image, pooling, or numbers below 1 (shift: below 0).
    """
    image, k, stride, shift = _small(image), whole(k, "k", 1), whole(stride, "stride", 1), whole(shift, "shift", 0)
    if pooling not in POOLINGS:
        raise ValueError(f"pooling is {pooling!r}: choose one of {', '.join(POOLINGS)}.")
    if k > min(image.shape):
        raise ValueError(f"k is {k}, but the image has only {image.shape[0]} × {image.shape[1]} pixels.")
    moved = np.concatenate([np.repeat(image[:, :1], shift, axis=1), image], axis=1)[:, : image.shape[1]]
    before, after = (_pooled(picture, pooling, k, stride) for picture in (image, moved))
    rows, columns = after.shape
    sentence = f"{pooling} pooling, k {k}, stride {stride}: {image.shape[0]} × {image.shape[1]} become {rows} × {columns}"
    if shift:
        remark = (
            f"Shifted by {shift} to the right, the outputs change by {np.abs(after - before).mean():.1f} grey levels on average; "
        )
        remark += f"the pixels, by {np.abs(moved.astype(float) - image).mean():.1f}."
    else:
        remark = "Shift the image: how much does the output change?"
    fig, axes = plt.subplots(1, 2, figsize=(7.6, 4.0), layout="constrained")
    for ax, picture in zip(axes, (moved, after), strict=True):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    axes[0].set(title="image, with the first windows")
    axes[1].set(title="output")
    for place, colour in zip(((0, 0), (0, 1), (1, 0)), (plotting.VERMILLION, plotting.ORANGE, plotting.SKY), strict=True):
        i, j = place
        if i < rows and j < columns:
            corner = (j * stride - 0.5, i * stride - 0.5)
            axes[0].add_patch(plt.Rectangle(corner, k, k, fill=False, edgecolor=colour, linewidth=2))
            axes[1].add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=2))
    fig.suptitle(f"{sentence}.\n{remark}", x=0.01, ha="left", fontsize=10.5)
    return fig, f"An image and its pooled output. {sentence}. {remark}"


def explore_augmentation(image: np.ndarray, augmentation: str = "rotation", strength: int = 5, seed: int = 1) -> None:
    """Display `draw_augmentation` with a choice of the augmentation and sliders for strength and seed.

    Raises ValueError as `draw_augmentation` does.
    """
    image = _colour(image)
    kind = chooser("change", AUGMENTATIONS, augmentation)
    sliders = [slider("strength", strength, STRENGTHS), slider("seed", seed, (0, 20))]
    explore(
        lambda: draw_augmentation(image, kind.value, sliders[0].value, sliders[1].value),
        [kind, *sliders],
        [kind, *sliders],
        "Run this cell, and a choice of the augmentation and sliders for its strength and the seed appear here.",
    )


def draw_augmentation(image: np.ndarray, augmentation: str, strength: int = 5, seed: int = 1) -> tuple[Figure, str]:
    """Draw an image and what an augmentation may make of it, a few random draws; return figure and alternative text.

    `image` is (H, W, 3) uint8; `augmentation` one of AUGMENTATIONS; `strength` goes from 0, nothing, to 10: up to 60° of
    rotation, 40 % of a side for shifts, 60 % for zoom, brightness and contrast, noise of 80 grey levels, squares of 60 % of
    a side. Flips happen with a probability of strength / 10. Raises ValueError for anything else.
    """
    import torch

    image = _colour(image)
    if augmentation not in AUGMENTATIONS:
        raise ValueError(f"augmentation is {augmentation!r}: choose one of {', '.join(AUGMENTATIONS)}.")
    if whole(strength, "strength", STRENGTHS[0]) > STRENGTHS[1]:
        raise ValueError(f"strength is {strength}: it goes from {STRENGTHS[0]} to {STRENGTHS[1]}.")
    generator = torch.Generator().manual_seed(whole(seed, "seed", 0))
    tensor = torch.from_numpy(image.transpose(2, 0, 1).copy())
    drawn = [_augmented(tensor, augmentation, strength / STRENGTHS[1], generator) for _ in range(DRAWS)]
    height = 0.9 + 7.6 / (1 + DRAWS) * image.shape[0] / image.shape[1]
    fig, axes = plt.subplots(1, 1 + DRAWS, figsize=(7.6, height), layout="constrained")
    for ax, picture in zip(axes, [tensor, *(picture for picture, _ in drawn)], strict=True):
        ax.imshow(picture.numpy().transpose(1, 2, 0))
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=plotting.GREY)  # a white picture has an edge, too
    for ax, title in zip(axes, ("original", *(words for _, words in drawn)), strict=True):
        ax.set_title(title, fontsize=9)
    sentence = f"{augmentation}, strength {strength} of {STRENGTHS[1]}, seed {seed}"
    fig.suptitle(f"{sentence}: would you still give each picture the same label?", x=0.01, ha="left", fontsize=10.5)
    listed = "; ".join(words for _, words in drawn)
    return fig, f"An image and {DRAWS} random draws of an augmentation: {sentence}. In order: {listed}."


def _pooled(image: np.ndarray, pooling: str, k: int, stride: int) -> np.ndarray:
    import torch
    import torch.nn.functional as F

    x = torch.from_numpy(image.astype(np.float64))[None, None]
    if pooling == "max":
        y = F.max_pool2d(x, k, stride)
    elif pooling == "average":
        y = F.avg_pool2d(x, k, stride)
    else:
        y = F.avg_pool2d(x.square(), k, stride).sqrt()
    return y[0, 0].numpy()


def _augmented(image, augmentation: str, strength: float, generator):
    """Return one draw and words for it; `strength` from 0 to 1."""
    import torch
    import torchvision.transforms.v2.functional as change

    def uniform(low: float = -1.0, high: float = 1.0) -> float:
        return low + (high - low) * float(torch.rand((), generator=generator))

    side = min(image.shape[1:])
    if augmentation in ("horizontal flip", "vertical flip"):
        flipped = uniform(0, 1) < strength
        flip = change.horizontal_flip if augmentation == "horizontal flip" else change.vertical_flip
        return (flip(image), "flipped") if flipped else (image, "as it was")
    if augmentation == "rotation":
        angle = 60 * strength * uniform()
        return change.rotate(image, angle, change.InterpolationMode.BILINEAR), f"{angle:+.0f}°".replace("-", "−")
    if augmentation == "shift":
        across, down = (round(0.4 * strength * side * uniform()) for _ in range(2))
        return change.affine(image, 0, [across, down], 1, [0, 0]), f"{across:+d}, {down:+d} px".replace("-", "−")
    if augmentation == "zoom":
        scale = 1 + 0.6 * strength * uniform()
        return change.affine(image, 0, [0, 0], scale, [0, 0], change.InterpolationMode.BILINEAR), f"× {scale:.2f}"
    if augmentation in ("brightness", "contrast"):
        factor = 1 + 0.6 * strength * uniform()
        adjust = change.adjust_brightness if augmentation == "brightness" else change.adjust_contrast
        return adjust(image, factor), f"× {factor:.2f}"
    if augmentation == "noise":
        deviation = 80 * strength * uniform(0, 1)
        noise = deviation * torch.randn(image.shape, generator=generator)
        return (image + noise).clamp(0, 255).to(torch.uint8), f"σ = {deviation:.0f}"
    size = round(0.6 * strength * side)
    top, left = (int(uniform(0, 1) * (length - size + 1)) for length in image.shape[1:])
    cut = image.clone()
    cut[:, top : top + size, left : left + size] = 127
    return cut, f"{size} px at {top}, {left}"


def _kernel(kernel: str | Sequence[Sequence[float]]) -> np.ndarray:
    if isinstance(kernel, str):
        if kernel not in KERNELS:
            raise ValueError(f"no kernel is called {kernel!r}: there are {', '.join(KERNELS)}.")
        kernel = KERNELS[kernel]
    try:
        weights = np.array(kernel, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the kernel is {kernel!r}: pass 3 × 3 numbers, or a name.") from error
    if weights.shape != (3, 3) or not np.isfinite(weights).all():
        raise ValueError(f"the kernel has shape {weights.shape}: pass 3 × 3 finite numbers, or a name.")
    return weights


def _grey(image: np.ndarray) -> np.ndarray:
    if getattr(image, "ndim", 0) != 2 or image.dtype != np.uint8 or min(image.shape) < 3:
        raise ValueError("pass a grey image: a uint8 array (H, W) of at least 3 × 3 pixels, as data.photograph(…, grey=True).")
    return image


def _small(image: np.ndarray) -> np.ndarray:
    image = _grey(image)
    low = POOLING_RANGES["k"][1]
    if min(image.shape) < low or max(image.shape) > LARGEST_POOLED:
        raise ValueError(
            f"the image has {image.shape[0]} × {image.shape[1]} pixels: pass {low} to {LARGEST_POOLED} a side, so that single "
            "pixels can be seen."
        )
    return image


def _colour(image: np.ndarray) -> np.ndarray:
    if getattr(image, "ndim", 0) != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or min(image.shape[:2]) < 8:
        raise ValueError("pass a colour image: a uint8 array (H, W, 3) of at least 8 × 8 pixels, as data.photograph(…).")
    return image
