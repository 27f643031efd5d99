#compdef hc-cgroup hc-env hc-netns hc-rootfs hc-run hc-unshare
# zsh completion for the tools of hc(7).

# `generate` says what the columns are, and puts the rows here.
local table='
@TABLE@
'

# Sets $reply to what _arguments takes for the options of $tool and $verb; $shape to the operands, $described to the verbs.
_hc_select() {
    local row
    reply=() shape=() described=()
    for row in ${(f)table}; do
        # of, its verbs, short, name, takes, kind, words, text
        local -a column=("${(@s:	:)row}")
        if [[ $column[3] == '!' ]]; then
            code[$column[4]]=$column[8]
        elif [[ $column[1] == $tool && $column[3] == : ]]; then
            [[ $column[2] == - ]] || described+=("$column[2]:$column[8]")
            [[ $column[2] != $verb ]] || shape=(${=column[4]})
        elif [[ $column[1] == $tool && " $column[2] " == *" $verb "* ]]; then
            _hc_specs "${(@)column[3,8]}"
        fi
    done
}

# Adds an option: short, name, takes, kind, words, text.
_hc_specs() {
    # A lone - would exclude all other options.
    local same="(${1:#-} $2)" text="[${${6//\[/\\[}//\]/\\]}]" action=":${2#--}:{_hc_value ${4/:/\\:} ${(q)5}}"
    case $3 in
        no) reply+=("$same$2$text") ;;
        must) reply+=("*$2=$text$action") ;;
        # Only in the same word.
        may) reply+=("*$2=-$text:$action") ;;
    esac
    [[ $1 == - ]] || case $3 in
        must) reply+=("*$1+$text$action") ;;
        *) reply+=("$same$1$text") ;;
    esac
}

# Completes a value of the kind $1, or one of the words $2.
_hc_value() {
    local kind=${1%[,:]} found=1
    [[ $1 != *[,:] ]] || compset -P "*${1[-1]}"
    case $kind in
        directory) _files -/ && found=0 ;;
        file) _files && found=0 ;;
        program) _alternative 'commands:command:_command_names -e' 'files:file:_files' && found=0 ;;
        *) [[ -z $code[$kind] ]] || compadd -- ${(f)"$(sh -c "$code[$kind]" sh "$PREFIX" 2>/dev/null)"} && found=0 ;;
    esac
    [[ $2 == - ]] || compadd -- ${${=2}:#*=} && found=0
    [[ $2 == - ]] || compadd -S '' -- ${(M)${=2}:#*=} && found=0
    return found
}

# Completes the operand at CURRENT, behind those before it; or NEXT, as the command line that it is.
_hc_operands() {
    local at=1 i
    for ((i = 1; i <= CURRENT; i++)); do
        case $shape[at] in
            next) break ;;
            assignment...) [[ $words[i] == - || $words[i] == *=* ]] || { ((at++)) && break; } ;;
            program...) [[ i -eq CURRENT || $words[i] != -- ]] || ((at += 2)) ;;
            *...) ;;
            *) ((i == CURRENT || at++)) ;;
        esac
    done
    case $shape[at] in
        next)
            [[ $words[i] != -- || i -eq CURRENT ]] || ((i++))
            shift $((i - 1)) words
            ((CURRENT -= i - 1))
            _normal
            ;;
        assignment...) compset -P '*=' && _files ;;
        '='*) _hc_value - "${${shape[at]#=}//|/ }" ;;
        ?*) _hc_value "${shape[at]%...}" - ;;
        *) return 1 ;;
    esac
}

local curcontext=$curcontext state line tool=$service verb=- word
local -a reply shape described
local -A opt_args code
_hc_select
if [[ $tool == hc-rootfs ]] && (($words[(I)(-[^-]#l*|--list|--tree|--json)])); then
    # Who only tells has no DIR.
    shift shape
fi
_arguments -C -s -S -A '-*' $reply '*:::operand:->operands' && return
[[ $state == operands ]] || return
if [[ $tool != hc-netns ]]; then
    _hc_operands
elif ((CURRENT == 1)); then
    _describe verb described
else
    # The first that begins so, as with ip(8).
    for verb in ${described%%:*} -; do [[ $verb != $words[1]* ]] || break; done
    _hc_select
    if (($#reply == 0)); then
        shift words
        ((CURRENT--))
        _hc_operands
    elif [[ $shape == next ]]; then
        _arguments -C -S -A '-*' $reply '*:::operand:_hc_operands'
    else
        _arguments -C -S $reply "1:operand:{_hc_value $shape -}"
    fi
fi
