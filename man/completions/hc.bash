# shellcheck shell=bash
# bash completion for the tools of hc(7), by the package bash-completion. One file, by the name of each of them.

# `generate` says what the columns are, and puts the rows here.
_hc_table='
@TABLE@
'

# What there is for $tool and $verb.
_hc_select()
{
    local of of_verbs short name takes what words text
    options=() verbs=() shape=() at=0
    while IFS=$'\t' read -r of of_verbs short name takes what words text; do
        if [[ $short == ! ]]; then
            code[$name]=$text
        elif [[ $of == "$tool" && $short == : ]]; then
            [[ $of_verbs == - ]] || { verbs+=("$of_verbs") && about[$of_verbs]=$text; }
            [[ $of_verbs != "$verb" ]] || read -r -a shape <<<"$name"
        elif [[ $of == "$tool" && " $of_verbs " == *" $verb "* ]]; then
            options+=("$name")
            long[$short]=$name argument[$name]=$takes kind[$name]=$what values[$name]=$words about[$name]=$text
        fi
    done <<<"$_hc_table"
}

# Sets $option to the whole name of the one that the word $1 is, begins, or has as the last of its letters; and $wants if
# the next word is its value.
_hc_option()
{
    local name i found=()
    option='' wants=''
    if [[ $1 == --* ]]; then
        for name in "${options[@]}"; do
            [[ $name != "${1%%=*}" ]] || { found=("$name") && break; }
            [[ $name != "${1%%=*}"* ]] || found+=("$name")
        done
        ((${#found[@]} != 1)) || option=${found[0]}
        [[ $1 != *=* ]] || return
    else
        for ((i = 1; i < ${#1}; i++)); do
            option=${long[-${1:i:1}]-}
            # What is behind it in the word is its value.
            [[ ! $option || ${argument[$option]} == no ]] || break
        done
        ((i + 1 >= ${#1})) || return
    fi
    [[ ! $option || ${argument[$option]} != must ]] || wants=1
}

# Takes $1 as the next operand; true if it is the first word of NEXT.
_hc_operand()
{
    case ${shape[at]-} in
        next) return 0 ;;
        assignment...) [[ $1 == - || $1 == *=* ]] || return 0 ;;
        program...) [[ $1 != -- ]] || at=$((at + 2)) ;;
        *...) ;;
        *) at=$((at + 1)) ;;
    esac
    return 1
}

# Completes the command line that begins with the word $1, which in COMP_WORDS has another number: there words end at = and
# : as well.
_hc_next()
{
    local i rest raw=0
    for ((i = 0; i < $1; i++)); do
        rest=${words[i]}
        while [[ $rest ]] && ((raw < COMP_CWORD)); do
            rest=${rest#"${COMP_WORDS[raw]}"}
            raw=$((raw + 1))
        done
    done
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$raw"
    else
        _command_offset "$raw"
    fi
}

# Adds those of the lines of standard input that $cur begins.
_hc_lines()
{
    local line
    while IFS= read -r line; do
        [[ $line != "$cur"* ]] || COMPREPLY+=("$(printf %q "$line")")
    done
}

# Completes $cur, the end of the word $1, as $2 with the words $3 besides.
_hc_value()
{
    local whole=$1 head cut='' before mark i
    [[ $2 != *[,:] ]] || cur=${cur##*"${2: -1}"}
    head=${whole%"$cur"}
    case ${2%[,:]} in
        directory) _filedir -d ;;
        file) _filedir ;;
        program) if [[ $cur == */* ]]; then _filedir; else _hc_lines < <(compgen -c -- "$cur"); fi ;;
        *) [[ ! ${code[${2%[,:]}]-} ]] || _hc_lines < <(sh -c "${code[${2%[,:]}]}" sh "$cur" 2>/dev/null) ;;
    esac
    [[ $3 == - ]] || _hc_lines < <(tr ' ' '\n' <<<"$3")
    # readline takes only what is behind the last of these for the word.
    for mark in = :; do
        before=${whole%"${whole##*"$mark"}"}
        [[ $COMP_WORDBREAKS != *"$mark"* ]] || ((${#before} <= ${#cut})) || cut=$before
    done
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=$head${COMPREPLY[i]}
        COMPREPLY[i]=${COMPREPLY[i]:${#cut}}
    done
    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

# Completes $cur to one of the words $@, options or verbs. In a list, each is described.
_hc_words()
{
    local word i
    for word; do
        [[ $word != "$cur"* ]] || COMPREPLY+=("$word")
    done
    for i in "${!COMPREPLY[@]}"; do
        word=${COMPREPLY[i]}
        [[ ${argument[$word]-} != must ]] || COMPREPLY[i]+='='
        [[ $COMP_TYPE != 63 || ${about[$word]} == - ]] || COMPREPLY[i]+="  (${about[$word]})"
        [[ $COMP_TYPE != 63 ]] || COMPREPLY[i]=${COMPREPLY[i]:0:${COLUMNS:-80} - 2}
    done
    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

# Completes $cur as operand number $at, or as the word that NEXT begins with.
_hc_operands()
{
    local what=${shape[at]-}
    case ${what%...} in
        '')
            # Before the verb, or behind all operands.
            [[ $verb != - ]] || _hc_words "${verbs[@]}"
            [[ $verb == - ]] || _hc_words "${options[@]}"
            ;;
        assignment)
            cur=${cur#*=}
            if [[ $cur == "$whole" ]]; then _hc_next "$cword"; else _hc_value "$whole" file -; fi
            ;;
        next) _hc_next "$cword" ;;
        =*) _hc_value "$whole" - "$(tr '|' ' ' <<<"${what#=}")" ;;
        *) _hc_value "$whole" "${what%...}" - ;;
    esac
}

_hc()
{
    local cur words cword
    if declare -F _comp_get_words >/dev/null; then
        _comp_get_words -n =: cur words cword
    else
        _get_comp_words_by_ref -n =: cur words cword
    fi
    local tool=${1##*/} verb=- at options verbs shape option wants whole=$cur word i open=1
    local -A long argument kind values about code
    COMPREPLY=()
    _hc_select
    for ((i = 1; i < cword; i++)); do
        word=${words[i]}
        if [[ $open && $word == -- ]]; then
            open=''
        elif [[ $open && $word == -?* && ${#options[@]} != 0 ]]; then
            _hc_option "$word"
            # Who only tells has no DIR.
            [[ $tool != hc-rootfs || " --list --tree --json " != *" ${option:-?} "* ]] || at=1
            if [[ $wants ]] && ((++i == cword)); then
                _hc_value "$cur" "${kind[$option]}" "${values[$option]}"
                return
            fi
        elif [[ $tool == hc-netns && $verb == - ]]; then
            # The first that begins so, as with ip(8).
            for verb in "${verbs[@]}" -; do [[ $verb != "$word"* ]] || break; done
            _hc_select
        elif _hc_operand "$word"; then
            _hc_next "$i"
            return
        elif [[ $verb == - ]]; then
            open=''
        fi
    done
    if [[ $open && $cur == --*=* ]]; then
        _hc_option "$cur"
        cur=${cur#*=}
        [[ ! $option ]] || _hc_value "$whole" "${kind[$option]}" "${values[$option]}"
    elif [[ $open && $cur == -* ]]; then
        _hc_words "${options[@]}"
    else
        _hc_operands
    fi
} &&
    complete -F _hc hc-cgroup hc-env hc-netns hc-rootfs hc-run hc-unshare
