namespace Orleans.Tbptt.Client.Travel;

/// <summary>The arguments of <c>tbptt at</c>.</summary>
/// <param name="Run">The run: its ID, or any unambiguous part of it.</param>
/// <param name="Runs">The run store.</param>
/// <param name="Step">The committed steps; null for the last one that is published.</param>
/// <param name="Export">The directory for the state's files; null for none.</param>
/// <param name="Force">Whether files that exist are replaced.</param>
/// <param name="Json">Whether the figures are printed as JSON.</param>
internal sealed record AtRequest(string Run, string Runs, long? Step, string? Export, bool Force, bool Json);
