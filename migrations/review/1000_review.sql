-- The rules of each call, every version of them: a file is scored by the version it was opened with.
create table calls (
    call uuid not null,
    version integer not null,
    rules jsonb not null,
    primary key (call, version)
);

-- One application on the reviewers' table.
create table files (
    application uuid primary key,
    call uuid not null,
    file_number text not null,
    title text not null,
    applicant_name text not null,
    -- Official keys of the applicant and of everybody who takes part: who has a tie to one of them
    -- is never offered the file.
    parties text[] not null,
    -- The age is the priority: oldest first.
    submitted_at timestamptz not null,
    submission jsonb not null,
    state text not null check (state in ('announced', 'open', 'completed', 'withdrawn')),
    rule_version integer,
    opened_at timestamptz,
    needed smallint not null default 0,
    -- Places that are held now, and places whose review has been given.
    held smallint not null default 0 check (held >= 0),
    given smallint not null default 0 check (given >= 0),
    -- `open` seen from the queue: does anybody still have to come?
    bucket text not null generated always as (
        case when state <> 'open' then state
             when held + given < needed then 'waiting'
             else 'taken' end
    ) stored,
    check (held + given <= needed),
    check (state in ('announced', 'withdrawn') or (rule_version is not null and opened_at is not null)),
    foreign key (call, rule_version) references calls (call, version)
) with (fillfactor = 80);
-- The queue, and every list of files.
create index files_bucket on files (bucket, submitted_at, application);

-- What a person is to a file; one row for each pair.
--   holds     works on it until `until`
--   returned  gave it back, or ran out of time: not offered again, may be taken again
--   biased    abstains: never offered, cannot be taken
--   gave      the review is in
create table reviewers (
    application uuid not null references files,
    person text not null,
    name text not null,
    part text not null check (part in ('holds', 'returned', 'biased', 'gave')),
    since timestamptz not null,
    until timestamptz,
    reason text,
    review jsonb,
    primary key (application, person),
    check ((part = 'holds') = (until is not null)),
    check ((part = 'biased') = (reason is not null)),
    check ((part = 'gave') = (review is not null))
);
-- Nobody holds two files at once: no hoarding.
create unique index reviewers_one_at_a_time on reviewers (person) where part = 'holds';
create index reviewers_due on reviewers (until) where part = 'holds';
create index reviewers_person on reviewers (person, part, since, application);

-- Ties of a reviewer to municipalities (§§ 20, 21 VwVfG): no file of theirs is offered.
-- An ended tie stays on record.
create table ties (
    id uuid primary key,
    person text not null,
    name text not null,
    ags text not null,
    reason text not null,
    declared_at timestamptz not null,
    ended_at timestamptz
);
create unique index ties_person on ties (person, ags) where ended_at is null;

-- Who did what with a file, and when. Append-only.
create table history (
    application uuid not null references files,
    id bigint generated always as identity,
    at timestamptz not null,
    act text not null,
    person text,
    name text,
    detail text,
    rule_version integer,
    cause uuid,
    primary key (application, id)
);

-- What became of the emails about an application; one row per fact heard.
create table mails (
    event uuid primary key,
    application uuid not null,
    template text not null,
    recipient text not null,
    at timestamptz not null,
    -- Why it could not be delivered; none where it was sent.
    bounced text
);
create index mails_application on mails (application, at, event);

-- How many files are in which bucket: the sum over the slots. A transaction counts in one slot only,
-- that of its connection, however many files it moves: two transactions seldom wait for each other,
-- and never in a circle.
create table counters (
    slot smallint primary key,
    announced bigint not null default 0,
    waiting bigint not null default 0,
    taken bigint not null default 0,
    completed bigint not null default 0,
    withdrawn bigint not null default 0
) with (
    fillfactor = 20,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 500
);
insert into counters (slot) select generate_series(0, 15);

-- Triggers, so that no path can forget it; one update for all files of a statement.
create function count_new_files() returns trigger language plpgsql as $$
begin
    update counters c set
        announced = c.announced + n.announced, waiting = c.waiting + n.waiting, taken = c.taken + n.taken,
        completed = c.completed + n.completed, withdrawn = c.withdrawn + n.withdrawn
    from (
        select count(*) filter (where bucket = 'announced') as announced,
               count(*) filter (where bucket = 'waiting') as waiting,
               count(*) filter (where bucket = 'taken') as taken,
               count(*) filter (where bucket = 'completed') as completed,
               count(*) filter (where bucket = 'withdrawn') as withdrawn
        from is_now
    ) n
    where c.slot = pg_backend_pid() % 16;
    return null;
end $$;
create function count_moved_files() returns trigger language plpgsql as $$
begin
    update counters c set
        announced = c.announced + n.announced, waiting = c.waiting + n.waiting, taken = c.taken + n.taken,
        completed = c.completed + n.completed, withdrawn = c.withdrawn + n.withdrawn
    from (
        select coalesce(sum(files) filter (where bucket = 'announced'), 0) as announced,
               coalesce(sum(files) filter (where bucket = 'waiting'), 0) as waiting,
               coalesce(sum(files) filter (where bucket = 'taken'), 0) as taken,
               coalesce(sum(files) filter (where bucket = 'completed'), 0) as completed,
               coalesce(sum(files) filter (where bucket = 'withdrawn'), 0) as withdrawn
        from (select bucket, 1 as files from is_now union all select bucket, -1 from was) moved
        having count(distinct bucket) > 1
    ) n
    where c.slot = pg_backend_pid() % 16;
    return null;
end $$;
create trigger count_new_files after insert on files
    referencing new table as is_now for each statement execute function count_new_files();
create trigger count_moved_files after update on files
    referencing old table as was new table as is_now for each statement execute function count_moved_files();

-- What somebody has typed so far, as typed; until the review is given.
create table drafts (
    application uuid not null references files,
    person text not null,
    fields jsonb not null,
    saved_at timestamptz not null,
    primary key (application, person)
);
