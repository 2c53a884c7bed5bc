import pytest

from anthropic_exporter.errors import StateError
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import ApiKey, Member, Organization, Workspace
from ledger.broken_disk import BrokenDisk

ONE = Workspace("wrkspc_1", "one", archived=False, created_at=1, tags=(("team", "search"),))
TWO = Workspace("wrkspc_2", "two", archived=True, created_at=2, tags=())
KEY = ApiKey("apikey_1", "k", "wrkspc_1", "active", "user", "user_1", 3, None)


@pytest.fixture
def store():
    made = Store(":memory:")
    yield made
    made.close()


@pytest.fixture
def inventory(store):
    return Inventory(store, "main")


def reopened(store):
    found = Inventory(store, "main")
    found.load()
    return found


def test_a_list_replaces_the_one_before_and_outlives_the_process(store, inventory):
    assert not inventory.known("workspace")
    inventory.take("workspace", {ONE.id: ONE, TWO.id: TWO}, 5.0)
    inventory.take("workspace", {ONE.id: ONE._replace(name="renamed")}, 6.0)
    inventory.take("api_key", {KEY.id: KEY}, 6.0)
    for found in (inventory, reopened(store)):
        assert found.known("workspace")
        assert found.workspaces() == [ONE._replace(name="renamed")]
        assert found.workspaces(gone=True) == [TWO]
        assert found.api_keys() == [KEY]


def test_what_comes_back_is_gone_no_more(store, inventory):
    for objects in ({ONE.id: ONE}, {}, {ONE.id: ONE}):
        inventory.take("workspace", objects, 5.0)
    assert reopened(store).workspaces() == [ONE]
    assert reopened(store).workspaces(gone=True) == []


def test_an_empty_list_is_known(store, inventory):
    inventory.take("member", {}, 5.0)
    assert reopened(store).known("member")
    assert reopened(store).members() == []


def test_people_who_are_gone_are_forgotten(store, inventory):
    inventory.take("member", {"user_1": Member("user_1", "admin")}, 5.0)
    inventory.take("member", {}, 6.0)
    assert store.inventory("main", "member") == {}


def test_a_list_that_cannot_be_written_leaves_the_old_one(store, inventory):
    inventory.take("organization", {"a": Organization("a", "Acme")}, 5.0)
    real = store._connection
    for fails_at in range(1, 6):
        store._connection = BrokenDisk(real, fails_at)
        with pytest.raises(StateError):
            inventory.take("organization", {"a": Organization("a", "renamed")}, 6.0)
        store._connection = real
        assert inventory.organizations() == reopened(store).organizations() == [Organization("a", "Acme")]
