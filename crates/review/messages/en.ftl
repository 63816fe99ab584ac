queue-title = Review
waiting = { $count ->
    [0] No application is waiting for a review at the moment.
    [one] One application is waiting for a review.
   *[other] { $count } applications are waiting for a review.
}
offered = { $count ->
    [0] None of them is for you.
    [one] You can take one of them.
   *[other] You can take { $count } of them.
}
offered-it = You can take it.
offered-many = You can take more than { $count } of them.
take-next = Take the next application
go-on = Go on reviewing
held-title = Your application
held-until = Reserved for you until
held-until-moment = Reserved for you until { $moment }
nothing-title = Nothing is waiting for you right now
nothing-text = You have reviewed or given back the others, somebody else is working on them, or you are excluded.
returned-title = Given back by you
returned-text = These applications wait again. They are not offered to you any more, but you may take them once more.
returned-at = Given back
reviewed-title = Your reviews
reviewed-none = You have not given a review yet.
reviewed-at = Given
ties-link = My ties to municipalities
done-review = Your review is in.
done-returned = The application is given back.
done-abstained = Your declaration of bias is on record. The application will not be offered to you again.

file-number = File number
project = Project
applicant = Applicant
submitted-at = Received
late = After the deadline
state = State
state-announced = Eligibility is being checked
state-open = Under review
state-completed = Review completed
state-withdrawn = Withdrawn by the applicant
bucket-waiting = Waiting
bucket-taken = In hand
bucket-completed = Completed
bucket-announced = Eligibility open
bucket-withdrawn = Withdrawn
progress = { $given } of { $needed } reviews
back-to-queue = Back to the overview
back-to-file = Back to the application

section-project = Project
section-priorities = Priorities
section-together = Cooperation
section-money = Period and financing
section-declarations = Framework conditions
field-of-action = Field of action
problem-statement = Problem
goals = Goals
action-goals = Action goals
output-goals = Output goals
method = Method
products-and-results = Products and results
funding-priorities = Funding priorities
priority-transparency = Transparency
priority-networking = Networking
priority-strategic-steering = Strategic steering
themes = Project themes
theme-guide-systems = Building guide systems
theme-intermunicipal-cooperation = Cooperation between municipalities
theme-transfer = Transfer projects
theme-naturalisation = Naturalisation strategies
theme-target-groups = Mobilising particular target groups
theme-integration-training = Integration training for municipalities
immigration-office-part = Part of the immigration office
partners = Partners
partner-migrant = { $name } (migrant organisation)
joint-project = Shares in the joint project
share = { $name }: { $amount }
project-period = Project period
period = { $from } to { $to }
grant = Grant applied for
own-share = Own share
third-parties = Money of third parties
total = Total cost
declarations = Declared
declaration-limited-in-time = The grant is limited in time and makes existing structures work better.
declaration-lasting-effect = The effect is meant to last.
declaration-joint-goals = The immigration office and other integration bodies pursue the goals together.
declaration-migrant-organisations = Migrant organisations are partners of the municipality.
declaration-municipal-steering = Steering and responsibility for results lie with the municipality.
declaration-qualification = The municipality qualifies itself for integration strategies.
declaration-gender-mainstreaming = Gender mainstreaming is respected.

to-scores = To the scores
give-back = Give back
declare-bias = Declare bias
take-again = Take this application again
scores-title = Scores
scores-text = Give each criterion 0 to { $maximum } points. You see the scores of others once you have given yours.
points = Points
points-none = { $points } – not met
points-full = { $points } – fully met
weight = Weight { $weight }%
recommendation = Recommendation
advice-fund = Fund
advice-decline = Decline
comment = Reasons
comment-hint = What carries your scores? The reasons become part of the file.
give-review = Give review
error-points = “{ $criterion }”: please give 0 to { $maximum } points.
error-recommendation = Please choose a recommendation.
error-comment = Please give reasons for your scores.
error-comment-too-long = The reasons have more than { $limit } characters.

not-possible = You cannot review this application
typed-title = What you have written so far
typed-take = Take the file again to go on writing.
typed-copy = It can no longer be given here. You can copy the text and take it along.
typed-stays = Your text stays readable on the page of this file.
typed-given = Your review of this file is given already. What you write here is not saved.
refused-not-open = The eligibility of this application is not settled yet.
refused-withdrawn = The applicant has withdrawn this application meanwhile.
refused-completed = All reviews of this application are in meanwhile.
refused-tied = You are excluded from this procedure.
refused-already-given = Your review of this application is in already.
refused-full = Your time for this application is over, and others have taken it meanwhile.
refused-not-held = You do not hold this application any more.
refused-holds-another = You hold another application. Finish it, or give it back.

reviews-title = Reviews
my-review = My review
criterion = Criterion
weighted = Weighted result
result-title = Result
set-aside-title = A review does not count
set-aside-text = Its reviewer declared a tie afterwards (§§ 20, 21 VwVfG). Somebody else reviews in their place.
tied-title = Tie declared after the review
tied-text = Reviews by persons with a tie are marked and do not count for the result (§§ 20, 21 VwVfG). They stay so even when the tie ends.
tied-none-left = No review counts any more: their reviewers declared a tie afterwards (§§ 20, 21 VwVfG).
tied-badge = does not count: tie
result-split = The reviews do not agree; the reasons of both go into the decision.
history-title = History
act-opened = Review opened
act-taken = Application taken
act-returned = Given back
act-expired = Time over
act-biased = Bias declared
act-set-aside = Tie declared after the review: it does not count
act-reviewed = Review given
act-completed = All reviews are in
act-withdrawn = Application withdrawn
mails-title = Emails about the application
mail-about = About
mail-to = To
mail-fate = Fate
mail-sent = Sent
mail-bounced = Not deliverable

bias-title = Declare bias
bias-law = Excluded is whoever is a party or related to one, works for one or belongs to one of its organs, or has given a private opinion in the matter (section 20 VwVfG). Whoever might be biased for another reason abstains as well (section 21 VwVfG).
bias-effect = The application goes back and is not offered to you again. Your declaration is recorded with its reason.
bias-reason = Reason
bias-reason-hint = For example: “Employed there until 2025”.
bias-whole = This holds for every application of { $name }
bias-send = Declare bias

ties-title = My ties to municipalities
ties-text = Applications of municipalities you have a tie to are never offered to you (sections 20, 21 VwVfG). State where you work or have worked, have advised, or sit on a committee.
ties-own = Already excluded by your sign-in: { $name }.
tie-municipality = Municipality
tie-since = Declared
tie-new = Declare a tie
tie-send = Declare tie
tie-end = End
tie-end-of = End the tie to { $name }
done-tie = The tie is on record.
done-tie-released = The tie is on record. The application you held has gone back.
done-tie-ended = The tie has ended.

list-title = Applications under review
list-states = Applications by state
list-none = There are no applications here.
list-start = To the start
list-more = More applications
age = Under review
in-hand = { $count } in hand
days = { $count ->
    [0] since today
    [one] for one day
   *[other] for { $count } days
}
overdue = overdue
