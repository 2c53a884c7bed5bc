"""Rules of ownership: the first that matches."""

import pytest

from anthropic_exporter.config.sections import OwnershipRule
from anthropic_exporter.money.entities import Entities, KeyNames, WorkspaceNames
from anthropic_exporter.money.ownership import UNOWNED, Owner, owner
from money.firm import match

ENTITIES = Entities(
    {"w1": WorkspaceNames("search-prod", (("cost-center", "CC-7"), ("team", "tagged"))), "w2": WorkspaceNames("x", ())},
    {"k1": KeyNames("atlas-prod-ranker", "w1"), "k2": KeyNames("scratch", "w2")},
)
BY_KEY = OwnershipRule(match=match(api_key_name="(?P<team>[a-z]+)-(?P<environment>[a-z]+)-.*"))
BY_TAG = OwnershipRule(match=match(workspace_tag={"cost-center": "(?P<cost_center>.+)"}))


def found(rules, workspace, key="none"):
    return owner(rules, ENTITIES, workspace, key)


def test_named_groups_of_a_key_name_say_whose_it_is():
    assert found([BY_KEY, BY_TAG], "w1", "k1") == Owner("atlas", "prod", "none")


def test_the_first_rule_that_matches_counts():
    assert found([BY_TAG, BY_KEY], "w1", "k1") == Owner("none", "none", "CC-7")


def test_what_no_rule_matches_is_unowned():
    assert found([BY_KEY, BY_TAG], "w2", "k2") == UNOWNED == ("unowned", "none", "none")
    assert found([], "w1", "k1") == UNOWNED


def test_keyless_spend_belongs_to_its_workspace_and_to_no_pattern_of_key_names():
    anything = OwnershipRule(match=match(api_key_name=".*"), team="all")
    assert found([anything, BY_TAG], "w1") == Owner("none", "none", "CC-7")
    assert found([OwnershipRule(match=match(api_key_id="none"), team="console")], "w1").team == "console"


def test_a_literal_stands_where_no_group_says_otherwise():
    rule = OwnershipRule(match=match(workspace_name="(?P<team>[a-z]+)-prod"), team="other", environment="prod")
    assert found([rule], "w1") == Owner("search", "prod", "none")


def test_every_pattern_of_a_rule_has_to_match():
    both = OwnershipRule(match=match({"team": "(?P<team>.+)"}, workspace_name="search-.*"))
    assert found([both], "w1").team == "tagged"
    assert found([OwnershipRule(match=match({"team": ".+"}, workspace_name="labs-.*"), team="t")], "w1") == UNOWNED


@pytest.mark.parametrize(("pattern", "matches"), [("search", False), ("search-.*", True), ("(?i)SEARCH-prod", True)])
def test_a_pattern_matches_whole_names_only(pattern, matches):
    assert (found([OwnershipRule(match=match(workspace_name=pattern), team="t")], "w1") != UNOWNED) is matches


def test_a_workspace_that_is_not_listed_goes_by_its_id():
    rule = OwnershipRule(match=match(workspace_name="default"), team="console")
    assert found([rule], "default").team == "console"


def test_a_group_that_took_no_part_is_none():
    rule = OwnershipRule(match=match(workspace_name="(?P<team>search)?(?P<cost_center>y)?.*"))
    assert found([rule], "w2") == Owner("none", "none", "none")
