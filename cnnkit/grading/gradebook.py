"""Write graded notebooks into nbgrader's gradebook, autograded/ and feedback/. One process writes, one student at a time."""

import copy
import logging
import os
import shutil
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
import nbgrader
from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    GetGrades,
    LimitOutput,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning
from traitlets.config import Config, PyFileConfigLoader

from cnnkit.grading.assignment import notebook_path
from cnnkit.grading.feedback import rejection, sealed

STAGING, DATABASE = ".staging", "gradebook.db"


class GradebookError(Exception):
    """The gradebook cannot be written; the text says why."""


class _TakeOutputs(NbGraderPreprocessor):
    """Stands where nbgrader would execute the notebook: gives it the outputs of one that has been executed already."""

    def __init__(self, graded: Any) -> None:
        super().__init__()
        self.graded = graded

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        for cell, graded in zip(nb.cells, self.graded.cells, strict=True):
            if cell.source != graded.source:
                raise ValueError("The notebook that was executed is not the one that was submitted.")
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = graded.outputs, graded.execution_count
        return nb, resources


class _SaveInOneStep(SaveAutoGrades):
    """Saves a notebook's scores in one transaction: all of them or none, and written to the disk once."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        names = resources["nbgrader"]
        self.notebook_id, self.assignment_id, self.student_id = names["notebook"], names["assignment"], names["student"]
        with Gradebook(names["db_url"]) as self.gradebook:
            session = self.gradebook.db
            commit, session.commit = session.commit, session.flush
            for index, cell in enumerate(nb.cells):
                self.preprocess_cell(cell, resources, index)
            commit()
        return nb, resources


class _AsItIs(str):
    """Stands for nbconvert's soup, in which it would add to the page what `sealed` takes away: half of the time."""

    def __new__(cls, page: str, features: str = "") -> "_AsItIs":
        return super().__new__(cls, page)

    def select(self, selector: str) -> list[Any]:
        return []


@contextmanager
def open_gradebook(output: Path, course: Path, topic: str) -> Iterator["ClassGradebook"]:
    """Open nbgrader's folder for an assignment, made where it does not exist.

    Raises GradebookError if the folder cannot be written, the course's configuration is broken or nbgrader refuses the
    assignment.
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
    with warnings.catch_warnings():
        # nbgrader's own way of adding a submission; the instructor can do nothing about it.
        warnings.filterwarnings("ignore", message="Object of type <Submitted", category=SAWarning)
        gradebook = ClassGradebook(output, topic, settings)
        try:
            _make_database(output / DATABASE)
            gradebook.register_assignment(notebook_path(course, "solutions", topic))
            yield gradebook
        finally:
            shutil.rmtree(staging, ignore_errors=True)


class _OneNotebook:
    """Gives a converter its one notebook by name: nbgrader takes names and folders for patterns."""

    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        self.assignments = {folder: [os.path.join(folder, f"{self.coursedir.assignment_id}.ipynb")]}


class _Release(_OneNotebook, GenerateAssignment):
    pass


class _Autograde(_OneNotebook, Autograde):
    pass


class _Feedback(_OneNotebook, GenerateFeedback):
    pass


class ClassGradebook:
    """nbgrader's folder for one assignment: gradebook.db, autograded/ and feedback/ under `output`."""

    def __init__(self, output: Path, topic: str, settings: Config) -> None:
        self.output, self.topic, self.settings = output, topic, settings
        self.staging = output / STAGING
        self.with_feedback = True
        self.messages: list[str] = []
        self.log = logging.Logger("nbgrader", logging.INFO)
        handler = logging.Handler()
        handler.emit = lambda record: self.messages.append(record.getMessage())
        self.log.addHandler(handler)

    def _config(self) -> Config:
        """Return the settings of the course with the folders of this run."""
        config = copy.deepcopy(self.settings)
        config.CourseDirectory.update(
            root=str(self.output),
            source_directory=f"{STAGING}/source",
            release_directory=f"{STAGING}/release",
            submitted_directory=f"{STAGING}/submitted",
            feedback_directory=f"{STAGING}/feedback",
            assignment_id=self.topic,
        )
        return config

    def _gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.output / DATABASE}", self.settings.CourseDirectory.course_id)

    def register_assignment(self, solution: Path) -> None:
        """Make the assignment known to the gradebook, as `nbgrader generate_assignment` does."""
        source = self.staging / "source" / self.topic / f"{self.topic}.ipynb"
        source.parent.mkdir(parents=True)
        shutil.copyfile(solution, source)
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

    def save(self, student: str, accepted: bytes, graded: bytes, timestamp: str = "") -> None:
        """Write one student's scores, autograded notebook and feedback. Raises GradebookError if nbgrader refuses."""
        folder = self.staging / "submitted" / student / self.topic
        folder.mkdir(parents=True)
        (folder / f"{self.topic}.ipynb").write_bytes(accepted)
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp, encoding="utf-8")
        executed = _TakeOutputs(nbformat.reads(graded.decode(), as_version=4))
        config = self._config()
        config.CourseDirectory.student_id = student
        directory = CourseDirectory(config=config)
        autograde = _Autograde(coursedir=directory, config=config, log=self.log, force=True)
        autograde.autograde_preprocessors = [
            executed,
            LimitOutput,
            _SaveInOneStep,
            AssignLatePenalties,
            CheckCellMetadata,
        ]
        feedback = _Feedback(coursedir=directory, config=config, log=self.log, force=True)
        # Hidden tests are the instructor's.
        feedback.preprocessors = [GetGrades, ClearHiddenTests, *feedback.preprocessors[1:]]
        try:
            autograde.start()
            if self.with_feedback:
                with mock.patch("nbconvert.exporters.html.BeautifulSoup", _AsItIs):
                    feedback.start()
        except NbGraderException:
            raise GradebookError(f"nbgrader cannot store this notebook: {self._last_error()}") from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not self.with_feedback:
            _remove(self.output / "feedback" / student / self.topic)
            return
        written = self.staging / "feedback" / student / self.topic / f"{self.topic}.html"
        self._write_feedback(student, sealed(written.read_text(encoding="utf-8"), self.topic))

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
        with self._gradebook() as gradebook:
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(self.topic, student)
            notebook = gradebook.find_submission_notebook(self.topic, self.topic, student)
            for grade in notebook.grades:
                earlier += grade.auto_score or 0.0
                grade.auto_score, grade.needs_manual_grade = 0.0, True
            gradebook.db.commit()
        _remove(self.output / "autograded" / student / self.topic)
        self._write_feedback(student, rejection(self.topic, says))
        return earlier

    def scores(self, students: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return the automatic scores of students in the gradebook, by student and grade id."""
        found = {}
        with self._gradebook() as gradebook:
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


def _remove(folder: Path) -> None:
    """Remove a folder that nbgrader wrote: its files are read-only."""
    if folder.exists():
        shutil.rmtree(folder)


def valid_timestamp(text: str) -> str:
    """Return a submission's time as nbgrader keeps it beside the notebook, "" if it is none that nbgrader can read."""
    try:
        parse_utc(text.strip())
    except (ValueError, OverflowError):
        return ""
    return text.strip()
