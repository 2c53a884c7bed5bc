"""Beyond ``series.max_per_family`` nothing is lost: the rest is in one series, and the sums are exact."""

from collections import Counter
from dataclasses import replace

from anthropic_exporter.config.sections import SeriesSettings
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from service.office import FIRST, NOW
from simulate.harness import line

MOST = 12


def organization():
    lines = [line(f"claude-opus-5-{n}", api_key_id=f"apikey_{n}") for n in range(9)]
    return ScriptedOrganization(
        Event(NOW - 7200, each, uncached=1000 + n, cache_5m=7 * n, cache_1h=3, cache_read=11 * n, output=n, requests=n)
        for n, each in enumerate(lines)
    )


def sums(office):
    """Return by family and token type what all its series come to, and how many series there are."""
    found, count = Counter(), Counter()
    for shown in office.at_work.families(office.clock.now):
        if shown.family.kind == "counter" or shown.family.unit in ("usd", "tokens"):
            place = shown.family.labels.index("token_type") if "token_type" in shown.family.labels else None
            for labels, value in shown.samples:
                found[shown.family.name, labels[place] if place is not None else ""] += value
                count[shown.family.name] += "__other__" not in labels
    return found, count


def test_sums_are_the_same_by_family_and_token_type_with_any_limit(office):
    office.serve(organization())
    office.restart()
    office.cycle(*FIRST)
    whole, counts = sums(office)
    assert max(counts.values()) > MOST
    # A limit holds from the first series on: those that are shown already never move.
    with office.store.transaction():
        office.store.forget_organization("main")
    office.clock.now = NOW
    office.settings = replace(office.settings, series=SeriesSettings(max_per_family=MOST))
    office.restart()
    office.cycle(*FIRST)
    limited, few = sums(office)
    assert {key: round(float(value), 9) for key, value in limited.items()} == {
        key: round(float(value), 9) for key, value in whole.items()
    }
    assert max(few.values()) == MOST
    refused = {family: number for family, number in office.at_work.overflowed() if number}
    assert refused["anthropic_usage_tokens_total"] == counts["anthropic_usage_tokens_total"] - MOST
