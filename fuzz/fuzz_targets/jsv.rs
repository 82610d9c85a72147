//! Any text is read as JSV or refused, and what is read is written so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portico_fuzz::codec::jsv::{self, EmptyText};
use portico_fuzz::wire::{ActiveCall, ExtensionStatus};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

fn round<T: DeserializeOwned + Serialize>(text: &str) {
    let Ok(value) = jsv::from_str::<T>(text) else { return };
    for empty in [EmptyText::Omitted, EmptyText::Quoted] {
        let written = jsv::to_string(&value, empty).expect("what was read can be written");
        let again: T = jsv::from_str(&written).expect("what was written can be read");
        // Compared as text, because NaN is not itself.
        assert_eq!(written, jsv::to_string(&again, empty).expect("what was read can be written"));
    }
}

fuzz_target!(|text: &str| {
    round::<Vec<ActiveCall>>(text);
    round::<Vec<ExtensionStatus>>(text);
    round::<ExtensionStatus>(text);
    if let Err(error) = jsv::from_str::<IgnoredAny>(text) {
        assert!(error.offset() <= text.len());
    }
});
