# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What README tells its reader to do, done line by line as it is there. top, the root of the
# tree, and WORK are set.

# readme_read HEADING: the lines of code below it, until the next heading.
readme_read() {
	awk -v heading="$1" '/^#/ { here = ($0 ~ "^#+ " heading "$") } here && sub(/^    /, "")' \
		"${top:?}/README.md" >"$WORK/lines"
	[ -s "$WORK/lines" ] || fail "README has no lines to be run below \"$1\""
}

# readme_has NUMBER: else it says more, or less, than the test knows.
readme_has() {
	[ "$(wc -l <"$WORK/lines")" -eq "$1" ] || fail "not $1 lines: $(cat "$WORK/lines")"
}

# readme_line PATTERN [NAME=VALUE...]: set LINE to the first that matches, with a value in
# place of each name in capital letters that README leaves to its reader.
readme_line() {
	LINE=$(grep -E -m 1 -e "$1" "$WORK/lines") || fail "no line $1 in: $(cat "$WORK/lines")"
	shift
	for value; do
		LINE=$(echo "$LINE" | sed -E "s,\<${value%%=*}\>,${value#*=},")
	done
}

# readme_does PATTERN [NAME=VALUE...]: run that line. $WORK/said is what it says.
readme_does() {
	readme_line "$@"
	sh -ec "$LINE" >"$WORK/said" 2>&1 </dev/null || fail "$LINE: $(tail -n 20 "$WORK/said")"
}

# readme_says PATTERN: the last that was run has said so.
readme_says() {
	grep -qE -e "$1" "$WORK/said" || fail "$LINE: it says: $(cat "$WORK/said")"
}
