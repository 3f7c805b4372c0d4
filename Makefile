# memtrawl: see README.md. Everything that is built goes below build/.
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
B := build
VERSION := 0.1
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= clang
DEPS := $(B)/deps
ARCH_BPF := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))

# SAN=1: a build of its own with the address and undefined-behaviour sanitizers
ifeq ($(SAN),1)
B := build/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n'
endif

# libbpf and bpftool: those that tools/deps unpacked where the distribution's are too old, else the distribution's
ifneq ($(wildcard $(DEPS)/usr/sbin/bpftool),)
BPFTOOL := $(DEPS)/usr/sbin/bpftool
BPF_INCLUDE := -isystem $(DEPS)/usr/include
LIBBPF := $(firstword $(wildcard $(DEPS)/usr/lib/*/libbpf.a))
else
BPFTOOL := $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
BPF_INCLUDE :=
LIBBPF := -lbpf
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wno-format-truncation -Werror
CFLAGS ?= -O2 -g
CPPFLAGS_ALL := -D_GNU_SOURCE -DMEMTRAWL_VERSION='"$(VERSION)"' -Iuser -Ibpf -I$(B) $(BPF_INCLUDE) $(CPPFLAGS)
CFLAGS_ALL := -std=gnu17 $(WARN) $(CFLAGS) -fPIE -fstack-protector-strong -fno-omit-frame-pointer $(SANFLAGS)
ifneq ($(SAN),1)
CPPFLAGS_ALL += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)
LIBS := $(LIBBPF) -ldw -lelf -lz -llzma -lcapstone -lprotobuf-c -ljansson -lmicrohttpd -lcap -lseccomp -liberty -lncursesw -ltinfo -lm -lpthread

OBJECTS := $(patsubst %.c,$(B)/%.o,$(filter-out user/main.c,$(sort $(wildcard user/*.c user/*/*.c))))
SKELETONS := $(patsubst bpf/%.bpf.c,$(B)/%.skel.h,$(sort $(wildcard bpf/*.bpf.c)))
PROTO := $(B)/profile/pprof.pb-c
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

.PHONY: all deps print-lint-flags fuzz check check-unit check-live check-kernels check-arm64 compare-gdb demo bench \
	lint install verifier-stats clean targets format arm64-objects
all: $(B)/memtrawl

deps:
	@tools/deps build

$(B)/memtrawl: $(B)/user/main.o $(OBJECTS) $(PROTO).o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/%.o: %.c Makefile | $(SKELETONS) $(PROTO).h
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# ---- BPF objects and their skeletons; those of benchmarks too
$(B)/%.bpf.o: %.bpf.c Makefile
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -mcpu=v3 -g -O2 -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Werror \
		-D__TARGET_ARCH_$(ARCH_BPF) -D__bpf__ $(BPF_INCLUDE) -Ivmlinux -Ibpf -idirafter /usr/include/$(shell gcc -print-multiarch 2>/dev/null) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@.full
	$(Q)$(BPFTOOL) gen object $@ $@.full && rm $@.full

$(B)/%.skel.h: $(B)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q){ echo '/* NOLINTBEGIN: generated */' && $(BPFTOOL) gen skeleton $< name $*_bpf && echo '/* NOLINTEND */'; } > $@

$(B)/%.skel.h: $(B)/tests/bench/%.bpf.o
	$(say) SKEL $@
	$(Q){ echo '/* NOLINTBEGIN: generated */' && $(BPFTOOL) gen skeleton $< name $*_bpf && echo '/* NOLINTEND */'; } > $@

# ---- pprof's protobuf messages
$(PROTO).c $(PROTO).h &: user/profile/pprof.proto
	$(say) PROTOC $<
	@mkdir -p $(@D)
	$(Q)protoc --proto_path=user/profile --c_out=$(@D) $<
	@touch $(PROTO).c $(PROTO).h

$(PROTO).o: $(PROTO).c $(PROTO).h
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -Wno-unused-parameter -c $< -o $@

# ---- the page of HTML reports: one piece, which user/render/html_page.c takes in as it is
WEB := user/web/report.html user/web/report.css $(patsubst %,user/web/%.js,units elements model columns chart table stacks weights \
	flame_tree flame report)

$(B)/web/page.html: tools/web-page $(WEB) Makefile
	$(say) WEB $@
	@mkdir -p $(@D)
	$(Q)tools/web-page $(WEB) > $@

$(B)/user/render/html_page.o: CFLAGS_ALL += -Wa,-I$(B)
$(B)/user/render/html_page.o: $(B)/web/page.html

# ---- tests
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(OBJECTS) $(PROTO).o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -lcmocka -o $@

# programs that the live tests run
$(B)/tests/live/%: $(B)/tests/live/%.o $(OBJECTS) $(PROTO).o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# programs that benchmarks run: the floor that they measure against, what one stack costs
$(B)/tests/bench/stacks.o: $(B)/stack.skel.h
$(B)/tests/bench/deep-omit $(B)/tests/bench/deep-keep: tests/bench/deep.c Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(WARN) -Wno-missing-prototypes -O2 -g -f$(if $(filter %-keep,$@),no-)omit-frame-pointer $< -o $@

$(B)/tests/bench/%: $(B)/tests/bench/%.o $(OBJECTS) $(PROTO).o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# stops a process where memtrawl has taken a stack, for others to take it too
STOPS := $(B)/tests/stops/stop $(B)/tests/stops/stop.bpf.o

$(B)/tests/stops/%: $(B)/tests/stops/%.o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBBPF) -lelf -lz -o $@

# what the kernel's verifier does with each BPF program: libbpf alone, nothing of memtrawl's
BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(sort $(wildcard bpf/*.bpf.c)))

$(B)/tests/verifier/%: $(B)/tests/verifier/%.o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBBPF) -lelf -lz -o $@

verifier-stats: $(B)/tests/verifier/stats $(BPF_OBJECTS)
	@$^
LIVE := $(patsubst tests/live/%.c,$(B)/tests/live/%,$(sort $(wildcard tests/live/*.c)))

-include tests/targets/targets.mk
targets: $(LIVE) $(STOPS)

# parsers of foreign bytes under libFuzzer, with the sanitizers; libdw, libcapstone and the like are as they are
FUZZ_SOURCES := $(wildcard user/lib/*.c user/sandbox/*.c user/target/*.c user/unwind/*.c) user/analyze/rss_series.c user/analyze/spikes.c \
	$(filter-out user/symbols/symbols.c user/symbols/naming.c user/symbols/source_lines.c,$(wildcard user/symbols/*.c))
FUZZ_OBJECTS := $(patsubst %.c,$(B)/fuzz/%.o,$(sort $(FUZZ_SOURCES)))
FUZZ_FLAGS := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined

$(B)/fuzz/%.o: %.c Makefile
	$(say) CLANG $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS_ALL) -std=gnu17 $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(B)/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(FUZZ_OBJECTS)
	$(say) LINK $@
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ $(filter-out $(LIBBPF),$(LIBS)) -o $@

check check-kernels check-arm64 compare-gdb demo bench lint fuzz:
	@tools/$@

# what can be seen of arm64 elsewhere: tools/check-arm64
ARM64_INCLUDE := /usr/aarch64-linux-gnu/include

$(B)/arm64/%.bpf.o: %.bpf.c Makefile
	$(say) ARM64 $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -mcpu=v3 -g -O2 -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Werror \
		-D__TARGET_ARCH_arm64 -D__bpf__ $(BPF_INCLUDE) -Ivmlinux -Ibpf -idirafter $(ARM64_INCLUDE) -MMD -MP \
		-MF $(@:.o=.d) -MT $@ -c $< -o $@

# libraries' headers are the same on all machines
$(B)/arm64/%.checked: %.c Makefile | $(SKELETONS) $(PROTO).h
	$(say) ARM64 $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) --target=aarch64-linux-gnu -fsyntax-only $(filter-out -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2,$(CPPFLAGS_ALL)) \
		-isystem $(ARM64_INCLUDE) -std=gnu17 $(WARN) -Wno-unknown-warning-option -MMD -MP -MF $@.d -MT $@ $<
	@touch $@

arm64-objects: $(patsubst %.bpf.c,$(B)/arm64/%.bpf.o,$(sort $(wildcard bpf/*.bpf.c))) \
	$(patsubst %.c,$(B)/arm64/%.checked,user/main.c $(sort $(wildcard user/*/*.c)))

print-lint-flags:
	@echo $(CPPFLAGS_ALL) -std=gnu17 $(filter-out -Werror -Wno-format-truncation,$(WARN))

check-unit: $(UNIT)
	@tools/run-unit $(UNIT)

check-live: all targets
	/usr/bin/python3 -m pytest -q -rs --tb=short -p no:cacheprovider tests/live

clean:
	rm -rf $(filter-out build/deps build/kernels,$(wildcard build/*))

install: all
	install -D -m 755 $(B)/memtrawl $(DESTDIR)$(PREFIX)/sbin/memtrawl

-include $(shell find $(B) -name '*.d' 2>/dev/null)
