//! Shared by the tests of this crate.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use local::tools::Search;

/// An empty folder that everybody may enter; removed when dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("local-{:016x}", rand::random::<u64>()));
        DirBuilder::new().mode(0o755).create(&path).expect("a temporary folder can be made");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("its maker owns it");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A server that has just been told to stop may still write there.
        let give_up = Instant::now() + Duration::from_secs(10);
        while fs::remove_dir_all(&self.0).is_err() && self.0.exists() && Instant::now() < give_up {
            std::thread::yield_now();
        }
    }
}

/// Keeps downloaded programs in the target folder, between test runs.
pub fn search() -> Search {
    Search::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools"))
}

/// Records the progress messages.
#[derive(Default)]
pub struct ProgressLog(Mutex<Vec<String>>);

impl ProgressLog {
    pub fn record(&self, line: &str) {
        self.0.lock().expect("nobody panics while holding it").push(line.to_owned());
    }

    pub fn all(&self) -> String {
        self.0.lock().expect("nobody panics while holding it").join("\n")
    }
}
