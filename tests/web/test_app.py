from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.testclient import TestClient

from anthropic_exporter.expose.catalogue import COLLECTORS, families
from anthropic_exporter.expose.exposition import Exposition
from anthropic_exporter.web.app import create_app
from anthropic_exporter.web.negotiation import OPENMETRICS, TEXT
from web.pretend_site import READY, PretendSite

PATHS = ["/", "/metrics", "/-/healthy", "/-/ready"]


def client(site=None, **headers):
    """A client that asks for nothing that the test does not name."""
    made = TestClient(create_app(site or PretendSite()), follow_redirects=False)
    made.headers.clear()
    made.headers.update(headers)
    return made


def names(text):
    return {metric.name for metric in parse_text(text)}


def test_metrics_shows_the_exposition_then_what_is_only_known_now():
    site = PretendSite()
    answer = client(site).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == TEXT
    assert "content-encoding" not in answer.headers
    assert answer.content.startswith(site.shown.body())
    assert names(answer.text) >= {"anthropic_usage_tokens", "anthropic_up", "process_cpu_seconds", "python_info"}


def test_metrics_in_openmetrics_is_valid_as_a_whole():
    answer = client(accept="application/openmetrics-text;version=1.0.0").get("/metrics")
    assert answer.headers["content-type"] == OPENMETRICS
    assert answer.text.endswith("# EOF\n")
    assert answer.text.count("# EOF") == 1
    assert {metric.name for metric in parse_openmetrics(answer.text)} >= {"anthropic_usage_tokens", "anthropic_up"}


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_gzip_changes_the_coding_and_nothing_else(accept):
    plain = client(accept=accept).get("/metrics?collect[]=cost")
    packed = client(**{"accept": accept, "accept-encoding": "gzip"}).get("/metrics?collect[]=cost")
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.headers["content-type"] == plain.headers["content-type"]
    unchanging = [line for line in plain.text.splitlines() if not line.startswith("process_")]
    assert [line for line in packed.text.splitlines() if not line.startswith("process_")] == unchanging


def test_caches_are_told_what_the_answer_depends_on():
    assert client().get("/metrics").headers["vary"] == "Accept, Accept-Encoding"


def test_metrics_answers_before_anything_was_read():
    answer = client(PretendSite(shown=Exposition.of([]), now=replace(READY, ready=False))).get("/metrics")
    assert answer.status_code == 200
    assert "anthropic_up" in names(answer.text)


def test_collect_picks_collectors_and_the_exporter_itself_is_always_shown():
    shown = names(client().get("/metrics?collect[]=cost&collect[]=invites").text)
    rows = [row for row in families() if row.name.removesuffix("_total") in shown and row.collector != "exporter"]
    assert {row.collector for row in rows} == {"cost", "invites"}
    assert {"anthropic_up", "python_info"} <= shown


def test_collect_exporter_shows_the_exporter_alone():
    shown = names(client().get("/metrics?collect[]=exporter").text)
    assert "anthropic_up" in shown
    assert "anthropic_invites" not in shown


def test_a_collector_that_nobody_has_heard_of_is_a_bad_request():
    answer = client().get("/metrics?collect[]=usage&collect[]=<b>canary")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.endswith(f"Known are {', '.join(COLLECTORS)}.\n")
    assert "canary" not in answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_head_is_get_without_the_body(path, accept):
    site = PretendSite()
    got = client(site, accept=accept).get(path)
    head = client(site, accept=accept).head(path)
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    unlike = {"content-length"} if path == "/metrics" else set()  # process metrics move
    assert {k: v for k, v in head.headers.items() if k not in unlike} == {
        k: v for k, v in got.headers.items() if k not in unlike
    }
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CANARY"])
def test_other_methods_are_not_allowed(path, method):
    answer = client().request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.text == "405 Method Not Allowed\n"


@pytest.mark.parametrize(
    "path", ["/nothing", "/metrics/", "/Metrics", "/-/", "/-/healthy/x", "/-/quit", "/favicon.ico", "/../etc/passwd"]
)
def test_everything_else_is_not_found(path):
    answer = client().get(path)
    assert answer.status_code == 404
    assert answer.text == "404 Not Found\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/<b>canary</b>", "/metrics?collect[]=canary", "/?x=canary", "/-/ready?canary", "/canary/"]
)
def test_nothing_of_the_request_comes_back(path):
    answer = client(**{"host": "canary.example", "accept": "canary/canary", "user-agent": "canary"}).get(path)
    assert "canary" not in answer.text
    assert "canary" not in str(answer.headers)


def test_healthy_is_healthy_before_it_is_ready():
    site = PretendSite(now=replace(READY, ready=False))
    assert client(site).get("/-/healthy").status_code == 200
    assert client(site).get("/-/ready").status_code == 503
    site.now = READY
    assert client(site).get("/-/ready").status_code == 200


def test_reload_is_not_there_unless_enabled():
    site = PretendSite()
    assert client(site).post("/-/reload").status_code == 404
    assert site.reloads == 0


def test_reload_says_whether_it_worked():
    site = PretendSite(lifecycle=True)
    assert client(site).post("/-/reload").status_code == 200
    site.problem = 'exporter.yml: usage.interval: expected a duration, found "soon"'
    answer = client(site).post("/-/reload")
    assert answer.status_code == 500
    assert site.problem in answer.text
    assert site.reloads == 2


def test_reload_is_not_for_looking():
    site = PretendSite(lifecycle=True)
    answer = client(site).get("/-/reload")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert site.reloads == 0


def test_the_telemetry_path_is_a_setting():
    site = PretendSite(telemetry_path="/probe/values")
    assert client(site).get("/metrics").status_code == 404
    assert "anthropic_up" in names(client(site).get("/probe/values").text)
    assert 'href="/probe/values"' in client(site).get("/").text


def test_the_front_page_is_html_that_may_load_nothing():
    answer = client().get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert answer.headers["x-content-type-options"] == "nosniff"
