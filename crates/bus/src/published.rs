//! What the relay has published since the last audit.

use std::collections::HashSet;

use uuid::Uuid;

/// More published keys than this are not remembered one by one; the next audit is a whole one.
const REMEMBERED: usize = 100_000;

/// Keys that the relay has published facts of.
#[derive(Default)]
pub(crate) struct Published {
    pub keys: HashSet<Uuid>,
    pub too_many: bool,
}

impl Published {
    pub(crate) fn note(&mut self, keys: Vec<Uuid>) {
        if self.keys.len() + keys.len() > REMEMBERED {
            self.keys.clear();
            self.too_many = true;
        }
        if !self.too_many {
            self.keys.extend(keys);
        }
    }
}
