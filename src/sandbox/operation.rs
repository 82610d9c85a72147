//! The operations of the service, as faults and statistics name them.

use std::fmt;
use std::str::FromStr;

/// What a request asks the service to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// The extensions of a customer.
    Extensions,
    /// The numbers that are taken.
    UnavailableExtensions,
    /// The extensions with their sites.
    FilteringData,
    /// The registered accounts.
    OnlineAccounts,
    /// The live calls and the state of the extensions.
    ActiveCalls,
    /// A new extension; the page has two routes for it.
    Add,
    /// A change of an extension.
    Update,
    /// The deletion of an extension.
    Delete,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 8] = [
        Self::Extensions,
        Self::UnavailableExtensions,
        Self::FilteringData,
        Self::OnlineAccounts,
        Self::ActiveCalls,
        Self::Add,
        Self::Update,
        Self::Delete,
    ];

    /// The name, which is the variant's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Extensions => "Extensions",
            Self::UnavailableExtensions => "UnavailableExtensions",
            Self::FilteringData => "FilteringData",
            Self::OnlineAccounts => "OnlineAccounts",
            Self::ActiveCalls => "ActiveCalls",
            Self::Add => "Add",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOperation;

impl fmt::Display for UnknownOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Operation::ALL.map(Operation::name).join(", ");
        write!(f, "must be one of {names}")
    }
}

impl std::error::Error for UnknownOperation {}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
            .ok_or(UnknownOperation)
    }
}
