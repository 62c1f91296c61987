"""The brokers, the certificates and the clean-up that the tests share."""

import os
import shutil
import uuid
from pathlib import Path

import pytest
from paho_client import Paho
from places import HOST, Certificates, Place, free_ports, ports_of
from program import Program, run

MOSQUITTO_CONF = """\
user root
allow_anonymous true
persistence false
log_dest stderr
listener {tcp} {host}
listener {tls} {host}
cafile {certs.ca_crt}
certfile {certs.server_crt}
keyfile {certs.server_key}
listener {mutual} {host}
cafile {certs.ca_crt}
certfile {certs.server_crt}
keyfile {certs.server_key}
require_certificate true
"""


def pytest_sessionstart():
    """No test passes because its peer is missing."""
    missing = [
        name
        for name in ("mosquitto", "mosquitto_pub", "mosquitto_sub", "mosquitto_rr", "node", "openssl", "redis-server")
        if not shutil.which(name)
    ]
    if missing or "MQX" not in os.environ:
        pytest.exit(f"missing: {missing}, MQX={os.environ.get('MQX')}; run tests/all.sh", 1)


@pytest.fixture(scope="session")
def mqx():
    """The binary under test."""
    return str(Path(os.environ["MQX"]).resolve())


@pytest.fixture(scope="session")
def certs(mqx, tmp_path_factory):
    directory = tmp_path_factory.mktemp("certs")
    made = run([mqx, "certs", "init", "--dir", str(directory)])
    assert made.code == 0, made.err
    return Certificates(directory)


@pytest.fixture(scope="session")
def broker_places(mqx, certs):
    """`mqx broker`: its listeners by name."""
    tls = ["--cert", certs.server_crt, "--key", certs.server_key]
    ask = ["--cafile", certs.ca_crt, "--require-client-cert"]
    free = ["--port", "0", "--tls-port", "0"]
    open_broker = Program([mqx, "broker", *free, *tls])
    strict_broker = Program([mqx, "broker", *free, *tls, *ask])
    tcp, encrypted = ports_of(open_broker.line())
    _, mutual = ports_of(strict_broker.line())
    yield {
        "tcp": Place("tcp", tcp, certs),
        "tls": Place("tls", encrypted, certs, tls=True),
        "mutual": Place("mutual", mutual, certs, tls=True, mutual=True),
        "ws": Place("ws", tcp, certs, websocket=True),
        "wss": Place("wss", encrypted, certs, tls=True, websocket=True),
        "one port": Place("one port", tcp, certs, tls=True, websocket=True),
    }
    for broker in (open_broker, strict_broker):
        broker.stop()
        ended = broker.finish()
        assert ended.code == 0 and "panicked" not in ended.err, ended


@pytest.fixture(scope="session")
def mosquitto_places(certs, tmp_path_factory):
    """`mosquitto`: its listeners by name."""
    tcp, tls, mutual = free_ports(3)
    conf = tmp_path_factory.mktemp("mosquitto") / "mosquitto.conf"
    conf.write_text(MOSQUITTO_CONF.format(tcp=tcp, tls=tls, mutual=mutual, host=HOST, certs=certs))
    server = Program(["mosquitto", "-c", str(conf)])
    server.says("running")
    yield {
        "tcp": Place("tcp", tcp, certs),
        "tls": Place("tls", tls, certs, tls=True),
        "mutual": Place("mutual", mutual, certs, tls=True, mutual=True),
    }
    server.stop()


@pytest.fixture
def broker(broker_places):
    """`mqx broker` over TCP."""
    return broker_places["tcp"]


@pytest.fixture
def mosquitto(mosquitto_places):
    """`mosquitto` over TCP."""
    return mosquitto_places["tcp"]


@pytest.fixture
def topic():
    """A topic that no other test uses."""
    return f"test/{uuid.uuid4().hex}"


@pytest.fixture
def start():
    """Starts programs that end with the test."""
    started = []

    def start(argv):
        started.append(Program(argv))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


@pytest.fixture
def paho(broker):
    """Connects paho clients that end with the test, to `mqx broker` unless told."""
    clients = []

    def connect(place=broker, **options):
        clients.append(Paho(place, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.drop()


@pytest.fixture
def subscriber(start, paho):
    """Starts a subscribing program and returns when the broker has its filters.

    The last filter is for a retained message: when that arrives, the others
    are in force, because they stand in the same SUBSCRIBE.
    """

    def subscriber(argv, place, filters, version="5"):
        ready = f"ready/{uuid.uuid4().hex}"
        paho(place).publish(ready, b"ready", qos=1, retain=True)
        topics = [word for each in (*filters, ready) for word in ("-t", each)]
        program = start([*argv, *place.options, "-V", version, *topics])
        while "ready" not in program.line():
            pass
        return program

    return subscriber
