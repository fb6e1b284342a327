using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecHashTests
{
    private static readonly RunSpec Spec = TestSpecs.Average();

    [Fact]
    public void Hash_IsTheSame_ForAnyNumberOfTrainersEpochsAndCheckpoints()
    {
        string hash = SpecHash.Of(Spec);

        Assert.Matches("^[0-9a-f]{64}$", hash);
        Assert.Equal(hash, SpecHash.Of(Spec with { Train = Spec.Train with { Trainers = 5 } }));
        Assert.Equal(hash, SpecHash.Of(Spec with { Train = Spec.Train with { Epochs = 3 } }));
        Assert.Equal(hash, SpecHash.Of(Spec with { Metrics = new() { Every = 100 } }));
        Assert.Equal(hash, SpecHash.Of(Spec with { Checkpoint = new() { EverySteps = 1, EverySeconds = 0, KeepLast = 1, KeepBest = 0 } }));
    }

    /// <summary>So that a checkpoint of a release that hashed the number of epochs is one of the same run.</summary>
    [Fact]
    public void Hash_OfTheEpochsToo_MatchesTheSpecOfThatManyEpochs()
    {
        string former = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
            System.Text.Encoding.UTF8.GetBytes(SpecWriter.TrainingOfEpochs(Spec))));

        Assert.NotEqual(former, SpecHash.Of(Spec));
        Assert.True(SpecHash.Matches(former, Spec));
        Assert.True(SpecHash.Matches(SpecHash.Of(Spec), Spec with { Train = Spec.Train with { Epochs = 3 } }));
        Assert.False(SpecHash.Matches(former, Spec with { Train = Spec.Train with { Epochs = 3 } }));
    }

    /// <summary>So that a checkpoint of a release that knew no <c>train.sync</c> is one of the same run.</summary>
    [Fact]
    public void Hash_KnowsNothingOfRounds_WhereThereAreNone()
    {
        Assert.DoesNotContain("sync", SpecWriter.ToYaml(Spec), StringComparison.Ordinal);
        Assert.Contains("sync", SpecWriter.ToYaml(Spec.InRounds(2)), StringComparison.Ordinal);
    }

    /// <summary>So that a checkpoint of a release that knew neither smoothing nor Nesterov's momentum is one of the same run.</summary>
    [Fact]
    public void Hash_KnowsNothingOfKeysOfLossesAndOptimizers_WhereTheyHaveTheirDefaults()
    {
        string Written(LossSpec loss, OptimizerSpec optimizer) =>
            SpecWriter.ToYaml(Spec with { Train = Spec.Train with { Loss = loss, Optimizer = optimizer } });

        string former = Written(new CrossEntropy(), new Sgd());
        Assert.Contains("loss: cross_entropy\n", former, StringComparison.Ordinal);
        Assert.DoesNotContain("nesterov", former, StringComparison.Ordinal);
        Assert.DoesNotContain("weightDecay", former, StringComparison.Ordinal);
        string changed = Written(new CrossEntropy { LabelSmoothing = 0.1 }, new Sgd { Momentum = 0.5, Nesterov = true, WeightDecay = 0.1 });
        Assert.Contains("labelSmoothing: 0.1", changed, StringComparison.Ordinal);
        Assert.Contains("nesterov: true", changed, StringComparison.Ordinal);
        Assert.Contains("weightDecay: 0.1", changed, StringComparison.Ordinal);
    }

    /// <summary>So that a checkpoint of a release that knew neither <c>data.layout</c> nor masks is one of the same run.</summary>
    [Fact]
    public void Hash_KnowsNothingOfKeysOfArrays_WhereTheyAreNotWritten()
    {
        var arrays = new NpySource { Files = ["/x.npy", "/y.npy"] };
        string Written(NpySource source) => SpecWriter.ToYaml(Spec with { Data = Spec.Data with { Source = source } });

        Assert.DoesNotContain("layout", Written(arrays), StringComparison.Ordinal);
        Assert.DoesNotContain("missingTargets", Written(arrays), StringComparison.Ordinal);
        Assert.Contains("layout: stream", Written(arrays with { Layout = ArrayLayout.Stream }), StringComparison.Ordinal);
        Assert.Contains("missingTargets: mask", Written(arrays with { MissingTargets = MissingTargets.Mask }), StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_IsAnother_ForWhatDeterminesTheResult()
    {
        RunSpec[] others =
        [
            Spec, Spec with { Seed = 4 }, Spec with { Data = Spec.Data with { Shuffle = true } },
            Spec with { Model = Spec.Model with { HiddenSize = 13 } },
            Spec with { Train = Spec.Train with { ClipNorm = null } },
            Spec with { Tbptt = new() { ChunkLength = 9 } },
            Spec.InRounds(1), Spec.InRounds(2), Spec.InRounds(2, lr: 0.6), Spec.InRounds(2, momentum: 0.8),
        ];

        Assert.Equal(others.Length, others.Select(SpecHash.Of).Distinct().Count());
    }
}
