using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;

namespace Orleans.Tbptt.Tests.Grains.Runs;

public sealed class SubmissionCheckTests
{
    private static readonly SpecText Sine = new(SpecFixture.Sine, "run.yaml", "/base");
    private static readonly SpecText Bytes = new(SpecFixture.Bytes, "run.yaml", "/base");

    /// <summary>Ways to spoil a submission, and what is reported of each.</summary>
    public static TheoryData<string, Func<SpecText?>, string> Spoiled => new()
    {
        { "null", () => null, ": found nothing, expected the text of a run spec" },
        { "text null", () => Sine with { Text = null! }, ": found nothing" },
        { "file name null", () => Sine with { FileName = null! }, ": found nothing" },
        { "directory null", () => Sine with { Directory = null! }, ": found nothing" },
        { "sets null", () => Sine with { Sets = null! }, ": found nothing" },
        { "set null", () => Sine with { Sets = [null!] }, ": found a --set option that is null" },
        { "broken list", () => Sine with { Sets = default(ImmutableArray<string>) }, ": found a message that cannot be read" },
        { "many sets", () => Sine with { Sets = [.. Enumerable.Repeat("seed=1", 1001)] },
            ": found 1,001 --set options, expected 1,000 or less" },
        { "megabytes of sets", () => Sine with { Sets = [.. Enumerable.Repeat(new string('x', 4096), 257)] },
            ": found --set options of more than 1,048,576" },
        { "relative directory", () => Sine with { Directory = "base" }, ": found the directory 'base', expected an absolute path" },
        { "no directory", () => Sine with { Directory = "" }, ": found the path '', expected 1 to 4,096 printable characters" },
        { "NUL in the directory", () => Sine with { Directory = "/x\0" }, ": found the path '/x\uFFFD'" },
        { "file name of a screen code", () => Sine with { FileName = "a\u001b[2J" }, ": found the path 'a\uFFFD[2J'" },
        { "megabyte of a file name", () => Sine with { FileName = new('x', 1 << 20) }, ": found the path 'xxx" },
        { "empty text", () => Sine with { Text = "" }, "run.yaml:1:1: found an empty document" },
        { "no spec", () => Sine with { Text = "hello" }, "run.yaml:1:1: found hello" },
        { "megabytes of text", () => Sine with { Text = new(' ', (1 << 20) + 1) }, "run.yaml:1:1: found more than 1,048,576 bytes" },
        { "many values", () => Sine with { Text = $"a: [{string.Join(", ", Enumerable.Repeat("x", 20_001))}]" }, "run.yaml:1:" },
        { "half a character", () => Sine with { Text = "name: a\ud800" }, "run.yaml:1:8: found the character U+D800" },
        { "device", () => Sine with { Sets = ["device=gpu"] }, "--set device=gpu device: found gpu" },
        { "no path", () => Bytes with { Sets = ["data.source=bytes"] }, "--set data.source=bytes data.source: found bytes without a path" },
        { "a path too many", () => Sine with { Sets = ["data.source=sine:/x"] }, "--set data.source=sine:/x data.source: found sine:/x" },
        { "NaN", () => Sine with { Sets = ["train.optimizer.lr=.nan"] }, "--set train.optimizer.lr=.nan train.optimizer.lr: found .nan" },
        { "negative size", () => Sine with { Sets = ["model.hiddenSize=-4"] }, "--set model.hiddenSize=-4 model.hiddenSize: found -4" },
        { "key of another source", () => Sine with { Sets = ["data.horizon=7"] },
            "--set data.horizon=7 data.horizon: found horizon with source sine" },
        { "rounds in mode every", () => Sine with { Sets = ["train.sync.chunks=2"] },
            "--set train.sync.chunks=2 train.sync.chunks: found 2 with mode every" },
    };

    [Theory]
    [MemberData(nameof(Spoiled), DisableDiscoveryEnumeration = true)]
    public void Submission_IsRefused_HoweverItWasSpoiled(string how, Func<SpecText?> spoil, string reported)
    {
        SpecText? text = spoil();
        long before = GC.GetAllocatedBytesForCurrentThread();

        SpecDocument document = SubmissionCheck.Read(text, DataRoots.Anywhere);

        Assert.Null(document.Spec);
        Assert.StartsWith(reported, document.Problems[0].ToString(), StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 20, how);
        Assert.All(document.Problems, problem => Assert.InRange(problem.ToString().Length, 1, 2000));
        Assert.All(document.Problems, problem => Assert.DoesNotContain(problem.ToString(), char.IsControl));
    }

    [Fact]
    public void Submission_IsTheSpecOfItsText_WithItsPathsAndOptions()
    {
        Assert.Equal(SpecFixture.Sound(SpecFixture.Sine, "seed=7"),
            SubmissionCheck.Read(Sine with { Sets = ["seed=7"] }, DataRoots.Anywhere).Spec);
        Assert.Equal(SpecFixture.Sound(SpecFixture.Bytes), SubmissionCheck.Read(Bytes, DataRoots.Anywhere).Spec);
    }

    [Fact]
    public void EveryMistake_IsReported_AtItsLineAndColumn()
    {
        string text = SpecFixture.Sine.With("  hiddenSize: 0").With("  epochs: x").With("    lr: -1");

        Assert.Equal(
            ["run.yaml:3:3", "run.yaml:10:3", "run.yaml:14:5"],
            SubmissionCheck.Read(Sine with { Text = text }, DataRoots.Anywhere).Problems.Select(problem => problem.Location));
    }

    [Fact]
    public void Submission_IsRead_AtTheLimitsAndInAShortTime()
    {
        string globs = string.Join(", ", Enumerable.Range(0, 10_000).Select(i => $"/some/directory/{i}/**/*.txt"));
        long begun = Stopwatch.GetTimestamp();

        Assert.Empty(SubmissionCheck.Read(Bytes with { Text = Bytes.Text.After("  batchSize", $"  exclude: [{globs}]") },
            DataRoots.Anywhere).Problems);

        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Submission_IsRefused_WhenItsDataLieOutsideOfTheRoots()
    {
        SpecProblem problem = Assert.Single(SubmissionCheck.Read(Bytes, new DataRoots(["/nowhere/data"])).Problems);

        Assert.Equal(("data.source", "run.yaml:5:3"), (problem.Key, problem.Location));
        Assert.Contains("/nowhere/data", problem.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Submission_IsNeverAnException_WhateverMembersAreMissingAfterTheWire()
    {
        using ServiceProvider services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        foreach ((string how, Func<SpecText?> spoil, _) in Spoiled.Select(row => row.Data).Where(row => row.Item1 is not "broken list"))
        {
            SubmitRequest? arrived =
                serializer.Deserialize<SubmitRequest>(serializer.SerializeToArray(new SubmitRequest(RunId.Parse("a"), spoil()!)));
            Assert.True(SubmissionCheck.Read(arrived!.Spec, DataRoots.Anywhere).Problems.Count > 0, how);
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
        typeof(RunId)
            .GetField("<Text>k__BackingField",
                System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!.SetValue(boxed, text);
        return (RunId)boxed;
    }
}
