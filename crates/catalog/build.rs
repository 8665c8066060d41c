//! A new file in `migrations/` changes no Rust source, so cargo has to be told to look there.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
