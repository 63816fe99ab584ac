use testkit::{samples, until};

use crate::stage::{HILDEN, Stage, worker};

#[tokio::test]
async fn long_lists_come_in_pages() {
    let stage = Stage::new().await;
    let mut all = Vec::new();
    for _ in 0..27 {
        let id = samples::new_application();
        stage.publish(id, samples::submitted_by(HILDEN)).await;
        all.push(id.to_string());
    }
    let worker = worker();
    let queue = || async { stage.open(&worker, "/eligibility", "de").await.into_text() };
    until("all wait", queue, |queue| queue.contains("27 Anträge warten")).await;
    let mut seen = Vec::new();
    let mut path = "/cases?state=referred".to_owned();
    loop {
        let list = stage.get(&worker, &path).await.json();
        seen.extend(
            list["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = list["next"].as_str() else { break };
        assert_eq!(seen.len(), 25);
        path = format!("/cases?state=referred&after={next}");
    }
    seen.sort();
    all.sort();
    assert_eq!(seen, all);
    stage.end().await;
}
