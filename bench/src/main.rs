//! `load`: sends captured telemetry to a modlaked on this machine and says what it cost, and measures the limits to
//! compare with: decoding alone and `fdatasync` alone. Every subcommand prints one JSON object on stdout.

mod grpc;
mod http;
mod limits;
mod payload;
mod process;
mod send;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::payload::Shape;

#[derive(Parser)]
#[command(name = "load", about = "Load generator and limits of modlake's benchmark")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send requests for a time or a number, whichever ends first
    Send {
        /// Server to send to; loopback only
        #[arg(long, default_value = "http://127.0.0.1:4318")]
        url: String,
        /// OTLP over gRPC instead of HTTP; the server's port for it stands in the URL
        #[arg(long)]
        grpc: bool,
        /// Key of scope `ingest`
        #[arg(long)]
        key: String,
        #[arg(long, value_enum, default_value_t = Shape::Small)]
        shape: Shape,
        #[arg(long, default_value_t = 1)]
        connections: usize,
        #[arg(long)]
        seconds: Option<f64>,
        #[arg(long)]
        requests: Option<u64>,
        /// Server process whose CPU time and memory are sampled
        #[arg(long)]
        pid: Option<u32>,
    },
    /// CPU time of `opentelemetry-proto` decoding the same payloads, nothing else
    Decode {
        #[arg(long, value_enum, default_value_t = Shape::Small)]
        shape: Shape,
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
    },
    /// Time of one append and `fdatasync` on a folder's disk
    Fdatasync {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long, default_value_t = 8192)]
        size: usize,
        #[arg(long, default_value_t = 1000)]
        count: usize,
    },
}

#[expect(clippy::print_stdout, reason = "the result is this program's output")]
fn main() -> anyhow::Result<()> {
    let result = match Cli::parse().command {
        Command::Send { url, grpc, key, shape, connections, seconds, requests, pid } => {
            let plan = send::Plan {
                target: http::Target::parse(&url)?,
                grpc,
                key,
                shape,
                connections,
                time: seconds.map(Duration::try_from_secs_f64).transpose()?,
                requests,
                pid,
            };
            send::run(&plan)?
        }
        Command::Decode { shape, seconds } => limits::decode(shape, Duration::try_from_secs_f64(seconds)?)?,
        Command::Fdatasync { dir, size, count } => limits::fdatasync(&dir, size, count)?,
    };
    println!("{result:#}");
    Ok(())
}
