"""Over midnight, the month's end and New Year: what begins again, what vanishes, and what goes on."""

import signal

import pytest

from anthropic_exporter.simulate.instants import DAY, HOUR
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from e2e.calendar_clock import Clock, forget, instant
from e2e.conftest import PROMPT
from e2e.parts import Exporter, fast_settings
from e2e.script import HELPER, Script
from e2e.truth import COUNTERS, WINDOWS, Truth, reports, since
from e2e.witness import Witness, in_a_scrape

pytestmark = pytest.mark.needs("faketime")

TOKENS = "anthropic_usage_tokens_total"
PATIENCE = 60


class Stage:
    """An exporter under a clock that can be set, in front of a simulator under the same."""

    def __init__(self, clock, script, simulator, exporter, wait_until, since):
        self.clock = clock
        self.script = script
        self.simulator = simulator
        self.exporter = exporter
        self.wait_until = wait_until
        self.since = since
        self.begin_anew()

    def begin_anew(self):
        """Forget what counters have shown so far."""
        truth = Truth(self.simulator, *reports("both", open_bucket=True), since=self.since)
        self.witness = Witness(in_a_scrape(self.exporter), truth, self.wait_until)

    def settles(self):
        self.wait_until(self.exporter.is_ready, PATIENCE)
        self.witness.settles()

    def counters(self):
        return {sample: value for sample, value in self.exporter.scrape().items() if sample[0] in COUNTERS}

    def total(self):
        return sum(value for (name, _), value in self.counters().items() if name == TOKENS)

    def shown_windows(self):
        """Return which calendar windows of tokens are shown."""
        names = {name for name, _ in self.exporter.scrape()}
        return {window for window in WINDOWS if f"anthropic_usage_{window}_tokens" in names}

    def use(self, before=0.0):
        """Let something be used some seconds ago."""
        self.script.organization.record(self.script._event(HELPER, self.clock.now() - before))


@pytest.fixture
def stage(process, client, free_port, tmp_path, key_file, wait_until):
    running, started = [], []

    def set_up(at, since="year"):
        clock = Clock(tmp_path)
        clock.set(at)
        script = Script(clock.now(), seed=21)
        simulator = Simulator(script.organization, Switches(**PROMPT), now=clock.now)
        simulator.start()
        running.append(simulator)
        (tmp_path / "state").mkdir()

        def start(command, env, cwd):
            started.append(process(command, env=env | clock.environment(), cwd=cwd))
            return started[-1]

        settings = fast_settings(simulator.base_url, key_file, counters={"since": since})
        exporter = Exporter(start, client, tmp_path, free_port(), settings)
        exporter.start()
        made = Stage(clock, script, simulator, exporter, wait_until, since)
        made.settles()
        return made

    yield set_up
    for simulator in running:
        simulator.stop()
    for each in started:
        each.stop()
        forget(each.popen.pid)


def test_counters_go_on_over_midnight_and_a_month_end(stage, wait_until):
    there = stage("2027-11-30T23:40:00")
    assert there.shown_windows() == set(WINDOWS)
    before = there.counters()
    there.simulator.switch(faults=["unavailable"])
    there.clock.set("2027-11-30T23:59:58")
    wait_until(lambda: there.shown_windows() == set(), PATIENCE)
    assert there.counters() == before, "an unread day takes nothing from a counter"

    there.use()
    there.use(before=4 * HOUR)
    there.simulator.switch(faults=[])
    there.settles()
    assert there.shown_windows() == set(WINDOWS)
    after = there.counters()
    assert all(after[sample] >= value for sample, value in before.items())
    assert there.total() > sum(value for (name, _), value in before.items() if name == TOKENS)


def test_counters_since_a_day_go_on_over_new_year(stage):
    """As every other run does that comes too near to a New Year."""
    now = instant("2027-12-31T23:59:50")
    assert (since(now), since(now - 2 * DAY), since(now + 3 * DAY)) == ("2027-07-01", "year", "year")
    there = stage("2027-12-31T23:59:50", since(now))
    before = there.counters()
    there.clock.set("2028-01-01T00:00:05")
    there.use()
    there.use(before=600)
    there.settles()
    after = there.counters()
    assert all(after[sample] >= value for sample, value in before.items())


def test_what_arrives_days_and_weeks_late_is_found_by_reading_again(stage):
    there = stage("2027-06-15T12:40:00")
    for days in (3, 9, 30):
        there.use(before=days * DAY)
    there.clock.set("2027-06-15T12:42:00")  # the last 35 days are due every 360 intervals
    there.settles()
    there.use(before=60 * DAY)
    there.clock.set("2027-06-22T12:43:00")  # and everything since the epoch every week
    there.settles()


def test_counters_begin_at_zero_with_the_year_and_late_december_is_in_the_gauges_only(stage, wait_until):
    there = stage("2027-12-31T23:40:00")
    assert there.total() > 0
    there.simulator.switch(faults=["unavailable"])
    there.clock.set("2027-12-31T23:59:58")
    wait_until(lambda: there.total() == 0, PATIENCE)
    assert set(there.counters().values()) == {0}, "all series stay, at 0"
    assert there.shown_windows() == set()

    there.use(before=3 * HOUR)
    there.simulator.switch(faults=[])
    there.begin_anew()
    there.settles()
    assert there.total() == 0, "what comes late for December is not of this year"
    assert there.shown_windows() == set(WINDOWS)

    there.clock.set("2028-01-01T00:20:00")
    there.use(before=600)
    there.settles()
    assert there.total() > 0


@pytest.mark.parametrize(
    ("down", "up", "again"),
    [
        pytest.param("2028-02-28T23:50:00", "2028-02-29T00:10:00", False, id="leap-day"),
        pytest.param("2027-12-30T23:00:00", "2028-01-02T01:00:00", True, id="new-year"),
    ],
)
def test_an_exporter_that_was_down_over_it_is_where_it_would_have_been(stage, down, up, again):
    there = stage(down)
    before = there.total()
    there.exporter.process.stop(signal.SIGKILL)
    there.clock.set(up)
    there.use(before=300)
    there.use(before=2 * HOUR)
    there.exporter.start()
    if again:
        there.begin_anew()
    there.settles()
    assert there.shown_windows() == set(WINDOWS)
    assert (there.total() < before) == again
    assert there.total() > 0


def test_a_clock_that_is_set_back_takes_nothing_back(stage, wait_until):
    there = stage("2027-06-15T12:40:00")
    there.use(before=300)
    there.settles()
    before = there.counters()
    there.clock.set("2027-06-15T12:39:00")
    after = there.counters()
    assert all(after[sample] >= value for sample, value in before.items())
    there.clock.set("2027-06-14T08:00:00")
    wait_until(lambda: there.exporter.value("anthropic_up") == 1, PATIENCE)
    after = there.counters()
    assert all(after[sample] >= value for sample, value in before.items())
    there.clock.set("2027-06-15T13:00:00")
    there.use(before=300)
    there.settles()
