import logging
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from anthropic_exporter.expose.atscrape import AtScrape
from anthropic_exporter.expose.catalogue import families, listed
from anthropic_exporter.expose.selfmetrics import BUCKETS, MOST_DRIFTS, SelfMetrics

REQUESTS = "anthropic_exporter_upstream_requests_total"
DURATION = "anthropic_exporter_upstream_request_duration_seconds"
LAG = "anthropic_exporter_bucket_arrival_lag_seconds"
OWN = [row for row in families() if row.collector == "exporter"]


def filled(metrics, alias="main", value=1.0):
    """Record something in every family."""
    for row in OWN:
        labels = tuple(alias if label == "organization_id" else label for label in row.labels)
        if row.kind == "counter":
            metrics.inc(row.name, labels, value)
        elif row.kind == "gauge":
            metrics.set(row.name, labels, value)
        else:
            metrics.observe(row.name, labels, value)
    return metrics


def samples(metrics):
    """Every series, which must not stand twice."""
    found = {}
    for metric in metrics.collect():
        for sample in metric.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def value(metrics, name, **labels):
    return samples(metrics).get((name, tuple(sorted(labels.items()))))


@pytest.fixture
def metrics():
    return SelfMetrics(lambda alias: alias)


def test_every_family_comes_out_as_the_catalogue_has_it(metrics):
    text = AtScrape(filled(metrics)).render(openmetrics=False).decode()
    for row in OWN:
        assert f"# HELP {row.name} {row.help}\n# TYPE {row.name} {row.kind}\n" in text
    assert {metric.name for metric in parse_text(text)} >= {row.name.removesuffix("_total") for row in OWN}


def test_process_and_python_stand_beside_it(metrics):
    text = AtScrape(metrics).render(openmetrics=False).decode()
    assert "\nprocess_resident_memory_bytes " in text
    assert "\npython_info{" in text


def test_openmetrics_reads_back_and_has_no_created_series(metrics):
    text = AtScrape(filled(metrics)).render(openmetrics=True).decode()
    assert len(list(parse_openmetrics(text))) >= len(OWN)
    assert "_created" not in text


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_wrong_with_it(metrics, promtool):
    assert promtool(AtScrape(filled(metrics)).render(openmetrics=False)) == (0, "")


@pytest.mark.parametrize("openmetrics", [False, True])
def test_what_is_kept_between_two_scrapes_is_what_would_be_rendered_anew(openmetrics):
    names = {"main": "main"}
    metrics = SelfMetrics(names.__getitem__)
    kept = AtScrape(metrics)

    def own(at_scrape):
        lines = at_scrape.render(openmetrics=openmetrics).decode().splitlines()
        return [line for line in lines if not line.startswith(("process_", "python_info"))]

    def named():
        names["main"] = "5b0c"

    for change in (
        lambda: filled(metrics),
        lambda: metrics.inc(REQUESTS, ("main", "/v1/x", "200")),
        lambda: metrics.set("anthropic_up", ("main",), 0),
        lambda: metrics.observe(LAG, ("main", "usage"), 3),
        named,
        lambda: metrics.remove("anthropic_up", ("main",)),
        lambda: metrics.forget("main"),
    ):
        before = own(kept)
        change()
        assert own(kept) == own(AtScrape(metrics)) != before
        stamp = metrics.stamp()
        assert own(kept) == own(kept)
        assert metrics.stamp() == stamp


def test_what_was_not_recorded_is_absent_but_a_counter_without_labels_begins_at_0(metrics):
    assert samples(metrics) == {
        (f"anthropic_exporter_{name}_total", ()): 0
        for name in ("state_write_failures", "otlp_exports", "otlp_export_failures")
    }


def test_counters_add_up_and_gauges_are_replaced(metrics):
    metrics.inc(REQUESTS, ("main", "/v1/x", "200"))
    metrics.inc(REQUESTS, ("main", "/v1/x", "200"), 2)
    metrics.set("anthropic_up", ("main",), 1)
    metrics.set("anthropic_up", ("main",), 0)
    assert value(metrics, REQUESTS, organization_id="main", endpoint="/v1/x", code="200") == 3
    assert value(metrics, "anthropic_up", organization_id="main") == 0


@given(st.lists(st.floats(-10, 10**7)))
def test_a_histogram_counts_each_observation_in_every_bucket_that_holds_it(values):
    metrics = SelfMetrics(lambda alias: alias)
    for each in values:
        metrics.observe(LAG, ("main", "usage"), each)
    labels = {"organization_id": "main", "stream": "usage"}
    for bound in (*BUCKETS[LAG], float("inf")):
        le = "+Inf" if bound == float("inf") else str(bound)
        held = sum(each <= bound for each in values) or None
        assert value(metrics, f"{LAG}_bucket", **labels, le=le) == (held or (0 if values else None))
    assert value(metrics, f"{LAG}_count", **labels) == (len(values) or None)
    if values:
        assert value(metrics, f"{LAG}_sum", **labels) == pytest.approx(sum(max(0, each) for each in values))
        list(parse_openmetrics(AtScrape(metrics).render(openmetrics=True).decode()))


def test_buckets_rise_and_reach_from_the_fastest_answer_to_the_oldest_revision():
    assert {row.name for row in OWN if row.kind == "histogram"} == set(BUCKETS)
    assert all(list(bounds) == sorted(set(bounds)) for bounds in BUCKETS.values())
    assert BUCKETS[DURATION][0] == 0.05
    assert BUCKETS[DURATION][-1] == 60
    assert BUCKETS[LAG] == (60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 3024000)


def test_an_alias_gives_way_to_the_id_once_that_is_known():
    ids = {"main": "main"}
    metrics = filled(SelfMetrics(ids.__getitem__))
    ids["main"] = "org-1"
    shown = samples(metrics)
    assert not any(("organization_id", "main") in labels for _, labels in shown)
    assert any(("organization_id", "org-1") in labels for _, labels in shown)


def test_two_aliases_of_one_organization_are_one_series():
    metrics = SelfMetrics(lambda _: "org-1")
    filled(metrics, "a", 5.0)
    filled(metrics, "b", 3.0)
    shown = samples(metrics)
    request = (("code", "code"), ("endpoint", "endpoint"), ("organization_id", "org-1"))
    assert shown[(REQUESTS, request)] == 8
    assert shown[("anthropic_up", (("organization_id", "org-1"),))] == 3
    assert shown[(f"{DURATION}_count", request[1:])] == 2
    assert shown[(f"{DURATION}_sum", request[1:])] == 8
    assert shown[(f"{DURATION}_bucket", (request[1], ("le", "+Inf"), request[2]))] == 2


def test_an_alias_that_nobody_knows_any_more_does_not_spoil_the_scrape():
    metrics = SelfMetrics({}.__getitem__)
    metrics.set("anthropic_up", ("gone",), 1)
    assert value(metrics, "anthropic_up", organization_id="gone") == 1


def test_no_label_value_spoils_the_scrape(metrics):
    metrics.set("anthropic_exporter_series", ('\ud800\n"\\\0',), 1)
    text = AtScrape(metrics).render(openmetrics=False).decode()
    [family] = [each for each in parse_text(text) if each.name == "anthropic_exporter_series"]
    assert family.samples[0].labels == {"family": '\ufffd\n"\\\0'}


def test_removed_and_forgotten_series_are_gone(metrics):
    filled(metrics, "main")
    filled(metrics, "other")
    metrics.remove("anthropic_exporter_series", ("family",))
    metrics.forget("other")
    shown = samples(metrics)
    assert value(metrics, "anthropic_exporter_series", family="family") is None
    assert not any(("organization_id", "other") in labels for _, labels in shown)
    assert any(("organization_id", "main") in labels for _, labels in shown)
    assert value(metrics, "anthropic_exporter_epoch_timestamp_seconds") == 1


@pytest.mark.parametrize(
    ("record", "error"),
    [
        pytest.param(lambda m: m.inc("anthropic_exporter_nonsense_total"), KeyError, id="unknown name"),
        pytest.param(lambda m: m.set("anthropic_usage_today_tokens", (), 1), KeyError, id="not its own"),
        pytest.param(lambda m: m.inc("anthropic_up", ("main",)), ValueError, id="gauge counted"),
        pytest.param(lambda m: m.set(REQUESTS, ("a", "b", "c"), 1), ValueError, id="counter set"),
        pytest.param(lambda m: m.observe("anthropic_up", ("main",), 1), ValueError, id="gauge observed"),
        pytest.param(lambda m: m.inc(REQUESTS, ("a", "b")), ValueError, id="label missing"),
        pytest.param(lambda m: m.inc(REQUESTS, ("a", "b", "c"), -1), ValueError, id="negative"),
        pytest.param(lambda m: m.inc(REQUESTS, ("a", "b", "c"), float("nan")), ValueError, id="not a number"),
    ],
)
def test_mistakes_show_where_they_are_made_and_not_at_the_scrape(metrics, record, error):
    before = samples(metrics)
    with pytest.raises(error):
        record(metrics)
    assert samples(metrics) == before


def test_an_observer_counts_requests_drift_and_the_credential(metrics):
    observer = metrics.observer("main")
    observer.request("/v1/organizations/me", "200", 0.3)
    observer.request("/v1/organizations/me", "error", 70)
    observer.drift("/v1/organizations/me", "unknown_field", "shoe_size")
    observer.credential(False)
    where = {"organization_id": "main", "endpoint": "/v1/organizations/me"}
    assert value(metrics, REQUESTS, **where, code="200") == 1
    assert value(metrics, REQUESTS, **where, code="error") == 1
    assert value(metrics, f"{DURATION}_count", **where) == 2
    assert value(metrics, "anthropic_exporter_api_drift_total", **where, kind="unknown_field") == 1
    assert value(metrics, "anthropic_exporter_credential_valid", organization_id="main") == 0
    observer.credential(True)
    assert value(metrics, "anthropic_exporter_credential_valid", organization_id="main") == 1


def test_no_increment_is_lost_between_threads_and_scrapes(metrics):
    def work():
        for _ in range(2000):
            metrics.inc(REQUESTS, ("main", "/v1/x", "200"))
            metrics.observe(DURATION, ("main", "/v1/x"), 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        samples(metrics)
    assert value(metrics, REQUESTS, organization_id="main", endpoint="/v1/x", code="200") == 8000
    assert value(metrics, f"{DURATION}_count", organization_id="main", endpoint="/v1/x") == 8000


def test_each_drift_is_logged_once_and_counted_each_time(metrics, caplog):
    caplog.set_level(logging.INFO)
    observer = metrics.observer("main")
    for _ in range(3):
        observer.drift("/v1/organizations/me", "unknown_field", "shoe_size")
    observer.drift("/v1/organizations/me", "unknown_value", "status=lost")
    observer.drift("/v1/organizations/users", "missing_field", "role")
    told = [(record.levelname, record.endpoint, record.kind, record.field) for record in caplog.records]
    assert told == [
        ("INFO", "/v1/organizations/me", "unknown_field", "shoe_size"),
        ("INFO", "/v1/organizations/me", "unknown_value", "status=lost"),
        ("WARNING", "/v1/organizations/users", "missing_field", "role"),
    ]


def test_an_upstream_that_makes_names_up_does_not_fill_the_log(metrics, caplog):
    caplog.set_level(logging.INFO)
    observer = metrics.observer("main")
    for number in range(MOST_DRIFTS + 50):
        observer.drift("/v1/organizations/me", "unknown_field", f"field_{number}")
    assert len(caplog.records) == MOST_DRIFTS


def test_what_prometheus_client_tells_about_the_process_is_in_the_list():
    process = {row.name: row for row in listed() if row not in families()}
    exposed = list(parse_text(AtScrape(SelfMetrics(lambda alias: alias)).render(openmetrics=False).decode()))
    found = {sample.name: (metric.type, set(sample.labels)) for metric in exposed for sample in metric.samples}
    assert {n: v for n, v in found.items() if not n.startswith("anthropic_")} == {
        name: (row.kind, set(row.labels)) for name, row in process.items()
    }


def test_what_is_put_takes_the_place_of_all_that_was_there(metrics):
    name = "anthropic_exporter_series"
    metrics.put(name, {("a",): 1, ("b",): 2})
    metrics.put(name, {("b",): 3})
    assert (value(metrics, name, family="a"), value(metrics, name, family="b")) == (None, 3)
    stamp = metrics.stamp()
    metrics.put(name, {("b",): 3})
    assert metrics.stamp() == stamp
    for wrong in ({("a", "b"): 1}, {(): 1}):
        with pytest.raises(ValueError, match="has the labels"):
            metrics.put(name, wrong)
    with pytest.raises(KeyError):
        metrics.put("anthropic_exporter_nothing", {})
    metrics.put(name, {})
    assert value(metrics, name, family="b") is None
