# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A machine that is made up of programs on PATH, the simulated driver and the real plugin.
# To be sourced after stage.sh.
# shellcheck disable=SC2034,SC2154  # what whoever sources it uses, and what stage.sh sets

criu_cuda=$build/criu-cuda/criu-cuda
plugins=$build/plugins/cuda
bin=$tmp/bin
system_path=$PATH

# A program on PATH.
program() { # NAME, the script on standard input
	{ echo '#!/bin/sh'; cat; } >"$bin/$1"
	chmod +x "$bin/$1"
}

# A machine that is as it should be, but for a GPU, which is simulated.
new_machine() {
	rm -rf "$bin"
	mkdir "$bin"
	ln -s "$utility" "$bin/cuda-checkpoint"
	program criu <<'END'
case $1 in
--version) echo 'Version: 4.2.1' ;;
check) echo 'Looks good.' ;;
esac
END
	options=force=on driver=
}

# The machine has a driver of that version, and a GPU: a /proc/driver of our own. Fails
# where there cannot be one.
has_driver() { # VERSION, "Enabled" or "Disabled": MIG
	driver=$1 options=
	program nvidia-smi <<END
echo '0, Enabled, $2, 81559, NVIDIA H100 80GB HBM3'
END
	program beside-driver <<END
set -e
mount -t tmpfs none /proc/driver
mkdir -p /proc/driver/nvidia/gpus/0000:01:00.0
echo 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  $1  Tue' >/proc/driver/nvidia/version
exec "\$@"
END
	unshare --mount "$bin/beside-driver" true 2>/dev/null
}

# criu-cuda on that machine. A lost answer must not hold us up.
there() { # ARGUMENT...
	PATH=$bin:$system_path LD_LIBRARY_PATH=$library CUDA_SIM_SOCKET=$tmp/gpu \
		CRIU_CUDA_PLUGIN_OPTIONS=$options \
		${driver:+unshare --mount "$bin/beside-driver"} timeout -k 1 60 "$criu_cuda" "$@"
}
