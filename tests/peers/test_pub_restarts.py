"""mqx pub and mqx sub while their broker is stopped and started again and again."""

from collections import Counter

import pytest
from places import HOST, Place, free_ports

COUNT = 20_000
RESTARTS = 10
AGAIN = "connected again"

MOSQUITTO_CONF = """\
user root
allow_anonymous true
persistence true
persistence_location {folder}/
max_queued_messages 0
log_dest stderr
listener {port} {host}
"""


@pytest.fixture(params=[("mosquitto", "3.1.1"), ("mqx", "5")], ids=lambda param: param[0])
def begin(request, mqx, start, tmp_path):
    """Starts a broker that keeps sessions, always at the same place."""
    (port,) = free_ports(1)
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(MOSQUITTO_CONF.format(folder=tmp_path, port=port, host=HOST))
    store = str(tmp_path / "store")

    def begin():
        if request.param[0] == "mqx":
            program = start([mqx, "broker", "--port", str(port), "--store", store])
            program.line()
        else:
            program = start(["mosquitto", "-c", str(conf)])
            program.says("running")
        return program

    begin.port, begin.version = port, request.param[1]
    return begin


def test_every_line_arrives_however_often_the_broker_is_restarted(
    begin, mqx, start, subscriber, certs, topic, tmp_path
):
    broker = begin()
    place = Place("tcp", begin.port, certs)
    sub = subscriber([mqx, "sub", "-q", "1", "-c", "-i", "kept"], place, [topic], begin.version)
    lines = tmp_path / "lines"
    lines.write_text("".join(f"{number}\n" for number in range(COUNT)))
    words = [*place.options, "-V", begin.version, "-t", topic, "-l", "-q", "1", "--retry", "forever"]
    publish = [mqx, "pub", *words, "--rate", "1000"]
    pub = start(["sh", "-c", 'exec "$@" < "$0"', str(lines), *publish])
    came = Counter()

    def take(line):
        # What is retained comes again with each subscription.
        if line != "ready":
            came[int(line)] += 1

    for part in range(1, RESTARTS + 1):
        pub.says(AGAIN, part - 1)
        while len(came) < part * COUNT // (RESTARTS + 1):
            take(sub.line())
        sub.says(AGAIN, part - 1)
        broker.stop()
        broker = begin()
    published = pub.finish()
    assert published.code == 0, published.err
    while len(came) < COUNT:
        take(sub.line())
    sub.stop()
    ended = sub.finish()
    assert ended.code == 0, ended.err
    for line in ended.lines:
        take(line)
    assert set(came) == set(range(COUNT))
    assert ended.err.count(AGAIN) == published.err.count(AGAIN) == RESTARTS
    # The exact figures differ from run to run: at QoS 1 a message may come twice.
    print(f"{COUNT} lines, {RESTARTS} restarts: {len(came)} arrived,", end=" ")
    print(f"{came.total() - len(came)} of them once more; pub and sub ended with 0")
