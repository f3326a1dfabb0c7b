"""Run inside the sandbox: import what notebooks need, then fork one isolated process per submission.

The process that this module starts as (the zygote) runs no student code. For each submission it forks a child that gives
itself private namespaces, mounts, /tmp and home, limits and an unprivileged uid, and only then runs the notebook's cells
and calls the student's functions on the inputs that the host sends. Nothing here knows a right answer.
"""

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import resource
import signal
import socket
import sys
import traceback
from typing import Any

from cnnkit.grading import wire

LARGEST_REQUEST = 1 << 30
STUDENT_UID = 61234
NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
PR_SET_NO_NEW_PRIVS = 38
HOME = "/home/student"

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Serve the host over the socket whose descriptor is the first argument; the second is a JSON list of modules."""
    control = socket.socket(fileno=int(sys.argv[1]))
    modules = json.loads(sys.argv[2])
    for module in modules:
        importlib.import_module(module)
    _draw_once()
    shell = _make_shell()
    _warm_up(shell)
    # What is there now stays as it is: forked processes share its memory.
    gc.collect()
    gc.freeze()
    control.sendall(b"R")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            return
        request = json.loads(message)
        channel = socket.socket(fileno=descriptors[0])
        child, inner = _fork_isolated(shell, control, channel, request)
        channel.close()
        control.sendall(b"S" if inner else b"F")
        # One byte from the host ends the submission, whatever is left of it: when number 1 of a pid namespace dies,
        # everything else in it dies too.
        control.recv(1)
        if inner:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.kill(inner, signal.SIGKILL)
        os.waitpid(child, 0)
        control.sendall(b"D")


def _draw_once() -> None:
    """Draw a picture and throw it away: what matplotlib loads for its first one is there for every submission."""
    from matplotlib import pyplot

    from cnnkit import plotting

    with pyplot.rc_context():
        plotting.use_style()
        figure, axes = pyplot.subplots()
        axes.imshow([[0.0, 1.0]])
        axes.set(title="$x$ one", xlabel="two")
        figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
        pyplot.close(figure)


def _fork_isolated(shell: Any, control: socket.socket, channel: socket.socket, request: dict[str, Any]) -> tuple[int, int]:
    """Fork a supervisor, the parent of the submission's own process number 1; return the pids of both (0: it failed)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        with os.fdopen(reading) as file:
            return child, int(file.readline() or 0)
    try:
        control.close()
        os.close(reading)
        _check(libc.unshare(NEWNS | NEWPID | NEWIPC | NEWNET), "unshare")
        inner = os.fork()
        if inner:
            channel.close()
            os.write(writing, f"{inner}\n".encode())
            os.close(writing)
            os.waitpid(inner, 0)
            os._exit(0)
        os.close(writing)
        _isolate(request["limits"])
        serve(shell, channel, request)
    except Exception as error:  # noqa: BLE001 - nothing of the zygote may go on in the child, whatever happened
        _say_failure(channel, error)
    finally:
        os._exit(1)


def _say_failure(channel: socket.socket, error: BaseException) -> None:
    text = "".join(traceback.format_exception(error))[-2000:]
    try:
        wire.send(channel, {"kind": "broken", "message": text})
    except OSError:
        os._exit(2)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(kind: str, target: str, flags: int, options: str = "") -> None:
    _check(libc.mount(kind.encode(), target.encode(), kind.encode(), flags, options.encode()), f"mount {target}")


def _isolate(limits: dict[str, int]) -> None:
    """Give this process private mounts and an unprivileged identity, and set its limits."""
    size, inodes = limits["disk_bytes"], limits["disk_files"]
    for target, mode in (("/tmp", "1777"), (HOME, "0777"), ("/dev/shm", "1777")):
        _mount("tmpfs", target, MS_NOSUID | MS_NODEV, f"size={size},nr_inodes={inodes},mode={mode}")
    _mount("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    os.chdir(HOME)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    _drop_privileges()
    for name, value in limits["rlimits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    os.setsid()


def _drop_privileges() -> None:
    """Enter a user namespace in which no further one can be made, and become a user who is nobody outside."""
    ready, done = os.pipe(), os.pipe()
    outer = os.getpid()
    helper = os.fork()
    if helper == 0:
        # Maps can be written only by a process outside the new namespace, so one stays behind for a moment.
        os.read(ready[0], 1)
        privileged = os.getuid() == 0 and _maps_others()
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{outer}/{name}", "w") as file:
                file.write(f"0 0 1\n{STUDENT_UID} {STUDENT_UID} 1\n" if privileged else f"{STUDENT_UID} 0 1\n")
        os.write(done[1], b"1" if privileged else b"0")
        os._exit(0)
    _check(libc.unshare(NEWUSER), "unshare user")
    os.write(ready[1], b"1")
    privileged = os.read(done[0], 1) == b"1"
    os.waitpid(helper, 0)
    for descriptor in (*ready, *done):
        os.close(descriptor)
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    if privileged:
        os.setgroups([])
        os.setresgid(STUDENT_UID, STUDENT_UID, STUDENT_UID)
        os.setresuid(STUDENT_UID, STUDENT_UID, STUDENT_UID)
    else:
        _drop_capabilities()
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def _maps_others() -> bool:
    """Whether this user namespace maps more than one user, so that there is somebody to become."""
    with open("/proc/self/uid_map") as file:
        return sum(int(line.split()[2]) for line in file) > 1


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def serve(shell: Any, channel: socket.socket, request: dict[str, Any]) -> None:
    """Answer the host: run cells, call functions, until the channel closes."""
    sys.stdout, sys.stderr = _Stream(shell, "stdout"), _Stream(shell, "stderr")
    if not request["pictures"]:
        _save_time(shell)
    for message in _requests(channel):
        if message["kind"] == "cell":
            wire.send(channel, {"kind": "cell", **_run_cell(shell, message["source"], request["output_bytes"])})
        elif message["kind"] == "call":
            wire.send(channel, {"kind": "call", **_call(shell, message)})
        elif message["kind"] == "cases":
            _stand_in(message["cases"])
            wire.send(channel, {"kind": "cases"})


def _stand_in(cases: dict[str, Any]) -> None:
    """Give a student's own cells the visible cases that they ask for; what they check themselves is judged in test cells."""
    import cnnkit
    from cnnkit import checking

    def case(check_id: str, index: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments and keyword arguments of one visible case."""
        args, options = cases[check_id][index]
        return tuple(args), dict(options)

    def check(check_id: str, *functions: Any, hidden: bool = False) -> None:
        """Do nothing: while a notebook is graded, its checks are judged outside."""

    for module in (cnnkit, checking):
        module.case, module.check = case, check


def _requests(channel: socket.socket):
    from cnnkit.exercises import probes

    functions = vars(probes)
    while True:
        try:
            yield wire.receive(channel, LARGEST_REQUEST, functions, _tensor)
        except EOFError:
            return


def _tensor(array: Any) -> Any:
    import torch

    return torch.from_numpy(array)


class _Outputs:
    """Collect what a cell shows, in order and up to a limit, as the outputs of a notebook cell."""

    def __init__(self, limit: int) -> None:
        self.items: list[dict[str, Any]] = []
        self.left = limit

    def add(self, output: dict[str, Any]) -> None:
        size = len(json.dumps(output, default=str))
        if size <= self.left:
            self.items.append(output)
        elif self.left > 0:
            self.items.append(_stream("stderr", "(more output than is kept)\n"))
        self.left -= size

    def write(self, name: str, text: str) -> None:
        last = self.items[-1] if self.items else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            if len(text) <= self.left:
                last["text"] += text
            self.left -= len(text)
        else:
            self.add(_stream(name, text))


def _stream(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


class _Stream(io.TextIOBase):
    def __init__(self, shell: Any, name: str) -> None:
        self.shell, self.name = shell, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.shell.cnnkit_outputs.write(self.name, str(text))
        return len(text)


def _make_shell() -> Any:
    """Make an IPython shell whose displays, results and errors are collected as notebook outputs."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.pylabtools import activate_matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support
    from traitlets.config import Config

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, *, transient=None, update=False, **kwargs):
            output = {"output_type": "display_data", "data": _plain(data), "metadata": _plain(metadata or {})}
            self.shell.cnnkit_outputs.add(output)

        def clear_output(self, wait=False):
            self.shell.cnnkit_outputs.items.clear()

    class Hook(DisplayHook):
        def write_output_prompt(self):
            pass

        def write_format_data(self, format_dict, md_dict=None):
            output = {"output_type": "execute_result", "data": _plain(format_dict), "metadata": _plain(md_dict or {})}
            self.shell.cnnkit_outputs.add(output | {"execution_count": self.shell.execution_count})

        def finish_displayhook(self):
            pass

    class Shell(InteractiveShell):
        display_pub_class = Publisher
        displayhook_class = Hook

        def _showtraceback(self, etype, evalue, stb):
            lines = [str(line).rstrip("\n") for line in stb] if stb else []
            self.cnnkit_outputs.add({"output_type": "error", "ename": etype.__name__, "evalue": str(evalue), "traceback": lines})

        def _format_exception_for_storage(self, exception, filename=None, running_compiled_code=False):
            """Leave an error out of a history that nobody reads: it would be formatted a second time."""
            return []

        def enable_gui(self, gui=None):
            pass

    Shell.cnnkit_outputs = _Outputs(0)
    shell = Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    configure_inline_support(shell, os.environ["MPLBACKEND"])
    activate_matplotlib(os.environ["MPLBACKEND"])
    return shell


WARM_UP = ("def answer():\n    raise NotImplementedError()", "answer()", "from matplotlib import pyplot\npyplot.plot([0, 1]);")


def _warm_up(shell: Any) -> None:
    """Run cells as they stand in notebooks: what the first error and the first figure load is there for every submission."""
    for source in WARM_UP:
        _run_cell(shell, source, 1 << 20)
    shell.reset(new_session=True)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)


def _save_time(shell: Any) -> None:
    """Have figures described instead of drawn, and errors shown as Python itself does, without the code around them."""
    from matplotlib.figure import Figure

    from cnnkit import plotting

    shell.InteractiveTB.set_mode("Plain")
    plotting.drawing = False
    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters["text/plain"].for_type(Figure, lambda figure, printer, cycle: printer.text(repr(plotting.NotDrawn(repr(figure)))))


def _plain(value: Any) -> Any:
    """Make display data plain JSON: bytes become base64 text, anything else that JSON lacks becomes its name."""
    import base64

    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(type(value).__name__)


def _run_cell(shell: Any, source: str, limit: int) -> dict[str, Any]:
    type(shell).cnnkit_outputs = _Outputs(limit)
    result = shell.run_cell(source, store_history=True)
    return {"outputs": json.dumps(shell.cnnkit_outputs.items), "failed": not result.success}


def _call(shell: Any, message: dict[str, Any]) -> dict[str, Any]:
    """Call functions of the notebook by name on cases, and describe what each call did."""
    from cnnkit.checking.calling import observe
    from cnnkit.exercises.base import Case

    missing = [name for name in message["functions"] if name not in shell.user_ns]
    if missing:
        return {"missing": missing[0]}
    functions = tuple(shell.user_ns[name] for name in message["functions"])
    for name, function in zip(message["functions"], functions, strict=True):
        if not callable(function):
            return {"uncallable": [name, type(function).__name__]}
    type(shell).cnnkit_outputs = _Outputs(message["output_bytes"])
    cases = [Case(tuple(args), dict(options)) for args, options in message["cases"]]
    sizes = [Case(tuple(args), dict(options)) for args, options in message["sizes"]]
    observed = observe(functions, cases, sizes, tuple(message["forbids"]), message["probe"])
    return {
        "outcomes": [vars(outcome) for outcome in observed.outcomes],
        "sizes": [vars(outcome) for outcome in observed.size_outcomes],
        "forbidden": list(observed.forbidden),
        "code": list(observed.code),
        "outputs": json.dumps(shell.cnnkit_outputs.items),
    }


if __name__ == "__main__":
    main()
