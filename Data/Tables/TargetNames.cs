using System.Globalization;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>How what a table's model forecasts is named: targets are columns, each once for each row ahead.</summary>
public static class TargetNames
{
    /// <summary>
    /// The names of what is forecast, in order: of each column, one after the other, each row ahead, <c>sales +1</c>, where there are
    /// several; the columns otherwise.
    /// </summary>
    /// <param name="source">Says how far ahead.</param>
    /// <param name="columns">The targets, columns by name.</param>
    public static IReadOnlyList<string> TargetsOf(this TableSource source, IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Horizons == 1 ? columns
            : [.. columns.SelectMany(column => Enumerable.Range(1, source.Horizons).Select(ahead => NameOf(column, ahead)))];
    }

    /// <summary>The columns of which targets are.</summary>
    /// <param name="source">Says how far ahead.</param>
    /// <param name="targets">What is forecast, as <see cref="TargetsOf"/> names it.</param>
    public static IReadOnlyList<string> ColumnsOf(this TableSource source, IReadOnlyList<string> targets)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Horizons == 1 ? targets
            : [.. targets.Where((_, target) => target % source.Horizons == 0).Select(name => name[..^NameOf("", 1).Length])];
    }

    /// <summary>The names of what is predicted of each target, in the order of the outputs.</summary>
    /// <param name="source">Says how far ahead.</param>
    /// <param name="targets">What is forecast, as <see cref="TargetsOf"/> names it.</param>
    /// <param name="predictions">What is predicted of each.</param>
    /// <param name="suffix">What stands behind the name of a prediction of a column, by its place; null for nothing.</param>
    public static IReadOnlyList<string> PredictionsOf(
        this TableSource source, IReadOnlyList<string> targets, IReadOnlyList<PredictedValue> predictions,
        Func<int, string>? suffix = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return
        [
            .. from column in source.ColumnsOf(targets).Index()
               from ahead in Enumerable.Range(source.Horizon, source.Horizons)
               from one in predictions
               let name = one.NameOf(column.Item) + suffix?.Invoke(column.Index)
               select source.Horizons == 1 ? name : NameOf(name, ahead),
        ];
    }

    private static string NameOf(string column, int ahead) => string.Create(CultureInfo.InvariantCulture, $"{column} +{ahead}");
}
