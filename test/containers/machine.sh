# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What a test of containers begins and ends with. RUNTIME_NAME, VERSION and top are set.

# leave_out REASON: nothing of this can be tried here.
leave_out() {
	echo "1..0 # SKIP $1"
	exit "$SKIPPED"
}

# machine_has machine|v2: else there is nothing to try. Sets CRIU, RUNTIME_ITSELF and KIND.
machine_has() {
	CRIU=$top/build/criu/$VERSION/criu
	KIND=oci
	case $RUNTIME_NAME in
	podman | cri) KIND=$RUNTIME_NAME ;;
	esac
	PLUGIN_DIR=$BUILD/plugins/cuda
	[ "$(id -u)" -eq 0 ] || leave_out "not root"
	[ -x "$CRIU" ] || leave_out "there is no CRIU $VERSION: scripts/get-criu $VERSION"
	unshare --mount --pid --fork true 2>/dev/null || leave_out "no namespace can be made here"
	case $RUNTIME_NAME-$1 in
	runc-* | cri-* | podman-machine) RUNTIME_ITSELF=$(command -v runc) || RUNTIME_ITSELF= ;;
	*) RUNTIME_ITSELF=$top/build/crun/crun ;;
	esac
	[ -x "$RUNTIME_ITSELF" ] || leave_out "the runtime is not there: scripts/setup containers, scripts/get-crun"
	[ "$RUNTIME_NAME-$1" != crun-machine ] || ! apart_has_cgroup_v1 ||
		leave_out "crun wants cgroups of version 2 alone"
	[ $KIND = oci ] || command -v podman >/dev/null ||
		leave_out "there is no podman: scripts/setup containers"
	[ $KIND != cri ] || machine_has_cri
}

machine_has_cri() {
	[ -x "$top/build/containerd/bin/containerd" ] ||
		leave_out "there is no containerd: scripts/get-containerd"
	{ command -v protoc && /usr/bin/python3 -c 'import grpc'; } >/dev/null 2>&1 ||
		leave_out "containerd cannot be called: scripts/setup containers"
}

# machine_begin sim|real machine|v2
machine_begin() {
	WORK=$(mktemp -d)
	CGROUP=cuda-test-$(basename "$WORK")
	mkdir "$WORK/socket" "$WORK/out"
	trap machine_end EXIT
	trap 'exit 1' INT TERM
	# shellcheck source=/dev/null
	. "$here/$KIND.sh"
	# shellcheck source=/dev/null
	. "$here/${KIND}_scenarios.sh"
	apart_files
	apart_cgroups "$2"
	machine_options
	GPU_FOLDER=$WORK/socket
	gpu_use "$1"
	told_path
	told_as_usual
	rootfs_build
	[ $KIND = oci ] || "${KIND}_prepare"
}

# How this CRIU is told options below this runtime.
machine_options() {
	TOLD_OPTIONS=environment
	[ $KIND = podman ] || return 0
	case $VERSION in
	4.[0-2]*) TOLD_OPTIONS=runtime ;;
	*) TOLD_OPTIONS=file ;;
	esac
}

# The files of the test can be reached by the user that is root in a user namespace.
machine_open_to_all() {
	[ ! -e "$WORK/socket/gpu.socket" ] || chmod 666 "$WORK/socket/gpu.socket"
	chmod 711 "$WORK" "$WORK/socket"
	[ ! -d "$WORK/podman" ] || find "$WORK/podman" -type d -exec chmod a+x {} +
	find "$WORK" -type d -name checkpoint -exec chmod -R a+rX {} +
}

machine_end() {
	container_delete_all
	[ $KIND != cri ] || node_end
	[ ! -e "$WORK/gpu.pid" ] || gpu_pull_out
	apart_leave_no_cgroup "$CGROUP"
	cd /
	umount /etc && umount "$WORK/own" || :
	umount -R "$WORK/podman/root" 2>/dev/null || :
	rm -rf "$WORK"
}

# container_scenario NAME FUNCTION [ARGUMENT...]: nothing of it is left.
container_scenario() {
	tap_scenario "$@"
	container_delete_all
	told_as_usual
	[ "$GPU" = real ] || [ -S "$CUDA_SIM_SOCKET" ] || gpu_plug_in
}
