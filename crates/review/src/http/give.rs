//! Give a review; the last one publishes the result.

use axum::response::{IntoResponse, Redirect, Response};
use bus::outbox;
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use events::{ApplicationId, Cause, Recommendation, Score};
use host::{IdempotencyKey, Idempotent};
use pages::{Page, kept, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::show::score_field;
use super::{State, lock, refuse, refused_key};
use crate::AppState;
use crate::file::Refused;
use crate::scores::{COMMENT_LIMIT, Mistake, ReviewInput, ScoringRules};
use crate::store::drafts::kept_name;
use crate::store::{calls, drafts, files};

/// Maximum number of scores in a request; no call has so many criteria.
const MAX_SCORES: usize = 100;

/// A review.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveReview {
    /// Points for each criterion of the call, exactly once.
    pub scores: Vec<Score>,
    pub recommendation: Recommendation,
    /// The reasons; 1 to 5,000 characters.
    pub comment: String,
}

/// The accepted review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    /// Weighted score in hundredths of a percent of the reachable points, 0 to 10,000.
    pub weighted: u16,
    /// Whether it was the last one that the file needed.
    pub completed: bool,
}

/// Why a review is refused.
enum GiveError {
    Mistakes(Vec<Mistake>, ScoringRules),
    Refused(Refused),
    Problem(Problem),
}

impl From<Problem> for GiveError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for GiveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

async fn give(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
    sheet: ReviewInput,
    key: IdempotencyKey,
    cause: Cause,
) -> Result<Given, GiveError> {
    let once = Idempotent::new(session, "review", key, &(id, &sheet))?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(given) = before {
        return Ok(given);
    }
    let (file, ties) = lock(&mut tx, session, id).await?;
    if files::submission(&mut tx, id).await?.tie_of(&session.person, None, session.email.as_deref()).is_some()
    {
        return Err(GiveError::Refused(Refused::Tied));
    }
    let terms = file.may_review(&session.person, &ties).map_err(GiveError::Refused)?;
    let rules = calls::rules(&mut tx, file.call, terms.rule_version).await?;
    let rules = rules.ok_or_else(|| Problem::internal("an open file without rules"))?;
    let scale = ScoringRules::of(&rules).map_err(Problem::internal)?;
    let evaluated = scale.evaluate(host::person(session), sheet);
    let review = evaluated.map_err(|mistakes| GiveError::Mistakes(mistakes, scale))?;
    let weighted = review.weighted;

    let (file, fact) = file.reviewed(review, &ties, tx.now()).map_err(GiveError::Refused)?;
    files::save(&mut tx, &file, &cause).await?;
    drafts::discard(&mut tx, id, &session.person).await?;
    let given = Given { weighted, completed: fact.is_some() };
    if let Some(fact) = fact {
        outbox::append(&mut tx, id, fact, cause);
    }
    once.store(&mut tx, &given)?;
    host::commit(&service.bus, tx).await?;
    Ok(given)
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    key: IdempotencyKey,
    ApiJson(body): ApiJson<GiveReview>,
) -> Result<ApiJson<Given>, Problem> {
    let sheet = ReviewInput {
        scores: body.scores,
        recommendation: Some(body.recommendation),
        comment: parse::lines(&body.comment),
    };
    if sheet.scores.len() > MAX_SCORES {
        return Err(Problem::invalid([("/scores", format!("at most {MAX_SCORES} entries"))]));
    }
    let scores = sheet.scores.clone();
    give(&service, &session, id, sheet, key, host::cause(&trace)).await.map(ApiJson).map_err(
        |not| match not {
            GiveError::Mistakes(mistakes, _) => {
                Problem::invalid(mistakes.iter().map(|one| explain(one, &scores)))
            }
            GiveError::Refused(refused) => refuse(refused),
            GiveError::Problem(problem) => problem,
        },
    )
}

/// A mistake for programs: JSON pointer and expectation.
fn explain(mistake: &Mistake, scores: &[Score]) -> (String, String) {
    let place = |key: &str, field: &str| match scores.iter().rposition(|score| score.criterion == key) {
        Some(n) => format!("/scores/{n}{field}"),
        None => "/scores".to_owned(),
    };
    match mistake {
        Mistake::Missing(key) => ("/scores".to_owned(), format!("no points for the criterion {key:?}")),
        Mistake::TooHigh(key) => (place(key, "/points"), "more than the call's maximum_score".to_owned()),
        Mistake::Repeated(key) => (place(key, ""), format!("points for {key:?} more than once")),
        Mistake::Unknown(key) => (place(key, "/criterion"), "the call has no such criterion".to_owned()),
        Mistake::NoRecommendation => ("/recommendation".to_owned(), "fund or decline".to_owned()),
        Mistake::NoComment => ("/comment".to_owned(), "the reasons are missing".to_owned()),
        Mistake::CommentTooLong => ("/comment".to_owned(), format!("more than {COMMENT_LIMIT} characters")),
    }
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<Fields>,
) -> Result<Response, Problem> {
    form.session.require(Role::Reviewer)?;
    let (session, key) = (&form.session, IdempotencyKey::new(form.fields.get("key"))?);
    let wrong: Vec<(String, String)> =
        match give(&service, session, id, sheet(&form.fields), key, host::cause(&trace)).await {
            Ok(_) => return Ok(Redirect::to("/review?done=review").into_response()),
            Err(GiveError::Problem(problem)) => return Err(problem),
            Err(GiveError::Refused(refused)) => vec![(String::new(), page.t(refused_key(refused)))],
            Err(GiveError::Mistakes(mistakes, scale)) => {
                mistakes.into_iter().map(|mistake| beside(&page, &scale, mistake)).collect()
            }
        };
    // The form is kept with its mistakes; the page of the file shows both, and can be reloaded.
    let mut tx = host::begin(&service.bus).await?;
    let now = tx.now();
    kept::refuse(&mut tx, &session.person, &kept_name(id), &form.fields, &wrong, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(Redirect::to(&format!("/review/files/{id}?refused=1#errors")).into_response())
}

/// A mistake for people: form field and localized message.
fn beside(page: &Page, scale: &ScoringRules, mistake: Mistake) -> (String, String) {
    match mistake {
        Mistake::Missing(key) | Mistake::TooHigh(key) | Mistake::Repeated(key) | Mistake::Unknown(key) => {
            (score_field(&key), no_points(page, scale, &key))
        }
        Mistake::NoRecommendation => ("recommendation".to_owned(), page.t("error-recommendation")),
        Mistake::NoComment => ("comment".to_owned(), page.t("error-comment")),
        Mistake::CommentTooLong => {
            ("comment".to_owned(), page.t1("error-comment-too-long", "limit", page.count(COMMENT_LIMIT)))
        }
    }
}

/// The localized message that points are expected for a criterion.
fn no_points(page: &Page, scale: &ScoringRules, key: &str) -> String {
    let named = scale.criteria().iter().find(|criterion| criterion.key == key);
    let title =
        named.map_or_else(|| key.to_owned(), |criterion| host::localized(page, &criterion.title).to_owned());
    page.tn("error-points", &[("criterion", &title), ("maximum", &scale.maximum().to_string())])
}

/// Reads the form. Points that are not a number count as missing.
fn sheet(fields: &Fields) -> ReviewInput {
    let scores = fields.iter().filter_map(|(name, value)| {
        let criterion = name.strip_prefix(&score_field(""))?.to_owned();
        Some(Score { criterion, points: parse::line(value).parse().ok()? })
    });
    let recommendation = match fields.get("recommendation") {
        "fund" => Some(Recommendation::Fund),
        "decline" => Some(Recommendation::Decline),
        _ => None,
    };
    ReviewInput { scores: scores.collect(), recommendation, comment: parse::lines(fields.get("comment")) }
}
