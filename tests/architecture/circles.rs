//! No file of `src/` uses itself by way of others.
//!
//! Files that use each other can only be read, tested or moved together, as if they were one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::uses::{Source, Uses, between_files};
use super::{modules, root};

/// Files each of which leads to all the others.
type Circle = BTreeSet<String>;

/// The circles of `uses`.
fn circles(uses: &Uses) -> BTreeSet<Circle> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (file, used) in uses.keys() {
        next.entry(file).or_default().push(used);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = next
        .keys()
        .map(|file| (*file, reached_from(file, &next)))
        .collect();
    let circle_of = |file: &&str| -> Circle {
        let there = &reached[file];
        let back = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(file));
        there.iter().filter(back).map(ToString::to_string).collect()
    };
    reached
        .keys()
        .map(circle_of)
        .filter(|circle| !circle.is_empty())
        .collect()
}

fn reached_from<'a>(file: &str, next: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&str> = next[file].clone();
    while let Some(file) = left.pop() {
        if reached.insert(file) {
            left.extend(next.get(file).into_iter().flatten());
        }
    }
    reached
}

/// The circle, with a path for each step in it.
fn describe(circle: &Circle, uses: &Uses) -> String {
    let mut text = String::from("these files use each other:\n");
    for ((file, used), path) in uses {
        if circle.contains(file) && circle.contains(used) {
            writeln!(text, "  {file} uses {used}: {path}").expect("a string takes everything");
        }
    }
    text
}

#[test]
fn no_files_use_each_other() {
    let src = root().join("src");
    let modules = modules();
    let texts: Vec<_> = modules
        .iter()
        .map(|module| {
            let file = module.file.strip_prefix(&src).expect("a file of src");
            let text = std::fs::read_to_string(&module.file).expect("it was read before");
            (file.to_string_lossy().into_owned(), text)
        })
        .collect();
    let sources: Vec<Source<'_>> = modules
        .iter()
        .zip(&texts)
        .map(|(module, (file, text))| (module.path.clone(), &**file, &**text))
        .collect();
    let uses = between_files(&sources);
    let report: String = circles(&uses)
        .iter()
        .map(|circle| describe(circle, &uses))
        .collect();
    assert!(report.is_empty(), "{report}");
}

// The tests of the test.

/// The circles of a crate with the modules `a`, `a::b` and `a::c`, beside other modules.
fn found(a: &str, b: &str, c: &str) -> Vec<String> {
    let path = |path: &[&str]| path.iter().map(ToString::to_string).collect();
    let sources = [
        (path(&[]), "lib.rs", "mod a; mod other;"),
        (path(&["other"]), "other.rs", "pub struct Other;"),
        (path(&["a"]), "a.rs", a),
        (path(&["a", "b"]), "b.rs", b),
        (path(&["a", "c"]), "c.rs", c),
    ];
    let circles = circles(&between_files(&sources));
    circles
        .iter()
        .map(|circle| circle.iter().cloned().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn a_circle_of_siblings_is_seen() {
    for (b, c) in [
        ("use super::c::C;", "use super::b::B;"),
        ("use crate::a::c::C;", "fn f() { super::b::f() }"),
        ("use super::{c::{C, D}};", "use crate::{a::{self, b::B}, other};"),
        (
            "use super::c; fn f() { c::f() }",
            "use super::b as d; fn f() -> d::B {}",
        ),
        (
            "use super::c::*;",
            "fn f() { println!(\"{}\", crate::a::b::NAME) }",
        ),
        ("mod inner { use super::super::c::C; }", "use super::b::inner::D;"),
        (
            "use super::c::C as _;",
            "fn f() { let range = 0..super::b::LEN; }",
        ),
    ] {
        assert_eq!(found("mod b; mod c;", b, c), ["b.rs c.rs"], "{b} {c}");
    }
}

#[test]
fn a_circle_of_parent_and_child_is_seen() {
    for (a, b) in [
        ("mod b; use self::b::B; pub struct A;", "use super::A;"),
        (
            "mod b; pub struct A; fn f() { b::f() }",
            "fn f(a: crate::a::A) {}",
        ),
        ("mod b; use b::B; pub struct A;", "use super::*;"),
        // A re-export that is used as well.
        ("mod b; pub use self::b::B; pub struct A(B);", "use super::A;"),
    ] {
        assert_eq!(found(a, b, ""), ["a.rs b.rs"], "{a} {b}");
    }
}

#[test]
fn a_circle_by_way_of_a_re_export_is_seen() {
    for a in [
        "mod b; mod c; pub use self::b::B; pub(crate) use c::C;",
        "mod b; mod c; pub use self::{b::B, c::D as C};",
    ] {
        for (b, c) in [
            ("use super::C;", "use crate::a::B;"),
            ("use super::{C, other};", "fn f() -> super::B {}"),
            ("use crate::a; fn f() { a::C::new() }", "use super::{B};"),
        ] {
            assert_eq!(found(a, b, c), ["b.rs c.rs"], "{a} {b} {c}");
        }
    }
    // A module and a function of one name.
    let a = "mod b; mod c; pub use self::b::b;";
    assert_eq!(found(a, "use super::c::C;", "use super::b;"), ["b.rs c.rs"]);
}

#[test]
fn a_longer_circle_is_one() {
    let a = "mod b; mod c; use self::b::B; pub struct A;";
    assert_eq!(found(a, "use super::c::C;", "use super::A;"), ["a.rs b.rs c.rs"]);
}

#[test]
fn what_is_no_circle_is_not_reported() {
    for (a, b, c) in [
        // A parent that only re-exports its children may be used by them.
        (
            "mod b; mod c; pub use self::b::B; pub trait A {}",
            "use super::A;",
            "use super::A;",
        ),
        (
            "pub mod b; pub mod c; pub trait A {}",
            "impl super::A for B {}",
            "use crate::a::A;",
        ),
        (
            "mod b; pub use self::b::B; pub trait A {}",
            "use super::A;",
            "use super::B;",
        ),
        // One way only.
        (
            "mod b; use self::b::B;",
            "use super::c::C; use std::fmt;",
            "use crate::other::Other;",
        ),
        (
            "use self::b::B; use self::c::C;",
            "use super::c::{self, C}; use self::c::D;",
            "",
        ),
        // Tests, comments and texts are no uses.
        (
            "mod b; use self::b::B;",
            "#[cfg(test)] mod tests { use super::super::A; }",
            "",
        ),
        (
            "mod b; use self::b::B;",
            "//! See [`super::A`].\nconst A: &str = \"super::A\";",
            "",
        ),
        // Modules are not used by being named, and names of fields and methods are not paths.
        (
            "mod b; use self::b::B;",
            "use super::c; pub(in super::super) struct C;",
            "",
        ),
        (
            "mod b; pub use self::b::b; fn f(b: u8) { self.b(S { b: 1 }) }",
            "use super::f;",
            "",
        ),
        // Another crate's names.
        (
            "mod b; use serde::de; pub use self::b::B;",
            "use super::de;",
            "use super::B;",
        ),
    ] {
        assert_eq!(found(a, b, c), [""; 0], "{a} | {b} | {c}");
    }
}
