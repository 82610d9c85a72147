//! Why the gateway ends.

/// Why the gateway ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The descriptors of a service are unusable.
    #[error("reflection cannot be set up")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// A task that must run as long as the gateway has ended.
    #[error("{task} has ended while the gateway runs")]
    Task {
        /// The task, in words.
        task: &'static str,
        /// Why, if it said.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}
