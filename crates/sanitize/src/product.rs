//! What browser mods send, and what they keep in databases: free JSON, of which everything stays but secrets and what addresses
//! carry.

use record::value::Value;

use crate::{Owner, Report, Sanitizer, SenderEmail};

impl Sanitizer {
    /// Whether addresses keep their query and fragment: the setting `product.keep_query`. User info goes from them either way.
    #[must_use]
    pub fn with_kept_queries(mut self, kept: bool) -> Self {
        self.0.keep_query = kept;
        self
    }

    /// Cleans a free tree of JSON in place, such as a record of a team database:
    ///
    /// - secrets become placeholders, in texts, numbers and keys, with the names around them as context;
    /// - an address under a key that names one (`url`, `href`, `referrer`, …) loses its query and fragment, and so do all addresses
    ///   in messages and stack traces, unless the server keeps queries; all of these lose their user info;
    /// - the top-level `email` is the sender's: kept or hashed as [`SenderEmail`] says, no personal data to redaction;
    /// - what cannot be looked at (nested deeper than 128, longer than the bound on one value) becomes null or empty.
    ///
    /// Nothing is added to the tree. Cleaning what is clean changes nothing.
    pub fn sanitize_data(&self, data: &mut Value<'_>, owner: &Owner<'_>) -> Report {
        self.0.clean_data(data, owner)
    }

    /// The sender's address as rows hold it, where it comes from a key and not from a request.
    pub fn sender_email(&self, address: &str, owner: &Owner<'_>) -> String {
        match self.0.sender_email {
            SenderEmail::Keep => address.to_owned(),
            SenderEmail::Hash => owner.key.placeholder("email", address),
        }
    }
}
