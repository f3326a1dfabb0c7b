"""Look at a submission before anything of it runs: read it safely, reject what is no notebook, mend what can be mended."""

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from cnnkit.grading.assignment import DEFINITION, Assignment, GradedCell, plain

MAX_BYTES = 20_000_000
MAX_CELLS = 2000
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CHECK_NUMBER = re.compile(r"\bcheck\(\s*[\"'](\d\d)\.")


class Rejected(Exception):
    """A submission that cannot be run; the text is a sentence to the student."""


@dataclass(frozen=True)
class Accepted:
    """A notebook ready to be run and graded, and sentences about what had to be mended."""

    notebook: bytes
    mended: tuple[str, ...]


def read_submission(submitted: Path, student: str, topic: str, name: str) -> bytes:
    """Return the bytes of a file `<submitted>/<student>/<topic>/<name>`, without following any link on the way.

    Raises Rejected with a sentence if it is missing, anything but a regular file of its own, or too large.
    """
    folder = submitted / student / topic
    for step in (folder.parent, folder, folder / name):
        if step.is_symlink():
            raise Rejected(f"{step.relative_to(submitted)} is a symbolic link: submit the file itself.")
    if not folder.is_dir():
        raise Rejected(f"Nothing was submitted: there is no folder {topic}.")
    return read_file(folder / name, own=True)


def read_file(path: Path, own: bool = False) -> bytes:
    """Return the bytes of a notebook. With `own` the file itself may be no link, neither symbolic nor hard.

    Raises Rejected with a sentence if it is missing, not a regular file, or too large.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (getattr(os, "O_NOFOLLOW", 0) if own else 0)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        others = sorted(found.name for found in path.parent.glob("*.ipynb"))
        hint = f" There is {others[0]}: was that meant? Rename it to {path.name}." if own and others else ""
        raise Rejected(f"There is no file {path.name}.{hint}") from None
    except OSError as error:
        raise Rejected(f"{path.name} cannot be opened ({error.strerror}).") from None
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise Rejected(f"{path.name} is not a regular file: give the notebook itself.")
        if own and about.st_nlink > 1:
            raise Rejected(f"{path.name} is a hard link to another file: submit a copy of its own.")
        if about.st_size > MAX_BYTES:
            raise Rejected(f"{path.name} is larger than {MAX_BYTES / 1e6:g} MB: clear its outputs and save it again.")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def read_notebook(content: bytes) -> list[Any]:
    """Return the cells of a notebook: their kind, text and grade id, and nothing else that was in the file.

    Raises Rejected with a sentence if the bytes are no notebook.
    """
    if not content.strip():
        raise Rejected("The file is empty: save the notebook and submit it again.")
    try:
        parsed = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Rejected("The file is not text: it is damaged, or it is not a notebook.") from None
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Rejected(f"The file is not JSON{where}: it is damaged, or it is not a notebook.") from None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("nbformat"), int):
        raise Rejected("The file is JSON but not a notebook.")
    if parsed["nbformat"] != 4:
        raise Rejected(f"The notebook has format {parsed['nbformat']}, not 4: open it in JupyterLab and save it again.")
    cells = parsed.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Rejected("The notebook is damaged: it has no list of cells.")
    if len(cells) > MAX_CELLS:
        raise Rejected(f"The notebook has {len(cells)} cells, more than {MAX_CELLS}.")
    return [_clean_cell(cell) for cell in cells]


def _clean_cell(cell: dict[str, Any]) -> Any:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    # JSON can hold halves of characters, which no file can.
    source = str(source).encode("utf-8", "replace").decode()
    kind = cell.get("cell_type")
    made = _new_cell(kind if kind in ("code", "markdown") else "raw", source)
    if _are_attachments(cell.get("attachments")) and made.cell_type == "markdown":
        made["attachments"] = cell["attachments"]
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    if isinstance(grade_id, str):
        made.metadata["grade_id"] = grade_id
    return made


def _new_cell(kind: str, source: str, **metadata: Any) -> Any:
    """Make a cell without an id; unlike nbformat's own functions, leave it to the whole notebook to be validated."""
    of_code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return nbformat.from_dict({"cell_type": kind, "source": source, "metadata": metadata, **of_code})


def _are_attachments(found: Any) -> bool:
    return isinstance(found, dict) and all(
        isinstance(by_type, dict) and all(isinstance(data, str) for data in by_type.values()) for by_type in found.values()
    )


def accept(content: bytes, assignment: Assignment) -> Accepted:
    """Return a submission as the notebook to run: its own cells, with the assignment's tests in their places.

    Tests that were edited, duplicated or deleted are put back, unknown grade ids are dropped, cells whose metadata were
    stripped are recognised by their text. Raises Rejected with a sentence if it is not a notebook of this assignment.
    """
    cells = read_notebook(content)
    _belongs(cells, assignment)
    claimed = _claims(cells)
    known = {cell.grade_id: cell for cell in assignment.cells}
    mended: dict[str, list[str]] = {"duplicated": [], "edited": [], "deleted": []}
    places: dict[str, int] = {}
    for grade_id, indices in claimed.items():
        if grade_id in known:
            places[grade_id] = _choose(indices, cells, known[grade_id])
            if known[grade_id].is_test and len(indices) > 1:
                mended["duplicated"].append(grade_id)
    for cell in assignment.cells:
        if cell.grade_id not in places and (found := _by_text(cell, cells, set(places.values()))) is not None:
            places[cell.grade_id] = found
    for cell in assignment.cells:
        if cell.grade_id not in places and cell.cell_type == "markdown":
            found = _by_position(cell, cells, assignment, places)
            places |= {} if found is None else {cell.grade_id: found}
    taken = {index: known[grade_id] for grade_id, index in places.items()}
    for index, graded in taken.items():
        if graded.is_test and plain(cells[index].source) != plain(graded.released):
            mended["edited"].append(graded.grade_id)
    made = [_restored(cell, taken.get(index)) for index, cell in enumerate(cells)]
    mended["deleted"] = _put_back(made, assignment)
    for cell, cell_id in zip(made, range(len(made)), strict=True):
        cell["id"] = f"cell-{cell_id}"
    notebook = v4.new_notebook(cells=made, metadata={"kernelspec": KERNELSPEC, "language_info": {"name": "python"}})
    return Accepted((nbformat.writes(notebook, version=4) + "\n").encode(), tuple(_sentences(mended, known)))


def recognise_number(content: bytes) -> str:
    """Return the number of the topic that a notebook's checks belong to, as "02"; Rejected if it has no checks."""
    numbers = _numbers(read_notebook(content))
    if not numbers:
        raise Rejected("This notebook has no checks: it is not one of the course's assignments.")
    return numbers.most_common(1)[0][0]


def _numbers(cells: list[Any]) -> Counter[str]:
    return Counter(found for cell in cells if cell.cell_type == "code" for found in CHECK_NUMBER.findall(cell.source))


def _belongs(cells: list[Any], assignment: Assignment) -> None:
    """Raise Rejected if a notebook is not one of this assignment."""
    numbers = _numbers(cells)
    own = numbers.pop(assignment.topic[:2], 0)
    if numbers and max(numbers.values()) > own:
        other = numbers.most_common(1)[0][0]
        raise Rejected(f"This is a notebook of topic {other}, not of {assignment.topic}.")
    ids = {cell.grade_id for cell in assignment.cells}
    defined = {name for cell in cells if cell.cell_type == "code" for name in DEFINITION.findall(cell.source)}
    if not own and not defined & assignment.functions and not any(cell.metadata.get("grade_id") in ids for cell in cells):
        raise Rejected(f"This notebook has none of the cells of {assignment.topic}: was another one meant?")


def _claims(cells: list[Any]) -> dict[str, list[int]]:
    """Return by grade id the cells that carry it."""
    claimed: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        if "grade_id" in cell.metadata:
            claimed.setdefault(cell.metadata["grade_id"], []).append(index)
    return claimed


def _choose(indices: list[int], cells: list[Any], graded: GradedCell) -> int:
    """Choose among several cells with one grade id: the last, of answers the last that says something."""
    answers = [i for i in indices if graded.is_test or plain(cells[i].source) != plain(graded.released)]
    return (answers or indices)[-1]


def _by_text(graded: GradedCell, cells: list[Any], taken: Iterable[int]) -> int | None:
    """Find a cell that lost its metadata: a test by its text, an answer by what it defines."""
    names = set(DEFINITION.findall(graded.released))
    for index in reversed(range(len(cells))):
        cell = cells[index]
        if index in taken or "grade_id" in cell.metadata or cell.cell_type != graded.cell_type:
            continue
        same = plain(cell.source) == plain(graded.released)
        defines = not graded.is_test and names and names <= set(DEFINITION.findall(cell.source))
        if same or defines:
            return index
    return None


def _by_position(graded: GradedCell, cells: list[Any], assignment: Assignment, places: dict[str, int]) -> int | None:
    """Find a written answer that lost its metadata: the longest text of the student's own between its neighbours."""
    ids = [cell.grade_id for cell in assignment.cells]
    position = ids.index(graded.grade_id)
    before = max((places[name] for name in ids[:position] if name in places), default=-1)
    after = min((places[name] for name in ids[position + 1 :] if name in places), default=len(cells))
    own = [
        index
        for index in range(before + 1, after)
        if cells[index].cell_type == "markdown"
        and "grade_id" not in cells[index].metadata
        and plain(cells[index].source) not in assignment.texts
    ]
    return max(own, key=lambda index: len(cells[index].source), default=None)


def _restored(cell: Any, graded: GradedCell | None) -> Any:
    """Return a submitted cell with the metadata of the graded cell that it stands for, tests with their own text."""
    if graded is None:
        cell.metadata.pop("grade_id", None)
        return cell
    source = graded.graded if graded.is_test else cell.source
    return _with_metadata(source, graded, cell.get("attachments"))


def _with_metadata(source: str, graded: GradedCell, attachments: Any = None) -> Any:
    made = _new_cell(graded.cell_type, source, nbgrader=dict(graded.metadata))
    if attachments and graded.cell_type == "markdown":
        made["attachments"] = attachments
    return made


def _put_back(cells: list[Any], assignment: Assignment) -> list[str]:
    """Insert the tests and the written answers that are gone, each before the next graded cell; return their ids."""
    missing: list[str] = []
    here = _graded_places(cells)
    for position in reversed(range(len(assignment.cells))):
        graded = assignment.cells[position]
        if graded.grade_id in here or not (graded.is_test or graded.cell_type == "markdown"):
            continue
        before = max((here[c.grade_id] for c in assignment.cells[:position] if c.grade_id in here), default=-1)
        after = next((here[c.grade_id] for c in assignment.cells[position + 1 :] if c.grade_id in here), len(cells))
        at = max(after, before + 1)
        while at > before + 1 and cells[at - 1].cell_type == "markdown" and "nbgrader" not in cells[at - 1].metadata:
            at -= 1
        cells.insert(at, _with_metadata(graded.graded, graded))
        missing.append(graded.grade_id)
        here = _graded_places(cells)
    return missing


def _graded_places(cells: list[Any]) -> dict[str, int]:
    return {cell.metadata.nbgrader.grade_id: i for i, cell in enumerate(cells) if "nbgrader" in cell.metadata}


def _sentences(mended: dict[str, list[str]], known: dict[str, GradedCell]) -> Iterable[str]:
    order = list(known)
    for what, ids in mended.items():
        if ids:
            names = ", ".join(sorted(ids, key=order.index))
            yield f"The cell{'s' if len(ids) > 1 else ''} {names} {'were' if len(ids) > 1 else 'was'} {what}: restored."
