using Orleans.Tbptt.Grains.Store;
using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

public sealed class CheckpointFencingTests : IDisposable
{
    private const int Points = 4;

    private static readonly string[] Begins = ["create", "list", "write", "restore"];
    private readonly CheckpointFixture _run = new();

    public CheckpointFencingTests()
    {
        _run.Begin(1);
        _run.Write(1, 4);
    }

    /// <summary>Every way in which the four moves of a new coordinator fall between the moves of the old one.</summary>
    public static TheoryData<int, int, int, int> Interleavings
    {
        get
        {
            var all = new TheoryData<int, int, int, int>();
            for (int create = 0; create < Points; create++)
            {
                for (int list = create; list < Points; list++)
                {
                    for (int write = list; write < Points; write++)
                    {
                        for (int restore = write; restore < Points; restore++)
                            all.Add(create, list, write, restore);
                    }
                }
            }

            return all;
        }
    }

    public void Dispose() => _run.Dispose();

    [Fact]
    public void CheckpointThatIsNamedAfterANewGenerationBegan_NeverCounts()
    {
        WriteLate(generation: 1, steps: 8, newer: 2);

        Assert.True(Directory.Exists(_run.DirectoryOf("1-8")));
        Assert.Equal(["1-4"], _run.Candidates);
        _run.Begin(3);
        Assert.Equal(["1-4"], _run.Candidates);
        Assert.Empty(_run.AssertRestores("1-4", 4).PassedOver);

        _run.Store.Retain(Run, _run.Spec.Checkpoint, _run.Write(3, 5));
        Assert.Equal(["1-4", "3-5"], _run.Entries);
    }

    [Fact]
    public void CheckpointThatANewGenerationSaw_Counts_AndOneOfItsOwnGoesBefore()
    {
        _run.Write(1, 8);
        _run.Begin(2);
        _run.Write(2, 6);
        _run.Begin(4);

        Assert.Equal(["2-6", "1-8", "1-4"], _run.Candidates);
    }

    [Fact]
    public void CheckpointOfACoordinatorWhoseOwnGenerationGrew_IsNamedAfterTheNewOne_AndCounts()
    {
        _run.Store.Write(Run, _run.Spec, _run.Snapshot(8), About(generation: 1), () => _run.Begin(2), rename => rename(2));

        Assert.Equal(1, _run.AssertRestores("2-8", 8).Newest!.State.Generation);
    }

    [Fact]
    public void RefusedCheckpoint_LeavesNothing()
    {
        Assert.Throws<InvalidOperationException>(() => _run.Store.Write(
            Run, _run.Spec, _run.Snapshot(8), About(), () => { }, _ => throw new InvalidOperationException("superseded")));

        Assert.Equal(["1-4"], _run.Entries);
    }

    [Fact]
    public void UnfinishedCheckpoint_IsSweptAwayByANewCoordinator_AndTheOldOneFindsNothingToName()
    {
        Assert.ThrowsAny<IOException>(() => _run.Store.Write(Run, _run.Spec, _run.Snapshot(8), About(), () => { }, rename =>
        {
            _run.Begin(2);
            _run.Store.Sweep(Run, 2);
            return rename(1);
        }));

        Assert.Equal(["1-4"], _run.Entries);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"checkpoi")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    public void GenerationThatDoesNotReportWhatItSaw_AcceptsAll(string content)
    {
        _run.Write(1, 8);
        File.WriteAllText(Path.Combine(_run.Runs.Of(Run).Generations, "2"), content);

        Assert.Equal(["1-8", "1-4"], _run.Candidates);
    }

    [Theory]
    [MemberData(nameof(Interleavings))]
    public void WhatANewCoordinatorContinuesFrom_StaysTheNewest_WhereverTheOldOneIsAtThatMoment(
        int create, int list, int write, int restore)
    {
        string generation = Path.Combine(_run.Runs.Of(Run).Generations, "2");
        int[] points = [create, list, write, restore];
        string content = "", restored = "";
        void At(int point)
        {
            foreach (string move in Begins.Where((_, i) => points[i] == point))
            {
                switch (move)
                {
                    case "create":
                        File.WriteAllText(generation, "");
                        break;
                    case "list":
                        content = GenerationFile.Content(_run.Root, Path.GetDirectoryName(generation)!);
                        break;
                    case "write":
                        DurableFile.WriteText(generation, content);
                        break;
                    case "restore":
                        restored = _run.Candidates.First();
                        break;
                }
            }
        }

        // The old coordinator: look, rename, remove what is surplus; it may be stopped anywhere in between.
        try
        {
            var written = _run.Store.Write(Run, _run.Spec, _run.Snapshot(8), About(), () => { }, rename =>
            {
                At(0);
                if (!_run.Runs.IsNewest(Run, 1))
                    throw new InvalidOperationException("superseded");
                At(1);
                return rename(1);
            });
            At(2);
            _run.Store.Retain(Run, new() { KeepLast = 1, KeepBest = 0 }, written.Name);
            At(3);
        }
        catch (InvalidOperationException)
        {
            for (int point = 1; point < Points; point++)
                At(point);
        }

        Assert.Equal(restored, _run.Candidates.First());
        _run.AssertRestores(restored, restored == "1-8" ? 8 : 4);
    }

    /// <summary>Stopped between its look, which finds nothing newer, and its rename.</summary>
    private void WriteLate(int generation, int steps, int newer) =>
        _run.Store.Write(Run, _run.Spec, _run.Snapshot(steps), About(generation), () => { }, rename =>
        {
            Assert.True(_run.Runs.IsNewest(Run, generation));
            _run.Begin(newer);
            return rename(generation);
        });
}
