# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What is done with a container of whatever runtime: over the functions of oci.sh or podman.sh.

# container_start NAME COMMAND: it runs, and counts in OUT.
container_start() {
	container_prepare "$1" "$(container_command "$2")"
	container_go "$1"
}

# container_command COMMAND: its streams are files of the container's own.
container_command() {
	echo "exec </dev/null >/out/log 2>/out/err; $1"
}

# container_go NAME: one that is prepared.
container_go() {
	OUT=$WORK/out/log
	rm -rf "$WORK/out"
	mkdir "$WORK/out"
	chmod 777 "$WORK/out"
	echo "$1" >>"$WORK/containers"
	container_run "$1"
	app_counts "$OUT" 1 || fail "the program does not start: $(cat "$WORK/out/err")"
}

# Of whatever a scenario has left.
container_delete_all() {
	[ -e "$WORK/containers" ] || return 0
	while read -r left; do
		container_delete "$left" >/dev/null 2>&1 || :
	done <"$WORK/containers"
	rm "$WORK/containers"
}

container_complain() {
	container_log "$1" "$2" | grep -E 'Error|Warn|cuda_plugin:' || :
}

# container_said NAME dump|restore TEXT
container_said() {
	container_log "$1" "$2" | grep -qF -- "$3" || {
		container_complain "$1" "$2"
		fail "CRIU's log of the $2 does not say: $3"
	}
}

# container_is_gone PID: of its first process.
container_is_gone() {
	until_true 5 test ! -d "/proc/$1"
}

container_needs_plugin() {
	grep -qa cuda_plugin "$(container_images "$1")/inventory.img"
}

# container_checkpoint_ends NAME: a checkpoint after which it is no more.
container_checkpoint_ends() {
	pid=$(container_pid "$1")
	container_checkpoint "$1" || fail "the checkpoint failed"
	container_is_gone "$pid" || fail "the program is still there"
}

# container_restore_counts NAME: it goes on where it was.
container_restore_counts() {
	container_restore "$1" || fail "the restore failed"
	app_goes_on "$OUT"
}

# container_nodes_refused NAME: crun mounts the nodes of /dev one by one, since no user may make
# them, and tells CRIU nothing of it.
container_nodes_refused() {
	[ "${RUNTIME_ITSELF##*/}" = crun ] || fail "the checkpoint failed"
	container_said "$1" dump "doesn't have a proper root mount"
	app_goes_on "$OUT"
	skip "crun and CRIU cannot dump the nodes in /dev of a user namespace"
}

# What the program has printed is kept as it was at the time of the dump: CRIU wants it so.
container_keep_output() {
	told_program keep-output "${top:?}/test/system/keep-output" "OUT=$WORK/out/log"
	told_action "$WORK/bin/keep-output"
}

container_output_then() {
	cat "$WORK/out/log.then" >"$WORK/out/log"
}

# cuda_state PID: as app.sh has it, by the utility that is on PATH.
cuda_state() {
	cuda-checkpoint --get-state --pid "$1"
}
