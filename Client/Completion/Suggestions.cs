using System.CommandLine;
using System.CommandLine.Completions;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Completion;

/// <summary>Candidates for arguments, from the file system. Nothing is connected to, because a shell waits for them.</summary>
internal static class Suggestions
{
    private const int Most = 500;

    /// <summary>The runs of the run store that the line names so far, newest first.</summary>
    public static IEnumerable<CompletionItem> Runs(CompletionContext context)
    {
        string root = context.ParseResult.CommandResult.Command.Options.OfType<Option<string>>()
            .FirstOrDefault(option => option.Name == "--runs")
            is { } runs && context.ParseResult.GetValue(runs) is { Length: > 0 } path ? path : "./runs";
        return Try(() => RunDirectory.All(root)
            .OrderByDescending(run => Directory.GetLastWriteTimeUtc(run.Path))
            .Take(Most)
            .Select((run, index) => new CompletionItem(run.Id.Text, sortText: $"{index:000}")));
    }

    /// <summary>Files with one of these ends, and directories.</summary>
    public static Func<CompletionContext, IEnumerable<CompletionItem>> Files(params string[] ends) => context => Entries(context, file =>
        ends.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase));

    /// <summary>Directories.</summary>
    public static IEnumerable<CompletionItem> Directories(CompletionContext context) => Entries(context, _ => false);

    private static List<CompletionItem> Entries(CompletionContext context, Func<string, bool> isWanted)
    {
        string word = context.WordToComplete;
        string above = word[..(word.LastIndexOf('/') + 1)];
        string directory = above.Length == 0 ? "." : above;
        bool showsHidden = word.AsSpan(above.Length).StartsWith('.');
        return Try(() => new DirectoryInfo(directory).EnumerateFileSystemInfos()
            // A candidate is a line: a name with a line break cannot be one.
            .Where(entry => entry.Name.StartsWith('.') == showsHidden && !entry.Name.Any(char.IsControl)
                && (entry is DirectoryInfo || isWanted(entry.Name)))
            .Take(Most)
            .Select(entry => new CompletionItem(above + entry.Name + (entry is DirectoryInfo ? "/" : ""))));
    }

    /// <summary>A directory that cannot be read has no candidates.</summary>
    private static List<CompletionItem> Try(Func<IEnumerable<CompletionItem>> list)
    {
        try
        {
            return [.. list()];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
