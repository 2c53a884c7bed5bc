"""What becomes of the numbers when the state cannot be written, cannot be read, or is somebody else's."""

import resource
import time

import pytest

from e2e.parts import organization_samples
from e2e.script import Script
from e2e.truth import COUNTERS, Truth, reports
from e2e.witness import Witness, in_a_scrape

READY = 60


@pytest.fixture
def working(simulate, exporter, wait_until):
    """Return an exporter that shows the truth, the script behind it, and what checks that."""
    script = Script(time.time(), seed=31)
    simulator = simulate(script.organization)
    served = exporter(simulator)
    witness = Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until)
    wait_until(served.has_run, READY)
    witness.settles()
    return served, script, witness


def counters(served):
    return {sample: value for sample, value in served.scrape().items() if sample[0] in COUNTERS}


def test_a_full_disk_stops_the_numbers_and_loses_none(working, wait_until):
    served, script, witness = working
    failures = "anthropic_exporter_state_write_failures_total"
    before = counters(served)
    pid = served.process.popen.pid
    # No file of the process may grow or be written past its first bytes: what a full disk feels like.
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    script.arrive()
    wait_until(lambda: (served.value(failures) or 0) >= 3, READY)
    wait_until(lambda: served.value("anthropic_up") == 0, READY)
    assert counters(served) == before, "what cannot be kept is not shown"
    assert served.is_ready()

    resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    wait_until(lambda: served.value("anthropic_up") == 1, READY)
    witness.settles()


def test_a_kill_while_the_disk_is_full_loses_nothing(working, wait_until):
    served, script, witness = working
    before = counters(served)
    resource.prlimit(served.process.popen.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    script.arrive()
    wait_until(lambda: served.value("anthropic_up") == 0, READY)
    served.process.stop(9)
    served.start()
    wait_until(served.is_ready, READY)
    after = counters(served)
    assert all(after[sample] >= value for sample, value in before.items())
    witness.settles()


DAMAGES = {
    "garbage": lambda _: b"this is no database" * 500,
    "cut off": lambda content: content[: len(content) // 2],
    "page overwritten": lambda content: content[:4096] + b"\xff" * 8192 + content[12288:],
    "empty": lambda _: b"",
    "of a later version": lambda content: content[:60] + (999).to_bytes(4, "big") + content[64:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_state_is_moved_aside_and_the_counters_come_back_the_same(working, wait_until, damage):
    served, script, witness = working
    served.process.stop()
    before = served.state.read_bytes()
    for beside in served.state.parent.glob("state.db-*"):
        beside.unlink()
    served.state.write_bytes(DAMAGES[damage](before))
    script.arrive()
    served.start()
    wait_until(served.is_ready, READY)
    witness.settles()
    aside = list(served.state.parent.glob("state.db.unusable-*"))
    assert bool(aside) == (damage != "empty")
    assert served.value("anthropic_exporter_state_loaded") == 0
    if aside:
        assert "state file is unusable, moved aside" in served.process.stderr


def test_a_second_exporter_on_one_state_file_refuses_to_start(working, exporter, simulate, free_port):
    served, script, _ = working
    before = organization_samples(served.scrape())
    second = exporter(simulate(script.organization), start=False)
    second.port = free_port()
    second.start()
    assert second.process.popen.wait(READY) == 2
    assert "another anthropic-exporter uses this state file" in second.process.stderr
    assert organization_samples(served.scrape()) == before


@pytest.mark.parametrize("path", ["/proc/state.db", "file/state.db"])
def test_a_state_that_cannot_be_written_is_said_before_anything_starts(exporter, tmp_path, path):
    (tmp_path / "file").write_text("in the way of the folder")
    served = exporter("http://127.0.0.1:9", f"--state.path={path}")
    assert served.process.popen.wait(READY) == 2
    assert "state file cannot be created" in served.process.stderr
    assert path in served.process.stderr
