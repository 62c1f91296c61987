//! Certificates and private keys out of PEM files, and what was found in a
//! file that has neither.

use super::encrypted_key;
use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The largest file that is read; all CAs of a system fit in a fraction of it.
const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// The first byte of whatever is encoded in DER.
const DER_SEQUENCE: u8 = 0x30;

/// How an encrypted key of the old kind says so, inside an ordinary section.
const OLD_ENCRYPTION: &str = "Proc-Type: 4,ENCRYPTED";

/// What a file should hold.
struct Wanted {
    what: &'static str,
    /// What makes PEM of the same thing in another encoding.
    cure: Cure,
}

/// What to do with a file, and the openssl command that does it.
type Cure = (&'static str, &'static str);

const DECRYPT: Cure = ("decrypt", "pkey");
const CONVERT_KEY: Cure = ("convert", "pkey");
const CONVERT_CERTIFICATE: Cure = ("convert", "x509");
const CONVERT_LIST: Cure = ("convert", "crl");

const CERTIFICATE: Wanted = Wanted { what: "certificate", cure: CONVERT_CERTIFICATE };
const PRIVATE_KEY: Wanted = Wanted { what: "private key", cure: CONVERT_KEY };
const REVOCATIONS: Wanted = Wanted { what: "revocation list", cure: CONVERT_LIST };

/// A kind of PEM section that may be in a file instead of what is wanted.
struct Section {
    /// How the label of the section ends.
    label: &'static str,
    name: &'static str,
    cure: Option<Cure>,
}

const fn section(label: &'static str, name: &'static str, cure: Option<Cure>) -> Section {
    Section { label, name, cure }
}

/// The most telling first; a label belongs to the first row it ends with.
const SECTIONS: &[Section] = &[
    section("ENCRYPTED PRIVATE KEY", "an encrypted private key", Some(DECRYPT)),
    section("OPENSSH PRIVATE KEY", "a private key for SSH", None),
    section("DSA PRIVATE KEY", "a DSA key, which TLS no longer uses", None),
    section("PRIVATE KEY", "a private key", None),
    section("CERTIFICATE REQUEST", "a request that no CA has signed yet", None),
    section(
        "TRUSTED CERTIFICATE",
        "a certificate in openssl's own format",
        Some(CONVERT_CERTIFICATE),
    ),
    section("X509 CERTIFICATE", "a certificate in an old format", Some(CONVERT_CERTIFICATE)),
    section("CERTIFICATE", "a certificate", None),
    section("X509 CRL", "a revocation list", None),
    section("PUBLIC KEY", "a public key", None),
    section("PARAMETERS", "the parameters of a key without the key", None),
];

/// The certificates in a file, in its order, at least one.
///
/// # Errors
/// [`Class::File`] if the file cannot be read, [`Class::Tls`] if it holds
/// something else; the error says what.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    sections(path, &CERTIFICATE)
}

/// The first private key in a file; `password` is for one that is encrypted.
///
/// # Errors
/// As with [`certificates`], and when the password is wrong.
pub fn private_key(path: &Path, password: Option<&Secret>) -> Result<PrivateKeyDer<'static>> {
    if let Some(password) = password {
        let bytes = read(path).map_err(|cause| Error::file("read", path, cause))?;
        if let Some(section) = encrypted_key::section(&String::from_utf8_lossy(&bytes)) {
            return encrypted_key::decrypt(path, section, password);
        }
    }
    let mut keys = sections(path, &PRIVATE_KEY)?;
    // `sections` gives at least one.
    Ok(keys.swap_remove(0))
}

/// Whether the private key in a file is encrypted PKCS#8.
#[must_use]
pub fn is_encrypted(path: &Path) -> bool {
    read(path).is_ok_and(|bytes| holds_encrypted_key(&bytes))
}

/// Whether there is an encrypted PKCS#8 key among PEM.
#[must_use]
pub fn holds_encrypted_key(bytes: &[u8]) -> bool {
    encrypted_key::section(&String::from_utf8_lossy(bytes)).is_some()
}

/// The revocation lists in a file, at least one.
///
/// # Errors
/// As with [`certificates`].
pub fn revocations(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>> {
    sections(path, &REVOCATIONS)
}

/// What a file holds, whatever that is: the sections of PEM in their order, or
/// nothing but the bytes if it is no PEM.
#[derive(Debug)]
pub enum Held {
    /// Sections of PEM, at least one.
    Sections(Vec<(SectionKind, Vec<u8>)>),
    /// Something else, which may be DER.
    Bytes(Vec<u8>),
}

/// All of a file, up to a size that no certificates reach.
///
/// # Errors
/// [`Class::File`] if it cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    read(path).map_err(|cause| Error::file("read", path, cause))
}

/// What the bytes of the file at `path` hold.
///
/// # Errors
/// [`Class::Tls`] if they are damaged PEM.
pub fn held(path: &Path, bytes: Vec<u8>) -> Result<Held> {
    let sections: Result<Vec<_>, _> = PemObject::pem_slice_iter(&bytes).collect();
    match sections {
        Ok(sections) if sections.is_empty() => Ok(Held::Bytes(bytes)),
        Ok(sections) => Ok(Held::Sections(sections)),
        Err(cause) => Err(damaged(path, &cause)),
    }
}

/// The error about a file that should hold a certificate and does not.
#[must_use]
pub fn no_certificate(path: &Path, bytes: &[u8]) -> Error {
    mistaken(path, &CERTIFICATE, bytes)
}

/// The sections of one type in a file, at least one.
fn sections<T: PemObject>(path: &Path, wanted: &Wanted) -> Result<Vec<T>> {
    let bytes = read(path).map_err(|cause| Error::file("read", path, cause))?;
    match T::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>() {
        Ok(found) if found.is_empty() => Err(mistaken(path, wanted, &bytes)),
        Ok(found) => Ok(found),
        Err(_) if String::from_utf8_lossy(&bytes).contains(OLD_ENCRYPTION) => {
            let error = instead(path, wanted, "an encrypted private key");
            Err(error.hint(first(path, DECRYPT)))
        }
        Err(cause) => Err(damaged(path, &cause)),
    }
}

/// The bytes of the file, which is none of enormous size.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_SIZE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn damaged(path: &Path, cause: &pem::Error) -> Error {
    let how = match cause {
        pem::Error::MissingSectionEnd { .. } => "is cut short: a line -----END ...----- is missing",
        pem::Error::IllegalSectionStart { .. } => "has a malformed line -----BEGIN ...-----",
        _ => "is damaged: what is between its BEGIN and END lines is not base64",
    };
    Error::new(Class::Tls, format!("{} {how}", path.display())).hint("copy the file again")
}

/// The error about a file that can be read and is not what was asked for.
fn mistaken(path: &Path, wanted: &Wanted, bytes: &[u8]) -> Error {
    let text = String::from_utf8_lossy(bytes);
    if let Some(section) = most_telling(&text) {
        let error = instead(path, wanted, section.name);
        return match section.cure {
            Some(cure) => error.hint(first(path, cure)),
            None => error,
        };
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return instead(path, wanted, "nothing: it is empty");
    }
    if bytes.first() == Some(&DER_SEQUENCE) {
        let error = instead(path, wanted, "binary data (DER?) and not PEM text");
        return error.hint(first(path, wanted.cure));
    }
    let begin = format!("-----BEGIN {}-----", wanted.what.to_uppercase());
    instead(path, wanted, "something that is not PEM").hint(format!("PEM has a line {begin}"))
}

fn most_telling(text: &str) -> Option<&'static Section> {
    let labels = || text.lines().filter_map(label);
    SECTIONS.iter().find(|section| labels().any(|label| label.ends_with(section.label)))
}

fn label(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix("-----BEGIN ")?.strip_suffix("-----")
}

fn instead(path: &Path, wanted: &Wanted, found: &str) -> Error {
    let (path, what) = (path.display(), wanted.what);
    Error::new(Class::Tls, format!("{path} should hold a {what}, but holds {found}"))
}

fn first(path: &Path, cure: Cure) -> String {
    let (verb, command) = cure;
    let also = if cure == DECRYPT { "; PKCS#8 is decrypted with --key-password-file" } else { "" };
    format!("{verb} it first: openssl {command} -in {} -out NEW{also}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

    /// The error, with its hint, of reading a file with this content.
    fn refusal(wanted: &Wanted, content: impl AsRef<[u8]>) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.pem");
        std::fs::write(&path, content).unwrap();
        let error = match wanted.what {
            "private key" => private_key(&path, None).unwrap_err(),
            _ => certificates(&path).unwrap_err(),
        };
        assert_eq!(error.class(), Class::Tls);
        let error = error.into();
        format!("{} {}", crate::error::line(&error), crate::error::hint(&error).unwrap_or(""))
    }

    #[test]
    fn every_wrong_file_is_called_by_its_name() {
        let rsa = "-----BEGIN RSA PRIVATE KEY-----\n";
        let cases: &[(&Wanted, String, &str)] = &[
            (&CERTIFICATE, KEY.into(), "should hold a certificate, but holds a private key"),
            (
                &PRIVATE_KEY,
                KEY.replace("PRIVATE KEY", "CERTIFICATE"),
                "should hold a private key, but holds a certificate",
            ),
            (
                &PRIVATE_KEY,
                KEY.replace("PRIVATE KEY", "EC PARAMETERS")
                    + &KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"),
                "holds an encrypted private key decrypt it first: openssl pkey",
            ),
            (
                &PRIVATE_KEY,
                format!("{rsa}Proc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"),
                "holds an encrypted private key decrypt it first: openssl pkey",
            ),
            (&CERTIFICATE, KEY.replace("PRIVATE KEY", "CERTIFICATE REQUEST"), "no CA has signed"),
            (&CERTIFICATE, " \n".into(), "holds nothing: it is empty"),
            (&CERTIFICATE, "0\u{3}abc".into(), "binary data (DER?) and not PEM text"),
            (&PRIVATE_KEY, "hello".into(), "-----BEGIN PRIVATE KEY-----"),
            (&PRIVATE_KEY, KEY.replace("-----END", ""), "is cut short"),
            (&PRIVATE_KEY, KEY.replace("AAAA", "A*AA"), "not base64"),
            (&PRIVATE_KEY, KEY.replace("KEY-----\nA", "KEY--\nA"), "malformed line"),
        ];
        for (wanted, content, words) in cases {
            let said = refusal(wanted, content);
            assert!(said.contains(words), "{said:?} lacks {words:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_a_file_error_with_its_name() {
        let error = certificates(Path::new("/nowhere/ca.crt")).unwrap_err();
        assert_eq!(error.class(), Class::File);
        assert_eq!(error.to_string(), "cannot read /nowhere/ca.crt");
    }

    proptest! {
        #[test]
        fn any_bytes_are_described_without_panic(bytes: Vec<u8>) {
            let error = mistaken(Path::new("x"), &CERTIFICATE, &bytes);
            prop_assert_eq!(error.class(), Class::Tls);
        }
    }
}
