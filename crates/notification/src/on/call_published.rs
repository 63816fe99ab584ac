//! A call was published: stores the contact for questions, which emails name.

use bus::{Failure, Tx};
use events::{CallPublished, Event};
use pages::parse::line;

use crate::AppState;
use crate::store::contacts;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<CallPublished>) -> Result<(), Failure> {
    let call = &event.data.call;
    let authority = &call.letters.authority;
    let parts = [&authority.name, &authority.contact].map(|part| line(part));
    let named: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if !named.is_empty() {
        contacts::save_authority(tx, call.id(), &named.join(", ")).await?;
    }
    Ok(())
}
