# For every page.
product = Bescheid
claim = Integration grants in North Rhine-Westphalia
authority = A service of the public administration
skip-to-content = Skip to content
language-switch = Language
navigation = Work areas
signed-in-as = Signed in as
sign-in = Sign in
sign-out = Sign out
back-to-start = To the start page
accessibility = Accessibility statement
privacy = Privacy
about = Source code and licences
attribution = Bescheid is free software (EUPL-1.2). Design: KERN (EUPL-1.2). Typeface: Fira Sans (OFL-1.1).

nav-apply = Applications
nav-eligibility = Eligibility
nav-review = Review
nav-award = Decision
nav-mail = Emails
nav-ops = Operations

# Names of the emails: the same everywhere.
email-application-submitted = Receipt
email-application-withdrawn = Withdrawal
email-eligibility-confirmed = Formal check finished
email-eligibility-referred = Checked by a person
email-ineligibility-confirmed = Result of the formal check
email-review-completed = Review finished
email-application-waitlisted = New status
email-notice-issued = Notice waits
email-notice-became-final = Notice final

pages = More pages
pages-newer = Newer
pages-older = Older

field-optional = optional
table-scrolls = The table is wider than the screen: move it sideways.
field-choose = Please choose
field-limit = At most { $limit } characters.

title-error = Error:
errors-title = { $count ->
    [one] Please check one entry
   *[other] Please check { $count } entries
}
error-required = “{ $field }” is missing.
error-choose = Please choose one of the values for “{ $field }”.
error-too-long = “{ $field }” has { $length } characters; at most { $limit } are possible.
error-amount = “{ $field }” is not an amount. Expected is, for example, 60,000.50.
error-amount-decimals = “{ $field }” has more than two decimals. Expected is, for example, 60,000.50.
error-amount-ambiguous = “{ $field }” can be read in two ways. Do you mean { $decimal } or { $thousands }?
error-amount-unit = Please write “{ $field }” out in euros, for example 60,000 instead of 60 k€.
error-amount-negative = “{ $field }” must not be negative.
error-amount-too-large = “{ $field }” is too large: amounts below 1 billion euros are possible.
error-date = “{ $field }” is not a date. Expected is, for example, 23.11.2026.

lost-title = What you typed is still here
lost-nothing = Not saved yet
lost-sign-in = Your session had ended. Sign in in a new window, come back here, and send what you typed once more.
lost-sign-in-link = Sign in in a new window
lost-other = Meanwhile { $name } is signed in. Send only what you want to send under this name.
lost-send = Send
lost-typed = See what you typed

problem-malformed = The request cannot be read
problem-malformed-text = The address or the content of the request has a mistake. Go back and try again.
problem-invalid = Some entries do not fit
problem-invalid-text = Some entries were not as expected. Go back and check them.
problem-sign-in = Please sign in
problem-sign-in-text = You have to be signed in for this page.
problem-forbidden = You are not permitted to do this
problem-forbidden-text = You are signed in, but not with a role that may do this.
problem-forged = The request did not come from our page
problem-forged-text = To protect you, nothing was changed. Open the page again and send the form from there.
problem-not-found = There is no such page
problem-not-found-text = The address is wrong, or the entry belongs to somebody else.
problem-method = This page cannot be opened like that
problem-method-text = Go back and use the buttons of the page.
problem-slow = The transfer took too long
problem-slow-text = The connection was too slow. Try again.
problem-conflict = This is no longer possible
problem-conflict-text = Things have changed in the meantime. Reload the page.
problem-too-large = That is too much at once
problem-too-large-text = The content is larger than permitted. Go back (what you typed is still there), shorten the texts and send again.
problem-media-type = This format is not accepted
problem-media-type-text = Send the form from our page.
problem-internal = We made a mistake
problem-internal-text = The mistake has been recorded. Try again later.
problem-unavailable = Not available at the moment
problem-unavailable-text = A part of the system does not answer. Nothing was changed. Try again in a moment.
problem-wrong-host = Bescheid cannot be reached at this address
problem-wrong-host-text = Open Bescheid at the address that was shown at its start: http://localhost with its port.
problem-too-many = Too many requests
problem-too-many-text = A great many requests have come from you in a short time. So that everybody else can work, too, please wait a moment and then try again. What you have typed is not lost.
problem-overloaded = Too much to do at the moment
problem-overloaded-text = Too many requests are coming at once. Try again in a few seconds.
problem-timed-out = That took too long
problem-timed-out-text = Perhaps your entry arrived all the same. Have a look before you repeat it.

kept-elsewhere = You went on writing here in another window (saved { $at }). What stands here is not saved yet: choose for each part which one is to stand.
kept-refused = Not taken
kept-unsent = Not sent yet
kept-below = What you typed on { $at } is below.
kept-discard = Discard what I typed
