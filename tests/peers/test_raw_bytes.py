"""What no client library would do, or tell: by raw bytes."""

import socket
import time

import pytest
from places import HOST
from program import DEADLINE

# Keep alive of 1 second and a client identifier of four letters, then the
# DISCONNECT that MQTT 5 has and MQTT 3.1.1 does without.
VERSIONS = {
    "3.1.1": (b"\x10\x10\0\x04MQTT\x04\x02\0\x01\0\x04", False),
    "5": (b"\x10\x11\0\x04MQTT\x05\x02\0\x01\0\0\x04", True),
}
KEEP_ALIVE_TIMEOUT, SESSION_TAKEN_OVER = 0x8D, 0x8E


def connect(broker, connect):
    """A connection whose CONNECT has been accepted."""
    talk = socket.create_connection((HOST, broker.port), DEADLINE)
    talk.sendall(connect)
    header = talk.recv(2, socket.MSG_WAITALL)
    assert header[0] == 0x20
    assert talk.recv(header[1], socket.MSG_WAITALL)[1] == 0
    return talk


def last_words(talk):
    """What still arrives until the broker hangs up."""
    said = b""
    while chunk := talk.recv(1000):
        said += chunk
    return said


def check_farewell(said, told, reason):
    if told:
        assert (said[0], said[2]) == (0xE0, reason)
    else:
        assert said == b""


@pytest.mark.parametrize("version", VERSIONS)
def test_after_one_and_a_half_keep_alives_the_broker_hangs_up(broker, topic, version):
    words, told = VERSIONS[version]
    with connect(broker, words + topic[-4:].encode()) as silent:
        begun = time.monotonic()
        said = last_words(silent)
    assert 1.4 <= time.monotonic() - begun < 5
    check_farewell(said, told, KEEP_ALIVE_TIMEOUT)


@pytest.mark.parametrize("version", VERSIONS)
def test_of_two_clients_with_one_name_the_older_goes(broker, topic, version):
    words, told = VERSIONS[version]
    words += topic[-4:].encode()
    with connect(broker, words) as older, connect(broker, words) as younger:
        check_farewell(last_words(older), told, SESSION_TAKEN_OVER)
        younger.sendall(b"\xc0\0")
        assert younger.recv(2, socket.MSG_WAITALL) == b"\xd0\0"
