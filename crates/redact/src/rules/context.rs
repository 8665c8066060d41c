//! Secrets told by what stands around them; their grammars are in [`crate::context`].

use super::{Kind, Rule, rule};

const fn context(
    id: &'static str,
    description: &'static str,
    source: &'static str,
    matches: &'static [&'static str],
    rejects: &'static [&'static str],
) -> Rule {
    rule(id, description, source, &[], "", matches, rejects).kind(Kind::Context)
}

pub(super) static RULES: &[Rule] = &[
    context(
        "api_key",
        "Value of a name that ends in a word for an API or access key",
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        &["x-api-key: 0123abcd4567", r#"{"apiKey":"abc123def456"}"#],
        &["api_key = YOUR_API_KEY", "apiKey: config.apiKey,"],
    ),
    context(
        "authorization",
        "Credentials of an Authorization header, in any scheme",
        "https://www.rfc-editor.org/rfc/rfc9110#name-authorization",
        &["Authorization: Bearer abcdef123456", "curl -H 'Authorization: Token a1b2c3d4e5f6'"],
        &["Authorization: Bearer $GITHUB_TOKEN"],
    ),
    context(
        "basic",
        "Base64 of a user and a password, behind the word Basic",
        "https://www.rfc-editor.org/rfc/rfc7617",
        &["BASIC dXNlcjpwYXNzd29yZA=="],
        &["basic functionality"],
    ),
    context(
        "bearer",
        "Token behind the word Bearer",
        "https://www.rfc-editor.org/rfc/rfc6750",
        &["got bearer a1b2c3d4e5f6"],
        &["the bearer token expired"],
    ),
    context(
        "cookie",
        "Cookies of a header, a variable or a jar",
        "https://www.rfc-editor.org/rfc/rfc6265",
        &["Cookie: session=f4k3a1b2c3d4"],
        &["the cookie banner"],
    ),
    context(
        "credential",
        "Value of a name that ends in a word for credentials or a signature",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html",
        &["https://s3/x?X-Amz-Signature=0123abcd0123abcd&v=1"],
        &["credential = None"],
    ),
    context(
        "curl_user",
        "Password of curl's option -u or --user",
        "https://curl.se/docs/manpage.html#-u",
        &["curl -s -u admin:hunter22 https://x"],
        &["curl -u $USER:$PASS https://x"],
    ),
    context(
        "jwt",
        "JSON Web Token",
        "https://www.rfc-editor.org/rfc/rfc7519",
        &["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP"],
        &["eyJhbGciOiJIUzI1NiJ9"],
    ),
    context(
        "mnemonic",
        "Words of a wallet's seed phrase",
        "https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki",
        &["mnemonic: mango abandon valley lunar velvet copper walnut window ladder timber able ocean"],
        &["mnemonic: a phrase"],
    ),
    context(
        "password",
        "Value of a name that ends in a word for a password, in configuration, code, command lines, sentences",
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        &[
            "DB_PASS=hunter2",
            "mysql --password hunter2 -h db",
            "password: \"hunter2\"",
            "echo hunter2 | docker login --password-stdin",
            "passwords:\n  - Q4rtz77x",
        ],
        &["password = getpass.getpass()", "password_field: hunter2"],
    ),
    context(
        "password_hash",
        "Password hash in the form of crypt(3)",
        "https://manpages.debian.org/bookworm/libcrypt-dev/crypt.5.en.html",
        &["$2b$12$F4k3IkycqM1St98Hi9WWlOQaF4k3IkycqM1St98Hi9WWlOQaF4k3I"],
        &["$2b$12$short"],
    ),
    context(
        "private_key",
        "Private key in PEM, OpenSSH, PGP or PuTTY form",
        "https://www.rfc-editor.org/rfc/rfc7468",
        &["-----BEGIN PRIVATE KEY-----\nMIIF4k3a\n-----END PRIVATE KEY-----"],
        &["-----BEGIN CERTIFICATE-----\nMIIF4k3a\n-----END CERTIFICATE-----"],
    ),
    context(
        "secret",
        "Value of a name that ends in a word for a secret",
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        &["client_secret=abc123def456"],
        &["secret: ${{ secrets.DEPLOY }}", "secret_name: db-creds"],
    ),
    context(
        "token",
        "Value of a name that ends in the word token",
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        &["MODA_TOKEN=abcdefghijkl1", "https://x/?access_token=abcdefgh12&page=2"],
        &["input_tokens: 512", "next_token=abcdefgh1234"],
    ),
    context(
        "url_user",
        "Password or token of a URL's user",
        "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
        &["postgres://app:hunter2@db:5432/x"],
        &["https://example.com:8080/a", "git@github.com:acme/demo.git"],
    ),
];

/// Classes of personal data, off by default; see [`crate::pii`].
pub(super) static PERSONAL: &[Rule] = &[
    context(
        "email",
        "E-mail address (off by default)",
        "https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2",
        &["mail ada@example.com"],
        &["git@github.com:acme/demo.git"],
    ),
    context(
        "ip_address",
        "IP address that is not of the machine itself (off by default)",
        "https://www.rfc-editor.org/rfc/rfc4291#section-2.2",
        &["from 192.0.2.17:443", "[2001:db8::17]"],
        &["127.0.0.1", "v1.2.3.4"],
    ),
    context(
        "path_user",
        "Name of a user in a path (off by default)",
        "https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03s08.html",
        &["/home/ada/src", r"C:\Users\ada"],
        &["/home/runner/work"],
    ),
    context(
        "payment_card",
        "Payment card number with a valid check digit (off by default)",
        "https://www.iso.org/standard/70484.html",
        &["4012888888881881"],
        &["4012888888881882"],
    ),
];
