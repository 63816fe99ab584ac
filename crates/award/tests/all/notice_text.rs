//! The notice of a decision is complete, and its sums add up.

use award::award::Decision;
use award::notice_text::{NoticeInput, notice};
use events::{Application, ApplicationSubmitted, Cents, FinancingPlan, JointProject, Participant};
use letters::{FinancingType, Notice, Part, missing_parts};
use proptest::prelude::*;
use testkit::samples;

use crate::stage::{call, submitted};

fn grant(amount: Cents) -> Decision {
    Decision::Grant { amount, reasons_for_less: Some("Räume stehen bereit.".into()), reason_for_full: None }
}

fn made(submitted: &ApplicationSubmitted, decision: &Decision) -> Notice {
    let call = call(Cents::euros(420_000));
    notice(NoticeInput { submitted, call: &call, year: 2027 }, decision, samples::day("2027-04-15"))
}

fn with_plan(grant: i64, own_share: i64, third_parties: i64) -> ApplicationSubmitted {
    let [grant, own_share, third_parties] = [grant, own_share, third_parties].map(Cents);
    let financing =
        FinancingPlan { grant, own_share, third_parties, total: grant + own_share + third_parties };
    let submitted = submitted(1);
    ApplicationSubmitted {
        application: Application { financing, ..submitted.application.clone() },
        ..submitted
    }
}

#[test]
fn both_notices_are_complete_and_can_be_set() {
    for decision in
        [grant(Cents::euros(60_000)), Decision::Reject { reasons: vec!["Es hat begonnen.".into()] }]
    {
        let notice = made(&submitted(1), &decision);
        assert_eq!(missing_parts(&notice), []);
        let pdf = letters::render(&notice).unwrap();
        assert!(pdf.bytes.starts_with(b"%PDF"));
    }
}

#[test]
fn it_is_addressed_as_one_writes_to_a_municipality() {
    let notice = made(&submitted(1), &grant(Cents::euros(60_000)));
    let recipient = &notice.letter().recipient;
    assert_eq!(recipient.name, "Stadt Solingen");
    assert_eq!(recipient.address, ["42651 Solingen"]);
}

#[test]
fn every_municipality_can_be_written_to() {
    for municipality in events::municipalities() {
        let mut submitted = submitted(1);
        submitted.applicant.ags = municipality.ags.clone();
        let notice = made(&submitted, &grant(Cents::euros(60_000)));
        assert_eq!(missing_parts(&notice), [], "{}", municipality.name);
    }
}

#[test]
fn who_pays_decides_the_type_of_financing() {
    let kind = |submitted: &ApplicationSubmitted| match made(submitted, &grant(Cents(100))) {
        Notice::Award(award) => award.financing_type,
        Notice::Rejection(_) => None,
    };
    assert_eq!(kind(&with_plan(100, 50, 0)), Some(FinancingType::FixedSum));
    assert_eq!(kind(&with_plan(100, 50, 10)), Some(FinancingType::Deficit));
    let full = with_plan(100, 0, 0);
    assert_eq!(missing_parts(&made(&full, &grant(Cents(100)))), [Part::FinancingType]);
    let reason_for_full = Some("Die Kommune ist in der Haushaltssicherung.".to_owned());
    let decision = Decision::Grant { amount: Cents(100), reasons_for_less: None, reason_for_full };
    assert_eq!(missing_parts(&made(&full, &decision)), []);
}

proptest! {
    #[test]
    fn shares_of_a_joint_project_add_up_whatever_is_granted(
        shares in proptest::collection::vec(1..10_000_000_i64, 1..7),
        lead_share in 1..10_000_000_i64,
        part in 0.0..1.0_f64,
    ) {
        let applied = lead_share + shares.iter().sum::<i64>();
        let mut submitted = with_plan(applied, 1, 0);
        let participant = |share: &i64| Participant { ags: "05911000".parse().unwrap(), share: Cents(*share) };
        submitted.participant_names = vec!["Bochum".into(); shares.len()];
        let participants = shares.iter().map(participant).collect();
        submitted.application.joint = Some(JointProject { lead_share: Cents(lead_share), participants });
        let amount = ((applied as f64 * part) as i64).max(1);
        prop_assert_eq!(missing_parts(&made(&submitted, &grant(Cents(amount)))), []);
        let whole = made(&submitted, &grant(Cents(applied)));
        let Notice::Award(whole) = whole else { unreachable!("it is granted") };
        let given: Vec<i64> = whole.partners.iter().map(|partner| partner.share_cents).collect();
        let asked: Vec<i64> = std::iter::once(lead_share).chain(shares).collect();
        prop_assert_eq!(given, asked);
    }
}
