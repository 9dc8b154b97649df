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

echo "1..$number"
