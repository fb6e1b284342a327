using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

public sealed class RetentionTests : IDisposable
{
    private readonly CheckpointFixture _run = new();

    public RetentionTests() => _run.Begin(1);

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData(3, 1, "1-2 1-5 1-6 1-7")]
    [InlineData(1, 0, "1-7")]
    [InlineData(1, 2, "1-2 1-4 1-7")]
    [InlineData(2, 9, "1-1 1-2 1-4 1-6 1-7")]
    [InlineData(99, 0, "1-1 1-2 1-3 1-4 1-5 1-6 1-7")]
    public void Kept_AreTheNewestAndTheBest(int keepLast, int keepBest, string kept)
    {
        WriteSeven(best: 2);

        _run.Store.Retain(Run, new() { KeepLast = keepLast, KeepBest = keepBest }, new(1, 7));

        Assert.Equal(kept.Split(' '), _run.Entries);
    }

    [Fact]
    public void OfEquallyGoodOnes_TheNewestIsKept_AndOfOneStepOnlyOne()
    {
        _run.Write(1, 1, bestLoss: 0.5);
        _run.Write(1, 2, bestLoss: 0.5);
        _run.Begin(2);
        _run.Write(2, 2, bestLoss: 0.5);
        _run.Write(2, 3, bestLoss: 0.9);
        _run.Write(2, 4);

        _run.Store.Retain(Run, new() { KeepLast = 1, KeepBest = 2 }, new(2, 4));

        Assert.Equal(["1-1", "2-2", "2-4"], _run.Entries);
    }

    [Fact]
    public void DamagedOne_IsNotAmongTheBest()
    {
        WriteSeven(best: 2);
        File.WriteAllText(Path.Combine(_run.DirectoryOf("1-2"), "state.json"), "");

        _run.Store.Retain(Run, new() { KeepLast = 1, KeepBest = 1 }, new(1, 7));

        Assert.Equal(["1-4", "1-7"], _run.Entries);
    }

    [Fact]
    public void TheOneJustWritten_IsKept_WhateverIsNewer()
    {
        foreach (int steps in new[] { 5, 6, 7 })
            _run.Write(2, steps);
        _run.Write(1, 4);

        _run.Store.Retain(Run, new() { KeepLast = 1, KeepBest = 0 }, new(1, 4));

        Assert.Equal(["1-4", "2-7"], _run.Entries);
    }

    [Fact]
    public void NothingIsRemoved_WhenANewerGenerationHasBegun()
    {
        WriteSeven(best: 2);
        _run.Begin(2);

        _run.Store.Retain(Run, new() { KeepLast = 1, KeepBest = 0 }, new(1, 7));

        Assert.Equal(7, _run.Entries.Count());
    }

    [Fact]
    public void Removal_ContinuesOverWhatAFormerOneLeft()
    {
        _run.Write(1, 1);
        _run.Write(1, 2);
        Directory.CreateDirectory(_run.DirectoryOf(".1-1.removed/left"));

        _run.Store.Retain(Run, new() { KeepLast = 1, KeepBest = 0 }, new(1, 2));

        Assert.Equal(["1-2"], _run.Entries);
    }

    /// <summary>Steps 1, 2 and 4 are ends of epochs.</summary>
    private void WriteSeven(int best)
    {
        for (int steps = 1; steps <= 7; steps++)
            _run.Write(1, steps, steps == best ? 0.1 : steps is 1 ? 0.9 : steps is 4 ? 0.3 : null);
    }
}
