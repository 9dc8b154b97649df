# SPDX-License-Identifier: GPL-2.0-only
#
# How the tests are built and run; a part of the Makefile.

# --- unit tests: a module over fakes of the modules below it -------------------
needs_test_cuda_state = plugins/cuda/cuda_state.c
needs_test_command = cuda-checkpoint/command.c plugins/cuda/cuda_state.c test/fake/fake_libcuda.c \
	test/unit/command_outcome.c
needs_test_command_toggle = $(needs_test_command)
needs_test_arguments = cuda-checkpoint/arguments.c cuda-checkpoint/device_pairs.c \
	cuda-checkpoint/help.c plugins/cuda/cuda_state.c
needs_test_device_pairs = cuda-checkpoint/device_pairs.c
needs_test_libcuda = cuda-checkpoint/libcuda.c
unit_tests = $(patsubst test/unit/%.c,%,$(wildcard test/unit/test_*.c))

# The calls that a test replaces are found in the test.
wraps = $(addprefix -Wl$(comma)--wrap=,$(sort \
	$(shell sed -n 's/.*\<__wrap_\([A-Za-z0-9_]*\).*/\1/p' test/unit/$(1).c)))

.SECONDEXPANSION:
$(addprefix $(BUILD)/test/unit/,$(unit_tests)): $(BUILD)/test/unit/%: $(BUILD)/test/unit/%.o $$(call objects,$$(needs_$$*))
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) $(call wraps,$*) -o $@ $^ \
		-lcmocka -ldl $(protobuf_libs)

# --- make check -----------------------------------------------------------------
# What a compiler or a sanitizer can see in addition: the same tests, built otherwise.
clang_build = $(BUILD)/clang
sanitized_build = $(BUILD)/sanitized
arm64_build = $(BUILD)/arm64-objects
arm64_flags = BUILD=$(arm64_build) CC=aarch64-linux-gnu-gcc CPPFLAGS='-isystem build/arm64/include' \
	LDFLAGS=-Lbuild/arm64/lib

run_unit = $(foreach test,$(unit_tests),"$(2)$(test): $(1)/test/unit/$(test)")

# Two steps: what the first brings is looked for when make starts.
.PHONY: check
check:
	$(Q)scripts/setup check
	$(Q)for v in $(criu_versions); do scripts/get-criu $$v || [ $$? -eq 75 ] || exit 1; done
	$(Q)ls build/criu/*/criu >/dev/null || { echo 'check: no CRIU can be had' >&2; exit 1; }
	$(Q)scripts/get-arm64 || [ $$? -eq 75 ]
	$(Q)$(MAKE) --no-print-directory check-built

.PHONY: tests
tests: all $(addprefix $(BUILD)/test/unit/,$(unit_tests))

.PHONY: check-built
check-built: tests
	$(Q)$(MAKE) --no-print-directory tests BUILD=$(clang_build) CC=clang
	$(Q)$(MAKE) --no-print-directory tests BUILD=$(sanitized_build) SANITIZE=address,undefined
	$(Q)[ ! -d build/arm64 ] || $(MAKE) --no-print-directory all $(arm64_flags)
	$(Q)test/run-tap test/test-run-tap.sh test/test-check-layout.sh scripts/check-layout \
		"headers: scripts/check-headers $(our_cflags) $(criu_cflags) $(includes)" \
		$(call run_unit,$(BUILD)) $(call run_unit,$(clang_build),clang-) \
		$(call run_unit,$(sanitized_build),sanitized-)
