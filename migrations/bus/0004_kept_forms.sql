-- What a person has typed into a form and nobody has taken yet: kept while they type, and where it was refused. In
-- each service's database, because each service has forms.
create table bus.kept_forms (
    person text not null,
    -- Which form of what, such as `proposal/<application>`.
    form text not null,
    -- Counts the saves; whoever saves names the one they have seen.
    revision bigint not null,
    -- The open page that saved last.
    open_page uuid not null,
    fields jsonb not null,
    -- What was wrong with it when it was sent: pairs of field and message. Null where nobody has looked.
    refused jsonb,
    saved_at timestamptz not null,
    primary key (person, form)
);
create index kept_forms_saved on bus.kept_forms (saved_at);
