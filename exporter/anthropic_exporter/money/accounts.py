"""The accounts of one organization: ledger, counters and day sums, kept in step with the state file.

One intake is one transaction: what upstream said, what it changes, and what counters show of it are written together,
and only then does anything in memory change. So what is exposed is always durable, and a crash at any statement
leaves either all of an intake or none of it.
"""

import decimal
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from anthropic_exporter.errors import StateError
from anthropic_exporter.ledger.book import Book, Change
from anthropic_exporter.ledger.counters import Counters, Posting, Staged
from anthropic_exporter.ledger.intervals import Delta, together
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.ledger.windows import Days
from anthropic_exporter.money.account import Account
from anthropic_exporter.money.daysums import DaySums
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.money.repricing import corrections
from anthropic_exporter.records import Intake
from anthropic_exporter.utc import DAY, floor, previous_month_start

KEPT = 400
"""Days that buckets are kept at least: the last use of a key is told from them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new a stream is, in seconds since 1970 UTC."""

    newest: float | None  # when its newest bucket with rows ended or, while it runs, last changed
    settled_until: int | None


class Accounts:
    """The streams of one organization.

    Args:
        organization: the alias, which names it in the state file.
        epoch: from when counters count, given the time.
        changed: called with each committed difference of a stream (for the revision and lag metrics).
        days_since: from when days are kept one by one, given the time; the windows of gauges need the previous month.
        from_zero: after a first start or a lost state, count from 0 on instead of from the epoch.

    Raises:
        StateError: the state file cannot be read or written.
    """

    def __init__(
        self,
        organization: str,
        store: Store,
        accounts: tuple[Account, ...],
        counters: Counters,
        prices: PriceList,
        epoch: Callable[[float], int],
        changed: Callable[[str, list[Delta], float], None],
        *,
        from_zero: bool = False,
        days_since: Callable[[float], int] = previous_month_start,
    ) -> None:
        self._organization = organization
        self._store = store
        self._accounts = {account.stream.name: account for account in accounts}
        self._books = {name: Book(store, organization, a.stream) for name, a in self._accounts.items()}
        self._counters = counters
        self._prices = prices
        self._epoch = epoch
        self._changed = changed
        self._from_zero = from_zero
        self._days = DaySums(days_since)
        self._in_force = -1  # the epoch that the counters count from
        self._swept_on = -1  # the day on which what is old was last dropped
        self._read_at: dict[str, float] = {}
        self._freshness: dict[str, Freshness] = {}
        self._reaches: dict[str, float] = {}
        self.guard = threading.RLock()

    @property
    def counters(self) -> Counters:
        """The counters; read them under ``guard``."""
        return self._counters

    @property
    def epoch(self) -> int:
        """The epoch in force: from when the counters count."""
        return self._in_force

    @property
    def prices(self) -> PriceList:
        """The price list in force."""
        return self._prices

    def load(self, now: float) -> None:
        """Take up what the state file holds, and what has changed since it was written. Call it before any other."""
        with self.guard, decimal.localcontext(EXACT):
            self._counters.load(self._store.counters(self._organization), self._store.overflowed(self._organization))
            self._renew()
            self._reprice(now)
            self._fill_days(now)
            self.turn(now)
            for name in self._books:
                self._read_at[name] = float(self._meta(f"read_at.{name}") or 0)
                self._freshness[name] = self._fresh(name)

    def complete(self, stream: str) -> bool:
        """Return whether the stream was read whole once, so that its counters may be shown."""
        return self._meta(f"complete.{stream}") == "yes"

    def post(self, intake: Intake, now: float) -> None:
        """Take one whole reading.

        Raises:
            SuspiciousRead: it is not believed yet.
            StateError: it could not be written. Everything is as before.
        """
        with self.guard, decimal.localcontext(EXACT):
            account, book = self._accounts[intake.stream], self._books[intake.stream]
            change = book.change(intake, now, self._in_force)
            staged = self._counters.stage(
                self._postings(account, change.deltas), now, born=self.complete(intake.stream)
            )
            with self._store.transaction():
                book.write(change)
                self._store.write_counters(self._organization, staged)
                if intake.note:
                    self._store.set_meta(self._organization, *intake.note)
                fresh = self._fresh(intake.stream)
            self._freshness[intake.stream] = fresh
            self._take_over(account, change, staged, now)
            self._reaches[intake.stream] = min(now, intake.refreshed_at or now)

    def completed(self, streams: Iterable[str], now: float) -> None:
        """Note that a cycle that began at ``now`` has ended well, and so read all of these streams that was due.

        Raises:
            StateError: it could not be written.
        """
        with self.guard:
            known = [stream for stream in streams if stream in self._books]
            staged = self._baseline([stream for stream in known if not self.complete(stream)], now)
            with self._store.transaction():
                self._store.write_counters(self._organization, staged)
                for stream in known:
                    self._store.set_meta(self._organization, f"read_at.{stream}", repr(now))
                    if not self.complete(stream):
                        self._store.set_meta(self._organization, f"complete.{stream}", "yes")
                        self._store.set_meta(self._organization, f"first_exposed_at.{stream}", repr(now))
                        self._store.set_meta(self._organization, f"first_exposed.{stream}", self._first_exposed(stream))
                        self._store.set_meta(self._organization, f"from_zero.{stream}", "yes" * self._from_zero)
            self._counters.apply(staged)
            self._read_at.update(dict.fromkeys(known, now))

    def _first_exposed(self, stream: str) -> str:
        """Return what the counters of a stream are first shown at, as JSON, so that no backfill ends above it.

        Nothing where counting starts at 0: such a counter goes on from no backfill.
        """
        if self._from_zero:
            return ""
        return json.dumps(
            [
                (family, labels, str(counter.high))
                for family in self._accounts[stream].families
                for labels, counter in self._counters.items(family)
            ]
        )

    def _baseline(self, streams: Iterable[str], now: float) -> Staged:
        """Return the counters of streams read whole for the first time at 0, where counting starts at 0.

        What was read so far is the baseline: nothing of it was shown, and nothing of it is counted.
        """
        if not self._from_zero:
            return Staged({})
        families = [name for stream in streams for name in self._accounts[stream].families]
        return self._counters.restart(families, now, held=True)

    def turn(self, now: float) -> None:
        """Begin a new epoch when the year (or month) has changed, and drop days that no window reaches.

        What belongs to the new epoch already is posted in the same transaction, so nothing is counted twice or lost.
        While the program runs an epoch is never taken back: a cycle that began last year, or a clock that is set
        back over midnight, must not fill this year's counters with last year's amounts.
        """
        with self.guard, decimal.localcontext(EXACT):
            self._move_days(now)
            epoch = self._epoch(now)
            if epoch > self._in_force:
                self._begin(epoch, now)
            self._forget_old(now)

    def reveal(self, now: float) -> None:
        """Begin and end the holds of what is about to be shown.

        Raises:
            StateError: it could not be written, so that no hold has ended.
        """
        with self.guard:
            complete = [account for name, account in self._accounts.items() if self.complete(name)]
            self._counters.reveal({family for account in complete for family in account.families}, now)
            over = self._counters.released(now)
            if over.counters:
                with self._store.transaction():
                    self._store.write_counters(self._organization, over)
                self._counters.apply(over)

    def days(self, book: str) -> Days:
        """Return the day sums of a book; read them under ``guard``.

        The books are those of ``postings``: "usage", "estimate", "hours", "key_estimate", "cost", "key_cost".
        """
        return self._days.of(book)

    def days_since(self, now: float) -> int:
        """Return from when days are kept one by one, given the time."""
        return self._days.since(now)

    def read_at(self, stream: str) -> float:
        """Return when the stream was last read with success, 0 for never."""
        return self._read_at.get(stream, 0.0)

    def has(self, stream: str) -> bool:
        """Return whether the stream is one of those that are read."""
        return stream in self._books

    def reaches(self, stream: str) -> float:
        """Return until when the stream is known: as far as upstream says, or when it was last read."""
        return self._reaches.get(stream, self.read_at(stream))

    def freshness(self, stream: str) -> Freshness:
        """Return how new the stream is."""
        return self._freshness.get(stream, Freshness(None, None))

    def book(self, stream: str) -> Book:
        """Return the stream's book."""
        return self._books[stream]

    def account(self, stream: str) -> Account:
        """Return the stream, and what it feeds."""
        return self._accounts[stream]

    def streams(self) -> list[str]:
        """Return the names of all streams."""
        return list(self._accounts)

    def counts_from(self, stream: str) -> tuple[int, bool]:
        """Return since when the stream's counters count, and whether that is when they were first shown."""
        if self._meta(f"from_zero.{stream}") == "yes":
            return int(float(self._meta(f"first_exposed_at.{stream}") or 0)), True
        return self._in_force, False

    def _begin(self, epoch: int, now: float) -> None:
        # Each stream has its own: one that was switched off over the New Year still has last year's counters.
        before = {name: self._meta(f"epoch.{name}") for name in self._books}
        stale = [name for name, known in before.items() if known != str(epoch)]
        # A setting can move it back, to what these streams have not been read from yet.
        unread = [name for name in stale if int(before[name] or 0) > epoch]
        if unread:
            self._restart(unread, epoch, now, unread=True)
        if stale != unread:
            self._restart([name for name in stale if name not in unread], epoch, now)
        if any(before[name] for name in stale):
            log.info("counters start again", extra={"organization": self._organization, "epoch": epoch})
        self._in_force = epoch

    def _forget_old(self, now: float) -> None:
        """Once a day, drop what nothing is counted, shown or told from any more, so that the state does not grow."""
        today = floor(now, DAY)
        if today == self._swept_on:
            return
        self._swept_on = today
        spent = self._counters.spent(now)
        try:
            with self._store.transaction():
                self._store.forget_before(
                    self._organization, min(self._in_force, self.days_since(now), today - KEPT * DAY)
                )
                self._store.forget_counters(self._organization, spent)
        except StateError as error:
            log.warning("old state stays a day longer", extra={"organization": self._organization, "why": str(error)})
            return
        self._counters.drop(spent)

    def _restart(self, names: list[str], epoch: int, now: float, *, unread: bool = False) -> None:
        """Begin the counters of some streams again; ``unread`` streams are hidden until they have been read whole."""
        families = [family for name in names for family in self._accounts[name].families]
        staged = self._counters.restart(families, now, held=not unread)
        records = {name: self._books[name].recount(epoch) for name in names}
        for name in names:
            held = self._books[name].held(epoch, records[name])
            staged = self._counters.stage(self._postings(self._accounts[name], held), now, born=True, over=staged)
        with self._store.transaction():
            for name in names:
                self._books[name].write_records(records[name])
                self._store.set_meta(self._organization, f"epoch.{name}", str(epoch))
                self._store.set_meta(self._organization, f"from_zero.{name}", "")
                if unread:
                    self._read_anew(name)
            self._store.write_counters(self._organization, staged)
        self._counters.apply(staged)

    def _read_anew(self, name: str) -> None:
        """Hide a stream until its collector has read all of it (inside a transaction, before collectors are made)."""
        for key in (f"complete.{name}", f"collector.{name}", f"collector.{name.split('.', maxsplit=1)[0]}"):
            self._store.set_meta(self._organization, key, "")

    def _move_days(self, now: float) -> None:
        """Drop the days that nobody asks for any more."""
        if self._days.reach_back(now):
            self._fill_days(now)
        self._days.forget_old(now)

    def _take_over(self, account: Account, change: Change, staged: Staged, now: float) -> None:
        self._counters.apply(staged)
        self._days.add(account.poster, change.deltas, self._prices)
        self._changed(account.stream.name, change.deltas, now)

    def _postings(self, account: Account, deltas: list[Delta]) -> Iterator[Posting]:
        # Years of days hold the same few label sets over and over.
        alike = together(deltas, lambda at: self._prices.span(floor(at, DAY)))
        return account.poster.counters(alike, self._prices)

    def _renew(self) -> None:
        """Drop streams whose labels mean something else than when they were written."""
        for name, account in self._accounts.items():
            key = f"identity.{name}"
            known = self._meta(key)
            if known == account.identity:
                continue
            changed = [family for family in account.families if family not in account.steady]
            recounted = self._counters.recount(account.steady)
            with self._store.transaction():
                if known is not None:
                    log.warning(
                        "labels have changed; reading the stream again from the epoch",
                        extra={"organization": self._organization, "stream": name},
                    )
                    self._books[name].forget()
                    self._store.forget_families(self._organization, changed)
                    self._store.write_counters(self._organization, recounted)
                # Also for a stream that is new: its collector may have read the others long since.
                self._read_anew(name)
                self._store.set_meta(self._organization, key, account.identity)
            if known is not None:
                self._counters.forget(changed)
                self._counters.apply(recounted)

    def _reprice(self, now: float) -> None:
        """Post the difference that another price list makes to what is counted already."""
        fingerprint = self._prices.fingerprint()
        known = {name: self._meta(f"prices.{name}") for name, account in self._accounts.items() if account.priced}
        stale = [name for name in known if known[name] != fingerprint]
        if not stale:
            return
        if any(known[name] for name in stale):
            log.info("prices have changed; estimates are made again", extra={"organization": self._organization})
        postings: list[Posting] = []
        # What counts from its own zero has no total that prices could be held against; it goes on at the new ones.
        for name in [name for name in stale if self._meta(f"from_zero.{name}") != "yes"]:
            account, held = self._accounts[name], self._books[name].held(self._epoch(now))
            postings.extend(corrections(self._postings(account, held), self._counters, account.priced))
        staged = self._counters.stage(postings, now, born=True)
        with self._store.transaction():
            self._store.write_counters(self._organization, staged)
            for name in stale:
                self._store.set_meta(self._organization, f"prices.{name}", fingerprint)
        self._counters.apply(staged)

    def _fill_days(self, now: float) -> None:
        streams = [(self._books[name], account.poster) for name, account in self._accounts.items()]
        self._days.fill(streams, self._prices, now)

    def _fresh(self, name: str) -> Freshness:
        book = self._books[name]
        return Freshness(book.newest(), book.settled_until())

    def _meta(self, key: str) -> str | None:
        return self._store.meta(self._organization, key)
