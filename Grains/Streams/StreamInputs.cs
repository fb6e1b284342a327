using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>Makes the inputs of a model of a stream's rows, with what earlier rows have left for them.</summary>
internal static class StreamInputs
{
    /// <summary>Rows that can be read, with what they begin with, to be computed.</summary>
    /// <param name="key">The stream's key.</param>
    /// <param name="model">The model that forecasts.</param>
    /// <param name="state">The stream before them.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="takeover">What becomes of the hidden state of another model.</param>
    public static StreamJob JobOf(string key, ServedModel model, StreamState state, StreamRow[] rows, StreamTakeover takeover)
    {
        bool isReplaced = state.Last > 0 && state.Version != model.Version;
        List<StreamRow> warmUp = isReplaced && takeover == StreamTakeover.WarmUp ? Readable(model, state) : [];
        bool isCarried = state.Last > 0 && (!isReplaced
            || (takeover == StreamTakeover.Carry && state.Shape == model.HiddenShape));
        var job = new StreamJob(key, model, warmUp.Count + rows.Length) { Before = state, WarmUp = warmUp.Count };
        if (isCarried)
            state.Hidden.CopyTo(job.Hidden.AsSpan());
        if (warmUp.Count > 0)
            RowEncoder.Begin(job.Carried);
        else
            CarriedBy(state, model).CopyTo(job.Carried, 0);
        for (int i = 0; i < job.Rows; i++)
        {
            var row = i < warmUp.Count ? warmUp[i] : rows[i - warmUp.Count];
            Encode(model, row, job.Carried, job.Values, job.Codes, i);
            (job.Cells[i], job.Texts[i]) = (RowCells.Of(row), row.Texts);
        }

        return job;
    }

    /// <summary>The kept rows that another model can read.</summary>
    private static List<StreamRow> Readable(ServedModel model, StreamState state)
    {
        if (state.Columns != model.Columns)
            return [];
        var read = state.Kept.Select(kept => RowCells.Read(kept.Cells, model.Encoder.Numbers.Count, model.Encoder.Texts.Count))
            .OfType<StreamRow>();
        var readable = new RowsCheck(model, null);
        return [.. read.Where(row => readable.Take(row) is null)];
    }

    /// <summary>What is carried behind the rows that were taken, by whichever model.</summary>
    private static double[] CarriedBy(StreamState state, ServedModel model)
    {
        bool isOfThese = state.Last > 0 && state.Columns == model.Columns;
        if (isOfThese && state.Carried.Length == model.Encoder.Carried)
            return state.Carried;
        var carried = new double[model.Encoder.Carried];
        RowEncoder.Begin(carried);
        foreach (var row in isOfThese ? state.Kept : [])
        {
            if (RowCells.Read(row.Cells, model.Encoder.Numbers.Count, model.Encoder.Texts.Count) is { } read)
                model.Encoder.Carry(read.Numbers, carried);
        }

        return carried;
    }

    /// <summary>Reads rows, without an effect.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="from">The first of them that is read.</param>
    /// <param name="model">The model that forecasts.</param>
    /// <param name="state">The stream before them.</param>
    /// <returns>What is wrong with the first that cannot be read; null where all can.</returns>
    public static string? Check(StreamRows rows, int from, ServedModel model, StreamState state)
    {
        var check = new RowsCheck(model, CarriedBy(state, model));
        for (int i = from; i < rows.Rows.Count; i++)
        {
            if (check.Take(rows.Rows[i]) is var (column, problem))
                return $"rows[{i}]{(column.Length == 0 ? "" : $".{column}")}: {problem}";
        }

        return null;
    }

    /// <summary>Encodes a row, and carries it where it can be read.</summary>
    private static (string Column, string Problem)? Encode(
        ServedModel model, StreamRow row, double[] carried, float[] values, long[] codes, int at)
    {
        int features = model.Encoder.Shape.InputFeatures, classes = model.Encoder.Shape.Codes;
        var mistake = model.Encoder.Encode(
            row.Numbers, row.Texts, carried, values.AsSpan(at * features, features), codes.AsSpan(at * classes, classes));
        if (mistake is null)
            model.Encoder.Carry(row.Numbers, carried);
        return mistake;
    }

    /// <summary>Whether rows can be read, one behind the other.</summary>
    private readonly struct RowsCheck
    {
        private readonly ServedModel _model;
        private readonly double[] _carried;
        private readonly float[] _values;
        private readonly long[] _codes;

        public RowsCheck(ServedModel model, double[]? carried)
        {
            (_model, _carried) = (model, carried is null ? new double[model.Encoder.Carried] : [.. carried]);
            if (carried is null)
                RowEncoder.Begin(_carried);
            (_values, _codes) = (new float[model.Encoder.Shape.InputFeatures], new long[model.Encoder.Shape.Codes]);
        }

        public (string Column, string Problem)? Take(StreamRow row) => Encode(_model, row, _carried, _values, _codes, 0);
    }
}
