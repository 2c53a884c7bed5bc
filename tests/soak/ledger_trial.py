"""The ledger under any readings in any order: of every width, late, corrected, interrupted at any statement."""

import random
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path

from anthropic_exporter.errors import StateError, SuspiciousRead
from anthropic_exporter.ledger.book import EVER
from anthropic_exporter.ledger.counters import OVERFLOW
from anthropic_exporter.ledger.windows import WINDOWS, bounds
from anthropic_exporter.records import TOKEN_TYPES, Cells, Intake, Interval, Number
from anthropic_exporter.utc import DAY, HOUR, MINUTE, floor, year_start
from soak.dying import Died, discard, leave_behind, spare, strike
from soak.expected import COST, SEARCHES, TOKENS, Expected
from soak.figures import Broken, Figures
from soak.history import History, U, by, cells
from soak.machine import SETTINGS, SOUND, Limits, Machine, Parts, Series
from soak.scraper import Scrapers

STARTS = (1_830_297_600 - 2 * DAY, 1_835_308_800, 1_861_833_600 - 3 * DAY, 1_803_859_200, 1_868_918_400)
"""Before 2028 begins; 2028-02-28; before 2029 begins; 2027-03-01; somewhere in 2029."""

COUNTED = (TOKENS, SEARCHES, COST)

REACH = 6 * DAY
"""How late usage and corrections come."""

ACTIONS = {"read": 45, "pass": 45, "clock": 4, "die": 3, "disk": 2, "restart": 0.8, "lose": 0.2}


class LedgerTrial:
    """One history, and a ledger that is told of it."""

    def __init__(
        self, seed: int, folder: Path, figures: Figures, parts: Parts = SOUND, starts: tuple[int, ...] = STARTS
    ) -> None:
        self._random = random.Random(seed)
        self._folder = folder
        self._figures = figures
        self._parts = parts
        self._time = self._random.choice(starts) + self._random.randrange(DAY)
        self._began = self._time
        self._skew = 0
        self._limits = Limits(
            idle_ttl=self._random.choice((Limits.idle_ttl, Limits.idle_ttl, 2 * DAY)),
            max_per_family=self._random.choice((Limits.max_per_family, Limits.max_per_family, 7)),
        )
        self._open = self._random.random() < 0.5
        self.history = History(self._random, self._random.choice((900, 90_000)))
        self.expected = Expected()
        self._scrapers = Scrapers(figures)
        self._path = str(folder / f"ledger-{seed}.db")
        self.machine: Machine

    @property
    def now(self) -> int:
        """What the exporter's clock says."""
        return self._time + self._skew

    def run(self, steps: int) -> None:
        """Live through a history, then let the dust settle."""
        try:
            self._begin(self._path, kept=False)
            for _ in range(steps):
                self._happen()
                self._act(self._random.choices(list(ACTIONS), list(ACTIONS.values()))[0])
                self._check()
            self._settle()
        finally:
            discard(self.machine.store)
        self._figures.histories += 1
        self._figures.simulated_days += (self._time - self._began) // DAY

    # What happens

    def _happen(self) -> None:
        number = self._random.random
        while number() < 0.6:
            late = self._random.choice((60, 600, HOUR, 5 * HOUR, REACH))
            self.history.use(self._time - self._random.randrange(late))
        if number() < 0.3:
            self.history.correct(self._time - REACH, self._time)

    def _act(self, action: str) -> None:
        if action in ("die", "disk", "restart", "lose", "clock"):
            self._figures.faults += 1
        match action:
            case "read":
                self._post(*self._reading())
            case "die":
                self._interrupted(disk=False)
            case "disk":
                self._interrupted(disk=True)
            case "restart":
                path = leave_behind(self.machine.store)
                self._stay_down()
                self._begin(path, kept=True)
            case "lose":
                path = self.machine.store.path
                discard(self.machine.store)
                self._begin(path, kept=False)
            case "clock":
                self._set_clock(self._random.choice((0, 0, -30, 45, -HOUR, HOUR, -2 * DAY, DAY, -40 * DAY, 40 * DAY)))
            case _:
                self._pass(self._random.choice((20, 60, 60, 300, HOUR, 7 * HOUR, DAY)))

    def _pass(self, seconds: int) -> None:
        """Let time pass while the process runs; whoever scrapes once a minute does so before a minute is over."""
        due_in = int(self._scrapers.due_in(self._time))
        if seconds > due_in:
            soon = self._random.randint(0, due_in)
            self._time += soon
            seconds -= soon
            self._publish(scraped=True)
        self._time += seconds

    def _set_clock(self, wrong: int) -> None:
        """Set the exporter's clock, not in the minute in which a scraper is behind: a hold is measured by it."""
        self._publish(scraped=True)
        self._skew = wrong
        self._publish(scraped=True)

    def _stay_down(self) -> None:
        """Let no process run for a moment or for long, and now and then over New Year."""
        self._time = after_outage(self._random, self._time, self.history)

    def _begin(self, path: str, *, kept: bool) -> None:
        """Start a process: over the state that is there, or over nothing, which is then read whole."""
        self.machine = Machine(path, self._parts, self._limits)
        self.machine.accounts.load(self.now)
        if kept:
            self._scrapers.miss(self._time)
            self.expected.turn(self.now, restarted=True)
            if not all(map(self.machine.accounts.complete, ("usage", "cost"))):
                self._complete()  # a clock that was a year wrong made it read everything again
            return
        self.expected = Expected()
        self.expected.turn(self.now, restarted=True)
        self._read_all()
        self._complete()
        self._scrapers.forget()

    def _complete(self) -> None:
        self.machine.accounts.completed(["usage", "cost"], self.now)

    # Readings

    def _reading(self) -> tuple[str, Interval, dict[Interval, Cells]]:
        number = self._random.randrange
        kind = self._random.choices(("1m", "1h", "1d", "cost"), (4, 4, 2, 1))[0]
        if kind == "cost":
            return self._cost(floor(self.now, DAY) - number(8) * DAY, 1 + number(8))
        if kind == "1d":
            return self._usage(floor(self.now, DAY) - number(8) * DAY, DAY, 1 + number(8))
        start = floor(self.now, HOUR) - (number(3) if number(3) else number(72)) * HOUR
        if kind == "1h":
            return self._usage(start, HOUR, 1 + number(30))
        if not number(4):
            start += number(60) * MINUTE
        return self._usage(start, MINUTE, 1 + number(30))

    def _usage(self, start: int, width: int, count: int) -> tuple[str, Interval, dict[Interval, Cells]]:
        buckets = {
            Interval(at, at + width): cells(U, self.history.rows(at, width))
            for at in range(start, start + count * width, width)
            if (at <= self._time if self._open else at + width <= self._time)
        }
        return "usage", Interval(start, max((i.ending_at for i in buckets), default=start)), buckets

    def _cost(self, start: int, count: int) -> tuple[str, Interval, dict[Interval, Cells]]:
        buckets = {
            Interval(at, at + DAY): self._billed(at)
            for at in range(start, start + count * DAY, DAY)
            if at + DAY <= self._time
        }
        return "cost", Interval(start, max((i.ending_at for i in buckets), default=start)), buckets

    def _billed(self, day: int) -> Cells:
        billed = by(("workspace_id", "model", "service_tier"), self.history.rows(day, DAY))
        return {
            (*labels, "tokens", "output"): (Decimal(row[4]) / 1000,) for labels, row in billed.items() if row[4] > 0
        }

    def _post(self, stream: str, window: Interval, buckets: dict[Interval, Cells]) -> None:
        """Tell the ledger of a reading, and ourselves."""
        if not buckets:
            return
        known, said = self.expected.masses(stream, window, buckets)
        try:
            self.expected.turn(self.now)
            self.machine.accounts.turn(self.now)
            self.machine.accounts.post(Intake(stream, window, buckets), self.now)
        except SuspiciousRead as error:
            if not known > 2 * said:
                raise Broken("a harmless reading was doubted") from error
        else:
            self.expected.take(stream, window, buckets, self.now)

    def _interrupted(self, *, disk: bool) -> None:
        """Let the process die, or its disk fail, at any statement of a reading."""
        reading = self._reading()
        if not reading[2]:
            return
        mortal = strike(self.machine.store, self._random.randint(1, 24), disk=disk)
        try:
            self._post(*reading)
            spare(self.machine.store, mortal)
            return
        except Died:
            path = leave_behind(self.machine.store)
            self.machine = Machine(path, self._parts, self._limits)
            self._find_out(reading)
            self.machine.store.close()
            self._stay_down()
            self._begin(path, kept=True)
        except (StateError, sqlite3.Error):
            spare(self.machine.store, mortal)
            self._find_out(reading)

    def _find_out(self, reading: tuple[str, Interval, dict[Interval, Cells]]) -> None:
        """Find out whether an interrupted reading was taken: as a whole or not at all, says the next check."""
        if self._stored(reading[0]) != self.expected.stored(reading[0]):
            self.expected.take(*reading, self.now)

    def _read_all(self) -> None:
        """Read everything as a first start does: closed days, then hours."""
        first = floor(self._began, DAY) - REACH - 2 * DAY
        today = floor(self._time, DAY)
        self._force(*self._usage(first, DAY, (today - first) // DAY))
        self._force(*self._usage(today, HOUR, 24))
        if not self._open:
            self._force(*self._usage(floor(self._time, HOUR), MINUTE, 60))
        self._force(*self._cost(first, (today - first) // DAY))

    def _force(self, stream: str, window: Interval, buckets: dict[Interval, Cells]) -> None:
        for _ in range(3):  # the third reading that says the same is believed
            self._post(stream, window, buckets)

    # Properties

    def _check(self) -> None:
        self._figures.steps += 1
        self._publish()
        self._check_ledger()
        self._check_window(self._random.choice(WINDOWS), self.now)

    def _publish(self, *, scraped: bool = False) -> None:
        self.machine.accounts.turn(self.now)
        self.expected.turn(self.now)
        self._scrapers.take(dict(self.machine.shown(self.now)), self.expected.epoch, self._time, due=scraped)

    def _check_ledger(self) -> None:
        counted = {(f, labels): c for f in COUNTED for labels, c in self.machine.counters.items(f)}
        totals = self._placed(self.expected.totals, counted)
        for series, counter in counted.items():
            if counter.total != totals.get(series, 0):
                raise Broken(f"{series}: total {counter.total}, told {totals.get(series, 0)}")
            if counter.high != self.expected.highs.get(series, 0) and OVERFLOW not in series[1]:
                raise Broken(f"{series}: high {counter.high}, told {self.expected.highs.get(series, 0)}")
        missing = [series for series, total in totals.items() if total and series not in counted]
        if missing:
            raise Broken(f"not counted at all: {missing}")
        own = Counter(family for family, labels in counted if OVERFLOW not in labels)
        if max(own.values(), default=0) > self._limits.max_per_family:
            raise Broken("more series than the limit allows")
        for family in self.machine.counters.families():
            for labels, counter in self.machine.counters.items(family):
                if counter.high < counter.total:
                    raise Broken(f"{family}{labels}: shows less than the total")

    def _placed(self, sums: Mapping[Series, Number], series: Collection[Series]) -> dict[Series, Number]:
        """Return sums with what has no series of its own in the one that takes what is left."""
        found: dict[Series, Number] = {}
        for (family, labels), value in sums.items():
            kept = labels[-1:] if family != SEARCHES else ()
            rest = (family, (*[OVERFLOW] * (len(labels) - len(kept)), *kept))
            key = (family, labels) if (family, labels) in series else rest
            found[key] = found.get(key, 0) + value
        return found

    def _check_window(self, name: str, now: float) -> None:
        sums = self.machine.accounts.days("usage").total(*bounds(name, now))
        told = {labels: sum(values) for labels, values in sums.items() if sum(values)}
        if told != self.expected.window(name, now):
            raise Broken(f"{name}: {told}, expected {self.expected.window(name, now)}")

    def _stored(self, stream: str) -> dict[Interval, tuple[Cells, bool]]:
        book = self.machine.accounts.book(stream)
        found = book.cells(0, EVER)
        return {
            i: (found.get(i.starting_at, {}), self.machine.accounts.book(stream).stream.settled_only and record.settled)
            for i, record in book.records(0, EVER).items()
        }

    # The end

    def _settle(self) -> None:
        """Let everything be read, and usage grow past every correction: then counters are the plain truth."""
        self._set_clock(0)
        # The next day, after it can be settled; no clock was further ahead.
        self._pass(max(floor(self._time, DAY) + DAY + 7 * HOUR, self.expected.epoch + 2 * DAY) - self._time)
        self._read_all()
        self._check()
        at = floor(self._time, DAY) - 9 * HOUR
        self.history.exceed(at, self._overshoots())
        self._pass(DAY)
        self._read_all()
        self._check()
        self._pass(int(SETTINGS.counters.birth_hold) + 1)
        self._check()
        self._pass(int(SETTINGS.counters.birth_hold) + 1)
        self._check()
        self._compare()

    def _overshoots(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Return by how much each line's counters exceed the truth."""
        left: dict[tuple[str, ...], tuple[int, ...]] = {}
        for line in self.history.lines:
            found = [int(self._over((TOKENS, (*line[:5], t)))) for t in TOKEN_TYPES]
            owed = [
                int(v * 1000)
                for s in self.expected.highs
                if s[0] == COST and s[1][:2] == line[:2]
                for v in (self._over(s),)
            ]
            found[4] += max(owed, default=0)
            left[line] = (*found, int(self._over((SEARCHES, line[:5]))), 0)
        return left

    def _over(self, series: Series) -> Number:
        return self.expected.highs.get(series, 0) - self.expected.totals.get(series, 0)

    def _compare(self) -> None:
        truth = by(U, self.history.total(self.expected.epoch, self._time))
        shown = {s: v for s, v in self.machine.shown(self.now) if s[0] == TOKENS}
        used = {(TOKENS, (*labels, t)): row[i] for labels, row in truth.items() for i, t in enumerate(TOKEN_TYPES)}
        wanted = self._placed(used, shown)
        for series in shown.keys() | wanted.keys():
            excess = int(shown.get(series, 0) - wanted.get(series, 0))
            self._figures.lost += max(0, -excess)
            self._figures.doubled += max(0, excess)
            if excess:
                raise Broken(f"{series}: {shown.get(series)} where {wanted.get(series)} was used")


def after_outage(random: random.Random, time: int, history: History) -> int:
    """Return when a process that ended at ``time`` has a successor; usage goes on meanwhile."""
    until = time + random.choice((0, 0, 20, 300, HOUR, 2 * DAY))
    year = year_start(time + 10 * DAY)
    if year > time and random.random() < 0.8:
        until = year + random.randrange(3 * DAY)
    if until > time + MINUTE:
        for _ in range(random.choice((0, 2, 12))):
            history.use(until - random.randrange(until - time))
    return until
