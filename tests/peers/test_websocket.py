"""paho-mqtt over WebSocket as a client of mqx broker."""

import pytest


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("name", ["ws", "wss", "one port"])
def test_messages_of_every_size_pass_both_ways(broker_places, paho, topic, name, version):
    client = paho(broker_places[name], version=version)
    client.subscribe(topic, qos=2)
    payloads = [b"", *(bytes([65 + n]) * 10**n for n in range(6)), b"end"]
    for number, payload in enumerate(payloads):
        client.publish(topic, payload, qos=number % 3)
    assert client.payloads_until(b"end") == payloads[:-1]
    client.end()


def test_websocket_and_tcp_clients_hear_each_other(broker_places, paho, topic):
    web, tcp = paho(broker_places["ws"]), paho(broker_places["tcp"])
    for one, other in ((web, tcp), (tcp, web)):
        one.subscribe(topic)
        other.publish(topic, "hello", qos=1)
        assert one.message().payload == b"hello"
        one.unsubscribe(topic)
