//! What may stay of an error's text without consent to outputs: what went wrong, and nothing of what it went wrong with.
//!
//! An error is told in its first line. The lines below quote: the text that an edit did not find, what a command printed, a
//! stack. A JSON object is a whole answer of a model's API (Codex sends one, Gemini CLI another), which may hold what the model
//! said: of it stay the code and message of its `error`.

use std::borrow::Cow;

use serde_json::Value;

/// A larger JSON text is not searched.
const LARGEST_JSON: usize = 1 << 20;

/// `None`: all of it may stay.
pub(super) fn reduced(text: &str) -> Option<Cow<'_, str>> {
    let trimmed = text.trim();
    if trimmed.starts_with(['{', '[']) {
        return Some(Cow::Owned(of_json(trimmed).unwrap_or_default()));
    }
    let first = trimmed.lines().next().unwrap_or_default().trim_end();
    (first.len() < trimmed.len()).then_some(Cow::Borrowed(first))
}

/// `server_error: forced failure`
fn of_json(text: &str) -> Option<String> {
    let object: Value = (text.len() <= LARGEST_JSON).then(|| serde_json::from_str(text).ok())??;
    let error = [&object["response"]["error"], &object["error"]].into_iter().find(|error| !error.is_null())?;
    let message = error.as_str().or_else(|| error["message"].as_str()).unwrap_or_default().trim();
    let message = message.lines().next().unwrap_or_default().trim_end();
    // an answer within an answer
    let message = if message.starts_with(['{', '[']) { "" } else { message };
    let code = [&error["code"], &error["type"], &error["status"]].into_iter().find_map(|code| match code {
        Value::String(code) if is_code(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    });
    match code {
        Some(code) if message.is_empty() => Some(code),
        Some(code) => Some(format!("{code}: {message}")),
        None => Some(message.to_owned()),
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests;
