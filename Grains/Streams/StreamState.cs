using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>A row that was taken, with its answer.</summary>
/// <param name="Number">Its number in the stream, from 1.</param>
/// <param name="Cells">Its cells, as <see cref="RowCells"/> writes them.</param>
/// <param name="Forecasts">The forecasts from it, in the units of their columns.</param>
internal sealed record KeptRow(long Number, byte[] Cells, double[] Forecasts);

/// <summary>The shape of a hidden state.</summary>
/// <param name="States">1 for h, 2 for h and c; as many as the cell has.</param>
/// <param name="Layers">Recurrent layers.</param>
/// <param name="Units">Units of each.</param>
/// <param name="Outputs">Numbers of each layer's h: its units, or fewer.</param>
internal readonly record struct HiddenShape(int States, int Layers, int Units, int Outputs)
{
    /// <summary>The shape of a model's.</summary>
    public static HiddenShape Of(ModelSpec model) =>
        new(model.Cell.States, model.Layers, model.HiddenSize, model.Cell.Outputs(model.HiddenSize));

    /// <summary>Values.</summary>
    public int Length => checked(Layers * (Outputs + ((States - 1) * Units)));
}

/// <summary>A stream after its last row.</summary>
internal sealed record StreamState
{
    /// <summary>
    /// Which of its lives a stream is in: a larger number counts, whatever rows are written under smaller ones. It grows when another silo
    /// takes the stream over, and when the stream is forgotten.
    /// </summary>
    public required long Epoch { get; init; }

    /// <summary>The number of the last row; 0 for none.</summary>
    public long Last { get; init; }

    /// <summary>When it was taken.</summary>
    public DateTimeOffset TakenAt { get; init; }

    /// <summary>The model that computed the hidden state: the first 16 bytes of its parameters' SHA-256.</summary>
    public UInt128 Version { get; init; }

    /// <summary>What the model's columns are called, as a hash: rows of other columns have other cells.</summary>
    public ulong Columns { get; init; }

    /// <summary>The shape of the hidden state.</summary>
    public HiddenShape Shape { get; init; }

    /// <summary>The hidden state, <c>[h, c][layer][unit]</c>; empty before the first row.</summary>
    public float[] Hidden { get; init; } = [];

    /// <summary>What the next row's inputs have of the rows before it, as <see cref="RowEncoder"/> carries it; empty for nothing.</summary>
    public double[] Carried { get; init; } = [];

    /// <summary>The last rows, in order.</summary>
    public IReadOnlyList<KeptRow> Kept { get; init; } = [];

    /// <summary>Whether the next record must hold all kept rows, because the records before it are not this silo's.</summary>
    public bool MustBeWhole { get; init; }

    /// <summary><see cref="StreamLog.Incarnation"/> at which it was loaded: at a later one, another silo may have continued it.</summary>
    public int Incarnation { get; init; }
}
