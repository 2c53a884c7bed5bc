"""Estimate against bill, with the difference taken apart: what each modifier added, and why the bill is another one.

plain + the steps = estimated; estimated + the causes = billed, to the last digit. Only days that are on the bill are
explained: elsewhere there is nothing yet to hold an estimate against.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from anthropic_exporter.commands import detail
from anthropic_exporter.commands.columns import Cell, Column, Table
from anthropic_exporter.commands.detail import Day, Detail, details
from anthropic_exporter.commands.grouping import Groups
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.config import Settings
from anthropic_exporter.money.bridge import CAUSES, Part, causes, common_ratio
from anthropic_exporter.money.calibration import COMPARED
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.spend import WEB_SEARCH, ZERO, total
from anthropic_exporter.money.steps import Steps
from anthropic_exporter.records import Interval

COLUMNS = (
    *(Column(f"{name}_usd", "money") for name in Steps._fields),
    Column("estimated_usd", "money"),
    *(Column(f"{name}_usd", "money") for name in CAUSES),
    Column("billed_usd", "money"),
    Column("list_usd", "money"),
    Column("error_ratio", "money"),
    Column("unpriced_tokens", "count"),
    Column("priority_tokens", "count"),
    Column("causes", "text"),
)

_COMPARABLE = "comparable_usd"
_WORDS = {
    "one_hour_writes": "1h cache writes",
    "not_in_usage": "code execution and sessions",
    "long_prompts": "prompts over 100k",
    "not_billed": "refused requests",
    "unpriced": "no known price",
}
_CENT = Decimal("0.01")


def explain(reading: Reading, settings: Settings, by: Sequence[str], window: Interval) -> Table:
    """Return the difference between estimate and bill of the settled days of a window."""
    groups = Groups(by, COLUMNS, _conclude)
    billed = {day.day for day in reading.statement.between(*window) if day.spend.basis == "billed"}
    days = {at: day for at, day in details(reading, settings, window).items() if at in billed}
    parts = {(at, part): _part(reading, at, day, part) for at, day in days.items() for part in _all(day)}
    paid = common_ratio(parts.values())
    for (at, part), compared in parts.items():
        facts, day = detail.facts(at, part), days[at]
        for measure in (*Steps._fields, "estimated", *CAUSES):
            groups.add(facts, f"{measure}_usd", ZERO)
        for step in day.steps.get(part, ()):
            for name, usd in zip(Steps._fields, step, strict=True):
                groups.add(facts, f"{name}_usd", usd)
            groups.add(facts, "estimated_usd", total(step))
        for cause, usd in causes(compared, paid):
            groups.add(facts, f"{cause}_usd", usd)
        groups.add(facts, "billed_usd", compared.billed)
        if compared.listed is not None:
            groups.add(facts, "list_usd", compared.listed)
        if compared.estimated is not None and part.cost_type in COMPARED:
            groups.add(facts, _COMPARABLE, compared.billed)
        groups.add(facts, "unpriced_tokens", day.unpriced.get(part, 0))
        groups.add(facts, "priority_tokens", day.committed.get(part, 0))
    return groups.table(reading)


def open_days(reading: Reading, window: Interval) -> list[int]:
    """Return the days of a window that cannot be explained, because they are not on the bill yet."""
    return [day.day for day in reading.statement.between(*window) if day.spend.basis != "billed"]


def _all(day: Day) -> Iterator[Detail]:
    yield from {**day.billed, **day.listed, **day.counts}


def _part(reading: Reading, at: int, day: Day, part: Detail) -> Part:
    free = ZERO if part in day.committed else None  # paid in advance: no estimate is missing
    return Part(
        cost_type=part.cost_type,
        estimated=day.estimated.get(part, ZERO if part.cost_type == WEB_SEARCH else free),
        listed=day.listed.get(part, ZERO) if day.listed else None,
        billed=day.billed.get(part, ZERO),
        upper_bound_factor=reading.view.accounts.prices.upper_bound_factor(part.model, at),
    )


def _conclude(sums: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return what follows from the sums of a row: the error of the estimate, and the causes in words."""
    estimated, comparable = _usd(sums, "estimated"), _usd(sums, _COMPARABLE.removesuffix("_usd"))
    found: dict[str, Cell] = {}
    if estimated > 0 and comparable > 0:
        found["error_ratio"] = round(estimated / comparable - 1, 6)
    named = {name: _usd(sums, name) for name in (*Steps._fields[1:], *CAUSES)}
    words = [
        _told(name, usd, sums)
        for name, usd in sorted(named.items(), key=lambda item: -abs(item[1]))
        if abs(usd) >= _CENT / 2
    ]
    if priority := sums.get("priority_tokens"):
        words.append(f"priority: {priority:,} tokens paid in advance")
    return {**found, "causes": "; ".join(words)}


def _told(name: str, usd: Decimal, sums: Mapping[str, Cell]) -> str:
    word = _WORDS.get(name, name.replace("_", " "))
    share = ""
    before = EXACT.subtract(_usd(sums, "billed"), usd)
    if name == "discount" and before > 0:
        share = f" ({-usd / before:.1%} of list)"
    return f"{word} {usd.quantize(_CENT):+f}{share}"


def _usd(sums: Mapping[str, Cell], name: str) -> Decimal:
    found = sums.get(f"{name}_usd")
    return found if isinstance(found, Decimal) else ZERO
