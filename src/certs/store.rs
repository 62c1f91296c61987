//! `mqx certs install` and `uninstall`: the CA among those that a system trusts.

use super::folder;
use crate::error::{Class, Error, Result};
use crate::net::facts::Facts;
use crate::net::pem;
use crate::output;
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a kind of system keeps the CAs that were added, and what reads them.
struct Layout {
    name: &'static str,
    folder: &'static str,
    command: &'static str,
    /// What the command is told when a CA was removed.
    fresh: &'static [&'static str],
}

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "Debian",
        folder: "usr/local/share/ca-certificates",
        command: "usr/sbin/update-ca-certificates",
        fresh: &["--fresh"],
    },
    Layout {
        name: "Fedora",
        folder: "etc/pki/ca-trust/source/anchors",
        command: "usr/bin/update-ca-trust",
        fresh: &[],
    },
];

/// What to do where mqx knows no way.
const STEPS: &str = "\
Arch:     trust anchor --store CA         (trust anchor --remove CA)
SUSE:     cp CA /etc/pki/trust/anchors/ && update-ca-certificates
Alpine:   cp CA /usr/local/share/ca-certificates/ && update-ca-certificates
macOS:    security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain CA
Windows:  certutil -addstore Root CA      (certutil -delstore Root NAME)
Firefox:  Settings, Certificates, Authorities, Import
";

/// Which CA goes where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file of its certificate.
    pub ca: PathBuf,
    /// Take it out of the store.
    pub remove: bool,
    /// The root of the system whose store it is.
    pub root: PathBuf,
    /// Say it in JSON.
    pub json: bool,
}

/// Puts the CA into the store, or takes it out.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let chain = pem::certificates(&config.ca)?;
    let own = chain.first().ok_or_else(|| Error::usage("there is no certificate"))?;
    let facts = Facts::of(own, Timestamp::now())?;
    let shown = config.ca.display();
    if !facts.is_ca {
        let what = format!("{shown} is no CA's certificate: a system trusts CAs");
        return Err(Error::new(Class::Tls, what).hint("give the ca.crt that has signed it"));
    }
    let here = |layout: &&Layout| config.root.join(layout.command).is_file();
    let Some(layout) = LAYOUTS.iter().find(here) else {
        let steps = STEPS.replace("CA", &output::shell_path(&config.ca));
        output::check(write!(out, "{steps}").and_then(|()| out.flush()))?;
        let what = "the store of this system is none that mqx knows";
        return Err(Error::new(Class::Other, what).hint("do it by hand, as printed above"));
    };
    let id: String = facts.sha256.chars().take(16).collect();
    let name = format!("mqx-{}.crt", id.to_ascii_lowercase());
    let place = config.root.join(layout.folder).join(&name);
    if config.remove {
        fs::remove_file(&place).map_err(|cause| not_removed(&place, cause))?;
    } else {
        let pem = super::key::pem_text("CERTIFICATE", own);
        let file = folder::NewFile::public(name, pem);
        folder::write(folder::parent(&place), &[file], true).map_err(as_root)?;
    }
    update(layout, config)?;
    output::check(say(config, layout, &place, out).and_then(|()| out.flush()))
}

fn not_removed(place: &Path, cause: io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::NotFound => {
            let what = format!("{} is not there: this CA is not installed", place.display());
            Error::new(Class::File, what)
        }
        _ => as_root(Error::file("remove", place, cause)),
    }
}

fn as_root(error: Error) -> Error {
    error.hint("the store belongs to the system: run the command with sudo")
}

/// Lets the system read its store again; what the command says is for people.
fn update(layout: &Layout, config: &Config) -> Result<()> {
    let path = config.root.join(layout.command);
    let words = if config.remove { layout.fresh } else { &[] };
    let failed = |why: String| Error::new(Class::Other, format!("{} {why}", path.display()));
    let ended = Command::new(&path).args(words).stdin(Stdio::null()).output();
    let ended = ended.map_err(|cause| failed("cannot be run".to_owned()).because(cause))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = output::escape(String::from_utf8_lossy(&ended.stderr).trim());
    Err(as_root(failed(format!("failed ({}): {said}", ended.status))))
}

fn say(config: &Config, layout: &Layout, place: &Path, out: &mut dyn Write) -> io::Result<()> {
    let done = if config.remove { "uninstalled" } else { "installed" };
    if config.json {
        let told = json!({ "kind": done, "file": place, "system": layout.name });
        return writeln!(out, "{told}");
    }
    let what = if config.remove { "is no longer trusted" } else { "is trusted" };
    writeln!(out, "{done} {}: {} {what} on this system", place.display(), config.ca.display())
}
