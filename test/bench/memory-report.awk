# SPDX-License-Identifier: GPL-2.0-only
#
# What becomes of GPU memory, as text on stdout and as a JSON object in a file.
#
#   awk -v json=FILE -f figures.awk -f memory-report.awk MEASURED
#
# MEASURED has the lines
#
#   setting NAME VALUE              what holds for all of it (figures.awk)
#   memory CUDA ZEROS SIDE OPERATION NAME VALUE
#                                   one figure of one round of so many processes with so many
#                                   percent of zeros: SIDE is baseline or candidate, OPERATION
#                                   dump, restore or cold (a restore too), NAME one of stats.awk
#                                   with started_us, or
#       criu        ms, the whole of criu dump or restore
#       disk        ms, from the start of the dump until what it wrote is on disk
#       image       MiB, images of GPU memory
#       criu-pages  MiB, CRIU's own images of memory
#                                   or OPERATION is dd, NAME direct or fsync: MiB a second
#   waves WAY NAME VALUE            one dump, WAY is at-once or in-waves. NAME is one of those of a
#                                   dump, or MiB of host memory: "before" it, "peak" in it, and
#                                   "limit", the option host-memory
#   left-out TEXT                   there was no time for it
#
# Of the rounds the median counts. What is wanted of a ratio is in the table below; a ratio that
# misses it is no error. Exit status: 1, with a line on stderr, for what makes no sense.

BEGIN {
	# Operation, name, what it is, and the ratio that is wanted at most; 0: none.
	rows = 0
	row("dump", "driver-checkpoint", "checkpoint, by the driver", 0.55)
	row("dump", "criu", "criu dump, the whole", 0.7)
	row("dump", "disk", "criu dump, until it is on disk", 0)
	row("restore", "pages", "restore of the pages", 0.25)
	row("restore", "driver-restore", "restore, by the driver", 0)
	row("restore", "criu", "criu restore, the whole", 0.45)
	row("cold", "pages", "cold, restore of the pages", 0)
	row("cold", "criu", "cold, criu restore, the whole", 0)
	least_of_dd = 0.9
	known = " parallel runs find lock checkpoint restore driver-checkpoint driver-restore " \
		"write fill bytes pages criu disk image criu-pages "
	known_of_waves = known "before peak limit "
	figure_pattern = "^[0-9]+(\\.[0-9]+)?$"
}

function row(operation, name, label, wanted) {
	rows++
	row_key[rows] = operation SUBSEP name
	row_label[rows] = label
	row_wanted[rows] = wanted
}

function add(key, value) {
	if (value !~ figure_pattern)
		refuse("not understood: " $0)
	rounds[key]++
	figure[key, rounds[key]] = value + 0
}

$1 == "left-out" && NF >= 2 {
	left_out++
	missing[left_out] = $0
	sub(/^left-out /, "", missing[left_out])
	next
}

$1 == "waves" && NF == 4 && $2 ~ /^(at-once|in-waves)$/ && index(known_of_waves, " " $3 " ") {
	add("waves" SUBSEP $2 SUBSEP $3, $4)
	waves = 1
	next
}

$1 != "memory" || NF != 7 || $2 !~ /^[1-9][0-9]*$/ || $3 !~ /^(100|[0-9][0-9]?)$/ ||
	$4 !~ /^(baseline|candidate)$/ || $5 !~ /^(dump|restore|cold|dd)$/ ||
	!index($5 == "dd" ? " direct fsync " : known, " " $6 " ") {
	refuse("not understood: " $0)
}

{
	if (!(($2, $3) in cell)) {
		cells++
		cell[$2, $3] = cells
		cell_cuda[cells] = $2
		cell_zeros[cells] = $3
	}
	add(cell[$2, $3] SUBSEP $4 SUBSEP $5 SUBSEP $6, $7)
}

# Each round has both sides, with a dump and a restore, and the candidate's image.
function check_cell(c,    n, where) {
	n = rounds[c, "baseline", "dump", "criu"]
	where = cell_cuda[c] " CUDA, " cell_zeros[c] " % zeros: "
	if (!n || rounds[c, "candidate", "dump", "criu"] != n ||
	    rounds[c, "baseline", "restore", "pages"] != n ||
	    rounds[c, "candidate", "restore", "pages"] != n ||
	    rounds[c, "baseline", "cold", "pages"] != rounds[c, "candidate", "cold", "pages"])
		refuse(where "a round is not whole")
	if (rounds[c, "candidate", "dump", "write"] != n || rounds[c, "candidate", "restore", "fill"] != n ||
	    rounds[c, "candidate", "dump", "image"] != n)
		refuse(where "a round without an image of GPU memory")
	rounds_of[c] = n
}

function check_waves(    i, list, n) {
	n = split("at-once criu,in-waves criu,at-once before,in-waves before,at-once peak,in-waves peak," \
		"in-waves limit", list, ",")
	for (i = 1; i <= n; i++) {
		sub(/ /, SUBSEP, list[i])
		if (rounds["waves" SUBSEP list[i]] != 1)
			refuse("the waves are not whole")
	}
}

# What is wanted of the ratio r, at most or at least.
function verdict(r, wanted, least) {
	if (r == "" || !wanted)
		return ""
	return sprintf("%3s %.2f  %s", least ? ">=" : "<=", wanted,
		(least ? r + 0 >= wanted : r + 0 <= wanted) ? "reached" : "missed")
}

function quotient(x, y) {
	return y > 0 ? sprintf("%.3f", x / y) : ""
}

function ratio(key, other_key) {
	if (!(key in median) || !(other_key in median))
		return ""
	return quotient(median[key], median[other_key])
}

function print_row(label, left, right, r, judged,    line) {
	line = sprintf("  %-36s%12s%12s%9s %s", label, left, right, r, judged)
	sub(/ +$/, "", line)
	print line
}

function ms(key) {
	return key in median ? sprintf("%.1f", median[key]) : "-"
}

function print_comparison(c,    i, before, after, r) {
	for (i = 1; i <= rows; i++) {
		before = c SUBSEP "baseline" SUBSEP row_key[i]
		after = c SUBSEP "candidate" SUBSEP row_key[i]
		if (!(before in median) || !(after in median))
			continue
		r = ratio(after, before)
		print_row(row_label[i], ms(before), ms(after), r, verdict(r, row_wanted[i], 0))
	}
}

# MiB a second.
function speed(mib, took) {
	return took > 0 ? mib * 1000 / took : 0
}

function speed_ratio(c, way,    key) {
	key = c SUBSEP "candidate" SUBSEP "dd" SUBSEP way
	if (!(key in median)) # which a look at it would change
		return ""
	return quotient(speed(median[c, "candidate", "dump", "image"],
		median[c, "candidate", "dump", "write"]), median[key])
}

function print_speeds(c,    image, write, fill, bytes, r, i, way) {
	image = median[c, "candidate", "dump", "image"]
	write = median[c, "candidate", "dump", "write"]
	fill = median[c, "candidate", "restore", "fill"]
	bytes = c SUBSEP "candidate" SUBSEP "dump" SUBSEP "bytes"
	printf "  images of %.1f MiB%s, CRIU has %.1f MiB, and in the baseline %.1f MiB\n", image, \
		bytes in median ? sprintf(" for %.1f MiB of GPU memory", median[bytes] / 1048576) : "",
		median[c, "candidate", "dump", "criu-pages"], median[c, "baseline", "dump", "criu-pages"]
	printf "  written in %.1f ms, %.0f MiB/s; filled in %.1f ms", write, speed(image, write), fill
	if ((c, "candidate", "cold", "fill") in median)
		printf ", cold in %.1f ms", median[c, "candidate", "cold", "fill"]
	print ""
	for (i = 1; i <= 2; i++) {
		way = i == 1 ? "direct" : "fsync"
		r = speed_ratio(c, way)
		if (r != "")
			print_row("written, MiB/s, and by dd (" (i == 1 ? "direct" : "page cache") ")",
				sprintf("%.0f", median[c, "candidate", "dd", way]),
				sprintf("%.0f", speed(image, write)), r, verdict(r, least_of_dd, 1))
	}
}

function growth(way) {
	return median["waves", way, "peak"] - median["waves", way, "before"]
}

function print_waves(    limit) {
	limit = median["waves", "in-waves", "limit"]
	printf "\nwaves, host-memory of %.1f MiB; one dump each\n", limit
	printf "  %-36s%12s%12s%9s\n", "", "at once", "in waves", "ratio"
	print_row("host memory, the most, MiB more", sprintf("%.1f", growth("at-once")),
		sprintf("%.1f", growth("in-waves")), quotient(growth("in-waves"), growth("at-once")), "")
	print_row("the same, to host-memory", sprintf("%.1f", limit), sprintf("%.1f", growth("in-waves")),
		quotient(growth("in-waves"), limit), "")
	print_row("criu dump, the whole", ms("waves" SUBSEP "at-once" SUBSEP "criu"),
		ms("waves" SUBSEP "in-waves" SUBSEP "criu"),
		ratio("waves" SUBSEP "in-waves" SUBSEP "criu", "waves" SUBSEP "at-once" SUBSEP "criu"), "")
}

function optional(text) {
	return text == "" ? "null" : text
}

function json_figure(key) {
	return "{\"median\": " number(median[key]) ", \"least\": " number(least[key]) "}"
}

# All figures of one operation of one side, by name.
function json_operation(prefix,    list, n, i, text, separator) {
	n = split(known_of_waves "direct fsync", list, " ")
	for (i = 1; i <= n; i++)
		if ((prefix SUBSEP list[i]) in median) {
			text = text separator quoted(list[i]) ": " json_figure(prefix SUBSEP list[i])
			separator = ", "
		}
	return "{" text "}"
}

function json_ratios(c,    i, parts, r, text, separator) {
	for (i = 1; i <= rows; i++) {
		r = ratio(c SUBSEP "candidate" SUBSEP row_key[i], c SUBSEP "baseline" SUBSEP row_key[i])
		if (r == "")
			continue
		split(row_key[i], parts, SUBSEP)
		text = text separator quoted(parts[1] " " parts[2]) ": " r
		separator = ", "
	}
	for (i = 1; i <= 2; i++) {
		r = speed_ratio(c, i == 1 ? "direct" : "fsync")
		if (r != "")
			text = text separator quoted("dump write to dd " (i == 1 ? "direct" : "fsync")) ": " r
	}
	return "{" text "}"
}

function json_cell(c,    s, o, who, op) {
	printf "    {\"cuda\": %d, \"zeros\": %d, \"rounds\": %d,\n", cell_cuda[c], cell_zeros[c],
		rounds_of[c] >json
	for (s = 1; s <= 2; s++) {
		who = s == 1 ? "baseline" : "candidate"
		for (o = 1; o <= 4; o++) {
			op = o == 1 ? "dump" : o == 2 ? "restore" : o == 3 ? "cold" : "dd"
			if (json_operation(c SUBSEP who SUBSEP op) != "{}")
				printf "    %s: %s,\n", quoted(who " " op),
					json_operation(c SUBSEP who SUBSEP op) >json
		}
	}
	printf "    \"ratios\": %s}", json_ratios(c) >json
}

function write_json(    c, i) {
	json_settings()
	printf "  \"cells\": [" >json
	for (c = 1; c <= cells; c++) {
		printf "%s\n", (c > 1 ? "," : "") >json
		json_cell(c)
	}
	printf "\n  ],\n  \"waves\": " >json
	if (waves)
		printf "{\n    \"at-once\": %s,\n    \"in-waves\": %s}", json_operation("waves" SUBSEP "at-once"),
			json_operation("waves" SUBSEP "in-waves") >json
	else
		printf "null" >json
	printf ",\n  \"left_out\": [" >json
	for (i = 1; i <= left_out; i++)
		printf "%s%s", (i > 1 ? ", " : ""), quoted(missing[i]) >json
	print "]\n}" >json
	if (close(json) != 0)
		refuse(json ": cannot be written")
}

END {
	if (refused)
		exit 1
	if (!cells)
		refuse("nothing was measured")
	for (c = 1; c <= cells; c++)
		check_cell(c)
	if (waves)
		check_waves()
	for (key in rounds)
		if (rounds[key])
			settle(key)

	print "CRIU " meant["criu"] ", " meant["gpus"] " x GPU " meant["gpu"] ", " meant["processors"] \
		" processors, " meant["mib"] " MiB for each CUDA process"
	print "baseline: " meant["baseline"] "; candidate: " \
		(meant["candidate"] == "" ? "as it comes" : meant["candidate"])
	print "ms, the median; ratio: candidate to baseline, and what is wanted of it;"
	print "restore of the pages: from the start of CRIU until the driver can begin"
	for (c = 1; c <= cells; c++) {
		printf "\n%-38s%12s%12s%9s  %s\n", cell_cuda[c] " CUDA, " cell_zeros[c] " % zeros, " rounds_of[c] \
			(rounds_of[c] > 1 ? " rounds" : " round"), "baseline", "candidate", "ratio", "wanted"
		print_comparison(c)
		print_speeds(c)
	}
	if (waves)
		print_waves()
	for (i = 1; i <= left_out; i++)
		print (i == 1 ? "\n" : "") "left out, there was no time: " missing[i]
	write_json()
}
