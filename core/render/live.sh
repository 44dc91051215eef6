# --- The files of this host as they are: read, and nothing else.
export LC_ALL=C
imops_live() { # number, path
    if [ ! -e "$2" ]; then
        imops_folder=${2%/*}
        while [ -n "$imops_folder" ] && [ ! -d "$imops_folder" ]; do imops_folder=${imops_folder%/*}; done
        imops_word=absent
        [ -x "${imops_folder:-/}" ] || imops_word='unreadable'
        printf '\n%s %s %s - -\n' "$imops_mark" "$imops_word" "$1"
        return
    fi
    imops_words=$(stat -L -c '%s %a %U:%G' "$2" 2>/dev/null) || imops_words='0 - -'
    if [ -d "$2" ] || [ ! -r "$2" ]; then
        printf '\n%s unreadable %s %s\n' "$imops_mark" "$1" "${imops_words#* }"
    elif [ "${imops_words%% *}" -gt 4194304 ]; then
        printf '\n%s too_large %s %s\n' "$imops_mark" "$1" "${imops_words#* }"
    else
        printf '\n%s file %s %s\n' "$imops_mark" "$1" "${imops_words#* }"
        base64 <"$2"
        printf '\n%s done %s %s\n' "$imops_mark" "$1" "$?"
    fi
}
