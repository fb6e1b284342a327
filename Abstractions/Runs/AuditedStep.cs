namespace Orleans.Tbptt.Runs;

/// <summary>What came of the audit of one step.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Tickets">Its tickets, each one trainer's part of it.</param>
/// <param name="Repeated">Those that were computed again to the same bits, by silos.</param>
/// <param name="Finding">What is unlike; null where nothing is.</param>
[GenerateSerializer, Immutable, Alias("tbptt.AuditedStep")]
public sealed record AuditedStep(
    [property: Id(0)] long Step, [property: Id(1)] int Tickets, [property: Id(2)] IReadOnlyList<RepeatedTickets> Repeated,
    [property: Id(3)] AuditFinding? Finding);

/// <summary>Tickets of one silo's trainers that were computed again on another silo, to the same bits.</summary>
/// <param name="Home">Where the trainers live: name, address and process id.</param>
/// <param name="Host">Where the tickets were computed again, in the same form.</param>
/// <param name="Tickets">How many.</param>
[GenerateSerializer, Immutable, Alias("tbptt.RepeatedTickets")]
public sealed record RepeatedTickets([property: Id(0)] string Home, [property: Id(1)] string Host, [property: Id(2)] int Tickets);
