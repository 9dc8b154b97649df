#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# criu-cuda over directories of images, good ones and damaged ones.
#
# Needs build/ with criu-cuda and test/criu-cuda/make-image; BUILD names another. Prints TAP.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../utility/tap.sh"
# shellcheck source=/dev/null
. "$here/images.sh"
build=$(cd "${BUILD:-build}" && pwd) || exit 1
criu_cuda=$build/criu-cuda/criu-cuda

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# --- directories --------------------------------------------------------------------
# A FIFO is not to be waited for. What inspect finds of the machine is for test-inspect.sh.
run() {
	timeout -k 1 60 "$criu_cuda" "$@"
}

# A whole dump of one process, 4711.
new_dump() {
	new_dir
	inventory needed
	image 4711 rrzd none
}

# Flip the lowest bit of the byte at OFFSET, from the end if it is negative.
flip() { # FILE OFFSET
	at=$2
	[ "$at" -ge 0 ] || at=$(($(stat -c %s "$1") + at))
	byte=$(od -An -tu1 -j "$at" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059  # an octal escape
	printf "\\$(printf %03o $((byte ^ 1)))" |
		dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
}

# --- what it says ---------------------------------------------------------------------
# "status|stdout|stderr", newlines kept but for the last, $dir as DIR.
said() {
	run "$@" >"$tmp/out" 2>"$tmp/err"
	echo "$?|$(cat "$tmp/out")|$(cat "$tmp/err")" | sed "s,$dir,DIR,"
}

expect() { # NAME STATUS STDOUT STDERR ARGUMENTS...
	name=$1 wanted="$2|$3|$4"
	shift 4
	same "$name" "$wanted" "$(said "$@")"
}

# What inspect prints of the directory, and not of the machine; and its status.
shows() { # NAME STATUS STDOUT
	status=$(said inspect "$dir" | cut -d '|' -f 1 | head -n 1)
	same "$1" "$2|$3|" "$status|$(sed "s,$dir,DIR,; /^ok /,\$d; /^warning /,\$d; /^error /,\$d" \
		"$tmp/out")|$(cat "$tmp/err")"
}

# criu-cuda verify prints the lines given, and that all is good.
all_good() { # NAME IMAGES LINES
	expect "$1" 0 "$3
all good; GPU memory images: $2" '' verify "$dir"
}

needed='good        inventory.img: cuda_plugin is needed for a restore'
good='good        cuda-memory-4711.img: 256.0 KiB'

# verify and inspect find LINE, and nothing else to complain of.
finds() { # NAME LINE
	said verify "$dir" >"$tmp/status"
	same "$1: verify" "1|$2" "$(cut -d '|' -f 1 "$tmp/status" | head -n 1)|$(
		grep -v -e '^good ' -e 'not good$' "$tmp/out")"
	said inspect "$dir" >"$tmp/status"
	same "$1: inspect" "1|$2" "$(cut -d '|' -f 1 "$tmp/status" | head -n 1)|$(
		grep -E '^[a-z]+ +(cuda-memory|inventory)' "$tmp/out")"
	valid_json "$1" 1
}

# inspect --json prints one line, and that is a JSON value.
valid_json() { # NAME STATUS
	run inspect --json "$dir" >"$tmp/json" 2>"$tmp/err"
	same "$1: its JSON is valid, and the status $2" "$2|1|" \
		"$?|$(wc -l <"$tmp/json")|$(awk -f "$here/no-json.awk" "$tmp/json")"
}

# --- tests ------------------------------------------------------------------------------
test_command_line() {
	dir=none
	help=$(run --help)
	see='criu-cuda: see criu-cuda --help'
	expect '-h is --help' 0 "$help" '' -h
	expect '--version is the one of the plugin' 0 \
		"criu-cuda $("$build/cuda-checkpoint/cuda-checkpoint" --help |
			sed -n 's/^Version \([0-9.]*\),.*/\1/p')" '' --version
	expect 'no command' 2 '' "criu-cuda: what to do is missing: inspect, verify, stats, watch, doctor or recover
$see"
	expect 'an unknown command' 2 '' "criu-cuda: there is no command \"repair\"
$see" repair "$tmp"
	expect 'an unknown option' 2 '' "$criu_cuda: unrecognized option '--rubbish'
$see" inspect --rubbish "$tmp"
	expect 'no directory' 2 '' "criu-cuda: the directory of the images is missing
$see" verify
	expect 'a bad number of threads' 2 '' \
		"criu-cuda: --threads takes a number from 1 to 64, not \"0\"
$see" verify --threads 0 "$tmp"
	for word in inspect verify doctor recover --json --restorable --threads --libdir --pid --tree --images stats --svg --line --help --version; do
		case $help in
		*"$word"*) pass "the help names $word" ;;
		*) fail "the help names $word" "$help" ;;
		esac
	done
}

test_no_directory() {
	new_dir
	: >"$dir/file"
	for command in inspect verify; do
		expect "$command of no directory" 2 '' \
			'criu-cuda: DIR/none: No such file or directory' "$command" "$dir/none"
		expect "$command of a file" 2 '' \
			'criu-cuda: DIR/file: Not a directory' "$command" "$dir/file"
	done
}

test_good() {
	new_dump
	head -c 5000 /dev/zero >"$dir/pages-1.img"
	image 12 rzdz zstd 'NVIDIA 580.1'
	image 7 '' none

	all_good 'verify of a good dump' 3 "$needed
good        cuda-memory-7.img: 0 B
good        cuda-memory-12.img: 256.0 KiB
$good"
	for threads in 1 3 64; do
		expect "verify by $threads threads" 0 "$(cat "$tmp/out")" '' \
			verify --threads $threads "$dir"
	done
	shows 'inspect of a good dump' 0 "directory  DIR
inventory  cuda_plugin is needed for a restore
pages      4.9 KiB in CRIU's own images, files: 1

    pid      memory        file  of memory    zeros  compression  address             driver
      7         0 B     8.0 KiB          -        -  none         0x7f1234560000      NVIDIA 570.86.15
     12   256.0 KiB    76.0 KiB     29.7 %   50.0 %  zstd         0x7f1234560000      NVIDIA 580.1
   4711   256.0 KiB   200.0 KiB     78.1 %   25.0 %  none         0x7f1234560000      NVIDIA 570.86.15
  total   512.0 KiB   284.0 KiB     55.5 %"
	valid_json 'a good dump' 0
	same 'its JSON has the images, the sums and no problem' \
		'"plugin":"needed" "pid":7 "pid":12 "pid":4711 "memory_bytes":524288,"file_bytes":290816 "problems":[]' \
		"$(grep -o -e '"plugin":"needed"' -e '"pid":[0-9]*' -e '"problems":\[\]' \
			-e '"memory_bytes":524288,"file_bytes":290816' "$tmp/json" |
			paste -s -d ' ')"
}

test_changes_nothing() {
	new_dump
	flip "$dir/cuda-memory-4711.img" 4096
	before=$(cd "$dir" && sha256sum ./* && stat -c '%n %Y %a' ./*)
	run inspect "$dir" >/dev/null
	run verify "$dir" >/dev/null
	same 'nothing is changed' "$before" \
		"$(cd "$dir" && sha256sum ./* && stat -c '%n %Y %a' ./*)"
}

test_damaged() {
	new_dump
	flip "$dir/cuda-memory-4711.img" 0
	finds 'a bit of the magic number' 'damaged     cuda-memory-4711.img: it is no GPU memory image'
	new_dump
	flip "$dir/cuda-memory-4711.img" 20
	finds 'a bit of the header' 'damaged     cuda-memory-4711.img: its header is damaged'
	new_dump
	flip "$dir/cuda-memory-4711.img" -32
	finds 'a bit of the footer' 'damaged     cuda-memory-4711.img: its index or footer is damaged'
	new_dump
	flip "$dir/cuda-memory-4711.img" -4096
	finds 'a bit of the index' 'damaged     cuda-memory-4711.img: its index or footer is damaged'
	new_dump
	truncate -s -1 "$dir/cuda-memory-4711.img"
	finds 'a byte less' 'incomplete  cuda-memory-4711.img: it is not complete: 204799 bytes'
	new_dump
	truncate -s -4096 "$dir/cuda-memory-4711.img"
	finds 'a block less' \
		'incomplete  cuda-memory-4711.img: it is not complete: there is no footer at its end'
	new_dump
	truncate -s 0 "$dir/cuda-memory-4711.img"
	finds 'nothing' 'incomplete  cuda-memory-4711.img: it is not complete: 0 bytes'
	new_dump
	"$build/test/criu-cuda/make-image" "$dir" 4711 future
	finds 'a version of the future' \
		'unknown     cuda-memory-4711.img: it is of version 2, and only 1 is known'
	new_dump
	mv "$dir/cuda-memory-4711.img" "$dir/cuda-memory-4712.img"
	finds 'an image of another name' \
		'damaged     cuda-memory-4712.img: it is the image of pid 4711'
}

# What only verify can see.
test_damaged_chunk() {
	new_dump
	image 12 dd zstd
	flip "$dir/cuda-memory-4711.img" $((4096 + 65536))
	expect 'verify sees a bit of a chunk, and goes on' 1 "$needed
good        cuda-memory-12.img: 128.0 KiB
damaged     cuda-memory-4711.img: chunk 2 of 4: it is damaged: it has another checksum
1 of 3 files are not good" '' verify "$dir"
	run inspect "$dir" >/dev/null
	same 'inspect does not read chunks' 0 $?
	flip "$dir/cuda-memory-12.img" 4106
	expect 'verify sees damage in all images' 1 "$needed
damaged     cuda-memory-12.img: chunk 1 of 2: it is damaged: it has another checksum
damaged     cuda-memory-4711.img: chunk 2 of 4: it is damaged: it has another checksum
2 of 3 files are not good" '' verify --threads 1 "$dir"
}

test_unfinished() {
	new_dump
	head -c 4096 /dev/zero >"$dir/cuda-memory-12.img.part"
	finds 'what a writer has left' \
		'incomplete  cuda-memory-12.img.part: it was never finished: its writer is still at work, or was killed'
}

test_no_regular_file() {
	new_dump
	mkfifo "$dir/cuda-memory-1.img"
	finds 'a FIFO' 'damaged     cuda-memory-1.img: it cannot be opened: it is no regular file'
	new_dump
	mkdir "$dir/cuda-memory-1.img"
	finds 'a directory' 'damaged     cuda-memory-1.img: it cannot be opened: it is no regular file'
	new_dump
	ln -s nothing "$dir/cuda-memory-1.img"
	finds 'a link to nothing' \
		'missing     cuda-memory-1.img: it cannot be opened: No such file or directory'
	new_dump
	rm "$dir/inventory.img"
	mkfifo "$dir/inventory.img"
	finds 'a FIFO as inventory' 'damaged     inventory.img: it is no inventory, or damaged'
}

test_other_names() {
	new_dump
	for name in cuda-memory-x.img cuda-memory-007.img cuda-memory-1.img.old xcuda-memory-1.img; do
		echo rubbish >"$dir/$name"
	done
	all_good 'other names are passed over' 1 "$needed
$good"
}

test_inventory() {
	new_dir
	finds 'an empty directory' 'missing     inventory.img: it is not there: this is no complete dump'
	shows 'inspect of an empty directory' 1 "directory  DIR
inventory  cannot be read, see below
pages      0 B in CRIU's own images, files: 0

no whole GPU memory image

missing     inventory.img: it is not there: this is no complete dump"

	inventory needed
	all_good 'no GPU memory images' 0 "$needed"
	inventory not-needed
	all_good 'the plugin is not needed' 0 \
		'good        inventory.img: cuda_plugin is not needed for a restore'
	image 4711 r none
	finds 'not needed, but there is an image' \
		'wrong       inventory.img: it says that cuda_plugin is not needed, but there are GPU memory images: a restore would leave them out'
	inventory not-said
	all_good 'an inventory of an older CRIU' 1 \
		"good        inventory.img: does not say whether cuda_plugin is needed for a restore
good        cuda-memory-4711.img: 64.0 KiB"
	flip "$dir/inventory.img" 0
	finds 'a damaged inventory' 'damaged     inventory.img: it is no inventory, or damaged'
}

# Neither a terminal nor a reader of JSON is hurt by what stands in an image.
test_foreign_text() {
	new_dir
	inventory needed
	image 1 r none "$(printf '"quoted" \\ \302\233 \377 \303\251')"
	said inspect "$dir" >/dev/null
	same 'control characters and half characters are question marks' \
		"$(printf '"quoted" \\ ? ? \303\251')" \
		"$(sed -n 's/.*0x7f1234560000  *//p' "$tmp/out")"
	valid_json 'a driver with quotes' 0
	same 'they are escaped in JSON' \
		"$(printf '"driver":"\\"quoted\\" \\\\ \\u009b \\ufffd \303\251"')" \
		"$(grep -o '"driver":"[^}]*' "$tmp/json")"
}

# --- statistics -------------------------------------------------------------------------
# A file of a dump and a restore of process 4711, $dir/stats.
new_stats() {
	new_dir
	head='"succeeded":true,"began":0,"parallel":1,"others":0,"runs":3' process='"pid":4711,"found"'
	cat >"$dir/stats" <<-END
		{"format":1,"operation":"dump",$head,"phases":{},"processes":[{$process:"running","bytes":1048576,"checkpoint":{"begin_ms":100,"ms":900}}]}
		{"format":1,"operation":"restore",$head,"phases":{},"processes":[{$process:"checkpointed","bytes":null,"restore":{"begin_ms":10,"ms":40}}]}
	END
}

# is_xml FILE; skips the test if nobody can tell.
is_xml() {
	if command -v xmllint >/dev/null; then
		same "$1 is well-formed" '' "$(xmllint --noout "$tmp/svg" 2>&1)"
	elif command -v python3 >/dev/null; then
		same "$1 is well-formed" '' "$(python3 -c \
			'import sys, xml.dom.minidom as xml; xml.parse(sys.argv[1])' "$tmp/svg" 2>&1)"
	else
		skip "$1 is well-formed" 'neither xmllint nor python3 is there'
	fi
}

test_stats() {
	new_stats
	restore="restore    succeeded, 1970-01-01 00:00:00 UTC, 50.0 ms
processes  1 with CUDA, others: 0; at once: up to 1; runs of cuda-checkpoint: 3

all               begin         took  (ms)

       pid      memory  found                 restore  (begin +took, ms)
      4711           ?  checkpointed           10 +40"
	expect 'stats shows the last line' 0 "$restore" '' stats "$dir/stats"
	expect 'stats shows the line that is asked for' 0 "$restore" '' stats --line 2 "$dir/stats"
	same 'the first is the dump' 'dump ' "$(run stats --line 1 "$dir/stats" | head -c 5)"

	run stats --svg --line 1 "$dir/stats" >"$tmp/svg"
	same 'the picture has a bar of the checkpoint' 1 \
		"$(grep -c 'class="bar checkpoint" x="223.00".*<title>checkpoint: 900.000 ms' "$tmp/svg")"
	is_xml 'the picture'
	for count in 1 64; do
		awk -v count=$count 'NR == 1 {
			match($0, /\{"pid".*\}\}/)
			one = substr($0, RSTART, RLENGTH)
			printf "%s", substr($0, 1, RSTART - 1)
			for (i = 1; i <= count; i++) printf "%s%s", (i == 1 ? "" : ","), one
			print "]}"
		}' "$dir/stats" >"$tmp/many"
		run stats --svg "$tmp/many" >"$tmp/svg"
		same "a picture of $count has as many rows" $count "$(grep -c '>pid 4711, 1.0 MiB<' "$tmp/svg")"
		is_xml "the picture of $count"
	done
}

test_bad_stats() {
	new_stats
	expect 'stats without a file' 2 '' "criu-cuda: the file of statistics is missing
$see" stats
	expect 'a file that is not there' 2 '' 'criu-cuda: DIR/none: No such file or directory' \
		stats "$dir/none"
	expect 'a directory' 2 '' 'criu-cuda: DIR: it is no regular file' stats "$dir"
	mkfifo "$dir/fifo"
	expect 'a FIFO' 2 '' 'criu-cuda: DIR/fifo: it is no regular file' stats --svg "$dir/fifo"
	expect 'a line that is not there' 1 '' 'criu-cuda: DIR/stats: line 3: there is none' \
		stats --line 3 "$dir/stats"
	: >"$dir/empty"
	expect 'an empty file' 1 '' 'criu-cuda: DIR/empty: its last line: there is none' \
		stats "$dir/empty"
	truncate -s -10 "$dir/stats"
	expect 'a line that is cut' 1 '' 'criu-cuda: DIR/stats: its last line: it ends too early' \
		stats --svg "$dir/stats"
	echo '{"format":1,"operation":"<script>"}' >"$dir/stats"
	expect 'a foreign word is not printed' 1 '' \
		'criu-cuda: DIR/stats: its last line: "operation" is missing, or makes no sense' \
		stats --svg "$dir/stats"
	truncate -s 16G "$dir/huge"
	expect 'a huge line' 1 '' \
		'criu-cuda: DIR/huge: line 1: it is longer than any that the plugin writes' \
		stats --line 1 "$dir/huge"
}

test_cannot_write() {
	new_dump
	for command in inspect 'inspect --json' verify; do
		# shellcheck disable=SC2086  # two words
		run $command "$dir" >/dev/full 2>"$tmp/err"
		same "$command to a full disk" \
			'2|criu-cuda: what was found cannot be printed: No space left on device' \
			"$?|$(cat "$tmp/err")"
	done
}

test_not_for_us() {
	name='an image that may not be read'
	if ! setpriv --reuid=65534 --clear-groups test -x "$criu_cuda" 2>/dev/null; then
		skip "$name" 'not root, or others cannot come to the program'
		return
	fi
	new_dump
	chmod 755 "$tmp" "$dir"
	chmod 644 "$dir"/*
	chmod 600 "$dir/cuda-memory-4711.img"
	line='unreadable  cuda-memory-4711.img: it cannot be opened: Permission denied'
	same "$name" "1|$line" "$(setpriv --reuid=65534 --clear-groups "$criu_cuda" verify "$dir" \
		>"$tmp/out" 2>&1; echo "$?|$(grep -v -e '^good ' -e 'not good$' "$tmp/out")")"
}

test_command_line
test_no_directory
test_good
test_changes_nothing
test_damaged
test_damaged_chunk
test_unfinished
test_no_regular_file
test_other_names
test_inventory
test_foreign_text
test_stats
test_bad_stats
test_cannot_write
test_not_for_us
finish
