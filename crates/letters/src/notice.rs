//! The data of a notice. Texts are plain text without markup.
//!
//! Amounts are euro cents. An empty text, a zero amount and a `None` count as missing if
//! [`missing_parts`](crate::missing_parts) requires them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A decision on an application, as the applicant receives it (§ 41 VwVfG).
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
    pub fn letter(&self) -> &Letter {
        match self {
            Notice::Award(award) => &award.letter,
            Notice::Rejection(rejection) => &rejection.letter,
        }
    }
}

/// What every notice has: sender, recipient, subject and legal remedy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Aktenzeichen.
    pub file_number: String,
    /// Date of the notice; also the date in the PDF's metadata.
    pub date: Option<NaiveDate>,
    /// Must be recognisable (§ 37 (3) VwVfG).
    pub authority: Authority,
    pub recipient: Recipient,
    /// For example `KOMM-IN NRW`.
    pub programme: String,
    /// For example `Förderaufruf 2027`.
    pub call: String,
    /// The law and guideline on which the decision rests, as a noun phrase: `§§ 23 und 44 LHO NRW, …`.
    pub legal_basis: String,
    /// Without quotation marks.
    pub project_title: String,
    /// Day on which the application arrived.
    pub applied_on: Option<NaiveDate>,
    /// Grant applied for.
    pub applied_cents: i64,
    /// Administrative court for the notice on legal remedies (§ 58 (1) VwGO: with its seat).
    pub remedy: Court,
    pub signed_by: Signatory,
    /// A label on every page, for example that authority and data are for demonstration only.
    pub label: Option<String>,
}

/// An award notice (Zuwendungsbescheid); contents after VV/VVG 4.2 zu § 44 LHO NRW.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardNotice {
    pub letter: Letter,
    /// What the money is for (Zuwendungszweck); whole sentences.
    pub purpose: String,
    /// The grant; at most what was applied for.
    pub amount_cents: i64,
    /// Why the grant is less than what was applied for; required if so (§ 39 VwVfG).
    pub reasons_for_less: Option<String>,
    pub financing_type: Option<FinancingType>,
    /// Total eligible expenditure: grant + own share + third parties.
    pub eligible_costs_cents: i64,
    /// How the eligible expenditure was determined; whole sentences.
    pub eligible_costs_basis: String,
    /// The eligible expenditure by item; may be empty, otherwise adds up to the total.
    pub cost_items: Vec<CostItem>,
    /// Own contribution of the recipient (Eigenanteil).
    pub own_share_cents: i64,
    /// Money from others (Mittel Dritter).
    pub third_party_cents: i64,
    /// When the money is available (Bewilligungszeitraum).
    pub grant_period: Option<Period>,
    /// When the work is done (Durchführungszeitraum).
    pub project_period: Option<Period>,
    /// The grant by year; required if the grant period touches more than one.
    pub budget_years: Vec<BudgetYear>,
    /// Lead and partners of a joint project with their shares of the grant; otherwise empty.
    pub partners: Vec<PartnerShare>,
    /// How the money is paid out; whole sentences.
    pub payout: String,
    /// Day on which the proof of use (Verwendungsnachweis) is due.
    pub proof_due_on: Option<NaiveDate>,
    /// Ancillary conditions that are attached, with their version, for example `Allgemeine Nebenbestimmungen …
    /// (ANBest-G), Fassung vom …`.
    pub ancillary_conditions: String,
    /// What of them does not apply, for example `Nummer 1.4`.
    pub not_applicable: Option<String>,
    /// Further conditions of this notice (§ 36 VwVfG), each of one or more sentences.
    pub conditions: Vec<String>,
    /// Until when purchased objects must serve the purpose (Zweckbindung).
    pub earmarked_until: Option<NaiveDate>,
    /// How the recipient must mention the funding in public; whole sentences.
    pub acknowledgement: Option<String>,
}

/// A rejection notice (Ablehnungsbescheid).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionNotice {
    pub letter: Letter,
    /// One paragraph each (§ 39 VwVfG); at least one.
    pub reasons: Vec<String>,
}

/// The granting authority (Bewilligungsbehörde).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    pub name: String,
    /// The division that writes, for example `Dezernat 36`; may be empty.
    pub unit: String,
    /// Street and town, one line each.
    pub address: Vec<String>,
    /// For questions.
    pub contact: Contact,
}

/// A contact for questions; empty lines are not printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub phone: String,
    pub email: String,
}

/// The addressee of the notice: a municipality, not a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// For example `Stadt Solingen`.
    pub name: String,
    /// The contact person of the application, if the address is to name one.
    pub attention: Option<String>,
    /// Street and town, one line each.
    pub address: Vec<String>,
}

/// An administrative court.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Court {
    /// For example `Verwaltungsgericht Düsseldorf`.
    pub name: String,
    /// The seat, on one line.
    pub address: String,
}

/// The person responsible for the notice: head of the authority, deputy or agent (§ 37 (3) VwVfG).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatory {
    pub name: String,
    /// For example `Im Auftrag` or `In Vertretung`; may be empty.
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
    /// Vollfinanzierung: an exception that needs a reason.
    Full {
        /// Why everything is paid; whole sentences.
        reason: String,
    },
}

/// From the first to the last day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// One item of the expenditure plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostItem {
    /// For example `Personalausgaben`.
    pub name: String,
    /// Eligible expenditure of this item.
    pub cents: i64,
}

/// The part of the grant for one financial year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetYear {
    /// Calendar year.
    pub year: i32,
    pub cents: i64,
}

/// The part of the grant that one municipality of a joint project receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerShare {
    /// Name of the municipality.
    pub name: String,
    pub share_cents: i64,
}
