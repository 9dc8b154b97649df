# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What can be done with a bundle, and how its runtime is told where the plugin is.

# container_limit_memory NAME BYTES
container_limit_memory() {
	container_configure "$1" '.linux.resources.memory.limit = $bytes' --argjson bytes "$2"
}

# Root inside is another user outside, who may write what the program writes.
user_namespace() {
	container_prepare gpu "$(container_command "exec counter --mib 96")"
	container_configure gpu '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	machine_open_to_all
	container_go gpu
	pid=$(container_pid gpu)
	[ "$(stat -c %u "/proc/$pid")" -eq 100000 ] || fail "it runs as another user"

	container_checkpoint gpu || container_nodes_refused gpu
	container_is_gone "$pid" || fail "the program is still there"
	echo mntns-compat-mode >>/etc/criu/default.conf
	container_restore_counts gpu
	container_delete gpu
}

# told_by FILE: the runtime has CRIU read a file of its own.
told_by() {
	told_nothing
	told_options environment
	told_folder "$1"
	goes_on 16
	told_as_usual
}

told_by_annotation() {
	told_nothing
	told_options environment
	told_folder "$WORK/criu.conf"
	container_prepare gpu "$(container_command "exec counter --mib 16")"
	container_configure gpu '.annotations["org.criu.config"] = $file' \
		--arg file "$WORK/criu.conf"
	container_go gpu
	container_checkpoint_ends gpu
	container_restore_counts gpu
	container_delete gpu
}

# Whatever CRIU's files say nothing of can be in the environment of the runtime.
told_by_environment() {
	told_nothing
	told_options environment
	CRIU_LIBS_DIR=$PLUGIN_DIR
	export CRIU_LIBS_DIR
	goes_on 16
}

told_by_files_alone() {
	case $VERSION in
	4.[0-2]*) skip "CRIU $VERSION knows no options of plugins" ;;
	esac
	told_nothing
	told_folder /etc/criu/default.conf
	told_options file
	goes_on 16
}

scenarios_for_oci() {
	container_scenario "with a user namespace" user_namespace
	container_scenario "the folder is told by the environment" told_by_environment
	container_scenario "the options are told by CRIU's files" told_by_files_alone
	[ "$RUNTIME_NAME" = runc ] || return 0
	container_scenario "the folder is told by /etc/criu/runc.conf" told_by /etc/criu/runc.conf
	container_scenario "the folder is told by an annotation" told_by_annotation
}
