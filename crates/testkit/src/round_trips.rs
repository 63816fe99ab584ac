//! How often a process and its Postgres wait for each other.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chassis::settings::{Database, ExposeSecret};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::environment;

/// Counts the questions to Postgres on all connections through a proxy in front of it.
#[derive(Clone)]
pub struct RoundTrips {
    count: Arc<AtomicUsize>,
    /// The port of the proxy.
    port: u16,
}

impl RoundTrips {
    /// Starts the proxy; it ends with the test.
    pub async fn start() -> Self {
        let server: PgConnectOptions = environment::get(environment::POSTGRES).parse().expect("an address");
        let server = (Ipv4Addr::LOCALHOST, server.get_port());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let counter = Arc::new(AtomicUsize::new(0));
        let count = counter.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.expect("Postgres");
                for socket in [&client, &server] {
                    socket.set_nodelay(true).expect("a socket takes options");
                }
                let ((questions, answered), (answers, asked)) = (client.into_split(), server.into_split());
                let (count, waiting) = (counter.clone(), Arc::new(AtomicBool::new(false)));
                let waits = waiting.clone();
                tokio::spawn(pass_on(questions, asked, move || {
                    // A question may come in several pieces.
                    if !waits.swap(true, Ordering::SeqCst) {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                }));
                tokio::spawn(pass_on(answers, answered, move || waiting.store(false, Ordering::SeqCst)));
            }
        });
        Self { count, port }
    }

    /// How many so far.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// The same database, through the proxy.
    pub fn through(&self, options: PgConnectOptions) -> PgConnectOptions {
        options.port(self.port)
    }

    /// The same, as a setting of a service.
    pub fn setting(&self, database: &Database) -> Database {
        let options = database.url.expose_secret().parse().expect("an address");
        let url = self.through(options).to_url_lossy();
        Database { url: url.as_str().into(), ..database.clone() }
    }
}

/// Passes on what comes until the connection ends, and calls `seen` for each piece before.
async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: impl Fn()) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut piece).await
        && length > 0
    {
        seen();
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
