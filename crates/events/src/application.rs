//! The application form as it was submitted. The fields are those of the KOMM-IN project descriptions
//! (Netzwerktreffen Plauen, 24./25.03.2011); the German term of the form stands beside each.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ags, Cents};

/// The form of one project. Lists hold one entry per line of the form; texts are plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Application {
    pub title: String,
    /// Handlungsfeld, e.g. Personalmanagement.
    pub field_of_action: String,
    /// Problemlage.
    pub problem_statement: String,
    /// Ziele.
    pub goals: Vec<String>,
    /// Handlungsziele.
    #[serde(default)]
    pub action_goals: Vec<String>,
    /// Produktziele.
    #[serde(default)]
    pub output_goals: Vec<String>,
    /// Methode.
    pub method: String,
    /// Produkte und Ergebnisse.
    pub products_and_results: String,
    /// Förderschwerpunkte; at least one.
    pub funding_priorities: Vec<FundingPriority>,
    /// Projektschwerpunkte.
    pub themes: Vec<ProjectTheme>,
    /// Partners other than municipalities.
    #[serde(default)]
    pub partners: Vec<Partner>,
    /// What the immigration office does in the project.
    pub immigration_office_part: String,
    /// Set when several municipalities apply together; the applicant leads.
    #[serde(default)]
    pub joint: Option<JointProject>,
    /// Durchführungszeitraum.
    pub project_period: Period,
    /// Finanzierungsplan.
    pub financing: FinancingPlan,
    pub contact: Contact,
    /// Framework conditions that the applicant has declared to keep.
    pub declarations: Vec<Declaration>,
}

/// Förderschwerpunkt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FundingPriority {
    /// Transparenz.
    Transparency,
    /// Vernetzung.
    Networking,
    /// Strategische Steuerung.
    StrategicSteering,
}

impl FundingPriority {
    /// In the order of the programme.
    pub const ALL: [Self; 3] = [Self::Transparency, Self::Networking, Self::StrategicSteering];
}

/// Projektschwerpunkt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectTheme {
    /// Aufbau von Lotsensystemen.
    GuideSystems,
    /// Interkommunale Zusammenarbeit.
    IntermunicipalCooperation,
    /// Transferprojekte.
    Transfer,
    /// Einbürgerungsstrategien.
    Naturalisation,
    /// Mobilisierung besonderer Zielgruppen.
    TargetGroups,
    /// Integrationstraining für Kommunen.
    IntegrationTraining,
}

impl ProjectTheme {
    /// In the order of the programme.
    pub const ALL: [Self; 6] = [
        Self::GuideSystems,
        Self::IntermunicipalCooperation,
        Self::Transfer,
        Self::Naturalisation,
        Self::TargetGroups,
        Self::IntegrationTraining,
    ];
}

/// A framework condition of the programme that the applicant declares to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Declaration {
    /// The grant is limited in time and makes existing structures work better.
    LimitedInTime,
    /// The effect is meant to last.
    LastingEffect,
    /// Immigration office and other integration bodies pursue the goals together.
    JointGoals,
    /// Migrant organisations are partners of the municipality.
    MigrantOrganisations,
    /// Steering and responsibility for results lie with the municipality.
    MunicipalSteering,
    /// The municipality qualifies itself for integration strategies.
    Qualification,
    /// Gender mainstreaming.
    GenderMainstreaming,
}

impl Declaration {
    pub const ALL: [Self; 7] = [
        Self::LimitedInTime,
        Self::LastingEffect,
        Self::JointGoals,
        Self::MigrantOrganisations,
        Self::MunicipalSteering,
        Self::Qualification,
        Self::GenderMainstreaming,
    ];
}

/// A partner of the project that is not a municipality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Partner {
    pub name: String,
    pub kind: PartnerKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerKind {
    /// Migrantenselbstorganisation (MSO).
    MigrantOrganisation,
    Other,
}

/// Interkommunales Projekt. The shares split the grant applied for and add up to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JointProject {
    /// Share of the applicant, which leads (Federführung).
    pub lead_share: Cents,
    /// The other municipalities; at least one.
    pub participants: Vec<Participant>,
}

/// A municipality that takes part in a joint project without leading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    pub ags: Ags,
    /// Its share of the grant applied for.
    pub share: Cents,
}

/// A span of days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Finanzierungsplan: grant applied for + own share + third parties = total cost, to the cent
/// (VV 1.2 to § 44 LHO: the full financing is secured).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FinancingPlan {
    /// The grant that is applied for.
    pub grant: Cents,
    /// Eigenanteil.
    pub own_share: Cents,
    /// Money of third parties (Drittmittel).
    pub third_parties: Cents,
    pub total: Cents,
}

impl FinancingPlan {
    /// Total cost minus what is financed; zero when the plan is complete.
    pub fn gap(&self) -> Cents {
        self.total - (self.grant + self.own_share + self.third_parties)
    }
}

/// The person to whom emails about the application go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    pub name: String,
    pub email: String,
    /// Telephone number, as typed.
    #[serde(default)]
    pub phone: String,
    /// Language of the emails. The notice itself is German (§ 23 VwVfG).
    pub language: Language,
}

/// A language of pages and emails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// German, the official language (§ 23 VwVfG).
    #[default]
    De,
    En,
}
