"""What a published message costs each load generator that this machine has, beside one another.

By hand: `cargo build --release && python3 tests/bench/generators.py --sink mqsink.c`. The sink is
a C program that takes what comes and acknowledges it: `-p PORT` is where it listens, and in the
end it prints one JSON object with what it has `received`. A tool that is not there is left out, and
said to be: mosquitto_pub is of Debian's mosquitto-clients, MQTT.js of npm (`mqtt`, found by
NODE_PATH), paho and locust of PyPI (`paho-mqtt`, `locust-plugins`).
"""

import argparse
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

SIZE = 64
CONNECTIONS = 10

PAHO = """
import sys, paho.mqtt.client as paho
port, qos, count = map(int, sys.argv[1:])
client = paho.Client(paho.CallbackAPIVersion.VERSION2)
client.max_inflight_messages_set(100)
client.connect("127.0.0.1", port)
client.loop_start()
for _ in range(count):
    last = client.publish("bench/paho", b"x" * 64, qos)
last.wait_for_publish(600)
client.disconnect()
"""

MQTT_JS = """
const [port, qos, count] = process.argv.slice(1).map(Number)
const client = require('mqtt').connect('mqtt://127.0.0.1:' + port)
const payload = Buffer.alloc(64, 'x')
let [sent, done] = [0, 0]
const next = () => {
  while (sent < count && sent - done < 100) {
    sent += 1
    client.publish('bench/js', payload, { qos }, () => { done += 1; next() })
  }
  if (done === count) client.end()
}
client.on('connect', next)
"""

LOCUST = """
import os
from locust import task
from locust_plugins.users.mqtt import MqttUser
class Publisher(MqttUser):
    host, port = "127.0.0.1", int(os.environ["SINK"])
    def wait_time(self): return 0
    @task
    def publish(self): self.client.publish("bench/locust", b"x" * 64, int(os.environ["QOS"]))
"""


def installed(module):
    """Whether Python has this module."""
    return importlib.util.find_spec(module) is not None


def has_mqtt_js():
    """Whether node finds MQTT.js."""
    if not shutil.which("node"):
        return False
    return subprocess.run(["node", "-e", "require('mqtt')"], stderr=subprocess.DEVNULL).returncode == 0


class Tools:
    """The command lines of the tools, for a number of messages at a port."""

    def __init__(self, mqx, folder):
        self.mqx = mqx
        self.folder = folder

    def bench(self, *more):
        def command(port, qos, count):
            load = ["-c", str(CONNECTIONS), "-s", str(SIZE), "-q", str(qos), "-L", str(count)]
            return [self.mqx, "bench", "pub", "-p", str(port), *load, *more], None
        return command

    def mosquitto(self, port, qos, count):
        lines = self.folder / "lines"
        lines.write_text(("x" * SIZE + "\n") * count)
        topic = ["-t", "bench/mosquitto", "-q", str(qos)]
        return ["mosquitto_pub", "-p", str(port), "-V", "5", *topic, "-l"], lines

    @staticmethod
    def script(*interpreter):
        def command(port, qos, count):
            return [*interpreter, str(port), str(qos), str(count)], None
        return command

    def locust(self, port, qos, _count):
        file = self.folder / "locustfile.py"
        file.write_text(LOCUST)
        users = ["-u", str(CONNECTIONS), "-r", str(CONNECTIONS), "-t", "10s"]
        environment = [f"SINK={port}", f"QOS={qos}"]
        return ["env", *environment, "locust", "-f", str(file), "--headless", *users], None

    def rows(self):
        """Name, share of the messages, command, whether it is there, what it reports."""
        everything = "percentiles by due time, loss, duplicates, order, errors, CPU, series"
        return [
            ("mqx bench", 1.0, self.bench(), True, everything),
            ("mqx bench, rumqttc", 0.1, self.bench("--engine", "rumqttc"), True, everything),
            ("mosquitto_pub -l", 0.2, self.mosquitto, bool(shutil.which("mosquitto_pub")), "nothing"),
            ("MQTT.js", 0.05, self.script("node", "-e", MQTT_JS, "--"), has_mqtt_js(), "nothing"),
            ("paho", 0.02, self.script(sys.executable, "-c", PAHO), installed("paho"), "nothing"),
            ("locust", 0.0, self.locust, installed("locust_plugins"), "requests/s, percentiles of publish()"),
        ]


@contextmanager
def sink(program):
    """The sink while it runs: its port, and where its last word will be put."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([program, "-p", str(port)], stdout=subprocess.PIPE, text=True)
    told = {}
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield port, told
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=10)
        told.update(json.loads(out.strip().splitlines()[-1]))


def measured(program, command, qos, count):
    """Messages that arrived, seconds and CPU seconds of one run of a tool."""
    with sink(program) as (port, told):
        words, lines = command(port, qos, count)
        begun = time.monotonic()
        with open(lines or os.devnull, "rb") as stdin:
            child = subprocess.Popen(words, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begun
        time.sleep(0.2)
    return told["received"], took, usage.ru_utime + usage.ru_stime, child.returncode


def main():
    here = Path(__file__).resolve().parents[2]
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sink", required=True, help="the sink, a program or its source in C")
    options.add_argument("--mqx", default=str(here / "target/release/mqx"), help="the binary under test")
    options.add_argument("--count", type=int, default=5_000_000, help="messages of mqx; the slower send fewer")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, program = Path(name), options.sink
        if program.endswith(".c"):
            program = str(folder / "sink")
            subprocess.run(["cc", "-O2", "-o", program, options.sink], check=True)
        rows = Tools(options.mqx, folder).rows()
        print(f"{'':<20}{'QoS':>4}{'messages/s':>13}{'CPU ns each':>13}  reports")
        for tool, share, command, there, reports in rows:
            for qos in (0, 1):
                if not there:
                    print(f"{tool:<20}{qos:>4}  not on this machine")
                    continue
                count = max(int(options.count * share / (1 + 4 * qos)), 1_000)
                arrived, took, cpu, code = measured(program, command, qos, count)
                if not arrived:
                    print(f"{tool:<20}{qos:>4}  nothing arrived, exit code {code}")
                    continue
                wrong = "" if share == 0 or arrived == count else f" (of {count:,}, {arrived:,} arrived)"
                print(f"{tool:<20}{qos:>4}{arrived / took:>13,.0f}{cpu * 1e9 / arrived:>13,.0f}  {reports}{wrong}")


if __name__ == "__main__":
    main()
