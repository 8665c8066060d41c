//! The "Architecture Invariant" lines of ARCHITECTURE.md that cargo can tell about, held against the workspace as it is.
//!
//! The tables here are exact: an edge that is gone is taken out of them as one that is new is put in, and ARCHITECTURE.md with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// Which crates of ours a crate knows. Everybody may know the words; beyond them a stage knows the one upstream of it.
const OURS: &[(&str, &[&str])] = &[
    ("bench", &[]),
    ("brick", &[]),
    ("catalog", &["record"]),
    ("cli", &["receive", "record", "redact", "sanitize"]),
    ("export", &["record"]),
    ("journal", &["record"]),
    ("lake", &["record"]),
    ("normalize", &["record"]),
    ("query", &["lake", "record"]),
    ("receive", &["record"]),
    ("record", &[]),
    ("redact", &[]),
    ("sanitize", &["record", "redact"]),
    (
        "server",
        &[
            "brick",
            "catalog",
            "export",
            "journal",
            "lake",
            "normalize",
            "query",
            "receive",
            "record",
            "redact",
            "sanitize",
        ],
    ),
];

/// The same for tests and benches.
const OURS_IN_TESTS: &[(&str, &[&str])] =
    &[("normalize", &["receive", "redact", "sanitize"]), ("sanitize", &["receive"])];

/// Who names a heavy crate: in the product, and in tests and benches only.
const OWNERS: &[(&str, &[&str], &[&str])] = &[
    ("arrow", &["lake", "query"], &[]),
    ("axum", &["server"], &[]),
    ("clap", &["bench", "cli", "server"], &[]),
    ("datafusion", &["lake", "query"], &[]),
    ("deltalake-core", &["lake"], &[]),
    ("object_store", &["cli", "lake"], &[]),
    ("opentelemetry-proto", &["bench"], &["receive"]),
    ("parquet", &["lake", "query"], &[]),
    ("prost", &["bench"], &["receive"]),
    ("saphyr-parser", &["brick"], &[]),
    ("sqlx", &["catalog"], &[]),
    ("tokio", &["catalog", "cli", "lake", "query", "server"], &[]),
    ("tonic", &["server"], &[]),
    ("ureq", &["cli"], &[]),
];

/// Pure, or on every laptop: these build in seconds and start in milliseconds.
const LIGHT: &[&str] = &["brick", "cli", "export", "journal", "normalize", "receive", "record", "redact", "sanitize"];

/// What they must not link, nor anything whose name begins so and goes on with `-`.
const HEAVY: &[&str] =
    &["arrow", "datafusion", "deltalake", "hyper", "object_store", "parquet", "prost", "sqlx", "tokio"];

/// `modlake` sends trace files to buckets: it links what that takes, and starts it in no other process than the one that sends.
const FOR_BUCKETS: (&str, &[&str]) = ("cli", &["hyper", "object_store", "tokio"]);

/// One version each, with all crates of the family: rows pass between them, and each compiles for minutes.
const SINGLE: &[&str] = &["arrow", "datafusion", "object_store", "parquet", "prost"];

#[test]
fn a_crate_knows_the_words_and_the_stage_upstream_of_it() {
    let graph = Graph::read();
    let members: BTreeSet<&str> = graph.members().map(|package| package.name.as_str()).collect();
    let listed: BTreeSet<&str> = OURS.iter().map(|(name, _)| *name).collect();
    assert_eq!(members, listed, "crates of the workspace and of this test's table");
    for (table, in_tests) in [(OURS, false), (OURS_IN_TESTS, true)] {
        let allowed: HashMap<&str, &[&str]> = table.iter().copied().collect();
        for package in graph.members() {
            let known = package.names(in_tests).filter(|name| members.contains(name));
            let expected = allowed.get(package.name.as_str()).copied().unwrap_or_default();
            assert_eq!(
                known.collect::<BTreeSet<_>>(),
                expected.iter().copied().collect(),
                "crates of ours that `{}` names{}",
                package.name,
                if in_tests { " in its tests" } else { "" }
            );
        }
    }
}

#[test]
fn a_heavy_crate_has_its_owners() {
    let graph = Graph::read();
    for (heavy, product, tests) in OWNERS {
        for (owners, in_tests) in [(product, false), (tests, true)] {
            let naming = graph.members().filter(|package| package.names(in_tests).any(|name| name == *heavy));
            assert_eq!(
                naming.map(|package| package.name.as_str()).collect::<BTreeSet<_>>(),
                owners.iter().copied().collect(),
                "who names `{heavy}`{}",
                if in_tests { " in tests" } else { "" }
            );
        }
    }
}

#[test]
fn light_crates_link_nothing_heavy() {
    let graph = Graph::read();
    for light in LIGHT {
        let linked = graph.linked(light);
        assert!(linked.len() > 1, "`{light}` links something");
        let allowed = if *light == FOR_BUCKETS.0 { FOR_BUCKETS.1 } else { &[] };
        let is_heavy = |name: &str| {
            HEAVY.iter().any(|heavy| in_family(heavy, name)) && !allowed.iter().any(|heavy| in_family(heavy, name))
        };
        let heavy: Vec<&&str> = linked.iter().filter(|name| is_heavy(name)).collect();
        assert!(
            heavy.is_empty(),
            "`{light}` links {heavy:?}; `cargo tree -p {light} -e normal -i NAME` tells through what"
        );
    }
}

#[test]
fn the_lock_holds_one_version_of_what_rows_pass_through() {
    let lock: Lock = toml::from_str(&read(&root().join("Cargo.lock"))).expect("Cargo.lock is TOML");
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &lock.package {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    for family in SINGLE {
        let members: Vec<_> = versions.iter().filter(|(name, _)| in_family(family, name)).collect();
        assert!(members.iter().any(|(name, _)| *name == family), "`{family}` is in the lock");
        for (name, versions) in members {
            assert_eq!(versions.len(), 1, "versions of `{name}` in the lock: {versions:?}");
        }
    }
}

#[test]
fn versions_and_features_are_declared_once() {
    for package in Graph::read().members() {
        let name = &package.name;
        assert!(package.features.is_empty(), "`{name}` has cargo features of its own: {:?}", package.features.keys());
        let manifest: toml::Table = toml::from_str(&read(&package.manifest_path)).expect("a manifest is TOML");
        for (dependency, declared) in dependencies(&manifest) {
            let inherited = declared.as_table().is_some_and(|declared| {
                declared.len() == 1 && declared.get("workspace").and_then(toml::Value::as_bool) == Some(true)
            });
            assert!(inherited, "`{name}` declares `{dependency}` itself: write `{dependency}.workspace = true`");
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(lints, Some(true), "`{name}` is held to the lints of the workspace");
    }
}

#[test]
fn no_file_is_called_mod_rs() {
    let mut folders = vec![root().join("crates"), root().join("bench")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files += 1;
                assert_ne!(
                    path.file_name(),
                    Some("mod.rs".as_ref()),
                    "{}: call it by its folder's name",
                    path.display()
                );
            }
        }
    }
    assert!(files > 100, "only {files} Rust files were seen");
}

/// What `cargo metadata` tells, as far as it is looked at.
#[derive(Deserialize)]
struct Graph {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `None` in the product, else `dev` or `build`.
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}

impl Graph {
    /// For this machine's platform only, so that nothing has to be fetched that was not built.
    fn read() -> Self {
        let version = cargo(&["-vV"]);
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("`cargo -vV` names the host");
        let text = cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
        serde_json::from_str(&text).expect("the metadata is JSON of the known form")
    }

    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The names of all crates that end up in what `name` builds, itself included.
    fn linked(&self, name: &str) -> BTreeSet<&str> {
        let names: HashMap<&str, &str> =
            self.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let nodes: HashMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let start = self.members().find(|package| package.name == name).expect("a crate of the workspace");
        let mut seen = BTreeSet::from([start.id.as_str()]);
        let mut left = vec![start.id.as_str()];
        while let Some(id) = left.pop() {
            let edges = nodes[id].deps.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            left.extend(edges.map(|edge| edge.pkg.as_str()).filter(|id| seen.insert(id)));
        }
        seen.into_iter().map(|id| names[id]).collect()
    }
}

impl Package {
    fn names(&self, in_tests: bool) -> impl Iterator<Item = &str> {
        let wanted = move |dependency: &&Dependency| (dependency.kind.as_deref() == Some("dev")) == in_tests;
        self.dependencies.iter().filter(wanted).map(|dependency| dependency.name.as_str())
    }
}

/// Of all kinds and targets: name, and what the manifest says of it.
fn dependencies(manifest: &toml::Table) -> Vec<(&str, &toml::Value)> {
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, target)| target.as_table()).chain([manifest]);
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    tables
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flatten()
        .map(|(name, declared)| (name.as_str(), declared))
        .collect()
}

fn in_family(family: &str, name: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo starts");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
