use super::*;

/// Scripts test for these numbers: changing one breaks them.
#[test]
fn the_numbers_stay() {
    let numbers = Exit::ALL.map(|exit| (exit, exit.code()));
    assert_eq!(
        numbers,
        [
            (Exit::Ok, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Config, 3),
            (Exit::Unreachable, 4),
            (Exit::Denied, 5),
            (Exit::Refused, 6),
            (Exit::OutputClosed, 141),
        ]
    );
}

#[test]
fn help_has_a_line_for_each() {
    let help = Exit::help();
    assert_eq!(help.lines().count(), 1 + Exit::ALL.len());
    for exit in Exit::ALL {
        assert!(help.contains(exit.meaning()), "{help}");
    }
}
