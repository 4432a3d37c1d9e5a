set edit:completion:arg-completer[airx] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) AIRX_COMPLETE="elvish" airx -- $@words) | to-lines
}
