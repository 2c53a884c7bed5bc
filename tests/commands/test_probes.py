"""What one probe makes of an answer."""

import httpx
import pytest

from anthropic_exporter.commands.probes import Asked, attempt, probes
from anthropic_exporter.config.settings import Settings
from api.harness import Upstream, bucket, error, legacy_page, usage_row

USAGE = "/v1/organizations/usage_report/messages"
NOW = 1_795_078_800  # 2026-11-19T09:00
HOUR = ("2026-11-19T07:00:00Z", "2026-11-19T08:00:00Z")


def outcome(handler, endpoint=USAGE):
    asked = Asked(Upstream(handler).api, Settings(), "auto", NOW)
    found = [attempt(probe, inference_key=False) for probe in probes(asked) if probe.endpoint == endpoint]
    assert len(found) == 1
    return found[0]


def refuse_speed(request):
    if "speed" in request.url.params.get_list("group_by[]"):
        return error(400, message="group_by: speed is not a valid value")
    return httpx.Response(200, json=legacy_page([bucket(*HOUR, usage_row(model="m"))]))


def test_a_dimension_that_is_refused_is_left_out_as_the_exporter_does():
    found = outcome(refuse_speed)
    assert (found.usable, found.rows) == (True, 1)
    assert found.advice == "upstream refuses to group by speed; fast mode is not told apart"


def test_another_bad_request_stays_one():
    found = outcome(lambda _: error(400, message="bucket_width: no"))
    assert (found.usable, found.status, found.rows) == (False, "400", None)


@pytest.mark.parametrize(("status", "without"), [(403, True), (404, True), (401, False), (529, False)])
def test_only_what_is_not_offered_says_what_is_lost(status, without):
    found = outcome(lambda _: error(status))
    assert found.status == str(status)
    assert ("without it tokens come from analytics/usage" in found.advice) == without
