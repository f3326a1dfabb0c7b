"""JupyterLab in a browser, as a student uses it, and nbgrader's pages, as an instructor does."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_server import Server, started
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
COURSE = ("index.ipynb", "lectures", "assignments", "solutions", "nbgrader_config.py")
TITLE, TOPIC = "Convolution in one dimension", "02_convolution_1d"
WAIT_MS = 120_000

CONV1D = """def conv1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    return np.array([x[i : i + len(w)] @ {kernel} for i in range(len(x) - len(w) + 1)], dtype=x.dtype)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab on a copy of the course, with the settings of `make lab` and no others."""
    course = tmp_path_factory.mktemp("course")
    for name in COURSE:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, course / name)
    arguments = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root"]
    with started(arguments, course, tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(lab: Server, browser: Browser) -> Iterator[Page]:
    """The start page, in a window of its own."""
    window = browser.new_page(viewport={"width": 1400, "height": 1000})
    window.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    window.goto(f"{lab.url}lab/tree/index.ipynb?reset&token={lab.token}")
    expect(window.get_by_role("heading", name="Convolutional neural networks")).to_be_visible()
    yield window
    window.close()


def notebook(page: Page) -> Locator:
    """The notebook that is in front."""
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")


def follow(page: Page, link: str) -> Locator:
    """Follow a link of the topic's row on the start page; return the notebook that opens."""
    page.get_by_role("row").filter(has_text=TITLE).get_by_role("link", name=link).click()
    expect(page.get_by_role("tab", name=f"{TOPIC}.ipynb")).to_be_visible()
    # The start page stays in front for a moment, and its kernel is idle too.
    opened = notebook(page).filter(has=page.get_by_role("heading", level=1, name=TITLE))
    expect(opened.locator(".jp-KernelName")).to_contain_text("Python 3")
    expect(opened.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')).to_be_visible()
    return opened


def menu(page: Page, name: str, item: str) -> None:
    page.get_by_role("menuitem", name=name, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def run(cell: Locator) -> None:
    """Run a cell and wait until it has run: it then has another number.

    A notebook that has just opened drops the keys that come before it is connected to its kernel: they are pressed again.
    """
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    for patience in (5_000, 20_000, WAIT_MS):
        edit(cell)
        cell.page.keyboard.press("Shift+Enter")
        try:
            expect(prompt).not_to_have_text(before, timeout=patience)
        except AssertionError:
            if patience == WAIT_MS:
                raise
        else:
            break
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))


def edit(cell: Locator) -> None:
    """Put the cursor into a cell: the keys pressed next are its own."""
    editor = cell.locator(".cm-content")
    editor.click()
    expect(editor).to_be_focused()


def write(cell: Locator, text: str) -> None:
    """Put an answer in the place of what stands in a cell."""
    edit(cell)
    cell.page.keyboard.press("ControlOrMeta+a")
    cell.page.keyboard.insert_text(text)


def save(page: Page) -> None:
    page.keyboard.press("ControlOrMeta+s")
    expect(page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty")).to_have_count(0)


def saved(lab: Server, path: str) -> Any:
    """Read a notebook from the server."""
    return nbformat.from_dict(json.loads(lab.get(f"api/contents/{path}"))["content"])


def test_from_the_start_page_to_a_lecture_that_runs(lab: Server, page: Page) -> None:
    lecture = follow(page, "read")
    menu(page, "Kernel", "Restart Kernel and Clear Outputs of All Cells…")
    page.get_by_role("button", name="Confirm").click()
    menu(page, "Run", "Run All Cells")
    # The last cell has run when it has a number.
    last = lecture.locator(".jp-CodeCell").filter(has_text="length_after_two_layers")
    expect(last.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
    save(page)
    cells = [cell for cell in saved(lab, f"lectures/{TOPIC}.ipynb").cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 10


def test_an_answer_is_told_what_is_wrong_then_passes_and_is_counted(lab: Server, page: Page) -> None:
    assignment = follow(page, "solve")
    cells = assignment.locator(".jp-CodeCell")
    run(cells.filter(has_text="import numpy as np"))
    answer, test = cells.filter(has_text="def conv1d(x, w)"), cells.filter(has_text='check("02.conv1d", conv1d)')

    write(answer, CONV1D.format(kernel="w[::-1]"))
    run(answer)
    run(test)
    message = test.locator(".jp-OutputArea")
    expect(message).to_contain_text("Not passed")
    expect(message).to_contain_text("Your kernel is flipped")

    write(answer, CONV1D.format(kernel="w"))
    run(answer)
    run(test)
    expect(message).to_contain_text("Passed")
    expect(message).not_to_contain_text("Not passed")
    errors = cells.filter(has_text='check("02.conv1d_errors", conv1d)')
    run(errors)
    expect(errors.locator(".jp-OutputArea")).to_contain_text("Passed")
    save(page)

    page.get_by_role("button", name="Validate").click()
    results = page.get_by_role("dialog")
    expect(results).to_contain_text("Validation Results")
    expect(results).to_contain_text("02.moving_average: Not written yet")
    expect(results).not_to_contain_text("02.conv1d:")
    results.get_by_role("button", name="OK").click()

    page.get_by_role("tab", name="index.ipynb").click()
    progress = notebook(page).locator(".jp-CodeCell").filter(has_text="progress.show()")
    run(progress)
    row = progress.get_by_role("row").filter(has_text=TOPIC)
    expect(row).to_contain_text("✓ conv1d")
    expect(row).to_contain_text("○ moving_average")


def test_formgrader_opens_from_the_menu_and_lists_the_assignments(page: Page) -> None:
    menu(page, "Nbgrader", "Formgrader")
    listed = page.frame_locator("iframe").get_by_role("row")
    for folder in sorted((ROOT / "solutions").iterdir()):
        expect(listed.filter(has_text=folder.name)).to_have_count(1)
