using System.Text.Json;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Api;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>Rows of streams as JSON.</summary>
public sealed class RowsReaderTests
{
    private static readonly StreamColumns Columns =
        new(RunId.Parse("shops"), new('0', 32), ["sales", "price"], ["shop"], ["sales"], 1);

    [Fact]
    public void Rows_AreReadByNames_OrInOrder()
    {
        var rows = Read("""{"rows": [{"price": 2.5, "shop": "north", "sales": 1}, [1, true, 7], {"sales": null}], "first": 17}""");

        Assert.Equal((17, 3), (rows.First, rows.Rows.Count));
        Assert.Equal([[1, 2.5], [1, 1], [double.NaN, double.NaN]], rows.Rows.Select(row => row.Numbers));
        Assert.Equal([["north"], ["7"], [null]], rows.Rows.Select(row => row.Texts));
    }

    [Theory]
    [InlineData("[]", "found a list, expected an object")]
    [InlineData("""{"first": 1}""", "rows: found nothing, expected a list")]
    [InlineData("""{"rows": []}""", "first: found nothing, expected the number of the first row")]
    [InlineData("""{"first": 1.5, "rows": []}""", "first: found the number 1.5, expected")]
    [InlineData("""{"first": 1, "rows": []}""", "rows: found 0, expected 1 to 1000")]
    [InlineData("""{"first": 1, "rows": [3]}""", "rows[0]: found the number 3, expected an object")]
    [InlineData("""{"first": 1, "row": [3]}""", "row: found an unknown key")]
    [InlineData("""{"first": 1, "rows": [[1, 2]]}""", "rows[0]: found 2 cells, expected 3: sales, price, shop")]
    [InlineData("""{"first": 1, "rows": [{"sales": 1}, {"prize": 2}]}""", "rows[1].prize: found an unknown column, expected sales, price")]
    [InlineData("""{"first": 1, "rows": [{"sales": 1, "sales": 2}]}""", "rows[0].sales: found the column twice")]
    [InlineData("""{"first": 1, "rows": [{"sales": "much"}]}""", "rows[0].sales: found the text 'much', expected a number")]
    [InlineData("""{"first": 1, "rows": [{"shop": {}}]}""", "rows[0].shop: found an object, expected a text")]
    public void Mistakes_AreNamed_WhereTheyAre(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<JsonException>(() => Read(text)).Message, StringComparison.Ordinal);

    private static StreamRows Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        return RowsReader.Read(document.RootElement, Columns);
    }
}
