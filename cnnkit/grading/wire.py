"""Carry values between the host and a student's process: JSON for structure, npy for arrays, never pickle.

The host trusts nothing that arrives: a frame has a size limit, arrays are read with `allow_pickle=False`, and a value of
any other type becomes an `Untransportable` that only names its type.
"""

import functools
import io
import json
import math
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType, MappingProxyType
from typing import Any

import numpy as np

HEADER = struct.Struct("<II")
"""Length of the JSON part and of the part that holds the arrays."""
DEPTH = 6
"""Tuples, lists and dicts nested deeper than this are not carried."""


class WireError(Exception):
    """What arrived is not a frame: too large, cut off, or not in the format."""


@dataclass(frozen=True)
class Untransportable:
    """Stands for a value that is neither number, string, array, nor a tuple, list or dict of these."""

    type_name: str


def send(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one message; arrays anywhere inside it travel as npy."""
    channel.sendall(packed(message))


def packed(message: dict[str, Any]) -> bytes:
    """Return a message as it is sent."""
    blobs: list[bytes] = []
    text = json.dumps(_packed(message, blobs, 0)).encode()
    body = b"".join(struct.pack("<I", len(blob)) + blob for blob in blobs)
    return HEADER.pack(len(text), len(body)) + text + body


def receive(
    channel: socket.socket,
    limit: int,
    functions: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
    tensor: Callable[[np.ndarray], Any] | None = None,
    tick: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Receive one message of at most `limit` bytes; EOFError if the other side is gone, WireError if it is malformed.

    A function travels by name and is looked up in `functions`; `tensor` makes a tensor of an array that was one. While
    nothing arrives, `tick` is called each time the channel's own timeout has passed; it may raise to give up.
    """
    text_length, body_length = HEADER.unpack(_exactly(channel, HEADER.size, tick))
    if text_length + body_length > limit:
        raise WireError(f"a message of {text_length + body_length} bytes is over the limit of {limit} bytes")
    text, body = _exactly(channel, text_length, tick), _exactly(channel, body_length, tick)
    try:
        blobs, offset = [], 0
        while offset < len(body):
            (length,) = struct.unpack_from("<I", body, offset)
            blobs.append(body[offset + 4 : offset + 4 + length])
            offset += 4 + length
        message = _unpacked(json.loads(text), _Parts(blobs, functions, tensor or Tensor))
    except (ValueError, KeyError, IndexError, TypeError, EOFError, struct.error, RecursionError) as error:
        raise WireError(f"a message that is not in the format ({type(error).__name__})") from error
    if not isinstance(message, dict):
        raise WireError("a message that is not in the format")
    return message


def _exactly(channel: socket.socket, length: int, tick: Callable[[], None] | None) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        if tick is not None:
            tick()
        try:
            part = channel.recv(min(length - len(parts), 1 << 20))
        except TimeoutError:
            continue
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _packed(value: Any, blobs: list[bytes], depth: int) -> Any:
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if abs(value) < 1 << 53 else {"int": str(value)[:400]}
    if type(value) is float:
        return {"float": value.hex()}
    if isinstance(value, (np.ndarray, np.generic)):
        return _packed_array(np.array(value, subok=False, copy=True), isinstance(value, np.generic), blobs)
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        return {"tensor": _packed_array(value.detach().cpu().numpy(), False, blobs)}
    if isinstance(value, (tuple, list)) and depth < DEPTH:
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_packed(v, blobs, depth + 1) for v in value]}
    if isinstance(value, dict) and depth < DEPTH:
        return {"dict": [[str(k), _packed(v, blobs, depth + 1)] for k, v in value.items()]}
    if isinstance(value, FunctionType) and value.__module__ == "cnnkit.exercises.probes":
        return {"function": value.__name__}
    return {"other": type(value).__name__[:80]}


def _packed_array(array: np.ndarray, scalar: bool, blobs: list[bytes]) -> Any:
    if array.dtype.hasobject:
        return {"other": "array of Python objects"}
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    blobs.append(stream.getvalue())
    return {"scalar" if scalar else "array": len(blobs) - 1}


@dataclass(frozen=True)
class _Parts:
    blobs: list[bytes]
    functions: Mapping[str, Callable[..., Any]]
    tensor: Callable[[np.ndarray], Any]


def _unpacked(value: Any, parts: _Parts) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "array":
            return _array(parts.blobs[content])
        case "scalar":
            return _array(parts.blobs[content])[()]
        case "tensor":
            return parts.tensor(_unpacked(content, parts))
        case "tuple":
            return tuple(_unpacked(v, parts) for v in content)
        case "list":
            return [_unpacked(v, parts) for v in content]
        case "dict":
            return {str(k): _unpacked(v, parts) for k, v in content}
        case "float":
            return float.fromhex(content)
        case "int":
            return int(content)
        case "function":
            return parts.functions[content]
        case "other":
            return Untransportable(str(content))
    raise KeyError(kind)


_BEGINNING = struct.Struct("<8sH")
"""Of an npy file of version 1.0: the magic string with the version, and the length of the header that follows."""
LONGEST_KEPT = 512
"""Bytes of a header that is remembered: those of arrays of numbers are shorter."""


def _array(npy: bytes) -> np.ndarray:
    """Read an array as np.load does, which has Python parse the header of each."""
    magic, length = _BEGINNING.unpack_from(npy)
    if magic != b"\x93NUMPY\x01\x00" or length > LONGEST_KEPT:
        return np.load(io.BytesIO(npy), allow_pickle=False)
    begin = _BEGINNING.size + length
    shape, by_columns, dtype = _described(npy[:begin])
    array = np.frombuffer(npy, dtype, math.prod(shape), begin).copy()
    return array.reshape(shape, order="F" if by_columns else "C")


@functools.lru_cache(maxsize=1024)
def _described(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, order and dtype of an npy file that begins with these bytes; ValueError if it holds Python objects."""
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(io.BytesIO(header[8:]))
    if dtype.hasobject or dtype.itemsize == 0:
        raise ValueError("an array of Python objects, or of nothing")
    return shape, by_columns, dtype


class Tensor:
    """A torch tensor that arrived as its array; the comparison treats it as it treats a tensor."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def detach(self) -> "Tensor":
        """Return itself, as a tensor without a graph would."""
        return self

    def cpu(self) -> "Tensor":
        """Return itself: it is in the host's memory already."""
        return self

    def numpy(self) -> np.ndarray:
        """Return the array."""
        return self._array

    def is_floating_point(self) -> bool:
        """Whether the dtype is one of floating point."""
        return self.dtype.kind == "f"
