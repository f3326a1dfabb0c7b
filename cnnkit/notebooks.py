"""Build the notebooks and the course map from `sources/`, and tell when a built file no longer matches its source.

Two runs write the same bytes: cell ids are hashes of content, metadata is fixed, and a lecture is executed again only
when its code cells have changed since its outputs were made.
"""

import hashlib
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnkit.notebook_sources import (
    BuildError,
    Cell,
    Problem,
    Source,
    check_markers,
    check_no_markers,
    find_topics,
    grade_id,
    points_of,
    read_source,
)

MAX_LECTURE_BYTES = 1_000_000
CELL_TIMEOUT_S = 300
ID_LENGTH = 12

NBFORMAT = (4, 5)
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}

HEADING = re.compile(r"^#\s+(?:Lecture\s+|Assignment\s+)?(?:\d\d(?:\s*[.:·—–-]\s*|\s+))?(.+?)\s*$", re.MULTILINE)
MINUTES = re.compile(r"(\d+(?:\s*[–-]\s*\d+)?)\s*min(?:utes)?\b")
EXERCISE_MINUTES = re.compile(r"· about (\d+) minutes")
NEEDS = re.compile(r"\*\*You need:?\*\*:?\s(.*?)\.(?:\s|$)", re.DOTALL)
TOPIC_NUMBERS = re.compile(r"\b\d\d(?:\s+to\s+\d\d)?\b")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RAISED_AT = re.compile(r"^-+> *\d+ *(.*)$", re.MULTILINE)
MEMORY_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")

MAP_HERE = "<!-- course map -->"
MAP_BEGIN = "<!-- course map: written by `make notebooks` from sources/ -->"
MAP_END = "<!-- end of course map -->"


@dataclass(frozen=True)
class Built:
    """A derived file: its path relative to the root, its bytes, why what is there differs ("" where it does not)."""

    path: str
    content: bytes
    difference: str
    seconds: float


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds the sources; FileNotFoundError if there is none."""
    for folder in (start, *start.parents):
        if (folder / "sources" / "lectures").is_dir() or (folder / "sources" / "assignments").is_dir():
            return folder
    raise FileNotFoundError(f"{start} is not inside the course: no sources/ folder here or above. Change to the course's folder.")


def choose_topics(topics: list[str], wanted: Collection[str]) -> list[str]:
    """Return the topics asked for as `2`, `02` or `02_topic`, all if none is; ValueError lists the topics."""
    chosen = set()
    for name in wanted:
        found = [t for t in topics if name in (t, t[:2], t[:2].lstrip("0"))]
        if not found:
            raise ValueError(f"There is no source for topic {name!r}. The topics are: {', '.join(topics)}.")
        chosen.update(found)
    return [t for t in topics if t in chosen] if chosen else topics


def _nbgrader_metadata(cell: Cell) -> dict[str, Any]:
    """Expand a marker to nbgrader's whole metadata, schema version 3."""
    metadata: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": grade_id(cell),
        "cell_type": cell.kind,
        "solution": "test" not in cell.keys,
        "grade": "solution" not in cell.keys,
        "locked": "test" in cell.keys,
        "task": False,
    }
    points = points_of(cell)
    if points is not None:
        metadata["points"] = int(points) if points == int(points) else points
    return metadata


def _set_ids(notebook: Any) -> None:
    """Name every cell after a hash of its content, with a count where two are alike."""
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\0{cell.source}".encode()).hexdigest()[:ID_LENGTH]
        count = seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if count == 1 else f"{digest}-{count}"


def make_notebook(source: Source) -> Any:
    """Return the notebook of a source, without outputs."""
    from nbformat import v4

    cells = []
    for cell in source.cells:
        made = v4.new_markdown_cell(cell.text) if cell.kind == "markdown" else v4.new_code_cell(cell.text)
        if cell.keys:
            made.metadata["nbgrader"] = _nbgrader_metadata(cell)
        cells.append(made)
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO})
    _set_ids(notebook)
    return notebook


def to_bytes(notebook: Any) -> bytes:
    """Serialise a notebook in the one way that all built notebooks have."""
    import nbformat

    return (nbformat.writes(notebook, version=4).rstrip("\n") + "\n").encode()


def _from_bytes(content: bytes) -> Any | None:
    """Return the notebook that some bytes hold, None where they hold no valid one of the version that is built."""
    import nbformat

    try:
        notebook = json.loads(content)
    except ValueError:
        return None
    if not isinstance(notebook, dict) or (notebook.get("nbformat"), notebook.get("nbformat_minor")) != NBFORMAT:
        return None
    # Unlike nbformat.validate, this mends nothing before it looks.
    if any(nbformat.validator.iter_validate(notebook)):
        return None
    return nbformat.reads(content.decode(), as_version=4)


def release(solution: bytes, topic: str, config_file: Path) -> bytes:
    """Return what the student gets, made from the solution by nbgrader's own generate_assignment.

    It runs in a temporary course of its own, with the stubs of the course's `nbgrader_config.py`. Raises RuntimeError
    with nbgrader's log if nbgrader refuses.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    config.CourseDirectory.assignment_id = topic
    # As `nbgrader generate_assignment --no-db`: a release needs no gradebook.
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True
    log = logging.Logger("nbgrader")
    messages: list[str] = []
    log.addHandler(handler := logging.Handler(logging.WARNING))
    handler.emit = lambda record: messages.append(record.getMessage())
    with tempfile.TemporaryDirectory() as course:
        config.CourseDirectory.root = course
        directory = CourseDirectory(config=config)
        name = Path(topic, f"{topic}.ipynb")
        given = Path(course, directory.source_directory, name)
        given.parent.mkdir(parents=True)
        given.write_bytes(solution)
        try:
            GenerateAssignment(coursedir=directory, config=config, log=log).start()
        except NbGraderException as error:
            raise RuntimeError("nbgrader cannot release this: " + "\n".join([*messages, str(error)])) from error
        notebook = _from_bytes(Path(course, directory.release_directory, name).read_bytes())
    # The ids would otherwise be hashes of the solutions.
    _set_ids(notebook)
    return to_bytes(notebook)


def _code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _record(notebook: Any) -> dict[str, str]:
    """Return what a lecture records of its execution: hashes of the code that ran and of what came out."""
    code = _code_cells(notebook)
    return {"code_sha256": _hash([c.source for c in code]), "outputs_sha256": _hash([c.outputs for c in code])}


def why_stale(lecture: Any, existing: Any | None) -> str:
    """Say why the outputs of an existing lecture cannot be kept for the notebook `lecture`, "" where they can."""
    if existing is None:
        return "is not a valid notebook"
    recorded = existing.metadata.get("cnnkit", {})
    if recorded.get("code_sha256") != _record(lecture)["code_sha256"]:
        pairs = zip(_code_cells(lecture), _code_cells(existing), strict=False)
        for count, (new, old) in enumerate(pairs, start=1):
            if new.source != old.source:
                return f"its outputs are stale: code cell {count} has changed since they were made"
        return "its outputs are stale: the code cells have changed since they were made"
    if len(_code_cells(existing)) != len(_code_cells(lecture)):
        return "cells were added or deleted by hand"
    if recorded.get("outputs_sha256") != _record(existing)["outputs_sha256"]:
        return "its outputs are not those of its build: they were edited, or the notebook was run and saved by hand"
    return ""


def _finish_lecture(notebook: Any) -> None:
    """Fix what differs from run to run: counters, timings, pieces of one stream, live widgets."""
    for count, cell in enumerate(_code_cells(notebook), start=1):
        cell.execution_count = count
        cell.metadata.clear()
        outputs: list[Any] = []
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
            # A widget's view refers to a kernel that is gone; its text remains.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            before = outputs[-1] if outputs else None
            if before and output.output_type == before.output_type == "stream" and output.name == before.name:
                before.text += output.text
            else:
                outputs.append(output)
        cell.outputs = outputs
    notebook.metadata = {"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO, "cnnkit": _record(notebook)}


def execute(notebook: Any, source: Source, folder: Path) -> None:
    """Execute a lecture in place, in a clean kernel that works in `folder`.

    Raises BuildError naming the cell if it raises, writes to stderr (as every warning does), takes longer than
    CELL_TIMEOUT_S seconds, or shows a memory address.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    lines = [cell.line for cell in source.cells]
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name=KERNELSPEC["name"],
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
    )
    running, said = [0], ""
    client.on_cell_execute = lambda cell, cell_index: running.__setitem__(0, cell_index)
    with tempfile.TemporaryDirectory() as profile, tempfile.TemporaryFile() as kernel_log:
        # No start-up files of the person who builds, the interpreter that builds, sets in the same order each time.
        env = os.environ | {"IPYTHONDIR": profile, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONHASHSEED": "0"}
        try:
            client.execute(env=env, stderr=kernel_log)
        except CellExecutionError as error:
            said = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
            raised = RAISED_AT.search(COLOUR.sub("", error.traceback))
            said += f" (raised by `{raised[1]}`)" if raised else ""
        except CellTimeoutError:
            said = f"it took longer than {CELL_TIMEOUT_S} s."
        except DeadKernelError:
            kernel_log.seek(0)
            said = "the kernel died. " + kernel_log.read().decode(errors="replace").strip()
        if said:
            raise BuildError([Problem(source.path, lines[running[0]], f"this cell failed: {said}")])
    problems = []
    for cell, line in zip(notebook.cells, lines, strict=True):
        for output in cell.get("outputs", []):
            text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
            if output.get("name") == "stderr":
                problems.append(Problem(source.path, line, f"this cell wrote to stderr: {text.strip()}"))
            elif MEMORY_ADDRESS.search(text):
                shown = MEMORY_ADDRESS.search(text)[0]
                problems.append(Problem(source.path, line, f"this cell shows a memory address ({shown}): end it with `;`."))
    if problems:
        raise BuildError(problems)


def build_lecture(source: Source, existing: bytes, folder: Path, *, run: bool, fresh: bool) -> tuple[bytes, str]:
    """Return a lecture's bytes, and why its outputs are stale ("" where they are the right ones).

    Outputs come from `existing` while its code is the same; otherwise, or with `fresh`, the lecture is executed in
    `folder` if `run` allows. Raises BuildError as `execute` does, and for more than MAX_LECTURE_BYTES bytes.
    """
    notebook, old = make_notebook(source), _from_bytes(existing)
    stale = why_stale(notebook, old)
    if run and (stale or fresh):
        folder.mkdir(exist_ok=True)
        execute(notebook, source, folder)
        stale = ""
    elif not stale:
        for cell, kept in zip(_code_cells(notebook), _code_cells(old), strict=True):
            cell.outputs = kept.outputs
    _finish_lecture(notebook)
    content = to_bytes(notebook)
    if len(content) > MAX_LECTURE_BYTES:
        largest = max(notebook.cells, key=lambda c: len(json.dumps(c.get("outputs", []))))
        line = source.cells[notebook.cells.index(largest)].line
        size = f"{len(content) / 1e6:.1f} MB, more than {MAX_LECTURE_BYTES / 1e6:.0f} MB"
        raise BuildError([Problem(source.path, line, f"the executed lecture has {size}; this cell has the largest outputs.")])
    return content, stale


def difference(expected: bytes, found: bytes | None) -> str:
    """Say in a few words how a file differs from what its source gives, "" where it does not."""
    if expected == found:
        return ""
    if found is None:
        return "is missing"
    new, old = _from_bytes(expected), _from_bytes(found)
    if new is None:
        return "its course map is not that of the sources"
    if old is None:
        return f"is not a valid notebook of version {NBFORMAT[0]}.{NBFORMAT[1]}"
    for count, (want, have) in enumerate(zip(new.cells, old.cells, strict=False), start=1):
        for key in ("cell_type", "source", "metadata", "outputs", "execution_count", "id"):
            if want.get(key) != have.get(key):
                return f"cell {count}: its {key} is not that of the source file"
    if len(new.cells) != len(old.cells):
        return f"has {len(old.cells)} cells, its source has {len(new.cells)}"
    if new.metadata != old.metadata:
        return "its metadata is not what the build writes"
    return "same content, but not in the form that the build writes"


def _title(source: Source) -> tuple[str, list[Problem]]:
    first = source.cells[0]
    match = HEADING.search(first.text) if first.kind == "markdown" else None
    if match is None:
        return "", [Problem(source.path, first.line, "the first cell must be markdown with a title, `# Title`.")]
    return match[1], []


def _minutes(source: Source) -> str | None:
    """Return the time that a notebook says it takes, before its first code cell."""
    for cell in source.cells:
        if cell.kind == "code":
            return None
        if match := MINUTES.search(cell.text):
            return re.sub(r"\s*[–-]\s*", "–", match[1])
    return None


def _time_of_exercises(source: Source) -> str:
    """Return the time that the exercises of an assignment take in all, as minutes or half hours."""
    minutes = sum(int(found) for cell in source.cells if cell.kind != "code" for found in EXERCISE_MINUTES.findall(cell.text))
    if minutes <= 90:
        return f"{minutes} min, " if minutes else ""
    hours, half = divmod(round(minutes / 30), 2)
    return f"{hours}{' ½' if half else ''} h, "


def _builds_on(lecture: Source | None) -> str:
    """Return the numbers of the topics that a lecture says it needs."""
    found = NEEDS.search(lecture.cells[0].text) if lecture else None
    numbers = TOPIC_NUMBERS.findall(found[1]) if found else []
    return ", ".join(re.sub(r"\s+to\s+", "–", number) for number in numbers) or "–"


def _course_map(lectures: dict[str, Source], assignments: dict[str, Source]) -> str:
    """Return the table of topics, one row each; BuildError where a lecture has no title or time."""
    problems: list[Problem] = []
    rows = ["| | Topic | Builds on | Lecture | Assignment |", "|---|---|---|---|---|"]
    for topic in sorted({*lectures, *assignments}):
        title, wrong = _title(lectures.get(topic) or assignments[topic])
        problems += wrong
        cells = ["–", "–"]
        if topic in lectures:
            minutes = _minutes(lectures[topic])
            if minutes is None:
                message = "states no time: write for instance `Time: about 45 minutes` in the first cell."
                problems.append(Problem(lectures[topic].path, lectures[topic].cells[0].line, message))
            cells[0] = f"[read](lectures/{topic}.ipynb), {minutes} min"
        if topic in assignments:
            points = sum(points_of(cell) or 0 for cell in assignments[topic].cells)
            cells[1] = f"[solve](assignments/{topic}/{topic}.ipynb), {_time_of_exercises(assignments[topic])}{points:g} points"
        needs = _builds_on(lectures.get(topic))
        rows.append(f"| {topic[:2]} | {title.replace('|', '&#124;')} | {needs} | {cells[0]} | {cells[1]} |")
    if problems:
        raise BuildError(problems)
    return "\n".join(rows)


def _no_place_for_map(path: str, lines: str) -> BuildError:
    return BuildError([Problem(path, 0, f"has no place for the course map: put {lines} where it belongs, once.")])


def _put_map(readme: str, table: str) -> str:
    """Put the course map between its two lines in the README."""
    if [line for line in readme.splitlines() if line in (MAP_BEGIN, MAP_END)] != [MAP_BEGIN, MAP_END]:
        raise _no_place_for_map("README.md", f"the lines {MAP_BEGIN} and {MAP_END}")
    before, after = readme.split(MAP_BEGIN)[0], readme.split(MAP_END)[1]
    return f"{before}{MAP_BEGIN}\n\n{table}\n\n{MAP_END}{after}"


def _read_bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _build_pages(root: Path, lectures: dict[str, Source], assignments: dict[str, Source], index: Source) -> list[Built]:
    """Build the start page, the course map of the README, and the pages beside the start page, such as the glossary."""
    began = time.perf_counter()
    table = _course_map(lectures, assignments)
    if sum(cell.text.count(MAP_HERE) for cell in index.cells) != 1:
        raise _no_place_for_map(index.path, f"the line {MAP_HERE}")
    for cell in index.cells:
        cell.text = cell.text.replace(MAP_HERE, table)
    pages = {"index.ipynb": to_bytes(make_notebook(index))}
    for path in sorted((root / "sources").glob("*.py")):
        if path.name != "index.py":
            pages[f"{path.stem}.ipynb"] = to_bytes(make_notebook(read_source(root, path)))
    if readme := _read_bytes(root / "README.md"):
        pages["README.md"] = _put_map(readme.decode(), table).encode()
    seconds = time.perf_counter() - began
    return [Built(path, content, difference(content, _read_bytes(root / path)), seconds) for path, content in pages.items()]


def _exercise_parts(topic: str) -> Collection[str]:
    """Return the ids of a topic's exercises, none where the topic has no module of exercises."""
    from cnnkit import exercises

    return exercises.part_ids(topic) if topic in exercises.topics() else ()


def _read_all(
    root: Path, topics: list[str], part_ids: Callable[[str], Collection[str]]
) -> tuple[dict[str, Source], dict[str, Source]]:
    """Read and examine the sources of some topics; BuildError has every problem of all of them."""
    problems: list[Problem] = []
    read: dict[str, dict[str, Source]] = {"lectures": {}, "assignments": {}}
    for kind, sources in read.items():
        for topic in topics:
            path = root / "sources" / kind / f"{topic}.py"
            if not path.exists():
                continue
            try:
                source = sources[topic] = read_source(root, path)
            except BuildError as error:
                problems += error.problems
                continue
            problems += check_no_markers(source) if kind == "lectures" else check_markers(source, part_ids(topic))
    if problems:
        raise BuildError(problems)
    return read["lectures"], read["assignments"]


def _build_assignment(root: Path, source: Source) -> Iterator[Built]:
    topic, began = source.topic, time.perf_counter()
    solution = to_bytes(make_notebook(source))
    try:
        released = release(solution, topic, root / "nbgrader_config.py")
    except RuntimeError as error:
        raise BuildError([Problem(source.path, 0, str(error))]) from error
    seconds = time.perf_counter() - began
    for folder, content in (("solutions", solution), ("assignments", released)):
        path = f"{folder}/{topic}/{topic}.ipynb"
        yield Built(path, content, difference(content, _read_bytes(root / path)), seconds)


def build(
    root: Path,
    wanted: Collection[str] = (),
    *,
    run: bool = True,
    fresh: bool = False,
    part_ids: Callable[[str], Collection[str]] = _exercise_parts,
) -> Iterator[Built | BuildError]:
    """Build the notebooks of the topics wanted, all if none is named, and with all of them the course map.

    Nothing is written. All sources are read first: BuildError has everything that is wrong with them, with file and
    line. A notebook that cannot be made from them gives its BuildError in its place, and the others are built. `run`
    allows lectures to be executed, `fresh` asks for it even where outputs could be kept. `part_ids` gives the ids of a
    topic's exercises.
    """
    lectures, assignments = _read_all(root, choose_topics(find_topics(root), wanted), part_ids)
    if not wanted:
        path = root / "sources" / "index.py"
        if not path.exists():
            raise BuildError([Problem("sources/index.py", 0, "is missing: it holds the text of the start page.")])
        index = read_source(root, path)
        # Before any lecture runs: this is quick, and finds titles and times that are missing.
        yield from _build_pages(root, lectures, assignments, index)
    for source in assignments.values():
        try:
            yield from _build_assignment(root, source)
        except BuildError as error:
            yield error
    for topic, source in lectures.items():
        began, path = time.perf_counter(), root / "lectures" / f"{topic}.ipynb"
        existing = _read_bytes(path)
        try:
            content, stale = build_lecture(source, existing or b"", path.parent, run=run, fresh=fresh)
        except BuildError as error:
            yield error
            continue
        why = stale if existing is not None and stale else difference(content, existing)
        yield Built(f"lectures/{topic}.ipynb", content, why, time.perf_counter() - began)


def find_leftovers(root: Path) -> list[str]:
    """List the files in the folders of built notebooks that no source gives."""
    topics = find_topics(root)
    expected = {f"lectures/{t}.ipynb" for t in topics if (root / "sources/lectures" / f"{t}.py").exists()}
    for folder in ("solutions", "assignments"):
        expected |= {f"{folder}/{t}/{t}.ipynb" for t in topics if (root / "sources/assignments" / f"{t}.py").exists()}
    found = set()
    for folder in ("lectures", "solutions", "assignments"):
        for path in (root / folder).rglob("*"):
            relative = path.relative_to(root)
            if path.is_file() and not any(part.startswith((".", "__")) for part in relative.parts):
                found.add(relative.as_posix())
    return sorted(found - expected)


def write(root: Path, built: Built) -> None:
    """Write a built file, whole or not at all."""
    path = root / built.path
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(built.content)
    beside.replace(path)


def run_build(
    root: Path,
    wanted: Collection[str],
    *,
    check: bool,
    fresh: bool,
    say: Callable[[str], None],
    part_ids: Callable[[str], Collection[str]] = _exercise_parts,
) -> bool:
    """Build and write, or with `check` only compare, saying a line per file; return whether all is well."""
    well = True
    try:
        for built in build(root, wanted, run=not check, fresh=fresh, part_ids=part_ids):
            if isinstance(built, BuildError):
                well = False
                say(str(built))
            elif check:
                well = well and not built.difference
                say(
                    f"{built.path}: {built.difference}. Run `make notebooks`." if built.difference else f"in sync    {built.path}"
                )
            else:
                if built.difference:
                    write(root, built)
                say(f"{'written' if built.difference else 'unchanged'}  {built.path}  {built.seconds:.1f} s")
        for path in find_leftovers(root) if check and not wanted else ():
            well = False
            say(f"{path}: no source gives this file. Delete it, or write its source.")
    except (BuildError, ValueError) as error:
        say(str(error))
        return False
    return well
