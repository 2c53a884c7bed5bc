import pytest

from anthropic_exporter.simulate.instants import DAY, HOUR, floor, rfc3339
from anthropic_exporter.simulate.line import REQUESTS, Seen
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from simulate.harness import NOW, line
from simulate.shapes import CLAUDE_CODE, mismatch

PATH = "usage_report/claude_code"
TODAY = floor(NOW, DAY)
DATE, YESTERDAY = rfc3339(TODAY)[:10], rfc3339(TODAY - DAY)[:10]


def coder(**more):
    return line(account_id="user_01A", product="claude_code", **more)


def test_an_answer_has_the_documented_shape(fake, company):
    fake.serve(company)
    answer = fake.ask(PATH, starting_at=YESTERDAY)
    assert {record["actor"]["type"] for record in answer["data"]} == {"user_actor", "api_actor"}
    assert {record["customer_type"] for record in answer["data"]} == {"api", "subscription"}
    assert mismatch(answer, CLAUDE_CODE) == ""


def test_only_claude_code_is_in_it_and_of_one_day(fake):
    fake.serve(
        ScriptedOrganization(
            [
                Event(TODAY - DAY, coder(), 10, 1, 2, 3, 4, requests=1),
                Event(TODAY - DAY, line(account_id="user_01A"), 1000, requests=1),
                Event(TODAY - 2 * DAY, coder(), 1000, requests=1),
            ]
        )
    )
    (record,) = fake.ask(PATH, starting_at=YESTERDAY)["data"]
    (model,) = record["model_breakdown"]
    assert model["tokens"] == {"input": 10, "output": 4, "cache_read": 3, "cache_creation": 3}
    assert record["core_metrics"]["num_sessions"] == 1


def test_an_actor_has_a_record_for_each_terminal(fake):
    events = [Event(TODAY - DAY, coder(terminal=each), 10, requests=1) for each in ("vscode", "tmux")]
    fake.serve(ScriptedOrganization(events))
    records = fake.ask(PATH, starting_at=YESTERDAY)["data"]
    assert [record["terminal_type"] for record in records] == ["tmux", "vscode"]
    assert len({record["actor"]["email_address"] for record in records}) == 1


def test_nothing_younger_than_an_hour_is_returned(fake):
    fake.serve(ScriptedOrganization([Event(NOW - 120, coder(), 10, requests=1)]))
    assert fake.ask(PATH, starting_at=DATE)["data"] == []
    fake.clock.now += HOUR
    assert len(fake.ask(PATH, starting_at=DATE)["data"]) == 1


def test_today_only_grows(fake, company):
    def sessions():
        records = fake.ask(PATH, starting_at=DATE, limit=1000)["data"]
        return sum(record["core_metrics"]["num_sessions"] for record in records)

    seen = []
    for hours in (8, 12, 16, 20, 26):
        fake.serve(company, now=TODAY + hours * HOUR)
        seen.append(sessions())
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]


def test_pages_read_one_boundary_while_data_arrives(fake, company):
    fake.serve(company, now=TODAY + 10 * HOUR)
    whole = fake.ask(PATH, starting_at=DATE, limit=1000)["data"]
    walk = fake.walk(PATH, starting_at=DATE, limit=2)
    found = [next(walk)]
    fake.clock.now += 5 * HOUR
    assert [*found, *walk] == whole


def test_tokens_are_those_of_the_usage(fake, company):
    fake.serve(company)
    used = company.usage(TODAY - DAY, TODAY, Seen(NOW, NOW, 0, revised=False))
    coded = sum(counts[4] for each, counts in used.items() if each.product == "claude_code" and counts[REQUESTS])
    records = fake.walk(PATH, starting_at=YESTERDAY, limit=3)
    assert sum(model["tokens"]["output"] for record in records for model in record["model_breakdown"]) == coded


@pytest.mark.parametrize(
    "params",
    [{}, {"starting_at": "2026-11-18T00:00:00Z"}, {"starting_at": "11/18/2026"}, {"starting_at": DATE, "limit": 1001}],
)
def test_a_wrong_query_is_refused(fake, params):
    assert fake.refusal(PATH, **params)[0] == 400


def test_it_can_be_missing(fake):
    fake.simulator.switch(claude_code=False)
    assert fake.refusal(PATH, starting_at=DATE)[0] == 404
