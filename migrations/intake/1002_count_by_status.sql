-- Operators' accounts count applications by their status, each minute.
create index applications_status on applications (status);
