"""Everything about the dashboards that a person may want to choose, each once."""

from typing import NamedTuple

# Which series: every query carries the first two, every query about an organization the third as well.
TARGET = 'job=~"$job", instance=~"$instance"'
SEL = f'{TARGET}, organization_id=~"$organization_id"'
WORKSPACE = 'workspace_id=~"$workspace_id"'
MODEL = 'model=~"$model"'
WS = f"{WORKSPACE}, {MODEL}"
KEY = 'api_key_id=~"$api_key_id"'

# Windows. The counters move when data arrives, five minutes and more after its use: rates over less than a quarter of
# an hour show the rhythm of arrival. A least step of 5m makes $__rate_interval at least 20m.
RATE_STEP = "5m"
KEY_STEP = "15m"  # usage by key is read less often
RATE = "$__rate_interval"
DAY = "24h"  # "the last 24 hours" is a question of its own, whatever range is shown
CALENDAR_DAY = "1d"  # with DAY_STEP and DAY_SHIFT: from midnight to midnight UTC
DAY_STEP = "1d"  # Grafana puts the points of such a step on midnights, UTC
DAY_SHIFT = "offset -1d"  # a point stands at the beginning of its day, and looks at the whole of it
BILL_SHIFT = "offset -36h"  # from there to noon of the next day, when the bill of the day is there
BILLED = "7d"  # billed counters move once a day, so a window needs several days
ARRIVAL = "6h"  # data arrives in clumps, its delay is a matter of hours
HOUR = "1h"
CHANGE = "15m"  # an annotation is one event: this is how long it is seen, three of its steps
CHANGE_STEP = "5m"
NEW = "1h"  # what was not there so long ago is new

# How many bars, lines and rows a person takes in.
TOP = 10
BARS = 8

# Thresholds. Shares are between 0 and 1, durations in seconds.
BUDGET = ((None, "green"), (0.8, "yellow"), (0.95, "orange"), (1.0, "red"))
BUDGET_LINES = ((None, "transparent"), (0.8, "orange"), (1.0, "red"))
FORECAST = ((None, "green"), (0.95, "yellow"), (1.0, "red"))
LIMIT = ((None, "green"), (0.6, "yellow"), (0.8, "red"))
LIMIT_LINES = ((None, "transparent"), (0.8, "orange"))
AGE = ((None, "green"), (1800, "yellow"), (3600, "red"))  # usage is usually 5 to 10 minutes old
BILL_AGE = ((None, "green"), (36 * 3600, "yellow"), (60 * 3600, "red"))  # a day is final 6 hours after its end
SUCCESS_AGE = ((None, "green"), (3600, "yellow"), (14_400, "red"))
LATE_INTERVALS, LATE_SECONDS = 5, 900  # a collector is late after so many intervals, but not before so long
OLD_KEY_DAYS = 90
UNUSED_KEY_DAYS = 30
EXPIRY_DAYS = 14
KEY_AGE = ((None, "text"), (OLD_KEY_DAYS * 86_400, "orange"))
KEY_REST = ((None, "text"), (UNUSED_KEY_DAYS * 86_400, "orange"))
KEY_EXPIRY = ((None, "red"), (EXPIRY_DAYS * 86_400, "text"))
NONE_GOOD = ((None, "green"), (1, "orange"))  # a number of things to look after
NONE_ALLOWED = ((None, "green"), (1, "red"))  # a number of things that must not be
ESTIMATE_ERROR = ((None, "orange"), (-0.1, "green"), (0.1, "orange"))
PLAIN = ((None, "text"),)
CALM = ((None, "blue"),)

USD = "currencyUSD"
SHARE = "percentunit"
COUNT = "short"
SECONDS = "s"
MINUTES = "m"


class Board(NamedTuple):
    """A dashboard: where it is, what it is called, and how far it looks back at first."""

    uid: str
    title: str
    since: str


OVERVIEW = Board("anthropic-overview", "Anthropic / Overview", "now-24h")
COST = Board("anthropic-cost", "Anthropic / Cost and budgets", "now-7d")
USAGE = Board("anthropic-usage", "Anthropic / Usage", "now-24h")
KEYS = Board("anthropic-keys", "Anthropic / API keys and access", "now-24h")
LIMITS = Board("anthropic-limits", "Anthropic / Limits and headroom", "now-6h")
CLAUDE_CODE = Board("anthropic-claude-code", "Anthropic / Claude Code", "now-30d")
EXPORTER = Board("anthropic-exporter", "Anthropic / Exporter health", "now-6h")

TAG = "anthropic"
MONTH = "30d"  # how far panels look back that show one bar for each day
REFRESH = "1m"
