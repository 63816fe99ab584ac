//! Plain functions over `&mut PgConnection`.

pub mod contacts;
pub mod deliveries;
pub mod shown;
