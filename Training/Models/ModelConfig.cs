using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Models;

/// <summary>
/// What a model package says of its model: its <c>config.json</c>. Everything that is needed to feed the model and to read its outputs is
/// here, so that neither the run nor its data are.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The format that this program writes.</summary>
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { RunJson.FiniteOrNullConverter },
    };

    /// <summary>The kind of model, by Hugging Face's convention.</summary>
    public string ModelType { get; init; } = "tbptt";

    /// <summary>The version of this format.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The version of the program that wrote the package.</summary>
    public required string Product { get; init; }

    /// <summary>The run that trained the model.</summary>
    public required string Run { get; init; }

    /// <summary>The cell's word in the spec, such as <c>lstm</c>.</summary>
    public required string Cell { get; init; }

    /// <summary>Recurrent layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Units of each layer.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Whether each layer runs over whole sequences in both directions; null where it does not.</summary>
    public bool? Bidirectional { get; init; }

    /// <summary>What a layer is called: <c>layer</c>, or <c>bidirectional layer</c>.</summary>
    [JsonIgnore]
    public string LayerNoun => Specs.ModelSpec.NounOf(Bidirectional is true);

    /// <summary>Features of an input of the first layer.</summary>
    public int? InputSize { get; init; }

    /// <summary>Outputs of the linear head.</summary>
    public required int OutputSize { get; init; }

    /// <summary>The loss's word in the spec: whether outputs are values or scores of classes.</summary>
    public required string Loss { get; init; }

    /// <summary>Inputs by name, in the order of the model's inputs; empty where they have no names.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Targets by name, in order; empty where they have no names.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>
    /// What is predicted, by name, in the order of the model's outputs; null where that is each target itself, or scores of classes.
    /// </summary>
    public IReadOnlyList<string>? Predictions { get; init; }

    /// <summary>The tokens by their numbers; empty where inputs are no tokens, or are bytes.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Columns with their statistics, and what scales them.</summary>
    public required IReadOnlyList<ColumnDescription> Columns { get; init; }

    /// <summary>Committed steps that the model was trained for.</summary>
    public required long Steps { get; init; }

    /// <summary>Epochs that it was trained for.</summary>
    public required int Epochs { get; init; }

    /// <summary>
    /// Which parameters these are, where they are not those after the last step: <c>best</c> for the epoch's end with the lowest validation
    /// loss, <c>average</c> for an average of those after each update; null otherwise.
    /// </summary>
    public string? Output { get; init; }

    /// <summary>Whether the parameters are an average of those after each update; null where they are not.</summary>
    public bool? IsAverage { get; init; }

    /// <summary>The mean training loss of the last epoch; null where it is unknown.</summary>
    public double? TrainingLoss { get; init; }

    /// <summary>The validation loss after the last epoch; null where nothing was held out.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>The loss of the test at the end of the run; null where nothing was held out for one.</summary>
    public double? TestLoss { get; init; }

    /// <summary>The figures of the last epoch, and of the test, in the data's units.</summary>
    public required IReadOnlyList<Metric> Metrics { get; init; }

    /// <summary>The SHA-256 of <see cref="Spec"/>, of the fingerprints in <see cref="Files"/>, and of the weights' bytes.</summary>
    public required ModelHashes Hashes { get; init; }

    /// <summary>
    /// What the model's bits are a function of besides spec and data, as <see cref="RunStatus.Arithmetic"/>; null where a former release
    /// trained it.
    /// </summary>
    public string? Arithmetic { get; init; }

    /// <summary>The hash of the state that the run ended with; null where the spec wants none, or a former release trained it.</summary>
    public StateHash? StateHash { get; init; }

    /// <summary>Every file that determined the model, by its name: where it lay is nobody's business.</summary>
    public required IReadOnlyList<DataFile> Files { get; init; }

    /// <summary>What the model was trained on, in one line.</summary>
    public required string Data { get; init; }

    /// <summary>The run's spec, every default filled in.</summary>
    public required string Spec { get; init; }

    /// <summary>What was trained on, as far as reading further data depends on it.</summary>
    [JsonIgnore]
    public SourceDescription Contents => new() { Inputs = Inputs, Targets = Targets, Tokens = Tokens, Columns = Columns };

    /// <summary>The text of the file.</summary>
    public string Write() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="JsonException">It is no such file.</exception>
    public static ModelConfig Read(string text) => JsonSerializer.Deserialize<ModelConfig>(text, Json)
        ?? throw new JsonException("null is not a model's configuration");
}

/// <summary>Hashes by which a model can be recognised: SHA-256, 64 lower-case hexadecimal digits each.</summary>
/// <param name="Spec">Of the spec's text in UTF-8.</param>
/// <param name="Data">Of the hashes of the data's files, one a line.</param>
/// <param name="Weights">Of the parameters as little-endian float32, in the order of the safetensors file.</param>
public sealed record ModelHashes(string Spec, string Data, string Weights);
