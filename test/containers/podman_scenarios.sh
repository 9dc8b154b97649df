# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What only podman does: archives, and user namespaces by an option.

# container_limit_memory NAME BYTES
container_limit_memory() {
	container_options "$1" --memory "$2"
}

# Exported, removed, and imported as on another machine; the archive has the GPU memory.
export_and_import() {
	container_start gpu "exec counter --mib 96"
	pid=$(container_pid gpu)

	podman_checkpoint gpu --keep --export "$WORK/checkpoint.tar.gz" --compress "$1" ||
		fail "the checkpoint failed"
	container_is_gone "$pid" || fail "the program is still there"
	tar -tf "$WORK/checkpoint.tar.gz" | grep -qx checkpoint/cuda-memory-1.img ||
		fail "no GPU memory is in the archive"
	container_delete gpu
	container_restore gpu --import "$WORK/checkpoint.tar.gz" || fail "the restore failed"

	app_goes_on "$OUT"
	state_is "$(container_pid gpu)" running
	container_delete gpu
}

# A second one of the same archive, beside nothing of the first: it has a cgroup of its own.
import_under_another_name() {
	[ -z "$CGROUPS_MODE" ] || skip "CRIU is to leave cgroups alone here, and makes no other"
	container_start gpu "exec counter --mib 96"
	podman_checkpoint gpu --keep --export "$WORK/checkpoint.tar.gz" ||
		fail "the checkpoint failed"
	container_delete gpu
	echo other >>"$WORK/containers"

	container_restore other --import "$WORK/checkpoint.tar.gz" --name other ||
		fail "the restore failed"

	app_goes_on "$OUT"
	container_delete other
}

export_left_running() {
	container_keep_output
	container_start gpu "exec counter --mib 96"

	podman_checkpoint gpu --keep --leave-running --export "$WORK/checkpoint.tar.gz" ||
		fail "the checkpoint failed"

	state_is "$(container_pid gpu)" running
	app_goes_on "$OUT"
	container_delete gpu
	container_output_then
	container_restore gpu --import "$WORK/checkpoint.tar.gz" || fail "the restore failed"
	app_goes_on "$OUT"
	container_delete gpu
}

# Root inside is another user outside, who has to reach the images: podman has them for root.
user_namespace() {
	container_prepare gpu "$(container_command "exec counter --mib 96")"
	container_options gpu --uidmap=0:100000:65536 --gidmap=0:100000:65536
	machine_open_to_all
	container_go gpu
	pid=$(container_pid gpu)

	container_checkpoint gpu || container_nodes_refused gpu
	container_is_gone "$pid" || fail "the program is still there"
	machine_open_to_all
	echo mntns-compat-mode >>/etc/criu/default.conf
	container_restore_counts gpu
	container_delete gpu
}

scenarios_for_podman() {
	for compression in gzip zstd none; do
		container_scenario "exported and imported, $compression" \
			export_and_import $compression
	done
	container_scenario "imported under another name" import_under_another_name
	container_scenario "exported and left running" export_left_running
	container_scenario "with a user namespace" user_namespace
}
