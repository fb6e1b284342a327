using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Cluster.Local;

public sealed class FinalCheckpointTests
{
    [Theory]
    [InlineData(100_000, 0.048)]
    [InlineData(250_000_000, 120)]
    public void Allowance_GrowsWithTheModel(long parameters, double seconds)
    {
        var status = new RunStatus { Id = "a", Name = "a", State = RunState.Running, Epochs = 1, Parameters = parameters };

        Assert.Equal(seconds, FinalCheckpoint.Allowance(status).TotalSeconds, 1e-6);
    }

    [Fact]
    public void Allowance_IsNone_WhereNothingCanBeSaved() => Assert.Equal(TimeSpan.Zero, FinalCheckpoint.Allowance(null));
}
