"""Tables as plain columns, which fit a terminal of any width without hiding a letter."""

import re
import shutil
import sys
from collections.abc import Iterator, Sequence

import click

from anthropic_exporter.commands.amounts import colour

_GAP = "  "
_LEAST = 12
"""Characters that a column keeps however narrow the terminal."""

_INDENT = "    "
_SENTENCE = 3
"""Spaces from which on a cell is prose."""

_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?( %| d)?|-|")
_WORDS = re.compile(r"[^ ]* |[^ ]+")
# Where a word that is too long for its column is parted: IDs, paths, names of models and metrics.
_PARTS = re.compile(r"[^,/_-]*[,/_-]|[^,/_-]+")


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of texts to standard output: on a terminal within its width, elsewhere a line for each row."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for number, line in enumerate(lines(header, rows, width)):
        # click leaves styles out where the output is no terminal.
        click.echo(click.style(line, bold=True) if number == 0 else line, color=colour())


def lines(header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> Iterator[str]:
    """Yield the table, the header first.

    Where it is too wide, the last column, if that is prose, goes below its rows; then the widest column is folded
    until the rest fits. Columns of numbers stand to the right.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    right = [bool(rows) and all(_NUMBER.fullmatch(row[place]) for row in rows) for place in range(len(header))]
    below = width is not None and _total(widths) > width and _is_prose(rows)
    if below:
        widths.pop()
    if width is not None:
        _shrink(
            widths, [max(map(len, " ".join(column).split()), default=0) for column in zip(*rows, strict=True)], width
        )
        _shrink(widths, [_LEAST] * len(widths), width)
    for row in (header, *rows):
        folded = [_fold(cell, wide) for cell, wide in zip(row, widths, strict=False)]
        for line in range(max(map(len, folded))):
            cells = (
                (cell[line] if line < len(cell) else "").rjust(wide)
                if to_right
                else (cell[line] if line < len(cell) else "").ljust(wide)
                for cell, wide, to_right in zip(folded, widths, right, strict=False)
            )
            yield _GAP.join(cells).rstrip()
        if below and width is not None and row is not header and row[-1]:
            yield from (_INDENT + part for part in _fold(row[-1], width - len(_INDENT)))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _shrink(widths: list[int], least: Sequence[int], width: int) -> None:
    """Take from the widest column that may still give, until all fit."""
    while _total(widths) > width:
        able = [place for place, wide in enumerate(widths) if wide > max(least[place], _LEAST)]
        if not able:
            return
        widths[max(able, key=widths.__getitem__)] -= 1


def _is_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the last cells are sentences, which read well in lines of their own."""
    return any(row[-1].count(" ") >= _SENTENCE for row in rows)


def _fold(text: str, width: int) -> list[str]:
    """Part a text into lines of at most that many characters, between words where that is possible."""
    folded, line = [], ""
    words = _WORDS.findall(text)
    for part in (part for word in words for part in (_PARTS.findall(word) if len(word.rstrip()) > width else [word])):
        if len(line + part.rstrip()) <= width:
            line += part
            continue
        *whole, rest = [part[start : start + width] for start in range(0, len(part), width)]
        folded += [line.rstrip(), *whole] if line else whole
        line = rest
    return [*folded, line.rstrip()]
