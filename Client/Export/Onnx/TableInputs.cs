using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using static Onnx.TensorProto.Types;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>
/// The way from a table's cells to the features of the network:
/// <code>
/// values ──difference──▶ ──log, log1p──▶ ──(x − mean) / deviation──▶ float32 ──┬─▶ features
///    └──── whether there is a value, where that is an input ───────────────────┤
/// classes ──number──▶ vector ──────────────────────────────────────────────────┘
/// </code>
/// All up to float32 is float64, as in training; what is not finite then is refused.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="columns">The columns.</param>
/// <param name="scales">Scale the columns.</param>
internal sealed class TableInputs(GraphWriter graph, ModelColumns columns, ColumnScales scales)
{
    private const string Values = "values";

    /// <summary>Adds the nodes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <returns>The name of the features, <c>[time, batch, inputs]</c>.</returns>
    public string Add(ModelSpec model, ModelParameters parameters)
    {
        string[] parts = [.. columns.Values.Count == 0 ? [] : Numbers(), .. Classes(model, parameters)];
        return parts.Length == 1 ? parts[0] : graph.Node("Concat", "features", parts, GraphWriter.Attribute("axis", 2));
    }

    /// <summary>The features of columns of numbers, and whether there is a value where that is an input.</summary>
    private List<string> Numbers()
    {
        graph.Input(
            Values, DataType.Double, $"{string.Join(", ", columns.Values.Select(one => one.Name))}: the cells of these columns as they are",
            GraphWriter.Any("time"), GraphWriter.Any("batch"), GraphWriter.Fixed(columns.Values.Count));
        var (numbers, first) = Differences();
        string? missing = null;
        if (columns.Observed.Count > 0)
        {
            // A column that had no gaps in training has no flag: a cell that is missing there is refused.
            graph.Constant<bool>("has_gaps", [.. columns.Values.Select((_, i) => columns.Observed.Contains(i))], columns.Values.Count);
            missing = graph.Node("And", "is_missing", [graph.Node("IsNaN", "is_nan", [numbers]), "has_gaps"]);
        }

        numbers = Logarithms(numbers);
        string features = graph.Node(
            "Cast", "scaled", [scales.Scale(columns.Values, numbers)], GraphWriter.Attribute("to", (long)DataType.Float));
        if (first is not null || missing is not null)
            graph.Constant("mean", [0f]);
        if (first is not null)
            features = graph.Node("Where", "with_first_differences", [first, "mean", features]);
        if (missing is not null)
            features = graph.Node("Where", "filled", [missing, "mean", features]);
        features = graph.RefuseNonFinite(
            "values_has_a_cell_that_is_missing_or_has_no_logarithm", "finite_features", features);
        if (missing is null)
            return [features];
        graph.Constant<long>("observed_columns", [.. columns.Observed], columns.Observed.Count);
        graph.Node("Gather", "is_missing_there", [missing, "observed_columns"], GraphWriter.Attribute("axis", 2));
        graph.Node("Not", "is_observed", ["is_missing_there"]);
        return [features, graph.Node("Cast", "observed", ["is_observed"], GraphWriter.Attribute("to", (long)DataType.Float))];
    }

    /// <summary>Differences from the row before, which is carried; where there is none, the row before is infinite.</summary>
    /// <returns>The numbers, and which of them have no row before; null for none.</returns>
    private (string Numbers, string? First) Differences()
    {
        if (columns.Values.All(one => one.Transform != ColumnTransform.Difference))
            return (Values, null);
        var (before, after) = graph.State<double>(
            "previous_row", [.. columns.Values.Select(_ => double.PositiveInfinity)],
            "the values of the last row, from which differences are taken; infinite where there is none");
        graph.Node("Concat", "rows", [before, Values], GraphWriter.Attribute("axis", 0));
        graph.Constant<long>("first_axis", [0], 1);
        graph.Constant<long>("last_row", [-1], 1);
        graph.Constant<long>("end", [long.MaxValue], 1);
        graph.Node("Slice", after, ["rows", "last_row", "end", "first_axis"]);
        graph.Node("Slice", "rows_before", ["rows", "first_axis", "last_row", "first_axis"]);
        graph.Node("Sub", "differences", [Values, "rows_before"]);
        Mask("is_difference", columns.Values, ColumnTransform.Difference);
        graph.Node("IsInf", "is_first", ["rows_before"]);
        return (
            graph.Node("Where", "values_and_differences", ["is_difference", "differences", Values]),
            graph.Node("And", "is_first_difference", ["is_first", "is_difference"]));
    }

    /// <summary>ln x, and ln(1 + x) by u = 1 + x as x · ln u / (u − 1), which keeps the digits of a small x (Kahan).</summary>
    private string Logarithms(string numbers)
    {
        string result = numbers;
        if (columns.Values.Any(one => one.Transform == ColumnTransform.Log))
        {
            Mask("is_log", columns.Values, ColumnTransform.Log);
            graph.Node("Log", "logarithms", [numbers]);
            result = graph.Node("Where", "with_logarithms", ["is_log", "logarithms", result]);
        }

        if (columns.Values.All(one => one.Transform != ColumnTransform.Log1P))
            return result;
        Mask("is_log1p", columns.Values, ColumnTransform.Log1P);
        graph.Constant("one", [1.0]);
        graph.Node("Add", "one_plus", [numbers, "one"]);
        graph.Node("Log", "log_of_one_plus", ["one_plus"]);
        graph.Node("Sub", "rounded", ["one_plus", "one"]);
        graph.Node("Div", "correction", [numbers, "rounded"]);
        graph.Node("Mul", "corrected", ["log_of_one_plus", "correction"]);
        graph.Node("Equal", "is_tiny", ["one_plus", "one"]);
        graph.Node("Where", "log1p", ["is_tiny", numbers, "corrected"]);
        return graph.Node("Where", "with_log1p", ["is_log1p", "log1p", result]);
    }

    private IEnumerable<string> Classes(ModelSpec model, ModelParameters parameters)
    {
        if (columns.Classes.Count == 0)
            yield break;
        graph.Input(
            "classes", DataType.String,
            $"{string.Join(", ", columns.Classes.Select(one => one.Name))}: the cells of these columns as text; an empty one has no value",
            GraphWriter.Any("time"), GraphWriter.Any("batch"), GraphWriter.Fixed(columns.Classes.Count));
        foreach (var (i, column) in columns.Classes.Index())
        {
            graph.Constant<long>($"class_column_{i}", [i]);
            graph.Node("Gather", $"texts_{i}", ["classes", $"class_column_{i}"], GraphWriter.Attribute("axis", 2));
            string numbers = graph.Numbers($"class_{i}", $"texts_{i}", NumbersOf(column.Classes), 0);
            string table = parameters.Add(graph, model.Tables[i].Name);
            yield return graph.Node("Gather", $"vectors_{i}", [table, numbers]);
        }
    }

    /// <summary>The classes by their texts. The first is what any other text is; an empty cell is the class of missing ones.</summary>
    private static List<(string Text, long Number)> NumbersOf(IReadOnlyList<string> classes)
    {
        const string Missing = "<missing>";
        List<(string, long)> numbers = [.. classes.Index().Skip(1).Select(one => (one.Item, (long)one.Index))];
        if (classes[^1] == Missing)
            numbers.Add(("", classes.Count - 1));
        // An encoder without texts is refused.
        return numbers.Count > 0 ? numbers : [("", 0)];
    }

    private void Mask(string name, IReadOnlyList<ValueColumn> values, ColumnTransform kind) =>
        graph.Constant<bool>(name, [.. values.Select(one => one.Transform == kind)], values.Count);
}
