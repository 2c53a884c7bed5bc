from threading import Event

import pytest

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.rounds import AT_ONCE, SOON, Rounds
from anthropic_exporter.errors import NotSupported, Unavailable
from anthropic_exporter.records import Workspace
from collect.upstream import DictMemory, unasked

MANY = 3 * AT_ONCE + 5


def workspace(number, **more):
    return Workspace(f"wrkspc_{number}", str(number), False, 1, ())._replace(**more)


class Office:
    """Workspaces, and who is asked for."""

    def __init__(self, *listed, default="wrkspc_default", known=None, **more):
        self.listed = list(listed)
        self.asked = []
        self.gone = set()
        memory = DictMemory({"default_workspace": default} if default else {})
        self.rounds = Rounds(self.ask, lambda: self.listed, Directory(memory, Event(), unasked), known or {}, **more)

    def ask(self, real_id):
        self.asked.append(real_id)
        if real_id in self.gone:
            raise NotSupported("404")
        return [f"of {real_id}"]


def test_each_cycle_asks_for_a_few_and_the_next_comes_soon_until_all_were_asked():
    office = Office(*[workspace(n) for n in range(MANY)])
    sizes = []
    now = 0.0
    while True:
        before = len(office.asked)
        known = office.rounds.go_on(now)
        sizes.append(len(office.asked) - before)
        if office.rounds.resume_after() is None:
            break
        assert office.rounds.resume_after() == SOON
        now += SOON
    assert max(sizes) == AT_ONCE
    assert len(sizes) == 4
    assert len(known) == MANY


def test_after_that_the_ones_asked_longest_ago_come_first():
    office = Office(*[workspace(n) for n in range(MANY)])
    for now in range(4):
        office.rounds.go_on(float(now))
    office.asked.clear()
    for now in range(4, 7):
        office.rounds.go_on(float(now))
    assert len(set(office.asked)) == 3 * AT_ONCE


def test_after_a_restart_nothing_is_missing_and_the_unknown_come_first():
    known = {f"wrkspc_{n}": ["before"] for n in range(AT_ONCE)}
    office = Office(*[workspace(n) for n in range(AT_ONCE + 2)], known=known)
    found = office.rounds.go_on(5.0)
    assert office.asked[:2] == [f"wrkspc_{n}" for n in (AT_ONCE, AT_ONCE + 1)]
    assert len(found) == AT_ONCE + 2


def test_archived_workspaces_are_forgotten():
    office = Office(workspace(1), workspace(2))
    office.rounds.go_on(1.0)
    office.listed[1] = workspace(2, archived=True)
    assert set(office.rounds.go_on(2.0)) == {"wrkspc_1"}


def test_a_workspace_that_has_gone_since_holds_nobody_up():
    office = Office(workspace(1), workspace(2))
    office.gone.add("wrkspc_1")
    assert office.rounds.go_on(1.0) == {"wrkspc_2": ["of wrkspc_2"]}
    assert office.rounds.resume_after() is None


def test_the_default_workspace_is_asked_for_by_its_real_id_where_that_is_wanted_and_known():
    default = workspace(0, id="default")
    assert Office(default).rounds.go_on(1.0) == {"default": ["of wrkspc_default"]}
    assert Office(default, default=None).rounds.go_on(1.0) == {}
    assert Office(default, with_default=False).rounds.go_on(1.0) == {}


def test_what_was_read_before_a_failure_is_not_asked_for_again_first():
    office = Office(*[workspace(n) for n in range(3)])
    broken = office.rounds.ask

    def fails(real_id):
        if real_id == "wrkspc_1":
            raise Unavailable("503")
        return broken(real_id)

    office.rounds.ask = fails
    with pytest.raises(Unavailable):
        office.rounds.go_on(1.0)
    office.rounds.ask = broken
    office.asked.clear()
    assert len(office.rounds.go_on(2.0)) == 3
    assert office.asked[0] == "wrkspc_1"
