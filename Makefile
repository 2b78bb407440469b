# The whole project in a dozen words. Each target is one line that calls a tool; nobody has to know CMake.
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
.PHONY: setup build run shop scenarios test test-full w3c peers bench bench-gate bench-gateway report report-full pgo format help

setup:          ## install the Debian packages that building, testing and measuring need
	@tools/setup

build:          ## build release: build/release/nanospan
	@tools/setup build
	@cmake --preset release >/dev/null
	@cmake --build build/release -j$(JOBS)

run:            ## build, start the gateway and the orders service, drive them, print what happened
	@tools/run

shop:           ## the shop: a trace through four processes, 100 users, every span accounted for
	@tools/scenario shop

scenarios:      ## all scenarios with their checks, in about a quarter of an hour (docs/scenarios.md); scenario-NAME: one of them
	@tools/scenario all

scenario-%:
	@tools/scenario $*

test:           ## everything that runs in minutes; the last line is "N passed, M failed"
	@tools/setup build test
	@tools/test

test-full:      ## test, and the peers that have to be compiled first
	@tools/setup build test full
	@tools/test --full

w3c:            ## the W3C trace-context suite: make w3c W3C_TRACE_CONTEXT=/path/to/its/clone
	@tools/setup build test
	@tools/w3c "$(W3C_TRACE_CONTEXT)"

peers:          ## build the programs of others that test-full and bench-gateway talk to
	@tools/setup full
	@tools/peers

bench:          ## the SDK's figures, as ratios to what this machine can do
	@tools/setup build bench
	@tools/bench

bench-gate:     ## instructions, allocations, bytes of the hot path against the baseline; tools/bench-gate --update records
	@tools/setup build test
	@tools/bench-gate

report:         ## every experiment on this machine, in ten minutes: nanospan-report/report.html
	@tools/setup build bench
	@tools/report

report-full:    ## the same with longer runs; within an hour
	@tools/setup build bench
	@tools/report --full

bench-gateway:  ## the gateway against the Go Collector, path by path; tools/bench-gateway --quick takes minutes
	@tools/setup build bench
	@tools/bench-gateway

pgo:            ## build with a profile of the bundled load, print what it gains in instructions and CPU
	@tools/setup build bench
	@tools/pgo

format:         ## rewrite all C++ sources in the house's layout
	@tools/format

help:           ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
