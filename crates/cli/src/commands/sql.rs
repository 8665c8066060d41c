//! `modlake sql`: one query, its rows on standard output.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::args::SqlArgs;
use crate::client::Client;
use crate::config::{Environment, Settings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::print;

pub(crate) fn run(args: &SqlArgs, server: Option<&str>, environment: &Environment) -> Result<Exit, CliError> {
    let settings = Settings::load(server, environment)?;
    settings.required_key()?;
    let query = query(&args.query)?;
    let params: Vec<Value> = args.params.iter().map(|text| param(text)).collect();
    let body = json!({"query": query, "params": params});
    let answer = Client::new(&settings).post("/api/v1/sql", args.format.accept(), &body)?;

    let mut rows = None;
    let exit = print::data(|out| {
        rows = args.format.write(answer, out)?;
        Ok(())
    })?;
    if let Some(rows) = rows {
        print::note(&format!("{rows} {}", if rows == 1 { "row" } else { "rows" }));
    }
    Ok(exit)
}

/// The argument, or standard input when it is `-`.
fn query(typed: &str) -> Result<String, CliError> {
    let mut query = typed.to_owned();
    if typed == "-" {
        query.clear();
        std::io::stdin().lock().read_to_string(&mut query).map_err(|error| {
            CliError::new(Exit::Usage, format!("cannot read the query from standard input: {error}"))
        })?;
    }
    if query.trim().is_empty() {
        return Err(CliError::new(Exit::Usage, "the query is empty").hint("try `modlake sql 'select 1'`"));
    }
    Ok(query)
}

/// A JSON number, boolean, null or quoted text is that value, everything else is text as typed. A number that a double
/// would change, such as an id of twenty digits, stays text too.
fn param(typed: &str) -> Value {
    match serde_json::from_str::<Value>(typed) {
        Ok(Value::Number(number)) if number.is_f64() && !typed.contains(['.', 'e', 'E']) => {
            Value::String(typed.to_owned())
        }
        Ok(value) if !value.is_array() && !value.is_object() => value,
        _ => Value::String(typed.to_owned()),
    }
}

#[cfg(test)]
mod tests;
