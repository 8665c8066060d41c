use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::template::mustache::Dialect;
use super::*;

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bricks").join(folder);
    let entries = fs::read_dir(folder).expect("a folder of fixtures");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| !file.to_string_lossy().ends_with(".expected.json"));
    files.sort();
    assert!(files.len() > 2, "definitions to look at");
    files
}

fn checked(file: &Path) -> Report {
    check(&fs::read(file).expect("a readable fixture"), &Limits::default())
}

fn seed() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bricks/telemetry-record.yaml");
    fs::read_to_string(file).expect("the published definition")
}

#[test]
fn the_published_definition_is_good() {
    let report = check(seed().as_bytes(), &Limits::default());
    assert_eq!(report.problems, []);
    assert_eq!(report.id.as_deref(), Some("@pixies/telemetry/record"));
    assert_eq!(report.version.as_deref(), Some("1.0.0"));
}

#[test]
fn good_definitions_have_no_problems() {
    for file in fixtures("good") {
        assert_eq!(checked(&file).problems, [], "{}", file.display());
    }
}

/// Every key of an expected problem is compared; what a YAML library says in its own words is left out there.
#[test]
fn bad_definitions_have_the_expected_problems() {
    for file in fixtures("bad") {
        let found = serde_json::to_value(checked(&file).problems).expect("problems are JSON");
        let expected = file.with_extension("expected.json");
        let expected: Value = serde_json::from_slice(&fs::read(&expected).unwrap_or_default()).unwrap_or(Value::Null);
        let is_same = match (found.as_array(), expected.as_array()) {
            (Some(found), Some(expected)) => {
                found.len() == expected.len()
                    && found.iter().zip(expected).all(|(found, expected)| has(found, expected))
            }
            _ => false,
        };
        assert!(is_same, "{}: found {found:#}", file.display());
        assert!(!found.as_array().is_none_or(Vec::is_empty), "{} is bad", file.display());
    }
}

fn has(found: &Value, expected: &Value) -> bool {
    expected.as_object().is_some_and(|expected| expected.iter().all(|(key, value)| found.get(key) == Some(value)))
}

/// The SDK is held to the same file, and its Nunjucks to Mozilla's.
#[test]
fn templates_are_read_or_refused_as_the_sdk_does() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bricks/templates.json");
    let cases: Value = serde_json::from_slice(&fs::read(file).expect("a readable fixture")).expect("JSON");
    for (tag, cases) in cases.as_object().expect("cases by tag") {
        for (kind, is_good) in [("good", true), ("bad", false)] {
            for text in cases[kind].as_array().expect("a list").iter().filter_map(Value::as_str) {
                let read = match tag.as_str() {
                    "var" => template::var::parse(text).map(|_| ()),
                    "nunjucks" => template::nunjucks::parse(text).map(|_| ()),
                    "mustache" => template::mustache::parse(text, Dialect::Mustache).map(|_| ()),
                    _ => template::mustache::parse(text, Dialect::Handlebars).map(|_| ()),
                };
                assert_eq!(read.is_ok(), is_good, "{tag} {text}: {read:?}");
            }
        }
    }
}

/// What a keyword holds is what the metaschema of some draft says: every keyword with values of every shape.
#[test]
fn schemas_are_judged_as_their_metaschemas_do() {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!("a"),
        json!("object"),
        json!([]),
        json!(["a"]),
        json!(["a", "a"]),
        json!(["string", "null"]),
        json!([{}]),
        json!([true, {"type": "no"}]),
        json!([1]),
        json!({}),
        json!({"a": {}}),
        json!({"a": ["b"]}),
        json!({"a": ["b", "b"]}),
        json!({"a": 1}),
        json!({"type": 1}),
    ];
    let drafts: [fn(&Value) -> bool; 3] = [
        jsonschema::draft7::meta::is_valid,
        jsonschema::draft201909::meta::is_valid,
        jsonschema::draft202012::meta::is_valid,
    ];
    let mut judged = 0;
    // `$schema` and `$ref` are looked up as well, which a metaschema does not; 2020-12 gives `$recursiveAnchor`, which it has no
    // use for, another form.
    let others = ["$schema", "$ref", "$recursiveAnchor"];
    for keyword in check::schema_keywords().filter(|keyword| !others.contains(keyword)) {
        let schemas: Vec<Value> = values.iter().map(|value| json!({"properties": {"x": {keyword: value}}})).collect();
        // A draft that takes everything does not know the keyword.
        let knowing: Vec<_> = drafts.iter().filter(|is_valid| !schemas.iter().all(is_valid)).collect();
        for schema in &schemas {
            let is_valid = knowing.is_empty() || knowing.iter().any(|is_valid| is_valid(schema));
            let definition = json!({"kind": "component", "inputSchema": schema}).to_string();
            let problems = check(definition.as_bytes(), &Limits::default()).problems;
            let mut ours = problems.iter().filter(|problem| problem.path.starts_with("inputSchema."));
            let is_ours = ours.all(|problem| problem.severity == Severity::Warning);
            assert_eq!(is_ours, is_valid, "{schema}: {problems:?}");
            judged += 1;
        }
    }
    assert!(judged > 1000, "{judged} schemas");
}

#[test]
fn no_more_problems_are_told_than_the_limit_says() {
    let limits = Limits { problems: 2, ..Limits::default() };
    let report = check(b"a: 1\nb: 1\nc: 1\nkind: component\n", &limits);
    assert_eq!((report.problems.len(), report.is_cut), (2, true));
    assert!(!check(b"kind: reader", &limits).is_cut);
}

#[test]
fn a_file_beyond_the_limit_of_bytes_is_not_read() {
    let limits = Limits { bytes: 100, ..Limits::default() };
    let report = check(seed().as_bytes(), &limits);
    assert_eq!(report.problems.len(), 1);
    assert_eq!(report.problems[0].code, "too-large");
}

#[test]
fn bytes_that_are_no_utf8_are_told_with_their_place() {
    let report = check(b"kind: component\nid: \xff", &Limits::default());
    assert_eq!((report.problems[0].code, report.problems[0].line, report.problems[0].column), ("syntax", 2, 5));
}

#[test]
fn what_is_neither_json_nor_yaml_is_told_where_it_stops_to_be_json() {
    let report = check(b"{\n  \"kind\": \"\\ud83e\\uddf1\",\n  \"a\" = 1\n}", &Limits::default());
    let [problem] = &report.problems[..] else { panic!("{:?}", report.problems) };
    assert_eq!((problem.code, problem.line, problem.message.as_str()), ("syntax", 3, "this is no JSON"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_fine() {
    let text = format!("\u{feff}{}", seed().replace('\n', "\r\n"));
    assert_eq!(check(text.as_bytes(), &Limits::default()).problems, []);
}

/// What is wrong with the published definition when one of its lines is another.
fn problems_with(line: &str, other: &str) -> Vec<(usize, &'static str, String)> {
    let seed = seed();
    assert_eq!(seed.matches(line).count(), 1, "{line} is in the definition once");
    let report = check(seed.replace(line, other).as_bytes(), &Limits::default());
    report.problems.into_iter().map(|problem| (problem.line, problem.code, problem.path)).collect()
}

#[test]
fn async_inside_of_the_config_is_as_good() {
    let seed = seed().replace("    async: true\n    config:\n", "    config:\n      async: true\n");
    assert!(seed.contains("config:\n      async: true\n"));
    assert_eq!(check(seed.as_bytes(), &Limits::default()).problems, []);
}

#[test]
fn one_mistake_in_the_published_definition_is_one_problem_at_its_line() {
    let cases = [
        ("          outputKey: context\n", "", 45, "output-key", "pipeline[0].config.body[1].outputKey"),
        ("\"@input.databaseId\"", "\"@input.dbId\"", 57, "undefined", "pipeline[0].config.body[3].config.databaseId"),
        (
            "mergeStrategy: replace",
            "mergeStrategy: merge",
            54,
            "value",
            "pipeline[0].config.body[3].config.mergeStrategy",
        ),
        ("version: 1.0.0", "version: 1.0", 5, "type", "metadata.version"),
        ("'@pixiebrix/session'", "'@pixiebrix/sessions'", 48, "unknown-brick", "pipeline[0].config.body[2].id"),
        (
            "      - eventName\n      - data\n",
            "      - event\n      - data\n",
            33,
            "undefined",
            "uiSchema[\"ui:order\"][1]",
        ),
    ];
    for (line, other, at, code, path) in cases {
        let problems = problems_with(line, other);
        assert!(problems.contains(&(at, code, path.to_owned())), "{other}: {problems:?}");
    }
}

/// Texts as somebody might write them: pieces of YAML, JSON and templates in any order.
fn scrambled() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ \\n\\t:,\\[\\]{}&*!|>'\"%@`#?-]{1,3}",
        "[a-z]{1,4}: ",
        prop::sample::select(vec![
            "!var ",
            "!nunjucks ",
            "!pipeline\n",
            "!defer ",
            "&a ",
            "*a",
            "<<: ",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "{{ ",
            " }}",
            "{% if ",
            " %}",
            "{% endif %}",
            "{#",
            "{{#each ",
            "@input.x",
            "'",
            "\"",
            "\\u00",
            "\\ud83d",
            "- id: ",
            "pipeline:\n",
            "kind: component\n",
            "\r\n",
            "\u{feff}",
            "\u{85}",
            "💥",
            "__type__: var",
            "\u{0}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn has_places_that_exist(text: &str) -> Result<(), TestCaseError> {
    let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count();
    for problem in check(text.as_bytes(), &Limits::default()).problems {
        prop_assert!((1..=lines).contains(&problem.line), "{problem:?}");
        prop_assert!(problem.column >= 1, "{problem:?}");
        prop_assert!(!problem.message.is_empty() && !problem.hint.is_empty(), "{problem:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_checked(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes, &Limits::default());
    }

    #[test]
    fn any_text_is_checked(text in scrambled()) {
        has_places_that_exist(&text)?;
    }

    /// A piece of the published definition is taken out, doubled or replaced.
    #[test]
    fn a_mutated_definition_has_problems_in_lines_that_exist(
        start in 0..2500_usize, length in 0..60_usize, piece in scrambled(), again in any::<bool>(),
    ) {
        let seed: Vec<char> = seed().chars().collect();
        let start = start.min(seed.len());
        let end = (start + length).min(seed.len());
        let kept = if again { start } else { end };
        let text: String = seed[..start].iter().chain(&piece.chars().collect::<Vec<_>>()).chain(&seed[kept..]).collect();
        has_places_that_exist(&text)?;
    }
}
