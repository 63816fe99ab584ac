//! The data of a notice. Texts are plain text: nothing in them is markup.
//!
//! Amounts are euro cents. An empty text, a zero amount and a `None` of what
//! [`missing_parts`](crate::missing_parts) asks for count as missing.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A decision on an application, as it is notified (§ 41 VwVfG).
#[expect(clippy::large_enum_variant, reason = "few exist at a time; a box would only be in the way")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// Zuwendungsbescheid.
    Award(AwardNotice),
    /// Ablehnungsbescheid.
    Rejection(RejectionNotice),
}

impl Notice {
    /// What award and rejection have in common.
    pub fn letter(&self) -> &Letter {
        match self {
            Notice::Award(award) => &award.letter,
            Notice::Rejection(rejection) => &rejection.letter,
        }
    }
}

/// The part every notice has: who writes to whom, about what, and how to sue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// File number (Aktenzeichen).
    pub file_number: String,
    /// Date of the notice; also the date inside the PDF.
    pub date: Option<NaiveDate>,
    /// The granting authority, recognisable as § 37 (3) VwVfG asks.
    pub authority: Authority,
    /// The applicant, as addressed.
    pub recipient: Recipient,
    /// Funding programme, e.g. `KOMM-IN NRW`.
    pub programme: String,
    /// Funding call, e.g. `Förderaufruf 2027`.
    pub call: String,
    /// The law and guideline the decision rests on, as a noun phrase: `§§ 23 und 44 LHO NRW, …`.
    pub legal_basis: String,
    /// Title of the project, without quotation marks.
    pub project_title: String,
    /// Day the application came in.
    pub applied_on: Option<NaiveDate>,
    /// Grant applied for.
    pub applied_cents: i64,
    /// Administrative court for the remedy notice (§ 58 (1) VwGO: with its seat).
    pub remedy: Court,
    /// Whose name stands under the notice.
    pub signed_by: Signatory,
    /// A label on every page, e.g. that authority and data are for demonstration only.
    pub label: Option<String>,
}

/// An award notice (Zuwendungsbescheid); contents after VV/VVG 4.2 zu § 44 LHO NRW.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardNotice {
    /// Sender, recipient, matter.
    pub letter: Letter,
    /// What the money is for (Zuwendungszweck): whole sentences.
    pub purpose: String,
    /// The grant; at most what was applied for.
    pub amount_cents: i64,
    /// Why less than applied for; required if so (§ 39 VwVfG).
    pub reasons_for_less: Option<String>,
    /// Fixed sum, share, deficit or full financing.
    pub financing_type: Option<FinancingType>,
    /// Eligible expenditure, in total: grant + own share + third parties.
    pub eligible_costs_cents: i64,
    /// How the eligible expenditure was found: whole sentences.
    pub eligible_costs_basis: String,
    /// The expenditure item by item; may be empty, else adds up to the total.
    pub cost_items: Vec<CostItem>,
    /// Own contribution of the recipient (Eigenanteil).
    pub own_share_cents: i64,
    /// Money from others (Mittel Dritter).
    pub third_party_cents: i64,
    /// When the money is available (Bewilligungszeitraum).
    pub grant_period: Option<Period>,
    /// When the work is done (Durchführungszeitraum).
    pub project_period: Option<Period>,
    /// The grant spread over years; required if the grant period touches more than one.
    pub budget_years: Vec<BudgetYear>,
    /// Lead and partners of a joint project with their parts of the grant; else empty.
    pub partners: Vec<PartnerShare>,
    /// How the money is paid out: whole sentences.
    pub payout: String,
    /// Day the proof of use is due (Verwendungsnachweis).
    pub proof_due_on: Option<NaiveDate>,
    /// Ancillary conditions named as annex, with their version, e.g.
    /// `Allgemeine Nebenbestimmungen … (ANBest-G), Fassung vom …`.
    pub ancillary_conditions: String,
    /// What of them does not apply, e.g. `Nummer 1.4`.
    pub not_applicable: Option<String>,
    /// Further conditions of this notice (§ 36 VwVfG), a sentence or more each.
    pub conditions: Vec<String>,
    /// How long bought objects are bound to the purpose (Zweckbindung).
    pub earmarked_until: Option<NaiveDate>,
    /// How the recipient mentions the funding in public: whole sentences.
    pub acknowledgement: Option<String>,
}

/// A rejection notice (Ablehnungsbescheid).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionNotice {
    /// Sender, recipient, matter.
    pub letter: Letter,
    /// Why, a paragraph each (§ 39 VwVfG); at least one.
    pub reasons: Vec<String>,
}

/// The granting authority (Bewilligungsbehörde).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// The division that writes, e.g. `Dezernat 36`; may be empty.
    pub unit: String,
    /// Street and town, a line each.
    pub address: Vec<String>,
    /// Whom to ask.
    pub contact: Contact,
}

/// Somebody who can be asked; empty lines are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: String,
    /// Email address.
    pub email: String,
}

/// Whom the notice is addressed to: a municipality, not a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Its name, e.g. `Stadt Solingen`.
    pub name: String,
    /// The contact person of the application, if to be named in the address.
    pub attention: Option<String>,
    /// Street and town, a line each.
    pub address: Vec<String>,
}

/// An administrative court.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Court {
    /// E.g. `Verwaltungsgericht Düsseldorf`.
    pub name: String,
    /// Its seat on one line.
    pub address: String,
}

/// Who answers for the notice: head of the authority, deputy or agent (§ 37 (3) VwVfG).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatory {
    /// Name.
    pub name: String,
    /// E.g. `Im Auftrag` or `In Vertretung`; may be empty.
    pub on_behalf: String,
}

/// How the grant relates to the costs (VV 2.2–2.3 zu § 44 LHO NRW).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FinancingType {
    /// Festbetragsfinanzierung.
    FixedSum,
    /// Anteilfinanzierung, capped at the grant.
    Share {
        /// The rate in hundredths of a percent: 8000 is 80 %.
        basis_points: u32,
    },
    /// Fehlbedarfsfinanzierung, capped at the grant.
    Deficit,
    /// Vollfinanzierung: an exception, so with its reason, whole sentences.
    Full {
        /// Why everything is paid.
        reason: String,
    },
}

/// From the first to the last day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// One line of the expenditure plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostItem {
    /// E.g. `Personalausgaben`.
    pub name: String,
    /// Eligible expenditure of this item.
    pub cents: i64,
}

/// The part of the grant that falls into one financial year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetYear {
    /// Calendar year.
    pub year: i32,
    /// Part of the grant.
    pub cents: i64,
}

/// The part of the grant that one municipality of a joint project receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerShare {
    /// Name of the municipality.
    pub name: String,
    /// Part of the grant.
    pub share_cents: i64,
}
