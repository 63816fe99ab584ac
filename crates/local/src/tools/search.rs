use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// Where to look for programs, and where to keep downloaded ones.
#[derive(Clone, Debug)]
pub struct Search {
    /// Folders to look in, in the format of the variable PATH.
    pub path: OsString,
    /// Whether to look also where system packages put a Postgres that is not on the PATH.
    pub system: bool,
    /// Where downloaded programs are kept; each is downloaded once.
    pub tools: PathBuf,
}

impl Search {
    /// The PATH of this process, the folders of system packages, and `tools` for downloads.
    pub fn new(tools: impl Into<PathBuf>) -> Self {
        Self { path: env::var_os("PATH").unwrap_or_default(), system: true, tools: tools.into() }
    }

    /// Each executable of this name on the PATH, in that order.
    pub(super) fn on_path<'a>(&'a self, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        env::split_paths(&self.path).map(move |folder| folder.join(name)).filter(|program| program.is_file())
    }
}
