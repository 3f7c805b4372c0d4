# Programs whose allocations are exactly known, each built for the libraries where it makes sense:
#   NAME               dynamic, the C library of the distribution; other allocators are preloaded into it
#   NAME.static        static, the same
#   NAME.musl          dynamic, musl
#   NAME.musl-static   static, musl

T := $(B)/targets
CXX := $(if $(filter default,$(origin CXX)),g++,$(CXX))
MUSL_GCC := $(shell command -v musl-gcc 2>/dev/null)

# for every C library, dynamic and static
TARGETS_PORTABLE := malloc_family zero_size realloc_chain realloc_fail realloc_zero malloc_fail cross_thread_free \
	preallocated temporary random_sites peak fork_child exec_self spawn signal_handler longjmp_pool \
	longjmp_blocks thread_exit_pool thread_churn custom_pool many_sites malloc_loop mappings pages \
	kernel_memory
# dynamic and for the distribution's C library only: they load libraries, use what else is preloaded, or are of one kind
TARGETS_GLIBC := resident dlopen_leak late_allocator free_variants big_heap mixed_heap busy_cache_and_leak made_code
# without frame pointers, and with what the others must not have: calls that become jumps
TARGETS_BARE := chains chains_dlopen
TARGETS_BARE_CXX := chains_cxx
# the libraries that chains_dlopen loads
CHAINS_LIBRARIES := $(T)/libchains_first.so $(T)/libchains_second.so
# programs that keep no account
TARGETS_PLAIN := leaky_server rss_kinds short_lived grower rss_steps reach_shapes reach_grower reach_sizes
TARGETS_CXX := cxx_new

# The stack must be the site, its callers up to scenario, main: frames stay, calls stay calls, and the compiler knows
# nothing of what malloc means.
TARGET_FLAGS := -D_GNU_SOURCE -Itests/targets -Wall -Wextra -Werror -O2 -g -fno-omit-frame-pointer \
	-fno-optimize-sibling-calls -fno-builtin -pthread $(SANFLAGS)

TARGETS_ALL := $(TARGETS_PORTABLE:%=$(T)/%) $(TARGETS_GLIBC:%=$(T)/%) $(TARGETS_PLAIN:%=$(T)/%) \
	$(TARGETS_CXX:%=$(T)/%) $(TARGETS_BARE:%=$(T)/%) $(TARGETS_BARE_CXX:%=$(T)/%) \
	$(T)/libtarget_leak.so $(CHAINS_LIBRARIES)
TARGETS_STATIC := $(TARGETS_PORTABLE:%=$(T)/%.static)
TARGETS_MUSL := $(TARGETS_PORTABLE:%=$(T)/%.musl)
TARGETS_MUSL_STATIC := $(TARGETS_PORTABLE:%=$(T)/%.musl-static)
ifneq ($(SAN),1) # the sanitizers bring an allocator of their own, in a shared library
TARGETS_ALL += $(TARGETS_STATIC) $(TARGETS_CXX:%=$(T)/%.static) $(T)/malloc_family.stripped $(T)/reach_shapes.lsan
ifneq ($(MUSL_GCC),)
TARGETS_ALL += $(TARGETS_MUSL) $(TARGETS_MUSL_STATIC)
endif
endif

targets: $(TARGETS_ALL)

$(TARGETS_BARE:%=$(T)/glibc/%.o) $(TARGETS_BARE_CXX:%=$(T)/glibc/%.o) $(CHAINS_LIBRARIES): TARGET_FLAGS += -fomit-frame-pointer -foptimize-sibling-calls

$(T)/glibc/%.o: tests/targets/%.c tests/targets/targets.mk
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(TARGET_FLAGS) -MMD -MP -c $< -o $@

$(T)/glibc/%.o: tests/targets/%.cc tests/targets/targets.mk
	$(say) CXX $<
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=gnu++17 $(TARGET_FLAGS) -MMD -MP -c $< -o $@

$(T)/musl/%.o: tests/targets/%.c tests/targets/targets.mk
	$(say) MUSL $<
	@mkdir -p $(@D)
	$(Q)$(MUSL_GCC) -std=gnu17 $(TARGET_FLAGS) -MMD -MP -c $< -o $@

$(TARGETS_PORTABLE:%=$(T)/%) $(filter-out %/dlopen_leak,$(TARGETS_GLIBC:%=$(T)/%)) \
$(filter-out %/chains_dlopen,$(TARGETS_BARE:%=$(T)/%)): $(T)/%: $(T)/glibc/%.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CC) $(SANFLAGS) -pthread $^ -Wl,-z,dynamic-undefined-weak -o $@

$(TARGETS_PLAIN:%=$(T)/%): $(T)/%: $(T)/glibc/%.o
	$(say) LINK $@
	$(Q)$(CC) $(SANFLAGS) -pthread $^ -o $@

# with LeakSanitizer, to compare
$(T)/reach_shapes.lsan: $(T)/glibc/reach_shapes.o
	$(say) LINK $@
	$(Q)$(CC) -fsanitize=leak -pthread $^ -o $@

$(TARGETS_CXX:%=$(T)/%) $(TARGETS_BARE_CXX:%=$(T)/%): $(T)/%: $(T)/glibc/%.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CXX) $(SANFLAGS) -pthread $^ -o $@

$(TARGETS_CXX:%=$(T)/%.static): $(T)/%.static: $(T)/glibc/%.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CXX) -static -pthread $^ -o $@

# libraries note their blocks in the program's account
$(T)/dlopen_leak: | $(T)/libtarget_leak.so
$(T)/chains_dlopen: | $(CHAINS_LIBRARIES)
$(T)/dlopen_leak $(T)/chains_dlopen: $(T)/%: $(T)/glibc/%.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CC) $(SANFLAGS) -pthread -rdynamic -Wl,-rpath,'$$ORIGIN' $^ -ldl -o $@

$(T)/libtarget_leak.so: tests/targets/lib_leak.c tests/targets/targets.mk
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(TARGET_FLAGS) -fPIC -shared -MMD -MP -MF $@.d -MT $@ $< -o $@

$(T)/libchains_first.so: LIBRARY_FLAGS := -DLIBRARY=first -DFRAME=1000
$(T)/libchains_second.so: LIBRARY_FLAGS := -DLIBRARY=second -DFRAME=3000
$(CHAINS_LIBRARIES): tests/targets/lib_chains.c tests/targets/targets.mk
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(TARGET_FLAGS) $(LIBRARY_FLAGS) -fPIC -shared -MMD -MP -MF $@.d -MT $@ $< -o $@

# an allocator inside, and nothing that names it
$(T)/malloc_family.stripped: $(T)/glibc/malloc_family.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CC) -static -s $^ -o $@

$(TARGETS_STATIC): $(T)/%.static: $(T)/glibc/%.o $(T)/glibc/truth.o
	$(say) LINK $@
	$(Q)$(CC) -static -pthread $^ -o $@

$(TARGETS_MUSL): $(T)/%.musl: $(T)/musl/%.o $(T)/musl/truth.o
	$(say) LINK $@
	$(Q)$(MUSL_GCC) -pthread $^ -o $@

$(TARGETS_MUSL_STATIC): $(T)/%.musl-static: $(T)/musl/%.o $(T)/musl/truth.o
	$(say) LINK $@
	$(Q)$(MUSL_GCC) -static -pthread $^ -o $@

# programs of which it is known whether they leak: for tools/check-verdicts; those in held/ were not tuned on
VERDICTS_IN := $(addprefix tests/targets/leaks/,leaking sound held/leaking held/sound)
VERDICTS_C := $(patsubst tests/targets/%.c,%,$(wildcard $(VERDICTS_IN:%=%/*.c)))
VERDICTS_CXX := $(patsubst tests/targets/%.cc,%,$(wildcard $(VERDICTS_IN:%=%/*.cc)))
targets: $(VERDICTS_C:%=$(T)/%) $(VERDICTS_CXX:%=$(T)/%)

$(VERDICTS_C:%=$(T)/glibc/%.o) $(VERDICTS_CXX:%=$(T)/glibc/%.o): TARGET_FLAGS += -Itests/targets/leaks

$(VERDICTS_C:%=$(T)/%): $(T)/%: $(T)/glibc/%.o $(T)/glibc/leaks/leaks.o
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANFLAGS) -pthread $^ -lm -o $@

$(VERDICTS_CXX:%=$(T)/%): $(T)/%: $(T)/glibc/%.o $(T)/glibc/leaks/leaks.o
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CXX) $(SANFLAGS) -pthread $^ -lm -o $@
