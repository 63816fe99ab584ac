-- The status changes with every fact, and Postgres writes the whole row anew: what was submitted is stored beside the
-- table, and no index has the status, so that a change of it touches one small row and nothing else. The accounts of
-- operators read the narrow table instead, once a minute.
alter table applications set (toast_tuple_target = 1024, fillfactor = 70);
drop index applications_status;

-- A row is written by a transaction that has locked the application, or reads the call, neither of which is ever deleted:
-- to look the other row up and to lock it once more, for each fact, shows nothing.
alter table timeline drop constraint timeline_application_id_fkey;
alter table applications drop constraint applications_call_id_fkey;
