//! The report of a run as text for people, of 80 columns at most but for the
//! sentences of errors and warnings.

use super::report::{Flow, Report};
use super::units::{count, float, span, thousands};
use std::io::{self, Write};

impl Report {
    /// Writes the report as text.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let load = &self.load;
        writeln!(
            out,
            "{}: {}, {}, QoS {}, {} bytes, {:.1} s",
            self.broker,
            plural(load.publishers, "publisher"),
            plural(load.subscribers, "subscriber"),
            load.qos,
            load.size,
            self.seconds
        )?;
        self.published.write("published", out)?;
        if load.subscribers > 0 {
            self.received.write("received", out)?;
        }
        self.write_faults(out)?;
        self.write_times(out)?;
        self.write_generator(out)?;
        for warning in &self.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        Ok(())
    }

    fn write_faults(&self, out: &mut dyn Write) -> io::Result<()> {
        let acknowledged = (self.load.qos > 0, "acknowledged", self.acknowledged);
        let arrives = self.load.subscribers > 0;
        let counts = [
            acknowledged,
            (arrives, "lost", self.lost),
            (arrives, "duplicated", self.duplicated),
            (arrives, "reordered", self.reordered),
            (self.foreign > 0, "foreign", self.foreign),
            (true, "errors", self.errors.values().sum()),
        ];
        let shown = counts.iter().filter(|(shown, ..)| *shown);
        let parts: Vec<_> =
            shown.map(|(_, name, number)| format!("{name} {}", thousands(*number))).collect();
        writeln!(out, "{}", parts.join("   "))?;
        for (kind, number) in &self.errors {
            writeln!(out, "  {} x {kind}", thousands(*number))?;
        }
        Ok(())
    }

    fn write_times(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = [
            ("latency", self.latency_ns),
            ("service time", self.service_ns),
            ("acknowledged", self.acknowledgement_ns),
            ("sent late", self.generator.lag_ns),
        ];
        let heads = ["p50", "p90", "p99", "p99.9", "max"];
        if rows.iter().any(|(_, times)| times.is_some()) {
            write_row("", heads.map(str::to_owned), out)?;
        }
        for (name, times) in rows {
            if let Some(times) = times {
                let cells = [times.p50, times.p90, times.p99, times.p99_9, times.max];
                write_row(name, cells.map(span), out)?;
            }
        }
        Ok(())
    }

    fn write_generator(&self, out: &mut dyn Write) -> io::Result<()> {
        let generator = &self.generator;
        writeln!(
            out,
            "generator: {}, {:.0}% of a core, the busiest {:.0}%",
            plural(generator.workers, "thread"),
            generator.cores * 100.0,
            generator.busiest * 100.0
        )
    }
}

impl Flow {
    fn write(&self, name: &str, out: &mut dyn Write) -> io::Result<()> {
        let seconds = if self.rate > 0.0 { float(self.messages) / self.rate } else { 1.0 };
        writeln!(
            out,
            "{name:<12}{:>10} messages/s  {:>15} messages  {:>8}B/s",
            count(self.messages, seconds),
            thousands(self.messages),
            count(self.bytes, seconds)
        )
    }
}

fn plural(number: u32, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

fn write_row(name: &str, cells: [String; 5], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{name:<12}")?;
    for cell in cells {
        write!(out, "{cell:>10}")?;
    }
    writeln!(out)
}
