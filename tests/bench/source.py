"""The load source: compiled from `load/*.c`, run against one broker."""

import contextlib
import json
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


class Inexact(Exception):
    """A count that is not what it must be: the broker lost, doubled or refused something."""


def build(folder):
    """Compiles the source, with TLS where OpenSSL's headers are; returns the program."""
    program = folder / "load"
    files = sorted(str(path) for path in (HERE / "load").glob("*.c"))
    common = ["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(program), *files]
    with_tls = subprocess.run([*common, "-DWITH_TLS", "-lssl", "-lcrypto"], stderr=subprocess.DEVNULL)
    if with_tls.returncode != 0:
        subprocess.run(common, check=True)
    return str(program)


def words(command, options):
    """The command line of the source."""
    named = ((f"--{name.replace('_', '-')}", str(value)) for name, value in options.items())
    return [command, *(word for pair in named for word in pair)]


class Source:
    """The load source, turned on one broker that runs.

    `scale` multiplies the number of messages: small for a quick run and for a slow broker.
    """

    def __init__(self, program, running, scale):
        self.program = program
        self.running = running
        self.scale = scale

    def _command(self, command, options):
        options = {"transport": "tcp", **options}
        where = {"port": self.running.ports[options["transport"]], "pid": self.running.process.pid}
        return [self.program, *words(command, {**where, **options})]

    def scaled(self, count, least=1000):
        """How many messages stand for `count` here."""
        return max(int(count * self.scale), least)

    @staticmethod
    def warmed(count):
        """So many messages, after some that are not measured."""
        return {"count": count, "warm": max(count // 5, 1)}

    def run(self, command, **options):
        """Runs the source to its end; returns what it counted."""
        with self.beside(command, **options) as result:
            pass
        return result

    @contextlib.contextmanager
    def beside(self, command, **options):
        """Runs the source beside what is done meanwhile; what it counted is there at the end."""
        line = self._command(command, options)
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        result = {}
        try:
            yield result
            out, errors = process.communicate()
        finally:
            process.kill()
        if process.returncode != 0:
            raise Inexact(f"{' '.join(line)}: exit code {process.returncode}: {out}{errors}")
        result.update(json.loads(out))

    @contextlib.contextmanager
    def held(self, **options):
        """Connections and filters that are there meanwhile; yields what they took."""
        line = self._command("hold", options)
        process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            first = process.stdout.readline()
            if not first:
                raise Inexact(f"{' '.join(line)}: exit code {process.wait()}")
            yield json.loads(first)
        finally:
            process.kill()
            process.wait()
