using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Data.Tsf;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>Inputs that are known ahead, and inputs that are the same in all rows of a series.</summary>
public sealed class TableRoleTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void KnownInput_IsReadFromTheTargetsRow(int horizon)
    {
        using IDataSource source = Open(Table(20) with { Known = ["day"], Horizon = horizon }, 0.5);
        Assert.Equal(["x", "day"], source.Description.Inputs);
        Assert.Equal(["x"], source.Description.Targets);
        Assert.Equal(["input, target", "known input"], source.Description.Columns.Select(column => column.Use));
        foreach (var (set, first) in new[] { (source.Training, 0), (source.Validation!, 10) })
        {
            for (int sequence = 0, row = first; sequence < set.Count; row += set.Length(sequence), sequence++)
            {
                for (int t = 0; t < set.Length(sequence); t++)
                {
                    var input = new float[2];
                    set.ReadInputs(new(sequence, t, 1), input);
                    Assert.Equal([row + t, 100 + row + t + horizon], input);
                    Assert.Equal(row + t + horizon, set.Targets(sequence)[t]);
                }
            }
        }
    }

    [Fact]
    public void KnownInput_IsMaskedWithItsFlag_AtTheTargetsRow()
    {
        object?[][] rows = [[0.0, 5.0], [1.0, null], [2.0, 7.0], [3.0, 8.0]];
        using IDataSource source = Open(new()
        {
            Names = ["x", "day"], Types = [null, null], Rows = rows, Known = ["day"], MissingValues = MissingValues.Mask,
        });
        Assert.Equal([0f, 0, 0, 1, 7, 1, 2, 8, 1], source.Training.Inputs(0, 3));
    }

    [Fact]
    public void StaticInput_HasTheColumnsScale_WhereEachSeriesHasItsOwn()
    {
        using IDataSource source = Open(Stores() with
        {
            Static = ["size"], Scale = TableScale.Series, Standardize = true, Transform = new([new("size", ColumnTransform.Log)]),
        });
        Assert.Equal(["x", "size"], source.Description.Inputs);
        Assert.Equal("static input", source.Description.Columns[1].Use);

        // 6 rows of ln 10 and 6 of ln 1000.
        Assert.Equal([-1f, -1, -1], source.Training.Inputs(0, 2).Where((_, i) => i % 2 == 1).Take(3));
        Assert.Equal([1f, 1, 1], source.Training.Inputs(1, 2).Where((_, i) => i % 2 == 1).Take(3));
    }

    [Fact]
    public void StaticInput_IsRefused_WhereItChangesWithinASeries()
    {
        MemorySource source = Stores() with { Static = ["size"] };
        source.Rows[9][2] = 11.0;
        Assert.Equal(
            "data.static: found 'size', which changes within the series 'b' at row 9, expected a column that is the same in all rows of a "
            + "series; remove it from data.static, or write it into data.known if its values are known ahead",
            Given.Problem(source.In(_directory)));
    }

    [Fact]
    public void AttributeOfTsf_IsAnInput_WhereItIsNamedAsStatic()
    {
        string path = _directory.Write(
            "x.tsf", "@attribute series_name string\n@attribute size numeric\n@data\nT1:3:1,2,3\nT2:5:7,8,9\n");
        using IDataSource source = Given.Open(new()
        {
            Source = new TsfSource { Path = path, Standardize = false, Series = "series_name", Static = ["size"] }, BatchSize = 1,
        });
        Assert.Equal(["size", "value"], source.Description.Inputs.Order());
        Assert.Equal(["value"], source.Description.Targets);
    }

    [Fact]
    public void Roles_AreRefused_WhichNoColumnHas()
    {
        Assert.StartsWith(
            "data.known: found 'daz', expected one of the file's columns",
            Given.Problem((Table(9) with { Known = ["daz"] }).In(_directory)), StringComparison.Ordinal);
        Assert.Equal(
            "data.targets: found inputs alone that are known or static, expected a column to forecast; name it",
            Given.Problem((Table(9) with { Known = ["day", "x"] }).In(_directory)));
    }

    private static MemorySource Table(int rows) => new()
    {
        Names = ["x", "day"], Types = [null, null],
        Rows = [.. Enumerable.Range(0, rows).Select(i => new object?[] { (double)i, 100.0 + i })],
    };

    private static MemorySource Stores() => new()
    {
        Names = ["id", "x", "size"], Types = [CellType.Text, null, null], Series = "id",
        Rows = [.. Enumerable.Range(0, 12).Select(i => new object?[] { i % 2 == 0 ? "a" : "b", (double)i, i % 2 == 0 ? 10.0 : 1000.0 })],
    };

    private IDataSource Open(MemorySource source, double fraction = 0) => Given.Open(source.In(_directory, fraction));
}
