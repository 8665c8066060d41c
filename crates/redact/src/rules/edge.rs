//! What may stand right before a secret that is told by its own form.
//!
//! People glue tokens to other text: `key-ghp_…`, `backup_glpat-…`, `v2.hvs.…`. A literal that providers made up says by itself
//! what follows it; one that names have in them too (`api-`, `test_`) says so at the beginning of a word only.

/// Where a literal may begin a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// At the beginning of a word: behind no letter, digit, `_` or `-`.
    Word,
    /// Behind no letter or digit, which its own alphabet has.
    Mark,
    /// Anywhere.
    Any,
}

/// Literals that are words of names, or as short as pieces of them: `my-api-<uuid>` names a pod, `cache_key-<md5>` an entry.
pub(super) const WORDS: &[&str] = &[
    "A3-",
    "API-",
    "TEST-",
    "access-",
    "access_",
    "activ-",
    "admin-",
    "agent:",
    "aio_",
    "ak-",
    "ak_",
    "api-",
    "api_",
    "apk_user_",
    "as-",
    "at_",
    "atkn_",
    "cal_",
    "ck_",
    "client-",
    "cog_",
    "console-",
    "cr-",
    "cs_",
    "cu_",
    "db-",
    "dev:",
    "dub_",
    "ek_",
    "emb_",
    "env-",
    "ext_",
    "fc-",
    "fw_",
    "ico-",
    "inc_",
    "jp_",
    "key-",
    "key_",
    "link-",
    "live_",
    "m0-",
    "mb_",
    "md-",
    "mxb_",
    "nk-",
    "oauth:",
    "pa-",
    "pb_",
    "perm-",
    "perm:",
    "pk_",
    "pk_test_",
    "pl_",
    "prd:",
    "preview:",
    "processor-",
    "prod-",
    "prod:",
    "project:",
    "ptr_",
    "public-",
    "px-api-",
    "px-dep-",
    "rca_",
    "re_",
    "rnd_",
    "sandbox_",
    "sbx:",
    "sc_",
    "sdk-",
    "secret-",
    "secret_",
    "secret_admin_",
    "secret_user_",
    "ser.",
    "server-",
    "sess-",
    "sk-",
    "sk_",
    "standard_",
    "sts_",
    "t1.",
    "test_",
    "test_gsk_",
    "test_sk_",
    "tk-us-",
    "tk_",
    "token-",
    "user-",
    "user:",
    "vas_",
    "vat_",
    "web_",
    "xapp-",
    "y0_",
    "z_1d",
];

/// Literals that stand in no name, nor at the end of a word.
pub(super) const MADE_UP: &[&str] = &[
    "AGE-SECRET-KEY-",
    "CCIPAT_",
    "CCIPRJ_",
    "CFPAT-",
    "CLOJARS_",
    "GOCSPX-",
    "GR1348941",
    "HRKU-",
    "NRAK-",
    "PMAK-",
    "PVEAPIToken=",
    "_gitlab_session=",
    "access_token$",
    "amzn.mws.",
    "amzn1.oa2-cs.",
    "apify_api_",
    "apify_proxy_",
    "bkaj_",
    "bkat_",
    "bkct_",
    "bkpt_",
    "bkua_",
    "dckr_oat_",
    "dckr_pat_",
    "dnkey-",
    "doo_v1_",
    "dop_v1_",
    "dor_v1_",
    "dt0c01.",
    "dt0s01.",
    "figd_",
    "figo_",
    "figoh_",
    "figor_",
    "figu_",
    "gho_",
    "ghp_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glagent-",
    "glcbt-",
    "gldt-",
    "glffct-",
    "glft-",
    "glimt-",
    "gloas-",
    "glpat-",
    "glptt-",
    "glrt-",
    "glrtr-",
    "glsa_",
    "glsoat-",
    "glwt-",
    "lsv2_",
    "mdb_sa_sk_",
    "nvapi-",
    "pcsk_",
    "pplx-",
    "pscale_api_",
    "pscale_app_",
    "pscale_oauth_",
    "pscale_pw_",
    "pscale_tkn_",
    "pypi-AgEI",
    "pypi-AgEN",
    "rzp_live_",
    "rzp_test_",
    "shpat_",
    "shpca_",
    "shpit_",
    "shppa_",
    "shpss_",
    "shptka_",
    "shpua_",
    "sk-or-",
    "sktsec_",
    "sntrya_",
    "sntryi_",
    "sntrys_",
    "sntryu_",
    "sq0atp-",
    "sq0csp-",
    "sq0idp-",
    "tvly-",
    "whsec_",
    "xkeysib-",
    "xoxa-",
    "xoxb-",
    "xoxc-",
    "xoxd-",
    "xoxe-",
    "xoxe.",
    "xoxo-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xsmtpsib-",
];

impl Edge {
    pub(super) fn of(literal: &str) -> Self {
        if MADE_UP.contains(&literal) {
            Self::Any
        } else if WORDS.contains(&literal) {
            Self::Word
        } else {
            Self::Mark
        }
    }

    /// Whether a secret may begin at `at`, which is not behind one of `joins` either.
    pub(super) fn is_at(self, bytes: &[u8], at: usize, joins: &[u8]) -> bool {
        let Some(last) = at.checked_sub(1).and_then(|last| bytes.get(last)) else { return true };
        let goes_on = match self {
            Self::Any => false,
            Self::Mark => last.is_ascii_alphanumeric(),
            Self::Word => last.is_ascii_alphanumeric() || b"_-".contains(last),
        };
        !(goes_on || joins.contains(last)) || escape(bytes, at) > 0
    }
}

/// The most that [`escape`] tells.
pub(super) const LONGEST: usize = 5;

/// How many letters and digits before `end` belong to an escape, and to no word: `\n`, `\x3d`, `\u003d`, `%3D`, the colour of a
/// terminal (ECMA-48: `ESC [ 1 ; 32 m`, whose ESC may be escaped itself).
pub(super) fn escape(bytes: &[u8], end: usize) -> usize {
    let before = bytes.get(end.saturating_sub(6)..end).unwrap_or_default();
    let are_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => 1,
        [.., b'%', a, b] if are_hex(&[*a, *b]) => 2,
        [.., b'\\', b'x', a, b] if are_hex(&[*a, *b]) => 3,
        [b'\\', b'u', digits @ ..] if digits.len() == 4 && are_hex(digits) => 5,
        [.., b'm'] => colour(bytes, end),
        _ => 0,
    }
}

/// The letters and digits behind the last mark of a colour that ends at `end`.
fn colour(bytes: &[u8], end: usize) -> usize {
    let parameters = crate::text::back(bytes, end - 1, 16, |byte| byte.is_ascii_digit() || byte == b';');
    let start = end - 1 - parameters;
    let introducer = bytes.get(start.saturating_sub(7)..start).unwrap_or_default();
    let is_colour = [&b"\x1b["[..], b"\\u001b[", b"\\u001B[", b"\\x1b[", b"\\x1B[", b"\\033[", b"\\e["]
        .iter()
        .any(|sign| introducer.ends_with(sign));
    let last = crate::text::back(bytes, end - 1, LONGEST - 1, |byte| byte.is_ascii_digit());
    if is_colour { 1 + last } else { 0 }
}
