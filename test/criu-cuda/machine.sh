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
	options=force=on
}

# criu-cuda on that machine. A lost answer must not hold us up.
there() { # ARGUMENT...
	PATH=$bin:$system_path LD_LIBRARY_PATH=$library CUDA_SIM_SOCKET=$tmp/gpu \
		CRIU_CUDA_PLUGIN_OPTIONS=$options timeout -k 1 60 "$criu_cuda" "$@"
}
