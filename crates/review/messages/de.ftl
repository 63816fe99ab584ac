queue-title = Begutachtung
waiting = { $count ->
    [0] Zurzeit wartet keine Akte auf ein Gutachten.
    [one] Eine Akte wartet auf ein Gutachten.
   *[other] { $count } Akten warten auf ein Gutachten.
}
offered = { $count ->
    [0] Für Sie ist keine dabei.
    [one] Eine davon können Sie nehmen.
   *[other] { $count } davon können Sie nehmen.
}
offered-it = Sie können sie nehmen.
offered-many = Mehr als { $count } davon können Sie nehmen.
take-next = Nächste Akte nehmen
go-on = Weiter begutachten
held-title = Ihre Akte
held-until = Für Sie reserviert bis
held-until-moment = Für Sie reserviert bis { $moment }
nothing-title = Für Sie wartet gerade keine Akte
nothing-text = Die übrigen Akten haben Sie schon begutachtet oder zurückgegeben, andere bearbeiten sie, oder Sie sind ausgeschlossen.
returned-title = Von Ihnen zurückgegeben
returned-text = Diese Akten warten wieder. Sie werden Ihnen nicht mehr angeboten, aber Sie können sie noch einmal nehmen.
returned-at = Zurückgegeben
reviewed-title = Ihre Gutachten
reviewed-none = Sie haben noch kein Gutachten abgegeben.
reviewed-at = Abgegeben
ties-link = Meine Bindungen an Kommunen
done-review = Ihr Gutachten ist abgegeben.
done-returned = Die Akte ist zurückgegeben.
done-abstained = Ihre Befangenheit ist vermerkt. Die Akte wird Ihnen nicht mehr angeboten.

file-number = Aktenzeichen
project = Projekt
applicant = Antragstellende Kommune
submitted-at = Eingegangen
late = Nach Fristende
state = Stand
state-announced = Zulässigkeit wird geprüft
state-open = In Begutachtung
state-completed = Begutachtung abgeschlossen
state-withdrawn = Von der Kommune zurückgezogen
bucket-waiting = Wartet
bucket-taken = In Arbeit
bucket-completed = Abgeschlossen
bucket-announced = Zulässigkeit offen
bucket-withdrawn = Zurückgezogen
progress = { $given } von { $needed } Gutachten
back-to-queue = Zur Übersicht
back-to-file = Zurück zur Akte

section-project = Vorhaben
section-priorities = Schwerpunkte
section-together = Zusammenarbeit
section-money = Zeitraum und Finanzierung
section-declarations = Rahmenbedingungen
field-of-action = Handlungsfeld
problem-statement = Problemlage
goals = Ziele
action-goals = Handlungsziele
output-goals = Produktziele
method = Methode
products-and-results = Produkte und Ergebnisse
funding-priorities = Förderschwerpunkte
priority-transparency = Transparenz
priority-networking = Vernetzung
priority-strategic-steering = Strategische Steuerung
themes = Projektschwerpunkte
theme-guide-systems = Aufbau von Lotsensystemen
theme-intermunicipal-cooperation = Interkommunale Zusammenarbeit
theme-transfer = Transferprojekte
theme-naturalisation = Einbürgerungsstrategien
theme-target-groups = Mobilisierung besonderer Zielgruppen
theme-integration-training = Integrationstraining für Kommunen
immigration-office-part = Beitrag der Ausländerbehörde
partners = Partner
partner-migrant = { $name } (Migranten{"\u00AD"}selbst{"\u00AD"}organisation)
joint-project = Anteile im interkommunalen Projekt
share = { $name }: { $amount }
project-period = Durchführungszeitraum
period = { $from } bis { $to }
grant = Beantragte Zuwendung
own-share = Eigenanteil
third-parties = Mittel Dritter
total = Gesamtkosten
declarations = Erklärt
declaration-limited-in-time = Die Förderung ist befristet und macht vorhandene Strukturen wirksamer.
declaration-lasting-effect = Die Wirkung soll nachhaltig sein.
declaration-joint-goals = Ausländerbehörde und weitere Integrationsstellen verfolgen die Ziele gemeinsam.
declaration-migrant-organisations = Migranten{"\u00AD"}selbst{"\u00AD"}organisationen sind Partner der Kommune.
declaration-municipal-steering = Steuerung und Ergebnisverantwortung liegen bei der Kommune.
declaration-qualification = Die Kommune qualifiziert sich für Integrationsstrategien.
declaration-gender-mainstreaming = Gender Mainstreaming wird beachtet.

to-scores = Zur Bewertung
give-back = Akte zurückgeben
declare-bias = Befangenheit anzeigen
take-again = Akte noch einmal nehmen
scores-title = Bewertung
scores-text = Geben Sie zu jedem Kriterium 0 bis { $maximum } Punkte. Die Bewertungen anderer sehen Sie, sobald Sie Ihre abgegeben haben.
points = Punkte
points-none = { $points } – nicht erfüllt
points-full = { $points } – voll erfüllt
weight = Gewicht { $weight } %
recommendation = Empfehlung
advice-fund = Fördern
advice-decline = Ablehnen
comment = Begründung
comment-hint = Was trägt Ihre Bewertung? Die Begründung wird Teil der Akte.
give-review = Gutachten abgeben
error-points = „{ $criterion }“: Bitte geben Sie 0 bis { $maximum } Punkte.
error-recommendation = Bitte wählen Sie eine Empfehlung.
error-comment = Bitte begründen Sie Ihre Bewertung.
error-comment-too-long = Die Begründung hat mehr als { $limit } Zeichen.

not-possible = Begutachten ist hier nicht möglich
typed-title = Was Sie bisher geschrieben haben
typed-take = Nehmen Sie die Akte wieder, um daran weiterzuschreiben.
typed-copy = Abgeben lässt es sich hier nicht mehr. Sie können den Text kopieren und mitnehmen.
typed-stays = Ihr Text bleibt auf der Seite dieser Akte lesbar.
typed-given = Ihr Gutachten zu dieser Akte ist schon abgegeben. Was Sie hier schreiben, wird nicht gespeichert.
refused-not-open = Die Zulässigkeit dieses Antrags ist noch nicht geklärt.
refused-withdrawn = Die Kommune hat diesen Antrag inzwischen zurückgezogen.
refused-completed = Alle Gutachten zu diesem Antrag liegen inzwischen vor.
refused-tied = Sie sind von diesem Verfahren ausgeschlossen.
refused-already-given = Ihr Gutachten zu diesem Antrag liegt schon vor.
refused-full = Ihre Zeit für diese Akte ist abgelaufen, und andere haben sie inzwischen übernommen.
refused-not-held = Sie haben diese Akte nicht mehr in der Hand.
refused-holds-another = Sie haben schon eine andere Akte in der Hand. Schließen Sie diese ab, oder geben Sie sie zurück.

reviews-title = Gutachten
my-review = Mein Gutachten
criterion = Kriterium
weighted = Gewichtetes Ergebnis
result-title = Ergebnis
set-aside-title = Ein Gutachten zählt nicht
set-aside-text = Wer es gegeben hat, hat danach eine Bindung angezeigt (§§ 20, 21 VwVfG). Jemand anderes begutachtet an seiner Stelle.
tied-title = Bindung nach dem Gutachten angezeigt
tied-text = Gutachten von Personen mit einer Bindung sind gekennzeichnet und zählen nicht zum Ergebnis (§§ 20, 21 VwVfG). Sie bleiben es auch, wenn die Bindung endet.
tied-none-left = Kein Gutachten zählt mehr: Wer sie gegeben hat, hat danach eine Bindung angezeigt (§§ 20, 21 VwVfG).
tied-badge = zählt nicht: Bindung
result-split = Die Gutachten sind sich nicht einig; beide Begründungen gehen mit in die Entscheidung.
history-title = Verlauf
act-opened = Begutachtung begonnen
act-taken = Akte genommen
act-returned = Akte zurückgegeben
act-expired = Zeit abgelaufen
act-biased = Befangenheit angezeigt
act-set-aside = Bindung nach dem Gutachten angezeigt: Es zählt nicht
act-reviewed = Gutachten abgegeben
act-completed = Alle Gutachten liegen vor
act-withdrawn = Antrag zurückgezogen
mails-title = E-Mails zum Antrag
mail-about = Anlass
mail-to = An
mail-fate = Verbleib
mail-sent = Versandt
mail-bounced = Nicht zustellbar

bias-title = Befangenheit anzeigen
bias-law = Ausgeschlossen ist, wer selbst beteiligt oder mit Beteiligten verwandt ist, bei ihnen arbeitet oder einem ihrer Organe angehört, oder in der Sache privat ein Gutachten abgegeben hat (§ 20 VwVfG). Auch wer aus anderem Grund befangen sein könnte, wirkt nicht mit (§ 21 VwVfG).
bias-effect = Die Akte geht zurück und wird Ihnen nicht mehr angeboten. Ihre Anzeige wird mit der Begründung vermerkt.
bias-reason = Grund
bias-reason-hint = Zum Beispiel: „Bis 2025 dort beschäftigt“.
bias-whole = Das gilt für alle Akten von { $name }
bias-send = Befangenheit anzeigen

ties-title = Meine Bindungen an Kommunen
ties-text = Akten von Kommunen, an die Sie gebunden sind, werden Ihnen nie angeboten (§§ 20, 21 VwVfG). Geben Sie an, wo Sie arbeiten oder gearbeitet haben, beraten haben oder einem Gremium angehören.
ties-own = Durch Ihre Anmeldung ist schon ausgeschlossen: { $name }.
tie-municipality = Kommune
tie-since = Angezeigt
tie-new = Bindung anzeigen
tie-send = Bindung anzeigen
tie-end = Beenden
tie-end-of = Bindung an { $name } beenden
done-tie = Die Bindung ist vermerkt.
done-tie-released = Die Bindung ist vermerkt. Die Akte, die Sie in der Hand hatten, ist zurückgegangen.
done-tie-ended = Die Bindung ist beendet.

list-title = Akten in der Begutachtung
list-states = Akten nach Stand
list-none = Hier gibt es keine Akten.
list-start = Zum Anfang
list-more = Weitere Akten
age = In Begutachtung
in-hand = { $count } in Arbeit
days = { $count ->
    [0] seit heute
    [one] seit einem Tag
   *[other] seit { $count } Tagen
}
overdue = überfällig
