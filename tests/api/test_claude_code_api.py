from decimal import Decimal

import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import ClaudeCodeModel, ClaudeCodeRecord
from anthropic_exporter.utc import DAY
from api.harness import Upstream, answers, legacy_page, ok

TODAY = 20_600 * DAY  # 2026-05-27
PERSON = {"type": "user_actor", "email_address": "robin@example.com"}


def record(actor=PERSON, **more):
    return {
        "date": "2026-05-27T00:00:00Z",
        "actor": actor,
        "organization_id": "7c1f6a52-0000-4b0e-8c1f-2f3f5b8a9d10",
        "customer_type": "subscription",
        "subscription_type": "team",
        "terminal_type": "vscode",
        "is_remote": False,
        "core_metrics": {
            "num_sessions": 4,
            "lines_of_code": {"added": 812, "removed": 231},
            "commits_by_claude_code": 6,
            "pull_requests_by_claude_code": 1,
        },
        "tool_actions": {"edit_tool": {"accepted": 38, "rejected": 3}},
        "model_breakdown": [
            {
                "model": "claude-opus-5-5",
                "tokens": {"input": 1, "output": 2, "cache_read": 3, "cache_creation": 4},
                "estimated_cost": {"currency": "USD", "amount": 433},
            }
        ],
    } | more


def read(*pages):
    upstream = Upstream(answers(*[ok(page) for page in pages]))
    return upstream.api.claude_code(TODAY), upstream


def test_a_day_is_read_over_all_pages():
    machine = record(
        {"type": "api_actor", "api_key_name": "ci"}, tool_actions={}, model_breakdown=[], date="2026-05-27"
    )
    found, upstream = read(legacy_page([record()], "page_2"), legacy_page([machine]))
    assert found[0] == ClaudeCodeRecord(
        "user_actor",
        "robin@example.com",
        "subscription",
        "vscode",
        4,
        6,
        1,
        812,
        231,
        (("edit_tool", 38, 3),),
        (ClaudeCodeModel("claude-opus-5-5", (1, 3, 4, 2), Decimal("4.33")),),
    )
    assert (found[1].actor_type, found[1].actor) == ("api_actor", "ci")
    assert upstream.sent[0].url.params["starting_at"] == "2026-05-27"
    assert upstream.seen.drifts == []


@pytest.mark.parametrize(("amount", "usd"), [(433, "4.33"), (0.1, "0.001"), ("12.5", "0.125")])
def test_an_estimate_is_exact_however_it_is_written(amount, usd):
    model = record()["model_breakdown"][0] | {"estimated_cost": {"currency": "USD", "amount": amount}}
    found, _ = read(legacy_page([record(model_breakdown=[model])]))
    assert found[0].models[0].usd == Decimal(usd)


@pytest.mark.parametrize(
    "more",
    [
        {"date": "2026-05-26"},
        {"actor": None},
        {"core_metrics": {}},
        {"model_breakdown": [record()["model_breakdown"][0] | {"estimated_cost": {"currency": "EUR", "amount": 1}}]},
        {"model_breakdown": [record()["model_breakdown"][0] | {"estimated_cost": {"amount": "much"}}]},
    ],
)
def test_a_record_that_would_be_counted_wrongly_is_refused(more):
    with pytest.raises(errors.SchemaError):
        read(legacy_page([record(**more)]))


def test_what_is_new_is_passed_on_and_counted():
    told = record(customer_type="partner", mood="good", tool_actions={"paint_tool": {"accepted": 1, "rejected": 0}})
    found, upstream = read(legacy_page([told]))
    assert found[0].tools == (("paint_tool", 1, 0),)
    assert sorted(upstream.seen.kinds) == [
        ("unknown_field", "mood"),
        ("unknown_value", "customer_type=partner"),
        ("unknown_value", "tool=paint_tool"),
    ]
