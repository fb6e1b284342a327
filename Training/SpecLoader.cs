using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training;

/// <summary>Reads run specs with every choice that there is.</summary>
public static class SpecLoader
{
    /// <summary>What a spec can choose from.</summary>
    public static SpecChoices Choices { get; } =
        new(RecurrentCells.All, DataSources.All, LossFunctions.All, UpdateRules.All, ComputeEngines.All);

    /// <summary>Reads specs with these choices.</summary>
    public static SpecReader Reader { get; } = new(Choices);

    /// <inheritdoc cref="SpecReader.Load"/>
    public static SpecDocument Load(string path, IReadOnlyList<string> sets) => Reader.Load(path, sets);

    /// <inheritdoc cref="SpecReader.Parse"/>
    public static SpecDocument Parse(SpecText text, bool filesMustExist = true) => Reader.Parse(text, filesMustExist);

    /// <summary>Reads a text without <see cref="SpecText.Sets"/>.</summary>
    public static SpecDocument Parse(string text, string fileName, string directory, bool filesMustExist = true) =>
        Parse(new SpecText(text, fileName, directory), filesMustExist);
}
