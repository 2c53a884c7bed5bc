"""The core of the exporter over one state file: everything but threads, clock and network; and how to break it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

from anthropic_exporter.config.sections import ClaudeCodeSettings, InventorySettings, LimitsSettings
from anthropic_exporter.config.settings import Settings
from anthropic_exporter.ledger.book import Book
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.account import Account
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Labels, Number
from anthropic_exporter.service import streams
from anthropic_exporter.utc import Since, epoch

ALIAS = "soak"
SETTINGS = Settings(
    inventory=InventorySettings(enabled=False),
    limits=LimitsSettings(enabled=False),
    claude_code=ClaudeCodeSettings(enabled=False),
)
"""The defaults, for what is counted."""

READ = ("usage", "cost")
Series = tuple[str, Labels]


@dataclass(frozen=True)
class Parts:
    """What a ledger is made of; the tests of the tests put broken parts in."""

    book: type[Book] = Book
    counters: type[Counters] = Counters
    since: Since = "year"


SOUND = Parts()


@dataclass(frozen=True)
class Limits:
    """Settings that a history is lived through under."""

    idle_ttl: float = SETTINGS.series.idle_ttl
    max_per_family: int = SETTINGS.series.max_per_family


class Machine:
    """The accounts of one organization as one process holds them."""

    def __init__(self, path: str, parts: Parts = SOUND, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.store = Store(path)
        self.accounts_of = accounts()
        self.accounts = Accounts(
            ALIAS,
            self.store,
            self.accounts_of,
            parts.counters(
                birth_hold=SETTINGS.counters.birth_hold,
                idle_ttl=limits.idle_ttl,
                max_per_family=limits.max_per_family,
                kept=streams.kept_labels(self.accounts_of),
            ),
            prices(),
            partial(epoch, parts.since),
            lambda *_: None,
        )
        if parts.book is not Book:
            self.accounts._books = {a.stream.name: parts.book(self.store, ALIAS, a.stream) for a in self.accounts_of}

    @property
    def counters(self) -> Counters:
        return self.accounts.counters

    def shown(self, now: float) -> Iterator[tuple[Series, Number]]:
        """Yield every series of a counter that a scrape shows at this moment, with its value."""
        self.accounts.reveal(now)
        for account in self.accounts_of:
            if account.stream.name in READ and self.accounts.complete(account.stream.name):
                for family in account.families:
                    for labels, value in self.counters.shown(family, now):
                        yield (family, labels), value


@cache
def accounts() -> tuple[Account, ...]:
    return streams.accounts(SETTINGS)


@cache
def prices() -> PriceList:
    return PriceList.load()
