use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use local::{Process, Signal};
use tempfile::TempDir;
use testkit::until_some;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::cluster::broker_config;
use crate::open_folder;

/// A NATS cluster of three servers on this machine.
pub struct Brokers {
    pub servers: Vec<Server>,
    /// Their addresses, separated by commas.
    pub url: String,
    _folder: TempDir,
}

/// One server. Unlike [`local::Nats`] it keeps its name over a restart, since the others know it by its name.
pub struct Server {
    name: String,
    port: u16,
    home: PathBuf,
    process: Option<Process>,
}

impl Brokers {
    pub async fn start() -> Self {
        let folder = open_folder();
        let free = || local::free_port().expect("a free port");
        let routes: Vec<String> = (0..3).map(|_| format!("127.0.0.1:{}", free())).collect();
        let all = routes.iter().map(|route| format!("nats://{route}")).collect::<Vec<_>>().join(", ");
        let mut servers = Vec::new();
        for (number, route) in routes.iter().enumerate() {
            let name = format!("cluster-{number}");
            let home = folder.path().join(&name);
            std::fs::create_dir(&home).expect("a folder");
            let config = format!(
                "{}cluster {{ name: brokers, listen: {route:?}, no_advertise: true, routes: [{all}] }}\n",
                broker_config()
            );
            std::fs::write(home.join("nats.conf"), config).expect("a settings file");
            let mut server = Server { name, port: free(), home, process: None };
            server.start().await;
            servers.push(server);
        }
        let urls: Vec<String> =
            servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.port)).collect();
        Self { servers, url: urls.join(","), _folder: folder }
    }

    /// The index of the server that leads the stream.
    pub async fn leader(&self, context: &async_nats::jetstream::Context) -> usize {
        until_some("the stream has a leader", || async {
            let stream = context.get_stream(events::STREAM).await.ok()?;
            let leader = stream.cached_info().cluster.as_ref()?.leader.clone()?;
            self.servers.iter().position(|server| server.name == leader)
        })
        .await
    }

    pub async fn stop(mut self) {
        for server in &mut self.servers {
            if let Some(mut process) = server.process.take() {
                process.stop(Duration::from_secs(20)).await.expect("it stops");
            }
        }
    }
}

impl Server {
    /// Returns when the server accepts connections.
    pub async fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.home.join("nats.log")).expect("a log");
        let mut command = Command::new(testkit::nats_program().program);
        command
            .args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-n", &self.name, "-js", "-sd"])
            .arg(self.home.join("store"))
            .arg("-c")
            .arg(self.home.join("nats.conf"))
            .stdout(log.try_clone().expect("the same log"))
            .stderr(log);
        self.process = Some(Process::spawn("nats-server", command, Signal::TERM).await.expect("it starts"));
        until_some("nats-server answers", || async {
            TcpStream::connect(("127.0.0.1", self.port)).await.ok()
        })
        .await;
    }

    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.expect("killed");
        }
    }

    /// SIGSTOP: connections stay open and nothing answers.
    pub fn pause(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::STOP).expect("it stands still");
    }

    /// SIGCONT, after [`Server::pause`].
    pub fn resume(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::CONT).expect("it goes on");
    }
}
