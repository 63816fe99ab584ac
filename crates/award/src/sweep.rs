//! What time does: a notice against which nobody can sue any more has become final.

use bus::{Failure, outbox};
use events::{ApplicationId, Cause, NoticeBecameFinal};
use host::sweep::each;

use crate::AppState;
use crate::award::Stage;
use crate::calendar::day_in_germany;
use crate::deadlines::Standing;
use crate::store::history::{HistoryEntry, What};
use crate::store::{cases, history, notices};

/// How many notices one look takes.
const AT_ONCE: i64 = 500;

/// Says of each notice whose time is over that it is final. Returns how many.
///
/// # Errors
/// The database does not answer; what was said before stays said.
pub async fn look(service: &AppState) -> Result<usize, Failure> {
    let today = day_in_germany(service.clock.now());
    let due = notices::due(&mut *service.db.acquire().await?, today, AT_ONCE).await?;
    each(&service.db, due, |application| finish(service, application)).await
}

async fn finish(service: &AppState, application: ApplicationId) -> Result<bool, Failure> {
    let mut tx = service.bus.begin().await?;
    let (now, today) = (tx.now(), day_in_germany(tx.now()));
    let Some(case) = cases::lock(&mut tx, application).await? else { return Ok(false) };
    let Some(notice) = notices::lock(&mut tx, application).await? else { return Ok(false) };
    // Another replica was faster, or the application was withdrawn.
    let decided = matches!(case.state.stage(), Stage::Granted | Stage::Rejected);
    let Standing::Final { on } = notice.way.standing(today) else { return Ok(false) };
    if notice.became_final_at.is_some() || !decided {
        return Ok(false);
    }
    notices::became_final(&mut tx, application, now).await?;
    let happened = HistoryEntry::new(now, What::Final).remark(on.to_string());
    history::append(&mut tx, application, &happened).await?;
    let fact = NoticeBecameFinal { notice: notice.id, final_on: on };
    outbox::append(&mut tx, application, fact, Cause::default());
    service.bus.commit(tx).await?;
    Ok(true)
}
