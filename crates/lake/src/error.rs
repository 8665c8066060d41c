use thiserror::Error;

#[derive(Debug, Error)]
pub enum LakeError {
    /// The store or the table format said no; trying again later may help.
    #[error("table {table}: {source}")]
    Delta { table: &'static str, source: deltalake_core::DeltaTableError },
    /// A table whose columns are not this program's.
    #[error(
        "column `{column}` of table {table} is {found} in this lake, and {wanted} here: another version of modlaked made it; \
         run that version, or begin with an empty data_dir"
    )]
    Columns { table: &'static str, column: String, found: String, wanted: String },
    #[error("object {path}: {source}")]
    Object { path: String, source: object_store::Error },
    #[error("cannot sync {path} to disk: {source}")]
    Sync { path: String, source: std::io::Error },
    #[error("{path}: {source}")]
    Folder { path: String, source: std::io::Error },
    /// A fault of this program: rows that do not fit their own table.
    #[error("cannot write rows of {table}: {source}")]
    Encode { table: &'static str, source: parquet::errors::ParquetError },
    #[error("cannot arrange rows of {table}: {source}")]
    Arrange { table: &'static str, source: arrow::error::ArrowError },
    #[error("root `{root}` is not a folder or a URL of a known store: {reason}")]
    Root { root: String, reason: String },
    #[error("a writing task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}
