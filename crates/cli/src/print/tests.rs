use super::*;

#[test]
fn control_characters_are_shown_and_not_sent() {
    assert_eq!(printable("a\x1b[31mb\nc\td\u{9b}e"), "a\\u{1b}[31mb\\nc\\td\\u{9b}e");
    assert_eq!(printable("größe 🦀"), "größe 🦀");
}

#[test]
fn colour_wraps_the_word_on_a_terminal_where_it_is_wanted() {
    assert_eq!(Printer::new(true, true).paint(Tone::Bad, "error:"), "\x1b[1;31merror:\x1b[0m");
    for (wanted, terminal) in [(true, false), (false, true), (false, false)] {
        assert_eq!(Printer::new(wanted, terminal).paint(Tone::Bad, "error:"), "error:");
    }
}
