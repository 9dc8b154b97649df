# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What a user does with a container whose process uses the GPU, and with one whose does not.
# Each holds for every runtime, but where it says otherwise.

# Counts, and starts no program for it.
PLAIN='i=0; while :; do i=$((i + 1)); echo count $i; read -r -t 0.1 none <>/out/none; done'

plain_start() {
	container_prepare "$1" "$(container_command "$PLAIN")"
	container_go "$1"
}

goes_on() {
	container_start gpu "exec counter --mib $1"

	container_checkpoint_ends gpu
	container_needs_plugin gpu || fail "the image does not ask for the plugin"
	container_restore_counts gpu

	state_is "$(container_pid gpu)" running
	container_delete gpu
}

# The process is the first of its pid namespace, and CRIU's images have it so.
pid_namespace() {
	container_start gpu "exec counter --mib 96"
	pid=$(container_pid gpu)
	[ "$pid" -gt 1 ] || fail "its pid is $pid outside"

	container_checkpoint_ends gpu
	container_said gpu dump "cuda_plugin: pid $pid: locked"
	[ -e "$(container_images gpu)/cuda-memory-1.img" ] ||
		fail "no image of GPU memory has its pid inside"
	container_restore_counts gpu
	container_delete gpu
}

tree() {
	mkdir -p "$WORK/out"
	container_start gpu "mkdir /out/tree; exec tree --cuda 2 --plain 2 --dir /out/tree"
	until_true 10 tree_counts || fail "not all of it count"

	container_checkpoint_ends gpu
	[ "$(container_log gpu dump | grep -c 'cuda_plugin: pid .*: checkpointed')" -eq 2 ] ||
		fail "not two processes were checkpointed"
	container_restore gpu || fail "the restore failed"

	for file in "$WORK"/out/tree/*; do
		app_goes_on "$file"
	done
	container_delete gpu
}

tree_counts() {
	files=0
	for file in "${TREE:-"$WORK/out/tree"}"/*; do
		app_has_counted "$file" 3 || return 1
		files=$((files + 1))
	done
	[ "$files" -eq 4 ]
}

twice_in_a_row() {
	container_start gpu "exec counter --mib 16"
	for round in 1 2; do
		container_checkpoint_ends gpu
		container_restore gpu || fail "restore $round failed"
		app_goes_on "$OUT"
	done
	container_delete gpu
}

leave_running() {
	container_keep_output
	container_start gpu "exec counter --mib 16"

	container_checkpoint gpu leave-running || fail "the checkpoint failed"

	state_is "$(container_pid gpu)" running
	app_goes_on "$OUT"
	leave_running_restores
	container_delete gpu
}

# The image is that of a process that has gone on: a runtime of bundles restores it.
leave_running_restores() {
	[ "$KIND" = oci ] || return 0
	container_delete gpu
	container_output_then
	container_restore_counts gpu
}

# Found frozen, by whatever this machine freezes containers with.
frozen() {
	container_start gpu "exec counter --mib 16"
	container_pause gpu
	app_stands_still "$OUT"

	if container_checkpoint gpu >"$WORK/refused" 2>&1; then
		container_restore_counts gpu
	else
		frozen_refused
	fi
	container_delete gpu
}

# Podman does not come to CRIU, and says why.
frozen_refused() {
	cat "$WORK/refused"
	grep -q '"paused" is not running, cannot checkpoint' "$WORK/refused" ||
		fail "the checkpoint failed"
	container_continue gpu
	app_goes_on "$OUT"
	skip "$RUNTIME_NAME checkpoints no container that is paused"
}

# No room for GPU memory in the cgroup of the container: it is refused, and lives on.
memory_limit() {
	apart_has_memory_limits || skip "the memory controller belongs to cgroup version 1 here"
	mib=300 # the simulated GPU's memory is the container's, too
	[ "$GPU" = sim ] || mib=200
	container_prepare gpu "$(container_command "exec counter --mib 200")"
	container_limit_memory gpu $((mib * 1048576))
	container_go gpu

	! container_checkpoint gpu >"$WORK/refused" || fail "it was not refused"

	container_said gpu dump "and there is room for"
	state_is "$(container_pid gpu)" running
	app_goes_on "$OUT"
	container_delete gpu
}

# A container that uses no GPU: the plugin is there, and nobody notices.
plain_is_left_alone() {
	plain_start plain

	container_checkpoint_ends plain
	container_log plain dump >"$WORK/dump.log"
	! container_needs_plugin plain || fail "the image asks for the plugin"
	! grep 'cuda_plugin: pid' "$WORK/dump.log" || fail "the plugin was at work"
	! grep -E '(Error|Warn) .*cuda_plugin' "$WORK/dump.log" || fail "the plugin complains"
	container_restore_counts plain
	container_delete plain
}

# Restored where there is neither plugin nor GPU.
plain_without_plugin() {
	plain_start plain
	container_checkpoint_ends plain
	gpu_pull_out
	mkdir -p "$WORK/nothing"
	told_nothing
	told_folder /etc/criu/default.conf "$WORK/nothing"

	container_restore_counts plain

	! container_log plain restore | grep -F cuda_plugin || fail "the plugin is there"
	container_delete plain
}

# Restored where the plugin is, and no GPU.
plain_without_gpu() {
	[ "$GPU" = sim ] || skip "a real GPU cannot be pulled out"
	plain_start plain
	container_checkpoint_ends plain
	gpu_pull_out
	PLUGIN_OPTIONS=
	told_as_usual

	container_restore_counts plain

	! container_log plain restore | grep -E '(Error|Warn) .*cuda_plugin' ||
		fail "the plugin complains"
	container_delete plain
}

scenarios_for_all() {
	for mib in 16 96; do
		container_scenario "it goes on where it was, $mib MiB" goes_on $mib
	done
	container_scenario "its pid in the images is that inside" pid_namespace
	container_scenario "a tree of processes goes on" tree
	container_scenario "twice in a row" twice_in_a_row
	container_scenario "left running" leave_running
	container_scenario "found frozen" frozen
	container_scenario "no room in its cgroup: refused, and it lives on" memory_limit
	container_scenario "without a GPU: left alone" plain_is_left_alone
	container_scenario "without a GPU: restored where no plugin is" plain_without_plugin
	container_scenario "without a GPU: restored where no GPU is" plain_without_gpu
}
