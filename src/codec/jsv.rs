//! JSV, the text format inside a cell.
