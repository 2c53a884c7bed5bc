"""A healthy day finds nothing; each planted fault is found, and named."""

import pytest

from anthropic_exporter.simulate.scripted import Event
from anthropic_exporter.utc import DAY, HOUR, MINUTE
from anthropic_exporter.verify.held import Window, held
from anthropic_exporter.verify.prometheus import Prometheus
from simulate.harness import line
from verify.recorded import BEGIN, LABS, LINES, NOW, company, healthy

COMPANY = company()
GROUPED = ("workspace_id", "model", "service_tier", "inference_geo", "speed")

pytestmark = pytest.mark.needs("prometheus", "promtool")


def test_a_healthy_day_finds_nothing(record, prometheus, verify):
    url = prometheus(record(COMPANY))
    for window in ("90m", "24h"):
        status, out, err = verify("--prometheus", url, "--window", window)
        assert (status, err) == (0, ""), out
        assert "nothing differs" in out
        assert "API" not in out


def test_a_gap_is_found_and_named(record, prometheus, verify):
    def fault(moment, samples):
        return [] if moment > NOW - 3 * HOUR else healthy(moment, samples)

    status, out, _ = verify("--prometheus", prometheus(record(COMPANY), fault))
    assert status == 1
    assert "gap: no samples of" in out
    assert "from 2026-07-15T09:17:00Z to now" in out
    assert len([row for row in out.splitlines() if row.endswith("  gap")]) == 6


def test_a_gap_in_the_middle_is_told_and_costs_no_token(record, prometheus, verify):
    def fault(moment, samples):
        return [] if NOW - 9 * HOUR < moment < NOW - 6 * HOUR else healthy(moment, samples)

    status, out, _ = verify("--prometheus", prometheus(record(COMPANY), fault))
    assert status == 0, out
    assert "gap: no samples of" in out
    assert "nothing differs" in out


def test_a_series_that_comes_back_brings_no_tokens_with_it(record, prometheus, verify):
    """As those that were hidden while idle, and those that a history from before the exporter does not tell."""
    idle = Event(BEGIN - 2 * DAY, line("claude-opus-4-6", LABS.id), uncached=5000, visible_at=BEGIN - 2 * DAY)

    def fault(moment, samples):
        shown = healthy(moment, samples)
        return [each for each in shown if moment > NOW - 3 * HOUR or each[1].get("model") != "claude-opus-4-6"]

    status, out, _ = verify("--prometheus", prometheus(record(company(idle)), fault))
    assert status == 0, out
    assert "nothing differs" in out


def test_a_series_that_comes_back_brings_none_where_counters_began_again_before_the_first_scrape(record, prometheus):
    """As at New Year, of an exporter that runs since January."""
    idle = Event(BEGIN - 2 * DAY, line("claude-opus-4-6", LABS.id), uncached=5000, visible_at=BEGIN - 2 * DAY)

    def fault(moment, samples):
        shown = healthy(moment, samples)
        return [each for each in shown if moment > NOW - 3 * HOUR or each[1].get("model") != "claude-opus-4-6"]

    recorded = record(company(idle))
    window = Window(NOW - 20 * DAY, NOW, NOW - 4 * DAY)
    with Prometheus(prometheus(recorded, fault)) as there:
        found = held(there, recorded.office.at_work.id, (*GROUPED, "token_type"), window)
    risen = {group: found.increase(group) for group in found.end if "claude-opus-4-6" in group}
    assert risen
    assert set(risen.values()) == {0}


def test_a_double_scrape_by_two_jobs_is_found_and_named(record, prometheus, verify):
    def fault(moment, samples):
        once = list(healthy(moment, samples))
        return [*once, *((name, labels | {"job": "kubernetes-pods"}, value) for name, labels, value in once)]

    url = prometheus(record(COMPANY), fault)
    status, out, _ = verify("--prometheus", url)
    assert status == 1
    assert 'double scrape: two jobs scrape one exporter: job="anthropic" and job="kubernetes-pods"' in out
    assert "two instances" not in out
    status, out, _ = verify("--prometheus", url, "--job", "anthropic")
    assert status == 0, out


def test_two_instances_are_found_and_named(record, prometheus, verify):
    def fault(moment, samples):
        once = list(healthy(moment, samples))
        return [*once, *((name, labels | {"instance": "other:10114"}, value) for name, labels, value in once)]

    url = prometheus(record(COMPANY), fault)
    status, out, _ = verify("--prometheus", url)
    assert status == 1
    assert "two instances: two exporters show one organization" in out
    assert "double scrape" not in out
    status, out, _ = verify("--prometheus", url, "--instance", "other:10114")
    assert status == 0, out


def test_an_instance_that_followed_another_is_told_and_costs_no_token(record, prometheus, verify):
    def fault(moment, samples):
        name = "old:10114" if moment < NOW - 5 * HOUR else "new:10114"
        return [(metric, labels | {"instance": name}, value) for metric, labels, value in healthy(moment, samples)]

    status, out, _ = verify("--prometheus", prometheus(record(COMPANY), fault))
    assert status == 0, out
    assert 'target changed: instance="old:10114" job="anthropic" and then instance="new:10114"' in out
    assert "two instances" not in out


def test_a_label_that_relabelling_took_is_found_and_named(record, prometheus, verify):
    def fault(moment, samples):
        kept = [
            (name, {key: value for key, value in labels.items() if key != "workspace_id"}, value)
            for name, labels, value in healthy(moment, samples)
        ]
        return {(name, tuple(labels.items())): (name, labels, value) for name, labels, value in kept}.values()

    status, out, _ = verify("--prometheus", prometheus(record(COMPANY), fault))
    assert status == 1
    assert "relabelling: series lack the exporter's own workspace_id" in out


def test_series_that_relabelling_dropped_are_found_and_named(record, prometheus, verify):
    def fault(moment, samples):
        return [each for each in healthy(moment, samples) if each[1].get("workspace_id") != LABS.id]

    status, out, _ = verify("--prometheus", prometheus(record(COMPANY), fault))
    assert status == 1
    assert len([row for row in out.splitlines() if row.endswith("  missing series")]) == 4
    assert LABS.id in out
    assert "default" not in out, "the other workspace is as it should be"


def test_what_did_not_fit_the_limit_of_series_is_compared_by_token_type(record, prometheus, verify):
    def fault(moment, samples):
        sums = {}
        for name, labels, value in healthy(moment, samples):
            if labels.get("workspace_id") == LABS.id:
                folded = {key: "__other__" if key in GROUPED else found for key, found in labels.items()}
                key = (name, tuple(folded.items()))
                sums[key] = sums.get(key, 0) + value
            else:
                yield name, labels, value
        yield from ((name, dict(labels), value) for (name, labels), value in sums.items())

    status, out, _ = verify("--prometheus", prometheus(record(COMPANY), fault))
    assert status == 0, out
    assert "nothing differs in 5 combinations" in out


def test_late_data_is_found_and_named(record, prometheus, verify):
    late = Event(NOW - 2 * DAY, LINES[0], uncached=50_000, visible_at=NOW - 5 * HOUR)
    status, out, _ = verify("--prometheus", prometheus(record(company(late))))
    assert status == 1
    (row,) = [each for each in out.splitlines() if "late data" in each]
    assert "+50,000" in row or "+49," in row
    assert "1 of 15 combinations differ" in out


def test_a_window_in_which_nothing_can_differ_is_said_to_prove_little(record, prometheus, verify):
    def fault(moment, samples):
        return healthy(moment, samples) if moment > NOW - 5 * MINUTE else []

    status, out, _ = verify("--prometheus", prometheus(record(COMPANY), fault))
    assert status == 0, out
    assert "that proves little: data may take 18m, and it holds no more than that" in out


def test_nothing_at_all_is_found_and_named(record, prometheus, verify):
    status, out, _ = verify("--prometheus", prometheus(record(COMPANY)), "--job", "no-such-job")
    assert status == 1
    assert "no data: it holds no anthropic_usage_tokens_total" in out
