"""Look at what the course needs on this computer: what is there, what is missing, and how to get it."""

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnkit import data

# Shown by name when all is well; the other requirements are only named when something is wrong with them.
MAIN_PACKAGES = ("cnnkit", "numpy", "torch", "torchvision", "jupyterlab", "nbgrader")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BARE_PYTHON = re.compile(r"python[\d.]*")
# The least of what the sandbox does (cnnkit/grading/sandbox.py): namespaces, a file system that is read only, /proc, /dev.
TRIAL = ("--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true")


class Finding(NamedTuple):
    """One line of the report: "missing" keeps the course from being used, "optional" does not."""

    state: Literal["ok", "optional", "missing"]
    name: str
    detail: str


def check_python() -> Finding:
    """Compare this Python with the version that the package asks for."""
    version = platform.python_version()
    try:
        wanted = metadata.metadata("cnnkit")["Requires-Python"]
    except metadata.PackageNotFoundError:
        return Finding("missing", "python", f"{version}, but cnnkit is not installed in it: run `make lab` in the course.")
    from packaging.specifiers import SpecifierSet

    if version not in SpecifierSet(wanted, prereleases=True):
        return Finding("missing", "python", f"{version} is not {wanted}: install a newer Python, remove .venv, run `make lab`.")
    return Finding("ok", "python", f"{version} ({sys.executable})")


def check_packages() -> Finding:
    """Compare every requirement of cnnkit with the installed version."""
    from packaging.requirements import Requirement

    try:
        required = [Requirement(line) for line in metadata.requires("cnnkit") or ()]
    except metadata.PackageNotFoundError:
        return Finding("missing", "packages", "cnnkit is not installed: run `make lab` in the course.")
    wrong = []
    for requirement in required:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} (not there)")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version} (not {requirement.specifier})")
    if wrong:
        return Finding("missing", "packages", f"{', '.join(wrong)}: run `make lab`, or `pip install -e .` in the course.")
    return Finding("ok", "packages", ", ".join(f"{name} {metadata.version(name)}" for name in MAIN_PACKAGES))


def check_device() -> Finding:
    """Import torch and torchvision and name the device that the course would use."""
    try:
        import torch
        import torchvision  # noqa: F401  a build of torchvision that does not fit torch fails when it is imported

        from cnnkit.exercises.reference import device

        chosen = device()
        (torch.zeros(2, device=chosen) + 1).sum().item()
    except (ImportError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        return Finding(
            "missing",
            "device",
            f"torch does not work ({reason}): install torch and torchvision from the same index, "
            "`pip install --force-reinstall torch torchvision`.",
        )
    except ValueError as error:  # CNNKIT_DEVICE, in words of its own
        return Finding("missing", "device", str(error))
    return Finding("ok", "device", _describe(chosen))


def _describe(device: Any) -> str:
    import torch

    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{device}: {properties.name}, {properties.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
    threads, cores = torch.get_num_threads(), os.cpu_count()
    return f"{device}, {threads} thread{'s' * (threads != 1)}, {cores} core{'s' * (cores != 1)}"


def check_data() -> Finding:
    """Compare the shipped files with the SHA-256 in cnnkit/assets/README.md."""
    try:
        listed = data.listed_hashes()
    except FileNotFoundError:
        listed = {}
    listed = {name: digest for name, digest in listed.items() if name not in data.PHOTOGRAPHS.values()}
    if not {file.name for file in data.SHIPPED_FILES} <= set(listed):
        return Finding("missing", "data", f"{data.ASSETS / 'README.md'} is missing or incomplete; {data.REPAIR}")
    wrong = []
    for name, digest in listed.items():
        path = data.ASSETS / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif data.sha256(path) != digest:
            wrong.append(f"{name} is damaged")
    if wrong:
        return Finding("missing", "data", f"{', '.join(wrong)} in {data.ASSETS}; {data.REPAIR}")
    return Finding("ok", "data", f"{', '.join(listed)}: SHA-256 as listed")


def check_photographs() -> Finding:
    """Compare scikit-image's photographs with the SHA-256 in cnnkit/assets/README.md."""
    missing, other = [], []
    try:
        listed = data.listed_hashes()
        for name, file in data.PHOTOGRAPHS.items():
            try:
                path = data.photograph_file(name)
            except FileNotFoundError:
                missing.append(name)
                continue
            if data.sha256(path) != listed.get(file):
                other.append(name)
    except FileNotFoundError as error:
        return Finding("missing", "photographs", f"{error.filename} is missing; {data.REPAIR}")
    if missing:
        return Finding("missing", "photographs", f"{', '.join(missing)}: {data.REPAIR_SKIMAGE}")
    if other:
        return Finding(
            "optional",
            "photographs",
            f"figures may look different: the lectures were made with other files of {', '.join(other)}.",
        )
    return Finding("ok", "photographs", f"{len(data.PHOTOGRAPHS)} of scikit-image {metadata.version('scikit-image')}")


def check_kernel() -> Finding:
    """Find the Jupyter kernel python3 and the Python that it starts."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    remedy = f"`{sys.executable} -m ipykernel install --sys-prefix` makes one."
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding("missing", "kernel", f"there is no Jupyter kernel python3: {remedy}")
    command = spec.argv[0]
    # A bare name is replaced by jupyter_client with its own Python; a path may belong to another environment.
    if not BARE_PYTHON.fullmatch(command) and Path(command).parent != Path(sys.executable).parent:
        return Finding(
            "missing",
            "kernel",
            f"python3 in {spec.resource_dir} starts {command}, not this environment: {remedy}",
        )
    return Finding("ok", "kernel", f"python3 in {spec.resource_dir}")


def check_bubblewrap() -> Finding:
    """Find bubblewrap, the sandbox in which a class is graded, and see whether it may make one here."""
    if not sys.platform.startswith("linux"):
        return Finding("optional", "bubblewrap", "grading other people's notebooks in a sandbox needs Linux; all else works.")
    program = shutil.which("bwrap")
    if program is None:
        return Finding(
            "optional",
            "bubblewrap",
            "only needed to grade a class: `apt-get install bubblewrap`, or the package bubblewrap of your distribution.",
        )
    finding = _program("bubblewrap", program)
    if finding.state != "ok":
        return finding
    try:
        subprocess.run([program, *TRIAL], capture_output=True, text=True, timeout=20, check=True)
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()) or f"exit status {error.returncode}"
        return Finding(
            "optional",
            "bubblewrap",
            f"no class can be graded here, all else works: the system does not let {program} make a sandbox ({said}). "
            "Allow user namespaces; for a container, ask whoever runs it.",
        )
    except subprocess.TimeoutExpired:
        return Finding(
            "optional", "bubblewrap", f"no class can be graded here, all else works: {program} made no sandbox in 20 s."
        )
    return finding


def check_chromium() -> Finding:
    """Find Chromium, in which the browser tests open the course."""
    program = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if program is None:
        return Finding("optional", "chromium", "only needed for the browser tests: `apt-get install chromium`.")
    return _program("chromium", program)


def _program(name: str, path: str) -> Finding:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("optional", name, f"{path} does not answer ({error}): install it again.")
    return Finding("ok", name, f"{answer.stdout.strip()} ({path})")


CHECKS = (
    check_python,
    check_packages,
    check_device,
    check_data,
    check_photographs,
    check_kernel,
    check_bubblewrap,
    check_chromium,
)

STYLES = {"ok": "green", "optional": "yellow", "missing": "bold red"}


def report(findings: list[Finding], console: Console) -> int:
    """Print one line a finding and a conclusion; return the exit status, 0 when the course can be used, else 1."""
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        table.add_row(Text(finding.state, STYLES[finding.state]), finding.name, Text(finding.detail, overflow="fold"))
    console.print(table)
    missing = [finding.name for finding in findings if finding.state == "missing"]
    optional = [finding.name for finding in findings if finding.state == "optional"]
    if missing:
        console.print(f"The course cannot be used yet; see {', '.join(missing)} above.", style="bold red", highlight=False)
        return 1
    without = f", without {', '.join(optional)}" if optional else ""
    console.print(f"The course can be used{without}.", highlight=False)
    return 0


def examine() -> list[Finding]:
    """Make all checks; one that cannot run because a package is not there reports that package."""
    findings = []
    for check in CHECKS:
        try:
            findings.append(check())
        except ImportError as error:
            name = check.__name__.removeprefix("check_")
            findings.append(Finding("missing", name, f"{error.name or error} is not installed: run `make lab` in the course."))
    return findings
