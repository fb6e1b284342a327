namespace Orleans.Tbptt.Data;

/// <summary>When the time steps of sequences were measured.</summary>
public interface ISequenceTimes
{
    /// <summary>The name of the column that has them.</summary>
    string Name { get; }

    /// <summary>Whether times are dates: microseconds since 1970-01-01, in UTC where the data say how far they are from it.</summary>
    bool AreDates { get; }

    /// <summary>The time of a time step's input: a number that rises with time.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="step">The time step; also one behind the last, where a target lies.</param>
    double InstantOf(int sequence, int step);

    /// <summary>A time as people write it.</summary>
    string Show(double instant);
}
