namespace Orleans.Tbptt.Client.Completion;

/// <summary>The scripts by which shells complete command lines of <c>tbptt</c>.</summary>
/// <remarks>Each passes the line without its first word to <c>tbptt [suggest:POSITION] LINE</c>, which prints one candidate per
/// line.</remarks>
internal static class CompletionScripts
{
    /// <summary>The shells.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>A shell's script.</summary>
    public static string Of(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        _ => Fish,
    };

    // Readline divides words at '=' and ':', too: what stands before the last of them in a word is cut off every candidate.
    private const string Bash =
        """
        # Completion of tbptt for bash: put this file into ~/.local/share/bash-completion/completions/tbptt, or
        #   eval "$(tbptt completion bash)"
        _tbptt() {
            local word candidate before
            local line=${COMP_LINE:0:COMP_POINT}
            line=${line#*[[:space:]]}
            word=${line##*[[:space:]]}
            # The value of --option=VALUE is a word of its own.
            if [[ $word == --*=* ]]; then
                line=${line%"$word"}${word/=/ }
                word=${word#*=}
            fi
            COMPREPLY=()
            # Bash itself completes names of files of which a part is quoted.
            if [[ ${COMP_WORDS[COMP_CWORD]} == *[\\\'\"]* ]]; then
                compopt -o default
                return 0
            fi
            [[ $word == *[=:]* ]] && before=${word%"${word##*[=:]}"}
            while IFS= read -r candidate; do
                [[ $candidate == "$word"* ]] || continue
                printf -v candidate %q "${candidate#"$before"}"
                COMPREPLY+=("$candidate")
            done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
            [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=] ]] && compopt -o nospace
            return 0
        }
        complete -F _tbptt tbptt

        """;

    private const string Zsh =
        """
        #compdef tbptt
        # Completion of tbptt for zsh: put this file as _tbptt into a directory of $fpath, or
        #   source <(tbptt completion zsh)
        _tbptt() {
            # Zsh itself completes names of files of which a part is quoted.
            if [[ -n $QIPREFIX || $PREFIX == *[\\\'\"]* ]]; then
                _files
                return
            fi
            local line="${(j: :)words[2,CURRENT-1]} $PREFIX" candidate
            line=${line# }
            local -a whole open
            for candidate in ${(f)"$(${words[1]} "[suggest:${#line}]" "$line" 2>/dev/null)"}; do
                [[ $candidate == *[/=] ]] && open+=("$candidate") || whole+=("$candidate")
            done
            compadd -a whole
            compadd -S '' -a open
        }
        if [[ $funcstack[1] == _tbptt ]]; then _tbptt "$@"; else compdef _tbptt tbptt; fi

        """;

    private const string Fish =
        """
        # Completion of tbptt for fish: put this file into ~/.config/fish/completions/tbptt.fish, or
        #   tbptt completion fish | source
        function __tbptt_complete
            set -l line (commandline --current-process --cut-at-cursor | string replace --regex '^\s*\S+\s' '')
            tbptt "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete --command tbptt --no-files --arguments '(__tbptt_complete)'

        """;
}
