#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The test runner, tested: what run-tap makes of good, bad and strange programs. TAP.
set -u

run_tap=$(cd "$(dirname "$0")" && pwd)/run-tap
number=0
TEST_LOGS=$(mktemp -d)
export TEST_LOGS
unset TEST_JOBS # of the run-tap that runs this
trap 'rm -rf "$TEST_LOGS"' EXIT

# Check that run-tap with the arguments after $3 ends with the line $2 and the status $3.
ends_with() {
	claim=$1 line=$2 want=$3
	shift 3
	number=$((number + 1))
	output=$(TEST_TIMEOUT=1 V='' "$run_tap" "$@")
	status=$?
	if [ "$(echo "$output" | tail -n 1)" = "$line" ] && [ $status -eq "$want" ]; then
		echo "ok $number - $claim"
	else
		echo "not ok $number - $claim"
		echo "status $status" "$output" | sed 's/^/# /'
	fi
}

# The same for text that must (not) be in the output: shows PATTERN or hides PATTERN.
output_of() {
	claim=$1 verb=$2 pattern=$3
	shift 3
	number=$((number + 1))
	if V='' "$run_tap" "$@" | grep -q "$pattern"; then found=shows; else found=hides; fi
	if [ $found = "$verb" ]; then
		echo "ok $number - $claim"
	else
		echo "not ok $number - $claim"
	fi
}

good='t-good: printf "1..2\nok 1 - a\nok 2 - b\n"'

ends_with good_program_passes '2 passed, 0 failed, 0 skipped' 0 "$good"
ends_with results_add_up '4 passed, 0 failed, 0 skipped' 0 "$good" "$good"
ends_with plan_may_come_last '1 passed, 0 failed, 0 skipped' 0 \
	't-last: printf "ok 1\n1..1\n"'
ends_with plans_of_several_groups_add_up '2 passed, 0 failed, 0 skipped' 0 \
	't-groups: printf "1..1\nok 1\n1..1\nok 1\n"'
ends_with failing_test_fails '1 passed, 1 failed, 0 skipped' 1 \
	't-bad: printf "1..2\nok 1\nnot ok 2\n"; exit 1'
ends_with failing_test_fails_despite_status_0 '1 passed, 1 failed, 0 skipped' 1 \
	't-bad0: printf "1..2\nok 1\nnot ok 2\n"'
ends_with death_within_the_plan_fails '1 passed, 1 failed, 0 skipped' 1 \
	't-dying: printf "1..2\nok 1\n"; kill -SEGV $$'
ends_with quiet_end_within_the_plan_fails '1 passed, 1 failed, 0 skipped' 1 \
	't-short: printf "1..2\nok 1\n"'
ends_with more_results_than_planned_fail '2 passed, 1 failed, 0 skipped' 1 \
	't-long: printf "1..1\nok 1\nok 2\n"'
ends_with bad_status_after_a_full_plan_fails '1 passed, 1 failed, 0 skipped' 1 \
	't-leak: printf "1..1\nok 1\n"; exit 23'
ends_with status_77_after_a_full_plan_fails '1 passed, 1 failed, 0 skipped' 1 \
	't-leak77: printf "1..1\nok 1\n"; exit 77'
ends_with bailing_out_fails '1 passed, 1 failed, 0 skipped' 1 \
	't-bail: printf "1..1\nok 1\nBail out!\n"'
ends_with results_without_a_plan_fail '1 passed, 1 failed, 0 skipped' 1 't-planless: echo ok 1'
ends_with empty_output_fails '0 passed, 1 failed, 0 skipped' 1 't-empty: true'
ends_with missing_program_fails '0 passed, 1 failed, 0 skipped' 1 /nonexistent/program
ends_with hanging_program_fails '1 passed, 1 failed, 0 skipped' 1 \
	't-hanging: printf "1..2\nok 1\n"; sleep 60'
ends_with skipped_test_is_not_passed '1 passed, 0 failed, 1 skipped' 0 \
	't-skip: printf "1..2\nok 1\nok 2 # SKIP no GPU\n"'
ends_with cmocka_skip_is_a_skip '1 passed, 0 failed, 1 skipped' 0 \
	't-cmocka: printf "1..2\nok 1\nnot ok 2 # SKIP no_gpu\n"'
ends_with plan_of_none_is_a_skip '2 passed, 0 failed, 1 skipped' 0 \
	"$good" 't-none: echo "1..0 # SKIP no CRIU"'
ends_with exit_77_is_a_skip '2 passed, 0 failed, 1 skipped' 0 "$good" 't-77: exit 77'
ends_with exit_77_after_a_skipped_plan_is_a_skip '2 passed, 0 failed, 1 skipped' 0 \
	"$good" 't-77: echo "1..0 # SKIP no GPU"; exit 77'
ends_with nothing_but_skips_fails '0 passed, 0 failed, 1 skipped' 1 't-77: exit 77'
ends_with no_program_at_all_fails '0 passed, 0 failed, 0 skipped' 1
ends_with one_bad_program_among_good_fails '4 passed, 1 failed, 0 skipped' 1 \
	"$good" 't-empty: true' "$good"
# Alone each would wait for the other until its time is over.
TEST_JOBS=2 ends_with as_many_run_at_once_as_are_allowed '2 passed, 0 failed, 0 skipped' 0 \
	"t-first: touch $TEST_LOGS/first; until [ -e $TEST_LOGS/second ]; do sleep 0.1; done; printf '1..1\nok 1\n'" \
	"t-second: touch $TEST_LOGS/second; until [ -e $TEST_LOGS/first ]; do sleep 0.1; done; printf '1..1\nok 1\n'"
TEST_JOBS=2 ends_with results_of_many_at_once_add_up '6 passed, 1 failed, 1 skipped' 1 \
	"$good" 't-empty: true' "$good" 't-77: exit 77' "$good"
ends_with one_by_one_unless_told '2 passed, 0 failed, 0 skipped' 0 \
	"t-alone: mkdir $TEST_LOGS/alone && sleep 0.3 && rmdir $TEST_LOGS/alone && printf '1..1\nok 1\n'" \
	"t-alone: mkdir $TEST_LOGS/alone && sleep 0.3 && rmdir $TEST_LOGS/alone && printf '1..1\nok 1\n'"
output_of log_of_each_is_kept shows ' ok 1 - kept' \
	't-log: printf "1..1\nok 1 - kept\n"' "t-see: sed 's/^/ /' $TEST_LOGS/t-log.log; false"
output_of reason_of_a_skip_is_shown shows 'no CRIU' 't-none: echo "1..0 # SKIP no CRIU"'
output_of reason_of_exit_77_is_shown shows 'no GPU' 't-77: echo no GPU; exit 77'
output_of output_of_a_failure_is_shown shows 'what went wrong' \
	't-loud: printf "1..1\n# what went wrong\nnot ok 1\n"'
output_of output_of_a_success_is_hidden hides 'chatter' \
	't-quiet: printf "1..1\n# chatter\nok 1\n"'

echo "1..$number"
