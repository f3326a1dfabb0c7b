"""The gradebook that `cnnkit grade` writes is nbgrader's: what nbgrader itself would have written, and goes on with."""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from lab_server import started
from nbgrader.api import Gradebook
from playwright.sync_api import expect, sync_playwright
from small_course import SOLUTIONS, TOPIC, make_course, once_per_run, released, solved, submit

from cnnkit.grading.classroom import grade_class

pytestmark = pytest.mark.slow

SEED = 7
DUE, LATE = datetime(2026, 1, 1), "2026-01-02 10:00:00 UTC"
SETTINGS = """
c.ExecutePreprocessor.shutdown_kernel = "immediate"
c.ExecutePreprocessor.timeout = 300
c.LateSubmissionPlugin.penalty_method = "zero"
c.LimitOutput.max_lines = 5
"""
TABLES = {
    "students": "SELECT id, first_name, last_name, email FROM student",
    "sources": "SELECT name, cell_type, locked, source, checksum FROM source_cell",
    "notebooks": "SELECT name, kernelspec FROM notebook",
    "submissions": "SELECT student_id, timestamp, extension FROM submitted_assignment",
    "penalties": """
        SELECT s.student_id, n.flagged, n.late_submission_penalty
        FROM submitted_notebook n JOIN submitted_assignment s ON s.id = n.assignment_id""",
    "grades": """
        SELECT s.student_id, c.name, c.type, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
        FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id""",
    "comments": """
        SELECT s.student_id, c.name, t.auto_comment, t.manual_comment
        FROM comment t JOIN base_cell c ON c.id = t.cell_id JOIN submitted_notebook n ON n.id = t.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id""",
}


def table(folder, name):
    with closing(sqlite3.connect(folder / "gradebook.db")) as database:
        return sorted(database.execute(TABLES[name]).fetchall(), key=repr)


def nbgrader(folder, *arguments):
    """Run nbgrader in a folder; the hidden cases of what runs in kernels are drawn as those of `cnnkit grade`."""
    command = [str(Path(sys.executable).with_name("nbgrader")), *arguments]
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "CNNKIT_SEED": str(SEED)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr[-3000:]


def set_due_date(folder):
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "cnn") as gradebook:
        gradebook.update_or_create_assignment(TOPIC, duedate=DUE)


def make_class(course, submitted):
    chatty = SOLUTIONS["conv1d"].replace("    ### BEGIN SOLUTION\n", "    print(*range(30), sep='\\n')\n    ### BEGIN SOLUTION\n")
    submit(submitted, "right", solved(course))
    submit(submitted, "flipped", solved(course, conv1d=SOLUTIONS["conv1d"].replace("@ w", "@ w[::-1]")))
    submit(submitted, "stub", released(course))
    late = submit(submitted, "late", solved(course, conv1d=chatty))
    (late.parent / "timestamp.txt").write_text(LATE)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """One class, graded by nbgrader alone in `stock`, by `cnnkit grade` in `ours`."""

    def make(folder):
        course = make_course(folder / "stock")
        with (course / "nbgrader_config.py").open("a") as file:
            file.write(SETTINGS)
        make_class(course, course / "submitted")
        students = sorted(path.name for path in (course / "submitted").iterdir())
        ours = folder / "ours"
        for _ in range(2):  # the second time with a due date, over what is there
            grade_class(course, TOPIC, course / "submitted", ours, students, jobs=2, seed=SEED)
            set_due_date(ours)
        grade_class(course, TOPIC, course / "submitted", ours, students, jobs=2, seed=SEED)
        for name in ("solutions", "assignments", "submitted", "nbgrader_config.py"):
            (shutil.copytree if (course / name).is_dir() else shutil.copy)(course / name, ours / name)
        nbgrader(course, "generate_assignment", TOPIC, "--force")
        set_due_date(course)
        nbgrader(course, "autograde", TOPIC)

    return once_per_run(tmp_path_factory, "both", make)


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_hold_what_nbgrader_writes(both, name):
    found = table(both / "ours", name)
    assert found
    assert found == table(both / "stock", name)


def test_the_class_has_what_is_compared(both):
    """Comments, penalties, and points of every kind."""
    assert ("stub", "conv1d", "No response.", None) in table(both / "ours", "comments")
    assert ("late", 0, 6.0) in table(both / "ours", "penalties")
    assert {row[3] for row in table(both / "ours", "grades")} >= {None, 0.0, 1.0, 3.0}


def test_autograded_notebooks_have_the_cells_that_nbgrader_writes(both):
    for path in (both / "stock" / "autograded").glob("*/*/*"):
        ours = both / "ours" / path.relative_to(both / "stock")
        assert ours.stat().st_mode == path.stat().st_mode
        if path.suffix != ".ipynb":
            assert ours.read_text() == path.read_text()
            continue
        found, wanted = (nbformat.read(one, as_version=4) for one in (ours, path))
        nbformat.validate(found)
        assert [(c.cell_type, c.source, c.metadata) for c in found.cells] == [
            (c.cell_type, c.source, {key: value for key, value in c.metadata.items() if key == "nbgrader"}) for c in wanted.cells
        ]
        assert found.metadata.kernelspec == wanted.metadata.kernelspec
        for cell in found.cells:
            assert all(len(output.text.splitlines()) <= 5 for output in cell.get("outputs", ()) if "text" in output)


def test_nbgrader_goes_on_with_it(both, tmp_path):
    """It writes feedback and exports scores; marks given by a person stay, also in our feedback; it grades a student again."""
    ours = tmp_path / "ours"
    shutil.copytree(both / "ours", ours)
    grades = table(ours, "grades")
    with Gradebook(f"sqlite:///{ours / 'gradebook.db'}", "cnn") as gradebook:
        gradebook.find_grade("explain", TOPIC, TOPIC, "right").manual_score = 1.5
        gradebook.find_comment("explain", TOPIC, TOPIC, "right").manual_comment = "Why at the border?"
        gradebook.db.commit()
    grade_class(both / "stock", TOPIC, ours / "submitted", ours, ["right"], jobs=1, seed=SEED)
    page = (ours / "feedback" / "right" / TOPIC / f"{TOPIC}.html").read_text()
    assert "Score: 7.5 / 8.0" in page
    assert "Why at the border?" in page
    nbgrader(ours, "generate_feedback", TOPIC, "--force")
    page = (ours / "feedback" / "flipped" / TOPIC / f"{TOPIC}.html").read_text()
    assert "Your kernel is flipped" in page
    nbgrader(ours, "export", "--to", str(tmp_path / "scores.csv"))
    with (tmp_path / "scores.csv").open() as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == {"right": 7.5, "flipped": 3.0, "stub": 0.0, "late": 0.0}
    nbgrader(ours, "autograde", TOPIC, "--student", "flipped", "--force")
    assert [row for row in table(ours, "grades") if row[0] == "flipped"] == [row for row in grades if row[0] == "flipped"]


def test_formgrader_lists_the_scores_and_shows_a_graded_notebook(both, tmp_path):
    """In Chromium: the students with their scores, and one notebook with its verdict and fields for marks."""
    arguments = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root"]
    with sync_playwright() as playwright, started(arguments, both / "ours", tmp_path) as server:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(90_000)
        page.set_extra_http_headers({"Authorization": f"token {server.token}"})
        page.goto(f"{server.url}formgrader/manage_submissions/{TOPIC}")
        for student, score in (("right", "6 / 8"), ("flipped", "3 / 8"), ("stub", "0 / 8")):
            row = page.get_by_role("row").filter(has=page.get_by_text(student, exact=True))
            expect(row).to_contain_text(score, timeout=90_000)
        page.screenshot(path=tmp_path / "submissions.png")
        with Gradebook(f"sqlite:///{both / 'ours' / 'gradebook.db'}", "cnn") as gradebook:
            submission = gradebook.find_submission_notebook(TOPIC, TOPIC, "flipped").id
        page.goto(f"{server.url}formgrader/submissions/{submission}/?index=0")
        expect(page.get_by_text("Your kernel is flipped").first).to_be_visible(timeout=90_000)
        expect(page.locator("input.score").first).to_be_visible()
        page.screenshot(path=tmp_path / "notebook.png")
        browser.close()
