# SPDX-License-Identifier: GPL-2.0-only
#
# What the reports share: settings, medians, and how things are written in JSON. For awk, before
# the report itself:
#
#   awk -v json=FILE -f figures.awk -f report.awk MEASURED
#
# Lines "setting NAME VALUE" are taken here. The report puts figures into figure[KEY, N], N from 1
# to rounds[KEY], and settle(KEY) makes median[KEY] and least[KEY] of them.

function refuse(reason) {
	print "report: " reason >"/dev/stderr"
	refused = 1
	exit 1
}

$1 == "setting" && NF >= 2 {
	settings++
	setting[settings] = $2
	text = $0
	sub(/^setting +[^ ]+ ?/, "", text)
	meant[$2] = text
	next
}

# Sort the figures of this key, and note the least and the median.
function settle(key,    n, i, j, moved) {
	n = rounds[key]
	for (i = 2; i <= n; i++) {
		moved = figure[key, i]
		for (j = i - 1; j > 0 && figure[key, j] > moved; j--)
			figure[key, j + 1] = figure[key, j]
		figure[key, j + 1] = moved
	}
	least[key] = figure[key, 1]
	median[key] = n % 2 ? figure[key, (n + 1) / 2] : (figure[key, n / 2] + figure[key, n / 2 + 1]) / 2
}

function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[[:cntrl:]]/, " ", text)
	return "\"" text "\""
}

function number(x) {
	return sprintf("%.10g", x)
}

function value_of(text) {
	return text ~ /^[1-9][0-9]*$/ ? text : quoted(text)
}

# The beginning of the object: what holds for all of it.
function json_settings(    i) {
	print "{\n  \"format\": 1," >json
	for (i = 1; i <= settings; i++)
		print "  " quoted(setting[i]) ": " value_of(meant[setting[i]]) "," >json
}
