"""The session the README begins with: all commands together."""

import json
import re

from places import free_ports
from program import run


def test_certs_broker_sub_pub_and_bench_work_together(mqx, tmp_path, start):
    made = run([mqx, "certs", "init", "--dir", str(tmp_path)])
    assert made.code == 0, made
    names = ["ca.crt", "ca.key", "client.crt", "client.key", "index.jsonl", "server.crt", "server.key"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names

    cert = ["--cert", str(tmp_path / "server.crt"), "--key", str(tmp_path / "server.key")]
    broker = start([mqx, "broker", "--port", "0", "--tls-port", "0", *cert])
    ready = broker.line()
    plain, tls = (
        re.search(rf" ({scheme})://127.0.0.1:(\d+)", ready)[2] for scheme in ("mqtt", "mqtts")
    )
    for port, trust in ((plain, []), (tls, ["--cafile", str(tmp_path / "ca.crt")])):
        where = ["-h", "127.0.0.1", "-p", port, *trust]
        message = ["-t", "home/kitchen/temperature", "-m", "21.5", "-r"]
        assert run([mqx, "pub", *where, *message]).code == 0
        read = run([mqx, "sub", *where, "-t", "home/#", "-v", "-C", "1", "-W", "10"])
        assert (read.code, read.out) == (0, b"home/kitchen/temperature 21.5\n")
        measured = run([mqx, "bench", *where, "-L", "2000", "-q", "1", "--json"])
        assert measured.code == 0, measured
        report = json.loads(measured.out)
        assert report["lost"] == 0 and report["duplicated"] == 0, report
    broker.process.terminate()
    assert broker.finish().code == 0


def test_bench_measures_a_broker_of_its_own(mqx):
    measured = run([mqx, "bench", "--embedded", "-L", "1000"])
    assert measured.code == 0, measured
    assert "latency" in measured.out.decode().lower()


def test_bench_without_a_broker_says_how_to_start_one(mqx):
    failed = run([mqx, "bench", "--rate", "10", "-p", str(free_ports(1)[0])])
    assert failed.code == 3
    assert "mqx broker" in failed.err
