"""The remote-write message, encoded by hand: four small messages do not need a compiler.

Source: prometheus/prompb, remote.proto and types.proto (WriteRequest, TimeSeries, Label, Sample); the encoding is
that of protocol buffers, where a field is its number and wire type as a varint, then its content.
"""

import struct
from collections.abc import Mapping, Sequence

_VARINT, _DOUBLE, _BYTES = 0, 1, 2


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
    return b"".join([*told, *[_bytes(2, _sample(at, value)) for at, value in zip(times, values, strict=True)]])


def _label(name: str, value: str) -> bytes:
    return _bytes(1, name.encode()) + _bytes(2, value.encode())


def _sample(at: int, value: float) -> bytes:
    """Return a Sample: value (field 1, double), timestamp (field 2, int64, milliseconds)."""
    return _tag(1, _DOUBLE) + struct.pack("<d", value) + _tag(2, _VARINT) + _varint(at * 1000)


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
