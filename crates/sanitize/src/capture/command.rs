//! A command line without its arguments: the program and, where the program is known to have them, its subcommand.
//!
//! Both come out of the lists below, so nothing a person or a model typed gets through: what is in no list is `other`.

/// The first well-known program of a (compound) command line that does something: `cd x && cargo test | tail` is `cargo test`.
///
/// Prefixes (`env`, `sudo`, `VAR=value`, `bash -c`) are skipped; `cd`, `echo` and the like count only when nothing follows.
pub(super) fn program(line: &str) -> String {
    let mut minor = None;
    let line = head(line);
    if is_patch(line) {
        return "apply_patch".to_owned();
    }
    for segment in line.split(['&', '|', ';', '\n', '(', ')', '`']).take(64) {
        let mut words = segment.split_whitespace().map(bare).take(16);
        while let Some(word) = words.next() {
            if is_assignment(word) || word.starts_with('-') {
                continue;
            }
            let name = base(word);
            if PREFIXES.contains(&name) || SHELLS.contains(&name) {
                minor = minor.or_else(|| SHELLS.iter().find(|shell| **shell == name));
                continue;
            }
            if let Some(found) = MINOR.iter().find(|minor| **minor == name) {
                minor = minor.or(Some(found));
            } else if let Ok(at) = PROGRAMS.binary_search_by(|(program, _)| (*program).cmp(name)) {
                let (program, subcommands) = PROGRAMS[at];
                return match words.find_map(|word| subcommands.iter().find(|known| **known == word)) {
                    Some(subcommand) => format!("{program} {subcommand}"),
                    None => program.to_owned(),
                };
            } else if word.bytes().any(|byte| !byte.is_ascii_digit()) {
                break;
            }
        }
    }
    minor.copied().unwrap_or("other").to_owned()
}

/// Codex's `apply_patch` takes a whole patch, file content and all, for its command.
pub(super) fn is_patch(line: &str) -> bool {
    line.trim_start().starts_with("*** Begin Patch")
}

/// Enough to find a program in.
fn head(line: &str) -> &str {
    let mut end = line.len().min(4096);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or_default()
}

fn bare(word: &str) -> &str {
    word.trim_matches(['"', '\'', '\\', '{', '}', '$'])
}

fn base(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Run another command.
const PREFIXES: &[&str] = &[
    "builtin", "command", "do", "doas", "else", "env", "exec", "if", "nice", "nohup", "setsid", "stdbuf", "sudo",
    "then", "time", "timeout", "while", "xargs", "!",
];

/// Run another command when told by `-c`, a script otherwise.
const SHELLS: &[&str] = &["bash", "cmd", "dash", "fish", "powershell", "pwsh", "sh", "zsh"];

/// Set the scene for another command.
const MINOR: &[&str] = &[
    ":", "cd", "echo", "export", "false", "popd", "printf", "pushd", "pwd", "set", "sleep", "source", "true", "ulimit",
    "umask", "unset", "wait",
];

const GIT: &[&str] = &[
    "add",
    "apply",
    "archive",
    "bisect",
    "blame",
    "branch",
    "bundle",
    "checkout",
    "cherry-pick",
    "clean",
    "clone",
    "commit",
    "config",
    "describe",
    "diff",
    "fetch",
    "format-patch",
    "gc",
    "grep",
    "init",
    "log",
    "ls-files",
    "ls-remote",
    "ls-tree",
    "merge",
    "merge-base",
    "mv",
    "notes",
    "pull",
    "push",
    "rebase",
    "reflog",
    "remote",
    "reset",
    "restore",
    "rev-list",
    "rev-parse",
    "revert",
    "rm",
    "shortlog",
    "show",
    "sparse-checkout",
    "stash",
    "status",
    "submodule",
    "switch",
    "tag",
    "worktree",
];
const NODE: &[&str] = &[
    "add",
    "audit",
    "build",
    "ci",
    "create",
    "dev",
    "dlx",
    "exec",
    "i",
    "init",
    "install",
    "link",
    "list",
    "lint",
    "ls",
    "outdated",
    "pack",
    "publish",
    "remove",
    "run",
    "start",
    "test",
    "uninstall",
    "update",
    "upgrade",
    "view",
    "why",
    "x",
];
const CARGO: &[&str] = &[
    "add", "bench", "build", "check", "clean", "clippy", "deny", "doc", "fetch", "fix", "fmt", "init", "insta",
    "install", "metadata", "new", "nextest", "publish", "remove", "run", "search", "test", "tree", "update", "vendor",
];
const CONTAINERS: &[&str] = &[
    "build", "buildx", "compose", "cp", "create", "exec", "image", "images", "info", "inspect", "kill", "login",
    "logs", "network", "ps", "pull", "push", "restart", "rm", "rmi", "run", "start", "stats", "stop", "system", "tag",
    "up", "version", "volume",
];
const KUBERNETES: &[&str] = &[
    "apply",
    "cluster-info",
    "config",
    "cp",
    "create",
    "delete",
    "describe",
    "diff",
    "edit",
    "exec",
    "expose",
    "get",
    "install",
    "lint",
    "list",
    "logs",
    "patch",
    "port-forward",
    "rollout",
    "run",
    "scale",
    "set",
    "status",
    "template",
    "top",
    "uninstall",
    "upgrade",
    "version",
];
const PACKAGES: &[&str] = &[
    "add",
    "build",
    "check",
    "cleanup",
    "config",
    "download",
    "freeze",
    "index",
    "info",
    "init",
    "install",
    "list",
    "lock",
    "outdated",
    "publish",
    "remove",
    "run",
    "search",
    "shell",
    "show",
    "sync",
    "tool",
    "uninstall",
    "update",
    "upgrade",
    "venv",
];
const GO: &[&str] = &[
    "build", "clean", "doc", "env", "fmt", "generate", "get", "install", "list", "mod", "run", "test", "tool",
    "version", "vet", "work",
];
const JVM: &[&str] = &[
    "assemble",
    "bootRun",
    "build",
    "check",
    "clean",
    "compile",
    "dependencies",
    "deploy",
    "install",
    "package",
    "publish",
    "run",
    "test",
    "validate",
    "verify",
];
const GITHUB: &[&str] =
    &["api", "auth", "browse", "gist", "issue", "mr", "pr", "release", "repo", "run", "search", "workflow"];
const INFRASTRUCTURE: &[&str] = &[
    "apply",
    "destroy",
    "fmt",
    "import",
    "init",
    "output",
    "plan",
    "refresh",
    "show",
    "state",
    "validate",
    "workspace",
];
const DOTNET: &[&str] = &["add", "build", "clean", "new", "pack", "publish", "restore", "run", "test", "tool"];
const SERVICES: &[&str] = &["disable", "enable", "reload", "restart", "start", "status", "stop"];
const MODERNE: &[&str] = &["build", "config", "git", "run", "study"];
const PYTHON: &[&str] = &["pip", "pytest", "unittest", "venv"];
const NONE: &[&str] = &[];

/// Well-known programs, sorted, with their subcommands.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("ack", NONE),
    ("ansible", NONE),
    ("ansible-playbook", NONE),
    ("apply_patch", NONE),
    ("apt", PACKAGES),
    ("apt-get", PACKAGES),
    ("awk", NONE),
    ("aws", NONE),
    ("az", NONE),
    ("base64", NONE),
    ("basename", NONE),
    ("bat", NONE),
    ("bazel", JVM),
    ("biome", NONE),
    ("black", NONE),
    ("brew", PACKAGES),
    ("bun", NODE),
    ("bundle", PACKAGES),
    ("bunx", NONE),
    ("cargo", CARGO),
    ("cat", NONE),
    ("chmod", NONE),
    ("chown", NONE),
    ("claude", NONE),
    ("cmake", NONE),
    ("codex", NONE),
    ("composer", PACKAGES),
    ("cp", NONE),
    ("ctest", NONE),
    ("curl", NONE),
    ("cut", NONE),
    ("date", NONE),
    ("deno", NODE),
    ("df", NONE),
    ("diff", NONE),
    ("dirname", NONE),
    ("docker", CONTAINERS),
    ("docker-compose", CONTAINERS),
    ("dotnet", DOTNET),
    ("du", NONE),
    ("duckdb", NONE),
    ("egrep", NONE),
    ("eslint", NONE),
    ("fd", NONE),
    ("ffmpeg", NONE),
    ("file", NONE),
    ("find", NONE),
    ("flake8", NONE),
    ("gcc", NONE),
    ("gcloud", NONE),
    ("gem", PACKAGES),
    ("gh", GITHUB),
    ("git", GIT),
    ("glab", GITHUB),
    ("go", GO),
    ("gradle", JVM),
    ("gradlew", JVM),
    ("grep", NONE),
    ("gunzip", NONE),
    ("gzip", NONE),
    ("head", NONE),
    ("helm", KUBERNETES),
    ("hexdump", NONE),
    ("hostname", NONE),
    ("id", NONE),
    ("isort", NONE),
    ("java", NONE),
    ("javac", NONE),
    ("jest", NONE),
    ("jj", GIT),
    ("jq", NONE),
    ("just", NONE),
    ("kill", NONE),
    ("kubectl", KUBERNETES),
    ("ln", NONE),
    ("ls", NONE),
    ("lsof", NONE),
    ("make", NONE),
    ("md5sum", NONE),
    ("mkdir", NONE),
    ("mktemp", NONE),
    ("mocha", NONE),
    ("mod", MODERNE),
    ("mv", NONE),
    ("mvn", JVM),
    ("mvnw", JVM),
    ("mypy", NONE),
    ("mysql", NONE),
    ("ninja", NONE),
    ("node", NONE),
    ("npm", NODE),
    ("npx", NONE),
    ("nx", JVM),
    ("openssl", NONE),
    ("pdm", PACKAGES),
    ("perl", NONE),
    ("pgrep", NONE),
    ("php", NONE),
    ("pip", PACKAGES),
    ("pip3", PACKAGES),
    ("pipenv", PACKAGES),
    ("pkill", NONE),
    ("playwright", NONE),
    ("pnpm", NODE),
    ("podman", CONTAINERS),
    ("poetry", PACKAGES),
    ("pre-commit", NONE),
    ("prettier", NONE),
    ("ps", NONE),
    ("psql", NONE),
    ("pylint", NONE),
    ("pyright", NONE),
    ("pytest", NONE),
    ("python", PYTHON),
    ("python3", PYTHON),
    ("rake", NONE),
    ("readlink", NONE),
    ("realpath", NONE),
    ("redis-cli", NONE),
    ("rg", NONE),
    ("rm", NONE),
    ("rmdir", NONE),
    ("rsync", NONE),
    ("ruby", NONE),
    ("ruff", NONE),
    ("rustc", NONE),
    ("rustfmt", NONE),
    ("rustup", PACKAGES),
    ("sbt", JVM),
    ("scp", NONE),
    ("sed", NONE),
    ("seq", NONE),
    ("sha256sum", NONE),
    ("shellcheck", NONE),
    ("sort", NONE),
    ("sqlite3", NONE),
    ("ssh", NONE),
    ("stat", NONE),
    ("strace", NONE),
    ("strings", NONE),
    ("swift", JVM),
    ("systemctl", SERVICES),
    ("tail", NONE),
    ("tar", NONE),
    ("tee", NONE),
    ("terraform", INFRASTRUCTURE),
    ("test", NONE),
    ("tofu", INFRASTRUCTURE),
    ("touch", NONE),
    ("tr", NONE),
    ("tree", NONE),
    ("ts-node", NONE),
    ("tsc", NONE),
    ("tsx", NONE),
    ("turbo", NONE),
    ("uname", NONE),
    ("uniq", NONE),
    ("unzip", NONE),
    ("uv", PACKAGES),
    ("uvx", NONE),
    ("vite", NONE),
    ("vitest", NONE),
    ("wc", NONE),
    ("webpack", NONE),
    ("wget", NONE),
    ("which", NONE),
    ("whoami", NONE),
    ("xcodebuild", NONE),
    ("xxd", NONE),
    ("yarn", NODE),
    ("yq", NONE),
    ("zip", NONE),
];

#[cfg(test)]
mod tests;
