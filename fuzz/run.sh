#!/usr/bin/env bash
# fuzz/run.sh TARGET [SECONDS]: runs a target of libFuzzer on the stable toolchain.
#
# `cargo fuzz` asks for a nightly one, for the address sanitizer; the product has no unsafe code of its own, so coverage is all
# that is needed, and its flags are stable. Found inputs are kept in fuzz/out and are begun from the next time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=$1
seconds=${2:-60}
triple=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}/fuzz"
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"

# `--target`, so that build scripts, which have no fuzzer to count for, are built without these flags.
RUSTFLAGS="$coverage --cfg fuzzing -Ccodegen-units=1" \
	cargo build --quiet --release --target "$triple" --bin "$target"

mkdir -p "out/$target/corpus" "out/$target/seeds"
python3 seeds.py "$target" "out/$target/seeds"
dictionary=()
if [[ $target == redact* ]]; then
	dictionary=(-dict=redact.dict)
fi
exec "$CARGO_TARGET_DIR/$triple/release/$target" "out/$target/corpus" "out/$target/seeds" "${dictionary[@]}" \
	-artifact_prefix="out/$target/" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
	-print_final_stats=1
