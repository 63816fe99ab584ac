//! Which court a notice names.

use std::collections::BTreeMap;

use award::award::Decision;
use award::courts::of_seat;
use award::notice_text::{NoticeInput, notice};
use events::{Ags, Call, Cents, Court, JointProject, Participant, municipalities};
use letters::{Part, missing_parts};
use testkit::samples;

use crate::stage::{call, submitted};

const TABLE: &str = include_str!("../../data/courts.csv");

#[test]
fn every_body_of_the_register_has_exactly_one_court() {
    let mut bodies = BTreeMap::<&str, usize>::new();
    for body in municipalities() {
        let rows =
            TABLE.lines().filter(|line| line.starts_with(&format!("{},", body.ags.district()))).count();
        assert_eq!(rows, 1, "{}", body.name);
        *bodies.entry(of_seat(&body.ags).unwrap().seat).or_default() += 1;
    }
    assert_eq!(bodies.values().sum::<usize>(), 427);
    assert_eq!(TABLE.lines().count(), 1 + 53);
    // § 17 JustG NRW: the number of Kreise and independent cities of each court.
    let mut districts = BTreeMap::<&str, usize>::new();
    for line in TABLE.lines().skip(1) {
        *districts.entry(line.split(',').nth(2).unwrap()).or_default() += 1;
    }
    let expected = [
        ("Aachen", 4),
        ("Arnsberg", 8),
        ("Düsseldorf", 14),
        ("Gelsenkirchen", 8),
        ("Köln", 7),
        ("Minden", 7),
        ("Münster", 5),
    ];
    assert_eq!(districts, expected.into());
}

#[test]
fn the_table_names_the_districts_of_the_law() {
    // One of each court, and some near the border of another's district.
    for (name, seat) in [
        ("Aachen", "Aachen"),
        ("Bad Münstereifel", "Aachen"),
        ("Hagen", "Arnsberg"),
        ("Hamm", "Arnsberg"),
        ("Witten", "Arnsberg"),
        ("Mülheim an der Ruhr", "Düsseldorf"),
        ("Solingen", "Düsseldorf"),
        ("Alpen", "Düsseldorf"),
        ("Essen", "Gelsenkirchen"),
        ("Dortmund", "Gelsenkirchen"),
        ("Bottrop", "Gelsenkirchen"),
        ("Herne", "Gelsenkirchen"),
        ("Lünen", "Gelsenkirchen"),
        ("Castrop-Rauxel", "Gelsenkirchen"),
        ("Leverkusen", "Köln"),
        ("Gummersbach", "Köln"),
        ("Paderborn", "Minden"),
        ("Kreis Lippe", "Minden"),
        ("Bocholt", "Münster"),
        ("Rheine", "Münster"),
    ] {
        let body = municipalities().find(|body| body.name == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(of_seat(&body.ags).unwrap().seat, seat, "{name}");
    }
    assert_eq!(of_seat(&"09162000".parse().unwrap()), None);
}

fn by_seat() -> Call {
    let mut call = call(Cents::euros(420_000));
    call.letters.court_by_seat = true;
    call.letters.court = Court::default();
    call
}

fn remedy(call: &Call, ags: &str, joint: bool) -> (letters::Court, Vec<Part>) {
    let mut submitted = submitted(1);
    submitted.applicant.ags = ags.parse().unwrap();
    if joint {
        let solingen = Participant { ags: "05122000".parse::<Ags>().unwrap(), share: Cents::euros(20_000) };
        submitted.participant_names = vec!["Solingen".into()];
        submitted.application.joint =
            Some(JointProject { lead_share: Cents::euros(40_000), participants: vec![solingen] });
    }
    let decision = Decision::Reject { reasons: vec!["Es hat begonnen.".into()] };
    let notice = notice(
        NoticeInput { submitted: &submitted, call, year: 2027 },
        &decision,
        samples::day("2027-04-15"),
    );
    (notice.letter().remedy.clone(), missing_parts(&notice))
}

#[test]
fn the_notice_names_the_court_of_the_recipients_seat() {
    let (essen, missing) = remedy(&by_seat(), "05113000", false);
    assert_eq!((&*essen.name, missing), ("Verwaltungsgericht Gelsenkirchen", vec![]));
    assert_eq!(essen.address, "Bahnhofsvorplatz 3, 45879 Gelsenkirchen");
    // The lead of a joint project is the recipient, not its partners.
    let (bochum, _) = remedy(&by_seat(), "05911000", true);
    assert_eq!(bochum.name, "Verwaltungsgericht Gelsenkirchen");
    // A call of one court keeps it.
    let (one, _) = remedy(&call(Cents::euros(420_000)), "05113000", false);
    assert_eq!(
        (&*one.name, &*one.address),
        ("Verwaltungsgericht Düsseldorf", "Bastionstraße 39, 40213 Düsseldorf")
    );
}

#[test]
fn without_a_court_the_notice_is_not_complete() {
    let (_, missing) = remedy(&by_seat(), "09162000", false);
    assert!(missing.contains(&Part::Remedy));
    let mut none = by_seat();
    none.letters.court_by_seat = false;
    assert_eq!(remedy(&none, "05113000", false).1, [Part::Remedy]);
}
