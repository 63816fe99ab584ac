//! Writes the sample notices as PDF into a folder, for a look at them while editing a template: `cargo run -p letters
//! --example sample -- <folder>`

#[path = "../tests/all/samples.rs"]
mod samples;

use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    for (name, notice) in samples::all() {
        let started = Instant::now();
        let pdf = letters::render(&notice)?;
        let (pages, bytes) = (pdf.pages, pdf.bytes.len());
        println!("{name}: {pages} pages, {bytes} bytes, {:?}", started.elapsed());
        std::fs::write(folder.join(name).with_extension("pdf"), pdf.bytes)?;
    }
    Ok(())
}
