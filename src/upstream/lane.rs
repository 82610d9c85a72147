//! For whom, or for what, the upstream is asked. What is done about an exchange by the layers of the stack differs by that.
//!
//! | lane | read shared | tried again | waits for a place | the breaker |
//! | --- | --- | --- | --- | --- |
//! | call | yes | yes | yes | refuses it |
//! | change | no | what cannot have been sent, and the list before it | yes | refuses it |
//! | look | no | no: the next look is | yes | lets it pass |
//! | poll | no | no: the next poll is | no | refuses it |
//! | probe | no | no: the next probe is | no | has no say |

/// For whom an exchange is made: what one kind of asker does must not take the upstream from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A caller of a unary RPC. Callers who ask the same at one time get the same answer.
    Call,
    /// A change that is sent once, and the list before it. The upstream is asked anew: what is concluded from that list
    /// depends on what was done before it was asked for.
    Change,
    /// A change that was sent and whose answer may be lost: the list by which it is settled. It is asked for even if the
    /// upstream is left alone otherwise, since nothing else can tell what became of the change. There is one at a
    /// time for each customer.
    Look,
    /// The watchers of a feed. The next poll is the retry.
    Poll,
    /// The gateway itself, which wants to know whether the upstream is there.
    Probe,
}
