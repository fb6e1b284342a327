namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// Computes the rows of several streams, those of one model together: time step by time step, a row of each stream that has one left.
/// <code>
/// stream a  1 2 3
/// stream b  1 2        products: [a1 b1 c1] [a2 b2] [a3]
/// stream c  1
/// </code>
/// A stream's bits do not depend on the others (<see cref="Training.Models.StepPredictor"/>). Buffers grow to the largest batch and are
/// reused.
/// </summary>
internal sealed class StreamBatch
{
    private readonly Dictionary<ServedModel, List<StreamJob>> _groups = [];
    private float[] _values = [];
    private long[] _codes = [];
    private float[] _before = [];
    private float[] _after = [];
    private float[] _outputs = [];

    /// <summary>The streams' rows; of each stream once.</summary>
    public List<StreamJob> Jobs { get; } = [];

    /// <summary>Removes all.</summary>
    public void Clear()
    {
        Jobs.Clear();

        // Of a model that was replaced, the buffers go with it.
        _groups.Clear();
    }

    /// <summary>Computes all: outputs, and the hidden states after.</summary>
    /// <param name="computed">Receives the rows of each product.</param>
    public void Compute(Action<int> computed)
    {
        foreach (var job in Jobs)
        {
            if (!_groups.TryGetValue(job.Model, out var group))
                _groups.Add(job.Model, group = []);
            group.Add(job);
        }

        foreach (var (model, group) in _groups)
        {
            // Those with the most rows first: who has one left is a prefix.
            group.Sort(static (one, other) => other.Rows.CompareTo(one.Rows));
            Compute(model, group, computed);
        }
    }

    private void Compute(ServedModel model, List<StreamJob> jobs, Action<int> computed)
    {
        int features = model.Encoder.Shape.InputFeatures, codes = model.Encoder.Shape.Codes, hidden = model.HiddenLength;
        int outputs = model.Outputs;
        Grow(ref _values, jobs.Count * features);
        Grow(ref _codes, jobs.Count * codes);
        Grow(ref _before, jobs.Count * hidden);
        Grow(ref _after, jobs.Count * hidden);
        Grow(ref _outputs, jobs.Count * outputs);
        for (int i = 0; i < jobs.Count; i++)
            jobs[i].Hidden.CopyTo(_before, i * hidden);
        for (int step = 0, rows = jobs.Count; step < jobs[0].Rows; step++)
        {
            while (jobs[rows - 1].Rows <= step)
                rows--;
            for (int i = 0; i < rows; i++)
            {
                jobs[i].Values.AsSpan(step * features, features).CopyTo(_values.AsSpan(i * features));
                jobs[i].Codes.AsSpan(step * codes, codes).CopyTo(_codes.AsSpan(i * codes));
            }

            model.Predictor.Step(rows, _values, _codes, _before, _after, _outputs);
            computed(rows);
            for (int i = 0; i < rows; i++)
            {
                _outputs.AsSpan(i * outputs, outputs).CopyTo(jobs[i].Outputs.AsSpan(step * outputs));
                if (step == jobs[i].Rows - 1)
                    _after.AsSpan(i * hidden, hidden).CopyTo(jobs[i].Hidden);
            }

            (_before, _after) = (_after, _before);
        }
    }

    private static void Grow<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new T[length];
    }
}
