//! CSV, as the upstream writes it.
