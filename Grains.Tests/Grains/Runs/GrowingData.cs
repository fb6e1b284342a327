using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Data that grow, and specs of runs on them.</summary>
internal sealed class GrowingData : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>The spec that <c>tbptt extend</c> would make.</summary>
    public static RunSpec Extending(RunDirectory parent)
    {
        string text = File.ReadAllText(parent.Spec);
        RunSpec spec = Orleans.Tbptt.Training.SpecLoader.Parse(text, "spec.yaml", "/").Spec!;
        return spec with
        {
            Extends = new() { Checkpoint = parent.NewestCheckpoint! },
            Data = spec.Data.IsStream ? spec.Data with { BatchSize = 1 } : spec.Data,
        };
    }

    /// <summary>The same with <c>--follow</c>.</summary>
    public static RunSpec Following(RunDirectory parent)
    {
        RunSpec spec = Extending(parent);
        return spec with { Extends = spec.Extends! with { Follow = true } };
    }

    /// <summary>What a run trains on the data.</summary>
    public RunSpec Spec(string kind, int trainers)
    {
        bool isText = kind is "bytes" or "characters" or "words";
        return new()
        {
            Name = $"extend-{kind}",
            Engine = new AutoEngine(),
            Model = new()
            {
                Cell = new LstmCell(), HiddenSize = 6, Layers = 2, Dropout = 0.2, Embedding = isText ? new() { Size = 3 } : null,
            },
            Data = new()
            {
                Source = kind switch
                {
                    "bytes" => new ByteSource { Glob = _directory.File("d.bytes") },
                    "characters" => new CharacterSource { Glob = _directory.File("d.txt") },
                    "words" => new WordSource { Glob = _directory.File("d.txt") },
                    "jsonl" => new JsonLinesSource { Path = _directory.File("d.jsonl"), Standardize = false },
                    "csv" => new CsvSource { Path = _directory.File("d.csv"), Standardize = false },
                    _ => new CsvSource { Path = _directory.File("d.csv"), Standardize = false, Series = "shop", Inputs = ["x"] },
                },
                BatchSize = kind == "series" ? 3 : 1,
            },
            Tbptt = new() { ChunkLength = 12 },
            Train = new()
            {
                Epochs = 1, Trainers = trainers, Loss = isText ? new CrossEntropy() : new SquaredError(),
                Optimizer = new Adam { Lr = 1e-2 }, ClipNorm = 0.3, Schedule = new CosineSchedule { Steps = 8, MinLr = 1e-3 },
            },
        };
    }

    /// <summary>Writes as many rows of a wave, of three of them where they are series: row after row, so that all of them grow.</summary>
    public static void Write(RunSpec spec, int rows) => File.WriteAllText(FileOf(spec), Content(spec, rows));

    /// <summary>The file that a run reads.</summary>
    public static string FileOf(RunSpec spec) => spec.Data.Source.Paths[0];

    /// <summary>What is in it with so many rows.</summary>
    public static string Content(RunSpec spec, int rows)
    {
        var values = Enumerable.Range(0, rows).Select(row => Math.Round(Math.Sin(row * 0.3), 4));
        return string.Concat(spec.Data.Source switch
        {
            WordSource => values.Select((value, i) => i % 2 == 0 ? "\n" : value > 0 ? "über" : "c"),
            CharacterSource => values.Select(value => value > 0 ? "a" : "€"),
            ByteSource => values.Select(value => value > 0 ? "a" : "b"),
            JsonLinesSource => values.Select(value => FormattableString.Invariant($"{{\"x\":{value}}}\n")),
            CsvSource { Series: null } => values.Select(value => FormattableString.Invariant($"{value}\n")).Prepend("x\n"),
            CsvSource => values.SelectMany(value => "abc"
                .Select(shop => FormattableString.Invariant($"{shop},{value + shop - 'a'}\n"))).Prepend("shop,x\n"),
            var other => throw new InvalidOperationException($"{other}"),
        });
    }
}
