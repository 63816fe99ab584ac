//! A mail server whose answers cannot be stored as they are.

use std::sync::Arc;

use chassis::TestClock;
use events::Language;
use notification::sender::Sender;
use testkit::{samples, until};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::office::{Office, Plan};

/// Takes everything but the recipient, and says so with these bytes.
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
