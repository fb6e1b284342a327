namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>
/// Marks what changes nothing and yet costs much: another site must not make a browser ask for it (<see cref="SameSite"/>).
/// </summary>
internal sealed class CostlyRead
{
    /// <summary>The mark.</summary>
    public static CostlyRead Mark { get; } = new();
}
