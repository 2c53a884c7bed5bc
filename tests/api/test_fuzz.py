"""Whatever upstream sends, a caller sees records or a PollError."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.errors import PollError
from api.harness import (
    Upstream,
    bucket,
    cost_line,
    cost_row,
    id_page,
    legacy_page,
    me,
    report_page,
    usage_line,
    usage_row,
)

# 2026-11-19T00:00:00Z
START = 1795046400
DAY = 86400
BOUNDS = ("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z")
NOW = "2026-11-19T08:30:00Z"

WORKSPACE = {"id": "wrkspc_1", "name": "one", "created_at": NOW, "archived_at": None, "tags": {"a": "b"}}
KEY = {
    "id": "apikey_1",
    "name": "one",
    "status": "active",
    "created_at": NOW,
    "expires_at": NOW,
    "created_by": {"id": "user_1", "type": "user"},
    "principal": {"type": "user_actor", "user_id": "user_1"},
    "scope": {"type": "workspace", "workspace_id": "wrkspc_1"},
    "workspace_id": None,
}
INVITE = {"id": "invite_1", "status": "pending", "role": "user", "expires_at": NOW}
ACTOR = {"type": "user_actor", "user_id": "user_1"}
RANGE = {"starting_at": START, "ending_at": START + DAY}
GROUPED = RANGE | {"width": "1d", "default_workspace": "wrkspc_1"}
DIMENSIONS = ("workspace_id", "model", "inference_geo")

RATE_LIMIT = {
    "id": "rl_1",
    "group": {"id": "rlg_1", "type": "model_group", "display_name": "One"},
    "models": ["m"],
    "limits": [{"type": "requests_per_minute", "value": 5, "source": {"type": "workspace"}}],
}
SPEND = {"amount": "50", "currency": "USD", "period": "monthly", "scope": {"type": "user", "user_id": "user_1"}}
RECORD = {
    "date": BOUNDS[0],
    "actor": {"type": "user_actor", "email_address": "robin@example.com"},
    "customer_type": "api",
    "terminal_type": "vscode",
    "core_metrics": {
        "num_sessions": 1,
        "lines_of_code": {"added": 1, "removed": 1},
        "commits_by_claude_code": 1,
        "pull_requests_by_claude_code": 1,
    },
    "tool_actions": {"edit_tool": {"accepted": 1, "rejected": 1}},
    "model_breakdown": [
        {
            "model": "m",
            "tokens": {"input": 1, "output": 1, "cache_read": 1, "cache_creation": 1},
            "estimated_cost": {"currency": "USD", "amount": 1},
        }
    ],
}
SUMMARY = {"starting_at": BOUNDS[0], "ending_at": BOUNDS[1]} | {
    f"{window}_active_user_count": 1 for window in ("daily", "weekly", "monthly")
}
ACTIVITY = {"id": "activity_1", "created_at": NOW, "type": "api_key_created", "actor": ACTOR}


def token_page(*data):
    return {"data": list(data), "next_page": None}


METHODS = {
    "organization": (me(), lambda api: api.organization()),
    "workspaces": (id_page([WORKSPACE]), lambda api: api.workspaces()),
    "workspace_members": (
        id_page([{"user_id": "user_1", "workspace_role": "workspace_user"}]),
        lambda api: api.workspace_members("wrkspc_1"),
    ),
    "members": (id_page([{"id": "user_1", "role": "user"}]), lambda api: api.members()),
    "invites": (id_page([INVITE]), lambda api: api.invites()),
    "api_keys": (id_page([KEY]), lambda api: api.api_keys(None)),
    "usage_report": (
        legacy_page([bucket(*BOUNDS, usage_row(model="m"))]),
        lambda api: api.usage_report(**RANGE, width="1d", dimensions=DIMENSIONS, rows_per_bucket=1),
    ),
    "cost_report": (legacy_page([bucket(*BOUNDS, cost_row())]), lambda api: api.cost_report(**RANGE)),
    "analytics_usage": (
        report_page([usage_line(*BOUNDS, actor=ACTOR)]),
        lambda api: api.analytics_usage(**GROUPED, dimensions=(*DIMENSIONS, "actor")),
    ),
    "analytics_cost": (
        report_page([cost_line(*BOUNDS, model="m")]),
        lambda api: api.analytics_cost(**GROUPED, dimensions=DIMENSIONS, fan_out=True),
    ),
    "rate_limits": (token_page(RATE_LIMIT), lambda api: api.rate_limits()),
    "workspace_rate_limits": (token_page(RATE_LIMIT), lambda api: api.workspace_rate_limits("wrkspc_1")),
    "spend_limits": (token_page(SPEND | {"is_enabled": True}), lambda api: api.spend_limits()),
    "effective_spend_limits": (
        token_page(SPEND | {"period_to_date_spend": "1.5"}),
        lambda api: api.effective_spend_limits(),
    ),
    "spend_limit_increase_requests": (
        token_page({"id": "slir_1", "status": "pending", "created_at": NOW}),
        lambda api: api.spend_limit_increase_requests(),
    ),
    "claude_code": (legacy_page([RECORD]), lambda api: api.claude_code(START)),
    "activities": (id_page([ACTIVITY]), lambda api: api.activities()),
    "summaries": (token_page(SUMMARY), lambda api: api.summaries(START)),
    "user_groups": (token_page({"id": "rbac_group_1", "name": "one"}), lambda api: api.user_groups()),
}
ODD = [
    b"null", b"true", b"[]", b"{}", b'""', b"-1", b"0.5", b"1e99999999999999999999", b"1e400", b"9" * 5000,
    b"NaN", b'"\\ud800"', b'"\\u0000"', b'"\xff"', b"[" * 5000, b'"9999-12-31T23:59:59-23:59"', b",", b'"', b"}",
    b'"0001-01-01T00:00:00+23:59"', b'"1e999"', b'{"type": "x"}', b"[null]", b"",
]  # fmt: skip


def tokens(text):
    """The places of all names and values in a JSON text, as (start, end)."""
    found, decoder, at = [], json.JSONDecoder(), 0
    while at < len(text):
        if text[at] in ' ,:{}[]"':
            try:
                _, end = decoder.raw_decode(text, at)
            except ValueError:
                at += 1
                continue
            found.append((at, end))
            at += 1 if text[at] in "{[" else end - at
        else:
            _, end = decoder.raw_decode(text, at)
            found.append((at, end))
            at = end
    return found


@pytest.mark.parametrize("method", METHODS)
def test_the_bodies_are_right_to_begin_with(method):
    body, call = METHODS[method]
    call(Upstream(lambda _: httpx.Response(200, json=body)).api)


@pytest.mark.parametrize("method", METHODS)
def test_one_odd_token_gives_records_or_a_poll_error(method):
    """Each name and each value of the body, replaced by each of the odd ones."""
    body, call = METHODS[method]
    text = json.dumps(body)
    served = [b""]
    upstream = Upstream(lambda _: httpx.Response(200, content=served[0]))
    refused = 0
    for start, end in tokens(text):
        for odd in ODD:
            served[0] = text[:start].encode() + odd + text[end:].encode()
            refused += not is_readable(call, upstream.api)
            upstream.stop.now += 60  # an endpoint that keeps failing is left alone for half a minute at most
    assert 0 < refused < len(tokens(text)) * len(ODD)


def is_readable(call, api):
    try:
        call(api)
    except PollError as error:
        assert str(error).isprintable()  # noqa: PT017 - that there may be none is the point
        assert len(str(error)) < 800  # noqa: PT017 - likewise
        return False
    return True


@pytest.mark.parametrize("method", METHODS)
@given(status=st.integers(200, 599), body=st.binary(max_size=40), headers=st.dictionaries(
    st.sampled_from(
        ["retry-after", "retry-after-ms", "x-should-retry", "content-type", "content-encoding", "location", "date",
         "anthropic-ratelimit-requests-reset", "anthropic-organization-id", "request-id"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
))  # fmt: skip
def test_any_answer_gives_records_or_a_poll_error(method, status, body, headers):
    call = METHODS[method][1]
    stream = httpx.ByteStream(body)
    upstream = Upstream(lambda _: httpx.Response(status, stream=stream, headers=headers))
    with pytest.raises(PollError):
        call(upstream.api)
    assert sum(upstream.stop.waits) < 60, "no answer may hold up a cycle"
