//! Faults of the mail server: rows 36 to 38 and 40.

use std::time::Duration;

use testkit::{Fault, until_within};
use tests::{Allowed, ClusterPlan, RECOVERY_DEADLINE};

use crate::row::{Row, lasting};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_36_and_37_the_mail_server_puts_off_and_refuses() {
    // Application 1 ends as ineligible, after three emails. The mail server refuses its address.
    let allowed = Allowed { failed: 3, ..Allowed::default() };
    let row = Row { allowed, ..Row::new("36", "SMTP 421 and 451, then ok; 550 for one recipient (row 37)") };
    let checks = row
        .run(async |cluster, _| {
            cluster.mailbox.inject(Fault::Refuse421, 4);
            cluster.mailbox.inject(Fault::Temporary451AtRcpt, 6);
            cluster.mailbox.inject_for(&tests::email(1), Fault::Permanent550AtRcpt, 100);
        })
        .await;
    assert_eq!((checks.failed, checks.ambiguous), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_38_the_mail_server_drops_the_connection_after_the_final_dot() {
    let row = Row::new("38", "SMTP connection dropped after the final dot, three times");
    let checks = row.run(async |cluster, _| cluster.mailbox.inject(Fault::DropAfterDot, 3)).await;
    assert_eq!(checks.ambiguous, 3, "each is sent once more with the same Message-ID, and counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_38_the_mail_server_drops_the_connection_before_the_final_dot() {
    let row = Row::new("38", "SMTP connection dropped before the final dot, three times");
    row.run(async |cluster, _| cluster.mailbox.inject(Fault::DropBeforeDot, 3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_40_the_mail_server_is_down_and_then_slow() {
    let plan = ClusterPlan { answer: 60, ..ClusterPlan::default() };
    let row = Row { plan, ..Row::new("40", "SMTP down for 20 s, then a tarpit on half of the connections") };
    row.run(async |cluster, drive| {
        drive.until_submitted(3).await;
        cluster.mailbox.stop().await;
        cluster.mailbox.inject(Fault::Tarpit(Duration::from_secs(4)), 4);
        lasting(Duration::from_secs(20)).await;
        cluster.mailbox.restart().await.expect("it comes back");
        // Slow connections do not hold up the others: emails arrive meanwhile.
        let arrived = || async { cluster.mailbox.messages().len() };
        until_within(RECOVERY_DEADLINE, "emails arrive", arrived, |count| *count > 12).await;
    })
    .await;
}
