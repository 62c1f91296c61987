"""What `mqx doctor` finds broken, and whether the command that it names helps.

Each set-up is broken in one way. The doctor has to name the step and a command; the
command is run by a shell as it stands, and then all is well.
"""

import json
import os
import pty
import re
import subprocess

import pytest
from places import HOST, free_ports
from program import Program

PASSWORD = "hunter2"

MOSQUITTO = """\
user root
allow_anonymous true
persistence false
log_dest stderr
listener {port} {host}
"""


class Site:
    """A folder with a CA, in which commands are run and brokers are started."""

    def __init__(self, mqx, folder):
        self.mqx, self.folder = mqx, folder
        tools = folder / "bin"
        tools.mkdir()
        (tools / "mqx").symlink_to(mqx)
        self.environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder)}
        for name in ("XDG_STATE_HOME", "STATE_DIRECTORY"):
            self.environment[name] = str(folder / "state")
        self.started = []

    def certs(self, line):
        done = self.shell(f"mqx certs {line}")
        assert done.returncode == 0, done

    def shell(self, line):
        return subprocess.run(line, shell=True, cwd=self.folder, env=self.environment, capture_output=True,
                              text=True, timeout=60)

    def start(self, line):
        """A program in the folder; the first line that it writes."""
        argv = ["sh", "-c", f"exec {line}"]
        here, kept = os.getcwd(), dict(os.environ)
        os.chdir(self.folder)
        os.environ.update(self.environment)
        try:
            self.started.append(Program(argv))
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(kept)
        return self.started[-1]

    def broker(self, options, tls=True):
        """`mqx broker`; its TLS port, or its plain one."""
        line = self.start(f"mqx broker -p 0 {options}").line()
        return re.search(rf"{'mqtts' if tls else 'mqtt'}://127.0.0.1:(\d+)", line)[1]

    def mosquitto(self):
        (port,) = free_ports(1)
        (self.folder / "m.conf").write_text(MOSQUITTO.format(port=port, host=HOST))
        self.start("mosquitto -c m.conf").says("running")
        return port

    def stop(self):
        for program in self.started:
            program.stop()


@pytest.fixture
def site(mqx, tmp_path):
    site = Site(mqx, tmp_path)
    yield site
    site.stop()


OWN = "--tls-port 0 --cert server.crt --key server.key"


def host_with_port(site):
    port = site.broker("", tls=False)
    return f"-h localhost:{port}"


def nobody_there(site):
    (port,) = free_ports(1)
    return f"-h {HOST} -p {port}"


def no_tls_at_tls_port(site):
    site.certs("init")
    return f"-h localhost -p {site.broker(OWN)}"


def tls_at_plain_port(site):
    site.certs("init")
    return f"-h {HOST} -p {site.mosquitto()} --tls ca.crt"


def wrong_ca(site):
    site.certs("init")
    site.certs("ca --dir other")
    return f"-h localhost -p {site.broker(OWN)} --tls other/ca.crt"


def other_host(site):
    site.certs("ca")
    site.certs("server broker.example --name server")
    return f"-h localhost -p {site.broker(OWN)} --tls ca.crt"


def bad_certificate(site, kind):
    site.certs("ca")
    site.certs(f"bad {kind} --host localhost")
    port = site.broker(f"--tls-port 0 --cert {kind}.crt --key {kind}.key")
    return f"-h localhost -p {port} --tls ca.crt"


def expired(site):
    return bad_certificate(site, "expired")


def only_for_clients(site):
    return bad_certificate(site, "no-server-usage")


def no_client_certificate(site):
    site.certs("init")
    return f"-h localhost -p {site.broker(OWN + ' --cafile ca.crt --require-client-cert')} --tls ca.crt"


def strange_client_certificate(site):
    site.certs("init")
    site.certs("ca --dir other")
    site.certs("client eve --dir other")
    port = site.broker(OWN + " --cafile ca.crt --require-client-cert")
    return f"-h localhost -p {port} --tls ca.crt --cert other/eve.crt --key other/eve.key"


def wrong_version_of_tls(site):
    site.certs("init")
    return f"-h localhost -p {site.broker(OWN + ' --tls-min-version 1.3')} --tls ca.crt --tls-version 1.2"


def wrong_path(site):
    return f"-b ws://{HOST}:{site.broker('', tls=False)}/socket"


def no_websocket(site):
    return f"-h {HOST} -p {site.mosquitto()} --ws"


def old_mqtt(site):
    return f"-h {HOST} -p {site.broker('--accept-versions 3.1.1', tls=False)} -V 5"


def wrong_password(site):
    (site.folder / "password").write_text(PASSWORD + "\n")
    assert site.shell("mqx broker passwd users ann < password").returncode == 0
    return f"-h {HOST} -p {site.broker('--password-file users', tls=False)} -u ann -P wrong"


# The set-up, the step that fails, and what the command looks like.
BROKEN = [
    (host_with_port, "name", r"mqx doctor -h localhost -p \d+$"),
    (nobody_there, "TCP", r"mqx broker -p \d+$"),
    (no_tls_at_tls_port, "MQTT", r"mqx doctor .* --tls ca.crt$"),
    (tls_at_plain_port, "TLS", rf"mqx doctor -h {HOST} -p \d+$"),
    (wrong_ca, "TLS", r"mqx doctor .* --tls ca.crt$"),
    (other_host, "TLS", r"mqx doctor .* --sni broker.example$"),
    (expired, "TLS", r"mqx certs renew expired.crt$"),
    (only_for_clients, "TLS", r"mqx certs server localhost --name no-server-usage --dir . --force$"),
    (no_client_certificate, "TLS", r"mqx doctor .* --cert client.crt --key client.key$"),
    (strange_client_certificate, "TLS", r"mqx doctor .* --cert client.crt --key client.key$"),
    (wrong_version_of_tls, "TLS", r"mqx doctor .* --tls ca.crt$"),
    (wrong_path, "WebSocket", r"mqx doctor .* --ws$"),
    (no_websocket, "WebSocket", rf"mqx doctor -h {HOST} -p \d+$"),
    (old_mqtt, "MQTT", r"mqx doctor .* -V 3.1.1$"),
    (wrong_password, "MQTT", rf"mqx doctor -h {HOST} -p \d+ -u ann --ask-password$"),
]


@pytest.mark.parametrize("broken, step, command", BROKEN, ids=[row[0].__name__ for row in BROKEN])
def test_the_command_that_the_doctor_names_helps(site, broken, step, command):
    options = broken(site)
    done = site.shell(f"mqx doctor {options} --json")
    told = json.loads(done.stdout)
    assert done.returncode != 0 and told["failed_step"] == step, told
    assert re.match(command, told["command"]), told
    assert PASSWORD not in done.stdout and "wrong" not in told["command"], told
    follow(site, told["command"], options)


def follow(site, command, options):
    """Does what the doctor says, after which all is well."""
    if "--ask-password" in command:
        assert typed(site, command, PASSWORD) == 0
    elif command.startswith("mqx broker"):
        site.start(command).line()
        assert site.shell(f"mqx doctor {options}").returncode == 0
    else:
        done = site.shell(command)
        assert done.returncode == 0, done
        if not command.startswith("mqx doctor"):
            again = site.shell(f"mqx doctor {options}")
            assert again.returncode == 0, again


def typed(site, command, line):
    """The exit code of a command that asks at the terminal and is answered."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(site.folder)
        os.execvpe("sh", ["sh", "-c", f"exec {command}"], site.environment)
    heard = b""
    while b"Password:" not in heard:
        heard += os.read(terminal, 1024)
    os.write(terminal, line.encode() + b"\n")
    try:
        while os.read(terminal, 1024):
            pass
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
