#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# criu-cuda watch: what it shows of a dump and a restore, in steps that the test makes, and
# of a real dump of a program on the simulated GPU, by a stock CRIU where there is one.
#
# Needs build/ with the products, the simulated GPU, test/apps and test/criu-cuda; BUILD
# names another. Prints TAP.
# shellcheck disable=SC2154  # what stage.sh sets

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../utility/tap.sh"
# shellcheck source=/dev/null
. "$here/../utility/stage.sh"
criu_cuda=$build/criu-cuda/criu-cuda
mkdir "$tmp/bin" "$tmp/images" "$tmp/empty"
ln -s "$build/test/criu-cuda/work-slowly" "$tmp/bin/criu"
ln -s "$utility" "$tmp/bin/cuda-checkpoint"
mkfifo "$tmp/steps"

# One that is at work, and does a step for each line that it gets. What it prints goes to a
# file that is called a log, too.
begin_work() { # dump|restore [LINE]
	"$tmp/bin/criu" "$1" "$tmp/images" 4711 4 ${2+"$2"} <"$tmp/steps" \
		>"$tmp/out.log" 2>"$tmp/err" &
	criu=$!
	pids="$pids $criu"
	exec 3>"$tmp/steps"
}

step() { # [WORD]
	echo "${1-}" >&3
}

end_work() {
	exec 3>&-
	wait "$criu" 2>/dev/null
}

begin_watch() { # WHAT [OPTION]...
	: >"$tmp/watch"
	timeout -k 1 60 "$criu_cuda" watch --interval 1 "$@" >"$tmp/watch" 2>"$tmp/watch.err" 3>&- &
	watch=$!
	pids="$pids $watch"
}

# The watch ends by itself.
ends() { # NAME STATUS LAST
	wait "$watch"
	same "$1" "$2|$3|" "$?|$(tail -n 1 "$tmp/watch")|$(cat "$tmp/watch.err")"
}

shows() { # NAME REGEX
	await "$1" grep -qE -- "$2" "$tmp/watch"
}

image=cuda-memory-4711.img

test_steps() {
	begin_work dump "pid 4711: the driver is at its checkpoint for 5 s"
	await 'an image is begun' test -s "$tmp/images/$image.part"
	begin_watch "$tmp/images"
	shows 'nothing of a dump is written yet' \
		"^dump, CRIU $criu: $image.part: 0.0 % of 256.0 KiB of GPU memory written$"
	step
	shows 'a share, a speed, and what is left' \
		"^dump, CRIU $criu: $image.part: 25.0 % of 256.0 KiB of GPU memory written, [0-9.]* [KM]iB/s, 0:[0-9]* left$"
	step
	shows 'zeros, which are in no file, count too' "$image.part: 50.0 % of 256.0 KiB"
	step
	step
	shows 'afterwards the log, with a time' \
		"^dump, CRIU $criu: [0-9]* s; the log: pid 4711: the driver is at its checkpoint for 5 s$"
	head -c 1M /dev/zero >"$tmp/images/pages-1.img"
	sleep 1.5
	head -c 1M /dev/zero >>"$tmp/images/pages-1.img"
	shows 'what CRIU writes' \
		"^dump, CRIU $criu: [0-9]* s, 2.0 MiB in CRIU's own images of memory, [0-9.]* [KM]iB/s; the log: "
	step
	ends 'a dump that ends well' 0 'ended: all went well'
	end_work

	before=$(cd "$tmp/images" && stat -c '%n %s %Y %Z' -- *)
	begin_work restore
	await 'a restore begins' test -e "$tmp/images/restore.log"
	begin_watch "$criu"
	shows 'the directory of a CRIU is found' "^restore, CRIU $criu: [0-9]* s"
	step
	shows 'how much is put back' \
		"^restore, CRIU $criu: $image: 25.0 % of 256.0 KiB of GPU memory put back"
	step fail
	ends 'a restore that fails' 1 "failed: CRIU's log says why"
	end_work
	same 'the images are as they were' "$before" \
		"$(cd "$tmp/images" && stat -c '%n %s %Y %Z' -- cuda* dump.log pages*)"
}

test_terminal() {
	command -v script >/dev/null || {
		skip 'on a terminal there is a bar' 'there is no script(1)'
		return
	}
	rm -f "$tmp/images"/*
	begin_work dump
	await 'an image is begun' test -s "$tmp/images/$image.part"
	step
	step
	script -qec "stty columns 60; exec timeout -k 1 60 '$criu_cuda' watch '$tmp/images'" /dev/null \
		>"$tmp/watch" 2>"$tmp/watch.err" </dev/null 3>&- &
	watch=$!
	pids="$pids $watch"
	shows 'on a terminal there is a bar' \
		'pid 4711: \[##########----------\] 50.0 % of 256.0 KiB'
	step
	shows 'which is drawn again' '\[###############-----\] 75.0 % of 256.0 KiB'
	step
	step
	wait "$watch"
	same 'in one line' 1 "$(wc -l <"$tmp/watch")"
	same 'that fits' 0 "$(tr '\r' '\n' <"$tmp/watch" | sed "s/$(printf '\033')\[K//" | grep -c '.\{60\}')"
	end_work
}

test_ends() {
	rm -f "$tmp/images"/*
	begin_work dump
	await 'an image is begun' test -s "$tmp/images/$image.part"
	begin_watch "$tmp/images"
	shows 'it is at work' "^dump, CRIU $criu: "
	end_work # without a word
	ends 'one that was killed' 3 'ended; no log says how'

	begin_work guard
	begin_watch "$tmp/images"
	shows 'a guardian that is at work' "^CRIU has ended, its guardian $criu has not: [0-9]* s$"
	end_work
	ends 'until it has ended' 3 'ended; no log says how'

	rm -f "$tmp/images"/*
	begin_work dump "pid 4711: a$(printf '\033')[2Jb"
	await 'an image is begun again' test -s "$tmp/images/$image.part"
	for _ in 1 2 3 4; do
		step
	done
	begin_watch "$tmp/images"
	shows 'what the log says harms no terminal' '; the log: pid 4711: a[?]\[2Jb$'
	step
	ends 'it ends' 0 'ended: all went well'
	end_work
}

refuses() { # NAME REASON ARGUMENT...
	name=$1 wanted="2||criu-cuda: $2"
	shift 2
	timeout -k 1 60 "$criu_cuda" watch "$@" >"$tmp/out" 2>"$tmp/err"
	same "$name" "$wanted" "$?|$(cat "$tmp/out")|$(cat "$tmp/err")"
}

test_nothing_to_watch() {
	refuses 'a directory that nobody works on' \
		"$tmp/empty: no CRIU that can be seen is at work on it" "$tmp/empty"
	refuses 'no directory' "$tmp/none: No such file or directory" "$tmp/none"
	refuses 'a process that nobody works on' "$$: nobody is at work on this process" $$
	refuses 'no process' '2147483647: No such process' 2147483647
}

test_by_hand() {
	start_app CUDA_SIM_CHECKPOINT=delay=6000 "$build/test/apps/counter"
	does lock
	LD_LIBRARY_PATH=$library CUDA_SIM_SOCKET=$tmp/gpu "$tmp/bin/cuda-checkpoint" \
		--action checkpoint --pid "$app" &
	hand=$!
	pids="$pids $hand"
	begin_watch "$app"
	shows 'what is done by hand has a time, and memory that grows' \
		"^cuda-checkpoint on pid $app: [0-9]* s, it has [0-9.]* MiB of host memory, which grows by 0 B/s$"
	ends 'until it has ended, which no log tells' 3 'ended; no log says how'
	wait "$hand"
	is checkpointed
	stop "$app"
}

# The newest that is there.
find_criu() {
	for version in 4.3 4.2.1 4.1.1; do
		stock=$here/../../build/criu/$version/criu
		[ ! -x "$stock" ] || return 0
	done
	return 1
}

test_real_dump() {
	if ! find_criu || [ "$(id -u)" -ne 0 ]; then
		skip 'a real dump is watched' 'there is no CRIU, or no root for it'
		return
	fi
	if nm -D "$build/plugins/cuda/cuda_plugin.so" | grep -q __asan_init; then
		skip 'a real dump is watched' 'stock CRIU loads no plugin with sanitizers'
		return
	fi
	rm -rf "$tmp/images"
	mkdir "$tmp/images"
	setsid env LD_LIBRARY_PATH="$sim" CUDA_SIM_SOCKET="$tmp/gpu" CUDA_SIM_CHECKPOINT=delay=7000 \
		"$build/test/apps/counter" --mib 96 </dev/null >"$tmp/app.out" 2>"$tmp/app.err" &
	app=$!
	pids="$pids $app"
	await 'a program counts' grep -q ^count "$tmp/app.out"
	LD_LIBRARY_PATH=$sim CUDA_SIM_SOCKET=$tmp/gpu \
		CRIU_CUDA_PLUGIN_OPTIONS="force,cuda-checkpoint=$utility" \
		"$stock" dump --tree "$app" --images-dir "$tmp/images" --log-file dump.log -v4 \
		--libdir "$build/plugins/cuda" </dev/null >"$tmp/criu.out" 2>&1 &
	criu=$!
	pids="$pids $criu"
	# By the directory, and by the root of the tree.
	timeout -k 1 60 "$criu_cuda" watch "$app" >"$tmp/by-pid" 2>&1 &
	by_pid=$!
	pids="$pids $by_pid"
	begin_watch "$tmp/images"
	said="pid $app: the driver is at its checkpoint for [5-9] s: host memory for 0 % of [0-9]* MiB of GPU memory populated, 0 MiB/s"
	await 'CRIU begins' test -e "$tmp/images/dump.log"
	await 'the log says what the driver does' grep -qE "cuda_plugin: $said$" "$tmp/images/dump.log"
	shows 'so does who watches' "^dump, CRIU $criu: [0-9]* s; the log: $said$"
	ends 'until the end' 0 'ended: all went well'
	wait "$by_pid"
	same 'by the pid of the program it is the same' "0|ended: all went well" \
		"$?|$(tail -n 1 "$tmp/by-pid")"
	wait "$criu"
	same 'the dump has succeeded' "0" "$?"
	same 'with its image' "$tmp/images/cuda-memory-$app.img" "$(echo "$tmp/images"/cuda-memory-*)"
}

start_gpu
test_steps
test_terminal
test_ends
test_nothing_to_watch
test_by_hand
test_real_dump
finish
