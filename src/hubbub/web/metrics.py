"""Everything that is counted, in the words of Prometheus. Read when somebody asks: see `hubbub.counts`."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hubbub._version import __version__
from hubbub.counts import Histogram

if TYPE_CHECKING:
    from hubbub.app import Chat

Family = TypeVar("Family", GaugeMetricFamily, CounterMetricFamily)


class Metrics:
    """With a registry of its own for each chat: an application may mount two, or have metrics of its own."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self, chat: "Chat") -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(_Everything(chat))
        ProcessCollector(registry=self.registry)  # processor time, memory, open files: on Linux

    def text(self) -> bytes:
        """All figures as they are now."""
        return generate_latest(self.registry)


class _Everything(Collector):
    def __init__(self, chat: "Chat") -> None:
        self._chat = chat

    def collect(self) -> Iterator[Metric]:
        yield from self._people()
        yield from self._events()
        yield from self._commands()
        yield from self._store()
        yield _histogram(
            "hubbub_loop_lag_seconds",
            "How late a timer of the event loop was, measured twice a second.",
            self._chat.counts.loop_lag_seconds,
        )
        yield GaugeMetricFamily(
            "hubbub_shedding",
            "What is left out because there is too much to do: 0 nothing, 1 signals, 2 also reading, 3 also posting.",
            self._chat.shedding.step,
        )
        yield _labelled(
            GaugeMetricFamily("hubbub_info", "Always 1; its label is the version.", labels=["version"]),
            {(__version__,): 1},
        )

    def _people(self) -> Iterator[Metric]:
        hub, counts = self._chat.hub, self._chat.counts
        plain = [connection.plain for connection in hub.connections()]
        name, words = "hubbub_connections", "Open WebSockets, by protocol: chat, or plain for the tutorial's."
        yield _labelled(
            GaugeMetricFamily(name, words, labels=["protocol"]),
            {("chat",): plain.count(False), ("plain",): plain.count(True)},
        )
        load = hub.load()
        name = "hubbub_outlets"
        words = "Connections in rooms, each counted once for each of its rooms: live, or catching up from the log."
        yield _labelled(
            GaugeMetricFamily(name, words, labels=["state"]),
            {("live",): load.live, ("catching_up",): load.behind},
        )
        yield GaugeMetricFamily("hubbub_rooms", "Rooms that are followed because somebody was in them.", load.rooms)
        yield _labelled(
            CounterMetricFamily("hubbub_cuts", "Connections that the server ended, by reason.", labels=["reason"]),
            {(reason,): count for reason, count in counts.cuts.items()},
        )

    def _events(self) -> Iterator[Metric]:
        hub, counts = self._chat.hub, self._chat.counts
        yield CounterMetricFamily("hubbub_events", "Events committed to the log.", counts.events)
        yield CounterMetricFamily(
            "hubbub_deliveries", "Frames written to live connections, signals included.", hub.deliveries
        )
        yield CounterMetricFamily(
            "hubbub_fallen_behind", "How often a live connection read too slowly and was set to catching up.", hub.falls
        )
        yield CounterMetricFamily(
            "hubbub_resets", "How often a client missed too much, or came from another log, and reads anew.", hub.resets
        )

    def _commands(self) -> Iterator[Metric]:
        counts = self._chat.counts
        yield _labelled(
            CounterMetricFamily(
                "hubbub_commands",
                "Commands by socket, HTTP and page, by type and result: ok, or the code of the error.",
                labels=["type", "result"],
            ),
            dict(counts.commands),
        )
        yield _histogram(
            "hubbub_post_seconds",
            "From a decoded post to its durable acknowledgement, without those that were refused.",
            counts.post_seconds,
        )
        yield _labelled(
            CounterMetricFamily(
                "hubbub_http_responses",
                "Responses by method and status; 101 is a WebSocket that was opened.",
                labels=["method", "status"],
            ),
            {(method, str(int(status))): count for (method, status), count in counts.responses.items()},
        )

    def _store(self) -> Iterator[Metric]:
        load = self._chat.store.load()
        yield _histogram("hubbub_commit_writes", "Writes that were committed together.", load.batch_sizes)
        yield GaugeMetricFamily("hubbub_writes_waiting", "Writes that wait for the writer.", load.writes_waiting)
        yield GaugeMetricFamily("hubbub_reads_waiting", "Reads that wait for a reader.", load.reads_waiting)


def _labelled(family: Family, values: Mapping[Any, int]) -> Family:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _histogram(name: str, words: str, values: Histogram) -> HistogramMetricFamily:
    bounds = [*map(str, values.bounds), "+Inf"]
    return HistogramMetricFamily(name, words, list(zip(bounds, accumulate(values.counts), strict=True)), values.sum)
