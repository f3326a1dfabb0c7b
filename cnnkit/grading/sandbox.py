"""Start and watch the sandbox in which submissions run: bubblewrap around a process that has the imports done.

Linux only, with Debian's package bubblewrap or its like. Without a working sandbox nothing runs: `Sandbox` raises
SandboxError, and the command refuses.
"""

import contextlib
import importlib.metadata
import json
import os
import re
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from cnnkit.grading import wire
from cnnkit.grading.limits import Limits
from cnnkit.grading.runner import HOME, STUDENT_UID

PACKAGE = Path(__file__).resolve().parents[1]
COURSE, PACKAGES, MATPLOTLIB = "/course", "/packages", f"{HOME}/.matplotlib"
VISIBLE_MODULES = (
    "__init__.py",
    "backbones.py",
    "checkpoint.py",
    "data.py",
    "plotting.py",
    "training.py",
    "widgets.py",
    "assets",
    "checking",
    "exercises/__init__.py",
    "exercises/base.py",
    "exercises/drawing.py",
    "exercises/probes",
    "grading/__init__.py",
    "grading/runner.py",
    "grading/wire.py",
)
"""What of cnnkit a submission can see: no references, no cases, no solutions."""
NUMPY_PACKAGES = ("ipython", "ipywidgets", "matplotlib", "numpy", "pillow", "tqdm")
TORCH_PACKAGES = (*NUMPY_PACKAGES, "safetensors", "timm", "torch", "torchvision")
NUMPY_IMPORTS = (
    "IPython.core.interactiveshell",
    "cnnkit.checking",
    "cnnkit.checking.calling",
    "cnnkit.data",
    "cnnkit.plotting",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "numpy.testing",
    "cnnkit.exercises.probes",
)
TORCH_IMPORTS = (*NUMPY_IMPORTS, "torch", "torch.nn.functional", "torchvision")
WATCH_SECONDS = 0.2
START_SECONDS = 60.0


class SandboxError(Exception):
    """The sandbox does not work here; the sentence says why and what to do."""


class SubmissionEnded(Exception):
    """The student's process is gone: `status` is crashed or timeout, the message says why."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def _process_limits(limits: Limits, address_space: bool) -> dict[str, Any]:
    """Return the part of the limits that a submission's process sets on itself."""
    rlimits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": int(limits.notebook_seconds) + 5,
        "RLIMIT_FSIZE": limits.disk_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_NPROC": limits.processes,
    }
    if address_space:
        # Address space is more than memory in use: libraries and thread stacks are mapped, not touched.
        rlimits["RLIMIT_AS"] = limits.memory_bytes + (2 << 30)
    return {"disk_bytes": limits.disk_bytes, "disk_files": limits.disk_files, "rlimits": rlimits}


class Sandbox:
    """A process in a bubblewrap sandbox, with the imports done, that forks one isolated process per submission."""

    def __init__(self, torch: bool = False, limits: Limits | None = None) -> None:
        self.torch, self.limits = torch, limits or Limits()
        self._folder = tempfile.TemporaryDirectory(prefix="cnnkit-sandbox-")
        self._control, theirs = socket.socketpair()
        with theirs:
            command = _command(Path(self._folder.name), torch, theirs.fileno())
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - read when the start fails, closed by close()
            self._process = subprocess.Popen(
                command, env={}, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=self._errors, start_new_session=True,
            )  # fmt: skip
        try:
            self._answer(b"R", START_SECONDS, "did not start")
        except SandboxError:
            self.close()
            raise
        # What it needs of the folder is mounted; a worker process that is stopped would leave it behind.
        self._folder.cleanup()
        self._own = {p.pid for p in self._processes()}

    def _answer(self, wanted: bytes, seconds: float, failure: str) -> bytes:
        self._control.settimeout(seconds)
        try:
            answer = self._control.recv(1)
        except TimeoutError:
            answer = b""
        if answer != wanted:
            raise SandboxError(f"The sandbox {failure}: {self._last_words() or 'no answer'}.")
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    @contextlib.contextmanager
    def submission(self, pictures: bool = True) -> Iterator["Submission"]:
        """Fork a process for one submission; at the end of the block everything that it started is dead.

        Without `pictures` figures are described instead of drawn.
        """
        ours, theirs = socket.socketpair()
        request = {
            "limits": _process_limits(self.limits, address_space=not self.torch),
            "output_bytes": self.limits.output_bytes,
            "pictures": pictures,
        }
        with ours:
            with theirs:
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
            self._answer(b"S", START_SECONDS, "could not isolate a submission")
            try:
                yield Submission(self, ours)
            finally:
                self._control.sendall(b"E")
                self._answer(b"D", START_SECONDS, "could not end a submission")

    def _processes(self) -> list[psutil.Process]:
        try:
            root = psutil.Process(self._process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.Error:
            return []

    def usage(self) -> tuple[int, int]:
        """Return the memory (bytes, shared pages divided among their users) and the processes of the submission."""
        memory = count = 0
        for process in self._processes():
            if process.pid in self._own:
                continue
            with contextlib.suppress(psutil.Error):
                memory += process.memory_full_info().pss
                count += 1
        return memory, count

    def works(self) -> bool:
        """Whether the process that forks submissions is there."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()
        self._folder.cleanup()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Submission:
    """The student's process, seen from the host: requests go in, untrusted answers come out."""

    def __init__(self, sandbox: Sandbox, channel: socket.socket) -> None:
        self._sandbox, self._channel = sandbox, channel
        channel.settimeout(WATCH_SECONDS)

    def request(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the answer; SubmissionEnded if none comes in time, or the process is gone."""
        return self.request_packed(message["kind"], wire.packed(message), seconds)

    def request_packed(self, kind: str, message: bytes, seconds: float) -> dict[str, Any]:
        """Do what `request` does with a message of a kind that is packed already."""
        deadline = time.monotonic() + seconds
        watch = _Watch(self._sandbox, deadline, seconds)
        try:
            self._channel.settimeout(seconds)
            self._channel.sendall(message)
            self._channel.settimeout(WATCH_SECONDS)
            answer = wire.receive(self._channel, self._sandbox.limits.reply_bytes, tick=watch)
        except (EOFError, ConnectionError) as error:
            raise SubmissionEnded("crashed", "the notebook's process ended by itself (a crash, or an exit)") from error
        except TimeoutError as error:
            raise SubmissionEnded("timeout", f"no answer within {seconds:.0f} seconds") from error
        except wire.WireError as error:
            raise SubmissionEnded("crashed", f"the notebook's process sent {error}") from error
        if answer.get("kind") == "broken":
            raise SandboxError(f"The sandbox could not run a submission: {str(answer.get('message'))[-500:]}")
        if answer.get("kind") != kind:
            raise SubmissionEnded("crashed", "the notebook's process sent something that was not asked for")
        return answer


class _Watch:
    """Raise SubmissionEnded when the time is over, or memory or processes go over the limit."""

    def __init__(self, sandbox: Sandbox, deadline: float, seconds: float) -> None:
        self.sandbox, self.deadline, self.seconds = sandbox, deadline, seconds
        self.next_look = time.monotonic() + WATCH_SECONDS

    def __call__(self) -> None:
        now = time.monotonic()
        if now > self.deadline:
            raise SubmissionEnded("timeout", f"no answer within {self.seconds:.0f} seconds")
        if now < self.next_look:
            return
        self.next_look = now + WATCH_SECONDS
        memory, processes = self.sandbox.usage()
        limits = self.sandbox.limits
        if memory > limits.memory_bytes:
            raise SubmissionEnded("crashed", f"more memory was used than the {limits.memory_bytes >> 20} MB that are allowed")
        if processes > limits.processes:
            raise SubmissionEnded("crashed", f"more processes were started than the {limits.processes} that are allowed")


def find_bubblewrap() -> str:
    """Return the path of bubblewrap; SandboxError if it is not installed."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxError("bubblewrap is not installed: `apt install bubblewrap` (or your system's package) brings it.")
    return bwrap


def _command(folder: Path, torch: bool, descriptor: int) -> list[str]:
    """Return the command that starts the sandbox."""
    arguments = [find_bubblewrap(), "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.getuid() != 0:
        arguments += ["--unshare-user", "--uid", "0", "--gid", "0"]
    arguments += ["--cap-drop", "ALL"]
    for capability in ("SYS_ADMIN", "SETUID", "SETGID", "SYS_RESOURCE", "DAC_OVERRIDE", "KILL", "SYS_PTRACE", "SETFCAP"):
        arguments += ["--cap-add", f"CAP_{capability}"]
    arguments += ["--die-with-parent", "--new-session", "--hostname", "grader", "--clearenv"]
    arguments += _system(folder) + _python(torch) + _course() + _devices(torch)
    for name, value in _environment().items():
        arguments += ["--setenv", name, value]
    imports = TORCH_IMPORTS if torch else NUMPY_IMPORTS
    return [*arguments, "--chdir", "/", "--", _interpreter(), "-m", "cnnkit.grading.runner", str(descriptor), json.dumps(imports)]


def _parents(path: Path) -> list[str]:
    """Return the arguments that make the folders above a path; bubblewrap itself would make them unreadable."""
    made = []
    for parent in reversed(path.parents[:-1]):
        made += ["--perms", "0755", "--dir", str(parent)]
    return made


def _readable(path: Path, at: str | None = None) -> list[str]:
    return ["--ro-bind", str(path), at or str(path)]


def _system(folder: Path) -> list[str]:
    arguments = _readable(Path("/usr"))
    for name in ("bin", "lib", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            arguments += _readable(path)
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "alternatives", "fonts", "mime.types"):
        path = Path("/etc", name)
        if path.exists():
            arguments += _readable(path)
    passwd, group = folder / "passwd", folder / "group"
    passwd.write_text(f"student:x:{STUDENT_UID}:{STUDENT_UID}::{HOME}:/bin/sh\nroot:x:0:0::/:/bin/sh\n")
    group.write_text(f"student:x:{STUDENT_UID}:\nroot:x:0:\n")
    arguments += _readable(passwd, "/etc/passwd") + _readable(group, "/etc/group")
    for system_site in Path("/usr/lib").glob("python3*/dist-packages"):
        arguments += ["--tmpfs", str(system_site), "--remount-ro", str(system_site)]
    return [*arguments, "--proc", "/proc", "--perms", "1777", "--dir", "/tmp", "--perms", "0755", "--dir", "/home",
            "--perms", "0755", "--dir", HOME, *_font_lists()]  # fmt: skip


def _font_lists() -> list[str]:
    """Return the arguments that show what matplotlib has found out about this system's fonts: looking again takes half a second.

    A submission does not see it: it has a home of its own.
    """
    arguments = ["--perms", "0755", "--dir", MATPLOTLIB]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "matplotlib")
    for path in sorted(Path(os.environ.get("MPLCONFIGDIR") or cache).glob("fontlist-v*.json")):
        arguments += _readable(path, f"{MATPLOTLIB}/{path.name}")
    return arguments


def _devices(torch: bool) -> list[str]:
    arguments = ["--dev", "/dev"]
    if torch and os.environ.get("CNNKIT_DEVICE", "").startswith("cuda"):
        for device in sorted(Path("/dev").glob("nvidia*")):
            arguments += ["--dev-bind", str(device), str(device)]
    return [*arguments, "--remount-ro", "/dev"]


def _python(torch: bool) -> list[str]:
    """Return the arguments that show the interpreter and, of what is installed for it, only the packages needed.

    The packages lie in a folder of their own there, so that no private /tmp can hide an environment that lies in it.
    """
    arguments: list[str] = []
    prefixes = {Path(p).resolve() for p in (sys.base_prefix, sys.base_exec_prefix)}
    for prefix in sorted(prefixes):
        if prefix.is_relative_to("/tmp"):
            raise SandboxError(f"Python itself lies in {prefix}, and every submission has a /tmp of its own: move it elsewhere.")
        if not prefix.is_relative_to("/usr"):
            arguments += _parents(prefix) + _readable(prefix)
    for folder in sorted(Path(p) for p in site.getsitepackages([str(p) for p in prefixes])):
        if folder.is_dir():
            arguments += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    arguments += ["--perms", "0755", "--tmpfs", PACKAGES]
    wanted = _entries(TORCH_PACKAGES if torch else NUMPY_PACKAGES)
    for folder in sorted({Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}):
        for name in sorted(wanted):
            if (folder / name).exists():
                arguments += _readable(folder / name, f"{PACKAGES}/{name}")
        for name in ("__init__.py", "data"):  # the photographs of scikit-image, without what computes in it
            if (folder / "skimage" / name).exists():
                arguments += ["--perms", "0755", "--dir", f"{PACKAGES}/skimage"]
                arguments += _readable(folder / "skimage" / name, f"{PACKAGES}/skimage/{name}")
    return [*arguments, "--remount-ro", PACKAGES]


def _interpreter() -> str:
    """Return the interpreter that the environment was made from: the environment itself is not shown."""
    return str(Path(sys.executable).resolve())


def _entries(roots: tuple[str, ...]) -> set[str]:
    """Return the names in site-packages that the given distributions and all that they require consist of."""
    from packaging.requirements import Requirement

    waiting, seen, entries = list(roots), set(), set()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        entries |= {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return entries


def _course() -> list[str]:
    arguments = ["--perms", "0755", "--dir", COURSE, "--perms", "0755", "--dir", f"{COURSE}/cnnkit"]
    for name in ("exercises", "grading"):
        arguments += ["--perms", "0755", "--dir", f"{COURSE}/cnnkit/{name}"]
    for name in VISIBLE_MODULES:
        if (PACKAGE / name).exists():
            arguments += _readable(PACKAGE / name, f"{COURSE}/cnnkit/{name}")
    return arguments


def _environment() -> dict[str, str]:
    return {
        "PATH": f"{Path(_interpreter()).parent}:/usr/bin:/bin",
        "PYTHONPATH": f"{COURSE}:{PACKAGES}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": MATPLOTLIB,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
