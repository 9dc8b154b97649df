#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the figures of GPU memory are made by (test/bench), tested as in test-bench.sh. TAP.
# shellcheck disable=SC2154  # claims.sh sets work and number
set -u

bench=$(cd "$(dirname "$0")" && pwd)/bench
# shellcheck source=/dev/null
. "$bench/claims.sh"

# --- what it says of GPU memory -----------------------------------------------------
written='{"format":1,"operation":"dump","succeeded":true,"began":1795660000.250,"parallel":2,
"others":1,"runs":4,"phases":{"find":{"begin_ms":0.5,"ms":3},"lock":{"begin_ms":4,"ms":1},
"checkpoint":{"begin_ms":10.5,"ms":500}},"processes":[{"pid":11,"found":"running","bytes":1000,
"checkpoint":{"begin_ms":10.5,"ms":200},"write":{"begin_ms":215,"ms":100}},
{"pid":12,"found":"running","bytes":500,"checkpoint":{"begin_ms":9.5,"ms":140},
"write":{"begin_ms":255,"ms":240}}]}'
filled='{"format":1,"operation":"restore","succeeded":true,"began":1795660000.250,"parallel":2,
"others":0,"runs":3,"phases":{"restore":{"begin_ms":20.5,"ms":500}},"processes":[{"pid":11,
"found":"checkpointed","bytes":null,"restore":{"begin_ms":130,"ms":300},
"fill":{"begin_ms":20.5,"ms":100}},{"pid":12,"found":"checkpointed","bytes":null,
"restore":{"begin_ms":130.5,"ms":310},"fill":{"begin_ms":25.5,"ms":50}}]}'
started=1795660000210000 # 40 ms before the plugin

# These take the line, changed by the sed script $1, and more arguments of awk.
understand_written() {
	script=$1
	shift
	echo "$written" | tr -d '\n' | sed "$script" | understand -v operation=dump -v cuda=2 "$@"
}

understand_filled() {
	script=$1
	shift
	echo "$filled" | tr -d '\n' | sed "$script" | understand -v operation=restore -v cuda=2 "$@"
}

prints images_do_not_matter_if_not_asked_for 'parallel 2
runs 4
find 3
lock 1
checkpoint 500' understand_written ''
prints writes_are_from_the_first_to_the_last 'parallel 2
runs 4
find 3
lock 1
checkpoint 500
driver-checkpoint 201.000
write 280.000
bytes 1500' understand_written '' -vstarted_us=$started
prints bytes_must_be_known_of_all 'parallel 2
runs 4
find 3
lock 1
checkpoint 500
driver-checkpoint 201.000
write 280.000' understand_written 's/:500,"check/:null,"check/' -vstarted_us=$started
prints pages_are_there_after_the_last_fill 'parallel 2
runs 3
restore 500
driver-restore 310.500
fill 100.000
pages 160.500' understand_filled '' -vstarted_us=$started
prints pages_are_there_when_criu_has_read_them 'parallel 2
runs 3
restore 500
driver-restore 310.500
pages 60.500' understand_filled 's/,"fill":{[^}]*}//g' -vstarted_us=$started
refuses missing_key_of_a_fill_is_refused 'there is no "ms" in "processes.1.fill"' \
	understand_filled 's/,"ms":100//'

# --- GPU memory: what is said of it -------------------------------------------------------
# memory_round SIDE CHECKPOINT DUMP PAGES RESTORE
memory_round() {
	cat <<-END
		memory 2 0 $1 dump driver-checkpoint $2
		memory 2 0 $1 dump bytes 209715200
		memory 2 0 $1 dump criu $3
		memory 2 0 $1 dump disk $(($3 + 100))
		memory 2 0 $1 dump criu-pages 4.5
		memory 2 0 $1 restore driver-restore 300
		memory 2 0 $1 restore pages $4
		memory 2 0 $1 restore criu $5
	END
}

# image WRITE FILL
image() {
	cat <<-END
		memory 2 0 candidate dump write $1
		memory 2 0 candidate dump image 200.5
		memory 2 0 candidate restore fill $2
	END
}

measured_memory() {
	cat <<-END
		setting criu 4.3
		setting gpu X
		setting gpus 2
		setting processors 8
		setting mib 100
		setting baseline prefault=off
		setting candidate
	END
	memory_round baseline 1000 2000 900 1500
	memory_round candidate 500 1500 250 700
	image 200 150
	echo memory 2 0 candidate dd direct 1000
	memory_round candidate 560 1300 200 600
	image 200 90
	echo memory 2 0 candidate dd direct 1100
	memory_round baseline 1000 2000 900 1500
	echo memory 2 0 baseline cold pages 2000
	echo memory 2 0 candidate cold pages 1000
	echo memory 2 0 candidate cold fill 950
	cat <<-END
		waves at-once criu 1000
		waves at-once before 10
		waves at-once peak 210
		waves in-waves criu 1200
		waves in-waves before 20
		waves in-waves peak 125
		waves in-waves limit 100
		left-out 2 CUDA, 50 % zeros
	END
}

# report_memory SED-SCRIPT
report_memory() {
	measured_memory | sed "$1" >"$work/measured"
	awk -v json="$work/json" -f "$bench/figures.awk" -f "$bench/memory-report.awk" "$work/measured"
}

memory_json() {
	report_memory "$1" >/dev/null && sed -n "$2" "$work/json"
}

prints memory_report_has_ratios_and_what_is_wanted 'CRIU 4.3, 2 x GPU X, 8 processors, 100 MiB for each CUDA process
baseline: prefault=off; candidate: as it comes
ms, the median; ratio: candidate to baseline, and what is wanted of it;
restore of the pages: from the start of CRIU until the driver can begin

2 CUDA, 0 % zeros, 2 rounds               baseline   candidate    ratio  wanted
  checkpoint, by the driver                 1000.0       530.0    0.530  <= 0.55  reached
  criu dump, the whole                      2000.0      1400.0    0.700  <= 0.70  reached
  criu dump, until it is on disk            2100.0      1500.0    0.714
  restore of the pages                       900.0       225.0    0.250  <= 0.25  reached
  restore, by the driver                     300.0       300.0    1.000
  criu restore, the whole                   1500.0       650.0    0.433  <= 0.45  reached
  cold, restore of the pages                2000.0      1000.0    0.500
  images of 200.5 MiB for 200.0 MiB of GPU memory, CRIU has 4.5 MiB, and in the baseline 4.5 MiB
  written in 200.0 ms, 1002 MiB/s; filled in 120.0 ms, cold in 950.0 ms
  written, MiB/s, and by dd (direct)          1050        1002    0.955  >= 0.90  reached

waves, host-memory of 100.0 MiB; one dump each
                                           at once    in waves    ratio
  host memory, the most, MiB more            200.0       105.0    0.525
  the same, to host-memory                   100.0       105.0    1.050
  criu dump, the whole                      1000.0      1200.0    1.200

left out, there was no time: 2 CUDA, 50 % zeros' report_memory ''
prints memory_json_has_the_ratios '    "ratios": {"dump driver-checkpoint": 0.530, "dump criu": 0.700, "dump disk": 0.714, "restore pages": 0.250, "restore driver-restore": 1.000, "restore criu": 0.433, "cold pages": 0.500, "dump write to dd direct": 0.955}}' memory_json '' '/"ratios"/p'
prints memory_json_has_the_waves '  "waves": {
    "at-once": {"criu": {"median": 1000, "least": 1000}, "before": {"median": 10, "least": 10}, "peak": {"median": 210, "least": 210}},
    "in-waves": {"criu": {"median": 1200, "least": 1200}, "before": {"median": 20, "least": 20}, "peak": {"median": 125, "least": 125}, "limit": {"median": 100, "least": 100}}},
  "left_out": ["2 CUDA, 50 % zeros"]
}' memory_json '' '/"waves"/,100p'
prints memory_report_goes_without_dd_and_waves '"waves": null' \
	memory_json '/ dd /d; /^waves/d' '/"waves"/{s/^  //; s/,$//; p}'
prints what_was_not_measured_is_no_figure '' memory_json '/ dd /d; /^waves/d' '/"dd\|"direct/p'
refuses memory_that_was_not_measured_is_refused 'nothing was measured' report_memory '/^memory/d'
refuses memory_figure_that_is_not_known_is_refused 'not understood: memory 2 0 candidate dump wrote' \
	report_memory 's/ write / wrote /'
refuses memory_figure_that_is_none_is_refused 'not understood' report_memory 's/ dd direct 1000/ dd direct -/'
refuses way_of_waves_that_is_not_known_is_refused 'not understood' report_memory 's/in-waves limit/in-lines limit/'
refuses memory_round_of_one_side_is_refused 'a round is not whole' \
	report_memory '/baseline restore pages/d'
refuses candidate_without_an_image_is_refused 'a round without an image' report_memory '/ write /d'
refuses half_of_the_waves_is_refused 'the waves are not whole' report_memory '/in-waves peak/d'

echo "1..$number"
