# Für alle Seiten.
product = Bescheid
claim = Förderung der Integration in Nordrhein-Westfalen
authority = Eine Anwendung der öffentlichen Verwaltung
skip-to-content = Zum Inhalt
language-switch = Sprache
navigation = Arbeitsbereiche
signed-in-as = Angemeldet als
sign-in = Anmelden
sign-out = Abmelden
back-to-start = Zur Startseite
accessibility = Erklärung zur Barrierefreiheit
privacy = Datenschutz
about = Quelltext und Lizenzen
attribution = Bescheid ist freie Software (EUPL-1.2). Gestaltung: KERN (EUPL-1.2). Schrift: Fira Sans (OFL-1.1).

nav-apply = Anträge
nav-eligibility = Zulässigkeit
nav-review = Begutachtung
nav-award = Entscheidung
nav-mail = E-Mails
nav-ops = Betrieb

# Namen der E-Mails: dieselben überall.
email-application-submitted = Eingangsbestätigung
email-application-withdrawn = Antrag zurückgezogen
email-eligibility-confirmed = Formale Prüfung abgeschlossen
email-eligibility-referred = Persönliche Prüfung
email-ineligibility-confirmed = Ergebnis der formalen Prüfung
email-review-completed = Begutachtung abgeschlossen
email-application-waitlisted = Neuer Stand
email-notice-issued = Bescheid liegt bereit
email-notice-became-final = Bescheid bestandskräftig

pages = Weitere Seiten
pages-newer = Neuere
pages-older = Ältere

field-optional = freiwillig
table-scrolls = Die Tabelle ist breiter als der Bildschirm: Schieben Sie sie zur Seite.
field-choose = Bitte wählen
field-limit = Höchstens { $limit } Zeichen.

title-error = Fehler:
errors-title = { $count ->
    [one] Bitte prüfen Sie eine Angabe
   *[other] Bitte prüfen Sie { $count } Angaben
}
error-required = „{ $field }“ fehlt noch.
error-choose = Bitte wählen Sie bei „{ $field }“ einen der Werte.
error-too-long = „{ $field }“ hat { $length } Zeichen; höchstens { $limit } sind möglich.
error-amount = „{ $field }“ ist kein Betrag. Erwartet wird zum Beispiel 60.000,50.
error-amount-decimals = „{ $field }“ hat mehr als zwei Stellen nach dem Komma. Erwartet wird zum Beispiel 60.000,50.
error-amount-ambiguous = „{ $field }“ lässt sich auf zwei Arten lesen. Meinen Sie { $decimal } oder { $thousands }?
error-amount-unit = Bitte schreiben Sie „{ $field }“ in Euro aus, zum Beispiel 60.000 statt 60 T€.
error-amount-negative = „{ $field }“ darf nicht negativ sein.
error-amount-too-large = „{ $field }“ ist zu groß: Beträge unter 1 Milliarde Euro sind möglich.
error-date = „{ $field }“ ist kein Datum. Erwartet wird zum Beispiel 23.11.2026.

lost-title = Ihre Eingaben sind noch da
lost-nothing = Noch nicht gespeichert
lost-sign-in = Ihre Anmeldung war abgelaufen. Melden Sie sich in einem neuen Fenster an, kommen Sie hierher zurück und senden Sie Ihre Eingaben noch einmal.
lost-sign-in-link = In neuem Fenster anmelden
lost-other = Inzwischen ist { $name } angemeldet. Senden Sie nur, was Sie unter diesem Namen senden wollen.
lost-send = Eingaben senden
lost-typed = Ihre Eingaben ansehen

problem-malformed = Die Anfrage ist nicht lesbar
problem-malformed-text = Die Adresse oder der Inhalt der Anfrage ist fehlerhaft. Gehen Sie zurück und versuchen Sie es noch einmal.
problem-invalid = Die Angaben passen nicht
problem-invalid-text = Einige Angaben waren anders als erwartet. Gehen Sie zurück und prüfen Sie sie.
problem-sign-in = Bitte melden Sie sich an
problem-sign-in-text = Für diese Seite müssen Sie angemeldet sein.
problem-forbidden = Dafür fehlt Ihnen die Berechtigung
problem-forbidden-text = Sie sind angemeldet, aber nicht mit einer Rolle, die das darf.
problem-forged = Die Anfrage kam nicht von unserer Seite
problem-forged-text = Zu Ihrem Schutz wurde nichts geändert. Öffnen Sie die Seite noch einmal und senden Sie das Formular von dort.
problem-not-found = Diese Seite gibt es nicht
problem-not-found-text = Die Adresse ist falsch, oder der Eintrag gehört jemand anderem.
problem-method = So lässt sich diese Seite nicht aufrufen
problem-method-text = Gehen Sie zurück und benutzen Sie die Schaltflächen der Seite.
problem-slow = Die Übertragung hat zu lange gedauert
problem-slow-text = Die Verbindung war zu langsam. Versuchen Sie es noch einmal.
problem-conflict = Das ist jetzt nicht mehr möglich
problem-conflict-text = Der Stand hat sich inzwischen geändert. Laden Sie die Seite neu.
problem-too-large = Das ist zu viel auf einmal
problem-too-large-text = Der Inhalt ist größer als erlaubt. Gehen Sie zurück – Ihre Eingaben sind dort noch –, kürzen Sie die Texte und senden Sie noch einmal.
problem-media-type = Dieses Format wird nicht angenommen
problem-media-type-text = Senden Sie das Formular von unserer Seite.
problem-internal = Da ist uns ein Fehler unterlaufen
problem-internal-text = Der Fehler ist aufgezeichnet. Versuchen Sie es später noch einmal.
problem-unavailable = Im Moment nicht erreichbar
problem-unavailable-text = Ein Teil des Systems antwortet gerade nicht. Es wurde nichts geändert. Versuchen Sie es gleich noch einmal.
problem-wrong-host = Unter dieser Adresse ist Bescheid nicht zu erreichen
problem-wrong-host-text = Öffnen Sie Bescheid unter der Adresse, die beim Start angezeigt wurde: http://localhost mit dem Anschluss (Port).
problem-too-many = Zu viele Anfragen
problem-too-many-text = Von Ihnen kamen in kurzer Zeit sehr viele Anfragen. Damit auch alle anderen arbeiten können, warten Sie bitte einen Augenblick und versuchen Sie es dann noch einmal. Was Sie eingegeben haben, ist nicht verloren.
problem-overloaded = Im Moment zu viel zu tun
problem-overloaded-text = Gerade kommen zu viele Anfragen auf einmal. Versuchen Sie es in einigen Sekunden noch einmal.
problem-timed-out = Das hat zu lange gedauert
problem-timed-out-text = Vielleicht ist Ihre Eingabe trotzdem angekommen. Sehen Sie nach, bevor Sie sie wiederholen.

kept-elsewhere = In einem anderen Fenster haben Sie hier weitergeschrieben (gespeichert am { $at }). Was hier steht, ist noch nicht gespeichert: Wählen Sie für jede Angabe, welche gelten soll.
kept-refused = Nicht übernommen
kept-unsent = Noch nicht abgeschickt
kept-below = Ihre Eingaben vom { $at } stehen unten.
kept-discard = Eingaben verwerfen
