"""What one notebook may use while it is graded."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Limits:
    """Seconds for a cell, for the calls of one test and for the whole notebook; bytes and counts of everything else.

    Without a sandbox only the seconds and the output are limited.
    """

    cell_seconds: float = 30
    call_seconds: float = 30
    notebook_seconds: float = 300
    output_bytes: int = 5_000_000
    memory_bytes: int = 2 << 30
    processes: int = 64
    open_files: int = 256
    disk_bytes: int = 64 << 20
    disk_files: int = 4096
    reply_bytes: int = 256 << 20


DEFAULT_LIMITS = asdict(Limits())
TRAINING = Limits(cell_seconds=120, call_seconds=120, notebook_seconds=900, memory_bytes=4 << 30)


def limits_for(topic: str) -> Limits:
    """Return the limits that suit a topic: where networks are trained, a notebook gets more time and memory."""
    from cnnkit.exercises import exercises, topics

    known = exercises(topic).values() if topic in topics() else ()
    return TRAINING if any("torch" not in exercise.forbids for exercise in known) else Limits()


def with_limits(settings: Iterable[str], limits: Limits) -> Limits:
    """Return limits, changed by settings such as `memory_bytes=4e9`. Raises ValueError for what is no limit."""
    changes = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in DEFAULT_LIMITS:
            raise ValueError(f"There is no limit {name!r}: the limits are {', '.join(DEFAULT_LIMITS)}.")
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value < float("inf"):
            raise ValueError(f"The limit {name} needs a number above 0, as in {name}={getattr(limits, name)}, not {text!r}.")
        changes[name] = value if name.endswith("seconds") else int(value)
    return replace(limits, **changes)
