using System.Globalization;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Silo.Web.Models;

/// <summary>What programs get of trained models.</summary>
public sealed class ModelApiTests(ModelSite site) : IClassFixture<ModelSite>
{
    [Fact]
    public async Task Models_AreListed_AndDescribed()
    {
        var all = JsonNode.Parse((await site.GetAsync("/api/models")).Text)!.AsArray();
        var one = JsonNode.Parse((await site.GetAsync($"/api/models/{ModelSite.Sales}")).Text)!;

        Assert.Superset(
            new HashSet<string> { ModelSite.Sales, ModelSite.Shops, ModelSite.Bytes },
            all.Select(model => (string)model!["name"]!).ToHashSet());
        Assert.All(all.Where(model => (string)model!["problem"]! == ""), model => Assert.Empty(model!["columns"]!.AsArray()));
        Assert.Equal(("gru", 4, 0.25), ((string)one["cell"]!, (int)one["hiddenSize"]!, (double)one["validationLoss"]!));
        Assert.Equal("sales", (string)one["columns"]![0]!["name"]!);
        Assert.Equal(64, ((string)one["hashes"]!["weights"]!).Length);
        Assert.Equal(4, one["files"]!.AsArray().Count);
    }

    [Fact]
    public async Task Files_AreThoseOfThePackage_AndNoOthers()
    {
        foreach (string file in ModelFile.Names)
        {
            byte[] downloaded = await site.Client.GetByteArrayAsync(
                new Uri($"/api/models/{ModelSite.Sales}/files/{file}", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(File.ReadAllBytes(Path.Combine(site.Run(ModelSite.Sales).Package, file)), downloaded);
        }

        Assert.Equal(404, (await site.GetAsync($"/api/models/{ModelSite.Sales}/files/..%2fspec.yaml")).Status);
        Assert.Equal(404, (await site.GetAsync($"/api/models/{ModelSite.Sales}/files/spec.yaml")).Status);
        Assert.Equal(404, (await site.GetAsync("/api/models/..%2f..%2fetc/files/config.json")).Status);
        Assert.Equal(404, (await site.GetAsync("/api/models/none")).Status);
    }

    /// <summary>They have the bits of the forecasts from a file.</summary>
    [Theory]
    [InlineData("zero")]
    [InlineData("end")]
    public async Task Forecasts_AreThoseOfTheModel_FromEveryKindOfBody(string state)
    {
        string rows = ModelSite.OneSeries(30);
        string objects = string.Join(',', Enumerable.Range(0, 30).Select(row => $$"""{"sales": {{ModelSite.Sale(row)}}}"""));
        double[] expected = Expected(rows, state);

        var csv = await site.PredictAsync(ModelSite.Sales, rows, query: $"?fromState={state}");
        var lines = await site.PredictAsync(
            ModelSite.Sales, objects.Replace("},", "}\n", StringComparison.Ordinal), "application/x-ndjson", $"?fromState={state}");
        var json = await site.PredictAsync(
            ModelSite.Sales, $$"""{"rows": [{{objects}}], "fromState": "{{state}}"}""", "application/json");

        Assert.All([csv, lines, json], answer =>
        {
            Assert.True(answer.Status == 200, answer.Text);
            var forecast = JsonNode.Parse(answer.Text)!["forecast"]!;
            Assert.Equal(("sales-1", 2, "sales"),
                ((string)forecast["model"]!, (int)forecast["horizon"]!, (string)forecast["targets"]![0]!));
            Assert.Equal(expected, forecast["rows"]!.AsArray().Select(row => (double)row!["values"]![0]!));
            Assert.Equal(1, (int)forecast["rows"]![0]!["row"]!);
        });
        var table = await site.PredictAsync(ModelSite.Sales, rows, query: $"?fromState={state}", accept: "text/csv");
        Assert.Equal(
            ["row,sales +2", .. expected.Select((value, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1},{value:R}"))],
            table.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Forecasts_NameSeriesAndTimes()
    {
        var (status, text) = await site.PredictAsync(
            ModelSite.Shops, "day,shop,sales\n2024-02-01,north,100\n2024-02-02,north,101\n2024-02-01,south,5\n", accept: "text/csv");

        Assert.True(status == 200, text);
        string[] lines = text.Split("\r\n");
        Assert.Equal("shop,day,sales +1,stock +1", lines[0]);
        Assert.StartsWith("north,2024-02-01,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("south,2024-02-01,", lines[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sales\n1\nx\n3\n", "text/csv", "", "rows: found 'x' in column 'sales' at rows:3, expected a number")]
    [InlineData("price\n1\n2\n", "text/csv", "", "rows: found 'sales', expected one of the file's columns: 'price'; change the rows")]
    [InlineData("sales\n", "text/csv", "", "rows: found ")]
    [InlineData("", "text/csv", "", "rows: found none, expected a header and a row or more")]
    [InlineData("\n \r\n", "text/csv", "", "rows: found none, expected a header and a row or more")]
    [InlineData("sales\n1\n", "text/csv", "?fromState=middle", "fromState: found 'middle', expected zero or end")]
    [InlineData("{\"rows\": 1}", "application/json", "", "rows: found the number 1, expected an array of objects")]
    [InlineData("{}", "application/json", "", "rows: found nothing, expected an array of objects")]
    [InlineData("[]", "application/json", "", "found no object, expected one with the key rows")]
    [InlineData("{\"rows\": [{\"sales\": 1}, 2]}", "application/json", "", "rows[1]: found the number 2, expected an object")]
    [InlineData("{\"rows\": [", "application/json", "", "Expected")]
    [InlineData("{\"rows\": [], \"fromState\": \"\\ud800\"}", "application/json", "", "found a text that is no UTF-8")]
    [InlineData("{\"rows\": [{\"sales\": \"\\ud800\"}]}", "application/json", "", "found ")]
    [InlineData("<html>", "text/csv", "", "rows: found a page in HTML or XML")]
    public async Task Rows_AreRefused_WithTheirPlace(string rows, string type, string query, string expected)
    {
        var (status, text) = await site.PredictAsync(ModelSite.Sales, rows, type, query);

        Assert.Equal(400, status);
        var problem = JsonNode.Parse(text)!;
        Assert.Contains(expected, (string)problem["problems"]![0]!, StringComparison.Ordinal);
        Assert.DoesNotContain("tbptt-", text, StringComparison.Ordinal);
        Assert.DoesNotContain("data.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_IsBounded_AndItsTypeChecked()
    {
        Assert.Equal(400, (await site.PredictAsync(ModelSite.Sales, ModelSite.OneSeries(20_000))).Status);
        Assert.Equal(413, (await site.PredictAsync(ModelSite.Sales, new string(' ', 2 << 20))).Status);
        Assert.Equal(415, (await site.PredictAsync(ModelSite.Sales, "sales\n1\n", "text/plain")).Status);
        using var unsealed = await site.Client.PostAsync(
            new Uri($"/api/models/{ModelSite.Sales}/predict", UriKind.Relative), new StringContent("sales\n1\n"),
            TestContext.Current.CancellationToken);
        Assert.Equal(403, (int)unsealed.StatusCode);
    }

    [Fact]
    public async Task PackedRows_AreNotUnpacked()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/models/{ModelSite.Sales}/predict")
        {
            Content = new ByteArrayContent([0x1f, 0x8b, 8, 0, 0, 0]) { Headers = { { "Content-Type", "text/csv" } } },
            Headers = { { "X-Tbptt", "1" } },
        };

        using var answer = await site.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Contains("found compressed bytes, expected text",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndOfTraining_IsNoBeginning_ForSeries()
    {
        var (status, text) = await site.PredictAsync(
            ModelSite.Shops, "day,shop,sales\n2024-02-01,north,100\n", query: "?fromState=end");

        Assert.Equal(400, status);
        Assert.Contains("fromState: found end, expected zero: the lanes", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelOfTokens_ForecastsNoTable()
    {
        var (status, text) = await site.PredictAsync(ModelSite.Bytes, "a\n1\n");

        Assert.Equal(400, status);
        Assert.Contains("tbptt sample", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chart_IsAFile()
    {
        string csv = (await site.GetAsync($"/api/models/{ModelSite.Sales}/charts/forecast.csv")).Text;
        var svg = await site.GetAsync($"/api/models/{ModelSite.Sales}/charts/forecast.svg");

        string[] lines = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("row,sales,\"forecast, 2 ahead\",\"forecast, 2 ahead, low\",\"forecast, 2 ahead, high\"", lines[0]);
        // Values are read as float32 of standardised ones; to six digits they are those of the file.
        var rows = lines[1..].Select(line => line.Split(',')).ToDictionary(cells => int.Parse(cells[0], CultureInfo.InvariantCulture));
        Assert.Equal(402, rows.Keys.Max());
        Assert.All(rows.Where(row => row.Key <= 400), row =>
            Assert.Equal(ModelSite.Sale(row.Key - 1), double.Parse(row.Value[1], CultureInfo.InvariantCulture), 1e-4));
        Assert.All(rows.Where(row => row.Key > 400), row => Assert.Equal("", row.Value[1]));
        double[] expected = Expected(ModelSite.OneSeries(), "zero");
        Assert.All(rows, row => Assert.Equal(expected[row.Key - 3], double.Parse(row.Value[2], CultureInfo.InvariantCulture)));
        Assert.StartsWith("<svg", svg.Text, StringComparison.Ordinal);
    }

    /// <summary>The rows to come are those that the last one is the only one to forecast.</summary>
    [Fact]
    public async Task ChartOfSeveralRowsAhead_EndsWithThePathFromTheLastRow()
    {
        string csv = (await site.GetAsync($"/api/models/{ModelSite.Ahead}/charts/forecast.csv?target=sales%20%2B2")).Text;
        var (_, text) = await site.PredictAsync(ModelSite.Ahead, ModelSite.OneSeries(), accept: "text/csv");

        string[][] forecasts = [.. Cells(text)], rows = [.. Cells(csv)];
        Assert.Equal(["row", "sales +1", "sales +2", "sales +3"], forecasts[0]);
        Assert.Equal("forecast, 2 ahead", rows[0][2]);
        Assert.Equal(["401", "402", "403"], rows[^3..].Select(row => row[0]));
        Assert.Equal(forecasts[^1][1..].Select(Number), rows[^3..].Select(row => Number(row[2])));
        Assert.Equal(Number(forecasts[^3][2]), Number(rows[^4][2]));

        static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
        static IEnumerable<string[]> Cells(string table) => table.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Replace("forecast, 2", "forecast; 2", StringComparison.Ordinal).Split(',')
                .Select(cell => cell.Trim('"').Replace(';', ',')).ToArray());
    }

    [Fact]
    public async Task Endpoints_AreDescribed()
    {
        var paths = JsonNode.Parse((await site.GetAsync("/api/openapi.json")).Text)!["paths"]!.AsObject();

        Assert.Superset(
            new HashSet<string>
            {
                "/api/models", "/api/models/{name}", "/api/models/{name}/predict", "/api/models/{name}/files/{file}",
                "/api/models/{name}/charts/forecast.svg", "/api/models/{name}/charts/forecast.csv",
            },
            paths.Select(path => path.Key).ToHashSet());
    }

    /// <summary>The forecasts of the first target as a program computes them from a file.</summary>
    private double[] Expected(string rows, string state)
    {
        var package = ModelPackage.Load(site.Run(ModelSite.Sales).Package, SpecLoader.Reader);
        string path = Path.Combine(site.Runs, $"{Guid.NewGuid():N}.csv");
        File.WriteAllText(path, rows);
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, path);
        File.Delete(path);
        float[] hidden = state == "end" ? TrainingEnd.StateOf(package) : new float[Forecaster.HiddenLength(package)];
        var values = new List<double>();
        Forecaster.Run(package, data, hidden, (_, forecasts) => values.AddRange(forecasts));
        return [.. values];
    }
}
