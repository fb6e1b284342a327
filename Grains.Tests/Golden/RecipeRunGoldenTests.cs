using System.Text.Json;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>Whole runs of training recipes against PyTorch in float64: <c>recipe_runs.py</c> made the figures.</summary>
public sealed class RecipeRunGoldenTests
{
    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "recipe-runs.json"))).RootElement;

    public static TheoryData<string> Cases => [.. All.Select(NameOf)];

    private static IEnumerable<JsonElement> All => Golden.GetProperty("cases").EnumerateArray();

    /// <summary>Accumulated gradients, clipped ones, EMA, and NT-ASGD, whose mean begins before the last epoch.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void Recipe_ReproducesPyTorch(string name)
    {
        using var directory = new TemporaryDirectory();
        var root = All.Single(one => NameOf(one) == name);
        var golden = GoldenCase.Of(root);
        string[] sets = [.. root.GetProperty("sets").EnumerateArray().Select(set => set.GetString()!)];
        var written = new SpecText(SpecWriter.ToYaml(golden.Write(directory.Path, trainers: 2)), "spec.yaml", "/") { Sets = sets };
        using var run = PreparedRun.Prepare(SpecLoader.Parse(written).Spec!);
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => new FusedReplica(run.Spec.Model, run.Spec.Train.Loss));
        List<double> steps = [], epochs = [];

        Assert.Null(trainer.Train(step => steps.Add(step.Loss), (_, loss, _) => epochs.Add(loss)));

        GoldenAssert.Losses(golden.StepLosses, steps, "step");
        GoldenAssert.Losses(golden.EpochLosses, epochs, "epoch");
        foreach (var slot in trainer.State.Layout.Slots)
        {
            GoldenAssert.Values(
                golden.FinalWeights(slot.Name), trainer.Output.Parameters.AsSpan(slot.Offset, slot.Length), slot.Name);
        }

        Assert.Equal(run.Spec.Train.KeepsAverage, trainer.Output.IsAverage);
        Assert.Equal(sets.Any(set => set.Contains("average", StringComparison.Ordinal)), root.TryGetProperty("began", out _));
    }

    private static string NameOf(JsonElement root) => root.GetProperty("case").GetProperty("name").GetString()!;
}
