using Orleans.Tbptt.Data;

namespace Orleans.Tbptt.Training.Replicas;

/// <content>Which targets count.</content>
public sealed partial class ChunkBatch
{
    /// <summary>Becomes some rows of another batch, of which it has the targets alone: what a loss needs.</summary>
    internal void LoadTargets(ChunkBatch whole, int firstRow, int rows)
    {
        Rows = rows;
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
