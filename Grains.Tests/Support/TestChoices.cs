using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Choices by their words, which theories show.</summary>
internal static class TestChoices
{
    public static IReadOnlyList<string> Cells { get; } = [.. RecurrentCells.All.Select(cell => cell.Word)];

    public static CellSpec Cell(string word) => RecurrentCells.All.Single(cell => cell.Word == word);
}
