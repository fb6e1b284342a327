namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// A replica that can take a chunk in before it is asked to run it: while it would have nothing else to do. It changes no bit.
/// </summary>
internal interface IReadsAhead
{
    /// <summary>
    /// Takes a chunk in that is probably run next. What is known of the one before is thrown away; a chunk that was loaded anew meanwhile
    /// is another one (<see cref="ChunkBatch.Stamp"/>).
    /// </summary>
    void ReadAhead(ChunkBatch next);
}
