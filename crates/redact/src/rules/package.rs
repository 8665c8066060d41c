//! Package registries.

use super::{Check, Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "npm_token",
        "npm access token",
        "https://docs.npmjs.com/about-access-tokens",
        &["npm_"],
        "npm_[A-Za-z0-9]{36,}",
        &["npm_F4k3bz8BTvBj0jxjQhxqtFvPUTzMhiBNueU7"],
        &["npm_config_registry1", "npm_F4k3"],
    )
    .check(Check::Checksum),
    rule(
        "pypi_token",
        "PyPI or TestPyPI API token (a macaroon)",
        "https://pypi.org/help/#apitoken",
        &["pypi-AgEI", "pypi-AgEN"],
        r"pypi-AgE[IN][\w-]{50,}",
        &[
            "pypi-AgEIF4k3RmObHG9mJCJbzTSnveZ6NbgTGUdzQRz92yY9WGhuL1r73V",
            "pypi-AgENF4k3Je6VXzWZZjREo70qQbiBvWyxxoaeOGvv97GsfnPoGeXVkx",
        ],
        &["pypi-AgEIF4k3Rm"],
    ),
    rule(
        "crates_io_token",
        "crates.io API token",
        "https://doc.rust-lang.org/cargo/reference/publishing.html",
        &["cio"],
        "cio[A-Za-z0-9]{32}",
        &["cioF4k3w6QFywMDoCM6rnbSZHuc2tPk25zH"],
        &["cioF4k3w6"],
    )
    .check(Check::Random),
    rule(
        "rubygems_key",
        "RubyGems API key",
        "https://guides.rubygems.org/api-key-scopes/",
        &["rubygems_"],
        "rubygems_[0-9a-f]{48}",
        &["rubygems_fa15ead5fc0c99228ce34d87ed01445e04c8d7aef0269496"],
        &["rubygems_fa15ea"],
    ),
    rule(
        "nuget_key",
        "NuGet API key",
        "https://learn.microsoft.com/nuget/nuget-org/scoped-api-keys",
        &["oy2"],
        "oy2[a-z0-9]{43}",
        &["oy2f4k3n20v5cbep19uh1r05tlpp8alsjsjbhsiem1gthy"],
        &["oy2f4k3n2"],
    )
    .check(Check::Random),
    rule(
        "docker_token",
        "Docker Hub personal or organization access token",
        "https://docs.docker.com/security/for-developers/access-tokens/",
        &["dckr_pat_", "dckr_oat_"],
        r"dckr_[po]at_[\w-]{20,}",
        &["dckr_pat_F4k3jFGhcDlaAiwELYOi", "dckr_oat_F4k3pe9oEdyfK38qeoID"],
        &["dckr_pat_F4k3j"],
    ),
    rule(
        "clojars_token",
        "Clojars deploy token",
        "https://github.com/clojars/clojars-web/wiki/Deploy-Tokens",
        &["CLOJARS_"],
        "CLOJARS_[0-9a-f]{60}",
        &["CLOJARS_fa15e33e5104ca413480b1725ff08f1ca90e5a940592183c1147d02f9688"],
        &["CLOJARS_fa15e3"],
    ),
    rule(
        "artifactory_key",
        "JFrog Artifactory API key, reference token",
        "https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens",
        &["AKCp", "cmVmdGtuOj"],
        "AKCp[A-Za-z0-9]{60,}|cmVmdGtuOj[A-Za-z0-9]{40,}",
        &[
            "AKCpF4k3RC0XsWeOIxsKkpP6gkctjnbpTiREl3brQOr2HtTgT8hwdRR7jG5kxhmX",
            "cmVmdGtuOjF4k3O9GVvTDCt2UQUwF24r9QNfAY1CYVPEvxGdxm",
        ],
        &["AKCpF4k3RC"],
    ),
    rule(
        "packagist_token",
        "Private Packagist token",
        "https://packagist.com/docs/api-authentication",
        &["packagist_"],
        "packagist_[a-z]{3}_[0-9a-f]{60,}",
        &["packagist_fmx_fa15ec2b1d734e8feeffe82ffafc53bc7092a11adfc9ec568f465457f1b0"],
        &["packagist_fmx_fa"],
    ),
    rule(
        "jsr_token",
        "JSR token",
        "https://jsr.io/docs/api",
        &["jsrd_", "jsrp_"],
        "jsr[dp]_[A-Za-z0-9]{32,}",
        &["jsrd_F4k39eUHW5zKoHru8S8dxk2nolFdycvE", "jsrp_F4k3KrBKv7sQ04IopfZFTWOi4Z1ONLOO"],
        &["jsrd_F4k39e"],
    ),
    rule(
        "jitpack_token",
        "JitPack token",
        "https://docs.jitpack.io/private/",
        &["jp_"],
        "jp_[a-z0-9]{26}",
        &["jp_f4k3vjn6hmpcajaewbc1kdri6t"],
        &["jp_f4k3vj"],
    )
    .check(Check::Random),
];
