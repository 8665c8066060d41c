//! CSV, as the server writes it.

use std::io::Write;

use crate::client::Answer;
use crate::error::CliError;

pub(crate) const MEDIA_TYPE: &str = "text/csv";

pub(crate) fn write(answer: Answer, out: &mut dyn Write) -> Result<(), CliError> {
    super::copy(answer.stream(MEDIA_TYPE)?, out)
}
