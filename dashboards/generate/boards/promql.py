"""Pieces of PromQL that several panels share: names joined to values, days, sums of rates."""

from .config import CALENDAR_DAY, DAY_SHIFT, RATE, SEL


def info(metric: str, key: str, name: str, matchers: str = SEL, seen: str = "") -> str:
    """Return an expression with one series of value 1 for each ID, and its name.

    Args:
        seen: a window and a shift; a name counts that was there at any time of it.

    A name that changes is for a moment there twice, from two exporters or two scrapes: ``topk`` takes one, where
    ``max by`` alone would leave both and the join would fail.
    """
    by = f"organization_id, {key}"
    found = f"last_over_time({metric}{{{matchers}}}{seen})" if seen else f"{metric}{{{matchers}}}"
    return f"topk by ({by}) (1, max by ({by}, {name}) ({found}))"


def named(values: str, metric: str, key: str, name: str, seen: str = "") -> str:
    """Join a name to values by an ID, and show the ID where there is no name: no row gets lost."""
    on = f"on (organization_id, {key})"
    return (
        f"({values})\n* {on} group_left ({name})\n  {info(metric, key, name, seen=seen)}\n"
        f'or {on}\n  label_replace({values}, "{name}", "$1", "{key}", "(.+)")'
    )


def with_workspace(values: str, *, of_days: bool = False) -> str:
    """Join ``workspace_name``; values carry organization_id and workspace_id.

    Args:
        of_days: values look at the day that begins at each point, so names have to as well.
    """
    seen = f"[{CALENDAR_DAY}] {DAY_SHIFT}" if of_days else ""
    return named(values, "anthropic_workspace_info", "workspace_id", "workspace_name", seen)


def with_key(values: str) -> str:
    """Join ``api_key_name``; values carry organization_id and api_key_id."""
    return named(values, "anthropic_api_key_info", "api_key_id", "api_key_name")


def with_group(values: str) -> str:
    """Join ``rate_limit_group_name``; values carry organization_id and rate_limit_group."""
    return named(values, "anthropic_rate_limit_group_info", "rate_limit_group", "rate_limit_group_name")


def rate(metric: str, matchers: str, by: str, *, per: int = 1, lag: bool = True) -> str:
    """Return what a counter gains in so many seconds, by labels.

    Args:
        lag: whether the graph can be moved back by the variable ``lag``, to where the use was.
    """
    factor = f"{per} * " if per != 1 else ""
    shift = " offset -$lag" if lag else ""
    return f"{factor}sum by ({by}) (rate({metric}{{{matchers}}}[{RATE}]{shift}))"


def gained(metric: str, matchers: str, by: str, window: str) -> str:
    """Return what a counter gained in a window; without labels the sum of all."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (increase({metric}{{{matchers}}}[{window}]))"


def of_day(metric: str, matchers: str, by: str) -> str:
    """Return what a counter gained on the UTC day that begins at each point; for queries with a step of one day."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (increase({metric}{{{matchers}}}[{CALENDAR_DAY}] {DAY_SHIFT}))"


def sorted_top(count: int, values: str) -> str:
    """Return the largest, the largest first; for instant queries."""
    return f"sort_desc(topk({count},\n{values}\n))"


def short_model(values: str) -> str:
    """Add the label ``shown``: the model without its date, or what it is that no model is paid for.

    Beside ``model`` and not in its place, for two dates of a model are two series.
    """
    shown = f'label_replace({values}, "shown", "$1", "model", "(.+)")'
    shown = f'label_replace({shown}, "shown", "$1", "model", "(.+)-20[0-9]{{6}}")'
    return f'label_replace({shown}, "shown", "not by token", "model", "none")'


def by_model(metric: str, matchers: str) -> str:
    """Add up a gauge by model; to be shown as ``shown``."""
    return short_model(f"sum by (model) ({metric}{{{matchers}}}) > 0")


def at_zero(values: str) -> str:
    """Count nothing as 0, where the exporter is known to be there: an absent exporter stays absent."""
    return f"{values}\nor\n0 * max(anthropic_exporter_credential_valid{{{SEL}}})"
