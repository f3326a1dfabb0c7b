"""Run notebooks on a Dask cluster: the same function of bytes as on one machine."""

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager

RETRIES = 2
"""How often a notebook is run again whose worker was lost."""
CONNECT_SECONDS = 20


@contextmanager
def executor(address: str) -> Iterator[Executor]:
    """Connect to a cluster and give what runs functions on it.

    Raises ValueError if there is no cluster at the address, if it goes away meanwhile, or if Dask is not installed.
    """
    try:
        from distributed import Client
        from distributed.comm import CommClosedError
    except ImportError:
        raise ValueError("A cluster needs Dask: pip install distributed.") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"There is no Dask scheduler at {address}: {error}") from None
    with client:
        try:
            yield client.get_executor(pure=False, retries=RETRIES)
        except (CancelledError, CommClosedError):
            # When its scheduler closes, or somebody cancels what it runs, all that was asked for is cancelled.
            raise ValueError(
                f"The Dask cluster at {address} has stopped running notebooks. What is graded is kept: when there is a cluster, "
                "start the same command again, and it goes on."
            ) from None
