//! Ceilings, journeys, peers and latencies in turn, several rounds of them.

use anyhow::Result;
use tokio::task::block_in_place;

use super::journey::{self, facts_each};
use super::latency::{self, Latency};
use super::options::{Options, Part};
use super::peers::{Peer, Speed};
use super::recorder::Consumed;
use super::servers::Servers;
use super::system::{System, nobody};
use super::table::{Table, median};
use super::{ceilings, table};

/// What one round found.
struct Round {
    /// Bare hops a second.
    hops: f64,
    /// Processor time of a bare hop, in seconds.
    hop_cost: f64,
    /// Facts that the bare broker took and gave, a second.
    published: f64,
    fetched: f64,
    journey: Option<Journey>,
    peers: Vec<Speed>,
    latency: Option<Latency>,
}

struct Journey {
    applications: f64,
    consumed: f64,
    /// Processor time of an application, in seconds.
    cost: f64,
}

pub async fn measure(
    servers: &Servers,
    consumed: Consumed,
    options: &Options,
    table: &mut Table,
) -> Result<()> {
    let peers = match options.has(Part::Peers) {
        true => Vec::from(Peer::all(servers).await?),
        false => Vec::new(),
    };
    let system = System::open(servers, &servers.nats.url(), "", nobody()?, consumed).await?;
    let sql = ceilings::Sql::prepare(servers).await?;
    let stream = ceilings::Stream::prepare(servers).await?;
    // New WAL files are slow to write for the first time; caches and plans are cold.
    sql.measure(options.seconds.min(3)).await?;
    journey::run(&system, options.applications / 2).await?;
    if options.statements {
        servers.forget_statements().await?;
    }
    let before = system.consumed.count();
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let start = servers.cpu_seconds();
        let (hops, hop_count) = sql.measure(options.seconds.min(3)).await?;
        let hop_cost = (servers.cpu_seconds() - start) / hop_count;
        let (published, fetched) = stream.measure(10 * options.applications).await?;
        let mut round =
            Round { hops, hop_cost, published, fetched, journey: None, peers: Vec::new(), latency: None };
        if options.has(Part::Journey) {
            let start = servers.cpu_seconds();
            let rates = journey::run(&system, options.applications).await?;
            let cost = (servers.cpu_seconds() - start) / options.applications as f64;
            let (applications, consumed) = (rates.applications, rates.consumed);
            round.journey = Some(Journey { applications, consumed, cost });
        }
        for peer in &peers {
            round.peers.push(block_in_place(|| peer.measure(options.applications))?);
        }
        if options.has(Part::Latency) {
            round.latency = Some(latency::measure(&system, options.seconds).await?);
        }
        round.print(number, &peers);
        rounds.push(round);
    }
    let applications = (system.consumed.count() - before) / facts_each();
    system.close().await;
    if options.statements {
        servers.print_statements(applications).await?;
    }
    tabulate(&rounds, &peers, table);
    Ok(())
}

impl Round {
    fn print(&self, number: usize, peers: &[Peer]) {
        let mut parts = vec![format!(
            "{:.0} bare hops/s of {:.0} µs, {:.0} published/s, {:.0} fetched/s",
            self.hops,
            self.hop_cost * 1e6,
            self.published,
            self.fetched
        )];
        parts.extend(self.journey.iter().map(|journey| {
            format!("{:.0} applications/s of {:.0} µs", journey.applications, journey.cost * 1e6)
        }));
        parts.extend(
            peers.iter().zip(&self.peers).map(|(peer, speed)| {
                format!("{} {:.0}/s, alone {:.1} ms", peer.name, speed.rate, speed.alone)
            }),
        );
        parts.extend(self.latency.iter().map(|latency| {
            format!(
                "a hop {:.1} ms, p99 {:.1} ms, five alone {:.1} ms",
                latency.p50,
                latency.p99,
                latency.alone()
            )
        }));
        println!("round {number}: {}", parts.join("; "));
    }
}

fn tabulate(rounds: &[Round], peers: &[Peer], table: &mut Table) {
    let of = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
    let middle = |figure: fn(&Round) -> f64| median(of(figure));
    table.line(
        "(a) bare SQL of a hop, 8 clients, one a transaction",
        format!("{:.0} hops/s", middle(|round| round.hops)),
    );
    table.line(
        "(b) JetStream, publish, 100 in flight",
        format!("{:.0} facts/s", middle(|round| round.published)),
    );
    table
        .line("(b) JetStream, pull and acknowledge", format!("{:.0} facts/s", middle(|round| round.fetched)));
    for (place, peer) in peers.iter().enumerate() {
        let speeds = || rounds.iter().map(|round| round.peers[place]);
        let rates = table::spread(&speeds().map(|speed| speed.rate).collect::<Vec<_>>(), 0);
        let alone = table::spread(&speeds().map(|speed| speed.alone).collect::<Vec<_>>(), 1);
        table.line(&format!("    {}: applications/s", peer.name), rates);
        table.line(&format!("    {}: ms of one alone", peer.name), alone);
    }
    let journeys: Vec<(&Round, &Journey)> =
        rounds.iter().filter_map(|round| Some((round, round.journey.as_ref()?))).collect();
    if !journeys.is_empty() {
        let each = |figure: fn(&Round, &Journey) -> f64| {
            journeys.iter().map(|(round, journey)| figure(round, journey)).collect::<Vec<_>>()
        };
        let applications = table::spread(&each(|_, journey| journey.applications), 0);
        if peers.is_empty() {
            table.line("1  whole journeys: applications/s", applications);
        } else {
            let ratios = each(|round, journey| {
                journey.applications / round.peers.iter().map(|speed| speed.rate).fold(0.0, f64::max)
            });
            table.at_least("1  whole journeys ÷ the better peer's", applications, &ratios, 1.5);
        }
        let consumed = table::spread(&each(|_, journey| journey.consumed), 0);
        let ratios = each(|round, journey| journey.consumed / round.hops);
        table.at_least(
            &format!("1b {} facts consumed each, facts/s ÷ (a)", facts_each()),
            consumed,
            &ratios,
            0.9,
        );
        let cost = table::spread(&each(|_, journey| journey.cost * 1e6), 0);
        let ratios = each(|round, journey| facts_each() as f64 * round.hop_cost / journey.cost);
        table.at_least("1c the same by processor time, µs an application", cost, &ratios, 0.9);
    }
    let latencies: Vec<(&Round, &Latency)> =
        rounds.iter().filter_map(|round| Some((round, round.latency.as_ref()?))).collect();
    if !latencies.is_empty() {
        let each = |figure: fn(&Latency) -> f64| {
            latencies.iter().map(|(_, latency)| figure(latency)).collect::<Vec<_>>()
        };
        table.at_most("2  a hop at 50/s, p50", String::new(), &each(|latency| latency.p50), 3.0, "ms");
        table.at_most("2  the same, p99", String::new(), &each(|latency| latency.p99), 25.0, "ms");
        let legs: Vec<String> = (0..5)
            .map(|leg| format!("{:.1}", median(latencies.iter().map(|(_, latency)| latency.legs[leg]))))
            .collect();
        let alone = each(Latency::alone);
        table.at_most("2  five hops of one application alone, p50", legs.join(" + "), &alone, 8.0, "ms");
        if let Some(dbos) = peers.iter().position(|peer| peer.name == "DBOS") {
            let ratios: Vec<f64> =
                latencies.iter().map(|(round, latency)| latency.alone() / round.peers[dbos].alone).collect();
            table.at_most("2  the same ÷ DBOS's five steps", String::new(), &ratios, 2.0, "");
        }
    }
}
