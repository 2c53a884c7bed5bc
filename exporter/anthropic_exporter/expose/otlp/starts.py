"""Since when each series of a counter counts, which OTLP tells with every point.

It is the start of the first UTC day, at or after the epoch, on which the series has a bucket: a function of what
upstream reports, so it is the same after a restart and after a lost disk, whatever width the buckets were read in. A
receiver that goes by start times takes another start for a reset and would count the whole value again; so what was
told once is remembered, and a late row for an earlier day does not move it.

A series that shows 0 counts since the epoch: nothing is lost when its first day moves that forward.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from anthropic_exporter.expose.family import FamilySamples
from anthropic_exporter.expose.otlp.told import Key, Told
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.records import Interval, Labels
from anthropic_exporter.utc import DAY, floor


@dataclass(slots=True)
class Starts:
    """Start times of one organization's counters."""

    accounts: Accounts
    told: Told
    streams: dict[str, str]  # by family

    def learn(self, families: Iterable[FamilySamples]) -> None:
        """Look up, and remember, the start of every series that has a value and no start yet.

        Raises:
            StateError: the state file cannot be read or written.
        """
        unknown: dict[str, set[Key]] = {}
        for found in families:
            stream = self.streams.get(found.family.name)
            if stream is None:
                continue
            since, from_zero = self.accounts.counts_from(stream)
            if from_zero:
                continue
            for labels, value in found.samples:
                key = (found.family.name, labels[1:])
                if value > 0 and self.told.get(key).starting_at < since:
                    unknown.setdefault(stream, set()).add(key)
        for stream, keys in unknown.items():
            since, _ = self.accounts.counts_from(stream)
            first = self._first(stream, since)
            # What no bucket explains (a correction of prices, say) counts since the epoch.
            rows = {key: self.told.get(key)._replace(starting_at=first.get(key, since)) for key in keys}
            self.told.write(rows)

    def of(self, family: str, labels: Labels) -> int:
        """Return since when a series counts; ``labels`` begin with the organization."""
        since, from_zero = self.accounts.counts_from(self.streams[family])
        return since if from_zero else max(since, self.told.get((family, labels[1:])).starting_at)

    def _first(self, stream: str, since: int) -> dict[Key, int]:
        account, counters = self.accounts.account(stream), self.accounts.counters
        one_of_each = (1,) * account.stream.width
        first: dict[Key, int] = {}
        for labels, start in self.accounts.book(stream).first_by_labels(since).items():
            day = max(since, floor(start, DAY))
            seen = Delta(Interval(start, start + 1), labels, one_of_each, one_of_each, before=False)
            for posting in account.poster.counters([seen], self.accounts.prices):
                key = (posting.family, counters.series_of(posting.family, posting.labels))
                first[key] = min(day, first.get(key, day))
        return first
