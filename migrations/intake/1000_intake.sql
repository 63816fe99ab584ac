-- The rules of each funding round, as last published. Older versions are in bus.event_log.
create table calls (
    id uuid primary key,
    key text not null unique,
    version integer not null check (version > 0),
    -- Two calls never give the same file number.
    file_number_prefix text not null unique,
    rules jsonb not null,
    published_at timestamptz not null
);

-- The last file number given in a call. A row of its own: it is locked by each submission.
create table file_numbers (
    call_id uuid primary key references calls,
    last bigint not null
) with (fillfactor = 50);

-- What has been typed and not yet been submitted, as typed.
create table drafts (
    id uuid primary key,
    call_id uuid not null references calls,
    ags text not null,
    form jsonb not null,
    -- Counts the saves; whoever saves names the one they have seen.
    revision bigint not null,
    -- The open page that saved last, while it goes on saving by itself.
    open_page uuid,
    created_at timestamptz not null,
    edited_at timestamptz not null,
    edited_by text not null
);
create index drafts_of on drafts (ags, created_at desc, id desc);

-- What has been submitted. A draft that is submitted keeps its id and leaves the table of drafts.
create table applications (
    id uuid primary key,
    call_id uuid not null references calls,
    ags text not null,
    file_number text not null unique,
    status text not null check (status in (
        'submitted', 'referred', 'eligible', 'reviewed', 'waitlisted', 'decided', 'final', 'ineligible', 'withdrawn'
    )),
    -- The fact as it was said; never changed.
    submitted jsonb not null,
    submitted_at timestamptz not null
);
create index applications_of on applications (ags, submitted_at desc, id desc);

-- What has happened to an application, one row per fact.
create table timeline (
    application_id uuid not null references applications,
    event_id uuid not null,
    happened_at timestamptz not null,
    entry jsonb not null,
    primary key (application_id, event_id)
);
