//! The state machine: which transitions are possible, and that no sequence of them commits money twice.

use award::award::{Case, Decision, Refusal, Signature, Stage, State, Terms};
use award::budget::Budget;
use chrono::{DateTime, Utc};
use events::{AnyFact, ApplicationId, CallId, Cents};
use proptest::prelude::*;
use testkit::samples;
use uuid::Uuid;

use crate::stage::reviews;

const APPLIED: Cents = Cents::euros(60_000);

fn now() -> DateTime<Utc> {
    "2027-04-15T10:00:00Z".parse().unwrap()
}

fn act(id: &str) -> Signature {
    Signature { by: samples::person(id), at: now() }
}

fn announced() -> Case {
    let terms = Terms { call: CallId::of_key("c"), year: 2027, applied: APPLIED };
    Case::announced(ApplicationId(Uuid::from_u128(1)), terms)
}

fn ready() -> Case {
    announced().reviewed(reviews(8_000)).unwrap()
}

fn grant(amount: Cents, reasons: &str) -> Decision {
    let reasons_for_less = Some(reasons.to_owned()).filter(|reasons| !reasons.is_empty());
    Decision::Grant { amount, reasons_for_less, reason_for_full: None }
}

fn reject(reasons: &[&str]) -> Decision {
    Decision::Reject { reasons: reasons.iter().map(ToString::to_string).collect() }
}

fn budget(euros: i64) -> Budget {
    Budget { call: CallId::of_key("c"), year: 2027, amount: Cents::euros(euros), committed: Cents::ZERO }
}

#[test]
fn two_persons_grant_money() {
    let proposed = ready().propose(grant(APPLIED, ""), act("worker")).unwrap();
    let approved = proposed.approve(act("approver"), budget(100_000)).unwrap();
    assert_eq!(approved.case.state.stage(), Stage::Granted);
    assert_eq!(approved.budget.left(), Cents::euros(40_000));
    let AnyFact::AwardGranted(fact) = approved.fact else { panic!("{:?}", approved.fact) };
    assert_eq!((fact.amount, fact.budget_year), (APPLIED, 2027));
    assert_eq!((&*fact.proposed_by.id, &*fact.approved_by.id), ("worker", "approver"));
}

#[test]
fn two_persons_reject() {
    let proposed = ready().propose(reject(&["Das Projekt hat begonnen."]), act("worker")).unwrap();
    let approved = proposed.approve(act("approver"), budget(100_000)).unwrap();
    assert_eq!(approved.case.state.stage(), Stage::Rejected);
    assert_eq!(approved.budget.committed, Cents::ZERO);
    assert!(matches!(approved.fact, AnyFact::AwardRejected(_)));
}

#[test]
fn nobody_approves_their_own_proposal() {
    let proposed = ready().propose(grant(APPLIED, ""), act("worker")).unwrap();
    assert_eq!(proposed.approve(act("worker"), budget(100_000)), Err(Refusal::SamePerson));
}

#[test]
fn the_amount_is_more_than_nothing_and_not_more_than_applied_for() {
    let propose = |amount| ready().propose(grant(amount, "Gründe"), act("worker"));
    assert_eq!(propose(Cents::ZERO), Err(Refusal::AmountNotPositive));
    assert_eq!(propose(Cents(-1)), Err(Refusal::AmountNotPositive));
    assert_eq!(propose(APPLIED + Cents(1)), Err(Refusal::AmountAboveApplied(APPLIED)));
    assert!(propose(Cents(1)).is_ok());
}

#[test]
fn less_and_nothing_need_reasons() {
    let less = APPLIED - Cents(1);
    assert_eq!(ready().propose(grant(less, ""), act("worker")), Err(Refusal::ReasonsMissing));
    assert_eq!(ready().propose(grant(less, "  "), act("worker")), Err(Refusal::ReasonsMissing));
    assert_eq!(ready().propose(reject(&[]), act("worker")), Err(Refusal::ReasonsMissing));
    assert_eq!(ready().propose(reject(&["gut", " "]), act("worker")), Err(Refusal::ReasonsMissing));
    assert!(ready().propose(grant(less, "Räume stehen bereit."), act("worker")).is_ok());
}

#[test]
fn without_money_it_waits_and_is_granted_when_money_comes_back() {
    let proposed = ready().propose(grant(APPLIED, ""), act("worker")).unwrap();
    let waiting = proposed.approve(act("approver"), budget(59_999)).unwrap();
    assert_eq!(waiting.case.state.stage(), Stage::Waitlisted);
    let AnyFact::ApplicationWaitlisted(fact) = &waiting.fact else { panic!("{:?}", waiting.fact) };
    assert_eq!(fact.left, Cents::euros(59_999));

    let still = waiting.case.clone().approve(act("approver"), waiting.budget);
    assert_eq!(still, Err(Refusal::BudgetUsedUp(Cents::euros(59_999))), "nothing new, so nothing is said");
    let own = waiting.case.clone().approve(act("worker"), budget(60_000));
    assert_eq!(own, Err(Refusal::SamePerson));
    let granted = waiting.case.approve(act("another"), budget(60_000)).unwrap();
    assert_eq!((granted.case.state.stage(), granted.budget.left()), (Stage::Granted, Cents::ZERO));
}

#[test]
fn what_comes_back_can_be_proposed_again() {
    let proposed = ready().propose(grant(APPLIED, ""), act("worker")).unwrap();
    assert_eq!(proposed.clone().send_back(act("approver"), " ".into()), Err(Refusal::ReasonsMissing));
    let back = proposed.send_back(act("approver"), "Die Sachkosten sind zu hoch.".into()).unwrap();
    let State::Ready { returned: Some(returned) } = &back.state else { panic!("{:?}", back.state) };
    assert_eq!(returned.reason, "Die Sachkosten sind zu hoch.");
    assert!(back.propose(grant(Cents::euros(50_000), "Räume stehen bereit."), act("worker")).is_ok());
}

#[test]
fn a_withdrawal_frees_what_was_committed_and_nothing_else() {
    let released = |case: Case| case.withdrawn(now()).map(|(_, released)| released);
    let proposed = ready().propose(grant(APPLIED, ""), act("worker")).unwrap();
    let granted = proposed.clone().approve(act("approver"), budget(60_000)).unwrap().case;
    assert_eq!(released(announced()), Some(Cents::ZERO));
    assert_eq!(released(proposed), Some(Cents::ZERO));
    assert_eq!(released(granted.clone()), Some(APPLIED));
    let (withdrawn, _) = granted.withdrawn(now()).unwrap();
    assert_eq!(released(withdrawn.clone()), None);
    assert_eq!(withdrawn.clone().reviewed(reviews(8_000)), None);
    let refused = withdrawn.propose(grant(APPLIED, ""), act("worker"));
    assert_eq!(refused, Err(Refusal::Stage(Stage::Withdrawn)));
}

#[test]
fn who_decides_has_seen_what_they_decide() {
    assert_eq!(ready().as_seen(Some(7)), Err(Refusal::Stale));
    assert!(ready().as_seen(Some(1)).is_ok() && ready().as_seen(None).is_ok());
}

#[derive(Clone, Debug)]
enum Step {
    Review,
    Grant { by: usize, cents: i64, reasons: bool },
    Reject { by: usize, reasons: bool },
    Approve { by: usize },
    SendBack { by: usize },
    Withdraw,
}

fn step() -> impl Strategy<Value = Step> {
    let by = 0..3_usize;
    prop_oneof![
        2 => Just(Step::Review),
        4 => (by.clone(), -10..=110_i64, any::<bool>()).prop_map(|(by, cents, reasons)| Step::Grant { by, cents, reasons }),
        1 => (by.clone(), any::<bool>()).prop_map(|(by, reasons)| Step::Reject { by, reasons }),
        4 => by.clone().prop_map(|by| Step::Approve { by }),
        1 => by.prop_map(|by| Step::SendBack { by }),
        1 => Just(Step::Withdraw),
    ]
}

/// One transition of one case; a refused one changes nothing.
fn take(case: Case, budget: Budget, step: Step) -> (Case, Budget) {
    const PEOPLE: [&str; 3] = ["a", "b", "c"];
    let before = (case.clone(), budget);
    let after = match step {
        Step::Review => case.reviewed(reviews(5_000)).map(|case| (case, budget)),
        Step::Grant { by, cents, reasons } => case
            .propose(grant(Cents(cents), if reasons { "Gründe" } else { "" }), act(PEOPLE[by]))
            .ok()
            .map(|case| (case, budget)),
        Step::Reject { by, reasons } => {
            let reasons: &[&str] = if reasons { &["Gründe"] } else { &[] };
            case.propose(reject(reasons), act(PEOPLE[by])).ok().map(|case| (case, budget))
        }
        Step::Approve { by } => {
            case.approve(act(PEOPLE[by]), budget).ok().map(|approved| (approved.case, approved.budget))
        }
        Step::SendBack { by } => {
            case.send_back(act(PEOPLE[by]), "Gründe".into()).ok().map(|case| (case, budget))
        }
        Step::Withdraw => case.withdrawn(now()).map(|(case, released)| (case, budget.release(released))),
    };
    after.unwrap_or(before)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever six cases go through: what is committed is the sum of what is granted, and never more than the budget;
    /// every decision has two persons and, where the law asks for them, reasons.
    #[test]
    fn money_is_never_promised_twice(
        amount in 0..300_i64,
        steps in proptest::collection::vec((0..6_usize, step()), 1..120),
    ) {
        let applied = Cents(100);
        let terms = Terms { call: CallId::of_key("c"), year: 2027, applied };
        let case = |id| Case::announced(ApplicationId(Uuid::from_u128(id)), terms);
        let mut cases: Vec<Case> = (0..6).map(case).collect();
        let mut budget = Budget { amount: Cents(amount), ..budget(0) };
        for (which, step) in steps {
            let (case, after) = take(cases[which].clone(), budget, step);
            (cases[which], budget) = (case, after);

            let granted = |case: &Case| matches!(case.state, State::Granted { .. });
            let committed: Cents = cases.iter().filter(|case| granted(case)).map(Case::expected).sum();
            prop_assert_eq!(budget.committed, committed);
            prop_assert!(Cents::ZERO <= committed && committed <= budget.amount);
            for case in &cases {
                let approved = match &case.state {
                    State::Granted { approved, .. } | State::Rejected { approved, .. } | State::Waitlisted { approved, .. } => approved,
                    _ => continue,
                };
                let proposal = case.state.proposal().expect("it is decided");
                prop_assert_ne!(&proposal.proposed.by.id, &approved.by.id);
                match &proposal.decision {
                    Decision::Grant { amount, reasons_for_less, .. } => {
                        prop_assert!(Cents::ZERO < *amount && *amount <= applied);
                        prop_assert!(*amount == applied || reasons_for_less.is_some());
                    }
                    Decision::Reject { reasons } => prop_assert!(!reasons.is_empty()),
                }
            }
        }
    }
}
