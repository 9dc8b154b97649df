# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What a user of Kubernetes' checkpoint API does with a container. A checkpoint leaves it running.

# counted FILE: in a container's log.
counted() {
	sed -n 's/^[^ ]* stdout F count \([0-9]*\).*/\1/p' "$1"
}

# restored_where_it_was BEFORE: its first count is none that was there BEFORE the checkpoint,
# nor one that comes later than what the archive has; from there it goes on.
restored_where_it_was() {
	app_goes_on "$OUT"
	tail -n +$((OUT_SINCE + 1)) "$OUT" >"$WORK/since"
	first=$(counted "$WORK/since" | head -n 1)
	last=$(counted "$WORK/gpu.archive/container.log" | tail -n 1)
	[ "$first" -gt "$1" ] || fail "it goes on at $first, and had counted $1 before"
	[ "$first" -le $((last + 1)) ] || fail "it goes on at $first, and had counted $last"
}

# checkpointed: of the container "gpu", which counts. Sets BEFORE.
checkpointed() {
	app_counts "$OUT" 3 || fail "it does not count"
	BEFORE=$(app_count "$OUT")
	container_checkpoint gpu || fail "the checkpoint failed"
}

# gpu_checkpointed MIB
gpu_checkpointed() {
	node_start
	container_start gpu "exec counter --mib $1"
	checkpointed
}

leaves_running() {
	gpu_checkpointed 96
	pid=$(container_pid gpu)

	state_is "$pid" running
	app_goes_on "$OUT"
	container_needs_plugin gpu || fail "the image does not ask for the plugin"
	container_said gpu dump "cuda_plugin: pid $pid: locked"
	[ -e "$(container_images gpu)/cuda-memory-1.img" ] ||
		fail "no GPU memory is in the archive"
	for command in inspect verify; do
		"$BUILD/criu-cuda/criu-cuda" $command "$(container_images gpu)" ||
			fail "criu-cuda $command does not like what is in the archive"
	done
	container_delete gpu
}

# restored NAME IMAGE: what "gpu" was is restored in a new pod of that name.
restored() {
	container_delete gpu
	container_restore "$@" || fail "the restore failed"
	restored_where_it_was "$BEFORE"
	state_is "$(container_pid "$1")" running
}

from_archive() {
	gpu_checkpointed "$1"
	restored gpu "$WORK/gpu.tar"
	container_delete gpu
}

with_network_of_node() {
	POD_NETWORK=NODE
	from_archive 16
}

# The archive as an image, which can be in a registry as any other: an annotation says what it
# is. It is restored under another name.
from_image() {
	gpu_checkpointed 96
	image=$REGISTRY/checkpoint:gpu
	printf 'FROM scratch\nADD gpu.tar /\n' >"$WORK/Containerfile"
	cri_podman build --quiet --annotation org.criu.checkpoint.container.name=gpu --tag "$image" \
		--file "$WORK/Containerfile" "$WORK" || fail "no image can be made of the archive"
	cri_podman push --quiet --tls-verify=false "$image"
	image_pull "$image"
	container_prepare other "exec counter --mib 96"

	restored other "$image"
	container_delete other
}

twice_in_a_row() {
	gpu_checkpointed 16
	restored gpu "$WORK/gpu.tar"
	checkpointed
	restored gpu "$WORK/gpu.tar"
	container_delete gpu
}

# What they have written belongs to the container, and is in the archive as it was in the moment
# of the checkpoint: containerd keeps them frozen for as long.
tree() {
	node_start
	container_prepare gpu "mkdir /out/tree; tree --cuda 2 --plain 2 --dir /out/tree & echo count 1; wait"
	container_go gpu
	TREE=$(container_rootfs gpu)/out/tree
	until_true 20 tree_counts || fail "not all of it count"
	container_checkpoint gpu || fail "the checkpoint failed"
	[ "$(container_log gpu dump | grep -c 'cuda_plugin: pid .*: checkpointed')" -eq 2 ] ||
		fail "not two processes were checkpointed"
	container_delete gpu

	container_restore gpu "$WORK/gpu.tar" || fail "the restore failed"

	for file in "$(container_rootfs gpu)"/out/tree/*; do
		app_goes_on "$file"
	done
	container_delete gpu
}

# told_by FILE: runc has CRIU read a file of its own, or that which the pod names.
told_by() {
	told_nothing
	told_options environment
	told_folder "$1"
	from_archive 16
}

told_by_annotation() {
	POD_ANNOTATIONS=$(jq -n --arg file "$WORK/criu.conf" '{"org.criu.config": $file}')
	told_by "$WORK/criu.conf"
}

# Whatever CRIU's files say nothing of can be in the environment of containerd.
told_by_environment() {
	told_nothing
	told_options environment
	CRIU_LIBS_DIR=$PLUGIN_DIR
	export CRIU_LIBS_DIR
	from_archive 16
}

told_by_files_alone() {
	case $VERSION in
	4.[0-2]*) skip "CRIU $VERSION knows no options of plugins" ;;
	esac
	told_nothing
	told_folder /etc/criu/default.conf
	told_options file
	from_archive 16
}

# It is refused, and lives on; the log is where containerd says.
no_room() {
	apart_has_memory_limits || skip "the memory controller belongs to cgroup version 1 here"
	node_start
	container_prepare gpu "exec counter --mib 200"
	jq '.linux.resources.memory_limit_in_bytes = 300 * 1048576' "$WORK/gpu.json" >"$WORK/limited"
	mv "$WORK/limited" "$WORK/gpu.json"
	container_go gpu

	! container_checkpoint gpu >"$WORK/refused" || fail "it was not refused"

	log=$(sed -n 's/.* path= \(.*criu-dump.log\).*/\1/p' "$WORK/refused")
	grep -q "and there is room for" "$log" || fail "$(cat "$WORK/refused" "$log")"
	state_is "$(container_pid gpu)" running
	app_goes_on "$OUT"
	container_delete gpu
}

# A node without the plugin does not restore what needs it.
no_plugin() {
	gpu_checkpointed 16
	container_delete gpu
	node_without_plugin

	! container_restore gpu "$WORK/gpu.tar" >"$WORK/refused" || fail "it was not refused"

	container_said gpu restore "Missing required plugin: cuda_plugin"
	container_delete gpu
}

node_without_plugin() {
	node_stop
	mkdir -p "$WORK/nothing"
	told_nothing
	told_folder /etc/criu/default.conf "$WORK/nothing"
	node_start
}

# A container that uses no GPU: the plugin is there, and nobody notices; nor is it missed.
plain() {
	node_start
	plain_start gpu
	checkpointed
	container_log gpu dump >"$WORK/dump.log"
	! container_needs_plugin gpu || fail "the image asks for the plugin"
	! grep 'cuda_plugin: pid' "$WORK/dump.log" || fail "the plugin was at work"
	! grep -E '(Error|Warn) .*cuda_plugin' "$WORK/dump.log" || fail "the plugin complains"
	app_goes_on "$OUT"
	container_delete gpu

	container_restore gpu "$WORK/gpu.tar" || fail "the restore failed"
	restored_where_it_was "$BEFORE"
	container_delete gpu
	gpu_pull_out
	node_without_plugin
	container_restore gpu "$WORK/gpu.tar" || fail "the restore without plugin and GPU failed"
	restored_where_it_was "$BEFORE"
	container_delete gpu
}

# cri_scenario NAME FUNCTION [ARGUMENT...]
cri_scenario() {
	container_scenario "$@"
	node_stop
}

scenarios_for_cri() {
	cri_scenario "a checkpoint leaves it running, the archive has its GPU memory" leaves_running
	cri_scenario "restored from the archive" from_archive 96
	cri_scenario "restored from an image of the archive, under another name" from_image
	cri_scenario "with the network of the node" with_network_of_node
	cri_scenario "twice in a row" twice_in_a_row
	cri_scenario "a tree of processes and its files go on" tree
	cri_scenario "the folder is told by the environment of containerd" told_by_environment
	cri_scenario "the folder is told by /etc/criu/runc.conf" told_by /etc/criu/runc.conf
	cri_scenario "the folder is told by an annotation of the pod" told_by_annotation
	cri_scenario "the options are told by CRIU's files" told_by_files_alone
	cri_scenario "no room below its limit: refused, and it lives on" no_room
	cri_scenario "restored where no plugin is: refused" no_plugin
	cri_scenario "without a GPU: left alone, restored anywhere" plain
}
