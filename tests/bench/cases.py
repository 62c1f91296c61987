"""Fixed cases: a broker's figures at a glance, beside another broker's."""

from sweeps import PAIRS, Metric

CPU = Metric("ns", "CPU ns per delivered message")

# Names, and what the load source is told.
CASES = (
    ("QoS 0, 1 to 1", {"count": 1_000_000}),
    ("QoS 0, 1 to 100", {"count": 20_000, "subscribers": 100}),
    ("QoS 0, 100 to 1", {"count": 1_000_000, "publishers": 100}),
    ("QoS 0, ten pairs", {"count": 1_000_000, **PAIRS}),
    ("QoS 1, ten pairs", {"count": 500_000, "qos": 1, "window": 50, **PAIRS}),
    ("QoS 1, ten pairs, MQTT 5", {"count": 500_000, "qos": 1, "window": 20, "version": 5, **PAIRS}),
    ("QoS 2, ten pairs", {"count": 200_000, "qos": 2, "window": 20, **PAIRS}),
    ("1 KiB payload, 1 to 1", {"count": 500_000, "size": 1024}),
    ("TLS, 1 to 1", {"count": 500_000, "transport": "tls"}),
    ("WebSocket, 1 to 1", {"count": 500_000, "transport": "ws"}),
)

# Ten pairs at this rate, for their latency.
PACED = {"rate": 10_000, **PAIRS}
PACED_METRICS = (Metric("p50_us", "p50 us"), Metric("p99_us", "p99 us"))
