"""Programs under test: started, read line by line, awaited with deadlines."""

import subprocess
import threading
import time
from dataclasses import dataclass

# Seconds until something that should happen counts as not happening.
DEADLINE = 15


@dataclass
class Result:
    """How a program ended and what it wrote."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self):
        return self.out.decode().splitlines()


def run(argv, stdin=b""):
    """Runs a program to its end."""
    done = subprocess.run(argv, input=stdin, capture_output=True, timeout=2 * DEADLINE)
    return Result(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


class Program:
    """A program that runs beside the test."""

    def __init__(self, argv):
        self.argv = argv
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._news = threading.Condition()
        self._written = {"out": b"", "err": b""}
        self._read = 0
        self._readers = [
            threading.Thread(target=self._collect, args=(name, pipe), daemon=True)
            for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _collect(self, name, pipe):
        while chunk := pipe.read1(65536):
            with self._news:
                self._written[name] += chunk
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def _await(self, what, found):
        """What `found` returns as soon as that is not None."""
        end = time.monotonic() + DEADLINE
        with self._news:
            while (result := found()) is None:
                ended = not any(reader.is_alive() for reader in self._readers)
                left = end - time.monotonic()
                assert left > 0 and not ended, f"{what}: {self.argv} wrote {self._written}"
                self._news.wait(min(left, 0.2))
            return result

    def line(self):
        """The next line of stdout."""

        def found():
            end = self._written["out"].find(b"\n", self._read)
            if end < 0:
                return None
            line = self._written["out"][self._read : end]
            self._read = end + 1
            return line.decode(errors="backslashreplace")

        return self._await("a line", found)

    def says(self, words, times=1):
        """Waits until `words` stand on stderr, so many times."""
        seen = lambda: True if self._written["err"].count(words.encode()) >= times else None
        self._await(words, seen)

    def heard(self):
        """What stands on stderr so far."""
        with self._news:
            return self._written["err"].decode(errors="backslashreplace")

    def finish(self):
        """Waits for the end; the output is what `line` has not returned."""
        code = self.process.wait(DEADLINE)
        for reader in self._readers:
            reader.join(DEADLINE)
        out = self._written["out"][self._read :]
        return Result(code, out, self._written["err"].decode(errors="replace"))

    def stop(self):
        """Ends the program and waits for it."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
