//! The API's representation of a file and of the queue, and how a file is loaded for API and pages.

use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{
    Ags, Applicant, Application, ApplicationId, ApplicationSubmitted, Call, Criterion, ReviewGiven,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::ties_of;
use crate::AppState;
use crate::file::{File, Involvement, Stage};
use crate::store::{calls, files, ties};
use crate::visibility::{Visibility, visibility};

/// The progress of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Submitted; eligibility is not decided.
    Announced,
    /// Waits for reviews.
    Open,
    /// All reviews are in.
    Completed,
    /// Withdrawn by the applicant.
    Withdrawn,
}

impl From<Stage> for FileState {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Announced => Self::Announced,
            Stage::Open(_) => Self::Open,
            Stage::Completed(_) => Self::Completed,
            Stage::Withdrawn(_) => Self::Withdrawn,
        }
    }
}

/// A file, as far as the caller may see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FileView {
    pub id: ApplicationId,
    /// File number (Aktenzeichen).
    pub file_number: String,
    pub state: FileState,
    pub applicant: Applicant,
    /// The other municipalities of a joint project.
    pub participant_names: Vec<String>,
    /// UTC.
    pub submitted_at: DateTime<Utc>,
    /// Whether it was submitted after the end of the call's window.
    pub late: bool,
    pub application: Application,
    /// The criteria to score; empty before the file opens.
    pub criteria: Vec<Criterion>,
    /// Highest score of a criterion; the lowest is 0.
    pub maximum_score: u8,
    /// Number of reviews it needs.
    pub needed: u8,
    /// Number of reviews given that count.
    pub given: usize,
    /// Until when the caller holds it, UTC; null if they do not.
    pub held_until: Option<DateTime<Utc>>,
    /// Null while the caller may not see them.
    pub reviews: Option<Vec<ReviewGiven>>,
    /// Reviews that do not count, because their reviewer declared a tie before the file was completed; null as `reviews`.
    pub set_aside: Option<Vec<ReviewGiven>>,
    /// Ids of the reviewers who declared a tie after giving a review, which is left out of the result; null as `reviews`.
    pub tied_reviewers: Option<Vec<String>>,
}

/// Number of files in each state, and what concerns the caller.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QueueView {
    /// Files that need another reviewer.
    pub waiting: i64,
    /// Those of them that the caller can take, counted up to 100.
    pub offered: i64,
    /// Files held by as many reviewers as they still need.
    pub taken: i64,
    pub completed: i64,
    /// Files whose eligibility is not decided.
    pub announced: i64,
    pub withdrawn: i64,
    /// The file that the caller holds.
    pub held: Option<ApplicationId>,
}

/// A file with everything that API and pages need of it.
pub(super) struct LoadedFile {
    pub file: File,
    pub visibility: Visibility,
    pub ties: Vec<Ags>,
    pub submission: ApplicationSubmitted,
    /// The rules it is reviewed by; `None` before it opens.
    pub rules: Option<Call>,
}

/// Reads a file for this person; 404 if they may not see it.
pub(super) async fn load(
    connection: &mut PgConnection,
    session: &Session,
    id: ApplicationId,
) -> Result<LoadedFile, Problem> {
    let file = files::read(connection, id).await?.ok_or_else(Problem::not_found)?;
    let ties = ties_of(connection, session).await?;
    let visibility = visibility(&file, session, &ties);
    if visibility == Visibility::Hidden {
        return Err(Problem::not_found());
    }
    let submission = files::submission(connection, id).await?;
    let rules = match file.stage.terms() {
        Some(terms) => calls::rules(connection, file.call, terms.rule_version).await?,
        None => None,
    };
    Ok(LoadedFile { file, visibility, ties, submission, rules })
}

/// Ids of the reviewers whose review is in the file although they declared a tie later, even if that has ended since.
pub(super) async fn tied(connection: &mut PgConnection, file: &File) -> Result<Vec<String>, sqlx::Error> {
    let ties = ties::of_application(connection, file.application).await?;
    let given = file.reviews().map(|review| review.reviewer.id.clone());
    Ok(given.filter(|person| ties.iter().any(|tie| tie.person == *person)).collect())
}

pub(super) async fn file(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
) -> Result<FileView, Problem> {
    let mut connection = service.db.acquire().await?;
    let LoadedFile { file, visibility, submission, rules, .. } = load(&mut connection, session, id).await?;
    let held_until = match file.involvement_of(&session.person) {
        Some(Involvement::Holds { until }) => Some(*until),
        _ => None,
    };
    let (mut set_aside, mut tied_reviewers) = (None, None);
    if visibility == Visibility::Everything {
        set_aside = Some(files::set_aside(&mut connection, id).await?);
        tied_reviewers = Some(tied(&mut connection, &file).await?);
    }
    let reviews = (visibility == Visibility::Everything).then(|| file.reviews().cloned().collect());
    let given = file.reviews().count();
    let (criteria, maximum_score, needed) = match rules {
        Some(rules) => (rules.criteria, rules.maximum_score, rules.reviews_per_application),
        None => (Vec::new(), 0, 0),
    };
    Ok(FileView {
        id,
        file_number: submission.file_number,
        state: file.stage.into(),
        applicant: submission.applicant,
        participant_names: submission.participant_names,
        submitted_at: submission.submitted_at,
        late: submission.late,
        application: submission.application,
        criteria,
        maximum_score,
        needed,
        given,
        held_until,
        reviews,
        set_aside,
        tied_reviewers,
    })
}
