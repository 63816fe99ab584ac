-- A statement writes an email and its delivery together, and neither is ever deleted: to look the delivery up and to lock
-- it once more, for each email, shows nothing.
alter table contents drop constraint contents_delivery_id_fkey;
