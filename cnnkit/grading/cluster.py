"""Run notebooks on a Dask cluster: the same function of bytes as on one machine."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

RETRIES = 2
"""How often a notebook is run again whose worker was lost."""
CONNECT_SECONDS = 20


@contextmanager
def executor(address: str) -> Iterator[Executor]:
    """Connect to a cluster and give what runs functions on it.

    Raises ValueError if there is no cluster at the address, or Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("A cluster needs Dask: pip install distributed.") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"There is no Dask scheduler at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False, retries=RETRIES)
