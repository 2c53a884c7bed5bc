"""What another exporter for the same API prices and shows wrongly (peers 2.2), with its own numbers."""

import threading
from decimal import Decimal

import pytest

from anthropic_exporter.simulate.instants import DAY, HOUR, floor, instant
from anthropic_exporter.simulate.inventory import ApiKey, Inventory
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, WORKSPACE, Cost, Event
from peers.pipeline import NOW, OFF, line, running, series, total, used

ESTIMATED = "anthropic_estimated_cost_usd_total"
BILLED = "anthropic_cost_usd_total"
MILLION = 1_000_000
KEY_0 = ApiKey("apikey_000", "key-0", WORKSPACE.id, NOW - 90 * DAY)


def estimated(*events):
    """Return what an exporter estimates for some usage, by token type."""
    with running(used(*events)) as pipeline:
        pipeline.run(60)
        found = pipeline.scrape()
        by_key = total(found, "anthropic_api_key_estimated_cost_usd_total")
        assert by_key == total(found, ESTIMATED) == total(found, "anthropic_estimated_cost_today_usd")
        return {
            told["token_type"]: total(found, ESTIMATED, token_type=told["token_type"])
            for told in series(found, ESTIMATED)
            if total(found, ESTIMATED, token_type=told["token_type"])
        }, found


def at(usage_line, **counts):
    return Event(NOW - 2 * HOUR, usage_line, **counts)


def test_a_cache_write_for_an_hour_costs_more_than_one_for_five_minutes():
    """Peers 2.2 a: 10 M one-hour cache writes of Opus 4.8 were $62.50 of $100.00."""
    assert estimated(at(line(), cache_1h=10 * MILLION))[0] == {"cache_creation_1h": 100}
    assert estimated(at(line(), cache_5m=10 * MILLION))[0] == {"cache_creation_5m": Decimal("62.5")}


def test_batch_costs_half():
    """Peers 2.2 b: 10 M output tokens by batch were $250 of $125."""
    assert estimated(at(line(service_tier="batch"), output=10 * MILLION))[0] == {"output": 125}


def test_a_model_has_its_own_price_or_none():
    """Peers 2.2 c: 10 M output of a model missing from the table were $150 of $750, silently another model's price."""
    assert estimated(at(line("claude-opus-4-1-20250805"), output=10 * MILLION))[0] == {"output": 750}
    guessed, found = estimated(at(line("claude-lumen-preview"), output=10 * MILLION))
    assert guessed == {}
    unpriced = {"model": "claude-lumen-preview", "token_type": "output", "reason": "unknown_model"}
    assert total(found, "anthropic_unpriced_tokens_total", **unpriced) == 10 * MILLION


def test_web_searches_are_in_the_estimate():
    """Peers 2.2 d: 10,000 web searches and 1 M output were $25 of $125."""
    assert estimated(at(line(), output=MILLION, web_searches=10_000))[0] == {"output": 25, "web_search": 100}


def test_a_mixed_day_is_estimated_to_the_cent():
    """Peers 2.2 e: a day of Opus 4.8, a fifth of it batch, an older Opus and 1 h cache writes was $63.13 of $103.44."""
    found, _ = estimated(
        at(line(), uncached=1_200_000, output=1_200_000),
        at(line(service_tier="batch"), uncached=800_000, output=800_000),
        at(line(), cache_1h=MILLION, cache_read=880_000),
        at(line("claude-opus-4-1-20250805"), uncached=500_000, output=500_000),
    )
    assert sum(found.values()) == Decimal("103.44")


@pytest.mark.parametrize("page_cap", [0, 50])
def test_all_keys_have_their_names(page_cap):
    """Peers 2.2 f: of 150 keys 50 were shown by their IDs, because the pages of the list were not followed."""
    keys = tuple(ApiKey(f"apikey_{n:03}", f"key-{n}", WORKSPACE.id, NOW - DAY) for n in range(150))
    events = [at(line(key=key.id), output=10) for key in keys]
    inventory = Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE), api_keys=keys)
    with running(used(*events, inventory=inventory), switches={"page_cap": page_cap}) as pipeline:
        pipeline.run(60)
        named = {
            told["api_key_id"]: told["api_key_name"] for told in series(pipeline.scrape(), "anthropic_api_key_info")
        }
    assert named == {key.id: key.name for key in keys}


def spent(**more):
    """Return an organization that has spent $12.50 on each of the last three days."""
    return used(*(Event(NOW - days * DAY, line(key=KEY_0.id), output=500_000) for days in (3, 2, 1)), **more)


@pytest.mark.parametrize(("generation", "path"), [("legacy", "cost_report"), ("analytics", "analytics/cost")])
def test_a_429_on_cost_is_unhealthy_and_keeps_the_billed_series(generation, path):
    """Peers 2.2 g: up stayed 1, no error was counted, and every billed series vanished."""
    with running(spent(), switches={"generation": generation, "retry_after": 0.01}) as pipeline:
        pipeline.run(600)
        before = pipeline.scrape()
        assert total(before, BILLED) == Decimal("37.5")
        assert total(before, "anthropic_up") == 1
        pipeline.simulator.switch(faults=["rate_limited"], fault_paths=[f"/v1/organizations/{path}"])
        pipeline.run(600)
        after = pipeline.scrape()
        assert total(after, "anthropic_up") == 0
        assert total(after, "anthropic_exporter_collector_success", collector="cost") == 0
        assert total(after, "anthropic_exporter_collector_success", collector="usage") == 1
        assert total(after, "anthropic_exporter_upstream_requests_total", code="429") > 0
        billed = [sample for sample in before if sample[0].startswith(("anthropic_cost_", "anthropic_list_cost_"))]
        assert len(billed) > 3
        assert {sample: after.get(sample) for sample in billed} == {sample: before[sample] for sample in billed}


def test_no_scrape_during_a_slow_poll_lacks_a_series():
    """Peers 2.2 h: of 164 scrapes during a poll whose cost call was slow, 41 had no billed series."""
    with running(spent()) as pipeline:
        pipeline.run(600)
        shown = {sample for sample in pipeline.scrape() if sample[0] == BILLED}
        assert shown
        slow = {"fault_paths": ["/v1/organizations/analytics/cost"], "slow_seconds": 1.0}
        pipeline.simulator.switch(faults=["slow"], **slow)
        polling = threading.Thread(target=pipeline.poll, args=("cost",))
        polling.start()
        scrapes = 0
        while polling.is_alive():
            assert shown <= pipeline.scrape().keys()
            scrapes += 1
        polling.join()
        assert scrapes > 5
        assert pipeline.total("anthropic_exporter_collector_success", collector="cost") == 1


def test_a_month_ends_with_all_of_its_cost_and_stays_known():
    """Peers 2.2 i: of November's $240 the last value ever shown was $185, and from December on there was none."""
    december = instant("2026-12-01T00:00:00Z")
    bill = line()

    def cost(when, dollars, late=0):
        cents = Decimal(dollars * 100)
        return Cost(when, bill, cents, cents, token_type="output_tokens", visible_at=when + late if late else None)

    costs = [cost(december - days * DAY, 20) for days in range(2, 9)]
    costs += [cost(december - HOUR, 60), cost(december - HOUR, 40, late=4 * HOUR)]
    organization = used(costs=costs, derive_cost=False)
    settings = {"usage": OFF, "cost": {"interval": 14_400.0}, "inventory": {"interval": 86_400.0}}
    with running(organization, now=december - 2 * DAY, **settings) as pipeline:
        pipeline.run(2 * DAY + HOUR)
        pipeline.run(2 * DAY)
        assert pipeline.total("anthropic_cost_previous_month_usd") == 240
        assert pipeline.total(BILLED) == 240
        pipeline.run(27 * DAY)
        assert pipeline.total("anthropic_cost_previous_month_usd") == 240
        assert pipeline.total("anthropic_cost_month_to_date_usd") == 0


def test_a_failed_list_gives_a_key_no_second_name():
    """Peers 2.2 j: one 429 on the key list made the label apikey_000, a second series beside key-0."""
    organization = spent(inventory=Inventory((DEFAULT_WORKSPACE, WORKSPACE), (KEY_0,)))
    with running(organization, usage={"interval": 300.0}) as pipeline:
        pipeline.run(0)
        before = {sample for sample in pipeline.scrape() if KEY_0.id in str(sample)}
        assert {told["api_key_name"] for told in series(pipeline.scrape(), "anthropic_api_key_info")} == {"key-0"}
        pipeline.simulator.switch(
            faults=["rate_limited"], fault_paths=["/v1/organizations/api_keys"], retry_after=0.01, fault_limit=3
        )
        seen = set()
        pipeline.run(20 * 60, after_each=lambda _: seen.update(s for s in pipeline.scrape() if KEY_0.id in str(s)))
        assert pipeline.simulator.world.faults.spoiled == 3
        assert seen == before


def test_a_month_needs_as_many_series_as_there_are_combinations():
    """Peers 2.2 k: 20 keys and 3 models were 9,000 series in 30 days, because a date was a label."""
    keys = [f"apikey_{n:02}" for n in range(20)]
    models = ("claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5-20251001")
    start = floor(NOW, DAY) - 30 * DAY
    events = [
        Event(start + day * DAY + HOUR, line(model, key), uncached=5, cache_5m=4, cache_1h=3, cache_read=2, output=1)
        for day in range(30)
        for key in keys
        for model in models
    ]
    seen = set()
    settings = {"usage": {"interval": 43_200.0, "per_api_key_interval": 43_200.0}, "cost": OFF, "inventory": OFF}
    with running(used(*events), now=start, **settings) as pipeline:
        for _ in range(31):
            pipeline.run(DAY)
            seen.update(s for s in pipeline.scrape() if s[0] == "anthropic_api_key_usage_tokens_total")
        assert pipeline.total("anthropic_api_key_usage_tokens_total") == 30 * 60 * 15
    assert len(seen) == 300


@pytest.mark.parametrize("generation", ["legacy", "analytics", "both"])
def test_a_poll_late_in_the_month_takes_few_calls(generation):
    """Peers 2.2 l: twenty days into the month a poll took seven calls, where four would do."""
    with running(spent(), now=instant("2026-11-20T12:00:00Z"), switches={"generation": generation}) as pipeline:
        pipeline.run(120)
        before = pipeline.calls()
        pipeline.poll("usage")
        pipeline.poll("cost")
        assert 2 <= pipeline.calls() - before <= 4
