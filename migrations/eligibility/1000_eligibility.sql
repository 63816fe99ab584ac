-- What eligibility keeps of its own. The register of offices is data in the program, not here.

-- The rules of each call, the newest version heard.
create table calls (
    id uuid primary key,
    version integer not null,
    rules jsonb not null
);

-- One row per application.
create table cases (
    id uuid primary key,
    call uuid not null references calls (id),
    file_number text not null,
    applicant_name text not null,
    -- The fact application-submitted, as it was heard.
    submitted jsonb not null,
    findings jsonb not null,
    rule_version integer not null,
    register_day date not null,
    opened_at timestamptz not null,
    state text not null check (state in ('referred', 'eligible', 'ineligible', 'withdrawn')),
    -- When it entered this state: the order of the lists.
    changed_at timestamptz not null,
    verdict text check (verdict in ('eligible', 'ineligible')),
    decided_at timestamptz,
    -- Empty where the rules alone confirmed.
    decided_by_id text,
    decided_by_name text,
    reason text,
    check ((verdict is null) = (decided_at is null)),
    check ((decided_by_id is null) = (decided_by_name is null)),
    check ((decided_by_id is null) = (reason is null)),
    check (decided_by_id is null or verdict is not null),
    check (state in ('referred', 'withdrawn') or verdict = state),
    check (state <> 'referred' or verdict is null),
    -- A machine turns nobody down (§ 35a VwVfG).
    check (verdict <> 'ineligible' or decided_by_id is not null)
);
create index cases_list on cases (state, changed_at, id);

-- How many cases are in the state that people work on; kept by the transactions that change it.
create table counts (
    state text primary key,
    cases bigint not null check (cases >= 0)
);
insert into counts (state, cases) values ('referred', 0);
