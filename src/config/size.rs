//! Sizes on the command line.

/// A number of bytes such as `256MiB` or `1.5GB`.
pub type Size = bytesize::ByteSize;
