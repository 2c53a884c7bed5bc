"""A small organization whose every number is known, and what happens to it while a test runs.

Each act moves any one series in one direction only, and what moves between two lines stands in one minute: so however
a walk over pages and an act overlap, no reading holds a sum that was never true.
"""

import random
from dataclasses import dataclass
from decimal import Decimal

from anthropic_exporter.simulate.instants import DAY, HOUR, MINUTE, floor
from anthropic_exporter.simulate.inventory import ApiKey, Inventory, User, Workspace
from anthropic_exporter.simulate.line import Line
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Event, ScriptedOrganization

BORN = 1_735_689_600
SEARCH = Workspace(id="wrkspc_01E2eSearchProduction", name="search-production", created_at=BORN)
OPERATIONS = Workspace(id="wrkspc_01E2eOperationsTeam", name="operations", created_at=BORN)
NEW_KEY = "apikey_01E2eBornInTheRun"
KEYS = tuple(
    ApiKey(f"apikey_01E2e{name.title()}", f"{name}-production", workspace, BORN + 9 * HOUR)
    for name, workspace in (
        ("indexer", SEARCH.id),
        ("ranker", SEARCH.id),
        ("pager", OPERATIONS.id),
        ("helpdesk", DEFAULT_WORKSPACE.id),
    )
)
INDEXER, RANKER, PAGER, HELPDESK = (key.id for key in KEYS)
USER = User("user_01E2eOperator", "Op Erator", "operator@example.com", "admin", BORN)


def _line(workspace: Workspace, key: str | None, model: str, **more: str) -> Line:
    return Line(workspace.id, key, model, **{"inference_geo": "global", **more})


STEADY = (
    _line(SEARCH, RANKER, "claude-opus-5-5", inference_geo="us", speed="fast"),
    _line(OPERATIONS, PAGER, "claude-opus-5-5", service_tier="priority"),
    _line(OPERATIONS, PAGER, "claude-lumen-preview"),
)
CORRECTED = _line(SEARCH, INDEXER, "claude-opus-5-5", service_tier="batch")
MOVED = _line(SEARCH, INDEXER, "claude-sonnet-5-5")
MOVED_TO = _line(OPERATIONS, INDEXER, "claude-sonnet-5-5")
WORKBENCH = _line(DEFAULT_WORKSPACE, None, "claude-haiku-4-5-20251001", inference_geo="not_available")
HELPER = _line(DEFAULT_WORKSPACE, HELPDESK, "claude-sonnet-4-6", inference_geo="not_available")
BORN_IN_RUN = _line(OPERATIONS, NEW_KEY, "claude-opus-5")
LINES = (*STEADY, CORRECTED, MOVED, WORKBENCH, HELPER)

_DAYS = (103, 76, 52, 41, 33, 26, 20, 13, 9, 6, 4, 3)
_HOURS = (40, 33, 27, 19, 12, 7, 3, 1)


@dataclass
class Script:
    """An organization in the middle of its year, seen at ``now``."""

    now: float
    seed: int

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        # Yesterday is the newest day that can be settled, and within the two days that are read again often.
        self._yesterday = floor(self.now, DAY) - self._random.randrange(6, 18) * HOUR
        self.organization = ScriptedOrganization(self._history(), inventory=inventory(), discount=Decimal("0.85"))

    def change(self) -> None:
        """Let late usage arrive, a correction lower a day, usage move to another workspace, a key be born."""
        late = [
            self._event(line, self.now - hours * HOUR)
            for line, hours in ((HELPER, 38), (WORKBENCH, 21), (HELPER, 5), (WORKBENCH, 1))
        ]
        born = [self._event(BORN_IN_RUN, at) for at in (self._yesterday, self.now - 2 * HOUR, self._recent())]
        self.organization.replace_inventory(inventory(born=True))
        self.organization.record(
            *late,
            *born,
            self._cut(CORRECTED, -1),
            self._cut(MOVED, -1),
            self._cut(MOVED_TO, 1),
        )

    def grow(self) -> None:
        """Let usage catch up with what counters still show of the past."""
        self.organization.record(*(self._cut(line, 3) for line in (CORRECTED, MOVED)))

    def arrive(self) -> None:
        """Let some more usage arrive late, all of it upwards."""
        hours = [self._random.randrange(1, 40) for _ in LINES]
        self.organization.record(
            *(self._event(line, self.now - late * HOUR) for line, late in zip(LINES, hours, strict=True)),
            self._event(self._random.choice(LINES), self._recent()),
        )

    def _history(self) -> list[Event]:
        events = [
            self._event(line, floor(self.now - days * DAY, DAY) + self._random.randrange(DAY))
            for line in LINES
            for days in _DAYS
        ]
        events += [self._event(line, self.now - hours * HOUR) for line in LINES for hours in _HOURS]
        events += [self._event(line, self._recent()) for line in LINES]
        events += [self._cut(line, 2) for line in (CORRECTED, MOVED)]
        return events

    def _event(self, line: Line, at: float) -> Event:
        number = self._random.randrange
        return Event(
            int(at),
            line,
            uncached=number(1000, 90_000),
            cache_5m=number(0, 20_000),
            cache_1h=number(0, 20_000),
            cache_read=number(0, 200_000),
            output=number(1000, 20_000),
            web_searches=number(1, 9) if line == HELPER else 0,
            requests=number(1, 50),
        )

    def _cut(self, line: Line, times: int) -> Event:
        """Return the event that a correction lowers (or raises) again."""
        return Event(
            self._yesterday,
            line,
            uncached=1001 * times,
            cache_5m=103 * times,
            cache_1h=57 * times,
            cache_read=2003 * times,
            output=211 * times,
            requests=3 * times,
        )

    def _recent(self) -> int:
        """Return a closed minute of the last quarter of an hour."""
        return floor(self.now, MINUTE) - self._random.randrange(2, 12) * MINUTE


def inventory(*, born: bool = False) -> Inventory:
    """Return what there is; with the key that is made while a test runs."""
    newest = (ApiKey(NEW_KEY, "born-in-the-run", OPERATIONS.id, BORN + DAY),) if born else ()
    return Inventory(workspaces=(DEFAULT_WORKSPACE, SEARCH, OPERATIONS), api_keys=(*KEYS, *newest), users=(USER,))
