using System.CommandLine;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Hosting;
using Orleans.Tbptt.Silo.Lifetime;
using Orleans.Tbptt.Silo.Stores;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Silo;

/// <summary>The program <c>tbptt-silo</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        PrecompiledCode.EnsureFits("tbptt-silo");
        int code = RunAsync(args).GetAwaiter().GetResult();
        // Returning would wait for every foreground thread, native ones included.
        Environment.Exit(code);
        return code;
    }

    private static async Task<int> RunAsync(string[] args)
    {
        var commandLine = new SiloCommandLine();
        var command = commandLine.Build(
            async start =>
            {
                KeepKernelsOnOneThread();
                return await new SiloRun(Console.Out, TimeProvider.System).RunAsync(start);
            },
            InitializeDatabaseAsync,
            () => EngineCheck.Write(ClusteringSettings.Sources([])[LibtorchFolder.Setting], Console.Out));
        var parsed = command.Parse(args);
        try
        {
            if (parsed.Errors.Count > 0)
                throw new SiloStartException(string.Join(' ', parsed.Errors.Select(error => error.Message)),
                    SiloExitCode.WrongConfiguration);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // EndRequest handles the signals.
                ProcessTerminationTimeout = null,
            });
        }
        catch (SiloStartException exception)
        {
            if (commandLine.WantsReadyLine(parsed))
                Console.Out.WriteLine(new ReadyLine { Ready = false, Error = exception.Message });
            Console.Error.WriteLine($"tbptt-silo: {exception.Message}");
            return exception.ExitCode;
        }
    }

    private static async Task<int> InitializeDatabaseAsync(ClusteringSettings settings)
    {
        using var end = new EndRequest(SiloMode.Standing);
        try
        {
            Console.Out.WriteLine(await SiloStore.InitializeAsync(settings, TimeProvider.System, end.Token));
            return SiloExitCode.Ended;
        }
        catch (MembershipStoreException exception)
        {
            throw new SiloStartException(exception.Message, SiloExitCode.Unreachable, exception);
        }
        catch (ClusterSettingsException exception)
        {
            throw new SiloStartException(exception.Message, SiloExitCode.WrongConfiguration, exception);
        }
        catch (OperationCanceledException exception)
        {
            throw new SiloStartException("asked to end before the database was ready", SiloExitCode.Unreachable, exception);
        }
    }

    /// <summary>Changes the process's environment while no other thread can read it. libtorch may be loaded much later, or never.</summary>
    /// <exception cref="SiloStartException">The environment cannot be changed.</exception>
    private static void KeepKernelsOnOneThread()
    {
        try
        {
            ThreadTeams.LimitToOne();
        }
        catch (EngineUnavailableException exception)
        {
            throw new SiloStartException(exception.Message, SiloExitCode.WrongConfiguration, exception);
        }
    }
}
