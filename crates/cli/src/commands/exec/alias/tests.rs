use super::*;

#[test]
fn the_block_is_put_once_replaced_and_taken_away() {
    let block = alias(Path::new("/opt/bin/modlake")).unwrap();
    for before in ["", "export A=1\n", "export A=1", "# x\r\n\r\n"] {
        let with = edit(before, Some(&block)).unwrap();
        assert!(with.starts_with(before) && with.contains("alias mod='\"/opt/bin/modlake\" exec -- mod'"));
        assert_eq!(edit(&with, Some(&block)).unwrap(), with, "installing twice changes nothing");
        let moved = alias(Path::new("/usr/bin/modlake")).unwrap();
        let again = edit(&format!("{with}after=1\n"), Some(&moved)).unwrap();
        assert!(again.contains("/usr/bin") && !again.contains("/opt/bin") && again.ends_with("after=1\n"));
        let without = edit(&with, None).unwrap();
        assert_eq!(without.trim_end(), before.trim_end());
    }
}

#[test]
fn half_a_block_is_left_alone() {
    assert!(edit(&format!("{BEGIN}\nalias mod=x\n"), None).is_err());
    assert!(edit(&format!("{END}\n{BEGIN}\n"), None).is_err());
}

#[test]
fn a_path_that_would_end_the_quotes_is_refused() {
    assert!(alias(Path::new("/opt/it's/modlake")).is_err());
}
