//! Where passwords come from when they are not typed into the command line,
//! which everybody on the machine can read.

use super::super::values;
use crate::error::{Class, Error, Result};
use crate::prompt;
use crate::secret::Secret;
use crate::signals;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tokio::runtime::Builder;

/// The longest password MQTT has room for, in bytes, and the end of its line.
const READ_AT_MOST: u64 = 65_535 + 2;

/// The secret in the file or the variable if one is named, or else the one typed.
pub(in crate::cli) fn chosen(
    typed: Option<Secret>,
    file: Option<PathBuf>,
    variable: Option<String>,
) -> Result<Option<Secret>> {
    match (file, variable) {
        (Some(path), _) => from_file(&path).map(Some),
        (None, Some(name)) => from_variable(&name).map(Some),
        (None, None) => Ok(typed),
    }
}

/// The secret in a file, without the end of its last line.
pub(super) fn from_file(path: &Path) -> Result<Secret> {
    values::file(path, READ_AT_MOST).map(|bytes| Secret::without_line_end(&bytes))
}

/// The secret in a variable of the environment.
pub(super) fn from_variable(name: &str) -> Result<Secret> {
    std::env::var(name).map(Secret::new).map_err(|_| {
        Error::usage(format!("the variable {name} is not set, but a password is to be in it"))
    })
}

/// What a command of the shell prints, without the end of its last line.
pub(super) fn from_command(command: &str) -> Result<Secret> {
    let failed = |why: &str| Error::new(Class::Other, format!("--password-command {why}"));
    let shell = Command::new("sh").args(["-c", command]).stderr(Stdio::inherit()).output();
    let output = shell.map_err(|cause| failed("cannot be run").because(cause))?;
    if !output.status.success() {
        return Err(failed(&format!("failed: {}", output.status)));
    }
    Ok(Secret::without_line_end(&output.stdout))
}

/// What is typed at the terminal, unseen.
pub(super) fn from_terminal() -> Result<Secret> {
    let failed = |cause| Error::new(Class::Other, "cannot ask for the password").because(cause);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let typed = runtime.block_on(prompt::at_terminal("Password: ", signals::stop()));
    // A read that a signal has ended the wait for is left behind.
    runtime.shutdown_background();
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_line_is_not_part_of_a_password() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (content, secret) in [("pw", "pw"), ("pw\n", "pw"), ("pw \r\n", "pw "), ("", "")] {
            std::fs::write(file.path(), content).unwrap();
            assert_eq!(from_file(file.path()).unwrap(), Secret::new(secret), "{content:?}");
        }
        assert_eq!(from_command("echo pw").unwrap(), Secret::new("pw"));
    }

    #[test]
    fn a_source_that_fails_is_named_and_not_what_it_said() {
        let said = from_command("echo hunter2; exit 3").unwrap_err().to_string();
        assert!(said.contains("exit status: 3") && !said.contains("hunter2"), "{said}");
        let said = from_variable("MQX_NO_SUCH_VARIABLE").unwrap_err().to_string();
        assert!(said.contains("MQX_NO_SUCH_VARIABLE"), "{said}");
        assert_eq!(from_file(Path::new("/no/such")).unwrap_err().class(), Class::File);
    }
}
