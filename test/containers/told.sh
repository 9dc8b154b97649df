# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# How the plugin is told to CRIU below a runtime: CRIU's files have the folder, and with it the
# options from CRIU 4.3 on. Else they are in the environment of the runtime. CRIU and the
# utility are on PATH, where the runtime and the plugin look for them.

# told_path: PATH as an administrator would have it.
told_path() {
	mkdir -p "$WORK/bin"
	ln -sf "$CRIU" "$WORK/bin/criu"
	if [ "$GPU" = real ]; then
		ln -sf "$BUILD/cuda-checkpoint/cuda-checkpoint" "$WORK/bin/"
	else
		told_program cuda-checkpoint "$BUILD/cuda-checkpoint/cuda-checkpoint" \
			"LD_LIBRARY_PATH=$BUILD/test/gpu-sim" "CUDA_SIM_SOCKET=$CUDA_SIM_SOCKET"
		PLUGIN_OPTIONS=force
	fi
	[ "$GPU" = sim ] || PLUGIN_OPTIONS=
	unset LD_LIBRARY_PATH
	PATH=$WORK/bin:$PATH
	export PATH
}

# told_program NAME PROGRAM VARIABLE=VALUE...: PROGRAM, with something in its environment.
told_program() {
	name=$1 program=$2
	shift 2
	{
		echo '#!/bin/sh'
		echo "exec env $* $program \"\$@\""
	} >"$WORK/bin/$name"
	chmod +x "$WORK/bin/$name"
}

# told_nothing: CRIU's files are as they are after an installation; where CRIU cannot lock a
# container's network, it is told that.
told_nothing() {
	rm -rf /etc/criu
	mkdir /etc/criu
	command -v iptables-restore >/dev/null ||
		echo "network-lock skip" >>/etc/criu/default.conf
	unset CRIU_CUDA_PLUGIN_OPTIONS
	RUNTIME=$RUNTIME_ITSELF
	[ $KIND = oci ] || [ -z "$CGROUPS_MODE" ] || told_cgroups
}

# told_cgroups: a runtime that podman runs has the option CGROUPS_MODE too.
told_cgroups() {
	cat >"$WORK/bin/runtime-with-cgroups" <<-END
		#!/bin/sh
		for word; do
			shift
			set -- "\$@" "\$word"
			case \$word in
			checkpoint | restore) set -- "\$@" $CGROUPS_MODE ;;
			esac
		done
		exec $RUNTIME "\$@"
	END
	chmod +x "$WORK/bin/runtime-with-cgroups"
	RUNTIME=$WORK/bin/runtime-with-cgroups
}

# told_folder FILE [DIRECTORY]: CRIU reads in FILE where plugins are.
told_folder() {
	echo "libdir ${2:-$PLUGIN_DIR}" >>"$1"
}

# told_options environment|file|runtime
told_options() {
	[ -n "$PLUGIN_OPTIONS" ] || return 0
	case $1 in
	environment)
		CRIU_CUDA_PLUGIN_OPTIONS=$PLUGIN_OPTIONS
		export CRIU_CUDA_PLUGIN_OPTIONS
		;;
	file)
		echo "$PLUGIN_OPTIONS" | tr , '\n' | sed 's/^/plugin-option cuda_plugin./' \
			>>/etc/criu/default.conf
		;;
	runtime)
		told_program runtime "$RUNTIME" "CRIU_CUDA_PLUGIN_OPTIONS=$PLUGIN_OPTIONS"
		RUNTIME=$WORK/bin/runtime
		;;
	esac
}

# told_as_usual: in the way that every runtime of this kind understands.
told_as_usual() {
	told_nothing
	told_folder /etc/criu/default.conf
	told_options "$TOLD_OPTIONS"
}

# told_action SCRIPT: CRIU runs it.
told_action() {
	echo "action-script $1" >>/etc/criu/default.conf
}
