use std::collections::HashSet;

use uuid::Uuid;

/// With more keys than this the set is dropped, and the next audit is a full one.
const MAX_KEYS: usize = 100_000;

/// Keys of the facts that the relay has published since the last audit.
#[derive(Default)]
pub(crate) struct Published {
    pub keys: HashSet<Uuid>,
    pub too_many: bool,
}

impl Published {
    pub(crate) fn note(&mut self, keys: Vec<Uuid>) {
        if self.keys.len() + keys.len() > MAX_KEYS {
            self.keys.clear();
            self.too_many = true;
        }
        if !self.too_many {
            self.keys.extend(keys);
        }
    }
}
