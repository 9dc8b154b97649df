# SPDX-License-Identifier: GPL-2.0-only
#
# Print each line that is no JSON value: one object, array, string or literal.
#
# Takes the innermost values away, one after the other, until nothing but one is left.
# A 0 stands for a value.

{
	text = $0
	gsub(/"([^"\\\001-\037]|\\["\\\/bfnrt]|\\u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F])*"/, "S", text)
	gsub(/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null/, "0", text)
	while (gsub(/\{(S:[S0](,S:[S0])*)?\}|\[([S0](,[S0])*)?\]/, "0", text))
		;
	if (text !~ /^[S0]$/) print "no JSON: " $0
}
