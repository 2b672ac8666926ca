# Everything here sets up what it needs (Debian packages, etcd binaries) and does nothing twice.
SWIFT ?= swift
# `make demo ENDPOINTS=http://127.0.0.1:2379` runs against a real etcd instead of the embedded engine.
ENDPOINTS ?=
ARGS ?=

# Tests that run servers and processes; apart, so that what only computes does not take the time from them.
SERVERS := ^HoldfastEtcdTests|^HoldfastCommandsTests

.PHONY: help setup tools build demo test lint format clean
.NOTPARALLEL:

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

setup: ## install what building needs (zlib headers, pip)
	@scripts/setup

tools: setup ## fetch the real etcd servers into .tools
	@scripts/etcd-tools

build: setup ## build everything, tests included (debug)
	$(SWIFT) build --build-tests

# Debug, so that `make test` and `make demo` share one build.
demo: setup ## run the demo; ENDPOINTS= for a real etcd, ARGS= for more options
	$(SWIFT) run holdfast demo $(if $(ENDPOINTS),--endpoints $(ENDPOINTS)) $(ARGS)

test: setup tools lint ## lint, build and run every test, real etcd included
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --skip '$(SERVERS)'
	$(SWIFT) test --skip-build --filter '$(SERVERS)'

lint: ## check formatting and style; fails on any finding
	@scripts/format lint
	@scripts/readme-example

format: ## rewrite the sources as the formatter wants them
	@scripts/format format

clean: ## remove what was built and fetched
	rm -rf .build .tools
