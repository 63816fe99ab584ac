-- A transaction counts while it holds files and may lock more of them later. If it waited for the row in which another
-- counts, and that other for a file it holds, neither would get on: so it never waits. It takes a row that nobody
-- holds, rather the one it took before, and makes a new one where there is none: there are never more rows than there
-- were transactions at once.
create sequence counters_slot as smallint start 16 owned by counters.slot;

create function count_files(more_announced bigint, more_waiting bigint, more_taken bigint, more_completed bigint,
    more_withdrawn bigint) returns void language plpgsql as $$
declare
    free smallint;
begin
    select slot into free from counters order by (slot + pg_backend_pid()) % 16, slot limit 1 for update skip locked;
    if free is null then
        insert into counters (slot) values (nextval('counters_slot')) returning slot into free;
    end if;
    update counters set
        announced = announced + more_announced, waiting = waiting + more_waiting, taken = taken + more_taken,
        completed = completed + more_completed, withdrawn = withdrawn + more_withdrawn
    where slot = free;
end $$;

create or replace function count_new_files() returns trigger language plpgsql as $$
begin
    perform count_files(
        count(*) filter (where bucket = 'announced'), count(*) filter (where bucket = 'waiting'),
        count(*) filter (where bucket = 'taken'), count(*) filter (where bucket = 'completed'),
        count(*) filter (where bucket = 'withdrawn'))
    from is_now
    having count(*) > 0;
    return null;
end $$;
create or replace function count_moved_files() returns trigger language plpgsql as $$
begin
    perform count_files(
        coalesce(sum(files) filter (where bucket = 'announced'), 0)::bigint,
        coalesce(sum(files) filter (where bucket = 'waiting'), 0)::bigint,
        coalesce(sum(files) filter (where bucket = 'taken'), 0)::bigint,
        coalesce(sum(files) filter (where bucket = 'completed'), 0)::bigint,
        coalesce(sum(files) filter (where bucket = 'withdrawn'), 0)::bigint)
    from (select bucket, 1 as files from is_now union all select bucket, -1 from was) moved
    having count(distinct bucket) > 1;
    return null;
end $$;
