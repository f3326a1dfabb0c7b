"""Time a class through `nbgrader autograde` and through `cnnkit grade`, and write what was measured to grading.md.

    python benchmarks/bench_grading.py                  24 submissions of topic 04, as `make bench-grading` does
    python benchmarks/bench_grading.py --students 4     a smaller class; nothing is written

The same submissions, honest ones drawn from the bank of answers, go through both from an empty gradebook: for the scores
alone, and with feedback on both sides. `cnnkit grade`, which is over in seconds, runs before, between and after nbgrader's
two commands, and the median counts: a machine is not equally fast all the time. nbgrader kills its kernels at the end instead of
waiting for them (ExecutePreprocessor.shutdown_kernel = "immediate"); `cnnkit grade` runs in the sandbox, with a worker per
processor. Times are those of the whole commands, start-up included; those of processors are asked for again and again while
a command of cnnkit runs, so that the last half second may be missing. Memory is the largest sum of the proportional set
sizes of a worker of `cnnkit grade` with its sandbox and submission.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import psutil

from cnnkit.grading.assignment import find_topic
from cnnkit.grading.classroom import LOG, usable_cores
from cnnkit.grading.sample import ABILITIES, sample_class

HERE = Path(__file__).parent
ROOT = HERE.parent
STUDENTS, SEED = 24, 4
FASTER = 10
LOOK_SECONDS = 0.5


COMMAND, WORKERS, SANDBOXES = "the command itself", "the workers", "the sandboxes"


class Timing(NamedTuple):
    """What a command took: seconds by the clock and of processors, and the most memory of a worker, in bytes.

    Of `cnnkit grade` also how the seconds of processors divide, and those by the clock until notebooks ran.
    """

    wall: float
    cpu: float
    memory: int = 0
    parts: dict[str, float] | None = None
    until_ready: float = 0.0


def timed(command: list[str], course: Path, log: Path | None = None) -> Timing:
    """Run a command in the course and time it with all that it starts. Raises RuntimeError if it fails.

    `log` is the one that the command will write if it is `cnnkit grade`.
    """
    before, began, at = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), time.time()
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(command, cwd=course, stdout=printed, stderr=subprocess.STDOUT)
        memory, parts = watch(process)
        if process.returncode:
            printed.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed: {printed.read()[-2000:]}")
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if log is None:
        return Timing(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # Its first line is written when the sandboxes are tested.
    ready = datetime.strptime(log.read_text(encoding="utf-8")[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()
    return Timing(wall, sum(parts.values()), memory, parts, ready - at)


def watch(process: subprocess.Popen) -> tuple[int, dict[str, float]]:
    """Wait for a command; return the most memory that a worker had at a time, with its sandbox and what runs in that.

    Also return the seconds of processors of the command, of its workers and of their sandboxes.
    """
    most, seconds, ended = 0, {}, threading.Event()
    thread = threading.Thread(target=lambda: (process.wait(), ended.set()))
    thread.start()
    while not ended.wait(LOOK_SECONDS):
        try:
            whole = psutil.Process(process.pid)
            started = whole.children(recursive=True)
            outermost = [one for one in started if one.name() == "bwrap" and one.parent().name() != "bwrap"]
            inside = {inner: box for box in outermost for inner in box.children(recursive=True)}
            seconds[whole.pid] = COMMAND, _seconds_of(whole)
            for one in set(started).difference(outermost, inside):
                seconds[one.pid] = WORKERS, _seconds_of(one)
            for one in inside:
                # Whoever forks the submissions has waited for those that have ended.
                if one.name() != "bwrap" and one.parent().name() == "bwrap":
                    seconds[one.pid] = SANDBOXES, _seconds_of(one, ended_children=True)
            # A sandbox that is ending may belong to nobody for a moment.
            for worker in {one.parent() for one in outermost}.intersection(started):
                family = [worker, *worker.children(recursive=True)]
                most = max(most, sum(one.memory_full_info().pss for one in family))
        except (psutil.Error, AttributeError):
            continue  # one of them has just ended
    thread.join()
    return most, {part: sum(its for where, its in seconds.values() if where == part) for part in (COMMAND, WORKERS, SANDBOXES)}


def _seconds_of(process: psutil.Process, ended_children: bool = False) -> float:
    times = process.cpu_times()
    return times.user + times.system + (times.children_user + times.children_system if ended_children else 0.0)


def make_course(folder: Path, topic: str, students: int) -> None:
    """Write a course with its submissions and its assignment known to nbgrader."""
    course = folder / "course"
    for name in ("solutions", "assignments"):
        shutil.copytree(ROOT / name / topic, course / name / topic)
    (course / "sources").mkdir()
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (course / "nbgrader_config.py").write_text(settings + '\nc.ExecutePreprocessor.shutdown_kernel = "immediate"\n')
    kinds = sample_class(ROOT, topic, folder / "class", 2 * students, SEED)
    honest = [name for name, kind in kinds.items() if kind in (*ABILITIES, "unfinished")][:students]
    for name in honest:
        shutil.copytree(folder / "class" / name, course / "submitted" / name)
    nbgrader = str(Path(sys.executable).with_name("nbgrader"))
    shutil.copytree(course / "assignments", folder / "released")
    timed([nbgrader, "generate_assignment", topic, "--force"], course)


def measure(topic: str, students: int) -> dict[str, list[Timing]]:
    """Time both ways, for scores and with feedback; return what each run of a command took."""
    bin_folder = Path(sys.executable).parent
    nbgrader, cnnkit = (str(bin_folder / name) for name in ("nbgrader", "cnnkit"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_course(folder, topic, students)
        course = folder / "course"
        ours = [cnnkit, "grade", topic, "--submitted", "submitted", "--seed", str(SEED)]
        commands = {
            "nbgrader autograde": [nbgrader, "autograde", topic],
            "nbgrader generate_feedback": [nbgrader, "generate_feedback", topic],
            "cnnkit grade --no-feedback": [*ours, "--no-feedback"],
            "cnnkit grade": ours,
        }
        theirs, mine = [*commands][:2], [*commands][2:]
        found: dict[str, list[Timing]] = {title: [] for title in commands}
        for number, title in enumerate([*mine, theirs[0], *mine, theirs[1], *mine]):
            output = ["--output", f"output{number}"] if title in mine else []
            log = course / output[1] / LOG if output else None
            found[title].append(timed(commands[title] + output, course, log))
            print(f"{title}: {found[title][-1].wall:.1f} s, of processors {found[title][-1].cpu:.1f} s", flush=True)
    return found


def describe(topic: str, students: int, found: dict[str, list[Timing]]) -> str:
    """Return the results as Markdown."""
    autograde, pages, scores, both = (sorted(runs)[len(runs) // 2] for runs in found.values())
    memory = max(run.memory for run in found["cnnkit grade"])
    rows = [
        ("scores", autograde.wall, scores.wall),
        ("scores and feedback", autograde.wall + pages.wall, both.wall),
    ]
    table = [
        "| | nbgrader, submissions a minute | cnnkit grade, submissions a minute | times as many |",
        "| --- | --- | --- | --- |",
    ]
    table += [
        f"| {what} | {60 * students / theirs:.1f} | {60 * students / ours:.1f} | **{theirs / ours:.1f}** |"
        for what, theirs, ours in rows
    ]
    details = ["| command | seconds of each run | of processors |", "| --- | --- | --- |"]
    for title, runs in found.items():
        details.append(f"| `{title}` | {_each(run.wall for run in runs)} | {_each(run.cpu for run in runs)} |")
    return "\n".join(
        [
            "# How fast is grading?",
            "",
            f"Written by `make bench-grading`: the same {students} submissions of {topic} through nbgrader alone and through "
            f"`cnnkit grade`, sandbox on, {usable_cores()} workers. Wanted: for the scores at least {FASTER} times as many.",
            "",
            f"{platform.system()} {platform.machine()}, {usable_cores()} processors, Python {platform.python_version()}.",
            "",
            *table,
            "",
            "`cnnkit grade` ran before, between and after nbgrader's two commands; the median of each counts.",
            "",
            *details,
            "",
            "For scores alone (`--no-feedback`) `cnnkit grade` draws no pictures: the graded notebook describes them.",
            "",
            f"Where its {scores.wall:.1f} seconds go: {scores.until_ready:.1f} until the sandboxes are tested and notebooks run. "
            f"Of the processors' {scores.cpu:.1f} seconds {_parts(scores)}.",
            "",
            f"Memory of a worker with its sandbox and a submission, at most: {memory / 1e6:.0f} MB.",
            "",
        ]
    )


def _parts(timing: Timing) -> str:
    """Say how the seconds of processors divide."""
    what = {
        COMMAND: "imports nbgrader, looks at notebooks before they run, and writes gradebook and reports",
        WORKERS: "import torch, compare and diagnose",
        SANDBOXES: "import NumPy, IPython and matplotlib, and run the students' code",
    }
    return ", ".join(f"{timing.parts[part]:.1f} are those of {part} ({does})" for part, does in what.items())


def _each(seconds: Iterable[float]) -> str:
    return ", ".join(f"{one:.1f}" for one in seconds)


def main() -> None:
    """Measure, print, and write the results if the class had its full size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--topic", default="04", metavar="NN")
    parser.add_argument("--students", type=int, default=STUDENTS)
    arguments = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    topic = find_topic(ROOT, arguments.topic)
    text = describe(topic, arguments.students, measure(topic, arguments.students))
    print(text)
    if arguments.students == STUDENTS:
        (HERE / "grading.md").write_text(text, encoding="utf-8")
        print(f"Written: {HERE.name}/grading.md")


if __name__ == "__main__":
    main()
