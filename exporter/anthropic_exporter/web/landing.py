"""The page at ``/``: what a person wants to know first. No script, and nothing from elsewhere.

Everything on it is escaped, also what upstream sent; nothing on it comes from the request.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from html import escape

from anthropic_exporter import __version__
from anthropic_exporter.expose.escape import well_formed
from anthropic_exporter.status import CollectorState, CollectorStatus, OrganizationStatus, Status
from anthropic_exporter.web.landing_style import STYLE
from anthropic_exporter.web.words import ago, duration, moment

DOCS_URL = "https://platform.claude.com/docs/en/manage-claude/usage-cost-api"

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

#: The colour of a state; the word stands beside it.
_TONES: dict[CollectorState, str] = {
    "ok": "good",
    "failing": "bad",
    "starting": "wait",
    "not supported": "off",
    "disabled": "off",
}

_OF_ONE_REQUEST = re.compile(r"^GET \S+: | \(req_\w+\)$")
_NEVER = '<span class="quiet">not yet</span>'


def page(status: Status, *, now: float, telemetry_path: str) -> str:
    """Return the page as HTML. ``now`` is seconds since 1970."""
    ready = _pill("good", "ready") if status.ready else _pill("wait", "not ready")
    organizations = "".join(_organization(each, now) for each in status.organizations)
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>anthropic-exporter</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<div><h1>anthropic-exporter</h1><p>Version {escape(__version__)}, for the Anthropic Admin API</p></div>
{ready}
</header>
<nav>
<a class="main" href="{escape(telemetry_path)}">Metrics</a>
<a href="/-/healthy">Health</a>
<a href="/-/ready">Readiness</a>
<a href="{DOCS_URL}" rel="noreferrer">Admin API docs</a>
</nav>
<main>
{_waiting(status)}{organizations}</main>
<footer>Started {_since(status.started_at, now)}. As of {moment(now)}.</footer>
</body>
</html>
"""
    return well_formed(html)


def _waiting(status: Status) -> str:
    if status.ready:
        return ""
    return (
        '<p class="note wait"><strong>Waiting for the first full read.</strong> Until it is there,'
        " the metrics are those of the exporter itself and /-/ready answers 503.</p>\n"
    )


def _organization(organization: OrganizationStatus, now: float) -> str:
    rows = "\n".join(_row(each, now) for each in organization.collectors)
    title = organization.name or organization.alias
    names = [each for each in (organization.alias, organization.id) if each != title]
    named = " &middot; ".join(f"<code>{escape(each)}</code>" for each in dict.fromkeys(names))
    return f"""<section>
<div class="title"><div><h2>{escape(title)}</h2><p>{named}</p></div>
{_up(organization)}</div>
<dl>
<div><dt>Newest usage</dt><dd>{_since(organization.newest_usage, now)}</dd></div>
<div><dt>Newest billed cost</dt><dd>{_since(organization.newest_cost, now)}</dd></div>
<div><dt>Admin key</dt><dd>{_credential(organization)}</dd></div>
</dl>
{_doubled(organization)}{_notes(organization.collectors, "failing")}<table>
<thead><tr><th>Collector</th><th>State</th><th>Last success</th><th>Every</th><th>Took</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
{_notes(organization.collectors, "not supported")}</section>
"""


def _up(organization: OrganizationStatus) -> str:
    if organization.up is None:
        return _pill("wait", "starting")
    if organization.up:
        return _pill("good", "up")
    partly = any(each.state == "ok" for each in organization.collectors)
    return _pill("bad", "partly down" if partly else "down")


def _credential(organization: OrganizationStatus) -> str:
    if organization.credential_valid is None:
        return '<span class="quiet">not known yet</span>'
    return "accepted" if organization.credential_valid else '<span class="bad">refused</span>'


def _doubled(organization: OrganizationStatus) -> str:
    if not organization.shown_as:
        return ""
    both = f"{escape(organization.alias)} and {escape(organization.shown_as)}"
    return (
        f'<div class="note bad"><strong>{both} have keys of one organization</strong><span>Its metrics are shown once.'
        " Take one of the two out of the settings, or give it the key that was meant.</span></div>\n"
    )


def _row(collector: CollectorStatus, now: float) -> str:
    source = f"<small>{escape(collector.source)}</small>" if collector.source else ""
    active = collector.state not in {"disabled", "not supported"}
    success = _since(collector.last_success, now) if active or collector.last_success else "&ndash;"
    took = "&ndash;" if collector.duration_seconds is None else duration(collector.duration_seconds)
    every = "&ndash;" if collector.state == "disabled" else duration(collector.interval_seconds)
    return (
        f'<tr class="{_TONES[collector.state]}"><th scope="row">{escape(collector.name)}{source}</th>'
        f'<td data-label="State"><span class="state">{escape(collector.state)}</span></td>'
        f'<td data-label="Last success">{success}</td>'
        f'<td data-label="Every">{every}</td>'
        f'<td data-label="Took">{took}</td></tr>'
    )


def _notes(collectors: Sequence[CollectorStatus], state: CollectorState) -> str:
    """Tell each problem once, with the collectors it concerns: a bad key is one problem, not twelve."""
    problems: dict[tuple[str, str], list[CollectorStatus]] = {}
    for each in collectors:
        if each.state == state and (each.error or each.advice):
            problems.setdefault((_alike(each.error), each.advice), []).append(each)
    enabled = sum(each.state != "disabled" for each in collectors)
    return "".join(
        _note(
            state,
            "every collector" if len(concerned) == enabled > 1 else ", ".join(each.name for each in concerned),
            concerned[0].error if len(concerned) == 1 else error,
            advice,
        )
        for (error, advice), concerned in problems.items()
    )


def _alike(error: str) -> str:
    """Return what an error says without the endpoint and the number of the request, which are different each time."""
    return _OF_ONE_REQUEST.sub("", error)


def _note(state: CollectorState, names: str, error: str, advice: str) -> str:
    what = f"<code>{escape(error)}</code>" if error else ""
    todo = f"<span>{escape(advice)}</span>" if advice else ""
    return f'<div class="note {_TONES[state]}"><strong>{escape(names)}: {state}</strong>{what}{todo}</div>\n'


def _since(when: float | None, now: float) -> str:
    if when is None:
        return _NEVER
    return f'<time datetime="{moment(when, machine=True)}" title="{moment(when)}">{ago(now - when)}</time>'


def _pill(tone: str, word: str) -> str:
    return f'<span class="pill {tone}">{word}</span>'
