# fish completion for the tools of hc(7). One file, by the name of each of them.

# `generate` says what the columns are, and puts the rows here.
set -g __hc_table (string split \n -- '
@TABLE@
')

# The rows of this tool and verb whose third column is such: a pattern.
function __hc_rows -a tool verb third
    string match -r -- "^$tool\t(?:[^\t]* )?$verb(?: [^\t]*)?\t$third\t.*" $__hc_table
end

# The kinds of the operands of this tool and verb.
function __hc_shape -a tool verb
    string replace -r -- '^(?:[^\t]*\t){3}([^\t]*)\t.*' '$1' (__hc_rows $tool $verb :) | string split ' '
end

# True if the option at the end of the word has its value in the next one. The others are the rows of all options.
function __hc_wants -a word
    set -l rows $argv[2..]
    if string match -q -- '--*' $word
        set -l name (string escape --style=regex -- $word)
        set -l found (string match -r -- "^(?:[^\t]*\t){3}$name\t.*" $rows)
        or set found (string match -r -- "^(?:[^\t]*\t){3}$name.*" $rows)
        test (count $found) = 1; and string match -qr -- '^(?:[^\t]*\t){4}must\t' $found
    else
        # In -ab, b may be the value of a.
        set -l plain (string replace -rf -- '^(?:[^\t]*\t){2}-(.)\t[^\t]*\tno\t.*' '$1' $rows | string join '')
        set -l last (string replace -rf -- '^(?:[^\t]*\t){2}-(.)\t[^\t]*\tmust\t.*' '$1' $rows | string join '')
        test -n "$last"; and string match -qr -- "^-[$plain]*[$last]\$" $word
    end
end

# Where the word to complete is, by those before it: the verb or -, 1 if options may come, the kind of operand, and behind
# that the words of NEXT so far.
function __hc_where -a tool
    set -l words (commandline -opc)[2..]
    set -l verb -
    set -l open 1
    set -l skip 0
    set -l shape (__hc_shape $tool $verb)
    set -l rows (__hc_rows $tool $verb '-.?')
    for i in (seq (count $words))
        set -l word $words[$i]
        if test $skip = 1
            set skip 0
        else if test $open = 1; and string match -q -- -- $word
            set open 0
        else if test $open = 1; and string match -q -- '-?*' $word; and set -q rows[1]
            __hc_wants $word $rows; and set skip 1
            # Who only tells has no DIR.
            test $tool = hc-rootfs; and string match -qr -- '^(-[^-]*l.*|--list|--tree|--json)$' $word; and set -e shape[1]
        else if test $tool$verb = hc-netns-
            # The first that begins so, as with ip(8).
            set -l begins (string escape --style=regex -- $word)'[^\t ]*'
            set verb (string replace -r -- '^[^\t]*\t([^\t]*).*' '$1' (__hc_rows $tool $begins :))[1]
            or set verb none
            set shape (__hc_shape $tool $verb)
            set rows (__hc_rows $tool $verb '-.?')
        else
            string match -q -- 'assignment...' "$shape[1]"; and not string match -qr -- '=|^-$' $word; and set -e shape[1]
            switch "$shape[1]"
                case next
                    printf '%s\n' $verb 0 next $words[$i..]
                    return
                case 'program...'
                    string match -q -- -- $word; and set -e shape[1..2]
                case '*...'
                case '*'
                    set -e shape[1]
            end
            test $verb != -; or set open 0
        end
    end
    printf '%s\n' $verb $open "$shape[1]"
end

# True where options of one of these verbs may come.
function __hc_open -a tool
    set -l where (__hc_where $tool)
    test $where[2] = 1; and contains -- $where[1] $argv[2..]
end

# What a value of this kind, or one of the words, can be.
function __hc_value -a kind words
    set -l token (commandline -ct | string replace -r -- '^--[^=]*=' '')
    set -l head
    if set -l mark (string match -r -- '[,:]$' $kind)
        set head (string match -r -- ".*$mark" $token)
        set token (string replace -r -- ".*$mark" '' $token)
    end
    switch (string trim -r -c ',:' -- $kind)
        case directory
            printf '%s\n' "$head"(__fish_complete_directories $token '')
        case file
            printf '%s\n' "$head"(__fish_complete_path $token)
        case program
            __fish_complete_path $token
            complete --do-complete="$token"
        case -
        case '*'
            set -l row "^\*\t-\t!\t"(string trim -r -c ',:' -- $kind)"\t(?:[^\t]*\t){3}"
            set -l code (string replace -rf -- $row '' $__hc_table)
            printf '%s\n' "$head"(sh -c "$code" sh "$token" 2>/dev/null)
    end
    test "$words" = -; or printf '%s\n' "$head"(string split ' ' -- $words)
end

# What can stand where no option is meant: a verb, an operand, or NEXT, as the command line that it is.
function __hc_operand -a tool
    set -l where (__hc_where $tool)
    set -l token (commandline -ct)
    test $where[2] = 1; and string match -q -- '-*' $token; and return
    switch "$where[3]"
        case next
            complete --do-complete=(string join ' ' -- (string escape -- $where[4..]) $token)
        case 'assignment...'
            if string match -q -- '*=*' $token
                string replace -r -- '=.*' = $token | read -l head
                printf '%s\n' $head(__fish_complete_path (string replace -r -- '^[^=]*=' '' $token))
            else
                complete --do-complete="$token"
            end
        case '=*'
            __hc_value - (string replace -a '|' ' ' -- (string sub -s 2 -- $where[3]))
        case ''
            test $tool$where[1] = hc-netns-
            and string replace -r -- '^[^\t]*\t([^\t]*)\t.*\t' '$1\t' (__hc_rows $tool '[^\t]*' :)
        case '*'
            __hc_value (string replace -- ... '' $where[3]) -
    end
end

set -l tool (string replace -r -- '.*/(.*)\.fish$' '$1' (status filename))
complete -c $tool -e
complete -c $tool -f -a "(__hc_operand $tool)"
for row in (__hc_rows $tool '[^\t]*' '-.?')
    set -l column (string split \t -- $row)
    set -l option -c $tool -n "__hc_open $tool $column[2]" -l (string sub -s 3 -- $column[4]) -d $column[8]
    test x$column[3] = x-; or set -a option -s (string sub -s 2 -- $column[3])
    test $column[5] != must; or set -a option -x
    test $column[5] = no; or set -a option -a "(__hc_value $column[6] '$column[7]')"
    complete $option
end
