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

-- How many files are in which bucket: the sum over the slots. Several slots, so that transactions
-- on different files seldom wait for each other; one row for all buckets, so that they never wait
-- in a circle.
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

-- A trigger, so that no path can forget it.
create function count_files() returns trigger language plpgsql as $$
declare
    was text := case when tg_op = 'INSERT' then '' else old.bucket end;
begin
    if was <> new.bucket then
        update counters set
            announced = announced + (new.bucket = 'announced')::int - (was = 'announced')::int,
            waiting = waiting + (new.bucket = 'waiting')::int - (was = 'waiting')::int,
            taken = taken + (new.bucket = 'taken')::int - (was = 'taken')::int,
            completed = completed + (new.bucket = 'completed')::int - (was = 'completed')::int,
            withdrawn = withdrawn + (new.bucket = 'withdrawn')::int - (was = 'withdrawn')::int
        where slot = get_byte(uuid_send(new.application), 15) % 16;
    end if;
    return null;
end $$;
create trigger count_files after insert or update on files
    for each row execute function count_files();

-- What somebody has typed so far, as typed; until the review is given.
create table drafts (
    application uuid not null references files,
    person text not null,
    fields jsonb not null,
    saved_at timestamptz not null,
    primary key (application, person)
);
