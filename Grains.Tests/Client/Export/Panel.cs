using System.Globalization;
using System.Text;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Client.Export;

/// <summary>Shops with columns of every kind, as a CSV file, and models of them with their initial parameters.</summary>
/// <param name="directory">Where the file is written.</param>
/// <param name="shops">How many shops.</param>
/// <param name="rows">Rows of each.</param>
internal sealed class Panel(string directory, int shops, int rows)
{
    /// <summary>The file.</summary>
    public string Path { get; } = System.IO.Path.Combine(directory, "shops.csv");

    /// <summary>Whether some cells have no value.</summary>
    public bool HasGaps { get; init; }

    /// <summary>Shops, one a sequence.</summary>
    public int Shops => shops;

    /// <summary>The name of a shop.</summary>
    public static string Name(int shop) => $"shop {shop}";

    /// <summary>A cell; NaN for none.</summary>
    public double Number(string column, int shop, int row) => column switch
    {
        "sales" => HasGaps && row % 50 == 17 ? double.NaN : Math.Round(100 + (10 * (shop % 5)) + (20 * Math.Sin((row / 7.0) + shop)), 6),
        "price" => HasGaps && row % 9 == 4 ? double.NaN : Math.Round(3 + Math.Sin((row / 11.0) + (2 * shop)), 6),
        "promotion" => (row + shop) % 5 == 0 ? 1 : 0,
        "size" => 1 + (shop % 4),
        _ => throw new ArgumentException(column),
    };

    /// <summary>A cell of classes.</summary>
    public string Class(string column, int shop, int row) =>
        column == "shop" ? Name(shop) : HasGaps && row % 21 == 5 ? "" : $"kind {(row + (2 * shop)) % 3}";

    /// <summary>Writes the file, and makes a model of it.</summary>
    /// <param name="model">The keys of <c>model</c>.</param>
    /// <param name="data">Those of <c>data</c>, besides the source.</param>
    /// <param name="loss">The loss.</param>
    public ModelPackage Model(string model, string data, string loss = "mse")
    {
        var text = new StringBuilder("shop,kind,size,sales,price,promotion\n");
        for (int shop = 0; shop < shops; shop++)
        {
            for (int row = 0; row < rows; row++)
            {
                text.AppendJoin(',', Class("shop", shop, row), Class("kind", shop, row), Cell("size", shop, row))
                    .Append(',')
                    .AppendJoin(',', Cell("sales", shop, row), Cell("price", shop, row), Cell("promotion", shop, row)).Append('\n');
            }
        }

        File.WriteAllText(Path, text.ToString());
        return Initial(
            $$"""
            name: shops
            model: { {{model}} }
            data: { source: "csv:{{Path}}", batchSize: 1, {{data}} }
            tbptt: {chunkLength: 10}
            train: {epochs: 1, loss: {{loss}}, optimizer: {name: sgd, lr: 0.1} }
            """);
    }

    /// <summary>The package of a spec's initial parameters.</summary>
    public static ModelPackage Initial(string text)
    {
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(text, "shops.yaml", "/").Spec!);
        var state = new TrainingState(prepared.Spec);

        // It begins as zeros, as which it would not show.
        for (int i = 0; state.Layout.InitialState is { } first && i < state.Layout.HiddenPerLane; i++)
            state.Parameters[first + i] = (float)(((i * 7) % 11) - 5) / 10;
        return ModelPackage.Of(
            Sample.Status(RunState.Completed), prepared.Spec, SpecWriter.ToYaml(prepared.Spec), new([], prepared.Description),
            state.Parameters, HiddenTensors.Of(prepared.Spec.Model, prepared.Spec.Data.BatchSize, state.Hidden));
    }

    private string Cell(string column, int shop, int row) =>
        Number(column, shop, row) is var number && double.IsNaN(number) ? "" : number.ToString("R", CultureInfo.InvariantCulture);
}
