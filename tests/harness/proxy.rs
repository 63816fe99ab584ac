//! A TCP proxy that injects network faults, which can be switched while it runs.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// What is wrong with the network; by default, nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NetworkFault {
    /// Each byte arrives this much later, in both directions.
    pub latency: Duration,
    /// This share of new connections (0 to 1) is cut after [`NetworkFault::cut_after`] bytes.
    pub cut_share: f64,
    /// In bytes, both directions together.
    pub cut_after: u64,
    /// Half open: what is written is swallowed and nothing comes back, without any sign of it. Such a
    /// connection stays dead when the fault is over, as behind a router that has lost its state.
    pub swallow: bool,
    /// New connections are closed at once.
    pub refuse: bool,
}

struct Shared {
    targets: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
    fault: watch::Sender<NetworkFault>,
    /// Incremented to cut every open connection.
    cuts: watch::Sender<u64>,
    /// Number of connections accepted so far.
    connections: AtomicUsize,
}

/// A running proxy; ends when it is dropped.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 and forwards connections to the targets in turn; where one refuses, to the
    /// next one.
    pub async fn to(targets: Vec<SocketAddr>) -> Self {
        let port = local::free_port().expect("a free port");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a free port");
        let shared = Arc::new(Shared {
            targets: Mutex::new(targets),
            next: AtomicUsize::new(0),
            fault: watch::Sender::new(NetworkFault::default()),
            cuts: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { port, shared, task }
    }

    /// A proxy to one port of 127.0.0.1.
    pub async fn to_port(port: u16) -> Self {
        Self::to(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]).await
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Sets the fault for open and new connections.
    pub fn set(&self, fault: NetworkFault) {
        self.shared.fault.send_replace(fault);
    }

    /// Ends the fault.
    pub fn heal(&self) {
        self.set(NetworkFault::default());
    }

    /// Cuts every open connection.
    pub fn cut_all(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Sets the targets of new connections.
    pub fn point(&self, targets: Vec<SocketAddr>) {
        *self.shared.targets.lock().unwrap_or_else(PoisonError::into_inner) = targets;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { continue };
                connections.spawn(carry(socket, shared.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(client: TcpStream, shared: Arc<Shared>) {
    let number = shared.connections.fetch_add(1, Ordering::Relaxed);
    let fault = *shared.fault.borrow();
    if fault.refuse {
        return;
    }
    let budget = struck(number, fault.cut_share).then_some(fault.cut_after);
    let mut cuts = shared.cuts.subscribe();
    cuts.mark_unchanged();
    if fault.swallow {
        // The target never learns of this connection.
        let (mut from, _open) = client.into_split();
        return drain(&mut from).await;
    }
    let Ok(server) = connect(&shared).await else { return };
    // The only latency is that of the fault.
    if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
        return;
    }
    let passed = Arc::new(AtomicU64::new(0));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = pass(from_client, to_server, shared.clone(), passed.clone(), budget);
    let back = pass(from_server, to_client, shared.clone(), passed, budget);
    let both = async {
        tokio::pin!(there, back);
        // If one direction ends in order, the other may finish; if one is cut, both end.
        tokio::select! {
            ended = &mut there => if ended.is_ok() { drop((&mut back).await) },
            ended = &mut back => if ended.is_ok() { drop((&mut there).await) },
        }
    };
    tokio::select! {
        () = both => {}
        _ = cuts.changed() => {}
    }
}

/// Whether this connection belongs to the share: spread evenly, and the same in each run.
fn struck(number: usize, share: f64) -> bool {
    let part = |n: usize| (n as f64 * share).floor();
    part(number + 1) > part(number)
}

async fn connect(shared: &Shared) -> io::Result<TcpStream> {
    let targets = shared.targets.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let first = shared.next.fetch_add(1, Ordering::Relaxed);
    let mut refused = io::Error::other("no target");
    for step in 0..targets.len() {
        match TcpStream::connect(targets[(first + step) % targets.len()]).await {
            Ok(connection) => return Ok(connection),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Forwards one direction. An error means that the connection is cut or broken.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Arc<Shared>,
    passed: Arc<AtomicU64>,
    budget: Option<u64>,
) -> io::Result<()> {
    let mut fault = shared.fault.subscribe();
    // Reading goes on while earlier bytes are still delayed.
    let (queue, mut on_the_way) = mpsc::channel::<(Instant, Vec<u8>)>(1024);
    let reading = async {
        // Dropped with this block, which tells the writer that it has everything.
        let queue = queue;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let read = from.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            let total = passed.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
            if budget.is_some_and(|budget| total > budget) {
                return Err(io::Error::other("cut"));
            }
            let due = Instant::now() + shared.fault.borrow().latency;
            if queue.send((due, buffer[..read].to_vec())).await.is_err() {
                return Ok(());
            }
        }
    };
    let writing = async {
        while let Some((due, bytes)) = on_the_way.recv().await {
            sleep_until(due).await;
            if shared.fault.borrow().swallow {
                // The connection stays dead.
                return std::future::pending().await;
            }
            to.write_all(&bytes).await?;
        }
        to.shutdown().await
    };
    let struck = async {
        // Idle connections die, too.
        if fault.wait_for(|fault| fault.swallow).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let traffic = async { tokio::try_join!(reading, writing).map(|_| ()) };
    tokio::select! {
        ended = traffic => ended,
        () = struck => std::future::pending().await,
    }
}

async fn drain(from: &mut OwnedReadHalf) {
    let mut buffer = [0; 4096];
    while from.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
