"""Prometheus in a few lines: it has only what it scraped, and ``increase()`` must be right of that."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from anthropic_exporter.utc import MINUTE
from soak.figures import Broken, Figures

Number = float | Decimal
Series = tuple[str, Hashable]
"""A metric and its labels, however they are told."""


@dataclass
class Scraper:
    """Holds each scrape against those before.

    What ``increase()`` does not see is lost: the first sample of a series, and so what a series holds that appears, or
    that comes back after a pause, at more than it showed last; and a reset that leads to no smaller value. What it sees
    too much of is every fall that is no beginning of a year.
    """

    figures: Figures
    epoch: int = 0
    _last: dict[Series, Number] = field(default_factory=dict)
    _present: set[Series] = field(default_factory=set)
    _families: set[str] = field(default_factory=set)
    _excused: set[Series] = field(default_factory=set)
    _missed: set[Series] = field(default_factory=set)

    @property
    def seen(self) -> set[Series]:
        """The series that were ever scraped this year."""
        return set(self._last)

    def miss(self, shown: set[Series]) -> None:
        """Find nobody there. What was shown, perhaps only just before, and then is hidden may come back as it likes."""
        self._missed = shown

    def forget(self) -> None:
        """Take whatever comes next for granted: another state, or an earlier year."""
        self._last, self._present, self._families, self._excused = {}, set(), set(), set()

    def look(self, shown: Mapping[Series, Number], epoch: int) -> None:
        """Take a scrape.

        Raises:
            Broken: ``increase()`` over it and those before is not what was used.
        """
        turned = epoch > self.epoch
        self._excused |= self._missed - shown.keys()
        self._missed = set()
        if epoch < self.epoch:
            self.forget()  # only a restart takes a year back, under a clock that was wrong
        for series, value in shown.items():
            if turned:
                self._begins_again(series, value)
            else:
                self._goes_on(series, value)
        if turned:
            self._last = {}
        self.epoch = epoch
        self._last.update(shown)
        self._present = set(shown)
        self._excused -= self._present
        self._families.update(family for family, _ in shown)

    def _begins_again(self, series: Series, value: Number) -> None:
        if value >= self._last.get(series, 0) and value and series[0] in self._families:
            raise Broken(f"{series} begins the year at {value}, after {self._last.get(series)}: no reset")

    def _goes_on(self, series: Series, value: Number) -> None:
        before = self._last.get(series)
        if before is None:
            if value and series[0] in self._families and series not in self._excused:
                raise Broken(f"{series} appears at {value}")
        elif value < before:
            self.figures.drops += 1
            raise Broken(f"{series} falls from {before} to {value}")
        elif value > before and series not in self._present and series not in self._excused:
            raise Broken(f"{series} comes back at {value}, left at {before}")


@dataclass
class Scrapers:
    """Two of them: one has every exposition that is made, the other scrapes once a minute and misses the rest."""

    figures: Figures
    _each: Scraper = field(init=False)
    _minutely: Scraper = field(init=False)
    _scraped_at: float = 0.0

    def __post_init__(self) -> None:
        self._each, self._minutely = Scraper(self.figures), Scraper(self.figures)

    def forget(self) -> None:
        """Take whatever comes next for granted."""
        self._each.forget()
        self._minutely.forget()

    def due_in(self, time: float) -> float:
        """Return the seconds until the second one scrapes at the latest."""
        return max(0.0, MINUTE - (time - self._scraped_at))

    def miss(self, time: float) -> None:
        """Let the second one find nobody there; it comes again in a minute."""
        self._scraped_at = time
        self._minutely.miss(self._each.seen)

    def take(self, shown: Mapping[Series, Number], epoch: int, time: float, *, due: bool = False) -> None:
        """Take an exposition; the second scraper does when it is its time.

        Raises:
            Broken: as ``Scraper.look``.
        """
        self._each.look(shown, epoch)
        if due or time - self._scraped_at >= MINUTE:
            self._minutely.look(shown, epoch)
            self._scraped_at = time
