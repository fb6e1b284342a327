using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>The checkpoint of the epoch's end with the lowest validation loss.</summary>
internal static class BestCheckpoint
{
    /// <summary>Reads it whole. Blocks.</summary>
    /// <param name="store">The checkpoints.</param>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec, every size known.</param>
    /// <param name="losses">The validation losses of its finished epochs.</param>
    /// <returns>Null where no epoch with a finite loss is finished.</returns>
    /// <exception cref="RunLeftException">There is none, or it is not whole; says what to do.</exception>
    public static RestoredCheckpoint? Read(CheckpointStore store, RunId run, RunSpec spec, IReadOnlyList<double> losses)
    {
        if (RunOutput.BestEpoch(losses) is not { } epoch)
            return null;
        string directory = store.DirectoryOf(run);
        string? problem = null;
        foreach (var name in store.Candidates(run))
        {
            if (CheckpointReader.ReadState(Path.Combine(directory, $"{name}")) is not { BestLoss: { } loss, Chunk: 0 } state
                || state.Epoch != epoch + 1 || loss != losses[epoch])
                continue;
            if (store.TryRead(run, name, spec, out var restored, out string? damage))
                return restored;
            problem ??= $"checkpoint {name}: {damage}";
        }

        throw new RunLeftException(RunState.Failed,
            $"train.output is best, and the state of epoch {epoch + 1}, whose validation loss is the lowest, cannot be had: "
            + $"{problem ?? $"found no checkpoint of it in {directory}, expected one"}; put it back and resume the run, or take the last "
            + $"state: tbptt resume {run} --set train.output=last");
    }
}
