//! Secrets of command lines: what a command reads from its input, and what its manual calls a password.

use super::grammar::{check, survive};
use super::redact;

/// A secret, and a command line with a place for it: both must be told apart whole.
fn takes(lines: &[&str]) {
    for line in lines {
        let text = line.replace('@', "Q4rtz77xW2");
        let redacted = redact(&text);
        assert!(!redacted.contains("Q4rtz77xW2") && redacted.contains("[REDACTED:"), "{redacted}");
        let (before, behind) = line.split_once('@').expect("a place");
        let behind = behind.rsplit_once('@').map_or(behind, |(_, last)| last);
        assert!(redacted.starts_with(before) && redacted.ends_with(behind), "{redacted}");
        assert_eq!(redact(&redacted), redacted);
        // as an agent sends it: a string of JSON
        let document = serde_json::json!({ "command": text, "n": 1 }).to_string();
        let redacted = redact(&document);
        assert!(!redacted.contains("Q4rtz77xW2"), "{redacted}");
        assert!(serde_json::from_str::<serde_json::Value>(&redacted).is_ok(), "{redacted}");
    }
}

#[test]
fn what_a_pipe_writes_goes() {
    takes(&[
        "echo @ | docker login -u bot --password-stdin r.example",
        "echo '@' | docker login -u bot --password-stdin r.example",
        "echo -n \"@\" | docker login -u bot --password-stdin r.example",
        "echo -n \"@\"| docker login -u bot --password-stdin r.example",
        "printf '%s' '@' | docker login -u bot --password-stdin",
        "printf @ | helm registry login r.example -u bot --password-stdin",
        "printf '%s\\n' @ | podman login -u bot --password-stdin quay.io",
        "cd /srv && echo @ | docker login -u bot --password-stdin && docker push x",
        "echo @ | tr -d '\\n' | docker login -u bot --password-stdin",
        "echo @ |\\\n  docker login -u bot --password-stdin",
        "echo @|docker login -u bot --password-stdin",
        "(echo @; echo @) | passwd bob",
        "{ echo @; echo @; } | smbpasswd -s -a bob",
        "yes @ | passwd bob",
        "Write-Output '@' | docker login -u bot --password-stdin",
        "echo @ | gh auth login --with-token",
        "echo @ | vault login -",
        "echo 'root:@' | chpasswd",
        "echo root:@ | sudo chpasswd -e",
        "echo -e '@\\n@' | passwd root",
        "echo '@' | passwd --stdin root",
        "echo @ | smbpasswd -s -a bob",
        "echo @ | htpasswd -i .htpasswd bob",
        "echo '@' | sudo -S apt update",
        "printf '%s\\n' '@' | sudo -k -S id",
        "echo '@' | sudo -kS id",
        "echo @ | kinit ada",
        "echo '@' | cryptsetup luksOpen /dev/sda1 x -",
        "echo @ | gpg --batch --passphrase-fd 0 -d x.gpg",
        "echo @ | openssl enc -aes-256-cbc -pass stdin -in x",
        "echo '@' | gh secret set DB_NAME",
        "echo -n '@' | wrangler secret put DB_NAME",
        "echo -n '@' | gcloud secrets create db --data-file=-",
        "printf '@' | podman secret create db -",
        "echo '@' | kubectl create secret generic x --from-file=pw=/dev/stdin",
        "echo '@' | ansible-vault encrypt_string --stdin-name db",
    ]);
}

#[test]
fn here_strings_and_documents_go() {
    takes(&[
        "docker login -u bot --password-stdin r.example <<< @",
        "docker login -u bot --password-stdin r.example <<< '@'",
        "docker login -u bot --password-stdin r.example <<<\"@\"",
        "gh auth login --with-token <<< @",
        "chpasswd <<< 'root:@'",
        "sudo -S id <<< @",
        "docker login -u bot --password-stdin r.example <<EOF\n@\nEOF\n",
        "docker login -u bot --password-stdin r.example <<'EOF'\n@\nEOF\necho done",
        "docker login -u bot --password-stdin r.example <<\"EOF\"\n@\nEOF\necho done",
        "helm registry login x --password-stdin <<-EOF\n\t@\n\tEOF\n",
        "cat <<EOF | docker login --password-stdin\n@\nEOF\nls",
    ]);
    check(&[(
        "chpasswd <<EOF\nroot:Q4rtz77xW2\nbob:Zk2mW9xL4v\nEOF\nls",
        "chpasswd <<EOF\nroot:[REDACTED:password]\nbob:[REDACTED:password]\nEOF\nls",
    )]);
}

#[test]
fn a_mark_at_the_end_of_a_string_begins_no_document() {
    for text in ["<<sudo -S ", "sudo -S <<EOF", "kinit <<'EOF' > x", "password = <<EOT"] {
        let document = serde_json::json!({ "a": [text, { "Q4rtz77x": "Q4rtz77xW2", "n": 1 }], "EOF": 0.0 });
        for json in [serde_json::to_string(&document), serde_json::to_string_pretty(&document)] {
            let json = json.expect("a document");
            assert_eq!(redact(&json), json);
        }
    }
}

#[test]
fn what_no_command_reads_stays() {
    survive(&[
        "echo \"$TOKEN\" | docker login -u bot --password-stdin",
        "echo ${{ secrets.TOKEN }} | docker login -u bot --password-stdin",
        "echo $(cat token) | gh auth login --with-token",
        "aws ecr get-login-password | docker login -u AWS --password-stdin r.example",
        "echo Q4rtz77xW2; docker login -u bot --password-stdin < file",
        "echo Q4rtz77xW2 && aws ecr get | docker login --password-stdin",
        "echo Q4rtz77xW2 | git hash-object --stdin",
        "echo your-password | docker login --password-stdin",
        "use --password-stdin or --with-token <token>",
        "docker login --password-stdin < f; cat <<EOF > x\nQ4rtz77xW2\nEOF\n",
        r"docker login --password-stdin < f\ncat <<EOF > x\nQ4rtz77xW2\nEOF\n",
        r"cat <<EOF > x\nQ4rtz77xW2\nEOF\ndocker login --password-stdin < f",
        "echo Q4rtz77xW2\r\ncat f | docker login --password-stdin",
        "cat /etc/passwd | grep bob1234567",
        "cat <<EOF > notes.txt\nQ4rtz77xW2\nEOF\n",
        "sudo -u bob1234567 ls",
        "echo Q4rtz77xW2 | sudo -u bob tee file",
    ]);
}

#[test]
fn arguments_that_manuals_call_a_password_go() {
    takes(&[
        "htpasswd -cbB .htpasswd bob '@'",
        "htpasswd -b -B -C 10 .htpasswd bob @",
        "htpasswd -nbB bob @",
        "curl -sSu @:@ https://x",
        "curl -fsSLu '@:@' https://x",
        "openssl enc -d -K @ -iv 0",
        "openssl enc -aes-256-cbc -k @ -in x",
        "ansible-vault encrypt_string --vault-password-file x '@' --name db_password",
        "ansible-vault encrypt_string @ --name 'db_password'",
        "sqlplus -s app/@",
        "aws configure set aws_secret_access_key '@' --profile x",
        "npm config set '//registry.example/:_authToken' '@'",
        "dotnet user-secrets set \"Db:Password\" \"@\"",
        "poetry config pypi-token.acme @",
        "poetry config http-basic.acme bob @",
        "doctl auth init -t @",
        "vault login -no-print @",
        "cargo login --registry x @",
        "aws ssm put-parameter --name /app/db/password --value @ --type SecureString",
        "7z a -p@ x.7z dir",
        "rar a -hp@ x.rar a",
        "zip -P @ x.zip a",
        "unzip -P @ x.zip",
        "sqlcmd -S h -U sa -P'@' -Q x",
        "useradd -p '@' bob",
        "wpa_passphrase home @",
        "rclone obscure @",
        "cqlsh -u a -p @ h",
        "rabbitmqctl add_user bob @",
        "twine upload -u a -p @ dist/x",
        "dotnet nuget push x -k @",
        "plink -ssh bob -pw @ h",
        "schtasks /create /ru bob /rp @ /tn x",
        "SSHPASS=@ sshpass -e ssh h",
        "SET PASSWORD FOR 'bob' = '@';",
        "xfreerdp /u:bob /p:@ /v:h",
        "http -a @:@ https://x",
        "snmpwalk -v3 -u a -A @ h",
        "ipmitool -I lanplus -H h -U a -P @ power status",
        "mosquitto_pub -u a -P @ -t x",
        "security add-generic-password -a bob -s x -w @",
        "ConvertTo-SecureString \"@\" -AsPlainText -Force",
        "db.internal:5432:app:svc:@\n",
        "*:*:*:postgres:@\n",
        "echo 'localhost:5432:*:app:@' > ~/.pgpass",
    ]);
    survive(&[
        "run `cargo login` first, then vault login with a method",
        "vault login -method=oidc role=dev",
        "htpasswd -c .htpasswd bob1234567",
        "npm config set registry https://registry.example/",
        "git config set user.name bob1234567",
        "aws configure set region eu-west-1",
        "aws ssm put-parameter --name /app/db/host --value db1234567 --type String",
        "sqlplus / as sysdba",
        "ports: 5432:5432 and 127.0.0.1:5432:5432",
        "could not connect to db:5432: timeout:12s",
        "::5432:a:b1234567",
        "Address6.fromWildcard('*:*:*:*:*:*:*:*')",
        "ConvertTo-SecureString $password1 -AsPlainText",
        "curl -sS https://x/a:b1234567",
        "rar a -p x.rar a",
    ]);
}
