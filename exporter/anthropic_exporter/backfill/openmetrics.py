"""Slices as OpenMetrics files, one of which ``promtool tsdb create-blocks-from openmetrics`` makes one block of.

A family stands together and a series in it, in order of time, as OpenMetrics 1.0 wants it. No ``_created``: it would
come in as one more series. A file appears whole, under its final name, or not at all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from anthropic_exporter.backfill.page import Page, Points, Series
from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.text import openmetrics_head, prefix

SUFFIX = ".openmetrics"


class Written(NamedTuple):
    """What became of a slice."""

    name: str  # of the file, or ""
    samples: int
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Files:
    """Writes each slice into a file of its own.

    Args:
        labels: what Prometheus adds to the live series (``job``, ``instance``).
    """

    folder: Path
    labels: Mapping[str, str]

    def write(self, start: int, page: Page) -> Written:
        """Write one slice.

        Raises:
            OSError: the disk is full, or the like; nothing is left of the file.
        """
        path = self.path(start)
        part = self.part(start)
        try:
            with part.open("wb") as file:
                samples = self._write(file, page)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return Written(path.name, samples, size)

    def path(self, start: int) -> Path:
        """Return the file of a slice."""
        return self.folder / f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H}{SUFFIX}"

    def part(self, start: int) -> Path:
        """Return the file of a slice while it is being written."""
        return self.path(start).with_suffix(".part")

    def _write(self, file: BinaryIO, page: Page) -> int:
        """Write everything, and return the number of samples."""
        samples = 0
        ends = [_end(at) for at in page.times]
        for family, found in page.families:
            told = replace(family, labels=(*family.labels, *self.labels))
            head = openmetrics_head(family)
            for series in found:
                count, lines = self._lines(told, series, page, ends)
                if count:
                    file.write(head + lines)
                    head = b""
                    samples += count
        file.write(b"# EOF\n")
        return samples

    def _lines(self, family: Family, series: Series, page: Page, ends: list[bytes]) -> tuple[int, bytes]:
        """Return how many samples a series has, and their lines."""
        begin = prefix(family, (*series.labels, *self.labels.values()))
        if isinstance(series.shown, Points):
            lines = [_line(begin, value, _end(at)) for at, value in zip(*series.shown, strict=True)]
            return len(lines), b"".join(lines)
        count = 0
        lines = []
        for value, first, end in series.shown.stretches(page.times, page.idle_ttl):
            count += end - first
            if end - first == 1:
                lines.append(_line(begin, value, ends[first]))
            else:
                # The same value over and over is spelled once.
                line = _line(begin, value, b"")
                lines += (line, line.join(ends[first:end]))
        return count, b"".join(lines)


def _line(begin: bytes, value: float, end: bytes) -> bytes:
    return b"%b%a%b" % (begin, value, end)  # %a spells a number as repr does: the same float when it is read


def _end(at: int) -> bytes:
    return b" %d\n" % at
