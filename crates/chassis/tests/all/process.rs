//! A service as a process: exit codes, signals, and messages to the person who has started it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};

use axum::http::StatusCode;

use crate::client::get;

struct Hello {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Hello {
    /// The example `hello`, which cargo builds beside the tests.
    fn start(url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::run(Command::new(Self::program()).args(arguments), url, variables)
    }

    /// The same, with an inherited listening socket as descriptor 3, as from systemd.
    fn on(socket: &TcpListener, url: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg("exec \"$0\" 3<&0 </dev/null").arg(Self::program());
        shell.stdin(OwnedFd::from(socket.try_clone().unwrap()));
        Self::run(shell.env("LISTEN_FDS", "1").env_remove("LISTEN_PID"), url, &[])
    }

    fn program() -> PathBuf {
        let tests = std::env::current_exe().unwrap();
        tests.parent().unwrap().parent().unwrap().join("examples/hello")
    }

    fn run(command: &mut Command, url: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = command
            .env("BESCHEID_HELLO__DATABASE__URL", url)
            .env("BESCHEID_HELLO__SESSION__SECRET", "x".repeat(32))
            .env("BESCHEID_HELLO__HTTP__LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// Reads the log until a line contains `text`.
    fn line_with(&mut self, text: &str) -> String {
        let mut line = String::new();
        while self.log.read_line(&mut line).unwrap() > 0 {
            if line.contains(text) {
                return line;
            }
            line.clear();
        }
        panic!("the process ended without saying {text}");
    }

    fn url(&mut self) -> String {
        let line = self.line_with("listens on");
        line.split_whitespace().last().unwrap().to_owned()
    }

    fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.log.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn sigterm_drains_and_ends_with_success() {
    let database = testkit::database("chassis", &[]).await;
    let mut hello = Hello::start(&database.url, &[], &[]);
    let url = hello.url();
    assert_eq!(get(&url, &[]).await.text(), "hello");
    assert_eq!(get(&format!("{url}/readyz"), &[]).await.status, StatusCode::OK);
    hello.terminate();
    let (code, said) = hello.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stopped"), "{said}");
}

#[tokio::test]
async fn who_comes_while_nobody_serves_an_inherited_socket_is_served_by_the_next() {
    let database = testkit::database("chassis", &[]).await;
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    for _ in 0..2 {
        let mut early = TcpStream::connect(address).unwrap();
        early.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut hello = Hello::on(&socket, &database.url);
        assert_eq!(hello.url(), format!("http://{address}"));
        let mut answer = String::new();
        early.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
        hello.terminate();
        let (code, said) = hello.end();
        assert_eq!(code, Some(0), "{said}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once_what_would_wait() {
    let database = testkit::database("chassis", &[]).await;
    let mut hello = Hello::start(&database.url, &[], &[]);
    let url = hello.url();
    let mut waiting = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    waiting.write_all(b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    // When another connection is answered, the first request has been accepted.
    get(&url, &[]).await;
    hello.terminate();
    hello.line_with("draining");
    hello.terminate();
    let (code, said) = hello.end();
    assert_eq!(code, Some(1));
    assert!(said.contains("hello: stopped at once"), "{said}");
}

#[tokio::test]
async fn a_lost_background_task_ends_the_process_with_failure() {
    let database = testkit::database("chassis", &[]).await;
    let mut hello = Hello::start(&database.url, &[], &[("BESCHEID_HELLO__LOSE_BROKER", "true")]);
    let (code, said) = hello.end();
    assert_eq!(code, Some(1));
    assert!(said.contains("hello: background task broker ended: connection lost"), "{said}");
}

#[test]
fn a_bad_setting_stops_before_any_socket_opens() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let variables = [("BESCHEID_HELLO__HTTP__LISTEN", &*address), ("BESCHEID_HELLO__HTTP__LISTE", "x")];
    let (code, said) = Hello::start("postgres://x", &[], &variables).end();
    assert_eq!(code, Some(1));
    assert!(said.contains("BESCHEID_HELLO__HTTP__LISTE: http.liste: unknown field"), "{said}");

    let (code, said) = Hello::start("postgres://x", &[], &variables[..1]).end();
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        format!(
            "hello: cannot listen on {address}: another program listens there; stop it, or set another [http] listen\n"
        )
    );
    let (_, said) = Hello::start("postgres://x", &["serve"], &[]).end();
    assert_eq!(said, "hello: unknown argument serve\nusage: hello [migrate] [--config FILE]\n");
}

#[test]
fn without_postgres_it_waits_says_so_and_can_be_stopped() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://x@{}/x", nobody.local_addr().unwrap());
    drop(nobody);
    let mut hello = Hello::start(&url, &[], &[]);
    hello.line_with("Postgres does not answer yet");
    hello.terminate();
    assert_eq!(hello.end().0, Some(0));
}
