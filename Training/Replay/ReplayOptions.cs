using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>How a run is computed again.</summary>
public sealed record ReplayOptions
{
    /// <summary>Reads specs; the built-in choices by default.</summary>
    public SpecReader Reader { get; init; } = SpecLoader.Reader;

    /// <summary>Where data may lie; anywhere by default.</summary>
    public DataRoots? Roots { get; init; }

    /// <summary>
    /// The directory in which the run's data lie by their names, where they do not lie where its spec says; null where they do.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>
    /// Creates the network of a shard; null, the default, for the fused engine's. A program that gives one vouches for its bits.
    /// </summary>
    public Func<RunSpec, IReplica>? Open { get; init; }

    /// <summary>How many shards are computed at the same time: <see cref="SingleProcess.SingleProcessTrainer.Threads"/>.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether the data keep the time of each row, where they have one. Default false.</summary>
    public bool KeepsTimes { get; init; }

    /// <summary>Whether the files of the data are hashed and compared with what the run was born with. Default true.</summary>
    public bool ChecksData { get; init; } = true;

    /// <summary>
    /// Called with the run's spec as it was written, and the data that the run was born with, before any data are opened: where it throws,
    /// none are. Null, the default, for nothing.
    /// </summary>
    public Action<RunSpec, RunData>? BeforeData { get; init; }
}
