using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>The files that a state of a run would leave: a model package, and what training would continue with.</summary>
public static class ReplayedModel
{
    /// <summary>SHA-256 of parameters, as a package has it, in small hexadecimal digits.</summary>
    public static string HashOf(ReadOnlySpan<float> parameters) => RunConfig.HashOf(parameters);

    /// <summary>
    /// The model of the state reached, as the run would leave it if it ended there with <c>train.output: last</c>, or with the average.
    /// </summary>
    /// <param name="replay">The run, at the state.</param>
    /// <exception cref="ReplayException">The run's files cannot be read.</exception>
    public static ModelPackage Package(RunReplay replay)
    {
        ArgumentNullException.ThrowIfNull(replay);
        var (run, spec, output, figures) = (replay.Run, replay.TrainedSpec, RunOutput.Of(replay.State), replay.Figures());
        try
        {
            var status = run.ReadStatus()! with
            {
                Step = output.Step,
                EpochLosses = figures.EpochLosses,
                ValidationLosses = figures.ValidationLosses,
                Metrics = figures.Metrics,
                HeldOut = figures.HeldOut,
                Test = null,
                StateHash = spec.Metrics.StateHash ? replay.State.Hash() : null,
                Output = output.IsAverage ? new("average", output.Epochs, output.Step, true, figures.Metrics) : null,
            };
            return ModelPackage.Of(
                status, spec, File.ReadAllText(run.Spec), replay.Born, output.Parameters,
                HiddenTensors.Of(spec.Model, spec.Data.BatchSize, LaneState.Newest(spec, output.Hidden)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ModelPackageException)
        {
            throw new ReplayException($"the model of run {run.Id} cannot be made: {error.Message}", error);
        }
    }

    /// <summary>
    /// The package's files, and as in a checkpoint <c>optimizer.safetensors</c>, <c>hidden.safetensors</c>, and of each shard that makes
    /// local steps its optimizer, each with what writes it.
    /// </summary>
    /// <inheritdoc cref="Package"/>
    public static IReadOnlyList<(string Name, Action<Stream> Write)> Files(RunReplay replay)
    {
        var package = Package(replay);
        var spec = replay.TrainedSpec;
        var snapshot = new TrainingSnapshot(spec);
        replay.State.CopyTo(snapshot);
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt", ["run"] = replay.Run.Id.Text, ["step"] = $"{snapshot.Step}",
        };
        var files = CheckpointFiles.Of(spec, snapshot).Where(file => file.Name != CheckpointFiles.Model).ToList();
        foreach (var file in files.Where(file => file.Name == CheckpointFiles.Hidden))
            HiddenTensors.Of(spec.Model, CheckpointFiles.HiddenRows(spec), snapshot.Hidden).CopyTo(file.Values, 0);
        return
        [
            .. package.Files,
            .. files.Select(file => (file.Name,
                (Action<Stream>)(stream => SafetensorsFile.Write(stream, file.Slots, file.Values, metadata)))),
        ];
    }
}
