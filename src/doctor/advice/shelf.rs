//! Certificates in files at hand: beside those that were named, in the folder that is
//! worked in, and where brokers on this machine keep theirs.

use super::Case;
use crate::net::facts::Facts;
use crate::net::{Trust, pem};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use std::fs;
use std::path::{Path, PathBuf};

/// Where other brokers on a machine keep certificates.
const OF_BROKERS: &[&str] =
    &["/etc/mosquitto/ca_certificates", "/etc/mosquitto/certs", "/etc/emqx/certs"];

/// What files of certificates end in.
const ENDS: &[&str] = &["crt", "pem", "cer"];

/// How many files of a folder are looked at, and how large one may be in bytes.
const MOST: usize = 200;
const LARGEST: u64 = 64 * 1024;

/// A file with a certificate.
pub(super) struct Item {
    pub(super) path: PathBuf,
    pub(super) certificate: CertificateDer<'static>,
    pub(super) facts: Facts,
}

impl Item {
    /// The file beside it that ends in `.key`, if there is one.
    pub(super) fn key(&self) -> Option<PathBuf> {
        let key = self.path.with_extension("key");
        key.is_file().then_some(key)
    }

    /// The folder it is in, as a command names it.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
    }
}

/// All that is at hand, the nearest first.
pub(super) fn items(case: &Case<'_>) -> Vec<Item> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in folders_of(case) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders.iter().flat_map(|folder| in_folder(folder)).collect()
}

fn folders_of(case: &Case<'_>) -> impl Iterator<Item = PathBuf> {
    let options = case.endpoint.tls.as_ref().map(|tls| tls.options().clone()).unwrap_or_default();
    let of_ca = match options.ca {
        Trust::System => None,
        Trust::File(path) => path.parent().map(Path::to_owned),
        Trust::Folder(path) => Some(path),
    };
    let of_own = options.identity.and_then(|(cert, _)| cert.parent().map(Path::to_owned));
    let named = [of_ca, of_own, Some(PathBuf::new())].into_iter().flatten();
    named.chain(case.config.folders.clone()).chain(OF_BROKERS.iter().map(PathBuf::from))
}

fn in_folder(folder: &Path) -> Vec<Item> {
    let place = if folder == Path::new("") { Path::new(".") } else { folder };
    let entries = fs::read_dir(place).into_iter().flatten().flatten().take(MOST);
    let mut paths: Vec<_> = entries.map(|entry| folder.join(entry.file_name())).collect();
    paths.sort_unstable();
    paths.into_iter().filter_map(item).collect()
}

fn item(path: PathBuf) -> Option<Item> {
    let end = path.extension()?.to_str()?.to_ascii_lowercase();
    let shown = path.to_str().filter(|shown| !shown.contains(char::is_control));
    if !ENDS.contains(&end.as_str()) || shown.is_none() {
        return None;
    }
    let found = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
    if found.len() > LARGEST {
        return None;
    }
    let certificate = pem::certificates(&path).ok()?.into_iter().next()?;
    let facts = Facts::of(&certificate, Timestamp::now()).ok()?;
    Some(Item { path, certificate, facts })
}
