//! A header of C: PEM as strings, as mbedTLS and ESP-IDF take it.

use super::super::authority::is_self_signed;
use super::super::folder::NewFile;
use super::super::key::pem_text;
use super::Parts;
use rustls::pki_types::CertificateDer;

/// The file.
pub(super) fn file(parts: &Parts) -> NewFile {
    let name = identifier(&parts.stem);
    let guard = name.to_ascii_uppercase();
    let (top, own): (Vec<_>, Vec<_>) = parts.chain.iter().partition(|each| is_self_signed(each));
    let pem = |all: &[&CertificateDer<'_>]| {
        all.iter().map(|each| pem_text("CERTIFICATE", each)).collect::<String>()
    };
    let content = format!(
        "/* {name}: the key in here is a secret */\n\
         #ifndef {guard}_H\n#define {guard}_H\n\n{}{}{}#endif\n",
        string(&format!("{name}_ca_crt"), &pem(&top)),
        string(&format!("{name}_crt"), &pem(&own)),
        string(&format!("{name}_key"), &pem_text("PRIVATE KEY", &parts.key)),
    );
    NewFile::secret(format!("{}.h", parts.stem), content)
        .means("certificate, key and CA as strings of C")
}

/// A constant with a text in it; its size counts the final zero, as mbedTLS wants it.
fn string(name: &str, text: &str) -> String {
    let lines = match text.strip_suffix('\n') {
        Some(lines) => format!("\n    \"{}\\n\"", lines.replace('\n', "\\n\"\n    \"")),
        None => " \"\"".to_owned(),
    };
    format!("static const char {name}[] ={lines};\n\n")
}

/// A name that C has for something called like this.
fn identifier(stem: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = stem.chars().map(plain).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_strings_are_those_of_c() {
        assert_eq!(identifier("1.lan-é"), "_1_lan__");
        assert_eq!(
            string("a", "x\ny\n"),
            "static const char a[] =\n    \"x\\n\"\n    \"y\\n\";\n\n"
        );
        assert_eq!(string("a", ""), "static const char a[] = \"\";\n\n");
    }
}
