//! What each grammar of [`crate::context`] takes and leaves.

use super::redact;

pub(super) fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(redact(text), *expected, "{text}");
        assert_eq!(redact(expected), *expected, "second pass of {text}");
    }
}

pub(super) fn survive(cases: &[&str]) {
    for text in cases {
        assert_eq!(redact(text), *text);
    }
}

#[test]
fn arguments_of_commands_go() {
    check(&[
        ("mysql -h db -u app -pQ4rtz77x -e 'show'", "mysql -h db -u app -p[REDACTED:password] -e 'show'"),
        ("sshpass -p 'Q4rtz77x' ssh host", "sshpass -p '[REDACTED:password]' ssh host"),
        ("redis-cli -h cache -a Q4rtz77x ping", "redis-cli -h cache -a [REDACTED:password] ping"),
        ("docker login r.example -u bot -p Q4rtz77x", "docker login r.example -u bot -p [REDACTED:password]"),
        ("htpasswd -b .htpasswd bob Q4rtz77x", "htpasswd -b .htpasswd bob [REDACTED:password]"),
        ("openssl rsa -passin pass:qwzxvk -in k", "openssl rsa -passin pass:[REDACTED:password] -in k"),
        ("ldapsearch -D cn=a -w Q4rtz77x -b dc=b", "ldapsearch -D cn=a -w [REDACTED:password] -b dc=b"),
        (r"net use Z: \\fs\share /user:A\b Q4rtz77x", r"net use Z: \\fs\share /user:A\b [REDACTED:password]"),
        ("curl https://x \\\n  -u bob:Q4rtz77x", "curl https://x \\\n  -u [REDACTED:curl_user]"),
        ("curl x -b 'connect.sid=s%3AF4k3gVxi.kVQthw'", "curl x -b '[REDACTED:cookie]'"),
        ("gh secret set NAME --body 'Q4rtz77xW2'", "gh secret set NAME --body '[REDACTED:password]'"),
        ("keytool -storepass Q4rtz77x -list", "keytool -storepass [REDACTED:password] -list"),
        ("java -Djavax.net.ssl.keyStorePassword=Q4rtz77x", "java -Djavax.net.ssl.keyStorePassword=[REDACTED:password]"),
    ]);
    survive(&[
        "docker run --name mysql -p3306:3306 mysql:8",
        "docker run -p 27017:27017 mongo -p 27017:27017",
        "mkdir -p src/login && curl -b cookies.txt https://x",
        "mysql -h db -u app -p -e 'show'",
        "openssl req -new -key server.key -passin file:pass.txt",
        "the --username and --password options",
    ]);
}

#[test]
fn values_of_files_go() {
    check(&[
        ("machine h login u password Q4rtzx", "machine h login u password [REDACTED:password]"),
        ("requirepass Q4rtz77x\n", "requirepass [REDACTED:password]\n"),
        ("ENV API_KEY Q4rtz77xW2b8\n", "ENV API_KEY [REDACTED:api_key]\n"),
        ("key: x\npassword: |\n  Q4rtz77x\nb: 1", "key: x\npassword: |\n  [REDACTED:password]\nb: 1"),
        ("password: !!str Q4rtz77x\n", "password: !!str [REDACTED:password]\n"),
        ("password: &pw Q4rtz77x\n", "password: &pw [REDACTED:password]\n"),
        ("- name: DB_PASSWORD\n  value: Q4rtz77x\n", "- name: DB_PASSWORD\n  value: [REDACTED:password]\n"),
        (r#"{"name":"DB_PASSWORD","value":"Q4rtz77x"}"#, r#"{"name":"DB_PASSWORD","value":"[REDACTED:password]"}"#),
        (r#"<add key="Password" value="Q4rtz77x"/>"#, r#"<add key="Password" value="[REDACTED:password]"/>"#),
        ("<key>Password</key>\n<string>Q4rtz77x</string>", "<key>Password</key>\n<string>[REDACTED:password]</string>"),
        ("define('DB_PASSWORD', 'Q4rtz77x');", "define('DB_PASSWORD', '[REDACTED:password]');"),
        ("Server=db;Password=Q4rtz77x;Pooling=1", "Server=db;Password=[REDACTED:password];Pooling=1"),
        ("AccountKey=F4k3Q4rtz77xW2b8/ab==;End=x", "AccountKey=[REDACTED:api_key];End=x"),
        ("CREATE USER a IDENTIFIED BY 'Q4rtz77x';", "CREATE USER a IDENTIFIED BY '[REDACTED:password]';"),
        ("ALTER ROLE a WITH LOGIN PASSWORD 'Q4rtz77x';", "ALTER ROLE a WITH LOGIN PASSWORD '[REDACTED:password]';"),
        ("|user|password|\n|---|---|\n|bob|Q4rtz77x|\n", "|user|password|\n|---|---|\n|bob|[REDACTED:password]|\n"),
        ("bob:$apr1$q7wz2kdp$Xr5vT1mN8wP2sL6fG4hJ0c", "bob:[REDACTED:password_hash]"),
        (r#"{"auths":{"r":{"auth":"YXBwOlE0cnR6Nzd4"}}}"#, r#"{"auths":{"r":{"auth":"[REDACTED:credential]"}}}"#),
    ]);
}

#[test]
fn values_of_code_go() {
    check(&[
        ("var password string = \"Q4rtz77x\"", "var password string = \"[REDACTED:password]\""),
        ("os.getenv(\"DB_PASSWORD\", \"Q4rtz77x\")", "os.getenv(\"DB_PASSWORD\", \"[REDACTED:password]\")"),
        (
            "pw := os.Getenv(\"X\")\napiKey = f() || 'F4k3Q4rtz77xW2b8'",
            "pw := os.Getenv(\"X\")\napiKey = f() || '[REDACTED:api_key]'",
        ),
        ("if req.password === 'Q4rtz77x' {", "if req.password === '[REDACTED:password]' {"),
        ("url=${DB_PASSWORD:-Q4rtz77x}", "url=${DB_PASSWORD:-[REDACTED:password]}"),
        ("new GitCredential(\"bob\", \"qwzxvkjd\")", "new GitCredential(\"bob\", \"[REDACTED:password]\")"),
        ("builder.withPassword(\"Q4rtz77x\")", "builder.withPassword(\"[REDACTED:password]\")"),
    ]);
    survive(&[
        "const A_KEY: HRESULT = 0x80090003;",
        "pub const SECPKG_ATTR_CREDS: SECPKG_ATTR = 1;",
        "fn f(password: *const u16, token: Ed25519PublicKey)",
        "typeof this.password === 'function'",
        "['username', 'password', 'repository']",
        r#"{"command":"cd src && pwd","cwd":"/home/dev"}"#,
        "is_ok = {pass} ? \"PASS\" : \"FAIL\"",
        "TITLE_FORGOT_PASSWORD: \"Forgot your password?\", LABEL_PASSWORD: \"Пароль\"",
        "publicKey = a1b2c3d4e5f6a7b8c9d0, cache_key: a1b2c3d4e5f6a7b8c9d0",
        "password: ${DB_PASSWORD:?DB_PASSWORD is required}",
        "autocomplete=\"new-password\" type=\"password\"",
        "if line.contains(\"-----BEGIN PRIVATE KEY-----\") {",
        "machine-readable tokens, a token of type Foo2",
    ]);
}

#[test]
fn values_of_sentences_go() {
    check(&[
        ("the password is Q4rtz77x, ok?", "the password is [REDACTED:password], ok?"),
        ("Set `X_TOKEN` to `F4k3Q4rtz77xW2b8`", "Set `X_TOKEN` to `[REDACTED:token]`"),
        ("Incorrect API key provided: F4k3Q4rtz77xW2b8m9.", "Incorrect API key provided: [REDACTED:api_key]."),
        (
            "mnemonic: mango abandon valley lunar velvet copper walnut window ladder timber able ocean",
            "mnemonic: [REDACTED:mnemonic]",
        ),
        (
            "password=Zk2m9xQ4 in /etc/x, Zk2m9xQ4 too",
            "password=[REDACTED:password] in /etc/x, [REDACTED:password] too",
        ),
        ("token=F4k3Q4rtz77xW2b8 then F4k3Q4rtz77xW2b8 again", "token=[REDACTED:token] then [REDACTED:token] again"),
    ]);
    survive(&[
        "the key is pressed, the key of 0123456789abcdef0123456789abcdef01234567",
        "the password is required and the token was expired",
        "password: [REDACTED:password] of user0 and Zk2m9xQ4",
        "pass before the token to the function",
    ]);
}

#[test]
fn keys_in_lines_go() {
    let wrapped = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlGNGszRWE0TVFXQWhKZzNzTWZTbnhU";
    check(&[
        (&format!("tls.key: {wrapped}\nb"), "tls.key: [REDACTED:private_key]\nb"),
        (
            "Private-Lines: 1\nAAAAgQCF4k3Q4rtz77xW2b8\nPrivate-MAC: x",
            "Private-Lines: 1\n[REDACTED:private_key]\nPrivate-MAC: x",
        ),
        (
            r#"{"k":"-----BEGIN PRIVATE KEY-----\nMIIEF4k3","b":"-----END PRIVATE KEY-----"}"#,
            r#"{"k":"[REDACTED:private_key]","b":"-----END PRIVATE KEY-----"}"#,
        ),
    ]);
}
