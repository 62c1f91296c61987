"""What a broker says of itself: `$SYS` to mosquitto_sub, HTTP to urllib."""

import json
import re
import urllib.error
import urllib.request

import pytest
from places import HOST, Place, ports_of
from program import DEADLINE

RECEIVED = 'mqx_messages_total{direction="in"}'


@pytest.fixture
def own(mqx, start):
    """A broker that nobody else uses."""
    program = start([mqx, "broker", "--port", "0", "--workers", "1"])
    return Place("own", ports_of(program.line())[0], None)


def ask(place, path, method="GET", body=None):
    """The status and the body of an answer."""
    url = f"http://{HOST}:{place.port}{path}"
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def get(place, path):
    status, body = ask(place, path)
    assert status == 200, body
    return json.loads(body)


def metrics(place):
    """The samples of the text format by name and labels, every line understood."""
    status, text = ask(place, "/metrics")
    assert status == 200, text
    samples, described = {}, set()
    for line in text.splitlines():
        if note := re.fullmatch(r"# (?:HELP (\w+) .+|TYPE (\w+) (?:counter|gauge))", line):
            described.add(note[1] or note[2])
            continue
        sample = re.fullmatch(r"(\w+)(\{\w+=\"[^\"]*\"(?:,\w+=\"[^\"]*\")*\})? (\S+)", line)
        assert sample and sample[1] in described, line
        samples[sample[1] + (sample[2] or "")] = float(sample[3])
    return samples


def test_mosquitto_sub_reads_the_sys_tree(own, start, paho):
    paho(own).publish("kept", b"x", qos=1, retain=True)
    reader = start(["mosquitto_sub", *own.options, "-t", "$SYS/#", "-F", "%t=%p"])
    wanted = {
        "version", "uptime", "clients/connected", "subscriptions/count", "bytes/received",
        "retained messages/count", "publish/messages/received",
    }
    values = {}
    while wanted - values.keys():
        topic, _, value = reader.line().partition("=")
        assert topic.startswith("$SYS/broker/"), topic
        values[topic.removeprefix("$SYS/broker/")] = value
    assert values["version"].startswith("mqx "), values
    assert values["uptime"].endswith(" seconds")
    assert (values["clients/connected"], values["retained messages/count"]) == ("2", "1")
    assert values["publish/messages/received"] == "1"


def test_nothing_of_sys_is_among_what_everybody_subscribes_to(own, start, paho):
    client = paho(own)
    client.publish("kept", b"x", qos=1, retain=True)
    everything = start(["mosquitto_sub", *own.options, "-t", "#", "-v"])
    assert everything.line() == "kept x"
    client.publish("end", b"y", qos=1)
    assert everything.line() == "end y"


def test_a_scraper_understands_every_line_of_the_metrics(own, paho):
    before = metrics(own)
    assert before["mqx_clients_connected"] == 0
    client = paho(own)
    client.publish("a", b"x", qos=1)
    after = metrics(own)
    assert after["mqx_clients_connected"] == 1
    assert after[RECEIVED] == before[RECEIVED] + 1
    counters = [name for name in before if "_total" in name]
    assert counters and all(after[name] >= before[name] for name in counters)


def test_the_list_of_clients_has_who_is_connected(own, subscriber):
    assert get(own, "/healthz") == {"status": "ok"}
    assert get(own, "/api/v1/clients")["items"] == []
    watcher = subscriber(["mosquitto_sub", "-i", "watcher"], own, ["a/#"])
    clients = get(own, "/api/v1/clients")["items"]
    assert "watcher" in [client["client_id"] for client in clients]
    assert get(own, "/api/v1/clients/watcher")["subscriptions"] == 2
    status, body = ask(own, "/api/v1/publish", "POST", b'{"topic":"a/b","payload":"by HTTP"}')
    assert (status, json.loads(body)["matched"]) == (200, 1)
    assert watcher.line() == "by HTTP"
    assert ask(own, "/api/v1/clients/watcher", "DELETE")[0] == 200
    assert ask(own, "/api/v1/clients/nobody")[0] == 404
