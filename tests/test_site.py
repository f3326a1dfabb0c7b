"""The site in a real browser, opened from its folder as somebody without a network would."""

import base64
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from small_course import once_per_run

ROOT = Path(__file__).parent.parent
TOPICS = sorted(path.stem for path in ROOT.glob("lectures/*.ipynb"))
LECTURES = [f"lectures/{topic}" for topic in TOPICS]
ASSIGNMENTS = [f"assignments/{topic}/{topic}" for topic in TOPICS if (ROOT / f"assignments/{topic}/{topic}.ipynb").exists()]
GUIDES = [f"guides/{path.stem}" for path in sorted(ROOT.glob("guides/*")) if path.suffix in (".md", ".ipynb")]
OTHERS = [path.stem for path in sorted([*ROOT.glob("*.ipynb"), *ROOT.glob("*.md")]) if path.stem not in ("index", "README")]
NOTEBOOKS = [page for page in (*LECTURES, *ASSIGNMENTS, *GUIDES, *OTHERS) if (ROOT / f"{page}.ipynb").exists()]
PAGES = ["index", *LECTURES, *ASSIGNMENTS, *GUIDES, *OTHERS, "api", "search"]
WIDTHS = {"desk": 1280, "phone": 375}

FORMULAS = """() => {
  const article = document.querySelector("main");
  const shown = [...article.querySelectorAll(".math")].filter((math) => math.querySelector("mjx-container svg"));
  const words = article.cloneNode(true);
  words.querySelectorAll("pre, code, mjx-container, script").forEach((part) => part.remove());
  return {
    formulas: article.querySelectorAll(".math").length,
    shown: shown.length,
    // MathJax writes the name of a command that it does not know in red.
    wrong: [...document.querySelectorAll("[data-mjx-error], [data-mml-node=mtext][fill=red]")]
      .map((error) => error.closest("mjx-container").textContent),
    raw: words.textContent.match(/.{0,30}(\\\\\\(|\\\\\\[|\\$[^$\\s][^$]*\\$).{0,30}/g) || [],
  };
}"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const apart = (style) => style.overflowX !== "visible" || style.position === "fixed";
  const scrolls = (part) => part && part !== document.body && (apart(getComputedStyle(part)) || scrolls(part.parentElement));
  const wide = [...document.querySelectorAll("main *")]
    .filter((part) => part.getBoundingClientRect().right > width + 1 && !scrolls(part))
    .map((part) => part.outerHTML.slice(0, 200));
  return { page: document.documentElement.scrollWidth - width, parts: wide.slice(0, 5) };
}"""


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site as `make site` builds it; a warning of Sphinx fails the build."""

    def make(folder):
        command = [sys.executable, ROOT / "site" / "build.py", folder / "site"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        (folder / "said").write_text(f"{done.stdout}{done.stderr}{f'exit status {done.returncode}' if done.returncode else ''}")

    folder = once_per_run(tmp_path_factory, "built-site", make)
    assert (folder / "said").read_text() == ""
    return folder / "site"


@pytest.fixture(scope="module")
def documents(site):
    return {path.relative_to(site).as_posix(): _parsed(path) for path in site.rglob("*.html") if "_static" not in path.parts}


def _parsed(path):
    return BeautifulSoup(path.read_text(), "html.parser")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, site):
    """Give a function that opens a page of the site and waits until its formulas are drawn."""
    contexts = []

    def look(name, width=WIDTHS["desk"], **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **options))
        page = contexts[-1].new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: message.type in ("error", "warning") and page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("requestfailed", lambda request: page.said.append(f"{request.url}: {request.failure}"))
        page.on("request", lambda request: page.asked.append(request.url))
        path, _, query = name.partition("?")
        page.goto((site / f"{path}.html").as_uri() + (f"?{query}" if query else ""), wait_until="load")
        page.evaluate("window.MathJax?.startup?.promise")
        return page

    yield look
    for context in contexts:
        context.close()


def notebook(name):
    return json.loads((ROOT / f"{name}.ipynb").read_text())


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pictures(name):
    """List the pictures of a notebook's outputs, each with its alternative text."""
    outputs = [output for cell in notebook(name)["cells"] for output in cell.get("outputs", [])]
    return [
        (base64.b64decode("".join(output["data"]["image/png"])), output["metadata"]["image/png"]["alt"])
        for output in outputs
        if "image/png" in output.get("data", {})
    ]


def test_every_page_is_there(documents):
    assert set(documents) >= {f"{name}.html" for name in PAGES}


def test_every_link_and_anchor_leads_somewhere(site, documents):
    anchors = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in documents.items()}
    broken = []
    for name, page in documents.items():
        for tag in page.find_all(["a", "img", "link", "script"]):
            link = tag.get("href") or tag.get("src")
            if not link or (tag.name == "a" and urlsplit(link).scheme in ("http", "https", "mailto")):
                continue
            parts = urlsplit(link)
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            place = target.resolve().relative_to(site).as_posix() if not parts.scheme and not parts.netloc else ""
            if not place or not target.is_file() or (parts.fragment and unquote(parts.fragment) not in anchors.get(place, ())):
                broken.append(f"{name}: {link}")
    assert broken == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_can_be_downloaded_as_it_is(name, site, documents):
    (link,) = documents[f"{name}.html"].select("h1 + p a[download]")
    target = (site / f"{name}.html").parent / link["href"]
    assert target.name == f"{Path(name).name}.ipynb"
    assert target.read_bytes() == (ROOT / f"{name}.ipynb").read_bytes()


def test_no_answers_are_published(site):
    published = {(path.name, digest(path)) for path in site.rglob("*.ipynb")}
    assert published == {(f"{Path(name).name}.ipynb", digest(ROOT / f"{name}.ipynb")) for name in NOTEBOOKS}
    assert not [path for path in site.rglob("*") if path.suffix == ".py" or "solutions" in path.relative_to(site).parts]


def test_a_page_may_not_link_to_answers(tmp_path, monkeypatch):
    specification = importlib.util.spec_from_file_location("site_build", ROOT / "site" / "build.py")
    build = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(build)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    for name, text in {"README.md": "[x](solutions/02.ipynb) [y](https://example.org)", "solutions/02.ipynb": "{}"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"README.md links to solutions/02.ipynb, which is not on the site"):
        build.arrange(tmp_path / "content")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_pictures_of_a_notebook_are_there_with_their_texts(name, site, documents):
    expected = [(hashlib.sha256(png).hexdigest(), alt) for png, alt in pictures(name)]
    shown = documents[f"{name}.html"].select(".cell_output img")
    assert [(Path(image["src"]).stem, image["alt"]) for image in shown] == expected
    for (png, _), image in zip(pictures(name), shown, strict=True):  # byte for byte, so that animations play
        assert ((site / f"{name}.html").parent / image["src"]).read_bytes() == png


def test_every_image_has_an_alternative_text(documents):
    images = [(name, image["src"], image.get("alt", "")) for name, page in documents.items() for image in page.find_all("img")]
    assert images
    assert [(name, source) for name, source, alt in images if not alt.strip() or alt in source] == []


@pytest.mark.parametrize("name", LECTURES)
def test_a_table_that_a_cell_displays_is_a_table(name, documents):
    outputs = [output for cell in notebook(name)["cells"] for output in cell.get("outputs", [])]
    tables = [output for output in outputs if re.search(r"\|\s*---", "".join(output.get("data", {}).get("text/markdown", "")))]
    assert len(documents[f"{name}.html"].select(".cell_output table")) == len(tables)


def test_what_lectures_call_is_described(documents):
    described = {tag["id"] for tag in documents["api.html"].find_all("dt", id=True)}
    modules = "|".join(module.removeprefix("module-cnnkit.") for module in _modules(documents["api.html"]))
    called = set()
    for name in LECTURES:
        code = "\n".join("".join(cell["source"]) for cell in notebook(name)["cells"] if cell["cell_type"] == "code")
        called |= {f"cnnkit.{use}" for use in re.findall(rf"(?<![\w.])((?:{modules})\.[a-z]\w*)\(", code)}
    assert len(called) > 10
    assert called - described == set()


def _modules(page):
    return [tag["id"] for tag in page.find_all(id=re.compile("^module-cnnkit"))]


def test_next_leads_through_the_course(site, documents):
    order, name = ["index"], "index.html"
    while link := documents[name].select_one("a.right-next"):
        name = ((site / name).parent / link["href"]).resolve().relative_to(site).as_posix()
        order.append(name.removesuffix(".html"))
    expected = [page for topic in TOPICS for page in (f"lectures/{topic}", f"assignments/{topic}/{topic}") if page in PAGES]
    assert order[: len(expected) + 1] == ["index", *expected]
    assert set(order) >= {*GUIDES, *OTHERS, "api"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name, site, opened):
    page = opened(name)
    assert page.said == []
    assert [url for url in page.asked if not url.startswith((site.as_uri(), "data:", "blob:"))] == []

    maths = page.evaluate(FORMULAS)
    assert maths["shown"] == maths["formulas"]
    assert maths["wrong"] == maths["raw"] == []
    # A fold that was not closed would swallow the sections behind it.
    assert page.locator("main details section").count() == 0

    page.set_viewport_size({"width": WIDTHS["phone"], "height": 800})
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert page.evaluate(TOO_WIDE) == {"page": 0, "parts": []}


def test_what_goes_on_beyond_the_edge_looks_so(opened):
    page = opened(LECTURES[4], WIDTHS["phone"])
    page.wait_for_selector("mjx-container.goes-on")
    cut = page.wait_for_selector("pre.goes-on")
    assert cut.evaluate("part => part.scrollWidth > part.clientWidth")
    cut.evaluate("part => (part.scrollLeft = part.scrollWidth)")
    page.wait_for_function("part => !part.classList.contains('goes-on')", arg=cut)
    # A formula within a sentence is no tab stop, nor one within emphasised words, which have no width of their own.
    assert page.locator("p mjx-container[tabindex]").count() == 0
    assert page.locator("em mjx-container, strong mjx-container").count() > 0


@pytest.mark.parametrize(("width", "colours"), [("desk", "light"), ("phone", "dark")])
# axe looks at every word of a lecture's code: a quarter of all the time that these tests take.
@pytest.mark.parametrize("name", ["index", pytest.param(LECTURES[1], marks=pytest.mark.slow), ASSIGNMENTS[1], GUIDES[0], "api"])
def test_a_page_is_accessible(name, width, colours, opened):
    page = opened(name, WIDTHS[width], color_scheme=colours)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    found = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == []


def test_search_finds_a_lecture(opened):
    page = opened("search?q=receptive+field")
    result = page.locator("#search-results a").first
    result.wait_for()
    assert "receptive field" in page.locator("#search-results").inner_text().lower()
    result.click()
    page.wait_for_load_state()
    assert page.locator("article h1").count() == 1
    assert page.said == []
