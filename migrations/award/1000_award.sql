-- Cases, money and notices.

-- The rules of each call, as last published.
create table calls (
    id uuid primary key,
    version bigint not null,
    published_at timestamptz not null,
    rules jsonb not null
);
create index calls_newest on calls (published_at desc, id);

-- The money of each call and financial year. The row lock and the CHECK are why it is never promised twice.
create table budgets (
    call uuid not null references calls,
    year integer not null,
    amount_cents bigint not null,
    committed_cents bigint not null default 0,
    primary key (call, year),
    constraint never_below_zero check (committed_cents >= 0),
    constraint never_over_committed check (committed_cents <= amount_cents)
);

-- One application on its way to a decision.
create table cases (
    application uuid primary key,
    revision bigint not null,
    call uuid not null,
    year integer not null,
    applied_cents bigint not null,
    -- What lists show.
    file_number text not null,
    applicant text not null,
    title text not null,
    -- State by name, and with all that is known in it.
    stage text not null check (
        stage in ('announced', 'ready', 'proposed', 'granted', 'rejected', 'waitlisted', 'withdrawn')
    ),
    state jsonb not null,
    -- The sum proposed, else the sum applied for.
    expected_cents bigint not null,
    -- Mean of the reviews, 0 to 10,000; 0 until they are in.
    weighted integer not null default 0,
    review jsonb,
    submitted jsonb not null,
    changed_at timestamptz not null,
    foreign key (call, year) references budgets (call, year)
);
create index cases_by_stage on cases (stage, weighted desc, application);
create index cases_in_ranking on cases (call, weighted desc, application)
    where stage in ('ready', 'proposed', 'waitlisted');

-- How many cases stand where, kept by the transactions that move them.
create table counts (
    call uuid not null references calls,
    stage text not null,
    cases bigint not null check (cases >= 0),
    primary key (call, stage)
) with (fillfactor = 50);

-- The money that is promised, case by case; a withdrawal releases it.
create table commitments (
    application uuid primary key references cases,
    call uuid not null,
    year integer not null,
    amount_cents bigint not null check (amount_cents > 0),
    committed_at timestamptz not null,
    released_at timestamptz,
    foreign key (call, year) references budgets (call, year)
);

-- A notice and its way to the recipient. The PDF is never changed.
create table notices (
    application uuid primary key references cases,
    id uuid not null unique,
    kind text not null check (kind in ('award', 'rejection')),
    pdf bytea not null,
    sha256 text not null,
    issued_at timestamptz not null,
    -- First opened by the recipient.
    retrieved_at timestamptz,
    retrieved_by text,
    -- Days in Germany.
    offered_on date not null,
    retrieved_on date,
    posted_on date,
    arrived_on date,
    waived_on date,
    final_on date,
    became_final_at timestamptz
);
create index notices_running on notices (final_on) where became_final_at is null;

-- What happened to each case, who did it, under which rules and why. Each row's hash covers the row before:
-- none can be changed or left out unseen.
create table history (
    application uuid not null references cases,
    number bigint not null,
    at timestamptz not null,
    what text not null,
    actor_id text,
    actor_name text,
    rules bigint not null,
    amount_cents bigint,
    remark text,
    cause uuid,
    hash bytea not null,
    primary key (application, number)
);
