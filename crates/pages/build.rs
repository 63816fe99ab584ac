//! Fetches KERN through npm and generates the table of embedded files: name (with a hash of the content, so that
//! browsers can cache it for ever), media type and bytes.

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The font weights that KERN's style sheet uses, with KERN's names for the files.
const FONTS: [(u16, &str); 3] = [(400, "Regular"), (500, "Medium"), (600, "SemiBold")];

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["package.json", "package-lock.json", "bescheid.css", "bescheid.js"] {
        println!("cargo::rerun-if-changed=assets/{input}");
    }
    let assets = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("assets");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let kern = fetch(&assets, &out.join("npm"))?;

    let mut list = List { out: &out, constants: String::new(), files: String::new() };
    let mut style = String::new();
    for (weight, name) in FONTS {
        let font = fs::read(kern.join(format!("dist/fonts/fira-sans/FiraSans-{name}.woff2")))?;
        let file = list.add(None, &format!("fira-sans-{weight}"), "woff2", &font)?;
        writeln!(
            style,
            "@font-face{{font-family:'Fira Sans';font-weight:{weight};font-display:swap;\
             src:url('{file}') format('woff2')}}"
        )?;
    }
    style += &fs::read_to_string(assets.join("bescheid.css"))?;
    list.add(Some("KERN_CSS"), "kern", "css", &fs::read(kern.join("dist/kern.min.css"))?)?;
    list.add(Some("BESCHEID_CSS"), "bescheid", "css", style.as_bytes())?;
    list.add(Some("BESCHEID_JS"), "bescheid", "js", &fs::read(assets.join("bescheid.js"))?)?;
    let List { constants, files, .. } = list;
    fs::write(
        out.join("assets.rs"),
        format!("{constants}\npub(crate) static FILES: &[Asset] = &[\n{files}];\n"),
    )?;
    Ok(())
}

/// Runs `npm ci` in the build's output folder, once for each version of the lock file. Returns KERN's folder.
fn fetch(assets: &Path, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let lock = fs::read(assets.join("package-lock.json"))?;
    let kern = folder.join("node_modules/@kern-ux/native");
    let done = folder.join("done");
    if fs::read(&done).is_ok_and(|fetched| fetched == lock) && kern.exists() {
        return Ok(kern);
    }
    fs::create_dir_all(folder)?;
    fs::copy(assets.join("package.json"), folder.join("package.json"))?;
    fs::write(folder.join("package-lock.json"), &lock)?;
    let run = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("npm is needed to fetch the KERN design system, and cannot be run ({error}): install Node.js 20 or newer"))?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        return Err(format!("npm ci could not fetch the KERN design system (no network?):\n{said}").into());
    }
    fs::write(done, lock)?;
    Ok(kern)
}

struct List<'a> {
    out: &'a Path,
    constants: String,
    files: String,
}

impl List<'_> {
    fn add(
        &mut self,
        constant: Option<&str>,
        name: &str,
        kind: &str,
        bytes: &[u8],
    ) -> Result<String, Box<dyn Error>> {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let file = format!("{name}-{:016x}.{kind}", hasher.finish());
        let stored = self.out.join(format!("{name}.{kind}"));
        fs::write(&stored, bytes)?;
        let mime = match kind {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "font/woff2",
        };
        writeln!(
            self.files,
            "    Asset {{ name: {file:?}, mime: {mime:?}, bytes: include_bytes!({stored:?}) }},"
        )?;
        if let Some(constant) = constant {
            writeln!(self.constants, "pub(crate) const {constant}: &str = {file:?};")?;
        }
        Ok(file)
    }
}
