using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Silo;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>The scripts in the shells that they are for.</summary>
[Collection(Processes.Name), Slow]
public sealed class ShellCompletionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ShellCompletionTests()
    {
        InstalledPrograms.Write(_directory);
        foreach (string shell in CompletionScripts.Shells)
            File.WriteAllText(_directory.File(shell), CompletionScripts.Of(shell));
        foreach (string run in (string[])["wave-1", "wave-2"])
        {
            Directory.CreateDirectory(_directory.File($"runs/{run}"));
            File.WriteAllText(_directory.File($"runs/{run}/status.json"), "{}");
        }

        File.WriteAllText(_directory.File("spec.yaml"), "");
    }

    /// <summary>As readline calls it: words divided at '=' and ':', too.</summary>
    [Theory]
    [InlineData("tbptt tra", "train")]
    [InlineData("tbptt show wave", "wave-1 wave-2")]
    [InlineData("tbptt train s", "spec.yaml")]
    [InlineData("tbptt ls --runs r", "runs/")]
    [InlineData("tbptt ls --output=t", "text")]
    public void Bash_Completes(string line, string candidates) => Assert.Equal(candidates, Run("bash", "-c",
        $$"""
        PATH=.:$PATH; source ./bash
        compopt() { :; }
        COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=(tbptt)
        _tbptt; echo "${COMPREPLY[*]}"
        """));

    [Theory]
    [InlineData("tbptt tra", "train")]
    [InlineData("tbptt show wave", "wave-1 wave-2")]
    [InlineData("tbptt train s", "spec.yaml")]
    public void Fish_Completes(string line, string candidates) => Assert.Equal(candidates, Run("fish", "-c",
        $"set PATH . $PATH; source ./fish; complete --do-complete '{line}'"));

    /// <summary>In a terminal of zsh's own, which waits for what the line editor prints: what was missing at the end of the line.</summary>
    [Theory]
    [InlineData("tbptt tra", "in ")]
    [InlineData("tbptt show wa", "ve-")]
    [InlineData("tbptt validate s", "pec.yaml ")]
    [InlineData("tbptt ls --runs ru", "ns/")]
    public void Zsh_Completes(string line, string added)
    {
        File.WriteAllText(_directory.File("try"),
            """
            zmodload zsh/zpty
            TERM=dumb zpty -b z zsh -f -i
            zpty -w z "PS1='> '; PATH=.:\$PATH; autoload -Uz compinit; compinit -u -d ./dump; source ./zsh; echo REA''DY"
            zpty -r z seen '*READY*'
            zpty -w -n z "$1"$'\t'
            zpty -r z seen "*${1##* }*$2*" && echo completed
            """);

        Assert.Equal("completed", Run("zsh", "-f", "try", line, added));
    }

    /// <summary>The completed command receives the file's name as it is, in one argument.</summary>
    [Theory]
    [InlineData("my", "my spec.yaml")]
    [InlineData("se", "semi;colon.yaml")]
    [InlineData("st", "st*r $HOME.yaml")]
    public void Bash_QuotesNamesOfFiles(string word, string name)
    {
        WriteOddNames();

        Assert.Equal($"<validate><{name}>", Run("bash", "-c",
            $$"""
            PATH=.:$PATH; source ./bash
            COMP_LINE='tbptt validate {{word}}' COMP_POINT={{15 + word.Length}} COMP_WORDS=(tbptt validate {{word}}) COMP_CWORD=2
            _tbptt
            tbptt() { printf '<%s>' "$@"; }
            eval "tbptt validate ${COMPREPLY[*]}"
            """));
    }

    /// <summary>In a terminal of zsh's own: the line is completed, as often as there are parts, and entered.</summary>
    [Theory]
    [InlineData("my spec.yaml", "my", " spec.yaml")]
    [InlineData("semi;colon.yaml", "se", ";colon.yaml")]
    [InlineData("st*r $HOME.yaml", "st", "HOME.yaml")]
    [InlineData("a dir/spec.yaml", "a\\ d", "ir/", "", "spec.yaml")]
    public void Zsh_QuotesNamesOfFiles(string name, params string[] typedAndSeen)
    {
        WriteOddNames();
        File.WriteAllText(_directory.File("try"),
            """
            zmodload zsh/zpty
            TERM=dumb zpty -b z zsh -f -i
            zpty -w z "PS1='> '; PATH=.:\$PATH; autoload -Uz compinit; compinit -u -d ./dump; source ./zsh; source ./show; echo REA''DY"
            zpty -r z seen '*READY*'
            zpty -w -n z 'tbptt validate '
            for typed awaited in "$@"; do
                zpty -w -n z "$typed"$'\t'
                zpty -r z seen "*$awaited*"
            done
            zpty -w -n z $'\r'
            zpty -r z seen '*<validate><*>*' && print -r -- "${${seen##*<validate>}%%>*}>"
            """);
        File.WriteAllText(_directory.File("show"),
            """
            tbptt() { case $1 in '[suggest'*) command tbptt "$@";; *) printf '<%s>' "$@";; esac; }
            """);

        Assert.Equal($"<{name}>", Run("zsh", ["-f", "try", .. typedAndSeen]));
    }

    [Fact]
    public void Fish_QuotesNamesOfFilesByItself()
    {
        File.WriteAllText(_directory.File("my sp*c;.yaml"), "");

        Assert.Equal("my sp*c;.yaml", Run("fish", "-c", "set PATH . $PATH; source ./fish; complete --do-complete 'tbptt validate my'"));
    }

    private void WriteOddNames()
    {
        Directory.CreateDirectory(_directory.File("a dir"));
        foreach (string file in (string[])["my spec.yaml", "semi;colon.yaml", "st*r $HOME.yaml", "star.yaml.csv", "a dir/spec.yaml"])
            File.WriteAllText(_directory.File(file), "");
    }

    private string Run(string shell, params string[] arguments)
    {
        string program = ServerPrograms.Require(shell, shell);
        return string.Join(' ', Tool.Run("env", ["-C", _directory.Path, program, .. arguments])
            .Split((char[])['\n', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose() => _directory.Dispose();
}
