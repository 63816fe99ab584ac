//! Ten applications through every part of the bench: its own SQL fits the tables as they are now.

#[path = "main.rs"]
#[expect(dead_code, reason = "its command line")]
mod bench;

use bench::Options;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_applications_pass_every_part_of_the_bench() {
    let few = Options {
        rounds: 1,
        applications: 10,
        seconds: 1,
        segments: 1,
        stored: [10, 20],
        ..Options::default()
    };
    bench::run(&few).await.expect("every part of the bench runs");
}
