//! What it costs to typeset a notice, and whether several are typeset at once.

use std::thread::{available_parallelism, scope};
use std::time::Instant;

use anyhow::Result;
use letters::{Notice, render};

use super::cpu;
use super::options::Options;
use super::table::{Table, spread};

#[path = "../../crates/letters/tests/all/samples.rs"]
#[expect(dead_code, reason = "one of the samples is enough")]
mod samples;

/// Notices in each round, on each thread.
const COUNT: usize = 20;

pub fn measure(options: &Options, table: &mut Table) -> Result<()> {
    let threads = available_parallelism()?.get();
    let (mut alone, mut rates) = (Vec::new(), Vec::new());
    // Fonts and templates are read once.
    run(1, 0)?;
    for round in 1..=options.rounds {
        let start = cpu::own_seconds();
        let one = run(1, round)?;
        let cost = (cpu::own_seconds() - start) / COUNT as f64 * 1e3;
        let all = run(threads, round)?;
        println!(
            "round {round}: a notice {cost:.1} ms of processor, {one:.0}/s on one thread, {all:.0}/s on {threads}"
        );
        alone.push(cost);
        rates.push(all / one);
    }
    table.at_most(
        "6  a notice of two pages as PDF/A and PDF/UA, processor",
        String::new(),
        &alone,
        25.0,
        "ms",
    );
    table.line(&format!("6  {threads} threads ÷ one"), spread(&rates, 2));
    Ok(())
}

/// Typesets on so many threads. Returns how many a second.
fn run(threads: usize, round: usize) -> Result<f64> {
    let begun = Instant::now();
    scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    (0..COUNT).try_for_each(|number| {
                        render(&notice(&format!("{round}-{thread}-{number}"))).map(drop)
                    })
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    Ok((threads * COUNT) as f64 / begun.elapsed().as_secs_f64())
}

/// Differs from every other one, so that nothing of its text is cached.
fn notice(number: &str) -> Notice {
    let mut award = samples::award();
    award.letter.file_number = format!("KOMM-IN-2027-{number}");
    award.letter.project_title = format!("{} {number}", award.letter.project_title);
    award.purpose = format!("{number}: {}", award.purpose);
    Notice::Award(award)
}
