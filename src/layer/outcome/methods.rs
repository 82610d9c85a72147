//! The methods that are served.
//!
//! A caller can invent any number of paths. As a label each would be a time series, and in a log it would be the
//! caller's text. So all of them are one method, `_OTHER`, as OpenTelemetry's conventions name it.

use std::collections::HashSet;
use std::sync::Arc;

/// The methods that are served, each as `package.Service/Method`.
#[derive(Clone, Debug)]
pub struct Methods {
    served: Arc<HashSet<Arc<str>>>,
    other: Arc<str>,
}

impl Methods {
    /// Whether a request's path calls one of them.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.of_served(path).is_some()
    }

    /// The method that a request's path calls.
    pub(super) fn of_path(&self, path: &str) -> Arc<str> {
        Arc::clone(self.of_served(path).unwrap_or(&self.other))
    }

    fn of_served(&self, path: &str) -> Option<&Arc<str>> {
        path.strip_prefix('/').and_then(|name| self.served.get(name))
    }
}

impl FromIterator<String> for Methods {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self {
            served: Arc::new(names.into_iter().map(Arc::from).collect()),
            other: Arc::from("_OTHER"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method_of(path: &str) -> String {
        let methods: Methods = ["package.Service/Method".to_owned()].into_iter().collect();
        methods.of_path(path).to_string()
    }

    #[test]
    fn a_served_path_is_its_method() {
        assert_eq!(method_of("/package.Service/Method"), "package.Service/Method");
    }

    #[test]
    fn every_other_path_is_the_same_method() {
        let invented = (0..10_000).map(|number| format!("/package.Service/Method{number}"));
        let methods: HashSet<String> = invented.map(|path| method_of(&path)).collect();
        assert_eq!(methods, HashSet::from(["_OTHER".to_owned()]));
        for odd in [
            "",
            "/",
            "*",
            "package.Service/Method",
            "//package.Service/Method",
            "/package.Service/Method/",
            "/package.Service/method",
            "/package.Service%2FMethod",
        ] {
            assert_eq!(method_of(odd), "_OTHER", "{odd}");
        }
    }
}
