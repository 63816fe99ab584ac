//! What a call requires of the project: deadline, period, money, declarations.

use chrono::NaiveDate;
use events::{Application, ApplicationSubmitted, Call, Cents, Declaration, Finding, Rule};
use pages::Language;

use super::result::RuleResult;
use super::words::{declaration, say};

/// Submitted while the call was open; a late application is accepted and marked (§ 24 (3) VwVfG).
pub(super) fn deadline(language: Language, call: &Call, submitted: &ApplicationSubmitted) -> Finding {
    let at = submitted.submitted_at;
    let in_time = !submitted.late && call.window.is_open(at);
    let (opens, closes) = (language.moment(call.window.opens), language.deadline(call.window.end()));
    let at = language.moment(at);
    let value = say(language, &format!("Eingegangen am {at}"), &format!("Received on {at}"));
    let remedy = say(
        language,
        "Entscheiden, ob die Frist nachträglich verlängert wird (§ 31 Abs. 7 VwVfG).",
        "Decide whether the period is extended afterwards (§ 31 (7) VwVfG).",
    );
    let clause = say(
        language,
        &format!("Aufruf: Antragsfrist {opens} bis {closes}; § 24 Abs. 3 VwVfG"),
        &format!("Call: applications from {opens} to {closes}; § 24 (3) VwVfG"),
    );
    let source = say(language, "Eingangsvermerk des Portals", "The portal's note of receipt");
    RuleResult::kept_if(in_time, value, remedy).finding(Rule::Deadline, None, clause, source)
}

/// The project runs within the days of the call.
pub(super) fn period(language: Language, call: &Call, application: &Application) -> Finding {
    let period = application.project_period;
    let inside = call.project_from <= period.from && period.from <= period.to && period.to <= call.project_to;
    let (from, to) = (language.date(period.from), language.date(period.to));
    let (first, last) = (language.date(call.project_from), language.date(call.project_to));
    let value = say(language, &format!("{from} bis {to}"), &format!("{from} to {to}"));
    let remedy = say(
        language,
        "Den Durchführungszeitraum in die Zeit des Aufrufs legen.",
        "Move the project period into the time of the call.",
    );
    let clause = say(
        language,
        &format!("Aufruf: Durchführung {first} bis {last}"),
        &format!("Call: projects from {first} to {last}"),
    );
    RuleResult::kept_if(inside, value, remedy).finding(Rule::ProjectPeriod, None, clause, of_period(language))
}

/// The project does not begin before the application (VV 1.3 to § 44 LHO).
pub(super) fn not_begun(language: Language, application: &Application, applied_on: NaiveDate) -> Finding {
    let begins = application.project_period.from;
    let (from, applied) = (language.date(begins), language.date(applied_on));
    let value = say(
        language,
        &format!("Beginn am {from}, Antrag vom {applied}"),
        &format!("Begins on {from}, applied for on {applied}"),
    );
    let remedy = say(
        language,
        "Zustimmung zum vorzeitigen Maßnahmebeginn prüfen (VV Nr. 1.3.1), oder den Beginn verlegen.",
        "Look whether an early start can be agreed to (VV no. 1.3.1), or move the beginning.",
    );
    let clause = say(
        language,
        "VV Nr. 1.3 zu § 44 LHO: das Vorhaben ist noch nicht begonnen",
        "VV no. 1.3 on § 44 LHO: the project has not begun yet",
    );
    RuleResult::kept_if(applied_on <= begins, value, remedy).finding(
        Rule::NotBegun,
        None,
        clause,
        of_period(language),
    )
}

/// The grant lies within the limits of the call (VV 1.1: no trivial grants).
pub(super) fn grant_limits(language: Language, call: &Call, application: &Application) -> Finding {
    let grant = application.financing.grant;
    let inside = (call.minimum_grant..=call.maximum_grant).contains(&grant);
    let euros = |amount: Cents| language.money(amount.0);
    let (least, most, applied) = (euros(call.minimum_grant), euros(call.maximum_grant), euros(grant));
    let remedy = say(
        language,
        "Die beantragte Zuwendung an die Grenzen des Aufrufs anpassen.",
        "Adapt the grant applied for to the limits of the call.",
    );
    let clause = say(
        language,
        &format!("Aufruf: Zuwendung von {least} bis {most}; VV Nr. 1.1 zu § 44 LHO"),
        &format!("Call: grants from {least} to {most}; VV no. 1.1 on § 44 LHO"),
    );
    let value = say(language, &format!("Beantragt sind {applied}"), &format!("Applied for: {applied}"));
    RuleResult::kept_if(inside, value, remedy).finding(
        Rule::GrantLimits,
        None,
        clause,
        of_financing(language),
    )
}

/// The full financing is secured, to the cent (VV 1.2 to § 44 LHO); the shares of a joint project add up.
pub(super) fn financing(language: Language, application: &Application) -> Finding {
    let plan = application.financing;
    let euros = |amount: Cents| language.money(amount.0);
    let (grant, own) = (euros(plan.grant), euros(plan.own_share));
    let (others, total) = (euros(plan.third_parties), euros(plan.total));
    let mut value = say(
        language,
        &format!("Zuwendung {grant} + Eigenanteil {own} + Dritte {others}; Gesamtkosten {total}"),
        &format!("Grant {grant} + own share {own} + third parties {others}; total costs {total}"),
    );
    if plan.gap() > Cents::ZERO {
        let gap = euros(plan.gap());
        value += &say(language, &format!("; nicht gedeckt: {gap}"), &format!("; not covered: {gap}"));
    } else if plan.gap() < Cents::ZERO {
        let excess = euros(Cents::ZERO - plan.gap());
        value += &say(language, &format!("; überdeckt: {excess}"), &format!("; covered beyond: {excess}"));
    }
    let mut parts = vec![plan.grant, plan.own_share, plan.third_parties];
    let mut shares_fit = true;
    if let Some(joint) = &application.joint {
        let shares = joint.lead_share + joint.participants.iter().map(|one| one.share).sum();
        shares_fit = shares == plan.grant;
        let sum = euros(shares);
        value += &say(
            language,
            &format!("; Anteile der Beteiligten zusammen: {sum}"),
            &format!("; shares of all together: {sum}"),
        );
        parts.push(joint.lead_share);
        parts.extend(joint.participants.iter().map(|one| one.share));
    }
    let secured = plan.gap() == Cents::ZERO && shares_fit && parts.iter().all(|part| *part >= Cents::ZERO);
    let remedy = say(
        language,
        "Den Finanzierungsplan vervollständigen: Zuwendung, Eigenanteil und Mittel Dritter ergeben die \
         Gesamtkosten, die Anteile der Beteiligten ergeben die Zuwendung.",
        "Complete the financing plan: grant, own share and third parties add up to the total costs, the shares add up \
         to the grant.",
    );
    let clause = say(
        language,
        "VV Nr. 1.2 zu § 44 LHO: die Gesamtfinanzierung ist gesichert",
        "VV no. 1.2 on § 44 LHO: the full financing is secured",
    );
    RuleResult::kept_if(secured, value, remedy).finding(Rule::Financing, None, clause, of_financing(language))
}

/// All framework conditions are declared.
pub(super) fn declarations(language: Language, application: &Application) -> Finding {
    let missing: Vec<&str> = Declaration::ALL
        .into_iter()
        .filter(|one| !application.declarations.contains(one))
        .map(|one| declaration(language, one))
        .collect();
    let all = Declaration::ALL.len();
    let value = match missing.as_slice() {
        [] => say(
            language,
            &format!("Alle {all} Rahmenbedingungen sind erklärt"),
            &format!("All {all} framework conditions are declared"),
        ),
        missing => {
            let missing = missing.join("; ");
            say(language, &format!("Nicht erklärt: {missing}"), &format!("Not declared: {missing}"))
        }
    };
    let remedy = say(
        language,
        "Die fehlenden Erklärungen nachreichen lassen.",
        "Have the missing declarations handed in later.",
    );
    let clause = say(
        language,
        "Aufruf: Rahmenbedingungen des Programms",
        "Call: framework conditions of the programme",
    );
    let source = say(language, "Antrag, Erklärungen", "Application, declarations");
    RuleResult::kept_if(missing.is_empty(), value, remedy).finding(Rule::Declarations, None, clause, source)
}

fn of_period(language: Language) -> String {
    say(language, "Antrag, Durchführungszeitraum", "Application, project period")
}

fn of_financing(language: Language) -> String {
    say(language, "Antrag, Finanzierungsplan", "Application, financing plan")
}
