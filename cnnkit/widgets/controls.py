"""What the explorers share: a picture that is drawn anew when a control changes, and the controls."""

import html
import operator
from collections.abc import Callable, Sequence

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from cnnkit import plotting


def explore(draw: Callable[[], tuple[Figure, str]], controls: list, rows: list, sentence: str) -> Callable[..., None]:
    """Display a picture, and under it rows of controls; return what draws it anew, as a change of `controls` does.

    `sentence` stands for the controls in a saved notebook.
    """
    picture = plotting.render(*draw())
    shown = display(picture, display_id=True)
    # JupyterLab gives images no alternative text, so a reader who does not see the picture needs it beside the sliders.
    words = ipywidgets.HTML(_status(picture.alt))

    def redraw(_change=None) -> None:
        picture = plotting.render(*draw())
        shown.update(picture)
        words.value = _status(picture.alt)

    for control in controls:
        control.observe(redraw, names="value")
    box = ipywidgets.VBox([*rows, words])
    display(box._repr_mimebundle_() | {"text/plain": sentence}, raw=True)
    return redraw


def _status(words: str) -> str:
    return f'<p role="status">In words: {html.escape(words)}</p>'


def slider(word: str, value: int, bounds: tuple[int, int]) -> ipywidgets.IntSlider:
    """Make a slider for whole numbers. Raises ValueError for a start value beyond its bounds."""
    low, high = bounds
    if whole(value, word, low) > high:
        raise ValueError(f"{word} is {value}: the slider goes from {low} to {high}.")
    return ipywidgets.IntSlider(
        value=value,
        min=low,
        max=high,
        description=word,
        style={"description_width": "5.5em"},
        layout={"width": "auto", "flex": "1 1 0%", "min_width": "12em"},
    )


def number(word: str, value: float) -> ipywidgets.FloatText:
    """Make a field for a number. Its word is for readers who do not see where it stands."""
    field = ipywidgets.FloatText(value=float(value), step=0.5, layout={"width": "6em"})
    field.tooltip = word
    return field


def chooser(word: str, options: Sequence[str], value: str) -> ipywidgets.SelectionSlider:
    """Make a slider that goes through words. Raises ValueError for a start value that is none of them."""
    if value not in options:
        raise ValueError(f"{word} is {value!r}: choose one of {', '.join(options)}.")
    # Not a list to choose from: JupyterLab takes the arrow keys and letters pressed in one for commands of its own.
    return ipywidgets.SelectionSlider(
        options=options, value=value, description=word, style={"description_width": "5.5em"}, layout={"width": "36em"}
    )


def whole(value: int, name: str, low: int) -> int:
    """Return a whole number as int. Raises ValueError for what is none, or below `low`."""
    try:
        number = operator.index(value)
    except TypeError as error:
        raise ValueError(f"{name} is {value!r}: pass a whole number.") from error
    if number < low:
        raise ValueError(f"{name} is {number}: it must be at least {low}.")
    return number
