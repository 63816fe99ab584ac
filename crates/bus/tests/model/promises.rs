//! The promises that hold in every state, and the sights that show that a check has reached the states it is about.

use crate::protocol::{APPLICATIONS, Protocol, Service};
use crate::state::{Phase, State, Verdict, Waiting, has};

/// A name, and whether the promise holds in a state.
pub type Promise = (&'static str, fn(&Protocol, &State) -> bool);
/// A name, and whether the state shows the sight.
pub type Sight = Promise;

pub const P1: &str = "P1: what was accepted is never lost";
pub const P2: &str = "P2: each fact takes effect once";
pub const P3: &str = "P3: facts of one application take effect in order";
pub const P4: &str = "P4: a poisoned fact stops only its application";
pub const P5: &str = "P5: losing the broker's data loses nothing";

pub const ALL: &[Promise] = &[
    (P1, |protocol, state| logged_is_consumed_or_waits(state) || !protocol.is_quiet(state)),
    (P2, |_, state| state.effects.as_flattened().iter().all(|times| *times <= 1)),
    (P3, |_, state| !state.disorder),
    (P4, |protocol, state| {
        protocol.poison.is_none_or(|poison| {
            let well = 1 - poison.application();
            !state.parked(well) && (all_consumed(state, well) || !protocol.is_quiet(state))
        })
    }),
    (P5, |protocol, state| {
        let (had, left) = (&protocol.faults, &state.left);
        let lost = (had.wipe, had.roll_back, had.rot) != (left.wipe, left.roll_back, left.rot);
        !lost || logged_is_consumed_or_waits(state) || !protocol.is_quiet(state)
    }),
];

/// Logged = consumed + held + parked, fact by fact; and a fact is held only behind a parked one.
fn logged_is_consumed_or_waits(state: &State) -> bool {
    (0..APPLICATIONS as u8).all(|application| {
        let at = usize::from(application);
        (1..=state.logged[at]).all(|version| {
            let id = has(state.log_ids[at], version);
            let consumed =
                state.effects_of(application, version) > 0 && has(state.inbox_ids[at], version) == id;
            let waits = state.waits(application, version);
            // With another id it is another fact, which its publisher has lost.
            let itself = waits != Waiting::Nothing && has(state.waiting_ids[at], version) == id;
            match (consumed, itself) {
                (true, itself) => !itself,
                (false, true) => state.parked(application),
                // Two facts claim this version, and an operator sees it.
                (false, false) => waits == Waiting::Parked,
            }
        })
    })
}

fn all_consumed(state: &State, application: u8) -> bool {
    (1..=state.logged[usize::from(application)]).all(|version| state.effects_of(application, version) > 0)
}

fn whole(protocol: &Protocol, state: &State) -> bool {
    state.logged == protocol.facts
        && (0..APPLICATIONS as u8).all(|application| all_consumed(state, application))
}

fn anywhere(state: &State, what: Waiting) -> bool {
    state.waiting.as_flattened().contains(&what)
}

pub const EVERYTHING_IS_CONSUMED: Sight = ("everything is published and consumed", |protocol, state| {
    whole(protocol, state) && protocol.is_quiet(state)
});
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
    state.replicas.iter().any(|replica| replica.phase == Phase::Consumed)
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
pub const ONE_BY_ONE: Sight = ("a batch has failed and is consumed one by one", |_, state| {
    state.replicas.iter().any(|replica| replica.facts().count() == 2 && replica.open == 1)
});
pub const NO_STREAM: Sight = ("the stream is gone and facts wait in the outbox", |_, state| {
    state.stream.is_none() && !state.outbox[0].is_empty()
});
pub const WHOLE_IN_THE_NEXT_EPOCH: Sight =
    ("everything is consumed, in the second epoch", |protocol, state| {
        whole(protocol, state) && state.known(Service::Consumer).epoch == 2 && protocol.is_quiet(state)
    });
pub const LATE_ACKNOWLEDGEMENT: Sight = ("an acknowledgement is late by an epoch", |_, state| {
    let epoch = state.known(Service::Consumer).epoch;
    state.stream.is_some_and(|stream| stream.durable == epoch && !stream.messages.is_empty())
        && state.replicas.iter().any(|one| one.phase == Phase::Consumed && one.hand[0].durable < epoch)
});
pub const OVERTAKEN: Sight = ("a rollback is overtaken before the watch looks", |protocol, state| {
    let known = state.known(Service::Publisher);
    protocol.faults.roll_back > state.left.roll_back
        && state.stream.is_some_and(|stream| stream.epoch == 1 && stream.last() >= known.last)
        && state.audits > 0
});
pub const REPAIRED: Sight =
    ("the audit has found something, and everything is consumed", |protocol, state| {
        state.audits > 0 && whole(protocol, state) && protocol.is_quiet(state)
    });
pub const STOPPED_AND_FLOWING: Sight =
    ("one application stops behind its poison, the other one is consumed", |protocol, state| {
        state.waiting.iter().any(|of_one| of_one[..2] == [Waiting::Parked, Waiting::Held])
            && all_consumed(state, 1)
            && state.logged == protocol.facts
            && protocol.is_quiet(state)
    });
pub const FAILED: Sight = ("a replica stands between a failed handler and parking", |_, state| {
    state.replicas.iter().any(|replica| replica.phase == Phase::Failed)
});
pub const FORKED: Sight = ("a number is found to be given twice", |_, state| {
    state.replicas.iter().any(|replica| replica.verdicts.contains(&Verdict::Forked))
});
pub const STOPPED: Sight = ("a publisher that has lost data stops", |_, state| state.stopped);
