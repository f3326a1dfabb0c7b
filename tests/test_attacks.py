"""A class in which nearly everybody attacks: nobody earns what is not theirs, and the honest ones keep what is.

Each file of tests/attacks is the answer to one exercise of a small assignment, handed in by a student of its name. Its second
line says what becomes of it: the status, the verdict of the exercise, and `flagged` if the instructor is to be told.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat import v4
from nbgrader.api import Gradebook
from small_course import SOLUTIONS, TOPIC, make_course, once_per_run, solved, submit

from cnnkit.checking.reporting import VERDICT_MIME
from cnnkit.grading.limits import Limits

ATTACKS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "attacks").glob("*.py"))}
EXPECTED = re.compile(r"^# expected: (\S+) (\S+)( flagged)?$", re.MULTILINE)
LIMITS = Limits(cell_seconds=10, call_seconds=10, notebook_seconds=90, memory_bytes=500 << 20, processes=24, reply_bytes=64 << 20)
SECRET = "the-secret-of-the-host"
FLIPPED = SOLUTIONS["conv1d"].replace("@ w", "@ w[::-1]")
HONEST = {"honest_first": ({}, 6), "honest_last": ({}, 6), "honestly_wrong": ({"conv1d": FLIPPED}, 3)}


def index_of_test(notebook, part):
    return next(i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == f"test_{part}")


def duplicated_test(notebook):
    """Two test cells of one id, at which nbgrader stops the whole class."""
    double = copy.deepcopy(notebook.cells[index_of_test(notebook, "conv1d")])
    double.id = "again"
    notebook.cells.insert(2, double)


def copied_test_with_a_new_id(notebook):
    """A test cell under another id, worth a lot."""
    double = copy.deepcopy(notebook.cells[index_of_test(notebook, "conv1d_errors")])
    double.id = "more"
    double.metadata.nbgrader.update(grade_id="test_more", points=1000)
    notebook.cells.append(double)


def edited_test(notebook):
    """A test cell that tests nothing and is worth more."""
    cell = notebook.cells[index_of_test(notebook, "conv1d")]
    cell.source = "1000"
    cell.metadata.nbgrader.points = 1000


def deleted_tests(notebook):
    """No test cells at all."""
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]


def stripped_metadata(notebook):
    """No metadata at all, and a wrong answer."""
    for cell in notebook.cells:
        cell.metadata.clear()


def looks_executed(notebook):
    """Test cells that look as if they had run without a complaint, in a notebook whose kernel dies."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = number, []
    notebook.cells.insert(1, v4.new_code_cell("import os\nos._exit(0)"))


def forged_outputs(notebook):
    """Verdicts in the outputs of the file."""
    for part in ("conv1d", "conv1d_errors"):
        forged = {"check": f"02.{part}", "verdict": "passed", "mistake": None, "forbidden": []}
        cell = notebook.cells[index_of_test(notebook, part)]
        cell.outputs = [v4.new_output("display_data", {VERDICT_MIME: forged, "text/plain": "Passed"})]


def hostile_kernel(notebook):
    """A kernel of the student's own, and settings for it."""
    notebook.metadata["kernelspec"] = {"name": "../../evil", "display_name": "x", "argv": ["/bin/sh", "-c", "touch /tmp/evil"]}
    notebook.metadata["language_info"] = {"name": "bash", "pygments_lexer": "<script>"}


CHANGED = [
    *(duplicated_test, copied_test_with_a_new_id, edited_test, deleted_tests, stripped_metadata, looks_executed),
    *(forged_outputs, hostile_kernel),
]
"""What is done to the file of a wrong answer."""


def link(submitted, kind, target):
    folder = submitted / kind / TOPIC
    folder.mkdir(parents=True)
    (os.link if kind == "hard_link" else os.symlink)(target, folder / f"{TOPIC}.ipynb")


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    return once_per_run(tmp_path_factory, "course", make_course)


@pytest.fixture(scope="session")
def graded(course, tmp_path_factory):
    """The folder of a class of attackers with a few honest students among them, graded in one run."""

    def make(folder):
        submitted, output = folder / "submitted", folder / "output"
        places = {
            "{GRADEBOOK}": str(output / "gradebook.db"),
            "{OTHER}": str(submitted / "honest_first" / TOPIC / f"{TOPIC}.ipynb"),
            "{HOME}": str(Path.home()),
            "{SOLUTION}": str(course / "solutions" / TOPIC / f"{TOPIC}.ipynb"),
        }
        for name, (answers, _) in HONEST.items():
            submit(submitted, name, solved(course, **answers))
        for name, source in ATTACKS.items():
            for place, path in places.items():
                source = source.replace(place, path)
            submit(submitted, name, solved(course, conv1d=source))
        for change in CHANGED:
            notebook = solved(course, conv1d=FLIPPED)
            change(notebook)
            submit(submitted, change.__name__, nbformat.writes(notebook).encode())
        for kind in ("symlink", "hard_link"):
            (folder / f"{kind}.ipynb").write_bytes(Path(places["{OTHER}"]).read_bytes())
            link(submitted, kind, folder / f"{kind}.ipynb")
        (folder / "tmp").mkdir()
        limits = [f"--limit={name}={value}" for name, value in asdict(LIMITS).items()]
        options = ["--submitted", submitted, "--output", output, "--jobs", 2, "--seed", 5, *limits]
        # A process of its own, so that the secret is in the environment of everything that it starts.
        ended = subprocess.run(
            [*map(str, [sys.executable, "-c", "from cnnkit.cli import app; app()", "grade", TOPIC, *options])],
            cwd=course,
            env=os.environ | {"SECRET_OF_THE_HOST": SECRET, "TMPDIR": str(folder / "tmp")},
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 1, ended.stdout + ended.stderr
        left = [
            line
            for process in psutil.process_iter(["cmdline"])
            if str(folder) in (line := " ".join(process.info["cmdline"] or ()))
        ]
        (folder / "left.json").write_text(json.dumps(left))

    return once_per_run(tmp_path_factory, "attacked", make)


@pytest.fixture(scope="session")
def rows(graded):
    return {row["student"]: row for row in json.loads((graded / "output" / "results.json").read_text())["students"]}


def verdict(row, name):
    return next(found["verdict"] for found in row["exercises"] if found["exercise"] == name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_what_is_expected_and_no_more(rows, name):
    status, wanted, flagged = EXPECTED.search(ATTACKS[name]).groups()
    row = rows[name]
    if status != "*":
        assert row["status"] in status.split("|"), row["message"]
    if wanted == "*":
        assert verdict(row, "conv1d") != "passed"
    else:
        assert verdict(row, "conv1d") in wanted.split("|"), row
    assert bool(row["flags"]) == bool(flagged)
    assert row["score"] <= 6 if wanted == "passed" else row["score"] <= 3
    if status in ("crashed", "timeout"):
        # What ends or blocks the process costs its own exercise only.
        assert verdict(row, "moving_average") == "passed"


@pytest.mark.slow
def test_the_gradebook_says_what_the_report_says(graded, rows):
    with Gradebook(f"sqlite:///{graded / 'output' / 'gradebook.db'}", "cnn") as gradebook:
        kept = {submission.student.id: submission.score for submission in gradebook.assignment_submissions(TOPIC)}
    assert kept == {name: row["score"] for name, row in rows.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", HONEST)
def test_honest_students_keep_what_is_theirs(graded, rows, name):
    _, score = HONEST[name]
    assert (rows[name]["status"], rows[name]["score"], rows[name]["flags"]) == ("graded", score, [])
    with Gradebook(f"sqlite:///{graded / 'output' / 'gradebook.db'}", "cnn") as gradebook:
        assert gradebook.find_submission(TOPIC, name).score == score


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGED, ids=lambda change: change.__name__)
def test_a_changed_file_earns_what_its_answers_earn(rows, change):
    row = rows[change.__name__]
    assert (row["score"], row["max_score"]) == (3, 6)
    assert verdict(row, "conv1d") == "failed"


@pytest.mark.slow
def test_links_are_not_followed(rows):
    for kind in ("symlink", "hard_link"):
        assert (rows[kind]["status"], rows[kind]["score"]) == ("rejected", 0)


@pytest.mark.slow
def test_no_score_in_the_gradebook_is_above_the_maximum(graded):
    with Gradebook(f"sqlite:///{graded / 'output' / 'gradebook.db'}", "cnn") as gradebook:
        for submission in gradebook.assignment_submissions(TOPIC):
            assert submission.score <= 6
            assert submission.max_score == 8


@pytest.mark.slow
def test_nothing_was_seen_and_nothing_is_left(graded):
    """What the attacks print when they succeed is in no output, and no file or process of theirs is there."""
    for path in (graded / "output" / "autograded").glob("*/*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            printed = "".join(output.get("text", "") for output in cell.get("outputs", ()))
            assert "CANARY" not in printed, path
            assert SECRET not in str(cell.get("outputs")), path
    assert json.loads((graded / "left.json").read_text()) == []
    assert [*(graded / "tmp").glob("cnnkit-sandbox-*")] == []
    left = [path for path in graded.rglob("*") if path.name.endswith((".pwned", ".new"))]
    assert left == []
    assert not Path("/tmp/evil").exists()


def test_every_attack_says_what_is_expected():
    assert len(ATTACKS) + len(CHANGED) + 2 >= 38
    for name, source in ATTACKS.items():
        assert EXPECTED.search(source), name
        assert source.startswith("# "), name
        compile(source, name, "exec")
    assert shutil.which("bwrap")
