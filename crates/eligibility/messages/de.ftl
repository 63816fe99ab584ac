# Zulässigkeit: die Warteschlange und die Entscheidung einer Person.
list-title = Zulässigkeit prüfen
list-lead = Diese Anträge konnten die Regeln nicht eindeutig bestätigen. Über jeden entscheidet eine Person.
list-waiting = { $count ->
    [0] Kein Antrag wartet auf eine Entscheidung.
    [one] Ein Antrag wartet auf eine Entscheidung.
   *[other] { $count } Anträge warten auf eine Entscheidung.
}
list-waiting-many = Mehr als { $count } Anträge warten auf eine Entscheidung.
list-none = Hier ist kein Antrag.
list-states = Anträge nach Stand
status-referred = Zu entscheiden
status-eligible = Zulässig
status-ineligible = Nicht zulässig
status-withdrawn = Zurückgezogen
list-replied = Antwort der Kommune vom { $at }
list-open = Zu klären

rule-municipality = Kommune in Nordrhein-Westfalen
rule-immigration-office = Ausländerbehörde
rule-deadline = Antragsfrist
rule-project-period = Durchführungszeitraum
rule-not-begun = Noch nicht begonnen
rule-grant-limits = Höhe der Zuwendung
rule-financing = Gesicherte Finanzierung
rule-declarations = Erklärungen

case-back = Zur Liste
case-decided = Die Entscheidung ist gespeichert.
case-too-late-text = Ihre Entscheidung wurde nicht gespeichert. Unten steht, was jetzt gilt.
findings-title = Was die Regeln festgestellt haben
findings-basis = Stand des Registers: { $day }. Fassung { $version } der Regeln des Aufrufs.
findings-language = Es gilt der deutsche Text der Feststellungen (§ 23 VwVfG).
findings-met = { $count ->
    [one] Eine Regel ist erfüllt
   *[other] { $count } Regeln sind erfüllt
}
finding-rule = Regel
finding-value = Festgestellt
finding-remedy = Was helfen würde
finding-clause = Grundlage
finding-source = Quelle

application-title = Der Antrag
application-text = Wortlaut des Antrags
application-submitted = Eingegangen
application-by = Eingereicht von
application-late = nach Fristende
application-period = Durchführung
application-period-days = { $from } bis { $to }
application-grant = Beantragte Zuwendung
application-own-share = Eigenanteil
application-third-parties = Mittel Dritter
application-total = Gesamtkosten
application-participants = Beteiligte Kommunen
application-office-part = Aufgabe der Ausländerbehörde
application-partners = Partner
application-contact = Ansprechperson
application-field = Handlungsfeld
application-problem = Problemlage
application-goals = Ziele
application-action-goals = Handlungsziele
application-output-goals = Produktziele
application-method = Methode
application-products = Produkte und Ergebnisse
share-lead = { $name } (Federführung): { $amount }
share = { $name }: { $amount }

replies-title = Antworten der Kommune
reply-by = { $name }, { $at }
reply-after = nach der Entscheidung

ties-link = Meine Bindungen an Kommunen
tied-title = Sie entscheiden hier nicht mit
tied-text = Deshalb wirken Sie an diesem Verfahren nicht mit (§§ 20, 21 VwVfG). Bitte geben Sie den Vorgang an eine Kollegin oder einen Kollegen ab.
tie-own-municipality = Sie gehören zu einer Kommune, die beteiligt ist.
tie-submitted = Sie haben diesen Antrag eingereicht.
tie-contact = Sie sind die Ansprechperson dieses Antrags.
tie-declared = Sie haben eine Bindung an diesen Antrag oder eine beteiligte Kommune angezeigt.
decision-title = Entscheidung
decision-lead = Die Regeln bestätigen nur, was eindeutig ist; sie lehnen nie ab. Entscheiden Sie anhand der offenen Feststellungen.
field-decision = Ist der Antrag zulässig?
decide-eligible = Zulässig
decide-eligible-hint = Der Antrag geht in die Begutachtung.
decide-ineligible = Nicht zulässig
decide-ineligible-hint = Das Verfahren endet hier. Die Kommune erfährt im Portal den Grund.
field-reason = Begründung
field-reason-hint = Sie steht in der Akte; mindestens 10 Zeichen.
error-reason = Die „Begründung“ ist zu kurz: Mindestens 10 Zeichen werden erwartet.
decide-send = Entscheidung speichern
decided-by-rules = Die Regeln haben den Antrag am { $at } bestätigt.
decided-by-person = { $name } hat am { $at } entschieden.
withdrawn-at = Die Kommune hat den Antrag am { $at } zurückgezogen.
