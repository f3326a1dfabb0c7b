import base64
import io
import itertools

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from nbconvert import HTMLExporter
from PIL import Image

from cnnkit import plotting


@pytest.fixture
def shown():
    """Give the outputs that a notebook would store."""
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
    assert plt.get_fignums() == [], "a plotting helper left a figure open"


def line_figure(k=0):
    fig, ax = plt.subplots(figsize=(3, 2), layout="constrained")
    ax.plot([0, 1, 2], [0, k, 2])
    return fig


def png_of(output):
    return Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"])))


def frames_of(picture):
    """Decode every frame of an animation, without the picture shown where animations do not play."""
    image = Image.open(io.BytesIO(picture.data))
    assert image.default_image
    decoded = []
    for k in range(1, image.n_frames):
        image.seek(k)
        decoded.append(np.asarray(image.convert("RGB")).astype(int))
    return decoded


def test_style_uses_the_colour_blind_safe_palette():
    plotting.use_style()
    fig = line_figure()
    assert fig.axes[0].lines[0].get_color() == plotting.BLUE
    assert plt.rcParams["figure.dpi"] == 90
    plt.close(fig)


def test_show_stores_the_alternative_text_and_the_pixels(shown):
    plotting.use_style()
    plotting.show(line_figure(), "A line that rises.")
    (output,) = shown
    assert output["metadata"]["image/png"]["alt"] == "A line that rises."
    assert output["data"]["text/plain"] == "A line that rises."
    assert png_of(output).size == (270, 180)


def test_alternative_text_reaches_the_page_that_nbconvert_makes(shown):
    plotting.show(line_figure(), "A line that rises.")
    output = nbformat.v4.new_output("display_data", data=shown[0]["data"], metadata=shown[0]["metadata"])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    assert 'alt="A line that rises."' in page


def test_same_figure_gives_the_same_bytes(shown):
    plotting.show(line_figure(), "A line.")
    plotting.show(line_figure(), "A line.")
    assert shown[0]["data"]["image/png"] == shown[1]["data"]["image/png"]


def test_show_keeps_colours_and_moves_greys_by_less_than_a_64th(shown):
    fig = plt.figure(figsize=(4, 2), dpi=64)
    grey = np.repeat(np.linspace(0, 255, 128)[None, :, None], 128, axis=0).repeat(3, axis=2)
    colour = np.random.default_rng(0).integers(0, 256, (128, 128, 3))
    fig.figimage(np.concatenate([grey, colour], axis=1).astype(np.uint8))
    fig.canvas.draw()
    drawn = np.asarray(fig.canvas.buffer_rgba())[:, :, :3].astype(int)
    plotting.show(fig, "A ramp of greys beside random colours.")
    stored = np.asarray(png_of(shown[0]).convert("RGB")).astype(int)
    assert np.abs(stored - drawn).max() <= 2
    coloured = drawn.max(axis=2) > drawn.min(axis=2)
    assert coloured.sum() > 16000
    assert np.array_equal(stored[coloured], drawn[coloured])


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_alternative_text_is_refused(alt):
    fig = line_figure()
    with pytest.raises(ValueError, match="no alternative text: pass alt"):
        plotting.show(fig, alt)
    plt.close(fig)
    with pytest.raises(ValueError, match="no alternative text"):
        plotting.animate(line_figure, 2, alt)
    with pytest.raises(ValueError, match="no alternative text"):
        plotting.show_images([np.zeros((4, 4))], alt=alt)


@pytest.mark.parametrize(
    "image",
    [
        np.full((8, 8), 255, np.uint8),
        np.ones((8, 8)),
        np.ones((8, 8, 1), np.float32),
        np.full((8, 8, 3), 255, np.uint8),
        torch.ones(3, 8, 8),
        torch.ones(1, 8, 8),
        np.full((8, 8), 7.0),
    ],
    ids=["uint8", "float", "one-channel", "colour", "tensor", "grey-tensor", "limits"],
)
def test_show_images_keeps_the_scale_of_brightness(shown, image):
    limits = (0.0, 21.0) if np.asarray(image).max() == 7 else None
    plotting.show_images([image], alt="A plain square.", limits=limits)
    picture = np.asarray(png_of(shown[0]).convert("L"))
    centre = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    assert centre == (255 if limits is None else 85)


def test_show_images_puts_titles_and_columns(shown):
    images = [np.eye(6)] * 5
    plotting.show_images(images, list("abcde"), columns=5, alt="Five squares.")
    plotting.show_images(images, list("abcde"), columns=2, alt="Five squares.")
    wide, tall = (png_of(output).size for output in shown)
    assert wide[0] > 3 * wide[1]
    assert tall[1] > tall[0]


@pytest.mark.parametrize(
    ("images", "options", "sentence"),
    [
        ([], {}, "no images"),
        ([np.zeros(5)], {}, r"image 0 has shape \(5,\)"),
        ([np.zeros((4, 4)), np.zeros((4, 4, 2))], {}, r"image 1 has shape \(4, 4, 2\)"),
        ([np.full((4, 4), -2.0)], {}, r"image 0 has values from -2 to -2.*limits="),
        ([np.full((4, 4), np.nan)], {}, "image 0 has values from nan"),
        ([np.zeros((4, 4))], {"titles": ["a", "b"]}, "1 images and 2 titles"),
    ],
)
def test_show_images_names_what_was_wrong(images, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        plotting.show_images(images, alt="Nothing.", **options)


def test_an_animation_has_the_frames_asked_for():
    picture = plotting.animate(line_figure, 7, "A line that grows.", seconds=0.5)
    frames = frames_of(picture)
    assert len(frames) == 7
    for k, frame in enumerate(frames):
        fig = line_figure(k)
        fig.canvas.draw()
        drawn = np.asarray(fig.canvas.buffer_rgba())[:, :, :3].astype(int)
        plt.close(fig)
        assert np.abs(frame - drawn).mean() < 0.5, f"frame {k} shows something else"
        assert tuple(frame[0, 0]) == (255, 255, 255)
    assert len(picture.data) < plotting.MAX_ANIMATION_BYTES


def test_an_animation_plays_endlessly_and_rests_on_its_last_frame():
    image = Image.open(io.BytesIO(plotting.animate(line_figure, 3, "A line.", seconds=0.5).data))
    still = np.asarray(image.convert("RGB"))
    durations = []
    for k in range(1, image.n_frames):
        image.seek(k)
        durations.append(image.info["duration"])
    assert durations == [500, 500, 1500]
    assert image.info["loop"] == 0
    assert np.array_equal(still, np.asarray(image.convert("RGB")))


def test_an_animation_is_stored_under_a_type_that_every_viewer_shows():
    data, metadata = DisplayFormatter().format(plotting.animate(line_figure, [1, 3], "Two lines."))
    assert "image/png" in data
    assert "image/gif" not in data
    assert metadata["image/png"]["alt"] == data["text/plain"] == "Two lines."


def test_animate_names_what_was_wrong():
    def noise(k):
        fig = plt.figure(figsize=(5, 5))
        fig.figimage(np.random.default_rng(k).random((450, 450)))
        return fig

    def growing(k):
        return plt.figure(figsize=(2 + k, 2))

    with pytest.raises(ValueError, match="no frames"):
        plotting.animate(line_figure, 0, "Nothing.")
    with pytest.raises(ValueError, match=r"draw\(0\) returned NoneType"):
        plotting.animate(lambda k: None, 2, "Nothing.")
    with pytest.raises(ValueError, match="different sizes"):
        plotting.animate(growing, 2, "A growing page.")
    with pytest.raises(ValueError, match=r"takes \d+ KB and the limit is 250: draw fewer frames"):
        plotting.animate(noise, 5, "Noise.")


def test_slide_1d_draws_one_frame_per_output():
    x, w = np.array([1.0, 3, 2, 5, 4, 0]), np.array([1.0, 0, -1])
    picture = plotting.slide_1d(x, w, np.correlate(x, w))
    frames = frames_of(picture)
    assert len(frames) == 4
    assert all(np.abs(a - b).max() > 50 for a, b in itertools.pairwise(frames))
    assert "kernel of 3 weights slides along 6 values in steps of 1" in picture.alt
    assert len(picture.data) < plotting.MAX_ANIMATION_BYTES


def test_slide_1d_follows_the_stride_of_its_outputs():
    x, w = np.arange(7.0), np.ones(3)
    assert "steps of 2" in plotting.slide_1d(x, w, np.correlate(x, w)[::2]).alt


def test_slide_2d_draws_one_frame_per_output():
    x = np.arange(20.0).reshape(4, 5)
    w = np.array([[1.0, 2], [0, -1]])
    y = torch.nn.functional.conv2d(torch.tensor(x)[None, None], torch.tensor(w)[None, None])[0, 0]
    picture = plotting.slide_2d(x, w, y)
    assert len(frames_of(picture)) == 12
    assert "2 by 2 kernel slides over a 4 by 5 plane" in picture.alt
    assert len(picture.data) < plotting.MAX_ANIMATION_BYTES


def test_slide_draws_the_names_that_it_is_given():
    x, w, y = np.arange(4.0), np.ones(2), np.array([1.0, 3, 5])
    for slide, arrays in ((plotting.slide_1d, (x, w, y)), (plotting.slide_2d, (x[None], w[None], y[None]))):
        default = slide(*arrays).data
        assert slide(*arrays, names=("x", "w", "y")).data == default
        assert slide(*arrays, names=("dy", "w", "dx")).data != default


def luminance(colour):
    """Return the relative luminance of an sRGB colour (WCAG 2.2)."""
    parts = np.array(colour[:3])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)


def test_black_numbers_can_be_read_on_the_darkest_cells():
    tints = plt.get_cmap(plotting.DIVERGING)([0.5 - plotting.CELL_TINT, 0.5 + plotting.CELL_TINT])
    assert all((luminance(tint) + 0.05) / 0.05 > 4.5 for tint in tints)  # contrast that WCAG asks of text


def test_slide_does_not_change_its_inputs():
    x, w, y = np.arange(5.0), np.ones(2), np.array([1.0, 3, 5, 7])
    before = [a.copy() for a in (x, w, y)]
    plotting.slide_1d(x, w, y)
    assert all(np.array_equal(a, b) for a, b in zip((x, w, y), before, strict=True))


@pytest.mark.parametrize(
    ("slide", "arrays", "sentence"),
    [
        (
            plotting.slide_1d,
            (np.zeros((2, 2)), np.ones(2), np.ones(1)),
            r"x has shape \(2, 2\): expected one dimension",
        ),
        (
            plotting.slide_1d,
            (np.zeros(5), np.ones(3), np.ones(4)),
            "no step lets a window of 3 make 4 stops on 5 entries",
        ),
        (plotting.slide_1d, (np.zeros(2), np.ones(3), np.ones(1)), "do not fit"),
        (plotting.slide_1d, (np.zeros(40), np.ones(3), np.ones(38)), "x has 40 entries"),
        (plotting.slide_2d, (np.zeros((4, 4)), np.ones(3), np.ones((2, 2))), r"w has shape \(3,\): expected two"),
        (
            plotting.slide_2d,
            (np.zeros((4, 4)), np.ones((3, 3)), np.ones((2, 5))),
            "the widths of x, w and y do not fit",
        ),
    ],
)
def test_slide_names_what_was_wrong(slide, arrays, sentence):
    with pytest.raises(ValueError, match=sentence):
        slide(*arrays)
