"""The command `cnnkit`: one small function per subcommand, whose work is done by a module imported only then."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cnnkit.grading.limits import DEFAULT_LIMITS, limits_for, with_limits

# nbformat's validator would compile a grammar for a format of addresses that no notebook uses: a second at every start.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The tools of the course: build, check and grade its notebooks."
)


@app.callback()
def _commands() -> None:
    """Keep the names of the subcommands even while there is only one."""


@app.command()
def notebooks(
    topics: Annotated[
        list[str] | None, typer.Argument(metavar="[NN]...", help="Topics, such as 02; all if none is given.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; name every file that differs from its source.")] = False,
    execute: Annotated[bool, typer.Option("--execute", help="Execute lectures even if their code has not changed.")] = False,
) -> None:
    """Build lectures, solutions, assignments and the course map from sources/.

    Exit status: 0, or 1 if something could not be built or, with --check, differs from its source.
    """
    from cnnkit.notebooks import find_root, run_build

    if check and execute:
        raise typer.BadParameter("--check writes nothing and executes nothing: give it without --execute.")
    try:
        root = find_root(Path.cwd())
    except FileNotFoundError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    well = run_build(root, topics or (), check=check, fresh=execute, say=typer.echo)
    raise typer.Exit(0 if well else 1)


@app.command()
def doctor() -> None:
    """Show versions, device, data and tools: what is there, what is missing, and how to get it.

    Exit status: 0 if the course can be used, 1 if something is missing that it needs.
    """
    from rich.console import Console

    from cnnkit.doctor import examine, report

    raise typer.Exit(report(examine(), Console()))


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="The notebook of an assignment, as you saved it.")],
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
) -> None:
    """Run your notebook from a clean kernel and say for every exercise whether it passes, or what is wrong.

    Exit status: 0 if all pass, 1 if something does not, 2 if the notebook cannot be run.
    """
    from rich.console import Console

    from cnnkit.grading.preflight import Rejected
    from cnnkit.grading.results import as_json, plainly_graded
    from cnnkit.grading.single import check_notebook, rejected
    from cnnkit.grading.terminal import show_checked

    console = Console()
    try:
        with console.status(f"Running {notebook.name}"):
            checked = check_notebook(notebook)
    except (Rejected, FileNotFoundError, ValueError, RuntimeError) as error:
        _write(json_file, as_json("", [rejected(notebook, str(error))]))
        _stop(f"{notebook}: {error}")
    _write(json_file, as_json(checked.topic, [checked.row]))
    show_checked(checked, console)
    passed = plainly_graded(checked.row) and all(row["verdict"] == "passed" for row in checked.row["exercises"])
    raise typer.Exit(0 if passed else 1)


@app.command()
def progress() -> None:
    """Show which exercises are passed so far, from your notebooks in assignments/ as you last saved them.

    Exit status: 0, or 2 outside the folder of the course.
    """
    from cnnkit.progress import as_text, find_course, read

    try:
        typer.echo(as_text(read(find_course(Path.cwd()))))
    except FileNotFoundError as error:
        _stop(str(error))


@app.command()
def grade(
    topic: Annotated[str, typer.Argument(metavar="NN_topic", help="The assignment.")],
    submitted: Annotated[Path, typer.Option(metavar="DIR", help="Submissions, as DIR/<student>/NN_topic/NN_topic.ipynb.")],
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where everything is written.")],
    student: Annotated[str | None, typer.Option(metavar="NAME", help="Grade this student only.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Notebooks run at once; one per processor if not given.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Draws the hidden cases; a random one if not given.")] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help=f"Change a limit of a notebook: {', '.join(DEFAULT_LIMITS)}.")
    ] = None,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="Run the notebooks on this Dask cluster.")] = "",
    feedback: Annotated[bool, typer.Option(help="Write a page for every student; without pages no pictures are drawn.")] = True,
    unsafe_no_sandbox: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="Run notebooks with your own rights: only those that you trust.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
) -> None:
    """Grade a class: scores into nbgrader's gradebook, autograded and feedback notebooks, a report.

    Every notebook runs in a sandbox (Linux, bubblewrap), and its results are judged outside. A run that was stopped goes on
    where it was when it is started again.

    Exit status: 0 if every student was plainly graded, 1 if one was not, 2 if nothing could be graded.
    """
    import time

    from rich.console import Console

    if not (scheduler or unsafe_no_sandbox):
        from cnnkit.grading.workers import start_server

        # It imports torch while this process imports nbgrader.
        start_server(feedback)
    from cnnkit.grading.assignment import find_course, find_topic
    from cnnkit.grading.classroom import choose_students, grade_class, usable_cores
    from cnnkit.grading.gradebook import GradebookError
    from cnnkit.grading.results import as_json, plainly_graded
    from cnnkit.grading.sandbox import SandboxError
    from cnnkit.grading.terminal import progress_bar, show_class

    console, began = Console(), time.monotonic()
    try:
        course = find_course(Path.cwd())
        topic = find_topic(course, topic)
        limits = with_limits(limit or (), limits_for(topic))
        students = choose_students(submitted, output, student)
        with progress_bar(len(students), console) as done:
            graded = grade_class(
                course, topic, submitted, output, students, jobs=jobs or usable_cores(), seed=seed,
                sandbox=not unsafe_no_sandbox, limits=limits, scheduler=scheduler, feedback=feedback, done=done,
            )  # fmt: skip
    except SandboxError as error:
        _stop(f"{error} Nothing was graded. --unsafe-no-sandbox grades without one: only for notebooks that you trust.")
    except (FileNotFoundError, ValueError, GradebookError) as error:
        _stop(str(error))
    _write(json_file, as_json(topic, graded.rows))
    show_class(graded, output, time.monotonic() - began, console)
    raise typer.Exit(0 if all(plainly_graded(row) for row in graded.rows) else 1)


@app.command("sample-class")
def sample_class(
    topic: Annotated[str, typer.Argument(metavar="NN_topic", help="The assignment.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, for nbgrader's layout of submissions.")],
    students: Annotated[int, typer.Option(min=1, help="The size of the class.")] = 12,
    seed: Annotated[int, typer.Option(help="Draws the students; the same seed draws the same.")] = 1,
) -> None:
    """Make up a class of submissions from the bank of answers: strong, weak and unfinished ones, and broken notebooks.

    Exit status: 0, or 2 if nothing was made.
    """
    from cnnkit.grading.assignment import find_course, find_topic
    from cnnkit.grading.sample import sample_class as draw_class

    try:
        course = find_course(Path.cwd())
        kinds = draw_class(course, find_topic(course, topic), folder, students, seed)
    except (FileExistsError, FileNotFoundError, NotADirectoryError, ValueError) as error:
        _stop(str(error))
    for name, kind in kinds.items():
        typer.echo(f"{name}: {kind}")


def _stop(says: str) -> NoReturn:
    """End with a line that says what was wrong with what the user gave."""
    typer.echo(says, err=True)
    raise typer.Exit(2)


def _write(path: Path | None, text: str) -> None:
    """Write a file that the user asked for."""
    if path is not None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            _stop(f"{path} cannot be written: {error.strerror}.")
