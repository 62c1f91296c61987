"""A broker for one subscriber and one publisher that does with the messages as it is told."""

import socket
import threading

from places import HOST
from program import DEADLINE

CONNACK, SUBACK, PINGRESP = b"\x20\x02\0\0", b"\x90\x03\0\x01\0", b"\xd0\0"
ANSWERS = {1: CONNACK, 8: SUBACK, 12: PINGRESP}
PUBLISH = 3


class DoubtfulBroker:
    """`forward` gets the list of the PUBLISH packets and returns those that are sent on.

    Only packets of less than 128 bytes are understood.
    """

    def __init__(self, messages, forward):
        self._messages, self._forward = messages, forward
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with self._listener:
            subscriber = self._welcome(greetings=2)
            publisher = self._welcome(greetings=1)
        with subscriber, publisher:
            packets = [packet(publisher) for _ in range(self._messages)]
            subscriber.sendall(b"".join(self._forward(packets)))
            self._answer(subscriber)
            while subscriber.recv(1):
                pass

    def _welcome(self, greetings):
        peer, _ = self._listener.accept()
        peer.settimeout(DEADLINE)
        for _ in range(greetings):
            self._answer(peer)
        return peer

    @staticmethod
    def _answer(peer):
        peer.sendall(ANSWERS[packet(peer)[0] >> 4])


def packet(peer):
    """The next packet."""
    header = peer.recv(2, socket.MSG_WAITALL)
    return header + peer.recv(header[1], socket.MSG_WAITALL)
