"""What the Admin API says of one organization: usage between moments, as far as buckets are fine enough."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.records import TOKEN_TYPES, Interval, arranger
from anthropic_exporter.verify.held import Group

STREAM = "usage"


@dataclass(frozen=True, slots=True)
class Known:
    """Every bucket with what each group used in it."""

    buckets: dict[Interval, dict[Group, int]]

    @classmethod
    def of(cls, accounts: Accounts, dimensions: tuple[str, ...], compared: tuple[str, ...]) -> "Known":
        """Take it from a ledger that was just read.

        Args:
            dimensions: of the ledger's stream.
            compared: the labels to tell groups apart by.
        """
        told = tuple(name for name in compared if name != "token_type")
        buckets: dict[Interval, dict[Group, int]] = {}
        for delta in accounts.book(STREAM).held(0):
            labels = dict(zip(told, arranger(dimensions, told)(delta.labels), strict=True))
            found = buckets.setdefault(delta.slot, {})
            for token_type, tokens in zip(TOKEN_TYPES, delta.known, strict=False):
                group = tuple([labels.get(name, token_type) for name in compared])
                found[group] = found.get(group, 0) + int(tokens)
        return cls(buckets)

    def groups(self) -> set[Group]:
        """Return every group that ever used anything."""
        return {group for cells in self.buckets.values() for group, tokens in cells.items() if tokens}

    def ended(self, group: Group, since: float, until: float) -> int:
        """Return what was used in buckets that lie inside [since, until] whole."""
        return sum(self._cells(group, lambda i: i.starting_at >= since and i.ending_at <= until))

    def touched(self, group: Group, since: float, until: float) -> int:
        """Return what was used in buckets that have any of [since, until)."""
        return sum(self._cells(group, lambda i: i.ending_at > since and i.starting_at < until))

    def _cells(self, group: Group, chosen: Callable[[Interval], bool]) -> Iterator[int]:
        for interval, cells in self.buckets.items():
            if group in cells and chosen(interval):
                yield cells[group]
