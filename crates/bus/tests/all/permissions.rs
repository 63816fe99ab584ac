//! The permissions of the NATS users in the repository are up to date.

use std::fs;

#[test]
fn the_generated_file_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/nats/permissions.conf");
    if std::env::var_os("BESCHEID_UPDATE").is_some() {
        fs::write(path, bus::nats_permissions()).expect("written");
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(kept == bus::nats_permissions(), "{path} is stale: run this test with BESCHEID_UPDATE=1");
}
