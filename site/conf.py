"""Sphinx's configuration. `make site` arranges the pages and calls Sphinx with it."""

import base64
import hashlib
import json
from pathlib import Path, PurePosixPath

from docutils import nodes
from ipython_pygments_lexers import IPython3Lexer
from sphinx.application import Sphinx

project = "Convolutional neural networks"
copyright = "the course's authors. Text and figures: CC BY 4.0; code: MIT"
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["**/.ipynb_checkpoints"]

nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables that a cell displays are tables
nb_ipywidgets_js = {}  # explorers are shown by their saved pictures; the sliders' scripts would come from a network
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
myst_heading_slug_func = "anchors.as_in_jupyterlab"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
default_role = "code"  # docstrings quote code as Markdown does

mathjax_path = "mathjax/tex-svg-full.js"
mathjax3_config = {
    # Without the menu no formula is a tab stop, and no component of MathJax is asked for later.
    "options": {"enableMenu": False, "enableAssistiveMml": True},
    "svg": {"fontCache": "local"},
}

html_title = project
html_theme = "sphinx_book_theme"
html_theme_options = {
    "footer_content_items": ["copyright.html"],
    "use_download_button": False,  # each notebook has a link of its own under its title
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "navbar_persistent": [],  # the search field is in the sidebar
    "search_bar_text": "Search the course",
}
html_context = {"default_mode": "auto"}
html_use_index = False
html_domain_indices = False
html_copy_source = False
html_show_sourcelink = False
html_css_files = ["site.css"]
html_js_files = ["site.js"]

WORD_JOINER = "\u2060"


def setup(app: Sphinx) -> None:
    app.add_lexer("python", IPython3Lexer)  # a cell may begin with % or !
    app.connect("autodoc-process-docstring", mark_code)
    app.connect("autodoc-skip-member", skip_named_fields)
    app.connect("source-read", add_links)
    app.connect("doctree-read", complete_pictures)
    app.connect("doctree-read", keep_punctuation)
    app.connect("html-page-context", name_folds, priority=900)  # after the theme's own


def mark_code(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Show indented paragraphs of a docstring as code."""
    for number in reversed(range(2, len(lines))):
        before, blank, line = lines[number - 2 : number + 1]
        if line.startswith("    ") and not blank and before and not before.startswith((" ", "- ")):
            lines[number:number] = ["::", ""]


def skip_named_fields(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out the fields of a named tuple, which its signature shows."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def add_links(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put under a notebook's title a link that downloads it, and under a lecture its assignment in the contents."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    first = notebook["cells"][0]
    title, _, text = "".join(first["source"]).partition("\n")
    links = [f"{{download}}`Download this notebook <{path.name}>`"]
    assignment = PurePosixPath("assignments", path.stem, path.stem)
    if docname.startswith("lectures/") and (Path(app.srcdir) / f"{assignment}.ipynb").exists():
        links.append(f"[Assignment](/{assignment}.ipynb)")
        contents = f"```{{toctree}}\n:hidden:\n\n/{assignment}\n```"
        notebook["cells"].append({"cell_type": "markdown", "id": "contents", "metadata": {}, "source": contents})
    first["source"] = f"{title}\n\n{' · '.join(links)}\n{text}"
    source[0] = json.dumps(notebook)


def complete_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Give each picture of a notebook the alternative text that its output's metadata holds, and its width.

    With a width it is a link to itself: on a phone, the way to see it as large as it is.
    """
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    outputs = [output for cell in json.loads(path.read_text())["cells"] for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    shown = [
        image
        for container in doctree.findall(nodes.container)
        if container.get("nb_element") == "cell_code_output"
        for image in container.findall(nodes.image)
    ]
    for picture, image in zip(pictures, shown, strict=True):
        png = base64.b64decode("".join(picture["data"]["image/png"]))
        if hashlib.sha256(png).hexdigest() != PurePosixPath(image["uri"]).stem:
            raise ValueError(f"{path.name}: the pictures on the page are not in the order of the notebook's outputs.")
        image["alt"] = picture["metadata"].get("image/png", {}).get("alt", "")
        image["width"] = f"{int.from_bytes(png[16:20])}px"  # where a PNG's header has it


def keep_punctuation(app: Sphinx, doctree: nodes.document) -> None:
    """Let no line begin with the comma behind a formula, which is a picture to the browser."""
    for formula in [*doctree.findall(nodes.math)]:
        behind = formula.next_node(descend=False, siblings=True)
        if isinstance(behind, nodes.Text) and behind.startswith((",", ".", ";", ":", "?", "!", ")", "’", "”")):
            behind.parent.replace(behind, nodes.Text(f"{WORD_JOINER}{behind}"))


def name_folds(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Give each fold of the sidebar a name; the theme's have only an icon."""
    generate = context["generate_toctree_html"]

    def named(*args, **options) -> str:
        return str(generate(*args, **options)).replace("<summary>", '<summary aria-label="Its assignment">')

    context["generate_toctree_html"] = named
