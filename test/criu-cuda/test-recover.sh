#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# criu-cuda recover over the simulated GPU: processes that were left on each rung, with
# their GPU memory and without it, come back to running, or are left alone.
#
# Needs build/ with the products, the simulated GPU, test/apps and test/criu-cuda; BUILD
# names another. Prints TAP.
# shellcheck disable=SC2154  # what stage.sh sets

# No CRIU of others is seen there.
if [ -z "${APART-}" ]; then
	if ! unshare --pid --fork --mount-proc true 2>/dev/null; then
		echo '1..0 # SKIP a pid namespace cannot be made here'
		exit 0
	fi
	APART=1 exec unshare --pid --fork --kill-child --mount-proc "$0"
fi

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../utility/tap.sh"
# shellcheck source=/dev/null
. "$here/../utility/stage.sh"
criu_cuda=$build/criu-cuda/criu-cuda
mkdir "$tmp/bin" "$tmp/images" "$tmp/empty"
ln -s "$utility" "$tmp/bin/cuda-checkpoint"

# "status|stdout|stderr" of criu-cuda recover.
recovered() { # ARGUMENT...
	PATH=$tmp/bin:$PATH LD_LIBRARY_PATH=$library CUDA_SIM_SOCKET=$tmp/gpu \
		timeout -k 1 60 "$criu_cuda" recover "$@" >"$tmp/out" 2>"$tmp/err"
	echo "$?|$(cat "$tmp/out")|$(cat "$tmp/err")"
}

recovers() { # NAME STATUS STDOUT STDERR ARGUMENT...
	name=$1 wanted="$2|$3|$4"
	shift 4
	same "$name" "$wanted" "$(recovered "$@")"
}

start_criu() { # WORD...
	"$tmp/bin/criu" "$@" &
	criu=$!
	pids="$pids $criu"
	await "criu $* is at work" grep -qx criu "/proc/$criu/comm"
}

# The program counts on; it checks its memory at each step.
counts_on() {
	before=$(wc -l <"$tmp/app.out")
	for _ in $(seq 200); do
		[ "$(wc -l <"$tmp/app.out")" -gt $((before + 2)) ] && break
		sleep 0.05
	done
	at_most 'it counts on, its memory right at each step' $((before + 1)) \
		"$(grep -c ^count "$tmp/app.out")"
}

test_rungs() {
	start_app "$build/test/apps/counter"
	recovers 'a process that runs is left alone' 0 "pid $app: it is running" '' --pid "$app"
	does lock
	recovers 'one that is locked runs again' 0 \
		"pid $app: it was locked, and is running again" '' --pid "$app"
	is running
	does lock
	does checkpoint
	recovers 'one that is checkpointed runs again' 0 \
		"pid $app: it was checkpointed, and is running again" '' --pid "$app"
	counts_on
}

test_in_the_hands_of_others() {
	start_app "$build/test/apps/counter"
	does lock
	kill -STOP "$app"
	await 'it stops' grep -q '^State:.T' "/proc/$app/status"
	recovers 'one that is stopped is left alone' 1 '' \
		"criu-cuda: pid $app: it is stopped; continue it (kill -CONT) and try again" \
		--pid "$app"
	kill -CONT "$app"

	# By its own root, by none, and by that of another tree.
	printf '#!/bin/sh\nwhile :; do sleep 1; done\n' >"$tmp/bin/criu"
	chmod +x "$tmp/bin/criu"
	for words in "dump -t $app" "dump --tree=$app -D /x" 'swrk 3'; do
		# shellcheck disable=SC2086  # several words
		start_criu $words
		recovers "one that criu $words may have in its hands is left alone" 1 '' \
			"criu-cuda: pid $app: a CRIU is at work, pid $criu, and may have it in its hands: wait for its end, and try again" \
			--pid "$app"
		stop "$criu"
	done
	is locked
	start_criu dump -t $$
	same 'so may one that dumps a process above it' 1 \
		"$(recovered --pid "$app" | cut -d '|' -f 1)"
	stop "$criu"
	sleep 1000 &
	other=$!
	pids="$pids $other"
	start_criu dump -t $other
	recovers 'one that a CRIU dumps elsewhere does not hold it up' 0 \
		"pid $app: it was locked, and is running again" '' --pid "$app"
	stop "$criu"
}

test_offloaded() {
	start_app "$build/test/apps/counter" --mib 100
	does lock
	does checkpoint
	"$build/test/criu-cuda/offload" "$app" "$tmp/images" 2>"$tmp/err" ||
		bail_out "offload fails: $(cat "$tmp/err")"
	recovers 'one whose GPU memory is in an image is left alone' 1 '' \
		"criu-cuda: pid $app: its GPU memory is in an image of its own, without which the driver would restore zeros: name the directory of its dump with --images" \
		--pid "$app"
	is checkpointed
	same 'so it is with a directory that has no image of it' '1|' \
		"$(recovered --pid "$app" --images "$tmp/empty" | cut -d '|' -f 1,2)"
	same 'which is said' 1 "$(grep -c "criu-cuda: pid $app: the image of its GPU memory cannot be read: " "$tmp/err")"
	recovers 'no directory at all' 2 '' \
		"criu-cuda: $tmp/none: No such file or directory" --pid "$app" --images "$tmp/none"
	is checkpointed
	recovers 'with its image it is filled, and runs again' 0 \
		"pid $app: it was checkpointed, and is running again" '' --pid "$app" --images "$tmp/images"
	counts_on
}

test_tree() {
	sh -c 'for i in 1 2; do "$@" >"$0/tree.$i" & done; wait' "$tmp" \
		env LD_LIBRARY_PATH="$sim" CUDA_SIM_SOCKET="$tmp/gpu" "$build/test/apps/counter" &
	root=$!
	pids="$pids $root"
	await 'two of a tree count' grep -qs ^count "$tmp/tree.1"
	await 'both' grep -qs ^count "$tmp/tree.2"
	members=$(cat "/proc/$root/task/$root/children")
	pids="$pids $members"
	for app in $members; do
		does lock
		does checkpoint
	done
	same 'a tree runs again' "0|2|" \
		"$(recovered --tree "$root" >/dev/null; echo "0|$(grep -c 'was checkpointed, and is running again' "$tmp/out")|$(cat "$tmp/err")")"
	for app in $members; do
		is running
	done
}

test_nobody() {
	sleep 1000 &
	pids="$pids $!"
	app=$!
	recovers 'a process without CUDA' 0 "pid $app: it does not use CUDA" '' --pid "$app"
	recovers 'a tree without CUDA' 0 "pid $app: nothing there uses CUDA" '' --tree "$app"
	stop "$app"
	recovers 'a process that has ended' 1 '' "criu-cuda: pid $app: there is no such process" --pid "$app"
	same 'a tree that has ended' '1||' \
		"$(recovered --tree "$app" | sed 's/criu-cuda: pid .*: there is no such process$//;s/cannot.*//')"
}

test_failing() {
	start_app CUDA_SIM_UNLOCK=fail=999@1 "$build/test/apps/counter"
	does lock
	same 'an unlock that fails is told' '1|' "$(recovered --pid "$app" | cut -d '|' -f 1,2)"
	same 'with the reason' 1 "$(grep -c "criu-cuda: pid $app: cannot unlock: Could not unlock" "$tmp/err")"
	is locked
	recovers 'and can be tried again' 0 "pid $app: it was locked, and is running again" '' --pid "$app"
}

start_gpu
test_rungs
test_in_the_hands_of_others
test_offloaded
test_tree
test_nobody
test_failing
finish
