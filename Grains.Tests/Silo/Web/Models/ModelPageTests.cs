using System.IO.Compression;
using System.Text;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Silo.Web.Pages.Models;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Silo.Web.Models;

/// <summary>The pages of models as people without scripts get them.</summary>
public sealed class ModelPageTests(ModelSite site) : IClassFixture<ModelSite>
{
    [Fact]
    public async Task List_LeadsToEachModel()
    {
        var (status, page) = await site.GetAsync("/models");

        Assert.Equal(200, status);
        Assert.Contains($"""<a href="/models/{ModelSite.Sales}">{ModelSite.Sales}</a>""", page, StringComparison.Ordinal);
        Assert.Contains("GRU, 1 layer of 4 units", page, StringComparison.Ordinal);
        Assert.Contains("validation RMSE 3.5 sales", page, StringComparison.Ordinal);
        Assert.Contains("""<a href="/models" aria-current="page">Models</a>""", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_ShowsPlotErrorsColumnsFilesAndCard()
    {
        var (status, page) = await site.GetAsync($"/models/{ModelSite.Sales}");

        Assert.Equal(200, status);
        Assert.Contains("Forecasts of sales by sales-1 by row: sales from ", page, StringComparison.Ordinal);
        Assert.Contains("path class=\"band s0\"", page, StringComparison.Ordinal);
        Assert.Contains("path class=\"border\"", page, StringComparison.Ordinal);
        Assert.Contains("Rows from 301 on, right of the dotted line, were held out from training.", page, StringComparison.Ordinal);
        Assert.Contains("(RMSE 3.5)", page, StringComparison.Ordinal);
        Assert.Contains("""<a href="/api/models/sales-1/files/model.safetensors" download>""", page, StringComparison.Ordinal);
        Assert.Contains("<h4>Results</h4>", page, StringComparison.Ordinal);
        Assert.Contains("<code>rnn.weight_ih_l0</code>", page, StringComparison.Ordinal);
        Assert.Contains("with a header: sales.", page, StringComparison.Ordinal);
        Assert.Contains("of the end of training", page, StringComparison.Ordinal);
        Assert.Contains("data-still", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plot_IsOfTheSeriesAndTargetThatTheAddressNames()
    {
        var page = (await site.GetAsync($"/models/{ModelSite.Shops}?series=north&target=stock")).Text;
        var unknown = (await site.GetAsync($"/models/{ModelSite.Shops}?series=nowhere")).Text;
        var dated = (await site.GetAsync($"/models/{ModelSite.Dated}")).Text;

        Assert.Contains("Forecasts of stock of north by shops-1 by day: stock from ", page, StringComparison.Ordinal);
        Assert.Contains(">day</text>", page, StringComparison.Ordinal);
        Assert.Contains("Forecasts of sales by dated-1 by day: sales from ", dated, StringComparison.Ordinal);
        string csv = await site.Client.GetStringAsync(
            new Uri($"/api/models/{ModelSite.Shops}/charts/forecast.csv?series=north&target=stock", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.StartsWith("row,stock,", csv, StringComparison.Ordinal);
        Assert.Contains("""<option value="north" selected>""", page, StringComparison.Ordinal);
        Assert.DoesNotContain("of the end of training", page, StringComparison.Ordinal);
        Assert.Contains("has no series &#x27;nowhere&#x27;", unknown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelOfTokens_NamesTheCommandInThePlaceOfAForm()
    {
        string page = (await site.GetAsync($"/models/{ModelSite.Bytes}")).Text;

        Assert.Contains("<code>tbptt sample bytes-1 --prompt TEXT</code>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<textarea", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_ForecastsFromPastedAndUploadedRows()
    {
        string rows = ModelSite.OneSeries(25);

        var pasted = await PostAsync(ModelSite.Sales, rows, file: null);
        var uploaded = await PostAsync(ModelSite.Sales, "", rows);
        var csv = await PostAsync(ModelSite.Sales, rows, file: null, (TryItForm.AsField, TryItForm.AsCsv));

        Assert.All([pasted, uploaded], answer =>
        {
            Assert.True(answer.Status == 200, answer.Text);
            Assert.Contains("25 forecasts, each 2 rows ahead of its row; the last 20 in the table.", answer.Text, StringComparison.Ordinal);
            Assert.Contains("<th scope=\"col\">sales +2</th>", answer.Text, StringComparison.Ordinal);
            Assert.Contains("sales&#xA;100&#xA;", answer.Text, StringComparison.Ordinal);
        });
        Assert.StartsWith("row,sales +2\r\n1,", csv.Text, StringComparison.Ordinal);
        Assert.Equal(303, (await site.GetAsync($"/models/{ModelSite.Sales}/predict")).Status);
    }

    [Fact]
    public async Task Form_ShowsWhatIsWrong_NextToTheRows()
    {
        var (status, page) = await PostAsync(ModelSite.Sales, "sales\n1\n<script>alert(1)</script>\n", file: null);

        Assert.Equal(400, status);
        Assert.Contains("role=\"alert\"", page, StringComparison.Ordinal);
        Assert.Contains("at rows:3, expected a number", page, StringComparison.Ordinal);
        AssertNoMarkup(page);
    }

    [Fact]
    public async Task Form_IsRefused_WithoutTheSealOfAPage()
    {
        var (status, _) = await PostAsync(ModelSite.Sales, "sales\n1\n", file: null, (SameSite.Field, "00"));

        Assert.Equal(403, status);
    }

    /// <summary>Whatever columns, series and the card are called.</summary>
    [Fact(Timeout = 300_000)]
    public async Task Page_EscapesEveryName()
    {
        var run = site.Copy(ModelSite.Shops, "hostile-1");
        string config = Path.Combine(run.Package, ModelPackage.ConfigFile);
        string name = System.Text.Json.JsonEncodedText.Encode(ModelSite.Hostile).ToString();
        File.WriteAllText(config, File.ReadAllText(config)
            .Replace("\"validation RMSE\"", $"\"{name}\"", StringComparison.Ordinal)
            .Replace("\"cell\": \"gru\"", $"\"cell\": \"{name}\"", StringComparison.Ordinal)
            .Replace("\"data\": \"", $"\"data\": \"{name}", StringComparison.Ordinal)
            .Replace("\"product\": \"", $"\"product\": \"{name}", StringComparison.Ordinal)
            .Replace("\"run\": \"", $"\"run\": \"{name}", StringComparison.Ordinal)
            .Replace("\"use\": \"", $"\"use\": \"{name}", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(run.Package, ModelPackage.CardFile), $"""
            # {ModelSite.Hostile}

            {ModelSite.Hostile} `{ModelSite.Hostile}` **{ModelSite.Hostile}** [x](javascript:alert(1))
            [{ModelSite.Hostile}](https://example.org)

            - {ModelSite.Hostile}

            | {ModelSite.Hostile} |
            | --- |
            | {ModelSite.Hostile} |

            ```
            {ModelSite.Hostile}
            ```
            """);

        string series = Uri.EscapeDataString(ModelSite.Hostile);
        foreach (string path in (string[])["/models", "/models/hostile-1", "/models/shops-1", $"/models/shops-1?series={series}"])
        {
            string page = (await site.GetAsync(path)).Text;
            // A list that another test asked for a moment ago is shown again.
            while (path == "/models" && !page.Contains("hostile-1", StringComparison.Ordinal))
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                page = (await site.GetAsync(path)).Text;
            }

            AssertNoMarkup(page);
            Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
            Assert.DoesNotContain("href=\"javascript", page, StringComparison.Ordinal);
        }

        Assert.Equal(404, (await site.GetAsync($"/models/{Uri.EscapeDataString(ModelSite.Hostile)}")).Status);
    }

    public static TheoryData<string, Action<string>, string> Damages => new()
    {
        { "config.json", path => File.WriteAllText(path, "{"), "config.json: " },
        { "config.json", path => File.WriteAllText(path, "null"), "config.json: null is not a model" },
        { "config.json", path => File.Delete(path), "config.json" },
        { "config.json", path => Change(path, "\"inputs\": [", "\"inputs\": null, \"x\": ["), "found null for inputs" },
        { "config.json", path => Change(path, "\"metrics\": [", "\"metrics\": [null, "), "found null for metrics" },
        { "config.json", path => Change(path, "\"format\": 1", "\"format\": 7"), "found format 7, expected 1 or less" },
        { "config.json", path => Change(path, "hiddenSize: 4", "hiddenSize: 1000000"), "found " },
        { "config.json", path => Change(path, "outputSize: 1", "outputSize: 2"), "model.safetensors" },
        { "config.json", path => Change(path, "cell: gru", "cell: gnu"), "found a spec that this version cannot read" },
        { "config.json", path => Change(path, "batchSize: 2", "batchSize: 100000"), "state.safetensors: found " },
        { "model.safetensors", path => File.WriteAllBytes(path, new byte[100]), "model.safetensors: found 100 bytes, expected " },
        { "model.safetensors", path => File.WriteAllBytes(path, new byte[5_000]), "model.safetensors" },
        { "model.safetensors", path => File.Delete(path), "found no model.safetensors, expected a whole package" },
        { "state.safetensors", path => File.Delete(path), "found no state.safetensors, expected a whole package" },
        { "model.safetensors", FlipLastBit, "model.safetensors: found parameters with SHA-256" },
    };

    /// <summary>What is wrong is said with its place; nothing of it is a fault of the silo.</summary>
    [Theory]
    [MemberData(nameof(Damages), DisableDiscoveryEnumeration = true)]
    public async Task DamagedPackage_IsReported_WithItsPlace(string file, Action<string> damage, string expected)
    {
        string name = $"damaged-{Guid.NewGuid():N}";
        var run = site.Copy(ModelSite.Sales, name);
        damage(Path.Combine(run.Package, file));

        using var index = new ModelIndex(new SiloSettings { Runs = site.Runs }, TimeProvider.System);
        string list = HtmlPage.Markup(ModelsPage.Of(await index.ListAsync()).Content);
        var page = await site.GetAsync($"/models/{name}");
        var (status, text) = await site.PredictAsync(name, "sales\n1\n2\n");

        Assert.Equal((200, 422), (page.Status, status));
        Assert.Contains(expected, System.Text.Json.Nodes.JsonNode.Parse(text)!["detail"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains($"""<a href="/models/{name}">{name}</a>""", list, StringComparison.Ordinal);
        Assert.Contains("tbptt export", page.Text, StringComparison.Ordinal);
        Directory.Delete(run.Path, recursive: true);
    }

    [Fact]
    public async Task Plot_SaysWhyThereIsNone()
    {
        var run = site.Copy(ModelSite.Sales, "moved-1");
        File.WriteAllText(run.Spec, File.ReadAllText(run.Spec).Replace("sales.csv", "gone.csv", StringComparison.Ordinal));

        var (status, page) = await site.GetAsync("/models/moved-1");

        Assert.Equal(200, status);
        Assert.Contains("gone.csv, which the model was trained on, so that there is no plot of it", page, StringComparison.Ordinal);
    }

    /// <summary>A small file that unpacks to a large one.</summary>
    [Fact]
    public async Task Data_AreNotRead_WhereTheyAreLargeUnpacked()
    {
        var run = site.Copy(ModelSite.Sales, "packed-1");
        string packed = Path.Combine(run.Path, "sales.csv.gz");
        using (var file = new GZipStream(File.Create(packed), CompressionLevel.Fastest))
        {
            file.Write("sales\n"u8);
            byte[] block = [.. Enumerable.Repeat("1\n"u8.ToArray(), 1 << 19).SelectMany(line => line)];
            for (int i = 0; i < 33; i++)
                file.Write(block);
        }

        string spec = File.ReadAllText(run.Spec);
        int name = spec.IndexOf("sales.csv", StringComparison.Ordinal), path = spec.LastIndexOfAny([' ', ':', '"', '\''], name) + 1;
        File.WriteAllText(run.Spec, spec.Replace(spec[path..(name + "sales.csv".Length)], packed, StringComparison.Ordinal));
        Assert.True(new FileInfo(packed).Length < ForecastPlotter.MostBytes);

        var (status, page) = await site.GetAsync("/models/packed-1");

        Assert.Equal(200, status);
        Assert.Contains("sales.csv.gz has more bytes when it is unpacked, and a plot reads at most 33,554,432", page,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_AreNotRead_OutsideTheDataRoots()
    {
        var (web, client) = await ModelSite.StartAsync(new() { Runs = site.Runs, DataRoots = [site.Runs] });
        await using var _ = web;
        using var __ = client;

        string page = await client.GetStringAsync(
            new Uri($"/models/{ModelSite.Sales}", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("There is no plot, because", page, StringComparison.Ordinal);
        Assert.Contains("a path below the silo&#x27;s data root", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<svg class=\"chart", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_RequireTheToken()
    {
        var (web, client) = await ModelSite.StartAsync(new() { Runs = site.Runs, Web = new() { Token = "a-token-of-the-tests" } });
        await using var _ = web;
        using var __ = client;
        string[] paths =
        [
            "/models", "/models/sales-1", "/api/models", "/api/models/sales-1", "/api/models/sales-1/files/config.json",
            "/api/models/sales-1/streams", "/api/models/sales-1/streams/s", "/api/models/sales-1/streams/s/events",
            "/api/models/sales-1/streams/s/socket",
        ];

        foreach (string path in paths)
        {
            using var refused = await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(401, (int)refused.StatusCode);
        }

        using var posted = await client.PostAsync(
            new Uri("/api/models/sales-1/predict", UriKind.Relative), new StringContent("sales\n1\n"),
            TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)posted.StatusCode);
    }

    private static void AssertNoMarkup(string page)
    {
        string ours = page.Replace("<script type=\"module\" src=\"/assets/tbptt.js\"></script>", "", StringComparison.Ordinal);
        Assert.DoesNotContain("<script", ours, StringComparison.OrdinalIgnoreCase);
    }

    private static void Change(string path, string old, string by)
    {
        string text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, by, StringComparison.Ordinal));
    }

    private static void FlipLastBit(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^4] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Submits the form of a page.</summary>
    private async Task<(int Status, string Text)> PostAsync(
        string model, string rows, string? file, params (string Name, string Value)[] others)
    {
        string seal = PageSeal.Of((await site.GetAsync($"/models/{model}")).Text);
        using var form = new MultipartFormDataContent();
        foreach (var (name, value) in others.Append((SameSite.Field, seal)).DistinctBy(field => field.Item1))
            form.Add(new StringContent(value), name);
        form.Add(new StringContent(rows), TryItForm.RowsField);
        form.Add(new StringContent("zero"), TryItForm.BeginField);
        if (file is not null)
            form.Add(new ByteArrayContent(Encoding.UTF8.GetBytes(file)), TryItForm.FileField, "rows.csv");
        using var answer = await site.Client.PostAsync(
            new Uri($"/models/{model}/predict", UriKind.Relative), form, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
