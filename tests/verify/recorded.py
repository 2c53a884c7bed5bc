"""A day of scrapes: the exporter reads the simulator minute after minute, and what it showed becomes Prometheus' own
blocks. A fault is planted on the way, as a scrape configuration or an outage would."""

import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.simulate.inventory import Inventory, Workspace
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.utc import DAY, HOUR, MINUTE
from ledger.instants import at
from service.office import Office
from simulate.harness import line

NOW = at("2026-07-15T12:17")
BEGIN = NOW - 27 * HOUR
POLL = 15 * MINUTE
SCRAPE = MINUTE

LABS = Workspace(id="wrkspc_01LabsOfTheVerifyTests", name="labs", created_at=at("2025-01-01"))
INVENTORY = Inventory(workspaces=(DEFAULT_WORKSPACE, LABS))
LINES = (
    line("claude-opus-4-8", DEFAULT_WORKSPACE.id),
    line("claude-haiku-4-5-20251001", LABS.id),
    line("claude-sonnet-4-6", LABS.id),
)

#: name, labels of the exporter, value
Sample = tuple[str, dict[str, str], float]
#: (moment, samples) -> the samples that are stored, each with its target labels
Fault = Callable[[int, list[Sample]], Iterable[Sample]]


def company(*more: Event) -> ScriptedOrganization:
    """Make an organization that uses three models every twenty minutes, each known five minutes later."""
    events = [
        Event(moment, each, uncached=100 + place, output=10 + place, visible_at=moment + 5 * MINUTE)
        for moment in range(BEGIN - 3 * DAY, NOW, 20 * MINUTE)
        for place, each in enumerate(LINES)
    ]
    return ScriptedOrganization([*events, *more], inventory=INVENTORY)


def healthy(_: int, samples: list[Sample]) -> Iterable[Sample]:
    """One job scrapes one exporter."""
    return (
        (name, {**labels, "job": "anthropic", "instance": "exporter:10114"}, value) for name, labels, value in samples
    )


@dataclass
class Recorded:
    """What was shown at each poll, and Prometheus' blocks made of it."""

    office: Office
    shown: list[tuple[int, list[Sample]]] = field(default_factory=list)

    def poll(self, organization: ScriptedOrganization) -> None:
        """Let the exporter live through the time and keep what it shows."""
        self.office.clock.now = BEGIN
        self.office.serve(organization)
        self.office.open()
        self.office.cycle(seconds=0)
        self.office.cycle(seconds=0)
        for moment in range(BEGIN, NOW, POLL):
            self.office.cycle("usage", seconds=moment - self.office.clock.now)
            self.shown.append((moment, self._samples(moment)))
        self.office.clock.now = NOW

    def blocks(self, folder: Path, fault: Fault = healthy) -> Path:
        """Return a folder of blocks with a sample every minute."""
        lines: dict[str, list[str]] = {}
        for moment in range(BEGIN, NOW + 1, SCRAPE):
            samples = next(shown for since, shown in reversed(self.shown) if since <= moment)
            for name, labels, value in fault(moment, samples):
                pairs = ",".join(f'{key}="{found}"' for key, found in sorted(labels.items()))
                lines.setdefault(name, []).append(f"{name}{{{pairs}}} {value:.0f} {moment}")
        text = ""
        for name, found in lines.items():
            kind, family = ("counter", name.removesuffix("_total")) if name.endswith("_total") else ("gauge", name)
            text += f"# TYPE {family} {kind}\n" + "\n".join(found) + "\n"
        file = folder / "samples.om"
        file.write_text(text + "# EOF\n")
        into = folder / "tsdb"
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=486h"]
        done = subprocess.run([*command, file, into], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return into

    def _samples(self, moment: int) -> list[Sample]:
        families = [f for f in self.office.at_work.families(moment) if f.family.name == "anthropic_usage_tokens_total"]
        text = Renderer().render(families).body().decode()
        found = []
        for row in text.splitlines():
            if row.startswith("#"):
                continue
            match = re.fullmatch(r"(\w+)\{(.*)\} (\S+)", row)
            assert match, row
            found.append((match[1], dict(re.findall(r'(\w+)="([^"]*)"', match[2])), float(match[3])))
        alive = {"organization_id": self.office.at_work.id, "collector": "usage"}
        return [*found, ("anthropic_exporter_collector_last_success_timestamp_seconds", alive, float(moment))]
