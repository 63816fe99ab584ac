//! The data folder of a set.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use events::Service;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};

/// The default data folder.
pub const DATA: &str = ".bescheid";

/// The data folder, locked while a set runs in it.
pub struct Folder {
    root: PathBuf,
    _lock: File,
}

/// Random secrets, generated at the first start and stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// Key that signs sessions.
    pub session: String,
    /// The operators' password at NATS.
    #[serde(default = "password")]
    pub operator: String,
    /// The password of each service at Postgres.
    #[serde(default)]
    postgres: BTreeMap<String, String>,
    /// The password of each service at NATS.
    #[serde(default)]
    nats: BTreeMap<String, String>,
}

fn password() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 32)
}

impl Secrets {
    fn new() -> Self {
        let session = Alphanumeric.sample_string(&mut rand::rng(), 64);
        Self { session, operator: password(), postgres: BTreeMap::new(), nats: BTreeMap::new() }
    }

    /// Adds a password for each service that has none.
    fn complete(&mut self) {
        for service in Service::ALL {
            for passwords in [&mut self.postgres, &mut self.nats] {
                passwords.entry(service.name().to_owned()).or_insert_with(password);
            }
        }
    }

    pub fn postgres(&self, service: Service) -> &str {
        self.postgres.get(service.name()).map_or("", String::as_str)
    }

    pub fn nats(&self, service: Service) -> &str {
        self.nats.get(service.name()).map_or("", String::as_str)
    }
}

/// What other commands need to know of a running set.
#[derive(Serialize, Deserialize)]
pub struct Running {
    /// URL of the gateway.
    pub url: String,
    /// URL of the broker.
    #[serde(default)]
    pub nats: String,
}

impl Folder {
    /// Opens the folder, and creates it if needed. `Err` if a set already runs in it.
    pub fn open(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot make the folder {}", root.display()))?;
        let root =
            root.canonicalize().with_context(|| format!("cannot use the folder {}", root.display()))?;
        let lock =
            File::create(root.join("lock")).with_context(|| format!("cannot write in {}", root.display()))?;
        if lock.try_lock().is_err() {
            let place = running(&root).map_or_else(|_| "it is still starting".to_owned(), |set| set.url);
            bail!("Bescheid already runs with the data in {}: {place}", root.display());
        }
        for part in ["config", "log"] {
            local::private_folder(&root.join(part))?;
        }
        Ok(Self { root, _lock: lock })
    }

    /// The path of `part` in the folder.
    pub fn at(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }

    /// The secrets, generated if this is the first start.
    pub fn secrets(&self) -> Result<Secrets> {
        let mut secrets: Secrets = match fs::read_to_string(self.at("secrets.toml")) {
            Ok(text) => toml::from_str(&text)
                .context("secrets.toml is damaged: move the folder away to begin anew")?,
            Err(_) => Secrets::new(),
        };
        secrets.complete();
        // Written back, since the file of an earlier release may contain fewer of them.
        self.write_private("secrets.toml", &toml::to_string(&secrets)?)?;
        Ok(secrets)
    }

    /// Writes a file atomically, readable only by its owner.
    pub fn write_private(&self, part: &str, content: &str) -> Result<PathBuf> {
        let path = self.at(part);
        let new = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Publishes where the set runs, for other commands.
    pub fn announce(&self, running: &Running) -> Result<()> {
        self.write_private("running.toml", &toml::to_string(running)?)?;
        Ok(())
    }

    /// Takes that back when the set stops.
    pub fn retract(&self) {
        // It may be missing already.
        drop(fs::remove_file(self.at("running.toml")));
    }
}

/// The set that runs in `root`.
pub fn running(root: &Path) -> Result<Running> {
    let text = fs::read_to_string(root.join("running.toml")).with_context(|| {
        format!("nothing runs with the data in {}: start it with `bescheid up`", root.display())
    })?;
    toml::from_str(&text).context("running.toml is damaged")
}

/// The secrets of the set in `root`.
pub fn secrets(root: &Path) -> Result<Secrets> {
    let text = fs::read_to_string(root.join("secrets.toml"))
        .with_context(|| format!("there is no set in {}", root.display()))?;
    toml::from_str(&text).context("secrets.toml is damaged")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn other_users_read_nothing_and_no_service_has_the_password_of_another() {
        let root = tempfile::tempdir().unwrap();
        // As an earlier release has left it.
        fs::create_dir(root.path().join("log")).unwrap();
        fs::set_permissions(root.path().join("log"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.path().join("secrets.toml"), "session = \"s\"\nservices = \"one for all\"\n").unwrap();

        let folder = Folder::open(root.path()).unwrap();
        let secrets = folder.secrets().unwrap();
        for part in ["log", "config"] {
            assert_eq!(mode(&folder.at(part)), 0o700, "{part}");
        }
        assert_eq!(mode(&folder.at("secrets.toml")), 0o600);
        let passwords = Service::ALL.into_iter().flat_map(|one| [secrets.postgres(one), secrets.nats(one)]);
        let different: BTreeSet<&str> = passwords.chain([secrets.operator.as_str()]).collect();
        assert_eq!(different.len(), 2 * Service::ALL.len() + 1);
        assert!(different.iter().all(|password| password.len() == 32));
        assert_eq!(secrets.session, "s");
        let again = folder.secrets().unwrap();
        assert_eq!(again.postgres(Service::Award), secrets.postgres(Service::Award), "they stay");
    }
}
