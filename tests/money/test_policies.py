"""Policies: 1 while a model was used that may not be, absent otherwise."""

import re

from anthropic_exporter.config.sections import Policy
from anthropic_exporter.utc import DAY, HOUR
from money.firm import Firm, at, match, settings, workspace

NOW = at("2026-11-18T23:00")
FAMILY = "anthropic_policy_violation"
POLICIES = (
    Policy(name="cheap", match=match(workspace_name="marketing"), allowed_models=(re.compile("claude-haiku-.*"),)),
    Policy(name="no-preview", allowed_models=(re.compile("claude-(opus|haiku)-.*"),)),
)


def used(*models, name="marketing"):
    made = Firm(settings(policies=POLICIES)).load(NOW)
    made.names([workspace("marketing"), workspace("labs")])
    for model in models:
        made.use(NOW, f"wrkspc_{name}", model, output=1)
    made.read(NOW + 60)
    return made


def test_an_allowed_model_violates_nothing():
    assert FAMILY not in used("claude-haiku-4-5-20251001").shown(NOW + 60)


def test_a_model_that_is_not_allowed_does_where_the_policy_is_about_the_workspace():
    assert used("claude-opus-4-8").shown(NOW + 60)[FAMILY] == {("cheap", "wrkspc_marketing", "claude-opus-4-8"): 1}
    assert FAMILY not in used("claude-opus-4-8", name="labs").shown(NOW + 60)


def test_every_policy_that_is_broken_says_so():
    found = used("claude-lumen-preview", "claude-haiku-4-5-20251001").shown(NOW + 60)[FAMILY]
    assert {labels[0] for labels in found} == {"cheap", "no-preview"}


def test_it_holds_over_midnight_for_a_day_after_the_last_use_and_ends_by_itself():
    firm = used("claude-opus-4-8")
    last = NOW + 60
    for after in (HOUR, 2 * HOUR, DAY - 1):
        firm.read(NOW + 60 + after)
        assert FAMILY in firm.shown(last + after), after
    assert FAMILY not in firm.shown(last + DAY + HOUR)
