//! The types of the `CustomerExtension` web service as they are on the wire, for both of its ends.
//!
//! Field for field the request and response types of the published page, in column order, with the names of the
//! wire. [`crate::upstream`] reads an [`Answer`], [`crate::sandbox`] writes one. Nothing here knows CSV, JSV or
//! HTTP: the names and the rules of absence are serde attributes, the bytes are [`crate::codec`]'s.
//!
//! What the wire does not tell apart is not told apart after decoding either: see each type's notes on `None`.

mod active_call;
mod answer;
mod extension;
mod extension_status;
mod time;

pub use self::active_call::ActiveCall;
pub use self::answer::Answer;
pub use self::extension::Extension;
pub use self::extension_status::ExtensionStatus;
pub use self::time::{ParseTimeError, Time, Zone};
