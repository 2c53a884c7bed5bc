"""How near the busiest minute came to the rate limits, and spend to the spend limits."""

from typing import Any

from . import config, variables
from .config import COUNT, SEL, SHARE, USD
from .page import Line, Section, page
from .panels import Panel, Query, Text, bars, lines, rated, stat
from .promql import at_zero, sorted_top, with_group, with_workspace
from .tables import Column, table

_BY = "organization_id, rate_limit_group"
_OF = 'workspace_id="none"'


def _limit(limiter: str) -> str:
    return f"max by ({_BY}) (anthropic_rate_limit{{{SEL}, {_OF}, limiter{limiter}}})"


def _peak(kind: str) -> str:
    return f'max by ({_BY}) (anthropic_usage_peak_minute_tokens{{{SEL}, token_type="{kind}"}})'


# A limiter that knows caches does not count what is read from them; the plain one counts all input.
_AWARE_LIMIT = _limit('=~".*_cache_aware"')
_PLAIN_LIMIT = _limit('="input_tokens_per_minute"')
_OUTPUT_LIMIT = _limit('="output_tokens_per_minute"')
_REQUEST_LIMIT = _limit('="requests_per_minute"')
_AWARE = f"({_peak('input_counted')}\n/ on ({_BY})\n{_AWARE_LIMIT})"
_PLAIN = f"({_peak('input')}\n/ on ({_BY})\n{_PLAIN_LIMIT})"
_INPUT = f"({_AWARE}\nor on ({_BY})\n{_PLAIN})"
_OUTPUT = f"({_peak('output')}\n/ on ({_BY})\n{_OUTPUT_LIMIT})"


_SPEND_BY = "organization_id, scope, scope_id, period"
_SPEND_LIMIT = f"max by ({_SPEND_BY}) (anthropic_spend_limit_usd{{{SEL}}})"


def _as_spent(by: str, scope: str, scope_id: str) -> str:
    """Return the spend of this month with the labels of a monthly spend limit."""
    spend = f"sum by ({by}) (anthropic_spend_month_to_date_usd{{{SEL}}})"
    told = f'label_replace({spend}, "scope", "{scope}", "", "")'
    whose = f'label_replace({told}, "scope_id", {scope_id}, "(.*)")'
    return f'sum by ({_SPEND_BY}) (label_replace({whose}, "period", "monthly", "", ""))'


_SPENT = (
    f"(max by ({_SPEND_BY}) (anthropic_spend_limit_spent_usd{{{SEL}}})\nor on ({_SPEND_BY})\n"
    + _as_spent("organization_id, workspace_id", "workspace", '"$1", "workspace_id"')
    + f"\nor on ({_SPEND_BY})\n"
    + _as_spent("organization_id", "organization", '"none", ""')
    + ")"
)


def _by_group(metric: str, matchers: str, window: str, shift: str) -> str:
    """Add up the rates of the models of each rate-limit group."""
    by_model = f"sum by (organization_id, model) (rate({metric}{{{matchers}}}[{window}]{shift}))"
    groups = f"max by ({_BY}, model) (anthropic_rate_limit_group_model_info{{{SEL}}})"
    one = f"topk by (organization_id, model) (1, {groups})"
    on = "on (organization_id, model) group_left (rate_limit_group)"
    return f"60 * sum by ({_BY}) (\n{by_model}\n* {on}\n{one}\n)"


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    description = (
        "The configured limits against what is used. The busiest minute of the last 60 counts, for that is what the "
        "limits are about: averages hide it."
    )
    return page(config.LIMITS, description, (variables.lag(),), _sections())


def _sections() -> list[Section]:
    return [
        Section("", [Line(4, _tiles())]),
        Section("Rate limits", [Line(7, _headroom()), Line(8, _courses()), Line(8, _averages())]),
        Section("Spend limits", [Line(9, _spend())]),
        Section("What is configured", [Line(12, [(_configured(), 24)])]),
    ]


def _tiles() -> list[tuple[Panel, int]]:
    most_input, most_output = (
        stat(
            Text(
                f"Nearest to an {what} limit",
                "The largest share of all groups, in the busiest minute of the last 60.",
                "no limits are known",
            ),
            SHARE,
            Query(f"max({share})"),
            steps=config.LIMIT,
            decimals=1,
        )
        for what, share in (("input", _INPUT), ("output", _OUTPUT))
    )
    most_spend = stat(
        Text(
            "Nearest to a spend limit", "The largest share of all spend limits whose spend is told.", "no spend is told"
        ),
        SHARE,
        Query(f"max({_SPENT}\n/ on ({_SPEND_BY})\n({_SPEND_LIMIT} > 0))"),
        steps=config.LIMIT,
        decimals=1,
    )
    waiting = stat(
        Text("Requests for a higher limit", "Requests for a higher spend limit that wait for an answer."),
        COUNT,
        Query(at_zero(f"sum(anthropic_spend_limit_pending_increase_requests{{{SEL}}})")),
        steps=config.NONE_GOOD,
    )
    oldest = stat(
        Text("The oldest waits for", "Age of the oldest request for a higher spend limit.", "none waits"),
        config.SECONDS,
        Query(f"max(anthropic_spend_limit_oldest_increase_request_age_seconds{{{SEL}}})"),
        decimals=1,
    )
    return [(most_input, 5), (most_output, 5), (most_spend, 5), (waiting, 5), (oldest, 4)]


def _headroom() -> list[tuple[Panel, int]]:
    words = "The busiest minute of the last 60 by the limit of the organization, for each group of models."
    into = bars(
        Text(
            "Input: busiest minute by limit",
            f"{words} Cache reads count only where the limiter is not cache aware.",
            "no limits are known",
        ),
        SHARE,
        Query(sorted_top(config.TOP, with_group(_INPUT)), "{{rate_limit_group_name}}"),
        steps=config.LIMIT,
        most=1,
        decimals=1,
    )
    out = bars(
        Text("Output: busiest minute by limit", words, "no limits are known"),
        SHARE,
        Query(sorted_top(config.TOP, with_group(_OUTPUT)), "{{rate_limit_group_name}}"),
        steps=config.LIMIT,
        most=1,
        decimals=1,
    )
    return [(into, 12), (out, 12)]


def _courses() -> list[tuple[Panel, int]]:
    return [
        (
            lines(
                Text(
                    f"{title}: busiest minute by limit, over time",
                    "Each point looks back 60 minutes. Dashed: 80 %.",
                    "no limits are known",
                ),
                SHARE,
                Query(with_group(values), "{{rate_limit_group_name}}", config.RATE_STEP),
                steps=config.LIMIT_LINES,
                most=1,
            ),
            12,
        )
        for title, values in (("Input", _INPUT), ("Output", _OUTPUT))
    ]


def _averages() -> list[tuple[Panel, int]]:
    counted = f'{SEL}, token_type=~"uncached_input|cache_creation_.+"'
    tokens = _by_group("anthropic_usage_tokens_total", counted, config.RATE, " offset -$lag")
    average = lines(
        Text("Input tokens per minute by group", "Without cache reads, on average: the busiest minute is above it."),
        COUNT,
        rated(with_group(tokens), "{{rate_limit_group_name}}"),
    )
    requests = _by_group("anthropic_usage_requests_total", SEL, config.ARRIVAL, "")
    share = f"({requests}\n/ on ({_BY})\n{_REQUEST_LIMIT})"
    by_limit = lines(
        Text(
            "Requests per minute by limit",
            "On average over 6 hours, where the API reports requests: they come some hours late, in clumps.",
            "requests are not reported",
        ),
        SHARE,
        Query(with_group(share), "{{rate_limit_group_name}}", config.RATE_STEP),
    )
    return [(average, 12), (by_limit, 12)]


def _spend() -> list[tuple[Panel, int]]:
    # Only a workspace has a name; every other scope shows its ID.
    limit = with_workspace(f'label_replace({_SPEND_LIMIT}, "workspace_id", "$1", "scope_id", "(.+)")')
    found = table(
        Text(
            "Spend limits",
            "Limits of the organization, its workspaces, groups and people. Spent is what the API tells; where it does "
            "not, for the organization and its workspaces, the spend of this month.",
            "no spend limits",
        ),
        [
            Column("Scope", label="scope", width=140),
            Column("Of", label="workspace_name", words=(("none", "-", ""),)),
            Column("Period", label="period", width=100),
            Column("Limit", limit, unit=USD, width=120),
            Column("Spent", f"{_SPENT}\nand on ({_SPEND_BY})\n{_SPEND_LIMIT}", unit=USD, width=120, nothing="not told"),
            Column(
                "Used",
                f"{_SPENT}\n/ on ({_SPEND_BY})\n({_SPEND_LIMIT} > 0)",
                unit=SHARE,
                cell="gauge",
                steps=config.LIMIT,
                decimals=0,
                width=320,
            ),
        ],
        hidden=["organization_id", "workspace_id", "scope_id"],
        sort="Used",
    )
    return [(found, 24)]


def _configured() -> Panel:
    by = "organization_id, rate_limit_group, limiter, workspace_id"
    limit = f"max by ({by}) (anthropic_rate_limit{{{SEL}}})"
    return table(
        Text(
            "Rate limits", "As configured for the organization, and where a workspace has one of its own.", "none known"
        ),
        [
            Column("Group", label="rate_limit_group_name", width=300),
            Column("Limiter", label="limiter"),
            Column("Workspace", label="workspace_name", words=(("none", "the organization", ""),)),
            Column("Limit", with_workspace(f"({with_group(limit)})"), unit="locale", width=160),
        ],
        hidden=["organization_id", "workspace_id", "rate_limit_group"],
        sort="Group",
        descending=False,
    )
