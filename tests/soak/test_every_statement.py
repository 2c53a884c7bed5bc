"""A poll that dies, at each of its statements in turn: the next process is where this one would have been."""

import random
import shutil

import pytest

from anthropic_exporter.utc import DAY, HOUR
from soak.dying import Died, discard, leave_behind, spare, strike
from soak.figures import Figures
from soak.history import History
from soak.ledger_trial import STARTS
from soak.machine import SOUND
from soak.pipeline_trial import Process, Upstream
from soak.reports import Reports
from soak.scraper import Scraper

BEGIN = STARTS[4] + 9 * HOUR
MOST = 1000


class Scene:
    """One organization, and states of its exporter before and after a reading."""

    def __init__(self, folder):
        self.folder = folder
        self.now = BEGIN
        chance = random.Random(3)
        self.history = History(chance, 900)
        reports = Reports(self.history, chance, lambda: self.now, open_bucket=False, refresh=HOUR)
        self.upstream = Upstream(reports, "auto")
        self.chance = chance

    def use(self):
        """Let things be used and corrected, now and on the days before."""
        for _ in range(10):
            self.history.use(self.now - self.chance.randrange(3 * DAY))
            self.history.correct(self.now - 3 * DAY, self.now)

    def process(self, path):
        return Process(str(path), SOUND, self.upstream, lambda: self.now)


def cycle(process, name):
    poller = next(poller for poller in process.pollers if poller.collector.name == name)
    poller.cycle()
    assert poller.health.state == "ok", poller.health.error


def counters(process):
    """Return what is counted, and what is shown of it once every hold is over."""
    return {
        (family, labels): (counter.total, counter.high)
        for family in process.counters.families()
        for labels, counter in process.counters.items(family)
    }


def test_a_poll_that_dies_at_any_statement_is_made_up_for(tmp_path):
    scene = Scene(tmp_path)
    scene.use()
    template = scene.process(tmp_path / "template.db")
    for poller in template.pollers:
        cycle(template, poller.collector.name)
    before = dict(template.shown(scene.now))
    template.store.close()

    scene.now += 31 * HOUR  # yesterday is settled, and days, hours and minutes are due
    scene.use()
    expected = None
    for statement in range(1, MOST):
        path = tmp_path / "state.db"
        shutil.copyfile(tmp_path / "template.db", path)
        process = scene.process(path)
        scraper = Scraper(Figures())
        scraper.look(before, 0)
        mortal = strike(process.store, statement if expected else 0)
        try:
            cycle(process, "usage")
            spare(process.store, mortal)
        except Died:
            process = scene.process(leave_behind(process.store))
            scraper.look(dict(process.shown(scene.now)), 0)
            cycle(process, "usage")
        scraper.look(dict(process.shown(scene.now)), 0)
        expected = expected or counters(process)
        assert counters(process) == expected
        struck = mortal.struck
        discard(process.store)
        if statement > 1 and not struck:
            assert statement > 40, "a poll is many transactions"
            return
    pytest.fail("there is no end")
