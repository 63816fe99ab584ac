//! The promises, and what must be seen on the way.

use crate::protocol::{APPLICATIONS, Protocol, Service};
use crate::state::{Phase, State, Verdict, Waiting, has};

/// A name, and whether it holds in a state.
pub type Promise = (&'static str, fn(&Protocol, &State) -> bool);
/// A name, and whether a state shows it.
pub type Sight = Promise;

pub const P1: &str = "P1: what was accepted is never lost";
pub const P2: &str = "P2: each fact takes effect once";
pub const P3: &str = "P3: facts of one application take effect in order";
pub const P4: &str = "P4: a poisoned fact stops only its application";
pub const P5: &str = "P5: losing the broker's data loses nothing";

pub const ALL: &[Promise] = &[
    (P1, |protocol, state| said_is_heard_or_waits(state) || !protocol.is_quiet(state)),
    (P2, |_, state| state.effects.as_flattened().iter().all(|times| *times <= 1)),
    (P3, |_, state| !state.disorder),
    (P4, |protocol, state| {
        protocol.poison.is_none_or(|poison| {
            let well = 1 - poison.application();
            !state.parked(well) && (all_heard(state, well) || !protocol.is_quiet(state))
        })
    }),
    (P5, |protocol, state| {
        let (had, left) = (&protocol.faults, &state.left);
        let lost = (had.wipe, had.roll_back, had.rot) != (left.wipe, left.roll_back, left.rot);
        !lost || said_is_heard_or_waits(state) || !protocol.is_quiet(state)
    }),
];

/// Said = consumed + held + parked, fact by fact; and nothing is held but behind a parked fact.
fn said_is_heard_or_waits(state: &State) -> bool {
    (0..APPLICATIONS as u8).all(|application| {
        let at = usize::from(application);
        (1..=state.said[at]).all(|version| {
            let id = has(state.log_ids[at], version);
            let heard = state.effects_of(application, version) > 0 && has(state.inbox_ids[at], version) == id;
            let waits = state.waits(application, version);
            // Under another id it is another fact, which its publisher has forgotten.
            let itself = waits != Waiting::Nothing && has(state.waiting_ids[at], version) == id;
            match (heard, itself) {
                (true, itself) => !itself,
                (false, true) => state.parked(application),
                // Two facts claim this number, and an operator sees it.
                (false, false) => waits == Waiting::Parked,
            }
        })
    })
}

fn all_heard(state: &State, application: u8) -> bool {
    (1..=state.said[usize::from(application)]).all(|version| state.effects_of(application, version) > 0)
}

fn whole(protocol: &Protocol, state: &State) -> bool {
    state.said == protocol.facts && (0..APPLICATIONS as u8).all(|application| all_heard(state, application))
}

fn anywhere(state: &State, what: Waiting) -> bool {
    state.waiting.as_flattened().contains(&what)
}

pub const EVERYTHING_IS_HEARD: Sight =
    ("everything is said and heard", |protocol, state| whole(protocol, state) && protocol.is_quiet(state));
pub const HELD: Sight = ("a fact is held behind a gap", |_, state| anywhere(state, Waiting::Held));
pub const TWO_ROUNDS: Sight =
    ("two relays have rounds open", |_, state| state.rounds.iter().all(|round| round.taken > 0));
pub const TWO_TRANSACTIONS: Sight = ("two replicas have transactions open", |_, state| {
    state.replicas.iter().all(|replica| replica.phase == Phase::Handled)
});
pub const HALF_PUBLISHED: Sight = ("a relay stands in the middle of a round", |_, state| {
    state.rounds.iter().any(|round| (1..round.taken).contains(&round.published))
});
pub const PUBLISHED: Sight = ("a relay stands between publishing and commit", |_, state| {
    state.rounds.iter().any(|round| round.taken > 0 && round.taken == round.published)
});
pub const COMMITTED: Sight = ("a replica stands between commit and acknowledgement", |_, state| {
    state.replicas.iter().any(|replica| replica.phase == Phase::Heard)
});
pub const DUPLICATE: Sight = ("the gate recognises a duplicate", |_, state| {
    state.replicas.iter().any(|replica| replica.verdicts.contains(&Verdict::Duplicate))
});
pub const TWO_COPIES: Sight = ("the stream holds a fact twice", |_, state| {
    let Some(stream) = &state.stream else { return false };
    let mut seen = 0;
    stream.messages.facts().any(|fact| {
        seen & fact.bit() != 0 || {
            seen |= fact.bit();
            false
        }
    })
});
pub const IN_ONE_HAND: Sight = ("two facts are in one transaction", |_, state| {
    state.replicas.iter().any(|replica| replica.phase == Phase::Handled && replica.open == 2)
});
pub const ONE_BY_ONE: Sight = ("a batch has failed and is heard one by one", |_, state| {
    state.replicas.iter().any(|replica| replica.facts().count() == 2 && replica.open == 1)
});
pub const NO_STREAM: Sight = ("the stream is gone and facts wait in the outbox", |_, state| {
    state.stream.is_none() && !state.outbox[0].is_empty()
});
pub const WHOLE_IN_THE_NEXT_EPOCH: Sight = ("everything is heard, in the second epoch", |protocol, state| {
    whole(protocol, state) && state.known(Service::Consumer).epoch == 2 && protocol.is_quiet(state)
});
pub const LATE_ACKNOWLEDGEMENT: Sight = ("an acknowledgement is late by an epoch", |_, state| {
    let epoch = state.known(Service::Consumer).epoch;
    state.stream.is_some_and(|stream| stream.durable == epoch && !stream.messages.is_empty())
        && state.replicas.iter().any(|one| one.phase == Phase::Heard && one.hand[0].durable < epoch)
});
pub const OVERTAKEN: Sight = ("a rollback is overtaken before the watch looks", |protocol, state| {
    let known = state.known(Service::Publisher);
    protocol.faults.roll_back > state.left.roll_back
        && state.stream.is_some_and(|stream| stream.epoch == 1 && stream.last() >= known.last)
        && state.audits > 0
});
pub const REPAIRED: Sight = ("the audit has found something, and everything is heard", |protocol, state| {
    state.audits > 0 && whole(protocol, state) && protocol.is_quiet(state)
});
pub const STOPPED_AND_FLOWING: Sight =
    ("one application stops behind its poison, the other one is heard", |protocol, state| {
        state.waiting.iter().any(|of_one| of_one[..2] == [Waiting::Parked, Waiting::Held])
            && all_heard(state, 1)
            && state.said == protocol.facts
            && protocol.is_quiet(state)
    });
pub const FAILED: Sight = ("a replica stands between a failed handler and parking", |_, state| {
    state.replicas.iter().any(|replica| replica.phase == Phase::Failed)
});
pub const FORKED: Sight = ("a number is found to be given twice", |_, state| {
    state.replicas.iter().any(|replica| replica.verdicts.contains(&Verdict::Forked))
});
pub const STOPPED: Sight = ("a publisher that has forgotten something stops", |_, state| state.stopped);
