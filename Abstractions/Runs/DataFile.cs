namespace Orleans.Tbptt.Runs;

/// <summary>A file that a run's result depends on, and what was in it when it was opened.</summary>
/// <param name="Path">Its absolute path, for messages: the same content may lie elsewhere on another silo.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Sha256">The SHA-256 of its content, 64 lower-case hexadecimal digits.</param>
[GenerateSerializer, Immutable, Alias("tbptt.DataFile")]
public sealed record DataFile([property: Id(0)] string Path, [property: Id(1)] long Length, [property: Id(2)] string Sha256);
