//! How many emails a second, beside a bare SMTP client that sends the same emails over as many connections to the
//! same mailbox. Run: `with-servers cargo run --release -p notification --example mails_per_second [EMAILS] [CONNECTIONS]`.

#[path = "../tests/office/mod.rs"]
#[expect(dead_code, reason = "made for the tests; only a part is needed here")]
mod office;

use std::time::Instant;

use events::Language;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use office::{Office, Plan};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() {
    let argument = |n, usual| std::env::args().nth(n).map_or(usual, |given| given.parse().expect("a number"));
    let (count, connections) = (argument(1, 2_000), argument(2, 8));
    let office = Office::open(Plan { sends: false, connections, ..Plan::default() }).await;
    for n in 0..count {
        office.submitted(&format!("a{n}@example.org"), Language::De).await;
    }

    let begun = Instant::now();
    office.send();
    testkit::until("all arrive", async || office.mailbox.messages().len(), |arrived| *arrived >= count).await;
    let ours = rate(count, begun);

    let source = office.mailbox.read(1).await.expect("readable").expect("the first email").source;
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..connections {
        senders.spawn(bare(office.mailbox.port(), source.clone(), count / connections));
    }
    senders.join_all().await;
    let bare = rate(count / connections * connections, begun);
    println!("notification {ours:.0}/s, bare client {bare:.0}/s: {:.2}", ours / bare);
    office.close().await;
}

fn rate(count: usize, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}

async fn bare(port: u16, source: Vec<u8>, count: usize) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the mailbox listens");
    stream.set_nodelay(true).expect("an option of every socket");
    let hello = ClientId::default();
    let mut connection =
        AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await.expect("greeted");
    for _ in 0..count {
        let from = "bescheid@example.org".parse().expect("an address");
        let to = "erika@example.org".parse().expect("an address");
        connection.command(Mail::new(Some(from), Vec::new())).await.expect("MAIL");
        connection.command(Rcpt::new(to, Vec::new())).await.expect("RCPT");
        connection.command(Data).await.expect("DATA");
        connection.message(&source).await.expect("accepted");
    }
}
