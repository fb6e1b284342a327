using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Grains.Catalog;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Catalog;

public sealed class SubmissionCheckTests
{
    private static readonly RunSpec Average = TestSpecs.Average();
    private static readonly RunSpec Bytes = SpecFixture.Sound(SpecFixture.Bytes);

    /// <summary>Ways to spoil a spec, and what is told of each.</summary>
    public static TheoryData<string, Func<RunSpec?>, string> Spoiled => new()
    {
        { "null", () => null, ": found nothing, expected a run spec" },
        { "name null", () => Average with { Name = null! }, "name: found nothing" },
        { "model null", () => Average with { Model = null! }, "model: found nothing" },
        { "data null", () => Average with { Data = null! }, "data: found nothing" },
        { "tbptt null", () => Average with { Tbptt = null! }, "tbptt: found nothing" },
        { "train null", () => Average with { Train = null! }, "train: found nothing" },
        { "optimizer null", () => Average with { Train = Average.Train with { Optimizer = null! } }, "train.optimizer: found nothing" },
        { "device null", () => Average with { Device = default }, "device.text: found nothing" },
        { "device", () => Average with { Device = new("gpu") }, "device: found gpu" },
        { "paths null", () => Bytes with { Data = Bytes.Data with { Paths = null! } }, "data.paths: found nothing" },
        { "path null", () => Bytes with { Data = Bytes.Data with { Paths = [null!] } }, "data.paths[0]: found nothing" },
        { "no path", () => Bytes with { Data = Bytes.Data with { Paths = [] } }, "data.source: found bytes without a path" },
        { "broken list", () => Bytes with { Data = Bytes.Data with { Paths = default(ImmutableArray<string>) } }, ": found an object that cannot be looked through" },
        { "a path too many", () => Average with { Data = Average.Data with { Paths = ["/x"] } }, "data.source: found average:/x" },
        { "relative path", () => Bytes with { Data = Bytes.Data with { Paths = ["x/*.txt"] } }, "data.source: found 'x/*.txt', expected an absolute path" },
        { "upward path", () => Bytes with { Data = Bytes.Data with { Paths = ["/x/../etc/*"] } }, "data.source: found '/x/../etc/*', expected an absolute path" },
        { "upward glob", () => Bytes with { Data = Bytes.Data with { Paths = ["/x/*/../../etc/*"] } }, "data.source: found '/x/*/../../etc/*', expected an absolute" },
        { "NUL in a path", () => Bytes with { Data = Bytes.Data with { Paths = ["/x\0/*"] } }, "data.paths[0]: found '/x\uFFFD/*', expected text that can be printed" },
        { "relative exclude", () => Bytes with { Data = Bytes.Data with { Exclude = ["obj/**"] } }, "data.exclude: found 'obj/**'" },
        { "relative weights", () => Average with { Model = Average.Model with { InitFrom = "../w" } }, "model.initFrom: found '../w'" },
        { "comma", () => Average with { Data = Average.Data with { Source = SourceKind.Npy, Paths = ["/a,b", "/c"] } }, "data.source: found a comma in a path" },
        { "source", () => Average with { Data = Average.Data with { Source = (SourceKind)99 } }, "data.source: found number 99, expected one of 5 words" },
        { "cell", () => Average with { Model = Average.Model with { Cell = (CellKind)(-1) } }, "model.cell: found number -1" },
        { "loss", () => Average with { Train = Average.Train with { Loss = (LossKind)7 } }, "train.loss: found number 7" },
        { "optimizer", () => Average with { Train = Average.Train with { Optimizer = Average.Train.Optimizer with { Name = (OptimizerKind)44 } } }, "train.optimizer.name: found number 44" },
        { "NaN", () => Average with { Train = Average.Train with { Optimizer = Average.Train.Optimizer with { Lr = double.NaN } } }, "train.optimizer.lr: found NaN, expected a finite number" },
        { "infinity", () => Average with { Train = Average.Train with { ClipNorm = double.PositiveInfinity } }, "train.clipNorm: found Infinity" },
        { "negative size", () => Average with { Model = Average.Model with { HiddenSize = -4 } }, "model.hiddenSize: found -4, expected a whole number of 1 or more" },
        { "negative lanes", () => Average with { Data = Average.Data with { BatchSize = int.MinValue } }, "data.batchSize: found -2147483648" },
        { "negative chunk", () => Average with { Tbptt = new() { ChunkLength = -1 } }, "tbptt.chunkLength: found -1" },
        { "no chunk", () => Average with { Tbptt = new() }, "tbptt: found nothing, expected a section with chunkLength or chunkCount" },
        { "huge model", () => Average with { Model = Average.Model with { HiddenSize = int.MaxValue, Layers = 1000 } }, "model.hiddenSize: found 2147483647, which makes a model" },
        { "share", () => Average with { Data = Average.Data with { ValidationFraction = 1.5 } }, "data.validationFraction: found 1.5" },
        { "empty name", () => Average with { Name = "" }, "name: found empty text" },
        { "name of a screen code", () => Average with { Name = "a\u001b[2J" }, "name: found 'a\uFFFD[2J', expected text that can be printed" },
        { "name in half a character", () => Average with { Name = "a\ud800" }, ": found the character U+D800" },
        { "long name", () => Average with { Name = new('x', 61) }, "name: found 61 characters" },
        { "megabyte of a name", () => Average with { Name = new('x', 1 << 20) }, "name: found 1,048,576 characters, expected 4,096 or less" },
        { "million columns", () => Average with { Data = Average.Data with { Inputs = Enumerable.Repeat("x", 1_000_000).ToList() } }, "data.inputs: found more than 10,000 items" },
        { "much text", () => Bytes with { Data = Bytes.Data with { Exclude = [.. Enumerable.Range(0, 600).Select(i => $"/{i}/{new string('x', 2000)}")] } }, ": found 1," },
        { "key of another source", () => Average with { Data = Average.Data with { Horizon = 7 } }, "data: found values that no spec file can have" },
        { "key of another optimizer", () => Average with { Train = Average.Train with { Optimizer = Average.Train.Optimizer with { Momentum = 0.5 } } }, "train: found values that no spec file can have" },
        { "sync null", () => Average with { Train = Average.Train with { Sync = null! } }, "train.sync: found nothing" },
        { "sync", () => Average with { Train = Average.Train with { Sync = new() { Mode = (SyncMode)9 } } }, "train.sync.mode: found number 9" },
        { "rounds of nothing", () => Average.InRounds(0), "train.sync.chunks: found 0" },
        { "outer NaN", () => Average.InRounds(2, lr: double.NaN), "train.sync.outer.lr: found NaN" },
        { "rounds in mode every", () => Average with { Train = Average.Train with { Sync = new() { Chunks = 2 } } }, "train: found values that no spec file can have" },
        { "outer in mode every", () => Average with { Train = Average.Train with { Sync = new() { Outer = new() } } }, "train: found values that no spec file can have" },
        { "no outer", () => Average with { Train = Average.Train with { Sync = new() { Mode = SyncMode.Local } } }, "train: found values that no spec file can have" },
        { "yaml in a name", () => Average with { Name = "x\"\nseed: 7\n#" }, "name: found 'x\"\uFFFDseed: 7\uFFFD#', expected text" },
    };

    [Theory]
    [MemberData(nameof(Spoiled), DisableDiscoveryEnumeration = true)]
    public void Submission_IsRefused_HoweverItWasSpoiled(string how, Func<RunSpec?> spoil, string told)
    {
        RunSpec? spec = spoil();
        long before = GC.GetAllocatedBytesForCurrentThread();

        IReadOnlyList<SpecProblem> problems = SubmissionCheck.Check(spec, DataRoots.Anywhere);

        Assert.StartsWith(told, problems[0].ToString(), StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 20, how);
        Assert.All(problems, problem => Assert.Null(problem.Location));
        Assert.All(problems, problem => Assert.InRange(problem.ToString().Length, 1, 2000));
        Assert.All(problems, problem => Assert.DoesNotContain(problem.ToString(), char.IsControl));
    }

    [Fact]
    public void Submission_IsTaken_WhenALoaderHasReadIt()
    {
        foreach (RunSpec spec in new[] { Average, Bytes, TestSpecs.Average(layers: 2, dropout: 0.5, validationFraction: 0.25), Average.InRounds(50), SpecFixture.Sound(SpecFixture.Sine) })
            Assert.Empty(SubmissionCheck.Check(spec, DataRoots.Anywhere));
        RunSpec odd = Bytes with { Name = "\"#: é 日本", Data = Bytes.Data with { Paths = ["/a b/[x]?/**/*.txt"], Exclude = ["/a, b/**", "/\"q\"/*"] } };
        Assert.Empty(SubmissionCheck.Check(odd, DataRoots.Anywhere));
    }

    [Fact]
    public void Submission_IsTaken_AtTheLimitsAndInAShortTime()
    {
        RunSpec spec = Bytes with { Data = Bytes.Data with { Exclude = [.. Enumerable.Range(0, 10_000).Select(i => $"/some/directory/{i}/**/*.txt")] } };
        long begun = Stopwatch.GetTimestamp();

        Assert.Empty(SubmissionCheck.Check(spec, DataRoots.Anywhere));

        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Submission_IsRefused_WhenItsDataLieOutsideOfTheRoots()
    {
        IReadOnlyList<SpecProblem> problems = SubmissionCheck.Check(Bytes, new DataRoots(["/nowhere/data"]));

        Assert.Equal("data.source", Assert.Single(problems).Key);
        Assert.Contains("/nowhere/data", problems[0].Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Submission_IsNeverAnException_WhateverMembersAreMissingAfterTheWire()
    {
        using ServiceProvider services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        foreach ((string how, Func<RunSpec?> spoil, _) in Spoiled.Select(row => row.Data).Where(row => row.Item1 is not "broken list"))
        {
            RunSpec? spec = spoil();
            SubmitRequest? arrived = serializer.Deserialize<SubmitRequest>(serializer.SerializeToArray(new SubmitRequest(RunId.Parse("a"), spec!)));
            Assert.True(SubmissionCheck.Check(arrived!.Spec, DataRoots.Anywhere).Count > 0, how);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("/etc/passwd")]
    [InlineData(".hidden")]
    [InlineData("a\0b")]
    [InlineData("A")]
    [InlineData("a\n")]
    public void RunId_IsRefused_WhenItArrivesForged(string? text)
    {
        using ServiceProvider services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();

        RunId arrived = serializer.Deserialize<RunId>(serializer.SerializeToArray(Forge(text)));

        Assert.Equal(text, arrived.Text);
        Assert.False(arrived.IsValid);
        SpecProblem problem = Assert.IsType<SpecProblem>(SubmissionCheck.CheckRun(arrived));
        Assert.StartsWith("run id '", problem.Found, StringComparison.Ordinal);
        Assert.Equal(RunId.Expected, problem.Expected);
    }

    [Fact]
    public void RunId_IsRefusedInAFewWords_WhenItIsAMegabyte() =>
        Assert.InRange(SubmissionCheck.CheckRun(Forge(new('a', 1 << 20)))!.ToString().Length, 80, 300);

    [Fact]
    public void RunId_IsTaken_WhenItIsOne()
    {
        Assert.True(RunId.Parse("a-1").IsValid);
        Assert.Null(SubmissionCheck.CheckRun(RunId.Parse("a-1")));
        Assert.False(default(RunId).IsValid);
        Assert.Equal("", default(RunId).ToString());
    }

    /// <summary>An id as a hostile client's serializer would write it.</summary>
    private static RunId Forge(string? text)
    {
        _ = RunId.TryParse(text, out RunId forged);
        object boxed = forged;
        typeof(RunId).GetField("<Text>k__BackingField", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!.SetValue(boxed, text);
        return (RunId)boxed;
    }
}
