"""What ``check`` says of the series is what the first exposition has, family by family."""

from anthropic_exporter.commands.asking import ask
from anthropic_exporter.simulate.instants import DAY
from anthropic_exporter.simulate.inventory import ApiKey, Inventory
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, WORKSPACE, Event, ScriptedOrganization
from service.office import NOW
from simulate.harness import line

KEYS = tuple(ApiKey(f"apikey_{number}", f"key-{number}", WORKSPACE.id, 1_760_000_000) for number in range(3))
#: A few series that are about a time, and have no label that could be many.
UNASKED = {"anthropic_claude_code_active_users", "anthropic_usage_settled_timestamp_seconds"}


def organization():
    lines = [
        line("claude-opus-5-5", api_key_id="apikey_0", service_tier="batch"),
        line("claude-opus-5-5", api_key_id="apikey_1", inference_geo="us"),
        line("claude-haiku-5-5", workspace=DEFAULT_WORKSPACE.id),
        line("claude-unheard-of", api_key_id="apikey_2"),
    ]
    used = {"uncached": 5, "cache_5m": 4, "cache_1h": 3, "cache_read": 2, "output": 1, "requests": 1}
    events = [Event(at, each, **used) for each in lines for at in (NOW - 5 * DAY, NOW - 2 * DAY, NOW - 3 * 3600)]
    events.append(Event(NOW - 2 * DAY, lines[1], web_searches=2))
    return ScriptedOrganization(events, inventory=Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE), api_keys=KEYS))


def test_the_estimate_is_what_the_first_exposition_has(office):
    office.serve(organization(), refresh_step=60.0)
    answer = ask(office.settings, office.organization, office.clock.now)
    office.restart()
    office.cycle()
    shown = {found.family.name: len(found.samples) for found in office.at_work.families(office.clock.now)}
    estimated = {family.name: count for family, count in answer.series.items()}
    assert {name for name in shown if name not in estimated} <= UNASKED
    # Today has not seen yet what the other days have: there the estimate is a bound.
    assert all(estimated[name] >= shown[name] for name in estimated if "_today_" in name)
    rest = {name for name in estimated if "_today_" not in name}
    assert {name: estimated[name] for name in rest} == {name: shown.get(name) for name in rest}
