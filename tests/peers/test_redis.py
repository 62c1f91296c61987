"""The stores of mqx broker and mqx pub at a real Redis server: killed, restarted, shared."""

import json
import signal
import time
from threading import Event

import pytest
from paho_client import Paho
from places import HOST, Place, free_ports, ports_of
from program import DEADLINE, Program, run


class Redis:
    """A server on a port of its own that keeps every write in a file."""

    def __init__(self, start, folder):
        (self.port,) = free_ports(1)
        self.start_program = start
        self.folder = folder
        self.begin()

    def begin(self):
        words = ["--port", str(self.port), "--bind", HOST, "--dir", str(self.folder), "--save", ""]
        self.program = self.start_program(
            ["redis-server", *words, "--appendonly", "yes", "--appendfsync", "always"]
        )
        while "Ready to accept connections" not in self.program.line():
            pass

    def place(self, prefix="mqx"):
        return f"redis://{HOST}:{self.port}/1?prefix={prefix}"

    def ask(self, *words):
        return run(["redis-cli", "-p", str(self.port), "-n", "1", *words]).out.decode().strip()

    def wait_for(self, answer, *words):
        """Asks until that is the answer."""
        end = time.monotonic() + DEADLINE
        while self.ask(*words) != answer:
            assert time.monotonic() < end, words


@pytest.fixture
def redis(start, tmp_path):
    return Redis(start, tmp_path)


@pytest.fixture
def brokers(mqx, start, certs):
    """Starts brokers with a store."""

    def brokers(store, *words):
        program = start([mqx, "broker", "--port", "0", "--store", store, *words])
        (port, _) = ports_of(program.line())
        return program, Place("tcp", port, certs)

    return brokers


def published(place, mqx, *words):
    done = run([mqx, "pub", *place.options, *words])
    assert done.code == 0, done


def session(place, mqx, *words):
    """What arrives for a session that is kept."""
    kept = ["-V", "311", "-c", "-i", "kept", "-q", "1", "-t", "t"]
    done = run(["mosquitto_sub", *place.options, *kept, *words])
    assert done.code == 0, done
    return done.lines


def test_sessions_and_messages_outlive_a_broker_that_is_stopped_or_killed(redis, brokers, mqx):
    program, place = brokers(redis.place())
    session(place, mqx, "-E")
    for number, ending in enumerate([signal.SIGTERM, signal.SIGKILL, signal.SIGTERM]):
        published(place, mqx, "-t", "t", "-q", "1", "-m", f"queued {number}")
        published(place, mqx, "-t", "r", "-q", "1", "-r", "-m", f"retained {number}")
        program.process.send_signal(ending)
        program.finish()
        program, place = brokers(redis.place())
        assert session(place, mqx, "-C", "1", "-W", "10") == [f"queued {number}"]
        seen = run(["mosquitto_sub", *place.options, "-t", "r", "-C", "1", "-W", "10"])
        assert seen.lines == [f"retained {number}"]


def test_a_broker_killed_under_load_loses_nothing_that_it_has_acknowledged(
    redis, brokers, mqx, start, certs
):
    program, place = brokers(redis.place())
    session(place, mqx, "-E")
    client = Paho(place)
    acknowledged = set()
    enough = Event()

    def on_publish(_client, _userdata, mid, *_rest):
        acknowledged.add(mid)
        if len(acknowledged) >= 500:
            enough.set()

    client.client.on_publish = on_publish
    sent = {}
    for number in range(5_000):
        info = client.client.publish("t", str(number), qos=1)
        sent[info.mid] = number
    assert enough.wait(DEADLINE)
    program.process.kill()
    program.finish()
    client.drop()
    owed = {sent[mid] for mid in set(acknowledged)}
    program, place = brokers(redis.place())
    arrived = set(map(int, session(place, mqx, "-C", str(len(owed)), "-W", "10")))
    missing = owed - arrived
    if missing:
        arrived |= set(map(int, run(
            ["mosquitto_sub", *place.options, "-V", "311", "-c", "-i", "kept", "-q", "1",
             "-t", "t", "-W", "3"]).lines))
    assert owed <= arrived


def test_a_server_that_is_restarted_is_waited_for(redis, brokers, mqx, start):
    program, place = brokers(redis.place())
    redis.program.stop()
    words = ["-t", "r", "-q", "1", "-r", "-m", "kept"]
    waiting = start([mqx, "pub", *place.options, *words])
    redis.begin()
    assert waiting.finish().code == 0
    assert redis.ask("HLEN", "mqx:retained") == "1"
    program.stop()
    assert program.finish().code == 0


def test_a_server_that_has_forgotten_ends_the_broker_and_says_why(redis, brokers, mqx, start):
    program, place = brokers(redis.place())
    published(place, mqx, "-t", "r", "-q", "1", "-r", "-m", "kept")
    redis.ask("FLUSHALL")
    start([mqx, "pub", *place.options, "-t", "r", "-q", "1", "-r", "-m", "lost"])
    ended = program.finish()
    assert ended.code == 11 and "has lost what it had accepted" in ended.err, ended


def test_a_store_serves_one_broker_at_a_time_and_others_have_their_own(redis, brokers, mqx):
    program, place = brokers(redis.place())
    other = run([mqx, "broker", "--port", "0", "--store", redis.place()])
    assert other.code == 11 and "is in use" in other.err, other
    brokers(redis.place("other"))
    checked = run([mqx, "broker", "--check-config", "--store", redis.place()])
    assert checked.code == 0, checked
    published(place, mqx, "-t", "r", "-q", "1", "-r", "-m", "kept")
    assert program.process.poll() is None


def test_a_store_moves_from_redis_to_a_file_and_back(redis, brokers, mqx, tmp_path):
    program, place = brokers(redis.place())
    session(place, mqx, "-E")
    published(place, mqx, "-t", "t", "-q", "1", "-m", "queued")
    program.stop()
    file = str(tmp_path / "store")
    exported = run([mqx, "broker", "export", "--store", redis.place()])
    assert exported.code == 0 and json.loads(exported.out)["sessions"], exported
    assert run([mqx, "broker", "import", "--store", file, "-"], exported.out).code == 0
    again = run([mqx, "broker", "export", "--store", file])
    back = run([mqx, "broker", "import", "--store", redis.place("back"), "-"], again.out)
    assert back.code == 0, back
    _, place = brokers(redis.place("back"))
    assert session(place, mqx, "-C", "1", "-W", "10") == ["queued"]


def test_a_server_that_is_not_there_or_is_something_else_is_said(redis, mqx, broker):
    for place in (f"redis://{HOST}:{free_ports(1)[0]}", f"redis://:secret@{HOST}:{broker.port}"):
        ended = run([mqx, "broker", "--port", "0", "--store", place])
        assert ended.code == 11 and "cannot use the store redis://" in ended.err, ended
        assert "secret" not in ended.err
    redis.ask("HSET", "mqx:about", "format", "2")
    ended = run([mqx, "broker", "--port", "0", "--store", redis.place()])
    assert ended.code == 11 and "a store of format 2; this mqx has 1" in ended.err, ended


@pytest.fixture
def publisher(mqx, start, redis, tmp_path):
    """Starts publishers of one line without a broker, and waits until it is kept."""

    def publisher(port, line, kept):
        file = tmp_path / line
        file.write_text(f"{line}\n")
        words = ["-h", HOST, "-p", str(port), "-t", "t", "-l", *outbox(redis)]
        program = start(["sh", "-c", 'exec "$@" < "$0"', str(file), mqx, "pub", *words])
        redis.wait_for(str(kept), "ZCARD", "pub:outbox")
        return program

    return publisher


def outbox(redis):
    return ["--store", redis.place("pub"), "-q", "1", "--retry", "forever"]


def test_a_publisher_with_an_outbox_at_a_server_goes_on_where_it_was_killed(
    redis, brokers, mqx, publisher
):
    (nobody,) = free_ports(1)
    for kept, line in enumerate(["first", "second"], 1):
        program = publisher(nobody, line, kept)
        program.process.kill()
        program.finish()
    _, broker = brokers(redis.place())
    session(broker, mqx, "-E")
    third = run([mqx, "pub", *broker.options, "-t", "t", "-m", "third", *outbox(redis)])
    assert third.code == 0 and "2 messages of an earlier run come first" in third.err, third
    assert session(broker, mqx, "-C", "3", "-W", "10") == ["first", "second", "third"]
    assert redis.ask("ZCARD", "pub:outbox") == "0"


def test_the_last_publisher_that_opened_an_outbox_has_it(redis, broker, mqx, start, publisher):
    (nobody,) = free_ports(1)
    early = publisher(nobody, "one", 1)
    late = run([mqx, "pub", *broker.options, "-t", "t", "-m", "two", *outbox(redis)])
    assert late.code == 0, late
    assert redis.ask("ZCARD", "pub:outbox") == "0"
    start([mqx, "broker", "--port", str(nobody)])
    ended = early.finish()
    assert ended.code == 11 and "another publisher has taken it" in ended.err, ended


def test_an_outbox_that_cannot_be_is_an_error(redis, broker, mqx):
    message = [*broker.options, "-t", "t", "-m", "x", "-q", "1"]
    away = f"redis://:secret@{HOST}:{free_ports(1)[0]}"
    ended = run([mqx, "pub", *message, "--store", away])
    assert ended.code == 11 and "cannot use the store redis://" in ended.err, ended
    assert "secret" not in ended.err
    ended = run([mqx, "pub", *message, "--store", "http://host"])
    assert ended.code == 2 and "a store is a path" in ended.err, ended
