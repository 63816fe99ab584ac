//! Three brokers that are one.

use futures_util::future::join_all;
use local::{Nats, NatsSettings};
use tempfile::TempDir;

use super::settings;

/// Three nats-servers as a cluster on this machine.
pub struct Cluster {
    /// The servers.
    pub servers: Vec<Nats>,
    /// Their addresses, by comma.
    pub url: String,
    _folder: TempDir,
}

impl Cluster {
    /// Starts all three at once: a meta leader needs two.
    pub async fn start() -> Self {
        let folder = super::folder();
        let ports: Vec<u16> = (0..3).map(|_| local::free_port().expect("a free port")).collect();
        let routes: Vec<String> = ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let starts = ports.iter().enumerate().map(|(number, port)| {
            let config = format!(
                "{}cluster {{ name: rig, listen: \"127.0.0.1:{port}\", no_advertise: true, routes: [{}] }}\n",
                settings::broker(),
                routes.join(", ")
            );
            let home = folder.path().join(format!("nats-{number}"));
            async move {
                let settings = NatsSettings { config, ..NatsSettings::new(home) };
                Nats::start(&testkit::nats_program(), settings, &|_| {}).await.expect("nats-server starts")
            }
        });
        let servers = join_all(starts).await;
        let url = servers.iter().map(Nats::url).collect::<Vec<_>>().join(",");
        Self { servers, url, _folder: folder }
    }

    /// The server that leads the stream, as the broker says; its place in the list.
    pub async fn leader(&self, context: &async_nats::jetstream::Context) -> usize {
        let leader = testkit::until_some("the stream has a leader", || async {
            let stream = context.get_stream(events::STREAM).await.ok()?;
            stream.cached_info().cluster.as_ref()?.leader.clone()
        })
        .await;
        let named = self.servers.iter().position(|server| says_name(server, &leader));
        named.expect("one of the three")
    }

    /// Stops all.
    pub async fn stop(mut self) {
        for server in &mut self.servers {
            // Paused ones are woken by the stop.
            server.stop().await.expect("it stops");
        }
    }
}

/// A server tells its name in its log when it starts.
fn says_name(server: &Nats, name: &str) -> bool {
    let log = std::fs::read_to_string(server.log()).unwrap_or_default();
    log.lines().any(|line| line.contains("Name:") && line.ends_with(name))
}
