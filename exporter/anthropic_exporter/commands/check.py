"""``check``: whether the settings, the key and each endpoint work, and how many series there will be."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from anthropic_exporter import logs
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.progress import progress
from anthropic_exporter.commands.table import print_table
from anthropic_exporter.config import OrganizationSettings, Settings, load
from anthropic_exporter.config.organizations import counted_twice
from anthropic_exporter.errors import PollError, Unavailable
from anthropic_exporter.expose.family import Family
from anthropic_exporter.secrets import ENTERPRISE_PREFIX, looks_like_inference_key

if TYPE_CHECKING:
    from anthropic_exporter.commands.probes import Probe, Rows

_HEADER = ("collector", "endpoint", "status", "rows", "what to do")
_AS_ABOVE = "as above"
_UNKNOWN = 404


@click.command()
@settings_flags
def check(**given: object) -> int:
    """Resolve settings and secrets, call each enabled endpoint once, print what works and how many series that makes.

    Exit status: 0 when everything is usable that the organization has, 1 when something is not, 2 when the settings
    are bad.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    logs.configure("error" if settings.log.level == "info" else settings.log.level, settings.log.format)
    answers = [_ask(settings, organization, now) for organization in settings.organizations]
    several = len(answers) > 1
    for number, (organization, answer) in enumerate(zip(settings.organizations, answers, strict=True)):
        if several:
            click.echo(f"{'' if number == 0 else chr(10)}organization {organization.alias}, {organization.base_url}\n")
        _print(settings, answer)
    for parent, child in counted_twice(settings.organizations):
        click.echo(f"\n{parent} has all of its children in it: sums over organization_id count {child} twice")
    return 0 if all(answer.good for answer in answers) else 1


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is known of one organization after all was asked."""

    good: bool
    rows: Sequence[tuple[str, ...]]
    series: Mapping[Family, int]
    remark: str = ""


class _Unobserved:
    """An observer that is not interested."""

    def request(self, endpoint: str, code: str, seconds: float) -> None:
        """Take note of nothing."""

    def drift(self, endpoint: str, kind: str, name: str) -> None:
        """Take note of nothing."""

    def credential(self, valid: bool) -> None:
        """Take note of nothing."""


class _Forgetful:
    """What is remembered until the table is printed."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return what was remembered, or None."""
        return self._kept.get(key)

    def set(self, key: str, value: str) -> None:
        """Remember a text."""
        self._kept[key] = value


def _ask(settings: Settings, organization: OrganizationSettings, now: float) -> _Answer:
    """Ask all endpoints of an organization."""
    # Only this command pays for the HTTP client; a wrong setting need not wait for it.
    from anthropic_exporter.api.admin import AdminApi  # noqa: PLC0415
    from anthropic_exporter.api.pacing import Pacer  # noqa: PLC0415
    from anthropic_exporter.commands.asked import Asked  # noqa: PLC0415
    from anthropic_exporter.commands.endpoints import probes  # noqa: PLC0415
    from anthropic_exporter.commands.probes import Credential, judge  # noqa: PLC0415
    from anthropic_exporter.commands.series import estimate  # noqa: PLC0415

    api = AdminApi(
        base_url=organization.base_url,
        credential=organization.credential,
        pacer=Pacer(settings.upstream.requests_per_minute),
        timeout=settings.upstream.timeout,
        observer=_Unobserved(),
        stop=threading.Event(),
        organization_id=organization.organization_id,
        org_scoped=organization.source == "org-scoped",
    )
    key = organization.credential.value()
    asked = Asked(api, settings, organization.source, now, bool(organization.organization_id), _Forgetful())
    try:
        answers = list(_attempts(probes(asked), organization.base_url))
    finally:
        progress("")
        api.close()
    # Only now is it known whom the answers came from.
    asked_for = [answer for _, answer in answers if not (isinstance(answer, PollError) and answer.status is None)]
    credential = Credential(
        inference=looks_like_inference_key(key),
        enterprise=key.startswith(ENTERPRISE_PREFIX),
        org_scoped=asked.scoped,
        elsewhere=all(isinstance(answer, PollError) and answer.status == _UNKNOWN for answer in asked_for),
    )
    outcomes = [judge(probe, answer, credential) for probe, answer in answers]
    found = [each for outcome in outcomes for each in outcome.found]
    unheard = len(answers) == 1 and isinstance(answers[0][1], Unavailable) and answers[0][1].status is None
    return _Answer(
        all(outcome.good for outcome in outcomes) and any(outcome.found for outcome in outcomes),
        list(_without_repeats([outcome.row for outcome in outcomes])),
        estimate(settings, organization, found, now) if found else {},
        f"Nothing answers at {organization.base_url}; the other endpoints were not asked." if unheard else "",
    )


def _attempts(probes: "Iterable[Probe]", base_url: str) -> "Iterator[tuple[Probe, Rows | PollError]]":
    """Make one request after the other. Where the first is not answered at all the others would wait as long."""
    from anthropic_exporter.commands.probes import attempt  # noqa: PLC0415 - as in _ask

    for number, probe in enumerate(probes):
        progress(f"asking {base_url}{probe.endpoint}")
        answer = attempt(probe)
        yield probe, answer
        if number == 0 and isinstance(answer, Unavailable) and answer.status is None:
            return


def _without_repeats(rows: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows; an advice that was given before is not given again."""
    told: set[str] = set()
    for *cells, advice in rows:
        yield (*cells, _AS_ABOVE if advice in told and advice else advice)
        told.add(advice)


def _print(settings: Settings, answer: _Answer) -> None:
    from anthropic_exporter.commands import series  # noqa: PLC0415 - as above
    from anthropic_exporter.commands.asked import DAYS  # noqa: PLC0415

    print_table(_HEADER, answer.rows)
    if answer.remark:
        click.echo(f"\n{answer.remark}")
    if answer.series:
        click.echo(f"\nseries, estimated from what the last {DAYS} days used\n")
        print_table(series.HEADER, series.table(answer.series, settings.series.max_per_family))
