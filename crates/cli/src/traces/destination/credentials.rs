//! What `object_store` does not read by itself: the files of the AWS command line.
//!
//! | file | moved by |
//! |---|---|
//! | `~/.aws/credentials`: `[name]` | `AWS_SHARED_CREDENTIALS_FILE` |
//! | `~/.aws/config`: `[default]`, `[profile name]` | `AWS_CONFIG_FILE` |
//!
//! The profile is `AWS_PROFILE`, else `default`. Of it `region` and `endpoint_url` are taken, and, unless variables give
//! credentials, a static key, a role with a web identity, or what a `credential_process` prints. Profiles of SSO and of
//! roles that another profile assumes are left to the `aws` program: `credential_process = aws configure export-credentials
//! --profile NAME` brings theirs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object_store::ObjectStoreScheme;
use serde::Deserialize;

use crate::error::CliError;
use crate::exit::Exit;

/// The settings of a store, by their names in lower case.
pub(super) type Options = BTreeMap<String, String>;

type Section = BTreeMap<String, String>;

/// How to come by credentials.
pub(super) fn hint(scheme: &ObjectStoreScheme) -> &'static str {
    match scheme {
        ObjectStoreScheme::AmazonS3 => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and AWS_REGION; `aws configure` writes a profile"
        }
        ObjectStoreScheme::MicrosoftAzure => {
            "set AZURE_STORAGE_ACCOUNT_NAME and one of AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_KEY, AZURE_USE_AZURE_CLI=true"
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            "set GOOGLE_APPLICATION_CREDENTIALS to a service account's file, or run `gcloud auth application-default login`"
        }
        _ => "check BI_ENDPOINT",
    }
}

/// Variables and profile, as the store's options.
pub(super) fn aws(variables: &[(String, String)], home: Option<&Path>) -> Result<Options, CliError> {
    let given = variables.iter().filter(|(name, _)| name.starts_with("AWS_"));
    let mut options: Options = given.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let file = |variable: &str, name: &str| {
        let named = options.get(variable).map(PathBuf::from);
        named.or_else(|| Some(home?.join(".aws").join(name)))
    };
    let read = |path: Option<PathBuf>| path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let config = read(file("aws_config_file", "config"));
    let credentials = read(file("aws_shared_credentials_file", "credentials"));
    let named = options.get("aws_profile").cloned();
    let profile = named.clone().unwrap_or_else(|| "default".to_owned());
    let in_config = if profile == "default" { profile.clone() } else { format!("profile {profile}") };
    let mut section = sections(&config).remove(&in_config);
    if let Some(secret) = sections(&credentials).remove(&profile) {
        section.get_or_insert_default().extend(secret);
    }
    let Some(section) = section else {
        return match named {
            Some(name) if !has_credentials(&options) => {
                Err(CliError::new(Exit::Config, format!("there is no AWS profile `{name}`"))
                    .hint("correct AWS_PROFILE, or write the profile with `aws configure --profile NAME`"))
            }
            _ => Ok(options),
        };
    };
    let has_region = ["aws_region", "aws_default_region"].iter().any(|name| options.contains_key(*name));
    if let Some(region) = section.get("region").filter(|_| !has_region) {
        options.insert("aws_region".to_owned(), region.clone());
    }
    if let Some(endpoint) = section.get("endpoint_url") {
        options.entry("aws_endpoint_url".to_owned()).or_insert_with(|| endpoint.clone());
    }
    if !has_credentials(&options) {
        take_credentials(&profile, &section, &mut options)?;
    }
    Ok(options)
}

fn has_credentials(options: &Options) -> bool {
    ["aws_access_key_id", "aws_web_identity_token_file"].iter().any(|name| options.contains_key(*name))
}

fn take_credentials(profile: &str, section: &Section, options: &mut Options) -> Result<(), CliError> {
    if let Some((id, secret)) = section.get("aws_access_key_id").zip(section.get("aws_secret_access_key")) {
        options.insert("aws_access_key_id".to_owned(), id.clone());
        options.insert("aws_secret_access_key".to_owned(), secret.clone());
        if let Some(token) = section.get("aws_session_token") {
            options.insert("aws_session_token".to_owned(), token.clone());
        }
        return Ok(());
    }
    if let Some((file, role)) = section.get("web_identity_token_file").zip(section.get("role_arn")) {
        options.insert("aws_web_identity_token_file".to_owned(), file.clone());
        options.insert("aws_role_arn".to_owned(), role.clone());
        return Ok(());
    }
    if let Some(command) = section.get("credential_process") {
        let printed = process(command)?;
        options.insert("aws_access_key_id".to_owned(), printed.access_key_id);
        options.insert("aws_secret_access_key".to_owned(), printed.secret_access_key);
        options.extend(printed.session_token.map(|token| ("aws_session_token".to_owned(), token)));
        return Ok(());
    }
    let other = ["sso_session", "sso_start_url", "source_profile", "credential_source"];
    if let Some(kind) = other.iter().find(|name| section.contains_key(**name)) {
        return Err(CliError::new(Exit::Config, format!("AWS profile `{profile}` has its key from `{kind}`")).hint(
            format!("only the aws program can do that: make a profile with `credential_process = aws configure export-credentials --profile {profile}` and name it in AWS_PROFILE"),
        ));
    }
    Ok(())
}

/// What a `credential_process` prints, version 1.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

fn process(command: &str) -> Result<Printed, CliError> {
    let failed = |what: &str| {
        CliError::new(Exit::Config, format!("the profile's credential_process {what}"))
            .hint("run it in a shell: it prints JSON with AccessKeyId and SecretAccessKey")
    };
    let ran = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let ran = ran.map_err(|error| failed(&format!("cannot be run: {error}")))?;
    if !ran.status.success() {
        return Err(failed("fails"));
    }
    serde_json::from_slice(&ran.stdout).map_err(|_| failed("prints something else than credentials"))
}

/// An INI file as the AWS command line writes it. Settings of settings, which are indented, are left out.
fn sections(text: &str) -> BTreeMap<String, Section> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        let bare = line.trim();
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
            current = Some(name.split_whitespace().collect::<Vec<_>>().join(" "));
        } else if !bare.is_empty()
            && !bare.starts_with(['#', ';'])
            && !line.starts_with([' ', '\t'])
            && let (Some(name), Some((key, value))) = (&current, bare.split_once('='))
        {
            let section = sections.entry(name.clone()).or_default();
            section.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests;
