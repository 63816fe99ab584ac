use crate::protocol::{APPLICATIONS, Faults, REPLICAS, Service, VERSIONS};
use crate::row::{Fact, Row};

/// What databases, broker and processes hold at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    // The publisher's database.
    /// `event_log`: the number of facts about each application.
    pub logged: [u8; APPLICATIONS],
    /// Versions (as bits) that were logged after a restore, and so have another id than before it.
    pub log_ids: [u8; APPLICATIONS],
    /// `outbox`, by slot. Each application has a slot of its own: the rounds of two slots can do all that
    /// two relays can do at the same time.
    pub outbox: [Row; APPLICATIONS],
    // The publisher's processes.
    /// A version that is committed without its outbox row; only where the row is outside the transaction.
    pub unqueued: [u8; APPLICATIONS],
    pub rounds: [Round; APPLICATIONS],
    pub restored: [bool; APPLICATIONS],
    pub stopped: bool,

    /// `bus.broker` of publisher and consumer.
    pub known: [Known; 2],
    pub stream: Option<Stream>,
    /// Number of streams ever made; tells them apart as `created` does.
    pub streams: u8,

    // The consumer.
    pub replicas: [Replica; REPLICAS],
    /// `inbox_head`.
    pub heads: [u8; APPLICATIONS],
    /// `inbox.event_id`, as [`State::log_ids`].
    pub inbox_ids: [u8; APPLICATIONS],
    /// `waiting`.
    pub waiting: [[Waiting; VERSIONS as usize]; APPLICATIONS],
    /// `waiting.event_id`.
    pub waiting_ids: [u8; APPLICATIONS],
    pub mended: bool,

    // What no single part knows.
    /// How often each fact took effect.
    pub effects: [[u8; VERSIONS as usize]; APPLICATIONS],
    /// A fact took effect before an earlier one of its application.
    pub disorder: bool,
    pub left: Faults,
    pub audits: u8,
}

/// A round of the relay over one slot: its transaction is open while `taken` is not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Round {
    pub taken: u8,
    pub published: u8,
    /// An acknowledgement is lost.
    pub doomed: bool,
    /// The highest sequence number that the broker has acknowledged.
    pub last: u8,
}

/// What a service knows of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Known {
    pub epoch: u8,
    pub created: u8,
    /// The last sequence number. Only the publisher keeps it, so that the watch has the least to go by.
    pub last: u8,
}

/// The broker's stream, with the durable of the consumer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    pub epoch: u8,
    pub created: u8,
    /// The first sequence number is the next one after this.
    pub base: u8,
    pub messages: Row,
    /// Places (as bits) of messages that the broker has lost.
    pub rotten: u16,
    /// Ids in the broker's window for duplicates, by [`Fact::bit`].
    pub window: u16,
    /// The durable's name: an epoch, or 0 where it has none.
    pub durable: u8,
    /// Places (as bits) that were acknowledged to the durable.
    pub acknowledged: u16,
}

/// One process of the consuming service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Replica {
    pub phase: Phase,
    pub hand: [Delivery; 2],
    /// How many facts of `hand` are in the transaction; the others follow one by one.
    pub open: u8,
    pub verdicts: [Verdict; 2],
    /// A fact about a key of the batch waits.
    pub touched: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    #[default]
    Idle,
    Pulled,
    /// [`Step::Handled`]: the transaction is open and has locked the heads.
    Handled,
    /// The effect is committed, the head is not; only in [`Gate::Apart`].
    HalfConsumed,
    /// [`Step::Consumed`]: committed, not acknowledged.
    Consumed,
    /// The handler has refused the fact for good; rolled back, not parked yet.
    Failed,
}

/// A message that a replica has pulled, and what its acknowledgement is addressed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Delivery {
    pub fact: Option<Fact>,
    pub durable: u8,
    /// 0: the message is no longer in the stream.
    pub sequence: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    #[default]
    None,
    Applied,
    Duplicate,
    Held,
    Forked,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Waiting {
    #[default]
    Nothing,
    Held,
    Parked,
}

pub fn bit(version: u8) -> u8 {
    1 << (version - 1)
}

pub fn has(bits: u8, version: u8) -> bool {
    bits & bit(version) != 0
}

pub fn put(bits: &mut u8, version: u8, on: bool) {
    *bits = if on { *bits | bit(version) } else { *bits & !bit(version) };
}

pub fn index(version: u8) -> usize {
    usize::from(version - 1)
}

impl Stream {
    pub fn sequence(&self, place: u8) -> u8 {
        self.base + place + 1
    }

    pub fn last(&self) -> u8 {
        self.base + self.messages.len()
    }

    pub fn publish(&mut self, fact: Fact, stored: bool) {
        if stored {
            self.messages.push(fact);
            self.window |= fact.bit();
        }
    }

    pub fn acknowledge(&mut self, delivery: Delivery) {
        if delivery.durable == self.durable && (self.base + 1..=self.last()).contains(&delivery.sequence) {
            self.acknowledged |= 1 << (delivery.sequence - self.base - 1);
        }
    }
}

impl Replica {
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        self.hand.into_iter().filter_map(|delivery| delivery.fact)
    }

    /// Facts in the open transaction, or in the one that was open last.
    pub fn open(&self) -> impl Iterator<Item = (Fact, Verdict)> {
        self.facts().zip(self.verdicts).take(usize::from(self.open))
    }

    pub fn locks(&self, application: u8) -> bool {
        matches!(self.phase, Phase::Handled) && self.open().any(|(fact, _)| fact.application() == application)
    }

    pub fn holds(&self, durable: u8, sequence: u8) -> bool {
        self.hand.iter().any(|it| it.fact.is_some() && it.durable == durable && it.sequence == sequence)
    }
}

impl State {
    pub fn known(&self, service: Service) -> Known {
        self.known[service as usize]
    }

    pub fn known_mut(&mut self, service: Service) -> &mut Known {
        &mut self.known[service as usize]
    }

    pub fn waits(&self, application: u8, version: u8) -> Waiting {
        self.waiting[usize::from(application)][index(version)]
    }

    pub fn any_waiting(&self, application: u8) -> bool {
        self.waiting[usize::from(application)] != [Waiting::Nothing; VERSIONS as usize]
    }

    pub fn parked(&self, application: u8) -> bool {
        self.waiting[usize::from(application)].contains(&Waiting::Parked)
    }

    pub fn effects_of(&self, application: u8, version: u8) -> u8 {
        self.effects[usize::from(application)][index(version)]
    }

    /// Whether the slot has a fact that is not published yet, in its open round or in its outbox.
    pub fn may_publish(&self, slot: u8) -> bool {
        let (round, at) = (&self.rounds[usize::from(slot)], usize::from(slot));
        if round.taken == 0 { !self.outbox[at].is_empty() } else { round.published < round.taken }
    }

    /// The versions that the audit finds missing at the consumer.
    pub fn lacks(&self, application: u8) -> impl Iterator<Item = u8> + use<> {
        let (state, at) = (*self, usize::from(application));
        (state.heads[at] + 1..=state.logged[at])
            .filter(move |version| state.waits(application, *version) == Waiting::Nothing)
    }

    /// The fact as the event log has it.
    pub fn logged_fact(&self, application: u8, version: u8) -> Fact {
        Fact::new(application, version, has(self.log_ids[usize::from(application)], version))
    }

    pub fn take_effect(&mut self, fact: Fact) {
        let at = usize::from(fact.application());
        let effects = &mut self.effects[at];
        if fact.version() > 1 && effects[index(fact.version()) - 1] == 0 {
            self.disorder = true;
        }
        let effects = &mut effects[index(fact.version())];
        *effects = (*effects + 1).min(2);
        put(&mut self.inbox_ids[at], fact.version(), fact.forked());
    }

    pub fn advance(&mut self, fact: Fact) {
        let head = &mut self.heads[usize::from(fact.application())];
        *head = (*head).max(fact.version());
    }

    pub fn note_waiting(&mut self, fact: Fact, waiting: Waiting) {
        let at = usize::from(fact.application());
        self.waiting[at][index(fact.version())] = waiting;
        put(&mut self.waiting_ids[at], fact.version(), waiting != Waiting::Nothing && fact.forked());
    }

    /// `gate::hold`: a fact that waits already stays, but a held one can become parked.
    pub fn hold(&mut self, fact: Fact, as_what: Waiting) {
        match (self.waits(fact.application(), fact.version()), as_what) {
            (Waiting::Nothing, _) => self.note_waiting(fact, as_what),
            (Waiting::Held, Waiting::Parked) => {
                let at = usize::from(fact.application());
                self.waiting[at][index(fact.version())] = Waiting::Parked;
            }
            _ => {}
        }
    }

    /// `gate::drop_overtaken`: removes held copies of facts that took effect.
    pub fn drop_overtaken(&mut self, application: u8) {
        let at = usize::from(application);
        for version in 1..=self.heads[at] {
            let same = has(self.waiting_ids[at], version) == has(self.inbox_ids[at], version);
            if self.waits(application, version) == Waiting::Held && same {
                self.note_waiting(Fact::new(application, version, false), Waiting::Nothing);
            }
        }
    }
}
