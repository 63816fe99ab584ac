-- What the applicant wrote while a person decided. Append-only.
create table replies (
    application uuid not null references cases (id),
    event_id uuid not null,
    replied_at timestamptz not null,
    replied_by_id text not null,
    replied_by_name text not null,
    text text not null,
    primary key (application, event_id)
);
-- When the last one came: lists point it out.
alter table cases add column replied_at timestamptz;
