use super::*;

#[test]
fn a_path_is_quoted_as_far_as_a_shell_needs_it_and_read_back() {
    for (path, word) in [
        ("/usr/local/bin/modlake", "/usr/local/bin/modlake"),
        ("/Users/ann lee/modlake", "'/Users/ann lee/modlake'"),
        ("/it's/modlake", r"'/it'\''s/modlake'"),
        ("/$HOME/`x`/modlake", "'/$HOME/`x`/modlake'"),
    ] {
        assert_eq!(quoted(path), word);
        assert_eq!(unquoted(word).as_deref(), Some(path));
        assert_eq!(program_of(&command(word, Agent::Codex), Agent::Codex), Some(PathBuf::from(path)));
    }
}

#[cfg(unix)]
#[test]
fn a_shell_reads_what_was_quoted() {
    for path in ["/a b/modlake", "/it's \"so\"/modlake", "/a$b`c`\\d/*/modlake", "/ü;&|<>()/modlake"] {
        let output =
            std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(path))]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), path);
    }
}

#[test]
fn only_a_command_that_is_all_ours_is_ours() {
    for (command, ours) in [
        ("modlake hook --agent claude", true),
        ("/opt/modlake-0.2/modlake hook --agent claude", true),
        ("/opt/modlake-0.2 hook --agent claude", true),
        ("  \"/a b/modlake\"  hook  --agent  claude ", true),
        (r"C:/tools/modlake.exe hook --agent claude", true),
        ("modlake hook --agent codex", false),
        ("modlake hook", false),
        ("modlake doctor --agent claude", false),
        ("notmodlake hook --agent claude", false),
        ("cd /x && modlake hook --agent claude", false),
        ("env A=1 modlake hook --agent claude", false),
        ("modlake hook --agent claude; rm x", false),
        ("modlake hook --agent claude | tee log hook --agent claude", false),
        ("$(x)/modlake hook --agent claude", false),
        ("'/a b/modlake hook --agent claude", false),
        ("modlakehook --agent claude", false),
        ("", false),
    ] {
        assert_eq!(program_of(command, Agent::Claude).is_some(), ours, "{command}");
    }
}
