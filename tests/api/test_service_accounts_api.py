import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import ServiceAccount
from api.harness import Upstream, answers, error, ok

TOKEN = "sk-ant-oat01-canary-of-the-access-tests"


def account(name, **more):
    return {
        "id": f"svac_{name}",
        "type": "service_account",
        "name": name,
        "description": None,
        "organization_role": "developer",
        "created_at": "2026-07-15T10:00:00Z",
        "updated_at": "2026-07-15T10:00:00Z",
        "archived_at": None,
        "created_by_actor_id": None,
        "updated_by_actor_id": None,
        "archived_by_actor_id": None,
    } | more


def test_service_accounts_are_read_over_all_pages_with_a_token():
    old = account("old", archived_at="2026-08-01T00:00:00Z")
    upstream = Upstream(
        answers(
            ok({"data": [account("one")], "next_page": "page_2"}),
            ok({"data": [account("two"), old], "next_page": None}),
        ),
        TOKEN,
    )
    assert upstream.api.service_accounts() == [
        ServiceAccount("svac_one", "developer"),
        ServiceAccount("svac_two", "developer"),
    ]
    assert upstream.sent[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert upstream.seen.drifts == []


def test_a_key_is_not_sent_where_only_a_token_is_taken():
    """A refusal in the words of a wrong key would make the whole organization look locked out."""
    upstream = Upstream(answers())
    with pytest.raises(errors.NotSupported, match="org:admin"):
        upstream.api.service_accounts()
    assert upstream.sent == []
    assert upstream.seen.valid == []


def test_a_token_without_the_scope_is_not_supported():
    with pytest.raises(errors.NotSupported):
        Upstream(answers(error(403, "permission_error", "Missing required scopes")), TOKEN).api.service_accounts()


def test_what_is_new_is_counted():
    told = account("one", organization_role="owner", shoe_size=5)
    upstream = Upstream(answers(ok({"data": [told], "next_page": None})), TOKEN)
    upstream.api.service_accounts()
    assert upstream.seen.kinds == [("unknown_field", "shoe_size"), ("unknown_value", "organization_role=owner")]
