//! One case: the application, the reviews, and what the reader can do with it now.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::{ApiJson, ApiPath, ApiQuery, Problem};
use chassis::session::{Fields, PageForm};
use chassis::{Role, Session};
use chrono::NaiveDate;
use events::{ApplicationId, Recommendation, ReviewGiven, Tie};
use host::localized;
use letters::PartnerShare;
use pages::kept::{self, Kept};
use pages::{Choice, Form, Keep, Page};
use serde::Deserialize;
use uuid::Uuid;

use super::words::{badge, entries, kinds, post_reason, score, stage_name};
use super::{Shared, answer, keep, require_decider};
use crate::AppState;
use crate::award::{Decision, Proposal, Returned, ReviewResult, Stage, State as CaseState};
use crate::budget::Budget;
use crate::calendar::day_in_germany;
use crate::deadlines::Standing;
use crate::notice_text::{self, NoticeInput};
use crate::store::cases::Dossier;
use crate::store::history::{self, HistoryEntry, HistoryKind};
use crate::store::notices::Notice;
use crate::store::{budgets, cases, notices};
use host::ties;

/// `GET /award/api/cases/{application}`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
) -> Result<ApiJson<answer::Case>, Problem> {
    require_decider(&session)?;
    let mut db = service.db.acquire().await?;
    let file = cases::dossier(&mut db, application).await?.ok_or_else(Problem::not_found)?;
    Ok(ApiJson(answer::Case::of(&file)))
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage<'a> {
    page: &'a Page,
    form: &'a Form,
    done: Option<String>,
    file: &'a Dossier,
    stage: Stage,
    budget: Option<Budget>,
    notice: Option<&'a Notice>,
    standing: Option<Standing>,
    happened: &'a [HistoryEntry],
    whole: bool,
    key: String,
    may: May,
    /// Kept texts of the reader whose form is not on the page any more.
    left: Vec<(Keep, Vec<String>)>,
    /// One for each of [`keep::FORMS`].
    keeps: Vec<Keep>,
    /// The reader's tie; with one they can do nothing.
    tied: Option<Tie>,
    kinds: Vec<Choice>,
    entries: Vec<Choice>,
    begun: bool,
    unprintable: String,
    /// What each member of a joint project gets, or would get.
    shares: Vec<PartnerShare>,
}

/// What the reader can do with the case in its present state.
struct May {
    propose: bool,
    approve: bool,
    send_back: bool,
    record: bool,
    /// They made the proposal themselves, so they cannot approve it.
    own: bool,
}

impl May {
    fn of(session: &Session, file: &Dossier, notice: Option<&Notice>, tied: bool) -> Self {
        if tied {
            return Self { propose: false, approve: false, send_back: false, record: false, own: false };
        }
        let (stage, proposal) = (file.case.state.stage(), file.case.state.proposal());
        let approver = session.has(Role::Approver) && matches!(stage, Stage::Proposed | Stage::Waitlisted);
        let own = proposal.is_some_and(|proposal| proposal.proposed.by.id == session.person);
        Self {
            propose: session.has(Role::CaseWorker) && stage == Stage::Ready,
            approve: approver && !own,
            send_back: approver,
            record: session.has(Role::CaseWorker)
                && notice.is_some_and(|notice| notice.became_final_at.is_none())
                && stage != Stage::Withdrawn,
            own: approver && own,
        }
    }

    /// Whether they may send `form`, one of [`keep::FORMS`].
    fn fill(&self, form: &str) -> bool {
        match form {
            "proposal" => self.propose,
            "return" => self.send_back,
            _ => self.record,
        }
    }
}

impl CasePage<'_> {
    fn title(&self) -> &str {
        localized(self.page, &self.file.call.title)
    }

    fn link(&self, below: &str) -> String {
        self.page.url(&format!("/cases/{}{below}", self.file.case.application))
    }

    fn badge(&self) -> &'static str {
        badge(self.stage)
    }

    fn stage_name(&self) -> String {
        stage_name(self.page, self.stage)
    }

    fn proposal(&self) -> Option<&Proposal> {
        self.file.case.state.proposal()
    }

    fn proposal_title(&self) -> String {
        let open = matches!(self.stage, Stage::Proposed | Stage::Waitlisted);
        self.page.t(if open { "proposal-title" } else { "decision-title" })
    }

    fn returned(&self) -> Option<&Returned> {
        match &self.file.case.state {
            CaseState::Ready { returned } => returned.as_ref(),
            _ => None,
        }
    }

    /// Nobody else pays anything: a reason is compulsory (VV 2.3 zu § 44 LHO).
    fn is_full(&self) -> bool {
        let plan = self.file.submitted.application.financing;
        plan.own_share.0 == 0 && plan.third_parties.0 == 0
    }

    fn points(&self, review: &ReviewGiven) -> Vec<(String, u8)> {
        let criterion = |key: &str| self.file.call.criteria.iter().find(|criterion| criterion.key == key);
        let name = |key: &str| {
            criterion(key).map_or(key, |criterion| localized(self.page, &criterion.title)).to_owned()
        };
        review.scores.iter().map(|score| (name(&score.criterion), score.points)).collect()
    }

    fn tie_name(&self, tie: &Tie) -> String {
        self.page.t(format!("tie-{}", tie.name()))
    }

    fn counts(&self, review: &ReviewGiven) -> bool {
        self.file.case.counts(review)
    }

    fn result(&self) -> Option<ReviewResult> {
        self.file.case.result()
    }

    fn lacks_reviews(&self) -> bool {
        self.file.case.lacks_reviews()
    }

    fn score(&self, weighted: &u16) -> String {
        score(self.page, i32::from(*weighted))
    }

    fn recommends(&self, recommendation: &Recommendation) -> String {
        self.page.t(match recommendation {
            Recommendation::Fund => "recommend-fund",
            Recommendation::Decline => "recommend-decline",
        })
    }

    /// Why a case worker has to act for the notice to arrive; `None` where nobody has to.
    fn post_reason(&self) -> Option<String> {
        let notice = self.notice?;
        let today = day_in_germany(self.page.now);
        let open = matches!(self.stage, Stage::Granted | Stage::Rejected);
        (open && notice.delivery.needs_post(today)).then(|| post_reason(self.page, &notice.delivery, today))
    }

    fn describe(&self, happened: &HistoryEntry) -> String {
        self.page.t(format!("history-{}", happened.what.name()))
    }

    fn remark(&self, happened: &HistoryEntry) -> Option<String> {
        let remark = happened.remark.as_ref()?;
        Some(match &happened.what {
            HistoryKind::Notice => format!("{}: {remark}", self.page.t("notice-sha256")),
            what if what.names_a_day() => {
                remark.parse().map_or(remark.clone(), |day: NaiveDate| self.page.date(day))
            }
            _ => remark.clone(),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

/// `GET /award/cases/{application}`
pub(super) async fn page(
    State(service): State<Shared>,
    page: Page,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    ApiQuery(Done { done }): ApiQuery<Done>,
) -> Result<Response, Problem> {
    const KNOWN: [&str; 6] = ["proposed", "granted", "rejected", "waitlisted", "returned", "recorded"];
    let done = done.filter(|done| KNOWN.contains(&done.as_str())).map(|done| page.t(format!("done-{done}")));
    draw(&service, &page, &session, application, Form::new(&page), done).await
}

/// `POST /award/cases/{application}/{form}/draft`: a form saves what is typed.
pub(super) async fn draft(
    State(service): State<Shared>,
    page: Page,
    ApiPath((application, form)): ApiPath<(ApplicationId, String)>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    require_decider(&session)?;
    let form = keep::FORMS.into_iter().find(|known| *known == form).ok_or_else(Problem::not_found)?;
    let mut tx = host::begin(&service.bus).await?;
    let file = cases::dossier(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    let notice = notices::find(&mut tx, application).await?;
    let tied = ties::of(&mut tx, application, &file.submitted, &session).await?;
    let seen: Option<i64> = fields.get("revision").parse().ok();
    let gone = match seen {
        _ if !May::of(&session, &file, notice.as_ref(), tied.is_some()).fill(form) => Some("draft-gone"),
        Some(seen) if seen != file.case.revision => Some("draft-stale"),
        _ => None,
    };
    let gone = gone.map(|why| page.t(why));
    let (name, back, now) =
        (keep::name(form, application), page.url(&format!("/cases/{application}")), tx.now());
    let answer = kept::answer(&mut tx, &page, &session, &name, &fields, &back, gone, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// Shows the page again, with what was typed and what is wrong with it.
pub(super) async fn show_again(
    service: &AppState,
    page: &Page,
    session: &Session,
    application: ApplicationId,
    form: Form,
) -> Result<Response, Problem> {
    draw(service, page, session, application, form, None).await
}

async fn draw(
    service: &AppState,
    page: &Page,
    session: &Session,
    application: ApplicationId,
    form: Form,
    done: Option<String>,
) -> Result<Response, Problem> {
    require_decider(session)?;
    let mut db = service.db.acquire().await?;
    let file = cases::dossier(&mut db, application).await?.ok_or_else(Problem::not_found)?;
    let budgets = budgets::of_call(&mut db, file.case.terms.call).await?;
    let notice = notices::find(&mut db, application).await?;
    let (happened, whole) = history::of_case(&mut db, application).await?;
    let tied = ties::of(&mut db, application, &file.submitted, session).await?;
    let mut kept = Vec::new();
    for form in keep::FORMS {
        kept.push(kept::find(&mut db, &session.person, &keep::name(form, application)).await?);
    }
    drop(db);

    let today = day_in_germany(page.now);
    let stage = file.case.state.stage();
    let wrong = !form.is_valid();
    let form = if wrong { form } else { start(page, &file, form, &kept) };
    let keeps = keep::FORMS.iter().zip(&kept).map(|(form, kept)| {
        let draft = page.url(&format!("/cases/{application}/{form}/draft"));
        Keep::of(page, keep::name(form, application), kept.as_ref(), draft)
    });
    let keeps: Vec<Keep> = keeps.collect();
    let may = May::of(session, &file, notice.as_ref(), tied.is_some());
    // What was typed stays readable when its form is not on the page any more.
    let left = keep::FORMS.iter().zip(&kept).zip(&keeps).filter_map(|((form, kept), keep)| {
        let kept = kept.as_ref().filter(|_| !may.fill(form))?;
        let texts = ["reason", "reasons", "reason_for_full"].map(|field| kept.fields.get(field).to_owned());
        Some((keep.clone(), texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>()))
    });
    let left = left.filter(|(_, texts)| !texts.is_empty()).collect();
    // Without a proposal a rejection stands in: all notices share the applicant's texts.
    let decision = Decision::Reject { reasons: Vec::new() };
    let decision = file.case.state.proposal().map_or(&decision, |proposal| &proposal.decision);
    let source = NoticeInput { submitted: &file.submitted, call: &file.call, year: file.case.terms.year };
    let unprintable = letters::unprintable(&notice_text::notice(source, decision, today));
    let open = matches!(stage, Stage::Ready | Stage::Proposed | Stage::Waitlisted);
    let shown = CasePage {
        page,
        done,
        stage,
        budget: budgets.into_iter().find(|budget| budget.year == file.case.terms.year),
        standing: notice.as_ref().map(|notice| notice.delivery.standing(today)),
        may,
        left,
        keeps,
        tied,
        notice: notice.as_ref(),
        happened: &happened,
        whole,
        key: Uuid::now_v7().to_string(),
        kinds: kinds(page),
        entries: entries(page),
        begun: open && file.submitted.application.project_period.from <= today,
        unprintable: if open {
            unprintable.into_iter().map(String::from).collect::<Vec<_>>().join(" ")
        } else {
            String::new()
        },
        shares: match decision {
            Decision::Grant { amount, .. } => notice_text::partner_shares(&file.submitted, *amount),
            Decision::Reject { .. } => Vec::new(),
        },
        form: &form,
        file: &file,
    };
    if wrong { pages::show_invalid(&shown) } else { pages::show(&shown) }
}

/// Fills the form with what was typed before, and what was wrong with it. A new proposal starts with the grant applied for.
fn start(page: &Page, file: &Dossier, form: Form, kept: &[Option<Kept>]) -> Form {
    let typed = kept.iter().flatten().flat_map(|kept| kept.fields.iter());
    let mut form = typed.fold(form, |form, (name, value)| form.with(name, value));
    for (field, message) in kept.iter().flatten().flat_map(|kept| &kept.refused) {
        if !field.is_empty() {
            form.refuse(field, message.as_str());
        }
    }
    if kept[0].is_some() {
        return form;
    }
    let amount = page.language.money_to_type(file.case.terms.applied.0);
    form.with("kind", "grant").with("amount_cents", amount)
}
