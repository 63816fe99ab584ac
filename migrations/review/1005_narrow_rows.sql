-- A file changes several times on its way, and Postgres writes the whole row anew: what was submitted is stored beside
-- the table.
alter table files set (toast_tuple_target = 1024);
