-- Cases are counted where the numbers are shown, by this index: a row that counts would be locked by everybody who moves
-- a case, and two who lock such a row and a case in another order would wait for each other for ever.
create index cases_counted on cases (call, stage);

-- Replicas of the release before keep `counts` until they are gone; it no longer adds up meanwhile, and must not stop
-- them. A later release drops the table.
alter table counts drop constraint counts_cases_check;
