namespace Orleans.Tbptt.Tests.Support;

/// <summary>A silo for the tests of a class, and a hand in its trainers' calls.</summary>
public sealed class OneSilo : IAsyncLifetime
{
    internal TestSilos Silos { get; private set; } = null!;

    internal TrainerCalls Calls { get; } = new();

    public async ValueTask InitializeAsync() => Silos = await TestSilos.Start(1, silo => silo.AddIncomingGrainCallFilter(Calls));

    public ValueTask DisposeAsync() => Silos.DisposeAsync();
}
