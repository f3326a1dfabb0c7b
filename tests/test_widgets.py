import base64
import html
import io
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets import widget as widget_registry
from lab_server import started
from matplotlib.patches import Rectangle
from nbconvert import HTMLExporter
from PIL import Image

from cnnkit import data, plotting, widgets
from cnnkit.notebooks import KERNELSPEC
from cnnkit.widgets import geometry, images

LECTURE = Path(__file__).parents[1] / "lectures" / "04_convolution_layer.ipynb"
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def shown():
    """Give the outputs that a notebook would store, updates included."""
    shell = InteractiveShell.instance()
    before = shell.display_pub
    shell.display_pub = CapturingDisplayPublisher()
    yield shell.display_pub.outputs
    shell.display_pub = before
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def clean_figures():
    plt.close("all")
    with plt.rc_context():
        yield
    assert plt.get_fignums() == [], "a widget left a figure open"


def closed(drawn):
    fig, alt = drawn
    plt.close(fig)
    return fig, alt


def sliders_in(output):
    """Return the sliders behind a displayed box, by their description, as the page finds them: by the model's id."""
    found, left = {}, [widget_registry._instances[output["data"][VIEW]["model_id"]]]
    while left:
        widget = left.pop(0)
        left = [*getattr(widget, "children", ()), *left]
        if hasattr(widget, "max"):
            found.setdefault(widget.description, []).append(widget)
    return found


def words_in(output):
    return widget_registry._instances[output["data"][VIEW]["model_id"]].children[-1].value


geometries = {name: st.integers(low, high) for name, (low, high) in geometry.RANGES.items()}


@settings(max_examples=150, deadline=None)
@given(**geometries)
def test_windows_are_those_of_torch(n, k, stride, padding, dilation):
    windows = geometry._windows(n, k, stride, padding, dilation)
    signal = torch.zeros(1, 1, n, requires_grad=True)
    if n + 2 * padding < dilation * (k - 1) + 1:
        assert windows == []
        return
    y = F.conv1d(signal, torch.ones(1, 1, k), stride=stride, padding=padding, dilation=dilation)
    assert len(windows) == y.shape[2]
    for i, window in enumerate(windows):
        (gradient,) = torch.autograd.grad(y[0, 0, i], signal, retain_graph=True)
        assert [p for p in window if 0 <= p < n] == torch.where(gradient[0, 0] != 0)[0].tolist()


layer = st.tuples(*(st.integers(low, high) for low, high in geometry.LAYER_RANGES.values()))


@settings(max_examples=60, deadline=None)
@given(layers=st.lists(layer, min_size=1, max_size=geometry.MAX_LAYERS))
def test_receptive_fields_are_those_of_the_gradient(layers):
    reached = [max(geometry._dependencies(layers, unit)[0]) for unit in (0, 1)]
    signal = torch.ones(1, 1, reached[1] + 1, dtype=torch.float64, requires_grad=True)
    y = signal
    for k, stride, dilation in layers:
        y = F.conv1d(y, torch.ones(1, 1, k, dtype=torch.float64), stride=stride, dilation=dilation)
    for unit in (0, 1):
        (gradient,) = torch.autograd.grad(y[0, 0, unit], signal, retain_graph=True)
        assert geometry._dependencies(layers, unit)[0] == set(torch.where(gradient[0, 0] != 0)[0].tolist())


def test_the_picture_of_windows_says_the_formula_and_what_is_not_read():
    fig, alt = closed(widgets.draw_windows(n=6, k=3, stride=2))
    assert "⌊(6 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = ⌊3 / 2⌋ + 1 = 2 outputs" in alt
    assert "Read by no window: x[5]." in alt
    assert alt.startswith("2 windows of a kernel of 3 on 6 inputs")
    assert fig.get_suptitle().split("\n")[0] in alt
    cells = [patch for patch in fig.axes[0].patches if isinstance(patch, Rectangle)]
    assert len(cells) == 6 + 2 * 3  # inputs, and the taps of two windows


def test_the_picture_of_windows_marks_the_padding():
    fig, alt = closed(widgets.draw_windows(n=5, k=3, padding=2))
    assert sum(patch.get_hatch() is not None for patch in fig.axes[0].patches) == 4
    assert "9 positions with the padding, and a window reaches over 3. Every input is read." in alt


def test_many_unread_inputs_are_counted_not_listed():
    _, alt = closed(widgets.draw_windows(n=16, k=1, stride=4))
    assert "Read by no window: 12 of 16 inputs." in alt


def test_the_picture_says_when_no_window_fits():
    _, alt = closed(widgets.draw_windows(n=4, k=3, dilation=3))
    assert "No window fits: 4 + 2·0 − 3·(3 − 1) − 1 = −3 is negative" in alt
    assert "4 positions with the padding, and a window reaches over 7." in alt


def test_the_picture_of_a_receptive_field_names_size_jump_and_gaps():
    _, alt = closed(widgets.draw_receptive_field([(5, 1, 1), (3, 2, 1), (3, 1, 2), (3, 2, 1)]))
    assert alt.startswith("A unit of layer 4 has a receptive field of 19; its neighbour's lies 4 pixels further on. Every")
    _, alt = closed(widgets.draw_receptive_field([(3, 1, 2)] * 3))
    assert "has a receptive field of 13;" in alt
    assert "Only 7 of its pixels are read" in alt


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: widgets.draw_windows(0, 3), "n is 0: it must be at least 1."),
        (lambda: widgets.draw_windows(5, 3, padding=-1), "padding is -1: it must be at least 0."),
        (lambda: widgets.draw_windows(5, 3.0), "k is 3.0: pass a whole number."),
        (lambda: widgets.draw_windows(5, 3, stride=0), "stride is 0: it must be at least 1."),
        (lambda: widgets.draw_receptive_field([]), "there are no layers: pass at least one (k, stride, dilation)."),
        (lambda: widgets.draw_receptive_field([(3, 1)]), "layer 1 is (3, 1): pass (k, stride, dilation)."),
        (lambda: widgets.draw_receptive_field([(3, 1, 1), (3, 0, 1)]), "layer 2: stride is 0: it must be at least 1."),
        (lambda: widgets.explore_output_size(n=17), "input n is 17: the slider goes from 1 to 16."),
        (
            lambda: widgets.explore_receptive_field([(3, 1, 1)] * 5),
            "there are 5 layers: the explorer has room for 4.",
        ),
    ],
)
def test_bad_arguments_get_a_sentence(call, words):
    with pytest.raises(ValueError, match="^" + re.escape(words) + "$"):
        call()


def test_the_picture_comes_first_and_moves_with_the_sliders(shown):
    plotting.use_style()
    widgets.explore_output_size(n=9, k=3, stride=2, padding=1)
    picture, box = shown
    assert "= 5 outputs" in picture["metadata"]["image/png"]["alt"]
    assert box["data"]["text/plain"] == "Run this cell, and sliders for n, k, stride, padding and dilation appear here."
    sliders = sliders_in(box)
    assert list(sliders) == ["input n", "kernel k", "stride", "padding", "dilation"]
    assert "= 5 outputs" in words_in(box)

    sliders["stride"][0].value = 3
    update = shown[-1]
    assert update["update"]
    assert update["transient"] == picture["transient"]
    assert "stride 3, padding 1" in update["metadata"]["image/png"]["alt"]
    assert "= 3 outputs" in words_in(box)
    sizes = [Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))).size for output in (picture, update)]
    assert sizes[0] == sizes[1], "the sliders would jump"


def test_every_corner_of_the_sliders_can_be_drawn(shown):
    plotting.use_style()
    widgets.explore_output_size()
    sliders = sliders_in(shown[1])
    for end in ("max", "min"):
        for (slider,) in sliders.values():
            slider.value = getattr(slider, end)
    widgets.explore_receptive_field()
    for group in sliders_in(shown[-1]).values():
        for slider in group:
            slider.value = slider.max
    assert "receptive field of 961;" in shown[-1]["metadata"]["image/png"]["alt"]


def test_layers_come_and_go(shown):
    plotting.use_style()
    widgets.explore_receptive_field([(3, 1, 1), (3, 2, 1)])
    sliders = sliders_in(shown[1])
    rows = widget_registry._instances[shown[1]["data"][VIEW]["model_id"]].children[1:5]
    assert [row.layout.display for row in rows] == [None, None, "none", "none"]
    assert sliders["layers"][0].value == 2
    sliders["layers"][0].value = 3
    assert [row.layout.display for row in rows] == [None, None, None, "none"]
    assert "unit of layer 3 has a receptive field of 9;" in shown[-1]["metadata"]["image/png"]["alt"]
    sliders["dilation"][2].value = 2
    assert "unit of layer 3 has a receptive field of 13;" in shown[-1]["metadata"]["image/png"]["alt"]


def test_the_saved_lecture_shows_pictures_where_no_kernel_runs():
    lecture = nbformat.read(LECTURE, as_version=4)
    assert "widgets" not in lecture.metadata
    cells = [cell for cell in lecture.cells if cell.cell_type == "code" and "widgets.explore_" in cell.source]
    assert len(cells) == 2
    for cell in cells:
        picture, sliders = cell.outputs
        assert picture.metadata["image/png"]["alt"] == picture.data["text/plain"]
        assert list(sliders.data) == ["text/plain"]
        page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
        assert "<img" in page
        assert sliders.data["text/plain"] in page


@pytest.mark.parametrize("name", images.KERNELS)
def test_the_kernel_is_laid_on_the_image_unflipped(name):
    image = np.random.default_rng(3).integers(0, 256, (9, 12), dtype=np.uint8)
    fig, alt = closed(widgets.draw_kernel(image, name))
    weights = np.array(images.KERNELS[name])
    result = fig.axes[2].images[0].get_array()
    assert result.shape == (7, 10)
    for i, j in np.ndindex(result.shape):
        assert abs((image[i : i + 3, j : j + 3] * weights).sum() - result[i, j]) < 1e-9
    total = weights.sum()
    keeps = abs(total - 1) < 1e-9
    limits = f"from {result.min():.0f} to {result.max():.0f}; ".replace("-", "−")
    assert (f"{limits}orange is above 0, violet below." in alt) == (result.min() < -0.5 and not keeps)
    assert (f"{limits}drawn from 0, black, to 255, white." in alt) == (result.min() >= -0.5 or keeps)
    assert ("even areas keep their brightness" in alt) == keeps
    assert ("even areas become 0" in alt) == (abs(total) < 1e-9)


def test_a_field_or_the_choice_changes_the_kernel(shown):
    plotting.use_style()
    image = data.photograph("camera", size=40, grey=True)
    widgets.explore_kernel(image, "identity")
    picture, box = shown
    assert "the rows 0, 0, 0; 0, 1, 0; 0, 0, 0" in picture["metadata"]["image/png"]["alt"]
    choice, *rows = widget_registry._instances[box["data"][VIEW]["model_id"]].children[:4]
    fields = [field for row in rows for field in row.children]
    assert [field.tooltip for field in fields][5] == "row 1, column 2"

    before = len(shown)
    choice.value = "Laplace"
    assert [field.value for field in fields] == [0, 1, 0, 1, -4, 1, 0, 1, 0]
    assert len(shown) == before + 1, "one picture for one choice, not one for each field"
    assert "the rows 0, 1, 0; 1, -4, 1; 0, 1, 0" in words_in(box)

    fields[0].value = 2
    assert choice.value == images.OWN
    assert "the rows 2, 1, 0; 1, -4, 1; 0, 1, 0" in shown[-1]["metadata"]["image/png"]["alt"]
    assert "the weights add up to 2." in words_in(box)


@pytest.mark.parametrize("pooling", images.POOLINGS)
def test_pooling_is_that_of_its_windows_also_when_shifted(pooling):
    image = np.random.default_rng(4).integers(0, 256, (9, 12), dtype=np.uint8)
    pool = {"max": np.max, "average": np.mean, "L2": lambda window: np.sqrt((window.astype(float) ** 2).mean())}[pooling]
    for k, stride, shift in [(2, 2, 0), (3, 2, 1), (4, 3, 2), (1, 1, 4)]:
        fig, alt = closed(widgets.draw_pooling(image, pooling, k, stride, shift))
        moved, result = (ax.images[0].get_array() for ax in fig.axes)
        assert (moved[:, shift:] == image[:, : 12 - shift]).all()
        assert (moved[:, :shift] == image[:, :1]).all()
        assert result.shape == ((9 - k) // stride + 1, (12 - k) // stride + 1)
        for i, j in np.ndindex(result.shape):
            window = moved[i * stride : i * stride + k, j * stride : j * stride + k]
            assert abs(pool(window) - result[i, j]) < 1e-9
        assert f"9 × 12 become {result.shape[0]} × {result.shape[1]}" in alt
        assert ("grey levels on average" in alt) == (shift > 0)


@pytest.mark.parametrize("name", images.AUGMENTATIONS)
def test_strength_0_changes_nothing_and_10_does(name):
    image = data.photograph("chelsea", size=24)
    for strength in (0, 10):
        fig, alt = closed(widgets.draw_augmentation(image, name, strength, seed=2))
        original, *drawn = (ax.images[0].get_array() for ax in fig.axes)
        assert (original == image).all()
        assert len(drawn) == images.DRAWS
        changed = [np.abs(picture.astype(int) - original).max() > 0 for picture in drawn]
        assert any(changed) if strength else not any(changed)
        assert f"{name}, strength {strength} of 10, seed 2" in alt
    again, _ = closed(widgets.draw_augmentation(image, name, 10, seed=2))
    assert all(
        (one.images[0].get_array() == two.images[0].get_array()).all() for one, two in zip(fig.axes, again.axes, strict=True)
    )


def test_every_choice_of_the_image_explorers_can_be_drawn(shown):
    plotting.use_style()
    for explorer, image in (
        (widgets.explore_pooling, data.photograph("camera", size=24, grey=True)),
        (widgets.explore_augmentation, data.photograph("chelsea", size=24)),
    ):
        explorer(image)
        box = shown[-1]
        for control in widget_registry._instances[box["data"][VIEW]["model_id"]].children[:-1]:
            for value in getattr(control, "options", None) or (control.max, control.min):
                before, old = len(shown), control.value
                control.value = value
                assert len(shown) == before + (value != old)
                assert shown[-1]["metadata"].get("image/png", {}).get("alt", "") in html.unescape(words_in(box))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: widgets.draw_kernel(GREY, "blur"), "no kernel is called 'blur': there are identity, "),
        (lambda: widgets.draw_kernel(GREY, [[1, 2], [3, 4]]), "the kernel has shape (2, 2): pass 3 × 3 finite numbers"),
        (lambda: widgets.draw_kernel(GREY, [[np.nan] * 3] * 3), "the kernel has shape (3, 3): pass 3 × 3 finite numbers"),
        (lambda: widgets.draw_kernel(GREY, [[1, 2, 3], [1]]), "the kernel is [[1, 2, 3], [1]]: pass 3 × 3 numbers"),
        (lambda: widgets.explore_kernel(GREY / 255), "pass a grey image: a uint8 array (H, W)"),
        (lambda: widgets.draw_kernel(COLOUR, "mean"), "pass a grey image: a uint8 array (H, W)"),
        (lambda: widgets.draw_pooling(GREY, "min"), "pooling is 'min': choose one of max, average, L2."),
        (lambda: widgets.draw_pooling(GREY, k=9), "k is 9, but the image has only 8 × 8 pixels."),
        (lambda: widgets.draw_pooling(np.zeros((65, 9), np.uint8)), "the image has 65 × 9 pixels: pass 6 to 64 a side"),
        (lambda: widgets.explore_pooling(GREY, stride=7), "stride is 7: the slider goes from 1 to 6."),
        (lambda: widgets.explore_pooling(GREY, "min"), "pooling is 'min': choose one of max, average, L2."),
        (lambda: widgets.draw_augmentation(COLOUR, "mixup"), "augmentation is 'mixup': choose one of horizontal flip, "),
        (lambda: widgets.draw_augmentation(COLOUR, "noise", 11), "strength is 11: it goes from 0 to 10."),
        (lambda: widgets.draw_augmentation(GREY, "noise"), "pass a colour image: a uint8 array (H, W, 3)"),
    ],
)
def test_bad_images_and_choices_get_a_sentence(call, words):
    with pytest.raises(ValueError, match="^" + re.escape(words)):
        call()


GREY, COLOUR = np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8)


@pytest.fixture
def lab(tmp_path):
    """Run JupyterLab on an empty folder; give the folder and the server."""
    (tmp_path / "work").mkdir()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    with started(command, tmp_path / "work", tmp_path) as server:
        yield tmp_path / "work", server


@pytest.mark.slow
def test_the_keyboard_moves_the_explorers_in_jupyterlab(lab):
    from playwright.sync_api import sync_playwright

    folder, server = lab
    source = """from cnnkit import data, plotting, widgets
plotting.use_style()
widgets.explore_output_size(n=9, stride=2)
widgets.explore_kernel(data.photograph("camera", size=64, grey=True), "identity")"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata={"kernelspec": KERNELSPEC})
    nbformat.write(notebook, folder / "explore.ipynb")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(f"{server.url}lab/tree/explore.ipynb?token={server.token}")
        page.wait_for_selector("text=| Idle")
        page.click(".jp-Notebook .jp-Cell")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("[role=status]:has-text('stride 2, padding 1')")
        before = page.locator(".jp-OutputArea img").first.get_attribute("src")
        page.locator("[role=slider]").nth(2).focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("[role=status]:has-text('stride 3, padding 1')")
        page.wait_for_function("before => document.querySelector('.jp-OutputArea img').src !== before", arg=before)
        page.keyboard.press("Tab")  # to the number beside the slider
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("[role=status]:has-text('stride 3, padding 2')")

        page.wait_for_selector("[role=status]:has-text('0, 0, 0; 0, 1, 0; 0, 0, 0')")
        page.locator("[role=slider]").nth(5).focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("[role=status]:has-text('0, 0, 0; 1, 0, 0; 0, 0, 0')")
        page.locator(".jp-OutputArea input[type=number]").first.focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("-3")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=status]:has-text('-3, 0, 0; 1, 0, 0; 0, 0, 0')")
        browser.close()
