//! Reads what names stand for in a module, and which paths it uses.
//!
//! A re-export, `pub use` or `pub(crate) use`, gives a name and uses nothing by itself. A private `use` does both. In code
//! every path counts, also one of a single name: it may be a name of a `use`.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{is_cfg_test, is_colons, is_comma, item_length, parse};

/// What stands in one module, with a file of its own or inline.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The module's path from the crate's root.
    pub(crate) module: Vec<String>,
    /// What the names of its `use` lines stand for.
    pub(crate) names: BTreeMap<String, Path>,
    /// The paths that it uses.
    pub(crate) uses: Vec<Path>,
}

/// A path in a module.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// As it is written.
    pub(crate) text: String,
    /// The module from which it leads.
    pub(crate) from: Vec<String>,
    /// The names on it.
    pub(crate) names: Vec<String>,
    /// Whether it begins with `crate`, `self` or `super`, and so cannot lead to another crate.
    pub(crate) anchored: bool,
}

/// Reads `source`, the text of `module`: its scope, and those of the modules inline in it.
pub(crate) fn read(module: &[String], source: &str) -> Vec<Scope> {
    let mut scopes = Vec::new();
    read_module(module.to_vec(), &parse(source), &mut scopes);
    scopes
}

fn read_module(module: Vec<String>, tokens: &[TokenTree], scopes: &mut Vec<Scope>) {
    let mut scope = Scope {
        module,
        names: BTreeMap::new(),
        uses: Vec::new(),
    };
    scope.read(tokens, scopes);
    scopes.push(scope);
}

impl Scope {
    fn read(&mut self, tokens: &[TokenTree], inline: &mut Vec<Self>) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at + 1..];
            at += match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_cfg_test(rest.first()) => {
                    2 + item_length(&rest[1..])
                }
                TokenTree::Ident(word) if word == "mod" => 1 + self.read_mod(rest, inline),
                TokenTree::Ident(word) if word == "use" => {
                    let length = rest.iter().position(is_semicolon).unwrap_or(0);
                    self.read_use(&rest[..length], &[], is_public(&tokens[..at]));
                    1 + length
                }
                TokenTree::Ident(_) if continues(&tokens[..at]) => 1,
                TokenTree::Ident(word) => self.read_path(&word.to_string(), rest),
                TokenTree::Group(group) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    self.read(&inner, inline);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Reads on after `mod`; gives how many tokens were read.
    fn read_mod(&self, tokens: &[TokenTree], inline: &mut Vec<Self>) -> usize {
        let [TokenTree::Ident(name), body, ..] = tokens else {
            return 0;
        };
        if let TokenTree::Group(body) = body {
            let inner: Vec<_> = body.stream().into_iter().collect();
            let module = self.module.iter().cloned().chain([name.to_string()]).collect();
            read_module(module, &inner, inline);
        }
        2
    }

    /// Reads a path that begins with `head`; gives how many tokens it has.
    fn read_path(&mut self, head: &str, rest: &[TokenTree]) -> usize {
        let mut words = vec![head.to_owned()];
        let mut at = 0;
        while is_colons(&rest[at..])
            && let Some(TokenTree::Ident(word)) = rest.get(at + 2)
        {
            words.push(word.to_string());
            at += 3;
        }
        // The name of a field or an argument, before its colon, is no path.
        let is_label = words.len() == 1 && is_punct(rest.first(), ':') && !is_colons(rest);
        if !is_label {
            self.uses.extend(self.path(&words));
        }
        1 + at
    }

    /// Reads a branch of a `use` after the words before it.
    fn read_use(&mut self, tokens: &[TokenTree], before: &[String], public: bool) {
        let mut words = before.to_vec();
        let mut rest = tokens;
        loop {
            if is_colons(rest) {
                rest = &rest[2..];
            }
            match rest {
                [TokenTree::Ident(word), after @ ..] if word != "as" => {
                    words.push(word.to_string());
                    rest = after;
                }
                [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    for branch in inner.split(is_comma) {
                        self.read_use(branch, &words, public);
                    }
                    return;
                }
                [TokenTree::Punct(star)] if star.as_char() == '*' => {
                    assert!(
                        !public,
                        "{}::*: what it re-exports is not followed",
                        words.join("::")
                    );
                    words.push("*".to_owned());
                    break;
                }
                _ => break,
            }
        }
        if words.len() > 1 && words.last().is_some_and(|word| word == "self") {
            words.pop();
        }
        let Some(path) = self.path(&words) else {
            return;
        };
        let name = match rest {
            [TokenTree::Ident(_), TokenTree::Ident(alias)] => Some(alias.to_string()),
            _ => words.pop(),
        };
        self.names.extend(name.map(|name| (name, path.clone())));
        if !public {
            self.uses.push(path);
        }
    }

    fn path(&self, words: &[String]) -> Option<Path> {
        let supers = words.iter().take_while(|word| *word == "super").count();
        let (from, names) = match &**words.first()? {
            "crate" => (&[][..], &words[1..]),
            "self" => (&*self.module, &words[1..]),
            "super" => {
                let kept = self.module.len().checked_sub(supers)?;
                (&self.module[..kept], &words[supers..])
            }
            _ => (&*self.module, words),
        };
        (!names.is_empty()).then(|| Path {
            text: words.join("::"),
            from: from.to_vec(),
            names: names.to_vec(),
            anchored: names.len() < words.len(),
        })
    }
}

/// Whether what follows these tokens is a field, a method, a lifetime, the name of a function or the rest of a path.
fn continues(before: &[TokenTree]) -> bool {
    match before {
        // A range, not a field.
        [.., dot, last] if is_punct(Some(dot), '.') && is_punct(Some(last), '.') => false,
        [.., first, last] if is_punct(Some(first), ':') && is_punct(Some(last), ':') => true,
        [.., TokenTree::Ident(last)] => last == "fn",
        [.., last] => is_punct(Some(last), '.') || is_punct(Some(last), '\''),
        [] => false,
    }
}

fn is_public(before: &[TokenTree]) -> bool {
    let is_pub = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    match before {
        [.., word, TokenTree::Group(_)] if is_pub(word) => true,
        [.., word] => is_pub(word),
        [] => false,
    }
}

fn is_semicolon(token: &TokenTree) -> bool {
    is_punct(Some(token), ';')
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}
