# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_airx_global_optspecs
    string join \n h/help V/version
end

function __fish_airx_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_airx_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_airx_using_subcommand
    set -l cmd (__fish_airx_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c airx -n "__fish_airx_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_needs_command" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_needs_command" -f -a "chat" -d 'Print the answer when it is complete'
complete -c airx -n "__fish_airx_needs_command" -f -a "stream" -d 'Print the answer as it is generated'
complete -c airx -n "__fish_airx_needs_command" -f -a "tools" -d 'Offer tools and print the calls that the model wants'
complete -c airx -n "__fish_airx_needs_command" -f -a "json" -d 'Ask for JSON and print nothing but valid JSON'
complete -c airx -n "__fish_airx_needs_command" -f -a "mock" -d 'Run a loopback server that speaks the API, for trying and testing scripts offline'
complete -c airx -n "__fish_airx_needs_command" -f -a "models" -d 'List known models: context, output limit, price and its date, concurrency'
complete -c airx -n "__fish_airx_needs_command" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c airx -n "__fish_airx_needs_command" -f -a "help" -d 'Show help for a command or a topic'
complete -c airx -n "__fish_airx_using_subcommand chat" -s s -l system -d 'System message; `@FILE` reads it from a file, `@@` is a literal `@`' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -s f -l file -d 'Text file added to the message; `-` is standard input (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -s i -l image -d 'Image for a vision model: a file, a URL or `-` (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l messages -d 'Earlier turns: a JSON array or NDJSON of messages; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l session -d 'Conversation kept in a file, read and, on success, extended' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l temperature -d 'Sampling temperature; 0 also turns sampling off at BigModel and Z.ai' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l top-p -d 'Nucleus sampling: the probability mass to choose from' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l max-tokens -d 'Longest answer, in tokens; one that is cut exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l stop -d 'Text that ends the answer (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l user-id -d 'The end user\'s id, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l request-id -d 'This request\'s id; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l thinking -d 'Thinking, for models that have it' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand chat" -l param -d 'Any other body member as JSON; wins over the flags (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l accept -d 'Count this finish_reason as a complete answer too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l format -d 'What standard output carries' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand chat" -s o -l output -d 'Write to FILE instead of standard output, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -s x -l extract -d 'Print only the first fenced code block, `=all`, `=last`, or of `=LANGUAGE`' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l meta -d 'Write one JSON object about the run\'s end to FILE (/dev/fd/3 too)' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l dry-run -d 'Send nothing; print the request body, or with `=curl` a curl command' -r -f -a "body\t'The request body'
curl\t'A command that bash runs as it stands'"
complete -c airx -n "__fish_airx_using_subcommand chat" -l base-url -d 'Server to ask, the part before /chat/completions [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l key-file -d 'Read the key from FILE instead of the environment' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l header -d 'Further request header; `@FILE` reads one a line (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l proxy -d 'Proxy, in place of HTTPS_PROXY and ALL_PROXY (http, https, socks5, socks5h)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l cacert -d 'Trust the certificates of this PEM file, in place of the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l connect-timeout -d 'Longest wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l first-token-timeout -d '`stream`: longest wait for the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l idle-timeout -d '`stream`: longest silence after the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l timeout -d 'Longest time for one answer with its retries [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l retries -d 'Further tries while nothing was printed [default: 3]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -s n -l no-stdin -d 'Never touch standard input'
complete -c airx -n "__fish_airx_using_subcommand chat" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand chat" -l greedy -d 'No sampling: always the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand chat" -l usage -d 'Tell tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand chat" -l reasoning -d 'Show the model\'s thinking on standard error'
complete -c airx -n "__fish_airx_using_subcommand chat" -s q -l quiet -d 'No notices, warnings or progress; errors stay'
complete -c airx -n "__fish_airx_using_subcommand chat" -s v -l verbose -d 'Show request and response heads, attempts and timings; never the key'
complete -c airx -n "__fish_airx_using_subcommand chat" -l allow-http -d 'Allow plain http to a host that is not this machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand chat" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand stream" -s s -l system -d 'System message; `@FILE` reads it from a file, `@@` is a literal `@`' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -s f -l file -d 'Text file added to the message; `-` is standard input (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -s i -l image -d 'Image for a vision model: a file, a URL or `-` (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l messages -d 'Earlier turns: a JSON array or NDJSON of messages; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l session -d 'Conversation kept in a file, read and, on success, extended' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l temperature -d 'Sampling temperature; 0 also turns sampling off at BigModel and Z.ai' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l top-p -d 'Nucleus sampling: the probability mass to choose from' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l max-tokens -d 'Longest answer, in tokens; one that is cut exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l stop -d 'Text that ends the answer (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l user-id -d 'The end user\'s id, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l request-id -d 'This request\'s id; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l thinking -d 'Thinking, for models that have it' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand stream" -l param -d 'Any other body member as JSON; wins over the flags (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l accept -d 'Count this finish_reason as a complete answer too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l format -d 'What standard output carries' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand stream" -s o -l output -d 'Write to FILE instead of standard output, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -s x -l extract -d 'Print only the first fenced code block, `=all`, `=last`, or of `=LANGUAGE`' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l meta -d 'Write one JSON object about the run\'s end to FILE (/dev/fd/3 too)' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l dry-run -d 'Send nothing; print the request body, or with `=curl` a curl command' -r -f -a "body\t'The request body'
curl\t'A command that bash runs as it stands'"
complete -c airx -n "__fish_airx_using_subcommand stream" -l base-url -d 'Server to ask, the part before /chat/completions [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l key-file -d 'Read the key from FILE instead of the environment' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l header -d 'Further request header; `@FILE` reads one a line (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l proxy -d 'Proxy, in place of HTTPS_PROXY and ALL_PROXY (http, https, socks5, socks5h)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l cacert -d 'Trust the certificates of this PEM file, in place of the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l connect-timeout -d 'Longest wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l first-token-timeout -d '`stream`: longest wait for the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l idle-timeout -d '`stream`: longest silence after the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l timeout -d 'Longest time for one answer with its retries [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l retries -d 'Further tries while nothing was printed [default: 3]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -s n -l no-stdin -d 'Never touch standard input'
complete -c airx -n "__fish_airx_using_subcommand stream" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand stream" -l greedy -d 'No sampling: always the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand stream" -l usage -d 'Tell tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand stream" -l reasoning -d 'Show the model\'s thinking on standard error'
complete -c airx -n "__fish_airx_using_subcommand stream" -s q -l quiet -d 'No notices, warnings or progress; errors stay'
complete -c airx -n "__fish_airx_using_subcommand stream" -s v -l verbose -d 'Show request and response heads, attempts and timings; never the key'
complete -c airx -n "__fish_airx_using_subcommand stream" -l allow-http -d 'Allow plain http to a host that is not this machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand stream" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand stream" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand tools" -s t -l tools -d 'Tools: a JSON array, object or NDJSON (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -s s -l system -d 'System message; `@FILE` reads it from a file, `@@` is a literal `@`' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -s f -l file -d 'Text file added to the message; `-` is standard input (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -s i -l image -d 'Image for a vision model: a file, a URL or `-` (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l messages -d 'Earlier turns: a JSON array or NDJSON of messages; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l session -d 'Conversation kept in a file, read and, on success, extended' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l temperature -d 'Sampling temperature; 0 also turns sampling off at BigModel and Z.ai' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l top-p -d 'Nucleus sampling: the probability mass to choose from' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l max-tokens -d 'Longest answer, in tokens; one that is cut exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l stop -d 'Text that ends the answer (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l user-id -d 'The end user\'s id, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l request-id -d 'This request\'s id; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l thinking -d 'Thinking, for models that have it' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand tools" -l param -d 'Any other body member as JSON; wins over the flags (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l accept -d 'Count this finish_reason as a complete answer too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l format -d 'What standard output carries' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand tools" -s o -l output -d 'Write to FILE instead of standard output, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -s x -l extract -d 'Print only the first fenced code block, `=all`, `=last`, or of `=LANGUAGE`' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l meta -d 'Write one JSON object about the run\'s end to FILE (/dev/fd/3 too)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l dry-run -d 'Send nothing; print the request body, or with `=curl` a curl command' -r -f -a "body\t'The request body'
curl\t'A command that bash runs as it stands'"
complete -c airx -n "__fish_airx_using_subcommand tools" -l base-url -d 'Server to ask, the part before /chat/completions [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l key-file -d 'Read the key from FILE instead of the environment' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l header -d 'Further request header; `@FILE` reads one a line (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l proxy -d 'Proxy, in place of HTTPS_PROXY and ALL_PROXY (http, https, socks5, socks5h)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l cacert -d 'Trust the certificates of this PEM file, in place of the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l connect-timeout -d 'Longest wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l first-token-timeout -d '`stream`: longest wait for the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l idle-timeout -d '`stream`: longest silence after the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l timeout -d 'Longest time for one answer with its retries [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l retries -d 'Further tries while nothing was printed [default: 3]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l require-call -d 'Exit 11 where the answer holds no call'
complete -c airx -n "__fish_airx_using_subcommand tools" -s n -l no-stdin -d 'Never touch standard input'
complete -c airx -n "__fish_airx_using_subcommand tools" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand tools" -l greedy -d 'No sampling: always the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand tools" -l usage -d 'Tell tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand tools" -l reasoning -d 'Show the model\'s thinking on standard error'
complete -c airx -n "__fish_airx_using_subcommand tools" -s q -l quiet -d 'No notices, warnings or progress; errors stay'
complete -c airx -n "__fish_airx_using_subcommand tools" -s v -l verbose -d 'Show request and response heads, attempts and timings; never the key'
complete -c airx -n "__fish_airx_using_subcommand tools" -l allow-http -d 'Allow plain http to a host that is not this machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand tools" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand tools" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand json" -l select -d 'Print what this JSON Pointer names, strings raw, one a line (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -s s -l system -d 'System message; `@FILE` reads it from a file, `@@` is a literal `@`' -r
complete -c airx -n "__fish_airx_using_subcommand json" -s f -l file -d 'Text file added to the message; `-` is standard input (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -s i -l image -d 'Image for a vision model: a file, a URL or `-` (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l messages -d 'Earlier turns: a JSON array or NDJSON of messages; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l session -d 'Conversation kept in a file, read and, on success, extended' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l temperature -d 'Sampling temperature; 0 also turns sampling off at BigModel and Z.ai' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l top-p -d 'Nucleus sampling: the probability mass to choose from' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l max-tokens -d 'Longest answer, in tokens; one that is cut exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l stop -d 'Text that ends the answer (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l user-id -d 'The end user\'s id, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l request-id -d 'This request\'s id; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l thinking -d 'Thinking, for models that have it' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand json" -l param -d 'Any other body member as JSON; wins over the flags (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l accept -d 'Count this finish_reason as a complete answer too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l format -d 'What standard output carries' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand json" -s o -l output -d 'Write to FILE instead of standard output, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -s x -l extract -d 'Print only the first fenced code block, `=all`, `=last`, or of `=LANGUAGE`' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l meta -d 'Write one JSON object about the run\'s end to FILE (/dev/fd/3 too)' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l dry-run -d 'Send nothing; print the request body, or with `=curl` a curl command' -r -f -a "body\t'The request body'
curl\t'A command that bash runs as it stands'"
complete -c airx -n "__fish_airx_using_subcommand json" -l base-url -d 'Server to ask, the part before /chat/completions [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l key-file -d 'Read the key from FILE instead of the environment' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l header -d 'Further request header; `@FILE` reads one a line (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l proxy -d 'Proxy, in place of HTTPS_PROXY and ALL_PROXY (http, https, socks5, socks5h)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l cacert -d 'Trust the certificates of this PEM file, in place of the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l connect-timeout -d 'Longest wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l first-token-timeout -d '`stream`: longest wait for the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l idle-timeout -d '`stream`: longest silence after the first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l timeout -d 'Longest time for one answer with its retries [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l retries -d 'Further tries while nothing was printed [default: 3]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l pretty -d 'Print indented instead of compact'
complete -c airx -n "__fish_airx_using_subcommand json" -s n -l no-stdin -d 'Never touch standard input'
complete -c airx -n "__fish_airx_using_subcommand json" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand json" -l greedy -d 'No sampling: always the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand json" -l usage -d 'Tell tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand json" -l reasoning -d 'Show the model\'s thinking on standard error'
complete -c airx -n "__fish_airx_using_subcommand json" -s q -l quiet -d 'No notices, warnings or progress; errors stay'
complete -c airx -n "__fish_airx_using_subcommand json" -s v -l verbose -d 'Show request and response heads, attempts and timings; never the key'
complete -c airx -n "__fish_airx_using_subcommand json" -l allow-http -d 'Allow plain http to a host that is not this machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand json" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand json" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand mock" -l port -d 'Port to listen on; 0 takes a free one' -r
complete -c airx -n "__fish_airx_using_subcommand mock" -s h -l help -d 'Print help'
complete -c airx -n "__fish_airx_using_subcommand mock" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand models" -l format -d 'How to print the table' -r -f -a "text\t'A table'
json\t'One JSON array'
ndjson\t'One JSON object a line'"
complete -c airx -n "__fish_airx_using_subcommand models" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand models" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand completions" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand help" -s V -l version -d 'Print version'
