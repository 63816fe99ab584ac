//! Pages below `/mail`, the JSON API below `/mail/api`. For case workers and operators.

mod detail;
mod list;
mod resend;
mod routes;

pub use routes::routes;

use chassis::{Problem, Role, Session};

use crate::store::views::DeliveryView;

/// 403 for anybody but case workers and operators: the emails contain personal data.
fn only_staff(session: &Session) -> Result<(), Problem> {
    if session.has_any(&[Role::CaseWorker, Role::Operator]) {
        return Ok(());
    }
    Err(Problem::forbidden().detail("needs the role case_worker or operator"))
}

impl DeliveryView {
    /// The KERN badge variant and the message key of the state.
    fn badge(&self) -> (&'static str, &'static str) {
        match self.state.as_str() {
            "sent" => ("success", "state-sent"),
            "failed" => ("danger", "state-failed"),
            "sending" => ("info", "state-sending"),
            "superseded" => ("info", "state-superseded"),
            "data_started" => ("warning", "state-data-started"),
            _ => ("info", "state-queued"),
        }
    }

    fn path(&self) -> String {
        format!("/deliveries/{}", self.id)
    }

    fn again_path(&self) -> String {
        format!("{}/again", self.path())
    }

    fn contact_path(&self) -> String {
        format!("/apply/applications/{}/contact", self.application)
    }

    fn is_done(&self) -> bool {
        matches!(self.state.as_str(), "sent" | "failed" | "superseded")
    }
}
