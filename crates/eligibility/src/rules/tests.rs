use events::{Call, Cents, Declaration, Finding, MunicipalityKind, OfficeRule, Outcome, Rule};
use proptest::prelude::*;
use testkit::samples::{self, day, joint, submitted_by as submitted};

use super::*;
use crate::register::Office;

fn call(office_rule: OfficeRule) -> Call {
    Call { office_rule, ..samples::call() }
}

fn open_findings(rule: OfficeRule, submitted: &ApplicationSubmitted) -> Vec<Finding> {
    let assessment = assess(&call(rule), submitted, Register::nrw());
    assessment.findings.into_iter().filter(|finding| finding.outcome == Outcome::PersonMustDecide).collect()
}

/// The only finding that a person must decide, with plain spaces before the euro sign.
fn only(rule: OfficeRule, submitted: &ApplicationSubmitted) -> Finding {
    let mut open = open_findings(rule, submitted);
    assert_eq!(open.len(), 1, "{open:#?}");
    let finding = open.remove(0);
    Finding { value: finding.value.replace('\u{a0}', " "), ..finding }
}

const WITH_DECLARATION: OfficeRule = OfficeRule::OfficeOfDistrictWithDeclaration;
const ALL: [OfficeRule; 3] = [OfficeRule::OwnOffice, WITH_DECLARATION, OfficeRule::AnyMunicipality];

#[test]
fn a_city_with_an_office_is_clear() {
    for ags in ["05122000", "05774032", "05334", "05158"] {
        for rule in ALL {
            let assessment = assess(&call(rule), &submitted(ags), Register::nrw());
            assert!(assessment.is_clear(), "{ags} {rule:?} {assessment:#?}");
            assert_eq!(assessment.rule_version, 3);
            assert_eq!(assessment.register_day, day("2026-11-23"));
        }
    }
}

#[test]
fn a_town_without_an_office_goes_to_a_person_and_its_district_is_named() {
    let finding = only(OfficeRule::OwnOffice, &submitted("05158016"));
    assert_eq!(finding.rule, Rule::ImmigrationOffice);
    assert_eq!(finding.clause, "Aufruf: eigene Ausländerbehörde; § 1 Nr. 4 ZustAVO NRW");
    assert_eq!(finding.value, "Hilden hat keine eigene Ausländerbehörde; zuständig ist: Kreis Mettmann");
    assert!(
        finding.source.starts_with("Register der Ausländerbehörden am 23.11.2026: § 1 Nr. 4 ZustAVO NRW")
    );
    assert_eq!(
        finding.remedy.as_deref(),
        Some(
            "Den Antrag kann stellen, wer die zuständige Ausländerbehörde führt: Kreis Mettmann. Hilden kann dann \
             Partner des Projekts sein."
        )
    );
    let finding = only(WITH_DECLARATION, &submitted("05158016"));
    assert!(
        finding
            .remedy
            .is_some_and(|remedy| remedy.contains("Erklärung") && remedy.contains("Kreis Mettmann"))
    );
    assert_eq!(open_findings(OfficeRule::AnyMunicipality, &submitted("05158016")), []);
}

#[test]
fn where_the_district_takes_part_its_office_does() {
    for (lead, participant) in [("05158", "05158016"), ("05158016", "05158")] {
        assert_eq!(open_findings(WITH_DECLARATION, &joint(lead, participant)), []);
        let finding = only(OfficeRule::OwnOffice, &joint(lead, participant));
        assert_eq!(finding.ags.map(String::from).as_deref(), Some("05158016"));
    }
    // The office of another district does not help.
    assert_eq!(open_findings(WITH_DECLARATION, &joint("05154", "05158016")).len(), 1);
}

#[test]
fn the_register_is_asked_for_the_day_of_application_in_germany() {
    let mut ratingen = submitted("05158028");
    assert_eq!(
        only(OfficeRule::OwnOffice, &ratingen).value,
        "Ratingen hat seine Ausländerbehörde durch Vereinbarung abgegeben an: Kreis Mettmann (belegt seit 01.04.2009)"
    );
    // Until 31 March, 24:00 in Germany (22:00 UTC), the town is responsible, and then the district.
    ratingen.submitted_at = "2009-03-31T21:59:00Z".parse().unwrap();
    let assessment = assess(&call(OfficeRule::OwnOffice), &ratingen, Register::nrw());
    assert_eq!(assessment.register_day, day("2009-03-31"));
    assert_eq!(assessment.findings[1].value, "Ratingen hat eine eigene Ausländerbehörde");
    ratingen.submitted_at = "2009-03-31T22:01:00Z".parse().unwrap();
    let assessment = assess(&call(OfficeRule::OwnOffice), &ratingen, Register::nrw());
    assert_eq!(assessment.findings[1].outcome, Outcome::PersonMustDecide);
}

#[test]
fn aachen_is_served_by_the_city_region() {
    let finding = only(OfficeRule::OwnOffice, &submitted("05334002"));
    assert_eq!(finding.value, "Aachen hat keine eigene Ausländerbehörde; zuständig ist: Städteregion Aachen");
}

#[test]
fn an_unknown_key_goes_to_a_person() {
    let open = open_findings(OfficeRule::OwnOffice, &submitted("05999999"));
    let rules: Vec<Rule> = open.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::Municipality, Rule::ImmigrationOffice]);
    assert_eq!(open[0].value, "Der Schlüssel 05999999 steht nicht im Verzeichnis");
    assert_eq!(open[1].value, "05999999: kein Eintrag am 23.11.2026");
}

#[test]
fn the_last_day_ends_at_midnight() {
    let deadline = |closes: &str, at: &str| {
        let mut call = call(OfficeRule::OwnOffice);
        call.window.closes = closes.parse().unwrap();
        let mut submitted = submitted("05122000");
        submitted.submitted_at = at.parse().unwrap();
        let mut findings = assess(&call, &submitted, Register::nrw()).findings.into_iter();
        let finding = findings.find(|finding| finding.rule == Rule::Deadline).unwrap();
        (finding.outcome, finding.clause)
    };
    for (closes, last, late, said) in [
        ("2027-02-28T22:59:59Z", "2027-02-28T22:59:59.400Z", "2027-02-28T23:00:00Z", "28.02.2027, 24:00 Uhr"),
        ("2027-06-30T21:59:59Z", "2027-06-30T21:59:59.999Z", "2027-06-30T22:00:00Z", "30.06.2027, 24:00 Uhr"),
        ("2027-12-31T23:00:00Z", "2027-12-31T22:59:59.999Z", "2027-12-31T23:00:00Z", "31.12.2027, 24:00 Uhr"),
        ("2027-03-15T11:00:00Z", "2027-03-15T10:59:59.999Z", "2027-03-15T11:00:00Z", "15.03.2027, 12:00 Uhr"),
    ] {
        let (outcome, clause) = deadline(closes, last);
        assert_eq!(outcome, Outcome::Met, "{last}");
        assert!(clause.contains(&format!("bis {said}; ")), "{clause}");
        assert_eq!(deadline(closes, late).0, Outcome::PersonMustDecide, "{late}");
    }
}

#[test]
fn what_is_late_too_early_or_does_not_add_up_goes_to_a_person() {
    let case = |change: fn(&mut ApplicationSubmitted)| {
        let mut submitted = submitted("05122000");
        change(&mut submitted);
        let finding = only(OfficeRule::OwnOffice, &submitted);
        (finding.rule, finding.value)
    };
    let late = case(|it| it.submitted_at = "2027-02-28T23:00:00Z".parse().unwrap());
    assert_eq!(late, (Rule::Deadline, "Eingegangen am 01.03.2027, 00:00 Uhr".to_owned()));
    assert_eq!(case(|it| it.late = true).0, Rule::Deadline);
    let outside = case(|it| it.application.project_period.to = day("2028-02-01"));
    assert_eq!(outside, (Rule::ProjectPeriod, "01.04.2027 bis 01.02.2028".to_owned()));
    let turned = case(|it| it.application.project_period.to = day("2027-03-31"));
    assert_eq!(turned.0, Rule::ProjectPeriod);
    let much = case(|it| {
        let more = Cents::euros(52_000) + Cents(1);
        it.application.financing.grant = it.application.financing.grant + more;
        it.application.financing.total = it.application.financing.total + more;
    });
    assert_eq!(much, (Rule::GrantLimits, "Beantragt sind 100.000,01 €".to_owned()));
}

#[test]
fn every_finding_is_said_in_english_too() {
    const GERMAN: [&str; 9] = [
        "Aufruf",
        " bis ",
        "Antrag,",
        "Beginn",
        "Eingegangen",
        "Beantragt",
        "Rahmenbedingung",
        "zuständig",
        "Kreis, ",
    ];
    let mut late = submitted("05158016");
    late.late = true;
    late.application.declarations.clear();
    late.application.financing.total = Cents::euros(1);
    late.application.financing.grant = Cents::euros(900_000);
    late.application.project_period.from = day("2020-01-01");
    let unknown = submitted("05999999");
    for rule in ALL {
        for one in [&late, &unknown, &submitted("05122000"), &joint("05154", "05158016")] {
            for finding in assess(&call(rule), one, Register::nrw()).findings {
                let english = finding.english.clone().expect("English texts");
                assert_eq!(finding.remedy.is_some(), english.remedy.is_some());
                let texts = [english.clause, english.value, english.remedy.unwrap_or_default()].join(" ");
                let german: Vec<_> = GERMAN.into_iter().filter(|word| texts.contains(word)).collect();
                assert!(german.is_empty(), "{german:?} in {texts}");
                assert!(
                    finding.clause.contains("Aufruf") || finding.clause.contains("VV Nr."),
                    "{finding:?}"
                );
            }
        }
    }
}

#[test]
fn a_cent_is_a_cent() {
    let mut one = submitted("05122000");
    one.application.financing.total = Cents::euros(60_000) + Cents(1);
    let finding = only(OfficeRule::OwnOffice, &one);
    assert_eq!(finding.rule, Rule::Financing);
    assert_eq!(
        finding.value,
        "Zuwendung 48.000,00 € + Eigenanteil 10.000,00 € + Dritte 2.000,00 €; Gesamtkosten 60.000,01 €; nicht gedeckt: 0,01 €"
    );
    let mut one = joint("05122000", "05774032");
    assert_eq!(open_findings(OfficeRule::OwnOffice, &one), []);
    one.application.joint.as_mut().unwrap().lead_share = Cents::euros(40_000) + Cents(1);
    assert!(
        only(OfficeRule::OwnOffice, &one).value.ends_with("Anteile der Beteiligten zusammen: 48.000,01 €")
    );
}

#[test]
fn a_project_that_has_begun_and_missing_declarations_are_named() {
    let mut one = submitted("05122000");
    one.application.project_period.from = day("2026-11-22");
    let rules: Vec<Rule> =
        open_findings(OfficeRule::OwnOffice, &one).iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::ProjectPeriod, Rule::NotBegun]);
    let mut one = submitted("05122000");
    one.application.declarations.retain(|one| *one != Declaration::GenderMainstreaming);
    assert_eq!(only(OfficeRule::OwnOffice, &one).value, "Nicht erklärt: Gender Mainstreaming");
}

/// All 427 municipalities under all three rules: every answer has a reason and names the district in charge.
#[test]
fn every_municipality_gets_its_answer() {
    for one in events::municipalities() {
        let submitted = submitted(one.ags.as_str());
        let has_office =
            Register::nrw().on(&one.ags, day("2026-11-23")).is_some_and(|entry| entry.office == Office::Own);
        assert_eq!(open_findings(OfficeRule::AnyMunicipality, &submitted), []);
        for rule in [OfficeRule::OwnOffice, WITH_DECLARATION] {
            let open = open_findings(rule, &submitted);
            assert_eq!(open.is_empty(), has_office, "{}", one.name);
            let district = words::name(&one.district);
            assert!(
                open.iter()
                    .all(|it| it.value.contains(district) && it.remedy.as_ref().unwrap().contains(district))
            );
            if matches!(one.kind, MunicipalityKind::IndependentCity | MunicipalityKind::District) {
                assert!(has_office, "{}", one.name);
            }
        }
    }
}

/// Any application that a form can hold.
fn anything() -> impl Strategy<Value = (OfficeRule, ApplicationSubmitted)> {
    let keys = prop_oneof![
        proptest::sample::select(events::municipalities().map(|one| one.ags.to_string()).collect::<Vec<_>>()),
        "[0-9]{8}",
    ];
    let days = (0..8_000_i64, -500..500_i64);
    let money = proptest::array::uniform5(-100..7_000_000_i64);
    let declared = proptest::sample::subsequence(Declaration::ALL.to_vec(), 0..=Declaration::ALL.len());
    let rule = proptest::sample::select(ALL.to_vec());
    (rule, keys.clone(), proptest::option::of(keys), days, money, declared, any::<bool>()).prop_map(
        |(rule, lead, participant, (days, length), money, declared, late)| {
            let mut one = match participant {
                Some(participant) => joint(&lead, &participant),
                None => submitted(&lead),
            };
            one.late = late;
            one.submitted_at += chrono::TimeDelta::days(4_000 - days);
            one.application.project_period.to += chrono::TimeDelta::days(length);
            let plan = &mut one.application.financing;
            [plan.grant, plan.own_share, plan.third_parties, plan.total] =
                [money[0], money[1], money[2], money[3]].map(Cents);
            one.application.declarations = declared;
            (rule, one)
        },
    )
}

proptest! {
    #[test]
    fn the_order_in_which_declarations_are_made_decides_nothing((rule, submitted) in anything()) {
        let findings = |submitted| assess(&call(rule), submitted, Register::nrw()).findings;
        let mut reversed = submitted.clone();
        reversed.application.declarations.reverse();
        prop_assert_eq!(findings(&reversed), findings(&submitted));
    }

    #[test]
    fn every_finding_can_be_read_and_every_open_one_says_what_would_help((rule, submitted) in anything()) {
        for finding in assess(&call(rule), &submitted, Register::nrw()).findings {
            prop_assert!(!finding.clause.is_empty() && !finding.value.is_empty() && !finding.source.is_empty());
            let open = finding.outcome == Outcome::PersonMustDecide;
            prop_assert_eq!(finding.remedy.is_some_and(|remedy| !remedy.is_empty()), open);
        }
    }

    #[test]
    fn every_rule_is_looked_at((rule, submitted) in anything()) {
        let assessment = assess(&call(rule), &submitted, Register::nrw());
        let bodies = 1 + submitted.participant_names.len();
        prop_assert_eq!(assessment.findings.len(), 2 * bodies + 6);
    }
}
