namespace Orleans.Tbptt.Runs;

/// <summary>A file that a run's result depends on, by its content.</summary>
/// <param name="Path">Where this machine has it; for messages only: other machines may have it elsewhere.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">SHA-256 of its content, 64 lower-case hexadecimal digits.</param>
[GenerateSerializer, Immutable, Alias("tbptt.DataFile")]
public sealed record DataFile([property: Id(0)] string Path, [property: Id(1)] long Length, [property: Id(2)] string Sha256);
