namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Why a step is not audited, or only in part.</summary>
internal enum AuditProblemKind
{
    /// <summary>All of it is.</summary>
    None,

    /// <summary>No other silo offers what the run needs.</summary>
    NoSilo,

    /// <summary>The trainers' bits are not those of every silo.</summary>
    Unfit,

    /// <summary>There is no further step for now.</summary>
    NoStep,

    /// <summary>Spares could not be opened.</summary>
    NotOpened,

    /// <summary>Spares are still being opened.</summary>
    Opening,

    /// <summary>Spares failed, or did not answer in time.</summary>
    Silent,
}

/// <summary>Why a step is not audited, or only in part, in words.</summary>
/// <param name="Kind">What kind of reason it is: one of another kind is warned of again.</param>
/// <param name="Words">The reason.</param>
internal readonly record struct AuditProblem(AuditProblemKind Kind, string Words);
