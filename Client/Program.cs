using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.CommandLine;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;

namespace Orleans.Tbptt.Client;

/// <summary>The program <c>tbptt</c>.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using var interruption = Interruption.OfProcess();
        var launcher = new LocalLauncher(() => SiloProgram.Find(AppContext.BaseDirectory));
        var app = new ConsoleApp(SpecChecker(), launcher, Terminal.OfProcess(), TimeProvider.System, interruption);
        return await app.RunAsync(args);
    }

    /// <summary>The one place that names the spec loader and the data.</summary>
    private static SpecChecker SpecChecker() => new(
        (path, _) => throw new ClientException($"cannot read {path}: this build has no spec loader", ExitCode.BadSpec),
        spec => new(spec, 0));
}
