using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>What the journals of two runs say of the steps that both have.</summary>
/// <param name="Compared">Steps that both have, up to the first unlike one.</param>
/// <param name="Hashes">Those of them of which both have the hash of the state.</param>
/// <param name="EqualTo">The last step before the difference of which both have the same hash; null for none.</param>
/// <param name="Difference">The first step that is not the same in both; null for none.</param>
internal sealed record JournalComparison(long Compared, long Hashes, long? EqualTo, Unequal? Difference)
{
    /// <summary>Compares the journals, and at their ends the hashes in the statuses.</summary>
    /// <param name="a">The first run.</param>
    /// <param name="b">The second run.</param>
    /// <param name="first">The step of the first state that both have.</param>
    /// <param name="last">The last step that both have.</param>
    /// <exception cref="IOException">A journal cannot be read.</exception>
    public static JournalComparison Of(BisectedRun a, BisectedRun b, long first, long last)
    {
        var found = new JournalComparison(0, 0, null, null);
        foreach (var (one, other) in Shared(a, b, first).TakeWhile(pair => pair.A.Step <= last))
        {
            found = found with { Compared = found.Compared + 1 };
            bool areHashed = one.StateHash is not null && other.StateHash is not null;
            found = found with { Hashes = found.Hashes + (areHashed ? 1 : 0) };
            if (PublishedBits.Difference(one, other) is { } difference)
                return found with { Difference = difference };
            if (areHashed)
                found = found with { EqualTo = one.Step };
        }

        if (found.EqualTo == last || a.EndAt(last) is not { } endA || b.EndAt(last) is not { } endB)
            return found;
        return endA == endB ? found with { EqualTo = last }
            : found with { Difference = new(last, "the hash of the state at the end", $"{endA}", $"{endB}") };
    }

    /// <summary>Whether both runs have the same state behind a step, by the next hash that both have; null where none says so.</summary>
    /// <param name="a">The first run.</param>
    /// <param name="b">The second run.</param>
    /// <param name="step">The step.</param>
    public static bool? AreEqualAfter(BisectedRun a, BisectedRun b, long step)
    {
        foreach (var (one, other) in Shared(a, b, step))
        {
            if (one.StateHash is { } first && other.StateHash is { } second)
                return first == second;
        }

        long last = Math.Min(a.Status.Step, b.Status.Step);
        return last > step && a.EndAt(last) is { } endA && b.EndAt(last) is { } endB ? endA == endB : null;
    }

    /// <summary>The steps behind one that both journals have, in order.</summary>
    private static IEnumerable<(StepCommitted A, StepCommitted B)> Shared(BisectedRun a, BisectedRun b, long after)
    {
        using var one = a.PublishedAfter(after).GetEnumerator();
        using var other = b.PublishedAfter(after).GetEnumerator();
        bool goesOn = one.MoveNext() && other.MoveNext();
        while (goesOn)
        {
            if (one.Current.Step == other.Current.Step)
            {
                yield return (one.Current, other.Current);
                goesOn = one.MoveNext() && other.MoveNext();
            }
            else
            {
                goesOn = one.Current.Step < other.Current.Step ? one.MoveNext() : other.MoveNext();
            }
        }
    }
}
