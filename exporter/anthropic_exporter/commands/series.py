"""How many series there will be, worked out before anything is started, by what starts them."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing

from anthropic_exporter.collect.base import Listing
from anthropic_exporter.commands.reading import held_still
from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.folding import foldable
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Intake
from anthropic_exporter.utc import DAY

HEADER = ("family", "series", "of at most", "what to do")

SHOWN = 10
"""Families that are named, the largest first; one that is above the limit always is."""

_NO_LIMIT = 1 << 40
_LONG_AGO = 70 * DAY


def estimate(
    settings: Settings, organization: OrganizationSettings, found: Iterable[Intake | Listing], now: float
) -> Mapping[Family, int]:
    """Return by family how many series an organization would have, if what was found were all that there is.

    It goes through ledger, prices and exposition as at work, in memory; nothing is folded.

    Args:
        found: readings, of which the first of each stream counts.
    """
    since = dt.datetime.fromtimestamp(now - _LONG_AGO, dt.UTC).date()
    unlimited = dataclasses.replace(
        settings,
        series=dataclasses.replace(settings.series, max_per_family=_NO_LIMIT),
        counters=dataclasses.replace(settings.counters, since=since),
    )
    prices = PriceList.load(settings.prices.file)
    with closing(Store(":memory:")) as store, held_still(organization, unlimited, store, prices, now) as at_work:
        shown = at_work.preview(_first_of_each(found), now)
    return {each.family: len(each.samples) for each in shown}


def table(series: Mapping[Family, int], limit: int) -> Sequence[tuple[str, ...]]:
    """Return rows for people: the largest families, those above the limit, and all of them together."""
    ordered = sorted(series.items(), key=lambda each: (-each[1], each[0].name))
    named = [each for place, each in enumerate(ordered) if place < SHOWN or each[1] > limit]
    rows = [(family.name, f"{count:,}", f"{limit:,}", _advice(family, count, limit)) for family, count in named]
    rest = len(ordered) - len(named)
    if rest:
        others = sum(count for _, count in ordered[len(named) :])
        rows.append((f"{rest} other families", f"{others:,}", "", ""))
    return [*rows, ("together", f"{sum(series.values()):,}", "", "")]


def _advice(family: Family, count: int, limit: int) -> str:
    if count <= limit:
        return ""
    if family.kind == "gauge" and not foldable(family):
        return "nothing: it is shown whole, since it cannot be added up"
    return f"{count - limit:,} label sets go into __other__: raise series.max_per_family, or group by less"


def _first_of_each(found: Iterable[Intake | Listing]) -> list[Intake | Listing]:
    lists = [each for each in found if isinstance(each, Listing)]
    intakes: dict[str, Intake] = {}
    for each in found:
        if isinstance(each, Intake) and each.buckets:
            intakes.setdefault(each.stream, each)
    return [*lists, *intakes.values()]
