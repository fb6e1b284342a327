using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Look;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Travel;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Training.Bisecting;

namespace Orleans.Tbptt.Client.Bisect;

/// <summary><c>tbptt bisect</c>: the first unlike step of two runs, and what makes it unlike.</summary>
internal static class BisectCommand
{
    /// <summary>Compares two runs, and prints what was found.</summary>
    /// <returns>0 where every step that both have is equal, 5 where one is not, 1 where that is not known.</returns>
    /// <exception cref="ClientException">There is no such run, or it cannot be read.</exception>
    public static int Run(ConsoleContext context, BisectRequest request, CancellationToken cancellation)
    {
        using var a = Open(context, request, request.A, request.DataA);
        using var b = Open(context, request, request.B, request.DataB);
        var found = new RunBisection(a, b, what => context.Terminal.Error.WriteLine(Text.OneLine(what))).Run(cancellation);
        var files = UnlikeFile.Between(a, request.DataA, b, request.DataB);
        if (request.Json)
            context.Terminal.Out.WriteLine(BisectJson.Of(a, b, found, files).ToJsonString(ListCommand.Json));
        else
            new BisectReport(context.Terminal.Out, request, a, b, found, files).Write();
        context.Terminal.Out.Flush();
        return IsUnlike(found) ? ExitCode.Unequal : found.Verdict == BisectVerdict.Equal ? ExitCode.Completed : ExitCode.Failed;
    }

    /// <summary>Whether anything of a step is known to be unlike.</summary>
    internal static bool IsUnlike(Bisected found) => found.Published is not null
        || found.Verdict is BisectVerdict.FirstState or BisectVerdict.Step or BisectVerdict.NotReproduced;

    private static BisectedRun Open(ConsoleContext context, BisectRequest request, string name, string? data)
    {
        var info = NamedRun.Find(context.Time, request.Runs, name);
        return Replays.Try(() => BisectedRun.Open(
            info.Directory, new() { Threads = Environment.ProcessorCount, DataDirectory = data }));
    }
}
