using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Opens a source as training does, to find out what it reads and what it refuses.</summary>
internal static class Trial
{
    /// <summary>Opens a source as one lane.</summary>
    /// <param name="source">The source.</param>
    /// <param name="held">The share that is held out for validation.</param>
    /// <exception cref="SpecException">It cannot be trained on so; carries every cause.</exception>
    public static PreparedRun Open(SourceSpec source, double held = 0) => PreparedRun.Prepare(Spec(source, held), fingerprint: false);

    /// <summary>The line of a spec that has a key of a source; null where the source has it not, or its default.</summary>
    public static string? KeyOf(SourceSpec source, string key) => SpecWriter.ToYaml(Spec(source, 0)).Split('\n')
        .FirstOrDefault(line => line.StartsWith($"  {key}: ", StringComparison.Ordinal));

    private static RunSpec Spec(SourceSpec source, double held) => new()
    {
        Name = "trial",
        Engine = new AutoEngine(),
        Seed = 1,
        Model = new() { Cell = new LstmCell(), HiddenSize = 1 },
        Data = new() { Source = source, BatchSize = 1, ValidationFraction = held },
        Tbptt = new() { ChunkLength = 1 },
        Train = new() { Epochs = 1, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
    };

    /// <summary>
    /// What a source of sequences can be trained with: the share held out, 0 where too little would be left, and how many sequences remain.
    /// </summary>
    /// <param name="source">A source that can be trained on entirely.</param>
    /// <param name="held">The share to hold out, if it can be.</param>
    public static (double Held, int Sequences) Sequences(SourceSpec source, double held)
    {
        try
        {
            using PreparedRun run = Open(source, held);
            return (held, run.Data.Training.Count);
        }
        catch (SpecException) when (held > 0)
        {
            return Sequences(source, 0);
        }
    }

    /// <summary>The first of several readings that training accepts and that are not suspicious; else the first that it accepts.</summary>
    /// <param name="readings">The readings.</param>
    /// <param name="isSuspicious">Whether one that training accepts is unlikely to be what the data are.</param>
    /// <exception cref="SpecException">It accepts none; carries the causes of the last.</exception>
    public static (T Source, PreparedRun Run) FirstOf<T>(IEnumerable<T> readings, Predicate<PreparedRun>? isSuspicious = null)
        where T : SourceSpec
    {
        SpecException? refusal = null;
        T? second = null;
        foreach (T reading in readings)
        {
            try
            {
                PreparedRun run = Open(reading);
                if (isSuspicious?.Invoke(run) != true)
                    return (reading, run);
                second ??= reading;
                run.Dispose();
            }
            catch (SpecException error)
            {
                refusal = error;
            }
        }

        if (second is not null)
            return (second, Open(second));
        throw refusal ?? throw new InvalidOperationException("there is no reading");
    }
}
