# make help lists the targets. Everything here runs on a bare Debian or Ubuntu with Go, make and a C compiler; what is missing is
# installed by scripts/install-deps.sh, as root or through sudo.
SHELL := /bin/bash
.SHELLFLAGS := -o errexit -o nounset -o pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell awk -F'"' '/^ *Version/ { print $$2 }' FyneApp.toml)

# One flag set for every build with cgo: another -trimpath or cgo flag would compile GL and GLFW anew, about four minutes.
PRODUCT := -trimpath -buildvcs=false -tags x11,migrated_fynedo,nodynamic
# Keeper and terminal without a window: static, for a NAS or a server.
STATIC := -trimpath -buildvcs=false -tags nowindow,nodynamic
# Tests use Fyne's test driver (tag ci): no GL, no X11. -race itself still needs a C compiler.
TESTED := -buildvcs=false -race -tags ci,nodynamic
# The long tests, and the pictures, are made without -race, which make test has on: with it they would take days.
LONG := -buildvcs=false -tags ci,nodynamic
LINK := -ldflags "-s -w -X main.version=$(VERSION)"

# Tests that drive the real programs take them from here.
export LIGHTPROOF_BIN := $(CURDIR)/build/lightproof
export LIGHTPROOF_CLI := $(CURDIR)/build/lightproof-cli

# Every package that needs no cgo: all but the views, which are Fyne's.
SCREENLESS = $$(GOOS=$(1) CGO_ENABLED=0 go list -e -tags nowindow ./... | grep -v /app/window) ./app/window/face ./app/window/live ./app/window/present ./app/window/remember ./app/window/texts

SKIPCHECK = build/skipcheck -allowed .ci/allowed-skips.txt

.PHONY: help run demo test bare torture walk shots bench microbench build cli vet fmt-check fuzz clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, build, open the app (without a display: the same engine at the terminal)
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then \
		scripts/install-deps.sh run; \
		$(MAKE) --no-print-directory build; \
		exec build/lightproof; \
	else \
		echo "No display here (DISPLAY and WAYLAND_DISPLAY are empty), so there is no window to open."; \
		echo "The same engine follows at the terminal, on a small sample library."; \
		$(MAKE) --no-print-directory demo; \
	fi

demo: ## the engine at the terminal, on a small sample library made on the spot
	@scripts/install-deps.sh terminal
	@$(MAKE) --no-print-directory cli
	@scripts/demo.sh build/lightproof-cli

test: ## install what the tests need and run them all, the long ones as a seeded sample
	@scripts/install-deps.sh test
	@$(MAKE) --no-print-directory fmt-check build cli vet build/skipcheck
	go test $(TESTED) -timeout 35m -json ./... | $(SKIPCHECK)

bare: ## the run of continuous integration on a bare Debian 12 that is made on the spot (root, debootstrap)
	scripts/bare.sh

torture: ## the same, with the long tests in full (hours)
	@scripts/install-deps.sh test
	@$(MAKE) --no-print-directory build cli build/skipcheck
	LIGHTPROOF_TORTURE=1 go test $(LONG) -count=1 -timeout 12h -json ./... | $(SKIPCHECK)

walk: ## the real window, driven as a person would under a display of its own (pictures in shots/)
	@scripts/install-deps.sh test
	@$(MAKE) --no-print-directory build
	@mkdir -p shots
	LIGHTPROOF_SHOTS=$(CURDIR)/shots go test -buildvcs=false -tags ci,nodynamic -count=1 -v -timeout 30m ./e2e/desktop

shots: ## every screen, light and dark, as pictures in shots/: the pages as drawn, and the real window (window-*)
	@scripts/install-deps.sh test
	@$(MAKE) --no-print-directory build
	@rm -rf shots
	@mkdir -p shots
	LIGHTPROOF_SHOTS=$(CURDIR)/shots go test $(LONG) -count=1 -timeout 20m -run 'TestShots' ./app/window/...
	LIGHTPROOF_SHOTS=$(CURDIR)/shots go test $(LONG) -count=1 -timeout 20m -run 'FirstRunToTheProof|BackgroundPartIsShown' ./e2e/desktop
	@echo "pictures: $(CURDIR)/shots"

# make bench is a twentieth of the size in a few minutes; FULL=1 needs a quiet machine, 28 GB and an hour or two.
BENCH_SCALE ?= 0.05
BENCH_RUNS ?= 3
BENCH_CASES ?= a,b,c,d
BENCH_DIR ?= build
BENCH_FLAGS ?=
bench: ## Lightproof beside restic, Borg and Kopia and beside the least work there is (FULL=1: in full size; BENCH_SCALE, _RUNS, _CASES, _DIR)
	@scripts/install-deps.sh bench
	@$(MAKE) --no-print-directory cli
	CGO_ENABLED=0 go build $(STATIC) -o build/bench ./backup/bench
	build/bench -scale $(if $(FULL),1,$(BENCH_SCALE)) -runs $(BENCH_RUNS) -case $(BENCH_CASES) -dir $(BENCH_DIR) $(BENCH_FLAGS)

microbench: ## every benchmark of a package, briefly
	go test -buildvcs=false -tags ci,nodynamic -run '^$$' -bench . -benchtime 300ms -benchmem -timeout 30m ./...

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME each (20s)
	scripts/fuzz.sh $(FUZZTIME)

build: ## the product with its window: build/lightproof
	CGO_ENABLED=1 go build $(PRODUCT) $(LINK) -o build/lightproof .

cli: ## keeper and terminal without a window, one static file: build/lightproof-cli
	CGO_ENABLED=0 go build $(STATIC) $(LINK) -o build/lightproof-cli .

build/skipcheck: $(wildcard scripts/skipcheck/*.go) go.mod
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o $@ ./scripts/skipcheck

vet: ## go vet as Linux with and without the window, as Windows and as macOS
	go vet $(PRODUCT) ./...
	CGO_ENABLED=0 go vet $(STATIC) $(call SCREENLESS,linux)
	GOOS=windows CGO_ENABLED=0 go vet -tags ci,nodynamic ./...
	GOOS=darwin CGO_ENABLED=0 go vet -tags nowindow,nodynamic $(call SCREENLESS,darwin)

fmt-check: ## fail where gofmt would change a file
	@changed=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$changed" ]; then echo "gofmt would change:"; echo "$$changed"; exit 1; fi

clean: ## remove what the targets above made
	rm -rf build shots
