using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>
/// The fused engine on processors that this one can pass for: in separate processes the runtime is made to leave out instruction
/// sets. Every cell, both losses, dropout, tokens, lanes of unequal lengths, sizes that fill no register evenly.
/// </summary>
[Slow]
public sealed class SameBitsOnAnyProcessorTests(ITestOutputHelper output)
{
    private const string AnswerVariable = "TBPTT_TEST_ANSWER";

    [Fact]
    public async Task Training_GivesTheSameBits_WhateverTheProcessorsInstructions()
    {
        Assert.SkipUnless(Vector512.IsHardwareAccelerated || Vector256.IsHardwareAccelerated,
            "this processor has no wider registers to leave out");
        string here = Answer();
        output.WriteLine(here);
        foreach (var (without, width) in new[] { ("DOTNET_EnableAVX512", "8"), ("DOTNET_EnableAVX2", "4"), ("DOTNET_EnableAVX", "4"),
            ("DOTNET_EnableHWIntrinsic", "1") })
        {
            string answer = await AnswerOfChildAsync(without);
            output.WriteLine(answer);

            // The first number is the widest register it was computed with: the runtime must know the switch.
            Assert.Equal(width, answer[..answer.IndexOf(' ')]);
            Assert.Equal(here[here.IndexOf(' ')..], answer[answer.IndexOf(' ')..]);
        }
    }

    /// <summary>Not a test: what the children run.</summary>
    [Fact(Explicit = true)]
    public void Probe() => File.WriteAllText(Environment.GetEnvironmentVariable(AnswerVariable)!, Answer());

    private static string Answer()
    {
        int width = Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : Vector128.IsHardwareAccelerated ? 4 : 1;
        var hashes = new List<string> { $"{width}" };
        foreach (var cell in TestChoices.Cells.Select(TestChoices.Cell))
        {
            hashes.Add(Train(cell, hidden: 21, tokens: false));
            hashes.Add(Train(cell, hidden: 37, tokens: true));
            hashes.Add(Train(cell, hidden: 19, tokens: false, columns: true));
            if (cell.States <= 2)
                hashes.Add(Train(cell, hidden: 21, tokens: false, learnsStart: true));
        }

        // Everything that can be dropped.
        hashes.Add(Train(new LstmCell(), hidden: 21, tokens: true, dropout: All));
        hashes.Add(Train(
            new GruCell { ResetAfter = false }, hidden: 21, tokens: false, columns: true, dropout: All with { ZoneoutCell = 0 }));

        // One lane a trainer, of which all time steps are run at once.
        hashes.Add(Train(new LstmCell(), hidden: 29, tokens: false, lanes: 2));
        hashes.Add(Train(new GruCell(), hidden: 21, tokens: true, lanes: 2));

        // Sums so long that they are taken in parts, whose lengths depend on the registers.
        hashes.Add(Train(new RnnCell(), hidden: 400, tokens: false));

        return string.Join(' ', hashes);
    }

    private static readonly DropoutSpec All = new()
    {
        Between = 0.3, Locked = true, Embedding = 0.2, Input = 0.1, Output = 0.4, Weight = 0.5, Zoneout = 0.15, ZoneoutCell = 0.25,
    };

    private static string Train(
        CellSpec cell, int hidden, bool tokens, bool columns = false, DropoutSpec? dropout = null, int? lanes = null,
        bool learnsStart = false)
    {
        var shape = tokens ? new DataShape(0, 29, 0, 13)
            : new(3, 0, 2, 0) { Categories = columns ? [new("a", 4), new("b", 29)] : [] };
        var spec = TestSpecs.Average(trainers: 2, layers: 2, dropout: 0.3, epochs: 2);
        spec = spec with
        {
            Model = tokens
                ? new() { Cell = cell, HiddenSize = hidden, Layers = 2, Dropout = 0.3, InputSize = 5, OutputSize = 13,
                    Embedding = new() { Vocabulary = 29, Size = 5 } }
                : spec.Model with { Cell = cell, HiddenSize = hidden, InputSize = columns ? 26 : 3, OutputSize = 2,
                    Embeddings = new(columns ? [new("a", 7), new("b", 16)] : []),
                    Classes = new(columns ? [new("a", 4), new("b", 29)] : []) },
            Train = spec.Train with { Loss = tokens ? new CrossEntropy() : new SquaredError() },
        };
        spec = spec with { Model = spec.Model with { LearnInitialState = learnsStart } };
        if (dropout is not null)
            spec = spec with { Model = spec.Model with { Dropout = dropout, LayerNorm = true, Residual = true } };
        if (lanes is { } few)
            spec = spec with { Data = spec.Data with { BatchSize = few } };
        using var data = new FormulaData(shape, new Draws(82).Ints(15, 1, 25), [12, 7, 3]);
        using var trainer = new SingleProcessTrainer(spec, data, () => new FusedReplica(spec.Model, spec.Train.Loss));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Assert.Null(trainer.Train(
            step => hash.AppendData(MemoryMarshal.AsBytes<double>([step.Loss, step.GradientNorm])),
            (_, loss, held) => hash.AppendData(MemoryMarshal.AsBytes<double>([loss, held!.Value]))));
        hash.AppendData(MemoryMarshal.AsBytes<float>(trainer.State.Parameters));
        hash.AppendData(MemoryMarshal.AsBytes<float>(trainer.State.Hidden));
        return Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 8));
    }

    private static async Task<string> AnswerOfChildAsync(string without)
    {
        var cancelled = TestContext.Current.CancellationToken;
        string file = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(
                SiloRuntime(),
                [typeof(SameBitsOnAnyProcessorTests).Assembly.Location, "-explicit", "only", "-method",
                    $"{typeof(SameBitsOnAnyProcessorTests).FullName}.{nameof(Probe)}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment[AnswerVariable] = file;
            start.Environment[without] = "0";
            using var child = Process.Start(start)!;
            var (said, complained) = (child.StandardOutput.ReadToEndAsync(cancelled), child.StandardError.ReadToEndAsync(cancelled));
            await child.WaitForExitAsync(cancelled);
            string answer = await File.ReadAllTextAsync(file, cancelled);
            Assert.True(answer.Length > 0, await said + await complained);
            return answer;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string SiloRuntime() => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path
        : "dotnet";
}
