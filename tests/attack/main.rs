//! The gateway under attack: upstreams that lie, clients that hurt, signals at bad moments. What needs seconds and no tools.
//!
//! | file | who attacks, and how |
//! | --- | --- |
//! | `columns` | an upstream whose answer lacks a column |
//! | `connections` | peers that are silent, slow, idle or too many |
//! | `descriptors` | so many peers that no descriptor is left |
//! | `feeds` | a connection that would have everything polled |
//! | `floods` | a client that breaks the rules of HTTP/2, again and again |
//! | `stop` | peers that would hold a gateway that stops |
//! | `unread` | peers that do not read their answers |

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

#[allow(
    dead_code,
    unused_imports,
    reason = "tests of the gateway as a whole share it"
)]
#[path = "../support/support.rs"]
mod support;

mod columns;
mod connections;
#[cfg(target_os = "linux")]
mod descriptors;
mod feeds;
mod floods;
mod peer;
mod stop;
mod unread;
