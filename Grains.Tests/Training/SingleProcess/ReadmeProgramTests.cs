using System.Security.Cryptography;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training.SingleProcess;

/// <summary>The program in the README of the package Orleans.Tbptt.Training, which is the method here line by line.</summary>
public sealed class ReadmeProgramTests
{
    private const string ModelOfAverage = "f163b038963603fa15227a1e6a69fdee7c3b8694b289558bff2790c667a8ae3f";

    [Fact]
    public void Program_WritesTheModelOfACluster()
    {
        using var directory = new TemporaryDirectory();
        string model = directory.File("model.safetensors");

        Train([SourceTree.Of("examples", "average.yaml"), model]);

        Assert.Equal(ModelOfAverage, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(model))));
    }

    [Fact]
    public void Program_IsTheOneThatTheReadmeShows()
    {
        string readme = File.ReadAllText(SourceTree.Of("Training", "README.md"));
        string[] shown = [.. readme.Split("```csharp\n")[1].Split("```")[0].Split('\n').Where(line => line.Length > 0)];
        string self = SourceTree.Of("Grains.Tests", "Training", "SingleProcess", $"{nameof(ReadmeProgramTests)}.cs");
        string[] tested = File.ReadAllLines(self);

        Assert.InRange(shown.Length, 2, 15);
        Assert.All(shown, line => Assert.Contains(tested, one => one.Trim() == line.Trim()));
        Assert.Contains(string.Join('\n', Program(shown)), string.Join('\n', Program(tested)), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Program(IEnumerable<string> lines) =>
        lines.Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith("using Orleans", StringComparison.Ordinal));

    private static void Train(string[] args)
    {
        var document = SpecLoader.Load(args[0], sets: []);
        using var run = PreparedRun.Prepare(document.Spec ?? throw new SpecException(document.Problems));
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        if (trainer.Train(onEpoch: (epoch, loss, validation) => Console.WriteLine($"epoch {epoch + 1}: loss {loss:G6}")) is { } diverged)
            throw new InvalidOperationException(diverged.ToString());
        using var model = File.Create(args[1]);
        SafetensorsFile.Write(model, trainer.State.Layout, trainer.State.Parameters,
            new Dictionary<string, string> { ["format"] = "pt", ["step"] = $"{trainer.State.Step}" });
    }
}
