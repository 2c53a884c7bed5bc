"""``check``: whether the settings, the key and each endpoint work."""

import os
import threading
import time
from collections.abc import Sequence

import click

from anthropic_exporter import logs
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.table import print_table
from anthropic_exporter.config import OrganizationSettings, Settings, load
from anthropic_exporter.secrets import looks_like_inference_key

_HEADER = ("endpoint", "status", "rows", "what to do")


@click.command()
@settings_flags
def check(**given: object) -> int:
    """Resolve settings and secrets, call each enabled endpoint once, and print what works.

    Exit status: 0 when everything is usable, 1 when something is not, 2 when the settings are bad.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    logs.configure(settings.log.level, settings.log.format)
    tables = [_ask(settings, organization, now) for organization in settings.organizations]
    several = len(tables) > 1
    rows = [
        (organization.alias, *row) if several else row
        for organization, (_, table) in zip(settings.organizations, tables, strict=True)
        for row in table
    ]
    print_table(("organization", *_HEADER) if several else _HEADER, rows)
    return 0 if all(usable for usable, _ in tables) else 1


class _Unobserved:
    """An observer that is not interested."""

    def request(self, endpoint: str, code: str, seconds: float) -> None:
        """Take note of nothing."""

    def drift(self, endpoint: str, kind: str, name: str) -> None:
        """Take note of nothing."""

    def credential(self, valid: bool) -> None:
        """Take note of nothing."""


def _ask(settings: Settings, organization: OrganizationSettings, now: float) -> tuple[bool, Sequence[tuple[str, ...]]]:
    """Return whether all endpoints of an organization are usable, and a row of the table for each."""
    # Only this command pays for the HTTP client; a wrong setting need not wait for it.
    from anthropic_exporter.api.admin import AdminApi  # noqa: PLC0415
    from anthropic_exporter.api.pacing import Pacer  # noqa: PLC0415
    from anthropic_exporter.commands.probes import Asked, attempt, probes  # noqa: PLC0415

    api = AdminApi(
        base_url=organization.base_url,
        credential=organization.credential,
        pacer=Pacer(settings.upstream.requests_per_minute),
        timeout=settings.upstream.timeout,
        observer=_Unobserved(),
        stop=threading.Event(),
    )
    inference_key = looks_like_inference_key(organization.credential.value())
    try:
        asked = Asked(api, settings, organization.source, now)
        outcomes = [attempt(probe, inference_key=inference_key) for probe in probes(asked)]
    finally:
        api.close()
    return all(outcome.usable for outcome in outcomes), [outcome.row for outcome in outcomes]
