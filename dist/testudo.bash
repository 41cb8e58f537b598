# Tab completion of testudo for bash. The program itself knows what may come next; it asks the daemon for names.
_testudo()
{
    local line=${COMP_LINE:0:COMP_POINT} words cur cut
    # By blanks alone: image names hold ':' and options '=', at which bash's own words are cut.
    read -ra words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then
        words+=("")
    fi
    cur=${words[-1]}
    # Of such a word, bash replaces only what follows the last of them.
    cut=${cur%"${cur##*[:=]}"}
    COMPREPLY=()
    while IFS= read -r line; do
        if [ "$line" = @file ]; then
            compopt -o default
        else
            COMPREPLY+=("${line#"$cut"}")
        fi
    done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _testudo testudo
