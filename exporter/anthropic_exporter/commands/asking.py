"""Everything of one organization asked once, and what that comes to.

Only imported to ask: a wrong setting need not wait for the HTTP client.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.commands.asked import Asked
from anthropic_exporter.commands.endpoints import probes
from anthropic_exporter.commands.probes import Credential, Probe, Rows, attempt, judge
from anthropic_exporter.commands.progress import progress
from anthropic_exporter.commands.series import estimate
from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.durations import format_duration
from anthropic_exporter.errors import PollError, Unavailable
from anthropic_exporter.expose.family import Family
from anthropic_exporter.secrets import ENTERPRISE_PREFIX, looks_like_inference_key
from anthropic_exporter.utc import MINUTE

_AS_ABOVE = "as above"
_CLOCK_SECONDS = 5 * MINUTE
_UNKNOWN = 404


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one organization after all was asked.

    Args:
        good: whether everything is usable that it has.
        rows: of the table, a row for each endpoint.
        series: how many there will be, by family.
        remark: what is to be said below the table, or "".
    """

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


def ask(settings: Settings, organization: OrganizationSettings, now: float) -> Answer:
    """Ask all endpoints of an organization that its settings make the exporter read."""
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
    remark = f"Nothing answers at {organization.base_url}; the other endpoints were not asked." if unheard else ""
    wrong_clock = _wrong_clock(api.clock_ahead)
    return Answer(
        all(outcome.good for outcome in outcomes) and any(outcome.found for outcome in outcomes) and not wrong_clock,
        list(_without_repeats([outcome.row for outcome in outcomes])),
        estimate(settings, organization, found, now) if found else {},
        remark or wrong_clock,
    )


def _wrong_clock(ahead: float | None) -> str:
    """Say by how much this machine's clock is wrong, or nothing: reports of the wrong days look like no usage."""
    if ahead is None or abs(ahead) < _CLOCK_SECONDS:
        return ""
    by = format_duration(abs(ahead) // MINUTE * MINUTE)
    return f"The clock of this machine is {by} {'ahead of' if ahead > 0 else 'behind'} the API's; set it (NTP)."


def _attempts(probes: Iterable[Probe], base_url: str) -> Iterator[tuple[Probe, Rows | PollError]]:
    """Make one request after the other. Where the first is not answered at all the others would wait as long."""
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
