# Completion of airx for fish. airx itself says what can follow, at the moment of TAB.
function __airx_complete
    set -l token (commandline --current-token --cut-at-cursor)
    set -l answer (AIRX_COMPLETE=fish command airx -- (commandline --current-process --tokenize --cut-at-cursor) "$token" 2>/dev/null)
    set -l kind (string split --max 1 ' ' -- $answer[1])
    switch "$kind[1]"
        case files folders commands
            set -l name (string sub --start (math 1 + (string length -- "$kind[2]")) -- "$token")
            set -l found
            switch $kind[1]
                case files
                    # Of a program that fish does not know, it completes files.
                    set found (complete --do-complete "airx-file $name")
                case folders
                    set found (complete --do-complete "airx-file $name" | string match '*/')
                case commands
                    set found (complete --do-complete "$name")
            end
            string join -- \n "$kind[2]"$found
        case words unfinished
            string join -- \n $answer[2..-1]
    end
end
complete --command airx --no-files --keep-order --arguments '(__airx_complete)'
