"""Grading a class through real nbgrader runs: everybody gets what is theirs, whatever the others hand in."""

import copy
import csv
import json
import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from nbgrader.api import Gradebook, get_alembic_version
from small_course import (
    OTHER,
    ROOT,
    SOLUTIONS,
    TOPIC,
    make_course,
    once_per_run,
    released,
    solved,
    submit,
)
from typer.testing import CliRunner

from cnnkit.checking.notebook import PartResult, read_parts, steady
from cnnkit.cli import app
from cnnkit.grading.assignment import load_assignment, topics_in
from cnnkit.grading.classroom import grade_class
from cnnkit.grading.execute import execute
from cnnkit.grading.gradebook import open_gradebook
from cnnkit.grading.limits import Limits
from cnnkit.grading.preflight import Rejected, accept, read_submission, recognise_number
from cnnkit.grading.report import as_csv, as_html
from cnnkit.grading.results import as_json, rejected_row, student_row

SEED = 7
MAX_SCORE = 6
FLIPPED = SOLUTIONS["conv1d"].replace("@ w", "@ w[::-1]")


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    return once_per_run(tmp_path_factory, "course", make_course)


@pytest.fixture(scope="session")
def assignment(course):
    return load_assignment(course, TOPIC, hidden=True)


def as_bytes(notebook):
    return nbformat.writes(notebook, version=4).encode()


def index_of_test(notebook, part):
    return next(i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == f"test_{part}")


def with_duplicated_test(course):
    notebook = solved(course)
    index = index_of_test(notebook, "conv1d")
    double = copy.deepcopy(notebook.cells[index])
    double["id"] = "again"
    notebook.cells.insert(index, double)
    return notebook


def with_deleted_test(course):
    notebook = solved(course, conv1d=FLIPPED)
    del notebook.cells[index_of_test(notebook, "conv1d")]
    return notebook


def with_bad_luck(course):
    """All metadata stripped, the cell of the imports lost, the name `check` used otherwise, an answer that warns."""
    notebook = solved(course, conv1d="import numpy as np\ncheck = 3\n" + WARNING)
    del notebook.cells[1]
    for cell in notebook.cells:
        cell.metadata.clear()
    return notebook


WARNING = 'import warnings\n\ndef conv1d(x, w):\n    warnings.warn("slow")\n' + SOLUTIONS["conv1d"].partition('"""\n')[2]


def make_class(course, submitted):
    """Hand in what a class hands in on a bad day."""
    renamed = SOLUTIONS["conv1d"].replace("conv1d", "convolve1d")
    made = {
        "right": solved(course),
        "stub": released(course),
        "renamed": solved(course, conv1d=renamed, moving_average="def moving_average(x, k:\n    return x\n"),
        "unlucky": with_bad_luck(course),
        "exits": solved(course, moving_average="import os\n\ndef moving_average(x, k):\n    os._exit(1)\n"),
        "duplicated": with_duplicated_test(course),
        "deleted": with_deleted_test(course),
        "empty": b"",
        "not_json": as_bytes(solved(course))[:1500],
        "other": released(course, OTHER),
    }
    for student, content in made.items():
        submit(submitted, student, content)
    (submitted / "nothing").mkdir()
    (submitted / "misnamed" / TOPIC).mkdir(parents=True)
    (submitted / "misnamed" / TOPIC / "homework.ipynb").write_bytes(as_bytes(solved(course)))
    secret = submitted.parent / "secret.ipynb"
    secret.write_bytes(as_bytes(solved(course)))
    (submitted / "symlink" / TOPIC).mkdir(parents=True)
    (submitted / "symlink" / TOPIC / f"{TOPIC}.ipynb").symlink_to(secret)
    (submitted / "hard_link" / TOPIC).mkdir(parents=True)
    os.link(secret, submitted / "hard_link" / TOPIC / f"{TOPIC}.ipynb")


def run(course, *arguments):
    """Run `cnnkit` in the course's folder."""
    before = Path.cwd()
    os.chdir(course)
    try:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def graded(course, tmp_path_factory):
    """A class graded by one command, in a folder with its output, what it printed and its exit status."""

    def make(folder):
        make_class(course, folder / "submitted")
        options = ["--submitted", folder / "submitted", "--output", folder / "output", "--json", folder / "class.json"]
        result = run(course, "grade", TOPIC, *options, "--seed", SEED, "--jobs", 2)
        (folder / "printed.txt").write_text(f"{result.exit_code}\n{result.output}")

    return once_per_run(tmp_path_factory, "graded", make)


@pytest.fixture(scope="session")
def rows(graded):
    return {row["student"]: row for row in json.loads((graded / "class.json").read_text())["students"]}


def exercise(row, name):
    return next(found for found in row["exercises"] if found["exercise"] == name)


@pytest.mark.parametrize(
    ("student", "score", "status", "says"),
    [
        ("right", 6, "graded", ""),
        ("stub", 0, "graded", ""),
        ("unlucky", 6, "graded", ""),
        ("renamed", 0, "graded", "There is no function conv1d when its test runs"),
        ("exits", 4, "crashed", "test_moving_average: the notebook's process ended by itself"),
        ("duplicated", 6, "graded", "The cell test_conv1d was duplicated: restored."),
        ("deleted", 3, "graded", "The cell test_conv1d was deleted: restored."),
        ("empty", 0, "rejected", "The file is empty"),
        ("not_json", 0, "rejected", "The file is not JSON"),
        ("other", 0, "rejected", f"This is a notebook of topic 03, not of {TOPIC}."),
        ("nothing", 0, "rejected", f"Nothing was submitted: there is no folder {TOPIC}."),
        ("misnamed", 0, "rejected", "There is homework.ipynb: was that meant?"),
        ("symlink", 0, "rejected", "is a symbolic link"),
        ("hard_link", 0, "rejected", "is a hard link"),
    ],
)
def test_everybody_gets_their_own_score_and_sentence(rows, student, score, status, says):
    row = rows[student]
    assert (row["score"], row["max_score"], row["status"]) == (score, MAX_SCORE, status)
    assert says in row["message"]
    assert bool(says) == bool(row["message"])
    assert "\n" not in row["message"]


@pytest.mark.parametrize(
    ("student", "name", "verdict", "mistake", "says"),
    [
        ("right", "conv1d", "passed", None, ""),
        ("stub", "conv1d", "missing", None, "Not written yet"),
        ("stub", "moving_average", "missing", None, "Not written yet"),
        # The worked example fails first, and yet the mistake is named.
        ("deleted", "conv1d", "failed", "kernel_flipped", "Your kernel is flipped"),
        ("renamed", "conv1d", "missing", None, "it was renamed or deleted"),
        ("renamed", "moving_average", "error", None, "The cell that defines moving_average fails: SyntaxError"),
        ("exits", "conv1d", "passed", None, ""),
        ("exits", "moving_average", "error", None, "The notebook's process ended by itself"),
        ("empty", "conv1d", "missing", None, ""),
    ],
)
def test_every_exercise_has_its_verdict(rows, student, name, verdict, mistake, says):
    found = exercise(rows[student], name)
    assert (found["verdict"], found["mistake"]) == (verdict, mistake)
    assert says in found["message"]


def test_the_json_keeps_its_contract(rows):
    for row in rows.values():
        assert [*row] == ["student", "score", "max_score", "status", "message", "exercises", "flags"]
        assert [found["exercise"] for found in row["exercises"]] == ["conv1d", "moving_average"]
        for found in row["exercises"]:
            assert [*found] == ["exercise", "score", "max_score", "verdict", "mistake", "message"]
    assert [*rows] == sorted(rows)


def test_a_class_with_broken_notebooks_ends_with_status_one_and_says_whose(graded, rows):
    status, *printed = (graded / "printed.txt").read_text().splitlines()
    assert status == "1"
    for student, row in rows.items():
        named = any(line.startswith(f"{student}: ") for line in printed)
        assert named == bool(row["message"])
    assert "Traceback" not in "".join(printed)


def test_scores_are_those_in_the_gradebook(graded, rows):
    with Gradebook(f"sqlite:///{graded / 'output' / 'gradebook.db'}", "cnn") as gradebook:
        for student, row in rows.items():
            notebook = gradebook.find_submission_notebook(TOPIC, TOPIC, student)
            scores = {grade.name: grade.auto_score for grade in notebook.grades if grade.name.startswith("test_")}
            assert len(scores) == 3
            assert sum(scores.values()) == row["score"]
            written = next(grade for grade in notebook.grades if grade.name == "explain")
            # Somebody has to read it, unless it was left as it was handed out.
            assert written.needs_manual_grade == (student != "stub"), student
        assert gradebook.find_submission_notebook(TOPIC, TOPIC, "right").needs_manual_grade


def test_autograded_and_feedback_are_there_for_all_that_ran(graded, rows):
    output = graded / "output"
    for student, row in rows.items():
        feedback = (output / "feedback" / student / TOPIC / f"{TOPIC}.html").read_text()
        autograded = output / "autograded" / student / TOPIC / f"{TOPIC}.ipynb"
        assert autograded.exists() == (row["status"] != "rejected")
        assert "HIDDEN TESTS" not in feedback
        assert "hidden=" not in feedback
        if row["status"] == "rejected":
            assert row["message"].split(":")[0] in feedback


def test_every_test_that_earned_nothing_shows_an_error_in_the_autograded_notebook(graded):
    """nbgrader gives full marks to a test cell without output."""
    for path in (graded / "output" / "autograded").glob("*/*/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        tests = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")]
        assert len(tests) == 3
        for cell, part in zip(tests, read_parts(notebook), strict=True):
            assert part.passed != any(output.output_type == "error" for output in cell.outputs)
            assert cell.outputs


def test_everything_that_is_written_lies_under_the_output(graded, course):
    assert sorted(path.name for path in (graded / "output").iterdir()) == [
        ".run",
        "autograded",
        "feedback",
        "grade.log",
        "gradebook.db",
        "report.html",
        "results.json",
        "scores.csv",
        "scores_canvas.csv",
        "scores_moodle.csv",
        "times.csv",
    ]
    assert sorted(path.name for path in course.iterdir()) == ["assignments", "nbgrader_config.py", "solutions", "sources"]


def test_the_table_of_scores_has_a_line_per_student(graded, rows):
    lines = [*csv.DictReader((graded / "output" / "scores.csv").open())]
    assert {line["student"]: float(line["score"]) for line in lines} == {name: row["score"] for name, row in rows.items()}
    assert lines[0].keys() >= {"conv1d", "moving_average", "status", "message", "flags"}


def test_the_report_tells_what_the_instructor_asks(graded):
    report = (graded / "output" / "report.html").read_text()
    assert "14 students" in report
    assert "kernel_flipped" in report
    assert "Your kernel is flipped" in report
    assert 'href="feedback/right/02_convolution_1d/02_convolution_1d.html"' in report
    assert "http:" not in report
    assert "https:" not in report


def test_the_same_seed_gives_the_same_bytes(course, graded, rows, tmp_path):
    """One notebook after the other, and without the rest of the class."""
    again = ["deleted", "renamed"]
    for student in again:
        shutil.copytree(graded / "submitted" / student, tmp_path / "submitted" / student)
    found = grade_class(course, TOPIC, tmp_path / "submitted", tmp_path / "output", again, jobs=1, seed=SEED).rows
    assert as_json(TOPIC, found) == as_json(TOPIC, [rows[student] for student in again])
    assert (tmp_path / "output" / "report.html").read_text() == as_html(TOPIC, found)


def test_without_the_sandbox_everybody_gets_the_same_scores(course, graded, rows, tmp_path):
    """The other way to run: the checks run in the notebook's own kernel, as under nbgrader."""
    students = [student for student in rows if rows[student]["status"] != "rejected"]
    options = {"jobs": 2, "seed": SEED, "sandbox": False}
    found = grade_class(course, TOPIC, graded / "submitted", tmp_path / "output", students, **options).rows

    def scores(row):
        each = {e["exercise"]: (e["score"], e["max_score"], e["mistake"]) for e in row["exercises"]}
        return row["student"], row["score"], row["max_score"], row["status"], each

    assert [scores(row) for row in found] == [scores(rows[student]) for student in students]
    assert "without a sandbox" in (tmp_path / "output" / "report.html").read_text()
    assert "without a sandbox" in (tmp_path / "output" / "grade.log").read_text()
    assert "without a sandbox" not in (graded / "output" / "report.html").read_text()


def test_the_gradebook_has_the_version_of_nbgrader(graded, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    with closing(sqlite3.connect(graded / "output" / "gradebook.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(get_alembic_version(),)]


def test_a_failed_regrade_leaves_no_older_score(course, tmp_path):
    submitted, output = tmp_path / "submitted", tmp_path / "output"
    path = submit(submitted, "anna", solved(course))
    submit(submitted, "ben", b"")
    options = ["--submitted", submitted, "--output", output, "--seed", SEED]
    assert run(course, "grade", TOPIC, *options).exit_code == 1
    path.write_bytes(b"{")
    result = run(course, "grade", "02", *options, "--student", "anna", "--json", tmp_path / "anna.json")
    assert result.exit_code == 1
    [row] = json.loads((tmp_path / "anna.json").read_text())["students"]
    assert (row["student"], row["score"], row["status"]) == ("anna", 0, "rejected")
    assert row["flags"] == ["An earlier score of 6 was replaced by 0."]
    with Gradebook(f"sqlite:///{output / 'gradebook.db'}", "cnn") as gradebook:
        notebook = gradebook.find_submission_notebook(TOPIC, TOPIC, "anna")
        assert all(grade.auto_score == 0 and grade.needs_manual_grade for grade in notebook.grades)
    assert not (output / "autograded" / "anna" / TOPIC).exists()
    # The others are still in the report.
    assert [line["student"] for line in csv.DictReader((output / "scores.csv").open())] == ["anna", "ben"]


def test_any_name_is_a_students_name(course, assignment, tmp_path):
    accepted = accept(as_bytes(released(course)), assignment).notebook
    names = ["a[b]*? x", "o'neil-漢字", "x{y}%"]
    output = tmp_path / "spring [2026]"
    with open_gradebook(output, course, TOPIC) as gradebook:
        gradebook.begin()
        for student in names:
            gradebook.save(student, accepted, nbformat.v4.reads_json(accepted.decode()), "2026-01-01 10:00:00 UTC")
        assert [*gradebook.scores([*names, "nobody"])] == names
        assert gradebook.reject(names[0], "Not <b>this</b>.") == MAX_SCORE
    page = output / "feedback" / names[0] / TOPIC / f"{TOPIC}.html"
    assert "Not &lt;b&gt;this&lt;/b&gt;." in page.read_text()


@pytest.mark.parametrize("option", ["--feedback", "--no-feedback"])
def test_an_assignment_with_other_cells_needs_another_output(course, tmp_path, option):
    """Also where the gradebook is begun while notebooks run already."""
    submit(tmp_path / "submitted", "ben", b"")
    options = ["--submitted", tmp_path / "submitted", "--output", tmp_path / "output", option]
    assert run(course, "grade", TOPIC, *options).exit_code == 1
    changed = shutil.copytree(course, tmp_path / "changed")
    for folder in ("solutions", "assignments"):
        path = changed / folder / TOPIC / f"{TOPIC}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        del notebook.cells[index_of_test(notebook, "moving_average")]
        nbformat.write(notebook, path)
    graded = (tmp_path / "output" / "results.json").read_bytes()
    result = run(changed, "grade", TOPIC, *options)
    assert result.exit_code == 2
    assert "choose another --output" in result.output
    assert (tmp_path / "output" / "results.json").read_bytes() == graded


def test_a_broken_configuration_grades_nothing(course, tmp_path):
    broken = shutil.copytree(course, tmp_path / "course")
    (broken / "nbgrader_config.py").write_text("import no_such_module\n")
    submit(tmp_path / "submitted", "anna", solved(course))
    result = run(broken, "grade", TOPIC, "--submitted", tmp_path / "submitted", "--output", tmp_path / "output")
    assert result.exit_code == 2
    assert "nothing was graded: ModuleNotFoundError" in result.output
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["99_none", "--submitted", "{class}", "--output", "out"], "There is no assignment '99_none'. The assignments are: 02"),
        (["02", "--submitted", "{class}/none", "--output", "out"], "There is no folder"),
        (["02", "--submitted", "{empty}", "--output", "out"], "holds no submissions"),
        (["02", "--submitted", "{odd}", "--output", "out"], "cannot hold the name of the folder"),
        (["02", "--submitted", "{class}", "--output", "out", "--student", "zoe"], "There is no student zoe"),
        (["02", "--submitted", "{class}", "--output", "{class}/out"], "lies among the submissions"),
        (["02", "--submitted", "{class}", "--output", "{file}"], "is not a folder"),
        (["02", "--submitted", "{class}", "--output", "out", "--jobs", "0"], "--jobs"),
        (["02", "--submitted", "{class}"], "--output"),
    ],
)
def test_what_cannot_be_graded_is_said_in_a_line(course, tmp_path, arguments, says):
    submit(tmp_path / "class", "anna", b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd" / "two\nlines").mkdir(parents=True)
    (tmp_path / "file").touch()
    places = {name: tmp_path / name for name in ("class", "empty", "file", "odd")}
    result = run(course, "grade", *(argument.format(**places) for argument in arguments))
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not (course / "out").exists()


# What is done with one submission before it runs


def cells_by_id(accepted):
    notebook = nbformat.reads(accepted.notebook.decode(), as_version=4)
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b" \n", "The file is empty"),
        (b"\x89PNG\r\n", "is not text"),
        (b"{not json", "is not JSON (line 1)"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "JSON but not a notebook"),
        (b'{"cells": []}', "JSON but not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "has format 3, not 4"),
        (b'{"nbformat": 4}', "has no list of cells"),
        (b'{"nbformat": 4, "cells": [1]}', "has no list of cells"),
        (b'{"nbformat": 4, "cells": []}', f"none of the cells of {TOPIC}"),
        (json.dumps({"nbformat": 4, "cells": [{}] * 3000}).encode(), "3000 cells"),
    ],
)
def test_what_is_no_notebook_is_rejected(assignment, content, says):
    with pytest.raises(Rejected, match=re.escape(says)):
        accept(content, assignment)


def test_damaged_cells_do_not_stop_the_others(course, assignment):
    parsed = json.loads(as_bytes(solved(course)))
    parsed["cells"] += [
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": 7, "metadata": []},
        {"cell_type": "code", "source": ["x = 1\n", None, "y = 2"], "metadata": {"nbgrader": {"grade_id": 3}}},
        {"cell_type": "markdown", "source": "\ud800", "metadata": {"nbgrader": "yes"}, "attachments": 3},
    ]
    parsed["metadata"] = {"kernelspec": {"name": "evil", "argv": ["rm"]}, "widgets": 1}
    accepted = accept(json.dumps(parsed).encode(), assignment)
    notebook = nbformat.reads(accepted.notebook.decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert accepted.mended == ()


def test_edited_tests_are_replaced_and_unknown_ones_are_plain_cells(course, assignment):
    notebook = solved(course)
    index = index_of_test(notebook, "conv1d")
    double = copy.deepcopy(notebook.cells[index])
    double["id"], double.metadata.nbgrader.grade_id = "copy", "test_conv1d_of_my_own"
    notebook.cells.append(double)
    notebook.cells[index].source = "1000"
    accepted = accept(as_bytes(notebook), assignment)
    assert accepted.mended == ("The cell test_conv1d was edited: restored.",)
    assert cells_by_id(accepted)["test_conv1d"].source == assignment.tests[0].graded
    assert [*cells_by_id(accepted)] == [cell.grade_id for cell in assignment.cells]


def test_stripped_metadata_are_put_back(course, assignment):
    notebook = solved(course)
    for cell in notebook.cells:
        cell.metadata.clear()
    accepted = accept(as_bytes(notebook), assignment)
    cells = cells_by_id(accepted)
    assert accepted.mended == ()
    assert [*cells] == [cell.grade_id for cell in assignment.cells]
    assert cells["conv1d"].source == SOLUTIONS["conv1d"]
    assert cells["explain"].source == "Because the kernel slides."


def test_a_tag_cannot_keep_a_test_from_running(course, assignment):
    notebook = solved(course)
    notebook.cells[index_of_test(notebook, "conv1d")].metadata.tags = ["skip-execution", "raises-exception"]
    accepted = cells_by_id(accept(as_bytes(notebook), assignment))
    assert "tags" not in accepted["test_conv1d"].metadata


def test_tests_come_from_the_instructor_with_their_hidden_part(course, assignment):
    cells = cells_by_id(accept(as_bytes(released(course)), assignment))
    assert 'check("02.conv1d", conv1d, hidden=True)' in cells["test_conv1d"].source
    assert cells["test_conv1d"].metadata.nbgrader.points == 3
    assert cells["conv1d"].source == next(c.source for c in released(course).cells if "def conv1d" in c.source)


@pytest.mark.parametrize(
    "gone", [["conv1d"], ["conv1d", "conv1d_errors"], ["moving_average"], ["conv1d_errors", "moving_average"]]
)
def test_deleted_tests_return_behind_the_answers_that_they_test(course, assignment, gone):
    notebook = solved(course)
    for part in gone:
        del notebook.cells[index_of_test(notebook, part)]
    accepted = accept(as_bytes(notebook), assignment)
    assert [*cells_by_id(accepted)] == [cell.grade_id for cell in assignment.cells]
    assert all(part in accepted.mended[0] for part in gone)


def test_a_deleted_written_answer_returns_empty(course, assignment):
    notebook = solved(course)
    del notebook.cells[-1]
    cells = cells_by_id(accept(as_bytes(notebook), assignment))
    assert cells["explain"].source == "*Write your answer here.*" or "Why?" in cells["explain"].source
    assert cells["explain"].cell_type == "markdown"


def test_an_answer_turned_into_text_is_code_again(course, assignment):
    notebook = solved(course)
    index = next(i for i, cell in enumerate(notebook.cells) if "def conv1d" in cell.source)
    notebook.cells[index] = v4.new_markdown_cell(notebook.cells[index].source, metadata=notebook.cells[index].metadata)
    assert cells_by_id(accept(as_bytes(notebook), assignment))["conv1d"].cell_type == "code"


def test_of_two_written_answers_the_one_with_words_counts(course, assignment):
    notebook = solved(course)
    stub = copy.deepcopy(released(course).cells[-1])
    stub["id"] = "stub"
    notebook.cells.append(stub)
    assert cells_by_id(accept(as_bytes(notebook), assignment))["explain"].source == "Because the kernel slides."


def test_a_notebook_written_from_scratch_is_graded_by_its_functions(assignment):
    notebook = v4.new_notebook(cells=[v4.new_code_cell("import numpy as np\n" + SOLUTIONS["conv1d"])])
    accepted = accept(as_bytes(notebook), assignment)
    assert [*cells_by_id(accepted)] == [cell.grade_id for cell in assignment.cells if cell.grade_id != "moving_average"]


def test_the_topic_is_recognised_by_the_checks(course):
    assert recognise_number(as_bytes(released(course))) == "02"
    assert recognise_number(as_bytes(released(course, OTHER))) == "03"
    with pytest.raises(Rejected, match="has no checks"):
        recognise_number(as_bytes(v4.new_notebook(cells=[v4.new_code_cell("1")])))


def test_only_a_regular_file_is_read(course, tmp_path):
    name = f"{TOPIC}.ipynb"
    folder = tmp_path / "anna" / TOPIC
    folder.mkdir(parents=True)
    os.mkfifo(folder / name)
    with pytest.raises(Rejected, match="not a regular file"):
        read_submission(tmp_path, "anna", TOPIC, name)
    (tmp_path / "ben").symlink_to(tmp_path / "anna")
    with pytest.raises(Rejected, match="ben is a symbolic link"):
        read_submission(tmp_path, "ben", TOPIC, name)
    path = tmp_path / "cleo" / TOPIC / name
    (path / "x").mkdir(parents=True)
    with pytest.raises(Rejected, match="not a regular file"):
        read_submission(tmp_path, "cleo", TOPIC, name)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "anna" / TOPIC / f"{TOPIC}.ipynb"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(Rejected, match="larger than 20 MB"):
        read_submission(tmp_path, "anna", TOPIC, path.name)


# What is done while it runs


def executed(notebook, assignment, **limits):
    accepted = accept(as_bytes(notebook), assignment)
    found = nbformat.reads(execute(accepted.notebook, Limits(**limits), SEED).decode(), as_version=4)
    return found.metadata["cnnkit"], {part.part: part for part in read_parts(found)}, found


def answering(course, body):
    return solved(course, conv1d=f"def conv1d(x, w):\n    {body}\n")


def test_an_endless_loop_costs_its_own_tests(course, assignment):
    endless = "def moving_average(x, k):\n    while True:\n        x = x + 1\n"
    notebook = solved(course, moving_average=endless)
    notebook.cells.insert(1, v4.new_code_cell("x = 0\nwhile True:\n    x += 1"))
    how, parts, _ = executed(notebook, assignment, cell_seconds=2)
    # What a student tries out may take long: that cell has no points.
    assert how == {
        "status": "timeout",
        "message": "test_moving_average: It ran longer than 2 seconds and was stopped.",
    }
    assert [part.verdict for part in parts.values()] == ["passed", "passed", "timeout"]


@pytest.mark.slow
def test_a_loop_that_swallows_interrupts_costs_its_own_tests(course, assignment):
    body = """while True:
        try:
            while True:
                x = x + 1
        except BaseException:
            pass"""
    how, parts, _ = executed(answering(course, body), assignment, cell_seconds=2)
    assert how["status"] == "timeout"
    assert [part.verdict for part in parts.values()] == ["timeout", "timeout", "passed"]


@pytest.mark.slow
def test_a_notebook_ends_at_its_deadline(course, assignment):
    notebook = solved(course)
    notebook.cells.insert(1, v4.new_code_cell("x = 0\nwhile True:\n    x += 1"))
    how, parts, _ = executed(notebook, assignment, cell_seconds=60, notebook_seconds=4)
    assert how["status"] == "timeout"
    assert "The notebook: It took longer than 4 seconds" in how["message"]
    assert {part.verdict for part in parts.values()} == {"timeout"}


def test_outputs_are_limited_and_show_no_hidden_test(course, assignment):
    prints = SOLUTIONS["moving_average"].replace("    ###", "    print('x' * 20_000)\n    ###", 1)
    notebook = solved(course, conv1d="def conv1d(x, w):\n    return w\n", moving_average=prints)
    notebook.cells.insert(1, v4.new_code_cell("import os\nprint(os.environ['CNNKIT_SEED'])"))
    how, parts, found = executed(notebook, assignment, output_bytes=50_000)
    assert how["status"] == "graded"
    assert found.cells[1].outputs[0].text.strip() == str(SEED)
    assert parts["conv1d"].verdict == "failed"
    assert "hidden" not in "".join(str(cell.get("outputs")) for cell in found.cells)
    # The verdict came after more than is kept.
    assert parts["moving_average"].verdict == "passed"
    assert len(nbformat.writes(found)) < 150_000


@pytest.mark.slow
def test_a_flood_of_output_ends_the_kernel(course, assignment):
    how, parts, _ = executed(answering(course, "while True: print('x' * 1000)"), assignment, output_bytes=20_000, cell_seconds=20)
    assert how["status"] == "crashed"
    assert "wrote more than 0.2 MB" in how["message"]
    assert parts["moving_average"].verdict == "passed"


def test_the_answer_is_defined_again_after_the_kernel_died(course, assignment):
    """A cell between two tests ends the kernel; the function of the cell before is still tested in the next."""
    notebook = solved(course)
    notebook.cells.insert(index_of_test(notebook, "conv1d_errors"), v4.new_code_cell("import os\nos._exit(3)"))
    how, parts, _ = executed(notebook, assignment)
    assert how["status"] == "crashed"
    assert how["message"].startswith("code cell 4: The kernel died")
    assert {part.verdict for part in parts.values()} == {"passed"}


def test_a_test_without_a_verdict_earns_nothing(course, assignment):
    notebook = solved(course)
    cell = v4.new_code_cell("import cnnkit\ncnnkit.check = lambda *functions, hidden=False: None")
    notebook.cells.insert(1, cell)
    _, parts, found = executed(notebook, assignment)
    assert {part.verdict for part in parts.values()} == {"error"}
    tests = [c for c in found.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")]
    assert all(any(output.output_type == "error" for output in c.outputs) for c in tests)


# What is made of the results


def part(name, verdict, points=1.0, **more):
    return PartResult(name, f"02.{name}", points, verdict, **more)


def test_parts_are_summed_and_the_worst_verdict_counts():
    parts = [
        part("conv1d", "passed", 3.0),
        part("conv1d_errors", "missing", 1.0, lines=("Not written yet.",)),
        part("moving_average", "error", 2.0, lines=("It raises.",)),
        part("moving_average_errors", "failed", 1.5, lines=("You add.", "Case 0"), mistake="sum_not_mean"),
    ]
    row = student_row("anna", parts, "graded", [])
    assert (row["score"], row["max_score"]) == (3, 7.5)
    assert row["exercises"] == [
        {"exercise": "conv1d", "score": 3, "max_score": 4, "verdict": "missing", "mistake": None, "message": "Not written yet."},
        {
            "exercise": "moving_average",
            "score": 0,
            "max_score": 3.5,
            "verdict": "error",
            "mistake": "sum_not_mean",
            "message": "You add. Case 0",
        },
    ]


def test_forbidden_calls_are_flagged():
    row = student_row("anna", [part("conv1d", "failed", forbidden=("numpy.convolve",))], "graded", [])
    assert row["flags"] == ["conv1d calls numpy.convolve, which this exercise forbids."]


def test_messages_hold_nothing_that_changes_from_run_to_run():
    says = "<f at 0x7f0123456789> in /tmp/ipykernel_321/1234567.py (1234567.py, line 1)"
    assert steady(says) == "<f at 0x…> in <cell> (<cell>, line 1)"
    assert len(steady("x" * 10**6)) == 2000


def test_the_report_and_the_table_run_nothing_that_a_student_wrote():
    row = rejected_row("<script>alert(1)</script>", "=1+1 <b>", {"02.conv1d": 1.0})
    row["flags"] = ["@evil <i>"]
    page = as_html(TOPIC, [row])
    assert "<script" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "'=1+1" in as_csv([row])
    assert "'@evil" in as_csv([row])


def test_the_report_of_a_large_class_begins_with_whom_to_look_at():
    def row(student, status="graded", message="", flags=(), mistake="", verdict="passed"):
        exercise = {"exercise": "conv1d", "score": 1, "max_score": 1, "verdict": verdict, "mistake": mistake, "message": ""}
        about = {"student": student, "score": 1, "max_score": 1, "status": status, "message": message, "flags": [*flags]}
        return {**about, "exercises": [exercise]}

    others = [row(f"restored_{i:03}", message="A cell was restored.") for i in range(30)]
    wrong = [row("wrong", verdict="failed"), row("flipped", mistake="kernel_flipped", verdict="failed")]
    urgent = [row("flagged", flags=["x"]), row("late", "timeout"), row("dead", "crashed"), row("empty", "rejected", "Empty.")]
    page = as_html(TOPIC, [*others, *wrong, *urgent])
    look = page[page.index('id="look"') : page.index('id="scores"')]
    listed = re.findall(r'<td class="student"><a href="feedback/(\w+)/', look)
    assert listed == ["empty", "dead", "late", "flagged", *(other["student"] for other in others)]
    # The first twenty are shown, the others folded.
    assert len(re.findall('class="student"', look[: look.index("<details>")])) == 20
    assert "<summary>14 more</summary>" in look
    assert "1 (3 %)" in page
    assert "Wrong answers without a name: <code>conv1d</code> 1." in page


def test_a_report_of_nobody_who_ran_is_a_report():
    assert "No notebook could be run" in as_html(TOPIC, [rejected_row("anna", "The file is empty.", {"02.conv1d": 1.0})])


# The course's own assignments


def _with_one_quick(topics):
    return [pytest.param(topic, marks=() if topic == TOPIC else pytest.mark.slow) for topic in topics]


@pytest.mark.parametrize("topic", _with_one_quick(topics_in(ROOT)))
def test_the_solution_earns_full_marks_and_the_stub_none(topic, tmp_path):
    for folder in ("solutions", "assignments"):
        submit(tmp_path / "submitted", folder, (ROOT / folder / topic / f"{topic}.ipynb").read_bytes(), topic)
    rows = grade_class(ROOT, topic, tmp_path / "submitted", tmp_path / "output", ["assignments", "solutions"], jobs=2, seed=SEED)
    stub, solution = rows.rows
    assert stub["score"] == 0
    assert {found["verdict"] for found in stub["exercises"]} == {"missing"}
    assert solution["score"] == solution["max_score"] > 0
    assert (solution["message"], solution["flags"], solution["status"]) == ("", [], "graded")
    ran = nbformat.read(tmp_path / "output" / "autograded" / "solutions" / topic / f"{topic}.ipynb", as_version=4)
    errors = [
        output for cell in ran.cells if cell.cell_type == "code" for output in cell.outputs if output.output_type == "error"
    ]
    # Cells without points run, too; where NumPy exercises are judged there is no torch to compare with.
    assert {error.evalue for error in errors} <= {"No module named 'torch'"}
