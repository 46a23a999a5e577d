# Butler's front door. `make help` lists what is here; every target installs and builds what it needs.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
jobs := $(shell nproc)
PREFIX ?= /usr/local
DESTDIR ?=
.NOTPARALLEL:

# A preset is configured once; after that Ninja itself sees changed CMake files.
configure = [ build/$(1)/build.ninja -nt CMakePresets.json ] || cmake --preset $(1)
build = $(call configure,$(1)) && cmake --build --preset $(1) --parallel $(jobs)
# Tests wait more than they work.
passed = ctest --preset $(1) --parallel $$(($(jobs) * 3))
# Builds a preset and passes its tests.
suite = $(call build,$(1)) && $(call passed,$(1))

sources = find src tests bench third_party -name '*.[ch]pp' -print0

##@ Using Butler

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: program runtime ## run Butler: with the bot of .env, or else the demo
	@exec tools/up.sh

.PHONY: setup
setup: program runtime ## set Butler up with a bot of your own: two minutes
	@exec build/release/butler setup

.PHONY: demo
demo: program runtime ## run Butler on a stand-in for Telegram, a chat page in your browser
	@exec python3 tools/demo.py

.PHONY: build
build: program ## build the release binary, build/release/butler

.PHONY: install
install: installation ## install the program and its systemd units (PREFIX=/usr/local, DESTDIR=); state stays as it is
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' tools/install.sh install

.PHONY: uninstall
uninstall: ## remove what `make install` has installed; state stays as it is
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' tools/install.sh uninstall

.PHONY: deb
deb: installation ## build the Debian package, build/butler_<version>_<architecture>.deb
	@tools/setup/packages.sh package
	@cpack --config build/release/CPackConfig.cmake -B build/package >build/package.log || { cat build/package.log >&2; exit 1; }
	@mv build/package/butler_*.deb build/ && rm -rf build/package && ls build/butler_*.deb

##@ Working on Butler

.PHONY: test
test: suite-set-up ## pass every test on the release build
	@$(call suite,release)

# Some system tests are mostly QEMU's, node's or the kernel's work: a sanitizer watches those in test-long. And Butler starts no
# thread: what ThreadSanitizer can find is in how libraries' threads and the processes meet, which the unit tests do not show, nor
# does killing them.
not_ours := vm|vm_jobs|mcp_wrappers|mcp_hostile|sandbox_bombs
by_force := faults|linearizability|chaos|orchestrators|remote_workers|api_durability|scenarios_slo
.PHONY: check
check: suite-set-up format-check layer-check script-check tidy-check ## format, layers, scripts, clang-tidy, the suite under ASan+UBSan and under TSan
	@$(call suite,asan) --exclude-regex '^system_($(not_ours))$$'
	@$(call build,tsan) --target butler butler-sandbox-probe && $(call passed,tsan) --label-regex system --exclude-regex '^system_($(not_ours)|$(by_force))$$'

.PHONY: test-long
test-long: suite-set-up ## the suite with many more rounds: hours
	@export BUTLER_TEST_LONG=1 RC_PARAMS='max_success=10000'; \
	$(call suite,release); $(call suite,asan); $(call suite,tsan)

.PHONY: test-package
test-package: suite-set-up ## install the Debian package on a clean Debian with a systemd of its own: minutes, as root
	@$(call build,release)
	@BUTLER_TEST_LONG=1 ctest --preset release --tests-regex '^system_package'

fuzz_seconds := 600
.PHONY: fuzz
fuzz: suite-set-up ## feed each parser of foreign bytes for ten minutes (fuzz_seconds=N: for another time)
	@$(call build,asan)
	@folder=build/asan/tests/fuzz; for fuzzer in $$folder/*_fuzzer; do name=$$(basename $$fuzzer _fuzzer); echo "fuzz: $$name"; \
	  $$fuzzer -max_total_time=$(fuzz_seconds) -max_len=4096 -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
	    -artifact_prefix=$$folder/ $$folder/$${name}_found tests/fuzz/corpus/$$name; done

.PHONY: bench
bench: suite-set-up ## build and run the benchmarks; prints what they measured
	@$(call build,release) && python3 bench/run.py && python3 bench/start.py && python3 bench/chat_slo.py

.PHONY: bench-peers
bench-peers: suite-set-up ## measure the queue beside BullMQ, beanstalkd, pg-boss and graphile-worker: ten minutes
	@tools/setup/packages.sh bench
	@tools/setup/bench-node.sh
	@$(call build,release) && python3 bench/peers.py

.PHONY: bench-goals
bench-goals: suite-set-up ## the same, and every other goal of the queue: twenty minutes
	@tools/setup/packages.sh bench
	@tools/setup/bench-node.sh
	@$(call build,release) && python3 bench/goals.py

.PHONY: format
format: ## lay out every C++ file as .clang-format says
	@tools/setup/packages.sh check
	@$(sources) | xargs -0r clang-format-19 -i

.PHONY: clean
clean: ## remove what was built (not Butler's data)
	@rm -rf build

# The steps of the targets above.

.PHONY: program
program:
	@tools/setup/packages.sh build
	@$(call configure,release) && cmake --build --preset release --parallel $(jobs) --target butler

.PHONY: installation
installation: program
	@cmake --build --preset release --parallel $(jobs) --target butler-sandbox-probe

.PHONY: runtime
runtime:
	@tools/setup/packages.sh run
	@tools/setup/users.sh
	@tools/setup/runtime.sh

.PHONY: suite-set-up
suite-set-up: runtime
	@tools/setup/packages.sh build check test package vm
	@tools/setup/test-node.sh

.PHONY: format-check layer-check script-check tidy-check
format-check:
	@wrong=$$($(sources) | xargs -0r -n 1 -P $(jobs) sh -c \
	  'clang-format-19 --dry-run -Werror "$$1" >/dev/null 2>&1 || echo "$$1"' check | sort); \
	if [ -n "$$wrong" ]; then printf 'not laid out as .clang-format says (make format mends it):\n%s\n' "$$wrong" >&2; exit 1; fi
	@echo 'format: right'

layer-check:
	@python3 tools/check_layers.py
	@echo 'layers: right'

script-check:
	@shellcheck --external-sources tools/*.sh tools/setup/*.sh packaging/deb/p* src/worker/*.sh .ci/run
	@echo 'scripts: right'

# Tidy reads what the sanitizer's build compiles, the sources of a module together: a header's declarations are walked once
# for all of them. It needs the files that the build generates.
tidy-check:
	@$(call build,asan)
	@echo 'clang-tidy: every source file but the unit tests, which the sanitizers watch'
	@run-clang-tidy-19 -quiet -j $(jobs) -p build/asan '^$(CURDIR)/(build/asan/)?(src|bench)/(?!.*_test[./]).*\.(cpp|cxx)$$' \
	  >build/tidy.log 2>&1 || { grep -v -e '^clang-tidy-19 ' -e 'warnings generated' -e 'Suppressed ' build/tidy.log >&2; exit 1; }
	@echo 'clang-tidy: right'
