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

-- Reviewers whose review does not count, because they declared a tie after giving it.
alter table cases add column set_aside text[] not null default '{}';

-- Of equal points the application that came first stands first. A trigger, so that a release that does not know the
-- column fills it, too.
alter table cases add column submitted_at timestamptz;
update cases set submitted_at = (submitted ->> 'submitted_at')::timestamptz;
create function note_submission() returns trigger language plpgsql as $$
begin
    new.submitted_at := (new.submitted ->> 'submitted_at')::timestamptz;
    return new;
end $$;
create trigger note_submission before insert on cases for each row execute function note_submission();
alter table cases alter column submitted_at set not null;
create index cases_of_stage on cases (stage, weighted desc, submitted_at, application);
create index cases_ranked on cases (call, weighted desc, submitted_at, application)
    where stage in ('ready', 'proposed', 'waitlisted');
drop index cases_by_stage;
drop index cases_in_ranking;
