"""A whole poll, from bytes to the exposition: what cannot be read changes nothing, what can is shown as it is."""

import json
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.expose.text import Renderer
from api.harness import Upstream as Wire
from api.harness import bucket, legacy_page, usage_row
from api.test_fuzz import ODD, tokens
from soak.machine import SOUND
from soak.pipeline_trial import Process, Upstream

NOW = 1_795_046_400 + 8 * 3600 + 120  # 2026-11-19T08:02
HOUR = ("2026-11-19T07:00:00Z", "2026-11-19T08:00:00Z")
TOKENS = "anthropic_usage_tokens"
searched = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def page(**row):
    return json.dumps(legacy_page([bucket(*HOUR, usage_row(**row))])).encode()


EMPTY = json.dumps(legacy_page([])).encode()


class Poll:
    """The collector ``usage`` over answers that a test writes."""

    def __init__(self, path):
        self.body = EMPTY
        self.wire = Wire(self._answer)
        self.process = Process(path, SOUND, Upstream(self.wire.api, "legacy"), lambda: NOW)
        self.poller = self.process.pollers[0]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        width = request.url.params["bucket_width"]
        return httpx.Response(200, content=self.body if width == "1h" else EMPTY)

    def run(self, body):
        """Poll once, and return whether the cycle was a success."""
        self.body = body
        # An hour that is once not served would be read by its minutes from then on.
        self.poller.collector._keep(open_hour="served")
        self.poller.cycle()
        assert "internal error" not in self.poller.health.error
        return self.poller.health.state == "ok"

    def shown(self):
        """Return the tokens of every series, as Prometheus would parse them."""
        text = Renderer().render(self.process.view.families("org", NOW)).body().decode()
        return {
            frozenset(sample.labels.items()): sample.value
            for family in text_string_to_metric_families(text)
            if family.name == TOKENS
            for sample in family.samples
        }


@pytest.fixture
def poll(tmp_path: Path):
    made = Poll(":memory:")
    assert made.run(page(model="claude-opus-5-5", workspace_id="wrkspc_1"))
    yield made
    made.process.store.close()


def test_the_poll_is_right_to_begin_with(poll):
    shown = poll.shown()
    assert sum(shown.values()) == 10 + 20 + 30 + 40 + 50


def test_an_odd_token_is_a_counted_failure_or_a_value_that_was_sent(poll):
    body = page(model="claude-opus-5-5", workspace_id="wrkspc_1").decode()
    refused = 0
    for number, (start, end) in enumerate(tokens(body)):
        for odd in ODD[number % 3 :: 3]:
            before = poll.shown()
            if not poll.run(body[:start].encode() + odd + body[end:].encode()):
                refused += 1
                assert poll.shown() == before
                assert poll.poller.health.failures > 0
            else:
                assert all(value >= before.get(series, 0) for series, value in poll.shown().items())
    assert refused > 100


@searched
@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_counted_failure(poll, body):
    before = poll.shown()
    assert not poll.run(body)
    assert poll.shown() == before
    assert poll.poller.health.error


@searched
@given(word=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_string_from_upstream_is_a_label_value_as_it_is(poll, word):
    assert poll.run(page(model=word, workspace_id="wrkspc_1"))
    assert any(("model", word) in series for series in poll.shown())
