using Orleans.Tbptt.Messages;

namespace Orleans.Tbptt.Protocol;

/// <summary>
/// A silo's share in forecasts from many series, its key the silo's address: computes blocks of rows with models that were sent before. A
/// block is a pure function of the model, its inputs and the hidden states before it: where it is computed, and how often, changes no bit.
/// </summary>
[Alias("tbptt.IForecastGrain")]
public interface IForecastGrain : IGrainWithStringKey
{
    /// <summary>Keeps a model for blocks of it; the few that were used last are kept.</summary>
    /// <returns>Why it cannot be used here; empty where it can.</returns>
    [Alias("Load"), ResponseTimeout("00:10:00")]
    Task<string> Load(ForecastModel model);

    /// <summary>Computes a block, on as many threads at a time as the silo has slots without a trainer, at least one.</summary>
    [Alias("Compute"), ResponseTimeout("00:02:00")]
    Task<ForecastReply> Compute(ForecastBlock block);
}

/// <summary>A model that forecasts from rows of a table.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.ForecastModel")]
public sealed record ForecastModel
{
    /// <summary>The SHA-256 of all that follows, in hexadecimal digits.</summary>
    [Id(0)] public required string Hash { get; init; }

    /// <summary>The spec that it was trained with, every size known, as YAML.</summary>
    [Id(1)] public required string Spec { get; init; }

    /// <summary>Inputs of a row that are values.</summary>
    [Id(2)] public required int Inputs { get; init; }

    /// <summary>Targets of a row that are values; 0 where the target is a class.</summary>
    [Id(3)] public required int Targets { get; init; }

    /// <summary>Inputs of a row that are columns of classes: how many classes each has.</summary>
    [Id(4)] public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>The parameters.</summary>
    [Id(5)] public required GradientBuffer Parameters { get; init; }

    /// <summary>The tokens that there are, where the input of a row is a token; 0 otherwise.</summary>
    [Id(6)] public required int Vocabulary { get; init; }

    /// <summary>The classes that there are, where the target of a row is a class; 0 otherwise.</summary>
    [Id(7)] public required int TargetClasses { get; init; }
}

/// <summary>Rows of some series, one behind the other in time.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.ForecastBlock")]
public sealed record ForecastBlock
{
    /// <summary>The <see cref="ForecastModel.Hash"/> of the model.</summary>
    [Id(0)] public required string Model { get; init; }

    /// <summary>Rows of each series, at least 1.</summary>
    [Id(1)] public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>The inputs that are values, series by series, <c>[rows, inputs]</c>.</summary>
    [Id(2)] public required GradientBuffer Values { get; init; }

    /// <summary>The inputs that are classes, series by series, <c>[rows, columns]</c>, as whole numbers of 8 bytes.</summary>
    [Id(3)] public required byte[] Codes { get; init; }

    /// <summary>The hidden state of each series before its first row, <c>[series][h, c][layer][unit]</c>.</summary>
    [Id(4)] public required GradientBuffer Hidden { get; init; }
}

/// <summary>Answers a <see cref="ForecastBlock"/>.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.ForecastReply")]
public sealed record ForecastReply
{
    /// <summary>Whether the silo has no such model, so that it is to be sent first; then nothing was computed.</summary>
    [Id(0)] public bool LacksModel { get; init; }

    /// <summary>What the model gives for each row, series by series, <c>[rows, outputs]</c>.</summary>
    [Id(1)] public GradientBuffer Outputs { get; init; } = GradientBuffer.Empty;

    /// <summary>The hidden state of each series after its last row.</summary>
    [Id(2)] public GradientBuffer Hidden { get; init; } = GradientBuffer.Empty;
}
