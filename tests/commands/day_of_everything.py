"""A day with every modifier and every cause at once, each of which a pocket calculator can check."""

from decimal import Decimal

from anthropic_exporter.simulate.inventory import Inventory
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Cost, Event, ScriptedOrganization
from commands.spending_company import LABS, NOW
from ledger.instants import at
from simulate.harness import line

DAY = at("2026-07-08T09:30")
MILLION = 1_000_000
OPUS, NEW_OPUS, HAIKU, SONNET = "claude-opus-4-8", "claude-opus-5", "claude-haiku-5-5", "claude-sonnet-4-6"
HOME = DEFAULT_WORKSPACE.id


def a_day_of_everything():
    """Make the day; tokens are paid at 90 %, everything else in full."""
    refused = line(SONNET, LABS.id)
    return ScriptedOrganization(
        [
            Event(DAY, line(OPUS, HOME), output=MILLION, cache_1h=MILLION, web_searches=500),  # 25 + 10 + 5
            Event(DAY, line(OPUS, HOME, service_tier="batch"), output=400_000),  # 5, half of 10
            Event(DAY, line(OPUS, HOME, service_tier="priority"), output=700_000),  # paid in advance
            Event(DAY, line(NEW_OPUS, HOME, inference_geo="us"), uncached=MILLION),  # 5.50, 0.50 more than elsewhere
            Event(DAY, line(NEW_OPUS, HOME, speed="fast"), output=100_000),  # 5, 2.50 more than at leisure
            Event(DAY, line("claude-lumen-preview", LABS.id), output=MILLION),  # 30, on no price list
            Event(DAY, line(HAIKU, LABS.id, long_prompt=True), output=MILLION),  # 2.50, estimated as 0.50
            Event(DAY, refused, output=MILLION),  # 15, of which 5 were refused and are not billed
            Event(DAY, line(None, LABS.id, kind="code_execution", service_tier=None), milli_hours=60_000),  # 3
            Event(NOW - 3600, line(OPUS, HOME), output=MILLION),  # today: nothing to hold it against
        ],
        inventory=Inventory(workspaces=(DEFAULT_WORKSPACE, LABS)),
        discount=Decimal("0.9"),
        costs=[Cost(DAY, refused, Decimal(-450), Decimal(-500), token_type="output_tokens")],
    )
