"""Pushes by OTLP on a thread of their own: what fails here is counted, and neither polling nor scraping notices.

A push stops at the first message that is not taken. Everything cumulative is sent anew by the next one; deltas go on
where the last one that arrived has ended.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricsData
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from prometheus_client import CollectorRegistry

from anthropic_exporter import __version__
from anthropic_exporter.config.sections import OtlpSettings
from anthropic_exporter.errors import PushError, StateError
from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.otlp.deltas import Amount, Chunk, Deltas
from anthropic_exporter.expose.otlp.own import OwnPoints
from anthropic_exporter.expose.otlp.points import MOST_POINTS, Packer, Point, number, points
from anthropic_exporter.expose.otlp.starts import Starts
from anthropic_exporter.expose.otlp.told import Told
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import Labels
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.service.otlp import Receiver
from anthropic_exporter.service.site import LiveSite, Snapshot

_NAMESPACE = uuid.UUID("d0a8dfd6-6d0e-5d0e-9c43-6f1c2b6c1a10")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Organization:
    """What pushes remember of one organization."""

    at_work: OrganizationAtWork
    starts: Starts
    deltas: Deltas

    @classmethod
    def of(cls, at_work: OrganizationAtWork, store: Store) -> "_Organization":
        accounts = at_work.view.accounts
        told = Told(store, at_work.alias, at_work.retired)
        return cls(at_work, Starts(accounts, told, dict(at_work.view.streams)), Deltas(accounts, told))


class Pusher:
    """Sends what ``/metrics`` shows, again and again.

    Args:
        started_at: since when the process counts.
    """

    def __init__(
        self,
        settings: OtlpSettings,
        receiver: Receiver,
        site: LiveSite,
        store: Store,
        metrics: SelfMetrics,
        registry: CollectorRegistry,
        started_at: float,
    ) -> None:
        self._settings = settings
        self._receiver = receiver
        self._site = site
        self._store = store
        self._metrics = metrics
        self._registry = registry
        self._delta = settings.temporality == "delta"
        self._own = OwnPoints(started_at, self._delta)
        self._known: dict[str, _Organization] = {}
        self._packer: Packer | None = None
        self._failing = False
        self._stop = threading.Event()
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="otlp", daemon=True)

    def start(self) -> None:
        """Begin to push, once there is something to show."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for one last push, and no more after it."""
        self._stop.set()

    def join(self, timeout: float) -> None:
        """Wait that long for the last push, and give it up if it takes longer."""
        self._thread.join(timeout)
        self._given_up = self._thread.is_alive()
        if self._given_up:
            log.warning("the last push did not end in time")
        self._receiver.close()

    def push(self) -> bool:
        """Push once and return whether everything has arrived; False too while there is nothing to show."""
        snapshot = self._site.snapshot()
        if snapshot is None:
            return False
        try:
            self._push(snapshot)
        except (PushError, StateError) as error:
            self._lost(str(error))
        except Exception as error:
            log.exception("push failed unexpectedly")
            self._lost(f"internal error: {type(error).__name__}")
        else:
            if self._failing:
                log.info("pushing works again")
            self._failing = False
            return True
        return False

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            if not self._site.await_ready(self._stop):
                return
            self.push()
            self._stop.wait(max(0.0, self._settings.interval - (time.monotonic() - begun)))
        self.push()

    def _lost(self, why: str) -> None:
        if self._given_up:
            return
        # Once is enough for people; the metric says how long.
        log.log(logging.DEBUG if self._failing else logging.WARNING, "push lost; trying again", extra={"why": why})
        self._failing = True

    def _push(self, snapshot: Snapshot) -> None:
        self._packer = self._packer or self._make_packer(snapshot)
        found = [self._organization(at_work) for at_work in snapshot.organizations]
        if not self._delta:
            for each in found:
                each.starts.learn(
                    f for f in snapshot.families if f.samples and f.samples[0][0][:1] == (each.at_work.id,)
                )
        for message in self._packer.messages(self._snapshot_points(snapshot, found)):
            self._send(message)
        self._own.arrived(snapshot.now)
        if self._delta:
            for each in found:
                self._send_deltas(each, self._packer)

    def _snapshot_points(self, snapshot: Snapshot, found: list[_Organization]) -> Iterator[Point]:
        starts = {each.at_work.id: each.starts for each in found}

        def start(family: str, labels: Labels) -> int:
            return starts[labels[0]].of(family, labels)

        yield from points(snapshot.families, None if self._delta else start, snapshot.now)
        yield from self._own.points(self._registry.collect(), snapshot.now)

    def _send_deltas(self, each: _Organization, packer: Packer) -> None:
        for stream in each.at_work.view.accounts.streams():
            while (chunk := each.deltas.chunk(stream)) is not None:
                self._send_chunk(each, chunk, packer)
                each.deltas.done(chunk)

    def _send_chunk(self, each: _Organization, chunk: Chunk, packer: Packer) -> None:
        for amounts in _parts(chunk.amounts, packer.most):
            self._send(packer.message(self._delta_points(each, amounts)))
            each.deltas.arrived(amounts)

    def _delta_points(self, each: _Organization, amounts: list[Amount]) -> Iterator[Point]:
        families: dict[str, Family] = {}
        for amount in amounts:
            family = families.get(amount.family) or each.at_work.view.family(amount.family)
            families[amount.family] = family
            yield number(family, (each.at_work.id, *amount.labels), amount.amount, *amount.interval)

    def _send(self, message: MetricsData) -> None:
        if self._given_up:
            raise PushError("stopping")
        self._metrics.inc("anthropic_exporter_otlp_exports_total")
        try:
            refused = self._receiver.send(message)
        except PushError:
            self._metrics.inc("anthropic_exporter_otlp_export_failures_total")
            raise
        if refused:
            # Not to be sent again, says the protocol: they would be refused again.
            self._metrics.inc("anthropic_exporter_otlp_export_failures_total")
            log.warning("the receiver refused points", extra={"why": refused})

    def _organization(self, at_work: OrganizationAtWork) -> _Organization:
        known = self._known.get(at_work.alias)
        if known is None or known.at_work is not at_work:
            known = self._known[at_work.alias] = _Organization.of(at_work, self._store)
        return known

    def _make_packer(self, snapshot: Snapshot) -> Packer:
        temporality = AggregationTemporality.DELTA if self._delta else AggregationTemporality.CUMULATIVE
        return Packer(self._resource(snapshot), temporality, MOST_POINTS)

    def _resource(self, snapshot: Snapshot) -> Resource:
        """Return who is talking. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go first."""
        own = {
            "service.name": "anthropic-exporter",
            "service.instance.id": self._instance(snapshot),
            "service.version": __version__,
            "gen_ai.provider.name": "anthropic",
        }
        return Resource(own).merge(OTELResourceDetector().detect())

    def _instance(self, snapshot: Snapshot) -> str:
        """Return a name of this exporter that outlives it: made of whose numbers it shows, and then kept."""
        known = self._store.meta("", "otlp_instance")
        if known:
            return known
        made = str(uuid.uuid5(_NAMESPACE, "\n".join(sorted(o.id for o in snapshot.organizations))))
        with self._store.transaction():
            self._store.set_meta("", "otlp_instance", made)
        return made


def _parts(amounts: Iterable[Amount], most: int) -> Iterator[list[Amount]]:
    rest = iter(amounts)
    while part := list(islice(rest, most)):
        yield part
