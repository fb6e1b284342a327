using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Training.Models;

/// <summary>Trains a model once more on other rows, in this process, with the fused engine.</summary>
public static class Refit
{
    /// <summary>
    /// Trains for as many epochs as the model was trained for, whatever ended that; where it is an average, so is the new one.
    /// </summary>
    /// <param name="package">The model.</param>
    /// <param name="prepared">The rows to train on, with the model's spec.</param>
    /// <returns>The model with the new parameters, and what scales columns by the new rows; without a hidden state.</returns>
    /// <exception cref="ModelPackageException">Training diverged.</exception>
    public static ModelPackage Train(ModelPackage package, PreparedRun prepared)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(prepared);
        var spec = prepared.Spec;
        var train = spec.Train with
        {
            Epochs = Math.Max(1, package.Config.Epochs), EarlyStopping = null,
            Output = spec.Train.Output == OutputKind.Best ? OutputKind.Last : spec.Train.Output,
        };
        using var trainer = new SingleProcessTrainer(
            spec with { Train = train, Limits = null }, prepared.Data, () => new FusedReplica(spec.Model, spec.Train.Loss));
        if (trainer.Train() is { } diverged)
            throw new ModelPackageException($"training diverged: {diverged.Message}");
        return package.With(spec, prepared.Description.Contents, trainer.Output.Parameters.ToArray());
    }
}
