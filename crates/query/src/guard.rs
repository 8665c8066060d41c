//! What a query may be: one statement that reads.
//!
//! Three walls, each enough by itself for what it is there for:
//!
//! 1. only one `SELECT`, `WITH`, `VALUES`, `EXPLAIN`, `SHOW TABLES`, `SHOW COLUMNS` or `DESCRIBE` is planned ([`check`]), and
//!    the plan is verified again to hold no DDL, no DML and no statement ([`options`]);
//! 2. the session knows no table but the views of [`crate::tables`], whose rows are filtered by tenant inside the plan: no
//!    quoting, subquery, CTE or other name leads around them;
//! 3. file formats, URL tables and table functions that read files are not registered at all.

use std::collections::VecDeque;

use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::sqlparser::ast::Statement as Sql;
use datafusion::sql::parser::{DFParser, Statement};

use crate::QueryError;

/// Neither DDL nor DML nor session statements.
pub fn options() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

/// The one statement of `query`, if it only reads.
pub fn check(query: &str) -> Result<Statement, QueryError> {
    let mut statements: VecDeque<Statement> =
        DFParser::parse_sql(query).map_err(|error| QueryError::from_datafusion(&error))?;
    let Some(statement) = statements.pop_front() else {
        return Err(QueryError::Invalid("the query is empty".to_owned()));
    };
    if !statements.is_empty() {
        return Err(QueryError::Refused("one statement at a time: send each in its own request".to_owned()));
    }
    if reads(&statement) {
        Ok(statement)
    } else {
        let word = query.split_whitespace().next().unwrap_or_default().to_uppercase();
        Err(QueryError::Refused(format!(
            "{word} is not allowed: queries only read (SELECT, WITH, EXPLAIN, SHOW TABLES)"
        )))
    }
}

fn reads(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(sql) => match &**sql {
            Sql::Query(_) | Sql::ShowTables { .. } | Sql::ShowColumns { .. } | Sql::ExplainTable { .. } => true,
            Sql::Explain { statement, .. } => matches!(&**statement, Sql::Query(_)),
            _ => false,
        },
        Statement::Explain(explain) => reads(&explain.statement),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
