namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// Rows of a stream to be computed and written: what the grain of a stream hands to its silo's <see cref="StreamWorker"/>.
/// </summary>
/// <param name="key">The stream.</param>
/// <param name="model">The model.</param>
/// <param name="rows">How many rows.</param>
internal sealed class StreamJob(string key, ServedModel model, int rows)
{
    private readonly TaskCompletionSource<StreamState> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The stream.</summary>
    public string Key => key;

    /// <summary>The model.</summary>
    public ServedModel Model => model;

    /// <summary>How many rows.</summary>
    public int Rows => rows;

    /// <summary>The stream before the rows.</summary>
    public required StreamState Before { get; init; }

    /// <summary>How many of the rows, the first ones, were taken before: the hidden state runs over them once more.</summary>
    public int WarmUp { get; init; }

    /// <summary>Inputs that are values, <c>[rows, features]</c>.</summary>
    public float[] Values { get; } = new float[rows * model.Encoder.Shape.InputFeatures];

    /// <summary>Inputs that are classes, <c>[rows, codes]</c>.</summary>
    public long[] Codes { get; } = new long[rows * model.Encoder.Shape.Codes];

    /// <summary>The cells of each row.</summary>
    public byte[][] Cells { get; } = new byte[rows][];

    /// <summary>The texts of each row, which may name what scales its outputs.</summary>
    public string?[][] Texts { get; } = new string?[rows][];

    /// <summary>The hidden state before the rows; then that after them.</summary>
    public float[] Hidden { get; } = model.Predictor.InitialState.ToArray();

    /// <summary>What is carried before the rows to encode them; then that behind them.</summary>
    public double[] Carried { get; } = new double[model.Encoder.Carried];

    /// <summary>What the model gives, <c>[rows, outputs]</c>.</summary>
    public float[] Outputs { get; } = new float[rows * model.Outputs];

    /// <summary>The stream behind the rows, once it is written.</summary>
    public Task<StreamState> Done => _done.Task;

    /// <summary>The stream behind the rows, once they are computed.</summary>
    /// <param name="now">The time.</param>
    /// <param name="kept">How many last rows are kept.</param>
    public StreamState After(DateTimeOffset now, int kept)
    {
        var all = new List<KeptRow>(Before.Kept.Count + rows - WarmUp);
        all.AddRange(Before.Kept);
        for (int row = WarmUp; row < rows; row++)
        {
            var forecasts = new double[model.Outputs];
            model.Encoder.ToUnits(Texts[row], Outputs.AsSpan(row * model.Outputs, model.Outputs), forecasts);
            all.Add(new(Before.Last + 1 + row - WarmUp, Cells[row], forecasts));
        }

        return Before with
        {
            Last = Before.Last + rows - WarmUp, TakenAt = now, Version = model.Version,
            Columns = model.Columns, Shape = model.HiddenShape, Hidden = Hidden, Carried = Carried,
            Kept = all.Count > kept ? all[^kept..] : all,
        };
    }

    /// <summary>The rows are on the disk.</summary>
    public void Complete(StreamState after) => _done.SetResult(after with { MustBeWhole = false });

    /// <summary>The rows are not taken.</summary>
    public void Fail(Exception exception) => _done.TrySetException(exception);
}
