"""Groups of users, seats and active users."""

from decimal import Decimal

from anthropic_exporter.expose.engagement import engagement
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import GroupMonth
from anthropic_exporter.utc import DAY, month_start

NOW = 1_790_000_000.0
MONTH = month_start(NOW)


def shown(*groups, at=NOW):
    inventory = Inventory(Store(":memory:"), "main")
    inventory.take("group_month", {group.group_id: group for group in groups}, NOW)
    inventory = Inventory(inventory.store, "main")  # as after a restart
    inventory.load()
    return {name: samples for name, samples in engagement(inventory, at) if samples}


def test_what_a_group_used_is_absent_where_it_is_not_told():
    assert shown(GroupMonth(MONTH, "rbac_group_1", None, Decimal("1.5"))) == {
        "anthropic_enterprise_group_cost_month_to_date_usd": [(("rbac_group_1",), Decimal("1.5"))],
        "anthropic_enterprise_group_info": [(("rbac_group_1", "rbac_group_1"), 1)],
    }
    tokens = shown(GroupMonth(MONTH, "rbac_group_1", (1, 2, 3, 4, 0), None))
    assert [value for _, value in tokens["anthropic_enterprise_group_month_to_date_tokens"]] == [1, 2, 3, 4, 0]
    assert "anthropic_enterprise_group_cost_month_to_date_usd" not in tokens


def test_what_a_group_used_last_month_is_not_this_months():
    assert shown(GroupMonth(MONTH, "rbac_group_1", (1, 2, 3, 4, 5), Decimal(1)), at=MONTH + 40.0 * DAY) == {}
