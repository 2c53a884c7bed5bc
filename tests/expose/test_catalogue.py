"""The table of families against the rules of naming and against the list of what must be there."""

import re

import pytest

from anthropic_exporter.expose.catalogue import DEFAULT_GROUP_BY, families, family

ORG = "organization_id"
U = (ORG, "workspace_id", "model", "service_tier", "inference_geo", "speed")
K = (ORG, "api_key_id", "model", "service_tier")
W = (ORG, "workspace_id", "model")
LINE = (*W, "service_tier", "cost_type", "token_type")
KEY = (ORG, "api_key_id", "workspace_id")
COLLECTOR = (ORG, "collector")
SCOPE = (ORG, "scope", "scope_id", "period")
TERMINAL = (ORG, "customer_type", "terminal_type")
PRODUCT = (ORG, "product", "model")
BUDGET = (ORG, "budget", "period")

#: name: (kind, labels, collector). Written out once more on purpose: names and labels are an interface.
REQUIRED = {
    "anthropic_organization_info": ("gauge", (ORG, "organization_name"), "organization"),
    "anthropic_workspace_info": ("gauge", (ORG, "workspace_id", "workspace_name", "status"), "workspaces"),
    "anthropic_workspaces": ("gauge", (ORG, "status"), "workspaces"),
    "anthropic_workspace_members": ("gauge", (ORG, "workspace_id", "role"), "members"),
    "anthropic_members": ("gauge", (ORG, "role"), "members"),
    "anthropic_invites": ("gauge", (ORG, "status", "role"), "invites"),
    "anthropic_api_key_info": (
        "gauge",
        (ORG, "api_key_id", "api_key_name", "workspace_id", "status", "owner_type"),
        "api_keys",
    ),
    "anthropic_api_keys": ("gauge", (ORG, "workspace_id", "status"), "api_keys"),
    "anthropic_api_key_age_seconds": ("gauge", KEY, "api_keys"),
    "anthropic_api_key_created_timestamp_seconds": ("gauge", KEY, "api_keys"),
    "anthropic_api_key_expires_timestamp_seconds": ("gauge", KEY, "api_keys"),
    "anthropic_api_key_last_used_timestamp_seconds": ("gauge", KEY, "api_key_usage"),
    "anthropic_usage_tokens_total": ("counter", (*U, "token_type"), "usage"),
    "anthropic_usage_requests_total": ("counter", U, "usage"),
    "anthropic_usage_web_search_requests_total": ("counter", U, "usage"),
    "anthropic_api_key_usage_tokens_total": ("counter", (*K, "token_type"), "api_key_usage"),
    "anthropic_api_key_usage_requests_total": ("counter", K, "api_key_usage"),
    "anthropic_usage_today_tokens": ("gauge", (*W, "token_type"), "usage"),
    "anthropic_usage_yesterday_tokens": ("gauge", (*W, "token_type"), "usage"),
    "anthropic_usage_month_to_date_tokens": ("gauge", (*W, "token_type"), "usage"),
    "anthropic_usage_previous_month_tokens": ("gauge", (*W, "token_type"), "usage"),
    "anthropic_usage_last_bucket_timestamp_seconds": ("gauge", (ORG,), "usage"),
    "anthropic_usage_settled_timestamp_seconds": ("gauge", (ORG,), "usage"),
    "anthropic_estimated_cost_usd_total": ("counter", (*U, "token_type"), "usage"),
    "anthropic_api_key_estimated_cost_usd_total": ("counter", K, "api_key_usage"),
    "anthropic_estimated_cost_today_usd": ("gauge", W, "usage"),
    "anthropic_estimated_cost_yesterday_usd": ("gauge", W, "usage"),
    "anthropic_estimated_cost_month_to_date_usd": ("gauge", W, "usage"),
    "anthropic_estimated_cost_previous_month_usd": ("gauge", W, "usage"),
    "anthropic_unpriced_tokens_total": ("counter", (ORG, "model", "token_type", "reason"), "usage"),
    "anthropic_model_price_usd_per_million_tokens": (
        "gauge",
        ("model", "service_tier", "inference_geo", "speed", "token_type"),
        "usage",
    ),
    "anthropic_model_price_upper_bound_ratio": ("gauge", ("model",), "usage"),
    "anthropic_cost_usd_total": ("counter", LINE, "cost"),
    "anthropic_list_cost_usd_total": ("counter", LINE, "cost"),
    "anthropic_api_key_cost_usd_total": ("counter", (ORG, "api_key_id", "model"), "cost"),
    "anthropic_cost_today_usd": ("gauge", (*W, "cost_type"), "cost"),
    "anthropic_cost_yesterday_usd": ("gauge", (*W, "cost_type"), "cost"),
    "anthropic_cost_month_to_date_usd": ("gauge", (*W, "cost_type"), "cost"),
    "anthropic_cost_previous_month_usd": ("gauge", (*W, "cost_type"), "cost"),
    "anthropic_cost_last_bucket_timestamp_seconds": ("gauge", (ORG,), "cost"),
    "anthropic_cost_settled_timestamp_seconds": ("gauge", (ORG,), "cost"),
    "anthropic_estimate_error_ratio": ("gauge", W, "cost"),
    "anthropic_spend_today_usd": ("gauge", W, "cost"),
    "anthropic_spend_month_to_date_usd": ("gauge", W, "cost"),
    "anthropic_spend_previous_month_usd": ("gauge", W, "cost"),
    "anthropic_spend_month_forecast_usd": ("gauge", (ORG, "workspace_id"), "cost"),
    "anthropic_spend_month_forecast_low_usd": ("gauge", (ORG, "workspace_id"), "cost"),
    "anthropic_spend_month_forecast_high_usd": ("gauge", (ORG, "workspace_id"), "cost"),
    "anthropic_budget_usd": ("gauge", BUDGET, "cost"),
    "anthropic_budget_spent_usd": ("gauge", BUDGET, "cost"),
    "anthropic_budget_forecast_usd": ("gauge", BUDGET, "cost"),
    "anthropic_budget_threshold_ratio": ("gauge", (*BUDGET, "threshold"), "cost"),
    "anthropic_owner_spend_month_to_date_usd": ("gauge", (ORG, "team", "environment", "cost_center"), "cost"),
    "anthropic_api_key_spend_month_to_date_usd": ("gauge", (ORG, "api_key_id", "workspace_id"), "cost"),
    "anthropic_policy_violation": ("gauge", (ORG, "policy", "workspace_id", "model"), "usage"),
    "anthropic_cache_read_savings_usd_total": ("counter", (ORG, "model"), "usage"),
    "anthropic_cache_write_premium_usd_total": ("counter", (ORG, "model", "token_type"), "usage"),
    "anthropic_service_accounts": ("gauge", (ORG,), "service_accounts"),
    "anthropic_invite_expires_timestamp_seconds": ("gauge", (ORG, "status", "role"), "invites"),
    "anthropic_api_key_orphaned": ("gauge", (*KEY, "reason"), "api_keys"),
    "anthropic_api_key_unused_seconds": ("gauge", KEY, "api_key_usage"),
    "anthropic_rate_limit": ("gauge", (ORG, "workspace_id", "rate_limit_group", "limiter"), "rate_limits"),
    "anthropic_rate_limit_group_info": ("gauge", (ORG, "rate_limit_group", "rate_limit_group_name"), "rate_limits"),
    "anthropic_rate_limit_group_model_info": ("gauge", (ORG, "rate_limit_group", "model"), "rate_limits"),
    "anthropic_usage_peak_minute_tokens": ("gauge", (ORG, "rate_limit_group", "token_type"), "rate_limits"),
    "anthropic_spend_limit_usd": ("gauge", SCOPE, "spend_limits"),
    "anthropic_spend_limit_spent_usd": ("gauge", SCOPE, "spend_limits"),
    "anthropic_spend_limit_pending_increase_requests": ("gauge", (ORG,), "spend_limits"),
    "anthropic_spend_limit_oldest_increase_request_age_seconds": ("gauge", (ORG,), "spend_limits"),
    "anthropic_claude_code_sessions_total": ("counter", TERMINAL, "claude_code"),
    "anthropic_claude_code_commits_total": ("counter", TERMINAL, "claude_code"),
    "anthropic_claude_code_pull_requests_total": ("counter", TERMINAL, "claude_code"),
    "anthropic_claude_code_lines_of_code_total": ("counter", (ORG, "change"), "claude_code"),
    "anthropic_claude_code_tool_actions_total": ("counter", (ORG, "tool", "decision"), "claude_code"),
    "anthropic_claude_code_tokens_total": ("counter", (ORG, "model", "token_type"), "claude_code"),
    "anthropic_claude_code_estimated_cost_usd_total": ("counter", (ORG, "model"), "claude_code"),
    "anthropic_claude_code_active_users": ("gauge", (ORG, "customer_type"), "claude_code"),
    "anthropic_claude_code_user_sessions_total": ("counter", (ORG, "user"), "claude_code"),
    "anthropic_claude_code_user_tokens_total": ("counter", (ORG, "user", "token_type"), "claude_code"),
    "anthropic_claude_code_user_estimated_cost_usd_total": ("counter", (ORG, "user"), "claude_code"),
    "anthropic_compliance_activities_total": ("counter", (ORG, "activity_type"), "compliance"),
    "anthropic_enterprise_usage_tokens_total": ("counter", (*PRODUCT, "token_type"), "enterprise"),
    "anthropic_enterprise_usage_requests_total": ("counter", PRODUCT, "enterprise"),
    "anthropic_enterprise_cost_usd_total": ("counter", PRODUCT, "enterprise"),
    "anthropic_enterprise_group_month_to_date_tokens": ("gauge", (ORG, "rbac_group_id", "token_type"), "enterprise"),
    "anthropic_enterprise_group_cost_month_to_date_usd": ("gauge", (ORG, "rbac_group_id"), "enterprise"),
    "anthropic_enterprise_group_info": ("gauge", (ORG, "rbac_group_id", "rbac_group_name"), "enterprise"),
    "anthropic_enterprise_seats": ("gauge", (ORG,), "enterprise"),
    "anthropic_enterprise_pending_invites": ("gauge", (ORG,), "enterprise"),
    "anthropic_enterprise_daily_active_users": ("gauge", (ORG,), "enterprise"),
    "anthropic_enterprise_weekly_active_users": ("gauge", (ORG,), "enterprise"),
    "anthropic_enterprise_monthly_active_users": ("gauge", (ORG,), "enterprise"),
    "anthropic_enterprise_product_daily_active_users": ("gauge", (ORG, "product"), "enterprise"),
    "anthropic_enterprise_product_weekly_active_users": ("gauge", (ORG, "product"), "enterprise"),
    "anthropic_enterprise_product_monthly_active_users": ("gauge", (ORG, "product"), "enterprise"),
    "anthropic_enterprise_activity_timestamp_seconds": ("gauge", (ORG,), "enterprise"),
    "anthropic_up": ("gauge", (ORG,), "exporter"),
    "anthropic_exporter_build_info": ("gauge", ("version", "revision", "python_version"), "exporter"),
    "anthropic_exporter_collector_success": ("gauge", COLLECTOR, "exporter"),
    "anthropic_exporter_collector_duration_seconds": ("gauge", COLLECTOR, "exporter"),
    "anthropic_exporter_collector_interval_seconds": ("gauge", COLLECTOR, "exporter"),
    "anthropic_exporter_collector_last_success_timestamp_seconds": ("gauge", COLLECTOR, "exporter"),
    "anthropic_exporter_collector_last_attempt_timestamp_seconds": ("gauge", COLLECTOR, "exporter"),
    "anthropic_exporter_collector_supported": ("gauge", COLLECTOR, "exporter"),
    "anthropic_exporter_upstream_requests_total": ("counter", (ORG, "endpoint", "code"), "exporter"),
    "anthropic_exporter_upstream_request_duration_seconds": ("histogram", (ORG, "endpoint"), "exporter"),
    "anthropic_exporter_credential_valid": ("gauge", (ORG,), "exporter"),
    "anthropic_exporter_bucket_arrival_lag_seconds": ("histogram", (ORG, "stream"), "exporter"),
    "anthropic_exporter_bucket_revisions_total": ("counter", (ORG, "stream", "direction"), "exporter"),
    "anthropic_exporter_revision_overshoot_ratio": ("gauge", (ORG, "family"), "exporter"),
    "anthropic_exporter_api_drift_total": ("counter", (ORG, "endpoint", "kind"), "exporter"),
    "anthropic_exporter_epoch_timestamp_seconds": ("gauge", (), "exporter"),
    "anthropic_exporter_series": ("gauge", ("family",), "exporter"),
    "anthropic_exporter_series_overflowed": ("gauge", ("family",), "exporter"),
    "anthropic_exporter_state_persistent": ("gauge", (), "exporter"),
    "anthropic_exporter_state_loaded": ("gauge", (), "exporter"),
    "anthropic_exporter_state_size_bytes": ("gauge", (), "exporter"),
    "anthropic_exporter_state_last_commit_timestamp_seconds": ("gauge", (), "exporter"),
    "anthropic_exporter_state_write_failures_total": ("counter", (), "exporter"),
    "anthropic_exporter_config_last_reload_successful": ("gauge", (), "exporter"),
    "anthropic_exporter_config_last_reload_success_timestamp_seconds": ("gauge", (), "exporter"),
    "anthropic_exporter_web_config_last_reload_successful": ("gauge", (), "exporter"),
    "anthropic_exporter_otlp_exports_total": ("counter", (), "exporter"),
    "anthropic_exporter_otlp_export_failures_total": ("counter", (), "exporter"),
    "anthropic_exporter_render_duration_seconds": ("gauge", (), "exporter"),
    "anthropic_exporter_exposition_size_bytes": ("gauge", (), "exporter"),
}

EVERY = pytest.mark.parametrize("row", families(), ids=lambda row: row.name)


def test_the_catalogue_is_the_table_of_families():
    assert {row.name: (row.kind, row.labels, row.collector) for row in families()} == REQUIRED


def test_no_name_stands_twice():
    assert len({row.name for row in families()}) == len(families())


@EVERY
def test_a_name_tells_the_kind_and_the_unit(row):
    assert re.fullmatch(r"anthropic(_[a-z]+)+", row.name)
    assert row.name.endswith("_total") == (row.kind == "counter")
    assert row.unit == "" or row.name.removesuffix("_total").endswith(f"_{row.unit}")
    for unit in ("seconds", "tokens", "usd", "bytes", "ratio"):
        assert row.unit.endswith(unit) == row.name.removesuffix("_total").endswith(f"_{unit}")


@EVERY
def test_labels_collide_with_none_that_prometheus_or_a_reader_expects_elsewhere(row):
    assert not {"le", "quantile", "job", "instance", "type", "date"} & set(row.labels)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", label) for label in row.labels)
    assert len(set(row.labels)) == len(row.labels)
    assert "organization_id" not in row.labels[1:]


@EVERY
def test_help_says_where_the_value_comes_from_and_how_old_it_may_be(row):
    # Quotes and backslashes would have to be escaped in one format and not in the other.
    assert not set('"\\\n') & set(row.help)
    assert row.help.endswith(".")
    if row.collector == "exporter":
        return
    assert "/v1/organizations/" in row.help or "/v1/compliance/" in row.help
    assert re.search(r"polled every \d+[sm] by default", row.help)


OWN_ESTIMATES = [row for row in families() if "_estimated_cost_" in row.name and row.collector != "claude_code"]


@pytest.mark.parametrize("row", OWN_ESTIMATES, ids=lambda row: row.name)
def test_help_of_an_estimate_says_what_it_is_not(row):
    assert "Not the bill" in row.help
    assert "Haiku 5.5" in row.help
    assert "lower bound" in row.help


def test_help_of_an_estimate_by_the_api_says_whose_it_is():
    for row in families():
        if "_estimated_cost_" in row.name and row.collector == "claude_code":
            assert "as the API estimates it, which is not the bill" in row.help


def test_group_by_decides_the_labels_of_usage_and_of_nothing_else():
    by_model = {row.name: row.labels for row in families(("model",))}
    for row in families():
        if row.labels[: len(U)] == U:
            assert by_model[row.name] == (ORG, "model", *row.labels[len(U) :])
        else:
            assert by_model[row.name] == row.labels
    assert family("anthropic_usage_tokens_total", ("model",)).labels == (ORG, "model", "token_type")


def test_group_by_may_be_empty():
    assert family("anthropic_usage_requests_total", ()).labels == (ORG,)


def test_a_family_is_found_by_its_full_name():
    assert family("anthropic_usage_tokens_total", DEFAULT_GROUP_BY) in families()
    with pytest.raises(KeyError):
        family("anthropic_usage_tokens")
