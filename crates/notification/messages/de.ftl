# E-Mails. Sie sagen nur, dass im Portal etwas bereitliegt.
mail-greeting = Guten Tag
mail-file-number = Aktenzeichen
mail-project = Projekt
mail-submitted = Eingegangen am
mail-withdrawn = Zurückgezogen am
mail-final = Bestandskräftig seit
mail-remedy = Das hilft
mail-authority = Fragen beantwortet
mail-open = Antrag im Portal öffnen
mail-footer = Diese E-Mail wurde automatisch erstellt; Antworten werden nicht gelesen. Verbindlich ist nur, was im Portal bereitliegt: Diese E-Mail ist keine Bekanntgabe eines Bescheids.

mail-application-submitted-subject = Ihr Antrag ist eingegangen
mail-application-submitted-lead = vielen Dank. Ihr Antrag ist am { $day } bei uns eingegangen und hat ein Aktenzeichen bekommen.
mail-application-submitted-late = Der Antrag kam nach dem Ende der Antragsfrist. Wir haben ihn angenommen und die Verspätung vermerkt; was daraus folgt, entscheidet ein Mensch. Es hilft, wenn Sie sagen, warum er später kam: im Portal, sobald der Antrag in Prüfung ist, oder der Bewilligungsbehörde.
mail-application-submitted-next = Als Nächstes prüfen wir, ob das Projekt gefördert werden kann. Den Stand sehen Sie jederzeit im Portal; dort können Sie auch Ihre Kontaktdaten berichtigen.

mail-application-withdrawn-subject = Ihr Antrag ist zurückgezogen
mail-application-withdrawn-lead = Sie haben Ihren Antrag am { $day } zurückgezogen. Er wird nicht weiter bearbeitet.
mail-application-withdrawn-next = Wenn das nicht von Ihnen kam, wenden Sie sich bitte gleich an die Bewilligungsbehörde.

mail-eligibility-confirmed-subject = Ihr Antrag geht in die fachliche Begutachtung
mail-eligibility-confirmed-lead = die formale Prüfung Ihres Antrags wurde am { $day } abgeschlossen. Er geht in die fachliche Begutachtung.
mail-eligibility-confirmed-next = Das ist noch keine Entscheidung über die Förderung. Sie müssen jetzt nichts tun; die Einzelheiten der Prüfung stehen im Portal.

mail-eligibility-referred-subject = Ihr Antrag wird persönlich geprüft
mail-eligibility-referred-lead = bei der formalen Prüfung Ihres Antrags ist am { $day } etwas offengeblieben. Das sieht sich eine Sachbearbeiterin oder ein Sachbearbeiter an.
mail-eligibility-referred-next = Bis darüber entschieden ist, können Sie im Portal antworten: sagen, was Sie nachreichen oder was sich geändert hat, und Fragen stellen. Sobald es etwas Neues gibt, schreiben wir Ihnen.

mail-ineligibility-confirmed-subject = Neues zu Ihrem Antrag
mail-ineligibility-confirmed-lead = die formale Prüfung Ihres Antrags wurde am { $day } abgeschlossen. Das Ergebnis und die Gründe liegen im Portal für Sie bereit.
mail-ineligibility-confirmed-next = Bitte sehen Sie es sich dort an. Wenn Sie Fragen haben oder etwas anders sehen, wenden Sie sich an die Bewilligungsbehörde.

mail-review-completed-subject = Die Begutachtung Ihres Antrags ist abgeschlossen
mail-review-completed-lead = die fachliche Begutachtung Ihres Antrags wurde am { $day } abgeschlossen.
mail-review-completed-next = Als Nächstes entscheidet die Bewilligungsbehörde. Sie müssen jetzt nichts tun; wir schreiben Ihnen, sobald die Entscheidung im Portal bereitliegt.

mail-application-waitlisted-subject = Neues zu Ihrem Antrag
mail-application-waitlisted-lead = zum Stand Ihres Antrags gibt es eine neue Nachricht vom { $day }. Sie liegt im Portal für Sie bereit.
mail-application-waitlisted-next = Bitte sehen Sie sie sich dort an; dort steht auch, was Sie tun können. Es ist noch kein Bescheid.

mail-notice-issued-subject = Eine Entscheidung zu Ihrem Antrag liegt bereit
mail-notice-issued-lead = die Bewilligungsbehörde hat am { $day } über Ihren Antrag entschieden. Der Bescheid liegt im Portal für Sie bereit.
mail-notice-issued-next = Bitte rufen Sie ihn dort bald ab: Mit dem Abruf beginnen Fristen. Sie brauchen dazu Ihre Anmeldung.

mail-notice-became-final-subject = Ihr Bescheid ist bestandskräftig
mail-notice-became-final-lead = die Frist für Rechtsbehelfe gegen den Bescheid zu Ihrem Antrag ist abgelaufen. Der Bescheid ist damit bestandskräftig; das ist der Stand vom { $day }.
mail-notice-became-final-next = Den Bescheid finden Sie weiterhin im Portal.

# Seiten.
list-title = E-Mails
list-intro = Jede E-Mail an Antragstellende, neueste zuerst. Zu jeder Nachricht eines Antrags gehört genau eine.
list-table = E-Mails und was aus ihnen wurde
list-all = Alle
list-failed = Nur nicht zustellbare
list-filter = Auswahl
list-empty = Noch keine E-Mails.
list-empty-failed = Keine E-Mail ist unzustellbar.
list-waiting = { $count ->
    [0] Keine E-Mail wartet.
    [one] Eine E-Mail wartet.
   *[other] { $count } E-Mails warten.
}
list-waiting-many = Mehr als 10.000 E-Mails warten.

away-title = Der Mailserver nimmt zurzeit nichts an
away-text = Seit { $since } antwortet { $server }: „{ $why }“. Keine E-Mail geht verloren; es wird weiter versucht.

column-number = Nr.
column-mail = E-Mail
column-file-number = Aktenzeichen
column-recipient = An
column-state = Stand
column-when = Zeit

state-queued = wartet
state-sending = wird gesendet
state-data-started = Antwort steht aus
state-sent = angenommen
state-failed = nicht zustellbar
state-superseded = ersetzt: geht an die neue Adresse

detail-title = E-Mail { $number }
detail-back = Zu allen E-Mails
detail-present-address = Jetzige Adresse
detail-queued = Anlass eingegangen
detail-tried = Nächster Versuch
detail-done = Erledigt
detail-attempts = Versuche
detail-error = Letzter Fehler
detail-asked = Noch einmal gesendet
detail-asked-by = Auf Wunsch von { $name } am { $at }
detail-answer = Antwort des Mailservers
detail-message-id = Message-ID
detail-fact = Anlass
detail-ambiguous = Vielleicht doppelt
detail-ambiguous-text = Nach der Übergabe kam keine Antwort. Sie wurde deshalb einmal wiederholt, mit derselben Message-ID.
detail-content = Inhalt
detail-again-title = Noch einmal senden
detail-again-text = Wenn der Grund behoben ist, kann die E-Mail noch einmal gesendet werden. Unter derselben Adresse bleiben Text und Message-ID dieselben.
detail-again-to = Sie geht an { $email }.
detail-correct-title = Adresse berichtigen
detail-correct-text = Wenn die Adresse falsch ist, berichtigen Sie sie am Antrag. Was nicht zugestellt werden konnte und noch von Nutzen ist, geht dann von selbst an die neue.
detail-correct = Kontaktdaten berichtigen
detail-again = Noch einmal senden
detail-again-done = Die E-Mail wird noch einmal gesendet.
detail-again-refused = Diese E-Mail ist nicht unzustellbar; sie wird nicht noch einmal gesendet.
