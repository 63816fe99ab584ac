//! The protocol, what a check can vary of it, and the names of its transitions.

use bus::step::Step;
use stateright::{Model, Property};

use crate::promises::{self, Sight};
use crate::row::Fact;
use crate::state::{Known, State, Stream};

pub const APPLICATIONS: usize = 2;
pub const REPLICAS: usize = 2;
/// Most facts of one application.
pub const VERSIONS: u8 = 3;
/// Most rounds of the audit. One repairs everything; a protocol that needed this many would be
/// running in circles.
pub const AUDITS: u8 = 3;

/// What is checked: how many facts there are, how often each fault may come, and which mechanisms work.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Most facts that are published about each application.
    pub facts: [u8; APPLICATIONS],
    /// A fact that its handler refuses for good until the cause is mended.
    pub poison: Option<Fact>,
    /// Most facts in one transaction of a consumer.
    pub batch: usize,
    pub faults: Faults,
    pub mechanisms: Mechanisms,
    /// The broker is rolled back only between two rounds of a relay, and the watch looks before the next
    /// round. So the broker loses only what the publisher has recorded as published.
    pub gentle_rollback: bool,
    /// Whether symmetry reduction is on: see `plain.rs`. Off, a run can be read, since nothing changes its name.
    pub folded: bool,
    /// What must be seen in some state, or the check would have checked too little.
    pub sights: &'static [Sight],
}

/// How often each thing may go wrong (or an operator may act) in one run. Lost and late
/// deliveries need no budget: a message that does not arrive is one that has not arrived yet, and
/// messages arrive in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Faults {
    /// A process dies. To the protocol a handler that fails for now is the same.
    pub kill: u8,
    /// A message to the broker, or an answer of it, is lost.
    pub lose: u8,
    /// A fact is published again by a relay that was stopped and lost its transaction, or by a round
    /// that comes after the broker's window for duplicates, or it is delivered again while another replica
    /// still has it in hand.
    pub again: u8,
    /// The broker comes back without its data.
    pub wipe: u8,
    /// The broker comes back with older data.
    pub roll_back: u8,
    /// The broker loses one message out of the middle.
    pub rot: u8,
    /// The audit compares while facts are still under way.
    pub hasty_audit: u8,
    /// An operator redrives a parked fact.
    pub redrive: u8,
    /// The publisher's database comes back from an old backup.
    pub restore: u8,
}

/// What keeps the promises. [`Mechanisms::default`] is the protocol; each can be taken away.
#[derive(Clone, Copy, Debug)]
pub struct Mechanisms {
    /// Outbox rows are written in the transaction that writes state and event log.
    pub outbox_in_the_transaction: bool,
    pub gate: Gate,
    pub parking: Parking,
    /// Facts are acknowledged after the commit, not on arrival.
    pub commit_before_acknowledge: bool,
    /// Durables are named per epoch.
    pub durable_per_epoch: bool,
    /// A new stream uses no sequence number of an earlier epoch.
    pub sequence_per_epoch: bool,
    /// A new epoch points the outbox at the whole event log.
    pub republication: bool,
    /// Publishers ask consumers for their heads.
    pub audit: bool,
    /// What the audit publishes again has a new message id, so that the broker does not drop it as a duplicate.
    pub audit_ids: bool,
    /// A fact is parked under the lock of its gate (whose row is made first where it is missing), and not if it
    /// took effect meanwhile.
    pub park_under_the_gate: bool,
    /// A fact whose version took effect under another id is parked, not dropped.
    pub conflict_check: bool,
    /// When two facts with the same version wait, the version is parked, and neither is dropped.
    pub hold_compares_ids: bool,
}

impl Default for Mechanisms {
    fn default() -> Self {
        Self {
            outbox_in_the_transaction: true,
            gate: Gate::Whole,
            parking: Parking::OneApplication,
            commit_before_acknowledge: true,
            durable_per_epoch: true,
            sequence_per_epoch: true,
            republication: true,
            audit: true,
            audit_ids: true,
            park_under_the_gate: true,
            conflict_check: true,
            hold_compares_ids: true,
        }
    }
}

/// The inbox with its version gate, and what can be missing from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Whole,
    /// Facts that took effect before are not recognised.
    WithoutInbox,
    /// Each fact takes effect when it arrives.
    WithoutOrder,
    /// Two replicas can read the same head.
    WithoutLock,
    /// The head is committed after the effect, in a transaction of its own.
    Apart,
}

/// What happens to a fact that cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parking {
    /// It waits, and later facts of its application behind it.
    OneApplication,
    /// It is acknowledged without any effect.
    Drop,
    /// It waits, and all later facts behind it.
    StopEverything,
    /// All facts of its batch are parked with it.
    WholeBatch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Publisher,
    Consumer,
}

/// What can happen, with the names of the code where it has some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `Tx::finish`: number, state, event log and outbox commit together.
    Append {
        application: u8,
    },
    /// Only where the outbox is outside the transaction.
    Enqueue {
        application: u8,
    },
    /// The next fact of a round is published; the broker stores it or drops it as a duplicate. The first one
    /// opens the round: the slot is locked and its rows are taken. Before that a relay could only roll back.
    RelayPublishes {
        slot: u8,
        stored: bool,
    },
    RelayCommits {
        slot: u8,
    },
    RelayRollsBack {
        slot: u8,
    },
    /// The watch finds no stream and makes one.
    CreateStream(Service),
    /// The watch finds that the stream was set back, and moves it to the next epoch.
    NextEpoch(Service),
    /// The watch stores an epoch that is higher than its own; a publisher publishes again.
    Remember(Service),
    /// A replica pulls one or two messages, named by their place in the stream.
    Pull {
        replica: u8,
        places: [Option<u8>; 2],
    },
    /// `gate::apply` with the handlers, in an open transaction.
    Apply {
        replica: u8,
    },
    Commit {
        replica: u8,
    },
    Acknowledge {
        replica: u8,
    },
    Park {
        replica: u8,
    },
    /// The sweep consumes the next held fact whose turn has come.
    Release {
        application: u8,
    },
    Audit,
    /// The publisher finds that its database lacks facts that others have.
    StopPublishing,

    /// The cause for which a fact was refused is removed.
    Mend,
    Redrive {
        application: u8,
        version: u8,
    },

    /// A process dies at a [`Step`]. The relay dies with one round; after a kill at `written`,
    /// `relay-committed` or `acknowledged` the state is one that exists without the kill, too.
    Kill {
        at: Step,
        who: u8,
    },
    /// The next fact of a round, or the answer to it, is lost: the round cannot commit.
    LosePublish {
        slot: u8,
        stored: bool,
    },
    PublishAgain(Fact),
    LoseAcknowledgement {
        replica: u8,
    },
    WipeBroker,
    RollBackBroker {
        to: u8,
    },
    RotMessage {
        place: u8,
    },
    HastyAudit,
    RestorePublisher {
        application: u8,
        to: u8,
    },
}

impl Protocol {
    /// No facts yet; the stream of the first epoch is there and known.
    fn beginning(&self) -> State {
        let epoch = 1;
        let base = self.base(epoch);
        let stream = Stream { epoch, created: 1, base, ..Stream::default() };
        let known = Known { epoch, created: 1, last: 0 };
        State { known: [known; 2], stream: Some(stream), streams: 1, left: self.faults, ..State::default() }
    }

    pub fn base(&self, epoch: u8) -> u8 {
        // 16 stands for the 2^40 of the code: more than is ever published in an epoch.
        if self.mechanisms.sequence_per_epoch { epoch * 16 } else { 0 }
    }

    pub fn durable(&self, state: &State) -> u8 {
        if self.mechanisms.durable_per_epoch { state.known(Service::Consumer).epoch } else { 0 }
    }

    /// Whether the order of messages in the stream makes no difference: they are delivered in any order,
    /// no sequence number is used twice, and the last one is not compared.
    pub fn order_is_nothing(&self) -> bool {
        let mechanisms = &self.mechanisms;
        self.faults.roll_back == 0
            && (self.faults.wipe == 0 || mechanisms.durable_per_epoch && mechanisms.sequence_per_epoch)
    }

    pub fn is_poison(&self, state: &State, fact: Fact) -> bool {
        self.poison == Some(fact) && !state.mended
    }

    /// Whether the watch would find that the stream was set back.
    pub fn regress(&self, state: &State, service: Service, stream: &Stream) -> bool {
        let known = state.known(service);
        stream.epoch < known.epoch
            || stream.epoch == known.epoch && stream.created != known.created
            || stream.epoch == known.epoch && service == Service::Publisher && stream.last() < known.last
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.plain(self.beginning())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.steps(state, actions);
        self.deeds(state, actions);
        self.mishaps(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        self.act(&mut next, action)?;
        Some(self.plain(next))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let sights = self.sights.iter().map(|(name, seen)| Property::sometimes(name, *seen));
        promises::ALL.iter().map(|(name, kept)| Property::always(name, *kept)).chain(sights).collect()
    }
}
