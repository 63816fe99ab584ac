//! The fields of the form, in the order in which they stand there.

/// A field of [`events::Application`]; numbers are rows, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Title,
    FieldOfAction,
    ProblemStatement,
    Goals,
    ActionGoals,
    OutputGoals,
    Method,
    ProductsAndResults,
    FundingPriorities,
    Themes,
    ImmigrationOfficePart,
    /// The list of partners as a whole.
    Partners,
    PartnerName(usize),
    LeadShare,
    /// The list of municipalities of a joint project as a whole.
    Participants,
    ParticipantAgs(usize),
    ParticipantShare(usize),
    ProjectFrom,
    ProjectTo,
    Grant,
    OwnShare,
    ThirdParties,
    Total,
    ContactName,
    ContactEmail,
    ContactPhone,
    Declarations,
}

impl Field {
    /// Name of its input element on the page.
    pub fn control(self) -> String {
        match self {
            Self::PartnerName(row) => format!("partner_name-{row}"),
            Self::ParticipantAgs(row) => format!("participant_ags-{row}"),
            Self::ParticipantShare(row) => format!("participant_share-{row}"),
            other => other.name().to_owned(),
        }
    }

    /// Key of its label in the message catalogue.
    pub fn label(self) -> String {
        format!("field-{}", self.name().replace('_', "-"))
    }

    /// Its row, counted from 0; `None` if it stands in no list.
    pub fn row(self) -> Option<usize> {
        match self {
            Self::PartnerName(row) | Self::ParticipantAgs(row) | Self::ParticipantShare(row) => Some(row),
            _ => None,
        }
    }

    /// Name of the field in [`events::Application`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::FieldOfAction => "field_of_action",
            Self::ProblemStatement => "problem_statement",
            Self::Goals => "goals",
            Self::ActionGoals => "action_goals",
            Self::OutputGoals => "output_goals",
            Self::Method => "method",
            Self::ProductsAndResults => "products_and_results",
            Self::FundingPriorities => "funding_priorities",
            Self::Themes => "themes",
            Self::ImmigrationOfficePart => "immigration_office_part",
            Self::Partners => "partners",
            Self::PartnerName(_) => "partner_name",
            Self::LeadShare => "lead_share",
            Self::Participants => "participants",
            Self::ParticipantAgs(_) => "participant_ags",
            Self::ParticipantShare(_) => "participant_share",
            Self::ProjectFrom => "project_from",
            Self::ProjectTo => "project_to",
            Self::Grant => "grant",
            Self::OwnShare => "own_share",
            Self::ThirdParties => "third_parties",
            Self::Total => "total",
            Self::ContactName => "contact_name",
            Self::ContactEmail => "contact_email",
            Self::ContactPhone => "contact_phone",
            Self::Declarations => "declarations",
        }
    }

    /// JSON pointer to it in [`events::Application`].
    pub fn pointer(self) -> String {
        match self {
            Self::PartnerName(row) => format!("/partners/{row}/name"),
            Self::LeadShare => "/joint/lead_share".to_owned(),
            Self::Participants => "/joint/participants".to_owned(),
            Self::ParticipantAgs(row) => format!("/joint/participants/{row}/ags"),
            Self::ParticipantShare(row) => format!("/joint/participants/{row}/share"),
            Self::ProjectFrom => "/project_period/from".to_owned(),
            Self::ProjectTo => "/project_period/to".to_owned(),
            Self::Grant | Self::OwnShare | Self::ThirdParties | Self::Total => {
                format!("/financing/{}", self.name())
            }
            Self::ContactName => "/contact/name".to_owned(),
            Self::ContactEmail => "/contact/email".to_owned(),
            Self::ContactPhone => "/contact/phone".to_owned(),
            other => format!("/{}", other.name()),
        }
    }
}
