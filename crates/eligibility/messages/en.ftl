# Eligibility: the queue and the decision of a person.
list-title = Check eligibility
list-lead = The rules could not clearly confirm these applications. A person decides each of them.
list-waiting = { $count ->
    [0] No application waits for a decision.
    [one] One application waits for a decision.
   *[other] { $count } applications wait for a decision.
}
list-waiting-many = More than { $count } applications wait for a decision.
list-none = There is no application here.
list-states = Applications by state
status-referred = To decide
status-eligible = Eligible
status-ineligible = Not eligible
status-withdrawn = Withdrawn
list-replied = Reply of the municipality, { $at }
list-open = To be settled

rule-municipality = Municipality in North Rhine-Westphalia
rule-immigration-office = Immigration office
rule-deadline = Deadline
rule-project-period = Project period
rule-not-begun = Not yet begun
rule-grant-limits = Size of the grant
rule-financing = Secured financing
rule-declarations = Declarations

case-back = To the list
case-decided = The decision is stored.
case-too-late-text = Your decision was not stored. What holds now is shown below.
findings-title = What the rules have found
findings-basis = Register as of { $day }. Version { $version } of the call’s rules.
findings-language = The German text of the findings is the one that counts (§ 23 VwVfG).
findings-met = { $count ->
    [one] One rule is met
   *[other] { $count } rules are met
}
finding-rule = Rule
finding-value = Found
finding-remedy = What would help
finding-clause = Clause
finding-source = Source

application-title = The application
application-text = Text of the application
application-submitted = Received
application-by = Submitted by
application-late = after the deadline
application-period = Project period
application-period-days = { $from } to { $to }
application-grant = Grant applied for
application-own-share = Own share
application-third-parties = Third parties
application-total = Total cost
application-participants = Municipalities taking part
application-office-part = Part of the immigration office
application-partners = Partners
application-contact = Contact
application-field = Field of action
application-problem = Problem
application-goals = Goals
application-action-goals = Action goals
application-output-goals = Output goals
application-method = Method
application-products = Products and results
share-lead = { $name } (lead): { $amount }
share = { $name }: { $amount }

replies-title = Replies of the municipality
reply-by = { $name }, { $at }
reply-after = after the decision

ties-link = My ties to municipalities
tied-title = You take no part in this decision
tied-text = Therefore you take no part in this procedure (§§ 20, 21 VwVfG). Please hand the case to a colleague.
tie-own-municipality = You belong to a municipality that takes part.
tie-submitted = You submitted this application.
tie-contact = You are the contact person of this application.
tie-declared = You have declared a tie to this application or to a municipality that takes part.
decision-title = Decision
decision-lead = The rules only confirm what is clear; they never turn anyone down. Decide on the findings that are open.
field-decision = Is the application eligible?
decide-eligible = Eligible
decide-eligible-hint = The application goes to review.
decide-ineligible = Not eligible
decide-ineligible-hint = The procedure ends here. The municipality reads the reason in the portal.
field-reason = Reason
field-reason-hint = It is kept on file; at least 10 characters.
error-reason = The “reason” is too short: at least 10 characters are expected.
decide-send = Store the decision
decided-by-rules = The rules confirmed the application on { $at }.
decided-by-person = { $name } decided on { $at }.
withdrawn-at = The municipality withdrew the application on { $at }.
