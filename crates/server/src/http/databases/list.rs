//! Reading and deleting records.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use catalog::{Filter, PageLimits, Wanted, check_key};
use record::caller::{Caller, Scope};
use record::time::{Day, Timestamp};

use super::body::Cleaner;
use super::{Answer, Names, Problem, VERSION, forms};
use crate::house::House;
use crate::http::dropin::{self, Form, Page, pairs};

const FORMS: &[Form] = &[Form::Json, Form::Csv, Form::FlatJson];

/// A page of records, the oldest first. How many there are and which page is the last is not told: it would be counted each time.
pub(super) async fn list(
    State(house): State<Arc<House>>,
    Path(names): Path<Names>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    let form = dropin::accepted(&headers, VERSION, FORMS)?;
    let database = super::database(&house, &caller, &names).await?;
    super::may_read(&database, &caller)?;
    let (page, filter) = (Page::of(&uri)?, filter(&uri)?);
    let bytes = house.config.databases.max_page_bytes;
    let limits = PageLimits { rows: usize::try_from(page.size).unwrap_or(usize::MAX), bytes };
    let listed = house.catalog.listed_records(database.id, &filter, page.offset(), limits).await?;
    let Some((records, has_next)) = listed else {
        let reason = format!("This page is larger than {bytes} bytes; ask for a smaller one.");
        return Err(Problem::field("page_size", reason));
    };
    if records.is_empty() && page.number > 1 {
        return Err(Page::invalid());
    }
    let mut response = forms::answer(StatusCode::OK, form, &records, false);
    dropin::put_link(&mut response, &page.links(&dropin::base(&headers), &uri, has_next, None));
    Ok(response)
}

pub(super) async fn retrieve(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    let form = dropin::accepted(&headers, VERSION, FORMS)?;
    let database = super::database(&house, &caller, &names).await?;
    super::may_read(&database, &caller)?;
    let key = key(&house, &caller, &names, &headers).await?;
    let record = house.catalog.record(database.id, &key).await?.ok_or_else(Problem::not_found)?;
    Ok(forms::answer(StatusCode::OK, form, &[record], true))
}

/// All records, or those that the filters of the URL select.
pub(super) async fn delete_all(
    State(house): State<Arc<House>>,
    Path(names): Path<Names>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    dropin::accepted(&headers, VERSION, FORMS)?;
    dropin::needs(&caller, Scope::Admin)?;
    let database = super::database(&house, &caller, &names).await?;
    house.catalog.delete_records(database.id, &filter(&uri)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn delete(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    dropin::accepted(&headers, VERSION, FORMS)?;
    dropin::needs(&caller, Scope::Admin)?;
    let database = super::database(&house, &caller, &names).await?;
    let key = key(&house, &caller, &names, &headers).await?;
    if !house.catalog.delete_record(database.id, &key).await? {
        return Err(Problem::not_found());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The key that a path names, as it is kept: what is secret in it is a placeholder there.
async fn key(house: &House, caller: &Caller, names: &Names, headers: &HeaderMap) -> Result<String, Problem> {
    let key = Cleaner::of(house, caller, headers).await?.key(names.key.as_deref().unwrap_or_default());
    if check_key(&key).is_err() {
        return Err(Problem::not_found());
    }
    Ok(key)
}

/// `start_date`, `end_date` (both included, by creation in UTC), `data__<field>=`, `data__<field>__isnull=`. Another filter is refused:
/// what it was meant to leave out would be read, or deleted.
fn filter(uri: &Uri) -> Result<Filter, Problem> {
    let mut filter = Filter::default();
    for (name, value) in pairs(uri) {
        match name.as_str() {
            "page" | "page_size" | "format" => {}
            "start_date" => filter.from = Some(midnight(&name, &value)?),
            "end_date" => filter.until = Some(midnight(&name, &value)?.plus_micros(DAY_MICROS)),
            name => {
                let field = name.strip_prefix("data__").filter(|field| !field.is_empty());
                let field = field.ok_or_else(|| {
                    Problem::field(
                        "non_field_errors",
                        "Unknown filter: there are start_date, end_date, data__<field>, data__<field>__isnull.",
                    )
                })?;
                filter = match field.strip_suffix("__isnull") {
                    Some(field) => filter.with_field(field, Wanted::Null(truth(name, &value)?)),
                    None => filter.with_field(field, Wanted::Text(value)),
                };
            }
        }
    }
    Ok(filter)
}

const DAY_MICROS: i64 = 86_400_000_000;

/// The beginning of a day in UTC.
pub(super) fn midnight(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let day: Option<Day> = text.parse().ok();
    let midnight = day.and_then(|day| Timestamp::parse(&format!("{day}T00:00:00Z")));
    midnight.ok_or_else(|| Problem::field(field, "Enter a valid date: YYYY-MM-DD."))
}

/// The filter of an export: an object with `start_date` and `end_date`.
pub(super) fn filter_of_dates(start: Option<&str>, end: Option<&str>) -> Result<Filter, Problem> {
    let from = start.map(|start| midnight("filters.start_date", start)).transpose()?;
    let until = end.map(|end| midnight("filters.end_date", end)).transpose()?;
    Ok(Filter { from, until: until.map(|until| until.plus_micros(DAY_MICROS)), ..Filter::default() })
}

fn truth(field: &str, text: &str) -> Result<bool, Problem> {
    match text {
        "true" | "True" | "1" => Ok(true),
        "false" | "False" | "0" => Ok(false),
        _ => Err(Problem::field(field, "Must be a valid boolean.")),
    }
}
