using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// Reads a spec that came in a message by the rules of a spec file. The console has read it already, but anyone who reaches a
/// gateway can send any text. Opens no file and never throws.
/// </summary>
internal static class SubmissionCheck
{
    private const int LongestName = 4096;
    private const int MostSets = 1000;
    private const int MostText = 1 << 20;
    private const int Shown = 80;
    private const int MostPriority = 100;

    /// <summary>The spec, or all that is wrong with it as far as that shows without its data.</summary>
    /// <param name="submitted">The text as it arrived; any member may be null.</param>
    /// <param name="roots">Where its files may lie.</param>
    /// <param name="reader">Knows the choices that specs have here; those of Orleans.Tbptt alone when left out.</param>
    public static SpecDocument Read(SpecText? submitted, DataRoots roots, SpecReader? reader = null)
    {
        try
        {
            if (Shape(submitted) is { } problem)
                return Refused([problem]);
            // Files are looked for when the data are opened, by the user that opens them.
            SpecDocument document = (reader ?? SpecLoader.Reader).Parse(submitted!, filesMustExist: false);
            if (document.Spec is not { } spec || roots.Check(spec) is not { Count: > 0 } outside)
                return document;
            return Refused([.. outside.Select(document.Locate)]);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A list arrives as whatever type the sender chose, and some of those fail when they are read.
            return Refused(
                [new("", $"a message that cannot be read ({Shorten(error.Message)})", "the text of a run spec", "submit it with tbptt")]);
        }
    }

    /// <summary>What is wrong with a request besides its spec. The console has checked it, but a client is not to be trusted.</summary>
    /// <param name="run">The id that is asked for.</param>
    /// <param name="priority">The priority.</param>
    /// <param name="protocol">What the client speaks.</param>
    public static SpecProblem? Refusal(RunId run, int priority, int protocol)
    {
        if (ProtocolVersion.Refusal(protocol) is { } refusal)
            return new("", $"protocol {protocol}", $"{ProtocolVersion.Current}", refusal);
        if (CheckRun(run) is { } id)
            return id;
        return Math.Abs((long)priority) > MostPriority
            ? new("", $"priority {priority}", $"-{MostPriority} to {MostPriority}", "choose one in between")
            : null;
    }

    /// <summary>That an id which came in a message is none; null when it is one.</summary>
    public static SpecProblem? CheckRun(RunId run) => run.IsValid && run.Text != SweepDirectory.Name ? null
        : run.IsValid ? new("", $"run id '{run}'", "another one, because the directory of that name holds sweeps", "choose another id")
        : new("", $"run id '{Shorten(run.ToString())}'", RunId.Expected, "choose such an id, or leave it out");

    /// <summary>What is wrong with a wish to fork a run, as far as that shows without the run; null where nothing is.</summary>
    public static SpecProblem? CheckFork(ForkRequest request)
    {
        if (CheckRun(request.Parent) is { } problem)
            return problem;
        if (request.Step < 0)
            return new("", $"step {request.Step}", "0 or more", "choose a step that the run has made");
        return request.Sets is null || request.Sets.Count > MostSets || request.Sets.Any(set => set is null)
            || request.Sets.Sum(set => (long)set.Length) > MostText
            ? new("", "changes that are too many or too long", $"at most {MostSets:N0} of KEY=VALUE", "train a new run with another spec")
            : null;
    }

    /// <summary>What keeps the text from being read at all; its own size is the reader's affair.</summary>
    internal static SpecProblem? Shape(SpecText? submitted)
    {
        if (submitted is not { Text: not null, FileName: not null, Directory: not null, Sets: not null })
            return new("", "nothing", "the text of a run spec", "submit it with tbptt");
        foreach (string name in (string[])[submitted.FileName, submitted.Directory])
        {
            if (name.Length is 0 or > LongestName || name.Any(c => char.IsControl(c) || char.IsSurrogate(c)))
                return new("", $"the path '{Shorten(name)}'", $"1 to {LongestName:N0} printable characters",
                    "rename the file or its directory");
        }

        if (!Path.IsPathFullyQualified(submitted.Directory))
            return new("", $"the directory '{Shorten(submitted.Directory)}'", "an absolute path", "submit it with tbptt");
        if (submitted.Sets.Count > MostSets)
            return new("", $"{submitted.Sets.Count:N0} --set options", $"{MostSets:N0} or less", "write them into the spec");
        if (submitted.Sets.Any(set => set is null))
            return new("", "a --set option that is null", "KEY=VALUE", "submit it with tbptt");
        return submitted.Sets.Sum(set => (long)set.Length) > MostText
            ? new("", $"--set options of more than {MostText:N0} characters", "less", "write them into the spec")
            : null;
    }

    private static SpecDocument Refused(IReadOnlyList<SpecProblem> problems) =>
        new(null, problems, new Dictionary<string, string>(), new("", "", "/"));

    /// <summary>A scrap of what was sent: short, on one line.</summary>
    private static string Shorten(string text)
    {
        string start = text.Length <= Shown ? text : text[..Shown];
        return string.Concat(start.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c))
            + (text.Length <= Shown ? "" : "…");
    }
}
