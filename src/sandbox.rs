//! A stand-in for Porta Plus 2.
