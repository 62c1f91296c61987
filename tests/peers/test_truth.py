"""`mqx bench` against a broker with faults that are known: the report says them.

The broker is written here, in another language, and shares no code with mqx.
"""

import asyncio
import json
import subprocess
import threading
import time

CONNACK = bytes([0x20, 3, 0, 0, 0])


class Peer:
    """Passes each message to every subscriber, but for the faults."""

    def __init__(self, fate):
        self.fate = fate
        self.count = 0
        self.held = None
        self.subscribers = []
        self.port = None
        ready = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self.run(ready)), daemon=True)
        thread.start()
        ready.wait(10)

    async def run(self, ready):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readexactly(1)
                length, shift = 0, 0
                while True:
                    byte = (await reader.readexactly(1))[0]
                    length |= (byte & 127) << shift
                    shift += 7
                    if byte < 128:
                        break
                self.take(head[0], await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    def take(self, head, body, writer):
        kind = head >> 4
        if kind == 1:
            writer.write(CONNACK)
        elif kind == 8:
            self.subscribers.append(writer)
            writer.write(bytes([0x90, 4]) + body[:2] + bytes([0, 0]))
        elif kind == 3:
            self.publish(bytes([head]) + encoded(len(body)) + body)

    def publish(self, packet):
        self.count += 1
        fate = self.fate(self.count)
        if fate == "stall":
            time.sleep(1)
        copies = {"drop": 0, "swap": 0, "twice": 2}.get(fate, 1)
        packets = [packet] * copies + ([self.held] if self.held else [])
        self.held = packet if fate == "swap" else None
        for writer in self.subscribers:
            for each in packets:
                writer.write(each)


def encoded(length):
    out = bytearray()
    while True:
        out.append(length & 127 | (128 if length > 127 else 0))
        length >>= 7
        if not length:
            return bytes(out)


def bench(mqx, port, *options):
    command = [mqx, "bench", "-p", str(port), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


def test_a_stall_of_one_second_in_ten_is_in_the_times(mqx):
    peer = Peer(lambda number: "stall" if number == 1_000 else "pass")
    report = bench(mqx, peer.port, "--rate", "200", "--duration", "10")
    latency = report["times_ns"]["latency"]
    assert report["lost"] == 0
    assert latency["max"] >= 980_000_000, latency
    # The messages of that second waited for half of it on average.
    assert latency["p99"] >= 800_000_000, latency
    assert latency["p95"] >= 400_000_000, latency


def test_loss_duplication_and_swaps_are_counted_exactly(mqx):
    def fate(number):
        faults = ((1_000, 7, "drop"), (1_500, 11, "twice"), (2_000, 13, "swap"))
        found = [what for every, rest, what in faults if number % every == rest]
        return found[0] if found else "pass"

    peer = Peer(fate)
    report = bench(mqx, peer.port, "--rate", "3000", "-L", "30000")
    fates = [fate(number) for number in range(1, 30_001)]
    wanted = tuple(fates.count(what) for what in ("drop", "twice", "swap"))
    assert (report["lost"], report["duplicated"], report["reordered"]) == wanted
