//! The gateway under attack: upstreams that lie, clients that hurt, signals at bad moments. What needs seconds and no tools.
//!
//! | file | who attacks, and how |
//! | --- | --- |
//! | `bombs` | an upstream whose answers are small and become large |
//! | `columns` | an upstream whose answer lacks a column |
//! | `connections` | peers that are silent, slow, idle or too many |
//! | `descriptors` | so many peers that no descriptor is left |
//! | `drain` | an operator who stops the gateway while calls are in flight, patiently or not |
//! | `feeds` | a connection that would have everything polled |
//! | `floods` | a client that breaks the rules of HTTP/2, again and again |
//! | `given_up` | an upstream whose answers are late on connections that are not believed any more |
//! | `log` | a log that nobody reads |
//! | `memory` | clients that open watches and do not read them |
//! | `readiness` | an upstream that is there and serves nobody |
//! | `requests` | a client whose requests are none |
//! | `resident` | an upstream whose answers are as large as they may be: what they cost the process |
//! | `shifted` | an upstream that answers once too often on a connection |
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

mod bombs;
mod columns;
mod connections;
#[cfg(target_os = "linux")]
mod descriptors;
mod drain;
mod each;
mod feeds;
mod floods;
mod given_up;
#[cfg(unix)]
mod log;
mod memory;
mod peer;
mod readiness;
mod requests;
mod resident;
mod shifted;
mod stop;
mod unread;
