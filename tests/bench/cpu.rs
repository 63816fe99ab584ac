//! Processor time: what a figure costs, whatever else the machine does meanwhile.

use std::fs;

/// Seconds of processor time that this process and the two servers have used by now; 0 where there
/// is no /proc.
pub fn seconds(postgres: u32, nats: u32) -> f64 {
    let own = std::process::id();
    sum(|id, parent| [id, parent].contains(&postgres) || id == own || id == nats)
}

/// The same of this process alone.
pub fn own_seconds() -> f64 {
    sum(|id, _| id == std::process::id())
}

/// Of all processes for whose id and parent `counts` holds.
fn sum(counts: impl Fn(u32, u32) -> bool) -> f64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ticks: u64 = processes
        .filter_map(|process| {
            let id: u32 = process.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(process.path().join("stat")).ok()?;
            // After the name, which may hold anything: state, parent, … user and system time.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let parent: u32 = fields.get(1)?.parse().ok()?;
            let time = |field: usize| fields.get(field)?.parse::<u64>().ok();
            counts(id, parent).then_some(time(11)? + time(12)?)
        })
        .sum();
    // Linux counts in hundredths towards programs.
    ticks as f64 / 100.0
}
