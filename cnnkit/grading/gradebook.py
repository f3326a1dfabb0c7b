"""Write graded notebooks into nbgrader's gradebook, autograded/ and feedback/. One process writes, one student at a time.

nbgrader's own converter reads, validates and writes a notebook twice and opens the database seven times. What it does to the
gradebook is done here with its own models, in one transaction per student; a test compares the tables.
"""

import contextlib
import copy
import json
import logging
import os
import shutil
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from alembic.script import ScriptDirectory
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, LimitOutput
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from cnnkit.grading.assignment import notebook_path
from cnnkit.grading.feedback import FeedbackForm, Marks, feedback_page, rejection

STAGING, DATABASE = ".staging", "gradebook.db"
STRUCTURE = os.path.join("{nbgrader_step}", "{student_id}", "{assignment_id}")
"""Of every folder that nbgrader has here; the course's own may be another."""


class GradebookError(Exception):
    """The gradebook cannot be written; the text says why."""


@contextmanager
def open_gradebook(output: Path, course: Path, topic: str) -> Iterator["ClassGradebook"]:
    """Give nbgrader's folder for an assignment, made where it does not exist. Its gradebook is begun by `begin`.

    Raises GradebookError if the folder cannot be written or the course's configuration is broken.
    """
    output = output.resolve()
    staging = output / STAGING
    settings = _load_settings(course)
    try:
        output.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
    except OSError as error:
        raise GradebookError(f"{output} is not a folder that can be written: {error.strerror}.") from None
    with warnings.catch_warnings(), contextlib.ExitStack() as until_done:
        # nbgrader's own way of adding a submission; the instructor can do nothing about it.
        warnings.filterwarnings("ignore", message="Object of type <Submitted", category=SAWarning)
        until_done.callback(shutil.rmtree, staging, ignore_errors=True)
        yield ClassGradebook(output, topic, settings, notebook_path(course, "solutions", topic), until_done)


class _OneNotebook:
    """Gives a converter its one notebook by name: nbgrader takes names and folders for patterns."""

    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        self.assignments = {folder: [os.path.join(folder, f"{self.coursedir.assignment_id}.ipynb")]}


class _Release(_OneNotebook, GenerateAssignment):
    pass


class ClassGradebook:
    """nbgrader's folder for one assignment: gradebook.db, autograded/ and feedback/ under `output`."""

    def __init__(self, output: Path, topic: str, settings: Config, solution: Path, until_done: contextlib.ExitStack) -> None:
        self.output, self.topic, self.settings, self.solution = output, topic, settings, solution
        self._until_done = until_done
        self.staging = output / STAGING
        self.with_feedback = True
        self.form = FeedbackForm(topic)
        self.messages: list[str] = []
        self.log = logging.Logger("nbgrader", logging.INFO)
        handler = logging.Handler()
        handler.emit = lambda record: self.messages.append(record.getMessage())
        self.log.addHandler(handler)
        self._limit_output = LimitOutput(config=settings)

    def _config(self) -> Config:
        """Return the settings of the course with the folders of this run."""
        config = copy.deepcopy(self.settings)
        config.CourseDirectory.update(
            root=str(self.output),
            source_directory=f"{STAGING}/source",
            release_directory=f"{STAGING}/release",
            submitted_directory=f"{STAGING}/submitted",
            autograded_directory="autograded",
            directory_structure=STRUCTURE,
            assignment_id=self.topic,
        )
        return config

    def begin(self) -> None:
        """Make the assignment known to the gradebook, keep that open, and learn what it knows of the assignment's cells.

        Raises GradebookError if nbgrader refuses the assignment.
        """
        _make_database(self.output / DATABASE)
        self._register_assignment()
        address = f"sqlite:///{self.output / DATABASE}"
        self._database = self._until_done.enter_context(Gradebook(address, self.settings.CourseDirectory.course_id))
        source = self._database.find_notebook(self.topic, self.topic)
        self._kernelspec = json.loads(source.kernelspec) if source.kernelspec else None
        checksums = {cell.name: cell.checksum for cell in source.source_cells}
        self.form = FeedbackForm(self.topic, checksums, json.dumps(self.settings.LimitOutput))
        self._database.db.remove()

    @contextmanager
    def _one_transaction(self) -> Iterator[Gradebook]:
        """Give the database; all that is done to it in the block is done, and written to the disk, at once or not at all.

        Raises GradebookError if it cannot be done.
        """
        session = self._database.db
        commit, session.commit = session.commit, session.flush
        try:
            yield self._database
            commit()
        except (SQLAlchemyError, ValueError, KeyError) as error:  # nbgrader's own errors are ValueErrors
            session.rollback()
            raise GradebookError(f"nbgrader cannot store this notebook: {type(error).__name__}: {error}") from None
        finally:
            del session.commit
            session.remove()

    def _register_assignment(self) -> None:
        """Do to the gradebook what `nbgrader generate_assignment` does."""
        source = self.staging / "source" / self.topic / f"{self.topic}.ipynb"
        source.parent.mkdir(parents=True)
        shutil.copyfile(self.solution, source)
        config = self._config()
        # A source belongs to no student: nbgrader writes "." in its place.
        config.CourseDirectory.student_id = "."
        config.GenerateAssignment.permissions = 644
        try:
            _Release(coursedir=CourseDirectory(config=config), config=config, log=self.log).start()
        except NbGraderException:
            if any("there are submissions associated with it" in message for message in self.messages):
                raise GradebookError(
                    f"{self.topic} has other graded cells than when {self.output} was begun: choose another --output."
                ) from None
            raise GradebookError(f"nbgrader refuses {self.topic}: {self._last_error()}") from None

    def _last_error(self) -> str:
        """Return what nbgrader's last traceback ends with; its last message only says to look there."""
        traces = [message for message in self.messages if message.startswith("Traceback")]
        return (traces or self.messages)[-1].strip().splitlines()[-1]

    def save(
        self, student: str, accepted: bytes, notebook: Any, timestamp: str = "", page: tuple[Marks, str] | None = None
    ) -> None:
        """Write one student's scores, the executed notebook and feedback. Raises GradebookError if nbgrader refuses.

        `accepted` is the notebook that was to be executed. What is taken out of `notebook` here is missing in it from then on.
        `page` is the page that was made for certain marks; if the gradebook holds others, as those that a person gave, it is
        made anew.
        """
        if [cell.source for cell in notebook.cells] != [cell.source for cell in nbformat.v4.reads_json(accepted.decode()).cells]:
            raise GradebookError("The notebook that was executed is not the one that was submitted.")
        notebook.metadata.pop("cnnkit", None)
        if self._kernelspec:
            notebook.metadata["kernelspec"] = self._kernelspec
        for cell in notebook.cells:
            if "nbgrader" in cell.metadata:
                cell.metadata.nbgrader["checksum"] = self.form.checksums[cell.metadata.nbgrader.grade_id]
        notebook, _ = self._limit_output(notebook, {})
        converter = self._converter(student)
        with _in_folder(self.output):
            converter.run_pre_convert_hook()
        self._store(student, notebook, timestamp)
        self._write_autograded(converter, student, nbformat.v4.writes_json(notebook) + "\n", timestamp)
        with _in_folder(self.output):
            converter.run_post_convert_hook()
        if not self.with_feedback:
            _remove(self.output / "feedback" / student / self.topic)
            return
        marks = self._marks(student)
        made_for, text = page or (None, "")
        self._write_feedback(student, text if made_for == marks else feedback_page(notebook, self.form, marks))

    def _converter(self, student: str) -> Autograde:
        """Return nbgrader's converter for its settings: hooks and permissions."""
        config = self._config()
        config.CourseDirectory.student_id = student
        return Autograde(coursedir=CourseDirectory(config=config), config=config, log=self.log, force=True)

    def _store(self, student: str, notebook: Any, timestamp: str) -> None:
        """Do to the gradebook what `nbgrader autograde` does."""
        with self._one_transaction() as gradebook:
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission(
                self.topic, student, **({"timestamp": timestamp} if timestamp else {})
            )
            submitted = gradebook.find_submission_notebook(self.topic, self.topic, student)
            grades = {grade.name: grade for grade in submitted.grades}
            comments = {comment.name: comment for comment in submitted.comments}
            for cell in notebook.cells:
                grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
                if utils.is_grade(cell):
                    grade = grades[grade_id]
                    grade.auto_score, _ = utils.determine_grade(cell, self.log)
                    grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
                if utils.is_solution(cell) or utils.is_task(cell):
                    unchanged = cell.metadata.nbgrader.checksum == utils.compute_checksum(cell) and not utils.is_task(cell)
                    comments[grade_id].auto_comment = "No response." if unchanged else None
            submitted.late_submission_penalty = None
            late = submission.total_seconds_late > 0
        if late:
            names = {
                "notebook": self.topic,
                "assignment": self.topic,
                "student": student,
                "db_url": str(self._database.engine.url),
            }
            AssignLatePenalties(config=self.settings, log=self.log).preprocess(notebook, {"nbgrader": names})

    def _write_autograded(self, converter: Autograde, student: str, text: str, timestamp: str) -> None:
        folder = self._autograded(student)
        _remove(folder)
        folder.mkdir(parents=True)
        (folder / f"{self.topic}.ipynb").write_text(text, encoding="utf-8")
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp, encoding="utf-8")
        with _in_folder(self.output):
            converter.set_permissions(self.topic, student)

    def _autograded(self, student: str) -> Path:
        return self.output / "autograded" / student / self.topic

    def _marks(self, student: str) -> Marks:
        """Return what the gradebook says about a student's notebook, those marks included that a person gave."""
        with self._one_transaction() as gradebook:
            submitted: SubmittedNotebook = gradebook.find_submission_notebook(self.topic, self.topic, student)
            penalty = submitted.late_submission_penalty or 0.0
            return Marks(
                score=float(submitted.score - penalty),
                max_score=float(submitted.max_score),
                late_penalty=penalty,
                scores={grade.name: (float(grade.score), float(grade.max_score)) for grade in submitted.grades},
                comments={comment.name: comment.comment for comment in submitted.comments},
                waiting=frozenset(g.name for g in submitted.grades if g.auto_score is None and g.manual_score is None),
            )

    def _write_feedback(self, student: str, text: str) -> None:
        folder = self.output / "feedback" / student / self.topic
        _remove(folder)
        folder.mkdir(parents=True)
        (folder / f"{self.topic}.html").write_text(text, encoding="utf-8")

    def reject(self, student: str, says: str) -> float:
        """Note that a student's submission could not be graded, and return the automatic score that this replaces.

        No score stays behind from a submission graded earlier: the automatic ones become 0 and ask for a human's look,
        the old notebook goes, the feedback says what was wrong.
        """
        earlier = 0.0
        with self._one_transaction() as gradebook:
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(self.topic, student)
            notebook = gradebook.find_submission_notebook(self.topic, self.topic, student)
            for grade in notebook.grades:
                earlier += grade.auto_score or 0.0
                grade.auto_score, grade.needs_manual_grade = 0.0, True
        _remove(self._autograded(student))
        self._write_feedback(student, rejection(self.topic, says))
        return earlier

    def scores(self, students: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return the automatic scores of students in the gradebook, by student and grade id."""
        found = {}
        with self._one_transaction() as gradebook:
            for student in students:
                try:
                    notebook = gradebook.find_submission_notebook(self.topic, self.topic, student)
                except MissingEntry:
                    continue
                found[student] = {grade.name: grade.auto_score or 0.0 for grade in notebook.grades}
        return found


def _load_settings(course: Path) -> Config:
    """Read the course's nbgrader_config.py; nbgrader itself would go on with other settings if it failed."""
    try:
        return PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    except Exception as error:  # noqa: BLE001 - the file is a program, which can raise anything
        says = f"{type(error).__name__}: {error}"
        raise GradebookError(f"{course / 'nbgrader_config.py'} fails, so nothing was graded: {says}") from None


def _make_database(path: Path) -> None:
    """Make a new gradebook, with the version that nbgrader would have to start the program alembic to learn: two seconds."""
    if path.exists():
        return
    version = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic")).get_current_head()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES (?)", [version])


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    """Work in a folder, as what nbgrader calls expects to."""
    with contextlib.chdir(folder):
        yield


def _remove(folder: Path) -> None:
    """Remove a folder that nbgrader wrote: its files are read-only."""
    if folder.exists():
        shutil.rmtree(folder)


def valid_timestamp(text: str) -> str:
    """Return a submission's time as nbgrader keeps it beside the notebook, "" if it is none that nbgrader can read."""
    try:
        utils.parse_utc(text.strip())
    except (ValueError, OverflowError):
        return ""
    return text.strip()
