//! The ranking of a call: cases by score, what is left of the budget, and which cases it does not reach.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::Session;
use chassis::list::{self, Cursor, one_more};
use chassis::problem::{ApiQuery, Problem};
use events::{Call, CallId, Cents};
use host::localized;
use pages::{Page, Tab};
use serde::Deserialize;

use super::words::{badge, post_reason, score, stage_name};
use super::{Shared, require_decider};
use crate::award::Stage;
use crate::budget::Budget;
use crate::calendar::day_in_germany;
use crate::store::lists::{self, Line, Ranked};
use crate::store::notices::{self, Undelivered};
use crate::store::{budgets, calls};

const PAGE_SIZE: usize = 50;

#[derive(Debug, Deserialize)]
pub(super) struct RankingQuery {
    /// Default: the newest call.
    call: Option<CallId>,
    /// Lists the cases of this stage; `None` shows the ranking.
    stage: Option<Stage>,
    /// The end of the previous page.
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "ranking.html")]
struct Ranking<'a> {
    page: &'a Page,
    call: Option<&'a Call>,
    others: Vec<&'a Call>,
    budgets: &'a [Budget],
    stage: Option<Stage>,
    tabs: Vec<Tab>,
    undelivered: Vec<Undelivered>,
    rows: Vec<Row>,
    first: String,
    next: String,
}

struct Row {
    line: Line,
    /// Rank from 1; `None` in lists of one stage.
    rank: Option<usize>,
    /// Why the budget does not reach it.
    passed_over: Option<String>,
    /// More than the call's largest grant.
    above_maximum: bool,
}

impl Ranking<'_> {
    fn title<'t>(&self, call: &'t Call) -> &'t str {
        localized(self.page, &call.title)
    }

    fn badge(&self, stage: &Stage) -> &'static str {
        badge(*stage)
    }

    fn stage_name(&self, stage: &Stage) -> String {
        stage_name(self.page, *stage)
    }

    fn post_reason(&self, notice: &Undelivered) -> String {
        post_reason(self.page, &notice.delivery, day_in_germany(self.page.now))
    }

    fn above_maximum(&self) -> String {
        let most = self.call.map_or(0, |call| call.maximum_grant.0);
        self.page.t1("above-maximum", "most", self.page.money(most))
    }

    fn score(&self, weighted: &i32) -> String {
        score(self.page, *weighted)
    }
}

/// `GET /award`
pub(super) async fn page(
    State(service): State<Shared>,
    page: Page,
    session: Session,
    ApiQuery(query): ApiQuery<RankingQuery>,
) -> Result<Response, Problem> {
    require_decider(&session)?;
    let mut db = service.db.acquire().await?;
    let all = calls::all(&mut db).await?;
    let call = match query.call {
        Some(wanted) => Some(all.iter().find(|call| call.id() == wanted).ok_or_else(Problem::not_found)?),
        None => all.first(),
    };
    let Some(id) = call.map(Call::id) else {
        let (tabs, rows, first, next) = (Vec::new(), Vec::new(), String::new(), String::new());
        let empty = Ranking {
            page: &page,
            call,
            others: Vec::new(),
            budgets: &[],
            stage: None,
            tabs,
            undelivered: Vec::new(),
            rows,
            first,
            next,
        };
        return pages::show(&empty);
    };
    let link = |stage: Option<Stage>, after: Option<Cursor>| {
        let stage = stage.map(|stage| format!("&stage={}", stage.name())).unwrap_or_default();
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        page.url(&format!("?call={id}{stage}{after}"))
    };
    let after = query.after;
    let budgets = budgets::of_call(&mut db, id).await?;
    let maximum = call.map_or(Cents(i64::MAX), |call| call.maximum_grant);
    let ranked: Vec<(Option<usize>, Option<Cents>, Line)> = match query.stage {
        None => {
            let left: Vec<_> = budgets.iter().map(|budget| (budget.year, budget.left())).collect();
            let ranked = lists::ranking(&mut db, id, &left, after, PAGE_SIZE + 1).await?;
            ranked
                .into_iter()
                .map(|Ranked { line, rank, passed_over }| (Some(rank), passed_over, line))
                .collect()
        }
        Some(stage) => {
            let lines = lists::of_stage(&mut db, stage, Some(id), after, one_more(PAGE_SIZE)).await?;
            lines.into_iter().map(|line| (None, None, line)).collect()
        }
    };
    let undelivered = notices::for_post(&mut db, id, day_in_germany(page.now), one_more(PAGE_SIZE)).await?;
    let (ranked, last) = list::page(ranked, PAGE_SIZE, |(.., line)| line.cursor());
    let row = |(rank, passed_over, line): (Option<usize>, Option<Cents>, Line)| Row {
        rank,
        passed_over: passed_over.map(|left| {
            let (needed, left) = (page.money(line.expected.0), page.money(left.0));
            page.tn("passed-over", &[("needed", &needed), ("left", &left)])
        }),
        above_maximum: in_ranking(line.stage) && line.expected > maximum,
        line,
    };
    let rows: Vec<Row> = ranked.into_iter().map(row).collect();
    let counts = lists::counts(&mut db, id).await?;
    let open = counts.iter().filter(|(stage, _)| in_ranking(*stage)).map(|(_, cases)| cases).sum();
    let tab = |stage: Option<Stage>, name: String, cases: i64| {
        Tab::new(link(stage, None), name, query.stage == stage).count(page.number(cases))
    };
    let ranking = tab(None, page.t("tab-ranking"), open);
    let tabs = counts.into_iter().map(|(stage, cases)| tab(Some(stage), stage_name(&page, stage), cases));
    pages::show(&Ranking {
        page: &page,
        call,
        others: all.iter().filter(|other| other.id() != id).collect(),
        budgets: &budgets,
        stage: query.stage,
        tabs: std::iter::once(ranking).chain(tabs).collect(),
        undelivered,
        rows,
        first: after.map(|_| link(query.stage, None)).unwrap_or_default(),
        next: last.map(|last| link(query.stage, Some(last))).unwrap_or_default(),
    })
}

fn in_ranking(stage: Stage) -> bool {
    matches!(stage, Stage::Ready | Stage::Proposed | Stage::Waitlisted)
}
