# Start page, sign-in, operations.
home-title = Apply for a grant, check it, decide it
home-lead = From a town's application to the notice. Applicants hear of each step by email; those who check and decide have everything on one page.
home-step-apply = Apply
home-step-apply-text = The town fills in the form. What has been typed stays saved.
home-step-check = Check eligibility
home-step-check-text = Is it a municipality with an immigration office? The system confirms clear cases; a person decides all others.
home-step-review = Review
home-step-review-text = Two people score each application independently.
home-step-decide = Decide and give notice
home-step-decide-text = One person proposes, another approves. The notice is a PDF in the portal.
home-sign-in = Sign in
home-mailbox = See the mailbox

sign-in-title = Sign in as …
sign-in-lead = This is a demonstration. Choose a person; all of them are invented.
role-applicant = Applicants
role-case-worker = Case workers
role-reviewer = Reviewers
role-approver = Approvers
role-operator = Operators

ops-title = Services
ops-lead = Each service can be restarted by itself. Requests wait at the door meanwhile.
ops-parts = Operators' pages
ops-wrong = Not everything is well
ops-silent = does not answer
ops-version = version { $version }
ops-outbox = Outbox
ops-oldest = oldest: { $seconds } s
ops-lag = Lag
ops-held = Held
ops-parked = Parked
ops-unreadable = unreadable: { $count }
ops-since = Runs since
ops-service = Service
ops-state = State
ops-process = Process
ops-starts = { $count ->
    [one] started once
   *[other] started { $count } times
}
ops-ready = ready
ops-not-ready = not ready
ops-restart = Restart …
ops-restart-title = Restart { $service }?
ops-restart-what = The process finishes what it has begun; then a new one takes its place. Requests wait at the door meanwhile. Nothing is lost.
ops-restart-waits = { $count ->
    [0] Its outbox is empty.
    [one] One fact is still in its outbox; the new process sends it.
   *[other] { $count } facts are still in its outbox; the new process sends them.
}
ops-restart-silent = The service does not answer at the moment. What it has accepted is in its database.
ops-restart-do = Restart { $service } now
ops-restarted = { $service } has been restarted.
confirm-back = Not now

state-submitted = submitted
state-referred = referred to a person
state-eligible = eligible
state-ineligible = not eligible
state-reviewed = reviewed
state-waitlisted = on the waiting list
state-decided = decided
state-final = final
state-withdrawn = withdrawn
state-announced = announced
state-open = under review
state-completed = completely reviewed
state-known = known
state-ready = ready to be decided
state-proposed = proposed
state-granted = granted
state-rejected = rejected

reconciliation-title = Reconciliation
reconciliation-lead = What a service has logged must be in effect, held or parked at each of its consumers. This page compares everything, from both ends.
reconciliation-even = Nothing is lost, nothing doubled.
reconciliation-under-way = On the way: { $count }
reconciliation-wrong = The reconciliation does not balance.
reconciliation-from = From
reconciliation-to = To
reconciliation-logged = Logged
reconciliation-consumed = In effect
reconciliation-held = Held
reconciliation-parked = Parked
reconciliation-standing = Balance
reconciliation-is-even = balances
reconciliation-is-under-way = { $count } on the way
reconciliation-is-wrong = does not balance
reconciliation-accepted = Applications accepted: { $count }

parked-title = Parked facts
parked-lead = A parked fact stops its own application only; all others go on.
parked-none = Nothing is parked.
parked-fact = Fact
parked-source = Published by
parked-at = Parked at
parked-key = Application or call
parked-version = Number
parked-since = Since
parked-behind = Behind it
parked-reason = Reason
parked-one-title = Parked fact
parked-dry-run = What would happen if it were consumed now
parked-again = It would be parked again.
parked-before = Known is
parked-after = Afterwards
parked-publishes = It would publish
parked-emails = Emails
parked-redrive = Try again
parked-redrive-title = Let { $service } consume it once more?
parked-would-publish = By the rehearsal it would publish: { $facts }
parked-would-email = Emails that follow from it: { $emails }
parked-would-follow = Held behind it, following afterwards: { $count }
parked-drop-title = Give up
parked-drop-lead = One person asks for it with a reason, a second one agrees. Both is kept.
parked-drop-asked = { $who } would like to give it up: { $why }
parked-drop-reason = Reason
parked-drop-title-agree = Give the fact up for good?
parked-drop-what = { $kind } will never take effect at { $service }. This cannot be undone.
parked-drop = Ask to give it up
parked-drop-agree = Agree and give up
parked-envelope = Envelope
parked-done-redriven = The fact is consumed once more.
parked-done-asked = Asked for. A second person must agree.
parked-done-dropped = The fact is given up.

about-title = Source code and licences
about-software = Bescheid is free software under the European Union Public Licence 1.2 (EUPL-1.2).
about-data = Municipalities: source: Statistisches Bundesamt (Destatis), Gemeindeverzeichnis (GV100AD), territorial status 30.11.2023 (edited). Immigration offices: § 1 no. 4 ZustAVO NRW and the agreements named in the register.
about-design = Design: KERN (EUPL-1.2). Typeface of the pages: Fira Sans (SIL Open Font License 1.1).
about-demo = The model is the programme KOMM-IN NRW, which according to the slides of 2011 funded 359 projects in 123 municipalities with 14.7 million euros from 2005 to 2010. Persons, authority and amounts of this demonstration are invented.

accessibility-title = Accessibility statement
accessibility-standard = This application is meant to meet the BITVNRW, that is WCAG 2.1 and EN 301 549; the aim is WCAG 2.2 at level AA, on the administration's pages as well.
accessibility-checked = Each page that an application passes is checked at every change by an automatic checker in a real browser. A check by people with disabilities is still to come.
accessibility-notices = Notices are tagged PDF files (PDF/UA-1).
accessibility-report = If you meet a barrier, or need something in another form, please write to { $contact }. We answer within a reasonable time (§ 10b BGG NRW).
accessibility-ombuds = If that does not help, you can ask for the ombuds procedure (§ 10d BGG NRW, §§ 9 to 14 BITVNRW): Ombudsstelle für barrierefreie Informationstechnik des Landes Nordrhein-Westfalen, ombudsstelle-barrierefreie-it@mags.nrw.de, www.mags.nrw/ombudsstelle-barrierefreie-informationstechnik.

privacy-title = Privacy
privacy-what = What is stored: the application, name, email address and telephone number of its contact person, and who took which step when.
privacy-why = The legal basis is Art. 6 (1) e GDPR with §§ 23, 44 LHO.
privacy-emails = Emails only say that something waits in the portal; they contain no decision.
privacy-browser = What you type into a form and the server does not have yet is kept in this browser (localStorage), for 14 days at most. It is deleted as soon as the server has it, and when you sign out. The browser also remembers whether you have turned the keys off.
privacy-retention = Drafts stay until you delete or submit them. Submitted applications and notices are files: they stay as long as the retention period of the authority that gives the notice runs (Art. 5 (1) e GDPR). This application does not delete them by itself.
privacy-cookies = There are two cookies: one for the sign-in, one for the language.
