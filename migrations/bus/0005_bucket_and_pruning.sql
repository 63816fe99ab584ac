-- The number of the group a key belongs to, when keys are compared or divided in `buckets` groups: by its last two
-- bytes, which are random in every version of UUID used here.
create function bus.bucket(key uuid, buckets int) returns int
    language sql immutable parallel safe
    return (get_byte(uuid_send(key), 14) * 256 + get_byte(uuid_send(key), 15)) % buckets;

-- Answers to repeated requests are removed by their age.
create index idempotency_created on bus.idempotency (created_at);
