"""How far a student has come, as the notebooks say."""

import nbformat
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from small_course import OTHER, SOLUTIONS, TOPIC, make_course, once_per_run, solved
from typer.testing import CliRunner

from cnnkit import progress
from cnnkit.cli import app

FLIPPED = SOLUTIONS["conv1d"].replace("@ w", "@ w[::-1]")


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A course in which one assignment was worked on: the first exercise is wrong, the second not tried. The other is new."""

    def make(folder):
        make_course(folder)
        notebook = solved(folder, conv1d=FLIPPED)
        NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3").execute()
        save(folder, without_outputs(notebook, "test_moving_average"))

    return once_per_run(tmp_path_factory, "course_of_progress", make)


def save(course, notebook, topic=TOPIC):
    path = course / "assignments" / topic / f"{topic}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return path


def without_outputs(notebook, *grade_ids):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in grade_ids:
            cell.outputs = []
    return notebook


def test_an_exercise_is_passed_when_all_its_tests_are(course):
    first, other = progress.read(course)
    assert first.exercises == {"conv1d": progress.NOT_PASSED, "moving_average": progress.NOT_TRIED}
    assert (first.passed, first.points, first.of_points) == (0, 1, 6)
    assert other.exercises == {"conv2d_loops": progress.NOT_TRIED}


def test_all_passed(course, tmp_path):
    notebook = solved(course)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    save(tmp_path, notebook)
    (found,) = progress.read(tmp_path)
    assert found.exercises == dict.fromkeys(["conv1d", "moving_average"], progress.PASSED)
    assert (found.passed, found.points) == (2, 6)
    save(tmp_path, without_outputs(notebook, "test_conv1d_errors"))
    assert progress.read(tmp_path)[0].exercises["conv1d"] == progress.NOT_PASSED


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"nbformat": 3}', "cannot be read"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "holds no tests any more"),
    ],
)
def test_a_notebook_that_is_none_of_the_course_is_named_and_the_others_are_shown(course, tmp_path, content, says):
    save(tmp_path, solved(course))
    folder = tmp_path / "assignments" / OTHER
    folder.mkdir()
    (folder / f"{OTHER}.ipynb").write_text(content)
    first, other = progress.read(tmp_path)
    assert len(first.exercises) == 2
    assert says in other.problem
    assert OTHER in progress.as_text([first, other])
    assert says.replace("'", "&#x27;") in progress.as_html([first, other])


def test_a_test_cell_that_is_no_python_any_more(course, tmp_path):
    notebook = solved(course)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "test_conv1d":
            cell.source = "check(("
    save(tmp_path, notebook)
    assert "cannot be read" in progress.read(tmp_path)[0].problem


def test_command(course, monkeypatch):
    monkeypatch.chdir(course / "assignments" / TOPIC)
    done = CliRunner().invoke(app, ["progress"])
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "02_convolution_1d: 0 of 2 exercises, 1 of 6 points",
        "    ✗ conv1d: not passed",
        "03_convolution_2d: 0 of 1 exercises, 0 of 2 points",
        "0 of 3 exercises are passed, as your notebooks were last run and saved. "
        "The points leave out answers in words, which a person grades.",
    ]


def test_command_outside_the_course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["progress"])
    assert done.exit_code == 2
    assert "open or enter the folder of the course" in done.stderr


def test_cell_of_the_start_page(course):
    shell = InteractiveShell.instance()
    before, shell.display_pub = shell.display_pub, CapturingDisplayPublisher()
    try:
        progress.show(course)
        (shown,) = shell.display_pub.outputs
    finally:
        shell.display_pub = before
        InteractiveShell.clear_instance()
    page = shown["data"]["text/html"]
    assert '<progress value="0" max="2" aria-label="0 of 2 exercises of 02_convolution_1d">' in page
    assert f'<a href="assignments/{TOPIC}/{TOPIC}.ipynb">' in page
    assert "✗ conv1d" in page
    assert "○ moving_average" in page
    assert shown["data"]["text/plain"].startswith("02_convolution_1d: 0 of 2")
