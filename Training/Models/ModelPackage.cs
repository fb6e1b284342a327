using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>A model package cannot be made or read; the message says what was found, what was expected, and what to do.</summary>
public sealed class ModelPackageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// A trained model with all that is needed to use it: parameters, configuration, the hidden state at the end of training, and a model
/// card. A pure function of the files that a run ends with.
/// </summary>
public sealed class ModelPackage
{
    /// <summary>The parameters under PyTorch's names.</summary>
    public const string WeightsFile = "model.safetensors";

    /// <summary>The hidden state of every lane at the end of training.</summary>
    public const string StateFile = "state.safetensors";

    /// <summary>The configuration.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>The tokenizer of a model of its tokens, as Hugging Face calls it.</summary>
    public const string TokenizerFile = "tokenizer.json";

    /// <summary>The model card.</summary>
    public const string CardFile = "README.md";

    private ModelPackage(ModelConfig config, RunSpec spec, ReadOnlyMemory<float> parameters, ReadOnlyMemory<float> hidden) =>
        (Config, Spec, Parameters, Hidden) = (config, spec, parameters, hidden);

    /// <summary>The configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>The run's spec, every size known.</summary>
    public RunSpec Spec { get; }

    /// <summary>The parameters, in the order of <see cref="ParameterLayout"/>.</summary>
    public ReadOnlyMemory<float> Parameters { get; }

    /// <summary>The hidden state of every lane at the end of training, in PyTorch's order, as <c>HiddenTensors</c> has it.</summary>
    public ReadOnlyMemory<float> Hidden { get; }

    /// <summary>The text of the tokenizer that makes the model's tokens; null where none does, and where it is not to be had.</summary>
    public ReadOnlyMemory<byte>? Tokenizer { get; private init; }

    /// <summary>The package of a model.</summary>
    /// <param name="status">The status of the run that trained it.</param>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="text">The text of that spec.</param>
    /// <param name="data">What the run was born with.</param>
    /// <param name="parameters">The parameters, in the order of <see cref="ParameterLayout"/>.</param>
    /// <param name="hidden">The hidden state of every lane, in PyTorch's order.</param>
    public static ModelPackage Of(
        RunStatus status, RunSpec spec, string text, RunData data, ReadOnlyMemory<float> parameters, ReadOnlyMemory<float> hidden)
    {
        ArgumentNullException.ThrowIfNull(status);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(data);
        return new(RunConfig.Of(status, spec, text, data, parameters.Span), spec, parameters, hidden)
        {
            Tokenizer = ReadTokenizer(spec, data.Files),
        };
    }

    /// <summary>Reads what a completed run has left.</summary>
    /// <param name="run">The run.</param>
    /// <param name="reader">Reads its spec.</param>
    /// <exception cref="ModelPackageException">It has no model, or a file is damaged.</exception>
    public static ModelPackage OfRun(RunDirectory run, SpecReader reader)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (!File.Exists(run.Model))
        {
            throw new ModelPackageException(
                $"{run.Model}: found no file, expected the model of a run that has completed; run 'tbptt resume {run.Id}' to its end");
        }

        try
        {
            var status = run.ReadStatus()!;
            string text = File.ReadAllText(run.Spec);
            var spec = Parse(text, run.Spec, reader);
            var data = File.Exists(run.Data) ? RunJson.ReadData(File.ReadAllText(run.Data)) : new([], null);
            return Of(status, spec, text, data, ReadWeights(run.Model, spec), ReadState(run.Hidden, spec));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelPackageException($"{run.Path}: found files of a run that cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Reads a package.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="reader">Reads its spec.</param>
    /// <exception cref="ModelPackageException">It is none, or a file is damaged.</exception>
    public static ModelPackage Load(string directory, SpecReader reader)
    {
        string path = Path.Combine(directory, ConfigFile);
        ModelConfig config;
        try
        {
            config = ModelConfig.Read(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Unreadable(path, exception);
        }

        return Load(directory, config, reader);
    }

    /// <summary>Reads a package whose configuration was read already.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="reader">Reads its spec.</param>
    /// <exception cref="ModelPackageException">A file is damaged, or the configuration is that of another model.</exception>
    public static ModelPackage Load(string directory, ModelConfig config, SpecReader reader)
    {
        ArgumentNullException.ThrowIfNull(config);
        string path = Path.Combine(directory, ConfigFile);
        try
        {
            if (config.Format > ModelConfig.CurrentFormat)
            {
                throw new ModelPackageException(
                    $"{path}: found format {config.Format}, expected {ModelConfig.CurrentFormat} or less; use a newer version of tbptt");
            }

            var spec = Parse(config.Spec, path, reader);
            float[] parameters = ReadWeights(Path.Combine(directory, WeightsFile), spec);
            if (RunConfig.HashOf(parameters) is var found && found != config.Hashes.Weights)
            {
                throw new ModelPackageException(
                    $"{Path.Combine(directory, WeightsFile)}: found parameters with SHA-256 {found}, expected {config.Hashes.Weights} as "
                    + $"{ConfigFile} says; export the model again");
            }

            return new(config, spec, parameters, ReadState(Path.Combine(directory, StateFile), spec))
            {
                Tokenizer = ReadTokenizer(spec, config.Files),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Unreadable(path, exception);
        }
    }

    /// <summary>The model with other parameters, trained on other rows; without a hidden state.</summary>
    internal ModelPackage With(RunSpec spec, SourceDescription contents, ReadOnlyMemory<float> parameters) => new(
        Config with
        {
            Inputs = contents.Inputs, Targets = contents.Targets, Columns = contents.Columns,
            Hashes = Config.Hashes with { Weights = RunConfig.HashOf(parameters.Span) },
        },
        spec, parameters, default);

    /// <summary>The package's files by name, each with what writes it. Equal packages give equal bytes.</summary>
    public IReadOnlyList<(string Name, Action<Stream> Write)> Files
    {
        get
        {
            var metadata = new Dictionary<string, string>
            {
                ["format"] = "pt", ["step"] = $"{Config.Steps}", ["product"] = $"Orleans.Tbptt {Config.Product}", ["run"] = Config.Run,
                ["spec_sha256"] = Config.Hashes.Spec, ["data_sha256"] = Config.Hashes.Data, ["weights_sha256"] = Config.Hashes.Weights,
            };
            if (Config.Arithmetic is { } arithmetic)
                metadata["arithmetic"] = arithmetic;
            if (Config.StateHash is { } hash)
                metadata["state_hash"] = $"{hash}";
            return
            [
                (WeightsFile, stream => SafetensorsFile.Write(stream, ParameterLayout.Of(Spec.Model), Parameters.Span, metadata)),
                (StateFile, stream => SafetensorsFile.Write(
                    stream, HiddenTensors.Slots(Spec.Model, Spec.Data.BatchSize), Hidden.Span, metadata)),
                (ConfigFile, stream => stream.Write(Encoding.UTF8.GetBytes($"{Config.Write()}\n"))),
                (CardFile, stream => stream.Write(Encoding.UTF8.GetBytes(ModelCard.Of(Config, Spec)))),
                .. Tokenizer is { } tokenizer
                    ? [(TokenizerFile, (Stream stream) => stream.Write(tokenizer.Span))] : Array.Empty<(string, Action<Stream>)>(),
            ];
        }
    }

    /// <summary>Reads the tokenizer of a spec, which is one of the files that the model was trained with.</summary>
    private static ReadOnlyMemory<byte>? ReadTokenizer(RunSpec spec, IReadOnlyList<DataFile> files)
    {
        if (RunConfig.TokenizerOf(spec) is not { } path || !File.Exists(path))
            return null;
        byte[] bytes = File.ReadAllBytes(path);
        string hash = RunConfig.HashOf(bytes);
        return files.Any(file => file.Sha256 == hash) ? bytes : throw new ModelPackageException(
            $"{path}: found a tokenizer with SHA-256 {hash}, expected one of the files that the model was trained with; restore it");
    }

    private static ModelPackageException Unreadable(string path, Exception exception) => new(
        $"{path}: found no configuration that can be read ({exception.Message}), expected a model package; "
        + "write one by 'tbptt export RUN --to DIR'", exception);

    private static RunSpec Parse(string text, string path, SpecReader reader)
    {
        var document = reader.Parse(new(text, path, Path.GetDirectoryName(Path.GetFullPath(path))!), filesMustExist: false);
        return document.Spec ?? throw new ModelPackageException(
            $"{path}: found a spec that this version cannot read ({document.Problems[0]}), expected that of the run; use the version that "
            + "trained it");
    }

    private static float[] ReadWeights(string path, RunSpec spec)
    {
        var layout = ParameterLayout.Of(spec.Model);
        var parameters = new float[layout.Length];
        Read(path, () => SafetensorsFile.ReadInto(path, layout, parameters));
        return parameters;
    }

    private static float[] ReadState(string path, RunSpec spec)
    {
        var slots = HiddenTensors.Slots(spec.Model, spec.Data.BatchSize);
        var hidden = new float[slots.Sum(slot => slot.Length)];
        Read(path, () => SafetensorsFile.ReadInto(path, slots, hidden));
        return hidden;
    }

    private static void Read(string path, Action read)
    {
        try
        {
            read();
        }
        catch (SafetensorsException exception)
        {
            throw new ModelPackageException(exception.Message, exception);
        }
        catch (IOException exception)
        {
            throw new ModelPackageException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }
}
