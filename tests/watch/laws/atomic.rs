//! `Atomic`: whatever a client holds is what the upstream really said, in the one poll that the event claims. A
//! snapshot in parts is one step.

use super::{Law, claimed, hold, refuse, replay};
use crate::history::History;

struct Atomic;

impl Law for Atomic {
    fn check(history: &History) -> Result<(), String> {
        for recording in &history.recordings {
            replay(recording, |step| {
                refuse(&step.wrongs.parts)?;
                if !step.after.is_whole() {
                    return Ok(());
                }
                let polls = history.polls(step.stream.gateway, recording.feed);
                let Some((_, poll)) = claimed(polls, &step.seen.event) else {
                    return Err("no poll had ended then".to_owned());
                };
                let Some(showed) = &poll.showed else {
                    return Err("the poll had failed".to_owned());
                };
                if *showed == step.after.state {
                    Ok(())
                } else {
                    Err(format!(
                        "the client holds {:#?}\nand the upstream said {showed:#?}",
                        step.after.state
                    ))
                }
            })?;
        }
        Ok(())
    }
}

/// Seen to fail: with `text == self.calls.text` in observe.rs changed to compare lengths, calls are those of an
/// earlier poll.
#[test]
fn atomic() {
    hold::<Atomic>();
}
