from dataclasses import dataclass, field
from threading import Event, Thread

import pytest

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.inventory import identity_collectors, inventory_collectors
from anthropic_exporter.errors import AuthError, NotSupported, Unavailable
from anthropic_exporter.records import ApiKey, Invite, Member, Organization, Workspace, WorkspaceMember
from collect.upstream import DictMemory, unasked

ME = Organization("11111111-2222-4333-8444-555555555555", "Acme")
SCOPED = Organization("org_1", "Gateway")
DEFAULT = Workspace("default", "Default", archived=False, created_at=1, tags=())
SEARCH = Workspace("wrkspc_search", "search", archived=False, created_at=2, tags=())
OLD = Workspace("wrkspc_old", "old", archived=True, created_at=3, tags=())


@dataclass
class Lists:
    """The lists of a small organization."""

    default: str | None = "wrkspc_default"
    default_by_keys: str | None = None
    missing: set[str] = field(default_factory=lambda: {"scoped"})
    members_of: list[str] = field(default_factory=list)

    def organization(self):
        if "organization" in self.missing:
            raise NotSupported("404")
        return ME

    def scoped_organization(self):
        if "scoped" in self.missing:
            raise NotSupported("no list of organizations")
        return SCOPED

    def scoped_workspaces(self):
        if "scoped" in self.missing:
            raise NotSupported("no workspaces")
        return [SEARCH]

    def workspaces(self):
        if "workspaces" in self.missing:
            raise NotSupported("workspaces are not offered")
        return [DEFAULT, SEARCH, OLD], self.default

    def workspace_members(self, workspace_id):
        self.members_of.append(workspace_id)
        if workspace_id in self.missing:
            raise NotSupported("404")
        return [WorkspaceMember(workspace_id, "user_1", "workspace_admin")]

    def members(self):
        return [Member("user_1", "admin")]

    def service_accounts(self):
        return []

    def invites(self):
        return [Invite("invite_1", "pending", "user", 5)]

    def api_keys(self, default_workspace):
        key = ApiKey("apikey_1", "one", default_workspace or "wrkspc_default", "active", "user", "user_1", 1, None)
        return [key], self.default_by_keys


def read(lists, memory=None, *, official=True, scoped=True):
    """Read everything once; return what each kind of list holds."""
    directory = Directory(memory or DictMemory(), Event(), unasked)
    found = {}
    for collector in (
        *identity_collectors(lists, directory, 600.0, official=official, scoped=scoped),
        *inventory_collectors(lists, directory, 600.0, lambda: [DEFAULT, SEARCH, OLD]),
    ):
        assert collector.interval == 600.0
        try:
            found |= {listing.kind: listing.objects for listing in collector.read(0.0)}
        except NotSupported:
            continue
    return found, directory


def test_each_list_is_read_by_id():
    found, directory = read(Lists())
    assert found["organization"] == {ME.id: ME}
    assert set(found["workspace"]) == {"default", "wrkspc_search", "wrkspc_old"}
    assert set(found["member"]) == {"user_1"}
    assert set(found["invite"]) == {"invite_1"}
    assert directory.default_workspace == "wrkspc_default"


def test_members_are_read_of_workspaces_that_are_not_archived():
    lists = Lists()
    found, _ = read(lists)
    assert lists.members_of == ["wrkspc_default", "wrkspc_search"]
    assert {member.workspace_id for member in found["workspace_member"].values()} == {"default", "wrkspc_search"}


def test_a_workspace_that_has_gone_since_has_no_members():
    found, _ = read(Lists(missing={"wrkspc_search"}))
    assert set(found["workspace_member"]) == {"default/user_1"}


def test_keys_tell_the_default_workspace_where_workspaces_do_not():
    memory = DictMemory()
    found, directory = read(Lists(default=None, default_by_keys="wrkspc_default"), memory)
    assert directory.default_workspace == "wrkspc_default"
    assert found["api_key"]["apikey_1"].workspace_id == "wrkspc_default"
    assert Directory(memory, Event(), unasked).require() == "wrkspc_default"


def test_who_needs_the_default_workspace_waits_for_the_first_list():
    directory = Directory(DictMemory(), Event(), unasked)
    seen = []
    waiting = Thread(target=lambda: seen.append(directory.require()))
    waiting.start()
    directory.found("wrkspc_default")
    waiting.join(5)
    assert seen == ["wrkspc_default"]


def test_a_default_workspace_that_cannot_be_told_holds_nobody_up():
    _, directory = read(Lists(missing={"workspaces"}))
    assert directory.require() is None


@pytest.mark.parametrize("official", [True, False], ids=["found", "configured"])
def test_the_org_scoped_dialect_tells_who_it_is_and_which_workspaces_there_are(official):
    lists = Lists(missing={"organization", "workspaces"})
    found, directory = read(lists, official=official)
    assert found["organization"] == {"org_1": SCOPED}
    assert found["workspace"] == {"wrkspc_search": SEARCH}
    assert directory.require() is None


def test_what_answered_first_goes_on_being_asked():
    memory, lists = DictMemory(), Lists(missing=set())
    assert set(read(lists, memory)[0]["organization"]) == {ME.id}
    lists.missing = {"organization"}
    assert "organization" not in read(lists, memory)[0]
    lists.missing = set()
    organization, workspaces = identity_collectors(
        lists, Directory(memory, Event(), unasked), 1.0, official=True, scoped=True
    )
    assert (organization.source, workspaces.source) == ("/v1/organizations/me", "/v1/organizations/workspaces")


def refuse():
    raise AuthError("HTTP 401: this needs an Admin key")


def test_a_list_that_fails_lets_who_waits_ask_and_fail_for_the_same_reason():
    directory = Directory(DictMemory(), Event(), refuse)
    lists = Lists()
    lists.workspaces = refuse
    _, workspaces = identity_collectors(lists, directory, 600.0, official=True, scoped=True)
    with pytest.raises(AuthError):
        list(workspaces.read(0.0))
    for _ in range(2):
        with pytest.raises(AuthError, match="this needs an Admin key"):
            directory.require()
    directory.ask = lambda: ([], "wrkspc_default")
    assert directory.require() == "wrkspc_default"


def test_where_nobody_lists_workspaces_the_default_one_is_asked_for_once():
    asked = []
    directory = Directory(DictMemory(), Event(), lambda: (asked.append(1), "wrkspc_default"))
    directory.unlisted()
    assert [directory.require() for _ in range(3)] == ["wrkspc_default"] * 3
    assert asked == [1]


@pytest.mark.parametrize(("offered", "told"), [(True, 1), (False, 0)])
def test_a_default_workspace_that_stays_unknown_is_told_once(caplog, offered, told):
    def ask():
        if not offered:
            raise NotSupported("403")
        return [], None

    directory = Directory(DictMemory(), Event(), ask)
    directory.unlisted()
    assert [directory.require() for _ in range(3)] == [None] * 3
    assert sum("which workspace is the default one" in record.message for record in caplog.records) == told


@pytest.mark.parametrize("stopped", [True, False])
def test_a_list_that_does_not_come_makes_the_reading_fail(stopped):
    stop = Event()
    if stopped:
        stop.set()
    with pytest.raises(Unavailable, match="list of workspaces is not there yet"):
        Directory(DictMemory(), stop, unasked, patience=60.0 if stopped else 0.15).require()
