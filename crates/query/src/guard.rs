//! What a query may be: one statement that reads.
//!
//! Four walls, each enough by itself for what it is there for:
//!
//! 1. only one `SELECT`, `WITH`, `VALUES`, `EXPLAIN`, `SHOW TABLES`, `SHOW COLUMNS` or `DESCRIBE` is planned ([`check`]), and
//!    the plan is verified again to hold no DDL, no DML and no statement ([`options`]);
//! 2. the session knows no table but the views of [`crate::tables`], whose rows are filtered by tenant inside the plan: no
//!    quoting, subquery, CTE or other name leads around them;
//! 3. file formats, URL tables and table functions that read files are not registered at all;
//! 4. a query has a bounded number of operators (a chain of them is a tree as deep, and planners walk trees by recursion),
//!    with each of its `WITH` parts as often as it is named ([`expansion`]); scalar functions whose result is as large as a
//!    number says are not there ([`UNBOUNDED_FUNCTIONS`]), and what all others make is counted (`bounded`).

use std::collections::VecDeque;

use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::sqlparser::ast::Statement as Sql;
use datafusion::logical_expr::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use datafusion::sql::parser::{DFParserBuilder, Statement};

use crate::QueryError;

use self::dialect::WithJson;

mod dialect;
mod expansion;

/// Neither DDL nor DML nor session statements.
pub fn options() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

/// Scalar functions whose result is as large as a number among their arguments says.
pub const UNBOUNDED_FUNCTIONS: [&str; 7] =
    ["array_repeat", "array_resize", "gen_series", "generate_series", "list_repeat", "list_resize", "range"];

/// The one statement of `query`, if it only reads and has at most `max_operators` operators.
pub fn check(query: &str, max_operators: usize) -> Result<Statement, QueryError> {
    let tokens = tokens(query)?;
    let operators = count_operators(&tokens);
    if operators > max_operators {
        return Err(QueryError::Limit {
            message: format!("the query has {operators} operators, more than {max_operators}; an IN list is one"),
            setting: "query.max_operators",
        });
    }
    let parsed =
        DFParserBuilder::new(tokens).with_dialect(&WithJson).build().and_then(|mut parser| parser.parse_statements());
    let mut statements: VecDeque<Statement> = parsed.map_err(|error| QueryError::from_datafusion(&error, 0))?;
    let Some(statement) = statements.pop_front() else {
        return Err(QueryError::Invalid("the query is empty".to_owned()));
    };
    if !statements.is_empty() {
        return Err(QueryError::Refused("one statement at a time: send each in its own request".to_owned()));
    }
    let Some(sql) = reads(&statement) else {
        let word = query.split_whitespace().next().unwrap_or_default().to_uppercase();
        return Err(QueryError::Refused(format!(
            "{word} is not allowed: queries only read (SELECT, WITH, EXPLAIN, SHOW TABLES)"
        )));
    };
    expansion::check(sql, max_operators)?;
    Ok(statement)
}

/// The words of `query`. A `?` is PostgreSQL's operator on JSON: parameters are `$1`.
fn tokens(query: &str) -> Result<Vec<TokenWithSpan>, QueryError> {
    let tokens = Tokenizer::new(&WithJson, query).tokenize_with_location();
    let mut tokens = tokens.map_err(|error| QueryError::Invalid(error.to_string()))?;
    for token in &mut tokens {
        if matches!(&token.token, Token::Placeholder(name) if name == "?") {
            token.token = Token::Question;
        }
    }
    Ok(tokens)
}

/// Tokens that can make the tree deeper: all but names, literals, commas and white space, and the words that chain.
fn count_operators(tokens: &[TokenWithSpan]) -> usize {
    const CHAINING: [&str; 10] = ["AND", "OR", "NOT", "IS", "UNION", "EXCEPT", "INTERSECT", "JOIN", "COLLATE", "AT"];
    let deepens = |token: &&TokenWithSpan| match &token.token {
        Token::Word(word) => CHAINING.iter().any(|chaining| word.value.eq_ignore_ascii_case(chaining)),
        Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::EOF | Token::SemiColon => false,
        Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::Placeholder(_) | Token::Period => false,
        _ => true,
    };
    tokens.iter().filter(deepens).count()
}

/// The SQL of a statement that reads.
fn reads(statement: &Statement) -> Option<&Sql> {
    match statement {
        Statement::Statement(sql) => match &**sql {
            Sql::Query(_) | Sql::ShowTables { .. } | Sql::ShowColumns { .. } | Sql::ExplainTable { .. } => Some(sql),
            Sql::Explain { statement, .. } if matches!(&**statement, Sql::Query(_)) => Some(sql),
            _ => None,
        },
        Statement::Explain(explain) => reads(&explain.statement),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
