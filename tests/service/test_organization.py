import threading
from dataclasses import replace

import pytest

from anthropic_exporter.errors import Unavailable
from anthropic_exporter.expose.catalogue import COLLECTORS
from anthropic_exporter.service.memory import StoreMemory
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, PROFILE, Event, ScriptedOrganization
from anthropic_exporter.utc import DAY
from ledger.broken_disk import BrokenDisk, FullDisk
from ledger.instants import at
from service.office import FIRST, NOW, OTHER_ID, Key, acme
from simulate.harness import line

COST = ("/v1/organizations/cost_report", "/v1/organizations/analytics/cost")


def test_nothing_is_shown_and_it_is_not_ready_before_the_first_six_are_done(office):
    assert office.at_work.id == "main"
    for name in FIRST:
        assert not office.at_work.ready
        assert office.shown() == {}
        office.cycle(name)
    assert office.at_work.ready
    assert office.tokens() == {PROFILE.id: 1000}


def test_one_of_the_six_that_fails_holds_the_rest_back(office):
    office.serve(acme(), faults=("unauthorized",), fault_paths=COST)
    office.cycle(*FIRST)
    assert office.states()["cost"] == "failing"
    assert not office.at_work.ready
    office.serve(acme())
    office.cycle("cost")
    assert office.at_work.ready


def test_every_collector_tells_of_a_bad_key_by_itself_and_at_once(office):
    office.serve(acme(), faults=("unauthorized",))
    office.cycle(*FIRST)
    for collector in office.at_work.status().collectors:
        if collector.name in FIRST:
            assert collector.state == "failing"
            assert "HTTP 401" in collector.error
            assert "Admin key" in collector.error
    assert office.at_work.up() is False
    office.serve(acme())
    office.cycle("cost", "workspaces", *FIRST)
    assert office.at_work.ready


def test_the_default_workspace_is_known_as_such_where_the_inventory_is_off(office):
    office.serve(ScriptedOrganization([Event(NOW - 3600, line(workspace=DEFAULT_WORKSPACE.id), uncached=1000)]))
    office.settings = replace(office.settings, inventory=replace(office.settings.inventory, enabled=False))
    office.source = "analytics"
    office.restart()
    office.cycle("usage", "api_key_usage", "cost")
    shown = {key[2] for key in office.shown() if key[0] in {"anthropic_usage_tokens_total", "anthropic_cost_today_usd"}}
    assert shown == {"default"}


def test_one_of_the_six_that_is_not_offered_holds_nothing_back(office):
    office.serve(acme(), faults=("forbidden",), fault_paths=COST)
    office.cycle(*FIRST)
    assert office.states()["cost"] == "not supported"
    assert office.at_work.ready
    assert office.own("anthropic_exporter_collector_supported", "cost") == 0
    assert office.own("anthropic_exporter_collector_success", "cost") is None
    assert office.own("anthropic_exporter_collector_supported", "usage") == 1


def test_an_organization_of_which_nothing_can_be_read_is_not_ready(office):
    office.serve(acme(), faults=("forbidden",))
    office.cycle(*FIRST)
    assert set(office.states().values()) == {"not supported", "starting"}
    assert not office.at_work.ready


def test_it_is_up_as_soon_as_the_first_exposition_is_there(office):
    assert office.at_work.up() is None
    office.cycle(*FIRST[:-1])
    assert office.at_work.up() is None
    office.cycle(FIRST[-1])
    assert "starting" in office.states().values()
    assert office.at_work.up() is True
    office.cycle()
    assert office.at_work.up() is True


def test_it_is_down_while_a_supported_collector_fails(office):
    office.cycle()
    office.serve(acme(), faults=("unauthorized",), fault_paths=("/v1/organizations/invites",))
    office.cycle("invites", "usage")
    assert office.at_work.up() is False
    assert office.own("anthropic_exporter_collector_success", "invites") == 0
    office.serve(acme(), faults=("forbidden",), fault_paths=("/v1/organizations/invites",))
    office.cycle("invites")
    assert office.at_work.up() is True


def test_after_a_restart_it_is_up_once_the_same_six_have_run(office):
    office.cycle()
    office.restart()
    assert office.at_work.ready
    assert office.at_work.up() is None
    office.cycle(*FIRST)
    assert office.at_work.up() is True


def test_an_organization_of_which_only_something_else_is_read_gets_ready_too(office):
    off = {name: replace(getattr(office.settings, name), enabled=False) for name in ("usage", "cost", "inventory")}
    office.settings = replace(office.settings, **off)
    office.restart()
    assert not office.at_work.ready
    office.cycle()
    assert office.at_work.ready
    assert office.at_work.up() is True


def test_one_failure_is_enough_to_be_down_before_the_others_ran(office):
    office.serve(acme(), faults=("unauthorized",))
    office.cycle("organization")
    assert office.at_work.up() is False


def test_before_anything_was_asked_neither_up_nor_the_credential_is_known(office):
    status = office.at_work.status()
    assert (status.up, status.credential_valid) == (None, None)
    office.cycle("organization")
    status = office.at_work.status()
    assert (status.up, status.credential_valid) == (None, True)


def test_what_is_newest_is_not_known_before_all_is_read(office):
    """History is read first, so the newest of it is weeks old for a moment."""
    office.cycle("workspaces")
    (usage,) = (poller for poller in office.at_work.pollers if poller.collector.name == "usage")
    for found in usage.collector.read(office.clock.now):
        usage.take(found, office.clock.now)
        assert office.at_work.status().newest_usage is None
    office.cycle("usage")
    assert office.at_work.status().newest_usage == NOW - NOW % 3600


def test_an_upstream_that_does_not_answer_says_nothing_about_the_credential(office):
    office.serve(acme(), faults=("reset",))
    office.cycle("organization")
    status = office.at_work.status()
    assert (status.up, status.credential_valid) == (False, None)


def test_collectors_that_are_switched_off_are_told_as_such(office):
    told = {each.name: each.state for each in office.at_work.status().collectors}
    assert set(told) == {*COLLECTORS} - {"exporter"}
    assert {name for name, state in told.items() if state == "disabled"} == {"enterprise", "compliance"}


def test_a_refused_credential_is_told_and_its_values_stay(office):
    office.cycle(*FIRST)
    office.serve(acme(), faults=("unauthorized",))
    office.cycle("usage")
    status = office.at_work.status()
    assert (status.up, status.credential_valid) == (False, False)
    assert office.at_work.refused
    assert office.own("anthropic_exporter_credential_valid") == 0
    assert office.tokens() == {PROFILE.id: 1000}
    usage = next(found for found in status.collectors if found.name == "usage")
    assert "401" in usage.error
    assert Key().value() not in repr(status)


def test_a_restart_shows_at_once_what_was_shown(office):
    office.cycle()
    shown = office.shown()
    office.restart()
    assert office.at_work.ready
    assert (office.at_work.id, office.at_work.status().name) == (PROFILE.id, PROFILE.name)
    assert office.shown() == shown


def test_the_header_names_an_organization_that_may_not_ask_who_it_is(office):
    office.serve(acme(), faults=("forbidden",), fault_paths=("/v1/organizations/me",))
    office.cycle(*FIRST)
    assert office.at_work.id == PROFILE.id
    assert office.tokens() == {PROFILE.id: 1000}


def test_the_key_of_another_organization_is_noticed_before_any_of_its_rows_is_taken(office, caplog):
    office.cycle(*FIRST)
    office.serve(acme(7, id=OTHER_ID))
    office.cycle("usage")
    assert office.foreign == [office.at_work]
    assert office.tokens() == {PROFILE.id: 1000}
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert (record.before, record.now) == (PROFILE.id, OTHER_ID)
    assert "the credential belongs to another organization now" in record.message


@pytest.mark.parametrize("name", FIRST)
def test_nothing_is_remembered_or_taken_after_that(office, name):
    office.cycle(*FIRST)
    office.serve(acme(7, id=OTHER_ID))
    office.cycle("usage")
    with office.store.transaction():
        office.store.forget_organization("main")
    office.cycle(name)
    assert office.store._connection.execute("SELECT * FROM meta").fetchall() == []
    assert office.store._connection.execute("SELECT * FROM cells").fetchall() == []
    assert len(office.foreign) == 1


def test_what_a_cycle_remembers_after_the_end_is_not_kept(office):
    """It may be about another organization than the one that is read next."""
    stop = threading.Event()
    memory = StoreMemory(office.store, "main", stop)
    memory.set("key", "before")
    stop.set()
    with pytest.raises(Unavailable):
        memory.set("key", "after")
    assert memory.get("key") == "before"


def test_it_is_noticed_after_a_restart_too(office):
    office.cycle(*FIRST)
    office.serve(acme(7, id=OTHER_ID))
    office.restart()
    office.cycle("cost")
    assert office.foreign == [office.at_work]


def test_another_key_of_the_same_organization_changes_nothing(office):
    office.cycle(*FIRST)
    office.serve(acme(1005))
    office.cycle("usage", "organization")
    assert office.foreign == []
    assert office.tokens() == {PROFILE.id: 1005}


def test_a_full_disk_fails_the_cycle_and_not_the_collector(office):
    real = office.store._connection
    office.store._connection = BrokenDisk(real, fails_at=1, gone=True)
    pollers = {poller.collector.name: poller for poller in office.at_work.pollers}
    pollers["organization"].cycle()
    assert office.states()["organization"] == "failing"
    assert office.dirty == 1
    office.store._connection = real
    office.cycle(*FIRST)
    assert office.at_work.ready


def test_a_disk_that_is_full_when_counters_begin_again_keeps_the_last_values_on_show(office):
    office.settings = replace(office.settings, counters=replace(office.settings.counters, since="month"))
    office.restart()
    office.cycle(*FIRST)
    assert office.tokens() == {PROFILE.id: 1000}
    real = office.store._connection
    office.store._connection = FullDisk(real)
    office.clock.now += 28 * DAY
    office.at_work.pollers[0].cycle()
    assert (office.tokens(), office.at_work.epoch()) == ({PROFILE.id: 1000}, at("2026-07-01"))
    assert office.store.take_write_failures() > 0
    office.store._connection = real
    assert office.at_work.epoch() == at("2026-07-01")
    assert (office.tokens(), office.at_work.epoch()) == ({PROFILE.id: 0}, at("2026-08-01"))


def test_that_everything_is_there_is_noted_later_where_the_disk_fails_at_that_moment(office):
    office.cycle(*FIRST[:-1])
    finished = office.at_work._finished
    real = office.store._connection

    def fails(poller):
        office.store._connection = BrokenDisk(real, fails_at=1, gone=True)
        finished(poller)
        office.store._connection = real

    pollers = {poller.collector.name: poller for poller in office.at_work.pollers}
    pollers["cost"].finished = fails
    pollers["cost"].cycle()
    assert not office.at_work.ready
    office.cycle("usage")
    assert office.at_work.ready


def test_late_arrivals_and_corrections_are_counted(office):
    office.cycle(*FIRST)
    assert office.own("anthropic_exporter_bucket_revisions_total", "usage", "up") is None
    office.serve(acme(900))
    office.cycle("usage", seconds=1000)
    office.serve(acme(950))
    office.cycle("usage", seconds=1000)
    assert office.own("anthropic_exporter_bucket_revisions_total", "usage", "down") == 1
    assert office.own("anthropic_exporter_bucket_revisions_total", "usage", "up") == 1
    assert office.own("anthropic_exporter_bucket_arrival_lag_seconds_count", "usage") == 1
    assert dict(office.at_work.overshoots())["anthropic_usage_tokens_total"] == pytest.approx(50 / 950)


def test_switched_off_collectors_are_not_there(office):
    settings = office.settings
    off = replace(
        settings, cost=replace(settings.cost, enabled=False), inventory=replace(settings.inventory, enabled=False)
    )
    office.settings = off
    office.restart()
    assert {"usage", "api_key_usage"} <= set(office.states())
    assert not {"cost", "workspaces", "organization"} & set(office.states())
    office.cycle("usage", "api_key_usage")
    assert office.at_work.ready


@pytest.mark.parametrize(("source", "words"), [("legacy", "usage_report"), ("analytics", "analytics/usage")])
def test_the_source_can_be_chosen(office, source, words):
    office.source = source
    office.restart()
    office.cycle(*FIRST)
    usage = next(found for found in office.at_work.status().collectors if found.name == "usage")
    assert words in usage.source
