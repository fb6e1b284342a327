using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>
/// Reference figures that stock PyTorch gave in float64, and the inputs and initial weights they were made from: closed formulas, written
/// here once more as files that any run can name.
/// </summary>
internal sealed class GoldenCase
{
    private readonly JsonElement _root;
    private readonly JsonElement _case;

    private GoldenCase(JsonElement root) => (_root, _case) = (root, root.GetProperty("case"));

    public static IReadOnlyList<string> Names { get; } =
        [
        "seed-average", "short-last-chunk", "variable-length-gru", "token-stream", "plain-rnn", "columns", "full-lstm", "full-gru",
        "full-rnn", "full-tokens", "full-both-lstm", "full-both-gru", "full-both-tokens",
        "window-lstm", "window-gru", "window-tokens", "burn-in", "horizons",
    ];

    public int Lanes => Int("lanes");

    public int Layers => Int("layers");

    public int HiddenSize => Int("hiddenSize");

    public double[] StepLosses => Numbers(_root.GetProperty("stepLoss"));

    public double[] GradientNorms => Numbers(_root.GetProperty("gradientNormBeforeClip"));

    public double[] EpochLosses => Numbers(_root.GetProperty("epochLoss"));

    /// <summary><c>[layers, lanes, hidden]</c>.</summary>
    public double[] FinalHidden => Numbers(_root.GetProperty("finalHidden"));

    public double[] FinalWeights(string name) => Numbers(_root.GetProperty("finalWeights").GetProperty(name));

    public static GoldenCase Load(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", $"{name}.json")));
        return new(document.RootElement.Clone());
    }

    /// <summary>A case that stands in a file with others.</summary>
    public static GoldenCase Of(JsonElement root) => new(root);

    /// <summary>Writes inputs, targets and initial weights to a directory, and the spec that trains on them.</summary>
    public RunSpec Write(string directory, int trainers)
    {
        string File(string name) => Path.Combine(directory, name);
        string task = _case.GetProperty("task").GetString()!;
        bool tokens = task == "tokens";
        List<string> paths = [File("inputs.npy"), File("targets.npy")];
        if (task == "columns")
            WriteColumns(File("table.csv"));
        else if (task == "horizons")
            WriteSeries(File("table.csv"));
        else if (tokens)
            WriteTokens(paths[0], paths[1]);
        else
            WriteSequences(paths[0], paths[1], File("lengths.npy"));
        if (!tokens)
            paths.Add(File("lengths.npy"));
        SourceSpec source = task == "horizons" ? new CsvSource
        {
            Path = File("table.csv"), Series = "id", Inputs = ["x", "y"], Targets = ["y", "x"], Horizons = Int("horizons"),
            Standardize = false,
        } : task != "columns" ? new NpySource { Files = paths } : new CsvSource
        {
            Path = File("table.csv"), Series = "id", Inputs = ["x", "k"], Targets = ["y"], Known = ["k", "day"], Static = ["store"],
            Categorical = ["store", "day"], Standardize = false,
        };

        var optimizer = _case.GetProperty("optimizer");
        double? Number(string name) => optimizer.TryGetProperty(name, out var value) ? value.GetDouble() : null;
        OptimizerSpec rule = optimizer.GetProperty("name").GetString() switch
        {
            "sgd" => new Sgd { Momentum = Number("momentum") ?? 0 },
            "adam" => new Adam(),
            "adamw" => new AdamW { WeightDecay = Number("weightDecay") ?? 0.01 },
            "rmsprop" => new RmsProp(),
            var other => throw new InvalidDataException($"optimizer {other}"),
        };
        var spec = new RunSpec
        {
            Name = _case.GetProperty("name").GetString()!,
            Engine = new AutoEngine(),
            Model = new()
            {
                Cell = TestChoices.Cell(_case.GetProperty("cell").GetString()!),
                InputSize = Int("inputSize"),
                HiddenSize = HiddenSize,
                Layers = Layers,
                Bidirectional = _case.TryGetProperty("bidirectional", out var both) && both.GetBoolean(),
                OutputSize = Int("outputSize"),
                Embedding = tokens ? new() { Vocabulary = Int("vocabulary"), Size = Int("inputSize") } : null,
                InitFrom = File("initial.safetensors"),
                Embeddings = new(task != "columns" ? [] : [new("store", Int("storeSize")), new("day", Int("daySize"))]),
                Classes = new(task != "columns" ? [] : [new("store", 1 + Int("stores")), new("day", 1 + Int("days"))]),
            },
            Data = new() { Source = source, BatchSize = Lanes },
            Tbptt = new() { ChunkLength = Int("chunkLength"), Backprop = Backprop(), BurnIn = OrZero("burnIn") },
            Train = new()
            {
                Trainers = trainers,
                Epochs = Int("epochs"),
                Loss = tokens ? new CrossEntropy() : new SquaredError(),
                ClipNorm = _case.TryGetProperty("clipNorm", out var clip) ? clip.GetDouble() : null,
                Optimizer = rule with { Lr = Number("lr")!.Value },
            },
        };
        WriteInitialWeights(File("initial.safetensors"), ParameterLayout.Of(spec.Model));
        return spec;
    }

    private BackpropSpec Backprop() => OrZero("window") is > 0 and var length ? new WindowBackprop { Length = length }
        : _case.GetProperty("name").GetString()!.StartsWith("full", StringComparison.Ordinal) ? new FullBackprop() : new ChunkBackprop();

    private int OrZero(string name) => _case.TryGetProperty(name, out var value) ? value.GetInt32() : 0;

    private void WriteInitialWeights(string path, ParameterLayout layout)
    {
        double scale = 1 / Math.Sqrt(HiddenSize);
        var weights = new float[layout.Length];
        foreach (var (slot, p) in layout.Slots.Select((slot, p) => (slot, p)))
        {
            for (int j = 0; j < slot.Length; j++)
                weights[slot.Offset + j] = (float)(scale * Noise(7_000_000_007 + p * 1_000_003L + j));
        }

        using var stream = File.Create(path);
        SafetensorsFile.Write(stream, layout, weights);
    }

    private void WriteSequences(string inputs, string targets, string lengths)
    {
        int features = Int("inputSize"), outputs = Int("outputSize");
        long[] each = [.. Numbers(_case.GetProperty("lengths")).Select(length => (long)length)];
        int longest = (int)each.Max();
        var x = new float[each.Length * longest * features];
        var y = new float[each.Length * longest * outputs];
        for (int s = 0; s < each.Length; s++)
        {
            for (int t = 0; t < each[s]; t++)
            {
                var row = x.AsSpan((s * longest + t) * features, features);
                for (int f = 0; f < features; f++)
                    row[f] = (float)Noise(Int("seed") * 1_000_003L + (s * 100_003L + t) * features + f);
                for (int o = 0; o < outputs; o++)
                    y[(s * longest + t) * outputs + o] = row[o] + row[outputs + (o + outputs - 1) % outputs];
            }
        }

        NpyWriter.Write(inputs, x, each.Length, longest, features);
        NpyWriter.Write(targets, y, each.Length, longest, outputs);
        NpyWriter.Write(lengths, each, each.Length);
    }

    private void WriteColumns(string path)
    {
        var text = new StringBuilder("id,store,day,x,k,y\n");
        foreach (var (s, rows) in Numbers(_case.GetProperty("rows")).Index())
        {
            for (int t = 0; t < rows; t++)
            {
                long at = (Int("seed") * 1_000_003L) + (((s * 100_003L) + t) * 2);
                float x = (float)Noise(at), k = (float)Noise(at + 1);
                float y = (float)((0.5 * x) + (0.25 * k) + (0.125 * s));
                text.Append(CultureInfo.InvariantCulture, $"series {s},store {s},{t % Int("days")},{x:R},{k:R},{y:R}\n");
            }
        }

        System.IO.File.WriteAllText(path, text.ToString());
    }

    private void WriteSeries(string path)
    {
        var text = new StringBuilder("id,x,y\n");
        foreach (var (s, rows) in Numbers(_case.GetProperty("rows")).Index())
        {
            for (int t = 0; t < rows; t++)
            {
                long at = (Int("seed") * 1_000_003L) + (((s * 100_003L) + t) * 2);
                text.Append(CultureInfo.InvariantCulture, $"series {s},{(float)Noise(at):R},{(float)Noise(at + 1):R}\n");
            }
        }

        System.IO.File.WriteAllText(path, text.ToString());
    }

    private void WriteTokens(string inputs, string targets)
    {
        int n = Int("tokens"), vocabulary = Int("vocabulary"), row = (n - 1) / Lanes;
        long[] text = [.. Enumerable.Range(0, n).Select(i =>
            i % 3 != 0 ? (long)((Noise(Int("seed") * 1_000_003L + i) + 1) * 0.5 * vocabulary) : i / 3 % vocabulary)];
        long[] Rows(int shift) => [.. Enumerable.Range(0, Lanes).SelectMany(r => text.AsSpan(r * row + shift, row).ToArray())];
        NpyWriter.Write(inputs, Rows(0), Lanes, row);
        NpyWriter.Write(targets, Rows(1), Lanes, row);
    }

    /// <summary>splitmix64's top 53 bits in [-1, 1).</summary>
    private static double Noise(long i)
    {
        ulong z = unchecked((ulong)i * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (z >> 11) / (double)(1L << 52) - 1;
    }

    private int Int(string name) => _case.GetProperty(name).GetInt32();

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];
}
