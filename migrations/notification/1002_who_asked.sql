-- Who asked to send an undeliverable email again, and when. Append-only.
create table asked_again (
    delivery_id bigint not null references deliveries (id),
    asked_at timestamptz not null,
    person text not null,
    name text not null
);
create index asked_again_delivery on asked_again (delivery_id, asked_at);

-- Operators' accounts count by this state, each minute.
create index contacts_withdrawn on contacts ((withdrawn_at is null));
