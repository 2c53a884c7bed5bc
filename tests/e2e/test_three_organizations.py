"""One organization with a dead key, one that is throttled: the third does not notice."""

import time
from dataclasses import replace

from e2e.parts import KEY, requests_of, samples, select
from e2e.script import HELPER, Script
from e2e.truth import Truth, reports
from e2e.witness import Witness, in_a_scrape

DEAD = "sk-ant-admin01-canary-dead-W5pD8sXj2QfY7cTb"
USAGE = "/v1/organizations/usage_report/messages"
NAMES = {"dead": "11111111-1111-4111-8111-111111111111", "throttled": "22222222-2222-4222-8222-222222222222"}
MOST_POLLS = 40
"""Polls of usage until new usage must be shown; it takes one or two, and a scrape can come late."""


def test_the_third_organization_is_untouched_in_numbers_and_freshness(simulate, exporter, wait_until, tmp_path):
    script = Script(time.time(), seed=21)
    healthy = simulate(script.organization)
    dead = simulate(_other("dead", 22))
    throttled = simulate(_other("throttled", 23), faults=("rate_limited",), retry_after=600.0)
    served = exporter(healthy, start=False)
    (tmp_path / "dead-key").write_text(DEAD)
    (third,) = served.settings["organizations"]
    served.settings["organizations"] = [
        {"alias": "dead", "admin_key_file": str(tmp_path / "dead-key"), "base_url": dead.base_url},
        third | {"alias": "throttled", "base_url": throttled.base_url},
        third,
    ]
    served.start()
    identity = script.organization.profile.id

    def up(name):
        answer = served.get("/metrics")
        return answer and select(samples(answer.text), "anthropic_up", organization_id=name)

    wait_until(lambda: (up("dead"), up("throttled"), up(identity)) == ([0.0], [0.0], [1.0]), 40)
    # Whatever is shown of an organization is the third's: the others have nothing to show.
    witness = Witness(in_a_scrape(served), Truth(healthy, *reports("both", open_bucket=True)), wait_until)
    witness.settles()
    script.change()
    witness.settles()

    before = served.value("anthropic_usage_today_tokens", **_now(HELPER)) or 0.0
    polls = _polls(healthy)
    script.organization.record(script._event(HELPER, script._recent()))
    wait_until(lambda: (served.value("anthropic_usage_today_tokens", **_now(HELPER)) or 0.0) > before, 30)
    assert _polls(healthy) - polls <= MOST_POLLS

    # It was asked as if it were alone: nothing twice, and nothing that had to be asked again.
    assert not {request.status for request in requests_of(healthy)} & {401, 429, 500, 503}
    found = served.scrape()
    assert select(found, "anthropic_exporter_collector_success", organization_id=identity, collector="usage") == [1.0]
    assert select(found, "anthropic_exporter_credential_valid", organization_id="dead") == [0.0]
    assert select(found, "anthropic_exporter_credential_valid", organization_id=identity) == [1.0]
    # The throttled one waits as long as it was told to, and the one with the dead key does not hammer.
    assert len(requests_of(throttled)) < len(requests_of(healthy))
    assert KEY not in served.process.stderr
    assert DEAD not in served.process.stderr


def _other(alias, seed):
    organization = Script(time.time(), seed).organization
    organization._profile = replace(organization.profile, id=NAMES[alias])
    return organization


def _polls(simulator):
    return sum(request.path == USAGE for request in requests_of(simulator))


def _now(line):
    return {"workspace_id": "default", "model": line.model, "token_type": "output"}
