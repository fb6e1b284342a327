namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>Every cell that a spec can name; the first is the default.</summary>
public static class RecurrentCells
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<RecurrentCell> All { get; } = 
        [new LstmCell(), new GruCell(), new RnnCell(), new MinGruCell(), new MinLstmCell(), new SlstmCell()];
}
