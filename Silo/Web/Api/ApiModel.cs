using System.Globalization;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>A model package in the API.</summary>
/// <param name="Name">Its name, the ID of the run that has it.</param>
/// <param name="Problem">What is wrong with it, with its place; empty where nothing is known to be.</param>
/// <param name="Written">When it was written.</param>
/// <param name="Bytes">The size of its files.</param>
/// <param name="Files">Its files, at <c>/api/models/NAME/files/FILE</c>.</param>
internal sealed record ApiModel(string Name, string Problem, DateTimeOffset Written, long Bytes, IReadOnlyList<ModelFile> Files)
{
    /// <summary>The version of the program that wrote it; this and what follows is null where its configuration cannot be read.</summary>
    public string? Product { get; init; }

    /// <summary>The run that trained it.</summary>
    public string? Run { get; init; }

    /// <summary>The cell's word.</summary>
    public string? Cell { get; init; }

    /// <summary>Recurrent layers.</summary>
    public int? Layers { get; init; }

    /// <summary>Units of each layer.</summary>
    public int? HiddenSize { get; init; }

    /// <summary>The loss's word.</summary>
    public string? Loss { get; init; }

    /// <summary>Inputs by name.</summary>
    public IReadOnlyList<string>? Inputs { get; init; }

    /// <summary>Targets by name.</summary>
    public IReadOnlyList<string>? Targets { get; init; }

    /// <summary>Committed steps.</summary>
    public long? Steps { get; init; }

    /// <summary>Epochs.</summary>
    public int? Epochs { get; init; }

    /// <summary>The training loss of the last epoch; null, too, where it is unknown or not finite.</summary>
    public double? TrainingLoss { get; init; }

    /// <summary>The validation loss after the last epoch.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>The loss of the test.</summary>
    public double? TestLoss { get; init; }

    /// <summary>Figures in the data's units: in lists the first ones over all series, of one model all that its package has.</summary>
    public IReadOnlyList<Metric>? Metrics { get; init; }

    /// <summary>SHA-256 of spec, data and weights.</summary>
    public ModelHashes? Hashes { get; init; }

    /// <summary>What it was trained on, in one line.</summary>
    public string? Data { get; init; }

    /// <summary>Columns with their statistics, and what scales them; empty in lists.</summary>
    public IReadOnlyList<ColumnDescription>? Columns { get; init; }

    /// <summary>The original values of the numbers that are null because they are not finite, by name.</summary>
    public IReadOnlyDictionary<string, string> NonFinite { get; init; } = new Dictionary<string, string>();

    /// <summary>A model.</summary>
    public static ApiModel Of(ModelEntry model)
    {
        var known = new ApiModel(model.Name, model.Problem, model.Written, model.Bytes, model.Files);
        if (model.Config is not { } config)
            return known;
        (string Name, double? Value)[] losses =
        [
            ("trainingLoss", config.TrainingLoss), ("validationLoss", config.ValidationLoss), ("testLoss", config.TestLoss),
            .. config.Metrics.Select(metric => ($"metrics.{metric.Name}", (double?)metric.Value)),
        ];
        return known with
        {
            Product = config.Product, Run = config.Run, Cell = config.Cell, Layers = config.Layers, HiddenSize = config.HiddenSize,
            Loss = config.Loss, Inputs = config.Inputs, Targets = config.Targets, Steps = config.Steps, Epochs = config.Epochs,
            TrainingLoss = config.TrainingLoss, ValidationLoss = config.ValidationLoss, TestLoss = config.TestLoss,
            Metrics = config.Metrics, Hashes = config.Hashes, Data = config.Data, Columns = config.Columns,
            NonFinite = losses.Where(one => one.Value is { } value && !double.IsFinite(value)).DistinctBy(one => one.Name)
                .ToDictionary(one => one.Name, one => one.Value!.Value.ToString(CultureInfo.InvariantCulture)),
        };
    }
}

/// <summary>Forecasts in the API.</summary>
/// <param name="Forecast">The forecasts; numbers that are not finite are null.</param>
/// <param name="NonFinite">The original values of those numbers, by their place.</param>
internal sealed record ApiForecast(ModelForecast Forecast, IReadOnlyDictionary<string, string> NonFinite)
{
    /// <summary>Forecasts.</summary>
    public static ApiForecast Of(ModelForecast forecast) => new(forecast, forecast.Rows.Index().SelectMany(
        row => row.Item.Values.Index().Where(value => !double.IsFinite(value.Item)).Select(value => (
            Name: string.Create(CultureInfo.InvariantCulture, $"rows[{row.Index}].values[{value.Index}]"),
            Value: value.Item.ToString(CultureInfo.InvariantCulture))))
        .ToDictionary(one => one.Name, one => one.Value));
}
