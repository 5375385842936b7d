# tranche: GitOps for StatefulSets.
#
#   make                 the program (build/tranche) and the embedded cluster (build/kubesim)
#   make test            all fast tests
#   make e2e             the real control plane (built once and cached; see tests/e2e/README.md)
#   make lint            floors, headers, warnings, format, static analysis
#   make coverage        which lines the fast tests run, and whether they are enough
#   make valgrind        tests in C under valgrind's memcheck
#   make bench           speed and size beside kubectl's, on the real control plane (docs/performance.md)
#   make fuzz            the readers under libFuzzer, FUZZ_SECONDS each
#   make soak            commits, drift, rollouts and kills for SOAK_SECONDS on the real control plane
#   make demo            the canary walkthrough on the embedded cluster
#   make install         DESTDIR= PREFIX=
#   make dist            tranche-VERSION.tar.gz of what is committed; it builds as a clone does
#   make rootfs          $(BUILD)/rootfs: what an image of the agent consists of (see Dockerfile); with
#                        WITH="ssh-keygen gpgv" these programs too, which --verify runs
#
#   V=1 shows the commands. CFLAGS and LDFLAGS are yours and come last.
#   SANITIZE=address,undefined builds everything with those, in a folder of its own.
#   BUILD=DIR puts what is built elsewhere.

VERSION := 0.1.0

comma := ,
BUILD ?= build$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
PREFIX ?= /usr/local
CC ?= cc
AR ?= ar
CFLAGS ?= -g

# --- libraries ----------------------------------------------------------------------------------
# A floor gets the headers of its own libraries and of those below it, no others.

DIFF_PKGS  := libcjson yaml-0.1 libcrypto
APPLY_PKGS := $(DIFF_PKGS) libcurl libuv
AGENT_PKGS := $(APPLY_PKGS) libgit2 zlib libssl libmicrohttpd
SIM_PKGS   := $(DIFF_PKGS) libmicrohttpd
TEST_PKGS  := $(AGENT_PKGS) cmocka

# Asked for at the first use rather than when this file is read: in `make deps demo` pkg-config may
# not be there yet when make starts.
once = $(eval $(1) := $(2))$($(1))
cflags_of = $(call once,PKG_CFLAGS_$(1),$(shell pkg-config --cflags $($(1)_PKGS)))
libs_of   = $(call once,PKG_LIBS_$(1),$(shell pkg-config --libs $($(1)_PKGS)))

# --- flags --------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wconversion \
	-Wno-sign-conversion -Wno-missing-field-initializers -Wimplicit-fallthrough
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE
ifeq ($(SANITIZE),)
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SANITIZE_FLAGS :=
else
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
WERROR := $(if $(CI),-Werror)

# What every byte of a manifest or an answer goes through is compiled for speed, all else for size.
# Unwind tables stand with the debug information, where gdb, perf and valgrind find them too, instead
# of in the program; relative relocations are packed where the linker can.
HOT := $(addprefix diff/,buf compare compare_list digest json json_names json_number json_parse json_print \
	manifest path schema schema_check yaml yaml_build yaml_events yaml_scalar yaml_split)
optimise = $(if $(filter $(HOT:%=$(BUILD)/obj/%.o),$(1)),-O2,-Os)
SMALL := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
RELR = $(call once,RELR_FLAG,$(if $(shell $(CC) -Wl,--help 2>/dev/null | grep pack-relative-relocs),\
	-Wl$(comma)-z$(comma)pack-relative-relocs))

BASE_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. $(WARNINGS) $(WERROR) $(HARDENING) $(SANITIZE_FLAGS) \
	$(SMALL) -MMD -MP
BASE_LDFLAGS = -pie -Wl,-z,relro,-z,now,--gc-sections,--as-needed $(RELR) $(SANITIZE_FLAGS)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

# --- sources ------------------------------------------------------------------------------------

DIFF_SRC    := $(wildcard diff/*.c)
APPLY_SRC   := $(wildcard apply/*.c)
AGENT_SRC   := $(filter-out agent/main.c,$(wildcard agent/*.c))
SIM_SRC     := $(filter-out tests/kubesim/main.c,$(wildcard tests/kubesim/*.c))
SUPPORT_SRC := $(wildcard tests/support/*.c)
TEST_SRC    := $(wildcard tests/diff/test_*.c tests/apply/test_*.c tests/agent/test_*.c \
	tests/kubesim/tests/test_*.c)
FUZZ_SRC    := $(wildcard tests/fuzz/fuzz_*.c)
TOOL_SRC    := $(wildcard tests/tools/*.c)
SCRIPT_TESTS := $(wildcard tests/agent/test_*.sh tests/scripts/test_*.sh)

objs = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
TEST_BIN := $(patsubst %.c,$(BUILD)/%,$(TEST_SRC))
TOOL_BIN := $(patsubst tests/tools/%.c,$(BUILD)/%,$(TOOL_SRC))
ALL_OBJ  := $(call objs,$(DIFF_SRC) $(APPLY_SRC) $(AGENT_SRC) agent/main.c $(SIM_SRC) \
	tests/kubesim/main.c $(SUPPORT_SRC) $(TEST_SRC) $(TOOL_SRC) $(FUZZ_SRC))

.PHONY: all help
all: $(BUILD)/tranche $(BUILD)/kubesim $(TOOL_BIN)

help:
	@sed '/^#/!Q; s/^#   //; s/^# //; s/^#$$//' Makefile

# --- compiling ----------------------------------------------------------------------------------

floor_of = $(if $(filter $(BUILD)/obj/diff/%,$(1)),DIFF,$(if $(filter $(BUILD)/obj/apply/%,$(1)),APPLY,$(if \
	$(filter $(BUILD)/obj/agent/%,$(1)),AGENT,$(if $(filter $(BUILD)/obj/tests/kubesim/tests/%,$(1)),TEST,$(if \
	$(filter $(BUILD)/obj/tests/kubesim/%,$(1)),SIM,TEST)))))

$(BUILD)/obj/diff/version.o: override CPPFLAGS += -DTRANCHE_VERSION='"$(VERSION)"'
$(BUILD)/obj/tests/%.o: override CPPFLAGS += -DBUILD_DIR='"$(BUILD)"'

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(BASE_CFLAGS) $(call optimise,$@) $(call cflags_of,$(call floor_of,$@)) $(CPPFLAGS) $(CFLAGS) \
		-c -o $@ $<

define archive
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
endef

$(BUILD)/libdiff.a: $(call objs,$(DIFF_SRC))
	$(archive)
$(BUILD)/libapply.a: $(call objs,$(APPLY_SRC))
	$(archive)
$(BUILD)/libagent.a: $(call objs,$(AGENT_SRC))
	$(archive)
$(BUILD)/libkubesim.a: $(call objs,$(SIM_SRC))
	$(archive)
$(BUILD)/libsupport.a: $(call objs,$(SUPPORT_SRC))
	$(archive)

FLOORS := $(BUILD)/libagent.a $(BUILD)/libapply.a $(BUILD)/libdiff.a

define link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(BASE_LDFLAGS) $(CFLAGS) -o $@ $^ $(1) $(LDFLAGS)
endef

$(BUILD)/tranche: $(call objs,agent/main.c) $(FLOORS)
	$(call link,$(call libs_of,AGENT) -lm)

$(BUILD)/kubesim: $(call objs,tests/kubesim/main.c) $(BUILD)/libkubesim.a $(BUILD)/libdiff.a
	$(call link,$(call libs_of,SIM) -lpthread -lm)

# Of kubesim only the rooms that are pure functions of JSON: its cluster is not apply/'s.
TOOL_SIM_OBJ := $(call objs,$(addprefix tests/kubesim/,pod_status.c obj.c alloc.c timestamp.c))

$(TOOL_BIN): $(BUILD)/%: $(BUILD)/obj/tests/tools/%.o $(TOOL_SIM_OBJ) $(FLOORS)
	$(call link,$(call libs_of,AGENT) -lm)

# A test links the program's floors or the embedded cluster, never both: the two are strangers that
# may use the same names.
SIM_TEST_BIN := $(filter $(BUILD)/tests/kubesim/%,$(TEST_BIN))
FUZZ_TEST_BIN := $(BUILD)/tests/diff/test_fuzz_corpus

$(filter-out $(SIM_TEST_BIN) $(FUZZ_TEST_BIN),$(TEST_BIN)): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libsupport.a $(FLOORS)
	$(call link,$(call libs_of,TEST) -lm)

$(SIM_TEST_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libsupport.a $(BUILD)/libkubesim.a \
		$(BUILD)/libdiff.a
	$(call link,$(call libs_of,TEST) -lm)

# Tests in which allocations fail on purpose (tests/support/starve.h).
STARVED := $(filter %/test_no_memory,$(TEST_BIN))
$(STARVED): BASE_LDFLAGS += $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc reallocarray strdup strndup)

# A fuzz target stands in for what its reader asks for files and servers, and may use some of the
# test support, but not what needs cmocka.
FUZZ_SUPPORT_OBJ := $(call objs,tests/support/webhook.c)
FUZZ_WRAP_kubeconfig := file_read
FUZZ_WRAP_watch := uv_hrtime $(addprefix cluster_,send open_stream after cancel task_begin task_end backoff_ms)

$(FUZZ_TEST_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(call objs,$(FUZZ_SRC)) $(BUILD)/libsupport.a $(FLOORS)
	$(call link,$(addprefix -Wl$(comma)--wrap=,$(FUZZ_WRAP_kubeconfig) $(FUZZ_WRAP_watch)) $(call libs_of,TEST) -lm)

-include $(ALL_OBJ:.o=.d)

# --- tests --------------------------------------------------------------------------------------

.PHONY: test-build test demo e2e
test-build: all $(TEST_BIN)

# TESTS="build/tests/diff/test_yaml tests/agent/test_cli.sh" runs some of them, WITHOUT=... all but these.
TESTS ?= $(filter-out $(WITHOUT),$(TEST_BIN) $(SCRIPT_TESTS))
test: test-build
	$(Q)BUILD=$(BUILD) tests/run $(TESTS)

demo: all
	$(Q)BUILD=$(BUILD) examples/demo.sh
	$(Q)$(hand_back)

e2e: test-build
	$(Q)BUILD=$(BUILD) tests/e2e/run

# BENCH_ONLY="diff start" runs those rows, BENCH_QUICK=1 small counts; results.json is in $(BUILD)/bench.
.PHONY: bench
bench: all
	$(Q)BUILD=$(BUILD) tests/bench/bench

.PHONY: soak
soak: all
	$(Q)BUILD=$(BUILD) tests/soak/run

# Tests in C under valgrind, and with TESTS= others; a script's are the program's runs. Those that
# themselves take seconds are left to AddressSanitizer.
.PHONY: valgrind
valgrind: TESTS = $(filter-out %/test_no_memory %/test_recreate,$(TEST_BIN))
valgrind: test-build
	$(Q)BUILD=$(BUILD) tests/valgrind $(TESTS)

# The lines that the fast tests run, by file, and their share of each floor, which has to be so much.
COVERED_diff  := 90
COVERED_apply := 90
COVERED_agent := 80
# (test_in_cluster looks at an image, which an instrumented program is too large for.)
.PHONY: coverage
coverage:
	$(Q)$(MAKE) --no-print-directory BUILD=build-coverage HARDENING= WITHOUT=tests/agent/test_in_cluster.sh \
		CFLAGS="-O0 -g --coverage -fprofile-update=atomic" test
	$(Q)status=0; for floor in diff:$(COVERED_diff) apply:$(COVERED_apply) agent:$(COVERED_agent); do \
		gcovr --root . --object-directory build-coverage --filter "$${floor%:*}/" --print-summary \
			--fail-under-line "$${floor#*:}" || status=1; \
	done; exit $$status

# Each fuzz target runs for FUZZ_SECONDS, from its seeds; what it finds stays in build-fuzz/found. clang
# compiles everything for that, in a folder of its own.
FUZZ_SECONDS ?= 60
FUZZ_MAX_BYTES ?= 4096
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
FUZZ_BUILD := build-fuzz

.PHONY: fuzz fuzz-build $(addprefix fuzz-,$(FUZZERS))
fuzz: $(addprefix fuzz-,$(FUZZERS))

fuzz-build:
	$(Q)$(MAKE) --no-print-directory BUILD=$(FUZZ_BUILD) CC=clang SANITIZE=fuzzer-no-link,address,undefined \
		$(addprefix $(FUZZ_BUILD)/fuzz_,$(FUZZERS))

$(addprefix $(BUILD)/fuzz_,$(FUZZERS)): $(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SUPPORT_OBJ) $(FLOORS)
	$(call link,-fsanitize=fuzzer -Wl$(comma)--defsym=LLVMFuzzerTestOneInput=fuzz_$* \
		$(addprefix -Wl$(comma)--wrap=,$(FUZZ_WRAP_$*)) $(call libs_of,AGENT) -lm)

$(addprefix fuzz-,$(FUZZERS)): fuzz-%: fuzz-build
	@mkdir -p $(FUZZ_BUILD)/found/$*
	$(call say,FUZZ,$*)
	$(Q)cd $(FUZZ_BUILD)/found && ../fuzz_$* -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 -timeout=10 \
		-max_len=$(FUZZ_MAX_BYTES) -print_final_stats=1 -dict=$(CURDIR)/tests/fuzz/dictionaries/$*.dict \
		$* $(CURDIR)/tests/fuzz/corpus/$*

# --- set-up -------------------------------------------------------------------------------------

DEPS_BUILD := gcc make pkg-config libc6-dev libgit2-dev libyaml-dev libcurl4-openssl-dev libcjson-dev \
	libuv1-dev libssl-dev libmicrohttpd-dev zlib1g-dev
DEPS_IMAGE := ca-certificates binutils
DEPS_TEST  := libcmocka-dev git bash python3 curl openssl patch iproute2 openssh-client openssh-server \
	gnupg gpgv python3-jsonschema python3-prometheus-client python3-h2 $(DEPS_IMAGE)
DEPS_DEV   := zsh fish gcovr nghttp2-client curl clang libclang-rt-dev clang-format clang-tidy cppcheck shellcheck valgrind

.PHONY: deps deps-dev deps-image
deps:
	$(Q)tests/install-packages $(DEPS_BUILD) $(DEPS_TEST) kubectl:kubernetes-client
deps-image:
	$(Q)tests/install-packages $(DEPS_BUILD) $(DEPS_IMAGE) \
		$(filter $(addsuffix :%,$(WITH)),ssh-keygen:openssh-client gpgv:gpgv)
deps-dev: deps
	$(Q)tests/install-packages $(DEPS_DEV)

# After `sudo make` what was built belongs to who called sudo.
hand_back = if [ -n "$$SUDO_UID" ]; then chown -R "$$SUDO_UID:$$SUDO_GID" $(BUILD); fi

ifneq ($(filter deps deps-dev deps-image,$(MAKECMDGOALS)),)
$(ALL_OBJ): | $(filter deps deps-dev deps-image,$(MAKECMDGOALS))
endif

# --- lint ---------------------------------------------------------------------------------------

HEADERS := $(wildcard diff/*.h apply/*.h agent/*.h tests/kubesim/*.h tests/support/*.h tests/fuzz/*.h)
SOURCES := $(DIFF_SRC) $(APPLY_SRC) $(wildcard agent/*.c) $(wildcard tests/kubesim/*.c) \
	$(SUPPORT_SRC) $(TEST_SRC) $(TOOL_SRC) $(FUZZ_SRC)
CLANG_FORMAT ?= clang-format

.PHONY: lint check-floors check-headers check-format check-clang check-gcc check-tidy check-static \
	check-scripts check-links format
lint: check-floors check-headers check-format check-links check-scripts check-clang check-gcc check-tidy \
	check-static

check-floors:
	$(Q)tests/lint/floors

check-headers: $(patsubst %.h,$(BUILD)/headers/%.ok,$(HEADERS))

$(BUILD)/headers/%.ok: %.h
	@mkdir -p $(@D)
	$(call say,HEADER,$<)
	$(Q)printf '#include "%s"\n' $< | $(CC) $(filter-out -MMD -MP,$(BASE_CFLAGS)) -Werror \
		$(call cflags_of,TEST) -fsyntax-only -x c - && touch $@

check-format:
	$(call say,FORMAT,sources)
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(HEADERS) $(SOURCES)

# Another compiler's warnings are errors too: all that it has, but those that
# are about C90 and pedantry: declaration-after-statement, gnu-*, disabled-macro-expansion (of glibc);
# fire at what is meant: comma, float-equal, padded, missing-field-initializers (they are 0), switch-enum
#   (the rest is `default`), bad-function-cast, double-promotion (of INFINITY), assign-enum (libuv's flags),
#   used-but-marked-unused (cleanup functions), reserved-identifier (the linker's __wrap_);
# gcc is not asked for either: sign-conversion.
CLANG_WARNINGS := -Weverything -Wno-declaration-after-statement -Wno-gnu-statement-expression \
	-Wno-gnu-zero-variadic-macro-arguments -Wno-disabled-macro-expansion -Wno-comma -Wno-float-equal \
	-Wno-padded -Wno-missing-field-initializers -Wno-switch-enum -Wno-bad-function-cast \
	-Wno-double-promotion -Wno-assign-enum -Wno-used-but-marked-unused -Wno-reserved-identifier \
	-Wno-sign-conversion
check-clang:
	$(call say,CLANG,sources)
	$(Q)$(MAKE) --no-print-directory BUILD=build-clang CC=clang CI=true CPPFLAGS='$(CLANG_WARNINGS)' \
		test-build >/dev/null

# Two analysers, a file at a time; a stamp holds until the object file, or what it says, is newer. They
# are told what they cannot see across files.
ANALYSED := $(DIFF_SRC) $(APPLY_SRC) $(wildcard agent/*.c) $(wildcard tests/kubesim/*.c)
analyse_flags = -DTRANCHE_VERSION='"$(VERSION)"' $(call cflags_of,$(call floor_of,$(BUILD)/obj/$(1))) \
	$(if $(filter diff/err.c,$(1)),,-include tests/lint/analysis.h)

# Of gcc 12's analyzer three checks are off, for what they find here is false:
# malloc-leak (some sixty): it loses what is put into a list; LeakSanitizer and valgrind find leaks.
# use-of-uninitialized-value (a handful): it does not follow a struct that is returned; clang's and valgrind do.
# null-dereference (some forty): it takes the NULL of `for (item = list ? list->child : NULL; ...)` for an
#   item; clang's analyzer knows better.
# A smaller explosion factor bounds its time: diff/schema.c takes 4 s instead of more than 30.
GCC_WARNINGS := -fanalyzer --param=analyzer-bb-explosion-factor=2 -Wno-analyzer-malloc-leak \
	-Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-null-dereference \
	-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wredundant-decls -Wnested-externs \
	-Wcast-align=strict -Wdate-time -Walloc-zero -Wunused-macros
# It does not follow a list that has grown, a flag that says that two pointers are set, that NULL is no
# cJSON_IsString, that git_fail returns -1, and that reallocarray takes what calloc gave.
$(BUILD)/analysed/apply/cluster.gcc: GCC_WARNINGS += -Wno-analyzer-use-after-free -Wno-analyzer-double-free
$(addprefix $(BUILD)/analysed/,agent/decision.gcc agent/source_git.gcc diff/yaml_edit.gcc): \
	GCC_WARNINGS += -Wno-analyzer-null-argument
$(BUILD)/analysed/diff/yaml_build.gcc: GCC_WARNINGS += -Wno-analyzer-mismatching-deallocation
check-gcc: $(ANALYSED:%.c=$(BUILD)/analysed/%.gcc)
$(BUILD)/analysed/%.gcc: %.c $(BUILD)/obj/%.o tests/lint/analysis.h
	@mkdir -p $(@D)
	$(call say,ANALYSE,$<)
	$(Q)gcc $(filter-out -MMD -MP,$(BASE_CFLAGS)) -Werror $(call analyse_flags,$<) $(GCC_WARNINGS) \
		-c -o /dev/null $< && touch $@

# DEEP=1: with clang's own analyzer, too, which takes ten times as long and tells some things that are false.
check-tidy: $(ANALYSED:%.c=$(BUILD)/analysed/%.tidy)
$(BUILD)/analysed/%.tidy: %.c $(BUILD)/obj/%.o tests/lint/analysis.h .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet $(if $(DEEP),,--checks=-clang-analyzer-*) $< -- -std=gnu11 -D_GNU_SOURCE -I. \
		$(call analyse_flags,$<) -Xclang -analyzer-config -Xclang max-nodes=50000 \
		2>$@.log || { cat $@.log >&2; exit 1; }
	@rm -f $@.log && touch $@

check-static:
	$(call say,CPPCHECK,sources)
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -I. -j2 \
		--enable=warning,performance,portability --suppressions-list=tests/lint/cppcheck.txt \
		'-D__typeof__(x)=void *' \
		--cppcheck-build-dir=$$(mkdir -p $(BUILD)/cppcheck && echo $(BUILD)/cppcheck) \
		$(ANALYSED)

check-scripts:
	$(call say,SHELL,scripts)
	$(Q)tests/lint/scripts

check-links:
	$(Q)tests/lint/links

format:
	$(Q)$(CLANG_FORMAT) -i $(HEADERS) $(SOURCES)

# --- installing, cleaning -----------------------------------------------------------------------

# Where each shell looks for completion, below PREFIX/share.
SHELLS := bash:bash-completion/completions/tranche zsh:zsh/site-functions/_tranche \
	fish:fish/vendor_completions.d/tranche.fish

.PHONY: install uninstall rootfs clean dist
install: $(BUILD)/tranche
	install -D -m 755 $(BUILD)/tranche $(DESTDIR)$(PREFIX)/bin/tranche
	install -D -m 644 docs/tranche.1 $(DESTDIR)$(PREFIX)/share/man/man1/tranche.1
	install -D -m 644 docs/config.schema.json $(DESTDIR)$(PREFIX)/share/tranche/config.schema.json
	for shell in $(SHELLS); do \
		install -d $(DESTDIR)$(PREFIX)/share/$$(dirname $${shell#*:}) && \
		$(BUILD)/tranche completion $${shell%%:*} >$(DESTDIR)$(PREFIX)/share/$${shell#*:} || exit 1; \
	done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/tranche $(DESTDIR)$(PREFIX)/share/man/man1/tranche.1 \
		$(DESTDIR)$(PREFIX)/share/tranche/config.schema.json \
		$(foreach shell,$(SHELLS),$(DESTDIR)$(PREFIX)/share/$(lastword $(subst :, ,$(shell))))

rootfs: $(BUILD)/tranche
	$(Q)examples/in-cluster/image/rootfs $< $(BUILD)/rootfs $(WITH)

clean:
	rm -rf $(BUILD)

dist:
	git archive --prefix=tranche-$(VERSION)/ -o tranche-$(VERSION).tar.gz HEAD
