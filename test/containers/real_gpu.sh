# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# A real GPU in a bundle, by hand: its devices and the driver's libraries are bind-mounted, and
# the devices allowed. In place of the simulated one's oci_mounts and container_allow.

# real_gpu_library NAME: where this machine has it.
real_gpu_library() {
	ldconfig -p | awk -v name="$1" '$1 == name && /x86-64|AArch64/ { print $NF; exit }'
}

# The character devices of the driver; MIG's are below nvidia-caps.
real_gpu_devices() {
	find /dev -maxdepth 2 -type c -path '/dev/nvidia*' | sort
}

# real_gpu_mount SOURCE DESTINATION: one, as JSON.
real_gpu_mount() {
	jq -n --arg source "$1" --arg destination "$2" '{destination: $destination,
		type: "bind", source: $source, options: ["bind", "rw"]}'
}

oci_mounts() {
	{
		real_gpu_mount "$WORK/out" /out
		real_gpu_devices | while read -r device; do
			real_gpu_mount "$device" "$device"
		done
		for name in libcuda.so.1 libnvidia-ptxjitcompiler.so.1; do
			library=$(real_gpu_library $name)
			[ -z "$library" ] ||
				real_gpu_mount "$(readlink -f "$library")" "/driver/$name"
		done
	} | jq -s .
}

# container_allow NAME: its cgroup lets it open the devices.
container_allow() {
	allowed=$(real_gpu_devices | while read -r device; do
		stat -c '%Hr %Lr' "$device"
	done | jq -R 'split(" ") | {allow: true, type: "c", major: (.[0] | tonumber),
		minor: (.[1] | tonumber), access: "rwm"}' | jq -s .)
	container_configure "$1" '.linux.resources.devices += $allowed' \
		--argjson allowed "$allowed"
}
