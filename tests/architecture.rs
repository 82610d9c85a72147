//! Holds `src/` to the table of modules in `docs/architecture.md`: who may use whom.
//!
//! ```text
//!   docs/architecture.md ──table──▶ rules ─┐
//!   src/lib.rs, mod by mod ──paths──▶ uses ┴─▶ violations
//! ```
//!
//! [`circles`] does the same inside the modules, file by file, where one rule is enough: no files use each other.
//! [`sizes`] limits the length of files and functions.

#![allow(
    clippy::panic,
    reason = "a failed check outside of a test function is still a failed test"
)]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/scope.rs"]
mod scope;
#[path = "architecture/sizes.rs"]
mod sizes;
#[path = "architecture/table.rs"]
mod table;
#[path = "architecture/tokens.rs"]
mod tokens;
#[path = "architecture/uses.rs"]
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use self::paths::{Module, Use};
use self::table::Row;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("the page is there");
    table::parse(&page)
}

fn modules() -> Vec<Module> {
    paths::walk(&root().join("src"))
}

/// The breaches of `row`: uses that lead out of its module to what the module may not use.
fn breaches<'a>(row: &'a Row, uses: &'a [Use]) -> impl Iterator<Item = &'a Use> {
    uses.iter().filter(|used| {
        let inside = used.by.starts_with(&row.module);
        let leads_out = !used.target.starts_with(&row.module);
        let allowed = used.target.first().is_none_or(|head| row.may_use.contains(head));
        inside && leads_out && !allowed
    })
}

fn report(rows: &[Row], modules: &[Module]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        for module in modules {
            lines.extend(breaches(row, &module.uses).map(|used| {
                format!(
                    "{}: {} may not use {}",
                    module.file.display(),
                    row.module.join("::"),
                    used.target.join("::")
                )
            }));
        }
    }
    lines
}

#[test]
fn every_path_is_one_that_the_table_allows() {
    let breaches = report(&rows(), &modules());
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let modules = modules();
    let in_code: BTreeSet<&[String]> = modules.iter().map(|module| &*module.path).collect();
    let rows = rows();
    let in_table: BTreeSet<&[String]> = rows.iter().map(|row| &*row.module).collect();
    assert_eq!(in_table.len(), rows.len(), "a module has two rows");
    for path in in_code.iter().filter(|path| path.len() == 1) {
        assert!(in_table.contains(path), "{} has no row", path.join("::"));
    }
    for path in &in_table {
        assert!(in_code.contains(path), "there is no module {}", path.join("::"));
    }
    for row in &rows {
        for name in &row.may_use {
            let known = in_code.contains(std::slice::from_ref(name));
            assert!(
                known,
                "{} may use {name}, which is not there",
                row.module.join("::")
            );
        }
    }
}

#[test]
fn the_table_has_no_cycle() {
    let rows = rows();
    let mut left: BTreeMap<&str, BTreeSet<&str>> = rows
        .iter()
        .filter(|row| row.module.len() == 1)
        .map(|row| (&*row.module[0], row.may_use.iter().map(|name| &**name).collect()))
        .collect();
    // Takes away the modules that use none of those left, until none can be taken.
    loop {
        let leaves: Vec<&str> = left
            .iter()
            .filter(|(_, uses)| uses.iter().all(|name| !left.contains_key(name)))
            .map(|(module, _)| *module)
            .collect();
        if leaves.is_empty() {
            break;
        }
        left.retain(|module, _| !leaves.contains(module));
    }
    assert!(left.is_empty(), "these use each other: {:?}", left.keys());
}

#[test]
fn every_file_of_src_is_part_of_the_library() {
    let walked: BTreeSet<PathBuf> = modules().into_iter().map(|module| module.file).collect();
    for file in source_files(&root().join("src")) {
        // Test files are left out of the walk by their `#[cfg(test)]`.
        let in_tests = file.components().any(|part| part.as_os_str() == "tests")
            || file
                .file_name()
                .is_some_and(|name| name == "tests.rs" || name == "main.rs");
        assert!(
            in_tests || walked.contains(&file),
            "{} was not read",
            file.display()
        );
    }
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

// The tests of the test: each way to break the rule is found, and nothing else is.

fn breach_of(table: &str, module: &str, source: &str) -> Vec<String> {
    let rows = table::parse(&format!(
        "## Modules\n\n| module | for | may use |\n| --- | --- | --- |\n{table}"
    ));
    let path: Vec<String> = module.split("::").map(str::to_owned).collect();
    let uses = paths::uses(&path, source);
    rows.iter()
        .flat_map(|row| breaches(row, &uses))
        .map(|used| used.target.join("::"))
        .collect()
}

#[test]
fn a_path_in_any_place_is_seen() {
    let table = "| `wire` | types | `codec` |\n";
    for (source, found) in [
        ("use crate::upstream::Client;", "upstream::Client"),
        ("use crate::{codec, upstream::Client};", "upstream::Client"),
        ("use crate::{codec::{csv, jsv}, upstream};", "upstream"),
        ("fn f() { let _ = crate::upstream::new(); }", "upstream::new"),
        (
            "fn f() { println!(\"{}\", crate::upstream::NAME); }",
            "upstream::NAME",
        ),
        ("mod inner { use super::super::upstream; }", "upstream"),
        ("use super::upstream::Kind;", "upstream::Kind"),
        ("#[derive(crate::upstream::Derive)] struct S;", "upstream::Derive"),
        (
            "macro_rules! m { () => { $crate::upstream::f() } }",
            "upstream::f",
        ),
        ("#[cfg(test)] mod tests; use crate::upstream;", "upstream"),
    ] {
        assert_eq!(breach_of(table, "wire", source), [found], "{source}");
    }
}

#[test]
fn what_is_no_breach_is_not_reported() {
    let table = "| `wire` | types | `codec` |\n";
    for source in [
        "use crate::codec::csv;",
        "use crate::wire::Answer; use super::wire::time; use self::time::Time;",
        "//! See [`crate::upstream`].\nconst A: &str = \"crate::upstream\"; // crate::upstream",
        "#[cfg(test)] mod tests { use crate::upstream::Client; }",
        "#[cfg(test)] use crate::{upstream, sandbox};",
        "mod inner { use super::Answer; }",
        "pub(crate) fn f() {}",
    ] {
        assert_eq!(breach_of(table, "wire", source), [""; 0], "{source}");
    }
}

#[test]
fn a_row_of_a_submodule_binds_it_alone() {
    let table = "| `codec` | bytes | nothing |\n| `codec::jsv` | JSV | nothing |\n";
    assert_eq!(
        breach_of(table, "codec::jsv::de", "use crate::codec::csv;"),
        ["codec::csv"]
    );
    assert_eq!(
        breach_of(table, "codec::jsv::de", "use super::super::csv;"),
        ["codec::csv"]
    );
    assert_eq!(
        breach_of(table, "codec::jsv::de", "use super::error::Error;"),
        [""; 0]
    );
    assert_eq!(
        breach_of(table, "codec::csv::de", "use crate::codec::jsv;"),
        [""; 0]
    );
}
