//! Emails a second, beside a bare client that sends the same emails over as many connections to the
//! same mailbox.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use bus::Bus;
use chassis::Clock;
use chassis::settings::Database;
use events::{ApplicationId, EventId, Language};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use notification::mail::Mail;
use notification::sender::Sender;
use notification::store::contacts::Contact;
use notification::store::deliveries::{self, NewEmail};
use testkit::until;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::options::Options;
use super::servers::Servers;
use super::table::{Table, median};

const TO: &str = "erika@example.org";

pub async fn measure(servers: &Servers, options: &Options, table: &mut Table) -> Result<()> {
    let url = servers.create("mail").await?;
    let database = Database::at(&url);
    chassis::database::migrate(&database, &[&bus::MIGRATIONS, &notification::MIGRATIONS]).await?;
    let db = chassis::database::connect(&database).await?;
    let (nats, smtp) = (servers.nats.url(), servers.mailbox.port());
    let settings = tests::settings(notification::NAME, 0, &url, &nats, "http://localhost", smtp);
    let settings: notification::Settings = settings.try_into()?;
    let connections = settings.smtp.connections.get();
    let bus = Bus::connect(notification::NAME, &settings.nats, db.clone(), || Clock::system().now()).await?;
    let process = testkit::process("notification", Clock::system());
    let sender = Sender::new(&process, db.clone(), &settings, notification::pages()?)
        .map_err(|error| anyhow::anyhow!(error))?;
    let sender = Arc::new(sender);
    // What became of each email is said, as it is in the service.
    let running = bus.start(Arc::new(()), bus::Subscriptions::new());
    let sending = tokio::spawn(notification::sender::run(sender.clone(), bus.clone()));

    let count = options.applications;
    let mut rates = Vec::new();
    for round in 0..=options.rounds {
        queue(&bus, &settings.portal.url, count).await?;
        let (before, begun) = (servers.mailbox.messages().len(), Instant::now());
        sender.wake();
        let arrived = async || servers.mailbox.messages().len() - before;
        until("all emails arrive", arrived, |arrived| *arrived >= count).await;
        let ours = rate(count, begun);

        let first = servers.mailbox.messages()[0].id;
        let source = servers.mailbox.read(first).await?.map(|mail| mail.source).unwrap_or_default();
        let begun = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            clients.spawn(bare(servers.mailbox.port(), source.clone(), count / connections));
        }
        while let Some(client) = clients.join_next().await {
            client??;
        }
        let bare = rate(count / connections * connections, begun);
        // The first round opens connections and files.
        if round > 0 {
            println!("round {round}: {ours:.0} emails/s, {bare:.0} by a bare client: {:.2}", ours / bare);
            rates.push((ours, bare));
        }
    }
    process.shutdown().drain();
    sending.await??;
    running.drain().await?;
    table.line(
        "(c) SMTP by a bare client, as many connections",
        format!("{:.0} emails/s", median(rates.iter().map(|rate| rate.1))),
    );
    table.at_least(
        "3  emails/s ÷ (c)",
        format!("{:.0} emails/s", median(rates.iter().map(|rate| rate.0))),
        &rates.iter().map(|(ours, bare)| ours / bare).collect::<Vec<_>>(),
        0.5,
    );
    Ok(())
}

fn rate(count: usize, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}

/// Queues the receipts of as many applications, as the handler does.
async fn queue(bus: &Bus, portal: &str, count: usize) -> Result<()> {
    let pages = notification::pages()?;
    let mut tx = bus.begin().await?;
    let now = tx.now();
    for _ in 0..count {
        let contact = Contact {
            application: ApplicationId(Uuid::now_v7()),
            file_number: "36.KI-2027-0001".to_owned(),
            title: "Steuerung des Integrationsnetzwerks".to_owned(),
            name: "Erika Mustermann".to_owned(),
            email: TO.to_owned(),
            language: Language::De,
            submitted_at: now,
            withdrawn_at: None,
            call: None,
            authority: None,
        };
        let about = EventId(Uuid::now_v7());
        let mail = Mail::ApplicationSubmitted { late: false };
        let content = mail.clone().render(now, &contact, portal, pages.messages());
        let new = NewEmail {
            about,
            application: contact.application,
            template: mail.kind().name(),
            traceparent: None,
            recipient: TO,
            message_id: deliveries::message_id(about, TO, "example.org"),
            content: content.map_err(|error| anyhow::anyhow!("{error}"))?,
        };
        deliveries::queue(&mut tx, &new, now).await?;
    }
    bus.commit(tx).await?;
    Ok(())
}

async fn bare(port: u16, source: Vec<u8>, count: usize) -> Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let hello = ClientId::default();
    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await?;
    for _ in 0..count {
        connection.command(From::new(Some("bescheid@example.org".parse()?), Vec::new())).await?;
        connection.command(Rcpt::new(TO.parse()?, Vec::new())).await?;
        connection.command(Data).await?;
        connection.message(&source).await?;
    }
    Ok(())
}
