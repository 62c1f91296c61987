"""mqx pub and mqx sub, with both engines, on mosquitto and on mqx broker."""

import pytest
from places import HOST, free_ports
from program import run

ENGINES = ["native", "rumqttc"]
VERSIONS = ["3.1.1", "5"]
PLACES = ["tcp", "tls", "mutual"]
THEIR_VERSION = {"3.1.1": "311", "5": "5"}

# Formats that mosquitto_sub has too, without what depends on the moment.
FORMATS = ["%t %p", "%q/%r/%l", "%x", "%X", "%10.10t|", "%-8q|", "%%@@\\t%p\\\\"]


@pytest.fixture(params=["mosquitto", "mqx"])
def places(request):
    """The listeners of each broker in turn."""
    brokers = {"mosquitto": "mosquitto_places", "mqx": "broker_places"}
    return request.getfixturevalue(brokers[request.param])


def publish(mqx, place, *words, engine="native", version="5", stdin=b""):
    chosen = ["--engine", engine, "-V", version]
    done = run([mqx, "pub", *place.options, *chosen, *words], stdin)
    assert done.code == 0, done


def read(argv, place, version, *words):
    return run([*argv, *place.options, "-V", version, *words, "-C", "1", "-W", "10"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("engine", ENGINES)
def test_pub_reaches_mosquitto_sub_at_every_qos(
    mqx, places, subscriber, topic, engine, name, version
):
    place = places[name]
    argv = ["mosquitto_sub", "-F", "%t|%q|%p", "-q", "2"]
    sub = subscriber(argv, place, [f"{topic}/+"], THEIR_VERSION[version])
    for qos in "012":
        words = ["-t", f"{topic}/{qos}", "-m", f"at {qos}", "-q", qos]
        publish(mqx, place, *words, engine=engine, version=version)
        assert sub.line() == f"{topic}/{qos}|{qos}|at {qos}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("engine", ENGINES)
def test_sub_hears_mosquitto_pub_at_every_qos(
    mqx, places, subscriber, topic, engine, name, version
):
    place = places[name]
    argv = [mqx, "sub", "--engine", engine, "-F", "%t|%q|%p", "-q", "2"]
    sub = subscriber(argv, place, [f"{topic}/+"], version)
    for qos in "012":
        words = ["-t", f"{topic}/{qos}", "-m", f"at {qos}", "-q", qos]
        theirs = run(["mosquitto_pub", *place.options, "-V", THEIR_VERSION[version], *words])
        assert theirs.code == 0, theirs
        assert sub.line() == f"{topic}/{qos}|{qos}|at {qos}"


@pytest.mark.parametrize("qos", ["0", "1", "2"])
@pytest.mark.parametrize("engine", ENGINES)
def test_each_line_of_many_is_a_message_in_order(mqx, places, subscriber, topic, engine, qos):
    lines = [f"line {number}" for number in range(2000)]
    argv = [mqx, "sub", "--engine", engine, "-q", "2"]
    sub = subscriber(argv, places["tcp"], [topic])
    text = "".join(f"{line}\n" for line in lines).encode()
    publish(mqx, places["tcp"], "-t", topic, "-l", "-q", qos, engine=engine, stdin=text)
    assert [sub.line() for _ in lines] == lines


@pytest.mark.parametrize("engine", ENGINES)
def test_a_retained_message_is_kept_and_cleared(mqx, places, topic, engine):
    place = places["tcp"]
    publish(mqx, place, "-t", topic, "-m", "kept", "-r", "-q", "1", engine=engine)
    kept = read([mqx, "sub", "--engine", engine, "-F", "%r %p"], place, "5", "-t", topic)
    assert (kept.code, kept.lines) == (0, ["1 kept"])
    publish(mqx, place, "-t", topic, "-n", "-r", "-q", "1", engine=engine)
    words = ["-t", topic, "-W", "1"]
    gone = run([mqx, "sub", "--engine", engine, *place.options, *words])
    assert (gone.code, gone.out) == (27, b"")


@pytest.mark.parametrize("payload", [b"hello", b"\x00\xff\xfe", "ä€".encode()])
@pytest.mark.parametrize("form", [["-F", each] for each in FORMATS] + [["-v"], ["-N"], []])
def test_what_sub_prints_is_what_mosquitto_sub_prints(mqx, mosquitto, topic, form, payload, paho):
    paho(mosquitto).publish(topic, payload, qos=1, retain=True)
    mine = read([mqx, "sub", *form], mosquitto, "5", "-t", topic)
    theirs = read(["mosquitto_sub", *form], mosquitto, "5", "-t", topic)
    assert (mine.code, mine.out) == (theirs.code, theirs.out)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_cannot_be_done_has_its_own_exit_code(mqx, mosquitto_places, certs, topic, engine):
    plain, tls = mosquitto_places["tcp"], mosquitto_places["tls"]
    mutual = mosquitto_places["mutual"]
    message = ["-t", topic, "-m", "x", "-q", "1", "--engine", engine]
    pub = lambda port, *words: run([mqx, "pub", "-h", HOST, "-p", str(port), *message, *words])
    assert pub(free_ports(1)[0]).code == 3
    # The wrong CA, no CA at all, and a client certificate that is missing.
    assert pub(tls.port, "--cafile", certs.server_crt).code == 4
    assert pub(tls.port, "--tls").code == 4
    assert pub(mutual.port, "--cafile", certs.ca_crt).code == 4
    assert pub(plain.port, "-t", "a/+").code == 2
    wait = ["-t", topic, "-W", "200ms", "--engine", engine]
    assert run([mqx, "sub", *plain.options, *wait]).code == 27
    assert run([mqx, "sub", *plain.options, "-t", "a/#/b"]).code == 2
