# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# GPU memory in images of its own, cuda-memory-PID.img. As scenarios.sh; needs it.

# MiB of GPU memory that go into such an image, and that do not.
LARGE=64
SMALL=32

# memory_options OPTION,...: of the plugin, besides those it has.
memory_options() {
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,$1
}

# start_large [OPTION...]: a counter; sets MEMORY, its image.
start_large() {
	app_start counter --mib $LARGE --interval 50 "$@"
	MEMORY=$IMAGES/cuda-memory-$APP.img
}

# mib_of FILE...: the size of all together.
mib_of() {
	cat "$@" | wc -c | awk '{ print int($1 / 1048576) }'
}

has_image() {
	[ -f "$MEMORY" ] || fail "there is no ${MEMORY##*/}"
	criu_said dump.log "MiB of GPU memory written"
	image_needs_images || fail "any plugin may restore it"
}

# Nor one that is unfinished.
has_no_image() {
	for file in "$IMAGES"/cuda-memory-*; do
		[ ! -e "$file" ] || fail "there is ${file##*/}"
	done
}

# put_back LOG: its memory came out of the image.
put_back() {
	grep -q "cuda_plugin: pid $APP: [0-9]* MiB of GPU memory put back in" "$IMAGES/$1" ||
		fail "$1 does not say that its memory was put back"
}

dump_of_large() {
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
}

restored_goes_on() {
	criu_restore || fail "the restore failed"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# --- what is to be where ----------------------------------------------------------------

memory_has_its_own_image() {
	memory_options "stats=$WORK/stats"
	start_large
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,memory-image=off criu_dump "$APP" --leave-running ||
		fail "the dump without such images failed"
	has_no_image
	whole=$(mib_of "$IMAGES"/pages-*.img)
	app_goes_on "$OUT"

	dump_of_large

	has_image
	pages=$(mib_of "$IMAGES"/pages-*.img) memory=$(mib_of "$MEMORY")
	[ "$memory" -ge $LARGE ] || fail "${MEMORY##*/} has $memory MiB"
	[ $((pages + LARGE)) -le "$whole" ] || fail "CRIU's own have $pages MiB; $whole without it"
	restored_goes_on
	put_back restore.log
	for step in write fill; do
		grep -q "\"$step\":{\"begin_ms\":[0-9.]*,\"ms\":[0-9.]*}" "$WORK/stats" ||
			fail "the statistics have no $step: $(cat "$WORK/stats")"
	done
}

memory_stays_with_criu() {
	memory_options "memory-image=$1"
	app_start counter --mib "$2"
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"

	has_no_image
	! image_needs_images || fail "only this plugin may restore it"
	[ "$(mib_of "$IMAGES"/pages-*.img)" -ge "$2" ] || fail "CRIU has not written it either"
	restored_goes_on
}

memory_is_compressed() {
	memory_options memory-compression=zstd
	start_large --alike 6

	dump_of_large

	has_image
	memory=$(mib_of "$MEMORY")
	[ $((memory * 2)) -le $LARGE ] || fail "${MEMORY##*/} has $memory MiB"
	restored_goes_on
	put_back restore.log
}

# Somebody checkpointed it before, and nobody has seen where its memory went.
memory_checkpointed_by_hand() {
	start_large
	cuda_action lock "$APP"
	cuda_action checkpoint "$APP"

	dump_of_large

	has_no_image
	restored_goes_on
}

# What a dump has made is read whatever a restore would make.
memory_image_is_read_unasked() {
	start_large
	dump_of_large
	has_image
	memory_options memory-image=off

	restored_goes_on
	put_back restore.log
}

# --- the program lives on ---------------------------------------------------------------

# memory_of_one_left running|stopped: it has its memory, and the image is one of then.
memory_of_one_left() {
	start_large
	export OUT

	criu_dump "$APP" "--leave-$1" --action-script "${top:?}/test/system/keep-output" ||
		fail "the dump failed"

	has_image
	put_back dump.log
	[ "$1" = running ] || app_stands_still "$OUT"
	kill -CONT "$APP"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
	cat "$OUT.then" >"$OUT"
	restored_goes_on
	put_back restore.log
}

# --- all of a tree -----------------------------------------------------------------------

# most_at_once LOG: so many buffers there were at a time.
most_at_once() {
	awk '/ its buffer of / { now++ } / of GPU memory written, / { now-- }
		now > most { most = now } END { print most + 0 }' "$IMAGES/$1"
}

# watch_memory PID...: in the background, by WATCH, note the KiB that they have together. Each
# is looked at twice in a round, and the less counts: what one has given up before another
# got its own is not seen as if both had theirs at once.
watch_memory() {
	files=$(printf '/proc/%s/status ' "$@")
	# shellcheck disable=SC2086  # names without blanks
	while sleep 0.01; do
		cat $files $files 2>/dev/null | awk '
			/^Pid:/ { pid = $2 }
			/^RssAnon:/ && pid in first { kib += $2 < first[pid] ? $2 : first[pid] }
			/^RssAnon:/ { first[pid] = $2 }
			END { print kib + 0 }'
	done >"$WORK/kib" &
	WATCH=$!
	trap 'kill "$WATCH" 2>/dev/null || :' EXIT
}

# watch_ends: MOST is the most that they had, in MiB.
watch_ends() {
	kill "$WATCH"
	wait "$WATCH" || :
	MOST=$(sort -n "$WORK/kib" | tail -n 1)
	MOST=$((MOST / 1024))
}

start_large_tree() {
	rm -rf "$WORK/tree"
	mkdir -p "$WORK/tree"
	app_start tree --cuda 4 --plain 1 --mib $LARGE --dir "$WORK/tree"
	for file in "$WORK"/tree/*; do
		app_counts "$file" 1 || fail "$file does not count"
	done
	MEMBERS=$(for file in "$WORK"/tree/cuda-*; do app_child "$file"; done)
}

tree_goes_on() {
	for file in "$WORK"/tree/*; do
		app_goes_on "$file"
	done
}

tree_has_images() {
	for pid in $MEMBERS; do
		[ -f "$IMAGES/cuda-memory-$pid.img" ] || fail "there is no cuda-memory-$pid.img"
	done
}

memory_of_a_tree() {
	start_large_tree

	criu_dump "$APP" || fail "the dump failed"

	criu_dumped_is_gone || fail "the programs are still there after the dump"
	tree_has_images
	criu_restore || fail "the restore failed"
	tree_goes_on
	app_stop
}

# Host memory that has room for one at a time.
sim_memory_in_waves() {
	start_large_tree
	memory_options "host-memory=$((LARGE + 20))M"

	# shellcheck disable=SC2086  # numbers
	watch_memory $MEMBERS
	criu_dump "$APP" --leave-running || fail "the dump that leaves it running failed"
	tree_goes_on
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the programs are still there after the dump"
	criu_restore || fail "the restore failed"
	watch_ends

	tree_has_images
	most=$(most_at_once dump.log)
	[ "$most" -eq 1 ] || fail "$most processes had their memory in the host's at once"
	[ "$MOST" -ge $LARGE ] || fail "nobody has seen a buffer: $MOST MiB at most"
	[ "$MOST" -lt $((2 * LARGE)) ] || fail "they had $MOST MiB at once"
	tree_goes_on
	app_stop
}

# --- pids, and many times ---------------------------------------------------------------

# A pid namespace of its own, in which it is pid 1.
sim_memory_of_one_in_a_namespace() {
	unshare --pid --fork true 2>/dev/null || skip "no pid namespace can be made here"
	OUT=$WORK/inner.out
	unshare --pid --fork setsid "$BUILD/test/apps/counter" --mib $LARGE \
		</dev/null >"$OUT" 2>/dev/null &
	outer=$!
	app_counts "$OUT" 1 || fail "it did not start"
	read -r APP <"/proc/$outer/task/$outer/children" || : # no newline at its end

	criu_dump "$APP" || fail "the dump failed"

	MEMORY=$IMAGES/cuda-memory-1.img
	has_image
	app_gone "$outer" || fail "the program is still there after the dump"
	criu_restore --pidfile "$WORK/inner.pid" || fail "the restore failed"
	read -r APP <"$WORK/inner.pid" || :
	put_back restore.log
	state_is "$APP" running
	app_goes_on "$OUT"
	kill -KILL "$APP"
}

# many_rounds NUMBER: the memory is another one in each, and checked in each.
many_rounds() {
	start_large --alike 4
	options=$PLUGIN_OPTIONS
	round=0
	while [ "$round" -lt "$1" ]; do
		round=$((round + 1))
		case $((round % 3)) in
		0) way='prefault=off' ;;
		1) way='memory-compression=zstd' ;;
		2) way='memory-threads=1' ;;
		esac
		PLUGIN_OPTIONS=$options,$way
		criu_dump "$APP" || fail "dump $round failed"
		criu_dumped_is_gone || fail "the program is still there after dump $round"
		criu_restore || fail "restore $round failed"
		put_back restore.log
		app_goes_on "$OUT"
	done
	app_stop
}

# scenarios_of_memory VERSION: on any GPU.
scenarios_of_memory() {
	tap_scenario "CRIU $1: GPU memory has an image of its own" memory_has_its_own_image
	tap_scenario "CRIU $1: GPU memory is compressed" memory_is_compressed
	tap_scenario "CRIU $1: GPU memory stays with CRIU if it is to" memory_stays_with_criu off $LARGE
	tap_scenario "CRIU $1: so does that of one checkpointed by hand" memory_checkpointed_by_hand
	tap_scenario "CRIU $1: an image is read unasked" memory_image_is_read_unasked
	for how in running stopped; do
		tap_scenario "CRIU $1: left $how, it has its GPU memory" memory_of_one_left $how
	done
	tap_scenario "CRIU $1: a tree of four with images" memory_of_a_tree
	tap_scenario "CRIU $1: three rounds with images" many_rounds 3
}

# scenarios_of_simulated_memory VERSION: there is no little memory on a real GPU, where CUDA's own
# has some 500 MB.
scenarios_of_simulated_memory() {
	tap_scenario "CRIU $1: little GPU memory stays with CRIU" memory_stays_with_criu on $SMALL
	tap_scenario "CRIU $1: a tree of four in waves" sim_memory_in_waves
	tap_scenario "CRIU $1: an image has the inner pid" sim_memory_of_one_in_a_namespace
}

# scenarios_of_many_rounds VERSION
scenarios_of_many_rounds() {
	tap_scenario "CRIU $1: ${ROUNDS:-100} rounds with images" many_rounds "${ROUNDS:-100}"
}
