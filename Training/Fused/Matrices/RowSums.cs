namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>How the gradient of a weight, a bias or an embedding is summed over the rows of a chunk.</summary>
internal enum RowSums
{
    /// <summary>From 0, from the first row to the last.</summary>
    Ascending,

    /// <summary>
    /// From what is there, the sum over all pieces behind this one, from the last row to the first. A step that is run in pieces, the last
    /// one first, so adds the same terms in the same order as in one piece.
    /// </summary>
    Descending,
}
