#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# criu-cuda doctor on a machine that is made up of programs on PATH, the simulated driver
# and the real plugin.
#
# Needs build/ with the products, the simulated GPU and test/apps; BUILD names another.
# Prints TAP.
# shellcheck disable=SC2034,SC2154  # what machine.sh uses, and what stage.sh sets

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../utility/tap.sh"
# shellcheck source=/dev/null
. "$here/../utility/stage.sh"
# shellcheck source=/dev/null
. "$here/machine.sh"

# $status, $tmp/out and $tmp/err.
doctor() { # [ARGUMENT]...
	there doctor --libdir "$plugins" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# The doctor says LINE, and its exit status.
says() { # NAME STATUS LINE [ARGUMENT]...
	name=$1 wanted=$2 line=$3
	shift 3
	doctor "$@"
	if [ "$status" -ne "$wanted" ]; then
		fail "$name" "status $status: $(cat "$tmp/out" "$tmp/err")"
	elif [ -s "$tmp/err" ] || ! grep -qxF "$line" "$tmp/out"; then
		fail "$name" "wanted: $line
$(cat "$tmp/out" "$tmp/err")"
	else
		pass "$name"
	fi
}

left='a dump leaves it so; criu-cuda recover brings it back to running'

# --json says the same, in one line, and that is a JSON value.
valid_json() { # NAME [ARGUMENT]...
	name=$1
	shift
	doctor "$@"
	lines=$(wc -l <"$tmp/out")
	doctor --json "$@"
	same "$name: its JSON is valid and has a check for each line" "1||$lines" \
		"$(wc -l <"$tmp/out")|$(awk -f "$here/no-json.awk" "$tmp/out")|$(
			grep -o '"check":' "$tmp/out" | wc -l)"
}

test_good() {
	new_machine
	if [ "$(id -u)" -ne 0 ]; then
		skip 'a machine that is as it should be' 'not root'
		return
	fi
	says 'a good machine: CRIU' 0 'ok       criu: version 4.2.1'
	says 'a good machine: CRIU takes the plugin' 0 \
		"ok       plugin: $plugins/cuda_plugin.so, which CRIU 4.2 takes"
	says 'a good machine: the driver' 0 'ok       library: the driver answers by the utility'
	same 'nothing is wrong' 0 "$(grep -cv '^ok ' "$tmp/out")"
	valid_json 'a good machine'
	same 'the JSON says that all is well' 1 "$(grep -c \
		'^{"format":1,"pid":null,"verdict":"ok","checks":\[{"check":' "$tmp/out")"
}

# Each thing that can be wrong, one after the other.
test_wrong() {
	new_machine
	program criu <<'END'
echo 'Version: 3.17.1'
END
	says 'a CRIU that is too old' 1 \
		'error    criu: version 3.17.1 has no hooks for GPUs; install CRIU 4.0 or newer'
	program criu <<'END'
exec sleep 100
END
	says 'a CRIU that hangs' 1 \
		'error    criu: criu --version fails: no answer in 10000 ms; install CRIU 4.0 or newer'

	new_machine
	rm "$bin/cuda-checkpoint"
	options=force=on,cuda-checkpoint=$bin/none
	says 'no utility' 1 \
		"error    utility: there is no \"$bin/none\"; put cuda-checkpoint on PATH, or name it with the option cuda-checkpoint"
	valid_json 'no utility'

	new_machine
	library=$sim/old
	doctor
	same 'a driver library without checkpoints' '1|1' \
		"$status|$(grep -c '^error    library: the driver does not answer by the utility: ' \
			"$tmp/out")"
	library=$tmp
	doctor
	same 'no driver library' '1|1' \
		"$status|$(grep -c '^error    library: .*libcuda.so.1' "$tmp/out")"
	library=$sim

	options=force=perhaps
	doctor
	same 'options that make no sense' '1|1' \
		"$status|$(grep -c '^error    options: CRIU_CUDA_PLUGIN_OPTIONS: .*perhaps' "$tmp/out")"
	if [ ! -e /proc/driver/nvidia ]; then
		options=
		says 'no GPU' 1 'error    GPUs: there is none in /proc/driver/nvidia/gpus; only processes without CUDA can be dumped and restored here'
	else
		skip 'no GPU' 'this machine has one'
	fi
}

test_plugin() {
	new_machine
	mkdir "$tmp/plugins"
	line="error    plugin: there is no cuda_plugin.so in $tmp/plugins; install it there, or give criu, and criu-cuda, --libdir with the directory that has it"
	says 'no plugin' 1 "$line" --libdir "$tmp/plugins"
	head -c 5000 "$plugins/cuda_plugin.so" >"$tmp/plugins/cuda_plugin.so"
	says 'a plugin that is cut' 1 \
		"error    plugin: $tmp/plugins/cuda_plugin.so: it is no plugin for CRIU: it has no CR_PLUGIN_DESC; install the plugin again" \
		--libdir "$tmp/plugins"
	cp "$sim/libcuda.so.1" "$tmp/plugins/cuda_plugin.so"
	says 'a library that is no plugin' 1 \
		"error    plugin: $tmp/plugins/cuda_plugin.so: it is no plugin for CRIU: it has no CR_PLUGIN_DESC; install the plugin again" \
		--libdir "$tmp/plugins"
	rm "$tmp/plugins/cuda_plugin.so"
	mkfifo "$tmp/plugins/cuda_plugin.so"
	says 'a FIFO' 1 \
		"error    plugin: $tmp/plugins/cuda_plugin.so: it is no regular file; install the plugin again" \
		--libdir "$tmp/plugins"
}

# What CRIU itself says, of each version that is here.
test_stock_criu() {
	for criu in "$here"/../../build/criu/*/criu; do
		version=$(basename "$(dirname "$criu")")
		if [ ! -x "$criu" ]; then
			skip 'a stock CRIU' 'there is none: scripts/get-criu brings one'
			return
		fi
		new_machine
		ln -sf "$criu" "$bin/criu"
		doctor
		same "CRIU $version takes the plugin" 1 "$(grep -c \
			"^ok       plugin: .*/cuda_plugin.so, which CRIU $(echo "$version" | cut -d . -f 1,2) takes" "$tmp/out")"
	done
}

test_rights() {
	name='a user without rights'
	if ! setpriv --reuid=65534 --clear-groups test -x "$criu_cuda" 2>/dev/null; then
		skip "$name" 'not root, or others cannot come to the program'
		return
	fi
	same "$name" \
		'error    rights: user 65534 lacks CAP_SYS_PTRACE: neither CRIU nor the utility may work on processes of others; run CRIU, and criu-cuda, as root' \
		"$(setpriv --reuid=65534 --clear-groups --inh-caps=-all "$criu_cuda" doctor |
			grep '  rights: ')"
}

# A process that is looked at has its line.
of_process() { # NAME STATUS LINE
	says "$1" "$2" "$3" --pid "$app"
}

test_process() {
	new_machine
	start_app "$build/test/apps/counter"
	of_process 'a CUDA process' 0 "ok       tree: pid $app and 0 below it; with CUDA: $app"
	of_process 'it runs' 0 "ok       state: pid $app is running"
	of_process 'its restore thread' 0 'ok       restore threads: each has its own'
	same 'its memory is known' 1 \
		"$(grep -c '^ok       memory needed: .* MiB of GPU memory, and there is room' "$tmp/out")"
	valid_json 'a CUDA process' --pid "$app"
	same 'the JSON names it' 1 "$(grep -c "^{\"format\":1,\"pid\":$app," "$tmp/out")"

	does lock
	of_process 'a process that is locked is a warning' 0 \
		"warning  state: pid $app is locked; $left"
	does checkpoint
	of_process 'one that is checkpointed is one' 0 \
		"warning  state: pid $app is checkpointed; $left"
	is checkpointed
	does restore
	does unlock

	kill -STOP "$app"
	await 'it stops' grep -q '^State:.T' "/proc/$app/status"
	of_process 'one that is stopped is an error' 1 \
		"error    in whose hands: pid $app is stopped; continue it: kill -CONT"
	kill -CONT "$app"
	rm "$bin/cuda-checkpoint"
	doctor --pid "$app"
	same 'without the utility its state is not asked for' 0 "$(grep -c '  state: ' "$tmp/out")"
}

test_failed() {
	new_machine
	start_app CUDA_SIM_GET_STATE=fail=999 "$build/test/apps/counter"
	doctor --pid "$app"
	same 'a process that cannot be asked is an error' '1|1' \
		"$status|$(grep -c "^error    state: pid $app cannot be asked: Error getting" "$tmp/out")"
}

test_no_cuda() {
	new_machine
	sleep 1000 &
	pids="$pids $!"
	app=$!
	of_process 'a process without CUDA' 0 "ok       tree: pid $app and 0 below it; with CUDA: none"
	same 'no more is said of it' 1 "$(sed -n '/ tree: /,$p' "$tmp/out" | wc -l)"
	stop "$app"
	of_process 'a process that has ended' 1 "error    tree: there is no process $app; see ps for its pid"
}

test_cannot_write() {
	new_machine
	for word in '' --json; do
		# shellcheck disable=SC2086  # nothing, or a word
		"$criu_cuda" doctor $word >/dev/full 2>"$tmp/err"
		same "doctor $word to a full disk" \
			'2|criu-cuda: what was found cannot be printed: No space left on device' \
			"$?|$(cat "$tmp/err")"
	done
}

start_gpu
test_good
test_wrong
test_plugin
test_stock_criu
test_rights
test_process
test_failed
test_no_cuda
test_cannot_write
finish
