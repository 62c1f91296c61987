"""The brokers that are measured: started on free ports, one fresh process for each run."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"

# Seconds until a broker that does not answer counts as not starting.
DEADLINE = 15


@dataclass
class Running:
    """A broker that serves: its process and a port for each transport."""

    process: subprocess.Popen
    ports: dict


@dataclass
class Kind:
    """A broker program.

    `slower` divides the messages of a run, so that every broker is busy for about as long.
    `workers` says whether it has such a setting, `whole` whether it is a broker or only moves
    messages.
    """

    name: str
    program: str
    slower: int = 1
    workers: bool = False
    whole: bool = True
    transports: tuple = ("tcp", "ws", "tls")
    certificates: dict = field(default_factory=dict)

    @contextlib.contextmanager
    def started(self, queue=None, workers=None):
        """Runs the broker; `queue` is how many messages it keeps for a session."""
        with tempfile.TemporaryDirectory() as folder:
            ports = dict(zip(self.transports, free_ports(len(self.transports))))
            command = self.command(ports, Path(folder), queue, workers)
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                for port in ports.values():
                    wait_for(port, process)
                yield Running(process, ports)
            finally:
                process.kill()
                process.wait()


class Mqx(Kind):
    """`mqx broker`, the release build. It keeps any size of queue it is told to."""

    def command(self, ports, folder, queue, workers):
        words = [self.program, "broker", "--port", ports["tcp"], "--ws-port", ports["ws"]]
        words += ["--tls-port", ports["tls"]]
        words += ["--cert", self.certificates["cert"], "--key", self.certificates["key"]]
        words += ["--max-queued", queue, "--max-queued-bytes", queue * 1024] if queue else []
        words += ["--workers", workers] if workers else []
        return [str(word) for word in words]


class Mosquitto(Kind):
    """Eclipse Mosquitto, told not to drop what it is to be measured with."""

    def command(self, ports, folder, queue, workers):
        listener = "listener {} " + HOST
        lines = ["allow_anonymous true", "persistence false", "log_dest none", "user root"]
        lines += ["max_queued_messages 0", "set_tcp_nodelay true", listener.format(ports["tcp"])]
        lines += [listener.format(ports["ws"]), "protocol websockets", listener.format(ports["tls"])]
        lines += [f"certfile {self.certificates['cert']}", f"keyfile {self.certificates['key']}"]
        conf = folder / "mosquitto.conf"
        conf.write_text("\n".join(lines) + "\n")
        return [self.program, "-c", str(conf)]


class Relay(Kind):
    """`relay.c`: what the operating system takes for a message if the broker takes nothing."""

    def command(self, ports, folder, queue, workers):
        return [self.program, str(ports["tcp"])]


def relay(folder):
    """Compiles the relay."""
    program = folder / "relay"
    source = Path(__file__).parent / "relay/relay.c"
    subprocess.run(["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", program, source], check=True)
    return Relay("relay", str(program), whole=False, transports=("tcp",))


def found(mqx, folder):
    """The brokers there are: mqx, mosquitto if it is installed, and the relay."""
    made = [mqx, "certs", "init", "--force", "--dir", str(folder)]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    certificates = {"cert": str(folder / "server.crt"), "key": str(folder / "server.key")}
    kinds = [Mqx("mqx", mqx, workers=True, certificates=certificates)]
    # Debian keeps it where only root looks.
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if mosquitto:
        kinds.append(Mosquitto("mosquitto", mosquitto, slower=10, certificates=certificates))
    return [*kinds, relay(folder)]


def free_ports(count):
    """Ports that were free a moment ago; mosquitto cannot choose its own."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for(port, process):
    """Returns when the broker accepts connections."""
    end = time.monotonic() + DEADLINE
    while True:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port)):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args} does not serve")
        time.sleep(0.01)
