# SPDX-License-Identifier: GPL-2.0-only
#
# How the fuzzers are built and run; a part of the Makefile.
#
# They are built by clang under a build folder of their own, $(BUILD)/fuzz, where what they
# find and what they learn is kept too.

FUZZ_SECONDS ?= 60
fuzz_build = $(BUILD)/fuzz
fuzz_make = $(MAKE) --no-print-directory BUILD=$(fuzz_build) CC=clang \
	SANITIZE=fuzzer-no-link,address,undefined

needs_fuzz_inventory = plugins/cuda/inventory.c images/inventory.pb-c.c
needs_fuzz_options = $(needs_test_options)
needs_fuzz_tool = $(tool_over_fakes)
needs_fuzz_proc = $(addprefix plugins/cuda/,proc.c proc_libcuda.c memory_map.c life.c at_work.c)
needs_fuzz_arguments = $(addprefix cuda-checkpoint/,arguments.c device_pairs.c help.c) \
	plugins/cuda/cuda_state.c
needs_fuzz_memory_image = $(memory_image)
needs_fuzz_command_line = criu-cuda/command_line.c
needs_fuzz_timeline = $(needs_test_timeline_print)
needs_fuzz_foreign_text = criu-cuda/foreign_text.c
needs_fuzz_plugin_file = criu-cuda/doctor/plugin_file.c plugins/cuda/reason.c
needs_fuzz_doctor = $(addprefix criu-cuda/doctor/,criu_version.c gpu_list.c) $(doctor_runs)
needs_fuzz_dump_root = criu-cuda/recover/dump_root.c
needs_fuzz_watch = $(addprefix criu-cuda/watch/,criu_process.c log_tail.c open_files.c)
fuzzers = $(patsubst test/fuzz/fuzz_%.c,%,$(wildcard test/fuzz/fuzz_*.c))

# The libraries are not hidden, as in the products: the sanitizer's malloc has to be
# everybody's.
#
# The calls that a fuzzer replaces are found in the fuzzer.
fuzz_wraps = $(addprefix -Wl$(comma)--wrap=,$(sort \
	$(shell sed -n 's/.*\<__wrap_\([A-Za-z0-9_]*\).*/\1/p' test/fuzz/fuzz_$(1).c)))

$(addprefix $(BUILD)/test/fuzz/fuzz_,$(fuzzers)): $(BUILD)/test/fuzz/fuzz_%: $(BUILD)/test/fuzz/fuzz_%.o \
		$(BUILD)/test/fuzz/fuzz.o $$(call objects,$$(needs_fuzz_$$*))
	$(call say,LD,$@)$(CC) $(our_ldflags) -fsanitize=fuzzer $(LDFLAGS) $(call fuzz_wraps,$*) -o $@ $^ \
		$(static_libs)

.PHONY: fuzzers fuzzers-here
fuzzers:
	$(Q)$(fuzz_make) fuzzers-here
fuzzers-here: $(addprefix $(BUILD)/test/fuzz/fuzz_,$(fuzzers))

# What is in test/fuzz/corpus once more, as a part of make check.
run_corpora = "fuzz corpora: BUILD=$(fuzz_build) test/fuzz/run 0 $(fuzzers)"

.PHONY: check-fuzz
check-fuzz: fuzzers
	$(Q)BUILD=$(fuzz_build) test/fuzz/run $(FUZZ_SECONDS) $(fuzzers)
