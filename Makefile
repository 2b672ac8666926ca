# Everything here sets up what it needs (Debian packages, etcd binaries) and does nothing twice.
SWIFT ?= swift
# `make demo ENDPOINTS=http://127.0.0.1:2379` runs against a real etcd instead of the embedded engine.
ENDPOINTS ?=
ARGS ?=

# Each in a process of its own, since tests share its threads: those that compute for minutes take them from those that wait for
# something with a limit, and both from those that run servers. Parsing hundreds of command lines takes minutes too, in debug.
SEEDED := ^HoldfastSimulationTests|^HoldfastFuzzTests|^HoldfastWireFuzzTests|^HoldfastTests.CommonRevisionTests
SEEDED := $(SEEDED)|^HoldfastCommandsTests.(UsageTests|BenchUsageTests|HelpTests)
SERVERS := ^HoldfastEtcdTests|^HoldfastCommandsTests|^FaultTests

FILTER ?=
SEEDS ?= 5000
FROM ?= 1

TARGET ?= all
SECONDS ?= 60

QUICK ?=
ONLY ?=

.PHONY: help setup tools build demo bench test test-faults test-mutations simulate stress fuzz lint format clean
.NOTPARALLEL:

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16

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
	$(SWIFT) test --skip-build --filter '$(SEEDED)'
	$(SWIFT) test --skip-build --skip '$(SEEDED)|$(SERVERS)'
	$(SWIFT) test --skip-build --filter '$(SERVERS)' --skip '$(SEEDED)'
	$(MAKE) simulate
	@SWIFT='$(SWIFT)' scripts/stress 8 plain

# 1,000,000 seeds for each kind of server, as a nightly run: make simulate SEEDS=1000000
simulate: setup ## run the simulation, built for release; SEEDS= for each kind of server, FROM= for the first
	$(SWIFT) build -c release --product holdfast-simulate
	.build/release/holdfast-simulate --seeds $(SEEDS) --from $(FROM)

stress: setup ## try the structures behind reads with all threads and sanitizers, SECONDS= for each
	@SWIFT='$(SWIFT)' scripts/stress '$(SECONDS)'

# FILTER=Group08 for one group of faults.
test-faults: setup tools ## every fault on every kind of real server, with a table; FILTER= for some
	$(SWIFT) build --build-tests
	@SWIFT='$(SWIFT)' scripts/test-faults '$(FILTER)'

test-mutations: setup tools ## put each known defect back into a copy; every one must be caught
	@scripts/mutations

# Nightly: make fuzz TARGET=all SECONDS=3600
fuzz: setup ## fuzz with libFuzzer: TARGET= one of those it names, or all, for SECONDS= each
	@scripts/fuzz '$(TARGET)' '$(SECONDS)'

# QUICK=1 for a tenth of the time, ONLY=calls for one group of rows. Goals are reported and fail nothing.
bench: setup tools ## measure against the references, into Benchmarks/report.md; QUICK=1, ONLY=
	@SWIFT='$(SWIFT)' Benchmarks/set-up
	Benchmarks/run.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

lint: ## check formatting and style; fails on any finding
	@scripts/format lint
	@scripts/readme-example
	@scripts/mutations fit

format: ## rewrite the sources as the formatter wants them
	@scripts/format format

clean: ## remove what was built and fetched
	rm -rf .build .build-fuzz .tools Benchmarks/.build
