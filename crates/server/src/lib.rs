//! `modlaked`, the server: configuration, doors, and the two functions that hold the order of things ([`flow`]).

pub mod cli;

pub mod config;

pub mod house;

mod door;

pub mod http;

pub mod grpc;

pub mod authenticate;

pub mod flow;

pub mod pressure;

pub mod records;

pub mod work;

pub mod observe;

pub mod memory;
