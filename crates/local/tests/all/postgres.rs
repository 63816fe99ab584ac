//! The real Postgres: starts, keeps its data through stop and kill, and says clearly why it cannot start.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::{Folder, ProgressLog, search};
use local::tools::PostgresPrograms;
use local::{Durability, Postgres, PostgresSettings};
use sqlx::{Connection, PgConnection};

async fn programs() -> PostgresPrograms {
    search().postgres(None, &|_| {}).await.expect("a Postgres can be had")
}

fn fast(folder: &Path) -> PostgresSettings {
    PostgresSettings { durability: Durability::Fast, ..PostgresSettings::new(folder) }
}

async fn start(folder: &Path) -> Postgres {
    Postgres::start(&programs().await, fast(folder), &|_| {}).await.expect("Postgres starts")
}

async fn refusal(settings: PostgresSettings) -> String {
    let refused = Postgres::start(&programs().await, settings, &|_| {}).await;
    format!("{:#}", refused.err().expect("it must not start"))
}

async fn number(url: &str, query: &'static str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("it answers");
    sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("the query runs")
}

#[tokio::test]
async fn data_survives_stop_kill_and_a_new_start() {
    let folder = Folder::new();
    let mut postgres = start(&folder.0).await;
    postgres.create_role_and_database("award", "geheim/+ @ß").await.unwrap();
    postgres.create_role_and_database("award", "geheim/+ @ß").await.expect("repeating it is no error");
    let url = postgres.url_as("award", "geheim/+ @ß", "award");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("create table t (n bigint); insert into t values (1)")
        .execute(&mut connection)
        .await
        .unwrap();

    // Confirmed just before the kill, so it must be there after it.
    sqlx::raw_sql("insert into t values (2)").execute(&mut connection).await.unwrap();
    postgres.kill().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err(), "it is dead");
    postgres.restart().await.unwrap();
    assert_eq!(number(&url, "select sum(n)::bigint from t").await, 3);

    postgres.stop().await.unwrap();
    assert_eq!(postgres.pid(), None);
    drop(postgres);
    let postgres = start(&folder.0).await;
    let url = postgres.url_as("award", "geheim/+ @ß", "award");
    assert_eq!(number(&url, "select sum(n)::bigint from t").await, 3);
    assert_eq!(Postgres::major_of(&folder.0), Some(programs().await.major));
}

#[tokio::test]
async fn the_cluster_is_private_checked_and_knows_umlauts() {
    let folder = Folder::new();
    let postgres = start(&folder.0).await;
    postgres.create_role_and_database("intake", "a").await.unwrap();
    postgres.create_role_and_database("award", "b").await.unwrap();
    assert!(
        PgConnection::connect(&postgres.url_as("intake", "a", "award")).await.is_err(),
        "another's database"
    );
    assert!(
        PgConnection::connect(&postgres.url_as("intake", "wrong", "intake")).await.is_err(),
        "a wrong password"
    );
    let url = postgres.url("postgres");
    for query in [
        "select (lower('ÄÖÜ') = 'äöü')::int::bigint",
        "select (current_setting('data_checksums') = 'on')::int::bigint",
        "select (current_setting('listen_addresses') = '127.0.0.1')::int::bigint",
        "select (current_setting('server_encoding') = 'UTF8')::int::bigint",
        "select (current_setting('max_connections') = '200')::int::bigint",
        "select ('Z' < 'a')::int::bigint",
    ] {
        assert_eq!(number(&url, query).await, 1, "{query}");
    }
    let socket = postgres.socket().expect("the path is short").join(format!(".s.PGSQL.{}", postgres.port()));
    assert!(socket.exists());
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_no_obstacle() {
    let folder = Folder::new();
    let long = folder.0.join("a folder, \"quoted\"").join("x".repeat(90));
    let postgres = start(&long).await;
    assert_eq!(postgres.socket(), None);
    assert_eq!(number(&postgres.url("postgres"), "select 1::bigint").await, 1);
}

#[tokio::test]
async fn a_start_cut_off_in_the_middle_leaves_nothing_half_made() {
    let folder = Folder::new();
    let programs = programs().await;
    let (started, mut making) = tokio::sync::mpsc::unbounded_channel();
    let progress = move |line: &str| started.send(line.to_owned()).unwrap();
    tokio::select! {
        biased;
        _ = async {
            making.recv().await;
            // initdb has begun once its folder exists.
            let mut ticks = tokio::time::interval(std::time::Duration::from_millis(1));
            while !fs::read_dir(&folder.0).unwrap().flatten().any(|entry| entry.path().join("data/base").exists()) { ticks.tick().await; }
        } => {}
        _ = Postgres::start(&programs, fast(&folder.0), &progress) => panic!("it was to be cut off"),
    }
    assert!(!folder.0.join("data").exists());
    let postgres = start(&folder.0).await;
    assert_eq!(number(&postgres.url("postgres"), "select 1::bigint").await, 1);
    let left: Vec<_> = fs::read_dir(&folder.0)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("new-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_folder_in_use_and_a_port_in_use_are_refused_in_a_sentence() {
    let (folder, other) = (Folder::new(), Folder::new());
    let postgres = start(&folder.0).await;
    let said = refusal(fast(&folder.0)).await;
    assert!(said.contains(&format!("in use by process {}", std::process::id())), "{said}");

    let said = refusal(PostgresSettings { port: postgres.port(), ..fast(&other.0) }).await;
    assert!(said.contains(&format!("port {} for PostgreSQL is in use", postgres.port())), "{said}");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let said = refusal(PostgresSettings { port: taken.local_addr().unwrap().port(), ..fast(&other.0) }).await;
    assert!(said.contains("in use"), "{said}");
}

#[tokio::test]
async fn data_of_another_version_is_not_touched() {
    let folder = Folder::new();
    drop(start(&folder.0).await);
    let version = folder.0.join("data/PG_VERSION");
    fs::write(&version, "14\n").unwrap();
    let said = refusal(fast(&folder.0)).await;
    assert!(said.contains("made by PostgreSQL 14"), "{said}");
    let said = search().postgres(Postgres::major_of(&folder.0), &|_| {}).await.unwrap_err();
    assert!(format!("{said:#}").contains("made by PostgreSQL 14"), "{said:#}");
}

#[tokio::test]
async fn the_fetched_postgres_serves_as_well() {
    let folder = Folder::new();
    let told = ProgressLog::default();
    let search = local::tools::Search { system: false, path: python_only(), ..search() };
    let programs = search.postgres(None, &|line| told.record(line)).await.unwrap();
    assert_eq!(programs.major, 18);
    let mut postgres = Postgres::start(&programs, fast(&folder.0), &|_| {}).await.unwrap();
    postgres.create_role_and_database("review", "x").await.unwrap();
    assert_eq!(
        number(&postgres.url_as("review", "x", "review"), "select (lower('Ä') = 'ä')::int::bigint").await,
        1
    );
    postgres.kill().await.unwrap();
    postgres.restart().await.unwrap();
    postgres.stop().await.unwrap();
}

/// The PATH without folders that contain a Postgres.
fn python_only() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").expect("there is a PATH");
    std::env::join_paths(std::env::split_paths(&path).filter(|folder| !folder.join("postgres").exists()))
        .expect("it was a PATH before")
}

#[tokio::test]
async fn where_its_user_cannot_go_the_files_are_elsewhere() {
    if !std::process::Command::new("id").arg("-u").output().unwrap().stdout.starts_with(b"0\n") {
        return; // Only root runs its servers as another user.
    }
    let closed = Folder::new();
    fs::set_permissions(&closed.0, fs::Permissions::from_mode(0o700)).unwrap();
    let folder = closed.0.join("postgres");
    let told = ProgressLog::default();
    let postgres =
        Postgres::start(&programs().await, fast(&folder), &|line| told.record(line)).await.unwrap();
    let home = postgres.folder().to_owned();
    assert!(
        told.all().contains(&format!(
            "cannot reach {}: its files are in {}",
            folder.display(),
            home.display()
        )),
        "{}",
        told.all()
    );
    postgres.create_role_and_database("kept", "x").await.unwrap();
    let mut postgres = postgres;
    postgres.stop().await.unwrap();
    drop(postgres);
    assert!(Postgres::major_of(&folder).is_some());
    let mut postgres = start(&folder).await;
    assert_eq!(postgres.folder(), home);
    assert_eq!(number(&postgres.url("kept"), "select 1::bigint").await, 1);
    postgres.stop().await.unwrap();
    fs::remove_dir_all(home).unwrap();
}
