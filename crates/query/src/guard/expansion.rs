//! How large a query is once each `WITH` part stands wherever it is named: planners put it there, so that thirty parts that
//! name the one before twice are a plan of a billion tables.
//!
//! And what the arguments of a table function may be: they are computed while the query is planned, before anything else of
//! it is looked at.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::logical_expr::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, Query, Statement, TableFactor,
    Visit, Visitor,
};

use crate::QueryError;

/// Refuses a statement that names more than `max_tables` tables, those inside of what it names counted each time.
pub(super) fn check(statement: &Statement, max_tables: usize) -> Result<(), QueryError> {
    let mut expansion = Expansion { max_tables, parts: HashMap::new(), names: HashMap::new(), open: vec![0] };
    match statement.visit(&mut expansion) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Expansion {
    max_tables: usize,
    /// Names of the `WITH` parts by where their query lies in the tree.
    parts: HashMap<usize, String>,
    /// Tables in the largest part of a name.
    names: HashMap<String, usize>,
    /// Tables so far of the queries that are open, the innermost last.
    open: Vec<usize>,
}

fn place(query: &Query) -> usize {
    std::ptr::from_ref(query).addr()
}

impl Visitor for Expansion {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        for part in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.parts.insert(place(&part.query), part.alias.name.value.to_lowercase());
        }
        self.open.push(0);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        let tables = self.open.pop().unwrap_or_default();
        if let Some(name) = self.parts.get(&place(query)) {
            let largest = self.names.entry(name.clone()).or_default();
            *largest = tables.max(*largest);
        }
        self.add(tables)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<QueryError> {
        let named = match relation.0.as_slice() {
            [name] => name.as_ident().and_then(|name| self.names.get(&name.value.to_lowercase())),
            _ => None,
        };
        self.add(named.copied().unwrap_or_default().max(1))
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<QueryError> {
        let args = match table {
            TableFactor::Table { args: Some(args), .. } => &args.args,
            TableFactor::Function { args, .. } => args,
            _ => return ControlFlow::Continue(()),
        };
        if args.iter().all(is_plain_arg) {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(QueryError::Refused(
            "an argument of a table function is a number, a text, a time or a sum of these".to_owned(),
        ))
    }
}

impl Expansion {
    fn add(&mut self, tables: usize) -> ControlFlow<QueryError> {
        let Some(open) = self.open.last_mut() else { return ControlFlow::Continue(()) };
        *open = open.saturating_add(tables);
        if *open <= self.max_tables {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(QueryError::Limit {
            message: format!(
                "the query reads more than {} tables, a WITH part counted each time it is named",
                self.max_tables
            ),
            setting: "query.max_operators",
        })
    }
}

fn is_plain_arg(arg: &FunctionArg) -> bool {
    matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if is_plain(expr))
}

/// A value that is as large as it is written.
fn is_plain(expr: &Expr) -> bool {
    const TIMES: [&str; 5] = ["now", "current_date", "current_timestamp", "today", "date_trunc"];
    match expr {
        Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::Cast { expr: inner, .. } => is_plain(inner),
        Expr::BinaryOp { left, op, right } => {
            let sums = matches!(
                op,
                BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::Divide
            );
            sums && is_plain(left) && is_plain(right)
        }
        Expr::Function(function) => {
            let known = TIMES.contains(&function.name.to_string().to_lowercase().as_str());
            known
                && match &function.args {
                    FunctionArguments::None => true,
                    FunctionArguments::Subquery(_) => false,
                    FunctionArguments::List(list) => list.args.iter().all(is_plain_arg),
                }
        }
        _ => false,
    }
}
