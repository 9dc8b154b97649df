# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Containers of podman over RUNTIME, with a storage of their own. Podman gives the runtime no
# environment: what the plugin is to know comes from CRIU's files, or from the runtime.

podman_do() {
	podman --root "$WORK/podman/root" --runroot "$WORK/podman/run" \
		--tmpdir "$WORK/podman/tmp" --storage-driver vfs --events-backend file \
		--cgroup-manager cgroupfs --runtime "$RUNTIME" "$@" </dev/null
}

podman_prepare() {
	mkdir -p "$WORK/podman"
	tar -C "$ROOTFS" -cf "$WORK/rootfs.tar" .
	podman_do import --quiet "$WORK/rootfs.tar" program >/dev/null
}

# container_prepare NAME COMMAND
container_prepare() {
	echo "$2" >"$WORK/$1.command"
	: >"$WORK/$1.options"
	rm -f "$WORK/$1".*.log
}

# container_options NAME OPTION...: for podman run.
container_options() {
	name=$1
	shift
	printf '%s\n' "$@" >>"$WORK/$name.options"
}

container_run() {
	rootfs_environment >"$WORK/$1.env"
	# shellcheck disable=SC2046  # a list of words
	podman_do run --detach --name "$1" --network none --pids-limit -1 --stop-timeout 0 \
		--cgroup-parent "/$CGROUP-podman" --env-file "$WORK/$1.env" \
		--volume "$WORK/out:/out" --volume "$WORK/socket:/gpu" $(cat "$WORK/$1.options") \
		program /bin/sh -c "$(cat "$WORK/$1.command")" >/dev/null ||
		fail "podman does not start it"
}

# Where podman has what belongs to a container; it is gone when the container is.
podman_folder() {
	podman_do inspect --format '{{.StaticDir}}' "$1"
}

# podman_keep NAME LOG: what CRIU has said, also when the container is no more.
podman_keep() {
	folder=$(podman_folder "$1")
	[ ! -e "$folder/$2.log" ] || cp "$folder/$2.log" "$WORK/$1.$2.log"
}

# container_checkpoint NAME [leave-running]
container_checkpoint() {
	podman_checkpoint "$1" --keep ${2:+--$2}
}

# podman_checkpoint NAME OPTION...
podman_checkpoint() {
	name=$1
	shift
	checkpoint_status=0
	podman_do container checkpoint "$@" "$name" || checkpoint_status=1
	podman_keep "$name" dump
	[ $checkpoint_status -eq 0 ] || container_complain "$name" dump
	return $checkpoint_status
}

# container_restore NAME [OPTION...]
container_restore() {
	name=$1
	shift
	restore_status=0
	if [ $# -eq 0 ]; then
		podman_do container restore --keep "$name" || restore_status=1
	else
		podman_do container restore --keep "$@" || restore_status=1
	fi
	podman_keep "$name" restore
	[ $restore_status -eq 0 ] || container_complain "$name" restore
	return $restore_status
}

container_pause() {
	podman_do pause "$1" || fail "it cannot be paused"
}

container_continue() {
	podman_do unpause "$1" || fail "it cannot be resumed"
}

container_pid() {
	podman_do inspect --format '{{.State.Pid}}' "$1"
}

container_images() {
	echo "$(podman_folder "$1")/checkpoint"
}

container_log() {
	[ ! -e "$WORK/$1.$2.log" ] || cat "$WORK/$1.$2.log"
}

container_delete() {
	podman_do rm --force --time 0 "$1"
}
