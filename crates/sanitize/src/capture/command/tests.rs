use super::{PROGRAMS, program};

#[test]
fn the_program_that_does_something_is_told() {
    let cases = [
        ("git commit -m 'x'", "git commit"),
        ("git -C /tmp/x commit", "git commit"),
        ("npm test", "npm test"),
        ("npm run secret-script", "npm run"),
        ("cargo build --release", "cargo build"),
        ("cd x && cargo test | tail", "cargo test"),
        ("FOO=bar BAZ='q' sudo -E /usr/bin/git push", "git push"),
        ("env -i A=b timeout 10 make all", "make"),
        ("bash -lc 'cd a && pytest -q'", "pytest"),
        ("bash script.sh", "bash"),
        ("echo hi", "echo"),
        ("cd /tmp", "cd"),
        ("./gradlew build", "gradlew build"),
        ("python3 -m pytest", "python3 pytest"),
        ("frobnicate --all", "other"),
        ("frobnicate && ls", "ls"),
        ("*** Begin Patch\n*** Update File: a", "apply_patch"),
        ("", "other"),
        ("other", "other"),
        ("C:\\tools\\node.exe app.js", "node"),
    ];
    for (line, expected) in cases {
        assert_eq!(program(line), expected, "{line}");
        assert_eq!(program(expected), expected, "reduced twice: {line}");
    }
}

#[test]
fn every_program_is_found_and_stays_itself() {
    for pair in PROGRAMS.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} is not sorted", pair[1].0);
    }
    for (name, subcommands) in PROGRAMS {
        assert_eq!(program(name), *name);
        for subcommand in *subcommands {
            let both = format!("{name} {subcommand}");
            assert_eq!(program(&both), both);
        }
    }
}
