# Was auf den Seiten von intake steht. Die englische Fassung hat dieselben Schlüssel.

# Felder
field-title = Titel des Projekts
field-field-of-action = Handlungsfeld
field-problem-statement = Problemlage
field-goals = Ziele
field-action-goals = Handlungsziele
field-output-goals = Produktziele
field-method = Methode
field-products-and-results = Produkte und Ergebnisse
field-funding-priorities = Förderschwerpunkte
field-themes = Projektschwerpunkte
field-immigration-office-part = Aufgabe der Ausländerbehörde im Projekt
field-partners = Partner des Projekts
field-partner-name = Name des Partners
field-partner-kind = Art des Partners
field-is-joint = Mehrere Kommunen stellen den Antrag gemeinsam (interkommunales Projekt)
field-lead-share = Eigener Anteil an der Zuwendung (Federführung)
field-participants = Beteiligte Kommunen
field-participant-ags = Beteiligte Kommune
field-participant-share = Anteil an der Zuwendung
field-project-from = Beginn des Projekts
field-project-to = Ende des Projekts
field-grant = Beantragte Zuwendung
field-own-share = Eigenanteil
field-third-parties = Mittel Dritter
field-total = Gesamtkosten
field-contact-name = Ansprechperson
field-contact-email = E-Mail-Adresse
field-contact-phone = Telefon
field-contact-language = Sprache der E-Mails
field-declarations = Rahmenbedingungen
field-reason = Grund

field-field-of-action-hint = Zum Beispiel Personalmanagement oder Wirtschaftsförderung.
field-lines-hint = Ein Ziel je Zeile.
field-goals-hint = Was soll sich ändern? Ein Ziel je Zeile.
field-immigration-office-part-hint = Die Ziele werden von der Ausländerbehörde und den weiteren Stellen gemeinsam verfolgt. Ohne eigene Ausländerbehörde: Was trägt die zuständige Behörde des Kreises bei?
field-lead-share-hint = Alle Anteile zusammen ergeben die beantragte Zuwendung.
field-total-hint = Zuwendung, Eigenanteil und Mittel Dritter ergeben zusammen die Gesamtkosten, auf den Cent genau.
field-third-parties-hint = Leer lassen, wenn es keine gibt.
field-contact-email-hint = Hierhin melden wir jede Änderung des Stands.
field-declarations-hint = Die Kommune erklärt, diese Rahmenbedingungen einzuhalten.
field-project-period-hint = Der Aufruf fördert Projekte vom { $from } bis { $to }.

# Auswahl
priority-transparency = Transparenz
priority-networking = Vernetzung
priority-strategic-steering = Strategische Steuerung
theme-guide-systems = Aufbau von Lotsensystemen
theme-intermunicipal-cooperation = Interkommunale Zusammenarbeit
theme-transfer = Transferprojekte
theme-naturalisation = Einbürgerungsstrategien
theme-target-groups = Mobilisierung besonderer Zielgruppen
theme-integration-training = Integrationstraining für Kommunen
declaration-limited-in-time = Die Förderung ist befristet und macht vorhandene Strukturen wirksamer.
declaration-lasting-effect = Eine nachhaltige Wirkung steht im Mittelpunkt.
declaration-joint-goals = Ausländerbehörde und weitere Stellen der Integrationsarbeit verfolgen die Ziele gemeinsam.
declaration-migrant-organisations = Migrantenselbstorganisationen sind Partner der Kommune.
declaration-municipal-steering = Steuerung und Verantwortung für die Ergebnisse liegen bei der Kommune.
declaration-qualification = Die Kommune qualifiziert sich für Strategien der Integration.
declaration-gender-mainstreaming = Gender Mainstreaming wird beachtet.
partner-migrant-organisation = Migrantenselbstorganisation
partner-other = Andere Organisation
language-de = Deutsch
language-en = Englisch

# Fehler neben einem Feld
wrong-too-many = „{ $field }“: höchstens { $limit } Einträge sind möglich.
wrong-nothing = „{ $field }“ muss größer als 0 sein.
wrong-ends-before-start = „{ $field }“ liegt vor dem Beginn.
wrong-plan-gap = Der Finanzierungsplan geht nicht auf: An den Gesamtkosten fehlen { $gap }. Zuwendung, Eigenanteil und Mittel Dritter müssen zusammen die Gesamtkosten ergeben.
wrong-plan-excess = Der Finanzierungsplan geht nicht auf: Zuwendung, Eigenanteil und Mittel Dritter übersteigen die Gesamtkosten um { $gap }.
wrong-shares-gap = Die Anteile der Kommunen ergeben nicht die beantragte Zuwendung: Es fehlen { $gap }.
wrong-shares-excess = Die Anteile der Kommunen ergeben nicht die beantragte Zuwendung: Es sind { $gap } zu viel.
wrong-unknown-municipality = „{ $field }“: Diese Kommune gibt es in Nordrhein-Westfalen nicht. Bitte wählen Sie eine aus der Liste.
wrong-is-lead = „{ $field }“: Die eigene Kommune führt das Projekt und ist schon beteiligt.
wrong-repeated = „{ $field }“: Diese Angabe steht schon da.
wrong-not-offered = „{ $field }“: Dieser Aufruf sieht eine der gewählten Angaben nicht vor.
wrong-email = „{ $field }“ ist keine E-Mail-Adresse. Erwartet wird zum Beispiel name@stadt.de.
wrong-email-letters = „{ $field }“: Adressen mit Umlauten oder anderen Buchstaben als a bis z erreichen nicht alle Mailserver. Bitte geben Sie eine Adresse ohne sie an.
wrong-reason = Der Grund darf höchstens { $limit } Zeichen haben.

field-applicant = Antragstellende Kommune
field-funding-priorities-hint = Mindestens einer.
field-is-joint-hint = Ihre Kommune hat die Federführung. Fügen Sie jede weitere Kommune mit ihrem Anteil hinzu.

# Übersicht
home-title = Ihre Anträge
home-heading = Anträge der Kommune { $municipality }
home-lead = Beginnen Sie einen Antrag, schreiben Sie an einem Entwurf weiter oder sehen Sie nach, wie weit ein Antrag ist.
home-calls = Aufrufe
home-no-calls = Zurzeit gibt es keinen Aufruf.
home-begin = Antrag beginnen
home-drafts = Entwürfe
home-no-drafts = Es gibt keine Entwürfe.
home-applications = Eingereichte Anträge
home-no-applications = Noch ist nichts eingereicht.
back-home = Zur Übersicht
call-ahead = Einreichen können Sie ab { $opens }. Einen Entwurf können Sie schon beginnen.
call-open = Antragsfrist: { $closes }
call-closed = Die Antragsfrist endete am { $closes }. Spätere Anträge werden angenommen und als verspätet gekennzeichnet.
untitled = (noch ohne Titel)
draft-badge = Entwurf
draft-edited = zuletzt bearbeitet am { $at } von { $by }
submitted-on = eingereicht am { $at }

# Entwurf
draft-title = Antrag bearbeiten
draft-heading = Ihr Antrag
draft-lead = Alles, was Sie eintragen, bleibt als Entwurf gespeichert, bis Sie den Antrag einreichen. Angaben sind nötig, wo nicht „freiwillig“ steht.
draft-saved = Der Entwurf ist gespeichert.
draft-save = Entwurf speichern
draft-check = Prüfen und weiter zum Einreichen
draft-delete = Entwurf löschen
stale-title = { $by } hat diesen Entwurf inzwischen geändert
stale-text = Ihre Eingaben stehen unten und sind noch nicht gespeichert. Der andere Stand ist vom { $at }. Wenn Sie jetzt speichern, ersetzen Ihre Eingaben ihn.
stale-look = Den anderen Stand in einem neuen Fenster ansehen
section-project = Projekt
section-partners = Partner des Projekts
section-joint = Interkommunales Projekt
section-period = Durchführungszeitraum
section-financing = Finanzierungsplan
section-contact = Kontakt
section-declarations = Erklärungen
partners-lead = Organisationen, die mitarbeiten und keine Kommunen sind. Migrantenselbstorganisationen sind Partner der Kommune.
partner-number = Partner { $number }
partner-add = Partner hinzufügen
partner-remove = Partner { $number } entfernen
participant-number = Beteiligte Kommune { $number }
participant-add = Kommune hinzufügen
participant-remove = Kommune { $number } entfernen
financing-lead = Alle Beträge in Euro, auf den Cent genau. Dieser Aufruf fördert mit { $minimum } bis { $maximum } je Projekt.
# Die drei Punkte stehen für den Betrag.
sum-fits = Der Finanzierungsplan geht auf.
sum-missing = An den Gesamtkosten fehlen noch ….
sum-over = Die Teile übersteigen die Gesamtkosten um ….

# Prüfen und einreichen
check-title = Angaben prüfen und einreichen
check-back = Angaben ändern
check-changed = Der Entwurf hat sich geändert
check-changed-text = Es wurde noch nichts eingereicht. Bitte prüfen Sie die Angaben noch einmal.
hints-title = Bitte beachten Sie
hints-lead = Sie können den Antrag so einreichen. Über diese Punkte muss dann ein Mensch entscheiden:
hint-late = Die Antragsfrist endete am { $closed }. Der Antrag wird angenommen und als verspätet gekennzeichnet.
hint-outside-call = Der Durchführungszeitraum liegt nicht ganz in den Tagen des Aufrufs ({ $from } bis { $to }).
hint-begun = Das Projekt beginnt vor dem heutigen Tag. Gefördert werden grundsätzlich nur Projekte, die noch nicht begonnen haben.
hint-below-minimum = Die beantragte Zuwendung liegt unter dem Mindestbetrag des Aufrufs ({ $minimum }).
hint-above-maximum = Die beantragte Zuwendung liegt über dem Höchstbetrag des Aufrufs ({ $maximum }).
hint-declarations = { $missing ->
    [one] Eine Rahmenbedingung ist nicht erklärt.
   *[other] { $missing } Rahmenbedingungen sind nicht erklärt.
}
content-title = Angaben im Antrag
content-show = Alle Angaben anzeigen
shares-title = Anteile der Kommunen
lead-of = { $name } (Federführung)
declarations-none = Keine Rahmenbedingung ist erklärt.
submit-title = Einreichen
submit-lead = Mit dem Einreichen erhält der Antrag ein Aktenzeichen. Danach lässt er sich nicht mehr ändern, bis zur Entscheidung aber zurückziehen.
submit = Antrag einreichen
not-open-title = Noch nicht möglich
not-open = Der Aufruf öffnet am { $opens }. Ab dann können Sie den Antrag einreichen; der Entwurf bleibt gespeichert.

# Eingang
receipt-title = Ihr Antrag ist eingegangen
receipt-number = Aktenzeichen: { $number }
receipt-mail = Eine Bestätigung geht an { $email }. Jede Änderung des Stands melden wir an dieselbe Adresse.
file-number = Aktenzeichen
received = Eingegangen
submitted-by = Eingereicht von
next-title = Wie es weitergeht
next-received = Antrag eingegangen
next-eligibility = Prüfung, ob der Antrag förderfähig ist
next-review = Fachliche Begutachtung
next-award = Entscheidung
to-status = Stand des Antrags ansehen
late-title = Nach Ablauf der Antragsfrist eingegangen
late-text = Der Antrag ist angenommen und als verspätet gekennzeichnet. Ob er noch berücksichtigt wird, entscheidet ein Mensch.

# Stand
status-submitted = Eingegangen
status-referred = In Prüfung
status-eligible = In Begutachtung
status-reviewed = Begutachtet
status-waitlisted = Warteliste
status-decided = Entschieden
status-final = Abgeschlossen
status-ineligible = Nicht förderfähig
status-withdrawn = Zurückgezogen
status-submitted-text = Der Antrag liegt vor. Als Nächstes wird geprüft, ob er förderfähig ist.
status-referred-text = Ob der Antrag förderfähig ist, prüft ein Mensch. Sie müssen jetzt nichts tun.
status-eligible-text = Der Antrag ist förderfähig und wird fachlich begutachtet.
status-reviewed-text = Die Begutachtung ist abgeschlossen. Als Nächstes wird entschieden.
status-waitlisted-text = Der Antrag ist förderwürdig, die Mittel sind aber zurzeit ausgeschöpft. Er steht auf der Warteliste.
status-decided-text = Über den Antrag ist entschieden.
status-final-text = Das Verfahren ist abgeschlossen, der Bescheid ist bestandskräftig.
status-ineligible-text = Der Antrag ist nicht förderfähig. Den Grund finden Sie im Verlauf.
status-withdrawn-text = Der Antrag wurde zurückgezogen.
notice-title = Ihr Bescheid liegt bereit
notice-text = Mit dem Abruf gilt der Bescheid am Tag danach als bekannt gegeben; dann beginnt die Frist für einen Rechtsbehelf.
notice-open = Bescheid öffnen
timeline-title = Verlauf
entry-submitted = Antrag eingegangen
entry-withdrawn = Antrag zurückgezogen
entry-eligible = Förderfähigkeit bestätigt
entry-referred = Ein Mensch prüft die Förderfähigkeit
entry-ineligible = Nicht förderfähig
entry-reviewed = Begutachtung abgeschlossen
entry-decided = Entscheidung getroffen
entry-waitlisted = Auf die Warteliste gesetzt
entry-notice-issued = Bescheid zum Abruf bereitgestellt
entry-notice-final = Bescheid bestandskräftig
entry-email-sent = E-Mail verschickt
entry-email-bounced = E-Mail nicht zustellbar
referred-lead = Zu klären ist:
email-twice = möglicherweise doppelt angekommen
email-server-said = Der Mailserver meldet:

# Zurückziehen und löschen
withdraw = Antrag zurückziehen
withdraw-title = Antrag zurückziehen?
withdraw-warning = Das lässt sich nicht rückgängig machen
withdraw-text = Der Antrag wird nicht weiter bearbeitet. Sie können bis zum Ende der Frist einen neuen stellen.
withdraw-do = Ja, zurückziehen
withdraw-keep = Nein, Antrag behalten
withdraw-too-late = Über den Antrag ist schon entschieden. Er lässt sich nicht mehr zurückziehen.
delete-title = Entwurf löschen?
delete-text = Was eingetragen wurde, geht verloren.
delete-do = Ja, löschen
delete-keep = Nein, behalten
