import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from cnnkit import cli
from cnnkit.notebook_sources import BuildError, find_topics, read_source
from cnnkit.notebooks import MAP_BEGIN, MAP_END, build, build_lecture, find_leftovers, run_build, write

ROOT = Path(__file__).parent.parent
TOPIC = "02_convolution_1d"

LECTURE = '''\
# %% [markdown]
r"""
# 02 Convolution in one dimension

Time: about 45 – 60 minutes. **You need** lectures 03 to 05 (all of it), and 01. The kernel $\\alpha$ slides.
"""

# %%
total = 1 + 2
print("total", total)

# %%
total
'''

ASSIGNMENT = '''\
# %% [markdown]
r"""
# Assignment 02

**Points 2 · difficulty 1/5 · about 100 minutes** and **No points · about 10 minutes**
"""

# %%
from cnnkit import check

# %% solution="conv1d"
def conv1d(x, w):
    """Slide w along x."""
    ### BEGIN SOLUTION
    return "the answer itself"
    ### END SOLUTION

# %% test="conv1d" points=2
# Check that the kernel slides.
check("02.conv1d", conv1d)
### BEGIN HIDDEN TESTS
check("02.conv1d", conv1d, hidden=True)
### END HIDDEN TESTS

# %% [markdown] manual="explain_flip" points=1.5
r"""
The kernel of a true convolution is flipped.
"""
'''

INDEX = '''\
# %% [markdown]
r"""
# The course

<!-- course map -->
"""
'''


def part_ids(topic: str) -> set[str]:
    return {"conv1d", "conv1d_errors"}


def write_course(root: Path) -> None:
    for folder, text in (("lectures", LECTURE), ("assignments", ASSIGNMENT)):
        path = root / "sources" / folder / f"{TOPIC}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (root / "sources" / "index.py").write_text(INDEX)
    (root / "sources" / "words.py").write_text('# %% [markdown]\n"""\n# Words\n"""\n')
    (root / "README.md").write_text(f"# Course\n\n{MAP_BEGIN}\n\nold\n\n{MAP_END}\n\nEnd.\n")
    shutil.copy(ROOT / "nbgrader_config.py", root)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    write_course(tmp_path)
    return tmp_path


def make(root: Path, *wanted: str, check: bool = False, fresh: bool = False) -> tuple[bool, list[str]]:
    said: list[str] = []
    well = run_build(root, wanted, check=check, fresh=fresh, say=said.append, part_ids=part_ids)
    return well, said


def built_files(root: Path) -> dict[str, bytes]:
    paths = [*root.glob("*.ipynb"), *root.glob("[!s]*/**/*.ipynb"), *root.glob("solutions/**/*.ipynb"), root / "README.md"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write_course(root)
    well, said = make(root)
    assert well, said
    return root


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built_once, tmp_path / "course")


def test_second_build_gives_the_same_bytes(built: Path) -> None:
    before = built_files(built)
    assert len(before) == 6

    well, said = make(built)

    assert well
    assert [line.split()[0] for line in said] == ["unchanged"] * 6
    assert built_files(built) == before


def test_build_from_nothing_and_execution_again_give_the_same_bytes(built: Path) -> None:
    before = built_files(built)
    for folder in ("lectures", "solutions", "assignments"):
        shutil.rmtree(built / folder)
    make(built)
    assert built_files(built) == before

    make(built, fresh=True)
    assert built_files(built) == before


def test_lecture_shows_outputs_and_nothing_that_changes_from_run_to_run(built: Path) -> None:
    lecture = nbformat.read(built / "lectures" / f"{TOPIC}.ipynb", as_version=4)
    nbformat.validate(lecture)

    assert lecture.cells[1].outputs[0].text == "total 3\n"
    assert lecture.cells[2].outputs[0].data["text/plain"] == "3"
    assert [cell.get("execution_count") for cell in lecture.cells] == [None, 1, 2]
    assert all(cell.metadata == {} for cell in lecture.cells)
    assert "version" not in lecture.metadata.language_info


def test_markers_become_whole_nbgrader_metadata(built: Path) -> None:
    solution = nbformat.read(built / "solutions" / TOPIC / f"{TOPIC}.ipynb", as_version=4)
    always = {"schema_version": 3, "task": False}
    assert [cell.metadata.get("nbgrader") for cell in solution.cells] == [
        None,
        None,
        {"grade_id": "conv1d", "cell_type": "code", "solution": True, "grade": False, "locked": False} | always,
        {"grade_id": "test_conv1d", "cell_type": "code", "solution": False, "grade": True, "locked": True, "points": 2} | always,
        {"grade_id": "explain_flip", "cell_type": "markdown", "solution": True, "grade": True, "locked": False, "points": 1.5}
        | always,
    ]


def test_cells_that_are_alike_get_different_ids(course: Path) -> None:
    (course / "sources" / "lectures" / f"{TOPIC}.py").write_text(LECTURE + "\n# %%\ntotal\n\n# %%\ntotal\n")
    make(course)
    ids = [cell.id for cell in nbformat.read(course / "lectures" / f"{TOPIC}.ipynb", as_version=4).cells]
    assert len(set(ids)) == len(ids) == 5


def test_release_has_stubs_and_neither_answers_nor_hidden_tests(built: Path) -> None:
    text = (built / "assignments" / TOPIC / f"{TOPIC}.ipynb").read_text()
    assert "the answer itself" not in text
    assert "is flipped" not in text
    assert "hidden=True" not in text
    assert "HIDDEN" not in text
    assert "SOLUTION" not in text

    cells = nbformat.reads(text, as_version=4).cells
    assert cells[2].source == 'def conv1d(x, w):\n    """Slide w along x."""\n    raise NotImplementedError()'
    assert cells[3].source == '# Check that the kernel slides.\ncheck("02.conv1d", conv1d)'
    assert not cells[3].metadata.editable


def test_release_does_not_depend_on_the_answer(built: Path) -> None:
    release = built / "assignments" / TOPIC / f"{TOPIC}.ipynb"
    before = release.read_bytes()
    edit(built / "sources" / "assignments" / f"{TOPIC}.py", "the answer itself", "another answer")
    make(built)
    assert release.read_bytes() == before


def test_release_is_what_nbgraders_command_makes(built: Path) -> None:
    edit(built / "nbgrader_config.py", '"assignments"', '"released"')
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", TOPIC]
    # nbgrader starts a program of its own environment, alembic, by its bare name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(command, cwd=built, env=os.environ | {"PATH": path}, check=True, capture_output=True, timeout=60)

    name = f"{TOPIC}/{TOPIC}.ipynb"
    ours, theirs = (nbformat.read(built / folder / name, as_version=4) for folder in ("assignments", "released"))
    for cell in [*ours.cells, *theirs.cells]:
        del cell["id"]
    assert ours == theirs


def test_course_map_stands_on_start_page_and_readme(built: Path) -> None:
    row = (
        f"| 02 | Convolution in one dimension | 03–05, 01 | [read](lectures/{TOPIC}.ipynb), 45–60 min "
        f"| [solve](assignments/{TOPIC}/{TOPIC}.ipynb), 2 h, 3.5 points |"
    )
    assert row in nbformat.read(built / "index.ipynb", as_version=4).cells[0].source
    readme = (built / "README.md").read_text()
    assert row in readme
    assert "old" not in readme
    assert readme.endswith(f"{MAP_END}\n\nEnd.\n")


def test_a_page_beside_the_start_page_is_built_next_to_it(built: Path) -> None:
    assert [cell.source for cell in nbformat.read(built / "words.ipynb", as_version=4).cells] == ["# Words"]


def test_changed_prose_keeps_the_outputs(built: Path) -> None:
    lecture = built / "lectures" / f"{TOPIC}.ipynb"
    outputs = [cell.get("outputs") for cell in json.loads(lecture.read_text())["cells"]]
    edit(built / "sources" / "lectures" / f"{TOPIC}.py", "slides.", "slides along.")

    results = list(build(built, [TOPIC], run=False, part_ids=part_ids))
    assert [r.difference for r in results] == ["", "", "cell 1: its source is not that of the source file"]
    write(built, results[2])

    assert "slides along." in lecture.read_text()
    assert [cell.get("outputs") for cell in json.loads(lecture.read_text())["cells"]] == outputs
    assert make(built, check=True)[0]


def test_changed_code_makes_outputs_stale_and_is_executed_by_the_next_build(built: Path) -> None:
    edit(built / "sources" / "lectures" / f"{TOPIC}.py", "1 + 2", "2 + 2")

    well, said = make(built, check=True)
    assert not well
    assert (
        f"lectures/{TOPIC}.ipynb: its outputs are stale: code cell 1 has changed since they were made. Run `make notebooks`."
        in said
    )
    assert "total 3" in (built / "lectures" / f"{TOPIC}.ipynb").read_text(), "a check writes nothing"

    assert make(built)[0]
    assert "total 4" in (built / "lectures" / f"{TOPIC}.ipynb").read_text()
    assert make(built, check=True)[0]


def spoil_output(root: Path) -> None:
    edit(root / "lectures" / f"{TOPIC}.ipynb", "total 3", "total 5")


def spoil_lecture_code(root: Path) -> None:
    edit(root / "lectures" / f"{TOPIC}.ipynb", "1 + 2", "3 + 2")


def spoil_solution(root: Path) -> None:
    edit(root / "solutions" / TOPIC / f"{TOPIC}.ipynb", "the answer itself", "an answer")


def spoil_points(root: Path) -> None:
    edit(root / "assignments" / TOPIC / f"{TOPIC}.ipynb", '"points": 2', '"points": 20')


def spoil_layout(root: Path) -> None:
    path = root / "assignments" / TOPIC / f"{TOPIC}.ipynb"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))


def spoil_json(root: Path) -> None:
    (root / "solutions" / TOPIC / f"{TOPIC}.ipynb").write_text("{")


def spoil_cell(root: Path) -> None:
    path = root / "lectures" / f"{TOPIC}.ipynb"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cells": [1]}))


def delete_release(root: Path) -> None:
    (root / "assignments" / TOPIC / f"{TOPIC}.ipynb").unlink()


def spoil_start_page(root: Path) -> None:
    edit(root / "index.ipynb", "3.5 points", "4 points")


def spoil_readme(root: Path) -> None:
    edit(root / "README.md", "3.5 points", "4 points")


def spoil_answer_in_source(root: Path) -> None:
    edit(root / "sources" / "assignments" / f"{TOPIC}.py", "the answer itself", "a better answer")


def leave_a_file(root: Path) -> None:
    (root / "solutions" / TOPIC / "answers.csv").write_text("1\n")


def leave_a_topic(root: Path) -> None:
    shutil.copy(root / "lectures" / f"{TOPIC}.ipynb", root / "lectures" / "03_gone.ipynb")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (spoil_output, f"lectures/{TOPIC}.ipynb: its outputs are not those of its build"),
        (spoil_lecture_code, f"lectures/{TOPIC}.ipynb: cell 2: its source is not that of the source file"),
        (spoil_solution, f"solutions/{TOPIC}/{TOPIC}.ipynb: cell 3: its source is not that of the source file"),
        (spoil_points, f"assignments/{TOPIC}/{TOPIC}.ipynb: cell 4: its metadata is not that of the source file"),
        (spoil_layout, f"assignments/{TOPIC}/{TOPIC}.ipynb: same content, but not in the form that the build writes"),
        (spoil_json, f"solutions/{TOPIC}/{TOPIC}.ipynb: is not a valid notebook of version 4.5"),
        (spoil_cell, f"lectures/{TOPIC}.ipynb: is not a valid notebook"),
        (delete_release, f"assignments/{TOPIC}/{TOPIC}.ipynb: is missing"),
        (spoil_start_page, "index.ipynb: cell 1: its source is not that of the source file"),
        (spoil_readme, "README.md: its course map is not that of the sources"),
        (spoil_answer_in_source, f"solutions/{TOPIC}/{TOPIC}.ipynb: cell 3: its source is not that of the source file"),
        (leave_a_file, f"solutions/{TOPIC}/answers.csv: no source gives this file"),
        (leave_a_topic, "lectures/03_gone.ipynb: no source gives this file"),
    ],
)
def test_check_names_the_file_and_why(built: Path, spoil: Callable[[Path], None], expected: str) -> None:
    assert make(built, check=True)[0]
    spoil(built)
    before = built_files(built)

    well, said = make(built, check=True)

    assert not well
    differing = [line for line in said if not line.startswith("in sync")]
    assert len(differing) == 1
    assert differing[0].startswith(expected)
    assert built_files(built) == before


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1 / 0", "this cell failed: ZeroDivisionError: division by zero (raised by `1 / 0`)"),
        ("import warnings; warnings.warn('old')", "this cell wrote to stderr:"),
        ("import sys; print('from below', file=sys.stderr)", "this cell wrote to stderr: from below"),
        ("import os; os.kill(os.getpid(), 9)", "this cell failed: the kernel died."),
        ("object()", "this cell shows a memory address"),
        ("print('x' * 1_100_000)", "the executed lecture has 1.1 MB, more than 1 MB; this cell has the largest outputs."),
    ],
)
def test_lecture_that_fails_is_named_by_cell_and_not_written(course: Path, code: str, expected: str) -> None:
    (course / "sources" / "lectures" / f"{TOPIC}.py").write_text(f"{LECTURE}\n# %%\n{code}\n")
    line = LECTURE.count("\n") + 2

    well, said = make(course)

    assert not well
    assert said[-1].startswith(f"sources/lectures/{TOPIC}.py:{line}: {expected}")
    assert not (course / "lectures" / f"{TOPIC}.ipynb").exists()
    assert (course / "solutions" / TOPIC / f"{TOPIC}.ipynb").exists()


SOLUTION_MARKER = '# %% solution="conv1d"'
TEST_MARKER = '# %% test="conv1d" points=2'
MANUAL_MARKER = '# %% [markdown] manual="explain_flip" points=1.5'


def line_of(text: str) -> int:
    return ASSIGNMENT.splitlines().index(text) + 1


AT_SOLUTION, AT_TEST, AT_MANUAL = map(line_of, (SOLUTION_MARKER, TEST_MARKER, MANUAL_MARKER))
CHECK = 'check("02.conv1d", conv1d)'
HIDDEN_CHECK = 'check("02.conv1d", conv1d, hidden=True)'
BEGIN, END = "    ### BEGIN SOLUTION", "    ### END SOLUTION"


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        (SOLUTION_MARKER, '# %% solution="conv2d"', AT_SOLUTION, "unknown exercise conv2d: topic 02 has conv1d, conv1d_errors."),
        (SOLUTION_MARKER, '# %% solution="conv1d" points=1', AT_SOLUTION, "a solution has no points: its tests have."),
        (SOLUTION_MARKER, "# %%", line_of(BEGIN), "BEGIN SOLUTION in a cell that is no solution"),
        (TEST_MARKER, '# %% test="conv1d"', AT_TEST, 'points are missing: write test="conv1d" points=2.'),
        (TEST_MARKER, '# %% test="conv1d" points=two', AT_TEST, "points=two is not a positive number."),
        (TEST_MARKER, '# %% test="conv1d" points=-1', AT_TEST, "points=-1 is not a positive number."),
        (TEST_MARKER, '# %% test="conv1d" points=nan', AT_TEST, "points=nan is not a positive number."),
        (TEST_MARKER, '# %% test="conv1d" point=2', AT_TEST, "unknown marker key point:"),
        (TEST_MARKER, "# %% test=conv1d points=2", AT_TEST, "test=conv1d: expected a name in double quotes"),
        (TEST_MARKER, '# %% test="conv1d", points=2', AT_TEST, "cannot read 'test=\"conv1d\", points=2'"),
        (TEST_MARKER, '# %% test="conv1d" points=2 points=3', AT_TEST, "points is given twice in one marker."),
        (TEST_MARKER, '# %% test="conv1d" manual="m" points=2', AT_TEST, "a cell is one of solution, test and manual."),
        (TEST_MARKER, '# %% [markdown] test="conv1d" points=2', AT_TEST, "a test cell is a code cell."),
        (TEST_MARKER, "# %% points=2", AT_TEST, "points without test or manual."),
        (MANUAL_MARKER, '# %% [markdown] manual="conv1d" points=1', AT_MANUAL, "duplicate id conv1d: line 11 has it already."),
        (MANUAL_MARKER, '# %% [markdown] manual="explain_flip"', AT_MANUAL, "points are missing"),
        (MANUAL_MARKER, '# %% [md] manual="explain_flip" points=1', AT_MANUAL, "unknown kind of cell [md]"),
        (f"{END}\n", "", line_of(BEGIN), "BEGIN SOLUTION without END SOLUTION in the same cell."),
        (f"{BEGIN}\n", "", line_of(END) - 1, "END SOLUTION without BEGIN SOLUTION."),
        (f"{END}\n", f"{BEGIN}\n{END}\n", line_of(END), "BEGIN SOLUTION inside another: line 14 is not closed by END SOLUTION."),
        ("### END HIDDEN TESTS\n", "", line_of("### BEGIN HIDDEN TESTS"), "BEGIN HIDDEN TESTS without END HIDDEN TESTS"),
        (f"### BEGIN HIDDEN TESTS\n{HIDDEN_CHECK}\n### END HIDDEN TESTS\n", "", AT_TEST, "test has no hidden tests"),
        (f"{HIDDEN_CHECK}\n", f"{CHECK}\n", line_of(HIDDEN_CHECK), "hidden tests: hidden=True belongs inside the hidden tests"),
        (f"{CHECK}\n", f"{HIDDEN_CHECK}\n", line_of(CHECK), "test: hidden=True belongs inside the hidden tests"),
        (f"{CHECK}\n", 'check("02.conv2d", conv1d)\n', line_of(CHECK), 'test: checks "02.conv2d", but the marker says'),
        (f"{CHECK}\n", "assert conv1d\n", AT_TEST, 'test: no call check("02.conv1d", …).'),
        (f"{CHECK}\n", 'check("02.conv1d" conv1d)\n', line_of(CHECK), "test: not Python"),
        ("# %%\nfrom cnnkit", "x = 1\n# %%\nfrom cnnkit", 1, 'is a markdown cell with text outside its r"""…""" block.'),
    ],
)
def test_wrong_marker_is_reported_with_its_line(course: Path, old: str, new: str, line: int, expected: str) -> None:
    edit(course / "sources" / "assignments" / f"{TOPIC}.py", old, new)

    well, said = make(course)

    assert not well
    assert any(message.startswith(f"sources/assignments/{TOPIC}.py:{line}: {expected}") for message in said[0].splitlines()), said
    assert not (course / "solutions").exists()
    assert not (course / "lectures").exists()


def test_all_wrong_markers_are_reported_at_once_and_nothing_is_written(course: Path) -> None:
    assignment = course / "sources" / "assignments" / f"{TOPIC}.py"
    edit(assignment, SOLUTION_MARKER, '# %% solution="conv9d"')
    edit(assignment, TEST_MARKER, '# %% test="conv1d" points=many')
    edit(course / "sources" / "lectures" / f"{TOPIC}.py", "# %%\ntotal\n", '# %% solution="conv1d"\ntotal\n')

    well, said = make(course)

    assert not well
    assert len(said) == 1
    assert [line.rpartition(": ")[0].split(": ")[0] for line in said[0].splitlines()] == [
        f"sources/lectures/{TOPIC}.py:12",
        f"sources/assignments/{TOPIC}.py:{line_of(SOLUTION_MARKER)}",
        f"sources/assignments/{TOPIC}.py:{line_of(TEST_MARKER)}",
    ]
    assert sorted(path.name for path in course.iterdir()) == ["README.md", "nbgrader_config.py", "sources"]


def test_two_tests_of_one_part_are_a_duplicate(course: Path) -> None:
    path = course / "sources" / "assignments" / f"{TOPIC}.py"
    again = ASSIGNMENT[ASSIGNMENT.index(TEST_MARKER) : ASSIGNMENT.index(MANUAL_MARKER)]
    path.write_text(ASSIGNMENT + "\n" + again)
    said = make(course)[1]
    assert said == [
        f"{path.relative_to(course)}:{ASSIGNMENT.count(chr(10)) + 2}: duplicate id test_conv1d: line {AT_TEST} has it already."
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n# %%\ny = 1\n", ":1: must begin with a cell marker"),
        ("", ":1: must begin with a cell marker"),
        ("# %%\n\n# %%\ny = 1\n", ":1: is an empty cell."),
        (
            '# %%\ns = """\n# %% inside\n"""\n',
            ": has a string that is not closed, or a line inside a string that begins with `# %%`.",
        ),
    ],
)
def test_source_that_is_none(course: Path, text: str, expected: str) -> None:
    path = course / "sources" / "lectures" / f"{TOPIC}.py"
    path.write_text(text)
    with pytest.raises(BuildError, match=re.escape(f"{path.relative_to(course)}{expected}")):
        read_source(course, path)


def test_lecture_without_a_time_or_a_title(course: Path) -> None:
    path = course / "sources" / "lectures" / f"{TOPIC}.py"
    edit(path, "45 – 60 minutes", "an hour")
    edit(path, "# 02 Convolution", "Convolution")
    said = make(course)[1]
    assert "the first cell must be markdown with a title" in said[0]
    assert "states no time: write for instance `Time: about 45 minutes` in the first cell." in said[0]


def test_page_without_a_place_for_the_map(course: Path) -> None:
    (course / "README.md").write_text(f"{MAP_END}\n{MAP_BEGIN}\n")
    expected = f"README.md: has no place for the course map: put the lines {MAP_BEGIN} and {MAP_END} where it belongs, once."
    assert make(course)[1] == [expected]

    (course / "sources" / "index.py").write_text("# %%\n1\n")
    expected = "sources/index.py: has no place for the course map: put the line <!-- course map --> where it belongs, once."
    assert make(course)[1] == [expected]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lectures/02_pooling.py", "number 02 already means 02_convolution_1d: one number is one topic."),
        ("lectures/pooling.py", "not a source"),
        ("assignments/03_Pooling.py", "not a source"),
        ("assignments/03_pooling.txt", "not a source"),
    ],
)
def test_one_number_is_one_topic(course: Path, name: str, expected: str) -> None:
    (course / "sources" / name).write_text("# %%\n1\n")
    assert expected in make(course)[1][0]


def test_one_topic_is_built_alone_by_number_or_name(course: Path) -> None:
    (course / "sources" / "lectures" / "03_broken.py").write_text("broken")
    for name in ("2", "02", TOPIC):
        well, said = make(course, name)
        assert well, said
    assert not (course / "index.ipynb").exists()

    well, said = make(course, "7")
    assert not well
    assert said == ["There is no source for topic '7'. The topics are: 02_convolution_1d, 03_broken."]


def test_command_outside_the_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.app, ["notebooks"])
    assert result.exit_code == 1
    assert "is not inside the course" in result.output
    assert result.output.count("\n") == 1


def test_command_builds_and_checks(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course / "sources")
    assert CliRunner().invoke(cli.app, ["notebooks", "--check"]).exit_code == 1
    assert CliRunner().invoke(cli.app, ["notebooks"]).exit_code == 0
    assert CliRunner().invoke(cli.app, ["notebooks", "--check"]).exit_code == 0
    assert CliRunner().invoke(cli.app, ["notebooks", "--check", "--execute"]).exit_code == 2


def test_built_files_of_the_course_match_their_sources() -> None:
    results = list(build(ROOT, run=False))
    assert [f"{r.path}: {r.difference}" for r in results if isinstance(r, BuildError) or r.difference] == []
    assert find_leftovers(ROOT) == []


def committed_notebooks() -> list[Path]:
    folders = ("lectures", "solutions", "assignments")
    return [
        ROOT / "index.ipynb",
        ROOT / "glossary.ipynb",
        *(p for folder in folders for p in sorted((ROOT / folder).rglob("*.ipynb")) if "." not in p.parent.name),
    ]


def headings(path: Path) -> dict[str, str]:
    """Return the anchors of a notebook's headings, as JupyterLab and the site make them, and what stands below each."""
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    _, *parts = re.split(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    titles = [title.strip().replace(" ", "-").replace("`", "") for title in parts[::2]]
    return dict(zip(titles, parts[1::2], strict=True))


def test_links_between_notebooks_lead_somewhere() -> None:
    anchors = functools.cache(headings)
    for path in committed_notebooks():
        for cell in nbformat.read(path, as_version=4).cells:
            for link in re.findall(r"\]\(([^)\s]+)", cell.source) if cell.cell_type == "markdown" else ():
                if not re.match(r"https?://|attachment:", link):
                    name, _, anchor = link.partition("#")
                    target = path.parent / name if name else path
                    assert target.exists(), f"{path}: {link}"
                    assert not anchor or anchor in anchors(target), f"{path}: {link} is no heading there"


def test_every_word_of_the_glossary_is_linked_where_its_lecture_first_uses_it() -> None:
    words = [*headings(ROOT / "glossary.ipynb").items()][3:]
    assert len(words) > 80
    assert [word for word, _ in words] == sorted((word for word, _ in words), key=str.lower)
    for word, below in words:
        (lecture,) = re.findall(r"\[Lecture\s\d\d\]\((lectures/\S+\.ipynb)\)", below)
        cells = [cell.source for cell in nbformat.read(ROOT / lecture, as_version=4).cells if cell.cell_type == "markdown"]
        assert sum(f"](../glossary.ipynb#{word})" in cell for cell in cells) == 1, f"{lecture}: {word}"


OPENING = re.compile(
    r"# (?P<number>\d\d) · .+\n\n(?:.+\n\n)+?\*\*After this lecture you can\*\*\n\n(?:(?:- |  ).+\n)+\n"
    r"\*\*Time:\*\* about \d+ minutes to read, predict and run; the code itself needs [^.]+\. \*\*You need\*\* [^.]+\. "
    r"Afterwards: \[assignment (?P=number)\]\(\.\./assignments/(?P=number)_\w+/(?P=number)_\w+\.ipynb\)\."
)
SELF_CHECK = re.compile(
    r"^> \*\*Check yourself\.\*\* .+\n(?:> .+\n)*>\n> <details><summary>Answer</summary>\n>\n"
    r"(?:> [^<\n].*\n|>\n)+?>\n> </details>$",
    re.MULTILINE,
)
MISTAKE = re.compile(r"- \*\*.+?\*\*.* \S.*[.)]$")  # its name in bold, then at least a sentence
LAST_SECTIONS = ["Common mistakes", "Summary", "References", "Your turn"]


def departures(topic: str) -> list[str]:
    """Say where a lecture departs from what CONTRIBUTING.md says under "How a lecture is built"."""
    cells = read_source(ROOT, ROOT / "sources" / "lectures" / f"{topic}.py").cells
    texts = [cell.text.strip() for cell in cells if cell.kind == "markdown"]
    text = "\n\n".join(texts)
    said = []

    if not OPENING.fullmatch(re.sub(r"(?<=\S)\n(?=[^-\n ])", " ", texts[0])):
        said.append("the opening is not title, text, what you can do afterwards, time, what you need, the assignment")
    titles = re.findall(r"^## (.+)$", text, re.M)
    said += [f"the heading {title!r} has a number" for title in titles if re.match(r"\d+[.)]", title)]
    if titles[-4:] != LAST_SECTIONS:
        return [*said, f"the last sections are {titles[-4:]}"]
    body, mistakes, _, _, your_turn = re.split(rf"^## (?:{'|'.join(LAST_SECTIONS)})\n", text, flags=re.M)

    if len(SELF_CHECK.findall(body)) < 2:
        said.append("fewer than two questions to check oneself")
    outside = SELF_CHECK.sub("", text)
    said += [f"a box of another form: {line}" for line in re.findall(r"^.*(?:^>|<details|<div|Check yourself).*$", outside, re.M)]
    said += [f"not a link: {place}" for place in re.findall(r"\bsections? \d+\b(?!\.\d)", body + mistakes)]

    entries = re.split(r"\n(?=- )", mistakes.strip().partition("\n\n")[0])
    said += [f"a mistake without its name, or without more: {x}" for x in entries if not MISTAKE.fullmatch(x.replace("\n ", ""))]

    source = read_source(ROOT, ROOT / "sources" / "assignments" / f"{topic}.py")
    (time,) = re.findall(r"\*\*Time:\*\* (about [^.]+)\.", source.cells[0].text.replace("\n", " "))
    link = f"[Assignment {topic[:2]}](../assignments/{topic}/{topic}.ipynb), {time}: you "
    if not your_turn.strip().replace("\n", " ").startswith(link):
        said.append(f"“Your turn” does not begin with: {link}")
    return said


@pytest.mark.parametrize("topic", find_topics(ROOT))
def test_lecture_is_built_as_all_are(topic: str) -> None:
    assert departures(topic) == []


def test_built_files_know_nothing_of_the_machine_that_built_them() -> None:
    for path in committed_notebooks():
        text = path.read_text()
        assert str(ROOT) not in text
        assert str(Path.home()) not in text
        assert "/ipykernel_" not in text


def test_every_part_has_one_test_cell() -> None:
    from cnnkit import exercises

    for topic in find_topics(ROOT):
        path = ROOT / "sources" / "assignments" / f"{topic}.py"
        if path.exists():
            tested = [cell.keys["test"].strip('"') for cell in read_source(ROOT, path).cells if "test" in cell.keys]
            assert sorted(tested) == sorted(exercises.part_ids(topic))


def test_one_number_is_one_topic_in_every_folder() -> None:
    folders = ("sources/*", "cnnkit/exercises", "tests/bank", "lectures", "solutions", "assignments")
    topics = {path.stem for folder in folders for path in ROOT.glob(f"{folder}/[0-9][0-9]_*")}
    assert topics >= set(find_topics(ROOT))
    assert sorted(topic[:2] for topic in topics) == sorted({topic[:2] for topic in topics})


@pytest.mark.slow
@pytest.mark.parametrize("topic", [t for t in find_topics(ROOT) if (ROOT / "sources" / "lectures" / f"{t}.py").exists()])
def test_lecture_runs_in_a_clean_kernel(topic: str, tmp_path: Path) -> None:
    source = read_source(ROOT, ROOT / "sources" / "lectures" / f"{topic}.py")
    content, stale = build_lecture(source, b"", tmp_path, run=True, fresh=True)
    assert stale == ""
    assert content
