use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use events::{Call, CallId};

/// Most versions that are kept; with more, all are forgotten.
const MOST: usize = 256;

/// The rules of calls, in memory: a version of them never changes once it is published.
#[derive(Debug, Default)]
pub struct KnownRules(Mutex<HashMap<(CallId, u32), Arc<Call>>>);

impl KnownRules {
    pub fn get(&self, call: CallId, version: u32) -> Option<Arc<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(call, version)).cloned()
    }

    /// Keeps these rules, and returns them.
    pub fn keep(&self, rules: Call) -> Arc<Call> {
        let rules = Arc::new(rules);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert((rules.id(), rules.version), rules.clone());
        rules
    }
}
