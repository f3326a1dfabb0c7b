"""A Jupyter server for tests: started in a folder, with no settings but its own, and ended with all its kernels."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN_S = 90


@dataclass(frozen=True)
class Server:
    """Where a running server is found, and what it has written."""

    url: str
    token: str
    log: Path

    def get(self, path: str) -> bytes:
        """Return what the server answers for a path."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.read()


@contextmanager
def started(arguments: Sequence[str], folder: Path, own: Path) -> Iterator[Server]:
    """Run a command that starts a server in a folder, until the end of the block; `own` holds its settings and its log."""
    settings = {"JUPYTER_RUNTIME_DIR": str(own / "runtime"), "JUPYTER_CONFIG_DIR": str(own / "config")}
    # The kernels of this environment; and nbgrader starts alembic by its bare name. The Makefile sees to both, too.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | settings | {"JUPYTER_PREFER_ENV_PATH": "1", "PATH": path}
    log = own / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(arguments, cwd=folder, env=env, stdout=file, stderr=file, start_new_session=True)
        try:
            yield _answering(process, own / "runtime", log)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def _answering(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> Server:
    """Return the server that is starting, once it answers; what it writes about itself says where."""
    wake, deadline = threading.Event(), time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"JupyterLab has stopped:\n{log.read_text()}"
        for path in runtime.glob("jpserver-*.json"):
            try:
                found = json.loads(path.read_text())
                server = Server(found["url"], found["token"], log)
                server.get("api/status")
            except (json.JSONDecodeError, ConnectionError, urllib.error.URLError):
                continue
            return server
        wake.wait(0.1)
    raise AssertionError(f"JupyterLab did not answer within {STARTS_WITHIN_S} s:\n{log.read_text()}")
