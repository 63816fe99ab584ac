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
ops-service = Service
ops-state = State
ops-process = Process
ops-memory = Memory
ops-starts = Starts
ops-act = Act
ops-ready = ready
ops-not-ready = not ready
ops-restart = Restart

about-title = Source and licences
about-software = Bescheid is free software under the European Union Public Licence 1.2 (EUPL-1.2).
about-data = Municipalities: source: Statistisches Bundesamt (Destatis), Gemeindeverzeichnis (GV100AD), territorial status 30.11.2023 (edited). Immigration offices: § 1 no. 4 ZustAVO NRW and the agreements named in the register.
about-design = Design: KERN (EUPL-1.2). Typeface of the pages: Fira Sans (SIL Open Font License 1.1).
about-demo = The model is the programme KOMM-IN NRW, which according to the slides of 2011 funded 359 projects in 123 municipalities with 14.7 million euros from 2005 to 2010. Persons, authority and amounts of this demonstration are invented.

accessibility-title = Accessibility statement
accessibility-standard = This application is meant to meet the BITVNRW, that is WCAG 2.1 and EN 301 549; the aim is WCAG 2.2 at level AA, on the administration's pages as well.
accessibility-checked = Each page that an application passes is checked at every change by an automatic checker in a real browser. A check by people with disabilities is still to come.
accessibility-notices = Notices are tagged PDF files (PDF/UA-1).
accessibility-report = If you meet a barrier, please write to the body that runs this application.

privacy-title = Privacy
privacy-what = What is stored: the application, name, email address and telephone number of its contact person, and who took which step when.
privacy-why = The legal basis is Art. 6 (1) e GDPR with §§ 23, 44 LHO.
privacy-emails = Emails only say that something waits in the portal; they contain no decision.
privacy-cookies = There are two cookies: one for the sign-in, one for the language.
