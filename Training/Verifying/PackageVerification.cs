using System.Text;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Verifying;

/// <summary>Trains a model package's model again from its spec, and compares weights and state with those that the package names.</summary>
public static class PackageVerification
{
    /// <summary>Trains and compares.</summary>
    /// <param name="package">The package.</param>
    /// <param name="data">The directory in which the data lie by their names.</param>
    /// <param name="options">How it is computed.</param>
    /// <param name="onStep">Called with each step that was computed.</param>
    /// <param name="cancellation">Looked at before each step.</param>
    /// <exception cref="ReplayException">It cannot be computed again; says why, and what to do.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Verified Run(
        ModelPackage package, string data, ReplayOptions options, Action<long>? onStep = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(options);
        var config = package.Config;
        using var prepared = Open(config, data, options);
        var spec = prepared.Spec;

        // Shards are computed at the same time: further threads of each would be in the way of the others.
        var alone = spec with { Train = spec.Train with { Threads = 1 } };
        using var trainer = new SingleProcessTrainer(
            spec, prepared.Data, () => options.Open?.Invoke(spec) ?? Engine.Open(alone, DeviceName.Cpu)) { Threads = options.Threads };
        Train(trainer, spec, config, step =>
        {
            cancellation.ThrowIfCancellationRequested();
            onStep?.Invoke(step);
        });
        var (state, output) = (trainer.State, trainer.Output);
        string weights = RunConfig.HashOf(output.Parameters);
        Unequal? difference = null;
        if (config.StateHash is { } expected && state.Hash() is var found && found != expected)
            difference = new(state.Step, "the hash of the last state", $"{found}", $"{expected}");
        else if (weights != config.Hashes.Weights)
            difference = new(output.Step, "the SHA-256 of the weights", weights, config.Hashes.Weights);
        else if (Differs(config) is { } other)
            difference = other with { Step = state.Step };
        return new()
        {
            From = 0, To = state.Step, Hashes = config.StateHash is null ? 0 : 1, Difference = difference, End = state.Hash(),
            Model = weights,
        };
    }

    /// <summary>The package's own hashes of its spec and its data, which a statement repeats.</summary>
    private static Unequal? Differs(ModelConfig config)
    {
        string spec = RunConfig.HashOf(Encoding.UTF8.GetBytes(config.Spec));
        string data = RunConfig.HashOf(config.Files);
        return spec != config.Hashes.Spec ? new(0, "the SHA-256 of the spec", spec, config.Hashes.Spec)
            : data != config.Hashes.Data ? new(0, "the SHA-256 of the data's hashes", data, config.Hashes.Data) : null;
    }

    private static void Train(SingleProcessTrainer trainer, RunSpec spec, ModelConfig config, Action<long> onStep)
    {
        // Of the best epoch, or of an average, the package says that step and not the run's last one: it is trained to its own end.
        long? last = config.Output == "best" ? null : config.Steps;
        while (trainer.Next.Epoch < spec.Train.Epochs && trainer.State.Step != last)
        {
            while (!trainer.IsAtEpochEnd && trainer.State.Step != last)
            {
                long step = trainer.State.Step;
                if (trainer.Advance() is StepOutcome.Diverged diverged)
                    throw new ReplayException($"the package's run diverges after step {step}: {diverged.Message}");
                onStep(trainer.State.Step);
            }

            if (!trainer.IsAtEpochEnd)
                return;
            var (_, validation) = trainer.FinishEpoch();
            if (spec.Train.EarlyStopping?.ReasonToEnd(
                trainer.State.Losses, spec.Train.Epochs, validation is null ? "training" : "validation") is not null)
                return;
        }
    }

    private static PreparedRun Open(ModelConfig config, string data, ReplayOptions options)
    {
        try
        {
            var document = options.Reader.Parse(new(config.Spec, ModelPackage.ConfigFile, Path.GetFullPath(data)), filesMustExist: false);
            var spec = document.Spec ?? throw new SpecException(document.Problems);
            if (spec.Extends is not null)
            {
                throw new ReplayException("found the model of a run that extends another one, expected one whose spec and data are all "
                    + "that it was made of: verify the run itself");
            }

            if (options.Open is null && Engine.Of(spec).On(DeviceName.Cpu) is not FusedEngine)
            {
                throw new ReplayException($"found engine {spec.Engine.Word}, expected the fused engine, whose bits are the same on every "
                    + "processor: libtorch's are those of one type of processor or GPU, and only silos load it");
            }

            var prepared = PreparedRun.Prepare(spec, options.Roots, options.ChecksData, options.KeepsTimes, options.Reader);
            if (prepared.FindDifference(config.Files) is not { } difference)
                return prepared;
            prepared.Dispose();
            throw new ReplayException(difference);
        }
        catch (SpecException unfit)
        {
            throw new ReplayException($"{unfit.Message}; --data-root names the directory in which the data lie by their names", unfit);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ReplayException($"the data of the package cannot be read: {error.Message}", error);
        }
    }
}
