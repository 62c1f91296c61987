"""Bridges between mqx broker and mosquitto, and one file for both."""

import time
import uuid

import pytest
from places import HOST, Place, free_ports
from program import DEADLINE, run

OPEN = "user root\nlistener {port} {host}\nallow_anonymous true\n"

# What a bridge of either broker says of where it goes and what it carries.
BRIDGE = """\
connection edge
address {host}:{to}
remote_clientid edge.id
restart_timeout 1
topic # both 2 l/ r/
topic plain out 1
topic "" in 1 single/here single/there
"""


def conf(directory, port, more=""):
    path = directory / f"{port}.conf"
    path.write_text(OPEN.format(port=port, host=HOST) + more)
    return str(path)


@pytest.fixture
def brokers(mqx, certs, start, tmp_path):
    """Starts a broker of a kind with a file; returns it when it listens."""

    def brokers(kind, port, more=""):
        path = conf(tmp_path, port, more)
        if kind == "mqx":
            program = start([mqx, "broker", "-c", path])
            assert program.line().startswith("ready")
        else:
            program = start(["mosquitto", "-c", path])
            program.says("running")
        return program

    return brokers


def place(port, certs):
    return Place("bridge", port, certs)


def connected(at):
    """Waits until the bridge says at this broker that it is connected."""
    topic = "$SYS/broker/connection/edge.id/state"
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        read = run(["mosquitto_sub", *at.options, "-t", topic, "-C", "1", "-W", "1"])
        if read.lines == ["1"]:
            return
    pytest.fail("the bridge does not connect")


def publish(at, topic, *words, stdin=b""):
    done = run(["mosquitto_pub", *at.options, "-V", "311", "-t", topic, *words], stdin)
    assert done.code == 0, done


KINDS = [("mqx", "mosquitto"), ("mosquitto", "mqx"), ("mqx", "mqx")]


@pytest.mark.parametrize("version", ["mqttv311", "mqttv50"])
@pytest.mark.parametrize(("here", "there"), KINDS)
def test_one_file_carries_the_same_with_either_broker(
    brokers, certs, subscriber, here, there, version
):
    near_port, far_port = free_ports(2)
    near, far = place(near_port, certs), place(far_port, certs)
    bridge = BRIDGE.format(host=HOST, to=far_port) + f"bridge_protocol_version {version}\n"
    brokers(there, far_port)
    brokers(here, near_port, bridge)
    connected(near)
    connected(far)
    shown = ["mosquitto_sub", "-q", "2", "-F", "%t|%q|%p"]
    abroad = subscriber(shown, far, ["r/#", "plain"], "311")
    at_home = subscriber(shown, near, ["l/#", "single/#"], "311")
    for qos in "012":
        publish(near, "l/out", "-m", f"out {qos}", "-q", qos)
        assert abroad.line() == f"r/out|{qos}|out {qos}"
        assert at_home.line() == f"l/out|{qos}|out {qos}"
        publish(far, "r/in", "-m", f"in {qos}", "-q", qos)
        assert at_home.line() == f"l/in|{qos}|in {qos}"
        assert abroad.line() == f"r/in|{qos}|in {qos}"
    publish(near, "plain", "-m", "as it is", "-q", "2")
    assert abroad.line() == "plain|1|as it is"
    publish(far, "single/there", "-m", "one", "-q", "2")
    assert at_home.line() == "single/here|1|one"
    publish(near, "l", "-m", "root", "-q", "1")
    assert at_home.line() == "l|1|root"
    assert abroad.line() == "r/l|1|root"
    publish(near, "l/kept", "-m", "kept", "-q", "1", "-r")
    assert abroad.line() == "r/kept|1|kept"
    read = run(["mosquitto_sub", *far.options, "-t", "r/kept", "-C", "1", "-W", "10", "-F", "%r|%p"])
    assert read.lines == ["1|kept"]


@pytest.mark.parametrize(("here", "there"), [("mqx", "mosquitto"), ("mosquitto", "mqx")])
def test_nothing_of_qos_1_is_lost_while_the_other_broker_goes_and_comes_back(
    brokers, certs, tmp_path, here, there
):
    near_port, far_port = free_ports(2)
    near, far = place(near_port, certs), place(far_port, certs)
    keeps = f"persistence true\npersistence_location {tmp_path}/\n"
    session = ["-V", "311", "-c", "-i", f"c{uuid.uuid4().hex[:8]}", "-q", "1", "-t", "r/#"]
    far_broker = brokers(there, far_port, keeps)
    assert run(["mosquitto_sub", *far.options, *session, "-E"]).code == 0
    brokers(here, near_port, BRIDGE.format(host=HOST, to=far_port))
    connected(near)
    wanted = [str(number) for number in range(300)]
    lines = lambda part: "".join(f"{each}\n" for each in part).encode()
    publish(near, "l/t", "-l", "-q", "1", stdin=lines(wanted[:100]))
    # mosquitto keeps what it has acknowledged only if it may end in order.
    far_broker.process.terminate() if there == "mosquitto" else far_broker.process.kill()
    far_broker.process.wait()
    publish(near, "l/t", "-l", "-q", "1", stdin=lines(wanted[100:200]))
    brokers(there, far_port, keeps)
    publish(near, "l/t", "-l", "-q", "1", stdin=lines(wanted[200:]))
    seen = []
    end = time.monotonic() + 2 * DEADLINE
    while set(seen) != set(wanted) and time.monotonic() < end:
        seen += run(["mosquitto_sub", *far.options, *session, "-W", "2"]).lines
    assert set(seen) == set(wanted), sorted(set(wanted) - set(seen), key=int)
