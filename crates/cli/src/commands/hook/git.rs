//! Repository and branch of a folder, from git's own files: starting git takes longer than all else that a hook does.
//!
//! `.git` is looked for upward from the folder. It is the repository's folder, or (worktrees, submodules) a file with
//! `gitdir: <path>`. `HEAD` there names the branch; `config` there, or where its `commondir` points, has the URL of `origin`
//! (gitrepository-layout(5), git-config(1)). Files that `include` names and `insteadOf` are not followed.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// None of git's files that are read here is larger in practice.
const FILE_BYTES: u64 = 64 << 10;
/// Folders upward.
const LEVELS: usize = 64;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Git {
    /// `owner/name` of `origin`; all folders of it where a forge has groups in groups.
    pub(super) repo: Option<String>,
    /// `None` when HEAD names a commit.
    pub(super) branch: Option<String>,
}

/// What git's files tell; nothing where they do not, or are not there.
pub(super) fn find(folder: &Path) -> Git {
    if !folder.is_absolute() {
        return Git::default();
    }
    let Some(folder) = folder.ancestors().take(LEVELS).find_map(git_folder) else { return Git::default() };
    let head = read(&folder.join("HEAD")).unwrap_or_default();
    let branch = head.trim().strip_prefix("ref: refs/heads/").filter(|branch| !branch.is_empty());
    let common = match read(&folder.join("commondir")) {
        Some(path) => folder.join(path.trim()),
        None => folder.clone(),
    };
    let config = read(&common.join("config")).unwrap_or_default();
    Git { repo: origin(&config).and_then(|url| name(&url)), branch: branch.map(str::to_owned) }
}

fn git_folder(folder: &Path) -> Option<PathBuf> {
    let dot_git = folder.join(".git");
    let metadata = dot_git.metadata().ok()?;
    if metadata.is_dir() {
        return dot_git.join("HEAD").exists().then_some(dot_git);
    }
    let text = read(&dot_git)?;
    Some(folder.join(text.strip_prefix("gitdir:")?.trim()))
}

fn read(path: &Path) -> Option<String> {
    // Opening a pipe would wait for its other end.
    let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
    let mut bytes = Vec::new();
    File::open(is_file.then_some(path)?).ok()?.take(FILE_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last `url` of `[remote "origin"]`, as git takes it.
fn origin(config: &str) -> Option<String> {
    let mut inside = false;
    let mut found = None;
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let (kind, name) = section.split_once(char::is_whitespace).unwrap_or_default();
            inside = kind.eq_ignore_ascii_case("remote") && name.trim_start().starts_with("\"origin\"]");
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            found = Some(plain(value.trim()));
        }
    }
    found
}

/// A value without its quotes, escapes and comment.
fn plain(value: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            '\\' => out.extend(chars.next()),
            '#' | ';' if !quoted => break,
            c => out.push(c),
        }
    }
    out.trim_end().to_owned()
}

/// `owner/name` from `https://user:token@host/owner/name.git`, `git@host:owner/name`, `ssh://…`; of a folder on this machine
/// its own name alone.
fn name(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => last(url),
        Some((_, rest)) => rest.split_once('/')?.1,
        None => match url.split_once(':') {
            // One letter is a drive; a slash before the colon makes it a path (git-clone(1), "GIT URLS").
            Some((host, path)) if host.len() > 1 && !host.contains(['/', '\\']) => path,
            _ => last(url),
        },
    };
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_name = |part: &str| !part.is_empty() && part != ".." && !part.contains(['@', '\\']);
    (path.split('/').all(is_name) && !path.chars().any(char::is_control)).then(|| path.to_owned())
}

fn last(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    let path = path.strip_suffix("/.git").unwrap_or(path);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
