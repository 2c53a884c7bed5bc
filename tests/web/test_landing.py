import base64
import hashlib
import re
from dataclasses import fields, replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter import __version__
from anthropic_exporter.web import landing
from web.pretend_site import NOW, ORGANIZATION, READY, USAGE

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """The elements and words of a page; fails on one that is not closed in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.seen, self.words, self.attributes = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"] and data.strip():
            self.words.append(data.strip())

    @property
    def text(self):
        return " ".join(self.words)


def page(status=READY):
    return Page(landing.page(status, now=NOW, telemetry_path="/metrics"))


def with_collectors(*collectors, **changes):
    return replace(READY, organizations=(replace(ORGANIZATION, collectors=collectors, **changes),))


STARTING = replace(USAGE, state="starting", last_success=None, duration_seconds=None)
FAILING = replace(
    USAGE, state="failing", error="GET /v1/x: 529 overloaded", advice="Wait a little.", last_success=NOW - 900
)


def test_it_tells_version_organization_collectors_and_the_newest_data():
    text = page().text
    assert f"Version {__version__}" in text
    assert "Acme main · 7c1d0a52-90f4-4f7e-8d5e-6a4b3c2d1e0f up" in text
    assert "Newest usage 5 min ago" in text
    assert "Newest billed cost 25 h ago" in text
    assert "usage /v1/organizations/usage_report/messages ok 30 s ago 1 min 450 ms" in text
    assert "ready" in text


def test_it_links_to_metrics_health_readiness_and_docs():
    links = [value for tag, name, value in page().attributes if tag == "a" and name == "href"]
    assert links == ["/metrics", "/-/healthy", "/-/ready", landing.DOCS_URL]


def test_it_loads_nothing_and_runs_nothing():
    shown = page()
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(shown.seen)
    assert not [name for _, name, _ in shown.attributes if name.startswith("on") or name in {"style", "src"}]


def test_its_policy_allows_its_own_style_and_no_more():
    style = re.search(r"<style>(.*)</style>", landing.page(READY, now=NOW, telemetry_path="/"), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = landing.HEADERS["Content-Security-Policy"]
    assert f"default-src 'none'; style-src 'sha256-{digest}';" in policy
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_it_shows_the_error_and_what_to_do():
    text = page(with_collectors(USAGE, replace(FAILING, name="cost"), up=False)).text
    assert "cost: failing GET /v1/x: 529 overloaded Wait a little." in text
    assert "partly down" in text
    assert "cost /v1/organizations/usage_report/messages failing 15 min ago" in text


def test_a_problem_of_every_collector_is_told_once():
    failing = [
        replace(FAILING, name=name, error="401: invalid x-api-key") for name in ("organization", "usage", "cost")
    ]
    disabled = replace(STARTING, name="compliance", state="disabled")
    text = page(with_collectors(*failing, disabled, up=False, credential_valid=False)).text
    assert text.count("401: invalid x-api-key") == 1
    assert "every collector: failing" in text
    assert "Admin key refused" in text
    assert " down " in text


def test_one_problem_of_several_collectors_is_told_once_though_each_had_a_request_of_its_own():
    errors = {name: f"GET /v1/{name}: HTTP 401: invalid x-api-key (req_01{name})" for name in ("usage", "cost")}
    failing = [replace(FAILING, name=name, error=error) for name, error in errors.items()]
    text = page(with_collectors(*failing, replace(USAGE, name="members"), up=False)).text
    assert "usage, cost: failing HTTP 401: invalid x-api-key Wait a little." in text
    alone = page(with_collectors(failing[0], replace(USAGE, name="members"), up=False)).text
    assert f"usage: failing {errors['usage']}" in alone


def test_different_problems_are_told_apart():
    text = page(with_collectors(USAGE, FAILING, replace(FAILING, name="cost", error="another"), up=False)).text
    assert "usage: failing GET /v1/x: 529 overloaded" in text
    assert "cost: failing another" in text


def test_what_is_not_supported_is_no_failure_but_is_explained():
    unsupported = replace(FAILING, name="spend_limits", state="not supported", error="403", advice="Needs a scope.")
    text = page(with_collectors(USAGE, unsupported)).text
    assert "spend_limits: not supported 403 Needs a scope." in text
    assert "failing" not in text


def test_before_the_first_read_it_says_what_it_waits_for():
    organization = replace(
        ORGANIZATION, id="main", name="", up=None, credential_valid=None, newest_usage=None, newest_cost=None
    )
    status = replace(READY, ready=False, organizations=(replace(organization, collectors=(STARTING,)),))
    text = page(status).text
    assert "Waiting for the first full read." in text
    assert "not ready" in text
    assert "Newest usage not yet" in text
    assert "starting Newest usage" in text
    assert "Admin key not known yet" in text  # neither accepted nor refused
    assert "1970" not in text


def test_each_organization_has_its_own_part():
    other = replace(ORGANIZATION, alias="other", id="other-id", name="Other & Sons")
    text = page(replace(READY, organizations=(ORGANIZATION, other))).text
    assert "Acme" in text
    assert "Other & Sons other · other-id up" in text


def test_an_organization_that_stands_twice_in_the_settings_is_told_so():
    again = replace(ORGANIZATION, alias="again", shown_as="main")
    text = page(replace(READY, organizations=(ORGANIZATION, again))).text
    assert text.count("again and main have keys of one organization Its metrics are shown once.") == 1


HOSTILE = "<script>alert('x')</script>\"&\ud800\0"


@given(st.text() | st.just(HOSTILE))
def test_whatever_upstream_sends_is_text_and_nothing_else(words):
    collector = replace(FAILING, name=words, error=words, advice=words, source=words)
    organization = replace(ORGANIZATION, alias=words, id=words, name=words, shown_as=words, collectors=(collector,))
    html = landing.page(replace(READY, organizations=(organization,)), now=NOW, telemetry_path=words)
    html.encode()
    tame = landing.page(
        replace(
            READY,
            organizations=(
                replace(
                    organization,
                    alias="tame" if words else "",
                    shown_as="tame" if words else "",
                    id="tame" if words else "",
                    name="tame" if words else "",
                    collectors=(
                        replace(
                            collector,
                            name="tame" if words else "",
                            error="tame" if words else "",
                            advice="tame" if words else "",
                            source="tame" if words else "",
                        ),
                    ),
                ),
            ),
        ),
        now=NOW,
        telemetry_path="/",
    )
    assert re.findall(r"<[^>]*?[ >]", html) == re.findall(r"<[^>]*?[ >]", tame)


@pytest.mark.parametrize("name", [each.name for each in fields(USAGE) if each.type in {str, "str"}])
def test_every_text_of_a_collector_is_escaped(name):
    shown = landing.page(with_collectors(replace(FAILING, **{name: HOSTILE})), now=NOW, telemetry_path="/")
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
