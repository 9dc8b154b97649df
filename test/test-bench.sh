#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the figures of test/bench are made by, tested: what it understands, what it refuses, and
# what comes out. TAP.
# shellcheck disable=SC2154  # claims.sh sets work and number
set -u

bench=$(cd "$(dirname "$0")" && pwd)/bench
# shellcheck source=/dev/null
. "$bench/claims.sh"

# --- one line of the plugin -------------------------------------------------------
dump='{"format":1,"operation":"dump","succeeded":true,"began":1795646798.123,"parallel":8,
"others":101,"runs":7,"phases":{"find":{"begin_ms":0.0,"ms":3.2},"lock":{"begin_ms":3.2,"ms":12.0},
"checkpoint":{"begin_ms":15.3,"ms":900.5}},"processes":[{"pid":11,"found":"running",
"bytes":5368709120,"lock":{"begin_ms":3.2,"ms":3.1,"tries":2},"checkpoint":{"begin_ms":50.1,"ms":900}},
{"pid":12,"found":"locked","bytes":null,"checkpoint":{"begin_ms":15.3,"ms":800.7}}]}'
restore='{"format":1,"operation":"restore","succeeded":true,"began":1795646799,"parallel":1,
"others":0,"runs":2,"phases":{"restore":{"begin_ms":0.4,"ms":55.1}},"processes":[{"pid":11,
"found":"checkpointed","bytes":null,"restore":{"begin_ms":0.4,"ms":50.0},
"unlock":{"begin_ms":50.4,"ms":5.1}}]}'

# These take the line, changed by the sed script $1.
understand_dump() {
	echo "$dump" | tr -d '\n' | sed "$1" | understand -v operation=dump -v cuda=2 -v others=101
}

understand_restore() {
	echo "$restore" | tr -d '\n' | sed "$1" | understand -v operation=restore -v cuda=1
}

# two_lines: the plugin appends; a line of before is none of this dump.
two_lines() {
	for _ in 1 2; do echo "$dump" | tr -d '\n' | sed 's/$/\n/'; done >"$work/stats"
	awk -v operation=dump -v cuda=2 -v others=101 -f "$bench/stats.awk" "$work/stats"
}

figures_of_dump='parallel 8
runs 7
find 3.2
lock 12.0
checkpoint 900.5'
prints dump_is_understood "$figures_of_dump" understand_dump ''
prints restore_is_understood 'parallel 1
runs 2
restore 55.1' understand_restore ''
prints blanks_do_not_matter "$figures_of_dump" understand_dump 's/[][{}:,]/ & /g'
prints order_does_not_matter "$figures_of_dump" \
	understand_dump 's/^{\("format":1\),\(.*\)}$/{\2,\1}/'
refuses nothing_is_refused 'there is no line' understand_dump d
refuses two_lines_are_refused 'a second line' two_lines
refuses more_than_the_object_is_refused 'there is more: x' understand_dump 's/$/x/'
refuses half_a_line_is_refused 'not understood from here' understand_dump 's/.\{40\}$//'
refuses other_format_is_refused 'its format is 2' understand_dump 's/"format":1/"format":2/'
refuses other_operation_is_refused 'it is of a restore' understand_dump 's/"dump"/"restore"/'
refuses failed_operation_is_refused 'did not succeed' understand_dump 's/true/false/'
refuses other_number_of_cuda_processes_is_refused 'of 1 CUDA processes, not of 2' \
	understand_dump 's/,{"pid":12.*}\]/]/'
refuses no_cuda_process_is_refused 'of 0 CUDA processes, not of 1' \
	understand_restore 's/\[.*\]/[]/'
refuses other_number_of_others_is_refused 'of 9 other processes' \
	understand_dump 's/"others":101/"others":9/'
refuses dump_without_checkpoint_is_refused 'without its main phase' \
	understand_dump 's/,"checkpoint":{[^}]*}},"processes/},"processes/'
refuses unknown_key_is_refused '"colour"' understand_dump 's/"runs"/"colour":1,&/'
refuses unknown_phase_is_refused '"phases.unlock"' understand_dump 's/"lock":{"begin/"un&/;s/"un"lock/"unlock/'
refuses unknown_key_of_a_process_is_refused '"processes.2.name"' \
	understand_dump 's/"pid":12/&,"name":"x"/'
refuses key_that_is_there_twice_is_refused '"runs" is there twice' \
	understand_dump 's/"runs":7/&,&/'
refuses missing_key_is_refused 'there is no "runs"' understand_dump 's/"runs":7,//'
refuses missing_key_of_a_step_is_refused 'there is no "tries"' understand_dump 's/,"tries":2//'
refuses missing_key_of_a_phase_is_refused 'there is no "ms" in "phases.find"' \
	understand_dump 's/,"ms":3.2//'
refuses number_in_quotes_is_refused '"runs" is of the type word' understand_dump 's/:7,/:"seven",/'
refuses broken_number_is_refused '"runs" is of the type number' understand_dump 's/:7,/:7.5,/'
refuses negative_number_is_refused 'not understood from here: -7' understand_dump 's/:7,/:-7,/'
refuses no_number_is_refused 'not understood from here: nan' understand_dump 's/:3.2}/:nan}/'
refuses null_is_refused_but_for_bytes '"runs" is of the type null' understand_dump 's/:7,/:null,/'
refuses object_in_place_of_a_number_is_refused '"runs" is of the type object' \
	understand_dump 's/:7,/:{},/'

# --- whether processes go on --------------------------------------------------------
# counts_of NAME TEXT: what the program NAME has printed; printf knows its \n.
counts_of() {
	printf '%b' "$2" >"$work/$1"
}

counts() {
	(cd "$work" && awk -v beyond="${1-}" -f "$bench/counts.awk" one two)
}

counts_of one 'count 1\ncount 2\n'
counts_of two 'hello\ncount 9\ncount 10\n'
prints last_counts_are_found 'one 2
two 10' counts
cp "$work/out" "$work/before"
refuses process_that_stands_still_is_found 'one: stuck at 2' counts before
counts_of one 'count 1\ncount 2\ncount 3\n'
refuses every_process_has_to_go_on 'two: stuck at 10' counts before
counts_of two 'hello\ncount 9\ncount 10\ncount 11\n'
prints all_go_on 'one 3
two 11' counts before
refuses counts_of_before_have_to_be_there 'cannot be read' counts nothing
counts_of one ''
refuses process_without_a_count_is_found 'one: no count' counts
counts_of one 'count 1\ncount 3\n'
refuses lost_step_is_found 'one: count 1, then 3' counts
counts_of one 'count 1\ncount 1\n'
refuses repeated_step_is_found 'one: count 1, then 1' counts

# --- the table and the JSON object -----------------------------------------------------
# round CUDA OTHERS SIDE FIND CHECKPOINT RESTORE
round() {
	cat <<-END
		$1 $2 $3 dump parallel 4
		$1 $2 $3 dump runs $(($1 * 3))
		$1 $2 $3 dump find $4
		$1 $2 $3 dump checkpoint $5
		$1 $2 $3 dump criu 400.125
		$1 $2 $3 restore parallel 4
		$1 $2 $3 restore runs $(($1 * 2))
		$1 $2 $3 restore restore $6
		$1 $2 $3 restore criu 200
	END
}

measured() {
	cat <<-END
		setting criu 4.3
		setting gpu GPU "X"
		setting gpus 2
		setting processors 8
		setting mib 16
		setting baseline parallel=1
		setting candidate
	END
	round 2 0 baseline 1.0 210.0 100.0
	round 2 0 candidate 1.0 100.0 50.0
	round 2 0 candidate 1.2 105.0 90.0
	round 2 0 baseline 9.0 200.0 110.0
	round 2 0 baseline 1.2 190.0 104.5
	round 2 0 candidate 0.8 102 52.3
	round 2 100 baseline 2.0 200 100
	round 2 100 candidate 1.0 100 100
	round 2 100 candidate 1.4 100 100
	round 2 100 baseline 2.4 220 100
	echo left-out 2 1000
}

# report SED-SCRIPT: of those lines, changed by the script.
report() {
	measured | sed "$1" >"$work/measured"
	awk -v json="$work/json" -f "$bench/figures.awk" -f "$bench/report.awk" "$work/measured"
}

json() {
	report '' >/dev/null && cat "$work/json"
}

prints table_has_medians_and_their_ratios 'CRIU 4.3, 2 x GPU GPU "X", 8 processors, 16 MiB for each CUDA process
baseline: parallel=1; candidate: as it comes
ms, the median of 2 to 3 rounds; runs: of the utility, for each CUDA process;
criu: the whole of criu dump or restore; ratio: candidate to baseline

                        | dump                                 | restore
cuda others             |    find  checkpoint    runs    criu  |  restore    runs    criu
   2      0 baseline    |     1.2       200.0    3.00   400.1  |    104.5    2.00   200.0
   2      0 candidate   |     1.0       102.0    3.00   400.1  |     52.3    2.00   200.0
            ratio       |   0.833       0.510   1.000   1.000  |    0.500   1.000   1.000
   2    100 baseline    |     2.2       210.0    3.00   400.1  |    100.0    2.00   200.0
   2    100 candidate   |     1.2       100.0    3.00   400.1  |    100.0    2.00   200.0
            ratio       |   0.545       0.476   1.000   1.000  |    1.000   1.000   1.000

dump, find, for each process without CUDA beside 2 with: baseline 10.00 us, candidate 2.00 us
left out, there was no time: 2 CUDA, 1000 others' report ''
prints json_has_the_same '{
  "format": 1,
  "criu": "4.3",
  "gpu": "GPU \"X\"",
  "gpus": 2,
  "processors": 8,
  "mib": 16,
  "baseline": "parallel=1",
  "candidate": "",
  "cells": [
    {"cuda": 2, "others": 0, "rounds": 3,
    "dump": {
      "find": {"baseline": {"median": 1.2, "least": 1}, "candidate": {"median": 1, "least": 0.8}, "ratio": 0.833},
      "checkpoint": {"baseline": {"median": 200, "least": 190}, "candidate": {"median": 102, "least": 100}, "ratio": 0.510},
      "runs_per_cuda": {"baseline": {"median": 3, "least": 3}, "candidate": {"median": 3, "least": 3}, "ratio": 1.000},
      "criu": {"baseline": {"median": 400.125, "least": 400.125}, "candidate": {"median": 400.125, "least": 400.125}, "ratio": 1.000},
      "parallel": {"baseline": {"median": 4, "least": 4}, "candidate": {"median": 4, "least": 4}, "ratio": 1.000}
    },
    "restore": {
      "restore": {"baseline": {"median": 104.5, "least": 100}, "candidate": {"median": 52.3, "least": 50}, "ratio": 0.500},
      "runs_per_cuda": {"baseline": {"median": 2, "least": 2}, "candidate": {"median": 2, "least": 2}, "ratio": 1.000},
      "criu": {"baseline": {"median": 200, "least": 200}, "candidate": {"median": 200, "least": 200}, "ratio": 1.000},
      "parallel": {"baseline": {"median": 4, "least": 4}, "candidate": {"median": 4, "least": 4}, "ratio": 1.000}
    }},
    {"cuda": 2, "others": 100, "rounds": 2,
    "dump": {
      "find": {"baseline": {"median": 2.2, "least": 2}, "candidate": {"median": 1.2, "least": 1}, "ratio": 0.545},
      "checkpoint": {"baseline": {"median": 210, "least": 200}, "candidate": {"median": 100, "least": 100}, "ratio": 0.476},
      "runs_per_cuda": {"baseline": {"median": 3, "least": 3}, "candidate": {"median": 3, "least": 3}, "ratio": 1.000},
      "criu": {"baseline": {"median": 400.125, "least": 400.125}, "candidate": {"median": 400.125, "least": 400.125}, "ratio": 1.000},
      "parallel": {"baseline": {"median": 4, "least": 4}, "candidate": {"median": 4, "least": 4}, "ratio": 1.000}
    },
    "restore": {
      "restore": {"baseline": {"median": 100, "least": 100}, "candidate": {"median": 100, "least": 100}, "ratio": 1.000},
      "runs_per_cuda": {"baseline": {"median": 2, "least": 2}, "candidate": {"median": 2, "least": 2}, "ratio": 1.000},
      "criu": {"baseline": {"median": 200, "least": 200}, "candidate": {"median": 200, "least": 200}, "ratio": 1.000},
      "parallel": {"baseline": {"median": 4, "least": 4}, "candidate": {"median": 4, "least": 4}, "ratio": 1.000}
    }}
  ],
  "find_us_per_other": [
    {"cuda": 2, "operation": "dump", "baseline": 10.000, "candidate": 2.000}
  ],
  "left_out": [
    {"cuda": 2, "others": 1000}
  ]
}' json
refuses nothing_measured_is_refused 'nothing was measured' report '/^2/d'
refuses line_that_is_not_understood_is_refused 'not understood: 2 0 base' report 's/baseline/base/'
refuses figure_that_is_none_is_refused 'not understood' report 's/400.125/-/'
refuses unknown_figure_is_refused 'not understood' report 's/ find / fnid /'
refuses round_of_one_side_is_refused 'a round is not whole' report '/100 candidate/d'
refuses phase_that_is_lacking_in_a_round_is_refused 'find of a dump, baseline: in 2 of 3 rounds' \
	report '/find 9.0/d'

echo "1..$number"
