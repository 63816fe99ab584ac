//! Where programs are looked for.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// Where to look for programs, and where to keep fetched ones.
#[derive(Clone, Debug)]
pub struct Search {
    /// Folders to look in, in the form of the variable PATH.
    pub path: OsString,
    /// Whether to look also where packages put a Postgres that is not on the PATH.
    pub system: bool,
    /// Where fetched programs are kept; each is fetched once.
    pub tools: PathBuf,
}

impl Search {
    /// The PATH of this process, the packages' folders, and `tools` for what has to be fetched.
    pub fn new(tools: impl Into<PathBuf>) -> Self {
        Self { path: env::var_os("PATH").unwrap_or_default(), system: true, tools: tools.into() }
    }

    /// Each executable of that name on the PATH, in its order.
    pub(super) fn on_path<'a>(&'a self, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        env::split_paths(&self.path).map(move |folder| folder.join(name)).filter(|program| program.is_file())
    }
}
