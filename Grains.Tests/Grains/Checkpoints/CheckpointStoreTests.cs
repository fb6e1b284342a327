using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Steps;
using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

public sealed class CheckpointStoreTests
{
    public static TheoryData<string, string> Kinds
    {
        get
        {
            var kinds = new TheoryData<string, string>();
            foreach (string optimizer in States.Optimizers.Keys)
            {
                foreach (var cell in TestChoices.Cells)
                    kinds.Add(optimizer, cell);
            }

            return kinds;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void State_ComesBackToTheBit_AndContinuesToTheSameBits(string optimizer, string cell)
    {
        using var run = new CheckpointFixture(States.Spec(optimizer, TestChoices.Cell(cell)));
        AssertContinues(run);
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("momentum")]
    [InlineData("sgd")]
    public void RoundsState_ComesBackToTheBit_WithEveryTrainersOptimizer(string optimizer)
    {
        using var run = new CheckpointFixture(States.Spec(optimizer).InRounds(3));

        var restored = AssertContinues(run);

        Assert.Equal([6L, 5L], restored.State.TrainerUpdates);
        string[] trainers = optimizer == "sgd" ? [] : ["trainer-0.safetensors", "trainer-1.safetensors"];
        Assert.Equal(["hidden.safetensors", "model.safetensors", "optimizer.safetensors", .. trainers], restored.State.Files.Keys.Order());
        Assert.Contains("momentum_buffer.head.bias", Names("optimizer"));
        if (optimizer == "adam")
            Assert.Contains("exp_avg_sq.rnn.weight_hh_l1", Names("trainer-1"));

        IEnumerable<string> Names(string file) =>
            SafetensorsFile.ReadHeader(Path.Combine(run.DirectoryOf("1-6"), $"{file}.safetensors")).Tensors.Select(tensor => tensor.Name);
    }

    /// <summary>Writes step 6 and restores it: the steps from there on are those of a run that was not interrupted.</summary>
    private static RestoredCheckpoint AssertContinues(CheckpointFixture run)
    {
        run.Write(1, 6);

        var restored = run.AssertRestores("1-6", 6).Newest!;

        var (expected, actual) = (States.After(run.Spec, 9), new TrainingState(run.Spec));
        actual.Restore(restored.Snapshot);
        States.Advance(actual, 3);
        States.AssertSame(expected, actual);
        return restored;
    }

    [Fact]
    public void RoundsState_IsOfTheTrainersThereWere_ForAnyNumberThatContinues()
    {
        using var run = new CheckpointFixture(States.Spec().InRounds(3));
        run.Write(1, 6);

        var restored = run.Store.RestoreNewest(Run, run.Spec with { Train = run.Spec.Train with { Trainers = 5 } }).Newest!;

        Assert.Equal((2, 2), (restored.State.Shards, restored.Snapshot.TrainerOptimizers.Count));
        var state = new TrainingState(run.Spec);
        state.Restore(restored.Snapshot);
        States.AssertSame(States.After(run.Spec, 6), state);
    }

    [Fact]
    public void RoundsState_IsPassedOver_WhenATrainersOptimizerIsDamaged()
    {
        using var run = new CheckpointFixture(States.Spec().InRounds(3));
        run.Write(1, 3);
        run.Write(1, 6);
        using (var file = new FileStream(Path.Combine(run.DirectoryOf("1-6"), "trainer-1.safetensors"), FileMode.Open))
        {
            file.Position = file.Length - 3;
            file.WriteByte(0x55);
        }

        var restoration = run.AssertRestores("1-3", 3);

        Assert.StartsWith("trainer-1.safetensors: found content of checksum", Assert.Single(restoration.PassedOver).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public void WhatItSays_ComesBackWhole()
    {
        using var run = new CheckpointFixture();
        run.Time.Advance(TimeSpan.FromDays(1));
        var snapshot = run.Snapshot(6);

        var written = run.Store.Write(Run, run.Spec, snapshot, About(3, bestLoss: 0.7), () => { }, rename => rename(5));

        Assert.Equal(new(5, 6), written.Name);
        Assert.Equal(Directory.EnumerateFiles(run.DirectoryOf("5-6")).Sum(path => new FileInfo(path).Length), written.Bytes);
        var state = run.AssertRestores("5-6", 6).Newest!.State;
        Bits.Same(About().EpochLosses, state.EpochLosses);
        Bits.Same([snapshot.EpochLossSum, snapshot.EpochWeight], [state.EpochLossSum, state.EpochWeight]);
        Assert.Equal(["hidden.safetensors", "model.safetensors", "optimizer.safetensors"], state.Files.Keys.Order());
        Assert.Equal(About(3, 0.7).Metrics, state.Metrics);
        Assert.Equal(About(3, 0.7).Data, state.Data);
        Assert.Equal(
            ("r", 3, 6L, 3, 2L, 6L, 12345L, 7L, 2, "cpu", 0.7, SpecHash.Of(run.Spec), run.Time.GetUtcNow()),
            (state.Run, state.Generation, state.Step, state.Epoch, state.Chunk, state.OptimizerCount, state.SequenceSteps, state.LastEvent,
                state.Shards, state.Device, state.BestLoss!.Value, state.SpecHash, state.WrittenAt));
    }

    [Fact]
    public void NumbersThatAreNotFinite_DoNotKeepItFromBeingWrittenAndRead()
    {
        using var run = new CheckpointFixture();
        run.Store.Write(
            Run, run.Spec, run.Snapshot(2), About() with { EpochLosses = [double.NaN, double.PositiveInfinity], BestLoss = double.NaN },
            () => { }, rename => rename(1));

        var state = run.AssertRestores("1-2", 2).Newest!.State;

        Assert.All(state.EpochLosses, loss => Assert.False(double.IsFinite(loss)));
    }

    [Fact]
    public void Files_HaveTorchsNamesAndShapes()
    {
        using var run = new CheckpointFixture();
        run.Write(1, 2);
        var slots = ParameterLayout.Of(run.Spec.Model).Slots;

        Assert.Empty(Header("model").Compare(slots));
        Assert.Equal(2 * slots.Count, Header("optimizer").Tensors.Count);
        Assert.Equal([2, 6, 12], Header("hidden").Tensors.Single(tensor => tensor.Name == "c").Shape);
        Assert.Equal(("pt", "2"), (Header("model").Metadata["format"], Header("model").Metadata["step"]));

        SafetensorsHeader Header(string name) => SafetensorsFile.ReadHeader(Path.Combine(run.DirectoryOf("1-2"), $"{name}.safetensors"));
    }

    [Fact]
    public void AnyNumberOfTrainers_ContinuesFromIt()
    {
        using var run = new CheckpointFixture();
        run.Write(1, 2);

        var other = run.Spec with { Train = run.Spec.Train with { Trainers = 5 }, Checkpoint = new() { EverySteps = 3, KeepLast = 9 } };

        Assert.Equal(2, run.Store.RestoreNewest(Run, other).Newest!.State.Shards);
    }

    [Fact]
    public void Newest_IsOfTheHighestGeneration_ThenOfTheHighestStep()
    {
        using var run = new CheckpointFixture();
        foreach (var (generation, steps) in new[] { (1, 2), (2, 9), (2, 10), (10, 3), (9, 11) })
            run.Write(generation, steps);
        Directory.CreateDirectory(run.DirectoryOf("lost+found"));
        Directory.CreateDirectory(run.DirectoryOf("01-2"));
        Directory.CreateDirectory(run.DirectoryOf("1--2"));
        File.WriteAllText(run.DirectoryOf("99-99"), "");

        Assert.Equal(["10-3", "9-11", "2-10", "2-9", "1-2"], run.Candidates);
        run.AssertRestores("10-3", 3);
    }

    [Fact]
    public void NothingWasSaved_IsReportedFromLosingAll()
    {
        using var run = new CheckpointFixture();
        Assert.True(run.Store.RestoreNewest(Run, run.Spec).NothingWasSaved);

        run.Begin(1);
        Directory.CreateDirectory(run.DirectoryOf(".1-4.tmp"));
        Assert.True(run.Store.RestoreNewest(Run, run.Spec).NothingWasSaved);

        run.Write(1, 4);
        run.Begin(2);
        File.Delete(Path.Combine(run.DirectoryOf("1-4"), "state.json"));
        var damaged = run.Store.RestoreNewest(Run, run.Spec);
        Assert.Equal((null, false, 1), (damaged.Newest, damaged.NothingWasSaved, damaged.PassedOver.Count));

        Directory.Delete(run.Root, recursive: true);
        run.Begin(3);
        var gone = run.Store.RestoreNewest(Run, run.Spec);
        Assert.False(gone.NothingWasSaved);
        Assert.Equal("checkpoint 1-4: found no such directory, expected it, because it existed when a coordinator began",
            Assert.Single(gone.PassedOver).ToString());
    }

    [Fact]
    public void SameStepAgain_TakesThePlaceOfTheFormer()
    {
        using var run = new CheckpointFixture();
        run.Write(1, 4);
        run.Write(1, 4, bestLoss: 0.5);

        Assert.Equal(0.5, run.AssertRestores("1-4", 4).Newest!.State.BestLoss);
        Assert.Equal(["1-4"], run.Entries);
    }

    [Fact]
    public void Name_IsReadBack_AndNothingElseIsOne()
    {
        foreach (var name in new CheckpointName[] { new(1, 0), new(12, 345), new(int.MaxValue, long.MaxValue) })
        {
            Assert.True(CheckpointName.TryParse(name.ToString(), out var read));
            Assert.Equal(name, read);
        }

        Assert.All(["", "-", "1", "1-", "-1", "1-2-3", "1-+2", " 1-2", "1-2 ", "01-2", "1-02", "1-x", ".1-2", "2147483648-1"], text =>
            Assert.False(CheckpointName.TryParse(text, out _)));
    }
}
