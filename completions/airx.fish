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
complete -c airx -n "__fish_airx_needs_command" -f -a "tools" -d 'Offer tools and print the calls that the model wants, or run them'
complete -c airx -n "__fish_airx_needs_command" -f -a "json" -d 'Ask for JSON and print nothing but valid JSON'
complete -c airx -n "__fish_airx_needs_command" -f -a "batch" -d 'Have many inputs answered by the provider\'s batch engine'
complete -c airx -n "__fish_airx_needs_command" -f -a "mock" -d 'Run a loopback server that speaks the API, for trying and testing scripts offline'
complete -c airx -n "__fish_airx_needs_command" -f -a "models" -d 'List known models: context, output limit, price, concurrency'
complete -c airx -n "__fish_airx_needs_command" -f -a "budget" -d 'Show what --budget has counted: spent, reserved, free'
complete -c airx -n "__fish_airx_needs_command" -f -a "config" -d 'Show the settings and their origin, or check the configuration file'
complete -c airx -n "__fish_airx_needs_command" -f -a "completions" -d 'Print a shell\'s completion script, or install it'
complete -c airx -n "__fish_airx_needs_command" -f -a "help" -d 'Show help for a command or a topic'
complete -c airx -n "__fish_airx_using_subcommand chat" -s s -l system -d 'System message, or @FILE with its text' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -s f -l file -d 'Add a text file to the message (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -s i -l image -d 'Add an image, for vision models (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l messages -d 'Read earlier turns from FILE: a JSON array or NDJSON' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l session -d 'Keep the conversation in FILE and continue it' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l fallback -d 'Ask MODEL if the one before it is unavailable (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l temperature -d 'Sampling temperature' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l top-p -d 'Nucleus sampling: choose from this share of the probability' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l max-tokens -d 'Limit the answer to N tokens; a cut answer exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l stop -d 'End the answer before this text (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l user-id -d 'Id of the end user, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l request-id -d 'Id of this request; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l thinking -d 'Think before the answer, for models that can' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand chat" -l param -d 'Set any other member of the body (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l accept -d 'Count this finish_reason as a complete answer (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand chat" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l render -d 'Show Markdown and LaTeX rendered [default: auto]' -r -f -a "auto\t'On a terminal'
always\t'Everywhere'
never\t'Nowhere'"
complete -c airx -n "__fish_airx_using_subcommand chat" -s x -l extract -d 'Print the first code block only' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l dry-run -d 'Print the request\'s body and send nothing' -r -f -a "body\t'The request\'s body'
curl\t'A command that bash runs as it is'"
complete -c airx -n "__fish_airx_using_subcommand chat" -l each -d 'Send one request for each line of standard input' -r -f -a "lines\t'One item a line'
json\t'One JSON value a line'
csv\t'One record of CSV; the header names its columns'
null\t'What NUL bytes separate'
files\t'One file, named by a line or between NUL bytes'"
complete -c airx -n "__fish_airx_using_subcommand chat" -l items -d 'Read the items from FILE instead of standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -s c -l concurrency -d 'Send N requests at once [default: by --tier, else 2]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l tier -d 'Tier of the account, for --concurrency [default: v0]' -r -f -a "v0\t'5 requests in flight'
v1\t'30 requests in flight'
v2\t'40 requests in flight'
v3\t'50 requests in flight'"
complete -c airx -n "__fish_airx_using_subcommand chat" -l max-cost -d 'Start no request that could raise the total cost above AMOUNT' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l max-in-flight -d 'Limit requests in flight over all runs of airx [default: 0, no limit; AIRX_MAX_IN_FLIGHT]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l budget -d 'Send nothing that could cost more than AMOUNT in a PERIOD, over all runs [AIRX_BUDGET]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l cache -d 'Keep answers in DIR and use them again [AIRX_CACHE]' -r -f -a "(__fish_complete_directories)"
complete -c airx -n "__fish_airx_using_subcommand chat" -l cache-ttl -d 'Ask again when the answer in --cache is older [default: 0, no limit]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -l record -d 'Record each exchange in a file in DIR [AIRX_RECORD]' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l replay -d 'Take the answers from the recordings in DIR [AIRX_REPLAY]' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand chat" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand chat" -s n -l no-stdin -d 'Do not read standard input'
complete -c airx -n "__fish_airx_using_subcommand chat" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand chat" -l allow-empty-input -d 'Accept empty input where you asked for input: `-`, -f, @FILE, --messages'
complete -c airx -n "__fish_airx_using_subcommand chat" -l greedy -d 'Always take the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand chat" -l allow-empty -d 'Accept an answer with neither text nor tool calls'
complete -c airx -n "__fish_airx_using_subcommand chat" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand chat" -l reasoning -d 'Show the model\'s reasoning on standard error'
complete -c airx -n "__fish_airx_using_subcommand chat" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand chat" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand chat" -l no-item -d 'Leave the item out of its result'
complete -c airx -n "__fish_airx_using_subcommand chat" -l unordered -d 'Print results as they come, not in input order'
complete -c airx -n "__fish_airx_using_subcommand chat" -l resume -d 'Continue an interrupted run: skip items already answered in -o FILE'
complete -c airx -n "__fish_airx_using_subcommand chat" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand chat" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand stream" -s s -l system -d 'System message, or @FILE with its text' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -s f -l file -d 'Add a text file to the message (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -s i -l image -d 'Add an image, for vision models (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l messages -d 'Read earlier turns from FILE: a JSON array or NDJSON' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l session -d 'Keep the conversation in FILE and continue it' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l fallback -d 'Ask MODEL if the one before it is unavailable (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l temperature -d 'Sampling temperature' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l top-p -d 'Nucleus sampling: choose from this share of the probability' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l max-tokens -d 'Limit the answer to N tokens; a cut answer exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l stop -d 'End the answer before this text (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l user-id -d 'Id of the end user, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l request-id -d 'Id of this request; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l thinking -d 'Think before the answer, for models that can' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand stream" -l param -d 'Set any other member of the body (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l accept -d 'Count this finish_reason as a complete answer (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand stream" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l render -d 'Show Markdown and LaTeX rendered [default: auto]' -r -f -a "auto\t'On a terminal'
always\t'Everywhere'
never\t'Nowhere'"
complete -c airx -n "__fish_airx_using_subcommand stream" -s x -l extract -d 'Print the first code block only' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l dry-run -d 'Print the request\'s body and send nothing' -r -f -a "body\t'The request\'s body'
curl\t'A command that bash runs as it is'"
complete -c airx -n "__fish_airx_using_subcommand stream" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l first-token-timeout -d 'Limit the wait for the first token of a stream [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l idle-timeout -d 'Limit the silence after a stream\'s first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l max-in-flight -d 'Limit requests in flight over all runs of airx [default: 0, no limit; AIRX_MAX_IN_FLIGHT]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l budget -d 'Send nothing that could cost more than AMOUNT in a PERIOD, over all runs [AIRX_BUDGET]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l cache -d 'Keep answers in DIR and use them again [AIRX_CACHE]' -r -f -a "(__fish_complete_directories)"
complete -c airx -n "__fish_airx_using_subcommand stream" -l cache-ttl -d 'Ask again when the answer in --cache is older [default: 0, no limit]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -l record -d 'Record each exchange in a file in DIR [AIRX_RECORD]' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l replay -d 'Take the answers from the recordings in DIR [AIRX_REPLAY]' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand stream" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand stream" -s n -l no-stdin -d 'Do not read standard input'
complete -c airx -n "__fish_airx_using_subcommand stream" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand stream" -l allow-empty-input -d 'Accept empty input where you asked for input: `-`, -f, @FILE, --messages'
complete -c airx -n "__fish_airx_using_subcommand stream" -l greedy -d 'Always take the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand stream" -l allow-empty -d 'Accept an answer with neither text nor tool calls'
complete -c airx -n "__fish_airx_using_subcommand stream" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand stream" -l reasoning -d 'Show the model\'s reasoning on standard error'
complete -c airx -n "__fish_airx_using_subcommand stream" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand stream" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand stream" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand stream" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand stream" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand tools" -s s -l system -d 'System message, or @FILE with its text' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -s f -l file -d 'Add a text file to the message (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l messages -d 'Read earlier turns from FILE: a JSON array or NDJSON' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l session -d 'Keep the conversation in FILE and continue it' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l fallback -d 'Ask MODEL if the one before it is unavailable (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l top-p -d 'Nucleus sampling: choose from this share of the probability' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l max-tokens -d 'Limit the answer to N tokens; a cut answer exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l stop -d 'End the answer before this text (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l user-id -d 'Id of the end user, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l request-id -d 'Id of this request; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l param -d 'Set any other member of the body (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l accept -d 'Count this finish_reason as a complete answer (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand tools" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -s t -l tools -d 'Offer the tools in FILE (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l tools-dir -d 'Offer the executables in DIR as tools (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l mcp -d 'Offer the tools of this MCP server (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l only -d 'Offer only this one of the tools (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l retrieval -d 'Let the provider search this knowledge base' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l retrieval-prompt -d 'Text with {{knowledge}} and {{question}} for --retrieval' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l exec -d 'Run COMMAND for the calls of tool NAME (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l rounds -d 'Send N requests at most [default: 8]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l tool-timeout -d 'Limit the time of one call [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l tool-max-bytes -d 'Cut a result after N bytes, with a mark [default: 65536]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l items -d 'Read the items from FILE instead of standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l tier -d 'Tier of the account, for --concurrency [default: v0]' -r -f -a "v0\t'5 requests in flight'
v1\t'30 requests in flight'
v2\t'40 requests in flight'
v3\t'50 requests in flight'"
complete -c airx -n "__fish_airx_using_subcommand tools" -l max-cost -d 'Start no request that could raise the total cost above AMOUNT' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l first-token-timeout -d 'Limit the wait for the first token of a stream [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l idle-timeout -d 'Limit the silence after a stream\'s first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l max-in-flight -d 'Limit requests in flight over all runs of airx [default: 0, no limit; AIRX_MAX_IN_FLIGHT]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l budget -d 'Send nothing that could cost more than AMOUNT in a PERIOD, over all runs [AIRX_BUDGET]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l cache -d 'Keep answers in DIR and use them again [AIRX_CACHE]' -r -f -a "(__fish_complete_directories)"
complete -c airx -n "__fish_airx_using_subcommand tools" -l cache-ttl -d 'Ask again when the answer in --cache is older [default: 0, no limit]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l record -d 'Record each exchange in a file in DIR [AIRX_RECORD]' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l replay -d 'Take the answers from the recordings in DIR [AIRX_REPLAY]' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -s i -l image -d 'Add an image, for vision models (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand tools" -l temperature -d 'Sampling temperature' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l thinking -d 'Think before the answer, for models that can' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand tools" -s x -l extract -d 'Print the first code block only' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l render -d 'Show Markdown and LaTeX rendered [default: auto]' -r -f -a "auto\t'On a terminal'
always\t'Everywhere'
never\t'Nowhere'"
complete -c airx -n "__fish_airx_using_subcommand tools" -l each -d 'Send one request for each line of standard input' -r -f -a "lines\t'One item a line'
json\t'One JSON value a line'
csv\t'One record of CSV; the header names its columns'
null\t'What NUL bytes separate'
files\t'One file, named by a line or between NUL bytes'"
complete -c airx -n "__fish_airx_using_subcommand tools" -s c -l concurrency -d 'Send N requests at once [default: by --tier, else 2]' -r
complete -c airx -n "__fish_airx_using_subcommand tools" -l dry-run -d 'Print the request\'s body and send nothing' -r -f -a "body\t'The request\'s body'
curl\t'A command that bash runs as it is'"
complete -c airx -n "__fish_airx_using_subcommand tools" -s n -l no-stdin -d 'Do not read standard input'
complete -c airx -n "__fish_airx_using_subcommand tools" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand tools" -l allow-empty-input -d 'Accept empty input where you asked for input: `-`, -f, @FILE, --messages'
complete -c airx -n "__fish_airx_using_subcommand tools" -l greedy -d 'Always take the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand tools" -l allow-empty -d 'Accept an answer with neither text nor tool calls'
complete -c airx -n "__fish_airx_using_subcommand tools" -l reasoning -d 'Show the model\'s reasoning on standard error'
complete -c airx -n "__fish_airx_using_subcommand tools" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand tools" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand tools" -l require-call -d 'Exit 11 if the model makes no call'
complete -c airx -n "__fish_airx_using_subcommand tools" -l stream -d 'Print the answer\'s text as it is generated'
complete -c airx -n "__fish_airx_using_subcommand tools" -l run -d 'Run the calls, send the results back, print the final answer'
complete -c airx -n "__fish_airx_using_subcommand tools" -l yes -d 'Run every call without asking'
complete -c airx -n "__fish_airx_using_subcommand tools" -l no-item -d 'Leave the item out of its result'
complete -c airx -n "__fish_airx_using_subcommand tools" -l unordered -d 'Print results as they come, not in input order'
complete -c airx -n "__fish_airx_using_subcommand tools" -l resume -d 'Continue an interrupted run: skip items already answered in -o FILE'
complete -c airx -n "__fish_airx_using_subcommand tools" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand tools" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand tools" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand tools" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand json" -s s -l system -d 'System message, or @FILE with its text' -r
complete -c airx -n "__fish_airx_using_subcommand json" -s f -l file -d 'Add a text file to the message (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l messages -d 'Read earlier turns from FILE: a JSON array or NDJSON' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l fallback -d 'Ask MODEL if the one before it is unavailable (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l top-p -d 'Nucleus sampling: choose from this share of the probability' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l stop -d 'End the answer before this text (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l user-id -d 'Id of the end user, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l request-id -d 'Id of this request; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l param -d 'Set any other member of the body (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l accept -d 'Count this finish_reason as a complete answer (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand json" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l schema -d 'JSON Schema of the answer: a file, `-`, or the JSON itself' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l fields -d 'A schema in short: \'name, age int, tags [str]\'' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l constrain -d 'Let the server hold the answer to the schema [default: auto]' -r -f -a "auto\t'At servers other than the two providers, unless they refuse it'
always\t'At every server'
never\t'At none: response_format is json_object'"
complete -c airx -n "__fish_airx_using_subcommand json" -l tries -d 'Send N requests at most for a valid answer [default: 3]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l select -d 'Print the value at this JSON Pointer, strings raw (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l each -d 'Send one request for each line of standard input' -r -f -a "lines\t'One item a line'
json\t'One JSON value a line'
csv\t'One record of CSV; the header names its columns'
null\t'What NUL bytes separate'
files\t'One file, named by a line or between NUL bytes'"
complete -c airx -n "__fish_airx_using_subcommand json" -l items -d 'Read the items from FILE instead of standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -s c -l concurrency -d 'Send N requests at once [default: by --tier, else 2]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l tier -d 'Tier of the account, for --concurrency [default: v0]' -r -f -a "v0\t'5 requests in flight'
v1\t'30 requests in flight'
v2\t'40 requests in flight'
v3\t'50 requests in flight'"
complete -c airx -n "__fish_airx_using_subcommand json" -l max-cost -d 'Start no request that could raise the total cost above AMOUNT' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l first-token-timeout -d 'Limit the wait for the first token of a stream [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l idle-timeout -d 'Limit the silence after a stream\'s first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l max-in-flight -d 'Limit requests in flight over all runs of airx [default: 0, no limit; AIRX_MAX_IN_FLIGHT]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l budget -d 'Send nothing that could cost more than AMOUNT in a PERIOD, over all runs [AIRX_BUDGET]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l cache -d 'Keep answers in DIR and use them again [AIRX_CACHE]' -r -f -a "(__fish_complete_directories)"
complete -c airx -n "__fish_airx_using_subcommand json" -l cache-ttl -d 'Ask again when the answer in --cache is older [default: 0, no limit]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l record -d 'Record each exchange in a file in DIR [AIRX_RECORD]' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l replay -d 'Take the answers from the recordings in DIR [AIRX_REPLAY]' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand json" -s i -l image -d 'Add an image, for vision models (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l session -d 'Keep the conversation in FILE and continue it' -r -F
complete -c airx -n "__fish_airx_using_subcommand json" -l temperature -d 'Sampling temperature' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l thinking -d 'Think before the answer, for models that can' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand json" -s x -l extract -d 'Print the first code block only' -r
complete -c airx -n "__fish_airx_using_subcommand json" -l render -d 'Show Markdown and LaTeX rendered [default: auto]' -r -f -a "auto\t'On a terminal'
always\t'Everywhere'
never\t'Nowhere'"
complete -c airx -n "__fish_airx_using_subcommand json" -l dry-run -d 'Print the request\'s body and send nothing' -r -f -a "body\t'The request\'s body'
curl\t'A command that bash runs as it is'"
complete -c airx -n "__fish_airx_using_subcommand json" -l max-tokens -d 'Limit the answer to N tokens; a cut answer exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand json" -s n -l no-stdin -d 'Do not read standard input'
complete -c airx -n "__fish_airx_using_subcommand json" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand json" -l allow-empty-input -d 'Accept empty input where you asked for input: `-`, -f, @FILE, --messages'
complete -c airx -n "__fish_airx_using_subcommand json" -l greedy -d 'Always take the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand json" -l allow-empty -d 'Accept an answer with neither text nor tool calls'
complete -c airx -n "__fish_airx_using_subcommand json" -l reasoning -d 'Show the model\'s reasoning on standard error'
complete -c airx -n "__fish_airx_using_subcommand json" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand json" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand json" -l pretty -d 'Print indented JSON'
complete -c airx -n "__fish_airx_using_subcommand json" -l lines -d 'Print the elements of an array, one a line'
complete -c airx -n "__fish_airx_using_subcommand json" -l stream -d 'With --lines: print each element as soon as it is valid'
complete -c airx -n "__fish_airx_using_subcommand json" -l no-item -d 'Leave the item out of its result'
complete -c airx -n "__fish_airx_using_subcommand json" -l unordered -d 'Print results as they come, not in input order'
complete -c airx -n "__fish_airx_using_subcommand json" -l resume -d 'Continue an interrupted run: skip items already answered in -o FILE'
complete -c airx -n "__fish_airx_using_subcommand json" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand json" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand json" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand json" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand batch; and not __fish_seen_subcommand_from submit status wait fetch cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand batch; and not __fish_seen_subcommand_from submit status wait fetch cancel" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand batch; and not __fish_seen_subcommand_from submit status wait fetch cancel" -f -a "submit" -d 'Upload a request for each item and print the ids of the batches'
complete -c airx -n "__fish_airx_using_subcommand batch; and not __fish_seen_subcommand_from submit status wait fetch cancel" -f -a "status" -d 'Print the state of batches, one a line'
complete -c airx -n "__fish_airx_using_subcommand batch; and not __fish_seen_subcommand_from submit status wait fetch cancel" -f -a "wait" -d 'Wait until batches have ended'
complete -c airx -n "__fish_airx_using_subcommand batch; and not __fish_seen_subcommand_from submit status wait fetch cancel" -f -a "fetch" -d 'Print the results of batches that have ended, in input order'
complete -c airx -n "__fish_airx_using_subcommand batch; and not __fish_seen_subcommand_from submit status wait fetch cancel" -f -a "cancel" -d 'Cancel batches'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l each -d 'What an item is, as with airx chat --each [default: lines]' -r -f -a "lines\t'One item a line'
json\t'One JSON value a line'
csv\t'One record of CSV; the header names its columns'
null\t'What NUL bytes separate'
files\t'One file, named by a line or between NUL bytes'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l items -d 'Read the items from FILE instead of standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s s -l system -d 'System message, or @FILE with its text' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s f -l file -d 'Add a text file to the message (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s i -l image -d 'Add an image, for vision models (repeat)' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l messages -d 'Read earlier turns from FILE: a JSON array or NDJSON' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l temperature -d 'Sampling temperature' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l top-p -d 'Nucleus sampling: choose from this share of the probability' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l max-tokens -d 'Limit the answer to N tokens; a cut answer exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l stop -d 'End the answer before this text (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l user-id -d 'Id of the end user, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l thinking -d 'Think before the answer, for models that can' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l param -d 'Set any other member of the body (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l dry-run -d 'Send nothing; print the lines that would be uploaded' -r -f -a "body\t'The request\'s body'
curl\t'A command that bash runs as it is'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l request-id -d 'Ids of the requests: ID-0, ID-1, …' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l raw -d 'The items are batch requests already: check them and upload them as they are'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s n -l no-stdin -d 'Do not read standard input'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l lossy -d 'Replace bytes that are not UTF-8 instead of refusing the input'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l allow-empty-input -d 'Accept empty input where you asked for input: `-`, -f, @FILE, --messages'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l greedy -d 'Always take the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from submit" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l poll -d 'Time between two requests [default: 30s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from wait" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l accept -d 'Count this finish_reason as a complete answer (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l allow-empty -d 'Accept an answer with neither text nor tool calls'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from fetch" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l format -d 'Format: text, json or ndjson [default: text]' -r -f -a "text\t'The answer'
json\t'What the server sent, byte for byte'
ndjson\t'One event a line: airx help events'"
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -s o -l output -d 'Write to FILE, only if the run succeeds' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l meta -d 'Write one JSON object about the run to FILE' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l usage -d 'Print tokens, cost and times on standard error'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Print errors only: no notices, warnings or progress'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Show requests, responses, attempts and timings'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand batch; and __fish_seen_subcommand_from cancel" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand mock" -l port -d 'Port to listen on; 0 takes a free one' -r
complete -c airx -n "__fish_airx_using_subcommand mock" -l seed -d 'Seed for the texts, the ids and the choice of requests that fail' -r
complete -c airx -n "__fish_airx_using_subcommand mock" -l rate -d 'Generate this many tokens a second [default: no limit]' -r
complete -c airx -n "__fish_airx_using_subcommand mock" -l latency -d 'Wait before the first byte of each answer (500ms, 2s)' -r
complete -c airx -n "__fish_airx_using_subcommand mock" -l tier -d 'Limit the requests in flight as for an account of this tier [default: no limit]' -r -f -a "v0\t'5 requests in flight'
v1\t'30 requests in flight'
v2\t'40 requests in flight'
v3\t'50 requests in flight'"
complete -c airx -n "__fish_airx_using_subcommand mock" -l fail -d 'Fail in this way, always or with a probability from 0 to 1 (repeat)' -r -f -a "401\t'401, code 1002: the key is refused'
balance\t'429, code 1113: the balance is used up'
400\t'400, code 1214: a member of the request is refused'
404\t'404 in the gateway\'s shape, where `error` is a string'
redirect\t'301 with a Location'
429\t'429, code 1302: the rate limit'
429-now\t'429, code 1302, with Retry-After: 0'
overload\t'429, code 1305: the model is overloaded'
500\t'500, code 1200'
503\t'503: the server is still loading its model'
html502\t'502 with an HTML page'
error200\t'200 whose body is an error, code 1305'
success-false\t'200 with {"code":500,…,"success":false}'
empty\t'200 without choices'
filter\t'400, code 1301, with contentFilter: the prompt is blocked'
context\t'400, code 1261: the prompt is too long'
hang\t'No response byte, and the connection stays open'
reset\t'Connection reset before any response byte'
close\t'Connection closed before any response byte'
cut\t'Connection broken in the middle of the answer'
stall\t'Half of the answer, and the connection stays open'
no-done\t'Half of the answer, without finish_reason and [DONE]'
malformed\t'A frame or a body that is not JSON'
error-frame\t'Half of the answer, then an error frame, code 1302'
network-error\t'finish_reason network_error'
sensitive\t'finish_reason sensitive: the answer is blocked'
length\t'finish_reason length: the answer is cut'
context-window\t'finish_reason model_context_window_exceeded'
unknown-finish\t'finish_reason mystery, which is not documented'
not-json\t'Prose where JSON was asked for'
bad-arguments\t'A tool call whose arguments are not JSON'
no-call\t'Prose where a tool call was expected'"
complete -c airx -n "__fish_airx_using_subcommand mock" -l script -d 'Reply what FILE says: NDJSON, one line a request, in order; the last repeats' -r -F
complete -c airx -n "__fish_airx_using_subcommand mock" -l require-key -d 'Accept only this key: no key gets 401 with code 1001, another one 1002' -r
complete -c airx -n "__fish_airx_using_subcommand mock" -l log -d 'Write each request to FILE before it is answered, one JSON object a line' -r -F
complete -c airx -n "__fish_airx_using_subcommand mock" -l json-schema -d 'Honour `response_format: json_schema`: answer with an example of the schema'
complete -c airx -n "__fish_airx_using_subcommand mock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand mock" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand models" -l format -d 'How to print the table' -r -f -a "text\t'A table'
json\t'One JSON array'
ndjson\t'One JSON object a line'"
complete -c airx -n "__fish_airx_using_subcommand models" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand models" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand models" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand models" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand budget" -l budget -d 'The budget to compare with, like 20/day [AIRX_BUDGET]' -r
complete -c airx -n "__fish_airx_using_subcommand budget" -l format -d 'How to print the sums' -r -f -a "text\t'A table'
json\t'One JSON array'
ndjson\t'One JSON object a line'"
complete -c airx -n "__fish_airx_using_subcommand budget" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand budget" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand budget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand budget" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand config" -l format -d 'show: how to print the settings' -r -f -a "text\t'A table'
json\t'One JSON array'
ndjson\t'One JSON object a line'"
complete -c airx -n "__fish_airx_using_subcommand config" -l config -d 'Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]' -r -F
complete -c airx -n "__fish_airx_using_subcommand config" -l profile -d 'Use this profile of the file [AIRX_PROFILE]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -s m -l model -d 'Model to ask [default: glm-4-airx; AIRX_MODEL]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l fallback -d 'Ask MODEL if the one before it is unavailable (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l temperature -d 'Sampling temperature' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l top-p -d 'Nucleus sampling: choose from this share of the probability' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l max-tokens -d 'Limit the answer to N tokens; a cut answer exits 9' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l stop -d 'End the answer before this text (repeat, as far as the model allows)' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l user-id -d 'Id of the end user, 6 to 128 characters' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l request-id -d 'Id of this request; a retry sends ID-2, ID-3' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l thinking -d 'Think before the answer, for models that can' -r -f -a "on\t'Think first'
off\t'Answer at once'"
complete -c airx -n "__fish_airx_using_subcommand config" -l param -d 'Set any other member of the body (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l web-search -d 'Let the provider search the web [default engine: search_std]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l accept -d 'Count this finish_reason as a complete answer (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l base-url -d 'Base URL of the server [AIRX_BASE_URL]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l key-file -d 'Read the key from FILE; `-` is standard input' -r -F
complete -c airx -n "__fish_airx_using_subcommand config" -l header -d 'Send this header, too (repeat)' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l proxy -d 'Proxy: http, https, socks5 or socks5h' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l cacert -d 'Trust the certificates in this PEM file, not the system\'s' -r -F
complete -c airx -n "__fish_airx_using_subcommand config" -l connect-timeout -d 'Limit the wait for a connection [default: 8s]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l first-token-timeout -d 'Limit the wait for the first token of a stream [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l idle-timeout -d 'Limit the silence after a stream\'s first token [default: 60s]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l timeout -d 'Limit one answer, retries included [default: 300s]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l retries -d 'Retry N times while nothing is printed [default: 5]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l max-in-flight -d 'Limit requests in flight over all runs of airx [default: 0, no limit; AIRX_MAX_IN_FLIGHT]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l budget -d 'Send nothing that could cost more than AMOUNT in a PERIOD, over all runs [AIRX_BUDGET]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l cache -d 'Keep answers in DIR and use them again [AIRX_CACHE]' -r -f -a "(__fish_complete_directories)"
complete -c airx -n "__fish_airx_using_subcommand config" -l cache-ttl -d 'Ask again when the answer in --cache is older [default: 0, no limit]' -r
complete -c airx -n "__fish_airx_using_subcommand config" -l record -d 'Record each exchange in a file in DIR [AIRX_RECORD]' -r -F
complete -c airx -n "__fish_airx_using_subcommand config" -l replay -d 'Take the answers from the recordings in DIR [AIRX_REPLAY]' -r -F
complete -c airx -n "__fish_airx_using_subcommand config" -l all -d 'show: list the settings that have their defaults, too'
complete -c airx -n "__fish_airx_using_subcommand config" -l greedy -d 'Always take the likeliest token (do_sample false)'
complete -c airx -n "__fish_airx_using_subcommand config" -l allow-empty -d 'Accept an answer with neither text nor tool calls'
complete -c airx -n "__fish_airx_using_subcommand config" -l allow-http -d 'Allow plain http to another machine [AIRX_ALLOW_HTTP=1]'
complete -c airx -n "__fish_airx_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand config" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand completions" -l install -d 'Write the script to where the shell looks (bash, zsh, fish, man)'
complete -c airx -n "__fish_airx_using_subcommand completions" -l uninstall -d 'Remove what --install wrote'
complete -c airx -n "__fish_airx_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand completions" -s V -l version -d 'Print version'
complete -c airx -n "__fish_airx_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c airx -n "__fish_airx_using_subcommand help" -s V -l version -d 'Print version'
