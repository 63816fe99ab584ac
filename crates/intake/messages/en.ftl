# What stands on intake's pages. The German version has the same keys.

# Fields
field-title = Title of the project
field-field-of-action = Field of action
field-problem-statement = Problem
field-goals = Goals
field-action-goals = Action goals
field-output-goals = Output goals
field-method = Method
field-products-and-results = Products and results
field-funding-priorities = Funding priorities
field-themes = Project themes
field-immigration-office-part = Part of the immigration office in the project
field-partners = Partners of the project
field-partner-name = Name of the partner
field-partner-kind = Kind of partner
field-is-joint = Several municipalities apply together (joint municipal project)
field-lead-share = Your own share of the grant (lead)
field-participants = Participating municipalities
field-participant-ags = Participating municipality
field-participant-share = Share of the grant
field-project-from = Start of the project
field-project-to = End of the project
field-grant = Grant applied for
field-own-share = Own share
field-third-parties = Money of third parties
field-total = Total cost
field-contact-name = Contact person
field-contact-email = Email address
field-contact-phone = Telephone
field-contact-language = Language of emails
field-declarations = Framework conditions
field-reason = Reason

field-field-of-action-hint = Such as human resources or business development.
field-lines-hint = One goal per line.
field-goals-hint = What is going to change? One goal per line.
field-immigration-office-part-hint = The immigration office and the other bodies pursue the goals together. Without an office of your own: what does the responsible office of the district contribute?
field-lead-share-hint = All shares together give the grant applied for.
field-total-hint = Grant, own share and money of third parties together give the total cost, to the cent.
field-third-parties-hint = Leave empty where there is none.
field-contact-email-hint = We report each change of status to this address.
field-declarations-hint = The municipality declares to keep these framework conditions.
field-project-period-hint = The call funds projects from { $from } to { $to }.

# Choices
priority-transparency = Transparency
priority-networking = Networking
priority-strategic-steering = Strategic steering
theme-guide-systems = Building systems of guides
theme-intermunicipal-cooperation = Cooperation between municipalities
theme-transfer = Transfer projects
theme-naturalisation = Naturalisation strategies
theme-target-groups = Reaching particular target groups
theme-integration-training = Integration training for municipalities
declaration-limited-in-time = The grant is limited in time and makes existing structures work better.
declaration-lasting-effect = A lasting effect is the main aim.
declaration-joint-goals = The immigration office and other integration bodies pursue the goals together.
declaration-migrant-organisations = Migrant organisations are partners of the municipality.
declaration-municipal-steering = Steering and responsibility for the results lie with the municipality.
declaration-qualification = The municipality qualifies itself for integration strategies.
declaration-gender-mainstreaming = Gender mainstreaming is observed.
partner-migrant-organisation = Migrant organisation
partner-other = Other organisation
language-de = German
language-en = English

# Mistakes beside a field
wrong-too-many = “{ $field }”: at most { $limit } entries are possible.
wrong-nothing = “{ $field }” must be more than 0.
wrong-ends-before-start = “{ $field }” is before the start.
wrong-plan-gap = The financing plan does not add up: { $gap } of the total cost are missing. Grant, own share and money of third parties must together give the total cost.
wrong-plan-excess = The financing plan does not add up: grant, own share and money of third parties exceed the total cost by { $gap }.
wrong-shares-gap = The shares of the municipalities do not give the grant applied for: { $gap } are missing.
wrong-shares-excess = The shares of the municipalities do not give the grant applied for: there are { $gap } too much.
wrong-unknown-municipality = “{ $field }”: there is no such municipality in North Rhine-Westphalia. Please choose one from the list.
wrong-is-lead = “{ $field }”: your own municipality leads the project and takes part already.
wrong-repeated = “{ $field }”: this stands there already.
wrong-not-offered = “{ $field }”: this call does not offer one of the chosen values.
wrong-email = “{ $field }” is not an email address. Expected is, for example, name@city.de.
wrong-email-letters = “{ $field }”: not all mail servers reach addresses with umlauts or other letters than a to z. Please give an address without them.
wrong-reason = The reason may have at most { $limit } characters.

field-applicant = Applying municipality
field-funding-priorities-hint = At least one.
field-is-joint-hint = Your municipality leads. Add each other municipality with its share.

# Overview
home-title = Your applications
home-heading = Applications of { $municipality }
home-lead = Begin an application, go on with a draft, or see how far an application has come.
home-calls = Calls
home-no-calls = There is no call at present.
home-begin = Begin an application
home-drafts = Drafts
home-no-drafts = There are no drafts.
home-applications = Submitted applications
home-no-applications = Nothing has been submitted yet.
back-home = To the overview
call-ahead = You can submit from { $opens }. You can begin a draft now.
call-open = Apply until { $closes }
call-closed = The deadline was { $closes }. Later applications are taken in and flagged as late.
untitled = (no title yet)
draft-badge = Draft
draft-edited = last edited on { $at } by { $by }
submitted-on = submitted on { $at }

# Draft
draft-title = Edit application
draft-heading = Your application
draft-lead = Everything you enter is kept as a draft until you submit the application. Fields are needed unless they say “optional”.
draft-saved = The draft is saved.
draft-save = Save draft
draft-check = Check and continue to submission
draft-delete = Delete draft
stale-title = { $by } has changed this draft in the meantime
stale-text = What you typed stands below and is not saved yet. The other version is of { $at }. If you save now, yours replaces it.
stale-look = See the other version in a new window
section-project = Project
section-partners = Partners of the project
section-joint = Joint municipal project
section-period = Project period
section-financing = Financing plan
section-contact = Contact
section-declarations = Declarations
partners-lead = Organisations that take part and are not municipalities. Migrant organisations are partners of the municipality.
partner-number = Partner { $number }
partner-add = Add a partner
partner-remove = Remove partner { $number }
participant-number = Participating municipality { $number }
participant-add = Add a municipality
participant-remove = Remove municipality { $number }
financing-lead = All amounts in euros, to the cent. This call funds with { $minimum } to { $maximum } per project.
# The three dots stand for the amount.
sum-fits = The financing plan adds up.
sum-missing = … of the total cost are still missing.
sum-over = The parts exceed the total cost by ….

# Check and submit
check-title = Check and submit
check-back = Change the application
check-changed = The draft has changed
check-changed-text = Nothing has been submitted yet. Please check once more.
hints-title = Please note
hints-lead = You can submit the application like this. A person will then have to decide on these points:
hint-late = The deadline was { $closed }. The application is taken in and flagged as late.
hint-outside-call = The project period is not entirely within the days of the call ({ $from } to { $to }).
hint-begun = The project begins before today. As a rule, only projects that have not begun are funded.
hint-below-minimum = The grant applied for is below the smallest grant of the call ({ $minimum }).
hint-above-maximum = The grant applied for is above the largest grant of the call ({ $maximum }).
hint-declarations = { $missing ->
    [one] One framework condition is not declared.
   *[other] { $missing } framework conditions are not declared.
}
content-title = What the application says
content-show = Show everything
shares-title = Shares of the municipalities
lead-of = { $name } (lead)
declarations-none = No framework condition is declared.
submit-title = Submit
submit-lead = When you submit, the application gets a file number. After that it cannot be changed, but withdrawn until it is decided.
submit = Submit application
not-open-title = Not possible yet
not-open = The call opens on { $opens }. From then on you can submit the application; the draft is kept.

# Receipt
receipt-title = Your application has arrived
receipt-number = File number: { $number }
receipt-mail = A confirmation goes to { $email }. We report each change of status to the same address.
file-number = File number
received = Received
submitted-by = Submitted by
next-title = What comes next
next-received = Application received
next-eligibility = Check whether the application is eligible
next-review = Review by experts
next-award = Decision
to-status = See the status
late-title = Received after the deadline
late-text = The application is taken in and flagged as late. A person decides whether it is still considered.

# Status
status-submitted = Received
status-referred = Being checked
status-eligible = In review
status-reviewed = Reviewed
status-waitlisted = Waiting list
status-decided = Decided
status-final = Closed
status-ineligible = Not eligible
status-withdrawn = Withdrawn
status-submitted-text = The application has arrived. Next comes the check whether it is eligible.
status-referred-text = A person checks whether the application is eligible. You need not do anything now.
status-eligible-text = The application is eligible and is being reviewed.
status-reviewed-text = The review is finished. Next comes the decision.
status-waitlisted-text = The application is worth funding, but the money is used up at present. It is on the waiting list.
status-decided-text = The application has been decided.
status-final-text = The procedure is closed, the notice is final.
status-ineligible-text = The application is not eligible. The timeline gives the reason.
status-withdrawn-text = The application was withdrawn.
notice-title = Your notice is ready
notice-text = When you open it, the notice counts as notified on the day after; then the time for a legal remedy begins.
notice-open = Open the notice
timeline-title = Timeline
entry-submitted = Application received
entry-withdrawn = Application withdrawn
entry-eligible = Eligibility confirmed
entry-referred = A person checks the eligibility
entry-ineligible = Not eligible
entry-reviewed = Review finished
entry-decided = Decision taken
entry-waitlisted = Put on the waiting list
entry-notice-issued = Notice ready to be opened
entry-notice-final = Notice final
entry-email-sent = Email sent
entry-email-bounced = Email not deliverable
referred-lead = To be settled:
email-twice = may have arrived twice
email-server-said = The mail server says:

# Withdraw and delete
withdraw = Withdraw application
withdraw-title = Withdraw the application?
withdraw-warning = This cannot be undone
withdraw-text = The application will not be processed any further. You can submit a new one until the deadline.
withdraw-do = Yes, withdraw
withdraw-keep = No, keep it
withdraw-too-late = The application has been decided already. It can no longer be withdrawn.
delete-title = Delete the draft?
delete-text = What was entered will be lost.
delete-do = Yes, delete
delete-keep = No, keep it
