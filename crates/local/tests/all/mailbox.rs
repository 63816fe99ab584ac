//! The mail server over the network: conversations, faults, what stays, what the pages show.

use std::time::{Duration, Instant};

use crate::common::Folder;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use lettre::message::{MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use local::{Fault, Mailbox};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tower::ServiceExt;

const WITHIN: Duration = Duration::from_secs(10);

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(mailbox: &Mailbox) -> Self {
        let socket = TcpStream::connect(("127.0.0.1", mailbox.port())).await.expect("it listens");
        socket.set_nodelay(true).expect("a socket takes options");
        Self(BufReader::new(socket))
    }

    async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.expect("it is sent");
    }

    /// The last line of one answer; empty if the server has closed the connection.
    async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            // A reset connection counts as closed.
            let _ = self.0.read_line(&mut line).await;
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn ask(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n")).await;
        self.answer().await
    }

    /// Sends everything up to DATA, and reads its answer.
    async fn begin(mailbox: &Mailbox, to: &str) -> Self {
        let mut client = Self::connect(mailbox).await;
        assert!(client.answer().await.starts_with("220"));
        assert!(client.ask("EHLO test").await.starts_with("250"));
        assert!(client.ask("MAIL FROM:<amt@bezreg.example>").await.starts_with("250"));
        assert!(client.ask(&format!("RCPT TO:<{to}>")).await.starts_with("250"));
        assert!(client.ask("DATA").await.starts_with("354"));
        client
    }
}

async fn mailbox(folder: &Folder) -> Mailbox {
    Mailbox::start(&folder.0, 0).await.expect("it listens")
}

fn email(to: &str, subject: &str) -> lettre::Message {
    lettre::Message::builder()
        .from("Bezirksregierung für Köln <amt@bezreg.example>".parse().unwrap())
        .to(to.parse().unwrap())
        .subject(subject)
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::plain(
                    "Guten Tag,\n.\n..\nsiehe https://bescheid.example/apply/1.\nGrüße".to_owned(),
                ))
                .singlepart(SinglePart::html(
                    "<html><head></head><body><p>Grüße</p><script>alert(1)</script></body></html>".to_owned(),
                )),
        )
        .unwrap()
}

fn transport(mailbox: &Mailbox) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(mailbox.port()).build()
}

#[tokio::test]
async fn a_conversation_with_stuffed_dots_and_a_bare_lf() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    let mut client = Client::begin(&mailbox, "a@solingen.example").await;
    client.send("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@x>\r\n\r\n..\r\n...two\r\nbare\n.\nstill inside\r\n").await;
    assert_eq!(client.ask(".").await, "250 stored as 1");
    assert_eq!(client.ask("QUIT").await, "221 goodbye");
    let content = mailbox.read(1).await.unwrap().unwrap();
    assert_eq!(content.message.subject, "Grüße");
    assert_eq!(content.message.message_id, "1@x");
    assert_eq!(content.message.from, "amt@bezreg.example");
    assert!(content.message.is_to("A@Solingen.example"));
    let source = String::from_utf8(content.source).unwrap();
    assert!(source.ends_with("\r\n\r\n.\r\n..two\r\nbare\n.\nstill inside\r\n"), "{source:?}");
}

#[tokio::test]
async fn commands_in_one_packet_and_a_line_longer_than_any_buffer() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    let mut client = Client::connect(&mailbox).await;
    client.answer().await;
    client.ask("EHLO x").await;
    client.send("MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n").await;
    for expected in ["250 ok", "250 ok", "250 ok", "354"] {
        assert!(client.answer().await.starts_with(expected));
    }
    // One line that the server's own limit cuts between CR and LF.
    let long = "y".repeat(64 * 1024 - 1);
    client.send(&format!("\r\n{long}\r\n.\r\nNOOP\r\nMAIL FROM:<z@x>\r\nRSET\r\nQUIT\r\n")).await;
    for expected in ["250 stored as 1", "250 ok", "250 ok", "250 forgotten", "221"] {
        let answer = client.answer().await;
        assert!(answer.starts_with(expected), "{answer}");
    }
    let mails = mailbox.messages();
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_slice()),
        ("", ["a@x".to_owned(), "b@x".to_owned()].as_slice())
    );
    assert_eq!(mails[0].size, 2 + long.len() + 2);
    let content = mailbox.read(1).await.unwrap().unwrap();
    assert!(
        content.headers.is_empty() && content.text.unwrap().contains(&long),
        "an email without headers can be read"
    );
}

#[tokio::test]
async fn nonsense_is_answered_and_does_not_end_the_connection() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    let mut client = Client::connect(&mailbox).await;
    client.answer().await;
    for (line, expected) in [
        ("MAIL FROM:<a@x>", "503"),
        ("HELO x", "250"),
        ("RCPT TO:<a@x>", "503"),
        ("DATA", "503"),
        ("XYZZY", "500"),
        ("", "500"),
        ("AUTH PLAIN", "502"),
        ("MAIL FROM: a@x", "501"),
        ("MAIL FROM:<a@x> SIZE=99999999", "552"),
        ("mail from:<a@x>", "250"),
        ("MAIL FROM:<b@x>", "503"),
        ("RCPT TO:<>", "501"),
        ("RCPT TO:<a b@x>", "501"),
        ("RCPT TÖ:<a@x>", "501"),
        ("rcpt to:<a@x>", "250"),
    ] {
        let answer = client.ask(line).await;
        assert!(answer.starts_with(expected), "{line}: {answer}");
    }
    let answer = client.ask(&"x".repeat(5_000)).await;
    assert!(answer.starts_with("500 line too long"), "{answer}");
    assert!(mailbox.messages().is_empty());
}

#[tokio::test]
async fn an_email_too_large_is_refused_and_the_next_one_taken() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    let mut client = Client::begin(&mailbox, "a@x").await;
    let line = format!("{}\r\n", "z".repeat(60_000));
    for _ in 0..450 {
        client.send(&line).await;
    }
    assert!(client.ask(".").await.starts_with("552"));
    assert!(client.ask("MAIL FROM:<a@x>").await.starts_with("250"));
    assert!(mailbox.messages().is_empty());
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_new_start() {
    let folder = Folder::new();
    {
        let mailbox = mailbox(&folder).await;
        let sender = transport(&mailbox);
        for to in ["a@x.example", "b@x.example"] {
            sender.send(email(to, "Ihr Antrag")).await.unwrap();
        }
        assert!(Mailbox::start(&folder.0, 0).await.is_err(), "the folder is in use");
    }
    // The file that a crash in the middle of writing leaves.
    std::fs::write(folder.0.join("00000003.part"), "Return-Path: <").unwrap();
    let before = Instant::now();
    let mailbox = loop {
        // Connections of the first mailbox hold the folder until their tasks have ended.
        match Mailbox::start(&folder.0, 0).await {
            Ok(mailbox) => break mailbox,
            Err(error) => assert!(before.elapsed() < WITHIN, "{error:#}"),
        }
        tokio::task::yield_now().await;
    };
    let mails = mailbox.messages();
    assert_eq!(
        mails.iter().map(|mail| (mail.id, mail.to[0].as_str())).collect::<Vec<_>>(),
        [(1, "a@x.example"), (2, "b@x.example")]
    );
    let content = mailbox.read(2).await.unwrap().unwrap();
    assert!(content.text.unwrap().contains("Guten Tag,\r\n.\r\n..\r\n"), "dots came through");
    assert!(content.html.unwrap().contains("Grüße"));
    assert!(!folder.0.join("00000003.part").exists());
    transport(&mailbox).send(email("c@x.example", "Neu")).await.unwrap();
    assert_eq!(mailbox.messages()[2].id, 3);
}

#[tokio::test]
async fn waiting_wakes_on_arrival_and_explains_itself() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    let sender = transport(&mailbox);
    let waiting = mailbox.wait_for(WITHIN, |all| all.iter().find(|mail| mail.is_to("b@x.example")).cloned());
    let (found, _) = tokio::join!(waiting, async {
        sender.send(email("a@x.example", "Erste")).await.unwrap();
        sender.send(email("b@x.example", "Zweite")).await.unwrap();
    });
    assert_eq!(found.unwrap().subject, "Zweite");
    let error =
        mailbox.wait_for(Duration::from_millis(10), |all| (all.len() == 3).then_some(())).await.unwrap_err();
    assert!(error.to_string().contains("there are 2: a@x.example «Erste»; b@x.example «Zweite»"), "{error}");
}

#[tokio::test]
async fn refusals_strike_as_often_as_armed() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    mailbox.inject(Fault::Refuse421, 1);
    mailbox.inject_for("A@x.example", Fault::Temporary451AtRcpt, 1);
    mailbox.inject_for("a@x.example", Fault::Permanent550AtRcpt, 1);
    mailbox.inject_for("a@x.example", Fault::Refuse421, 1);
    // A new transport each time, so that no pooled connection is used.
    let refused = transport(&mailbox).send(email("b@x.example", "x")).await.unwrap_err();
    assert_eq!(refused.status().map(|code| code.to_string()).as_deref(), Some("421"));
    transport(&mailbox).send(email("b@x.example", "goes through")).await.unwrap();
    // The fault of the connection comes first at RCPT, then those of the recipient in the order in which they were
    // armed.
    for expected in ["421", "451", "550"] {
        let refused = transport(&mailbox).send(email("a@x.example", "x")).await.unwrap_err();
        assert_eq!(refused.status().map(|code| code.to_string()).as_deref(), Some(expected));
    }
    transport(&mailbox).send(email("a@x.example", "at last")).await.unwrap();
    assert_eq!(mailbox.clear_faults(), 0);
    assert_eq!(mailbox.messages().len(), 2);
}

#[tokio::test]
async fn cut_before_the_dot_stores_nothing_and_after_it_stores() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    mailbox.inject(Fault::DropBeforeDot, 1);
    let mut client = Client::begin(&mailbox, "a@x").await;
    client.send("Subject: x\r\n").await;
    assert_eq!(client.answer().await, "");
    assert!(mailbox.messages().is_empty());

    mailbox.inject_for("a@x", Fault::DropAfterDot, 1);
    let mut client = Client::begin(&mailbox, "a@x").await;
    client.send("Subject: x\r\n\r\n.\r\n").await;
    assert_eq!(client.answer().await, "");
    assert_eq!(mailbox.messages().len(), 1);

    let mut client = Client::begin(&mailbox, "a@x").await;
    client.send("Subject: x\r\n\r\n").await;
    assert_eq!(client.ask(".").await, "250 stored as 2");
}

#[tokio::test]
async fn a_tarpit_is_slow_and_stopping_cuts_it() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    mailbox.inject(Fault::Tarpit(Duration::from_millis(50)), 1);
    let before = Instant::now();
    let mut client = Client::begin(&mailbox, "a@x").await;
    assert!(before.elapsed() >= Duration::from_millis(250), "five answers");
    client.send("\r\n").await;
    assert!(client.ask(".").await.starts_with("250"));

    mailbox.inject(Fault::Tarpit(Duration::from_secs(3_600)), 1);
    let mut stuck = Client::connect(&mailbox).await;
    let port = mailbox.port();
    mailbox.stop().await;
    assert_eq!(stuck.answer().await, "");
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens");
    mailbox.clear_faults();
    mailbox.restart().await.unwrap();
    assert_eq!(mailbox.port(), port);
    transport(&mailbox).send(email("b@x.example", "x")).await.unwrap();
    assert_eq!(mailbox.messages().len(), 2);
}

#[tokio::test]
async fn many_connections_at_once_lose_and_mix_nothing() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    let sender = transport(&mailbox);
    let sending = (0..200).map(|n| {
        let sender = sender.clone();
        async move { sender.send(email(&format!("p{n}@x.example"), &format!("Nr {n}"))).await.map(|_| ()) }
    });
    futures_util::future::try_join_all(sending).await.unwrap();
    let mails = mailbox.messages();
    assert_eq!(mails.iter().map(|mail| mail.id).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
    assert!(mails.iter().all(|mail| mail.subject.replace("Nr ", "p") + "@x.example" == mail.to[0]));
}

async fn get(mailbox: &Mailbox, path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
    let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
    let (parts, body) = mailbox.router().oneshot(request).await.unwrap().into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn the_pages_list_filter_and_show() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    assert!(get(&mailbox, "/mailbox").await.2.contains("Keine E-Mails."));
    let sender = transport(&mailbox);
    sender.send(email("amt@solingen.example", "<b>Ihr Antrag</b> & mehr")).await.unwrap();
    sender.send(email("amt@paderborn.example", "Zweite")).await.unwrap();

    let (_, headers, list) = get(&mailbox, "/mailbox").await;
    assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert!(list.contains("<html lang=\"de\">") && list.contains("&#60;b&#62;Ihr Antrag"), "{list}");
    assert!(list.find("Zweite").unwrap() < list.find("Ihr Antrag").unwrap(), "newest first");
    let filtered = get(&mailbox, "/mailbox?to=Solingen&lang=en").await.2;
    assert!(
        filtered.contains("<html lang=\"en\">")
            && filtered.contains("Show all")
            && !filtered.contains("Zweite"),
        "{filtered}"
    );

    let shown = get(&mailbox, "/mailbox/1").await.2;
    assert!(
        shown.contains("<a href=\"https://bescheid.example/apply/1\">")
            && shown.contains("Bezirksregierung für Köln &#60;amt@"),
        "{shown}"
    );
    let (_, headers, html) = get(&mailbox, "/mailbox/1/html").await;
    assert!(
        headers["content-security-policy"].to_str().unwrap().starts_with("sandbox ")
            && html.contains("<base target=\"_blank\">")
    );
    let (_, headers, source) = get(&mailbox, "/mailbox/1/source").await;
    assert_eq!(headers["content-type"], "message/rfc822");
    assert!(source.starts_with("From: "), "{source}");

    for missing in ["/mailbox/99", "/mailbox/x", "/mailbox/99/html", "/mailbox/99/source"] {
        assert_eq!(get(&mailbox, missing).await.0, StatusCode::NOT_FOUND, "{missing}");
    }
    let api: serde_json::Value =
        serde_json::from_str(&get(&mailbox, "/mailbox/api/messages?to=solingen").await.2).unwrap();
    assert_eq!(api.as_array().unwrap().len(), 1);
    assert_eq!(api[0]["to"][0], "amt@solingen.example");
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let folder = Folder::new();
    let mailbox = mailbox(&folder).await;
    for n in 1..=101 {
        let mut client = Client::begin(&mailbox, "a@x.example").await;
        assert!(client.ask(&format!("Subject: Nr-{n}.\r\n\r\n.")).await.starts_with("250"));
    }
    let first = get(&mailbox, "/mailbox").await.2;
    assert!(
        first.contains("Nr-101.")
            && first.contains("Nr-2.")
            && !first.contains("Nr-1.")
            && first.contains("/mailbox?before=2&amp;")
    );
    let second = get(&mailbox, "/mailbox?before=2").await.2;
    assert!(second.contains("Nr-1.") && !second.contains("Nr-2.") && second.contains("Neueste"));
}
