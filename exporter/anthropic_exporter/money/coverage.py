"""What the streams that money is made from have been read to."""

from dataclasses import dataclass

from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.utc import DAY, floor


@dataclass(frozen=True, slots=True)
class Coverage:
    """When each stream was last read with success; None for one that is not read, or not whole yet.

    Args:
        reaches: until when usage is known; the analytics report lies hours behind.
        settled: the days that are settled on the bill.
        settled_keys: those on the bill by key.
        days_since: the first day that is kept by itself.
    """

    usage: float | None
    cost: float | None
    keys: float | None
    reaches: float | None
    settled: frozenset[int]
    settled_keys: frozenset[int]
    days_since: int

    def since(self, moment: float) -> bool:
        """Return whether spend is known since then: usage was read after it, or the bill where there is no usage."""
        read_at = self.cost if self.usage is None else self.usage
        return read_at is not None and read_at >= moment

    def keys_since(self, moment: float) -> bool:
        """Return whether the keys' part of it is known too. Where usage is not read by key nothing is missing."""
        return self.since(moment) and (self.keys is None or self.keys >= moment)

    @property
    def tells_keys(self) -> bool:
        """Whether any report tells keys apart. Where none does, nothing is known of their spend."""
        return self.keys is not None or bool(self.settled_keys)


def coverage(accounts: Accounts, now: float) -> Coverage:
    """Return what an organization's accounts cover. Read it under their guard."""
    return Coverage(
        usage=_read_at(accounts, "usage"),
        cost=_read_at(accounts, "cost"),
        keys=_read_at(accounts, "api_key_usage"),
        reaches=accounts.reaches("usage") if accounts.has("usage") else None,
        settled=_settled(accounts, "cost", now),
        settled_keys=_settled(accounts, "cost.api_key", now),
        days_since=accounts.days_since(now),
    )


def _read_at(accounts: Accounts, stream: str) -> float | None:
    return accounts.read_at(stream) if accounts.has(stream) and accounts.complete(stream) else None


def _settled(accounts: Accounts, stream: str, now: float) -> frozenset[int]:
    if not accounts.has(stream):
        return frozenset()
    records = accounts.book(stream).records(accounts.days_since(now), floor(now, DAY))
    return frozenset(start for (start, end), record in records.items() if record.settled and end - start == DAY)
