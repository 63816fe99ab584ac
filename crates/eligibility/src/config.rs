//! This service's settings and nobody else's; unknown keys are refused.

host::settings! { crate::store::MIGRATIONS; }
