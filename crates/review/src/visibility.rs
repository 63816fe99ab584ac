//! Who sees how much of a file. Pure.

use chassis::{Role, Session};
use events::Ags;

use crate::file::{File, Part, Stage};

/// How much of a file a person sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// As if there were no such file.
    Hidden,
    /// The application, and nothing of what others think of it.
    Application,
    /// The reviews as well.
    Everything,
}

/// How much this person sees. Who has a tie sees nothing; who reviews sees others' scores only
/// after giving their own; who manages sees all, unless they might still come to review it.
pub fn visibility(file: &File, session: &Session, ties: &[Ags]) -> Visibility {
    match file.part_of(&session.person) {
        Some(Part::Gave(_)) => return Visibility::Everything,
        Some(Part::Biased { .. }) => return Visibility::Hidden,
        _ if file.is_tied(ties) => return Visibility::Hidden,
        Some(Part::Holds { .. } | Part::Returned) => return Visibility::Application,
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

    /// Anna has given her review, Bela holds the file, three are needed.
    fn file() -> File {
        let parties = vec!["05122000".parse().unwrap()];
        let terms = Terms { rule_version: 1, needed: 3, opened_at: START };
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
