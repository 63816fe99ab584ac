-- Whom the emails about an application go to; taken over when it was submitted.
create table contacts (
    application_id uuid primary key,
    file_number text not null,
    title text not null,
    name text not null,
    email text not null,
    language text not null check (language in ('de', 'en')),
    submitted_at timestamptz not null,
    withdrawn_at timestamptz
);

-- One row per (fact, recipient). Narrow, because it changes three times on its way.
create table deliveries (
    id bigint generated always as identity primary key,
    event_id uuid not null,
    recipient text not null,
    application_id uuid not null,
    template text not null,
    message_id text not null,
    traceparent text,
    queued_at timestamptz not null,
    state text not null check (state in ('queued', 'sending', 'data_started', 'sent', 'failed')),
    -- When somebody may take it: the next attempt, the end of the claim, the end of the wait for an answer.
    -- Of what is done: since when.
    moment timestamptz not null,
    -- Goes up with each claim: whoever writes must hold the last one.
    claims integer not null default 0,
    -- Which sender claimed it last; each holds an advisory lock on its number while it lives.
    sender integer,
    attempts integer not null default 0,
    -- How often the final dot may have arrived without an answer being heard.
    unanswered integer not null default 0,
    last_error text,
    -- What the mail server said when it accepted.
    answer text,
    unique (event_id, recipient)
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
create index deliveries_due on deliveries (moment) where state in ('queued', 'sending', 'data_started');
create index deliveries_failed on deliveries (id) where state = 'failed';
create index deliveries_application on deliveries (application_id, id);

-- What the email says, rendered when the fact was heard. Never changed.
create table contents (
    delivery_id bigint primary key references deliveries (id),
    language text not null check (language in ('de', 'en')),
    recipient_name text not null,
    subject text not null,
    body_text text not null,
    body_html text not null
);
