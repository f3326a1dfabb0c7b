"""The processes that judge notebooks: forked from one server that has imported torch, and ended with their command."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from multiprocessing.connection import wait

IMPORTS = ("cnnkit.grading.judge", "torch")
FEEDBACK_IMPORTS = ("cnnkit.grading.feedback", "nbconvert.exporters", "nbgrader.preprocessors")


def start_server(feedback: bool) -> None:
    """Start the server from which workers are forked, and return while it imports; with `feedback` also what pages need.

    A second call, from the process that has started it, changes nothing. Where there are no such servers nothing is done:
    without Linux there is no sandbox either.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.set_forkserver_preload([*IMPORTS, *(FEEDBACK_IMPORTS if feedback else ())])
        forkserver.ensure_running()


def worker_processes(jobs: int, feedback: bool) -> ProcessPoolExecutor:
    """Return a pool of worker processes, each of which keeps a sandbox."""
    start_server(feedback)
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("forkserver"), initializer=_end_with_the_parent)


def _end_with_the_parent() -> None:
    """Let this worker end when the process that started it does, however that ends."""
    parent = multiprocessing.parent_process()

    def wait_for_it() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait_for_it, daemon=True).start()
