# SPDX-License-Identifier: GPL-2.0-only
#
# How far the programs have come: each has a FILE with a line "count N" for each step.
#
#   awk [-v beyond=COUNTS] -f counts.awk FILE...
#
# Prints "FILE N" for each of them, N its last count. COUNTS is such a print of before: each has
# to be further now. Exit status: 1, with a line on stderr, when one is not, has no count yet,
# or lost or repeated a step.

function refuse(reason) {
	print reason >"/dev/stderr"
	refused = 1
	exit 1
}

/^count / {
	if ((FILENAME in last) && $2 != last[FILENAME] + 1)
		refuse(FILENAME ": count " last[FILENAME] ", then " $2)
	last[FILENAME] = $2
}

END {
	if (refused)
		exit 1
	while (beyond != "" && (status = (getline line <beyond)) > 0) {
		split(line, words, " ")
		before[words[1]] = words[2]
	}
	if (status < 0)
		refuse(beyond ": cannot be read")
	for (i = 1; i < ARGC; i++) {
		if (!(ARGV[i] in last))
			refuse(ARGV[i] ": no count")
		else if (last[ARGV[i]] <= before[ARGV[i]])
			refuse(ARGV[i] ": stuck at " last[ARGV[i]])
		else
			print ARGV[i], last[ARGV[i]]
	}
}
