using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>What rows must have for a model to forecast from them.</summary>
internal sealed record ModelInputs
{
    private const int ShownColumns = 12;

    /// <summary>The columns by name; empty where the model takes no tables.</summary>
    public IReadOnlyList<string> Columns { get; private init; } = [];

    /// <summary>Why the model takes no rows; empty where it does.</summary>
    public string Problem { get; private init; } = "";

    /// <summary>A row of a stream as JSON, as a sample; empty where <see cref="StreamProblem"/> says why streams have none.</summary>
    public string StreamRow { get; private init; } = "";

    /// <summary>Why streams have no rows for the model; empty where they do.</summary>
    public string StreamProblem { get; private init; } = "";

    /// <summary>Rows that a forecast is ahead.</summary>
    public int Horizon { get; private init; } = 1;

    /// <summary>How many rows are forecast from each row. Default 1.</summary>
    public int Horizons { get; private init; } = 1;

    /// <summary>Whether the end of training is a state to begin with.</summary>
    public bool HasEnd { get; private init; }

    /// <summary>The columns in words.</summary>
    public string Words => string.Join(", ", Columns.Take(ShownColumns))
        + (Columns.Count > ShownColumns ? $" and {Text.Count(Columns.Count - ShownColumns)} more" : "");

    /// <summary>How far ahead forecasts are, as the end of a sentence.</summary>
    public string Ahead => $", {(Horizons > 1 ? "1 to " : "")}{Text.Plural(Horizon + Horizons - 1, "row")} ahead";

    /// <summary>A header, as a sample.</summary>
    public string Sample => string.Join(',', Columns.Take(ShownColumns)) + "\n…";

    /// <summary>What a model takes.</summary>
    /// <param name="spec">Its spec.</param>
    /// <param name="config">Its configuration.</param>
    public static ModelInputs Of(RunSpec spec, ModelConfig config)
    {
        if (spec.Data.Source is not TableSource table)
        {
            string problem = $"The model was trained on {spec.Data.Source.Word}, not on a table.";
            return new() { Problem = problem, StreamProblem = problem };
        }

        string row = "", without = "";
        try
        {
            var rows = Forecasting.RowsOf(spec, config.Contents);
            var cells = rows.Numbers.Select(name => Cell(name, "0")).Concat(rows.Texts.Select(name => Cell(name, "\"\"")));
            row = $"{{{string.Join(", ", cells)}}}";
        }
        catch (SpecException refusal)
        {
            without = "The model is not served, because its rows cannot be read one by one: "
                + Text.OneLine(refusal.Problems[0].ToString());
        }

        return new()
        {
            Columns =
            [
                .. new[] { table.Time, table.Series }.OfType<string>()
                    .Concat(table.Inputs.Count > 0 ? table.Inputs
                        : config.Inputs.Where(input => config.Columns.Any(one => one.Name == input)))
                    .Concat(table.Categorical).Distinct(),
            ],
            Horizon = table.Horizon, Horizons = table.Horizons, HasEnd = table.Series is null, StreamRow = row, StreamProblem = without,
        };
    }

    private static string Cell(string name, string value) =>
        $"\"{JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\": {value}";
}
