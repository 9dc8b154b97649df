# SPDX-License-Identifier: GPL-2.0-only
#
# What has been measured, as a table on stdout and as a JSON object in a file.
#
#   awk -v json=FILE -f figures.awk -f report.awk MEASURED
#
# MEASURED has the lines
#
#   setting NAME VALUE              what holds for all of it: criu, gpu, gpus, mib, ...
#   CUDA OTHERS SIDE OPERATION NAME VALUE
#                                   one figure of one round: SIDE is baseline or candidate,
#                                   OPERATION dump or restore, NAME is parallel, runs, a phase
#                                   or criu, the whole
#   left-out CUDA OTHERS            there was no time for it
#
# Of the rounds the median counts; the ratio is that of the medians, candidate to baseline.
# Exit status: 1, with a line on stderr, for what makes no sense.

BEGIN {
	sides = split("baseline candidate", side, " ")
	operations = split("dump restore", operation, " ")
	columns = split("find lock checkpoint restore runs criu", column, " ")
	known = " find lock checkpoint restore runs criu parallel "
}

$1 == "left-out" && NF == 3 {
	left_out++
	left_cuda[left_out] = $2
	left_others[left_out] = $3
	next
}

NF != 6 || $1 !~ /^[1-9][0-9]*$/ || $2 !~ /^[0-9]+$/ || $3 !~ /^(baseline|candidate)$/ ||
	$4 !~ /^(dump|restore)$/ || index(known, " " $5 " ") == 0 || $6 !~ /^[0-9]+(\.[0-9]+)?$/ {
	refuse("not understood: " $0)
}

{
	if (!(($1, $2) in cell)) {
		cells++
		cell[$1, $2] = cells
		cell_cuda[cells] = $1
		cell_others[cells] = $2
	}
	c = cell[$1, $2]
	rounds[c, $3, $4, $5]++
	figure[c, $3, $4, $5, rounds[c, $3, $4, $5]] = $5 == "runs" ? $6 / $1 : $6 + 0
	seen[$4, $5] = 1
}

# What is there in one round of a cell is there in all, on both sides the whole at least.
function check_rounds(c,    key, parts, s, o, n) {
	n = rounds_of[c] = rounds[c, "baseline", "dump", "criu"]
	for (s = 1; s <= sides; s++)
		for (o = 1; o <= operations; o++)
			if (!n || rounds[c, side[s], operation[o], "criu"] != n)
				refuse(cell_cuda[c] " CUDA, " cell_others[c] " others: a round is not whole")
	for (key in rounds) {
		split(key, parts, SUBSEP)
		if (parts[1] == c && rounds[key] != n)
			refuse(cell_cuda[c] " CUDA, " cell_others[c] " others: " parts[4] " of a " parts[3] \
				", " parts[2] ": in " rounds[key] " of " n " rounds")
	}
	if (!fewest_rounds || n < fewest_rounds)
		fewest_rounds = n
	if (n > most_rounds)
		most_rounds = n
}

function both(c, op, name) {
	return ((c, "baseline", op, name) in median) && ((c, "candidate", op, name) in median)
}

# The ratio for people and for programs; there is none to nothing.
function ratio(c, op, name) {
	if (!both(c, op, name) || median[c, "baseline", op, name] == 0)
		return ""
	return sprintf("%.3f", median[c, "candidate", op, name] / median[c, "baseline", op, name])
}

function shown(c, who, op, name,    value) {
	if (who == "ratio")
		value = ratio(c, op, name)
	else if ((c, who, op, name) in median)
		value = sprintf(name == "runs" ? "%.2f" : "%.1f", median[c, who, op, name])
	return value == "" ? "-" : value
}

function width(name) {
	return length(name) > 6 ? length(name) + 2 : 8
}

# One line of the table; of the headings, if there is no cell.
function print_line(label, c, who,    o, i, line) {
	line = label
	for (o = 1; o <= operations; o++) {
		line = line "  |"
		for (i = 1; i <= columns; i++)
			if ((operation[o], column[i]) in seen)
				line = line sprintf("%" width(column[i]) "s",
					c ? shown(c, who, operation[o], column[i]) : column[i])
	}
	print line
}

function print_table(    c, s, o, line) {
	line = sprintf("%22s", "")
	for (o = 1; o <= operations; o++)
		line = line "  | " operation[o] \
			sprintf("%" columns_width(operation[o]) - length(operation[o]) - 1 "s", "")
	sub(/ +$/, "", line)
	print line
	print_line(sprintf("%4s %6s %-10s", "cuda", "others", ""))
	for (c = 1; c <= cells; c++) {
		for (s = 1; s <= sides; s++)
			print_line(sprintf("%4d %6d %-10s", cell_cuda[c], cell_others[c], side[s]), c, side[s])
		print_line(sprintf("%11s %-10s", "", "ratio"), c, "ratio")
	}
}

function columns_width(op,    i, sum) {
	for (i = 1; i <= columns; i++)
		if ((op, column[i]) in seen)
			sum += width(column[i])
	return sum
}

# What a process without CUDA costs in the phase find: from the fewest to the most of them,
# with so many CUDA processes. Fills each[cuda, who, op].
function weigh_others(    c, d, s, o, few, many) {
	for (c = 1; c <= cells; c++) {
		d = cell_cuda[c]
		if (!(d in fewest)) {
			cudas++
			cuda[cudas] = d
			fewest[d] = most[d] = c
		}
		if (cell_others[c] < cell_others[fewest[d]])
			fewest[d] = c
		if (cell_others[c] > cell_others[most[d]])
			most[d] = c
	}
	for (d in fewest)
		for (s = 1; s <= sides; s++)
			for (o = 1; o <= operations; o++) {
				few = fewest[d] SUBSEP side[s] SUBSEP operation[o] SUBSEP "find"
				many = most[d] SUBSEP side[s] SUBSEP operation[o] SUBSEP "find"
				if (few != many && (few in median) && (many in median))
					each[d, side[s], operation[o]] = 1000 * (median[many] - median[few]) / \
						(cell_others[most[d]] - cell_others[fewest[d]])
			}
}

function print_weights(    i, d, o) {
	for (i = 1; i <= cudas; i++)
		for (o = 1; o <= operations; o++) {
			d = cuda[i]
			if ((d, "baseline", operation[o]) in each)
				printf "%s, find, for each process without CUDA beside %d with: baseline %.2f us, candidate %.2f us\n",
					operation[o], d, each[d, "baseline", operation[o]],
					each[d, "candidate", operation[o]]
		}
}

function json_side(c, who, op, name,    key) {
	key = c SUBSEP who SUBSEP op SUBSEP name
	return quoted(who) ": {\"median\": " number(median[key]) ", \"least\": " number(least[key]) "}"
}

function json_figures(c, op,    i, name, separator, text) {
	text = quoted(op) ": {\n"
	for (i = 1; i <= columns + 1; i++) {
		name = i > columns ? "parallel" : column[i]
		if (!both(c, op, name))
			continue
		text = text separator "      " quoted(name == "runs" ? "runs_per_cuda" : name) ": {" json_side(c, "baseline", op, name) ", " \
			json_side(c, "candidate", op, name) ", \"ratio\": " \
			(ratio(c, op, name) == "" ? "null" : ratio(c, op, name)) "}"
		separator = ",\n"
	}
	return text "\n    }"
}

function write_json(    i, c, o, separator) {
	json_settings()
	printf "  \"cells\": [" >json
	for (c = 1; c <= cells; c++) {
		printf "%s\n    {\"cuda\": %d, \"others\": %d, \"rounds\": %d,\n    ", (c > 1 ? "," : ""),
			cell_cuda[c], cell_others[c], rounds_of[c] >json
		print json_figures(c, "dump") "," >json
		printf "    %s}", json_figures(c, "restore") >json
	}
	printf "\n  ],\n  \"find_us_per_other\": [" >json
	for (i = 1; i <= cudas; i++)
		for (o = 1; o <= operations; o++)
			if ((cuda[i], "baseline", operation[o]) in each) {
				printf "%s\n    {\"cuda\": %d, \"operation\": %s, \"baseline\": %.3f, \"candidate\": %.3f}",
					separator, cuda[i], quoted(operation[o]),
					each[cuda[i], "baseline", operation[o]],
					each[cuda[i], "candidate", operation[o]] >json
				separator = ","
			}
	printf "\n  ],\n  \"left_out\": [" >json
	for (i = 1; i <= left_out; i++)
		printf "%s\n    {\"cuda\": %d, \"others\": %d}", (i > 1 ? "," : ""),
			left_cuda[i], left_others[i] >json
	print "\n  ]\n}" >json
	if (close(json) != 0)
		refuse(json ": cannot be written")
}

END {
	if (refused)
		exit 1
	if (!cells)
		refuse("nothing was measured")
	for (c = 1; c <= cells; c++)
		check_rounds(c)
	for (key in rounds)
		settle(key)
	weigh_others()

	print "CRIU " meant["criu"] ", " meant["gpus"] " x GPU " meant["gpu"] ", " meant["processors"] \
		" processors, " meant["mib"] " MiB for each CUDA process"
	print "baseline: " meant["baseline"] "; candidate: " \
		(meant["candidate"] == "" ? "as it comes" : meant["candidate"])
	print "ms, the median of " (fewest_rounds < most_rounds ? fewest_rounds " to " : "") most_rounds \
		(most_rounds > 1 ? " rounds" : " round") \
		"; runs: of the utility, for each CUDA process;"
	print "criu: the whole of criu dump or restore; ratio: candidate to baseline\n"
	print_table()
	print ""
	print_weights()
	for (i = 1; i <= left_out; i++)
		print "left out, there was no time: " left_cuda[i] " CUDA, " left_others[i] " others"
	write_json()
}
