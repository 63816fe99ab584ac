//! The demonstration's call and project, as tests use them.

use events::{Ags, Application, Call, Cents, JointProject, Participant};

use crate::{call_file, demo};

pub(crate) fn call() -> Call {
    call_file::read(include_str!("../../../deploy/calls/komm-in-2027.toml"))
        .expect("the demonstration call is right")
}

pub(crate) fn lead() -> Ags {
    "05122000".parse().expect("Solingen")
}

pub(crate) fn application() -> Application {
    demo::read(include_str!("../../../deploy/demo/solingen.toml")).expect("the project is right").application
}

/// Splits the grant of [`application`].
pub(crate) fn joint() -> JointProject {
    let participant = |ags: &str, share| Participant { ags: ags.parse().expect("a key"), share };
    JointProject {
        lead_share: Cents::euros(22_000),
        participants: vec![
            participant("05911000", Cents::euros(10_000)),
            participant("05913000", Cents::euros(10_000)),
        ],
    }
}
