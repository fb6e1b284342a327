using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Benchmarks.Serve;

/// <summary>A model of one column, to serve: what it forecasts does not matter.</summary>
internal static class ServedExample
{
    /// <summary>Trains an LSTM for an epoch.</summary>
    /// <param name="directory">Receives its data.</param>
    /// <param name="units">Its units.</param>
    public static ModelPackage Train(string directory, int units)
    {
        string data = Path.Combine(directory, "wave.csv");
        File.WriteAllText(data, "load\n" + string.Concat(Enumerable.Range(0, 400).Select(
            i => string.Create(CultureInfo.InvariantCulture, $"{100 + (i * 7 % 13)}\n"))));
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(
            $$"""
            name: wave
            model: {cell: lstm, hiddenSize: {{units}} }
            data: { source: "csv:{{data}}", batchSize: 2 }
            tbptt: {chunkLength: 20}
            train: {epochs: 1, loss: mse, optimizer: {name: adam, lr: 0.01} }
            """, "wave.yaml", "/").Spec!);
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => new FusedReplica(prepared.Spec.Model, prepared.Spec.Train.Loss));
        trainer.Train();
        return ModelPackage.Of(
            new RunStatus
            {
                Id = "wave", Name = "wave", State = RunState.Completed, Epochs = 1, Data = "", Directory = directory,
                SubmittedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
            },
            prepared.Spec, SpecWriter.ToYaml(prepared.Spec), new([], prepared.Description), trainer.State.Parameters,
            HiddenTensors.Of(prepared.Spec.Model, prepared.Spec.Data.BatchSize, trainer.State.Hidden));
    }

    /// <summary>Writes a package.</summary>
    public static void Save(ModelPackage package, string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var (name, write) in package.Files)
        {
            using var stream = File.Create(Path.Combine(directory, name));
            write(stream);
        }
    }
}
