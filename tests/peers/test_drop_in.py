"""mosquitto_pub, mosquitto_sub and mosquitto_rr, and mqx called by their names: the same
command lines, compared in stdout and exit code byte for byte."""

import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from places import HOST, free_ports
from program import Program, run

PASSWORD_CONF = """\
user root
allow_anonymous false
password_file {users}
persistence false
listener {port} {host}
"""


# The end of a program that has said why on stderr.
FAILED = (1, b"")


@dataclass(frozen=True)
class Scene:
    """Command lines that are run one after the other. `{t}` is a topic of the run's
    own, `{open}` is where anybody may connect, `{closed}` where ann with the password
    pw may, `{tls}` where TLS is spoken, and `{none}` a port that nobody listens on."""

    name: str
    lines: list
    stdin: bytes = b""
    # What mqx does otherwise on purpose: the line's number, and its code and output.
    differs: dict = field(default_factory=dict)


def retained(name, publish, subscribe):
    """A message that is kept, read and removed."""
    return Scene(
        name,
        [
            f"pub {{open}} -t {{t}}/x -r {publish}",
            f"sub {{open}} -t {{t}}/x -C 1 -W 10 {subscribe}",
            "pub {open} -t {t}/x -r -n",
        ],
    )


def answered(name, options, differs=None):
    """A request that is its own reply, for it goes where the reply is awaited."""
    line = f"rr {{open}} -t {{t}}/rr -e {{t}}/rr -W 10 {options}"
    return Scene(name, [line], b"one\ntwo\n", differs or {})


SCENES = [
    answered("request", "-m hello"),
    answered("request with topic", "-m hello -v"),
    answered("request without line feed", "-m hello -N"),
    answered("empty request", "-n"),
    answered("empty request with topic", "-n -v"),
    answered("request in a format", "-m hello -q 1 -F %t|%p|%q|%r|%l|%x|%R|%D"),
    answered("request with properties", "-m x -D publish correlation-data cd -D publish content-type a/b -F %C|%D"),
    answered("request at QoS 2", "-m hello -q 2 -F %q:%p"),
    answered("request in version 3.1.1", "-m hello -V mqttv311"),
    # Theirs publishes an empty message.
    answered("request from a file", "-f {file} -F %l:%p", {0: (0, b"4:a\n\x00\xff\n")}),
    answered("request from stdin", "-s -F %l:%p", {0: (0, b"8:one\ntwo\n\n")}),
    answered("request as somebody", "-m hello -i {id} -c -x 1"),
    Scene("request in a URL", ["rr -L mqtt://{host}:{port}/{t}/rr -e {t}/rr -m x -W 10"]),
    Scene("no reply", ["rr {open} -t {t} -e {t}/none -m x -W 1"]),
    # Theirs has the option and does not heed it.
    Scene("a kept message as reply", ["pub {open} -t {t}/r -m old -r", "rr {open} -t {t} -e {t}/r -m x -W 10", "rr {open} -t {t} -e {t}/r -m x -R -W 1", "pub {open} -t {t}/r -n -r"], differs={2: (27, b"")}),
    Scene("request with a login", ["rr {closed} -u ann -P pw -t {t} -e {t} -m x -W 10", "rr {closed} -u ann -P no -t {t} -e {t} -m x", "rr {closed} -t {t} -e {t} -m x -V 311"]),
    Scene("request over TLS", ["rr {tls} -t {t} -e {t} -m x -W 10"]),
    Scene("request to a refused port", ["rr {none} -t {t} -e {t} -m x"]),
    Scene("request without a topic", ["rr {open} -e {t} -m x"], differs={0: FAILED}),
    Scene("request without a message", ["rr {open} -t {t} -e {t}"], differs={0: FAILED}),
    # One is made up.
    Scene("request without a topic for replies", ["rr {open} -t {t} -m x -W 1"], differs={0: (27, b"")}),
    Scene("request with two messages", ["rr {open} -t {t} -e {t} -m x -n"]),
    Scene("request with a wrong topic for replies", ["rr {open} -t {t} -e {t}/# -m x -W 1"]),
    Scene("request with a wrong topic", ["rr {open} -t {t}/# -e {t} -m x -W 1"]),
    Scene("request with a wrong format", ["rr {open} -t {t} -e {t} -m x -F %z"]),
    Scene("request with an unknown option", ["rr {open} -t {t} -e {t} -m x --nothing"]),
    retained("payload", "-m hello", ""),
    retained("payload at QoS 1", "-m hello -q 1", "-q 1"),
    retained("payload at QoS 2", "-m hello -q 2", "-q 2"),
    retained("payload that begins with a dash", "-m -5", ""),
    retained("topic and payload", "-m hello", "-v"),
    retained("no line feed", "-m hello", "-N"),
    retained("topic and payload without line feed", "-m hello", "-v -N"),
    retained("format", "-m hello -q 1", "-q 1 -F %t|%p|%q|%r|%l|%x|%X|%%|@@"),
    retained("format with widths", "-m hello", "-F %10t|%-10t|%.3t|%08l|%10p|%-10p|"),
    retained("format before verbose", "-m hello", "-v -F %p"),
    retained("version 5", "-m hello -V 5", "-V mqttv5"),
    retained("version 3.1", "-m hello -V mqttv31", "-V 31"),
    retained("properties", "-m x -D publish content-type a/b -D publish user-property k v", "-V 5 -F %C|%P"),
    retained("response", "-m x -D publish response-topic r -D publish correlation-data cd", "-V 5 -F %R|%D"),
    retained("identifier with a percent sign", "-m x -i 50%{t}", "-i 51%{t}"),
    retained("prefix", "-m x -I pre", "-I pre"),
    retained("file", "-f {file}", "-F %l:%p"),
    Scene("last topic holds", ["pub {open} -t {t}/a -t {t}/b -m x -r", "sub {open} -t {t}/# -C 1 -v -W 10", "pub {open} -t {t}/b -n -r"]),
    Scene("URL", ["pub -L mqtt://{host}:{port}/{t}/u -m x -r", "sub -L mqtt://{host}:{port}/{t}/u -C 1 -v -W 10", "pub -L mqtt://{host}:{port}/{t}/u -n -r"]),
    Scene("left out", ["pub {open} -t {t}/a -m a -r", "pub {open} -t {t}/b -m b -r", "sub {open} -t {t}/# -T {t}/a -C 1 -v -W 10"]),
    Scene("empty message", ["sub {open} -t {t} -E", "pub {open} -t {t} -n", "pub {open} -t {t} -m ''"]),
    Scene("whole of stdin", ["pub {open} -t {t} -s -r", "sub {open} -t {t} -C 1 -F %l:%p -W 10", "pub {open} -t {t} -n -r"], b"one\ntwo\n"),
    Scene("lines of stdin", ["pub {open} -t {t} -l -r -q 1", "sub {open} -t {t} -C 1 -F %l:%p -W 10", "pub {open} -t {t} -n -r"], b"one\ntwo"),
    Scene("lines of an empty stdin", ["pub {open} -t {t} -l"]),
    Scene("stdin is empty", ["pub {open} -t {t} -s"]),
    Scene("nothing comes", ["sub {open} -t {t} -W 1"]),
    Scene("fewer come than wanted", ["pub {open} -t {t} -m x -r", "sub {open} -t {t} -C 2 -W 1", "pub {open} -t {t} -n -r"]),
    Scene("no retained", ["pub {open} -t {t} -m x -r", "sub {open} -t {t} -R -W 1", "pub {open} -t {t} -n -r"]),
    Scene("only subscribe", ["sub {open} -t {t} -E", "sub {open} -t {t} -E -c -i {id} -q 1"]),
    Scene("a session is kept", ["sub {open} -t {t} -E -c -i {id} -q 1", "pub {open} -t {t} -m x -q 1", "sub {open} -t {t} -c -i {id} -q 1 -C 1 -W 10", "sub {open} -t {t} -E -i {id}"]),
    Scene("login", ["pub {closed} -u ann -P pw -t {t} -m x", "sub {closed} -u ann -P pw -t {t} -E", "sub {closed} -u ann --pw pw -t {t} -E -V 5"]),
    Scene("wrong password", ["pub {closed} -u ann -P no -t {t} -m x", "sub {closed} -u ann -P no -t {t}"]),
    Scene("wrong password in version 5", ["pub {closed} -u ann -P no -t {t} -m x -V 5", "sub {closed} -u ann -P no -t {t} -V 5"]),
    Scene("nobody", ["pub {closed} -t {t} -m x", "sub {closed} -t {t}"]),
    Scene("TLS", ["pub {tls} -t {t} -m x -r", "sub {tls} -t {t} -C 1 -W 10", "pub {tls} -t {t} -n -r"]),
    Scene("refused port", ["pub {none} -t {t} -m x", "sub {none} -t {t}"]),
    # Their usage goes to stdout, where a script reads data.
    Scene("no topic", ["pub {open} -m x", "sub {open}"], differs={0: FAILED, 1: FAILED}),
    Scene("no message", ["pub {open} -t {t}"], differs={0: FAILED}),
    Scene("two messages", ["pub {open} -t {t} -m x -n"]),
    Scene("wildcard to publish to", ["pub {open} -t {t}/# -m x"]),
    Scene("wrong filter", ["sub {open} -t {t}/#/b"]),
    Scene("unknown option", ["pub {open} -t {t} -m x --nothing", "sub {open} -t {t} --nothing"]),
    Scene("wrong QoS", ["pub {open} -t {t} -m x -q 3", "sub {open} -t {t} -q 3"]),
    Scene("wrong format", ["sub {open} -t {t} -F %z"]),
    Scene("wrong version", ["sub {open} -t {t} -V 6"]),
    Scene("count of none", ["sub {open} -t {t} -C 0"]),
    Scene("no such file", ["pub {open} -t {t} -f /no/such"]),
    Scene("no such CA", ["pub {open} --cafile /no/such -t {t} -m x"]),
    Scene("cert without key", ["pub {open} --cert /no/such -t {t} -m x"]),
    Scene("will without topic", ["sub {open} -t {t} --will-payload x"]),
    Scene("prefix and identifier", ["sub {open} -t {t} -i a -I b"]),
    # Nothing is published, and theirs says that all is well.
    Scene("empty topic", ["pub {open} -t '' -m x"], differs={0: FAILED}),
]


@pytest.fixture(scope="module")
def ours(mqx, tmp_path_factory):
    """A directory in which mqx has the names of mosquitto's clients."""
    directory = tmp_path_factory.mktemp("drop-in")
    for name in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr"):
        (directory / name).symlink_to(mqx)
    return directory


@pytest.fixture(scope="module")
def theirs():
    return Path(shutil.which("mosquitto_sub")).parent


@pytest.fixture(scope="module")
def places(mosquitto_places, tmp_path_factory):
    """What stands for the places in the lines of the scenes."""
    directory = tmp_path_factory.mktemp("closed")
    users, conf, payload = (directory / name for name in ("users", "conf", "payload"))
    run(["mosquitto_passwd", "-b", "-c", str(users), "ann", "pw"])
    payload.write_bytes(b"a\n\x00\xff")
    closed, none = free_ports(2)
    conf.write_text(PASSWORD_CONF.format(users=users, port=closed, host=HOST))
    server = Program(["mosquitto", "-v", "-c", str(conf)])
    server.says("running")
    yield {
        "open": " ".join(mosquitto_places["tcp"].options),
        "tls": " ".join(mosquitto_places["tls"].options),
        "closed": f"-h {HOST} -p {closed}",
        "none": f"-h {HOST} -p {none}",
        "host": HOST,
        "port": mosquitto_places["tcp"].port,
        "file": payload,
    }
    server.stop()


def words_of(line, places, topic):
    known = {**places, "t": topic, "id": topic.replace("/", "-")}
    words = line.format_map(known).split(" ")
    return ["" if word == "''" else word for word in words if word]


def play(scene, folder, places):
    """The exit code and the output of each line; the topic stands as `{t}`."""
    topic = f"drop-in/{uuid.uuid4().hex}"
    said = []
    for line in scene.lines:
        program, *words = words_of(line, places, topic)
        done = run([str(folder / f"mosquitto_{program}"), *words], scene.stdin)
        said.append((done.code, done.out.replace(topic.encode(), b"{t}")))
    return said


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_mqx_stands_in_for_mosquitto(scene, ours, theirs, places):
    wanted = play(scene, theirs, places)
    for number, result in scene.differs.items():
        wanted[number] = result
    assert play(scene, ours, places) == wanted


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_being_asked_for_help_is_no_failure(option, ours, theirs):
    """mosquitto's clients end with 1 there."""
    for program in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr"):
        assert run([str(theirs / program), option]).code == 1
        asked = run([str(ours / program), option])
        assert asked.code == 0 and asked.out


def test_the_names_are_commands_too(mqx, places, topic):
    words = [*places["open"].split(), "-t", topic]
    assert run([mqx, "mosquitto_pub", *words, "-m", "x", "-r"]).code == 0
    read = run([mqx, "mosquitto_sub", *words, "-C", "1", "-W", "10"])
    assert (read.code, read.out) == (0, b"x\n")
