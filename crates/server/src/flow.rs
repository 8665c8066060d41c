//! The order of things, in two functions and nowhere else: [`accept`](accept::accept) takes a request up to its answer,
//! [`drain`](drain::run) takes the journal into the lake.

pub mod accept;
pub mod drain;

pub mod traces;

#[cfg(test)]
pub(crate) mod tests;
