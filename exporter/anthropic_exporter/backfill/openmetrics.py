"""Slices as OpenMetrics files, one of which ``promtool tsdb create-blocks-from openmetrics`` makes one block of.

A family stands together and a series in it, in order of time, as OpenMetrics 1.0 wants it. No ``_created``: it would
come in as one more series. A file appears whole, under its final name, or not at all.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import add
from pathlib import Path
from typing import NamedTuple

from anthropic_exporter.backfill.history import Run
from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.text import openmetrics_head, prefix

SUFFIX = ".openmetrics"

Page = Iterable[tuple[Family, Iterator[Run]]]
"""The samples of one slice: families in order, each with its series."""


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
            OSError: the disk is full, or the like.
        """
        path = self.folder / f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H}{SUFFIX}"
        part = path.with_suffix(".part")
        samples = 0
        stamps = _Stamps()
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for family, runs in page:
                told = replace(family, labels=(*family.labels, *self.labels))
                head = openmetrics_head(family).decode()
                for run in runs:
                    begin = prefix(told, (*run.labels, *self.labels.values())).decode()
                    file.write(head)
                    file.write(begin + begin.join(map(add, _texts(run.values), map(stamps.__getitem__, run.times))))
                    head = ""
                    samples += len(run.times)
            file.write("# EOF\n")
            file.flush()
            os.fsync(file.fileno())
        size = part.stat().st_size
        part.replace(path)
        return Written(path.name, samples, size)


class _Stamps(dict[int, str]):
    """The end of a line by its time; a slice has few times and many lines."""

    def __missing__(self, at: int) -> str:
        self[at] = f" {at}\n"
        return self[at]


def _texts(values: Sequence[float]) -> Iterable[str]:
    """Spell values, each of those that stand still once."""
    distinct = set(values)
    if 2 * len(distinct) > len(values):
        return map(repr, values)
    return map({value: repr(value) for value in distinct}.__getitem__, values)
