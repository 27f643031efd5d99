# Rows out of help texts: lines with the name of a tool and a tab before each. `generate` says what a row is.

BEGIN {
	FS = OFS = "\t"
	while ((status = (getline line < values)) > 0) {
		if (line ~ /^#/ || split(line, word, / +/) < 3) continue
		rest = line
		sub(/^[^ ]+ +[^ ]+ +/, "", rest)
		if (word[1] == "!") print "*", "-", "!", word[2], "-", "-", "-", rest
		else if (word[2] == ":") print word[1], "-", ":", rest, "-", "-", "-", "-"
		else for (i = split(word[2], option, ","); i > 0; i--) known[word[1], option[i]] = rest
	}
	if (status < 0) exit 1
}

# What a value is, by what the help text has for it: none|BRIDGE[:OPT,...].
function kind(meta,    alternative, count, i, name, words, found) {
	gsub(/\[[^]]*\]/, "", meta)
	count = split(meta, alternative, "|")
	found = "-"
	for (i = 1; i <= count; i++) {
		name = alternative[i]
		if (name ~ /^[a-z=]+$/) words = words " " name
		sub(/[^A-Z].*/, "", name)
		if ((tool, name) in known) found = known[tool, name]
		else if (("=", name) in known) found = known["=", name]
	}
	return found words
}

# `long` is as in the text, with its value.
function print_option(short, long,    takes, name, meta, what, space) {
	name = meta = long
	sub(/\[?=.*/, "", name)
	takes = name == long ? "no" : long ~ /^--[a-z0-9-]+\[=/ ? "may" : "must"
	sub(/^[^=]*=?/, "", meta)
	if (takes == "may") sub(/\]$/, "", meta)
	if ((tool, name) in known) what = known[tool, name]
	else if (("*", name) in known) what = known["*", name]
	else what = kind(meta)
	space = index(what " ", " ")
	print tool, verbs, short, name, takes, substr(what, 1, space - 1), \
		space < length(what) ? substr(what, space + 1) : "-", description
}

# The words behind a verb, as kinds.
function operands(syntax,    word, count, i, more, all) {
	if ((tool, verb ":") in known) return known[tool, verb ":"]
	count = split(syntax, word, " ")
	for (i = 1; i <= count; i++) {
		if (word[i] ~ /OPTION|ARG|^\[--\]$/) continue
		more = sub(/\.\.\.$/, "", word[i]) ? "..." : ""
		gsub(/[][]/, "", word[i])
		if (word[i] ~ /\|/) word[i] = "=" substr(word[i], index(word[i], "|") + 1)
		else word[i] = kind(word[i])
		all = all " " word[i] more
	}
	return all == "" ? "-" : substr(all, 2)
}

# An item of the text is whole.
function finish(    i, short) {
	if (description == "") description = "-"
	short = "-"
	for (i = 1; i <= names; i++) {
		if (name[i] ~ /^--/) {
			print_option(short, name[i])
			short = "-"
		} else short = name[i]
	}
	if (verb != "") print tool, verb, ":", operands(syntax), "-", "-", "-", description
	names = goes_on = 0
	verb = description = ""
}

{
	text = $2
	sub(/^ +/, "", text)
}

# A heading, or a blank line.
$2 !~ /^ / {
	finish()
	tool = $1
	verbs = "-"
	lists_verbs = text ~ /^Verbs .*:$/
	if (text ~ /^Options of .*:$/) {
		verbs = substr(text, 12, length(text) - 12)
		gsub(/, | and /, " ", verbs)
	}
	next
}

# An option; what is further to the right goes on with the description.
$2 ~ /^  (    )?-/ {
	if (!goes_on) finish()
	goes_on = 1
	while (goes_on && match(text, /^--?[A-Za-z0-9][^ ]*/)) {
		name[++names] = substr(text, 1, RLENGTH)
		text = substr(text, RLENGTH + 1)
		sub(/^ +/, "", text)
		goes_on = sub(/,$/, "", name[names])
	}
	description = text
	next
}

lists_verbs && $2 ~ /^  [a-z]/ {
	finish()
	at = index(text, "  ")
	syntax = at ? substr(text, 1, at - 1) : text
	description = at ? substr(text, at) : ""
	sub(/^ +/, "", description)
	verb = syntax
	sub(/ .*/, "", verb)
	syntax = substr(syntax, length(verb) + 1)
	next
}

names || verb != "" { description = description (description == "" ? "" : " ") text }

END { finish() }
