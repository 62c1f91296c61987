"""paho-mqtt as a client of mqx broker: what every version of MQTT has."""

import pytest
from paho_client import properties

VERSIONS = ["3.1", "3.1.1", "5"]
SIZES = [0, 1, 100, 127, 128, 16_383, 16_384, 65_536, 1_000_000]


@pytest.mark.parametrize("name", ["tls", "mutual"])
@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_tls_carries_messages_both_ways(broker_places, paho, topic, name, version):
    client = paho(broker_places[name], version=version)
    client.subscribe(topic, qos=2)
    client.publish(topic, b"secret", qos=2)
    assert client.message().payload == b"secret"


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("version", VERSIONS)
def test_payloads_of_any_size_arrive_whole(paho, topic, version, qos):
    client = paho(version=version)
    client.subscribe(topic, qos=qos)
    for size in SIZES:
        payload = bytes(index * 7 % 256 for index in range(size))
        client.publish(topic, payload, qos)
        assert client.message().payload == payload


@pytest.mark.parametrize("version", VERSIONS)
def test_wildcards_match_levels_and_leave_out_what_begins_with_a_dollar(paho, topic, version):
    client = paho(version=version)
    filters = [f"{topic}/+/c", f"{topic}/tree/#", f"+/{topic[5:]}/one"]
    assert client.subscribe(*filters, qos=1) == [1, 1, 1]
    for tail in ("a/c", "a/b/c", "tree", "tree/x/y", "one", "two"):
        client.publish(f"{topic}/{tail}", tail, qos=1)
    client.publish(f"{topic}/end/c", b"end", qos=1)
    assert client.payloads_until(b"end") == [b"a/c", b"tree", b"tree/x/y", b"one"]


@pytest.mark.parametrize("version", VERSIONS)
def test_after_unsubscribe_nothing_more_arrives(paho, topic, version):
    client = paho(version=version)
    client.subscribe(topic, f"{topic}/end")
    client.publish(topic, b"first")
    assert client.message().payload == b"first"
    client.unsubscribe(topic)
    client.publish(topic, b"second")
    client.publish(f"{topic}/end", b"end")
    assert client.payloads_until(b"end") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_persistent_session_is_resumed_and_a_clean_one_is_not(paho, topic, version):
    keep = {"client_id": topic[5:28], "version": version, "clean": False}
    if version == "5":
        keep["connect"] = properties("CONNECT", SessionExpiryInterval=600)
    first = paho(**keep)
    assert not first.session_present
    first.subscribe(topic, qos=1)
    first.end()
    paho(version=version).publish(topic, b"meanwhile", qos=1)
    second = paho(**keep)
    # MQTT 3.1 has no flag for it.
    assert second.session_present or version == "3.1"
    assert second.message().payload == b"meanwhile"
    second.end()
    third = paho(**{**keep, "clean": True})
    assert not third.session_present


@pytest.mark.parametrize("version", VERSIONS)
def test_an_empty_retained_payload_clears_what_was_kept(paho, topic, version):
    publisher = paho(version=version)
    publisher.publish(topic, b"kept", qos=1, retain=True)
    early = paho(version=version)
    early.subscribe(topic)
    message = early.message()
    assert (message.payload, message.retain) == (b"kept", True)
    publisher.publish(topic, b"", qos=1, retain=True)
    message = early.message()
    assert (message.payload, message.retain) == (b"", False)
    late = paho(version=version)
    late.subscribe(topic)
    publisher.publish(topic, b"live")
    message = late.message()
    assert (message.payload, message.retain) == (b"live", False)


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_of_one_publisher_arrive_in_order(paho, topic, version):
    client = paho(version=version)
    client.subscribe(topic, qos=2)
    sender = paho(version=version)
    sent = [sender.client.publish(topic, str(number), qos=2) for number in range(300)]
    arrived = [int(client.message().payload) for _ in sent]
    assert arrived == list(range(300))


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_password_is_bytes(paho, version):
    client = paho(version=version, username="näme", password=b"\x00\xff\xfe binary")
    assert not client.reason.is_failure
