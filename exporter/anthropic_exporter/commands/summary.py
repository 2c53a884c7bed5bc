"""What a report says of one organization: spend and tokens of a period against the one before."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from anthropic_exporter.commands.grouping import api_key_name, workspace_name
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.commands.used import unpriced_models
from anthropic_exporter.money.budgets import BudgetState, period_bounds
from anthropic_exporter.money.daybook import Sums
from anthropic_exporter.money.spend import ZERO, add, total
from anthropic_exporter.records import NONE, TOKEN_TYPES, Interval, Labels, Values
from anthropic_exporter.utc import DAY

TOP = 10
"""How many workspaces, models and keys are listed."""

OLD_KEY = 90 * DAY
"""The age from which a key should be replaced."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one workspace, model or key spent. ``tokens`` is None where no report tells it."""

    id: str
    name: str
    usd: Decimal
    before_usd: Decimal
    tokens: int | None


@dataclass(frozen=True, slots=True)
class OldKey:
    """An active key that is due to be replaced."""

    id: str
    name: str
    workspace: str
    age_days: int
    last_used: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The report of one organization. ``tokens`` by type; None where usage is not read."""

    id: str
    name: str
    period: str
    starting_at: int
    ending_at: int
    before_at: int
    now: float
    usd: Decimal
    before_usd: Decimal
    forecast_usd: Decimal | None
    tokens: Mapping[str, int] | None
    before_tokens: Mapping[str, int] | None
    workspaces: list[Share]
    models: list[Share]
    keys: list[Share]
    budgets: list[BudgetState]
    old_keys: list[OldKey]
    unpriced: list[str]


def summary(reading: Reading, period: str) -> Summary:
    """Return the report of the period that runs now. The one before is told whole."""
    statement, accounts = reading.statement, reading.view.accounts
    start, end = period_bounds(period, reading.now)
    before, _ = period_bounds(period, start - 1)
    now_by_model, then_by_model = statement.by_model(start, end), statement.by_model(before, start)
    usage = statement.coverage.usage is not None
    used = accounts.days("usage").total(start, end) if usage else {}
    return Summary(
        id=reading.id,
        name=reading.name or reading.alias,
        period=period,
        starting_at=start,
        ending_at=end,
        before_at=before,
        now=reading.now,
        usd=total(now_by_model.values()),
        before_usd=total(then_by_model.values()),
        forecast_usd=_forecast(reading) if period == "month" else None,
        tokens=_tokens(reading, start, end) if usage else None,
        before_tokens=_tokens(reading, before, start) if usage else None,
        workspaces=_shares(
            _by(now_by_model, 0),
            _by(then_by_model, 0),
            lambda workspace_id: workspace_name(reading, workspace_id),
            _count(used, 0),
        ),
        models=_shares(_by(now_by_model, 1), _by(then_by_model, 1), _model_name, _count(used, 1)),
        keys=_keys(reading, start, end, before),
        budgets=list(statement.budgets()),
        old_keys=sorted(_old_keys(reading), key=lambda key: -key.age_days),
        unpriced=unpriced_models(reading, Interval(start, end)),
    )


def _forecast(reading: Reading) -> Decimal | None:
    found = [forecast.expected for _, forecast in reading.statement.forecasts()]
    return Decimal(sum(found)) if found else None


def _tokens(reading: Reading, starting_at: int, ending_at: int) -> dict[str, int]:
    rows = reading.view.accounts.days("usage").total(starting_at, ending_at).values()
    return {name: sum(int(row[place]) for row in rows) for place, name in enumerate(TOKEN_TYPES)}


def _by(sums: Sums, place: int) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for labels, usd in sums.items():
        add(found, labels[place], usd)
    return found


def _count(used: Mapping[Labels, Values], place: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for labels, values in used.items():
        found[labels[place]] = found.get(labels[place], 0) + sum(map(int, values))
    return found


def _model_name(model: str) -> str:
    return "(no model: web search, code execution)" if model == NONE else model


def _shares(
    now: Mapping[str, Decimal],
    before: Mapping[str, Decimal],
    name: Callable[[str], str],
    tokens: Mapping[str, int] | None,
) -> list[Share]:
    """Return those that spent or used something now or before, the dearest first."""
    found = [
        Share(each, name(each), now.get(each, ZERO), before.get(each, ZERO), tokens.get(each, 0) if tokens else None)
        for each in {*now, *before, *(tokens or ())}
    ]
    some = [share for share in found if share.usd or share.before_usd or share.tokens]
    return sorted(some, key=lambda share: (-share.usd, -share.before_usd, -(share.tokens or 0), share.id))[:TOP]


def _keys(reading: Reading, start: int, end: int, before: int) -> list[Share]:
    statement = reading.statement
    if statement.coverage.keys is None:
        return []
    now, then = _by(statement.by_home(start, end), 0), _by(statement.by_home(before, start), 0)
    return _shares(now, then, lambda key: "(no key)" if key == NONE else api_key_name(reading, key), None)


def _old_keys(reading: Reading) -> Iterator[OldKey]:
    for key in reading.view.inventory.api_keys():
        age = reading.now - key.created_at
        if key.status == "active" and age > OLD_KEY:
            workspace = "" if key.workspace_id == NONE else workspace_name(reading, key.workspace_id)
            yield OldKey(key.id, key.name, workspace, int(age // DAY), reading.view.last_used.get(key.id))
