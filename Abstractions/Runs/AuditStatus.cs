using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Runs;

/// <summary>What of a run has been computed again on another silo, and what was found.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.AuditStatus")]
public sealed record AuditStatus
{
    /// <summary>Steps that were audited and committed.</summary>
    [Id(0)] public long Steps { get; init; }

    /// <summary>Tickets, each one trainer's part of a step, that were computed again.</summary>
    [Id(1)] public long Tickets { get; init; }

    /// <summary>
    /// The number, from 1, of the newest step all of whose tickets were computed again to the same bits; null for none.
    /// </summary>
    [Id(2)] public long? CleanStep { get; init; }

    /// <summary>Seconds that steps took longer because of it, in all.</summary>
    [Id(3)] public double Seconds { get; init; }

    /// <summary>The silos, in order of name.</summary>
    [Id(4)] public IReadOnlyList<AuditedSilo> Silos { get; init; } = [];

    /// <summary>What was found, in order; of each silo the newest 20, and the newest 20 that name none.</summary>
    [Id(5)] public IReadOnlyList<AuditFinding> Findings { get; init; } = [];
}

/// <summary>A silo's part in the audits of a run.</summary>
/// <param name="Silo">The silo: name, address and process id.</param>
/// <param name="Given">Tickets of trainers that live there which were computed again elsewhere.</param>
/// <param name="Repeated">Tickets of other silos' trainers that were computed again there.</param>
[GenerateSerializer, Immutable, Alias("tbptt.AuditedSilo")]
public sealed record AuditedSilo([property: Id(0)] string Silo, [property: Id(1)] long Given, [property: Id(2)] long Repeated);

/// <summary>Unlike bits that an audit has found.</summary>
/// <param name="Step">The step, from 1. It was not committed with them.</param>
/// <param name="Trainers">The trainers whose tickets they are of.</param>
/// <param name="Silos">The silos that disagree: where the trainers live, and where their tickets were computed again.</param>
/// <param name="What">Which of gradient sums, hidden state and loss are unlike.</param>
/// <param name="Culprit">
/// The silo that stands alone: it is given no more work of the run. Null where nobody can say which one it is.
/// </param>
/// <param name="Address">That silo's address as Orleans writes it; a silo that is started again has another one. Null as above.</param>
/// <param name="CleanStep">
/// The newest step before it that was audited and found the same, from 1; null for none. The steps between the two are suspect.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.AuditFinding")]
public sealed record AuditFinding(
    [property: Id(0)] long Step, [property: Id(1)] IReadOnlyList<int> Trainers, [property: Id(2)] IReadOnlyList<string> Silos,
    [property: Id(3)] string What, [property: Id(4)] string? Culprit, [property: Id(5)] string? Address,
    [property: Id(6)] long? CleanStep)
{
    /// <summary>The run; empty in what a former release has found.</summary>
    [Id(7)] public string Run { get; init; } = "";

    /// <summary>
    /// The first step, from 1, whose bits are suspect; null where no step was committed since the last one that was clean.
    /// </summary>
    [JsonIgnore] public long? SuspectFrom => (CleanStep ?? 0) + 1 < Step ? (CleanStep ?? 0) + 1 : null;

    /// <summary>What was found and what follows from it, in words.</summary>
    [JsonIgnore] public string Words
    {
        get
        {
            string trainers = $"{(Trainers.Count == 1 ? "trainer" : "trainers")} {string.Join(", ", Trainers)}";
            string others = string.Join(" and ", Silos.Where(silo => silo != Culprit));
            string found = $"step {Step}: {What} of {trainers}: ";
            found += Culprit is null
                ? $"{string.Join(", ", Silos)} computed unlike bits, and no two silos agree"
                : $"{Culprit} computed other bits than {others}, which agree; it is given no more work of this run until it is started "
                    + "again";
            return found + Suspect + (Culprit is null
                ? "; the step is not committed; find out which silo is wrong, end it or start a third one, and continue with 'tbptt resume "
                    + $"{Name}'" : "");
        }
    }

    private string Name => Run is { Length: > 0 } ? Run : "RUN";

    /// <summary>Which steps were committed unchecked, how to find out whether they are wrong, and what to do then.</summary>
    private string Suspect
    {
        get
        {
            if (SuspectFrom is not { } first)
                return "";
            bool isOne = first + 1 == Step;
            string verify = $"'tbptt verify {Name}{(CleanStep is { } from ? $" --from {from}" : "")} --to {Step - 1}'";
            string fork = CleanStep is { } at ? $"'tbptt fork {Name} --at {at}' begins a run with the state before"
                : $"'tbptt fork {Name} --at STEP' begins a run with the state after STEP, the one before the first wrong one";
            string earlier = CleanStep is null ? ""
                : " (earlier steps may be, too, if that silo errs now and then: leave out --from, and fork before the first wrong step)";
            return $"; {(isOne ? $"step {first} is" : $"steps {first} to {Step - 1} are")} suspect: {verify} computes "
                + $"{(isOne ? "it" : "them")} again and says whether {(isOne ? "it is" : "one is")} wrong{earlier}; if so, "
                + $"{(Culprit is null ? "" : "end that silo, and ")}{fork}";
        }
    }
}
