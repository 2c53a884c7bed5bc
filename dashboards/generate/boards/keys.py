"""Which keys and people there are, what they spend, and which of them need a look."""

from typing import Any

from . import config, variables
from .config import COUNT, KEY, SECONDS, SEL, USD, WORKSPACE
from .page import Line, Section, page
from .panels import Panel, Query, Text, bars, daily, day_bars, lines, stat
from .promql import at_zero, gained, info, of_day, rate, sorted_top, with_key, with_workspace
from .tables import Column, table

_BY = "organization_id, api_key_id"
_ACTIVE = info("anthropic_api_key_info", "api_key_id", "status", f'{SEL}, {WORKSPACE}, {KEY}, status="active"')
_CHOSEN = f"{SEL}, {WORKSPACE}, {KEY}"
_OF_NOBODY = (
    f'group by ({_BY}) (anthropic_api_key_info{{{_CHOSEN}, status="active", owner_type="none", api_key_id!="none"}})'
)


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    description = "API keys with their age, use and spend, what about them needs a look, and who has access."
    chosen = (variables.workspace(), variables.api_key(), variables.lag())
    return page(config.KEYS, description, chosen, _sections())


def _sections() -> list[Section]:
    return [
        Section("", [Line(4, _tiles()), Line(8, [(_worries(), 24)])]),
        Section("Keys", [Line(12, [(_keys(), 24)])]),
        Section("Spend", [Line(9, _spend())]),
        Section("Access", [Line(6, _access()), Line(8, [(_activities(), 24)])]),
    ]


def _age(kind: str) -> str:
    return f"max by ({_BY}) (anthropic_api_key_{kind}{{{_CHOSEN}}})"


def _count(condition: str) -> str:
    """Count active keys of which something is true."""
    return at_zero(f"count(({condition})\nand on ({_BY}) {_ACTIVE})")


def _tiles() -> list[tuple[Panel, int]]:
    days = 86_400
    old, unused, soon = config.OLD_KEY_DAYS, config.UNUSED_KEY_DAYS, config.EXPIRY_DAYS
    expiry = f"max by ({_BY}) (anthropic_api_key_expires_timestamp_seconds{{{_CHOSEN}}}) - time()"
    tiles = [
        stat(
            Text("Active keys", "Keys that work."),
            COUNT,
            Query(at_zero(f'sum(anthropic_api_keys{{{SEL}, {WORKSPACE}, status="active"}})')),
            steps=config.CALM,
        ),
        stat(
            Text(f"Older than {old} days", "Active keys that are due to be replaced."),
            COUNT,
            Query(_count(f"{_age('age_seconds')} > {old * days}")),
            steps=config.NONE_GOOD,
        ),
        stat(
            Text(
                f"Unused for {unused} days", "Active keys that nobody seems to need. By usage, so at least that long."
            ),
            COUNT,
            Query(_count(f"{_age('unused_seconds')} > {unused * days}")),
            steps=config.NONE_GOOD,
        ),
        stat(
            Text(f"Expire within {soon} days", "Active keys that soon stop working."),
            COUNT,
            Query(_count(f"{expiry} < {soon * days}")),
            steps=config.NONE_GOOD,
        ),
        stat(
            Text("Without an owner", "Keys of somebody who has left, of an archived workspace, or of nobody."),
            COUNT,
            Query(at_zero(f"count(group by ({_BY}) (anthropic_api_key_orphaned{{{_CHOSEN}}})\nor {_OF_NOBODY})")),
            steps=config.NONE_GOOD,
        ),
        stat(
            Text("Policies violated", "Models used where the policies of the configuration do not allow them."),
            COUNT,
            Query(at_zero(f"count(anthropic_policy_violation{{{SEL}, {WORKSPACE}}} == 1)")),
            steps=config.NONE_ALLOWED,
        ),
    ]
    return [(tile, 4) for tile in tiles]


def _keys() -> Panel:
    labels = "api_key_name, workspace_id, status, owner_type"
    shown = f'max by ({_BY}, {labels}) (anthropic_api_key_info{{{_CHOSEN}, status!="archived"}})'
    # One row for each key, also in the moment in which its name or status changes.
    known = f"topk by ({_BY}) (1, {shown})"

    def of_key(values: str) -> str:
        return f"{values}\nand on ({_BY})\n{known}"

    spend = f"sum by ({_BY}) (anthropic_api_key_spend_month_to_date_usd{{{SEL}, {KEY}}})"
    tokens = gained("anthropic_api_key_usage_tokens_total", f"{SEL}, {KEY}", _BY, config.DAY)
    used = f"(time() - {_age('last_used_timestamp_seconds')})"
    expires = f"({_age('expires_timestamp_seconds')} - time())"
    return table(
        Text(
            "All keys",
            "Age, use and spend of each key. Last use is derived from usage: to the hour for two days, to the day "
            "before that. Archived keys are left out. none: use without a key, such as the Workbench.",
        ),
        [
            Column("Key", label="api_key_name", width=270),
            Column("Workspace", label="workspace_name", width=170),
            Column("Status", label="status", width=85),
            Column("Owner", label="owner_type", width=125),
            Column("Exists", with_workspace(f"({known})"), shown=False),
            Column("Age", of_key(_age("age_seconds")), unit=SECONDS, cell="text", steps=config.KEY_AGE, decimals=1),
            Column(
                "Last used, ago",
                of_key(used),
                unit=SECONDS,
                cell="text",
                steps=config.KEY_REST,
                decimals=1,
                nothing="not seen",
            ),
            Column(
                "Expires in",
                of_key(expires),
                unit=SECONDS,
                cell="text",
                steps=config.KEY_EXPIRY,
                decimals=1,
                nothing="never",
            ),
            Column("Tokens, 24 h", of_key(tokens), unit=COUNT, decimals=1),
            Column("Spent this month", of_key(spend), unit=USD, decimals=2),
        ],
        hidden=["organization_id", "workspace_id", "api_key_id"],
        sort="Spent this month",
    )


def _spend() -> list[tuple[Panel, int]]:
    month = f"sum by ({_BY}) (anthropic_api_key_spend_month_to_date_usd{{{SEL}, {KEY}}}) > 0"
    top = bars(
        Text(
            "This month by key",
            "Billed where the bill tells keys, elsewhere the bill of the workspace split by "
            "estimates. none: use without a key.",
            "not known yet",
        ),
        USD,
        Query(sorted_top(config.TOP, with_key(f"({month})")), "{{api_key_name}}"),
    )
    hourly = rate("anthropic_api_key_estimated_cost_usd_total", f"{SEL}, {KEY}", _BY, per=3600)
    # The largest at the end of the graph, so that they are the same keys all along.
    lately = f"increase(anthropic_api_key_estimated_cost_usd_total{{{SEL}, {KEY}}}[{config.DAY}] @ end())"
    largest = f"{hourly}\nand on ({_BY})\ntopk({config.TOP}, sum by ({_BY}) ({lately}))"
    hours = lines(
        Text(
            "Spend per hour by key",
            f"Tokens at list price; the {config.TOP} keys that spent most in the last 24 hours.",
        ),
        USD,
        Query(with_key(f"({largest})"), "{{api_key_name}}", config.KEY_STEP),
        stacked=True,
    )
    return [(top, 9), (hours, 15)]


def _worries() -> Panel:
    days = 86_400
    orphaned = f"anthropic_api_key_orphaned{{{_CHOSEN}"
    expiry = f"({_age('expires_timestamp_seconds')} - time())"
    worries = {
        "the owner of the key has left": f'max by ({_BY}) ({orphaned}, reason="owner_left"}})',
        "the workspace of the key is archived": f'max by ({_BY}) ({orphaned}, reason="workspace_archived"}})',
        "nobody is known to own the key": _OF_NOBODY,
        f"expires within {config.EXPIRY_DAYS} days": f"{expiry} < {config.EXPIRY_DAYS * days}",
        f"unused for {config.UNUSED_KEY_DAYS} days": f"{_age('unused_seconds')} > {config.UNUSED_KEY_DAYS * days}",
    }
    keys = "\nor\n".join(f'label_replace({values}, "what", "{what}", "", "")' for what, values in worries.items())
    labels = "api_key_name, workspace_id"
    known = f"topk by ({_BY}) (1, max by ({_BY}, {labels}) (anthropic_api_key_info{{{_CHOSEN}}}))"
    of_keys = f"(\n{keys}\n)\n* on ({_BY}) group_left ({labels})\n{known}"
    policies = f"anthropic_policy_violation{{{SEL}, {WORKSPACE}}} == 1"
    of_models = f'label_replace({policies}, "what", "not allowed by policy $1", "policy", "(.+)")'
    by = "group by (organization_id, workspace_id, thing, what)"
    everything = "\nor\n".join(
        f'{by} (label_replace(\n{values}\n, "thing", "$1", "{name}", "(.+)"))'
        for values, name in ((of_models, "model"), (of_keys, "api_key_name"))
    )
    return table(
        Text(
            "To look after",
            "Models that a policy of the configuration does not allow, and active keys that nobody "
            "owns, nobody uses, or that soon expire.",
            "nothing to look after",
        ),
        [
            Column("What", label="what", width=420),
            Column("Key or model", label="thing", width=420),
            Column("Workspace", label="workspace_name"),
            Column("Now", with_workspace(f"(\n{everything}\n)"), shown=False),
        ],
        hidden=["organization_id", "workspace_id"],
        sort="What",
        descending=False,
    )


def _access() -> list[tuple[Panel, int]]:
    members = bars(
        Text("Members by role", "People of the organization."),
        COUNT,
        Query(sorted_top(config.BARS, f"sum by (role) (anthropic_members{{{SEL}}})"), "{{role}}"),
    )
    in_workspaces = f"sum by (organization_id, workspace_id) (anthropic_workspace_members{{{SEL}, {WORKSPACE}}})"
    workspace_members = bars(
        Text("Members by workspace", "Those who were added to a workspace; the default workspace has none of its own."),
        COUNT,
        Query(sorted_top(config.BARS, with_workspace(in_workspaces)), "{{workspace_name}}"),
    )
    invites = bars(
        Text("Invites by status", "Pending ones can still be accepted.", "no invites"),
        COUNT,
        Query(sorted_top(config.BARS, f"sum by (status) (anthropic_invites{{{SEL}}})"), "{{status}}"),
    )
    workspaces = bars(
        Text("Workspaces by status", "The default workspace is one of them."),
        COUNT,
        Query(sorted_top(config.BARS, f"sum by (status) (anthropic_workspaces{{{SEL}}})"), "{{status}}"),
    )
    keys = bars(
        Text("Keys by status", "Inactive keys are switched off and can be switched on again."),
        COUNT,
        Query(
            sorted_top(config.BARS, f"sum by (status) (anthropic_api_keys{{{SEL}, {WORKSPACE}}})"),
            "{{status}}",
        ),
    )
    return [(members, 6), (workspace_members, 6), (invites, 4), (workspaces, 4), (keys, 4)]


def _activities() -> Panel:
    return day_bars(
        Text(
            "Activities per day",
            "What the compliance feed tells, by type of activity. The collector compliance is off by default.",
            "the compliance feed is not read",
        ),
        COUNT,
        daily(f"{of_day('anthropic_compliance_activities_total', SEL, 'activity_type')} > 0", "{{activity_type}}"),
    )
