"""What `mqx doctor` and `mqx test` find out about mosquitto."""

import json

import pytest
from places import HOST
from program import run


def address(place):
    return ["-h", HOST, "-p", str(place.port)]


@pytest.mark.parametrize("name", ["tcp", "tls", "mutual"])
def test_a_healthy_mosquitto_passes_every_step(mqx, mosquitto_places, name):
    place = mosquitto_places[name]
    certs = place.certificates
    tls = ["--tls", certs.ca_crt] * place.tls + ["--cert", certs.client_crt, "--key", certs.client_key] * place.mutual
    done = run([mqx, "doctor", *address(place), *tls, "--json"])
    assert done.code == 0, done
    steps = {step["step"]: step["state"] for step in json.loads(done.out)["steps"]}
    skipped = {"proxy", "WebSocket"} | ({"TLS"} if not place.tls else set())
    assert {name for name, state in steps.items() if state == "skipped"} == skipped
    assert set(steps.values()) == {"ok", "skipped"}


@pytest.mark.parametrize("name, options, step, words", [
    ("mutual", ["--tls", "CA"], "TLS", "asks for a client certificate"),
    ("tls", [], "MQTT", "the port speaks TLS"),
    ("tcp", ["--tls", "CA"], "TLS", "the port speaks MQTT without TLS"),
    ("tls", ["--tls"], "TLS", "is not signed by a CA this system trusts but by"),
])
def test_what_is_wrong_with_the_way_to_mosquitto_is_found(mqx, mosquitto_places, name, options, step, words):
    place = mosquitto_places[name]
    options = [option.replace("CA", place.certificates.ca_crt) for option in options]
    done = run([mqx, "doctor", *address(place), *options])
    assert done.code in (3, 4) and words in done.out.decode(), done
    assert f"has failed at the step {step}" in done.err


def test_mosquitto_breaks_no_statement_and_differs_from_mqx(mqx, mosquitto, broker):
    done = run([mqx, "test", *address(mosquitto), "--json"])
    assert done.code == 0 and json.loads(done.out)["wrong"] == 0, done
    ours, theirs = (f"mqtt://{HOST}:{place.port}" for place in (broker, mosquitto))
    done = run([mqx, "test", "--diff", ours, theirs, "--json", "--only", "subscriptions"])
    different = {row["probe"]: row["answers"] for row in json.loads(done.out)["different"]}
    assert done.code == 9 and different["overlapping"][1] == "a copy for each, with its QoS", done
