use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A small disk that can be filled: a mounted tmpfs, unmounted when it is dropped.
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// # Errors
    /// Mounting is not permitted.
    pub fn of_megabytes(size: u32) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("bescheid-disk-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()
            .map_err(|error| error.to_string())?;
        let options = format!("size={size}m,mode=755");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        if !mounted.status.success() {
            return Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned());
        }
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    pub fn fill(&self) {
        // It ends with an error: no space left.
        let filled = Command::new("dd")
            .args(["if=/dev/zero", "bs=4096"])
            .arg(format!("of={}", self.filler().display()))
            .output();
        filled.expect("dd");
    }

    /// Deletes what [`Disk::fill`] has written.
    pub fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("the filler is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, since a server that has not ended yet may still use it.
        drop(Command::new("umount").arg("-l").arg(self.path()).output());
    }
}
