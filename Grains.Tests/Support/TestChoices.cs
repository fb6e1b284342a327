using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Choices by their words, which theories show.</summary>
internal static class TestChoices
{
    public static IReadOnlyList<string> Cells { get; } = [.. RecurrentCells.All.Select(cell => cell.Word)];

    public static Engine Engine(string word) => ComputeEngines.All.Single(engine => engine.Word == word);

    public static RunSpec OnEngine(this RunSpec spec, string word) => spec with { Engine = Engine(word) };

    public static CellSpec Cell(string word) => RecurrentCells.All.Single(cell => cell.Word == word);
}
