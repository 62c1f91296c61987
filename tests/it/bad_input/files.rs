//! Files and names that are not what they should be, for everything that takes
//! certificates and keys.

use super::scene::Scene;
use super::{Row, fault};
use crate::support::program::{Ended, mqx, run};
use std::fs;
use std::path::Path;

/// Files that [`spoil`] makes stand beside those of the scene.
const ROWS: &[Row] = &[
    // A CA that is a key.
    ("pub -t a -n --tls {dir}/ca.key", 4, &["ca.key", "holds a private key"]),
    ("doctor --cafile {dir}/ca.key", 4, &["ca.key", "holds a private key"]),
    ("certs verify {dir}/server.crt --cafile {dir}/ca.key", 4, &["ca.key", "holds a private key"]),
    ("certs client a --ca {dir}/ca.key --dir {dir}", 4, &["ca.key", "holds a private key"]),
    (
        "broker -p 0 --cert {dir}/server.crt --key {dir}/server.key --cafile {dir}/ca.key",
        4,
        &["ca.key", "holds a private key"],
    ),
    // A key that belongs to another certificate.
    ("sub -t a --cert {dir}/client.crt --key {dir}/server.key", 4, &["does not belong to"]),
    ("broker -p 0 --cert {dir}/server.crt --key {dir}/ca.key", 4, &["does not belong to"]),
    (
        "certs client a --ca {dir}/ca.crt --ca-key {other}/ca.key --dir {dir}",
        4,
        &["does not belong to"],
    ),
    (
        "certs bundle {dir}/client.crt --key {dir}/ca.key -f der --dir {dir}",
        4,
        &["does not belong to"],
    ),
    // DER where PEM is expected.
    ("pub -t a -n --tls {dir}/ca.der", 4, &["ca.der", "DER", "openssl x509 -in"]),
    (
        "bench --cert {dir}/client.crt --key {dir}/client.der",
        4,
        &["client.der", "DER", "openssl pkey -in"],
    ),
    (
        "broker -p 0 --cert {dir}/ca.der --key {dir}/server.key",
        4,
        &["ca.der", "DER", "openssl x509"],
    ),
    // Files that were cut.
    ("pub -t a -n --tls {dir}/cut.crt", 4, &["cut.crt is cut short"]),
    ("sub -t a --cert {dir}/client.crt --key {dir}/cut.key", 4, &["cut.key is cut short"]),
    ("certs inspect {dir}/cut.crt", 4, &["cut.crt is cut short"]),
    ("certs inspect {dir}/cut.der", 4, &["cut.der", "DER"]),
    ("certs inspect {dir}/empty", 4, &["nothing: it is empty"]),
    ("certs inspect {dir}", 11, &["cannot read", "name a file"]),
    // A wrong password.
    (
        "pub -t a -n --cert {dir}/locked.crt --key {dir}/locked.key --key-password x",
        4,
        &["locked.key cannot be decrypted: the password is wrong"],
    ),
    (
        "pub -t a -n --cert {dir}/locked.crt --key {dir}/locked.key",
        4,
        &["holds an encrypted private key"],
    ),
    ("pub -t a -n --p12 {dir}/locked.p12 --key-password x", 4, &["the password of", "is wrong"]),
    (
        "certs bundle {dir}/locked.crt --key-password x --password y --dir {dir}",
        4,
        &["locked.key cannot be decrypted"],
    ),
    // Hosts that are none.
    ("certs server a..b --dir {dir}", 2, &["a..b", "no host name or IP address"]),
    ("certs server -- -a --dir {dir}", 2, &["no host name or IP address"]),
    ("certs init --host 1.2.3 --dir {dir}", 2, &["1.2.3", "no host name or IP address"]),
    (
        "certs verify {dir}/server.crt --host a..b --cafile {ca}",
        2,
        &["cannot check the host name a..b"],
    ),
    // Folders that are not there, or take nothing.
    ("certs client a --dir {missing}", 11, &["cannot read {missing}/ca.crt", "--dir"]),
    ("certs ca --dir {text}/x", 11, &["{text}/x", "--dir DIR"]),
    ("certs ca --dir /proc/x", 11, &["/proc/x", "--dir DIR"]),
    ("certs verify {missing} --cafile {ca}", 11, &["cannot read {missing}"]),
];

/// Makes files of all that can be wrong with one in `dir`.
fn spoil(dir: &Path) {
    let of = |name: &str| fs::read(dir.join(name)).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(dir.join(name), bytes).unwrap();
    let shown = dir.to_str().unwrap();
    for words in [
        &["client", "locked", "--key-password", "p"] as &[_],
        &["bundle", &format!("{shown}/locked.crt"), "--key-password", "p", "--password", "q"],
        &["bundle", &format!("{shown}/client.crt"), "-f", "der"],
    ] {
        let ended = run(mqx(["certs"].iter().chain(words).chain(&["--dir", shown])));
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    fs::rename(dir.join("client.ca.der"), dir.join("ca.der")).unwrap();
    fs::rename(dir.join("client.key.der"), dir.join("client.der")).unwrap();
    for (name, cut) in [("ca.crt", "cut.crt"), ("client.key", "cut.key"), ("ca.der", "cut.der")] {
        let bytes = of(name);
        put(cut, &bytes[..bytes.len() / 2]);
    }
    put("empty", b"");
}

#[test]
fn every_wrong_file_name_and_password_is_said_in_one_line() {
    let scene = Scene::set();
    spoil(Path::new(&scene.fill("{dir}")));
    let faults: Vec<_> = ROWS.iter().filter_map(|row| fault(row, &scene)).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn certs(dir: &Path, words: &[&str]) -> Ended {
    let mut command = mqx(["certs"].iter().chain(words));
    command.current_dir(dir);
    run(command)
}

#[test]
fn names_with_blanks_slashes_and_other_letters_make_files_that_work() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("my certs é");
    fs::create_dir(&folder).unwrap();
    assert_eq!(certs(&folder, &["ca"]).code, Some(0));
    for (name, stem) in [("Küche/Licht 1", "Küche_Licht_1"), ("../x", "_._x"), ("日本", "日本")]
    {
        let made = certs(&folder, &["client", name, "--print", "mqx"]);
        assert_eq!(made.code, Some(0), "{name}: {}", made.err);
        let shown = certs(&folder, &["inspect", &format!("{stem}.crt"), "--json"]);
        assert!(shown.out.contains(&format!("\"subject\":\"CN={name}\"")), "{}", shown.out);
        let verified =
            certs(&folder, &["verify", &format!("{stem}.crt"), "--client", "--cafile", "ca.crt"]);
        assert_eq!(verified.code, Some(0), "{}", verified.err);
    }
    let place = folder.join("ca.crt").display().to_string();
    let printed = run(mqx([
        "certs",
        "server",
        "a.lan",
        "--ca",
        &place,
        "--dir",
        folder.to_str().unwrap(),
        "--print",
        "mqx",
    ]));
    assert!(printed.out.contains(&format!("--cafile '{place}'")), "quoted: {}", printed.out);
}
