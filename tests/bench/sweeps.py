"""What is measured: each sweep lets one thing grow and says what it is measured by."""

import os
import time
from dataclasses import dataclass
from typing import Callable

PAIRS = {"publishers": 10, "subscribers": 10, "topics": 10}


@dataclass(frozen=True)
class Metric:
    """A figure of every point; of several runs the best one counts."""

    key: str
    label: str
    best: Callable = min


@dataclass(frozen=True)
class Line:
    """One curve: `measure(source, x)` returns the figures at x."""

    name: str
    measure: Callable
    settings: Callable = lambda x: {}


@dataclass(frozen=True)
class Sweep:
    """What grows, over which values, and the curves and figures that show it.

    `flat` says that the first figure should not grow at all.
    """

    name: str
    title: str
    x: str
    quick: tuple
    full: tuple
    lines: tuple
    metrics: tuple
    flat: bool = False
    only_workers: bool = False
    binary: bool = False


NS = Metric("ns", "CPU ns per delivered message")


def per_item(held, x):
    """What was held takes each; of a few items that cannot be told from the noise."""
    return held if x >= 1000 else {}


def traffic(source, count, **options):
    """About `count` messages, after a few that warm up what is cached and allocated."""
    return source.run("traffic", **source.warmed(source.scaled(count)), **options)


def beside_filters(shape):
    """A hundred topics of this shape, beside `x` other filters of it."""

    def measure(source, x):
        with source.held(connections=10, filters=x, shape=shape) as held:
            return per_item(held, x) | traffic(source, 300_000, topics=100, shape=shape)

    return Line(shape, measure)


def first_publish(name, topics):
    """One subscriber to `load/+` beside `x` filters of one topic each."""

    def measure(source, x):
        with source.held(connections=10, filters=x):
            # Each of them once, or one of them each time.
            many = source.scaled(topics) if topics > 1 else 1
            return source.run("traffic", count=source.scaled(20_000), topics=many, match="all")

    return Line(name, measure)


def topics_in_turn(source, x):
    return traffic(source, 500_000, topics=x, burst=64)


def beside_idle(source, x):
    with source.held(connections=x) as held:
        return per_item(held, x) | traffic(source, 300_000, **PAIRS)


def all_busy(source, x):
    pairs = max(x // 2, 1)
    each = {"publishers": pairs, "subscribers": pairs, "topics": pairs}
    count = source.scaled(500_000, 50 * pairs)
    return source.run("traffic", **source.warmed(count), **each)


def fan_out(qos):
    def measure(source, x):
        count = max(source.scaled(2_000_000, 20_000) // x, source.scaled(600, 20))
        return source.run("traffic", **source.warmed(count), subscribers=x, qos=qos)

    return Line(f"QoS {qos}", measure)


def payload(receivers):
    def measure(source, x):
        bytes_to_send = source.scaled(400_000_000, 40_000_000)
        count = max(min(bytes_to_send // (x * receivers), source.scaled(300_000)), 20)
        return source.run("traffic", **source.warmed(count), size=x, subscribers=receivers)

    return Line(f"1 to {receivers}", measure)


def on_workers(name, **options):
    measure = lambda source, x: traffic(source, 500_000, **options)
    return Line(name, measure, lambda x: {"workers": x})


def share_of(qos):
    # Mosquitto lets a client have 20 messages in flight and cuts off one that has more.
    measure = lambda source, x: traffic(source, 200_000, qos=qos, share=x, window=20, **PAIRS)
    return Line(f"QoS {qos}", measure)


def during_replay(source, x):
    """Ten pairs at a fixed rate, and in their midst one that subscribes to everything."""
    kept = source.run("keep", count=x) if x else {"bytes": 0}
    rate, seconds = 5_000, 1.5 + x / 400_000
    paced = {"rate": rate, "count": int(rate * seconds)}
    with source.beside("traffic", **PAIRS, **paced) as live:
        time.sleep(0.5)
        replayed = source.run("replay", count=x)
    figures = {"p99_us": live["p99_us"], "max_us": live["max_us"], "bytes": kept["bytes"]}
    return figures | {"replay_ns": replayed["ns"]}


def offline(source, x):
    parked = source.run("park", count=x)
    parked["returned"] = parked["memory_after"] / max(parked["memory_before"], 1)
    return parked


def decades(most, first=1):
    return tuple(10**power for power in range(9) if first <= 10**power <= most)


def worker_counts():
    cores = os.cpu_count() or 1
    return tuple(sorted({1, 2, *(count for count in (4, 8, 16) if count <= cores), cores}))


SWEEPS = (
    Sweep(
        "subscriptions", "Subscriptions held, a hundred topics in use", "other filters",
        (1, 1000, 100_000), decades(1_000_000),
        tuple(beside_filters(shape) for shape in ("exact", "plus", "hash", "deep")),
        (NS, Metric("filter_bytes", "bytes per filter"), Metric("filter_ns", "CPU ns per filter subscribed")),
        flat=True,
    ),
    Sweep(
        "new-topics", "First message to a topic, and the next ones", "other filters",
        (1, 1000, 100_000), decades(1_000_000),
        (first_publish("known topic", 1), first_publish("new topic", 20_000)),
        (NS,), flat=True,
    ),
    Sweep(
        "topics", "Topics published to in turn, a filter for each", "topics",
        (1, 1000, 100_000), decades(100_000),
        (Line("exact", topics_in_turn),), (NS,), flat=True,
    ),
    Sweep(
        "idle-connections", "Idle connections beside ten busy pairs", "idle connections",
        (10, 1000, 10_000), (10, 100, 1000, 3000, 10_000),
        (Line("idle", beside_idle),),
        (NS, Metric("connection_bytes", "bytes per idle connection"), Metric("connection_ns", "CPU ns to connect")),
        flat=True,
    ),
    Sweep(
        "connections", "Busy connections, in pairs", "busy connections",
        (10, 1000, 10_000), (10, 100, 1000, 3000, 10_000),
        (Line("pairs", all_busy),), (NS,), flat=True,
    ),
    Sweep(
        "fan-out", "Subscribers to one topic", "subscribers",
        (1, 100, 5000), (1, 10, 100, 1000, 5000),
        (fan_out(0), fan_out(1)), (NS,), flat=True,
    ),
    Sweep(
        "payload", "Size of the payload", "bytes",
        (16, 1024, 65_536, 1_048_576), tuple(4**power for power in range(2, 11)),
        (payload(1), payload(10)), (NS,), binary=True,
    ),
    Sweep(
        "workers", "Worker threads", "workers", worker_counts(), worker_counts(),
        (
            on_workers("one pair"),
            on_workers("ten pairs", **PAIRS),
            on_workers("ten pairs, QoS 1", qos=1, window=50, **PAIRS),
        ),
        (NS, Metric("rate", "delivered messages per second", max)),
        only_workers=True,
    ),
    Sweep(
        "qos-share", "Share of messages with this QoS, the others with QoS 0", "percent",
        (0, 50, 100), (0, 10, 25, 50, 75, 100),
        (share_of(1), share_of(2)), (NS,),
    ),
    Sweep(
        "retained", "A subscription to # beside ten pairs at 5,000 messages per second", "retained messages",
        (0, 1000, 100_000), (0, *decades(1_000_000, 1000)),
        (Line("ten pairs", during_replay),),
        (
            Metric("p99_us", "latency of the others, p99 us"),
            Metric("max_us", "latency of the others, longest us"),
            Metric("bytes", "bytes per retained message"),
            Metric("replay_ns", "CPU ns per message replayed"),
        ),
    ),
    Sweep(
        "offline", "Messages queued for a session that is away", "messages",
        (1000, 100_000), decades(1_000_000, 1000),
        (Line("QoS 1", offline, lambda x: {"queue": x}),),
        (
            Metric("in_ns", "CPU ns per message queued"),
            Metric("out_ns", "CPU ns per message sent later"),
            Metric("bytes", "bytes per message queued"),
            Metric("returned", "memory afterwards, times that before"),
        ),
        flat=True,
    ),
)
