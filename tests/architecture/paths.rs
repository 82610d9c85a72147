//! Finds the paths of a crate that lead out of a module.
//!
//! A file is read as tokens, so that comments and strings are not taken for code, and macros are read like other code.
//! Modules are followed from `lib.rs` by their `mod` lines. What is under `#[cfg(test)]` is passed over.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{count_supers, is_cfg_test, is_colons, is_comma, item_length, parse};

/// A module with a file of its own.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its path, such as `upstream`, `client`; empty for the crate's root.
    pub(crate) path: Vec<String>,
    /// Its file.
    pub(crate) file: PathBuf,
    /// The paths in it.
    pub(crate) uses: Vec<Use>,
}

/// A path that begins with `crate::` or `super::`.
#[derive(Debug)]
pub(crate) struct Use {
    /// The module in which it stands.
    pub(crate) by: Vec<String>,
    /// What it leads to, from the crate's root.
    pub(crate) target: Vec<String>,
}

/// Reads every module of the library in `src`.
pub(crate) fn walk(src: &Path) -> Vec<Module> {
    let mut modules = Vec::new();
    read(src.join("lib.rs"), src, &[], &mut modules);
    modules
}

fn read(file: PathBuf, folder: &Path, path: &[String], modules: &mut Vec<Module>) {
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut reader = Reader::default();
    reader.read(&parse(&text), path);
    modules.push(Module {
        path: path.to_vec(),
        file,
        uses: reader.uses,
    });
    for child in reader.children {
        let name = child.join("/");
        let folder_of_child = folder.join(&name);
        let path = [path, &child].concat();
        read(
            folder.join(format!("{name}.rs")),
            &folder_of_child,
            &path,
            modules,
        );
    }
}

/// The paths in `source`, the text of `module`.
pub(crate) fn uses(module: &[String], source: &str) -> Vec<Use> {
    let mut reader = Reader::default();
    reader.read(&parse(source), module);
    reader.uses
}

#[derive(Default)]
struct Reader {
    uses: Vec<Use>,
    /// The modules that have files of their own, from the module that is read.
    children: Vec<Vec<String>>,
    /// The inline modules around the place.
    inline: Vec<String>,
}

impl Reader {
    fn read(&mut self, tokens: &[TokenTree], module: &[String]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_cfg_test(tokens.get(at + 1)) => {
                    2 + item_length(&tokens[at + 2..])
                }
                TokenTree::Ident(word) if word == "mod" => 1 + self.module(&tokens[at + 1..], module),
                TokenTree::Ident(word) if word == "crate" => 1 + self.path(&tokens[at + 1..], module, &[]),
                TokenTree::Ident(word) if word == "super" => {
                    let (ups, length) = count_supers(&tokens[at..]);
                    let kept = module.len().saturating_sub(ups);
                    length + self.path(&tokens[at + length..], module, &module[..kept])
                }
                TokenTree::Group(group) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    self.read(&inner, module);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Reads on after `mod`; gives how many tokens were read.
    fn module(&mut self, tokens: &[TokenTree], module: &[String]) -> usize {
        let [TokenTree::Ident(name), next, ..] = tokens else {
            return 0;
        };
        let name = name.to_string();
        match next {
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                let mut child = self.inline.clone();
                child.push(name);
                self.children.push(child);
                2
            }
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                let inner: Vec<_> = body.stream().into_iter().collect();
                let path: Vec<_> = module.iter().cloned().chain([name.clone()]).collect();
                self.inline.push(name);
                self.read(&inner, &path);
                self.inline.pop();
                2
            }
            _ => 0,
        }
    }

    /// Reads on after `crate` or the last `super`, where the path so far is `from`; gives how many tokens were read.
    fn path(&mut self, tokens: &[TokenTree], by: &[String], from: &[String]) -> usize {
        let mut target = from.to_vec();
        let mut at = 0;
        while is_colons(&tokens[at..]) {
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(name)) => {
                    target.push(name.to_string());
                    at += 3;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    for branch in inner.split(is_comma).filter(|branch| !branch.is_empty()) {
                        self.branch(branch, by, &target);
                    }
                    return at + 3;
                }
                // `crate::*` and `crate::<T>` add nothing to the path.
                _ => break,
            }
        }
        if at > 0 {
            self.push(by, target);
        }
        at
    }

    /// Reads one branch of a `{…}` in a `use`.
    fn branch(&mut self, branch: &[TokenTree], by: &[String], from: &[String]) {
        match &branch[0] {
            TokenTree::Ident(name) if name == "super" => {
                let (ups, length) = count_supers(branch);
                let kept = from.len().saturating_sub(ups);
                self.path(&branch[length..], by, &from[..kept]);
            }
            TokenTree::Ident(name) if name == "self" => self.push(by, from.to_vec()),
            TokenTree::Ident(name) => {
                let mut target = from.to_vec();
                target.push(name.to_string());
                if self.path(&branch[1..], by, &target) == 0 {
                    self.push(by, target);
                }
            }
            // `*`: everything of a module that is counted by its own name.
            _ => self.push(by, from.to_vec()),
        }
    }

    fn push(&mut self, by: &[String], target: Vec<String>) {
        self.uses.push(Use {
            by: by.to_vec(),
            target,
        });
    }
}
