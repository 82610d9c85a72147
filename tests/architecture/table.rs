//! The table of modules, as the page has it.

use std::collections::BTreeSet;

/// One row: a module and what it may use.
#[derive(Debug)]
pub(crate) struct Row {
    /// The path of the module, such as `codec`, `jsv`.
    pub(crate) module: Vec<String>,
    /// The top-level modules that it may use.
    pub(crate) may_use: BTreeSet<String>,
}

/// Reads the rows of the first table under the heading "Modules".
pub(crate) fn parse(page: &str) -> Vec<Row> {
    let rows: Vec<Row> = page
        .lines()
        .skip_while(|line| *line != "## Modules")
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(row)
        .collect();
    assert!(!rows.is_empty(), "the page has no table of modules");
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let &[module, _, may_use] = &*cells else {
        panic!("not three cells: {line}");
    };
    let code = |text: &str| {
        let name = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        name.unwrap_or_else(|| panic!("not a name: {text} in {line}"))
            .to_owned()
    };
    Row {
        module: code(module).split("::").map(str::to_owned).collect(),
        may_use: match may_use {
            "nothing" => BTreeSet::new(),
            names => names.split(", ").map(code).collect(),
        },
    }
}
