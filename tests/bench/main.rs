//! How fast facts travel, as ratios to what the same machine does at best in the same minutes.
//!
//! `tests/bench/run` builds and runs it; `tests/bench/README.md` says what is measured and how to
//! read it. It never fails because of a time.

mod ceilings;
mod house;
mod journey;
mod latency;
mod mail;
mod million;
mod options;
mod people;
mod recorder;
mod servers;
mod table;

use anyhow::Result;

use house::House;
use options::{Options, Part};
use servers::Servers;
use table::{Table, median};

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = Options::read(std::env::args().skip(1))? else { return Ok(()) };
    let heard = recorder::install();
    let servers = Servers::start(options.statements).await?;
    let mut table = Table::default();
    if options.has(Part::Journey) || options.has(Part::Latency) {
        let house = House::open(&servers, &servers.nats.url(), "", heard.clone()).await?;
        if options.has(Part::Journey) {
            journeys(&servers, &house, &options, &mut table).await?;
        }
        if options.has(Part::Latency) {
            latency::measure(&house, options.seconds, &mut table).await?;
        }
        house.close().await;
    }
    if options.has(Part::Mail) {
        mail::measure(&servers, options.rounds, &mut table).await?;
    }
    if options.has(Part::Million) {
        million::measure(&servers, heard, &options, &mut table).await?;
    }
    if options.statements {
        servers.print_statements().await?;
    }
    table.print();
    servers.stop().await
}

/// Ceilings and journeys in turn; what counts is the median of the rounds.
async fn journeys(servers: &Servers, house: &House, options: &Options, table: &mut Table) -> Result<()> {
    let sql = ceilings::Sql::prepare(servers).await?;
    let stream = ceilings::Stream::prepare(servers).await?;
    // New WAL files are slow to write for the first time; caches and plans are cold.
    sql.measure(options.seconds.min(3)).await?;
    journey::run(house, options.applications / 2).await?;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        let hops = sql.measure(options.seconds.min(3)).await?;
        let (published, fetched) = stream.measure(20_000).await?;
        let journey = journey::run(house, options.applications).await?;
        println!(
            "round {round}: {hops:.0} bare hops/s, {published:.0} published/s, {fetched:.0} fetched/s; \
             {:.0} applications/s, {:.0} hearings/s: {:.2} and {:.2} of the bare hops",
            journey.applications,
            journey.hearings,
            journey.applications * 5.0 / hops,
            journey.hearings / hops
        );
        rounds.push((hops, published, fetched, journey));
    }
    let of = |figure: fn(&(f64, f64, f64, journey::Rates)) -> f64| median(rounds.iter().map(figure));
    table.say("(a) bare SQL of a hop, 8 clients, one a transaction", format!("{:.0} hops/s", of(|r| r.0)));
    table.say("(b) JetStream, publish, 100 in flight", format!("{:.0} facts/s", of(|r| r.1)));
    table.say("(b) JetStream, pull and acknowledge", format!("{:.0} facts/s", of(|r| r.2)));
    let said = format!("{:.0} applications/s", of(|r| r.3.applications));
    table.at_least(
        "1  whole journeys: applications/s × 5 ÷ (a)",
        said,
        of(|r| r.3.applications * 5.0 / r.0),
        0.6,
    );
    let said = format!("{:.0} hearings/s", of(|r| r.3.hearings));
    table.at_least("1b all that is heard on the way ÷ (a)", said, of(|r| r.3.hearings / r.0), 0.6);
    Ok(())
}
