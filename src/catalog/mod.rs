//! stub, not to be committed with more
pub mod access;
