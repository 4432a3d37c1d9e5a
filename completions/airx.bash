# Completion of airx for bash, with or without bash-completion.
# airx itself says what can follow, at the moment of TAB.
_airx() {
    local rest=${COMP_LINE:0:COMP_POINT} word words=() i n=-1
    # bash splits words at : and = too. What no blank separates is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((n < 0)) || [[ $rest == [[:blank:]]* ]]; then
            rest=${rest#"${rest%%[![:blank:]]*}"}
            words[++n]=
        fi
        ((i < COMP_CWORD)) || word=$rest
        words[n]+=$word
        rest=${rest#"$word"}
    done

    local answer kind before line
    COMPREPLY=()
    answer=$(AIRX_COMPLETE=bash command airx -- "${words[@]}" 2>/dev/null) || return
    kind=${answer%%$'\n'*}
    answer=${answer#"$kind"}
    before=${kind#* }
    case $kind in
        files*)
            # The path begins within what bash takes for a word: @FILE.
            if [[ $before && $2 == "$before"* ]]; then
                compopt -o filenames 2>/dev/null
                answer=$(compgen -f -P "$before" -- "${2#"$before"}")
            elif ! compopt -o default 2>/dev/null; then
                answer=$(compgen -f -- "$2")
            fi
            ;;
        folders*) compopt -o dirnames 2>/dev/null || answer=$(compgen -d -- "$2") ;;
        commands*) answer=$(compgen -c -- "$2") ;;
        unfinished) compopt -o nospace 2>/dev/null ;;
    esac
    # bash replaces only what follows the last : or =.
    local kept=${words[n]%"$2"}
    while IFS= read -r line; do
        [[ -z $line ]] || COMPREPLY+=("${line#"$kept"}")
    done <<<"$answer"
}
complete -o nosort -F _airx airx 2>/dev/null || complete -F _airx airx
