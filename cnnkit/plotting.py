"""The course's one figure language: a style sheet, figures with alternative text, and animations that survive saving.

Everything here draws values that it is given. Nothing here computes a convolution.
"""

import io
import math
from collections.abc import Callable, Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image as PILImage

# Okabe and Ito, "Color Universal Design" (2008): told apart with every common form of colour blindness.
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREY = "#666666"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

# Colour maps, also colour-blind-safe: magnitudes, and signed values around zero.
SEQUENTIAL = "cividis"
DIVERGING = "PuOr_r"

STYLE = {
    "figure.figsize": (7.6, 3.2),
    "figure.dpi": 90,
    "savefig.dpi": "figure",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
    "font.size": 10,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "antialiased",  # nearest where pixels are drawn large, filtered where they are reduced
}

MAX_ANIMATION_BYTES = 250_000  # a lecture with its outputs stays below 1 MB
ANIMATION_COLOURS = 128  # one palette for all frames: enough for drawings and heat maps
MAX_PRINTED_CELLS = 100  # above this a plane is drawn without its numbers
MAX_ROW_CELLS = 16  # a row of more cells than this is too small to read
CELL_TINT = 0.25  # how far to either side of its middle the diverging map colours cells: black numbers stay legible

# The frame of a window; its white rim keeps it apart from orange cells.
WINDOW = {
    "fill": False,
    "edgecolor": VERMILLION,
    "linewidth": 3,
    "zorder": 3,
    "clip_on": False,
    "path_effects": (withStroke(linewidth=6, foreground="white"),),
}

drawing = True
"""False where a class is graded for its scores alone: then still figures are described instead of drawn."""


class Picture(Image):
    """Hold a PNG, still or animated, that carries its alternative text.

    The text is in the metadata, where nbconvert and nbgrader's feedback take it from, and in the plain-text form, which
    is what a reader without images gets.
    """

    def __init__(self, png: bytes, alt: str):
        super().__init__(data=png, format="png", alt=alt)

    def __repr__(self) -> str:
        return self.alt


class NotDrawn:
    """Stand for a picture that nobody asked for; its plain text says what would be seen."""

    def __init__(self, alt: str):
        self.alt = alt

    def __repr__(self) -> str:
        return f"{self.alt} (not drawn: graded without feedback)"


def use_style() -> None:
    """Set the course's style for all figures drawn after this call."""
    plt.rcParams.update(STYLE)


def render(fig: Figure, alt: str) -> Picture | NotDrawn:
    """Return a figure as PNG with alternative text, and close it.

    `alt` says in a sentence what the figure shows, for readers who do not see it. Raises ValueError if it is empty.
    """
    _require_alt(alt)
    png = _compact(_png(fig)) if drawing else None
    plt.close(fig)
    return NotDrawn(alt) if png is None else Picture(png, alt)


def show(fig: Figure, alt: str) -> None:
    """Display a figure as `render` makes it."""
    display(render(fig, alt))


def show_images(
    images: Sequence,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    *,
    alt: str,
    limits: tuple[float, float] | None = None,
    cmap: str = "gray",
) -> None:
    """Display images side by side, without axes, all on one scale of brightness.

    Each image is (H, W), (H, W, 3) or (3, H, W), a NumPy array or a tensor on the CPU: uint8 in 0–255, or floats in
    0–1. Other values, such as filter responses, need `limits`, the values drawn darkest and brightest: figures never
    rescale an image silently. `cmap` colours (H, W) images. Raises ValueError on other shapes and values off the scale.
    """
    _require_alt(alt)
    planes = [_drawable(image, k, limits) for k, image in enumerate(images)]
    if not planes:
        raise ValueError("show_images was given no images: pass a list of at least one array.")
    if titles is not None and len(titles) != len(planes):
        raise ValueError(f"show_images was given {len(planes)} images and {len(titles)} titles: pass one title per image.")
    if not drawing:
        display(NotDrawn(alt))
        return
    columns = min(columns or 6, len(planes))
    rows = math.ceil(len(planes) / columns)
    height, width = planes[0].shape[:2]
    cell = min(2.6, 9.0 / columns)
    figsize = (cell * columns, rows * (cell * height / width + (0.3 if titles is not None else 0.05)))
    # Ticks that are never seen would be made and measured: a third of the time.
    no_ticks = {"xticks": (), "yticks": ()}
    fig, axes = plt.subplots(rows, columns, figsize=figsize, squeeze=False, layout="constrained", subplot_kw=no_ticks)
    for ax in axes.flat:
        ax.set_axis_off()
    low, high = limits or (0.0, 1.0)
    for k, (ax, plane) in enumerate(zip(axes.flat, planes, strict=False)):
        ax.imshow(plane, cmap=cmap, vmin=low, vmax=high)
        if titles is not None:
            ax.set_title(titles[k], fontsize=9, loc="center")
    show(fig, alt)


def animate(draw: Callable[..., Figure], frames: int | Iterable, alt: str, seconds: float = 0.7) -> Picture:
    """Return an animation that plays wherever the saved notebook is opened.

    `draw(frame)` returns the figure of one frame; `frames` is their number (draw gets 0, 1, …) or the values to draw.
    Each frame stays for `seconds`, the last one three times as long; all figures must have the same size. Where
    animations do not play, in print for instance, the last frame is seen.

    The file is an animated PNG (PNG specification, third edition, W3C 2025), because nbconvert, and with it nbgrader's
    feedback, drops outputs of type image/gif. Raises ValueError without `alt`, without frames, or beyond 250 KB.
    """
    _require_alt(alt)
    values = range(frames) if isinstance(frames, int) else list(frames)
    if not values:
        raise ValueError("animate was given no frames: ask for at least one.")
    pictures = []
    for value in values:
        fig = draw(value)
        if not isinstance(fig, Figure):
            raise ValueError(f"draw({value!r}) returned {type(fig).__name__}: it must return the frame's figure.")
        pictures.append(PILImage.open(io.BytesIO(_png(fig))).convert("RGB"))
        plt.close(fig)
    sizes = {picture.size for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"the frames have different sizes, {sorted(sizes)} pixels: give every figure the same figsize.")
    pictures = _share_palette(pictures)
    milliseconds = round(1000 * seconds)
    file = io.BytesIO()
    pictures[-1].save(
        file,
        format="PNG",
        save_all=True,
        default_image=True,
        append_images=pictures,
        duration=[milliseconds] * (len(pictures) - 1) + [3 * milliseconds],
        loop=0,
        optimize=True,
    )
    size = file.getbuffer().nbytes
    if size > MAX_ANIMATION_BYTES:
        raise ValueError(
            f"the animation takes {size // 1000} KB and the limit is {MAX_ANIMATION_BYTES // 1000}: "
            "draw fewer frames or a smaller figure."
        )
    return Picture(file.getvalue(), alt)


def slide_1d(x, w, y, *, alt: str | None = None, seconds: float = 0.9, names: tuple[str, str, str] = ("x", "w", "y")) -> Picture:
    """Animate a kernel that slides along a signal, one frame per output.

    x (m,) is the signal as the kernel sees it (already padded), w (n,) the kernel as it lies on it (already flipped, if
    it is to be), y the outputs, computed by the caller. `names` is what the three are called in the picture. The step
    between outputs follows from the lengths. Raises ValueError if the lengths do not fit or a row is too long to read.
    """
    x, w, y = _vector(x, "x"), _vector(w, "w"), _vector(y, "y")
    if len(x) > MAX_ROW_CELLS:
        raise ValueError(f"x has {len(x)} entries: more than {MAX_ROW_CELLS} cannot be read, so pass a piece of it.")
    stride = _stride(len(x), len(w), len(y), "x, w and y")
    bound = float(max(np.abs(x).max(), np.abs(y).max(), 1e-12))
    centre = (len(w) - 1) / 2

    def draw(i: int) -> Figure:
        start = i * stride
        fig, ax = plt.subplots(figsize=(0.55 * max(len(x), 8) + 1.2, 3.1), layout="constrained")
        _row(ax, x, 0, 3.6, bound)
        _row(ax, w, start, 2.5, None, edge=VERMILLION)
        _row(ax, x[start : start + len(w)] * w, start, 1.4, None, edge=GREY)
        _row(ax, y[: i + 1], centre, 0, bound, step=stride)
        for k in range(i + 1, len(y)):
            ax.add_patch(Rectangle((centre + k * stride - 0.5, -0.5), 1, 1, fill=False, edgecolor="#cccccc"))
        ax.add_patch(Rectangle((start - 0.5, 3.1), len(w), 1, **WINDOW))
        target = centre + start
        ax.add_patch(Rectangle((target - 0.5, -0.5), 1, 1, **WINDOW))
        ax.annotate("", (target, 0.55), (target, 0.9), arrowprops={"arrowstyle": "->", "color": VERMILLION})
        for height, name in ((3.6, names[0]), (2.5, names[1]), (1.4, f"{names[0]} · {names[1]}"), (0, names[2])):
            ax.text(-0.8, height, name, ha="right", va="center", fontsize=11, color=GREY)
        window = f"{names[0]}[{start}]" + (f" … {names[0]}[{start + len(w) - 1}]" if len(w) > 1 else "")
        ax.set_title(f"{names[2]}[{i}] = {_number(y[i])}, the sum of the products under {window}", fontsize=10)
        ax.set(xlim=(-1.9, max(len(x), 8) - 0.3), ylim=(-0.7, 4.3), aspect="equal")
        ax.set_axis_off()
        return fig

    words = (
        f"Animation: a kernel of {len(w)} weights slides along {len(x)} values in steps of {stride}; at each of the "
        f"{len(y)} stops the products in the window are added up and fill one output."
    )
    return animate(draw, len(y), alt or words, seconds)


def slide_2d(x, w, y, *, alt: str | None = None, seconds: float = 0.7, names: tuple[str, str, str] = ("x", "w", "y")) -> Picture:
    """Animate a kernel that slides over a plane, one frame per output, row by row.

    x (H, W) is the plane as the kernel sees it (already padded), w (h, w) the kernel as it lies on it, y the outputs,
    computed by the caller. `names` is what the three are called in the picture. The steps between outputs follow from
    the shapes. Planes of more than 100 entries are drawn without their numbers. Raises ValueError if the shapes do not
    fit.
    """
    x, w, y = _plane(x, "x"), _plane(w, "w"), _plane(y, "y")
    strides = [
        _stride(x.shape[a], w.shape[a], y.shape[a], f"the {word} of x, w and y") for a, word in enumerate(("heights", "widths"))
    ]
    bound_x, bound_y = (float(max(np.abs(plane).max(), 1e-12)) for plane in (x, y))
    widths = (x.shape[1], w.shape[1], y.shape[1])
    cell = min(0.6, 7.4 / sum(widths))  # inches, the same in all three panels
    figsize = (cell * sum(widths) + 0.6, cell * x.shape[0] + 0.5)
    frames = [(i, j) for i in range(y.shape[0]) for j in range(y.shape[1])]

    def draw(frame: tuple[int, int]) -> Figure:
        i, j = frame
        top, left = i * strides[0], j * strides[1]
        fig, axes = plt.subplots(1, 3, figsize=figsize, width_ratios=widths, layout="constrained")
        _cells(axes[0], x, bound_x)
        axes[0].add_patch(Rectangle((left - 0.5, top - 0.5), w.shape[1], w.shape[0], **WINDOW))
        window = x[top : top + w.shape[0], left : left + w.shape[1]]
        _cells(
            axes[1],
            window * w,
            None,
            words=[f"{_number(a)}·{_number(b)}" for a, b in zip(window.flat, w.flat, strict=True)],
        )
        done = np.where(np.arange(y.size).reshape(y.shape) <= i * y.shape[1] + j, y, np.nan)
        _cells(axes[2], done, bound_y)
        axes[2].add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **WINDOW))
        for ax in axes:
            ax.set_anchor("N")
        axes[0].set_title(f"{names[0]} and the window", fontsize=10)
        how = ", entry by entry" if w.shape[1] > 2 else ""  # there is no room for more above a narrow kernel
        axes[1].set_title(f"{names[0]} · {names[1]}{how}", fontsize=10)
        axes[2].set_title(f"{names[2]}[{i}, {j}] = {_number(y[i, j])}", fontsize=10)
        return fig

    words = (
        f"Animation: a {w.shape[0]} by {w.shape[1]} kernel slides over a {x.shape[0]} by {x.shape[1]} plane row by "
        f"row; at each of the {y.size} stops the products in the window are added up and fill one output."
    )
    return animate(draw, frames, alt or words, seconds)


def _require_alt(alt: str) -> None:
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("the figure has no alternative text: pass alt, a sentence that says what is to be seen in it.")


def _png(fig: Figure) -> bytes:
    file = io.BytesIO()
    # Without the Software entry the bytes do not depend on Matplotlib's version number.
    fig.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _compact(png: bytes) -> bytes:
    """Return a picture in a fraction of its bytes: at most 64 greys, a palette where the colours fit, no alpha.

    Neighbouring greys of 64 cannot be told apart on a screen; colours stay as they are.
    """
    pixels = np.asarray(PILImage.open(io.BytesIO(png)).convert("RGB"), dtype=np.int64)
    grey = pixels.max(axis=-1) == pixels.min(axis=-1)
    if len(np.unique(pixels[grey])) > 64:
        pixels = np.where(grey[..., None], np.rint(np.rint(pixels * 63 / 255) * 255 / 63), pixels).astype(np.int64)
    codes, where = np.unique(pixels @ np.array([1 << 16, 1 << 8, 1]), return_inverse=True)
    if len(codes) <= 256:  # grey photographs do, and most drawings
        picture = PILImage.fromarray(where.reshape(pixels.shape[:2]).astype(np.uint8))
        picture.putpalette(_rgb(codes).tobytes())
    else:
        picture = PILImage.fromarray(pixels.astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _share_palette(pictures: list) -> list:
    """Reduce all frames to one palette, so that unchanged areas stay unchanged and compress to nothing.

    Half of the palette is the commonest colours as they are, since a median cut alone turns white into grey; the other
    half is a median cut of first, middle and last frame. Pillow's own mapping to a palette rounds colours first.
    """
    frames = [np.asarray(picture, dtype=np.int64) @ np.array([1 << 16, 1 << 8, 1]) for picture in pictures]
    chosen = np.concatenate([frames[0], frames[len(frames) // 2], frames[-1]])
    codes, counts = np.unique(chosen, return_counts=True)
    exact = _rgb(codes[np.argsort(-counts, kind="stable")[: ANIMATION_COLOURS // 2]])
    cut = PILImage.fromarray(_rgb(chosen)).quantize(ANIMATION_COLOURS // 2, dither=PILImage.Dither.NONE).getpalette()
    palette = np.concatenate([exact, np.array(cut, dtype=np.uint8).reshape(-1, 3)])
    reduced = []
    for frame in frames:
        codes, where = np.unique(frame, return_inverse=True)
        distance = np.abs(_rgb(codes)[:, None].astype(np.int64) - palette).sum(axis=-1)
        picture = PILImage.fromarray(distance.argmin(axis=1).astype(np.uint8)[where.reshape(frame.shape)])
        picture.putpalette(palette.tobytes())
        reduced.append(picture)
    return reduced


def _rgb(codes: np.ndarray) -> np.ndarray:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1).astype(np.uint8)


def _drawable(image, k: int, limits: tuple[float, float] | None) -> np.ndarray:
    plane = np.asarray(image)
    if plane.ndim == 3 and plane.shape[0] in (1, 3) and plane.shape[2] not in (1, 3):
        plane = plane.transpose(1, 2, 0)
    if plane.ndim == 3 and plane.shape[2] == 1:
        plane = plane[:, :, 0]
    if plane.ndim not in (2, 3) or (plane.ndim == 3 and plane.shape[2] != 3):
        raise ValueError(f"image {k} has shape {np.shape(image)}: expected (H, W), (H, W, 3) or (3, H, W).")
    if plane.dtype == np.uint8 and limits is None:
        return plane / 255
    plane = plane.astype(np.float64)
    if limits is None and not (plane.min() >= 0 and plane.max() <= 1):
        raise ValueError(
            f"image {k} has values from {plane.min():.3g} to {plane.max():.3g}: pass uint8, floats between 0 and 1, "
            "or the values to draw darkest and brightest as limits=(low, high)."
        )
    if limits is not None and plane.ndim == 3:
        plane = np.clip((plane - limits[0]) / (limits[1] - limits[0]), 0, 1)
    return plane


def _vector(values, name: str) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name} has shape {array.shape}: expected one dimension with at least one entry.")
    return array


def _plane(values, name: str) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name} has shape {array.shape}: expected two dimensions with at least one entry.")
    return array


def _stride(m: int, n: int, outputs: int, what: str) -> int:
    """Return the step at which a window of n makes exactly that many stops on m entries."""
    if outputs == 1 and n <= m:
        return 1
    for stride in range(1, m + 1):
        if len(range(0, m - n + 1, stride)) == outputs:
            return stride
    raise ValueError(f"{what} do not fit: no step lets a window of {n} make {outputs} stops on {m} entries.")


def _number(value: float) -> str:
    text = f"{value:.3g}".replace("-", "−")
    return "0" if text == "−0" else text


def _row(ax: Axes, values: np.ndarray, start: float, height: float, bound: float | None, *, edge=GREY, step: int = 1) -> None:
    """Draw values as a row of cells with their numbers, tinted by value where a bound is given."""
    colours = plt.get_cmap(DIVERGING)
    for k, value in enumerate(values):
        left = start + k * step
        face = colours(0.5 + CELL_TINT * value / bound) if bound else "white"
        ax.add_patch(Rectangle((left - 0.5, height - 0.5), 1, 1, facecolor=face, edgecolor=edge))
        ax.text(left, height, _number(value), ha="center", va="center", fontsize=9)


def _cells(ax: Axes, plane: np.ndarray, bound: float | None, words: list[str] | None = None) -> None:
    """Draw a plane as cells, tinted by value where a bound is given, with numbers while they can be read."""
    if bound:
        ax.imshow(0.5 + CELL_TINT * plane / bound, cmap=DIVERGING, vmin=0, vmax=1)
    else:
        ax.imshow(np.ones(plane.shape), cmap="gray", vmin=0, vmax=1)
    ax.set_xticks(np.arange(plane.shape[1] + 1) - 0.5, labels=[])
    ax.set_yticks(np.arange(plane.shape[0] + 1) - 0.5, labels=[])
    ax.grid(True, color="#bbbbbb")
    ax.set_axisbelow(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if plane.size > MAX_PRINTED_CELLS:
        return
    for k, ((i, j), value) in enumerate(np.ndenumerate(plane)):
        if not np.isnan(value):
            ax.text(j, i, words[k] if words else _number(value), ha="center", va="center", fontsize=8 if words else 9)
