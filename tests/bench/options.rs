//! The command line.

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
tests/bench/run [PART …] [--rounds N] [--applications N] [--seconds N] [--statements]

PART            journey, latency, portal, mail, notice, million; all of these unless named;
                peers: journey and latency beside DBOS and pg-boss, which npm and cargo fetch and build
--rounds        rounds of ceiling and product in turn (5)
--applications  applications in each round, and emails (2000)
--seconds       how long each steady rate is held (8)
--statements    also print what Postgres was asked for each application of journey and latency (slows it down)";

/// A part of the bench that can run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Journey,
    Latency,
    Portal,
    Mail,
    Notice,
    Million,
    Peers,
}

/// What is to be measured.
#[derive(Debug)]
pub struct Options {
    pub parts: Vec<Part>,
    pub rounds: usize,
    pub applications: usize,
    pub seconds: u64,
    pub statements: bool,
    /// Files of the write-ahead log that are made before.
    pub segments: u32,
    /// Stored applications that the journeys of `million` run beside: few, and many.
    pub stored: [u32; 2],
}

impl Default for Options {
    fn default() -> Self {
        let (rounds, applications, seconds, statements) = (5, 2_000, 8, false);
        let stored = [10_000, 1_000_000];
        Self { parts: Vec::new(), rounds, applications, seconds, statements, segments: 96, stored }
    }
}

impl Options {
    /// None where only the usage was asked for.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut number = || -> Result<usize> {
                let value = arguments.next().with_context(|| format!("{argument} needs a number"))?;
                value.parse().with_context(|| format!("{argument} {value}: expected a number"))
            };
            match argument.as_str() {
                "journey" => options.parts.push(Part::Journey),
                "latency" => options.parts.push(Part::Latency),
                "portal" => options.parts.push(Part::Portal),
                "peers" => options.parts.extend([Part::Peers, Part::Journey, Part::Latency]),
                "mail" => options.parts.push(Part::Mail),
                "notice" => options.parts.push(Part::Notice),
                "million" => options.parts.push(Part::Million),
                "--rounds" => options.rounds = number()?.max(1),
                "--applications" => options.applications = number()?.max(10),
                "--seconds" => options.seconds = number()?.max(1) as u64,
                "--statements" => options.statements = true,
                // What cargo adds.
                "--bench" => {}
                "--help" => {
                    println!("{USAGE}");
                    return Ok(None);
                }
                other => bail!("unknown argument {other}\n\n{USAGE}"),
            }
        }
        Ok(Some(options))
    }

    /// Whether this part was asked for.
    pub fn has(&self, part: Part) -> bool {
        (self.parts.is_empty() && part != Part::Peers) || self.parts.contains(&part)
    }
}
