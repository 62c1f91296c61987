"""The load source of `tests/bench` counts exactly, and the sweeps can be run."""

import json
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from doubtful_broker import DoubtfulBroker
from program import run

BENCH = Path(__file__).resolve().parents[1] / "bench"
sys.path.insert(0, str(BENCH))

import brokers  # noqa: E402  (they lie beside the sweeps)
import source  # noqa: E402

MESSAGES = 1000
PAIRS = {"publishers": 3, "subscribers": 3, "topics": 3}


@pytest.fixture(scope="session")
def load(tmp_path_factory):
    """Runs the load source; returns its result and what it counted."""
    program = source.build(tmp_path_factory.mktemp("load"))

    def load(command, **options):
        result = run([program, *source.words(command, {"count": MESSAGES, **options})])
        return result, json.loads(result.out or "{}")

    return load


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("place", ["tcp", "tls", "ws"])
def test_every_message_is_counted(load, broker_places, place, qos, version):
    target = broker_places[place]
    options = {"port": target.port, "transport": place, "qos": qos, "version": version}
    result, counted = load("traffic", **options, **PAIRS)
    assert result.code == 0, result.err
    assert counted["delivered"] == counted["expected"] == MESSAGES
    assert counted["acknowledged"] == (MESSAGES if qos else 0)


@pytest.fixture(scope="session")
def relay(tmp_path_factory):
    """The relay beside which brokers are measured."""
    with brokers.relay(tmp_path_factory.mktemp("relay")).started() as running:
        yield running


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_the_relay_hands_every_message_on(load, relay, qos, version):
    options = {"port": relay.ports["tcp"], "qos": qos, "version": version}
    result, counted = load("traffic", **options, **PAIRS)
    assert result.code == 0, result.err
    assert counted["delivered"] == MESSAGES


@pytest.mark.parametrize(
    "shape", [{"subscribers": 7}, {"subscribers": 2, "topics": 9, "match": "all"}, {"topics": 50, "shape": "deep"}]
)
def test_every_receiver_of_a_topic_counts(load, mosquitto, shape):
    result, counted = load("traffic", port=mosquitto.port, **shape)
    copies = shape.get("subscribers", 1)
    assert result.code == 0, result.err
    assert counted["delivered"] == MESSAGES * copies


@pytest.mark.parametrize(
    "forward",
    [
        pytest.param(lambda packets: [packets[0], *packets], id="one too many"),
        pytest.param(lambda packets: [packets[0], *packets[:-1]], id="one twice in place of another"),
    ],
)
def test_a_wrong_message_is_an_error(load, forward):
    broker = DoubtfulBroker(3, forward)
    result, counted = load("traffic", port=broker.port, count=3)
    assert result.code == 1
    assert counted["exact"] is False


def test_what_a_session_missed_arrives_in_order(load, broker):
    result, counted = load("park", port=broker.port)
    assert result.code == 0, result.err
    assert counted["taken"] == MESSAGES


def test_retained_messages_are_all_replayed(load, start, mqx, tmp_path):
    fresh = start([mqx, "broker", "--port", "0"])
    port = int(fresh.line().split()[1].rsplit(":", 1)[1])
    assert load("keep", port=port)[0].code == 0
    result, counted = load("replay", port=port)
    assert (result.code, counted["retained"]) == (0, MESSAGES), result.err
    assert load("replay", port=port, count=MESSAGES - 1)[0].code == 1


def test_a_sweep_prints_a_table_and_draws_a_plot(mqx, tmp_path):
    only = ["--only", "qos-share", "--without", "mosquitto"]
    command = [sys.executable, str(BENCH / "sweep.py"), "--mqx", mqx, "--out", str(tmp_path), *only]
    done = run(command)
    assert done.code == 0, done.err
    assert any(line.startswith("| 100 ") for line in done.lines)
    points = json.loads((tmp_path / "sweep.json").read_text())["sweeps"]["qos-share"]["mqx"]
    assert points["QoS 2"]["100"]["ns"] > 0
    assert xml.parse(tmp_path / "plots" / "qos-share.svg").getroot().tag.endswith("svg")
