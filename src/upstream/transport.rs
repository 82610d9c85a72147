//! The two ways to carry an operation. Which one it is decides what texts a request can hold.

/// How operations are carried. Either way only the licence and the operation's members are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The published GET routes: members are segments of the path. Understood by every host, refuses some texts.
    #[default]
    Routes,
    /// `POST /csv/reply/CustomerExtension` with a form: carries any text and keeps the licence out of URLs.
    Reply,
}
