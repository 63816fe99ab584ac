-- Operators' accounts count files by their state, each minute.
create index files_state on files (state);
