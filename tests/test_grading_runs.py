"""Runs that are killed, workers that die, a cluster: whatever happens, the class ends with the scores of a quiet run."""

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from small_course import SOLUTIONS, TOPIC, make_course, once_per_run, released, solved, submit

from cnnkit.grading.classroom import UNSAFE, _outcomes, _Work, _workers, grade_class
from cnnkit.grading.exchange import as_canvas, as_moodle
from cnnkit.grading.limits import Limits, limits_for, with_limits
from cnnkit.grading.preflight import Rejected
from cnnkit.grading.results import student_row
from cnnkit.grading.resume import RECORD, WHOLE, RunRecord, back_up, write_whole

SEED = 11
FLIPPED = SOLUTIONS["conv1d"].replace("@ w", "@ w[::-1]")
SUMMED = SOLUTIONS["moving_average"].replace(" / k", "")


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    return once_per_run(tmp_path_factory, "course", make_course)


def make_class(course, submitted):
    """Hand in eight notebooks, of four kinds."""
    made = {"ada": {}, "ben": {"conv1d": FLIPPED}, "cleo": {"moving_average": SUMMED}, "dora": {}}
    for student, answers in made.items():
        submit(submitted, student, solved(course, **answers))
        submit(submitted, f"{student}2", solved(course, **answers))
    submit(submitted, "ed", released(course))
    submit(submitted, "fay", b"")
    return sorted([*made, *(f"{student}2" for student in made), "ed", "fay"])


@pytest.fixture(scope="session")
def quiet(course, tmp_path_factory):
    """The class and the output of a run that nothing disturbed."""

    def make(folder):
        students = make_class(course, folder / "submitted")
        grade_class(course, TOPIC, folder / "submitted", folder / "output", students, jobs=2, seed=SEED)

    return once_per_run(tmp_path_factory, "quiet", make)


def scores(output):
    """Read the automatic scores that the gradebook holds."""
    with Gradebook(f"sqlite:///{output / 'gradebook.db'}", "cnn") as gradebook:
        found = gradebook.assignment_submissions(TOPIC)
        return {submission.student.id: submission.score for submission in found}


def until(true, seconds=120):
    """Wait until something is true; fail if it never is."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        pause.wait(0.05)
    pytest.fail(f"waited {seconds} s in vain")


def start(course, submitted, output):
    command = [sys.executable, "-c", "from cnnkit.cli import app; app()", "grade", TOPIC]
    options = ["--submitted", submitted, "--output", output, "--jobs", "2", "--seed", SEED]
    return subprocess.Popen(
        [*map(str, [*command, *options])], cwd=course, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_a_run_killed_in_the_middle_goes_on_and_ends_the_same(course, quiet, tmp_path):
    rows = tmp_path / RECORD / WHOLE / "rows"
    begun = start(course, quiet / "submitted", tmp_path)
    until(lambda: begun.poll() is not None or (rows.is_dir() and len([*rows.glob("*.json")]) >= 3))
    family = psutil.Process(begun.pid).children(recursive=True)
    begun.kill()
    begun.communicate()
    # Its workers and their sandboxes end with it.
    assert psutil.wait_procs(family, timeout=30)[1] == []
    kept = {path: path.stat().st_mtime_ns for path in rows.glob("*.json")}
    assert 3 <= len(kept) < 10
    assert not (tmp_path / "report.html").exists()

    again = start(course, quiet / "submitted", tmp_path)
    printed, _ = again.communicate(timeout=300)
    assert again.returncode == 1, printed
    assert f"({len(kept)} of them graded before the run was stopped)" in " ".join(printed.split())
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    for name in ("results.json", "report.html", "scores.csv", "scores_canvas.csv", "scores_moodle.csv"):
        assert (tmp_path / name).read_bytes() == (quiet / "output" / name).read_bytes(), name
    assert scores(tmp_path) == scores(quiet / "output")
    assert scores(tmp_path)["ben"] < scores(tmp_path)["ada"] == 6


def test_a_finished_run_is_followed_by_a_new_one(course, quiet, tmp_path):
    """And the gradebook as it was is still there."""
    submitted = tmp_path / "submitted"
    path = submit(submitted, "ada", solved(course, conv1d=FLIPPED))
    options = {"jobs": 1, "seed": SEED}
    assert grade_class(course, TOPIC, submitted, tmp_path / "output", ["ada"], **options).kept == 0
    path.write_text(nbformat.writes(solved(course)))
    second = grade_class(course, TOPIC, submitted, tmp_path / "output", ["ada"], **options)
    assert (second.kept, second.rows[0]["score"]) == (0, 6)
    backups = sorted((tmp_path / "output" / "backups").glob("*.db"))
    with Gradebook(f"sqlite:///{backups[-1]}", "cnn") as before:
        assert before.find_submission(TOPIC, "ada").score == 3


def test_a_record_is_of_one_run(tmp_path):
    what = {"topic": "02", "limits": {"cell_seconds": 30}}
    first = RunRecord(tmp_path, what, 5)
    first.keep("anna / ben", "digest", {"student": "anna / ben"})
    same = RunRecord(tmp_path, what, None)
    assert (same.resumed, same.seed) == (True, 5)
    assert same.row("anna / ben", "digest") == {"student": "anna / ben"}
    assert same.row("anna / ben", "another digest") is None
    assert same.row("zoe", "digest") is None
    assert not RunRecord(tmp_path, what, 6).resumed
    assert RunRecord(tmp_path, what, 6).resumed
    assert not RunRecord(tmp_path, what | {"topic": "03"}, 6).resumed
    last = RunRecord(tmp_path, what, 7)
    last.keep("anna", "digest", {})
    last.finish()
    new = RunRecord(tmp_path, what, 7)
    assert not new.resumed
    assert new.row("anna", "digest") is None
    assert 2 <= RunRecord(tmp_path, what | {"topic": "04"}).seed < 2**31


def test_a_student_graded_alone_leaves_the_record_of_the_class(tmp_path):
    """But for that student, whose result in the gradebook is now another run's."""
    what = {"topic": "02"}
    whole = RunRecord(tmp_path, what, 5)
    for student in ("anna", "ben"):
        whole.keep(student, "digest", {"student": student})
    alone = RunRecord(tmp_path, what | {"students": ["anna"]}, 6, ["anna"])
    assert (alone.resumed, alone.seed, alone.row("anna", "digest")) == (False, 6, None)
    again = RunRecord(tmp_path, what)
    assert (again.resumed, again.seed) == (True, 5)
    assert again.row("anna", "digest") is None
    assert again.row("ben", "digest") == {"student": "ben"}


def test_what_the_grader_fails_on_is_not_kept_as_finished(course, quiet, tmp_path, monkeypatch):
    monkeypatch.setattr("cnnkit.grading.classroom.execute", deadly_to_the_grader)
    options = {"jobs": 1, "seed": SEED, "sandbox": False}
    found = grade_class(course, TOPIC, quiet / "submitted", tmp_path, ["ada", "fay"], **options)
    assert [row["status"] for row in found.rows] == ["crashed", "rejected"]
    kept = {path.stem for path in (tmp_path / RECORD).rglob("rows/*.json")}
    assert kept == {"fay"}


def deadly_to_the_grader(notebook, limits, seed):
    raise RuntimeError("no kernel")


def test_without_feedback_pictures_are_described_and_all_else_is_the_same(course, tmp_path):
    drawing = (
        "from matplotlib import pyplot\nfrom cnnkit import plotting\n"
        "pyplot.plot([1, 2])\nplotting.show(pyplot.figure(), 'A line.')\n"
        "plotting.show_images([[[0, 1]]], alt='A pixel.')\n\n"
    )
    wrong = "plotting.show_images([], alt='Nothing.')\n\n"
    submit(tmp_path / "submitted", "draws", solved(course, conv1d=drawing + SOLUTIONS["conv1d"]))
    submit(tmp_path / "submitted", "fails", solved(course, conv1d=drawing + wrong + SOLUTIONS["conv1d"]))
    shown, said = {}, {}
    for feedback in (True, False):
        output = tmp_path / f"output_{feedback}"
        grade_class(course, TOPIC, tmp_path / "submitted", output, ["draws", "fails"], jobs=1, seed=SEED, feedback=feedback)
        path = output / "autograded" / "draws" / TOPIC / f"{TOPIC}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        shown[feedback] = next(cell.outputs for cell in cells if "A line." in cell.source)
        cells = nbformat.read(output / "autograded" / "fails" / TOPIC / f"{TOPIC}.ipynb", as_version=4).cells
        [failing] = [cell.outputs for cell in cells if "Nothing." in cell.source]
        [error] = [output for output in failing if output.output_type == "error"]
        said[feedback] = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback))
    for name in ("results.json", "scores.csv"):
        assert (tmp_path / "output_True" / name).read_bytes() == (tmp_path / "output_False" / name).read_bytes()
    linked, plain = ((tmp_path / f"output_{feedback}" / "report.html").read_text() for feedback in (True, False))
    assert re.sub(r'<a href="feedback/[^>]*>(.*?)</a>', r"\1", linked) == plain != linked
    assert scores(tmp_path / "output_True") == scores(tmp_path / "output_False") == {"draws": 6.0, "fails": 2.0}
    assert ["image/png" in output.data for output in shown[True]] == [True, True, True]
    assert [output.data["text/plain"] for output in shown[False]] == [
        "A line. (not drawn: graded without feedback)",
        "A pixel. (not drawn: graded without feedback)",
        "<Figure size 640x480 with 1 Axes> (not drawn: graded without feedback)",
    ]
    assert all("image/png" not in output.data for output in shown[False])
    # An error is shown with the code around it only where somebody will read it.
    assert ["----> " in said[feedback] for feedback in (True, False)] == [True, False]
    assert said[False].splitlines()[-1] == said[True].splitlines()[-1]
    assert "show_images([]" in said[False]
    assert "\n\n" not in said[False]


def test_without_feedback_no_page_is_there_not_even_an_older_one(course, quiet, tmp_path):
    pages = tmp_path / "feedback" / "ada" / TOPIC
    options = {"jobs": 1, "seed": SEED}
    grade_class(course, TOPIC, quiet / "submitted", tmp_path, ["ada"], **options)
    assert [path.name for path in pages.iterdir()] == [f"{TOPIC}.html"]
    assert 'href="feedback/' in (tmp_path / "report.html").read_text()
    found = grade_class(course, TOPIC, quiet / "submitted", tmp_path, ["ada"], feedback=False, **options)
    assert found.rows[0]["score"] == 6
    assert not pages.exists()
    assert 'href="feedback/' not in (tmp_path / "report.html").read_text()


def test_a_file_is_written_wholly_or_not_at_all(tmp_path):
    path = tmp_path / "report.html"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")
    assert path.read_text() == "old"


def test_a_gradebook_that_is_open_is_copied_whole(tmp_path):
    assert back_up(tmp_path / "gradebook.db") is None
    with closing(sqlite3.connect(tmp_path / "gradebook.db")) as database:
        database.execute("CREATE TABLE scores (score)")
        database.execute("INSERT INTO scores VALUES (1)")
        database.commit()
        database.execute("INSERT INTO scores VALUES (2)")
        copy = back_up(tmp_path / "gradebook.db")
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT score FROM scores").fetchall() == [(1,)]


# Workers


def deadly(notebook, limits, seed):
    """Stand in for a run: end the worker process on one notebook."""
    if notebook == b"deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return notebook.upper()


class Accepted:
    """A notebook that has been accepted."""

    def __init__(self, notebook):
        self.notebook = notebook


class Desk:
    """Hands out notebooks as bytes."""

    def __init__(self, notebooks):
        self.received = {student: Accepted(notebook) for student, notebook in notebooks.items()}

    def receive(self, student):
        return Rejected("no") if self.received[student].notebook == b"" else self.received[student]


def test_a_worker_that_dies_costs_one_notebook_only():
    notebooks = {f"s{i}": b"deadly" if i in (2, 5) else b"" if i == 3 else f"n{i}".encode() for i in range(9)}
    work = _Work(iter(lambda: _workers(2, True, "", False), None), deadly, Limits(), 1, None)
    found = dict(_outcomes(work, Desk(notebooks), [*notebooks], {}, 4))
    assert found.keys() == notebooks.keys()
    for student, notebook in notebooks.items():
        if notebook == b"deadly":
            assert isinstance(found[student], BrokenProcessPool)
        elif notebook:
            assert found[student][0] == notebook.upper()
        else:
            assert isinstance(found[student], Rejected)


@pytest.mark.slow
def test_a_cluster_grades_the_same_and_survives_the_loss_of_a_worker(course, quiet, tmp_path):
    from distributed import LocalCluster

    students = sorted(path.name for path in (quiet / "submitted").iterdir())
    lost = []

    def lose_a_worker(row):
        if not lost and row["status"] == "graded":
            lost.append(cluster.workers[0].pid)
            os.kill(lost[0], signal.SIGKILL)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        options = {"jobs": 2, "seed": SEED, "scheduler": cluster.scheduler_address, "done": lose_a_worker}
        found = grade_class(course, TOPIC, quiet / "submitted", tmp_path, students, **options)
    assert lost
    assert found.rows == json.loads((quiet / "output" / "results.json").read_text())["students"]
    assert scores(tmp_path) == scores(quiet / "output")


@pytest.mark.slow
def test_a_cluster_that_goes_away_is_said_in_a_line_and_what_is_graded_is_kept(course, quiet, tmp_path):
    from distributed import LocalCluster

    students = sorted(path.name for path in (quiet / "submitted").iterdir())
    done = []

    def close(row):
        done.append(row)
        if row["status"] == "graded":
            cluster.close()

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        options = {"jobs": 2, "scheduler": cluster.scheduler_address, "done": close}
        with pytest.raises(ValueError, match=r"Dask cluster at tcp://\S+ has stopped running notebooks\. What is graded is kept"):
            grade_class(course, TOPIC, quiet / "submitted", tmp_path, students, seed=SEED, **options)
    assert any(row["status"] == "graded" for row in done)
    assert len(done) < len(students)
    found = grade_class(course, TOPIC, quiet / "submitted", tmp_path, students, jobs=2)
    assert found.kept == len(done)
    assert found.rows == json.loads((quiet / "output" / "results.json").read_text())["students"]
    assert scores(tmp_path) == scores(quiet / "output")


def test_a_scheduler_that_is_not_there_is_said_in_a_line(course, quiet, tmp_path, monkeypatch):
    monkeypatch.setattr("cnnkit.grading.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(ValueError, match=r"no Dask scheduler at tcp://127.0.0.1:9"):
        grade_class(course, TOPIC, quiet / "submitted", tmp_path, ["ada"], jobs=1, scheduler="tcp://127.0.0.1:9")


# Fail closed


def test_without_bubblewrap_a_class_is_graded_only_if_that_is_asked_for(course, quiet, tmp_path, monkeypatch):
    from test_grading import run

    monkeypatch.setenv("PATH", "/nowhere")
    options = ["--submitted", quiet / "submitted", "--student", "ada", "--seed", SEED]
    refused = run(course, "grade", TOPIC, *options, "--output", tmp_path / "refused")
    assert refused.exit_code == 2
    assert "apt install bubblewrap" in refused.output
    assert "--unsafe-no-sandbox" in refused.output
    assert not (tmp_path / "refused").exists()
    allowed = run(course, "grade", TOPIC, *options, "--output", tmp_path / "allowed", "--unsafe-no-sandbox")
    assert allowed.exit_code == 0
    assert UNSAFE in (tmp_path / "allowed" / "report.html").read_text()
    assert UNSAFE in (tmp_path / "allowed" / "grade.log").read_text()


def test_limits_are_settable():
    assert with_limits([], Limits()) == Limits()
    changed = with_limits(["memory_bytes=4e9", "cell_seconds=2.5"], Limits())
    assert (changed.memory_bytes, changed.cell_seconds, changed.processes) == (4_000_000_000, 2.5, Limits().processes)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("memory=4", "There is no limit 'memory': the limits are cell_seconds"),
        ("processes", "processes needs a number above 0, as in processes=64"),
        ("processes=many", "not 'many'"),
        ("cell_seconds=-1", "not '-1'"),
        ("disk_bytes=inf", "not 'inf'"),
        ("disk_bytes=nan", "not 'nan'"),
    ],
)
def test_a_limit_that_is_none_is_said_in_a_line(setting, says):
    with pytest.raises(ValueError, match=says):
        with_limits([setting], Limits())


def test_where_networks_are_trained_there_is_more_time():
    assert limits_for(TOPIC) == Limits()
    assert limits_for("08_training_a_cnn").call_seconds > Limits().call_seconds
    assert limits_for("99_of_the_instructor") == Limits()


def test_a_limit_reaches_the_notebook(course, tmp_path):
    submit(tmp_path / "submitted", "slow", solved(course, conv1d="def conv1d(x, w):\n    while True: pass\n"))
    limits = with_limits(["call_seconds=1"], Limits())
    found = grade_class(course, TOPIC, tmp_path / "submitted", tmp_path / "output", ["slow"], jobs=1, seed=SEED, limits=limits)
    assert found.rows[0]["status"] == "timeout"
    assert "no answer within 1 seconds" in found.rows[0]["message"]


# Tables for learning platforms


def table(text):
    return [*csv.reader(text.splitlines())]


def test_the_tables_for_learning_platforms_have_their_columns():
    rows = [student_row("anna", [], "graded", []), student_row("=1+1", [], "rejected", ["Nothing, at all."])]
    rows[0] |= {"score": 3.5, "max_score": 6}
    canvas = table(as_canvas(TOPIC, rows))
    assert canvas == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", TOPIC],
        ["    Points Possible", "", "", "", "", "6"],
        ["anna", "", "", "anna", "", "3.5"],
        ["'=1+1", "", "", "'=1+1", "", "0"],
    ]
    assert table(as_moodle(TOPIC, rows)) == [
        ["Username", f"{TOPIC} (points)", f"{TOPIC} (feedback)"],
        ["anna", "3.5", ""],
        ["'=1+1", "0", "Nothing, at all."],
    ]
