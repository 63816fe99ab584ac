//! What each action does to the state.

use bus::step::Step;

use crate::possible::next_of_round;
use crate::protocol::{APPLICATIONS, Action, Gate, Parking, Protocol, Service};
use crate::row::Fact;
use crate::state::{
    Delivery, Known, Phase, Replica, Round, State, Stream, Verdict, Waiting, bit, has, index, put,
};

impl Protocol {
    fn apply(&self, state: &mut State, replica: u8) {
        let mut heads = state.heads;
        let mut inbox_ids = state.inbox_ids;
        let mut this = state.replicas[usize::from(replica)];
        let facts: Vec<Fact> = this.facts().take(usize::from(this.open)).collect();
        for (slot, fact) in facts.iter().enumerate() {
            let at = usize::from(fact.application());
            let (version, head) = (fact.version(), heads[at]);
            let effects = state.effects_of(fact.application(), version);
            let verdict = match self.mechanisms.gate {
                Gate::WithoutOrder if effects > 0 => Verdict::Duplicate,
                Gate::WithoutOrder => Verdict::Applied,
                Gate::WithoutInbox if version <= head => Verdict::Applied,
                _ if version <= head => {
                    let forked = has(inbox_ids[at], version) != fact.forked();
                    if forked && self.mechanisms.conflict_check {
                        Verdict::Forked
                    } else {
                        Verdict::Duplicate
                    }
                }
                _ if version > head + 1 || self.blocked(state, fact.application()) => Verdict::Held,
                _ => Verdict::Applied,
            };
            if verdict == Verdict::Applied {
                if self.is_poison(state, *fact) {
                    return self.fail(state, replica);
                }
                heads[at] = head.max(version);
                put(&mut inbox_ids[at], version, fact.forked());
            }
            this.verdicts[slot] = verdict;
            this.touched |= verdict == Verdict::Held
                || verdict == Verdict::Applied && state.any_waiting(fact.application());
        }
        this.phase = Phase::Handled;
        state.replicas[usize::from(replica)] = this;
    }

    /// Rolls the transaction back: its facts are consumed one by one next, or its only fact is parked.
    fn fail(&self, state: &mut State, replica: u8) {
        let this = &mut state.replicas[usize::from(replica)];
        (this.verdicts, this.touched) = Default::default();
        if this.open > 1 && self.mechanisms.parking != Parking::WholeBatch {
            (this.open, this.phase) = (1, Phase::Pulled);
        } else {
            this.phase = Phase::Failed;
        }
    }

    fn commit(&self, state: &mut State, replica: u8) {
        let this = state.replicas[usize::from(replica)];
        let apart = self.mechanisms.gate == Gate::Apart;
        for (fact, verdict) in this.open() {
            match verdict {
                Verdict::Applied => {
                    if this.phase == Phase::Handled {
                        state.take_effect(fact);
                    }
                    if !apart || this.phase == Phase::HalfConsumed {
                        state.advance(fact);
                    }
                }
                Verdict::Held => self.hold(state, fact),
                Verdict::Forked => state.hold(fact, Waiting::Parked),
                Verdict::Duplicate | Verdict::None => {}
            }
        }
        if this.touched {
            this.open().for_each(|(fact, _)| state.drop_overtaken(fact.application()));
        }
        let half = apart && this.phase == Phase::Handled;
        state.replicas[usize::from(replica)].phase = if half { Phase::HalfConsumed } else { Phase::Consumed };
        if !half && !self.mechanisms.commit_before_acknowledge {
            state.replicas[usize::from(replica)] = Replica::default();
        }
    }

    fn hold(&self, state: &mut State, fact: Fact) {
        let there = state.waits(fact.application(), fact.version());
        let same = has(state.waiting_ids[usize::from(fact.application())], fact.version()) == fact.forked();
        let claimed_twice = there == Waiting::Held && !same && self.mechanisms.hold_compares_ids;
        state.hold(fact, if claimed_twice { Waiting::Parked } else { Waiting::Held });
    }

    fn park(&self, state: &mut State, replica: u8) {
        let this = state.replicas[usize::from(replica)];
        for (fact, _) in this.open() {
            let overtaken = state.heads[usize::from(fact.application())] >= fact.version();
            let noted = !(overtaken && self.mechanisms.park_under_the_gate);
            if noted && self.mechanisms.parking != Parking::Drop {
                state.hold(fact, Waiting::Parked);
            }
        }
        state.replicas[usize::from(replica)].phase = Phase::Consumed;
    }

    fn release(&self, state: &mut State, application: u8) -> Option<()> {
        let at = usize::from(application);
        let version = self.next_due(state, application)?;
        let fact = Fact::new(application, version, has(state.waiting_ids[at], version));
        if version <= state.heads[at] || self.is_poison(state, fact) {
            state.hold(fact, Waiting::Parked);
        } else {
            state.take_effect(fact);
            state.advance(fact);
            state.drop_overtaken(application);
        }
        Some(())
    }

    /// Turns to the next message of the hand.
    fn next_in_hand(&self, state: &mut State, replica: u8) {
        let this = &mut state.replicas[usize::from(replica)];
        this.hand = [this.hand[1], Delivery::default()];
        this.verdicts = [this.verdicts[1], Verdict::None];
        this.open -= 1;
        if this.hand[0].fact.is_none() {
            *this = Replica::default();
        } else if this.open == 0 {
            *this = Replica { hand: this.hand, open: 1, phase: Phase::Pulled, ..Replica::default() };
        }
    }

    fn pull(&self, state: &mut State, replica: u8, places: [Option<u8>; 2]) -> Option<()> {
        let durable = self.durable(state);
        let other = state.replicas[usize::from(1 - replica)];
        let stream = state.stream.as_mut()?;
        if stream.durable != durable {
            (stream.durable, stream.acknowledged) = (durable, 0);
        }
        let mut this = Replica { phase: Phase::Pulled, ..Replica::default() };
        for (slot, place) in places.into_iter().flatten().enumerate() {
            let sequence = stream.sequence(place);
            this.hand[slot] = Delivery { fact: Some(stream.messages.get(place)), durable, sequence };
            this.open += 1;
            if other.holds(durable, sequence) {
                state.left.again = state.left.again.checked_sub(1)?;
            }
            if !self.mechanisms.commit_before_acknowledge {
                stream.acknowledge(this.hand[slot]);
            }
        }
        state.replicas[usize::from(replica)] = this;
        if self.batch == 1 {
            self.apply(state, replica);
        }
        Some(())
    }

    fn publish(&self, state: &mut State, slot: u8, stored: bool) -> Option<()> {
        let (fact, _) = next_of_round(state, slot);
        if stored && self.in_window(state, state.stream.as_ref()?, slot) {
            state.left.again = state.left.again.checked_sub(1)?;
        }
        let stream = state.stream.as_mut()?;
        stream.publish(fact, stored);
        let round = &mut state.rounds[usize::from(slot)];
        if round.taken == 0 {
            round.taken = state.outbox[usize::from(slot)].len();
        }
        round.published += 1;
        if stored && !self.order_is_nothing() {
            round.last = stream.last();
        }
        Some(())
    }

    fn remember(&self, state: &mut State, service: Service) -> Option<()> {
        let stream = state.stream?;
        let last = if service == Service::Consumer || self.order_is_nothing() { 0 } else { stream.last() };
        *state.known_mut(service) = Known { epoch: stream.epoch, created: stream.created, last };
        if service == Service::Publisher && self.mechanisms.republication {
            for application in 0..APPLICATIONS as u8 {
                let at = usize::from(application);
                let all = (1..=state.logged[at]).map(|version| Fact::new(application, version, false));
                all.for_each(|pointer| state.outbox[at].push(pointer));
            }
        }
        Some(())
    }

    /// Puts what the consumer lacks into the outbox.
    fn audit(&self, state: &mut State) {
        for application in 0..APPLICATIONS as u8 {
            for version in state.lacks(application) {
                let again = Fact::new(application, version, true);
                state.outbox[usize::from(application)].push(again);
            }
        }
    }

    fn restore(&self, state: &mut State, application: u8, to: u8) {
        let at = usize::from(application);
        state.logged[at] = to;
        state.log_ids[at] &= bit(to + 1) - 1;
        state.outbox[at] = state.outbox[at].facts().filter(|pointer| pointer.version() <= to).collect();
        state.rounds[at] = Round::default();
        state.restored[at] = true;
    }

    fn roll_back(&self, stream: &mut Stream, to: u8) {
        stream.messages.keep_first(to);
        stream.acknowledged &= (1 << to) - 1;
        stream.rotten &= (1 << to) - 1;
        // The broker fills its window from what is stored when it starts.
        stream.window = stream.messages.facts().fold(0, |window, fact| window | fact.bit());
    }

    pub fn act(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Append { application } => {
                let at = usize::from(application);
                state.logged[at] += 1;
                put(&mut state.log_ids[at], state.logged[at], state.restored[at]);
                if self.mechanisms.outbox_in_the_transaction {
                    state.outbox[at].push(Fact::new(application, state.logged[at], false));
                } else {
                    state.unqueued[at] = state.logged[at];
                }
            }
            Action::Enqueue { application } => {
                let version = std::mem::take(&mut state.unqueued[usize::from(application)]);
                state.outbox[usize::from(application)].push(Fact::new(application, version, false));
            }
            Action::RelayPublishes { slot, stored } => self.publish(state, slot, stored)?,
            Action::RelayCommits { slot } => {
                let round = std::mem::take(&mut state.rounds[usize::from(slot)]);
                state.outbox[usize::from(slot)].drop_first(round.taken);
                let known = state.known_mut(Service::Publisher);
                known.last = known.last.max(round.last);
            }
            Action::RelayRollsBack { slot } => state.rounds[usize::from(slot)] = Round::default(),
            Action::CreateStream(service) => {
                let epoch = state.known(service).epoch + 1;
                state.streams += 1;
                let base = self.base(epoch);
                state.stream = Some(Stream { epoch, created: state.streams, base, ..Stream::default() });
            }
            Action::NextEpoch(service) => {
                let epoch = state.known(service).epoch + 1;
                state.stream.as_mut()?.epoch = epoch;
            }
            Action::Remember(service) => self.remember(state, service)?,
            Action::Pull { replica, places } => self.pull(state, replica, places)?,
            Action::Apply { replica } => self.apply(state, replica),
            Action::Commit { replica } => self.commit(state, replica),
            Action::Acknowledge { replica } => {
                let delivery = state.replicas[usize::from(replica)].hand[0];
                if let Some(stream) = &mut state.stream {
                    stream.acknowledge(delivery);
                }
                self.next_in_hand(state, replica);
            }
            Action::Park { replica } => self.park(state, replica),
            Action::Release { application } => self.release(state, application)?,
            Action::Audit => {
                state.audits += 1;
                self.audit(state);
            }
            Action::StopPublishing => state.stopped = true,
            Action::Mend => state.mended = true,
            Action::Redrive { application, version } => {
                state.left.redrive -= 1;
                state.waiting[usize::from(application)][index(version)] = Waiting::Held;
            }
            mishap => return self.go_wrong(state, mishap),
        }
        Some(())
    }

    fn go_wrong(&self, state: &mut State, mishap: Action) -> Option<()> {
        match mishap {
            Action::Kill { at, who } => {
                state.left.kill -= 1;
                let who = usize::from(who);
                match at {
                    Step::Committed => state.unqueued[who] = 0,
                    Step::RelayTaken | Step::RelayPublished => state.rounds[who] = Round::default(),
                    _ => state.replicas[who] = Replica::default(),
                }
            }
            Action::LosePublish { slot, stored } => {
                state.left.lose -= 1;
                self.publish(state, slot, stored)?;
                state.rounds[usize::from(slot)].doomed = true;
            }
            Action::PublishAgain(fact) => {
                state.left.again -= 1;
                state.stream.as_mut()?.publish(fact, true);
            }
            Action::LoseAcknowledgement { replica } => {
                state.left.lose -= 1;
                self.next_in_hand(state, replica);
            }
            Action::WipeBroker => {
                state.left.wipe -= 1;
                state.stream = None;
                if self.order_is_nothing() {
                    let hands = state.replicas.iter_mut().flat_map(|replica| &mut replica.hand);
                    hands.for_each(|delivery| delivery.sequence = 0);
                }
            }
            Action::RollBackBroker { to } => {
                state.left.roll_back -= 1;
                self.roll_back(state.stream.as_mut()?, to);
            }
            Action::RotMessage { place } => {
                state.left.rot -= 1;
                state.stream.as_mut()?.rotten |= 1 << place;
            }
            Action::HastyAudit => {
                state.left.hasty_audit -= 1;
                self.audit(state);
            }
            Action::RestorePublisher { application, to } => {
                state.left.restore -= 1;
                self.restore(state, application, to);
            }
            _ => return None,
        }
        Some(())
    }
}
