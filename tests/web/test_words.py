import pytest

from anthropic_exporter.web.words import ago, duration, moment


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.1, "100 ms"),
        (0.4567, "457 ms"),
        (1, "1 s"),
        (2.34, "2.3 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (90, "90 s"),
        (600, "10 min"),
        (3600, "1 h"),
        (5400, "90 min"),
        (86400, "1 d"),
        (35 * 86400, "35 d"),
    ],
)
def test_a_duration_is_in_the_largest_unit_that_is_whole(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"),
        (0.9, "now"),
        (1, "1 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7199, "119 min ago"),
        (7200, "2 h ago"),
        (172799, "47 h ago"),
        (172800, "2 d ago"),
    ],
)
def test_an_age_changes_its_unit_at_two_of_the_next(seconds, words):
    assert ago(seconds) == words


def test_a_moment_is_utc():
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(0, machine=True) == "1970-01-01T00:00:00Z"
