using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Checkpoints;

/// <summary>Reads one checkpoint and believes nothing of it.</summary>
/// <param name="run">The run.</param>
/// <param name="name">The checkpoint.</param>
public sealed class CheckpointReader(RunDirectory run, CheckpointName name)
{
    private readonly string _directory = Path.Combine(run.Checkpoints, name.ToString());

    /// <summary>
    /// Reads a checkpoint into a new snapshot, and verifies all of it: that it is of this run and of this spec, the lengths and checksums
    /// of all files, the tensors' names and shapes.
    /// </summary>
    /// <param name="spec">The run's spec, every size known; it may have another number of shards.</param>
    /// <param name="restored">The checkpoint.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <returns>True with the checkpoint; false with the problem: which file, what was found, what was expected.</returns>
    public bool TryRead(RunSpec spec, [NotNullWhen(true)] out RestoredCheckpoint? restored, [NotNullWhen(false)] out string? problem)
    {
        restored = null;
        try
        {
            var state = OpenState(_directory);
            problem = FindStranger(state, spec);
            if (problem is not null)
                return false;

            // The inner optimizers are those of the shards that the run had then.
            var snapshot = new TrainingSnapshot(spec with { Train = spec.Train with { Shards = state.Shards } })
            {
                Step = state.Step,
                OptimizerCount = state.OptimizerCount,
                Updates = state.Updates,
                AverageCount = state.AverageCount,
                GradientWeight = state.GradientWeight,
                EpochLossSum = state.EpochLossSum,
                EpochWeight = state.EpochWeight,
                Losses = state.Losses,
            };
            foreach (var (inner, updates) in snapshot.TrainerOptimizers.Zip(state.TrainerUpdates))
                inner.Count = updates;
            foreach (var file in CheckpointFiles.Of(spec, snapshot))
                ReadTensors(spec, snapshot, state, file);
            restored = new(name, snapshot, state);
            return true;
        }
        catch (NotWholeException e)
        {
            problem = e.Message;
        }
        catch (SafetensorsException e)
        {
            problem = $"{Path.GetFileName(e.Path)}: found {e.Found}, expected {e.Expected}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"found files that cannot be read ({e.Message}), expected a whole checkpoint";
        }

        return false;
    }

    /// <summary>What the checkpoint in a directory says of itself; null when that cannot be read.</summary>
    public static CheckpointState? ReadState(string directory)
    {
        try
        {
            return OpenState(directory);
        }
        catch (Exception e) when (e is NotWholeException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static CheckpointState OpenState(string directory)
    {
        string path = Path.Combine(directory, CheckpointFiles.State);
        if (!File.Exists(path))
            throw new NotWholeException(CheckpointFiles.State, "no such file", "what the checkpoint says of itself");
        byte[] content = File.ReadAllBytes(path);
        string document = SealedJson.Open(content)
            ?? throw new NotWholeException(CheckpointFiles.State, $"{content.Length} bytes that do not fit their checksum",
                "the document that was written");
        try
        {
            return RunJson.ReadCheckpoint(document);
        }
        catch (JsonException e)
        {
            throw new NotWholeException(CheckpointFiles.State, $"a document that cannot be read from line {(e.LineNumber ?? 0) + 1} on",
                "one of this version of tbptt");
        }
    }

    private string? FindStranger(CheckpointState state, RunSpec spec)
    {
        if (state.Run != run.Id.Text)
            return $"{CheckpointFiles.State}: found a checkpoint of run {state.Run}, expected one of {run.Id}";
        if (state.Step != name.Step || state.Generation > name.Generation)
            return $"{CheckpointFiles.State}: found checkpoint {new CheckpointName(state.Generation, state.Step)}, expected {name}";
        if (!SpecHash.Matches(state.SpecHash, spec))
            return $"{CheckpointFiles.State}: found a checkpoint of another spec ({Short(state.SpecHash)}), expected one of this " +
                $"({Short(SpecHash.Of(spec))})";
        int inner = spec.Train.IsLocal ? state.Shards : 0;
        if (state.Shards < 1 || state.TrainerUpdates.Count != inner)
        {
            return $"{CheckpointFiles.State}: found {state.Shards} shards and the updates of {state.TrainerUpdates.Count}, "
                + $"expected those of {inner}";
        }

        return null;
    }

    private void ReadTensors(RunSpec spec, TrainingSnapshot snapshot, CheckpointState state, TensorFile file)
    {
        string path = Path.Combine(_directory, file.Name);
        if (!state.Files.TryGetValue(file.Name, out var expected))
            throw new NotWholeException(CheckpointFiles.State, $"no checksum of {file.Name}", "one");
        if (!File.Exists(path))
            throw new NotWholeException(file.Name, "no such file", $"{expected.Length} bytes");
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1 << 16))
        {
            if (stream.Length != expected.Length)
                throw new NotWholeException(file.Name, $"{stream.Length} bytes", $"{expected.Length}");
            string found = Convert.ToHexStringLower(SHA256.HashData(stream));
            if (found != expected.Sha256)
                throw new NotWholeException(file.Name, $"content of checksum {Short(found)}",
                    $"{Short(expected.Sha256)}, which was written");
        }

        SafetensorsFile.ReadInto(path, file.Slots, file.Values);
        if (file.Name == CheckpointFiles.Hidden)
            HiddenTensors.ToLanes(spec.Model, CheckpointFiles.HiddenRows(spec), file.Values, snapshot.Hidden);
    }

    /// <summary>Enough digits to distinguish two.</summary>
    private static string Short(string digest) => digest.Length <= 12 ? digest : digest[..12];

    private sealed class NotWholeException(string file, string found,
        string expected) : Exception($"{file}: found {found}, expected {expected}");
}
