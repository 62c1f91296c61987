"""What other clients publish: decoded, recorded, and played again to other clients."""

import gzip
import json
import struct

import pytest
from program import run

PROTO = 'syntax = "proto3"; message Reading { string name = 1; int32 value = 2; }'
AVRO = '{"type":"record","name":"Reading","fields":[{"name":"n","type":"string"},{"name":"v","type":"int"}]}'

# A payload, how it is decoded, and what is printed. The bytes are written by hand.
PAYLOADS = {
    "json": (b' { "a" : 1 } ', ["json"], '{"a":1}'),
    "hex": (b"\x00\xfft", ["hex"], "00ff74"),
    "base64": (b"\x00\xfft", ["base64"], "AP90"),
    "cbor": (b"\xa1\x61a\x83\x01\xf9\x3e\x00\xf6", ["cbor"], '{"a":[1,1.5,null]}'),
    "msgpack": (b"\x82\xa1a\x01\xa1b\xc3", ["msgpack"], '{"a":1,"b":true}'),
    "gzip": (gzip.compress(b'{"a": 1}'), ["gzip"], '{"a":1}'),
    "protobuf": (
        b"\x0a\x03abc\x10\x07",
        ["protobuf", "--proto", "reading.proto"],
        '{"name":"abc","value":7}',
    ),
    "avro": (b"\x06abc\x0e", ["avro", "--avro-schema", "reading.avsc"], '{"n":"abc","v":7}'),
}


@pytest.fixture
def schemas(tmp_path, monkeypatch):
    (tmp_path / "reading.proto").write_text(PROTO)
    (tmp_path / "reading.avsc").write_text(AVRO)
    monkeypatch.chdir(tmp_path)


def theirs(place, topic, payload, *words):
    done = run(["mosquitto_pub", *place.options, "-V", "5", "-t", topic, "-s", *words], payload)
    assert done.code == 0, done.err


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_mosquitto_pub_sends_is_decoded(mqx, mosquitto, topic, schemas, name):
    payload, decode, wanted = PAYLOADS[name]
    theirs(mosquitto, topic, payload, "-r")
    words = ["-t", topic, "-C", "1", "-W", "10", "--decode", *decode]
    read = run([mqx, "sub", *mosquitto.options, *words])
    assert (read.code, read.out.decode()) == (0, wanted + "\n"), read.err
    run(["mosquitto_pub", *mosquitto.options, "-t", topic, "-n", "-r"])


def test_what_is_encoded_is_what_mosquitto_sub_prints_in_hex(mqx, mosquitto, topic):
    for encoding, text, wanted in [
        ("cbor", '{"a":[1,1.5,null]}', b"a16161"),
        ("msgpack", '{"a":1,"b":true}', b"82a16101a162c3"),
        ("hex", "00ff74", b"00ff74"),
        ("base64", "AP90", b"00ff74"),
    ]:
        words = ["-t", topic, "-m", text, "--encode", encoding, "-r"]
        done = run([mqx, "pub", *mosquitto.options, *words])
        assert done.code == 0, done.err
        read = run(["mosquitto_sub", *mosquitto.options, "-t", topic, "-C", "1", "-F", "%x"])
        assert read.out.startswith(wanted), (encoding, read.out)
    run(["mosquitto_pub", *mosquitto.options, "-t", topic, "-n", "-r"])


@pytest.mark.parametrize("name", ["messages.ndjson", "messages.ndjson.zst"])
def test_a_recording_of_mosquitto_pub_is_played_to_mosquitto_sub(
    mqx, mosquitto, subscriber, start, topic, tmp_path, name
):
    file = str(tmp_path / name)
    payloads = [b"one", b"\x00\xff\n", "zwei ä".encode(), b"last"]
    # A retained message tells when the recorder listens; it is recorded as well.
    theirs(mosquitto, f"{topic}/from/begin", b"begin", "-r", "-q", "1")
    recorder = start([mqx, "sub", *mosquitto.options, "-t", f"{topic}/from/#", "-q", "2", "--record", file, "-v"])
    assert recorder.line() == f"{topic}/from/begin begin"
    for number, payload in enumerate(payloads):
        words = ["-q", str(number % 3), "-D", "publish", "content-type", f"type/{number}"]
        theirs(mosquitto, f"{topic}/from/{number}", payload, *words)
    while recorder.line() != f"{topic}/from/3 last":
        pass
    recorder.stop()
    assert recorder.finish().code == 0

    form = "%t %q %C %x"
    hearer = subscriber(["mosquitto_sub", "-F", form, "-q", "2"], mosquitto, [f"{topic}/to/#"], "5")
    words = ["--replay", file, "--speed", "max", "--map", "s#/from/#/to/#", "--verify"]
    played = run([mqx, "pub", *mosquitto.options, *words])
    assert played.code == 0, played.err
    assert hearer.line() == f"{topic}/to/begin 1  {b'begin'.hex()}"
    # mosquitto passes on what has QoS 2 when it is released, and QoS 0 at once.
    heard = sorted(hearer.line() for _ in payloads)
    wanted = enumerate(payloads)
    assert heard == [f"{topic}/to/{i} {i % 3} type/{i} {each.hex()}" for i, each in wanted]
    for kind in ("from", "to"):
        run(["mosquitto_pub", *mosquitto.options, "-t", f"{topic}/{kind}/begin", "-n", "-r"])


def test_lines_of_sub_are_published_again_by_pub(mqx, mosquitto, start, subscriber, topic):
    hearer = subscriber(["mosquitto_sub", "-F", "%t %P %x"], mosquitto, [f"{topic}/b"], "5")
    theirs(mosquitto, f"{topic}/a", b"\x00\xff", "-r", "-D", "publish", "user-property", "k", "v")
    lines = run([mqx, "sub", *mosquitto.options, "-t", f"{topic}/a", "-J", "-C", "1", "-W", "10"])
    message = json.loads(lines.out)
    assert message["payload_b64"] == "AP8="
    again = run([mqx, "pub", *mosquitto.options, "--ndjson", "--map", f"s#{topic}/a#{topic}/b#"], lines.out)
    assert again.code == 0, again.err
    assert hearer.line() == f"{topic}/b k:v 00ff"
    for name in "ab":
        run(["mosquitto_pub", *mosquitto.options, "-t", f"{topic}/{name}", "-n", "-r"])


def test_a_float_of_four_bytes_is_a_number_in_a_format(mqx, mosquitto, topic):
    # mosquitto_sub has these since 2.1; the one at hand may be older.
    theirs(mosquitto, topic, struct.pack("=f", 1.5), "-r")
    words = ["-t", topic, "-C", "1", "-W", "10", "-F", "%f|%.1f"]
    assert run([mqx, "sub", *mosquitto.options, *words]).out == b"1.500000|1.5\n"
    run(["mosquitto_pub", *mosquitto.options, "-t", topic, "-n", "-r"])
