-- Whom an applicant may ask, as the rules of the call name them; each email says it.
create table calls (
    id uuid primary key,
    authority text not null
);
alter table contacts add column call uuid;

-- From what an email was written, so that it can be written anew for a corrected contact. Empty in what an older
-- release wrote: that is sent as it stands.
alter table contents add column source jsonb;

-- An email that was not sent yet when the contact was corrected: it goes to the new address in its place.
alter table deliveries drop constraint deliveries_state_check;
alter table deliveries add constraint deliveries_state_check
    check (state in ('queued', 'sending', 'data_started', 'sent', 'failed', 'superseded')) not valid;
