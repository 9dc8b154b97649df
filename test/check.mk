# SPDX-License-Identifier: GPL-2.0-only
#
# How the tests are built and run; a part of the Makefile.

# --- the simulated GPU, and programs that use it --------------------------------
sim_driver = $(BUILD)/test/gpu-sim/libcuda.so.1
sim_old_driver = $(BUILD)/test/gpu-sim/old/libcuda.so.1
sim_nvml = $(BUILD)/test/gpu-sim/libnvidia-ml.so.1
sim_gpu = $(BUILD)/test/gpu-sim/gpu-sim
sim = $(sim_driver) $(sim_old_driver) $(sim_nvml) $(sim_gpu)
reaper = $(BUILD)/test/system/reaper
fail_call = $(BUILD)/test/fault/fail_call.so
make_image = $(BUILD)/test/criu-cuda/make-image
offload = $(BUILD)/test/criu-cuda/offload
work_slowly = $(BUILD)/test/criu-cuda/work-slowly
apps = $(patsubst test/apps/%.c,$(BUILD)/test/apps/%,$(filter-out test/apps/app%,$(wildcard test/apps/*.c)))
apps_library = $(BUILD)/test/apps/app.a
sim_tests = $(patsubst test/%.c,$(BUILD)/test/%,$(wildcard test/gpu-sim/test/test_*.c))

.PHONY: test-programs
test-programs: $(sim) $(apps) $(reaper) $(fail_call) $(make_image) $(offload) $(work_slowly)

$(sim_driver): $(call objects,$(wildcard test/gpu-sim/driver/*.c))
	$(call say,LD,$@)$(CC) -shared -pthread $(our_ldflags) $(LDFLAGS) -Wl,-soname,libcuda.so.1 -Wl,-z,now \
		-Wl,-z,nodelete -o $@ $^

$(sim_old_driver): $(BUILD)/test/gpu-sim/old-driver.o
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -shared $(our_ldflags) $(LDFLAGS) -Wl,-soname,libcuda.so.1 -o $@ $^

$(sim_nvml): $(call objects,$(wildcard test/gpu-sim/nvml/*.c) test/gpu-sim/driver/gpu_link.c test/gpu-sim/driver/settings.c)
	$(call say,LD,$@)$(CC) -shared $(our_ldflags) $(LDFLAGS) -Wl,-soname,libnvidia-ml.so.1 -Wl,-z,now -o $@ $^

$(sim_gpu): $(call objects,$(wildcard test/gpu-sim/gpu/*.c) test/gpu-sim/driver/clock.c)
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) -o $@ $^

# An archive and --as-needed: a program that uses no CUDA does not load it either.
$(apps_library): $(call objects,$(wildcard test/apps/app*.c))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(apps): %: %.o $(apps_library) $(sim_driver)
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) -Wl,--as-needed -o $@ $^

$(sim_tests): %: %.o $(call objects,test/gpu-sim/test/fixture.c test/gpu-sim/test/victim.c) $(apps_library) $(sim_driver)
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) -o $@ $^ -lcmocka

# Loaded by CRIU, which knows nothing of sanitizers.
$(fail_call): test/fault/fail_call.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(filter-out -fsanitize%,$(our_cflags)) $(CFLAGS) -shared -static-libgcc -o $@ $< -ldl

$(reaper): $(reaper).o
	$(call say,LD,$@)$(CC) $(our_ldflags) $(LDFLAGS) -o $@ $^

# --- unit tests: a module over fakes of the modules below it -------------------
needs_test_cuda_state = plugins/cuda/cuda_state.c
needs_test_option_value = plugins/cuda/option_value.c
needs_test_options = $(addprefix plugins/cuda/,options.c option_value.c)
needs_test_options_sources = $(needs_test_options)
needs_test_inventory = plugins/cuda/inventory.c test/unit/images.c images/inventory.pb-c.c
needs_test_inventory_damage = $(needs_test_inventory)
needs_test_inventory_faults = $(needs_test_inventory)
needs_test_spawn = plugins/cuda/spawn.c plugins/cuda/sigchld.c test/unit/spawn_world.c
needs_test_spawn_child = $(needs_test_spawn)
needs_test_spawn_deadline = $(needs_test_spawn)
needs_test_spawn_failures = $(needs_test_spawn)
needs_test_spawn_several = $(needs_test_spawn)
needs_test_spawn_signals = $(needs_test_spawn)
needs_test_answer_line = plugins/cuda/answer_line.c
needs_test_operation = $(addprefix plugins/cuda/,operation.c run.c answer_line.c utility.c spawn.c sigchld.c) \
	$(addprefix test/unit/,spawn_world.c operation_world.c)
needs_test_operation_failures = $(needs_test_operation)
needs_test_operation_lines = $(needs_test_operation)
needs_test_operation_watch = $(needs_test_operation)
needs_test_proc = plugins/cuda/proc.c plugins/cuda/proc_libcuda.c test/unit/proc_child.c
needs_test_proc_cuda = $(needs_test_proc)
needs_test_proc_threads = $(needs_test_proc)
needs_test_proc_environment = $(needs_test_proc)
needs_test_proc_look = $(needs_test_proc) plugins/cuda/process_tree.c
needs_test_proc_unreadable = plugins/cuda/proc.c plugins/cuda/proc_libcuda.c
needs_test_at_work = plugins/cuda/at_work.c
staging = $(addprefix plugins/cuda/,staging.c borrowed_call.c tripwire.c hold.c populate.c system_call.c registers_x86_64.c registers_aarch64.c)
needs_test_restore_thread = $(addprefix plugins/cuda/,restore_thread.c restore_thread_advise.c proc.c proc_libcuda.c sigchld.c) $(staging) \
	test/unit/restore_target.c test/fake/fake_log.c
needs_test_staging = $(needs_test_restore_thread) test/unit/staging_target.c
needs_test_staging_stop = $(needs_test_staging)
needs_test_staging_failures = $(needs_test_staging)
needs_test_memory_map = plugins/cuda/memory_map.c
needs_test_buffer_marker = $(addprefix plugins/cuda/,buffer_marker.c pagemap.c memory_map.c remote_memory.c)
needs_test_pagemap = plugins/cuda/pagemap.c
needs_test_remote_memory = plugins/cuda/remote_memory.c
needs_test_tripwire = $(needs_test_restore_thread)
needs_test_tracer_dies = $(needs_test_staging)
needs_test_restore_thread_advise = $(needs_test_staging)
needs_test_populate = plugins/cuda/populate.c
needs_test_restore_thread_abandoned = $(needs_test_restore_thread)
needs_test_process_tree = plugins/cuda/process_tree.c plugins/cuda/proc.c plugins/cuda/proc_libcuda.c test/unit/proc_child.c
needs_test_process_tree_unreadable = plugins/cuda/process_tree.c test/unit/proc_child.c
needs_test_driver_version = plugins/cuda/driver_version.c
needs_test_gpu_sharing = $(addprefix plugins/cuda/,gpu_sharing.c driver_version.c proc.c proc_libcuda.c remedy.c) test/fake/fake_log.c
needs_test_restore_thread_calls = $(needs_test_restore_thread)
needs_test_restore_thread_failures = $(needs_test_restore_thread)
needs_test_restore_thread_signals = $(needs_test_restore_thread)
needs_test_restore_thread_tend = $(needs_test_restore_thread)
needs_test_remedy = plugins/cuda/remedy.c
tool_over_fakes = $(addprefix plugins/cuda/,tool.c operation.c run.c answer_line.c utility.c cuda_state.c \
	memory_answer.c remedy.c sigchld.c) $(addprefix test/fake/fake_,spawn.c log.c)
needs_test_tool = $(tool_over_fakes) test/unit/tool_runs.c
needs_test_tool_failures = $(needs_test_tool)
needs_test_tool_probe = $(needs_test_tool)
needs_test_tool_several = $(needs_test_tool)
needs_test_tool_unreadable = $(needs_test_tool)
needs_test_tool_memory = $(needs_test_tool)
needs_test_memory_answer = plugins/cuda/memory_answer.c
needs_test_memory_file = plugins/cuda/memory_file.c test/unit/file_tree.c
needs_test_cgroup_directory = plugins/cuda/cgroup_directory.c test/unit/file_tree.c
needs_test_cpu_share = plugins/cuda/cpu_share.c plugins/cuda/cgroup_directory.c test/unit/file_tree.c
needs_test_memory_cgroup = $(addprefix plugins/cuda/,memory_cgroup.c cgroup_directory.c memory_file.c) \
	test/unit/file_tree.c
needs_test_memory_room = $(addprefix plugins/cuda/,memory_room.c memory_file.c) test/fake/fake_memory_cgroup.c \
	test/unit/file_tree.c
needs_test_memory_room_count = $(needs_test_memory_room)
needs_test_wave = $(needs_test_memory_room) plugins/cuda/wave.c plugins/cuda/reason.c
session_over_fakes = $(addprefix plugins/cuda/,session.c departed.c candidate.c intake.c give_back.c lock.c climb.c team.c vigil.c headway.c \
	cuda_process.c cuda_state.c remedy.c roster.c pid_set.c stats.c) \
	test/unit/session_processes.c \
	$(addprefix test/fake/fake_,cpu_share.c guardian.c log.c offload.c proc.c restore_thread.c survey.c tool.c)
needs_test_survey = $(addprefix plugins/cuda/,survey.c candidate.c remedy.c) test/fake/fake_log.c
needs_test_session = $(session_over_fakes) test/unit/session_steps.c
needs_test_session_give_back = $(needs_test_session)
needs_test_session_tree = $(needs_test_session)
needs_test_session_failures = $(session_over_fakes) test/unit/session_play.c
needs_test_climb = $(addprefix plugins/cuda/,climb.c team.c vigil.c headway.c cuda_process.c cuda_state.c remedy.c) \
	test/unit/session_processes.c $(addprefix test/fake/fake_,cpu_share.c log.c offload.c proc.c restore_thread.c tool.c)
needs_test_lock = $(addprefix plugins/cuda/,lock.c team.c cuda_process.c cuda_state.c remedy.c) \
	test/fake/fake_log.c
needs_test_life = plugins/cuda/life.c
needs_test_ledger = plugins/cuda/ledger.c
needs_test_fd_store = plugins/cuda/fd_store.c
needs_test_pid_set = plugins/cuda/pid_set.c
needs_test_roster = plugins/cuda/roster.c
needs_test_stats = plugins/cuda/stats.c plugins/cuda/cuda_state.c
needs_test_machine = plugins/cuda/machine.c
needs_test_guardian = $(addprefix plugins/cuda/,guardian.c guardian_log.c fd_store.c ledger.c life.c log.c proc.c proc_libcuda.c \
	at_work.c restore_thread.c settle.c sigchld.c cuda_state.c) $(staging) test/unit/guardian_world.c
needs_test_settle = $(needs_test_guardian)
needs_test_settle_tripwire = $(needs_test_guardian)
needs_test_command = cuda-checkpoint/command.c plugins/cuda/cuda_state.c test/fake/fake_libcuda.c \
	test/unit/command_outcome.c
needs_test_command_toggle = $(needs_test_command)
needs_test_at_once = $(addprefix cuda-checkpoint/,at_once.c worker.c alive.c command.c) \
	plugins/cuda/cuda_state.c test/fake/fake_libcuda.c test/unit/at_once_world.c
needs_test_at_once_failures = $(needs_test_at_once)
needs_test_alive = cuda-checkpoint/alive.c
needs_test_help = cuda-checkpoint/help.c
needs_test_arguments = cuda-checkpoint/arguments.c cuda-checkpoint/device_pairs.c \
	cuda-checkpoint/help.c plugins/cuda/cuda_state.c
needs_test_device_pairs = cuda-checkpoint/device_pairs.c
needs_test_libcuda = cuda-checkpoint/libcuda.c
needs_test_gpu_memory = cuda-checkpoint/gpu_memory.c test/fake/fake_libnvml.c
memory_image = $(addprefix plugins/cuda/,memory_image_write.c memory_image_read.c memory_image_format.c \
	memory_chunk.c image_file.c crew.c reason.c) images/cuda-memory.pb-c.c
needs_test_memory_image = $(memory_image) test/unit/memory_image_world.c
needs_test_memory_image_damage = $(needs_test_memory_image)
needs_test_memory_image_faults = $(needs_test_memory_image)
needs_test_memory_image_forged = $(needs_test_memory_image)
needs_test_memory_image_refusals = $(needs_test_memory_image)
needs_test_memory_image_speed = $(needs_test_memory_image)
needs_test_memory_image_watched = $(needs_test_memory_image)
needs_test_host_buffer = $(memory_image) test/fake/fake_log.c $(addprefix plugins/cuda/,host_buffer.c host_buffer_image.c progress.c \
	buffer_marker.c pagemap.c memory_map.c remote_memory.c driver_version.c proc.c proc_libcuda.c remedy.c)
needs_test_image_place = plugins/cuda/image_place.c plugins/cuda/reason.c
needs_test_offload = plugins/cuda/offload.c plugins/cuda/ledger.c plugins/cuda/remedy.c test/fake/fake_log.c
needs_test_crew = plugins/cuda/crew.c plugins/cuda/reason.c
needs_test_command_line = criu-cuda/command_line.c
needs_test_image_set = criu-cuda/image_set.c plugins/cuda/memory_image_format.c plugins/cuda/reason.c \
	images/cuda-memory.pb-c.c
needs_test_finding = criu-cuda/finding.c plugins/cuda/memory_image_format.c plugins/cuda/reason.c \
	images/cuda-memory.pb-c.c
needs_test_inspection = criu-cuda/inspection.c criu-cuda/finding.c $(memory_image) plugins/cuda/inventory.c \
	images/inventory.pb-c.c
needs_test_report = $(needs_test_inspection) $(addprefix criu-cuda/,report_text.c report_json.c \
	foreign_text.c quantity.c doctor/diagnosis.c)
needs_test_progress = plugins/cuda/progress.c
needs_test_headway = plugins/cuda/headway.c plugins/cuda/cuda_state.c test/fake/fake_log.c
needs_test_timeline = criu-cuda/timeline.c plugins/cuda/reason.c
needs_test_timeline_print = $(needs_test_timeline) $(addprefix criu-cuda/,timeline_text.c timeline_svg.c quantity.c)
needs_test_stats_file = criu-cuda/stats_file.c
needs_test_quantity = criu-cuda/quantity.c
needs_test_foreign_text = criu-cuda/foreign_text.c
# The doctor of criu-cuda.
doctor_check = criu-cuda/doctor/diagnosis.c criu-cuda/foreign_text.c plugins/cuda/options.c plugins/cuda/option_value.c
doctor_runs = plugins/cuda/utility.c test/fake/fake_spawn.c
needs_test_diagnosis = criu-cuda/doctor/diagnosis.c criu-cuda/foreign_text.c
needs_test_criu_version = criu-cuda/doctor/criu_version.c
needs_test_plugin_file = criu-cuda/doctor/plugin_file.c plugins/cuda/reason.c
needs_test_gpu_list = criu-cuda/doctor/gpu_list.c $(doctor_runs)
needs_test_process_name = criu-cuda/doctor/process_name.c
needs_test_check_criu = $(addprefix criu-cuda/doctor/,check_criu.c criu_version.c examination.c) $(doctor_check) \
	$(doctor_runs)
needs_test_doctor = $(addprefix criu-cuda/doctor/,doctor.c examination.c diagnosis.c) criu-cuda/foreign_text.c
needs_test_check_images = criu-cuda/doctor/check_images.c criu-cuda/doctor/examination.c criu-cuda/quantity.c \
	$(doctor_check) plugins/cuda/driver_version.c test/unit/file_tree.c
needs_test_host_room = criu-cuda/doctor/host_room.c plugins/cuda/memory_file.c test/unit/file_tree.c
needs_test_check_driver = criu-cuda/doctor/check_driver.c $(doctor_check) $(doctor_runs) \
	plugins/cuda/driver_version.c test/unit/file_tree.c
needs_test_check_gpus = criu-cuda/doctor/check_gpus.c criu-cuda/quantity.c $(doctor_check)
# Its watch.
needs_test_open_files = criu-cuda/watch/open_files.c
needs_test_criu_process = criu-cuda/watch/criu_process.c
needs_test_log_tail = criu-cuda/watch/log_tail.c
needs_test_display = criu-cuda/watch/display.c
needs_test_pace = criu-cuda/watch/pace.c
needs_test_view = $(addprefix criu-cuda/,watch/view.c watch/pace.c foreign_text.c quantity.c)
needs_test_recovery = criu-cuda/recover/recovery.c plugins/cuda/cuda_state.c plugins/cuda/remedy.c \
	test/fake/fake_log.c
needs_test_dump_root = criu-cuda/recover/dump_root.c
needs_test_check_process = criu-cuda/doctor/check_process.c criu-cuda/quantity.c $(doctor_check) \
	plugins/cuda/cuda_state.c plugins/cuda/remedy.c
needs_test_check_host = criu-cuda/doctor/check_host.c criu-cuda/quantity.c $(doctor_check) \
	plugins/cuda/memory_file.c test/unit/file_tree.c
unit_tests = $(patsubst test/unit/%.c,%,$(wildcard test/unit/test_*.c))

$(call objects,test/unit/images.c test/unit/test_inventory.c): $(BUILD)/images/inventory.pb-c.h

$(make_image) $(work_slowly): %: %.o $(call objects,$(memory_image))
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) -o $@ $^ $(static_libs)

$(offload): $(offload).o $(call objects,$(memory_image) $(addprefix plugins/cuda/,host_buffer.c host_buffer_image.c buffer_marker.c \
		pagemap.c progress.c memory_map.c remote_memory.c driver_version.c proc.c proc_libcuda.c remedy.c log.c))
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) -o $@ $^ $(static_libs)

# The calls that a test replaces are found in the test.
wraps = $(addprefix -Wl$(comma)--wrap=,$(sort \
	$(shell sed -n 's/.*\<__wrap_\([A-Za-z0-9_]*\).*/\1/p' test/unit/$(1).c)))

.SECONDEXPANSION:
$(addprefix $(BUILD)/test/unit/,$(unit_tests)): $(BUILD)/test/unit/%: $(BUILD)/test/unit/%.o $$(call objects,$$(needs_$$*))
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) $(call wraps,$*) -o $@ $^ \
		-lcmocka -ldl $(hidden) $(static_libs)

# --- the plugin in a pretend CRIU, one for each version and for each symbol left out ---
plugin_test_objects = $(call objects,$(wildcard test/plugin/*.c))
optional_symbols = $(shell awk '$$1 == "optional" { print $$2 }' plugins/cuda/criu-symbols.txt)
pretend_crius = $(addprefix criu-,4.0 4.1 4.2 4.3 $(addprefix 4.3-without-,$(optional_symbols)))

# The pretend CRIU has functions with the plugin's internal names, which nobody may call.
$(BUILD)/test/plugin/traps.c: $(plugin_objects) test/plugin/make-traps
	@mkdir -p $(@D)
	$(call say,GEN,$@)test/plugin/make-traps $(plugin_objects) >$@

$(BUILD)/test/plugin/traps.o: $(BUILD)/test/plugin/traps.c $(BUILD)/flags
	$(call say,CC,$@)$(CC) $(our_cflags) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/test/plugin/%.exports: plugins/cuda/criu-symbols.txt $(BUILD)/test/plugin/traps.c test/plugin/make-exports
	$(call say,GEN,$@)test/plugin/make-exports plugins/cuda/criu-symbols.txt $(BUILD)/test/plugin/traps.c $* >$@

$(addprefix $(BUILD)/test/plugin/,$(pretend_crius)): $(BUILD)/test/plugin/criu-%: $(BUILD)/test/plugin/%.exports \
		$(plugin_test_objects) $(BUILD)/test/plugin/traps.o | $(plugin)
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) -Wl,--dynamic-list=$< -o $@ \
		$(filter %.o,$^) -lcmocka -ldl

# --- make check -----------------------------------------------------------------
# What a compiler or a sanitizer can see in addition: the same tests, built otherwise.
clang_build = $(BUILD)/clang
sanitized_build = $(BUILD)/sanitized
arm64_build = $(BUILD)/arm64-objects
arm64_flags = BUILD=$(arm64_build) CC=aarch64-linux-gnu-gcc CPPFLAGS='-isystem build/arm64/include' \
	LDFLAGS=-Lbuild/arm64/lib

run_plugin = $(foreach host,$(3),"$(2)$(host): $(1)/test/plugin/$(host)")
run_unit = $(foreach test,$(unit_tests),"$(2)$(test): $(1)/test/unit/$(test)")
run_sim = $(foreach test,$(sim_tests),"$(notdir $(test)) of the simulator: LD_LIBRARY_PATH=$(dir $(sim_driver)) $(test)")
torture_in_short = calls-dump calls-large calls-killed calls-restore utility-dump
torture_of_images_in_short = calls-image_running calls-image_restore deaths-killed_in_image
# First of all, so that the short ones go on beside them.
run_long = "CRIU: BUILD=$(BUILD) test/system/test-versions $(criu_versions)" \
	"torture: EVERY=10 BUILD=$(BUILD) test/fault/torture 4.2.1 $(torture_in_short)" \
	"torture of images: EVERY=30 BUILD=$(BUILD) test/fault/torture 4.2.1 $(torture_of_images_in_short)"

# As many at once as there are CPUs: compilers, if make was not told, and test programs.
CHECK_JOBS ?= $(shell nproc)
make_jobs = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(CHECK_JOBS))

# Two steps: what the first brings is looked for when make starts.
.PHONY: check
check:
	$(Q)scripts/setup check
	$(Q)for v in $(criu_versions); do scripts/get-criu $$v || [ $$? -eq 75 ] || exit 1; done
	$(Q)ls build/criu/*/criu >/dev/null || { echo 'check: no CRIU can be had' >&2; exit 1; }
	$(Q)scripts/get-arm64 || [ $$? -eq 75 ]
	$(Q)$(MAKE) --no-print-directory $(make_jobs) check-built

.PHONY: tests
tests: all test-programs $(addprefix $(BUILD)/test/unit/,$(unit_tests)) \
	$(addprefix $(BUILD)/test/plugin/,$(pretend_crius))

.PHONY: check-built
check-built: tests $(sim_tests) fuzzers
	$(Q)$(MAKE) --no-print-directory tests BUILD=$(clang_build) CC=clang
	$(Q)$(MAKE) --no-print-directory tests BUILD=$(sanitized_build) SANITIZE=address,undefined
	$(Q)[ ! -d build/arm64 ] || $(MAKE) --no-print-directory all $(arm64_flags)
	$(Q)TEST_JOBS=$(CHECK_JOBS) TEST_TIMEOUT=1200 test/run-tap $(run_long) \
		test/test-run-tap.sh test/test-check-layout.sh scripts/check-layout \
		test/test-check-manual.sh scripts/check-manual \
		test/test-bench.sh test/test-bench-memory.sh \
		"headers: scripts/check-headers $(our_cflags) $(criu_cflags) $(includes)" \
		"symbols: scripts/check-symbols $(plugin) plugins/cuda/criu-symbols.txt" \
		$(call run_unit,$(BUILD)) $(call run_unit,$(clang_build),clang-) \
		$(call run_unit,$(sanitized_build),sanitized-) \
		"arm64: scripts/check-arm64 $(arm64_build)" \
		"install: BUILD=$(BUILD) test/test-install.sh" test/test-dist.sh \
		"readme: BUILD=$(BUILD) test/test-readme.sh" \
		$(call run_plugin,$(BUILD),,$(pretend_crius)) \
		$(call run_plugin,$(clang_build),clang-,criu-4.2) \
		$(call run_plugin,$(sanitized_build),sanitized-,criu-4.0 criu-4.3) \
		$(run_sim) $(run_corpora) \
		"utility: BUILD=$(BUILD) test/utility/test-utility.sh" \
		"criu-cuda: BUILD=$(BUILD) test/criu-cuda/test-criu-cuda.sh" \
		"sanitized-criu-cuda: BUILD=$(sanitized_build) test/criu-cuda/test-criu-cuda.sh" \
		"inspect: BUILD=$(BUILD) test/criu-cuda/test-inspect.sh" \
		"sanitized-inspect: BUILD=$(sanitized_build) test/criu-cuda/test-inspect.sh" \
		"doctor: BUILD=$(BUILD) test/criu-cuda/test-doctor.sh" \
		"recover: BUILD=$(BUILD) test/criu-cuda/test-recover.sh" \
		"watch: BUILD=$(BUILD) test/criu-cuda/test-watch.sh" \
		"sanitized-watch: BUILD=$(sanitized_build) test/criu-cuda/test-watch.sh" \
		"sanitized-recover: BUILD=$(sanitized_build) test/criu-cuda/test-recover.sh" \
		"sanitized-doctor: BUILD=$(sanitized_build) test/criu-cuda/test-doctor.sh"

# What takes too long for make check. A restore wants the pids of the dump: each has its own.
apart = unshare --pid --fork --kill-child --mount-proc
TORTURE_VERSIONS ?= 4.2.1
.PHONY: check-fault
check-fault: all test-programs
	$(Q)$(MAKE) --no-print-directory check-fuzz
	$(Q)TEST_TIMEOUT=7200 test/run-tap $(foreach version,$(criu_versions),\
		"kill CRIU $(version): BUILD=$(BUILD) $(apart) test/fault/test-kill-criu $(version)" \
		"kill CRIU $(version) with images: BUILD=$(BUILD) $(apart) test/fault/test-kill-criu $(version) sim images" \
		"many rounds $(version): BUILD=$(BUILD) $(apart) test/fault/test-many-rounds $(version)") \
		$(foreach version,$(TORTURE_VERSIONS),\
		"torture $(version): BUILD=$(BUILD) test/fault/torture $(version)")

# Containers: runc and podman over it with the machine's cgroups, all with version 2 alone; and
# what Kubernetes asks of containerd.
CONTAINER_VERSIONS ?= 4.2.1 4.3
containers = BUILD=$(BUILD) test/containers/test-containers
run_containers = $(foreach version,$(CONTAINER_VERSIONS),$(foreach runtime,runc crun podman,\
	$(foreach cgroups,$(if $(filter crun,$(runtime)),v2,machine v2),\
	"$(runtime), cgroups of $(cgroups), CRIU $(version): $(containers) $(runtime) $(cgroups) $(version)")))
run_cri = $(foreach version,$(CONTAINER_VERSIONS),\
	"kubernetes CRI, CRIU $(version): BUILD=$(BUILD) test/containers/test-cri $(version)")
.PHONY: check-containers
check-containers:
	$(Q)scripts/setup containers
	$(Q)for v in $(CONTAINER_VERSIONS); do scripts/get-criu $$v || [ $$? -eq 75 ] || exit 1; done
	$(Q)scripts/get-crun || [ $$? -eq 75 ]
	$(Q)scripts/get-containerd || [ $$? -eq 75 ]
	$(Q)$(MAKE) --no-print-directory check-containers-built

.PHONY: check-containers-built
check-containers-built: all test-programs
	$(Q)TEST_TIMEOUT=1800 test/run-tap $(run_containers) $(run_cri)

# A fresh system, packages and all, is brought for each when there is none in build/cache.
.PHONY: check-packages
check-packages:
	$(Q)scripts/setup packages
	$(Q)TEST_TIMEOUT=3600 test/run-tap test/test-dist.sh $(foreach suite,bookworm trixie,\
		"packages on $(suite): test/packages/test-packages $(suite)")

# CRIU's own tests, with the plugin in it; where their source can be had.
zdtm_version = 4.2.1
.PHONY: check-zdtm
check-zdtm: all test-programs
	$(Q)scripts/setup zdtm
	$(Q)scripts/get-criu $(zdtm_version) || [ $$? -eq 75 ]
	$(Q)test/zdtm/get-zdtm $(zdtm_version) || [ $$? -eq 75 ]
	$(Q)TEST_TIMEOUT=14400 test/run-tap "zdtm: BUILD=$(BUILD) test/zdtm/run $(zdtm_version)"

.PHONY: check-gpu
check-gpu: all test-programs
	$(Q)test/run-tap "GPU: BUILD=$(BUILD) test/gpu/run" \
		"GPU faults: BUILD=$(BUILD) test/gpu/run-faults" \
		"GPU trees: BUILD=$(BUILD) test/gpu/run-trees" \
		"GPU waves: BUILD=$(BUILD) test/gpu/run-waves" \
		"GPU containers: BUILD=$(BUILD) test/gpu/containers" \
		"GPU recipes: BUILD=$(BUILD) test/gpu/run-recipes"

# What the plugin takes, and what becomes of GPU memory, on the simulated GPU; on real ones it is
# test/gpu/bench and test/gpu/bench-memory. CUDA and MIB are for the first alone.
MEMORY_CUDA ?= 1 4
MEMORY_MIB ?= 256
.PHONY: bench bench-memory
bench: all test-programs
	$(Q)BUILD=$(BUILD) test/bench/run
	$(Q)$(MAKE) --no-print-directory bench-memory

bench-memory: all test-programs
	$(Q)BUILD=$(BUILD) CUDA='$(MEMORY_CUDA)' MIB=$(MEMORY_MIB) JSON=$(BUILD)/bench-memory.json test/bench/run-memory

include test/fuzz/fuzz.mk
