from anthropic_exporter.simulate.instants import DAY, HOUR, MINUTE, floor, rfc3339
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import LIVELY, Switches
from simulate.harness import DEFAULT, EVERYTHING, MESSAGES, NOW, account, line

TODAY = floor(NOW, DAY)
CONTROL = "/_simulate"


def control(fake, path, **params):
    response = fake.client.get(f"{fake.simulator.base_url}{CONTROL}/{path}", params=params, headers={"x-api-key": ""})
    assert response.status_code == 200, response.text
    return response.json()


def test_the_account_tells_what_is_published_and_what_is_true(fake):
    keyed = line(api_key_id="apikey_01A")
    fake.serve(
        ScriptedOrganization(
            [
                Event(TODAY, keyed, output=10, web_searches=2, requests=1),
                Event(TODAY, keyed, output=-4, visible_at=NOW + 1),
                Event(TODAY, line(workspace=DEFAULT), uncached=7, visible_at=NOW + 1),
            ]
        ),
        Switches(visibility_delay=0, cost_completed_days_only=False),
    )
    found = control(fake, "totals", **{"from": rfc3339(TODAY), "to": TODAY + DAY, "generation": "legacy"})
    dimensions = {"model": "claude-opus-5-5", "service_tier": "standard", "inference_geo": "not_available"}
    named = dimensions | {"workspace_id": keyed.workspace_id, "api_key_id": "apikey_01A", "speed": "standard"}
    assert found["default_workspace_id"] == DEFAULT
    assert found["published"]["tokens"] == [named | {"token_type": "output_tokens", "tokens": 10}]
    assert found["published"]["web_searches"] == [named | {"web_searches": 2}]
    assert found["published"]["requests"] == [named | {"requests": 1}]
    assert account(found["final"]["tokens"], "workspace_id", "token_type", of="tokens") == {
        (keyed.workspace_id, "output_tokens"): 6,
        (DEFAULT, "uncached_input_tokens"): 7,
    }
    assert {"billed": "0.02", "list": "0.02"}.items() <= found["published"]["cost"][0].items()
    assert account(found["final"]["cost"], "cost_type", of="billed")["web_search",] == 2


def test_published_tokens_are_those_of_the_report(fake, company):
    fake.serve(company, LIVELY)
    start, end = TODAY - 2 * DAY, TODAY + DAY
    held = fake.simulator.totals(start, end)
    buckets = fake.walk(MESSAGES, starting_at=rfc3339(start), bucket_width="1h", group_by__=EVERYTHING)
    reported = [row for bucket in buckets for row in bucket["results"]]
    for row in reported:
        row["workspace_id"] = row["workspace_id"] or held["default_workspace_id"]
    outputs = [row for row in held["published"]["tokens"] if row["token_type"] == "output_tokens"]
    assert account(reported, *EVERYTHING, of="output_tokens") == account(outputs, *EVERYTHING, of="tokens")
    assert held["published"]["tokens"] != held["final"]["tokens"]


def test_a_running_bucket_that_is_not_served_is_not_published(fake):
    fake.serve(
        ScriptedOrganization([Event(NOW - 2 * MINUTE, line(), 5)]), Switches(visibility_delay=0, open_bucket=False)
    )

    def published(width):
        return fake.simulator.totals(TODAY, TODAY + DAY, width=width)["published"]["tokens"]

    assert len(published("1m")) == 1
    assert published("1h") == published("1d") == []


def test_analytics_publish_what_the_export_holds(fake):
    export = floor(NOW, 4 * HOUR)
    fake.serve(ScriptedOrganization(Event(at, line(), 5) for at in (export - 60, export)))
    assert fake.simulator.totals(TODAY, TODAY + DAY, "analytics")["published"]["tokens"][0]["tokens"] == 5
    assert fake.simulator.totals(TODAY, TODAY + DAY, "legacy")["published"]["tokens"][0]["tokens"] == 10


def test_the_future_is_not_the_truth_yet(fake, company):
    fake.serve(company)
    final = fake.simulator.totals(TODAY, TODAY + DAY)["final"]
    fake.clock.now += HOUR
    assert sum(row["tokens"] for row in final["tokens"]) < sum(
        row["tokens"] for row in fake.simulator.totals(TODAY, TODAY + DAY)["final"]["tokens"]
    )


def test_switches_are_shown_and_changed(fake):
    assert control(fake, "switches")["lateness"] == 0
    url = f"{fake.simulator.base_url}{CONTROL}/switches"
    changed = fake.client.post(url, json={"lateness": 60, "faults": ["slow"], "fault_paths": ["/v1/x"]})
    assert (changed.status_code, changed.json()["lateness"], changed.json()["faults"]) == (200, 60, ["slow"])
    assert fake.simulator.switches.fault_paths == ("/v1/x",)
    for wrong in ({"nothing": 1}, {"faults": ["tired"]}, {"page_cap": 1.5}, {"fault_rate": 2}, {"open_bucket": 1}, []):
        assert fake.client.post(url, json=wrong).status_code == 400, wrong
    assert fake.simulator.switches.lateness == 60


def test_a_wrong_account_is_refused(fake):
    for wrong in (
        {},
        {"from": "x", "to": "1"},
        {"from": "0", "to": "1", "generation": "next"},
        {"from": "0", "to": "1", "width": "1w"},
    ):
        response = fake.client.get(f"{fake.simulator.base_url}{CONTROL}/totals", params=wrong)
        assert response.status_code == 400, wrong


def test_requests_are_logged_and_forgotten(fake):
    fake.get("me", beta="true")
    fake.refusal("nothing")
    control(fake, "requests")  # is itself not in the log
    first, second = control(fake, "requests")["requests"]
    assert first == {
        "method": "GET",
        "path": "/v1/organizations/me",
        "query": "beta=true",
        "status": 200,
        "time": NOW,
        "fault": None,
    }
    assert second["status"] == 404
    fake.client.delete(f"{fake.simulator.base_url}{CONTROL}/requests")
    assert control(fake, "requests") == {"requests": [], "dropped": 0}
