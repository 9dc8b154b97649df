# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What goes wrong with GPU memory in images of its own, and that nothing is lost by it. As
# memory.sh; needs it and faults.sh.

# --- dumps that fail ----------------------------------------------------------------------

# The program is as before, and so is the image directory.
failed_without_a_trace() {
	state_is "$APP" running
	app_counts "$OUT" $(($(app_count "$OUT") + 3)) || fail "it does not go on"
	app_goes_on "$OUT"
	until_true 5 guardian_is_gone || fail "the guardian is still there"
	has_no_image
}

next_dump_is_good() {
	criu_dump_here "$APP" --file-locks || fail "the next dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	has_image
	restored_goes_on
}

# A file lock, which CRIU refuses to dump unless told.
memory_of_a_dump_that_fails() {
	exec 9>"$WORK/lock"
	flock 9
	start_large
	exec 9>&-

	! criu_dump "$APP" || fail "the dump succeeded"

	criu_said dump.log "MiB of GPU memory written"
	put_back dump.log
	failed_without_a_trace
	next_dump_is_good
}

# Up to 4.2 nobody tells the plugin that it failed: the image stays.
memory_of_a_dump_whose_script_fails() {
	start_large

	! criu_dump "$APP" --action-script "${top:?}/test/system/fail-post-dump" ||
		fail "the dump succeeded"

	app_counts "$OUT" $(($(app_count "$OUT") + 3)) || fail "it does not go on"
	until_true 10 guardian_is_gone || fail "the guardian is still there"
	case $1 in
	4.[012]*) ;;
	*) failed_without_a_trace ;;
	esac
	next_dump_is_good
}

# As by a container runtime that has given the checkpoint up.
memory_of_a_dump_whose_directory_is_removed() {
	start_large
	mkdir -p "$WORK/action"
	cat >"$WORK/action/script" <<-'END'
		#!/bin/sh
		[ "$CRTOOLS_SCRIPT_ACTION" = post-dump ] || exit 0
		rm -rf "$IMAGES"
		exit 1
	END
	chmod +x "$WORK/action/script"

	! criu_dump "$APP" --action-script "$WORK/action/script" || fail "the dump succeeded"

	[ ! -e "$IMAGES" ] || fail "the image directory is there"
	app_counts "$OUT" $(($(app_count "$OUT") + 3)) || fail "it does not go on"
	until_true 10 guardian_is_gone || fail "the guardian is still there"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# sim_no_room_for_the_image MIB: on the disk.
sim_no_room_for_the_image() {
	start_large
	rm -rf "$IMAGES"
	mkdir -p "$IMAGES"
	mount -t tmpfs -o "size=$1m" images "$IMAGES" || skip "no tmpfs can be mounted here"
	trap 'umount -l "$IMAGES"' EXIT

	! criu_dump_here "$APP" || fail "the dump succeeded"

	criu_said dump.log "No space left on device"
	failed_without_a_trace
	mount -o remount,size=300m "$IMAGES"
	next_dump_is_good
}

# --- images that are not the ones -----------------------------------------------------------

refused() {
	! criu_restore || fail "$1: the restore succeeded"
	until_true 5 app_has_ended || fail "$1: the program is there after a failed restore"
	until_true 5 criu_dumped_is_gone || fail "$1: a thread of it is"
}

# memory_dumped_twice on|off: a second time into the same directory, with an image or without.
memory_dumped_twice() {
	start_large
	criu_dump "$APP" --leave-running || fail "the dump failed"
	has_image
	app_goes_on "$OUT"
	memory_options "memory-image=$1"

	criu_dump_here "$APP" || fail "the second dump failed"

	criu_dumped_is_gone || fail "the program is still there after the dump"
	restored_goes_on
	if [ "$1" = on ]; then
		put_back restore.log
	else
		! grep -q "put back" "$IMAGES/restore.log" || fail "the first dump's image was used"
	fi
}

# flip FILE OFFSET: one bit.
flip() {
	perl -e 'open(F, "+<", $ARGV[0]) and seek(F, $ARGV[1], 0) and read(F, $byte, 1) == 1 and
		seek(F, $ARGV[1], 0) and print F chr(ord($byte) ^ 4) or die "$ARGV[0]: $!"' "$1" "$2"
}

# damage HOW: to MEMORY. SAID is what a restore has to say of it, besides its name.
damage() {
	size=$(stat -c %s "$MEMORY.right")
	cp "$MEMORY.right" "$MEMORY"
	case $1 in
	missing) rm "$MEMORY" && SAID='No such file or directory; it belongs to the image directory' ;;
	empty) : >"$MEMORY" && SAID='it is not complete: 0 bytes' ;;
	truncated) truncate -s $(((size / 2) & ~4095)) "$MEMORY" && SAID='it is not complete' ;;
	longer) echo more >>"$MEMORY" && SAID='it is not complete' ;;
	magic) flip "$MEMORY" 0 && SAID='it is no GPU memory image' ;;
	header) flip "$MEMORY" 20 && SAID='its header is damaged' ;;
	chunk) flip "$MEMORY" $((4096 + 1234567)) && SAID='chunk [0-9]* of [0-9]*: ' ;;
	index) flip "$MEMORY" $((size - 4096)) && SAID='its index or footer is damaged' ;;
	foreign) cp "$WORK/another.img" "$MEMORY" && SAID='it is the image of pid ' ;;
	earlier) cp "$WORK/earlier.img" "$MEMORY" && SAID='is of another dump' ;;
	directory) rm "$MEMORY" && mkdir "$MEMORY" && SAID='it is no regular file' ;;
	esac
}

# another.img is of another process, and earlier.img of an earlier dump.
memory_is_damaged() {
	app_start counter --mib "$LARGE"
	criu_dump "$APP" --leave-running || fail "the dump of another failed"
	cp "$IMAGES/cuda-memory-$APP.img" "$WORK/another.img"
	app_stop
	start_large
	criu_dump "$APP" --leave-running || fail "the first dump failed"
	cp "$MEMORY" "$WORK/earlier.img"
	app_goes_on "$OUT"
	dump_of_large
	mv "$MEMORY" "$MEMORY.right"

	for how in missing empty truncated longer magic header chunk index foreign earlier directory; do
		damage $how || fail "$how: it cannot be done"
		refused $how
		grep -q "cuda_plugin: pid $APP: .*${MEMORY##*/}.*$SAID" "$IMAGES/restore.log" ||
			fail "$how: $(grep 'cuda_plugin: ' "$IMAGES/restore.log")"
		rm -rf "$MEMORY"
	done

	mv "$MEMORY.right" "$MEMORY"
	restored_goes_on
}

# --- CRIU is killed -----------------------------------------------------------------------

# The image is open, and not to see whether it is the right one: then there is no guardian yet.
criu_fills() {
	! guardian_is_gone && readlink "/proc/$CRIU_PID/fd"/* | grep -qxF "$MEMORY"
}

# criu_is_at writing|written|filling: its image; or at the end of a restore.
criu_is_at() {
	case $1 in
	writing) [ -e "$MEMORY.part" ] ;;
	written) [ -e "$MEMORY" ] ;;
	filling) criu_has_ended || criu_fills ;;
	esac
}

# criu_comes_to WHAT: without a pause between two looks, of which it may be the next step.
criu_comes_to() {
	looks=1000000
	until criu_is_at "$1"; do
		looks=$((looks - 1))
		[ "$looks" -gt 0 ] || fail "CRIU comes to no image"
	done
}

kill_criu() {
	kill -KILL "$CRIU_PID" 2>/dev/null || :
	wait "$CRIU_PID" || :
}

# sim_criu_killed_when writing|written: in a dump that would have ended the program.
sim_criu_killed_when() {
	memory_options memory-threads=1
	start_large
	criu_dump_in_background "$APP"
	criu_comes_to "$1"

	kill_criu

	goes_on_without_criu
}

# And then the directory goes: nothing but the guardian has the memory.
sim_criu_killed_and_its_directory_removed() {
	memory_options memory-threads=1
	start_large
	criu_dump_in_background "$APP"
	until grep -qs "pid $APP: checkpointed" "$IMAGES/dump.log" || criu_has_ended; do
		:
	done
	kill -STOP "$CRIU_PID" 2>/dev/null || :
	! criu_has_ended && ! app_has_ended || skip "CRIU was faster"
	rm -rf "$IMAGES"

	kill_criu

	until_true 10 guardian_is_gone || fail "the guardian is still there"
	if ! app_counts "$OUT" $(($(app_count "$OUT") + 3)); then
		app_has_ended || fail "it does not go on"
		app_status=0
		wait "$APP" || app_status=$?
		criu_died_in_the_program "$app_status"
	fi
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# sim_criu_killed_in_fill MS: so long after it has begun with it, in a restore.
sim_criu_killed_in_fill() {
	memory_options memory-threads=1
	start_large
	dump_of_large
	criu_restore_in_background
	criu_comes_to filling
	sleep "$(awk "BEGIN { print $1 / 1000 }")"

	kill_criu

	until_true 10 guardian_is_gone || fail "the guardian is still there"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# scenarios_of_memory_faults VERSION: on any GPU.
scenarios_of_memory_faults() {
	tap_scenario "CRIU $1: a dump that fails leaves no image" memory_of_a_dump_that_fails
	tap_scenario "CRIU $1: nor one whose last script fails" memory_of_a_dump_whose_script_fails "$1"
	tap_scenario "CRIU $1: nor does one whose directory is removed lose the memory" \
		memory_of_a_dump_whose_directory_is_removed
	for next in on off; do
		tap_scenario "CRIU $1: dumped again, with memory-image=$next" memory_dumped_twice $next
	done
	tap_scenario "CRIU $1: an image that is damaged is refused" memory_is_damaged
}

# scenarios_of_simulated_memory_faults VERSION
scenarios_of_simulated_memory_faults() {
	tap_scenario "CRIU $1: no room on the disk for an image" sim_no_room_for_the_image $((LARGE - 4))
	tap_scenario "CRIU $1: no room on the disk beside it" sim_no_room_for_the_image $((LARGE + 4))
	tap_scenario "CRIU $1: killed while it writes an image" sim_criu_killed_when writing
	tap_scenario "CRIU $1: killed when it has written one" sim_criu_killed_when written
	tap_scenario "CRIU $1: killed then, and its directory removed" \
		sim_criu_killed_and_its_directory_removed
	tap_scenario "CRIU $1: killed while it reads one" sim_criu_killed_in_fill 20
}

# scenarios_of_killed_criu_with_images VERSION: moments of a dump that leaves the program
# running, and of the end of a restore.
scenarios_of_killed_criu_with_images() {
	for ms in $(seq 5 25 1200); do
		tap_scenario "CRIU $1: killed after $ms ms, with an image" \
			criu_killed_after "$ms" 200 --leave-running
	done
	for ms in $(seq 0 10 200); do
		tap_scenario "CRIU $1: killed $ms ms after it has opened an image" \
			sim_criu_killed_in_fill "$ms"
	done
}
