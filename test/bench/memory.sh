# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Measure what becomes of GPU memory: with the options BASELINE, which leave it to the driver and
# CRIU, and with the options CANDIDATE, by turns on the same tree.
#
# Read after bench.sh, which has the variables; these mean something else, or are new:
#
#   CUDA=1                  numbers of processes, a tree each
#   MIB=256                 GPU memory of each, 64 at least: below the plugin leaves it to CRIU
#   ROUNDS=2, WARMUP=0
#   BASELINE=prefault=off,memory-image=off
#   ZEROS=50                once more, for one round, with so many percent of zeros; 0: no
#   WAVES=4                 dump so many processes that have as much memory as the largest tree,
#                           all at once and in waves; 0: no
#   COLD=yes                restore once more, in the first round, with nothing in the page cache
#   OPERATION_LIMIT=180     seconds that one run of CRIU, or one file of dd's, may take
#   JSON=build/bench-memory.json
#
# What is compared, and what is wanted of it, is in memory-report.awk. Before each restore the
# images are read once, so that they are in the page cache on both sides. What was written before
# is on disk when anything is timed. dd writes what cannot be compressed, while the tree is in its
# images and nothing else runs.

# bench.sh and this script use what the other sets.
# shellcheck disable=SC2034,SC2154
memory_settings() {
	CUDA=${CUDA:-1} OTHERS=0 MIB=${MIB:-256} ROUNDS=${ROUNDS:-2} WARMUP=${WARMUP:-0}
	BASELINE=${BASELINE-prefault=off,memory-image=off}
	ZEROS=${ZEROS:-50} WAVES=${WAVES:-4} COLD=${COLD:-yes}
	OPERATION_LIMIT=${OPERATION_LIMIT:-180}
	JSON=${JSON:-$BUILD/bench-memory.json}
	number MIB 64
	numbers CUDA 1
	number ZEROS 0
	number WAVES 0
	number OPERATION_LIMIT 1
	memory_mib=$(($(most_of "$CUDA") * MIB))
	FILL_MIB=${FILL_MIB:-$((memory_mib * 2 + 1024))}
	[ "$WAVES" -eq 0 ] || [ $((memory_mib / WAVES)) -ge 64 ] ||
		fail "WAVES: $memory_mib MiB is less than 64 for each of $WAVES"
	bench_settings
	[ "$ZEROS" -le 100 ] || fail "ZEROS: \"$ZEROS\" is no percentage"
}

# From now on CRIU does not run for ever. What it leaves then the guardian and reaper put right.
limit_criu() {
	cat >"$WORK/criu" <<-END
		#!/bin/sh
		timeout -k 5 $OPERATION_LIMIT "$CRIU" "\$@"
		status=\$?
		[ \$status -ne 124 ] && [ \$status -ne 137 ] ||
			echo "bench: CRIU takes more than $OPERATION_LIMIT s: ended" >&2
		exit \$status
	END
	chmod +x "$WORK/criu"
	CRIU=$WORK/criu
}

# measured WORD...: one figure of this round.
measured() {
	echo "$*" >>"$WORK/round"
}

# on_disk: all that was written to this file system.
on_disk() {
	timeout "$OPERATION_LIMIT" sync -f "$WORK"
}

# size_of PATTERN: MiB of the images with such names, as a number with decimals.
size_of() {
	find "$IMAGES" -name "$1" -printf '%s\n' |
		awk '{ bytes += $1 } END { printf "%.3f\n", bytes / 1048576 }'
}

read_images() {
	timeout "$OPERATION_LIMIT" cat "$IMAGES"/* >/dev/null || fail "cannot read the images"
}

# Only what is on disk can leave the page cache.
forget_images() {
	on_disk
	for image in "$IMAGES"/*; do
		dd if="$image" iflag=nocache count=0 status=none || fail "cannot drop $image from the page cache"
	done
}

# --- dd ---------------------------------------------------------------------------------
# 16 MiB at once; the files are whole numbers of these.
DD_BLOCK=16

# dd_prepare: what dd will write: random, and in the page cache.
dd_prepare() {
	seed_blocks=$((memory_mib < 1024 ? memory_mib / DD_BLOCK : 1024 / DD_BLOCK))
	dd if=/dev/urandom of="$WORK/seed" bs=${DD_BLOCK}M count=$seed_blocks iflag=fullblock \
		status=none || fail "no room in $WORK"
}

# dd_file BLOCKS FLAGS: write a file, and have it on disk.
dd_file() {
	at=0
	while [ "$at" -lt "$1" ]; do
		count=$(($1 - at < seed_blocks ? $1 - at : seed_blocks))
		[ $((at + count)) -eq "$1" ] && conversion=notrunc,fsync || conversion=notrunc
		# shellcheck disable=SC2086  # a flag, or none
		timeout "$OPERATION_LIMIT" dd if="$WORK/seed" of="$WORK/dd-file" bs=${DD_BLOCK}M \
			count=$count seek=$at conv=$conversion $2 status=none || return
		at=$((at + count))
	done
}

# dd_rate NAME FLAGS: MiB a second, of a file as big as the memory where there is room.
dd_rate() {
	blocks=$(df -Pk "$WORK" | awk -v want="$((cuda * MIB))" -v block="$DD_BLOCK" '
		NR == 2 { room = $4 / 2048; print int((room < want ? room : want) / block) }')
	[ "$blocks" -gt 0 ] || fail "no room for a file of dd's in $WORK"
	on_disk
	start=$(now_us)
	if dd_file "$blocks" "$2" 2>"$WORK/dd"; then
		took=$(($(now_us) - start))
		measured "$cell" candidate dd "$1" \
			"$(awk -v mib=$((blocks * DD_BLOCK)) -v us="$took" 'BEGIN { printf "%.1f", mib * 1e6 / us }')"
	else
		say "dd, $1: $(cat "$WORK/dd")"
	fi
	rm -f "$WORK/dd-file"
}

# --- a tree --------------------------------------------------------------------------------
# memory_dump SIDE OPTIONS
memory_dump() {
	rm -rf "$IMAGES"
	on_disk
	# shellcheck disable=SC2086  # a list of words
	timed "$1" "$2" dump criu_dump "$APP" -v2 ${CRIU_OPTIONS-}
	dump_start=$start
	on_disk
	echo "disk $(($(now_us) - dump_start))" |
		awk '{ printf "%s %.3f\n", $1, $2 / 1000 }' >>"$WORK/figures"
	tree_was_dumped
}

# note_images LABEL: after the figures of a dump.
note_images() {
	measured "$1" image "$(size_of 'cuda-memory-*.img')"
	measured "$1" criu-pages "$(size_of 'pages-*.img')"
}

# memory_restore SIDE OPTIONS
memory_restore() {
	on_disk
	# shellcheck disable=SC2086
	timed "$1" "$2" restore criu_restore -v2 ${CRIU_OPTIONS-}
	tree_goes_on
}

# As it was after the dump: no process, and the files as long as CRIU expects them.
tree_again() {
	app_stop
	criu_dumped_is_gone || fail "the tree does not end"
	for file in "$OUT" "$WORK"/tree/*; do
		cat "$WORK/then/${file##*/}" >"$file"
	done
}

# cold_restore SIDE OPTIONS
cold_restore() {
	rm -rf "$WORK/then"
	mkdir "$WORK/then"
	cp "$OUT" "$WORK"/tree/* "$WORK/then"
	forget_images
	memory_restore "$1" "$2"
	note_as "$cell $1 cold"
	tree_again
}

# memory_side SIDE OPTIONS NAME: one dump, and one restore or two.
# shellcheck disable=SC2154  # all_rounds sets turn
memory_side() {
	memory_dump "$1" "$2"
	note_as "$cell $1 dump"
	note_images "$cell $1 dump"
	if [ "$1" = candidate ]; then
		[ "$(size_of 'cuda-memory-*.img')" != 0.000 ] || fail "there is no image of GPU memory"
		[ "$zeros" -gt 0 ] || dd_rate direct oflag=direct
		[ "$zeros" -gt 0 ] || dd_rate fsync ""
	fi
	[ "$COLD" != yes ] || [ "$turn" -ne $((WARMUP + 1)) ] || cold_restore "$1" "$2"
	read_images
	memory_restore "$1" "$2"
	note_as "$cell $1 restore"
	# shellcheck disable=SC2154  # timed sets them
	say "$cuda CUDA, $zeros % zeros, $3, $1: dump $dump_ms ms, restore $restore_ms ms"
}

# memory_cell CUDA ZEROS
memory_cell() {
	cuda=$1 others=0 zeros=$2 cell="memory $1 $2" rounds=0
	if ! time_is_up; then
		start_tree "$cuda" 0 --zeros "$zeros"
		all_rounds memory_side
		app_stop
		rm -rf "$IMAGES"
	fi
	[ "$rounds" -gt 0 ] || echo "left-out $cuda CUDA, $zeros % zeros" >>"$WORK/measured"
}

# --- waves -----------------------------------------------------------------------------------
# host_memory PID...: MiB of host memory that they have together, but for files and shared memory.
host_memory() {
	for pid in "$@"; do
		cat "/proc/$pid/status" 2>/dev/null || : # it has ended
	done | awk '$1 == "RssAnon:" { kib += $2 } END { printf "%.1f\n", kib / 1024 }'
}

# watch_memory PID...: what they have, again and again, until the file "watching" is gone.
watch_memory() {
	while [ -e "$WORK/watching" ]; do
		host_memory "$@"
		sleep 0.01
	done >"$WORK/watched"
}

stop_watching() {
	rm -f "$WORK/watching"
	wait "$watcher"
	[ -s "$WORK/watched" ] || fail "the host memory was not watched"
}

# memory_wave WAY OPTIONS: a dump and a restore of the tree there is.
memory_wave() {
	way=$1 options=$2
	# shellcheck disable=SC2046  # pids
	set -- $(for file in "$WORK"/tree/cuda-*; do app_child "$file"; done)
	[ $# -eq "$cuda" ] || fail "$cuda CUDA processes, and the tree has $#"
	measured waves "$way" before "$(host_memory "$@")"
	: >"$WORK/watching"
	watch_memory "$@" &
	watcher=$!
	memory_dump "$way" "$options"
	stop_watching
	note_as "waves $way"
	note_images "waves $way"
	measured waves "$way" peak "$(sort -n "$WORK/watched" | tail -n 1)"
	memory_restore "$way" "$options"
	say "$cuda CUDA, $way: dump $dump_ms ms"
}

# Half of what all have: two waves, if they are alike.
wave_limit() {
	awk -v mib="$memory_mib" '
		$1 == "waves" && $3 == "bytes" { bytes = $4 }
		END { printf "%.0f\n", (bytes ? bytes : mib * 1048576) / 2 }' "$WORK/round"
}

# shellcheck disable=SC2034  # timed uses others
memory_waves() {
	if time_is_up; then
		echo "left-out waves" >>"$WORK/measured"
		return
	fi
	cuda=$WAVES others=0
	: >"$WORK/round"
	start_tree "$cuda" 0 --mib $((memory_mib / WAVES))
	memory_wave at-once "$CANDIDATE"
	limit=$(wave_limit)
	memory_wave in-waves "${CANDIDATE:+$CANDIDATE,}host-memory=$limit"
	measured waves in-waves limit "$(awk -v bytes="$limit" 'BEGIN { printf "%.1f", bytes / 1048576 }')"
	cat "$WORK/round" >>"$WORK/measured"
	app_stop
	rm -rf "$IMAGES"
}

# bench_memory GPU: measure, and say what came of it.
# shellcheck disable=SC2034,SC2154  # as in memory_settings
bench_memory() {
	OF_MEMORY=yes
	bench_begin "$1"
	limit_criu
	dd_prepare
	for cuda in $CUDA; do
		memory_cell "$cuda" 0
	done
	[ "$WAVES" -eq 0 ] || memory_waves
	ROUNDS=1 WARMUP=0
	[ "$ZEROS" -eq 0 ] || for cuda in $CUDA; do
		memory_cell "$cuda" "$ZEROS"
	done
	awk -v json="$JSON" -f "$bench/figures.awk" -f "$bench/memory-report.awk" "$WORK/measured" ||
		fail "no figures"
	say "$JSON"
}
