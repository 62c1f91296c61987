//! What `mqx certs init` says at the end: the commands that use its files.

use super::folder::place;
use crate::output::shell_path;
use std::io::{self, Write};
use std::path::Path;

/// Writes how brokers and clients use the files in `dir`; whether the keys are
/// `encrypted` decides if they need a password, which the user has in a file.
pub(super) fn write(dir: &Path, encrypted: bool, out: &mut dyn Write) -> io::Result<()> {
    let files = ["ca.crt", "server.crt", "server.key", "client.crt", "client.key"];
    let [ca, cert, key, client_cert, client_key] = files.map(|name| shell_path(&place(dir, name)));
    let password = if encrypted { " --key-password-file FILE" } else { "" };
    writeln!(
        out,
        "\n\
         TLS:\n  \
         mqx broker --cert {cert} --key {key}{password}\n  \
         mqx sub --tls {ca} -t '#'\n\
         \n\
         Mutual TLS, where the broker knows its clients by their certificates:\n  \
         mqx broker --cert {cert} --key {key}{password} --cafile {ca} --require-client-cert\n  \
         mqx sub --tls {ca} --cert {client_cert} --key {client_key}{password} -t '#'"
    )
}
