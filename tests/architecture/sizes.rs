//! Files and functions of `src/` are short enough to be read at once. Tests do not count: they are lists.

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{is_cfg_test, item_length, parse};
use super::{modules, root};

const MAX_FILE: usize = 400;
const MAX_FUNCTION: usize = 60;

/// A function with a body, and its lines from `fn` to the closing brace.
struct Function {
    name: String,
    lines: usize,
}

fn functions(source: &str) -> Vec<Function> {
    let mut found = Vec::new();
    find_functions(&parse(source), &mut found);
    found
}

fn find_functions(tokens: &[TokenTree], found: &mut Vec<Function>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' && is_cfg_test(tokens.get(at + 1)) => {
                at += 2 + item_length(&tokens[at + 2..]);
                continue;
            }
            TokenTree::Ident(word) if word == "fn" => found.extend(function(&tokens[at..])),
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                find_functions(&inner, found);
            }
            _ => {}
        }
        at += 1;
    }
}

/// The function that begins with the `fn` of these tokens, if it has a body.
fn function(tokens: &[TokenTree]) -> Option<Function> {
    let TokenTree::Ident(name) = tokens.get(1)? else {
        return None;
    };
    let body = match &tokens[item_length(tokens) - 1] {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => group,
        _ => return None,
    };
    let (first, last) = (tokens[0].span().start().line, body.span_close().end().line);
    Some(Function {
        name: name.to_string(),
        lines: last - first + 1,
    })
}

#[test]
fn no_file_and_no_function_is_too_long() {
    let src = root().join("src");
    let mut report = Vec::new();
    for module in modules() {
        let text = std::fs::read_to_string(&module.file).expect("it was read before");
        let file = module
            .file
            .strip_prefix(&src)
            .expect("a file of src")
            .display()
            .to_string();
        let lines = text.lines().count();
        let functions = functions(&text)
            .into_iter()
            .filter(|function| function.lines > MAX_FUNCTION);
        let long = functions.map(|function| (format!("{file}: {}", function.name), function.lines));
        let long_file = (lines > MAX_FILE).then(|| (file.clone(), lines));
        for (what, lines) in long.chain(long_file) {
            report.push(format!("{what} has {lines} lines"));
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

// The tests of the test.

#[test]
fn a_function_is_as_long_as_its_lines() {
    let source = "\
impl A {
    /// A comment.
    pub fn short(&self) -> [u8; 2] { [0; 2] }
    async fn long(
        self,
    ) -> u8
    where
        Self: Sized,
    {
        fn inner() {
        }
        \"}\".len()
    }
    fn none(&self);
}
#[cfg(test)]
fn test() {}
type Pointer = fn(u8) -> u8;
";
    let found = functions(source);
    let found: Vec<_> = found
        .iter()
        .map(|function| (&*function.name, function.lines))
        .collect();
    assert_eq!(found, [("short", 1), ("long", 10), ("inner", 2)]);
}
