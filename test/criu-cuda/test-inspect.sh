#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What criu-cuda inspect says of whether images can be restored here: on a machine that is
# made up of programs on PATH, the simulated driver and the real plugin.
#
# Needs build/ with the products, the simulated GPU and make-image; BUILD names another.
# Prints TAP.
# shellcheck disable=SC2034,SC2154  # what machine.sh uses, and what stage.sh sets

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../utility/tap.sh"
# shellcheck source=/dev/null
. "$here/../utility/stage.sh"
# shellcheck source=/dev/null
. "$here/machine.sh"
# shellcheck source=/dev/null
. "$here/images.sh"
libdir=$plugins

# A good machine, and the dump of a GPU process, $dir, that it can restore.
new_stage() {
	new_machine
	libdir=$plugins library=$sim
	new_dir
	inventory needed
	image 4711 rrzd none
}

# $status, $tmp/out and $tmp/err.
inspect() { # [ARGUMENT]...
	there inspect --libdir "$libdir" "$@" "$dir" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# inspect --restorable ends with STATUS and the VERDICT, and has LINE before it. Without
# the option a machine that cannot restore it changes nothing.
judges() { # NAME STATUS VERDICT LINE
	inspect --restorable
	same "$1: the verdict" "$2|verdict  $3|" "$status|$(tail -n 1 "$tmp/out")|$(cat "$tmp/err")"
	if grep -qxF "$4" "$tmp/out"; then
		pass "$1: the reason"
	else
		fail "$1: the reason" "wanted: $4
$(cat "$tmp/out")"
	fi
	inspect
	same "$1: the status without --restorable" "$(($2 == 3 ? 0 : $2))" "$status"
}

can='it can be restored here' cannot='it cannot be restored here:'
but="it can perhaps be restored here; see: "

# --json says the same, in one line, and that is a JSON value.
valid_json() { # NAME VERDICT
	inspect
	lines=$(grep -cE '^(ok|warning|error) ' "$tmp/out")
	inspect --json
	same "$1: its JSON is valid, has the verdict, and a check for each line" "1||1|$lines" \
		"$(wc -l <"$tmp/out")|$(awk -f "$here/no-json.awk" "$tmp/out")|$(
			grep -c "\"restore\":{\"verdict\":\"$2\",\"checks\":\[{\"check\":\"images\"," "$tmp/out")|$(
			grep -o '"check":' "$tmp/out" | wc -l)"
}

test_good() {
	new_stage
	judges 'a good machine' 0 "$can" 'ok       images: with GPU processes; images of GPU memory: 1'
	valid_json 'a good machine' ok
	new_stage
	inventory not-said
	judges 'images of an older CRIU' 0 "$can" \
		'ok       images: with GPU processes; images of GPU memory: 1'
	rm "$dir"/cuda-memory-*
	judges 'images of an older CRIU that may need no GPU' 0 "$can" \
		'ok       images: of a CRIU before 4.1: whether there are GPU processes cannot be seen'
}

# What needs no GPU needs no plugin, no utility and no driver either.
test_without_gpu() {
	new_stage
	rm "$dir"/cuda-memory-* "$bin/cuda-checkpoint"
	inventory not-needed
	libdir=$tmp options='' library=$tmp
	judges 'images without GPU processes, no GPU' 0 "$can" \
		'ok       images: without GPU processes: neither the plugin nor a GPU is needed'
	same 'nothing is said of GPUs' '' "$(grep -E '  (options|plugin|utility|driver|library|GPUs|MIG): ' "$tmp/out")"
	valid_json 'images without GPU processes' ok

	if [ -e /proc/driver/nvidia ]; then
		skip 'no GPU, and no word of whether one is needed' 'this machine has one'
		return
	fi
	inventory not-said
	judges 'no GPU, and no word of whether one is needed' 0 \
		"${but}plugin, utility, driver, GPUs" \
		"warning  plugin: there is no cuda_plugin.so in $tmp; install it there, or give criu, and criu-cuda, --libdir with the directory that has it"
}

test_criu() {
	new_stage
	program criu <<'END'
echo 'Version: 3.17.1'
END
	judges 'a CRIU that is too old' 3 "$cannot criu" \
		'error    criu: version 3.17.1 has no hooks for GPUs; install CRIU 4.0 or newer'
	rm "$dir"/cuda-memory-*
	inventory not-needed
	inspect --restorable
	same 'it is not if no plugin is needed' '0|1' \
		"$status|$(grep -c '^ok       criu: version 3.17.1 has no hooks for GPUs$' "$tmp/out")"

	new_stage
	rm "$bin/criu"
	if PATH=$bin:$system_path command -v criu >/dev/null; then
		skip 'no CRIU' 'this machine has one on PATH'
		return
	fi
	judges 'no CRIU' 3 "$cannot criu" \
		'error    criu: there is no "criu" on PATH; install CRIU 4.0 or newer; it may be in /usr/sbin'
	valid_json 'no CRIU' error
	inventory not-needed
	rm "$dir"/cuda-memory-*
	judges 'no CRIU, and no GPU processes' 3 "$cannot criu" \
		'error    criu: there is no "criu" on PATH; install CRIU 4.0 or newer; it may be in /usr/sbin'
}

test_plugin() {
	new_stage
	libdir=$tmp/plugins
	mkdir "$libdir"
	judges 'no plugin' 3 "$cannot plugin" \
		"error    plugin: there is no cuda_plugin.so in $libdir; install it there, or give criu, and criu-cuda, --libdir with the directory that has it"
	head -c 5000 "$plugins/cuda_plugin.so" >"$libdir/cuda_plugin.so"
	judges 'a plugin that cannot be loaded' 3 "$cannot plugin" \
		"error    plugin: $libdir/cuda_plugin.so: it is no plugin for CRIU: it has no CR_PLUGIN_DESC; install the plugin again"
}

test_utility() {
	new_stage
	options=force=on,cuda-checkpoint=$bin/none
	judges 'no utility' 3 "$cannot utility" \
		"error    utility: there is no \"$bin/none\"; put cuda-checkpoint on PATH, or name it with the option cuda-checkpoint"
	options=force=perhaps
	inspect --restorable
	same 'options that make no sense' '3|1' \
		"$status|$(grep -c '^error    options: CRIU_CUDA_PLUGIN_OPTIONS: .*perhaps' "$tmp/out")"
}

test_driver() {
	new_stage
	library=$tmp
	inspect --restorable
	same 'no driver library' "3|verdict  $cannot library|1" \
		"$status|$(tail -n 1 "$tmp/out")|$(grep -c '^error    library: .*libcuda.so.1' "$tmp/out")"
	library=$sim options=
	if [ -e /proc/driver/nvidia/version ]; then
		skip 'no driver and no GPU' 'this machine has one'
		return
	fi
	judges 'no driver' 3 "$cannot driver, GPUs" \
		'error    driver: there is no NVIDIA driver, by /proc/driver/nvidia/version; load the driver, r570 or newer; in a container, have the runtime bring it in'
	judges 'no GPU' 3 "$cannot driver, GPUs" \
		'error    GPUs: there is none in /proc/driver/nvidia/gpus; only processes without CUDA can be dumped and restored here'
}

# The image says which driver has written it.
test_dump_driver() {
	new_stage
	if ! has_driver 570.86.15 Disabled; then
		skip 'a driver' 'there cannot be one, not even a pretended one'
		return
	fi
	judges 'the driver of the dump' 0 "$can" \
		'ok       driver of the dump: NVIDIA 570.86.15, as here'
	never='whether one driver restores what another has left was never tried; if the restore fails, use a machine with NVIDIA'
	has_driver 610.1.2 Disabled
	judges 'a newer driver is no reason, but a warning' 0 "${but}driver of the dump" \
		"warning  driver of the dump: pid 4711 was dumped with NVIDIA 570.86.15, and here is NVIDIA 610.1.2: $never 570.86.15"
	image 12 r none 'NVIDIA 620.1'
	judges 'so is an older one' 0 "${but}driver of the dump" \
		"warning  driver of the dump: pid 12 was dumped with NVIDIA 620.1, and here is the older NVIDIA 610.1.2: $never 620.1"
	new_stage
	has_driver 550.54.15 Disabled
	judges 'a driver that cannot restore anything' 3 "$cannot driver" \
		'error    driver: 550.54.15 cannot checkpoint processes here; install r570 or newer'
	has_driver 570.86.15 Enabled
	judges 'a GPU that is divided' 3 "$cannot MIG" \
		'error    MIG: GPU 0 is divided by MIG, which no driver so far can checkpoint; nvidia-smi -i 0 -mig 0'
}

# 7 TiB that take no room on disk, and more than there is.
test_memory() {
	new_stage
	if ! truncate -s 7T "$dir/pages-1.img" 2>/dev/null; then
		skip 'too little memory' 'the file system has no files that large'
		return
	fi
	inspect --restorable
	same 'too little memory' "3|verdict  $cannot memory|1" "$status|$(tail -n 1 "$tmp/out")|$(grep -cE \
		"^error    memory: it takes 7.0 TiB for CRIU's own images, and 192.0 KiB for GPU memory, of a process at a time; only .* available, in .*; make room, or raise the limit of the cgroup" "$tmp/out")"
	inventory not-needed
	rm "$dir"/cuda-memory-*
	inspect --restorable
	same 'too little memory for what has no GPU' "3|verdict  $cannot memory" \
		"$status|$(tail -n 1 "$tmp/out")"
}

# Files that are not good are 1, whatever the machine is.
test_files() {
	again='copy it again from where it is good, or dump again'
	end='wait for the end of the dump, or of the copy; if there is none under way, copy it or dump again'
	none='it is not there: this is no complete dump' whole='copy all of the directory, or dump again'

	new_stage
	: >"$dir/cuda-memory-12.img.part"
	judges 'an image that was never finished' 1 "$cannot images" \
		"error    images: cuda-memory-12.img.part: it was never finished: its writer is still at work, or was killed; $end"
	valid_json 'an image that was never finished' error
	new_stage
	truncate -s -1 "$dir/cuda-memory-4711.img"
	judges 'an image that is cut' 1 "$cannot images" \
		"error    images: cuda-memory-4711.img: it is not complete: 204799 bytes; $end"
	head -c 8192 /dev/zero >"$dir/cuda-memory-4711.img"
	judges 'an image that is damaged' 1 "$cannot images" \
		"error    images: cuda-memory-4711.img: it is no GPU memory image; $again"
	rm "$dir/inventory.img"
	judges 'two files' 1 "$cannot images" \
		"error    images: inventory.img: $none; and other files: 1; $whole"
	new_stage
	inventory with-images
	judges 'an inventory that names its images' 0 "$can" \
		'ok       images: with GPU processes; images of GPU memory: 1'
	rm "$dir/cuda-memory-4711.img"
	judges 'the images are missing' 1 "$cannot images" \
		"error    images: inventory.img: it says that there are GPU memory images, and there is none; $whole"
	new_stage
	inventory not-needed
	judges 'images that a restore would leave out' 1 "$cannot images" \
		'error    images: inventory.img: it says that cuda_plugin is not needed, but there are GPU memory images: a restore would leave them out; take images of an earlier dump away, or dump again into an empty directory'
	new_dir
	judges 'an empty directory' 1 "$cannot images" "error    images: inventory.img: $none; $whole"
}

test_rights() {
	name='a user without rights learns whether root can'
	if ! setpriv --reuid=65534 --clear-groups test -x "$criu_cuda" 2>/dev/null; then
		skip "$name" 'not root, or others cannot come to the program'
		return
	fi
	new_stage
	rm "$dir"/cuda-memory-*
	inventory not-needed
	chmod 755 "$tmp" "$dir"
	chmod 644 "$dir"/*
	same "$name" "0|verdict  ${but}criu check, rights" \
		"$(PATH=$bin:$system_path setpriv --reuid=65534 --clear-groups --inh-caps=-all \
			"$criu_cuda" inspect --restorable "$dir" >"$tmp/out"
			echo "$?|$(tail -n 1 "$tmp/out")")"
}

# Others see warnings at the end of all.
if [ "$(id -u)" -ne 0 ]; then
	echo '1..0 # SKIP not root'
	exit 77
fi
start_gpu
test_good
test_without_gpu
test_criu
test_plugin
test_utility
test_driver
test_dump_driver
test_memory
test_files
test_rights
finish
