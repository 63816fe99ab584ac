//! The periodic check for notices that nobody can contest any more: they have become final.

use bus::{Failure, outbox};
use events::{ApplicationId, Cause, NoticeBecameFinal};
use host::sweep::each;

use crate::AppState;
use crate::award::Stage;
use crate::calendar::day_in_germany;
use crate::deadlines::Standing;
use crate::store::history::{HistoryEntry, HistoryKind};
use crate::store::{cases, history, notices};

/// Most notices of one run.
const BATCH_SIZE: i64 = 500;

/// Publishes `notice-became-final` for each notice that is due. Returns how many; a failure leaves the others done.
pub async fn run(service: &AppState) -> Result<usize, Failure> {
    let today = day_in_germany(service.clock.now());
    let due = notices::due(&mut *service.db.acquire().await?, today, BATCH_SIZE).await?;
    each(&service.db, due, |application| finish(service, application)).await
}

async fn finish(service: &AppState, application: ApplicationId) -> Result<bool, Failure> {
    let mut tx = service.bus.begin().await?;
    let (now, today) = (tx.now(), day_in_germany(tx.now()));
    let Some(case) = cases::lock(&mut tx, application).await? else { return Ok(false) };
    let Some(notice) = notices::lock(&mut tx, application).await? else { return Ok(false) };
    // Another replica may have been faster, or the application may have been withdrawn.
    let decided = matches!(case.state.stage(), Stage::Granted | Stage::Rejected);
    let Standing::Final { on } = notice.delivery.standing(today) else { return Ok(false) };
    if notice.became_final_at.is_some() || !decided {
        return Ok(false);
    }
    notices::became_final(&mut tx, application, now).await?;
    let happened = HistoryEntry::new(now, HistoryKind::Final).remark(on.to_string());
    history::append(&mut tx, application, &happened).await?;
    let fact = NoticeBecameFinal { notice: notice.id, final_on: on };
    outbox::append(&mut tx, application, fact, Cause::default());
    service.bus.commit(tx).await?;
    Ok(true)
}
