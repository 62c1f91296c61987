//! Sockets in the file system: one that a broker left behind is replaced, and
//! nothing else is ever removed.

use crate::error::{Class, Error, Result};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

/// The file of a socket that is listened on.
#[derive(Debug, Clone)]
pub(super) struct SocketFile {
    path: Arc<Path>,
    /// Device and number of the file, so that another's is left alone.
    id: Option<(u64, u64)>,
}

/// Listens at `path`, in place of a socket there that nobody listens at.
pub(super) fn listen(path: &Path) -> Result<(UnixListener, SocketFile)> {
    if let Ok(there) = fs::symlink_metadata(path) {
        make_room(path, &there)?;
    }
    let failed = |cause| cannot(path).because(cause);
    let listener = UnixListener::bind(path).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let id = fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()));
    Ok((listener, SocketFile { path: path.into(), id }))
}

fn make_room(path: &Path, there: &Metadata) -> Result<()> {
    if !there.file_type().is_socket() {
        let cause = io::Error::other("a file is there that is no socket");
        return Err(cannot(path).because(cause).hint("remove it, or give --unix another path"));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|cause| Error::file("remove", path, cause))
        }
        Err(cause) => Err(cannot(path).because(cause)),
        Ok(_) => {
            let cause = io::Error::from(io::ErrorKind::AddrInUse);
            let hint = "is a broker running there already? give --unix another path";
            Err(cannot(path).because(cause).hint(hint))
        }
    }
}

fn cannot(path: &Path) -> Error {
    Error::new(Class::Listen, format!("cannot listen at {}", path.display()))
}

impl SocketFile {
    pub(super) fn path(&self) -> Arc<Path> {
        Arc::clone(&self.path)
    }

    /// Removes the file, unless another has taken its place.
    pub(super) fn remove(&self) {
        let there = fs::symlink_metadata(&self.path).ok().map(|file| (file.dev(), file.ino()));
        if there.is_some() && there == self.id {
            // What cannot be removed now is found stale at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}
