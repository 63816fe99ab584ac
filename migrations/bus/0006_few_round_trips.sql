-- A round trip costs as much as the work that it brings. What a unit of work asks at its beginning and writes at its
-- end is in functions, so that it travels in one message with BEGIN and COMMIT.

-- Locks the gates of these facts, in the order given: whoever asks sorts them, so that nobody waits in a circle. Returns
-- for each fact the last version that took effect, whether facts of its key wait or are parked, and which fact took
-- effect with its version.
create function bus.open_gates(sources text[], keys uuid[], versions bigint[])
    returns table (head bigint, waiting boolean, parked boolean, known uuid)
    language plpgsql as $$
declare
    heads bigint[];
    any_waiting boolean;
begin
    for n in 1 .. cardinality(keys) loop
        select h.version into head from bus.inbox_head h where h.source = sources[n] and h.key = keys[n] for update;
        if not found then
            -- Where another transaction has just made it, this waits for it.
            insert into bus.inbox_head as h (source, key, version) values (sources[n], keys[n], 0)
            on conflict (source, key) do update set version = h.version
            returning version into head;
        end if;
        heads[n] := head;
    end loop;
    -- Read after the gates are locked: every transaction that stored a waiting fact of these keys has committed.
    any_waiting := exists (select from bus.waiting w where w.key = any (keys));
    for n in 1 .. cardinality(keys) loop
        head := heads[n];
        waiting := false;
        parked := false;
        known := null;
        if any_waiting then
            select count(*) > 0, coalesce(bool_or(w.status = 'parked'), false) into waiting, parked
            from bus.waiting w where w.key = keys[n];
        end if;
        if versions[n] <= head then
            select i.event_id into known from bus.inbox i
            where i.source = sources[n] and i.key = keys[n] and i.version = versions[n];
        end if;
        return next;
    end loop;
end
$$;

-- Advances the gates and writes what took effect into the inbox.
create function bus.record(sources text[], keys uuid[], versions bigint[], event_ids uuid[], at timestamptz)
    returns void
    language plpgsql as $$
begin
    insert into bus.inbox (source, key, version, event_id, heard_at)
    select f.source, f.key, f.version, f.event_id, at
    from unnest(sources, keys, versions, event_ids) as f (source, key, version, event_id);
    update bus.inbox_head h set version = f.version
    from (select g.source, g.key, max(g.version) as version
          from unnest(sources, keys, versions) as g (source, key, version) group by g.source, g.key) f
    where h.source = f.source and h.key = f.key;
end
$$;

-- Numbers facts and writes event log and outbox. The envelopes come in two parts, around the version. Heads in the order
-- of their keys: two transactions with facts about the same applications lock them in the same order.
create function bus.log(
    slots smallint[], keys uuid[], event_ids uuid[], kinds text[], before bytea[], after bytea[], at timestamptz
)
    returns table (version bigint, outbox_id bigint)
    -- Units of work join by index alone; these lists have none, and would be compared each with each.
    language plpgsql set enable_hashjoin = on as $$
#variable_conflict use_column
begin
    return query
        with said as (
            select * from unnest(slots, keys, event_ids, kinds, before, after)
            with ordinality as s (slot, key, event_id, kind, before, after, n)
        ), heads as (
            insert into bus.head as h (key, version)
            select s.key, count(*) from said s group by s.key order by s.key
            on conflict (key) do update set version = h.version + excluded.version
            returning h.key, h.version
        ), numbered as (
            select s.*, heads.version + 1 - row_number() over (partition by s.key order by s.n desc) as version
            from said s join heads on heads.key = s.key
        ), logged as (
            insert into bus.event_log (key, version, event_id, kind, envelope, said_at)
            select m.key, m.version, m.event_id, m.kind,
                   m.before || convert_to(m.version::text, 'UTF8') || m.after, at from numbered m
        ), queued as (
            insert into bus.outbox as o (slot, key, version)
            select m.slot, m.key, m.version from numbered m order by m.n
            returning o.id, o.key, o.version
        )
        select m.version, q.id from numbered m join queued q on q.key = m.key and q.version = m.version
        order by m.n;
end
$$;
