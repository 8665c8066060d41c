use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;

#[test]
fn percentiles_are_by_nearest_rank() {
    let mut values: Vec<u64> = (1..=200).rev().collect();
    assert_eq!(percentiles(&mut values), json!({ "p50": 100, "p90": 180, "p99": 198, "max": 200 }));
    assert_eq!(percentiles(&mut [7]), json!({ "p50": 7, "p90": 7, "p99": 7, "max": 7 }));
    assert_eq!(percentiles(&mut []), json!({ "p50": null, "p90": null, "p99": null, "max": null }));
}

/// Answers the requests of each connection with `answers` in turn, then closes it.
fn serve(answers: &'static [&'static str], body: usize) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let whole = head(&target, "k", body).len() + body;
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                for answer in answers {
                    let mut request = vec![0; whole];
                    if stream.read_exact(&mut request).is_err() {
                        return;
                    }
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    target
}

fn plan(target: Target, connections: usize, requests: u64) -> Plan {
    Plan {
        target,
        grpc: false,
        key: "k".into(),
        shape: Shape::Small,
        connections,
        time: None,
        requests: Some(requests),
        pid: None,
    }
}

#[test]
fn sends_each_number_once_over_all_connections() {
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let target = serve(&[OK; 100], Payload::new(Shape::Small).unwrap().bytes.len());
    let result = run(&Plan { pid: Some(std::process::id()), ..plan(target, 3, 30) }).unwrap();
    assert_eq!(result["acknowledged_requests"], 30);
    assert_eq!(result["records"], 390);
    assert_eq!(result["broken_requests"], 0);
    assert!(result["records_per_second"].as_f64().unwrap() > 0.0);
    assert!(result["server"]["rss_bytes_peak"].as_u64().unwrap() > 0);
}

#[test]
fn tells_refused_broken_and_partial_apart() {
    let target = serve(
        &[
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\x0a\x00",
        ],
        Payload::new(Shape::Small).unwrap().bytes.len(),
    );
    let result = run(&plan(target, 1, 4)).unwrap();
    assert_eq!(result["acknowledged_requests"], 2);
    assert_eq!(result["partial_successes"], 1);
    assert_eq!(result["refused_by_status"], json!({ "503": 1 }));
    assert_eq!(result["broken_requests"], 1, "the server closed the connection after three answers");
    assert_eq!(result["requests"], 4);
}
