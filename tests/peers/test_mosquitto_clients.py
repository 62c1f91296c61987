"""mosquitto_pub and mosquitto_sub as clients of mqx broker."""

import pytest
from program import run

VERSIONS = ["31", "311", "5"]
PLACES = ["tcp", "tls", "mutual"]
SHOWN = ["mosquitto_sub", "-F", "%t|%q|%r|%p"]


def publish(place, *words, version="5", stdin=b""):
    done = run(["mosquitto_pub", *place.options, "-V", version, *words], stdin)
    assert done.code == 0, done


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PLACES)
def test_messages_of_every_qos_arrive(broker_places, subscriber, topic, name, version):
    place = broker_places[name]
    sub = subscriber([*SHOWN, "-q", "2"], place, [f"{topic}/+"], version)
    for qos in "012":
        publish(place, "-t", f"{topic}/{qos}", "-m", f"at {qos}", "-q", qos, version=version)
    arrived = sorted(sub.line() for _ in range(3))
    assert arrived == [f"{topic}/{qos}|{qos}|0|at {qos}" for qos in "012"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_qos_of_the_subscription_is_the_highest(broker, subscriber, topic, version):
    sub = subscriber([*SHOWN, "-q", "1"], broker, [topic], version)
    publish(broker, "-t", topic, "-m", "x", "-q", "2", version=version)
    assert sub.line() == f"{topic}|1|0|x"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_retained_message_waits_for_the_subscriber(broker, topic, version):
    publish(broker, "-t", topic, "-m", "kept", "-r", "-q", "1", version=version)
    read = run([*SHOWN, *broker.options, "-V", version, "-t", topic, "-C", "1", "-W", "10"])
    assert (read.code, read.lines) == (0, [f"{topic}|0|1|kept"])
    publish(broker, "-t", topic, "-n", "-r", "-q", "1", version=version)
    read = run([*SHOWN, *broker.options, "-V", version, "-t", topic, "-C", "1", "-W", "1"])
    assert (read.code, read.lines) == (27, [])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_will_of_a_client_that_dies_is_published(broker, subscriber, topic, version):
    watching = subscriber([*SHOWN, "-q", "1"], broker, [f"{topic}/will"], version)
    will = ["--will-topic", f"{topic}/will", "--will-payload", "gone", "--will-qos", "1"]
    dying = subscriber([*SHOWN, *will], broker, [topic], version)
    dying.process.kill()
    assert watching.line() == f"{topic}/will|1|0|gone"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_will_of_a_client_that_ends_in_order_is_not_published(
    broker, subscriber, topic, version
):
    watching = subscriber(SHOWN, broker, [f"{topic}/#"], version)
    will = ["--will-topic", f"{topic}/will", "--will-payload", "gone"]
    ended = run(["mosquitto_sub", *broker.options, "-V", version, "-t", topic, *will, "-E"])
    assert ended.code == 0, ended
    publish(broker, "-t", f"{topic}/end", "-m", "end", version=version)
    assert watching.line() == f"{topic}/end|0|0|end"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_keeps_what_arrives_while_its_client_is_away(broker, topic, version):
    session = ["-V", version, "-c", "-i", topic[5:28], "-q", "2", "-t", topic]
    assert run(["mosquitto_sub", *broker.options, *session, "-E"]).code == 0
    lines = [f"line {number}" for number in range(50)]
    text = "".join(f"{line}\n" for line in lines).encode()
    publish(broker, "-t", topic, "-l", "-q", "2", version=version, stdin=text)
    read = run(["mosquitto_sub", *broker.options, *session, "-C", "50", "-W", "10"])
    assert (read.code, read.lines) == (0, lines)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_shared_subscription_gives_each_message_to_one(broker, subscriber, topic, version):
    filters = [f"$share/group/{topic}"]
    pair = [subscriber(["mosquitto_sub", "-q", "1"], broker, filters, version) for _ in range(2)]
    text = "".join(f"{number}\n" for number in range(20)).encode()
    publish(broker, "-t", topic, "-l", "-q", "1", version=version, stdin=text)
    halves = [[sub.line() for _ in range(10)] for sub in pair]
    assert sorted(map(int, halves[0] + halves[1])) == list(range(20))


def test_a_client_without_a_certificate_is_not_let_in_where_one_is_asked_for(broker_places):
    place = broker_places["mutual"]
    words = ["-h", "127.0.0.1", "-p", str(place.port), "--cafile", place.certificates.ca_crt]
    refused = run(["mosquitto_pub", *words, "-t", "a", "-m", "x", "-q", "1"])
    assert refused.code != 0


def test_openssl_accepts_the_chain(broker_places):
    place = broker_places["tls"]
    told = ["-connect", f"127.0.0.1:{place.port}", "-verify_hostname", "localhost"]
    shown = run(["openssl", "s_client", *told, "-CAfile", place.certificates.ca_crt])
    assert b"Verify return code: 0 (ok)" in shown.out, shown
