"""Reports as pages: text for a terminal, Markdown for a wiki or a chat, JSON for programs."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import click

from anthropic_exporter.commands.amounts import cents, colour, date, exact, percent
from anthropic_exporter.commands.summary import OLD_KEY, Share, Summary
from anthropic_exporter.commands.table import print_table
from anthropic_exporter.money.budgets import BudgetState
from anthropic_exporter.utc import DAY

_ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#"} | {"\n": " ", "\r": " "})
"""Names are other people's: none of them may become a heading, a link or another column."""


class Section(NamedTuple):
    """A part of a page."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def write_text(summaries: Sequence[Summary]) -> None:
    """Print reports for people."""
    for place, each in enumerate(summaries):
        if place:
            click.echo()
        click.echo(click.style(_title(each), bold=True), color=colour())
        for section in _sections(each):
            click.echo()
            click.echo(click.style(section.title, bold=True), color=colour())
            print_table(section.header, [tuple(map(_printable, row)) for row in section.rows])
        for line in _notes(each):
            click.echo()
            click.echo(line)


def write_markdown(summaries: Sequence[Summary]) -> None:
    """Print reports as Markdown."""
    for each in summaries:
        click.echo(f"# {_title(each).translate(_ESCAPED)}\n")
        for section in _sections(each):
            click.echo(f"## {section.title}\n")
            click.echo(f"| {' | '.join(section.header)} |")
            click.echo(f"|{' --- |' * len(section.header)}")
            for row in section.rows:
                click.echo(f"| {' | '.join(cell.translate(_ESCAPED) for cell in row)} |")
            click.echo()
        for line in _notes(each):
            click.echo(f"{line.translate(_ESCAPED)}\n")


def write_json(summaries: Sequence[Summary]) -> None:
    """Print reports as one JSON object; money is text, with all its digits."""
    click.echo(json.dumps({"organizations": [_record(each) for each in summaries]}, indent=2, ensure_ascii=False))


WRITERS: Mapping[str, Callable[[Sequence[Summary]], None]] = {
    "text": write_text,
    "markdown": write_markdown,
    "json": write_json,
}


def _title(summary: Summary) -> str:
    last = date(min(summary.ending_at - 1, summary.now))
    return f"{summary.name}: {summary.period} {date(summary.starting_at)} to {last} (UTC, today is still running)"


def _sections(summary: Summary) -> Iterator[Section]:
    this, before = f"this {summary.period}", f"{summary.period} before"
    overall = [("spend, USD", cents(summary.usd), cents(summary.before_usd))]
    if summary.forecast_usd is not None:
        overall.append(("forecast, USD", cents(summary.forecast_usd), ""))
    if summary.tokens is not None and summary.before_tokens is not None:
        was = summary.before_tokens
        overall.append(("tokens", f"{sum(summary.tokens.values()):,}", f"{sum(was.values()):,}"))
        overall.extend((f"  {name}", f"{count:,}", f"{was[name]:,}") for name, count in summary.tokens.items())
    yield Section("Spend and tokens", ("", this, before), overall)
    for title, shares in (
        ("Top workspaces", summary.workspaces),
        ("Top models", summary.models),
        ("Top keys", summary.keys),
    ):
        if shares:
            header = ("name", f"{this}, USD", f"{before}, USD", "share", "tokens")
            yield Section(title, header, [_share(share, summary) for share in shares])
    if summary.budgets:
        columns = ("name", "period", "spent, USD", "budget, USD", "used", "forecast, USD")
        yield Section("Budgets", columns, [_budget(state) for state in summary.budgets])
    if summary.old_keys:
        rows = [
            (key.name, key.workspace, f"{key.age_days} d", date(key.last_used) if key.last_used else "not seen")
            for key in summary.old_keys
        ]
        title = f"Keys to rotate (active, older than {OLD_KEY // DAY} days)"
        yield Section(title, ("name", "workspace", "age", "last used"), rows)


def _share(share: Share, summary: Summary) -> tuple[str, ...]:
    part = percent(share.usd / summary.usd) if summary.usd else ""
    tokens = "" if share.tokens is None else f"{share.tokens:,}"
    return (share.name, cents(share.usd), cents(share.before_usd), part, tokens)


def _budget(state: BudgetState) -> tuple[str, ...]:
    spent = "not known" if state.spent is None else cents(state.spent)
    used = "" if state.ratio is None else percent(state.ratio)
    forecast = "" if state.forecast is None else f"{state.forecast:,.2f}"
    return (state.name, state.period, spent, cents(state.usd), used, forecast)


def _notes(summary: Summary) -> Iterator[str]:
    for name in [state.name for state in summary.budgets if not state.matched]:
        yield f"No spend of this or last month is of the budget {name}; is its match right?"
    if summary.unpriced:
        models = ", ".join(summary.unpriced)
        yield f"Tokens of these models have no known price and are in no sum until they are billed: {models}"


def _printable(text: str) -> str:
    """Take out what could move the cursor or colour a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _record(summary: Summary) -> dict[str, object]:
    return {
        "organization_id": summary.id,
        "organization_name": summary.name,
        "period": summary.period,
        "from": date(summary.starting_at),
        "to": date(min(summary.ending_at - 1, summary.now)),
        "before_from": date(summary.before_at),
        "before_to": date(summary.starting_at - 1),
        "spend_usd": exact(summary.usd),
        "before_spend_usd": exact(summary.before_usd),
        "forecast_usd": None if summary.forecast_usd is None else cents(summary.forecast_usd).replace(",", ""),
        "tokens": summary.tokens,
        "before_tokens": summary.before_tokens,
        "workspaces": [_share_record(share) for share in summary.workspaces],
        "models": [_share_record(share) for share in summary.models],
        "keys": [_share_record(share) for share in summary.keys],
        "budgets": [_budget_record(state) for state in summary.budgets],
        "keys_to_rotate": [
            {
                "id": key.id,
                "name": key.name,
                "workspace": key.workspace,
                "age_days": key.age_days,
                "last_used": date(key.last_used) if key.last_used else None,
            }
            for key in summary.old_keys
        ],
        "unpriced_models": summary.unpriced,
    }


def _share_record(share: Share) -> dict[str, object]:
    return {
        "id": share.id,
        "name": share.name,
        "spend_usd": exact(share.usd),
        "before_spend_usd": exact(share.before_usd),
        "tokens": share.tokens,
    }


def _budget_record(state: BudgetState) -> dict[str, object]:
    return {
        "name": state.name,
        "period": state.period,
        "usd": exact(state.usd),
        "spent_usd": None if state.spent is None else exact(state.spent),
        "ratio": None if state.ratio is None else f"{state.ratio:f}",
        "forecast_usd": None if state.forecast is None else f"{state.forecast:.2f}",
    }
