//! `GET /apply/api/amounts`: reads the amounts of a financing plan as typed. The form calls it while a person types,
//! and gets the answer that it would get when it is sent.

use std::collections::BTreeMap;

use chassis::problem::{ApiJson, ApiQuery};
use chassis::{Problem, Session};
use events::{Cents, FinancingPlan};
use pages::Page;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check;

/// Amounts as people type them: `60.000,50`, `EUR 60 000`, `60.000,– €`. An amount that is left out or empty counts
/// as not typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    /// Grant applied for.
    #[serde(default)]
    grant: String,
    /// Own share (Eigenanteil).
    #[serde(default)]
    own_share: String,
    /// Money of third parties.
    #[serde(default)]
    third_parties: String,
    /// Total cost of the project.
    #[serde(default)]
    total: String,
}

/// How the amounts are read.
#[derive(Serialize, JsonSchema)]
pub(super) struct Amounts {
    /// Euro cents of each amount that can be read.
    cents: BTreeMap<&'static str, Cents>,
    /// For each amount that was typed and cannot be read, the reason, in the language of the reader.
    errors: BTreeMap<&'static str, String>,
    /// Total cost minus the three parts, in euro cents; 0 when the plan adds up. Absent while a required amount
    /// cannot be read. Optional amounts that are left out count as 0.
    gap: Option<Cents>,
}

pub(super) async fn read(
    page: Page,
    _: Session,
    ApiQuery(typed): ApiQuery<Typed>,
) -> Result<ApiJson<Amounts>, Problem> {
    let (plan, wrong) = check::plan(&typed.grant, &typed.own_share, &typed.third_parties, &typed.total);
    let mut read = Amounts { cents: BTreeMap::new(), errors: BTreeMap::new(), gap: None };
    for (field, typed, cents) in fields(&typed, &plan) {
        match wrong.of(field) {
            Some(_) if pages::parse::is_blank(typed) => {}
            Some(wrong) => {
                read.errors.insert(field.name(), wrong.say(field, &page));
            }
            None => {
                read.cents.insert(field.name(), cents);
            }
        }
    }
    read.gap = wrong.is_empty().then(|| plan.gap());
    Ok(ApiJson(read))
}

fn fields<'a>(typed: &'a Typed, plan: &FinancingPlan) -> [(check::Field, &'a str, Cents); 4] {
    [
        (check::Field::Grant, &*typed.grant, plan.grant),
        (check::Field::OwnShare, &*typed.own_share, plan.own_share),
        (check::Field::ThirdParties, &*typed.third_parties, plan.third_parties),
        (check::Field::Total, &*typed.total, plan.total),
    ]
}
