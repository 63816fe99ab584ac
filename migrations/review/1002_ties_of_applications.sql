-- Ties as the other services were told them, application by application (§§ 20, 21 VwVfG). The reason stays in
-- `ties`, or with the person's part in the file.
create table application_ties (
    application uuid not null references files,
    person text not null,
    name text not null,
    -- Empty where the tie is to this application alone.
    municipality text not null,
    declared_at timestamptz not null,
    ended_at timestamptz,
    primary key (application, person, municipality)
);

-- Reviews that do not count: their reviewer declared a tie before the last review was in. For a release that does
-- not know this table the person simply abstains.
create table set_aside (
    application uuid not null references files,
    person text not null,
    review jsonb not null,
    set_aside_at timestamptz not null,
    primary key (application, person)
);

create index files_parties on files using gin (parties);
create index ties_municipality on ties (ags) where ended_at is null;
