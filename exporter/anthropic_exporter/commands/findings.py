"""What ``demo`` prints once the exporter is ready: where to look, and what is there."""

import ssl
import threading

import click
import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.config import ListenAddress, Settings

_WORDS = {"none", "__other__"}  # stand in for an ID
_PAUSE = 0.2
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def announce(settings: Settings, address: ListenAddress, stopped: threading.Event) -> None:
    """Wait until the exporter is ready, then print its URL, what it found, and how to stop it."""
    scheme = "http" if settings.web.config_file is None else _scheme(settings)
    host = ListenAddress(_EVERYWHERE.get(address.host, address.host), address.port)
    # Our own process on this machine, whose certificate may be for any name; no proxy is between us.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with httpx.Client(base_url=f"{scheme}://{host}", verify=context, trust_env=False, timeout=10) as client:
        if not _wait(client, stopped):
            return
        url = f"{scheme}://{host}{settings.web.telemetry_path}"
        reply = client.get(settings.web.telemetry_path)
        lines = [f"ready: {url}"]
        if reply.is_success:
            lines.append(f"found: {found(reply.text)}")
        click.echo("\n".join([*lines, "stop with Ctrl-C"]))


def _scheme(settings: Settings) -> str:
    file = settings.web.config_file
    return "https" if file is not None and "tls_server_config" in file.read_text(encoding="utf-8") else "http"


def _wait(client: httpx.Client, stopped: threading.Event) -> bool:
    """Return True as soon as the exporter is ready (or wants a password), False when it was stopped before."""
    while not stopped.wait(_PAUSE):
        try:
            if client.get("/-/ready").status_code in {httpx.codes.OK, httpx.codes.UNAUTHORIZED}:
                return True
        except httpx.TransportError:
            continue
    return False


def found(exposition: str) -> str:
    """Say in a line what an exposition tells about its organization."""
    families = {family.name: family for family in text_string_to_metric_families(exposition)}
    name = next(
        iter(_values(families.get("anthropic_organization_info"), "organization_name")), "an organization"
    )
    counts = [
        _count(families.get("anthropic_workspace_info"), "workspace_id", "workspace"),
        _count(families.get("anthropic_api_key_info"), "api_key_id", "API key"),
        _count(families.get("anthropic_usage_today_tokens"), "model", "model"),
    ]
    tokens = _sum(families.get("anthropic_usage_today_tokens"))
    spend = _sum(families.get("anthropic_spend_today_usd"))
    return f"{name} with {', '.join(counts)}; today {tokens:,.0f} tokens and {spend:,.2f} USD"


def _values(family: Metric | None, label: str) -> list[str]:
    return sorted({sample.labels[label] for sample in family.samples}) if family else []


def _count(family: Metric | None, label: str, noun: str) -> str:
    count = len(set(_values(family, label)) - _WORDS)
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _sum(family: Metric | None) -> float:
    return sum(sample.value for sample in family.samples) if family else 0.0
