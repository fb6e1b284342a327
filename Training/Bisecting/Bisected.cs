using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>What came of comparing two runs.</summary>
public enum BisectVerdict
{
    /// <summary>Every step that both have is the same.</summary>
    Equal,

    /// <summary>The runs have no state in common: one ends before the other begins.</summary>
    NothingShared,

    /// <summary>The first states that both have are unlike.</summary>
    FirstState,

    /// <summary>The states before a step are the same, and specs and data give unlike ones after it.</summary>
    Step,

    /// <summary>Computed again, a run's step is not what the run published or kept.</summary>
    NotReproduced,

    /// <summary>They are unlike, or may be; which step it is cannot be computed here.</summary>
    NotComputed,

    /// <summary>
    /// The last state in which the runs are equal, as they published or kept it, is not what is computed: a step before it is wrong.
    /// </summary>
    StateNotReproduced,

    /// <summary>Specs and data give equal states; the runs have not both kept something that says that theirs are these.</summary>
    NotKept,
}

/// <summary>A step of a run that is not what its spec and data give.</summary>
/// <param name="Difference">What was computed, and what the run published or kept.</param>
/// <param name="Earliest">The first step that may be wrong: those between have no published hash.</param>
/// <param name="IsOnlyPublished">
/// Whether later published hashes are those of the other run, so that only the journal can have changed; null where nothing says so.
/// </param>
public sealed record NotReproduced(Unequal Difference, long Earliest, bool? IsOnlyPublished)
{
    /// <summary>
    /// What was computed from, such as a checkpoint's name, where the difference is that of the last state in which the runs are equal;
    /// null elsewhere.
    /// </summary>
    public string? ComputedFrom { get; init; }
}

/// <summary>Steps of a run that are what its spec and data give, as far as the run published or kept something of them.</summary>
/// <param name="From">The step of the state that was computed from.</param>
/// <param name="To">The last step that was compared.</param>
/// <param name="Compared">How many of the steps behind the first state to the last one were published, and so compared.</param>
/// <param name="LastState">
/// The last step whose state was held to a published hash, to that of the run's end, or to a checkpoint; null for none.
/// </param>
public sealed record Reproduced(long From, long To, long Compared, long? LastState);

/// <summary>What is behind the first unlike step of two runs.</summary>
public sealed record Bisected
{
    /// <summary>What came of it.</summary>
    public required BisectVerdict Verdict { get; init; }

    /// <summary>The first state that both runs have: its step.</summary>
    public required long First { get; init; }

    /// <summary>The last step that both have.</summary>
    public required long Last { get; init; }

    /// <summary>Steps that both published, which were compared up to the first unlike one.</summary>
    public long Compared { get; init; }

    /// <summary>Those of them of which both published the hash of the state.</summary>
    public long Hashes { get; init; }

    /// <summary>The newest step before the difference whose states are known to be equal; null for none.</summary>
    public long? EqualTo { get; init; }

    /// <summary>
    /// The first step of which the runs published, or kept, something unlike: that of the first run as computed, that of the second one as
    /// published; null for none.
    /// </summary>
    public Unequal? Published { get; init; }

    /// <summary>The first step that is unlike, as computed or as published; null where it is not known.</summary>
    public long? Step { get; init; }

    /// <summary>Its epoch, from 1; null where the step is not known.</summary>
    public int? Epoch { get; init; }

    /// <summary>How the step that was computed in both runs differs; null where it does not.</summary>
    public Unequal? Outcome { get; init; }

    /// <summary>The lanes whose parts of the step are unlike, in order.</summary>
    public IReadOnlyList<UnlikeLane> Lanes { get; init; } = [];

    /// <summary>The arrays of the states after the step that are unlike.</summary>
    public IReadOnlyList<UnlikeTensor> State { get; init; } = [];

    /// <summary>How the first run is not what its spec and data give; null where nothing says so.</summary>
    public NotReproduced? A { get; init; }

    /// <summary>How the second run is not what its spec and data give.</summary>
    public NotReproduced? B { get; init; }

    /// <summary>Which steps of the first run are the ones that it published; null where one is not, or where none was compared.</summary>
    public Reproduced? ReproducedA { get; init; }

    /// <summary>The same of the second run.</summary>
    public Reproduced? ReproducedB { get; init; }

    /// <summary>The keys in which the specs differ.</summary>
    public IReadOnlyList<UnlikeKey> Keys { get; init; } = [];

    /// <summary>
    /// Sections of the first run's spec, or <c>data</c>, with each of which alone the second run's step gives the first one's bits; with
    /// all of them at a time where <see cref="AreTogether"/>.
    /// </summary>
    public IReadOnlyList<string> Causes { get; init; } = [];

    /// <summary>Whether no single one of <see cref="Causes"/> is enough.</summary>
    public bool AreTogether { get; init; }

    /// <summary>Whether the first run's data were tried as a cause; null where nothing was tried.</summary>
    public bool? IsDataTried { get; init; }

    /// <summary>How often steps were computed from a checkpoint, or from a run's first state, on.</summary>
    public int Replays { get; init; }

    /// <summary>Steps that were computed.</summary>
    public long Computed { get; init; }

    /// <summary>What could not be computed or read, and what to do.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
