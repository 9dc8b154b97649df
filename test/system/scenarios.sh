# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What a user does with CRIU and a CUDA program, each from start to end. All hold on the
# simulated GPU and on a real one, but for those that begin with sim_, which need a GPU that
# can be told to fail or be pulled out.

dump_and_restore() {
	app_start counter --mib 32
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	image_needs_plugin || fail "the image does not ask for the plugin"

	criu_restore || fail "the restore failed"

	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# A buffer that is large enough to be populated by the plugin, unless told not to.
large_buffer() {
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,prefault=$1,prefault-threads=3
	app_start counter --mib 96

	criu_dump "$APP" || fail "the dump failed"

	criu_dumped_is_gone || fail "the program is still there after the dump"
	said=$(grep -c "cuda_plugin: pid $APP: its buffer of [0-9]* MiB was populated by [1-3] threads in" \
		"$IMAGES/dump.log") || :
	[ "$said" -eq "$2" ] || fail "$said buffers were populated, not $2"
	criu_restore || fail "the restore failed"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

twice_in_a_row() {
	app_start counter --mib 16
	for round in 1 2; do
		criu_dump "$APP" || fail "dump $round failed"
		criu_dumped_is_gone || fail "the program is still there after dump $round"
		criu_restore || fail "restore $round failed"
		app_goes_on "$OUT"
	done
	app_stop
}

# The image is of a program that went on writing: CRIU wants its files as they were then.
leave_running() {
	app_start counter --mib 16
	export OUT

	criu_dump "$APP" --leave-running --action-script "${top:?}/test/system/keep-output" ||
		fail "the dump failed"

	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
	cat "$OUT.then" >"$OUT"
	criu_restore || fail "the restore failed"
	app_goes_on "$OUT"
	app_stop
}

leave_stopped() {
	app_start counter --mib 16

	criu_dump "$APP" --leave-stopped || fail "the dump failed"

	app_stands_still "$OUT"
	kill -CONT "$APP"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# found_on RUNG: someone locked or checkpointed it before; it is left so, and the image
# restores to running.
found_on() {
	app_start counter --mib 16
	cuda_action lock "$APP"
	[ "$1" = locked ] || cuda_action checkpoint "$APP"

	criu_dump "$APP" --leave-running || fail "the dump failed"

	state_is "$APP" "$1"
	app_stands_still "$OUT"
	[ "$1" = locked ] || cuda_action restore "$APP"
	cuda_action unlock "$APP"
	app_goes_on "$OUT"
	criu_dump "$APP" || fail "the second dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	criu_restore || fail "the restore failed"
	app_goes_on "$OUT"
	app_stop
}

found_on_and_killed() {
	app_start counter --mib 16
	cuda_action lock "$APP"
	[ "$1" = locked ] || cuda_action checkpoint "$APP"
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"

	criu_restore || fail "the restore failed"

	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

tree_with_others() {
	mkdir -p "$WORK/tree"
	app_start tree --cuda 3 --plain 4 --dir "$WORK/tree"
	for file in "$WORK"/tree/*; do
		app_counts "$file" 3 || fail "$file does not count"
	done

	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	[ "$(grep -c 'cuda_plugin: pid .*: checkpointed' "$IMAGES/dump.log")" -eq 3 ] ||
		fail "not three processes were checkpointed"
	criu_restore || fail "the restore failed"

	for file in "$WORK"/tree/*; do
		app_goes_on "$file"
	done
	app_stop
}

many_threads() {
	app_start threads --threads 24
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	criu_restore || fail "the restore failed"
	app_goes_on "$OUT"
	app_stop
}

# Copies are under way when it is locked: they are waited for.
work_in_flight() {
	app_start inflight --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	criu_restore || fail "the restore failed"
	app_goes_on "$OUT"
	app_stop
}

# What the driver cannot checkpoint: the dump fails, and the program goes on with it.
managed_memory() {
	app_start managed --mib 16

	! criu_dump "$APP" || fail "the dump succeeded"

	criu_said dump.log "pid $APP: cannot checkpoint"
	criu_said dump.log "operation not supported"
	state_is "$APP" running
	app_goes_on "$OUT"
	until_true 5 guardian_is_gone || fail "the guardian is still there"
	app_stop
}

# Dumped before it uses CUDA, restored, and dumped again when it does.
late_cuda() {
	app_launch latecomer --mib 16
	until_true "$APP_PATIENCE" grep -q waiting "$OUT" || fail "it did not start"
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	! image_needs_plugin || fail "the image asks for the plugin"
	criu_restore || fail "the restore failed"

	kill -USR1 "$APP"
	app_counts "$OUT" 3 || fail "it does not count"
	criu_dump "$APP" || fail "the second dump failed"
	criu_dumped_is_gone || fail "the program is still there after the second dump"
	image_needs_plugin || fail "the second image does not ask for the plugin"
	criu_restore || fail "the second restore failed"
	app_goes_on "$OUT"
	app_stop
}

# A file lock, which CRIU refuses to dump unless told: it finds out after CHECKPOINT.
failing_dump() {
	exec 9>"$WORK/lock"
	flock 9
	app_start counter --mib 16
	exec 9>&-

	! criu_dump "$APP" || fail "the dump succeeded"

	criu_said dump.log "pid $APP: checkpointed"
	criu_said dump.log "pid $APP: given back, running"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

no_plugin_at_restore() {
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	mkdir -p "$WORK/no-plugin"

	image_restorable "it can .*be restored here.*"
	PLUGIN_DIR=$WORK/no-plugin image_restorable "it cannot be restored here: plugin"
	! PLUGIN_DIR=$WORK/no-plugin criu_restore || fail "the restore succeeded"

	criu_said restore.log "Missing required plugin: cuda_plugin"
	! test -d "/proc/$APP" || fail "the program is there after the restore that was refused"
}

no_utility_at_restore() {
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"

	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,cuda-checkpoint=/nowhere \
		image_restorable "it cannot be restored here: utility"
	! PLUGIN_OPTIONS=$PLUGIN_OPTIONS,cuda-checkpoint=/nowhere criu_restore ||
		fail "the restore succeeded"

	criu_said restore.log "/nowhere"
	criu_said restore.log "Missing required plugin: cuda_plugin"
}

# The utility is not there: a CUDA process cannot be dumped, and nothing happens to it.
no_utility_at_dump() {
	app_start counter --mib 16

	! PLUGIN_OPTIONS=$PLUGIN_OPTIONS,cuda-checkpoint=/nowhere criu_dump "$APP" ||
		fail "the dump succeeded"

	criu_said dump.log "/nowhere"
	app_goes_on "$OUT"
	app_stop
}

# A program without CUDA: the image asks for no plugin, and is restored without.
cpu_only() {
	mkdir -p "$WORK/plain"
	app_start tree --cuda 0 --plain 2 --dir "$WORK/plain"
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	! image_needs_plugin || fail "the image asks for the plugin"
	mkdir -p "$WORK/no-plugin"

	PLUGIN_DIR=$WORK/no-plugin PLUGIN_OPTIONS="" image_restorable "it can .*be restored here.*"
	PLUGIN_DIR=$WORK/no-plugin criu_restore || fail "the restore without the plugin failed"

	app_goes_on "$OUT"
	criu_dump "$APP" || fail "the second dump failed"
	criu_dumped_is_gone || fail "the program is still there after the second dump"
	criu_restore || fail "the restore with the plugin failed"
	app_goes_on "$OUT"
	app_stop
}

old_image() {
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	image_forget_plugins

	criu_restore || fail "the restore failed"

	app_goes_on "$OUT"
	app_stop
}

sim_no_gpu_at_restore() {
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"

	# No driver on this machine, and nobody says that there is one all the same.
	PLUGIN_OPTIONS=${PLUGIN_OPTIONS%,force} \
		image_restorable "it cannot be restored here: driver, GPUs"
	! PLUGIN_OPTIONS="" criu_restore || fail "the restore succeeded"

	criu_said restore.log "no GPU in /proc/driver/nvidia/gpus"
	criu_said restore.log "Missing required plugin: cuda_plugin"
}

# An image from before the list of plugins, on a machine without a GPU.
sim_old_image_without_gpu() {
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	image_forget_plugins

	PLUGIN_OPTIONS=${PLUGIN_OPTIONS%,force} \
		image_restorable "it can perhaps be restored here; see: .*driver, GPUs"
	! PLUGIN_OPTIONS="" criu_restore || fail "the restore succeeded"

	criu_said restore.log "pid $APP: it is a CUDA process, and there is no GPU for it here"
	until_true 5 test ! -d "/proc/$APP" || fail "the program is there after a failed restore"
}

# The GPU is gone when the program is to have it back: CRIU must not report success.
sim_restore_fails_on_the_gpu() {
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	gpu_pull_out

	! criu_restore || fail "the restore succeeded"

	criu_said restore.log "pid $APP: cannot restore"
	until_true 5 test ! -d "/proc/$APP" || fail "the program is there after a failed restore"
	gpu_plug_in
	criu_restore || fail "the second restore failed"
	app_goes_on "$OUT"
	app_stop
}

# sim_fails_at OPERATION CODE: the driver refuses it; the program goes on.
sim_dump_fails_at() {
	export "CUDA_SIM_$1=fail=$2@1"
	app_start counter --mib 16

	! criu_dump "$APP" || fail "the dump succeeded"

	unset "CUDA_SIM_$1"
	state_is "$APP" running
	app_goes_on "$OUT"
	criu_dump "$APP" --leave-running || fail "the second dump failed"
	app_goes_on "$OUT"
	app_stop
}

# The work in flight takes longer than CRIU waits.
sim_busy() {
	CUDA_SIM_COPY_MBPS=4
	export CUDA_SIM_COPY_MBPS
	app_start inflight --mib 1

	! criu_dump "$APP" --timeout 1 || fail "the dump succeeded"

	criu_said dump.log "pid $APP: cannot lock"
	state_is "$APP" running
	app_stop
}

# The action script fails when all is written: CRIU lets the program run, and up to 4.2 does
# not tell the plugin.
post_dump_script_fails() {
	app_start counter --mib 16

	! criu_dump "$APP" --action-script "${top:?}/test/system/fail-post-dump" ||
		fail "the dump succeeded"

	app_counts "$OUT" $(($(app_count "$OUT") + 3)) || fail "it does not go on"
	state_is "$APP" running
	app_goes_on "$OUT"
	until_true 5 guardian_is_gone || fail "the guardian is still there"
	app_stop
}

# scenarios_for_all VERSION
scenarios_for_all() {
	tap_scenario "CRIU $1: a program goes on after dump and restore" dump_and_restore
	tap_scenario "CRIU $1: a large buffer is populated by the plugin" large_buffer on 1
	tap_scenario "CRIU $1: a large buffer is left to the driver" large_buffer off 0
	tap_scenario "CRIU $1: twice in a row" twice_in_a_row
	tap_scenario "CRIU $1: leave running" leave_running
	tap_scenario "CRIU $1: leave stopped" leave_stopped
	for rung in locked checkpointed; do
		tap_scenario "CRIU $1: found $rung, left so" found_on $rung
		tap_scenario "CRIU $1: found $rung, killed and restored to running" found_on_and_killed $rung
	done
	tap_scenario "CRIU $1: a tree of CUDA and other processes" tree_with_others
	tap_scenario "CRIU $1: a process of many threads" many_threads
	tap_scenario "CRIU $1: work in flight" work_in_flight
	tap_scenario "CRIU $1: managed memory: the dump fails, the program goes on" managed_memory
	tap_scenario "CRIU $1: a program that comes to CUDA late" late_cuda
	tap_scenario "CRIU $1: a dump that fails gives the process back" failing_dump
	tap_scenario "CRIU $1: a dump whose last script fails gives it back" post_dump_script_fails
	tap_scenario "CRIU $1: no plugin at restore" no_plugin_at_restore
	tap_scenario "CRIU $1: no utility at restore" no_utility_at_restore
	tap_scenario "CRIU $1: no utility at dump" no_utility_at_dump
	tap_scenario "CRIU $1: a program without CUDA needs no plugin" cpu_only
	tap_scenario "CRIU $1: an image without the list of plugins" old_image
	scenarios_of_memory "$1"
	scenarios_of_memory_faults "$1"
}

# scenarios_for_simulated VERSION
scenarios_for_simulated() {
	tap_scenario "CRIU $1: no GPU at restore" sim_no_gpu_at_restore
	tap_scenario "CRIU $1: an old image, and no GPU" sim_old_image_without_gpu
	tap_scenario "CRIU $1: a restore that fails on the GPU fails" sim_restore_fails_on_the_gpu
	tap_scenario "CRIU $1: the driver refuses to lock" sim_dump_fails_at LOCK 801
	tap_scenario "CRIU $1: the driver refuses to checkpoint" sim_dump_fails_at CHECKPOINT 801
}

# scenarios VERSION: all that can be tried on this GPU.
scenarios() {
	scenarios_for_all "$1"
	[ "$GPU" = real ] || scenarios_for_simulated "$1"
	[ "$GPU" = real ] || scenarios_of_faults "$1"
	[ "$GPU" = real ] || scenarios_of_trees "$1"
	[ "$GPU" = real ] || scenarios_of_simulated_memory "$1"
	[ "$GPU" = real ] || scenarios_of_simulated_memory_faults "$1"
}
