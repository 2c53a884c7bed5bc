import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.errors import Unavailable
from api.harness import Hourglass


def send(pacer, glass, count):
    """The instants at which so many requests would be sent."""
    instants = []
    for _ in range(count):
        pacer.acquire(glass)
        instants.append(glass.now)
    return instants


def test_a_minute_s_worth_goes_at_once_then_one_per_interval():
    glass = Hourglass()
    instants = send(Pacer(6, glass.clock), glass, 9)
    assert instants == [1000.0] * 6 + [1010.0, 1020.0, 1030.0]


def test_idle_time_fills_the_bucket_no_further_than_a_minute_s_worth():
    glass = Hourglass()
    pacer = Pacer(6, glass.clock)
    send(pacer, glass, 6)
    glass.now += 3600
    began = glass.now
    assert send(pacer, glass, 7) == [began] * 6 + [began + 10]


@given(st.integers(1, 100), st.lists(st.floats(0, 100), max_size=60))
def test_no_minute_has_more_than_two_minutes_worth(rate, gaps):
    """The burst and what flows in during the minute: the bound of every token bucket."""
    glass = Hourglass()
    pacer = Pacer(rate, glass.clock)
    instants = []
    for gap in gaps:
        glass.now += gap
        instants += send(pacer, glass, 5)
    for start in instants:
        assert sum(start <= instant < start + 60 for instant in instants) <= 2 * rate + 1


def test_zero_is_no_limit():
    glass = Hourglass()
    assert send(Pacer(0, glass.clock), glass, 1000) == [1000.0] * 1000


@pytest.mark.parametrize("rate", [0, 60])
def test_a_pause_holds_for_all(rate):
    glass = Hourglass()
    pacer = Pacer(rate, glass.clock)
    pacer.pause(42)
    assert send(pacer, glass, 1) == [1042.0]


def test_after_a_pause_requests_go_one_at_a_time():
    glass = Hourglass()
    pacer = Pacer(60, glass.clock)
    pacer.pause(10)
    assert send(pacer, glass, 3) == [1010.0, 1011.0, 1012.0]


def test_a_shorter_pause_does_not_end_a_longer_one():
    glass = Hourglass()
    pacer = Pacer(0, glass.clock)
    pacer.pause(30)
    pacer.pause(1)
    assert send(pacer, glass, 1) == [1030.0]


def test_a_pause_holds_for_one_who_is_waiting_already():
    glass = Hourglass()
    pacer = Pacer(60, glass.clock)
    send(pacer, glass, 60)

    class Paused(Hourglass):
        def wait(self, timeout=None):
            if not self.waits:
                pacer.pause(100)
            self.waits.append(timeout)
            glass.now += timeout
            return False

    pacer.acquire(Paused())
    assert glass.now >= 1100


def test_stopping_ends_the_wait():
    glass = Hourglass()
    pacer = Pacer(1, glass.clock)
    pacer.acquire(glass)
    glass.set()
    with pytest.raises(Unavailable, match="stopping"):
        pacer.acquire(glass)


def test_nothing_is_sent_after_the_stop_even_without_a_limit():
    stop = threading.Event()
    stop.set()
    with pytest.raises(Unavailable, match="stopping"):
        Pacer(0).acquire(stop)


def test_threads_share_the_bucket():
    glass = Hourglass()
    pacer = Pacer(100, glass.clock)
    waits = []

    class Noted(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            return False

    def work():
        for _ in range(25):
            pacer.acquire(Noted())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # 200 requests against 100 that were free: each further one has an instant of its own, 0.6 s after the last.
    assert sorted(waits) == pytest.approx([0.6 * (n + 1) for n in range(100)])
