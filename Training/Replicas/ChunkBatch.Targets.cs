using Orleans.Tbptt.Data;

namespace Orleans.Tbptt.Training.Replicas;

/// <content>Which targets count, and where a lane's rows are.</content>
public sealed partial class ChunkBatch
{
    private int[] _lane = [];

    /// <summary>Becomes some rows of another batch, of which it has the targets alone: what a loss needs.</summary>
    internal void LoadTargets(ChunkBatch whole, int firstRow, int rows)
    {
        (Rows, Stamp) = (rows, 0);
        Copy(whole.TargetValues.Slice(firstRow * _shape.TargetFeatures, rows * _shape.TargetFeatures), ref _targetValues);
        if (_shape.HasClasses)
            Copy(whole.Classes.Slice(firstRow, rows), ref _classes);
        _masked = whole.IsMasked ? CountMasked() : 0;
    }

    /// <summary>Masks the targets of a lane's first time steps; returns whether there are none.</summary>
    private bool LeaveOut(int position, int steps)
    {
        if (steps == 0)
            return true;
        foreach (var segment in Segments)
        {
            if (segment.FirstTime >= steps)
                break;
            for (int t = 0; t < segment.Steps && segment.FirstTime + t < steps; t++)
            {
                int row = segment.FirstRow + (t * segment.Lanes) + position;
                if (_shape.HasClasses)
                    _classes[row] = DataShape.MaskedClass;
                else
                    _targetValues.AsSpan(row * _shape.TargetFeatures, _shape.TargetFeatures).Fill(float.NaN);
            }
        }

        return false;
    }

    /// <summary>The rows of a lane's time steps, in order of time.</summary>
    /// <param name="position">The lane's place in <see cref="ActiveLanes"/>.</param>
    /// <param name="rows">Receives them; as many as the longest lane has time steps suffice.</param>
    /// <returns>How many there are.</returns>
    internal int RowsOf(int position, Span<int> rows)
    {
        int count = 0;
        foreach (var segment in Segments)
        {
            if (position >= segment.Lanes)
                break;
            for (int t = 0, row = segment.FirstRow + position; t < segment.Steps; t++, row += segment.Lanes)
                rows[count++] = row;
        }

        return count;
    }

    /// <summary>The targets of a lane that are classes and not masked, in order of time.</summary>
    /// <param name="position">The lane's place in <see cref="ActiveLanes"/>.</param>
    /// <param name="labels">Receives them; empty to count them.</param>
    /// <returns>How many there are.</returns>
    internal int LabelsOf(int position, Span<int> labels)
    {
        int count = 0;
        foreach (var segment in Segments)
        {
            if (position >= segment.Lanes)
                break;
            for (int t = 0, row = segment.FirstRow + position; t < segment.Steps; t++, row += segment.Lanes)
            {
                if (_classes[row] == DataShape.MaskedClass)
                    continue;
                if (!labels.IsEmpty)
                    labels[count] = (int)Math.Clamp(_classes[row], -1, int.MaxValue);
                count++;
            }
        }

        return count;
    }

    /// <summary>For each row that of the same lane with as many time steps behind it as the former has before it.</summary>
    /// <param name="mirrored">Receives them, <c>[Rows]</c>.</param>
    public void Mirror(Span<int> mirrored)
    {
        if (_lane.Length < Steps)
            _lane = new int[Steps];
        for (int position = 0; position < ActiveLanes.Length; position++)
        {
            int steps = RowsOf(position, _lane);
            for (int t = 0; t < steps; t++)
                mirrored[_lane[t]] = _lane[steps - 1 - t];
        }
    }

    private long CountMasked()
    {
        long masked = Classes.Count(DataShape.MaskedClass);
        foreach (float target in TargetValues)
        {
            if (float.IsNaN(target))
                masked++;
        }

        return masked;
    }
}
