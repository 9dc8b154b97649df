# SPDX-License-Identifier: GPL-2.0-only
#
# Understand what the plugin says, by its option stats=FILE, of one dump or restore.
#
#   awk -v operation=dump|restore -v cuda=N [-v others=N] [-v started_us=N] -f stats.awk FILE
#
# FILE has one line, a JSON object of a format that is known; nothing is guessed. It has to be
# of that operation, which succeeded, with so many CUDA processes and others. What is
# printed, a line each: "parallel N", "runs N", and for each phase that took place its name and
# how many milliseconds it took.
#
# With started_us, when CRIU was started in microseconds since 1970, also what concerns GPU memory,
# each from the first process that began with it to the last one that ended: "driver-checkpoint MS"
# and "driver-restore MS", what the driver did; "write MS" and "fill MS", images of GPU memory. Of
# a dump "bytes N", of GPU memory, if that is known of all; of a restore "pages MS", from the start
# of CRIU until all memory of the processes was there and the driver could begin.
#
# Exit status: 0, or 1 with a line on stderr when there is anything else in FILE.

BEGIN {
	types = "=object format=whole operation=word succeeded=truth began=number " \
		"parallel=whole others=whole runs=whole phases=object processes=array " \
		"processes.#=object processes.#.pid=whole processes.#.found=word " \
		"processes.#.bytes=whole-or-null processes.#.lock.tries=whole"
	phases = "find lock checkpoint restore"
	steps = "lock checkpoint restore unlock write fill"
	count = split(types, list, " ")
	for (i = 1; i <= count; i++) {
		at = index(list[i], "=")
		type[substr(list[i], 1, at - 1)] = substr(list[i], at + 1)
	}
	declare("phases.", phases)
	declare("processes.#.", steps)
	required[""] = "format operation succeeded began parallel others runs phases processes"
	required["processes.#"] = "pid found bytes"
	required["processes.#.lock"] = "begin_ms ms tries"
}

# Of all that takes time it is said when it began and how long it took.
function declare(prefix, names,    i, list) {
	for (i = split(names, list, " "); i > 0; i--) {
		type[prefix list[i]] = "object"
		type[prefix list[i] ".begin_ms"] = "number"
		type[prefix list[i] ".ms"] = "number"
		required[prefix list[i]] = "begin_ms ms"
	}
}

function refuse(reason) {
	print "stats: " reason >"/dev/stderr"
	refused = 1
	exit 1
}

# The path of one process, as the format has it for all.
function general(path) {
	sub(/^processes\.[0-9]+/, "processes.#", path)
	return path
}

# What has been found at path may be there, and is there for the first time.
function note(path, found,    wanted) {
	wanted = type[general(path)]
	if (wanted == "")
		refuse("it is not known what \"" path "\" means")
	if (wanted != found && !(wanted == "number" && found == "whole") &&
	    !(wanted == "whole-or-null" && (found == "whole" || found == "null")))
		refuse("\"" path "\" is of the type " found ", not " wanted)
	if (path in seen)
		refuse("\"" path "\" is there twice")
	seen[path] = found
}

function take(pattern,    token) {
	sub(/^[ \t]+/, "", rest)
	if (!match(rest, "^(" pattern ")"))
		return ""
	token = substr(rest, 1, RLENGTH)
	rest = substr(rest, RLENGTH + 1)
	return token
}

function expect(pattern,    token) {
	token = take(pattern)
	if (token == "")
		refuse("not understood from here: " substr(rest, 1, 40))
	return token
}

function parse_scalar(path,    token) {
	token = expect("\"[a-z]*\"|true|false|null|[0-9]+(\\.[0-9]+)?")
	if (token ~ /^"/) {
		note(path, "word")
		token = substr(token, 2, length(token) - 2)
	} else if (token ~ /^[a-z]/)
		note(path, token == "null" ? "null" : "truth")
	else
		note(path, token ~ /\./ ? "number" : "whole")
	value[path] = token
}

function parse_object(path,    key, names, count, i) {
	note(path, "object")
	if (take("[}]") == "") {
		do {
			key = expect("\"[a-z_]+\"")
			expect(":")
			parse(path (path == "" ? "" : ".") substr(key, 2, length(key) - 2))
		} while (expect("[,}]") == ",")
	}
	count = split(required[general(path)], names, " ")
	for (i = 1; i <= count; i++)
		if (!((path == "" ? "" : path ".") names[i] in seen))
			refuse("there is no \"" names[i] "\" in \"" path "\"")
}

function parse_array(path,    n) {
	note(path, "array")
	if (take("\\]") == "") {
		do
			parse(path "." ++n)
		while (expect("[,\\]]") == ",")
	}
	elements[path] = n + 0
}

function parse(path) {
	if (take("[{]") != "")
		parse_object(path)
	else if (take("\\[") != "")
		parse_array(path)
	else
		parse_scalar(path)
}

NR > 1 { refuse("there is a second line") }

{
	rest = $0
	parse("")
	if (rest !~ /^[ \t]*$/)
		refuse("there is more: " substr(rest, 1, 40))
}

# When the last of these steps ended; began is set to when the first began. None: 0.
function last_end(step,    i, path, begin, end, last) {
	began = ""
	for (i = 1; i <= elements["processes"]; i++) {
		path = "processes." i "." step
		if (!(path in seen))
			continue
		begin = value[path ".begin_ms"] + 0
		end = begin + value[path ".ms"]
		if (began == "" || begin < began)
			began = begin
		if (end > last)
			last = end
	}
	return last + 0
}

function print_span(name, step,    end) {
	end = last_end(step)
	if (began != "")
		printf "%s %.3f\n", name, end - began
}

function print_memory(    i, bytes, ready, filled) {
	print_span("driver-checkpoint", "checkpoint")
	print_span("driver-restore", "restore")
	print_span("write", "write")
	print_span("fill", "fill")
	if (operation == "restore") {
		ready = value["phases.restore.begin_ms"] + 0
		filled = last_end("fill")
		printf "pages %.3f\n", value["began"] * 1000 - started_us / 1000 + \
			(filled > ready ? filled : ready)
		return
	}
	for (i = 1; i <= elements["processes"]; i++) {
		if (seen["processes." i ".bytes"] == "null")
			return
		bytes += value["processes." i ".bytes"]
	}
	printf "bytes %.0f\n", bytes
}

END {
	if (refused) # exit comes by here
		exit 1
	if (NR == 0)
		refuse("there is no line")
	if (value["format"] != 1)
		refuse("its format is " value["format"] ", and 1 is known here")
	if (value["operation"] != operation)
		refuse("it is of a " value["operation"] ", not of a " operation)
	if (value["succeeded"] != "true")
		refuse("the " operation " did not succeed")
	if (elements["processes"] != cuda)
		refuse("it is of " elements["processes"] " CUDA processes, not of " cuda)
	if (others != "" && value["others"] != others)
		refuse("it is of " value["others"] " other processes, not of " others)
	if (!(("phases." (operation == "dump" ? "checkpoint" : "restore")) in seen))
		refuse("it is of a " operation " without its main phase")

	print "parallel", value["parallel"]
	print "runs", value["runs"]
	count = split(phases, list, " ")
	for (i = 1; i <= count; i++)
		if (("phases." list[i]) in seen)
			print list[i], value["phases." list[i] ".ms"]
	if (started_us != "")
		print_memory()
}
