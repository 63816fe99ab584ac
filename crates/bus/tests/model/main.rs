//! A model of the protocol of the bus, checked in every state it can get into. It does not run the code of
//! this crate; it has the same steps under the same names. When the code changes its steps, change this.
//!
//! One publisher and one consumer with two replicas, two applications, one stream. Between any two steps
//! anything may happen: messages in any order, a process that dies, a broker that loses its data.
//! Each check has a budget of such faults and covers *every* run within it (breadth first, without
//! sampling). Together they cover:
//!
//! | check | facts published about the two applications | faults |
//! |---|---|---|
//! | nothing goes wrong | 3 + 3 | (any order of delivery) |
//! | processes die | 2 + 2; 3 + 1 | 2 kills; 1 kill: at any step of relay or consumer |
//! | answers are lost, deliveries doubled | 2 + 1 | 1 loss and 1 duplicate |
//! | batches of two | 2 + 1 | 1 duplicate, or 1 kill |
//! | the broker is wiped | 2 + 1; 1 + 1; 2 + 0; 1 + 0 | 1 wipe; and 1 kill; and 1 kill and 1 loss; 2 wipes |
//! | the broker is rolled back | 1 + 1; 2 + 0 | 1 rollback and 1 kill |
//! | the broker loses a message | 2 + 1 | 1 message and 1 kill |
//! | the audit asks too early | 2 + 1; 2 + 0 | 1 hasty audit; and 1 kill |
//! | a fact is poisoned | 2 + 1; 2 + 0; 2 + 1 in batches | 2 redrives and 1 kill; and 1 duplicate; 1 redrive |
//! | the publisher comes back from a backup | 2 + 1; 2 + 0 | 1 restore; and 1 kill |
//! | everything at once | 1 + 0 | 1 kill, 1 loss, 1 duplicate, 1 wipe, 1 message lost |
//!
//! Two things keep this small. A kill is modelled only where it leaves something behind: before
//! a commit it leaves nothing, and after a commit only what the next state has anyway. And each application
//! has a slot of its own, so that the open rounds of two slots stand for two relays.
//!
//! A promise about the end ("is never lost") is checked in quiet states, in which only a fault or a
//! person could change anything; [`no_run_of_steps_goes_in_circles`] shows that every run reaches
//! one. A check that cannot fail proves nothing: the second half takes each mechanism away and asks
//! the checker for a run in which the promise breaks.

mod effect;
mod plain;
mod possible;
mod promises;
mod protocol;
mod row;
mod state;

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use promises::*;
use protocol::{Faults, Gate, Mechanisms, Parking, Protocol};
use row::Fact;
use state::State;
use stateright::{Checker, HasDiscoveries, Model};

const NONE: Faults = Faults {
    kill: 0,
    lose: 0,
    again: 0,
    wipe: 0,
    roll_back: 0,
    rot: 0,
    hasty_audit: 0,
    redrive: 0,
    restore: 0,
};

/// The protocol with all of its mechanisms.
fn protocol(facts: [u8; 2], faults: Faults, sights: &'static [Sight]) -> Protocol {
    let mechanisms = Mechanisms::default();
    Protocol {
        facts,
        poison: None,
        batch: 1,
        faults,
        mechanisms,
        gentle_rollback: false,
        folded: true,
        sights,
    }
}

/// The protocol where the first fact of the first application cannot be right.
fn poisoned(facts: [u8; 2], faults: Faults, sights: &'static [Sight]) -> Protocol {
    Protocol { poison: Some(Fact::new(0, 1, false)), ..protocol(facts, faults, sights) }
}

/// The protocol without the mechanisms that `change` takes away.
fn without(mut protocol: Protocol, change: impl FnOnce(&mut Mechanisms)) -> Protocol {
    change(&mut protocol.mechanisms);
    protocol
}

/// Every promise holds in every state, and every sight is seen in some state.
fn check(protocol: Protocol) {
    let begun = Instant::now();
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} transitions, {} deep, {:.1?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begun.elapsed()
    );
    checker.assert_properties();
}

/// There is a run in which the promise breaks. It must be found with and without symmetry reduction, which
/// must not hide it.
fn breaks(protocol: Protocol, promise: &'static str) {
    for folded in [true, false] {
        let protocol = Protocol { folded, ..protocol.clone() };
        let enough = HasDiscoveries::AnyOf(BTreeSet::from([promise]));
        let checker = protocol.checker().finish_when(enough).spawn_bfs().join();
        let run = checker.assert_any_discovery(promise);
        if !folded {
            println!("{} states to break {promise}", checker.unique_state_count());
            run.into_actions().iter().for_each(|action| println!("    {action:?}"));
        }
    }
}

#[test]
fn nothing_goes_wrong() {
    check(protocol([3, 3], NONE, &[EVERYTHING_IS_CONSUMED, HELD, TWO_ROUNDS, TWO_TRANSACTIONS]));
}

#[test]
fn processes_die() {
    let sights = &[EVERYTHING_IS_CONSUMED, HELD, HALF_PUBLISHED, PUBLISHED, COMMITTED, DUPLICATE];
    check(protocol([2, 2], Faults { kill: 2, ..NONE }, sights));
    check(protocol([3, 1], Faults { kill: 1, ..NONE }, sights));
}

#[test]
fn answers_are_lost_and_deliveries_duplicated() {
    let sights = &[EVERYTHING_IS_CONSUMED, HELD, DUPLICATE, TWO_COPIES];
    check(protocol([2, 1], Faults { lose: 1, again: 1, ..NONE }, sights));
}

#[test]
fn batches() {
    let sights = &[EVERYTHING_IS_CONSUMED, IN_ONE_HAND, TWO_TRANSACTIONS, DUPLICATE];
    for faults in [Faults { again: 1, ..NONE }, Faults { kill: 1, ..NONE }] {
        check(Protocol { batch: 2, ..protocol([2, 1], faults, sights) });
    }
}

#[test]
fn the_broker_is_wiped() {
    let sights = &[EVERYTHING_IS_CONSUMED, WHOLE_IN_THE_NEXT_EPOCH, NO_STREAM, LATE_ACKNOWLEDGEMENT];
    for (facts, faults) in [
        ([2, 1], Faults { wipe: 1, ..NONE }),
        ([1, 1], Faults { wipe: 1, kill: 1, ..NONE }),
        ([2, 0], Faults { wipe: 1, kill: 1, lose: 1, ..NONE }),
        ([1, 0], Faults { wipe: 2, ..NONE }),
    ] {
        // Without the audit: publishing again is enough.
        check(without(protocol(facts, faults, sights), |all| all.audit = false));
    }
}

#[test]
fn the_broker_is_rolled_back() {
    let sights =
        &[EVERYTHING_IS_CONSUMED, WHOLE_IN_THE_NEXT_EPOCH, LATE_ACKNOWLEDGEMENT, OVERTAKEN, REPAIRED];
    for facts in [[1, 1], [2, 0]] {
        check(protocol(facts, Faults { roll_back: 1, kill: 1, ..NONE }, sights));
    }
}

#[test]
fn the_broker_loses_a_message() {
    let sights = &[EVERYTHING_IS_CONSUMED, HELD, REPAIRED];
    check(protocol([2, 1], Faults { rot: 1, kill: 1, ..NONE }, sights));
}

#[test]
fn the_audit_asks_too_early() {
    let sights = &[EVERYTHING_IS_CONSUMED, DUPLICATE, TWO_COPIES];
    check(protocol([2, 1], Faults { hasty_audit: 1, ..NONE }, sights));
    check(protocol([2, 0], Faults { hasty_audit: 1, kill: 1, ..NONE }, sights));
}

#[test]
fn a_fact_is_poisoned() {
    let sights = &[EVERYTHING_IS_CONSUMED, STOPPED_AND_FLOWING, FAILED];
    check(poisoned([2, 1], Faults { redrive: 2, kill: 1, ..NONE }, sights));
    check(poisoned(
        [2, 0],
        Faults { redrive: 2, kill: 1, again: 1, ..NONE },
        &[EVERYTHING_IS_CONSUMED, FAILED],
    ));
    let sights = &[EVERYTHING_IS_CONSUMED, STOPPED_AND_FLOWING, ONE_BY_ONE];
    check(Protocol { batch: 2, ..poisoned([2, 1], Faults { redrive: 1, ..NONE }, sights) });
}

#[test]
fn the_publisher_comes_back_from_a_backup() {
    let sights = &[EVERYTHING_IS_CONSUMED, FORKED, STOPPED];
    check(protocol([2, 1], Faults { restore: 1, ..NONE }, sights));
    check(protocol([2, 0], Faults { restore: 1, kill: 1, ..NONE }, sights));
}

#[test]
fn everything_goes_wrong_at_once() {
    let faults = Faults { kill: 1, lose: 1, again: 1, wipe: 1, rot: 1, ..NONE };
    check(protocol([1, 0], faults, &[EVERYTHING_IS_CONSUMED, WHOLE_IN_THE_NEXT_EPOCH, REPAIRED, DUPLICATE]));
}

/// The audit alone would repair what epochs are made for, too.
#[test]
fn the_audit_alone_repairs_a_wipe_and_a_rollback() {
    let sights = &[EVERYTHING_IS_CONSUMED, REPAIRED];
    for faults in [Faults { wipe: 1, ..NONE }, Faults { roll_back: 1, ..NONE }] {
        check(without(protocol([1, 1], faults, sights), |all| {
            (all.durable_per_epoch, all.sequence_per_epoch, all.republication) = (false, false, false);
        }));
    }
}

/// Against late acknowledgements after a wipe either is enough: another name of the durable, or
/// sequence numbers that are never used again.
#[test]
fn a_late_acknowledgement_misses_by_name_or_by_number() {
    let wiped = || protocol([1, 1], Faults { wipe: 1, ..NONE }, &[WHOLE_IN_THE_NEXT_EPOCH]);
    let mechanisms: [fn(&mut Mechanisms); 2] =
        [|all| all.durable_per_epoch = false, |all| all.sequence_per_epoch = false];
    for take_away in mechanisms {
        check(without(wiped(), |all| {
            all.audit = false;
            take_away(all);
        }));
    }
}

/// Hence every run reaches a quiet state.
#[test]
fn no_run_of_steps_goes_in_circles() {
    let faults = Faults { kill: 1, lose: 1, again: 1, wipe: 1, redrive: 1, ..NONE };
    let protocol = poisoned([1, 0], faults, &[]);
    // Depth first; true: the state is on the current path.
    let mut seen = HashMap::<State, bool>::new();
    let mut path = protocol.init_states().into_iter().map(|state| (state, None)).collect::<Vec<_>>();
    while let Some((state, next)) = path.last_mut() {
        let state = *state;
        let next = next.get_or_insert_with(|| {
            seen.insert(state, true);
            protocol.next_states(&state)
        });
        match next.pop() {
            Some(next) => match seen.get(&next) {
                Some(on_the_way) => assert!(!on_the_way, "a circle through {next:?}"),
                None => path.push((next, None)),
            },
            None => {
                seen.insert(state, false);
                path.pop();
            }
        }
    }
    println!("{} states", seen.len());
    assert!(seen.len() > 1_000);
}

#[test]
fn without_the_transaction_around_the_outbox_a_kill_loses_a_fact() {
    let killed = protocol([1, 0], Faults { kill: 1, ..NONE }, &[]);
    breaks(without(killed, |all| (all.outbox_in_the_transaction, all.audit) = (false, false)), P1);
}

#[test]
fn without_commit_before_acknowledge_a_kill_loses_a_fact() {
    let killed = protocol([1, 0], Faults { kill: 1, ..NONE }, &[]);
    breaks(without(killed, |all| (all.commit_before_acknowledge, all.audit) = (false, false)), P1);
}

#[test]
fn without_the_inbox_a_lost_acknowledgement_doubles_an_effect() {
    let lost = protocol([1, 0], Faults { lose: 1, ..NONE }, &[]);
    breaks(without(lost, |all| all.gate = Gate::WithoutInbox), P2);
}

#[test]
fn without_one_transaction_for_effect_and_head_a_kill_doubles_an_effect() {
    let killed = protocol([1, 0], Faults { kill: 1, ..NONE }, &[]);
    breaks(without(killed, |all| all.gate = Gate::Apart), P2);
}

#[test]
fn without_the_lock_of_the_head_two_replicas_double_an_effect() {
    let doubled = protocol([1, 0], Faults { again: 1, ..NONE }, &[]);
    breaks(without(doubled, |all| all.gate = Gate::WithoutLock), P2);
}

#[test]
fn without_the_version_gate_facts_take_effect_out_of_order() {
    breaks(without(protocol([2, 0], NONE, &[]), |all| all.gate = Gate::WithoutOrder), P3);
}

#[test]
fn a_poisoned_fact_that_is_dropped_is_lost() {
    let ill = poisoned([1, 1], NONE, &[]);
    breaks(without(ill, |all| (all.parking, all.audit) = (Parking::Drop, false)), P1);
}

#[test]
fn a_poisoned_fact_that_blocks_more_than_its_application_stops_others() {
    breaks(without(poisoned([1, 1], NONE, &[]), |all| all.parking = Parking::StopEverything), P4);
}

#[test]
fn without_consuming_one_by_one_a_poisoned_fact_parks_its_neighbours() {
    let batch = Protocol { batch: 2, ..poisoned([1, 1], NONE, &[]) };
    breaks(without(batch, |all| all.parking = Parking::WholeBatch), P4);
}

/// It would be parked although another replica has consumed it meanwhile, and wait for ever.
#[test]
fn without_the_lock_around_parking_a_fact_that_was_consumed_stops_its_application() {
    let doubled = poisoned([1, 0], Faults { again: 1, redrive: 1, ..NONE }, &[]);
    breaks(without(doubled, |all| all.park_under_the_gate = false), P1);
}

#[test]
fn without_publishing_again_a_wipe_loses_a_fact() {
    let wiped = protocol([1, 0], Faults { wipe: 1, ..NONE }, &[]);
    breaks(without(wiped, |all| (all.republication, all.audit) = (false, false)), P5);
}

#[test]
fn without_epochs_in_names_and_numbers_a_late_acknowledgement_loses_a_fact() {
    let wiped = protocol([1, 1], Faults { wipe: 1, ..NONE }, &[]);
    breaks(
        without(wiped, |all| {
            (all.durable_per_epoch, all.sequence_per_epoch, all.audit) = (false, false, false);
        }),
        P5,
    );
}

/// In a stream that was rolled back, sequence numbers are used again: only the durable's name helps.
#[test]
fn without_an_epoch_in_its_name_a_durable_of_a_rolled_back_stream_loses_a_fact() {
    let rolled_back = || {
        let protocol = protocol([1, 1], Faults { roll_back: 1, ..NONE }, &[LATE_ACKNOWLEDGEMENT]);
        without(Protocol { gentle_rollback: true, ..protocol }, |all| all.audit = false)
    };
    check(rolled_back());
    breaks(without(rolled_back(), |all| all.durable_per_epoch = false), P5);
}

/// The watch compares the last sequence number with what the relays have recorded: what is published
/// before it looks hides the rollback.
#[test]
fn without_the_audit_a_rollback_that_is_overtaken_loses_a_fact() {
    let rolled_back = protocol([1, 1], Faults { roll_back: 1, ..NONE }, &[]);
    breaks(without(rolled_back, |all| all.audit = false), P5);
}

#[test]
fn without_the_audit_a_message_lost_by_the_broker_is_a_fact_lost() {
    let rotten = protocol([1, 0], Faults { rot: 1, ..NONE }, &[]);
    breaks(without(rotten, |all| all.audit = false), P5);
}

/// The broker still knows the id of the message that it has lost, and drops the same id as a duplicate.
#[test]
fn without_ids_of_its_own_the_audit_repairs_nothing() {
    let rotten = protocol([1, 0], Faults { rot: 1, ..NONE }, &[]);
    breaks(without(rotten, |all| all.audit_ids = false), P5);
}

#[test]
fn without_comparing_ids_a_number_given_twice_loses_a_fact() {
    let restored = || protocol([2, 0], Faults { restore: 1, ..NONE }, &[]);
    breaks(without(restored(), |all| all.conflict_check = false), P1);
    breaks(without(restored(), |all| all.hold_compares_ids = false), P1);
}
