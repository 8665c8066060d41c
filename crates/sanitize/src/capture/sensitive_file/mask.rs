//! The values of a file's text go, its names stay.
//!
//! Line by line: `NAME=value`, `name: value`, netrc's words, with a line number or a comment mark before it; a line in no such
//! form goes whole. In JSON text, also when its end is cut off, the same is done within each string. Text that is masked is not
//! masked again.

use super::super::structure::is_placeholder;

/// Values of JSON and YAML that are no text.
const STRUCTURE: [&str; 12] = ["{", "}", "[", "]", "{}", "[]", "|", "|-", ">", ">-", "null", "~"];
/// netrc's words before a value; what follows `machine` is a host.
const NETRC: [&str; 5] = ["machine", "login", "password", "account", "default"];
/// Keys of a tool's answer that tell which file it is and what was done to it.
const KEPT: [&str; 6] = ["filePath", "file_path", "notebook_path", "path", "target_file", "type"];
/// Bytes of a name.
const NAME_BYTES: usize = 120;

/// `put` makes a value's placeholder.
pub(super) fn mask_text(text: &str, put: &mut impl FnMut(&str) -> String) -> String {
    if is_json(text) {
        return mask_json(text, put);
    }
    // Codex writes lines of its own before a command's output
    let own = match text.split_once("\nOutput:\n") {
        Some((head, _)) if head.len() <= 256 && (head.starts_with("Chunk ID: ") || head.starts_with("Exit code: ")) => {
            head.len() + "\nOutput:\n".len()
        }
        _ => 0,
    };
    let (head, text) = text.split_at_checked(own).unwrap_or(("", text));
    let mut out = String::with_capacity(head.len() + text.len() * 2);
    out.push_str(head);
    let mut in_key = false;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        in_key |= line.contains("-----BEGIN ");
        if in_key && !line.contains("-----") && !line.trim().is_empty() && !is_placeholder(line.trim()) {
            out.push_str(&put(line.trim()));
        } else if in_key {
            out.push_str(line);
        } else {
            mask_line(line, put, &mut out);
        }
        in_key &= !line.contains("-----END ");
        out.push_str(whole.get(line.len()..).unwrap_or_default());
    }
    out
}

/// The text that a shell command hands to a program between `<<WORD` and `WORD`.
pub(super) fn mask_heredoc(command: &str, put: &mut impl FnMut(&str) -> String) -> Option<String> {
    let at = command.find("<<")?;
    let head = at + command.get(at..)?.find('\n')? + 1;
    let word = command.get(at + 2..head)?.split_whitespace().next()?.trim_matches(['-', '\'', '"', '\\', '~']);
    let body = command.get(head..)?;
    let end = body.split_inclusive('\n').scan(0, |from, line| {
        let start = *from;
        *from += line.len();
        Some((start, line))
    });
    let end = end.filter(|(_, line)| line.trim() == word).map(|(start, _)| start).next().unwrap_or(body.len());
    let masked = mask_text(body.get(..end)?, put);
    Some(format!("{}{masked}{}", command.get(..head)?, body.get(end..)?))
}

fn mask_line(line: &str, put: &mut impl FnMut(&str) -> String, out: &mut String) {
    let start = line_number(line);
    let (lead, rest) = line.split_at_checked(start).unwrap_or(("", line));
    out.push_str(lead);
    let body = rest.trim_start();
    out.push_str(rest.get(..rest.len() - body.len()).unwrap_or_default());
    let comment = body.len() - body.trim_start_matches(['#', ';', ' ', '\t']).len();
    let (mark, body) = body.split_at_checked(comment).unwrap_or(("", body));
    out.push_str(mark);
    let is_comment = mark.contains(['#', ';']);
    if body.trim().is_empty() || is_section(body.trim()) || is_plain(body.trim()) {
        out.push_str(body);
    } else if NETRC.contains(&body.split_whitespace().next().unwrap_or_default()) {
        mask_netrc(body, put, out);
    } else if let Some(value) = value_of(body) {
        let (name, value) = body.split_at_checked(value).unwrap_or((body, ""));
        out.push_str(name);
        mask_value(value, put, out);
    } else if is_comment {
        out.push_str(body);
    } else {
        mask_value(body, put, out);
    }
}

/// `     12→`, `12\t`, `12:`: what tools write before a line.
fn line_number(line: &str) -> usize {
    let digits = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    let has_digits = digits.len() < line.trim_start().len();
    match digits.chars().next() {
        Some(mark @ ('→' | '\t' | ':' | '|')) if has_digits => line.len() - digits.len() + mark.len_utf8(),
        _ => 0,
    }
}

/// `[default]`, `---`.
fn is_section(body: &str) -> bool {
    body.starts_with('[') && body.ends_with(']') && !body.contains(['=', ',', '"']) || body == "---"
}

fn is_plain(value: &str) -> bool {
    let value = value.trim_end_matches(',');
    is_placeholder(value) || STRUCTURE.contains(&value)
}

/// Where the value of `NAME=value` or `name: value` begins.
fn value_of(body: &str) -> Option<usize> {
    let equals = body.find('=');
    let colon = body.match_indices(':').map(|(at, _)| at).find(|at| {
        let next = body.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_none_or(|next| next == ' ' || next == '\t')
    });
    let at = match (equals, colon) {
        (Some(equals), Some(colon)) => equals.min(colon),
        (equals, colon) => equals.or(colon)?,
    };
    let name = body.get(..at)?;
    let is_name = !name.trim().is_empty()
        && name.len() <= NAME_BYTES
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/@:[]'\" ?+".contains(c))
        && name.split_whitespace().count() <= 3;
    is_name.then_some(at + 1)
}

/// Spaces, quotes and a comma around the value stay.
fn mask_value(text: &str, put: &mut impl FnMut(&str) -> String, out: &mut String) {
    let value = text.trim().trim_end_matches([',', ';']);
    let lead = text.len() - text.trim_start().len();
    let quote =
        value.chars().next().filter(|first| ['"', '\''].contains(first) && value.len() > 1 && value.ends_with(*first));
    let inner = quote.map_or(value, |_| value.get(1..value.len() - 1).unwrap_or_default());
    if inner.is_empty() || is_plain(inner) {
        out.push_str(text);
        return;
    }
    out.push_str(text.get(..lead).unwrap_or_default());
    out.extend(quote);
    out.push_str(&put(inner));
    out.extend(quote);
    out.push_str(text.get(lead + value.len()..).unwrap_or_default());
}

fn mask_netrc(body: &str, put: &mut impl FnMut(&str) -> String, out: &mut String) {
    let mut before = "machine";
    for word in body.split_inclusive([' ', '\t']) {
        let bare = word.trim_end_matches([' ', '\t']);
        if bare.is_empty() || NETRC.contains(&bare) || before == "machine" || is_placeholder(bare) {
            out.push_str(word);
        } else {
            out.push_str(&put(bare));
            out.push_str(word.get(bare.len()..).unwrap_or_default());
        }
        before = if bare.is_empty() { before } else { bare };
    }
}

fn is_json(text: &str) -> bool {
    let mut rest = text.trim_start().chars();
    let first = rest.next();
    let second = rest.find(|c| !c.is_whitespace());
    match first {
        Some('{') => matches!(second, None | Some('"' | '}')),
        Some('[') => matches!(second, None | Some('"' | '{' | '[' | ']')),
        _ => false,
    }
}

/// Every string that is no key, taken out of its quotes and put back.
fn mask_json(text: &str, put: &mut impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    let mut key = "";
    while let Some(at) = rest.find('"') {
        let (before, quoted) = rest.split_at(at);
        out.push_str(before);
        let length = string_length(quoted);
        let (literal, after) = quoted.split_at_checked(length).unwrap_or((quoted, ""));
        if after.trim_start().starts_with(':') {
            out.push_str(literal);
            key = literal.trim_matches('"');
        } else if KEPT.contains(&key) {
            out.push_str(literal);
            key = "";
        } else {
            mask_literal(literal, put, &mut out);
            key = "";
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Bytes of a string with its quotes, or up to the end of the text.
fn string_length(quoted: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in quoted.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return at + 1,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    quoted.len()
}

fn mask_literal(literal: &str, put: &mut impl FnMut(&str) -> String, out: &mut String) {
    let is_whole = literal.len() > 1 && literal.ends_with('"');
    let closed = if is_whole { literal.to_owned() } else { format!("{}\"", literal.trim_end_matches('\\')) };
    let Ok(inner) = serde_json::from_str::<String>(&closed) else {
        out.push('"');
        out.push_str(&put(literal));
        out.push('"');
        return;
    };
    let masked = mask_text(&inner, put);
    if masked == inner {
        out.push_str(literal);
        return;
    }
    let written = serde_json::Value::from(masked).to_string();
    out.push_str(if is_whole { &written } else { written.strip_suffix('"').unwrap_or(&written) });
}
