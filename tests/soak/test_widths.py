"""However fine a closed day is read, and in whatever order: it says the same."""

import random

from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.records import Intake, Interval
from anthropic_exporter.utc import DAY, HOUR, MINUTE
from ledger.bounded import long
from soak.history import History, U, cells
from soak.ledger_trial import STARTS
from soak.machine import Machine

TODAY = STARTS[1]
YESTERDAY = Interval(TODAY - DAY, TODAY)


def told(machine):
    """Return everything that the readings have led to."""
    accounts, counters = machine.accounts, machine.counters
    return (
        {(family, labels): c.total for family in counters.families() for labels, c in counters.items(family)},
        {(family, labels): c.high for family in counters.families() for labels, c in counters.items(family)},
        [accounts.days(book).total(*YESTERDAY) for book in ("usage", "estimate")],
    )


@long
@given(st.integers(0, 1 << 30), st.permutations([MINUTE, HOUR, DAY, MINUTE, DAY, HOUR]))
def test_the_finer_and_the_coarser_reading_of_a_closed_day_are_the_same(seed, widths):
    chance = random.Random(seed)
    history, machine = History(chance, 90_000), Machine(":memory:")
    machine.accounts.load(TODAY)
    for _ in range(12):
        history.use(chance.randrange(*YESTERDAY))
    found = []
    for width in widths:
        buckets = {Interval(at, at + width): cells(U, history.rows(at, width)) for at in range(*YESTERDAY, width)}
        machine.accounts.post(Intake("usage", YESTERDAY, buckets), TODAY)
        found.append(told(machine))
    machine.store.close()
    assert sum(found[0][0].values()) > 0
    assert found == found[:1] * len(widths)
