-- A case changes several times on its way, and Postgres writes the whole row anew: what was submitted and how it was
-- reviewed is stored beside the table.
alter table cases set (toast_tuple_target = 1024, fillfactor = 80);
