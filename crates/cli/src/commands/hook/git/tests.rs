use std::fs;

use super::*;

const CONFIG: &str = "[core]\n\tbare = false\n[remote \"upstream\"]\n\turl = https://example.com/other/other.git\n\
                      [Remote \"origin\"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\tURL = git@example.com:acme/web.git ; here\n\
                      [branch \"main\"]\n\tremote = origin\n\turl = no\n";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn git(repo: &str, branch: &str) -> Git {
    Git { repo: Some(repo.to_owned()), branch: Some(branch.to_owned()) }
}

#[test]
fn a_repository_is_found_from_any_folder_in_it() {
    let home = tempfile::tempdir().unwrap();
    write(
        home.path(),
        &[
            ("web/.git/HEAD", "ref: refs/heads/feature/refunds\n"),
            ("web/.git/config", CONFIG),
            ("web/src/deep/x.rs", ""),
        ],
    );
    for folder in ["web", "web/src/deep", "web/src/gone", "web/.git"] {
        assert_eq!(find(&home.path().join(folder)), git("acme/web", "feature/refunds"), "{folder}");
    }
    assert_eq!(find(home.path()), Git::default());
    assert_eq!(find(Path::new("web")), Git::default());
}

#[test]
fn a_worktree_has_its_own_branch_and_the_repository_of_all() {
    let home = tempfile::tempdir().unwrap();
    let linked = home.path().join("web/.git/worktrees/fix");
    write(
        home.path(),
        &[
            ("web/.git/HEAD", "ref: refs/heads/main\n"),
            ("web/.git/config", CONFIG),
            ("web/.git/worktrees/fix/HEAD", "ref: refs/heads/fix\n"),
            ("web/.git/worktrees/fix/commondir", "../..\n"),
            ("fix/.git", &format!("gitdir: {}\n", linked.display())),
        ],
    );
    assert_eq!(find(&home.path().join("fix")), git("acme/web", "fix"));
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    write(
        home.path(),
        &[
            ("web/.git/HEAD", "ref: refs/heads/main\n"),
            ("web/.git/config", CONFIG),
            ("web/.git/modules/lib/HEAD", "8f3c2a\n"),
            ("web/.git/modules/lib/config", "[remote \"origin\"]\nurl=https://example.com/acme/lib\n"),
            ("web/lib/.git", "gitdir: ../.git/modules/lib\n"),
        ],
    );
    assert_eq!(find(&home.path().join("web/lib")), Git { repo: Some("acme/lib".to_owned()), branch: None });
}

#[test]
fn what_is_no_repository_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    write(
        home.path(),
        &[
            ("web/.git/HEAD", "ref: refs/heads/main\n"),
            ("web/a/.git/description", "no HEAD"),
            ("web/b/.git", "nonsense"),
        ],
    );
    let expected = Git { repo: None, branch: Some("main".to_owned()) };
    for folder in ["web/a", "web/b"] {
        assert_eq!(find(&home.path().join(folder)), expected, "{folder}");
    }
}

#[test]
fn a_url_becomes_a_name_without_user_and_password() {
    for (url, expected) in [
        ("https://example.com/acme/web.git", Some("acme/web")),
        ("https://ada:ghp_secret@example.com/acme/web.git", Some("acme/web")),
        ("https://example.com/group/team/web/", Some("group/team/web")),
        ("https://example.com/acme/web?token=secret", Some("acme/web")),
        ("git@example.com:acme/web.git", Some("acme/web")),
        ("example.com:acme/web", Some("acme/web")),
        ("git@example.com:/srv/web.git", Some("srv/web")),
        ("ssh://git@example.com:2222/acme/web.git", Some("acme/web")),
        ("/home/ada/private/web.git", Some("web")),
        ("../web", Some("web")),
        ("/home/ada/web/.git", Some("web")),
        ("file:///srv/git/web.git", Some("web")),
        ("C:\\work\\web", Some("web")),
        ("https://example.com", None),
        ("https://example.com/", None),
        ("https://example.com/a@b/c", None),
        ("..", None),
        ("", None),
    ] {
        assert_eq!(name(url).as_deref(), expected, "{url}");
    }
}

#[test]
fn values_are_read_as_git_reads_them() {
    for (value, expected) in [
        ("plain", "plain"),
        ("\"quoted # ; \" # comment", "quoted # ; "),
        ("back\\\\slash", "back\\slash"),
        ("a;b", "a"),
        ("dangling\\", "dangling"),
    ] {
        assert_eq!(plain(value), expected.trim_end(), "{value}");
    }
    let twice = "[remote \"origin\"]\nurl = https://example.com/a/first\n[remote \"origin\"]\nurl = https://example.com/a/last\n";
    assert_eq!(origin(twice).as_deref(), Some("https://example.com/a/last"));
    assert_eq!(origin("[remote \"origin2\"]\nurl = x\n"), None);
}

proptest::proptest! {
    #[test]
    fn nothing_in_gits_files_breaks_it(head in ".{0,40}", config in "(\\[remote \"origin\"\\]\n)?.{0,80}(\nurl.{0,3}.{0,60})?") {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), &[(".git/HEAD", &head), (".git/config", &config)]);
        let found = find(home.path());
        proptest::prop_assert!(found.repo.is_none_or(|repo| !repo.contains('@')));
    }
}
