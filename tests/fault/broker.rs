//! The broker breaks.

use crate::row::Row;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_10_the_broker_is_killed_and_comes_back() {
    let row = Row::new("10", "nats-server kill -9 and restart, under load");
    row.run(async |rig, drive| {
        for submitted in [3, 7] {
            drive.until_submitted(submitted).await;
            let mut nats = rig.nats.lock().await;
            let nats = nats.as_mut().expect("the rig's own broker");
            nats.kill().await.expect("killed");
            drive.until_submitted(submitted + 2).await;
            nats.restart().await.expect("it comes back");
        }
    })
    .await;
}
