//! The gateway under attack: upstreams that lie, clients that hurt, signals at bad moments. What needs seconds and no tools.
//!
//! | file | who attacks, and how |
//! | --- | --- |
//! | `columns` | an upstream whose answer lacks a column |
//! | `floods` | a client that breaks the rules of HTTP/2, again and again |
//! | `memory` | clients that open watches and do not read them |

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

#[allow(
    dead_code,
    unused_imports,
    reason = "tests of the gateway as a whole share it"
)]
#[path = "../support/support.rs"]
mod support;

mod columns;
mod floods;
mod memory;
