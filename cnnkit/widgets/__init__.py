"""Explorers: pictures with controls under them, to try what a lecture says.

    explore_output_size(n=9, k=3, stride=2, padding=1)
    explore_receptive_field([(3, 1, 1), (3, 2, 1), (3, 1, 2)])
    explore_kernel(data.photograph("camera", size=128))
    explore_pooling(data.photograph("camera", size=32))
    explore_augmentation(data.photograph("chelsea", size=96))

Each shows its picture first and its controls below it; all of them work with the keyboard, and the picture is said in words
under them. A saved notebook holds the picture and a sentence where the controls were, so it reads the same where no kernel
runs.
"""

from cnnkit.widgets.geometry import draw_receptive_field, draw_windows, explore_output_size, explore_receptive_field
from cnnkit.widgets.images import (
    draw_augmentation,
    draw_kernel,
    draw_pooling,
    explore_augmentation,
    explore_kernel,
    explore_pooling,
)

__all__ = [
    "draw_augmentation",
    "draw_kernel",
    "draw_pooling",
    "draw_receptive_field",
    "draw_windows",
    "explore_augmentation",
    "explore_kernel",
    "explore_output_size",
    "explore_pooling",
    "explore_receptive_field",
]
