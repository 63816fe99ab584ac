//! What the API answers, and what both API and pages show of a file.

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
use crate::file::{File, Part, Stage};
use crate::store::{calls, files, ties};
use crate::visibility::{Visibility, visibility};

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Submitted; eligibility is not settled.
    Announced,
    /// Waits for its reviews.
    Open,
    /// All reviews are in.
    Completed,
    /// The applicant has taken it back.
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

/// One file, as far as the caller may see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FileView {
    /// The application.
    pub id: ApplicationId,
    /// Aktenzeichen.
    pub file_number: String,
    /// How far it is.
    pub state: FileState,
    /// Who applies.
    pub applicant: Applicant,
    /// The other municipalities of a joint project.
    pub participant_names: Vec<String>,
    /// When it was submitted (UTC).
    pub submitted_at: DateTime<Utc>,
    /// After the end of the window.
    pub late: bool,
    /// The form.
    pub application: Application,
    /// What to score; empty before the file opens.
    pub criteria: Vec<Criterion>,
    /// Highest score of a criterion; the lowest is 0.
    pub maximum_score: u8,
    /// Reviews it needs.
    pub needed: u8,
    /// Reviews that are in.
    pub given: usize,
    /// Set while the caller holds it: until then (UTC).
    pub held_until: Option<DateTime<Utc>>,
    /// The reviews; null while the caller may not see them.
    pub reviews: Option<Vec<ReviewGiven>>,
    /// Reviews that do not count, because their reviewer declared a tie before the last one was in; null as above.
    pub set_aside: Option<Vec<ReviewGiven>>,
    /// Reviewers (their ids) who declared a tie after giving a review: it is left out of the result; null as above.
    pub tied_reviewers: Option<Vec<String>>,
}

/// The queue, and the caller's place in it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QueueView {
    /// Files that somebody still has to take.
    pub waiting: i64,
    /// Of these, files that the caller can take, counted up to 100.
    pub offered: i64,
    /// Files that everybody who has to come is at.
    pub taken: i64,
    /// Files with all reviews.
    pub completed: i64,
    /// Files whose eligibility is not settled.
    pub announced: i64,
    /// Files taken back by the applicant.
    pub withdrawn: i64,
    /// The file the caller holds.
    pub held: Option<ApplicationId>,
}

/// A file with everything that is shown of it.
pub(super) struct Shown {
    pub file: File,
    pub sight: Visibility,
    pub ties: Vec<Ags>,
    pub submission: ApplicationSubmitted,
    /// The rules it is reviewed by; none before it opens.
    pub rules: Option<Call>,
}

/// Reads a file for this person.
pub(super) async fn load(
    connection: &mut PgConnection,
    session: &Session,
    id: ApplicationId,
) -> Result<Shown, Problem> {
    let file = files::read(connection, id).await?.ok_or_else(Problem::not_found)?;
    let ties = ties_of(connection, session).await?;
    let sight = visibility(&file, session, &ties);
    if sight == Visibility::Hidden {
        return Err(Problem::not_found());
    }
    let submission = files::submission(connection, id).await?;
    let rules = match file.stage.terms() {
        Some(terms) => calls::rules(connection, file.call, terms.rule_version).await?,
        None => None,
    };
    Ok(Shown { file, sight, ties, submission, rules })
}

/// Those whose review stands in the file, though they declared a tie later. An end of the tie changes nothing in it.
pub(super) async fn tied(connection: &mut PgConnection, file: &File) -> Result<Vec<String>, sqlx::Error> {
    let told = ties::of_application(connection, file.application).await?;
    let given = file.reviews().map(|review| review.reviewer.id.clone());
    Ok(given.filter(|person| told.iter().any(|tie| tie.person == *person)).collect())
}

/// One file as the API shows it.
pub(super) async fn file(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
) -> Result<FileView, Problem> {
    let mut connection = service.db.acquire().await?;
    let Shown { file, sight, submission, rules, .. } = load(&mut connection, session, id).await?;
    let held_until = match file.part_of(&session.person) {
        Some(Part::Holds { until }) => Some(*until),
        _ => None,
    };
    let (mut set_aside, mut tied_reviewers) = (None, None);
    if sight == Visibility::Everything {
        set_aside = Some(files::set_aside(&mut connection, id).await?);
        tied_reviewers = Some(tied(&mut connection, &file).await?);
    }
    let reviews = (sight == Visibility::Everything).then(|| file.reviews().cloned().collect());
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
