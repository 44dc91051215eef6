# --- The files of this host as they are: read, and nothing else. What stands between `file` and `done` is the file.
imops_watch
imops_live() { # number, path
    if [ ! -e "$2" ]; then
        imops_folder=${2%/*}
        while [ -n "$imops_folder" ] && [ ! -d "$imops_folder" ]; do imops_folder=${imops_folder%/*}; done
        imops_word=absent
        [ -x "${imops_folder:-/}" ] || imops_word='unreadable'
        tell "$imops_word" "$1" - -
        return
    fi
    imops_words=$(stat -L -c '%s %a %U:%G' "$2" 2>/dev/null) || imops_words='0 - -'
    if [ -d "$2" ] || [ ! -r "$2" ]; then
        tell unreadable "$1" "${imops_words#* }"
    elif [ "${imops_words%% *}" -gt 4194304 ]; then
        tell too_large "$1" "${imops_words#* }"
    else
        tell file "$1" "${imops_words#* }"
        cat <"$2"
        tell "done" "$1" "$?"
    fi
}
