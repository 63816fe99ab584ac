-- Whom to write to can be corrected after submission; empty while it is as submitted.
alter table applications add column contact jsonb;
-- Counts the corrections; whoever corrects names the one they have seen.
alter table applications add column contact_changes integer not null default 0;
-- How often the applicant has answered while a person decided; bounded.
alter table applications add column replies integer not null default 0;
