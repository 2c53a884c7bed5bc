"""A quarter day by day: spend equals the truth once it is settled, and every way to add it up gives the same."""

import random
from decimal import Decimal

import pytest

from anthropic_exporter.config.sections import OwnershipRule
from anthropic_exporter.utc import DAY, HOUR, month_start
from money.firm import Firm, api_key, at, match, settings, summed, total, workspace

START, END = at("2026-08-01"), at("2026-11-01")
MODELS = {"claude-opus-4-8": Decimal(25), "claude-sonnet-4-6": Decimal(15), "claude-haiku-4-5-20251001": Decimal(5)}
WORKSPACES = ("wrkspc_search", "wrkspc_labs", "default")
KEYS = {
    "apikey_atlas-prod-a": "wrkspc_search",
    "apikey_beam-dev-b": "wrkspc_search",
    "apikey_scratch": "wrkspc_labs",
    "apikey_roaming": "none",
    "none": "default",
}
RULES = (OwnershipRule(match=match(api_key_name="(?P<team>[a-z]+)-(?P<environment>[a-z]+)-.*")),)
PER = "anthropic_{}_spend_month_to_date_usd"


def month(firm, now):
    """Return the spend of the month by workspace, after every sum of it was found equal."""
    shown = firm.shown(now)
    spend = shown["anthropic_spend_month_to_date_usd"]
    by_workspace = {k: v for k, v in summed(spend, 0).items() if v}
    assert {k: v for k, v in summed(shown[PER.format("api_key")], 1).items() if v} == by_workspace
    whole = total(spend)
    assert whole == total(by_workspace) == total(summed(spend, 1))
    assert whole == total(shown[PER.format("api_key")]) == total(shown[PER.format("owner")])
    return by_workspace


@pytest.mark.parametrize("by_key", [True, False], ids=["bill by key", "bill by workspace"])
def test_every_door_tells_a_quarter_to_the_same_cent(by_key):
    chance = random.Random(7)
    firm = Firm(settings(ownership=RULES)).load(START)
    firm.names(
        [workspace("search"), workspace("labs")],
        [api_key(key.removeprefix("apikey_"), home) for key, home in KEYS.items() if key != "none"],
    )
    truth, keys_truth = {}, {}
    streams = ("usage", "api_key_usage", "cost", *(["cost.api_key"] if by_key else []))
    for day in range(START, END, DAY):
        for hour in range(0, 24, 6):
            for key, home in KEYS.items():
                place = chance.choice(WORKSPACES) if home == "none" else home
                model = chance.choice(list(MODELS))
                tokens = chance.randrange(1, 3_000_000)
                firm.use(day + hour * HOUR, place, model, key=key, output=tokens)
                usd = tokens * MODELS[model] * Decimal("0.9") / 1_000_000
                firm.bill(day, place, model, usd, key=key if by_key else None)
                truth[place, day] = truth.get((place, day), 0) + usd
                keys_truth[key, day] = keys_truth.get((key, day), 0) + usd
        if chance.random() < 0.3:
            firm.bill(day, "default", "none", "0.37", "none", "code_execution", "none", key="none" if by_key else None)
            truth["default", day] += Decimal("0.37")
            keys_truth["none", day] += Decimal("0.37")
        for now in (day + DAY + HOUR, day + DAY + 7 * HOUR):
            firm.read(now, *streams, since=now - 4 * DAY)
            month(firm, now)
        now = day + DAY + 7 * HOUR
        first = month_start(now)
        settled = {
            place: sum(usd for (at_place, when), usd in truth.items() if at_place == place and first <= when <= day)
            for place in WORKSPACES
        }
        assert month(firm, now) == {place: usd for place, usd in settled.items() if usd}
        if by_key:
            shown = summed(firm.shown(now)[PER.format("api_key")], 0)
            for key in KEYS:
                expected = sum(usd for (of, when), usd in keys_truth.items() if of == key and first <= when <= day)
                # A key of no workspace is billed over several, each rounded to 10^-18 USD.
                assert abs(shown.get(key, 0) - expected) < Decimal("1e-15"), key
        if first != month_start(day):
            before = firm.shown(now)["anthropic_spend_previous_month_usd"]
            last = month_start(day)
            for place in WORKSPACES:
                expected = sum(usd for (of, when), usd in truth.items() if of == place and last <= when < first)
                assert summed(before, 0)[place] == expected
