# Tab completion of testudo for bash. The program itself knows what may come next; it asks the daemon for names.
_testudo()
{
    local cur words cword line IFS=$'\n'
    # Image names hold ':' and options '=', at which bash would cut words.
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n := cur words cword
    else
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}
    fi
    COMPREPLY=()
    for line in $(testudo __complete "${words[@]:1:cword}" 2>/dev/null); do
        if [ "$line" = @file ]; then
            compopt -o default
        else
            COMPREPLY+=("$line")
        fi
    done
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "$cur"
    fi
}
complete -F _testudo testudo
