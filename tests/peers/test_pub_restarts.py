"""mqx pub while its broker is stopped and started again and again."""

import pytest
from places import HOST, Place, free_ports

COUNT = 5_000
RESTARTS = 10

MOSQUITTO_CONF = """\
user root
allow_anonymous true
persistence true
persistence_location {folder}/
max_queued_messages 0
log_dest stderr
listener {port} {host}
"""


@pytest.fixture(params=["mosquitto", "mqx"])
def begin(request, mqx, start, tmp_path):
    """Starts a broker that keeps sessions, always at the same place."""
    (port,) = free_ports(1)
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(MOSQUITTO_CONF.format(folder=tmp_path, port=port, host=HOST))
    store = str(tmp_path / "store")

    def begin():
        if request.param == "mqx":
            program = start([mqx, "broker", "--port", str(port), "--store", store])
            program.line()
        else:
            program = start(["mosquitto", "-c", str(conf)])
            program.says("running")
        return program

    begin.port = port
    return begin


def test_every_line_arrives_however_often_the_broker_is_restarted(
    begin, mqx, start, subscriber, certs, topic, tmp_path
):
    broker = begin()
    place = Place("tcp", begin.port, certs)
    sub = subscriber([mqx, "sub", "-q", "1", "-c", "-i", "kept"], place, [topic], "3.1.1")
    lines = tmp_path / "lines"
    lines.write_text("".join(f"{number}\n" for number in range(COUNT)))
    words = [*place.options, "-t", topic, "-l", "-q", "1", "--retry", "forever", "--rate", "1000"]
    pub = start(["sh", "-c", 'exec "$@" < "$0"', str(lines), mqx, "pub", *words])
    arrived = set()
    for part in range(1, RESTARTS + 1):
        while len(arrived) < part * COUNT // (RESTARTS + 1):
            arrived.add(sub.line())
        broker.stop()
        broker = begin()
    assert pub.finish().code == 0
    wanted = set(map(str, range(COUNT)))
    while not wanted <= arrived:
        arrived.add(sub.line())
