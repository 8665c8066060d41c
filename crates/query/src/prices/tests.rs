use super::*;

fn list(lines: &str) -> Result<Prices, String> {
    Prices::parse(&format!("# a comment\n\n{HEADER}\n{lines}"), "prices.csv").map_err(|error| error.to_string())
}

fn on(text: &str) -> i32 {
    day("day", text).expect("a day").expect("not empty")
}

fn input(prices: &Prices, provider: &str, model: &str, day: i32) -> Option<f64> {
    prices.find(provider, model, day).map(|at| prices.list[at].input)
}

#[test]
fn the_shipped_list_is_read_and_dated() {
    let prices = Prices::parse(SHIPPED, "default.csv").expect("reads");
    assert!(SHIPPED.contains("as publicly listed on 20"));
    assert_eq!(input(&prices, "claude_code", "claude-sonnet-4-5-20250929", on("2026-01-01")), Some(3.0));
    assert_eq!(input(&prices, "codex", "gpt-5-codex", on("2026-01-01")), Some(1.25));
    assert_eq!(input(&prices, "codex", "gpt-5-of-tomorrow", on("2026-01-01")), None, "unknown stays unknown");
    assert_eq!(input(&prices, "claude_code", "claude-sonnet-4-5", on("2025-01-01")), None, "before there was one");
}

#[test]
fn a_price_holds_from_its_day_to_the_day_before_its_end() {
    let prices = list("*,m,2025-01-01,2025-02-01,1,2,,,\n*,m,2025-02-01,,3,4,,,").expect("reads");
    for (day, expected) in
        [("2024-12-31", None), ("2025-01-01", Some(1.0)), ("2025-01-31", Some(1.0)), ("2025-02-01", Some(3.0))]
    {
        assert_eq!(input(&prices, "codex", "m", on(day)), expected, "{day}");
    }
}

#[test]
fn the_closest_pattern_counts() {
    let prices = list("*,gpt*,,,1,1,,,\n*,gpt-5*,,,2,1,,,\n*,gpt-5,,,3,1,,,\ncodex,*,,,4,1,,,\n*,*/opus-*-x,,,5,1,,,")
        .expect("reads");
    for (provider, model, expected) in [
        ("other", "gpt-4", Some(1.0)),
        ("other", "gpt-5-mini", Some(2.0)),
        ("other", "gpt-5", Some(3.0)),
        ("codex", "gpt-5", Some(4.0)),
        ("other", "a/opus-b-opus-c-x", Some(5.0)),
        ("other", "a/opus-x", None),
    ] {
        assert_eq!(input(&prices, provider, model, 0), expected, "{provider} {model}");
    }
}

#[test]
fn errors_name_the_file_the_line_and_the_column() {
    for (lines, expected) in [
        ("*,m,,,1", "line 4: 5 columns instead of 9"),
        ("*,m,,,x,1,,,", "line 4: `input` is not a number of US dollars per million tokens: `x`"),
        ("*,m,,,-1,1,,,", "`input` is not a number"),
        ("*,m,,,1,,,,", "line 4: `output` is empty"),
        ("*,m,01.02.2026,,1,1,,,", "`valid_from` is not a day such as 2026-01-31: `01.02.2026`"),
        ("*,m,2026-01-02,2026-01-02,1,1,,,", "`valid_to` is not after `valid_from`"),
        ("claude,m,,,1,1,,,", "`provider` is not `*`, claude_code, codex, cursor or other: `claude`"),
        ("*,,,,1,1,,,", "`model` is empty"),
        ("*,m,,,1,1,,,\"a", "a quoted text does not end"),
        ("*,m,,2026-02-01,1,1,,,\n*,m,2026-01-31,,2,2,,,", "line 5: `m` has another price for the same days"),
    ] {
        let error = list(lines).expect_err(lines);
        assert!(error.starts_with("prices in prices.csv, line ") && error.contains(expected), "{error}");
    }
    let error = Prices::parse("model,price\n", "p.csv").expect_err("other columns").to_string();
    assert!(error.starts_with("prices in p.csv, line 1: the columns are not `provider,model"), "{error}");
    let error = Prices::load(Path::new("/nowhere/prices.csv")).expect_err("no file").to_string();
    assert!(error.contains("/nowhere/prices.csv"), "{error}");
}

#[test]
fn a_quoted_text_may_hold_commas_and_quotes() {
    let prices = list("*,m,,,1,1,,,\"a, \"\"b\"\"\"").expect("reads");
    assert_eq!(prices.list[0].source, "a, \"b\"");
}
