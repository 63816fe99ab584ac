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
ops-service = Dienst
ops-state = Zustand
ops-process = Prozess
ops-memory = Speicher
ops-starts = Starts
ops-act = Handeln
ops-ready = bereit
ops-not-ready = nicht bereit
ops-restart = Neu starten

about-title = Quelltext und Lizenzen
about-software = Bescheid ist freie Software unter der European Union Public Licence 1.2 (EUPL-1.2).
about-data = Gemeinden: Quelle: Statistisches Bundesamt (Destatis), Gemeindeverzeichnis (GV100AD), Gebietsstand 30.11.2023 (bearbeitet). Ausländerbehörden: § 1 Nr. 4 ZustAVO NRW und die im Verzeichnis genannten Vereinbarungen.
about-design = Gestaltung: KERN (EUPL-1.2). Schrift der Seiten: Fira Sans (SIL Open Font License 1.1).
about-demo = Das Vorbild ist das Programm KOMM-IN NRW, das von 2005 bis 2010 nach Angaben der Vortragsfolien von 2011 insgesamt 359 Projekte in 123 Kommunen mit 14,7 Millionen Euro förderte. Personen, Behörde und Beträge der Vorführung sind erfunden.

accessibility-title = Erklärung zur Barrierefreiheit
accessibility-standard = Diese Anwendung soll der BITVNRW genügen, also WCAG 2.1 und EN 301 549; angestrebt ist WCAG 2.2 auf Stufe AA, auch auf den Seiten der Verwaltung.
accessibility-checked = Jede Seite, die ein Antrag auf seinem Weg durchläuft, wird bei jeder Änderung mit einem automatischen Prüfprogramm in einem echten Browser geprüft. Eine Prüfung durch Menschen mit Behinderung steht aus.
accessibility-notices = Bescheide sind getaggte PDF-Dateien (PDF/UA-1).
accessibility-report = Wenn Ihnen eine Barriere begegnet, schreiben Sie bitte der Stelle, die diese Anwendung betreibt.

privacy-title = Datenschutz
privacy-what = Gespeichert werden der Antrag, Name, E-Mail-Adresse und Telefonnummer der genannten Ansprechperson, und wer wann welchen Schritt getan hat.
privacy-why = Grundlage sind Art. 6 Abs. 1 Buchst. e DSGVO und §§ 23, 44 LHO.
privacy-emails = E-Mails sagen nur, dass im Portal etwas wartet; sie enthalten keine Entscheidung.
privacy-cookies = Es gibt zwei Cookies: eines für die Anmeldung, eines für die Sprache.
