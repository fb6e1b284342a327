using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A run that begins where another one has ended, on data that grew.</summary>
public sealed class ExtendTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private const int Rows = 61;
    private const int MoreRows = 95;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>
    /// The parent's last chunk is whole, and nothing is scaled: its steps and those of the run that extends it are those of one run over
    /// all the data.
    /// </summary>
    [Theory]
    [InlineData("csv", 1)]
    [InlineData("jsonl", 1)]
    [InlineData("bytes", 1)]
    [InlineData("series", 1)]
    [InlineData("series", 3)]
    public async Task ExtendedRun_EndsAsARunOverAllTheData(string kind, int trainers)
    {
        RunSpec spec = Spec(kind, trainers);
        Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec);
        Write(spec, MoreRows);

        var child = await fixture.Silos.Train(Extending(parent));
        var all = await fixture.Silos.Train(spec);

        Assert.Equal((RunState.Completed, ""), (child.End.State, child.End.Message));
        Assert.Equal(all.StepLosses, parent.StepLosses.Concat(child.StepLosses));
        Assert.Equal(Enumerable.Range(1, (int)all.Status.Step), Steps(parent).Concat(Steps(child)));
        Assert.Equal((parent.Status.Step, all.Status.Step), (child.Status.StepsBefore, child.Status.Step));
        foreach (Func<RunDirectory, string> file in new Func<RunDirectory, string>[] { run => run.Model, run => run.Hidden })
            Assert.Equal(await Read(file(all.Directory)), await Read(file(child.Directory)));
    }

    [Fact]
    public async Task ExtendedRun_GivesTheSameBits_WhereItWasInterrupted()
    {
        RunSpec spec = Spec("series", trainers: 3);
        Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec);
        Write(spec, MoreRows);
        RunSpec extending = Extending(parent);
        var undisturbed = await fixture.Silos.Train(extending);

        var (run, coordinator) = await fixture.InterruptedAt(
            extending, nameof(ITrainerGrain.TrainChunk), parent.Status.Step + 1, grain => grain.StopRun("enough"));
        var resumed = await fixture.Resume(run, coordinator, ends: 2);
        var repeated = await fixture.TrainLosing(
            extending, afterTheWork: true, [1], call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, parent.Status.Step));

        foreach (var one in new[] { resumed, repeated })
        {
            Assert.Equal(RunState.Completed, one.End.State);
            Assert.Equal(await Read(undisturbed.Directory.Model), await Read(one.Directory.Model));
            Assert.Equal(await Read(undisturbed.Directory.Hidden), await Read(one.Directory.Hidden));
        }
    }

    [Fact]
    public async Task ReplayedChunks_AreTrainedForSeveralEpochs()
    {
        RunSpec spec = Spec("csv", trainers: 1);
        Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec with { Data = spec.Data with { BatchSize = 4 } });
        Write(spec, MoreRows);
        RunSpec extending = Extending(parent);
        extending = extending with
        {
            Extends = extending.Extends! with { Replay = 2 },
            Data = extending.Data with { BatchSize = 3 },
            Train = extending.Train with { Epochs = 2, Trainers = 2 },
        };

        var child = await fixture.Silos.Train(extending);

        Assert.Equal((RunState.Completed, ""), (child.End.State, child.End.Message));
        Assert.Equal(2, child.EpochLosses.Length);
        Assert.All(child.StepLosses, loss => Assert.True(double.IsFinite(loss)));
    }

    [Fact]
    public async Task Run_Fails_WhereTheCheckpointThatItBeginsWithIsDamaged()
    {
        RunSpec spec = Spec("csv", trainers: 1);
        Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec);
        Write(spec, MoreRows);
        RunSpec extending = Extending(parent);
        string optimizer = Path.Combine(extending.Extends!.Checkpoint, "optimizer.safetensors");
        byte[] content = await Read(optimizer);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(optimizer, content, TestContext.Current.CancellationToken);

        var end = (await fixture.Silos.Train(extending)).End;

        Assert.Equal(RunState.Failed, end.State);
        Assert.Matches($"^{extending.Extends.Checkpoint}, which the run begins with: optimizer.safetensors: found content of checksum .*; "
            + "put it back and resume the run, or extend again$", end.Message);
    }

    /// <summary>Its last epoch is worse than the one before, and so it is none of those that are kept as the best.</summary>
    [Fact]
    public async Task CompletedRun_HasACheckpointOfItsEnd_WhateverItsLastLoss()
    {
        RunSpec spec = Spec("csv", trainers: 1);
        Write(spec, Rows);
        spec = spec with
        {
            Train = spec.Train with { Epochs = 3, Optimizer = new Sgd { Lr = 0.9 }, Schedule = new ConstantSchedule() },
            Checkpoint = new() { EverySeconds = 0, KeepBest = 0 },
        };

        var run = await fixture.Silos.Train(spec);

        Assert.Equal($"1-{run.Status.Step}", Path.GetFileName(run.Directory.NewestCheckpoint));
    }

    private static IEnumerable<int> Steps(FinishedRun run) => run.Events.OfType<StepCommitted>().Select(step => (int)step.Step);

    private static Task<byte[]> Read(string file) => File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

    /// <summary>The spec that <c>tbptt extend</c> would make.</summary>
    private static RunSpec Extending(FinishedRun parent)
    {
        string text = File.ReadAllText(parent.Directory.Spec);
        RunSpec spec = Orleans.Tbptt.Training.SpecLoader.Parse(text, "spec.yaml", "/").Spec!;
        return spec with
        {
            Extends = new() { Checkpoint = parent.Directory.NewestCheckpoint! },
            Data = spec.Data.IsStream ? spec.Data with { BatchSize = 1 } : spec.Data,
        };
    }

    private RunSpec Spec(string kind, int trainers)
    {
        bool isBytes = kind == "bytes";
        return new()
        {
            Name = $"extend-{kind}",
            Engine = new AutoEngine(),
            Model = new()
            {
                Cell = new LstmCell(), HiddenSize = 6, Layers = 2, Dropout = 0.2, Embedding = isBytes ? new() { Size = 3 } : null,
            },
            Data = new()
            {
                Source = kind switch
                {
                    "bytes" => new ByteSource { Glob = _directory.File("d.bytes") },
                    "jsonl" => new JsonLinesSource { Path = _directory.File("d.jsonl"), Standardize = false },
                    "csv" => new CsvSource { Path = _directory.File("d.csv"), Standardize = false },
                    _ => new CsvSource { Path = _directory.File("d.csv"), Standardize = false, Series = "shop", Inputs = ["x"] },
                },
                BatchSize = kind == "series" ? 3 : 1,
            },
            Tbptt = new() { ChunkLength = 12 },
            Train = new()
            {
                Epochs = 1, Trainers = trainers, Loss = isBytes ? new CrossEntropy() : new SquaredError(),
                Optimizer = new Adam { Lr = 1e-2 }, ClipNorm = 0.3, Schedule = new CosineSchedule { Steps = 8, MinLr = 1e-3 },
            },
        };
    }

    /// <summary>Writes as many rows of a wave, of three of them where they are series: row after row, so that all of them grow.</summary>
    private static void Write(RunSpec spec, int rows)
    {
        var values = Enumerable.Range(0, rows).Select(row => Math.Round(Math.Sin(row * 0.3), 4));
        var (file, lines) = spec.Data.Source switch
        {
            ByteSource bytes => (bytes.Glob, values.Select(value => value > 0 ? "a" : "b")),
            JsonLinesSource json => (json.Path, values.Select(value => FormattableString.Invariant($"{{\"x\":{value}}}\n"))),
            CsvSource { Series: null } csv => (csv.Path, values.Select(value => FormattableString.Invariant($"{value}\n")).Prepend("x\n")),
            CsvSource csv => (csv.Path, values.SelectMany(value => "abc"
                .Select(shop => FormattableString.Invariant($"{shop},{value + shop - 'a'}\n"))).Prepend("shop,x\n")),
            var other => throw new InvalidOperationException($"{other}"),
        };
        File.WriteAllText(file, string.Concat(lines));
    }
}
