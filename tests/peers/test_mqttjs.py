"""MQTT.js as a client of mqx broker."""

import json
from pathlib import Path

import pytest
from places import HOST
from program import run

SCRIPT = str(Path(__file__).parent / "mqttjs" / "session.js")


@pytest.mark.parametrize("version", ["3", "4", "5"])
@pytest.mark.parametrize("name", ["tcp", "tls", "mutual", "ws", "wss", "one port"])
def test_a_session_of_mqttjs(broker_places, topic, name, version):
    place = broker_places[name]
    certs = place.certificates
    scheme = ("ws" if place.websocket else "mqtt") + "s" * place.tls
    url = f"{scheme}://{HOST}:{place.port}" + "/mqtt" * place.websocket
    tls = [certs.ca_crt] * place.tls + [certs.client_crt, certs.client_key] * place.mutual
    done = run(["node", SCRIPT, url, version, topic, *tls])
    assert done.code == 0, done
    told = json.loads(done.out)
    assert told["granted"] == [2]
    seen = sorted(told["seen"], key=lambda message: message["topic"])
    assert [message["payload"] for message in seen] == ["at 0", "at 1", "at 2", "kept"]
    assert [message["qos"] for message in seen] == [0, 1, 2, 1]
    assert [message["retain"] for message in seen] == [False, False, False, True]
    if version == "5":
        assert [message.get("user") for message in seen[:3]] == [{"a": "1"}] * 3
