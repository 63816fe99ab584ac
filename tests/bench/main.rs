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
mod notices;
mod options;
mod peers;
mod people;
mod portal;
mod recorder;
mod rounds;
mod servers;
mod system;
mod table;

use anyhow::Result;

pub use options::Options;
use options::Part;
use servers::Servers;
use table::Table;

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
    let servers = Servers::start(options.statements, options.segments).await?;
    let mut table = Table::default();
    if options.has(Part::Journey) || options.has(Part::Latency) {
        rounds::measure(&servers, consumed.clone(), options, &mut table).await?;
    }
    if options.has(Part::Portal) {
        portal::measure(&servers, consumed.clone(), options, &mut table).await?;
    }
    if options.has(Part::Mail) {
        mail::measure(&servers, options, &mut table).await?;
    }
    if options.has(Part::Notice) {
        tokio::task::block_in_place(|| notices::measure(options, &mut table))?;
    }
    if options.has(Part::Million) {
        million::measure(&servers, consumed, options, &mut table).await?;
    }
    table.print();
    servers.stop().await
}
