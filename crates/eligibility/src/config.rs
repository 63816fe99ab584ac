host::settings! { crate::store::MIGRATIONS; }
