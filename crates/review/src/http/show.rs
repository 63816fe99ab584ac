//! One file: the application, and the form for its review.

use askama::Template;
use axum::response::Response;
use chassis::problem::{ApiJson, ApiPath};
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{ApplicationId, Call, Recommendation, ReviewCompleted, ReviewGiven};
use host::localized;
use pages::{Choice, Form, Keep, Language, Page, kept};
use uuid::Uuid;

use super::content::{Section, sections};
use super::view::{self, LoadedFile};
use super::{State, refused_key};
use crate::AppState;
use crate::file::{Involvement, Refused, Stage};
use crate::scores::{COMMENT_LIMIT, conclude};
use crate::store::drafts::kept_name;
use crate::store::history::{self, Line};
use crate::store::mails::{self, Mail};
use crate::store::{drafts, files, queue};
use crate::visibility::Visibility;

/// Highest maximum score for which points are offered as a list; above it they are typed.
const MAX_LISTED_POINTS: u8 = 20;

pub(super) fn score_field(criterion: &str) -> String {
    format!("score-{criterion}")
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<ApiJson<view::FileView>, Problem> {
    view::file(&service, &session, id).await.map(ApiJson)
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    draw(&service, &page, &session, id).await
}

/// The page of a file, with what this person has typed and why it was refused, if it was.
async fn draw(
    service: &AppState,
    page: &Page,
    session: &Session,
    id: ApplicationId,
) -> Result<Response, Problem> {
    let mut connection = service.db.acquire().await?;
    let LoadedFile { file, visibility, submission, rules, ties } =
        view::load(&mut connection, session, id).await?;
    let part = file.involvement_of(&session.person);
    let held_until = match part {
        Some(Involvement::Holds { until }) => Some(*until),
        _ => None,
    };
    // A reviewer whose time has run out may still hand in while the file is not full.
    let may_review = part.is_some() && file.may_review(&session.person, &ties).is_ok();
    let returned = matches!(part, Some(Involvement::Returned));
    let holds_another = queue::held(&mut connection, &session.person).await?.is_some_and(|held| held != id);
    let kept = kept::find(&mut connection, &session.person, &kept_name(id)).await?;
    let refused = kept.as_ref().and_then(|kept| kept.reason()).map(str::to_owned);
    let why = refused.or_else(|| match file.may_review(&session.person, &ties) {
        Err(refused) if returned => Some(page.t(refused_key(refused))),
        Ok(_) if returned && holds_another => Some(page.t(refused_key(Refused::HoldsAnother))),
        _ => None,
    });
    let revision = kept.as_ref().map_or(0, |kept| kept.revision);
    let typed = match &kept {
        Some(kept) => kept.form(page),
        None => Form::typed(page, &drafts::read(&mut connection, id, &session.person).await?),
    };
    // A reviewer who no longer holds the file can still read what they have typed.
    let (form, left) = match held_until {
        Some(_) => (Some(typed), Vec::new()),
        None if returned => (None, left(page, rules.as_ref(), &typed)),
        None => (None, Vec::new()),
    };
    let everything = visibility == Visibility::Everything;
    let manages = everything && part.is_none();
    let reviews: Vec<ReviewGiven> = if everything { file.reviews().cloned().collect() } else { Vec::new() };
    let (mut set_aside, mut tied) = (Vec::new(), Vec::new());
    if everything {
        set_aside = files::set_aside(&mut connection, id).await?;
        tied = view::tied(&mut connection, &file).await?;
    }
    let counted = reviews.iter().filter(|review| !tied.contains(&review.reviewer.id));
    let result = match file.stage {
        Stage::Completed(_) => conclude(counted.cloned().collect()),
        _ => None,
    };
    let (history, mails) = match manages {
        true => (history::read(&mut connection, id).await?, mails::of(&mut connection, id).await?),
        false => (Vec::new(), Vec::new()),
    };
    pages::show(&FilePage {
        page,
        id,
        sections: sections(page, &submission),
        submission: &submission,
        state: state_key(file.stage),
        given: file.reviews().count(),
        needed: rules.as_ref().map_or(0, |rules| rules.reviews_per_application),
        held_until,
        keep: Keep::new(page, kept_name(id), revision).autosaved(format!("/review/files/{id}/draft")),
        left,
        can_take: returned && may_review && !holds_another,
        sheet: form.zip(rules.as_ref()).map(|(form, rules)| ReviewForm::new(page, rules, form, may_review)),
        why,
        criteria: rules.map(|rules| titles(page, &rules)).unwrap_or_default(),
        mine: session.person.as_str(),
        may_declare: matches!(file.stage, Stage::Open(_) | Stage::Completed(_))
            && file.has_given(&session.person)
            && !tied.contains(&session.person),
        tied,
        set_aside,
        reviews,
        result,
        history,
        mails,
        key: Uuid::new_v4(),
    })
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage<'a> {
    page: &'a Page,
    id: ApplicationId,
    sections: Vec<Section>,
    submission: &'a events::ApplicationSubmitted,
    state: &'static str,
    given: usize,
    needed: u8,
    held_until: Option<DateTime<Utc>>,
    can_take: bool,
    sheet: Option<ReviewForm>,
    keep: Keep,
    /// What this person has typed and can no longer edit: label and text.
    left: Vec<(String, String)>,
    why: Option<String>,
    /// Key and title of each criterion.
    criteria: Vec<(String, String)>,
    mine: &'a str,
    /// Ids of the reviewers who declared a tie after giving their review.
    tied: Vec<String>,
    /// Reviews that stopped counting before the file was completed.
    set_aside: Vec<ReviewGiven>,
    /// The reader has given a review and may still declare that they were biased.
    may_declare: bool,
    reviews: Vec<ReviewGiven>,
    result: Option<ReviewCompleted>,
    history: Vec<Line>,
    mails: Vec<Mail>,
    key: Uuid,
}

impl FilePage<'_> {
    fn is_tied(&self, review: &ReviewGiven) -> bool {
        self.tied.contains(&review.reviewer.id)
    }

    /// The points of a review for a criterion; empty if there are none.
    fn points(&self, review: &ReviewGiven, criterion: &str) -> String {
        let found = review.scores.iter().find(|score| score.criterion == criterion);
        found.map(|score| score.points.to_string()).unwrap_or_default()
    }

    fn act(&self, line: &Line) -> String {
        self.page.t(format!("act-{}", line.act))
    }

    fn percent(&self, weighted: &u16) -> String {
        percent(self.page.language, *weighted)
    }

    fn advice(&self, recommendation: &Recommendation) -> String {
        self.page.t(match recommendation {
            Recommendation::Fund => "advice-fund",
            Recommendation::Decline => "advice-decline",
        })
    }

    fn advice_kind(&self, recommendation: &Recommendation) -> &'static str {
        match recommendation {
            Recommendation::Fund => "success",
            Recommendation::Decline => "warning",
        }
    }
}

/// The review form.
struct ReviewForm {
    form: Form,
    criteria: Vec<CriterionField>,
    maximum: u8,
    points: Vec<Choice>,
    advice: Vec<Choice>,
    /// Whether it can be sent at present.
    open: bool,
}

struct CriterionField {
    field: String,
    title: String,
    hint: String,
}

impl ReviewForm {
    fn new(page: &Page, rules: &Call, form: Form, open: bool) -> Self {
        let criteria = rules.criteria.iter().map(|criterion| CriterionField {
            field: score_field(&criterion.key),
            title: localized(page, &criterion.title).to_owned(),
            hint: page.t1("weight", "weight", criterion.weight),
        });
        let maximum = rules.maximum_score;
        let point = |points: u8| {
            let label = match points {
                0 => page.t1("points-none", "points", points),
                _ if points == maximum => page.t1("points-full", "points", points),
                _ => points.to_string(),
            };
            Choice::new(points.to_string(), label)
        };
        let listed =
            if maximum <= MAX_LISTED_POINTS { (0..=maximum).map(point).collect() } else { Vec::new() };
        Self {
            form,
            criteria: criteria.collect(),
            maximum,
            points: listed,
            advice: vec![
                Choice::new("fund", page.t("advice-fund")),
                Choice::new("decline", page.t("advice-decline")),
            ],
            open,
        }
    }

    fn comment_limit(&self) -> usize {
        COMMENT_LIMIT
    }
}

/// What was typed into the form, as label and text; without empty fields.
fn left(page: &Page, rules: Option<&Call>, typed: &Form) -> Vec<(String, String)> {
    let points = rules.into_iter().flat_map(|rules| &rules.criteria).map(|criterion| {
        (localized(page, &criterion.title).to_owned(), typed.value(&score_field(&criterion.key)).to_owned())
    });
    let advice = match typed.value("recommendation") {
        "fund" => page.t("advice-fund"),
        "decline" => page.t("advice-decline"),
        _ => String::new(),
    };
    let rest = [(page.t("recommendation"), advice), (page.t("comment"), typed.value("comment").to_owned())];
    points.chain(rest).filter(|(_, text)| !text.trim().is_empty()).collect()
}

fn titles(page: &Page, rules: &Call) -> Vec<(String, String)> {
    let criteria = rules.criteria.iter();
    criteria.map(|criterion| (criterion.key.clone(), localized(page, &criterion.title).to_owned())).collect()
}

fn state_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Announced => "state-announced",
        Stage::Open(_) => "state-open",
        Stage::Completed(_) => "state-completed",
        Stage::Withdrawn(_) => "state-withdrawn",
    }
}

/// Hundredths of a percent: `68,00 %` or `68.00%`.
fn percent(language: Language, weighted: u16) -> String {
    let (whole, rest) = (weighted / 100, weighted % 100);
    match language {
        Language::De => format!("{whole},{rest:02}\u{a0}%"),
        Language::En => format!("{whole}.{rest:02}%"),
    }
}
