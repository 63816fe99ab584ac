//! Which actions are possible in a state.

use bus::step::Step;

use crate::protocol::{APPLICATIONS, AUDITS, Action, Gate, Parking, Protocol, REPLICAS, Service, VERSIONS};
use crate::row::Fact;
use crate::state::{Phase, Replica, State, Stream, Waiting, has};

impl Protocol {
    /// What happens without a fault and without a person.
    pub fn steps(&self, state: &State, steps: &mut Vec<Action>) {
        for application in 0..APPLICATIONS as u8 {
            self.publisher_steps(state, application, steps);
            if self.next_due(state, application).is_some() {
                steps.push(Action::Release { application });
            }
        }
        self.watch_steps(state, steps);
        for replica in 0..REPLICAS as u8 {
            self.consumer_steps(state, replica, steps);
        }
        if !state.stopped && self.has_lost_data(state) {
            steps.push(Action::StopPublishing);
        }
        // The audit comes once a minute: all else that can happen has happened by then.
        if steps.is_empty() && self.mechanisms.audit && state.audits < AUDITS && self.audit_finds(state) {
            steps.push(Action::Audit);
        }
    }

    fn publisher_steps(&self, state: &State, slot: u8, steps: &mut Vec<Action>) {
        let at = usize::from(slot);
        let round = &state.rounds[at];
        if state.unqueued[at] > 0 {
            steps.push(Action::Enqueue { application: slot });
        }
        let Some(stream) = &state.stream else {
            if round.taken > 0 {
                steps.push(Action::RelayRollsBack { slot });
            }
            return;
        };
        if state.may_publish(slot) {
            let wait = self.gentle_rollback && self.regress(state, Service::Publisher, stream);
            if !wait {
                steps.push(Action::RelayPublishes { slot, stored: !self.in_window(state, stream, slot) });
            }
        } else if round.doomed {
            steps.push(Action::RelayRollsBack { slot });
        } else if round.taken > 0 {
            steps.push(Action::RelayCommits { slot });
        }
    }

    /// Whether the broker takes the next fact of a round for a duplicate.
    pub fn in_window(&self, state: &State, stream: &Stream, slot: u8) -> bool {
        let (fact, again) = next_of_round(state, slot);
        stream.window & fact.bit() != 0 && !(again && self.mechanisms.audit_ids)
    }

    fn watch_steps(&self, state: &State, steps: &mut Vec<Action>) {
        for service in [Service::Publisher, Service::Consumer] {
            match &state.stream {
                None => steps.push(Action::CreateStream(service)),
                Some(stream) if stream.epoch > state.known(service).epoch => {
                    steps.push(Action::Remember(service));
                }
                Some(stream) if self.regress(state, service, stream) => {
                    steps.push(Action::NextEpoch(service));
                }
                Some(_) => {}
            }
        }
    }

    fn consumer_steps(&self, state: &State, replica: u8, steps: &mut Vec<Action>) {
        let this = &state.replicas[usize::from(replica)];
        match this.phase {
            Phase::Idle => self.pulls(state, replica, false, steps),
            Phase::Pulled if self.may_open(state, replica, this) => steps.push(Action::Apply { replica }),
            Phase::Handled | Phase::HalfConsumed => steps.push(Action::Commit { replica }),
            Phase::Consumed => steps.push(Action::Acknowledge { replica }),
            Phase::Failed if !self.mechanisms.park_under_the_gate || self.may_open(state, replica, this) => {
                steps.push(Action::Park { replica });
            }
            Phase::Pulled | Phase::Failed => {}
        }
    }

    /// Whether the other replica has not locked the heads that a replica needs.
    pub fn may_open(&self, state: &State, replica: u8, hand: &Replica) -> bool {
        let other = &state.replicas[usize::from(1 - replica)];
        self.mechanisms.gate == Gate::WithoutLock
            || !hand.facts().take(usize::from(hand.open)).any(|fact| other.locks(fact.application()))
    }

    /// What can be delivered to an idle replica; with `again`, only what the other replica still has in hand.
    fn pulls(&self, state: &State, replica: u8, again: bool, actions: &mut Vec<Action>) {
        let Some(stream) = &state.stream else { return };
        // The code may pull from a stream whose epoch it does not know yet. Such a message is delivered
        // again in the next epoch, as a duplicate, and duplicates have a budget of their own.
        if stream.epoch != state.known(Service::Consumer).epoch {
            return;
        }
        let durable = self.durable(state);
        let fresh = stream.durable != durable;
        let other = &state.replicas[usize::from(1 - replica)];
        let deliverable = |place: &u8| {
            let gone = stream.rotten | if fresh { 0 } else { stream.acknowledged };
            gone & 1 << place == 0 && other.holds(durable, stream.sequence(*place)) == again
        };
        for first in (0..stream.messages.len()).filter(deliverable) {
            let mut hand = Replica { open: 1, ..Replica::default() };
            hand.hand[0].fact = Some(stream.messages.get(first));
            // A single fact opens its transaction at once.
            if self.batch > 1 || self.may_open(state, replica, &hand) {
                actions.push(Action::Pull { replica, places: [Some(first), None] });
            }
            if self.batch > 1 {
                for second in (0..stream.messages.len()).filter(deliverable).filter(|second| *second != first)
                {
                    actions.push(Action::Pull { replica, places: [Some(first), Some(second)] });
                }
            }
        }
    }

    /// The held fact whose turn it is, unless consuming it would change nothing.
    pub fn next_due(&self, state: &State, application: u8) -> Option<u8> {
        let at = usize::from(application);
        if self.blocked(state, application) || state.replicas.iter().any(|it| it.locks(application)) {
            return None;
        }
        let due = |version: &u8| state.waits(application, *version) == Waiting::Held;
        let version = (1..=(state.heads[at] + 1).min(VERSIONS)).find(due)?;
        // A duplicate changes nothing, and would be possible for ever.
        let forked = has(state.waiting_ids[at], version) != has(state.inbox_ids[at], version);
        (version > state.heads[at] || forked && self.mechanisms.conflict_check).then_some(version)
    }

    pub fn blocked(&self, state: &State, application: u8) -> bool {
        match self.mechanisms.parking {
            Parking::StopEverything => (0..APPLICATIONS as u8).any(|one| state.parked(one)),
            _ => state.parked(application),
        }
    }

    fn audit_finds(&self, state: &State) -> bool {
        (0..APPLICATIONS as u8).any(|application| state.lacks(application).next().is_some())
    }

    /// Whether the consumer or the stream has facts that are not in the publisher's log.
    fn has_lost_data(&self, state: &State) -> bool {
        if self.faults.restore == 0 {
            return false;
        }
        let unknown = |fact: Fact| {
            let at = usize::from(fact.application());
            fact.version() > state.logged[at] || fact != state.logged_fact(fact.application(), fact.version())
        };
        let ahead = (0..APPLICATIONS).any(|at| state.heads[at] > state.logged[at]);
        ahead || state.stream.is_some_and(|stream| stream.messages.facts().any(unknown))
    }

    /// What people do: publish a fact, mend, redrive. A quiet state does not wait for it.
    pub fn deeds(&self, state: &State, actions: &mut Vec<Action>) {
        for application in 0..APPLICATIONS as u8 {
            let at = usize::from(application);
            if state.logged[at] < self.facts[at] && state.unqueued[at] == 0 && !state.stopped {
                actions.push(Action::Append { application });
            }
            if state.left.redrive > 0 {
                let parked = |version: &u8| state.waits(application, *version) == Waiting::Parked;
                let parked = (1..=VERSIONS).filter(parked);
                actions.extend(parked.map(|version| Action::Redrive { application, version }));
            }
        }
        if self.poison.is_some() && self.faults.redrive > 0 && !state.mended {
            actions.push(Action::Mend);
        }
    }

    pub fn mishaps(&self, state: &State, actions: &mut Vec<Action>) {
        let left = &state.left;
        if left.kill > 0 {
            kills(state, actions);
        }
        for slot in 0..APPLICATIONS as u8 {
            if left.again > 0 && state.may_publish(slot) {
                // The window for duplicates has passed meanwhile.
                let late = state.stream.is_some_and(|stream| self.in_window(state, &stream, slot));
                actions.extend(late.then_some(Action::RelayPublishes { slot, stored: true }));
            }
            if left.lose > 0 && state.stream.is_some() && state.may_publish(slot) {
                actions.extend([true, false].map(|stored| Action::LosePublish { slot, stored }));
            }
        }
        for (replica, this) in (0..).zip(&state.replicas) {
            if left.lose > 0 && this.phase == Phase::Consumed {
                actions.push(Action::LoseAcknowledgement { replica });
            }
            if left.again > 0 && this.phase == Phase::Idle {
                self.pulls(state, replica, true, actions);
            }
        }
        if left.hasty_audit > 0 && self.audit_finds(state) {
            actions.push(Action::HastyAudit);
        }
        if let Some(stream) = &state.stream {
            if left.again > 0 {
                actions.extend(once_published(state).map(Action::PublishAgain));
            }
            if left.wipe > 0 {
                actions.push(Action::WipeBroker);
            }
            let between = state.rounds.iter().all(|round| round.taken == 0);
            if left.roll_back > 0 && (between || !self.gentle_rollback) {
                actions.extend((0..stream.messages.len()).map(|to| Action::RollBackBroker { to }));
            }
            if left.rot > 0 {
                let there = |place: &u8| stream.rotten & 1 << place == 0;
                let there = (0..stream.messages.len()).filter(there);
                actions.extend(there.map(|place| Action::RotMessage { place }));
            }
        }
        if left.restore > 0 {
            for application in 0..APPLICATIONS as u8 {
                let back = 0..state.logged[usize::from(application)];
                actions.extend(back.map(|to| Action::RestorePublisher { application, to }));
            }
        }
    }

    /// Whether only a fault or a person could change anything.
    pub fn is_quiet(&self, state: &State) -> bool {
        let mut steps = Vec::new();
        self.steps(state, &mut steps);
        steps.is_empty()
    }
}

/// The fact that a round publishes next, and whether the audit publishes it again.
pub fn next_of_round(state: &State, slot: u8) -> (Fact, bool) {
    let at = usize::from(slot);
    let pointer = state.outbox[at].get(state.rounds[at].published);
    (state.logged_fact(slot, pointer.version()), pointer.forked())
}

/// Facts that a stopped relay may still publish: it may have taken them from the outbox at any time.
fn once_published(state: &State) -> impl Iterator<Item = Fact> {
    let of = |application: u8| {
        (1..=state.logged[usize::from(application)]).map(move |version| (application, version))
    };
    (0..APPLICATIONS as u8).flat_map(of).map(|(application, version)| state.logged_fact(application, version))
}

fn kills(state: &State, actions: &mut Vec<Action>) {
    for (who, round) in (0..).zip(&state.rounds) {
        if round.taken > 0 {
            let all = round.published == round.taken;
            actions.push(Action::Kill { at: if all { Step::RelayPublished } else { Step::RelayTaken }, who });
        }
    }
    for (who, unqueued) in (0..).zip(&state.unqueued) {
        if *unqueued > 0 {
            actions.push(Action::Kill { at: Step::Committed, who });
        }
    }
    for (who, replica) in (0..).zip(&state.replicas) {
        match replica.phase {
            Phase::Idle => {}
            Phase::Consumed => actions.push(Action::Kill { at: Step::Consumed, who }),
            _ => actions.push(Action::Kill { at: Step::Handled, who }),
        }
    }
}
