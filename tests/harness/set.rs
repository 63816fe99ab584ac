use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bescheid::client::Api;
use chassis::Role;
use local::{Process, Signal};
use rustix::process::{Pid, kill_process};
use testkit::{environment, until_some};
use tokio::process::Command;

use crate::open_folder;

/// `bescheid up` as a process, in a folder of its own.
pub struct Set {
    /// Its data folder.
    pub data: PathBuf,
    /// Address of its gateway.
    pub url: String,
    /// A client of its API, for tokens of any person.
    pub api: Api,
    process: Process,
    folder: tempfile::TempDir,
}

impl Set {
    /// Starts everything; returns when the gateway answers.
    pub async fn start() -> Self {
        let folder = open_folder();
        let data = folder.path().join("data");
        let port = local::free_port().expect("a free port");
        let nats = PathBuf::from(environment::get(environment::NATS_SERVER));
        let path = std::env::join_paths(
            std::iter::once(nats.parent().expect("a folder").to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        )
        .expect("a search path");
        let log = File::create(folder.path().join("up.log")).expect("a log");
        let mut command = Command::new(program());
        command
            .args(["up", "--port", &port.to_string(), "--data"])
            .arg(&data)
            .env("PATH", path)
            .stdout(log.try_clone().expect("the same log"))
            .stderr(log);
        let process = Process::spawn("bescheid up", command, Signal::INT).await.expect("the set starts");
        let api = until_some("the set runs", || async { Api::of_running(&data).ok() }).await;
        let url = format!("http://localhost:{port}");
        Self { data, url, api, process, folder }
    }

    /// SIGKILL for one service, whose process id the API for operators gives.
    pub async fn kill_service(&self, name: &str) {
        let token = self.api.token("operator", Role::Operator, None);
        let services = self.api.get("/ops/api/services", &token).await.expect("the services");
        let service =
            services.as_array().expect("a list").iter().find(|one| one["name"] == name).expect("a service");
        kill(service["pid"].as_i64().expect("a process"));
    }

    /// SIGKILL for the process whose id is the first line of a file in the data folder.
    pub fn kill_by_file(&self, file: &str) {
        let path = find(&self.data, file).unwrap_or_else(|| panic!("there is no {file} in the set's folder"));
        let text = std::fs::read_to_string(path).expect("a file");
        kill(text.lines().next().expect("a line").trim().parse().expect("a process id"));
    }

    /// Ends it as Ctrl-C does, and checks the exit code.
    pub async fn finish(mut self) {
        let status = self.process.stop(Duration::from_secs(60)).await.expect("an end");
        assert!(status.success(), "the set ends in order: {status}");
    }
}

impl Drop for Set {
    /// Keeps the folder, with its logs, when the test has failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("the set's folder is left in {}", self.folder.path().display());
        }
    }
}

fn kill(id: i64) {
    let pid = Pid::from_raw(i32::try_from(id).expect("a process id")).expect("a process id");
    kill_process(pid, Signal::KILL).expect("killed");
}

/// A file with this name below a folder; links to folders are followed.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.file_name() == name {
                return Some(path);
            }
        }
    }
    None
}

/// The program `bescheid`, built together with the tests.
pub fn program() -> PathBuf {
    // …/target/debug/deps/fault-… → …/target/debug/bescheid
    let own = std::env::current_exe().expect("this test's own file");
    let program = own.parent().and_then(Path::parent).expect("a target folder").join("bescheid");
    assert!(program.exists(), "{} is missing: run the tests with `tests/run`", program.display());
    program
}
