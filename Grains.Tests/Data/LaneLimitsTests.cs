using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Data;

public sealed class LaneLimitsTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("average")]
    [InlineData("sine")]
    public void Lanes_AreRefused_BeyondTheTrainingSequences(string kind)
    {
        DataSpec data = Given.Synthetic(kind, sequences: 400, fraction: 0.25);

        Assert.Equal(
            "data.batchSize: found 2000, expected at most 300, the number of training sequences; lower it, or add sequences: a lane " +
            "without one is idle",
            Problem(Given.Spec(data with { BatchSize = 2000 })));
        PreparedRun.Prepare(Given.Spec(data with { BatchSize = 300 })).Dispose();
    }

    [Fact]
    public void Lanes_AreRefusedBeforeAnythingIsMadeForThem_HoweverMany() => Assert.StartsWith(
        "data.batchSize: found 2147483647, expected at most 300",
        Problem(Given.Spec(Given.Synthetic("average") with { BatchSize = int.MaxValue }), first: true), StringComparison.Ordinal);

    [Fact]
    public void Lanes_AreRefused_WhenTheirHiddenStateIsTooLarge()
    {
        DataSpec data = Given.Synthetic("sine", sequences: 600_000, length: 1) with { BatchSize = 600_000 };

        Assert.Equal(
            "data.batchSize: found 600000, with a hidden state of 1000 values per lane, expected at most 536870, because the hidden " +
            "state of all lanes has at most 536870911 values; "
            + "lower it, hiddenSize or layers",
            Problem(Given.Spec(data, new() { Cell = new LstmCell(), HiddenSize = 500 })));
        PreparedRun.Prepare(Trainers(Given.Spec(data with { BatchSize = 250_000 }, new() { Cell = new LstmCell(), HiddenSize = 500 }), 2))
            .Dispose();
    }

    [Fact]
    public void Chunks_AreRefused_WhenATrainersShareIsTooLarge()
    {
        RunSpec spec = Given.Spec(Given.Synthetic("sine", sequences: 1000, length: 1_000_000) with { BatchSize = 1000 });
        RunSpec byLength = spec with { Tbptt = new() { ChunkLength = int.MaxValue } };
        RunSpec byCount = spec with { Tbptt = new() { ChunkCount = 2 } };

        Assert.Equal(
            "tbptt.chunkLength: found chunks of 1000 lanes × 1000000 time steps × 4 values per trainer, expected at most 536870911 "
            + "values; lower it, lower data.batchSize or the model's sizes, or use more trainers",
            Problem(byLength));
        Assert.StartsWith("tbptt.chunkCount: found chunks of 500 lanes × 500000 time steps × 4 values per trainer",
            Problem(Trainers(byCount, 2)), StringComparison.Ordinal);
        PreparedRun.Prepare(Trainers(byLength, 8)).Dispose();
        PreparedRun.Prepare(Trainers(byCount, 4)).Dispose();
    }

    [Fact]
    public void Chunks_MayBeLongerThanTheSequences_WhenNothingIsCut() =>
        PreparedRun.Prepare(Given.Spec(Given.Synthetic("average")) with { Tbptt = new() { ChunkLength = int.MaxValue } }).Dispose();

    [Fact]
    public void Stream_IsRefused_WhenItsHiddenStateIsTooLarge()
    {
        string path = _directory.Write("x", new string('a', 600_001));
        RunSpec spec = Given.Spec(
            Given.Bytes(path, lanes: 600_000), new() { Cell = new LstmCell(), HiddenSize = 500, Embedding = new() { Size = 2 } },
            new CrossEntropy());

        Assert.StartsWith("data.batchSize: found 600000, with a hidden state of 1000 values per lane", Problem(spec),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Lanes_AreRefused_WhenTheirHiddenStateDoesNotPassInOneMessage()
    {
        DataSpec data = Given.Synthetic("sine", sequences: 300_000, length: 1) with { BatchSize = 300_000 };
        RunSpec spec = Given.Spec(data, new() { Cell = new LstmCell(), HiddenSize = 500 });

        Assert.Equal(
            "data.batchSize: found 300000, with 300000000 values of hidden state in all lanes, "
            + "expected at most 262144000 values together, the limit of one message; lower it, hiddenSize or layers",
            Problem(spec));
        PreparedRun.Prepare(spec with { Data = data with { BatchSize = 250_000 } }).Dispose();
    }

    [Fact]
    public void Lanes_AreRefused_WhenARoundsContributionDoesNotPassInOneMessage()
    {
        DataSpec data = Given.Synthetic("sine", sequences: 262_000, length: 1) with { BatchSize = 262_000 };
        RunSpec spec = Given.Spec(data, new() { Cell = new LstmCell(), HiddenSize = 500 });
        int difference = 4 * 500 * (1 + 500 + 2) + 501;
        spec = spec with
        {
            Train = spec.Train with { Optimizer = new Adam { Lr = 1 }, Sync = new() { Mode = SyncMode.Local, Chunks = 5, Outer = new() } },
        };

        Assert.StartsWith(
            $"data.batchSize: found 262000, with which a trainer returns {difference} values of differences, {2 * difference} of " +
            "optimizer state and 262000000 of "
            + "hidden state, expected at most 264241152 values together",
            Problem(spec), StringComparison.Ordinal);
        PreparedRun.Prepare(spec with { Train = spec.Train with { Sync = new() } }).Dispose();
        PreparedRun.Prepare(Trainers(spec, 2)).Dispose();
    }

    private static RunSpec Trainers(RunSpec spec, int trainers) => spec with { Train = spec.Train with { Trainers = trainers } };

    /// <summary>A trainer has whole shards: of four shards of eight lanes one of three trainers has two.</summary>
    [Fact]
    public void LargestShare_IsOfWholeShards()
    {
        RunSpec spec = Trainers(Given.Spec(Given.Synthetic("sine") with { BatchSize = 32 }), 3);

        Assert.Equal(11, LaneLimits.LargestShare(spec));
        Assert.Equal(16, LaneLimits.LargestShare(spec with { Train = spec.Train with { Shards = 4 } }));
    }

    private static string Problem(RunSpec spec, bool first = false)
    {
        IReadOnlyList<SpecProblem> problems = Assert.Throws<SpecException>(() => PreparedRun.Prepare(spec).Dispose()).Problems;
        return (first ? problems[0] : Assert.Single(problems)).ToString();
    }
}
