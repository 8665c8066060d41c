//! Makes the file of an export. Records are read page by page into a scratch file of JSON lines first, for a table's columns are
//! known only when all of them were seen.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use catalog::{CatalogError, Database, PageLimits, Record, Scan};
use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::{Value, json};
use thiserror::Error;

use super::{Export, MediaType};
use crate::house::House;
use crate::http::databases::forms::{self, COLUMNS, Fields};

/// Read at once.
const PIECE: PageLimits = PageLimits { rows: 1_000, bytes: 1 << 20 };
/// Of a table; Excel has as many.
const MOST_COLUMNS: usize = 16_384;
/// Excel's limits: rows of a sheet, characters of a cell.
const XLSX_ROWS: usize = 1_048_576;
const XLSX_CELL_CHARS: usize = 32_767;
/// Of data in a workbook, which is held in memory while it is made.
const XLSX_BYTES: u64 = 64 << 20;
/// What tells the database of a record, before all else.
const OF_DATABASE: [&str; 2] = ["database_id", "database_name"];

/// Why there is no file. Nothing of a record is told.
#[derive(Debug, Error)]
pub(super) enum MakeError {
    #[error("the records have more than {MOST_COLUMNS} different fields; export them as application/json")]
    Columns,
    #[error("there are more than {} records, too many for one sheet; export them as text/csv", XLSX_ROWS - 1)]
    Rows,
    #[error("a field has more than {XLSX_CELL_CHARS} characters, too many for a cell; export the records as text/csv")]
    Cell,
    #[error("the records have more than {XLSX_BYTES} bytes, too many for a workbook; export them as text/csv")]
    Workbook,
    #[error("the catalog cannot be read now")]
    Catalog(#[from] CatalogError),
    #[error("the file cannot be written")]
    File(#[from] io::Error),
    #[error("the workbook cannot be written")]
    Xlsx(#[from] XlsxError),
    #[error("the export was interrupted")]
    Interrupted,
}

/// Writes `path`, which is there whole or not at all.
pub(super) async fn make(house: &House, export: &Export, path: &Path) -> Result<(), MakeError> {
    let folder = super::files::folder(house);
    crate::cli::make_private(&folder).map_err(io::Error::other)?;
    let scratch = path.with_extension("scratch");
    let made = async {
        let columns = gather(house, export, &scratch).await?;
        let (media, scratch, part) = (export.media, scratch.clone(), path.with_extension("part"));
        let path = path.to_owned();
        let write = move || {
            let written = write(media, &scratch, &part, &columns).and_then(|()| Ok(std::fs::rename(&part, &path)?));
            if written.is_err() {
                // the error that counts is the one before
                std::fs::remove_file(&part).ok();
            }
            written
        };
        tokio::task::spawn_blocking(write).await.map_err(|_| MakeError::Interrupted)?
    };
    let made = made.await;
    if let Err(error) = tokio::fs::remove_file(&scratch).await {
        tracing::warn!(%error, "the scratch file of an export stays");
    }
    made
}

/// All records as JSON lines; comes back with the columns of a table of them.
async fn gather(house: &House, export: &Export, scratch: &Path) -> Result<BTreeSet<String>, MakeError> {
    let mut out = BufWriter::new(create(scratch)?);
    let mut columns = BTreeSet::new();
    for database in &export.databases {
        let mut scan = Scan::new(database.id, export.filter.clone());
        while let Some(records) = house.catalog.next_records(&mut scan, PIECE).await? {
            for record in &records {
                if export.media != MediaType::Json {
                    columns.extend(forms::fields(&record.data).into_keys());
                }
                out.write_all(line(database, record).as_bytes())?;
            }
            if columns.len() > MOST_COLUMNS - COLUMNS.len() - OF_DATABASE.len() {
                return Err(MakeError::Columns);
            }
        }
    }
    out.flush()?;
    Ok(columns)
}

fn line(database: &Database, record: &Record) -> String {
    let (id, name) = (json!(database.id.to_string()), json!(database.name));
    let record = String::from_utf8_lossy(&forms::json_text(record)).into_owned();
    let rest = record.strip_prefix('{').unwrap_or_default();
    format!("{{\"database_id\":{id},\"database_name\":{name},{rest}\n")
}

/// A new file that only its owner may read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write(media: MediaType, scratch: &Path, path: &Path, columns: &BTreeSet<String>) -> Result<(), MakeError> {
    let lines = BufReader::new(File::open(scratch)?);
    match media {
        MediaType::Json => write_json(lines, create(path)?),
        MediaType::Csv => write_csv(lines, create(path)?, columns),
        MediaType::Xlsx => {
            if scratch.metadata()?.len() > XLSX_BYTES {
                return Err(MakeError::Workbook);
            }
            write_xlsx(lines, &create(path)?, columns)
        }
    }
}

fn write_json(lines: BufReader<File>, file: File) -> Result<(), MakeError> {
    let mut out = BufWriter::new(file);
    out.write_all(b"[")?;
    for (index, line) in lines.lines().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        out.write_all(line?.as_bytes())?;
    }
    out.write_all(b"]")?;
    Ok(out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?)
}

/// One line of the scratch file, taken apart.
struct Row {
    common: Vec<Value>,
    fields: Fields,
}

fn row(line: &str) -> Result<Row, MakeError> {
    let record: Value = serde_json::from_str(line).map_err(io::Error::other)?;
    let common = OF_DATABASE.iter().chain(&COLUMNS).map(|name| record[*name].clone()).collect();
    Ok(Row { common, fields: forms::fields(&record["data"].to_string()) })
}

fn header(columns: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    OF_DATABASE.into_iter().chain(COLUMNS).chain(columns.iter().map(String::as_str))
}

fn write_csv(lines: BufReader<File>, file: File, columns: &BTreeSet<String>) -> Result<(), MakeError> {
    let mut out = csv::Writer::from_writer(BufWriter::new(file));
    out.write_record(header(columns)).map_err(io::Error::other)?;
    for line in lines.lines() {
        let row = row(&line?)?;
        let own = columns.iter().map(|name| row.fields.get(name).map(forms::cell).unwrap_or_default());
        out.write_record(row.common.iter().map(forms::cell).chain(own)).map_err(io::Error::other)?;
    }
    let file = out.into_inner().map_err(io::Error::other)?;
    Ok(file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?)
}

fn write_xlsx(lines: BufReader<File>, file: &File, columns: &BTreeSet<String>) -> Result<(), MakeError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, name) in (0_u16..).zip(header(columns)) {
        sheet.write_string(0, at, name)?;
    }
    for (index, line) in lines.lines().enumerate() {
        let row = row(&line?)?;
        let number = index + 1;
        if number >= XLSX_ROWS {
            return Err(MakeError::Rows);
        }
        let number = u32::try_from(number).map_err(|_| MakeError::Rows)?;
        let own = columns.iter().map(|name| row.fields.get(name).unwrap_or(&Value::Null));
        for (at, value) in (0_u16..).zip(row.common.iter().chain(own)) {
            match value {
                Value::Null => {}
                Value::Bool(truth) => {
                    sheet.write_boolean(number, at, *truth)?;
                }
                // larger whole numbers would lose digits
                Value::Number(whole) if whole.as_i64().is_none_or(|whole| whole.abs() < 1 << 53) => {
                    sheet.write_number(number, at, whole.as_f64().unwrap_or_default())?;
                }
                other => {
                    let text = forms::cell(other);
                    if text.chars().count() > XLSX_CELL_CHARS {
                        return Err(MakeError::Cell);
                    }
                    sheet.write_string(number, at, text)?;
                }
            }
        }
    }
    workbook.save_to_writer(file)?;
    Ok(file.sync_all()?)
}
