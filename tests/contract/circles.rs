//! No two files of a crate import each other, directly or through other files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::root;

/// The path of a module in its crate; empty for the crate's root.
type Module = Vec<String>;

/// The code of a file without comments, string literals and tests.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut code = String::with_capacity(before_tests.len());
    for line in before_tests.lines() {
        let line = line.replace("\\\"", "");
        // Every second part is a string literal. The rest of one on the next line seems code, but names no module.
        let parts: Vec<&str> = line.split('"').step_by(2).collect();
        let line = parts.join("\"\"");
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// The paths of one `use`, with its braces expanded.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.chars().filter(|c| !c.is_whitespace()).collect()];
    };
    let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expand(part)).map(|path| format!("{}{path}", before.trim())).collect()
}

/// Each `use` of a file (whether it is a re-export, and its paths), and the code without them.
fn uses(code: &str) -> (Vec<(bool, Vec<String>)>, String) {
    let (mut uses, mut rest) = (Vec::new(), String::with_capacity(code.len()));
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let (before, tree) = line.split_once("use ").unwrap_or((line, ""));
        let public = before.trim().starts_with("pub");
        if tree.is_empty() || !(public || before.trim().is_empty()) {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let mut tree = tree.to_owned();
        while !tree.contains(';')
            && let Some(line) = lines.next()
        {
            tree.push_str(line);
        }
        uses.push((public, expand(tree.trim_end().trim_end_matches(';'))));
    }
    (uses, rest)
}

/// The paths with at least two segments in code without `use`.
fn paths(code: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c: char| !is_path(c)).map(|word| word.trim_matches(':'));
    words.filter(|word| word.contains("::")).map(str::to_owned).collect()
}

struct Crate {
    code: BTreeMap<Module, String>,
    /// The names that each file re-exports, with their paths.
    passed_on: BTreeMap<Module, BTreeMap<String, String>>,
}

impl Crate {
    fn read(source: &Path) -> Self {
        let mut code = BTreeMap::new();
        let mut folders = vec![source.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") && name != "main" && name != "tests"
                {
                    let inside = folder.strip_prefix(source).expect("below the crate");
                    let mut module: Module =
                        inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                    if !["lib", "mod"].contains(&name.as_str()) {
                        module.push(name);
                    }
                    code.insert(module, self::code(&fs::read_to_string(&path).expect("text")));
                }
            }
        }
        let names = |code: &String| {
            let passed = uses(code).0.into_iter().filter(|(public, _)| *public).flat_map(|(_, paths)| paths);
            passed.map(|path| (path.rsplit("::").next().unwrap_or_default().to_owned(), path)).collect()
        };
        let passed_on = code.iter().map(|(module, code)| (module.clone(), names(code))).collect();
        Self { code, passed_on }
    }

    /// The file in which `path`, as written in `from`, is defined.
    fn target(&self, from: &Module, path: &str, depth: usize) -> Option<Module> {
        let mut parts = path.split("::").peekable();
        let mut at = match *parts.peek()? {
            "crate" => {
                parts.next();
                Module::new()
            }
            "super" | "self" => {
                let mut at = from.clone();
                while let Some(part) = parts.next_if(|part| ["super", "self"].contains(part)) {
                    if part == "super" {
                        at.pop();
                    }
                }
                at
            }
            child => {
                let mut below = from.clone();
                below.push(child.to_owned());
                self.code.contains_key(&below).then(|| from.clone())?
            }
        };
        let mut rest = None;
        for part in parts {
            let mut below = at.clone();
            below.push(part.to_owned());
            if self.code.contains_key(&below) {
                at = below;
            } else {
                rest = Some(part);
                break;
            }
        }
        // A re-exported name is defined in another file.
        if let Some(path) = rest.and_then(|name| self.passed_on.get(&at)?.get(name))
            && depth < 8
        {
            return self.target(&at, path, depth + 1).or(Some(at));
        }
        self.code.contains_key(&at).then_some(at)
    }

    fn imports(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let of = |(module, code): (&Module, &String)| {
            let (uses, rest) = uses(code);
            let used = uses.into_iter().filter(|(public, _)| !public).flat_map(|(_, paths)| paths);
            let used = used.chain(paths(&rest)).filter_map(|path| self.target(module, &path, 0));
            used.filter(|other| other != module).collect()
        };
        self.code.iter().map(|entry| (entry.0, of(entry))).collect()
    }

    /// The files in import cycles, each with its imports that lead back to it.
    fn circles(&self) -> Vec<String> {
        let imports = self.imports();
        let reached = |from: &Module| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(module) = next.pop() {
                for other in &imports[&module] {
                    if seen.insert(other.clone()) {
                        next.push(other.clone());
                    }
                }
            }
            seen
        };
        let all: BTreeMap<&Module, BTreeSet<Module>> =
            self.code.keys().map(|module| (module, reached(module))).collect();
        let back = |module: &&Module| all[*module].contains(*module);
        self.code
            .keys()
            .filter(back)
            .map(|module| {
                let through = imports[module].iter().filter(|other| all[other].contains(module));
                let names: Vec<String> = through.map(|other| other.join("/")).collect();
                format!("{} ⇄ {}", module.join("/"), names.join(", "))
            })
            .collect()
    }
}

#[test]
fn no_two_files_of_a_crate_import_each_other() {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("crates")).expect("crates") {
        let source = entry.expect("an entry").path().join("src");
        if source.is_dir() {
            let circles = Crate::read(&source).circles();
            found.extend(circles.iter().map(|circle| format!("{}: {circle}", source.display())));
        }
    }
    assert!(found.is_empty(), "move what both need into a third file:\n{}", found.join("\n"));
}

#[test]
fn circles_are_found_however_they_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let circles = |wanted: &[&str]| {
        let found = Crate::read(folder.path()).circles();
        assert!(wanted.iter().all(|one| found.iter().any(|line| line.starts_with(one))), "{found:?}");
        assert_eq!(found.len(), wanted.len(), "{found:?}");
    };
    // A parent that only declares modules and re-exports names imports nothing.
    write("lib.rs", "mod a;\nmod b;\npub use a::A;\nmod c;\n");
    write(
        "a.rs",
        "//! See [`crate::b::B`].\nuse std::fs;\npub struct A;\n#[cfg(test)]\nmod tests {\n use crate::b::B;\n}\n",
    );
    write("b.rs", "use crate::A;\npub struct B(\"crate::c\");\n");
    write("c/mod.rs", "pub(crate) mod d;\npub struct C;\n");
    write("c/d.rs", "use super::C;\n");
    circles(&[]);
    // Cycles by a re-exported name, by paths outside `use`, and between parent and child.
    write("a.rs", "pub struct A;\nfn f() {\n    crate::{b}::new();\n    crate::b::new();\n}\n");
    circles(&["a", "b"]);
    write("a.rs", "pub struct A;\n");
    write("c/mod.rs", "pub(crate) mod d;\npub struct C;\nfn f() {\n    d::f();\n}\n");
    circles(&["c", "c/d"]);
    write("c/mod.rs", "pub(crate) mod d;\n");
    write("a.rs", "use crate::{\n    c::{self, d::D},\n};\n");
    write("c/d.rs", "use super::super::b;\n");
    circles(&["a", "b", "c/d"]);
}
