"""What another price list changes in counters that were posted at the old prices."""

from collections.abc import Collection, Iterable, Iterator

from anthropic_exporter.ledger.counters import Counters, Posting
from anthropic_exporter.records import Labels


def corrections(wanted: Iterable[Posting], counters: Counters, families: Collection[str]) -> Iterator[Posting]:
    """Yield the postings after which the totals of some families are those that are wanted.

    Args:
        wanted: everything that is counted, at the new prices; postings of other families are left out.
    """
    totals: dict[tuple[str, Labels], Posting] = {}
    for posting in wanted:
        if posting.family in families:
            key = (posting.family, posting.labels)
            old = totals.get(key)
            totals[key] = posting if old is None else Posting(*key, old.amount + posting.amount)
    for family in families:
        for labels, counter in counters.items(family):
            # An overflow series is not wanted by its own name: it is emptied here and filled by what is left below.
            new = totals.pop((family, labels), None)
            yield Posting(family, labels, (new.amount if new else 0) - counter.total)
    yield from totals.values()
