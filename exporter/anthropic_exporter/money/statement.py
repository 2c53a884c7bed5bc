"""What was spent, what it will be, and who spent it: the one account that metrics, reports and gates read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from anthropic_exporter.ledger.windows import Days
from anthropic_exporter.money import calibration, hours
from anthropic_exporter.money.budgets import BudgetState, period_bounds
from anthropic_exporter.money.coverage import Coverage
from anthropic_exporter.money.daybook import Attribution, DayBook, Rules, Sums
from anthropic_exporter.money.entities import Entities
from anthropic_exporter.money.forecast import Forecast, forecast
from anthropic_exporter.money.keys import KeyFacts
from anthropic_exporter.money.matching import by_key
from anthropic_exporter.money.policies import Violation, violations
from anthropic_exporter.money.spend import UNBILLED, ZERO, DayFacts, Line, Spend, add, calibrated, spend, total
from anthropic_exporter.records import Labels, Values
from anthropic_exporter.utc import DAY, HOUR, floor, month_start, next_month_start

View = Callable[[DayBook], Mapping[tuple[str, ...], Decimal]]

_Stamp = tuple[object, ...]
_KEPT_SUMS = 32


class Spending:
    """Makes statements of one organization, and keeps what does not change between two of them.

    Args:
        books: gives the day sums of a name: "usage", "estimate", "cost", "key_estimate", "key_cost", "hours".
    """

    def __init__(self, books: Callable[[str], Days], rules: Rules) -> None:
        self._books = books
        self._attribution = Attribution(rules, Entities({}, {}))
        self._spend: dict[int, tuple[_Stamp, Spend]] = {}
        self._days: dict[int, tuple[_Stamp, DayBook]] = {}
        self._factors: dict[Line, Decimal] = {}
        self._sums: dict[str, tuple[list[DayBook], Sums]] = {}
        self._profiles: tuple[_Stamp, dict[str, hours.Shares]] = ((), {})

    def statement(self, coverage: Coverage, entities: Entities, now: float) -> "Statement":
        """Return the statement at a moment. Read it before the books change, under the guard of their accounts."""
        if entities != self._attribution.entities:
            self._attribution = Attribution(self._attribution.rules, entities)
        today = floor(now, DAY)
        days = range(coverage.days_since, today + DAY, DAY)
        for kept in (self._spend, self._days):
            for old in [day for day in kept if day not in days]:
                del kept[old]
        found = [self._spend_of(day, coverage, now) for day in days]
        if self._attribution.rules.calibrate:
            self._calibrate(found)
        return Statement(self, coverage, self._attribution, [self._day(each, coverage) for each in found], now)

    def sums(self, name: str, view: View, days: list[DayBook]) -> Sums:
        """Return the sums of a view over days; those of all but the last day are kept under a name."""
        if not days:
            return {}
        if len(self._sums) > _KEPT_SUMS:
            self._sums.clear()  # names of days and months that are over
        closed = days[:-1]
        kept = self._sums.get(name)
        if (
            kept is None
            or len(kept[0]) != len(closed)
            or any(a is not b for a, b in zip(*(kept[0], closed), strict=True))
        ):
            before: Sums = {}
            for day in closed:
                _add_all(before, view(day))
            kept = self._sums[name] = (closed, before)
        sums = dict(kept[1])
        _add_all(sums, view(days[-1]))
        return sums

    def profiles(self, today: int, until: float) -> dict[str, hours.Shares]:
        """Return the hours of a day by workspace, made anew each hour."""
        stamp = (today, floor(until, HOUR))
        if self._profiles[0] != stamp:
            self._profiles = (stamp, hours.profiles(self._books("hours"), today))
        return self._profiles[1]

    def _spend_of(self, day: int, coverage: Coverage, now: float) -> Spend:
        usage, cost = coverage.usage is not None, coverage.cost is not None
        names = (("usage", usage), ("estimate", usage), ("cost", cost))
        settled, late = day in coverage.settled, now < day + DAY + UNBILLED
        stamp = (settled, late, *(self._books(name).version(day) if known else None for name, known in names))
        kept = self._spend.get(day)
        if kept and kept[0] == stamp:
            return kept[1]
        tokens, estimate, bill = [self._books(name).day(day) if known else None for name, known in names]
        facts = DayFacts(day, tokens, estimate, bill, settled)
        self._spend[day] = (stamp, spend(facts, now))
        return self._spend[day][1]

    def _calibrate(self, days: list[Spend]) -> None:
        lines = {line for day in days if day.basis == "estimated" for line in day.estimated}
        factors = calibration.factors(days[-1 - calibration.DAYS : -1], lines)
        if factors != self._factors:
            self._factors = factors

    def _day(self, spend: Spend, coverage: Coverage) -> DayBook:
        day, by_keys = spend.day, coverage.keys is not None
        reported = day in coverage.settled_keys
        factors = self._factors if spend.basis == "estimated" else None
        versions = [self._books(name).version(day) for name in ("key_estimate", "key_cost")]
        stamp = (spend, factors, self._attribution, by_keys, reported, *versions)
        kept = self._days.get(day)
        if kept and _same(kept[0], stamp):
            return kept[1]
        keys = self._key_facts(day, reported=reported) if by_keys or reported else None
        self._days[day] = (stamp, DayBook(calibrated(spend, self._factors), keys, self._attribution))
        return self._days[day][1]

    def _key_facts(self, day: int, *, reported: bool) -> KeyFacts:
        bill: Mapping[Labels, Values] | None = self._books("key_cost").day(day) if reported else None
        return KeyFacts(self._books("key_estimate").day(day), bill, self._attribution.entities.home)


class Statement:
    """The money of one organization at one moment. Days reach back as far as its accounts keep them."""

    def __init__(
        self,
        spending: Spending,
        coverage: Coverage,
        attribution: Attribution,
        days: list[DayBook],
        now: float,
    ) -> None:
        self._spending = spending
        self._attribution = attribution
        self.coverage = coverage
        self.days = days
        self.now = now
        self.today = floor(now, DAY)

    def between(self, starting_at: int, ending_at: int) -> list[DayBook]:
        """Return the days of [starting_at, ending_at) that have begun and are kept."""
        return [day for day in self.days if starting_at <= day.day < ending_at]

    def by_model(self, starting_at: int, ending_at: int) -> Sums:
        """Return spend by (workspace_id, model), with a zero for what was spent on another day only.

        Tokens without a price are not known to have cost nothing, so they have no zero.
        """
        unpriced = {by for day in self.between(starting_at, ending_at) for by in day.spend.unpriced}
        found = self._with_zeros("model", lambda day: day.by_model, starting_at, ending_at)
        return {by: usd for by, usd in found.items() if usd or by not in unpriced}

    def by_key(self, starting_at: int, ending_at: int) -> Sums:
        """Return spend by (workspace_id, model, api_key_id)."""
        return self._sum("key", lambda day: day.by_key, starting_at, ending_at)

    def by_home(self, starting_at: int, ending_at: int) -> Sums:
        """Return spend by (api_key_id, workspace_id), with zeros as ``by_model``."""
        return self._with_zeros("home", lambda day: day.by_home, starting_at, ending_at)

    def by_owner(self, starting_at: int, ending_at: int) -> Sums:
        """Return spend by (team, environment, cost_center), with zeros as ``by_model``."""
        return self._with_zeros("owner", lambda day: day.by_owner, starting_at, ending_at)

    def errors(self) -> Sums:
        """Return estimated / billed - 1 by (workspace_id, model), over the billed days of the last seven."""
        return calibration.errors([day.spend for day in self.days[-1 - calibration.DAYS : -1]])

    def forecasts(self) -> Iterator[tuple[str, Forecast]]:
        """Yield the spend of this month by workspace; nothing before usage was read today."""
        if not self.coverage.since(self.today):
            return
        start, end = month_start(self.now), next_month_start(self.now)
        parts = self._courses(lambda day: day.by_workspace, start, end)
        yield from ((workspace_id, found) for workspace_id, (_, found) in parts.items() if found)

    def budgets(self) -> Iterator[BudgetState]:
        """Yield every budget; what is not known of it is None."""
        for index, budget in enumerate(self._attribution.rules.budgets):
            start, end = period_bounds(budget.period, self.now)
            spent, expected = self._budget(index, start, end)
            yield BudgetState(
                budget.name,
                budget.period,
                budget.usd,
                tuple(budget.thresholds),
                start,
                end,
                spent,
                expected,
                matched=any(day.budget(index) for day in self.days),
            )

    def violations(self, last_used: Mapping[tuple[str, str], int]) -> Iterator[Violation]:
        """Yield the policies that are not kept; ``last_used`` by (workspace_id, model)."""
        rules = self._attribution.rules
        return violations(rules.policies, self._attribution.entities, last_used, self.now)

    def _budget(self, index: int, start: int, end: int) -> tuple[Decimal | None, float | None]:
        coverage = self.coverage
        if by_key(self._attribution.rules.budgets[index].match):
            match = self._attribution.rules.budgets[index].match
            told = coverage.keys is not None or not any(name.startswith("api_key") for name, _ in match.fields)
            known = told and coverage.keys_since(start)
        else:
            known = coverage.since(start)
        if not known:
            return None, None
        spent = total(usd for day in self.between(start, end) for usd in day.budget(index).values())
        if not coverage.since(self.today):
            return spent, None
        parts = self._courses(lambda day: day.budget(index), start, end)
        return spent, sum((found.expected if found else float(so_far) for so_far, found in parts.values()), 0.0)

    def _courses(self, view: View, start: int, end: int) -> dict[str, tuple[Decimal, Forecast | None]]:
        """Return by workspace what was spent in a period, and the forecast of it."""
        views = [view(day) for day in self.days]
        period = [found for day, found in zip(self.days, views, strict=True) if start <= day.day < end]
        until = self.coverage.reaches or self.now
        profiles = self._spending.profiles(self.today, until)
        courses = {}
        for workspace_id, *_ in sorted({key for found in views for key in found}):
            key = (workspace_id,)
            history = [float(found.get(key, ZERO)) for found in views[:-1]]
            spent = total(found[key] for found in period if key in found)
            shares = profiles.get(workspace_id, profiles[""])
            courses[workspace_id] = (
                spent,
                forecast(
                    history,
                    hours.weekday(self.today),
                    spent=float(spent),
                    today=float(views[-1].get(key, ZERO)),
                    elapsed=hours.elapsed(shares, self.today, until),
                    days_left=(end - self.today) // DAY - 1,
                ),
            )
        return courses

    def _with_zeros(self, name: str, view: View, starting_at: int, ending_at: int) -> Sums:
        month = month_start(self.now)
        before = self._sum(name, view, self.days[0].day, month)
        since = self._sum(name, view, month, self.today + DAY)
        zeros = dict.fromkeys([*before, *since], ZERO)
        return {**zeros, **self._sum(name, view, starting_at, ending_at)}

    def _sum(self, name: str, view: View, starting_at: int, ending_at: int) -> Sums:
        return self._spending.sums(f"{name} {starting_at}", view, self.between(starting_at, ending_at))


def _add_all(sums: Sums, more: Mapping[tuple[str, ...], Decimal]) -> None:
    for key, usd in more.items():
        add(sums, key, usd)


def _same(before: Iterable[object], after: Iterable[object]) -> bool:
    """Compare stamps by identity first: days and books are replaced, never changed."""
    return all(a is b or (isinstance(a, int) and a == b) for a, b in zip(before, after, strict=True))
