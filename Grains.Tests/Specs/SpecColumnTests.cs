using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Keys that say something of columns by their names.</summary>
public sealed class SpecColumnTests
{
    [Fact]
    public void Keys_AreReadBack_AsTheyAreWritten()
    {
        RunSpec spec = Read("transform: {sales: log1p, \"a: b\": difference}", "known: [day]", "static: [size, store]", "series: store",
            "categorical: [store, day]").Spec!;
        var source = (CsvSource)spec.Data.Source;
        Assert.Equal(
            [new("sales", ColumnTransform.Log1P), new KeyValuePair<string, ColumnTransform>("a: b", ColumnTransform.Difference)],
            source.Transform.Pairs);
        Assert.Equal(["day"], source.Known);
        Assert.Equal(["size", "store"], source.Static);
        Assert.Equal(["store", "day"], source.Categorical);

        spec = spec with
        {
            Model = spec.Model with { Embeddings = new([new("store", 4), new("day", 2)]), Classes = new([new("store", 9), new("day", 8)]) },
        };
        string yaml = SpecWriter.ToYaml(spec);
        Assert.Contains("embeddings: {\"store\": 4, \"day\": 2}", yaml, StringComparison.Ordinal);
        Assert.Equal(spec, SpecLoader.Parse(yaml, "run.yaml", "/", filesMustExist: false).Spec);
    }

    [Theory]
    [InlineData("transform: log",
        "data.transform: found log, expected columns, each with log, log1p or difference; write transform: {NAME: log}")]
    [InlineData("transform: {x: ln}", "data.transform.x: found ln, expected log, log1p or difference; choose one of them")]
    [InlineData("transform: {x: }", "expected a value; write it behind the colon, or remove the key")]
    [InlineData("known: [y], targets: [y]",
        "data.known: found 'y', which is a target, expected columns that are only inputs; remove it: what is to be forecast is a value, "
        + "and not known")]
    [InlineData("static: [y]",
        "data.static: found columns without data.series, expected the column of series, because one stream has one value of them; "
        + "add data.series, or remove it")]
    [InlineData("known: [y], static: [y], series: s",
        "data.static: found 'y', which is in data.known, too, expected one of the two; remove it from data.known")]
    public void Keys_AreRefused_WithWhatIsExpected(string keys, string problem)
    {
        string[] lines = keys.Split(", ").Length > 1 && !keys.Contains('{') ? keys.Split(", ") : [keys];
        Assert.EndsWith(problem, Assert.Single(Read(lines).Problems).ToString(), StringComparison.Ordinal);
    }

    private static SpecDocument Read(params string[] keys) => SpecLoader.Parse(
        Sine.With("  source: csv:x.csv").After("  batchSize", string.Join('\n', keys.Select(key => $"  {key}"))), "run.yaml", "/base",
        filesMustExist: false);
}
