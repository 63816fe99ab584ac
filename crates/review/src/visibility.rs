//! Who sees how much of a file. No I/O.

use chassis::{Role, Session};
use events::Ags;

use crate::file::{File, Involvement, Stage};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// As if there were no such file.
    Hidden,
    /// The application without any review.
    Application,
    /// The application and its reviews.
    Everything,
}

/// How much this person sees: nothing with a tie; as a reviewer, others' reviews only after giving one; as staff,
/// everything, unless they might still review the file.
pub fn visibility(file: &File, session: &Session, ties: &[Ags]) -> Visibility {
    match file.involvement_of(&session.person) {
        Some(Involvement::Gave(_)) => return Visibility::Everything,
        Some(Involvement::Biased { .. }) => return Visibility::Hidden,
        _ if file.is_tied(ties) => return Visibility::Hidden,
        Some(Involvement::Holds { .. } | Involvement::Returned) => return Visibility::Application,
        None => {}
    }
    let settled = matches!(file.stage, Stage::Completed(_) | Stage::Withdrawn(_));
    match (session.is_staff(), session.has(Role::Reviewer)) {
        (false, _) => Visibility::Hidden,
        (true, true) if !settled => Visibility::Application,
        (true, _) => Visibility::Everything,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use events::{ApplicationId, CallId, Person, Recommendation, ReviewGiven};
    use uuid::Uuid;

    use super::*;
    use crate::file::Terms;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn session(person: &str, roles: &[Role]) -> Session {
        Session {
            person: person.into(),
            name: person.into(),
            email: None,
            roles: roles.to_vec(),
            ags: None,
            expires: START + TimeDelta::hours(1),
        }
    }

    fn person(id: &str) -> Person {
        Person { id: id.into(), name: id.into() }
    }

    /// Anna has given her review, Bela holds the file, and three reviews are needed.
    fn file() -> File {
        let parties = vec!["05122000".parse().unwrap()];
        let terms = Terms { rule_version: 1, reviews_needed: 3, opened_at: START };
        let review = ReviewGiven {
            reviewer: person("anna"),
            scores: Vec::new(),
            weighted: 5_000,
            recommendation: Recommendation::Fund,
            comment: "Good.".into(),
        };
        let until = START + TimeDelta::hours(2);
        let file = File::announced(ApplicationId(Uuid::nil()), CallId::of_key("demo"), parties).opened(terms);
        let (file, _) = file.reviewed(review, &[], START).unwrap();
        file.taken(person("bela"), &[], until, START).unwrap()
    }

    #[test]
    fn scores_are_seen_after_giving_and_not_before() {
        let reviewer = &[Role::Reviewer];
        assert_eq!(visibility(&file(), &session("anna", reviewer), &[]), Visibility::Everything);
        assert_eq!(visibility(&file(), &session("bela", reviewer), &[]), Visibility::Application);
        let returned = file().returned(person("bela"), START).unwrap();
        assert_eq!(visibility(&returned, &session("bela", reviewer), &[]), Visibility::Application);
        assert_eq!(
            visibility(&file(), &session("cem", reviewer), &[]),
            Visibility::Hidden,
            "only what was offered"
        );
    }

    #[test]
    fn another_role_is_no_way_around() {
        let both = session("cem", &[Role::Reviewer, Role::CaseWorker]);
        assert_eq!(visibility(&file(), &both, &[]), Visibility::Application);
        assert_eq!(visibility(&file().withdrawn(START), &both, &[]), Visibility::Everything);
        let bela = session("bela", &[Role::Reviewer, Role::CaseWorker]);
        assert_eq!(visibility(&file(), &bela, &[]), Visibility::Application);
        assert_eq!(visibility(&file(), &session("dora", &[Role::CaseWorker]), &[]), Visibility::Everything);
        assert_eq!(visibility(&file(), &session("emil", &[Role::Applicant]), &[]), Visibility::Hidden);
    }

    #[test]
    fn who_has_a_tie_sees_nothing() {
        let ties = ["05122000".parse().unwrap()];
        assert_eq!(visibility(&file(), &session("bela", &[Role::Reviewer]), &ties), Visibility::Hidden);
        let abstained = file().abstained(person("bela"), "My sister works there.".into(), START).unwrap();
        let bela = session("bela", &[Role::Reviewer, Role::CaseWorker]);
        assert_eq!(visibility(&abstained, &bela, &[]), Visibility::Hidden);
    }
}
