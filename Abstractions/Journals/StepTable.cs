using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>Consecutive steps of a journal, each with its figures.</summary>
internal sealed class StepTable
{
    private readonly List<long> _numbers = [], _steps = [], _times = [];
    private readonly List<double>[] _values = [.. Enumerable.Range(0, StepBucket.Metrics).Select(_ => new List<double>())];

    /// <summary>How many there are.</summary>
    public int Count => _steps.Count;

    /// <summary>The step of a row.</summary>
    public long Step(int row) => _steps[row];

    /// <summary>A figure of a row.</summary>
    public double Value(StepMetric metric, int row) => _values[(int)metric][row];

    /// <summary>Adds a step.</summary>
    public void Add(StepCommitted step, long number)
    {
        _numbers.Add(number);
        _steps.Add(step.Step);
        _times.Add(step.Time.UtcTicks);
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
            _values[metric].Add(step.Value((StepMetric)metric));
    }

    /// <summary>Adds a row to a bucket.</summary>
    public void AddTo(StepBucket bucket, int row, double? clipNorm)
    {
        if (bucket.Count++ == 0)
            bucket.First = _steps[row];
        (bucket.Step, bucket.Number) = (_steps[row], _numbers[row]);
        bucket.Time = new(_times[row], TimeSpan.Zero);
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
            bucket[(StepMetric)metric] = bucket[(StepMetric)metric].With(_values[metric][row]);
        bucket.LearningRate = Value(StepMetric.LearningRate, row);
        double norm = Value(StepMetric.GradientNorm, row);
        if (double.IsFinite(norm) && norm > clipNorm)
            bucket.Clipped++;
    }
}
