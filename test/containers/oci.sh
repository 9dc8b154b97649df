# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Containers of a runtime that is given a bundle: runc and crun, which have the same commands.
# RUNTIME is the program. The CRIU it finds is the one on PATH.

# The runtimes have their state, and CRIU what it knows of the kernel, in a place of the test.
oci() {
	"$RUNTIME" --root "$WORK/state" "$@" </dev/null
}

# oci_mounts: what is mounted from outside, as JSON.
oci_mounts() {
	jq -n --arg out "$WORK/out" --arg gpu "$WORK/socket" '[
		{destination: "/out", type: "bind", source: $out, options: ["bind", "rw"]},
		{destination: "/gpu", type: "bind", source: $gpu, options: ["bind", "rw"]}]'
}

# container_prepare NAME COMMAND: its bundle. COMMAND is one of the container's shell.
container_prepare() {
	mkdir -p "$WORK/$1"
	rm -f "$WORK/$1/config.json"
	(cd "$WORK/$1" && "$RUNTIME" spec)
	environment=$(rootfs_environment | jq -R . | jq -s .)
	container_configure "$1" '.process.terminal = false | .process.args = ["/bin/sh", "-c", $c]
		| .process.env = $e | .root.path = $root | .root.readonly = false
		| .mounts += $mounts | .linux.cgroupsPath = "/" + $group' \
		--arg c "$2" --argjson e "$environment" --argjson mounts "$(oci_mounts)" \
		--arg root "$ROOTFS" --arg group "$CGROUP-$1"
	container_allow "$1"
}

# container_allow NAME: the simulated GPU has no devices.
container_allow() {
	:
}

# container_configure NAME FILTER [OPTION OF JQ...]
container_configure() {
	config=$WORK/$1/config.json
	filter=$2
	shift 2
	jq "$@" "$filter" "$config" >"$config.new"
	mv "$config.new" "$config"
}

# The standard streams are not the test's: CRIU could not dump its files.
container_run() {
	oci run --detach --bundle "$WORK/$1" "$1" >/dev/null 2>"$WORK/$1.err" || {
		cat "$WORK/$1.err"
		fail "$RUNTIME does not start it"
	}
}

# container_checkpoint NAME [leave-running]
container_checkpoint() {
	rm -rf "$WORK/$1/images" "$WORK/$1/work"
	mkdir "$WORK/$1/images" "$WORK/$1/work"
	# shellcheck disable=SC2086  # none or a word
	oci checkpoint --image-path "$WORK/$1/images" --work-path "$WORK/$1/work" \
		$CGROUPS_MODE ${2:+--$2} "$1" >"$WORK/$1.err" 2>&1 || {
		cat "$WORK/$1.err"
		container_complain "$1" dump
		return 1
	}
}

# container_restore NAME
container_restore() {
	# shellcheck disable=SC2086
	oci restore --detach --image-path "$WORK/$1/images" --work-path "$WORK/$1/work" \
		$CGROUPS_MODE --bundle "$WORK/$1" "$1" >/dev/null 2>"$WORK/$1.err" || {
		cat "$WORK/$1.err"
		container_complain "$1" restore
		return 1
	}
}

container_pause() {
	oci pause "$1" || fail "it cannot be paused"
}

container_continue() {
	oci resume "$1" || fail "it cannot be resumed"
}

# container_pid NAME: of its first process, in this machine's count.
container_pid() {
	oci state "$1" | jq .pid
}

# container_images NAME: where its images are.
container_images() {
	echo "$WORK/$1/images"
}

# container_log NAME dump|restore: what CRIU has said.
container_log() {
	cat "$WORK/$1/work/$2.log"
}

container_delete() {
	oci delete --force "$1"
}
