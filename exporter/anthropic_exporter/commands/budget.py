"""``budget``: a gate for CI that fails when a budget is spent, and closed when that is not known."""

import dataclasses
import os
import time
from collections.abc import Iterator
from decimal import Decimal

import click

from anthropic_exporter.commands.amounts import cents, colour, exact, instant, percent, positive, spent_cents
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.reading import NotRead, Reading, keep_quiet, reading
from anthropic_exporter.commands.used import unpriced_models
from anthropic_exporter.config import Budget, Settings, load
from anthropic_exporter.money.budgets import BudgetState, period_bounds
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.records import Interval
from anthropic_exporter.secrets import mask
from anthropic_exporter.utc import DAY

BELOW, OVER, NOT_KNOWN = 0, 1, 3
"""Exit statuses; 2 are wrong flags or settings."""

STALE = DAY
"""How far behind usage may lie: upstream says up to 24 hours. The bill alone takes up to two days."""

_AD_HOC = "limit"
_LARGEST_SHARE = Decimal(10)
_WORDS = {BELOW: ("below", "green"), OVER: ("OVER", "red"), NOT_KNOWN: ("NOT KNOWN", "yellow")}


def _share(text: str) -> Decimal:
    """Read --fail-at; 80 would be 8000 %, a gate that never closes."""
    share = positive(text)
    if share > _LARGEST_SHARE:
        raise click.BadParameter(f"expected a share such as 0.8, which is 80 %, found {text}")
    return share


@click.command()
@click.option("--name", metavar="NAME", help="Only this budget of the settings.")
@click.option(
    "--limit-usd",
    type=positive,
    metavar="NUMBER",
    help="Hold the month to date against this amount, or the budget of --name against it instead of its own.",
)
@click.option(
    "--fail-at",
    type=_share,
    metavar="NUMBER",
    default="1.0",
    show_default=True,
    help="The share of a budget at which it counts as over: 0.8 fails at 80 %.",
)
@settings_flags
def budget(name: str | None, limit_usd: Decimal | None, fail_at: Decimal, **given: object) -> int:
    """Hold spend against the budgets of the settings, or against a limit.

    Exit status: 0 when all are below, 1 when one is over, 2 when flags or settings are wrong, 3 when the spend is
    not known because the Admin API could not be read, or tells nothing newer than a day.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    keep_quiet(settings)
    settings = dataclasses.replace(settings, budgets=_wanted(settings, name, limit_usd))
    try:
        with reading(settings, now, since="month") as found:
            several = len(found) > 1
            return _worst(
                [
                    _print(one, state, _status(state, fail_at, stale=stale), several=several)
                    for one, state, stale in _states(found)
                ]
            )
    except NotRead as error:
        click.echo(f"error: the spend is not known: {mask(str(error))}", err=True)
        return NOT_KNOWN


def _wanted(settings: Settings, name: str | None, limit_usd: Decimal | None) -> tuple[Budget, ...]:
    if name is not None:
        named = [each for each in settings.budgets if each.name == name]
        if not named:
            known = ", ".join(each.name for each in settings.budgets) or "none"
            raise click.UsageError(f"--name: no budget is called {name}; the settings have {known}")
        return (named[0] if limit_usd is None else dataclasses.replace(named[0], usd=limit_usd),)
    if limit_usd is not None:
        return (Budget(name=_AD_HOC, usd=limit_usd),)
    if not settings.budgets:
        raise click.UsageError("there is no budget in the settings; name an amount by --limit-usd")
    return settings.budgets


def _states(found: list[Reading]) -> Iterator[tuple[Reading, BudgetState, bool]]:
    for one in found:
        _caveats(one)
        stale = _stale(one)
        with one.view.accounts.guard:
            states = list(one.statement.budgets())
        for state in states:
            if not state.matched:
                click.echo(
                    f"warning: {state.name}: no spend of this or last month is of it; is its match right?", err=True
                )
            yield one, state, stale


def _stale(one: Reading) -> bool:
    """Return, and say, whether upstream tells nothing new: what is not known to be spent may have been."""
    accounts, usage = one.view.accounts, one.statement.coverage.usage is not None
    reaches = accounts.reaches("usage" if usage else "cost")
    if reaches >= one.now - (STALE if usage else 3 * STALE):
        return False
    click.echo(f"warning: {one.alias}: spend is known until {instant(reaches)} only", err=True)
    return True


def _caveats(one: Reading) -> None:
    """Say what spend leaves out, so that nobody takes it for all."""
    first = min(period_bounds(period, one.now)[0] for period in ("week", "month"))
    models = ", ".join(unpriced_models(one, Interval(first, one.statement.today + DAY)))
    if models:
        click.echo(f"warning: tokens without a known price count nothing until they are billed: {models}", err=True)
    if one.statement.coverage.usage is None:
        click.echo("warning: usage is not read; days that are not billed yet count nothing", err=True)


def _print(one: Reading, state: BudgetState, status: int, *, several: bool) -> int:
    label = f"{one.alias} {state.name}" if several else state.name
    word, shade = _WORDS[status]
    click.echo(f"{label}: {_sentence(state)}: {click.style(word, fg=shade)}", color=colour())
    return status


def _sentence(state: BudgetState) -> str:
    limit = f"{Decimal(exact(state.usd)):,f}"
    if state.spent is None or state.ratio is None:
        return f"spend of this {state.period} is not known, the budget is {limit} USD"
    text = f"{spent_cents(state.spent, state.usd)} of {limit} USD spent this {state.period} ({percent(state.ratio)})"
    if state.forecast is None:
        return text
    return f"{text}, forecast {cents(Decimal(state.forecast))} USD"


def _status(state: BudgetState, fail_at: Decimal, *, stale: bool) -> int:
    if state.spent is None:
        return NOT_KNOWN
    if state.spent >= EXACT.multiply(state.usd, fail_at):
        return OVER  # however old the news is
    return NOT_KNOWN if stale else BELOW


def _worst(statuses: list[int]) -> int:
    """Return the status of all: what is over is over, whatever else is not known."""
    return next((status for status in (OVER, NOT_KNOWN) if status in statuses), BELOW)
