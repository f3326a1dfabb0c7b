import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab_server import Server, started
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {"pytorch": "torch", "playwright-python": "playwright"}
"""Where conda-forge calls a package otherwise than PyPI."""

ONLY_ON_LINUX = ("cuda", "nvidia", "triton")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def required() -> list[Requirement]:
    extras = project()["optional-dependencies"]
    return [Requirement(text) for text in [*project()["dependencies"], *(t for texts in extras.values() for t in texts)]]


def pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    return {name.lower().replace("_", "-"): version for name, _, version in (line.partition("==") for line in lines)}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_conda_has_the_bounds_of_pyproject() -> None:
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    through_pip = dependencies.pop()["pip"]
    conda = {}
    for text in (*dependencies, *through_pip):
        if text != "pip" and not text.startswith("--"):
            requirement = Requirement(text)
            conda[CONDA_NAMES.get(requirement.name, requirement.name)] = str(requirement.specifier)

    expected = {requirement.name: str(requirement.specifier) for requirement in required()}
    assert conda == {"python": project()["requires-python"], **expected}


def test_every_requirement_is_pinned_within_its_bounds() -> None:
    pinned = pins()
    for requirement in required():
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_pins_are_exact_and_for_every_system() -> None:
    for name, version in pins().items():
        assert Version(version).local is None, f"{name}: no package index has a local version"
        assert not name.startswith(ONLY_ON_LINUX), f"{name} cannot be installed outside Linux"


def test_make_says_which_python_is_needed(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    done = make("set-up", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}")

    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert str(old) in done.stderr
    assert not (tmp_path / "venv").exists()


def test_second_set_up_does_nothing_until_the_requirements_change(tmp_path: Path) -> None:
    done = tmp_path / ".set-up"
    done.touch()
    assert "Nothing to be done" in make("set-up", f"VENV={tmp_path}").stdout

    os.utime(done, (0, 0))
    assert "pip install" in make("--dry-run", "set-up", f"VENV={tmp_path}").stdout


def test_documented_commands_exist() -> None:
    targets = set(re.findall(r"^make ([a-z-]+)", make("help").stdout, re.MULTILINE))
    documented = set()
    for page in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        documented |= set(re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE))

    assert {"lab", "test", "grade"} <= documented
    assert documented <= targets


def test_commands_start_without_torch() -> None:
    code = "import cnnkit.cli, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What `make lab` starts, in the environment of the tests."""
    done = f"{sys.prefix}/.set-up"
    arguments = ["make", "lab", f"VENV={sys.prefix}", "--old-file", done, "LAB_ARGS=--no-browser --port=0"]
    with started(arguments, ROOT, tmp_path_factory.mktemp("lab")) as server:
        yield server


def test_lab_answers_and_shows_where_to_start(lab: Server) -> None:
    page = lab.get("lab/tree/index.ipynb").decode()
    assert "<title>JupyterLab</title>" in page
    assert f"{lab.url}lab/tree/index.ipynb" in lab.log.read_text()


def test_start_page_links_to_every_lecture_and_assignment(lab: Server) -> None:
    start = json.loads(lab.get("api/contents/index.ipynb"))["content"]
    links = re.findall(r"\]\(([^)]+)\)", "".join(cell["source"] for cell in start["cells"]))

    for link in links:
        assert json.loads(lab.get(f"api/contents/{link}"))["type"] == "notebook"
    sources = [p.relative_to(ROOT / "sources") for p in (ROOT / "sources").glob("*/*_*.py")]
    expected = {
        f"lectures/{p.stem}.ipynb" if p.parts[0] == "lectures" else f"assignments/{p.stem}/{p.stem}.ipynb" for p in sources
    }
    assert {*expected, "glossary.ipynb"} == set(links)
