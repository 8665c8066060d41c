# make run     build everything in release mode and start the server
# make test    every test there is
# make demo    fill the running server with a sample (KEY=… is the key the server printed)
# make e2e-agents    the real Claude Code and Codex against a scripted model, alone
# make bench-redaction    redaction beside its peers (LABELS=… for further label files)
# make bench-sdk    what the browser SDK weighs and takes from a page
# make fuzz    every fuzz target (SECONDS=60 each; TARGET=redact for one)
# make lint, fmt, e2e, bench    see below; each line is one you can type yourself

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export CARGO_TARGET_DIR ?= $(CURDIR)/target
VENV := $(CARGO_TARGET_DIR)/venv
JUDGES := tests/judges
AGENTS := tests/agents
DEBUG := $(CARGO_TARGET_DIR)/debug
RELEASE := $(CARGO_TARGET_DIR)/release
NEXTEST_PROFILE := $(if $(CI),ci,default)
STEP = @printf '\n== %s\n' "$(1)"

.PHONY: help run demo test lint fmt bench bench-redaction bench-sdk fuzz e2e e2e-agents web web-test rust-test judges release

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: release
	$(RELEASE)/modlaked serve

demo:
	python3 bench/demo.py $(if $(KEY),--key $(KEY)) $(if $(URL),--url $(URL))

test: web-test lint rust-test judges e2e e2e-agents
	@printf '\nall tests passed\n'

lint: web
	$(call STEP,rustfmt and clippy)
	.ci/need rust
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	if cargo deny --version >/dev/null 2>&1; then cargo deny check bans licenses sources; fi

fmt:
	cargo fmt --all
	npm --prefix web run format

bench: release
	cargo build --release --locked -p bench
	python3 bench/run.py --bin $(RELEASE)

bench-sdk: web/sdk/dist/index.js
	.ci/need chromium
	npm --prefix web run bench -w sdk

# keyspoor says that it needs a newer Rust; it builds with this one.
bench-redaction: release
	cargo build --release --ignore-rust-version --manifest-path bench/redaction/Cargo.toml --target-dir $(CARGO_TARGET_DIR)/redaction
	python3 bench/redaction.py --modlaked $(RELEASE)/modlaked --peers $(CARGO_TARGET_DIR)/redaction/release/redaction $(if $(LABELS),fixtures/secrets/own.jsonl $(LABELS))

fuzz:
	.ci/need rust
	for target in $(or $(TARGET),redact redact_linear receive); do fuzz/run.sh "$$target" $(or $(SECONDS),60); done

e2e: web web/sdk/dist/index.js $(VENV)/installed
	$(call STEP,the dashboard and the browser SDK in Chromium)
	.ci/need rust chromium
	cargo build --locked --bin modlaked
	MODLAKED=$(DEBUG)/modlaked $(VENV)/bin/python $(JUDGES)/with_server.py npm --prefix web run e2e

e2e-agents: web $(VENV)/installed $(AGENTS)/node_modules/installed
	$(call STEP,the real Claude Code and Codex against a scripted model)
	.ci/need rust
	cargo build --locked --bin modlaked --bin modlake
	MODLAKED=$(DEBUG)/modlaked MODLAKE=$(DEBUG)/modlake $(VENV)/bin/python -m pytest $(AGENTS) $(PYTEST)

rust-test: web
	$(call STEP,Rust tests)
	.ci/need rust nextest postgres
	cargo nextest run --workspace --locked --profile $(NEXTEST_PROFILE)

judges: web $(VENV)/installed $(JUDGES)/node/node_modules/installed $(JUDGES)/azurite/node_modules/installed
	$(call STEP,outside judges: real clients and readers against a real server)
	.ci/need rust postgres
	cargo build --locked --bin modlaked --bin modlake
	MODLAKED=$(DEBUG)/modlaked MODLAKE=$(DEBUG)/modlake $(VENV)/bin/python -m pytest $(JUDGES) $(PYTEST)

release: web
	$(call STEP,modlaked and modlake in release mode)
	.ci/need rust
	cargo build --release --locked --bin modlaked --bin modlake

web-test: web
	$(call STEP,types and units of the dashboard and the browser SDK)
	npm --prefix web run typecheck
	npm --prefix web run lint
	npm --prefix web test

# The dashboard is embedded in modlaked, so it is built before any Rust.
web: web/ui/dist/index.html

web/ui/dist/index.html: web/node_modules/installed $(shell find web/ui -type f -not -path '*/node_modules/*' -not -path 'web/ui/dist/*' 2>/dev/null)
	$(call STEP,dashboard)
	npm --prefix web run build
	touch $@

web/sdk/dist/index.js: web/node_modules/installed $(shell find web/sdk -type f -not -path '*/node_modules/*' -not -path 'web/sdk/dist/*' 2>/dev/null)
	$(call STEP,browser SDK)
	npm --prefix web run build:sdk
	touch $@

web/node_modules/installed: web/package-lock.json
	$(call STEP,node modules of the dashboard)
	.ci/need node
	npm --prefix web ci --no-audit --no-fund
	touch $@

$(JUDGES)/node/node_modules/installed: $(JUDGES)/node/package-lock.json
	.ci/need node
	npm --prefix $(JUDGES)/node ci --ignore-scripts
	touch $@

# Azure's storage on this machine; its tests skip with the reason where it cannot be installed.
$(JUDGES)/azurite/node_modules/installed: $(JUDGES)/azurite/package-lock.json
	.ci/need node
	npm --prefix $(JUDGES)/azurite ci --ignore-scripts && touch $@ || \
		echo "azurite cannot be installed from npm; its tests will be skipped" >&2

# The tests skip with the reason where the agents cannot be installed, so that is no failure here.
$(AGENTS)/node_modules/installed: $(AGENTS)/package-lock.json
	.ci/need node
	npm --prefix $(AGENTS) ci --ignore-scripts && node $(AGENTS)/node_modules/@anthropic-ai/claude-code/install.cjs && touch $@ || \
		echo "the agents cannot be installed from npm; their tests will be skipped" >&2

$(VENV)/installed: $(JUDGES)/requirements.txt $(JUDGES)/requirements-duckdb-delta.txt
	$(call STEP,Python packages of the judges)
	.ci/need python
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $(JUDGES)/requirements.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(VENV)/duckdb-delta \
		-r $(JUDGES)/requirements-duckdb-delta.txt
	touch $@
