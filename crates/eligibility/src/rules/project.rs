//! What a call asks of the project: deadline, period, money, declarations.

use chrono::NaiveDate;
use events::{Application, ApplicationSubmitted, Call, Cents, Declaration, Finding, Rule};

use super::Found;
use super::words::{day, deadline as deadline_words, declaration, euros, moment};

/// Submitted in the window (late ones are taken in and flagged, § 24 (3) VwVfG).
pub(super) fn deadline(call: &Call, submitted: &ApplicationSubmitted) -> Finding {
    let at = submitted.submitted_at;
    let in_time = !submitted.late && call.window.is_open(at);
    let value = format!("Eingegangen am {}", moment(at));
    let remedy = "Entscheiden, ob die Frist nachträglich verlängert wird (§ 31 Abs. 7 VwVfG).";
    let clause = format!(
        "Aufruf: Antragsfrist {} bis {}; § 24 Abs. 3 VwVfG",
        moment(call.window.opens),
        deadline_words(call.window.end())
    );
    Found::kept_if(in_time, value, remedy).finding(
        Rule::Deadline,
        None,
        clause,
        "Eingangsvermerk des Portals",
    )
}

/// The project runs in the days of the call.
pub(super) fn period(call: &Call, application: &Application) -> Finding {
    let period = application.project_period;
    let inside = call.project_from <= period.from && period.from <= period.to && period.to <= call.project_to;
    let value = format!("{} bis {}", day(period.from), day(period.to));
    let remedy = "Den Durchführungszeitraum in die Zeit des Aufrufs legen.";
    let clause = format!("Aufruf: Durchführung {} bis {}", day(call.project_from), day(call.project_to));
    Found::kept_if(inside, value, remedy).finding(
        Rule::ProjectPeriod,
        None,
        clause,
        "Antrag, Durchführungszeitraum",
    )
}

/// The project has not begun before the application (VV 1.3 to § 44 LHO).
pub(super) fn not_begun(application: &Application, applied_on: NaiveDate) -> Finding {
    let from = application.project_period.from;
    let value = format!("Beginn am {}, Antrag vom {}", day(from), day(applied_on));
    let remedy = "Zustimmung zum vorzeitigen Maßnahmebeginn prüfen (VV Nr. 1.3.1), oder den Beginn verlegen.";
    let clause = "VV Nr. 1.3 zu § 44 LHO: das Vorhaben ist noch nicht begonnen";
    Found::kept_if(applied_on <= from, value, remedy).finding(
        Rule::NotBegun,
        None,
        clause,
        "Antrag, Durchführungszeitraum",
    )
}

/// The grant lies between the call's limits (VV 1.1: no trivial grants).
pub(super) fn grant_limits(call: &Call, application: &Application) -> Finding {
    let grant = application.financing.grant;
    let inside = (call.minimum_grant..=call.maximum_grant).contains(&grant);
    let remedy = "Die beantragte Zuwendung an die Grenzen des Aufrufs anpassen.";
    let clause = format!(
        "Aufruf: Zuwendung von {} bis {}; VV Nr. 1.1 zu § 44 LHO",
        euros(call.minimum_grant),
        euros(call.maximum_grant)
    );
    let value = format!("Beantragt sind {}", euros(grant));
    Found::kept_if(inside, value, remedy).finding(
        Rule::GrantLimits,
        None,
        clause,
        "Antrag, Finanzierungsplan",
    )
}

/// The full financing is secured, to the cent (VV 1.2 to § 44 LHO); shares of a joint project add up.
pub(super) fn financing(application: &Application) -> Finding {
    let plan = application.financing;
    let mut value = format!(
        "Zuwendung {} + Eigenanteil {} + Dritte {}; Gesamtkosten {}",
        euros(plan.grant),
        euros(plan.own_share),
        euros(plan.third_parties),
        euros(plan.total)
    );
    if plan.gap() > Cents::ZERO {
        value += &format!("; nicht gedeckt: {}", euros(plan.gap()));
    } else if plan.gap() < Cents::ZERO {
        value += &format!("; überdeckt: {}", euros(Cents::ZERO - plan.gap()));
    }
    let mut parts = vec![plan.grant, plan.own_share, plan.third_parties];
    let mut shares_fit = true;
    if let Some(joint) = &application.joint {
        let shares = joint.lead_share + joint.participants.iter().map(|one| one.share).sum();
        shares_fit = shares == plan.grant;
        value += &format!("; Anteile der Beteiligten zusammen: {}", euros(shares));
        parts.push(joint.lead_share);
        parts.extend(joint.participants.iter().map(|one| one.share));
    }
    let secured = plan.gap() == Cents::ZERO && shares_fit && parts.iter().all(|part| *part >= Cents::ZERO);
    let remedy = "Den Finanzierungsplan vervollständigen: Zuwendung, Eigenanteil und Mittel Dritter ergeben die \
                  Gesamtkosten, die Anteile der Beteiligten ergeben die Zuwendung.";
    let clause = "VV Nr. 1.2 zu § 44 LHO: die Gesamtfinanzierung ist gesichert";
    Found::kept_if(secured, value, remedy).finding(Rule::Financing, None, clause, "Antrag, Finanzierungsplan")
}

/// All framework conditions are declared.
pub(super) fn declarations(application: &Application) -> Finding {
    let missing: Vec<&str> = Declaration::ALL
        .into_iter()
        .filter(|one| !application.declarations.contains(one))
        .map(declaration)
        .collect();
    let value = match missing.as_slice() {
        [] => format!("Alle {} Rahmenbedingungen sind erklärt", Declaration::ALL.len()),
        missing => format!("Nicht erklärt: {}", missing.join("; ")),
    };
    let remedy = "Die fehlenden Erklärungen nachreichen lassen.";
    let clause = "Aufruf: Rahmenbedingungen des Programms";
    Found::kept_if(missing.is_empty(), value, remedy).finding(
        Rule::Declarations,
        None,
        clause,
        "Antrag, Erklärungen",
    )
}
