-- Said again because somebody lacks it: the broker may not take it for a duplicate.
alter table bus.outbox add column again boolean not null default false;

-- Facts that were delivered again and again, noted before they are heard: one that ends the process
-- each time cannot note anything itself. `deaths` counts the processes that left their note behind.
create table bus.attempt (
    event_id uuid primary key,
    process uuid not null,
    deaths int not null
);

-- An operator asks for a waiting or unreadable fact to be given up; another one must agree.
create table bus.drop_request (
    source text not null,
    key uuid not null,
    version bigint not null,
    reason text not null check (length(trim(reason)) > 0),
    asked_by text not null,
    asked_at timestamptz not null,
    primary key (source, key, version)
);

-- What was given up, by whom and why. Never changed.
create table bus.dropped (
    id bigint generated always as identity primary key,
    source text not null,
    key uuid not null,
    version bigint not null,
    event_id uuid not null,
    kind text not null,
    envelope bytea not null,
    parked_because text not null,
    reason text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    agreed_by text not null,
    dropped_at timestamptz not null,
    check (agreed_by <> asked_by)
);

-- Every decision of an operator about waiting facts. Never changed.
create table bus.operator_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    person text not null,
    did text not null,
    source text not null,
    key uuid not null,
    version bigint not null,
    reason text
);
