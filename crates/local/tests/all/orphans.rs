//! However the parent ends, its servers end too.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::common::{Folder, search};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{interval, timeout};

/// A parent process: `examples/hold.rs`.
struct Holder {
    parent: Child,
    lines: Lines<BufReader<ChildStdout>>,
    told: Vec<String>,
    servers: Vec<u32>,
}

fn example() -> PathBuf {
    let tests = std::env::current_exe().expect("this test is a file");
    tests.parent().and_then(Path::parent).expect("…/deps/test").join("examples/hold")
}

async fn hold(folder: &Path, change: impl FnOnce(&mut Command)) -> Holder {
    // Downloaded here, so that the parent needs no network and no right to write there.
    search().nats(&|_| {}).await.expect("a nats-server can be had");
    let mut command = Command::new(example());
    command.arg(folder).arg(search().tools).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    change(&mut command);
    let mut parent = command.spawn().expect("the example is built with the tests");
    let mut lines = BufReader::new(parent.stdout.take().expect("piped")).lines();
    let mut told = Vec::new();
    loop {
        let line =
            lines.next_line().await.expect("it speaks UTF-8").unwrap_or_else(|| panic!("it ended: {told:?}"));
        if let Some(ids) = line.strip_prefix("ready ") {
            let servers = ids.split(' ').map(|id| id.parse().expect("a number")).collect();
            return Holder { parent, lines, told, servers };
        }
        told.push(line);
    }
}

/// Neither running nor waiting to be reaped.
fn gone(id: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat"));
    state.map_or(true, |state| state.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

async fn all_gone(ids: &[u32]) {
    let waiting = async {
        let mut ticks = interval(Duration::from_millis(10));
        while !ids.iter().all(|id| gone(*id)) {
            ticks.tick().await;
        }
    };
    timeout(Duration::from_secs(15), waiting).await.unwrap_or_else(|_| panic!("still there: {ids:?}"));
}

async fn signal(signal: &str, id: u32) {
    assert!(Command::new("kill").args([signal, &id.to_string()]).status().await.unwrap().success());
}

fn children(id: u32) -> Vec<u32> {
    let lists = fs::read_dir(format!("/proc/{id}/task"))
        .unwrap()
        .flatten()
        .map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
    lists
        .flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<u32>>())
        .collect()
}

#[tokio::test]
async fn a_killed_parent_takes_its_servers_with_it() {
    let folder = Folder::new();
    let mut holder = hold(&folder.0, |_| {}).await;
    let everything = children(holder.parent.id().unwrap());
    assert_eq!(everything.len(), 4, "two servers, two guards");
    holder.parent.kill().await.unwrap();
    all_gone(&everything).await;
}

#[tokio::test]
async fn a_paused_server_goes_too() {
    let folder = Folder::new();
    let mut holder = hold(&folder.0, |_| {}).await;
    signal("-STOP", holder.servers[1]).await;
    holder.parent.kill().await.unwrap();
    all_gone(&holder.servers).await;
}

#[tokio::test]
async fn what_even_the_guards_could_not_end_is_ended_at_the_next_start() {
    let folder = Folder::new();
    let mut holder = hold(&folder.0, |_| {}).await;
    for guard in children(holder.parent.id().unwrap()).into_iter().filter(|id| !holder.servers.contains(id)) {
        signal("-KILL", guard).await;
    }
    holder.parent.kill().await.unwrap();
    assert!(holder.servers.iter().all(|id| !gone(*id)), "nobody was left to end them");

    let next = hold(&folder.0, |_| {}).await;
    assert!(
        next.told.iter().any(|line| line == "Stopped a PostgreSQL that an earlier run left behind."),
        "{:?}",
        next.told
    );
    assert!(
        next.told.iter().any(|line| line == "Stopped a nats-server that an earlier run left behind."),
        "{:?}",
        next.told
    );
    all_gone(&holder.servers).await;
}

#[tokio::test]
async fn ctrl_c_reaches_the_parent_alone() {
    let folder = Folder::new();
    let mut holder = hold(&folder.0, |command| {
        command.process_group(0);
    })
    .await;
    let group = holder.parent.id().unwrap();
    // A terminal sends the signal to each process of the group.
    assert!(
        Command::new("kill")
            .args(["-s", "TSTP", "--", &format!("-{group}")])
            .status()
            .await
            .unwrap()
            .success()
    );
    for id in &holder.servers {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        assert_ne!(fields[0], "T", "a server was stopped with its parent");
        assert_eq!(fields[2], id.to_string(), "it leads a group of its own");
    }
    signal("-CONT", group).await;
    signal("-INT", group).await;
    holder.parent.wait().await.unwrap();
    all_gone(&holder.servers).await;
}

#[tokio::test]
async fn a_server_that_dies_is_seen_by_its_parent() {
    let folder = Folder::new();
    let mut holder = hold(&folder.0, |_| {}).await;
    signal("-KILL", holder.servers[0]).await;
    let line = holder.lines.next_line().await.unwrap().unwrap();
    assert!(line.starts_with("PostgreSQL ended: signal: 9"), "{line}");
    assert!(holder.parent.wait().await.unwrap().success());
    all_gone(&holder.servers).await;
}

#[tokio::test]
async fn an_ordinary_user_can_do_all_this() {
    const NOBODY: u32 = 65_534;
    let folder = Folder::new();
    if chown(&folder.0, Some(NOBODY), None).is_err() {
        return; // Not root: every other test has run as an ordinary user.
    }
    let holder = hold(&folder.0, |command| {
        command.uid(NOBODY).current_dir("/");
    })
    .await;
    for id in &holder.servers {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        assert!(status.contains(&format!("Uid:\t{NOBODY}\t")), "{status}");
    }
}
