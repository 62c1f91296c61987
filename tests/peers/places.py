"""Brokers to connect to: where they listen and the options that lead there."""

import re
import socket
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Certificates:
    """The directory that `mqx certs init` has filled."""

    dir: Path

    def __getattr__(self, name):
        stem, kind = name.rsplit("_", 1)
        return str(self.dir / f"{stem}.{kind}")


@dataclass(frozen=True)
class Place:
    """One listener of a broker."""

    name: str
    port: int
    certificates: Certificates
    tls: bool = False
    mutual: bool = False
    websocket: bool = False

    @property
    def options(self):
        """The options of mosquitto_pub, mosquitto_sub, mqx pub and mqx sub."""
        options = ["-h", HOST, "-p", str(self.port)]
        if self.tls:
            options += ["--cafile", self.certificates.ca_crt]
        if self.mutual:
            options += ["--cert", self.certificates.client_crt]
            options += ["--key", self.certificates.client_key]
        return options


def ports_of(ready):
    """The ports on HOST that the `ready` line of a broker names: TCP, then TLS."""
    port = lambda scheme: re.search(rf" {scheme}://{re.escape(HOST)}:(\d+)", ready)
    return [int(found[1]) if found else None for found in (port("mqtt"), port("mqtts"))]


def free_ports(count):
    """Ports that nobody listens on at the moment."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
