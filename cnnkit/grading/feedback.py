"""Make of a graded notebook nbgrader's page of feedback, in which nothing runs, whatever the notebook shows.

What a notebook shows is HTML of the student's making: scripts, event handlers, SVG, links. Only elements and attributes from a
list are kept, pictures must be in the page itself, the styles are ours, and a Content-Security-Policy forbids the rest.
"""

import functools
import html
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nh3

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
PICTURES = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif"))
LINKS = ("#", "https://", "http://", "mailto:")
TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1"),
    *("h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span"),
    *("strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"),
}
ATTRIBUTES = {
    "*": {"aria-label", "class", "id", "name", "role", "style", "title"},
    "a": {"href"},
    "img": {"alt", "height", "src", "width"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
STYLES = {
    *("background", "background-color", "border", "border-bottom", "border-collapse", "border-left", "color", "font-size"),
    *("font-style", "font-weight", "height", "line-height", "margin", "max-width", "padding", "text-align", "width"),
}
STYLE_SHEET = """
body { font: 16px/1.5 system-ui, sans-serif; color: #20272b; max-width: 62em; margin: 2em auto; padding: 0 1.2em }
pre, code { font-family: ui-monospace, monospace; font-size: 14px } pre { white-space: pre-wrap; margin: 0 }
img { max-width: 100% } table { border-collapse: collapse } td, th { padding: .2em .6em }
#toc li { margin: .1em 0 } .panel-heading { background: #eef2f4; padding: .35em .8em; border-radius: 4px; margin-top: 1em }
.pull-right { float: right } .prompt { display: none } .anchor-link { display: none }
.input_area { background: #f7f9fa; border: 1px solid #dde3e6; border-radius: 4px; padding: .5em .8em; margin: .5em 0 }
.output_area { margin: .4em 0 .4em .8em } .output_error pre, .output_stderr { background: #fdf1ec; padding: .4em .8em }
.input_area, .output_area { overflow-x: auto }
.k, .kn, .kc, .ow { color: #005b96; font-weight: 600 } .c1, .sd { color: #5f6b73; font-style: italic } .nf { color: #7a3e00 }
.s1, .s2 { color: #00663d } .mi, .mf { color: #8a2f62 } .ansi-red-fg { color: #b3261e } .ansi-green-fg { color: #00663d }
.ansi-cyan-fg, .ansi-blue-fg { color: #005b96 } .ansi-yellow-fg { color: #7a5a00 } .ansi-bold { font-weight: bold }
"""


@dataclass(frozen=True)
class FeedbackForm:
    """What the pages of all students have in common: the assignment, its cells' checksums, and how much output is kept.

    `limits` are nbgrader's settings of LimitOutput as JSON.
    """

    topic: str
    checksums: Mapping[str, str] = field(default_factory=dict)
    limits: str = "{}"


@dataclass(frozen=True)
class Marks:
    """The marks of a notebook: of each graded cell the score and the most that there is, and of each answer the comment."""

    score: float
    max_score: float
    late_penalty: float
    scores: dict[str, tuple[float, float]]
    comments: dict[str, str | None]


def automatic_page(graded: bytes, form: FeedbackForm) -> tuple[Marks, str]:
    """Return the marks that a graded notebook has before a person looks at it, and its page of feedback with them."""
    import nbformat
    from nbgrader import utils

    notebook = nbformat.v4.reads_json(graded.decode())
    scores, comments = {}, {}
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            continue
        name = cell.metadata.nbgrader.grade_id
        cell.metadata.nbgrader["checksum"] = form.checksums.get(name)
        if utils.is_grade(cell):
            score, most = utils.determine_grade(cell)
            scores[name] = (float(score or 0), float(most))
        if utils.is_solution(cell):
            unchanged = form.checksums.get(name) == utils.compute_checksum(cell)
            comments[name] = "No response." if unchanged else None
    got, most = (float(sum(pair[i] for pair in scores.values())) for i in (0, 1))
    marks = Marks(got, most, 0.0, scores, comments)
    return marks, feedback_page(notebook, form, marks)


def feedback_page(notebook: Any, form: FeedbackForm, marks: Marks) -> str:
    """Return the page with which nbgrader shows a notebook and its marks, without hidden tests, sealed."""
    exporter, clear_hidden, limit = _tools(form.limits)
    notebook, _ = limit(notebook, {})
    notebook, _ = clear_hidden(notebook, {})
    for cell in notebook.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        name = nbgrader.get("grade_id")
        if name in marks.comments:
            nbgrader["comment"] = marks.comments[name]
        if name in marks.scores:
            nbgrader["score"], nbgrader["points"] = marks.scores[name]
    shown = {"score": marks.score, "max_score": marks.max_score, "late_penalty": marks.late_penalty}
    resources = {"nbgrader": {"notebook": form.topic, **shown}, "unique_key": form.topic, "inlining": {"css": []}}
    with _EXPORTING:
        page, _ = exporter.from_notebook_node(notebook, resources)
    return sealed(page, form.topic)


_EXPORTING = threading.Lock()
"""Without a sandbox notebooks run in threads, and an exporter notes in itself what it is about."""


@functools.cache
def _tools(limits: str) -> tuple[Any, Any, Any]:
    """Return nbgrader's exporter of feedback, and what it does to a notebook first, made once in a process."""
    import nbgrader
    from nbconvert.exporters import HTMLExporter
    from nbconvert.filters import Highlight2HTML
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
    from nbgrader.preprocessors import ClearHiddenTests, LimitOutput
    from traitlets.config import Config

    class Exporter(HTMLExporter):
        """Leaves the page as the template makes it; nbconvert would parse it again, to add what `sealed` takes away."""

        def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
            return super(HTMLExporter, self).from_notebook_node(nb, self._init_resources(resources), **options)

    templates = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
    exporter = Exporter(
        config=Config({"Exporter": {"default_preprocessors": []}}),
        template_name="feedback",
        extra_template_basedirs=[str(templates / "templates")],
        extra_template_paths=[str(templates / "static" / "node_modules" / "bootstrap" / "dist" / "css")],
    )
    # The tests of an assignment are the same in every notebook.
    highlight = functools.lru_cache(maxsize=1000)(Highlight2HTML(pygments_lexer="python", parent=exporter).__call__)
    exporter.register_filter("highlight_code", lambda source, language=None, metadata=None: highlight(source, language))
    exporter.register_filter("filter_data_type", WidgetsDataTypeFilter(notebook_metadata={}, parent=exporter))
    return exporter, ClearHiddenTests(), LimitOutput(config=Config({"LimitOutput": json.loads(limits)}))


def sealed(page: str, title: str) -> str:
    """Return a page with what nbgrader wrote into another's body, and in which nothing can run or be fetched."""
    _, found, body = page.partition("<body")
    _, found, body = body.partition(">") if found else ("", "", page)
    body = re.sub(r'<a href="#test_(\w+)">Test cell</a>', r'<a href="#test_\1">\1</a>', body)
    return _page(title, nh3.clean(body, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_attribute, **_OPTIONS))


def rejection(title: str, says: str) -> str:
    """Return the page for a submission that could not be graded."""
    heading = f"<h1>{html.escape(title)}</h1>"
    return _page(title, f"{heading}\n<p>This submission could not be graded.</p>\n<p><strong>{html.escape(says)}</strong></p>")


_OPTIONS = {
    "clean_content_tags": {"script", "style", "svg", "math", "template", "iframe", "object", "title", "noscript"},
    "filter_style_properties": STYLES,
    "url_schemes": {"http", "https", "mailto", "data"},
    "link_rel": "noopener noreferrer",
}


_FETCHING = re.compile(r"url|image|src|\\", re.IGNORECASE)


def _attribute(tag: str, attribute: str, value: str) -> str | None:
    """Keep a link that leads to a page or within this one, a picture that lies in the page, a style that names no other."""
    if attribute == "style" and _FETCHING.search(value):
        return None
    allowed = {"href": LINKS, "src": PICTURES}.get(attribute)
    return value if allowed is None or value.startswith(allowed) else None


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE_SHEET}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
