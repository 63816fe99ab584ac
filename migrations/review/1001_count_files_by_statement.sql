-- A batch moves many files at once. A transaction counts in one slot only, that of its connection, however
-- many files it moves: two transactions seldom wait for each other, and never in a circle. A slot alone may
-- fall below zero; only the sum over the slots says something.
drop trigger count_files on files;
drop function count_files();

-- Triggers, so that no path can forget it; one update for all files of a statement.
create function count_new_files() returns trigger language plpgsql as $$
begin
    update counters c set
        announced = c.announced + n.announced, waiting = c.waiting + n.waiting, taken = c.taken + n.taken,
        completed = c.completed + n.completed, withdrawn = c.withdrawn + n.withdrawn
    from (
        select count(*) filter (where bucket = 'announced') as announced,
               count(*) filter (where bucket = 'waiting') as waiting,
               count(*) filter (where bucket = 'taken') as taken,
               count(*) filter (where bucket = 'completed') as completed,
               count(*) filter (where bucket = 'withdrawn') as withdrawn
        from is_now
    ) n
    where c.slot = pg_backend_pid() % 16;
    return null;
end $$;
create function count_moved_files() returns trigger language plpgsql as $$
begin
    update counters c set
        announced = c.announced + n.announced, waiting = c.waiting + n.waiting, taken = c.taken + n.taken,
        completed = c.completed + n.completed, withdrawn = c.withdrawn + n.withdrawn
    from (
        select coalesce(sum(files) filter (where bucket = 'announced'), 0) as announced,
               coalesce(sum(files) filter (where bucket = 'waiting'), 0) as waiting,
               coalesce(sum(files) filter (where bucket = 'taken'), 0) as taken,
               coalesce(sum(files) filter (where bucket = 'completed'), 0) as completed,
               coalesce(sum(files) filter (where bucket = 'withdrawn'), 0) as withdrawn
        from (select bucket, 1 as files from is_now union all select bucket, -1 from was) moved
        having count(distinct bucket) > 1
    ) n
    where c.slot = pg_backend_pid() % 16;
    return null;
end $$;
create trigger count_new_files after insert on files
    referencing new table as is_now for each statement execute function count_new_files();
create trigger count_moved_files after update on files
    referencing old table as was new table as is_now for each statement execute function count_moved_files();
