//! Symmetry reduction: one state stands for many that mean the same. Without it the checks would take minutes.

use crate::protocol::{Protocol, VERSIONS};
use crate::row::{Fact, Row};
use crate::state::{Round, State, Waiting};

impl Protocol {
    /// The state that stands for all that differ only in what has no meaning: which replica is which, which
    /// application is which, and the order of messages where it makes no difference.
    pub fn plain(&self, mut state: State) -> State {
        if !self.folded {
            return state;
        }
        if self.order_is_nothing() {
            self.sort_stream(&mut state);
        }
        if self.poison.is_none()
            && self.facts[0] == self.facts[1]
            && order_of(&state, 1) < order_of(&state, 0)
        {
            state = mirrored(&state);
            if self.order_is_nothing() {
                self.sort_stream(&mut state);
            }
        }
        if state.replicas[1] < state.replicas[0] {
            state.replicas.reverse();
        }
        state
    }

    fn sort_stream(&self, state: &mut State) {
        let Some(stream) = &mut state.stream else { return };
        let durable = stream.durable;
        // A durable of a later epoch delivers everything again.
        let last_durable = durable == stream.epoch || !self.mechanisms.durable_per_epoch;
        let held = |place: u8| {
            let sequence = stream.sequence(place);
            (state.replicas.iter()).filter(|replica| replica.holds(durable, sequence)).count()
        };
        let acknowledged = |place: u8| stream.acknowledged >> place & 1;
        let mut places: Vec<u8> = (0..stream.messages.len())
            .filter(|place| stream.rotten >> place & 1 == 0 && (acknowledged(*place) == 0 || !last_durable))
            .collect();
        places.sort_by_key(|place| (stream.messages.get(*place), acknowledged(*place), held(*place)));
        let new_place = |old: u8| places.iter().position(|place| *place == old).map(|place| place as u8);
        for replica in &mut state.replicas {
            for delivery in &mut replica.hand {
                let old = delivery.sequence.checked_sub(stream.base + 1);
                delivery.sequence = old.and_then(new_place).map_or(0, |place| stream.sequence(place));
            }
        }
        stream.acknowledged =
            places.iter().rev().fold(0, |bits, place| bits << 1 | stream.acknowledged >> place & 1);
        stream.messages = places.iter().map(|place| stream.messages.get(*place)).collect();
        stream.rotten = 0;
    }
}

/// By what the two applications are ordered; not everything, since a full comparison would cost more than it saves.
fn order_of(state: &State, at: usize) -> ([u8; 3], Round, Row, [Waiting; VERSIONS as usize]) {
    (
        [state.logged[at], state.heads[at], state.log_ids[at]],
        state.rounds[at],
        state.outbox[at],
        state.waiting[at],
    )
}

/// The state in which the applications have changed places.
fn mirrored(state: &State) -> State {
    let mut mirrored = *state;
    mirrored.logged.reverse();
    mirrored.log_ids.reverse();
    mirrored.outbox = [state.outbox[1].mirrored(), state.outbox[0].mirrored()];
    mirrored.unqueued.reverse();
    mirrored.rounds.reverse();
    mirrored.restored.reverse();
    mirrored.heads.reverse();
    mirrored.inbox_ids.reverse();
    mirrored.waiting.reverse();
    mirrored.waiting_ids.reverse();
    mirrored.effects.reverse();
    if let Some(stream) = &mut mirrored.stream {
        stream.messages = stream.messages.mirrored();
        stream.window = (stream.window & 0x0f0f) << 4 | (stream.window & 0xf0f0) >> 4;
    }
    for delivery in mirrored.replicas.iter_mut().flat_map(|replica| &mut replica.hand) {
        delivery.fact = delivery.fact.map(Fact::mirrored);
    }
    mirrored
}
