//! The watch: a stream of a customer's live calls over an upstream that can only be polled.
//!
//! ```text
//!   Hub ──▶ Registry: Feed by key, Seats, limits
//!    │        ▲
//!    ├─ owner ┤  one a feed: Poller decides when, Turns who is next, Client polls, Observer reads, Log is written
//!    └─ Watcher, Watcher, Watcher …: a Cursor into the Log each
//!
//!   Log = History (state, deltas, tokens) + Frames (their bytes, made once) + Health (how fresh, and why)
//! ```
//!
//! A *feed* is the gateway's view of one query. It is polled once however many watch, by one task that owns it. Its
//! *log* is the state and the last deltas, told in frames that every watcher shares. An [`End`] is a value: statuses are
//! made of it elsewhere. What clients are promised is in `docs/watch.md`.

#[doc(hidden)]
pub mod bench;
mod budget;
mod counted;
mod cursor;
mod end;
mod farewell;
mod feed;
mod feed_key;
mod frame;
mod frames;
mod gauges;
mod health;
pub mod history;
mod hub;
mod log;
mod metrics;
mod observe;
mod owner;
mod pages;
mod params;
mod place;
mod poller;
mod polling;
mod registry;
mod relief;
mod report;
mod turns;
mod watcher;

pub use self::end::{End, Explain, NotLive, PollFailure, Quota};
pub use self::feed::{FeedInfo, MemoryInfo};
pub use self::feed_key::FeedKey;
pub use self::hub::Hub;
pub use self::params::Params;
pub use self::watcher::{Options, Watcher};
