//! A mail server whose answers cannot be stored as they are.

use std::sync::Arc;

use chassis::TestClock;
use chrono::TimeDelta;
use events::Language;
use notification::sender::Sender;
use testkit::{samples, until};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::office::{Office, Plan};

/// A server that accepts everything but the recipient, which it refuses with these bytes.
async fn talk(stream: TcpStream, refusal: Vec<u8>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await?;
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let answer: &[u8] = if line.starts_with(b"RCPT") { &refusal } else { b"250 OK\r\n" };
        stream.write_all(answer).await?;
        line.clear();
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_with_nul_or_without_end_is_stored_and_stops_no_email() {
    let long = format!("550 {}\r\n", "x".repeat(900)).into_bytes();
    for refusal in [b"550 no\0such\0user\r\n".to_vec(), b"550 bell\x07 and\x1b[31m red\r\n".to_vec(), long] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = refusal.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, said.clone()));
            }
        });
        let office = Office::open(Plan { sends: false, ..Plan::default() }).await;
        let settings = office.settings_at(port);
        let process = testkit::process("notification", TestClock::at(samples::noon()).clock());
        let sender = Arc::new(
            Sender::new(&process, office.db.clone(), &settings, notification::pages().unwrap()).unwrap(),
        );
        let application = office.submitted("gone@example.org", Language::De).await;
        office.run(process, sender);
        let row = office.until_state(application, "failed", |_| true).await;
        let why = row.last_error.unwrap();
        assert!(!why.chars().any(char::is_control) && why.chars().count() <= 501, "{why:?}");
        until("it is said", || office.count("failed"), |failed| *failed == 1).await;
        office.close().await;
        server.abort();
    }
}

/// Postgres refuses to store what this server answers for one recipient: no other email waits for that step.
#[tokio::test]
async fn a_step_that_can_never_be_stored_stops_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, b"550 unspeakable\r\n".to_vec()));
        }
    });
    let office = Office::open(Plan { sends: false, ..Plan::default() }).await;
    let settings = office.settings_at(port);
    let process = testkit::process("notification", TestClock::at(samples::noon()).clock());
    let sender = Arc::new(
        Sender::new(&process, office.db.clone(), &settings, notification::pages().unwrap()).unwrap(),
    );
    let mut applications = Vec::new();
    for n in 0..20 {
        applications.push(office.submitted(&format!("gone-{n}@example.org"), Language::De).await);
    }
    let bad = applications[7];
    let check = format!(
        "alter table deliveries add check (last_error not like '%unspeakable%' or application_id <> '{bad}')"
    );
    sqlx::query(sqlx::AssertSqlSafe(check)).execute(&office.db).await.unwrap();
    office.run(process, sender);
    for application in applications.into_iter().filter(|application| *application != bad) {
        office.until_state(application, "failed", |_| true).await;
    }
    assert_eq!(office.count("failed").await, 19);
    // Its claim would expire by itself; the test does not wait for that.
    sqlx::query("update deliveries set state = 'queued' where state <> 'failed'")
        .execute(&office.db)
        .await
        .unwrap();
    office.close().await;
    server.abort();
}

/// A server that says "go ahead" only when told to, and never answers the final dot.
async fn hesitate(
    stream: TcpStream,
    asked: oneshot::Sender<()>,
    go_ahead: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await?;
    let mut line = Vec::new();
    while !line.starts_with(b"DATA") {
        line.clear();
        stream.read_until(b'\n', &mut line).await?;
        let answer: &[u8] = if line.starts_with(b"DATA") { b"" } else { b"250 OK\r\n" };
        stream.write_all(answer).await?;
    }
    let _ = asked.send(());
    let _ = go_ahead.await;
    stream.write_all(b"354 go ahead\r\n").await?;
    while stream.read_until(b'\n', &mut line).await? > 0 {}
    Ok(())
}

/// After the stored deadline another sender may send the email again: the first one does not wait longer than that,
/// however long storing took.
#[tokio::test]
async fn nobody_waits_for_an_answer_beyond_the_stored_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let ((asked, was_asked), (go_ahead, may_go)) = (oneshot::channel(), oneshot::channel());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        hesitate(stream, asked, may_go).await
    });
    let office = Office::open(Plan { sends: false, connections: 1, ..Plan::default() }).await;
    let process = testkit::process("notification", office.clock.clock());
    let sender = Arc::new(
        Sender::new(&process, office.db.clone(), &office.settings_at(port), notification::pages().unwrap())
            .unwrap(),
    );
    let application = office.submitted("slow@example.org", Language::De).await;
    office.run(process, sender);
    was_asked.await.unwrap();
    let mut lock = office.db.begin().await.unwrap();
    sqlx::query("select 1 from deliveries for update").execute(&mut *lock).await.unwrap();
    go_ahead.send(()).unwrap();
    let waiting = || async {
        sqlx::query_scalar::<_, i64>(
            "select count(*) from pg_stat_activity
             where wait_event_type = 'Lock' and datname = current_database() and query like 'update deliveries%'",
        )
        .fetch_one(&office.db)
        .await
        .unwrap()
    };
    until("the step waits to be stored", waiting, |waiting| *waiting == 1).await;
    office.clock.advance(office.policy().answer - TimeDelta::seconds(1));
    lock.commit().await.unwrap();
    let in_doubt = |row: &crate::office::Row| {
        row.last_error.as_ref().is_some_and(|why| why.contains("no answer within"))
    };
    office.until_state(application, "data_started", in_doubt).await;
    office.close().await;
    server.abort();
}
