"""`cnnkit doctor`: each thing that can be missing is named with its remedy, and decides the exit status or not."""

import importlib.metadata
import io
import shutil
import sys
import types

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cnnkit import data, doctor
from cnnkit.cli import app
from cnnkit.exercises import reference


@pytest.fixture(autouse=True)
def _fresh_device():
    """The device is looked up once a process; a test that changes it must not be seen by others."""
    reference.device.cache_clear()
    yield
    reference.device.cache_clear()


def _text(findings):
    console = Console(file=io.StringIO(), width=300)
    status = doctor.report(findings, console)
    return status, console.file.getvalue()


def _metadata(monkeypatch, requires=None, versions=None):
    """Let cnnkit require other packages, and let packages have other versions; None is a package that is not there."""
    real = importlib.metadata.version

    def version(name):
        wanted = (versions or {}).get(name, real(name) if name not in (versions or {}) else None)
        if wanted is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return wanted

    monkeypatch.setattr(doctor.metadata, "version", version)
    if requires is not None:
        monkeypatch.setattr(doctor.metadata, "requires", lambda name: requires)


def test_the_command_reports_and_exits_with_0_where_the_course_is_installed():
    result = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    for name in ("python", "packages", "device", "data", "photographs", "kernel", "bubblewrap", "chromium"):
        assert name in result.output
    assert f"torch {importlib.metadata.version('torch')}" in result.output
    assert "The course can be used" in result.output


def test_the_command_exits_with_1_when_something_needed_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "ASSETS", tmp_path)
    result = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "200"})
    assert result.exit_code == 1
    assert "The course cannot be used yet; see data, photographs above." in result.output


def test_optional_things_do_not_change_the_exit_status():
    status, text = _text([doctor.Finding("ok", "python", "3"), doctor.Finding("optional", "bubblewrap", "get it")])
    assert status == 0
    assert "The course can be used, without bubblewrap." in text


def test_missing_things_do_and_are_named():
    status, text = _text([doctor.Finding("missing", "kernel", "[none] at all"), doctor.Finding("ok", "data", "there")])
    assert status == 1
    assert "[none] at all" in text, "brackets are text, not markup"
    assert "cannot be used yet; see kernel above" in text


def test_python_that_is_too_old(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.9.2")
    finding = doctor.check_python()
    assert finding.state == "missing"
    assert "3.9.2 is not >=3.11" in finding.detail


def test_python_without_cnnkit(monkeypatch):
    def nothing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "metadata", nothing)
    monkeypatch.setattr(doctor.metadata, "requires", nothing)
    assert "cnnkit is not installed" in doctor.check_python().detail
    assert "cnnkit is not installed" in doctor.check_packages().detail


def test_packages_that_are_absent_or_too_old_are_named_with_the_remedy(monkeypatch):
    _metadata(
        monkeypatch,
        requires=["numpy>=2.0", "torch>=2.6", "nbgrader>=0.9.5", 'pytest>=99; extra == "dev"'],
        versions={"numpy": "1.26.4", "torch": None},
    )
    finding = doctor.check_packages()
    assert finding.state == "missing"
    assert finding.detail.startswith("numpy 1.26.4 (not >=2.0), torch (not there): run `make lab`")


def test_packages_that_fit_are_shown(monkeypatch):
    finding = doctor.check_packages()
    assert finding.state == "ok"
    for name in doctor.MAIN_PACKAGES:
        assert f"{name} {importlib.metadata.version(name)}" in finding.detail


def test_cpu_is_named_with_its_threads(monkeypatch):
    import torch

    monkeypatch.setenv("CNNKIT_DEVICE", "cpu")
    assert doctor.check_device() == (
        "ok",
        "device",
        f"cpu, {_counted(torch.get_num_threads(), 'thread')}, {_counted(doctor.os.cpu_count(), 'core')}",
    )


def _counted(number, name):
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def test_cuda_is_named_with_its_memory(monkeypatch):
    import torch

    properties = types.SimpleNamespace(name="NVIDIA H100 80GB HBM3", total_memory=78 * 2**30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    assert doctor._describe(torch.device("cuda:1")) == "cuda:1: NVIDIA H100 80GB HBM3, 78 GiB, CUDA 12.8"


def test_a_device_that_does_not_exist(monkeypatch):
    monkeypatch.setenv("CNNKIT_DEVICE", "abacus")
    finding = doctor.check_device()
    assert finding.state == "missing"
    assert "CNNKIT_DEVICE='abacus' is not a torch device" in finding.detail


def test_torchvision_that_does_not_fit_torch(monkeypatch):
    """A CPU build of torch beside PyPI's torchvision fails at import with a RuntimeError."""

    class Misfit:
        def find_spec(self, name, path=None, target=None):
            if name == "torchvision":
                raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Misfit(), *sys.meta_path])
    finding = doctor.check_device()
    assert finding.state == "missing"
    assert "torchvision::nms does not exist" in finding.detail
    assert "pip install --force-reinstall torch torchvision" in finding.detail


def _copy_assets(monkeypatch, tmp_path):
    assets = tmp_path / "assets"
    shutil.copytree(data.ASSETS, assets)
    monkeypatch.setattr(data, "ASSETS", assets)
    return assets


def test_data_missing_or_damaged_is_named_with_the_remedy(monkeypatch, tmp_path):
    assets = _copy_assets(monkeypatch, tmp_path)
    assert doctor.check_data().state == "ok"
    subset = assets / data.FASHION_MNIST_FILE.name
    content = bytearray(subset.read_bytes())
    content[1000] ^= 1
    subset.write_bytes(content)
    finding = doctor.check_data()
    assert finding.state == "missing"
    assert "fashion_mnist_12k.npz is damaged" in finding.detail
    assert "git checkout -- cnnkit/assets" in finding.detail
    subset.unlink()
    assert "fashion_mnist_12k.npz is missing" in doctor.check_data().detail


def test_data_without_the_list_of_hashes(monkeypatch, tmp_path):
    assets = _copy_assets(monkeypatch, tmp_path)
    (assets / "README.md").write_text("# nothing here\n")
    assert "README.md is missing or incomplete" in doctor.check_data().detail
    (assets / "README.md").unlink()
    assert doctor.check_data().state == "missing"
    assert doctor.check_photographs().state == "missing"


def test_photographs_that_scikit_image_lacks(monkeypatch):
    monkeypatch.setitem(data.PHOTOGRAPHS, "camera", "no_such_file.png")
    finding = doctor.check_photographs()
    assert finding.state == "missing"
    assert finding.detail.startswith("camera: `pip install --force-reinstall --no-deps scikit-image`")


def test_photographs_of_another_scikit_image_are_only_noted(monkeypatch):
    monkeypatch.setitem(data.PHOTOGRAPHS, "camera", "moon.png")
    finding = doctor.check_photographs()
    assert finding.state == "optional"
    assert "the lectures were made with other files of camera." in finding.detail


def _kernel(monkeypatch, answer):
    import jupyter_client.kernelspec

    class Manager:
        def get_kernel_spec(self, name):
            assert name == "python3"
            if isinstance(answer, Exception):
                raise answer
            return types.SimpleNamespace(argv=[answer, "-m", "ipykernel_launcher"], resource_dir="/kernels/python3")

    monkeypatch.setattr(jupyter_client.kernelspec, "KernelSpecManager", Manager)


@pytest.mark.parametrize("command", ["python", "python3", "python3.11", sys.executable])
def test_a_kernel_of_this_environment(monkeypatch, command):
    _kernel(monkeypatch, command)
    assert doctor.check_kernel() == ("ok", "kernel", "python3 in /kernels/python3")


def test_a_kernel_of_another_environment(monkeypatch):
    _kernel(monkeypatch, "/somewhere/else/bin/python3")
    finding = doctor.check_kernel()
    assert finding.state == "missing"
    assert "starts /somewhere/else/bin/python3, not this environment" in finding.detail
    assert "-m ipykernel install --sys-prefix" in finding.detail


def test_no_kernel(monkeypatch):
    from jupyter_client.kernelspec import NoSuchKernel

    _kernel(monkeypatch, NoSuchKernel("python3"))
    assert "there is no Jupyter kernel python3" in doctor.check_kernel().detail


@pytest.mark.parametrize(("check", "package"), [(doctor.check_bubblewrap, "bubblewrap"), (doctor.check_chromium, "chromium")])
def test_programs_that_are_absent_are_optional_with_the_remedy(monkeypatch, check, package):
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    finding = check()
    assert finding.state == "optional"
    assert f"`apt-get install {package}`" in finding.detail


def test_grading_needs_linux(monkeypatch):
    monkeypatch.setattr(doctor.sys, "platform", "darwin")
    assert "needs Linux" in doctor.check_bubblewrap().detail


def test_a_program_that_is_there(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho bubblewrap 1.2.3\n")
    program.chmod(0o755)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: str(program))
    assert doctor.check_bubblewrap() == ("ok", "bubblewrap", f"bubblewrap 1.2.3 ({program})")
    program.write_text("#!/bin/sh\nexit 3\n")
    finding = doctor.check_bubblewrap()
    assert finding.state == "optional"
    assert "does not answer" in finding.detail


def test_a_bubblewrap_that_may_not_make_a_sandbox_is_named(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "bwrap: No permissions to create namespace" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: str(program))
    finding = doctor.check_bubblewrap()
    assert finding.state == "optional"
    assert "no class can be graded here" in finding.detail
    assert "No permissions to create namespace" in finding.detail


def test_a_check_that_lacks_a_package_reports_it(monkeypatch):
    def check_kernel():
        raise ModuleNotFoundError("No module named 'jupyter_client'", name="jupyter_client")

    monkeypatch.setattr(doctor, "CHECKS", (check_kernel,))
    assert doctor.examine() == [("missing", "kernel", "jupyter_client is not installed: run `make lab` in the course.")]
