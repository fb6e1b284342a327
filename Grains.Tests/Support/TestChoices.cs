using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Choices by their words, which theories show.</summary>
internal static class TestChoices
{
    private static readonly Dictionary<string, RecurrentCell> ByName =
        RecurrentCells.All.Select(cell => KeyValuePair.Create(cell.Word, cell)).Concat(
        [
            new("{name: rnn, nonlinearity: relu}", new RnnCell { Nonlinearity = Nonlinearity.Relu }),
            new("{name: gru, resetAfter: false}", new GruCell { ResetAfter = false }),
            new("{name: lstm, projectionSize: 2}", new LstmCell { ProjectionSize = 2 }),
        ]).ToDictionary();

    /// <summary>Every cell by its word, and variants of cells, as a spec has them.</summary>
    public static IReadOnlyList<string> Cells { get; } = [.. ByName.Keys];

    public static Engine Engine(string word) => ComputeEngines.All.Single(engine => engine.Word == word);

    public static RunSpec OnEngine(this RunSpec spec, string word) => spec with { Engine = Engine(word) };

    public static CellSpec Cell(string name) => ByName[name];

    /// <summary>Whether an engine computes a cell.</summary>
    public static bool Computes(string engine, string cell) => engine != LibtorchEngine.EngineWord || Cell(cell).TorchModule is not null;
}
