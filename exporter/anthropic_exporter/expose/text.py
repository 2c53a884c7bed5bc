"""The renderer: samples to the text format 0.0.4 and to OpenMetrics 1.0.0.

Both write a sample in the same way, so it is written once; only the headers of a family differ. What does not
change between two polls, which is nearly everything but the values, is kept as bytes.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics 1.0 specification.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from operator import is_

from anthropic_exporter.expose import escape
from anthropic_exporter.expose.exposition import Block, Exposition, Piece, piece
from anthropic_exporter.expose.family import Family, FamilySamples, Sample, Value

#: Renders for which a format is kept ready that nobody has asked for meanwhile: an hour of them at least.
KEPT_READY = 120


class Renderer:
    """Keeps the text of every series from one render to the next. For one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, _Frozen] = {}
        self._last = Exposition.of([])
        self._unasked = {False: 0, True: KEPT_READY}  # renders since a format was asked for

    def render(self, families: Iterable[FamilySamples]) -> Exposition:
        """Render everything that is to be shown from now on.

        Families come out by name and their series by label values, so equal samples give equal bytes. Parts
        of one family are put together; where two name the same series, the later one counts. A family without
        a sample is left out: a value that is not known is absent.
        """
        parts: dict[str, list[FamilySamples]] = {}
        for part in families:
            if part.samples:
                parts.setdefault(part.family.name, []).append(part)
        # What is not shown this time is forgotten with its series.
        self._kept = {name: self._frozen(parts[name][0].family) for name in sorted(parts)}
        self._unasked = {fmt: 0 if fmt in self._last.asked else since + 1 for fmt, since in self._unasked.items()}
        self._last = Exposition.of(
            [frozen.block(parts[name]) for name, frozen in self._kept.items()],
            prepared=[openmetrics for openmetrics, since in self._unasked.items() if since <= KEPT_READY],
        )
        return self._last

    def _frozen(self, family: Family) -> "_Frozen":
        kept = self._kept.get(family.name)
        return kept if kept is not None and kept.family == family else _Frozen(family)


class _Frozen:
    """The parts of one family that outlive a render."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self._text_head = piece(text_head(family))
        self._openmetrics_head = piece(openmetrics_head(family))
        self._prefixes: dict[tuple[str, ...], bytes] = {}  # sorted by labels
        self._samples = Piece(b"", b"")
        self._made_of: list[Sequence[Sample]] = []
        self._block: Block | None = None

    def block(self, parts: Sequence[FamilySamples]) -> Block:
        """Return the family's part of the exposition: the last one, when it would be made of the very same samples."""
        made_of = [part.samples for part in parts]
        same = len(made_of) == len(self._made_of) and all(map(is_, made_of, self._made_of))
        if self._block is None or not same:
            self._block, self._made_of = self._render(parts), made_of
        return self._block

    def _render(self, parts: Sequence[FamilySamples]) -> Block:
        values: dict[tuple[str, ...], Value] = {}
        for part in parts:
            values.update(part.samples)
        if values.keys() != self._prefixes.keys():
            kept, make = self._prefixes, prefixes(self.family)
            self._prefixes = {labels: kept.get(labels) or make(labels) for labels in sorted(values)}
        lines: list[bytes] = []
        for labels, start in self._prefixes.items():
            lines += (start, number(values[labels]), b"\n")
        samples = b"".join(lines)
        if samples != self._samples.plain:
            self._samples = piece(samples)
        return Block(self.family, len(values), self._text_head, self._openmetrics_head, self._samples)


def prefix(family: Family, labels: tuple[str, ...]) -> bytes:
    """Return everything of a sample's line that stands before its value."""
    return prefixes(family)(labels)


def prefixes(family: Family) -> Callable[[tuple[str, ...]], bytes]:
    """Return ``prefix`` for many series of one family."""
    pairs = ",".join(f'{name}="%s"' for name in family.labels)
    line = f"{family.name}{{{pairs}}} " if pairs else f"{family.name} "
    escaped = escape.LabelValues()
    return lambda labels: (line % tuple(map(escaped.__getitem__, labels))).encode()


def number(value: Value) -> bytes:
    """Spell a value so that reading it gives the same float64, or the same integer."""
    if isinstance(value, int):
        return b"%d" % value
    real = float(value)
    if math.isfinite(real):
        return repr(real).encode()
    if math.isnan(real):
        return b"NaN"
    return b"+Inf" if real > 0 else b"-Inf"


def text_head(family: Family) -> bytes:
    """Return HELP and TYPE in the text format, where a counter goes by its full name."""
    told = escape.help_text(family.help, openmetrics=False)
    return f"# HELP {family.name} {told}\n# TYPE {family.name} {family.kind}\n".encode()


def openmetrics_head(family: Family) -> bytes:
    """Return HELP, TYPE and UNIT in OpenMetrics, where the name of a counter's family lacks ``_total``."""
    name = family.name.removesuffix("_total") if family.kind == "counter" else family.name
    told = escape.help_text(family.help, openmetrics=True)
    lines = f"# HELP {name} {told}\n# TYPE {name} {family.kind}\n"
    # A unit that the name does not end with makes the whole exposition invalid.
    if family.unit and name.endswith(f"_{family.unit}"):
        lines += f"# UNIT {name} {family.unit}\n"
    return lines.encode()
