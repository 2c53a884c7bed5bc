"""Entries that share a key share the pace of its organization; others do not wait for each other."""

from dataclasses import replace

import pytest

from anthropic_exporter.config import OrganizationSettings
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.secrets import KeyEnv
from anthropic_exporter.service.exporter import Exporter
from service.office import PRICES
from service.test_exporter import FAST

KEYS = {"PARENT": "sk-ant-admin01-parent", "OTHER": "sk-ant-admin01-other"}


def entry(alias, variable="PARENT", url="https://api.example.com", **more):
    return OrganizationSettings(
        alias=alias, credential=KeyEnv(variable, KEYS), base_url=url, source="analytics", **more
    )


@pytest.mark.parametrize(
    ("second", "shared"),
    [
        (entry("child", organization_id="one"), True),
        (entry("other", "OTHER"), False),
        (entry("elsewhere", url="https://gateway.example.com"), False),
    ],
    ids=["a child with its parent's key", "another key", "another address"],
)
def test_who_shares_a_key_at_one_address_shares_its_limit(second, shared):
    store = Store(":memory:")
    first = entry("parent")
    exporter = Exporter(replace(FAST, organizations=(first, second)), store, PRICES)
    assert (exporter._pacer(first) is exporter._pacer(second)) == shared
    assert exporter._pacer(first) is exporter._pacer(first)
    store.close()
