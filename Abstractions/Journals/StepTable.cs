using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>Consecutive steps of a journal, each with its figures, by column.</summary>
internal sealed class StepTable
{
    /// <summary>An empty table.</summary>
    public StepTable()
    {
        (Numbers, Steps, Times) = ([], [], []);
        Values = [.. Enumerable.Range(0, StepBucket.Metrics).Select(_ => Array.Empty<double>())];
    }

    /// <summary>A table of columns of equal length.</summary>
    public StepTable(long[] numbers, long[] steps, long[] times, double[][] values) =>
        (Numbers, Steps, Times, Values, Count) = (numbers, steps, times, values, steps.Length);

    /// <summary>How many steps there are; the columns may be longer.</summary>
    public int Count { get; private set; }

    /// <summary>The numbers of the events.</summary>
    public long[] Numbers { get; private set; }

    /// <summary>The steps.</summary>
    public long[] Steps { get; private set; }

    /// <summary>When they were committed, in ticks of UTC.</summary>
    public long[] Times { get; private set; }

    /// <summary>The figures, by <see cref="StepMetric"/>; NaN where a step has none.</summary>
    public double[][] Values { get; }

    /// <summary>Adds a step.</summary>
    public void Add(StepCommitted step, long number)
    {
        if (Count == Steps.Length)
            Resize(Math.Max(1_024, 2 * Count));
        (Numbers[Count], Steps[Count], Times[Count]) = (number, step.Step, step.Time.UtcTicks);
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
            Values[metric][Count] = step.Value((StepMetric)metric);
        Count++;
    }

    /// <summary>Adds a row to a bucket.</summary>
    public void AddTo(StepBucket bucket, int row, double? clipNorm)
    {
        if (bucket.Count++ == 0)
            bucket.First = Steps[row];
        (bucket.Step, bucket.Number, bucket.Time) = (Steps[row], Numbers[row], new(Times[row], TimeSpan.Zero));
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
            bucket[(StepMetric)metric] = bucket[(StepMetric)metric].With(Values[metric][row]);
        bucket.LearningRate = Values[(int)StepMetric.LearningRate][row];
        double norm = Values[(int)StepMetric.GradientNorm][row];
        if (double.IsFinite(norm) && norm > clipNorm)
            bucket.Clipped++;
    }

    private void Resize(int rows)
    {
        T[] Grown<T>(T[] column)
        {
            Array.Resize(ref column, rows);
            return column;
        }

        (Numbers, Steps, Times) = (Grown(Numbers), Grown(Steps), Grown(Times));
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
            Values[metric] = Grown(Values[metric]);
    }
}
