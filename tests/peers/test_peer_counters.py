"""What another exporter for the same API counts wrongly (peers 2.1), with its own numbers."""

import itertools
from decimal import Decimal

import pytest

from anthropic_exporter.simulate.instants import DAY, HOUR, MINUTE, floor
from anthropic_exporter.simulate.inventory import ApiKey, Inventory, User
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, WORKSPACE, Cost, Event
from peers.pipeline import DEFAULT, KEY, NOW, OFF, ON, attached, line, running, series, total, used

TOKENS = "anthropic_usage_tokens_total"
MIDNIGHT = floor(NOW, DAY)
OUTPUT, INPUT, CACHE_WRITES, REQUESTS = 1_130_000, 4_030_000, 1_013_000, 1440
KEYS = tuple(ApiKey(f"apikey_0{number}", f"key-{number}", WORKSPACE.id, MIDNIGHT - 90 * DAY) for number in range(3))
MODELS = ("claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5-20251001")


def shared_out(amount, minute):
    """Return the share of one minute of a day, so that all of them add up exactly."""
    return amount * (minute + 1) // REQUESTS - amount * minute // REQUESTS


def mixed_day():
    """Return a day with one request in each minute, by three keys and three models in turn."""
    lines = [line(model, key.id) for key in KEYS for model in MODELS]
    events = [
        Event(
            MIDNIGHT + minute * MINUTE,
            lines[minute % len(lines)],
            uncached=shared_out(INPUT, minute),
            cache_5m=shared_out(CACHE_WRITES, minute),
            output=shared_out(OUTPUT, minute),
            requests=1,
        )
        for minute in range(REQUESTS)
    ]
    return used(*events, inventory=Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE), api_keys=KEYS))


@pytest.fixture(scope="module")
def evening():
    """Return an exporter with default settings that has followed the mixed day from 22:00 on and past midnight."""
    everything = {"limits": ON, "claude_code": ON}
    switches = {"refresh_step": 900.0}
    with running(mixed_day(), now=MIDNIGHT + 22 * HOUR, switches=switches, **everything) as pipeline:
        pipeline.run(15 * MINUTE)
        first = pipeline.calls()
        pipeline.run(105 * MINUTE - 1)
        seen = {"just before midnight": pipeline.scrape(), "calls a minute": (pipeline.calls() - first) / 105}
        pipeline.run(35 * MINUTE)
        yield pipeline, seen


def test_idle_time_adds_nothing():
    """Peers 2.1 a: 350 tokens and then nothing became 1600 after ten polls, and 150 more with each."""
    hours = [Event(MIDNIGHT + hour * HOUR, line(), output=tokens) for hour, tokens in ((8, 100), (9, 50), (10, 200))]
    with running(used(*hours)) as pipeline:
        pipeline.run(0)
        shown = []
        for _ in range(10):
            pipeline.poll("usage")
            shown.append(pipeline.total(TOKENS))
            pipeline.run(60)
        assert shown == [350] * 10


def test_a_day_followed_live_counts_each_token_once(evening):
    """Peers 2.1 b: 1.13 M output and 4.03 M input became 362 and 507 times that, cache writes counted as input too."""
    pipeline, _ = evening
    assert pipeline.total(TOKENS, token_type="output") == OUTPUT
    assert pipeline.total(TOKENS, token_type="uncached_input") == INPUT
    assert pipeline.total(TOKENS, token_type="cache_creation_5m") == CACHE_WRITES
    assert pipeline.total(TOKENS) == OUTPUT + INPUT + CACHE_WRITES
    assert pipeline.total("anthropic_api_key_usage_tokens_total") == OUTPUT + INPUT + CACHE_WRITES


@pytest.mark.parametrize(("open_bucket", "interval", "hours"), [(False, 60.0, 1), (False, 300.0, 5), (True, 300.0, 5)])
def test_neither_closed_buckets_nor_the_poll_rate_change_a_count(open_bucket, interval, hours):
    """Peers 2.1 c, d: closed buckets alone gave 330 and 455 times the truth, a slower poll 36 and 50 times."""
    switches = {"open_bucket": open_bucket, "analytics_open_bucket": open_bucket}
    usage = {"interval": interval, "per_api_key": False}
    start = MIDNIGHT + DAY - hours * HOUR
    with running(mixed_day(), now=start, switches=switches, usage=usage, cost=OFF, inventory=OFF) as pipeline:
        pipeline.run(hours * HOUR + 2 * interval)
        assert pipeline.total(TOKENS, token_type="output") == OUTPUT
        assert pipeline.total(TOKENS, token_type="uncached_input") == INPUT


def test_the_gauge_of_a_day_holds_the_whole_day(evening):
    """Peers 2.1 e: the current tokens at the end of the day were those of the last bucket, 4 % of the day."""
    pipeline, seen = evening
    before = [
        value
        for (name, labels), value in seen["just before midnight"].items()
        if name == "anthropic_usage_today_tokens" and ("token_type", "output") in labels
    ]
    assert OUTPUT * Decimal("0.995") < sum(before) < OUTPUT
    assert pipeline.total("anthropic_usage_yesterday_tokens", token_type="output") == OUTPUT
    assert pipeline.total("anthropic_usage_today_tokens", token_type="output") == 0


def test_requests_are_those_that_were_made(evening):
    """Peers 2.1 f: 1440 requests became 9, one for each pair of key and model."""
    pipeline, _ = evening
    assert pipeline.total("anthropic_usage_requests_total") == REQUESTS
    assert pipeline.total("anthropic_api_key_usage_requests_total") == REQUESTS
    assert len(series(pipeline.scrape(), "anthropic_api_key_usage_requests_total")) == 9


def test_default_settings_ask_at_most_three_times_a_minute(evening):
    """Peers 2.1 n: 8,632 calls a day, the member list every 30 seconds among them."""
    pipeline, seen = evening
    assert seen["calls a minute"] <= 3
    # Every ten minutes, and once at the start.
    assert pipeline.calls("/users") <= 6 * 3 + 1


@pytest.mark.parametrize("generation", ["legacy", "analytics"])
def test_billed_cost_is_in_dollars_and_is_counted_once(generation):
    """Peers 2.1 g: $290 over seven days became $13,000 after one poll and $34,561,000 after an idle day."""
    daily = [Decimal(cents) for cents in (4000, 4100, 4200, 3900, 4150, 4350, 4300)]
    costs = [
        Cost(MIDNIGHT - (7 - number) * DAY + HOUR, line(workspace=DEFAULT), cents, cents, token_type="output_tokens")
        for number, cents in enumerate(daily)
    ]
    organization = used(costs=costs, derive_cost=False)
    settings = {"usage": OFF, "inventory": {"interval": 86_400.0}}
    with running(organization, switches={"generation": generation}, **settings) as pipeline:
        shown = []
        for _ in range(5):
            pipeline.run(600)
            shown.append(pipeline.total("anthropic_cost_usd_total", workspace_id="default"))
        assert shown == [290] * 5
        pipeline.run(DAY)
        assert pipeline.total("anthropic_cost_usd_total") == 290


def test_tokens_before_midnight_that_are_published_after_it_are_counted():
    """Peers 2.1 h: 600,000 tokens at 23:56 to 23:59, published at 00:01 to 00:04, were never counted."""
    events = [Event(MIDNIGHT - minutes * MINUTE, line(), output=150_000) for minutes in (4, 3, 2, 1)]
    switches = {"visibility_delay": 240.0}
    with running(used(*events), now=MIDNIGHT - 30 * MINUTE, switches=switches, cost=OFF) as pipeline:
        pipeline.run(30 * MINUTE)
        assert pipeline.total(TOKENS) == 0
        pipeline.run(10 * MINUTE)
        assert pipeline.total(TOKENS) == 600_000
        assert pipeline.total("anthropic_usage_yesterday_tokens", token_type="output") == 600_000
        assert pipeline.total("anthropic_usage_today_tokens", token_type="output") == 0


@pytest.mark.parametrize("kept", [True, False], ids=["state-kept", "state-lost"])
def test_a_restart_adds_nothing(tmp_path, kept):
    """Peers 2.1 i: five days of 1 M tokens and a restart on the fifth at 18:00 were 6 M in increase()."""
    events = [Event(MIDNIGHT + day * DAY + 12 * HOUR, line(), output=1_000_000) for day in range(5)]
    settings = {"usage": {"interval": 7200.0, "per_api_key": False}, "cost": OFF, "inventory": OFF}
    shown = []
    with running(used(*events), now=MIDNIGHT, state=tmp_path / "before.db", **settings) as pipeline:
        pipeline.run(4 * DAY + 18 * HOUR, after_each=lambda _: note(pipeline, shown))
        simulator, clock = pipeline.simulator, pipeline.clock
        pipeline.organization.stop()
        state = tmp_path / ("before.db" if kept else "after.db")
        if kept:
            pipeline.site._store.close()
        with attached(simulator, clock, state=state, **settings) as restarted:
            restarted.run(6 * HOUR, after_each=lambda _: note(restarted, shown))
    assert increase(shown) == 5_000_000
    assert shown[-1] == 5_000_000
    assert shown == sorted(shown)


def note(pipeline, shown):
    """Add the output tokens to what was shown, once there is a series for them."""
    found = pipeline.scrape()
    if series(found, TOKENS):
        shown.append(total(found, TOKENS, token_type="output"))


def increase(values):
    """Return what a counter rose by, as Prometheus counts it: a fall is a start from nothing."""
    return sum(after if after < before else after - before for before, after in itertools.pairwise(values))


def test_all_members_and_keys_are_read():
    """Peers 2.1 j: of 45 owners of 45 keys, 25 were unknown, because a list has 20 on its first page."""
    users = tuple(User(f"user_{n:02}", f"User {n}", f"user{n}@example.com", "developer", NOW - DAY) for n in range(45))
    keys = tuple(
        ApiKey(f"apikey_{n:02}", f"key-{n}", WORKSPACE.id, NOW - DAY, created_by=f"user_{n:02}") for n in range(45)
    )
    events = [Event(NOW - HOUR, line(key=key.id), output=10) for key in keys]
    inventory = Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE), api_keys=keys, users=users)
    with running(used(*events, inventory=inventory), switches={"page_cap": 20}) as pipeline:
        pipeline.run(60)
        assert pipeline.total("anthropic_members") == 45
        named = {
            told["api_key_id"]: told["api_key_name"] for told in series(pipeline.scrape(), "anthropic_api_key_info")
        }
        assert named == {key.id: key.name for key in keys}
        assert pipeline.total("anthropic_api_keys") == 45


def test_a_name_that_failed_to_load_comes_with_the_next_read():
    """Peers 2.1 k: one 429 on the first look at the keys made the name unknown until the next restart."""
    key = ApiKey("apikey_00", "key-0", WORKSPACE.id, NOW - DAY)
    organization = used(
        Event(NOW - HOUR, line(key=key.id), output=10), inventory=Inventory((DEFAULT_WORKSPACE, WORKSPACE), (key,))
    )
    once = {"faults": ("rate_limited",), "fault_paths": ("/v1/organizations/api_keys",), "retry_after": 0.01}
    slowly = {"interval": 300.0}
    with running(organization, switches={**once, "fault_limit": 3}, usage=slowly) as pipeline:
        seen = set()
        pipeline.run(20 * 60, after_each=lambda _: seen.update(names(pipeline)))
        assert pipeline.simulator.world.faults.spoiled == 3, "the first read failed as a whole"
        assert seen == {"key-0"}


def names(pipeline):
    return [told["api_key_name"] for told in series(pipeline.scrape(), "anthropic_api_key_info")]


def test_use_without_a_key_has_a_label_and_no_token_twice():
    """Peers 2.1 l: 6,110 tokens of the Workbench were api_key_id="None" and, over all types, 11,110."""
    workbench = Event(NOW - HOUR, line(workspace=DEFAULT), uncached=1000, cache_5m=5000, cache_read=100, output=10)
    with running(used(workbench)) as pipeline:
        pipeline.run(60)
        assert pipeline.total(TOKENS, workspace_id="default") == 6110
        assert pipeline.total("anthropic_api_key_usage_tokens_total", api_key_id="none") == 6110
        labels = {value for (_, told) in pipeline.scrape() for _, value in told}
        assert "None" not in labels


def test_an_invalid_key_shows_in_every_metric_of_health():
    """Peers 2.1 m: ten polls with an invalid key moved no metric at all."""
    # Cost would wait a minute of real time for the list of workspaces.
    with running(used(), switches={"accepted_keys": ("sk-ant-admin01-another",)}, cost=OFF) as pipeline:
        for _ in range(10):
            pipeline.run(60)
        found = pipeline.scrape()
        assert pipeline.total("anthropic_up") == 0
        assert ("anthropic_up", (("organization_id", "main"),)) in found
        assert pipeline.total("anthropic_exporter_credential_valid") == 0
        assert series(found, "anthropic_exporter_credential_valid")
        assert len(series(found, "anthropic_exporter_collector_success")) >= 5
        assert pipeline.total("anthropic_exporter_collector_success") == 0
        assert pipeline.total("anthropic_exporter_upstream_requests_total", code="401") >= 10
        assert KEY not in str(found)
