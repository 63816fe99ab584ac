//! The one folder that holds everything of a running set.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use events::Service;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};

/// Layout of the folder; locked while a set runs in it.
pub struct Folder {
    root: PathBuf,
    _lock: File,
}

/// Made once by chance, kept for the next start.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// Signs sessions.
    pub session: String,
    /// Each service's password at Postgres and NATS.
    pub services: String,
    /// The operators' password at NATS.
    #[serde(default = "password")]
    pub operator: String,
}

fn password() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 32)
}

impl Secrets {
    fn new() -> Self {
        let session = Alphanumeric.sample_string(&mut rand::rng(), 64);
        Self { session, services: password(), operator: password() }
    }
}

/// What the running set tells the other commands.
#[derive(Serialize, Deserialize)]
pub struct Running {
    /// Address of the front door.
    pub url: String,
    /// Address of the broker.
    #[serde(default)]
    pub nats: String,
}

impl Folder {
    /// Opens (or makes) the folder. Refuses when a set already runs in it.
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
            fs::create_dir_all(root.join(part))
                .with_context(|| format!("cannot make {}", root.join(part).display()))?;
        }
        Ok(Self { root, _lock: lock })
    }

    /// A path in it.
    pub fn at(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }

    /// The secrets, made now if this is the first start.
    pub fn secrets(&self) -> Result<Secrets> {
        let secrets = match fs::read_to_string(self.at("secrets.toml")) {
            Ok(text) => toml::from_str(&text)
                .context("secrets.toml is damaged: move the folder away to begin anew")?,
            Err(_) => Secrets::new(),
        };
        // Written back: an earlier release may have known fewer of them.
        self.write_private("secrets.toml", &toml::to_string(&secrets)?)?;
        Ok(secrets)
    }

    /// Writes a file that only its owner may read; whole or not at all.
    pub fn write_private(&self, part: &str, content: &str) -> Result<PathBuf> {
        let path = self.at(part);
        let new = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Tells the other commands where the set runs.
    pub fn announce(&self, running: &Running) -> Result<()> {
        self.write_private("running.toml", &toml::to_string(running)?)?;
        Ok(())
    }

    /// The set runs no longer.
    pub fn retract(&self) {
        // Missing is what is wanted.
        drop(fs::remove_file(self.at("running.toml")));
    }

    /// The log file of one process, to append to.
    pub fn log(&self, name: &str) -> Result<File> {
        let path = self.at(&format!("log/{name}.log"));
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The last line of a log, which tells why its process ended.
pub fn last_line(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason").to_owned()
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

/// Everything that the settings of a service are made of.
pub struct ServiceSettings<'a> {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its database.
    pub database: String,
    /// The broker.
    pub nats: String,
    /// The secrets of this set.
    pub secrets: &'a Secrets,
    /// Address of the front door, for links in emails.
    pub portal: &'a str,
    /// Port of the mailbox.
    pub smtp: u16,
}

impl ServiceSettings<'_> {
    /// As TOML, the form in which every service reads its settings.
    pub fn toml(&self, service: Service) -> Result<String> {
        let mut settings = toml::Table::new();
        let mut section = |name: &str, values: toml::Table| settings.insert(name.to_owned(), values.into());
        section("http", table([("listen", self.listen.to_string().into())]));
        section("database", table([("url", self.database.clone().into())]));
        let user = service.name().to_owned();
        let password = self.secrets.services.clone();
        section(
            "nats",
            table([("url", self.nats.clone().into()), ("user", user.into()), ("password", password.into())]),
        );
        section(
            "session",
            table([("secret", self.secrets.session.clone().into()), ("secure", false.into())]),
        );
        if service == Service::Notification {
            section("portal", table([("url", self.portal.to_owned().into())]));
            section(
                "smtp",
                table([
                    ("host", "127.0.0.1".into()),
                    ("port", i64::from(self.smtp).into()),
                    ("encryption", "none".into()),
                    ("from", "Bescheid <bescheid@example.org>".into()),
                ]),
            );
            // The mailbox of this set answers at once or is gone.
            section(
                "delivery",
                table([("final_answer_seconds", 30.into()), ("longest_outage_pause_seconds", 2.into())]),
            );
        }
        Ok(toml::to_string(&settings)?)
    }
}

fn table<const N: usize>(pairs: [(&str, toml::Value); N]) -> toml::Table {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
