"""Every query of every dashboard, asked of a Prometheus that has scraped the demo: something is shown, and no error.

Prometheus only. How it looks is for people: ``docs/images/``.
"""

import math
from datetime import UTC, datetime

import httpx
import pytest

from dashboards.boards import BOARDS, filled, panels, variables
from dashboards.history import DAY, HOUR, MINUTE, SETTINGS, instants, write

#: A Friday afternoon: part of the month is billed, and the day is not over.
END = int(datetime(2026, 11, 20, 16, 0, tzinfo=UTC).timestamp())
#: As few scrapes as the queries need: two in each of their windows.
SPANS = ((8 * DAY, 4 * DAY), (60 * HOUR, 12 * HOUR), (7 * HOUR, 2 * HOUR), (70 * MINUTE, 10 * MINUTE))


class Asked:
    """A Prometheus at the end of the history."""

    def __init__(self, url, client):
        self._url = url
        self._client = client

    def ready(self):
        try:
            return self._client.get(f"{self._url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def instant(self, expr):
        """Return the values now, or raise what Prometheus complains about."""
        found = self._get("query", query=expr, time=END)
        return [float(row["value"][1]) for row in found["result"]]

    def graph(self, expr, step):
        """Return the values of the last hour, or of the last days where each point is one."""
        step = step or "5m"
        start = END - HOUR if step != "1d" else (END - 3 * DAY) // DAY * DAY
        found = self._get("query_range", query=expr, start=start, end=END, step=step)
        return [float(value) for row in found["result"] for _, value in row["values"]]

    def values_of(self, query):
        """Return what a variable offers."""
        if query.startswith("query_result("):
            return self.instant(query.removeprefix("query_result(").removesuffix(")"))
        metric, label = query.removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
        return self.instant(f"group by ({label}) ({metric})")

    def _get(self, what, **parameters):
        answer = self._client.post(f"{self._url}/api/v1/{what}", data=parameters).json()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return answer["data"]


@pytest.mark.needs("promtool", "prometheus")
def test_every_panel_of_every_dashboard_shows_something_in_the_demo(process, free_port, wait_until, tmp_path):
    settings = tmp_path / "exporter.yml"
    settings.write_text(f"{SETTINGS.read_text()}counters: {{since: month}}  # less to read\n")
    write(tmp_path / "data", instants(END, SPANS), settings=settings)
    (tmp_path / "prometheus.yml").write_text("")
    port = free_port()
    process(
        [
            "prometheus",
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
    )
    with httpx.Client(trust_env=False, timeout=30) as client:
        asked = Asked(f"http://127.0.0.1:{port}", client)
        wait_until(asked.ready, 60)
        wrong = [complaint for board in BOARDS.values() for complaint in complaints(board, asked)]
    assert not wrong, "\n".join(wrong)


def complaints(board, asked):
    """Yield what is wrong with the panels, variables and annotations of a dashboard."""
    for panel in panels(board):
        for target in panel["targets"]:
            where, expr = f"{board['title']}: {panel['title']} {target['refId']}", filled(target["expr"])
            try:
                found = asked.instant(expr) if target["instant"] else asked.graph(expr, target.get("interval"))
            except ValueError as error:
                yield f"{where}: {error}"
                continue
            if not any(map(math.isfinite, found)):
                yield f"{where}: nothing"
    for variable in variables(board).values():
        if variable["type"] == "query" and not asked.values_of(filled(variable["query"]["query"])):
            yield f"{board['title']}: variable {variable['name']}: nothing"
    for annotation in board["annotations"]["list"]:
        try:  # where nothing happened there is nothing to mark
            asked.graph(filled(annotation["expr"]), annotation["step"])
        except ValueError as error:
            yield f"{board['title']}: annotation {annotation['name']}: {error}"
