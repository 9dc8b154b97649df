# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# The GPU that the tests use: a real one, or the simulated one of test/gpu-sim.
# Sets PLUGIN_OPTIONS, what the plugin needs to be told on this GPU.

# gpu_real: true if this machine has an NVIDIA GPU with its driver.
gpu_real() {
	[ -n "$(ls /proc/driver/nvidia/gpus 2>/dev/null)" ]
}

# gpu_use sim|real: the simulated one listens in GPU_FOLDER if that is set.
gpu_use() {
	PLUGIN_OPTIONS=cuda-checkpoint=$BUILD/cuda-checkpoint/cuda-checkpoint
	GPU=$1
	[ "$GPU" = sim ] || return 0
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,force
	CUDA_SIM_SOCKET=${GPU_FOLDER:-$WORK}/gpu.socket
	LD_LIBRARY_PATH=$BUILD/test/gpu-sim
	export CUDA_SIM_SOCKET LD_LIBRARY_PATH
	gpu_plug_in
}

gpu_answers() {
	"$BUILD/test/gpu-sim/gpu-sim" --socket "$CUDA_SIM_SOCKET" --list >"$WORK/gpus" 2>&1
}

# The simulated GPU is there, and gone.
gpu_plug_in() {
	"$BUILD/test/gpu-sim/gpu-sim" --socket "$CUDA_SIM_SOCKET" 2>"$WORK/gpu-sim.log" &
	echo $! >"$WORK/gpu.pid"
	until_true 5 gpu_answers || fail "the simulated GPU did not start"
}

gpu_pull_out() {
	[ "$GPU" = sim ] || return 0
	read -r gpu_pid <"$WORK/gpu.pid" || return 0
	kill "$gpu_pid" 2>/dev/null || :
	until_true 5 test ! -S "$CUDA_SIM_SOCKET" || fail "the simulated GPU did not end"
}
