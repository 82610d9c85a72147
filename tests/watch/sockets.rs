//! Over sockets.
