# Programs whose allocations are exactly known, each built for the libraries where it makes sense:
#   NAME               dynamic, the C library of the distribution; other allocators are preloaded into it
#   NAME.static        static, the same
#   NAME.musl          dynamic, musl
#   NAME.musl-static   static, musl

T := $(B)/targets
MUSL_GCC := $(shell command -v musl-gcc 2>/dev/null)

# for every C library, dynamic and static
TARGETS_PORTABLE := malloc_family zero_size realloc_chain realloc_fail realloc_zero malloc_fail cross_thread_free \
	preallocated temporary random_sites
TARGETS_GLIBC :=
TARGETS_CXX :=

# The stack must be the site, its callers up to scenario, main: frames stay, calls stay calls, and the compiler knows
# nothing of what malloc means.
TARGET_FLAGS := -D_GNU_SOURCE -Itests/targets -std=gnu17 -Wall -Wextra -Werror -O2 -g \
	-fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-builtin -pthread $(SANFLAGS)

TARGETS := $(TARGETS_PORTABLE:%=$(T)/%) $(TARGETS_GLIBC:%=$(T)/%) $(TARGETS_CXX:%=$(T)/%)
TARGETS_STATIC := $(TARGETS_PORTABLE:%=$(T)/%.static)
TARGETS_MUSL := $(TARGETS_PORTABLE:%=$(T)/%.musl)
TARGETS_MUSL_STATIC := $(TARGETS_PORTABLE:%=$(T)/%.musl-static)
TARGETS_ALL := $(TARGETS)
ifneq ($(SAN),1)
TARGETS_ALL += $(TARGETS_STATIC)
ifneq ($(MUSL_GCC),)
TARGETS_ALL += $(TARGETS_MUSL) $(TARGETS_MUSL_STATIC)
endif
endif

targets: $(TARGETS_ALL)

$(T)/glibc/%.o: tests/targets/%.c tests/targets/targets.mk
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(TARGET_FLAGS) -MMD -MP -c $< -o $@

$(T)/musl/%.o: tests/targets/%.c tests/targets/targets.mk
	$(say) MUSL $<
	@mkdir -p $(@D)
	$(Q)$(MUSL_GCC) $(TARGET_FLAGS) -MMD -MP -c $< -o $@

$(TARGETS_PORTABLE:%=$(T)/%) $(TARGETS_GLIBC:%=$(T)/%): $(T)/%: $(T)/glibc/%.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CC) $(SANFLAGS) -pthread $^ -o $@

$(TARGETS_STATIC): $(T)/%.static: $(T)/glibc/%.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CC) -static -pthread $^ -o $@

$(TARGETS_MUSL): $(T)/%.musl: $(T)/musl/%.o $(T)/musl/truth.o
	$(say) LINK $@
	$(Q)$(MUSL_GCC) -pthread $^ -o $@

$(TARGETS_MUSL_STATIC): $(T)/%.musl-static: $(T)/musl/%.o $(T)/musl/truth.o
	$(say) LINK $@
	$(Q)$(MUSL_GCC) -static -pthread $^ -o $@
