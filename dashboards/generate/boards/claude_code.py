"""What Claude Code is used for, what it costs, and what comes of it."""

from typing import Any

from . import config
from .config import COUNT, SEL, SHARE, USD
from .page import Line, Section, page
from .panels import Panel, Query, Text, bars, daily, day_bars, lines, models, stat, token_types
from .promql import gained, of_day, sorted_top

_P = "anthropic_claude_code"
_COST = f"{_P}_estimated_cost_usd_total"
_WINDOW = config.MONTH
_LATE = "The report is an hour late."


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    description = (
        "Sessions, commits and lines of Claude Code, and what they cost by the estimate of the API, which is not the "
        "bill. Days are UTC. Who uses it is not shown: that needs privacy.emails."
    )
    return page(config.CLAUDE_CODE, description, (), _sections())


def _sections() -> list[Section]:
    return [
        Section("The last 30 days", [Line(4, _tiles())]),
        Section("What it costs", [Line(8, [(_cost(), 12), (_tokens(), 12)])]),
        Section("What comes of it", [Line(8, [(_results(), 12), (_lines(), 12)]), Line(6, _habits())]),
    ]


def _total(name: str) -> str:
    return gained(f"{_P}_{name}_total", SEL, "", _WINDOW)


def _tiles() -> list[tuple[Panel, int]]:
    cost = gained(_COST, SEL, "", _WINDOW)
    accepted = gained(f"{_P}_tool_actions_total", f'{SEL}, decision="accepted"', "", _WINDOW)
    tiles = [
        stat(
            Text("Active users yesterday", f"Distinct people and API keys on the previous day. {_LATE}", "not used"),
            COUNT,
            Query(f"sum(anthropic_claude_code_active_users{{{SEL}}})"),
            steps=config.CALM,
        ),
        stat(Text("Cost", "As the API estimates it.", "not used"), USD, Query(cost), steps=config.CALM, decimals=2),
        stat(Text("Sessions", "Of all people.", "not used"), "locale", Query(_total("sessions")), decimals=0),
        stat(
            Text("Cost per commit", "All cost by the commits that were made with it.", "no commits"),
            USD,
            Query(f"{cost}\n/\n({_total('commits')} > 0)"),
            decimals=2,
        ),
        stat(
            Text("Cost per pull request", "All cost by the pull requests that were made with it.", "no pull requests"),
            USD,
            Query(f"{cost}\n/\n({_total('pull_requests')} > 0)"),
            decimals=2,
        ),
        stat(
            Text("Accepted", "Share of the changes it proposed that people accepted.", "no proposals"),
            SHARE,
            Query(f"{accepted}\n/\n({_total('tool_actions')} > 0)"),
            decimals=1,
        ),
    ]
    return [(tile, 4) for tile in tiles]


def _cost() -> Panel:
    return models(
        day_bars(
            Text("Cost per day by model", f"As the API estimates it. {_LATE}", "not used"),
            USD,
            daily(f"{of_day(_COST, SEL, 'model')} > 0", "{{model}}"),
        )
    )


def _tokens() -> Panel:
    return token_types(
        day_bars(
            Text("Tokens per day by type", f"Long conversations are mostly read from cache. {_LATE}", "not used"),
            COUNT,
            daily(of_day(f"{_P}_tokens_total", SEL, "token_type"), "{{token_type}}"),
        )
    )


def _results() -> Panel:
    return lines(
        Text("Sessions, commits and pull requests per day", f"Today is not over. {_LATE}", "not used"),
        COUNT,
        *(
            daily(of_day(f"{_P}_{name}_total", SEL, ""), name.replace("_", " "))
            for name in ("sessions", "commits", "pull_requests")
        ),
    ).time_from(config.MONTH)


def _lines() -> Panel:
    return day_bars(
        Text("Lines of code per day", f"Lines that Claude Code added and removed. {_LATE}", "not used"),
        COUNT,
        daily(of_day(f"{_P}_lines_of_code_total", SEL, "change"), "{{change}}"),
    )


def _habits() -> list[tuple[Panel, int]]:
    actions = f"{_P}_tool_actions_total"
    accepted = gained(actions, f'{SEL}, decision="accepted"', "tool", _WINDOW)
    share = bars(
        Text("Accepted by tool", "Share of what each tool proposed that people accepted.", "no proposals"),
        SHARE,
        Query(sorted_top(config.BARS, f"{accepted}\n/\n({gained(actions, SEL, 'tool', _WINDOW)} > 0)"), "{{tool}}"),
        most=1,
        decimals=0,
    )
    terminal = bars(
        Text("Sessions by terminal", "Where it is used.", "not used"),
        "locale",
        Query(
            sorted_top(config.BARS, gained(f"{_P}_sessions_total", SEL, "terminal_type", _WINDOW)), "{{terminal_type}}"
        ),
        decimals=0,
    )
    plan = bars(
        Text("Sessions by plan", "Paid by the token (api), or part of a subscription.", "not used"),
        "locale",
        Query(
            sorted_top(config.BARS, gained(f"{_P}_sessions_total", SEL, "customer_type", _WINDOW)), "{{customer_type}}"
        ),
        decimals=0,
    )
    return [(share, 8), (terminal, 8), (plan, 8)]
