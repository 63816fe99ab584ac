//! A small mail server: receives SMTP, stores one file per email, and shows the emails as pages.
//!
//! Tests inject faults here: it then refuses, delays or cuts the next deliveries.

mod fault;
mod pages;
mod shared;
mod smtp;
mod store;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

pub use fault::Fault;
pub use store::{Content, Message};

use crate::{folder, port};
use shared::Shared;

/// The mail server. Clones share one mailbox, which listens until [`Mailbox::stop`] or until the last clone is
/// dropped.
#[derive(Clone)]
pub struct Mailbox {
    shared: Arc<Shared>,
    listening: Arc<Mutex<Listening>>,
}

struct Listening {
    port: u16,
    task: Option<JoinHandle<()>>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Mailbox {
    /// Listens on 127.0.0.1:`port` (0 chooses a free one). Emails stored in `folder` earlier are shown again.
    pub async fn start(folder: &Path, port: u16) -> Result<Self> {
        folder::private_folder(folder)?;
        let lock = folder::lock(folder)?;
        let (arrived, _) = watch::channel(0);
        let shared = Shared {
            store: store::Store::open(folder)?,
            faults: fault::Faults::default(),
            arrived,
            _lock: lock,
        };
        let listening = Arc::new(Mutex::new(Listening { port, task: None }));
        let mailbox = Self { shared: Arc::new(shared), listening };
        mailbox.restart().await?;
        Ok(mailbox)
    }

    /// The port on 127.0.0.1; it stays the same after a restart.
    pub fn port(&self) -> u16 {
        self.state().port
    }

    /// Every accepted email, oldest first.
    pub fn messages(&self) -> Vec<Arc<Message>> {
        self.shared.store.messages()
    }

    /// Headers, parts and source of an email; `None` if no email has this id.
    pub async fn read(&self, id: u64) -> Result<Option<Content>> {
        self.shared.store.read(id).await
    }

    /// Waits until `look`, called with all emails, returns a value. After `within` it fails and lists the emails
    /// there are.
    ///
    /// ```no_run
    /// # async fn f(mailbox: local::Mailbox) -> anyhow::Result<()> {
    /// let within = std::time::Duration::from_secs(10);
    /// let mine = mailbox.wait_for(within, |all| all.iter().find(|mail| mail.is_to("amt@solingen.example")).cloned()).await?;
    /// # Ok(()) }
    /// ```
    pub async fn wait_for<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&[Arc<Message>]) -> Option<T>,
    ) -> Result<T> {
        // Subscribed before the first look, so that no email between the two is missed.
        let mut arrived = self.shared.arrived.subscribe();
        let waiting = async {
            loop {
                if let Some(found) = look(&self.messages()) {
                    return found;
                }
                arrived.changed().await.expect("the sender lives as long as this mailbox");
            }
        };
        if let Ok(found) = timeout(within, waiting).await {
            return Ok(found);
        }
        let there: Vec<String> =
            self.messages().iter().map(|mail| format!("{} «{}»", mail.to.join(", "), mail.subject)).collect();
        bail!(
            "the awaited email did not come within {within:?}; there are {}: {}",
            there.len(),
            there.join("; ")
        )
    }

    /// Arms a fault for the next `times` connections, recipients or emails (see [`Fault`] for which of them).
    pub fn inject(&self, fault: Fault, times: usize) {
        self.shared.faults.arm(fault, None, times);
    }

    /// Like [`Self::inject`], only for this recipient.
    pub fn inject_for(&self, recipient: &str, fault: Fault, times: usize) {
        self.shared.faults.arm(fault, Some(recipient), times);
    }

    /// Disarms every fault; returns how many times armed faults had not yet occurred.
    pub fn clear_faults(&self) -> usize {
        self.shared.faults.clear()
    }

    /// Closes the port and cuts every connection; the pages stay available. Does nothing if it is stopped already.
    pub async fn stop(&self) {
        let task = self.state().task.take();
        if let Some(task) = task {
            task.abort();
            // It ends as cancelled; after that the port is free.
            let _ = task.await;
        }
    }

    /// Stops if it is running, and listens again on the same port.
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        let mut wanted = self.port();
        if wanted == 0 {
            wanted = port::free_port()?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await;
        let listener = listener.with_context(|| format!("port {wanted} for the mailbox is in use by another program: end that program or choose another port"))?;
        let task = tokio::spawn(accept(listener, self.shared.clone()));
        let mut state = self.state();
        state.port = wanted;
        state.task = Some(task);
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Listening> {
        self.listening.lock().expect("nobody panics while holding it")
    }
}

/// When this task ends, its connections end too.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    let shared = shared.clone();
                    connections.spawn(async move {
                        if let Err(error) = smtp::serve(&shared, socket).await {
                            tracing::debug!(%error, "a mail connection broke");
                        }
                    });
                }
                Err(error) => tracing::warn!(%error, "cannot accept a mail connection"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
