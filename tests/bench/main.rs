//! How fast facts travel, as ratios to what the same machine does at best in the same minutes.
//!
//! `tests/bench/run` builds and runs it; `tests/bench/README.md` says what is measured and how to
//! read it. It never fails because of a time.

mod ceilings;
mod cpu;
mod journey;
mod latency;
mod mail;
mod million;
mod options;
mod people;
mod recorder;
mod servers;
mod system;
mod table;

use anyhow::Result;

pub use options::Options;
use options::Part;
use servers::Servers;
use system::System;
use table::{Table, median};

#[tokio::main]
async fn main() -> Result<()> {
    match Options::read(std::env::args().skip(1))? {
        Some(options) => run(&options).await,
        None => Ok(()),
    }
}

/// Measures and prints.
pub async fn run(options: &Options) -> Result<()> {
    let consumed = recorder::install();
    let servers = Servers::start(options.statements).await?;
    let mut table = Table::default();
    if options.has(Part::Journey) || options.has(Part::Latency) {
        let system = System::open(&servers, &servers.nats.url(), "", consumed.clone()).await?;
        if options.has(Part::Journey) {
            journeys(&servers, &system, options, &mut table).await?;
        }
        if options.has(Part::Latency) {
            latency::measure(&system, options.seconds, &mut table).await?;
        }
        system.close().await;
    }
    if options.has(Part::Mail) {
        mail::measure(&servers, options, &mut table).await?;
    }
    if options.has(Part::Million) {
        million::measure(&servers, consumed, options, &mut table).await?;
    }
    if options.statements {
        servers.print_statements().await?;
    }
    table.print();
    servers.stop().await
}

/// Ceilings and journeys in turn; what counts is the median of the rounds.
async fn journeys(servers: &Servers, system: &System, options: &Options, table: &mut Table) -> Result<()> {
    let sql = ceilings::Sql::prepare(servers).await?;
    let stream = ceilings::Stream::prepare(servers).await?;
    // New WAL files are slow to write for the first time; caches and plans are cold.
    sql.measure(options.seconds.min(3)).await?;
    journey::run(system, options.applications / 2).await?;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        let start = servers.cpu_seconds();
        let (hops, hop_count) = sql.measure(options.seconds.min(3)).await?;
        let hop_cost = (servers.cpu_seconds() - start) / hop_count;
        let (published, fetched) = stream.measure(10 * options.applications).await?;
        let start = servers.cpu_seconds();
        let journey = journey::run(system, options.applications).await?;
        let cost = (servers.cpu_seconds() - start) / options.applications as f64;
        let figures = Figures { hops, published, fetched, journey, cheapness: 5.0 * hop_cost / cost };
        println!(
            "round {round}: {hops:.0} bare hops/s, {published:.0} published/s, {fetched:.0} fetched/s; \
             {:.0} applications/s: {:.2}; processor {:.0} µs a bare hop, {:.0} µs an application: {:.2}",
            journey.applications,
            journey.applications * 5.0 / hops,
            hop_cost * 1e6,
            cost * 1e6,
            figures.cheapness
        );
        rounds.push(figures);
    }
    let of = |figure: fn(&Figures) -> f64| median(rounds.iter().map(figure));
    table
        .line("(a) bare SQL of a hop, 8 clients, one a transaction", format!("{:.0} hops/s", of(|r| r.hops)));
    table.line("(b) JetStream, publish, 100 in flight", format!("{:.0} facts/s", of(|r| r.published)));
    table.line("(b) JetStream, pull and acknowledge", format!("{:.0} facts/s", of(|r| r.fetched)));
    let applications = format!("{:.0} applications/s", of(|r| r.journey.applications));
    let ratio = of(|r| r.journey.applications * 5.0 / r.hops);
    table.at_least("1  whole journeys: applications/s × 5 ÷ (a)", applications, ratio, 0.6);
    let consumed = format!("{:.0} facts/s", of(|r| r.journey.consumed));
    table.at_least(
        "1b all that is consumed on the way ÷ (a)",
        consumed,
        of(|r| r.journey.consumed / r.hops),
        0.6,
    );
    table.line("1c as 1, by processor time", format!("{:.2}", of(|r| r.cheapness)));
    Ok(())
}

/// Of one round.
struct Figures {
    hops: f64,
    published: f64,
    fetched: f64,
    journey: journey::Rates,
    /// Processor time of five bare hops to that of an application.
    cheapness: f64,
}
