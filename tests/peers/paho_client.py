"""paho-mqtt with every event in a queue, so that a test reads like a talk."""

import os
import queue
import socket
import ssl

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions
from places import HOST
from program import DEADLINE

VERSIONS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}


def properties(packet, **values):
    """Properties of a packet by their paho names."""
    made = Properties(getattr(PacketTypes, packet))
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Paho:
    """A connected client."""

    def __init__(
        self, place, version="5", client_id="", clean=True, keepalive=60, connect=None,
        will=None, username=None, password=None, manual_ack=False,
    ):
        v5 = version == "5"
        options = {} if v5 else {"clean_session": clean}
        options["transport"] = "websockets" if place.websocket else "tcp"
        self.v5 = v5
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=VERSIONS[version],
            manual_ack=manual_ack, reconnect_on_failure=False, **options,
        )
        self.messages = queue.Queue()
        self.connected = queue.Queue()
        self.ended = queue.Queue()
        self.acknowledged = queue.Queue()
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.client.on_connect = lambda _c, _u, *event: self.connected.put(event)
        self.client.on_disconnect = lambda _c, _u, *event: self.ended.put(event)
        acknowledged = lambda _c, _u, mid, codes, *_: self.acknowledged.put((mid, codes))
        self.client.on_subscribe = self.client.on_unsubscribe = acknowledged
        if username is not None:
            self.client.username_pw_set(username, password)
        if will is not None:
            self.client.will_set(**will)
        if place.tls:
            self.client.tls_set_context(context(place))
        start = {"clean_start": clean, "properties": connect} if v5 else {}
        self.client.connect(HOST, place.port, keepalive, **start)
        self.client.loop_start()
        flags, self.reason, self.properties = self.connected.get(timeout=DEADLINE)
        self.session_present = flags.session_present

    def subscribe(self, *filters, qos=0, **options):
        """Subscribes and returns the reason codes of SUBACK."""
        props = options.pop("properties", None)
        if self.v5:
            wanted = [(each, SubscribeOptions(qos=qos, **options)) for each in filters]
        else:
            wanted = [(each, qos) for each in filters]
        _, mid = self.client.subscribe(wanted, properties=props)
        return self._acknowledged(mid)

    def unsubscribe(self, *filters):
        """Unsubscribes and returns the reason codes of UNSUBACK."""
        _, mid = self.client.unsubscribe(list(filters))
        return self._acknowledged(mid)

    def _acknowledged(self, mid):
        got, codes = self.acknowledged.get(timeout=DEADLINE)
        assert got == mid
        return [code.value for code in codes]

    def publish(self, topic, payload, qos=0, retain=False, **values):
        """Publishes and waits until the message is delivered."""
        props = properties("PUBLISH", **values) if values else None
        sent = self.client.publish(topic, payload, qos, retain, properties=props)
        sent.wait_for_publish(DEADLINE)
        assert sent.is_published()

    def message(self):
        """The next message."""
        return self.messages.get(timeout=DEADLINE)

    def payloads_until(self, payload):
        """The payloads that arrive before this one."""
        seen = []
        while (message := self.message()).payload != payload:
            seen.append(message.payload)
        return seen

    def end(self, expiry=None):
        """Disconnects in order."""
        props = expiry and properties("DISCONNECT", SessionExpiryInterval=expiry)
        self.client.disconnect(**({"properties": props} if props else {}))
        self.ended.get(timeout=DEADLINE)

    def drop(self):
        """Ends without a DISCONNECT, as a power cut does."""
        if (connected := self.client.socket()) is not None:
            # What paho wraps a socket in for WebSocket cannot be shut down itself.
            with socket.socket(fileno=os.dup(connected.fileno())) as bare:
                bare.shutdown(socket.SHUT_RDWR)
        self.client.loop_stop()


def context(place):
    """What a TLS client of `place` believes and who it is."""
    made = ssl.create_default_context(cafile=place.certificates.ca_crt)
    if place.mutual:
        made.load_cert_chain(place.certificates.client_crt, place.certificates.client_key)
    return made
