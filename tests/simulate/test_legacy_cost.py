from decimal import Decimal

import pytest

from anthropic_exporter.simulate.instants import DAY, floor, rfc3339
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from simulate.harness import DEFAULT, NOW, PROMPT, account, cents, line
from simulate.shapes import COST_REPORT, mismatch

TODAY = floor(NOW, DAY)
YESTERDAY = rfc3339(TODAY - DAY)
BOTH = ("workspace_id", "description")


@pytest.fixture
def two(fake):
    batch = line("claude-sonnet-5", DEFAULT, service_tier="batch", inference_geo="us")
    fake.serve(
        ScriptedOrganization(
            [
                Event(TODAY - DAY, line(), 1_000_000, web_searches=12),
                Event(TODAY - DAY, batch, output=1_000_001),
                Event(TODAY - DAY, line(None, DEFAULT, kind="code_execution"), milli_hours=300),
                Event(TODAY, line(), 1_000_000),
            ]
        )
    )
    return fake


def buckets(fake, **params):
    return fake.ask("cost_report", **({"starting_at": YESTERDAY} | params))["data"]


@pytest.mark.parametrize("dimensions", [(), ("workspace_id",), ("description",), BOTH])
def test_an_answer_has_the_documented_shape(fake, company, dimensions):
    fake.serve(company)
    answer = fake.ask("cost_report", starting_at="2026-11-01T00:00:00Z", group_by__=dimensions, limit=31)
    assert len(answer["data"]) == 18
    assert mismatch(answer, COST_REPORT) == ""


def test_without_grouping_a_day_is_one_amount(two):
    ((row,),) = (bucket["results"] for bucket in buckets(two))
    assert Decimal(row["amount"]) == 400 + 12 + Decimal("550.00055") + Decimal("1.5")
    assert {name for name, value in row.items() if value is not None} == {"amount", "currency"}


def test_grouped_by_description_every_component_is_a_row(two):
    (bucket,) = buckets(two, group_by__=BOTH)
    assert {(row["workspace_id"], row["description"], row["amount"]) for row in bucket["results"]} == {
        (None, "Claude Sonnet 5 Usage (Batch) (US Inference) - Output Tokens", "550.00055"),
        (None, "Code Execution Usage", "1.5"),
        (line().workspace_id, "Claude Opus 5.5 Usage - Input Tokens", "400"),
        (line().workspace_id, "Web Search Usage", "12"),
    }


def test_only_tokens_have_a_model_and_a_tier(two):
    (bucket,) = buckets(two, group_by__="description")
    by_type = {row["cost_type"]: row for row in bucket["results"]}
    assert by_type["tokens"]["token_type"] is not None
    for kind in ("web_search", "code_execution"):
        assert {by_type[kind][name] for name in ("model", "service_tier", "token_type", "context_window")} == {None}


def test_priority_is_not_in_the_report(fake):
    fake.serve(ScriptedOrganization([Event(TODAY - DAY, line(service_tier="priority"), 9)]))
    assert [bucket["results"] for bucket in buckets(fake)] == [[]]


def test_descriptions_tell_rows_apart(fake, company):
    fake.serve(company, PROMPT)
    for bucket in buckets(fake, starting_at="2026-11-01T00:00:00Z", group_by__="description"):
        names = [row["description"] for row in bucket["results"]]
        assert len(names) == len(set(names))


def test_today_has_no_figure(two):
    assert [bucket["starting_at"] for bucket in buckets(two, ending_at=rfc3339(NOW))] == [YESTERDAY]


@pytest.mark.parametrize("params", [{}, {"ending_at": rfc3339(NOW)}, {"ending_at": rfc3339(TODAY + DAY)}])
def test_a_range_without_a_completed_day_is_refused(two, params):
    status, message = two.refusal("cost_report", starting_at=rfc3339(TODAY), **params)
    assert (status, message) == (400, "Invalid date range: ending date must be after starting date")


def test_today_has_a_figure_where_switched_so(two):
    two.simulator.switch(cost_completed_days_only=False)
    assert [cents(bucket["results"]) for bucket in buckets(two)][1] == 400
    two.simulator.switch(open_bucket=False)
    assert len(buckets(two)) == 1


def test_cost_can_appear_later_than_usage(fake):
    fake.serve(ScriptedOrganization([Event(TODAY - 60, line(), 1_000_000)]), Switches(cost_delay=50_000))
    assert cents(buckets(fake)[0]["results"]) == 0
    fake.clock.now = TODAY + 50_000
    assert cents(buckets(fake)[0]["results"]) == 400


def test_seven_days_are_the_default_and_31_the_highest(two):
    long_ago = "2024-01-01T00:00:00Z"
    assert len(buckets(two, starting_at=long_ago)) == 7
    assert len(buckets(two, starting_at=long_ago, limit=31)) == 31
    assert two.refusal("cost_report", starting_at=long_ago, limit=32)[0] == 400
    assert two.refusal("cost_report", starting_at=long_ago, bucket_width="1h")[0] == 400
    assert two.refusal("cost_report", starting_at=long_ago, group_by__="model")[0] == 400


def test_pages_hold_the_same_as_one(fake, company):
    fake.serve(company)
    asked = {"starting_at": "2026-10-25T00:00:00Z", "group_by__": BOTH}
    assert list(fake.walk("cost_report", limit=4, **asked)) == fake.ask("cost_report", limit=31, **asked)["data"]


def test_the_report_says_what_the_simulator_holds(fake, company):
    fake.serve(company, Switches(lateness=2700, revisions=True))
    start = TODAY - 5 * DAY
    held = fake.simulator.totals(start, TODAY)["published"]["cost"]
    reported = [row for b in buckets(fake, starting_at=rfc3339(start), group_by__=BOTH) for row in b["results"]]
    default = company.inventory(NOW).default_workspace_id
    for row in reported:
        row["workspace_id"] = row["workspace_id"] or default
    names = ("workspace_id", "model", "service_tier", "cost_type", "token_type")
    assert account(reported, *names, of="amount") == account(held, *names, of="billed")
