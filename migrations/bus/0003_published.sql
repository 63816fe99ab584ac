-- Where this service has last published in the stream, and what: there is something else where the broker's store
-- went back and was filled again before anybody looked.
alter table bus.broker
    add column published_sequence bigint,
    add column published_id uuid;
