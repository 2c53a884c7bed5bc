from decimal import Decimal

import pytest

from anthropic_exporter.collect import claude_code, plan
from anthropic_exporter.collect.claude_code import ACTIVITY, AT_ONCE, MODELS, TOOLS, USERS, ClaudeCodeCollector
from anthropic_exporter.errors import Unavailable
from anthropic_exporter.ledger.book import Book, Stream
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import ActiveUsers, ClaudeCodeModel, ClaudeCodeRecord, Intake
from anthropic_exporter.utc import DAY, WEEK, floor
from collect.upstream import DictMemory

NOW = 1_790_000_000.0
TODAY = floor(NOW, DAY)
EPOCH = TODAY - 17 * DAY
INTERVAL, PAUSE = 1800.0, 3.0
WARM, COLD = 4 * INTERVAL, 12 * INTERVAL


def record(actor="robin@example.com", terminal="vscode", sessions=1, kind="user_actor", **more):
    model = ClaudeCodeModel("claude-opus-5", (10, 20, 30, 40), Decimal("0.25"))
    made = ClaudeCodeRecord(kind, actor, "api", terminal, sessions, 2, 3, 4, 5, (("edit_tool", 6, 7),), (model,))
    return made._replace(**more)


class Api:
    """Days that tests fill, and which were asked for."""

    def __init__(self, days=None, default=()):
        self.days, self.default, self.asked, self.broken = days or {}, list(default), [], set()

    def claude_code(self, day):
        self.asked.append(day)
        if day in self.broken:
            raise Unavailable("503")
        return self.days.get(day, self.default)


class World:
    """A collector with its memory and books, over restarts."""

    def __init__(self, api, person=None):
        self.api, self.person, self.memory = api, person, DictMemory()
        self.store = Store(":memory:")
        self.books = {
            name: Book(self.store, "main", Stream(name, width, settle_delay=7200))
            for name, width in claude_code.WIDTHS.items()
        }
        self.active = {}
        self.restart()

    def restart(self, pause=PAUSE):
        cadence = plan.Cadence(WARM, COLD)
        self.collector = ClaudeCodeCollector(
            self.api, INTERVAL, pause, cadence, lambda _: EPOCH, self.memory, self.person
        )

    def cycle(self, now=NOW):
        self.api.asked.clear()
        for found in self.collector.read(now):
            if isinstance(found, Intake):
                book = self.books[found.stream]
                change = book.change(found, now, EPOCH)
                with self.store.transaction():
                    book.write(change)
            else:
                self.active = dict(found.objects)
        return list(self.api.asked)

    def fill(self, now=NOW):
        cycles = 0
        while self.collector.resume_after() is not None or not cycles:
            self.cycle(now)
            cycles += 1
            assert cycles < 100
        return cycles

    def total(self, stream, place=0):
        return sum(cell[place] for cells in self.books[stream].cells(0, 1 << 40).values() for cell in cells.values())


def test_the_history_is_read_a_few_days_at_a_time_and_every_day_once():
    world = World(Api(default=[record()]))
    assert world.cycle() == [TODAY - 2 * DAY, TODAY - DAY, TODAY, *range(EPOCH, EPOCH + AT_ONCE * DAY, DAY)]
    assert world.collector.resume_after() == AT_ONCE * PAUSE
    assert world.collector.whole_streams() == []
    assert world.cycle(NOW + 15) == list(range(EPOCH + AT_ONCE * DAY, EPOCH + 2 * AT_ONCE * DAY, DAY))
    world.fill(NOW + 30)
    assert world.collector.whole_streams() == [ACTIVITY, TOOLS, MODELS]
    assert world.total(ACTIVITY) == 18  # 17 days and today


def test_after_that_each_cycle_reads_yesterday_and_today():
    world = World(Api(default=[record()]))
    world.fill()
    assert world.cycle(NOW + INTERVAL) == [TODAY - DAY, TODAY]
    assert world.collector.resume_after() is None


def test_while_the_history_is_read_today_is_read_at_its_interval():
    world = World(Api())
    world.cycle()
    assert TODAY not in world.cycle(NOW + 15)
    assert TODAY in world.cycle(NOW + INTERVAL)


def test_the_day_before_yesterday_is_read_with_the_last_48_hours():
    world = World(Api())
    world.fill()
    assert world.cycle(NOW + INTERVAL) == [TODAY - DAY, TODAY]
    assert world.cycle(NOW + WARM) == [TODAY - 2 * DAY, TODAY - DAY, TODAY]
    assert world.cycle(NOW + WARM + INTERVAL) == [TODAY - DAY, TODAY]


def test_a_record_that_is_days_late_is_found_with_the_last_35_days():
    world = World(Api(default=[record()]))
    world.fill()
    world.api.days[TODAY - 9 * DAY] = [record(sessions=4)]
    world.cycle(NOW + COLD - 1)
    assert world.total(ACTIVITY) == 18
    world.fill(NOW + COLD)
    assert world.total(ACTIVITY) == 18 + 3
    assert world.collector.whole_streams()


def test_after_days_of_absence_the_days_in_between_are_read_before_the_week_is_over():
    world = World(Api(default=[record()]))
    world.fill()
    world.restart()
    world.fill(NOW + 5 * DAY)
    assert world.total(ACTIVITY) == 18 + 5


def test_where_requests_are_not_limited_the_history_takes_one_cycle():
    world = World(Api(default=[record()]))
    world.restart(pause=0.0)
    world.cycle()
    assert world.collector.whole_streams()


def test_the_history_is_audited_every_week():
    world = World(Api(default=[record()]))
    world.fill()
    world.api.days[EPOCH] = [record(sessions=5)]
    world.fill(NOW + WEEK)
    assert world.total(ACTIVITY) == 18 + 4 + 7
    assert world.collector.whole_streams()


def test_a_restart_goes_on_where_the_history_stood():
    world = World(Api(default=[record()]))
    world.cycle()
    world.restart()
    asked = world.cycle(NOW + 15)
    assert asked[-AT_ONCE:] == list(range(EPOCH + AT_ONCE * DAY, EPOCH + 2 * AT_ONCE * DAY, DAY))


def test_a_day_that_cannot_be_read_is_tried_again_and_none_is_left_out():
    world = World(Api(default=[record()]))
    world.api.broken = {EPOCH + 2 * DAY}
    with pytest.raises(Unavailable):
        world.cycle()
    world.api.broken = set()
    world.fill(NOW + 10)
    assert world.total(ACTIVITY) == 18


def test_reading_a_day_again_counts_nothing_twice():
    world = World(Api({TODAY: [record(sessions=3)]}))
    world.fill()
    world.api.days[TODAY] = [record(sessions=4)]
    world.cycle(NOW + INTERVAL)
    world.cycle(NOW + 2 * INTERVAL)
    assert world.total(ACTIVITY) == 4


def test_records_are_added_up_by_what_each_stream_tells():
    world = World(Api({TODAY: [record(), record(terminal="tmux"), record("kim@example.com")]}))
    world.fill()
    cells = {name: book.cells(TODAY, TODAY + DAY).get(TODAY, {}) for name, book in world.books.items()}
    assert cells[ACTIVITY] == {("api", "vscode"): (2, 4, 6, 8, 10), ("api", "tmux"): (1, 2, 3, 4, 5)}
    assert cells[TOOLS] == {("edit_tool",): (18, 21)}
    assert cells[MODELS] == {("claude-opus-5",): (30, 60, 90, 120, Decimal("0.75"))}
    assert cells[USERS] == {}


def test_people_are_counted_only_where_they_may_be_shown():
    world = World(Api({TODAY: [record(), record("ci", kind="api_actor"), record(terminal="tmux")]}), person=str.upper)
    world.fill()
    assert world.books[USERS].cells(TODAY, TODAY + DAY)[TODAY] == {
        ("ROBIN@EXAMPLE.COM",): (2, 20, 40, 60, 80, Decimal("0.5"))
    }
    assert USERS in world.collector.whole_streams()


def test_active_users_are_the_distinct_actors_of_yesterday():
    yesterday = [record(), record(terminal="tmux"), record("ci", kind="api_actor"), record(customer_type="partner")]
    world = World(Api({TODAY - DAY: yesterday, TODAY: [record("new@example.com")]}))
    world.cycle()
    assert world.active == {
        "api": ActiveUsers(TODAY - DAY, "api", 2),
        "subscription": ActiveUsers(TODAY - DAY, "subscription", 0),
        "partner": ActiveUsers(TODAY - DAY, "partner", 1),
    }
