"""What an increase may be, and what explains one that may not: worked out by hand."""

import pytest

from anthropic_exporter.records import Interval
from anthropic_exporter.utc import HOUR
from anthropic_exporter.verify.compare import Allowed, Cause, findings, rows
from anthropic_exporter.verify.held import Held, Target, Window
from anthropic_exporter.verify.known import Known
from ledger.instants import at

START = at("2026-07-15")
END = START + 6 * HOUR
WINDOW = Window(START, END, at("2026-01-01"))
ALLOWED = Allowed(delay=900.0, tolerance=0.0)
GROUP = ("default", "claude-opus-4-8", "output")
TARGET = Target((("instance", "a"), ("job", "b")), START, END, ())


def known(**used: int) -> Known:
    """Return usage by the hour of the window: ``h0=10``, ``h_1=5`` for the hour before it."""
    hours = {int(name[1:].replace("_", "-")): tokens for name, tokens in used.items()}
    return Known({Interval(START + h * HOUR, START + (h + 1) * HOUR): {GROUP: tokens} for h, tokens in hours.items()})


def held(start: float | None, end: float | None, **more) -> Held:
    return Held(
        started_at=START,
        start={} if start is None else {GROUP: start},
        end={} if end is None else {GROUP: end},
        **{"targets": (TARGET,), "last_success": END, **more},
    )


def compare(there: Held, said: Known, window: Window = WINDOW, allowed: Allowed = ALLOWED):
    found = list(findings(there, window))
    return [(row.difference, row.cause) for row in rows(there, said, window, allowed, found)]


@pytest.mark.parametrize("arrived", [160, 170, 175])
def test_usage_of_the_last_hour_may_be_under_way(arrived):
    assert compare(held(100, arrived), known(h_9=100, h0=60, h5=15)) == []


def test_usage_of_the_hour_before_may_have_arrived_in_the_window():
    assert compare(held(100, 165), known(h_9=100, h_1=5, h0=60)) == []


@pytest.mark.parametrize(("end", "difference"), [(159, -1), (176, 1)])
def test_one_token_too_few_or_too_many_is_a_difference(end, difference):
    assert [row[0] for row in compare(held(100, end), known(h_9=100, h0=60, h5=15))] == [difference]


def test_a_tolerance_allows_a_share():
    assert compare(held(100, 159), known(h_9=100, h0=60), allowed=Allowed(900.0, 0.02)) == []


def test_a_series_that_is_born_in_the_window_begins_at_nothing():
    assert compare(held(None, 60), known(h0=60)) == []


def test_the_new_year_inside_the_window_is_no_difference():
    window = Window(START, END, START + 3 * HOUR)
    there = held(100, 15, before_turn={GROUP: 160.0}, resets=1)
    assert compare(there, known(h_9=100, h0=60, h3=15), window) == []
    assert [f.cause for f in findings(there, window)] == []


@pytest.mark.parametrize(
    ("there", "said", "cause"),
    [
        pytest.param(held(100, 200), known(h_9=140, h0=60), Cause.LATE_DATA, id="late"),
        pytest.param(held(0, None), known(h0=60), Cause.MISSING_SERIES, id="missing"),
        pytest.param(held(100, 160, last_success=END - 3600), known(h_9=100, h0=90), Cause.BEHIND, id="behind"),
        pytest.param(held(100, 250), known(h_9=90, h0=60), Cause.CORRECTION, id="correction"),
        pytest.param(held(100, 160, resets=3), known(h_9=100, h0=90), Cause.RESET, id=Cause.RESET),
        pytest.param(held(100, 130), known(h_9=100, h0=60), Cause.UNEXPLAINED, id="unexplained"),
    ],
)  # fmt: skip
def test_a_difference_has_a_cause(there, said, cause):
    assert [row[1] for row in compare(there, said)] == [cause]


def test_many_gaps_are_told_in_one_line():
    gaps = tuple((START + n * HOUR + 300, START + (n + 1) * HOUR) for n in range(5))
    there = held(100, 160, targets=(Target((("job", "b"),), START, END, gaps),))
    assert [finding.text for finding in findings(there, WINDOW)] == [
        'no samples of job="b" 5 times between 2026-07-15T00:05:00Z and 2026-07-15T05:00:00Z, for 55m at most'
    ]


def test_replicas_that_nothing_deduplicates_are_named():
    other = Target((*TARGET.labels, ("replica", "1")), START, END, ())
    (found,) = findings(held(0, 0, targets=(TARGET, other)), WINDOW)
    assert (found.cause, found.wrong) == (Cause.REPLICAS, True)
    assert "replica" in found.text


def test_a_target_that_is_shown_a_little_longer_has_ended_all_the_same():
    old = Target((("instance", "a"), ("job", "b")), START, START + 2 * HOUR + 240, ())
    new = Target((("instance", "c"), ("job", "b")), START + 2 * HOUR, END, ())
    assert [f.cause for f in findings(held(0, 0, targets=(new, old)), WINDOW)] == [Cause.TARGET_CHANGED]
    both = Target((("instance", "c"), ("job", "b")), START + HOUR, END, ())
    assert [f.cause for f in findings(held(0, 0, targets=(both, old)), WINDOW)] == [Cause.TWO_INSTANCES]
