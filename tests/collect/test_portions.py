import pytest

from anthropic_exporter.collect.portions import MOST_ROWS, Portions
from anthropic_exporter.errors import TooLarge
from anthropic_exporter.records import Interval
from anthropic_exporter.utc import DAY

YEAR = Interval(0, 365 * DAY)


def reader(fits):
    """Return what reads so many days at most, and the windows that it was asked for."""
    asked = []

    def read(window):
        asked.append(window)
        if window.ending_at - window.starting_at > fits * DAY:
            raise TooLarge("")
        yield from range(window.starting_at, window.ending_at, DAY)

    return read, asked


@pytest.mark.parametrize("fits", [1, 2, 5, 31, 364, 365])
def test_every_bucket_is_read_once_and_in_order_however_little_fits(fits):
    read, _ = reader(fits)
    assert list(Portions(DAY).read(YEAR, read)) == list(range(0, YEAR.ending_at, DAY))


def test_what_fits_is_found_out_once():
    read, asked = reader(4)
    portions = Portions(DAY)
    list(portions.read(YEAR, read))
    refused = [window for window in asked if window.ending_at - window.starting_at > 4 * DAY]
    assert len(refused) == 3
    asked.clear()
    list(portions.read(YEAR, read))
    assert not [window for window in asked if window.ending_at - window.starting_at > 4 * DAY]


def test_the_rows_that_are_known_bound_what_is_asked_for():
    read, asked = reader(365)
    portions = Portions(DAY)
    portions.suit(0)
    list(portions.read(YEAR, read))
    assert asked == [YEAR]
    portions.suit(MOST_ROWS // 10)
    asked.clear()
    list(portions.read(YEAR, read))
    assert {window.ending_at - window.starting_at for window in asked} == {10 * DAY, 5 * DAY}
    portions.suit(50 * MOST_ROWS)
    asked.clear()
    list(portions.read(YEAR, read))
    assert len(asked) == 365


def test_a_bucket_that_does_not_fit_by_itself_is_an_error():
    read, asked = reader(0)
    with pytest.raises(TooLarge):
        list(Portions(DAY).read(YEAR, read))
    assert asked[-1] == Interval(0, DAY)
