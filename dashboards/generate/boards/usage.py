"""Where the tokens go: by type, model, workspace, tier, speed and place."""

from typing import Any

from . import config, variables
from .config import COUNT, SEL, SHARE, WS
from .page import Line, Section, page
from .panels import Panel, Query, Text, bars, daily, day_bars, lines, models, rated, stat, token_types
from .promql import gained, of_day, rate, short_model, sorted_top, with_workspace
from .tables import Column, table

_TOKENS = "anthropic_usage_tokens_total"
_REQUESTS = "anthropic_usage_requests_total"
_ALL = f"{SEL}, {WS}"
_READ = f'{_ALL}, token_type="cache_read"'
_INPUT = f'{_ALL}, token_type!="output"'
_OUTPUT = f'{_ALL}, token_type="output"'
_TYPES = {
    "uncached_input": "Input",
    "cache_read": "Cache reads",
    "cache_creation_5m": "Cache writes, 5 min",
    "cache_creation_1h": "Cache writes, 1 h",
    "output": "Output",
}


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    description = "Tokens and requests, by everything that the API tells apart. Days and months are UTC."
    chosen = (variables.workspace(), variables.model(), variables.lag())
    return page(config.USAGE, description, chosen, _sections())


def _sections() -> list[Section]:
    return [
        Section("", [Line(4, _tiles())]),
        Section(
            "Tokens per minute",
            [
                Line(9, [(_by_type(), 12), (_by_model(), 12)]),
                Line(9, [(_by_workspace(), 12), (_per_day(), 12)]),
                Line(
                    7,
                    [
                        (_by("service_tier", "service tier", "Batch waits for its turn, priority is a commitment."), 8),
                        (_by("speed", "speed", "Fast costs more."), 8),
                        (_by("inference_geo", "place of inference", "Where the model ran, as far as it is told."), 8),
                    ],
                ),
            ],
        ),
        Section("How it is used", [Line(8, _habits()), Line(8, _requests())]),
        Section("This month", [Line(9, [(_month(), 24)])]),
    ]


def _tiles() -> list[tuple[Panel, int]]:
    today = f"sum(anthropic_usage_today_tokens{{{_ALL}}})"
    yesterday = f"sum(anthropic_usage_yesterday_tokens{{{_ALL}}})"
    share = f"{gained(_TOKENS, _READ, '', config.DAY)}\n/\n{gained(_TOKENS, _INPUT, '', config.DAY)}"
    tiles = [
        stat(
            Text("Tokens today", "Since midnight UTC, cache reads included.", "not known yet"),
            COUNT,
            Query(today),
            steps=config.CALM,
            decimals=1,
        ),
        stat(Text("Tokens yesterday", "The whole day, UTC.", "not known yet"), COUNT, Query(yesterday), decimals=1),
        stat(
            Text("Output tokens, 24 h", "What the models wrote."),
            COUNT,
            Query(gained(_TOKENS, _OUTPUT, "", config.DAY)),
            decimals=1,
        ),
        stat(
            Text(
                "Requests, 24 h", "As far as the API reports requests; their report is some hours late.", "not reported"
            ),
            COUNT,
            Query(gained(_REQUESTS, _ALL, "", config.DAY)),
            decimals=1,
        ),
        stat(
            Text("Input read from cache, 24 h", "Share of the input tokens that came from the prompt cache."),
            SHARE,
            Query(share),
            decimals=1,
        ),
        stat(
            Text("Web searches, 24 h", "Searches that models made on the server.", "none"),
            COUNT,
            Query(gained("anthropic_usage_web_search_requests_total", _ALL, "", config.DAY)),
            decimals=1,
        ),
    ]
    return [(tile, 4) for tile in tiles]


def _by_type() -> Panel:
    return token_types(
        lines(
            Text("By type", "Disjoint types: together they are all tokens."),
            COUNT,
            rated(rate(_TOKENS, _ALL, "token_type", per=60), "{{token_type}}"),
            stacked=True,
        )
    )


def _by_model() -> Panel:
    return models(
        lines(
            Text("By model", "All types of tokens."),
            COUNT,
            rated(f"{rate(_TOKENS, _ALL, 'model', per=60)} > 0", "{{model}}"),
            stacked=True,
        )
    )


def _by_workspace() -> Panel:
    values = f"({rate(_TOKENS, _ALL, 'organization_id, workspace_id', per=60)} > 0)"
    return lines(
        Text("By workspace", "All types of tokens."),
        COUNT,
        rated(with_workspace(values), "{{workspace_name}}"),
        stacked=True,
    )


def _per_day() -> Panel:
    return models(
        day_bars(
            Text("Tokens per day by model", "From midnight to midnight UTC, all types of tokens."),
            COUNT,
            daily(f"{of_day(_TOKENS, _ALL, 'model')} > 0", "{{model}}"),
        )
    )


def _by(label: str, name: str, description: str) -> Panel:
    return lines(
        Text(f"By {name}", description),
        COUNT,
        rated(f"{rate(_TOKENS, _ALL, label, per=60)} > 0", f"{{{{{label}}}}}"),
        stacked=True,
    )


def _habits() -> list[tuple[Panel, int]]:
    shares = lines(
        Text("Input read from cache by model", "Share of the input tokens of a model that came from the prompt cache."),
        SHARE,
        rated(f"{rate(_TOKENS, _READ, 'model')}\n/\n({rate(_TOKENS, _INPUT, 'model')} > 0)", "{{model}}"),
        most=1,
    )
    writes = f'{_ALL}, token_type=~"cache_creation_.+"'
    lifetimes = token_types(
        lines(
            Text(
                "Cache writes by lifetime",
                "Writes for 5 minutes and for 1 hour. Their prices differ: a shift between them moves the bill.",
            ),
            COUNT,
            rated(rate(_TOKENS, writes, "token_type", per=60), "{{token_type}}"),
            stacked=True,
        )
    )
    return [(models(shares), 12), (lifetimes, 12)]


def _requests() -> list[tuple[Panel, int]]:
    requests = lines(
        Text("Requests per minute by model", "Where the API reports requests, some hours late.", "not reported"),
        COUNT,
        Query(
            f"60 * sum by (model) (rate({_REQUESTS}{{{_ALL}}}[{config.ARRIVAL}])) > 0", "{{model}}", config.RATE_STEP
        ),
        stacked=True,
    )
    size = bars(
        Text("Tokens per request, 24 h", "All tokens of a model by its requests.", "requests are not reported"),
        COUNT,
        Query(
            sorted_top(
                config.BARS,
                short_model(
                    f"{gained(_TOKENS, _ALL, 'model', config.DAY)}\n"
                    f"/\n({gained(_REQUESTS, _ALL, 'model', config.DAY)} > 0)"
                ),
            ),
            "{{shown}}",
        ),
        decimals=1,
    )
    ratio = bars(
        Text("Output per input token, 24 h", "How much a model writes for what it reads, cached input included."),
        SHARE,
        Query(
            sorted_top(
                config.BARS,
                short_model(
                    f"{gained(_TOKENS, _OUTPUT, 'model', config.DAY)}\n"
                    f"/\n({gained(_TOKENS, _INPUT, 'model', config.DAY)} > 0)"
                ),
            ),
            "{{shown}}",
        ),
        decimals=1,
    )
    return [(models(requests), 12), (size, 6), (ratio, 6)]


def _month() -> Panel:
    by = "organization_id, workspace_id, model"

    def tokens(matchers: str) -> str:
        return f"(sum by ({by}) (anthropic_usage_month_to_date_tokens{{{matchers}}}) > 0)"

    return table(
        Text("Tokens by workspace and model", "Since the first of the month, UTC, as known now.", "not known yet"),
        [
            Column("Workspace", label="workspace_name", width=220),
            Column("Model", label="model", width=260),
            *(
                Column(header, tokens(f'{_ALL}, token_type="{kind}"'), unit=COUNT, decimals=1)
                for kind, header in _TYPES.items()
            ),
            Column("All", with_workspace(tokens(_ALL)), unit=COUNT, decimals=1),
        ],
        hidden=["organization_id", "workspace_id"],
        sort="All",
    )
