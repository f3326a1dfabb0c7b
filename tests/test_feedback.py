"""Feedback and report in a real browser: what a student's notebook shows cannot run there."""

import dataclasses

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat import v4
from playwright.sync_api import sync_playwright
from small_course import TOPIC, make_course, once_per_run, solved, submit

from cnnkit.grading.classroom import grade_class
from cnnkit.grading.feedback import FeedbackForm, Marks, feedback_page, rejection, sealed

SHOWS = {
    "script": "<script>window.pwned = 'script'</script>",
    "image handler": "<img src=x onerror=\"window.pwned = 'image handler'\">",
    "picture from elsewhere": '<img src="http://192.0.2.1/track.png">',
    "svg": "<svg><script>window.pwned = 'svg'</script></svg>",
    "svg onload": "<svg onload=\"window.pwned = 'svg onload'\"></svg>",
    "details handler": "<details open ontoggle=\"window.pwned = 'details'\">x</details>",
    "frame": "<iframe srcdoc=\"<script>parent.pwned = 'frame'</script>\"></iframe>",
    "object": "<object data=\"data:text/html,<script>parent.pwned = 'object'</script>\"></object>",
    "style from elsewhere": '<style>@import "http://192.0.2.1/x.css"; body { display: none }</style>',
    "link from elsewhere": '<link rel="stylesheet" href="http://192.0.2.1/x.css">',
    "covering": '<div style="position:fixed;top:0;width:100%;height:100%;background:#fff">All points</div>',
    "picture of a style": '<p style="background:url(http://192.0.2.1/x)">x</p><p style="background:\\75rl(http://192.0.2.1/y)">x</p>',
    "form": '<form action="http://192.0.2.1/"><input name=password></form>',
    "refresh": '<meta http-equiv="refresh" content="0; url=http://192.0.2.1/">',
    "base": '<base href="http://192.0.2.1/">',
    "end of the page": "</body></html><script>window.pwned = 'end of the page'</script>",
    "script link": '<a id="link" href="javascript:window.pwned=1">click</a>',
    "document link": '<a id="link" href="data:text/html,<script>1</script>">click</a>',
    "confused parser": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned=1&gt;">',
}


def hostile_notebook(course):
    """Return a right answer that shows everything hostile, in every way in which a notebook can show something."""
    notebook = solved(course)
    shown = [f"display({{'text/html': {html!r}}}, raw=True)" for html in SHOWS.values()]
    others = [
        "display({'application/javascript': 'window.pwned = \"javascript\"'}, raw=True)",
        "display({'image/svg+xml': '<svg><script>window.pwned = \"svg output\"</script></svg>'}, raw=True)",
        "display({'text/markdown': '<img src=x onerror=\"window.pwned = 1\">'}, raw=True)",
        "display({'text/latex': '$x$<script>window.pwned = \"latex\"</script>'}, raw=True)",
        "display({'image/png': '\" onerror=\"window.pwned = 1'}, raw=True)",
        "print('<script>window.pwned = \"stream\"</script>')",
    ]
    notebook.cells += [v4.new_markdown_cell(html) for html in SHOWS.values()]
    notebook.cells.append(v4.new_raw_cell("<script>window.pwned = 'raw'</script>", metadata={"format": "text/html"}))
    notebook.cells.append(v4.new_code_cell("\n".join(["from IPython.display import display", *shown, *others])))
    notebook.cells.append(v4.new_code_cell("raise ValueError('<script>window.pwned = 1</script>')"))
    notebook.metadata["title"] = "</title><script>window.pwned = 'title'</script>"
    return notebook


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    return once_per_run(tmp_path_factory, "course", make_course)


@pytest.fixture(scope="session")
def output(course, tmp_path_factory):
    """The output of a class of two: a hostile notebook, and a file that is none."""

    def make(folder):
        submit(folder / "submitted", "mallory", hostile_notebook(course))
        submit(folder / "submitted", "<img src=x onerror=pwned=1>", b"{")
        students = sorted(path.name for path in (folder / "submitted").iterdir())
        grade_class(course, TOPIC, folder / "submitted", folder / "output", students, jobs=1, seed=3)

    return once_per_run(tmp_path_factory, "hostile", make) / "output"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def seen(browser):
    """Give a function that opens a page, clicks what looks like a link, and returns the page and all that it asked for."""
    pages = []

    def look(path):
        page = browser.new_page()
        pages.append(page)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri(), wait_until="load")
        for link in page.query_selector_all("#link"):
            link.dispatch_event("click")
        page.wait_for_timeout(300)
        return page, [url for url in asked if url != path.as_uri() and not url.startswith("data:image/")]

    yield look
    for page in pages:
        page.close()


def test_the_hostile_notebook_is_hostile_where_nothing_is_done(output, seen, tmp_path):
    notebook = nbformat.read(output / "autograded" / "mallory" / TOPIC / f"{TOPIC}.ipynb", as_version=4)
    page, asked = seen_raw(seen, notebook, tmp_path)
    assert page.evaluate("window.pwned")
    assert any("192.0.2.1" in url for url in asked)


def seen_raw(seen, notebook, folder):
    """Open what nbconvert alone makes of a notebook."""
    text, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    (folder / "raw.html").write_text(text.replace('http-equiv="refresh"', ""))
    return seen(folder / "raw.html")


def test_nothing_runs_in_feedback_and_nothing_is_fetched(output, seen):
    page, asked = seen(output / "feedback" / "mallory" / TOPIC / f"{TOPIC}.html")
    assert page.evaluate("window.pwned") is None
    assert asked == []
    assert "ValueError" in page.inner_text("body")
    assert page.query_selector("form, iframe, object, script, svg, link, base, body style") is None
    assert page.query_selector("[style*=position]") is None


def test_feedback_shows_what_it_is_for(output, seen):
    page, _ = seen(output / "feedback" / "mallory" / TOPIC / f"{TOPIC}.html")
    text = page.inner_text("body")
    assert "Passed" in text
    assert "Score: 6.0 / 8.0" in text
    # The entries of its table of contents lead to their places.
    assert page.query_selector('a[href="#test_conv1d"]').inner_text() == "conv1d"
    assert page.query_selector('a[name="test_conv1d"]')
    assert page.evaluate("getComputedStyle(document.querySelector('.input_area')).borderTopStyle") == "solid"
    assert "hidden" not in page.content().lower().replace("aria-hidden", "")
    # What a person grades is no lost point yet.
    assert "A person has yet to give up to 2 of the points" in text
    assert "not graded yet, 2.0 points" in text
    assert page.query_selector("li.lost") is None


def test_a_rejection_says_why(output, seen):
    page, asked = seen(output / "feedback" / "<img src=x onerror=pwned=1>" / TOPIC / f"{TOPIC}.html")
    assert "The file is not JSON" in page.inner_text("body")
    assert "Ask your instructor" in page.inner_text("body")
    assert asked == []


@pytest.mark.parametrize("name", ["report.html", f"feedback/mallory/{TOPIC}/{TOPIC}.html"])
def test_a_phone_shows_a_page_without_sideways_scrolling(name, output, browser):
    context = browser.new_context(viewport={"width": 375, "height": 800}, is_mobile=True)
    page = context.new_page()
    page.goto((output / name).as_uri())
    assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [375, 375]
    context.close()


def test_the_report_opens_and_nothing_runs_in_it(output, seen):
    page, asked = seen(output / "report.html")
    assert page.evaluate("window.pwned") is None
    assert asked == []
    assert "2 students: 1 rejected, 1 graded." in page.inner_text("body")
    assert page.query_selector('svg[role="img"]')
    page.click("text=mallory")
    assert page.url.endswith(f"/feedback/mallory/{TOPIC}/{TOPIC}.html")


def test_the_list_on_top_of_feedback_shows_where_points_were_lost():
    notebook = v4.new_notebook()
    notebook.cells = [
        graded_cell(v4.new_code_cell, "conv1d", grade=False),
        graded_cell(v4.new_code_cell, "test_conv1d"),
        graded_cell(v4.new_code_cell, "test_same"),
        graded_cell(v4.new_markdown_cell, "explain_flip", solution=True),
        v4.new_code_cell("import torch", outputs=[missing("torch")]),
        v4.new_code_cell("import cnkit", outputs=[missing("cnkit")]),
    ]
    scores = {"test_conv1d": (2.0, 2.0), "test_same": (0.0, 1.0), "explain_flip": (0.0, 3.0)}
    marks = Marks(2.0, 6.0, 0.0, scores, {"conv1d": "Well done."}, frozenset(["explain_flip"]))
    page = feedback_page(notebook, FeedbackForm("02_x"), marks)
    for line in (
        '<li><a href="#comment-conv1d" rel="noopener noreferrer">Comment on conv1d</a></li>',
        '<li><a href="#test_conv1d" rel="noopener noreferrer">conv1d</a> (Score: 2.0 / 2.0)</li>',
        '<li class="lost"><a href="#test_same" rel="noopener noreferrer">same</a> (Score: 0.0 / 1.0)</li>',
        "Written response: explain_flip</a> (not graded yet, 3.0 points)</li>",
        "A person has yet to give up to 3 of the points",
    ):
        assert line in page
    assert page.count("This package is not there while the assignment is graded") == 1
    given = dataclasses.replace(marks, waiting=frozenset())
    assert "A person has yet" not in feedback_page(notebook, FeedbackForm("02_x"), given)


def graded_cell(make, name, grade=True, solution=False):
    about = {"grade_id": name, "grade": grade, "solution": solution or not grade, "locked": False, "schema_version": 3}
    return make("pass", metadata={"nbgrader": {**about, "task": False, **({"points": 1} if grade else {})}})


def missing(package):
    says = f"No module named '{package}'"
    return v4.new_output(
        "error", ename="ModuleNotFoundError", evalue=says, traceback=["Traceback", f"ModuleNotFoundError: {says}"]
    )


def test_what_feedback_needs_stays():
    cell = '<td style="background:#D55E00">×</td>'
    table = f'<table role="img" aria-label="a map" style="border-collapse:collapse"><tr>{cell}</tr></table>'
    picture = '<img src="data:image/png;base64,AAAA" alt="a plot">'
    body = f"<body class='a'>{table}{picture}<pre>a &lt; b</pre></body>"
    page = sealed(f"<html><head><title>x</title></head>{body}</html>", "02 & more")
    assert "<title>02 &amp; more</title>" in page
    for kept in ('aria-label="a map"', "border-collapse:collapse", "background:#D55E00", picture, "<pre>a &lt; b</pre>"):
        assert kept in page
    assert "&lt;b&gt;" in rejection("<b>", "no")
