"""Which streams there are, and which metric families each of them feeds."""

from dataclasses import replace

from anthropic_exporter.collect import cost
from anthropic_exporter.config import Settings
from anthropic_exporter.ledger.book import Stream
from anthropic_exporter.money.account import Account
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.columns import ColumnPoster
from anthropic_exporter.money.daybook import Rules
from anthropic_exporter.money.postings import AmountPoster, UsageFamilies, UsagePoster
from anthropic_exporter.money.statement import Spending
from anthropic_exporter.records import MOST_DIMENSIONS
from anthropic_exporter.service import activity_streams

PRICE_DIMENSIONS = ("model", "service_tier", "inference_geo", "speed")
KEY_DIMENSIONS = ("api_key_id", *PRICE_DIMENSIONS)
KEY_LABELS = ("api_key_id", "model", "service_tier")

_USAGE = UsageFamilies(
    tokens="anthropic_usage_tokens_total",
    web_searches="anthropic_usage_web_search_requests_total",
    estimated="anthropic_estimated_cost_usd_total",
    by_token_type=True,
    unpriced="anthropic_unpriced_tokens_total",
    windows=True,
    cache_savings="anthropic_cache_read_savings_usd_total",
    cache_premium="anthropic_cache_write_premium_usd_total",
)
_KEYS = UsageFamilies(
    tokens="anthropic_api_key_usage_tokens_total",
    web_searches="",
    estimated="anthropic_api_key_estimated_cost_usd_total",
    by_token_type=False,
    unpriced="",
    windows=False,
    by_key=True,
)


def usage_dimensions(group_by: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the usage report is asked to group by.

    Beside the labels that is what moves a price, as far as five reach: an estimate can be right also where its
    labels do not tell why.
    """
    wanted = (*group_by, *(name for name in (*PRICE_DIMENSIONS, "workspace_id") if name not in group_by))
    return wanted[:MOST_DIMENSIONS]


def untold(group_by: tuple[str, ...]) -> tuple[str, ...]:
    """Return what five other labels leave no room for, though budgets, owners, policies and prices are made from it."""
    return tuple(name for name in ("workspace_id", "model") if name not in usage_dimensions(group_by))


def accounts(settings: Settings) -> tuple[Account, ...]:
    """Return every stream that the settings ask for."""
    found: list[Account] = []
    group_by = settings.usage.group_by
    asked = usage_dimensions(group_by)
    delay = settings.usage.settle_delay
    if settings.usage.enabled:
        found.append(_usage("usage", asked, group_by, _USAGE, delay))
        requests = AmountPoster(asked, group_by, "anthropic_usage_requests_total")
        found.append(_account("usage.requests", requests, delay))
    if settings.usage.enabled and settings.usage.per_api_key:
        found.append(_usage("api_key_usage", KEY_DIMENSIONS, KEY_LABELS, _KEYS, delay))
        requests = AmountPoster(KEY_DIMENSIONS, KEY_LABELS, "anthropic_api_key_usage_requests_total")
        found.append(_account("api_key_usage.requests", requests, delay))
    if settings.cost.enabled:
        found.extend(_cost(settings.cost.settle_delay))
    found.extend(activity_streams.accounts(settings))
    return tuple(found)


def spending(settings: Settings, accounts: Accounts, organization: str) -> Spending | None:
    """Return what makes statements of spend; None where neither usage nor cost is read.

    Args:
        organization: the alias, for budgets that are about one organization of several.
    """
    if not (settings.usage.enabled or settings.cost.enabled):
        return None
    matches = ((budget, budget.match.within(organization)) for budget in settings.budgets)
    budgets = tuple(replace(budget, match=match) for budget, match in matches if match is not None)
    rules = Rules(settings.ownership, budgets, settings.policies, settings.cost.calibrate)
    return Spending(accounts.days, rules)


def kept_labels(streams: tuple[Account, ...]) -> dict[str, tuple[int, ...]]:
    """Return for each family the positions of labels that an overflow series keeps."""
    kept: dict[str, tuple[int, ...]] = {}
    for account in streams:
        poster = account.poster
        if isinstance(poster, UsagePoster):
            kept[poster.families.tokens] = (len(poster.labels),)
            if poster.families.by_token_type:
                kept[poster.families.estimated] = (len(poster.labels),)
            if poster.families.unpriced:
                kept[poster.families.unpriced] = (1,)
            if poster.families.cache_premium:
                kept[poster.families.cache_premium] = (1,)
        elif isinstance(poster, ColumnPoster):
            kept |= activity_streams.kept_labels(poster)
        elif isinstance(poster, AmountPoster) and "token_type" in poster.labels:
            kept[poster.family] = (poster.labels.index("token_type"),)
    return kept


def _usage(
    name: str, dimensions: tuple[str, ...], labels: tuple[str, ...], families: UsageFamilies, delay: float
) -> Account:
    money = (families.estimated, families.unpriced, families.cache_savings, families.cache_premium)
    priced = tuple(name for name in money if name)
    counted = tuple(name for name in (families.tokens, families.web_searches) if name)
    return Account(
        stream=Stream(name, width=6, settle_delay=delay),
        poster=UsagePoster(dimensions, labels, families),
        families=(*counted, *priced),
        priced=priced,
        steady=tuple(name for name in money[1:] if name),
        identity=f"{','.join(dimensions)} as {','.join(labels)}",
    )


def _account(name: str, poster: AmountPoster, delay: float, *, settled_only: bool = False) -> Account:
    return Account(
        stream=Stream(name, width=1, settle_delay=delay, settled_only=settled_only, tiny=1000),
        poster=poster,
        families=(poster.family,),
        identity=f"{','.join(poster.dimensions)} as {','.join(poster.labels)}",
    )


def _cost(delay: float) -> list[Account]:
    posters = {
        cost.STREAM: AmountPoster(
            cost.DIMENSIONS,
            cost.DIMENSIONS,
            "anthropic_cost_usd_total",
            book="cost",
            by=("workspace_id", "model", "cost_type"),
        ),
        cost.LIST_STREAM: AmountPoster(cost.DIMENSIONS, cost.DIMENSIONS, "anthropic_list_cost_usd_total"),
        cost.KEY_STREAM: AmountPoster(
            cost.KEY_DIMENSIONS,
            cost.KEY_DIMENSIONS,
            "anthropic_api_key_cost_usd_total",
            book="key_cost",
            by=cost.KEY_DIMENSIONS,
        ),
    }
    return [_account(name, poster, delay, settled_only=True) for name, poster in posters.items()]
