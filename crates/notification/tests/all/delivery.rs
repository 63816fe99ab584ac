//! The state machine under any order of steps, answers, crashes and slow senders.

use chrono::{DateTime, TimeDelta, Utc};
use events::{AnyFact, ApplicationId, EventId};
use notification::delivery::{Claim, Delivery, Later, Policy, State};
use proptest::prelude::*;
use uuid::Uuid;

const POLICY: Policy = Policy {
    first_retry: TimeDelta::seconds(1),
    longest_retry: TimeDelta::hours(4),
    attempts: 5,
    claim: TimeDelta::minutes(10),
    answer: TimeDelta::minutes(10),
};

fn noon() -> DateTime<Utc> {
    "2026-11-23T11:00:00Z".parse().expect("a moment that exists")
}

fn queued() -> Delivery {
    Delivery {
        id: 1,
        about: EventId(Uuid::from_u128(1)),
        application: ApplicationId(Uuid::from_u128(2)),
        template: "notice-issued".to_owned(),
        recipient: "erika@example.org".to_owned(),
        message_id: "1@example.org".to_owned(),
        traceparent: None,
        state: State::Queued { due: noon() },
        claim_number: 0,
        attempts: 0,
        ambiguous_handovers: 0,
        last_error: None,
        answer: None,
    }
}

/// What can happen next; the number is the index of the sender.
#[derive(Clone, Copy, Debug)]
enum Step {
    Claim,
    /// The server asks for the text, and the sender stores that step.
    DataStarts(usize),
    /// The final dot is sent; the answer is 250.
    Accepted(usize),
    /// The final dot is sent; the answer is lost.
    Lost(usize),
    /// 4xx, before or after the text.
    Later(usize),
    /// 5xx, before or after the text.
    Refused(usize),
    HandBack(usize),
    /// The process dies or hangs.
    Crash(usize),
    /// A person asks for it to be sent again.
    Again,
    /// Seconds pass.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Claim),
        3 => (0..3_usize).prop_map(Step::DataStarts),
        1 => (0..3_usize).prop_map(Step::Accepted),
        2 => (0..3_usize).prop_map(Step::Lost),
        1 => (0..3_usize).prop_map(Step::Later),
        1 => (0..3_usize).prop_map(Step::Refused),
        1 => (0..3_usize).prop_map(Step::HandBack),
        2 => (0..3_usize).prop_map(Step::Crash),
        1 => Just(Step::Again),
        3 => (1..1_500_i64).prop_map(Step::Wait),
    ]
}

/// A model of Postgres, the mail server, and senders with their copies of the delivery.
struct World {
    now: DateTime<Utc>,
    stored: Delivery,
    senders: Vec<Delivery>,
    /// How often the recipient may have received it.
    arrived: i32,
    /// How often a person asked to send it again.
    again: i32,
    published: Vec<AnyFact>,
}

impl World {
    fn new() -> Self {
        Self {
            now: noon(),
            stored: queued(),
            senders: Vec::new(),
            arrived: 0,
            again: 0,
            published: Vec::new(),
        }
    }

    /// Like the statement in `store::deliveries::save`: only if state and claim are still those of the step's start.
    fn save(&mut self, from: &Delivery, to: Delivery, fact: Option<AnyFact>) -> bool {
        let holds =
            self.stored.state.name() == from.state.name() && self.stored.claim_number == from.claim_number;
        if holds {
            self.stored = to;
            self.published.extend(fact);
        }
        holds
    }

    fn take(&mut self, sender: usize) -> Option<Delivery> {
        (sender < self.senders.len()).then(|| self.senders.remove(sender))
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Wait(seconds) => self.now += TimeDelta::seconds(seconds),
            Step::Claim => match self.stored.clone().claim(self.now, &POLICY) {
                Claim::Send(delivery) => {
                    self.stored = delivery.clone();
                    self.senders.push(delivery);
                }
                Claim::GiveUp(delivery, fact) => {
                    self.stored = delivery;
                    self.published.push(fact.into());
                }
                Claim::NotDue(delivery) => assert_eq!(delivery, self.stored),
            },
            Step::DataStarts(sender) => {
                let Some(before) = self.take(sender) else { return };
                let Ok(started) = before.clone().data_starts(self.now, &POLICY) else {
                    return self.senders.push(before);
                };
                if self.save(&before, started.clone(), None) {
                    self.senders.push(started);
                }
            }
            Step::Accepted(sender) => {
                let Some(before) = self.take(sender) else { return };
                let Ok((sent, fact)) = before.clone().accepted(self.now, "250".to_owned()) else {
                    return self.senders.push(before);
                };
                self.arrived += 1;
                self.save(&before, sent, Some(fact.into()));
            }
            Step::Lost(sender) => {
                let Some(before) = self.take(sender) else { return };
                let Ok(doubtful) = before.clone().unanswered("cut".to_owned()) else {
                    return self.senders.push(before);
                };
                self.arrived += 1;
                self.save(&before, doubtful, None);
            }
            Step::Later(sender) => {
                let Some(before) = self.take(sender) else { return };
                let later = before.clone().later(self.now, "451".to_owned(), &POLICY, 1.0);
                match later.expect("a sender has it in hand") {
                    Later::Queued(to) => self.save(&before, to, None),
                    Later::GiveUp(to, fact) => self.save(&before, to, Some(fact.into())),
                };
            }
            Step::Refused(sender) => {
                let Some(before) = self.take(sender) else { return };
                let refused = before.clone().refused(self.now, "550".to_owned());
                let (to, fact) = refused.expect("a sender has it in hand");
                self.save(&before, to, Some(fact.into()));
            }
            Step::HandBack(sender) => {
                let Some(before) = self.take(sender) else { return };
                let Ok(to) = before.clone().release(self.now, None) else {
                    return self.senders.push(before);
                };
                self.save(&before, to, None);
            }
            Step::Crash(sender) => drop(self.take(sender)),
            Step::Again => match self.stored.clone().resend(self.now) {
                Ok(queued) => {
                    self.stored = queued;
                    self.again += 1;
                }
                Err(_) => assert!(!matches!(self.stored.state, State::Failed { .. })),
            },
        }
    }

    fn check(&self) {
        assert!(self.arrived <= 1 + self.stored.ambiguous_handovers, "twice, and not counted");
        assert!(self.arrived <= 2 + self.again, "three times, and nobody asked for it");
        let told = i32::try_from(self.published.len()).unwrap();
        let known = i32::from(self.stored.state.is_final());
        assert_eq!(told, self.again + known, "its fate is told once, when it is known: {:?}", self.published);
        let sent = self.published.iter().position(|fact| matches!(fact, AnyFact::EmailSent(_)));
        assert!(
            sent.is_none_or(|at| at + 1 == self.published.len()),
            "what was sent is sent no more: {:?}",
            self.published
        );
        let counted = self.published.iter().all(|fact| match fact {
            AnyFact::EmailSent(sent) => self.arrived < 2 || sent.ambiguous,
            _ => true,
        });
        assert!(counted, "twice, and said to be once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn never_two_emails_unless_in_doubt_and_counted(steps in prop::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        for step in steps {
            world.apply(step);
            world.check();
        }
    }

    #[test]
    fn whatever_happened_a_good_server_gets_it_done(steps in prop::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        for step in steps {
            world.apply(step);
        }
        world.senders.clear();
        for good in [Step::Wait(86_400), Step::Claim, Step::DataStarts(0), Step::Accepted(0)] {
            world.apply(good);
            world.check();
        }
        prop_assert!(world.stored.state.is_final());
    }

    #[test]
    fn pauses_grow_and_are_bounded(attempts in 1..40_i32, jitter in 0.5..1.5_f64) {
        let policy = Policy { attempts: 100, ..POLICY };
        let sending = Delivery { state: State::Sending { until: noon() }, attempts, ..queued() };
        let Ok(Later::Queued(later)) = sending.later(noon(), "451".to_owned(), &policy, jitter) else {
            panic!("it is tried again");
        };
        let pause = later.state.due_or_done_at() - noon();
        let doubled = 2_i64.saturating_pow(u32::try_from(attempts - 1).unwrap()).min(14_400);
        prop_assert!(pause >= TimeDelta::milliseconds(doubled * 499).min(policy.longest_retry / 2));
        prop_assert!(pause <= policy.longest_retry);
    }
}

#[test]
fn an_outage_does_not_count_as_an_attempt() {
    let mut delivery = queued();
    for _ in 0..1_000 {
        let Claim::Send(claimed) = delivery.claim(noon(), &POLICY) else { panic!("it is due") };
        delivery = claimed.release(noon(), Some("connection refused".to_owned())).unwrap();
    }
    assert_eq!((delivery.attempts, delivery.claim_number), (0, 1_000));
    assert_eq!(delivery.last_error.as_deref(), Some("connection refused"));
}

#[test]
fn a_failed_email_is_sent_again_only_when_a_person_asks() {
    let sending = Delivery { state: State::Sending { until: noon() }, attempts: 1, ..queued() };
    let (failed, fact) = sending.refused(noon(), "550 no such mailbox".to_owned()).unwrap();
    assert_eq!(fact.reason, "550 no such mailbox");
    assert_eq!(failed.clone().claim(noon(), &POLICY), Claim::NotDue(failed.clone()));
    let again = failed.resend(noon()).unwrap();
    assert_eq!(again.state, State::Queued { due: noon() });
    assert_eq!(
        queued().resend(noon()).unwrap_err().to_string(),
        "sending again is not possible: the email is queued"
    );
}
