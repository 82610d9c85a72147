//! Any bytes are read as answers or refused, and what is read is written so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portico_fuzz::codec::csv::{self, Style};
use portico_fuzz::wire::Answer;

fuzz_target!(|body: &[u8]| {
    let answers = match csv::from_slice::<Answer>(body) {
        Ok(answers) if !answers.is_empty() => answers,
        Ok(_) => return,
        Err(error) => return assert!(error.offset() <= body.len()),
    };
    for style in [Style::V3, Style::V3_WINDOWS, Style::V4, Style::V5] {
        let written = csv::to_vec(&answers, style).expect("what was read can be written");
        let again: Vec<Answer> = csv::from_slice(&written).expect("what was written can be read");
        assert_eq!(written, csv::to_vec(&again, style).expect("what was read can be written"));
    }
});
