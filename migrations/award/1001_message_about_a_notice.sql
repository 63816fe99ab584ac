-- The offer of a notice counts from the day on which the message about it was sent (§ 41 (2a) VwVfG), and does
-- not run while the message has come back. offered_on is the day of the issue; it alone starts nothing.
alter table notices
    add column message_sent_at timestamptz,
    add column message_bounced_at timestamptz,
    add constraint message_sent_or_bounced check (message_sent_at is null or message_bounced_at is null);

-- For notices from before, the offer goes on counting as their recipients were told: from the issue.
update notices set message_sent_at = issued_at;

-- Those of which nobody knows yet that they arrived: few at any time.
create index notices_under_way on notices (application)
    where retrieved_on is null and posted_on is null and arrived_on is null and waived_on is null;
