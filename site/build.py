"""Build the site: arrange the pages in one folder, then have Sphinx turn them into HTML.

    python site/build.py build/site

The pages are the README as the start page, the executed lectures, the released assignments, the guides, the glossary and
the API.
Nothing is executed and nothing is fetched.
"""

import re
import shutil
import sys
from pathlib import Path

import mathjax
from sphinx.cmd.build import main as sphinx_build

# nbformat's validator would compile a grammar for a format of addresses that no notebook uses: a second at every start.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

SITE = Path(__file__).parent
ROOT = SITE.parent

# Guides in the order in which they are read; further ones follow by name.
GUIDES = ("students", "instructors")
# Whoever links to these from a page would publish answers.
NEVER_PUBLISHED = ("solutions", "sources", "tests", "cnnkit")

LINK = re.compile(r"\]\(([^)#\s]+)")
MATHJAX = Path(mathjax.__file__).parent / "static" / "mathjax"


def main(output: Path) -> int:
    """Write the site and return Sphinx's exit status; a warning is an error."""
    pages = output.with_name(output.name + "-pages")
    for folder in (pages, output):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        arrange(pages / "content")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    static = pages / "static"
    shutil.copytree(SITE / "static", static)
    # One file with every extension and no fonts: it works from a folder, where a browser loads nothing else by itself.
    (static / "mathjax").mkdir()
    for name in ("es5/tex-svg-full.js", "LICENSE"):
        shutil.copy(MATHJAX / name, static / "mathjax")
    # Sphinx writes beside the pages first: myst-nb leaves a folder of its own next to where it writes.
    html = pages / "html"
    arguments = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(SITE), "-d", str(pages / "doctrees")]
    status = sphinx_build([*arguments, "-D", f"html_static_path={static}", str(pages / "content"), str(html)])
    if html.exists():
        html.rename(output)
    return status


def arrange(content: Path) -> None:
    """Copy the pages into one folder, each at its place in the repository, so that links between them hold."""
    lectures = sorted(ROOT.glob("lectures/*.ipynb"))
    assignments = [path for lecture in lectures if (path := ROOT / "assignments" / lecture.stem / lecture.name).exists()]
    guides = sorted([*ROOT.glob("guides/*.md"), *ROOT.glob("guides/*.ipynb")], key=_guide_order)
    # The README is the start page here, as index.ipynb is in JupyterLab.
    notebooks = [path for path in sorted(ROOT.glob("*.ipynb")) if path.name != "index.ipynb"]
    others = [path for path in sorted(ROOT.glob("*.md")) if path.name != "README.md"]
    for page in (*lectures, *assignments, *guides, *notebooks, *others):
        _copy(page, content / page.relative_to(ROOT))
    _copy(SITE / "api.md", content / "api.md")

    groups = {"Topics": lectures, "Guides": guides, "Reference": [*notebooks, ROOT / "api.md", *others]}
    contents = [_contents(caption, pages) for caption, pages in groups.items() if pages]
    (content / "index.md").write_text("\n".join([(ROOT / "README.md").read_text(), *contents]))
    for page in (ROOT / "README.md", *guides, *others):
        _copy_linked_files(page, content)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _guide_order(page: Path) -> tuple[int, str]:
    return (GUIDES.index(page.stem) if page.stem in GUIDES else len(GUIDES), page.name)


def _contents(caption: str, pages: list[Path]) -> str:
    names = [page.relative_to(ROOT).with_suffix("").as_posix() for page in pages]
    return "\n".join([":::{toctree}", ":hidden:", f":caption: {caption}", "", *names, ":::", ""])


def _copy_linked_files(page: Path, content: Path) -> None:
    """Copy the pictures and files that a page links to; Sphinx reports links to what is not there."""
    for link in LINK.findall(page.read_text()):
        file = (page.parent / link).resolve()
        if "://" in link or not file.is_file() or not file.is_relative_to(ROOT):
            continue
        place = file.relative_to(ROOT)
        if place.parts[0] in NEVER_PUBLISHED:
            raise ValueError(f"{page.relative_to(ROOT)} links to {place}, which is not on the site: name it without a link.")
        if not (content / place).exists():
            _copy(file, content / place)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say where the site is to be written: python site/build.py build/site")
    sys.exit(main(Path(sys.argv[1]).resolve()))
