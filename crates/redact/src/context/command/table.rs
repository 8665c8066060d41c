//! Commands whose arguments are secrets, and what their manuals say about those.

use super::Argument::{self, Cookies, Glued, Nth, Operand, Pair, Password, Special};
use super::special;

#[derive(Debug)]
pub(crate) struct Command {
    /// The command's name, or the part of it that tells.
    pub(crate) literal: &'static str,
    /// Flags, and what they take; of `""` the command itself.
    pub(super) flags: &'static [(&'static str, Argument)],
}

const fn command(literal: &'static str, flags: &'static [(&'static str, Argument)]) -> Command {
    Command { literal, flags }
}

pub(crate) const COMMANDS: [Command; 54] = [
    command("curl", &[("-u", Pair), ("--user", Pair), ("-U", Pair), ("--proxy-user", Pair), ("-b", Cookies)]),
    command("httpie", &[("-a", Pair), ("--auth", Pair)]),
    command("http ", &[("-a", Pair), ("--auth", Pair)]),
    command("mysql", &[("-p", Glued)]),
    command("mariadb", &[("-p", Glued)]),
    command("sshpass", &[("-p", Password), ("-p", Glued)]),
    command("redis-cli", &[("-a", Password)]),
    command(" login", &[("-p", Password)]),
    command("htpasswd", &[("", Special(special::htpasswd))]),
    command("ldap", &[("-w", Password)]),
    command("mongo", &[("-p", Password)]),
    command("net use", &[("", Special(special::net_use))]),
    command("sqlcmd", &[("-P", Password), ("-P", Glued)]),
    command("bcp ", &[("-P", Password)]),
    command(
        "openssl",
        &[("-passin", Password), ("-passout", Password), ("-pass", Password), ("-k", Password), ("-K", Password)],
    ),
    command("ssh-keygen", &[("-N", Password), ("-P", Password)]),
    command("secret set ", &[("--body", Password), ("-b", Password)]),
    command("smbclient", &[("-U", Password)]),
    command("zip ", &[("-P", Password)]),
    command("7z", &[("-p", Glued)]),
    command("rar a ", &[("-p", Glued), ("-hp", Glued)]),
    command("rar x ", &[("-p", Glued)]),
    command("lftp", &[("-u", Password)]),
    command("cqlsh", &[("-p", Password)]),
    command("twine", &[("-p", Password)]),
    command("doctl", &[("-t", Password)]),
    command("ipmitool", &[("-P", Password)]),
    command("mosquitto_", &[("-P", Password)]),
    command("snmp", &[("-A", Password), ("-X", Password)]),
    command("useradd", &[("-p", Password)]),
    command("usermod", &[("-p", Password)]),
    command("nuget push", &[("-k", Password)]),
    command("plink", &[("-pw", Password)]),
    command("pscp", &[("-pw", Password)]),
    command("psexec", &[("-p", Password)]),
    command("schtasks", &[("/rp", Password)]),
    command("xfreerdp", &[("/p:", Glued)]),
    command("add-generic-password", &[("-w", Password)]),
    command("add-internet-password", &[("-w", Password)]),
    command("rabbitmqctl", &[("add_user", Nth(2)), ("change_password", Nth(2))]),
    command(
        "encrypt_string",
        &[(
            "",
            Operand(1, &["--name", "-n", "--stdin-name", "--vault-id", "--encrypt-vault-id", "--vault-password-file"]),
        )],
    ),
    command("vault login", &[("", Operand(1, &["-method", "-path"]))]),
    command("cargo login", &[("", Operand(1, &["--registry"]))]),
    command("wpa_passphrase", &[("", Operand(2, &[]))]),
    command("rclone obscure", &[("", Operand(1, &[]))]),
    command("ConvertTo-SecureString", &[("", Operand(1, &[]))]),
    command("put-parameter", &[("", Special(special::parameter))]),
    command("config set ", &[("", Special(special::setting))]),
    command("configure set ", &[("", Special(special::setting))]),
    command("user-secrets set ", &[("", Special(special::setting))]),
    command("poetry config ", &[("", Special(special::setting))]),
    command("from-literal", &[("", Special(special::from_literal))]),
    command("oracle:thin:", &[("", Special(special::oracle_url))]),
    command("sqlplus", &[("", Special(special::sqlplus))]),
];
