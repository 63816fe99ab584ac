# Startseite, Anmeldung, Betrieb.
home-title = Förderung beantragen, prüfen, entscheiden
home-lead = Vom Antrag einer Kommune bis zum Bescheid. Wer beantragt, erfährt jeden Schritt per E-Mail; wer prüft und entscheidet, hat alles auf einer Seite.
home-step-apply = Antrag stellen
home-step-apply-text = Die Kommune füllt das Formular aus. Was getippt ist, bleibt gespeichert.
home-step-check = Zulässigkeit prüfen
home-step-check-text = Ist es eine Kommune mit Ausländerbehörde? Klare Fälle bestätigt das System, über alle anderen entscheidet ein Mensch.
home-step-review = Begutachten
home-step-review-text = Zwei Menschen bewerten jeden Antrag unabhängig voneinander.
home-step-decide = Entscheiden und bescheiden
home-step-decide-text = Eine Person schlägt vor, eine zweite gibt frei. Der Bescheid liegt als PDF im Portal.
home-sign-in = Anmelden
home-mailbox = Postfach ansehen

sign-in-title = Anmelden als …
sign-in-lead = Dies ist eine Vorführung. Wählen Sie eine Person; alle sind erfunden.
role-applicant = Antragstellende
role-case-worker = Sachbearbeitung
role-reviewer = Begutachtung
role-approver = Entscheidung
role-operator = Betrieb

ops-title = Dienste
ops-lead = Jeder Dienst lässt sich für sich neu starten. Anfragen warten so lange an der Tür.
ops-parts = Seiten des Betriebs
ops-wrong = Nicht alles ist in Ordnung
ops-silent = antwortet nicht
ops-version = Version { $version }
ops-outbox = Ausgang
ops-oldest = älteste: { $seconds } s
ops-lag = Rückstand
ops-held = Zurückgehalten
ops-parked = Geparkt
ops-unreadable = unlesbar: { $count }
ops-since = Läuft seit
ops-service = Dienst
ops-state = Zustand
ops-process = Prozess
ops-starts = { $count ->
    [one] einmal gestartet
   *[other] { $count }-mal gestartet
}
ops-ready = bereit
ops-not-ready = nicht bereit
ops-restart = Neu starten …
ops-restart-title = { $service } neu starten?
ops-restart-what = Der Prozess bringt zu Ende, was er begonnen hat; dann tritt ein neuer an seine Stelle. Anfragen warten so lange an der Tür. Nichts geht verloren.
ops-restart-waits = { $count ->
    [0] Sein Ausgang ist leer.
    [one] Eine Nachricht liegt noch in seinem Ausgang; der neue Prozess sendet sie.
   *[other] { $count } Nachrichten liegen noch in seinem Ausgang; der neue Prozess sendet sie.
}
ops-restart-silent = Der Dienst antwortet gerade nicht. Was er angenommen hat, steht in seiner Datenbank.
ops-restart-do = { $service } jetzt neu starten
ops-restarted = { $service } ist neu gestartet.
confirm-back = Nicht jetzt

state-submitted = eingereicht
state-referred = zur persönlichen Prüfung
state-eligible = zulässig
state-ineligible = nicht zulässig
state-reviewed = begutachtet
state-waitlisted = auf der Warteliste
state-decided = entschieden
state-final = bestandskräftig
state-withdrawn = zurückgezogen
state-announced = angekündigt
state-open = in Begutachtung
state-completed = fertig begutachtet
state-known = bekannt
state-ready = zur Entscheidung bereit
state-proposed = vorgeschlagen
state-granted = bewilligt
state-rejected = abgelehnt

reconciliation-title = Abgleich
reconciliation-lead = Was ein Dienst festgehalten hat, muss bei jedem Empfänger wirksam, zurückgehalten oder geparkt sein. Diese Seite vergleicht alles, von beiden Enden her.
reconciliation-even = Nichts ist verloren, nichts doppelt.
reconciliation-under-way = Unterwegs: { $count }
reconciliation-wrong = Der Abgleich geht nicht auf.
reconciliation-from = Von
reconciliation-to = An
reconciliation-logged = Festgehalten
reconciliation-consumed = Wirksam
reconciliation-held = Zurückgehalten
reconciliation-parked = Geparkt
reconciliation-standing = Stand
reconciliation-is-even = geht auf
reconciliation-is-under-way = { $count } unterwegs
reconciliation-is-wrong = geht nicht auf
reconciliation-accepted = Angenommene Anträge: { $count }

parked-title = Geparkte Nachrichten
parked-lead = Eine geparkte Nachricht hält nur ihren Antrag an; alle anderen gehen weiter.
parked-none = Nichts ist geparkt.
parked-fact = Nachricht
parked-source = Veröffentlicht von
parked-at = Geparkt bei
parked-key = Antrag oder Aufruf
parked-version = Nummer
parked-since = Seit
parked-behind = Dahinter
parked-reason = Grund
parked-one-title = Geparkte Nachricht
parked-dry-run = Was geschähe, wenn sie jetzt verarbeitet würde
parked-again = Sie würde wieder geparkt.
parked-before = Bekannt ist
parked-after = Danach
parked-publishes = Veröffentlicht würde
parked-emails = E-Mails
parked-redrive = Noch einmal versuchen
parked-redrive-title = Noch einmal verarbeiten lassen, bei { $service }?
parked-would-publish = Nach der Probe würde veröffentlicht: { $facts }
parked-would-email = E-Mails, die daraus folgen: { $emails }
parked-would-follow = Dahinter zurückgehalten, folgt danach: { $count }
parked-drop-title = Aufgeben
parked-drop-lead = Eine Person verlangt es mit einem Grund, eine zweite stimmt zu. Beides wird festgehalten.
parked-drop-asked = { $who } möchte sie aufgeben: { $why }
parked-drop-reason = Grund
parked-drop-title-agree = Die Nachricht endgültig aufgeben?
parked-drop-what = { $kind } wird bei { $service } nie wirksam. Das lässt sich nicht zurücknehmen.
parked-drop = Aufgeben verlangen
parked-drop-agree = Zustimmen und aufgeben
parked-envelope = Umschlag
parked-done-redriven = Die Nachricht wird noch einmal verarbeitet.
parked-done-asked = Verlangt. Eine zweite Person muss zustimmen.
parked-done-dropped = Die Nachricht ist aufgegeben.

about-title = Quelltext und Lizenzen
about-software = Bescheid ist freie Software unter der European Union Public Licence 1.2 (EUPL-1.2).
about-data = Gemeinden: Quelle: Statistisches Bundesamt (Destatis), Gemeindeverzeichnis (GV100AD), Gebietsstand 30.11.2023 (bearbeitet). Ausländerbehörden: § 1 Nr. 4 ZustAVO NRW und die im Verzeichnis genannten Vereinbarungen.
about-design = Gestaltung: KERN (EUPL-1.2). Schrift der Seiten: Fira Sans (SIL Open Font License 1.1).
about-demo = Das Vorbild ist das Programm KOMM-IN NRW, das von 2005 bis 2010 nach Angaben der Vortragsfolien von 2011 insgesamt 359 Projekte in 123 Kommunen mit 14,7 Millionen Euro förderte. Personen, Behörde und Beträge der Vorführung sind erfunden.

accessibility-title = Erklärung zur Barrierefreiheit
accessibility-standard = Diese Anwendung soll der BITVNRW genügen, also WCAG 2.1 und EN 301 549; angestrebt ist WCAG 2.2 auf Stufe AA, auch auf den Seiten der Verwaltung.
accessibility-checked = Jede Seite, die ein Antrag auf seinem Weg durchläuft, wird bei jeder Änderung mit einem automatischen Prüfprogramm in einem echten Browser geprüft. Eine Prüfung durch Menschen mit Behinderung steht aus.
accessibility-notices = Bescheide sind getaggte PDF-Dateien (PDF/UA-1).
accessibility-report = Wenn Ihnen eine Barriere begegnet oder Sie einen Inhalt in anderer Form brauchen, schreiben Sie bitte an { $contact }. Wir antworten in angemessener Frist (§ 10b BGG NRW).
accessibility-ombuds = Hilft das nicht, können Sie das Ombudsverfahren beantragen (§ 10d BGG NRW, §§ 9 bis 14 BITVNRW): Ombudsstelle für barrierefreie Informationstechnik des Landes Nordrhein-Westfalen, ombudsstelle-barrierefreie-it@mags.nrw.de, www.mags.nrw/ombudsstelle-barrierefreie-informationstechnik.

privacy-title = Datenschutz
privacy-what = Gespeichert werden der Antrag, Name, E-Mail-Adresse und Telefonnummer der genannten Ansprechperson, und wer wann welchen Schritt getan hat.
privacy-why = Grundlage sind Art. 6 Abs. 1 Buchst. e DSGVO und §§ 23, 44 LHO.
privacy-emails = E-Mails sagen nur, dass im Portal etwas wartet; sie enthalten keine Entscheidung.
privacy-browser = Was Sie in ein Formular tippen und der Server noch nicht hat, bleibt in diesem Browser gespeichert (localStorage), höchstens 14 Tage. Es wird gelöscht, sobald der Server es hat, und beim Abmelden. Auch ob Sie die Tasten ausgeschaltet haben, merkt sich der Browser.
privacy-retention = Entwürfe bleiben, bis Sie sie löschen oder einreichen. Eingereichte Anträge und Bescheide sind Akten: Sie bleiben, solange die Aufbewahrungsfrist der Stelle läuft, die den Bescheid erlässt (Art. 5 Abs. 1 Buchst. e DSGVO). Diese Anwendung löscht sie nicht von selbst.
privacy-cookies = Es gibt zwei Cookies: eines für die Anmeldung, eines für die Sprache.
