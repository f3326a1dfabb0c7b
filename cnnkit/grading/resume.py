"""Keep what a run has graded, so that a run that was killed goes on where it stopped.

Beside the gradebook lies a record: which run it is, and the row of every student whose result is written. A row is added
when all else of the student is written, in one step, so what is in the record is whole.
"""

import hashlib
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

RECORD, WHOLE, PART, BACKUPS = ".run", "class", "part", "backups"
LARGEST_SEED = 2**31


class RunRecord:
    """The record of the run in an output folder: its seed, and the rows that it has written.

    A run of part of the class has a record of its own, and takes its students out of that of the whole class. `what`
    describes the run: another assignment, other limits or another way to run notebooks are another run. A run that was
    not finished goes on, with its seed, if none or the same is asked for; else the record begins anew.
    """

    def __init__(self, output: Path, what: dict[str, Any], seed: int | None = None, part_of_class: Sequence[str] = ()) -> None:
        self._folder = output / RECORD / WHOLE
        for student in part_of_class:
            (self._folder / self._name(student)).unlink(missing_ok=True)
        if part_of_class:
            self._folder = output / RECORD / PART
        self._what = json.loads(json.dumps(what))
        begun = self._read("run.json") or {}
        self.resumed = begun.get("what") == self._what and not begun["finished"] and seed in (None, begun["seed"])
        if self.resumed:
            self.seed: int = begun["seed"]
            return
        self.seed = secrets.randbelow(LARGEST_SEED - 2) + 2 if seed is None else seed
        shutil.rmtree(self._folder, ignore_errors=True)
        (self._folder / "rows").mkdir(parents=True)
        self._write("run.json", {"what": self._what, "seed": self.seed, "finished": False})

    def row(self, student: str, submission: str) -> dict[str, Any] | None:
        """Return the row of a student whose submission, told by its digest, this run has graded already."""
        kept = self._read(self._name(student))
        return kept["row"] if kept and kept["submission"] == submission else None

    def keep(self, student: str, submission: str, row: dict[str, Any]) -> None:
        """Note that everything about a student is written."""
        self._write(self._name(student), {"submission": submission, "row": row})

    def finish(self) -> None:
        """Note that the run is over: the next one grades everybody."""
        self._write("run.json", {"what": self._what, "seed": self.seed, "finished": True})

    def _name(self, student: str) -> str:
        return f"rows/{quote(student, safe='')}.json"

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            return json.loads((self._folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def _write(self, name: str, content: dict[str, Any]) -> None:
        write_whole(self._folder / name, json.dumps(content, ensure_ascii=False))


def digest(*parts: bytes) -> str:
    """Return the SHA-256 of several byte strings, each with its length."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there wholly or not at all, whenever the process ends."""
    waiting = path.with_name(f"{path.name}.new")
    with waiting.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)


def back_up(database: Path) -> Path | None:
    """Copy a gradebook beside itself, under the time of day, and return the copy; None if there is no gradebook yet."""
    if not database.exists():
        return None
    folder = database.parent / BACKUPS
    folder.mkdir(exist_ok=True)
    copy = folder / f"{database.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy
