//! Where what was made goes: into files, into the index, and onto stdout.

use super::authority::Signed;
use super::folder::{self, NewFile, place};
use super::index::{self, Entry, Event};
use super::issue::Purpose;
use super::print::{self, Product};
use super::signer::Signer;
use crate::error::{Error, Result};
use crate::net::date;
use crate::net::facts::Facts;
use crate::output;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where files go and what is said about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The folder of the files.
    pub dir: PathBuf,
    /// Replace files that are there.
    pub force: bool,
    /// Say it in JSON, a line for each certificate.
    pub json: bool,
    /// Whose configuration to show, if anybody's.
    pub print: Option<Product>,
}

impl Delivery {
    /// Into `dir`, over nothing that is there, in words.
    #[must_use]
    pub const fn into_folder(dir: PathBuf) -> Self {
        Self { dir, force: false, json: false, print: None }
    }
}

/// What kind of certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A CA that signs itself.
    Ca,
    /// A CA below another.
    Intermediate,
    /// A broker's.
    Server,
    /// A client's.
    Client,
}

impl Kind {
    /// What it is for, unless it is a CA's.
    const fn purpose(self) -> Option<Purpose> {
        match self {
            Self::Ca | Self::Intermediate => None,
            Self::Server => Some(Purpose::Server),
            Self::Client => Some(Purpose::Client),
        }
    }
}

impl From<Purpose> for Kind {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Server => Self::Server,
            Purpose::Client => Self::Client,
        }
    }
}

/// A certificate that is to be delivered.
pub(super) struct Made {
    pub(super) kind: Kind,
    /// What it is, in words.
    pub(super) meaning: String,
    pub(super) signed: Signed,
    /// Its key in PEM, if that is new.
    pub(super) key: Option<String>,
}

/// A certificate with the places of its files, as it is told.
#[derive(Serialize)]
struct Told<'a> {
    kind: Kind,
    certificate: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a Path>,
    #[serde(flatten)]
    facts: &'a Facts,
}

/// A certificate with the places of its files.
struct Placed {
    made: Made,
    certificate: PathBuf,
    key: Option<PathBuf>,
}

/// The files of one run.
pub(super) struct Files<'a> {
    delivery: &'a Delivery,
    signer: &'a Signer,
    new: Vec<NewFile>,
    placed: Vec<Placed>,
}

impl<'a> Files<'a> {
    /// No files yet; what is made is noted in the index of `signer`.
    pub(super) const fn new(delivery: &'a Delivery, signer: &'a Signer) -> Self {
        Self { delivery, signer, new: Vec::new(), placed: Vec::new() }
    }

    /// Adds a certificate, and its key, in files called `stem`.
    ///
    /// # Errors
    /// If they would replace the CA that signs.
    pub(super) fn add(&mut self, stem: &str, made: Made) -> Result<()> {
        let (crt, key_name) = (format!("{stem}.crt"), format!("{stem}.key"));
        let certificate = place(&self.delivery.dir, &crt);
        if made.kind != Kind::Ca && self.signer.owns(&certificate) {
            let what = format!("{} is the CA that signs", certificate.display());
            return Err(Error::usage(what).hint("give the files another name with --name"));
        }
        self.add_named(&crt, &key_name, made);
        Ok(())
    }

    /// Adds a certificate, and its key, in files with these names.
    pub(super) fn add_named(&mut self, certificate: &str, key_name: &str, made: Made) {
        self.new.push(NewFile::public(certificate, made.signed.pem()));
        let key = made.key.as_ref().map(|key| {
            self.new.push(NewFile::secret(key_name, key.as_str()));
            place(&self.delivery.dir, key_name)
        });
        let certificate = place(&self.delivery.dir, certificate);
        self.placed.push(Placed { made, certificate, key });
    }

    /// Writes all files and the lines of the index, and says what was written.
    pub(super) fn write(self, out: &mut dyn Write) -> Result<()> {
        self.save()?;
        output::check(self.say(out).and_then(|()| out.flush()))
    }

    /// Writes all files and the lines of the index.
    pub(super) fn save(&self) -> Result<()> {
        folder::write(&self.delivery.dir, &self.new, self.delivery.force)?;
        let entries: Vec<_> = self.placed.iter().map(Placed::entry).collect();
        index::append(&self.signer.folder(), &entries)
    }

    /// Says what was written.
    pub(super) fn say(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.delivery.json {
            return self.placed.iter().try_for_each(|each| each.say_json(out));
        }
        let rows: Vec<_> = self.placed.iter().flat_map(Placed::rows).collect();
        write_rows(&rows, out)?;
        match self.delivery.print {
            Some(product) => {
                self.placed.iter().try_for_each(|each| each.print(product, self.signer, out))
            }
            None => Ok(()),
        }
    }
}

impl Placed {
    fn entry(&self) -> Entry {
        let file = self.certificate.file_name().map(|name| name.to_string_lossy().into_owned());
        Entry { file, ..Entry::now(Event::Issued, &self.made.signed.facts) }
    }

    fn say_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let facts = &self.made.signed.facts;
        let told = Told {
            kind: self.made.kind,
            certificate: &self.certificate,
            key: self.key.as_deref(),
            facts,
        };
        serde_json::to_writer(&mut *out, &told)?;
        writeln!(out)
    }

    /// The files with what they are.
    fn rows(&self) -> Vec<(PathBuf, String)> {
        let until = self.made.signed.facts.not_after.parse().map(date).unwrap_or_default();
        let mut rows =
            vec![(self.certificate.clone(), format!("valid until {until}: {}", self.made.meaning))];
        if let Some(key) = &self.key {
            let name = self.certificate.file_name().unwrap_or_default().display();
            let meaning = match self.made.kind.purpose() {
                None => {
                    "keep it secret: whoever has it can pose as any broker or client".to_owned()
                }
                Some(_) => format!("the private key of {name}"),
            };
            rows.push((key.clone(), meaning));
        }
        rows
    }

    fn print(&self, product: Product, signer: &Signer, out: &mut dyn Write) -> io::Result<()> {
        let (Some(key), Some(purpose)) = (&self.key, self.made.kind.purpose()) else {
            return Ok(());
        };
        let is_below = self.made.signed.chain.len() > 1;
        let ca = if is_below { place(&signer.folder(), "ca.crt") } else { signer.certificate() };
        let paths = print::Paths { ca: &ca, certificate: &self.certificate, key };
        print::write(product, purpose, &paths, out)
    }
}

/// Writes each path with its meaning behind it, in two columns.
pub(super) fn write_rows(rows: &[(PathBuf, String)], out: &mut dyn Write) -> io::Result<()> {
    let paths: Vec<_> = rows.iter().map(|(path, _)| path.display().to_string()).collect();
    let width = paths.iter().map(|path| path.chars().count()).max().unwrap_or(0);
    for (path, (_, meaning)) in paths.iter().zip(rows) {
        writeln!(out, "wrote {path:width$}  {meaning}")?;
    }
    Ok(())
}
