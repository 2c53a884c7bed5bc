from decimal import Decimal

import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import SpendLimit, SpendRequest
from api.harness import Upstream, answers, ok


def cap(scope, **more):
    return {
        "id": "spl_1",
        "type": "spend_limit",
        "amount": "250000",
        "currency": "USD",
        "period": "monthly",
        "scope": scope,
        "is_enabled": True,
        "created_at": "2026-08-01T00:00:00Z",
        "updated_at": "2026-08-01T00:00:00Z",
    } | more


def effective(**more):
    return {
        "actor": {"type": "user_actor", "user_id": "user_1", "name": None, "email_address": None, "deleted": False},
        "amount": "50000",
        "currency": "USD",
        "period": "daily",
        "period_to_date_spend": "120.505",
        "scope": {"type": "user", "user_id": "user_1"},
        "source": {"type": "organization"},
        "spend_limit_id": "spl_1",
    } | more


def page(*data, following=None):
    return ok({"data": list(data), "next_page": following})


SCOPES = [
    ({"type": "organization"}, "none"),
    ({"type": "usage_tier"}, "none"),
    ({"type": "workspace", "workspace_id": "wrkspc_1"}, "wrkspc_1"),
    ({"type": "user", "user_id": "user_1"}, "user_1"),
    ({"type": "seat_tier", "seat_tier": "premium"}, "premium"),
    ({"type": "rbac_group", "rbac_group_id": "rbac_group_1"}, "rbac_group_1"),
    ({"type": "organization_service", "service": "claude_code"}, "claude_code"),
]


def test_caps_are_read_over_all_pages_with_their_beta():
    first, *rest = [cap(scope) for scope, _ in SCOPES]
    upstream = Upstream(answers(page(first, following="page_2"), page(*rest)))
    assert upstream.api.spend_limits() == [
        SpendLimit(scope["type"], identity, "monthly", Decimal(2500), None, 0) for scope, identity in SCOPES
    ]
    assert upstream.sent[0].headers["anthropic-beta"] == "spend-limit-reads-2026-09-26"
    assert upstream.seen.drifts == []


def test_a_cap_that_is_off_is_not_in_force_and_one_without_a_number_has_none():
    told = page(cap({"type": "organization"}, is_enabled=False), cap({"type": "usage_tier"}, amount=None))
    assert Upstream(answers(told)).api.spend_limits() == [SpendLimit("usage_tier", "none", "monthly", None, None, 0)]


def test_spend_of_members_is_exact():
    upstream = Upstream(answers(page(effective())))
    assert upstream.api.effective_spend_limits() == [
        SpendLimit("user", "user_1", "daily", Decimal(500), Decimal("1.20505"), 0)
    ]
    assert "anthropic-beta" not in upstream.sent[0].headers
    assert upstream.seen.drifts == []


def test_an_amount_in_another_currency_is_not_known_in_usd():
    upstream = Upstream(answers(page(effective(currency="EUR"), effective(currency="EUR"))))
    assert {(limit.usd, limit.spent) for limit in upstream.api.effective_spend_limits()} == {(None, None)}
    assert upstream.seen.kinds == [("unknown_value", "currency=EUR")]


@pytest.mark.parametrize("amount", ["many", "-1", 1.5])
def test_an_amount_that_is_none_is_refused(amount):
    told = ok({"data": [effective(amount=amount if amount != 1.5 else [1])], "next_page": None})
    with pytest.raises(errors.SchemaError):
        Upstream(answers(told)).api.effective_spend_limits()


def test_requests_that_wait_are_read():
    def request(name, status):
        return {
            "id": name,
            "type": "spend_limit_increase_request",
            "status": status,
            "actor": {"type": "user_actor", "user_id": "user_1", "deleted": False},
            "period": "monthly",
            "created_at": "2026-02-11T08:30:00Z",
            "resolved_at": None,
            "resolved_by": None,
            "spend_summary": {"whatever": 1},
        }

    upstream = Upstream(
        answers(page(request("slir_1", "pending"), following="page_2"), page(request("slir_2", "denied")))
    )
    assert upstream.api.spend_limit_increase_requests() == [SpendRequest("slir_1", 1770798600)]
    assert upstream.sent[0].url.params["status[]"] == "pending"
    assert upstream.seen.drifts == []


def test_what_is_new_is_counted():
    upstream = Upstream(answers(page(cap({"type": "project", "project_id": "p"}, period="hourly", colour="red"))))
    assert upstream.api.spend_limits()[0].scope == "project"
    assert sorted(upstream.seen.kinds) == [
        ("unknown_field", "colour"),
        ("unknown_field", "project_id"),
        ("unknown_value", "period=hourly"),
        ("unknown_value", "scope=project"),
    ]
