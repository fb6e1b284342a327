using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>Where a backtest cuts each series, and how far it forecasts from there: those of the last cut end with the series.</summary>
/// <param name="Cuts">How many cuts, at least 1.</param>
/// <param name="Horizon">Rows that are forecast behind each, at least 1.</param>
/// <param name="Stride">Rows from a cut to the next, at least 1.</param>
/// <param name="Season">Rows of a season, whose naive forecast is compared with, too; null for none.</param>
public sealed record BacktestPlan(int Cuts, int Horizon, int Stride, int? Season)
{
    /// <summary>The rows of a series that are behind a cut.</summary>
    /// <param name="cut">The cut, from 0.</param>
    public int Behind(int cut) => checked(Horizon + ((Cuts - 1 - cut) * Stride));
}

/// <summary>The forecasts from one cut of one series, in units; arrays are <c>[Horizon, targets]</c>, NaN where there is none.</summary>
/// <param name="Sequence">The series, by its place among the sequences.</param>
/// <param name="Cut">The cut, from 0.</param>
/// <param name="Row">The first row that is forecast, from 0 in its series.</param>
/// <param name="Forecasts">The model's.</param>
/// <param name="Actuals">What came.</param>
/// <param name="Baselines">Forecasts without a model: the naive one, then the seasonal naive one, where there is a season.</param>
public sealed record BacktestWindow(
    int Sequence, int Cut, int Row, double[] Forecasts, double[] Actuals, IReadOnlyList<double[]> Baselines)
{
    /// <summary>All that the model predicts, <c>[Horizon, targets, predictions of a target]</c>.</summary>
    public double[] Predictions { get; init; } = Forecasts;

    /// <summary>The error of each target's naive forecast over the rows to train on; NaN where nobody knows it.</summary>
    public required IReadOnlyList<double> NaiveErrors { get; init; }

    /// <summary>The lower ends of the forecasts' intervals; empty where the model has none.</summary>
    public double[] Low { get; init; } = [];

    /// <summary>The upper ends.</summary>
    public double[] High { get; init; } = [];
}

/// <summary>
/// Forecasts with a model from several cuts of series that are known, each from the rows before it alone, the hidden state carried from
/// the first row: a rolling origin (Tashman, 2000, "Out-of-sample tests of forecasting accuracy"). Rows further ahead than the model's own
/// horizon are forecast from its own forecasts, which take the place of the inputs that nobody knows yet.
/// </summary>
public sealed class Backtest : IDisposable
{
    private const int Chunk = 256;

    private readonly ISequenceSet _held;
    private readonly DataShape _shape;
    private readonly SequencePredictor _predictor;
    private readonly KnownValues _known;
    private readonly int _own;
    private readonly int _horizons;
    private readonly int _targets;
    private readonly LossSpec _loss;
    private readonly PredictedValue[] _predictions;
    private readonly int _width;

    /// <summary>Loads a model.</summary>
    /// <param name="package">The model; its targets are values of a table's columns.</param>
    /// <param name="data">All of it is held out; each sequence begins with the first row of a series, or of the file.</param>
    public Backtest(ModelPackage package, IDataSource data)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(data);
        var source = (TableSource)package.Spec.Data.Source;
        (_held, _shape, _own) = (data.Validation ?? data.Training, data.Shape, source.Horizon);
        (_horizons, Farthest) = (source.Horizons, source.Farthest);
        (_targets, _loss) = (data.Shape.TargetFeatures / _horizons, package.Spec.Train.Loss);
        _predictions = [.. _loss.Predictions];
        _width = _targets * _predictions.Length;
        var inputs = data.Description.Inputs;
        _known = new(source, _held, inputs, source.ColumnsOf(package.Config.Targets), _shape.InputFeatures);
        string[] ahead = [.. source.Known, .. source.Static];
        Unknown =
        [
            .. inputs.Index().Where(input => !_known.Columns.Contains(input.Index) && !_known.Flags.Contains(input.Index))
                .Select(input => input.Item).Except(ahead).Except(ahead.Select(KnownValues.FlagOf)),
        ];
        _predictor = new(package.Spec, data.Shape, package.Parameters.Span);
    }

    /// <summary>Rows from a row to the last one that the model forecasts from it.</summary>
    public int Farthest { get; }

    /// <summary>
    /// Whether rows further ahead than <see cref="Farthest"/> can be forecast, from forecasts in the place of inputs: where one row is
    /// forecast from each, and its inputs are known.
    /// </summary>
    public bool IsRecursive => _horizons == 1 && Unknown.Count == 0;

    /// <summary>
    /// The inputs that nobody knows behind a cut: neither targets, nor known ahead, nor the same in all rows. Where there are any, nothing
    /// can be forecast further ahead than the model's own horizon.
    /// </summary>
    public IReadOnlyList<string> Unknown { get; }

    /// <summary>Rows of a series.</summary>
    public int Rows(int sequence) => _held.Length(sequence) + _own;

    /// <summary>Forecasts from every cut that has enough rows before it; of each series in order of time.</summary>
    /// <param name="plan">The cuts.</param>
    /// <param name="take">Receives the forecasts.</param>
    /// <param name="only">One cut alone; null, the default, for all.</param>
    public void Run(BacktestPlan plan, Action<BacktestWindow> take, int? only = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(take);
        if (plan.Horizon > Farthest && !IsRecursive)
            throw new ArgumentException($"found {plan.Horizon} rows, expected at most {Farthest} with this model", nameof(plan));
        for (int sequence = 0; sequence < _held.Count; sequence++)
            Run(sequence, plan, take, only);
    }

    /// <inheritdoc/>
    public void Dispose() => _predictor.Dispose();

    private void Run(int sequence, BacktestPlan plan, Action<BacktestWindow> take, int? only)
    {
        float[] hidden = _predictor.Starts();
        int done = 0, kept = Math.Max(0, Rows(sequence) - plan.Behind(0) - _own);

        // The outputs at the rows from `kept` on: those of which a forecast is shown.
        int width = _width * _horizons;
        float[] outputs = new float[(_held.Length(sequence) - kept) * width];
        for (int cut = 0; cut < plan.Cuts; cut++)
        {
            int row = Rows(sequence) - plan.Behind(cut);
            if (row < _own || (only is { } one && one != cut))
                continue;

            // A row's output is the forecast of the row that lies the model's horizon ahead; inputs are read up to the cut alone.
            int end = Math.Min(row, _held.Length(sequence));
            if (end > done)
            {
                int first = done;
                _predictor.Run(new SequencePart(_held, sequence, first, end - first), 1, Chunk, hidden, (slice, values) =>
                {
                    int before = Math.Clamp(kept - first - slice.Start, 0, slice.Length);
                    if (before < slice.Length)
                        values[(before * width)..].CopyTo(outputs.AsSpan((first + slice.Start + before - kept) * width));
                });
                done = end;
            }

            var last = outputs.AsSpan((row - _own - kept) * width);
            take(Window(
                sequence, cut, row, plan,
                _horizons > 1 ? Path(plan.Horizon, last) : Forecast(sequence, row, plan.Horizon, hidden, last)));
        }
    }

    /// <summary>
    /// Predicts the rows behind a cut, <c>[horizon, targets, predictions of a target]</c>, as they are trained on.
    /// </summary>
    /// <param name="sequence">The series.</param>
    /// <param name="row">The first row that is forecast.</param>
    /// <param name="horizon">How many.</param>
    /// <param name="hidden">The hidden state after the row before.</param>
    /// <param name="outputs">The outputs at the rows from which the first ones are forecast.</param>
    private float[] Forecast(int sequence, int row, int horizon, float[] hidden, ReadOnlySpan<float> outputs)
    {
        var forecasts = new float[horizon * _width];
        outputs[..(Math.Min(horizon, _own) * _width)].CopyTo(forecasts);
        var (state, inputs, codes) = ((float[])hidden.Clone(), new float[_shape.InputFeatures], new long[_shape.Codes]);
        for (int ahead = 0; ahead + _own < horizon; ahead++)
        {
            // Of this row nobody knows the targets; what is known ahead, or is the same in all rows, is read as it is.
            var step = new SequenceSlice(sequence, row + ahead, 1);
            if (inputs.Length > 0)
                _held.ReadInputs(step, inputs);
            if (codes.Length > 0)
                _held.ReadInputs(step, codes);
            for (int target = 0; target < _targets; target++)
            {
                if (_known.Columns[target] is >= 0 and var column)
                    inputs[column] = forecasts[(ahead * _width) + (target * _predictions.Length) + _loss.Point];
                if (_known.Flags[target] is >= 0 and var flag)
                    inputs[flag] = 1;
            }

            _predictor.Run(new OneStep(inputs, codes), 1, 1, state, (_, values) =>
                values.CopyTo(forecasts.AsSpan((ahead + _own) * _width)));
        }

        return forecasts;
    }

    /// <summary>Brings the outputs of the last row before a cut, by targets and rows ahead, to rows ahead and targets.</summary>
    private float[] Path(int horizon, ReadOnlySpan<float> outputs)
    {
        int count = _predictions.Length;
        var path = new float[horizon * _width];
        for (int ahead = 0; ahead < horizon; ahead++)
        {
            for (int target = 0; target < _targets; target++)
            {
                outputs.Slice(((target * _horizons) + ahead) * count, count)
                    .CopyTo(path.AsSpan((ahead * _width) + (target * count)));
            }
        }

        return path;
    }

    private BacktestWindow Window(int sequence, int cut, int row, BacktestPlan plan, float[] forecasts)
    {
        int count = plan.Horizon, ends = _loss.Coverage is null ? 0 : count * _targets;
        var steps = new SequenceSlice(sequence, row - _own, count);
        var targets = new float[count * _targets * _horizons];
        _held.ReadTargets(steps, targets);
        var actuals = new float[count * _targets];
        for (int at = 0; at < actuals.Length; at++)
            actuals[at] = targets[at * _horizons];
        var window = new BacktestWindow(
            sequence, cut, row, new double[actuals.Length], new double[actuals.Length],
            [.. Baseline.All(plan.Season, 1).Select(_ => new double[actuals.Length])])
        {
            NaiveErrors =
            [
                .. Enumerable.Range(0, _targets).Select(
                    target => _held.Units?.NaiveError(sequence, target * _horizons) ?? double.NaN),
            ],
            Predictions = new double[forecasts.Length], Low = new double[ends], High = new double[ends],
        };
        for (int target = 0; target < _targets; target++)
        {
            ToUnits(steps, target, actuals, target, window.Actuals, PredictedUnits.Value);
            int first = target * _predictions.Length;
            for (int i = 0; i < _predictions.Length; i++)
                ToUnits(steps, target, forecasts, first + i, window.Predictions, _predictions[i].Units);
            for (int ahead = 0; ahead < count; ahead++)
            {
                var own = window.Predictions.AsSpan((ahead * _width) + first, _predictions.Length);
                int at = (ahead * _targets) + target;
                window.Forecasts[at] = own[_loss.Point];
                if (ends > 0)
                    (window.Low[at], window.High[at]) = _loss.Interval(own);
                foreach (var (baseline, values) in Baseline.All(plan.Season, ahead + 1).Zip(window.Baselines))
                    _known.Read(baseline, new(sequence, row - 1, 1), target, values.AsSpan(at));
            }
        }

        return window;
    }

    /// <summary>Brings one column of rows of numbers to a target's units, into the same column.</summary>
    private void ToUnits(SequenceSlice steps, int target, float[] from, int column, double[] to, PredictedUnits kind)
    {
        int width = from.Length / steps.Length;
        var (values, units) = (new float[steps.Length], new double[steps.Length]);
        for (int i = 0; i < values.Length; i++)
            values[i] = from[(i * width) + column];
        _held.ToUnits(steps, target * _horizons, values, units, kind);
        for (int i = 0; i < values.Length; i++)
            to[(i * width) + column] = units[i];
    }

    /// <summary>A stretch of one sequence.</summary>
    private sealed class SequencePart(ISequenceSet all, int sequence, int start, int length) : ISequenceSet
    {
        public int Count => 1;

        public int Length(int one) => length;

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => all.ReadInputs(Moved(slice), destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => all.ReadInputs(Moved(slice), destination);

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => all.ReadTargets(Moved(slice), destination);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => all.ReadTargets(Moved(slice), destination);

        private SequenceSlice Moved(SequenceSlice slice) => new(sequence, start + slice.Start, slice.Length);
    }

    /// <summary>One time step without a target.</summary>
    private sealed class OneStep(float[] inputs, long[] codes) : ISequenceSet
    {
        public int Count => 1;

        public int Length(int sequence) => 1;

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => inputs.CopyTo(destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => codes.CopyTo(destination);

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => destination.Fill(float.NaN);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException("targets are values");
    }
}
