"""What other tools for the same API get wrong about spend and budgets (peers 2.3 c, d, g; 2.4 c, d, e; 2.5)."""

from decimal import Decimal

import pytest

from anthropic_exporter.config.sections import Budget
from anthropic_exporter.simulate.instants import DAY, HOUR, floor, instant
from anthropic_exporter.simulate.scripted import Event
from money.firm import Firm, at, settings
from money.firm import total as summed
from peers.pipeline import NOW, OFF, line, running, used

OPUS = "claude-opus-4-8"  # 40,000 output tokens cost $1
SPEND = "anthropic_spend_month_to_date_usd"
GENERATIONS = pytest.mark.parametrize("generation", ["legacy", "analytics", "both"])


@GENERATIONS
def test_seven_lines_of_cost_are_seven_lines_in_dollars(generation):
    """Peers 2.3 c, d: cents were taken as dollars, and of seven lines of one day and workspace three were kept."""
    when = floor(NOW, DAY) - 2 * DAY + HOUR
    opus, sonnet, old = line(), line("claude-sonnet-5"), line("claude-opus-4-1-20250805")
    batch = line(service_tier="batch")
    organization = used(
        Event(when, opus, uncached=1_000_000, cache_5m=200_000, cache_read=1_000_000, output=1_000_000),
        Event(when, sonnet, output=500_000),
        Event(when, batch, output=300_000),
        Event(when, old, output=200_000),
    )
    # 5 + 1.25 + 0.50 + 25, then 5, 3.75 and 15.
    with running(organization, switches={"generation": generation}) as pipeline:
        pipeline.run(700)
        assert pipeline.total("anthropic_cost_usd_total") == Decimal("55.5")
        assert pipeline.total(SPEND) == Decimal("55.5")
        assert pipeline.total(SPEND, model="claude-opus-4-1-20250805") == 15


@GENERATIONS
def test_days_count_once_whenever_the_exporter_started(generation):
    """Peers 2.4 c: after 14 days the cost was 1.52 or 0.56 of the truth, for a start at 13:07."""
    start = instant("2026-11-03T13:07:00Z")
    events = [Event(start + day * DAY + hour * HOUR, line(), output=40_000) for day in range(-2, 14) for hour in (0, 5)]
    slow = {"usage": {"interval": 10_800.0, "per_api_key": False}, "cost": {"interval": 10_800.0}, "inventory": OFF}
    with running(used(*events), now=start, switches={"generation": generation}, **slow) as pipeline:
        for day in range(14):
            pipeline.run(DAY)
            assert pipeline.total(SPEND) == 2 * (day + 3), day


def test_the_whole_of_yesterday_can_be_judged_at_any_hour():
    """Peers 2.4 d: from 00:00 on the anomaly rule saw only today's partial amount."""
    firm, today = Firm().load(at("2026-11-18")), at("2026-11-18")
    for hour in range(24):
        firm.use(today - DAY + hour * HOUR, "default", OPUS, output=40_000)
    for minute in (1, 60, 600, 1439):
        firm.read(today + 60 * minute, "usage")
        assert summed(firm.shown(today + 60 * minute)["anthropic_estimated_cost_yesterday_usd"]) == 24


def budget(**more):
    return Firm(settings(budgets=(Budget(name="total", usd=Decimal(1000), **more),)))


def spent(firm, now):
    return firm.shown(now)["anthropic_budget_spent_usd"]["total", "month"]


def test_a_month_of_31_days_has_its_first_day_on_its_last():
    """Peers 2.4 e: a window of 30 days and the calendar month together lacked the 1st on the 31st."""
    firm = budget().load(at("2026-10-01"))
    for day in range(31):
        firm.use(at("2026-10-01") + day * DAY + HOUR, "default", OPUS, output=40_000 * 2**day)
    now = at("2026-10-31T23:59")
    firm.read(now, "usage")
    assert spent(firm, now) == 2**31 - 1


def test_a_budget_remembers_after_a_restart_and_after_a_lost_state():
    """Peers 2.3 g: budgets were kept in memory, so a restart on day 20 set the burn back to nothing."""
    firm, now = budget().load(at("2026-11-01")), at("2026-11-20T12:00")
    for day in range(20):
        firm.use(at("2026-11-01") + day * DAY, "default", OPUS, output=40_000)
    firm.read(now, "usage")
    again = Firm(firm.settings, store=firm.store).load(now)
    lost = Firm(firm.settings, upstream=firm.upstream).load(now)
    lost.read(now, "usage")
    assert spent(firm, now) == spent(again, now) == spent(lost, now) == 20


def test_a_threshold_that_was_passed_resolves_with_the_month():
    """Peers 2.5: compared with lifetime cost, $45 a day fired on day 23 and never resolved."""
    firm, start = budget().load(at("2026-10-01")), at("2026-10-01")
    for day in range(40):
        firm.use(start + day * DAY, "default", OPUS, output=45 * 40_000)
    firing = []
    for day in range(40):
        now = start + day * DAY + HOUR
        firm.read(now, "usage")
        shown = firm.shown(now)
        limit = shown["anthropic_budget_usd"]["total", "month"]
        threshold = shown["anthropic_budget_threshold_ratio"]["total", "month", "1"]
        if spent(firm, now) / limit > threshold:
            firing.append(day + 1)
    assert firing == list(range(23, 32))


def test_a_day_of_thirteen_times_the_usual_stands_out_on_the_last_day_of_a_month():
    """Peers 2.5: divided by lifetime cost it was 0.30, below the threshold of 0.5 that it could never reach."""
    firm, start = Firm().load(at("2026-10-01")), at("2026-10-01")
    for day in range(31):
        firm.use(start + day * DAY, "default", OPUS, output=(600 if day == 30 else 45) * 40_000)
    now = start + 31 * DAY - 60
    firm.read(now, "usage")
    shown = firm.shown(now)
    today, month = summed(shown["anthropic_spend_today_usd"]), summed(shown[SPEND])
    assert today / ((month - today) / 30) > 13


def test_the_first_of_a_month_shows_no_drop_that_is_not_one():
    """Peers 2.5: after the reset and the gap on the 1st, offsets and increases both misfired.

    The counter goes on, the windows are absent until usage was read, and then begin at what was spent in them.
    """
    firm, first = Firm().load(at("2026-10-31")), at("2026-11-01")
    firm.use(first - HOUR, "default", OPUS, output=40_000)
    firm.read(first - 60, "usage")
    counted = firm.shown(first - 60)["anthropic_estimated_cost_usd_total"]
    gap = firm.shown(first + 30)
    assert gap["anthropic_estimated_cost_usd_total"] == counted
    assert SPEND not in gap
    firm.read(first + 60, "usage")
    after = firm.shown(first + 60)
    assert (summed(after[SPEND]), summed(after["anthropic_spend_previous_month_usd"])) == (0, 1)
    assert after["anthropic_estimated_cost_usd_total"] == counted
