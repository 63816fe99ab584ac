//! Creates the data folder.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::path::Path;

use anyhow::{Context, Result};

use super::{ADMIN, Durability, Postgres, signs};
use crate::folder;

impl Postgres {
    /// Created in a temporary place and then renamed, so that a crash leaves no incomplete cluster.
    pub(super) async fn make_cluster(&self, data: &Path) -> Result<()> {
        for entry in fs::read_dir(&self.home)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("new-") {
                fs::remove_dir_all(entry.path())?;
            }
        }
        let new = self.home.join(format!("new-{}", folder::random_name()));
        DirBuilder::new().mode(0o700).create(&new)?;
        let cluster = new.join("data");
        let password = format!("{}{}", folder::random_name(), folder::random_name());
        let password_file = new.join("bescheid.password");
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&password_file)?;
        file.write_all(password.as_bytes())?;
        if let Some(user) = &self.user {
            chown(&new, Some(user.uid), Some(user.gid))?;
            chown(&password_file, Some(user.uid), Some(user.gid))?;
        }

        let mut initdb = self.command("initdb");
        initdb
            .arg("-D")
            .arg(&cluster)
            .arg("--pwfile")
            .arg(&password_file)
            .args(["-U", ADMIN, "-A", "scram-sha-256", "-E", "UTF8", "--data-checksums"])
            // Sorts by code point on every machine, but knows upper and lower case of all letters.
            .args(if self.programs.major >= 17 {
                &["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"][..]
            } else if cfg!(target_os = "macos") {
                &["--locale=C", "--lc-ctype=UTF-8"][..]
            } else {
                &["--locale=C", "--lc-ctype=C.UTF-8"][..]
            });
        if self.settings.durability == Durability::Fast {
            initdb.arg("--no-sync");
        }
        let output = initdb.kill_on_drop(true).output().await.context("cannot start initdb")?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            fs::remove_dir_all(&new)?;
            return Err(signs::reason(&stderr));
        }
        fs::rename(&password_file, cluster.join("bescheid.password"))?;
        fs::rename(&cluster, data)?;
        fs::remove_dir(&new)?;
        Ok(())
    }
}
