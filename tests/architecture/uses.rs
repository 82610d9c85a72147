//! Finds which file of the sources uses which.
//!
//! A path is followed to the file that defines what it names, through the names that `use` lines give on the way. A path
//! that ends at a module uses nothing yet: what is used of the module has a longer path.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::{self, Path, Scope};

/// A module's path, its file, and the text of the file.
pub(crate) type Source<'a> = (Vec<String>, &'a str, &'a str);

/// Which file uses which, each with one of the paths by which it does.
pub(crate) type Uses = BTreeMap<(String, String), String>;

/// The modules of a crate.
struct Modules<'a>(BTreeMap<Vec<String>, (&'a str, Scope)>);

/// Who uses whom in these sources.
pub(crate) fn between_files(sources: &[Source<'_>]) -> Uses {
    let scopes = sources.iter().flat_map(|(module, file, text)| {
        let scopes = scope::read(module, text).into_iter();
        scopes.map(|scope| (scope.module.clone(), (*file, scope)))
    });
    let modules = Modules(scopes.collect());
    let mut uses = Uses::new();
    for (file, scope) in modules.0.values() {
        for path in &scope.uses {
            if let Some(used) = modules.file_of(path, &mut BTreeSet::new())
                && used != *file
            {
                let edge = ((*file).to_owned(), used.to_owned());
                uses.entry(edge).or_insert_with(|| path.text.clone());
            }
        }
    }
    uses
}

impl Modules<'_> {
    /// The file that defines what `path` names; none for a module, and for an item of another crate.
    ///
    /// `followed` are the names that were followed on the way, so that `use log::log;` is not followed in a circle.
    fn file_of(&self, path: &Path, followed: &mut BTreeSet<(Vec<String>, String)>) -> Option<&str> {
        let mut module = path.from.clone();
        let mut inside = path.anchored;
        for (at, name) in path.names.iter().enumerate() {
            let (file, scope) = self.0.get(&module)?;
            let rest = &path.names[at + 1..];
            let child = [&*module, std::slice::from_ref(name)].concat();
            let target = scope.names.get(name);
            let target = target.filter(|_| followed.insert((module.clone(), name.clone())));
            // A module and an item may have one name; only the module has something in it.
            if self.0.contains_key(&child) && (target.is_none() || !rest.is_empty()) {
                module = child;
                inside = true;
                continue;
            }
            return match target {
                Some(target) => {
                    let names = [&*target.names, rest].concat();
                    self.file_of(
                        &Path {
                            names,
                            ..target.clone()
                        },
                        followed,
                    )
                }
                None => inside.then_some(file),
            };
        }
        None
    }
}
