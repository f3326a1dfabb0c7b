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
#toc ol { columns: 20em } #toc li { margin: .1em 0 } li.lost { color: #a63c00; font-weight: 600 }
.panel-heading { background: #eef2f4; padding: .35em .8em; border-radius: 4px; margin-top: 1em; display: flow-root }
.pull-right { float: right } .prompt { display: none } .anchor-link { display: none }
.input_area { background: #f7f9fa; border: 1px solid #dde3e6; border-radius: 4px; padding: .5em .8em; margin: .5em 0 }
.output_area { margin: .4em 0 .4em .8em } .output_error pre, .output_stderr { background: #fdf1ec; padding: .4em .8em }
.input_area, .output_area { overflow-x: auto }
@media (max-width: 36em) { .pull-right { float: none; display: block } }
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
    """The marks of a notebook: of each graded cell the score and the most that there is, and of each answer the comment.

    `waiting` are the cells that a person has yet to grade; their score is 0 until then.
    """

    score: float
    max_score: float
    late_penalty: float
    scores: dict[str, tuple[float, float]]
    comments: dict[str, str | None]
    waiting: frozenset[str] = frozenset()


def automatic_page(graded: bytes, form: FeedbackForm) -> tuple[Marks, str]:
    """Return the marks that a graded notebook has before a person looks at it, and its page of feedback with them."""
    import nbformat
    from nbgrader import utils

    notebook = nbformat.v4.reads_json(graded.decode())
    scores, comments, waiting = {}, {}, set()
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            continue
        name = cell.metadata.nbgrader.grade_id
        cell.metadata.nbgrader["checksum"] = form.checksums.get(name)
        if utils.is_grade(cell):
            score, most = utils.determine_grade(cell)
            scores[name] = (float(score or 0), float(most))
            if score is None:
                waiting.add(name)
        if utils.is_solution(cell):
            unchanged = form.checksums.get(name) == utils.compute_checksum(cell)
            comments[name] = "No response." if unchanged else None
    got, most = (float(sum(pair[i] for pair in scores.values())) for i in (0, 1))
    marks = Marks(got, most, 0.0, scores, comments, frozenset(waiting))
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
        _explain_missing_package(cell)
    shown = {"score": marks.score, "max_score": marks.max_score, "late_penalty": marks.late_penalty}
    resources = {"nbgrader": {"notebook": form.topic, **shown}, "unique_key": form.topic, "inlining": {"css": []}}
    with _EXPORTING:
        page, _ = exporter.from_notebook_node(notebook, resources)
    return sealed(_with_marks_explained(page, marks), form.topic)


_MISSING = re.compile(r"No module named '(torch|torchvision|timm|scipy)\b")


def _explain_missing_package(cell: Any) -> None:
    """Say in place of a traceback that a package is not there while a class is graded: the student has done nothing wrong."""
    for output in cell.get("outputs", ()):
        if output.output_type == "error" and output.ename == "ModuleNotFoundError" and _MISSING.match(output.evalue):
            says = "This package is not there while the assignment is graded, so this cell stops here."
            output.traceback = [f"{output.ename}: {output.evalue}. {says}"]


_LISTED = re.compile(r'<li><a href="#(?P<name>\w+)">(?P<kind>[^<]+)</a> \(Score: (?P<score>-?[\d.]+) / (?P<most>[\d.]+)\)</li>')
_COMMENTED = re.compile(r'<li><a href="#comment-(\w+)">Comment</a></li>')


def _with_marks_explained(page: str, marks: Marks) -> str:
    """Make the list on top say where points were lost, what a person has yet to grade, and which cell each entry is."""
    head, found, rest = page.partition('<div id="notebook"')
    head = _COMMENTED.sub(r'<li><a href="#comment-\1">Comment on \1</a></li>', head)
    head = _LISTED.sub(lambda listed: _listed(listed, marks), head)
    points = sum(marks.scores[name][1] for name in marks.waiting)
    if points:
        says = f"A person has yet to give up to {points:g} of the points, for what is written in words."
        head = head.replace('<div id="toc">', f'<p>{says}</p>\n<div id="toc">', 1)
    return head + found + rest


def _listed(listed: re.Match[str], marks: Marks) -> str:
    name = listed["name"]
    label = name.removeprefix("test_") if listed["kind"] == "Test cell" else f"{listed['kind']}: {name}"
    entry = f'<a href="#{name}">{label}</a>'
    if name in marks.waiting:
        return f"<li>{entry} (not graded yet, {listed['most']} points)</li>"
    lost = ' class="lost"' if float(listed["score"]) < float(listed["most"]) else ""
    return f"<li{lost}>{entry} (Score: {listed['score']} / {listed['most']})</li>"


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
    return _page(title, nh3.clean(body, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_attribute, **_OPTIONS))


def rejection(title: str, says: str) -> str:
    """Return the page for a submission that could not be graded."""
    heading = f"<h1>{html.escape(title)}</h1>"
    said = f"<p>This submission could not be graded, so it has no points.</p>\n<p><strong>{html.escape(says)}</strong></p>"
    return _page(title, f"{heading}\n{said}\n<p>Ask your instructor whether you can hand it in again.</p>")


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
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE_SHEET}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
