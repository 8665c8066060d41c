use std::collections::HashSet;

use super::*;

#[test]
fn columns_know_their_place_and_have_distinct_names() {
    for table in TABLES.into_iter().chain(CATALOG_TABLES) {
        let mut names: HashSet<&str> = PARTITION_COLUMNS.iter().map(|(name, _)| *name).collect();
        for (index, column) in table.columns.iter().enumerate() {
            assert_eq!(column.index, index, "{}.{}", table.name, column.name);
            assert!(names.insert(column.name), "{}.{} is named twice", table.name, column.name);
            assert!(!column.doc.is_empty() && !column.doc.ends_with('.'), "{}.{}", table.name, column.name);
        }
        assert_eq!(table.time.kind, Kind::Timestamp, "{}", table.name);
        assert!(table.identity.is_none_or(|column| column.kind == Kind::Text), "{}", table.name);
    }
}
