//! A case, with the form to decide it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::{ApiJson, ApiPath, ApiQuery};
use chassis::{Problem, Role, Session};
use chrono::{DateTime, Utc};
use events::{ApplicationId, Cents, Decider, Finding, FindingTexts, Outcome, Tie};
use pages::{Choice, Form, Keep, Language, Page, kept};
use serde::Deserialize;
use uuid::Uuid;

use super::kept_name;
use super::view::CaseView;
use super::words;
use crate::AppState;
use crate::case::{Case, LONGEST_REASON, State as CaseState, Status};
use crate::store::cases;
use crate::store::replies::{self, Reply};
use host::ties;

/// `GET /eligibility/api/cases/{id}`
pub async fn api(
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<ApiJson<CaseView>, Problem> {
    let (case, replies) = find(&service, id).await?;
    Ok(ApiJson(CaseView { replies, ..CaseView::from(&case) }))
}

/// What a redirect to the page may add.
#[derive(Debug, Deserialize)]
pub struct CaseQuery {
    /// The decision has just been stored.
    #[serde(default)]
    pub decided: bool,
}

/// `GET /eligibility/cases/{id}`
pub async fn page(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(query): ApiQuery<CaseQuery>,
) -> Result<Response, Problem> {
    session.require(Role::CaseWorker)?;
    let (case, replies) = find(&service, id).await?;
    let mut db = service.db.acquire().await?;
    let kept = kept::find(&mut db, &session.person, &kept_name(id)).await?;
    let tied = ties::of(&mut db, case.id, &case.submitted, &session).await?;
    let form = kept.as_ref().map_or_else(|| Form::new(&page), |kept| kept.form(&page));
    let draft = page.url(&format!("/cases/{id}/draft"));
    let keep = Keep::of(&page, kept_name(id), kept.as_ref(), draft);
    // Once there is no form any more, its reason can still be read and copied.
    let left = kept.filter(|_| tied.is_some() || case.status() != Status::Referred);
    let left = left.map(|kept| kept.fields.get("reason").to_owned()).filter(|reason| !reason.is_empty());
    pages::show(&CasePage {
        page: &page,
        case: &case,
        replies,
        form: form.with("key", Uuid::new_v4()),
        keep,
        verdicts: words::verdicts(&page),
        just_decided: query.decided,
        left,
        tied,
    })
}

/// The case and the replies of the applicant.
pub(super) async fn find(service: &AppState, id: ApplicationId) -> Result<(Case, Vec<Reply>), Problem> {
    let mut db = service.db.acquire().await?;
    let case = cases::find(&mut db, id).await?.ok_or_else(Problem::not_found)?;
    Ok((case, replies::of(&mut db, id).await?))
}

#[derive(Template)]
#[template(path = "case.html")]
pub(super) struct CasePage<'a> {
    page: &'a Page,
    case: &'a Case,
    replies: Vec<Reply>,
    form: Form,
    keep: Keep,
    verdicts: Vec<Choice>,
    just_decided: bool,
    left: Option<String>,
    /// Set if the reader has a tie to the application, and so cannot decide.
    tied: Option<Tie>,
}

impl<'a> CasePage<'a> {
    fn tie_name(&self, tie: &Tie) -> String {
        self.page.t(format!("tie-{}", tie.name()))
    }

    fn findings(&self, outcome: Outcome) -> Vec<&'a Finding> {
        self.case.assessment.findings.iter().filter(|finding| finding.outcome == outcome).collect()
    }

    /// The texts of a finding and the language they are in: the reader's if they exist in it, else German.
    fn texts(&self, finding: &Finding) -> (Language, FindingTexts) {
        match &finding.english {
            Some(english) if self.page.language == Language::En => (Language::En, english.clone()),
            _ => {
                let Finding { clause, value, source, remedy, .. } = finding.clone();
                (Language::De, FindingTexts { clause, value, source, remedy })
            }
        }
    }

    /// The name of the rule, and the municipality that the finding is about.
    fn rule(&self, finding: &Finding) -> String {
        let rule = self.page.t(words::rule(finding.rule));
        finding.ags.as_ref().map_or(rule.clone(), |ags| format!("{rule}: {}", words::name(ags)))
    }

    /// Day of the register and version of the rules that were used.
    fn basis(&self) -> String {
        let day = self.page.date(self.case.register_day());
        let version = self.case.assessment.rule_version.to_string();
        self.page.tn("findings-basis", &[("day", &day), ("version", &version)])
    }

    fn period(&self) -> String {
        let period = self.case.submitted.application.project_period;
        let (from, to) = (self.page.date(period.from), self.page.date(period.to));
        self.page.tn("application-period-days", &[("from", &from), ("to", &to)])
    }

    /// The municipalities of a joint project with their shares, the lead first.
    fn shares(&self) -> Vec<String> {
        let Some(joint) = &self.case.submitted.application.joint else { return Vec::new() };
        let share = |key, name: &str, share: Cents| {
            self.page.tn(key, &[("name", name), ("amount", &self.page.money(share.0))])
        };
        let lead = share("share-lead", &self.case.submitted.applicant.name, joint.lead_share);
        let others = joint.participants.iter().map(|one| share("share", words::name(&one.ags), one.share));
        std::iter::once(lead).chain(others).collect()
    }

    /// The lists of goals that are not empty, each after the message key of its name.
    fn goals(&self) -> Vec<(&'static str, &'a [String])> {
        let application = &self.case.submitted.application;
        let mut goals = vec![
            ("application-goals", application.goals.as_slice()),
            ("application-action-goals", &application.action_goals),
            ("application-output-goals", &application.output_goals),
        ];
        goals.retain(|(_, list)| !list.is_empty());
        goals
    }

    fn reply_by(&self, reply: &Reply) -> String {
        self.page.tn("reply-by", &[("name", &reply.by), ("at", &self.page.moment(reply.at))])
    }

    /// Facts of two services can overtake each other: such a reply was not known to those who decided.
    fn is_after_decision(&self, reply: &Reply) -> bool {
        self.case.decision().is_some_and(|decision| reply.at > decision.at)
    }

    fn decided_by(&self, person: &str, at: &DateTime<Utc>) -> String {
        self.page.tn("decided-by-person", &[("name", person), ("at", &self.page.moment(at))])
    }

    fn by_person(&self) -> Option<(&'a str, &'a str)> {
        match &self.case.decision()?.by {
            Decider::Person { person, reason } => Some((&person.name, reason)),
            Decider::Rules => None,
        }
    }
}
