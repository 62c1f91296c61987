#!/usr/bin/env python3
"""Measures `mqx broker`, and mosquitto beside it where that is installed.

    python3 tests/bench/sweep.py              about two minutes
    python3 tests/bench/sweep.py --full       every point, the best of three runs

The load comes from `load/*.c`, which shares no code with either. Tables go to
stdout; figures and plots to target/bench. Needs Linux, a C compiler and cargo.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import brokers
import plot
from cases import CASES, CPU, PACED, PACED_METRICS
from figures import Figures, cases_table, growth, number, sweep_table
from source import Inexact, Source, build
from sweeps import SWEEPS

ROOT = Path(__file__).resolve().parents[2]
QUICK_SCALE = 0.3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["cases", *(sweep.name for sweep in SWEEPS)]
    parser.add_argument("--full", action="store_true", help="every point and all messages")
    parser.add_argument("--repeat", type=int, metavar="N", help="runs of which the best counts [1, full: 3]")
    parser.add_argument("--only", nargs="+", choices=names, metavar="SWEEP", help=", ".join(names))
    parser.add_argument("--mqx", metavar="FILE", help="measure this program instead of building one")
    parser.add_argument("--without", nargs="+", default=[], metavar="BROKER", help="leave it out")
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench", metavar="FOLDER",
                        help="where the figures and plots go [target/bench]")
    options = parser.parse_args()
    options.repeat = options.repeat or (3 if options.full else 1)
    options.only = set(options.only or names)
    return options


def release_build():
    """Builds mqx and returns the program."""
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return str(ROOT / "target/release/mqx")


def allow_many_connections():
    """As many files as this machine lets a process have; the brokers inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def machine():
    """What the figures were taken on."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if "model name" in line), "?")
    return {"cpu": model, "cores": info.count("processor\t"), "kernel": platform.release()}


def talk(*words):
    print(*words, file=sys.stderr, flush=True)


class Bench:
    """One run of everything that was asked for."""

    def __init__(self, options):
        folder = ROOT / "target/bench"
        folder.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.program = build(folder)
        mqx = options.mqx or release_build()
        self.kinds = [kind for kind in brokers.found(mqx, folder) if kind.name not in options.without]
        self.figures = Figures(machine())
        self.failed = []

    def measure(self, kind, settings, place, metrics, work):
        """Lets `work` at a fresh broker and notes what came out."""
        scale = (1 if self.options.full else QUICK_SCALE) / kind.slower
        try:
            with kind.started(**settings) as running:
                result = work(Source(self.program, running, scale))
        except Inexact as fault:
            self.failed.append(str(fault))
            talk("  FAILED:", fault)
            return
        self.figures.note(place, metrics, result)
        told = "  ".join(f"{metric.key} {number(result.get(metric.key))}" for metric in metrics)
        point = " ".join(str(step) for step in place[1:] if step != kind.name)
        talk(f"  {kind.name:10} {point:30} {told}")

    def cases(self):
        for name, options in CASES:
            count = options["count"]
            rest = {key: value for key, value in options.items() if key != "count"}
            work = lambda source: source.run("traffic", count=source.scaled(count), **rest)
            transport = options.get("transport", "tcp")
            for kind in (kind for kind in self.kinds if transport in kind.transports):
                self.measure(kind, {}, ("cases", name, kind.name), (CPU,), work)
        seconds = 5 if self.options.full else 2
        work = lambda source: source.run("traffic", count=seconds * PACED["rate"], **PACED)
        for kind in self.kinds:
            self.measure(kind, {}, ("cases", "paced, ten pairs at 10,000/s", kind.name), PACED_METRICS, work)

    def sweep(self, sweep):
        kinds = [kind for kind in self.kinds if kind.whole and (kind.workers or not sweep.only_workers)]
        for x in sweep.full if self.options.full else sweep.quick:
            for line in sweep.lines:
                for kind in kinds:
                    work = lambda source: line.measure(source, x)
                    place = (sweep.name, kind.name, line.name, x)
                    self.measure(kind, line.settings(x), place, sweep.metrics, work)

    def run(self):
        """Runs what was asked for, all of it before any of it is repeated."""
        wanted = [sweep for sweep in SWEEPS if sweep.name in self.options.only]
        for _ in range(self.options.repeat):
            if "cases" in self.options.only:
                self.timed("cases", self.cases)
            for sweep in wanted:
                self.timed(sweep.name, lambda: self.sweep(sweep))
        return wanted

    @staticmethod
    def timed(name, work):
        talk(name)
        begun = time.monotonic()
        work()
        talk(f"  {time.monotonic() - begun:.0f} s")


def show(figures, sweeps):
    """Prints the tables."""
    told = figures.machine
    print(f"{told['cpu']}, {told['cores']} cores, Linux {told['kernel']}\n")
    if figures.cases:
        print(cases_table(figures), "\n")
    for sweep in sweeps:
        print(f"### {sweep.title}\n\n{sweep_table(sweep, figures)}\n")
        for line in growth(sweep, figures):
            print(f"- {line}")
        print()


def write(figures, sweeps, folder):
    """Keeps the figures and draws the plots."""
    plots = folder / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    (folder / "sweep.json").write_text(json.dumps(figures.as_json(), indent=1) + "\n")
    for sweep in sweeps:
        (plots / f"{sweep.name}.svg").write_text(plot.svg(sweep, figures))


def main():
    options = arguments()
    allow_many_connections()
    begun = time.monotonic()
    bench = Bench(options)
    sweeps = bench.run()
    show(bench.figures, sweeps)
    write(bench.figures, sweeps, options.out)
    talk(f"{time.monotonic() - begun:.0f} s; figures and plots in {options.out}")
    for fault in bench.failed:
        talk("FAILED:", fault)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
