use super::*;

fn call(typed: &[&str]) -> Option<(Vec<String>, bool)> {
    let call = called(typed.iter().map(OsString::from))?;
    let arguments = call.arguments.into_iter().map(|argument| argument.into_string().unwrap()).collect();
    Some((arguments, call.may_name_program))
}

#[test]
fn arguments_are_read_by_nobody_but_mod() {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(call(&["modlake", "exec", "--", "mod", "--help"]), Some((owned(&["mod", "--help"]), true)));
    assert_eq!(call(&["/opt/mod.sh", "--version"]), Some((owned(&["--version"]), false)));
    assert_eq!(call(&["mod.sh"]), Some((Vec::new(), false)));
    assert_eq!(call(&["modlake", "exec", "--install-alias"]), None);
    assert_eq!(call(&["modlake", "--version"]), None);
}
