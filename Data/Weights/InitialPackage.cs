using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>A model package that a run begins with: not its weights alone, but how the data were read that they were trained on.</summary>
internal sealed class InitialPackage
{
    /// <summary>What says how the data were read.</summary>
    public const string ConfigFile = "config.json";

    private const string WeightsFile = "model.safetensors";
    private const int KnownFormat = 1;
    private const string Remedy = "export the model again by 'tbptt export RUN --to DIR', or name the file of weights in it to take them "
        + "alone";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { RunJson.FiniteOrNullConverter },
    };

    private readonly Config _config;
    private readonly string _text;

    private InitialPackage(Config config, string text, RunSpec spec) => (_config, _text, Spec) = (config, text, spec);

    /// <summary>The spec that its model was trained with; the paths in it are names.</summary>
    public RunSpec Spec { get; }

    /// <summary>What its model was trained on, as far as reading further data depends on it.</summary>
    public SourceDescription Contents => new()
    {
        Inputs = _config.Inputs, Targets = _config.Targets, Tokens = _config.Tokens, Columns = _config.Columns,
    };

    /// <summary>What is taken of it, in words.</summary>
    public string Note => $"model package of run {_config.Run} after {Wording.Count(_config.Steps, "step")}: "
        + (_config.Columns.Any(column => column.ScaleMean is not null) ? "columns are scaled as its model's were"
            : _config.Tokens.Count > 0 ? "tokens have its numbers" : "data are read as its model's were");

    /// <summary>The file of weights that a run begins with, of a package or by itself.</summary>
    public static string WeightsOf(string initFrom) => Directory.Exists(initFrom) ? Path.Combine(initFrom, WeightsFile) : initFrom;

    /// <summary>Reads what a package says of its model; null where a run begins with none.</summary>
    /// <param name="initFrom">What the run begins with; null for nothing.</param>
    /// <param name="roots">Where files may lie.</param>
    /// <param name="reader">Reads its spec.</param>
    /// <exception cref="SpecException">It is no package, or a file is damaged.</exception>
    public static InitialPackage? Read(string? initFrom, DataRoots roots, SpecReader? reader)
    {
        if (initFrom is null || !Directory.Exists(initFrom))
            return null;
        ArgumentNullException.ThrowIfNull(reader);
        var problems = new ProblemList();
        string path = Path.Combine(initFrom, ConfigFile);
        try
        {
            if (roots.Admit(DataKeys.InitFrom, path, problems) is { } real)
            {
                string text = File.ReadAllText(real);
                var config = JsonSerializer.Deserialize<Config>(text, Json) ?? throw new JsonException("it says null");
                if (config.Format > KnownFormat)
                {
                    problems.Add(
                        DataKeys.InitFrom, $"format {config.Format} in {path}", $"{KnownFormat} or less", "use a newer version of tbptt");
                }

                var document = reader.Parse(new(config.Spec, path, initFrom), filesMustExist: false);
                if (document.Spec is { } spec && problems.IsEmpty)
                    return new(config, text, spec);
                if (document.Spec is null)
                {
                    problems.Add(
                        DataKeys.InitFrom, $"a spec in {path} that cannot be read ({document.Problems[0]})", "that of the run", Remedy);
                }
            }
        }
        catch (JsonException error)
        {
            problems.Add(DataKeys.InitFrom, $"{path}, which is damaged ({error.Message})", "a model package", Remedy);
        }
        catch (FileNotFoundException)
        {
            problems.Add(DataKeys.InitFrom, $"the directory {initFrom} without {ConfigFile}", "a model package", Remedy);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.InitFrom, path, error)]);
        }

        problems.ThrowIfAny();
        throw new InvalidOperationException($"{path} was neither read nor refused");
    }

    /// <summary>Refuses a package whose files have changed, or are of two models.</summary>
    /// <param name="directory">The package.</param>
    /// <param name="model">The model, every size known; its weights fit.</param>
    /// <param name="opened">Admits the file that says how data were read, which determines the result.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void Check(string directory, ModelSpec model, InputFiles opened, ProblemList problems)
    {
        string path = Path.Combine(directory, ConfigFile);
        if (opened.Admit(DataKeys.InitFrom, path, problems) is not { } real)
            return;
        var parameters = new float[ParameterLayout.Of(model).Length];
        WeightFile.ReadInto(WeightsOf(directory), model, parameters);
        string found = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(parameters.AsSpan())));
        if (File.ReadAllText(real) != _text)
            problems.Add(DataKeys.InitFrom, $"{path}, which changed while it was read", "a package that does not change", "start again");
        else if (_config.Hashes?.Weights is { } expected && expected != found)
        {
            problems.Add(
                DataKeys.InitFrom, $"weights with SHA-256 {DataFingerprint.Short(found)} in {WeightsOf(directory)}",
                $"{DataFingerprint.Short(expected)}, as {ConfigFile} says", Remedy);
        }
    }

    /// <summary>What is read of the file.</summary>
    private sealed record Config
    {
        public int Format { get; init; }

        public string Run { get; init; } = "";

        public long Steps { get; init; }

        public IReadOnlyList<string> Inputs { get; init; } = [];

        public IReadOnlyList<string> Targets { get; init; } = [];

        public IReadOnlyList<string> Tokens { get; init; } = [];

        public IReadOnlyList<ColumnDescription> Columns { get; init; } = [];

        public ConfigHashes? Hashes { get; init; }

        public string Spec { get; init; } = "";
    }

    private sealed record ConfigHashes(string? Weights);
}
