//! What a broker keeps for itself: a CA and a server certificate that are made at
//! the first use, used again later, and renewed before they end.

use super::MAX_DAYS;
use super::bad;
use super::delivery::Delivery;
use super::folder;
use super::issue::{self, Leaf};
use super::key::KeyOptions;
use super::name::{self, Host};
use super::new_ca;
use super::renew;
use super::signer::Signer;
use super::subject::Subject;
use crate::error::{Error, Result};
use crate::net::facts::{Facts, days_between};
use crate::net::pem;
use jiff::Timestamp;
use rustix::fs::{Access, access};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What ends within so many days is renewed.
const SOON: i64 = 30;

/// The folder of the bad certificates in that of the CA.
const LAB: &str = "lab";

/// The bad certificate that gets good with time, and is made again before.
const RIPENING: &str = "not-yet-valid";

/// What helps where nothing can be written.
const ELSEWHERE: &str = "name a folder the broker may write to with --tls-dir DIR";

/// What is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where; the folder is made if it is missing.
    pub dir: PathBuf,
    /// The hosts of the certificate beside this machine's own names.
    pub hosts: Vec<Host>,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The certificate of the CA, which clients have to trust.
    pub ca: PathBuf,
    /// The certificate of the server.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// What had to be done, a sentence each.
    pub news: Vec<String>,
}

impl Kept {
    /// In this folder, where nothing had to be done.
    fn in_folder(dir: &Path) -> Self {
        let [ca, certificate, key] =
            ["ca.crt", "server.crt", "server.key"].map(|name| folder::place(dir, name));
        Self { ca, certificate, key, news: Vec::new() }
    }
}

/// Makes what is missing, renews what ends soon or is not for all hosts, and says
/// where it is. Two that do so at once wait for each other.
///
/// # Errors
/// When a file cannot be written, or one that is there cannot be used.
pub fn keep(config: &Config) -> Result<Kept> {
    let _alone = lock(&config.dir)?;
    let signer = Signer::in_folder(config.dir.clone());
    let hosts = name::with_own(&config.hosts);
    let mut kept = Kept::in_folder(&config.dir);
    let ca = keep_ca(&signer, &mut kept.news)?;
    let certificate = &kept.certificate;
    let why = if kept.key.exists() { why_not(certificate, &ca, &hosts)? } else { Some("is new") };
    if let Some(why) = why {
        make_server(&signer, &hosts)?;
        kept.news.push(format!("the server certificate {} {why}", certificate.display()));
    }
    Ok(kept)
}

/// What [`keep`] has made, as it is there; nothing if some of it is missing. Nothing is
/// made or renewed.
///
/// # Errors
/// When a file cannot be used, or the folder not be made that is missing.
pub fn find(config: &Config) -> Result<Option<Kept>> {
    let kept = Kept::in_folder(&config.dir);
    let files = [&kept.ca, &kept.certificate, &kept.key];
    if files.iter().all(|path| path.exists()) {
        facts(&kept.ca).and_then(|_| facts(&kept.certificate))?;
        return Ok(Some(kept));
    }
    let nearest = config.dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    match access(nearest, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(None),
        Err(cause) => Err(Error::file("write into", nearest, cause.into()).hint(ELSEWHERE)),
    }
}

/// Renews what [`keep`] has made in `dir` and ends soon, for the same hosts; returns a
/// sentence for each change.
///
/// # Errors
/// As [`keep`].
pub fn renew_in_time(dir: &Path) -> Result<Vec<String>> {
    let _alone = lock(dir)?;
    let signer = Signer::in_folder(dir.to_owned());
    let mut news = Vec::new();
    keep_ca(&signer, &mut news)?;
    let certificate = Kept::in_folder(dir).certificate;
    if facts(&certificate)?.days_left < SOON {
        renew_file(&signer, &certificate)?;
        news.push(format!("the server certificate {} was renewed", certificate.display()));
    }
    Ok(news)
}

/// The certificates that must be refused, by [`bad::Kind`], in files below the CA
/// that [`keep`] keeps in `dir`; their names end in `.crt` and `.key`.
///
/// # Errors
/// As [`keep`].
pub fn keep_bad(config: &Config) -> Result<PathBuf> {
    let _alone = lock(&config.dir)?;
    let dir = folder::place(&config.dir, LAB);
    let missing = bad::Kind::all().any(|kind| !dir.join(format!("{}.crt", kind.name())).exists());
    let ripening = dir.join(format!("{RIPENING}.crt"));
    if missing || begins(&ripening)?.is_none_or(|days| days < SOON / 2) {
        let made = bad::Config {
            signer: Signer::in_folder(config.dir.clone()),
            kinds: bad::Kind::all().collect(),
            hosts: name::with_own(&config.hosts),
            delivery: Delivery { force: true, ..Delivery::into_folder(dir.clone()) },
        };
        bad::run(&made, &mut io::sink())?;
    }
    Ok(dir)
}

/// Holds off everybody else who keeps something in `dir` until it is dropped.
fn lock(dir: &Path) -> Result<File> {
    let failed = |verb, path: &Path| {
        let path = path.to_owned();
        move |cause| Error::file(verb, &path, cause).hint(ELSEWHERE)
    };
    fs::create_dir_all(dir).map_err(failed("make the directory", dir))?;
    let path = folder::place(dir, ".lock");
    let file = File::create(&path).map_err(failed("write", &path))?;
    file.lock().map_err(failed("lock", &path))?;
    Ok(file)
}

/// What the CA says, which is made if there is none and renewed if it ends soon.
fn keep_ca(signer: &Signer, news: &mut Vec<String>) -> Result<Facts> {
    let path = signer.certificate();
    let shown = path.display();
    if !path.exists() {
        new_ca::run(&new_ca::Config::of_leaves(signer.dir.clone()), &mut io::sink())?;
        news.push(format!("the CA {shown} is new: clients that are to trust this broker need it"));
    } else if facts(&path)?.days_left < SOON {
        renew_file(signer, &path)?;
        news.push(format!("the CA {shown} was renewed: give it to the clients again"));
    }
    facts(&path)
}

/// Makes the certificate in the file valid for longer, with the same key and names.
fn renew_file(signer: &Signer, path: &Path) -> Result<()> {
    let again = renew::Config {
        files: vec![path.to_owned()],
        signer: signer.clone(),
        own_folders: false,
        days: None,
        new_key: None,
        json: false,
    };
    renew::run(&again, &mut io::sink())
}

/// Why the certificate in the file will not do, as words that follow its name.
fn why_not(path: &Path, ca: &Facts, hosts: &[Host]) -> Result<Option<&'static str>> {
    if !path.exists() {
        return Ok(Some("is new"));
    }
    let own = facts(path)?;
    let has = |host: &Host| {
        let names = own.names.iter().filter_map(|name| name.split_once(':'));
        names.into_iter().any(|(_, name)| name == host.to_string())
    };
    let faults = [
        (own.authority_key_id != ca.subject_key_id, "was made again, by the CA beside it"),
        (own.days_left < SOON, "was renewed"),
        (!hosts.iter().all(has), "was made again, for other hosts"),
    ];
    Ok(faults.into_iter().find(|(is_so, _)| *is_so).map(|(_, why)| why))
}

fn make_server(signer: &Signer, hosts: &[Host]) -> Result<()> {
    let delivery = Delivery { force: true, ..Delivery::into_folder(signer.dir.clone()) };
    let made = issue::Config {
        signer: signer.clone(),
        leaves: vec![Leaf { stem: "server".to_owned(), ..Leaf::server(hosts) }],
        subject: Subject::default(),
        days: MAX_DAYS,
        key: KeyOptions::default(),
        delivery,
    };
    issue::run(&made, &mut io::sink())
}

/// In how many days the certificate in the file begins; nothing if there is none.
fn begins(path: &Path) -> Result<Option<i64>> {
    if !path.exists() {
        return Ok(None);
    }
    let begin: Timestamp = facts(path)?.not_before.parse().unwrap_or(Timestamp::MIN);
    Ok(Some(days_between(Timestamp::now(), begin)))
}

fn facts(path: &Path) -> Result<Facts> {
    let chain = pem::certificates(path)?;
    let own = chain.first().ok_or_else(|| Error::usage("there is no certificate"))?;
    Facts::of(own, Timestamp::now()).map_err(|error| error.at(&path.display().to_string()))
}
