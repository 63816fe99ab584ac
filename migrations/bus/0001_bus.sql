-- What every service keeps to talk and to listen. Lives in each service's own database.
create schema bus;

-- The last number this service has given to a fact about this key (an application, or a call).
-- Its row lock makes the order of numbers the order of commits.
create table bus.head (
    key uuid primary key,
    version bigint not null
) with (fillfactor = 70);

-- Every fact this service has said, byte for byte. Never changed: the broker is a cache of it.
create table bus.event_log (
    key uuid not null,
    version bigint not null,
    event_id uuid not null,
    kind text not null,
    envelope bytea not null,
    said_at timestamptz not null,
    primary key (key, version)
);
create index event_log_said_at on bus.event_log (said_at);

-- Said, not yet with the broker: pointers into the log. Hot and tiny.
create table bus.outbox (
    id bigint generated always as identity primary key,
    slot smallint not null,
    key uuid not null,
    version bigint not null
) with (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
create index outbox_slot on bus.outbox (slot, id);

-- The version gate: the number of the last fact of this source about this key that took effect.
create table bus.inbox_head (
    source text not null,
    key uuid not null,
    version bigint not null,
    primary key (source, key)
) with (fillfactor = 70);

-- Every fact that took effect here. The same version with another event id would mean that its
-- sayer has forgotten something.
create table bus.inbox (
    source text not null,
    key uuid not null,
    version bigint not null,
    event_id uuid not null,
    heard_at timestamptz not null,
    primary key (source, key, version)
);

-- Heard, but not in effect: `held` behind a gap or behind a parked fact, or `parked` because it
-- cannot be right.
create table bus.waiting (
    source text not null,
    key uuid not null,
    version bigint not null,
    event_id uuid not null,
    kind text not null,
    status text not null check (status in ('held', 'parked')),
    reason text,
    envelope bytea not null,
    since timestamptz not null,
    primary key (source, key, version)
);
create index waiting_key on bus.waiting (key);
create index waiting_parked on bus.waiting (since) where status = 'parked';

-- Messages whose envelope could not even be read. Kept for the operator, acknowledged.
create table bus.unreadable (
    id bigint generated always as identity primary key,
    subject text not null,
    payload bytea not null,
    payload_sha256 bytea not null generated always as (sha256(payload)) stored,
    reason text not null,
    heard_at timestamptz not null,
    unique (subject, payload_sha256)
);

-- What this service knows of the broker's stream; one row.
create table bus.broker (
    stream text primary key,
    epoch bigint not null,
    created text not null,
    last_sequence bigint not null
);

-- Requests that may be repeated: the answer given the first time is given again.
create table bus.idempotency (
    key text primary key,
    request_hash bytea not null,
    response jsonb,
    created_at timestamptz not null
);
