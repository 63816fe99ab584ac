# Emails. They only tell that something waits in the portal.
mail-greeting = Dear
mail-file-number = File number
mail-project = Project
mail-submitted = Received on
mail-withdrawn = Withdrawn on
mail-final = Final since
mail-remedy = This helps
mail-authority = Questions answered by
mail-open = Open the application in the portal
mail-footer = This email was written automatically; replies are not read. Only what lies in the portal is binding: this email is not the notification of a decision. The official language of the procedure is German.

mail-application-submitted-subject = We have received your application
mail-application-submitted-lead = Thank you. We received your application on { $day }, and it has a file number now.
mail-application-submitted-late = It came after the deadline. We have taken it in and noted that it is late; a person decides what follows from this. It helps if you say why it came later: in the portal, as soon as the application is being checked, or to the granting authority.
mail-application-submitted-next = Next, we check whether the project can be funded. You can see the status in the portal at any time; there you can also correct your contact details.

mail-application-withdrawn-subject = Your application is withdrawn
mail-application-withdrawn-lead = You withdrew your application on { $day }. Work on it has ended.
mail-application-withdrawn-next = If this was not you, please contact the granting authority at once.

mail-eligibility-confirmed-subject = Your application goes to review
mail-eligibility-confirmed-lead = The formal check of your application was finished on { $day }. It goes to review.
mail-eligibility-confirmed-next = This is not yet a decision on the funding. There is nothing you need to do now; the details of the check are in the portal.

mail-eligibility-referred-subject = A person is looking at your application
mail-eligibility-referred-lead = On { $day } the formal check of your application left something open. A case worker is looking at it.
mail-eligibility-referred-next = Until it is decided you can reply in the portal: say what you hand in later or what has changed, and ask questions. We will write to you as soon as there is news.

mail-ineligibility-confirmed-subject = News about your application
mail-ineligibility-confirmed-lead = The formal check of your application was finished on { $day }. The result and the reasons wait for you in the portal.
mail-ineligibility-confirmed-next = Please have a look at them there. If you have questions or see it differently, please contact the granting authority.

mail-review-completed-subject = The review of your application is finished
mail-review-completed-lead = The review of your application was finished on { $day }.
mail-review-completed-next = Next, the granting authority decides. There is nothing you need to do now; we will write to you as soon as the decision waits in the portal.

mail-application-waitlisted-subject = News about your application
mail-application-waitlisted-lead = There is a new message of { $day } about the status of your application. It waits for you in the portal.
mail-application-waitlisted-next = Please have a look at it there; it also says what you can do. It is not yet the notice.

mail-notice-issued-subject = A decision on your application waits for you
mail-notice-issued-lead = The granting authority decided on your application on { $day }. The notice waits for you in the portal.
mail-notice-issued-next = Please open it there soon: time limits begin when you do. You need to sign in for this. The notice is in German.

mail-notice-became-final-subject = Your notice is final
mail-notice-became-final-lead = The time for legal remedies against the notice on your application is over. The notice is final; this is the status of { $day }.
mail-notice-became-final-next = You still find the notice in the portal.

# Pages.
list-title = Emails
list-intro = Every email to applicants, newest first. Each message about an application has exactly one.
list-table = Emails and what became of them
list-all = All
list-failed = Undeliverable only
list-filter = Selection
list-empty = No emails yet.
list-empty-failed = No email is undeliverable.
list-waiting = { $count ->
    [0] No email is waiting.
    [one] One email is waiting.
   *[other] { $count } emails are waiting.
}
list-waiting-many = More than 10,000 emails are waiting.

away-title = The mail server takes no email at the moment
away-text = Since { $since } { $server } has been answering: “{ $why }”. No email is lost; we keep trying.

column-number = No.
column-mail = Email
column-file-number = File number
column-recipient = To
column-state = Status
column-when = Time

state-queued = waiting
state-sending = being sent
state-data-started = answer outstanding
state-sent = accepted
state-failed = undeliverable
state-superseded = replaced: goes to the new address

detail-title = Email { $number }
detail-back = All emails
detail-present-address = Present address
detail-queued = Fact received
detail-tried = Next attempt
detail-done = Done
detail-attempts = Attempts
detail-error = Last error
detail-asked = Sent again
detail-asked-by = At the request of { $name } on { $at }
detail-answer = Answer of the mail server
detail-message-id = Message-ID
detail-fact = Fact
detail-ambiguous = Possibly twice
detail-ambiguous-text = No answer came after it was handed over. It was therefore sent once more, with the same Message-ID.
detail-content = Content
detail-again-title = Send again
detail-again-text = When the cause is gone, the email can be sent again. To the same address, text and Message-ID stay the same.
detail-again-to = It goes to { $email }.
detail-correct-title = Correct the address
detail-correct-text = If the address is wrong, correct it in the application. What could not be delivered and is still of use then goes to the new one by itself.
detail-correct = Correct the contact details
detail-again = Send again
detail-again-done = The email is being sent again.
detail-again-refused = This email is not undeliverable; it is not sent again.
