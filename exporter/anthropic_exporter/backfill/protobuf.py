"""The remote-write message, encoded by hand: four small messages do not need a compiler.

Source: prometheus/prompb, remote.proto and types.proto (WriteRequest, TimeSeries, Label, Sample); the encoding is
that of protocol buffers, where a field is its number and wire type as a varint, then its content.
"""

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache

_VARINT, _DOUBLE, _BYTES = 0, 1, 2
_FLOAT64 = struct.Struct("<d")


def write_request(series: Sequence[bytes]) -> bytes:
    """Return a WriteRequest of encoded TimeSeries (field 1)."""
    return b"".join([_bytes(1, each) for each in series])


def time_series(labels: Mapping[str, str], times: Sequence[int], values: Sequence[float]) -> bytes:
    """Return a TimeSeries: labels (field 1) in the order of their names, samples (field 2) in that of time.

    Args:
        labels: with ``__name__``.
        times: seconds since 1970 UTC.
    """
    told = [_bytes(1, _label(name, labels[name])) for name in sorted(labels)]
    parts: list[bytes] = []
    for at, value in zip(times, values, strict=True):
        before, behind = _around(at)
        parts += (before, _FLOAT64.pack(value), behind)
    return b"".join(told + parts)


def _label(name: str, value: str) -> bytes:
    return _bytes(1, name.encode()) + _bytes(2, value.encode())


@lru_cache(maxsize=2048)
def _around(at: int) -> tuple[bytes, bytes]:
    """Return what stands before and behind the value in a Sample (field 2) of a moment, of which a slice has few.

    A Sample is its value (field 1, double) and its timestamp (field 2, int64, milliseconds).
    """
    value, timestamp = _tag(1, _DOUBLE), _tag(2, _VARINT) + _varint(at * 1000)
    return _tag(2, _BYTES) + _varint(len(value) + _FLOAT64.size + len(timestamp)) + value, timestamp


def _bytes(number: int, content: bytes) -> bytes:
    return _tag(number, _BYTES) + _varint(len(content)) + content


def _tag(number: int, kind: int) -> bytes:
    return bytes([number << 3 | kind])


def _varint(number: int) -> bytes:
    """Encode a number that is not negative."""
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits in a byte
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
