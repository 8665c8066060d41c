//! `modlaked`, the server: configuration, doors, and the two functions that hold the order of things ([`flow`]).

pub mod cli;

pub mod config;

pub mod house;

pub mod asset_files;

mod door;

pub mod http;

pub mod grpc;

pub mod authenticate;

mod catalog_rows;

pub mod flow;

pub mod pressure;

pub mod records;

pub mod retention;

pub mod throttle;

pub mod work;

pub mod observe;

pub mod memory;
