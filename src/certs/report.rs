//! What `mqx certs init` says: what it wrote, how long it lasts, how to use it.

use super::files::place;
use super::{Config, Host, Made};
use crate::net::date;
use std::io::{self, Write};
use std::path::Path;

/// Characters that no shell gives a meaning to.
const PLAIN: &str = "_./+=:@%,-";

/// Writes the report on what was made as `config` says.
pub(super) fn write(config: &Config, made: &Made, out: &mut dyn Write) -> io::Result<()> {
    write_files(config, made, out)?;
    write_commands(&config.dir, out)?;
    out.flush()
}

fn write_files(config: &Config, made: &Made, out: &mut dyn Write) -> io::Result<()> {
    let Made { hosts, authority, server, client } = made;
    let [ca_end, server_end, client_end] =
        [authority, server, client].map(|issued| date(issued.not_after));
    let hosts = hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(", ");
    let name = &config.client_name;
    let rows = [
        ("ca.crt", format!("valid until {ca_end}: the CA that brokers and clients trust")),
        ("ca.key", "keep it secret: whoever has it can pose as any broker or client".to_owned()),
        ("server.crt", format!("valid until {server_end}: for {hosts}")),
        ("server.key", "the private key of server.crt".to_owned()),
        ("client.crt", format!("valid until {client_end}: for the client {name}")),
        ("client.key", "the private key of client.crt".to_owned()),
    ];
    let paths = rows.each_ref().map(|(file, _)| place(&config.dir, file).display().to_string());
    let width = paths.iter().map(String::len).max().unwrap_or(0);
    for (path, (_, meaning)) in paths.iter().zip(&rows) {
        writeln!(out, "wrote {path:width$}  {meaning}")?;
    }
    Ok(())
}

fn write_commands(dir: &Path, out: &mut dyn Write) -> io::Result<()> {
    let files = ["ca.crt", "server.crt", "server.key", "client.crt", "client.key"];
    let [ca, cert, key, client_cert, client_key] = files.map(|name| quoted(&place(dir, name)));
    writeln!(
        out,
        "\n\
         TLS:\n  \
         mqx broker --cert {cert} --key {key}\n  \
         mqx sub --tls {ca} -t '#'\n\
         \n\
         Mutual TLS, where the broker knows its clients by their certificates:\n  \
         mqx broker --cert {cert} --key {key} --cafile {ca} --require-client-cert\n  \
         mqx sub --tls {ca} --cert {client_cert} --key {client_key} -t '#'"
    )
}

/// The path as one word of a shell command that is not taken for an option.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
    if text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_only_when_a_shell_would_read_them_differently() {
        for (path, word) in [
            ("certs/ca.crt", "certs/ca.crt"),
            ("-d/ca.crt", "./-d/ca.crt"),
            ("my certs/ca.crt", "'my certs/ca.crt'"),
            ("it's/$HOME", r"'it'\''s/$HOME'"),
            ("~/ca.crt", "'~/ca.crt'"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
