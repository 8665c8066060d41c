//! `modlake sql`.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use crate::Laptop;
use crate::server::{Answer, Server};

const ROWS: &str = r#"{"columns":[{"name":"tool","type":"Utf8"},{"name":"n","type":"Int64"}],"rows":[{"tool":"Bash","n":5},{"tool":null,"n":7}]}"#;

/// A laptop whose server gives this answer to everything.
fn laptop(answer: impl Fn() -> Answer + Send + 'static) -> (Laptop, Server) {
    let server = Server::start(move |_| answer());
    let laptop = Laptop::new().with("MODLAKE_SERVER", &server.url()).with("MODLAKE_API_KEY", "ml_SECRET");
    (laptop, server)
}

#[test]
fn a_query_is_sent_with_key_and_params() {
    let (laptop, server) = laptop(|| Answer::json("200 OK", ROWS));
    let ran = laptop.run(&["sql", "select $1, $2", "--format", "json", "--param", "text", "--param", "42"]);
    ran.printed(&format!("{ROWS}\n"));
    assert_eq!(ran.err, "");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].line, "POST /api/v1/sql");
    assert_eq!(requests[0].header("authorization"), Some("Bearer ml_SECRET"));
    assert_eq!(requests[0].header("accept"), Some("application/json"));
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    assert_eq!(requests[0].body, json!({"query": "select $1, $2", "params": ["text", 42]}));
}

#[test]
fn rows_are_a_table_for_people() {
    let (laptop, _server) = laptop(|| Answer::json("200 OK", ROWS));
    let ran = laptop.run(&["sql", "select 1"]);
    ran.printed("┌──────┬───┐\n│ tool ┆ n │\n╞══════╪═══╡\n│ Bash ┆ 5 │\n│ NULL ┆ 7 │\n└──────┴───┘\n");
    assert_eq!(ran.err, "2 rows\n");
}

#[test]
fn csv_comes_through_as_it_is() {
    let csv = "tool,n\r\n\"a,\"\"b\",5\r\n";
    let (laptop, server) = laptop(move || Answer::new("200 OK", "text/csv; charset=utf-8", csv));
    laptop.run(&["sql", "select 1", "--format", "csv"]).printed(csv);
    assert_eq!(server.requests()[0].header("accept"), Some("text/csv"));
}

#[test]
fn a_query_may_come_from_standard_input() {
    let (laptop, server) = laptop(|| Answer::json("200 OK", ROWS));
    let query = "select 'größe'\n-- two lines\n";
    assert_eq!(laptop.run_with_stdin(&["sql", "-"], query).code, Some(0));
    assert_eq!(server.requests()[0].body["query"], query);
    laptop.run_with_stdin(&["sql", "-"], " \n").failed(2, &["the query is empty", "hint: "]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_servers_words_reach_the_person() {
    let body = r#"{"error":{"message":"no table `evnts`\u001b[2J","hint":"did you mean `events_raw`?"}}"#;
    let (laptop, _server) = laptop(move || Answer::json("400 Bad Request", body));
    let ran = laptop.run(&["sql", "select * from evnts"]);
    ran.failed(6, &["error: no table `evnts`", "hint: did you mean `events_raw`?"]);
    assert!(!ran.err.contains('\x1b'), "{}", ran.err);
}

#[test]
fn every_refusal_has_its_exit_code_and_a_way_on() {
    for (status, code, word) in [
        ("401 Unauthorized", 5, "modlaked keys create"),
        ("403 Forbidden", 5, "scope"),
        ("404 Not Found", 6, "modlake server"),
        ("500 Internal Server Error", 1, "log"),
        ("502 Bad Gateway", 4, "proxy"),
    ] {
        let (laptop, _server) = laptop(move || Answer::new(status, "text/html", "<h1>what</h1>"));
        let ran = laptop.run(&["sql", "select 1"]);
        ran.failed(code, &[status.trim_start_matches(char::is_numeric), "hint: ", word]);
        assert!(!ran.err.contains("SECRET"));
    }
}

#[test]
fn not_now_says_when_to_try_again() {
    let body = r#"{"error":{"message":"the journal is full"}}"#;
    let (laptop, _server) = laptop(move || Answer::with_header("503 Service Unavailable", "retry-after: 7", body));
    laptop.run(&["sql", "select 1"]).failed(4, &["the journal is full", "hint: try again in 7 s"]);
}

#[test]
fn a_redirect_is_told_and_the_key_not_sent_on() {
    let (laptop, server) =
        laptop(|| Answer::with_header("301 Moved Permanently", "location: https://other.example.com/", ""));
    laptop.run(&["sql", "select 1"]).failed(3, &["https://other.example.com/", "--server"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 100\r\n\r\n";
    let (laptop, _server) = laptop(move || Answer::raw(&format!("{head}n\n1\n")));
    let ran = laptop.run(&["sql", "select 1", "--format", "csv"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(4), "n\n1\n"));
    assert!(ran.err.contains("broke off") && ran.err.contains("incomplete"), "{}", ran.err);
}

#[test]
fn what_is_no_modlake_answer_is_not_printed() {
    let (laptop, _server) = laptop(|| Answer::new("200 OK", "text/html", "<h1>welcome</h1>"));
    for format in ["csv", "json", "table"] {
        laptop.run(&["sql", "select 1", "--format", format]).failed(1, &["modlake server?"]);
    }
}

#[test]
fn a_server_that_is_not_there_is_named_with_the_fix() {
    let url = crate::NOBODY;
    let laptop = Laptop::new().with("MODLAKE_API_KEY", "k");
    laptop.run(&["sql", "select 1", "--server", url]).failed(4, &[url, "hint: ", "modlaked serve"]);
}

#[test]
fn https_to_a_server_without_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 16 * 1024];
        assert!(stream.read(&mut hello).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let ran = Laptop::new().with("MODLAKE_API_KEY", "ml_SECRET").run(&["sql", "select 1", "--server", &url]);
    server.join().unwrap();
    ran.failed(4, &["no trusted connection", &url, "http or https"]);
}

#[test]
fn this_machine_is_reached_without_the_proxy() {
    let (laptop, _server) = laptop(|| Answer::json("200 OK", ROWS));
    let laptop = laptop.with("HTTP_PROXY", "http://127.0.0.1:9").with("http_proxy", "http://127.0.0.1:9");
    assert_eq!(laptop.run(&["sql", "select 1"]).code, Some(0));
}

#[test]
fn without_a_key_nothing_is_sent() {
    let (laptop, server) = laptop(|| Answer::json("200 OK", ROWS));
    let laptop = laptop.with("MODLAKE_API_KEY", "");
    laptop.run(&["sql", "select 1"]).failed(3, &["no key", "hint: ", "modlake config set --key -"]);
    assert!(server.requests().is_empty());
}

#[test]
fn a_reader_that_stops_ends_the_output_quietly() {
    let csv = "n\n".repeat(4 << 20);
    let (laptop, _server) = laptop(move || Answer::new("200 OK", "text/csv", &csv));
    let mut child = laptop.command(&["sql", "select 1", "--format", "csv"]).spawn().unwrap();
    let mut first = [0; 2];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(141), &b""[..]));
}
