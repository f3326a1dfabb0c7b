"""The windows of one layer, and what a stack of layers sees: geometry, found by listing positions along one axis."""

from collections.abc import Sequence

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cnnkit import plotting
from cnnkit.widgets.controls import explore, slider, whole

# What the sliders reach: as far as a picture of this width stays readable.
RANGES = {"n": (1, 16), "k": (1, 7), "stride": (1, 4), "padding": (0, 4), "dilation": (1, 4)}
LAYER_RANGES = {"k": (1, 7), "stride": (1, 3), "dilation": (1, 4)}
MAX_LAYERS = 4
EXPLORER_ROWS = 8  # of windows; with more of them the rows get lower, and the sliders stay where they are

MAX_NUMBERED_CELLS = 30  # beyond this a cell is too narrow for its index
MAX_OUTLINED_CELLS = 120  # beyond this cells are drawn without outlines


def explore_output_size(n: int = 9, k: int = 3, stride: int = 2, padding: int = 1, dilation: int = 1) -> None:
    """Display `draw_windows` with a slider for each of its arguments.

    Raises ValueError for a start value beyond RANGES.
    """
    start = {"n": n, "k": k, "stride": stride, "padding": padding, "dilation": dilation}
    names = {"n": "input n", "k": "kernel k"}
    sliders = {key: slider(names.get(key, key), value, RANGES[key]) for key, value in start.items()}
    explore(
        lambda: draw_windows(**{key: slider.value for key, slider in sliders.items()}, room=EXPLORER_ROWS),
        list(sliders.values()),
        list(sliders.values()),
        "Run this cell, and sliders for n, k, stride, padding and dilation appear here.",
    )


def explore_receptive_field(layers: Sequence[tuple[int, int, int]] = ((3, 1, 1), (3, 2, 1), (3, 1, 2))) -> None:
    """Display `draw_receptive_field` with sliders for the number of layers and each layer's k, stride and dilation.

    Raises ValueError for more than MAX_LAYERS layers, or a start value beyond LAYER_RANGES.
    """
    start = _stack(layers)
    if len(start) > MAX_LAYERS:
        raise ValueError(f"there are {len(start)} layers: the explorer has room for {MAX_LAYERS}.")
    depth = slider("layers", len(start), (1, MAX_LAYERS))
    rows = []
    for number in range(1, MAX_LAYERS + 1):
        values = start[number - 1] if number <= len(start) else (3, 1, 1)
        words = (f"layer {number}: k", "stride", "dilation")
        pairs = zip(words, values, LAYER_RANGES.values(), strict=True)
        rows.append(ipywidgets.HBox([slider(word, value, bounds) for word, value, bounds in pairs]))

    def draw() -> tuple[Figure, str]:
        for number, row in enumerate(rows, start=1):
            row.layout.display = None if number <= depth.value else "none"
        return draw_receptive_field([tuple(slider.value for slider in row.children) for row in rows[: depth.value]])

    explore(
        draw,
        [depth, *(slider for row in rows for slider in row.children)],
        [depth, *rows],
        "Run this cell, and sliders for the layers, their kernels, strides and dilations appear here.",
    )


def draw_windows(
    n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1, *, room: int | None = None
) -> tuple[Figure, str]:
    """Draw every window of a layer under its padded input, along one axis; return the figure and its alternative text.

    The figure is as high as its windows need, or as `room` of them need.
    Raises ValueError for a size, kernel, stride or dilation below 1 or a negative padding.
    """
    n, k = whole(n, "n", 1), whole(k, "k", 1)
    stride, padding, dilation = whole(stride, "stride", 1), whole(padding, "padding", 0), whole(dilation, "dilation", 1)
    reach = dilation * (k - 1) + 1
    windows = _windows(n, k, stride, padding, dilation)
    read = {position for window in windows for position in window}
    unread = [position for position in range(n) if position not in read] if windows else []
    sentence = _size_sentence(n, k, stride, padding, dilation, len(windows))
    remark = f"{_count(n + 2 * padding, 'position')} with the padding, and a window reaches over {reach}."
    if windows:
        missed = ", ".join(f"x[{position}]" for position in unread) if len(unread) <= 3 else f"{len(unread)} of {n} inputs"
        remark += f" Read by no window: {missed}." if unread else " Every input is read."

    rows = max(len(windows), 2)
    fig, ax = plt.subplots(figsize=(7.6, 0.95 + 0.32 * (room or rows)), layout="constrained")
    cells = n + 2 * padding
    for position in range(-padding, n + padding):
        outside = not 0 <= position < n
        look = {"facecolor": "#e4e4e4", "hatch": "////"} if outside else {"facecolor": "white"}
        if position in unread:
            look["facecolor"] = plotting.ORANGE
        ax.add_patch(Rectangle((position - 0.5, -0.5), 1, 1, edgecolor=plotting.GREY, linewidth=0.8, **look))
        if not outside and cells <= MAX_NUMBERED_CELLS:
            ax.text(position, 0, position, ha="center", va="center", fontsize=9)
    for i, window in enumerate(windows):
        height = 1.2 + i
        ax.plot([window[0], window[-1]], [height, height], color=plotting.BLUE, lw=1.2)
        for position in window:
            ax.add_patch(Rectangle((position - 0.36, height - 0.32), 0.72, 0.64, color=plotting.BLUE, lw=0))
        ax.text(n + padding - 0.2, height, f"y[{i}]", va="center", fontsize=8 if len(windows) <= 14 else 6)
    if not windows:
        ends = (-padding - 0.5, reach - padding - 0.5)
        ax.annotate("", (ends[0], 1.2), (ends[1], 1.2), arrowprops={"arrowstyle": "<->", "color": plotting.VERMILLION, "lw": 2})
        ax.text(sum(ends) / 2, 1.9, "the window reaches further", ha="center", va="center", color=plotting.VERMILLION)
    ax.text(-padding - 0.8, 0, "x", ha="right", va="center", color=plotting.GREY)
    if windows:
        ax.text(-padding - 0.8, 1.2, "windows", ha="right", va="center", color=plotting.GREY)
    # A minimum in both directions, so that small cases are not blown up.
    right = max(n + padding, 12 - padding, reach - padding if not windows else 0)
    ax.set(xlim=(-padding - 2.6, right + 0.8), ylim=(max(rows, (room or 0) - 2) + 0.9, -0.7))
    ax.set_axis_off()
    fig.suptitle(f"{sentence}\n{remark}", x=0.01, ha="left", fontsize=10.5)
    alt = (
        f"{_count(len(windows), 'window')} of a kernel of {k} on {_count(n, 'input')}, stride {stride}, padding {padding}, "
        f"dilation {dilation}. {sentence}. {remark}"
    )
    return fig, alt


def draw_receptive_field(layers: Sequence[tuple[int, int, int]]) -> tuple[Figure, str]:
    """Draw what a unit on top of a stack of layers sees, and its neighbour; return figure and alternative text.

    `layers` are (k, stride, dilation), the first one next to the input; along one axis. Raises ValueError if there are
    none, or for values below 1.
    """
    layers = _stack(layers)
    own, next_one = _dependencies(layers, 0), _dependencies(layers, 1)  # of the input, layer 1, …
    size, jump, seen = _extent(own[0]), min(next_one[0]) - min(own[0]), len(own[0])
    further = f"its neighbour's lies {_count(jump, 'pixel')} further on"
    sentence = f"A unit of layer {len(layers)} has a receptive field of {size}; {further}"
    remark = "Every pixel in it is read." if seen == size else f"Only {seen} of its pixels are read: the others fall into gaps."

    # The same height for all stacks that the explorer reaches, so that its sliders stay where they are.
    fig, ax = plt.subplots(figsize=(7.6, 1.5 + 0.6 * max(len(layers), MAX_LAYERS)), layout="constrained")
    first, last = min(own[0]), max(next_one[0])
    pixels = range(first - 1, last + 2)
    for pixel in pixels:
        colour = plotting.VERMILLION if pixel in own[0] else plotting.SKY if pixel in next_one[0] else "white"
        edge = plotting.GREY if len(pixels) <= MAX_OUTLINED_CELLS else "none"
        ax.add_patch(Rectangle((pixel - 0.5, -0.25), 1, 0.5, facecolor=colour, edgecolor=edge, linewidth=0.6, alpha=0.8))
    marker = max(1.5, min(7.0, 260 / len(pixels)))
    for units, colour, layer_order in ((next_one, plotting.SKY, 2), (own, plotting.VERMILLION, 3)):
        lines = []
        for number, (k, stride, dilation) in enumerate(layers, start=1):
            where = {unit: _centre(layers[:number], unit) for unit in units[number]}
            for unit, x in where.items():
                below = [unit * stride + tap * dilation for tap in range(k)]
                lines += [((x, number), (_centre(layers[: number - 1], tap), number - 1 + 0.25 * (number == 1))) for tap in below]
            ax.plot(list(where.values()), [number] * len(where), "o", ms=marker, color=colour, zorder=layer_order + 2)
        ax.add_collection(LineCollection(lines, colors=colour, linewidths=0.7, alpha=0.6, zorder=layer_order))

    margin = 0.02 * len(pixels) + 0.5
    for number, (k, stride, dilation) in enumerate(layers, start=1):
        fields = [_dependencies(layers[:number], unit)[0] for unit in (0, 1)]
        words = f"layer {number}: k {k}, stride {stride}, dilation {dilation}"
        ax.text(first - 1 - margin, number, words, ha="right", va="center", fontsize=9)
        words = f"field {_extent(fields[0])}, jump {min(fields[1]) - min(fields[0])}"
        ax.text(last + 1 + margin, number, words, ha="left", va="center", fontsize=9)
    ax.text(first - 1 - margin, 0, "input", ha="right", va="center", fontsize=9)
    ax.annotate(
        "", (first - 0.5, -0.55), (max(own[0]) + 0.5, -0.55), arrowprops={"arrowstyle": "<->", "color": plotting.VERMILLION}
    )
    ax.text((first + max(own[0])) / 2, -0.65, f"receptive field {size}", ha="center", va="top", fontsize=9)
    ax.set(xlim=(first - 1.5 - margin, last + 1.5 + margin), ylim=(-1.1, len(layers) + 0.4))
    ax.set_axis_off()
    fig.suptitle(f"{sentence}.\n{remark}", x=0.01, ha="left", fontsize=10.5)
    stack = "; ".join(f"kernel {k}, stride {stride}, dilation {dilation}" for k, stride, dilation in layers)
    return fig, f"{sentence}. {remark} The layers, from the input on: {stack}."


def _windows(n: int, k: int, stride: int, padding: int, dilation: int) -> list[list[int]]:
    """List the positions that each window reads; the input's own are 0 … n − 1."""
    windows, start = [], -padding
    while start + dilation * (k - 1) < n + padding:
        windows.append([start + tap * dilation for tap in range(k)])
        start += stride
    return windows


def _size_sentence(n: int, k: int, stride: int, padding: int, dilation: int, size: int) -> str:
    """Write the formula of the output size with its numbers."""
    room = n + 2 * padding - dilation * (k - 1) - 1
    if not size:
        return f"No window fits: {n} + 2·{padding} − {dilation}·({k} − 1) − 1 = −{-room} is negative"
    inside = f"{n} + 2·{padding} − {dilation}·({k} − 1) − 1"
    return f"⌊({inside}) / {stride}⌋ + 1 = ⌊{room} / {stride}⌋ + 1 = {_count(size, 'output')}"


def _dependencies(layers: Sequence[tuple[int, int, int]], top: int) -> list[set[int]]:
    """List the units that unit `top` of the last layer depends on: first of the input, last of that layer, itself."""
    units = [{top}]
    for k, stride, dilation in reversed(layers):
        units.append({unit * stride + tap * dilation for unit in units[-1] for tap in range(k)})
    return units[::-1]


def _centre(layers: Sequence[tuple[int, int, int]], unit: int) -> float:
    """Return the middle of what a unit of the last layer sees, in pixels of the input."""
    seen = _dependencies(layers, unit)[0]
    return (min(seen) + max(seen)) / 2


def _extent(positions: set[int]) -> int:
    return max(positions) - min(positions) + 1


def _stack(layers: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    if not layers:
        raise ValueError("there are no layers: pass at least one (k, stride, dilation).")
    stack = []
    for number, layer in enumerate(layers, start=1):
        if len(layer) != 3:
            raise ValueError(f"layer {number} is {layer!r}: pass (k, stride, dilation).")
        pairs = zip(layer, ("k", "stride", "dilation"), strict=True)
        stack.append(tuple(whole(value, f"layer {number}: {name}", 1) for value, name in pairs))
    return stack


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
