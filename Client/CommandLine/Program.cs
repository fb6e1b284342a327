using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The program <c>tbptt</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        PrecompiledCode.EnsureFits("tbptt");
        return RunAsync(args).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(string[] args)
    {
        using var interruption = Interruption.OfProcess();
        var launcher = new LocalLauncher(() => SiloProgram.Find(AppContext.BaseDirectory));
        var terminal = Terminal.OfProcess();
        return await new ConsoleApp(new(
            SpecChecker(), launcher, new ClusterConnector(), new(() => ClusteringSettings.Sources([])), terminal, TimeProvider.System,
            interruption)).RunAsync(args);
    }

    private static SpecChecker SpecChecker() => new(
        SpecLoader.Load,
        (spec, fingerprint) =>
        {
            using var run = PreparedRun.Prepare(spec, fingerprint: fingerprint, reader: SpecLoader.Reader);
            return new(run.Spec, new(run.Files, run.Description));
        });
}
