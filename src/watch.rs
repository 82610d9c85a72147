//! The watch: a stream of a customer's live calls over an upstream that can only be polled.
//!
//! ```text
//!   Hub ──▶ Feed ◀── owner: Poller decides when, Source polls, Observer reads, Log tells
//!             │
//!             └──── Watcher, Watcher, Watcher …: a cursor into the log each
//! ```
//!
//! A *feed* is the gateway's view of one query. It is polled once however many watch, by one task that owns it. Its
//! *log* is the state and the last deltas, encoded once as frames that every watcher shares. What clients are promised is
//! in `docs/watch.md`.

#[doc(hidden)]
pub mod bench;
mod cursor;
mod end;
mod farewell;
mod feed;
mod feed_key;
mod frame;
mod frames;
mod health;
pub mod history;
mod hub;
mod log;
mod observe;
mod owner;
mod params;
mod poller;
mod registry;
mod source;
mod watcher;

pub use self::end::{End, Explain, NotLive, PollFailure, Quota};
pub use self::feed::FeedInfo;
pub use self::feed_key::FeedKey;
pub use self::hub::Hub;
pub use self::params::Params;
pub use self::source::{Fetch, Source};
pub use self::watcher::{Options, Watcher};
