"""The shapes against the official SDK: what it reads is what we know."""

from typing import get_args

import pytest
from anthropic.types.beta.organization import (
    beta_analytics_server_tool_use as sdk_tools,
)
from anthropic.types.beta.organization import (
    beta_spend_limit as sdk_spend_limit,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_cost_group as sdk_cost_group,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_cost_group_by as sdk_cost_group_by,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_cost_item as sdk_cost_item,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_cost_metrics as sdk_cost,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_usage_group as sdk_usage_group,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_usage_group_by as sdk_usage_group_by,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_usage_item as sdk_usage_item,
)
from anthropic.types.beta.organization.analytics import (
    beta_analytics_usage_metrics as sdk_usage,
)
from anthropic.types.organization import analytics_single_day_activity_summary as sdk_summary
from anthropic.types.organization import (
    api_key as sdk_key,
)
from anthropic.types.organization import (
    organization_invite as sdk_invite,
)
from anthropic.types.organization import (
    organization_user as sdk_user,
)
from anthropic.types.organization import rbac_group as sdk_group
from anthropic.types.organization import service_account as sdk_service_account
from anthropic.types.organization import spend_summary as sdk_spend_summary
from anthropic.types.organization import (
    workspace as sdk_workspace,
)
from anthropic.types.organization import (
    workspace_member as sdk_member,
)
from anthropic.types.organization.spend_limits import spend_limit_increase_request as sdk_spend_request
from anthropic.types.organization_info import OrganizationInfo

from anthropic_exporter import records
from anthropic_exporter.api import analytics, enterprise, service_accounts, shapes, spend, words


@pytest.mark.parametrize(
    ("shape", "model", "ours_only"),
    [
        (shapes.OrganizationObject, OrganizationInfo, set()),
        (shapes.WorkspaceObject, sdk_workspace.Workspace, set()),
        (shapes.WorkspaceMemberObject, sdk_member.WorkspaceMember, set()),
        (shapes.UserObject, sdk_user.OrganizationUser, set()),
        (shapes.InviteObject, sdk_invite.OrganizationInvite, set()),
        # Version 2023-06-01 only; the SDK speaks the newer one.
        (shapes.ApiKeyObject, sdk_key.APIKey, {"workspace_id"}),
        (shapes.UsageLine, sdk_usage_item.BetaAnalyticsUsageItem, set()),
        (shapes.CostLine, sdk_cost_item.BetaAnalyticsCostItem, set()),
        (shapes.Usage, sdk_usage.BetaAnalyticsUsageMetrics, set()),
        (shapes.Cost, sdk_cost.BetaAnalyticsCostMetrics, set()),
        (shapes.ServerToolUse, sdk_tools.BetaAnalyticsServerToolUse, set()),
        (shapes.Group, sdk_usage_group.BetaAnalyticsUsageGroup, {"cost_type", "token_type"}),
        (shapes.Group, sdk_cost_group.BetaAnalyticsCostGroup, set()),
        (service_accounts.ServiceAccountObject, sdk_service_account.ServiceAccount, set()),
        (spend.SpendLimitObject, sdk_spend_limit.BetaSpendLimit, set()),
        (spend.EffectiveObject, sdk_spend_summary.SpendSummary, set()),
        (spend.RequestObject, sdk_spend_request.SpendLimitIncreaseRequest, set()),
        (enterprise.SummaryObject, sdk_summary.AnalyticsSingleDayActivitySummary, set()),
        (enterprise.GroupNameObject, sdk_group.RBACGroup, set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_field_of_the_sdk_is_known_and_no_other(shape, model, ours_only):
    known = set(shape.__struct_fields__) | shape.unread
    assert known - ours_only == set(model.model_fields)


def test_nothing_that_names_a_person_is_read():
    personal = {"email", "email_address", "partial_key_hint", "subject"}
    mine = [shape for shape in shapes.Shape.__subclasses__() if shape.__module__ == shapes.__name__]
    assert mine
    for shape in mine:
        assert not personal & set(shape.__struct_fields__)
    assert "name" in shapes.UserObject.unread
    assert "name" in shapes.Actor.unread


def test_all_dimensions_of_the_sdk_can_be_asked_for():
    assert set(get_args(sdk_usage_group_by.BetaAnalyticsUsageGroupBy)) == analytics.DIMENSIONS
    assert set(get_args(sdk_cost_group_by.BetaAnalyticsCostGroupBy)) == analytics.DIMENSIONS | set(analytics.FAN_OUT)


def test_token_types_are_those_of_the_exporter():
    assert tuple(words.TOKEN_TYPES.values()) == records.TOKEN_TYPES
