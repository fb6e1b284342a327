using Orleans.Tbptt.Tests.Training.Models;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Commands that use trained models, on a console of the test's own.</summary>
public abstract class ModelCommandTest : IDisposable
{
    private protected ScriptedConsole Shell { get; } = new();

    private protected TrainedModels Models { get; } = new();

    public void Dispose()
    {
        Shell.Dispose();
        Models.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs a command that has to complete.</summary>
    protected async Task RunAsync(params string[] arguments) => Assert.True(await Shell.RunAsync(arguments) == 0, Shell.Error);
}
