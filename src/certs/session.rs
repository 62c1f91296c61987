//! What `mqx certs init` says at the end: the commands that use its files.

use super::folder::place;
use super::print::word;
use std::io::{self, Write};
use std::path::Path;

/// Writes how brokers and clients use the files in `dir`.
pub(super) fn write(dir: &Path, out: &mut dyn Write) -> io::Result<()> {
    let files = ["ca.crt", "server.crt", "server.key", "client.crt", "client.key"];
    let [ca, cert, key, client_cert, client_key] = files.map(|name| word(&place(dir, name)));
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
