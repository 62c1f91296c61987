//! Being called `mosquitto_pub`, `mosquitto_sub` or `mosquitto_rr`: the command
//! of mqx with their defaults.
//!
//! What differs from their own grammar and defaults is here; all else that they
//! have means the same in mqx.

use super::line::{Options, Piece};
use super::sources::{configured, with_option_file};
use crate::cli::values;
use crate::error::{self, Error, Result};
use crate::mqtt::Version;
use crate::session::Failure;
use clap::Command;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// A program of mosquitto, the command that stands in for it, and the version
/// of MQTT it speaks without being told.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct DropIn {
    program: &'static str,
    command: &'static str,
    version: &'static str,
    /// What it does without being told, besides.
    implied: &'static [&'static str],
}

const ALL: &[DropIn] = &[
    DropIn { program: "mosquitto_pub", command: "pub", version: "3.1.1", implied: &[] },
    DropIn {
        program: "mosquitto_sub",
        command: "sub",
        version: "3.1.1",
        implied: &["--count-left-out"],
    },
    DropIn { program: "mosquitto_rr", command: "rr", version: "5", implied: &["--any-reply"] },
];

/// The options that mean MQTT 5.
const MEAN_V5: [&str; 2] = ["property", "session_expiry_interval"];

/// The options in which a `%` is a letter like any other.
const VERBATIM: [&str; 2] = ["id", "id_prefix"];

/// Options of mosquitto that cannot be had, with what can be done about it.
const REFUSED: &[(&str, &str)] = &[
    ("--keyform", "mqx reads keys in PEM, also encrypted ones (--key-password)"),
    ("--tls-engine", "mqx reads keys in PEM, also encrypted ones (--key-password)"),
    ("--tls-engine-kpass-sha1", "--key-password opens an encrypted key"),
    ("--psk", "use certificates: `mqx certs init` makes them"),
    ("--psk-identity", "use certificates: `mqx certs init` makes them"),
];

/// What can be done about an option of mosquitto that cannot be had.
pub(in super::super) fn cure(option: &str) -> Option<&'static str> {
    REFUSED.iter().find(|row| row.0 == option).map(|row| row.1)
}

impl DropIn {
    /// The command of mqx that stands in for it.
    pub(in super::super) const fn command(&self) -> &'static str {
        self.command
    }

    /// The one that the command line begins with, if it does, and how many of
    /// the words say so.
    #[must_use]
    pub(in super::super) fn named(words: &[OsString]) -> Option<(&'static Self, usize)> {
        let name = |word: Option<&OsString>| Path::new(word?).file_name().map(OsStr::to_owned);
        let find = |name: &OsStr| ALL.iter().find(|known| name == known.program);
        let called = name(words.first()).and_then(|name| find(&name)).map(|found| (found, 1));
        let typed = || words.get(1).and_then(|word| find(word)).map(|found| (found, 2));
        called.or_else(typed)
    }

    /// The command line of mqx for these words behind the name.
    ///
    /// # Errors
    /// When there is no such command, or an option cannot be had.
    pub(in super::super) fn translate(
        &self,
        words: &[OsString],
        root: &Command,
        file: Option<&Path>,
    ) -> Result<Vec<OsString>> {
        let pieces = self.pieces(words, root, file)?;
        if pieces.iter().any(|piece| piece.is("version")) {
            return Ok(["mqx", "--version"].map(OsString::from).to_vec());
        }
        pieces.iter().try_for_each(check)?;
        let version = self.version(&pieces);
        let mut line =
            ["mqx", self.command, "--mqtt-version", version].map(OsString::from).to_vec();
        line.extend(self.implied.iter().map(OsString::from));
        let last_topic = pieces.iter().rposition(|piece| piece.is("topics"));
        let asks_dns = pieces.iter().any(|piece| piece.is("srv"));
        for (place, piece) in pieces.into_iter().enumerate() {
            let is_earlier = piece.is("topics") && Some(place) != last_topic;
            // Where the DNS says the port they pass over theirs, which mqx refuses to do unasked.
            let is_idle = piece.is("port") && asks_dns;
            if !is_idle && (self.command == "sub" || !is_earlier) {
                line.extend(verbatim(piece));
            }
        }
        Ok(line)
    }

    /// The file with options that the program reads unasked, if it is there.
    pub(in super::super) fn option_file(&self) -> Option<PathBuf> {
        let path = configured(&|name: &str| std::env::var_os(name), self.program);
        path.filter(|path| path.is_file())
    }

    /// The options that are typed, behind those of an option file.
    fn pieces<'a>(
        &self,
        words: &[OsString],
        root: &'a Command,
        file: Option<&Path>,
    ) -> Result<Vec<Piece<'a>>> {
        let none = || Error::usage(format!("mqx does not stand in for {}", self.program));
        let command = root.find_subcommand(self.command).ok_or_else(none)?;
        let options = Options::of(command, root);
        with_option_file(options, command, options.cut(words), file)
    }

    /// The version of MQTT that is spoken with these options.
    fn version<'a>(&self, pieces: &'a [Piece<'_>]) -> &'a str
    where
        Self: 'a,
    {
        let says = |ids: &[&str]| pieces.iter().any(|piece| ids.iter().any(|id| piece.is(id)));
        let typed = pieces.iter().rfind(|piece| piece.is("mqtt_version"));
        let implied = if says(&MEAN_V5) { "5" } else { self.version };
        typed.and_then(Piece::value).unwrap_or(implied)
    }

    /// The exit code of the program for this failure of a command line.
    pub(in super::super) fn exit_code(
        &self,
        error: &anyhow::Error,
        words: &[OsString],
        root: &Command,
        file: Option<&Path>,
    ) -> u8 {
        let failure = error.chain().find_map(|cause| cause.downcast_ref());
        let Some(Failure::Refused(reason, _)) = failure else {
            return error::mosquitto_exit_code(error::class(error));
        };
        let pieces = self.pieces(words, root, file).unwrap_or_default();
        let spoken = values::version(self.version(&pieces)).map(|named| named.version);
        match spoken {
            Ok(Version::V5) => reason.value(),
            _ => reason.connect_return_code(),
        }
    }
}

/// Refuses what mosquitto has and mqx has not.
fn check(piece: &Piece<'_>) -> Result<()> {
    let word = piece.words.first().filter(|_| piece.arg.is_none());
    let row = REFUSED.iter().find(|(option, _)| word.is_some_and(|word| word == option));
    row.map_or(Ok(()), |(option, cure)| {
        Err(Error::usage(format!("mqx does not have mosquitto's {option}")).hint(*cure))
    })
}

/// The words of a piece that mean what they mean to mosquitto.
fn verbatim(piece: Piece<'_>) -> Vec<OsString> {
    let escaped = VERBATIM.iter().any(|id| piece.is(id)).then(|| piece.value()).flatten();
    match (escaped, piece.arg.and_then(clap::Arg::get_long)) {
        (Some(value), Some(long)) => vec![format!("--{long}={}", value.replace('%', "%%")).into()],
        _ => piece.words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;

    /// The line of mqx for this one of mosquitto, or what is wrong with it.
    fn translated(line: &str) -> std::result::Result<String, String> {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        let (program, count) = DropIn::named(&words).ok_or("nobody stands in")?;
        let line = program.translate(&words[count..], &definition(), None);
        let line = line.map_err(|error| error.to_string())?;
        Ok(line.join(OsStr::new(" ")).into_string().unwrap())
    }

    #[test]
    fn the_defaults_are_those_of_mosquitto() {
        for (theirs, ours) in [
            ("mosquitto_sub -t a", "mqx sub --mqtt-version 3.1.1 --count-left-out -t a"),
            (
                "/usr/bin/mosquitto_sub -t a -t b",
                "mqx sub --mqtt-version 3.1.1 --count-left-out -t a -t b",
            ),
            ("mqx mosquitto_pub -t a -t b -n", "mqx pub --mqtt-version 3.1.1 -t b -n"),
            ("mosquitto_sub -t a -x 9", "mqx sub --mqtt-version 5 --count-left-out -t a -x 9"),
            (
                "mosquitto_sub -t a -V mqttv31",
                "mqx sub --mqtt-version mqttv31 --count-left-out -t a -V mqttv31",
            ),
            ("mosquitto_rr -t a -e b", "mqx rr --mqtt-version 5 --any-reply -t a -e b"),
            ("mosquitto_pub -p 1884 -S -h lan -t a", "mqx pub --mqtt-version 3.1.1 -S -h lan -t a"),
            ("mosquitto_sub --version", "mqx --version"),
            (
                "mosquitto_sub -t a -i 5%",
                "mqx sub --mqtt-version 3.1.1 --count-left-out -t a --id=5%%",
            ),
            (
                "mosquitto_pub -m -D -D publish content-type x",
                "mqx pub --mqtt-version 5 -m -D -D publish content-type x",
            ),
        ] {
            assert_eq!(translated(theirs).as_deref(), Ok(ours));
        }
        for (theirs, what) in
            [("mosquitto_sub -t a --psk 00", "mosquitto's --psk"), ("mqx sub -t a", "nobody")]
        {
            assert!(translated(theirs).unwrap_err().contains(what), "{theirs}");
        }
        assert!(translated("mosquitto_pub -t a -m -S").is_ok(), "it is the message");
    }

    #[test]
    fn an_option_file_is_read_unless_another_is_named_and_gives_way_to_what_is_typed() {
        let folder = tempfile::tempdir().unwrap();
        let (usual, other) = (folder.path().join("usual"), folder.path().join("other"));
        std::fs::write(&usual, "-h one\n-u ann\n-V mqttv5\n").unwrap();
        std::fs::write(&other, "-h two\n").unwrap();
        let translated = |line: &str| {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            let (program, count) = DropIn::named(&words).unwrap();
            let line = program.translate(&words[count..], &definition(), Some(&usual)).unwrap();
            line.join(OsStr::new(" ")).into_string().unwrap()
        };
        let sub = "mqx sub --mqtt-version";
        assert_eq!(
            translated("mosquitto_sub -t a"),
            format!("{sub} mqttv5 --count-left-out -h one -u ann -V mqttv5 -t a")
        );
        assert_eq!(
            translated("mosquitto_sub -L mqtt://h/a"),
            format!("{sub} mqttv5 --count-left-out -u ann -V mqttv5 -L mqtt://h/a"),
            "a URL and a host do not go together"
        );
        let named = format!("mosquitto_sub -t a -o {}", other.display());
        assert_eq!(translated(&named), format!("{sub} 3.1.1 --count-left-out -h two -t a"));
    }
}
