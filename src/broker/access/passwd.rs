//! `mqx broker passwd`: changes one user's line in a `password_file` and leaves
//! every other line as it is.

use super::password::Password;
use super::prompt::new_password;
use crate::error::{Class, Error, Result};
use crate::signals::Signal;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use tokio::io::AsyncBufRead;

pub use super::password::HashKind;

/// What is to be changed where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file; it is made if it is missing.
    pub file: PathBuf,
    /// Whose line.
    pub user: String,
    /// How.
    pub change: Change,
    /// Whether a person types the password.
    pub at_terminal: bool,
}

/// What becomes of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It gets a new password, hashed so.
    Set(HashKind),
    /// It goes.
    Delete,
}

/// Makes the change; a new password is read from `input`.
///
/// # Errors
/// When the name cannot be a user's, no password is given, the user to delete
/// is not there or the file cannot be written; nothing is changed then.
pub async fn run(
    config: &Config,
    mut input: impl AsyncBufRead + Unpin,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    check_name(&config.user)?;
    let path = &config.file;
    let old = match fs::read(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(|cause| Error::file("read", path, cause))?,
    };
    let line = match config.change {
        Change::Delete => None,
        Change::Set(kind) => {
            let password = tokio::select! {
                password = new_password(&mut input, config.at_terminal) => password?,
                signal = stop => return Err(signal.error()),
            };
            let hashed = Password::hash(kind, password.expose());
            let failed = || Error::new(Class::Other, "cannot hash the password");
            Some(format!("{}:{}", config.user, hashed.ok_or_else(failed)?))
        }
    };
    let deletes = line.is_none();
    let (new, found) = replace(&old, &config.user, line.as_deref());
    if deletes && !found {
        let what = format!("there is no user {:?} in {}", config.user, path.display());
        return Err(Error::new(Class::File, what));
    }
    write(path, &new).map_err(|cause| Error::file("write", path, cause))
}

fn check_name(user: &str) -> Result<()> {
    let cannot = |why| Err(Error::usage(format!("{user:?} cannot be a user name: {why}")));
    if user.is_empty() || user.trim() != user || user.starts_with('#') {
        return cannot("it is empty, begins or ends with a space, or begins with #");
    }
    if user.contains(|c: char| c == ':' || c.is_control()) {
        return cannot("it holds a colon or a control character");
    }
    Ok(())
}

/// The file with `line` in place of the user's, and whether that was there.
fn replace(old: &[u8], user: &str, line: Option<&str>) -> (Vec<u8>, bool) {
    let is_users = |text: &&[u8]| {
        let rest = text.trim_ascii_start().strip_prefix(user.as_bytes());
        rest.is_some_and(|rest| rest.first() == Some(&b':'))
    };
    let lines = old.split_inclusive(|byte| *byte == b'\n');
    let mut new = Vec::with_capacity(old.len());
    let mut written = None;
    for text in lines {
        if !is_users(&text) {
            new.extend_from_slice(text);
        } else if written.is_none() {
            // A second line of the same user goes with the change.
            written = Some(());
            put(&mut new, line);
        }
    }
    if written.is_none() {
        if !new.is_empty() && !new.ends_with(b"\n") {
            new.push(b'\n');
        }
        put(&mut new, line);
    }
    (new, written.is_some())
}

fn put(file: &mut Vec<u8>, line: Option<&str>) {
    if let Some(line) = line {
        file.extend_from_slice(line.as_bytes());
        file.push(b'\n');
    }
}

/// Writes beside the file and renames, so that a broker that reads it meanwhile
/// sees the old file or the new one. A link stays one; owner and mode stay.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let known = fs::metadata(path).ok();
    let target = if known.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let mut beside = target.clone().into_os_string();
    beside.push(format!(".{}", std::process::id()));
    let written = write_new(Path::new(&beside), known.as_ref(), content);
    let renamed = written.and_then(|()| fs::rename(&beside, &target));
    if renamed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    renamed
}

fn write_new(path: &Path, like: Option<&fs::Metadata>, content: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Some(like) = like {
        // Only root may give files away; for others it is theirs already.
        let _ = fchown(&file, Some(like.uid()), Some(like.gid()));
        file.set_permissions(like.permissions())?;
    }
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::super::load_passwords;
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    async fn change(file: &Path, user: &str, change: Change, typed: &str) -> Result<()> {
        let config = Config { file: file.into(), user: user.into(), change, at_terminal: false };
        run(&config, typed.as_bytes(), std::future::pending()).await
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_other_lines_stay() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("users");
        for kind in [HashKind::Sha512Pbkdf2, HashKind::Argon2id, HashKind::ScramSha256] {
            fs::write(&file, "# ours\n\nbob:plain\nann:old").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
            change(&file, "ann", Change::Set(kind), "new one\r\nrest").await.unwrap();
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("# ours\n\nbob:plain\nann:"), "{text}");
            assert_eq!(text.lines().count(), 4);
            let (passwords, warnings) = load_passwords(&file).unwrap();
            assert!(passwords.check("ann", b"new one") && !passwords.check("ann", b"old"));
            assert_eq!(warnings.len(), 1, "of bob");
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
            change(&file, "ann", Change::Delete, "").await.unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "# ours\n\nbob:plain\n");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_file_that_is_made_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("users");
        change(&file, "ann", Change::Set(HashKind::Sha512Pbkdf2), "pw").await.unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("users");
        let set = Change::Set(HashKind::Sha512Pbkdf2);
        for (user, kind, typed, class) in [
            ("a:b", set, "pw", Class::Usage),
            ("", set, "pw", Class::Usage),
            ("#a", set, "pw", Class::Usage),
            ("a\nb", set, "pw", Class::Usage),
            ("ann", set, "\n", Class::Usage),
            ("ann", set, "", Class::Usage),
            ("ann", Change::Delete, "", Class::File),
        ] {
            let error = change(&file, user, kind, typed).await.unwrap_err();
            assert_eq!(error.class(), class, "{user:?} {typed:?}");
            assert!(!file.exists());
        }
    }
}
