namespace Orleans.Tbptt.Specs;

/// <summary>
/// How often what trainers give to a step is computed again on another silo and compared. The result does not depend on it.
/// </summary>
public sealed record AuditSpec
{
    /// <summary>
    /// A step is audited if the number of steps committed before it is a multiple of this, from 1: the first one always is.
    /// </summary>
    public required int Every { get; init; }

    /// <summary>Whether a step is audited.</summary>
    /// <param name="step">Steps committed before it.</param>
    public bool Audits(long step) => step % Every == 0;
}
