-- Who has declared a tie to an application: they do not decide it (§§ 20, 21 VwVfG). A fact of review may come
-- before the application itself.
create table ties (
    application uuid not null,
    person text not null,
    -- Empty where the tie is to this application alone.
    municipality text not null,
    declared_at timestamptz not null,
    ended_at timestamptz,
    primary key (application, person, municipality)
);
