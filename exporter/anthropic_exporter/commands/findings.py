"""What ``demo`` prints once the exporter is ready: where to look, and what is there."""

import click
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.web.app import Site

_WORDS = {"none", "__other__"}  # stand in for an ID
# Best knowledge first; which of them has a value depends on what the API has answered so far.
_SPEND = ("anthropic_spend_today_usd", "anthropic_estimated_cost_today_usd")


def announce(url: str, site: Site) -> None:
    """Print the URL of the metrics, what they tell about the organization, and how to stop.

    Args:
        url: of the metrics.
        site: whose first exposition is whole.
    """
    click.echo(f"ready: {url}\nfound: {found(site.exposition().body().decode())}\nstop with Ctrl-C")


def found(exposition: str) -> str:
    """Say in a line what an exposition tells about its organization; what is not known is left out."""
    families = {family.name: family for family in text_string_to_metric_families(exposition)}
    name = next(iter(_values(families.get("anthropic_organization_info"), "organization_name")), "an organization")
    tokens = families.get("anthropic_usage_today_tokens")
    counts = [
        _count(families.get("anthropic_workspace_info"), "workspace_id", "workspace"),
        _count(families.get("anthropic_api_key_info"), "api_key_id", "API key"),
        _count(tokens, "model", "model"),
    ]
    today = [f"{_sum(tokens):,.0f} tokens"] if tokens else []
    today += [f"{_sum(families[family]):,.2f} USD" for family in _SPEND if family in families][:1]
    return f"{name} with {', '.join(counts)}" + (f"; today {' and '.join(today)}" if today else "")


def _values(family: Metric | None, label: str) -> list[str]:
    return sorted({sample.labels[label] for sample in family.samples}) if family else []


def _count(family: Metric | None, label: str, noun: str) -> str:
    count = len(set(_values(family, label)) - _WORDS)
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _sum(family: Metric) -> float:
    return sum(sample.value for sample in family.samples)
